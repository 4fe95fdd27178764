/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The addresses are sorted by module and offset, and each module's run of them is one
 * piece of work, taken by whichever thread is free; the largest go first.  Everything
 * about the kernel is a single piece, since all of it is answered from one list.
 *
 * A thread has a symbolizer and an arena of its own: finders keep state without locks, and
 * what a module needed is dropped as soon as its addresses are done.
 */
#include "sym/batch.h"

#include "base/mem.h"
#include "base/vec.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MAX = 4, STACK_BYTES = 16 << 20, PROGRESS_EVERY = 256 };

/* Part of the sorted order: one module, or all of the kernel's. */
struct piece {
	size_t from, to;
};

struct job {
	struct sym_batch *batch;
	uint32_t *order; /* indices of addresses */
	VEC(struct piece) pieces;
	atomic_size_t next, done;
	pthread_t main_thread;
};

struct worker {
	struct job *job;
	struct symbolizer *symbolizer;
	struct arena *text;
	struct err *err;
	pthread_t thread;
	bool started;
};

static bool is_kernel(const struct sym_batch *b, uint32_t module)
{
	enum module_kind kind = b->modules[module].key.kind;

	return kind == MODULE_KERNEL || kind == MODULE_KERNEL_MODULE;
}

/* --- the order ----------------------------------------------------------------------------- */

static int order_compare(const void *a, const void *b, void *user)
{
	const struct sym_batch *batch = user;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const struct sym_batch_address *x = &batch->addresses[i], *y = &batch->addresses[j];
	bool x_kernel = is_kernel(batch, x->module), y_kernel = is_kernel(batch, y->module);

	if (x_kernel != y_kernel)
		return x_kernel ? -1 : 1;
	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (i > j) - (i < j);
}

static uint32_t module_at(const struct job *job, size_t at)
{
	return job->batch->addresses[job->order[at]].module;
}

static int larger_first(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	size_t x_count = x->to - x->from, y_count = y->to - y->from;

	return (x_count < y_count) - (x_count > y_count);
}

static void cut_pieces(struct job *job)
{
	struct sym_batch *b = job->batch;
	size_t from = 0;

	for (size_t i = 0; i < b->address_count; i++)
		job->order[i] = (uint32_t)i;
	qsort_r(job->order, b->address_count, sizeof(*job->order), order_compare, b);
	for (size_t i = 1; i <= b->address_count; i++) {
		if (i < b->address_count &&
		    (module_at(job, i) == module_at(job, from) ||
		     (is_kernel(b, module_at(job, i)) && is_kernel(b, module_at(job, from)))))
			continue;
		vec_push(&job->pieces, ((struct piece){ from, i }));
		from = i;
	}
	vec_sort(&job->pieces, larger_first);
}

/* --- one module ---------------------------------------------------------------------------- */

static void make_note(struct sym_batch_module *bm, const struct module *m, const char *why,
		      struct arena *a)
{
	bm->trouble = module_trouble(m);
	bm->build_id = *module_borrow_build_id(m);
	if (module_borrow_note(m) != NULL)
		bm->note = arena_strdup(a, module_borrow_note(m));
	else if (bm->resolved == 0 && why != NULL)
		bm->note = arena_strdup(a, why);
	else if (bm->resolved < bm->asked && why != NULL)
		bm->note = arena_printf(a, "%s (%zu of %zu addresses have no name)", why,
					bm->asked - bm->resolved, bm->asked);
}

static void tell_progress(struct job *job)
{
	struct sym_batch *b = job->batch;

	if (b->progress != NULL && pthread_equal(pthread_self(), job->main_thread))
		b->progress(b->user, atomic_load(&job->done), b->address_count);
}

static struct err *resolve_one(struct worker *w, struct module *m, struct sym_batch_module *bm,
			       struct sym_batch_address *at, const char **why)
{
	uint64_t offset = at->offset - (at->exact || at->offset == 0 ? 0 : 1);

	TRY(symbolize(w->symbolizer, m, bm->key.pid, offset, w->text, &at->chain));
	if (!module_offset_to_vaddr(m, at->offset, &at->vaddr))
		at->vaddr = 0;
	bm->asked++;
	if (at->chain.count > 0 && !at->chain.frames[at->chain.count - 1].nameless)
		bm->resolved++;
	else
		*why = at->chain.why = arena_strdup(w->text, at->chain.why);
	return NULL;
}

