/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events in words: the names that perf gives to what an attribute counts, and an
 * attribute's fields as `perf evlist -v` lists them.  Both are tables over the numbers of
 * include/uapi/linux/perf_event.h.
 */
#include "format/perfdata.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>

enum { TYPE_HARDWARE, TYPE_SOFTWARE, TYPE_TRACEPOINT, TYPE_CACHE, TYPE_RAW, TYPE_BREAKPOINT };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* --- names --------------------------------------------------------------------------------------- */

static const char *const hardware[] = {
	"cycles",	 "instructions", "cache-references", "cache-misses",	       "branches",
	"branch-misses", "bus-cycles",	 "stalled-cycles-frontend", "stalled-cycles-backend", "ref-cycles",
};
static const char *const software[] = {
	"cpu-clock",	"task-clock",	"page-faults",	    "context-switches", "cpu-migrations", "minor-faults",
	"major-faults", "alignment-faults", "emulation-faults", "dummy",	"bpf-output",	  "cgroup-switches",
};
static const char *const caches[] = { "L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node" };
static const char *const cache_ops[][2] = {
	{ "load", "loads" },
	{ "store", "stores" },
	{ "prefetch", "prefetches" },
};

static const char *from_table(const char *const *table, size_t count, uint64_t config)
{
	return config < count ? table[config] : NULL;
}

static void cache_name(uint64_t config, struct str *name)
{
	uint64_t cache = config & 0xff, op = config >> 8 & 0xff, result = config >> 16 & 0xff;

	if (cache >= COUNT(caches) || op >= COUNT(cache_ops) || result > 1)
		str_printf(name, "unknown cache event 0x%" PRIx64, config);
	else if (result == 1)
		str_printf(name, "%s-%s-misses", caches[cache], cache_ops[op][0]);
	else
		str_printf(name, "%s-%s", caches[cache], cache_ops[op][1]);
}

/* :u, :k, :ppp, :HG where they say something; perf's evsel__add_modifiers(). */
static void add_modifiers(const struct perfdata_attr *a, struct str *name)
{
	bool no_guest_expected = false;
	uint64_t precise = a->flags >> PERFDATA_PRECISE & 3;
	struct str m = { 0 };

	if (perfdata_flag(a, PERFDATA_EXCLUDE_KERNEL) || perfdata_flag(a, PERFDATA_EXCLUDE_USER) ||
	    perfdata_flag(a, PERFDATA_EXCLUDE_HV)) {
		str_add(&m, perfdata_flag(a, PERFDATA_EXCLUDE_KERNEL) ? "" : "k");
		str_add(&m, perfdata_flag(a, PERFDATA_EXCLUDE_USER) ? "" : "u");
		str_add(&m, perfdata_flag(a, PERFDATA_EXCLUDE_HV) ? "" : "h");
		no_guest_expected = true;
	}
	if (precise) {
		str_add_repeat(&m, 'p', precise);
		no_guest_expected = true;
	}
	if (perfdata_flag(a, PERFDATA_EXCLUDE_HOST) ||
	    perfdata_flag(a, PERFDATA_EXCLUDE_GUEST) == no_guest_expected) {
		str_add(&m, perfdata_flag(a, PERFDATA_EXCLUDE_HOST) ? "" : "H");
		str_add(&m, perfdata_flag(a, PERFDATA_EXCLUDE_GUEST) ? "" : "G");
	}
	if (m.length > 0)
		str_printf(name, ":%s", m.text);
	str_deinit(&m);
}

static void breakpoint_name(const struct perfdata_attr *a, struct str *name)
{
	str_printf(name, "mem:0x%" PRIx64 ":", a->config1);
	str_add(name, a->bp_type & 1 ? "r" : "");
	str_add(name, a->bp_type & 2 ? "w" : "");
	str_add(name, a->bp_type & 4 ? "x" : "");
}

void perfdata_attr_name(const struct perfdata_attr *a, struct str *name)
{
	const char *known = NULL;

	switch (a->type) {
	case TYPE_HARDWARE:
		known = from_table(hardware, COUNT(hardware), a->config & UINT32_MAX);
		break;
	case TYPE_SOFTWARE:
		known = from_table(software, COUNT(software), a->config);
		break;
	case TYPE_TRACEPOINT:
		str_printf(name, "tracepoint %" PRIu64, a->config);
		return;
	case TYPE_CACHE:
		cache_name(a->config, name);
		break;
	case TYPE_RAW:
		str_printf(name, "raw 0x%" PRIx64, a->config);
		break;
	case TYPE_BREAKPOINT:
		breakpoint_name(a, name);
		break;
	default:
		str_printf(name, "type %u config 0x%" PRIx64, a->type, a->config);
		return;
	}
	if (known)
		str_add(name, known);
	else if (a->type <= TYPE_SOFTWARE)
		str_printf(name, "unknown %s event %" PRIu64,
			   a->type == TYPE_HARDWARE ? "hardware" : "software", a->config);
	add_modifiers(a, name);
}

const char *perfdata_attr_unit(const struct perfdata_attr *a)
{
	uint64_t config = a->config & UINT32_MAX;

	if (a->type == TYPE_SOFTWARE && config <= 1)
		return "ns";
	if (a->type == TYPE_HARDWARE && (config == 0 || config == 6 || config == 9))
		return "cycles";
	if (a->type == TYPE_HARDWARE && config == 1)
		return "instructions";
	return "events";
}

