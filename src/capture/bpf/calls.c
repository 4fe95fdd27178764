/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records from the rings, merged by time, become what a sink is told.
 *
 * A signal that a thread ignores is not delivered, so nobody can see when it would have
 * been.  Its record is made when it was sent, most often (SIGCHLD) while its receiver is in a
 * call; it is kept until the receiver's next record and told behind the call that it came
 * in, which is where ptrace shows it.
 */
#include "capture/bpf/calls.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "capture/bpf/begun.h"
#include "capture/bpf/call_stacks.h"
#include "capture/bpf/loader.h"
#include "capture/bpf/narrow.h"
#include "capture/bpf/rings.h"
#include "capture/bpf/target.h"
#include "capture/track.h"
#include "event/bpf_calls.h"
#include "event/bpf_target.h"
#include "syscall/plan.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "calls.skel.h"

enum { SETTLE_NS = 2000000, SOON_RING_BYTES = 2 << 20, STRING_MAX = 1 << 20, STRINGS_MOST = 64, STRINGS_MOST_VERBOSE = 8192 };

_Static_assert(sizeof(struct bpf_calls_step) == sizeof(struct syscall_plan_step) &&
		       (int)BPF_CALLS_STEPS == (int)SYSCALL_PLAN_STEPS && (int)BPF_FILES_IOCBS == (int)SYSCALL_PLAN_FILES_IOCBS &&
		       (int)BPF_STEP_FOLLOW_TWICE == (int)SYSCALL_PLAN_FOLLOW_TWICE &&
		       (int)BPF_STEP_SIZE_RESULT == (int)SYSCALL_PLAN_SIZE_RESULT &&
		       sizeof(struct bpf_calls_piece) == sizeof(struct syscall_piece),
	       "event/bpf_calls.h follows syscall/plan.h and memory.h");

/* One thread; the sink sees `shown`. */
struct watched {
	struct call_thread shown; /* first */
	bool hidden, tried_exec;  /* our command before its execve */
	VEC(struct bpf_calls_signal) ignored;
	struct str parts;         /* of what the call that is under way refers to */
	uint64_t parts_ns;        /* that call's entry */
	bool begun;               /* in a call since before we looked, `before`, which was not told yet */
	struct bpf_call before;
};

struct lost {
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
	VEC(struct lost) lost; /* not asked for yet */
	VEC(struct bpf_record *) unfinished; /* entries of calls that ran when we stopped; ours */
	struct map threads; /* tid -> struct watched * */
	struct bpf_calls_totals totals;
	uint64_t start_ns, stop_ns;
	struct bpf_narrow *narrow; /* NULL: the entries of all calls are looked at */
	bool widen;               /* ... and have to be: a 32-bit program was seen */

	uint64_t learned[BPF_CALLS_NUMBERS / 64]; /* bit: an unknown call whose plan was looked for */
	size_t begun;             /* threads with a call that began before */
	bool tell_begun;          /* as soon as it is known that it blocks, else when it returns */
};

/* --- threads --------------------------------------------------------------------------- */

static struct watched *find(const struct bpf_calls *c, uint32_t tid)
{
	uint64_t *slot = map_find(&c->threads, tid);

	return slot ? (struct watched *)(uintptr_t)*slot : NULL;
}

static struct watched *make(struct bpf_calls *c, uint32_t pid, uint32_t tid, enum call_begin how, uint64_t time_ns,
			    const struct watched *parent)
{
	struct watched *w;

	w = mem_calloc(1, sizeof(*w));
	w->shown.pid = (pid_t)pid;
	w->shown.tid = (pid_t)tid;
	w->shown.event_ns = time_ns;
	if (parent) {
		w->shown.parent_tid = parent->shown.tid;
		w->shown.parent_pid = parent->shown.pid;
	}
	*map_get(&c->threads, tid, NULL) = (uintptr_t)w;
	if (c->options.track_lives && how == CALL_BEGIN_ATTACHED && !parent && !track_has_thread(c->options.track, (pid_t)pid, (pid_t)tid))
		track_process(c->options.track, (pid_t)pid, time_ns);
	if (c->options.track_lives && parent)
		track_saw_fork(c->options.track, (pid_t)pid, parent->shown.pid, (pid_t)tid, parent->shown.tid, time_ns);
	c->options.sink->begin(c->options.sink_self, &w->shown, how);
	return w;
}

static struct watched *add(struct bpf_calls *c, uint32_t pid, uint32_t tid, enum call_begin how, uint64_t time_ns)
{
	struct watched *w = find(c, tid);

	return w ? w : make(c, pid, tid, how, time_ns, NULL);
}

static void release(struct watched *w)
{
	vec_deinit(&w->ignored);
	str_deinit(&w->parts);
	free(w);
}

static void drop(struct bpf_calls *c, struct watched *w)
{
	c->begun -= w->begun;
	map_remove(&c->threads, (uint64_t)w->shown.tid);
	release(w);
}

size_t bpf_calls_thread_count(const struct bpf_calls *c) { return c->threads.n; }

/* --- signals ------------------------------------------------------------------------------ */

static void tell_signal(struct bpf_calls *c, struct watched *w, const struct bpf_calls_signal *s)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	memcpy(&info, s->siginfo, sizeof(s->siginfo));
	w->shown.event_ns = s->head.time_ns;
	w->shown.stack = c->stacks ? call_stacks_id(c->stacks, w->shown.pid, s->stack) : 0;
	if (!w->hidden)
		c->options.sink->signal(c->options.sink_self, &w->shown, (int)s->number, &info);
}

