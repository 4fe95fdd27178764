/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io_uring_register(): what the third argument is depends on the second, how many there
 * are of it on the fourth; of some calls that is the structure's size.
 */
#include "syscall/hooks.h"

#include <string.h>

enum { REGISTER_BUFFERS = 0, REGISTER_FILES = 2, REGISTER_EVENTFD = 4, FILES_UPDATE = 6, EVENTFD_ASYNC = 7, REGISTER_PROBE = 8, RESTRICTIONS = 11,
       FILES2 = 13, FILES_UPDATE2 = 14, BUFFERS2 = 15, BUFFERS_UPDATE = 16, IOWQ_AFF = 17, MAX_WORKERS = 19, RING_FDS = 20, NO_RING_FDS = 21,
       PBUF_RING = 22, NO_PBUF_RING = 23, SYNC_CANCEL = 24, FILE_RANGE = 25, PBUF_STATUS = 26, NAPI = 27, NO_NAPI = 28, CLOCK = 29,
       CLONE_BUFFERS = 30, SEND_MSG_RING = 31, ZCRX_IFQ = 32, RESIZE_RINGS = 33, MEM_REGION = 34, QUERY = 35, ZCRX_CTRL = 36 };
/* Operations of entries. */
enum { OP_NOP = 0, OP_READV = 1, OP_WRITEV = 2, OP_READ_FIXED = 4, OP_WRITE_FIXED = 5, OP_SENDMSG = 9, OP_RECVMSG = 10, OP_ACCEPT = 13, OP_READ = 22,
       OP_WRITE = 23, OP_SEND = 26, OP_RECV = 27, OP_MSG_RING = 40, OP_URING_CMD = 46, OP_SEND_ZC = 47, OP_SENDMSG_ZC = 48, OP_READ_MULTISHOT = 49,
       OP_FIXED_FD_INSTALL = 54, OP_RECV_ZC = 58, OP_READV_FIXED = 60, OP_WRITEV_FIXED = 61, OP_NOP128 = 63, OP_URING_CMD128 = 64 };
enum { FILES_SKIP = -2 };

enum { REGISTERED_RING = 0x80000000U };

static uint32_t operation(const struct decoder *d) { return (uint32_t)d->args[1] & ~REGISTERED_RING; }
static uint32_t count(const struct decoder *d) { return (uint32_t)d->args[3]; }

static void print_fd(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_fd(d, (int)dec_word(d, bytes, 4));
}

/* A place in the table of files may be left as it is. */
static void print_fd_or_skip(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	int fd = (int)dec_word(d, bytes, 4);

	if (fd != FILES_SKIP || d->style->xlat == SYSCALL_XLAT_RAW)
		dec_fd(d, fd);
	else if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, "-2 /* IORING_REGISTER_FILES_SKIP */");
	else
		dec_text(d, "IORING_REGISTER_FILES_SKIP");
}

void hook_uring_register_op(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	dec_enum(d, XLAT_uring_register_ops, v & ~REGISTERED_RING);
	if ((v & REGISTERED_RING) == 0)
		return;
	str_add_char(d->out, '|');
	dec_named(d, REGISTERED_RING, "IORING_REGISTER_USE_REGISTERED_RING", NULL);
}

void hook_uring_fds(struct decoder *d, const struct sys_ref *ref) { dec_array(d, ref->value, count(d), 4, print_fd_or_skip, NULL); }

void hook_uring_op_dec(struct decoder *d, const struct sys_ref *ref)
{
	dec_enum_dec(d, XLAT_uring_ops, (int64_t)ref->value);
}

/* An offset that asks for any place is -1. */
void hook_uring_offset(struct decoder *d, const struct sys_ref *ref)
{
	if ((uint32_t)ref->value == UINT32_MAX)
		dec_text(d, "-1");
	else
		dec_uint(d, ref->value);
}

void hook_uring_ring_fd(struct decoder *d, const struct sys_ref *ref) { dec_fd(d, (int)ref->value); }

/* As many files or buffers as the structure's `nr` says: its place depends on which structure it is. */
static uint32_t resources(struct decoder *d, const struct sys_ref *ref)
{
	size_t at = operation(d) == FILES_UPDATE2 || operation(d) == BUFFERS_UPDATE ? 24 : 0;

	return (uint32_t)dec_word(d, ref->object->bytes + at, 4);
}