/* --- fields ------------------------------------------------------------------------------------------- */

static const char *const sample_bits[] = {
	"IP",	 "TID",	      "TIME",	    "ADDR",    "READ",	    "CALLCHAIN",      "ID",	       "CPU",
	"PERIOD", "STREAM_ID", "RAW",	     "BRANCH_STACK", "REGS_USER", "STACK_USER", "WEIGHT",      "DATA_SRC",
	"IDENTIFIER", "TRANSACTION", "REGS_INTR", "PHYS_ADDR", "AUX", "CGROUP", "DATA_PAGE_SIZE", "CODE_PAGE_SIZE",
	"WEIGHT_STRUCT",
};
/* perf lists IDENTIFIER where it was added to the list, not by its number */
static const uint8_t sample_bits_order[] = { 0,	 1,  2,	 3,  4,	 5,  6,	 7,  8,	 9,  10, 11, 12,
					     13, 16, 18, 15, 14, 19, 20, 21, 22, 23, 24, 17 };
static const char *const read_bits[] = { "TOTAL_TIME_ENABLED", "TOTAL_TIME_RUNNING", "ID", "GROUP", "LOST" };
static const char *const branch_bits[] = {
	"USER",	 "KERNEL", "HV",       "ANY",  "ANY_CALL", "ANY_RETURN", "IND_CALL",  "ABORT_TX",
	"IN_TX", "NO_TX",  "COND",     "CALL_STACK", "IND_JUMP", "CALL", "NO_FLAGS", "NO_CYCLES",
	"TYPE_SAVE", "HW_INDEX", "PRIV_SAVE", "COUNTERS",
};
static const char *const flag_names[] = {
	"disabled", "inherit", "pinned", "exclusive", "exclude_user", "exclude_kernel", "exclude_hv",
	"exclude_idle", "mmap", "comm", "freq", "inherit_stat", "enable_on_exec", "task", "watermark",
	"precise_ip", NULL /* its second bit */, "mmap_data", "sample_id_all", "exclude_host", "exclude_guest",
	"exclude_callchain_kernel", "exclude_callchain_user", "mmap2", "comm_exec", "use_clockid",
	"context_switch", "write_backward", "namespaces", "ksymbol", "bpf_event", "aux_output", "cgroup",
	"text_poke", "build_id", "inherit_thread", "remove_on_exec", "sigtrap",
};

static void add_number(struct str *text, const char *name, uint64_t value, bool hex)
{
	if (value)
		str_printf(text, hex ? "%s%s: 0x%" PRIx64 : "%s%s: %" PRIu64, text->length ? ", " : "", name,
			   value);
}

static void add_bits(struct str *text, const char *name, uint64_t value, const char *const *names,
		     const uint8_t *order, size_t count)
{
	const char *separator = "";

	if (!value)
		return;
	str_printf(text, "%s%s: ", text->length ? ", " : "", name);
	for (size_t i = 0; i < count; i++) {
		unsigned bit = order ? order[i] : (unsigned)i;

		if (value >> bit & 1) {
			str_printf(text, "%s%s", separator, names[bit]);
			separator = "|";
			value &= ~(UINT64_C(1) << bit);
		}
	}
	if (value)
		str_printf(text, "%s0x%" PRIx64, separator, value);
}

static void add_flags(struct str *text, const struct perfdata_attr *a)
{
	for (size_t i = 0; i < COUNT(flag_names); i++)
		if (flag_names[i])
			add_number(text, flag_names[i], a->flags >> i & (i == PERFDATA_PRECISE ? 3 : 1), false);
}

void perfdata_attr_text(const struct perfdata_attr *a, struct str *t)
{
	add_number(t, "type", a->type, false);
	add_number(t, "size", a->size, false);
	add_number(t, "config", a->config, true);
	add_number(t, "{ sample_period, sample_freq }", a->sample_period, false);
	add_bits(t, "sample_type", a->sample_type, sample_bits, sample_bits_order, COUNT(sample_bits));
	add_bits(t, "read_format", a->read_format, read_bits, NULL, COUNT(read_bits));
	add_flags(t, a);
	add_number(t, "{ wakeup_events, wakeup_watermark }", a->wakeup, false);
	add_number(t, "bp_type", a->bp_type, false);
	add_number(t, "{ bp_addr, config1 }", a->config1, true);
	add_number(t, "{ bp_len, config2 }", a->config2, true);
	add_bits(t, "branch_sample_type", a->branch_sample_type, branch_bits, NULL, COUNT(branch_bits));
	add_number(t, "sample_regs_user", a->sample_regs_user, true);
	add_number(t, "sample_stack_user", a->sample_stack_user, false);
	add_number(t, "clockid", (uint32_t)a->clockid, false);
	add_number(t, "sample_regs_intr", a->sample_regs_intr, true);
	add_number(t, "aux_watermark", a->aux_watermark, false);
	add_number(t, "sample_max_stack", a->sample_max_stack, false);
	add_number(t, "aux_sample_size", a->aux_sample_size, false);
	add_number(t, "sig_data", a->sig_data, false);
	add_number(t, "config3", a->config3, true);
}
