/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for waiting: poll, select, epoll, futex. */
#include "base/mem.h"
#include "syscall/hooks.h"

#include <stdlib.h>
#include <string.h>

/* ---- poll ------------------------------------------------------------------------- */

static void print_pollfd(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	int fd = (int)dec_word(d, bytes, 4);

	(void)addr, (void)user;
	dec_text(d, "{fd=");
	dec_fd(d, fd);
	if (fd >= 0) {
		dec_text(d, ", events=");
		dec_flags(d, XLAT_poll_flags, dec_word(d, bytes + 4, 2));
	}
	str_add_char(d->out, '}');
}

void hook_pollfds(struct decoder *d, const struct sys_ref *ref)
{
	dec_array(d, ref->value, (uint32_t)d->args[1], 8, print_pollfd, NULL);
}

/* How many are ready; false: there is nothing to tell of them. */
static bool print_ready(struct decoder *d)
{
	if (d->call->is_error)
		return false;
	dec_result(d);
	if (d->call->result == 0)
		dec_text(d, " (Timeout)");
	return d->call->result != 0;
}

/* What poll and select tell of results has its limits; strace's place for it has 1,024 bytes. */
enum { POLL_RESULT_BYTES = 996, SELECT_RESULT_BYTES = 999 };

/* ppoll's timeout may have been changed: what's printed at entry is what was asked. */
static bool poll_result(struct decoder *d, bool left, unsigned time_struct)
{
	uint8_t bytes[8];
	unsigned printed = 0, shown = 0;

	if (!print_ready(d))
		return true;
	size_t before = d->out->length;
	dec_text(d, " (");
	size_t start = d->out->length;
	for (uint64_t i = 0; d->args[0] != 0 && i < (uint32_t)d->args[1]; i++) {
		if (!dec_read(d, d->args[0] + 8 * i, bytes, 8)) {
			if (printed > 0)
				dec_text(d, ", ...");
			else
				dec_printf(d, "[%#llx", (unsigned long long)(d->args[0] + 8 * i));
			printed++;
			break;
		}
		uint64_t revents = dec_word(d, bytes + 6, 2);
		if (revents == 0)
			continue;
		dec_text(d, printed > 0 ? ", " : "[");
		printed++;
		if (dec_is_beyond(d, shown)) {
			dec_text(d, "...");
			break;
		}
		shown++;
		size_t element = d->out->length;
		dec_text(d, "{fd=");
		dec_int(d, (int)dec_word(d, bytes, 4)); /* -y has named it before */
		dec_text(d, ", revents=");
		const struct syscall_style *style = d->style;
		d->style = d->asked;
		dec_flags(d, XLAT_poll_flags, revents);
		d->style = style;
		if (d->out->length - start >= POLL_RESULT_BYTES) {
			str_truncate(d->out, element);
			dec_text(d, "...");
			break;
		}
		str_add_char(d->out, '}');
	}
	if (printed > 0)
		str_add_char(d->out, ']');
	if (left && d->args[2] != 0) {
		dec_text(d, d->out->length > start ? ", left " : "left ");
		dec_struct(d, time_struct, d->args[2]);
	}
	if (d->out->length > start)
		str_add_char(d->out, ')');
	else
		str_truncate(d->out, before);
	return true;
}

bool result_poll(struct decoder *d) { return poll_result(d, false, STRUCT_timespec); }
bool result_ppoll(struct decoder *d) { return poll_result(d, true, STRUCT_timespec); }
bool result_ppoll64(struct decoder *d) { return poll_result(d, true, STRUCT_timespec64); }

/* ---- select ----------------------------------------------------------------------- */

/* To be freed; NULL: no set, or it can't be read. */
static uint8_t *read_fd_set(struct decoder *d, uint64_t addr, int count)
{
	unsigned word = d->word;
	size_t size = ((size_t)count + 8 * word - 1) / (8 * word) * word;
	uint8_t *set;

	if (addr == 0 || count == 0)
		return NULL;
	set = mem_alloc(size);
	if (dec_read(d, addr, set, size))
		return set;
	free(set);
	return NULL;
}

/* select(2^31-1, NULL, ...) is a way to sleep. */
static int fd_count(const struct decoder *d)
{
	enum { MOST = 1 << 20 };
	int n = (int)d->args[0];

	return n < 0 ? 0 : n > MOST ? MOST : n;
}

/* NAMED: with what the descriptors are; else at most *READY of them, which are taken off, up to a length of MOST. */
static void print_fd_set(struct decoder *d, const uint8_t *set, int count, bool named, size_t most, uint64_t *ready)
{
	bool first = true;

	str_add_char(d->out, '[');
	for (int i = 0; i < count && d->out->length < most && *ready > 0; i++) {
		if ((set[i / 8] >> (i % 8) & 1) == 0)
			continue;
		if (!first)
			str_add_char(d->out, ' ');
		first = false;
		if (named) {
			dec_fd(d, i);
			continue;
		}
		dec_int(d, i);
		--*ready;
	}
	str_add_char(d->out, ']');
}

