/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_IMPORTER_H
#define SONDE_CONVERT_IMPORTER_H
/*
 * The ways in: another tool's file as a recording.  An importer is one file with a
 * `const struct importer` and one line in importers.c; session/import.h makes the recording
 * around it and gives its frames names.
 */
#include "base/err.h"
#include "format/cursor.h"
#include "module/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recorder;
struct recorder_stream;
struct track;

enum { IMPORT_HEAD_BYTES = 64 << 10 }; /* what probes see */

struct import_input {
	const char *name;   /* for messages */
	struct bytes file;  /* all of it; valid until the recording is finished */
	uint64_t mtime_ns;  /* of the file, CLOCK_REALTIME; 0: a pipe */
};
/* The kernel under which it was recorded, where that isn't the running one as it runs now. */
struct import_kernel {
	bool elsewhere;
	char release[128];  /* "": not known */
	char symbol[16];    /* "_text" or "_stext" */
	uint64_t symbol_addr; /* where that was; 0: not known */
	struct build_id build_id;
};

struct import_output {
	struct recorder *recorder;
	struct recorder_stream *stream;
	struct track *track;	   /* an offline one */
	struct err *damage;	   /* out: the file is damaged from somewhere on; what came before it
				      is in the recording.  The caller's to destroy. */
	struct import_kernel kernel; /* out */
	bool is_local;		   /* out: it was this machine, so process ids may be those of processes that run */
	/* progress; may be NULL */
	void (*progress)(void *user, uint64_t done, uint64_t total);
	void *user;
};

struct importer {
	const char *name; /* "perf.data", for --from */
	const char *summary;
	/* Does HEAD, the beginning of the file, look like one? */
	bool (*probe)(const void *head, size_t size_bytes);
	/* Fails only when nothing can be had of it. */
	struct err *(*read)(const struct import_input *in, struct import_output *out);
};
extern const struct importer *const importer_table[]; /* ended by NULL; asked in order */

/* By name; ERR_USAGE with the known ones. */
struct err *importer_find(const char *name, const struct importer **ret);
/* By content; NULL: none. */
const struct importer *importer_probe(const void *head, size_t size_bytes);

#endif
