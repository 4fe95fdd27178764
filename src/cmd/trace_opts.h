/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_TRACE_OPTS_H
#define SONDE_CMD_TRACE_OPTS_H
/* The options that `sonde trace` and `sonde strace` share: rows, and applying them. */
#include "base/opt.h"
#include "cmd/trace_views.h"
#include "session/trace/options.h"

#include <stdbool.h>

/* One row; TYPE has a struct opt_given_list `given`. */
#define TRACE_OPT(long_name, short_letter, number, metavariable, may_omit, text)                         \
	TRACE_OPT_OF(long_name, short_letter, number, metavariable, may_omit, NULL, text)
/* WHAT: struct opt's completes. */
#define TRACE_OPT_OF(long_name, short_letter, number, metavariable, may_omit, what, text)                \
	{ .name = long_name, .letter = short_letter, .kind = OPT_GIVEN, .id = number, .value = metavariable, \
	  .optional = may_omit, .completes = what, .help = text, .offset = offsetof(struct trace_args, given) }
/* With words that a shell offers: all that it takes, or the usual ones. */
#define TRACE_OPT_WORDS(long_name, short_letter, number, metavariable, text, ...)                        \
	{ .name = long_name, .letter = short_letter, .kind = OPT_GIVEN, .id = number, .value = metavariable, \
	  .help = text, .offset = offsetof(struct trace_args, given), .choices = (const char *const[]){ __VA_ARGS__, NULL } }
#define TRACE_CLASSES "%file", "%desc", "%memory", "%process", "%signal", "%ipc", "%network", "%clock", "%creds", "%pure"

struct trace_args {
	struct opt_given_list given;
	struct opt_list command;
	/* of sonde trace alone */
	bool json, html, fold, all, no_follow, overwrite;
	const char *cgroup, *engine;
	struct trace_view_args views;
};

extern const struct opt strace_opts[];

/* EXPR: the long name of -e, which strace has none for. */
#define TRACE_OPTS_FILTER(expr)                                                                               \
	TRACE_OPT_WORDS(expr, 'e', 'e', "EXPR",                                                               \
		  "which calls, or QUALIFIER=WHICH\n"                                                         \
		  "Calls are names, numbers, classes (%file %desc %memory %process %signal %ipc %network %clock " \
		  "%creds %pure %stat %lstat %fstat %%stat %statfs %fstatfs %%statfs), /REGEX, all or none, "  \
		  "separated by commas; ! in front means all others, ? that a name may be unknown, @64, @32 " \
		  "or @x32 behind one ABI's alone.  Qualifiers: trace, abbrev, verbose, raw, signal, status, " \
		  "read, write, quiet, decode-fds, decode-pids, trace-fds (fd), inject, fault, kvm, namespace; each is an option too.", \
			TRACE_CLASSES, "trace=", "signal=", "status=", "inject=", "fault=", "read=", "write=", "quiet="),  \
	TRACE_OPT_WORDS("trace", 0, TRACE_LONG_TRACE, "CALLS", "which calls", \
			TRACE_CLASSES),                               \
	TRACE_OPT("signal", 0, TRACE_LONG_SIGNAL, "SIGNALS", false, "which signals: names or numbers, !, all, none"), \
	TRACE_OPT_WORDS("status", 0, TRACE_LONG_STATUS, "WHICH",                                             \
		  "which results: successful, failed, unfinished, unavailable, detached", \
			"successful", "failed", "unfinished", "unavailable", "detached"),                    \
	TRACE_OPT("successful-only", 'z', 'z', NULL, false, "only calls that returned without an error"),     \
	TRACE_OPT("failed-only", 'Z', 'Z', NULL, false, "only calls that returned with an error"),            \
	TRACE_OPT("trace-fds", 0, TRACE_LONG_TRACE_FDS, "FDS", false, "only calls on these descriptors"),       \
	TRACE_OPT("syscall-limit", 0, TRACE_LONG_SYSCALL_LIMIT, "N", false, "let all go after N calls"),         \
	TRACE_OPT_OF("trace-path", 'P', 'P', "PATH", false, "file", "only calls that touch PATH; may be given often")

