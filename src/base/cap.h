/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_CAP_H
#define SONDE_BASE_CAP_H
/*
 * What this machine can do for us, found out by trying.  A capability is one row: a
 * name, what it is for and a probe that attempts the very thing (opens the event, loads
 * the program, reads the file) and undoes it; user ids and kernel versions are never
 * asked.  Nothing a probe makes outlives it: it holds descriptors only.
 *
 * `sonde doctor` prints the table; sources call the small functions at the end.
 */
#include <stdbool.h>
#include <stddef.h>

enum cap_state {
	CAP_YES,
	CAP_LIMITED,       /* works, but less than it could */
	CAP_NOT_PERMITTED,
	CAP_NOT_IN_KERNEL, /* not built in, or switched off at boot */
	CAP_NO_HARDWARE,
	CAP_MISSING,       /* not set up: a file, a setting, a package */
};
const char *cap_state_text(enum cap_state state); /* "yes", "not permitted" ... */
const char *cap_state_key(enum cap_state state);  /* for JSON: "yes", "not_permitted" ... */

struct cap_result {
	enum cap_state state;
	char detail[160]; /* how, or why not; may be empty */
	char fix[200];    /* the command that changes it; empty when there is none */
};

/* Where /proc, /sys and /etc are read: "" for the machine itself; tests give a
 * directory.  System calls are always real. */
struct cap_env {
	const char *root;
};

struct cap {
	const char *key;      /* "kernel_samples" */
	const char *name;     /* "kernel samples" */
	const char *what_for; /* "time spent inside the kernel" */
	const char *group;    /* rows of one group stand together */
	void (*probe)(const struct cap_env *env, struct cap_result *result);
};
extern const struct cap cap_table[]; /* ended by .key NULL */

void cap_probe(const struct cap *cap, const struct cap_env *env, struct cap_result *result);
const struct cap *cap_find(const char *key); /* NULL: no such row */

/* --- for sources ------------------------------------------------------------------- */

/* kernel.perf_event_paranoid; -1 when all is allowed, 99 when it can't be read. */
int cap_perf_paranoid(const struct cap_env *env);
/* Where tracefs is mounted ("/sys/kernel/tracing"), or false. */
bool cap_tracefs(const struct cap_env *env, char *path, size_t path_bytes);

#endif
