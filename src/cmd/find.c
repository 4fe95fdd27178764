/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From words to a command, or to the nearest one. */
#include "cmd/cmd.h"

#include "base/str.h"

#include <string.h>

/* How many of WORDS the name ("lab run") takes; 0 when they do not begin with it. */
static int words_matched(const char *name, int count, char *const *words)
{
	for (int i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if (strncmp(name, words[i], length) != 0)
			return 0;
		if (name[length] == '\0')
			return i + 1;
		if (name[length] != ' ')
			return 0;
		name += length + 1;
	}
	return 0;
}

const struct cmd *cmd_find(int count, char *const *words, int *used)
{
	const struct cmd *found = NULL;

	*used = 0;
	for (const struct cmd *const *c = cmd_table; *c; c++) {
		int matched = words_matched((*c)->spec.name, count, words);

		if (matched > *used) {
			found = *c;
			*used = matched;
		}
	}
	return found;
}

/* The names below the group WORD ("lab"), or none. */
static size_t names_in_group(const char *word, const char **names, size_t max)
{
	size_t count = 0, length = strlen(word);

	for (const struct cmd *const *c = cmd_table; *c && count < max; c++)
		if (strncmp((*c)->spec.name, word, length) == 0 && (*c)->spec.name[length] == ' ')
			names[count++] = (*c)->spec.name + length + 1;
	return count;
}

struct err *cmd_unknown(int count, char *const *words)
{
	const char *names[128] = { NULL };
	const char *word = words[0], *group = "";
	size_t name_count = names_in_group(words[0], names, 128);

	if (name_count > 0) {
		group = words[0];
		if (count < 2)
			return err_fix(err_new(ERR_USAGE, "'" OPT_PROGRAM " %s' needs one more word", group),
				       "for example: " OPT_PROGRAM " %s %s", group, names[0]);
		word = words[1];
	} else {
		for (const struct cmd *const *c = cmd_table; *c && name_count < 128; c++)
			names[name_count++] = (*c)->spec.name;
	}

	const char *nearest = opt_nearest(word, names, name_count);
	const char *space = *group ? " " : "";
	struct err *err = err_new(ERR_USAGE, "there is no command '" OPT_PROGRAM " %s%s%s'", group, space, word);

	if (nearest)
		return err_fix(err, "did you mean " OPT_PROGRAM " %s%s%s? " OPT_PROGRAM " help lists the commands", group,
			       space, nearest);
	return err_fix(err, OPT_PROGRAM " help lists the commands");
}
