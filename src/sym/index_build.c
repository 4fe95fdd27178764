/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads take the units one by one.  A unit becomes blobs, which go to the file at once,
 * and intervals, which are kept until the end, sorted and made disjoint.  So memory holds
 * strings and intervals, not the DWARF; pages of the source are given back to the kernel
 * behind us.
 *
 * Every piece of work is bounded by the size of what it comes from, also for hostile
 * files: each line program is read once, range lists have a budget, and names have a
 * longest length.
 */
#include "sym/index_build.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "sym/index_file.h"
#include "sym/index_tree.h"
#include "sym/leb.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

enum {
	THREADS_MAX = 16, STACK_BYTES = 1 << 20, FLUSH_BYTES = 1 << 20, PROGRESS_EVERY = 16,
	FORGET_EVERY = 32, NAME_MAX_BYTES = 64 << 10,
};

/* An interval with what decides between two that begin alike: the order in the source. */
struct placed {
	struct index_interval in;
	uint64_t order;
};
typedef VEC(struct placed) placed_vec;

struct build {
	struct debug_file *file;
	const struct index_build_options *options;
	int fd;
	VEC(uint64_t) units;
	atomic_size_t next;
	atomic_bool failed;
	_Atomic uint64_t blob_bytes;

	pthread_mutex_t lock; /* for all below */
	struct map names;     /* text's address -> id */
	struct strmap texts;  /* parts of paths -> id */
	struct strmap paths;  /* struct index_path -> id */
	struct map line_programs; /* offsets that were taken */
	struct str strings;
	uint64_t strings_max; /* texts may overlap in the source: no more than twice its size */
	VEC(struct index_path) files;
	placed_vec functions, lines;
	struct err *err;
	pthread_t main_thread;
};

struct worker {
	struct build *b;
	struct unit_reader reader;
	struct str blobs;
	placed_vec functions, lines; /* blob: offset in blobs until they are flushed */
	size_t functions_flushed, lines_flushed;
	struct map names;            /* DIE -> id, of this unit */
	VEC(uint32_t) files, call_files; /* file number of this unit -> id + 1 */
	struct index_tree tree;
	pthread_t thread;
	bool started;
};

/* --- strings and paths ------------------------------------------------------------------- */

static uint32_t add_string(struct build *b, const char *text)
{
	size_t length = strnlen(text, NAME_MAX_BYTES), at = b->strings.length;

	if (at + length + 1 > b->strings_max)
		return 0;
	str_add_n(&b->strings, text, length);
	str_add_char(&b->strings, '\0');
	return (uint32_t)at;
}

/* The id of a function's name; texts are told apart by where they are, which is quick, and
 * linkers have merged equal ones. */
static uint32_t intern_name(struct build *b, const char *name)
{
	bool is_new;

	if (name == NULL || name[0] == '\0')
		return 0;
	pthread_mutex_lock(&b->lock);

	uint64_t *slot = map_get(&b->names, (uintptr_t)name, &is_new);

	if (is_new)
		*slot = add_string(b, name);

	uint32_t id = (uint32_t)*slot;

	pthread_mutex_unlock(&b->lock);
	return id;
}

static uint32_t intern_text(struct build *b, const char *text)
{
	bool is_new;

	if (text == NULL || text[0] == '\0')
		return 0;

	uint64_t *slot = strmap_get(&b->texts, text, strnlen(text, NAME_MAX_BYTES), &is_new);

	if (is_new)
		*slot = add_string(b, text);
	return (uint32_t)*slot;
}

static uint32_t intern_path(struct build *b, const struct dwarf_path *path)
{
	bool is_new;

	pthread_mutex_lock(&b->lock);

	struct index_path ids = { intern_text(b, path->comp_dir), intern_text(b, path->dir),
				  intern_text(b, path->name) };
	uint64_t *slot = strmap_get(&b->paths, (const char *)&ids, sizeof(ids), &is_new);

	if (is_new) {
		*slot = b->files.n;
		vec_push(&b->files, ids);
	}

	uint32_t id = (uint32_t)*slot;

	pthread_mutex_unlock(&b->lock);
	return id;
}

