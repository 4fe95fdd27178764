/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_REPORT_IMPL_H
#define SONDE_VIEW_REPORT_IMPL_H
/* What the parts of the report share. */
#include "base/str.h"
#include "base/units.h"
#include "record/stacks.h"
#include "render/doc.h"
#include "view/profile.h"
#include "view/report.h"
#include "view/view.h"

/* One line of a table: what it counts under, and how much. */
struct report_item {
	uint32_t id;
	uint64_t self, total, self_before, total_before;
};

/* Most self first; then most total; then by id. */
int report_compare_self(const void *a, const void *b);
/* Most total first. */
int report_compare_total(const void *a, const void *b);

static inline double report_ratio(const struct profile *p, uint64_t value)
{
	return p->value ? (double)value / (double)p->value : 0;
}

/* "63.0 s", or "1,204 samples". */
void report_add_amount(struct str *out, const struct profile *p, uint64_t value);

static inline enum doc_unit report_unit(const struct profile *p)
{
	return p->is_time ? DOC_DURATION_NS : DOC_COUNT;
}

enum doc_style report_style(enum stacks_kind kind);

/* "parse.c:120" into OUT, "" when not known. */
void report_place(struct str *out, const char *file, uint32_t line);

/* "parse" names parse and parse(int); a pattern, all that it matches. */
bool report_names_it(const char *wanted, const char *name);
/* ERR_NOT_FOUND, with the nearest name that was sampled. */
/* Nothing was sampled below that name; `fix` says what is like it.  COMMAND: "sonde report --function", in which
 * a pattern can be given. */
struct err *report_no_function(const struct profile *p, const char *name, const char *command);

/* A section on the system calls of the recording, where it has some. */
struct err *report_system_calls(struct doc *doc, const struct profile *p, const struct report_options *o);

/* How many rows a table has room for, by --limit. */
static inline uint64_t report_limit(const struct report_options *o, uint64_t usual)
{
	return o->view->limit ? o->view->limit : usual;
}

#endif