/* All addresses of one module: order[from .. to - 1]. */
static struct err *resolve_module(struct worker *w, size_t from, size_t to)
{
	struct job *job = w->job;
	struct sym_batch_module *bm = &job->batch->modules[module_at(job, from)];
	const char *why = NULL;
	struct module *m;
	struct err *err = NULL;

	TRY(module_create(&bm->key, &m));
	for (size_t i = from; i < to && !err; i++) {
		err = resolve_one(w, m, bm, &job->batch->addresses[job->order[i]], &why);
		if (atomic_fetch_add(&job->done, 1) % PROGRESS_EVERY == 0)
			tell_progress(job);
	}
	make_note(bm, m, why, w->text);
	symbolizer_forget(w->symbolizer, m);
	module_destroy(m);
	return err;
}

static struct err *resolve_piece(struct worker *w, const struct piece *piece)
{
	size_t from = piece->from;

	for (size_t i = from + 1; i <= piece->to; i++) {
		if (i < piece->to && module_at(w->job, i) == module_at(w->job, from))
			continue;
		TRY(resolve_module(w, from, i));
		from = i;
	}
	return NULL;
}

/* --- threads --------------------------------------------------------------------------------- */

static void *work(void *user)
{
	struct worker *w = user;
	struct job *job = w->job;
	size_t i;

	w->err = symbolizer_create(&job->batch->options, &w->symbolizer);
	while (!w->err && (i = atomic_fetch_add(&job->next, 1)) < job->pieces.n) {
		w->err = resolve_piece(w, &job->pieces.v[i]);
		tell_progress(job);
	}
	symbolizer_destroy(w->symbolizer);
	return NULL;
}

static unsigned thread_count(const struct job *job)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = job->batch->thread_count;

	if (count == 0)
		count = cpus > 1 ? (size_t)cpus : 1;
	if (count > THREADS_MAX)
		count = THREADS_MAX;
	/* Few addresses are done before a second thread has started. */
	if (count > job->pieces.n || job->batch->address_count < 64)
		count = job->pieces.n ? 1 : 0;
	return (unsigned)count;
}

/* The calling thread is worker 0.  One that can't be started is simply missing. */
static struct err *run_workers(struct job *job, struct worker *workers, unsigned count)
{
	pthread_attr_t attributes;
	struct err *err = NULL;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (unsigned i = 1; i < count; i++)
		workers[i].started = pthread_create(&workers[i].thread, &attributes, work, &workers[i]) == 0;
	pthread_attr_destroy(&attributes);
	work(&workers[0]);
	for (unsigned i = 0; i < count; i++) {
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
		if (err == NULL)
			err = workers[i].err;
		else
			err_destroy(workers[i].err);
	}
	return err;
}

struct err *sym_batch_run(struct sym_batch *b)
{
	struct job job = { .batch = b, .main_thread = pthread_self() };
	struct worker workers[THREADS_MAX] = { 0 };

	for (size_t i = 0; i < b->module_count; i++)
		b->modules[i].build_id = b->modules[i].key.build_id;
	if (b->address_count == 0)
		return NULL;
	if (b->address_count > UINT32_MAX)
		return err_new(ERR_LIMIT, "%zu addresses are more than one batch takes", b->address_count);
	job.order = mem_calloc(b->address_count, sizeof(*job.order));
	cut_pieces(&job);

	unsigned count = thread_count(&job);

	b->texts = mem_calloc(count, sizeof(*b->texts));
	b->text_count = count;
	for (unsigned i = 0; i < count; i++) {
		arena_init(&b->texts[i]);
		workers[i] = (struct worker){ .job = &job, .text = &b->texts[i] };
	}

	struct err *err = run_workers(&job, workers, count);

	vec_deinit(&job.pieces);
	free(job.order);
	return err;
}

void sym_batch_deinit(struct sym_batch *b)
{
	for (size_t i = 0; i < b->text_count; i++)
		arena_deinit(&b->texts[i]);
	free(b->texts);
	b->texts = NULL;
	b->text_count = 0;
}