void hook_fd_set(struct decoder *d, const struct sys_ref *ref)
{
	int count = fd_count(d);
	CLEANUP(mem_freep) uint8_t *set = read_fd_set(d, ref->value, count);

	if (set == NULL)
		dec_addr(d, ref->value);
	else
		print_fd_set(d, set, count, true, SIZE_MAX, &(uint64_t){ 1 });
}

static bool select_result(struct decoder *d, unsigned time_struct)
{
	static const char *const names[] = { "in", "out", "except" };
	const char *separator = "";
	int count = fd_count(d);

	if (!print_ready(d))
		return true;
	dec_text(d, " (");
	size_t start = d->out->length;
	uint64_t ready = (uint64_t)d->call->result;
	for (unsigned i = 0; i < 3 && ready > 0; i++) {
		bool some = false;
		CLEANUP(mem_freep) uint8_t *set = read_fd_set(d, d->args[1 + i], count);
		if (set == NULL)
			continue;
		for (int k = 0; k < count; k++)
			some |= (set[k / 8] >> (k % 8) & 1) != 0;
		if (!some)
			continue;
		dec_printf(d, "%s%s ", separator, names[i]);
		separator = ", ";
		print_fd_set(d, set, count, false, start + SELECT_RESULT_BYTES, &ready); /* they were named as arguments */
	}
	if (d->args[4] != 0) {
		dec_printf(d, "%sleft ", separator);
		dec_struct(d, time_struct, d->args[4]);
	}
	str_add_char(d->out, ')');
	return true;
}

bool result_select(struct decoder *d) { return select_result(d, STRUCT_timeval); }

/* i386's old select has its arguments in memory. */
bool result_oldselect(struct decoder *d)
{
	uint8_t b[5 * 4];

	if (d->call->is_error || !dec_read_text(d, (uint32_t)d->args[0], b, sizeof(b)))
		return false;
	for (unsigned i = 0; i < 5; i++)
		d->args[i] = dec_word(d, b + 4 * (size_t)i, 4);
	return result_select(d);
}

bool result_pselect(struct decoder *d) { return select_result(d, STRUCT_timespec); }
bool result_pselect64(struct decoder *d) { return select_result(d, STRUCT_timespec64); }

/* pselect6's sixth argument: a set of signals and its size. */
void hook_sigset_arg(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[16];

	if (!dec_read_or_addr(d, ref->value, bytes, 2 * d->word))
		return;
	uint64_t size = dec_word(d, bytes + d->word, d->word);
	dec_text(d, "{sigmask=");
	dec_sigset_at(d, dec_word(d, bytes, d->word), size);
	dec_text(d, ", sigsetsize=");
	dec_uint(d, size);
	str_add_char(d->out, '}');
}

/* ---- epoll ------------------------------------------------------------------------ */

/* epoll_event is packed on x86-64, so that i386's is the same; elsewhere it isn't. */
static unsigned epoll_size(const struct decoder *d)
{
	return d->call->abi == SYSCALL_ABI_X86_64 || d->call->abi == SYSCALL_ABI_I386 || d->call->abi == SYSCALL_ABI_X32
		       ? 12 : 16;
}

static void print_epoll(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	const uint8_t *data = bytes + (epoll_size(d) == 12 ? 4 : 8);

	(void)addr, (void)user;
	dec_text(d, "{events=");
	dec_flags(d, XLAT_epollevents, dec_word(d, bytes, 4));
	dec_text(d, ", data=");
	dec_hex(d, dec_word(d, data, 8));
	str_add_char(d->out, '}');
}

void hook_epoll_event(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[16];

	if ((uint32_t)d->args[1] == 2) {
		dec_addr(d, ref->value);
		return;
	}
	if (dec_read_or_addr(d, ref->value, bytes, epoll_size(d)))
		print_epoll(d, bytes, ref->value, NULL);
}

void hook_epoll_events(struct decoder *d, const struct sys_ref *ref)
{
	if (d->call->is_error)
		dec_addr(d, ref->value);
	else if (d->call->result == 0 && ref->value != 0)
		dec_text(d, "[]");
	else
		dec_array(d, ref->value, (uint64_t)d->call->result, epoll_size(d), print_epoll, NULL);
}

/* ---- futex ------------------------------------------------------------------------ */

static void futex_uint(struct decoder *d, unsigned arg)
{
	dec_next_arg(d);
	dec_uint(d, (uint32_t)d->args[arg]);
}

static void futex_addr(struct decoder *d, unsigned arg)
{
	dec_next_arg(d);
	dec_addr(d, d->args[arg]);
}

static void futex_timeout(struct decoder *d, const struct sys_ref *ref)
{
	dec_next_arg(d);
	dec_struct(d, ref->param, d->args[3]);
}

