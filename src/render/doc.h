/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_DOC_H
#define SONDE_RENDER_DOC_H
/*
 * The document: what a view says, without knowing who shows it.
 *
 * A view calls doc_*() in order; a renderer (terminal, live terminal, JSON, HTML,
 * SVG) turns the calls into output as they come.  Nodes stream: rows are passed on
 * one by one and not kept by the document, so a table of ten million rows and a view
 * that refreshes every second take the same calls.  All text is copied or used
 * before the call returns; a view may reuse its buffers.
 *
 * The first failing call (a full disk, a closed pipe) is remembered; later calls do
 * nothing, and doc_end() returns it.  So views need no error checks in between.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doc;

/* --- values ------------------------------------------------------------------------ */

/* How a number is shown.  Renderers for people round (12.4 ms, 3.1 MiB, 44 %); JSON
 * gives the exact value under a key that names the unit. */
enum doc_unit {
	DOC_TEXT,
	DOC_COUNT,       /* 1,204,881 */
	DOC_DURATION_NS,
	DOC_TIME_NS,     /* a moment: shown relative to the document's origin_ns */
	DOC_BYTES,
	DOC_RATIO,       /* 0.0 .. 1.0 and beyond, shown as per cent */
	DOC_HZ,
	DOC_ADDR,        /* hex */
	DOC_ID,          /* a plain number, no separators: pid, CPU, line */
	DOC_NUMBER,      /* a number without unit, up to 4 significant digits */
	DOC_BOOL,
};

enum doc_style {
	DOC_PLAIN,
	DOC_DIM,     /* context, not news */
	DOC_STRONG,
	DOC_GOOD,
	DOC_WARN,
	DOC_BAD,
	DOC_KERNEL,  /* names of kernel code, and so on: colours that the flame graph has too */
	DOC_USER,
	DOC_INLINED,
	DOC_LIBRARY,
	DOC_JIT,
};

enum doc_value_kind { DOC_V_NONE, DOC_V_STR, DOC_V_U64, DOC_V_I64, DOC_V_F64, DOC_V_BOOL };
struct doc_value {
	enum doc_value_kind kind;
	enum doc_style style;
	union {
		const char *str;
		uint64_t u64;
		int64_t i64;
		double f64;
		bool b;
	};
};
#define DOC_NONE ((struct doc_value){ .kind = DOC_V_NONE })
#define DOC_STR(s) ((struct doc_value){ .kind = DOC_V_STR, .str = (s) })
#define DOC_STYLED(s, st) ((struct doc_value){ .kind = DOC_V_STR, .str = (s), .style = (st) })
#define DOC_U64(n) ((struct doc_value){ .kind = DOC_V_U64, .u64 = (n) })
#define DOC_I64(n) ((struct doc_value){ .kind = DOC_V_I64, .i64 = (n) })
#define DOC_F64(n) ((struct doc_value){ .kind = DOC_V_F64, .f64 = (n) })
#define DOC_TRUTH(t) ((struct doc_value){ .kind = DOC_V_BOOL, .b = (t) })

/* --- the whole --------------------------------------------------------------------- */

struct doc_head {
	const char *kind;      /* names the schema in JSON: "sonde.report" ... */
	unsigned version;      /* of that schema, from 1 */
	const char *title;     /* "gcc -O2 -c sqlite3.c" */
	const char *subtitle;  /* may be NULL */
	uint64_t origin_ns;    /* what DOC_TIME_NS is relative to */
};
void doc_begin(struct doc *d, const struct doc_head *head);
struct err *doc_end(struct doc *d);

/* A section; KEY is its name in JSON (lower case, '_'), TITLE what people read. They nest. */
void doc_section_begin(struct doc *d, const char *key, const char *title);
void doc_section_end(struct doc *d);

/* --- prose --------------------------------------------------------------------------- */

