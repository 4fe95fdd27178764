/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_PROFILE_IMPL_H
#define SONDE_VIEW_PROFILE_IMPL_H
/* What a profile is built with, shared by profile.c and profile_lists.c. */
#include "base/map.h"
#include "event/types.h"
#include "record/recording.h"
#include "view/profile.h"

/* The samples of one stack in one group. */
struct profile_slot {
	uint32_t group, stack;
	uint64_t value, samples;
};

/* The symbols of one frame, outermost first; made when first needed. */
struct profile_frame_symbols {
	uint32_t from, count; /* count UINT32_MAX: not yet made */
};

struct profile_builder {
	struct profile *p;
	const struct profile_options *options;
	struct recording *r;
	const struct row_stack *stacks;
	size_t stack_count;
	const struct row_thread *threads;
	size_t thread_count;
	uint32_t event_id;
	uint64_t sample_value; /* rows are sums of samples, each worth this; 0: a row is a sample */
	uint32_t *thread_group; /* by thread row; UINT32_MAX: not yet */
	VEC(uint32_t) group_symbols;
	struct strmap group_names;
	VEC(struct profile_slot) slots;
	struct map slot_index;	 /* group << 32 | stack -> index in slots */
	struct map events;	 /* event id -> samples */
	struct map lines;	 /* symbol << 32 | line -> index in p->lines */
	struct map leaves;	 /* frame -> index in p->leaves */
	struct map module_index; /* module id -> index in p->modules */

	struct profile_frame_symbols *symbols; /* by frame */
	VEC(uint32_t) symbol_ids;
	struct map nodes;    /* group << 32 | stack -> node */
	VEC(uint32_t) chain; /* stack rows on the way up */
};

static inline const char *profile_string(const struct profile_builder *b, uint32_t id)
{
	const char *text = id ? recording_string(b->r, id) : NULL;

	return text ? text : "";
}

/* --- profile_lists.c ---------------------------------------------------------------------- */

void profile_list_threads(struct profile_builder *b);
void profile_sum_processes(struct profile_builder *b);
struct err *profile_list_events(struct profile_builder *b);

#endif