#define TRACE_OPTS_OUTPUT                                                                                     \
	TRACE_OPT_OF("output", 'o', 'o', "FILE", false, "file", "write lines to FILE, or to a command: '|CMD' (default: standard error)"), \
	TRACE_OPT("output-append-mode", 'A', 'A', NULL, false, "append to FILE"),                             \
	TRACE_OPT("output-separately", 0, TRACE_LONG_SEPARATELY, NULL, false, "a file a thread: FILE.TID"),   \
	TRACE_OPT("string-limit", 's', 's', "N", false, "at most N bytes of a string (default 32)"),          \
	TRACE_OPT("no-abbrev", 'v', 'v', NULL, false, "structures and arrays whole"),                         \
	TRACE_OPT("abbrev", 0, TRACE_LONG_ABBREV, "CALLS", false, "abbreviate only in these calls"),          \
	TRACE_OPT("verbose", 0, TRACE_LONG_VERBOSE, "CALLS", false, "decode structures only in these calls"), \
	TRACE_OPT("raw", 0, TRACE_LONG_RAW, "CALLS", false, "these calls' arguments as numbers"),             \
	TRACE_OPT("read", 0, TRACE_LONG_READ, "FDS", false, "dump all that is read from these descriptors"),  \
	TRACE_OPT("write", 0, TRACE_LONG_WRITE, "FDS", false, "dump all that is written to these descriptors"), \
	TRACE_OPT("strings-in-hex", 0, TRACE_LONG_HEX, "WHICH", true,                                         \
		  "strings in hex: all, non-ascii, non-ascii-chars, none"),                                   \
	TRACE_OPT(NULL, 'x', 'x', NULL, false, "strings that are not ASCII in hex; -xx all strings"),         \
	TRACE_OPT_WORDS("const-print-style", 'X', 'X', "HOW", "named constants: abbrev (names), raw, or verbose (both)", \
			"abbrev", "raw", "verbose"), \
	TRACE_OPT("decode-fds", 0, TRACE_LONG_DECODE_FDS, "WHAT", true,                                       \
		  "what descriptors refer to: path, socket, dev, pidfd, eventfd, signalfd, all"),                                \
	TRACE_OPT(NULL, 'y', 'y', NULL, false, "paths of descriptors; -yy sockets, devices and pidfds too"),  \
	TRACE_OPT_WORDS("decode-pids", 0, TRACE_LONG_DECODE_PIDS, "WHAT", "what ids of processes mean: comm, pidns", \
			"comm", "pidns"), \
	TRACE_OPT(NULL, 'Y', 'Y', NULL, false, "names of processes"),                                         \
	TRACE_OPT("pidns-translation", 0, TRACE_LONG_PIDNS, NULL, false, "as --decode-pids=pidns"),           \
	TRACE_OPT("absolute-timestamps", 0, TRACE_LONG_STAMPS, "HOW", true,                                   \
		  "when: time, unix or none, and s, ms, us or ns behind a comma"),                            \
	TRACE_OPT("timestamps", 0, TRACE_LONG_STAMPS, "HOW", true, "as --absolute-timestamps"),               \
	TRACE_OPT(NULL, 't', 't', NULL, false, "the time of day; -tt with microseconds, -ttt since 1970"),    \
	TRACE_OPT("relative-timestamps", 0, TRACE_LONG_RELATIVE, "PRECISION", true, "time since the line before"), \
	TRACE_OPT(NULL, 'r', 'r', NULL, false, "as --relative-timestamps"),                                   \
	TRACE_OPT("syscall-times", 0, TRACE_LONG_TIMES, "PRECISION", true, "time that each call took"),       \
	TRACE_OPT(NULL, 'T', 'T', NULL, false, "as --syscall-times"),                                         \
	TRACE_OPT("syscall-number", 'n', 'n', NULL, false, "numbers of calls"),                               \
	TRACE_OPT("instruction-pointer", 'i', 'i', NULL, false, "where each call was made"),                  \
	TRACE_OPT("stack-trace", 0, TRACE_LONG_STACK, "HOW", true, "the user stack below each call: symbol, or source for lines as well"), \
	TRACE_OPT("stack-traces", 0, TRACE_LONG_STACK, "HOW", true, "as --stack-trace"),                       \
	TRACE_OPT(NULL, 'k', 'k', NULL, false, "as --stack-trace; -kk with source lines"),                    \
	TRACE_OPT("arg-names", 'N', 'N', NULL, false, "names of arguments: close(fd=3)"),            \
	TRACE_OPT("stack-trace-frame-limit", 0, TRACE_LONG_FRAME_LIMIT, "N", false, "at most N frames of it (default 256)"), \
	TRACE_OPT("always-show-pid", 0, TRACE_LONG_ALWAYS_PID, NULL, false, "the pid also where there is only one"), \
	TRACE_OPT("secontext", 0, TRACE_LONG_SECONTEXT, "WHAT", true, "SELinux contexts: refused, sonde has none"),    \
	TRACE_OPT_WORDS("namespace", 0, TRACE_LONG_NAMESPACE, "new", "the namespaces that a call enters: unshare(...) = 0 (net:[4026532178])", \
			"new"), \
	TRACE_OPT_WORDS("kvm", 0, TRACE_LONG_KVM, "vcpu", "why a virtual CPU returned", \
			"vcpu", "vcpu+"),                     \
	TRACE_OPT("quiet", 0, TRACE_LONG_QUIET, "WHAT", true,                                                 \
		  "no messages about: attach, exit, path-resolution, personality, thread-execve, all"),       \
	TRACE_OPT("silent", 0, TRACE_LONG_QUIET, "WHAT", true, "as --quiet"),                                 \
	TRACE_OPT("silence", 0, TRACE_LONG_QUIET, "WHAT", true, "as --quiet"),                                \
	TRACE_OPT(NULL, 'q', 'q', NULL, false, "no messages of attaching; -qq nor of exits; -qqq none")

