/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_PRINTER_H
#define SONDE_SESSION_TRACE_PRINTER_H
/*
 * The lines of a trace as strace writes them, made from what an engine tells: a sink
 * (capture/calls.h) for live tracing; views that print a recording feed it too.
 */
#include "capture/calls.h"
#include "session/trace/options.h"
#include "session/trace/output.h"

struct printer;
struct summary;
struct fd_names;
struct stack_names;

/* Borrows OPTIONS. */
struct err *printer_create(const struct trace_options *options, struct printer **ret);
/* Prints the summary (-c), writes what is left, closes the output.  False: not all could be written. */
bool printer_finish(struct printer *p);
void printer_destroy(struct printer *p);
const struct call_sink *printer_sink(void);

/* A message in the trace's own place in time: on standard error, in order with the lines
 * that go there. */
void printer_say(struct printer *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* --syscall-limit is reached. */
bool printer_is_done(const struct printer *p);
/* The same, to be looked at after each event. */
const bool *printer_borrow_done(const struct printer *p);
/* The engine can't wait for who reads the lines: those that he doesn't take at once are kept.  STOP
 * is asked while the last of them are waited for. */
void printer_spool(struct printer *p, bool (*stop)(void *user), void *user);
/* To be polled for POLLOUT; -1: none waits. */
int printer_fd(const struct printer *p);
/* Nobody reads the output any more. */
bool printer_is_unread(const struct printer *p);
/* The command that -o '|CMD' started; 0: none. */
pid_t printer_command(const struct printer *p);
/* Is the call that T is in one that is asked for? */
bool printer_shows(struct printer *p, const struct call_thread *t, const struct syscall_memory *memory);
/* What its texts are made with. */
const struct syscall_lookup *printer_borrow_lookup(const struct printer *p);
/* -k: the engine hands over ids of stacks (call_thread.stack), which NAMES knows; borrowed. */
void printer_set_stack_names(struct printer *p, struct stack_names *names);
/* Times of a recording instead of the clock's (CLOCK_REALTIME = time + offset). */
void printer_set_clock(struct printer *p, int64_t wall_offset_ns);

#endif