/* Those that came before BEFORE_NS. */
static void tell_ignored(struct bpf_calls *c, struct watched *w, uint64_t before_ns)
{
	while (w->ignored.n && w->ignored.v[0].head.time_ns < before_ns) {
		tell_signal(c, w, &w->ignored.v[0]);
		vec_remove(&w->ignored, 0);
	}
}

static void on_signal(struct bpf_calls *c, const struct bpf_calls_signal *s)
{
	struct watched *w = find(c, s->head.tid);

	if (s->head.kind == BPF_CALLS_IGNORED) {
		if (w) /* another CPU sent it: the thread may have ended */
			vec_push(&w->ignored, *s);
		return;
	}
	w = add(c, s->pid, s->head.tid, CALL_BEGIN_ATTACHED, s->head.time_ns);
	tell_ignored(c, w, s->head.time_ns);
	tell_signal(c, w, s);
}

/* --- calls ----------------------------------------------------------------------------------- */

static void set_call(struct call_thread *t, const struct bpf_call *r)
{
	t->call = (struct syscall_call){ .abi = (enum syscall_abi)r->abi, .pid = t->pid, .tid = t->tid,
					 .number = r->number, .sp = r->sp, .result = r->result,
					 .is_error = r->flags & BPF_CALL_IS_ERROR };
	memcpy(t->call.args, r->args, sizeof(t->call.args));
	t->ip = r->ip;
	t->enter_ns = t->event_ns = r->enter_ns;
}

static bool is_exec(const struct syscall_call *call)
{
	const struct syscall_entry *entry = syscall_find(call->abi, call->number);

	return entry && strncmp(entry->name, "execve", 6) == 0;
}

static void tell_enter(struct bpf_calls *c, struct watched *w, const struct syscall_memory *memory)
{
	w->shown.in_call = true;
	c->options.sink->enter(c->options.sink_self, &w->shown, memory);
}

static void tell_leave(struct bpf_calls *c, struct watched *w, const struct bpf_call *r,
		       const struct syscall_memory *memory)
{
	w->shown.call.result = r->result;
	w->shown.call.is_error = r->flags & BPF_CALL_IS_ERROR;
	w->shown.leave_ns = w->shown.event_ns = r->head.time_ns;
	w->shown.in_call = false;
	c->options.sink->leave(c->options.sink_self, &w->shown, memory);
}

/* What of R's memory came before R did. */
static void keep_part(struct watched *w, const struct bpf_call *r)
{
	if (w->parts_ns != r->enter_ns)
		str_clear(&w->parts);
	w->parts_ns = r->enter_ns;
	str_add_n(&w->parts, r + 1, r->data_bytes);
}

static struct syscall_pieces pieces_of(struct watched *w, const struct bpf_call *r)
{
	if (w->parts.length == 0 || w->parts_ns != r->enter_ns)
		return (struct syscall_pieces){ r + 1, r->data_bytes };
	keep_part(w, r);
	w->parts_ns = 0;
	return (struct syscall_pieces){ w->parts.text, w->parts.length };
}

static void fill_plan(const struct bpf_calls *c, const struct syscall_plan *steps, struct bpf_calls_plan *plan);

/* What the kernel describes of a call that the tables don't know: from now on it is copied as any other's. */
static void plan_unknown(struct bpf_calls *c, const struct bpf_call *r)
{
	uint32_t key = r->number, hidden = c->options.lookup ? c->options.lookup->hidden : 0;
	const struct syscall_entry *entry;
	struct bpf_calls_plan plan = { 0 };
	struct syscall_plan steps;

	if (r->abi != 0 || key >= BPF_CALLS_NUMBERS || c->learned[key / 64] >> key % 64 & 1 ||
	    (key + 1 != hidden && syscall_find(SYSCALL_ABI_X86_64, key)))
		return;
	c->learned[key / 64] |= UINT64_C(1) << key % 64;
	entry = syscall_find_by(c->options.lookup, SYSCALL_ABI_X86_64, key);
	if (!entry)
		return;
	syscall_plan_entry(SYSCALL_ABI_X86_64, entry, c->options.verbose, &steps);
	fill_plan(c, &steps, &plan);
	if (c->skel && bpf_map_update_elem(bpf_map__fd(c->skel->maps.calls_plans), &key, &plan, 0) != 0)
		log_debug("no plan for system call %u: %s", key, strerror(errno));
}

static void tell_call(struct bpf_calls *c, struct watched *w, const struct bpf_call *r)
{
	bool entry_told = r->flags & (BPF_CALL_SHOWN | BPF_CALL_JOINED) && w->shown.in_call;
	struct syscall_pieces pieces = pieces_of(w, r);
	struct syscall_memory memory = syscall_pieces_memory(&pieces);

	tell_ignored(c, w, r->enter_ns);
	if (!entry_told)
		set_call(&w->shown, r);
	w->shown.whole = !entry_told && r->head.kind == BPF_CALLS_CALL && !(r->flags & BPF_CALL_JOINED);
	if (w->hidden && (!is_exec(&w->shown.call) || (c->options.hide_failed_exec && r->flags & BPF_CALL_IS_ERROR)))
		return;
	if (r->flags & BPF_CALL_JOINED && !entry_told)
		w->shown.enter_ns = w->shown.event_ns = c->start_ns;
	w->shown.entry_unseen = r->flags & BPF_CALL_UNSEEN;
	w->tried_exec = true;
	c->totals.calls += r->head.kind == BPF_CALLS_CALL;
	w->shown.pieces = &pieces;
	w->shown.stack = c->stacks ? call_stacks_id(c->stacks, w->shown.pid, syscall_pieces_stack(&pieces)) : 0;
	if (!entry_told)
		tell_enter(c, w, &memory);
	if (r->head.kind == BPF_CALLS_CALL)
		tell_leave(c, w, r, &memory);
	w->shown.pieces = NULL;
	plan_unknown(c, r);
}

