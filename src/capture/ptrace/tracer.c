/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop: wait for any thread, look why it stopped, tell the sink, let it go on.
 *
 * Every stop ends with the thread running, or, for a group stop (SIGSTOP, Ctrl-Z),
 * stopped as the user wanted it: PTRACE_LISTEN (ptrace(2), "Stopped states").  All have
 * been seized, so that a group stop can be told from a signal and no signal of ours is
 * ever in flight.
 *
 * With several threads, what has happened to all of them is collected before the first
 * is let go on: else the kernel, which looks through its list from the front, would
 * serve a busy thread for ever.
 *
 * A timer's signal, for this thread alone, ends a long wait, so that what was held back
 * is shown and signals for us, which are blocked, are looked at.  No signal is missed and
 * none costs the fast path a system call.
 */
#include "capture/ptrace/tracer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "capture/ptrace/tracer_impl.h"
#include "capture/track.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH_MAX = 64, ALONE_FROM = 16, ALONE_ASKS = 8 };

/* --- threads -------------------------------------------------------------------------- */

struct tracee *tracer_find(const struct tracer *t, pid_t tid)
{
	uint64_t *slot = map_find(&t->tracees, (uint64_t)tid);

	return slot ? (struct tracee *)(uintptr_t)*slot : NULL;
}

void tracer_note(struct tracer *t, enum tracer_note what, pid_t pid, const char *text)
{
	if (t->options.note)
		t->options.note(t->options.tick_user, what, pid, text);
}

struct tracee *tracer_add(struct tracer *t, pid_t pid, pid_t tid)
{
	struct tracee *e = mem_calloc(1, sizeof(*e));

	e->shown.pid = pid;
	e->shown.tid = tid;
	*map_get(&t->tracees, (uint64_t)tid, NULL) = (uintptr_t)e;
	return e;
}

void tracer_forget(struct tracer *t, struct tracee *e)
{
	map_remove(&t->tracees, (uint64_t)e->shown.tid);
	free(e->tampering);
	free(e);
}

static void begin(struct tracer *t, struct tracee *e, enum call_begin how)
{
	if (e->begun)
		return;
	e->begun = true;
	t->options.sink->begin(t->options.sink_self, &e->shown, how);
}

/* With a filter a thread runs free until a wanted call; without, all calls stop it. */
void tracer_resume(struct tracer *t, struct tracee *e, int signal)
{
	bool free_run = e->has_filter && !e->told;

	ptrace(free_run ? PTRACE_CONT : PTRACE_SYSCALL, e->shown.tid, NULL, (void *)(intptr_t)signal);
}

void tracer_let_go(struct tracer *t, struct tracee *e, int status)
{
	int number = WSTOPSIG(status), event = status >> 16;
	bool delivery = event == 0 && number != (SIGTRAP | 0x80);

	ptrace(PTRACE_DETACH, e->shown.tid, NULL, (void *)(intptr_t)(delivery ? number : 0));
	if (e->begun)
		t->options.sink->detached(t->options.sink_self, &e->shown);
	tracer_forget(t, e);
}

/* --- stops ------------------------------------------------------------------------------- */

static void ended(struct tracer *t, struct tracee *e, int status)
{
	if (e->shown.tid == t->command) {
		t->command_ended = true;
		t->command_status = status;
	}
	if (e->begun && (!e->hidden || e->tried_exec || e->has_filter)) /* a filter lets an execve pass that nobody wants to see */
		t->options.sink->ended(t->options.sink_self, &e->shown, status);
	tracer_forget(t, e);
}

/* A new thread's first stop may come before or after its parent's event. */
static struct tracee *followed(struct tracer *t, pid_t tid, struct tracee *parent)
{
	struct tracee *e = tracer_find(t, tid);

	if (e == NULL)
		e = tracer_add(t, track_process_of(tid), tid);
	if (parent) {
		e->shown.parent_tid = parent->shown.tid;
		e->shown.parent_pid = parent->shown.pid;
		e->has_filter = parent->has_filter;
	}
	begin(t, e, CALL_BEGIN_FOLLOWED);
	return e;
}