void hook_uring_data(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t op = operation(d);

	if (op == FILES2)
		dec_array(d, ref->value, resources(d, ref), 4, print_fd, NULL);
	else if (op == FILES_UPDATE2)
		dec_array(d, ref->value, resources(d, ref), 4, print_fd_or_skip, NULL);
	else
		dec_array_of(d, ref->value, resources(d, ref), STRUCT_iovec_addr);
}

static void print_tag(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_hex(d, dec_word(d, bytes, 8));
}

void hook_uring_tags(struct decoder *d, const struct sys_ref *ref)
{
	dec_array(d, ref->value, dec_field(d, ref->object, ref->param), 8, print_tag, NULL);
}

static void print_restriction(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	enum { REGISTER_OP, SQE_OP, FLAGS_ALLOWED, FLAGS_REQUIRED };
	uint32_t opcode = (uint32_t)dec_word(d, b, 2);

	(void)addr, (void)user;
	dec_text(d, "{opcode=");
	dec_enum(d, XLAT_uring_restrictions, opcode);
	if (opcode == REGISTER_OP) {
		dec_text(d, ", register_op=");
		dec_enum(d, XLAT_uring_register_ops, b[2]);
	} else if (opcode == SQE_OP) {
		dec_text(d, ", sqe_op=");
		dec_enum(d, XLAT_uring_ops, b[2]);
	} else if (opcode == FLAGS_ALLOWED || opcode == FLAGS_REQUIRED) {
		dec_text(d, ", sqe_flags=");
		dec_flags(d, XLAT_uring_sqe_flags, b[2]);
	} else {
		dec_printf(d, " /* op: %#x */", b[2]);
	}
	if (b[3] != 0)
		dec_printf(d, ", resv=%#x", b[3]);
	if (dec_word(d, b + 4, 8) != 0 || dec_word(d, b + 12, 4) != 0) {
		dec_text(d, ", resv2=[");
		for (unsigned i = 0; i < 3; i++) {
			dec_text(d, i > 0 ? ", " : "");
			dec_hex(d, dec_word(d, b + 4 + 4 * (size_t)i, 4));
		}
		str_add_char(d->out, ']');
	}
	str_add_char(d->out, '}');
}

/* Head and operations, as many as there are of those that there was room for. */
static bool probe(struct decoder *d, uint64_t addr)
{
	enum { HEAD = 16, MOST = 256, OP = 8 };
	uint8_t b[HEAD + MOST * OP];
	struct sys_object o = { &sys_structs[STRUCT_uring_probe], b, HEAD, addr };
	uint32_t room = count(d);
	bool any = false, more = false, cut = false;

	if (room > MOST || !dec_read(d, addr, b, HEAD + (size_t)OP * room)) {
		dec_addr(d, addr);
		return false;
	}
	uint32_t shown = d->exit && b[1] < room ? b[1] : room;
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_text(d, ", ops=[");
	for (uint32_t i = 0; i < shown; i++) {
		dec_text(d, i > 0 ? ", " : "");
		cut = dec_is_beyond(d, i);
		if (cut) {
			dec_text(d, "...");
			break;
		}
		dec_struct_in(d, STRUCT_uring_probe_op, b + HEAD + (size_t)OP * i, OP, 0);
	}
	if (d->exit && b[1] > room && !cut)
		dec_text(d, room > 0 ? ", ..." : "...");
	dec_text(d, "]}");
	return true;
}

/* ---- an entry of a ring ------------------------------------------------------------------ */

void hook_uring_ioprio(struct decoder *d, const struct sys_ref *ref)
{
	switch (dec_field(d, ref->object, ref->param)) {
	case OP_ACCEPT:
		dec_flags(d, XLAT_uring_accept_flags, ref->value);
		break;
	case OP_SEND:
	case OP_SENDMSG:
	case OP_SEND_ZC:
	case OP_SENDMSG_ZC:
	case OP_RECV:
	case OP_RECVMSG:
	case OP_RECV_ZC:
		dec_flags(d, XLAT_uring_recvsend_flags, ref->value);
		break;
	default:
		dec_uint(d, ref->value);
	}
}

