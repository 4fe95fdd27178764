/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prctl and arch_prctl: a row says how an option's second argument is printed, what becomes
 * of the rest, and what its result means; a few have functions of their own.
 */
#include "syscall/hooks.h"

enum shape {
	ALL,      /* nothing is known: all arguments in hexadecimal */
	NOTHING,  /* there are no arguments */
	UNSIGNED, SIGNED,
	NAME, NAME32, /* by a table */
	BITS, BITS32,
	OUT_UNSIGNED, OUT_NAME, OUT_BITS, OUT_SIGNAL, OUT_POINTER, /* [value], at exit */
	SPECIAL,  /* `own` prints */
};
enum result { PLAIN, BY_NAME, BY_BITS, BY_BITS_NONZERO, BY_OWN, BY_OWN_NONZERO };
struct prctl_row {
	uint32_t option;
	uint8_t shape, result;
	bool rest; /* the third argument and on, in hexadecimal */
	uint16_t table, result_table;
	const char *names; /* of the arguments behind the option; NULL: arg2 and on */
	void (*own)(struct decoder *d);
	bool (*value)(struct decoder *d, uint64_t v, bool result); /* false: nothing to say */
};

static void raw_args(struct decoder *d, unsigned from)
{
	for (unsigned i = from; i < 5; i++) {
		dec_next_arg(d);
		dec_hex(d, d->args[i]);
	}
}

/* ---- options with a shape of their own ---------------------------------------------- */

static void death_signal(struct decoder *d)
{
	dec_next_arg(d);
	if (d->args[1] > 128)
		dec_uint(d, d->args[1]);
	else
		dec_signal(d, (int)d->args[1]);
}

static void set_name(struct decoder *d)
{
	dec_next_arg(d);
	dec_name_n(d, d->args[1], 15);
}

static void get_name(struct decoder *d)
{
	if (!d->exit)
		return;
	dec_next_arg(d);
	if (dec_failed(d))
		dec_addr(d, d->args[1]);
	else
		dec_path_n(d, d->args[1], 16);
}

static void seccomp(struct decoder *d)
{
	if (d->args[1] == 2)
		dec_set_names(d, "mode,filter");
	dec_next_arg(d);
	dec_enum(d, XLAT_seccomp_mode, d->args[1]);
	if (d->args[1] == 2) {
		dec_next_arg(d);
		hook_seccomp_arg(d, &(struct sys_ref){ .value = d->args[2], .param = 1 });
	} else if (d->args[1] != 1) {
		raw_args(d, 2);
	}
}

static void mce_kill(struct decoder *d)
{
	if (d->args[1] == 1)
		dec_set_names(d, "operation,policy,arg4,arg5");
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_mce, d->args[1]);
	dec_next_arg(d);
	if (d->args[1] == 1)
		dec_enum(d, XLAT_pr_mce_policy, d->args[2]);
	else
		dec_hex(d, d->args[2]);
	raw_args(d, 3);
}

static void ambient(struct decoder *d)
{
	bool one = d->args[1] >= 1 && d->args[1] <= 3;

	if (one)
		dec_set_names(d, "operation,caps,arg4,arg5");
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_cap_ambient, d->args[1]);
	if (one) {
		dec_next_arg(d);
		dec_enum(d, XLAT_capabilities, d->args[2]);
		raw_args(d, 3);
	} else {
		raw_args(d, 2);
	}
}

static void vma(struct decoder *d)
{
	if (d->args[1] == 0)
		dec_set_names(d, "attr,addr,size,name");
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_vma, d->args[1]);
	if (d->args[1] != 0) {
		raw_args(d, 2);
		return;
	}
	dec_next_arg(d);
	dec_addr(d, d->args[2]);
	dec_next_arg(d);
	dec_uint(d, d->args[3]);
	dec_next_arg(d);
	dec_str(d, d->args[4]);
}

