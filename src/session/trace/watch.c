/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command is started and held before its exec, the programs are loaded and told whom
 * to look at, and the command is let go.  Records are taken every few milliseconds, or
 * sooner when a ring fills; the end is when all who were looked at are gone, or a signal.
 * The programs are taken away first then, and what they wrote until that is told: whoever is
 * looked at goes on, and an end that waited for silence would never come.
 */
#include "session/trace/watch.h"

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "base/units.h"
#include "session/trace/printer.h"
#include "session/trace/stack_names.h"
#include "session/trace/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef SONDE_HAVE_BPF
#include "capture/bpf/call_stacks.h"
#include "capture/bpf/calls.h"
#include "capture/track.h"

#include <inttypes.h>

enum {
	DRAIN_EVERY_MS = 10, DRAIN_NICE = -10,
	EARLY_ROUNDS = 50, /* of a millisecond each: somebody waits for the first lines */
	SETTLE_AT = 46,    /* when they have come, most often; larger rings take milliseconds */
};

struct watch {
	struct trace_options *options;
	struct printer *printer;
	struct bpf_calls *calls;
	struct stack_names *names; /* -k */
	struct started command;
	sigset_t signals;
	int pid_fd, wait_status, signal;
	size_t next_pid; /* of those to attach to: whom to wait for when the one of pid_fd has ended */
	bool command_ended;
};

struct err *watch_probe(void) { return bpf_calls_probe(); }
bool watch_has_stacks(void) { return bpf_calls_has_stacks(); }

const char *watch_lacks(const struct trace_options *o)
{
	struct bpf_calls_options options = { .string_limit = o->style.string_limit };

	if (injections_any(&o->injections))
		return "tampering";
	if (o->pid_words)
		return "names of processes (-Y)";
	if (o->read_fds.bits || o->read_fds.inverted || o->write_fds.bits || o->write_fds.inverted)
		return "whole buffers (--read, --write)";
	if (o->new_namespaces)
		return "-e namespace=new";
	if (o->syscall_limit)
		return "--syscall-limit";
	if (o->command && o->pids.n)
		return "a command and -p at once";
	if (o->detach_on_exec || o->kill_on_exit || o->daemonize)
		return "-b, -D and --kill-on-exit";
	if (o->count && !o->wall_clock)
		return "CPU time of single calls (-c without -w)";
	return bpf_calls_lacks(&options);
}

/* Is any call's structure wanted whole? */
static bool any_verbose(const struct trace_options *o)
{
	struct call_set all;

	call_set_fill(&all, true);
	return memcmp(all.bits, o->abbrev.bits, sizeof(all.bits)) != 0;
}

static void prepare(struct watch *w)
{
	const struct trace_options *o = w->options;
	uint32_t status = o->status & (TRACE_SUCCESSFUL | TRACE_FAILED);
	struct bpf_calls_options options = {
		.wanted = &o->calls, .string_limit = o->style.string_limit, .sink = printer_sink(),
		.sink_self = w->printer, .verbose = any_verbose(o), .single_threads = !o->follow && !o->all && !o->cgroup, .group = o->cgroup != NULL, .files = o->fds || o->paths.n || o->only_fds, .only_successful = status == TRACE_SUCCESSFUL,
		.only_failed = status == TRACE_FAILED, .whole_calls = o->count == TRACE_COUNT_ONLY,
		.soon = o->command != NULL, /* which begins as one thread; what runs already may be a thousand */
	};

	options.lookup = printer_borrow_lookup(w->printer);
	if (o->show_stack) {
		w->names = stack_names_create(o->show_lines, o->frame_limit);
		printer_set_stack_names(w->printer, w->names);
		options.track = stack_names_borrow_track(w->names);
		options.track_lives = true;
		options.max_frames = o->frame_limit ? o->frame_limit + 1 : 0; /* to know that there are more */
	}
	w->calls = bpf_calls_prepare(&options);
}

static void block_signals(struct watch *w)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	sigemptyset(&w->signals);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN); /* in the background of a terminal with tostop lines are written, as strace's */
	signal(SIGTTIN, SIG_IGN);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&w->signals, ends[i]);
	if (w->options->interruptible != 1)
		sigprocmask(SIG_BLOCK, &w->signals, NULL);
}

static int64_t wall_offset_ns(void)
{
	struct timespec wall, mono;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	return ((int64_t)wall.tv_sec - mono.tv_sec) * 1000000000 + (wall.tv_nsec - mono.tv_nsec);
}

