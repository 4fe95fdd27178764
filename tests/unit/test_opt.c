/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option table: parsing, and what is printed from it. */
#include "base/arena.h"
#include "base/opt.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct sample_args {
	bool json, no_pager;
	unsigned verbose;
	const char *output, *color, *recording;
	struct opt_list events, with, command, more;
	uint64_t limit, size_bytes, duration_ns;
};
static const char *const colors[] = { "auto", "always", "never", NULL };
static const struct opt sample_opts[] = {
	{ .kind = OPT_HEADING, .help = "What to show" },
	{ .name = "json", .kind = OPT_FLAG, .offset = offsetof(struct sample_args, json), .help = "JSON" },
	{ .name = "no-pager", .kind = OPT_FLAG, .offset = offsetof(struct sample_args, no_pager), .help = "no pager" },
	{ .name = "verbose", .letter = 'v', .kind = OPT_COUNT, .offset = offsetof(struct sample_args, verbose), .help = "say more" },
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .offset = offsetof(struct sample_args, output), .help = "write to FILE\nEven to a -dash\n.dot 'quote \\ back" },
	{ .name = "color", .kind = OPT_CHOICE, .value = "WHEN", .choices = colors,
	  .offset = offsetof(struct sample_args, color), .help = "colours: [it's] a choice" },
	{ .letter = 'e', .kind = OPT_STRINGS, .value = "EVENT", .offset = offsetof(struct sample_args, events), .help = "event" },
	{ .name = "with", .kind = OPT_WORDS, .value = "NAME,...", .offset = offsetof(struct sample_args, with), .help = "sources" },
	{ .name = "limit", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 100,
	  .offset = offsetof(struct sample_args, limit), .help = "at most N" },
	{ .name = "size", .kind = OPT_BYTES, .value = "SIZE", .offset = offsetof(struct sample_args, size_bytes), .help = "size" },
	{ .name = "duration", .kind = OPT_DURATION, .value = "TIME", .offset = offsetof(struct sample_args, duration_ns), .help = "how long" },
	{ .name = "secret", .kind = OPT_FLAG, .hidden = true, .offset = offsetof(struct sample_args, json), .help = "hidden" },
	OPT_END
};
static const struct opt_operand one_operand[] = {
	{ .name = "REC", .min = 1, .max = 1, .offset = offsetof(struct sample_args, recording), .help = "recording", .completes = "recording" },
	{ .name = "MORE", .offset = offsetof(struct sample_args, more), .help = "more" },
	OPERAND_END
};
static const struct opt_operand rest_operand[] = {
	{ .name = "CMD", .rest = true, .offset = offsetof(struct sample_args, command), .help = "command", .completes = "command" },
	OPERAND_END
};
static const struct opt_spec sample = {
	.name = "sample", .summary = "a sample", .description = "First paragraph.\n\nSecond one.",
	.opts = sample_opts, .operands = one_operand,
	.examples = (const struct opt_example[]){ { "sonde sample x", "why" }, { NULL, NULL } },
};
static const struct opt_spec runner = {
	.name = "lab run", .summary = "run it", .opts = sample_opts, .operands = rest_operand,
};

static struct arena arena;
static struct sample_args args;
static bool help;

/* Words separated by blanks, the command's name not among them. */
static struct err *parse(const struct opt_spec *spec, const char *words)
{
	char *argv[64] = { (char *)"x" };
	int argc = 1;
	char *save = NULL;

