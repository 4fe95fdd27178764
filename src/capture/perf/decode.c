/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records into rows.
 *
 * Each CPU's ring is in time order; together they are merged, because a sample of a
 * process on one CPU needs the mapping that it made on another.  A record that gets its
 * time before ours may still be on its way into its ring when we look, so a round takes
 * only what is a little older than its start and leaves the rest for the next.  The
 * merge is a heap over the rings' tails: one CPU's records are taken straight from its
 * ring, and the heap is touched only when another CPU's record is earlier.
 *
 * A record's layout follows from sample_type (perf_event_open(2)); lengths are checked
 * all the same.
 */
#include "capture/perf/perf.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/track.h"
#include "event/types.h"
#include "record/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

/* A CPU may be stopped (a hypervisor took it away) between stamping a record and
 * finishing it. */
enum { SLACK_NS = 10000000 };

enum { USER_ADDR_MIN = 4096 };

static uint64_t load_u64(const void *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint32_t load_u32(const void *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static const uint8_t *body_of(const struct perf_event_header *record)
{
	return (const uint8_t *)(record + 1);
}

static size_t body_bytes(const struct perf_event_header *record)
{
	return record->size - sizeof(*record);
}

/* What follows every record but samples: tid, time, cpu, [identifier]. */
static size_t trailer_bytes(const struct perf_session *s) { return s->setup.count > 1 ? 32 : 24; }

static uint64_t record_time(const struct perf_session *s, const struct perf_event_header *record)
{
	size_t identifier = s->setup.count > 1 ? 8 : 0;

	if (record->type == PERF_RECORD_SAMPLE) /* [identifier], ip, tid, time */
		return body_bytes(record) >= identifier + 24 ? load_u64(body_of(record) + identifier + 16) : 0;
	if (body_bytes(record) < trailer_bytes(s))
		return 0;
	return load_u64((const uint8_t *)record + record->size - trailer_bytes(s) + 8);
}

/* --- samples ------------------------------------------------------------------------------- */

struct chain {
	size_t count, kernel_count;
	bool has_user;
};

/* Markers say what the addresses after them are. */
static struct chain read_chain(const struct perf_session *s, const uint8_t *p, uint64_t entries)
{
	struct chain chain = { 0 };
	uint64_t context = PERF_CONTEXT_USER;

	for (uint64_t i = 0; i < entries && chain.count < PERF_STACK_MAX; i++) {
		uint64_t addr = load_u64(p + 8 * i);

		if (addr >= PERF_CONTEXT_MAX) {
			context = addr;
			continue;
		}
		if (context == PERF_CONTEXT_KERNEL) {
			/* kernel frames come first: the ids of track_stack() rest on it */
			if (chain.has_user)
				continue;
			chain.kernel_count++;
		} else if (context == PERF_CONTEXT_USER) {
			chain.has_user = true;
		} else {
			continue; /* a guest's addresses mean nothing to us */
		}
		s->addrs[chain.count++] = addr;
	}
	/* Where frame pointers end there may be a return address that is none. */
	while (chain.count > chain.kernel_count + 1 && s->addrs[chain.count - 1] < USER_ADDR_MIN)
		chain.count--;
	return chain;
}

static uint8_t sample_mode(uint16_t misc)
{
	switch (misc & PERF_RECORD_MISC_CPUMODE_MASK) {
	case PERF_RECORD_MISC_KERNEL:
		return SAMPLE_KERNEL;
	case PERF_RECORD_MISC_HYPERVISOR:
		return SAMPLE_HYPERVISOR;
	case PERF_RECORD_MISC_GUEST_KERNEL:
	case PERF_RECORD_MISC_GUEST_USER:
		return SAMPLE_GUEST;
	default:
		return SAMPLE_USER;
	}
}

/* The user part out of a copy of the stack, behind the kernel's part. */
static void add_copied(struct perf_session *s, struct perf_cpu *cpu, struct row_sample *row, pid_t pid,
		       const uint8_t *p, const uint8_t *end, struct chain *chain)
{
	size_t room = s->setup.max_frames > chain->count ? s->setup.max_frames - chain->count : 0;
	size_t count = perf_user_stack(s, cpu, pid, p, end, s->addrs + chain->count, room, &row->flags);

	chain->count += count;
	chain->has_user = count > 0;
}

static void sample_stack(struct perf_session *s, struct perf_cpu *cpu, struct row_sample *row, pid_t pid,
			 pid_t tid, uint64_t ip, const uint8_t *p, const uint8_t *end)
{
	struct track *t = s->capture.track;
	struct chain chain = { 0 };
	uint64_t entries = s->setup.max_frames && end - p >= 8 ? load_u64(p) : 0;

	if (entries < (uint64_t)(end - p) / 8) {
		chain = read_chain(s, p + 8, entries);
		if (s->setup.copies_stack)
			add_copied(s, cpu, row, pid, p + 8 + 8 * entries, end, &chain);
	}
	if (chain.count >= s->setup.max_frames && s->setup.max_frames)
		row->flags |= SAMPLE_STACK_CUT;
	if (chain.count == 0 && row->mode <= SAMPLE_KERNEL) {
		chain.kernel_count = row->mode == SAMPLE_KERNEL;
		chain.count = 1;
		s->addrs[0] = ip;
	}
	if (row->mode == SAMPLE_KERNEL && !chain.has_user && s->setup.max_frames &&
	    !track_is_kernel_thread(t, tid))
		row->flags |= SAMPLE_NO_USER_STACK;
	row->stack = track_stack(t, pid, s->addrs, chain.count, chain.kernel_count, true);
}

static void decode_sample(struct perf_session *s, struct perf_cpu *cpu, const struct perf_event_header *record)
{
	const uint8_t *p = body_of(record), *end = (const uint8_t *)record + record->size;
	size_t counter = 0, identifier = s->setup.count > 1 ? 8 : 0;

	if (body_bytes(record) < identifier + 32)
		return;
	if (s->setup.count > 1) {
		uint64_t *index = map_find(&s->ids, load_u64(p));

		counter = index ? (size_t)*index : 0;
		p += 8;
	}

	struct perf_counter *c = &s->setup.counters[counter];
	bool has_period = (c->attr.sample_type & PERF_SAMPLE_PERIOD) != 0;
	const uint8_t *chain = p + (has_period ? 40 : 32);

	if (chain > end)
		return;

	uint64_t ip = load_u64(p), time_ns = load_u64(p + 16);
	pid_t pid = (pid_t)load_u32(p + 8), tid = (pid_t)load_u32(p + 12);

	if (s->filter && !map_find(&s->filter_pids, (uint32_t)pid))
		return;

	struct row_sample row = {
		.time_ns = time_ns, .period = has_period ? load_u64(p + 32) : c->attr.sample_period,
		.cpu = (uint16_t)load_u32(p + 24),
		.thread = track_thread(s->capture.track, pid, tid, time_ns),
		.event = (uint16_t)c->row, .mode = sample_mode(record->misc),
	};

	c->sampled += row.period;
	sample_stack(s, cpu, &row, pid, tid, ip, chain, end);
	recorder_row(s->capture.stream, TYPE_sample, &row);
}

/* --- everything else ------------------------------------------------------------------------- */

/* The text that starts at OFFSET of the body, or NULL when it doesn't end in there. */
static const char *text_at(const struct perf_session *s, const struct perf_event_header *record,
			   size_t offset)
{
	size_t room = body_bytes(record);

	if (room < offset + trailer_bytes(s) + 1)
		return NULL;
	room -= offset + trailer_bytes(s);
	return memchr(body_of(record) + offset, '\0', room) ? (const char *)body_of(record) + offset : NULL;
}

static bool is_ours(const struct perf_session *s, uint32_t pid)
{
	return !s->filter || map_find(&s->filter_pids, pid) != NULL;
}

/* pid, tid, addr, len, pgoff, {maj, min, ino, generation | size, build-id}, prot, flags, name */
static void decode_mmap2(struct perf_session *s, const struct perf_event_header *record,
			 uint64_t time_ns)
{
	const uint8_t *p = body_of(record);
	const char *path = text_at(s, record, 64);

	if (!path || !is_ours(s, load_u32(p)))
		return;

	struct track_mmap m = { .addr = load_u64(p + 8), .size_bytes = load_u64(p + 16),
				.offset = load_u64(p + 24), .path = path };

	if (record->misc & PERF_RECORD_MISC_MMAP_BUILD_ID) {
		m.build_id_size = p[32] <= 20 ? p[32] : 20;
		m.build_id = p + 36;
	} else {
		m.dev = makedev(load_u32(p + 32), load_u32(p + 36));
		m.inode = load_u64(p + 40);
	}
	track_mmap(s->capture.track, (pid_t)load_u32(p), &m, time_ns);
}

static void decode_comm(struct perf_session *s, const struct perf_event_header *record,
			uint64_t time_ns)
{
	const uint8_t *p = body_of(record);
	const char *comm = text_at(s, record, 8);
	bool exec = (record->misc & PERF_RECORD_MISC_COMM_EXEC) != 0;

	if (comm && exec && s->awaited && (pid_t)load_u32(p) == s->awaited) {
		if (perf_test_deny("perf-exec")) {
			s->lost_seen++;
			return;
		}
		perf_take_awaited(s);
	}
	if (comm && is_ours(s, load_u32(p)))
		track_comm(s->capture.track, (pid_t)load_u32(p), (pid_t)load_u32(p + 4), comm,
			   exec, time_ns);
}

/* pid, ppid, tid, ptid, time */
static void decode_task(struct perf_session *s, const struct perf_event_header *record,
			uint64_t time_ns)
{
	const uint8_t *p = body_of(record);

	if (body_bytes(record) < 24)
		return;

	uint32_t pid = load_u32(p), ppid = load_u32(p + 4);
	pid_t tid = (pid_t)load_u32(p + 8), parent_tid = (pid_t)load_u32(p + 12);
	bool fork = record->type == PERF_RECORD_FORK;

	if (s->filter && fork && pid != ppid) {
		if (is_ours(s, ppid))
			map_get(&s->filter_pids, pid, NULL);
		else
			map_remove(&s->filter_pids, pid); /* the id went to somebody else */
		if (is_ours(s, ppid))
			perf_bpf_forked(s, (pid_t)pid);
	}
	if (!is_ours(s, pid))
		return;
	if (s->cgroup_dir && fork)
		map_get(&s->attached, pid, NULL);
	if (fork)
		track_fork_by(s->capture.track, (pid_t)pid, (pid_t)ppid, tid, parent_tid, time_ns);
	else
		track_exit(s->capture.track, (pid_t)pid, tid, time_ns);
}

static void report_lost(struct perf_session *s, int cpu, uint64_t count, uint64_t time_ns)
{
	/* CPUs' clocks sample everybody; until a BPF program knows whom to leave out, that is us, later. */
	bool of_all = s->filter && !s->bpf_settled;

	s->lost_seen += count;
	recorder_lost(s->capture.stream, "cpu", of_all ? "the ring was full; of all processes, not only those asked for" : "the ring was full", cpu,
		      time_ns, count);
}

/* The kernel stops an event that fires more often than it allows; how much that hid is
 * its frequency times the pause. */
static void decode_throttle(struct perf_session *s, struct perf_cpu *cpu, bool begins, uint64_t time_ns)
{
	if (begins) {
		cpu->throttled_ns = time_ns;
		return;
	}
	if (!cpu->throttled_ns || time_ns <= cpu->throttled_ns)
		return;

	uint64_t count = (time_ns - cpu->throttled_ns) / 1000 * s->setup.frequency_hz / 1000000;

	cpu->throttled_ns = 0;
	recorder_lost(s->capture.stream, "cpu", "throttled by the kernel (estimated)", cpu->cpu, time_ns,
		      count ? count : 1);
}

static void decode_record(struct perf_session *s, struct perf_cpu *cpu,
			  const struct perf_event_header *record)
{
	const uint8_t *p = body_of(record);

	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		decode_sample(s, cpu, record);
		break;
	case PERF_RECORD_MMAP2:
		decode_mmap2(s, record, cpu->next_time_ns);
		break;
	case PERF_RECORD_COMM:
		decode_comm(s, record, cpu->next_time_ns);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		decode_task(s, record, cpu->next_time_ns);
		break;
	case PERF_RECORD_LOST: /* id, lost */
		if (body_bytes(record) >= 16)
			report_lost(s, cpu->cpu, load_u64(p + 8), cpu->next_time_ns);
		break;
	case PERF_RECORD_LOST_SAMPLES:
		if (body_bytes(record) >= 8)
			report_lost(s, cpu->cpu, load_u64(p), cpu->next_time_ns);
		break;
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_UNTHROTTLE:
		decode_throttle(s, cpu, record->type == PERF_RECORD_THROTTLE, cpu->next_time_ns);
		break;
	default:
		break;
	}
}

/* --- the merge ---------------------------------------------------------------------------------- */

static bool load_next(const struct perf_session *s, struct perf_cpu *cpu)
{
	cpu->next = perf_ring_peek(&cpu->ring);
	if (cpu->next)
		cpu->next_time_ns = record_time(s, cpu->next);
	return cpu->next != NULL;
}

static void sift_down(struct perf_session *s, size_t i)
{
	struct perf_cpu **heap = s->heap.v, *item = heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= s->heap.n)
			break;
		if (child + 1 < s->heap.n && heap[child + 1]->next_time_ns < heap[child]->next_time_ns)
			child++;
		if (heap[child]->next_time_ns >= item->next_time_ns)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = item;
}

