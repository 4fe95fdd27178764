/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for memory, its policies, asynchronous input and output, and System V's messages. */
#include "syscall/hooks.h"
#include "syscall/multiplex.h"

#include <string.h>

/* ---- pages ------------------------------------------------------------------------ */

static void print_resident(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_text(d, (bytes[0] & 1) != 0 ? "1" : "0");
}

void hook_mincore(struct decoder *d, const struct sys_ref *ref)
{
	if (d->call->is_error)
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, d->args[1] / 4096 + (d->args[1] % 4096 != 0), 1, print_resident, NULL);
}

/* What is left of a file's name behind "memfd:". */
void hook_memfd_name(struct decoder *d, const struct sys_ref *ref) { dec_name_n(d, ref->value, 250); }

void hook_mpol_mode(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t all = ref->size == 4 ? (uint32_t)ref->value : ref->value, mode = all & ~UINT64_C(0xe000);
	uint32_t flags = (uint32_t)ref->value & 0xe000;
	const char *name = dec_name(XLAT_mpol_modes, mode);

	if (d->style->xlat == SYSCALL_XLAT_RAW) {
		dec_hex(d, all);
		return;
	}
	if (name == NULL || flags == 0) {
		if (name != NULL)
			dec_enum(d, XLAT_mpol_modes, mode);
		else
			dec_flags_of(d, (const uint16_t[]){ XLAT_mpol_mode_flags }, 1, all, "MPOL_???");
		return;
	}
	struct dec_words words; /* mode and flags are one number */

	if (!dec_words_begin(d, all, &words))
		return;
	dec_enum(d, XLAT_mpol_modes, mode);
	str_add_char(d->out, '|');
	dec_flags(d, XLAT_mpol_mode_flags, flags);
	dec_words_end(d, &words);
}

static void print_word(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_printf(d, "%#0*llx", (int)d->word * 2, (unsigned long long)dec_word(d, bytes, d->word));
}

static void nodemask(struct decoder *d, uint64_t addr, uint64_t bits)
{
	enum { WORDS_MAX = 1 << 20 };
	uint64_t words = bits == 0 ? 0 : (bits + 8 * d->word - 2) / (8 * d->word);

	if (bits == 0 && addr != 0) {
		dec_text(d, "[]");
		return;
	}
	if (words == 0) { /* maxnode counts one too many: 1 is none */
		dec_addr(d, addr);
		return;
	}
	dec_array(d, addr, words > WORDS_MAX ? WORDS_MAX : words, d->word, print_word, NULL);
}

void hook_nodemask(struct decoder *d, const struct sys_ref *ref) { nodemask(d, ref->value, d->args[ref->param]); }

void hook_nodemask_out(struct decoder *d, const struct sys_ref *ref)
{
	if (d->call->is_error && d->args[ref->param] != 0)
		dec_addr(d, ref->value);
	else
		nodemask(d, ref->value, d->args[ref->param]);
}

void hook_mpol_out(struct decoder *d, const struct sys_ref *ref)
{
	int64_t mode = dec_open_u32(d, ref->value);

	if (mode < 0)
		return;
	dec_enum(d, XLAT_mpol_modes, (uint64_t)mode);
	str_add_char(d->out, ']');
}

static void print_page(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_addr(d, dec_word(d, bytes, d->word));
}

static void print_node(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_int(d, (int)dec_word(d, bytes, 4));
}

static void print_status(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	int v = (int)dec_word(d, bytes, 4);
	const char *name = v < 0 && v > -4096 ? syscall_errno_name(-v) : NULL;

	(void)addr, (void)user;
	if (name == NULL || d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_int(d, v);
	if (name != NULL && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_printf(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? " /* -%s */" : "-%s", name);
}

void hook_move_addrs(struct decoder *d, const struct sys_ref *ref) { dec_array(d, ref->value, d->args[1], d->word, print_page, NULL); }
void hook_move_nodes(struct decoder *d, const struct sys_ref *ref) { dec_array(d, ref->value, d->args[1], 4, print_node, NULL); }
void hook_move_status(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_failed(d) && d->args[1] != 0)
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, d->args[1], 4, print_status, NULL);
}

