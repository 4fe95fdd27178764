/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in a record.  A sample's layout follows from its event's sample_type, and so that
 * the event can be found first, the id lies at the same place in all samples of a file;
 * other records have a trailer of ids where sample_id_all was asked for.
 */
#include "format/perfdata_impl.h"

#include "base/mem.h"

#include <string.h>

/* enum perf_event_sample_format, in the order in which the parts lie in a sample */
enum {
	HAS_IP = 1 << 0,
	HAS_TID = 1 << 1,
	HAS_TIME = 1 << 2,
	HAS_ADDR = 1 << 3,
	HAS_READ = 1 << 4,
	HAS_CALLCHAIN = 1 << 5,
	HAS_ID = 1 << 6,
	HAS_CPU = 1 << 7,
	HAS_PERIOD = 1 << 8,
	HAS_STREAM_ID = 1 << 9,
	HAS_RAW = 1 << 10,
	HAS_BRANCH_STACK = 1 << 11,
	HAS_REGS_USER = 1 << 12,
	HAS_STACK_USER = 1 << 13,
	HAS_WEIGHT = 1 << 14,
	HAS_DATA_SRC = 1 << 15,
	HAS_IDENTIFIER = 1 << 16,
	HAS_TRANSACTION = 1 << 17,
	HAS_REGS_INTR = 1 << 18,
	HAS_PHYS_ADDR = 1 << 19,
	HAS_AUX = 1 << 20,
	HAS_CGROUP = 1 << 21,
	HAS_DATA_PAGE_SIZE = 1 << 22,
	HAS_CODE_PAGE_SIZE = 1 << 23,
	HAS_WEIGHT_STRUCT = 1 << 24,
};
enum { READ_ENABLED = 1, READ_RUNNING = 2, READ_ID = 4, READ_GROUP = 8, READ_LOST = 16 };
enum { BRANCH_HW_INDEX = 1 << 17, BRANCH_COUNTERS = 1 << 19 };
enum { ATTR_BYTES_V0 = 64, BUILD_ID_BYTES_MAX = 20 };
enum {
	MISC_CPUMODE = 7,
	MISC_KERNEL = 1,
	MISC_COMM_EXEC = 1 << 13,
	MISC_MMAP_DATA = 1 << 13,
	MISC_MMAP_BUILD_ID = 1 << 14,
	PROT_EXECUTE = 4,
};

/* --- attributes -------------------------------------------------------------------------------- */

/* A big-endian machine fills bit fields from the top. */
static uint64_t mirror(uint64_t v)
{
	uint64_t out = 0;

	for (int i = 0; i < 64; i++)
		out |= (v >> i & 1) << (63 - i);
	return out;
}

bool perfdata_read_attr(struct cursor *from, size_t size, struct perfdata_attr *a)
{
	struct cursor c = *from;

	*a = (struct perfdata_attr){ .type = cursor_u32(&c), .size = cursor_u32(&c) };
	if (a->size == 0)
		a->size = ATTR_BYTES_V0;
	if (size == 0 || size > a->size)
		size = a->size;
	if (size > cursor_left(from))
		size = cursor_left(from);
	c.end = from->at + (size < 8 ? 8 : size);
	if (c.bad || size < ATTR_BYTES_V0)
		return false;
	a->config = cursor_u64(&c);
	a->sample_period = cursor_u64(&c);
	a->sample_type = cursor_u64(&c);
	a->read_format = cursor_u64(&c);
	a->flags = cursor_u64(&c);
	if (c.big_endian)
		a->flags = mirror(a->flags);
	a->wakeup = cursor_u32(&c);
	a->bp_type = cursor_u32(&c);
	a->config1 = cursor_u64(&c);
	/* from here on only newer ones: past the end it's zeros */
	a->config2 = cursor_u64(&c);
	a->branch_sample_type = cursor_u64(&c);
	a->sample_regs_user = cursor_u64(&c);
	a->sample_stack_user = cursor_u32(&c);
	a->clockid = (int32_t)cursor_u32(&c);
	a->sample_regs_intr = cursor_u64(&c);
	a->aux_watermark = cursor_u32(&c);
	a->sample_max_stack = cursor_u16(&c);
	cursor_u16(&c);
	a->aux_sample_size = cursor_u32(&c);
	cursor_u32(&c);
	a->sig_data = cursor_u64(&c);
	a->config3 = cursor_u64(&c);
	return true;
}

