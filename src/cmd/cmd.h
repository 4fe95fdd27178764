/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_CMD_H
#define SONDE_CMD_CMD_H
/*
 * A command is one file with a `const struct cmd cmd_NAME` and one line in
 * cmd/commands.c: options in, one call into a session or a view, a document out.
 */
#include "base/arena.h"
#include "base/opt.h"
#include "render/renderer.h"

/* Where `sonde` alone lists it. */
enum cmd_group { CMD_LOOK, CMD_RECORD, CMD_ABOUT };

enum { CMD_STATUS_SIGNAL = 256 };

struct cmd {
	struct opt_spec spec;
	enum cmd_group group;
	size_t args_bytes;       /* size of the struct that the options fill */
	void (*defaults)(void *args); /* may be NULL: all zero */
	/* *status is 0 on entry; a command that ran another sets it to that one's, or to
	 * CMD_STATUS_SIGNAL + N: then sonde ends by signal N, too.  An
	 * error makes it 1 (2 for ERR_USAGE). */
	struct err *(*run)(void *args, struct arena *arena, int *status);
	/* Instead of `run`, for a command that takes its words by another program's rules: argv[0]
	 * is the command's name.  NULL elsewhere. */
	struct err *(*run_words)(int argc, char **argv, struct arena *arena, int *status);
};

extern const struct cmd *const cmd_table[]; /* ended by NULL, sorted by name */

/* What the overview begins with: what this is, and what to try first. */
extern const char *const cmd_overview;

/* The command that WORDS (argv after "sonde") begin with, the longest name first; *used
 * says how many words its name has.  NULL: none. */
const struct cmd *cmd_find(int count, char *const *words, int *used);
/* ERR_USAGE for words that name no command, with the nearest one. */
struct err *cmd_unknown(int count, char *const *words);

/* What `sonde` alone and `sonde --help` print. */
void cmd_print_overview(FILE *out);
/* Columns for help on OUT: the terminal's, else $COLUMNS, else 80. */
unsigned cmd_help_width(FILE *out);

/* The options that every command with a document has: embed `struct output_args` in
 * the args and OUTPUT_OPTS(struct x_args, output) in the table. */
struct output_args {
	bool json, html, svg;
	const char *path;
	const char *color;   /* auto, always, never */
	bool no_pager;
	uint64_t width;
	unsigned verbose;
	bool quiet;
};
extern const char *const output_color_choices[];
#define OUTPUT_OPTS(type, member)                                                              \
	{ .kind = OPT_HEADING, .help = "Output" },                                             \
	{ .name = "json", .kind = OPT_FLAG, .help = "print JSON (schema: docs/SCHEMA.md)",     \
	  .offset = offsetof(type, member.json) },                                             \
	{ .name = "html", .kind = OPT_FLAG, .help = "write one self-contained HTML page",      \
	  .offset = offsetof(type, member.html) },                                             \
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .value = "FILE",                \
	  .completes = "file", .help = "write to FILE; its ending (.html .json .svg .txt) chooses the form", \
	  .offset = offsetof(type, member.path) },                                             \
	{ .name = "color", .kind = OPT_CHOICE, .value = "WHEN", .choices = output_color_choices, \
	  .help = "auto, always or never (NO_COLOR is respected)",                             \
	  .offset = offsetof(type, member.color) },                                            \
	{ .name = "no-pager", .kind = OPT_FLAG, .help = "print straight to the terminal",      \
	  .offset = offsetof(type, member.no_pager) },                                         \
	{ .name = "width", .kind = OPT_U64, .value = "N", .min = 20, .max = 10000,             \
	  .help = "columns to use", .offset = offsetof(type, member.width) },                  \
	{ .name = "verbose", .letter = 'v', .kind = OPT_COUNT, .help = "say more; -vv even more", \
	  .offset = offsetof(type, member.verbose) },                                          \
	{ .name = "quiet", .letter = 'q', .kind = OPT_FLAG, .help = "only errors",             \
	  .offset = offsetof(type, member.quiet) }
/* Open the document these options ask for. */
struct err *output_open(const struct output_args *args, struct doc **ret);
/* Is that document a page, which has room for more than a terminal? */
bool output_is_page(const struct output_args *args);
/* --quiet and --verbose; output_open() does this too, a command that works before it opens
 * its document calls it first. */
void output_log_level(const struct output_args *args);

#endif