static uint32_t name_of(struct worker *w, struct dwarf_ref die)
{
	bool is_new;

	if (die.dwarf == NULL)
		return 0;
	/* A unit refers to its own file, and to one dwz file. */
	uint64_t *slot = map_get(&w->names, die.offset << 1 | (die.dwarf == w->reader.split.dwarf), &is_new);

	if (is_new) {
		uint32_t id = intern_name(w->b, unit_reader_name(&w->reader, die));

		*slot = id;
		return id;
	}
	return (uint32_t)*slot;
}

static uint32_t file_of(struct worker *w, uint64_t file, bool call)
{
	/* Only split units number the files of calls apart. */
	bool apart = call && w->reader.is_split;
	struct dwarf_path path;
	uint32_t id = 0;

	if (file > 1 << 20)
		return 0;
	while ((apart ? w->call_files.n : w->files.n) <= file) {
		if (apart)
			vec_push(&w->call_files, 0);
		else
			vec_push(&w->files, 0);
	}

	uint32_t *slot = apart ? &w->call_files.v[file] : &w->files.v[file];

	if (*slot != 0)
		return *slot - 1;
	if (unit_reader_path(&w->reader, file, call, &path))
		id = intern_path(w->b, &path);
	*slot = id + 1;
	return id;
}

/* --- blobs ------------------------------------------------------------------------------- */

static size_t blob_begin(struct worker *w)
{
	size_t at = w->blobs.length;

	str_add_n(&w->blobs, "\0\0\0", 4);
	return at;
}

static void blob_end(struct worker *w, size_t at)
{
	uint32_t size_bytes = (uint32_t)(w->blobs.length - at - 4);

	memcpy(w->blobs.text + at, &size_bytes, 4);
}

static void settle(placed_vec *v, size_t *flushed, uint64_t by)
{
	for (; *flushed < v->n; (*flushed)++)
		v->v[*flushed].in.blob += by;
}

static struct err *write_at(int fd, const void *data, size_t size_bytes, uint64_t at)
{
	const char *p = data;

