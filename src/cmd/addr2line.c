/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde addr2line: GNU addr2line's options and output, so that scripts and programs that
 * run it as a coprocess keep working; with --style elfutils those of eu-addr2line.
 *
 * Addresses on standard input are answered as they come: whatever has arrived is one
 * batch, so a person at a terminal and perf's coprocess get their answer at once, and a
 * file of a million is one batch.
 */
#include "cmd/cmd.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "session/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const styles[] = { "gnu", "elfutils", NULL };

struct addr2line_args {
	const char *file, *section, *target, *style;
	bool addresses, functions, inlines, pretty, basenames, demangle, symbols, symbol_sections;
	bool absolute, no_cache, index;
	bool recursion_limit, no_recursion_limit;
	uint64_t threads;
	struct opt_list operands;
};

enum { BATCH_BYTES = 8 << 20, OUTPUT_BYTES = 1 << 20, LINE_MAX_BYTES = 64 << 10, PIECE_ADDRESSES = 32768 };

static const struct opt addr2line_opts[] = {
	{ .name = "exe", .letter = 'e', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "the program, library, object or debug file (a.out when not given)",
	  .offset = offsetof(struct addr2line_args, file) },
	{ .name = "addresses", .letter = 'a', .kind = OPT_FLAG, .help = "print the address first",
	  .offset = offsetof(struct addr2line_args, addresses) },
	{ .name = "functions", .letter = 'f', .kind = OPT_FLAG, .help = "print the function",
	  .offset = offsetof(struct addr2line_args, functions) },
	{ .name = "inlines", .letter = 'i', .kind = OPT_FLAG, .help = "print all calls that were inlined there",
	  .offset = offsetof(struct addr2line_args, inlines) },
	{ .name = "pretty-print", .letter = 'p', .kind = OPT_FLAG, .help = "one line a frame, for people",
	  .offset = offsetof(struct addr2line_args, pretty) },
	{ .name = "pretty", .kind = OPT_FLAG, .hidden = true, .help = "as --pretty-print",
	  .offset = offsetof(struct addr2line_args, pretty) },
	{ .name = "basenames", .letter = 's', .kind = OPT_FLAG, .help = "file names without directories",
	  .offset = offsetof(struct addr2line_args, basenames) },
	{ .name = "demangle", .letter = 'C', .kind = OPT_FLAG, .help = "C++, Rust and D names as their source has them",
	  .offset = offsetof(struct addr2line_args, demangle) },
	{ .name = "section", .letter = 'j', .kind = OPT_STRING, .value = "NAME",
	  .help = "addresses are offsets into section NAME",
	  .offset = offsetof(struct addr2line_args, section) },
	{ .name = "target", .letter = 'b', .kind = OPT_STRING, .value = "FORMAT", .hidden = true,
	  .help = "ignored: the file itself says what it is",
	  .offset = offsetof(struct addr2line_args, target) },
	{ .name = "recurse-limit", .letter = 'R', .kind = OPT_FLAG, .hidden = true,
	  .help = "ignored: demangling is always bounded",
	  .offset = offsetof(struct addr2line_args, recursion_limit) },
	{ .name = "no-recurse-limit", .letter = 'r', .kind = OPT_FLAG, .hidden = true,
	  .help = "ignored: demangling is always bounded",
	  .offset = offsetof(struct addr2line_args, no_recursion_limit) },
	{ .kind = OPT_HEADING, .help = "As eu-addr2line" },
	{ .name = "style", .kind = OPT_CHOICE, .value = "STYLE", .choices = styles,
	  .help = "gnu (default) or elfutils: how the answer is written",
	  .offset = offsetof(struct addr2line_args, style) },
	{ .name = "symbols", .letter = 'S', .kind = OPT_FLAG, .help = "print the symbol too; implies --style elfutils",
	  .offset = offsetof(struct addr2line_args, symbols) },
	{ .name = "symbols-sections", .letter = 'x', .kind = OPT_FLAG, .help = "as -S, with the symbol's section",
	  .offset = offsetof(struct addr2line_args, symbol_sections) },
	{ .name = "absolute", .letter = 'A', .kind = OPT_FLAG,
	  .hidden = true, .help = "ignored: relative paths always begin with the compilation directory",
	  .offset = offsetof(struct addr2line_args, absolute) },
	{ .kind = OPT_HEADING, .help = "Index" },
	{ .name = "index", .kind = OPT_FLAG, .help = "make and keep the index now, however few addresses there are",
	  .offset = offsetof(struct addr2line_args, index) },
	{ .name = "no-cache", .kind = OPT_FLAG, .help = "neither use nor keep an index",
	  .offset = offsetof(struct addr2line_args, no_cache) },
	{ .name = "threads", .kind = OPT_U64, .value = "N", .min = 1, .max = 16,
	  .help = "threads to use (one a CPU when not given)",
	  .offset = offsetof(struct addr2line_args, threads) },
	OPT_END
};

