/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_CALLS_H
#define SONDE_CAPTURE_BPF_CALLS_H
/*
 * System calls by BPF (bpf/calls.bpf.c): the cheap engine.  Nobody is stopped, several
 * observers may look at once, and when we die the kernel takes the programs away.
 *
 * It tells the same sink as the ptrace engine.  A call is told when it returns, its entry
 * and its exit at once; one that blocks is told at its entry.
 */
#include "base/err.h"
#include "capture/calls.h"
#include "capture/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_calls;
struct track;

struct bpf_calls_options {
	const struct call_set *wanted;
	uint32_t string_limit;   /* bytes of a string that are wanted */
	bool verbose;            /* lists whole */
	bool single_threads;     /* the target's ids are threads: not their siblings, nor what they start */
	bool group;              /* the target is a control group */
	bool files;              /* keep what descriptors refer to (call_thread.pieces) */
	bool only_successful, only_failed;
	bool hide_failed_exec;   /* until the command is what it was asked to be: how it was found is not its doing */
	bool whole_calls;        /* no entries of blocking calls beforehand */
	size_t ring_bytes;       /* of one CPU; 0: bpf_rings_bytes() */
	bool soon;               /* somebody waits for the first lines: rings are small until bpf_calls_settle() */
	const struct syscall_lookup *lookup; /* finds calls that the tables don't know; may be NULL; borrowed */
	struct track *track;     /* take user stacks (call_thread.stack), whose ids are this tracker's; NULL: none */
	bool track_lives;        /* nobody else tells the tracker of processes */
	unsigned max_frames;     /* of one stack */
	const struct call_sink *sink;
	void *sink_self;
};

/* What of these options it can't do, in words ("strings of more than 1 MiB"); NULL: all.
 * Then the ptrace engine is the one. */
const char *bpf_calls_lacks(const struct bpf_calls_options *options);
/* Can programs be loaded here? */
struct err *bpf_calls_probe(void);
/* ... and those that take stacks (Linux 6.1)? */
bool bpf_calls_has_stacks(void);

struct err *bpf_calls_create(const struct bpf_calls_options *options, struct bpf_calls **ret);
/* The same in two steps: what needs nobody's permission goes on in a thread after the first, while the caller does something
 * else.  Then only bpf_calls_load() may be called, or bpf_calls_destroy(). */
struct bpf_calls *bpf_calls_prepare(const struct bpf_calls_options *options);
struct err *bpf_calls_load(struct bpf_calls *c);
void bpf_calls_destroy(struct bpf_calls *c); /* NULL-safe */
/* Without programs: records come from elsewhere, one by one (tests). */
struct err *bpf_calls_create_reader(const struct bpf_calls_options *options, struct bpf_calls **ret);
/* RECORD is aligned to 8 bytes and otherwise not trusted. */
void bpf_calls_take(struct bpf_calls *c, const void *record, uint32_t size_bytes);
/* From here on it looks at REQUEST's target.  A command is not told of until its execve. */
struct err *bpf_calls_start(struct bpf_calls *c, const struct capture_request *request);

/* Readable when there is much to drain. */
enum { BPF_CALLS_FDS = 2 };
size_t bpf_calls_fds(const struct bpf_calls *c, int fds[BPF_CALLS_FDS]);
/* Tell the sink what has come; LAST: all that had come when it was called.  It ends, however much
 * comes meanwhile. */
void bpf_calls_drain(struct bpf_calls *c, bool last);
/* With `soon`: call it between the first drains until it says false; a ring is made as large as it is to be each time,
 * which takes some ms. */
bool bpf_calls_settle(struct bpf_calls *c);
/* The programs are taken away: nothing comes any more.  What came is still to be drained. */
void bpf_calls_stop(struct bpf_calls *c);
/* Nobody is looked at any more: tell the sink of each that is still there (`detached`). */
void bpf_calls_end(struct bpf_calls *c);
size_t bpf_calls_thread_count(const struct bpf_calls *c); /* known and alive */
/* Where ends were lost (lost_events), those who are not there any more would be waited for in vain:
 * look, and tell the sink of them (`detached`, end_lost). */
void bpf_calls_forget_gone(struct bpf_calls *c);

struct bpf_calls_totals {
	uint64_t calls, lost_calls, lost_events; /* lost ones are counted exactly */
	uint64_t unstored;                       /* entries for which the kernel had no memory */
	uint64_t lost_stacks;                    /* calls without a stack: no room for it */
	uint64_t missed; /* known after bpf_calls_stop(): times that a program did not run because it
			    was running on that CPU already */
};
struct call_stacks_totals;
/* What served stacks; false: none were asked for. */
bool bpf_calls_get_stack_totals(const struct bpf_calls *c, struct call_stacks_totals *ret);
void bpf_calls_get_totals(const struct bpf_calls *c, struct bpf_calls_totals *ret);
/* The same by where: what was lost since the last call, on one CPU; false: nothing more.  Call until it
 * says so. */
enum bpf_calls_lost { BPF_CALLS_LOST_CALLS, BPF_CALLS_LOST_EVENTS, BPF_CALLS_UNSTORED, BPF_CALLS_LOST_STACKS };
bool bpf_calls_next_lost(struct bpf_calls *c, int *cpu, enum bpf_calls_lost *what, uint64_t *count);

#endif
