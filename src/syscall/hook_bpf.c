/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for bpf() and perf_event_open(): one structure whose shape depends on the command. */
#include "syscall/hooks.h"

#include <string.h>

/*
 * Which structure of structs.def is the attribute of a command, and how the part of the
 * union is called where strace says it.  The attribute has grown: a caller passes as much of
 * it as it knows.  What was there from the start, or came together, is told together: up to
 * the first of `until` that SIZE fits in.  Behind the last one each field is told if SIZE
 * reaches it.
 */
enum { ATTR_BYTES = 256 };
static const struct command {
	uint16_t type;
	const char *wrap;
	uint8_t until[6];
} commands[] = {
	[0] = { STRUCT_bpf_map_create, NULL, { 16 } },
	[1] = { STRUCT_bpf_map_elem, NULL, { 24 } },
	[2] = { STRUCT_bpf_map_update, NULL, { 32 } },
	[3] = { STRUCT_bpf_map_key, NULL, { 16 } },
	[4] = { STRUCT_bpf_map_next, NULL, { 24 } },
	[5] = { STRUCT_bpf_prog_load, NULL, { 24, 40, 48, 64, 68, 72 } },
	[6] = { STRUCT_bpf_obj, NULL, { 12 } },
	[7] = { STRUCT_bpf_obj, NULL, { 12 } },
	[8] = { STRUCT_bpf_attach, NULL, { 16 } },
	[9] = { STRUCT_bpf_detach, NULL, { 12 } },
	[10] = { STRUCT_bpf_test_run, "test", { 40, 64, 72, 76 } },
	[11] = { STRUCT_bpf_next_id, NULL, { 8 } },
	[12] = { STRUCT_bpf_next_id, NULL, { 8 } },
	[13] = { STRUCT_bpf_prog_id, NULL, { 8 } },
	[14] = { STRUCT_bpf_map_id, NULL, { 8 } },
	[15] = { STRUCT_bpf_info, "info", { 16 } },
	[16] = { STRUCT_bpf_query, "query", { 28 } },
	[17] = { STRUCT_bpf_raw_tp, "raw_tracepoint", { 12 } },
	[18] = { STRUCT_bpf_btf_load, NULL, { 28 } },
	[19] = { STRUCT_bpf_btf_id, NULL, { 4 } },
	[20] = { STRUCT_bpf_task_fd_query, "task_fd_query", { 48 } },
	[21] = { STRUCT_bpf_map_elem, NULL, { 24 } },
	[22] = { STRUCT_bpf_map_fd, NULL, { 4 } },
	[23] = { STRUCT_bpf_next_id, NULL, { 8 } },
	[24] = { STRUCT_bpf_batch, "batch", { 56 } },
	[25] = { STRUCT_bpf_batch, "batch", { 56 } },
	[26] = { STRUCT_bpf_batch_update, "batch", { 56 } },
	[27] = { STRUCT_bpf_batch_delete, "batch", { 56 } },
	[28] = { STRUCT_bpf_link_create, "link_create", { 16, 20, 24, 28, 48 } },
	[29] = { STRUCT_bpf_link_update, "link_update", { 16 } },
	[30] = { STRUCT_bpf_link_id, NULL, { 4 } },
	[31] = { STRUCT_bpf_next_id, NULL, { 8 } },
	[32] = { STRUCT_bpf_enable_stats, "enable_stats", { 4 } },
	[33] = { STRUCT_bpf_iter_create, "iter_create", { 8 } },
	[34] = { STRUCT_bpf_link_fd, NULL, { 4 } },
	[35] = { STRUCT_bpf_bind_map, NULL, { 12 } },
};

/* How many bytes of the structure are told of an attribute of SIZE bytes. */
static unsigned told_bytes(const struct decoder *d, const struct command *c, uint32_t size)
{
	const struct sys_struct *s = &sys_structs[c->type];
	unsigned whole = s->size[d->layout];

	for (unsigned i = 0; i < sizeof(c->until) && c->until[i] != 0; i++)
		if (size <= c->until[i])
			return c->until[i];
	for (unsigned i = 0; i < s->count; i++) { /* up to the end of the field that SIZE ends in */
		const struct sys_field *f = &sys_fields[s->first + i];
		unsigned end = f->offset[d->layout] + dec_type_size(d, &sys_types[f->type]);
		if (size > f->offset[d->layout] && size < end)
			return end;
	}
	return size < whole ? size : whole;
}

/* Where the fields that are meant end. */
static unsigned known_bytes(struct decoder *d, const struct sys_object *o)
{
	unsigned known = 0;

	for (unsigned i = 0; i < o->type->count; i++) {
		const struct sys_field *f = &sys_fields[o->type->first + i];
		unsigned end = f->offset[d->layout] + dec_type_size(d, &sys_types[f->type]);
		if (end > known && dec_field_meant(d, o, i))
			known = end;
	}
	return known;
}

