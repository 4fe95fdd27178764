/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_TRACE_VIEWS_H
#define SONDE_CMD_TRACE_VIEWS_H
/* The views of system calls as options of `sonde trace`, and for `sonde files`. */
#include "base/opt.h"
#include "cmd/cmd.h"
#include "session/trace/options.h"

struct record_session_options;

struct trace_view_args {
	bool summary, waits, slow, errors, files, tree;
	uint64_t limit;
};
#define TRACE_VIEW_OPTS(type, member)                                                                        \
	{ .name = "summary", .kind = OPT_FLAG, .offset = offsetof(type, member.summary),                       \
	  .help = "calls by name and by thread: how many, how long, p50, p99, errors, bytes" },               \
	{ .name = "waits", .kind = OPT_FLAG, .offset = offsetof(type, member.waits),                           \
	  .help = "what it waited for: files, sockets, children, futexes" },                                  \
	{ .name = "slow", .kind = OPT_FLAG, .offset = offsetof(type, member.slow),                             \
	  .help = "the slowest calls, with stacks where they were recorded (-k)" },                           \
	{ .name = "errors", .kind = OPT_FLAG, .offset = offsetof(type, member.errors),                         \
	  .help = "what failed, by error, directory and path" },                                              \
	{ .name = "files", .kind = OPT_FLAG, .offset = offsetof(type, member.files),                           \
	  .help = "files and sockets touched: reads, writes, bytes, time" },                                  \
	{ .name = "tree", .kind = OPT_FLAG, .offset = offsetof(type, member.tree),                             \
	  .help = "processes: who started whom, how long they lived, how they ended" },                       \
	{ .name = "limit", .kind = OPT_U64, .value = "N", .min = 1, .max = 10000000,                           \
	  .offset = offsetof(type, member.limit), .help = "rows of each table of a view" }

/* enum calls_part of what was asked for; 0: none. */
unsigned trace_views_parts(const struct trace_view_args *views);
/* Views of the recording at PATH, as OUTPUT asks. */
struct err *trace_views_show(const struct trace_view_args *views, unsigned parts, const struct trace_options *o,
			     const struct output_args *output, const char *path);
/* The same of what is recorded now, with RECORD's target, into a temporary directory. */
struct err *trace_views_record(const struct trace_view_args *views, unsigned parts, struct trace_options *o,
			       const struct output_args *output, struct record_session_options *record, int *status);

#endif
