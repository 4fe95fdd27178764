/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A perf.data as a stream of records.
 *
 * A file has a header with the places of three sections (attributes, data, one for each
 * feature after the data); a pipe has sixteen bytes and then records that say the same.
 * Version 1 has no byte order in its magic, so the size field behind it, a small number,
 * tells.  Attributes have a size of their own: what a newer perf added is passed over.
 *
 * Compressed records are packets of one zstd stream; a record may begin in one packet and
 * end in the next, so what is left of a packet is put in front of the next one.  How much
 * may come out is bounded by the file's size: a bomb is an error, not a full memory.
 *
 * A record may say less than its type promises (old kernels), or more (newer ones): its
 * length counts.  A length that can't be ends the stream with ERR_FORMAT; all before it
 * was good.
 */
#include "format/perfdata_impl.h"

#include "base/mem.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
	PIPE_HEADER_BYTES = 16,
	HEADER_V1_BYTES = 72, /* before there were features */
	HEADER_BYTES = 104,
	FEATURE_WORDS = 4,
	EVENTS_MAX = 1 << 15,
	SIZE_FIELD_MAX = 1 << 16,
	UNPACKED_SPARE_BYTES = 64 << 20, /* beyond UNPACKED_RATIO_MAX times the file */
	UNPACKED_RATIO_MAX = 1000,
	RECORD_BYTES_MAX = 1 << 16,
	NAME_BYTES = 64, /* of struct perf_trace_event_type */
};

/* --- the header ----------------------------------------------------------------------------- */

bool perfdata_probe(const void *head, size_t size_bytes)
{
	return size_bytes >= PIPE_HEADER_BYTES &&
	       (memcmp(head, "PERFILE2", 8) == 0 || memcmp(head, "2ELIFREP", 8) == 0 ||
		memcmp(head, "PERFFILE", 8) == 0);
}

static struct err *read_magic(struct perfdata *p, uint64_t *header_bytes)
{
	const uint8_t *magic = p->file.data;

	if (!perfdata_probe(magic, p->file.size_bytes))
		return err_new(ERR_FORMAT, "not a perf.data: it doesn't begin with PERFILE2");
	p->header.version = magic[4] == 'F' ? 1 : 2;
	p->header.big_endian = magic[0] == '2';
	p->at = cursor_at(p->file, 8, p->header.big_endian);
	*header_bytes = cursor_u64(&p->at);
	if (p->header.version == 1 && *header_bytes > SIZE_FIELD_MAX) {
		p->header.big_endian = true;
		*header_bytes = __builtin_bswap64(*header_bytes);
		p->at.big_endian = true;
	}
	if (*header_bytes != PIPE_HEADER_BYTES && *header_bytes < HEADER_V1_BYTES)
		return err_new(ERR_FORMAT, "a perf.data with a header of %" PRIu64 " bytes", *header_bytes);
	return NULL;
}

struct section {
	uint64_t offset, size_bytes;
};
static struct section read_section(struct cursor *c)
{
	struct section s = { .offset = cursor_u64(c) };

	s.size_bytes = cursor_u64(c);
	return s;
}

/* A bitmap of the writer's longs: one that was written by 32-bit big-endian words has its
 * halves the other way around.  There is always a host name. */
static void read_feature_bits(struct cursor *c, uint64_t bits[FEATURE_WORDS])
{
	for (int i = 0; i < FEATURE_WORDS; i++)
		bits[i] = cursor_u64(c);
	if (bits[0] && !(bits[0] >> PERFDATA_HOSTNAME & 1))
		for (int i = 0; i < FEATURE_WORDS; i++)
			bits[i] = bits[i] << 32 | bits[i] >> 32;
}

static void read_features(struct perfdata *p, uint64_t bits[FEATURE_WORDS], uint64_t offset)
{
	struct cursor c = cursor_at(p->file, offset, p->header.big_endian);

	for (unsigned i = 0; i < FEATURE_WORDS * 64 && !c.bad; i++) {
		if (!(bits[i / 64] >> (i % 64) & 1))
			continue;

		struct section s = read_section(&c);

		if (!c.bad)
			perfdata_take_feature(p, i, bytes_slice(p->file, s.offset, s.size_bytes));
	}
}

