// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finding reports in a stream.
 *
 * While no report is open, blocks are only filtered (trigger.c); a line that passes is
 * compared with the headlines of all kinds.  A report that began collects the lines of
 * its caller ("[T123]") until the next headline, or until lines come that no report has;
 * where the log names no callers, all lines are one caller's.  "Sending NMI" makes the
 * lines of other CPUs part of it.  Reports are handed out in the order of their
 * headlines, so one that is still open holds back those that began after it.
 */
#include "oops/oops.h"

#include "base/mem.h"
#include "base/str.h"
#include "oops/kind.h"
#include "oops/line.h"
#include "oops/match.h"
#include "oops/parse.h"
#include "oops/trace.h"
#include "oops/trigger.h"

#include <stdlib.h>
#include <string.h>

enum {
	BUFFER_BYTES = 1 << 20,
	LINE_BYTES_MAX = 64 << 10,
	TEXT_BYTES_MAX = 1 << 20,
	OPEN_MAX = 64,             /* reports at once */
	GROUPS_MAX = 1024,         /* with the notes that wait behind an open report */
	STRANGERS_MAX = 40,        /* lines in a row that no report has */
	SAME_THING_LINES = 24,
	QUIET_US = 30 * 1000000,   /* no line of its caller for that long */
	MESSAGE_LINES_MAX = 12,    /* between "cut here" and the headline */
	MESSAGE_BYTES_MAX = 2000,
};

/* What WARN(), BUG() and the checks that end in them say stands before the headline.  Lines are gathered from such a
 * beginning to the headline of the same caller. */
struct message {
	bool is_open;
	uint32_t caller;
	unsigned lines;
	struct str text;
};

/* A report that is being collected, or waits for earlier ones. */
struct group {
	const struct oops_kind *kind;
	uint32_t caller;
	uint64_t first_line, last_line;
	int64_t time_us, last_us;
	struct str text, message;
	unsigned strangers;
	bool all_cpus; /* "Sending NMI": lines of other CPUs belong to it */
	bool has_frames;
	bool dressed;  /* its lines have the kernel's dress: others in between are not the kernel's */
	bool closed, complete;
};

struct oops_scan {
	oops_report_fn *callback;
	void *user;
	struct trigger trigger;
	struct oops_kind_index kinds;
	char *buffer;
	size_t fill;
	uint64_t lines;
	struct str plain;  /* of a line that is wrapped */
	bool is_dressed;   /* a line had the kernel's dress */
	bool in_long_line; /* the beginning was taken, the rest is skipped */
	struct message message;
	struct group *groups[GROUPS_MAX];
	size_t group_count, open_count;
};

struct oops_scan *oops_scan_create(oops_report_fn *callback, void *user)
{
	struct oops_scan *s = mem_calloc(1, sizeof(*s));

	s->callback = callback;
	s->user = user;
	s->buffer = mem_alloc(BUFFER_BYTES);
	trigger_init(&s->trigger);
	oops_kind_index_init(&s->kinds);
	str_init(&s->message.text);
	str_init(&s->plain);
	return s;
}

uint64_t oops_scan_lines(const struct oops_scan *s)
{
	return s->lines;
}

/* --- groups ------------------------------------------------------------------------------------ */

static void hand_out(struct oops_scan *s, struct group *g)
{
	struct oops_report *r = oops_parse(g->kind, str_text(&g->text), g->text.length);

	r->first_line = g->first_line;
	r->last_line = g->last_line;
	r->time_us = g->time_us;
	r->truncated = !g->complete;
	if (g->message.length > 0)
		r->message = arena_strdup(&r->arena, str_text(&g->message));
	str_deinit(&g->message);
	str_deinit(&g->text);
	free(g);
	s->callback(s->user, r);
}

/* Groups at the front that are closed leave. */
static void flush(struct oops_scan *s)
{
	size_t n = 0;

	while (n < s->group_count && s->groups[n]->closed)
		hand_out(s, s->groups[n++]);
	s->group_count -= n;
	memmove(s->groups, s->groups + n, s->group_count * sizeof(s->groups[0]));
}

