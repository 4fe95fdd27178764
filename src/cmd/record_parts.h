/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_RECORD_PARTS_H
#define SONDE_CMD_RECORD_PARTS_H
/*
 * What `record` is put together from, beside capture and the journal.  sonde compacts the
 * journal into Parquet and names the frames; sonde-agent does neither (both NULL) and needs
 * no library: the desk does that when it opens the recording.
 */
#include "session/session.h"

struct record_parts {
	const struct recorder_compactor *compactor;
	struct err *(*resolve)(struct recorder *r, const struct track *t, struct resolve_totals *totals);
};
extern const struct record_parts record_parts;

#endif
