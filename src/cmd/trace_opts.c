/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `sonde trace` and `sonde strace` do with their words once they are parsed. */
#include "cmd/trace_opts.h"

#include <string.h>

struct err *trace_opts_apply(const struct opt_given_list *given, struct trace_options *o)
{
	for (size_t i = 0; i < given->count; i++)
		TRY(trace_options_set(o, given->v[i].id, given->v[i].word));
	return NULL;
}

char **trace_opts_command(const struct opt_list *words, struct arena *arena)
{
	char **command;

	if (words->count == 0)
		return NULL;
	command = arena_calloc(arena, words->count + 1, sizeof(*command));
	memcpy(command, words->words, words->count * sizeof(*command));
	return command;
}
