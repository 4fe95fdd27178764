/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All options together: what two spellings of one thing come to, what can't be asked for at
 * once, and what has no effect, in strace's order, so that its first complaint is ours.
 */
#include "session/trace/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define usage trace_options_usage

static void count_stamps(struct trace_options *o)
{
	if (!o->t_count)
		return;
	o->stamp = o->t_count > 2 ? TRACE_STAMP_UNIX : TRACE_STAMP_TIME;
	o->stamp_precision = o->t_count > 1 ? TRACE_US : TRACE_S;
}

static void join_counts(struct trace_options *o)
{
	if (o->F_count && o->strace)
		trace_say(o, o->f_count + o->follow_long ? "deprecated option -F ignored"
					: "option -F is deprecated, please use -f/--follow-forks instead");
	if (o->f_count + o->F_count + o->follow_long)
		o->follow = true;
	if (o->f_count > 1 || (o->f_count && o->strace)) /* strace's one -f takes back --output-separately */
		o->separate = o->f_count > 1;
	count_stamps(o);
	if (o->D_count)
		o->daemonize = o->D_count;
	if (o->x_count)
		o->style.hex = o->x_count > 1 ? SYSCALL_HEX_ALL : SYSCALL_HEX_NON_ASCII;
	if (o->y_count)
		o->fds = o->y_count > 1 ? UINT32_MAX : TRACE_FDS_PATH;
	if (o->q_count) {
		o->quiet = o->q_count > 2 ? UINT32_MAX
			 : TRACE_QUIET_ATTACH | TRACE_QUIET_PERSONALITY | (o->q_count > 1 ? TRACE_QUIET_EXIT : 0);
		o->quiet_given = true;
	}
	/* A command whose trace goes to a file: its words are not to be mixed with ours. */
	if (o->output && o->pids.n == 0 && !o->quiet_given)
		o->quiet |= TRACE_QUIET_ATTACH | TRACE_QUIET_PERSONALITY;
}

static void warn_count(struct trace_options *o)
{
	const struct {
		bool given;
		const char *name;
	} useless[] = {
		{ o->show_ip, "-i/--instruction-pointer" }, { o->show_stack, "-k/--stack-trace" },
		{ o->show_number, "-n/--syscall-number" }, { o->style.arg_names, "-N/--arg-names" }, { o->relative, "-r/--relative-timestamps" },
		{ o->stamp, "-t/--absolute-timestamps" }, { o->durations, "-T/--syscall-times" },
		{ o->fds, "-y/--decode-fds" },
	};

	for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++)
		if (useless[i].given)
			trace_say(o, "%s has no effect with -c/--summary-only", useless[i].name);
}

/* Two spellings of one thing, of which only one may be used. */
static struct err *check_spellings(const struct trace_options *o)
{
	const struct {
		bool both;
		const char *names;
	} pairs[] = {
		{ o->daemonize_given && o->D_count, "-D and --daemonize" },
		{ o->f_count && o->follow_long, "-f and --follow-forks" },
		{ o->f_count > 1 && o->separate, "-ff and --output-separately" },
		{ o->q_count && o->quiet_words_given, "-q and -e quiet/--quiet" },
		{ o->t_count && o->stamp_given, "-t and --absolute-timestamps" },
		{ o->x_count && o->hex_given, "-x and --strings-in-hex" },
		{ o->y_count && o->fds_given, "-y and --decode-fds" },
	};

	for (size_t i = 0; o->strace && i < sizeof(pairs) / sizeof(*pairs); i++)
		if (pairs[i].both)
			return err_new(ERR_USAGE, "%s cannot be provided simultaneously", pairs[i].names);
	return NULL;
}

static struct err *check_counting(const struct trace_options *o)
{
	if (o->count && o->separate)
		return usage(o, err_new(ERR_USAGE, "(-c/--summary-only or -C/--summary) and -ff/--output-separately are "
					"mutually exclusive"));
	if (o->wall_clock && !o->count && o->strace)
		return usage(o, err_new(ERR_USAGE, "-w/--summary-wall-clock must be given with (-c/--summary-only or "
					"-C/--summary)"));
	if (o->columns_chosen && !o->count && o->strace)
		return usage(o, err_new(ERR_USAGE, "-U/--summary-columns must be given with (-c/--summary-only or "
					"-C/--summary)"));
	return NULL;
}

