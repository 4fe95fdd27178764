/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls in the report.  Beside samples they are a section of it; a recording of calls alone
 * (sonde trace -o REC.sonde) has them for its report.
 */
#include "view/report_impl.h"

#include "record/recording.h"
#include "view/calls/calls.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 8, PARTS = CALLS_SUMMARY | CALLS_WAITS | CALLS_SLOW | CALLS_ERRORS };

static bool has_rows(const struct recording *r, const char *table)
{
	const struct table_info *info = recording_find_table(r, table);

	return info && info->rows;
}

bool report_is_of_calls(const struct recording *r) { return has_rows(r, "syscall") && !has_rows(r, "sample"); }

/* --thread, --process, --from, --until: numbers or names. */
static bool names(const char *wanted, uint32_t number, const char *comm)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return !wanted || str_eq(wanted, text) || str_eq(wanted, comm);
}

struct narrowed {
	const struct view_options *view;
	uint64_t start_ns;
};

static bool wants(void *user, const struct calls_row *row)
{
	const struct narrowed *n = user;
	uint64_t since_ns = row->time_ns > n->start_ns ? row->time_ns - n->start_ns : 0;

	return names(n->view->thread, row->tid, row->comm) && names(n->view->process, row->pid, row->comm) &&
	       since_ns >= n->view->from_ns && (!n->view->to_ns || since_ns < n->view->to_ns);
}

struct err *report_system_calls(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	struct narrowed narrowed = { .view = o->view };
	struct calls_options options = { .wants = wants, .user = &narrowed, .limit = report_limit(o, ROWS) };
	struct calls *calls;
	struct str answer = { 0 };

	if (!p->recording || !has_rows(p->recording, "syscall"))
		return NULL;
	narrowed.start_ns = recording_borrow_meta(p->recording)->start_ns;
	TRY(calls_create(p->recording, &options, &calls));
	doc_section_begin(doc, "system_calls", "System calls");
	calls_answer(calls, &answer);
	doc_text(doc, "%s.", str_text(&answer));
	calls_emit_parts(doc, calls, PARTS, NULL);
	doc_section_end(doc);
	str_deinit(&answer);
	calls_destroy(calls);
	return NULL;
}

struct err *report_emit_calls(struct doc *doc, struct recording *r, const struct report_options *o)
{
	struct narrowed narrowed = { o->view, recording_borrow_meta(r)->start_ns };
	struct calls_options options = { .wants = wants, .user = &narrowed, .limit = o->view->limit };
	struct calls *calls;

	TRY(calls_create(r, &options, &calls));
	calls_emit(doc, calls, PARTS, o->view->recording_path);
	calls_destroy(calls);
	return NULL;
}
