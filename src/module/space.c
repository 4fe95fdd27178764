/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four sources of the same list.  Memory without a file (JIT code) and the kernel are modules
 * whose offsets are the addresses themselves.
 *
 * A core file has the list in its NT_FILE note (fs/binfmt_elf.c of Linux): a count and a page size,
 * for each mapping start, end and file offset in pages, then the names; and it holds the first
 * page of each program and library, which has the build-id: a file that was replaced since is
 * not taken for the one that crashed.
 */
#include "module/space.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/elf.h"
#include "module/locate.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPINGS_MAX = 1 << 20, MAPS_TEXT_MAX = 256 << 20, MODULES_TEXT_MAX = 16 << 20 };

static void init(struct space *s)
{
	*s = (struct space){ .maps = mappings_create() };
	arena_init(&s->texts);
	strmap_init(&s->by_path);
}

void space_deinit(struct space *s)
{
	for (size_t i = 0; i < s->modules.n; i++)
		io_closep(&s->modules.v[i].fd);
	mappings_unref(s->maps);
	vec_deinit(&s->modules);
	arena_deinit(&s->texts);
	strmap_deinit(&s->by_path);
	*s = (struct space){ 0 };
}

static uint32_t module_of(struct space *s, const char *path, enum module_kind kind, bool *is_new)
{
	uint64_t *index = strmap_get(&s->by_path, path, strlen(path), is_new);

	if (*is_new) {
		*index = s->modules.n;
		vec_push(&s->modules, ((struct module_key){ .kind = kind, .path = arena_strdup(&s->texts, path), .fd = -1 }));
	}
	return (uint32_t)*index;
}

bool space_find(const struct space *s, uint64_t addr, uint32_t *module, uint64_t *offset)
{
	const struct mapping *m = mappings_find(s->maps, addr);

	if (m == NULL)
		return false;
	*module = m->module;
	*offset = m->offset + (addr - m->addr);
	return true;
}

/* --- a process, and a text that describes one ------------------------------------------------------ */

struct maps_reader {
	struct space *space;
	int pid; /* 0: not one that can be asked */
};

static void add_mapping(void *user, const struct proc_mapping *m)
{
	struct maps_reader *r = user;
	enum module_kind kind = mapping_kind(m->path);
	const char *path = kind == MODULE_ANON ? "[anon]" : m->path;
	struct mapping mapping = { .addr = m->addr, .size_bytes = m->size_bytes, .offset = m->offset };
	bool is_new;

	if (kind == MODULE_ANON)
		mapping.offset = m->addr;
	if (kind == MODULE_VDSO)
		mapping.offset = 0;
	mapping.module = module_of(r->space, path, kind, &is_new);

	struct module_key *key = &r->space->modules.v[mapping.module];

	if (is_new) {
		key->pid = r->pid;
		key->dev = m->dev;
		key->inode = kind == MODULE_SHARED ? m->inode : 0;
		if (r->pid > 0 && str_ends(path, " (deleted)"))
			key->fd = locate_open_mapping(r->pid, m->addr, m->size_bytes);
	}
	r->space->maps = mappings_put(r->space->maps, &mapping);
}

struct err *space_of_process(int pid, struct space *ret)
{
	struct maps_reader r = { ret, pid };

	init(ret);
	if (proc_maps_read(pid, add_mapping, &r) && ret->modules.n > 0)
		return NULL;
	space_deinit(ret);
	return err_fix(err_new(ERR_NOT_FOUND, "cannot read what process %d has mapped", pid),
		       "is it running, and yours?");
}

struct err *space_of_maps(const char *path, struct space *ret)
{
	struct maps_reader r = { ret, 0 };
	struct str text;

	str_init(&text);
	TRY(io_read_file(path, MAPS_TEXT_MAX, &text));
	init(ret);
	proc_maps_parse(text.text, add_mapping, &r);
	str_deinit(&text);
	if (ret->modules.n > 0)
		return NULL;
	space_deinit(ret);
	return err_fix(err_new(ERR_FORMAT, "%s has no executable mapping", path), "it should be a copy of /proc/PID/maps");
}

/* --- a core file ------------------------------------------------------------------------------------ */

/* The next note of C: its type and what it holds; false at the end. */
static bool next_note(struct cursor *c, uint32_t *type, struct bytes *text)
{
	uint32_t name_bytes = cursor_u32(c), text_bytes = cursor_u32(c);

	*type = cursor_u32(c);
	cursor_skip(c, ((uint64_t)name_bytes + 3) & ~(uint64_t)3);

	const uint8_t *data = cursor_take(c, text_bytes);

	cursor_skip(c, -(uint64_t)text_bytes & 3 & (cursor_left(c) < 3 ? 0 : 3));
	*text = (struct bytes){ data, data ? text_bytes : 0 };
	return data != NULL;
}

