/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_SUMMARY_H
#define SONDE_SESSION_TRACE_SUMMARY_H
/* Counting calls (-c, -C): strace's table; ours has percentiles beside. */
#include "capture/calls.h"
#include "session/trace/options.h"

struct summary;

struct summary *summary_create(const struct trace_options *options);
void summary_destroy(struct summary *s); /* NULL-safe */
/* A call returned; its thread's CPU time in the kernel was ENTER_SYSTEM_NS at entry. */
void summary_add(struct summary *s, const struct call_thread *t, uint64_t enter_system_ns);
void summary_print(struct summary *s, struct str *out);

#endif
