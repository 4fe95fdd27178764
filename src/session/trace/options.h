/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_OPTIONS_H
#define SONDE_SESSION_TRACE_OPTIONS_H
/*
 * All that can be asked of `sonde trace` and `sonde strace`, and the setter that takes
 * strace's options one by one, in the order given.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "session/trace/inject.h"
#include "session/trace/sets.h"
#include "syscall/print.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum trace_status {
	TRACE_SUCCESSFUL = 1, TRACE_FAILED = 2, TRACE_UNFINISHED = 4, TRACE_UNAVAILABLE = 8, TRACE_DETACHED = 16,
};
enum trace_quiet {
	TRACE_QUIET_ATTACH = 1, TRACE_QUIET_EXIT = 2, TRACE_QUIET_PATH_RESOLUTION = 4,
	TRACE_QUIET_PERSONALITY = 8, TRACE_QUIET_SUPERSEDED = 16,
};
enum trace_fds { TRACE_FDS_PATH = 1, TRACE_FDS_SOCKET = 2, TRACE_FDS_DEV = 4, TRACE_FDS_PIDFD = 8, TRACE_FDS_EVENTFD = 16, TRACE_FDS_SIGNALFD = 32 };
enum trace_pids { TRACE_PIDS_COMM = 1, TRACE_PIDS_PIDNS = 2 };
enum trace_stamp { TRACE_STAMP_NONE, TRACE_STAMP_TIME, TRACE_STAMP_UNIX };
enum trace_precision { TRACE_S, TRACE_MS, TRACE_US, TRACE_NS }; /* 0, 3, 6, 9 digits */
enum trace_count { TRACE_COUNT_NONE, TRACE_COUNT_ONLY, TRACE_COUNT_TOO }; /* -c, -C */
enum trace_color { TRACE_COLOR_AUTO, TRACE_COLOR_ALWAYS, TRACE_COLOR_NEVER };
enum trace_tips { TRACE_TIPS_NONE, TRACE_TIPS_COMPACT, TRACE_TIPS_FULL };
enum trace_engine { TRACE_ENGINE_AUTO, TRACE_ENGINE_BPF, TRACE_ENGINE_PTRACE };

enum trace_column {
	TRACE_COLUMN_TIME_PERCENT, TRACE_COLUMN_TOTAL_TIME, TRACE_COLUMN_MIN_TIME, TRACE_COLUMN_MAX_TIME,
	TRACE_COLUMN_AVG_TIME, TRACE_COLUMN_CALLS, TRACE_COLUMN_ERRORS, TRACE_COLUMN_NAME, TRACE_COLUMN_NONE,
};
enum { TRACE_COLUMNS_MAX = 8 };

struct trace_options {
	char spelled[40];         /* of the option being set: "--trace" or "-e"; "" if nobody said */
	bool strace;              /* strace's words, defaults and status; else sonde's */
	const char *name;         /* of the program in messages: "strace", "sonde" */

	/* whom */
	char **command;           /* NULL-terminated; NULL: none */
	VEC(pid_t) pids;
	bool all;                 /* everybody; with a command, while that runs */
	const char *cgroup;       /* a control group; NULL: none */
	VEC(const char *) environment; /* -E */
	const char *user;
	const char *argv0;        /* --argv0; NULL: as the command is named */
	uint64_t syscall_limit;   /* detach after so many calls; 0: none */
	uint64_t duration_ns;     /* the ptrace engine: detach after so long; 0: never */
	unsigned daemonize;       /* -D: 1, 2, 3 */
	int interruptible;        /* -I; 0: not given */
	bool follow, separate;    /* -f; -ff */
	bool detach_on_exec, kill_on_exit, seccomp;
	enum trace_engine engine;

	/* what */
	struct call_set calls, abbrev, verbose, raw;
	struct number_set signals, read_fds, write_fds;
	struct injections injections;
	VEC(const char *) paths;  /* -P */
	bool only_fds;            /* --trace-fds was given */
	struct number_set trace_fds;
	uint32_t status;          /* enum trace_status */
	bool kvm, kvm_whole; /* -e kvm=vcpu, vcpu+ */
	bool new_namespaces;      /* -e namespace=new */