	memset(&args, 0, sizeof(args));
	for (char *w = strtok_r(arena_strdup(&arena, words), " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return opt_parse(spec, argc, argv, &args, &arena, &help);
}

static void assert_fails(const struct opt_spec *spec, const char *words, const char *message, const char *fix)
{
	struct err *err = parse(spec, words);

	assert_non_null(err);
	assert_int_equal(err_code(err), ERR_USAGE);
	assert_string_equal(err_message(err), message);
	assert_non_null(err_advice(err));
	if (!strstr(err_advice(err), fix))
		fail_msg("'%s' is not in '%s'", fix, err_advice(err));
	err_destroy(err);
}

static void test_values(void **state)
{
	assert_null(parse(&sample, "--json -vv -v -o out.html --color=never -e cycles -e x -n5 --size 64k "
				   "--duration=1.5s --with cpu,,block --with lock rec.sonde"));
	assert_true(args.json);
	assert_int_equal(args.verbose, 3);
	assert_string_equal(args.output, "out.html");
	assert_string_equal(args.color, "never");
	assert_int_equal(args.events.count, 2);
	assert_string_equal(args.events.words[1], "x");
	assert_int_equal(args.limit, 5);
	assert_int_equal(args.size_bytes, 65536);
	assert_int_equal(args.duration_ns, 1500000000);
	assert_int_equal(args.with.count, 3);
	assert_string_equal(args.with.words[2], "lock");
	assert_string_equal(args.recording, "rec.sonde");
	assert_false(help);
}

static void test_switches(void **state)
{
	assert_null(parse(&sample, "--json --no-json --no-pager a"));
	assert_false(args.json);
	assert_true(args.no_pager);
	assert_null(parse(&sample, "--no-pager --pager a"));
	assert_false(args.no_pager);
	assert_null(parse(&sample, "-vo - a"));
	assert_string_equal(args.output, "-");
	assert_int_equal(args.verbose, 1);
}

static void test_operands(void **state)
{
	assert_null(parse(&sample, "a b -v c -- --json"));
	assert_string_equal(args.recording, "a");
	assert_int_equal(args.more.count, 3);
	assert_string_equal(args.more.words[2], "--json");
	assert_null(parse(&sample, "-"));
	assert_string_equal(args.recording, "-");
	assert_null(parse(&runner, "-v gcc -O2 --json -o x.o"));
	assert_int_equal(args.command.count, 5);
	assert_string_equal(args.command.words[1], "-O2");
	assert_null(args.output);
	assert_null(parse(&runner, "-o y -- -odd -- name"));
	assert_int_equal(args.command.count, 3);
	assert_string_equal(args.command.words[0], "-odd");
	assert_null(parse(&runner, ""));
	assert_int_equal(args.command.count, 0);
}

static void test_many_words(void **state)
{
	char *argv[1001];
	char *words = arena_alloc(&arena, 1000 * 8);

	memset(&args, 0, sizeof(args));
	argv[0] = (char *)"x";
	for (int i = 0; i < 1000; i++) {
		argv[i + 1] = words + i * 8;
		snprintf(argv[i + 1], 8, "w%d", i);
	}
	assert_null(opt_parse(&runner, 1001, argv, &args, &arena, &help));
	assert_int_equal(args.command.count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_string_equal(args.command.words[i], argv[i + 1]);
}

static void test_errors(void **state)
{
	assert_fails(&sample, "--jsno a", "sonde sample: unknown option '--jsno'", "did you mean --json?");
	assert_fails(&sample, "--dur=5 a", "sonde sample: unknown option '--dur'", "did you mean --duration?");
	assert_fails(&sample, "-limit 5 a", "sonde sample: unknown option '-limit'", "did you mean --limit?");
	assert_fails(&sample, "-vz a", "sonde sample: unknown option '-z'", "see sonde sample --help");
	assert_fails(&sample, "--secrat a", "sonde sample: unknown option '--secrat'", "see sonde sample --help");
	assert_fails(&sample, "a -o", "sonde sample: --output needs a value (FILE)", "--help");
	assert_fails(&sample, "--json=1 a", "sonde sample: --json takes no value", "--help");
	assert_fails(&sample, "--color nevr a", "sonde sample: --color takes auto, always or never, not 'nevr'", "did you mean never?");
	assert_fails(&sample, "-n 101 a", "sonde sample: --limit has to be from 1 to 100, not 101", "--help");
	assert_fails(&sample, "-n 5x a", "sonde sample: --limit takes a whole number, not '5x'", "--help");
	assert_fails(&sample, "--size 5q a", "sonde sample: --size takes a size such as 4096, 64k or 1G, not '5q'", "--help");
	assert_fails(&sample, "-v", "sonde sample: REC is missing (recording)", "--help");
	assert_fails(&sample, "--= a", "sonde sample: unknown option '--'", "--help");
	assert_fails(&(const struct opt_spec){ .name = "bare" }, "a", "sonde bare: 'a' is one word too many", "--help");
}

static void test_help_wins(void **state)
{
	assert_null(parse(&sample, "--help --nonsense"));
	assert_true(help);
	assert_null(parse(&sample, "-vh"));
	assert_true(help);
	assert_null(parse(&runner, "gcc --help"));
	assert_false(help);
}

static void test_nearest(void **state)
{
	const char *const words[] = { "record", "report", "flame", "query" };

	assert_string_equal(opt_nearest("reprot", words, 4), "report");
	assert_string_equal(opt_nearest("fl", words, 4), "flame");
	assert_string_equal(opt_nearest("qury", words, 4), "query");
	assert_null(opt_nearest("zebra", words, 4));
	assert_null(opt_nearest("", words, 4));
}

/* --- printed ----------------------------------------------------------------------------- */

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	print(out);
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void print_help_60(FILE *out) { opt_print_help(&sample, out, 60); }
static void print_man(FILE *out) { opt_print_man(&sample, "1.2", out); }
static void print_man_nested(FILE *out) { opt_print_man(&runner, "1.2", out); }

static const struct opt_spec *const both[] = { &runner, &sample };
static void print_bash(FILE *out) { opt_print_completion(both, 2, OPT_BASH, out); }
static void print_zsh(FILE *out) { opt_print_completion(both, 2, OPT_ZSH, out); }
static void print_fish(FILE *out) { opt_print_completion(both, 2, OPT_FISH, out); }

static void test_help(void **state)
{
	char *text = printed(print_help_60);

	assert_has(text, "sonde sample: a sample\n\n  sonde sample [OPTIONS] REC [MORE ...]\n");
	assert_has(text, "  -n, --limit N           at most N\n");
	assert_has(text, "First paragraph.\n\nSecond one.\n");
	assert_null(strstr(text, "Even to"));   /* that is for the man page */
	assert_null(strstr(text, "secret"));
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		assert_true(strlen(line) <= 60);
	free(text);
}

static void test_man(void **state)
{
	char *text = printed(print_man);

	assert_has(text, ".TH SONDE-SAMPLE 1");
	assert_has(text, "\\fB\\-n, \\-\\-limit N\\fR\nat most N\n");
	assert_has(text, ".IP\nEven to a \\-dash\n\\&.dot 'quote \\e back\n"); /* no stray requests */
	assert_null(strstr(text, "secret"));
	free(text);
	text = printed(print_man_nested);
	assert_has(text, "sonde\\-lab\\-run \\- run it");
	assert_has(text, "[\\-\\- CMD ...]");
	free(text);
}

static void test_completions(void **state)
{
	char *text = printed(print_bash);

	assert_has(text, "\" lab run \"*) command='lab run' ;;");
	assert_has(text, "\" lab \") _sonde_words 'run'; return ;;");
	assert_has(text, "--color) _sonde_words 'auto always never'; return ;;");
	assert_has(text, "-o|--output) _sonde_file; return ;;");
	assert_has(text, "'--help --version lab sample'");
	free(text);
	text = printed(print_zsh);
	assert_has(text, "--color'[colours\\: \\[it'\\''s\\] a choice]:WHEN:(auto always never)'");
	free(text);
	text = printed(print_fish);
	assert_has(text, "-n '__fish_seen_subcommand_from sample' -l color -r -f -a 'auto always never' -d 'colours: [it\\'s] a choice'");
	free(text);
}

static void test_files(void **state)
{
	char path[] = "/tmp/sonde-opt-XXXXXX", word[64];
	char *words[] = { (char *)"x", word, (char *)"@/nowhere" }, **argv = words;
	const char text[] = "one 'two words' \"th\\\"ree\"\n\t four";
	int argc = 3, fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1);
	close(fd);
	snprintf(word, sizeof(word), "@%s", path);
	opt_expand_files(&argc, &argv, &arena);
	unlink(path);
	assert_int_equal(argc, 6);
	assert_string_equal(argv[1], "one");
	assert_string_equal(argv[2], "two words");
	assert_string_equal(argv[3], "th\"ree");
	assert_string_equal(argv[4], "four");
	assert_string_equal(argv[5], "@/nowhere");
}

static int setup(void **state)
{
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	arena_deinit(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	    cmocka_unit_test(test_switches),
		cmocka_unit_test(test_operands),    cmocka_unit_test(test_many_words),
		cmocka_unit_test(test_errors),	    cmocka_unit_test(test_help_wins),
		cmocka_unit_test(test_nearest),	    cmocka_unit_test(test_help),
		cmocka_unit_test(test_man),	    cmocka_unit_test(test_completions),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
