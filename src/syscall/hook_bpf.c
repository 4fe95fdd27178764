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

void hook_perf_config(struct decoder *d, const struct sys_ref *ref)
{
	static const uint16_t tables[] = { XLAT_perf_hw_id, XLAT_perf_sw_ids };
	uint32_t type = ref->object != NULL ? (uint32_t)dec_field(d, ref->object, 0) : 99;

	if (type < 2)
		dec_enum(d, tables[type], ref->value);
	else
		dec_hex(d, ref->value);
}

void hook_perf_bits(struct decoder *d, const struct sys_ref *ref)
{
	static const char *const skids[] = { "arbitrary skid", "constant skid", "requested to have 0 skid", "must have 0 skid" };
	uint64_t v = ref->value;
	bool first = true;

	for (unsigned i = 0; i < 38; i++) {
		const char *name = dec_name(XLAT_perf_bits, i);
		if (name == NULL)
			continue;
		if (i == 15) {
			unsigned skid = (unsigned)(v >> 15 & 3);
			dec_printf(d, "%sprecise_ip=%u", first ? "" : ", ", skid);
			dec_comment(d, skids[skid]);
			first = false;
		} else if ((v >> i & 1) != 0) {
			dec_printf(d, "%s%s=1", first ? "" : ", ", name);
			first = false;
		}
	}
}

void hook_perf_attr(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[136] = { 0 };
	uint32_t size;

	if (ref->value == 0 || !dec_read(d, ref->value, b, 8)) {
		dec_addr(d, ref->value);
		return;
	}
	size = (uint32_t)dec_word(d, b + 4, 4);
	if (size == 0)
		size = 64;
	if (size < 64 || !dec_read(d, ref->value, b, size > sizeof(b) ? sizeof(b) : size)) {
		dec_printf(d, "{size=%u}", (unsigned)dec_word(d, b + 4, 4));
		return;
	}
	struct sys_object o = { &sys_structs[STRUCT_perf_event_attr], b, size > sizeof(b) ? sizeof(b) : size, ref->value };
	bool any = false, more = false;
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	if (more)
		dec_text(d, ", ...");
	str_add_char(d->out, '}');
}

void hook_kern_version(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	if (d->style->xlat == SYSCALL_XLAT_ABBREV)
		dec_printf(d, "KERNEL_VERSION(%u, %u, %u)", v >> 16, v >> 8 & 0xff, v & 0xff);
	else
		dec_hex(d, v);
}
