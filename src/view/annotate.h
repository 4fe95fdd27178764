/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_ANNOTATE_H
#define SONDE_VIEW_ANNOTATE_H
/* One function under the glass: its source lines and instructions, with what each used. */
#include "arch/disasm.h"
#include "base/err.h"
#include "base/opt.h"

#include <stdbool.h>

struct doc;
struct profile;
struct view_options;

struct annotate_options {
	const struct view_options *view; /* `limit`: spots; `module` tells functions apart */
	const char *function;		 /* NULL: the one that used most */
	bool source_only, code_only;
	bool all;	  /* also long stretches where nothing was sampled */
	bool as_data;	  /* for programs: nothing drawn, nothing between the instructions */
	enum disasm_syntax syntax;
	const char *vmlinux;		 /* the kernel's file, or a module's, instead of looking for it; NULL */
	struct opt_list source_path; /* directories to look for sources in */
	struct opt_list path_map;    /* OLD=NEW: what recorded paths begin with */
};

/* What would make annotate_emit() fail on what the user asked for; before a document is
 * opened. */
struct err *annotate_check(const struct profile *p, const struct annotate_options *options);

/* The whole document, doc_begin() to the last line; doc_end() is the caller's. */
struct err *annotate_emit(struct doc *doc, const struct profile *p,
			  const struct annotate_options *options);

#endif
