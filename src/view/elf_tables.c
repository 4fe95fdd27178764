/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What readelf and nm list, row by row, with their names for things. */
#include "view/elf_impl.h"

#include "base/arena.h"
#include "sym/sym.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* A number that has no name. */
static const char *or_number(const char *name, uint64_t number, char text[24])
{
	if (name != NULL)
		return name;
	snprintf(text, 24, "0x%llx", (unsigned long long)number);
	return text;
}

void elf_put_segments(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = {
		{ "type", "type", DOC_TEXT, 0 },	 { "offset", "offset", DOC_ADDR, 0 },
		{ "addr", "address", DOC_ADDR, 0 },	 { "file_bytes", "in the file", DOC_BYTES, 0 },
		{ "memory_bytes", "in memory", DOC_BYTES, 0 }, { "flags", "flags", DOC_TEXT, 0 },
		{ "align", "align", DOC_ID, DOC_COLUMN_OPTIONAL },
	};

	doc_table_begin(d, "segments", "Segments", columns, 7);
	for (size_t i = 0; i < f->elf.segment_count; i++) {
		const struct elf_load *s = &f->elf.segments[i];
		char flags[] = { s->flags & PF_R ? 'R' : ' ', s->flags & PF_W ? 'W' : ' ',
				 s->flags & PF_X ? 'E' : ' ', '\0' };
		char number[24];
		const struct doc_value row[] = {
			DOC_STR(or_number(elf_segment_type_name(s->type), s->type, number)),
			DOC_U64(s->offset), DOC_U64(s->vaddr), DOC_U64(s->file_bytes), DOC_U64(s->memory_bytes),
			DOC_STYLED(flags, (s->flags & PF_W) && (s->flags & PF_X) ? DOC_BAD : DOC_PLAIN), DOC_U64(s->align),
		};

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}

void elf_put_sections(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = {
		{ "number", "", DOC_ID, 0 },	      { "name", "section", DOC_TEXT, 0 },
		{ "type", "type", DOC_TEXT, 0 },      { "addr", "address", DOC_ADDR, 0 },
		{ "offset", "offset", DOC_ADDR, 0 },  { "size_bytes", "size", DOC_BYTES, 0 },
		{ "flags", "flags", DOC_TEXT, 0 },    { "align", "align", DOC_ID, DOC_COLUMN_OPTIONAL },
	};

	doc_table_begin(d, "sections", "Sections", columns, 8);
	for (size_t i = 1; i < f->elf.section_count; i++) {
		const struct elf_section *s = &f->elf.sections[i];
		char flags[24], number[24];

		elf_section_flags_text(s->flags, flags);

		const struct doc_value row[] = {
			DOC_U64(i), DOC_STR(s->name), DOC_STR(or_number(elf_section_type_name(s->type), s->type, number)),
			DOC_U64(s->addr), DOC_U64(s->offset), DOC_U64(s->size_bytes), DOC_STR(flags), DOC_U64(s->align),
		};

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}

static const char *section_text(const struct elf_facts *f, const struct elf_symbol *s)
{
	if (s->section == SHN_UNDEF)
		return "UND";
	if (s->section == SHN_ABS)
		return "ABS";
	if (s->section == SHN_COMMON)
		return "COM";
	return s->section < f->elf.section_count ? f->elf.sections[s->section].name : "?";
}

static void put_symbol(struct doc *d, const struct elf_facts *f, size_t index, const struct elf_symbol *s,
		       const char *name)
{
	char type[24], bind[24];
	const struct doc_value row[] = {
		DOC_U64(index), DOC_U64(s->value), DOC_U64(s->size_bytes),
		DOC_STR(or_number(elf_symbol_type_name(s->type), s->type, type)),
		DOC_STR(or_number(elf_symbol_bind_name(s->bind), s->bind, bind)),
		DOC_STR(elf_symbol_visibility_name(s->other)), DOC_STR(section_text(f, s)), DOC_STR(name),
	};

	doc_row(d, row);
}

void elf_put_symbols(struct doc *d, const struct elf_facts *f, bool dynamic, bool demangle)
{
	static const struct doc_column columns[] = {
		{ "number", "", DOC_ID, DOC_COLUMN_OPTIONAL }, { "addr", "value", DOC_ADDR, 0 },
		{ "size_bytes", "size", DOC_ID, 0 },	   { "type", "type", DOC_TEXT, 0 },
		{ "bind", "binding", DOC_TEXT, 0 },	   { "visibility", "visibility", DOC_TEXT, DOC_COLUMN_OPTIONAL },
		{ "section", "section", DOC_TEXT, 0 },	   { "name", "symbol", DOC_TEXT, 0 },
	};

	doc_table_begin(d, dynamic ? "dynamic_symbols" : "symbols", dynamic ? "Dynamic symbols" : "Symbols", columns, 8);
	for (size_t i = 1; i < f->elf.section_count; i++) {
		struct elf_symbols symbols;
		struct elf_symbol s;

		if (f->elf.sections[i].type != (dynamic ? SHT_DYNSYM : SHT_SYMTAB))
			continue;
		symbols = elf_symbols(&f->elf, i);
		for (size_t k = 1; elf_symbol_get(&symbols, k, &s); k++) {
			struct arena a;
			const char *name = s.name;

			arena_init(&a);
			if (s.type == STT_SECTION && name[0] == '\0' && s.section < f->elf.section_count)
				name = f->elf.sections[s.section].name;
			put_symbol(d, f, k, &s, demangle ? sym_demangle(name, &a) : name);
			arena_deinit(&a);
		}
	}
	doc_table_end(d, 0, NULL);
}

static bool names_text(uint64_t tag)
{
	return tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH || tag == DT_AUXILIARY ||
	       tag == DT_FILTER;
}

void elf_put_dynamic(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = {
		{ "tag", "tag", DOC_TEXT, 0 },
		{ "value", "value", DOC_ADDR, 0 },
		{ "text", "", DOC_TEXT, 0 },
	};

	doc_table_begin(d, "dynamic", "Dynamic section", columns, 3);
	for (size_t i = 0; i < f->dynamic.entries.n; i++) {
		const struct elf_dynamic_entry *e = &f->dynamic.entries.v[i];
		const char *text = names_text(e->tag) ? elf_dynamic_text(&f->dynamic, e->value) : NULL;
		char tag[24];
		const struct doc_value row[] = { DOC_STR(or_number(elf_dynamic_tag_name(e->tag), e->tag, tag)),
						 DOC_U64(e->value), text ? DOC_STR(text) : DOC_NONE };

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}

/* Sixteen words of a note are enough to know it by. */
static void describe(const struct elf_notes *n, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n->desc.size_bytes && i < 64 && used + 3 < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%02x", n->desc.data[i]);
}

void elf_put_notes(struct doc *d, const struct elf_facts *f)
{
	static const struct doc_column columns[] = {
		{ "section", "section", DOC_TEXT, 0 }, { "owner", "owner", DOC_TEXT, 0 },
		{ "type", "type", DOC_ADDR, 0 },       { "size_bytes", "size", DOC_BYTES, 0 },
		{ "bytes", "bytes", DOC_TEXT, 0 },
	};
	struct elf_notes n = { .file = &f->elf };

	doc_table_begin(d, "notes", "Notes", columns, 5);
	while (elf_note_next(&n)) {
		char text[160];
		bool named = f->elf.section_count > 1;

		describe(&n, text, sizeof(text));

		const struct doc_value row[] = {
			named ? DOC_STR(f->elf.sections[n.section].name) : DOC_NONE, DOC_STR(n.name), DOC_U64(n.type),
			DOC_U64(n.desc.size_bytes), DOC_STR(text),
		};

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}
