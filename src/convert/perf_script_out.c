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
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 4096, CACHE_BYTES_MAX = 256 << 20, ANCESTORS_MAX = 32 };

/* What -F names. */
enum field {
	FIELD_COMM_NAME = 1,
	FIELD_PID_NUMBER = 2,
	FIELD_TID_NUMBER = 4,
	FIELD_CPU = 8,
	FIELD_TIME = 16,
	FIELD_PERIOD = 32,
	FIELD_EVENT_NAME = 64,
	FIELD_IP = 128,
	FIELD_SYM = 256,
	FIELD_DSO = 512,
	FIELD_SRCLINE = 1024,
};
static const char *const field_names[] = { "comm",  "pid", "tid", "cpu", "time",    "period",
					   "event", "ip",  "sym", "dso", "srcline", NULL };
enum { FIELDS_DEFAULT = FIELD_SRCLINE - 1 };

/* A process as far as its addresses go. */
struct process {
	VEC(uint32_t) mappings; /* row indices, in order of time */
	size_t seen;		/* of them, by the time of the sample at hand */
	uint32_t ppid;
	uint64_t start_ns;
};
struct lines {
	char *text;
	size_t seen; /* as the process's when it was made */
};

struct writer {
	const struct export_input *input;
	struct recording *r;
	FILE *out;
	unsigned fields;
	struct map stacks; /* pid << 33 | stack << 1 | in a chain -> index + 1 in `lines` */
	VEC(struct lines) lines;
	size_t cached_bytes;
	const struct row_mapping *mappings;
	size_t mapping_count;
	struct map processes; /* pid -> struct process * */
	struct map deep_events; /* events that have call chains */
	struct str text;
};

static const char *string_of(const struct writer *w, uint32_t id)
{
	const char *text = id ? recording_string(w->r, id) : NULL;

	return text ? text : "";
}

/* --- processes ------------------------------------------------------------------------------ */

static struct process *process_of(struct writer *w, uint32_t pid)
{
	uint64_t *slot = map_get(&w->processes, pid, NULL);

	if (!*slot)
		*slot = (uintptr_t)mem_calloc(1, sizeof(struct process));
	return (struct process *)(uintptr_t)*slot;
}

static struct err *load_processes(struct writer *w)
{
	const struct row_thread *threads;
	size_t thread_count;
	const void *rows;

	TRY(recording_side_rows(w->r, TYPE_mapping, &rows, &w->mapping_count));
	w->mappings = rows;
	for (size_t i = 0; i < w->mapping_count; i++)
		vec_push(&process_of(w, w->mappings[i].pid)->mappings, (uint32_t)i);
	TRY(recording_side_rows(w->r, TYPE_thread, &rows, &thread_count));
	threads = rows;
	for (size_t i = thread_count; i-- > 0;) { /* the first of a process stays */
		struct process *p = process_of(w, threads[i].pid);

		p->ppid = threads[i].ppid;
		p->start_ns = threads[i].start_ns;
	}
	return NULL;
}

/* The newest mapping of the module, by that time, that has the offset. */
static const struct row_mapping *mapping_of(const struct writer *w, const struct process *p, uint32_t module,
					    uint64_t offset, uint64_t time_ns)
{
	for (size_t i = p->mappings.n; i-- > 0;) {
		const struct row_mapping *m = &w->mappings[p->mappings.v[i]];

		if (m->module == module && m->start_ns <= time_ns && offset >= m->offset &&
		    offset - m->offset < m->size_bytes + (m->size_bytes < UINT64_MAX))
			return m;
	}
	return NULL;
}

/* Where a file offset lay in the process; the offset itself when that is not known.  What a
 * process didn't map itself it has from the one that forked it. */
static uint64_t address_of(struct writer *w, const struct export_frame *f, uint32_t module, uint32_t pid,
			   uint64_t time_ns)
{
	if (f->module_kind == MODULE_KERNEL || f->module_kind == MODULE_KERNEL_MODULE ||
	    f->module_kind == MODULE_ANON || !module)
		return f->offset;
	for (int i = 0; i < ANCESTORS_MAX && pid; i++) {
		const struct process *p = process_of(w, pid);
		const struct row_mapping *m = mapping_of(w, p, module, f->offset, time_ns);

		if (m)
			return m->addr + (f->offset - m->offset);
		if (p->start_ns && p->start_ns < time_ns)
			time_ns = p->start_ns;
		pid = p->ppid == pid ? 0 : p->ppid;
	}
	return f->offset;
}

/* --- frames ------------------------------------------------------------------------------ */

/* perf's name of a module. */
static const char *module_name(const struct export_frame *f)
{
	if (f->module_kind == MODULE_KERNEL)
		return "[kernel.kallsyms]";
	return *f->module_path ? f->module_path : "[unknown]";
}

static void add_srcline(struct writer *w, const struct export_call *call)
{
	if (w->fields & FIELD_SRCLINE && call->file)
		str_printf(&w->text, "\n  %s:%u", call->file, call->line);
}

