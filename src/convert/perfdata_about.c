/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said about a perf.data as a whole, once its records are read: where it was recorded
 * and with which events, how many records of which type, what of it a recording has no place
 * for; and which of its files may be looked for on this machine.
 *
 * A file is the same one when its build-id is.  Where perf.data has no build-id for it (it
 * lists those that had samples, and pipes have none), a file of that path is taken only when
 * host name and age say that it was there already: a name from another build of a library
 * looks right and is a lie.
 */
#include "convert/perfdata_in.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "capture/track.h"
#include "module/module.h"
#include "module/elf_head.h"
#include "record/recorder.h"
#include "record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- notes ------------------------------------------------------------------------------------------ */

static void note_records(struct perfdata_import *p)
{
	struct str text = { 0 };
	uint64_t total = p->unknown_types;

	for (unsigned i = 0; i < PERFDATA_TYPE_END; i++)
		total += p->counts[i];
	str_printf(&text, "TOTAL %" PRIu64, total);
	for (unsigned i = 0; i < PERFDATA_TYPE_END; i++) {
		const char *name = perfdata_type_name(i);

		if (p->counts[i] && name)
			str_printf(&text, ", %s %" PRIu64, name, p->counts[i]);
		else
			p->unknown_types += p->counts[i];
	}
	if (p->unknown_types)
		str_printf(&text, ", unknown %" PRIu64, p->unknown_types);
	recorder_note(p->out->recorder, "perf.data.records", str_text(&text));
	str_deinit(&text);
}

static void note_events(struct perfdata_import *p)
{
	struct str text = { 0 };

	for (size_t i = 0; i < perfdata_event_count(p->file); i++) {
		const struct perfdata_event *e = perfdata_event(p->file, i);
		CLEANUP(mem_freep) char *key = mem_printf("perf.data.event.%zu", i + 1);
		struct str attr = { 0 };

		str_clear(&text);
		perfdata_attr_text(&e->attr, &attr);
		str_printf(&text, "%s: %s", e->name, str_text(&attr));
		recorder_note(p->out->recorder, key, str_text(&text));
		str_deinit(&attr);
	}
	str_deinit(&text);
}

static void note_features(struct perfdata_import *p)
{
	for (unsigned i = 0; i < PERFDATA_FEATURE_END; i++) {
		CLEANUP(mem_freep) char *key = NULL;
		struct str text = { 0 };

		if (i != PERFDATA_HOSTNAME && i != PERFDATA_CMDLINE && perfdata_feature_name(i))
			perfdata_feature_text(p->file, i, &text);
		if (text.length > 0) {
			key = mem_printf("perf.data.%s", perfdata_feature_name(i));
			recorder_note(p->out->recorder, key, str_text(&text));
		}
		str_deinit(&text);
	}
}

static void note_clock(struct perfdata_import *p)
{
	static const char *const clocks[] = { "CLOCK_REALTIME", "CLOCK_MONOTONIC", NULL, NULL,
					      "CLOCK_MONOTONIC_RAW", NULL, NULL, "CLOCK_BOOTTIME" };
	const struct perfdata_attr *a = perfdata_event_count(p->file) ? &perfdata_event(p->file, 0)->attr : NULL;
	const char *clock = "the scheduler's clock, which starts about when the machine does";

	if (a && perfdata_flag(a, PERFDATA_USE_CLOCKID) && a->clockid >= 0 &&
	    (size_t)a->clockid < sizeof(clocks) / sizeof(*clocks) && clocks[a->clockid])
		clock = clocks[a->clockid];
	recorder_note(p->out->recorder, "perf.data.clock", clock);
}

/* --- what there is no place for ----------------------------------------------------------------------- */

static void missing_count(struct perfdata_import *p, uint64_t count, const char *unit, const char *what,
			  const char *fix)
{
	if (count == 0)
		return;

	CLEANUP(mem_freep) char *why = mem_printf("%" PRIu64 " %s have them; a recording has no place for them",
						  count, unit);

	recorder_missing(p->out->recorder, what, why, fix);
}

