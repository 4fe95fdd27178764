/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where an installed module lies depmod has written into modules.dep.  A debug package has no such
 * file, and what was never installed isn't in it: then the directory of the kernel's modules is
 * walked, thousands of files.  Whatever was found by its name has to have the right build-id.
 */
#include "module/debug_path.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/elf.h"
#include "module/locate.h"
#include "module/unpack.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_ROOT "/usr/lib/debug"

enum { FILES_MAX = 200000, DEPMOD_MAX_BYTES = 64 << 20 };

bool debug_path_root(size_t index, char root[DEBUG_PATH_MAX])
{
	const char *list = getenv(DEBUG_PATH_VARIABLE);
	size_t at = 0;

	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, ":"), kept = length;

		while (kept > 1 && list[kept - 1] == '/')
			kept--;
		if (kept > 0 && kept < DEBUG_PATH_MAX && at++ == index) {
			memcpy(root, list, kept);
			root[kept] = '\0';
			return true;
		}
		list += length + (list[length] == ':');
	}
	strcpy(root, SYSTEM_ROOT);
	return at == index;
}

/* What is asked of a file; a module has sections alone, no segments. */
struct facts {
	struct build_id id;
	bool has_dwarf, has_code; /* a debug file has the bytes of its code cut out */
};

static struct facts facts_of(int fd)
{
	struct facts facts = { 0 };
	struct elf_file f = { 0 };
	struct io_map map = { 0 };
	struct err *err = io_map_fd(fd, "a kernel's file", &map);

	if (err == NULL)
		err = elf_init(&f, (struct bytes){ map.data, map.size_bytes });
	if (err == NULL) {
		struct bytes id = elf_build_id(&f);

		facts.id.size = id.size_bytes <= BUILD_ID_MAX ? (uint8_t)id.size_bytes : 0;
		if (facts.id.size > 0)
			memcpy(facts.id.bytes, id.data, facts.id.size);
		facts.has_dwarf = elf_section_named(&f, ".debug_info") != 0;
		for (size_t i = 1; i < f.section_count; i++)
			facts.has_code |= (f.sections[i].flags & SHF_EXECINSTR) && f.sections[i].type == SHT_PROGBITS;
	}
	err_destroy(err);
	elf_deinit(&f);
	io_map_deinit(&map);
	return facts;
}

bool debug_path_build_id(int fd, struct build_id *ret)
{
	*ret = facts_of(fd).id;
	return ret->size > 0;
}

/* --- vmlinux ------------------------------------------------------------------------------------------ */

static bool is_vmlinux(const char *path, const struct build_id *id)
{
	CLEANUP(io_closep) int fd = locate_open(0, path);

	if (fd < 0 || id == NULL)
		return fd >= 0;

	struct facts facts = facts_of(fd);

	return build_id_equal(&facts.id, id);
}

char *debug_path_vmlinux(const char *release, const struct build_id *id)
{
	static const char *const below[] = { "/boot/vmlinux-", "/lib/modules/", "/usr/lib/modules/" };
	static const char *const installed[] = { "/lib/modules/%s/vmlinux", "/lib/modules/%s/build/vmlinux",
						 "/boot/vmlinux-%s" };
	char root[DEBUG_PATH_MAX];

	for (size_t r = 0; debug_path_root(r, root); r++)
		for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
			char *path = mem_printf("%s%s%s%s", root, below[i], release, i == 0 ? "" : "/vmlinux");

			if (is_vmlinux(path, id))
				return path;
			free(path);
		}
	for (size_t i = 0; i < sizeof(installed) / sizeof(*installed); i++) {
		const char *mark = strstr(installed[i], "%s");
		char *path = mem_printf("%.*s%s%s", (int)(mark - installed[i]), installed[i], release, mark + 2);

		if (is_vmlinux(path, id))
			return path;
		free(path);
	}
	return NULL;
}

/* --- modules ------------------------------------------------------------------------------------------- */

/* Is FILE "NAME.ko", perhaps with .debug or a compression behind? */
static bool is_named(const char *file, const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (file[i] != name[i] && !(strchr("-_", file[i]) && file[i] != '\0' && strchr("-_", name[i])))
			return false;
	return str_starts(file + i, ".ko") && (file[i + 3] == '\0' || file[i + 3] == '.');
}

