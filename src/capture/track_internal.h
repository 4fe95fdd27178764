/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_TRACK_INTERNAL_H
#define SONDE_CAPTURE_TRACK_INTERNAL_H
/* The parts of the tracker: track.c has threads and processes, track_module.c what is
 * mapped into them, track_stack.c frames and stacks. */
#include "base/map.h"
#include "base/vec.h"
#include "capture/track.h"
#include "event/types.h"
#include "module/mapping.h"
#include "module/module.h"
#include "record/recorder.h"

/* An address space.  `token` names its mappings as they are now: it changes with
 * them, and children share it until one side changes.  Address -> frame is a function
 * of (token, address). */
struct track_process {
	pid_t pid, ppid;
	unsigned live;          /* threads that have not exited */
	unsigned entries;       /* threads that the tracker still knows */
	uint64_t token;
	uint64_t birth_ns;      /* as /proc has it; 0: not known, or not long before it was looked at */
	uint32_t exe;           /* string id */
	uint32_t exiting;       /* row for threads that have no id any more; 0: none yet */
	uint32_t anon_module;   /* its own module for memory without a file; 0: none yet */
	bool exec_pending;      /* the next file mapped is the program */
	bool kernel;
	struct mappings *maps;
};

struct track_thread {
	struct track_process *process;
	bool dead;
	struct row_thread row;
};

struct track_module {
	struct row_module row;
	struct module_key key;  /* key.path is a heap copy; key.fd is ours */
	struct map frames;      /* offset << 1 | exact -> frame id */
	struct unwind_image *unwind; /* NULL: none (yet) */
	bool unwind_tried;
};

/* Direct-mapped: a miss costs a walk, never memory. */
struct track_stack_slot {
	uint64_t hash[2];
	uint32_t stack;
};
enum { TRACK_STACK_SLOTS = 1 << 15, TRACK_GRAVES = 4096, TRACK_WALK_MAX = 512, TRACK_STEP_SLOTS = 1 << 13 };

/* A stack that is being walked, from its outermost frame in: as far as ADDR. */
struct track_step {
	uint64_t addr;
	uint32_t node, frame, depth;
	uint8_t how; /* kernel << 1 | exact */
};

/* What walks had lately; again a function of (token, addresses). */
struct track_walk {
	/* the last one: stacks of a program begin alike */
	uint64_t token;
	size_t count;
	struct track_step steps[TRACK_WALK_MAX];
	/* steps from a node on, direct-mapped; from 0: none */
	struct {
		struct track_step to;
		uint32_t from;
		uint64_t token;
	} slots[TRACK_STEP_SLOTS];
};

struct track {
	struct recorder *recorder;
	bool offline, local;    /* see track_create_offline() */
	bool followed;          /* see track_set_followed() */
	struct map threads;     /* tid -> struct track_thread * */
	struct map processes;   /* pid -> struct track_process * */
	uint32_t exiting;       /* as in a process, where even that is not known */
	uint32_t last_thread, last_mapping, last_frame, last_stack, last_event;
	uint64_t last_token;
	struct track_totals totals;
	/* Threads that exited, oldest first in a ring: late events still find them. */
	struct { pid_t tid; uint32_t id; } graves[TRACK_GRAVES];
	unsigned next_grave;

	VEC(struct track_module *) modules; /* [id]; [0] collects what no mapping covered */
	struct strmap module_ids;           /* identity -> id, see track_module.c */
	unsigned open_files;
	struct mappings *kernel_maps;       /* kernel modules; NULL: not read yet */
	uint32_t kernel_module;             /* [kernel]; 0: not made yet */

	uint32_t gap_frame;                 /* (0, 0), once there is one */
	struct map stacks;                  /* parent << 32 | frame -> stack id */
	struct track_stack_slot *slots;     /* TRACK_STACK_SLOTS */
	struct track_walk *walk;
};

/* The process, read from /proc when it was never seen.  Never NULL. */
struct track_process *track_borrow_process(struct track *t, pid_t pid, uint64_t time_ns);
/* The program of a process became known. */
void track_set_exe(struct track *t, struct track_process *p, const char *path);

void track_modules_init(struct track *t);
void track_modules_deinit(struct track *t);
void track_map_into(struct track *t, struct track_process *p, const struct track_mmap *m,
		    uint64_t time_ns);
/* The module that holds a kernel address. */
uint32_t track_kernel_module(struct track *t, uint64_t addr);

void track_stacks_init(struct track *t);
void track_stacks_deinit(struct track *t);

#endif
