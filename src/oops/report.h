/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_REPORT_H
#define SONDE_OOPS_REPORT_H
/*
 * A kernel report as structure: what was found in the text and nothing else.  Names,
 * files and lines that need debug info are added by oops/decode.h, meaning by
 * oops/explain.h; the three are kept apart, so that each can be trusted for what it is.
 *
 * All strings belong to the report's arena.  NULL, -1 and 0 mean "the report does not say".
 */
#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oops_kind; /* oops/kind.h */

enum oops_severity {
	OOPS_INFO,     /* asked for, or a note: a SysRq dump */
	OOPS_WARNING,  /* the kernel goes on and is probably right */
	OOPS_BUG,      /* something is wrong: memory, locks or a task's progress are at stake */
	OOPS_OOPS,     /* the task was killed by an exception in the kernel */
	OOPS_PANIC,    /* the machine stopped */
};

struct oops_frame {
	const char *function;    /* as printed, ".cold" and the like included; NULL: only an address */
	uint64_t offset, size;   /* function+offset/size; size 0: not printed */
	uint64_t address;        /* 0: not printed (or hashed) */
	const char *module;      /* NULL: the kernel itself */
	const char *build_id;    /* of the module, in hex */
	const char *file;        /* where the text has it already, or after decoding */
	unsigned line, column;
	bool unreliable;         /* '?' in front, or "(unreliable)" */
	bool inlined;
	bool exact;              /* a PC, not a return address */
	const char *prototype;   /* after decoding from types alone: "int foo(struct bar *b)" */
	const char *note;        /* decoding: why there is no file ("size is 0x80 here: another kernel") */
};

/* What a stack trace tells. */
enum oops_trace_kind {
	OOPS_TRACE_CALL,     /* of the task or CPU that reports */
	OOPS_TRACE_ALLOC,
	OOPS_TRACE_FREE,
	OOPS_TRACE_ORIGIN,   /* where an uninitialised value was made or stored */
	OOPS_TRACE_OTHER,    /* another thread, CPU, or a lock's earlier acquisition */
};
struct oops_trace {
	enum oops_trace_kind kind;
	const char *title;       /* the line above it: "Allocated by task 312 on cpu 1 at 12.3s:" */
	int task;                /* -1 */
	int cpu;                 /* -1 */
	VEC(struct oops_frame) frames; /* innermost first */
	size_t first_line;       /* in the report's text, from 0 */
	bool user_entry;         /* ends where user space entered the kernel */
};

struct oops_register { const char *name; uint64_t value; };
struct oops_detail { const char *name, *value; }; /* what the kind's templates captured */
struct oops_module { const char *name, *flags, *build_id; };
/* A task that the report lists: of an OOM kill's table, or the head above a stack. */
struct oops_task {
	const char *comm;
	int pid;
	char state;              /* 'D', 'S', 'R' ...; 0: not said */
	int trace;               /* index of its stack, -1: none */
	int64_t total_vm_pages, rss_pages, swap_pages, oom_score_adj; /* of an OOM kill's table */
};
/* A lock of lockdep's lists, "#0: ffff8880 (&inode->i_lock){+.+.}-{3:3}, at: iget+0x1/0x2": depth -1 for the one that is
 * to be taken. */
struct oops_lock {
	const char *name, *function;
	int depth;
	const char *owner;       /* "bash/126" of the list that it stands in; NULL: not said */
};

enum oops_context { OOPS_CONTEXT_UNKNOWN, OOPS_CONTEXT_TASK, OOPS_CONTEXT_SOFTIRQ, OOPS_CONTEXT_HARDIRQ, OOPS_CONTEXT_NMI };

struct oops_report {
	struct arena arena;
	const struct oops_kind *kind;
	const char *title;       /* stable: no addresses, numbers or offsets */
	const char *headline;    /* the line that the kernel said it with */
	const char *message;     /* what WARN() and its like said before the headline; NULL */
	enum oops_severity severity;
	bool panicked;           /* the machine stopped after it */
	const char *corrupted;   /* why it can't be trusted whole: "no stack trace", NULL: it can */
	bool truncated;          /* the log ended inside */

	const char *log;         /* which one it is in, where there are several; NULL: there is one */
	uint64_t first_line, last_line; /* of the log, from 1 */
	int64_t time_us;         /* since boot; -1 */
	const char *text;        /* undressed lines of this report, each with '\n' */
	size_t text_length;

	const char *arch;        /* "x86_64", "arm64", "arm", ...; NULL: can't be told */
	int cpu;                 /* -1 */
	int pid;                 /* -1 */
	const char *comm;
	enum oops_context context;
	const char *kernel;      /* "6.1.0-18-amd64" */
	const char *kernel_build;/* "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1" */
	const char *taint;       /* letters: "GW" without blanks; "" : not tainted; NULL: not said */
	const char *hardware;
	const char *workqueue;   /* "events_unbound flush_to_ldisc" */
	const char *build_id;    /* of vmlinux, where the report has one */
	uint64_t kernel_offset;  /* "Kernel Offset: 0x... from ..."; 0: none or not said */

	struct oops_frame pc, lr; /* function NULL and address 0: not said */
	bool has_fault_address;
	uint64_t fault_address;
	const char *code;        /* the bytes of "Code:", as printed, with <> or () at the PC */

	VEC(struct oops_register) registers;
	VEC(struct oops_trace) traces;
	VEC(struct oops_module) modules;
	VEC(struct oops_lock) locks;
	VEC(struct oops_task) tasks;
	VEC(struct oops_detail) details;

	const struct oops_frame *blame; /* the first frame that isn't generic machinery; NULL */
	/* Whom the title names: blame, but for code that loops the function that called it in, which is
	 * the same wherever the loop was caught. */
	const struct oops_frame *subject;
	const char *source_file;   /* of the headline ("at net/core/dev.c:123"), or blame's */
	unsigned source_line;

	uint64_t repeats;        /* how often the same title came again (oops/scan.h) */
};

/* Is source_file where the blamed function is?  Else it is where a check for others stands ("lib/refcount.c:28"). */
bool oops_source_is_of_blame(const struct oops_report *r);
/* "" when there is no such detail. */
const char *oops_detail(const struct oops_report *r, const char *name);
const struct oops_trace *oops_trace_of(const struct oops_report *r, enum oops_trace_kind kind);
const char *oops_severity_name(enum oops_severity severity);
const char *oops_context_name(enum oops_context context);
/* What a taint letter means: "kernel issued a warning"; NULL: no such letter. */
const char *oops_taint_meaning(char letter);

void oops_report_destroy(struct oops_report *r); /* NULL-safe */

#endif
