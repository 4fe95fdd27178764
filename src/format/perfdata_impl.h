/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_PERFDATA_IMPL_H
#define SONDE_FORMAT_PERFDATA_IMPL_H
/* Inside of the perf.data reader: perfdata*.c only. */
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "format/perfdata.h"

/* Where ids and times lie, by sample_type; the same for all events of a file. */
struct perfdata_layout {
	bool known;
	int id_words;	       /* u64s before the id of a sample; -1: none */
	int time_words;	       /* before its time; -1: none */
	bool trailer;	       /* sample_id_all */
	unsigned trailer_words;
	int trailer_id, trailer_time, trailer_tid, trailer_cpu; /* words from its start; -1 */
};

struct perfdata {
	struct bytes file;
	struct perfdata_header header;
	struct arena arena;
	VEC(struct perfdata_event *) events;
	struct map by_id; /* id -> event index + 1 */
	struct bytes features[PERFDATA_FEATURE_END];
	VEC(struct perfdata_build_id) build_ids;
	struct map tracepoints; /* pipes of old perfs: tracepoint id -> name (const char *) */
	struct perfdata_layout layout;

	struct cursor at;     /* in the file */
	struct cursor inner;  /* in what was unpacked; done when there is none */
	uint64_t inner_offset;
	void *zstd;
	uint8_t *rest; /* the part of a record that the last packet ended with */
	size_t rest_bytes;
	VEC(uint8_t *) blocks; /* unpacked; records point into them */
	uint64_t unpacked_bytes;
	uint64_t auxtrace_bytes;
};

/* Read an attribute of at most SIZE bytes (0: as it says itself). */
bool perfdata_read_attr(struct cursor *c, size_t size, struct perfdata_attr *ret);
struct perfdata_event *perfdata_add_event(struct perfdata *p, const struct perfdata_attr *attr,
					  struct bytes ids);
void perfdata_set_name(struct perfdata *p, struct perfdata_event *e, const char *name, size_t length);
const struct perfdata_event *perfdata_event_of_id(const struct perfdata *p, uint64_t id);
/* Take a feature's bytes over. */
void perfdata_take_feature(struct perfdata *p, unsigned feature, struct bytes data);
/* One entry of the build-id table; false: it is none. */
bool perfdata_take_build_id(struct perfdata *p, struct bytes entry, uint16_t misc, bool without_pid);
void perfdata_find_layout(struct perfdata *p);
void perfdata_read_trailer(const struct perfdata *p, struct perfdata_record *r);

#endif