static void close_group(struct oops_scan *s, struct group *g, bool complete)
{
	g->closed = true;
	g->complete = complete;
	s->open_count--;
	flush(s);
}

static struct group *open_of(const struct oops_scan *s, uint32_t caller)
{
	for (size_t i = s->group_count; i-- > 0;)
		if (!s->groups[i]->closed && s->groups[i]->caller == caller)
			return s->groups[i];
	return NULL;
}

static void make_room(struct oops_scan *s)
{
	while (s->group_count == GROUPS_MAX || s->open_count == OPEN_MAX)
		for (size_t i = 0; i < s->group_count; i++)
			if (!s->groups[i]->closed) {
				close_group(s, s->groups[i], true);
				break;
			}
}

/* A NUL would end the report's text for everybody who reads it. */
static void add_text(struct str *text, const struct oops_line *line)
{
	str_add_n(text, line->text, line->length);
	char *end = text->text + text->length;

	for (char *nul = end - line->length; (nul = memchr(nul, '\0', (size_t)(end - nul))) != NULL;)
		*nul++ = '?';
	str_add_char(text, '\n');
}

static void append(struct group *g, const struct oops_line *line, uint64_t number)
{
	if (g->text.length + line->length + 1 > TEXT_BYTES_MAX)
		return;
	add_text(&g->text, line);
	g->last_line = number;
	if (line->time_us >= 0)
		g->last_us = line->time_us;
}

/* What was gathered is G's. */
static void take_message(struct message *m, struct group *g)
{
	if (!m->is_open || m->caller != g->caller)
		return;
	str_add(&g->message, str_text(&m->text));
	m->is_open = false;
}

static void gather_message(struct message *m, const struct oops_line *line)
{
	static const char *const beginnings[] = { "cut here ]", "list_add corruption", "list_del corruption", "usercopy: Kernel memory", "detected buffer overflow", NULL };
	bool begins = false;

	for (const char *const *b = beginnings; *b != NULL; b++)
		begins = begins || oops_find(line->text, line->length, *b) != NULL;
	bool is_mark = begins && oops_find(line->text, line->length, "cut here ]") != NULL;

	if (begins && !(m->is_open && is_mark && m->caller == line->caller)) {
		m->is_open = true;
		m->caller = line->caller;
		m->lines = 0;
		str_clear(&m->text);
	}
	if (!m->is_open || is_mark || m->caller != line->caller || line->length == 0)
		return;
	m->is_open = ++m->lines <= MESSAGE_LINES_MAX;
	if (m->is_open && m->text.length + line->length < MESSAGE_BYTES_MAX)
		add_text(&m->text, line);
}

static void open_group(struct oops_scan *s, const struct oops_kind *kind, const struct oops_line *line)
{
	make_room(s);
	struct group *g = mem_calloc(1, sizeof(*g));

	g->kind = kind;
	g->caller = line->caller;
	g->first_line = s->lines;
	g->time_us = g->last_us = line->time_us;
	g->dressed = line->dressed;
	str_init(&g->text);
	str_init(&g->message);
	take_message(&s->message, g);
	s->groups[s->group_count++] = g;
	s->open_count++;
	append(g, line, s->lines);
	if (kind->flags & OOPS_ONE_LINE)
		close_group(s, g, true);
}

/* --- lines ------------------------------------------------------------------------------------------ */

static const struct oops_kind *headline(const struct oops_scan *s, const struct oops_line *line)
{
	if (trigger_find(&s->trigger, line->text, line->length) == NULL)
		return NULL;
	const struct oops_kind *kind = oops_kind_of_line(&s->kinds, &s->trigger, line->text, line->length);

	return kind != NULL && (kind->flags & OOPS_DRESSED) && s->is_dressed && !line->dressed ? NULL : kind;
}

/* "9dc0: 00000020 ee1a3fc0" and "beac  ******** ********" of a dump. */
static bool is_dump(const struct oops_line *line)
{
	size_t digits = 0;

	while (digits < line->length && strchr("0123456789abcdef", line->text[digits]) != NULL && line->text[digits] != '\0')
		digits++;
	return digits >= 4 && digits + 1 < line->length && (line->text[digits] == ' ' || line->text[digits] == ':');
}

