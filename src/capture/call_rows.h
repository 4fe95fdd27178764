/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_CALL_ROWS_H
#define SONDE_CAPTURE_CALL_ROWS_H
/* A sink that puts calls and signals into a recording, whichever engine saw them. */
#include "capture/calls.h"

struct call_rows;
struct recorder;
struct recorder_stream;
struct track;

/* All are borrowed.  STYLE is what the text is decoded in; it is what a reader will see. */
struct call_rows *call_rows_create(struct recorder *r, struct recorder_stream *s, struct track *t,
				   const struct syscall_style *style);
void call_rows_destroy(struct call_rows *c); /* NULL-safe */
/* At each call's entry: the id of the thread's stack (track_stack()), 0: none. */
void call_rows_set_stacks(struct call_rows *c, uint32_t (*take)(void *user, const struct call_thread *t), void *user);
/* What texts are made with; borrowed.  That descriptors have names is a note. */
#define CALL_ROWS_NOTE_FILES "syscalls.descriptors"
void call_rows_set_names(struct call_rows *c, const struct call_names *names);
const struct call_sink *call_rows_sink(void);

#endif
