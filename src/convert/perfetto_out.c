/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Perfetto trace (perfetto.dev, protos/perfetto/trace/): the samples of one event as
 * PerfSample packets, which ui.perfetto.dev shows on the threads' tracks and as flame graphs,
 * and trace_processor has in SQL.
 *
 * Packets of one sequence share tables of strings, frames and call stacks, which are sent once,
 * before the samples.  A frame is a call: inlined ones are frames at the same address.  The
 * sampled counter is cumulative for each CPU, as the kernel's is.  System calls stand beside them.
 */
#include "convert/export_tree.h"
#include "convert/perfetto_calls.h"

#include "base/mem.h"
#include "base/str.h"
#include "event/types.h"
#include "format/protobuf.h"
#include "record/stacks.h"

#include <stdlib.h>
#include <string.h>

/* Field numbers, each looked up in the published schema (github.com/google/perfetto, protos/perfetto/):
 * trace/trace_packet.proto, trace/trace_packet_defaults.proto, trace/clock_snapshot.proto,
 * trace/interned_data/interned_data.proto, trace/ps/process_tree.proto,
 * trace/profiling/profile_common.proto and profile_packet.proto, common/perf_events.proto. */
enum { TRACE_PACKET = 1 };
enum { PACKET_PROCESS_TREE = 2, PACKET_CLOCKS = 6, PACKET_TIME = 8, PACKET_SEQUENCE = 10, PACKET_INTERNED = 12,
       PACKET_FLAGS = 13, PACKET_DEFAULTS = 59, PACKET_SAMPLE = 66 };
enum { FLAG_CLEARED = 1, FLAG_NEEDS_STATE = 2, SEQUENCE = 1 };
enum { CLOCKS_CLOCK = 1, CLOCK_ID = 1, CLOCK_TIME = 2, CLOCK_IS_REALTIME = 1, CLOCK_IS_BOOTTIME = 6 };
enum { INTERNED_FUNCTIONS = 5, INTERNED_FRAMES, INTERNED_STACKS, INTERNED_BUILD_IDS = 16, INTERNED_PATHS,
       INTERNED_SOURCES, INTERNED_MAPPINGS };
enum { STRING_ID = 1, STRING_TEXT };
enum { MAPPING_ID = 1, MAPPING_BUILD_ID = 2, MAPPING_END = 5, MAPPING_PATH = 7 };
enum { FRAME_ID = 1, FRAME_FUNCTION, FRAME_MAPPING, FRAME_PC, FRAME_SOURCE, FRAME_LINE };
enum { STACK_ID = 1, STACK_FRAMES };
enum { SAMPLE_CPU = 1, SAMPLE_PID, SAMPLE_TID, SAMPLE_STACK, SAMPLE_MODE, SAMPLE_COUNT };
enum { MODE_KERNEL = 1, MODE_USER = 2 };
enum { TREE_PROCESSES = 1, TREE_THREADS, PROCESS_PID = 1, PROCESS_COMMAND = 3, THREAD_TID = 1, THREAD_NAME,
       THREAD_PID };
enum { DEFAULTS_SAMPLE = 12, SAMPLE_TIMEBASE = 1, TIMEBASE_PERIOD = 1, TIMEBASE_NAME = 10 };

struct perfetto {
	const struct export_tree *t;
	FILE *out;
	struct str packet, message, part, interned;
	struct strmap functions, sources, paths, build_ids; /* text -> id */
	uint64_t *counts;				    /* by CPU */
	VEC(uint32_t) path;
};

/* Write the packet and begin the next one. */
static void put_packet(struct perfetto *p)
{
	struct str frame = { 0 };

	protobuf_put(&p->packet, PACKET_SEQUENCE, SEQUENCE);
	protobuf_put_message(&frame, TRACE_PACKET, &p->packet);
	fwrite(frame.text, 1, frame.length, p->out);
	str_deinit(&frame);
}

/* --- tables ------------------------------------------------------------------------------------------ */

static uint64_t intern(struct perfetto *p, struct strmap *map, uint32_t field, const char *text, size_t length)
{
	bool is_new;
	uint64_t *id = strmap_get(map, text, length, &is_new);

	if (is_new) {
		struct str string = { 0 };

		*id = map->n;
		protobuf_put(&string, STRING_ID, *id);
		protobuf_put_bytes(&string, STRING_TEXT, text, length);
		protobuf_put_message(&p->interned, field, &string);
		str_deinit(&string);
	}
	return *id;
}

/* Build-ids are hex in a recording; Perfetto wants their bytes. */
static uint64_t intern_build_id(struct perfetto *p, const char *hex)
{
	char bytes[32];
	size_t n = 0;

	for (; hex[0] && hex[1] && n < sizeof(bytes); hex += 2) {
		char digits[] = { hex[0], hex[1], '\0' };

		bytes[n++] = (char)strtoul(digits, NULL, 16);
	}
	return n ? intern(p, &p->build_ids, INTERNED_BUILD_IDS, bytes, n) : 0;
}

