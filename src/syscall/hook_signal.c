/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for signals: sets, actions, siginfo_t. */
#include "syscall/hooks.h"

#include <string.h>

/* ---- sets ------------------------------------------------------------------------- */

static void short_signal(struct decoder *d, int sig)
{
	const char *name = syscall_signal_name(sig);

	if (name == NULL || d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_int(d, sig);
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_comment(d, name + 3);
	else if (name != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV)
		dec_text(d, name + 3);
}

/* Sets that hold more than two thirds are written as what they lack: "~[KILL]". */
void dec_sigset(struct decoder *d, const uint8_t *bytes, size_t size)
{
	unsigned bits = (unsigned)size * 8, set = 0;
	bool first = true;

	for (unsigned i = 0; i < size; i++)
		set += (unsigned)__builtin_popcount(bytes[i]);
	bool invert = set >= bits * 2 / 3;
	str_add(d->out, invert ? "~[" : "[");
	for (unsigned i = 0; i < bits; i++) {
		bool has = (bytes[i / 8] >> (i % 8) & 1) != 0;
		if (has == invert)
			continue;
		if (!first)
			str_add_char(d->out, ' ');
		first = false;
		short_signal(d, (int)i + 1);
	}
	str_add_char(d->out, ']');
}

void dec_sigset_at(struct decoder *d, uint64_t addr, uint64_t size)
{
	uint8_t bytes[8] = { 0 };

	if (addr == 0 || size == 0 || size > sizeof(bytes) || size % d->word != 0) {
		dec_addr(d, addr);
		return;
	}
	if (dec_read_or_addr(d, addr, bytes, size))
		dec_sigset(d, bytes, size);
}

/* The one call that fills as many bytes as are wanted. */
void hook_sigset_part(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[8] = { 0 };
	uint64_t size = d->args[ref->param];

	if (size - 1 >= sizeof(bytes))
		dec_addr(d, ref->value);
	else if (dec_read_or_addr(d, ref->value, bytes, size))
		dec_sigset(d, bytes, sizeof(bytes));
}

bool result_signal(struct decoder *d)
{
	const char *name = d->call->is_error ? NULL : syscall_signal_name((int)d->call->result);

	if (name != NULL)
		dec_printf(d, "%d (%s)", (int)d->call->result, name);
	return name != NULL;
}

/* A pointer to a set whose size is argument number `param`; 7: the kernel's. */
void hook_sigset(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = ref->param < 6 ? d->args[ref->param] : 8;

	if (ref->bytes != NULL)
		dec_sigset(d, ref->bytes, ref->size);
	else
		dec_sigset_at(d, ref->value, size);
}

/* The old set of a call with one word for it. */
void hook_old_sigset(struct decoder *d, const struct sys_ref *ref) { dec_sigset_at(d, ref->value, d->word); }

void hook_old_sigset_value(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(ref->value >> 8 * i);
	dec_sigset(d, bytes, d->word);
}

/* ---- sigaction -------------------------------------------------------------------- */

static void print_handler(struct decoder *d, uint64_t handler)
{
	static const char *const names[] = { "SIG_DFL", "SIG_IGN" };
	uint64_t err = d->word == 4 ? UINT32_MAX : UINT64_MAX;

	if (handler == err)
		dec_named(d, handler, "SIG_ERR", NULL);
	else if (handler <= 1)
		dec_named(d, handler, names[handler], NULL);
	else
		dec_addr(d, handler);
}

void hook_handler(struct decoder *d, const struct sys_ref *ref) { print_handler(d, ref->value); }

bool result_handler(struct decoder *d)
{
	if (d->call->is_error)
		return true;
	dec_hex(d, dec_result_value(d));
	if (d->call->result == 0 || d->call->result == 1)
		dec_text(d, d->call->result == 0 ? " (SIG_DFL)" : " (SIG_IGN)");
	else if (d->call->result == -1)
		dec_text(d, " (SIG_ERR)");
	return true;
}

/* RESTORER may be NULL: this machine has none. */
static void action_fields(struct decoder *d, const uint8_t *handler, const uint8_t *mask, size_t mask_size, const uint8_t *flag_word,
			  const uint8_t *restorer)
{
	enum { HAS_RESTORER = 0x04000000 };
	uint64_t flags = dec_word(d, flag_word, d->word);

	dec_text(d, "{sa_handler=");
	print_handler(d, dec_word(d, handler, d->word));
	dec_text(d, ", sa_mask=");
	dec_sigset(d, mask, mask_size);
	dec_text(d, ", sa_flags=");
	dec_flags(d, XLAT_sa_flags, flags);
	if (restorer != NULL && (flags & HAS_RESTORER) != 0) {
		dec_text(d, ", sa_restorer=");
		dec_addr(d, dec_word(d, restorer, d->word));
	}
	str_add_char(d->out, '}');
}

/* struct kernel_sigaction: handler, flags, restorer (x86 and arm have one), mask. */
static void print_action(struct decoder *d, uint64_t addr, size_t mask_size)
{
	uint8_t b[40];
	unsigned w = d->word;
	bool restorer = d->call->abi != SYSCALL_ABI_RISCV64;
	size_t head = (restorer ? 3 : 2) * w;

	if (mask_size > 8 || mask_size < 4 || !dec_read_or_addr(d, addr, b, head + mask_size)) {
		if (mask_size > 8 || mask_size < 4)
			dec_addr(d, addr);
		return;
	}
	action_fields(d, b, b + head, mask_size, b + w, restorer ? b + 2 * w : NULL);
}

void hook_sigaction(struct decoder *d, const struct sys_ref *ref)
{
	if (ref->value == 0)
		dec_addr(d, ref->value);
	else
		print_action(d, ref->value, 8);
}

/* sigaction of old: handler, mask of one word, flags, restorer. */
void hook_old_sigaction(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[32];
	unsigned w = d->word;

	if (!dec_read_or_addr(d, ref->value, b, 4 * w))
		return;
	action_fields(d, b, b + w, w, b + 2 * w, b + 3 * w);
}

/* ---- siginfo ---------------------------------------------------------------------- */

static const uint16_t code_tables[32] = {
	[4] = XLAT_si_ill, [5] = XLAT_si_trap, [7] = XLAT_si_bus, [8] = XLAT_si_fpe,
	[11] = XLAT_si_segv, [17] = XLAT_si_chld, [29] = XLAT_si_poll, [31] = XLAT_si_sys,
};

static void print_code(struct decoder *d, int sig, int code)
{
	const char *name = NULL;

	if (sig > 0 && sig < 32 && code_tables[sig] != 0)
		name = dec_name(code_tables[sig], (uint32_t)code);
	if (name == NULL)
		name = dec_name(XLAT_si_codes, (uint32_t)code);
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV)
		dec_text(d, name);
	else
		dec_hex(d, (uint32_t)code);
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_comment(d, name);
}

