/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for bpf() and perf_event_open(): one structure whose shape depends on the command. */
#include "syscall/hooks.h"

#include <string.h>
#include <time.h>

/*
 * Which structure of structs.def is the attribute of a command, and how the part of the
 * union is called where strace says it.  The attribute has grown: a caller passes as much of
 * it as it knows.  What was there from the start, or came together, is told together: up to
 * the first of `until` that SIZE fits in.  Behind the last one each field is told if SIZE
 * reaches it.  What stands at `exit` and behind it the kernel fills: it is told when the call
 * has returned, and behind `count` what became of that number.
 */
enum { ATTR_BYTES = 256, EXIT_ALL = 255, LINK_BYTES = 64 };
enum { CMD_PROG_LOAD = 5, CMD_GET_INFO = 15, CMD_FIRST_BATCH = 24, CMD_LAST_BATCH = 27, CMD_LINK_CREATE = 28 };
static const struct command {
	uint16_t type;
	const char *wrap;
	uint8_t until[14];
	uint8_t exit, count;
} commands[] = {
	[0] = { STRUCT_bpf_map_create, NULL, { 16, 20, 24, 28, 44, 48, 60, 64, 72, 76, 80, 92 } },
	[1] = { STRUCT_bpf_map_elem, NULL, { 24 } },
	[2] = { STRUCT_bpf_map_update, NULL, { 32 } },
	[3] = { STRUCT_bpf_map_key, NULL, { 16 } },
	[4] = { STRUCT_bpf_map_next, NULL, { 24 } },
	[5] = { STRUCT_bpf_prog_load, NULL, { 24, 40, 44, 48, 64, 68, 72, 108, 112, 116, 120, 140, 144, 148 }, .exit = 140 },
	[6] = { STRUCT_bpf_obj, NULL, { 12 } },
	[7] = { STRUCT_bpf_obj, NULL, { 12 } },
	[8] = { STRUCT_bpf_attach, NULL, { 16, 20, 32 } },
	[9] = { STRUCT_bpf_attach, NULL, { 16, 20, 32 } },
	[10] = { STRUCT_bpf_test_run, "test", { 40, 64, 72, 76 } },
	[11] = { STRUCT_bpf_next_id, NULL, { 8 }, .exit = 4 },
	[12] = { STRUCT_bpf_next_id, NULL, { 8 }, .exit = 4 },
	[13] = { STRUCT_bpf_prog_id, NULL, { 4 } },
	[14] = { STRUCT_bpf_map_id, NULL, { 8 } },
	[15] = { STRUCT_bpf_info, "info", { 16 }, .exit = 8, .count = 4 },
	[16] = { STRUCT_bpf_query, "query", { 32, 40, 64 }, .exit = 16 },
	[17] = { STRUCT_bpf_raw_tp, "raw_tracepoint", { 23 } },
	[18] = { STRUCT_bpf_btf_load, NULL, { 28, 32, 40 }, .exit = 28 },
	[19] = { STRUCT_bpf_btf_id, NULL, { 8, 16 } },
	[20] = { STRUCT_bpf_task_fd_query, "task_fd_query", { 48 }, .exit = 16, .count = 12 },
	[21] = { STRUCT_bpf_map_elem, NULL, { 24 } },
	[22] = { STRUCT_bpf_map_fd, NULL, { 4 } },
	[23] = { STRUCT_bpf_next_id, NULL, { 8 }, .exit = 4 },
	[24] = { STRUCT_bpf_batch, "batch", { 56 } },
	[25] = { STRUCT_bpf_batch, "batch", { 56 } },
	[26] = { STRUCT_bpf_batch_update, "batch", { 56 } },
	[27] = { STRUCT_bpf_batch_delete, "batch", { 56 } },
	[28] = { STRUCT_bpf_link_create, "link_create", { 16 } },
	[29] = { STRUCT_bpf_link_update, "link_update", { 16 } },
	[30] = { STRUCT_bpf_link_id, NULL, { 4 } },
	[31] = { STRUCT_bpf_next_id, NULL, { 8 }, .exit = 4 },
	[32] = { STRUCT_bpf_enable_stats, "enable_stats", { 4 } },
	[33] = { STRUCT_bpf_iter_create, "iter_create", { 8 } },
	[34] = { STRUCT_bpf_link_fd, "link_detach", { 4 } },
	[35] = { STRUCT_bpf_bind_map, "prog_bind_map", { 12 } },
	[36] = { STRUCT_bpf_token, "token_create", { 8 } },
	[37] = { STRUCT_bpf_stream_read, "prog_stream_read", { 20 }, .exit = EXIT_ALL },
	[38] = { STRUCT_bpf_assoc_ops, "prog_assoc_struct_ops", { 12 } },
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

/*
 * What stands behind `flags` of BPF_LINK_CREATE, by the kind of hook: one letter for each value of
 * attach_type.  C: of a cgroup, T: tracing, M: many of these, I: iterator, P: perf event, K: kprobes,
 * U: uprobes, N: netfilter, X: tcx, L: netkit.
 */
static unsigned link_part(uint32_t kind, uint32_t flags)
{
	static const char kinds[] = "CCCC..C.CCCCCCCC..CCCCC.TTTTICCCC.C......PK..NXXUCCCCCLL..TMMM";
	enum { BEFORE_OR_AFTER = 0x18, ID = 0x20 };
	bool by_id = (flags & ID) != 0;

	switch (kind < sizeof(kinds) - 1 ? kinds[kind] : '.') {
	case 'C':
		if ((flags & BEFORE_OR_AFTER) == 0)
			return STRUCT_bpf_link_btf;
		return by_id ? STRUCT_bpf_link_cgroup_id : STRUCT_bpf_link_cgroup;
	case 'T':
		return STRUCT_bpf_link_tracing;
	case 'M':
		return STRUCT_bpf_link_tracings;
	case 'I':
		return STRUCT_bpf_link_iter;
	case 'P':
		return STRUCT_bpf_link_perf;
	case 'K':
		return STRUCT_bpf_link_kprobes;
	case 'U':
		return STRUCT_bpf_link_uprobes;
	case 'N':
		return STRUCT_bpf_link_netfilter;
	case 'X':
		return by_id ? STRUCT_bpf_link_tcx_id : STRUCT_bpf_link_tcx;
	case 'L':
		return by_id ? STRUCT_bpf_link_netkit_id : STRUCT_bpf_link_netkit;
	default:
		return 0;
	}
}

/* Tell it, if SIZE reaches it; how many bytes of the attribute are known now. */
static unsigned link_rest(struct decoder *d, const uint8_t *b, uint64_t addr, uint32_t size)
{
	enum { PART = 16 };
	unsigned id = size > PART ? link_part((uint32_t)dec_word(d, b + 8, 4), (uint32_t)dec_word(d, b + 12, 4)) : 0;
	bool any = true, more = false;

	if (id == 0)
		return size > PART ? PART : LINK_BYTES;
	struct sys_object part = { &sys_structs[id], b + PART, dec_struct_size(d, id), addr + PART };
	dec_fields(d, &part, &any, &more);
	return PART + known_bytes(d, &part);
}

/* The attribute's end: of the named part, of what we know, of all. */
static void attr_end(struct decoder *d, const struct command *c, const struct sys_object *o, uint32_t size)
{
	unsigned known = known_bytes(d, o);

	if (c == &commands[CMD_LINK_CREATE])
		known = link_rest(d, o->bytes, o->addr, size);
	if (c->wrap != NULL)
		str_add_char(d->out, '}');
	attr_rest(d, o->addr, known, size);
	str_add_char(d->out, '}');
}

/* Is FD what the kernel calls NAME? */
static bool is_anonymous(struct decoder *d, int fd, const char *name)
{
	CLEANUP(str_deinit) struct str path = { 0 };

	return d->lookup != NULL && d->lookup->fd_path != NULL && d->lookup->fd_path(d->lookup->user, d->call->pid, fd, &path) &&
	       strstr(str_text(&path), name) != NULL;
}

/* ---- what is told of a program: what became of the numbers that the caller gave ---------- */

enum { PROG_INFO_BYTES = 232, BECAME = 12, BECAME_AT = 3 };
static const uint8_t became_at[BECAME_AT] = { 112, 120, 160 };
static const uint8_t became[BECAME] = { 16, 20, 52, 104, 108, 132, 144, 148, 168, 172, 176, 180 };

/* Where progress keeps them: two addresses among what is saved, all else where more is kept. */
static void *kept_number(struct decoder *d, unsigned i) { return &d->progress->kept[i * 4]; }
static void *kept_addr(struct decoder *d, unsigned i) { return i < 2 ? (void *)&d->progress->saved[2 + i] : (void *)&d->progress->kept[BECAME * 4]; }

static void keep_info(struct decoder *d, uint64_t addr, uint32_t length)
{
	uint8_t b[PROG_INFO_BYTES] = { 0 };

	if (!d->style->verbose || length == 0 || !dec_read(d, addr, b, length < sizeof(b) ? length : sizeof(b)))
		return;
	for (unsigned i = 0; i < BECAME; i++)
		memcpy(kept_number(d, i), b + became[i], sizeof(uint32_t));
	for (unsigned i = 0; i < BECAME_AT; i++)
		memcpy(kept_addr(d, i), b + became_at[i], sizeof(uint64_t));
}

static uint32_t number_before(struct decoder *d, const struct sys_object *o, const uint8_t *at)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < BECAME; i++)
		if (at == o->bytes + became[i])
			memcpy(&v, kept_number(d, i), sizeof(v));
	return v;
}

