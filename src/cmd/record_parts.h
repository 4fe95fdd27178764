/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_RECORD_PARTS_H
#define SONDE_CMD_RECORD_PARTS_H
/*
 * What this program's `record` is put together from.  sonde compacts the journal into
 * Parquet, names the frames and sums them up (record_parts.c); sonde-agent does none of
 * that (agent/agent.c) and needs no library: the desk does it when it opens the recording.
 */
#include "session/session.h"

extern const struct record_parts record_parts;

#endif