static struct err *read_attrs(struct perfdata *p, struct section s, uint64_t entry_bytes)
{
	if (entry_bytes < 64 + 16 || entry_bytes > SIZE_FIELD_MAX)
		return err_new(ERR_FORMAT, "event attributes of %" PRIu64 " bytes", entry_bytes);
	if (s.size_bytes / entry_bytes > EVENTS_MAX)
		return err_new(ERR_FORMAT, "%" PRIu64 " events", s.size_bytes / entry_bytes);
	if (s.offset > p->file.size_bytes || s.size_bytes > p->file.size_bytes - s.offset)
		return err_new(ERR_FORMAT, "the event attributes lie outside of the file: it was cut short");
	for (uint64_t i = 0; i < s.size_bytes / entry_bytes; i++) {
		struct bytes entry = bytes_slice(p->file, s.offset + i * entry_bytes, entry_bytes);
		struct cursor c = cursor_of(entry, p->header.big_endian);
		struct perfdata_attr attr;

		perfdata_read_attr(&c, entry_bytes - 16, &attr);
		c = cursor_at(entry, entry_bytes - 16, p->header.big_endian);

		struct section ids = read_section(&c);

		perfdata_add_event(p, &attr, bytes_slice(p->file, ids.offset, ids.size_bytes));
	}
	return NULL;
}

/* Names of tracepoints: { u64 id, char name[64] }. */
static void read_event_types(struct perfdata *p, struct bytes b)
{
	struct cursor c = cursor_of(b, p->header.big_endian);

	while (cursor_left(&c) >= 8 + NAME_BYTES) {
		uint64_t id = cursor_u64(&c);
		const char *name = (const char *)cursor_take(&c, NAME_BYTES);

		*map_get(&p->tracepoints, id, NULL) =
			(uintptr_t)arena_strndup(&p->arena, name, strnlen(name, NAME_BYTES));
	}
}

static void name_tracepoints(struct perfdata *p)
{
	enum { TYPE_TRACEPOINT = 2 };

	for (size_t i = 0; i < p->events.n; i++) {
		struct perfdata_event *e = p->events.v[i];
		uint64_t *name = map_find(&p->tracepoints, e->attr.config);

		if (!e->named && e->attr.type == TYPE_TRACEPOINT && name)
			perfdata_set_name(p, e, (const char *)(uintptr_t)*name,
					  strlen((const char *)(uintptr_t)*name));
	}
}

static struct err *read_file_header(struct perfdata *p, uint64_t header_bytes)
{
	struct cursor c = cursor_at(p->file, 16, p->header.big_endian);
	uint64_t entry_bytes = cursor_u64(&c);
	struct section attrs = read_section(&c), data = read_section(&c), types = read_section(&c);
	uint64_t bits[FEATURE_WORDS] = { 0 };

	if (header_bytes >= HEADER_BYTES)
		read_feature_bits(&c, bits);
	if (c.bad)
		return err_new(ERR_FORMAT, "the header is cut short");
	TRY(read_attrs(p, attrs, entry_bytes));
	if (data.offset > p->file.size_bytes)
		return err_new(ERR_FORMAT, "the records lie outside of the file: it was cut short");
	p->header.data_offset = data.offset;
	p->header.data_size = data.size_bytes;
	p->header.unfinished = data.size_bytes == 0;
	if (p->header.version == 1)
		read_event_types(p, bytes_slice(p->file, types.offset, types.size_bytes));
	if (!p->header.unfinished)
		read_features(p, bits, data.offset + data.size_bytes);
	name_tracepoints(p);
	p->at = cursor_of(bytes_slice(p->file, data.offset, data.size_bytes ? data.size_bytes : UINT64_MAX),
			  p->header.big_endian);
	return NULL;
}

static struct err *read_header(struct perfdata *p)
{
	uint64_t header_bytes = 0;

	TRY(read_magic(p, &header_bytes));
	p->header.pipe = header_bytes == PIPE_HEADER_BYTES;
	if (p->header.pipe) {
		p->header.data_offset = PIPE_HEADER_BYTES;
		p->header.data_size = p->file.size_bytes - PIPE_HEADER_BYTES;
		return NULL;
	}
	TRY(read_file_header(p, header_bytes));
	perfdata_find_layout(p);
	return NULL;
}

struct err *perfdata_open(struct bytes file, struct perfdata **ret)
{
	struct perfdata *p = mem_calloc(1, sizeof(*p));
	const struct perfdata_header nothing = {
		.hostname = "", .os_release = "", .perf_version = "", .arch = "",
		.cpu_desc = "", .cpuid = "", .command_line = "",
	};

	p->file = file;
	p->header = nothing;
	arena_init(&p->arena);
	map_init(&p->by_id);
	map_init(&p->tracepoints);

	struct err *err = read_header(p);

	if (err) {
		perfdata_close(p);
		return err;
	}
	*ret = p;
	return NULL;
}

void perfdata_close(struct perfdata *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->blocks.n; i++)
		free(p->blocks.v[i]);
	vec_deinit(&p->blocks);
	vec_deinit(&p->events);
	vec_deinit(&p->build_ids);
	map_deinit(&p->by_id);
	map_deinit(&p->tracepoints);
	arena_deinit(&p->arena);
	ZSTD_freeDCtx(p->zstd);
	free(p->rest);
	free(p);
}