/* One line a call; with addresses alone, one an address.  IN_CHAIN and with chosen fields,
 * addresses of files are offsets in them, as perf script has it. */
static void add_frame(struct writer *w, uint32_t frame, uint32_t pid, uint64_t time_ns, bool in_chain)
{
	const struct row_frame *row = recording_side_find(w->r, TYPE_frame, frame);
	bool named = (w->fields & (FIELD_SYM | FIELD_DSO | FIELD_SRCLINE)) != 0;
	struct export_frame f;

	if (!row || !w->input->frame(w->input->user, frame, &f) || f.left_out)
		return;

	bool as_offset = in_chain && w->input->fields && f.module_kind != MODULE_UNKNOWN && row->module;
	uint64_t address = as_offset ? f.offset : address_of(w, &f, row->module, pid, time_ns);

	for (uint32_t i = 0; i < (named ? f.call_count : 1); i++) {
		struct export_call call;

		w->input->call(w->input->user, frame, i, &call);
		str_add_char(&w->text, '\t');
		if (w->fields & FIELD_IP)
			str_printf(&w->text, "%16" PRIx64, address);
		if (w->fields & FIELD_SYM)
			str_printf(&w->text, " %s", call.function ? call.function : "[unknown]");
		if (w->fields & FIELD_DSO)
			str_printf(&w->text, " (%s)", call.inlined ? "inlined" : module_name(&f));
		add_srcline(w, &call);
		str_add_char(&w->text, '\n');
	}
}

static void render_stack(struct writer *w, uint32_t stack, uint32_t pid, uint64_t time_ns, bool in_chain)
{
	uint64_t max = w->input->max_stack && w->input->max_stack < DEPTH_MAX ? w->input->max_stack : DEPTH_MAX;

	str_clear(&w->text);
	for (uint64_t depth = 0; stack && depth < max; depth++) {
		const struct row_stack *row = recording_side_find(w->r, TYPE_stack, stack);

		if (!row)
			break;
		add_frame(w, row->frame, pid, time_ns, in_chain);
		stack = row->parent;
	}
}

/* The lines of a stack, from the cache or made now (then in w->text).  They are made anew when
 * the process has mapped something since. */
static const char *stack_lines(struct writer *w, uint32_t stack, uint32_t pid, uint64_t time_ns,
			       bool in_chain)
{
	struct process *p = process_of(w, pid);
	uint64_t key = (uint64_t)pid << 33 | (uint64_t)stack << 1 | in_chain;
	const uint64_t *known = map_find(&w->stacks, key);
	struct lines *lines = known ? &w->lines.v[*known - 1] : NULL;

	while (p->seen < p->mappings.n && w->mappings[p->mappings.v[p->seen]].start_ns <= time_ns)
		p->seen++;
	if (lines && lines->seen == p->seen)
		return lines->text;
	render_stack(w, stack, pid, time_ns, in_chain);
	if (!lines && w->cached_bytes + w->text.length < CACHE_BYTES_MAX) {
		lines = vec_add(&w->lines);
		*map_get(&w->stacks, key, NULL) = w->lines.n;
	}
	if (lines) {
		w->cached_bytes += w->text.length + 1;
		w->cached_bytes -= lines->text ? strlen(lines->text) + 1 : 0;
		free(lines->text);
		*lines = (struct lines){ mem_strdup(str_text(&w->text)), p->seen };
	}
	return str_text(&w->text);
}

/* --- samples ------------------------------------------------------------------------------- */

enum { TIME, PERIOD, THREAD, STACK, CPU, EVENT };

static void write_ids(const struct writer *w, const struct row_thread *t)
{
	const char *comm = t ? string_of(w, t->comm) : "";
	int pid = t ? (int)t->pid : 0, tid = t ? (int)t->tid : 0;

	if (w->fields & FIELD_COMM_NAME && *comm)
		fprintf(w->out, "%s ", comm);
	else if (w->fields & FIELD_COMM_NAME)
		fprintf(w->out, ":%d ", tid);
	if (w->fields & FIELD_PID_NUMBER && w->fields & FIELD_TID_NUMBER)
		fprintf(w->out, "%d/%d ", pid, tid);
	else if (w->fields & (FIELD_PID_NUMBER | FIELD_TID_NUMBER))
		fprintf(w->out, "%d ", w->fields & FIELD_PID_NUMBER ? pid : tid);
}

static void write_head(const struct writer *w, const union column *c, size_t i)
{
	const struct row_event *e = recording_side_find(w->r, TYPE_event, c[EVENT].u32[i]);
	const char *event = e ? string_of(w, e->name) : "";
	uint64_t time_ns = c[TIME].u64[i];

	write_ids(w, recording_side_find(w->r, TYPE_thread, c[THREAD].u32[i]));
	if (w->fields & FIELD_CPU && (w->input->fields || c[CPU].u32[i] != SAMPLE_NO_CPU))
		fprintf(w->out, "[%03d] ", c[CPU].u32[i] == SAMPLE_NO_CPU ? -1 : (int)c[CPU].u32[i]);
	if (w->fields & FIELD_TIME && w->input->nanoseconds)
		fprintf(w->out, "%" PRIu64 ".%09" PRIu64 ": ", time_ns / 1000000000, time_ns % 1000000000);
	else if (w->fields & FIELD_TIME)
		fprintf(w->out, "%" PRIu64 ".%06" PRIu64 ": ", time_ns / 1000000000, time_ns / 1000 % 1000000);
	if (w->fields & FIELD_PERIOD)
		fprintf(w->out, "%10" PRIu64 " ", c[PERIOD].u64[i]);
	if (w->fields & FIELD_EVENT_NAME)
		fprintf(w->out, "%s:", *event ? event : "sample");
}

