/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_PATH_FILTER_H
#define SONDE_SESSION_TRACE_PATH_FILTER_H
/* -P and --trace-fds: only calls that touch one of these paths, by name or by a descriptor of it, or
 * one of these descriptors. */
#include "capture/calls.h"
#include "session/trace/sets.h"

#include <stdbool.h>
#include <stddef.h>

struct path_filter;

/* FDS is borrowed; NULL: paths alone. */
struct path_filter *path_filter_create(const char *const *paths, size_t count, const struct number_set *fds);
void path_filter_destroy(struct path_filter *f); /* NULL-safe */
/* At the call's entry. */
bool path_filter_match(const struct path_filter *f, const struct call_thread *t,
		       const struct syscall_memory *memory);
/* Does a recorded call, whose memory is gone, touch one of FDS?  By its arguments, and their text. */
bool path_filter_touches(const struct number_set *fds, const struct syscall_call *call, const char *arguments);

#endif
