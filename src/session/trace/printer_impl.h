/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_PRINTER_IMPL_H
#define SONDE_SESSION_TRACE_PRINTER_IMPL_H
/* Shared by printer*.c only. */
#include "base/map.h"
#include "session/trace/options.h"
#include "session/trace/printer.h"

/* What the printer keeps of a thread: call_thread.user. */
struct line {
	struct trace_out *out;      /* the shared one, or its own with -ff */
	struct trace_out own;
	struct trace_out staged;    /* a call's text until it is known whether it is wanted (-z) */
	struct syscall_progress progress;
	bool open;                  /* the call's entry was printed, its result was not */
	bool filtered;              /* this call is not to be printed: -P, or not in the set */
	char comm[80];              /* "<name>", when last asked for (-Y) */
	bool attached;              /* a message about its end is due */
	enum syscall_abi abi;       /* of its last call, for "[ Process runs in 32 bit mode ]" */
	int slot;                   /* of this call in the printer's memo */
	uint32_t interrupted;       /* number + 1 of its last call, if that waits for restart_syscall() */
	bool known;                 /* its text was made before */
	size_t text_at;             /* where its text begins in its output, when it is told whole */
	uint64_t enter_system_ns;   /* CPU time in the kernel at entry, for -c */
	struct str caller;          /* -k: the stack of who called exec, which is gone when that returns */
};

struct printer {
	const struct trace_options *options;
	struct trace_out out;
	struct call_thread *printing; /* whose line is the last one of the shared output */
	struct syscall_lookup lookup;
	struct fd_names *fds;
	struct pid_names *pids;
	struct learner *learner;
	struct path_filter *paths;
	struct summary *summary;
	struct fold *fold;            /* --fold; NULL: not asked */
	struct stack_printer *stacks;
	struct stack_names *names;    /* in its place, where the engine took stacks */
	struct call_memo *memo;       /* NULL: texts depend on more than a call and its memory */
	struct call_text *texts;      /* by its slots */
	size_t threads;
	uint64_t counted;             /* calls, for --syscall-limit */
	bool done;                    /* ... which was reached */
	struct map unreturned;        /* -c: number -> calls that had not returned when the trace ended */
	uint64_t last_ns;             /* of the last line, for -r */
	int64_t wall_offset_ns;
	bool lost;                    /* a file of a thread's own took no more */
	bool recorded;                /* times are those of events, not the clock's */
	bool hides_writes;            /* the program may write between two calls that we see */
	bool had_exec;                /* the command's execve succeeded */
};

static inline struct line *printer_line(const struct call_thread *t) { return t->user; }
static inline bool printer_is_quiet(const struct printer *p, enum trace_quiet what) { return p->options->quiet & what; }
static inline bool printer_prints_calls(const struct printer *p) { return p->options->count != TRACE_COUNT_ONLY; }
/* Is a call's text kept until it has returned? */
static inline bool printer_stages(const struct printer *p)
{
	enum { STATUS_ALL = TRACE_SUCCESSFUL | TRACE_FAILED | TRACE_UNFINISHED | TRACE_UNAVAILABLE | TRACE_DETACHED };

	return (p->options->status & STATUS_ALL) != STATUS_ALL || p->options->json || p->fold;
}

/* printer_call.c: the hooks of the sink, and what ends a call in another way. */
enum call_verdict printer_enter(void *self, struct call_thread *t, const struct syscall_memory *memory);
void printer_leave(void *self, struct call_thread *t, const struct syscall_memory *memory);
void printer_leaving(void *self, struct call_thread *t);
/* Where the text of the thread's call goes. */
struct trace_out *printer_target(struct printer *p, struct line *line);
/* The text that was staged goes out, or to nobody; STATUS: enum trace_status, how the call ended. */
void printer_publish(struct printer *p, struct call_thread *t, uint32_t status);
/* --fold: something else of this thread comes, so what it repeated ends here. */
void printer_end_fold(struct printer *p, struct call_thread *t);

/* printer_memo.c: texts that were made before.  _enter: true, this call's was, and it is left to
 * _print(), which writes text, result and what is between.  _keep: what on_leave() made of it. */
void printer_memo_create(struct printer *p);
void printer_memo_destroy(struct printer *p);
bool printer_memo_enter(struct printer *p, struct call_thread *t, const struct syscall_memory *memory);
void printer_memo_keep(struct printer *p, const struct line *line, const struct str *text, size_t call_end, size_t result_at);
void printer_memo_print(struct printer *p, const struct line *line, struct trace_out *out);

/* printer_lead.c: what stands before a line's text; ends the line of another one. */
void printer_lead(struct printer *p, struct call_thread *t, struct trace_out *out, uint64_t time_ns);
void printer_refresh_comm(struct printer *p, struct call_thread *t);
void printer_end_line(struct printer *p, struct trace_out *out);
/* -k: a line a frame; nothing where it isn't asked for. */
void printer_stack(struct printer *p, const struct call_thread *t, struct str *out);
/* ... of a call that returned: an exec's is its caller's. */
void printer_call_stack(struct printer *p, const struct call_thread *t, struct str *out);
/* printer_json.c: TEXT is "name(arguments)"; RETURNED NULL: it does not. */
void printer_json(struct printer *p, const struct call_thread *t, const char *text, const char *returned);
/* SIGINFO: "{...}", empty where there is none; NULL: it stops. */
void printer_json_signal(struct printer *p, const struct call_thread *t, const char *signal, const struct str *siginfo);
void printer_json_end(struct printer *p, const struct call_thread *t, int status);
/* In place of LINES that their reader was too slow for. */
void printer_json_lost(uint64_t lines, struct str *out);
void printer_json_superseded(struct printer *p, const struct call_thread *t, pid_t by);

#endif