/* --- where ids and times lie ------------------------------------------------------------------------ */

/* Parts before the id: [identifier] ip tid time addr id ... */
static int words_before(uint64_t sample_type, uint64_t part)
{
	static const uint32_t order[] = { HAS_IDENTIFIER, HAS_IP, HAS_TID, HAS_TIME, HAS_ADDR, HAS_ID };
	int words = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (order[i] == part)
			return sample_type & part ? words : -1;
		words += (sample_type & order[i]) != 0;
	}
	return -1;
}

/* The trailer: [tid] [time] [id] [stream_id] [cpu] [identifier]. */
static int trailer_words_before(uint64_t sample_type, uint64_t part)
{
	static const uint32_t order[] = { HAS_TID, HAS_TIME, HAS_ID, HAS_STREAM_ID, HAS_CPU, HAS_IDENTIFIER };
	int words = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (order[i] == part)
			return sample_type & part ? words : -1;
		words += (sample_type & order[i]) != 0;
	}
	return words;
}

void perfdata_find_layout(struct perfdata *p)
{
	struct perfdata_layout *l = &p->layout;

	*l = (struct perfdata_layout){ .known = p->events.n > 0, .id_words = -1, .time_words = -1 };
	if (!l->known)
		return;

	const struct perfdata_attr *a = &p->events.v[0]->attr;
	uint64_t type = a->sample_type;

	l->id_words = words_before(type, type & HAS_IDENTIFIER ? HAS_IDENTIFIER : HAS_ID);
	l->time_words = words_before(type, HAS_TIME);
	l->trailer = perfdata_flag(a, PERFDATA_SAMPLE_ID_ALL);
	l->trailer_words = (unsigned)trailer_words_before(type, 0);
	l->trailer_id = trailer_words_before(type, type & HAS_IDENTIFIER ? HAS_IDENTIFIER : HAS_ID);
	l->trailer_time = trailer_words_before(type, HAS_TIME);
	l->trailer_tid = trailer_words_before(type, HAS_TID);
	l->trailer_cpu = trailer_words_before(type, HAS_CPU);
}

static struct cursor word_cursor(const struct perfdata *p, const uint8_t *from, int words, size_t count)
{
	return cursor_of((struct bytes){ from + 8 * (size_t)words, 8 * count }, p->header.big_endian);
}

uint64_t perfdata_word(const struct perfdata *p, const uint8_t *words, uint64_t index)
{
	struct cursor c = cursor_of((struct bytes){ words + 8 * index, 8 }, p->header.big_endian);

	return cursor_u64(&c);
}

static const struct perfdata_event *event_of(const struct perfdata *p, bool has_id, uint64_t id)
{
	const struct perfdata_event *e = has_id ? perfdata_event_of_id(p, id) : NULL;

	if (!e && p->events.n > 0 && (p->events.n == 1 || !has_id || id == 0))
		e = p->events.v[0];
	return e;
}

static void sample_head(const struct perfdata *p, struct perfdata_record *r)
{
	const struct perfdata_layout *l = &p->layout;
	size_t words = r->body.size_bytes / 8;
	bool has_id = l->id_words >= 0 && (size_t)l->id_words < words;

	if (has_id)
		r->at.id = perfdata_word(p, r->body.data, (uint64_t)l->id_words);
	if (l->time_words >= 0 && (size_t)l->time_words < words)
		r->time_ns = perfdata_word(p, r->body.data, (uint64_t)l->time_words);
	r->event = event_of(p, has_id, r->at.id);
}

