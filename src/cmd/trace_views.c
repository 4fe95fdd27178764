/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views of system calls: of a recording, or of a command that is recorded for them. */
#include "cmd/trace_views.h"

#include "base/mem.h"
#include "record/recording.h"
#include "session/temporary.h"
#include "session/trace/record.h"
#include "session/trace/replay.h"
#include "session/trace/summary.h"
#include "view/calls/calls.h"

#include <stdlib.h>

unsigned trace_views_parts(const struct trace_view_args *v)
{
	return (v->summary ? CALLS_SUMMARY : 0U) | (v->waits ? CALLS_WAITS : 0U) | (v->slow ? CALLS_SLOW : 0U) |
	       (v->errors ? CALLS_ERRORS : 0U) | (v->files ? CALLS_FILES : 0U) | (v->tree ? CALLS_TREE : 0U);
}

static struct err *emit(struct recording *r, const struct calls_options *options, unsigned parts,
			const struct output_args *output, const char *shown_path)
{
	struct calls *calls;
	struct doc *doc = NULL;
	struct err *err;

	TRY(calls_create(r, options, &calls));
	err = output_open(output, &doc);
	if (!err) {
		calls_emit(doc, calls, parts, shown_path);
		err = doc_end(doc);
	}
	render_destroy(doc);
	calls_destroy(calls);
	return err;
}

/* SHOWN_PATH NULL: it will not be there to be asked again. */
static struct err *show(const struct trace_view_args *views, unsigned parts, const struct trace_options *o,
			const struct output_args *output, const char *path, const char *shown_path)
{
	struct calls_options options = { .wants = o ? replay_wants : NULL, .user = (void *)o, .limit = views->limit,
					 .sort = o ? summary_sort(o) : CALL_SORT_TIME };
	struct recording *r;
	struct err *err;

	TRY(recording_open(path, &r));
	err = o && shown_path ? replay_check_pids(o, r) : NULL;
	if (!err)
		err = emit(r, &options, parts, output, shown_path);
	recording_destroy(r);
	return err;
}

struct err *trace_views_show(const struct trace_view_args *views, unsigned parts, const struct trace_options *o,
			     const struct output_args *output, const char *path)
{
	return show(views, parts, o, output, path, path);
}

struct err *trace_views_record(const struct trace_view_args *views, unsigned parts, struct trace_options *o,
			       const struct output_args *output, struct record_session_options *record, int *status)
{
	struct temporary *t;
	struct err *err;

	TRY(temporary_create(&t));
	record->path = temporary_recording(t);
	record->is_temporary = true;
	record->quiet = true;
	err = session_trace_record(o, record, status);
	if (!err)
		err = show(views, parts, o, output, temporary_recording(t), NULL);
	if (err_is(err, ERR_NOT_FOUND)) {
		err_destroy(err);
		err = err_new(ERR_NOT_FOUND, "nobody made a system call while it was watched");
	}
	temporary_destroy(t);
	return err;
}
