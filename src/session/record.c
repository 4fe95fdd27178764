/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One recording from start to end.
 *
 *   choose and probe the sources      nothing exists yet when a word is wrong
 *   make the recording, fork          the command waits before its exec
 *   create and start the sources      they see the target before it runs
 *   let it exec; poll, drain          one thread reads everything, at least every 100 ms
 *   stop, drain, resolve, finish      and then the command's exit status is ours
 *
 * Signals.  A Ctrl-C at the terminal reaches the command by itself: it is in the same
 * process group.  One that somebody sent to sonde alone is passed on.  In both cases the
 * recording goes on while the command ends, and is finished when it has.  A command that
 * takes longer than SIGNAL_GRACE_NS goes on unrecorded, and sonde waits for it; a second
 * signal ends the waiting.  Without a command the first signal ends the recording.  One that
 * comes before the command runs ends it all: the command does not run.
 *
 * --duration ends the recording; a command goes on in the foreground, and its status is
 * still ours.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "capture/track.h"
#include "record/recorder.h"
#include "session/command.h"
#include "session/record_name.h"
#include "session/resolve.h"
#include "session/select.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_EVERY_NS 100000000ULL
#define SIGNAL_GRACE_NS 2000000000ULL
#define DRAIN_NICE      (-10)
enum { TARGET_ENDED = -2, POLL_MAX = 4096 };

struct session {
	const struct record_session_options *options;
	struct chosen_sources sources;
	struct recorder *recorder;
	struct recorder_stream *stream;
	struct track *track;
	char *path;                 /* of the recording */
	bool created;               /* it is ours to remove */
	struct command command;
	sigset_t old_mask;
	int signal_fd;
	VEC(int) target_fds;        /* pidfds of -p targets, -1 where the kernel has none */
	VEC(struct pollfd) polls;
	VEC(int) muted;             /* fds that only say HUP */
	uint64_t start_ns, end_ns, signalled_ns;
	int signal;                 /* the last one that came */
	bool has_calls_alone;       /* in the end: no samples */
	bool stop, abandon;         /* end the recording; don't wait for the command either */
	bool has_precedence;        /* until then its priority was: */
	int nice_before;
};

/* --- beginning ------------------------------------------------------------------------------- */

static struct err *catch_signals(struct session *s)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGQUIT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	signal(SIGPIPE, SIG_IGN); /* whoever reads our messages may go; the recording goes on */
	s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? err_errno(errno, "cannot make a signalfd") : NULL;
}

/* As a shell would take it again. */
static void note_command(struct session *s)
{
	struct str line;

	str_init(&line);
	for (char **word = s->options->command; *word; word++) {
		CLEANUP(mem_freep) char *quoted = str_quote_shell(*word);

		str_printf(&line, "%s%s", word == s->options->command ? "" : " ", quoted);
	}
	recorder_note(s->recorder, "command", str_text(&line));
	str_deinit(&line);
}

static void note_target(struct session *s)
{
	const struct capture_request *request = &s->options->request;
	struct str line;

	str_init(&line);
	if (request->target == CAPTURE_ALL)
		str_add(&line, "the whole machine");
	if (request->target == CAPTURE_CGROUP)
		str_printf(&line, "control group %s", request->cgroup_path);
	for (size_t i = 0; !s->options->command && i < request->pid_count; i++)
		str_printf(&line, "%s%d", i ? ", " : request->target == CAPTURE_TIDS ? "thread " : "process ",
			   request->pids[i]);
	if (line.length)
		recorder_note(s->recorder, "target", str_text(&line));
	str_deinit(&line);
}

static void note_sources(struct session *s)
{
	struct str line;

	str_init(&line);
	for (size_t i = 0; i < s->sources.n; i++) {
		const struct chosen_source *c = &s->sources.v[i];

		str_printf(&line, "%s%s", i ? ", " : "", c->ops->name);
		if (!c->instead_of)
			continue;
		log_note("%s: using %s instead of %s", c->why, c->ops->name, c->instead_of->name);
		recorder_missing(s->recorder, c->instead_of->summary, c->why, c->fix);
	}
	recorder_note(s->recorder, "sources", str_text(&line));
	str_deinit(&line);
}