static const struct opt_operand addr2line_operands[] = {
	{ .name = "ADDR", .help = "hexadecimal addresses, or symbol+0xoffset; without any, they are read from standard input",
	  .offset = offsetof(struct addr2line_args, operands) },
	OPERAND_END
};

static const struct opt_example addr2line_examples[] = {
	{ "sonde addr2line -e prog -f -i -C 0x4011a6", "function, inlined calls and line of an address" },
	{ "sonde addr2line -e vmlinux -pfi schedule+0x4c", "the same for an offset into a function, one line a frame" },
	{ "sonde addr2line -e prog -f < addresses", "one address a line" },
	{ NULL, NULL }
};

struct printer {
	const struct addr2line_args *args;
	struct lookup *l;
	bool elfutils;
	uint64_t base;      /* of -j */
	struct str out;
};

/* --- printing ---------------------------------------------------------------------------- */

static const char *function_name(struct printer *p, const char *name)
{
	if (name == NULL)
		return "??";
	return p->args->demangle ? lookup_demangle(p->l, name) : name;
}

static void put_place(struct printer *p, const struct lookup_frame *f)
{
	bool known = lookup_add_path(f, p->args->basenames, &p->out);

	if (!known)
		str_add(&p->out, "??");
	str_add_char(&p->out, ':');
	if (f->line == 0 && !p->elfutils)
		str_add_char(&p->out, '?');
	else
		str_add_u64(&p->out, known ? f->line : 0);
	if (p->elfutils && known && f->column != 0) {
		str_add_char(&p->out, ':');
		str_add_u64(&p->out, f->column);
	}
}

static void put_address(struct printer *p, uint64_t addr)
{
	str_printf(&p->out, "0x%0*llx", (int)lookup_address_digits(p->l), (unsigned long long)addr);
	str_add(&p->out, p->args->pretty ? ": " : "\n");
}

static void put_symbol(struct printer *p, uint64_t addr)
{
	const char *section;
	uint64_t offset = 0, section_offset;
	const char *name = lookup_symbol(p->l, addr, &offset, &section, &section_offset);

	if (name != NULL) {
		str_add(&p->out, function_name(p, name));
		if (offset != 0)
			str_printf(&p->out, "+0x%llx", (unsigned long long)offset);
		if (p->args->symbol_sections && section != NULL)
			str_printf(&p->out, " (%s)", section);
	} else if (section != NULL) {
		str_printf(&p->out, "(%s)+%#llx", section, (unsigned long long)section_offset);
	} else {
		str_add(&p->out, "??");
	}
	str_add_char(&p->out, p->args->pretty ? ' ' : '\n');
}

