/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records in the rings of perf events, of any content: samples with chains, registers and copies of
 * stacks, mappings, names, forks, ends, losses.  The input is two bytes of what was asked for, one
 * of where the rings begin, and records: the CPU (and how far apart in time), what it is, misc, two
 * bytes of length, the body.  Behind a record that is decoded by itself nothing may be read; all
 * others wait for each other, and are merged.
 */
#include "base/mem.h"
#include "capture/perf/perf.h"
#include "capture/track.h"
#include "record/recorder.h"
#include "record/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__has_feature) && __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	CPUS = 2,
	RING_BYTES = 1 << 17, /* two records of any size */
	FENCE_BYTES = 64,
	RUNS_OF_A_RECORDING = 500,
	HEAD_BYTES = 6,
};

/* What was asked for: bits of the first byte. */
enum {
	ASKED_COPIES = 1,
	ASKED_PERIOD = 2,
	ASKED_FILTER = 4,
	ASKED_AWAITED = 8,
	ASKED_MERGE = 16,
	ASKED_DWARF = 32
};

struct kernel { /* its side of the rings */
	struct perf_event_mmap_page pages[CPUS];
	uint8_t data[CPUS][RING_BYTES];
	uint8_t scratch[CPUS][PERF_RECORD_BYTES_MAX];
};

static struct kernel *kernel;
static struct recorder *recorder;
static struct recorder_stream *stream;

static char path[64];

static void end_recording(void)
{
	recorder_stream_destroy(stream);
	recorder_destroy(recorder);
}

static void clean(void)
{
	end_recording();
	err_destroy(store_remove(AT_FDCWD, path));
}

/* One for many inputs: what is recorded is of no interest, and a directory takes long to make. */
static void begin_recording(void)
{
	static unsigned runs;

	if (recorder && ++runs % RUNS_OF_A_RECORDING)
		return;
	if (recorder) {
		end_recording();
	} else {
		snprintf(path, sizeof(path), "/tmp/sonde-fuzz-perf-%d.sonde", (int)getpid());
		atexit(clean);
	}
	struct recorder_options options = { .path = path,
					    .overwrite = true,
					    .journal_max_bytes = 1 << 20 };
	if (recorder_create(&options, &recorder))
		abort();
	stream = recorder_stream_create(recorder);
}

static void add_pid(struct map *pids, uint64_t pid) { map_get(pids, pid, NULL); }

static void begin(struct perf_session *s, struct track *track,
		  const struct capture_request *request, const uint8_t *asked)
{
	static const unsigned frames[] = { 0, 3, CAPTURE_FRAMES, CAPTURE_FRAMES_MAX };
	unsigned bits = asked[0];

	s->capture = (struct capture){
		.recorder = recorder, .stream = stream, .track = track, .request = request
	};
	s->setup.count = 1 + asked[1] % 3;
	s->setup.frequency_hz = 997;
	s->setup.max_frames = frames[asked[1] >> 2 & 3];
	s->setup.copies_stack = bits & ASKED_COPIES;
	for (size_t i = 0; i < s->setup.count; i++) {
		s->setup.counters[i].spec.unit = "events";
		s->setup.counters[i].attr.sample_type =
			bits & ASKED_PERIOD ? PERF_SAMPLE_PERIOD : 0;
		s->setup.counters[i].row = (uint32_t)i;
	}
	s->addrs = mem_calloc(PERF_STACK_MAX, sizeof(*s->addrs));
	map_init(&s->ids);
	map_init(&s->filter_pids);
	map_init(&s->attached);
	for (uint64_t id = 0; s->setup.count > 1 && id < s->setup.count; id++)
		*map_get(&s->ids, id, NULL) = id;
	s->filter = bits & ASKED_FILTER;
	add_pid(&s->filter_pids, 1);
	s->awaited = bits & ASKED_AWAITED ? 2 : 0;
	s->stack_levels = bits & ASKED_MERGE ? PERF_STACK_LEVELS : 1;
	s->bpf_tried = true;
}