void hook_membarrier_cpu(struct decoder *d, const struct sys_ref *ref)
{
	if ((d->args[1] & 1) == 0)
		return;
	dec_set_names(d, "cpu_id");
	dec_next_arg(d);
	dec_int(d, (int)ref->value);
}

bool result_thread_area(struct decoder *d)
{
	uint8_t b[4];

	if (d->call->is_error || !dec_read(d, d->args[0], b, 4))
		return d->call->is_error;
	dec_result(d);
	dec_printf(d, " (entry_number=%u)", (unsigned)dec_word(d, b, 4));
	return true;
}

void hook_membarrier_cmd(struct decoder *d, const struct sys_ref *ref) { dec_enum(d, XLAT_membarrier_cmds, (uint32_t)ref->value); }

bool result_membarrier(struct decoder *d)
{
	if (d->call->is_error || (uint32_t)d->args[0] != 0)
		return d->call->is_error;
	dec_hex(d, dec_result_value(d));
	if (d->call->result != 0) {
		dec_text(d, " (");
		d->style = d->asked;
		dec_flags_of(d, (const uint16_t[]){ XLAT_membarrier_cmds }, 1, dec_result_value(d), NULL);
		str_add_char(d->out, ')');
	}
	return true;
}

/* i386's old mmap and select have their arguments in memory. */
static bool read_words(struct decoder *d, uint64_t addr, uint64_t *words, unsigned count)
{
	uint8_t b[48];

	if (!dec_read_text(d, addr, b, (size_t)count * d->word)) { /* they aren't what -e verbose= is about */
		dec_addr(d, addr);
		return false;
	}
	for (unsigned i = 0; i < count; i++)
		words[i] = dec_word(d, b + (size_t)i * d->word, d->word);
	return true;
}

void hook_old_mmap(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t w[6];

	if (!read_words(d, ref->value, w, 6))
		return;
	dec_addr(d, w[0]);
	dec_printf(d, ", %llu, ", (unsigned long long)w[1]);
	dec_flags(d, XLAT_prot, w[2]);
	dec_next(d);
	hook_mmap_flags(d, &(struct sys_ref){ .value = w[3] });
	dec_next(d);
	dec_fd(d, (int)w[4]);
	dec_next(d);
	dec_hex(d, w[5]);
}

void hook_oldselect(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t w[5];

	if (!read_words(d, ref->value, w, 5))
		return;
	memcpy(d->args, w, sizeof(w));
	dec_printf(d, "%d", (int)w[0]);
	for (unsigned i = 1; i < 4; i++) {
		dec_next(d);
		hook_fd_set(d, &(struct sys_ref){ .value = w[i] });
	}
	dec_next(d);
	dec_struct(d, STRUCT_timeval, w[4]);
}

/* ---- segments of x86 -------------------------------------------------------------- */

enum { DESCRIPTOR_BYTES = 16 };

void hook_modify_ldt(struct decoder *d, const struct sys_ref *ref)
{
	int func = (int)d->args[0];

	if (func == 0 || func == 2) {
		if (d->call->is_error)
			dec_addr(d, ref->value);
		else
			dec_buffer(d, ref->value, (uint64_t)d->call->result);
		return;
	}
	d->ignore_error = true;
	if (d->args[2] == DESCRIPTOR_BYTES)
		hook_user_desc(d, ref);
	else
		dec_addr(d, ref->value);
}

/* The kernel returns an int of which 64-bit registers get no sign. */
bool result_modify_ldt(struct decoder *d)
{
	int error = (int)(0U - (uint32_t)d->call->result);
	const char *name = error > 0 && error < 4096 ? syscall_errno_name(error) : NULL;

	if (d->call->is_error || (uint64_t)d->call->result > UINT32_MAX || name == NULL)
		return d->call->is_error;
	dec_printf(d, "%llu %s (%s)", (unsigned long long)d->call->result, name, strerrordesc_np(error));
	return true;
}