static void print_ticks(struct decoder *d, uint64_t ticks)
{
	hook_clock_t(d, &(struct sys_ref){ .value = ticks, .size = (uint8_t)d->word });
}

static void print_pid_uid(struct decoder *d, const uint8_t *rest)
{
	dec_text(d, ", si_pid=");
	dec_pid(d, SYSCALL_PID, (int)dec_word(d, rest, 4));
	dec_text(d, ", si_uid=");
	dec_uid(d, (uint32_t)dec_word(d, rest + 4, 4));
}

static void print_si_value(struct decoder *d, const uint8_t *at, bool always)
{
	uint64_t pointer = dec_word(d, at, d->word);

	if (pointer == 0 && !always)
		return;
	dec_printf(d, ", si_int=%d, si_ptr=", (int)dec_word(d, at, 4));
	dec_addr(d, pointer);
}

/* A clock_t: signed, shown as if it were not. */
static uint64_t read_ticks(struct decoder *d, const uint8_t *bytes)
{
	uint64_t v = dec_word(d, bytes, d->klong);

	return d->klong == 8 ? v : (uint64_t)(int64_t)(int32_t)v;
}

static void print_child(struct decoder *d, int code, const uint8_t *rest)
{
	int status = (int)dec_word(d, rest + 8, 4);
	unsigned w = d->klong;
	const uint8_t *times = rest + (w == 8 ? 16 : 12);

	print_pid_uid(d, rest);
	dec_text(d, ", si_status=");
	if (code == 1)
		dec_int(d, status);
	else
		dec_signal(d, status);
	dec_text(d, ", si_utime=");
	print_ticks(d, read_ticks(d, times));
	dec_text(d, ", si_stime=");
	print_ticks(d, read_ticks(d, times + w));
}

static void print_fault(struct decoder *d, int sig, int code, const uint8_t *rest)
{
	unsigned w = d->word;

	dec_text(d, ", si_addr=");
	dec_addr(d, dec_word(d, rest, w));
	const uint8_t *more = rest + w;
	if (sig == 11 && code == 3) {
		dec_text(d, ", si_lower=");
		dec_addr(d, dec_word(d, more + w, w));
		dec_text(d, ", si_upper=");
		dec_addr(d, dec_word(d, more + 2 * w, w));
	} else if (sig == 11 && code == 4) {
		dec_printf(d, ", si_pkey=%u", (unsigned)dec_word(d, more + w, 4));
	} else if (sig == 7 && (code == 4 || code == 5)) {
		dec_printf(d, ", si_addr_lsb=%#x", (unsigned)dec_word(d, more, 2));
	}
}

static void print_sys(struct decoder *d, const uint8_t *rest)
{
	unsigned w = d->word;
	uint32_t number = (uint32_t)dec_word(d, rest + w, 4), arch = (uint32_t)dec_word(d, rest + w + 4, 4);

	dec_text(d, ", si_call_addr=");
	dec_addr(d, dec_word(d, rest, w));
	dec_text(d, ", si_syscall=");
	dec_audit_number(d, arch, number);
	dec_text(d, ", si_arch=");
	dec_enum(d, XLAT_audit_arch, arch);
}

