/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_OPT_H
#define SONDE_BASE_OPT_H
/*
 * The option table.  One row an option: parsing, --help, the man page and the shell
 * completions are all made from it.  Values land in the command's own struct at
 * `offset`; there are no global options.
 *
 *   struct report_args { bool no_pager; uint64_t limit; struct opt_list recordings; };
 *   static const struct opt report_opts[] = {
 *           { .name = "limit", .letter = 'n', .kind = OPT_U64, .value = "N", .max = 1000000,
 *             .offset = offsetof(struct report_args, limit), .help = "show at most N functions" },
 *           OPT_END
 *   };
 */
#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The name of the program, as help and usage errors show it. */
#ifndef OPT_PROGRAM
#define OPT_PROGRAM "sonde"
#endif

enum opt_kind {
	OPT_NONE,      /* ends the table */
	OPT_FLAG,      /* bool.  With choices "--name=WORD" is taken too, and the first means no */
	OPT_COUNT,     /* unsigned: how often it was given (-vv) */
	OPT_STRING,    /* const char *: the word, valid as long as argv */
	OPT_STRINGS,   /* struct opt_list: may be given often */
	OPT_WORDS,     /* struct opt_list: may be given often, each a comma-separated list */
	OPT_U64,       /* uint64_t in [min, max]; max 0: no bound */
	OPT_BYTES,     /* uint64_t: 64k, 1G */
	OPT_DURATION,  /* uint64_t ns: 10, 250ms, 2m */
	OPT_CHOICE,    /* const char *: one of `choices` */
	OPT_GIVEN,     /* struct opt_given_list: `id` and the word, in the order given among all such */
	OPT_HEADING,   /* no option: `help` is a heading in --help and the man page */
};

/* Words collected by an option or an argument; lives in the parser's arena. */
struct opt_list {
	const char **words;
	size_t count;
};

/* Options whose order matters, collected as they come. */
struct opt_given {
	int id;
	const char *word; /* NULL: it has none, or it was left out */
};
struct opt_given_list {
	struct opt_given *v;
	size_t count;
};

struct opt {
	const char *name;    /* long name without "--"; NULL: only a letter */
	char letter;         /* 0: none */
	enum opt_kind kind;
	const char *value;   /* metavariable: "N", "FILE"; NULL for flags */
	const char *help;    /* one line, or more for the man page after the first '\n' */
	size_t offset;
	uint64_t min, max;
	const char *const *choices; /* OPT_CHOICE, and completion of others; NULL-terminated */
	const char *completes; /* "file", "dir", "recording", "pid", "command", NULL */
	bool hidden;
	int id;        /* OPT_GIVEN */
	bool optional; /* OPT_GIVEN: the value may be left out; it only comes as --name=value */
};
#define OPT_END { .kind = OPT_NONE }

/* What follows the options. */
struct opt_operand {
	const char *name;    /* "REC", "SQL", "CMD" */
	const char *help;
	size_t offset;       /* const char * when max is 1, else struct opt_list */
	unsigned min, max;   /* how many; max 0: any number */
	bool rest;           /* all from here on, also words that look like options (-- CMD ARGS) */
	const char *completes;
};
#define OPERAND_END { .name = NULL }

struct opt_example {
	const char *command, *help;
};

struct opt_section {
	const char *heading, *text; /* "SIGNALS"; paragraphs */
};

/* Everything that is printed or parsed for one command. */
struct opt_spec {
	const char *name;        /* "report" or "lab run": as typed after "sonde" */
	const char *summary;     /* one line, no full stop */
	const char *description; /* paragraphs for --help and the man page, '\n\n' between */
	const struct opt *opts;             /* ended by OPT_END; may be NULL */
	const struct opt_operand *operands; /* ended by OPERAND_END; may be NULL */
	const struct opt_example *examples; /* ended by { NULL }; may be NULL */
	const char *exit_status; /* what the exit status means beyond 0, 1, 2; NULL */
	bool own_exit_status;    /* exit_status is all of it: 1 and 2 are not as elsewhere */
	const struct opt_section *sections; /* of the man page alone, before its see_also; ended by { NULL }; may be NULL */
	const char *see_also;    /* "sonde-record(1), perf-record(1)"; NULL */
	bool at_files;           /* a word "@FILE" stands for the words in FILE, as for GNU's tools */
};

/* Parse argv[1..argc-1] into ARGS (zeroed or filled with defaults by the caller).
 * "--name=value", "--name value", "-n5", "-n 5", "-abc", "--no-flag" for flags, "--".
 * *help is set by -h and --help: then ARGS is not complete.  ERR_USAGE for an unknown
 * word, with the nearest known one as the fix. */
struct err *opt_parse(const struct opt_spec *spec, int argc, char **argv, void *args,
		      struct arena *arena, bool *help);

/* Replace words "@FILE" with what is in those files; the new words live in the arena. */
void opt_expand_files(int *argc, char ***argv, struct arena *arena);

void opt_print_help(const struct opt_spec *spec, FILE *out, unsigned width);
void opt_print_man(const struct opt_spec *spec, const char *version, FILE *out); /* roff */
enum opt_shell { OPT_BASH, OPT_ZSH, OPT_FISH };
void opt_print_completion(const struct opt_spec *const *specs, size_t count, enum opt_shell shell,
			  FILE *out);

/* The nearest of COUNT words to WORD, or NULL when none is near. */
const char *opt_nearest(const char *word, const char *const *words, size_t count);

#endif