/* eu-addr2line says at the innermost of inlined calls where it was inlined. */
static void put_function(struct printer *p, const struct lookup_answer *answer, size_t i)
{
	const struct lookup_frame *f = &answer->frames[i];

	str_add(&p->out, function_name(p, f->function));
	if (p->elfutils && !p->args->pretty && i == 0 && f->inlined) {
		str_add(&p->out, " inlined at ");
		put_place(p, f + 1);
		str_add(&p->out, " in ");
		str_add(&p->out, function_name(p, answer->frames[answer->count - 1].function));
	}
	str_add(&p->out, p->args->pretty ? " at " : "\n");
}

static void put_unknown(struct printer *p)
{
	if (p->args->functions)
		str_add(&p->out, p->args->pretty ? "?? " : "??\n");
	if (p->args->functions && p->args->pretty && p->elfutils)
		str_add(&p->out, "at ");
	str_add(&p->out, p->args->pretty && !p->elfutils ? "??:0\n" : "??:0\n");
}

static void put_answer(struct printer *p, uint64_t addr, const struct lookup_answer *answer)
{
	const struct addr2line_args *args = p->args;
	bool symbols = args->symbols || args->symbol_sections;

	if (args->addresses)
		put_address(p, addr);
	if (answer->count == 0) {
		if (symbols)
			put_symbol(p, addr);
		put_unknown(p);
		return;
	}
	for (size_t i = 0; i < answer->count && (i == 0 || args->inlines); i++) {
		if (args->pretty && i > 0)
			str_add(&p->out, " (inlined by) ");
		if (args->functions)
			put_function(p, answer, i);
		if (symbols && i == 0)
			put_symbol(p, addr);
		put_place(p, &answer->frames[i]);
		str_add_char(&p->out, '\n');
	}
}

/* --- asking ------------------------------------------------------------------------------ */

/* A whole hexadecimal number, with or without 0x, as both addr2lines take it. */
static bool parse_hex(const char *text, uint64_t *value)
{
	char *end;

	if (*text == '-' || *text == '+' || *text == ' ')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 16);
	return errno == 0 && end != text && *end == '\0';
}

static bool parse_address(struct printer *p, const char *text, uint64_t *addr)
{
	CLEANUP(err_destroyp) struct err *err = NULL;

	if (parse_hex(text, addr)) {
		*addr += p->base;
		return true;
	}
	err = lookup_address(p->l, text, addr);
	if (err == NULL)
		return true;
	log_warn("%s", err_message(err));
	return false;
}

static struct err *write_out(struct printer *p)
{
	bool ok = fwrite(p->out.text, 1, p->out.length, stdout) == p->out.length && fflush(stdout) == 0;

	str_clear(&p->out);
	return ok || errno == EPIPE ? NULL : err_errno(errno, "cannot write the answer");
}

/* Words that are no address get the answer "not known": the lines of a coprocess have to
 * stay in step. */
static struct err *answer_piece(struct printer *p, const char *const *words, size_t count)
{
	CLEANUP(mem_freep) uint64_t *addrs = mem_calloc(count + 1, sizeof(*addrs));
	CLEANUP(mem_freep) bool *good = mem_calloc(count + 1, sizeof(*good));
	CLEANUP(mem_freep) struct lookup_answer *answers = mem_calloc(count + 1, sizeof(*answers));

	for (size_t i = 0; i < count; i++)
		good[i] = parse_address(p, words[i], &addrs[i]);
	TRY(lookup_find(p->l, addrs, count, answers));
	for (size_t i = 0; i < count; i++) {
		if (!good[i])
			answers[i].count = 0;
		put_answer(p, addrs[i], &answers[i]);
		if (p->out.length > OUTPUT_BYTES)
			TRY(write_out(p));
	}
	lookup_clear(p->l);
	return write_out(p);
}

static struct err *answer_words(struct printer *p, const char *const *words, size_t count)
{
	TRY(lookup_expect(p->l, count));
	for (size_t i = 0; i < count; i += PIECE_ADDRESSES)
		TRY(answer_piece(p, words + i, count - i < PIECE_ADDRESSES ? count - i : PIECE_ADDRESSES));
	return NULL;
}

