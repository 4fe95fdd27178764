/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JIT code through the file that the program's run-time writes.  A JIT reuses memory, and
 * appends: where entries overlap the later one counts.
 *
 * The file stands in /tmp of the target's mount namespace, under its pid in its own pid
 * namespace.  Everybody can write into /tmp, so a file that belongs neither to root, nor
 * to us, nor to the process's user is not believed.
 */
#include "sym/perf_map.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "event/types.h"
#include "module/locate.h"
#include "module/module.h"
#include "sym/finders.h"
#include "sym/intervals.h"
#include "sym/jit_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 256 << 20 };

struct perf_map {
	char *text;
	VEC(const char *) names;
	struct intervals index; /* value: index of the name */
};

typedef VEC(struct interval) range_vec;

static void add_line(struct perf_map *m, char *line, range_vec *ranges)
{
	char *end, *name;
	uint64_t start = strtoull(line, &end, 16), size_bytes;

	if (end == line || *end != ' ')
		return;
	size_bytes = strtoull(end, &name, 16);
	if (name == end || *name != ' ' || name[1] == '\0' || start + size_bytes < start)
		return;

	uint32_t index = (uint32_t)m->names.n;

	vec_push(&m->names, name + 1);
	vec_push(ranges, ((struct interval){ start, start + size_bytes, index, index }));
}

struct perf_map *perf_map_parse(char *text, size_t length)
{
	struct perf_map *m = mem_calloc(1, sizeof(*m));
	range_vec ranges = { 0 };
	char *next;

	m->text = text;
	for (char *line = text; line != NULL && line < text + length; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		add_line(m, line, &ranges);
	}
	intervals_build(ranges.v, ranges.n, &m->index);
	vec_deinit(&ranges);
	return m;
}

void perf_map_destroy(struct perf_map *m)
{
	if (m == NULL)
		return;
	vec_deinit(&m->names);
	intervals_deinit(&m->index);
	free(m->text);
	free(m);
}

const char *perf_map_find(const struct perf_map *m, uint64_t addr)
{
	const struct interval *found = intervals_find(&m->index, addr);

	return found ? m->names.v[found->value] : NULL;
}

/* --- the finder ------------------------------------------------------------------------------ */

struct perf_map_finder {
	struct map maps; /* pid -> struct perf_map *, 0 when there is none */
};

static struct err *create(const struct symbolizer_options *options, void **ret)
{
	struct perf_map_finder *f = mem_calloc(1, sizeof(*f));

	map_init(&f->maps);
	*ret = f;
	return NULL;
}

static struct perf_map *read_map(int fd)
{
	struct str text;

	str_init(&text);

	struct err *err = io_read_fd(fd, "perf map", FILE_MAX_BYTES, &text);
	size_t length = text.length;

	if (err || length == 0) {
		err_destroy(err);
		str_deinit(&text);
		return NULL;
	}
	return perf_map_parse(str_take(&text), length);
}

static struct perf_map *load(int pid)
{
	char path[64];
	int inner_pid = pid;
	uid_t uid = geteuid();

	jit_read_status(pid, &inner_pid, &uid);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", inner_pid);
	CLEANUP(io_closep) int fd = locate_open(pid, path);

	if (fd < 0) {
		snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
		fd = locate_open(0, path);
	}
	return fd >= 0 && jit_is_trusted(fd, pid) ? read_map(fd) : NULL;
}

static struct err *find(void *self, struct module *m, int pid, uint64_t offset, struct arena *a,
			struct sym_chain *ret)
{
	struct perf_map_finder *f = self;
	bool is_new;

	if (module_borrow_kind(m) != MODULE_ANON)
		return NULL;
	ret->why = "code made at run time, and neither a jit-PID.dump nor a /tmp/perf-PID.map that names it";
	if (pid <= 0)
		return NULL;

	uint64_t *slot = map_get(&f->maps, (uint64_t)pid, &is_new);

	if (is_new)
		*slot = (uintptr_t)load(pid);

	const struct perf_map *map = (const struct perf_map *)(uintptr_t)*slot;
	const char *name = map ? perf_map_find(map, offset) : NULL;

	if (name == NULL)
		return NULL;
	ret->frames = ARENA_NEW(a, struct sym_frame);
	ret->frames[0].function = arena_strdup(a, name);
	ret->count = 1;
	return NULL;
}

static void destroy(void *self)
{
	struct perf_map_finder *f = self;
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&f->maps, &i)) != NULL;)
		perf_map_destroy((struct perf_map *)(uintptr_t)slot->value);
	map_deinit(&f->maps);
	free(f);
}

const struct sym_finder_ops sym_finder_perf_map = {
	.name = "perf-map",
	.create = create,
	.find = find,
	.destroy = destroy,
};
