/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_EVIDENCE_H
#define SONDE_OOPS_EVIDENCE_H
/* What the evidence of certain kinds says, in sentences: parts of oops/explain.c, which calls them.  Each adds what it finds, or nothing. */
#include "oops/explain.h"

/* Memory that was used after it was freed, or beyond its end: which sort of access, who made it and in whose name (a timer's
 * callback, a work item, an interrupt), when it was freed, and what should have prevented it. */
void oops_evidence_access(struct oops_report *r, struct oops_explanation *e);
/* The orders in which locks were taken: now, and by whom the other way round. */
void oops_evidence_locks(struct oops_report *r, struct oops_explanation *e);
/* The words of reference counts, of lists and of objects that are still in use. */
void oops_evidence_count(struct oops_report *r, struct oops_explanation *e);
void oops_evidence_list(struct oops_report *r, struct oops_explanation *e);
void oops_evidence_object(struct oops_report *r, struct oops_explanation *e);
/* What repeats in a stack that overflowed. */
void oops_evidence_recursion(struct oops_report *r, struct oops_explanation *e);

/* Is it about a free that must not be, rather than an access? */
bool oops_evidence_is_free(const struct oops_report *r);
/* Of a trace of that kind the first function that doesn't belong to an allocator; NULL: none. */
const char *oops_evidence_function(const struct oops_report *r, enum oops_trace_kind kind);

#endif
