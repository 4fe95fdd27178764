/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callgrind's format (valgrind manual, "Callgrind Format Specification"), for KCachegrind,
 * QCachegrind and callgrind_annotate: what each function used itself, by line, and what its
 * calls used, by the line of the call.
 *
 * The costs of a call are those of all samples below it.  A call of a function that is on the
 * stack already (recursion) is listed without costs: they are in the outer call, and readers add
 * up all calls of a function.  An inlined
 * call is a call like any other: its function has its own file and lines.  Samples have no
 * number of calls, so each call was made once as far as this file says.
 */
#include "convert/export_tree.h"

#include "base/mem.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A function is its name, file and module. */
struct function {
	uint32_t place; /* one of its places, for the names */
};
/* Costs of a function at a line, or of calls to CALLEE from there. */
struct cost {
	uint32_t function, callee, line; /* callee UINT32_MAX: its own */
	uint64_t *values;		 /* one an event */
};
#define OWN UINT32_MAX

struct callgrind {
	const struct export_tree *t;
	FILE *out;
	VEC(struct function) functions;
	struct strmap function_ids; /* name NUL file NUL module -> index */
	uint32_t *function_of;	    /* by place */
	struct strmap cost_ids;	    /* struct key -> index */
	VEC(struct cost) costs;
	uint64_t *self, *total; /* node * events + event */
	struct strmap names;	/* kind and text -> id written before */
	struct arena arena;
	struct str key;
};

/* --- functions --------------------------------------------------------------------------------------- */

static void name_functions(struct callgrind *c)
{
	c->function_of = mem_alloc((c->t->places.n + 1) * sizeof(*c->function_of));
	for (size_t i = 0; i < c->t->places.n; i++) {
		const struct export_place *p = &c->t->places.v[i];
		bool is_new;

		str_clear(&c->key);
		str_add_n(&c->key, p->function, strlen(p->function) + 1);
		str_add_n(&c->key, p->file, strlen(p->file) + 1);
		str_add(&c->key, p->module);

		uint64_t *id = strmap_get(&c->function_ids, c->key.text, c->key.length, &is_new);

		if (is_new) {
			*id = c->functions.n;
			vec_push(&c->functions, (struct function){ (uint32_t)i });
		}
		c->function_of[i] = (uint32_t)*id;
	}
}

/* --- costs --------------------------------------------------------------------------------------------- */

static void add_cost(struct callgrind *c, uint32_t function, uint32_t callee, uint32_t line,
		     const uint64_t *values)
{
	uint32_t key[] = { function, callee, line };
	bool is_new;
	uint64_t *id = strmap_get(&c->cost_ids, (const char *)key, sizeof(key), &is_new);

	if (is_new) {
		*id = c->costs.n;
		vec_push(&c->costs, ((struct cost){ function, callee, line,
						    ARENA_ARRAY(&c->arena, uint64_t, c->t->events.n) }));
	}
	for (size_t e = 0; e < c->t->events.n; e++)
		c->costs.v[*id].values[e] += values[e];
}

static bool any(const uint64_t *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i])
			return true;
	return false;
}

/* Is the function called already on the stack? */
static bool is_recursive(const struct callgrind *c, uint32_t node)
{
	const struct export_node *nodes = c->t->nodes.v;
	uint32_t callee = c->function_of[nodes[node].place];

	for (uint32_t n = nodes[node].parent; n; n = nodes[n].parent)
		if (c->function_of[nodes[n].place] == callee)
			return true;
	return false;
}

static void sum_up(struct callgrind *c)
{
	const struct export_tree *t = c->t;
	size_t events = t->events.n;
	const uint64_t *nothing;

	c->self = mem_calloc(t->nodes.n * events + 1, sizeof(*c->self));
	c->total = mem_calloc(t->nodes.n * events + 1, sizeof(*c->total));
	for (size_t i = 0; i < t->samples.n; i++)
		c->self[t->samples.v[i].node * events + t->samples.v[i].event] += t->samples.v[i].value;
	nothing = ARENA_ARRAY(&c->arena, uint64_t, events);
	memcpy(c->total, c->self, t->nodes.n * events * sizeof(*c->total));
	for (size_t n = t->nodes.n; n-- > 1;) /* children come after their parents */
		for (size_t e = 0; e < events; e++)
			c->total[t->nodes.v[n].parent * events + e] += c->total[n * events + e];
	for (size_t n = 1; n < t->nodes.n; n++) {
		uint32_t parent = t->nodes.v[n].parent, function = c->function_of[t->nodes.v[n].place];

		if (any(c->self + n * events, events))
			add_cost(c, function, OWN, t->places.v[t->nodes.v[n].place].line, c->self + n * events);
		if (parent)
			add_cost(c, c->function_of[t->nodes.v[parent].place], function,
				 t->places.v[t->nodes.v[parent].place].line,
				 is_recursive(c, (uint32_t)n) ? nothing : c->total + n * events);
	}
}

