/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_STACK_INPUT_H
#define SONDE_CMD_STACK_INPUT_H
/*
 * What commands that read stacks (flame, export, report) have in common: the options
 * that say how to read another tool's text, and the reading itself.
 */
#include "base/arena.h"
#include "base/opt.h"
#include "convert/text.h"

#include <stddef.h>

struct stacks;

struct stack_input_args {
	const char *from;
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
	{ .name = "from", .kind = OPT_CHOICE, .value = "FORMAT", .choices = stack_input_formats, \
	  .help = "what the text is; found out when not given",                                  \
	  .offset = offsetof(type, member.from) },                                               \
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

/* Read PATH ("-": standard input) into initialised STACKS and apply --base,
 * --fold-recursion and --reverse; finished. */
struct err *stack_input_read(const struct stack_input_args *args, const char *path,
			     struct stacks *stacks);
/* The transformations alone, for stacks that come from a recording. */
void stack_input_transform(const struct stack_input_args *args, struct stacks *stacks);

/* Is PATH a recording (a directory)? */
bool stack_input_is_recording(const char *path);

#endif
