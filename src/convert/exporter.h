/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_EXPORTER_H
#define SONDE_CONVERT_EXPORTER_H
/*
 * The ways out: a recording, or stacks, written as another tool's file.  An exporter is
 * one file with a `const struct exporter` and one line in exporters.c.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct recording;
struct stacks;

/* What a frame row of a recording stands for, with names also where the recording has
 * none but this machine does (view/frames.h). */
struct export_call {
	const char *function; /* NULL: no name */
	const char *file;     /* NULL: not known */
	uint32_t line;
	bool inlined;
};
struct export_frame {
	const char *module_path; /* "" : no mapping covered it */
	uint8_t module_kind;	 /* enum module_kind */
	uint64_t offset;	 /* in the file; an address for the kernel and JIT code */
	uint32_t call_count;	 /* at least 1: inlined calls innermost first, then the function */
	bool left_out;		 /* by what was asked for (--no-kernel): its callers stand where it stood */
};

struct export_input {
	struct recording *recording; /* NULL: the input was text */
	struct stacks *stacks;	     /* finished; NULL: of a recording without samples */
	/* Frames by the id in the recording's stack rows; valid with a recording. */
	bool (*frame)(void *user, uint32_t id, struct export_frame *ret); /* false: no such frame */
	void (*call)(void *user, uint32_t id, uint32_t index, struct export_call *ret);
	/* Was this sample asked for?  Valid with a recording. */
	bool (*wants)(void *user, uint32_t thread, uint32_t stack, uint64_t time_ns); /* NULL: all; STACK 0: of a system call */
	void *user;
	const char *event; /* only this counted event; NULL: all that the form has place for */
	const char *title; /* of the recording or text, for forms that have one */
	/* perf-script: */
	const char *fields; /* as perf script -F; NULL: as perf script does it alone */
	bool nanoseconds;
	uint64_t max_stack; /* frames; 0: all */
};

/* What an exporter can be made of. */
enum export_takes {
	EXPORT_RECORDING, /* a recording */
	EXPORT_STACKS,	  /* stacks, of a recording or a text, with all that narrows them down */
	EXPORT_EITHER,	  /* a recording's samples, or the stacks of a text */
};

struct exporter {
	const char *name; /* "folded" */
	const char *summary;
	enum export_takes takes;
	bool is_binary; /* not for a terminal */
	bool has_calls; /* has a place for system calls: makes something of a recording without samples */
	struct err *(*write)(const struct export_input *input, FILE *out);
};
extern const struct exporter *const exporter_table[]; /* ended by NULL */
/* ERR_USAGE with the known ones. */
struct err *exporter_find(const char *name, const struct exporter **ret);

#endif