static void number_became(struct decoder *d, uint32_t before, uint64_t now)
{
	if (before != now)
		dec_printf(d, "%u => ", before);
	dec_uint(d, now);
}

void hook_bpf_became(struct decoder *d, const struct sys_ref *ref) { number_became(d, number_before(d, ref->object, ref->bytes), ref->value); }

void hook_bpf_became_at(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t before = ref->value;

	for (unsigned i = 0; i < BECAME_AT; i++)
		if (ref->bytes == ref->object->bytes + became_at[i])
			memcpy(&before, kept_addr(d, i), sizeof(before));
	if (before != ref->value) {
		dec_addr(d, before);
		dec_text(d, " => ");
	}
	dec_addr(d, ref->value);
}

/* Nanoseconds since boot, and when that was: known where the program runs while we print. */
void hook_bpf_boot_time(struct decoder *d, const struct sys_ref *ref)
{
	struct timespec real, boot;

	dec_uint(d, ref->value);
	if (clock_gettime(CLOCK_REALTIME, &real) != 0 || clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
		return;
	uint64_t ns = (uint64_t)(real.tv_sec - boot.tv_sec) * 1000000000U + (uint64_t)(real.tv_nsec - boot.tv_nsec) + ref->value;
	dec_time_comment(d, (int64_t)(ns / 1000000000U), 0);
}

void hook_bpf_bit(struct decoder *d, const struct sys_ref *ref) { dec_uint(d, ref->value & 1); }

static void object_info(struct decoder *d, int fd, uint64_t addr, uint32_t length)
{
	uint8_t b[PROG_INFO_BYTES] = { 0 };
	unsigned id = is_anonymous(d, fd, "bpf-map") ? STRUCT_bpf_map_info : is_anonymous(d, fd, "bpf-prog") ? STRUCT_bpf_prog_info : 0;
	unsigned known = id != 0 ? dec_struct_size(d, id) : 0;
	uint32_t have = length < known ? length : known;

	if (!d->style->verbose || id == 0 || have == 0 || known > sizeof(b) || !dec_read(d, addr, b, have)) {
		dec_addr(d, addr);
		return;
	}
	bool any = false, more = false;
	struct sys_object o = { &sys_structs[id], b, have, addr };
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	attr_rest(d, addr, known_bytes(d, &o), length);
	str_add_char(d->out, '}');
}

/* How much of the information there was room for, and how much the kernel gave. */
void hook_bpf_object(struct decoder *d, const struct sys_ref *ref)
{
	object_info(d, (int)dec_field(d, ref->object, 0), ref->value, (uint32_t)dec_field(d, ref->object, 1));
}

/* ---- the attribute ------------------------------------------------------------------------ */

/* Which command: BPF_PROG_LOAD's attribute had a hole once. */
static struct command command_of(uint32_t cmd, uint32_t size)
{
	enum { CORE_RELOS_AT = 128 };
	struct command c = commands[cmd];

	if (cmd == CMD_PROG_LOAD && size <= CORE_RELOS_AT)
		c = (struct command){ STRUCT_bpf_prog_load_5_14, NULL, { 24, 40, 44, 48, 64, 68, 72, 108, 112, 116, 120, 128 }, 0, 0 };
	return c;
}

/* What the kernel made of it. */
static void attr_exit(struct decoder *d, const struct command *c, uint64_t addr, uint32_t size)
{
	enum { BATCH_COUNT = 32 };
	uint32_t cmd = (uint32_t)d->args[0];
	uint8_t b[ATTR_BYTES] = { 0 };
	bool any = c->exit != EXIT_ALL, more = false;

	d->ignore_error = true;
	bool readable = dec_read(d, addr, b, size > sizeof(b) ? sizeof(b) : size);
	if (d->progress->saved[0] == 0) { /* all was told at entry */
		bool batch = readable && cmd >= CMD_FIRST_BATCH && cmd <= CMD_LAST_BATCH;
		uint32_t count = (uint32_t)dec_word(d, b + BATCH_COUNT, 4);
		if (batch && d->progress->saved[1] != count)
			dec_printf(d, " => {batch={count=%u}}", count);
		return;
	}
	uint32_t count = (uint32_t)dec_word(d, b + c->count, 4);
	if (c->count != 0 && readable && count != d->progress->saved[1])
		dec_printf(d, " => %u", count);
	struct sys_object o = { &sys_structs[c->type], b, told_bytes(d, c, size), addr };
	if (c->exit == EXIT_ALL) {
		str_add_char(d->out, '{');
		dec_printf(d, "%s={", c->wrap);
	}
	dec_fields_from(d, &o, c->exit == EXIT_ALL ? 0 : c->exit, &any, &more);
	attr_end(d, c, &o, size);
}

static void attr_entry(struct decoder *d, const struct command *c, const uint8_t *b, uint64_t addr, uint32_t size)
{
	enum { BATCH_COUNT = 32, QUERY_COUNT = 24 };
	uint32_t cmd = (uint32_t)d->args[0];
	bool any = false, more = false;
	struct sys_object o = { &sys_structs[c->type], b, told_bytes(d, c, size), addr };

	bool split = c->exit != 0 && (c->exit == EXIT_ALL || o.size > c->exit);
	d->progress->saved[0] = split;
	d->progress->saved[1] = dec_word(d, b + (c->count != 0 ? c->count : c->exit == 16 ? QUERY_COUNT : BATCH_COUNT), 4);
	if (cmd == CMD_GET_INFO)
		keep_info(d, dec_word(d, b + 8, 8), (uint32_t)d->progress->saved[1]);
	if (c->exit == EXIT_ALL)
		return;
	str_add_char(d->out, '{');
	if (c->wrap != NULL)
		dec_printf(d, "%s={", c->wrap);
	if (split)
		o.size = c->exit;
	dec_fields(d, &o, &any, &more);
	if (!split)
		attr_end(d, cmd == CMD_LINK_CREATE ? &commands[cmd] : c, &o, size);
}

void hook_bpf_attr(struct decoder *d, const struct sys_ref *ref)
{
	enum { PAGE = 4096 };
	uint32_t cmd = (uint32_t)d->args[0], size = (uint32_t)d->args[2];
	uint8_t b[ATTR_BYTES] = { 0 };

	bool known = cmd < sizeof(commands) / sizeof(commands[0]) && size != 0 && size <= PAGE;
	if (!known) {
		if (!d->exit)
			dec_addr(d, ref->value);
		return;
	}
	struct command c = command_of(cmd, size);
	if (d->exit) {
		if (d->progress->saved[3] != UINT64_MAX)
			attr_exit(d, &c, ref->value, size);
		return;
	}
	uint8_t last;
	size_t have = size > sizeof(b) ? sizeof(b) : size;
	if (!dec_read(d, ref->value, b, have) || !dec_read(d, ref->value + size - 1, &last, 1)) {
		dec_addr(d, ref->value);
		d->progress->saved[3] = UINT64_MAX; /* nothing at exit either */
		return;
	}
	attr_entry(d, &c, b, ref->value, size);
}

/* A file descriptor, or a network interface, that the program is attached to. */
void hook_bpf_target(struct decoder *d, const struct sys_ref *ref)
{
	enum { XDP = 37, TCX_INGRESS = 46, TCX_EGRESS = 47, NETKIT_PRIMARY = 54, NETKIT_PEER = 55 };
	uint64_t kind = dec_field(d, ref->object, ref->param);

	if (kind == XDP || kind == TCX_INGRESS || kind == TCX_EGRESS || kind == NETKIT_PRIMARY || kind == NETKIT_PEER) {
		dec_text(d, "target_ifindex=");
		dec_ifindex(d, (uint32_t)ref->value);
	} else {
		dec_text(d, "target_fd=");
		dec_fd(d, (int)ref->value);
	}
}

void hook_bpf_relative(struct decoder *d, const struct sys_ref *ref)
{
	enum { ID = 0x20 };

	if ((dec_field(d, ref->object, ref->param) & ID) != 0) {
		dec_printf(d, "relative_id=%u", (unsigned)ref->value);
	} else {
		dec_text(d, "relative_fd=");
		dec_fd(d, (int)ref->value);
	}
}

void hook_numa_node(struct decoder *d, const struct sys_ref *ref)
{
	dec_uint(d, ref->value);
	if ((uint32_t)ref->value == UINT32_MAX && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_comment(d, "NUMA_NO_NODE");
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

void hook_bpf_hex(struct decoder *d, const struct sys_ref *ref) { dec_buffer_hex(d, ref->value, dec_field(d, ref->object, ref->param)); }

/* The text that BPF_TASK_FD_QUERY filled: as much as there was room for. */
void hook_bpf_task_text(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = dec_field(d, ref->object, ref->param), room = d->progress->saved[1];

	size = d->exit && room < size ? room : size;
	if (size <= d->style->string_limit && size <= 512)
		dec_name_n(d, ref->value, (size_t)size);
	else
		dec_str_n(d, ref->value, size);
}

/* An iterator's parameters; their number is what the kernel takes for their bytes. */
void hook_bpf_iter(struct decoder *d, const struct sys_ref *ref)
{
	dec_array_of(d, ref->value, dec_field(d, ref->object, ref->param), STRUCT_bpf_iter_info);
}

static void print_address(struct decoder *d, const uint8_t *b, uint64_t addr, void *user) { dec_hex(d, dec_word(d, b, 8)); }
static void print_symbol(struct decoder *d, const uint8_t *b, uint64_t addr, void *user) { dec_str(d, dec_word(d, b, d->word)); }

void hook_bpf_symbols(struct decoder *d, const struct sys_ref *ref)
{
	dec_array(d, ref->value, dec_field(d, ref->object, ref->param), d->word, print_symbol, NULL);
}
void hook_bpf_addresses(struct decoder *d, const struct sys_ref *ref)
{
	dec_array(d, ref->value, dec_field(d, ref->object, ref->param), 8, print_address, NULL);
}

static void print_id(struct decoder *d, const uint8_t *b, uint64_t addr, void *user) { dec_uint(d, dec_word(d, b, 4)); }
static void print_attach_flags(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	dec_flags(d, XLAT_bpf_attach_flags, dec_word(d, b, 4));
}

/* COUNT of SIZE bytes that the kernel has filled, unless it failed. */
static void filled(struct decoder *d, uint64_t addr, uint64_t count, size_t size, dec_element print)
{
	if (d->exit && d->call->is_error && addr != 0 && count != 0)
		dec_addr(d, addr);
	else
		dec_array(d, addr, count, size, print, NULL);
}

void hook_bpf_ids(struct decoder *d, const struct sys_ref *ref) { filled(d, ref->value, dec_field(d, ref->object, ref->param), 4, print_id); }
void hook_bpf_flags_array(struct decoder *d, const struct sys_ref *ref)
{
	filled(d, ref->value, dec_field(d, ref->object, ref->param), 4, print_attach_flags);
}

void hook_bpf_count(struct decoder *d, const struct sys_ref *ref) { number_became(d, (uint32_t)d->progress->saved[1], ref->value); }

/* As many as the caller had room for and the kernel had. */
static uint64_t least(struct decoder *d, const struct sys_object *o, unsigned field)
{
	uint32_t before = number_before(d, o, o->bytes + sys_fields[o->type->first + field].offset[d->layout]);
	uint64_t now = dec_field(d, o, field);

	return before < now ? before : now;
}

void hook_bpf_least_ids(struct decoder *d, const struct sys_ref *ref) { filled(d, ref->value, least(d, ref->object, ref->param), 4, print_id); }

/* ---- instructions ------------------------------------------------------------------------ */

/* Class, size or operand, mode or operation: each is told by itself.  Of BPF_JMP32 strace knows the class alone. */
static void insn_code(struct decoder *d, unsigned code)
{
	enum { JMP = 5, JMP32 = 6 };
	static const char *const classes[] = { "BPF_LD", "BPF_LDX", "BPF_ST", "BPF_STX", "BPF_ALU", "BPF_JMP", "BPF_JMP32", "BPF_ALU64" };
	static const char *const sizes[] = { "BPF_W", "BPF_H", "BPF_B", "BPF_DW" };
	static const char *const modes[] = { "BPF_IMM", "BPF_ABS", "BPF_IND", "BPF_MEM", "BPF_MEMSX", NULL, "BPF_ATOMIC", NULL };
	static const char *const sums[16] = { "BPF_ADD", "BPF_SUB", "BPF_MUL", "BPF_DIV", "BPF_OR", "BPF_AND", "BPF_LSH", "BPF_RSH", "BPF_NEG",
					      "BPF_MOD", "BPF_XOR", "BPF_MOV", "BPF_ARSH", "BPF_END" };
	static const char *const jumps[16] = { "BPF_JA", "BPF_JEQ", "BPF_JGT", "BPF_JGE", "BPF_JSET", "BPF_JNE", "BPF_JSGT", "BPF_JSGE", "BPF_CALL",
					       "BPF_EXIT", "BPF_JLT", "BPF_JLE", "BPF_JSLT", "BPF_JSLE", "BPF_JCOND" };
	unsigned class = code & 7;

	dec_named(d, class, classes[class], NULL);
	if (class == JMP32) {
		if (code != JMP32)
			dec_printf(d, "|%#x", code & 0xf8), dec_comment(d, "BPF_???");
		return;
	}
	str_add_char(d->out, '|');
	if (class < 4)
		dec_named(d, code & 0x18, sizes[code >> 3 & 3], NULL);
	else
		dec_named(d, code & 8, (code & 8) != 0 ? "BPF_X" : "BPF_K", NULL);
	str_add_char(d->out, '|');
	if (class < 4)
		dec_named(d, code & 0xe0, modes[code >> 5], "BPF_???");
	else
		dec_named(d, code & 0xf0, class == JMP ? jumps[code >> 4] : sums[code >> 4], "BPF_???");
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

/* The length stands before it, behind what was made of the program for this machine. */
void hook_bpf_xlated(struct decoder *d, const struct sys_ref *ref)
{
	enum { INSN_BYTES = 8 };
	const struct sys_object *o = ref->object;
	unsigned at = sys_fields[o->type->first + ref->param].offset[d->layout];

	dec_text(d, "xlated_prog_len=");
	number_became(d, number_before(d, o, o->bytes + at), dec_field(d, o, ref->param));
	dec_text(d, ", xlated_prog_insns=");
	filled(d, ref->value, least(d, o, ref->param) / INSN_BYTES, INSN_BYTES, print_insn);
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
	static const uint8_t fds[] = { 0, 5, 6, 7, 13, 14, 18, 19, 28, 30, 32, 33, 35, 36 };
	uint32_t cmd = (uint32_t)d->args[0];

	if (d->call->is_error)
		return true;
	if (cmd > 255 || memchr(fds, (int)cmd, sizeof(fds)) == NULL)
		return false;
	dec_fd_result(d);
	return true;
}

void hook_path64(struct decoder *d, const struct sys_ref *ref) { dec_path(d, ref->value); }
void hook_str64(struct decoder *d, const struct sys_ref *ref) { dec_str(d, ref->value); }

/* ---- perf --------------------------------------------------------------------------- */

/*
 * perf_event_attr grew: a caller says by `size` how much of it there is, and what was meant to be there is 0.
 * A field of which any byte is there is printed.  The kernel writes the size that it knows where it didn't
 * like what was given, so all is printed at exit and the size at entry is remembered.
 */
enum { PERF_ATTR_BYTES = 144, PERF_ATTR_FIRST = 64, PERF_ATTR_SHORT = 48 };

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

void hook_perf_aux(struct decoder *d, const struct sys_ref *ref)
{
	unsigned v = (unsigned)ref->value;

	dec_printf(d, "aux_start_paused=%u, aux_pause=%u, aux_resume=%u", v & 1, v >> 1 & 1, v >> 2 & 1);
	if (v >> 3 != 0)
		dec_printf(d, ", __reserved_3=%#x /* Bits 931..959 */", v >> 3);
}

/* Up to the end of the field in which SIZE ends. */
static size_t perf_attr_end(uint32_t size)
{
	static const uint8_t ends[] = { 64, 72, 80, 88, 92, 96, 104, 108, 110, 112, 116, 120, 128, 136, PERF_ATTR_BYTES };

	for (size_t i = 0; i < sizeof(ends); i++)
		if (size <= ends[i])
			return ends[i];
	return PERF_ATTR_BYTES;
}

/* Of SIZE bytes, as many as we know: all of them, or 0. */
static size_t perf_attr_read(struct decoder *d, uint64_t addr, uint32_t size, uint8_t *bytes)
{
	uint32_t want = !d->style->verbose ? PERF_ATTR_SHORT : size < PERF_ATTR_BYTES ? size : PERF_ATTR_BYTES;

	return dec_read(d, addr, bytes, want) ? want : 0;
}

/* The size that the caller says it has: perf_event_open() kept what it was at entry. */
static uint32_t perf_attr_given(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE_AT = 4 };
	uint8_t b[4];

	if (d->entry == NULL || strcmp(d->entry->name, "ioctl") != 0)
		return (uint32_t)(d->progress->saved[0] >> 32);
	return dec_read(d, ref->value + SIZE_AT, b, sizeof(b)) ? (uint32_t)dec_word(d, b, sizeof(b)) : 0;
}

void hook_perf_attr(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[PERF_ATTR_BYTES] = { 0 };
	uint32_t given = perf_attr_given(d, ref), size = given != 0 ? given : PERF_ATTR_FIRST;
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

	struct dec_words words;

	if (!dec_words_begin(d, v, &words))
		return;
	dec_printf(d, "KERNEL_VERSION(%u, %u, %u)", v >> 16, v >> 8 & 0xff, v & 0xff);
	dec_words_end(d, &words);
}
