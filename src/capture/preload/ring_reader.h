/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PRELOAD_RING_READER_H
#define SONDE_CAPTURE_PRELOAD_RING_READER_H
/*
 * sonde's end of the agents' ring (event/agent_ring.h): makes it and takes out what
 * the programs wrote, in the order of time.  All that comes out has been checked: lengths
 * fit, texts end.
 */
#include "base/err.h"
#include "event/agent_ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_reader;

struct ring_config {
	uint64_t period_ns;
	uint32_t max_frames;
	bool copies_stacks; /* registers and a copy of the stack come, and no pcs */
};
/* PATH becomes a link to the ring, by which the agents open it; one that is there is replaced. */
struct err *ring_reader_create(const char *path, const struct ring_config *config,
			       struct ring_reader **ret);
void ring_reader_destroy(struct ring_reader *r); /* removes the link; NULL-safe */

enum ring_item_kind { RING_LOG, RING_MODULE, RING_SAMPLE };

/* Valid during the callback. */
struct ring_item {
	enum ring_item_kind kind;
	uint64_t time_ns;
	uint32_t pid, tid, chunk;
	union {
		const struct agent_log_entry *log;
		const struct agent_module *module;
		const struct agent_sample *sample; /* or a struct agent_copy */
	};
};
typedef void ring_item_fn(void *user, const struct ring_item *item);
/* Take out all there is.  Items come sorted by time within one call; at the same time
 * log entries before modules before samples. */
void ring_reader_drain(struct ring_reader *r, ring_item_fn *callback, void *user);

/* Unwinding the copy of ITEM took so many bytes of it, or wanted them: so much, and something more,
 * will the next ones of this thread have. */
void ring_reader_needed(struct ring_reader *r, const struct ring_item *item, uint64_t bytes);

/* Agents do nothing any more from here on. */
void ring_reader_stop(struct ring_reader *r);

struct ring_losses {
	uint64_t samples, log_entries, threads_missed, malformed;
};
void ring_reader_losses(const struct ring_reader *r, struct ring_losses *ret); /* since creation */

#endif
