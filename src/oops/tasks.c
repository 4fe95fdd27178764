// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tasks that a report lists: the table of an OOM kill (mm/oom_kill.c, dump_tasks()), and the
 * heads that stand above each stack of SysRq t and w and of hung tasks (kernel/sched/core.c,
 * sched_show_task()).
 *
 * The table's columns changed over the years, so they are found by the names in its head.
 * A stack below a task's head is given to that task.
 */
#include "oops/parse.h"

#include "oops/match.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS_MAX = 4000, COLUMNS_MAX = 16 };

/* --- the table of an OOM kill -------------------------------------------------------------------- */

static const struct { const char *name; size_t offset; } columns[] = {
	{ "total_vm", offsetof(struct oops_task, total_vm_pages) }, { "rss", offsetof(struct oops_task, rss_pages) },
	{ "swapents", offsetof(struct oops_task, swap_pages) }, { "oom_score_adj", offsetof(struct oops_task, oom_score_adj) },
};

struct head {
	int column[COLUMNS_MAX]; /* index into columns, -1: of no interest */
	size_t n;
};

static const char *next_word(const char *at, const char *end, size_t *length)
{
	while (at < end && *at == ' ')
		at++;
	const char *blank = memchr(at, ' ', (size_t)(end - at));

	*length = (size_t)((blank != NULL ? blank : end) - at);
	return at;
}

/* "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name" */
static bool read_head(const char *line, size_t length, struct head *head)
{
	const char *end = line + length, *close = memchr(line, ']', length);
	size_t n;

	if (close == NULL || oops_find(line, length, "total_vm") == NULL || oops_find(line, (size_t)(close - line), "pid") == NULL)
		return false;
	head->n = 0;
	for (const char *at = next_word(close + 1, end, &n); n > 0 && head->n < COLUMNS_MAX; at = next_word(at + n, end, &n)) {
		head->column[head->n] = -1;
		for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
			if (n == strlen(columns[i].name) && memcmp(at, columns[i].name, n) == 0)
				head->column[head->n] = (int)i;
		head->n++;
	}
	return head->n > 1;
}

/* "[    312]  1000   312     4567      890    45056        0             0 python3" */
static bool read_row(struct oops_report *r, const char *line, size_t length, const struct head *head)
{
	struct oops_task task = { .state = '\0', .trace = -1 };

	if (head->n == 0 || r->tasks.n >= TASKS_MAX)
		return false;
	const char *open = memchr(line, '[', length), *close = memchr(line, ']', length), *digits = open;

	if (open == NULL || close == NULL || close < open)
		return false;
	for (digits++; digits < close && *digits == ' ';)
		digits++;
	if (*digits < '0' || *digits > '9')
		return false;
	task.pid = (int)strtol(open + 1, NULL, 10);
	const char *at = close + 1, *end = line + length;
	size_t n;

	for (size_t i = 0; i + 1 < head->n; i++) {
		at = next_word(at, end, &n);
		if (n == 0)
			return false;
		if (head->column[i] >= 0)
			*(int64_t *)((char *)&task + columns[head->column[i]].offset) = strtoll(at, NULL, 10);
		at += n;
	}
	at = next_word(at, end, &n);
	task.comm = arena_strndup(&r->arena, at, (size_t)(end - at));
	vec_push(&r->tasks, task);
	return true;
}

/* --- heads of stacks --------------------------------------------------------------------------------- */

static const char *const head_templates[] = {
	"^task:{comm:any} state:{state} stack:",
	"^{comm} {state:R|S|D|T|t|X|Z|P|I|W} {_where:running task|stack:}",
	"^{comm} {state:R|S|D|T|t|X|Z|P|I|W} {_address:hex} {_free:num} {pid:num} {_ppid:num} 0x",
};

static bool read_task_head(struct oops_report *r, const char *line, size_t length)
{
	for (size_t i = 0; i < sizeof(head_templates) / sizeof(head_templates[0]); i++) {
		struct oops_captures captures;

		captures.n = 0;
		if (!oops_match(head_templates[i], line, length, &captures))
			continue;
		if (oops_captured(&captures, "pid") == NULL && !oops_match(" pid:{pid:num}", line, length, &captures) &&
		    !oops_match(" pid: {pid:num}", line, length, &captures))
			continue;
		const struct oops_capture *comm = oops_captured(&captures, "comm"), *pid = oops_captured(&captures, "pid");
		size_t n = comm->length;

		while (n > 0 && comm->text[n - 1] == ' ')
			n--;
		struct oops_task task = { .comm = arena_strndup(&r->arena, comm->text, n), .pid = (int)strtol(pid->text, NULL, 10),
			.state = *oops_captured(&captures, "state")->text, .trace = -1 };

		if (r->tasks.n < TASKS_MAX)
			vec_push(&r->tasks, task);
		return true;
	}
	return false;
}

/* The first stack that begins below TASK's head, and before the next task's, is TASK's. */
static void own_trace(struct oops_report *r, struct oops_task *task, size_t head, size_t next_head)
{
	for (size_t i = 0; i < r->traces.n; i++) {
		struct oops_trace *t = &r->traces.v[i];

		if (t->first_line < head || t->first_line >= next_head || t->frames.n == 0)
			continue;
		task->trace = (int)i;
		if (t->task < 0) {
			t->task = task->pid;
			t->title = arena_printf(&r->arena, "%s, pid %d, state %c", task->comm, task->pid, task->state);
		}
		return;
	}
}

void oops_tasks_parse(struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	struct head head = { .n = 0 };
	const char *line;
	size_t length;
	VEC(size_t) at = { 0 };

	for (size_t number = 0; oops_lines_next(&lines, &line, &length); number++) {
		size_t had = r->tasks.n;

		if (!read_head(line, length, &head) && !read_row(r, line, length, &head))
			(void)read_task_head(r, line, length);
		if (r->tasks.n > had)
			vec_push(&at, number);
	}
	for (size_t i = 0; i < r->tasks.n; i++)
		if (r->tasks.v[i].state != '\0')
			own_trace(r, &r->tasks.v[i], at.v[i], i + 1 < r->tasks.n ? at.v[i + 1] : SIZE_MAX);
	vec_deinit(&at);
}
