/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde flame: a flame graph of a recording, or of the stacks another tool printed.
 */
#include "cmd/cmd.h"
#include "cmd/stack_input.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "record/recording.h"
#include "record/stacks.h"
#include "view/flame.h"
#include "view/profile.h"
#include "view/report.h"
#include "view/view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct flame_args {
	const char *input, *diff;
	struct output_args output;
	struct stack_input_args stacks;
	struct narrow_args narrow;
	bool text, inverted, negate, absolute, flamechart;
	const char *title, *subtitle, *notes, *countname, *factor, *min, *colors, *nameattr;
	/* options of flamegraph.pl that these pages have no use for */
	const char *nametype, *fonttype, *fontsize, *height, *bgcolors;
	bool hash, cp, color_diffusion;
};

/* "0.5%", "0.5" -> 0.005; "0" -> everything. */
static struct err *parse_min(const char *text, double *ratio)
{
	char *end;
	double percent;

	*ratio = 0;
	if (!text)
		return NULL;
	percent = strtod(text, &end);
	if (end == text || (*end && !str_eq(end, "%")) || !(percent >= 0 && percent <= 100))
		return err_new(ERR_USAGE, "--min %s is no per cent between 0 and 100", text);
	*ratio = percent == 0 ? -1 : percent / 100;
	return NULL;
}

static struct err *parse_factor(const char *text, double *factor)
{
	char *end;

	*factor = 0;
	if (!text)
		return NULL;
	*factor = strtod(text, &end);
	if (end == text || *end || !(*factor > 0))
		return err_new(ERR_USAGE, "--factor %s is no positive number", text);
	return NULL;
}

/* FlameGraph's palettes that are not ours colour by what the code is. */
static const char *palette_of(const char *colors)
{
	static const char *const known[] = { "hot",    "mem",  "io",	 "blue", "green", "red",
					     "orange", "purple", "aqua", "yellow" };

	for (size_t i = 0; colors && i < sizeof(known) / sizeof(*known); i++)
		if (str_eq(colors, known[i]))
			return known[i];
	return NULL;
}

/* Read what is compared with, and compare. */
static struct err *compare(const struct flame_args *args, struct stack_input *in, struct str *said)
{
	struct stack_input before;

	TRY(stack_input_open(&args->stacks, &args->narrow, args->diff, &before));

	double factor = stack_input_compare(in, &before, !args->absolute);

	str_printf(said, "compared with %s: red grew, blue shrank", before.from.path);
	if (factor != 1.0)
		str_printf(said, " (its values taken times %.3g, so that both totals are equal)", factor);
	stack_input_close(&before);
	return NULL;
}

/* Where the graph goes when -o does not say: NAME.html beside us, other forms to standard
 * output; an SVG to NAME.svg when that is a terminal. */
static void choose_output(struct flame_args *args, const char *input_path, struct str *path)
{
	struct output_args *o = &args->output;

	if (args->text || o->path || o->json)
		return;
	if (o->svg && !isatty(STDOUT_FILENO))
		return;
	if (!o->svg)
		o->html = true;

	char *input = mem_strdup(strcmp(input_path, "-") != 0 ? input_path : "flame");
	size_t length = strlen(input);

	while (length > 1 && input[length - 1] == '/')
		input[--length] = '\0';

	const char *base = stacks_base_name(input);

	length = strlen(base);
	for (size_t i = length; i-- > 1;)
		if (base[i] == '.') {
			length = i;
			break;
		}
	str_add_n(path, base, length);
	str_add(path, o->svg ? ".svg" : ".html");
	o->path = str_text(path);
	free(input);
}

static bool is_picture(const struct output_args *o)
{
	return o->svg || (!o->html && !o->json && o->path && str_ends(o->path, ".svg"));
}

static struct err *draw(const struct flame_args *args, const struct profile *p,
			const struct flame_style *style, const char *said)
{
	const struct report_options notes = { .view = &(struct view_options){ 0 } };
	const struct stacks *stacks = &p->stacks;
	struct flame_style shown = *style;
	struct doc *doc;

	TRY(output_open(&args->output, &doc));
	doc_begin(doc, &(struct doc_head){ .kind = "sonde.flame", .version = 1, .title = style->title });
	if (stacks->nodes.v[0].total > 0)
		flame_headline(doc, stacks);
	if (*said)
		doc_text(doc, "%s", said);
	if (!is_picture(&args->output))
		shown.title = NULL; /* the page has it already */
	flame_emit(doc, "flame", stacks, &shown);
	report_doubts(doc, p);
	report_notes(doc, p, &notes);

	struct err *err = doc_end(doc);

	render_destroy(doc);
	if (!err && stacks->nodes.v[0].total == 0)
		err = err_fix(err_new(ERR_FORMAT, "No stack counts found"), "the input has no stacks in it");
	return err;
}