/* What is behind all that we know, if it isn't 0. */
static void attr_rest(struct decoder *d, uint64_t addr, unsigned known, uint32_t size)
{
	enum { MOST = 4096 };
	uint8_t b[MOST];
	uint32_t more = size > known ? size - known : 0;
	bool any = false;

	if (more == 0 || more > MOST || !dec_read(d, addr + known, b, more))
		return;
	for (uint32_t i = 0; i < more; i++)
		any |= b[i] != 0;
	if (!any)
		return;
	if (!d->style->verbose) {
		dec_text(d, ", ...");
		return;
	}
	dec_text(d, ", extra_data=");
	dec_quote(d, b, more, false, true);
	dec_printf(d, " /* bytes %u..%u */", known, size - 1);
}

/* Is FD what the kernel calls NAME? */
static bool is_anonymous(struct decoder *d, int fd, const char *name)
{
	CLEANUP(str_deinit) struct str path = { 0 };

	return d->lookup != NULL && d->lookup->fd_path != NULL && d->lookup->fd_path(d->lookup->user, d->call->pid, fd, &path) &&
	       strstr(str_text(&path), name) != NULL;
}

static void object_info(struct decoder *d, int fd, uint64_t addr, uint32_t length)
{
	uint8_t b[128] = { 0 };
	unsigned known = dec_struct_size(d, STRUCT_bpf_map_info);
	uint32_t have = length < known ? length : known;

	if (d->style->verbose && known <= sizeof(b) && is_anonymous(d, fd, "bpf-map") && dec_read(d, addr, b, have))
		dec_struct_in(d, STRUCT_bpf_map_info, b, known, addr);
	else
		dec_addr(d, addr);
}

/* BPF_OBJ_GET_INFO_BY_FD: how much of the information there was room for, and how much the kernel gave. */
static void info_attr(struct decoder *d, uint64_t addr, uint32_t size)
{
	enum { KNOWN = 16 };
	uint8_t b[KNOWN] = { 0 };

	if (d->exit && d->progress->saved[0] == 0)
		return;
	d->ignore_error = true;
	bool readable = dec_read(d, addr, b, size < KNOWN ? size : KNOWN);
	uint32_t length = (uint32_t)dec_word(d, b + 4, 4);
	if (!d->exit) {
		dec_text(d, "{info={bpf_fd=");
		dec_fd(d, (int)dec_word(d, b, 4));
		dec_printf(d, ", info_len=%u", length);
		d->progress->saved[0] = 1;
		d->progress->saved[1] = length;
		return;
	}
	if (readable && length != d->progress->saved[1])
		dec_printf(d, " => %u", length);
	dec_text(d, ", info=");
	object_info(d, (int)dec_word(d, b, 4), dec_word(d, b + 8, 8), length);
	str_add_char(d->out, '}');
	attr_rest(d, addr, KNOWN, size);
	str_add_char(d->out, '}');
}

void hook_bpf_attr(struct decoder *d, const struct sys_ref *ref)
{
	enum { GET_INFO = 15, PAGE = 4096 };
	uint32_t cmd = (uint32_t)d->args[0], size = (uint32_t)d->args[2];
	uint8_t b[ATTR_BYTES] = { 0 };

	if (d->exit && cmd != GET_INFO)
		return;
	bool known = cmd < sizeof(commands) / sizeof(commands[0]) && (cmd == 0 || commands[cmd].type != 0) && size != 0 && size <= PAGE;
	uint8_t last;
	size_t have = size > sizeof(b) ? sizeof(b) : size;
	if (d->exit && known) {
		info_attr(d, ref->value, size);
		return;
	}
	if (d->exit)
		return;
	if (!known || !dec_read(d, ref->value, b, have) || (!d->memory->partial && !dec_read(d, ref->value + size - 1, &last, 1))) {
		dec_addr(d, ref->value);
		return;
	}
	if (cmd == GET_INFO) {
		info_attr(d, ref->value, size);
		return;
	}
	const struct command *c = &commands[cmd];
	struct sys_object o = { &sys_structs[c->type], b, told_bytes(d, c, size), ref->value };
	bool any = false, more = false;
	str_add_char(d->out, '{');
	if (c->wrap != NULL)
		dec_printf(d, "%s={", c->wrap);
	dec_fields(d, &o, &any, &more);
	if (c->wrap != NULL)
		str_add_char(d->out, '}');
	attr_rest(d, ref->value, known_bytes(d, &o), size);
	str_add_char(d->out, '}');
}

/* A name in a place of which the attribute may have a part. */
void hook_bpf_name(struct decoder *d, const struct sys_ref *ref)
{
	size_t at = (size_t)(ref->bytes - ref->object->bytes), size = (uint32_t)d->args[2];

	dec_chars(d, ref->bytes, size > at && size - at < ref->size ? size - at : ref->size);
}

/* Text of as many bytes as the field before it says. */
void hook_bpf_text(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = dec_field(d, ref->object, ref->param);

	if (size <= d->style->string_limit && size <= 512)
		dec_name_n(d, ref->value, (size_t)size);
	else
		dec_str_n(d, ref->value, size);
}

