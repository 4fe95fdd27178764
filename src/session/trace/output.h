/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_OUTPUT_H
#define SONDE_SESSION_TRACE_OUTPUT_H
/*
 * Where lines go: standard error, a file, a command, or a file a process.  Text is
 * collected and written in big pieces; trace_out_flush() before anybody else is about to
 * write to the same place.
 *
 * Writing waits for a slow reader, as strace's does, unless trace_out_spool() is asked for: then
 * what the reader doesn't take is kept (base/spool.h) and written by later flushes.
 */
#include "base/err.h"
#include "base/spool.h"
#include "base/str.h"
#include "session/trace/color.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct trace_out {
	int fd;
	bool owned;       /* close it */
	bool shared;      /* no file of our own: a terminal, a pipe that others write to */
	bool pipe;        /* or a socket: its reader may go */
	struct str text;  /* not yet written */
	size_t line_at;   /* where in `text` the line began, if it did since the last write */
	size_t carried;   /* columns of the line that were written already */
	pid_t command;    /* of -o '|command'; 0: none */
	const char *who;  /* whose messages: "strace"; borrowed */
	bool advises;     /* ...which say what to do, too */
	char *path;       /* of a file */
	bool gone;        /* its reader is (EPIPE) */
	bool begun;       /* a line was written */
	bool failed;      /* said once; the rest is dropped, and the tracing goes on */
	bool lost;        /* ...and not because its reader had enough: the exit status is to say so */
	bool colored;     /* lines get terminal colours when they are written */
	struct color_state color;
	struct spool *spool; /* NULL: writing waits */
	bool (*stop)(void *user); /* of trace_out_spool() */
	void *stop_user;
};

/* PATH NULL: standard error.  WHO: the name that messages begin with. */
struct err *trace_out_open(struct trace_out *out, const char *who, const char *path, bool append);
/* Nothing waits for the reader any more but trace_out_close(), until STOP says that somebody has had
 * enough.  A file and a device that nobody is behind are written as before. */
void trace_out_spool(struct trace_out *out, const struct spool_options *options, bool (*stop)(void *user), void *user);
/* To be polled for POLLOUT, and flushed then; -1: nothing waits. */
int trace_out_fd(const struct trace_out *out);
/* Writes, closes, and waits for the command until it, or somebody by a signal that ends us, has had enough.  False: not all could be written, which was said. */
bool trace_out_close(struct trace_out *out);
void trace_out_flush(struct trace_out *out);
/* What follows has no colours: a table. */
void trace_out_end_lines(struct trace_out *out);
/* Nobody reads any more: a write said so, or the pipe does though nothing was written. */
bool trace_out_is_unread(const struct trace_out *out);
/* Columns of the line so far. */
static inline size_t trace_out_column(const struct trace_out *out)
{
	return out->carried + out->text.length - out->line_at;
}
static inline void trace_out_new_line(struct trace_out *out)
{
	out->carried = 0;
	out->line_at = out->text.length;
}

#endif