static void user_desc_fields(struct decoder *d, const uint8_t *b)
{
	uint32_t bits = (uint32_t)dec_word(d, b + 12, 4);

	dec_text(d, ", base_addr=");
	dec_printf(d, "%#08x, limit=%#08x", (unsigned)dec_word(d, b + 4, 4), (unsigned)dec_word(d, b + 8, 4));
	dec_printf(d, ", seg_32bit=%u, contents=%u, read_exec_only=%u", bits & 1, bits >> 1 & 3, bits >> 3 & 1);
	dec_printf(d, ", limit_in_pages=%u, seg_not_present=%u, useable=%u", bits >> 4 & 1, bits >> 5 & 1, bits >> 6 & 1);
	if (d->klong == 8)
		dec_printf(d, ", lm=%u", bits >> 7 & 1);
	str_add_char(d->out, '}');
}

static void print_entry_number(struct decoder *d, const uint8_t *b)
{
	if ((int)dec_word(d, b, 4) == -1)
		dec_text(d, "{entry_number=-1");
	else
		dec_printf(d, "{entry_number=%u", (unsigned)dec_word(d, b, 4));
}

void hook_user_desc(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[16];

	if (!dec_read_or_addr(d, ref->value, b, sizeof(b)))
		return;
	print_entry_number(d, b);
	user_desc_fields(d, b);
}

/* Its number is given, the rest comes back. */
void hook_user_desc_out(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[16];

	if (d->exit) {
		if (dec_failed(d) || !dec_read(d, ref->value, b, sizeof(b)))
			dec_text(d, ", ...}");
		else
			user_desc_fields(d, b);
		return;
	}
	if (dec_read_or_addr(d, ref->value, b, 4))
		print_entry_number(d, b);
	else
		d->stop = true;
}

/* ---- asynchronous input and output ------------------------------------------------ */

enum { IOCB_PREAD, IOCB_PWRITE, IOCB_POLL = 5, IOCB_PREADV = 7, IOCB_PWRITEV, IOCB_RESFD = 1, IOCB_IOPRIO = 2, IOCB_BYTES = 64 };

static void iocb_opcode(struct decoder *d, unsigned op)
{
	static const char *const ops[] = { "IOCB_CMD_PREAD", "IOCB_CMD_PWRITE", "IOCB_CMD_FSYNC", "IOCB_CMD_FDSYNC",
					   "IOCB_CMD_PREADX", "IOCB_CMD_POLL", "IOCB_CMD_NOOP", "IOCB_CMD_PREADV", "IOCB_CMD_PWRITEV" };
	const char *name = op < sizeof(ops) / sizeof(*ops) ? ops[op] : NULL;

	dec_text(d, ", aio_lio_opcode=");
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV)
		dec_text(d, name);
	else
		dec_uint(d, op);
	if ((name == NULL || d->style->xlat == SYSCALL_XLAT_VERBOSE) && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_comment(d, name != NULL ? name : "IOCB_CMD_???");
}

static void iocb_priority(struct decoder *d, uint16_t priority, uint32_t flags)
{
	if ((flags & IOCB_IOPRIO) == 0 && priority == 0)
		return;
	dec_text(d, ", aio_reqprio=");
	if ((flags & IOCB_IOPRIO) != 0)
		dec_ioprio(d, priority, true);
	else
		dec_int(d, (int16_t)priority);
}

/* What a block is for: all that io_cancel() looks at. */
static void iocb_head(struct decoder *d, const uint8_t *b)
{
	dec_text(d, "{aio_data=");
	dec_hex(d, dec_word(d, b, 8));
	if (dec_word(d, b + 8, 4) != 0)
		dec_printf(d, ", aio_key=%u", (unsigned)dec_word(d, b + 8, 4));
	if (dec_word(d, b + 12, 4) != 0) {
		dec_text(d, ", aio_rw_flags=");
		dec_flags(d, XLAT_rwf, dec_word(d, b + 12, 4));
	}
	iocb_opcode(d, (unsigned)dec_word(d, b + 16, 2));
	iocb_priority(d, (uint16_t)dec_word(d, b + 18, 2), (uint32_t)dec_word(d, b + 56, 4));
	dec_text(d, ", aio_fildes=");
	dec_fd(d, (int)dec_word(d, b + 20, 4));
}

