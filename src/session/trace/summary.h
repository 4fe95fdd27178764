/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_SUMMARY_H
#define SONDE_SESSION_TRACE_SUMMARY_H
/* Counting calls (-c, -C): the tables of view/calls/counts.h, or strace's. */
#include "capture/calls.h"
#include "session/trace/options.h"
#include "view/calls/counts.h"

struct summary;

struct summary *summary_create(const struct trace_options *options);
void summary_destroy(struct summary *s); /* NULL-safe */
/* A call returned; its thread's CPU time in the kernel was ENTER_SYSTEM_NS at entry. */
void summary_add(struct summary *s, const struct call_thread *t, uint64_t enter_system_ns);
/* What a thread is called; without this /proc is asked when it is first counted. */
void summary_name(struct summary *s, const struct call_thread *t, const char *name);
/* Called as the engine says, or as /proc does now. */
void summary_execed(struct summary *s, const struct call_thread *t);
/* -S */
enum call_sort summary_sort(const struct trace_options *options);
void summary_print(struct summary *s, struct str *out);

#endif