/* "/usr/lib/libc.so.6" as its parts. */
static void put_path(struct perfetto *p, const char *path)
{
	while (*path) {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length)
			protobuf_put(&p->message, MAPPING_PATH,
				     intern(p, &p->paths, INTERNED_PATHS, path, length));
		path += length;
	}
}

static void put_mappings(struct perfetto *p)
{
	for (size_t i = 0; i < p->t->modules.n; i++) {
		uint64_t build_id = intern_build_id(p, p->t->modules.v[i].build_id);

		protobuf_put(&p->message, MAPPING_ID, i + 1);
		protobuf_put_set(&p->message, MAPPING_BUILD_ID, build_id);
		protobuf_put(&p->message, MAPPING_END, UINT64_MAX);
		put_path(p, p->t->modules.v[i].path);
		protobuf_put_message(&p->interned, INTERNED_MAPPINGS, &p->message);
	}
}

static void put_frames(struct perfetto *p)
{
	for (size_t i = 0; i < p->t->places.n; i++) {
		const struct export_place *place = &p->t->places.v[i];
		uint64_t function = intern(p, &p->functions, INTERNED_FUNCTIONS, place->function,
					   strlen(place->function));
		uint64_t source = *place->file ? intern(p, &p->sources, INTERNED_SOURCES, place->file,
							strlen(place->file)) : 0;

		protobuf_put(&p->message, FRAME_ID, i + 1);
		protobuf_put(&p->message, FRAME_FUNCTION, function);
		protobuf_put(&p->message, FRAME_MAPPING, place->module_index + UINT64_C(1));
		protobuf_put(&p->message, FRAME_PC, place->address);
		protobuf_put_set(&p->message, FRAME_SOURCE, source);
		protobuf_put_set(&p->message, FRAME_LINE, place->line);
		protobuf_put_message(&p->interned, INTERNED_FRAMES, &p->message);
	}
}

static void put_stack(struct perfetto *p, uint32_t node)
{
	protobuf_put(&p->message, STACK_ID, node);
	vec_clear(&p->path);
	for (; node; node = p->t->nodes.v[node].parent)
		vec_push(&p->path, p->t->nodes.v[node].place);
	while (p->path.n > 0) /* the outermost first */
		protobuf_put(&p->message, STACK_FRAMES, vec_pop(&p->path) + UINT64_C(1));
	protobuf_put_message(&p->interned, INTERNED_STACKS, &p->message);
}

static void put_stacks(struct perfetto *p)
{
	bool *used = mem_calloc(p->t->nodes.n, sizeof(*used));

	for (size_t i = 0; i < p->t->samples.n; i++)
		used[p->t->samples.v[i].node] = true;
	for (size_t i = 1; i < p->t->nodes.n; i++)
		if (used[i])
			put_stack(p, (uint32_t)i);
	free(used);
}

static void put_tables(struct perfetto *p)
{
	const struct export_event *event = &p->t->events.v[0];

	put_mappings(p);
	put_frames(p);
	put_stacks(p);
	protobuf_put_set(&p->part, TIMEBASE_PERIOD, event->period);
	protobuf_put_text(&p->part, TIMEBASE_NAME, event->name);
	protobuf_put_message(&p->message, SAMPLE_TIMEBASE, &p->part);
	protobuf_put_message(&p->part, DEFAULTS_SAMPLE, &p->message);
	protobuf_put_message(&p->packet, PACKET_DEFAULTS, &p->part);
	protobuf_put_message(&p->packet, PACKET_INTERNED, &p->interned);
	protobuf_put(&p->packet, PACKET_FLAGS, FLAG_CLEARED);
	put_packet(p);
}

/* --- threads and clocks --------------------------------------------------------------------------------- */

static void put_clock(struct perfetto *p, uint64_t id, uint64_t time_ns)
{
	protobuf_put(&p->part, CLOCK_ID, id);
	protobuf_put(&p->part, CLOCK_TIME, time_ns);
	protobuf_put_message(&p->message, CLOCKS_CLOCK, &p->part);
}

static void put_clocks(struct perfetto *p)
{
	put_clock(p, CLOCK_IS_BOOTTIME, p->t->start_ns);
	if (p->t->wall_offset_ns)
		put_clock(p, CLOCK_IS_REALTIME, (uint64_t)((int64_t)p->t->start_ns + p->t->wall_offset_ns));
	protobuf_put_message(&p->packet, PACKET_CLOCKS, &p->message);
	protobuf_put(&p->packet, PACKET_TIME, p->t->start_ns);
	put_packet(p);
}