/* What is to be read or written. */
static void iocb_buffer(struct decoder *d, unsigned op, const uint8_t *b)
{
	uint64_t buf = dec_word(d, b + 24, 8), nbytes = dec_word(d, b + 32, 8);
	bool vector = op == IOCB_PREADV || op == IOCB_PWRITEV;
	bool valid = (d->word == 8 || (buf <= UINT32_MAX && nbytes <= UINT32_MAX)) && (int64_t)nbytes >= 0;

	dec_text(d, ", aio_buf=");
	if (valid && op == IOCB_PWRITEV)
		dec_vector(d, buf, nbytes, UINT64_MAX);
	else if (valid && vector)
		dec_array_of(d, buf, nbytes, STRUCT_iovec_addr);
	else if (valid && op == IOCB_PWRITE)
		dec_buffer(d, buf, nbytes);
	else
		dec_hex(d, buf);
	if (!valid || !vector)
		dec_printf(d, ", aio_nbytes=%llu", (unsigned long long)nbytes);
	dec_printf(d, ", aio_offset=%lld", (long long)dec_word(d, b + 40, 8));
}

static void iocb_flags(struct decoder *d, const uint8_t *b)
{
	uint32_t flags = (uint32_t)dec_word(d, b + 56, 4), fd = (uint32_t)dec_word(d, b + 60, 4);

	if (flags != 0) {
		dec_text(d, ", aio_flags=");
		dec_flags(d, XLAT_iocb_flags, flags);
	}
	if ((flags & IOCB_RESFD) == 0 && fd == 0)
		return;
	dec_text(d, ", aio_resfd=");
	if ((flags & IOCB_RESFD) != 0)
		dec_fd(d, (int)fd);
	else
		dec_hex(d, fd);
}

static void print_iocb(struct decoder *d, uint64_t addr)
{
	uint8_t b[IOCB_BYTES];

	if (!dec_read_or_addr(d, addr, b, sizeof(b)))
		return;
	unsigned op = (unsigned)dec_word(d, b + 16, 2);
	bool buffer = op == IOCB_PREAD || op == IOCB_PWRITE || op == IOCB_PREADV || op == IOCB_PWRITEV;
	iocb_head(d, b);
	if (buffer) {
		iocb_buffer(d, op, b);
	} else if (op == IOCB_POLL) {
		dec_text(d, ", aio_buf=");
		dec_flags(d, XLAT_poll_flags, dec_word(d, b + 24, 8));
	}
	if (buffer || op == IOCB_POLL)
		iocb_flags(d, b);
	str_add_char(d->out, '}');
}

static void print_iocb_at(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	print_iocb(d, dec_word(d, bytes, d->word));
}

void hook_iocbs(struct decoder *d, const struct sys_ref *ref)
{
	int64_t count = d->word == 4 ? (int32_t)d->args[ref->param] : (int64_t)d->args[ref->param];

	if (count < 0)
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, (uint64_t)count, d->word, print_iocb_at, NULL);
}

void hook_iocb(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[IOCB_BYTES];

	if (!dec_read_or_addr(d, ref->value, b, sizeof(b)))
		return;
	iocb_head(d, b);
	str_add_char(d->out, '}');
}

static void uring_asked(struct decoder *d, const uint8_t *b)
{
	uint32_t flags = (uint32_t)dec_word(d, b + 8, 4);

	dec_text(d, "{flags=");
	dec_flags(d, XLAT_uring_setup_flags, flags);
	dec_text(d, ", sq_thread_cpu=");
	dec_hex(d, dec_word(d, b + 12, 4));
	dec_printf(d, ", sq_thread_idle=%u", (unsigned)dec_word(d, b + 16, 4));
	if ((flags & 0x20) != 0) {
		dec_text(d, ", wq_fd=");
		dec_fd(d, (int)dec_word(d, b + 24, 4));
	}
	if ((dec_word(d, b + 28, 8) | dec_word(d, b + 36, 4)) != 0)
		dec_printf(d, ", resv=[%#x, %#x, %#x]", (unsigned)dec_word(d, b + 28, 4), (unsigned)dec_word(d, b + 32, 4),
			   (unsigned)dec_word(d, b + 36, 4));
}

