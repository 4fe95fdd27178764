/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ptrace(): what its third and fourth argument are depends on the request, so each request is a row that
 * says the shape of both.  Registers are structures of structs.def; of a set that is shorter than its
 * structure (PTRACE_GETREGSET with a small buffer) the fields that are there are shown.
 */
#include "syscall/hooks.h"

#include <string.h>

enum shape {
	NOT_SHOWN, /* it doesn't count */
	ADDRESS, NUMBER, HEX,
	USER_OFFSET,  /* into struct user */
	REGSET_TYPE,
	PEEK_ARGS,    /* struct ptrace_peeksiginfo_args */
	WORD,         /* a long that the kernel fills, in hex */
	MESSAGE,      /* the same, in decimal */
	SIGNAL, OPTIONS, REGS, FPREGS, SIGINFO, SIGINFOS, REGSET, SIGMASK, FILTER, METADATA, SYSCALL_INFO,
};

static const struct request {
	uint16_t number;
	uint8_t addr, data; /* enum shape */
	bool fills;         /* the kernel fills what the fourth points to */
} requests[] = {
	{ 0, NOT_SHOWN, NOT_SHOWN, false },        /* TRACEME */
	{ 1, ADDRESS, WORD, true },                /* PEEKTEXT */
	{ 2, ADDRESS, WORD, true },                /* PEEKDATA */
	{ 3, USER_OFFSET, WORD, true },            /* PEEKUSER */
	{ 4, ADDRESS, ADDRESS, false },                /* POKETEXT */
	{ 5, ADDRESS, ADDRESS, false },                /* POKEDATA */
	{ 6, USER_OFFSET, ADDRESS, false },            /* POKEUSER */
	{ 7, ADDRESS, SIGNAL, false },             /* CONT */
	{ 8, NOT_SHOWN, NOT_SHOWN, false },        /* KILL */
	{ 9, ADDRESS, SIGNAL, false },             /* SINGLESTEP */
	{ 12, NOT_SHOWN, REGS, true },             /* GETREGS */
	{ 13, NOT_SHOWN, REGS, false },            /* SETREGS */
	{ 14, NOT_SHOWN, FPREGS, true },           /* GETFPREGS */
	{ 15, NOT_SHOWN, FPREGS, false },          /* SETFPREGS */
	{ 16, NOT_SHOWN, NOT_SHOWN, false },       /* ATTACH */
	{ 17, ADDRESS, SIGNAL, false },            /* DETACH */
	{ 21, ADDRESS, OPTIONS, false },           /* OLDSETOPTIONS */
	{ 24, ADDRESS, SIGNAL, false },            /* SYSCALL */
	{ 31, ADDRESS, SIGNAL, false },            /* SYSEMU */
	{ 32, ADDRESS, SIGNAL, false },            /* SYSEMU_SINGLESTEP */
	{ 33, ADDRESS, SIGNAL, false },            /* SINGLEBLOCK */
	{ 0x4200, ADDRESS, OPTIONS, false },       /* SETOPTIONS */
	{ 0x4201, ADDRESS, MESSAGE, true },        /* GETEVENTMSG */
	{ 0x4202, ADDRESS, SIGINFO, true },        /* GETSIGINFO */
	{ 0x4203, ADDRESS, SIGINFO, false },       /* SETSIGINFO */
	{ 0x4204, REGSET_TYPE, REGSET, true },     /* GETREGSET */
	{ 0x4205, REGSET_TYPE, REGSET, true },     /* SETREGSET: its iov_len */
	{ 0x4206, ADDRESS, OPTIONS, false },       /* SEIZE */
	{ 0x4207, NOT_SHOWN, NOT_SHOWN, false },   /* INTERRUPT */
	{ 0x4208, NOT_SHOWN, NOT_SHOWN, false },   /* LISTEN */
	{ 0x4209, PEEK_ARGS, SIGINFOS, true },     /* PEEKSIGINFO */
	{ 0x420a, NUMBER, SIGMASK, true },         /* GETSIGMASK */
	{ 0x420b, NUMBER, SIGMASK, false },        /* SETSIGMASK */
	{ 0x420c, NUMBER, FILTER, true },          /* SECCOMP_GET_FILTER */
	{ 0x420d, NUMBER, METADATA, true },        /* SECCOMP_GET_METADATA */
	{ 0x420e, NUMBER, SYSCALL_INFO, true },    /* GET_SYSCALL_INFO */
	{ 0x4212, NUMBER, SYSCALL_INFO, false },   /* SET_SYSCALL_INFO */
};
enum { TRACEME = 0, SETREGSET = 0x4205 };

static const struct request *find_request(uint64_t number)
{
	static const struct request other = { .addr = ADDRESS, .data = ADDRESS };

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (requests[i].number == number)
			return &requests[i];
	return &other;
}

