/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_DIFF_H
#define SONDE_VIEW_DIFF_H
/* Two profiles side by side: what got slower, and whether that is more than chance. */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct doc;
struct profile;

/* What the two are compared for. */
enum diff_per {
	DIFF_PER_AUTO,	 /* run where both are runs of a command, share for text, else second */
	DIFF_PER_RUN,	 /* both did the same work */
	DIFF_PER_SECOND, /* of wall time */
	DIFF_PER_SHARE,	 /* of all that was counted */
	DIFF_PER_WORK,	 /* a unit of work: work_before, work */
};

struct diff_options {
	const char *before_path, *path; /* as a person would name them */
	enum diff_per per;
	double work_before, work; /* DIFF_PER_WORK: how much each did */
	double noise;		  /* relative, from run to run: 0.02 */
	double chance;		  /* what is less probable is significant: 0.01 */
	bool by_total;		  /* a function with all that it calls */
	bool only_significant;
	uint64_t limit;		  /* rows; 0: the view's default */
};

/* What would make diff_emit() fail; before a document is opened. */
struct err *diff_check(const struct profile *before, const struct profile *now,
		       const struct diff_options *options);

/* From doc_begin() on; doc_end() is the caller's. */
void diff_emit(struct doc *doc, const struct profile *before, const struct profile *now,
	       const struct diff_options *options);

#endif