static void ptracer(struct decoder *d)
{
	dec_next_arg(d);
	if ((int)d->args[1] != -1)
		dec_pid(d, SYSCALL_PID, (int)d->args[1]);
	else if (d->style->xlat == SYSCALL_XLAT_RAW)
		dec_text(d, "-1");
	else
		dec_text(d, d->style->xlat == SYSCALL_XLAT_ABBREV ? "PR_SET_PTRACER_ANY" : "-1 /* PR_SET_PTRACER_ANY */");
}

static void set_speculation(struct decoder *d)
{
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_spec, d->args[1]);
	dec_next_arg(d);
	if (d->args[1] <= 2)
		dec_enum(d, XLAT_pr_spec_set, d->args[2]);
	else
		dec_hex(d, d->args[2]);
}

static void reset_keys(struct decoder *d)
{
	dec_next_arg(d);
	dec_flags_of(d, (const uint16_t[]){ XLAT_pr_pac_enabled, XLAT_pr_pac_keys }, 2, d->args[1], "PR_PAC_???");
	raw_args(d, 2);
}

static void set_enabled_keys(struct decoder *d)
{
	dec_next_arg(d);
	dec_flags(d, XLAT_pr_pac_enabled, d->args[1]);
	dec_next_arg(d);
	dec_flags(d, XLAT_pr_pac_enabled, d->args[2]);
	raw_args(d, 3);
}

static void user_dispatch(struct decoder *d)
{
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_dispatch, d->args[1]);
	dec_next_arg(d);
	dec_hex(d, d->args[2]);
	dec_next_arg(d);
	dec_hex(d, d->args[3]);
	dec_next_arg(d);
	dec_addr(d, d->args[4]);
}

static void sched_core(struct decoder *d)
{
	uint32_t type = (uint32_t)d->args[3];
	const char *name = dec_name(XLAT_pr_pidtypes, type);
	uint8_t b[8];
	bool get = (uint32_t)d->args[1] == 0;

	if (!d->exit) {
		dec_next_arg(d);
		dec_enum(d, XLAT_pr_sched_core, (uint32_t)d->args[1]);
		dec_next_arg(d);
		dec_pid(d, type < 4 ? (enum syscall_pid)type : SYSCALL_PID, (int)d->args[2]);
		dec_next_arg(d);
		dec_hex(d, type);
		if (d->style->xlat != SYSCALL_XLAT_RAW)
			dec_comment(d, name != NULL ? name : "PIDTYPE_???");
		if (get)
			return;
		dec_next_arg(d);
		dec_hex(d, d->args[4]);
	} else if (get) {
		dec_set_names(d, "operation,pid,pid_type,cookie");
		dec_next_arg(d);
		if (dec_read_or_addr(d, d->args[4], b, 8)) {
			str_add_char(d->out, '[');
			dec_hex(d, dec_word(d, b, 8));
			str_add_char(d->out, ']');
		}
	}
}

static void icache_flush(struct decoder *d)
{
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_riscv_ctx, d->args[1]);
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_riscv_scope, d->args[2]);
}

static void set_dexcr(struct decoder *d)
{
	dec_next_arg(d);
	dec_enum(d, XLAT_pr_dexcr, d->args[1]);
	dec_next_arg(d);
	dec_flags(d, XLAT_pr_dexcr_ctrl, d->args[2]);
	raw_args(d, 3);
}

/* ---- values that are no plain set of flags ------------------------------------------- */