/* Beside "summary", -C, which stands for more in `sonde trace`. */
#define TRACE_OPTS_COUNT                                                                                      \
	TRACE_OPT("summary-only", 'c', 'c', NULL, false, "count calls, and print a table at the end"),        \
	TRACE_OPT("summary-wall-clock", 'w', 'w', NULL, false, "time from entry to exit, not CPU time in the kernel"), \
	TRACE_OPT_WORDS("summary-sort-by", 'S', 'S', "COLUMN",                                               \
		  "order: time, min-time, max-time, avg-time, calls, errors, name, none", \
			"time", "min-time", "max-time", "avg-time", "calls", "errors", "name", "none"),                    \
	TRACE_OPT("summary-columns", 'U', 'U', "COLUMN,...", false,                                           \
		  "columns: time-percent, total-time, min-time, max-time, avg-time, calls, errors, name"),    \
	TRACE_OPT("summary-syscall-overhead", 'O', 'O', "TIME", false, "what to take off each call's time")

#define TRACE_OPTS_TAMPER                                                                                     \
	TRACE_OPT("inject", 0, TRACE_LONG_INJECT, "CALLS:WHAT...", false,                                     \
		  "tamper with calls\n"                                                                       \
		  "error=ERRNO or retval=N: don't make the call, return this; with syscall=NAME this call of " \
		  "%pure is made in its place.  signal=SIG: send it at entry.  delay_enter=TIME, delay_exit=TIME: wait "  \
		  "(microseconds, or with s, ms, us, ns).  poke_enter=@arg1=HEX,..., poke_exit=...: write memory " \
		  "that arguments point to.  when=FIRST[..LAST][+[STEP]]: which of a thread's invocations."),  \
	TRACE_OPT("fault", 0, TRACE_LONG_FAULT, "CALLS[:error=ERRNO][:when=...]", false,                      \
		  "as --inject with an error, ENOSYS if none is given")

#define TRACE_OPTS_START                                                                                      \
	TRACE_OPT_OF("attach", 'p', 'p', "PID", false, "pid", "running processes, separated by commas"),                \
	TRACE_OPT("env", 'E', 'E', "VAR[=VALUE]", false, "set VAR for the command, or remove it"),            \
	TRACE_OPT("argv0", 0, TRACE_LONG_ARGV0, "NAME", false, "what the command finds as its own name"),      \
	TRACE_OPT("user", 'u', 'u', "USER", false, "run the command as USER, with setuid bits in effect"),    \
	TRACE_OPT_WORDS("detach-on", 'b', 'b', "execve", "let a process go when it execs", \
			"execve"),                  \
	TRACE_OPT("daemonize", 0, TRACE_LONG_DAEMONIZE, "HOW", true,                                          \
		  "trace from a grandchild, so that the command stays a child of who called us: grandchild, pgroup, session"), \
	TRACE_OPT(NULL, 'D', 'D', NULL, false, "as --daemonize; -DD in a process group, -DDD in a session of its own"), \
	TRACE_OPT_WORDS("interruptible", 'I', 'I', "WHEN",                                                   \
		  "when signals end the trace: 1 anywhere, 2 waiting, 3 never, 4 never_tstp", \
			"anywhere", "waiting", "never", "never_tstp"),                \
	TRACE_OPT("kill-on-exit", 0, TRACE_LONG_KILL_ON_EXIT, NULL, false, "the command dies with us"),       \
	TRACE_OPT("seccomp-bpf", 0, TRACE_LONG_SECCOMP, NULL, false, "stop a command only at the calls that are wanted"), \
	TRACE_OPT("tips", 0, TRACE_LONG_TIPS, "WHICH", true, "a tip at the end: none, compact or full, id:NUMBER for one of them"),   \
	TRACE_OPT_WORDS("color", 0, TRACE_LONG_COLOR, "WHEN", "colours: always, never, or auto (a terminal, unless NO_COLOR is set)", \
			"auto", "always", "never"), \
	TRACE_OPT("debug", 'd', 'd', NULL, false, "say what sonde itself does")

/* All that was given into *o. */
struct err *trace_opts_apply(const struct opt_given_list *given, struct trace_options *o);

/* What the manuals of sonde trace and sonde strace say beside options: SIGNALS, FILES, ENVIRONMENT. */
extern const struct opt_section trace_sections[];
/* NULL-terminated for execvp(). */
char **trace_opts_command(const struct opt_list *words, struct arena *arena);

#endif