static struct bytes find_file_note(const struct elf_file *f)
{
	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_load *p = &f->segments[i];
		struct cursor c = cursor_of(bytes_slice(f->image, p->offset, p->file_bytes), f->big_endian);
		struct bytes text;
		uint32_t type;

		while (p->type == PT_NOTE && !cursor_done(&c) && next_note(&c, &type, &text))
			if (type == NT_FILE)
				return text;
	}
	return (struct bytes){ 0 };
}

/* The build-id of the file that begins at ADDR, if the core holds its first page. */
static struct build_id id_in_core(const struct elf_file *core, uint64_t addr)
{
	struct build_id id = { 0 };

	for (size_t i = 0; i < core->segment_count; i++) {
		const struct elf_load *p = &core->segments[i];
		struct elf_file f = { 0 };

		if (p->type != PT_LOAD || addr < p->vaddr || addr - p->vaddr >= p->file_bytes)
			continue;

		uint64_t skip = addr - p->vaddr;
		struct err *err = elf_init(&f, bytes_slice(core->image, p->offset + skip, p->file_bytes - skip));
		struct bytes found = err ? (struct bytes){ 0 } : elf_build_id(&f);

		if (found.size_bytes <= BUILD_ID_MAX) {
			id.size = (uint8_t)found.size_bytes;
			memcpy(id.bytes, found.data ? found.data : id.bytes, found.size_bytes);
		}
		err_destroy(err);
		elf_deinit(&f);
		break;
	}
	return id;
}

static void add_core_file(struct space *s, const struct elf_file *core, struct mapping *m, const char *path)
{
	bool is_new;

	m->module = module_of(s, path, MODULE_SHARED, &is_new);
	if (m->offset == 0 && s->modules.v[m->module].build_id.size == 0)
		s->modules.v[m->module].build_id = id_in_core(core, m->addr);
	s->maps = mappings_put(s->maps, m);
}

static struct err *read_core(const struct elf_file *core, struct space *s)
{
	struct bytes note = find_file_note(core);
	struct cursor c = cursor_of(note, core->big_endian), names;
	unsigned word_bytes = core->is_64 ? 8 : 4;
	uint64_t count = cursor_unsigned(&c, word_bytes), page_bytes = cursor_unsigned(&c, word_bytes);

	if (core->type != ET_CORE || count == 0 || count > MAPPINGS_MAX || count * 3 * word_bytes > cursor_left(&c))
		return err_fix(err_new(ERR_NOT_FOUND, "it does not say which files were mapped"),
			       "cores written by the kernel do (an NT_FILE note)");
	names = c;
	cursor_skip(&names, count * 3 * word_bytes);
	for (uint64_t i = 0; i < count && !names.bad; i++) {
		uint64_t from = cursor_unsigned(&c, word_bytes), to = cursor_unsigned(&c, word_bytes);
		uint64_t offset = cursor_unsigned(&c, word_bytes) * page_bytes;
		const char *path = cursor_text(&names);

		if (!names.bad && to > from)
			add_core_file(s, core, &(struct mapping){ from, to - from, offset, 0 }, path);
	}
	return NULL;
}

struct err *space_of_core(const char *path, struct space *ret)
{
	struct elf_file core = { 0 };
	struct io_map map;
	struct err *err;

	TRY(io_map_file(AT_FDCWD, path, &map));
	init(ret);
	err = elf_init(&core, (struct bytes){ map.data, map.size_bytes });
	if (err == NULL)
		err = read_core(&core, ret);
	elf_deinit(&core);
	io_map_deinit(&map);
	if (err != NULL)
		space_deinit(ret);
	return err_wrap(err, "%s", path);
}

/* --- the kernel --------------------------------------------------------------------------------------- */

/* "nf_tables 315392 0 - Live 0xffffffffc0a00000"; the address is 0 for the unprivileged. */
static void add_kernel_module(struct space *s, const char *line)
{
	char name[65];
	uint64_t size, addr;
	bool is_new;

	if (sscanf(line, "%64s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &size, &addr) != 3 || addr == 0)
		return;

	uint32_t module = module_of(s, name, MODULE_KERNEL_MODULE, &is_new);

	s->maps = mappings_put(s->maps, &(struct mapping){ addr, size, addr, module });
}

struct err *space_of_kernel(struct space *ret)
{
	struct str text;
	bool is_new;

	init(ret);
	ret->maps = mappings_put(ret->maps, &(struct mapping){ 1, UINT64_MAX - 1, 1,
							       module_of(ret, "[kernel]", MODULE_KERNEL, &is_new) });
	str_init(&text);
	/* A kernel without modules has no such file. */
	err_destroy(io_read_file("/proc/modules", MODULES_TEXT_MAX, &text));
	for (char *line = text.text; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		add_kernel_module(ret, line);
		line = end ? end + 1 : NULL;
	}
	str_deinit(&text);
	return NULL;
}
