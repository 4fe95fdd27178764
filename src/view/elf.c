/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Without any option: what helps or hinders debugging and profiling this binary, the worst
 * first said in the headline; then what it is loaded with.  The tables of readelf come only
 * when they are asked for.
 */
#include "view/elf.h"

#include "arch/arch.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "module/needed.h"
#include "view/elf_impl.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* Was it cut where it says what it is? */
static bool kind_is_lost(const struct elf_facts *f)
{
	return f->elf.type == ET_DYN && f->dynamic.entries.n == 0 && elf_missing_bytes(&f->elf) > 0;
}

static const char *kind_text(const struct elf_facts *f)
{
	switch (f->elf.type) {
	case ET_REL:
		return elf_section_named(&f->elf, ".modinfo") ? "kernel module" : "relocatable file";
	case ET_EXEC:
		return f->is_static ? "static program" : "program at a fixed address";
	case ET_DYN:
		if (kind_is_lost(f))
			return "program or shared library (which is not known)";
		if (f->is_pie)
			return f->is_static ? "static program (PIE)" : "program (PIE)";
		return "shared library";
	case ET_CORE:
		return "core file";
	default:
		return "ELF file";
	}
}

static const char *machine_text(const struct elf_facts *f, char text[32])
{
	const struct arch *arch = arch_of_machine(f->elf.machine);

	if (arch != NULL)
		return arch->name;
	snprintf(text, 32, "machine %u", f->elf.machine);
	return text;
}

static const char *names_text(const struct elf_facts *f)
{
	if (f->has_dwarf)
		return "debug information inside";
	if (f->debug_path != NULL)
		return "debug information in a separate file";
	if (f->has_symtab)
		return "symbols, no debug information";
	return f->has_minidebug ? "stripped; function names in .gnu_debugdata" : "stripped";
}

static void put_headline(struct doc *d, const struct elf_facts *f)
{
	char machine[32];

	doc_headline(d, "%s, %u-bit %s, %s", f->is_debug_file ? "debug file" : kind_text(f), f->elf.is_64 ? 64 : 32,
		     machine_text(f, machine), names_text(f));
}

/* --- debug information --------------------------------------------------------------------- */

static void put_debug_file(struct doc *d, const struct elf_facts *f)
{
	struct str text;

	str_init(&text);
	if (f->dwarf_units > 0)
		str_printf(&text, "DWARF %u%s, %s unit%s, %s", f->dwarf_version, f->dwarf_is_split ? ", split (.dwo, .dwp)" : "",
			   units_count(f->dwarf_units).text, f->dwarf_units == 1 ? "" : "s", units_bytes((double)f->dwarf_bytes).text);
	else
		str_add(&text, "none");
	doc_field(d, "debug_information", "debug information", DOC_TEXT, DOC_STR(text.text));
	str_deinit(&text);
	if (f->debug_path != NULL)
		doc_field(d, "debug_file", "  found in", DOC_TEXT, DOC_STR(f->debug_path));
	if (f->debuglink != NULL)
		doc_field(d, "debuglink", "  .gnu_debuglink", DOC_TEXT, DOC_STR(f->debuglink));
	if (f->altlink != NULL)
		doc_field(d, "debugaltlink", "  common file (dwz)", DOC_TEXT, DOC_STR(f->altlink));
	if (f->debug_path == NULL && f->build_id[0] != '\0') {
		CLEANUP(mem_freep) char *path = mem_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", f->build_id, f->build_id + 2);

		doc_field(d, "debug_file_wanted", "  looked for", DOC_TEXT, DOC_STR(path));
	}
	if (module_borrow_debuginfod_note(f->module) != NULL)
		doc_field(d, "debuginfod", "  debuginfod", DOC_TEXT, DOC_STR(module_borrow_debuginfod_note(f->module)));
}

static void put_frame_pointers(struct doc *d, const struct elf_facts *f)
{
	static const char *const texts[] = { "not known", "no", "partly", "yes" };
	struct str text;

	str_init(&text);
	str_add(&text, texts[f->frame_pointers]);
	if (f->functions > 0)
		str_printf(&text, " (%s of %s functions that call others set one up)", units_count(f->functions_with_fp).text,
			   units_count(f->functions).text);
	doc_field(d, "frame_pointers", "frame pointers", DOC_TEXT, DOC_STR(text.text));
	str_deinit(&text);
}