	while (size_bytes > 0) {
		ssize_t n = pwrite(fd, p, size_bytes, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(n < 0 ? errno : ENOSPC, "cannot write the index");
		p += n;
		at += (uint64_t)n;
		size_bytes -= (size_t)n;
	}
	return NULL;
}

static void fail(struct build *b, struct err *err)
{
	pthread_mutex_lock(&b->lock);
	if (b->err == NULL)
		b->err = err;
	else
		err_destroy(err);
	pthread_mutex_unlock(&b->lock);
	atomic_store(&b->failed, true);
}

static void flush(struct worker *w)
{
	struct build *b = w->b;
	uint64_t at = atomic_fetch_add(&b->blob_bytes, w->blobs.length);
	struct err *err = write_at(b->fd, w->blobs.text, w->blobs.length, INDEX_HEADER_BYTES + at);

	if (err != NULL)
		fail(b, err);
	settle(&w->functions, &w->functions_flushed, at);
	settle(&w->lines, &w->lines_flushed, at);
	str_clear(&w->blobs);
}

/* --- functions --------------------------------------------------------------------------- */

static void put_call(void *user, const struct function_node *n, struct str *out)
{
	struct worker *w = user;

	put_uleb(out, name_of(w, n->origin));
	put_uleb(out, file_of(w, n->call_file, true));
	put_uleb(out, n->call_line);
	put_uleb(out, n->call_column);
}

static uint64_t lowest(const struct functions *f, const struct function *fn)
{
	uint64_t low = UINT64_MAX;

	for (uint32_t i = fn->range_first; i < fn->range_first + fn->range_count; i++)
		low = f->ranges.v[i].low < low ? f->ranges.v[i].low : low;
	return low;
}

static void put_function(struct worker *w, const struct function *fn, uint64_t order)
{
	const struct functions *f = &w->reader.functions;
	uint64_t base = lowest(f, fn);
	size_t at = 0;
	bool any = false;

	for (uint32_t i = fn->range_first; i < fn->range_first + fn->range_count; i++) {
		const struct dwarf_range *r = &f->ranges.v[i];

		if (!debug_file_is_code(w->b->file, r->low))
			continue;
		if (!any)
			at = blob_begin(w);
		any = true;
		vec_push(&w->functions, ((struct placed){ { r->low, r->high, at }, order }));
	}
	if (!any)
		return;
	put_uleb(&w->blobs, base);
	put_uleb(&w->blobs, intern_name(w->b, unit_reader_function_name(&w->reader,
									 (size_t)(fn - f->functions.v))));
	index_tree_put(&w->tree, f, fn, base, put_call, w, &w->blobs);
	blob_end(w, at);
}

/* --- lines ------------------------------------------------------------------------------- */

/* Rows that say the same as the one before are left out. */
static size_t put_rows(struct worker *w, const struct line_sequence *s, size_t from)
{
	const struct dwarf_row *rows = &w->reader.lines.rows.v[s->first];
	struct dwarf_row before = { .addr = rows[from].addr };
	uint32_t file_before = 0;
	size_t i, kept = 0;

	put_uleb(&w->blobs, before.addr);
	for (i = from; i < s->count && kept < INDEX_ROWS_MAX; i++) {
		const struct dwarf_row *row = &rows[i];
		bool column = row->column != before.column;
		bool discriminator = row->discriminator != before.discriminator;
		uint32_t file;

		if (kept > 0 && row->file == before.file && row->line == before.line && !column && !discriminator)
			continue;
		file = file_of(w, row->file, false);
		put_uleb(&w->blobs, (row->addr - before.addr) << 3 | (uint64_t)discriminator << 2 |
					    (uint64_t)(file != file_before) << 1 | column);
		put_sleb(&w->blobs, (int32_t)(row->line - before.line));
		if (file != file_before)
			put_uleb(&w->blobs, file);
		if (column)
			put_uleb(&w->blobs, row->column);
		if (discriminator)
			put_uleb(&w->blobs, row->discriminator);
		before = *row;
		file_before = file;
		kept++;
	}
	return i;
}

static void put_sequence(struct worker *w, const struct line_sequence *s, uint64_t order)
{
	const struct dwarf_row *rows = &w->reader.lines.rows.v[s->first];
	size_t from = 0;

	while (from < s->count) {
		size_t at = blob_begin(w), to = put_rows(w, s, from);
		uint64_t high = to < s->count ? rows[to].addr : s->high;

		blob_end(w, at);
		vec_push(&w->lines, ((struct placed){ { rows[from].addr, high, at }, order }));
		from = to;
	}
}

/* Each line program is for one unit only: a file may not make us read one again and again.
 * (dwz's partial units name those of others.) */
static bool take_line_program(struct worker *w)
{
	const struct dwarf_unit *u = &w->reader.unit;
	bool is_new = false;

	if (!u->has_line)
		return false;
	pthread_mutex_lock(&w->b->lock);
	map_get(&w->b->line_programs, u->line_offset, &is_new);
	pthread_mutex_unlock(&w->b->lock);
	return is_new;
}

/* --- units ------------------------------------------------------------------------------- */

static void forget_source(struct worker *w, size_t index)
{
	const struct dwarf_unit *u = &w->reader.unit;
	const struct dwarf_sections *s = &u->dwarf->sections;

	debug_file_forget(w->b->file, bytes_slice(s->info, u->offset, u->end - u->offset));
	if (index % FORGET_EVERY == 0) {
		debug_file_forget(w->b->file, s->str);
		debug_file_forget(w->b->file, s->line);
	}
}

static void put_unit(struct worker *w, size_t index)
{
	struct unit_reader *r = &w->reader;
	uint64_t order = (uint64_t)index << 32;

	if (!unit_reader_load(r, w->b->units.v[index], FUNCTIONS_EXPANDED))
		return;
	map_clear(&w->names);
	vec_clear(&w->files);
	vec_clear(&w->call_files);

	bool take_lines = take_line_program(w);

	/* A unit without code needs no line table either. */
	if (r->functions.functions.n == 0 && !take_lines)
		return;
	if (!take_lines)
		unit_reader_read_files(r);
	else
		unit_reader_read_lines(r);
	for (size_t i = 0; i < r->functions.functions.n; i++)
		put_function(w, &r->functions.functions.v[i], order + i);
	for (size_t i = 0; take_lines && i < r->sequences.n; i++)
		put_sequence(w, &r->sequences.v[i], order + i);
	if (w->blobs.length > FLUSH_BYTES)
		flush(w);
	forget_source(w, index);
}

static void hand_over(struct worker *w)
{
	struct build *b = w->b;

	flush(w);
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < w->functions.n; i++)
		vec_push(&b->functions, w->functions.v[i]);
	for (size_t i = 0; i < w->lines.n; i++)
		vec_push(&b->lines, w->lines.v[i]);
	pthread_mutex_unlock(&b->lock);
	vec_deinit(&w->functions);
	vec_deinit(&w->lines);
}

