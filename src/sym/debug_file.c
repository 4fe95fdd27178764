/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sections are used where they are mapped; only compressed ones, and those with
 * relocations, are copied.
 *
 * Where companions are looked for:
 *   dwz's file   the path in .gnu_debugaltlink, absolute or beside this file; then by its
 *                build-id below /usr/lib/debug
 *   .dwp         PATH.dwp
 *   .dwo         DW_AT_dwo_name, absolute or below DW_AT_comp_dir; then its last part,
 *                and the whole of it, beside this file: builds move
 */
#include "sym/debug_file.h"

#include "base/io.h"
#include "base/mem.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct section_place {
	const char *name;
	size_t offset; /* of the struct bytes in struct dwarf_sections */
} section_places[DEBUG_SECTIONS] = {
	{ ".debug_info", offsetof(struct dwarf_sections, info) },
	{ ".debug_abbrev", offsetof(struct dwarf_sections, abbrev) },
	{ ".debug_line", offsetof(struct dwarf_sections, line) },
	{ ".debug_str", offsetof(struct dwarf_sections, str) },
	{ ".debug_line_str", offsetof(struct dwarf_sections, line_str) },
	{ ".debug_str_offsets", offsetof(struct dwarf_sections, str_offsets) },
	{ ".debug_addr", offsetof(struct dwarf_sections, addr) },
	{ ".debug_ranges", offsetof(struct dwarf_sections, ranges) },
	{ ".debug_rnglists", offsetof(struct dwarf_sections, rnglists) },
	{ ".debug_aranges", offsetof(struct dwarf_sections, aranges) },
	{ ".debug_cu_index", offsetof(struct dwarf_sections, cu_index) },
};

/* --- sections ---------------------------------------------------------------------------- */

static size_t find_section(const struct debug_file *f, const char *name)
{
	char dwo[64];

	if (f->dwarf.is_dwo && strcmp(name, ".debug_cu_index") != 0) {
		snprintf(dwo, sizeof(dwo), "%s.dwo", name);
		return elf_section_named(&f->elf, dwo);
	}
	return elf_section_named(&f->elf, name);
}

struct section_load {
	const struct debug_file *f;
	size_t section;
	struct elf_data *data;
	struct err *err;
	pthread_t thread;
	bool started;
};

static void *load_section(void *user)
{
	struct section_load *l = user;

	l->err = elf_relocated_data(&l->f->elf, l->section, l->data);
	return NULL;
}

/* Compressed sections each take a second a gigabyte: side by side. */
static struct err *load_sections(struct debug_file *f)
{
	struct section_load loads[DEBUG_SECTIONS] = { 0 };
	struct err *err = NULL;

	for (size_t i = 0; i < DEBUG_SECTIONS; i++) {
		struct section_load *l = &loads[i];

		*l = (struct section_load){ .f = f, .data = &f->data[i],
					    .section = find_section(f, section_places[i].name) };
		if (elf_is_compressed(&f->elf, l->section) &&
		    elf_raw(&f->elf, l->section).size_bytes > 1 << 20)
			l->started = pthread_create(&l->thread, NULL, load_section, l) == 0;
		if (!l->started)
			load_section(l);
	}
	for (size_t i = 0; i < DEBUG_SECTIONS; i++) {
		if (loads[i].started)
			pthread_join(loads[i].thread, NULL);
		*(struct bytes *)((char *)&f->dwarf.sections + section_places[i].offset) = f->data[i].bytes;
		if (err == NULL)
			err = loads[i].err;
		else
			err_destroy(loads[i].err);
	}
	return err;
}

