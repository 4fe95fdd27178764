/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of sonde's own `record`; those of sonde-agent are in agent/agent.c. */
#include "cmd/record_parts.h"

#include "record/segment.h"
#include "session/resolve.h"
#include "view/summary.h"

const struct record_parts record_parts = {
	.compactor = &parquet_compactor,
	.resolve = resolve_frames,
	.summarize = summary_of_recording,
	.count = summary_count,
};