/* Do calls come from PID?  A first thread that has ended may have left others behind. */
static struct err *check_target(int pid)
{
	enum { KERNEL_THREAD = 0x00200000 /* PF_KTHREAD, include/linux/sched.h */, ITSELF_ALONE = 3 /* links of task/ */ };
	CLEANUP(str_deinit) struct str stat_text = { 0 };
	unsigned flags = 0;
	char path[64], state = 0;
	struct stat tasks;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	err_destroy(io_read_file(path, 4096, &stat_text));

	const char *after = strrchr(str_text(&stat_text), ')'); /* proc(5): the name may hold anything */

	if (!after || sscanf(after, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return err_errno(ESRCH, "attach: process %d", pid);
	if (flags & KERNEL_THREAD)
		return err_new(ERR_UNSUPPORTED, "attach: process %d is a kernel thread, which makes no system calls", pid);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if ((state == 'Z' || state == 'X') && (stat(path, &tasks) != 0 || tasks.st_nlink <= ITSELF_ALONE))
		return err_new(ERR_NOT_FOUND, "attach: process %d has ended and waits for its parent to ask (a zombie)", pid);
	return NULL;
}

/* A thread stands for its process, unless it is to be looked at alone; false: that one is there already. */
static bool keep_target(struct trace_options *o, size_t kept, int pid)
{
	if (o->follow)
		pid = track_process_of(pid);
	for (size_t i = 0; i < kept; i++)
		if (o->pids.v[i] == pid)
			return false;
	o->pids.v[kept] = pid;
	return true;
}

/* Who can't be looked at is said and left out; it is an error when nobody is left. */
static struct err *check_targets(struct trace_options *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->pids.n; i++) {
		struct err *err = check_target(o->pids.v[i]);

		if (err && kept == 0 && i + 1 == o->pids.n)
			return err;
		if (err)
			trace_say(o, "%s", err_message(err));
		else
			kept += keep_target(o, kept, o->pids.v[i]);
		err_destroy(err);
	}
	o->pids.n = kept;
	return NULL;
}

/* What tells of PID's end.  A thread has its own from Linux 6.9 on; before, its process's end is its. */
static int end_of(int pid)
{
	enum { THREAD = O_EXCL /* PIDFD_THREAD */ };
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		fd = (int)syscall(SYS_pidfd_open, pid, THREAD);
	return fd >= 0 ? fd : (int)syscall(SYS_pidfd_open, track_process_of(pid), 0);
}

/* Somebody to wait for; false: all have ended. */
static bool wait_for_next(struct watch *w)
{
	struct trace_options *o = w->options;

	if (w->pid_fd >= 0)
		close(w->pid_fd);
	w->pid_fd = -1;
	while (w->pid_fd < 0 && w->next_pid < o->pids.n)
		w->pid_fd = end_of(o->pids.v[w->next_pid++]);
	return w->pid_fd >= 0;
}

/* It waits before its execve until start_go(). */
static struct err *start(struct watch *w)
{
	w->command.failure = mmap(NULL, sizeof(*w->command.failure), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->command.failure == MAP_FAILED)
		w->command.failure = NULL; /* the command says itself why it does not run */
	TRY(start_command(w->options, NULL, &w->command));
	w->pid_fd = (int)syscall(SYS_pidfd_open, w->command.pid, 0);
	return NULL;
}

/* The command ends without having run; another engine starts it anew. */
static void abandon(struct watch *w)
{
	bpf_calls_destroy(w->calls);
	w->calls = NULL;
	if (w->command.go_fd >= 0)
		close(w->command.go_fd);
	w->command.go_fd = -1;
	if (w->command.pid > 0)
		while (waitpid(w->command.pid, NULL, __WALL) < 0 && errno == EINTR)
			continue;
	w->command.pid = -1;
}

/* *unavailable: the command was not let go yet. */
static struct err *begin(struct watch *w, bool *unavailable)
{
	struct trace_options *o = w->options;
	struct err *err;

	if (!o->command)
		TRY(check_targets(o));

	struct capture_request request = { .target = CAPTURE_PIDS, .pids = o->pids.v, .pid_count = o->pids.n };

