/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_STACK_INPUT_H
#define SONDE_CMD_STACK_INPUT_H
/*
 * What commands that read stacks (flame, export, report) have in common: the options
 * that say how to read another tool's text, and the reading itself.
 */
#include "base/arena.h"
#include "base/opt.h"
#include "cmd/debuginfod_opt.h"
#include "cmd/recording_input.h"
#include "convert/text.h"

#include <stddef.h>

struct stacks;

struct stack_input_args {
	const char *as;
	bool pid, tid, kernel, jit, all, addrs, srcline;
	const char *event;
	struct opt_list skip_after, base;
	bool no_sort, in_time, strip_hex, fold_recursion, reverse;
	bool no_modules, offsets;
	const char *source, *like;
};

extern const char *const stack_input_formats[], *const stack_input_likes[], *const stack_input_sources[];

#define STACK_INPUT_OPTS(type, member)                                                           \
	{ .kind = OPT_HEADING, .help = "Stacks from another tool's text" },                      \
	{ .name = "as", .kind = OPT_CHOICE, .value = "FORMAT", .choices = stack_input_formats,   \
	  .help = "what the text is; found out when not given",                                  \
	  .offset = offsetof(type, member.as) },                                               \
	{ .name = "pid", .kind = OPT_FLAG, .help = "process ids with the process names",         \
	  .offset = offsetof(type, member.pid) },                                                \
	{ .name = "tid", .kind = OPT_FLAG, .help = "process and thread ids with the process names", \
	  .offset = offsetof(type, member.tid) },                                                \
	{ .name = "kernel", .kind = OPT_FLAG, .help = "mark kernel functions with _[k]",         \
	  .offset = offsetof(type, member.kernel) },                                             \
	{ .name = "jit", .kind = OPT_FLAG, .help = "mark JIT functions with _[j]",               \
	  .offset = offsetof(type, member.jit) },                                                \
	{ .name = "all", .kind = OPT_FLAG, .help = "all marks: --kernel --jit",                  \
	  .offset = offsetof(type, member.all) },                                                \
	{ .name = "addrs", .kind = OPT_FLAG, .help = "show addresses where there is no name",    \
	  .offset = offsetof(type, member.addrs) },                                              \
	{ .name = "srcline", .kind = OPT_FLAG,                                                   \
	  .help = "perf script -F +srcline: the line after a frame is its source place",         \
	  .offset = offsetof(type, member.srcline) },                                            \
	{ .name = "event-filter", .kind = OPT_STRING, .value = "EVENT",                          \
	  .help = "count only this event (default: the first one seen)",                         \
	  .offset = offsetof(type, member.event) },                                              \
	{ .name = "skip-after", .kind = OPT_STRINGS, .value = "FUNCTION",                        \
	  .help = "leave out the callers of this function",                                      \
	  .offset = offsetof(type, member.skip_after) },                                         \
	{ .name = "base", .kind = OPT_STRINGS, .value = "FUNCTION",                              \
	  .help = "only stacks with this function, from there on inwards",                       \
	  .offset = offsetof(type, member.base) },                                               \
	{ .name = "fold-recursion", .kind = OPT_FLAG,                                            \
	  .help = "a function that calls itself directly stands once",                           \
	  .offset = offsetof(type, member.fold_recursion) },                                     \
	{ .name = "no-sort", .kind = OPT_FLAG, .help = "folded: refuse lines that are not sorted", \
	  .offset = offsetof(type, member.no_sort) },                                            \
	{ .name = "strip-hex", .kind = OPT_FLAG, .help = "folded: 0x45ef2173 becomes 0x...",     \
	  .offset = offsetof(type, member.strip_hex) },                                          \
	{ .name = "no-modules", .kind = OPT_FLAG, .help = "sample, vtune: names without modules", \
	  .offset = offsetof(type, member.no_modules) },                                         \
	{ .name = "includeoffset", .kind = OPT_FLAG, .help = "dtrace: keep offsets in functions", \
	  .offset = offsetof(type, member.offsets) },                                            \
	{ .name = "source", .kind = OPT_CHOICE, .value = "COLUMN", .choices = stack_input_sources, \
	  .help = "ghcprof: which column counts", .offset = offsetof(type, member.source) },     \
	{ .name = "like", .kind = OPT_CHOICE, .value = "TOOL", .choices = stack_input_likes,     \
	  .help = "names to the byte as stackcollapse-perf.pl or inferno write them",            \
	  .offset = offsetof(type, member.like) }

