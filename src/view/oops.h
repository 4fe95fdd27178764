/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_OOPS_H
#define SONDE_VIEW_OOPS_H
/* A kernel report as a section of a document: what, where, why, and the stacks. */
#include <stdbool.h>

struct doc;
struct oops_report;

/* NUMBER counts reports from 1.  VERBOSE: all registers, all modules, unreliable frames. */
void view_oops(struct doc *doc, struct oops_report *r, unsigned number, bool verbose);

#endif
