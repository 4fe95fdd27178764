/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_PARSE_H
#define SONDE_OOPS_PARSE_H
/* From the lines of one report to its structure.  Used by oops/scan.c. */
#include "oops/kind.h"

/* TEXT: undressed lines, the headline first (PROLOGUE lines of the same caller came before
 * it: "Modules linked in" of an old kernel, "cut here").  KIND: the first row that fits the
 * headline.  The report owns copies of all. */
struct oops_report *oops_parse(const struct oops_kind *kind, const char *text, size_t length);

/* The parts, each in a file of its own. */
void oops_facts_parse(struct oops_report *r);     /* facts.c: CPU, task, kernel, modules ... */
void oops_context_find(struct oops_report *r);    /* context.c: task, softirq, interrupt or NMI */
void oops_registers_parse(struct oops_report *r); /* registers.c: PC, LR, registers, code */
void oops_tasks_parse(struct oops_report *r);     /* tasks.c: the tasks that it lists */
void oops_blame_find(struct oops_report *r);      /* blame.c */
void oops_source_find(struct oops_report *r);     /* source.c: the file to look at */
void oops_title_make(struct oops_report *r);      /* title.c */
void oops_damage_find(struct oops_report *r);     /* damage.c: corrupted, truncated */

/* Lines of r->text. */
struct oops_lines {
	const char *at, *end;
};
struct oops_lines oops_lines_of(const struct oops_report *r);
bool oops_lines_next(struct oops_lines *lines, const char **line, size_t *length);

#endif