/* --- calls that began before we looked -------------------------------------------------------- */

static void forget_begun(struct bpf_calls *c, struct watched *w)
{
	c->begun -= w->begun;
	w->begun = false;
}

static void find_begun(void *user, const struct bpf_call *call)
{
	struct bpf_calls *c = user;
	struct watched *w;

	if (!call_set_has(c->options.wanted, call->abi, call->number))
		return;
	w = add(c, call->pid, call->head.tid, CALL_BEGIN_ATTACHED, c->start_ns);
	w->before = *call;
	w->before.head.time_ns = clock_now_ns();
	w->before.enter_ns = c->start_ns;
	c->begun += !w->begun;
	w->begun = true;
}

/* Told once all is known that came before we saw it there: had it been one that we saw begin, its entry would
 * have come. */
static void tell_begun(struct bpf_calls *c, uint64_t cutoff_ns)
{
	struct syscall_pieces nothing = { 0 };
	struct syscall_memory memory = syscall_pieces_memory(&nothing);
	struct map_slot *slot;

	for (size_t i = 0; c->begun && c->tell_begun && (slot = map_next(&c->threads, &i)) != NULL;) {
		struct watched *w = (struct watched *)(uintptr_t)slot->value;

		if (!w->begun || w->before.head.time_ns >= cutoff_ns)
			continue;
		forget_begun(c, w);
		set_call(&w->shown, &w->before);
		w->shown.whole = false;
		w->shown.pieces = &nothing;
		w->shown.stack = c->stacks ? call_stacks_of_waiting(c->stacks, w->shown.pid, w->before.ip, w->before.sp) : 0;
		tell_enter(c, w, &memory);
		w->shown.pieces = NULL;
	}
}

static void on_call(struct bpf_calls *c, const struct bpf_call *r, uint32_t size_bytes)
{
	struct watched *w = add(c, r->pid, r->head.tid, CALL_BEGIN_ATTACHED, r->enter_ns ? r->enter_ns : c->start_ns);

	forget_begun(c, w); /* this is it, or one behind it */
	c->widen = c->widen || (r->flags & BPF_CALL_UNSEEN && r->abi != SYSCALL_ABI_X86_64); /* else a refused one */
	if (sizeof(*r) + r->data_bytes > size_bytes || r->abi >= SYSCALL_ABI_COUNT)
		return;
	if (r->head.kind == BPF_CALLS_PART)
		keep_part(w, r);
	else
		tell_call(c, w, r);
}

/* --- everything else ---------------------------------------------------------------------------- */

static void on_fork(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *parent = find(c, e->head.tid);

	if ((!parent || !parent->hidden) && !find(c, e->other_tid))
		make(c, e->other_pid, e->other_tid, CALL_BEGIN_FOLLOWED, e->head.time_ns, parent);
}

static void see_exec(struct bpf_calls *c, const struct watched *w, const struct bpf_calls_event *e)
{
	char comm[sizeof(e->comm) + 1] = "";

	memcpy(comm, e->comm, sizeof(e->comm));
	track_saw_exec(c->options.track, w->shown.pid, w->shown.tid, comm, e->head.time_ns, e->head.time_ns);
}

static void on_exec(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *w = find(c, e->head.tid), *old = find(c, e->other_tid);

	if (e->other_tid != e->head.tid && old) {
		if (w) {
			w->shown.event_ns = e->head.time_ns;
			c->options.sink->superseded(c->options.sink_self, &w->shown, (pid_t)e->other_tid);
			drop(c, w);
		}
		map_remove(&c->threads, e->other_tid);
		w = old;
		w->shown.tid = w->shown.pid = (pid_t)e->head.tid;
		*map_get(&c->threads, e->head.tid, NULL) = (uintptr_t)w;
	}
	if (!w)
		w = add(c, e->pid, e->head.tid, CALL_BEGIN_ATTACHED, e->head.time_ns);
	w->hidden = false;
	w->shown.event_ns = e->head.time_ns;
	if (c->stacks) /* what is mapped is told from here on */
		see_exec(c, w, e);
	c->options.sink->execed(c->options.sink_self, &w->shown);
}

/* The first thread of a process in which another one execs is killed for that, and the other one gets
 * its id: on_exec() tells of it. */
static bool makes_way(const struct bpf_calls *c, const struct watched *w)
{
	struct map_slot *slot;

	if (w->shown.tid != w->shown.pid)
		return false;
	for (size_t i = 0; (slot = map_next(&c->threads, &i)) != NULL;) {
		const struct watched *other = (const struct watched *)(uintptr_t)slot->value;

		if (other != w && other->shown.pid == w->shown.pid && other->shown.in_call && is_exec(&other->shown.call))
			return true;
	}
	return false;
}

