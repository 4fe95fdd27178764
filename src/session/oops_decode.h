/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_OOPS_DECODE_H
#define SONDE_SESSION_OOPS_DECODE_H
/*
 * Files and lines for the frames of kernel reports, from vmlinux and the modules.  Each
 * function's size is compared with the report's ("func+0x1/0x2"): another kernel's file is
 * noticed and said, never decoded with.  Where no such file is to be had, a list of symbols and BTF say less:
 * whether each function is there with that size, and what it takes.
 */
#include "base/err.h"
#include "module/module.h"
#include "oops/report.h"

struct oops_decoder;

struct oops_decode_options {
	const char *vmlinux;     /* NULL: looked for by the report's build-id and version */
	const char *kallsyms;    /* a list of symbols (kernel_names.h); NULL: the running kernel's own, where the report is of it */
	const char *modules;     /* directory; NULL: /usr/lib/debug/lib/modules/VERSION, /lib/modules/VERSION */
	enum debuginfod_when debuginfod;
	bool no_cache;
};

/* ERR_NOT_FOUND when a file or directory that was named isn't there. */
struct err *oops_decoder_create(const struct oops_decode_options *options, struct oops_decoder **ret);
void oops_decoder_destroy(struct oops_decoder *d); /* NULL-safe */

/* Fill in file, line and inlined frames of all traces, PC, LR and the blamed frame; what
 * could not be said of a frame stands in its note.  Errors are for us (no memory). */
struct err *oops_decode(struct oops_decoder *d, struct oops_report *r);

/* Sentence I, from 0, on what was missing or did not fit, of all reports so far ("no vmlinux for
 * 6.1.0-18-amd64 was found"), with the fix (may be NULL); NULL: there are no more.  The text is the decoder's. */
enum { OOPS_DECODE_NOTES_MAX = 6 };
const char *oops_decoder_note(struct oops_decoder *d, size_t i, const char **fix);
/* How many further ones there were. */
size_t oops_decoder_not_noted(const struct oops_decoder *d);

#endif
