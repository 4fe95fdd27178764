/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_EXPLAIN_H
#define SONDE_OOPS_EXPLAIN_H
/*
 * What a report means, for a person: what this kind of report is, what the evidence in
 * this one says, where to look first.  Nothing here is guessed beyond what the structure
 * holds; where a value is well known (poison, error pointers) its meaning is said.
 */
#include "oops/report.h"

struct oops_explanation {
	const char *meaning;          /* of the kind; NULL: nothing is known about it */
	VEC(const char *) evidence;   /* sentences; in the report's arena */
	const char *look;             /* where to look first; NULL */
	const char *next;             /* the command to run next; NULL */
};

void oops_explain(struct oops_report *r, struct oops_explanation *ret);
void oops_explanation_deinit(struct oops_explanation *e);

/* One more sentence of evidence. */
void oops_explanation_add(struct oops_report *r, struct oops_explanation *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What the processor's own words mean: error code, syndrome, cause, status (reason.c). */
void oops_reason_explain(struct oops_report *r, struct oops_explanation *e);

/* What an address tells by itself: "NULL plus 0x18", "list poison: ..."; NULL: nothing. */
const char *oops_address_meaning(struct oops_report *r, uint64_t address);

#endif
