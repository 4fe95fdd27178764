/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options to stacks, for the commands that read them. */
#include "cmd/stack_input.h"

#include "base/mem.h"
#include "base/str.h"
#include "convert/folded.h"
#include "record/recording.h"
#include "record/stacks.h"
#include "view/profile.h"
#include "view/report.h"
#include "view/view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const stack_input_formats[] = { "folded", "perf-script", "dtrace",	"sample", "vtune",
					    "vsprof", "ghcprof",     "xctrace", NULL };
const char *const stack_input_likes[] = { "sonde", "stackcollapse-perf.pl", "inferno", NULL };
const char *const stack_input_sources[] = { "time", "ticks", "bytes", NULL };

static enum names_like like_of(const char *word)
{
	if (word)
		for (unsigned i = 0; stack_input_likes[i]; i++)
			if (str_eq(stack_input_likes[i], word))
				return (enum names_like)i;
	return NAMES_SONDE;
}

void stack_input_text_options(const struct stack_input_args *args, struct text_options *options)
{
	*options = (struct text_options){
		.like = like_of(args->like),
		.pid = args->pid,
		.tid = args->tid,
		.kernel = args->kernel || args->all,
		.jit = args->jit || args->all,
		.addrs = args->addrs,
		.srcline = args->srcline,
		.event = args->event,
		.skip_after = args->skip_after.words,
		.skip_after_count = args->skip_after.count,
		.no_sort = args->no_sort && !args->reverse,
		.in_time = args->in_time,
		.strip_hex = args->strip_hex,
		.no_modules = args->no_modules,
		.offsets = args->offsets,
		.source = args->source,
	};
}

/* Put what is in FROM in its place. */
static void replace(struct stacks *stacks, struct stacks *from)
{
	stacks_deinit(stacks);
	*stacks = *from;
}

static void transform(const struct stack_input_args *args, struct stacks *stacks)
{
	struct stacks changed;

	if (args->base.count) {
		stacks_init(&changed);
		stacks_from_base(stacks, args->base.words, args->base.count,
				 like_of(args->like) == NAMES_INFERNO, &changed);
		replace(stacks, &changed);
	}
	if (args->fold_recursion) {
		stacks_init(&changed);
		stacks_fold_recursion(stacks, &changed);
		replace(stacks, &changed);
	}
	if (args->reverse) {
		stacks_init(&changed);
		stacks_reverse(stacks, &changed);
		changed.grouped = false;
		replace(stacks, &changed);
	}
	stacks_finish(stacks);
}

static struct err *open_text(const struct stack_input_args *args, const struct narrow_args *narrow,
			     struct stack_input *in)
{
	struct text_options options;
	struct stacks stacks;

	stack_input_text_options(args, &options);
	if (!options.event)
		options.event = narrow->event;
	stacks_init(&stacks);

	struct err *err = text_read_stacks(in->from.path, args->as, &options, &stacks, NULL);

	if (!err) {
		transform(args, &stacks);
		in->profile = profile_of_stacks(&stacks);
	}
	stacks_deinit(&stacks);
	return err;
}

void narrow_to_view(const struct narrow_args *narrow, struct view_options *view)
{
	view->thread = narrow->thread;
	view->process = narrow->process;
	view->module = narrow->module;
	view->event = narrow->event;
	view->from_ns = narrow->from_ns;
	view->to_ns = narrow->until_ns;
	view->no_kernel = narrow->no_kernel;
	view->no_user = narrow->no_user;
	view->no_inlines = narrow->no_inlines;
	view->by_thread = narrow->by_thread;
	view->by_process = narrow->by_process;
}

static struct err *open_recording(const struct stack_input_args *args, const char *operand,
				  const struct narrow_args *narrow, struct stack_input *in)
{
	struct view_options view = { 0 };

	narrow_to_view(narrow, &view);
	if (!view.event)
		view.event = args->event;
	TRY(recording_input_open(operand, &in->from));
	TRY(report_profile(in->from.recording, &view, &in->profile));
	transform(args, &in->profile->stacks);
	return NULL;
}

/* A file or a pipe, not a directory; and not the program beside its recording ("make" and
 * make.sonde). */
static bool is_text(const char *operand)
{
	CLEANUP(mem_freep) char *recording = mem_printf("%s.sonde", operand);
	struct stat st;

	if (stat(recording, &st) == 0 && S_ISDIR(st.st_mode))
		return false;
	return strcmp(operand, "-") == 0 || (stat(operand, &st) == 0 && !S_ISDIR(st.st_mode));
}

struct err *stack_input_open(const struct stack_input_args *args, const struct narrow_args *narrow,
			     const char *operand, struct stack_input *ret)
{
	struct stack_input in = { 0 };
	struct err *err;

	debuginfod_opt_apply(narrow->debuginfod);
	if (operand && (args->as || !recording_input_is_foreign(operand)) && is_text(operand)) {
		in.from.path = mem_strdup(operand);
		err = open_text(args, narrow, &in);
	} else {
		err = open_recording(args, operand, narrow, &in);
	}
	if (err) {
		stack_input_close(&in);
		return err;
	}
	*ret = in;
	return NULL;
}

struct err *stack_input_check(const struct stack_input *in)
{
	if (in->from.recording || in->profile->stacks.nodes.v[0].total > 0)
		return NULL;
	return err_fix(err_new(ERR_FORMAT, "%s has no stacks in it", in->from.path),
		       "is it what you meant? sonde export --help names the texts that are read");
}

void stack_input_close(struct stack_input *in)
{
	profile_destroy(in->profile);
	recording_input_close(&in->from);
	*in = (struct stack_input){ 0 };
}

double stack_input_compare(struct stack_input *after, struct stack_input *before, bool normalize)
{
	if (!after->from.recording != !before->from.recording) {
		struct stack_input *in = after->from.recording ? after : before;
		struct stacks names;

		stacks_init(&names);
		folded_names(&in->profile->stacks, &(struct text_options){ 0 }, &names);
		replace(&in->profile->stacks, &names);
	}

	double factor = stacks_diff(&after->profile->stacks, &before->profile->stacks, normalize);

	stacks_finish(&after->profile->stacks);
	return factor;
}
