/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde addr2line: GNU addr2line's options and output, so that scripts and programs that
 * run it as a coprocess keep working; with --style elfutils those of eu-addr2line.
 *
 * Addresses on standard input are answered as they come: whatever has arrived is one
 * batch, so a person at a terminal and perf's coprocess get their answer at once, and a
 * file of a million is one batch.
 */
#include "cmd/addr2line_print.h"
#include "cmd/cmd.h"
#include "cmd/debuginfod_opt.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"
#include "base/vec.h"
#include "session/lookup.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first means no; the others are all the same to us, names say what they are. */
static const char *const demangle_styles[] = { "none", "auto", "gnu-v3", "java", "gnat", "dlang", "rust", NULL };
static const char *const styles[] = { "gnu", "elfutils", NULL };

struct addr2line_args {
	struct addr2line_form form;
	const char *file, *section, *target, *style;
	const char *debuginfod, *debuginfo_path;
	const char *pid, *process_map, *core;
	bool kernel;
	struct opt_given_list offline_kernel;
	bool no_cache, index, version;
	bool ignored;
	uint64_t threads;
	struct opt_list operands;
};

enum { BATCH_BYTES = 8 << 20, LINE_MAX_BYTES = 64 << 10, PIECE_ADDRESSES = 32768 };

static const struct opt addr2line_opts[] = {
	{ .name = "exe", .letter = 'e', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "the program, library, object or debug file (a.out when not given)",
	  .offset = offsetof(struct addr2line_args, file) },
	{ .name = "addresses", .letter = 'a', .kind = OPT_FLAG, .help = "print the address first",
	  .offset = offsetof(struct addr2line_args, form.addresses) },
	{ .name = "functions", .letter = 'f', .kind = OPT_FLAG, .help = "print the function",
	  .offset = offsetof(struct addr2line_args, form.functions) },
	{ .name = "inlines", .letter = 'i', .kind = OPT_FLAG, .help = "print all calls that were inlined there",
	  .offset = offsetof(struct addr2line_args, form.inlines) },
	{ .name = "pretty-print", .letter = 'p', .kind = OPT_FLAG, .help = "one line a frame, for people",
	  .offset = offsetof(struct addr2line_args, form.pretty) },
	{ .name = "pretty", .kind = OPT_FLAG, .hidden = true, .help = "as --pretty-print",
	  .offset = offsetof(struct addr2line_args, form.pretty) },
	{ .name = "basenames", .letter = 's', .kind = OPT_FLAG, .help = "file names without directories",
	  .offset = offsetof(struct addr2line_args, form.basenames) },
	{ .name = "demangle", .letter = 'C', .kind = OPT_FLAG, .choices = demangle_styles,
	  .help = "C++, Rust and D names as their source has them\n"
		  "--demangle=STYLE is taken as GNU's addr2line does: none leaves names alone; with all other styles "
		  "each name is demangled as what it is.",
	  .offset = offsetof(struct addr2line_args, form.demangle) },
	{ .name = "section", .letter = 'j', .kind = OPT_STRING, .value = "NAME",
	  .help = "addresses are offsets into section NAME",
	  .offset = offsetof(struct addr2line_args, section) },
	{ .name = "target", .letter = 'b', .kind = OPT_STRING, .value = "FORMAT", .hidden = true,
	  .help = "ignored: the file itself says what it is",
	  .offset = offsetof(struct addr2line_args, target) },
	{ .name = "recurse-limit", .letter = 'R', .kind = OPT_FLAG, .hidden = true,
	  .help = "ignored: demangling is always bounded",
	  .offset = offsetof(struct addr2line_args, ignored) },
	{ .name = "no-recurse-limit", .letter = 'r', .kind = OPT_FLAG, .hidden = true,
	  .help = "ignored: demangling is always bounded",
	  .offset = offsetof(struct addr2line_args, ignored) },
	{ .name = "recursion-limit", .kind = OPT_FLAG, .hidden = true, .help = "as --recurse-limit",
	  .offset = offsetof(struct addr2line_args, ignored) },
	{ .name = "no-recursion-limit", .kind = OPT_FLAG, .hidden = true, .help = "as --no-recurse-limit",
	  .offset = offsetof(struct addr2line_args, ignored) },
	{ .name = "executable", .kind = OPT_STRING, .value = "FILE", .hidden = true, .help = "as --exe",
	  .offset = offsetof(struct addr2line_args, file) },
	{ .name = "version", .letter = 'v', .kind = OPT_FLAG, .hidden = true, .help = "print the version",
	  .offset = offsetof(struct addr2line_args, version) },
	{ .letter = 'V', .kind = OPT_FLAG, .hidden = true, .help = "print the version",
	  .offset = offsetof(struct addr2line_args, version) },
	{ .kind = OPT_HEADING, .help = "As eu-addr2line" },
	{ .name = "style", .kind = OPT_CHOICE, .value = "STYLE", .choices = styles,
	  .help = "gnu (default) or elfutils: how the answer is written",
	  .offset = offsetof(struct addr2line_args, style) },
	{ .name = "symbols", .letter = 'S', .kind = OPT_FLAG, .help = "print the symbol too; implies --style elfutils",
	  .offset = offsetof(struct addr2line_args, form.symbols) },
	{ .name = "symbols-sections", .letter = 'x', .kind = OPT_FLAG, .help = "as -S, with the symbol's section",
	  .offset = offsetof(struct addr2line_args, form.symbol_sections) },
	{ .name = "flags", .letter = 'F', .kind = OPT_FLAG,
	  .help = "print the flags of the line table's row too; implies --style elfutils",
	  .offset = offsetof(struct addr2line_args, form.flags) },
	{ .name = "relative", .kind = OPT_FLAG,
	  .help = "file names without the compilation directory; implies --style elfutils",
	  .offset = offsetof(struct addr2line_args, form.relative) },
	{ .name = "pid", .kind = OPT_STRING, .value = "PID", .completes = "pid",
	  .help = "addresses of the running process PID: whatever is mapped there, JIT code too\n"
		  "eu-addr2line's -p; here -p is --pretty-print, as GNU's is.",
	  .offset = offsetof(struct addr2line_args, pid) },
	{ .name = "core", .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "addresses of the process that dumped this core; its files are checked by the build-ids in it",
	  .offset = offsetof(struct addr2line_args, core) },
	{ .name = "linux-process-map", .letter = 'M', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "addresses of a process of which FILE is a copy of /proc/PID/maps",
	  .offset = offsetof(struct addr2line_args, process_map) },
	{ .name = "kernel", .letter = 'k', .kind = OPT_FLAG, .help = "addresses of the running kernel and its modules",
	  .offset = offsetof(struct addr2line_args, kernel) },
	{ .name = "offline-kernel", .letter = 'K', .kind = OPT_GIVEN, .value = "RELEASE", .optional = true,
	  .help = "addresses of the vmlinux of RELEASE (default: the running one), as the file has them\n"
		  "Modules have no addresses of their own there: ask their files with -e.",
	  .offset = offsetof(struct addr2line_args, offline_kernel) },
	{ .name = "debuginfo-path", .kind = OPT_STRING, .value = "DIR[:DIR...]", .completes = "dir",
	  .help = "look for debug files below these directories before /usr/lib/debug (as SONDE_DEBUG_PATH)",
	  .offset = offsetof(struct addr2line_args, debuginfo_path) },
	{ .name = "absolute", .letter = 'A', .kind = OPT_FLAG,
	  .hidden = true, .help = "ignored: relative paths always begin with the compilation directory",
	  .offset = offsetof(struct addr2line_args, ignored) },
	{ .kind = OPT_HEADING, .help = "Where names come from" },
	{ .name = "index", .kind = OPT_FLAG, .help = "make and keep the index now, however few addresses there are",
	  .offset = offsetof(struct addr2line_args, index) },
	DEBUGINFOD_OPT(struct addr2line_args, debuginfod),
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

struct asker {
	const struct addr2line_args *args;
	struct lookup *l;
	uint64_t base;      /* of -j */
	uint64_t bad_words; /* no address and no symbol */
	struct addr2line_printers printers;
};

/* --- asking ------------------------------------------------------------------------------ */

/* Could C go on with a symbol's name, or with symbol+offset? */
static bool is_word(char c) { return (c & 0x80) || isalnum((unsigned char)c) || (c != '\0' && strchr("_.$@+-(", c) != NULL); }

/* A hexadecimal number, with or without 0x; what lists have behind it (as objdump's "401136:") is left away, as GNU
 * does. */
static bool parse_hex(const char *text, uint64_t *value)
{
	char *end;

	if (*text == '-' || *text == '+' || *text == ' ')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 16);
	return errno == 0 && end != text && !is_word(*end);
}