static void on_end(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *w = find(c, e->head.tid);

	if (!w)
		return;
	if (e->value == 0 && makes_way(c, w)) {
		w->shown.event_ns = w->shown.leave_ns = e->head.time_ns;
		c->options.sink->leaving(c->options.sink_self, &w->shown);
		return;
	}
	tell_ignored(c, w, e->head.time_ns);
	w->shown.event_ns = w->shown.leave_ns = e->head.time_ns;
	if (!w->hidden)
		c->options.sink->leaving(c->options.sink_self, &w->shown);
	w->shown.in_call = false;
	if (!w->hidden || w->tried_exec)
		c->options.sink->ended(c->options.sink_self, &w->shown, (int)e->value);
	if (c->options.track_lives)
		track_exit(c->options.track, w->shown.pid, w->shown.tid, e->head.time_ns);
	drop(c, w);
}

static void on_stop(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *w = add(c, e->pid, e->head.tid, CALL_BEGIN_ATTACHED, e->head.time_ns);

	tell_ignored(c, w, e->head.time_ns);
	w->shown.event_ns = e->head.time_ns;
	if (!w->hidden)
		c->options.sink->stopped(c->options.sink_self, &w->shown, (int)e->value);
}

/* Is a record of that kind as large as that? */
static bool is_whole(uint16_t kind, uint32_t size)
{
	switch (kind) {
	case BPF_CALLS_CALL:
	case BPF_CALLS_ENTRY:
	case BPF_CALLS_PART: return size >= sizeof(struct bpf_call);
	case BPF_CALLS_SIGNAL:
	case BPF_CALLS_IGNORED: return size >= sizeof(struct bpf_calls_signal);
	default: return size >= sizeof(struct bpf_calls_event);
	}
}

static void on_record(struct bpf_calls *c, const struct bpf_record *r, uint32_t size)
{
	if (c->stacks && call_stacks_take(c->stacks, r, size))
		return;
	if (!is_whole(r->kind, size))
		return;
	switch (r->kind) {
	case BPF_CALLS_CALL:
	case BPF_CALLS_ENTRY:
	case BPF_CALLS_PART: on_call(c, (const struct bpf_call *)r, size); break;
	case BPF_CALLS_FORK: on_fork(c, (const struct bpf_calls_event *)r); break;
	case BPF_CALLS_EXEC: on_exec(c, (const struct bpf_calls_event *)r); break;
	case BPF_CALLS_EXIT: on_end(c, (const struct bpf_calls_event *)r); break;
	case BPF_CALLS_STOP: on_stop(c, (const struct bpf_calls_event *)r); break;
	case BPF_CALLS_SIGNAL:
	case BPF_CALLS_IGNORED: on_signal(c, (const struct bpf_calls_signal *)r); break;
	}
}

void bpf_calls_take(struct bpf_calls *c, const void *record, uint32_t size_bytes)
{
	const struct bpf_record *r = record;
	const struct bpf_call *call = record;
	bool is_call = size_bytes >= sizeof(*call) &&
		       (r->kind == BPF_CALLS_CALL || r->kind == BPF_CALLS_ENTRY || r->kind == BPF_CALLS_PART);

	if (size_bytes < sizeof(*r) || (is_call && (call->data_bytes > size_bytes - sizeof(*call) ||
						    !syscall_pieces_check(call + 1, call->data_bytes))))
		return;
	on_record(c, record, size_bytes);
}

static void add_lost(struct bpf_calls *c, const struct lost *lost)
{
	for (size_t i = 0; i < c->lost.n; i++)
		if (c->lost.v[i].cpu == lost->cpu && c->lost.v[i].what == lost->what) {
			c->lost.v[i].count += lost->count;
			return;
		}
	vec_push(&c->lost, *lost);
}

static void count_lost(struct bpf_calls *c)
{
	uint64_t *const totals[] = { &c->totals.lost_calls, &c->totals.lost_events, &c->totals.unstored, &c->totals.lost_stacks };
	struct lost lost;
	unsigned kind;

	while (bpf_rings_lost(c->rings, &lost.cpu, &kind, &lost.count)) {
		lost.what = kind <= BPF_CALLS_LOST_STACKS ? (enum bpf_calls_lost)kind : BPF_CALLS_LOST_EVENTS;
		*totals[lost.what] += lost.count;
		add_lost(c, &lost);
	}
}

bool bpf_calls_next_lost(struct bpf_calls *c, int *cpu, enum bpf_calls_lost *what, uint64_t *count)
{
	struct lost lost;

	if (c->lost.n == 0)
		return false;
	lost = c->lost.v[--c->lost.n];
	*cpu = lost.cpu;
	*what = lost.what;
	*count = lost.count;
	return true;
}

/* What the kernel says of our programs: it does not run one within itself. */
static void count_missed(struct bpf_calls *c)
{
	const struct bpf_object_skeleton *skeleton = c->skel->skeleton;

	c->totals.missed = 0;
	for (int i = 0; i < skeleton->prog_cnt; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = bpf_program__fd(*skeleton->progs[i].prog);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			c->totals.missed += info.recursion_misses;
	}
}

/* Have the entries of all calls looked at. */
static struct err *widen(struct bpf_calls *c)
{
	struct calls_bpf *skel = c->skel;

