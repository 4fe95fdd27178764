/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_TEXT_H
#define SONDE_CONVERT_TEXT_H
/*
 * Stacks that other tools print, read into aggregated stacks (record/stacks.h).  A
 * format is one file with a `struct text_format` and one line in text.c.
 *
 * Input streams: a line at a time, so that gigabytes from a pipe take no more memory
 * than their distinct stacks.  What can't be parsed is skipped, counted and said
 * (log_warn), with the first few lines shown; formats whose structure is broken give
 * ERR_FORMAT.
 */
#include "base/err.h"
#include "convert/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stacks;

/* --- lines ------------------------------------------------------------------------- */

enum {
	TEXT_LINE_MAX = 1 << 20,   /* longer lines are an error: not a text of stacks */
	TEXT_HEAD_BYTES = 1 << 16, /* what probes see */
};

struct text_input {
	int fd;
	const char *name; /* for messages */
	char *buffer;
	size_t start, end, cap;
	bool eof, again;       /* again: the last line is to be handed out once more */
	char *last;            /* and this is it */
	size_t last_length;
	uint64_t line_number; /* of the line last handed out */
	uint64_t bad_lines;   /* text_bad_line() calls */
};
/* FD stays the caller's. */
void text_input_init(struct text_input *in, int fd, const char *name);
/* Bytes of a text already in memory, for tests and fuzzing. */
void text_input_init_memory(struct text_input *in, const char *text, size_t length);
void text_input_deinit(struct text_input *in);

/* The next line, without its end (\n or \r\n), NUL-terminated in place; *line is NULL
 * at the end.  Valid until the next call; may be changed. */
struct err *text_next_line(struct text_input *in, char **line, size_t *length);
/* Have the next call of text_next_line() hand out the same line again. */
void text_unread_line(struct text_input *in);
/* The first bytes of the input, whole lines, not taken from it. */
struct err *text_peek(struct text_input *in, const char **head, size_t *length);

/* Note a line that is left out: warns with the line and its number for the first few. */
void text_bad_line(struct text_input *in, const char *what, const char *line, size_t length);
/* "N lines were left out" where there were more than shown. */
void text_say_bad_lines(const struct text_input *in);

/* --- formats ------------------------------------------------------------------------ */

struct text_options {
	enum names_like like;
	/* perf script */
	bool pid, tid;		       /* comm-PID, comm-PID/TID as outermost frame */
	bool kernel, jit;	       /* _[k], _[j] */
	bool addrs;		       /* [libfoo.so <7f12...>] for frames without a name */
	bool srcline;		       /* each frame is followed by a line with its source place */
	const char *event;	       /* NULL: the first one seen */
	const char *const *skip_after; /* frames that become the outermost one */
	size_t skip_after_count;
	/* folded */
	bool no_sort;	/* refuse lines that are not sorted */
	bool in_time;	/* lines come newest first: keep their order (a flame chart) */
	bool strip_hex; /* 0x45ef2173 -> 0x... */
	/* others */
	bool no_modules;    /* sample, vtune */
	bool offsets;	    /* dtrace: keep +0x12 */
	const char *source; /* ghcprof: "time" (NULL), "ticks", "bytes" */
};

enum text_match { TEXT_NO, TEXT_MAYBE, TEXT_YES };

struct text_format {
	const char *name; /* "perf-script" */
	const char *summary;
	const char *unit; /* of the values: "samples", "ms", ... */
	/* Is HEAD, the beginning of the input in whole lines, of this format?  MAYBE: it
	 * could be, when nothing else says YES. */
	enum text_match (*probe)(const char *head, size_t length);
	struct err *(*read)(struct text_input *in, const struct text_options *options,
			    struct stacks *stacks);
};
extern const struct text_format *const text_format_table[];   /* ended by NULL; asked in order */
const struct text_format *text_format_find(const char *name); /* NULL: no such format */

extern const struct text_format text_folded, text_perf_script, text_dtrace, text_sample, text_vtune,
	text_vsprof, text_ghcprof, text_xctrace;

/* Read PATH ("-": standard input) in FORMAT (NULL: find out) into STACKS.  *used, if not
 * NULL, becomes the format.  ERR_FORMAT when no format fits. */
struct err *text_read_stacks(const char *path, const char *format,
			     const struct text_options *options, struct stacks *stacks,
			     const struct text_format **used);
struct err *text_read_input(struct text_input *in, const char *format,
			    const struct text_options *options, struct stacks *stacks,
			    const struct text_format **used);

/* --- small helpers for the readers ----------------------------------------------------- */

/* A piece of a line. */
struct text_slice {
	const char *text;
	size_t length;
};
/* ERR_FORMAT: "WHAT: LINE", the line cut and printable. */
struct err *text_bad(const char *what, struct text_slice line);
/* Without white space at both ends. */
struct text_slice text_trim(struct text_slice s);
bool text_starts(struct text_slice s, const char *prefix);
/* Take up to the first SEPARATOR off REST; false when there is none (then REST is whole). */
bool text_cut(struct text_slice *rest, char separator, struct text_slice *before);
/* stacks_add() for call trees, where one stack may be listed twice.  inferno keeps the
 * last of them, which is a bug of its that `like` follows. */
void text_add_stack(struct stacks *s, const struct text_options *options, const uint32_t *symbols,
		    size_t count, uint64_t value);
/* Take the next word (no white space in it) off REST; empty at the end. */
struct text_slice text_word(struct text_slice *rest);

/* Decimal digits only, the whole of it; false otherwise or when it overflows. */
bool text_to_u64(const char *text, size_t length, uint64_t *value);
/* Iterates over the lines of a head: false at the end. */
bool text_head_line(const char **head, size_t *left, const char **line, size_t *length);
/* Does one of its lines start with PREFIX? */
bool text_head_has(const char *head, size_t length, const char *prefix);

#endif
