/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel names from /proc/kallsyms, read once when the first kernel address is asked for.
 *
 * The list gives no sizes: a function reaches to the next symbol of any sort, and at
 * most MAX_FUNCTION_BYTES far (the gaps between modules are gigabytes).  The kernel
 * prints zeros for addresses that this user may not see.
 *
 * Lines and inlined calls come from the kernel's or the module's debug file where that is
 * here and has the same build-id (kernel_debug.h).
 *
 * Addresses of a kernel that ran elsewhere, or here before it was booted again, are named by
 * a list that the user has of it, by the running kernel's where that is the same build, or by the symbols of
 * its file.
 */
#include "sym/kallsyms.h"

#include "base/io.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "event/types.h"
#include "module/index_cache.h"
#include "module/locate.h"
#include "module/module.h"
#include "sym/dwarf.h"
#include "sym/finders.h"
#include "sym/kallsyms_file.h"
#include "sym/kernel_debug.h"

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
	struct io_map kept; /* or this file, with the names */
	uint64_t low, high; /* [low, high): what it answers for */
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

/* LINE up to its END, which becomes NUL. */
static void add_line(struct kallsyms *k, char *line, char *end)
{
	uint64_t addr = 0;
	char *p = line, *tab;

	*end = '\0';
	for (; isxdigit((unsigned char)*p); p++)
		addr = addr << 4 | (uint64_t)(*p <= '9' ? *p - '0' : (*p | 32) - 'a' + 10);
	if (p == line || end - p < 4 || p[0] != ' ' || p[2] != ' ')
		return;
	tab = memchr(p + 3, '\t', (size_t)(end - p - 3));
	if (tab != NULL)
		*tab = ' '; /* "name\t[module]" */
	vec_push(&k->symbols, ((struct kernel_symbol){ addr, p + 3, rank_of(p[1], p + 3) }));
}

/* The best of those that share an address comes first. */
static void sort_groups(struct kernel_symbol *v, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct kernel_symbol s = v[i];
		size_t k = i;

		for (; k > 0 && v[k - 1].addr == s.addr && v[k - 1].rank < s.rank; k--)
			v[k] = v[k - 1];
		v[k] = s;
	}
}

/* The kernel's own come sorted, those of modules don't. */
static void sort_symbols(struct kallsyms *k)
{
	struct kernel_symbol *v = k->symbols.v;
	size_t sorted = k->symbols.n > 0;

	while (sorted < k->symbols.n && v[sorted - 1].addr <= v[sorted].addr)
		sorted++;
	qsort(v + sorted, k->symbols.n - sorted, sizeof(*v), symbol_compare);
	if (sorted > 0 && sorted < k->symbols.n && v[sorted].addr < v[sorted - 1].addr)
		vec_sort(&k->symbols, symbol_compare);
	else
		sort_groups(v, k->symbols.n);
}

static void parse(struct kallsyms *k)
{
	char *end = k->text.text + k->text.length, *next;
	uint64_t any = 0;

	for (char *line = k->text.text; line != NULL && line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			next = end; /* a NUL stands there */
		add_line(k, line, next);
	}
	for (size_t i = 0; i < k->symbols.n; i++)
		any |= k->symbols.v[i].addr;
	k->hidden = any == 0;
	sort_symbols(k);
}

struct err *kallsyms_load(const char *path, struct kallsyms **ret)
{
	struct kallsyms *k = mem_calloc(1, sizeof(*k));
	struct err *err = io_read_file(path, FILE_MAX_BYTES, &k->text);

	if (err) {
		kallsyms_destroy(k);
		return err;
	}
	k->high = UINT64_MAX;
	parse(k);
	*ret = k;
	return NULL;
}

/* --- kept ------------------------------------------------------------------------------------ */

static struct err *load_kept(const char *path, uint64_t boot, struct kallsyms *k)
{
	const struct kallsyms_file_header *h;
	const struct kallsyms_row *rows;
	const char *names;
	CLEANUP(io_closep) int fd = -1;

	TRY(index_cache_open(path, &fd));
	TRY(io_map_fd(fd, path, &k->kept));
	TRY(kallsyms_file_parse((struct bytes){ k->kept.data, k->kept.size_bytes }, boot, &h, &rows, &names));
	k->low = h->low;
	k->high = h->high;
	vec_reserve(&k->symbols, (size_t)h->row_count);
	for (size_t i = 0; i < h->row_count; i++)
		vec_push(&k->symbols, ((struct kernel_symbol){ rows[i].addr, names + rows[i].name, (uint8_t)rows[i].rank }));
	return NULL;
}