static void note_missing(struct perfdata_import *p)
{
	struct recorder *r = p->out->recorder;
	uint64_t trace = perfdata_auxtrace_bytes(p->file);

	missing_count(p, p->branch_samples, "samples", "branch stacks", "perf script -F +brstack shows them");
	missing_count(p, p->data_samples, "samples", "data addresses and sources", "perf mem report shows them");
	missing_count(p, p->raw_samples, "samples", "raw data of tracepoints", "perf script shows it");
	if (trace) {
		CLEANUP(mem_freep)
		char *why = mem_printf("%" PRIu64 " bytes of Intel PT, CoreSight or the like, which sonde "
				       "doesn't decode", trace);

		recorder_missing(r, "hardware trace", why, "perf script --itrace decodes it");
	}
	if (p->dump_samples > p->unwound_samples) {
		CLEANUP(mem_freep)
		char *why = mem_printf("%" PRIu64 " of %" PRIu64 " samples with a copy of the stack were not unwound",
				       p->dump_samples - p->unwound_samples, p->dump_samples);

		recorder_missing(r, "callers in unwound stacks", why, NULL);
	}
	if (p->unwound_broken) {
		CLEANUP(mem_freep)
		char *why = mem_printf("%" PRIu64 " of %" PRIu64 " unwound stacks end early: the copy is too short, or "
				       "a file isn't here", p->unwound_broken, p->unwound_samples);

		recorder_missing(r, "the outermost callers of some stacks", why, NULL);
	}
	if (p->bad_records) {
		CLEANUP(mem_freep)
		char *why = mem_printf("%" PRIu64 " records are shorter than their type is", p->bad_records);

		recorder_missing(r, "damaged records", why, NULL);
	}
	if (perfdata_header(p->file)->unfinished)
		recorder_missing(r, "the end and the header's tables",
				 "perf record was killed before it wrote them: build-ids, host and event "
				 "names are not known", NULL);
	if (p->out->damage)
		recorder_missing(r, "the rest of the file", err_message(p->out->damage), NULL);
}

/* --- where it was recorded ------------------------------------------------------------------------------ */

static void describe_origin(struct perfdata_import *p)
{
	const struct perfdata_header *h = perfdata_header(p->file);
	CLEANUP(mem_freep) char *kernel = *h->os_release ? mem_printf("Linux %s", h->os_release) : NULL;
	struct recorder_origin origin = { .host = h->hostname, .kernel = kernel, .arch = h->arch,
					  .cpus = h->cpus_online };

	if (h->has_clock_data)
		origin.wall_offset_ns = (int64_t)(h->clock_wall_ns - h->clock_time_ns);
	else if (p->in->mtime_ns && p->last_ns) /* perf wrote it when it ended */
		origin.wall_offset_ns = (int64_t)(p->in->mtime_ns - p->last_ns);
	recorder_origin(p->out->recorder, &origin);
	recorder_span(p->out->recorder, p->first_ns, p->last_ns);
	if (*h->command_line)
		recorder_note(p->out->recorder, "command", h->command_line);
}

/* --- files ---------------------------------------------------------------------------------------------------- */

static void set_note(struct perfdata_import *p, struct row_module *row, const char *note)
{
	row->note = recorder_string(p->out->recorder, note, strlen(note));
	recorder_side(p->out->recorder, TYPE_module, row);
}

/* A file without a build-id in perf.data. */
static void judge_file(struct perfdata_import *p, struct row_module *row)
{
	const char *path = recorder_string_text(p->out->recorder, row->path);
	const char *host = perfdata_header(p->file)->hostname;
	struct build_id id;
	struct stat st;

	if (!p->same_host) {
		CLEANUP(mem_freep)
		char *note = mem_printf("recorded on %s without its build-id: the file of that name here may be "
					"another", *host ? host : "a machine that isn't named");

		set_note(p, row, note);
		return;
	}

	CLEANUP(io_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return; /* the symbolizer says it better */
	if (p->in->mtime_ns && (uint64_t)st.st_mtim.tv_sec > p->in->mtime_ns / 1000000000) {
		set_note(p, row, "it was changed after the recording, which doesn't have its build-id");
		return;
	}
	if (build_id_of_fd(fd, &id)) {
		char hex[2 * BUILD_ID_MAX + 1];

		build_id_format(&id, hex);
		row->build_id = recorder_string(p->out->recorder, hex, strlen(hex));
		recorder_side(p->out->recorder, TYPE_module, row);
	}
}

static bool this_kernel(struct perfdata_import *p, const struct row_module *row)
{
	struct build_id now, then = { 0 };

	build_id_parse(recorder_string_text(p->out->recorder, row->build_id), &then);
	return build_id_of_running_kernel(&now) && build_id_equal(&now, &then);
}

/* In a pipe build-ids come behind the mappings. */
static void learn_build_id(struct perfdata_import *p, struct row_module *row)
{
	const struct perfdata_build_id *b = perfdata_kernel_build_id(p);
	struct build_id *id = &p->out->kernel.build_id;
	char hex[2 * BUILD_ID_MAX + 1];

	if (!build_id_parse(recorder_string_text(p->out->recorder, row->build_id), id) && b && b->size <= BUILD_ID_MAX) {
		memcpy(id->bytes, b->id, b->size);
		id->size = b->size;
		build_id_format(id, hex);
		row->build_id = recorder_string(p->out->recorder, hex, strlen(hex));
		recorder_side(p->out->recorder, TYPE_module, row);
	}
}

static uint64_t boot_wall_ns(void)
{
	struct timespec wall, since_boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &since_boot);
	return (uint64_t)(wall.tv_sec - since_boot.tv_sec) * 1000000000;
}