void hook_ptrace_request(struct decoder *d, const struct sys_ref *ref) { dec_enum(d, XLAT_ptrace_cmds, ref->value); }

/* ---- registers ---------------------------------------------------------------------- */

/* By enum syscall_abi; the structure's number + 1, 0: not known.  A tracer of x32 sees 64-bit registers. */
static const uint16_t regs_structs[SYSCALL_ABI_COUNT] = {
	[SYSCALL_ABI_X86_64] = STRUCT_user_regs_x86_64 + 1, [SYSCALL_ABI_I386] = STRUCT_user_regs_i386 + 1,
	[SYSCALL_ABI_X32] = STRUCT_user_regs_x86_64 + 1, [SYSCALL_ABI_ARM64] = STRUCT_user_regs_arm64 + 1,
	[SYSCALL_ABI_ARM] = STRUCT_user_regs_arm + 1, [SYSCALL_ABI_RISCV64] = STRUCT_user_regs_riscv64 + 1,
};
static const uint16_t fpregs_structs[SYSCALL_ABI_COUNT] = {
	[SYSCALL_ABI_X86_64] = STRUCT_user_fpregs_x86_64 + 1, [SYSCALL_ABI_I386] = STRUCT_user_fpregs_i386 + 1,
	[SYSCALL_ABI_X32] = STRUCT_user_fpregs_x86_64 + 1,
};

/* SIZE bytes of registers, a multiple of a register's size. */
static void print_regs(struct decoder *d, const uint16_t *by_abi, uint64_t addr, uint64_t size)
{
	enum { REGS_BYTES = 512 };
	uint8_t bytes[REGS_BYTES];
	unsigned id = by_abi[d->call->abi], word = d->call->abi == SYSCALL_ABI_X32 ? 8 : d->word;
	bool any = false, more = false;

	if (id == 0 || size == 0 || size % word != 0) {
		dec_addr(d, addr);
		return;
	}
	uint64_t whole = dec_struct_size(d, id - 1), have = size < whole ? size : whole;
	if (have > sizeof(bytes) || !dec_read_or_addr(d, addr, bytes, have))
		return;
	struct sys_object o = { &sys_structs[id - 1], bytes, have, addr };
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_text(d, size > whole ? ", ...}" : "}");
}

static void print_all_regs(struct decoder *d, const uint16_t *by_abi)
{
	unsigned id = by_abi[d->call->abi];

	if (id == 0 || dec_failed(d))
		dec_addr(d, d->args[3]);
	else
		print_regs(d, by_abi, d->args[3], dec_struct_size(d, id - 1));
}

/* What was in the iovec at entry. */
enum { SAVED_LENGTH = 1, SAVED_READ = 3 };

static bool read_iovec(struct decoder *d, uint64_t *base, uint64_t *length)
{
	uint8_t bytes[16];

	if (!dec_read(d, d->args[3], bytes, 2 * d->word))
		return false;
	*base = dec_word(d, bytes, d->word);
	*length = dec_word(d, bytes + d->word, d->word);
	return true;
}

static void print_regset(struct decoder *d, uint64_t base, uint64_t length)
{
	enum { PRSTATUS = 1, FPREGSET = 2 };

	if (d->args[2] == PRSTATUS)
		print_regs(d, regs_structs, base, length);
	else if (d->args[2] == FPREGSET)
		print_regs(d, fpregs_structs, base, length);
	else
		dec_addr(d, base);
}

static void regset_enter(struct decoder *d)
{
	uint64_t base, length;

	d->progress->saved[SAVED_READ] = read_iovec(d, &base, &length);
	if (d->progress->saved[SAVED_READ] == 0) {
		dec_addr(d, d->args[3]);
		return;
	}
	d->progress->saved[SAVED_LENGTH] = length;
	dec_text(d, "{iov_base=");
	if (d->args[0] == SETREGSET)
		print_regset(d, base, length);
}

/* The length that the kernel left is printed although the call failed. */
static void regset_leave(struct decoder *d)
{
	uint64_t base = 0, length, before = d->progress->saved[SAVED_LENGTH];
	bool there;

	if (d->progress->saved[SAVED_READ] == 0)
		return;
	length = before;
	there = read_iovec(d, &base, &length);
	if (d->args[0] != SETREGSET) {
		if (there && !d->call->is_error)
			print_regset(d, base, length);
		else
			dec_addr(d, base);
	}
	dec_printf(d, ", iov_len=%llu", (unsigned long long)before);
	if (length != before)
		dec_printf(d, " => %llu", (unsigned long long)length);
	str_add_char(d->out, '}');
}

/* ---- struct ptrace_syscall_info ------------------------------------------------------- */

