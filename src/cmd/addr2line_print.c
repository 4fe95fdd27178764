/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 100,000 answers with inlined calls are 60 MB of text, which takes as long to write down as
 * the addresses take to be found: so both are done in threads, each with a part of the
 * answers and a text of its own.
 */
#include "cmd/addr2line_print.h"

#include "render/text.h"

#include <pthread.h>
#include <string.h>

enum { ITEMS_A_THREAD = 1024 };

struct printer {
	const struct addr2line_form *form;
	struct lookup *l;
	struct str *out;
	const struct addr2line_item *items;
	size_t count;
	pthread_t thread;
	bool started;
};

/* Could these bytes steer a terminal, or look like the end of a line?  Eight at a time. */
static bool is_plain(const char *text, size_t length)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	uint64_t found = 0, word;
	size_t i = 0;

	for (; i + sizeof(word) <= length; i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		/* below 0x20, 0x7f, or not ASCII */
		found |= (word - ones * 0x20) | (word + ones) | word;
	}
	for (; i < length; i++)
		found |= (uint64_t)(text[i] < 0x20 || text[i] == 0x7f) << 7;
	return (found & highs) == 0;
}

/* Names and paths come out of files: what is added from FROM on is made fit for a terminal, and for
 * who reads the answers line by line. */
static void clean(struct str *out, size_t from)
{
	size_t length = out->length - from;
	struct str kept = { 0 };

	if (is_plain(out->text + from, length))
		return;
	str_add_n(&kept, out->text + from, length);
	out->length = from;
	text_add_clean(out, kept.text, length, true);
	str_deinit(&kept);
}

static void put_name(struct printer *p, const char *name)
{
	size_t from = p->out->length;

	if (name == NULL) {
		str_add(p->out, "??");
		return;
	}
	str_add(p->out, p->form->demangle ? lookup_demangle(p->l, name) : name);
	clean(p->out, from);
}