void perfdata_read_trailer(const struct perfdata *p, struct perfdata_record *r)
{
	const struct perfdata_layout *l = &p->layout;
	size_t bytes = 8 * (size_t)l->trailer_words;

	if (!l->known)
		return;
	if (r->type == PERFDATA_SAMPLE) {
		sample_head(p, r);
		return;
	}
	if (!l->trailer || r->body.size_bytes < bytes)
		return;

	const uint8_t *t = r->body.data + (r->body.size_bytes - bytes);

	if (l->trailer_tid >= 0) {
		struct cursor c = word_cursor(p, t, l->trailer_tid, 1);

		r->at.pid = (int32_t)cursor_u32(&c);
		r->at.tid = (int32_t)cursor_u32(&c);
	}
	if (l->trailer_cpu >= 0) {
		struct cursor c = word_cursor(p, t, l->trailer_cpu, 1);

		r->at.cpu = (int32_t)cursor_u32(&c);
	}
	if (l->trailer_time >= 0)
		r->time_ns = perfdata_word(p, t, (uint64_t)l->trailer_time);
	if (l->trailer_id >= 0)
		r->at.id = perfdata_word(p, t, (uint64_t)l->trailer_id);
	r->event = event_of(p, l->trailer_id >= 0, r->at.id);
	r->body.size_bytes -= bytes;
}

/* --- the kernel's records ------------------------------------------------------------------------------ */

static struct cursor body_cursor(const struct perfdata *p, const struct perfdata_record *r)
{
	return cursor_of(r->body, p->header.big_endian);
}

/* Some kernels leave the bit set in mappings that have device and inode instead, for events that
 * didn't ask for build-ids: there the first byte is a device's major number. */
static bool has_build_id(const struct perfdata_record *r, struct cursor c)
{
	uint8_t size = cursor_u8(&c);
	bool reserved = cursor_u8(&c) || cursor_u16(&c);

	if (r->event && perfdata_flag(&r->event->attr, PERFDATA_BUILD_ID_FLAG))
		return size > 0 && size <= BUILD_ID_BYTES_MAX && !reserved;
	return (size == BUILD_ID_BYTES_MAX || size == 16) && !reserved;
}

bool perfdata_mmap(const struct perfdata *p, const struct perfdata_record *r, struct perfdata_mmap *m)
{
	struct cursor c = body_cursor(p, r);
	uint32_t protection = PROT_EXECUTE;

	*m = (struct perfdata_mmap){ .pid = (int32_t)cursor_u32(&c), .tid = (int32_t)cursor_u32(&c) };
	m->addr = cursor_u64(&c);
	m->size_bytes = cursor_u64(&c);
	m->offset = cursor_u64(&c);
	if (r->type == PERFDATA_MMAP2 && r->misc & MISC_MMAP_BUILD_ID && has_build_id(r, c)) {
		m->build_id_size = cursor_u8(&c);
		cursor_skip(&c, 3);
		m->build_id = cursor_take(&c, BUILD_ID_BYTES_MAX);
		if (m->build_id_size > BUILD_ID_BYTES_MAX)
			m->build_id_size = BUILD_ID_BYTES_MAX;
	} else if (r->type == PERFDATA_MMAP2) {
		m->major = cursor_u32(&c);
		m->minor = cursor_u32(&c);
		m->inode = cursor_u64(&c);
		cursor_u64(&c);
	}
	if (r->type == PERFDATA_MMAP2) {
		protection = cursor_u32(&c);
		cursor_u32(&c);
	}
	/* a mapping of data says so by a bit, in MMAP2 also by its protection */
	m->executable = (protection & PROT_EXECUTE) != 0 && !(r->misc & MISC_MMAP_DATA);
	m->path = cursor_text(&c);
	return !c.bad;
}

bool perfdata_comm(const struct perfdata *p, const struct perfdata_record *r, struct perfdata_comm *ret)
{
	struct cursor c = body_cursor(p, r);

	*ret = (struct perfdata_comm){ .pid = (int32_t)cursor_u32(&c), .tid = (int32_t)cursor_u32(&c) };
	ret->comm = cursor_text(&c);
	ret->exec = (r->misc & MISC_COMM_EXEC) != 0;
	return !c.bad;
}

