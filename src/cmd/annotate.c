/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde annotate: source lines and instructions of one function, with what each used. */
#include "cmd/cmd.h"
#include "cmd/recording_input.h"
#include "cmd/stack_input.h"

#include "base/mem.h"
#include "base/str.h"
#include "record/recording.h"
#include "view/annotate.h"
#include "view/profile.h"
#include "view/report.h"
#include "view/view.h"

#include <stdlib.h>
#include <sys/stat.h>

struct annotate_args {
	struct opt_list operands, source_path, path_map;
	bool source, code, all;
	const char *syntax, *vmlinux;
	uint64_t limit;
	struct narrow_args narrow;
	struct output_args output;
};

/* "main" is a function, "make.sonde", "perf.data" and, where there is make.sonde, "make" a
 * recording. */
static bool names_recording(const char *word)
{
	CLEANUP(mem_freep) char *with_end = mem_printf("%s.sonde", word);
	struct stat st;

	return stat(word, &st) == 0 || stat(with_end, &st) == 0;
}

/* FUNC REC, and REC FUNC as well, where the words tell which is which. */
static void split_operands(const struct annotate_args *args, const char **function, const char **recording)
{
	const struct opt_list *o = &args->operands;
	bool swapped = o->count > 1 && names_recording(o->words[0]) && !names_recording(o->words[1]);

	*function = *recording = NULL;
	if (o->count == 1 && names_recording(o->words[0]))
		*recording = o->words[0];
	else if (o->count)
		*function = o->words[swapped];
	if (o->count > 1)
		*recording = o->words[!swapped];
}

/* Data has no gaps, and lines have columns of their own there. */
static bool is_data(const struct output_args *o)
{
	return o->json || (o->path && str_ends(o->path, ".json"));
}

static struct err *write_document(const struct annotate_args *args, const struct profile *p,
				  const struct annotate_options *options)
{
	struct doc *doc;

	TRY(output_open(&args->output, &doc));

	struct err *err = annotate_emit(doc, p, options), *end = doc_end(doc);

	render_destroy(doc);
	if (!err)
		return end;
	err_destroy(end);
	return err;
}

static struct err *annotate(const struct annotate_args *args, struct recording *r, const char *path,
			    const char *function)
{
	struct view_options view = { .recording_path = path, .limit = args->limit };
	struct annotate_options options = {
		.view = &view,
		.function = function,
		.source_only = args->source,
		.code_only = args->code && !args->source,
		.all = args->all,
		.as_data = is_data(&args->output),
		.syntax = str_eq(args->syntax, "intel") ? DISASM_INTEL : DISASM_ATT,
		.vmlinux = args->vmlinux,
		.source_path = args->source_path,
		.path_map = args->path_map,
	};
	struct profile *p;

	if (args->source && args->code)
		options.source_only = options.code_only = false;
	narrow_to_view(&args->narrow, &view);
	TRY(report_profile(r, &view, &p));

	struct err *err = annotate_check(p, &options);

	if (!err)
		err = write_document(args, p, &options);
	profile_destroy(p);
	return err;
}

static struct err *annotate_run(void *user, struct arena *arena, int *status)
{
	const struct annotate_args *args = user;
	const char *function, *operand;
	struct recording_input in;

	(void)arena;
	(void)status;
	output_log_level(&args->output);
	debuginfod_opt_apply(args->narrow.debuginfod);
	split_operands(args, &function, &operand);
	TRY(recording_input_open(operand, &in));

	struct err *err = annotate(args, in.recording, in.path, function);

	recording_input_close(&in);
	return err;
}

static const char *const syntax_choices[] = { "att", "intel", NULL };

#define ANNOTATE(member) offsetof(struct annotate_args, member)
static const struct opt annotate_opts[] = {
	{ .name = "source", .kind = OPT_FLAG, .help = "only source lines", .offset = ANNOTATE(source) },
	{ .name = "code", .kind = OPT_FLAG, .help = "only instructions", .offset = ANNOTATE(code) },
	{ .name = "asm", .kind = OPT_CHOICE, .value = "SYNTAX", .choices = syntax_choices,
	  .help = "syntax of x86 instructions: att (the default) or intel", .offset = ANNOTATE(syntax) },
	{ .name = "all", .kind = OPT_FLAG, .help = "also long stretches without samples", .offset = ANNOTATE(all) },
	{ .name = "vmlinux", .letter = 'k', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "a kernel function's code: the kernel's vmlinux, or the .ko of a module\n"
		  "Not needed where it lies below /usr/lib/debug, SONDE_DEBUG_PATH, /boot or /lib/modules. It has to be "
		  "of the build that was recorded.", .offset = ANNOTATE(vmlinux) },
	{ .name = "source-path", .kind = OPT_STRINGS, .value = "DIR", .completes = "dir",
	  .help = "look for sources below DIR too",
	  .offset = ANNOTATE(source_path) },
	{ .name = "path-map", .kind = OPT_STRINGS, .value = "OLD=NEW",
	  .help = "replace the start of recorded source paths", .offset = ANNOTATE(path_map) },
	{ .name = "limit", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 10000000,
	  .help = "how many of the hottest lines come first", .offset = ANNOTATE(limit) },
	NARROW_OPTS(struct annotate_args, narrow),
	OUTPUT_OPTS(struct annotate_args, output),
	OPT_END
};

static const struct opt_operand annotate_operands[] = {
	{ .name = "FUNC",
	  .help = "a function (patterns work; default: the one that used most), then a recording (default: the "
		  "newest one here)",
	  .offset = ANNOTATE(operands), .min = 0 },
	OPERAND_END
};

static const struct opt_example annotate_examples[] = {
	{ "sonde annotate", "the hottest function of the newest recording here" },
	{ "sonde annotate parse make.sonde", "the lines and instructions of parse()" },
	{ "sonde annotate parse --code --asm intel", "its instructions alone" },
	{ "sonde annotate --path-map /build/app=$PWD", "sources that were moved since" },
	{ NULL }
};

const struct cmd cmd_annotate = {
	.spec = {
		.name = "annotate",
		.summary = "show the hot lines and instructions of a function",
		.description =
			"First the hottest lines, then the function's source and its instructions, each with its "
			"share of the function's own time. Code that was inlined counts on its own lines. A "
			"function that was split (parse and parse.cold) is shown with all its parts.\n\n"
			"The program's file has to be the one that was recorded: its build-id is compared. Without it, "
			"sampled addresses and lines are shown. A kernel function's code is that of the kernel's file with "
			"symbols (vmlinux) of the same build.\n\n"
			"Percentages of instructions are those of perf annotate on the same samples. A sample lands "
			"where the processor could be interrupted, mostly just behind the instruction that took "
			"long.",
		.opts = annotate_opts,
		.operands = annotate_operands,
		.examples = annotate_examples,
		.see_also = "sonde-record(1), sonde-report(1), perf-annotate(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct annotate_args),
	.run = annotate_run,
};
