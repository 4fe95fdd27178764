/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_OOPS_H
#define SONDE_OOPS_OOPS_H
/*
 * Kernel reports out of a log that streams by.  Bytes go in in any pieces, reports come
 * out as soon as they are complete, in the order in which they began.  Memory is bounded:
 * by the open reports (one a caller, at most 64, at most 1 MiB of text each), 1,000 notes that wait behind one, and a
 * buffer; a line longer than 64 KiB counts by its beginning.
 */
#include "oops/report.h"

struct oops_scan;

/* REPORT is the callee's: oops_report_destroy(). */
typedef void oops_report_fn(void *user, struct oops_report *report);

struct oops_scan *oops_scan_create(oops_report_fn *callback, void *user);
void oops_scan_feed(struct oops_scan *s, const void *bytes, size_t size_bytes);
/* Nothing came for a while: what is open is complete. */
void oops_scan_idle(struct oops_scan *s);
/* The log ended: what is open is complete, or truncated. */
void oops_scan_finish(struct oops_scan *s);
void oops_scan_destroy(struct oops_scan *s); /* NULL-safe */

uint64_t oops_scan_lines(const struct oops_scan *s); /* seen so far */

#endif
