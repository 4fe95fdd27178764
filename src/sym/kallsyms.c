/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel names from /proc/kallsyms, read once when the first kernel address is asked for.
 *
 * The list gives no sizes: a function reaches to the next symbol of any sort, and at
 * most MAX_FUNCTION_BYTES far (the gaps between modules are gigabytes).  The kernel
 * prints zeros for addresses that this user may not see.
 *
 * Lines and inlined calls come from the kernel's or the module's debug file where that is
 * here and has the same build-id.  The running kernel is not where vmlinux says (KASLR): it
 * was moved as a whole, by as much as _text was.  A module's sections lie where there was room:
 * an address in it is told by its function, whose name has to be the only such one.
 */
#include "sym/kallsyms.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "event/types.h"
#include "module/module.h"
#include "sym/dwarf.h"
#include "sym/finders.h"
#include "sym/symbol_list.h"

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

const char *kallsyms_find_start(const struct kallsyms *k, uint64_t addr, uint64_t *start)
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
	*start = s->addr;
	return s->rank > 0 ? s->name : NULL;
}

const char *kallsyms_find(const struct kallsyms *k, uint64_t addr)
{
	uint64_t start;

	return kallsyms_find_start(k, addr, &start);
}

uint64_t kallsyms_addr(const struct kallsyms *k, const char *name)
{
	uint64_t found = 0;

	for (size_t i = 0; i < k->symbols.n; i++) {
		if (strcmp(k->symbols.v[i].name, name) != 0)
			continue;
		if (found != 0)
			return 0;
		found = k->symbols.v[i].addr;
	}
	return found;
}

/* --- the finder ------------------------------------------------------------------------------ */

/* A debug file of the kernel or of a module. */
struct kernel_debug {
	struct dwarf_info *dwarf; /* NULL: none */
	struct io_map map;
	struct elf_file elf;
	struct symbol_list symbols;
	bool has_slide;
	uint64_t slide;           /* running address - ELF address */
};

struct kallsyms_finder {
	struct symbolizer_options options;
	struct kallsyms *list;
	const char *why;
	bool tried;
	struct map debugs; /* module pointer -> struct kernel_debug * */
};

static struct err *create(const struct symbolizer_options *options, void **ret)
{
	struct kallsyms_finder *f = mem_calloc(1, sizeof(*f));

	f->options = *options;
	map_init(&f->debugs);
	*ret = f;
	return NULL;
}

