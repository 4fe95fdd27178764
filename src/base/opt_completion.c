/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Completions for three shells from the option rows.  Each is one function that
 * finds the command among the words typed so far and offers its options, the
 * choices of the option before the cursor, or what its operands are: recordings,
 * files, directories, pids, commands.
 */
#include "base/opt.h"

#include "base/str.h"

#include <string.h>

#define FOR_EACH_SHOWN(o, spec)                                                  \
	for (const struct opt *o = (spec)->opts; o && o->kind != OPT_NONE; o++) \
		if (o->kind != OPT_HEADING && !o->hidden)

static bool takes_value(const struct opt *o)
{
	if (o->kind == OPT_GIVEN)
		return o->value != NULL && !o->optional;
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

static const char *operand_completes(const struct opt_spec *spec)
{
	for (const struct opt_operand *o = spec->operands; o && o->name; o++)
		if (o->completes)
			return o->completes;
	return NULL;
}

/* The first line of TEXT with every character of ESCAPED behind a backslash. */
static void put_escaped(FILE *out, const char *text, const char *escaped)
{
	for (; text && *text && *text != '\n'; text++) {
		if (strchr(escaped, *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* As an inside of '...' in bash and zsh, ESCAPED also behind a backslash. */
static void put_quoted(FILE *out, const char *text, const char *escaped)
{
	for (; text && *text && *text != '\n'; text++) {
		if (*text == '\'') {
			fputs("'\\''", out);
			continue;
		}
		if (strchr(escaped, *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_choices(FILE *out, const char *const *choices)
{
	for (; *choices; choices++)
		fprintf(out, "%s%s", *choices, choices[1] ? " " : "");
}

/* The words that may stand first (or second, below a group), once each. */
static void put_first_words(FILE *out, const struct opt_spec *const *specs, size_t count)
{
	const char *before = "";
	size_t before_length = 0;

	for (size_t i = 0; i < count; i++) {
		size_t length = strcspn(specs[i]->name, " ");

		if (length == before_length && strncmp(before, specs[i]->name, length) == 0)
			continue;
		fprintf(out, "%s%.*s", i ? " " : "", (int)length, specs[i]->name);
		before = specs[i]->name;
		before_length = length;
	}
}

static bool is_nested(const struct opt_spec *spec) { return strchr(spec->name, ' ') != NULL; }

/* --- bash ------------------------------------------------------------------------------- */

static const char bash_head[] =
	"# bash completion for sonde, made from its option table\n"
	"_sonde_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
	"_sonde_file() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); }\n"
	"_sonde_dir() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); }\n"
	"_sonde_recording() {\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -d -X '!*.sonde' -- \"$cur\")\n"
	"\t[ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"}\n"
	"_sonde_pid() { _sonde_words \"$(cd /proc && echo [0-9]*)\"; }\n"
	"_sonde_command() { mapfile -t COMPREPLY < <(compgen -c -- \"$cur\"); }\n"
	"_sonde() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=\n"
	"\tlocal typed=\" ${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n"
	"\tCOMPREPLY=()\n"
	"\tcase $typed in\n";

static void bash_find(FILE *out, const struct opt_spec *spec)
{
	fprintf(out, "\t\" %s \"*) command='%s' ;;\n", spec->name, spec->name);
}

static void bash_value(FILE *out, const struct opt *o)
{
	fputs("\t\t", out);
	if (o->letter)
		fprintf(out, "-%c%s", o->letter, o->name ? "|" : "");
	if (o->name)
		fprintf(out, "--%s", o->name);
	fputs(") ", out);
	if (o->choices) {
		fputs("_sonde_words '", out);
		put_choices(out, o->choices);
		fputs("'; return ;;\n", out);
	} else if (o->completes) {
		fprintf(out, "_sonde_%s; return ;;\n", o->completes);
	} else {
		fputs("return ;;\n", out);
	}
}

static void bash_command(FILE *out, const struct opt_spec *spec)
{
	const char *completes = operand_completes(spec);

	fprintf(out, "\t'%s')\n\t\tcase $prev in\n", spec->name);
	FOR_EACH_SHOWN(o, spec)
		if (takes_value(o))
			bash_value(out, o);
	fputs("\t\tesac\n\t\tif [[ $cur == -* ]]; then\n\t\t\t_sonde_words '--help", out);
	FOR_EACH_SHOWN(o, spec)
		if (o->name)
			fprintf(out, " --%s", o->name);
	fputs("'\n", out);
	if (completes)
		fprintf(out, "\t\telse\n\t\t\t_sonde_%s\n", completes);
	fputs("\t\tfi ;;\n", out);
}

static void bash_group(FILE *out, const struct opt_spec *const *specs, size_t count, size_t at)
{
	size_t length = strcspn(specs[at]->name, " ");

	fprintf(out, "\t\" %.*s \") _sonde_words '", (int)length, specs[at]->name);
	for (size_t i = at; i < count && strncmp(specs[i]->name, specs[at]->name, length + 1) == 0; i++)
		fprintf(out, "%s%s", i > at ? " " : "", specs[i]->name + length + 1);
	fputs("'; return ;;\n", out);
}

static bool begins_group(const struct opt_spec *const *specs, size_t at)
{
	size_t length = strcspn(specs[at]->name, " ") + 1;

	return is_nested(specs[at]) && (at == 0 || strncmp(specs[at - 1]->name, specs[at]->name, length) != 0);
}

static void print_bash(const struct opt_spec *const *specs, size_t count, FILE *out)
{
	fputs(bash_head, out);
	for (size_t i = 0; i < count; i++)
		if (is_nested(specs[i]))
			bash_find(out, specs[i]);
	for (size_t i = 0; i < count; i++)
		if (begins_group(specs, i))
			bash_group(out, specs, count, i);
	for (size_t i = 0; i < count; i++)
		if (!is_nested(specs[i]))
			bash_find(out, specs[i]);
	fputs("\tesac\n\tcase $command in\n\t'') _sonde_words '--help --version ", out);
	put_first_words(out, specs, count);
	fputs("' ;;\n", out);
	for (size_t i = 0; i < count; i++)
		bash_command(out, specs[i]);
	fputs("\tesac\n}\ncomplete -F _sonde sonde\n", out);
}

/* --- zsh -------------------------------------------------------------------------------------- */

static const char *zsh_action(const char *completes)
{
	static const struct {
		const char *completes, *action;
	} actions[] = {
		{ "file", "_files" },
		{ "dir", "_files -/" },
		{ "recording", "_files -/ -g \"*.sonde\"" },
		{ "pid", "_pids" },
		{ "command", "_command_names -e" },
	};

	for (size_t i = 0; completes && i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(actions[i].completes, completes) == 0)
			return actions[i].action;
	return "";
}

static void zsh_option(FILE *out, const struct opt *o)
{
	fputs(" \\\n\t\t\t", out);
	if (o->letter && o->name)
		fprintf(out, "'(-%c --%s)'{-%c,--%s}", o->letter, o->name, o->letter, o->name);
	else if (o->name)
		fprintf(out, "--%s", o->name);
	else
		fprintf(out, "-%c", o->letter);
	fputs("'[", out);
	put_quoted(out, o->help, "[]:\\");
	fputc(']', out);
	if (takes_value(o)) {
		fprintf(out, ":%s:", o->value ? o->value : "value");
		if (o->choices) {
			fputc('(', out);
			put_choices(out, o->choices);
			fputc(')', out);
		} else {
			fputs(zsh_action(o->completes), out);
		}
	}
	fputc('\'', out);
}

static void zsh_command(FILE *out, const struct opt_spec *spec)
{
	const char *completes = operand_completes(spec);

	fprintf(out, "\t'%s')\n\t\tshift %d words; (( CURRENT -= %d ))\n\t\t_arguments -s '(-h --help)'{-h,--help}'[show the options]'",
		spec->name, is_nested(spec) ? 2 : 1, is_nested(spec) ? 2 : 1);
	FOR_EACH_SHOWN(o, spec)
		zsh_option(out, o);
	if (completes && strcmp(completes, "command") == 0)
		fputs(" \\\n\t\t\t'(-)1:command:_command_names -e' '*::arguments:_normal'", out);
	else if (completes)
		fprintf(out, " \\\n\t\t\t'*:%s:%s'", completes, zsh_action(completes));
	fputs(" ;;\n", out);
}

static void print_zsh(const struct opt_spec *const *specs, size_t count, FILE *out)
{
	fputs("#compdef sonde\n# made from sonde's option table\n_sonde() {\n\tlocal -a commands\n\tcommands=(\n", out);
	for (size_t i = 0; i < count; i++) {
		if (is_nested(specs[i]) && !begins_group(specs, i))
			continue;
		fprintf(out, "\t\t'%.*s:", (int)strcspn(specs[i]->name, " "), specs[i]->name);
		put_quoted(out, specs[i]->summary, ":\\");
		fputs("'\n", out);
	}
	fputs("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tcase \"$words[2] $words[3]\" in\n", out);
	for (size_t i = 0; i < count; i++)
		if (is_nested(specs[i]))
			zsh_command(out, specs[i]);
	fputs("\tesac\n\tcase \"$words[2]\" in\n", out);
	for (size_t i = 0; i < count; i++)
		if (!is_nested(specs[i]))
			zsh_command(out, specs[i]);
	fputs("\tesac\n}\n_sonde \"$@\"\n", out);
}

/* --- fish ---------------------------------------------------------------------------------------- */

/* The condition under which a completion of SPEC holds. */
static void fish_condition(FILE *out, const struct opt_spec *spec)
{
	size_t length = strcspn(spec->name, " ");

	fprintf(out, "complete -c sonde -n '__fish_seen_subcommand_from %.*s", (int)length, spec->name);
	if (spec->name[length])
		fprintf(out, "; and __fish_seen_subcommand_from %s", spec->name + length + 1);
	fputc('\'', out);
}

static void fish_source(FILE *out, const char *completes)
{
	static const struct {
		const char *completes, *words;
	} sources[] = {
		{ "file", " -F" },
		{ "dir", " -a '(__fish_complete_directories)'" },
		{ "recording", " -a '(__fish_complete_directories)' -F" },
		{ "pid", " -f -a '(__fish_complete_pids)'" },
		{ "command", " -a '(__fish_complete_subcommand)'" },
	};

	for (size_t i = 0; completes && i < sizeof(sources) / sizeof(*sources); i++)
		if (strcmp(sources[i].completes, completes) == 0)
			fputs(sources[i].words, out);
}

static void fish_option(FILE *out, const struct opt_spec *spec, const struct opt *o)
{
	fish_condition(out, spec);
	if (o->letter)
		fprintf(out, " -s %c", o->letter);
	if (o->name)
		fprintf(out, " -l %s", o->name);
	if (takes_value(o))
		fputs(" -r", out);
	if (o->choices) {
		fputs(" -f -a '", out);
		put_choices(out, o->choices);
		fputc('\'', out);
	} else {
		fish_source(out, o->completes);
	}
	fputs(" -d '", out);
	put_escaped(out, o->help, "'\\");
	fputs("'\n", out);
}

static void print_fish(const struct opt_spec *const *specs, size_t count, FILE *out)
{
	fputs("# fish completion for sonde, made from its option table\n", out);
	for (size_t i = 0; i < count; i++) {
		size_t length = strcspn(specs[i]->name, " ");

		if (is_nested(specs[i]) && !begins_group(specs, i))
			continue;
		fprintf(out, "complete -c sonde -f -n __fish_use_subcommand -a %.*s -d '", (int)length,
			specs[i]->name);
		put_escaped(out, specs[i]->summary, "'\\");
		fputs("'\n", out);
	}
	for (size_t i = 0; i < count; i++) {
		FOR_EACH_SHOWN(o, specs[i])
			fish_option(out, specs[i], o);
		if (operand_completes(specs[i])) {
			fish_condition(out, specs[i]);
			fish_source(out, operand_completes(specs[i]));
			fputc('\n', out);
		}
	}
}

void opt_print_completion(const struct opt_spec *const *specs, size_t count, enum opt_shell shell,
			  FILE *out)
{
	if (shell == OPT_BASH)
		print_bash(specs, count, out);
	else if (shell == OPT_ZSH)
		print_zsh(specs, count, out);
	else
		print_fish(specs, count, out);
}