bool perfdata_task(const struct perfdata *p, const struct perfdata_record *r, struct perfdata_task *ret)
{
	struct cursor c = body_cursor(p, r);

	ret->pid = (int32_t)cursor_u32(&c);
	ret->ppid = (int32_t)cursor_u32(&c);
	ret->tid = (int32_t)cursor_u32(&c);
	ret->ptid = (int32_t)cursor_u32(&c);
	ret->time_ns = cursor_u64(&c);
	return !c.bad;
}

bool perfdata_lost(const struct perfdata *p, const struct perfdata_record *r, uint64_t *count)
{
	struct cursor c = body_cursor(p, r);

	if (r->type == PERFDATA_LOST)
		cursor_u64(&c); /* the event's id */
	*count = cursor_u64(&c);
	return !c.bad;
}

bool perfdata_ksymbol(const struct perfdata *p, const struct perfdata_record *r,
		      struct perfdata_ksymbol *ret)
{
	struct cursor c = body_cursor(p, r);

	ret->addr = cursor_u64(&c);
	ret->size_bytes = cursor_u32(&c);
	cursor_u16(&c);
	ret->unregister = cursor_u16(&c) & 1;
	ret->name = cursor_text(&c);
	return !c.bad;
}

/* --- samples ----------------------------------------------------------------------------------------------- */

static void take_fixed(struct cursor *c, uint64_t type, struct perfdata_sample *s)
{
	if (type & HAS_IDENTIFIER)
		s->identifier = cursor_u64(c);
	if (type & HAS_IP)
		s->ip = cursor_u64(c);
	if (type & HAS_TID) {
		s->pid = (int32_t)cursor_u32(c);
		s->tid = (int32_t)cursor_u32(c);
	}
	if (type & HAS_TIME)
		s->time_ns = cursor_u64(c);
	if (type & HAS_ADDR)
		s->addr = cursor_u64(c);
	if (type & HAS_ID)
		s->id = cursor_u64(c);
	if (type & HAS_STREAM_ID)
		s->stream_id = cursor_u64(c);
	if (type & HAS_CPU) {
		s->cpu = cursor_u32(c);
		cursor_u32(c);
	}
	if (type & HAS_PERIOD)
		s->period = cursor_u64(c);
	s->has_ip = (type & HAS_IP) != 0;
	s->has_tid = (type & HAS_TID) != 0;
	s->has_time = (type & HAS_TIME) != 0;
	s->has_cpu = (type & HAS_CPU) != 0;
}

/* COUNT things of SIZE bytes; NULL when they are not all there. */
static const uint8_t *take_array(struct cursor *c, uint64_t count, unsigned size)
{
	if (count > cursor_left(c) / size) {
		cursor_fail(c);
		return NULL;
	}
	return cursor_take(c, count * size);
}

static void take_read(struct cursor *c, uint64_t format, struct perfdata_sample *s)
{
	unsigned value_words = 1 + !!(format & READ_ID) + !!(format & READ_LOST);
	unsigned time_words = !!(format & READ_ENABLED) + !!(format & READ_RUNNING);
	const uint8_t *from = c->at;
	uint64_t values = format & READ_GROUP ? cursor_u64(c) : 1;

	cursor_skip(c, UINT64_C(8) * time_words);
	take_array(c, values, 8 * value_words);
	s->read = (struct bytes){ from, (size_t)(c->at - from) };
}

static void take_branches(struct cursor *c, uint64_t branch_type, struct perfdata_sample *s)
{
	s->branch_count = cursor_u64(c);
	if (branch_type & BRANCH_HW_INDEX)
		s->branch_hw_index = cursor_u64(c);
	s->branches = take_array(c, s->branch_count, 24);
	if (branch_type & BRANCH_COUNTERS)
		take_array(c, s->branch_count, 8);
}

static const uint8_t *take_regs(struct cursor *c, uint64_t mask, uint64_t *abi)
{
	*abi = cursor_u64(c);
	return *abi ? take_array(c, (unsigned)__builtin_popcountll(mask), 8) : NULL;
}

