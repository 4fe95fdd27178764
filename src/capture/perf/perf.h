/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PERF_PERF_H
#define SONDE_CAPTURE_PERF_PERF_H
/* The parts of the source "cpu": setup.c asks the kernel what it can do, attach.c opens
 * events and rings for a target, decode.c turns records into rows, cpu.c ties them. */
#include "base/map.h"
#include "base/vec.h"
#include "capture/perf/event.h"
#include "capture/perf/ring.h"
#include "capture/source.h"
#include "capture/stack_counts.h"

#include <linux/perf_event.h>

enum { PERF_EVENTS_MAX = 16, PERF_STACK_MAX = 1024 + 16, PERF_STACK_LEVELS = 3,
       PERF_STACK_FIRST_LEVEL = 1 };

/* --- setup.c -------------------------------------------------------------------------- */

struct perf_counter {
	struct perf_spec spec;
	struct perf_event_attr attr; /* complete but for what attach.c decides */
	uint32_t row;                /* `event` row */
	uint64_t counted, lost;      /* perf_read_counters(): in all, and samples without room */
	uint64_t sampled;            /* periods of all samples */
};

struct perf_fd {
	int fd, cpu;
	unsigned counter;
	unsigned level;          /* of stack copies */
};

struct perf_setup {
	struct perf_counter counters[PERF_EVENTS_MAX];
	size_t count;
	uint64_t frequency_hz;   /* what the kernel allows of what was asked */
	uint64_t asked_hz;
	unsigned max_frames;     /* kernel and user frames of one stack together; 0: no stacks */
	unsigned kernel_frames;  /* of them, at most so many by the kernel's own walk */
	bool copies_stack;       /* user stacks come as copies (user_stack.c) */
	bool copies_would_panic; /* they don't: the kernel may warn of them, and kernel.panic_on_warn is set */
	bool no_kernel;          /* kernel part not permitted */
	bool no_build_id;        /* kernel before 5.12 */
	bool no_lost_count;      /* kernel before 6.0 */
	const char *why_clock;   /* why cpu-clock and not cycles; NULL: cycles, or asked for */
};

/* Choose and try.  ERR_PERMISSION, ERR_UNSUPPORTED with the fix; ERR_USAGE for a bad event. */
struct err *perf_setup_make(const struct capture_request *request, struct perf_setup *ret);

/* perf_event_open(2), always close-on-exec; -1 with errno.  For tests, SONDE_TEST_DENY
 * (comma-separated: perf, perf-kernel, perf-build-id, perf-fds, perf-copies, perf-copies-warn) makes it refuse as other
 * kernels and settings do, and perf-exec loses the record of the command's exec as a full ring does. */
int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu, unsigned long flags);
bool perf_test_deny(const char *what);

/* --- attach.c ------------------------------------------------------------------------- */

struct perf_cpu {
	int cpu;
	int fd;                  /* whose ring it is: the first event opened here; -1: none yet */
	struct perf_ring ring;
	uint64_t next_time_ns;   /* of the record at its tail, in a merge */
	const struct perf_event_header *next;
	uint64_t throttled_ns;   /* since when; 0: not */

	/* user_stack.c: which of its events is enabled, and what the samples since needed */
	unsigned level, level_samples;
	uint64_t level_depth_bytes;
	uint64_t looked_at;      /* in the ring, perf_stacks_look_ahead() */
};

struct perf_session {
	struct capture capture;
	struct perf_setup setup;
	VEC(struct perf_fd) fds;
	struct perf_cpu *cpus;
	size_t cpu_count;
	size_t ring_pages;
	bool has_deep_stacks;    /* some copy did not suffice at first */
	unsigned stack_levels;   /* events for each CPU, one enabled; 1: no choice */
	struct stack_counts stack_counts;
	struct map ids;          /* event id -> index of its counter; when there are several */

	/* Too many threads for a descriptor each: all of the machine is sampled and these
	 * processes (and their children) are kept. */
	bool filter;
	struct map filter_pids;
	pid_t awaited;           /* a command that is ours from its exec on; 0: none */
	uint64_t execed_ns;      /* it had by then, whether the record came or was lost; 0: not known */

	/* A control group that perf can't follow: processes in it are attached one by one,
	 * and looked for again now and then. */
	char *cgroup_dir;
	uint64_t cgroup_seen_ns;
	struct map attached;     /* pids */

