/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --help and the man page, from the same rows.  Help shows the first line of each
 * option's text, wrapped to the terminal; the man page shows all of it.
 */
#include "base/opt.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

/* --- --help --------------------------------------------------------------------------- */

/* A row of its own, as strace's. */
static bool has_help(const struct opt_spec *spec)
{
	for (const struct opt *o = spec->opts; o && o->kind != OPT_NONE; o++)
		if (o->name && strcmp(o->name, "help") == 0)
			return true;
	return false;
}

/* TEXT (length bytes) in words, from column AT, later lines indented by INDENT. */
static void wrap(FILE *out, const char *text, size_t length, unsigned at, unsigned indent, unsigned width)
{
	unsigned column = at;
	bool first = true;

	for (size_t i = 0; i < length;) {
		while (i < length && isspace((unsigned char)text[i]))
			i++;

		size_t start = i;

		while (i < length && !isspace((unsigned char)text[i]))
			i++;
		if (i == start)
			break;

		unsigned columns = (unsigned)str_columns(text + start, i - start);

		if (!first && column + 1 + columns > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text + start, 1, i - start, out);
		column += columns;
		first = false;
	}
	fputc('\n', out);
}

static size_t first_line(const char *text) { return strcspn(text, "\n"); }

/* A paragraph ends at "\n\n"; a line that starts with a blank is shown as it is. */
static void print_paragraphs(FILE *out, const char *text, unsigned width)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t length = end ? (size_t)(end - text) : strlen(text);

		if (text[0] == ' ')
			fprintf(out, "%.*s\n", (int)length, text);
		else
			wrap(out, text, length, 0, 0, width);
		fputc('\n', out);
		text += length + (end ? 2 : 0);
	}
}

static void operand_synopsis(struct str *s, const struct opt_operand *o)
{
	str_add(s, " ");
	if (o->min == 0)
		str_add(s, "[");
	if (o->rest)
		str_add(s, "-- ");
	str_add(s, o->name);
	if (o->rest || o->max != 1)
		str_add(s, " ...");
	if (o->min == 0)
		str_add(s, "]");
}

static void synopsis(struct str *s, const struct opt_spec *spec)
{
	str_printf(s, OPT_PROGRAM " %s", spec->name);
	if (spec->opts && spec->opts->kind != OPT_NONE)
		str_add(s, " [OPTIONS]");
	for (const struct opt_operand *o = spec->operands; o && o->name; o++)
		operand_synopsis(s, o);
}

/* "-n, --limit N" */
static void option_label(struct str *s, const struct opt *o)
{
	if (o->letter && o->name)
		str_printf(s, "-%c, --%s", o->letter, o->name);
	else if (o->name)
		str_printf(s, "    --%s", o->name);
	else
		str_printf(s, "-%c", o->letter);
	if (o->value && o->optional)
		str_printf(s, "[=%s]", o->value);
	else if (o->value)
		str_printf(s, " %s", o->value);
	else if (o->kind != OPT_GIVEN && o->kind != OPT_FLAG && o->kind != OPT_COUNT && o->kind != OPT_HEADING)
		str_add(s, " VALUE");
}

static void print_row(FILE *out, const char *label, const char *help, unsigned width)
{
	enum { TEXT_COLUMN = 26 };
	unsigned columns = 2 + (unsigned)str_columns(label, strlen(label));

	fprintf(out, "  %s", label);
	if (columns + 2 > TEXT_COLUMN) {
		fputc('\n', out);
		columns = 0;
	}
	fprintf(out, "%*s", (int)(TEXT_COLUMN - columns), "");
	wrap(out, help ? help : "", help ? first_line(help) : 0, TEXT_COLUMN, TEXT_COLUMN, width);
}

static void print_options(FILE *out, const struct opt_spec *spec, unsigned width)
{
	struct str label;

	if (spec->opts == NULL || spec->opts->kind != OPT_HEADING)
		fputs("Options\n", out);
	str_init(&label);
	for (const struct opt *o = spec->opts; o && o->kind != OPT_NONE; o++) {
		if (o->kind == OPT_HEADING)
			fprintf(out, "%s%s\n", o == spec->opts ? "" : "\n", o->help);
		if (o->kind == OPT_HEADING || o->hidden)
			continue;
		str_clear(&label);
		option_label(&label, o);
		print_row(out, label.text, o->help, width);
	}
	str_deinit(&label);
	if (!has_help(spec))
		print_row(out, "-h, --help", "show this", width);
}

static void print_operands(FILE *out, const struct opt_spec *spec, unsigned width)
{
	if (spec->operands == NULL || spec->operands->name == NULL)
		return;
	for (const struct opt_operand *o = spec->operands; o->name; o++)
		print_row(out, o->name, o->help, width);
	fputc('\n', out);
}

static void print_examples(FILE *out, const struct opt_spec *spec, unsigned width)
{
	if (spec->examples == NULL || spec->examples->command == NULL)
		return;
	fputs("\nExamples\n", out);
	for (const struct opt_example *e = spec->examples; e->command; e++) {
		fprintf(out, "  %s\n", e->command);
		if (e->help) {
			fputs("      ", out);
			wrap(out, e->help, strlen(e->help), 6, 6, width);
		}
	}
}

