/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording of system calls whose rows say anything, printed back as lines, as JSON, folded, counted, chosen by path,
 * and as views.  The input is how (two bytes), the texts of all strings (lines, to an empty one), then rows: a type's
 * number and the bytes of its row, whose strings are one of the texts and whose references are to few others.
 */
#include "base/log.h"
#include "base/mem.h"
#include "event/table.h"
#include "event/types.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "record/segment.h"
#include "record/store.h"
#include "render/renderer.h"
#include "session/trace/replay.h"
#include "view/calls/calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS_MOST = 32, FEW = 16, TYPES = 32 };
struct input {
	const uint8_t *data;
	size_t size;
	uint32_t texts[TEXTS_MOST + 1];
	unsigned text_count;
};
static char directory[64];

static void clean(void) { err_destroy(store_remove(AT_FDCWD, directory)); }

static void take_texts(struct input *in, struct recorder *r)
{
	while (in->size && in->text_count < TEXTS_MOST) {
		const uint8_t *end = memchr(in->data, '\n', in->size);
		size_t length = end ? (size_t)(end - in->data) : in->size;

		in->texts[++in->text_count] = recorder_string(r, (const char *)in->data, strnlen((const char *)in->data, length));
		in->data += length + !!end;
		in->size -= length + !!end;
		if (length == 0)
			return;
	}
}

/* What would only look elsewhere than at rows: strings that aren't there, a million threads. */
static void tame(const struct input *in, const struct event_type *type, uint8_t *row)
{
	for (unsigned i = 0; i < type->field_count; i++) {
		const struct event_field *f = &type->fields[i];
		uint32_t value;

		if (field_kind_bytes(f->kind) != sizeof(value))
			continue;
		memcpy(&value, row + f->offset, sizeof(value));
		if (f->kind == FIELD_STR)
			value = in->texts[value % (in->text_count + 1)];
		else if (f->unit == UNIT_ID || f->unit == UNIT_PID)
			value %= FEW;
		memcpy(row + f->offset, &value, sizeof(value));
	}
}

static void take_rows(struct input *in, struct recorder *r, struct recorder_stream *s)
{
	while (in->size > 1) {
		unsigned number = *in->data % TYPES;
		const struct event_type *type = event_type_builtin(number);

		in->data++;
		in->size--;
		if (!type)
			continue;

		size_t take = in->size < type->row_bytes ? in->size : type->row_bytes;
		uint8_t *row = mem_calloc(1, type->row_bytes);

		memcpy(row, in->data, take);
		in->data += take;
		in->size -= take;
		tame(in, type, row);
		if (!type->side)
			recorder_row(s, number, row);
		else if (*(uint32_t *)row)
			recorder_side(r, number, row);
		free(row);
	}
}

static void record(struct input *in)
{
	struct recorder_options options = { .path = directory, .overwrite = true, .journal_max_bytes = 1 << 20,
					    .compactor = &parquet_compactor };
	struct recorder_stream *s;
	struct recorder *r;

	if (recorder_create(&options, &r))
		abort();
	s = recorder_stream_create(r);
	take_texts(in, r);
	take_rows(in, r, s);
	recorder_stream_destroy(s);
	if (recorder_finish(r, NULL))
		abort();
	recorder_destroy(r);
}

static void set(struct trace_options *o, int letter, const char *value)
{
	if (trace_options_set(o, letter, value))
		abort();
}

static void print_lines(uint8_t how)
{
	struct trace_options o;
	int status = 0;

	trace_options_init(&o);
	o.name = "sonde";
	call_set_fill(&o.calls, true);
	o.output = "/dev/null";
	o.json = how & 1;
	o.fold = how & 2 && !o.json;
	o.show_stack = o.show_lines = how & 4;
	o.durations = o.relative = how & 8;
	o.count = how & 16 ? TRACE_COUNT_TOO : TRACE_COUNT_NONE;
	if (how & 32)
		set(&o, 'P', "/etc/passwd");
	if (how & 64)
		set(&o, TRACE_LONG_TRACE_FDS, "3");
	if (how & 128)
		set(&o, 't', NULL);
	err_destroy(trace_options_finish(&o));
	err_destroy(replay_trace(&o, directory, &status));
	trace_options_deinit(&o);
}

static void show_views(uint8_t how)
{
	static const char *const formats[] = { "term", "json", "html", "term" };
	FILE *out = fopen("/dev/null", "w");
	struct render_options options = { .format = formats[how >> 6], .stream = out, .width = 60 };
	struct calls_options wanted = { .limit = 20 };
	struct recording *recording = NULL;
	struct calls *calls = NULL;
	struct doc *doc;
	struct err *err = recording_open(directory, &recording);

	if (!err)
		err = calls_create(recording, &wanted, &calls);
	if (!err && render_open(&options, &doc) == NULL) {
		calls_emit(doc, calls, how & CALLS_ALL, directory);
		err_destroy(doc_end(doc));
		render_destroy(doc);
	}
	err_destroy(err);
	calls_destroy(calls);
	recording_destroy(recording);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data + 2, .size = size - 2 };

	if (size < 2)
		return 0;
	if (directory[0] == '\0') {
		log_set_level(LOG_QUIET);
		snprintf(directory, sizeof(directory), "/tmp/sonde-fuzz-replay-%d.sonde", (int)getpid());
		atexit(clean);
	}
	record(&in);
	print_lines(data[0]);
	show_views(data[1]);
	return 0;
}