static uint64_t heap_build(struct perf_session *s, bool last)
{
	uint64_t cutoff = last || perf_bpf_pressed(s) ? UINT64_MAX : clock_now_ns() - SLACK_NS;

	vec_clear(&s->heap);
	for (size_t i = 0; i < s->cpu_count; i++) {
		struct perf_cpu *cpu = &s->cpus[i];

		if (cpu->fd < 0)
			continue;
		/* one that fills up can't wait */
		if (perf_ring_refresh(&cpu->ring) > cpu->ring.size_bytes / 2)
			cutoff = UINT64_MAX;
		perf_stacks_look_ahead(s, cpu);
		if (load_next(s, cpu))
			vec_push(&s->heap, cpu);
	}
	for (size_t i = s->heap.n / 2; i-- > 0;)
		sift_down(s, i);
	return cutoff;
}

/* Losses that no record told of: those of a ring that was full to its end. */
static void report_silent_losses(struct perf_session *s)
{
	uint64_t total = 0;

	for (size_t i = 0; i < s->setup.count; i++)
		total += s->setup.counters[i].lost;
	if (total > s->lost_seen)
		report_lost(s, -1, total - s->lost_seen, clock_now_ns());
}

/* Each thread has a clock of its own, which begins anew with it and stops with it: a
 * thread that lives shorter than a period is never seen, and thousands of them can hide
 * seconds.  But the clocks were counted too, so it is known how much was hidden. */