void hook_bpf_bytes(struct decoder *d, const struct sys_ref *ref) { dec_buffer(d, ref->value, dec_field(d, ref->object, ref->param)); }

/* Where an iterator's parameters are, and how long they are. */
void hook_bpf_iter(struct decoder *d, const struct sys_ref *ref)
{
	dec_text(d, "iter_info=");
	dec_addr(d, dec_word(d, ref->bytes, 8));
	dec_printf(d, ", iter_info_len=%u", (unsigned)dec_word(d, ref->bytes + 8, 4));
}

static void print_address(struct decoder *d, const uint8_t *b, uint64_t addr, void *user) { dec_hex(d, dec_word(d, b, 8)); }
static void print_symbol(struct decoder *d, const uint8_t *b, uint64_t addr, void *user) { dec_str(d, dec_word(d, b, 8)); }

void hook_bpf_symbols(struct decoder *d, const struct sys_ref *ref)
{
	dec_array(d, ref->value, dec_field(d, ref->object, ref->param), 8, print_symbol, NULL);
}
void hook_bpf_addresses(struct decoder *d, const struct sys_ref *ref)
{
	dec_array(d, ref->value, dec_field(d, ref->object, ref->param), 8, print_address, NULL);
}

/* The kernel writes them: at entry there is only the place. */
void hook_bpf_prog_ids(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_field(d, ref->object, ref->param) == 0 && ref->value != 0)
		dec_text(d, "[]");
	else
		dec_addr(d, ref->value);
}

/* ---- instructions ------------------------------------------------------------------------ */

static void insn_code(struct decoder *d, unsigned code)
{
	static const char *const classes[] = { "BPF_LD", "BPF_LDX", "BPF_ST", "BPF_STX", "BPF_ALU", "BPF_JMP", "BPF_JMP32", "BPF_ALU64" };
	static const char *const sizes[] = { "BPF_W", "BPF_H", "BPF_B", "BPF_DW" };
	static const char *const modes[] = { "BPF_IMM", "BPF_ABS", "BPF_IND", "BPF_MEM", "BPF_LEN", "BPF_MSH", "BPF_XADD", NULL };
	static const char *const sums[16] = { "BPF_ADD", "BPF_SUB", "BPF_MUL", "BPF_DIV", "BPF_OR", "BPF_AND", "BPF_LSH", "BPF_RSH", "BPF_NEG",
					      "BPF_MOD", "BPF_XOR", "BPF_MOV", "BPF_ARSH", "BPF_END" };
	static const char *const jumps[16] = { "BPF_JA", "BPF_JEQ", "BPF_JGT", "BPF_JGE", "BPF_JSET", "BPF_JNE", "BPF_JSGT", "BPF_JSGE", "BPF_CALL",
					       "BPF_EXIT", "BPF_JLT", "BPF_JLE", "BPF_JSLT", "BPF_JSLE" };
	unsigned class = code & 7, op = code >> 4;
	const char *name = class < 4 ? modes[code >> 5] : class == 5 || class == 6 ? jumps[op] : sums[op];

	if (d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_hex(d, code);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	dec_text(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? " /* " : "");
	dec_printf(d, "%s|%s|", classes[class], class < 4 ? sizes[code >> 3 & 3] : (code & 8) != 0 ? "BPF_X" : "BPF_K");
	if (name != NULL)
		dec_text(d, name);
	else
		dec_hex(d, class < 4 ? code & 0xe0 : code & 0xf0);
	dec_text(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? " */" : "");
}

static void print_insn(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_text(d, "{code=");
	insn_code(d, b[0]);
	dec_text(d, ", dst_reg=");
	dec_enum(d, XLAT_bpf_regs, b[1] & 15);
	dec_text(d, ", src_reg=");
	dec_enum(d, XLAT_bpf_regs, b[1] >> 4);
	dec_printf(d, ", off=%d, imm=", (int16_t)dec_word(d, b + 2, 2));
	dec_hex(d, dec_word(d, b + 4, 4));
	str_add_char(d->out, '}');
}

void hook_bpf_insns(struct decoder *d, const struct sys_ref *ref)
{
	if (d->style->verbose)
		dec_array(d, ref->value, dec_field(d, ref->object, ref->param), 8, print_insn, NULL);
	else
		dec_addr(d, ref->value);
}

bool result_bpf(struct decoder *d)
{
	static const uint8_t fds[] = { 0, 5, 7, 13, 14, 17, 18, 19, 28, 30, 32, 33, 36 };
	uint32_t cmd = (uint32_t)d->args[0];

	if (d->call->is_error)
		return true;
	if (cmd > 255 || memchr(fds, (int)cmd, sizeof(fds)) == NULL)
		return false;
	if (d->call->result == (int)d->call->result)
		dec_fd(d, (int)d->call->result);
	else
		dec_int(d, d->call->result);
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

	if (d->exit && before != ref->value) { /* an ioctl's is input alone */
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