static struct err *flame(struct flame_args *args, struct stack_input *in, struct strmap *tips,
			 struct str *path, struct str *said)
{
	struct flame_style style = {
		.title = args->title ? args->title : args->flamechart ? "Flame Chart" : "Flame Graph",
		.subtitle = args->subtitle,
		.notes = args->notes,
		.count_name = args->countname,
		.palette = palette_of(args->colors),
		.icicle = args->inverted,
		.negate = args->negate,
		.tips = tips,
	};

	TRY(parse_min(args->min, &style.min_ratio));
	TRY(parse_factor(args->factor, &style.factor));
	if (args->nameattr)
		TRY(flame_read_tips(args->nameattr, tips));
	if (args->stacks.no_sort && args->stacks.reverse)
		log_warn("Input lines are always sorted when `reverse_stack_order` is `true`. "
			 "The `no_sort` option is being ignored.");
	TRY(stack_input_open(&args->stacks, &args->narrow, args->input, in));
	if (!args->title && in->from.recording && recording_borrow_meta(in->from.recording)->command)
		style.title = recording_borrow_meta(in->from.recording)->command;
	if (args->diff)
		TRY(compare(args, in, said));
	choose_output(args, in->from.path, path);
	TRY(draw(args, in->profile, &style, str_text(said)));
	if (path->length > 0)
		log_note("flame graph: %s", str_text(path));
	return NULL;
}

/* Words that change nothing here, or nothing without another one, are said. */
static void say_ignored(const struct flame_args *args)
{
	const struct {
		const char *name;
		bool given;
	} words[] = {
		{ "--nametype", args->nametype },	  { "--fonttype", args->fonttype },
		{ "--fontsize", args->fontsize },	  { "--height", args->height },
		{ "--bgcolors", args->bgcolors },	  { "--hash", args->hash },
		{ "--cp", args->cp },			  { "--color-diffusion", args->color_diffusion },
		{ "--negate without --diff", args->negate && !args->diff },
		{ "--absolute without --diff", args->absolute && !args->diff },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].given)
			log_warn("%s has no effect", words[i].name);
}

static struct err *flame_run(void *user, struct arena *arena, int *status)
{
	struct flame_args *args = user;
	struct stack_input in = { 0 };
	struct strmap tips;
	struct str path = { 0 }, said = { 0 };

	(void)arena;
	(void)status;
	output_log_level(&args->output);
	say_ignored(args);
	strmap_init(&tips);
	args->stacks.in_time = args->flamechart;

	struct err *err = flame(args, &in, &tips, &path, &said);

	stack_input_close(&in);
	strmap_deinit(&tips);
	str_deinit(&path);
	str_deinit(&said);
	return err;
}

