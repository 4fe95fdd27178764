/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the report does not know, said.  Before the numbers what makes them wrong: a recording
 * that was cut, events that were lost, time that was not sampled.  Behind them what they are
 * without: stacks that end early, code without names and why, what could not be had.
 */
#include "view/report_impl.h"

#include "event/types.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "view/frames.h"
#include "view/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Less than this share of the samples is not worth a warning of its own. */
static const double WORTH_SAYING = 0.005;
/* Samples that stand for less of the command's CPU time are too few. */
static const double SAMPLED_MIN_RATIO = 0.85;
/* In shorter runs, chance alone makes such differences. */
static const uint64_t UNSAMPLED_MIN_NS = 200000000;

static double sample_ratio(const struct profile *p, uint64_t samples)
{
	return p->samples ? (double)samples / (double)p->samples : 0;
}

/* What could not be had: the rest is right without it. */
static void say_missing(struct doc *doc, const struct recording_meta *meta)
{
	for (size_t i = 0; i < meta->missing_count; i++) {
		const struct recording_missing *m = &meta->missing[i];
		const char *why = m->why ? m->why : "reason not known";

		if (m->fix)
			doc_warning(doc, m->fix, "recorded without %s: %s", m->what, why);
		else /* nothing to be done about it, and nothing wrong */
			doc_text(doc, "Recorded without %s: %s.", m->what, why);
	}
}

/* CPU time of the command as the kernel counted it; 0: not known, or the profile is of
 * something else (a part of the samples, user space only). */
static uint64_t counted_cpu_ns(const struct profile *p)
{
	const struct recording_meta *meta = recording_borrow_meta(p->recording);

	if (!p->is_time || p->left_out || p->kernel == 0)
		return 0;
	for (size_t i = 0; i < meta->note_count; i++)
		if (strcmp(meta->notes[i].key, RECORDING_NOTE_CPU_NS) == 0)
			return strtoull(meta->notes[i].value, NULL, 10);
	return 0;
}

/* A virtual machine that is starved itself loses clock ticks, and so samples. */
static void say_unsampled(struct doc *doc, const struct profile *p)
{
	uint64_t counted_ns = counted_cpu_ns(p);

	if (counted_ns < UNSAMPLED_MIN_NS || (double)p->value >= SAMPLED_MIN_RATIO * (double)counted_ns)
		return;
	doc_warning(doc, NULL,
		    "the samples stand for %s, but the command used %s of CPU time: clock ticks were "
		    "lost or came late; shares hold, times are too small",
		    units_duration_ns((double)p->value).text, units_duration_ns((double)counted_ns).text);
}

static struct units stacks_were(uint64_t count)
{
	struct units u;

	snprintf(u.text, sizeof(u.text), "%.20s stacks were", units_count(count).text);
	return u;
}

static void say_stacks(struct doc *doc, const struct profile *p)
{
	if (sample_ratio(p, p->no_stack) >= WORTH_SAYING)
		doc_warning(doc, NULL, "%s of the samples have no stack",
			    units_ratio(sample_ratio(p, p->no_stack)).text);
	if (sample_ratio(p, p->cut_stack) >= WORTH_SAYING)
		doc_warning(doc, NULL,
			    "%s of the stacks are cut short: their callers are missing, and what "
			    "is above "
			    "stands at the root",
			    units_ratio(sample_ratio(p, p->cut_stack)).text);
	if (sample_ratio(p, p->no_user_stack) >= WORTH_SAYING)
		doc_warning(doc, NULL, "%s of the stacks have no user part",
			    units_ratio(sample_ratio(p, p->no_user_stack)).text);
	if (sample_ratio(p, p->broken_stack) >= WORTH_SAYING)
		doc_warning(doc, NULL,
			    "%s of the stacks are broken off: the callers above could not be found "
			    "(sonde info says why), and what is there stands at the root",
			    units_ratio(sample_ratio(p, p->broken_stack)).text);
	if (p->stacks.cut)
		doc_warning(doc, NULL, "%s deeper than %d frames and cut there",
			    p->stacks.cut == 1 ? "1 stack was" : stacks_were(p->stacks.cut).text,
			    STACKS_DEPTH_MAX);
}

/* The modules that most of the time without a name falls in, with why. */
static void say_modules(struct doc *doc, const struct profile *p)
{
	bool said[64] = { false };

	for (int round = 0; round < 4; round++) {
		size_t most = SIZE_MAX;

		for (size_t i = 0; i < p->modules.n && i < 64; i++)
			if (!said[i] && (most == SIZE_MAX || p->modules.v[i].unresolved >
								     p->modules.v[most].unresolved))
				most = i;
		if (most == SIZE_MAX ||
		    report_ratio(p, p->modules.v[most].unresolved) < WORTH_SAYING)
			return;
		said[most] = true;

		const struct profile_module *m = &p->modules.v[most];
		const char *why, *fix;

		frames_module_trouble(p->frames, m->id, &why, &fix);
		doc_warning(doc, fix, "%s of it in %s: %s",
			    units_ratio(p->unresolved
						? (double)m->unresolved / (double)p->unresolved
						: 0)
				    .text,
			    m->id == 0 || !*m->path ? "no known file" : m->path,
			    why	     ? why
			    : !m->id ? "no mapping of the process covered the address"
				     : "its symbols have no name for these addresses");
	}
}

static void say_unresolved(struct doc *doc, const struct profile *p)
{
	struct frames_resolved now = frames_resolved(p->frames);

	if (now.asked)
		doc_text(doc,
			 "The recording has no names of its own for %s of its addresses; %s of "
			 "them were "
			 "found in this machine's files now.",
			 units_count(now.asked).text,
			 units_ratio((double)now.found / (double)now.asked).text);
	if (!p->unresolved_samples)
		return;
	doc_warning(doc, NULL, "%s of the time is in code without a name (%s sample%s)",
		    units_ratio(report_ratio(p, p->unresolved)).text,
		    units_count(p->unresolved_samples).text, p->unresolved_samples == 1 ? "" : "s");
	say_modules(doc, p);
}

static void say_events(struct doc *doc, const struct profile *p)
{
	for (size_t i = 0; i < p->events.n; i++)
		if (!p->events.v[i].counted && p->events.v[i].samples)
			doc_text(doc, "Also recorded: %s sample%s of %s (--event %s).",
				 units_count(p->events.v[i].samples).text, p->events.v[i].samples == 1 ? "" : "s", p->events.v[i].name,
				 p->events.v[i].name);
}

void report_doubts(struct doc *doc, const struct profile *p)
{
	if (p->recording)
		losses_emit_state(doc, p->recording);
	losses_emit(doc, &p->losses);
	if (p->recording)
		say_unsampled(doc, p);
}

void report_notes(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	(void)o;
	if (p->recording)
		say_missing(doc, recording_borrow_meta(p->recording));
	say_stacks(doc, p);
	if (p->frames)
		say_unresolved(doc, p);
	say_events(doc, p);
}