static void keep(int *kept, int fd)
{
	if (*kept < 0)
		*kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void consider(const char *path, const struct build_id *id, int *image, int *debug)
{
	CLEANUP(io_closep) int fd = -1;

	err_destroy(unpack_open(path, &fd));
	if (fd < 0)
		return;

	struct facts facts = facts_of(fd);

	if (!build_id_equal(&facts.id, id))
		return;
	if (facts.has_dwarf)
		keep(debug, fd);
	if (facts.has_code)
		keep(image, fd);
}

/* Below a directory that may have any depth: what is still to be read. */
struct walk {
	const char *name;
	const struct build_id *id;
	int *image, *debug;
	VEC(char *) todo;
	size_t files;
};

static bool walk_is_done(const struct walk *w)
{
	return (*w->image >= 0 && *w->debug >= 0) || w->files >= FILES_MAX;
}

static bool is_directory(DIR *dir, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void walk_directory(struct walk *w, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && !walk_is_done(w) && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		w->files++;
		CLEANUP(mem_freep) char *child = mem_printf("%s/%s", path, e->d_name);

		if (is_directory(dir, e)) {
			vec_push(&w->todo, child);
			child = NULL;
		} else if (is_named(e->d_name, w->name)) {
			consider(child, w->id, w->image, w->debug);
		}
	}
	if (dir)
		closedir(dir);
}

static void walk(const char *directory, const char *name, const struct build_id *id, int *image, int *debug)
{
	struct walk w = { .name = name, .id = id, .image = image, .debug = debug };

	vec_push(&w.todo, mem_strdup(directory));
	while (w.todo.n > 0) {
		CLEANUP(mem_freep) char *path = w.todo.v[--w.todo.n];

		if (!walk_is_done(&w))
			walk_directory(&w, path);
	}
	vec_deinit(&w.todo);
}

/* The directory of MODULES that has NAME according to modules.dep, whose lines begin with a path and a
 * colon; or NULL. */
static char *directory_by_depmod(const char *modules, const char *name)
{
	CLEANUP(mem_freep) char *path = mem_printf("%s/modules.dep", modules);
	struct str text;
	char *found = NULL;

	str_init(&text);
	err_destroy(io_read_file(path, DEPMOD_MAX_BYTES, &text));
	for (char *line = text.text, *end; found == NULL && line != NULL && *line != '\0'; line = end) {
		size_t length = strcspn(line, ":\n");

		end = line + strcspn(line, "\n");
		end += *end != '\0';
		line[length] = '\0';

		char *slash = strrchr(line, '/');

		if (slash == NULL || !is_named(slash + 1, name))
			continue;
		*slash = '\0';
		found = line[0] == '/' ? mem_strdup(line) : mem_printf("%s/%s", modules, line);
	}
	str_deinit(&text);
	return found;
}

/* The same as walk(), of one directory alone. */
static void look_into(const char *directory, const char *name, const struct build_id *id, int *image, int *debug)
{
	struct walk w = { .name = name, .id = id, .image = image, .debug = debug };

	walk_directory(&w, directory);
	for (size_t i = 0; i < w.todo.n; i++)
		free(w.todo.v[i]);
	vec_deinit(&w.todo);
}

static void walk_below(const char *root, const char *release, const char *name, const struct build_id *id, int *image,
		       int *debug)
{
	CLEANUP(mem_freep) char *directory = mem_printf("%s/lib/modules/%s", root, release);

	walk(directory, name, id, image, debug);
}

static void installed_ko(const char *release, const char *name, const struct build_id *id, int *image, int *debug)
{
	CLEANUP(mem_freep) char *directory = mem_printf("/lib/modules/%s", release);
	CLEANUP(mem_freep) char *listed = directory_by_depmod(directory, name);

	if (listed)
		look_into(listed, name, id, image, debug);
	if (*image < 0)
		walk(directory, name, id, image, debug);
}

void debug_path_open_ko(const char *name, const char *release, const struct build_id *id, int *image, int *debug)
{
	char root[DEBUG_PATH_MAX];

	*image = *debug = -1;
	for (size_t r = 0; debug_path_root(r, root) && strlen(root) < DEBUG_PATH_MAX - 8; r++) {
		walk_below(root, release, name, id, image, debug);
		strcat(root, "/usr");
		walk_below(root, release, name, id, image, debug);
	}
	installed_ko(release, name, id, image, debug);
}