/* The answer, in a line or two; the first one of a document is its headline. */
void doc_headline(struct doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doc_text(struct doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is not known or was lost, and what to do (NULL: nothing). */
void doc_warning(struct doc *d, const char *fix, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The one command that goes deeper: "sonde flame x.sonde", with why. */
void doc_next(struct doc *d, const char *command, const char *why);
/* One named value: "samples  118,204". */
void doc_field(struct doc *d, const char *key, const char *title, enum doc_unit unit,
	       struct doc_value value);
/* Text shown as it is, in a fixed-width face (source lines, raw logs). */
void doc_verbatim(struct doc *d, const char *key, const char *text);

/* --- tables ---------------------------------------------------------------------------- */

enum doc_column_flags {
	DOC_COLUMN_BAR = 1,         /* a small bar beside the number (DOC_RATIO) */
	DOC_COLUMN_ELIDE_LEFT = 2,  /* too long: cut at the left (paths), else at the right */
	DOC_COLUMN_LEFT = 4,        /* align a number left */
	DOC_COLUMN_OPTIONAL = 8,    /* may be left out where it is narrow */
};
struct doc_column {
	const char *key;   /* JSON */
	const char *title; /* what people read, with the unit if it is fixed */
	enum doc_unit unit; /* text left, numbers right unless flags say else */
	unsigned flags;
};
void doc_table_begin(struct doc *d, const char *key, const char *title,
		     const struct doc_column *columns, size_t count);
void doc_row(struct doc *d, const struct doc_value *values); /* one a column */
/* Rows that were left out (a limit), 0 for none; what to do to see them, or NULL. */
void doc_table_end(struct doc *d, uint64_t rows_left_out, const char *how_to_see);

/* --- trees -------------------------------------------------------------------------------- */

/* A table whose first column is indented by depth.  Nodes come in pre-order, the
 * first at depth 0, each at most one deeper than the one before. */
void doc_tree_begin(struct doc *d, const char *key, const char *title,
		    const struct doc_column *columns, size_t count);
void doc_node(struct doc *d, unsigned depth, const struct doc_value *values);
void doc_tree_end(struct doc *d);

/* --- histograms ------------------------------------------------------------------------------ */

struct doc_bucket {
	double low, high; /* [low, high) in UNIT */
	uint64_t count;
};
void doc_histogram(struct doc *d, const char *key, const char *title, enum doc_unit unit,
		   const struct doc_bucket *buckets, size_t count);

/* --- flame graphs -------------------------------------------------------------------------------- */

/* Colours by kind of module; values of doc_frame.kind. */
enum doc_frame_kind {
	DOC_FRAME_USER,
	DOC_FRAME_LIBRARY,
	DOC_FRAME_KERNEL,
	DOC_FRAME_KERNEL_MODULE,
	DOC_FRAME_INLINED,
	DOC_FRAME_JIT,
	DOC_FRAME_UNKNOWN,
	DOC_FRAME_GROUP, /* a process, a thread, "all" */
};
struct doc_flame {
	const char *key, *title;
	const char *unit_name; /* "samples", "ns", "bytes": what value counts */
	enum doc_unit unit;
	bool diff;             /* nodes carry value_before */
	/* What follows may all be 0 and NULL. */
	const char *subtitle, *notes;
	double factor;         /* values shown are value * factor; 0: 1 (SVG) */
	double min_ratio;      /* leave out nodes below this share of the root; 0: what can't be
				* seen (0.01 % in SVG), negative: nothing */
	bool icicle;           /* root on top, growing down (SVG; the HTML page has a switch) */
	const char *palette;   /* SVG: NULL or "kind" (by frame kind), "hot", "mem", "io", "blue",
				* "green", "red", "orange", "purple", "aqua", "yellow" */
};
struct doc_frame {
	const char *name;
	const char *detail;    /* module, file:line; NULL: none */
	enum doc_frame_kind kind;
	double value;          /* of this node and all below it */
	double self;           /* of this node alone */
	double value_before;   /* diff only: what `value` was in the old one */
	double self_before;    /* diff only: what `self` was.  The SVG's <title> gives the change of
				* self, as flamegraph.pl does: "f (56 samples, 10.92%; +4.87%)" */
	const char *tip;       /* what to show on hovering instead of name and numbers; NULL: those */
};
/* Nodes in pre-order; the single root at depth 0 is "all". */
void doc_flame_begin(struct doc *d, const struct doc_flame *flame);
void doc_flame_node(struct doc *d, unsigned depth, const struct doc_frame *frame);
void doc_flame_end(struct doc *d);

/* --- timelines -------------------------------------------------------------------------------------- */

/* Lanes of spans on one clock, with levels of detail: level 0 is the finest.  A
 * renderer shows the level whose spans are wide enough for its screen.  A view that
 * can't make coarser levels gives level 0 only. */
struct doc_timeline {
	const char *key, *title;
	uint64_t from_ns, to_ns;
	unsigned levels; /* at least 1 */
};
struct doc_span {
	unsigned level;
	uint64_t from_ns, to_ns;
	const char *name;
	enum doc_style style;
	double weight; /* 0..1: how full the span is, at coarse levels */
};
void doc_timeline_begin(struct doc *d, const struct doc_timeline *timeline);
void doc_lane(struct doc *d, const char *name); /* following spans belong to it */
void doc_span(struct doc *d, const struct doc_span *span);
void doc_timeline_end(struct doc *d);

#endif
