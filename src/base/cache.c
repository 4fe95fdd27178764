/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The time of a file's last use is its modification time: readers set it, at most once a day,
 * since many mounts keep no access times.  Pruning is done by whoever added a file, and unlinks
 * whole files only, so that nobody ever sees half of one.
 */
#include "base/cache.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 24 * 3600, OLD_DAYS = 90, FILES_MAX = 1 << 20 };
#define DEFAULT_MAX_BYTES ((uint64_t)4 << 30)

uint64_t cache_max_bytes(void)
{
	const char *text = getenv("SONDE_CACHE_MAX");
	uint64_t max = DEFAULT_MAX_BYTES;

	if (text != NULL && text[0] != '\0')
		err_destroy(str_to_bytes(text, "SONDE_CACHE_MAX", &max));
	return max;
}

char *cache_dir(const char *name)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache_max_bytes() == 0)
		return NULL;
	/* The specification of XDG_CACHE_HOME: a relative path is to be ignored. */
	if (cache != NULL && cache[0] == '/')
		return mem_printf("%s/sonde/%s", cache, name);
	return home != NULL && home[0] == '/' ? mem_printf("%s/.cache/sonde/%s", home, name) : NULL;
}

struct err *cache_make_parents(const char *path)
{
	CLEANUP(mem_freep) char *dir = mem_strdup(path);

	for (char *slash = strchr(dir + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			return err_errno(errno, "cannot make %s", dir);
		*slash = '/';
	}
	return NULL;
}

void cache_touch(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && time(NULL) - st.st_mtime > DAY_S)
		futimens(fd, NULL);
}

/* --- walking ----------------------------------------------------------------------------- */

struct entry {
	char *path;
	uint64_t bytes;
	int64_t used_s;
	bool temporary;
};
typedef VEC(struct entry) entry_vec;

/* Two levels: the directory, and one below it. */
static void list_files(const char *dir, int levels, entry_vec *ret)
{
	DIR *d = opendir(dir);
	struct dirent *item;
	struct stat st;

	while (d != NULL && ret->n < FILES_MAX && (item = readdir(d)) != NULL) {
		if (item->d_name[0] == '.')
			continue;

		char *path = mem_printf("%s/%s", dir, item->d_name);
		const char *dot = strrchr(item->d_name, '.');

		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			/* mkostemp()'s six letters behind the ending */
			bool temporary = dot != NULL && strlen(dot) == 7;

			vec_push(ret, ((struct entry){ path, (uint64_t)st.st_blocks * 512, st.st_mtime, temporary }));
			continue;
		}
		if (levels > 1 && S_ISDIR(st.st_mode))
			list_files(path, levels - 1, ret);
		free(path);
	}
	if (d != NULL)
		closedir(d);
}

static void entries_deinit(entry_vec *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].path);
	vec_deinit(v);
}

struct cache_usage cache_measure(const char *dir)
{
	struct cache_usage usage = { 0 };
	entry_vec files = { 0 };

	list_files(dir, 2, &files);
	usage.files = files.n;
	for (size_t i = 0; i < files.n; i++)
		usage.bytes += files.v[i].bytes;
	entries_deinit(&files);
	return usage;
}

static int newest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used_s != y->used_s)
		return x->used_s > y->used_s ? -1 : 1;
	return strcmp(x->path, y->path);
}

void cache_prune(const char *dir, const char *keep)
{
	uint64_t bytes = 0, max = cache_max_bytes();
	int64_t now_s = time(NULL);
	entry_vec files = { 0 };

	list_files(dir, 2, &files);
	vec_sort(&files, newest_first);
	for (size_t i = 0; i < files.n; i++) {
		const struct entry *e = &files.v[i];
		int64_t unused_s = now_s - e->used_s;
		bool old = unused_s > (int64_t)OLD_DAYS * DAY_S || (e->temporary && unused_s > DAY_S);
		bool kept = keep != NULL && strcmp(e->path, keep) == 0;

		bytes += e->bytes;
		if (kept || (!old && bytes <= max))
			continue;
		if (unlink(e->path) == 0)
			bytes -= e->bytes;
	}
	entries_deinit(&files);
}