	printer_set_clock(w->printer, wall_offset_ns());
	if (o->command)
		request = (struct capture_request){ .target = CAPTURE_COMMAND, .pids = &w->command.pid, .pid_count = 1 };
	else if (o->pids.n && !wait_for_next(w))
		return err_errno(errno, "cannot look at process %d", o->pids.v[0]);
	if (o->all || o->cgroup) {
		request.target = o->all ? CAPTURE_ALL : CAPTURE_CGROUP;
		request.cgroup_path = o->cgroup;
	}
	block_signals(w);
	err = bpf_calls_start(w->calls, &request);
	*unavailable = err && o->command;
	TRY(err);
	if (!o->command && !(o->quiet & TRACE_QUIET_ATTACH))
		for (size_t i = 0; i < o->pids.n; i++)
			printer_say(w->printer, "Process %u attached", o->pids.v[i]);
	start_go(&w->command);
	return NULL;
}

static void reap(struct watch *w)
{
	if (w->command.pid > 0 && !w->command_ended &&
	    waitpid(w->command.pid, &w->wait_status, WNOHANG | __WALL) == w->command.pid)
		w->command_ended = true;
}

static void forget_gone(struct watch *w)
{
	struct bpf_calls_totals totals;

	bpf_calls_get_totals(w->calls, &totals);
	if (totals.lost_events)
		bpf_calls_forget_gone(w->calls);
}

/* All who were asked for have ended. */
static bool is_over(struct watch *w)
{
	struct pollfd p = { .fd = w->pid_fd, .events = POLLIN };

	if (w->options->command && w->command_ended)
		forget_gone(w);
	if (w->options->command)
		return w->command_ended && (w->options->all || w->options->cgroup || bpf_calls_thread_count(w->calls) == 0);
	return w->pid_fd < 0 ? w->options->pids.n > 0 : poll(&p, 1, 0) > 0 && !wait_for_next(w);
}

static void take_signal(struct watch *w)
{
	static const struct timespec now;
	int number = w->options->interruptible == 1 ? 0 : sigtimedwait(&w->signals, NULL, &now);

	if (w->options->interruptible <= 2 && printer_is_unread(w->printer))
		number = SIGPIPE;
	if (number <= 0 || w->options->interruptible > 2)
		return;
	w->signal = number;
	if (w->command.pid > 0 && !w->command_ended)
		kill(w->command.pid, number);
}

/* The last lines wait for their reader: has somebody had enough? */
static bool has_had_enough(void *user)
{
	static const struct timespec now;
	struct watch *w = user;

	return w->options->interruptible <= 3 && sigtimedwait(&w->signals, NULL, &now) > 0;
}

static void run(struct watch *w)
{
	unsigned over = 0, early = EARLY_ROUNDS;
	bool settling = true;

	while (!w->signal && over < 2) { /* once more when all seems over: for what was on its way */
		struct pollfd polls[2 + BPF_CALLS_FDS] = { { .fd = w->command_ended ? -1 : w->pid_fd, .events = POLLIN },
							       { .fd = printer_fd(w->printer), .events = POLLOUT } };
		int fds[BPF_CALLS_FDS];
		size_t count = bpf_calls_fds(w->calls, fds);

		for (size_t i = 0; i < count; i++)
			polls[2 + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
		poll(polls, 2 + count, over || early || settling ? 1 : DRAIN_EVERY_MS);
		early -= early > 0;
		reap(w);
		bool failed = w->command.failure && atomic_load(&w->command.failure->errnum) && !atomic_load(&w->command.failure->said); /* its execve is in a ring by now */

		bpf_calls_drain(w->calls, w->command_ended || failed);
		if (failed && !atomic_exchange(&w->command.failure->said, 1))
			printer_say(w->printer, "exec: %s", strerror(atomic_load(&w->command.failure->errnum)));
		printer_sink()->idle(w->printer);
		if (early <= SETTLE_AT)
			settling = settling && !w->command_ended && bpf_calls_settle(w->calls);
		take_signal(w);
		over = is_over(w) ? over + 1 : 0;
	}
}

/* "CPU 0: 12, CPU 0: 3 other, CPU 3: 4" */
static void add_places(struct watch *w, struct str *out)
{
	enum { CPUS_MOST = 8 };
	enum bpf_calls_lost what;
	uint64_t count;
	int cpu;

	for (unsigned i = 0; bpf_calls_next_lost(w->calls, &cpu, &what, &count); i++)
		if (i < CPUS_MOST)
			str_printf(out, "%sCPU %d: %s%s", i ? ", " : "", cpu, units_count(count).text,
				   what == BPF_CALLS_LOST_EVENTS ? " other" : "");
		else if (i == CPUS_MOST)
			str_add(out, ", ...");
}

/* See bpf/now.bpf.h. */
static const char *why_lost(const struct bpf_calls_totals *totals)
{
	if (!totals->unstored)
		return "the rings were full";
	return totals->lost_calls + totals->lost_events ? "the rings were full, or the kernel refused a thread's storage" :
							  "the kernel refused their threads' storage";
}

static void say_lost(struct watch *w)
{
	struct bpf_calls_totals totals;
	struct str places;

	bpf_calls_get_totals(w->calls, &totals);
	if (totals.missed)
		log_warn("%s events happened within one of our own programs and were not seen", units_count(totals.missed).text);
	if (totals.lost_calls + totals.lost_events + totals.unstored == 0)
		return;
	str_init(&places);
	add_places(w, &places);
	log_warn("lost %s calls and %s other events: %s (%s); fewer calls (-e) or --engine ptrace loses none",
		 units_count(totals.lost_calls + totals.unstored).text, units_count(totals.lost_events).text, why_lost(&totals),
		 str_text(&places));
	str_deinit(&places);
}

/* Which stacks are missing; how the others came about is of interest to few. */
static void say_stacks(struct watch *w)
{
	struct call_stacks_totals stacks;
	struct bpf_calls_totals totals;

	if (!bpf_calls_get_stack_totals(w->calls, &stacks))
		return;
	bpf_calls_get_totals(w->calls, &totals);
	log_info("stacks: %" PRIu64 " different ones, %" PRIu64 " of them unwound from copies (%" PRIu64 " broken off); tables of %u files",
		 stacks.stacks, stacks.copies, stacks.broken, stacks.tables.files);
	if (totals.lost_stacks)
		log_warn("%s calls have no stack: there was no room for a copy before tables were ready", units_count(totals.lost_stacks).text);
}

static int exit_status(const struct watch *w)
{
	if (w->signal)
		return 256 + w->signal;
	if (!w->command_ended)
		return 0;
	return WIFSIGNALED(w->wait_status) ? 256 + WTERMSIG(w->wait_status) : WEXITSTATUS(w->wait_status);
}

static struct err *trace(struct watch *w, int *status, bool *unavailable)
{
	int nice_before = getpriority(PRIO_PROCESS, 0);
	struct err *err;

	TRY(printer_create(w->options, &w->printer));
	prepare(w);
	err = w->options->command ? start(w) : NULL;
	if (!err) {
		err = bpf_calls_load(w->calls);
		*unavailable = err != NULL;
	}
	if (err) {
		abandon(w);
		return err;
	}
	setpriority(PRIO_PROCESS, 0, DRAIN_NICE); /* as in session/record.c; the command was made without */
	err = begin(w, unavailable);
	if (!err) {
		printer_spool(w->printer, has_had_enough, w);
		run(w);
	}
	setpriority(PRIO_PROCESS, 0, nice_before);
	if (*unavailable) {
		sigprocmask(SIG_UNBLOCK, &w->signals, NULL);
		abandon(w);
	}
	TRY(err);
	bpf_calls_stop(w->calls);
	bpf_calls_drain(w->calls, true);
	*status = exit_status(w);
	return NULL;
}

struct err *watch_trace(struct trace_options *options, int *status, bool *unavailable)
{
	struct watch w = { .options = options, .command = { .pid = -1, .go_fd = -1 }, .pid_fd = -1 };
	struct err *err;

	*unavailable = false;
	err = trace(&w, status, unavailable);
	if (w.command.go_fd >= 0)
		close(w.command.go_fd);
	if (w.calls)
		bpf_calls_end(w.calls);
	if (w.printer && !*unavailable && !printer_finish(w.printer) && *status == 0)
		*status = 1;
	if (w.calls) { /* behind the last line */
		say_lost(&w);
		say_stacks(&w);
	}
	printer_destroy(w.printer);
	bpf_calls_destroy(w.calls);
	stack_names_destroy(w.names);
	if (w.pid_fd >= 0)
		close(w.pid_fd);
	if (w.command.failure)
		munmap(w.command.failure, sizeof(*w.command.failure));
	return err;
}

#else

struct err *watch_probe(void) { return err_new(ERR_UNSUPPORTED, "sonde was built without BPF"); }

bool watch_has_stacks(void) { return false; }

const char *watch_lacks(const struct trace_options *o) { return "anything: sonde was built without it"; }

struct err *watch_trace(struct trace_options *options, int *status, bool *unavailable)
{
	*unavailable = true;
	return err_new(ERR_UNSUPPORTED, "sonde was built without BPF");
}

#endif
