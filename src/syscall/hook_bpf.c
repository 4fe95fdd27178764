/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for bpf() and perf_event_open(): one structure whose shape depends on the command. */
#include "syscall/hooks.h"

#include <string.h>

/* Which structure of structs.def is the attribute of a command; 0: not described. */
static unsigned attr_struct(uint32_t cmd)
{
	static const uint16_t table[] = {
		STRUCT_bpf_map_create, STRUCT_bpf_map_elem, STRUCT_bpf_map_update, STRUCT_bpf_map_key, STRUCT_bpf_map_next,
		STRUCT_bpf_prog_load, STRUCT_bpf_obj, STRUCT_bpf_obj, STRUCT_bpf_attach, STRUCT_bpf_detach,
		STRUCT_bpf_test_run, STRUCT_bpf_next_id, STRUCT_bpf_next_id, STRUCT_bpf_prog_id, STRUCT_bpf_map_id,
		STRUCT_bpf_info, STRUCT_bpf_query, STRUCT_bpf_raw_tp, STRUCT_bpf_btf_load, STRUCT_bpf_btf_id,
	};

	if (cmd < sizeof(table) / sizeof(table[0]))
		return table[cmd];
	switch (cmd) {
	case 21:
		return STRUCT_bpf_map_elem;
	case 22:
		return STRUCT_bpf_map_fd;
	case 23:
	case 31:
		return STRUCT_bpf_next_id;
	case 28:
		return STRUCT_bpf_link_create;
	case 29:
		return STRUCT_bpf_link_update;
	case 30:
		return STRUCT_bpf_link_id;
	case 32:
		return STRUCT_bpf_enable_stats;
	case 33:
		return STRUCT_bpf_iter_create;
	case 34:
		return STRUCT_bpf_link_fd;
	case 35:
		return STRUCT_bpf_bind_map;
	default:
		return STRUCT_COUNT;
	}
}

/* The name of the part of the union, where strace says it. */
static const char *attr_wrap(uint32_t cmd)
{
	switch (cmd) {
	case 10:
		return "test";
	case 15:
		return "info";
	case 16:
		return "query";
	case 17:
		return "raw_tracepoint";
	case 28:
		return "link_create";
	case 29:
		return "link_update";
	case 32:
		return "enable_stats";
	case 33:
		return "iter_create";
	default:
		return NULL;
	}
}

void hook_bpf_attr(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)d->args[0], size = (uint32_t)d->args[2];
	unsigned id = attr_struct(cmd);
	uint8_t b[256] = { 0 };

	if (d->exit)
		return;
	if (size == 0 || size > 4096 || id == STRUCT_COUNT) {
		dec_addr(d, ref->value);
		return;
	}
	size_t have = size > sizeof(b) ? sizeof(b) : size;
	if (!dec_read_or_addr(d, ref->value, b, have))
		return;
	struct sys_object o = { &sys_structs[id], b, have, ref->value };
	const char *wrap = attr_wrap(cmd);
	bool any = false, more = false;
	str_add_char(d->out, '{');
	if (wrap != NULL)
		dec_printf(d, "%s={", wrap);
	dec_fields(d, &o, &any, &more);
	if (wrap != NULL)
		str_add_char(d->out, '}');
	for (size_t i = dec_struct_size(d, id); i < have; i++)
		more |= b[i] != 0;
	dec_text(d, more || size > sizeof(b) ? ", ...}" : "}");
}

bool result_bpf(struct decoder *d)
{
	static const uint8_t fds[] = { 0, 5, 7, 13, 14, 17, 18, 19, 28, 30, 32, 33, 36 };
	uint32_t cmd = (uint32_t)d->args[0];

	if (d->call->is_error)
		return true;
	if (cmd > 255 || memchr(fds, (int)cmd, sizeof(fds)) == NULL)
		return false;
	dec_fd(d, (int)d->call->result);
	return true;
}

void hook_str64(struct decoder *d, const struct sys_ref *ref) { dec_str(d, ref->value); }

/* ---- perf --------------------------------------------------------------------------- */

/*
 * perf_event_attr grew: a caller says by `size` how much of it there is, and what was meant to be there is 0.
 * A field of which any byte is there is printed.  The kernel writes the size that it knows where it didn't
 * like what was given, so all is printed at exit and the size at entry is remembered.
 */
enum { PERF_ATTR_BYTES = 136, PERF_ATTR_FIRST = 64, PERF_ATTR_SHORT = 48, PERF_ATTR_6_1 = 128 };

void hook_perf_size(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t before = (uint32_t)(d->progress->saved[0] >> 32);

	if (before != ref->value) {
		dec_enum(d, XLAT_perf_sizes, before);
		dec_text(d, " => ");
	}
	dec_enum(d, XLAT_perf_sizes, ref->value);
}

static void shifted(struct decoder *d, uint64_t part, unsigned shift)
{
	if (part != 0)
		dec_printf(d, "%#llx<<%u|", (unsigned long long)part, shift);
}

