/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde help: the overview, or one command's page.  `--man` prints the roff source of
 * that page; the build makes the manual with it.
 */
#include "cmd/cmd.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned cmd_help_width(FILE *out)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	uint64_t width = 80;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (columns)
		err_destroy(str_to_u64(columns, "COLUMNS", 20, 1000, &width));
	return (unsigned)width;
}

static void print_group(FILE *out, enum cmd_group group, const char *title)
{
	bool any = false;

	for (const struct cmd *const *c = cmd_table; *c; c++) {
		if ((*c)->group != group)
			continue;
		if (!any)
			fprintf(out, "\n%s\n", title);
		fprintf(out, "  %-11s %s\n", (*c)->spec.name, (*c)->spec.summary);
		any = true;
	}
}

void cmd_print_overview(FILE *out)
{
	fputs(cmd_overview, out);
	print_group(out, CMD_RECORD, "Record");
	print_group(out, CMD_LOOK, "Look");
	print_group(out, CMD_ABOUT, "About this machine and sonde");
	fputs("\n" OPT_PROGRAM " COMMAND --help shows a command's options and examples.\n", out);
}

struct help_args {
	struct opt_list words;
	bool man;
};

static const struct opt help_opts[] = {
	{ .name = "man", .kind = OPT_FLAG, .offset = offsetof(struct help_args, man),
	  .help = "print the manual page's source (roff)" },
	OPT_END
};
static const struct opt_operand help_operands[] = {
	{ .name = "COMMAND", .offset = offsetof(struct help_args, words), .max = 4,
	  .help = "the command to explain; none: the overview" },
	OPERAND_END
};

static struct err *help_run(void *args, struct arena *arena, int *status)
{
	struct help_args *a = args;
	int used;

	if (a->words.count == 0) {
		cmd_print_overview(stdout);
		return NULL;
	}

	char *const *words = (char *const *)a->words.words;
	const struct cmd *cmd = cmd_find((int)a->words.count, words, &used);

	if (cmd == NULL)
		return cmd_unknown((int)a->words.count, words);
	if (a->man)
		opt_print_man(&cmd->spec, SONDE_VERSION, stdout);
	else
		opt_print_help(&cmd->spec, stdout, cmd_help_width(stdout));
	return NULL;
}

const struct cmd cmd_help = {
	.spec = {
		.name = "help",
		.summary = "explain sonde or one of its commands",
		.opts = help_opts,
		.operands = help_operands,
		.examples = (const struct opt_example[]){
			{ "sonde help record", "the same as sonde record --help" },
			{ NULL, NULL } },
		.see_also = "sonde(1)",
	},
	.group = CMD_ABOUT,
	.args_bytes = sizeof(struct help_args),
	.run = help_run,
};