/* The kernel's names are of use when it is this very boot's: the same build on the same
 * machine, recorded since it was started. */
static void judge_kernel(struct perfdata_import *p, struct row_module *row)
{
	if (row->kind == MODULE_KERNEL)
		learn_build_id(p, row);
	bool since_boot = !p->in->mtime_ns || p->in->mtime_ns > boot_wall_ns();
	struct str boot = { 0 };

	if (p->same_host && since_boot && (row->kind != MODULE_KERNEL || this_kernel(p, row)))
		err_destroy(io_read_file("/proc/sys/kernel/random/boot_id", 64, &boot));
	if (boot.length <= 1) {
		p->out->kernel.elsewhere = true;
		if (strchr(perfdata_header(p->file)->os_release, '/') == NULL)
			snprintf(p->out->kernel.release, sizeof(p->out->kernel.release), "%s",
				 perfdata_header(p->file)->os_release);
	} else if (row->kind == MODULE_KERNEL) {
		boot.text[strcspn(boot.text, "\n")] = '\0';
		recorder_note(p->out->recorder, RECORDING_NOTE_BOOT, boot.text);
	}
	str_deinit(&boot);
}

static void judge_module(struct perfdata_import *p, struct row_module row)
{
	switch (row.kind) {
	case MODULE_KERNEL:
	case MODULE_KERNEL_MODULE:
		judge_kernel(p, &row);
		break;
	case MODULE_PROGRAM:
	case MODULE_SHARED:
		if (!row.build_id)
			judge_file(p, &row);
		break;
	case MODULE_ANON:
		if (!p->same_host)
			set_note(p, &row, "memory without a file, of another machine");
		break;
	default:
		break;
	}
}

static void judge_modules(struct perfdata_import *p)
{
	uint32_t max = recorder_side_max_id(p->out->recorder, TYPE_module);
	for (uint32_t id = 1; id <= max; id++) {
		const struct row_module *row = recorder_side_find(p->out->recorder, TYPE_module, id);

		if (row)
			judge_module(p, *row);
	}
}

/* Those of the header that nothing was mapped of. */
static void declare_modules(struct perfdata_import *p)
{
	struct map known;

	map_init(&known);
	for (uint32_t id = 1; id <= recorder_side_max_id(p->out->recorder, TYPE_module); id++) {
		const struct row_module *row = recorder_side_find(p->out->recorder, TYPE_module, id);

		if (row && row->build_id)
			map_get(&known, row->build_id, NULL);
	}
	for (size_t i = 0; i < perfdata_build_id_count(p->file); i++) {
		const struct perfdata_build_id *b = perfdata_build_id(p->file, i);
		struct build_id id = { .size = b->size };
		char hex[2 * BUILD_ID_MAX + 1];
		bool is_new;

		memcpy(id.bytes, b->id, b->size);
		build_id_format(&id, hex);
		map_get(&known, recorder_string(p->out->recorder, hex, strlen(hex)), &is_new);
		if (is_new)
			track_declare_module(p->out->track, b->path, b->pid == -1, b->id, b->size);
	}
	map_deinit(&known);
}

/* --- code that the kernel made ------------------------------------------------------------------------------- */

static int by_addr(const void *a, const void *b)
{
	const struct perfdata_symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static const struct perfdata_symbol *symbol_at(const struct perfdata_import *p, uint64_t addr)
{
	size_t low = 0, high = p->symbols.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->symbols.v[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || addr - p->symbols.v[low - 1].addr >= p->symbols.v[low - 1].size_bytes)
		return NULL;
	return &p->symbols.v[low - 1];
}

void perfdata_name_symbols(struct perfdata_import *p)
{
	struct recorder *r = p->out->recorder;
	uint32_t max = recorder_side_max_id(r, TYPE_frame);

	vec_sort(&p->symbols, by_addr);
	for (uint32_t id = 1; p->symbols.n > 0 && id <= max; id++) {
		const struct row_frame *row = recorder_side_find(r, TYPE_frame, id);
		bool in_kernel = row && (row->kind == MODULE_KERNEL || row->kind == MODULE_KERNEL_MODULE);
		const struct perfdata_symbol *s = in_kernel ? symbol_at(p, row->offset) : NULL;

		if (s && !row->function) {
			struct row_frame named = *row;

			named.function = s->name;
			recorder_side(r, TYPE_frame, &named);
		}
	}
}

/* --- all ------------------------------------------------------------------------------------------------------ */

void perfdata_about(struct perfdata_import *p)
{
	declare_modules(p);
	judge_modules(p);
	describe_origin(p);
	note_events(p);
	note_records(p);
	note_features(p);
	note_clock(p);
	note_missing(p);
}
