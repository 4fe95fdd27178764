/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record becomes what a sink is told: of its thread, which is made known first, and in the order in which ptrace would have
 * shown it.
 *
 * A signal that a thread ignores is not delivered, so nobody can see when it would have
 * been.  Its record is made when it was sent, most often (SIGCHLD) while its receiver is in a
 * call; it is kept until the receiver's next record and told behind the call that it came
 * in, which is where ptrace shows it.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "capture/bpf/begun.h"
#include "capture/bpf/calls_impl.h"
#include "capture/track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- threads ----------------------------------------------------------------------------------- */

static struct watched *find(const struct bpf_calls *c, uint32_t tid)
{
	uint64_t *slot = map_find(&c->threads, tid);

	return slot ? (struct watched *)(uintptr_t)*slot : NULL;
}

/* W is new: the first thread of its process has to wait for its end. */
static void note_thread(struct bpf_calls *c, const struct watched *w)
{
	struct watched *first = w->shown.tid == w->shown.pid ? NULL : find(c, (uint32_t)w->shown.pid);

	if (first) {
		first->threaded = true;
		first->others += first->over;
	} else if (w->shown.tid != w->shown.pid) {
		c->strangers = true;
	}
}

static struct watched *make(struct bpf_calls *c, uint32_t pid, uint32_t tid, enum call_begin how, uint64_t time_ns,
			    const struct watched *parent)
{
	struct watched *w;

	w = mem_calloc(1, sizeof(*w));
	w->shown.pid = (pid_t)pid;
	w->shown.tid = (pid_t)tid;
	w->shown.event_ns = time_ns;
	note_thread(c, w);
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

struct watched *bpf_calls_watch(struct bpf_calls *c, uint32_t pid, uint32_t tid, enum call_begin how, uint64_t time_ns)
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

static void unchange(struct bpf_calls *c, const struct watched *w)
{
	for (size_t i = 0; i < c->changing.n; i++)
		if (c->changing.v[i] == w) {
			vec_remove(&c->changing, i);
			return;
		}
}

static void drop(struct bpf_calls *c, struct watched *w)
{
	struct watched *first = w->shown.tid == w->shown.pid ? NULL : find(c, (uint32_t)w->shown.pid);

	if (first && first->over && first->others)
		first->others--;
	unchange(c, w);
	c->begun -= w->begun;
	map_remove(&c->threads, (uint64_t)w->shown.tid);
	release(w);
}

size_t bpf_calls_thread_count(const struct bpf_calls *c) { return c->threads.n; }

/* --- signals ----------------------------------------------------------------------------------- */

/* Another CPU sends what is ignored; came it within a call, the thread goes on behind that. */
static uint64_t place_of(const struct bpf_calls_signal *s, const struct call_thread *t)
{
	bool within = s->head.time_ns >= t->enter_ns && s->head.time_ns < t->leave_ns;

	return s->head.kind == BPF_CALLS_IGNORED && within ? t->ip : s->ip;
}

static void tell_signal(struct bpf_calls *c, struct watched *w, const struct bpf_calls_signal *s)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	memcpy(&info, s->siginfo, sizeof(s->siginfo));
	w->shown.event_ns = s->head.time_ns;
	w->shown.stack = c->stacks ? call_stacks_id(c->stacks, w->shown.pid, s->stack) : 0;
	w->shown.signal_ip = place_of(s, &w->shown);
	if (!w->hidden)
		c->options.sink->signal(c->options.sink_self, &w->shown, (int)s->number, &info);
	w->shown.signal_ip = 0;
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
	w = bpf_calls_watch(c, s->pid, s->head.tid, CALL_BEGIN_ATTACHED, s->head.time_ns);
	tell_ignored(c, w, s->head.time_ns);
	tell_signal(c, w, s);
}

/* --- calls ------------------------------------------------------------------------------------- */