	/* in_kernel.c */
	struct bpf_cpu *bpf;     /* NULL: samples are perf's own */
	struct bpf_loading *bpf_loading; /* not NULL: a thread loads it */
	bool bpf_tried;
	uint64_t bpf_start_ns;   /* of the recording */
	size_t bpf_fds;          /* the first of fds that it is on */
	bool bpf_newcomers, bpf_settled;
	unsigned bpf_quiet_rounds;

	VEC(struct perf_cpu *) heap; /* decode.c: CPUs that have records, the earliest first */
	uint64_t *addrs;         /* PERF_STACK_MAX */
	uint64_t lost_seen;      /* by LOST records */
	uint64_t lost_reported;  /* to the recorder */
};

/* Open events for the request's target. */
struct err *perf_attach(struct perf_session *s);
/* Attach what came into the control group meanwhile. */
void perf_attach_newcomers(struct perf_session *s, uint64_t now_ns);
/* The awaited command has exec'ed: it is ours. */
void perf_take_awaited(struct perf_session *s);
/* After each round of records, up to CUTOFF: where its exec's was lost, /proc tells.  LAST: now or never. */
void perf_look_for_awaited(struct perf_session *s, uint64_t cutoff, bool last);
void perf_detach(struct perf_session *s);
/* Let the kernel say what it counted and lost (0 where it can't). */
void perf_read_counters(struct perf_session *s);

/* The directory of control group PATH: absolute, or below any mounted hierarchy.  Heap. */
struct err *perf_cgroup_find(const char *path, char **ret);
typedef void perf_cgroup_fn(void *user, pid_t pid);
/* Each process in it and in the groups below. */
void perf_cgroup_processes(const char *dir, perf_cgroup_fn *callback, void *user);

/* --- user_stack.c ---------------------------------------------------------------------- */

/* For attr.sample_regs_user; 0: this machine's copies can't be unwound. */
uint64_t perf_user_regs_mask(void);
/* For attr.sample_stack_user. */
uint32_t perf_stack_bytes(const struct perf_session *s, unsigned level);
/* Unwind what follows the call chain of a sample, [P, END), into ADDRS, at most MAX_FRAMES;
 * returns how many.  FLAGS: enum sample_flags are added. */
size_t perf_user_stack(struct perf_session *s, struct perf_cpu *cpu, pid_t pid, const uint8_t *p,
		       const uint8_t *end, uint64_t *addrs, size_t max_frames, uint8_t *flags);

/* New records are in CPU's ring. */
void perf_stacks_look_ahead(struct perf_session *s, struct perf_cpu *cpu);

/* What served, into the recording's notes. */
void perf_user_stacks_note(struct perf_session *s);

/* --- in_kernel.c ------------------------------------------------------------------------ */

#ifdef SONDE_HAVE_BPF
/* A round of perf_drain() begins: load what unwinds in the kernel, when it is worth it. */
void perf_bpf_begin(struct perf_session *s, uint64_t now_ns);
void perf_bpf_attach(struct perf_session *s);             /* to events that came meanwhile */
void perf_bpf_forked(struct perf_session *s, pid_t pid);  /* one more process is ours */
void perf_bpf_drain(struct perf_session *s, uint64_t until_ns); /* samples up to then: rows */
void perf_bpf_commit(struct perf_session *s);             /* the round ends */
void perf_bpf_note(struct perf_session *s);               /* how stacks were had */
void perf_bpf_close(struct perf_session *s);
bool perf_bpf_pressed(const struct perf_session *s);
size_t perf_bpf_fds(const struct perf_session *s, int *fds, size_t max); /* to poll */
#else
static inline void perf_bpf_begin(struct perf_session *s, uint64_t now_ns) { }
static inline void perf_bpf_attach(struct perf_session *s) { }
static inline void perf_bpf_forked(struct perf_session *s, pid_t pid) { }
static inline void perf_bpf_drain(struct perf_session *s, uint64_t until_ns) { }
static inline void perf_bpf_commit(struct perf_session *s) { }
static inline void perf_bpf_note(struct perf_session *s) { }
static inline void perf_bpf_close(struct perf_session *s) { }
static inline bool perf_bpf_pressed(const struct perf_session *s) { return false; }
static inline size_t perf_bpf_fds(const struct perf_session *s, int *fds, size_t max) { return 0; }
#endif

/* --- decode.c ------------------------------------------------------------------------- */

/* Records of all CPUs in time order, up to now minus a little; all of them when LAST. */
void perf_drain(struct perf_session *s, bool last);

#endif