static struct err *check_together(const struct trace_options *o)
{
	if (o->daemonize && !o->command)
		return usage(o, err_new(ERR_USAGE, "PROG [ARGS] must be specified with -D/--daemonize"));
	if (o->daemonize > 3)
		return usage(o, err_new(ERR_USAGE, "Too many -D's (%u), maximum supported -D count is 3", o->daemonize));
	TRY(check_counting(o));
	if (o->output && (o->output[0] == '|' || o->output[0] == '!') && o->separate)
		return usage(o, err_new(ERR_USAGE, "piping the output and -ff/--output-separately are mutually exclusive"));
	if (o->user && !o->command)
		return usage(o, err_new(ERR_USAGE, "-u/--user must be given with a command"));
	if (o->argv0 && !o->command)
		return usage(o, err_new(ERR_USAGE, "PROG [ARGS] must be specified with --argv0"));
	if (o->kill_on_exit && o->pids.n)
		return err_new(ERR_USAGE, "--kill-on-exit and -p/--attach are mutually exclusive options");
	return NULL;
}

static void warn_seccomp(struct trace_options *o)
{
	const char *why = NULL;

	if (!o->seccomp)
		return;
	if (o->pids.n && o->strace)
		trace_say(o, "--seccomp-bpf is not enabled for processes attached with -p");
	if (o->detach_on_exec)
		why = "is not enabled because it is not compatible with -b";
	else if (!o->follow)
		why = "cannot be used without -f/--follow-forks, disabling";
	else if (o->syscall_limit)
		why = "is not enabled because it is not compatible with --syscall-limit";
	if (!why)
		return;
	if (o->strace)
		trace_say(o, "--seccomp-bpf %s", why);
	o->seccomp = false;
}

static void warn_together(struct trace_options *o)
{
	if (o->count == TRACE_COUNT_ONLY)
		warn_count(o);
	if (!o->output && o->separate && (o->strace ? !o->follow : o->f_count < 2))
		trace_say(o, "--output-separately has no effect without -o/--output");
	if (o->frame_limit && !o->show_stack)
		trace_say(o, "--stack-trace-frame-limit has no effect without -k/--stack-trace");
	if (o->append && !o->output)
		trace_say(o, "-A/--output-append-mode has no effect without -o/--output");
	if (o->sort_given && !o->count)
		trace_say(o, "-S/--summary-sort-by has no effect without (-c/--summary-only or -C/--summary)");
	if (o->columns_chosen && !o->count)
		trace_say(o, "-U/--summary-columns has no effect without (-c/--summary-only or -C/--summary)");
	if (o->zflags > 1)
		trace_say(o, "Only the last of -z/--successful-only/-Z/--failed-only options will take effect. See status "
			     "qualifier for more complex filters.");
}

/* -P's words as they will be compared. */
static void say_resolved(const struct trace_options *o)
{
	for (size_t i = 0; i < o->paths.n && !(o->quiet & TRACE_QUIET_PATH_RESOLUTION); i++) {
		char *resolved = realpath(o->paths.v[i], NULL);

		if (resolved && strcmp(resolved, o->paths.v[i]) != 0)
			trace_say(o, "Requested path \"%s\" resolved into \"%s\"", o->paths.v[i], resolved);
		free(resolved);
	}
}

static struct err *no_target(const struct trace_options *o)
{
	struct err *err = err_new(ERR_USAGE, "must have PROG [ARGS] or -p PID");

	if (o->strace)
		return usage(o, err);
	return err_fix(err, "sonde trace -- COMMAND; of what runs: -p PID, --cgroup PATH, -a (everybody); a recording: sonde trace NAME.sonde");
}

static bool is_recording(const struct trace_options *o) { return !o->strace && str_ends(o->output, ".sonde"); }

struct err *trace_options_finish(struct trace_options *o)
{
	if (o->help || o->version)
		return NULL;
	o->spelled[0] = '\0';
	if (!o->command && o->pids.n == 0 && !o->all && !o->cgroup)
		return no_target(o);
	if (o->all + (o->cgroup != NULL) + (o->pids.n > 0) > 1)
		return err_new(ERR_USAGE, "-a, --cgroup and -p are different answers to whom: one of them");
	if (o->q_count > 2)
		o->quiet = UINT32_MAX;
	say_resolved(o);
	TRY(check_spellings(o));
	join_counts(o);
	warn_seccomp(o);
	TRY(check_together(o));
	warn_together(o);
	if (!o->output && o->separate)
		o->separate = false; /* as -f: there is no name to add the pid to */
	if (!o->interruptible)
		o->interruptible = o->daemonize ? 4 : o->output && o->command && !is_recording(o) ? 3 : 2;
	return NULL;
}

bool trace_options_color(const struct trace_options *o, int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != TRACE_COLOR_AUTO || o->json || o->count == TRACE_COUNT_ONLY)
		return o->color == TRACE_COLOR_ALWAYS && !o->json && o->count != TRACE_COUNT_ONLY;
	return isatty(fd) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}
