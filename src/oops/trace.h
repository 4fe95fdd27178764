/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_TRACE_H
#define SONDE_OOPS_TRACE_H
/* Stack traces in the text of a report: frames of all architectures, and what a trace is of. */
#include "oops/report.h"

/* A line that is a frame: " func+0x1/0x2 [mod]", "[<addr>] ? func+...", "func from caller",
 * " func file.c:12 [inline]" ...; TEXT is undressed.  False: it is none.  Strings go to A. */
bool oops_frame_parse(struct arena *a, const char *text, size_t length, struct oops_frame *ret);

/* Would oops_frame_parse() say yes?  Without the strings. */
bool oops_is_frame(const char *text, size_t length);

/* A line that begins a trace: "Call Trace:", "Freed by task 12:" ...; *kind, *task and *cpu
 * say whose. */
bool oops_is_trace_title(const char *text, size_t length, enum oops_trace_kind *kind, int *task, int *cpu);

/* All traces in r->text, in order, into r->traces. */
void oops_traces_parse(struct oops_report *r);

/* Cut what the compiler added: "foo.isra.0.cold" is "foo".  Returns the length of the name. */
size_t oops_base_name(const char *function, size_t length);

#endif
