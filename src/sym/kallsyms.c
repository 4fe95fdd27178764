/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel names from /proc/kallsyms, read once when the first kernel address is asked for.
 *
 * The list gives no sizes: a function reaches to the next symbol of any sort, and at
 * most MAX_FUNCTION_BYTES far (the gaps between modules are gigabytes).  The kernel
 * prints zeros for addresses that this user may not see.
 */
#include "sym/kallsyms.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/vec.h"
#include "event/types.h"
#include "module/module.h"
#include "sym/finders.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 256 << 20, MAX_FUNCTION_BYTES = 4 << 20 };

struct kernel_symbol {
	uint64_t addr;
	const char *name; /* in the text */
	uint8_t rank;     /* 0: not code; higher is better */
};

struct kallsyms {
	struct str text; /* lines, cut into strings in place */
	VEC(struct kernel_symbol) symbols;
	bool hidden;
};

static uint8_t rank_of(char type, const char *name)
{
	unsigned underscores = 0;
	char lower = (char)tolower((unsigned char)type);

	if (lower != 't' && lower != 'w')
		return 0;
	while (name[underscores] == '_' && underscores < 3)
		underscores++;
	return (uint8_t)(1 + (3 - underscores) * 4 + (lower == 't' ? 2 : 0) + (type == 'T' ? 1 : 0));
}

static int symbol_compare(const void *a, const void *b)
{
	const struct kernel_symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (y->rank > x->rank) - (y->rank < x->rank);
}

/* One line, already ended by NUL. */
static void add_line(struct kallsyms *k, char *line)
{
	char *end;
	uint64_t addr = strtoull(line, &end, 16);

	if (end == line || end[0] != ' ' || end[1] == '\0' || end[2] != ' ' || end[3] == '\0')
		return;

	char *tab = strchr(end + 3, '\t');

	if (tab != NULL)
		*tab = ' '; /* "name\t[module]" */
	vec_push(&k->symbols, ((struct kernel_symbol){ addr, end + 3, rank_of(end[1], end + 3) }));
}

static void parse(struct kallsyms *k)
{
	uint64_t any = 0;
	char *next;

	for (char *line = k->text.text; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		add_line(k, line);
	}
	for (size_t i = 0; i < k->symbols.n; i++)
		any |= k->symbols.v[i].addr;
	k->hidden = any == 0;
	vec_sort(&k->symbols, symbol_compare);
}

struct err *kallsyms_load(const char *path, struct kallsyms **ret)
{
	struct kallsyms *k = mem_calloc(1, sizeof(*k));
	struct err *err = io_read_file(path, FILE_MAX_BYTES, &k->text);

	if (err) {
		kallsyms_destroy(k);
		return err;
	}
	parse(k);
	*ret = k;
	return NULL;
}

void kallsyms_destroy(struct kallsyms *k)
{
	if (k == NULL)
		return;
	vec_deinit(&k->symbols);
	str_deinit(&k->text);
	free(k);
}

bool kallsyms_is_hidden(const struct kallsyms *k) { return k->hidden; }

const char *kallsyms_find(const struct kallsyms *k, uint64_t addr)
{
	size_t low = 0, high = k->symbols.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->symbols.v[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (k->hidden || low == 0 || addr - k->symbols.v[low - 1].addr >= MAX_FUNCTION_BYTES)
		return NULL;

	/* The best of those that share the address comes first. */
	const struct kernel_symbol *s = &k->symbols.v[low - 1];

	while (s > k->symbols.v && s[-1].addr == s->addr)
		s--;
	return s->rank > 0 ? s->name : NULL;
}

/* --- the finder ------------------------------------------------------------------------------ */

struct kallsyms_finder {
	struct kallsyms *list;
	const char *why;
	bool tried;
};

static struct err *create(const struct symbolizer_options *options, void **ret)
{
	*ret = mem_calloc(1, sizeof(struct kallsyms_finder));
	return NULL;
}

static void load(struct kallsyms_finder *f)
{
	struct err *err = kallsyms_load("/proc/kallsyms", &f->list);

	f->tried = true;
	if (err)
		f->why = "/proc/kallsyms cannot be read";
	else if (kallsyms_is_hidden(f->list))
		f->why = "the kernel hides its addresses from this user (kptr_restrict); "
			 "run as root, or: sysctl kernel.kptr_restrict=0 kernel.perf_event_paranoid=1";
	else
		f->why = "no kernel symbol covers this address";
	err_destroy(err);
}

static struct err *find(void *self, struct module *m, int pid, uint64_t offset, struct arena *a,
			struct sym_chain *ret)
{
	struct kallsyms_finder *f = self;
	enum module_kind kind = module_borrow_kind(m);

	if (kind != MODULE_KERNEL && kind != MODULE_KERNEL_MODULE)
		return NULL;
	if (!f->tried)
		load(f);

	const char *name = f->list ? kallsyms_find(f->list, offset) : NULL;

	ret->why = f->why;
	if (name == NULL)
		return NULL;
	ret->frames = ARENA_NEW(a, struct sym_frame);
	ret->frames[0].function = arena_strdup(a, sym_demangle(name, a));
	ret->count = 1;
	return NULL;
}

static void destroy(void *self)
{
	struct kallsyms_finder *f = self;

	kallsyms_destroy(f->list);
	free(f);
}

const struct sym_finder_ops sym_finder_kallsyms = {
	.name = "kallsyms",
	.create = create,
	.find = find,
	.destroy = destroy,
};