static void map_rings(struct perf_session *s, unsigned from)
{
	s->cpus = mem_calloc(CPUS, sizeof(*s->cpus));
	s->cpu_count = CPUS;
	for (int i = 0; i < CPUS; i++) {
		uint64_t tail = RING_BYTES - 8ULL * from;

		s->cpus[i] = (struct perf_cpu){ .cpu = i,
						.fd = 0,
						.level = PERF_STACK_FIRST_LEVEL < s->stack_levels,
						.ring = { .page = &kernel->pages[i],
							  .data = kernel->data[i],
							  .size_bytes = RING_BYTES,
							  .head = tail,
							  .tail = tail,
							  .committed = tail,
							  .scratch = kernel->scratch[i] } };
		kernel->pages[i].data_head = kernel->pages[i].data_tail = tail;
	}
}

static void end(struct perf_session *s)
{
	vec_deinit(&s->heap);
	map_deinit(&s->ids);
	map_deinit(&s->filter_pids);
	map_deinit(&s->attached);
	free(s->addrs);
	free(s->cpus);
}

static void put(unsigned cpu, const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kernel->data[cpu][kernel->pages[cpu].data_head++ % RING_BYTES] =
			((const uint8_t *)bytes)[i];
}

/* By itself, with nothing behind it that may be looked at. */
static void decode_alone(struct perf_session *s, unsigned cpu)
{
	size_t at = kernel->pages[cpu].data_head % RING_BYTES;
	size_t fence = RING_BYTES - at < FENCE_BYTES ? RING_BYTES - at : FENCE_BYTES;

	ASAN_POISON_MEMORY_REGION(kernel->data[cpu] + at, fence);
	perf_drain(s, true);
	ASAN_UNPOISON_MEMORY_REGION(kernel->data[cpu] + at, fence);
}

/* One record of the input; how many bytes of it that were. */
static size_t take_record(struct perf_session *s, const uint8_t *data, size_t size, bool alone)
{
	static const uint32_t types[] = { PERF_RECORD_SAMPLE,	    PERF_RECORD_MMAP2,
					  PERF_RECORD_COMM,	    PERF_RECORD_FORK,
					  PERF_RECORD_EXIT,	    PERF_RECORD_LOST,
					  PERF_RECORD_LOST_SAMPLES, PERF_RECORD_THROTTLE,
					  PERF_RECORD_UNTHROTTLE,   0 };
	unsigned cpu = data[0] % CPUS;
	size_t length = (size_t)data[4] | (size_t)data[5] << 8;
	struct perf_event_header header = {
		.type = types[data[1] % (sizeof(types) / sizeof(types[0]))],
		.misc = (uint16_t)(data[2] | data[3] << 8)
	};

	length = length < size - HEAD_BYTES ? length : size - HEAD_BYTES;
	if (length > UINT16_MAX - sizeof(header))
		length = UINT16_MAX - sizeof(header);
	if (alone)
		length &= ~(size_t)7;
	header.size = (uint16_t)(sizeof(header) + length);
	if (kernel->pages[cpu].data_head - s->cpus[cpu].ring.tail + header.size > RING_BYTES)
		perf_drain(s, true);
	put(cpu, &header, sizeof(header));
	put(cpu, data + HEAD_BYTES, length);
	if (alone)
		decode_alone(s, cpu);
	else if (data[0] & 0x80)
		perf_drain(s, false);
	return HEAD_BYTES + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_request request = { .target = CAPTURE_PIDS };
	struct perf_session s = { 0 };
	struct track *track;

	if (size < 3)
		return 0;
	begin_recording();
	if (!kernel)
		kernel = mem_calloc(1, sizeof(*kernel));
	request.stacks = data[0] & ASKED_DWARF ? CAPTURE_STACK_DWARF : CAPTURE_STACK_AUTO;
	track = track_create_offline(recorder);
	begin(&s, track, &request, data);
	map_rings(&s, data[2]);
	for (size_t at = 3; at + HEAD_BYTES <= size;)
		at += take_record(&s, data + at, size - at, !(data[0] & ASKED_MERGE));
	perf_drain(&s, true);
	end(&s);
	track_destroy(track);
	return 0;
}
