/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DWARF comes from the file or, where it has none, from its debug file, through the index
 * of sym/index.h; symbols fill in where DWARF knows no function.  Symbols are only read
 * when they are needed: most questions can do without.
 */
#include "session/lookup.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "event/types.h"
#include "module/debug_path.h"
#include "module/module.h"
#include "module/unpack.h"
#include "sym/index.h"
#include "sym/sym.h"
#include "sym/symbol_list.h"
#include "sym/symbol_pick.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

struct lookup {
	struct lookup_space *space; /* then there is nothing else */
	char *path;
	int fd;
	struct io_map map;
	struct elf_file elf;
	struct module *module;   /* for the debug file */
	struct sym_index *index; /* NULL: no DWARF */
	char *note;
	bool have_symbols, gnu_symbols;
	struct symbol_list symbols;
	struct symbol_pick *picked; /* of functions asked for by name; NULL: none was */
	bool tried_minidebug;
	struct elf_data minidebug;
	struct elf_file mini_elf;
	struct arena arenas[SYM_INDEX_THREADS_MAX];
	struct arena names;
	struct map demangled;    /* mangled name's address -> demangled; under the lock, as are names */
	pthread_mutex_t lock;
};

enum debuginfod_when lookup_debuginfod_when(const char *choice)
{
	if (str_eq(choice, "always"))
		return DEBUGINFOD_ALWAYS;
	return str_eq(choice, "never") ? DEBUGINFOD_NEVER : DEBUGINFOD_AUTO;
}

/* --- open -------------------------------------------------------------------------------- */

/* A download or a copy that broke off: what is not in it can't be found, and that is why. */
static void tell_missing(const char *path, const struct elf_file *f)
{
	uint64_t missing = elf_missing_bytes(f);

	if (missing > 0)
		log_warn("%s is cut short: its headers tell of %" PRIu64 " bytes more than it has", path, missing);
}

static struct err *open_image(struct lookup *l)
{
	TRY(unpack_open(l->path, &l->fd));
	TRY(io_map_fd(l->fd, l->path, &l->map));
	TRY(err_wrap(elf_init(&l->elf, (struct bytes){ l->map.data, l->map.size_bytes }), "%s", l->path));
	elf_place_sections(&l->elf);
	tell_missing(l->path, &l->elf);
	return NULL;
}

/* A separate debug file may have what the file itself has not. */
static struct err *open_debug_file(struct lookup *l, const struct sym_index_options *options,
				   enum debuginfod_when debuginfod)
{
	struct module_key key = { .kind = MODULE_PROGRAM, .path = l->path, .fd = l->fd };
	char link[64];

	TRY(module_create(&key, &l->module));
	if (module_borrow_debug_fd(l->module) < 0)
		module_ask_debuginfod(l->module, debuginfod);

	int fd = module_borrow_debug_fd(l->module);
	const char *asked = module_borrow_debuginfod_note(l->module);

	if (asked != NULL)
		log_warn("%s: %s", l->path, asked);
	if (fd < 0)
		return err_new(ERR_NOT_FOUND, "no debug information");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);

	CLEANUP(mem_freep) char *path = realpath(link, NULL);

	TRY(sym_index_open(fd, path, options, &l->index));
	tell_missing(path ? path : "the debug file", sym_index_borrow_elf(l->index));
	return NULL;
}

static struct err *open_index(struct lookup *l, const struct lookup_options *o)
{
	struct sym_index_options options = { .no_cache = o->no_cache, .build = o->build_index,
					     .direct = o->direct, .thread_count = o->thread_count,
					     .progress = o->progress, .user = o->user };
	CLEANUP(mem_freep) char *path = realpath(l->path, NULL);
	struct err *err = sym_index_open(l->fd, path ? path : l->path, &options, &l->index);

	if (err_is(err, ERR_NOT_FOUND)) {
		err_destroy(err);
		err = open_debug_file(l, &options, o->debuginfod);
	}
	if (err == NULL)
		return NULL;
	/* Symbols are better than nothing. */
	l->note = mem_printf("%s: %s; functions are named from its symbols", l->path, err_message(err));
	err_destroy(err);
	return NULL;
}

static struct lookup *create(const char *path)
{
	struct lookup *l = mem_calloc(1, sizeof(*l));

	l->path = mem_strdup(path);
	l->fd = -1;
	arena_init(&l->names);
	map_init(&l->demangled);
	pthread_mutex_init(&l->lock, NULL);
	for (size_t i = 0; i < SYM_INDEX_THREADS_MAX; i++)
		arena_init(&l->arenas[i]);
	return l;
}