static int range_compare(const void *a, const void *b)
{
	const struct dwarf_range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

/* Sorted, and joined where they meet. */
static void note_code(struct debug_file *f)
{
	size_t kept = 0;

	for (size_t i = 1; i < f->elf.section_count; i++) {
		const struct elf_section *s = &f->elf.sections[i];

		if ((s->flags & SHF_ALLOC) && (s->flags & SHF_EXECINSTR) && s->size_bytes > 0 &&
		    s->addr + s->size_bytes > s->addr)
			vec_push(&f->code, ((struct dwarf_range){ s->addr, s->addr + s->size_bytes }));
	}
	vec_sort(&f->code, range_compare);
	for (size_t i = 0; i < f->code.n; i++) {
		struct dwarf_range r = f->code.v[i];

		if (kept > 0 && r.low <= f->code.v[kept - 1].high) {
			if (r.high > f->code.v[kept - 1].high)
				f->code.v[kept - 1].high = r.high;
		} else {
			f->code.v[kept++] = r;
		}
	}
	f->code.n = kept;
}

bool debug_file_is_code(const struct debug_file *f, uint64_t addr)
{
	size_t low = 0, high = f->code.n;

	if (f->code.n == 0)
		return addr != 0;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (f->code.v[middle].low <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && addr < f->code.v[low - 1].high;
}

const char *debug_file_symbol(struct debug_file *f, uint64_t addr)
{
	const struct listed_symbol *s;

	pthread_mutex_lock(&f->lock);
	if (!f->have_symbols) {
		f->have_symbols = true;
		symbol_list_add(&f->symbols, &f->elf);
		symbol_list_sort(&f->symbols);
	}
	pthread_mutex_unlock(&f->lock);
	s = symbol_list_at(&f->symbols, addr);
	return s != NULL && s->addr == addr && s->type == STT_FUNC ? s->name : NULL;
}

uint64_t debug_file_bytes(const struct debug_file *f)
{
	uint64_t sum = f->image.size_bytes;

	for (size_t i = 0; i < DEBUG_SECTIONS; i++)
		sum += f->data[i].mapped_bytes;
	return sum;
}

/* --- open -------------------------------------------------------------------------------- */

static struct err *open_bytes(struct debug_file *f)
{
	TRY(elf_init(&f->elf, f->image));
	elf_place_sections(&f->elf);
	f->dwarf.big_endian = f->elf.big_endian;
	f->dwarf.is_dwo = elf_section_named(&f->elf, ".debug_info") == 0 &&
			  elf_section_named(&f->elf, ".debug_info.dwo") != 0;
	if (!f->dwarf.is_dwo && elf_section_named(&f->elf, ".debug_info") == 0 &&
	    elf_section_named(&f->elf, ".debug_line") == 0)
		return err_new(ERR_NOT_FOUND, "no debug information");
	note_code(f);
	return NULL;
}

static struct debug_file *new_file(const char *path)
{
	struct debug_file *f = mem_calloc(1, sizeof(*f));

	f->path = mem_strdup(path ? path : "");
	pthread_mutex_init(&f->lock, NULL);
	strmap_init(&f->dwos);
	return f;
}

struct err *debug_file_open_bytes(struct bytes image, struct debug_file **ret)
{
	struct debug_file *f = new_file(NULL);
	struct err *err;

	f->image = image;
	f->looked_for_dwp = true;
	err = open_bytes(f);
	if (err != NULL) {
		debug_file_destroy(f);
		return err;
	}
	*ret = f;
	return NULL;
}

/* A companion has no companions of its own. */
static struct err *load_companion(struct debug_file *f)
{
	f->loaded = true;
	return load_sections(f);
}

static struct debug_file *open_companion(const char *path)
{
	CLEANUP(io_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct debug_file *f = NULL;

	struct err *err = fd >= 0 ? debug_file_open(fd, path, &f) : NULL;

	if (f != NULL)
		err = load_companion(f);
	if (err != NULL && f != NULL) {
		debug_file_destroy(f);
		f = NULL;
	}
	err_destroy(err);
	return f;
}

/* PATH as it is when absolute, else beside the file BESIDE. */
static char *beside_path(const char *beside, const char *path)
{
	const char *slash = strrchr(beside, '/');

	if (path[0] == '/' || slash == NULL)
		return mem_strdup(path);
	return mem_printf("%.*s/%s", (int)(slash - beside), beside, path);
}

static bool has_build_id(const struct debug_file *f, struct bytes id)
{
	struct bytes own = elf_build_id(&f->elf);

	return id.size_bytes == 0 || (own.size_bytes == id.size_bytes &&
				      memcmp(own.data, id.data, id.size_bytes) == 0);
}

static struct debug_file *open_alt_at(const char *path, struct bytes id)
{
	struct debug_file *f = open_companion(path);

	if (f != NULL && !has_build_id(f, id)) {
		debug_file_destroy(f);
		f = NULL;
	}
	return f;
}

static void open_alt(struct debug_file *f)
{
	const char *name;
	struct bytes id;

	if (!elf_debugaltlink(&f->elf, &name, &id))
		return;

	CLEANUP(mem_freep) char *path = beside_path(f->path, name);

	f->alt = open_alt_at(path, id);
	if (f->alt == NULL && id.size_bytes >= 2 && id.size_bytes <= 64) {
		char hex[129], by_id[256];

		for (size_t i = 0; i < id.size_bytes; i++)
			snprintf(hex + 2 * i, 3, "%02x", id.data[i]);
		snprintf(by_id, sizeof(by_id), "/usr/lib/debug/.build-id/%.2s/%s.debug", hex, hex + 2);
		f->alt = open_alt_at(by_id, id);
	}
	if (f->alt == NULL)
		f->missing++;
	else
		f->dwarf.alt = &f->alt->dwarf;
}

struct err *debug_file_open(int fd, const char *path, struct debug_file **ret)
{
	struct debug_file *f = new_file(path);
	struct err *err = io_map_fd(fd, f->path[0] ? f->path : "the file", &f->map);

	f->image = (struct bytes){ f->map.data, f->map.size_bytes };
	if (err == NULL)
		err = open_bytes(f);
	if (err != NULL) {
		debug_file_destroy(f);
		return err;
	}
	*ret = f;
	return NULL;
}

struct err *debug_file_load(struct debug_file *f)
{
	if (f->loaded)
		return NULL;
	f->loaded = true;
	TRY(load_sections(f));
	if (!f->dwarf.is_dwo && f->path[0] != '\0')
		open_alt(f);
	return NULL;
}

void debug_file_destroy(struct debug_file *f)
{
	struct strmap_slot *slot;

	if (f == NULL)
		return;
	for (size_t i = 0; (slot = strmap_next(&f->dwos, &i)) != NULL;)
		debug_file_destroy((struct debug_file *)(uintptr_t)slot->value);
	strmap_deinit(&f->dwos);
	debug_file_destroy(f->alt);
	debug_file_destroy(f->dwp);
	for (size_t i = 0; i < DEBUG_SECTIONS; i++)
		elf_data_deinit(&f->data[i]);
	elf_deinit(&f->elf);
	vec_deinit(&f->code);
	symbol_list_deinit(&f->symbols);
	io_map_deinit(&f->map);
	pthread_mutex_destroy(&f->lock);
	free(f->path);
	free(f);
}

/* --- split DWARF ------------------------------------------------------------------------- */

static struct debug_file *dwo_at(struct debug_file *f, const char *path)
{
	bool is_new;
	uint64_t *slot = strmap_get(&f->dwos, path, strlen(path), &is_new);

	if (is_new) {
		struct debug_file *dwo = open_companion(path);

		if (dwo != NULL && !dwo->dwarf.is_dwo) {
			debug_file_destroy(dwo);
			dwo = NULL;
		}
		*slot = (uintptr_t)dwo;
	}
	return (struct debug_file *)(uintptr_t)*slot;
}

static bool split_in(const struct debug_file *dwo, const struct dwarf_unit *skeleton, struct dwarf_unit *ret)
{
	if (dwo == NULL || !dwarf_unit_find_split(&dwo->dwarf, skeleton->signature, ret))
		return false;
	dwarf_unit_join(ret, skeleton);
	return true;
}

static bool split_beside(struct debug_file *f, const struct dwarf_unit *skeleton, struct dwarf_unit *ret)
{
	const char *name = skeleton->dwo_name, *slash = strrchr(name, '/');
	const char *comp_dir = skeleton->comp_dir ? skeleton->comp_dir : "";
	CLEANUP(mem_freep) char *built = name[0] == '/' ? mem_strdup(name)
							: mem_printf("%s/%s", comp_dir, name);
	CLEANUP(mem_freep) char *here = beside_path(f->path, name[0] == '/' ? slash + 1 : name);
	CLEANUP(mem_freep) char *last = beside_path(f->path, slash ? slash + 1 : name);

	return split_in(dwo_at(f, built), skeleton, ret) || split_in(dwo_at(f, here), skeleton, ret) ||
	       split_in(dwo_at(f, last), skeleton, ret);
}

bool debug_file_split(struct debug_file *f, const struct dwarf_unit *skeleton, struct dwarf_unit *ret)
{
	bool found;

	if (skeleton->dwo_name == NULL || f->path[0] == '\0')
		return false;
	pthread_mutex_lock(&f->lock);
	if (!f->looked_for_dwp) {
		CLEANUP(mem_freep) char *path = mem_printf("%s.dwp", f->path);

		f->looked_for_dwp = true;
		f->dwp = open_companion(path);
	}
	found = split_in(f->dwp, skeleton, ret) || split_beside(f, skeleton, ret);
	if (!found)
		f->missing++;
	pthread_mutex_unlock(&f->lock);
	return found;
}

void debug_file_forget(const struct debug_file *f, struct bytes b)
{
	uintptr_t from = (uintptr_t)b.data, to = from + b.size_bytes;
	uintptr_t low = (uintptr_t)f->image.data, high = low + f->image.size_bytes;

	/* Only what can be had from the file again. */
	if (f->map.data == NULL || from < low || to > high)
		return;
	from = (from + 4095) & ~(uintptr_t)4095;
	to &= ~(uintptr_t)4095;
	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}
