/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_JSON_LINE_H
#define SONDE_SESSION_TRACE_JSON_LINE_H
/*
 * sonde trace --json: an object a line (docs/SCHEMA.md, sonde.calls), live and of a recording alike.
 */
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

struct json_line {
	uint64_t time_ns;  /* of the recording's clock */
	uint32_t pid, tid;
	const char *kind;  /* "call", "signal", "stopped", "exited", "killed", "superseded" */
};

/* The object's beginning, into OUT; its other keys and its end are the caller's, without the newline. */
void json_line_begin(struct json *j, struct str *out, const struct json_line *line);
/* "stack": LINES as -k prints them, innermost first, without what leads them in. */
void json_line_stack(struct json *j, const char *lines);
/* A whole line "signal" or "stopped".  SIGINFO: "{si_signo=...}", SIGINFO_LENGTH bytes of it, NULL: not known, and
 * the key is there all the same; STACK: NULL: none was asked for. */
void json_line_signal(struct str *out, const struct json_line *line, const char *signal, const char *siginfo,
		      size_t siginfo_length, const char *stack);
/* A whole line "exited" or "killed", by STATUS as of wait(); LINE's kind is set here. */
void json_line_end(struct str *out, struct json_line *line, int status);

#endif
