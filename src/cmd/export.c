/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde export: a recording, or another tool's text of stacks, as a file of another
 * tool's.  What there is to write is in convert/exporters.c.
 */
#include "cmd/cmd.h"
#include "cmd/stack_input.h"

#include "base/err.h"
#include "base/log.h"
#include "convert/exporter.h"
#include "record/stacks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct export_args {
	const char *input, *to, *path, *diff;
	bool normalize, quiet;
	struct stack_input_args stacks;
};

static struct err *open_output(const char *path, FILE **ret)
{
	if (!path || strcmp(path, "-") == 0) {
		*ret = stdout;
		return NULL;
	}
	*ret = fopen(path, "we");
	return *ret ? NULL : err_errno(errno, "cannot write %s", path);
}

static struct err *close_output(FILE *out, const char *path, struct err *err)
{
	if (out == stdout)
		return err;
	if (fclose(out) != 0 && !err)
		err = err_errno(errno, "cannot write %s", path);
	return err;
}

static struct err *read_stacks(const struct export_args *args, struct stacks *stacks)
{
	if (!args->diff)
		return stack_input_read(&args->stacks, args->input, stacks);

	struct stacks before;

	stacks_init(&before);

	struct err *err = stack_input_read(&args->stacks, args->diff, &before);

	if (!err)
		err = stack_input_read(&args->stacks, args->input, stacks);
	if (!err) {
		stacks_diff(stacks, &before, args->normalize);
		stacks_finish(stacks);
	}
	stacks_deinit(&before);
	return err;
}

static struct err *write_out(const struct export_args *args, const struct exporter *exporter,
			     const struct export_input *input)
{
	FILE *out;

	TRY(open_output(args->path, &out));
	return close_output(out, args->path, exporter->write(input, out));
}

static struct err *export_text(const struct export_args *args, const struct exporter *exporter)
{
	struct stacks stacks;

	if (!exporter->wants_stacks)
		return err_new(ERR_USAGE, "%s can only be written from a recording, and %s is none",
			       exporter->name, args->input);
	stacks_init(&stacks);

	struct err *err = read_stacks(args, &stacks);

	if (!err)
		err = write_out(args, exporter, &(struct export_input){ .stacks = &stacks });
	stacks_deinit(&stacks);
	return err;
}

static struct err *export_run(void *user, struct arena *arena, int *status)
{
	const struct export_args *args = user;
	const struct exporter *exporter;

	(void)arena;
	(void)status;
	if (args->quiet)
		log_set_level(LOG_QUIET);
	TRY(exporter_find(args->to, &exporter));
	return export_text(args, exporter);
}

static const char *const export_forms[] = { "folded", NULL };

static void export_defaults(void *user)
{
	((struct export_args *)user)->to = "folded";
}

static const struct opt export_opts[] = {
	{ .name = "to", .kind = OPT_STRING, .value = "FORM", .choices = export_forms,
	  .help = "what to write: folded", .offset = offsetof(struct export_args, to) },
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "write to FILE instead of standard output", .offset = offsetof(struct export_args, path) },
	{ .name = "diff", .kind = OPT_STRING, .value = "OLD", .completes = "file",
	  .help = "folded: two columns, the value in OLD and the one now",
	  .offset = offsetof(struct export_args, diff) },
	{ .name = "normalize", .kind = OPT_FLAG, .help = "with --diff: scale OLD to the same total",
	  .offset = offsetof(struct export_args, normalize) },
	{ .name = "quiet", .letter = 'q', .kind = OPT_FLAG, .help = "only errors",
	  .offset = offsetof(struct export_args, quiet) },
	STACK_INPUT_OPTS(struct export_args, stacks),
	OPT_END
};

static const struct opt_operand export_operands[] = {
	{ .name = "INPUT", .help = "a recording, a text of stacks, or - for standard input",
	  .offset = offsetof(struct export_args, input), .min = 1, .max = 1, .completes = "recording" },
	OPERAND_END
};

static const struct opt_example export_examples[] = {
	{ "perf script | sonde export --to folded -", "what stackcollapse-perf.pl does" },
	{ "sonde export --diff before.folded after.folded", "what difffolded.pl does" },
	{ NULL }
};

const struct cmd cmd_export = {
	.spec = {
		.name = "export",
		.summary = "write a recording or stacks in another tool's form",
		.description =
			"Writes what was recorded so that other tools read it.  The input may also be a "
			"text of stacks from any machine: perf script, folded stacks, dtrace, sample, "
			"VTune, Visual Studio, GHC or xctrace.",
		.opts = export_opts,
		.operands = export_operands,
		.examples = export_examples,
		.see_also = "sonde-flame(1), perf-script(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct export_args),
	.defaults = export_defaults,
	.run = export_run,
};