static void uring_answer(struct decoder *d, const uint8_t *b)
{
	dec_printf(d, ", sq_entries=%u, cq_entries=%u, features=", (unsigned)dec_word(d, b, 4), (unsigned)dec_word(d, b + 4, 4));
	dec_flags(d, XLAT_uring_setup_features, dec_word(d, b + 20, 4));
	dec_text(d, ", sq_off=");
	dec_struct_in(d, STRUCT_io_sqring_offsets, b + 40, 40, 0);
	dec_text(d, ", cq_off=");
	dec_struct_in(d, STRUCT_io_cqring_offsets, b + 80, 40, 0);
}

void hook_uring_params(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[120];

	if (!dec_read(d, ref->value, b, sizeof(b)) || (d->exit && d->progress->saved[1] != 0)) {
		if (!d->exit)
			dec_addr(d, ref->value);
		d->progress->saved[1] = 1;
		return;
	}
	if (!d->exit) {
		uring_asked(d, b);
		return;
	}
	if (!d->call->is_error)
		uring_answer(d, b);
	str_add_char(d->out, '}');
}

/* ---- System V ----------------------------------------------------------------------- */

void hook_ipc_key(struct decoder *d, const struct sys_ref *ref) { dec_enum(d, XLAT_ipc_priv, (uint32_t)ref->value); }

static void ipc_mode(struct decoder *d, unsigned xlat, uint32_t v)
{
	uint32_t mode = v & 0777, huge = xlat == XLAT_shm_flags ? v >> 26 & 0x3f : 0;

	v &= ~(0777u | huge << 26);
	if (v != 0) {
		dec_flags_of(d, (const uint16_t[]){ (uint16_t)xlat }, 1, v, NULL);
		str_add_char(d->out, '|');
	}
	if (huge != 0) {
		dec_printf(d, "%u<<", huge);
		if (d->style->xlat == SYSCALL_XLAT_ABBREV)
			dec_text(d, "SHM_HUGE_SHIFT");
		else
			dec_text(d, d->style->xlat == SYSCALL_XLAT_RAW ? "26" : "26 /* SHM_HUGE_SHIFT */");
		str_add_char(d->out, '|');
	}
	dec_printf(d, "%#03o", mode);
}

void hook_shm_flags(struct decoder *d, const struct sys_ref *ref) { ipc_mode(d, XLAT_shm_flags, (uint32_t)ref->value); }
void hook_ipc_flags(struct decoder *d, const struct sys_ref *ref) { ipc_mode(d, XLAT_ipc_flags, (uint32_t)ref->value); }
void hook_ipc_flag16(struct decoder *d, const struct sys_ref *ref) { dec_flags(d, XLAT_sem_flags, (uint16_t)ref->value); }

enum { IPC_64 = 0x100 };

void hook_ipc_cmd(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	if ((v & IPC_64) != 0) {
		dec_named(d, IPC_64, "IPC_64", "");
		str_add_char(d->out, '|');
	}
	dec_enum(d, ref->param, v & ~(uint32_t)IPC_64);
}

static void print_ipc_perm(struct decoder *d, const char *name, const uint8_t *b, bool all)
{
	dec_printf(d, "{%s={uid=", name);
	dec_uid(d, (uint32_t)dec_word(d, b + 4, 4));
	dec_text(d, ", gid=");
	dec_uid(d, (uint32_t)dec_word(d, b + 8, 4));
	dec_text(d, ", mode=");
	dec_printf(d, "%#03o", (unsigned)dec_word(d, b + 20, 4));
	if (all) {
		dec_printf(d, ", key=%u, cuid=", (unsigned)dec_word(d, b, 4));
		dec_uid(d, (uint32_t)dec_word(d, b + 12, 4));
		dec_text(d, ", cgid=");
		dec_uid(d, (uint32_t)dec_word(d, b + 16, 4));
	}
	str_add_char(d->out, '}');
}

void hook_mode_oct(struct decoder *d, const struct sys_ref *ref) { dec_oct_mode(d, (uint32_t)ref->value); }

