/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde diff: what got slower between two recordings, and whether it is more than chance. */
#include "cmd/cmd.h"
#include "cmd/stack_input.h"

#include "base/str.h"
#include "record/stacks.h"
#include "view/diff.h"
#include "view/flame.h"
#include "view/profile.h"

#include <stdlib.h>

struct diff_args {
	struct opt_list inputs;
	const char *per, *work, *noise;
	bool total, significant;
	uint64_t limit;
	struct output_args output;
	struct stack_input_args stacks;
	struct narrow_args narrow;
};

static const char *const per_choices[] = { "auto", "run", "second", "share", "work", NULL };

/* "1000:1200": what each of the two did. */
static struct err *parse_work(const char *text, struct diff_options *o)
{
	char *end;

	o->work_before = strtod(text, &end);
	if (end != text && *end == ':') {
		const char *second = end + 1;

		o->work = strtod(second, &end);
		if (end != second && !*end && o->work_before > 0 && o->work > 0)
			return NULL;
	}
	return err_fix(err_new(ERR_USAGE, "--work %s is no pair of positive numbers", text),
		       "for example --work 1000:1200, the requests that each answered");
}

static struct err *to_options(const struct diff_args *args, struct diff_options *o)
{
	char *end;

	o->by_total = args->total;
	o->only_significant = args->significant;
	o->limit = args->limit;
	o->noise = 0.02;
	o->chance = 0.01;
	for (unsigned i = 0; args->per && per_choices[i]; i++)
		if (str_eq(args->per, per_choices[i]))
			o->per = (enum diff_per)i;
	if (args->noise) {
		o->noise = strtod(args->noise, &end) / 100;
		if (end == args->noise || (*end && !str_eq(end, "%")) || !(o->noise >= 0 && o->noise <= 1))
			return err_new(ERR_USAGE, "--noise %s is no per cent between 0 and 100", args->noise);
	}
	if (args->work) {
		TRY(parse_work(args->work, o));
		o->per = DIFF_PER_WORK;
	} else if (o->per == DIFF_PER_WORK) {
		return err_fix(err_new(ERR_USAGE, "--per work: how much work?"), "add --work BEFORE:NOW");
	}
	return NULL;
}

static struct err *write_document(const struct diff_args *args, struct stack_input *before,
				  struct stack_input *now, const struct diff_options *o)
{
	struct str command = { 0 };
	struct doc *doc;

	TRY(output_open(&args->output, &doc));
	diff_emit(doc, before->profile, now->profile, o);
	str_printf(&command, "sonde flame --diff %s %s", before->from.path, now->from.path);
	doc_next(doc, str_text(&command), "the same as a picture, red grew and blue shrank");
	if (output_is_page(&args->output)) {
		stack_input_compare(now, before, false);
		flame_emit(doc, "flame", &now->profile->stacks,
			   &(struct flame_style){ .title = "Red grew, blue shrank" });
	}
	str_deinit(&command);

	struct err *err = doc_end(doc);

	render_destroy(doc);
	return err;
}

static struct err *compare(const struct diff_args *args, struct stack_input *before, struct stack_input *now,
			   struct diff_options *o)
{
	TRY(stack_input_open(&args->stacks, &args->narrow, args->inputs.words[0], before));
	TRY(stack_input_open(&args->stacks, &args->narrow, args->inputs.words[1], now));
	o->before_path = before->from.path;
	o->path = now->from.path;
	TRY(diff_check(before->profile, now->profile, o));
	return write_document(args, before, now, o);
}

static struct err *diff_run(void *user, struct arena *arena, int *status)
{
	const struct diff_args *args = user;
	struct stack_input before = { 0 }, now = { 0 };
	struct diff_options options = { 0 };

	(void)arena;
	(void)status;
	output_log_level(&args->output);
	TRY(to_options(args, &options));

	struct err *err = compare(args, &before, &now, &options);

