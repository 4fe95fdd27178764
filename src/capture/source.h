/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_SOURCE_H
#define SONDE_CAPTURE_SOURCE_H
/*
 * A capture source fills a recording.  A source is one file with a complete `const
 * struct source_ops` and one line in capture/sources.c; `sonde record --with help`
 * lists that table.  docs/HOWTO_ADD_SOURCE.md.
 *
 * Life of a source, driven by session/record.c:
 *   probe    can this machine do it, for this request?  No: why, and the fix.
 *   create   open what it needs.  The target exists, stopped before its exec when it
 *            is a command.
 *   start    begin to record.
 *   drain    called when its fd is readable, at least every 100 ms, and a last time
 *            after stop.
 *   stop     no new events.
 *   destroy  leave nothing behind, also after a failed create or start.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct call_names;
struct call_set;
struct syscall_style;
struct recorder;
struct recorder_stream;
struct track;
struct source_ops;

enum capture_target {
	CAPTURE_COMMAND, /* pids[0] is our child, waiting to exec */
	CAPTURE_PIDS,    /* whole processes, and what they fork */
	CAPTURE_TIDS,    /* single threads */
	CAPTURE_CGROUP,  /* cgroup_path */
	CAPTURE_ALL,     /* the whole machine */
};
#define CAPTURE_FREQUENCY_MAX UINT64_MAX /* as many as the kernel allows */
/* Whose clock says when to sample.  A thread's own begins anew with each thread, so that
 * thousands which live shorter than a sampling period are hardly seen; a CPU's runs on. */
enum capture_clock {
	CAPTURE_CLOCK_AUTO,   /* the CPUs', where that is permitted and they are not too many */
	CAPTURE_CLOCK_THREAD,
	CAPTURE_CLOCK_CPU,
};
/* How user stacks are unwound: what the user asked for.  What served is in each sample's
 * flags (enum sample_flags) and in the recording's notes. */
enum capture_stacks {
	CAPTURE_STACK_AUTO,  /* the CFI of modules that have it, else frame pointers */
	CAPTURE_STACK_FP,    /* frame pointers alone */
	CAPTURE_STACK_DWARF, /* as AUTO, and never guessing: without CFI the stack ends, broken */
	CAPTURE_STACK_NONE,  /* only where it ran */
};

/* By default: as kernel.perf_event_max_stack has it, and where no kernel sets a limit as deep as
 * interpreters go. */
enum { CAPTURE_FRAMES = 127, CAPTURE_CFI_FRAMES = 512, CAPTURE_FRAMES_MAX = 1023 };

struct capture_request {
	enum capture_target target;
	const pid_t *pids;       /* processes or threads, as target says */
	size_t pid_count;
	const char *cgroup_path;
	uint64_t frequency_hz;   /* samples a second and CPU, or CAPTURE_FREQUENCY_MAX */
	bool frequency_chosen;   /* the user said so: also for events that else are all recorded */
	uint64_t period;         /* a sample every so many events; 0: by frequency */
	enum capture_stacks stacks;
	unsigned max_frames;     /* of one stack; at most 1023; 0: CAPTURE_FRAMES or, by CFI, CAPTURE_CFI_FRAMES */
	enum capture_clock clock;
	const char *const *events; /* -e names of this source; may be empty */
	size_t event_count;
	const struct call_set *calls; /* which system calls, where they are recorded; NULL: all */
	uint32_t string_limit;        /* bytes of their strings; 0: 32 */
	const struct call_names *call_names; /* what their text is made with; NULL: nothing more */
	bool call_stacks;             /* with the stack of each, of max_frames */
	const struct syscall_style *call_style; /* what their text looks like; NULL: as always, with that limit */
};

/* What all sources of one recording share. */
struct capture {
	struct recorder *recorder;
	struct recorder_stream *stream; /* of the session's thread, which calls the hooks */
	struct track *track;            /* threads, mappings and stacks: capture/track.h */
	const struct capture_request *request;
	const char *recording_path;     /* its directory; a source may keep files of its own there
					   until destroy, below a name that starts with '.' */
};

struct source_ops {
	const char *name;     /* "cpu" */
	const char *summary;  /* one line */
	bool by_default;      /* without --with */
	/* Does an -e NAME belong to this source?  May be NULL: it has no events. */
	bool (*has_event)(const char *name);
	/* Its event names, for --with help and "did you mean"; ended by NULL.  May be NULL. */
	const char *const *events;
	/* NULL: this machine can; else why not, with the fix (err_fix).  The session then
	 * tries the source named by `fallback`, if any. */
	struct err *(*probe)(const struct capture_request *request);
	const char *fallback; /* may be NULL */
	/* Environment of a command that is about to be started ("LD_PRELOAD=..." strings
	 * added to ENV, a NULL-terminated heap array it may reallocate).  May be NULL. */
	struct err *(*prepare_command)(const struct capture_request *request,
				       const char *recording_path, char ***env);
	struct err *(*create)(const struct capture *capture, void **ret);
	struct err *(*start)(void *self);
	/* File descriptors to poll for POLLIN: fills up to max, returns how many there are.
	 * May be NULL: polled by time. */
	size_t (*poll_fds)(void *self, int *fds, size_t max);
	struct err *(*drain)(void *self, bool last);
	struct err *(*stop)(void *self);
	void (*destroy)(void *self);
};

extern const struct source_ops *const source_table[]; /* ended by NULL */
const struct source_ops *source_find(const char *name); /* NULL: no such source */

#endif