static struct err *make_recording(struct session *s)
{
	struct recorder_options options = {
		.path = s->path, .overwrite = s->options->overwrite, .is_temporary = s->options->is_temporary,
		.compactor = s->options->parts->compactor,
	};

	TRY(recorder_create(&options, &s->recorder));
	s->created = true;
	s->stream = recorder_stream_create(s->recorder);
	s->track = track_create(s->recorder);
	if (s->options->command)
		note_command(s);
	note_target(s);
	note_sources(s);
	return NULL;
}

/* The command's environment: ours and what the sources add to it. */
static struct err *make_environment(struct session *s, char ***env)
{
	size_t n = 0;

	while (environ[n])
		n++;
	*env = mem_calloc(n + 1, sizeof(**env));
	for (size_t i = 0; i < n; i++)
		(*env)[i] = mem_strdup(environ[i]);
	for (size_t i = 0; i < s->sources.n; i++) {
		const struct chosen_source *c = &s->sources.v[i];

		if (c->ops->prepare_command)
			TRY(c->ops->prepare_command(&c->request, s->path, env));
	}
	return NULL;
}

static struct err *hold_command(struct session *s)
{
	char **env = NULL;
	struct err *err = make_environment(s, &env);

	if (!err)
		err = command_spawn(&s->command, s->options->command, env, &s->old_mask);
	for (char **p = env; p && *p; p++)
		free(*p);
	free(env);
	for (size_t i = 0; i < s->sources.n && !err; i++) {
		if (s->options->request.target != CAPTURE_COMMAND)
			continue; /* -a while a command runs */
		s->sources.v[i].request.pids = &s->command.pid;
		s->sources.v[i].request.pid_count = 1;
	}
	return err;
}

/* To hear of the end of -p targets. */
static void watch_targets(struct session *s)
{
	const struct capture_request *request = &s->options->request;

	for (size_t i = 0; !s->options->command && i < request->pid_count; i++) {
		int fd = request->target == CAPTURE_PIDS
				 ? (int)syscall(SYS_pidfd_open, request->pids[i], 0) : -1;

		vec_push(&s->target_fds, fd);
	}
}

/* Who is there already; the sources' events run, so who comes now is seen by them. */
static void track_present(struct session *s)
{
	const struct capture_request *request = &s->options->request;
	uint64_t time_ns = clock_now_ns();
	struct dirent *entry;

	for (size_t i = 0; !s->options->command && i < request->pid_count; i++)
		track_process(s->track, track_process_of(request->pids[i]), time_ns);
	if (request->target != CAPTURE_ALL)
		return;

	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			track_process(s->track, (pid_t)atoi(entry->d_name), time_ns);
	if (proc)
		closedir(proc);
}

/* On a machine that has too much to do, this thread is to be the one that gets its turn: what it does not
 * read in time is lost, and it has little to do.  Without the right to that it goes on as it is.  From when events come
 * on; who was made before, as the command, goes on as he is. */
static void take_precedence(struct session *s)
{
	s->nice_before = getpriority(PRIO_PROCESS, 0);
	s->has_precedence = setpriority(PRIO_PROCESS, 0, DRAIN_NICE) == 0;
}

static void leave_precedence(struct session *s)
{
	if (s->has_precedence)
		setpriority(PRIO_PROCESS, 0, s->nice_before);
	s->has_precedence = false;
}

static struct err *create_sources(struct session *s)
{
	for (size_t i = 0; i < s->sources.n; i++) {
		struct chosen_source *c = &s->sources.v[i];

		struct capture capture = { .recorder = s->recorder, .stream = s->stream,
					   .track = s->track, .request = &c->request,
					   .recording_path = s->path };
		struct err *err = c->ops->create(&capture, &c->self);

		if (err)
			return err;
	}
	track_present(s);
	take_precedence(s);
	for (size_t i = 0; i < s->sources.n; i++)
		TRY(s->sources.v[i].ops->start(s->sources.v[i].self));
	return NULL;
}

