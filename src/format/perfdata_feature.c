/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The feature sections of a perf.data: what the machine was, how the file was made, and the
 * tables that go with the records (event names with their ids, build-ids).
 *
 * Most are a few numbers and texts in a row.  What one looks like is said by a template,
 * from which its text for people is made: %s a text, %u a u32, %q a u64, and %n{...} a u32
 * and then that many times what the braces hold.
 */
#include "format/perfdata_impl.h"

#include "base/str.h"

#include <inttypes.h>
#include <string.h>

enum {
	TYPE_BUILD_ID_SIZE = 1 << 15, /* misc: the id's size is in its 21st byte */
	BUILD_ID_FIELD_BYTES = 24,
	FEATURE_TEXT_MAX = 64 << 10,
	IDS_MAX = 1 << 24,
};

static const struct {
	const char *name, *form;
} features[PERFDATA_FEATURE_END] = {
	[PERFDATA_TRACING_DATA] = { "tracing_data", NULL },
	[PERFDATA_BUILD_ID] = { "build_id", NULL },
	[PERFDATA_HOSTNAME] = { "hostname", "%s" },
	[PERFDATA_OSRELEASE] = { "osrelease", "%s" },
	[PERFDATA_VERSION] = { "version", "%s" },
	[PERFDATA_ARCH] = { "arch", "%s" },
	[PERFDATA_NRCPUS] = { "nrcpus", "%u available, %u online" },
	[PERFDATA_CPUDESC] = { "cpudesc", "%s" },
	[PERFDATA_CPUID] = { "cpuid", "%s" },
	[PERFDATA_TOTAL_MEM] = { "total_mem", "%q kB" },
	[PERFDATA_CMDLINE] = { "cmdline", "%n{%s }" },
	[PERFDATA_EVENT_DESC] = { "event_desc", NULL },
	[PERFDATA_CPU_TOPOLOGY] = { "cpu_topology", "%n{sockets %s; }%n{threads %s; }" },
	[PERFDATA_NUMA_TOPOLOGY] = { "numa_topology", "%n{node %u: %q kB, %q kB free, CPUs %s; }" },
	[PERFDATA_BRANCH_STACK] = { "branch_stack", "samples have branch stacks" },
	[PERFDATA_PMU_MAPPINGS] = { "pmu_mappings", "%n{%u %s; }" },
	[PERFDATA_GROUP_DESC] = { "group_desc", "%n{%s leader %u members %u; }" },
	[PERFDATA_AUXTRACE] = { "auxtrace", "hardware trace data" },
	[PERFDATA_STAT] = { "stat", "written by perf stat" },
	[PERFDATA_CACHE] = { "cache", NULL },
	[PERFDATA_SAMPLE_TIME] = { "sample_time", "first %q ns, last %q ns" },
	[PERFDATA_MEM_TOPOLOGY] = { "mem_topology", NULL },
	[PERFDATA_CLOCKID] = { "clockid", "resolution %q ns" },
	[PERFDATA_DIR_FORMAT] = { "dir_format", "a directory of files" },
	[PERFDATA_BPF_PROG_INFO] = { "bpf_prog_info", NULL },
	[PERFDATA_BPF_BTF] = { "bpf_btf", NULL },
	[PERFDATA_COMPRESSED] = { "compressed", "version %u, type %u, level %u, ratio %u" },
	[PERFDATA_CPU_PMU_CAPS] = { "cpu_pmu_caps", "%n{%s = %s; }" },
	[PERFDATA_CLOCK_DATA] = { "clock_data", NULL },
	[PERFDATA_HYBRID_TOPOLOGY] = { "hybrid_topology", "%n{%s: CPUs %s; }" },
	[PERFDATA_PMU_CAPS] = { "pmu_caps", "%n{%n{%s = %s; }of %s; }" },
};