	if (skel->links.calls_enter)
		return NULL;
	TRY(bpf_loader_now(&c->loader, skel->progs.calls_enter));
	skel->links.calls_enter = bpf_program__attach_trace(skel->progs.calls_enter);
	if (!skel->links.calls_enter)
		return err_errno(errno, "cannot attach a BPF program to the entry of system calls");
	__atomic_store_n(&skel->bss->calls_wide, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void tell_unfinished(struct bpf_calls *c)
{
	for (size_t i = 0; i < c->unfinished.n; i++) {
		bpf_calls_take(c, c->unfinished.v[i], BPF_LANE_SLACK - 8);
		free(c->unfinished.v[i]);
	}
	c->unfinished.n = 0;
}

void bpf_calls_drain(struct bpf_calls *c, bool last)
{
	/* a bound even at last: many busy threads write faster than a sink on a busy machine reads */
	uint64_t cutoff_ns = clock_now_ns() - (last ? 0 : SETTLE_NS);
	const struct bpf_record *record;
	unsigned taken = 0;
	uint32_t size;

	bpf_rings_acknowledge(c->rings);
	while ((record = bpf_rings_next(c->rings, cutoff_ns, &size)) != NULL) {
		on_record(c, record, size);
		if (++taken % 1024 == 0)
			bpf_rings_commit(c->rings); /* room for more as early as can be */
	}
	bpf_rings_commit(c->rings);
	if (last)
		tell_unfinished(c);
	if (c->stacks)
		call_stacks_prepare(c->stacks);
	tell_begun(c, cutoff_ns);
	if (!last)
		bpf_rings_grow(c->rings);
	if (c->widen && !last)
		err_destroy(widen(c)); /* else it is tried again */
	count_lost(c);
}

void bpf_calls_get_totals(const struct bpf_calls *c, struct bpf_calls_totals *ret) { *ret = c->totals; }

bool bpf_calls_get_stack_totals(const struct bpf_calls *c, struct call_stacks_totals *ret)
{
	if (c->stacks)
		call_stacks_get_totals(c->stacks, ret);
	return c->stacks != NULL;
}

size_t bpf_calls_fds(const struct bpf_calls *c, int fds[BPF_CALLS_FDS])
{
	fds[0] = bpf_rings_fd(c->rings);
	fds[1] = c->stacks ? call_stacks_fd(c->stacks) : -1;
	return c->stacks ? 2 : 1;
}

/* --- beginning ------------------------------------------------------------------------------------- */

const char *bpf_calls_lacks(const struct bpf_calls_options *options)
{
	return options->string_limit > STRING_MAX ? "strings of more than 1 MiB" : NULL;
}

struct err *bpf_calls_probe(void) { return bpf_loader_probe("system calls"); }

bool bpf_calls_has_stacks(void)
{
	struct bpf_loader loader;
	bool has;

	bpf_loader_init(&loader, "stacks");
	BPF_LOADER_TYPES(&loader, calls);
	has = bpf_loader_has_type(&loader, "maple_arange_64");
	bpf_loader_deinit(&loader);
	return has;
}

/* When there is something to copy, and whether it is no more than one piece. */
static uint8_t phases_of(const struct bpf_calls *c, const struct syscall_plan *plan)
{
	const struct syscall_plan_step *first = &plan->steps[0];
	uint8_t phases = 0;

	for (unsigned i = 0; i < BPF_CALLS_STEPS && plan->steps[i].kind; i++)
		phases |= plan->steps[i].phase == SYSCALL_EXIT ? BPF_PLAN_AT_EXIT : BPF_PLAN_AT_ENTRY;
	if (first->kind == SYSCALL_PLAN_BYTES && !plan->steps[1].kind &&
	    (first->limit ? first->limit : c->options.string_limit + 1) <= BPF_CALLS_PIECE_BYTES)
		phases |= BPF_PLAN_SIMPLE;
	return phases;
}

/* May it be written in a lane?  At most one step at its entry and one at its exit, each of one piece. */
static uint8_t lane_of(const struct bpf_calls *c, const struct syscall_plan *plan)
{
	uint8_t lane = BPF_LANE_CAN;

	if (plan->peek || (c->options.files && (plan->files || plan->file_list)))
		return 0;
	for (unsigned i = 0; i < BPF_CALLS_STEPS && plan->steps[i].kind; i++) {
		const struct syscall_plan_step *step = &plan->steps[i];
		bool exit = step->phase == SYSCALL_EXIT;

		if (i > 1 || (step->kind != SYSCALL_PLAN_STRING && step->kind != SYSCALL_PLAN_BYTES) ||
		    lane & (exit ? BPF_LANE_EXIT : BPF_LANE_ENTRY))
			return 0;
		lane |= (uint8_t)((exit ? BPF_LANE_EXIT : BPF_LANE_ENTRY) | i << (exit ? BPF_LANE_EXIT_AT : BPF_LANE_ENTRY_AT));
	}
	return lane;
}

static void fill_plan(const struct bpf_calls *c, const struct syscall_plan *steps, struct bpf_calls_plan *plan)
{
	plan->wanted = 1;
	plan->lane = lane_of(c, steps);
	memcpy(plan->steps, steps->steps, sizeof(plan->steps));
	plan->phases = phases_of(c, steps);
	plan->files = steps->files;
	plan->file_list = steps->file_list;
	plan->peek = steps->peek;
	plan->plain = steps->plain;
}

static bool is_hidden(const struct bpf_calls *c, unsigned abi, unsigned number)
{
	return c->options.lookup && abi == 0 && c->options.lookup->hidden == number + 1;
}

static struct err *fill_plans(struct bpf_calls *c)
{
	size_t size = sizeof(struct bpf_calls_plan) * BPF_CALLS_ABIS * BPF_CALLS_NUMBERS;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_calls_plan *plans;

	size = (size + page - 1) / page * page;
	plans = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(c->skel->maps.calls_plans), 0);
	if (plans == MAP_FAILED)
		return err_errno(errno, "cannot map the plan of system calls");
	for (unsigned abi = 0; abi < BPF_CALLS_ABIS; abi++)
		for (unsigned number = 0; number < BPF_CALLS_NUMBERS; number++) {
			struct bpf_calls_plan *plan = &plans[abi * BPF_CALLS_NUMBERS + number];
			struct syscall_plan steps;

			if (!call_set_has(c->options.wanted, abi, number))
				continue;
			syscall_plan_entry(abi, is_hidden(c, abi, number) ? NULL : syscall_find(abi, number), c->options.verbose, &steps);
			fill_plan(c, &steps, plan);
		}
	munmap(plans, size);
	return NULL;
}

static void set_numbers(const struct call_set *wanted, struct calls_bpf *skel)
{
	for (unsigned number = 0; number < BPF_CALLS_NUMBERS; number++)
		for (unsigned abi = 0; abi < BPF_CALLS_ABIS; abi++)
			if (call_set_has(wanted, abi, number))
				((uint64_t *)skel->rodata->calls_numbers)[number / 64] |= 1ULL << (number % 64);
	if (call_set_wants_socketcall(wanted))
		((uint64_t *)skel->rodata->calls_numbers)[SYSCALL_SOCKETCALL / 64] |= 1ULL << SYSCALL_SOCKETCALL % 64;
	if (call_set_wants_ipc(wanted))
		((uint64_t *)skel->rodata->calls_numbers)[SYSCALL_IPC_CALL / 64] |= 1ULL << SYSCALL_IPC_CALL % 64;
	for (unsigned i = 0; i < SYSCALL_IPC_COUNT; i++) {
		skel->rodata->calls_ipc_numbers[i] = syscall_ipcs[i].number;
		skel->rodata->calls_ipc_memory[i] = syscall_ipcs[i].memory;
		for (unsigned k = 0; k < sizeof(syscall_ipcs[i].order); k++)
			skel->rodata->calls_ipc_order[8 * i + k] = syscall_ipcs[i].order[k];
	}
	for (unsigned i = 0; i < SYSCALL_SOCKETCALL_COUNT; i++) {
		skel->rodata->calls_socket_numbers[i] = syscall_socketcalls[i].number;
		skel->rodata->calls_socket_args[i] = syscall_socketcalls[i].args;
	}
	skel->rodata->calls_others = wanted->others;
}

/* Which kinds of steps there are in the plans of wanted calls. */
static uint32_t kinds_of(const struct bpf_calls *c)
{
	uint32_t kinds = 0;

	for (unsigned abi = 0; abi < BPF_CALLS_ABIS; abi++)
		for (unsigned number = 0; number < BPF_CALLS_NUMBERS; number++) {
			struct syscall_plan plan;

			if (!call_set_has(c->options.wanted, abi, number))
				continue;
			syscall_plan_get(abi, number, c->options.verbose, &plan);
			for (unsigned i = 0; i < BPF_CALLS_STEPS; i++)
				kinds |= 1U << plan.steps[i].kind;
		}
	return kinds;
}

static bool wants_exec(const struct bpf_calls *c)
{
	static const char *const names[] = { "execve", "execveat" };

	for (unsigned abi = 0; abi < BPF_CALLS_ABIS; abi++)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			int64_t number = syscall_number(abi, names[i]);

			if (number >= 0 && call_set_has(c->options.wanted, abi, (uint32_t)number))
				return true;
		}
	return false;
}