static void report_between_samples(struct perf_session *s, const struct perf_counter *c)
{
	const struct perf_spec *spec = &c->spec;
	uint64_t hidden = c->counted > c->sampled ? c->counted - c->sampled : 0;
	uint64_t period_ns = c->attr.freq ? 1000000000 / s->setup.frequency_hz : c->attr.sample_period;

	if (strcmp(spec->unit, "ns") != 0 || c->attr.exclude_kernel || c->attr.exclude_user ||
	    s->filter || s->capture.request->target == CAPTURE_ALL)
		return;
	if (hidden < c->counted / 20 || hidden < 20 * period_ns)
		return;

	char what[120], why[160];
	struct track_totals seen;
	const char *fix = "a lower -F";

	track_get_totals(s->capture.track, &seen);
	snprintf(what, sizeof(what), "%s of %s CPU time", units_duration_ns((double)hidden).text,
		 units_duration_ns((double)c->counted).text);
	snprintf(why, sizeof(why), "the kernel's timer did not keep up with %" PRIu64 " samples a second",
		 s->setup.frequency_hz);
	if (hidden / period_ns < 4 * seen.threads) {
		snprintf(why, sizeof(why), "threads that live shorter than the %s from one sample to the "
					   "next are seldom seen",
			 units_duration_ns((double)period_ns).text);
		fix = "--clock cpu: a CPU's clock runs on from thread to thread; or a higher -F";
	}
	log_note("%s fell between samples: %s (%s)", what, why, fix);
	recorder_missing(s->capture.recorder, what, why, fix);
}