struct err *lookup_open_space(enum lookup_space_kind kind, const char *what, enum debuginfod_when debuginfod,
			      struct lookup **ret)
{
	struct lookup_space *space;

	TRY(lookup_space_open(kind, what, debuginfod, &space));
	*ret = create(what ? what : "the kernel");
	(*ret)->space = space;
	(*ret)->elf.is_64 = sizeof(long) == 8;
	return NULL;
}

struct err *lookup_open(const char *file, const struct lookup_options *options, struct lookup **ret)
{
	struct lookup *l = create(file);
	struct err *err;

	l->gnu_symbols = options->gnu_symbols;
	err = open_image(l);
	if (err == NULL)
		err = open_index(l, options);
	if (err != NULL) {
		lookup_destroy(l);
		return err;
	}
	*ret = l;
	return NULL;
}

void lookup_set_debug_path(const char *path) { setenv(DEBUG_PATH_VARIABLE, path, 1); }

struct err *lookup_open_kernel(const char *release, const struct lookup_options *options, struct lookup **ret)
{
	struct utsname name;
	CLEANUP(mem_freep) char *path = NULL;

	if (release == NULL && uname(&name) == 0)
		release = name.release;
	path = debug_path_vmlinux(release, NULL);
	if (path == NULL)
		return err_fix(err_new(ERR_NOT_FOUND, "there is no vmlinux of Linux %s here", release),
			       "install the kernel's debug package (linux-image-%s-dbg on Debian), or name the file with -e",
			       release);
	return lookup_open(path, options, ret);
}

void lookup_clear(struct lookup *l)
{
	if (l->space != NULL) {
		/* Demangled names are known by addresses of names that end now. */
		lookup_space_clear(l->space);
		map_clear(&l->demangled);
		arena_deinit(&l->names);
	}
	for (size_t i = 0; i < SYM_INDEX_THREADS_MAX; i++)
		arena_deinit(&l->arenas[i]);
}

void lookup_destroy(struct lookup *l)
{
	if (l == NULL)
		return;
	lookup_clear(l);
	lookup_space_destroy(l->space);
	arena_deinit(&l->names);
	map_deinit(&l->demangled);
	pthread_mutex_destroy(&l->lock);
	symbol_list_deinit(&l->symbols);
	symbol_pick_destroy(l->picked);
	elf_deinit(&l->mini_elf);
	elf_data_deinit(&l->minidebug);
	sym_index_destroy(l->index);
	module_destroy(l->module);
	elf_deinit(&l->elf);
	io_map_deinit(&l->map);
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	free(l->note);
	free(l);
}

const char *lookup_borrow_note(const struct lookup *l) { return l->note; }

unsigned lookup_address_digits(const struct lookup *l) { return l->elf.is_64 ? 16 : 8; }

/* --- symbols ----------------------------------------------------------------------------- */

static bool has_symtab(const struct elf_file *f)
{
	for (size_t i = 1; i < f->section_count; i++)
		if (f->sections[i].type == SHT_SYMTAB)
			return true;
	return false;
}

/* The files that have the symbols.  Returns how many. */
static size_t symbol_files(struct lookup *l, const struct elf_file *files[SYMBOL_PICK_FILES_MAX])
{
	const struct elf_file *debug = l->index ? sym_index_borrow_elf(l->index) : NULL;
	bool full = has_symtab(&l->elf);

	files[0] = full || debug == NULL || !has_symtab(debug) ? &l->elf : debug;
	if (!full && !l->tried_minidebug) {
		CLEANUP(err_destroyp) struct err *err = elf_minidebug(&l->elf, &l->minidebug);

		if (err == NULL)
			err = elf_init(&l->mini_elf, l->minidebug.bytes);
	}
	l->tried_minidebug = true;
	files[1] = &l->mini_elf;
	return l->mini_elf.section_count > 0 ? 2 : 1;
}

static void read_symbols(struct lookup *l)
{
	const struct elf_file *files[SYMBOL_PICK_FILES_MAX];

	if (l->have_symbols)
		return;
	l->have_symbols = true;
	for (size_t i = 0, count = symbol_files(l, files); i < count; i++)
		symbol_list_add(&l->symbols, files[i]);
	symbol_list_sort(&l->symbols);
}

static void load_symbols(struct lookup *l)
{
	pthread_mutex_lock(&l->lock);
	read_symbols(l);
	pthread_mutex_unlock(&l->lock);
}