static void *work(void *user)
{
	struct worker *w = user;
	struct build *b = w->b;
	size_t i;

	unit_reader_init(&w->reader, b->file);
	map_init(&w->names);
	while (!atomic_load(&b->failed) && (i = atomic_fetch_add(&b->next, 1)) < b->units.n) {
		put_unit(w, i);
		if (b->options->progress != NULL && i % PROGRESS_EVERY == 0 &&
		    pthread_equal(pthread_self(), b->main_thread))
			b->options->progress(b->options->user, i, b->units.n);
	}
	hand_over(w);
	unit_reader_deinit(&w->reader);
	map_deinit(&w->names);
	vec_deinit(&w->files);
	vec_deinit(&w->call_files);
	index_tree_deinit(&w->tree);
	str_deinit(&w->blobs);
	return NULL;
}

static void run_workers(struct build *b)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = b->options->thread_count ? b->options->thread_count : (size_t)(cpus > 0 ? cpus : 1);
	struct worker workers[THREADS_MAX] = { 0 };

	if (count > THREADS_MAX)
		count = THREADS_MAX;
	if (count > b->units.n)
		count = b->units.n ? b->units.n : 1;
	for (size_t i = 0; i < count; i++)
		workers[i].b = b;
	for (size_t i = 1; i < count; i++)
		workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
	work(&workers[0]);
	for (size_t i = 1; i < count; i++)
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
}

/* --- tables ------------------------------------------------------------------------------ */

/* Outer before inner; of two alike the first of the source is looked at last, and wins. */
static int placed_compare(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->in.low != y->in.low)
		return x->in.low < y->in.low ? -1 : 1;
	if (x->in.high != y->in.high)
		return x->in.high > y->in.high ? -1 : 1;
	return (x->order < y->order) - (x->order > y->order);
}

typedef VEC(struct index_interval) interval_vec;

static void emit(interval_vec *out, uint64_t low, uint64_t high, uint64_t blob)
{
	if (low >= high)
		return;
	if (out->n > 0 && vec_last(out)->high == low && vec_last(out)->blob == blob)
		vec_last(out)->high = high;
	else
		vec_push(out, ((struct index_interval){ low, high, blob }));
}

/* Where intervals overlap the one that begins last counts, as long as it lasts. */
static void make_disjoint(placed_vec *in, interval_vec *out)
{
	VEC(struct index_interval) open = { 0 };
	uint64_t at = 0;

	vec_sort(in, placed_compare);
	for (size_t i = 0; i <= in->n; i++) {
		uint64_t next = i < in->n ? in->v[i].in.low : UINT64_MAX;

		while (open.n > 0 && at < next) {
			struct index_interval *top = vec_last(&open);
			uint64_t high = top->high < next ? top->high : next;

			emit(out, at, high, top->blob);
			if (high > at)
				at = high;
			if (top->high <= next)
				(void)vec_pop(&open);
			else
				break;
		}
		at = next;
		if (i < in->n)
			vec_push(&open, in->v[i].in);
	}
	vec_deinit(&open);
	vec_deinit(in);
}

struct writer {
	int fd;
	uint64_t at;
	struct err *err;
};

static struct index_part write_part(struct writer *w, const void *data, size_t size_bytes)
{
	struct index_part part = { (w->at + 7) & ~(uint64_t)7, size_bytes };

