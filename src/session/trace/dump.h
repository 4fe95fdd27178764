/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_DUMP_H
#define SONDE_SESSION_TRACE_DUMP_H
/* -e read=, -e write=: what went through a descriptor, in hex and as text. */
#include "session/trace/options.h"
#include "syscall/memory.h"
#include "syscall/print.h"

/* After the call's line; nothing for calls and descriptors that were not asked for. */
void dump_call(const struct trace_options *o, const struct syscall_call *call, const struct syscall_memory *memory,
	       struct str *out);

#endif