#define FLAME(member) offsetof(struct flame_args, member)
static const struct opt flame_opts[] = {
	{ .name = "svg", .kind = OPT_FLAG, .help = "write an SVG picture instead of a page", .offset = FLAME(output.svg) },
	{ .name = "text", .kind = OPT_FLAG, .help = "draw it in the terminal", .offset = FLAME(text) },
	{ .name = "reverse", .kind = OPT_FLAG, .help = "innermost functions at the root, callers above them",
	  .offset = FLAME(stacks.reverse) },
	{ .name = "diff", .kind = OPT_STRING, .value = "OLD", .completes = "recording",
	  .help = "compare with OLD: what grew is red, what shrank is blue", .offset = FLAME(diff) },
	{ .name = "absolute", .kind = OPT_FLAG, .help = "with --diff: don't scale OLD to the same total",
	  .offset = FLAME(absolute) },
	{ .name = "negate", .kind = OPT_FLAG, .help = "with --diff: exchange red and blue", .offset = FLAME(negate) },
	{ .name = "min", .kind = OPT_STRING, .value = "PERCENT",
	  .help = "leave out what is narrower (default: what can't be seen; 0: nothing)", .offset = FLAME(min) },
	{ .kind = OPT_HEADING, .help = "Looks" },
	{ .name = "title", .kind = OPT_STRING, .value = "TEXT", .help = "title", .offset = FLAME(title) },
	{ .name = "subtitle", .kind = OPT_STRING, .value = "TEXT", .help = "second title", .offset = FLAME(subtitle) },
	{ .name = "notes", .kind = OPT_STRING, .value = "TEXT", .help = "a comment in the SVG", .offset = FLAME(notes) },
	{ .name = "inverted", .kind = OPT_FLAG, .help = "root on top (an icicle graph)", .offset = FLAME(inverted) },
	{ .name = "colors", .kind = OPT_STRING, .value = "PALETTE",
	  .help = "hot, mem, io, blue, green, red, orange, purple, aqua or yellow (default: by kind of code)",
	  .offset = FLAME(colors) },
	{ .name = "countname", .kind = OPT_STRING, .value = "NAME", .help = "what is counted (samples)",
	  .offset = FLAME(countname) },
	{ .name = "factor", .kind = OPT_STRING, .value = "N", .help = "multiply shown values with N",
	  .offset = FLAME(factor) },
	{ .name = "nameattr", .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "titles of single functions, as flamegraph.pl reads them", .offset = FLAME(nameattr) },
	{ .name = "flamechart", .kind = OPT_FLAG, .help = "folded: keep the order of the lines, newest first",
	  .offset = FLAME(flamechart) },
	/* flamegraph.pl's, taken so that its command lines work; the page looks the same */
	{ .name = "nametype", .kind = OPT_STRING, .value = "TEXT", .hidden = true, .offset = FLAME(nametype) },
	{ .name = "fonttype", .kind = OPT_STRING, .value = "FONT", .hidden = true, .offset = FLAME(fonttype) },
	{ .name = "fontsize", .kind = OPT_STRING, .value = "N", .hidden = true, .offset = FLAME(fontsize) },
	{ .name = "height", .kind = OPT_STRING, .value = "N", .hidden = true, .offset = FLAME(height) },
	{ .name = "bgcolors", .kind = OPT_STRING, .value = "COLOR", .hidden = true, .offset = FLAME(bgcolors) },
	{ .name = "hash", .kind = OPT_FLAG, .hidden = true, .offset = FLAME(hash) },
	{ .name = "cp", .kind = OPT_FLAG, .hidden = true, .offset = FLAME(cp) },
	{ .name = "color-diffusion", .kind = OPT_FLAG, .hidden = true, .offset = FLAME(color_diffusion) },
	{ .name = "minwidth", .kind = OPT_STRING, .value = "PERCENT", .hidden = true, .offset = FLAME(min) },
	NARROW_OPTS(struct flame_args, narrow),
	STACK_INPUT_OPTS(struct flame_args, stacks),
	OUTPUT_OPTS(struct flame_args, output),
	OPT_END
};

static const struct opt_operand flame_operands[] = {
	{ .name = "INPUT",
	  .help = "a recording, a text of stacks, or - for standard input (default: the newest recording here)",
	  .offset = FLAME(input), .min = 0, .max = 1, .completes = "recording" },
	OPERAND_END
};

static const struct opt_example flame_examples[] = {
	{ "sonde flame make.sonde", "make.html: zoom, search, reverse" },
	{ "perf script | sonde flame --svg - > cpu.svg", "from perf's samples" },
	{ "sonde flame --diff before.sonde after.sonde", "what got slower" },
	{ NULL }
};

const struct cmd cmd_flame = {
	.spec = {
		.name = "flame",
		.summary = "draw a flame graph",
		.description =
			"Draws where the time went: each box is a function, as wide as its share, on top of "
			"the function that called it.  Writes one HTML page that needs nothing else, or an "
			"SVG picture.\n\n"
			"The input is a recording, or what another tool printed on any machine: perf script, "
			"folded stacks, dtrace, sample, VTune, Visual Studio, GHC or xctrace.",
		.opts = flame_opts,
		.operands = flame_operands,
		.examples = flame_examples,
		.see_also = "sonde-report(1), sonde-export(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct flame_args),
	.run = flame_run,
};
