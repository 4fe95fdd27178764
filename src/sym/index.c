/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three ways to an answer, from quick to thorough:
 *   mapped     an index in the cache: microseconds an address
 *   direct     the units that hold the addresses are read: milliseconds a unit, and
 *              memory for one unit a thread
 *   building   all units are read once: about a second for half a gigabyte of DWARF
 * A few questions are asked directly; when the units read that way add up to a good part
 * of the file, or when many addresses come at once, the index is built.
 */
#include "sym/index.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/radix.h"
#include "module/index_cache.h"
#include "sym/index_build.h"
#include "sym/index_file.h"
#include "sym/unit_map.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	READERS = 4,          /* units kept for single questions */
	UNITS_AT_ADDR_MAX = 8,
	BUILD_ADDRESSES = 4000, /* so many at once are worth an index */
	BUILD_LOADS = 16,     /* after so many units one by one, and a quarter of the file, too */
	PACKED_QUESTIONS = 16, /* ... of a file that has to be unpacked anyway, */
	PACKED_BYTES = 64 << 20, /* and is no larger */
	FORGET_EVERY = 32,
	DAMAGES_MAX = 2,      /* so often an index is believed once more */
};

struct sym_index {
	struct sym_index_options options;
	int fd;                /* of the source: only to name it */
	struct debug_file *file;
	char *name, *path;     /* of the index; path NULL: not kept */
	uint64_t key;
	bool mapped;
	struct index_file index;
	VEC(struct index_file) damaged; /* texts of earlier answers are in them */

	/* direct */
	bool direct;           /* the unit map is there */
	struct unit_map units;
	struct unit_reader readers[READERS];
	bool used[READERS];
	size_t next_reader;
	uint64_t loads, loaded_bytes;
	uint64_t asked;        /* one by one */
};

/* --- open -------------------------------------------------------------------------------- */

static void tell_damage(const char *why)
{
	log_note("%s: removed, names come from the debug information itself", why);
}

/* A damaged index goes; one of another version will be replaced. */
static void try_cache(struct sym_index *ix)
{
	CLEANUP(err_destroyp) struct err *err = NULL;

	if (ix->path == NULL || ix->options.direct)
		return;
	err = index_file_open(ix->path, ix->key, &ix->index);
	ix->mapped = err == NULL;
	if (err_is(err, ERR_FORMAT) && unlink(ix->path) == 0)
		tell_damage(err_message(err));
	else if (err_is(err, ERR_PERMISSION))
		log_info("%s", err_message(err));
	else if (err != NULL && !err_is(err, ERR_NOT_FOUND))
		log_debug("%s", err_message(err));
}

/* Was the index found to be damaged?  Then all goes on as if there had been none: the next one
 * that is worth it is made anew. */
static bool drop_damaged(struct sym_index *ix)
{
	if (!ix->mapped || !index_file_is_damaged(&ix->index))
		return false;

	CLEANUP(mem_freep) char *why = mem_printf("%s: the index is damaged", ix->path ? ix->path : "memory");

	if (ix->path != NULL)
		unlink(ix->path);
	tell_damage(why);
	vec_push(&ix->damaged, ix->index);
	ix->index = (struct index_file){ 0 };
	ix->mapped = false;
	/* A disk or memory that damages each one. */
	if (ix->damaged.n > DAMAGES_MAX)
		ix->options.direct = true;
	return true;
}

struct err *sym_index_open(int fd, const char *path, const struct sym_index_options *options,
			   struct sym_index **ret)
{
	struct sym_index *ix = mem_calloc(1, sizeof(*ix));
	struct err *err = debug_file_open(fd, path, &ix->file);

	if (err != NULL) {
		free(ix);
		return err;
	}
	ix->options = *options;
	ix->name = index_cache_name(fd, &ix->file->elf, &ix->key);
	if (!options->no_cache)
		ix->path = index_cache_path(ix->name, "idx");
	try_cache(ix);
	*ret = ix;
	return NULL;
}

void sym_index_destroy(struct sym_index *ix)
{
	if (ix == NULL)
		return;
	for (size_t i = 0; i < READERS; i++)
		if (ix->used[i])
			unit_reader_deinit(&ix->readers[i]);
	unit_map_deinit(&ix->units);
	if (ix->mapped)
		index_file_close(&ix->index);
	for (size_t i = 0; i < ix->damaged.n; i++)
		index_file_close(&ix->damaged.v[i]);
	vec_deinit(&ix->damaged);
	debug_file_destroy(ix->file);
	free(ix->name);
	free(ix->path);
	free(ix);
}

