/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who started whom, when, for how long, and how it ended.  A process is all rows of the table of
 * threads with its pid, from one fork on: what it exec'ed is the chain of its main thread's names.
 * It ends with the last of its threads to end, which need not be the main thread: one of them may
 * exec and take its place, or go on when it has ended.
 * Numbers of processes are used again, so a process whose parent began later than itself is a root.
 */
#include "base/map.h"
#include "base/str.h"
#include "base/units.h"
#include "record/recording.h"
#include "render/doc.h"
#include "view/calls/calls_impl.h"

#include <stdio.h>
#include <string.h>

enum { PROCESSES_SHOWN = 200, DEPTH_MAX = 64, BEFORE_NS = 500000000 };

struct process {
	uint32_t pid, ppid;
	uint64_t start_ns, end_ns; /* end 0: it is not known */
	uint64_t main_start_ns;    /* of the main thread's last row: what began before is gone if that exec'ed */
	uint64_t open_ns;          /* when the last of the other threads whose end is not known began */
	uint64_t exit_ns;          /* when `status` was */
	bool main_open;
	uint64_t calls, errors, time_ns, threads;
	uint32_t first_child, next, last_child; /* index + 1; 0: none */
	bool ended, shown;
	uint32_t status;
	VEC(uint32_t) names; /* strings of what it ran */
};
struct tree {
	struct doc *doc;
	const struct calls *c;
	VEC(struct process) list;
	struct map current; /* pid -> index */
	uint64_t shown, limit;
};

static void add_name(struct process *p, uint32_t name)
{
	if (p->names.n == 0 || p->names.v[p->names.n - 1] != name)
		vec_push(&p->names, name);
}

static bool is_running(const struct process *p)
{
	return p->main_open || p->open_ns > p->main_start_ns || p->end_ns == 0;
}

/* The rows are in order of time of their first sight. */
static struct process *process_of(struct tree *t, const struct row_thread *row)
{
	bool is_new;
	uint64_t *index = map_get(&t->current, row->pid, &is_new);
	bool again = !is_new && row->tid == row->pid && !row->previous && !is_running(&t->list.v[*index]);

	if (is_new || again) {
		*index = t->list.n;
		vec_push(&t->list, ((struct process){ .pid = row->pid, .ppid = row->ppid, .start_ns = row->start_ns }));
	}
	return &t->list.v[*index];
}

static void add_thread(struct tree *t, const struct calls_thread *thread)
{
	const struct row_thread *row = thread->row;
	struct process *p = process_of(t, row);
	uint64_t end_ns = thread->ended_ns > row->end_ns ? thread->ended_ns : row->end_ns;

	p->calls += thread->calls;
	p->errors += thread->errors;
	p->time_ns += thread->time_ns;
	p->threads += row->previous == 0;
	if (end_ns > p->end_ns)
		p->end_ns = end_ns;
	if (thread->ended && thread->ended_ns >= p->exit_ns) {
		p->ended = true;
		p->exit_ns = thread->ended_ns;
		p->status = thread->status;
	}
	if (row->tid == row->pid) {
		if (!thread->is_our_own)
			add_name(p, row->comm);
		p->main_start_ns = row->start_ns;
		p->main_open = end_ns == 0;
	} else if (end_ns == 0 && row->start_ns > p->open_ns) {
		p->open_ns = row->start_ns;
	}
}

static void link_children(struct tree *t)
{
	for (size_t i = 0; i < t->list.n; i++) {
		struct process *p = &t->list.v[i], *parent;
		const uint64_t *at = map_find(&t->current, p->ppid);

		if (!at || *at == i || t->list.v[*at].start_ns > p->start_ns)
			continue;
		parent = &t->list.v[*at];
		if (parent->last_child)
			t->list.v[parent->last_child - 1].next = (uint32_t)i + 1;
		else
			parent->first_child = (uint32_t)i + 1;
		parent->last_child = (uint32_t)i + 1;
		p->shown = true; /* by its parent */
	}
}

/* "sh > ls" */
static void add_names(const struct tree *t, const struct process *p, struct str *out)
{
	for (size_t i = 0; i < p->names.n; i++)
		str_printf(out, "%s%s", i ? " > " : "", recording_string(t->c->recording, p->names.v[i]));
	if (p->names.n == 0)
		str_add(out, "?");
}