/* A Ctrl-C that came before the command was forked has not reached it, and never will; one that came
 * since has ended it.  Either way nothing has run yet, and nothing is to. */
static struct err *check_interrupt(struct session *s, int *status)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		*status = 128 + (int)info.ssi_signo;
		return err_new(ERR_CANCELLED, "%s before %s was started", strsignal((int)info.ssi_signo),
			       s->options->command[0]);
	}
	return NULL;
}

static struct err *begin(struct session *s, int *status)
{
	if (s->options->command)
		TRY(command_check(s->options->command, status));
	TRY(select_sources(s->options, &s->sources));
	TRY(catch_signals(s));
	TRY(make_recording(s));
	if (s->options->command)
		TRY(hold_command(s));
	watch_targets(s);
	TRY(create_sources(s));
	s->start_ns = clock_now_ns();
	if (!s->options->command)
		return NULL;
	TRY(check_interrupt(s, status));
	return command_go(&s->command, s->options->command[0], status);
}

/* --- the loop ------------------------------------------------------------------------------------ */

/* From the keyboard the kernel tells the command too. */
static void take_signal(struct session *s, const struct signalfd_siginfo *info)
{
	bool from_terminal = info->ssi_code == SI_KERNEL;

	if (info->ssi_signo == SIGCHLD)
		return;
	s->signal = (int)info->ssi_signo;
	if (!s->command.pid || s->command.ended) {
		s->stop = true;
		return;
	}
	if (!from_terminal)
		kill(s->command.pid, s->signal);
	if (s->signalled_ns)
		s->stop = s->abandon = true;
	s->signalled_ns = clock_now_ns();
}

static void take_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		take_signal(s, &info);
	command_reap(&s->command, false);
}

static bool target_lives(struct session *s, size_t i)
{
	struct pollfd p = { .fd = s->target_fds.v[i], .events = POLLIN };

	if (p.fd == TARGET_ENDED)
		return false;
	if (p.fd >= 0) {
		if (poll(&p, 1, 0) == 0)
			return true;
		close(p.fd); /* it would wake us for ever while others live */
		s->target_fds.v[i] = TARGET_ENDED;
		return false;
	}
	return kill(s->options->request.pids[i], 0) == 0 || errno == EPERM;
}

/* A recording of processes ends with the last of them. */
static bool targets_ended(struct session *s)
{
	if (s->command.pid)
		return s->command.ended;
	bool any = false;

	for (size_t i = 0; i < s->target_fds.n; i++)
		any |= target_lives(s, i);
	return s->target_fds.n > 0 && !any;
}

static bool is_muted(const struct session *s, int fd)
{
	for (size_t i = 0; i < s->muted.n; i++)
		if (s->muted.v[i] == fd)
			return true;
	return false;
}

static void gather_polls(struct session *s)
{
	int fds[POLL_MAX];

	vec_clear(&s->polls);
	vec_push(&s->polls, ((struct pollfd){ .fd = s->signal_fd, .events = POLLIN }));
	for (size_t i = 0; i < s->target_fds.n; i++)
		if (s->target_fds.v[i] >= 0)
			vec_push(&s->polls, ((struct pollfd){ .fd = s->target_fds.v[i], .events = POLLIN }));

	for (size_t i = 0; i < s->sources.n; i++) {
		const struct chosen_source *c = &s->sources.v[i];
		size_t n = c->ops->poll_fds ? c->ops->poll_fds(c->self, fds, POLL_MAX) : 0;

		for (size_t k = 0; k < n && k < POLL_MAX; k++)
			if (!is_muted(s, fds[k]))
				vec_push(&s->polls, ((struct pollfd){ .fd = fds[k], .events = POLLIN }));
	}
}

/* Sleep until something comes, 100 ms at most.  An event whose thread has ended says
 * HUP for ever: it is left to the clock from then on. */