/* Stacks take maps and programs that nobody else pays for. */
static void choose_stacks(const struct bpf_calls *c)
{
	struct calls_bpf *skel = c->skel;
	struct bpf_map *maps[] = { skel->maps.unwind_shards, skel->maps.unwind_files, skel->maps.unwind_wants,
				   skel->maps.unwind_rooms, skel->maps.unwind_seen, skel->maps.stack_rooms,
				   skel->maps.stack_mapping_rooms, skel->maps.stack_mappings_seen };
	bool wanted = c->options.track != NULL;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		bpf_map__set_autocreate(maps[i], wanted);
	bpf_program__set_autoload(skel->progs.calls_exit, !wanted);
	bpf_program__set_autoload(skel->progs.calls_signal, !wanted);
	bpf_program__set_autoload(skel->progs.calls_exit_stack, wanted);
	bpf_program__set_autoload(skel->progs.calls_signal_stack, wanted);
	bpf_program__set_autoload(skel->progs.calls_exec, !wanted);
	bpf_program__set_autoload(skel->progs.calls_exec_stack, wanted);
	if (c->options.max_frames)
		skel->rodata->stack_max_frames = c->options.max_frames;
}

static struct err *open_stacks(struct bpf_calls *c)
{
	struct calls_bpf *skel = c->skel;

	if (!c->options.track)
		return NULL;
	return call_stacks_create(&BPF_TABLES_OF(skel), &skel->bss->unwind_epoch, c->options.track,
				  skel->rodata->stack_max_frames, &c->stacks);
}

/* Of one CPU.  Copies of stacks come at once, before tables are ready. */
static size_t ring_bytes(const struct bpf_calls *c)
{
	return c->options.ring_bytes ? c->options.ring_bytes : bpf_rings_bytes() * (c->options.track ? 2 : 1);
}