/* A command to a socket stands where others have an offset. */
void hook_uring_off(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t op = dec_field(d, ref->object, ref->param);
	int fd = (int)dec_word(d, ref->object->bytes + 4, 4);

	if ((op == OP_URING_CMD || op == OP_URING_CMD128) && d->lookup != NULL && d->lookup->is_socket != NULL &&
	    d->lookup->is_socket(d->lookup->user, d->call->pid, fd))
		dec_enum_dec(d, XLAT_uring_socket_ops, (int64_t)ref->value);
	else
		dec_hex(d, ref->value);
}

void hook_uring_op_word(struct decoder *d, const struct sys_ref *ref)
{
	switch (dec_field(d, ref->object, ref->param)) {
	case OP_NOP:
	case OP_NOP128:
		dec_text(d, "nop_flags=");
		dec_flags(d, XLAT_uring_nop_flags, ref->value);
		break;
	case OP_FIXED_FD_INSTALL:
		dec_text(d, "install_fd_flags=");
		dec_flags(d, XLAT_uring_fixed_fd_flags, ref->value);
		break;
	case OP_MSG_RING:
		dec_text(d, "msg_ring_flags=");
		dec_flags(d, XLAT_uring_msg_flags, ref->value);
		break;
	default:
		dec_text(d, "rw_flags=");
		dec_hex(d, ref->value);
	}
}

/* Operations that read or write may have attributes. */
static bool has_attributes(uint64_t op)
{
	static const uint8_t ops[] = { OP_READ,	   OP_WRITE, OP_READV,	OP_WRITEV,  OP_READ_FIXED, OP_WRITE_FIXED, OP_READV_FIXED,   OP_WRITEV_FIXED,
				       OP_SEND,	   OP_RECV,  OP_SENDMSG, OP_RECVMSG, OP_SEND_ZC,	   OP_RECV_ZC,	   OP_READ_MULTISHOT };

	return op != 0 && op < 256 && memchr(ops, (int)op, sizeof(ops)) != NULL;
}

void hook_uring_attr(struct decoder *d, const struct sys_ref *ref)
{
	enum { PI = 1 };
	uint64_t value = dec_word(d, ref->bytes, 8), mask = dec_word(d, ref->bytes + 8, 8);

	if (mask == 0 || !has_attributes(dec_field(d, ref->object, ref->param))) {
		dec_text(d, "optval=");
		dec_hex(d, value);
		return;
	}
	dec_text(d, "attr_type_mask=");
	dec_flags(d, XLAT_uring_rw_attrs, mask);
	dec_text(d, ", attr_ptr=");
	if ((mask & PI) != 0)
		dec_struct(d, STRUCT_uring_attr_pi, value);
	else
		dec_addr(d, value);
}

static void print_hex_byte(struct decoder *d, const uint8_t *b, uint64_t addr, void *user) { dec_hex(d, b[0]); }

static void ring_entry(struct decoder *d, uint64_t addr)
{
	enum { BYTES = 64 };
	uint8_t b[BYTES];
	bool any = false, more = false;

	if (!dec_read_or_addr(d, addr, b, sizeof(b)))
		return;
	struct sys_object o = { &sys_structs[STRUCT_uring_sqe], b, sizeof(b), addr };
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	if (b[0] == OP_NOP128 || b[0] == OP_URING_CMD128) {
		dec_text(d, ", cmd=");
		dec_array(d, addr + BYTES, BYTES, 1, print_hex_byte, NULL);
	}
	str_add_char(d->out, '}');
}

/* ---- newer registrations ------------------------------------------------------------------ */