/* The whole lines in TEXT; the rest is moved to its beginning. */
static struct err *answer_lines(struct printer *p, struct str *text, bool at_end)
{
	VEC(const char *) words = { 0 };
	size_t used = 0;
	struct err *err = NULL;

	if (at_end && text->length > 0)
		str_add_char(text, '\n');
	for (size_t i = 0; i < text->length; i++) {
		if (text->text[i] != '\n')
			continue;
		text->text[i] = '\0';

		char *word = text->text + used;

		word += strspn(word, " \t\r");
		word[strcspn(word, " \t\r")] = '\0';
		vec_push(&words, word);
		used = i + 1;
	}
	if (words.n > 0)
		err = answer_words(p, words.v, words.n);
	vec_deinit(&words);
	memmove(text->text, text->text + used, text->length - used);
	text->length -= used;
	return err;
}

static struct err *answer_input(struct printer *p)
{
	struct str text;
	struct err *err = NULL;

	str_init(&text);
	while (err == NULL) {
		str_reserve(&text, BATCH_BYTES);

		ssize_t n = read(STDIN_FILENO, text.text + text.length, BATCH_BYTES - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = err_errno(errno, "cannot read addresses from standard input");
		if (n <= 0)
			break;
		text.length += (size_t)n;
		err = answer_lines(p, &text, false);
		if (err == NULL && text.length > LINE_MAX_BYTES)
			err = err_new(ERR_FORMAT, "a line of more than %d bytes on standard input", LINE_MAX_BYTES);
	}
	if (err == NULL && text.length > 0)
		err = answer_lines(p, &text, true);
	str_deinit(&text);
	return err;
}

static struct err *addr2line_run(void *arguments, struct arena *arena, int *status)
{
	const struct addr2line_args *args = arguments;
	struct lookup_options options = { .no_cache = args->no_cache, .build_index = args->index,
					  .thread_count = (unsigned)args->threads };
	struct printer p = { .args = args };
	struct err *err;

	p.elfutils = str_eq(args->style, "elfutils") || args->symbols || args->symbol_sections;
	TRY(lookup_open(args->file ? args->file : "a.out", &options, &p.l));
	str_init(&p.out);
	if (lookup_borrow_note(p.l) != NULL)
		log_info("%s", lookup_borrow_note(p.l));
	err = args->section ? lookup_section(p.l, args->section, &p.base) : NULL;
	if (err == NULL && args->operands.count > 0)
		err = answer_words(&p, args->operands.words, args->operands.count);
	else if (err == NULL)
		err = answer_input(&p);
	str_deinit(&p.out);
	lookup_destroy(p.l);
	return err;
}

const struct cmd cmd_addr2line = {
	.spec = {
		.name = "addr2line",
		.summary = "functions, inlined calls and source lines of addresses",
		.description =
			"Takes addresses as they stand in FILE (for a process: subtract where it is mapped) and prints "
			"where they are in the source. Options and output are those of GNU addr2line; names come "
			"from DWARF 2 to 5, also split (.dwo, .dwp), compressed, or in a separate debug file that is "
			"found by build-id or debug link.\n\n"
			"Many addresses at once are answered from an index that is made in a second or so and kept in "
			"${XDG_CACHE_HOME:-~/.cache}/sonde/index; from then on an answer takes milliseconds. The "
			"directory can be deleted at any time.\n\n"
			"Different from GNU: discriminators are not printed; of rows that differ only in "
			"their flags the last counts. symbol+0xoffset is taken as an address, as eu-addr2line does.",
		.opts = addr2line_opts,
		.operands = addr2line_operands,
		.examples = addr2line_examples,
		.see_also = "sonde-report(1), addr2line(1), eu-addr2line(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct addr2line_args),
	.run = addr2line_run,
};
