/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JIT code through jit-PID.dump, which has source lines besides names.
 *
 * A run-time that writes one maps it too, executable, only so that a profiler sees where it
 * is: the tracker notes that mapping as a module, and a process that still runs has it in
 * /proc/PID/maps.  Memory is used again: where code overlaps the later one counts.  The lines
 * of a function stand before it in the file, and are read when its addresses are asked for.
 */
#include "sym/jitdump.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "event/types.h"
#include "format/jitdump.h"
#include "module/locate.h"
#include "module/mapping.h"
#include "module/module.h"
#include "sym/finders.h"
#include "sym/intervals.h"
#include "sym/jit_trust.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct code {
	const char *name;
	uint64_t moved; /* how far, from where its lines say it is */
	struct bytes lines;
};

struct jitdump {
	struct io_map map; /* none over the caller's bytes */
	bool big_endian;
	VEC(struct code) codes;
	VEC(struct interval) ranges; /* only while it is read */
	struct map by_index;         /* the JIT's own number of a function -> index in codes + 1 */
	struct intervals index;
};

/* --- reading ----------------------------------------------------------------------------- */

static void add_range(struct jitdump *j, uint64_t addr, uint64_t size_bytes)
{
	uint32_t at = (uint32_t)(j->codes.n - 1);

	vec_push(&j->ranges, ((struct interval){ addr, addr + size_bytes, at, at }));
}

static void add_load(struct jitdump *j, const struct jitdump_record *r, struct bytes *lines)
{
	struct code code = { .name = r->name, .lines = *lines };

	vec_push(&j->codes, code);
	add_range(j, r->addr, r->size_bytes);
	*map_get(&j->by_index, r->index, NULL) = j->codes.n;
}

static void add_move(struct jitdump *j, const struct jitdump_record *r)
{
	uint64_t *known = map_find(&j->by_index, r->index);
	struct code code;

	if (known == NULL)
		return;
	code = j->codes.v[*known - 1];
	code.moved += r->addr - r->old_addr;
	vec_push(&j->codes, code);
	add_range(j, r->addr, r->size_bytes);
	*known = j->codes.n;
}

static void read_records(struct jitdump *j, struct jitdump_reader *reader)
{
	struct jitdump_record r;
	struct bytes lines = { NULL, 0 };
	uint64_t lines_addr = 0;

	while (jitdump_next(reader, &r) && j->codes.n < UINT32_MAX) {
		if (r.kind == JITDUMP_DEBUG) {
			lines = r.lines;
			lines_addr = r.addr;
		} else if (r.kind == JITDUMP_LOAD) {
			if (lines_addr != r.addr)
				lines = (struct bytes){ NULL, 0 };
			add_load(j, &r, &lines);
			lines = (struct bytes){ NULL, 0 };
		} else if (r.kind == JITDUMP_MOVE) {
			add_move(j, &r);
		} else if (r.kind == JITDUMP_CLOSE) {
			break;
		}
	}
}

struct err *jitdump_create(struct bytes image, struct jitdump **ret)
{
	struct jitdump_reader reader;
	struct jitdump *j;

	TRY(jitdump_begin(image, &reader));
	j = mem_calloc(1, sizeof(*j));
	j->big_endian = reader.c.big_endian;
	map_init(&j->by_index);
	read_records(j, &reader);
	intervals_build(j->ranges.v, j->ranges.n, &j->index);
	vec_deinit(&j->ranges);
	map_deinit(&j->by_index);
	*ret = j;
	return NULL;
}

void jitdump_destroy(struct jitdump *j)
{
	if (j == NULL)
		return;
	vec_deinit(&j->codes);
	intervals_deinit(&j->index);
	io_map_deinit(&j->map);
	free(j);
}