/* The symbols from _stext on up to the first one behind _etext, which ends the last function. */
static void keep(const struct kallsyms *k, const char *path, uint64_t boot)
{
	struct kallsyms_file_header h = { .boot = boot, .low = kallsyms_addr(k, "_stext"), .high = kallsyms_addr(k, "_etext") };
	VEC(struct kallsyms_row) rows = { 0 };
	struct str names;

	str_init(&names);
	for (size_t i = 0; i < k->symbols.n && h.low; i++) {
		const struct kernel_symbol *s = &k->symbols.v[i];

		if (s->addr < h.low)
			continue;
		vec_push(&rows, ((struct kallsyms_row){ s->addr, (uint32_t)names.length, s->rank }));
		str_add_n(&names, s->name, strlen(s->name) + 1);
		if (s->addr > h.high)
			break;
	}
	h.row_count = rows.n;
	if (h.low < h.high && rows.n > 0)
		kallsyms_file_keep(path, &h, rows.v, names.text, names.length);
	vec_deinit(&rows);
	str_deinit(&names);
}

struct err *kallsyms_load_running(struct kallsyms **ret)
{
	uint64_t boot;
	CLEANUP(mem_freep) char *path = kallsyms_file_path(&boot);
	struct kallsyms *k = path ? mem_calloc(1, sizeof(*k)) : NULL;
	struct err *err = path ? load_kept(path, boot, k) : NULL;

	if (path && !err) {
		*ret = k;
		return NULL;
	}
	kallsyms_destroy(k);
	if (err && !err_is(err, ERR_NOT_FOUND))
		log_debug("%s: %s", path, err_message(err));
	err_destroy(err);
	TRY(kallsyms_load("/proc/kallsyms", ret));
	if (path && !(*ret)->hidden)
		keep(*ret, path, boot);
	return NULL;
}

bool kallsyms_covers(const struct kallsyms *k, uint64_t addr)
{
	return addr >= k->low && (addr < k->high || k->high == UINT64_MAX);
}