/* To begin with: the kernel takes its pages one by one, 8 MiB in two milliseconds; this much holds the most that a CPU can
 * write in a dozen. */
static size_t first_ring_bytes(const struct bpf_calls *c)
{
	size_t all = ring_bytes(c);

	return c->options.soon && !c->options.track && all > SOON_RING_BYTES ? SOON_RING_BYTES : all;
}

bool bpf_calls_settle(struct bpf_calls *c)
{
	return bpf_rings_settle(c->rings, ring_bytes(c));
}

static struct err *load(struct bpf_calls *c, bool lanes)
{
	struct calls_bpf *skel = c->skel = calls_bpf__open_opts(bpf_loader_options(&c->loader));
	if (!skel)
		return bpf_loader_open_error(&c->loader);
	c->rings = bpf_rings_begin(first_ring_bytes(c)); /* while types are looked up */
	if (c->options.track && !bpf_loader_has_type(&c->loader, "maple_arange_64"))
		return err_new(ERR_UNSUPPORTED, "this kernel is older than Linux 6.1: a BPF program can't see what is mapped, for -k");
	choose_stacks(c);
	skel->rodata->calls_string_limit = c->options.string_limit + 1;
	skel->rodata->calls_kinds = kinds_of(c);
	skel->rodata->calls_files = c->options.files;
	skel->rodata->target_groups = c->options.group;
	skel->rodata->calls_narrow = bpf_narrow_can(c->options.wanted);
	bpf_program__set_autoload(skel->progs.calls_enter_one, skel->rodata->calls_narrow);
	bpf_program__set_autoattach(skel->progs.calls_enter, !skel->rodata->calls_narrow);
	if (skel->rodata->calls_narrow)
		bpf_loader_later(&c->loader, skel->progs.calls_enter);
	skel->rodata->calls_strings_most = c->options.verbose ? STRINGS_MOST_VERBOSE : STRINGS_MOST;
	skel->rodata->calls_result_filter = c->options.only_successful ? 1 : c->options.only_failed ? 2 : 0;
	set_numbers(c->options.wanted, skel);
	skel->rodata->calls_show_blocked = !c->options.whole_calls;
	bpf_program__set_autoattach(skel->progs.calls_rest, false);
	bpf_program__set_autoload(skel->progs.calls_prepare_exec, wants_exec(c));
	bpf_program__set_autoattach(skel->progs.calls_prepare_exec, false);
	TRY(bpf_rings_prepare(skel->maps.rings, skel->maps.ring_states, ring_bytes(c), &skel->rodata->ring_wake_bytes));
	if (lanes)
		TRY(bpf_lanes_prepare(skel->maps.lanes, &skel->rodata->lane_bytes, &skel->rodata->lane_preempted));
	TRY(bpf_loader_load(&c->loader, skel->skeleton));
	TRY(bpf_rings_open(skel->maps.rings, skel->maps.ring_states, first_ring_bytes(c), &c->rings));
	if (skel->rodata->lane_bytes)
		TRY(bpf_lanes_open(c->rings, skel->maps.lanes, skel->rodata->lane_bytes));
	TRY(open_stacks(c));
	TRY(fill_plans(c));
	TRY(bpf_loader_attach(&c->loader, skel->skeleton));
	if (wants_exec(c))
		skel->links.calls_prepare_exec = bpf_program__attach(skel->progs.calls_prepare_exec); /* NULL before Linux 6.10 */
	if (!skel->rodata->calls_narrow)
		return NULL;
	c->narrow = bpf_narrow_attach(skel->progs.calls_enter_one, c->options.wanted);
	return c->narrow ? NULL : widen(c);
}

static void begin_loading(struct bpf_calls *c)
{
	bpf_loader_init(&c->loader, "system calls");
	BPF_LOADER_TYPES(&c->loader, calls);
}

/* What load() made, whole or not. */
static void unload(struct bpf_calls *c)
{
	bpf_narrow_detach(c->narrow);
	bpf_loader_deinit(&c->loader); /* its threads load what is in the skeleton */
	if (c->skel)
		calls_bpf__destroy(c->skel);
	call_stacks_destroy(c->stacks);
	bpf_rings_close(c->rings);
	c->narrow = NULL;
	c->skel = NULL;
	c->stacks = NULL;
	c->rings = NULL;
}

/* Lanes ask more of a verifier than all else: one that refuses them may take the rest. */
struct err *bpf_calls_load(struct bpf_calls *c)
{
	bool lanes = !c->options.track; /* a stack is taken into a thread's storage */
	struct err *err = load(c, lanes);

	if (!lanes || !err_is(err, ERR_UNSUPPORTED))
		return err;
	log_debug("once more, without lanes: %s", err_message(err));
	err_destroy(err);
	unload(c);
	begin_loading(c);
	return load(c, false);
}

struct bpf_calls *bpf_calls_prepare(const struct bpf_calls_options *options)
{
	struct bpf_calls *c = mem_calloc(1, sizeof(*c));

	c->options = *options;
	map_init(&c->threads);
	begin_loading(c);
	return c;
}

struct err *bpf_calls_create(const struct bpf_calls_options *options, struct bpf_calls **ret)
{
	struct bpf_calls *c = bpf_calls_prepare(options);
	struct err *err = bpf_calls_load(c);

	if (err)
		bpf_calls_destroy(c);
	else
		*ret = c;
	return err;
}