/* { u64 size, bytes, u64 how many of them are real }; the last is missing with size 0. */
static void take_stack(struct cursor *c, struct perfdata_sample *s)
{
	uint64_t size = cursor_u64(c), real = 0;
	const uint8_t *stack = take_array(c, size, 1);

	if (size)
		real = cursor_u64(c);
	if (!c->bad && size)
		s->user_stack = (struct bytes){ stack, real < size ? real : size };
}

static void take_weight(struct cursor *c, uint64_t type, struct perfdata_sample *s)
{
	if (type & HAS_WEIGHT)
		s->weight = cursor_u64(c);
	if (!(type & HAS_WEIGHT_STRUCT))
		return;

	uint64_t packed = cursor_u64(c); /* a union of one u64 and { u32, u16, u16 } */

	s->weight = packed & UINT32_MAX;
	s->weight2 = (uint16_t)(packed >> 32);
	s->weight3 = (uint16_t)(packed >> 48);
}

static void take_variable(struct cursor *c, const struct perfdata_attr *a, struct perfdata_sample *s)
{
	uint64_t type = a->sample_type;

	if (type & HAS_READ)
		take_read(c, a->read_format, s);
	if (type & HAS_CALLCHAIN) {
		s->chain_count = cursor_u64(c);
		s->chain = take_array(c, s->chain_count, 8);
	}
	if (type & HAS_RAW) {
		uint32_t size = cursor_u32(c);

		s->raw.data = take_array(c, size, 1);
		s->raw.size_bytes = s->raw.data ? size : 0;
	}
	if (type & HAS_BRANCH_STACK)
		take_branches(c, a->branch_sample_type, s);
	if (type & HAS_REGS_USER) {
		s->user_mask = a->sample_regs_user;
		s->user_regs = take_regs(c, s->user_mask, &s->user_abi);
	}
	if (type & HAS_STACK_USER)
		take_stack(c, s);
	if (type & (HAS_WEIGHT | HAS_WEIGHT_STRUCT))
		take_weight(c, type, s);
}

static void take_rest(struct cursor *c, const struct perfdata_attr *a, struct perfdata_sample *s)
{
	uint64_t type = a->sample_type;

	if (type & HAS_DATA_SRC)
		s->data_source = cursor_u64(c);
	if (type & HAS_TRANSACTION)
		s->transaction = cursor_u64(c);
	if (type & HAS_REGS_INTR) {
		s->intr_mask = a->sample_regs_intr;
		s->intr_regs = take_regs(c, s->intr_mask, &s->intr_abi);
	}
	if (type & HAS_PHYS_ADDR)
		s->physical_addr = cursor_u64(c);
	if (type & HAS_CGROUP)
		s->cgroup = cursor_u64(c);
	if (type & HAS_DATA_PAGE_SIZE)
		s->data_page_size = cursor_u64(c);
	if (type & HAS_CODE_PAGE_SIZE)
		s->code_page_size = cursor_u64(c);
	if (type & HAS_AUX) {
		uint64_t size = cursor_u64(c);

		s->aux.data = take_array(c, size, 1);
		s->aux.size_bytes = s->aux.data ? size : 0;
	}
}

bool perfdata_sample(const struct perfdata *p, const struct perfdata_record *r, struct perfdata_sample *s)
{
	struct cursor c = body_cursor(p, r);

	*s = (struct perfdata_sample){ .event = r->event, .pid = -1, .tid = -1 };
	if (!r->event)
		return false;
	take_fixed(&c, r->event->attr.sample_type, s);
	if (c.bad)
		return false;
	take_variable(&c, &r->event->attr, s);
	take_rest(&c, &r->event->attr, s);
	if (c.bad) { /* what is whole stays */
		if (!s->chain)
			s->chain_count = 0;
		if (!s->branches)
			s->branch_count = 0;
		if (!s->user_regs)
			s->user_abi = 0;
		if (!s->intr_regs)
			s->intr_abi = 0;
		return false;
	}
	if (!(r->event->attr.sample_type & HAS_PERIOD) && !perfdata_flag(&r->event->attr, PERFDATA_FREQ))
		s->period = r->event->attr.sample_period;
	return true;
}