	/* how */
	const char *output;       /* -o; NULL: standard error */
	bool append;
	bool json;                /* sonde trace --json */
	bool fold;                /* sonde trace --fold */
	int columns;              /* -a */
	struct syscall_style style;
	uint32_t quiet;
	bool quiet_given;
	uint32_t fds, pid_words;
	enum trace_stamp stamp;
	enum trace_precision stamp_precision;
	bool relative, durations;
	enum trace_precision relative_precision, duration_precision;
	bool show_number, show_ip, show_stack, always_pid;
	bool show_lines;          /* -kk: source lines of the stack */
	unsigned frame_limit;     /* of -k; 0: 256 */
	enum trace_color color;
	enum trace_tips tips;     /* one of our tips, at the end */
	int tip;                  /* which; -1: any */
	bool debug;

	/* counting */
	enum trace_count count;
	bool wall_clock;
	int64_t overhead_ns;      /* -1: guess */
	enum trace_column sort;
	enum trace_column summary_columns[TRACE_COLUMNS_MAX];
	unsigned summary_column_count;
	bool summary_columns_given; /* -U */

	/* as counted while parsing, for the checks at the end */
	unsigned q_count, t_count, x_count, y_count, f_count, F_count, zflags;
	unsigned follow_long, D_count;
	bool help, version, columns_given, quiet_words_given, hex_given, stamp_given, fds_given, daemonize_given;
	bool sort_given, columns_chosen;
};

void trace_options_init(struct trace_options *o);
void trace_options_deinit(struct trace_options *o);

/* One option.  LETTER: strace's, or a number of enum trace_long for those without.  VALUE:
 * NULL where it has none.  An error with a fix is one of usage ("Try ... -h"). */
enum trace_long {
	TRACE_LONG_SECCOMP = 256, TRACE_LONG_TIPS, TRACE_LONG_KILL_ON_EXIT, TRACE_LONG_SEPARATELY, TRACE_LONG_QUIET,
	TRACE_LONG_DECODE_FDS, TRACE_LONG_DECODE_PIDS, TRACE_LONG_RELATIVE, TRACE_LONG_STAMPS, TRACE_LONG_TIMES,
	TRACE_LONG_HEX, TRACE_LONG_DAEMONIZE, TRACE_LONG_TRACE, TRACE_LONG_ABBREV, TRACE_LONG_VERBOSE,
	TRACE_LONG_RAW, TRACE_LONG_SIGNAL, TRACE_LONG_STATUS, TRACE_LONG_READ, TRACE_LONG_WRITE,
	TRACE_LONG_FAULT, TRACE_LONG_INJECT, TRACE_LONG_KVM, TRACE_LONG_PIDNS, TRACE_LONG_SECONTEXT,
	TRACE_LONG_TRACE_FDS, TRACE_LONG_SYSCALL_LIMIT, TRACE_LONG_FRAME_LIMIT, TRACE_LONG_STACK, TRACE_LONG_ARGV0,
	TRACE_LONG_ALWAYS_PID, TRACE_LONG_NAMESPACE, TRACE_LONG_COLOR,
};
struct err *trace_options_set(struct trace_options *o, int letter, const char *value);
/* An advice that begins so is not sonde's: strace has it, too, as a second message. */
#define TRACE_STRACE_ADDS "strace adds: "
/* Without that; NULL: it has no such advice.  Valid as long as ERR. */
const char *trace_strace_adds(const struct err *err);
/* ERR with the line that says where help is. */
struct err *trace_options_usage(const struct trace_options *o, struct err *err);
/* When all were set: what goes together, and what follows from it.  Warnings are printed. */
struct err *trace_options_finish(struct trace_options *o);
/* Whether lines that go to FD get colours (--color): lines do, objects and tables don't. */
bool trace_options_color(const struct trace_options *o, int fd);

/* "strace: ..." on standard error. */
void trace_say(const struct trace_options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
