/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_CALLS_IMPL_H
#define SONDE_CAPTURE_BPF_CALLS_IMPL_H
/* Shared by calls*.c only. */
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "capture/bpf/call_stacks.h"
#include "capture/bpf/calls.h"
#include "capture/bpf/loader.h"
#include "capture/bpf/narrow.h"
#include "capture/bpf/rings.h"
#include "event/bpf_calls.h"

struct calls_bpf; /* calls.skel.h */

/* One thread; the sink sees `shown`. */
struct watched {
	struct call_thread shown; /* first */
	bool hidden, tried_exec;  /* our command before its execve */
	VEC(struct bpf_calls_signal) ignored;
	struct str parts;         /* of what the call that is under way refers to */
	uint64_t parts_ns;        /* that call's entry */
	bool begun;               /* in a call since before we looked, `before`, which was not told yet */
	struct bpf_call before;
	uint64_t stopped_ns;      /* it was found to be stopped; 0: it wasn't */
	bool threaded;            /* the first thread of a process that had others, too */
	bool over;                /* ... and has ended while `others` are left */
	size_t others;
	uint32_t becomes;         /* it has exec'ed and gets the first thread's id, which is told with the call; 0: no */
	uint64_t becomes_ns;
};

struct bpf_calls_loss {
	int cpu;
	enum bpf_calls_lost what;
	uint64_t count;
};

struct bpf_calls {
	struct bpf_calls_options options;
	struct bpf_loader loader;
	struct calls_bpf *skel;
	struct bpf_rings *rings;
	struct call_stacks *stacks; /* NULL: none are asked for */
	unsigned long long no_epoch; /* of a reader, which has no programs */
	VEC(struct bpf_calls_loss) lost; /* not asked for yet */
	VEC(struct bpf_record *) unfinished; /* entries of calls that ran when we stopped; ours */
	VEC(struct bpf_calls_event) stopped; /* when we came; not told yet */
	struct map threads; /* tid -> struct watched * */
	struct bpf_calls_totals totals;
	uint64_t start_ns, stop_ns;
	struct bpf_narrow *narrow; /* NULL: the entries of all calls are looked at */
	bool widen;               /* ... and have to be: a 32-bit program was seen */

	uint64_t learned[BPF_CALLS_NUMBERS / 64]; /* bit: an unknown call that has its plan now */
	size_t begun;             /* threads with a call that began before */
	bool strangers;           /* threads were met before the first one of their process */
	VEC(struct watched *) changing; /* those that become another */
	bool tell_begun;          /* as soon as it is known that it blocks, else when it returns */
};

/* --- calls_load.c: the programs ------------------------------------------------------------ */

/* What can be looked up beforehand is, in a thread; bpf_calls_load() goes on from there. */
void bpf_calls_begin_loading(struct bpf_calls *c);
/* What bpf_calls_load() made, whole or not. */
void bpf_calls_unload(struct bpf_calls *c);
bool bpf_calls_wants_exec(const struct bpf_calls *c);
/* Have the entries of all calls looked at, where only those of wanted ones were. */
struct err *bpf_calls_widen(struct bpf_calls *c);
/* R is a call that the tables don't know: if the kernel has described it by now, it is copied as any other's from the next on. */
void bpf_calls_plan_unknown(struct bpf_calls *c, const struct bpf_call *r);

/* --- calls_tell.c: what the sink is told ------------------------------------------------------ */

/* The thread, made and told of when it is new. */
struct watched *bpf_calls_watch(struct bpf_calls *c, uint32_t pid, uint32_t tid, enum call_begin how, uint64_t time_ns);
void bpf_calls_tell(struct bpf_calls *c, const struct bpf_record *r, uint32_t size_bytes);
/* A thread was in CALL when we came; USER is the struct bpf_calls (bpf_begun_each()).  Once all that came before CUTOFF_NS is told, so are
 * those that still are in theirs. */
void bpf_calls_found_begun(void *user, const struct bpf_call *call);
void bpf_calls_tell_begun(struct bpf_calls *c, uint64_t cutoff_ns);
/* Those that were stopped when we came, before all else. */
void bpf_calls_tell_stopped(struct bpf_calls *c);
/* Free all threads; nobody is told. */
void bpf_calls_release_threads(struct bpf_calls *c);

#endif
