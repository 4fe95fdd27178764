/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records of the BPF engine, as if they had come out of a ring: calls with pieces of memory, forks, execs,
 * ends, signals, stacks, copies of stacks and mappings, told to the printer.  The input is how it prints, a byte, and
 * records, each behind its length in two bytes.
 */
#include "capture/bpf/calls.h"
#include "capture/track.h"
#include "event/bpf_calls.h"
#include "record/recorder.h"
#include "session/trace/options.h"
#include "session/trace/printer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing of this machine: no file is looked for, and few threads are known. */
static void tame(struct bpf_record *r, uint32_t size)
{
	r->tid %= 8;
	if (r->kind == BPF_CALLS_MAPPING && size >= offsetof(struct bpf_calls_mapping, file.text))
		((struct bpf_calls_mapping *)r)->file.inode = 0;
}

static void feed(struct bpf_calls *c, const uint8_t *data, size_t size)
{
	while (size > 2) {
		uint32_t length = data[0] | data[1] << 8;
		void *record;

		data += 2;
		size -= 2;
		if (length > size)
			length = (uint32_t)size;
		record = malloc(length ? length : 1); /* aligned, and its end is its end */
		if (!record)
			return;
		memcpy(record, data, length);
		if (length >= sizeof(struct bpf_record)) {
			tame(record, length);
			bpf_calls_take(c, record, length);
		}
		free(record);
		data += length;
		size -= length;
	}
}

/* What makes it go other ways. */
static void set_options(struct trace_options *o, uint8_t how)
{
	trace_options_init(o);
	o->name = "fuzz";
	o->output = "/dev/null";
	o->follow = true;
	o->quiet = UINT32_MAX;
	call_set_fill(&o->calls, true);
	o->json = how & 1;
	o->fold = how & 2 && !o->json;
	o->durations = o->relative = o->show_number = how & 4;
	o->count = how & 8 ? TRACE_COUNT_TOO : TRACE_COUNT_NONE;
	o->fds = how & 16 ? UINT32_MAX : 0;
	o->style.xlat = how & 32 ? SYSCALL_XLAT_VERBOSE : SYSCALL_XLAT_ABBREV;
	o->status = how & 64 ? TRACE_FAILED : o->status;
	if (how & 128)
		vec_push(&o->paths, "/etc/passwd");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_options o;
	struct printer *printer;
	struct recorder *recorder = recorder_create_unwritten();
	struct track *track = track_create_offline(recorder);
	struct bpf_calls *calls;

	set_options(&o, size ? data[0] : 0);
	err_destroy(printer_create(&o, &printer));

	struct bpf_calls_options options = { .wanted = &o.calls, .string_limit = 32, .sink = printer_sink(), .sink_self = printer,
					     .track = track, .track_lives = true, .max_frames = 64 };

	err_destroy(bpf_calls_create_reader(&options, &calls));
	feed(calls, data + !!size, size - !!size);
	bpf_calls_end(calls);
	bpf_calls_destroy(calls);
	printer_finish(printer);
	printer_destroy(printer);
	track_destroy(track);
	recorder_destroy(recorder);
	trace_options_deinit(&o);
	return 0;
}
