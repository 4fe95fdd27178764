/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde faddr2line: "func+0x12/0x340", as the kernel prints it, to lines. */
#include "cmd/cmd.h"
#include "cmd/debuginfod_opt.h"

#include "base/log.h"
#include "session/faddr2line.h"

struct faddr2line_args {
	const char *file, *debuginfod;
	struct opt_list functions;
	bool list, basenames, no_cache;
};

static const struct opt faddr2line_opts[] = {
	{ .name = "list", .letter = 'l', .kind = OPT_FLAG, .help = "print the source around each line",
	  .offset = offsetof(struct faddr2line_args, list) },
	{ .name = "basenames", .letter = 's', .kind = OPT_FLAG, .help = "file names without directories",
	  .offset = offsetof(struct faddr2line_args, basenames) },
	DEBUGINFOD_OPT(struct faddr2line_args, debuginfod),
	{ .name = "no-cache", .kind = OPT_FLAG, .help = "neither use nor keep an index", .offset = offsetof(struct faddr2line_args, no_cache) },
	OPT_END
};

static const struct opt_operand faddr2line_operands[] = {
	{ .name = "FILE", .min = 1, .max = 1, .completes = "file", .help = "vmlinux, a module, a program: with symbols and debug information",
	  .offset = offsetof(struct faddr2line_args, file) },
	{ .name = "FUNC+OFFSET", .min = 1, .help = "schedule+0x4c or schedule+0x4c/0xb0; with the size, a file of another build is noticed",
	  .offset = offsetof(struct faddr2line_args, functions) },
	OPERAND_END
};

static const struct opt_example faddr2line_examples[] = {
	{ "sonde faddr2line vmlinux schedule+0x4c/0xb0", "the line, and what was inlined there" },
	{ "sonde faddr2line -l drivers/x.ko x_probe+0x12/0x90", "with the source around it" },
	{ NULL, NULL }
};

static struct err *faddr2line_run(void *arguments, struct arena *arena, int *status)
{
	struct faddr2line_args *args = arguments;
	struct lookup_options options = { .no_cache = args->no_cache, .debuginfod = lookup_debuginfod_when(args->debuginfod) };
	struct faddr2line_options form = { .list = args->list, .basenames = args->basenames, .file = args->file };
	struct lookup *l;
	struct err *first = NULL;

	TRY(lookup_open(args->file, &options, &l));
	if (lookup_borrow_note(l) != NULL)
		log_warn("%s", lookup_borrow_note(l));
	str_init(&form.prefix);
	faddr2line_find_prefix(l, &form.prefix);
	for (size_t i = 0; i < args->functions.count; i++) {
		struct err *err = faddr2line_print(l, args->functions.words[i], &form, stdout);

		form.separate = form.separate || err == NULL;
		if (err != NULL && first != NULL) {
			log_warn("%s", err_message(err));
			err_destroy(err);
		} else if (err != NULL) {
			first = err;
		}
	}
	str_deinit(&form.prefix);
	lookup_destroy(l);
	return first;
}

const struct cmd cmd_faddr2line = {
	.spec = {
		.name = "faddr2line",
		.summary = "source lines of func+0x12/0x340 as the kernel prints it",
		.description =
			"Takes functions with offsets as kernel reports and stack traces print them and says which line that is, with the "
			"calls that were inlined there. Words and output are those of the kernel's scripts/faddr2line. The size behind the "
			"slash is compared with FILE's own: lines of another build are not printed.",
		.opts = faddr2line_opts,
		.operands = faddr2line_operands,
		.examples = faddr2line_examples,
		.see_also = "sonde-addr2line(1), sonde-oops(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct faddr2line_args),
	.run = faddr2line_run,
};