/* The members `entry` and `seccomp`: a number, six arguments. */
static void print_info_entry(struct decoder *d, const uint8_t *b, uint64_t size, bool seccomp)
{
	dec_text(d, seccomp ? ", seccomp={nr=" : ", entry={nr=");
	dec_audit_number(d, (uint32_t)dec_word(d, b + 4, 4), dec_word(d, b + 24, 8));
	for (unsigned i = 0; i < 6 && size >= 40 + 8 * i; i++) {
		dec_text(d, i == 0 ? ", args=[" : ", ");
		dec_hex(d, dec_word(d, b + 32 + 8 * i, 8));
	}
	dec_text(d, size >= 40 ? "]" : "");
	if (seccomp && size >= 84)
		dec_printf(d, ", ret_data=%u", (unsigned)dec_word(d, b + 80, 4));
	str_add_char(d->out, '}');
}

static void print_info_exit(struct decoder *d, const uint8_t *b, uint64_t size)
{
	int64_t value = (int64_t)dec_word(d, b + 24, 8);

	dec_text(d, ", exit={rval=");
	if (size > 32 && b[32] != 0)
		dec_neg_errno(d, value);
	else
		dec_int(d, value);
	if (size > 32)
		dec_printf(d, ", is_error=%u", b[32]);
	str_add_char(d->out, '}');
}

/* As much of it as both the caller's buffer and what the kernel had hold. */
static void print_syscall_info(struct decoder *d)
{
	enum { INFO_BYTES = 88, OP_ENTRY = 1, OP_EXIT = 2, OP_SECCOMP = 3, SET = 0x4212 };
	uint8_t b[INFO_BYTES] = { 0 };
	uint64_t size = d->args[2], there = d->exit ? (uint64_t)d->call->result : size;

	if (d->args[0] != SET)
		size = size < there ? size : there;
	size = size < sizeof(b) ? size : sizeof(b);
	if ((d->args[0] != SET && dec_failed(d)) || size == 0 || !dec_read(d, d->args[3], b, size)) {
		dec_addr(d, d->args[3]);
		return;
	}
	dec_text(d, "{op=");
	dec_enum(d, XLAT_ptrace_syscall_op, b[0]);
	if (b[1] != 0)
		dec_printf(d, ", reserved=%#x", b[1]);
	if (dec_word(d, b + 2, 2) != 0)
		dec_printf(d, ", flags=%#x", (unsigned)dec_word(d, b + 2, 2));
	if (size >= 8) {
		dec_text(d, ", arch=");
		dec_enum(d, XLAT_audit_arch, dec_word(d, b + 4, 4));
	}
	if (size >= 16) {
		dec_text(d, ", instruction_pointer=");
		dec_addr(d, dec_word(d, b + 8, 8));
	}
	if (size >= 24) {
		dec_text(d, ", stack_pointer=");
		dec_addr(d, dec_word(d, b + 16, 8));
	}
	if (size >= 32 && (b[0] == OP_ENTRY || b[0] == OP_SECCOMP))
		print_info_entry(d, b, size, b[0] == OP_SECCOMP);
	else if (size >= 32 && b[0] == OP_EXIT)
		print_info_exit(d, b, size);
	str_add_char(d->out, '}');
}

/* ---- seccomp -------------------------------------------------------------------------- */

/* struct seccomp_metadata: which filter is given at entry, its flags come back. */
static void metadata_enter(struct decoder *d)
{
	uint8_t b[8];

	d->progress->saved[SAVED_READ] = d->args[2] >= sizeof(b) && dec_read(d, d->args[3], b, sizeof(b));
	if (d->progress->saved[SAVED_READ] == 0)
		dec_addr(d, d->args[3]);
	else
		dec_printf(d, "{filter_off=%llu", (unsigned long long)dec_word(d, b, 8));
}

static void metadata_leave(struct decoder *d)
{
	uint8_t b[16];

	if (d->progress->saved[SAVED_READ] == 0)
		return;
	if (!dec_failed(d) && d->call->result >= (int64_t)sizeof(b) && dec_read(d, d->args[3], b, sizeof(b))) {
		dec_text(d, ", flags=");
		dec_flags(d, XLAT_seccomp_filter_flags, dec_word(d, b + 8, 8));
	}
	str_add_char(d->out, '}');
}

/* ---- the rest --------------------------------------------------------------------------- */

static void print_signal(struct decoder *d, uint64_t number)
{
	if (number != 0 && number < 65)
		dec_signal(d, (int)number);
	else
		dec_int(d, (int)number);
}

static void print_word(struct decoder *d, bool decimal)
{
	uint8_t b[8];

	if (!dec_read_or_addr(d, d->args[3], b, d->word))
		return;
	str_add_char(d->out, '[');
	if (decimal)
		dec_uint(d, dec_word(d, b, d->word));
	else
		dec_addr(d, dec_word(d, b, d->word));
	str_add_char(d->out, ']');
}