static void load(struct kallsyms_finder *f)
{
	const char *path = f->options.kallsyms ? f->options.kallsyms : "/proc/kallsyms";
	struct err *err = kallsyms_load(path, &f->list);

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

/* --- lines --------------------------------------------------------------------------------- */

static const struct listed_symbol *only_symbol(const struct symbol_list *l, const char *name, size_t length)
{
	const struct listed_symbol *found = NULL;

	for (size_t i = 0; i < l->symbols.n; i++) {
		if (strncmp(l->symbols.v[i].name, name, length) != 0 || l->symbols.v[i].name[length] != '\0')
			continue;
		if (found != NULL)
			return NULL;
		found = &l->symbols.v[i];
	}
	return found;
}

static void find_slide(const struct kallsyms_finder *f, struct kernel_debug *d)
{
	uint64_t running = kallsyms_addr(f->list, "_text");
	const struct listed_symbol *text = only_symbol(&d->symbols, "_text", strlen("_text"));

	d->has_slide = running != 0 && text != NULL;
	if (d->has_slide)
		d->slide = running - text->addr;
}

static struct kernel_debug *open_debug(const struct kallsyms_finder *f, struct module *m)
{
	struct kernel_debug *d = mem_calloc(1, sizeof(*d));
	struct err *err;
	int fd;

	if (f->options.no_lines && f->options.no_inlines)
		return d;
	if (module_borrow_debug_fd(m) < 0)
		module_ask_debuginfod(m, f->options.debuginfod);
	fd = module_borrow_debug_fd(m);
	d->dwarf = fd >= 0 ? dwarf_info_create(m, &f->options) : NULL;
	if (d->dwarf == NULL)
		return d;
	err = io_map_fd(fd, "the debug file", &d->map);
	if (err == NULL)
		err = elf_init(&d->elf, (struct bytes){ d->map.data, d->map.size_bytes });
	if (err == NULL) {
		elf_place_sections(&d->elf);
		symbol_list_add(&d->symbols, &d->elf);
		symbol_list_sort(&d->symbols);
	}
	err_destroy(err);
	if (module_borrow_kind(m) == MODULE_KERNEL)
		find_slide(f, d);
	return d;
}

static void close_debug(struct kernel_debug *d)
{
	dwarf_info_destroy(d->dwarf);
	symbol_list_deinit(&d->symbols);
	elf_deinit(&d->elf);
	io_map_deinit(&d->map);
	free(d);
}

static struct kernel_debug *debug_of(struct kallsyms_finder *f, struct module *m)
{
	bool is_new;
	uint64_t *slot = map_get(&f->debugs, (uintptr_t)m, &is_new);

	if (is_new)
		*slot = (uintptr_t)open_debug(f, m);
	return (struct kernel_debug *)(uintptr_t)*slot;
}

/* The ELF address of a running one; false: it cannot be told. */
static bool elf_addr(const struct kernel_debug *d, uint64_t addr, const char *name, uint64_t start, uint64_t *ret)
{
	const struct listed_symbol *s;

	if (d->has_slide) {
		*ret = addr - d->slide;
		return true;
	}
	/* "function [module]" */
	s = strchr(name, ' ') ? only_symbol(&d->symbols, name, strcspn(name, " ")) : NULL;
	if (s == NULL || (s->size_bytes > 0 && addr - start >= s->size_bytes))
		return false;
	*ret = s->addr + (addr - start);
	return true;
}

/* --- answers ------------------------------------------------------------------------------- */

static struct err *find(void *self, struct module *m, int pid, uint64_t offset, struct arena *a,
			struct sym_chain *ret)
{
	struct kallsyms_finder *f = self;
	enum module_kind kind = module_borrow_kind(m);
	uint64_t start = 0, vaddr;
	const char *name, *shown, *mangled;

	if (kind != MODULE_KERNEL && kind != MODULE_KERNEL_MODULE)
		return NULL;
	if (!f->tried)
		load(f);
	name = f->list ? kallsyms_find_start(f->list, offset, &start) : NULL;
	ret->why = f->why;
	if (name == NULL)
		return NULL;
	shown = arena_strdup(a, f->options.raw_names ? name : sym_demangle(name, a));

	struct kernel_debug *d = debug_of(f, m);

	if (d->dwarf != NULL && elf_addr(d, offset, name, start, &vaddr))
		dwarf_info_find(d->dwarf, vaddr, shown, a, ret, &mangled);
	if (ret->count == 0) {
		ret->frames = ARENA_NEW(a, struct sym_frame);
		ret->count = 1;
	}
	/* As kallsyms has it: with the module behind. */
	ret->frames[ret->count - 1].function = shown;
	return NULL;
}

static void forget(void *self, const struct module *m)
{
	struct kallsyms_finder *f = self;
	uint64_t *slot = map_find(&f->debugs, (uintptr_t)m);

	if (slot == NULL)
		return;
	close_debug((struct kernel_debug *)(uintptr_t)*slot);
	map_remove(&f->debugs, (uintptr_t)m);
}

static void destroy(void *self)
{
	struct kallsyms_finder *f = self;
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&f->debugs, &i)) != NULL;)
		close_debug((struct kernel_debug *)(uintptr_t)slot->value);
	map_deinit(&f->debugs);
	kallsyms_destroy(f->list);
	free(f);
}

const struct sym_finder_ops sym_finder_kallsyms = {
	.name = "kallsyms",
	.create = create,
	.find = find,
	.forget = forget,
	.destroy = destroy,
};
