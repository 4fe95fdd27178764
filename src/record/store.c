/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything is opened relative to the recording's directory, so that it may be moved meanwhile. */
#include "record/store.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 8 };

void store_segment_name(char name[STORE_NAME_BYTES], const char *table, unsigned number)
{
	snprintf(name, STORE_NAME_BYTES, "%.500s/%06u.parquet", table, number);
}

static struct err *make_directories(int base, const char *table)
{
	CLEANUP(mem_freep) char *path = mem_strdup(table);

	for (char *p = path;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char c = *p;

		*p = '\0';
		if (mkdirat(base, path, 0777) < 0 && errno != EEXIST)
			return err_errno(errno, "cannot make the directory %s", path);
		*p = c;
		if (c == '\0')
			return NULL;
	}
}

struct err *store_segment(int base, const char *table, unsigned number, const void *data,
			  size_t size_bytes)
{
	char name[STORE_NAME_BYTES];

	store_segment_name(name, table, number);
	TRY(make_directories(base, table));
	return io_replace_file(base, name, data, size_bytes);
}

static DIR *open_directory(int base, const char *name)
{
	int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL && fd >= 0)
		close(fd);
	return dir;
}

static int by_number(const void *a, const void *b)
{
	unsigned m = *(const unsigned *)a, n = *(const unsigned *)b;

	return m < n ? -1 : m > n;
}

size_t store_list_segments(int base, const char *table, unsigned **numbers)
{
	VEC(unsigned) found = { 0 };
	DIR *dir = open_directory(base, table);

	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		char name[32];
		unsigned number = (unsigned)strtoul(e->d_name, NULL, 10);

		snprintf(name, sizeof(name), "%06u.parquet", number);
		if (strcmp(name, e->d_name) == 0)
			vec_push(&found, number);
	}
	if (dir)
		closedir(dir);
	vec_sort(&found, by_number);
	*numbers = found.v;
	return found.n;
}

static struct err *remove_at(int base, const char *name, unsigned depth)
{
	if (unlinkat(base, name, 0) == 0 || errno == ENOENT)
		return NULL;
	if ((errno != EISDIR && errno != EPERM) || depth == DEPTH_MAX)
		return err_errno(errno, "cannot remove %s", name);

	DIR *dir = open_directory(base, name);
	struct err *err = NULL;

	if (dir == NULL)
		return err_errno(errno, "cannot open %s", name);
	for (struct dirent *e; err == NULL && (e = readdir(dir)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			err = remove_at(dirfd(dir), e->d_name, depth + 1);
	closedir(dir);
	if (err == NULL && unlinkat(base, name, AT_REMOVEDIR) < 0)
		err = err_errno(errno, "cannot remove %s", name);
	return err;
}

struct err *store_remove(int base, const char *name) { return remove_at(base, name, 0); }

static uint64_t bytes_at(int base, const char *name, unsigned depth)
{
	struct stat st;
	uint64_t bytes = 0;

	if (fstatat(base, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return (uint64_t)st.st_size;

	DIR *dir = depth < DEPTH_MAX ? open_directory(base, name) : NULL;

	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			bytes += bytes_at(dirfd(dir), e->d_name, depth + 1);
	if (dir)
		closedir(dir);
	return bytes;
}

uint64_t store_bytes(int base, const char *name) { return bytes_at(base, name, 0); }

/* --- meta.json ---------------------------------------------------------------------------------
 */

const char *const store_kind_names[STORE_KINDS] = {
	"u8", "u16", "u32", "u64", "i32", "i64", "str"
};
const char *const store_unit_names[STORE_UNITS] = { "none",  "time_ns", "duration_ns",
						    "bytes", "count",	"addr",
						    "id",    "pid",	"enum" };

static void put_field(struct json *j, const struct event_field *f)
{
	json_begin_object(j);
	json_key(j, "name"), json_str(j, f->name);
	json_key(j, "kind"), json_str(j, store_kind_names[f->kind]);
	json_key(j, "unit"), json_str(j, store_unit_names[f->unit]);
	if (f->ref)
		json_key(j, "ref"), json_str(j, f->ref);
	json_key(j, "prose"), json_str(j, f->prose);
	json_end(j);
}

/* Files of its table, so that a reader misses those that went. */
static void put_segments(struct json *j, int base, const char *table)
{
	CLEANUP(mem_freep) unsigned *numbers = NULL;

	json_key(j, "segments"), json_u64(j, store_list_segments(base, table, &numbers));
}

static void put_type(struct json *j, const struct event_type *type, int base, bool is_live)
{
	json_begin_object(j);
	json_key(j, "name"), json_str(j, type->name);
	json_key(j, "prose"), json_str(j, type->prose);
	json_key(j, "side"), json_bool(j, type->side);
	if (!is_live)
		put_segments(j, base, type->name);
	json_key(j, "fields"), json_begin_array(j);
	for (unsigned i = 0; i < type->field_count; i++)
		put_field(j, &type->fields[i]);
	json_end(j);
	json_end(j);
}

static void put_notes(struct json *j, const struct recording_meta *m)
{
	json_key(j, "notes"), json_begin_array(j);
	for (size_t i = 0; i < m->note_count; i++) {
		json_begin_object(j);
		json_key(j, "key"), json_str(j, m->notes[i].key);
		json_key(j, "value"), json_str(j, m->notes[i].value);
		json_end(j);
	}
	json_end(j);
	json_key(j, "missing"), json_begin_array(j);
	for (size_t i = 0; i < m->missing_count; i++) {
		json_begin_object(j);
		json_key(j, "what"), json_str(j, m->missing[i].what);
		json_key(j, "why"), json_str(j, m->missing[i].why);
		json_key(j, "fix"), json_str(j, m->missing[i].fix);
		json_end(j);
	}
	json_end(j);
}

static void put_meta(struct json *j, const struct recording_meta *m)
{
	static const char *const states[] = { "complete", "recording", "cut" };

	json_key(j, "format"), json_str(j, "sonde-recording");
	json_key(j, "format_version"), json_u64(j, 1);
	json_key(j, "state"), json_str(j, states[m->state]);
	json_key(j, "why_cut"), json_str(j, m->why_cut);
	json_key(j, "sonde_version"), json_str(j, m->version);
	json_key(j, "host"), json_str(j, m->host);
	json_key(j, "kernel"), json_str(j, m->kernel);
	json_key(j, "arch"), json_str(j, m->arch);
	json_key(j, "cpus"), json_u64(j, m->cpus);
	json_key(j, "command"), json_str(j, m->command);
	json_key(j, "exit_status"), json_i64(j, m->exit_status);
	json_key(j, "start_ns"), json_u64(j, m->start_ns);
	json_key(j, "end_ns"), json_u64(j, m->end_ns);
	json_key(j, "wall_offset_ns"), json_i64(j, m->wall_offset_ns);
	json_key(j, "journal_rows_folded"), json_u64(j, m->journal_rows_folded);
}

struct err *store_meta(int base, const struct recording_meta *meta,
		       const struct event_type *const *types, size_t type_count)
{
	struct str text = { 0 };
	struct json j;

	json_init_str(&j, &text, 1);
	json_begin_object(&j);
	put_meta(&j, meta);
	put_notes(&j, meta);
	json_key(&j, "tables"), json_begin_array(&j);
	for (size_t i = 0; i < type_count; i++)
		put_type(&j, types[i], base, meta->state == RECORDING_LIVE);
	json_end(&j);
	json_end(&j);

	struct err *err = io_replace_file(base, "meta.json", text.text, text.length);

	str_deinit(&text);
	return err;
}