/* Sizes, and the addresses that the caller chose for rings, if he did. */
static void resize_rings(struct decoder *d, uint64_t addr)
{
	enum { BYTES = 120, RESERVED = 28, SQ_ADDR = 72, CQ_ADDR = 112 };
	static const struct {
		uint8_t at;
		const char *name;
	} addrs[] = { { SQ_ADDR, "sq_off" }, { CQ_ADDR, "cq_off" } };
	uint8_t b[BYTES];
	bool any = false, more = false;

	if (!dec_read_or_addr(d, addr, b, sizeof(b)))
		return;
	struct sys_object o = { &sys_structs[STRUCT_uring_resize], b, sizeof(b), addr };
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	for (unsigned i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		uint64_t user = dec_word(d, b + addrs[i].at, 8);
		if (user != 0)
			dec_printf(d, ", %s={user_addr=%#llx}", addrs[i].name, (unsigned long long)user);
	}
	if (dec_word(d, b + RESERVED, 8) != 0 || dec_word(d, b + RESERVED + 8, 4) != 0) {
		dec_text(d, ", resv=[");
		for (unsigned i = 0; i < 3; i++) {
			dec_text(d, i > 0 ? ", " : "");
			dec_hex(d, dec_word(d, b + RESERVED + 4 * (size_t)i, 4));
		}
		str_add_char(d->out, ']');
	}
	str_add_char(d->out, '}');
}

static void query_answer(struct decoder *d, uint32_t op, uint64_t addr)
{
	static const uint16_t ids[] = { STRUCT_uring_query_opcodes, STRUCT_uring_query_zcrx, STRUCT_uring_query_scq, STRUCT_uring_query_event };

	dec_text(d, ", query_data=");
	if (op < sizeof(ids) / sizeof(ids[0]))
		dec_struct(d, ids[op], addr);
	else
		dec_addr(d, addr);
}

/* A chain of questions, each inside the one before it. */
static void queries(struct decoder *d, uint64_t addr)
{
	enum { BYTES = 40, MOST = 1000 };
	uint8_t b[BYTES];
	uint32_t depth = 0;

	while (dec_read_or_addr(d, addr, b, sizeof(b))) {
		if (depth >= MOST || dec_is_beyond(d, depth)) {
			dec_addr(d, addr);
			dec_comment(d, "...");
			break;
		}
		struct sys_object o = { &sys_structs[STRUCT_uring_query], b, sizeof(b), addr };
		bool any = false, more = false;
		str_add_char(d->out, '{');
		depth++;
		dec_fields(d, &o, &any, &more);
		if (dec_word(d, b + 8, 8) != 0 && dec_word(d, b + 20, 4) != 0)
			query_answer(d, (uint32_t)dec_word(d, b + 16, 4), dec_word(d, b + 8, 8));
		dec_text(d, ", next_entry=");
		addr = dec_word(d, b, 8);
	}
	for (; depth > 0; depth--)
		str_add_char(d->out, '}');
}

/* What is exported the kernel says at exit. */
static void zcrx_control(struct decoder *d, uint64_t addr)
{
	enum { BYTES = 72, PART = 24, OPEN = 3, FLUSH = 0, EXPORT = 1, ARM = 2 };
	uint8_t b[BYTES];
	bool any = false, more = false;

	if (d->exit) {
		if (d->progress->saved[OPEN] == 0)
			return;
		if (!dec_failed(d) && dec_read(d, addr, b, sizeof(b))) {
			dec_text(d, ", zc_export=");
			dec_struct_in(d, STRUCT_uring_zcrx_export, b + PART, BYTES - PART, addr + PART);
		}
		str_add_char(d->out, '}');
		return;
	}
	d->progress->saved[OPEN] = 0;
	if (!dec_read_or_addr(d, addr, b, sizeof(b)))
		return;
	struct sys_object o = { &sys_structs[STRUCT_uring_zcrx_ctrl], b, PART, addr };
	uint32_t op = (uint32_t)dec_word(d, b + 4, 4);
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	if (op == EXPORT) {
		d->progress->saved[OPEN] = 1;
		return;
	}
	if (op == FLUSH || op == ARM) {
		dec_text(d, op == FLUSH ? ", zc_flush=" : ", zc_arm_event=");
		dec_struct_in(d, op == FLUSH ? STRUCT_uring_zcrx_flush : STRUCT_uring_zcrx_arm, b + PART, BYTES - PART, addr + PART);
	}
	str_add_char(d->out, '}');
}