void perf_drain(struct perf_session *s, bool last)
{
	perf_bpf_begin(s, clock_now_ns());

	uint64_t cutoff = heap_build(s, last);

	while (s->heap.n && s->heap.v[0]->next_time_ns <= cutoff) {
		struct perf_cpu *cpu = s->heap.v[0];

		perf_bpf_drain(s, cpu->next_time_ns);
		decode_record(s, cpu, cpu->next);
		perf_ring_pop(&cpu->ring, cpu->next);
		if (!load_next(s, cpu)) {
			s->heap.v[0] = vec_pop(&s->heap);
			if (s->heap.n == 0)
				break;
		}
		sift_down(s, 0);
	}
	perf_bpf_drain(s, cutoff);
	perf_bpf_commit(s);
	for (size_t i = 0; i < s->cpu_count; i++)
		if (s->cpus[i].fd >= 0)
			perf_ring_commit(&s->cpus[i].ring);
	perf_look_for_awaited(s, cutoff, last);
	perf_attach_newcomers(s, clock_now_ns());
	perf_bpf_attach(s);
	if (!last)
		return;
	perf_bpf_note(s);
	perf_read_counters(s);
	report_silent_losses(s);
	for (size_t i = 0; i < s->setup.count; i++)
		report_between_samples(s, &s->setup.counters[i]);
}