static bool parse_address(struct asker *p, const char *text, uint64_t *addr)
{
	CLEANUP(err_destroyp) struct err *err = NULL;

	if (parse_hex(text, addr)) {
		*addr += p->base;
		return true;
	}
	err = lookup_address(p->l, text, addr);
	if (err == NULL)
		return true;
	if (text[0] != '\0') /* an empty line asks nothing */
		log_warn("%s", err_message(err));
	return false;
}

static struct err *write_out(struct asker *p)
{
	bool ok = true;

	for (size_t i = 0; i < ADDR2LINE_THREADS_MAX && ok; i++) {
		const struct str *text = &p->printers.texts[i];

		ok = fwrite(str_text(text), 1, text->length, stdout) == text->length;
	}
	ok = ok && fflush(stdout) == 0;
	return ok || errno == EPIPE ? NULL : err_errno(errno, "cannot write the answer");
}

/* Words that are no address get the answer "not known": the lines of a coprocess have to
 * stay in step.  eu-addr2line has no answer to them, and exit status 1. */
static struct err *answer_piece(struct asker *p, const char *const *words, size_t count)
{
	CLEANUP(mem_freep) uint64_t *addrs = mem_calloc(count + 1, sizeof(*addrs));
	CLEANUP(mem_freep) bool *good = mem_calloc(count + 1, sizeof(*good));
	CLEANUP(mem_freep) struct index_chain *answers = mem_calloc(count + 1, sizeof(*answers));
	CLEANUP(mem_freep) struct addr2line_item *items = mem_calloc(count + 1, sizeof(*items));