struct err *bpf_calls_create_reader(const struct bpf_calls_options *options, struct bpf_calls **ret)
{
	struct bpf_calls *c = mem_calloc(1, sizeof(*c));
	struct err *err = NULL;

	c->options = *options;
	map_init(&c->threads);
	bpf_loader_init(&c->loader, "system calls");
	if (options->track)
		err = call_stacks_create(NULL, &c->no_epoch, options->track, options->max_frames, &c->stacks);
	if (err) {
		bpf_calls_destroy(c);
		c = NULL;
	}
	*ret = c;
	return err;
}

struct err *bpf_calls_start(struct bpf_calls *c, const struct capture_request *request)
{
	struct bpf_target target = BPF_TARGET_OF(c->skel);
	struct capture_request threads = *request;

	if (request->target == CAPTURE_COMMAND) {
		uint32_t pid = (uint32_t)request->pids[0];

		add(c, pid, pid, CALL_BEGIN_COMMAND, clock_now_ns())->hidden = true;
	}
	threads.target = CAPTURE_TIDS;
	if (c->options.single_threads)
		request = &threads;
	c->start_ns = clock_now_ns();
	c->tell_begun = (request->target != CAPTURE_ALL || c->options.whole_calls) && !c->options.only_successful &&
			!c->options.only_failed;
	TRY(bpf_target_set(&target, request));
	if (request->target == CAPTURE_COMMAND)
		return NULL;
	return bpf_begun_each(request, bpf_map__fd(c->skel->maps.calls_begun), find_begun, c);
}

/* Calls that are under way are known to the programs only: the one that walks all threads sends
 * them.  Nobody else writes to the rings by now. */
static void send_rest(struct bpf_calls *c)
{
	struct bpf_link *link = bpf_program__attach_iter(c->skel->progs.calls_rest, NULL);
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	char nothing[64];

	if (fd < 0)
		log_info("calls that have not returned can't be asked for: %s", strerror(errno));
	while (fd >= 0 && read(fd, nothing, sizeof(nothing)) > 0)
		continue;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
}

/* ... but of those that run: they are in lanes. */
static void keep_unfinished(struct bpf_calls *c)
{
	for (size_t cpu = 0; cpu < bpf_rings_cpus(c->rings); cpu++) {
		uint32_t size;
		struct bpf_record *record = bpf_lanes_unfinished(c->rings, cpu, &size);

		if (!record)
			continue;
		record->kind = BPF_CALLS_ENTRY;
		record->time_ns = c->stop_ns;
		vec_push(&c->unfinished, record);
	}
}

void bpf_calls_stop(struct bpf_calls *c)
{
	__atomic_store_n(&c->skel->data->target_mode, (uint32_t)BPF_TARGET_NOBODY, __ATOMIC_SEQ_CST);
	c->stop_ns = clock_now_ns();
	calls_bpf__detach(c->skel);
	bpf_narrow_detach(c->narrow);
	c->narrow = NULL;
	if (!c->options.only_successful && !c->options.only_failed) {
		send_rest(c);
		keep_unfinished(c);
	}
	count_missed(c);
}

static bool is_gone(const struct watched *w) { return syscall(SYS_tgkill, w->shown.pid, w->shown.tid, 0) != 0 && errno == ESRCH; }

void bpf_calls_forget_gone(struct bpf_calls *c)
{
	VEC(struct watched *) gone = { 0 };
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&c->threads, &i)) != NULL;) {
		struct watched *w = (struct watched *)(uintptr_t)slot->value;

		if (is_gone(w))
			vec_push(&gone, w);
	}
	for (size_t i = 0; i < gone.n; i++) {
		gone.v[i]->shown.end_lost = true;
		c->options.sink->detached(c->options.sink_self, &gone.v[i]->shown);
		drop(c, gone.v[i]);
	}
	vec_deinit(&gone);
}

/* What has not returned has no stack from its exit; where it waits is asked of the thread. */
static void find_last_stack(struct bpf_calls *c, struct watched *w)
{
	struct bpf_call now;

	if (c->stacks && w->shown.in_call && !w->shown.stack && bpf_begun_now(w->shown.pid, w->shown.tid, &now) &&
	    now.number == w->shown.call.number)
		w->shown.stack = call_stacks_of_waiting(c->stacks, w->shown.pid, now.ip, now.sp);
}

/* Each is told of and freed in one pass: a removal would move slots, and threads may be many. */
void bpf_calls_end(struct bpf_calls *c)
{
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&c->threads, &i)) != NULL;) {
		struct watched *w = (struct watched *)(uintptr_t)slot->value;

		w->shown.event_ns = w->shown.leave_ns = c->stop_ns;
		w->shown.end_lost = c->totals.lost_events && is_gone(w);
		find_last_stack(c, w);
		c->options.sink->detached(c->options.sink_self, &w->shown);
		release(w);
	}
	map_clear(&c->threads);
}

void bpf_calls_destroy(struct bpf_calls *c)
{
	struct map_slot *slot;

	if (c == NULL)
		return;
	unload(c);
	for (size_t i = 0; (slot = map_next(&c->threads, &i)) != NULL;) {
		struct watched *w = (struct watched *)(uintptr_t)slot->value;

		release(w);
	}
	map_deinit(&c->threads);
	for (size_t i = 0; i < c->unfinished.n; i++)
		free(c->unfinished.v[i]);
	vec_deinit(&c->unfinished);
	vec_deinit(&c->lost);
	free(c);
}