bool jitdump_find(const struct jitdump *j, uint64_t addr, struct jitdump_place *ret)
{
	const struct interval *found = intervals_find(&j->index, addr);
	const struct code *code = found ? &j->codes.v[found->value] : NULL;
	uint64_t best = 0;

	if (code == NULL)
		return false;
	*ret = (struct jitdump_place){ .function = code->name };

	struct jitdump_lines l = { .c = cursor_of(code->lines, j->big_endian) };

	while (jitdump_line_next(&l)) {
		if (l.addr > addr - code->moved || l.addr < best)
			continue;
		best = l.addr;
		ret->file = l.file;
		ret->line = l.line;
	}
	return true;
}

bool jitdump_is_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *digit = slash ? slash + 5 : path;

	if (slash == NULL || strncmp(slash, "/jit-", 5) != 0 || !isdigit((unsigned char)*digit))
		return false;
	while (isdigit((unsigned char)*digit))
		digit++;
	return strcmp(digit, ".dump") == 0;
}

/* --- the finder ------------------------------------------------------------------------------ */

struct jitdump_finder {
	struct map dumps; /* pid -> struct jitdump *, 0 when there is none */
};

static struct err *create(const struct symbolizer_options *options, void **ret)
{
	struct jitdump_finder *f = mem_calloc(1, sizeof(*f));

	map_init(&f->dumps);
	*ret = f;
	return NULL;
}

struct search {
	char *path;
};

static void look_at_mapping(void *user, const struct proc_mapping *m)
{
	struct search *s = user;

	if (s->path == NULL && jitdump_is_name(m->path))
		s->path = mem_strdup(m->path);
}

/* The descriptor that the tracker kept, the name that it noted, or what is mapped now. */
static int open_dump(const struct module *m, int pid)
{
	const char *noted = module_borrow_jitdump(m);
	struct search s = { 0 };
	int fd = noted ? dup(module_borrow_jitdump_fd(m)) : -1;

	if (fd >= 0)
		return fd;
	if (noted == NULL)
		proc_maps_read(pid, look_at_mapping, &s);
	if (noted != NULL || s.path != NULL) {
		fd = locate_open(pid, noted ? noted : s.path);
		if (fd < 0)
			fd = locate_open(0, noted ? noted : s.path);
	}
	free(s.path);
	return fd;
}

static struct jitdump *load(const struct module *m, int pid)
{
	CLEANUP(io_closep) int fd = open_dump(m, pid);
	struct jitdump *j = NULL;
	struct io_map map;
	struct err *err;

	if (fd < 0 || !jit_is_trusted(fd, pid))
		return NULL;
	err = io_map_fd(fd, "the jitdump file", &map);
	if (err == NULL)
		err = jitdump_create((struct bytes){ map.data, map.size_bytes }, &j);
	if (j != NULL)
		j->map = map;
	else
		io_map_deinit(&map);
	err_destroy(err);
	return j;
}

static struct err *find(void *self, struct module *m, int pid, uint64_t offset, struct arena *a,
			struct sym_chain *ret)
{
	struct jitdump_finder *f = self;
	struct jitdump_place place;
	bool is_new;

	if (module_borrow_kind(m) != MODULE_ANON || pid <= 0)
		return NULL;

	uint64_t *slot = map_get(&f->dumps, (uint64_t)pid, &is_new);

	if (is_new)
		*slot = (uintptr_t)load(m, pid);

	const struct jitdump *j = (const struct jitdump *)(uintptr_t)*slot;

	if (j == NULL || !jitdump_find(j, offset, &place))
		return NULL;
	ret->frames = ARENA_NEW(a, struct sym_frame);
	ret->frames[0].function = arena_strdup(a, place.function);
	ret->frames[0].file = place.file ? arena_strdup(a, place.file) : NULL;
	ret->frames[0].line = place.line;
	ret->count = 1;
	return NULL;
}

static void destroy(void *self)
{
	struct jitdump_finder *f = self;
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&f->dumps, &i)) != NULL;)
		jitdump_destroy((struct jitdump *)(uintptr_t)slot->value);
	map_deinit(&f->dumps);
	free(f);
}

const struct sym_finder_ops sym_finder_jitdump = {
	.name = "jitdump",
	.create = create,
	.find = find,
	.destroy = destroy,
};