static unsigned long long w8(struct decoder *d, const uint8_t *b) { return dec_word(d, b, 8); }

enum { IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3 };

/* A structure's SIZE says whose it is: as large as they are on x86-64. */
enum { SET = 104, SEGMENT = 112, QUEUE = 120 };

/* The structure of i386, in x86-64's places. */
static bool read_narrow(struct decoder *d, uint64_t addr, uint8_t *b, size_t size)
{
	enum { PERM_IDS = 20, MODE_BYTES = 2 };
	static const struct {
		uint8_t of, from, to, bytes;
	} moves[] = { { SET, 36, 48, 8 },	{ SET, 44, 64, 8 },	{ SET, 52, 80, 4 },	{ SEGMENT, 36, 48, 4 },
		      { SEGMENT, 40, 56, 24 },	{ SEGMENT, 64, 80, 12 }, { QUEUE, 36, 48, 24 },	{ QUEUE, 60, 72, 4 },
		      { QUEUE, 64, 80, 4 },	{ QUEUE, 68, 88, 4 },	{ QUEUE, 72, 96, 8 } };
	uint8_t narrow[88];

	memset(b, 0, size);
	if (!dec_read_or_addr(d, addr, narrow, size == SET ? 64 : size == SEGMENT ? 84 : sizeof(narrow)))
		return false;
	memcpy(b, narrow, PERM_IDS + MODE_BYTES);
	for (unsigned i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i].of == size)
			memcpy(b + moves[i].to, narrow + moves[i].from, moves[i].bytes);
	return true;
}

/* False: its address has been printed, as always where it is neither a 64-bit kernel's own nor i386's with IPC_64. */
static bool ipc_stat(struct decoder *d, const struct sys_ref *ref, uint32_t cmd, uint8_t *b, size_t size)
{
	bool known = cmd == IPC_SET || cmd == IPC_STAT;

	if (known)
		d->ignore_error = cmd == IPC_SET;
	if (known && d->klong == 8)
		return dec_read_or_addr(d, ref->value, b, size);
	if (known && d->call->abi == SYSCALL_ABI_I386 && (d->args[size == SET ? 2 : 1] & IPC_64) != 0)
		return read_narrow(d, ref->value, b, size);
	dec_addr(d, ref->value);
	return false;
}

/* What kinds of command there are beside IPC_RMID and the like: STAT and its variants, INFO of the limits, INFO of the use. */
static uint32_t ipc_kind(uint32_t cmd, uint32_t first_stat)
{
	if (cmd == first_stat || cmd == first_stat + 2)
		return IPC_STAT;
	return cmd;
}

static void shm_info(struct decoder *d, const struct sys_ref *ref, unsigned id)
{
	if (d->klong == 8 || d->call->abi == SYSCALL_ABI_I386)
		dec_struct(d, id, ref->value);
	else
		dec_addr(d, ref->value);
}

void hook_shmctl_arg(struct decoder *d, const struct sys_ref *ref)
{
	enum { SHM_STAT = 13, SHM_INFO = 14 };
	uint32_t cmd = ipc_kind((uint32_t)d->args[1] & ~0x100u, SHM_STAT);
	uint8_t b[112];

	if (cmd == IPC_INFO || cmd == SHM_INFO) {
		shm_info(d, ref, cmd == IPC_INFO ? STRUCT_shminfo : STRUCT_shm_info);
		return;
	}
	if (!ipc_stat(d, ref, cmd, b, sizeof(b)))
		return;
	print_ipc_perm(d, "shm_perm", b, cmd == IPC_STAT);
	if (cmd == IPC_STAT) {
		dec_printf(d, ", shm_segsz=%llu, shm_cpid=", w8(d, b + 48));
		dec_pid(d, SYSCALL_PID, (int)dec_word(d, b + 80, 4));
		dec_text(d, ", shm_lpid=");
		dec_pid(d, SYSCALL_PID, (int)dec_word(d, b + 84, 4));
		dec_printf(d, ", shm_nattch=%llu, shm_atime=%llu, shm_dtime=%llu, shm_ctime=%llu", w8(d, b + 88), w8(d, b + 56), w8(d, b + 64),
			   w8(d, b + 72));
	}
	str_add_char(d->out, '}');
}

