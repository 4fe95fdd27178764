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

static bool wants_frames(const char *line, size_t length)
{
	static const char *const titles[] = { "Call Trace", "Call trace", "Allocated:", "Allocated by task ", "Freed:", "Freed by task ", NULL };

	for (const char *const *t = titles; *t != NULL; t++)
		if (oops_find(line, length, *t) != NULL)
			return true;
	const char *backtrace = oops_find(line, length, " backtrace:");

	return backtrace != NULL && backtrace > line && backtrace[-1] != 'k';
}

/* Every title has a frame below it. */
static bool frames_follow(struct oops_lines lines)
{
	const char *line;
	size_t length;

	for (int i = 0; i < LOOK_LINES && oops_lines_next(&lines, &line, &length); i++) {
		if (wants_frames(line, length))
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

	while (oops_lines_next(&lines, &line, &length))
		if (wants_frames(line, length) && !oops_is_frame(line, length))
			return !frames_follow(lines);
	return false;
}

static bool has_trace(const struct oops_report *r)
{
	for (size_t i = 0; i < r->traces.n; i++)
		if (r->traces.v[i].frames.n > 0)
			return true;
	return false;
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
		r->corrupted = "no function of it can be told";
}