static void perf_cache_event(struct decoder *d, uint64_t config)
{
	shifted(d, config >> 32, 32);
	shifted(d, config >> 24 & 0xff, 24);
	dec_enum(d, XLAT_perf_hw_cache_result, config >> 16 & 0xff);
	dec_text(d, "<<16|");
	dec_enum(d, XLAT_perf_hw_cache_op, config >> 8 & 0xff);
	dec_text(d, "<<8|");
	dec_enum(d, XLAT_perf_hw_cache, config & 0xff);
}

/* What is counted, depending on the first field: PERF_TYPE_HARDWARE, _SOFTWARE, _TRACEPOINT, _HW_CACHE. */
void hook_perf_config(struct decoder *d, const struct sys_ref *ref)
{
	switch (ref->object != NULL ? (uint32_t)dec_field(d, ref->object, 0) : UINT32_MAX) {
	case 0:
		shifted(d, ref->value >> 32, 32);
		dec_enum(d, XLAT_perf_hw_id, (uint32_t)ref->value);
		break;
	case 1:
		dec_enum(d, XLAT_perf_sw_ids, ref->value);
		break;
	case 2:
		dec_uint(d, ref->value);
		break;
	case 3:
		perf_cache_event(d, ref->value);
		break;
	default:
		dec_hex(d, ref->value);
	}
}

void hook_perf_bp_type(struct decoder *d, const struct sys_ref *ref)
{
	bool both = ref->value > 4 && ref->value < 8; /* X together with R or W */

	dec_named(d, ref->value, dec_name(XLAT_perf_bp_types, ref->value), both ? "HW_BREAKPOINT_INVALID" : "HW_BREAKPOINT_???");
}

/* A value, and behind it the reserved bytes up to number `param` where somebody put something into them. */
void hook_perf_reserved(struct decoder *d, const struct sys_ref *ref)
{
	size_t at = (size_t)(ref->bytes - ref->object->bytes) + ref->size;
	uint64_t rest = at + ref->size <= ref->object->size ? dec_word(d, ref->object->bytes + at, ref->size) : 0;

	dec_uint(d, ref->value);
	if (rest != 0)
		dec_printf(d, " /* bytes %zu..%u: %#llx */", at, ref->param, (unsigned long long)rest);
}

void hook_perf_bits(struct decoder *d, const struct sys_ref *ref)
{
	enum { SKID = 15, BITS = 38 };
	static const char *const skids[] = { "arbitrary skid", "constant skid", "requested to have 0 skid", "must have 0 skid" };
	uint64_t v = ref->value;
	bool first = true;

	for (unsigned i = 0; i < BITS; i++) {
		const char *name = dec_name(XLAT_perf_bits, i);
		unsigned value = (unsigned)(v >> i) & (i == SKID ? 3 : 1);

		if (name == NULL || (value == 0 && i != SKID && !d->style->verbose))
			continue;
		dec_printf(d, "%s%s=%u", first ? "" : ", ", name, value);
		if (i == SKID)
			dec_comment(d, skids[value]);
		first = false;
	}
	if (v >> BITS != 0)
		dec_printf(d, ", __reserved_1=%#llx /* Bits 63..%u */", (unsigned long long)(v >> BITS), (unsigned)BITS);
}

/* Up to the end of the field in which SIZE ends. */
static size_t perf_attr_end(uint32_t size)
{
	static const uint8_t ends[] = { 64, 72, 80, 88, 92, 96, 104, 108, 110, 112, 116, 120, 128, PERF_ATTR_BYTES };

	for (size_t i = 0; i < sizeof(ends); i++)
		if (size <= ends[i])
			return ends[i];
	return PERF_ATTR_BYTES;
}

/* Of SIZE bytes; less than all of what's new is enough, because a kernel may not know it either. */
static size_t perf_attr_read(struct decoder *d, uint64_t addr, uint32_t size, uint8_t *bytes)
{
	uint32_t want = !d->style->verbose ? PERF_ATTR_SHORT : size < PERF_ATTR_BYTES ? size : PERF_ATTR_BYTES;

	if (dec_read(d, addr, bytes, want))
		return want;
	return want > PERF_ATTR_6_1 && dec_read(d, addr, bytes, PERF_ATTR_6_1) ? PERF_ATTR_6_1 : 0;
}

void hook_perf_attr(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[PERF_ATTR_BYTES] = { 0 };
	uint32_t given = (uint32_t)(d->progress->saved[0] >> 32), size = given != 0 ? given : PERF_ATTR_FIRST;
	size_t have = size >= PERF_ATTR_FIRST ? perf_attr_read(d, ref->value, size, b) : 0;
	bool any = false, more = false;

	if (have == 0) {
		dec_addr(d, ref->value);
		return;
	}
	size_t end = perf_attr_end(d->style->verbose ? (uint32_t)have : size);
	struct sys_object o = { &sys_structs[STRUCT_perf_event_attr], b, end, ref->value };
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_text(d, more || (d->style->verbose && size > o.size) ? ", ...}" : "}");
}

void hook_kern_version(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	if (d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_hex(d, v);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	dec_text(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? " /* " : "");
	dec_printf(d, "KERNEL_VERSION(%u, %u, %u)", v >> 16, v >> 8 & 0xff, v & 0xff);
	dec_text(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? " */" : "");
}
