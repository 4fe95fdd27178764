/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command is started and held, seized, and let go; running processes are attached.
 * Then the tracer's loop, until all have ended or a signal for us came.
 *
 * Signals for us are blocked and looked at a few times a second (the tracer's tick), so
 * that no line is torn and nobody is left in a stop.  With -I 1 they end us at once,
 * and the kernel lets the traced go.
 */
#include "session/trace/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "capture/ptrace/filter.h"
#include "capture/ptrace/stop_info.h"
#include "capture/ptrace/tracer.h"
#include "session/trace/printer.h"
#include "session/trace/start.h"
#include "session/trace/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_NS = 20000000 };

struct live {
	struct trace_options *options;
	struct printer *printer;      /* without a sink of another's it is the sink; messages go through it */
	const struct call_sink *sink; /* NULL: the printer */
	void *sink_self;
	struct tracer *tracer;
	struct sock_fprog filter;
	struct started command;
	sigset_t signals; /* that end the tracing */
	int signal;       /* the one that came */
	uint64_t end_ns;  /* 0: not by the clock */
	bool letting_go;  /* nobody is left in the middle of that but for a signal */
	const struct trace_command *over; /* what else ends it */
};

/* --- signals ---------------------------------------------------------------------------- */

/* wait4() tells of each stop: the kernel need not send us a signal as well.  Not inherited: an execve forgets flags. */
static void no_signal_of_stops(void)
{
	struct sigaction child;

	if (sigaction(SIGCHLD, NULL, &child) != 0 || child.sa_handler != SIG_DFL)
		return;
	child.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &child, NULL);
}

static void block_signals(struct live *l)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM };

	no_signal_of_stops();
	sigemptyset(&l->signals);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN); /* in the background of a terminal with tostop lines are written, as strace's */
	signal(SIGTTIN, SIG_IGN);
	if (l->options->interruptible == 1)
		return;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&l->signals, ends[i]);
	if (l->options->interruptible == 4)
		sigaddset(&l->signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &l->signals, NULL);
}

static bool is_over(const struct live *l)
{
	return printer_is_done(l->printer) || (l->end_ns && clock_now_ns() >= l->end_ns) ||
	       (l->over->is_over && l->over->is_over(l->over->user));
}

static bool on_tick(void *user)
{
	static const struct timespec now;
	struct live *l = user;
	bool unread;
	int number;

	if (l->sink) /* what it has to say is not to wait for the end */
		printer_sink()->idle(l->printer);
	if (!l->letting_go && is_over(l))
		return true;
	if (l->options->interruptible != 2)
		return false;
	unread = !l->letting_go && !l->sink && printer_is_unread(l->printer);
	number = unread ? SIGPIPE : sigtimedwait(&l->signals, NULL, &now);
	if (number <= 0 || (number == SIGPIPE && !unread))
		return false;
	l->signal = number;
	return true;
}

/* --- beginning ---------------------------------------------------------------------------- */

static bool on_tamper(void *user, struct call_thread *t, const struct syscall_memory *memory,
		      struct tracer_tampering *what)
{
	struct live *l = user;

	/* as with strace: what isn't traced isn't tampered with */
	return (l->sink || printer_shows(l->printer, t, memory)) && injections_apply(&l->options->injections, t, what);
}

/* strace waits in silence. */
static void tell_still_held(struct live *l, pid_t pid)
{
	if (l->options->strace)
		return;
	printer_say(l->printer, "%d can't be stopped to be let go (in vfork, or waiting for a disk): sonde waits for it; Ctrl-C ends that", pid);
	printer_sink()->idle(l->printer);
}

static void on_note(void *user, enum tracer_note what, pid_t pid, const char *text)
{
	struct live *l = user;

	if (what == TRACER_POKE_FAILED)
		printer_say(l->printer, "%sFailed to tamper with process %d: %s", l->options->style.strict ? "poke_tcb: " : "", pid, text);
	else if (what == TRACER_POKE_SHORT)
		printer_say(l->printer, "%s", text);
	else if (what == TRACER_STILL_HELD)
		tell_still_held(l, pid);
	else if (what == TRACER_STRANGER_ENDED && pid == printer_command(l->printer))
		return; /* what reads our output */
	else if (what == TRACER_STRANGER_ENDED && !(l->options->quiet & TRACE_QUIET_EXIT))
		printer_say(l->printer, "Exit of unknown pid %d ignored", pid);
	else if (what == TRACER_STRANGER_LET_GO && !(l->options->quiet & TRACE_QUIET_ATTACH))
		printer_say(l->printer, "Detached unknown pid %d", pid);
}