/* Lines that reports are made of: frames, registers, dumps, and what is indented. */
static bool is_report_like(const struct oops_line *line)
{
	static const char *const words[] = { "Call ", "CPU", "Code:", "Modules linked in", "Hardware name", "lock", "RIP", "Tainted", "RAX", "taint",
		"0x", "---", "===", "<IRQ>", "<TASK>", "task:", "pgtable", "page:", "softirqs", "hardirqs", "Workqueue:", NULL };

	if (line->length == 0 || line->text[0] == ' ' || line->text[0] == '\t' || line->text[0] == '[')
		return true;
	for (const char *const *w = words; *w != NULL; w++)
		if (oops_find(line->text, line->length, *w) != NULL)
			return true;
	return is_dump(line) || oops_is_frame(line->text, line->length);
}

/* Whose line is it?  NULL: no open report's. */
static struct group *owner_of(const struct oops_scan *s, const struct oops_line *line)
{
	struct group *g = open_of(s, line->caller);

	if (g != NULL || !(line->caller & OOPS_CALLER_CPU))
		return g;
	for (size_t i = s->group_count; i-- > 0;)
		if (!s->groups[i]->closed && s->groups[i]->all_cpus)
			return s->groups[i];
	return NULL;
}

static void close_quiet(struct oops_scan *s, int64_t now_us)
{
	for (size_t i = 0; now_us >= 0 && i < s->group_count; i++) {
		struct group *g = s->groups[i];

		if (!g->closed && g->last_us >= 0 && now_us - g->last_us > QUIET_US) {
			close_group(s, g, true);
			i = (size_t)-1; /* the list may have moved */
		}
	}
}

static void add_to(struct oops_scan *s, struct group *g, const struct oops_line *line)
{
	/* A program's own output on the console; printk's continued lines are indented. */
	if (g->dressed && !line->dressed && line->length > 0 && line->text[0] != ' ' && line->text[0] != '\t')
		return;
	if ((g->kind->flags & OOPS_MESSAGE) && oops_find(line->text, line->length, "cut here ]") != NULL)
		return;
	g->strangers = is_report_like(line) ? 0 : g->strangers + 1;
	if (g->strangers > STRANGERS_MAX) {
		close_group(s, g, true);
		return;
	}
	g->has_frames = g->has_frames || oops_is_frame(line->text, line->length);
	if (oops_find(line->text, line->length, "Sending NMI from CPU") != NULL)
		g->all_cpus = true;
	append(g, line, s->lines);
}

/* A headline that belongs to the report before it: what comes of that ("Kernel panic"), or
 * the same said twice ("BUG: memory leak", "unreferenced object"). */
static bool is_part_of(const struct group *g, const struct oops_kind *kind, uint64_t line)
{
	if ((kind->flags & OOPS_FOLLOWS) || ((g->kind->flags & OOPS_LEADS) && line - g->first_line <= SAME_THING_LINES && !g->has_frames))
		return true;
	if (strcmp(g->kind->name, kind->name) == 0 && line - g->first_line <= 6)
		return true;
	/* The same caller had not come to its stack trace: the kernel says more of one thing
	 * ("BUG: Dentry still in use" and the WARNING that it ends with). */
	return g->caller != 0 && !g->has_frames && line - g->first_line <= SAME_THING_LINES;
}

/* The headline to what G began with came: that is the report, the lines before it its message. */
static bool becomes(struct oops_scan *s, struct group *g, const struct oops_kind *kind, const struct oops_line *line)
{
	if (!(g->kind->flags & OOPS_MESSAGE) || (kind->flags & (OOPS_NOTE | OOPS_MESSAGE)) || g->has_frames || s->lines - g->first_line > MESSAGE_LINES_MAX)
		return false;
	str_add(&g->message, str_text(&g->text));
	str_clear(&g->text);
	g->kind = kind;
	g->first_line = s->lines;
	g->strangers = 0;
	append(g, line, s->lines);
	return true;
}