static const char *exit_text(const struct process *p, char *text, size_t size)
{
	unsigned number = p->status & 0x7f;

	if (is_running(p) || !p->ended)
		snprintf(text, size, "%s", is_running(p) ? "running" : "?");
	else if (number)
		snprintf(text, size, "SIG%s%s", sigabbrev_np((int)number) ? sigabbrev_np((int)number) : "?",
			 p->status & 0x80 ? ", core" : "");
	else
		snprintf(text, size, "%u", p->status >> 8 & 0xff);
	return text;
}

/* The command begins with the recording; what is much older was there before. */
static struct doc_value began(const struct tree *t, const struct process *p)
{
	uint64_t start_ns = recording_borrow_meta(t->c->recording)->start_ns;

	if (p->start_ns + BEFORE_NS < start_ns)
		return DOC_NONE;
	return DOC_U64(p->start_ns < start_ns ? start_ns : p->start_ns);
}

/* Until the recording ended, if it runs on. */
static struct doc_value lived(const struct tree *t, const struct process *p)
{
	uint64_t end_ns = is_running(p) ? recording_borrow_meta(t->c->recording)->end_ns : p->end_ns;

	return end_ns > p->start_ns ? DOC_U64(end_ns - p->start_ns) : DOC_NONE;
}

static void emit_process(struct tree *t, const struct process *p, unsigned depth)
{
	struct str name = { 0 };
	char text[32];

	add_names(t, p, &name);
	t->shown++;
	exit_text(p, text, sizeof(text));
	doc_node(t->doc, depth,
		 (struct doc_value[]){ DOC_STR(str_text(&name)), DOC_U64(p->pid), began(t, p), lived(t, p),
				       DOC_STYLED(text, p->ended && !is_running(p) && p->status ? DOC_BAD : DOC_PLAIN),
				       DOC_U64(p->threads), DOC_U64(p->calls),
				       p->errors ? DOC_U64(p->errors) : DOC_NONE, DOC_U64(p->time_ns) });
	str_deinit(&name);
}

/* Depth first without recursion: the path down is kept.  What is deeper than that is shown at the
 * deepest level. */
static void emit_from(struct tree *t, uint32_t root)
{
	uint32_t path[DEPTH_MAX] = { root + 1 };
	unsigned depth = 0;

	while (t->shown < t->limit) {
		const struct process *p = &t->list.v[path[depth] - 1];

		emit_process(t, p, depth);
		if (p->first_child && depth + 1 < DEPTH_MAX) {
			path[++depth] = p->first_child;
			continue;
		}
		while (t->list.v[path[depth] - 1].next == 0 || depth == 0) {
			if (depth == 0)
				return;
			depth--;
		}
		path[depth] = t->list.v[path[depth] - 1].next;
	}
}

static void tree_deinit(struct tree *t)
{
	for (size_t i = 0; i < t->list.n; i++)
		vec_deinit(&t->list.v[i].names);
	vec_deinit(&t->list);
	map_deinit(&t->current);
}

/* Processes that made none of the calls are left out, unless they started others. */
void calls_emit_tree(struct doc *doc, struct calls *c)
{
	static const struct doc_column columns[] = {
		{ "process", "process", DOC_TEXT, 0 }, { "pid", "pid", DOC_ID, 0 }, { "start", "began", DOC_TIME_NS, 0 },
		{ "lifetime", "lived", DOC_DURATION_NS, 0 }, { "exit", "exit", DOC_TEXT, 0 },
		{ "threads", "threads", DOC_COUNT, DOC_COLUMN_OPTIONAL }, { "calls", "calls", DOC_COUNT, 0 },
		{ "errors", "errors", DOC_COUNT, 0 }, { "time", "in calls", DOC_DURATION_NS, 0 },
	};
	struct tree t = { .doc = doc, .c = c, .limit = calls_limit(c, PROCESSES_SHOWN) };

	for (size_t i = 0; i < c->threads.n; i++)
		if (c->threads.v[i].row && !c->threads.v[i].row->kernel)
			add_thread(&t, &c->threads.v[i]);
	link_children(&t);
	doc_tree_begin(doc, "processes", "Processes", columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < t.list.n && t.shown < t.limit; i++)
		if (!t.list.v[i].shown)
			emit_from(&t, (uint32_t)i);
	doc_tree_end(doc);
	if (t.shown < t.list.n)
		doc_text(doc, "%s more processes: %s", units_count(t.list.n - t.shown).text, calls_more);
	tree_deinit(&t);
}
