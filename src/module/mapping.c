/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An address space is an array sorted by address, without overlaps.  Look-up is a
 * binary search; a put moves the tail, which is cheap for the few dozen executable
 * mappings a process has.  Sharing after fork is a reference count: the first side
 * that changes takes a copy.
 *
 * /proc/PID/maps is parsed by hand: it is read for every process of a machine, and
 * sscanf was most of the cost.
 */
#include "module/mapping.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/vec.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A process has at most vm.max_map_count mappings (65,530 unless raised), each a line. */
enum { MAPS_MAX_BYTES = 256 << 20 };

struct mappings {
	unsigned refs;
	VEC(struct mapping) list;
};

struct mappings *mappings_create(void)
{
	struct mappings *m = mem_calloc(1, sizeof(*m));

	m->refs = 1;
	return m;
}

struct mappings *mappings_ref(struct mappings *m)
{
	m->refs++;
	return m;
}

void mappings_unref(struct mappings *m)
{
	if (!m || --m->refs)
		return;
	vec_deinit(&m->list);
	free(m);
}

/* The first mapping that ends after ADDR. */
static size_t mappings_lower(const struct mappings *m, uint64_t addr)
{
	size_t low = 0, high = m->list.n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct mapping *at = &m->list.v[middle];

		if (addr - at->addr < at->size_bytes || at->addr > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static struct mappings *mappings_own(struct mappings *m)
{
	if (m->refs == 1)
		return m;

	struct mappings *copy = mappings_create();

	vec_reserve(&copy->list, m->list.n + 4);
	if (m->list.n)
		memcpy(copy->list.v, m->list.v, m->list.n * sizeof(*m->list.v));
	copy->list.n = m->list.n;
	mappings_unref(m);
	return copy;
}

/* Make room for [addr, end): cut, split or remove what lies there.  Returns the index
 * at which the new mapping belongs. */
static size_t mappings_cut(struct mappings *m, uint64_t addr, uint64_t end)
{
	size_t i = mappings_lower(m, addr);

	if (i < m->list.n && m->list.v[i].addr < addr) {
		struct mapping *at = &m->list.v[i];
		struct mapping rest = *at;
		uint64_t at_end = at->addr + at->size_bytes;

		at->size_bytes = addr - at->addr;
		i++;
		if (at_end > end) {
			rest.offset += end - rest.addr;
			rest.addr = end;
			rest.size_bytes = at_end - end;
			vec_insert(&m->list, i, rest);
			return i;
		}
	}
	while (i < m->list.n && m->list.v[i].addr < end) {
		struct mapping *at = &m->list.v[i];
		uint64_t at_end = at->addr + at->size_bytes;

		if (at_end > end) {
			at->offset += end - at->addr;
			at->size_bytes = at_end - end;
			at->addr = end;
			break;
		}
		vec_remove(&m->list, i);
	}
	return i;
}

struct mappings *mappings_put(struct mappings *m, const struct mapping *mapping)
{
	struct mapping item = *mapping;

	if (item.size_bytes == 0)
		return m;
	/* The end must be an address: what the kernel says never wraps, a file may. */
	if (item.size_bytes > UINT64_MAX - item.addr)
		item.size_bytes = UINT64_MAX - item.addr;
	m = mappings_own(m);

	size_t at = mappings_cut(m, item.addr, item.addr + item.size_bytes);

	vec_insert(&m->list, at, item);
	return m;
}

const struct mapping *mappings_find(const struct mappings *m, uint64_t addr)
{
	size_t i = mappings_lower(m, addr);

	if (i >= m->list.n || addr < m->list.v[i].addr)
		return NULL;
	return &m->list.v[i];
}

size_t mappings_count(const struct mappings *m) { return m->list.n; }

const struct mapping *mappings_at(const struct mappings *m, size_t index)
{
	return &m->list.v[index];
}

/* --- /proc/PID/maps ----------------------------------------------------------------- */

enum module_kind mapping_kind(const char *path)
{
	if (strcmp(path, "[vdso]") == 0)
		return MODULE_VDSO;
	if (path[0] != '/' || strncmp(path, "//", 2) == 0 || strncmp(path, "/dev/zero", 9) == 0 ||
	    strncmp(path, "/SYSV", 5) == 0 || strncmp(path, "/memfd:", 7) == 0)
		return MODULE_ANON;
	return MODULE_SHARED;
}

static const char *maps_number(const char *p, unsigned base, uint64_t *value)
{
	uint64_t n = 0;

	for (;; p++) {
		unsigned digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			digit = (unsigned)(*p - 'a') + 10;
		else
			break;
		if (digit >= base)
			break;
		n = n * base + digit;
	}
	*value = n;
	return p;
}

static const char *maps_skip(const char *p, char c) { return *p == c ? p + 1 : p; }

/* The kernel writes a path's newline as "\012", and escapes nothing else (show_map_vma() in fs/proc/task_mmu.c). */
static void restore_newlines(char *path)
{
	char *to = strstr(path, "\\012");

	for (const char *from = to; to; to++) {
		bool is_newline = strncmp(from, "\\012", 4) == 0;

		*to = is_newline ? '\n' : *from;
		if (*from == '\0')
			return;
		from += is_newline ? 4 : 1;
	}
}

/* "55d0c4a31000-55d0c4a52000 r-xp 00002000 fe:01 1234      /usr/bin/make" */
static void maps_line(char *line, proc_maps_fn *callback, void *user)
{
	struct proc_mapping m = { 0 };
	uint64_t end, major, minor;
	const char *p = maps_number(line, 16, &m.addr);

	p = maps_number(maps_skip(p, '-'), 16, &end);
	p = maps_skip(p, ' ');
	if (strnlen(p, 5) < 5 || end <= m.addr)
		return;
	m.size_bytes = end - m.addr;
	m.executable = p[2] == 'x';
	p = maps_number(p + 5, 16, &m.offset);
	p = maps_number(maps_skip(p, ' '), 16, &major);
	p = maps_number(maps_skip(p, ':'), 16, &minor);
	p = maps_number(maps_skip(p, ' '), 10, &m.inode);
	m.dev = makedev((unsigned)major, (unsigned)minor);
	if (!m.executable)
		return;
	m.path = p + strspn(p, " ");
	restore_newlines(line + (m.path - line));
	callback(user, &m);
}

void proc_maps_parse(char *text, proc_maps_fn *callback, void *user)
{
	for (char *line = text; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		maps_line(line, callback, user);
		line = end ? end + 1 : NULL;
	}
}

bool proc_maps_read(int pid, proc_maps_fn *callback, void *user)
{
	char path[32];
	struct str text;

	str_init(&text);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);

	struct err *err = io_read_file(path, MAPS_MAX_BYTES, &text);
	bool read = err == NULL;

	err_destroy(err);
	if (read)
		proc_maps_parse(text.text, callback, user);
	str_deinit(&text);
	return read;
}