const char *perfdata_feature_name(enum perfdata_feature feature)
{
	return (unsigned)feature < PERFDATA_FEATURE_END ? features[feature].name : NULL;
}

/* { u32 length, bytes }, padded; the text may end earlier. */
static struct bytes take_text(struct cursor *c)
{
	uint32_t length = cursor_u32(c);
	const uint8_t *text = cursor_take(c, length);

	if (!text)
		return (struct bytes){ (const uint8_t *)"", 0 };
	return (struct bytes){ text, strnlen((const char *)text, length) };
}

static const char *take_string(struct perfdata *p, struct cursor *c)
{
	struct bytes text = take_text(c);

	return arena_strndup(&p->arena, (const char *)text.data, text.size_bytes);
}

/* --- templates ----------------------------------------------------------------------------------- */

static const char *fill(struct cursor *c, const char *form, struct str *text);

/* The form's braces, COUNT times.  Returns what is behind them. */
static const char *fill_times(struct cursor *c, uint32_t count, const char *form, struct str *text)
{
	struct cursor none = cursor_of((struct bytes){ NULL, 0 }, false);
	struct str dropped = { 0 };
	const char *end = fill(&none, form, &dropped);

	str_deinit(&dropped);
	for (uint32_t i = 0; i < count && !c->bad && text->length < FEATURE_TEXT_MAX; i++)
		fill(c, form, text);
	return end;
}

/* Up to the template's end or a closing brace, behind which is returned.  It calls itself as
 * deep as our own templates nest. */
static const char *fill(struct cursor *c, const char *form, struct str *text)
{
	while (*form && *form != '}') {
		if (*form != '%') {
			str_add_char(text, *form++);
			continue;
		}

		struct bytes part;

		switch (form[1]) {
		case 's':
			part = take_text(c);
			str_add_n(text, part.data, part.size_bytes);
			break;
		case 'u':
			str_printf(text, "%u", cursor_u32(c));
			break;
		case 'q':
			str_printf(text, "%" PRIu64, cursor_u64(c));
			break;
		default:
			form = fill_times(c, cursor_u32(c), form + 3, text);
			continue;
		}
		form += 2;
	}
	return *form ? form + 1 : form;
}

void perfdata_feature_text(const struct perfdata *p, enum perfdata_feature feature, struct str *text)
{
	struct cursor c = cursor_of(p->features[feature], p->header.big_endian);

	if (!features[feature].form || !p->features[feature].data)
		return;
	fill(&c, features[feature].form, text);
	while (text->length > 0 && strchr("; ", text->text[text->length - 1]))
		text->text[--text->length] = '\0';
}

/* --- events ------------------------------------------------------------------------------------------- */

size_t perfdata_event_count(const struct perfdata *p) { return p->events.n; }

const struct perfdata_event *perfdata_event(const struct perfdata *p, size_t index)
{
	return p->events.v[index];
}

const struct perfdata_event *perfdata_event_of_id(const struct perfdata *p, uint64_t id)
{
	uint64_t *index = map_find(&p->by_id, id);

	return index ? p->events.v[*index - 1] : NULL;
}

void perfdata_set_name(struct perfdata *p, struct perfdata_event *e, const char *name, size_t length)
{
	e->name = arena_strndup(&p->arena, name, length);
	e->named = true;
}

static void add_ids(struct perfdata *p, struct perfdata_event *e, size_t index, struct bytes ids)
{
	struct cursor c = cursor_of(ids, p->header.big_endian);
	size_t count = ids.size_bytes / 8;

	if (count > IDS_MAX)
		count = IDS_MAX;
	e->ids = ARENA_ARRAY(&p->arena, uint64_t, count + 1);
	for (size_t i = 0; i < count; i++) {
		e->ids[i] = cursor_u64(&c);
		*map_get(&p->by_id, e->ids[i], NULL) = index + 1;
	}
	e->id_count = count;
}

