/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording as the text of `perf script`:
 *
 *     cc1  4711/4711  [001]  12345.678901:  1003009 cpu-clock:
 *             55d0c4a3108f parse_line+0x0 (/usr/bin/cc1)
 *             ...
 *
 * One sample after the other in the order of the recording; an inlined call is a line of
 * its own with "(inlined)", as perf writes it.  The lines of a stack are made once and
 * kept, by stack: a profile has few distinct ones.  Addresses are those of the process
 * where a mapping of the recording says where the file lay, else offsets in the file.
 */
#include "convert/exporter.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "event/types.h"
#include "record/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 4096, CACHE_BYTES_MAX = 256 << 20 };

struct writer {
	const struct export_input *input;
	struct recording *r;
	FILE *out;
	struct map stacks; /* pid << 32 | stack -> text offset + 1 in `texts` */
	VEC(char *) texts;
	size_t cached_bytes;
	const struct row_mapping *mappings;
	size_t mapping_count;
	struct map first_mapping; /* module << 32 | pid -> index + 1 of its first mapping */
	struct str text;
};

static const char *string_of(const struct writer *w, uint32_t id)
{
	const char *text = id ? recording_string(w->r, id) : NULL;

	return text ? text : "";
}

/* --- frames ------------------------------------------------------------------------------ */

static struct err *load_mappings(struct writer *w)
{
	const void *rows;

	TRY(recording_side_rows(w->r, TYPE_mapping, &rows, &w->mapping_count));
	w->mappings = rows;
	for (size_t i = w->mapping_count; i-- > 0;)
		*map_get(&w->first_mapping,
			 (uint64_t)w->mappings[i].module << 32 | w->mappings[i].pid, NULL) = i + 1;
	return NULL;
}

/* Where a file offset lay in the process; the offset itself when that is not known. */
static uint64_t address_of(const struct writer *w, const struct export_frame *f, uint32_t module,
			   uint32_t pid)
{
	const uint64_t *first = map_find(&w->first_mapping, (uint64_t)module << 32 | pid);

	if (!first || f->module_kind == MODULE_KERNEL || f->module_kind == MODULE_KERNEL_MODULE ||
	    f->module_kind == MODULE_ANON)
		return f->offset;
	for (size_t i = *first - 1; i < w->mapping_count; i++) {
		const struct row_mapping *m = &w->mappings[i];

		if (m->module == module && m->pid == pid && f->offset >= m->offset &&
		    f->offset - m->offset < m->size_bytes)
			return m->addr + (f->offset - m->offset);
	}
	return f->offset;
}

/* perf's name of a module. */
static const char *module_name(const struct export_frame *f)
{
	if (f->module_kind == MODULE_KERNEL)
		return "[kernel.kallsyms]";
	return *f->module_path ? f->module_path : "[unknown]";
}

static void add_frame(struct writer *w, uint32_t frame, uint32_t pid)
{
	const struct row_frame *row = recording_side_find(w->r, TYPE_frame, frame);
	struct export_frame f;

	if (!row || !w->input->frame(w->input->user, frame, &f))
		return;

	uint64_t address = address_of(w, &f, row->module, pid);

	for (uint32_t i = 0; i < f.call_count; i++) {
		struct export_call call;

		w->input->call(w->input->user, frame, i, &call);
		str_printf(&w->text, "\t%16llx %s (%s)\n", (unsigned long long)address,
			   call.function ? call.function : "[unknown]",
			   call.inlined ? "inlined" : module_name(&f));
	}
}

/* The lines of a stack, from the cache or made now (then in w->text). */
static const char *stack_lines(struct writer *w, uint32_t stack, uint32_t pid)
{
	uint64_t key = (uint64_t)pid << 32 | stack;
	const uint64_t *known = map_find(&w->stacks, key);

	if (known)
		return w->texts.v[*known];
	str_clear(&w->text);
	for (int depth = 0; stack && depth < DEPTH_MAX; depth++) {
		const struct row_stack *row = recording_side_find(w->r, TYPE_stack, stack);

		if (!row)
			break;
		add_frame(w, row->frame, pid);
		stack = row->parent;
	}
	if (w->cached_bytes + w->text.length < CACHE_BYTES_MAX) {
		w->cached_bytes += w->text.length + 1;
		*map_get(&w->stacks, key, NULL) = w->texts.n;
		vec_push(&w->texts, mem_strdup(str_text(&w->text)));
	}
	return str_text(&w->text);
}

/* --- samples ------------------------------------------------------------------------------- */

static void write_sample(struct writer *w, const union column *c, size_t i)
{
	const struct row_thread *t = recording_side_find(w->r, TYPE_thread, c[2].u32[i]);
	const struct row_event *e = recording_side_find(w->r, TYPE_event, c[5].u32[i]);
	const char *comm = t ? string_of(w, t->comm) : "", *event = e ? string_of(w, e->name) : "";
	uint64_t time_ns = c[0].u64[i];

	fprintf(w->out, "%s %u/%u [%03u] %llu.%06llu: %10llu %s:\n%s\n", *comm ? comm : "[unknown]",
		t ? t->pid : 0, t ? t->tid : 0, c[4].u32[i],
		(unsigned long long)(time_ns / 1000000000),
		(unsigned long long)(time_ns / 1000 % 1000000), (unsigned long long)c[1].u64[i],
		*event ? event : "sample", stack_lines(w, c[3].u32[i], t ? t->pid : 0));
}

static struct err *write_samples(struct writer *w)
{
	static const char *const columns[] = { "time_ns", "period", "thread", "stack",
					       "cpu",	  "event",  NULL };
	struct scan *scan;
	struct batch batch;
	bool more;
	struct err *err;

	TRY(load_mappings(w));
	TRY(scan_create(w->r, "sample", &(struct scan_options){ .columns = columns }, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more && !ferror(w->out))
		for (size_t i = 0; i < batch.rows; i++)
			write_sample(w, batch.columns, i);
	scan_destroy(scan);
	return err;
}

static struct err *perf_script_export(const struct export_input *input, FILE *out)
{
	struct writer w = { .input = input, .r = input->recording, .out = out };

	map_init(&w.stacks);
	map_init(&w.first_mapping);

	struct err *err = write_samples(&w);

	if (!err && (fflush(out) != 0 || ferror(out)))
		err = err_errno(errno, "cannot write perf script text");
	for (size_t i = 0; i < w.texts.n; i++)
		free(w.texts.v[i]);
	vec_deinit(&w.texts);
	map_deinit(&w.stacks);
	map_deinit(&w.first_mapping);
	str_deinit(&w.text);
	return err;
}

const struct exporter exporter_perf_script = {
	.name = "perf-script",
	.summary = "the text that perf script prints, for everything that reads that",
	.write = perf_script_export,
};