static void print_poll(struct decoder *d, const uint8_t *rest)
{
	dec_text(d, ", si_band=");
	dec_int(d, d->word == 8 ? (int64_t)dec_word(d, rest, 8) : (int32_t)dec_word(d, rest, 4));
	dec_text(d, ", si_fd=");
	dec_fd(d, (int)dec_word(d, rest + d->word, 4));
}

static void print_by_signal(struct decoder *d, int sig, int code, const uint8_t *rest)
{
	switch (sig) {
	case 4:
	case 7:
	case 8:
	case 11:
		print_fault(d, sig, code, rest);
		break;
	case 5:
		dec_text(d, ", si_addr=");
		dec_addr(d, dec_word(d, rest, d->word));
		break;
	case 17:
		print_child(d, code, rest);
		break;
	case 29:
		print_poll(d, rest);
		break;
	case 31:
		print_sys(d, rest);
		break;
	default:
		if (dec_word(d, rest, 4) != 0 || dec_word(d, rest + 4, 4) != 0)
			print_pid_uid(d, rest);
		print_si_value(d, rest + 8, false);
	}
}

static void print_rest(struct decoder *d, int sig, int code, const uint8_t *rest)
{
	switch (code) {
	case 0: /* SI_USER */
		print_pid_uid(d, rest);
		break;
	case -6: /* SI_TKILL */
		print_pid_uid(d, rest);
		break;
	case -5: /* SI_SIGIO */
		print_poll(d, rest);
		break;
	case -2: /* SI_TIMER */
		dec_printf(d, ", si_timerid=%#x, si_overrun=%d", (unsigned)dec_word(d, rest, 4), (int)dec_word(d, rest + 4, 4));
		print_si_value(d, rest + 8, true);
		break;
	case 0x80: /* SI_KERNEL */
		if (sig == 4 || sig == 7 || sig == 8 || sig == 11)
			print_fault(d, sig, code, rest);
		else if (sig == 5) /* a lease's SIGIO has neither band nor descriptor */
			print_by_signal(d, sig, code, rest);
		break;
	default:
		if (code < 0) { /* SI_QUEUE, SI_MESGQ, SI_ASYNCIO ... */
			print_pid_uid(d, rest);
			print_si_value(d, rest + 8, false);
		} else {
			print_by_signal(d, sig, code, rest);
		}
	}
}

void dec_siginfo(struct decoder *d, const uint8_t *bytes)
{
	int sig = (int)dec_word(d, bytes, 4), error = (int)dec_word(d, bytes + 4, 4), code = (int)dec_word(d, bytes + 8, 4);

	dec_text(d, "{");
	if (sig == 0) {
		str_add_char(d->out, '}');
		return;
	}
	dec_text(d, "si_signo=");
	dec_signal(d, sig);
	dec_text(d, ", si_code=");
	print_code(d, sig, code);
	if (error != 0) {
		dec_text(d, ", si_errno=");
		dec_errno(d, (uint32_t)error);
	}
	print_rest(d, sig, code, bytes + (d->word == 8 ? 16 : 12));
	str_add_char(d->out, '}');
}

/* What a handler's end gives back lies on the stack, as the kernel put it there (arch/.../signal.c). */
void hook_sigframe(struct decoder *d, const struct sys_ref *ref)
{
	enum { X86_64_MASK = 296, X32_MASK = 280, ARM64_MASK = 128 + 40, I386_POINTER = 8, I386_MASK = 20 + 88 };
	uint64_t sp = d->call->sp, mask = 0;
	uint8_t word[4];

	(void)ref;
	if (sp == 0)
		return;
	if (d->call->abi == SYSCALL_ABI_X86_64)
		mask = sp + X86_64_MASK;
	else if (d->call->abi == SYSCALL_ABI_X32)
		mask = sp + X32_MASK;
	else if (d->call->abi == SYSCALL_ABI_ARM64)
		mask = sp + ARM64_MASK;
	else if (d->call->abi == SYSCALL_ABI_I386 && dec_read(d, sp + I386_POINTER, word, 4))
		mask = dec_word(d, word, 4) + I386_MASK;
	if (mask == 0)
		return;
	dec_text(d, "{mask=");
	dec_sigset_at(d, mask, 8);
	dec_text(d, "}");
}

/* i386's older one: the mask is in two places, the first word in struct sigcontext_32, the second behind what was
 * once the registers of the FPU. */
void hook_old_sigframe(struct decoder *d, const struct sys_ref *ref)
{
	enum { LOW = 80, HIGH = 88 + 624 };
	uint64_t sp = d->call->sp;
	uint8_t mask[8];

	(void)ref;
	if (sp == 0)
		return;
	dec_text(d, "{mask=");
	if (dec_read(d, sp + LOW, mask, 4) && dec_read(d, sp + HIGH, mask + 4, 4))
		dec_sigset(d, mask, sizeof(mask));
	else
		dec_addr(d, sp);
	dec_text(d, "}");
}

void hook_siginfo(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[128];

	if (dec_read_or_addr(d, ref->value, bytes, sizeof(bytes)))
		dec_siginfo(d, bytes);
}
