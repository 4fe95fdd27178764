/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each fact is read from where the loader, the kernel or the compiler left it, never from names
 * of files or packages.  Whether functions keep frame pointers is read from the code: how
 * many of the functions that call others begin by setting one up.
 */
#include "sym/elf_facts.h"

#include "base/map.h"
#include "base/mem.h"
#include "module/unpack.h"
#include "sym/debug_file.h"
#include "sym/function_starts.h"
#include "sym/symbol_list.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MODINFO_MAX = 4096, NT_GO_BUILD_ID = 4 };
enum { UNITS_MAX = 1 << 20, PRODUCERS_MAX = 256, COMMENTS_MAX = 64, FUNCTIONS_LOOKED_AT = 20000 };

/* --- debug information ------------------------------------------------------------------- */

static int by_units(const void *a, const void *b)
{
	const struct elf_producer *x = a, *y = b;

	return (x->units < y->units) - (x->units > y->units);
}

static void add_producer(struct elf_facts *f, const char *text, struct strmap *seen, struct arena *a)
{
	bool is_new;
	uint64_t *slot = strmap_get(seen, text, strlen(text), &is_new);

	if (is_new && f->producers.n < PRODUCERS_MAX) {
		*slot = f->producers.n;
		vec_push(&f->producers, ((struct elf_producer){ arena_strdup(a, text), 0 }));
	} else if (is_new) {
		*slot = PRODUCERS_MAX - 1;
	}
	f->producers.v[*slot].units++;
}

static void read_units(struct elf_facts *f, struct debug_file *d, struct arena *a)
{
	struct dwarf_abbrevs abbrevs = { 0 };
	struct dwarf_unit u;
	struct strmap seen;

	strmap_init(&seen);
	for (uint64_t at = 0; f->dwarf_units < UNITS_MAX && dwarf_unit_read(&d->dwarf, at, &u); at = u.end) {
		f->dwarf_units++;
		if (f->dwarf_version == 0)
			f->dwarf_version = u.version;
		if (!dwarf_unit_load(&u, &abbrevs))
			continue;
		f->dwarf_is_split |= u.dwo_name != NULL;
		if (u.producer != NULL)
			add_producer(f, u.producer, &seen, a);
	}
	vec_sort(&f->producers, by_units);
	strmap_deinit(&seen);
	dwarf_abbrevs_deinit(&abbrevs);
}

static void note_sections(struct elf_facts *f, const struct elf_file *elf)
{
	for (size_t i = 1; i < elf->section_count; i++) {
		const struct elf_section *s = &elf->sections[i];

		if (strncmp(s->name, ".debug_", 7) == 0 || strncmp(s->name, ".zdebug_", 8) == 0)
			f->dwarf_bytes += s->type != SHT_NOBITS ? s->size_bytes : 0;
	}
}

static char *path_of_fd(int fd, struct arena *a)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	return n > 0 ? arena_strndup(a, path, (size_t)n) : NULL;
}

static bool read_dwarf(struct elf_facts *f, int fd, const char *path, struct arena *a)
{
	struct debug_file *d = NULL;
	struct err *err = debug_file_open(fd, path, &d);

	if (err == NULL)
		err = debug_file_load(d);
	if (err == NULL && d->dwarf.sections.info.size_bytes > 0) {
		f->debug_path = path;
		note_sections(f, &d->elf);
		read_units(f, d, a);
	}
	debug_file_destroy(d);
	err_destroy(err);
	return f->debug_path != NULL;
}

static struct err *read_debug(struct elf_facts *f, int fd, enum debuginfod_when debuginfod, struct arena *a)
{
	struct module_key key = { .kind = MODULE_PROGRAM, .path = f->path, .fd = fd };
	struct bytes alt_id;
	uint32_t crc;

	TRY(module_create(&key, &f->module));
	f->has_minidebug = elf_section_named(&f->elf, ".gnu_debugdata") != 0;
	if (!elf_debuglink(&f->elf, &f->debuglink, &crc))
		f->debuglink = NULL;
	if (!elf_debugaltlink(&f->elf, &f->altlink, &alt_id))
		f->altlink = NULL;
	f->has_dwarf = read_dwarf(f, fd, f->path, a);
	if (f->has_dwarf)
		return NULL;
	if (module_borrow_debug_fd(f->module) < 0)
		module_ask_debuginfod(f->module, debuginfod);
	if (module_borrow_debug_fd(f->module) >= 0)
		read_dwarf(f, module_borrow_debug_fd(f->module), path_of_fd(module_borrow_debug_fd(f->module), a), a);
	return NULL;
}