const struct elf_file *sym_index_borrow_elf(const struct sym_index *ix) { return &ix->file->elf; }

static void add_part(struct str *text, const char *part)
{
	str_add(text, part);
	str_add_char(text, '/');
}

bool index_add_path(const struct dwarf_path *path, bool basename_only, struct str *text)
{
	const char *dir = path->dir && path->dir[0] ? path->dir : NULL, *comp_dir = path->comp_dir;
	const char *slash = path->name && basename_only ? strrchr(path->name, '/') : NULL;

	if (path->name == NULL)
		return false;
	if (path->name[0] != '/' && !basename_only) {
		if (comp_dir != NULL && (dir == NULL || (dir[0] != '/' && strcmp(dir, comp_dir) != 0)))
			add_part(text, comp_dir);
		if (dir != NULL)
			add_part(text, dir);
	}
	str_add(text, slash ? slash + 1 : path->name);
	return true;
}

/* --- building ---------------------------------------------------------------------------- */

static struct err *build_to(struct sym_index *ix, int fd)
{
	struct index_build_options options = { .key = ix->key, .thread_count = ix->options.thread_count,
					       .progress = ix->options.progress, .user = ix->options.user };

	TRY(index_build(ix->file, fd, &options));
	debug_file_forget(ix->file, ix->file->image);
	malloc_trim(0);
	TRY(index_file_open_fd(fd, ix->key, &ix->index));
	ix->mapped = true;
	return NULL;
}

/* In memory, for this process alone. */
static struct err *build_unkept(struct sym_index *ix)
{
	CLEANUP(io_closep) int fd = memfd_create("sonde-index", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(errno, "cannot make a file in memory for the index");
	return build_to(ix, fd);
}

/* An index without what companions hold must not outlive their absence. */
static struct err *build(struct sym_index *ix)
{
	CLEANUP(io_closep) int fd = -1;
	CLEANUP(mem_freep) char *temporary = NULL;
	struct err *err;

	TRY(debug_file_load(ix->file));
	if (ix->path == NULL || ix->file->missing > 0)
		return build_unkept(ix);
	err = index_cache_begin(ix->path, &fd, &temporary);
	if (err != NULL) {
		log_info("%s; the index is not kept", err_message(err));
		err_destroy(err);
		return build_unkept(ix);
	}
	err = build_to(ix, fd);
	if (err == NULL && ix->file->missing == 0)
		err = index_cache_publish(temporary, ix->path);
	else
		unlink(temporary);
	return err;
}

/* --- direct ------------------------------------------------------------------------------ */

static struct err *prepare_direct(struct sym_index *ix)
{
	TRY(debug_file_load(ix->file));
	if (!ix->direct)
		unit_map_init(&ix->units, ix->file);
	ix->direct = true;
	return NULL;
}

static struct unit_reader *reader_for(struct sym_index *ix, uint64_t unit)
{
	struct unit_reader *r;