void stack_input_text_options(const struct stack_input_args *args, struct text_options *options);

/* What narrows a profile down; the same for report, flame and export. */
struct narrow_args {
	const char *thread, *process, *module, *event, *debuginfod;
	uint64_t from_ns, until_ns;
	bool no_kernel, no_user, no_inlines, by_thread, by_process;
};
#define NARROW_OPTS(type, member)                                                                \
	{ .kind = OPT_HEADING, .help = "Which samples of a recording" },                         \
	{ .name = "thread", .kind = OPT_STRING, .value = "TID|NAME", .help = "only this thread", \
	  .offset = offsetof(type, member.thread) },                                             \
	{ .name = "process", .kind = OPT_STRING, .value = "PID|NAME", .help = "only this process", \
	  .offset = offsetof(type, member.process) },                                            \
	{ .name = "module", .kind = OPT_STRING, .value = "FILE",                                 \
	  .help = "only samples whose innermost frame is in this module",                        \
	  .offset = offsetof(type, member.module) },                                             \
	{ .name = "event", .kind = OPT_STRING, .value = "EVENT",                                 \
	  .help = "count this event (default: the first one recorded)",                          \
	  .offset = offsetof(type, member.event) },                                              \
	{ .name = "from", .kind = OPT_DURATION, .value = "TIME",                                 \
	  .help = "leave out what was before, counted from the start of the recording",          \
	  .offset = offsetof(type, member.from_ns) },                                            \
	{ .name = "until", .kind = OPT_DURATION, .value = "TIME", .min = 1,                       \
	  .help = "leave out what was later",                                                   \
	  .offset = offsetof(type, member.until_ns) },                                           \
	{ .name = "no-kernel", .kind = OPT_FLAG, .help = "without kernel frames: their time is their caller's", \
	  .offset = offsetof(type, member.no_kernel) },                                          \
	{ .name = "no-user", .kind = OPT_FLAG, .help = "without user frames",                    \
	  .offset = offsetof(type, member.no_user) },                                            \
	{ .name = "no-inlines", .kind = OPT_FLAG, .help = "inlined calls count as the function they are in", \
	  .offset = offsetof(type, member.no_inlines) },                                         \
	{ .name = "by-thread", .kind = OPT_FLAG, .help = "a root for each thread",               \
	  .offset = offsetof(type, member.by_thread) },                                          \
	{ .name = "by-process", .kind = OPT_FLAG, .help = "a root for each process",             \
	  .offset = offsetof(type, member.by_process) },                                         \
	DEBUGINFOD_OPT(type, member.debuginfod)

struct recording;
struct profile;
struct view_options;

/* A profile, whatever it was made from. */
struct stack_input {
	struct recording_input from; /* its recording is NULL when it was text */
	struct profile *profile;
};
/* OPERAND: a recording, a file to import, a text, "-"; NULL: the newest recording here.  The profile's stacks
 * have --base, --fold-recursion and --reverse applied. */
struct err *stack_input_open(const struct stack_input_args *args, const struct narrow_args *narrow,
			     const char *operand, struct stack_input *ret);
/* ERR_FORMAT: a text without one stack. */
struct err *stack_input_check(const struct stack_input *in);
void stack_input_close(struct stack_input *in);
/* What compares AFTER with BEFORE: by names alone when one of them was text. */
double stack_input_compare(struct stack_input *after, struct stack_input *before, bool normalize);

void narrow_to_view(const struct narrow_args *narrow, struct view_options *view);

#endif