static void forked(struct tracer *t, struct tracee *e)
{
	unsigned long tid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, e->shown.tid, NULL, &tid) == 0 && tid)
		followed(t, (pid_t)tid, e);
}

/* A thread that is not the first one of its process and execs takes over the first one's
 * id; the first one, if it was still there, is gone without another word. */
static struct tracee *superseded(struct tracer *t, struct tracee *leader, pid_t old_tid)
{
	struct tracee *e = tracer_find(t, old_tid);
	pid_t pid = leader->shown.tid;

	if (e == NULL)
		return leader;
	if (leader->begun)
		t->options.sink->superseded(t->options.sink_self, &leader->shown, old_tid);
	tracer_forget(t, leader);
	map_remove(&t->tracees, (uint64_t)old_tid);
	e->shown.tid = e->shown.pid = pid;
	*map_get(&t->tracees, (uint64_t)pid, NULL) = (uintptr_t)e;
	return e;
}

static struct tracee *execed(struct tracer *t, struct tracee *e)
{
	unsigned long old_tid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, e->shown.tid, NULL, &old_tid) == 0 && old_tid &&
	    (pid_t)old_tid != e->shown.tid)
		e = superseded(t, e, (pid_t)old_tid);
	e->hidden = false;
	t->options.sink->execed(t->options.sink_self, &e->shown);
	return e;
}

static bool is_group_stop(int number)
{
	return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void event_stop(struct tracer *t, struct tracee *e, int number)
{
	if (!is_group_stop(number)) { /* our interrupt, a new thread, or the end of a group stop */
		e->interrupted = false;
		tracer_resume(t, e, 0);
		return;
	}
	if (!e->hidden)
		t->options.sink->stopped(t->options.sink_self, &e->shown, number);
	ptrace(PTRACE_LISTEN, e->shown.tid, NULL, NULL);
}

static void signal_stop(struct tracer *t, struct tracee *e, int number)
{
	siginfo_t info;
	/* killed meanwhile it has one of its exit's event */
	bool known = ptrace(PTRACE_GETSIGINFO, e->shown.tid, NULL, &info) == 0 && info.si_signo == number;

	if (!e->hidden) {
		struct ptrace_syscall_info at = { 0 };

		if (ptrace(PTRACE_GET_SYSCALL_INFO, e->shown.tid, sizeof(at), &at) > 0)
			e->shown.signal_ip = at.instruction_pointer;
		t->options.sink->signal(t->options.sink_self, &e->shown, number, known ? &info : NULL);
		e->shown.signal_ip = 0;
	}
	tracer_resume(t, e, number);
}

static void stopped(struct tracer *t, struct tracee *e, int status)
{
	int number = WSTOPSIG(status), event = status >> 16;

	if (e->detach && !e->tampered) {
		tracer_let_go(t, e, status);
		return;
	}
	switch (event) {
	case 0:
		if (number == (SIGTRAP | 0x80))
			tracer_call_stop(t, e, status);
		else
			signal_stop(t, e, number);
		return;
	case PTRACE_EVENT_SECCOMP:
		tracer_call_stop(t, e, status);
		return;
	case PTRACE_EVENT_STOP:
		event_stop(t, e, number);
		return;
	case PTRACE_EVENT_EXEC: {
		bool first = e->hidden;

		e = execed(t, e);
		if (first || !t->options.detach_on_exec)
			break;
		tracer_let_go(t, e, status);
		return;
	}
	case PTRACE_EVENT_EXIT:
		if (!e->hidden)
			t->options.sink->leaving(t->options.sink_self, &e->shown);
		break;
	default:
		forked(t, e);
	}
	tracer_resume(t, e, 0);
}

/* CLONE_PTRACE made us its tracer, though nobody asked for children. */
static void let_stranger_go(struct tracer *t, const struct tracer_happened *h)
{
	int number = WSTOPSIG(h->status);
	bool delivery = h->status >> 16 == 0 && number != (SIGTRAP | 0x80) && number != SIGSTOP;

	ptrace(PTRACE_DETACH, h->tid, NULL, (void *)(intptr_t)(delivery ? number : 0));
	tracer_note(t, TRACER_STRANGER_LET_GO, h->tid, NULL);
}

static void handle(struct tracer *t, const struct tracer_happened *h)
{
	struct tracee *e = tracer_find(t, h->tid);

	if (WIFSTOPPED(h->status)) {
		if (e == NULL && !t->options.follow) {
			let_stranger_go(t, h);
			return;
		}
		if (e == NULL)
			e = followed(t, h->tid, NULL);
		e->shown.system_ns = h->system_ns;
		place_saw(t->place, e->shown.pid, h->tid);
		stopped(t, e, h->status);
	} else if (e) {
		ended(t, e, h->status);
	} else if (h->tid == t->command) { /* it was let go */
		t->command_ended = true;
		t->command_status = h->status;
	} else {
		tracer_note(t, TRACER_STRANGER_ENDED, h->tid, NULL);
	}
}

/* --- waiting --------------------------------------------------------------------------------- */

/*
 * Since the last tick.  The timer's signal may come at any time, not only within a wait: who always has something
 * to do has to see it, too.  Of this thread, to which the timer sends, and not in the tracer: anybody who may send us a signal
 * writes into it what he likes, a pointer as well.  A tick that no timer sent does nothing but come early.
 */
static _Thread_local volatile sig_atomic_t ticked;

static void on_tick(int number) { ticked = 1; }

static int tick_signal(void) { return SIGRTMIN + 3; }

static void set_timer(struct tracer *t, uint64_t first_ns)
{
	uint64_t every_ns = t->options.tick_ns;
	struct itimerspec when = {
		.it_value = { (time_t)(first_ns / 1000000000), (long)(first_ns % 1000000000) },
		.it_interval = { (time_t)(every_ns / 1000000000), (long)(every_ns % 1000000000) },
	};

	if (t->has_timer)
		timer_settime(t->timer, 0, &when, NULL);
}

static struct err *make_timer(struct tracer *t)
{
	struct sigaction action = { .sa_handler = on_tick }; /* no SA_RESTART: it ends the wait */
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = tick_signal() };
	sigset_t set;

	event._sigev_un._tid = (int)syscall(SYS_gettid);
	sigemptyset(&set);
	sigaddset(&set, tick_signal());
	if (sigaction(tick_signal(), &action, NULL) != 0 || pthread_sigmask(SIG_UNBLOCK, &set, NULL) != 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &t->timer) != 0)
		return err_errno(errno, "cannot make a timer");
	t->has_timer = true;
	set_timer(t, t->options.tick_ns);
	return NULL;
}

