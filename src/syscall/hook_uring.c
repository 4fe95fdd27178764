/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io_uring_register(): what the third argument is depends on the second, how many there
 * are of it on the fourth; of some calls that is the structure's size.
 */
#include "syscall/hooks.h"

enum { REGISTER_BUFFERS = 0, REGISTER_FILES = 2, REGISTER_EVENTFD = 4, FILES_UPDATE = 6, EVENTFD_ASYNC = 7, REGISTER_PROBE = 8, RESTRICTIONS = 11,
       FILES2 = 13, FILES_UPDATE2 = 14, BUFFERS2 = 15, BUFFERS_UPDATE = 16, IOWQ_AFF = 17, MAX_WORKERS = 19, RING_FDS = 20, NO_RING_FDS = 21,
       PBUF_RING = 22, NO_PBUF_RING = 23 };
enum { FILES_SKIP = -2 };

static uint32_t operation(const struct decoder *d) { return (uint32_t)d->args[1]; }
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
	uint32_t shown = b[1] < room ? b[1] : room;
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_text(d, ", ops=[");
	for (uint32_t i = 0; i < shown; i++) {
		dec_text(d, i > 0 ? ", " : "");
		cut = !d->style->verbose && i >= d->style->string_limit;
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
	dec_trailing(d, addr, known, count(d), ", ");
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

/* CPUs, of a set of COUNT bytes. */
static void cpus(struct decoder *d, uint64_t addr)
{
	enum { MOST = 1024 };
	uint8_t b[MOST];
	const char *before = "";
	uint32_t size = count(d);

	if (size > 0 && (size > MOST || !dec_read(d, addr, b, size))) {
		dec_addr(d, addr);
		return;
	}
	str_add_char(d->out, '[');
	for (uint32_t i = 0; i < size * 8; i++)
		if ((b[i / 8] >> (i % 8) & 1) != 0) {
			dec_printf(d, "%s%u", before, i);
			before = " ";
		}
	str_add_char(d->out, ']');
}

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
	else if (op == PBUF_RING || op == NO_PBUF_RING)
		dec_struct(d, STRUCT_uring_buf_reg, addr);
	else
		dec_addr(d, addr);
}

/* To see whether the kernel changed what is there. */
static uint64_t sum_of(struct decoder *d, uint64_t addr)
{
	enum { ITEM = 16 };
	uint64_t sum = 0;
	uint8_t b[ITEM];

	for (uint32_t i = 0; i < count(d) && i < 4096 && dec_read(d, addr + (uint64_t)ITEM * i, b, ITEM); i++)
		sum = (sum ^ dec_word(d, b, 8)) * 31 + dec_word(d, b + 8, 8);
	return sum;
}

/* Those that the kernel answers in place are told twice. */
void hook_uring_register_arg(struct decoder *d, const struct sys_ref *ref)
{
	enum { READ_AT_ENTRY = 3, NOTHING_YET = 2 };
	uint32_t op = operation(d);
	bool answered = op == REGISTER_PROBE || op == MAX_WORKERS || op == RING_FDS;

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
		if (d->progress->saved[READ_AT_ENTRY] == 0 || (dec_failed(d) && op != MAX_WORKERS) ||
		    (op == RING_FDS && sum_of(d, ref->value) == d->progress->saved[0]))
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
	else if (op == MAX_WORKERS)
		workers(d, ref->value);
	else
		dec_array_of(d, ref->value, count(d), STRUCT_uring_rsrc_update);
	if (!d->exit) {
		d->progress->saved[READ_AT_ENTRY] = readable && !d->cut_short;
		d->progress->saved[0] = op == RING_FDS ? sum_of(d, ref->value) : 0;
	}
}
