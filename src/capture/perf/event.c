/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One table: name, type, config, unit.  Cache events are the product of cache,
 * operation and result that perf_event_open(2) describes; the ones CPUs have in common
 * are written out, so that completion and "did you mean" know them.
 */
#include "capture/perf/event.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE(cache, op, result)                                            \
	PERF_TYPE_HW_CACHE, (PERF_COUNT_HW_CACHE_##cache |                  \
			     (uint64_t)PERF_COUNT_HW_CACHE_OP_##op << 8 |   \
			     (uint64_t)PERF_COUNT_HW_CACHE_RESULT_##result << 16), "events"
#define HW(name, unit) PERF_TYPE_HARDWARE, PERF_COUNT_HW_##name, unit
#define SW(name, unit) PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##name, unit

/* N(name, type, config, unit) */
#define PERF_EVENTS(N)                                                \
	N("cycles", HW(CPU_CYCLES, "cycles"))                         \
	N("cpu-cycles", HW(CPU_CYCLES, "cycles"))                     \
	N("instructions", HW(INSTRUCTIONS, "instructions"))           \
	N("cache-references", HW(CACHE_REFERENCES, "events"))         \
	N("cache-misses", HW(CACHE_MISSES, "events"))                 \
	N("branches", HW(BRANCH_INSTRUCTIONS, "events"))              \
	N("branch-instructions", HW(BRANCH_INSTRUCTIONS, "events"))   \
	N("branch-misses", HW(BRANCH_MISSES, "events"))               \
	N("bus-cycles", HW(BUS_CYCLES, "cycles"))                     \
	N("ref-cycles", HW(REF_CPU_CYCLES, "cycles"))                 \
	N("stalled-cycles-frontend", HW(STALLED_CYCLES_FRONTEND, "cycles")) \
	N("stalled-cycles-backend", HW(STALLED_CYCLES_BACKEND, "cycles")) \
	N("cpu-clock", SW(CPU_CLOCK, "ns"))                           \
	N("task-clock", SW(TASK_CLOCK, "ns"))                         \
	N("page-faults", SW(PAGE_FAULTS, "events"))                   \
	N("faults", SW(PAGE_FAULTS, "events"))                        \
	N("minor-faults", SW(PAGE_FAULTS_MIN, "events"))              \
	N("major-faults", SW(PAGE_FAULTS_MAJ, "events"))              \
	N("context-switches", SW(CONTEXT_SWITCHES, "events"))         \
	N("cs", SW(CONTEXT_SWITCHES, "events"))                       \
	N("cpu-migrations", SW(CPU_MIGRATIONS, "events"))             \
	N("migrations", SW(CPU_MIGRATIONS, "events"))                 \
	N("alignment-faults", SW(ALIGNMENT_FAULTS, "events"))         \
	N("emulation-faults", SW(EMULATION_FAULTS, "events"))         \
	N("L1-dcache-loads", CACHE(L1D, READ, ACCESS))                \
	N("L1-dcache-load-misses", CACHE(L1D, READ, MISS))            \
	N("L1-dcache-stores", CACHE(L1D, WRITE, ACCESS))              \
	N("L1-icache-load-misses", CACHE(L1I, READ, MISS))            \
	N("LLC-loads", CACHE(LL, READ, ACCESS))                       \
	N("LLC-load-misses", CACHE(LL, READ, MISS))                   \
	N("LLC-stores", CACHE(LL, WRITE, ACCESS))                     \
	N("LLC-store-misses", CACHE(LL, WRITE, MISS))                 \
	N("dTLB-loads", CACHE(DTLB, READ, ACCESS))                    \
	N("dTLB-load-misses", CACHE(DTLB, READ, MISS))                \
	N("dTLB-store-misses", CACHE(DTLB, WRITE, MISS))              \
	N("iTLB-load-misses", CACHE(ITLB, READ, MISS))                \
	N("branch-loads", CACHE(BPU, READ, ACCESS))                   \
	N("branch-load-misses", CACHE(BPU, READ, MISS))               \
	N("node-loads", CACHE(NODE, READ, ACCESS))                    \
	N("node-load-misses", CACHE(NODE, READ, MISS))

#define NAME(name, ...) name,
const char *const perf_event_names[] = { PERF_EVENTS(NAME) NULL };

#define ENTRY(name, ...) { __VA_ARGS__ },
static const struct {
	uint32_t type;
	uint64_t config;
	const char *unit;
} table[] = { PERF_EVENTS(ENTRY) };

static bool parse_modifiers(const char *text, struct perf_spec *spec)
{
	for (; *text; text++) {
		if (*text == 'u')
			spec->user_only = true;
		else if (*text == 'k')
			spec->kernel_only = true;
		else
			return false;
	}
	if (spec->user_only && spec->kernel_only)
		spec->user_only = spec->kernel_only = false; /* ":uk" is both */
	return true;
}

static bool parse_raw(const char *name, size_t length, struct perf_spec *spec)
{
	char *end;

	if (length < 2 || length > 17 || name[0] != 'r' ||
	    strspn(name + 1, "0123456789abcdefABCDEF") < length - 1)
		return false;
	spec->type = PERF_TYPE_RAW;
	spec->config = strtoull(name + 1, &end, 16);
	spec->unit = "events";
	return end == name + length;
}

static bool parse_name(const char *name, size_t length, struct perf_spec *spec)
{
	for (size_t i = 0; perf_event_names[i]; i++) {
		if (strlen(perf_event_names[i]) != length ||
		    strncmp(perf_event_names[i], name, length) != 0)
			continue;
		spec->type = table[i].type;
		spec->config = table[i].config;
		spec->unit = table[i].unit;
		return true;
	}
	return parse_raw(name, length, spec);
}

struct err *perf_spec_parse(const char *text, struct perf_spec *ret)
{
	size_t length = strcspn(text, ":");

	*ret = (struct perf_spec){ 0 };
	if (strlen(text) >= PERF_NAME_MAX || !parse_name(text, length, ret))
		return err_new(ERR_NOT_FOUND, "unknown event \"%s\"", text);
	if (text[length] && !parse_modifiers(text + length + 1, ret))
		return err_new(ERR_USAGE, "unknown modifier in event \"%s\": u (user) and k (kernel) are known",
			       text);
	snprintf(ret->name, sizeof(ret->name), "%s", text);
	return NULL;
}
