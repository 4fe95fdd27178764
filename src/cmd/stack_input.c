/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options to stacks, for the commands that read them. */
#include "cmd/stack_input.h"

#include "base/str.h"
#include "record/stacks.h"

#include <sys/stat.h>

const char *const stack_input_formats[] = { "folded", "perf-script", "dtrace",  "sample", "vtune",
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

void stack_input_transform(const struct stack_input_args *args, struct stacks *stacks)
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

struct err *stack_input_read(const struct stack_input_args *args, const char *path,
			     struct stacks *stacks)
{
	struct text_options options;

	stack_input_text_options(args, &options);
	TRY(text_read_stacks(path, args->from, &options, stacks, NULL));
	stack_input_transform(args, stacks);
	return NULL;
}

bool stack_input_is_recording(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