/* What a seccomp filter sends to a tracer fails with ENOSYS when that has gone: strace doesn't leave a program to that. */
static bool ends_with_us(const struct live *l)
{
	return l->options->kill_on_exit || (l->options->strace && l->filter.filter);
}

static struct err *make_tracer(struct live *l)
{
	struct trace_options *o = l->options;
	struct tracer_options options = {
		.follow = o->follow, .seccomp = l->filter.filter != NULL, .system_time = o->count && !o->wall_clock,
		.detach_on_exec = o->detach_on_exec,
		.exit_kill = ends_with_us(l), .tick_ns = TICK_NS, .wanted = &l->options->calls, .sink = l->sink ? l->sink : printer_sink(),
		.sink_self = l->sink ? l->sink_self : l->printer, .tamper = injections_any(&o->injections) ? on_tamper : NULL,
		.tamper_user = l, .note = on_note, .tick = on_tick, .tick_user = l, .done = printer_borrow_done(l->printer),
	};

	TRY(tracer_create(&options, &l->tracer));
	if (o->debug) {
		if (options.exit_kill) /* Linux 3.8; PTRACE_GET_SYSCALL_INFO is of 5.3 */
			trace_say(o, "PTRACE_O_EXITKILL works");
		trace_say(o, "ptrace_setoptions = %#lx", tracer_ptrace_options(l->tracer));
		trace_say(o, "PTRACE_GET_SYSCALL_INFO %s", stop_info_is_told() ? "works" : "does not work");
		trace_say(o, "the program stops at %s", options.seccomp ? "wanted calls, by a seccomp filter" : "each call");
		if (o->daemonize)
			trace_say(o, "new tracer pid is %d", getpid());
	}
	return NULL;
}

