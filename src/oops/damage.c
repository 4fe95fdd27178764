// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Can this report be trusted whole?  Consoles lose lines, and two CPUs that print at once
 * mix theirs.  It shows: a trace's title without frames below, no trace where this kind
 * always has one, a time stamp in the middle of the headline, nobody to blame where the
 * title wants somebody.  The reason is kept, for people.
 */
#include "oops/parse.h"

#include "oops/match.h"
#include "oops/trace.h"

#include <string.h>

enum { LOOK_LINES = 15 };

/* "[   12.345678]" inside the text. */
static bool has_time_stamp(const char *text)
{
	for (const char *p = text; (p = strchr(p, '[')) != NULL; p++) {
		const char *digits = p + 1 + strspn(p + 1, " ");
		size_t n = strspn(digits, "0123456789");

		if (n > 0 && digits[n] == '.' && strchr("0123456789", digits[n + 1]) != NULL && digits[n + 1] != '\0') {
			size_t m = strspn(digits + n + 1, "0123456789");

			if (digits[n + 1 + m] == ']')
				return true;
		}
	}
	return false;
}

/* What a line that frames have to follow is a title of; -1: it is none. */
static int title_of(const char *line, size_t length)
{
	static const struct { const char *words; int what; } titles[] = {
		{ "Call Trace", 0 }, { "Call trace", 0 }, { "Allocated:", 1 }, { "Allocated by task ", 1 }, { "Freed:", 2 }, { "Freed by task ", 2 },
	};

	/* Most lines are frames and registers. */
	if (length < 6 || (line[length - 1] != ':' && oops_find(line, length, "race") == NULL && oops_find(line, length, "ed by task ") == NULL && oops_find(line, length, "ed:") == NULL))
		return -1;
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (oops_find(line, length, titles[i].words) != NULL)
			return titles[i].what;
	const char *backtrace = oops_find(line, length, " backtrace:");

	return backtrace != NULL && backtrace > line && backtrace[-1] != 'k' ? 3 : -1;
}

/* The title above LINES has a frame below it. */
static bool frames_follow(struct oops_lines lines)
{
	const char *line;
	size_t length;

	for (int i = 0; i < LOOK_LINES && oops_lines_next(&lines, &line, &length); i++) {
		if (title_of(line, length) >= 0)
			return false;
		if (oops_find(line, length, "(stack is not available)") != NULL || oops_is_frame(line, length))
			return true;
	}
	return false;
}

static bool title_without_frames(const struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line;
	size_t length;
	unsigned seen = 0; /* later traces of a kind may well be empty: other CPUs', other objects' */

	while (oops_lines_next(&lines, &line, &length)) {
		int what = title_of(line, length);

		if (what < 0 || (seen & 1u << what) || oops_is_frame(line, length))
			continue;
		if (!frames_follow(lines))
			return true;
		seen |= 1u << what;
	}
	return false;
}

static bool has_trace(const struct oops_report *r)
{
	for (size_t i = 0; i < r->traces.n; i++)
		if (r->traces.v[i].frames.n > 0)
			return true;
	return false;
}

/* The title wants a function, and has none.  One may be blamed all the same: of a WARN() that of its headline is all that
 * is left; of a task that runs on another CPU all that the kernel prints of its stack has a '?'. */
static const char *without_subject(const struct oops_report *r)
{
	if (r->blame == NULL)
		return "no function of it can be told";
	for (size_t i = 0; i < sizeof(r->kind->where) / sizeof(r->kind->where[0]); i++)
		if (r->kind->where[i] == OOPS_WHERE_CHECK)
			return "who called the function that it names can't be told";
	return "its stack is a guess: all of it has a '?'";
}

void oops_damage_find(struct oops_report *r)
{
	bool no_trace_needed = (r->kind->flags & (OOPS_NO_TRACE | OOPS_ONE_LINE)) != 0;

	if (r->kind->flags & OOPS_DAMAGED)
		r->corrupted = "its beginning is missing or mixed with other output";
	else if (has_time_stamp(r->headline) || has_time_stamp(r->title))
		r->corrupted = "another message is mixed into its first line";
	else if (!no_trace_needed && !has_trace(r))
		r->corrupted = "it has no stack trace";
	else if (!no_trace_needed && title_without_frames(r))
		r->corrupted = "a stack trace has no frames";
	else if (strstr(r->kind->title, "{function}") != NULL && r->subject == NULL)
		r->corrupted = without_subject(r);
}