/* --- compiler ---------------------------------------------------------------------------- */

static void add_comment(struct elf_facts *f, const char *text, struct arena *a)
{
	for (size_t i = 0; i < f->comments.n; i++)
		if (strcmp(f->comments.v[i], text) == 0)
			return;
	if (f->comments.n < COMMENTS_MAX && text[0] != '\0')
		vec_push(&f->comments, arena_strdup(a, text));
}

static void read_comments(struct elf_facts *f, const char *section, struct arena *a)
{
	struct cursor c = cursor_of(elf_raw(&f->elf, elf_section_named(&f->elf, section)), false);

	while (!cursor_done(&c)) {
		const char *text = cursor_text(&c);

		if (!c.bad)
			add_comment(f, text, a);
	}
}

/* modinfo(8): NUL-terminated texts, with NULs between for alignment. */
static void read_modinfo(struct elf_facts *f, struct arena *a)
{
	struct cursor c = cursor_of(elf_raw(&f->elf, elf_section_named(&f->elf, ".modinfo")), false);

	while (!cursor_done(&c) && f->modinfo.n < MODINFO_MAX) {
		const char *text = cursor_text(&c);

		if (!c.bad && strchr(text, '=') != NULL)
			vec_push(&f->modinfo, arena_strdup(a, text));
	}
}

/* --- hardening --------------------------------------------------------------------------- */

static bool ends_with_chk(const char *name)
{
	size_t length = strcspn(name, "@");

	return length > 6 && strncmp(name, "__", 2) == 0 && strncmp(name + length - 4, "_chk", 4) == 0;
}

static void read_symbols(struct elf_facts *f)
{
	for (size_t i = 1; i < f->elf.section_count; i++) {
		struct elf_symbols symbols;
		struct elf_symbol s;
		bool is_dynamic = f->elf.sections[i].type == SHT_DYNSYM;

		if (f->elf.sections[i].type != SHT_SYMTAB && !is_dynamic)
			continue;
		f->has_symtab |= !is_dynamic;
		f->has_dynsym |= is_dynamic;
		symbols = elf_symbols(&f->elf, i);
		for (size_t k = 1; elf_symbol_get(&symbols, k, &s); k++) {
			f->canary |= strncmp(s.name, "__stack_chk_fail", 16) == 0 || strncmp(s.name, "__stack_chk_guard", 17) == 0;
			f->fortified += is_dynamic && s.section == SHN_UNDEF && ends_with_chk(s.name);
		}
	}
}

static void read_segments(struct elf_facts *f)
{
	bool relro = false;

	for (size_t i = 0; i < f->elf.segment_count; i++) {
		const struct elf_load *s = &f->elf.segments[i];

		if (s->type == PT_GNU_STACK) {
			f->nx_known = true;
			f->nx = !(s->flags & PF_X);
		}
		relro |= s->type == PT_GNU_RELRO;
		f->wx_segment |= s->type == PT_LOAD && (s->flags & PF_W) && (s->flags & PF_X);
	}
	f->relro = relro ? ELF_RELRO_PARTIAL : ELF_RELRO_NONE;
}

static const char *dynamic_text(const struct elf_facts *f, uint64_t tag)
{
	uint64_t value;

	return elf_dynamic_find(&f->dynamic, tag, &value) ? elf_dynamic_text(&f->dynamic, value) : NULL;
}

static void read_dynamic(struct elf_facts *f)
{
	uint64_t flags = 0, flags_1 = 0, value;

	elf_dynamic_read(&f->elf, &f->dynamic);
	elf_dynamic_find(&f->dynamic, DT_FLAGS, &flags);
	elf_dynamic_find(&f->dynamic, DT_FLAGS_1, &flags_1);
	f->soname = dynamic_text(f, DT_SONAME);
	f->rpath = dynamic_text(f, DT_RPATH);
	f->runpath = dynamic_text(f, DT_RUNPATH);
	f->interpreter = elf_interpreter(&f->elf);
	f->is_pie = f->elf.type == ET_DYN && ((flags_1 & DF_1_PIE) || (f->interpreter != NULL && f->soname == NULL));
	f->is_static = f->interpreter == NULL && (f->elf.type == ET_EXEC || f->is_pie);
	f->text_relocations = (flags & DF_TEXTREL) || elf_dynamic_find(&f->dynamic, DT_TEXTREL, &value);
	if (f->relro == ELF_RELRO_PARTIAL &&
	    ((flags & DF_BIND_NOW) || (flags_1 & DF_1_NOW) || elf_dynamic_find(&f->dynamic, DT_BIND_NOW, &value)))
		f->relro = ELF_RELRO_FULL;
}