/* A renamed thread is sent again when it has its new name. */
static void put_thread(struct perfetto *p, const struct export_thread *thread)
{
	protobuf_put(&p->part, PROCESS_PID, thread->pid);
	protobuf_put_text(&p->part, PROCESS_COMMAND, thread->process);
	protobuf_put_message(&p->message, TREE_PROCESSES, &p->part);
	protobuf_put(&p->part, THREAD_TID, thread->tid);
	protobuf_put_text(&p->part, THREAD_NAME, thread->name);
	protobuf_put(&p->part, THREAD_PID, thread->pid);
	protobuf_put_message(&p->message, TREE_THREADS, &p->part);
	protobuf_put_message(&p->packet, PACKET_PROCESS_TREE, &p->message);
	protobuf_put(&p->packet, PACKET_TIME, thread->start_ns > p->t->start_ns ? thread->start_ns : p->t->start_ns);
	put_packet(p);
}

/* --- samples ----------------------------------------------------------------------------------------------- */

static bool in_kernel(const struct perfetto *p, uint32_t node)
{
	uint8_t kind = p->t->places.n ? p->t->places.v[p->t->nodes.v[node].place].kind : STACKS_UNKNOWN;

	return kind == STACKS_KERNEL || kind == STACKS_KERNEL_MODULE;
}

static void put_sample(struct perfetto *p, const struct export_sample *s)
{
	const struct export_thread *thread = &p->t->threads.v[s->thread];
	uint32_t cpu = s->cpu == SAMPLE_NO_CPU ? 0 : s->cpu;

	p->counts[cpu] += s->value;
	protobuf_put(&p->message, SAMPLE_CPU, cpu);
	protobuf_put(&p->message, SAMPLE_PID, thread->pid);
	protobuf_put(&p->message, SAMPLE_TID, thread->tid);
	protobuf_put_set(&p->message, SAMPLE_STACK, s->node);
	protobuf_put(&p->message, SAMPLE_MODE, in_kernel(p, s->node) ? MODE_KERNEL : MODE_USER);
	protobuf_put(&p->message, SAMPLE_COUNT, p->counts[cpu]);
	protobuf_put_message(&p->packet, PACKET_SAMPLE, &p->message);
	protobuf_put(&p->packet, PACKET_TIME, s->time_ns);
	protobuf_put(&p->packet, PACKET_FLAGS, FLAG_NEEDS_STATE);
	put_packet(p);
}

static void put_all(struct perfetto *p)
{
	const struct export_tree *t = p->t;
	bool *seen = mem_calloc(t->threads.n + 1, sizeof(*seen));

	put_clocks(p);
	if (t->samples.n)
		put_tables(p);
	for (size_t i = 0; i < t->samples.n && !ferror(p->out); i++) {
		const struct export_sample *s = &t->samples.v[i];

		if (s->event != 0)
			continue;
		if (!seen[s->thread])
			put_thread(p, &t->threads.v[s->thread]);
		seen[s->thread] = true;
		put_sample(p, s);
	}
	free(seen);
}

static void on_packet(void *user, uint32_t field, struct str *message, uint64_t time_ns)
{
	struct perfetto *p = user;

	protobuf_put_message(&p->packet, field, message);
	if (time_ns)
		protobuf_put(&p->packet, PACKET_TIME, time_ns);
	put_packet(p);
}

static struct err *perfetto_export(const struct export_input *input, FILE *out)
{
	struct perfetto p = { .out = out };
	struct strmap *const maps[] = { &p.functions, &p.sources, &p.paths, &p.build_ids, NULL };
	struct str *const texts[] = { &p.packet, &p.message, &p.part, &p.interned, NULL };
	struct export_tree *tree;
	struct err *err;

	TRY(export_tree_create(input, &tree));
	p.t = tree;
	p.counts = mem_calloc(SAMPLE_NO_CPU + 1, sizeof(*p.counts));
	for (int i = 0; maps[i]; i++)
		strmap_init(maps[i]);
	put_all(&p);
	err = perfetto_put_calls(input, on_packet, &p);
	for (int i = 0; maps[i]; i++)
		strmap_deinit(maps[i]);
	for (int i = 0; texts[i]; i++)
		str_deinit(texts[i]);
	vec_deinit(&p.path);
	free(p.counts);
	export_tree_destroy(tree);
	return err ? err : export_flush(out, "Perfetto trace");
}

const struct exporter exporter_perfetto = {
	.name = "perfetto",
	.summary = "a trace for ui.perfetto.dev and trace_processor",
	.takes = EXPORT_RECORDING,
	.is_binary = true,
	.has_calls = true,
	.write = perfetto_export,
};
