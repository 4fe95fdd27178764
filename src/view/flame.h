/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_FLAME_H
#define SONDE_VIEW_FLAME_H
/* Aggregated stacks as a flame graph in a document. */
#include "base/err.h"
#include "base/map.h"

#include <stdbool.h>

struct doc;
struct stacks;

/* How it is to look; all may be 0 and NULL. */
struct flame_style {
	const char *title, *subtitle, *notes;
	const char *count_name; /* NULL: the stacks' own unit */
	const char *palette;	/* as doc_flame.palette */
	double factor, min_ratio;
	bool icicle;
	bool negate;		   /* difference: what grew counts as shrunk */
	const struct strmap *tips; /* function name -> const char * (as uintptr_t): its own tip */
};

/* One flame graph node of DOC, under KEY.  STACKS are finished. */
void flame_emit(struct doc *doc, const char *key, const struct stacks *stacks,
		const struct flame_style *style);

/* "63.0 s CPU: 70 % in cc1, 12 % in as"; a line that says what the graph shows. */
void flame_headline(struct doc *doc, const struct stacks *stacks);

/* Read flamegraph.pl's --nameattr file: a line a function, attributes behind tabs; the
 * titles go to TIPS (text in its key arena).  Warns about an attribute given twice. */
struct err *flame_read_tips(const char *path, struct strmap *tips);

#endif