/* The number, where -X asks for it, before TEXT; false: TEXT is not wanted. */
static bool value_begin(struct decoder *d, uint64_t v, bool result)
{
	if (!result && d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_hex(d, v);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return false;
	if (!result && d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " /* ");
	return true;
}

static void value_end(struct decoder *d, bool result)
{
	if (!result && d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

static bool vector_length(struct decoder *d, unsigned table, uint64_t v, bool result)
{
	uint64_t length = v & 0xffff, flags = v & ~UINT64_C(0xffff);

	if (result && (flags == 0 || d->style->xlat == SYSCALL_XLAT_RAW))
		return false;
	if (d->style->xlat == SYSCALL_XLAT_RAW || flags == 0) {
		dec_hex(d, v);
		return true;
	}
	value_begin(d, v, result);
	dec_plain_flags(d, table, flags);
	str_add_char(d->out, '|');
	dec_hex(d, length);
	value_end(d, result);
	return true;
}

static bool sve(struct decoder *d, uint64_t v, bool result) { return vector_length(d, XLAT_pr_sve, v, result); }
static bool sme(struct decoder *d, uint64_t v, bool result) { return vector_length(d, XLAT_pr_sme, v, result); }

static bool tagged_addr(struct decoder *d, uint64_t v, bool result)
{
	static const char *const modes[] = { "PR_MTE_TCF_NONE", "PR_MTE_TCF_SYNC", "PR_MTE_TCF_ASYNC", "PR_MTE_TCF_MASK" };

	if (result && d->style->xlat == SYSCALL_XLAT_RAW)
		return false;
	if (!value_begin(d, v, result))
		return true;
	dec_printf(d, "%sPR_TAGGED_ADDR_ENABLE|%s", (v & 1) != 0 ? "" : "!", modes[v >> 1 & 3]);
	if ((v >> 3 & 0xffff) != 0)
		dec_printf(d, "|%#x<<PR_MTE_TAG_SHIFT", (unsigned)(v >> 3 & 0xffff));
	if ((v & ~UINT64_C(0x7ffff)) != 0) {
		str_add_char(d->out, '|');
		dec_hex(d, v & ~UINT64_C(0x7ffff));
	}
	value_end(d, result);
	return true;
}

static bool riscv_vector(struct decoder *d, uint64_t v, bool result)
{
	static const char *const states[] = { "PR_RISCV_V_VSTATE_CTRL_DEFAULT", "PR_RISCV_V_VSTATE_CTRL_OFF", "PR_RISCV_V_VSTATE_CTRL_ON", "0x3" };

	if (result && d->style->xlat == SYSCALL_XLAT_RAW)
		return false;
	if (!value_begin(d, v, result))
		return true;
	dec_printf(d, "%s|%s<<2|%sPR_RISCV_V_VSTATE_CTRL_INHERIT", states[v & 3], states[v >> 2 & 3], (v & 0x10) != 0 ? "" : "!");
	if ((v & ~UINT64_C(0x1f)) != 0) {
		str_add_char(d->out, '|');
		dec_hex(d, v & ~UINT64_C(0x1f));
	}
	value_end(d, result);
	return true;
}

/* ---- the table ---------------------------------------------------------------------- */

#define X(name) XLAT_##name
static const struct prctl_row rows[] = {
	{ .option = 1, .names = "sig", .shape = SPECIAL, .own = death_signal },
	{ .option = 2, .names = "sig", .shape = OUT_SIGNAL },
	{ .option = 3, .shape = NOTHING, .result = BY_NAME, .result_table = X(pr_dumpable) },
	{ .option = 4, .names = "dumpable", .shape = NAME, .table = X(pr_dumpable) },
	{ .option = 5, .names = "flags", .shape = OUT_BITS, .table = X(pr_unalign) },
	{ .option = 6, .names = "flags", .shape = BITS32, .table = X(pr_unalign) },
	{ .option = 7, .shape = NOTHING },
	{ .option = 8, .names = "state", .shape = UNSIGNED },
	{ .option = 9, .names = "fpemu", .shape = OUT_UNSIGNED },
	{ .option = 10, .names = "fpemu", .shape = UNSIGNED },
	{ .option = 11, .names = "mode", .shape = OUT_UNSIGNED },
	{ .option = 12, .names = "mode", .shape = UNSIGNED },
	{ .option = 13, .shape = NOTHING },
	{ .option = 14, .names = "mode", .shape = UNSIGNED },
	{ .option = 15, .names = "name", .shape = SPECIAL, .own = set_name },
	{ .option = 16, .names = "name", .shape = SPECIAL, .own = get_name },
	{ .option = 19, .names = "endianness", .shape = OUT_UNSIGNED },
	{ .option = 20, .names = "endianness", .shape = UNSIGNED },
	{ .option = 21, .shape = NOTHING },
	{ .option = 22, .names = "mode,arg3,arg4,arg5", .shape = SPECIAL, .own = seccomp },
	{ .option = 23, .names = "cap", .shape = NAME, .table = X(capabilities) },
	{ .option = 24, .names = "cap", .shape = NAME, .table = X(capabilities) },
	{ .option = 25, .names = "flag", .shape = OUT_NAME, .table = X(pr_tsc) },
	{ .option = 26, .names = "flag", .shape = NAME32, .table = X(pr_tsc) },
	{ .option = 27, .shape = NOTHING, .result = BY_BITS_NONZERO, .result_table = X(secbits) },
	{ .option = 28, .names = "flags", .shape = BITS, .table = X(secbits) },
	{ .option = 29, .names = "slack", .shape = SIGNED },
	{ .option = 30, .shape = NOTHING },
	{ .option = 31, .shape = NOTHING },
	{ .option = 32, .shape = NOTHING },
	{ .option = 33, .names = "operation,arg3,arg4,arg5", .shape = SPECIAL, .own = mce_kill },
	{ .option = 34, .shape = ALL, .result = BY_NAME, .result_table = X(pr_mce_policy) },
	{ .option = 35, .names = "operation,arg3,arg4,arg5", .shape = NAME32, .rest = true, .table = X(pr_mm) },
	{ .option = 36, .names = "set", .shape = UNSIGNED },
	{ .option = 37, .names = "isset", .shape = OUT_UNSIGNED },
	{ .option = 38, .names = "set,arg3,arg4,arg5", .shape = UNSIGNED, .rest = true },
	{ .option = 40, .names = "addr", .shape = OUT_POINTER },
	{ .option = 41, .names = "flag,arg3,arg4,arg5", .shape = UNSIGNED, .rest = true },
	{ .option = 45, .names = "mode", .shape = BITS32, .table = X(pr_fp_mode) },
	{ .option = 46, .shape = NOTHING, .result = BY_BITS_NONZERO, .result_table = X(pr_fp_mode) },
	{ .option = 47, .names = "operation,arg3,arg4,arg5", .shape = SPECIAL, .own = ambient },
	{ .option = 50, .names = "value", .shape = SPECIAL, .result = BY_OWN_NONZERO, .value = sve },
	{ .option = 51, .shape = NOTHING, .result = BY_OWN_NONZERO, .value = sve },
	{ .option = 52, .names = "misfeature", .shape = NAME, .table = X(pr_spec), .result = BY_BITS, .result_table = X(pr_spec_get) },
	{ .option = 53, .names = "misfeature,value", .shape = SPECIAL, .own = set_speculation },
	{ .option = 54, .names = "keys,arg3,arg4,arg5", .shape = SPECIAL, .own = reset_keys },
	{ .option = 55, .names = "mode,arg3,arg4,arg5", .shape = SPECIAL, .rest = true, .value = tagged_addr },
	{ .option = 56, .shape = ALL, .result = BY_OWN, .value = tagged_addr },
	{ .option = 57, .names = "state,arg3,arg4,arg5", .shape = UNSIGNED, .rest = true },
	{ .option = 59, .names = "operation,off,size,switch", .shape = SPECIAL, .own = user_dispatch },
	{ .option = 60, .names = "bitmask_affected,bitmask_set,arg4,arg5", .shape = SPECIAL, .own = set_enabled_keys },
	{ .option = 61, .shape = ALL, .result = BY_BITS, .result_table = X(pr_pac_enabled) },
	{ .option = 62, .names = "operation,pid,pid_type,arg5", .shape = SPECIAL, .own = sched_core },
	{ .option = 63, .names = "arg", .shape = SPECIAL, .result = BY_OWN_NONZERO, .value = sme },
	{ .option = 64, .shape = NOTHING, .result = BY_OWN_NONZERO, .value = sme },
	{ .option = 65, .names = "mask,arg3,arg4,arg5", .shape = BITS32, .rest = true, .table = X(pr_mdwe) },
	{ .option = 66, .shape = ALL, .result = BY_BITS, .result_table = X(pr_mdwe) },
	{ .option = 69, .names = "arg", .shape = SPECIAL, .value = riscv_vector },
	{ .option = 70, .shape = NOTHING, .result = BY_OWN, .value = riscv_vector },
	{ .option = 71, .names = "ctx,scope", .shape = SPECIAL, .own = icache_flush },
	{ .option = 72, .names = "which,arg3,arg4,arg5", .shape = NAME, .rest = true, .table = X(pr_dexcr), .result = BY_BITS_NONZERO, .result_table = X(pr_dexcr_ctrl) },
	{ .option = 73, .names = "which,ctrl,arg4,arg5", .shape = SPECIAL, .own = set_dexcr },
	{ .option = 0x53564d41, .names = "attr,arg3,arg4,arg5", .shape = SPECIAL, .own = vma },
	{ .option = 0x59616d61, .names = "pid", .shape = SPECIAL, .own = ptracer },
};
#undef X

static const struct prctl_row *find_row(uint32_t option)
{
	static const struct prctl_row unknown = { .shape = ALL };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].option == option)
			return &rows[i];
	return &unknown;
}

static void at_entry(struct decoder *d, const struct prctl_row *row)
{
	uint64_t v = d->args[1];

	if (row->shape == NOTHING)
		return;
	if (row->shape == ALL) {
		raw_args(d, 1);
		return;
	}
	dec_next_arg(d);
	if (row->shape == UNSIGNED)
		dec_uint(d, v);
	else if (row->shape == SIGNED)
		dec_int(d, d->word == 4 && d->klong == 4 ? (int32_t)v : (int64_t)v);
	else if (row->shape == NAME || row->shape == NAME32)
		dec_enum(d, row->table, row->shape == NAME ? v : (uint32_t)v);
	else if (row->shape == BITS || row->shape == BITS32)
		dec_flags(d, row->table, row->shape == BITS ? v : (uint32_t)v);
	else if (row->value != NULL)
		row->value(d, v, false);
	if (row->rest)
		raw_args(d, 2);
}

static void at_exit(struct decoder *d, const struct prctl_row *row)
{
	unsigned size = row->shape == OUT_POINTER ? d->klong : 4;
	uint8_t b[8];

	dec_next_arg(d);
	if (!dec_read_or_addr(d, d->args[1], b, size))
		return;
	uint64_t v = dec_word(d, b, size);
	str_add_char(d->out, '[');
	if (row->shape == OUT_SIGNAL)
		dec_signal(d, (int)v);
	else if (row->shape == OUT_NAME)
		dec_enum(d, row->table, v);
	else if (row->shape == OUT_BITS)
		dec_flags(d, row->table, v);
	else if (row->shape == OUT_POINTER)
		dec_addr(d, v);
	else
		dec_uint(d, v);
	str_add_char(d->out, ']');
}

void hook_prctl_option(struct decoder *d, const struct sys_ref *ref) { dec_enum(d, XLAT_prctl_options, (uint32_t)ref->value); }

void hook_prctl_rest(struct decoder *d, const struct sys_ref *ref)
{
	const struct prctl_row *row = find_row((uint32_t)d->args[0]);
	bool out = row->shape >= OUT_UNSIGNED && row->shape <= OUT_POINTER;

	(void)ref;
	bool again = row->own == get_name || row->own == sched_core;
	dec_set_names(d, row->names != NULL ? row->names : "arg2,arg3,arg4,arg5");
	if (row->own != NULL && (!d->exit || again))
		row->own(d);
	else if (row->own != NULL)
		return;
	else if (out && d->exit)
		at_exit(d, row);
	else if (!out && !d->exit)
		at_entry(d, row);
}

/* Behind a result: what its bits are called, unless none of them is known. */
static void result_bits(struct decoder *d, unsigned table, uint64_t v)
{
	size_t start = d->out->length;

	dec_text(d, " (");
	dec_plain_flags(d, table, v);
	if (v != 0 && d->out->text[start + 2] == '0')
		str_truncate(d->out, start); /* a number */
	else if (v == 0 && dec_name(table, 0) == NULL)
		str_truncate(d->out, start);
	else
		str_add_char(d->out, ')');
}

bool result_prctl(struct decoder *d)
{
	const struct prctl_row *row = find_row((uint32_t)d->args[0]);
	uint64_t v = d->word == 4 && d->klong == 4 ? (uint32_t)d->call->result : (uint64_t)d->call->result;
	bool raw = d->asked->xlat == SYSCALL_XLAT_RAW;

	if (d->call->is_error)
		return true;
	if (row->result == PLAIN || (v == 0 && (row->result == BY_BITS_NONZERO || row->result == BY_OWN_NONZERO)))
		return false;
	if (row->result == BY_NAME) {
		const char *name = dec_name(row->result_table, v);
		dec_result(d);
		if (name != NULL)
			dec_printf(d, " (%s)", name);
		return true;
	}
	if (row->option == 52 && dec_name(XLAT_pr_spec, d->args[1]) == NULL) /* as strace has it */
		return false;
	dec_hex(d, v);
	if (raw)
		return true;
	if (row->value == NULL) {
		result_bits(d, row->result_table, v);
		return true;
	}
	size_t start = d->out->length;
	dec_text(d, " (");
	if (row->value(d, v, true))
		str_add_char(d->out, ')');
	else
		str_truncate(d->out, start);
	return true;
}

/* ---- arch_prctl --------------------------------------------------------------------- */

enum { GET_FS = 0x1003, GET_GS = 0x1004, GET_CPUID = 0x1011, GET_XCOMP_SUPP = 0x1021, GET_XCOMP_PERM = 0x1022, REQ_XCOMP_PERM = 0x1023,
       GET_XCOMP_GUEST_PERM = 0x1024, REQ_XCOMP_GUEST_PERM = 0x1025 };

static bool gets_features(uint32_t op) { return op == GET_XCOMP_SUPP || op == GET_XCOMP_PERM || op == GET_XCOMP_GUEST_PERM; }
static bool asks_feature(uint32_t op) { return op == REQ_XCOMP_PERM || op == REQ_XCOMP_GUEST_PERM; }

/* No header has the names of features: unless raw, both number and name are shown. */
static void with_number(struct decoder *d, unsigned table, uint64_t v, bool flags)
{
	struct syscall_style both = *d->style;
	const struct syscall_style *old = d->style;

	if (both.xlat != SYSCALL_XLAT_RAW)
		both.xlat = SYSCALL_XLAT_VERBOSE;
	d->style = &both;
	if (flags)
		dec_flags(d, table, v);
	else
		dec_enum(d, table, v);
	d->style = old;
}

void hook_arch_prctl(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t op = (uint32_t)d->args[0];
	bool gets = op == GET_FS || op == GET_GS || gets_features(op);
	unsigned size = gets_features(op) ? 8 : d->klong;
	uint8_t b[8];

	if (op == GET_CPUID || gets != d->exit)
		return;
	dec_set_names(d, "addr");
	dec_next_arg(d);
	if (asks_feature(op)) {
		with_number(d, XLAT_xfeature_bits, ref->value, false);
	} else if (!gets) {
		dec_hex(d, ref->value);
	} else if (dec_read_or_addr(d, ref->value, b, size)) {
		str_add_char(d->out, '[');
		if (gets_features(op))
			with_number(d, XLAT_xfeatures, dec_word(d, b, 8), true);
		else
			dec_addr(d, dec_word(d, b, size));
		str_add_char(d->out, ']');
	}
}

bool result_arch_prctl(struct decoder *d)
{
	uint32_t op = (uint32_t)d->args[0];

	if (d->call->is_error || !asks_feature(op) || d->call->result <= 0)
		return d->call->is_error;
	dec_hex(d, (uint64_t)d->call->result);
	if (d->asked->xlat != SYSCALL_XLAT_RAW)
		result_bits(d, XLAT_xfeatures, (uint64_t)d->call->result);
	return true;
}