/* What is not known is said behind the shift. */
static void futex_part(struct decoder *d, uint32_t v, const char *name, const char *shift, const char *unknown)
{
	dec_named(d, v, name, NULL);
	dec_text(d, shift);
	if (name == NULL && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_comment(d, unknown);
}

static void futex_wake_op(struct decoder *d, uint32_t v)
{
	static const char *const ops[] = { "FUTEX_OP_SET", "FUTEX_OP_ADD", "FUTEX_OP_OR", "FUTEX_OP_ANDN", "FUTEX_OP_XOR" };
	static const char *const cmps[] = { "FUTEX_OP_CMP_EQ", "FUTEX_OP_CMP_NE", "FUTEX_OP_CMP_LT",
					    "FUTEX_OP_CMP_LE", "FUTEX_OP_CMP_GT", "FUTEX_OP_CMP_GE" };
	uint32_t op = v >> 28 & 7, cmp = v >> 24 & 15;

	if (v >> 31 != 0)
		dec_text(d, "FUTEX_OP_OPARG_SHIFT<<28|");
	futex_part(d, op, op < 5 ? ops[op] : NULL, "<<28", "FUTEX_OP_???");
	dec_printf(d, "|%#x<<12|", v >> 12 & 0xfff);
	futex_part(d, cmp, cmp < 6 ? cmps[cmp] : NULL, "<<24", "FUTEX_OP_CMP_???");
	dec_printf(d, "|%#x", v & 0xfff);
}

static const char *futex_names(uint32_t op)
{
	static const char *const names[] = {
		"val,timeout", "val", "val", "val,val2,uaddr2", "val,val2,uaddr2,val3", "val,val2,uaddr2,val3", "timeout", NULL, NULL,
		"val,timeout,val3", "val,val3", "val,timeout,uaddr2", "val,val2,uaddr2,val3", "timeout",
	};

	return op < sizeof(names) / sizeof(names[0]) ? names[op] : "val,timeout,uaddr2,val3";
}

/* All that comes after the operation depends on it. */
void hook_futex_rest(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t op = (uint32_t)d->args[1] & 0x7f;

	dec_set_names(d, futex_names(op));
	if (op != 6 && op != 7 && op != 8 && op != 13) /* those for locks, which are the kernel's to set */
		futex_uint(d, 2);
	switch (op) {
	case 0: /* WAIT */
	case 6: /* LOCK_PI */
	case 13:
		futex_timeout(d, ref);
		break;
	case 7:
	case 8:
	case 1: /* WAKE */
	case 2: /* FD: a signal once */
		break;
	case 9: /* WAIT_BITSET */
		futex_timeout(d, ref);
		__attribute__((fallthrough));
	case 10:
		dec_next_arg(d);
		dec_enum(d, XLAT_futex_bitset, (uint32_t)d->args[5]);
		break;
	case 3: /* REQUEUE */
	case 4: /* CMP_REQUEUE */
	case 12:
	case 5: /* WAKE_OP */
		futex_uint(d, 3);
		futex_addr(d, 4);
		if (op == 5) {
			dec_next_arg(d);
			futex_wake_op(d, (uint32_t)d->args[5]);
		} else if (op != 3) {
			futex_uint(d, 5);
		}
		break;
	case 11: /* WAIT_REQUEUE_PI */
		futex_timeout(d, ref);
		futex_addr(d, 4);
		break;
	default:
		futex_addr(d, 3);
		futex_addr(d, 4);
		dec_next_arg(d);
		dec_hex(d, (uint32_t)d->args[5]);
	}
}

void hook_futex_op(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t op = (uint32_t)ref->value, flags = op & 0x180;
	const char *name = dec_name(XLAT_futex_ops, op & ~0x180u);
	const uint32_t timed = 1u << 0 | 1u << 9 | 1u << 11; /* wait, with one bit set or for a lock that is requeued */
	enum { FD = 2 };

	if ((flags & 0x100) != 0 && (op & 0x7f) < 32 && (timed >> (op & 0x7f) & 1) == 0)
		name = NULL; /* no such combination */
	if ((op & 0x600) != 0 && (flags & 0x100) != 0)
		name = NULL;
	if (d->style->xlat != SYSCALL_XLAT_ABBREV || name == NULL) {
		dec_hex(d, op);
		if (name == NULL && d->style->xlat != SYSCALL_XLAT_RAW)
			dec_comment(d, "FUTEX_???");
		if (d->style->xlat == SYSCALL_XLAT_RAW || name == NULL)
			return;
		dec_text(d, " /* ");
	}
	dec_text(d, name);
	dec_text(d, (flags & 0x80) == 0 ? "" : (op & 0x7f) == FD ? "|FUTEX_PRIVATE_FLAG" : "_PRIVATE");
	dec_text(d, (flags & 0x100) != 0 ? "|FUTEX_CLOCK_REALTIME" : "");
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}