void hook_msgctl_arg(struct decoder *d, const struct sys_ref *ref)
{
	enum { MSG_STAT = 11, MSG_INFO = 12 };
	uint32_t cmd = ipc_kind((uint32_t)d->args[1] & ~0x100u, MSG_STAT);
	uint8_t b[120];

	if (cmd == IPC_INFO || cmd == MSG_INFO) {
		dec_struct(d, STRUCT_msginfo, ref->value);
		return;
	}
	if (!ipc_stat(d, ref, cmd, b, sizeof(b)))
		return;
	print_ipc_perm(d, "msg_perm", b, cmd == IPC_STAT);
	if (cmd == IPC_STAT) {
		dec_printf(d, ", msg_stime=%llu, msg_rtime=%llu, msg_ctime=%llu, msg_qnum=%llu, msg_qbytes=%llu, msg_lspid=", w8(d, b + 48),
			   w8(d, b + 56), w8(d, b + 64), w8(d, b + 80), w8(d, b + 88));
		dec_pid(d, SYSCALL_PID, (int)dec_word(d, b + 96, 4));
		dec_text(d, ", msg_lrpid=");
		dec_pid(d, SYSCALL_PID, (int)dec_word(d, b + 100, 4));
	} else {
		dec_printf(d, ", msg_qbytes=%llu", w8(d, b + 88));
	}
	str_add_char(d->out, '}');
}

void hook_semctl_arg(struct decoder *d, const struct sys_ref *ref)
{
	enum { SEM_STAT = 18, SEM_INFO = 19 };
	uint32_t cmd = ipc_kind((uint32_t)d->args[2] & ~0x100u, SEM_STAT);
	uint8_t b[104];

	bool pointed = d->call->abi == SYSCALL_ABI_I386 && (d->call->args[5] & SYSCALL_WAS_IPC) != 0; /* ipc has it in memory */
	bool plain = cmd != IPC_INFO && cmd != SEM_INFO && cmd != IPC_SET && cmd != IPC_STAT;

	if (pointed && plain) {
		str_add_char(d->out, '[');
		dec_addr(d, ref->value);
		str_add_char(d->out, ']');
		return;
	}
	if (cmd == IPC_INFO || cmd == SEM_INFO) {
		dec_struct(d, STRUCT_seminfo, ref->value);
		return;
	}
	if (!ipc_stat(d, ref, cmd, b, sizeof(b)))
		return;
	print_ipc_perm(d, "sem_perm", b, cmd == IPC_STAT);
	if (cmd == IPC_STAT)
		dec_printf(d, ", sem_otime=%llu, sem_ctime=%llu, sem_nsems=%llu", w8(d, b + 48), w8(d, b + 64), w8(d, b + 80));
	str_add_char(d->out, '}');
}

void hook_sembufs(struct decoder *d, const struct sys_ref *ref)
{
	dec_array_of(d, ref->value, (uint32_t)d->args[ref->param], STRUCT_sembuf);
}

static void print_msgbuf(struct decoder *d, uint64_t addr, uint64_t size)
{
	uint8_t b[8];

	if (!dec_read_or_addr(d, addr, b, d->klong))
		return;
	dec_text(d, "{mtype=");
	dec_int(d, d->klong == 8 ? (int64_t)dec_word(d, b, 8) : (int32_t)dec_word(d, b, 4));
	dec_text(d, ", mtext=");
	dec_buffer(d, addr + d->klong, size);
	str_add_char(d->out, '}');
}

void hook_msgbuf(struct decoder *d, const struct sys_ref *ref) { print_msgbuf(d, ref->value, d->args[ref->param]); }

void hook_msgbuf_out(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_failed(d))
		dec_addr(d, ref->value);
	else
		print_msgbuf(d, ref->value, d->args[2]);
}

void hook_ipc_call(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	if (v >> 16 != 0)
		dec_printf(d, "%u<<16|", v >> 16);
	dec_enum_dec(d, XLAT_ipccalls, v & 0xffff);
}