static void print_info_element(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_siginfo(d, bytes);
}

static void print_siginfos(struct decoder *d)
{
	enum { SIGINFO_BYTES = 128 };

	if (dec_failed(d))
		dec_addr(d, d->args[3]);
	else
		dec_array(d, d->args[3], (uint64_t)d->call->result, SIGINFO_BYTES, print_info_element, NULL);
}

/* "8*ORIG_RAX": the last name that is not behind it, and how far behind that it is. */
static void print_user_offset(struct decoder *d, uint64_t addr)
{
	bool narrow = d->call->abi == SYSCALL_ABI_I386, known = narrow || d->call->abi == SYSCALL_ABI_X86_64 || d->call->abi == SYSCALL_ABI_X32;
	const struct sys_xlat *table = &sys_xlats[narrow ? XLAT_user_offsets_i386 : XLAT_user_offsets];
	const struct sys_value *all = sys_values + table->first;
	uint32_t last = table->count - 1, i = last; /* the size of all */
	bool abbreviated = d->style->xlat == SYSCALL_XLAT_ABBREV;

	known = known && addr <= all[last].value;
	if (!known || !abbreviated)
		dec_addr(d, addr);
	if (!known || d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	while (all[i].value > addr)
		i--;
	dec_printf(d, abbreviated ? "%s" : " /* %s", sys_names + all[i].name);
	if (addr > all[i].value)
		dec_printf(d, "+%llu", (unsigned long long)(addr - all[i].value));
	dec_text(d, abbreviated ? "" : " */");
}

static void print_addr(struct decoder *d, enum shape shape)
{
	uint64_t addr = d->args[2];

	if (shape == NOT_SHOWN)
		return;
	dec_next_arg(d);
	switch (shape) {
	case NUMBER:
		dec_uint(d, addr);
		break;
	case USER_OFFSET:
		print_user_offset(d, addr);
		break;
	case REGSET_TYPE:
		dec_enum(d, XLAT_nt_regs, addr);
		break;
	case PEEK_ARGS:
		dec_struct(d, STRUCT_ptrace_peeksiginfo_args, addr);
		break;
	default:
		dec_addr(d, addr);
	}
}

static void print_data(struct decoder *d, enum shape shape)
{
	uint64_t data = d->args[3];

	switch (shape) {
	case HEX:
		dec_hex(d, data);
		break;
	case WORD:
	case MESSAGE:
		print_word(d, shape == MESSAGE);
		break;
	case SIGNAL:
		print_signal(d, data);
		break;
	case OPTIONS:
		dec_flags(d, XLAT_ptrace_setoptions, data);
		break;
	case REGS:
		print_all_regs(d, regs_structs);
		break;
	case FPREGS:
		print_all_regs(d, fpregs_structs);
		break;
	case SIGINFO:
		hook_siginfo(d, &(struct sys_ref){ .value = data });
		break;
	case SIGINFOS:
		print_siginfos(d);
		break;
	case REGSET:
		(d->exit ? regset_leave : regset_enter)(d);
		break;
	case SIGMASK:
		dec_sigset_at(d, data, d->args[2]);
		break;
	case FILTER:
		if (dec_failed(d) || d->call->result <= 0)
			dec_addr(d, data);
		else
			dec_filter_code(d, data, (unsigned)d->call->result, true);
		break;
	case METADATA:
		(d->exit ? metadata_leave : metadata_enter)(d);
		break;
	case SYSCALL_INFO:
		print_syscall_info(d);
		break;
	default:
		dec_addr(d, data);
	}
}

/* TRACEME has no other argument that counts. */
void hook_ptrace_pid(struct decoder *d, const struct sys_ref *ref)
{
	if (d->args[0] == TRACEME) {
		d->stop = true;
		return;
	}
	dec_set_names(d, "pid");
	dec_next_arg(d);
	dec_pid(d, SYSCALL_TID, (int)ref->value);
}

void hook_ptrace_rest(struct decoder *d, const struct sys_ref *ref)
{
	const struct request *r = find_request(d->args[0]);
	bool both = r->data == REGSET || r->data == METADATA;

	(void)ref;
	dec_set_names(d, r->addr == NOT_SHOWN ? "pid,data" : "pid,addr,data");
	if (!d->exit)
		print_addr(d, r->addr);
	if (r->data != NOT_SHOWN && (d->exit ? !both : !r->fills || both))
		dec_next_arg(d);
	if (r->data != NOT_SHOWN && (d->exit || !r->fills || both))
		print_data(d, r->data);
	if (d->exit)
		return;
	d->stop = !r->fills;
}
