/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option parser: lines of the input are words; the first byte chooses the table. */
#include "base/opt.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct fuzz_args {
	bool flag, no_flag;
	unsigned count;
	const char *string, *choice, *first;
	struct opt_list strings, words, rest;
	uint64_t number, bytes, duration;
};
static const char *const choices[] = { "auto", "always", "never", NULL };
static const struct opt opts[] = {
	{ .kind = OPT_HEADING, .help = "Heading" },
	{ .name = "flag", .letter = 'f', .kind = OPT_FLAG, .offset = offsetof(struct fuzz_args, flag), .help = "a flag" },
	{ .name = "no-other", .kind = OPT_FLAG, .offset = offsetof(struct fuzz_args, no_flag), .help = "another" },
	{ .name = "verbose", .letter = 'v', .kind = OPT_COUNT, .offset = offsetof(struct fuzz_args, count), .help = "more" },
	{ .name = "string", .letter = 's', .kind = OPT_STRING, .value = "S", .offset = offsetof(struct fuzz_args, string), .help = "s" },
	{ .letter = 'e', .kind = OPT_STRINGS, .value = "E", .offset = offsetof(struct fuzz_args, strings), .help = "e" },
	{ .name = "words", .kind = OPT_WORDS, .value = "W,..", .offset = offsetof(struct fuzz_args, words), .help = "w" },
	{ .name = "number", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 1000, .offset = offsetof(struct fuzz_args, number), .help = "n" },
	{ .name = "bytes", .kind = OPT_BYTES, .value = "B", .offset = offsetof(struct fuzz_args, bytes), .help = "b" },
	{ .name = "duration", .kind = OPT_DURATION, .value = "T", .offset = offsetof(struct fuzz_args, duration), .help = "t" },
	{ .name = "choice", .kind = OPT_CHOICE, .value = "C", .choices = choices, .offset = offsetof(struct fuzz_args, choice), .help = "c" },
	OPT_END
};
static const struct opt_operand listed[] = {
	{ .name = "FIRST", .min = 1, .max = 1, .offset = offsetof(struct fuzz_args, first), .help = "first" },
	{ .name = "REST", .max = 5, .offset = offsetof(struct fuzz_args, rest), .help = "rest" },
	OPERAND_END
};
static const struct opt_operand command[] = {
	{ .name = "CMD", .rest = true, .offset = offsetof(struct fuzz_args, rest), .help = "command" },
	OPERAND_END
};
static const struct opt_spec specs[] = {
	{ .name = "listed", .summary = "s", .opts = opts, .operands = listed },
	{ .name = "command", .summary = "s", .opts = opts, .operands = command },
	{ .name = "bare", .summary = "s" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct fuzz_args *args, const struct opt_spec *spec, size_t words)
{
	/* what is promised whatever the words: bounds, and that nothing is made up */
	if (args->number > 1000 || args->rest.count > words || args->strings.count > words)
		abort();
	if (spec == &specs[0] && (args->first == NULL || args->rest.count > 5))
		abort();
	for (size_t i = 0; i < args->rest.count; i++)
		if (strlen(args->rest.words[i]) > (1u << 20))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MOST = 300 };
	char *argv[MOST + 1] = { (char *)"x" };
	struct fuzz_args args = { 0 };
	struct arena arena;
	int argc = 1;
	bool help;

	if (size == 0)
		return 0;
	arena_init(&arena);

	const struct opt_spec *spec = &specs[data[0] % 3];
	char *text = arena_strndup(&arena, (const char *)data + 1, size - 1), *save = NULL;

	for (char *w = strtok_r(text, "\n", &save); w && argc < MOST; w = strtok_r(NULL, "\n", &save))
		argv[argc++] = w;

	struct err *err = opt_parse(spec, argc, argv, &args, &arena, &help);

	if (err == NULL && !help)
		check(&args, spec, (size_t)argc);
	if (err != NULL && (err_code(err) != ERR_USAGE || err_message(err)[0] == '\0'))
		abort();
	err_destroy(err);
	arena_deinit(&arena);
	return 0;
}
