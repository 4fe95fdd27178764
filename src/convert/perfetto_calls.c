/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call is a beginning and an end on its thread's track; one that did not return has no end, and one whose beginning
 * is not known is an instant.  What it was given and what it returned are annotations.  A thread's track is sent
 * before its first event, and again when it has another name.
 */
#include "convert/perfetto_calls.h"

#include "base/mem.h"
#include "event/types.h"
#include "format/protobuf.h"
#include "record/recording.h"

/* Field numbers, from the published schema: trace/trace_packet.proto, trace/track_event/track_event.proto,
 * track_descriptor.proto, thread_descriptor.proto and debug_annotation.proto. */
enum { PACKET_EVENT = 11, PACKET_TRACK = 60 };
enum { EVENT_ANNOTATION = 4, EVENT_TYPE = 9, EVENT_TRACK = 11, EVENT_CATEGORY = 22, EVENT_NAME = 23 };
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3 };
enum { TRACK_ID = 1, TRACK_THREAD = 4, THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum { ANNOTATION_STRING = 6, ANNOTATION_NAME = 10 };

struct writer {
	const struct export_input *input;
	perfetto_packet *packet;
	void *user;
	struct str message, part;
	uint32_t last;              /* thread whose track has its name */
	uint64_t track;
};

static const char *text_of(const struct writer *w, uint32_t id) { return id ? recording_string(w->input->recording, id) : ""; }

/* The track of a thread, by its ids; rows of one thread share it. */
static uint64_t track_of(struct writer *w, uint32_t thread)
{
	const struct row_thread *row;

	if (thread == w->last)
		return w->track;
	row = recording_side_find(w->input->recording, TYPE_thread, thread);
	w->last = thread;
	w->track = row ? (uint64_t)row->pid << 32 | row->tid : UINT64_MAX;
	protobuf_put(&w->message, TRACK_ID, w->track);
	protobuf_put(&w->part, THREAD_PID, row ? row->pid : 0);
	protobuf_put(&w->part, THREAD_TID, row ? row->tid : 0);
	protobuf_put_text(&w->part, THREAD_NAME, row ? text_of(w, row->comm) : "?");
	protobuf_put_message(&w->message, TRACK_THREAD, &w->part);
	w->packet(w->user, PACKET_TRACK, &w->message, 0);
	return w->track;
}

static void put_annotation(struct writer *w, const char *name, const char *text)
{
	if (!*text)
		return;
	protobuf_put_text(&w->part, ANNOTATION_NAME, name);
	protobuf_put_text(&w->part, ANNOTATION_STRING, text);
	protobuf_put_message(&w->message, EVENT_ANNOTATION, &w->part);
}

static void put_event(struct writer *w, unsigned type, uint64_t track, uint64_t time_ns, const char *category, const char *name)
{
	protobuf_put(&w->message, EVENT_TYPE, type);
	protobuf_put(&w->message, EVENT_TRACK, track);
	if (name) {
		protobuf_put_text(&w->message, EVENT_CATEGORY, category);
		protobuf_put_text(&w->message, EVENT_NAME, name);
	}
	w->packet(w->user, PACKET_EVENT, &w->message, time_ns);
}

static const char *const call_columns[] = { "time_ns", "duration_ns", "thread", "name", "arguments", "returned", "flags", NULL };

static void put_call(struct writer *w, const struct batch *b, size_t i)
{
	const union column *v = b->columns;
	uint64_t time_ns = v[0].u64[i], track = track_of(w, v[2].u32[i]);
	uint32_t flags = v[6].u32[i];

	put_annotation(w, "arguments", text_of(w, v[4].u32[i]));
	put_annotation(w, "returned", text_of(w, v[5].u32[i]));
	put_event(w, flags & SYSCALL_UNTIMED ? TYPE_INSTANT : TYPE_BEGIN, track, time_ns, "syscall", text_of(w, v[3].u32[i]));
	if (!(flags & (SYSCALL_UNTIMED | SYSCALL_UNFINISHED)))
		put_event(w, TYPE_END, track, time_ns + v[1].u64[i], NULL, NULL);
}

static const char *const signal_columns[] = { "time_ns", "thread", "thread", "text", NULL };

static void put_signal(struct writer *w, const struct batch *b, size_t i)
{
	uint64_t track = track_of(w, b->columns[2].u32[i]);

	put_event(w, TYPE_INSTANT, track, b->columns[0].u64[i], "signal", text_of(w, b->columns[3].u32[i]));
}

/* Rows of TABLE that are wanted; a thread's id is in its third column. */
static struct err *put_table(struct writer *w, const char *table, const char *const *columns,
			     void (*put)(struct writer *w, const struct batch *b, size_t i))
{
	const struct export_input *in = w->input;
	struct scan_options options = { .columns = columns };
	struct scan *scan;
	struct batch batch;
	struct err *err;
	bool more;

	if (!recording_find_table(in->recording, table))
		return NULL;
	TRY(scan_create(in->recording, table, &options, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more)
		for (size_t i = 0; i < batch.rows; i++)
			if (!in->wants || in->wants(in->user, batch.columns[2].u32[i], 0, batch.columns[0].u64[i]))
				put(w, &batch, i);
	scan_destroy(scan);
	return err;
}

struct err *perfetto_put_calls(const struct export_input *input, perfetto_packet *packet, void *user)
{
	struct writer w = { .input = input, .packet = packet, .user = user, .last = UINT32_MAX };
	struct err *err = put_table(&w, "syscall", call_columns, put_call);

	if (!err)
		err = put_table(&w, "signal", signal_columns, put_signal);
	str_deinit(&w.message);
	str_deinit(&w.part);
	return err;
}