struct perfdata_event *perfdata_add_event(struct perfdata *p, const struct perfdata_attr *attr,
					  struct bytes ids)
{
	struct perfdata_event *e = ARENA_NEW(&p->arena, struct perfdata_event);
	struct str name = { 0 };

	e->attr = *attr;
	e->index = p->events.n;
	perfdata_attr_name(attr, &name);
	e->name = arena_strndup(&p->arena, str_text(&name), name.length);
	str_deinit(&name);
	vec_push(&p->events, e);
	add_ids(p, e, p->events.n - 1, ids);
	return e;
}

/* { u32 events, u32 size of an attribute, each: attribute, u32 ids, text, ids }, in the order
 * of the attributes. */
static void take_event_names(struct perfdata *p, struct bytes data)
{
	struct cursor c = cursor_of(data, p->header.big_endian);
	uint32_t count = cursor_u32(&c), attr_bytes = cursor_u32(&c);

	for (uint32_t i = 0; i < count && i < p->events.n; i++) {
		cursor_skip(&c, attr_bytes);

		uint32_t ids = cursor_u32(&c);
		struct bytes name = take_text(&c);

		cursor_skip(&c, UINT64_C(8) * ids);
		if (c.bad)
			return;
		if (!p->events.v[i]->named && name.size_bytes > 0)
			perfdata_set_name(p, p->events.v[i], (const char *)name.data, name.size_bytes);
	}
}

/* --- build-ids -------------------------------------------------------------------------------------------- */

size_t perfdata_build_id_count(const struct perfdata *p) { return p->build_ids.n; }

const struct perfdata_build_id *perfdata_build_id(const struct perfdata *p, size_t index)
{
	return &p->build_ids.v[index];
}

bool perfdata_take_build_id(struct perfdata *p, struct bytes entry, uint16_t misc, bool without_pid)
{
	struct cursor c = cursor_of(entry, p->header.big_endian);
	struct perfdata_build_id b = { .misc = misc, .size = 20, .pid = -1 };

	if (!without_pid)
		b.pid = (int32_t)cursor_u32(&c);
	b.id = cursor_take(&c, BUILD_ID_FIELD_BYTES);
	if (c.bad)
		return false;
	if (misc & TYPE_BUILD_ID_SIZE && b.id[20] <= 20)
		b.size = b.id[20];
	b.path = arena_strndup(&p->arena, (const char *)c.at, strnlen((const char *)c.at, cursor_left(&c)));
	vec_push(&p->build_ids, b);
	return true;
}

/* Entries of the oldest perfs have no pid, as the name of the first one, the kernel, shows. */
static void take_build_ids(struct perfdata *p, struct bytes data)
{
	static const char shifted[] = "nel.kallsyms]";
	struct bytes first = bytes_slice(data, 8 + 4 + BUILD_ID_FIELD_BYTES, sizeof(shifted) - 1);
	bool without_pid = first.size_bytes == sizeof(shifted) - 1 &&
			   memcmp(first.data, shifted, sizeof(shifted) - 1) == 0;
	struct cursor c = cursor_of(data, p->header.big_endian);

	while (cursor_left(&c) >= 8) {
		const uint8_t *entry = c.at;

		cursor_u32(&c);

		uint16_t misc = cursor_u16(&c), size = cursor_u16(&c);

		c.at = entry;
		if (size < 8 || size > cursor_left(&c) ||
		    !perfdata_take_build_id(p, (struct bytes){ entry + 8, size - UINT64_C(8) }, misc, without_pid))
			return;
		cursor_skip(&c, size);
	}
}

/* --- all ------------------------------------------------------------------------------------------------------ */

static void take_command(struct perfdata *p, struct cursor c)
{
	uint32_t words = cursor_u32(&c);
	struct str text = { 0 };

	for (uint32_t i = 0; i < words && !c.bad && text.length < FEATURE_TEXT_MAX; i++) {
		struct bytes word = take_text(&c);

		if (text.length > 0)
			str_add_char(&text, ' ');
		str_add_n(&text, word.data, word.size_bytes);
	}
	p->header.command_line = arena_strndup(&p->arena, str_text(&text), text.length);
	str_deinit(&text);
}

