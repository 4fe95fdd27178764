/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_RENDERER_H
#define SONDE_RENDER_RENDERER_H
/*
 * What a renderer implements, and how a command gets a document to write to.
 * A renderer is one file and one line in renderers.c.  docs/HOWTO_ADD_RENDERER.md.
 */
#include "render/doc.h"

#include <stdio.h>

enum render_color { RENDER_COLOR_AUTO, RENDER_COLOR_ALWAYS, RENDER_COLOR_NEVER };
enum render_charset { RENDER_CHARSET_AUTO, RENDER_UTF8, RENDER_ASCII }; /* AUTO: by the locale */

struct render_options {
	const char *format;   /* "term", "json", "html", "svg"; NULL: term */
	const char *path;     /* where to; NULL or "-": standard output */
	enum render_color color; /* AUTO: a terminal and no NO_COLOR */
	unsigned width;       /* columns (term) or pixels (svg); 0: as wide as the terminal, else 100 */
	bool pager;           /* term on a terminal: through $PAGER when it is longer than the screen */
	enum render_charset charset; /* term */
	FILE *stream;         /* write here instead of PATH (tests, live); stays the caller's; NULL */
};

/* ERR_USAGE for an unknown format, ERR_SYSTEM when the file can't be made.  A file is
 * written beside PATH and renamed by doc_end(), so a failed run leaves no half page. */
struct err *render_open(const struct render_options *options, struct doc **ret);
/* After doc_end() (or instead of it, to give up).  NULL-safe. */
void render_destroy(struct doc *d);
/* The format that a file's ending asks for (.html .json .svg .txt), else NULL. */
const char *render_format_of_path(const char *path);

/* The hooks.  All are called in the order doc.h states (doc.c has checked it), text
 * valid during the call only and, unless doc.h says it may be NULL, never NULL.  `end`
 * and `destroy` are required; any other hook may be NULL: then that node is skipped.
 * A renderer writes to OUT and need not look at ferror(): doc.c does. */
struct render_ops {
	const char *name;      /* "term" */
	const char *summary;   /* one line for --help */
	struct err *(*create)(const struct render_options *options, FILE *out, void **ret);
	struct err *(*begin)(void *self, const struct doc_head *head);
	struct err *(*end)(void *self);
	struct err *(*section_begin)(void *self, const char *key, const char *title);
	struct err *(*section_end)(void *self);
	struct err *(*headline)(void *self, const char *text);
	struct err *(*text)(void *self, const char *text);
	struct err *(*warning)(void *self, const char *text, const char *fix);
	struct err *(*next)(void *self, const char *command, const char *why);
	struct err *(*field)(void *self, const char *key, const char *title, enum doc_unit unit,
			     const struct doc_value *value);
	struct err *(*verbatim)(void *self, const char *key, const char *text);
	/* tables and trees: is_tree tells; depth is 0 in tables */
	struct err *(*table_begin)(void *self, const char *key, const char *title,
				   const struct doc_column *columns, size_t count, bool is_tree);
	struct err *(*row)(void *self, unsigned depth, const struct doc_value *values);
	struct err *(*table_end)(void *self, uint64_t rows_left_out, const char *how_to_see);
	struct err *(*histogram)(void *self, const char *key, const char *title, enum doc_unit unit,
				 const struct doc_bucket *buckets, size_t count);
	struct err *(*flame_begin)(void *self, const struct doc_flame *flame);
	struct err *(*flame_node)(void *self, unsigned depth, const struct doc_frame *frame);
	struct err *(*flame_end)(void *self);
	struct err *(*timeline_begin)(void *self, const struct doc_timeline *timeline);
	struct err *(*lane)(void *self, const char *name);
	struct err *(*span)(void *self, const struct doc_span *span);
	struct err *(*timeline_end)(void *self);
	void (*destroy)(void *self);
};

/* The table, ended by NULL. */
extern const struct render_ops *const render_table[];

#endif