static void wait_for_events(struct session *s)
{
	uint64_t wait_ns = DRAIN_EVERY_NS, now = clock_now_ns();
	uint64_t until = s->options->duration_ns ? s->start_ns + s->options->duration_ns : UINT64_MAX;

	if (until > now && until - now < wait_ns)
		wait_ns = until - now;
	gather_polls(s);

	struct timespec timeout = { .tv_nsec = (long)(until <= now ? 0 : wait_ns) };

	if (ppoll(s->polls.v, s->polls.n, &timeout, NULL) <= 0)
		return;
	for (size_t i = 1; i < s->polls.n; i++)
		if ((s->polls.v[i].revents & (POLLHUP | POLLERR | POLLNVAL)) &&
		    !(s->polls.v[i].revents & POLLIN))
			vec_push(&s->muted, s->polls.v[i].fd);
}

static struct err *drain_sources(struct session *s, bool last)
{
	for (size_t i = 0; i < s->sources.n; i++)
		TRY(s->sources.v[i].ops->drain(s->sources.v[i].self, last));
	return NULL;
}

static void check_end(struct session *s)
{
	uint64_t now = clock_now_ns();

	if (targets_ended(s) || recorder_borrow_error(s->recorder))
		s->stop = true;
	if (s->options->duration_ns && now - s->start_ns >= s->options->duration_ns)
		s->stop = true;
	if (s->signalled_ns && now - s->signalled_ns > SIGNAL_GRACE_NS)
		s->stop = true;
}

static struct err *drain_until_end(struct session *s)
{
	while (!s->stop) {
		wait_for_events(s);
		take_signals(s);
		TRY(drain_sources(s, false));
		check_end(s);
	}
	return NULL;
}

/* --- the end ----------------------------------------------------------------------------------------- */

static struct err *stop_sources(struct session *s)
{
	struct err *first = NULL;

	s->end_ns = clock_now_ns();
	for (size_t i = 0; i < s->sources.n; i++) {
		struct chosen_source *c = &s->sources.v[i];
		struct err *err = c->self ? c->ops->stop(c->self) : NULL;

		if (c->self && !err)
			err = c->ops->drain(c->self, true);
		if (!first)
			first = err;
		else
			err_destroy(err);
	}
	return first;
}

static void destroy_sources(struct session *s)
{
	for (size_t i = 0; i < s->sources.n; i++) {
		if (s->sources.v[i].self)
			s->sources.v[i].ops->destroy(s->sources.v[i].self);
		s->sources.v[i].self = NULL;
	}
}

static void summarize(struct session *s, const struct recorder_totals *totals)
{
	struct session_end e = { .wall_ns = s->end_ns - s->start_ns, .totals = *totals,
				 .cpu_ns = s->command.ended ? &s->command.cpu_ns : NULL };

	track_get_totals(s->track, &e.tracked);
	if (s->options->parts->count)
		s->options->parts->count(s->path, &e.calls, &e.samples);
	s->has_calls_alone = e.calls && !e.samples;
	e.calls_alone = s->has_calls_alone && s->sources.n == 1;
	e.samples_alone = s->sources.n == 1 && (e.samples || !totals->rows || !s->options->parts->count);
	session_say_end(&e);
}

/* Where the time went, and what to type next. */
static void say_findings(struct session *s)
{
	struct str text;

	str_init(&text);
	if (s->options->parts->summarize)
		err_destroy(s->options->parts->summarize(s->path, &text));
	for (char *line = text.text, *end; line && (end = strchr(line, '\n')); line = end + 1)
		log_note("%.*s", (int)(end - line), line);
	str_deinit(&text);
	session_say_next(s->path, s->has_calls_alone);
}

/* What the kernel says the command used, for the report to hold its samples against. */
static void note_cpu_time(struct session *s)
{
	char ns[24];

	if (!s->command.ended)
		return;
	snprintf(ns, sizeof(ns), "%" PRIu64, s->command.cpu_ns);
	recorder_note(s->recorder, RECORDING_NOTE_CPU_NS, ns);
}

static struct err *finish(struct session *s)
{
	struct recorder_totals totals = { 0 };
	struct resolve_totals resolved;
	struct err *first = stop_sources(s), *err = NULL;

