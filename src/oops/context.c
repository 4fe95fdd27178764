// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * In which context the code of a report ran: a task's, a softirq's, an interrupt's or an NMI's.
 *
 * x86 marks the stacks that a trace goes through (<NMI>, <IRQ>, <TASK>; <EOI> and <EOE> end the first two of older
 * kernels).  The first mark tells the context, and on the interrupts' stack, which softirqs use too, the innermost of
 * their entry functions.  The word "softirq" elsewhere tells nothing: RCU counts them, soft lockups print shares of time.
 *
 * A lockup or stall is different: who noticed it, a timer's interrupt or an NMI, stands on top of the stack, and the
 * report is about the code below it.
 */
#include "oops/parse.h"

#include "oops/match.h"
#include "oops/trace.h"

#include <string.h>

enum mark { MARK_NONE, MARK_NMI, MARK_IRQ, MARK_SOFTIRQ, MARK_TASK, MARK_END };

static enum mark mark_of(const char *line, size_t length)
{
	static const struct { const char *text; enum mark mark; } marks[] = {
		{ "</NMI>", MARK_END }, { "</IRQ>", MARK_END }, { "</SOFTIRQ>", MARK_END }, { "<EOI>", MARK_END }, { "<EOE>", MARK_END },
		{ "<NMI>", MARK_NMI }, { "<IRQ>", MARK_IRQ }, { "<SOFTIRQ>", MARK_SOFTIRQ }, { "<TASK>", MARK_TASK }, { "</TASK>", MARK_TASK },
	};

	if (memchr(line, '<', length) == NULL)
		return MARK_NONE;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (oops_find(line, length, marks[i].text) != NULL)
			return marks[i].mark;
	return MARK_NONE;
}

static bool is_trace_head(const char *line, size_t length)
{
	return oops_find(line, length, "Call Trace") != NULL || oops_find(line, length, "Call trace") != NULL || oops_find(line, length, " backtrace") != NULL;
}

/* A frame that the unwinder is sure of and whose function has one of WORDS (the last is NULL) in its name. */
static bool frame_has(const char *line, size_t length, const char *const *words)
{
	const char *plus = oops_find(line, length, "+0x");

	/* "softirqs last enabled at (921172): [<...>] __do_softirq+0x46c/0x937" is none. */
	if (plus == NULL || oops_find(line, length, "? ") != NULL || (!oops_is_frame(line, length) && !oops_match("^RIP: 0010:", line, length, NULL)))
		return false;
	for (; *words != NULL; words++)
		if (oops_find(line, (size_t)(plus - line), *words) != NULL)
			return true;
	return false;
}

static bool is_softirq_entry(const char *line, size_t length)
{
	static const char *const words[] = { "do_softirq", "handle_softirqs", "__softirqentry_text_start", "invoke_softirq", "irq_exit", "run_timer_softirq", "hrtimer_run_softirq",
		"net_rx_action", "net_tx_action", "tasklet_action", "tasklet_hi_action", "blk_done_softirq", NULL };

	return frame_has(line, length, words);
}

static bool is_irq_entry(const char *line, size_t length)
{
	static const char *const words[] = { "apic_timer_interrupt", "common_interrupt", "do_IRQ", "handle_irq_event", "handle_domain_irq", "call_function_interrupt",
		"call_function_single", "reschedule_interrupt", "irq_work_interrupt", "sysvec_", "hrtimer_interrupt", "el1_irq", "el1h_64_irq", "__irq_svc", NULL };

	return frame_has(line, length, words);
}

/* On the interrupts' stack, from LINES, where the trace begins, to its end: of a softirq or of an interrupt, whichever is the innermost. */
static enum oops_context on_irq_stack(struct oops_lines lines)
{
	const char *line;
	size_t length;

	while (oops_lines_next(&lines, &line, &length)) {
		if (is_softirq_entry(line, length))
			return OOPS_CONTEXT_SOFTIRQ;
		enum mark mark = mark_of(line, length);

		if (is_irq_entry(line, length) || mark == MARK_END || mark == MARK_TASK)
			break;
	}
	return OOPS_CONTEXT_HARDIRQ;
}

/* By the first mark of a stack. */
static enum oops_context marked(const struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r), trace = lines;
	const char *line;
	size_t length;
	bool any = false;

	while (oops_lines_next(&lines, &line, &length)) {
		if (oops_find(line, length, "Call ") != NULL)
			any = true;
		if (is_trace_head(line, length))
			trace = lines;
		switch (mark_of(line, length)) {
		case MARK_NMI: return OOPS_CONTEXT_NMI;
		case MARK_SOFTIRQ: return OOPS_CONTEXT_SOFTIRQ;
		case MARK_IRQ: return on_irq_stack(trace); /* i386 had a stack for softirqs above it, without a mark */
		case MARK_TASK: return OOPS_CONTEXT_TASK;
		case MARK_END:
		case MARK_NONE: break;
		}
	}
	return any && r->pid > 0 ? OOPS_CONTEXT_TASK : OOPS_CONTEXT_UNKNOWN;
}

/* What one trace of a stall says; reliable frames only. */
struct seen {
	bool frames, sleeps, irq;
};

/* Of the code that was interrupted.  The detector never runs in a softirq, so an entry of one is always below it.  RCU's own
 * thread, which sleeps, may be printed first: its trace tells nothing. */
static enum oops_context stalled(const struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line;
	size_t length;
	static const char *const sleeping[] = { "schedule", NULL }, *const any[] = { "", NULL };
	struct seen seen = { .irq = false };

	while (oops_lines_next(&lines, &line, &length)) {
		if (is_trace_head(line, length)) {
			if (seen.frames && (seen.irq || !seen.sleeps))
				break;
			seen = (struct seen){ .irq = false };
			continue;
		}
		if (is_softirq_entry(line, length))
			return OOPS_CONTEXT_SOFTIRQ;
		seen.irq = seen.irq || mark_of(line, length) == MARK_IRQ || is_irq_entry(line, length);
		seen.sleeps = seen.sleeps || frame_has(line, length, sleeping);
		seen.frames = seen.frames || frame_has(line, length, any);
	}
	return seen.frames || r->pid > 0 ? OOPS_CONTEXT_TASK : OOPS_CONTEXT_UNKNOWN;
}

/* A hard lockup was noticed by an NMI; below it may be anything. */
static enum oops_context below_nmi(const struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r), trace = lines;
	const char *line;
	size_t length;

	while (oops_lines_next(&lines, &line, &length)) {
		enum mark mark = mark_of(line, length);

		if (is_trace_head(line, length) || mark == MARK_END)
			trace = lines;
		if (mark == MARK_SOFTIRQ)
			return OOPS_CONTEXT_SOFTIRQ;
		if (mark == MARK_IRQ)
			return on_irq_stack(trace);
		if (mark == MARK_TASK)
			break;
	}
	return OOPS_CONTEXT_TASK;
}

void oops_context_find(struct oops_report *r)
{
	const char *kind = r->kind->name;

	if (strcmp(kind, "hung-task") == 0 || strcmp(kind, "workqueue-lockup") == 0)
		r->context = OOPS_CONTEXT_TASK;
	else if (strcmp(kind, "rcu-stall") == 0 || strcmp(kind, "soft-lockup") == 0)
		r->context = stalled(r);
	else if (strcmp(kind, "hard-lockup") == 0)
		r->context = below_nmi(r);
	else
		r->context = marked(r);
}