/* Those whose delay has passed go on; the timer comes for the next one. */
static void release_delayed(struct tracer *t)
{
	uint64_t now_ns = clock_now_ns(), next_ns = t->options.tick_ns;

	for (size_t i = 0; i < t->delayed.n;) {
		struct tracer_delayed d = t->delayed.v[i];

		if (d.due_ns > now_ns) {
			if (d.due_ns - now_ns < next_ns)
				next_ns = d.due_ns - now_ns;
			i++;
			continue;
		}
		vec_remove(&t->delayed, i);

		struct tracee *e = tracer_find(t, d.tid);

		if (e)
			tracer_call_go_on(t, e);
	}
	if (t->delayed.n)
		set_timer(t, next_ns ? next_ns : 1);
}

static void tick(struct tracer *t)
{
	ticked = 0;
	t->options.sink->idle(t->options.sink_self);
	if (t->options.tick && t->options.tick(t->options.tick_user))
		t->stop = true;
}

static uint64_t time_ns(const struct timeval *t) { return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000; }

static bool is_signal(const siginfo_t *info)
{
	return info->si_code == CLD_TRAPPED && info->si_status >> 8 == 0 && info->si_status != (SIGTRAP | 0x80);
}

/*
 * The kernel delivers the signal that a thread stopped with when we die, but only as long as nobody took the stop:
 * so that is looked at and not taken.  What is let go on is not reported again.
 */