static void put_flags(struct printer *p, const struct index_frame *f)
{
	static const struct {
		uint8_t flag;
		const char *text;
	} flags[] = { { DWARF_IS_STMT, " (is_stmt)" },
		      { DWARF_BASIC_BLOCK, " (basic_block)" },
		      { DWARF_PROLOGUE_END, " (prologue_end)" },
		      { DWARF_EPILOGUE_BEGIN, " (epilogue_begin)" } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (f->flags & flags[i].flag)
			str_add(p->out, flags[i].text);
	if (f->isa != 0)
		str_printf(p->out, " (isa %u)", f->isa);
	if (f->discriminator != 0)
		str_printf(p->out, " (discriminator %u)", f->discriminator);
}

static bool put_path(struct printer *p, const struct index_frame *f)
{
	struct index_frame plain = *f;
	size_t from = p->out->length;

	if (p->form->relative)
		plain.path.comp_dir = NULL;
	if (lookup_add_path(&plain, p->form->basenames, p->out)) {
		clean(p->out, from);
		return true;
	}
	str_add(p->out, "??");
	return false;
}

static void put_place_gnu(struct printer *p, const struct index_frame *f, uint32_t discriminator)
{
	bool known = put_path(p, f);

	str_add_char(p->out, ':');
	if (f->line == 0 || !known) {
		str_add_char(p->out, f->line == 0 ? '?' : '0');
		return;
	}
	str_add_u64(p->out, f->line);
	/* That of the row, also behind the calls around it. */
	if (discriminator != 0) {
		str_add(p->out, " (discriminator ");
		str_add_u64(p->out, discriminator);
		str_add_char(p->out, ')');
	}
}

static void put_place_elfutils(struct printer *p, const struct index_frame *f)
{
	bool known = put_path(p, f);

	str_add_char(p->out, ':');
	str_add_u64(p->out, known ? f->line : 0);
	if (known && f->column != 0) {
		str_add_char(p->out, ':');
		str_add_u64(p->out, f->column);
	}
}

static void put_address(struct printer *p, uint64_t addr)
{
	str_printf(p->out, "0x%0*llx", (int)lookup_address_digits(p->l), (unsigned long long)addr);
	str_add(p->out, p->form->pretty ? ": " : "\n");
}

static void put_symbol(struct printer *p, uint64_t addr)
{
	const char *section;
	uint64_t offset = 0, section_offset;
	const char *name = lookup_symbol(p->l, addr, &offset, &section, &section_offset);

	if (name != NULL) {
		put_name(p, name);
		if (offset != 0)
			str_printf(p->out, "+0x%llx", (unsigned long long)offset);
		if (p->form->symbol_sections && section != NULL)
			str_printf(p->out, " (%s)", section);
	} else if (section != NULL) {
		str_printf(p->out, "(%s)+%#llx", section, (unsigned long long)section_offset);
	} else {
		str_add(p->out, "??");
	}
	str_add_char(p->out, p->form->pretty ? ' ' : '\n');
}

/* eu-addr2line says at the innermost of inlined calls where it was inlined. */
static void put_function(struct printer *p, const struct index_chain *answer, size_t i)
{
	const struct index_frame *f = &answer->frames[i];

	put_name(p, f->function);
	if (p->form->elfutils && !p->form->pretty && i == 0 && f->inlined) {
		str_add(p->out, " inlined at ");
		put_place_elfutils(p, f + 1);
		str_add(p->out, " in ");
		put_name(p, answer->frames[answer->count - 1].function);
	}
	str_add(p->out, p->form->pretty ? " at " : "\n");
}

static void put_unknown(struct printer *p)
{
	if (p->form->functions)
		str_add(p->out, p->form->pretty ? "?? " : "??\n");
	if (p->form->functions && p->form->pretty && p->form->elfutils)
		str_add(p->out, "at ");
	str_add(p->out, "??:0\n");
}

static void put_frame(struct printer *p, const struct addr2line_item *item, size_t i)
{
	const struct index_chain *answer = item->answer;
	const struct index_frame *f = &answer->frames[i];

	if (p->form->pretty && i > 0)
		str_add(p->out, " (inlined by) ");
	if (p->form->functions)
		put_function(p, answer, i);
	if ((p->form->symbols || p->form->symbol_sections) && i == 0)
		put_symbol(p, item->addr);
	if (p->form->elfutils)
		put_place_elfutils(p, f);
	else
		put_place_gnu(p, f, answer->frames[0].discriminator);
	if (p->form->flags && i == 0)
		put_flags(p, f);
	str_add_char(p->out, '\n');
}

static void put_answer(struct printer *p, const struct addr2line_item *item)
{
	if (p->form->addresses)
		put_address(p, item->addr);
	if (item->answer->count == 0) {
		if (p->form->symbols || p->form->symbol_sections)
			put_symbol(p, item->addr);
		put_unknown(p);
	}
	for (size_t i = 0; i < item->answer->count && (i == 0 || p->form->inlines); i++)
		put_frame(p, item, i);
}

/* Names lie all over the index: to wait for each one's memory would take longer than to write it. */
static void prefetch_names(const struct index_chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		__builtin_prefetch(c->frames[i].function);
}

static void *print_part(void *user)
{
	struct printer *p = user;

	for (size_t i = 0; i < p->count; i++) {
		if (i + 1 < p->count)
			prefetch_names(p->items[i + 1].answer);
		put_answer(p, &p->items[i]);
	}
	return NULL;
}

void addr2line_print(struct addr2line_printers *all, const struct addr2line_item *items, size_t count)
{
	size_t threads = count / ITEMS_A_THREAD, done = 0;
	struct printer printers[ADDR2LINE_THREADS_MAX] = { 0 };

	if (threads > all->thread_count)
		threads = all->thread_count;
	if (threads == 0)
		threads = 1;
	for (size_t i = 0; i < ADDR2LINE_THREADS_MAX; i++)
		str_clear(&all->texts[i]);
	for (size_t i = 0; i < threads; i++) {
		size_t end = count * (i + 1) / threads;

		printers[i] = (struct printer){ .form = all->form, .l = all->lookup, .out = &all->texts[i],
						.items = items + done, .count = end - done };
		done = end;
	}
	for (size_t i = 1; i < threads; i++)
		printers[i].started = pthread_create(&printers[i].thread, NULL, print_part, &printers[i]) == 0;
	for (size_t i = 0; i < threads; i++)
		if (!printers[i].started)
			print_part(&printers[i]);
	for (size_t i = 1; i < threads; i++)
		if (printers[i].started)
			pthread_join(printers[i].thread, NULL);
}

void addr2line_printers_deinit(struct addr2line_printers *p)
{
	for (size_t i = 0; i < ADDR2LINE_THREADS_MAX; i++)
		str_deinit(&p->texts[i]);
}