	stack_input_close(&before);
	stack_input_close(&now);
	return err;
}

#define DIFF(member) offsetof(struct diff_args, member)
static const struct opt diff_opts[] = {
	{ .name = "per", .kind = OPT_CHOICE, .value = "WHAT", .choices = per_choices, .offset = DIFF(per),
	  .help = "compare by run, second (of wall time), share, or work\n"
		  "auto, the default, is run where both are runs of a command, which then have done the same "
		  "work; share for the text of other tools; else second." },
	{ .name = "work", .kind = OPT_STRING, .value = "A:B", .offset = DIFF(work),
	  .help = "how much work each did: requests, rows, frames; compares per unit of it" },
	{ .name = "total", .kind = OPT_FLAG, .help = "functions with all that they call, not alone",
	  .offset = DIFF(total) },
	{ .name = "significant", .kind = OPT_FLAG, .help = "only what is more than chance",
	  .offset = DIFF(significant) },
	{ .name = "noise", .kind = OPT_STRING, .value = "PERCENT", .offset = DIFF(noise),
	  .help = "how much two runs of the same program differ (default: 2)\n"
		  "Chance alone is known from the number of samples; that caches, clocks and neighbours "
		  "differ from run to run is not. On a busy machine give more." },
	{ .name = "limit", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 10000000,
	  .help = "rows of the table", .offset = DIFF(limit) },
	NARROW_OPTS(struct diff_args, narrow),
	STACK_INPUT_OPTS(struct diff_args, stacks),
	OUTPUT_OPTS(struct diff_args, output),
	OPT_END
};

static const struct opt_operand diff_operands[] = {
	{ .name = "A B", .help = "recordings, or texts of stacks: before and now", .offset = DIFF(inputs),
	  .min = 2, .max = 2, .completes = "recording" },
	OPERAND_END
};

static const struct opt_example diff_examples[] = {
	{ "sonde diff old.sonde new.sonde", "what got slower between two runs of the same work" },
	{ "sonde diff mon.sonde tue.sonde --work 81000:96000", "per request" },
	{ "sonde diff a.folded b.folded --html -o diff.html", "with a flame graph: red grew, blue shrank" },
	{ NULL }
};

const struct cmd cmd_diff = {
	.spec = {
		.name = "diff",
		.summary = "say what got slower between two recordings",
		.description =
			"First the verdict, in a sentence. Then the functions that changed, those first that changed by "
			"more than chance: samples are counts, and each difference is tested as one, with a correction "
			"for many functions being looked at.\n\n"
			"is it: more, less, new, gone where the difference is significant; maybe where a longer recording might tell; "
			"chance where it is none; as "
			"all where the function changed by as much as everything did, which a slower machine explains "
			"as well; machine for interrupts and task switches, which "
			"come from what else ran; too few where there are not enough samples to tell. p is the probability that "
			"chance makes such a difference.\n\n"
			"How it is told: samples of a function are a Poisson count, so that of two counts the second is binomial given "
			"their sum. That is asked exactly up to 400 samples, and by the normal approximation of the ratio's logarithm, "
			"whose variance is 1/a + 1/b and twice the square of --noise: the larger p counts. Each function is asked "
			"twice, whether it used more than was to be expected, and whether it changed by more than all the others together "
			"did; both have to be less probable than 0.01 after Holm's correction for all functions that were asked (those "
			"with ten samples or more in both together). So among twenty comparisons of a program with itself fewer than one "
			"shows any significant line. To find a change of 20 % in one of twenty functions takes some 2,000 samples of "
			"it, of 5 %, which is little more than twice the noise, none suffice: give less --noise on a quiet machine, or "
			"repeat the runs.",
		.opts = diff_opts,
		.operands = diff_operands,
		.examples = diff_examples,
		.see_also = "sonde-report(1), sonde-flame(1), perf-diff(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct diff_args),
	.run = diff_run,
};