const struct perfdata_header *perfdata_header(const struct perfdata *p) { return &p->header; }
uint64_t perfdata_auxtrace_bytes(const struct perfdata *p) { return p->auxtrace_bytes; }
uint64_t perfdata_offset(const struct perfdata *p) { return (uint64_t)(p->at.at - p->file.data); }

/* --- packed records ----------------------------------------------------------------------------- */

static struct err *unpack_into(struct perfdata *p, struct bytes packed, uint8_t **block, size_t *size,
			       size_t *cap)
{
	uint64_t limit = UNPACKED_SPARE_BYTES + UNPACKED_RATIO_MAX * (uint64_t)p->file.size_bytes;
	ZSTD_inBuffer in = { packed.data, packed.size_bytes, 0 };
	bool full;

	do {
		if (*cap - *size < RECORD_BYTES_MAX) {
			*cap += *cap + 2 * RECORD_BYTES_MAX;
			*block = mem_realloc(*block, *cap);
		}

		ZSTD_outBuffer out = { *block, *cap, *size };
		size_t left = ZSTD_decompressStream(p->zstd, &out, &in);

		if (ZSTD_isError(left))
			return err_new(ERR_FORMAT, "compressed records at offset %" PRIu64 ": %s",
				       p->inner_offset, ZSTD_getErrorName(left));
		p->unpacked_bytes += out.pos - *size;
		*size = out.pos;
		full = out.pos == out.size;
		if (p->unpacked_bytes > limit)
			return err_new(ERR_LIMIT, "compressed records at offset %" PRIu64
						  ": they unpack to more than %" PRIu64 " bytes",
				       p->inner_offset, limit);
	} while (in.pos < in.size || full);
	return NULL;
}

static struct err *unpack(struct perfdata *p, struct bytes packed)
{
	size_t size = p->rest_bytes, cap = size;
	uint8_t *block = p->rest;

	if (!p->zstd)
		p->zstd = ZSTD_createDCtx();
	if (!p->zstd)
		return err_nomem();
	p->rest = NULL;
	p->rest_bytes = 0;

	struct err *err = unpack_into(p, packed, &block, &size, &cap);

	if (!block)
		return err;
	block = mem_realloc(block, size ? size : 1);
	vec_push(&p->blocks, block);
	p->inner = cursor_of((struct bytes){ block, size }, p->header.big_endian);
	return err;
}

/* --- headers among the records --------------------------------------------------------------------- */

static void take_attr(struct perfdata *p, struct bytes body)
{
	struct cursor c = cursor_of(body, p->header.big_endian);
	struct perfdata_attr attr;

	if (p->events.n >= EVENTS_MAX || !perfdata_read_attr(&c, 0, &attr))
		return;
	perfdata_add_event(p, &attr, bytes_slice(body, attr.size, body.size_bytes));
	name_tracepoints(p);
	p->layout.known = false;
}

/* { u64 what, u64 id, text }: only names matter here. */
static void take_update(struct perfdata *p, struct bytes body)
{
	enum { UPDATE_NAME = 2 };
	struct cursor c = cursor_of(body, p->header.big_endian);
	uint64_t what = cursor_u64(&c), id = cursor_u64(&c);
	uint64_t *index = map_find(&p->by_id, id);

	if (what != UPDATE_NAME || c.bad || !index)
		return;
	perfdata_set_name(p, p->events.v[*index - 1], (const char *)c.at,
			  strnlen((const char *)c.at, cursor_left(&c)));
}

static void take_feature(struct perfdata *p, struct bytes body)
{
	struct cursor c = cursor_of(body, p->header.big_endian);
	uint64_t feature = cursor_u64(&c);

	if (!c.bad && feature < PERFDATA_FEATURE_END)
		perfdata_take_feature(p, (unsigned)feature, bytes_slice(body, 8, body.size_bytes));
}

/* { u64 n, n times { u64 id, ... } }: the ids are in the attributes as well. */
static void take_header(struct perfdata *p, const struct perfdata_record *r)
{
	switch (r->type) {
	case PERFDATA_HEADER_ATTR:
		take_attr(p, r->body);
		break;
	case PERFDATA_EVENT_TYPE:
		read_event_types(p, r->body);
		break;
	case PERFDATA_HEADER_BUILD_ID:
		perfdata_take_build_id(p, r->body, r->misc, false);
		break;
	case PERFDATA_EVENT_UPDATE:
		take_update(p, r->body);
		break;
	case PERFDATA_HEADER_FEATURE:
		take_feature(p, r->body);
		break;
	default:
		break;
	}
}

/* --- records ------------------------------------------------------------------------------------------ */