	size_t asked = 0;

	for (size_t i = 0; i < count; i++) {
		good[i] = parse_address(p, words[i], &addrs[i]);
		p->bad_words += !good[i];
	}
	TRY(lookup_find(p->l, addrs, count, answers));
	for (size_t i = 0; i < count; i++) {
		if (!good[i])
			answers[i].count = 0;
		if (good[i] || !p->args->form.elfutils)
			items[asked++] = (struct addr2line_item){ addrs[i], &answers[i] };
	}
	addr2line_print(&p->printers, items, asked);
	lookup_clear(p->l);
	return write_out(p);
}

static struct err *answer_words(struct asker *p, const char *const *words, size_t count)
{
	TRY(lookup_expect(p->l, count));
	for (size_t i = 0; i < count; i += PIECE_ADDRESSES)
		TRY(answer_piece(p, words + i, count - i < PIECE_ADDRESSES ? count - i : PIECE_ADDRESSES));
	return NULL;
}

/* The whole lines in TEXT; the rest is moved to its beginning. */
static struct err *answer_lines(struct asker *p, struct str *text, bool at_end)
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

static struct err *answer_input(struct asker *p)
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

/* All that is elfutils' alone makes the answer look as its. */
static void choose_form(struct addr2line_args *args)
{
	struct addr2line_form *form = &args->form;

	form->elfutils = str_eq(args->style, "elfutils") || form->symbols || form->symbol_sections ||
			 form->flags || form->relative;
}

