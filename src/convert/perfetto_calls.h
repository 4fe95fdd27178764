/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_PERFETTO_CALLS_H
#define SONDE_CONVERT_PERFETTO_CALLS_H
/* System calls and signals of a recording as slices and instants on the tracks of their threads. */
#include "base/err.h"
#include "base/str.h"
#include "convert/exporter.h"

/* A packet with MESSAGE as its field FIELD, which is emptied.  TIME_NS 0: without a time. */
typedef void perfetto_packet(void *user, uint32_t field, struct str *message, uint64_t time_ns);

/* Nothing where the recording has none. */
struct err *perfetto_put_calls(const struct export_input *input, perfetto_packet *packet, void *user);

#endif
