/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The summary is a profile grouped by command.  Of each of the largest groups it says the
 * share of all CPU time, the time, the functions that had most of it themselves, and how much
 * is in code without names where that is much: the report says why.
 */
#include "view/summary.h"

#include "base/mem.h"
#include "base/units.h"
#include "record/recording.h"
#include "view/profile.h"

#include <stdlib.h>
#include <string.h>

enum { COMMANDS_SHOWN = 3, FUNCTIONS_SHOWN = 3, NAME_SHOWN_BYTES = 60 };
#define COMMAND_MIN_RATIO 0.05	/* of all */
#define FUNCTION_MIN_RATIO 0.01 /* of its command */
#define UNNAMED_MIN_RATIO 0.1

struct command {
	uint32_t node; /* child of the root */
	uint64_t total;
};
struct function {
	uint32_t symbol;
	uint64_t self;
};

static int by_total(const void *a, const void *b)
{
	const struct command *x = a, *y = b;

	return (x->total < y->total) - (x->total > y->total);
}

/* Keep the largest FUNCTIONS_SHOWN, sorted. */
static void keep_largest(struct function *best, struct function f)
{
	for (unsigned i = 0; i < FUNCTIONS_SHOWN; i++)
		if (f.self > best[i].self) {
			struct function smaller = best[i];

			best[i] = f;
			f = smaller;
		}
}

/* The functions with the largest self values below NODE; returns what has no name. */
static uint64_t find_functions(const struct stacks *s, uint32_t node, struct function *best)
{
	uint64_t unnamed = 0;
	uint64_t *self = mem_calloc(s->symbols.n, sizeof(*self));
	bool *below = mem_calloc(s->nodes.n, sizeof(*below));

	below[node] = true;
	for (size_t i = node + 1; i < s->nodes.n; i++) {
		const struct stacks_node *n = &s->nodes.v[i];

		below[i] = below[n->parent];
		if (below[i] && s->symbols.v[n->symbol].resolved)
			self[n->symbol] += n->self;
		else if (below[i])
			unnamed += n->self;
	}
	for (size_t i = 0; i < s->symbols.n; i++)
		keep_largest(best, (struct function){ (uint32_t)i, self[i] });
	free(self);
	free(below);
	return unnamed;
}

static uint64_t processes_named(const struct profile *p, const char *name)
{
	uint64_t count = 0;

	for (size_t i = 0; i < p->processes.n; i++)
		count += strcmp(p->processes.v[i].name, name) == 0;
	return count;
}

/* "hash_word 40 %, __strcspn_generic 11 %", after INDENT blanks (two at least). */
static void add_functions(const struct stacks *s, const struct command *c, struct str *text,
			  size_t indent)
{
	struct function best[FUNCTIONS_SHOWN] = { 0 };
	double unnamed = (double)find_functions(s, c->node, best) / (double)c->total;
	const char *separator = "";
	struct str name = { 0 };

	str_add_repeat(text, ' ', indent < 2 || indent > 42 ? 2 : indent);
	for (unsigned i = 0; i < FUNCTIONS_SHOWN; i++) {
		double ratio = (double)best[i].self / (double)c->total;

		if (ratio < FUNCTION_MIN_RATIO)
			break;
		str_add(text, separator);
		str_clear(&name);
		str_add_visible(&name, s->symbols.v[best[i].symbol].name, strlen(s->symbols.v[best[i].symbol].name));
		str_add_cut(text, str_text(&name), NAME_SHOWN_BYTES);
		str_printf(text, " %s", units_ratio(ratio).text);
		separator = ", ";
	}
	if (unnamed >= UNNAMED_MIN_RATIO)
		str_printf(text, "%scode without names %s", separator, units_ratio(unnamed).text);
	str_deinit(&name);
}

static void add_command(const struct profile *p, const struct command *c, struct str *text)
{
	const struct stacks *s = &p->stacks;
	const char *name = s->symbols.v[s->nodes.v[c->node].symbol].name;
	uint64_t processes = processes_named(p, name);
	size_t start = text->length;

	str_printf(text, "%5s  ", units_ratio((double)c->total / (double)p->value).text);
	str_add_visible(text, name, strlen(name));
	if (p->is_time)
		str_printf(text, " (%s CPU", units_duration_ns((double)c->total).text);
	else
		str_printf(text, " (%s %s", units_count(c->total).text, s->unit);
	if (processes > 1)
		str_printf(text, " in %s processes", units_count(processes).text);
	str_add_char(text, ')');
	add_functions(s, c, text, 42 - (text->length - start));
	str_add_char(text, '\n');
}

static void add_commands(const struct profile *p, struct str *text)
{
	VEC(struct command) commands = { 0 };

	for (uint32_t i = 1; i < p->stacks.nodes.n; i++)
		if (p->stacks.nodes.v[i].parent == 0)
			vec_push(&commands, ((struct command){ i, p->stacks.nodes.v[i].total }));
	vec_sort(&commands, by_total);
	for (size_t i = 0; i < commands.n && i < COMMANDS_SHOWN; i++)
		if ((double)commands.v[i].total >= COMMAND_MIN_RATIO * (double)p->value)
			add_command(p, &commands.v[i], text);
	vec_deinit(&commands);
}

struct err *summary_of_recording(const char *path, struct str *text)
{
	struct profile_options options = { .group = PROFILE_BY_NAME };
	struct recording *r = NULL;
	struct profile *p = NULL;
	struct err *err = recording_open(path, &r);

	if (!err)
		err = profile_create(r, &options, &p);
	if (!err && p->value)
		add_commands(p, text);
	profile_destroy(p);
	recording_destroy(r);
	if (err_is(err, ERR_NOT_FOUND)) { /* nothing was sampled */
		err_destroy(err);
		err = NULL;
	}
	return err;
}

void summary_count(const char *path, uint64_t *calls, uint64_t *samples)
{
	struct recording *r = NULL;
	struct err *err = recording_open(path, &r);
	const struct table_info *call = err ? NULL : recording_find_table(r, "syscall");
	const struct table_info *sample = err ? NULL : recording_find_table(r, "sample");

	*calls = call ? call->rows : 0;
	*samples = sample ? sample->rows : 0;
	recording_destroy(r);
	err_destroy(err);
}
