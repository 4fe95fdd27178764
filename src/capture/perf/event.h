/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PERF_EVENT_H
#define SONDE_CAPTURE_PERF_EVENT_H
/* Names of hardware and software events, as perf(1) spells them, and what they ask of
 * the kernel (include/uapi/linux/perf_event.h). */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { PERF_NAME_MAX = 64 };

struct perf_spec {
	char name[PERF_NAME_MAX]; /* as asked for, with its modifiers: "cycles:u" */
	uint32_t type;            /* PERF_TYPE_* */
	uint64_t config;
	const char *unit;         /* of its counts: "ns", "cycles", "events" */
	bool user_only, kernel_only; /* :u, :k */
};

/* The names, ended by NULL, without "rHEX" (a raw event of the CPU). */
extern const char *const perf_event_names[];

/* "cache-misses", "cycles:u", "r1a8:k".  ERR_NOT_FOUND for a name that is none of ours. */
struct err *perf_spec_parse(const char *text, struct perf_spec *ret);

#endif