bool tracer_wait(struct tracer *t, struct tracer_happened *h, int flags)
{
	siginfo_t info = { 0 };
	struct rusage usage;

	if (syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOWAIT | __WALL | flags, t->options.system_time ? &usage : NULL) != 0)
		return false;
	*h = (struct tracer_happened){ .tid = info.si_pid, .status = info.si_status << 8 | 0x7f, .is_signal = is_signal(&info) };
	if (h->tid == 0)
		return false;
	if (t->options.system_time)
		h->system_ns = time_ns(&usage.ru_stime);
	if (h->is_signal || (info.si_code == CLD_TRAPPED && t->tracees.n == 1 && !t->options.tamper))
		return true;
	if (syscall(SYS_wait4, h->tid, &h->status, __WALL | WNOHANG, NULL) == h->tid)
		return true;
	errno = EINTR; /* it was killed meanwhile */
	return false;
}

/* Most often one runs and the others wait for it, as a compiler's driver does: then not all are asked each time. */
static bool asks_others(struct tracer *t, pid_t tid)
{
	t->alone = tid == t->last_tid ? t->alone + 1 : 0;
	t->last_tid = tid;
	return t->tracees.n > 1 && (t->alone < ALONE_FROM || t->alone % ALONE_ASKS == 0);
}

/* What happened to all, that a busy thread is not served alone; up to a signal, which would be seen again. */
static size_t wait_batch(struct tracer *t, struct tracer_happened *batch)
{
	size_t n = 0;

	if (!tracer_wait(t, &batch[0], 0))
		return 0;
	n = 1;
	if (!asks_others(t, batch[0].tid))
		return n;
	while (n < BATCH_MAX && !batch[n - 1].is_signal && tracer_wait(t, &batch[n], WNOHANG))
		n++;
	if (n > 1)
		t->alone = 0;
	return n;
}

struct err *tracer_run(struct tracer *t)
{
	struct tracer_happened batch[BATCH_MAX];

	while (t->tracees.n > 0 && !t->stop) {
		size_t n = wait_batch(t, batch);
		int errnum = errno;

		for (size_t i = 0; i < n; i++)
			handle(t, &batch[i]);
		t->stop |= t->options.done && *t->options.done;
		if (t->delayed.n)
			release_delayed(t);
		if (n > 0 && !ticked)
			continue;
		if (n == 0 && errnum == ECHILD) /* somebody else took their ends: nothing will come any more */
			break;
		if (n == 0 && errnum != EINTR)
			return err_errno(errnum, "cannot wait for the traced threads");
		tick(t);
	}
	t->options.sink->idle(t->options.sink_self);
	return NULL;
}

bool tracer_wait_status(const struct tracer *t, pid_t pid, int *wait_status)
{
	if (!t->command_ended || pid != t->command)
		return false;
	*wait_status = t->command_status;
	return true;
}

/* --- beginning and end ---------------------------------------------------------------------------- */

static unsigned long seize_options(const struct tracer_options *o)
{
	unsigned long flags = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;

	if (o->follow)
		flags |= PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	if (o->seccomp)
		flags |= PTRACE_O_TRACESECCOMP;
	if (o->exit_kill)
		flags |= PTRACE_O_EXITKILL;
	return flags;
}

unsigned long tracer_ptrace_options(const struct tracer *t) { return t->seize_options; }

struct err *tracer_create(const struct tracer_options *options, struct tracer **ret)
{
	struct tracer *t = mem_calloc(1, sizeof(*t));
	struct err *err;

	t->options = *options;
	t->seize_options = seize_options(options);
	map_init(&t->tracees);
	t->place = place_create();
	err = make_timer(t);
	if (err) {
		tracer_destroy(t);
		return err;
	}
	*ret = t;
	return NULL;
}

void tracer_destroy(struct tracer *t)
{
	struct map_slot *slot;

	if (t == NULL)
		return;
	if (t->has_timer)
		timer_delete(t->timer);
	place_destroy(t->place);
	for (size_t i = 0; (slot = map_next(&t->tracees, &i)) != NULL;) {
		struct tracee *e = (struct tracee *)(uintptr_t)slot->value;

		free(e->tampering);
		free(e);
	}
	map_deinit(&t->tracees);
	vec_deinit(&t->delayed);
	free(t);
}