/* Events without call chains have their address on the line, as perf does it, when the fields
 * were chosen: readers of plain perf script look for it on lines of its own. */
static void write_sample(struct writer *w, const union column *c, size_t i)
{
	const struct row_thread *t = recording_side_find(w->r, TYPE_thread, c[THREAD].u32[i]);

	write_head(w, c, i);
	if (!(w->fields & (FIELD_IP | FIELD_SYM | FIELD_DSO))) {
		fputc('\n', w->out);
		return;
	}

	bool deep = map_find(&w->deep_events, c[EVENT].u32[i]) != NULL;
	const char *lines = stack_lines(w, c[STACK].u32[i], t ? t->pid : 0, c[TIME].u64[i], deep);

	if (w->input->fields && !deep)
		fprintf(w->out, "%s", *lines ? lines : "\n");
	else
		fprintf(w->out, "\n%s\n", lines);
}

static bool is_wanted(const struct writer *w, const union column *c, size_t i)
{
	const struct export_input *in = w->input;
	const struct row_event *e = in->event ? recording_side_find(w->r, TYPE_event, c[EVENT].u32[i]) : NULL;

	return (!in->event || (e && str_eq(string_of(w, e->name), in->event))) &&
	       in->wants(in->user, c[THREAD].u32[i], c[STACK].u32[i], c[TIME].u64[i]);
}

static struct err *each_sample(struct writer *w, void (*visit)(struct writer *, const union column *, size_t))
{
	static const char *const columns[] = { "time_ns", "period", "thread", "stack",
					       "cpu",	  "event",  NULL };
	struct scan *scan;
	struct batch batch;
	bool more;
	struct err *err;

	TRY(scan_create(w->r, "sample", &(struct scan_options){ .columns = columns }, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more && !ferror(w->out))
		for (size_t i = 0; i < batch.rows; i++)
			if (is_wanted(w, batch.columns, i))
				visit(w, batch.columns, i);
	scan_destroy(scan);
	return err;
}

static void look_at_depth(struct writer *w, const union column *c, size_t i)
{
	const struct row_stack *row = recording_side_find(w->r, TYPE_stack, c[STACK].u32[i]);

	if (row && row->parent)
		map_get(&w->deep_events, c[EVENT].u32[i], NULL);
}

static struct err *write_samples(struct writer *w)
{
	TRY(load_processes(w));
	if (w->input->fields)
		TRY(each_sample(w, look_at_depth));
	return each_sample(w, write_sample);
}

static struct err *parse_fields(const char *text, unsigned *fields)
{
	*fields = text ? 0 : FIELDS_DEFAULT;
	while (text && *text) {
		size_t length = strcspn(text, ","), i = 0;

		while (field_names[i] && (strlen(field_names[i]) != length ||
					  strncmp(field_names[i], text, length) != 0))
			i++;
		if (!field_names[i])
			return err_fix(err_new(ERR_USAGE, "no field \"%.*s\"", (int)length, text),
				       "known fields: comm,pid,tid,cpu,time,period,event,ip,sym,dso,srcline");
		*fields |= 1U << i;
		text += length + (text[length] == ',');
	}
	return NULL;
}

static void writer_deinit(struct writer *w)
{
	struct map_slot *slot;

	for (size_t i = 0; i < w->lines.n; i++)
		free(w->lines.v[i].text);
	vec_deinit(&w->lines);
	for (size_t i = 0; (slot = map_next(&w->processes, &i)) != NULL;) {
		struct process *p = (struct process *)(uintptr_t)slot->value;

		vec_deinit(&p->mappings);
		free(p);
	}
	map_deinit(&w->processes);
	map_deinit(&w->deep_events);
	map_deinit(&w->stacks);
	str_deinit(&w->text);
}

static struct err *perf_script_export(const struct export_input *input, FILE *out)
{
	struct writer w = { .input = input, .r = input->recording, .out = out };

	TRY(parse_fields(input->fields, &w.fields));
	map_init(&w.stacks);
	map_init(&w.processes);
	map_init(&w.deep_events);

	struct err *err = write_samples(&w);

	if (!err && (fflush(out) != 0 || ferror(out)))
		err = err_errno(errno, "cannot write perf script text");
	writer_deinit(&w);
	return err;
}

const struct exporter exporter_perf_script = {
	.name = "perf-script",
	.summary = "the text that perf script prints, for everything that reads that",
	.takes = EXPORT_RECORDING,
	.write = perf_script_export,
};