static void put_names(struct doc *d, const struct elf_facts *f)
{
	doc_field(d, "build_id", "build-id", DOC_TEXT, f->build_id[0] ? DOC_STR(f->build_id) : DOC_STYLED("none", DOC_WARN));
	if (f->go_build_id != NULL)
		doc_field(d, "go_build_id", "Go's build-id", DOC_TEXT, DOC_STR(f->go_build_id));
	put_debug_file(d, f);
	doc_field(d, "symbols", "symbols", DOC_TEXT,
		  DOC_STR(f->has_symtab && f->has_dynsym ? ".symtab and .dynsym"
			  : f->has_symtab		  ? ".symtab"
			  : f->has_minidebug		  ? ".dynsym and .gnu_debugdata"
			  : f->has_dynsym		  ? ".dynsym: exported ones only"
							  : "none"));
	if (!f->is_debug_file)
		put_frame_pointers(d, f);
}

static void put_compiler(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = {
		{ "compiler", "compiler", DOC_TEXT, 0 },
		{ "units", "units", DOC_COUNT, 0 },
	};

	if (f->producers.n == 0 && f->comments.n == 0)
		return;
	doc_table_begin(d, "compilers", "Built by", columns, 2);
	for (size_t i = 0; i < f->producers.n; i++) {
		const struct doc_value row[] = { DOC_STR(f->producers.v[i].text), DOC_U64(f->producers.v[i].units) };

		doc_row(d, row);
	}
	for (size_t i = 0; i < f->comments.n; i++) {
		const struct doc_value row[] = { DOC_STR(f->comments.v[i]), DOC_NONE };

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}

/* --- hardening ----------------------------------------------------------------------------- */

static void put_check(struct doc *d, const char *key, const char *name, const char *text, enum doc_style style,
		      const char *what_for)
{
	const struct doc_value row[] = { DOC_STR(key), DOC_STR(name), DOC_STYLED(text, style), DOC_STYLED(what_for, DOC_DIM) };

	doc_row(d, row);
}

static void put_yes_no(struct doc *d, const char *key, const char *name, bool yes, const char *what_for)
{
	put_check(d, key, name, yes ? "yes" : "no", yes ? DOC_GOOD : DOC_WARN, what_for);
}

/* What was not found in a part of a file may be in the rest. */
static void put_found(struct doc *d, const struct elf_facts *f, const char *key, const char *name, bool yes, const char *what_for)
{
	if (!yes && kind_is_lost(f))
		put_check(d, key, name, "not known", DOC_DIM, what_for);
	else
		put_yes_no(d, key, name, yes, what_for);
}

static void put_features(struct doc *d, const struct elf_facts *f)
{
	static const char *const x86[] = { "none", "IBT", "SHSTK", "IBT and SHSTK" };
	static const char *const arm[] = { "none", "BTI", "PAC", "BTI and PAC" };

	if (f->elf.machine == EM_X86_64 || f->elf.machine == EM_386)
		put_check(d, "cet", "CET", x86[f->x86_features & 3], f->x86_features & 3 ? DOC_GOOD : DOC_DIM,
			  "jumps and returns only to marked places");
	if (f->elf.machine == EM_AARCH64)
		put_check(d, "bti_pac", "BTI, PAC", arm[f->arm_features & 3], f->arm_features & 3 ? DOC_GOOD : DOC_DIM,
			  "jumps to marked places, signed returns");
}

static void put_hardening(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = {
		{ "key", "", DOC_TEXT, DOC_COLUMN_OPTIONAL }, { "name", "", DOC_TEXT, 0 },
		{ "state", "", DOC_TEXT, 0 },		  { "what_for", "", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	static const char *const relro[] = { "no", "partial", "full" };
	char fortified[64];

	if (f->elf.type == ET_REL || f->elf.type == ET_CORE || f->is_debug_file)
		return;
	snprintf(fortified, sizeof(fortified), f->fortified == 1 ? "%llu function" : f->fortified ? "%llu functions" : "none seen", (unsigned long long)f->fortified);
	doc_table_begin(d, "hardening", "Hardening", columns, 4);
	if (kind_is_lost(f))
		put_check(d, "pie", "PIE", "not known", DOC_DIM, "loaded at a random address");
	else if (f->soname == NULL)
		put_yes_no(d, "pie", "PIE", f->is_pie || f->elf.type == ET_DYN, "loaded at a random address");
	put_check(d, "relro", "RELRO", kind_is_lost(f) ? "not known" : relro[f->relro], f->relro == ELF_RELRO_FULL ? DOC_GOOD : DOC_WARN,
		  "tables of functions are read-only after the start");
	put_found(d, f, "nx", "no executable stack", f->nx_known && f->nx, "data is not run as code");
	put_found(d, f, "canary", "stack canary", f->canary, "overflows of arrays on the stack are noticed");
	put_check(d, "fortify", "fortify", fortified, f->fortified ? DOC_GOOD : DOC_DIM, "checking forms of libc's functions");
	put_features(d, f);
	if (f->wx_segment)
		put_check(d, "wx", "writable code", "yes", DOC_BAD, "a segment is writable and executable");
	if (f->text_relocations)
		put_check(d, "textrel", "text relocations", "yes", DOC_BAD, "code is changed when it is loaded");
	doc_table_end(d, 0, NULL);
}

/* --- kernel modules ------------------------------------------------------------------------ */

/* What modinfo says.  Aliases are for udev, and thousands: counted. */
static void put_module(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = { { "key", "", DOC_TEXT, 0 }, { "value", "", DOC_TEXT, 0 } };
	uint64_t aliases = 0;

	if (f->modinfo.n == 0)
		return;
	doc_table_begin(d, "modinfo", "Module", columns, 2);
	for (size_t i = 0; i < f->modinfo.n; i++) {
		const char *text = f->modinfo.v[i], *value = strchr(text, '=');
		CLEANUP(mem_freep) char *key = mem_strndup(text, (size_t)(value - text));
		const struct doc_value row[] = { DOC_STR(key), DOC_STR(value + 1) };

		aliases += strcmp(key, "alias") == 0;
		if (strcmp(key, "alias") != 0)
			doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
	if (aliases > 0)
		doc_field(d, "aliases", "devices that load it", DOC_COUNT, DOC_U64(aliases));
}

/* --- libraries ----------------------------------------------------------------------------- */

static uint16_t host_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#elif defined(__riscv)
	return EM_RISCV;
#elif defined(__arm__)
	return EM_ARM;
#else
	return EM_NONE;
#endif
}

/* Those of the 32-bit form start there too, where its libraries are. */
static bool is_foreign(const struct elf_facts *f)
{
	uint16_t host = host_machine(), machine = f->elf.machine;

	return machine != host && !(host == EM_X86_64 && machine == EM_386) && !(host == EM_AARCH64 && machine == EM_ARM);
}

static struct err *put_needed(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = {
		{ "name", "library", DOC_TEXT, 0 },
		{ "path", "found", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
		{ "by", "needed by", DOC_TEXT, 0 },
		{ "how", "through", DOC_TEXT, DOC_COLUMN_OPTIONAL },
		{ "depth", "depth", DOC_ID, DOC_COLUMN_OPTIONAL },
	};
	needed_list libraries = { 0 };
	struct arena a;
	struct err *err;
	uint64_t missing = 0;

	arena_init(&a);
	err = needed_read(f->path, &a, &libraries);
	doc_table_begin(d, "needed", "Libraries", columns, 5);
	for (size_t i = 0; i < libraries.n; i++) {
		const struct needed_library *l = &libraries.v[i];
		const struct doc_value row[] = { DOC_STR(l->name), l->path ? DOC_STR(l->path) : DOC_STYLED("not found", DOC_BAD),
						 DOC_STR(l->by), l->how ? DOC_STR(l->how) : DOC_NONE, DOC_U64(l->depth) };

		missing += l->path == NULL;
		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
	if (missing > 0 && is_foreign(f))
		doc_warning(d, "look at it on the machine that it is for", "%llu %s not here: a program for another kind of machine",
			    (unsigned long long)missing, missing == 1 ? "library is" : "libraries are");
	else if (missing > 0)
		doc_warning(d, NULL, "%llu %s not found: it would not start", (unsigned long long)missing,
			    missing == 1 ? "library was" : "libraries were");
	vec_deinit(&libraries);
	arena_deinit(&a);
	return err;
}

static void put_loading(struct doc *d, const struct elf_facts *f)
{
	if (f->interpreter != NULL)
		doc_field(d, "interpreter", "loader", DOC_TEXT, DOC_STR(f->interpreter));
	if (f->soname != NULL)
		doc_field(d, "soname", "soname", DOC_TEXT, DOC_STR(f->soname));
	if (f->rpath != NULL)
		doc_field(d, "rpath", "RPATH", DOC_TEXT, DOC_STR(f->rpath));
	if (f->runpath != NULL)
		doc_field(d, "runpath", "RUNPATH", DOC_TEXT, DOC_STR(f->runpath));
}

/* --- all ----------------------------------------------------------------------------------- */

static void put_headers(struct doc *d, const struct elf_facts *f)
{
	const char *type = elf_type_name(f->elf.type);

	doc_field(d, "class", "class", DOC_TEXT, DOC_STR(f->elf.is_64 ? "ELF64" : "ELF32"));
	doc_field(d, "data", "data", DOC_TEXT, DOC_STR(f->elf.big_endian ? "big endian" : "little endian"));
	doc_field(d, "abi", "OS/ABI", DOC_ID, DOC_U64(f->elf.abi));
	doc_field(d, "type", "type", DOC_TEXT, DOC_STR(type ? type : "other"));
	doc_field(d, "machine", "machine", DOC_ID, DOC_U64(f->elf.machine));
	doc_field(d, "entry", "entry", DOC_ADDR, DOC_U64(f->elf.entry));
	doc_field(d, "flags", "flags", DOC_ADDR, DOC_U64(f->elf.flags));
	doc_field(d, "segment_count", "segments", DOC_ID, DOC_U64(f->elf.segment_count));
	doc_field(d, "section_count", "sections", DOC_ID, DOC_U64(f->elf.section_count));
}

static struct err *put_parts(struct doc *d, const struct elf_facts *f, const struct elf_view *v)
{
	struct err *err = NULL;

	if (v->headers)
		put_headers(d, f);
	if (v->segments)
		elf_put_segments(d, f);
	if (v->sections)
		elf_put_sections(d, f);
	if (v->dynamic)
		elf_put_dynamic(d, f);
	if (v->needed)
		err = put_needed(d, f);
	if (v->notes)
		elf_put_notes(d, f);
	if (v->symbols)
		elf_put_symbols(d, f, false, v->demangle);
	if (v->dynamic_symbols)
		elf_put_symbols(d, f, true, v->demangle);
	if (v->disasm != NULL && err == NULL)
		err = elf_put_disasm(d, f, v);
	return err;
}

/* What is missing can't be told from what never was there. */
static void warn_of_missing(struct doc *d, const struct elf_facts *f)
{
	uint64_t missing = elf_missing_bytes(&f->elf);

	if (missing > 0)
		doc_warning(d, "get the whole file", "cut short: its headers speak of %s more, so that \"none\" and "
			    "\"no\" below may be wrong", units_bytes((double)missing).text);
}

static struct err *put_overview(struct doc *d, const struct elf_facts *f)
{
	struct err *err = NULL;

	put_headline(d, f);
	warn_of_missing(d, f);
	put_names(d, f);
	put_loading(d, f);
	put_hardening(d, f);
	put_module(d, f);
	put_compiler(d, f);
	if (f->dynamic.entries.n > 0)
		err = put_needed(d, f);
	if (!f->has_symtab && f->debug_path == NULL && f->elf.type != ET_CORE)
		doc_next(d, "sonde elf --debuginfod=always FILE", "ask debuginfod for its debug information");
	return err;
}

struct err *view_elf(const char *path, const struct elf_view *v, struct doc *d)
{
	bool parts = v->headers || v->segments || v->sections || v->symbols || v->dynamic_symbols || v->dynamic ||
		     v->needed || v->notes || v->disasm != NULL;
	struct elf_facts f;
	struct arena a;
	struct err *err;

	arena_init(&a);
	err = elf_facts_read(path, v->debuginfod, &a, &f);
	if (err == NULL) {
		struct doc_head head = { .kind = "sonde.elf", .version = 1, .title = f.path };

		doc_begin(d, &head);
		doc_field(d, "path", "file", DOC_TEXT, DOC_STR(f.path));
		err = parts ? put_parts(d, &f, v) : put_overview(d, &f);

		struct err *end = doc_end(d);

		if (err == NULL)
			err = end;
		else
			err_destroy(end);
	}
	elf_facts_deinit(&f);
	arena_deinit(&a);
	return err;
}