	if (s->start_ns)
		recorder_span(s->recorder, s->start_ns, s->end_ns);
	recorder_exit_status(s->recorder, s->command.ended ? s->command.wait_status : -1);
	note_cpu_time(s);
	if (s->options->parts->resolve && !s->options->no_symbols)
		err = s->options->parts->resolve(s->recorder, s->track, &resolved);
	destroy_sources(s); /* not before: the kernel names code of BPF programs while they are there */
	if (first)
		err_destroy(err);
	else
		first = err;
	recorder_stream_destroy(s->stream);
	s->stream = NULL;
	err = recorder_finish(s->recorder, &totals);
	if (!err)
		err = session_cut_short(s->recorder);
	if (err || !s->options->quiet)
		summarize(s, &totals);
	if (!err && !s->options->quiet)
		say_findings(s);
	if (!first)
		return err;
	err_destroy(err);
	return first;
}

/* A command that outlives its recording is still in our foreground. */
static void wait_for_command(struct session *s)
{
	struct pollfd p = { .fd = s->signal_fd, .events = POLLIN };

	command_reap(&s->command, false);
	if (s->command.pid && !s->command.ended && !s->abandon)
		log_note("recording has ended; %s (process %d) goes on. Ctrl-C twice to leave it alone",
			 s->options->command[0], s->command.pid);
	while (s->command.pid && !s->command.ended && !s->abandon) {
		poll(&p, 1, -1);
		take_signals(s);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* Nothing was recorded: leave nothing behind. */
static void discard(struct session *s)
{
	destroy_sources(s);
	command_deinit(&s->command);
	if (s->stream)
		recorder_stream_destroy(s->stream);
	s->stream = NULL;
	recorder_destroy(s->recorder);
	s->recorder = NULL;
	if (s->created)
		nftw(s->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void session_deinit(struct session *s)
{
	command_deinit(&s->command);
	track_destroy(s->track);
	if (s->recorder)
		recorder_destroy(s->recorder);
	for (size_t i = 0; i < s->target_fds.n; i++)
		io_closep(&s->target_fds.v[i]);
	vec_deinit(&s->target_fds);
	vec_deinit(&s->polls);
	vec_deinit(&s->muted);
	select_deinit(&s->sources);
	free(s->path);
	if (s->signal_fd >= 0) {
		close(s->signal_fd);
		sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	}
}

/* What the shell should see when we end before or without the command. */
static int session_status(const struct session *s)
{
	if (s->command.pid && s->command.ended)
		return command_exit_status(s->command.wait_status);
	return s->command.pid && s->signal ? 128 + s->signal : 0;
}

/* A thread's id behind -p stands for its process. */
static pid_t *processes_of(const struct capture_request *request)
{
	pid_t *pids = mem_calloc(request->pid_count + 1, sizeof(*pids));

	for (size_t i = 0; i < request->pid_count; i++)
		pids[i] = track_process_of(request->pids[i]);
	return pids;
}

struct err *session_record(const struct record_session_options *given, int *status)
{
	CLEANUP(mem_freep) pid_t *pids = !given->command && given->request.target == CAPTURE_PIDS ? processes_of(&given->request) : NULL;
	struct record_session_options whole = *given, *options = &whole;

	if (pids)
		whole.request.pids = pids;

	struct session s = { .options = options, .signal_fd = -1,
			     .command = { .go_fd = -1, .result_fd = -1 } };

	*status = options->command ? COMMAND_FAILED : 0;
	s.path = record_name_choose(options);

	struct err *err = begin(&s, status);

	if (err) {
		leave_precedence(&s);
		if (err_is(err, ERR_USAGE) && *status == COMMAND_FAILED)
			*status = 0; /* main() has one for wrong words */
		discard(&s);
		session_deinit(&s);
		return err;
	}
	err = drain_until_end(&s);
	leave_precedence(&s);

	struct err *end = finish(&s);

	if (err)
		err_destroy(end);
	else
		err = end;
	wait_for_command(&s);
	*status = session_status(&s);
	session_deinit(&s);
	return err;
}