static void read_properties(struct elf_facts *f, struct arena *a)
{
	struct elf_notes n = { .file = &f->elf };

	while (elf_note_next(&n)) {
		struct cursor c = cursor_of(n.desc, f->elf.big_endian);

		if (n.type == NT_GO_BUILD_ID && strcmp(n.name, "Go") == 0 && n.desc.size_bytes <= 256)
			f->go_build_id = arena_strndup(a, (const char *)n.desc.data, n.desc.size_bytes);
		if (n.type != NT_GNU_PROPERTY_TYPE_0 || strcmp(n.name, "GNU") != 0)
			continue;
		while (cursor_left(&c) >= 8) {
			uint32_t type = cursor_u32(&c), size_bytes = cursor_u32(&c);
			struct cursor in = c;

			if (type == GNU_PROPERTY_X86_FEATURE_1_AND)
				f->x86_features = cursor_u32(&in);
			if (type == GNU_PROPERTY_AARCH64_FEATURE_1_AND)
				f->arm_features = cursor_u32(&in);
			cursor_skip(&c, ((uint64_t)size_bytes + 7) & ~(uint64_t)7);
		}
	}
}

/* --- frame pointers ---------------------------------------------------------------------- */

static bool x86_sets_up(const uint8_t *p, size_t size_bytes)
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa }, push[] = { 0x55 };
	static const uint8_t moves[][3] = { { 0x48, 0x89, 0xe5 }, { 0x48, 0x8b, 0xec } };

	if (size_bytes >= 4 && memcmp(p, endbr, 4) == 0) {
		p += 4;
		size_bytes -= 4;
	}
	for (size_t i = 0; i + 4 <= size_bytes && i < 12; i++)
		if (p[i] == push[0])
			for (size_t k = i + 1; k + 3 <= size_bytes && k < i + 16; k++)
				if (memcmp(p + k, moves[0], 3) == 0 || memcmp(p + k, moves[1], 3) == 0)
					return true;
	return false;
}

/* mov x29, sp, or add x29, sp, #n */
static bool arm_sets_up(const uint8_t *p, size_t size_bytes)
{
	for (size_t i = 0; i + 4 <= size_bytes && i < 32; i += 4) {
		uint32_t insn = (uint32_t)p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 | (uint32_t)p[i + 3] << 24;

		if ((insn & 0xffc003ff) == 0x910003fd)
			return true;
	}
	return false;
}

/* Only functions that call: leaves need no frame under any flags. */
static bool calls(uint16_t machine, const uint8_t *p, size_t size_bytes)
{
	for (size_t i = 0; i + 5 <= size_bytes; i += machine == EM_AARCH64 ? 4 : 1) {
		if (machine == EM_X86_64 && (p[i] == 0xe8 || (p[i] == 0xff && p[i + 1] == 0x15)))
			return true;
		if (machine == EM_AARCH64 && (p[i + 3] & 0xfc) == 0x94)
			return true;
	}
	return false;
}

/* Go's: the caller's is stored in the new frame: mov %rbp,N(%rsp); lea N(%rsp),%rbp */
static bool go_sets_up(const uint8_t *p, size_t size_bytes)
{
	for (size_t i = 0; i + 4 <= size_bytes && i < 48; i++)
		if (p[i] == 0x48 && p[i + 1] == 0x8d && (p[i + 2] == 0x6c || p[i + 2] == 0xac) && p[i + 3] == 0x24)
			return true;
	return false;
}

static void look_at_function(struct elf_facts *f, struct bytes code)
{
	if (!calls(f->elf.machine, code.data, code.size_bytes))
		return;
	f->functions++;
	f->functions_with_fp += f->elf.machine == EM_AARCH64 ? arm_sets_up(code.data, code.size_bytes) :
				x86_sets_up(code.data, code.size_bytes) || (f->go_build_id && go_sets_up(code.data, code.size_bytes));
}