/* Structures of which there is one, said by a count of 1 (the clock's and a question's by 0). */
static const struct single {
	uint8_t op, count;
	uint16_t type;
} singles[] = {
	{ PBUF_RING, 1, STRUCT_uring_buf_reg },	      { NO_PBUF_RING, 1, STRUCT_uring_buf_reg },    { SYNC_CANCEL, 1, STRUCT_uring_sync_cancel },
	{ FILE_RANGE, 1, STRUCT_uring_file_range },   { CLOCK, 0, STRUCT_uring_clock },		    { CLONE_BUFFERS, 1, STRUCT_uring_clone_buffers },
	{ SEND_MSG_RING, 1, STRUCT_uring_sqe },	      { ZCRX_IFQ, 1, STRUCT_uring_zcrx_ifq },	    { RESIZE_RINGS, 1, STRUCT_uring_resize },
	{ MEM_REGION, 1, STRUCT_uring_mem_region },   { QUERY, 0, STRUCT_uring_query },		    { PBUF_STATUS, 1, STRUCT_uring_buf_status },
	{ NAPI, 1, STRUCT_uring_napi },		      { NO_NAPI, 1, STRUCT_uring_napi },	    { ZCRX_CTRL, 1, STRUCT_uring_zcrx_ctrl },
};