	if (w->err == NULL && size_bytes > 0)
		w->err = write_at(w->fd, data, size_bytes, part.offset);
	w->at = part.offset + size_bytes;
	return part;
}

static void write_intervals(struct writer *w, placed_vec *v, struct index_part *part)
{
	interval_vec disjoint = { 0 };

	make_disjoint(v, &disjoint);
	*part = write_part(w, disjoint.v, disjoint.n * sizeof(*disjoint.v));
	vec_deinit(&disjoint);
}

/* Over all that was written, read back from the page cache. */
static struct err *write_checks(struct writer *w, struct index_header *h)
{
	uint64_t end = (w->at + 7) & ~(uint64_t)7;
	VEC(uint32_t) checks = { 0 };
	uint8_t *image;

	if (ftruncate(w->fd, (off_t)end) != 0)
		return err_errno(errno, "cannot write the index");
	image = mmap(NULL, end, PROT_READ, MAP_SHARED, w->fd, 0);
	if (image == MAP_FAILED)
		return err_errno(errno, "cannot map the index");
	for (uint64_t at = INDEX_HEADER_BYTES; at < end; at += INDEX_PAGE_BYTES)
		vec_push(&checks, index_check(image + at, end - at < INDEX_PAGE_BYTES ? (size_t)(end - at)
										 : INDEX_PAGE_BYTES));
	munmap(image, end);
	h->checks = write_part(w, checks.v, checks.n * sizeof(*checks.v));
	h->checks_hash = XXH3_64bits(checks.v, checks.n * sizeof(*checks.v));
	vec_deinit(&checks);
	return w->err;
}

static struct err *write_tables(struct build *b)
{
	struct writer w = { .fd = b->fd, .at = INDEX_HEADER_BYTES + b->blob_bytes };
	struct index_header h = { .magic = INDEX_MAGIC, .version = INDEX_VERSION,
				  .byte_order = 0x01020304, .key = b->options->key,
				  .blobs = { INDEX_HEADER_BYTES, b->blob_bytes } };
	char page[INDEX_HEADER_BYTES] = { 0 };

	write_intervals(&w, &b->functions, &h.functions);
	write_intervals(&w, &b->lines, &h.lines);
	h.files = write_part(&w, b->files.v, b->files.n * sizeof(*b->files.v));
	h.strings = write_part(&w, b->strings.text, b->strings.length);
	TRY(w.err);
	TRY(write_checks(&w, &h));
	h.file_bytes = w.at;
	h.check = XXH3_64bits(&h, offsetof(struct index_header, check));
	memcpy(page, &h, sizeof(h));
	return write_at(b->fd, page, sizeof(page), 0);
}

static void list_units(struct build *b)
{
	struct dwarf_unit u;

	for (uint64_t at = 0; dwarf_unit_read(&b->file->dwarf, at, &u); at = u.end)
		vec_push(&b->units, u.offset);
}

struct err *index_build(struct debug_file *file, int fd, const struct index_build_options *options)
{
	struct build b = { .file = file, .options = options, .fd = fd, .main_thread = pthread_self() };
	struct err *err;

	pthread_mutex_init(&b.lock, NULL);
	map_init(&b.names);
	map_init(&b.line_programs);
	strmap_init(&b.texts);
	strmap_init(&b.paths);
	str_add_n(&b.strings, "", 1);
	vec_push(&b.files, ((struct index_path){ 0, 0, 0 }));
	b.strings_max = 2 * debug_file_bytes(file) + (1 << 20);
	if (b.strings_max > UINT32_MAX)
		b.strings_max = UINT32_MAX;
	list_units(&b);
	run_workers(&b);
	err = b.err ? b.err : write_tables(&b);
	vec_deinit(&b.units);
	vec_deinit(&b.files);
	vec_deinit(&b.functions);
	vec_deinit(&b.lines);
	map_deinit(&b.names);
	map_deinit(&b.line_programs);
	strmap_deinit(&b.texts);
	strmap_deinit(&b.paths);
	str_deinit(&b.strings);
	pthread_mutex_destroy(&b.lock);
	return err;
}