	for (size_t i = 0; i < READERS; i++)
		if (ix->used[i] && ix->readers[i].unit.offset == unit)
			return &ix->readers[i];
	r = &ix->readers[ix->next_reader];
	if (!ix->used[ix->next_reader])
		unit_reader_init(r, ix->file);
	ix->used[ix->next_reader] = true;
	ix->next_reader = (ix->next_reader + 1) % READERS;
	unit_reader_load(r, unit, FUNCTIONS_PLACES);
	ix->loads++;
	ix->loaded_bytes += r->unit.end - r->unit.offset;
	return r;
}

static bool is_whole(const struct index_chain *c)
{
	return c->count > 0 && c->frames[c->count - 1].function != NULL;
}

/* The best answer of a unit so far: one with a function is better than lines alone. */
static void ask_unit(struct unit_reader *r, uint64_t addr, struct arena *a, struct index_chain *best)
{
	struct index_chain chain;

	unit_reader_find(r, addr, a, &chain);
	if (!is_whole(&chain) && r->split.end > 0 && r->functions.functions.n > 0) {
		/* Functions inside of functions are found only when all is looked at. */
		struct functions f = { .budget = r->functions.budget };

		functions_read(&f, &r->split, FUNCTIONS_EXPANDED);
		if (f.functions.n > r->functions.functions.n) {
			functions_deinit(&r->functions);
			r->functions = f;
			unit_reader_find(r, addr, a, &chain);
		} else {
			functions_deinit(&f);
		}
	}
	if (best->count == 0 || is_whole(&chain))
		*best = chain;
}

static void find_direct(struct sym_index *ix, uint64_t addr, struct arena *a, struct index_chain *ret)
{
	uint64_t units[UNITS_AT_ADDR_MAX];

	do {
		size_t count = unit_map_find(&ix->units, addr, units, UNITS_AT_ADDR_MAX);

		for (size_t i = 0; i < count && !is_whole(ret); i++)
			ask_unit(reader_for(ix, units[i]), addr, a, ret);
	} while (!is_whole(ret) && unit_map_complete(&ix->units));
}

/* Unpacking DWARF takes longer than all else, and without an index it is done each time. */
static bool is_packed(const struct sym_index *ix)
{
	uint64_t bytes = ix->file->loaded ? debug_file_bytes(ix->file) : 0;

	return bytes > ix->file->image.size_bytes && bytes < PACKED_BYTES;
}

static bool is_worth_building(const struct sym_index *ix)
{
	if (ix->asked > PACKED_QUESTIONS && ix->path != NULL && is_packed(ix))
		return true;
	return ix->loads >= BUILD_LOADS &&
	       ix->loaded_bytes > ix->file->dwarf.sections.info.size_bytes / 4;
}

struct err *sym_index_find(struct sym_index *ix, uint64_t addr, struct arena *a, struct index_chain *ret)
{
	*ret = (struct index_chain){ 0 };
	ix->asked++;
	TRY(sym_index_expect(ix, 1));
	if (ix->mapped) {
		index_file_find(&ix->index, addr, a, ret);
		if (!drop_damaged(ix))
			return NULL;
		*ret = (struct index_chain){ 0 };
	}
	TRY(prepare_direct(ix));
	find_direct(ix, addr, a, ret);
	return NULL;
}

/* --- many -------------------------------------------------------------------------------- */

struct question {
	uint64_t unit, addr;
	size_t index;
};

struct many {
	struct sym_index *ix;
	const uint64_t *addrs;
	size_t count;
	struct index_chain *chains;
	VEC(struct question) questions; /* by unit */
	VEC(size_t) starts;             /* of each unit's questions */
	size_t part;                    /* addresses that a thread takes at once, from the index */
	atomic_size_t next;
};

struct asker {
	struct many *m;
	struct arena *arena;
	pthread_t thread;
	bool started;
};

static int question_compare(const void *a, const void *b)
{
	const struct question *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void group_questions(struct many *m)
{
	uint64_t unit;

	unit_map_complete(&m->ix->units);
	unit_map_sort(&m->ix->units);
	for (size_t i = 0; i < m->count; i++)
		if (unit_map_find(&m->ix->units, m->addrs[i], &unit, 1) == 1)
			vec_push(&m->questions, ((struct question){ unit, m->addrs[i], i }));
	vec_sort(&m->questions, question_compare);
	for (size_t i = 0; i < m->questions.n; i++)
		if (i == 0 || m->questions.v[i].unit != m->questions.v[i - 1].unit)
			vec_push(&m->starts, i);
	vec_push(&m->starts, m->questions.n);
}

/* Memory stays at what a unit needs. */
static void forget_unit(const struct debug_file *f, const struct dwarf_unit *u, size_t number)
{
	const struct dwarf_sections *s = &f->dwarf.sections;

	debug_file_forget(f, bytes_slice(s->info, u->offset, u->end - u->offset));
	if (number % FORGET_EVERY == 0) {
		debug_file_forget(f, s->str);
		debug_file_forget(f, s->line);
	}
}

static void *ask_units(void *user)
{
	struct asker *asker = user;
	struct many *m = asker->m;
	struct unit_reader r;
	VEC(uint64_t) wanted = { 0 };
	size_t group;

	unit_reader_init(&r, m->ix->file);
	while ((group = atomic_fetch_add(&m->next, 1)) + 1 < m->starts.n) {
		const struct question *q = &m->questions.v[m->starts.v[group]];

		if (!unit_reader_load(&r, q->unit, FUNCTIONS_PLACES))
			continue;
		vec_clear(&wanted);
		for (size_t i = m->starts.v[group]; i < m->starts.v[group + 1]; i++)
			vec_push(&wanted, m->questions.v[i].addr);
		r.wanted = wanted.v;
		r.wanted_count = wanted.n;
		for (size_t i = m->starts.v[group]; i < m->starts.v[group + 1]; i++, q++)
			ask_unit(&r, q->addr, asker->arena, &m->chains[q->index]);
		forget_unit(m->ix->file, &r.unit, group);
	}
	unit_reader_deinit(&r);
	vec_deinit(&wanted);
	return NULL;
}

/* A part of the addresses, in the order of the file: what one answer needed is in the CPU's
 * caches for the next. */
static void *ask_index(void *user)
{
	struct asker *asker = user;
	struct many *m = asker->m;
	VEC(struct radix_item) questions = { 0 };
	size_t from, to;

	while ((from = atomic_fetch_add(&m->next, m->part)) < m->count) {
		to = m->count - from < m->part ? m->count : from + m->part;
		vec_clear(&questions);
		vec_reserve(&questions, to - from);
		for (size_t i = from; i < to; i++)
			vec_push(&questions, ((struct radix_item){ .key = m->addrs[i], .index = i }));
		radix_sort(questions.v, questions.n);
		for (size_t i = 0; i < questions.n; i++)
			index_file_find(&m->ix->index, questions.v[i].key, asker->arena,
					&m->chains[questions.v[i].index]);
	}
	vec_deinit(&questions);
	return NULL;
}

/* Threads for so many pieces of work. */
static size_t asker_count(const struct sym_index *ix, size_t work)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = ix->options.thread_count ? ix->options.thread_count : (size_t)(cpus > 0 ? cpus : 1);

	if (count > SYM_INDEX_THREADS_MAX)
		count = SYM_INDEX_THREADS_MAX;
	if (count > work)
		count = work ? work : 1;
	return count;
}

static void run_askers(struct many *m, struct arena *arenas, void *(*ask)(void *), size_t work)
{
	size_t count = asker_count(m->ix, work);
	struct asker askers[SYM_INDEX_THREADS_MAX] = { 0 };

	for (size_t i = 0; i < count; i++)
		askers[i] = (struct asker){ .m = m, .arena = &arenas[i] };
	for (size_t i = 1; i < count; i++)
		askers[i].started = pthread_create(&askers[i].thread, NULL, ask, &askers[i]) == 0;
	ask(&askers[0]);
	for (size_t i = 1; i < count; i++)
		if (askers[i].started)
			pthread_join(askers[i].thread, NULL);
}

static uint64_t unit_bytes(const struct sym_index *ix, uint64_t offset)
{
	struct dwarf_unit u;

	return dwarf_unit_read(&ix->file->dwarf, offset, &u) ? u.end - u.offset : 0;
}

/* Where the first unit that was asked had no answer, others may. */
static void ask_again(struct many *m, struct arena *a)
{
	for (size_t i = 0; i < m->questions.n; i++) {
		const struct question *q = &m->questions.v[i];

		if (!is_whole(&m->chains[q->index]))
			find_direct(m->ix, q->addr, a, &m->chains[q->index]);
	}
}

static struct err *find_many_direct(struct many *m, struct arena *arenas)
{
	TRY(prepare_direct(m->ix));
	group_questions(m);
	m->ix->loads += m->starts.n - 1;
	for (size_t i = 0; i + 1 < m->starts.n; i++)
		m->ix->loaded_bytes += unit_bytes(m->ix, m->questions.v[m->starts.v[i]].unit);
	run_askers(m, arenas, ask_units, m->starts.n - 1);
	ask_again(m, &arenas[0]);
	vec_deinit(&m->questions);
	vec_deinit(&m->starts);
	return NULL;
}

struct err *sym_index_expect(struct sym_index *ix, size_t count)
{
	if (ix->mapped || ix->options.direct || (!ix->options.build && count < BUILD_ADDRESSES && !is_worth_building(ix)))
		return NULL;
	return build(ix);
}

/* False: the index turned out to be damaged. */
static bool find_many_mapped(struct many *m, struct arena *arenas)
{
	if (m->count >= BUILD_ADDRESSES)
		index_file_check(&m->ix->index);
	m->part = m->count / asker_count(m->ix, m->count / 1024) + 1;
	atomic_store(&m->next, 0);
	if (!index_file_is_damaged(&m->ix->index))
		run_askers(m, arenas, ask_index, m->count / 1024);
	return !drop_damaged(m->ix);
}

struct err *sym_index_find_many(struct sym_index *ix, const uint64_t *addrs, size_t count,
				struct arena *arenas, struct index_chain *chains)
{
	struct many m = { .ix = ix, .addrs = addrs, .count = count, .chains = chains };

	do {
		memset(chains, 0, count * sizeof(*chains));
		TRY(sym_index_expect(ix, count));
		if (!ix->mapped) {
			atomic_store(&m.next, 0);
			return find_many_direct(&m, arenas);
		}
	} while (!find_many_mapped(&m, arenas));
	return NULL;
}
