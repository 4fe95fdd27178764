/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde completion: the completions of one shell, from the rows of all commands. */
#include "cmd/cmd.h"

#include "base/str.h"

#include <string.h>

static const char *const shells[] = { "bash", "zsh", "fish", NULL }; /* as enum opt_shell */

struct completion_args {
	const char *shell;
};

static const struct opt_operand completion_operands[] = {
	{ .name = "SHELL", .min = 1, .max = 1, .offset = offsetof(struct completion_args, shell),
	  .help = "bash, zsh or fish" },
	OPERAND_END
};

static struct err *find_shell(const char *name, enum opt_shell *shell)
{
	for (unsigned i = 0; shells[i]; i++)
		if (strcmp(shells[i], name) == 0) {
			*shell = (enum opt_shell)i;
			return NULL;
		}

	const char *nearest = opt_nearest(name, shells, 3);

	return err_fix(err_new(ERR_USAGE, "there are completions for bash, zsh and fish, not for '%s'", name),
		       "sonde completion %s", nearest ? nearest : "bash");
}

static struct err *completion_run(void *args, struct arena *arena, int *status)
{
	struct completion_args *a = args;
	const struct opt_spec *specs[256];
	size_t count = 0;
	enum opt_shell shell = OPT_BASH;

	TRY(find_shell(a->shell, &shell));
	for (; cmd_table[count] && count < 256; count++)
		specs[count] = &cmd_table[count]->spec;
	opt_print_completion(specs, count, shell, stdout);
	return NULL;
}

const struct cmd cmd_completion = {
	.spec = {
		.name = "completion",
		.summary = "print the completions for bash, zsh or fish",
		.description = "make install puts them where the shells look. For a copy of sonde that "
			       "was not installed, load them by hand as in the examples.",
		.operands = completion_operands,
		.examples = (const struct opt_example[]){
			{ "source <(sonde completion bash)", "for this shell only" },
			{ "sonde completion fish > ~/.config/fish/completions/sonde.fish", NULL },
			{ NULL, NULL } },
		.see_also = "sonde(1)",
	},
	.group = CMD_ABOUT,
	.args_bytes = sizeof(struct completion_args),
	.run = completion_run,
};
