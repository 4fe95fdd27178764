/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Getting hold of threads and letting go of them.
 *
 * A process's threads are seized in passes over /proc/PID/task, until a pass finds none
 * that is new: from the moment a thread is seized its clones come by themselves.
 *
 * Detaching needs the thread to stand still, so all are interrupted, and each is let go
 * at whatever stop comes first; a signal that was about to be delivered is delivered,
 * and a call that is being tampered with is first brought to its end.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "capture/ptrace/tracer_impl.h"
#include "capture/track.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS UINT64_C(1000000000) /* that somebody can't be let go is told then */

static int seize(struct tracer *t, pid_t tid)
{
	return ptrace(PTRACE_SEIZE, tid, NULL, (void *)t->seize_options) == 0 ? 0 : errno;
}

static void hold(struct tracer *t, pid_t pid, pid_t tid)
{
	struct tracee *e = tracer_add(t, pid, tid);

	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0)
		e->interrupted = true;
	e->begun = true;
	t->options.sink->begin(t->options.sink_self, &e->shown, CALL_BEGIN_ATTACHED);
}

struct err *tracer_add_command(struct tracer *t, pid_t pid)
{
	int errnum = seize(t, pid);

	if (errnum)
		return err_errno(errnum, "attach: ptrace(PTRACE_SEIZE, %d)", pid);
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0)
		return err_errno(errno, "attach: ptrace(PTRACE_INTERRUPT, %d)", pid);

	struct tracee *e = tracer_add(t, pid, pid);

	t->command = pid;
	e->hidden = true;
	e->has_filter = t->options.seccomp;
	e->begun = true;
	t->options.sink->begin(t->options.sink_self, &e->shown, CALL_BEGIN_COMMAND);
	return NULL;
}

/* How many of its threads are new to us. */
static size_t attach_pass(struct tracer *t, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	size_t found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);

	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (tid <= 0 || tracer_find(t, tid) || seize(t, tid) != 0)
			continue;
		hold(t, pid, tid);
		found++;
	}
	if (dir)
		closedir(dir);
	return found;
}

struct err *tracer_attach(struct tracer *t, pid_t tid, bool all_threads, size_t *count)
{
	pid_t pid = track_process_of(tid);

	*count = 0;
	if (tracer_find(t, tid))
		return NULL;

	int errnum = seize(t, tid);

	if (errnum)
		return err_errno(errnum, "attach: ptrace(PTRACE_SEIZE, %d)", tid);
	hold(t, pid, tid);
	*count = 1;
	while (all_threads) {
		size_t found = attach_pass(t, pid);

		*count += found;
		if (found == 0)
			break;
	}
	return NULL;
}

static void interrupt_all(struct tracer *t)
{
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&t->tracees, &i)) != NULL;) {
		struct tracee *e = (struct tracee *)(uintptr_t)slot->value;

		e->detach = true;
		ptrace(PTRACE_INTERRUPT, e->shown.tid, NULL, NULL);
	}
}

/* Those held in a delay stand still already. */
static void let_delayed_go(struct tracer *t)
{
	for (size_t i = 0; i < t->delayed.n; i++) {
		struct tracee *e = tracer_find(t, t->delayed.v[i].tid);

		if (e)
			tracer_call_go_on(t, e);
	}
	vec_clear(&t->delayed);
}

static void forget_detached(struct tracer *t, struct tracee *e)
{
	if (e == NULL)
		return;
	if (e->begun)
		t->options.sink->detached(t->options.sink_self, &e->shown);
	tracer_forget(t, e);
}

/*
 * Who is let go at a fork has a child that is ours and stands in its first stop, unless that has been seen and it was
 * let go: then it can't be interrupted.  A thread that execs becomes its process's first one, and its own id is gone.
 */
static void heed_event(struct tracer *t, pid_t tid, int event)
{
	bool is_exec = event == PTRACE_EVENT_EXEC;
	unsigned long about = 0;

	if (!is_exec && event != PTRACE_EVENT_FORK && event != PTRACE_EVENT_VFORK && event != PTRACE_EVENT_CLONE)
		return;
	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &about) != 0 || about == 0 || (pid_t)about == tid)
		return;

	struct tracee *other = tracer_find(t, (pid_t)about);

	if (is_exec)
		forget_detached(t, other);
	else if (other == NULL && ptrace(PTRACE_INTERRUPT, (pid_t)about, NULL, NULL) == 0)
		tracer_add(t, (pid_t)about, (pid_t)about)->detach = true;
}

static void detach_one(struct tracer *t, pid_t tid, int status)
{
	struct tracee *e = tracer_find(t, tid);

	if (!WIFSTOPPED(status)) {
		if (tid == t->command) {
			t->command_ended = true;
			t->command_status = status;
		}
		forget_detached(t, e);
		return;
	}
	heed_event(t, tid, status >> 16);
	if (e == NULL)
		e = tracer_add(t, tid, tid); /* born this moment */
	if (e->tampered && status >> 16 == 0 && WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		e->detach = false;
		tracer_call_stop(t, e, status); /* to its exit, and there it goes */
		e->detach = true;
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	} else if (e->tampered && e->tampering->set_number) {
		tracer_resume(t, e, 0);
	} else {
		tracer_let_go(t, e, status);
	}
}

/* Once: when to tell it the next time. */
static uint64_t tell_still_held(struct tracer *t)
{
	size_t i = 0;
	struct map_slot *slot = map_next(&t->tracees, &i);

	if (slot)
		tracer_note(t, TRACER_STILL_HELD, (pid_t)slot->key, NULL);
	return UINT64_MAX;
}

void tracer_detach_all(struct tracer *t)
{
	struct tracer_happened h;
	uint64_t tell_ns = clock_now_ns() + PATIENCE_NS;

	interrupt_all(t);
	while (t->tracees.n > 0) {
		let_delayed_go(t);
		if (tracer_wait(t, &h, 0))
			detach_one(t, h.tid, h.status);
		else if (errno != EINTR)
			break;
		else if (t->options.tick && t->options.tick(t->options.tick_user))
			break; /* asked once more: leave the rest to the kernel */
		else if (clock_now_ns() >= tell_ns)
			tell_ns = tell_still_held(t);
	}
}