static uint32_t section_at(const struct lookup *l, uint64_t addr)
{
	for (size_t i = 1; i < l->elf.section_count; i++) {
		const struct elf_section *s = &l->elf.sections[i];

		if ((s->flags & SHF_ALLOC) && !(s->flags & SHF_TLS) && addr >= s->addr &&
		    addr - s->addr < s->size_bytes)
			return (uint32_t)i;
	}
	return 0;
}

static const struct listed_symbol *symbol_at(struct lookup *l, uint64_t addr, bool global_first)
{
	uint32_t section = section_at(l, addr);
	const struct listed_symbol *s;

	load_symbols(l);
	s = global_first ? symbol_list_at_global(&l->symbols, addr) : symbol_list_at(&l->symbols, addr);
	if (section == 0 && s != NULL && s->addr != addr)
		return NULL;
	/* A symbol without a size reaches to the end of its section. */
	if (s != NULL && s->size_bytes == 0 && s->addr != addr && s->section != section)
		return NULL;
	return s;
}

const char *lookup_symbol(struct lookup *l, uint64_t addr, uint64_t *offset, const char **section,
			  uint64_t *section_offset)
{
	uint32_t in = section_at(l, addr);
	const struct listed_symbol *s = symbol_at(l, addr, true);

	*section = in ? l->elf.sections[in].name : NULL;
	*section_offset = in ? addr - l->elf.sections[in].addr : 0;
	if (s == NULL)
		return NULL;
	*offset = addr - s->addr;
	return s->name;
}

struct err *lookup_section(struct lookup *l, const char *name, uint64_t *addr)
{
	for (size_t i = 1; i < l->elf.section_count; i++) {
		if (strcmp(l->elf.sections[i].name, name) != 0)
			continue;
		*addr = l->elf.sections[i].addr;
		return NULL;
	}
	return err_new(ERR_NOT_FOUND, "%s has no section %s", l->path, name);
}

static struct err *named_address(struct lookup *l, const char *name, uint64_t *addr)
{
	const struct listed_symbol *s;
	size_t length = strlen(name);

	if (name[0] == '(' && length > 2 && name[length - 1] == ')') {
		CLEANUP(mem_freep) char *section = mem_strndup(name + 1, length - 2);

		return lookup_section(l, section, addr);
	}
	load_symbols(l);
	s = symbol_list_named(&l->symbols, name);
	if (s == NULL)
		return err_new(ERR_NOT_FOUND, "%s has no symbol %s", l->path, name);
	*addr = s->addr;
	return NULL;
}

struct err *lookup_address(struct lookup *l, const char *expression, uint64_t *addr)
{
	const char *plus = strrchr(expression, '+');
	uint64_t offset = 0;
	char *end;

	if (l->space != NULL)
		return err_new(ERR_USAGE, "%s: names are looked up in one file: give it with -e, the running kernel's vmlinux with -K", expression);
	/* perf and the kernel write symbol+0x12/0x340. */
	if (plus != NULL && plus != expression) {
		errno = 0;
		offset = strtoull(plus + 1, &end, 0);
		if (errno != 0 || end == plus + 1 || (*end != '\0' && *end != '/'))
			plus = NULL;
	}
	if (plus == NULL || plus == expression)
		return named_address(l, expression, addr);

	CLEANUP(mem_freep) char *name = mem_strndup(expression, (size_t)(plus - expression));

	TRY(named_address(l, name, addr));
	*addr += offset;
	return NULL;
}

static struct symbol_pick *open_pick(struct lookup *l)
{
	const struct elf_file *files[SYMBOL_PICK_FILES_MAX];

	if (l->picked == NULL) {
		l->picked = symbol_pick_create();
		for (size_t i = 0, count = symbol_files(l, files); i < count; i++)
			symbol_pick_add_file(l->picked, files[i]);
	}
	return l->picked;
}

void lookup_expect_functions(struct lookup *l, const char *name, const char *const *names, size_t count)
{
	pthread_mutex_lock(&l->lock);
	if (symbol_pick_want(open_pick(l), name))
		for (size_t i = 0; i < count; i++)
			(void)symbol_pick_want(l->picked, names[i]);
	pthread_mutex_unlock(&l->lock);
}

/* Is a function of OWN bytes SIZE bytes long, padding counted that the kernel counts for the one before it? */
static bool fits(uint64_t size_bytes, uint64_t own)
{
	enum { PADDING = 64 };

	return size_bytes == 0 || size_bytes == own || (size_bytes > own && size_bytes - own < PADDING);
}