void kallsyms_destroy(struct kallsyms *k)
{
	if (k == NULL)
		return;
	vec_deinit(&k->symbols);
	str_deinit(&k->text);
	io_map_deinit(&k->kept);
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

struct kallsyms_finder {
	struct symbolizer_options options;
	struct kallsyms *list;
	const char *why;
	bool tried;
	bool is_of_boot;   /* the list's addresses are those that are asked for; else only the kernel's, moved */
	uint64_t slide;    /* asked address - the list's */
	struct map debugs; /* module pointer -> struct kernel_debug * */
};

static struct err *create(const struct symbolizer_options *options, void **ret)
{
	struct kallsyms_finder *f = mem_calloc(1, sizeof(*f));

	f->options = *options;
	f->is_of_boot = true;
	map_init(&f->debugs);
	*ret = f;
	return NULL;
}

static void say_why(struct kallsyms_finder *f, struct err *err)
{
	if (err)
		f->why = "/proc/kallsyms cannot be read";
	else if (kallsyms_is_hidden(f->list))
		f->why = "the kernel hides its addresses from this user (kptr_restrict); "
			 "run as root, or: sysctl kernel.kptr_restrict=0 kernel.perf_event_paranoid=1";
	else
		f->why = "no kernel symbol covers this address";
	err_destroy(err);
}

/* PATH NULL: the running kernel's, for addresses as they are now. */
static void load(struct kallsyms_finder *f, const char *path)
{
	f->tried = true;
	say_why(f, path == NULL ? kallsyms_load_running(&f->list) : kallsyms_load(path, &f->list));
}

/* What was kept is not all of it. */
static void load_all(struct kallsyms_finder *f)
{
	kallsyms_destroy(f->list);
	f->list = NULL;
	say_why(f, kallsyms_load("/proc/kallsyms", &f->list));
}

/* A list of another boot, or of the file (System.map): it was moved as a whole, by as much as one symbol. */
static void place_list(struct kallsyms_finder *f, const struct kernel_elsewhere *e)
{
	uint64_t there = f->list && e->symbol_addr ? kallsyms_addr(f->list, e->symbol) : 0;

	if (e->symbol_addr == 0)
		return;
	if (there == 0) {
		kallsyms_destroy(f->list);
		f->list = NULL;
		return;
	}
	f->slide = e->symbol_addr - there;
	f->is_of_boot = f->slide == 0 && f->options.kallsyms != NULL;
}

/* The running kernel's list serves for another boot of the same build, too, and so does the one that perf record kept. */
static void load_elsewhere(struct kallsyms_finder *f, const struct module *m)
{
	const struct kernel_elsewhere *e = f->options.elsewhere;
	const struct build_id *id = module_borrow_build_id(m);
	CLEANUP(mem_freep) char *kept = NULL;
	const char *path = f->options.kallsyms;
	struct build_id running;

	if (path == NULL) {
		if (module_borrow_kind(m) != MODULE_KERNEL)
			return;
		f->tried = true;
		f->is_of_boot = false;
		if (e->symbol_addr == 0)
			return;
		kept = locate_perf_cache(id, "kallsyms");
		path = build_id_of_running_kernel(&running) && build_id_equal(&running, id) ? "/proc/kallsyms" : kept;
	}
	if (path == NULL)
		return;
	load(f, path);
	place_list(f, e);
}

static struct kernel_debug *debug_of(struct kallsyms_finder *f, struct module *m)
{
	bool is_new;
	uint64_t *slot = map_get(&f->debugs, (uintptr_t)m, &is_new);

	if (is_new)
		*slot = (uintptr_t)kernel_debug_create(&f->options, m, f->list);
	return (struct kernel_debug *)(uintptr_t)*slot;
}

/* --- answers ------------------------------------------------------------------------------- */

static const char *why_not_elsewhere(const struct kallsyms_finder *f, const struct kernel_debug *d, const struct module *m,
				     struct arena *a)
{
	const struct build_id *id = module_borrow_build_id(m);
	bool is_kernel = module_borrow_kind(m) == MODULE_KERNEL;
	char hex[2 * BUILD_ID_MAX + 1];

	build_id_format(id, hex);
	if (kernel_debug_has_file(d) || (f->list != NULL && is_kernel))
		return "no symbol of that kernel covers this address";
	return arena_printf(a, "%s of another machine or boot: %s%s%s is not here", is_kernel ? "the kernel" : "a kernel module",
			    is_kernel ? "its file with symbols (vmlinux)" : "its file (.ko)", id->size ? ", build-id " : "", hex);
}

/* The only function, as kallsyms shows it: with the module behind. */
static const char *shown_name(const struct kallsyms_finder *f, const struct module *m, const char *name, struct arena *a)
{
	const char *path = module_borrow_path(m), *plain = f->options.raw_names ? name : sym_demangle(name, a);

	if (module_borrow_kind(m) == MODULE_KERNEL || strchr(name, ' ') != NULL)
		return arena_strdup(a, plain);
	return path[0] == '[' ? arena_printf(a, "%s %s", plain, path) : arena_printf(a, "%s [%s]", plain, path);
}

static struct err *find(void *self, struct module *m, int pid, uint64_t offset, struct arena *a,
			struct sym_chain *ret)
{
	struct kallsyms_finder *f = self;
	enum module_kind kind = module_borrow_kind(m);
	uint64_t start = 0, vaddr;
	const char *name, *shown, *mangled;
	bool placed;

	if (kind != MODULE_KERNEL && kind != MODULE_KERNEL_MODULE)
		return NULL;
	if (!f->tried && f->options.elsewhere)
		load_elsewhere(f, m);
	else if (!f->tried)
		load(f, f->options.kallsyms);
	if (f->list && !f->options.elsewhere && !kallsyms_covers(f->list, offset))
		load_all(f);
	name = f->list && (f->is_of_boot || kind == MODULE_KERNEL) ?
		       kallsyms_find_start(f->list, offset - f->slide, &start) : NULL;
	ret->why = f->why;
	if (name == NULL && f->options.elsewhere == NULL)
		return NULL;

	struct kernel_debug *d = debug_of(f, m);

	placed = kernel_debug_addr(d, offset, name, start + f->slide, &vaddr);
	if (name == NULL && placed)
		name = kernel_debug_name(d, vaddr);
	if (name == NULL) {
		ret->why = why_not_elsewhere(f, d, m, a);
		return NULL;
	}
	shown = shown_name(f, m, name, a);
	if (kernel_debug_borrow_dwarf(d) != NULL && placed)
		dwarf_info_find(kernel_debug_borrow_dwarf(d), vaddr, shown, a, ret, &mangled);
	if (ret->count == 0) {
		ret->frames = ARENA_NEW(a, struct sym_frame);
		ret->count = 1;
	}
	ret->frames[ret->count - 1].function = shown;
	return NULL;
}

static void forget(void *self, const struct module *m)
{
	struct kallsyms_finder *f = self;
	uint64_t *slot = map_find(&f->debugs, (uintptr_t)m);

	if (slot == NULL)
		return;
	kernel_debug_destroy((struct kernel_debug *)(uintptr_t)*slot);
	map_remove(&f->debugs, (uintptr_t)m);
}

static void destroy(void *self)
{
	struct kallsyms_finder *f = self;
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&f->debugs, &i)) != NULL;)
		kernel_debug_destroy((struct kernel_debug *)(uintptr_t)slot->value);
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