void opt_print_help(const struct opt_spec *spec, FILE *out, unsigned width)
{
	struct str line;

	width = width == 0 ? 80 : width < 40 ? 40 : width > 100 ? 100 : width;
	str_init(&line);
	synopsis(&line, spec);
	fprintf(out, OPT_PROGRAM " %s: %s\n\n  %s\n\n", spec->name, spec->summary, line.text);
	str_deinit(&line);
	print_operands(out, spec, width);
	if (spec->description)
		print_paragraphs(out, spec->description, width);
	print_options(out, spec, width);
	print_examples(out, spec, width);
	if (spec->exit_status) {
		const char *usual = spec->own_exit_status ? "" : "0 done, 1 error, 2 wrong usage; ";

		fprintf(out, "\nExit status\n  %s", usual);
		wrap(out, spec->exit_status, strlen(spec->exit_status), 2 + strlen(usual), 2, width);
	}
	if (spec->see_also)
		fprintf(out, "\nSee also: %s\n", spec->see_also);
}

/* --- the man page (man(7) macros, understood by man-db, mandoc and old troffs) --------- */

static void roff(FILE *out, const char *text, size_t length)
{
	bool line_start = true;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (line_start && (c == '.' || c == '\''))
			fputs("\\&", out);
		if (c == '\\')
			fputs("\\e", out);
		else if (c == '-')
			fputs("\\-", out);
		else
			fputc(c, out);
		line_start = c == '\n';
	}
}

static void roff_str(FILE *out, const char *text) { roff(out, text, strlen(text)); }

static void roff_paragraphs(FILE *out, const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t length = end ? (size_t)(end - text) : strlen(text);
		bool as_is = text[0] == ' ';

		fputs(as_is ? ".nf\n" : ".PP\n", out);
		roff(out, text, length);
		fputs(as_is ? "\n.fi\n" : "\n", out);
		text += length + (end ? 2 : 0);
	}
}

/* An item with everything that is known about it, later lines as paragraphs. */
static void roff_item(FILE *out, const char *label, const char *help)
{
	size_t first = help ? first_line(help) : 0;

	fputs(".TP\n\\fB", out);
	roff_str(out, label);
	fputs("\\fR\n", out);
	if (help == NULL)
		return;
	roff(out, help, first);
	fputc('\n', out);
	if (help[first] == '\n') {
		fputs(".IP\n", out);
		roff_str(out, help + first + 1);
		fputc('\n', out);
	}
}

static void man_options(FILE *out, const struct opt_spec *spec)
{
	struct str label;

	fputs(".SH OPTIONS\n", out);
	str_init(&label);
	for (const struct opt *o = spec->opts; o && o->kind != OPT_NONE; o++) {
		if (o->kind == OPT_HEADING) {
			fputs(".SS ", out);
			roff_str(out, o->help);
			fputc('\n', out);
		}
		if (o->kind == OPT_HEADING || o->hidden)
			continue;
		str_clear(&label);
		option_label(&label, o);
		roff_item(out, label.text + strspn(label.text, " "), o->help);
	}
	str_deinit(&label);
	if (!has_help(spec))
		roff_item(out, "-h, --help", "show the options and examples");
}

static void man_examples(FILE *out, const struct opt_spec *spec)
{
	if (spec->examples == NULL || spec->examples->command == NULL)
		return;
	fputs(".SH EXAMPLES\n", out);
	for (const struct opt_example *e = spec->examples; e->command; e++)
		roff_item(out, e->command, e->help);
}

static void man_name(struct str *s, const struct opt_spec *spec)
{
	str_printf(s, "sonde-%s", spec->name);
	for (size_t i = 0; i < s->length; i++)
		if (s->text[i] == ' ')
			s->text[i] = '-';
}

static void man_head(FILE *out, const struct opt_spec *spec, const char *version)
{
	struct str line;

	str_init(&line);
	man_name(&line, spec);
	fputs(".\\\" Made from the option table by sonde help --man.\n.TH ", out);
	for (size_t i = 0; i < line.length; i++)
		fputc(toupper((unsigned char)line.text[i]), out);
	fprintf(out, " 1 \"\" \"sonde %s\" \"sonde manual\"\n.SH NAME\n", version);
	roff_str(out, line.text);
	fputs(" \\- ", out);
	roff_str(out, spec->summary);
	str_clear(&line);
	synopsis(&line, spec);
	fputs("\n.SH SYNOPSIS\n.B ", out);
	roff_str(out, line.text);
	fputc('\n', out);
	str_deinit(&line);
	for (const struct opt_operand *o = spec->operands; o && o->name; o++)
		roff_item(out, o->name, o->help);
}

void opt_print_man(const struct opt_spec *spec, const char *version, FILE *out)
{
	man_head(out, spec, version);
	if (spec->description) {
		fputs(".SH DESCRIPTION\n", out);
		roff_paragraphs(out, spec->description);
	}
	man_options(out, spec);
	man_examples(out, spec);
	fputs(".SH EXIT STATUS\n", out);
	if (!spec->own_exit_status)
		fprintf(out, "0 when done, 1 after an error, 2 for wrong usage%s\n", spec->exit_status ? ";" : ".");
	if (spec->exit_status) {
		roff_str(out, spec->exit_status);
		fputc('\n', out);
	}
	for (const struct opt_section *s = spec->sections; s && s->heading; s++) {
		fprintf(out, ".SH %s\n", s->heading);
		roff_paragraphs(out, s->text);
	}
	fputs(".SH SEE ALSO\n", out);
	roff_str(out, spec->see_also ? spec->see_also : "sonde(1)");
	fputc('\n', out);
}