static int by_function(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	if (x->callee != y->callee) /* its own come first */
		return x->callee == OWN ? -1 : y->callee == OWN ? 1 : x->callee < y->callee ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* --- the file ---------------------------------------------------------------------------------------------- */

/* The rest of a line. */
static void put_line(struct callgrind *c, const char *text)
{
	for (; *text; text++)
		fputc(*text == '\n' ? ' ' : *text, c->out);
	fputc('\n', c->out);
}

/* "fn=(3) main", and "fn=(3)" from then on.  Names of a kind (file, function, object) share
 * their numbers. */
static void put_name(struct callgrind *c, const char *key, char kind, const char *text)
{
	bool is_new;

	str_clear(&c->key);
	str_add_char(&c->key, kind);
	str_add(&c->key, text);

	uint64_t *id = strmap_get(&c->names, c->key.text, c->key.length, &is_new);

	if (is_new) {
		*id = c->names.n;
		fprintf(c->out, "%s=(%" PRIu64 ") ", key, *id);
		put_line(c, text);
	} else {
		fprintf(c->out, "%s=(%" PRIu64 ")\n", key, *id);
	}
}

static const char *file_of(const struct export_place *p) { return *p->file ? p->file : "???"; }

static void put_values(struct callgrind *c, uint32_t line, const uint64_t *values)
{
	fprintf(c->out, "%u", line);
	for (size_t e = 0; e < c->t->events.n; e++)
		fprintf(c->out, " %" PRIu64, values[e]);
	fputc('\n', c->out);
}

static void put_costs(struct callgrind *c)
{
	const struct export_tree *t = c->t;
	uint32_t last = UINT32_MAX;

	vec_sort(&c->costs, by_function);
	for (size_t i = 0; i < c->costs.n; i++) {
		const struct cost *cost = &c->costs.v[i];
		const struct export_place *p = &t->places.v[c->functions.v[cost->function].place];

		if (cost->function != last) {
			fputc('\n', c->out);
			put_name(c, "ob", 'o', *p->module ? p->module : "???");
			put_name(c, "fl", 'f', file_of(p));
			put_name(c, "fn", 'n', p->function);
			last = cost->function;
		}
		if (cost->callee != OWN) {
			const struct export_place *to = &t->places.v[c->functions.v[cost->callee].place];

			put_name(c, "cob", 'o', *to->module ? to->module : "???");
			put_name(c, "cfi", 'f', file_of(to));
			put_name(c, "cfn", 'n', to->function);
			fprintf(c->out, "calls=1 0\n");
		}
		put_values(c, cost->line, cost->values);
	}
}

static void put_event_names(struct callgrind *c)
{
	for (size_t e = 0; e < c->t->events.n; e++) {
		const char *name = c->t->events.v[e].name;

		fputc(' ', c->out);
		for (; *name; name++) /* a word */
			fputc(strchr(" \t\n", *name) ? '_' : *name, c->out);
	}
	fputc('\n', c->out);
}

/* Samples without a stack belong to no function: they are in the totals all the same. */
static void put_lost(struct callgrind *c)
{
	if (!any(c->self, c->t->events.n))
		return;
	fputc('\n', c->out);
	put_name(c, "ob", 'o', "???");
	put_name(c, "fl", 'f', "???");
	put_name(c, "fn", 'n', "[no stack]");
	put_values(c, 0, c->self);
}

static void put_all(struct callgrind *c)
{
	const struct export_tree *t = c->t;

	fprintf(c->out, "# callgrind format\nversion: 1\ncreator: sonde %s\n", SONDE_VERSION);
	if (*t->command) {
		fprintf(c->out, "cmd: ");
		put_line(c, t->command);
	}
	fprintf(c->out, "positions: line\nevents:");
	put_event_names(c);
	fprintf(c->out, "summary:");
	for (size_t e = 0; e < t->events.n; e++)
		fprintf(c->out, " %" PRIu64, t->events.v[e].total);
	fputc('\n', c->out);
	put_costs(c);
	put_lost(c);
}

static struct err *callgrind_export(const struct export_input *input, FILE *out)
{
	struct callgrind c = { .out = out };
	struct export_tree *tree;

	TRY(export_tree_create(input, &tree));
	c.t = tree;
	strmap_init(&c.function_ids);
	strmap_init(&c.cost_ids);
	strmap_init(&c.names);
	arena_init(&c.arena);
	name_functions(&c);
	sum_up(&c);
	put_all(&c);
	strmap_deinit(&c.function_ids);
	strmap_deinit(&c.cost_ids);
	strmap_deinit(&c.names);
	arena_deinit(&c.arena);
	vec_deinit(&c.functions);
	vec_deinit(&c.costs);
	str_deinit(&c.key);
	free(c.function_of);
	free(c.self);
	free(c.total);
	export_tree_destroy(tree);
	return export_flush(out, "callgrind profile");
}

const struct exporter exporter_callgrind = {
	.name = "callgrind",
	.summary = "callgrind's profile, for KCachegrind and callgrind_annotate",
	.takes = EXPORT_EITHER,
	.write = callgrind_export,
};