/* Under the lock.  True: *addr is it; false: *count are called so, none is that long. */
static bool pick_function(struct lookup *l, const char *name, uint64_t size_bytes, uint64_t *addr, uint64_t *known, size_t *count)
{
	size_t first;

	*count = symbol_pick_named(open_pick(l), name, &first);
	for (size_t i = first; i < first + *count; i++) {
		const struct listed_symbol *s = symbol_pick_get(l->picked, i);

		*addr = s->addr;
		*known = s->size_bytes > size_bytes ? s->size_bytes : size_bytes;
		if (fits(size_bytes, s->size_bytes))
			return true;
		*known = symbol_pick_room(l->picked, i);
		if (*known == size_bytes)
			return true;
	}
	return false;
}

struct err *lookup_function(struct lookup *l, const char *name, uint64_t size_bytes, uint64_t *addr, uint64_t *known)
{
	size_t count;

	pthread_mutex_lock(&l->lock);
	bool found = pick_function(l, name, size_bytes, addr, known, &count);

	pthread_mutex_unlock(&l->lock);
	if (found)
		return NULL;
	return count > 0 ? err_new(ERR_FORMAT, "%s is 0x%" PRIx64 " bytes in %s, not 0x%" PRIx64, name, *known, l->path, size_bytes) :
			   err_new(ERR_NOT_FOUND, "%s has no symbol %s", l->path, name);
}

/* --- answers ----------------------------------------------------------------------------- */

static void add_symbol_name(struct lookup *l, uint64_t addr, struct index_chain *ret)
{
	const struct listed_symbol *s = symbol_at(l, addr, false);

	if (s == NULL)
		return;
	if (l->gnu_symbols)
		s = symbol_list_first_alias(&l->symbols, s);
	if (ret->count == 0) {
		ret->frames = ARENA_NEW(&l->arenas[0], struct index_frame);
		ret->count = 1;
	}

	struct index_frame *f = &ret->frames[ret->count - 1];

	f->function = s->name;
	if (l->gnu_symbols && f->path.name == NULL && f->line == 0)
		f->path = (struct dwarf_path){ NULL, NULL, s->file };
}

struct err *lookup_find_line(struct lookup *l, uint64_t addr, struct index_chain *answer)
{
	memset(answer, 0, sizeof(*answer));
	return l->index != NULL ? sym_index_find(l->index, addr, &l->arenas[0], answer) : NULL;
}

struct err *lookup_find(struct lookup *l, const uint64_t *addrs, size_t count, struct index_chain *answers)
{
	memset(answers, 0, count * sizeof(*answers));
	if (l->space != NULL)
		return lookup_space_find(l->space, addrs, count, answers);
	if (l->index != NULL && count == 1)
		TRY(sym_index_find(l->index, addrs[0], &l->arenas[0], &answers[0]));
	else if (l->index != NULL)
		TRY(sym_index_find_many(l->index, addrs, count, l->arenas, answers));
	for (size_t i = 0; i < count; i++)
		if (answers[i].count == 0 || answers[i].frames[answers[i].count - 1].function == NULL)
			add_symbol_name(l, addrs[i], &answers[i]);
	return NULL;
}

struct err *lookup_expect(struct lookup *l, size_t count)
{
	return l->index ? sym_index_expect(l->index, count) : NULL;
}

bool lookup_add_path(const struct index_frame *f, bool basename_only, struct str *text)
{
	return index_add_path(&f->path, basename_only, text);
}

/* Outside of the lock: it is what takes time. */
static const char *demangle_new(struct lookup *l, const char *name)
{
	struct arena a;
	const char *text, *kept;
	bool is_new;

	arena_init(&a);
	text = sym_demangle(name, &a);
	pthread_mutex_lock(&l->lock);

	uint64_t *slot = map_get(&l->demangled, (uintptr_t)name, &is_new);

	if (is_new)
		*slot = (uintptr_t)(text == name ? name : arena_strdup(&l->names, text));
	kept = (const char *)(uintptr_t)*slot;
	pthread_mutex_unlock(&l->lock);
	arena_deinit(&a);
	return kept;
}

const char *lookup_demangle(struct lookup *l, const char *name)
{
	pthread_mutex_lock(&l->lock);

	uint64_t *slot = map_find(&l->demangled, (uintptr_t)name);
	const char *known = slot ? (const char *)(uintptr_t)*slot : NULL;

	pthread_mutex_unlock(&l->lock);
	return known ? known : demangle_new(l, name);
}