static struct err *answer_all(struct asker *p)
{
	const struct addr2line_args *args = p->args;

	if (lookup_borrow_note(p->l) != NULL)
		log_info("%s", lookup_borrow_note(p->l));
	if (args->section)
		TRY(lookup_section(p->l, args->section, &p->base));
	if (args->operands.count > 0)
		return answer_words(p, args->operands.words, args->operands.count);
	return answer_input(p);
}

/* Where addresses come from, if not from a file; false: from one. */
static bool find_space(const struct addr2line_args *args, enum lookup_space_kind *kind, const char **what)
{
	*what = args->pid ? args->pid : args->core ? args->core : args->process_map;
	*kind = args->pid ? LOOKUP_PROCESS : args->core ? LOOKUP_CORE : args->process_map ? LOOKUP_MAPS : LOOKUP_KERNEL;
	return *what != NULL || args->kernel;
}

static struct err *check_sources(const struct addr2line_args *args, bool is_space)
{
	unsigned sources = (args->pid != NULL) + (args->core != NULL) + (args->process_map != NULL) + args->kernel +
			   (args->offline_kernel.count > 0) + (args->file != NULL);

	if (sources > 1)
		return err_new(ERR_USAGE, "only one of -e, --pid, --core, -M, -k and -K can be asked");
	if (is_space && (args->section || args->form.symbols || args->form.symbol_sections || args->form.flags ||
			 args->form.relative))
		return err_new(ERR_USAGE, "-j, -S, -x, -F and --relative ask one file: give it with -e");
	return NULL;
}

static struct err *open_lookup(const struct addr2line_args *args, const struct lookup_options *options,
			       struct lookup **ret)
{
	enum lookup_space_kind kind;
	const char *what;
	bool is_space = find_space(args, &kind, &what);

	TRY(check_sources(args, is_space));
	if (is_space)
		return lookup_open_space(kind, what, options->debuginfod, ret);
	if (args->offline_kernel.count > 0)
		return lookup_open_kernel(args->offline_kernel.v[args->offline_kernel.count - 1].word, options, ret);
	return lookup_open(args->file ? args->file : "a.out", options, ret);
}

static struct err *addr2line_run(void *arguments, struct arena *arena, int *status)
{
	struct addr2line_args *args = arguments;
	struct progress *progress = progress_create("reading debug information", 0);
	struct lookup_options options = { .no_cache = args->no_cache, .build_index = args->index,
					  .direct = args->form.flags,
					  .debuginfod = lookup_debuginfod_when(args->debuginfod),
					  .thread_count = (unsigned)args->threads,
					  .progress = progress_report, .user = progress };
	struct asker p = { .args = args };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct err *err;

	if (args->version) {
		printf(OPT_PROGRAM " addr2line %s\n", SONDE_VERSION);
		progress_destroy(progress);
		return NULL;
	}
	choose_form(args);
	options.gnu_symbols = !args->form.elfutils;
	p.printers.form = &args->form;
	p.printers.thread_count = args->threads ? (unsigned)args->threads
				  : cpus > ADDR2LINE_THREADS_MAX ? ADDR2LINE_THREADS_MAX : (unsigned)cpus;
	if (args->debuginfo_path != NULL)
		lookup_set_debug_path(args->debuginfo_path);
	err = open_lookup(args, &options, &p.l);
	p.printers.lookup = p.l;
	if (err == NULL)
		err = answer_all(&p);
	if (args->form.elfutils && p.bad_words > 0)
		*status = 1;
	progress_destroy(progress);
	addr2line_printers_deinit(&p.printers);
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
			"Words from a file may be given as @FILE. symbol+0xoffset is taken as an address. Different from "
			"GNU: padding behind a function, which has no line, has no function either.",
		.at_files = true,
		.opts = addr2line_opts,
		.operands = addr2line_operands,
		.examples = addr2line_examples,
		.see_also = "sonde-report(1), addr2line(1), eu-addr2line(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct addr2line_args),
	.run = addr2line_run,
};