static void take_clock_data(struct perfdata *p, struct cursor c)
{
	cursor_u32(&c); /* version */
	p->header.clockid = cursor_u32(&c);
	p->header.clock_wall_ns = cursor_u64(&c);
	p->header.clock_time_ns = cursor_u64(&c);
	p->header.has_clock_data = !c.bad;
}

static void take_into_header(struct perfdata *p, unsigned feature, struct cursor c)
{
	struct perfdata_header *h = &p->header;

	switch (feature) {
	case PERFDATA_HOSTNAME:
		h->hostname = take_string(p, &c);
		break;
	case PERFDATA_OSRELEASE:
		h->os_release = take_string(p, &c);
		break;
	case PERFDATA_VERSION:
		h->perf_version = take_string(p, &c);
		break;
	case PERFDATA_ARCH:
		h->arch = take_string(p, &c);
		break;
	case PERFDATA_CPUDESC:
		h->cpu_desc = take_string(p, &c);
		break;
	case PERFDATA_CPUID:
		h->cpuid = take_string(p, &c);
		break;
	case PERFDATA_NRCPUS:
		h->cpus_available = cursor_u32(&c);
		h->cpus_online = cursor_u32(&c);
		break;
	case PERFDATA_TOTAL_MEM:
		h->memory_kb = cursor_u64(&c);
		break;
	case PERFDATA_CMDLINE:
		take_command(p, c);
		break;
	case PERFDATA_CLOCKID:
		h->clock_res_ns = cursor_u64(&c);
		break;
	case PERFDATA_CLOCK_DATA:
		take_clock_data(p, c);
		break;
	default:
		break;
	}
}

void perfdata_take_feature(struct perfdata *p, unsigned feature, struct bytes data)
{
	if (feature >= PERFDATA_FEATURE_END || !data.data)
		return;
	p->features[feature] = data;
	if (feature == PERFDATA_BUILD_ID)
		take_build_ids(p, data);
	else if (feature == PERFDATA_EVENT_DESC)
		take_event_names(p, data);
	else
		take_into_header(p, feature, cursor_of(data, p->header.big_endian));
}

/* --- types ---------------------------------------------------------------------------------------------------- */

const char *perfdata_type_name(uint32_t type)
{
	static const char *const kernel[] = {
		NULL, "MMAP", "LOST", "COMM", "EXIT", "THROTTLE", "UNTHROTTLE", "FORK", "READ", "SAMPLE", "MMAP2",
		"AUX", "ITRACE_START", "LOST_SAMPLES", "SWITCH", "SWITCH_CPU_WIDE", "NAMESPACES", "KSYMBOL",
		"BPF_EVENT", "CGROUP", "TEXT_POKE", "AUX_OUTPUT_HW_ID", "CALLCHAIN_DEFERRED",
	};
	static const char *const own[] = {
		"ATTR", "EVENT_TYPE", "TRACING_DATA", "BUILD_ID", "FINISHED_ROUND", "ID_INDEX", "AUXTRACE_INFO",
		"AUXTRACE", "AUXTRACE_ERROR", "THREAD_MAP", "CPU_MAP", "STAT_CONFIG", "STAT", "STAT_ROUND",
		"EVENT_UPDATE", "TIME_CONV", "FEATURE", "COMPRESSED", "FINISHED_INIT", "COMPRESSED2",
		"BPF_METADATA", "SCHEDSTAT_CPU", "SCHEDSTAT_DOMAIN",
	};

	if (type < PERFDATA_KERNEL_END)
		return kernel[type];
	return type >= 64 && type < PERFDATA_TYPE_END ? own[type - 64] : NULL;
}