/* Data that follows some records and isn't in their size. */
static struct err *skip_payload(struct perfdata *p, const struct perfdata_record *r)
{
	struct cursor c = cursor_of(r->body, p->header.big_endian);
	uint64_t size = 0;

	if (r->type == PERFDATA_HEADER_TRACING_DATA)
		size = (cursor_u32(&c) + UINT64_C(7)) & ~UINT64_C(7);
	else if (r->type == PERFDATA_AUXTRACE_DATA)
		p->auxtrace_bytes += size = cursor_u64(&c);
	if (size > cursor_left(&p->at))
		return err_new(ERR_FORMAT, "record at offset %" PRIu64 ": %" PRIu64
					   " bytes of trace data follow it, and the file ends before",
			       r->file_offset, size);
	cursor_skip(&p->at, size);
	return NULL;
}

/* The record at C; false: what is left is too little for it. */
static struct err *read_record(struct perfdata *p, struct cursor *c, struct perfdata_record *r, bool *whole)
{
	struct cursor at = *c;
	uint16_t size;

	r->type = cursor_u32(&at);
	r->misc = cursor_u16(&at);
	size = cursor_u16(&at);
	*whole = !at.bad && size <= cursor_left(c);
	if (at.bad)
		return NULL;
	if (size < 8)
		return err_new(ERR_FORMAT, "record at offset %" PRIu64 " has a size of %u bytes: the file is damaged",
			       r->file_offset, size);
	if (!*whole)
		return NULL;
	r->body = (struct bytes){ at.at, size - UINT64_C(8) };
	cursor_skip(c, size);
	return NULL;
}

static void keep_rest(struct perfdata *p)
{
	size_t left = cursor_left(&p->inner);

	free(p->rest);
	p->rest = NULL;
	p->rest_bytes = left;
	if (left) {
		p->rest = mem_alloc(left);
		memcpy(p->rest, p->inner.at, left);
	}
	p->inner.at = p->inner.end;
}

static struct err *unpack_record(struct perfdata *p, const struct perfdata_record *r)
{
	struct bytes packed = r->body;

	p->inner_offset = r->file_offset;
	if (r->type == PERFDATA_COMPRESSED2_DATA) { /* { u64 size, data, padding } */
		struct cursor c = cursor_of(packed, p->header.big_endian);
		uint64_t size = cursor_u64(&c);

		if (c.bad || size > cursor_left(&c))
			return err_new(ERR_FORMAT, "compressed record at offset %" PRIu64 " is cut short",
				       r->file_offset);
		packed = bytes_slice(packed, 8, size);
	}
	return unpack(p, packed);
}

static struct err *finish_record(struct perfdata *p, struct perfdata_record *r)
{
	if (r->type >= 64) {
		r->time_ns = 0;
		take_header(p, r);
		if (p->inner_offset == 0)
			TRY(skip_payload(p, r));
		return NULL;
	}
	if (!p->layout.known)
		perfdata_find_layout(p);
	perfdata_read_trailer(p, r);
	return NULL;
}

static const struct perfdata_record nothing = { .at = { -1, -1, -1, 0 } };

static struct err *next_inner(struct perfdata *p, struct perfdata_record *r, bool *found)
{
	*r = nothing;
	*found = false;
	if (cursor_done(&p->inner))
		return NULL;
	r->file_offset = p->inner_offset;
	TRY(read_record(p, &p->inner, r, found));
	if (!*found)
		keep_rest(p);
	return *found ? finish_record(p, r) : NULL;
}

/* "[ perf record: Woken up 1 times to write data ]", when standard error went the same way. */
static bool is_message(const struct cursor *c)
{
	static const char message[] = "[ perf record: ";

	return cursor_left(c) >= sizeof(message) - 1 && memcmp(c->at, message, sizeof(message) - 1) == 0;
}

struct err *perfdata_next(struct perfdata *p, struct perfdata_record *r, bool *more)
{
	bool whole;

	*more = true;
	TRY(next_inner(p, r, &whole));
	if (whole)
		return NULL;
	p->inner_offset = 0;
	*r = nothing;
	r->file_offset = perfdata_offset(p);
	if (cursor_done(&p->at)) {
		*more = false;
		return NULL;
	}
	TRY(read_record(p, &p->at, r, &whole));
	if (!whole && (p->header.unfinished || is_message(&p->at))) {
		p->at.at = p->at.end;
		*more = false;
		return NULL;
	}
	if (!whole)
		return err_new(ERR_FORMAT, "the last record, at offset %" PRIu64 ", is cut short", r->file_offset);
	if (r->type == PERFDATA_COMPRESSED_DATA || r->type == PERFDATA_COMPRESSED2_DATA) {
		TRY(unpack_record(p, r));
		return NULL;
	}
	return finish_record(p, r);
}
