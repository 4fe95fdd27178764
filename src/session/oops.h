/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_OOPS_H
#define SONDE_SESSION_OOPS_H
/* Kernel reports of one or more logs, to a document or as JSON. */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct doc;
struct oops_decode_options;

struct oops_session_options {
	const char *const *files; /* none: the running kernel's log */
	size_t file_count;
	bool follow;              /* report each as it comes, until Ctrl-C */
	bool verbose;
	const char *kind;         /* only this one; NULL: all */
	const struct oops_decode_options *decode; /* NULL: names as the log has them */
	uint64_t limit;           /* reports told in full; 0: 20 */
};

/* A document: the table of what was found, then each report once. */
struct err *session_oops(const struct oops_session_options *options, struct doc *doc);
/* JSON, all reports one by one as they come. */
struct err *session_oops_json(const struct oops_session_options *options, FILE *out);

#endif