static const struct single *find_single(uint32_t op)
{
	for (unsigned i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (singles[i].op == op)
			return &singles[i];
	return NULL;
}

static void single(struct decoder *d, const struct single *s, uint64_t addr)
{
	bool filled = s->op == PBUF_STATUS || s->op == NO_NAPI; /* by the kernel */

	if (count(d) != s->count) {
		if (!d->exit)
			dec_addr(d, addr);
	} else if (s->op == ZCRX_CTRL) {
		zcrx_control(d, addr);
	} else if (s->op == NAPI && d->exit) {
		uint8_t b[16];
		if (dec_failed(d) || !dec_read(d, addr, b, sizeof(b)))
			return;
		dec_text(d, " => ");
		dec_struct(d, s->type, addr);
	} else if (d->exit != filled) {
		return;
	} else if (s->op == RESIZE_RINGS) {
		resize_rings(d, addr);
	} else if (s->op == SEND_MSG_RING) {
		ring_entry(d, addr);
	} else if (s->op == QUERY) {
		queries(d, addr);
	} else {
		dec_struct(d, s->type, addr);
	}
}

/* ---- registrations ------------------------------------------------------------------------ */

/* As the kernel wants it, without anything to be said before it has answered. */
static bool probe_is_empty(struct decoder *d, uint64_t addr)
{
	enum { HEAD = 16, MOST = 256, OP = 8 };
	uint8_t b[HEAD + MOST * OP];
	size_t size = HEAD + (size_t)OP * count(d);

	if (count(d) > MOST || !dec_read(d, addr, b, size))
		return false;
	for (size_t i = 0; i < size; i++)
		if (b[i] != 0)
			return false;
	return true;
}

static void sized(struct decoder *d, uint64_t addr, unsigned id)
{
	enum { PAGE = 4096 };
	uint8_t b[64];
	unsigned known = dec_struct_size(d, id);
	struct sys_object o = { &sys_structs[id], b, known, addr };
	bool any = false, more = false;

	if (count(d) < known || !dec_read(d, addr, b, known)) {
		dec_addr(d, addr);
		return;
	}
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_trailing(d, addr, known, count(d) < PAGE ? count(d) : PAGE, ", ");
	str_add_char(d->out, '}');
}

static void print_worker(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	unsigned *place = user;

	(void)addr;
	str_add_char(d->out, '[');
	dec_enum_dec(d, XLAT_uring_workers, (*place)++);
	dec_printf(d, "]=%u", (unsigned)dec_word(d, b, 4));
}

static void workers(struct decoder *d, uint64_t addr)
{
	unsigned place = 0;

	dec_array(d, addr, count(d), 4, print_worker, &place);
}

/* CPUs, of a set of COUNT bytes, of which there is no need to look at more than there are CPUs. */
static void cpus(struct decoder *d, uint64_t addr)
{
	enum { MOST = 128 };
	uint8_t b[MOST];
	const char *before = "";
	uint32_t size = count(d) < MOST ? count(d) : MOST;

	if (addr == 0 || (size > 0 && !dec_read(d, addr, b, size))) {
		dec_addr(d, addr);
		return;
	}
	str_add_char(d->out, '[');
	for (uint32_t i = 0; i < size * 8; i++)
		if ((b[i / 8] >> (i % 8) & 1) != 0) {
			dec_printf(d, "%s%u", before, i);
			before = " ";
		}
	if (size < count(d))
		dec_printf(d, "%s...", before);
	str_add_char(d->out, ']');
}

/* ---- io_uring_enter() --------------------------------------------------------------------- */

void hook_uring_mask(struct decoder *d, const struct sys_ref *ref) { dec_sigset_at(d, ref->value, dec_field(d, ref->object, ref->param)); }
void hook_uring_wait(struct decoder *d, const struct sys_ref *ref) { dec_struct(d, STRUCT_timespec64, ref->value); }

/* A set of signals; or by a flag what there is to wait for, or where that is in what was registered. */
void hook_uring_enter_arg(struct decoder *d, const struct sys_ref *ref)
{
	enum { EXT_ARG = 8, EXT_ARG_REG = 64 };
	uint64_t kind = d->args[3] & (EXT_ARG | EXT_ARG_REG);

	dec_set_names(d, kind == EXT_ARG || kind == EXT_ARG_REG ? "arg,argsz" : "sigset,sigsetsize");
	dec_next_arg(d);
	if (kind == EXT_ARG)
		dec_struct(d, STRUCT_uring_getevents, ref->value);
	else if (kind == EXT_ARG_REG)
		dec_uint(d, ref->value);
	else
		dec_sigset_at(d, ref->value, d->args[5]);
	dec_next_arg(d);
	dec_uint(d, d->args[5]);
	d->stop = true;
}

/* ---- registrations ------------------------------------------------------------------------ */

static void register_in(struct decoder *d, uint64_t addr)
{
	uint32_t op = operation(d);

	if (op == REGISTER_BUFFERS)
		dec_array_of(d, addr, count(d), STRUCT_iovec_addr);
	else if (op == REGISTER_FILES || op == REGISTER_EVENTFD || op == EVENTFD_ASYNC)
		dec_array(d, addr, count(d), 4, print_fd, NULL);
	else if (op == FILES_UPDATE)
		dec_struct(d, STRUCT_uring_files_update, addr);
	else if (op == RESTRICTIONS)
		dec_array(d, addr, count(d), 16, print_restriction, NULL);
	else if (op == FILES2 || op == BUFFERS2)
		sized(d, addr, STRUCT_uring_rsrc_register);
	else if (op == FILES_UPDATE2 || op == BUFFERS_UPDATE)
		sized(d, addr, STRUCT_uring_rsrc_update2);
	else if (op == IOWQ_AFF)
		cpus(d, addr);
	else if (op == NO_RING_FDS)
		dec_array_of(d, addr, count(d), STRUCT_uring_rsrc_update_raw);
	else if (op == RING_FDS)
		dec_array_of(d, addr, count(d), STRUCT_uring_rsrc_update);
	else
		dec_addr(d, addr);
}

/* Those that the kernel answers in place are told twice. */
void hook_uring_register_arg(struct decoder *d, const struct sys_ref *ref)
{
	enum { READ_AT_ENTRY = 3, NOTHING_YET = 2 };
	uint32_t op = operation(d);
	const struct single *one = find_single(op);
	bool answered = op == REGISTER_PROBE || op == MAX_WORKERS;

	if (one != NULL) {
		single(d, one, ref->value);
		return;
	}
	if (!answered) {
		if (!d->exit)
			register_in(d, ref->value);
		return;
	}
	if (!d->exit && op == REGISTER_PROBE && probe_is_empty(d, ref->value)) {
		d->progress->saved[READ_AT_ENTRY] = NOTHING_YET;
		return;
	}
	if (d->exit && d->progress->saved[READ_AT_ENTRY] == NOTHING_YET) {
		if (dec_failed(d))
			dec_addr(d, ref->value);
		else
			probe(d, ref->value);
		return;
	}
	if (d->exit) {
		if (d->progress->saved[READ_AT_ENTRY] == 0 || (dec_failed(d) && op != MAX_WORKERS))
			return;
		dec_text(d, " => ");
		if (dec_failed(d)) {
			dec_addr(d, ref->value);
			return;
		}
	}
	bool readable = ref->value != 0;
	if (op == REGISTER_PROBE)
		readable = probe(d, ref->value);
	else
		workers(d, ref->value);
	if (!d->exit)
		d->progress->saved[READ_AT_ENTRY] = readable && !d->cut_short;
}
