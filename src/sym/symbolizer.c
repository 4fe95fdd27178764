/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The chain: each finder of the table is asked in turn until one names a function.
 * What the last of those that had something to say gave as its reason is the reason
 * that the user sees.
 */
#include "base/mem.h"
#include "sym/sym.h"

#include <stdlib.h>

enum { FINDERS_MAX = 16 };

struct symbolizer {
	void *finders[FINDERS_MAX]; /* beside sym_finder_table */
	size_t count;
};

struct err *symbolizer_create(const struct symbolizer_options *options, struct symbolizer **ret)
{
	static const struct symbolizer_options defaults;
	struct symbolizer *s = mem_calloc(1, sizeof(*s));

	for (; s->count < FINDERS_MAX && sym_finder_table[s->count] != NULL; s->count++) {
		const struct sym_finder_ops *ops = sym_finder_table[s->count];
		struct err *err = ops->create(options ? options : &defaults, &s->finders[s->count]);

		if (err) {
			symbolizer_destroy(s);
			return err_wrap(err, "symbol finder %s", ops->name);
		}
	}
	*ret = s;
	return NULL;
}

void symbolizer_destroy(struct symbolizer *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		sym_finder_table[i]->destroy(s->finders[i]);
	free(s);
}

struct err *symbolize(struct symbolizer *s, struct module *m, int pid, uint64_t offset,
		      struct arena *a, struct sym_chain *ret)
{
	const char *why = "nothing knows this kind of memory";

	for (size_t i = 0; i < s->count; i++) {
		*ret = (struct sym_chain){ 0 };
		TRY(sym_finder_table[i]->find(s->finders[i], m, pid, offset, a, ret));
		if (ret->count > 0)
			return NULL;
		if (ret->why != NULL)
			why = ret->why;
	}
	ret->why = why;
	return NULL;
}

void symbolizer_forget(struct symbolizer *s, const struct module *m)
{
	for (size_t i = 0; i < s->count; i++)
		if (sym_finder_table[i]->forget != NULL)
			sym_finder_table[i]->forget(s->finders[i], m);
}
