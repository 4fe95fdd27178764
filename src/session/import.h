/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_IMPORT_H
#define SONDE_SESSION_IMPORT_H
/* Another tool's file made into a recording (convert/importer.h). */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct importer;
struct recorder_totals;

struct temporary;

struct import_request {
	const char *path;   /* "-": standard input */
	const char *from;   /* an importer's name; NULL: by content */
	const char *output; /* the recording to make */
	bool overwrite;
	bool no_symbols;    /* leave frames unresolved */
	bool is_temporary;  /* output is in $TMPDIR */
	const char *vmlinux, *kallsyms; /* of the kernel that ran; NULL: looked for (session/resolve.h) */
};
/* *damage, when not NULL, becomes the error at which the file ended too early; what came
 * before is in the recording.  The caller's to destroy. */
struct err *session_import(const struct import_request *request, struct recorder_totals *totals,
			   struct err **damage);

/* The same into a temporary recording. */
struct err *session_import_temporary(const char *path, const char *from, struct temporary **ret,
				     struct err **damage);

/* Is PATH a file, or what comes on standard input ("-"), that an importer knows by its content?
 * Nothing is taken from a pipe. */
bool session_can_import(const char *path);

#endif
