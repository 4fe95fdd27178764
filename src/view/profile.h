/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_PROFILE_H
#define SONDE_VIEW_PROFILE_H
/*
 * The profile: a recording's samples, summed up.  One scan of the sample columns adds
 * up what falls on each (stack, thread); stacks then become a tree of functions
 * (record/stacks.h).  Every view of CPU time is made from this.
 *
 * Values are what was counted, as the samples' periods tell it: nanoseconds of CPU time when
 * the event is a clock, else cycles, page faults ... .
 */
#include "base/err.h"
#include "base/vec.h"
#include "record/stacks.h"
#include "view/losses.h"

#include <stdbool.h>
#include <stdint.h>

struct recording;
struct frames;
struct frames_cache;
struct row_thread;

/* What stands outermost in each stack. */
enum profile_group {
	PROFILE_BY_NAME,    /* the thread's name, as perf script's readers do it */
	PROFILE_BY_THREAD,  /* name and tid */
	PROFILE_BY_PROCESS, /* process name and pid */
};

struct profile_options {
	const char *thread, *process, *module, *event; /* see view_options */
	uint64_t from_ns, to_ns;
	bool no_kernel, no_user, no_inlines;
	enum profile_group group;
	struct frames_cache *cache; /* view/frames.h; NULL: none */
};

/* What one thread row of the recording used. */
struct profile_thread {
	const struct row_thread *row; /* valid while the recording lives */
	uint32_t process;	      /* index into `processes` */
	uint64_t value, samples;
	uint64_t first_ns, last_ns; /* of its samples */
};
struct profile_process {
	uint32_t pid;
	const char *name; /* what it ran for most of its time */
	uint64_t value, samples;
	uint32_t threads; /* that were sampled */
};
/* One source line, or an address's function where no line is known. */
struct profile_line {
	uint32_t symbol, line;
	const char *file; /* "" where not known */
	uint64_t self;
};
/* What ran at one address: the innermost frame of stacks. */
struct profile_leaf {
	uint32_t frame;	 /* index into `frames` */
	uint32_t symbol; /* of its innermost call */
	uint64_t value, samples;
};
struct profile_module {
	uint32_t id; /* row_module.id; 0: no module */
	const char *path;
	uint8_t kind;				 /* enum module_kind */
	uint64_t unresolved, unresolved_samples; /* whose innermost frame has no name */
};
struct profile_event {
	const char *name;
	uint64_t samples;
	bool counted;
};

/* Which samples the options let pass. */
struct profile_choice {
	const struct row_stack *stacks;
	const struct row_thread *threads;
	size_t stack_count, thread_count;
	uint64_t from_ns, to_ns; /* absolute; to 0: no bound */
	bool by_thread;		 /* a sample of no known thread is none */
	bool *thread_wanted;	 /* by thread row */
	bool *module_wanted;	 /* by frame; NULL: all */
};

struct profile {
	struct recording *recording;
	struct frames *frames;
	struct stacks stacks; /* finished */

	const char *event, *unit; /* what was counted: "cpu-clock", "ns" */
	uint64_t frequency_hz, period; /* asked for: one of them, or neither is known */
	bool is_time;		 /* values are ns of CPU time */
	uint64_t value, samples; /* all that count */
	uint64_t left_out;	 /* samples of the event that the options left out */
	uint64_t kernel;	 /* of value: in kernel mode */
	uint64_t no_stack, cut_stack, no_user_stack, broken_stack; /* samples */
	uint64_t unresolved, unresolved_samples;     /* innermost frame without a name */
	uint64_t first_ns, last_ns;		     /* of the samples that count */

	VEC(struct profile_thread) threads; /* in the order of the thread table */
	VEC(struct profile_process) processes;
	VEC(struct profile_line) lines;
	VEC(struct profile_leaf) leaves;
	VEC(struct profile_module) modules;
	struct losses losses;
	VEC(struct profile_event) events;
	struct profile_choice choice;
};

/* Does a sample of P's recording count, of whatever event?  With no recording: all do. */
bool profile_wants(const struct profile *p, uint32_t thread, uint32_t stack, uint64_t time_ns);

/* ERR_NOT_FOUND when the recording has no samples at all, or no event of that name. */
struct err *profile_create(struct recording *r, const struct profile_options *options,
			   struct profile **ret);
void profile_destroy(struct profile *p); /* NULL-safe */

/* A profile of stacks that came from elsewhere: no recording, threads, lines.  STACKS move
 * in (and are empty afterwards). */
struct profile *profile_of_stacks(struct stacks *stacks);

/* CPU time over time: COUNT equal slices of [from_ns, to_ns) for each of the threads
 * THREADS (indices into p->threads), value in slices[t * count + i]. */
struct err *profile_timeline(const struct profile *p, const struct profile_options *options,
			     const uint32_t *threads, size_t thread_count, uint64_t from_ns,
			     uint64_t to_ns, size_t count, uint64_t *slices);

#endif