static void take_line(struct oops_scan *s, const char *text, size_t length)
{
	struct oops_line line;

	s->lines++;
	oops_line_read(text, length, &s->plain, &line);
	s->is_dressed = s->is_dressed || line.dressed;
	if (line.is_foreign)
		return; /* a program's words are no report, nor part of one */
	if (s->open_count > 0)
		close_quiet(s, line.time_us);
	const struct oops_kind *kind = headline(s, &line);
	struct group *g = owner_of(s, &line);

	if (g != NULL && kind != NULL && becomes(s, g, kind, &line)) {
		if (kind->flags & OOPS_ONE_LINE)
			close_group(s, g, true);
	} else if (kind != NULL && (kind->flags & OOPS_NOTE)) {
		if (g != NULL)
			add_to(s, g, &line); /* first: to make room for the note may close it */
		open_group(s, kind, &line);
	} else if (kind != NULL && !(g != NULL && is_part_of(g, kind, s->lines))) {
		if (g != NULL)
			close_group(s, g, true);
		open_group(s, kind, &line);
	} else {
		gather_message(&s->message, &line);
		if (g != NULL)
			add_to(s, g, &line);
	}
}

/* --- bytes ---------------------------------------------------------------------------------------------- */

/* Complete lines from AT to END.  Returns how far it came. */
static void take_block(struct oops_scan *s, const char *at, const char *end)
{
	while (at < end) {
		if (s->open_count == 0 && !s->message.is_open) {
			const char *hit = trigger_find(&s->trigger, at, (size_t)(end - at));
			const char *line = hit != NULL ? hit : end;

			while (line > at && line[-1] != '\n')
				line--;
			s->lines += trigger_count_lines(at, (size_t)(line - at));
			at = line;
			if (hit == NULL)
				break;
		}
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline != NULL ? newline : end) - at);

		take_line(s, at, length < LINE_BYTES_MAX ? length : LINE_BYTES_MAX);
		at += length + 1;
	}
}

static void drain(struct oops_scan *s)
{
	const char *last = memrchr(s->buffer, '\n', s->fill);
	size_t done = last != NULL ? (size_t)(last - s->buffer) + 1 : 0;
	size_t skip = 0;

	if (s->in_long_line) {
		const char *newline = memchr(s->buffer, '\n', s->fill);

		skip = newline != NULL ? (size_t)(newline - s->buffer) + 1 : s->fill;
		s->in_long_line = newline == NULL;
	}
	if (done > skip)
		take_block(s, s->buffer + skip, s->buffer + done);
	done = done > skip ? done : skip;
	if (done == 0 && s->fill == BUFFER_BYTES) {
		take_line(s, s->buffer, LINE_BYTES_MAX);
		s->in_long_line = true;
		done = s->fill;
	}
	s->fill -= done;
	memmove(s->buffer, s->buffer + done, s->fill);
}

void oops_scan_feed(struct oops_scan *s, const void *bytes, size_t size_bytes)
{
	const char *p = bytes;

	while (size_bytes > 0) {
		size_t room = BUFFER_BYTES - s->fill, n = size_bytes < room ? size_bytes : room;

		memcpy(s->buffer + s->fill, p, n);
		s->fill += n;
		p += n;
		size_bytes -= n;
		drain(s);
	}
}

void oops_scan_idle(struct oops_scan *s)
{
	while (s->open_count > 0)
		for (size_t i = 0; i < s->group_count; i++)
			if (!s->groups[i]->closed) {
				close_group(s, s->groups[i], true);
				break;
			}
}

void oops_scan_finish(struct oops_scan *s)
{
	if (s->fill > 0 && !s->in_long_line)
		take_block(s, s->buffer, s->buffer + s->fill);
	s->fill = 0;
	s->in_long_line = false;
	oops_scan_idle(s);
}

void oops_scan_destroy(struct oops_scan *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->group_count; i++) {
		str_deinit(&s->groups[i]->text);
		str_deinit(&s->groups[i]->message);
		free(s->groups[i]);
	}
	str_deinit(&s->message.text);
	str_deinit(&s->plain);
	free(s->buffer);
	free(s);
}