static void set_call(struct call_thread *t, const struct bpf_call *r)
{
	t->call = (struct syscall_call){ .abi = syscall_abi_here(r->abi), .pid = t->pid, .tid = t->tid,
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
	bool joined = r->flags & BPF_CALL_JOINED;

	if (w->parts.length == 0 || w->parts_ns != r->enter_ns)
		return (struct syscall_pieces){ r + 1, r->data_bytes, joined };
	keep_part(w, r);
	w->parts_ns = 0;
	return (struct syscall_pieces){ w->parts.text, w->parts.length, joined };
}

static void become(struct bpf_calls *c, struct watched *w);

static void tell_call(struct bpf_calls *c, struct watched *w, const struct bpf_call *r)
{
	bool entry_told = r->flags & (BPF_CALL_SHOWN | BPF_CALL_JOINED) && w->shown.in_call;
	struct syscall_pieces pieces = pieces_of(w, r);
	struct syscall_memory memory = syscall_pieces_memory(&pieces);

	tell_ignored(c, w, r->enter_ns);
	if (!entry_told)
		set_call(&w->shown, r);
	w->shown.whole = !entry_told && r->head.kind == BPF_CALLS_CALL && !(r->flags & BPF_CALL_JOINED) && !w->becomes;
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
	if (w->becomes)
		become(c, w);
	if (r->head.kind == BPF_CALLS_CALL)
		tell_leave(c, w, r, &memory);
	w->shown.pieces = NULL;
	if (r->head.kind == BPF_CALLS_CALL)
		tell_ignored(c, w, r->head.time_ns);
	bpf_calls_plan_unknown(c, r);
}

/* --- calls that began before we looked --------------------------------------------------------- */

static void forget_begun(struct bpf_calls *c, struct watched *w)
{
	c->begun -= w->begun;
	w->begun = false;
}

static bool is_wanted(const struct bpf_calls *c, const struct bpf_call *call)
{
	return call_set_has(c->options.wanted, syscall_abi_here(call->abi), call->number);
}

static bool stands_for_others(const struct bpf_call *call)
{
	return syscall_abi_here(call->abi) == SYSCALL_ABI_I386 && (call->number == SYSCALL_SOCKETCALL || call->number == SYSCALL_IPC_CALL);
}

void bpf_calls_found_begun(void *user, const struct bpf_call *call)
{
	struct bpf_calls *c = user;
	struct syscall_style style = { .string_limit = c->options.string_limit, .verbose = c->options.verbose };
	struct bpf_call before = *call;
	struct str pieces;
	struct watched *w;

	if (!is_wanted(c, call) && !stands_for_others(call))
		return;
	str_init(&pieces);
	if (!bpf_begun_read(&before, &style, &pieces) || !is_wanted(c, &before)) {
		str_deinit(&pieces);
		return;
	}
	w = bpf_calls_watch(c, call->pid, call->head.tid, CALL_BEGIN_ATTACHED, c->start_ns);
	w->before = before;
	w->before.head.time_ns = clock_now_ns();
	w->before.enter_ns = c->start_ns;
	str_deinit(&w->parts);
	w->parts = pieces;
	w->parts_ns = 0; /* what its return says of its entry */
	c->begun += !w->begun;
	w->begun = true;
}

static void tell_one_begun(struct bpf_calls *c, struct watched *w)
{
	struct syscall_pieces pieces = { w->parts.text, w->parts.length, true };
	struct syscall_memory memory = syscall_pieces_memory(&pieces);

	set_call(&w->shown, &w->before);
	w->shown.whole = false;
	w->shown.pieces = &pieces;
	w->shown.stack = c->stacks ? call_stacks_of_waiting(c->stacks, w->shown.pid, w->before.ip, w->before.sp) : 0;
	tell_enter(c, w, &memory);
	w->shown.pieces = NULL;
}

/* Told once all is known that came before we saw it there: had it been one that we saw begin, its entry would
 * have come. */
void bpf_calls_tell_begun(struct bpf_calls *c, uint64_t cutoff_ns)
{
	struct map_slot *slot;

	for (size_t i = 0; c->begun && c->tell_begun && (slot = map_next(&c->threads, &i)) != NULL;) {
		struct watched *w = (struct watched *)(uintptr_t)slot->value;

		if (!w->begun || w->before.head.time_ns >= cutoff_ns)
			continue;
		forget_begun(c, w);
		tell_one_begun(c, w);
	}
}

/* Who has the id TID, or gets it with the call that it is in; NULL: nobody. */
static struct watched *changing(const struct bpf_calls *c, uint32_t tid)
{
	for (size_t i = 0; i < c->changing.n; i++)
		if (c->changing.v[i]->becomes == tid)
			return c->changing.v[i];
	return NULL;
}

static void on_call(struct bpf_calls *c, const struct bpf_call *r, uint32_t size_bytes)
{
	struct watched *w = changing(c, r->head.tid);

	if (w && !is_exec(&(struct syscall_call){ .abi = syscall_abi_here(r->abi), .number = r->number })) {
		become(c, w);
		w = NULL;
	}
	if (!w)
		w = bpf_calls_watch(c, r->pid, r->head.tid, CALL_BEGIN_ATTACHED, r->enter_ns ? r->enter_ns : c->start_ns);
	if (w->begun && r->head.time_ns < w->before.head.time_ns) /* it had returned when its memory was read */
		str_clear(&w->parts);
	forget_begun(c, w); /* this is it, or one behind it */
	c->widen = c->widen || (r->flags & BPF_CALL_UNSEEN && r->abi != 0); /* else a refused one */
	if (sizeof(*r) + r->data_bytes > size_bytes || syscall_abi_here(r->abi) == SYSCALL_ABI_COUNT)
		return;
	if (r->head.kind == BPF_CALLS_PART)
		keep_part(w, r);
	else
		tell_call(c, w, r);
}

/* --- processes --------------------------------------------------------------------------------- */

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

static void execed(struct bpf_calls *c, struct watched *w, uint64_t time_ns)
{
	w->hidden = false;
	w->shown.event_ns = time_ns;
	c->options.sink->execed(c->options.sink_self, &w->shown);
}

/* Another thread than the first one has exec'ed: it has the id of the first one, which is gone. */
static void become(struct bpf_calls *c, struct watched *w)
{
	struct watched *first = find(c, w->becomes);
	pid_t by = w->shown.tid;

	unchange(c, w);
	if (first && first != w) {
		first->shown.event_ns = w->becomes_ns;
		c->options.sink->superseded(c->options.sink_self, &first->shown, by);
		drop(c, first);
	}
	map_remove(&c->threads, (uint64_t)by);
	w->shown.tid = w->shown.pid = (pid_t)w->becomes;
	*map_get(&c->threads, w->becomes, NULL) = (uintptr_t)w;
	w->becomes = 0;
	execed(c, w, w->becomes_ns);
}

/* What is told next of TID is not its execve's end. */
static void settle(struct bpf_calls *c, uint32_t tid)
{
	struct watched *w = changing(c, tid);

	if (w)
		become(c, w);
}

static void become_all(struct bpf_calls *c)
{
	while (c->changing.n)
		become(c, c->changing.v[0]);
}

static void on_exec(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *w = e->other_tid != e->head.tid ? find(c, e->other_tid) : NULL;
	bool changes = w && !w->becomes;

	if (!changes)
		w = bpf_calls_watch(c, e->pid, e->head.tid, CALL_BEGIN_ATTACHED, e->head.time_ns);
	if (c->stacks) /* what is mapped is told from here on */
		see_exec(c, w, e);
	snprintf(w->shown.comm, sizeof(w->shown.comm), "%.*s", (int)sizeof(e->comm), e->comm);
	if (!changes) {
		execed(c, w, e->head.time_ns);
		return;
	}
	w->becomes = e->head.tid;
	w->becomes_ns = e->head.time_ns;
	vec_push(&c->changing, w);
	if (w->shown.in_call || !bpf_calls_wants_exec(c)) /* else its entry is told first, which comes with its exit */
		become(c, w);
}

/* How many of FIRST's process are left besides. */
static size_t others_of(const struct bpf_calls *c, const struct watched *first)
{
	struct map_slot *slot;
	size_t n = 0;

	for (size_t i = 0; (first->threaded || c->strangers) && (slot = map_next(&c->threads, &i)) != NULL;) {
		const struct watched *other = (const struct watched *)(uintptr_t)slot->value;

		n += other != first && other->shown.pid == first->shown.pid;
	}
	return n;
}

static void tell_end(struct bpf_calls *c, struct watched *w, const struct bpf_calls_event *e)
{
	w->shown.event_ns = w->shown.leave_ns = e->head.time_ns;
	if (!w->hidden || w->tried_exec)
		c->options.sink->ended(c->options.sink_self, &w->shown, (int)e->value);
	if (c->options.track_lives)
		track_exit(c->options.track, w->shown.pid, w->shown.tid, e->head.time_ns);
	drop(c, w);
}

/* The first thread of a process lasts, as a zombie, until all others have ended, or one of them execs and gets its id
 * (become()).  Its status is then what the last one left: all the process's. */
static void on_end(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *w = find(c, e->head.tid), *first;

	if (!w)
		return;
	first = w->shown.tid == w->shown.pid ? NULL : find(c, (uint32_t)w->shown.pid);
	tell_ignored(c, w, e->head.time_ns);
	w->shown.event_ns = w->shown.leave_ns = e->head.time_ns;
	if (!w->hidden)
		c->options.sink->leaving(c->options.sink_self, &w->shown);
	w->shown.in_call = false;
	w->others = first ? 0 : others_of(c, w);
	w->over = w->others != 0;
	if (w->over) {
		forget_begun(c, w);
		return;
	}
	tell_end(c, w, e);
	if (first && first->over && first->others == 0)
		tell_end(c, first, e);
}

static void on_stop(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *w = bpf_calls_watch(c, e->pid, e->head.tid, CALL_BEGIN_ATTACHED, e->head.time_ns);

	if (e->head.time_ns < w->stopped_ns) /* the same */
		return;
	tell_ignored(c, w, e->head.time_ns);
	w->shown.event_ns = e->head.time_ns;
	if (!w->hidden)
		c->options.sink->stopped(c->options.sink_self, &w->shown, (int)e->value);
}

/* A call that it waits in by what /proc says has returned: it will begin anew. */
static void tell_stopped(struct bpf_calls *c, const struct bpf_calls_event *e)
{
	struct watched *w;

	on_stop(c, e);
	w = find(c, e->head.tid);
	w->stopped_ns = e->head.time_ns;
	forget_begun(c, w);
}

void bpf_calls_tell_stopped(struct bpf_calls *c)
{
	for (size_t i = 0; i < c->stopped.n; i++)
		tell_stopped(c, &c->stopped.v[i]);
	vec_clear(&c->stopped);
}

/* --- records ----------------------------------------------------------------------------------- */

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

void bpf_calls_tell(struct bpf_calls *c, const struct bpf_record *r, uint32_t size)
{
	if (c->stacks && call_stacks_take(c->stacks, r, size))
		return;
	if (!is_whole(r->kind, size))
		return;
	if (c->changing.n && r->kind != BPF_CALLS_CALL && r->kind != BPF_CALLS_ENTRY && r->kind != BPF_CALLS_PART)
		settle(c, r->tid);
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
	bpf_calls_tell(c, record, size_bytes);
}

/* --- the end ----------------------------------------------------------------------------------- */

static bool is_gone(const struct watched *w) { return syscall(SYS_tgkill, w->shown.pid, w->shown.tid, 0) != 0 && errno == ESRCH; }

void bpf_calls_forget_gone(struct bpf_calls *c)
{
	VEC(struct watched *) gone = { 0 };
	struct map_slot *slot;

	become_all(c);
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

	become_all(c);
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

void bpf_calls_release_threads(struct bpf_calls *c)
{
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&c->threads, &i)) != NULL;)
		release((struct watched *)(uintptr_t)slot->value);
	map_deinit(&c->threads);
}