/* A line of /proc/PID/status as a number; -1: it can't be read. */
static long status_number(pid_t pid, const char *key)
{
	char path[64], line[256];
	long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (number < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtol(line + strlen(key), NULL, 10);
	fclose(file);
	return number;
}

/* 0: without Yama, too. */
static int yama_scope(void)
{
	int scope = 0;
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");

	if (file && fscanf(file, "%d", &scope) != 1)
		scope = 0;
	if (file)
		fclose(file);
	return scope;
}

/* What Yama permits (Documentation/admin-guide/LSM/Yama.rst); where it isn't that: OTHERWISE. */
static struct err *explain_scope(struct err *err, const char *otherwise)
{
	int scope = yama_scope();

	if (scope >= 3)
		return err_fix(err, "kernel.yama.ptrace_scope is %d: nobody may trace by ptrace until the next boot; as root: --engine bpf", scope);
	if (scope == 2)
		return err_fix(err, "kernel.yama.ptrace_scope is 2: only root may trace (sudo)");
	if (scope == 1 && geteuid() != 0)
		return err_fix(err, "kernel.yama.ptrace_scope is 1: only what sonde itself starts may be traced; as root (sudo), or "
				    "sudo sysctl kernel.yama.ptrace_scope=0");
	return err_fix(err, "%s", otherwise);
}

/* The kernel says no in one way for some reasons. */
static struct err *explain_refusal(struct err *err, pid_t pid)
{
	long tracer = status_number(pid, "TracerPid:"), uid = status_number(pid, "Uid:");

	if (!err || !err_is(err, ERR_PERMISSION))
		return err;
	if (tracer > 0)
		return err_fix(err, "process %ld traces it already: --engine bpf needs no place of its own", tracer);
	if (uid >= 0 && status_number(pid, "VmSize:") < 0)
		return err_fix(err, "it has no memory: a kernel thread makes no system calls, and a zombie has made its last");
	if (uid >= 0 && (uid_t)uid != geteuid() && geteuid() != 0)
		return err_fix(err, "it belongs to user %ld: as that user, or as root (sudo)", uid);
	return explain_scope(err, geteuid() == 0 ? "not even root may trace it by ptrace here (a container, a security module): --engine bpf stops nobody"
						 : "it has privileges that you don't have: as root (sudo)");
}

/* In strace's words. */
static struct err *explain_as_strace(struct err *err, pid_t pid)
{
	long tracer = status_number(pid, "TracerPid:"), uid = status_number(pid, "Uid:");

	if (!err || !err_is(err, ERR_PERMISSION))
		return err;
	if (tracer > 0)
		return err_fix(err, TRACE_STRACE_ADDS "Process %d is already being traced by pid %ld", pid, tracer);
	if (uid >= 0 && (uid_t)uid != geteuid() && geteuid() != 0)
		return err_fix(err, TRACE_STRACE_ADDS "process %d may be owned by a different user", pid);

	int scope = yama_scope();

	return scope > 0 ? err_fix(err, TRACE_STRACE_ADDS "sysctl kernel.yama.ptrace_scope = %d may be restricting this attach", scope) : err;
}

static struct err *attach_all(struct live *l)
{
	struct trace_options *o = l->options;
	size_t attached = 0, threads;
	const char *more;

	for (size_t i = 0; i < o->pids.n; i++) {
		struct err *err = tracer_attach(l->tracer, o->pids.v[i], o->follow, &threads);

		err = (o->strace ? explain_as_strace : explain_refusal)(err, o->pids.v[i]);
		if (err && (o->pids.n == 1 || attached == 0) && i + 1 == o->pids.n && !o->command)
			return err;
		if (err) {
			trace_say(o, "%s", err_message(err));
			more = o->strace ? trace_strace_adds(err) : err_advice(err);
			if (more)
				trace_say(o, "%s", more);
			err_destroy(err);
			continue;
		}
		attached++;
		if (o->quiet & TRACE_QUIET_ATTACH)
			continue;
		if (threads > 1)
			printer_say(l->printer, "Process %u attached with %zu threads", o->pids.v[i], threads);
		else
			printer_say(l->printer, "Process %u attached", o->pids.v[i]);
	}
	return NULL;
}

/* Our own child, that nothing runs in yet. */
static struct err *take_command(struct live *l)
{
	struct err *err = tracer_add_command(l->tracer, l->command.pid);
	long tracer = status_number(l->command.pid, "TracerPid:");

	if (!err || l->options->strace || !err_is(err, ERR_PERMISSION))
		return err;
	if (tracer > 0) /* it has us, and follows what we start */
		return err_fix(err, "process %ld traces sonde itself%s", tracer,
			       l->options->engine == TRACE_ENGINE_PTRACE ? ": --engine bpf needs no place of its own" : ", and a process has one tracer by ptrace");
	return explain_scope(err, "ptrace is not permitted here; in a container: docker run --cap-add SYS_PTRACE");
}

static void make_filter(struct live *l)
{
	struct trace_options *o = l->options;

	if (!o->seccomp || !o->command)
		return;
	if (filter_is_vain(&o->calls))
		trace_say(o, "Seccomp filter is requested but there are no syscalls to filter.  See -e trace to filter syscalls.");
	else if (filter_can())
		filter_make(&o->calls, &l->filter);
	else
		trace_say(o, "seccomp filter is requested but unavailable");
}

static struct err *begin(struct live *l)
{
	struct trace_options *o = l->options;

	make_filter(l);
	TRY(printer_create(o, &l->printer));
	if (o->command)
		TRY(start_command(o, l->filter.filter ? &l->filter : NULL, &l->command));
	block_signals(l);
	TRY(make_tracer(l));
	if (o->command)
		TRY(take_command(l));
	if (o->daemonize && !(o->quiet & TRACE_QUIET_ATTACH)) /* it was there first */
		printer_say(l->printer, "Process %u attached", l->command.pid);
	TRY(attach_all(l));
	start_go(&l->command);
	l->end_ns = o->duration_ns ? clock_now_ns() + o->duration_ns : 0;
	return NULL;
}

/* --- the end ------------------------------------------------------------------------------- */

/* What ended us ends the command, too, as a Ctrl-C at the terminal would. */
static void pass_on(struct live *l)
{
	int wait_status;

	if (!l->signal || l->command.pid <= 0 || tracer_wait_status(l->tracer, l->command.pid, &wait_status))
		return;
	kill(l->command.pid, SIGCONT);
	kill(l->command.pid, l->signal);
}

static int exit_status(const struct live *l)
{
	int wait_status;

	if (l->signal)
		return 256 + l->signal;
	if (l->command.pid <= 0 || !tracer_wait_status(l->tracer, l->command.pid, &wait_status))
		return 0;
	return WIFSIGNALED(wait_status) ? 256 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

struct err *trace_by_ptrace_into(struct trace_options *options, const struct call_sink *sink, void *sink_self, int *status,
				 struct trace_command *command)
{
	struct live l = { .options = options, .sink = sink, .sink_self = sink_self, .command = { .pid = -1, .go_fd = -1 },
			  .over = command };
	struct err *err = begin(&l);

	if (!err)
		err = tracer_run(l.tracer);
	if (!err && printer_is_done(l.printer) && !(options->quiet & TRACE_QUIET_ATTACH))
		printer_say(l.printer, "System call limit has been reached, detaching tracees");
	if (l.tracer) {
		if (!ends_with_us(&l)) { /* else the kernel sees to it when we have ended */
			pass_on(&l);
			l.letting_go = true;
			tracer_detach_all(l.tracer);
		}
		if (!err)
			*status = exit_status(&l);
		command->pid = l.command.pid > 0 ? l.command.pid : 0;
		command->ended = command->pid && tracer_wait_status(l.tracer, command->pid, &command->wait_status);
		command->signalled = l.signal != 0;
	}
	if (l.command.go_fd >= 0)
		close(l.command.go_fd);
	if (l.printer && !printer_finish(l.printer) && !options->strace && *status == 0)
		*status = 1;
	printer_destroy(l.printer);
	tracer_destroy(l.tracer);
	free(l.filter.filter);
	return err;
}

static struct err *trace_by_ptrace(struct trace_options *options, int *status)
{
	struct trace_command command = { 0 };

	return trace_by_ptrace_into(options, NULL, NULL, status, &command);
}

void trace_say_engine(const struct trace_options *options, const char *lacks)
{
	struct err *err = options->q_count ? NULL : watch_probe();

	if (!err && !options->q_count)
		log_note("by ptrace, which stops the program at each call: BPF can't do %s", lacks);
	err_destroy(err);
}

/* watch_trace(); a command that -o starts is not started twice where BPF can't be had, so that is known before. */
static struct err *trace_by_bpf(struct trace_options *options, int *status, bool *unavailable)
{
	if (options->output && (*options->output == '|' || *options->output == '!')) {
		struct err *err = watch_probe();

		*unavailable = err != NULL;
		if (err)
			return err;
	}
	return watch_trace(options, status, unavailable);
}

/* The cheap engine where it can do what is asked, else ptrace; which, and why, in one line. */
static struct err *trace_by_best(struct trace_options *options, int *status)
{
	const char *lacks = watch_lacks(options);
	bool unavailable;
	struct err *err;

	bool only_bpf = options->all || options->cgroup;

	if (only_bpf && (options->engine == TRACE_ENGINE_PTRACE || lacks))
		return err_fix(err_new(ERR_UNSUPPORTED, "%s and %s don't go together: only the BPF engine looks at more than processes",
				       options->all ? "-a" : "--cgroup", lacks ? lacks : "--engine ptrace"),
			       "name processes: -p PID,...");
	if (options->strace || options->engine == TRACE_ENGINE_PTRACE)
		return trace_by_ptrace(options, status);
	if (lacks && options->engine == TRACE_ENGINE_BPF)
		return err_fix(err_new(ERR_UNSUPPORTED, "the BPF engine can't do %s", lacks), "--engine ptrace can");
	if (lacks) {
		trace_say_engine(options, lacks);
		return trace_by_ptrace(options, status);
	}
	if (options->debug)
		log_note("engine: bpf is tried, which stops nobody");
	err = trace_by_bpf(options, status, &unavailable);
	if (!err || !unavailable)
		return err;
	if (options->engine == TRACE_ENGINE_BPF || only_bpf)
		return err_advice(err) ? err : err_fix(err, only_bpf ? "of processes ptrace shows them: -p PID,..." : "--engine ptrace does without BPF");
	log_note("engine: ptrace, which stops the program at each call (%s)", err_message(err));
	err_destroy(err);
	return trace_by_ptrace(options, status);
}

struct err *session_trace(struct trace_options *options, int *status)
{
	struct err *err = trace_by_best(options, status);

	if (err && !options->strace && options->pids.n && err_errnum(err) == ESRCH)
		return err_fix(err, "it has ended, or never was; pgrep -a NAME lists what runs");
	return err;
}