/* Where there is no .eh_frame, as in Go's programs and in the kernel's modules. */
static void look_at_symbols(struct elf_facts *f, size_t section)
{
	struct elf_symbols symbols = elf_symbols(&f->elf, section);
	struct elf_symbol s;
	size_t step = symbols.count / FUNCTIONS_LOOKED_AT + 1;

	for (size_t k = 1; elf_symbol_get(&symbols, k, &s); k += step) {
		if (s.type != STT_FUNC || s.size_bytes == 0 || s.section == SHN_UNDEF || s.section >= f->elf.section_count)
			continue;
		if (f->elf.type == ET_REL)
			look_at_function(f, bytes_slice(elf_raw(&f->elf, s.section), s.value, s.size_bytes));
		else
			look_at_function(f, bytes_slice(elf_loaded(&f->elf, s.value), 0, s.size_bytes));
	}
}

static void look_at_code(struct elf_facts *f)
{
	struct function_starts starts;
	size_t step;

	if ((f->elf.machine != EM_X86_64 && f->elf.machine != EM_AARCH64) || f->is_debug_file)
		return;
	function_starts_read(&f->elf, &starts);
	step = starts.ranges.n / FUNCTIONS_LOOKED_AT + 1;
	for (size_t i = 0; i < starts.ranges.n; i += step) {
		const struct dwarf_range *r = &starts.ranges.v[i];

		look_at_function(f, bytes_slice(elf_loaded(&f->elf, r->low), 0, r->high - r->low));
	}
	for (size_t i = 1; starts.ranges.n == 0 && i < f->elf.section_count; i++)
		if (f->elf.sections[i].type == SHT_SYMTAB)
			look_at_symbols(f, i);
	function_starts_deinit(&starts);
	if (f->functions == 0)
		return;
	f->frame_pointers = f->functions_with_fp * 10 >= f->functions * 8   ? ELF_FP_YES
			    : f->functions_with_fp * 10 <= f->functions * 2 ? ELF_FP_NO
									    : ELF_FP_PARTLY;
}

/* objcopy --only-keep-debug leaves the headers of what is loaded, without bytes; notes it keeps. */
static bool has_image(const struct elf_file *f)
{
	for (size_t i = 1; i < f->section_count; i++)
		if ((f->sections[i].flags & SHF_ALLOC) && f->sections[i].type != SHT_NOBITS && f->sections[i].type != SHT_NOTE)
			return true;
	return f->section_count == 0;
}

/* --- all --------------------------------------------------------------------------------- */

static void note_build_id(struct elf_facts *f)
{
	struct bytes id = elf_build_id(&f->elf);

	for (size_t i = 0; i < id.size_bytes && i < 64; i++)
		snprintf(f->build_id + 2 * i, 3, "%02x", id.data[i]);
}

struct err *elf_facts_read(const char *path, enum debuginfod_when debuginfod, struct arena *a, struct elf_facts *ret)
{
	CLEANUP(io_closep) int fd = -1;
	CLEANUP(mem_freep) char *real = realpath(path, NULL);

	*ret = (struct elf_facts){ .path = arena_strdup(a, real ? real : path) };
	TRY(unpack_open(path, &fd));
	TRY(io_map_fd(fd, path, &ret->map));
	TRY(err_wrap(elf_init(&ret->elf, (struct bytes){ ret->map.data, ret->map.size_bytes }), "%s", path));
	note_build_id(ret);
	read_segments(ret);
	read_dynamic(ret);
	read_symbols(ret);
	read_properties(ret, a);
	read_modinfo(ret, a);
	read_comments(ret, ".comment", a);
	read_comments(ret, ".GCC.command.line", a);
	ret->is_debug_file = !has_image(&ret->elf) && ret->elf.type != ET_REL && ret->elf.type != ET_CORE &&
			     (ret->has_symtab || elf_section_named(&ret->elf, ".debug_info") != 0);
	TRY(read_debug(ret, fd, debuginfod, a));
	look_at_code(ret);
	return NULL;
}

void elf_facts_deinit(struct elf_facts *f)
{
	vec_deinit(&f->producers);
	vec_deinit(&f->comments);
	vec_deinit(&f->modinfo);
	elf_dynamic_deinit(&f->dynamic);
	elf_deinit(&f->elf);
	module_destroy(f->module);
	io_map_deinit(&f->map);
}
