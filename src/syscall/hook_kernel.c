/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for the kernel's own interfaces: keys, seccomp, landlock. */
#include "syscall/hooks.h"

#include <string.h>

/* ---- keys -------------------------------------------------------------------------- */

static void print_serial(struct decoder *d, int32_t serial)
{
	const char *name = dec_name(XLAT_key_spec, (uint64_t)(int64_t)serial);

	if (name == NULL || d->style->xlat == SYSCALL_XLAT_RAW)
		dec_int(d, serial);
	else if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, "%d /* %s */", serial, name);
	else
		dec_text(d, name);
}

void hook_key_serial(struct decoder *d, const struct sys_ref *ref) { print_serial(d, (int32_t)ref->value); }

static void next_uint(struct decoder *d, uint64_t v)
{
	dec_next_arg(d);
	dec_uint(d, v);
}

static void next_serial(struct decoder *d, unsigned arg)
{
	dec_next_arg(d);
	print_serial(d, (int32_t)d->args[arg]);
}

/* Text of LENGTH bytes; the NUL that ends a label isn't shown. */
static void key_string(struct decoder *d, uint64_t addr, uint64_t length)
{
	enum { DESCRIBE = 6, GET_SECURITY = 17 };
	uint32_t cmd = (uint32_t)d->args[0];
	uint8_t last = 1;

	if (length > 0 && length <= d->style->string_limit && d->style->hex == SYSCALL_HEX_NONE && (cmd == DESCRIBE || cmd == GET_SECURITY) && dec_read_text(d, addr + length - 1, &last, 1) &&
	    last == 0)
		length--;
	dec_buffer(d, addr, length);
}

/* A buffer that the kernel fills as far as it goes. */
static void key_text(struct decoder *d, uint64_t addr, uint64_t room)
{
	dec_next_arg(d);
	if (dec_failed(d))
		dec_addr(d, addr);
	else
		key_string(d, addr, (uint64_t)d->call->result > room ? room : (uint64_t)d->call->result);
	next_uint(d, room);
}

enum { KEY_DH_COMPUTE = 23, KEY_PKEY_QUERY, KEY_PKEY_ENCRYPT, KEY_PKEY_DECRYPT, KEY_PKEY_SIGN, KEY_PKEY_VERIFY, KEY_CAPABILITIES = 31 };

static bool key_reads(uint32_t cmd)
{
	return cmd == 6 || cmd == 11 || cmd == 17 || (cmd >= KEY_DH_COMPUTE && cmd < KEY_PKEY_VERIFY) || cmd == KEY_CAPABILITIES;
}

/* What the kernel's key derivation is given beside the secret. */
void hook_kdf_info(struct decoder *d, const struct sys_ref *ref)
{
	unsigned at = 2u * d->word;
	uint64_t length = dec_word(d, ref->object->bytes + at, 4);

	if (length != 0)
		dec_buffer(d, ref->value, length);
	else
		dec_addr(d, ref->value);
}

static void key_filled(struct decoder *d, uint64_t addr, uint64_t room)
{
	if (dec_failed(d))
		dec_addr(d, addr);
	else
		dec_buffer(d, addr, (uint64_t)d->call->result > room ? room : (uint64_t)d->call->result);
}

static void key_derive(struct decoder *d)
{
	dec_next_arg(d);
	key_filled(d, d->args[2], d->args[3]);
	next_uint(d, d->args[3]);
	dec_next_arg(d);
	d->ignore_error = true;
	dec_struct(d, STRUCT_keyctl_kdf_params, d->args[4]);
}

/* Lengths in the parameters, of buffers further on; what of the second one can't be known without them is its address. */
static void key_operation_entry(struct decoder *d, uint32_t cmd)
{
	uint8_t b[40];

	if (!dec_read(d, d->args[1], b, sizeof(b))) {
		dec_addr(d, d->args[1]);
		dec_next_arg(d);
		dec_str(d, d->args[2]);
		return;
	}
	dec_struct_in(d, cmd == KEY_PKEY_VERIFY ? STRUCT_keyctl_pkey_verify : STRUCT_keyctl_pkey_params, b, sizeof(b), d->args[1]);
	dec_next_arg(d);
	dec_str(d, d->args[2]);
	dec_next_arg(d);
	dec_buffer(d, d->args[3], dec_word(d, b + 4, 4));
}

static void key_operation_exit(struct decoder *d, uint32_t cmd)
{
	uint8_t b[40];

	d->ignore_error = true;
	bool known = dec_read(d, d->args[1], b, sizeof(b));
	if (!known)
		dec_set_names(d, "params,info,in,in2");
	dec_next_arg(d);
	if (!known) {
		dec_addr(d, d->args[3]);
		dec_next_arg(d);
		dec_addr(d, d->args[4]);
	} else if (cmd == KEY_PKEY_VERIFY) {
		dec_buffer(d, d->args[4], dec_word(d, b + 8, 4));
	} else {
		d->ignore_error = false;
		key_filled(d, d->args[4], dec_word(d, b + 8, 4));
	}
}

static void capability(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	unsigned *place = user;

	(void)addr;
	if (*place < 2)
		dec_flags(d, *place == 0 ? XLAT_keyctl_caps0 : XLAT_keyctl_caps1, b[0]);
	else
		dec_hex(d, b[0]);
	++*place;
}

static void key_exit(struct decoder *d, uint32_t cmd)
{
	unsigned place = 0;
	uint64_t count = (uint64_t)d->call->result < d->args[2] ? (uint64_t)d->call->result : d->args[2];

	if (cmd == KEY_DH_COMPUTE) {
		key_derive(d);
	} else if (cmd == KEY_PKEY_QUERY) {
		dec_next_arg(d);
		dec_struct(d, STRUCT_keyctl_pkey_query, d->args[4]);
	} else if (cmd == KEY_CAPABILITIES) {
		dec_next_arg(d);
		if (dec_failed(d))
			dec_addr(d, d->args[1]);
		else
			dec_array(d, d->args[1], count, 1, capability, &place);
		next_uint(d, d->args[2]);
	} else {
		key_operation_exit(d, cmd);
	}
}

static void key_read_entry(struct decoder *d, uint32_t cmd)
{
	if (cmd == KEY_CAPABILITIES)
		return;
	dec_next_arg(d);
	if (cmd == KEY_DH_COMPUTE) {
		dec_struct(d, STRUCT_keyctl_dh_params, d->args[1]);
	} else if (cmd == KEY_PKEY_QUERY) {
		print_serial(d, (int32_t)d->args[1]);
		dec_next_arg(d);
		dec_hex(d, d->args[2]);
		dec_next_arg(d);
		dec_str(d, d->args[3]);
	} else {
		key_operation_entry(d, cmd);
	}
}

/* The younger half of the commands. */
static void key_entry_more(struct decoder *d, uint32_t cmd)
{
	switch (cmd) {
	case 12: /* INSTANTIATE */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_buffer(d, d->args[2], d->args[3]);
		next_uint(d, d->args[3]);
		next_serial(d, 4);
		break;
	case 13: /* NEGATE */
		next_serial(d, 1);
		next_uint(d, (uint32_t)d->args[2]);
		next_serial(d, 3);
		break;
	case 14: /* SET_REQKEY_KEYRING */
		dec_next_arg(d);
		dec_enum_dec(d, XLAT_key_reqkeys, (int)d->args[1]);
		break;
	case 15:
		next_serial(d, 1);
		next_uint(d, (uint32_t)d->args[2]);
		break;
	case 18:
		break;
	case 19: /* REJECT */
		next_serial(d, 1);
		next_uint(d, (uint32_t)d->args[2]);
		dec_next_arg(d);
		dec_errno(d, (uint32_t)d->args[3]);
		next_serial(d, 4);
		break;
	case 20: /* INSTANTIATE_IOV */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_vector(d, d->args[2], d->args[3], UINT64_MAX);
		next_uint(d, d->args[3]);
		next_serial(d, 4);
		break;
	case 22: /* GET_PERSISTENT */
		dec_next_arg(d);
		dec_uid(d, (uint32_t)d->args[1]);
		next_serial(d, 2);
		break;
	case 29: /* RESTRICT_KEYRING */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_str(d, d->args[2]);
		dec_next_arg(d);
		dec_str(d, d->args[3]);
		break;
	case 30: /* MOVE */
		next_serial(d, 1);
		next_serial(d, 2);
		next_serial(d, 3);
		dec_next_arg(d);
		dec_flags(d, XLAT_key_move, (uint32_t)d->args[4]);
		break;
	default:
		for (unsigned i = 1; i < 5; i++) {
			dec_next_arg(d);
			dec_hex(d, d->args[i]);
		}
	}
}

static void key_entry(struct decoder *d, uint32_t cmd)
{
	switch (cmd) {
	case 0: /* GET_KEYRING_ID */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_int(d, (int)d->args[2]);
		break;
	case 1: /* JOIN_SESSION_KEYRING */
		dec_next_arg(d);
		dec_str(d, d->args[1]);
		break;
	case 2: /* UPDATE */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_buffer(d, d->args[2], d->args[3]);
		next_uint(d, d->args[3]);
		break;
	case 3:
	case 7:
	case 16:
	case 21:
		next_serial(d, 1);
		break;
	case 4: /* CHOWN */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_uid(d, (uint32_t)d->args[2]);
		dec_next_arg(d);
		dec_uid(d, (uint32_t)d->args[3]);
		break;
	case 5: /* SETPERM */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_flags(d, XLAT_key_perms, (uint32_t)d->args[2]);
		break;
	case 8:
	case 9:
		next_serial(d, 1);
		next_serial(d, 2);
		break;
	case 10: /* SEARCH */
		next_serial(d, 1);
		dec_next_arg(d);
		dec_str(d, d->args[2]);
		dec_next_arg(d);
		dec_str(d, d->args[3]);
		next_serial(d, 4);
		break;
	default:
		key_entry_more(d, cmd);
	}
}

static const char *key_names(uint32_t cmd)
{
	static const char *const names[] = {
		"key,create", "name", "key,payload,plen", "key", "key,uid,gid", "key,perms", "key,buffer,buflen", "key", "key,keyring",
		"key,keyring", "keyring,type,description,dest_keyring", "key,buffer,buflen", "key,payload,plen,keyring", "key,timeout,keyring",
		"reqkey_defl", "key,timeout", "key", "key,buffer,buflen", NULL, "key,timeout,error,keyring", "key,payload,plen,keyring",
		"key", "uid,keyring", "dh_params,buffer,buflen,kdf_params", "key,reserved,params,info", "params,info,in,out",
		"params,info,in,out", "params,info,in,out", "params,info,in,in2", "keyring,type,restriction",
		"key,from_keyring,to_keyring,flags", "buffer,buflen",
	};

	return cmd < sizeof(names) / sizeof(names[0]) ? names[cmd] : "arg2,arg3,arg4,arg5";
}

void hook_keyctl_rest(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)d->args[0];

	(void)ref;
	dec_set_names(d, key_names(cmd));
	if (d->exit && cmd >= KEY_DH_COMPUTE) {
		key_exit(d, cmd);
		return;
	}
	if (d->exit) {
		next_serial(d, 1);
		key_text(d, d->args[2], d->args[3]);
		return;
	}
	if (key_reads(cmd)) {
		if (cmd >= KEY_DH_COMPUTE)
			key_read_entry(d, cmd);
		return;
	}
	if (cmd == KEY_PKEY_VERIFY) {
		dec_next_arg(d);
		key_operation_entry(d, cmd);
		key_operation_exit(d, cmd);
		d->stop = true;
		return;
	}
	key_entry(d, cmd);
	d->stop = true;
}

bool result_keyctl(struct decoder *d)
{
	(void)d;
	return false;
}

/* ---- seccomp ------------------------------------------------------------------------ */

void hook_seccomp_flags(struct decoder *d, const struct sys_ref *ref)
{
	if ((uint32_t)d->args[0] == 1)
		dec_flags(d, XLAT_seccomp_filter_flags, (uint32_t)ref->value);
	else
		dec_hex(d, (uint32_t)ref->value);
}

enum { BPF_NAMES = 16 };

/* A part of the code: NAMES by VALUE >> SHIFT, as many as there are. */
static void bpf_part(struct decoder *d, const char *const names[BPF_NAMES], unsigned value, unsigned shift)
{
	dec_named(d, value, names[value >> shift & (BPF_NAMES - 1)], "BPF_???");
}

static void bpf_rest(struct decoder *d, unsigned bits)
{
	if (bits == 0)
		return;
	str_add_char(d->out, '|');
	dec_hex(d, bits);
	dec_comment(d, "BPF_???");
}

static void bpf_code(struct decoder *d, unsigned code)
{
	static const char *const classes[BPF_NAMES] = { "BPF_LD", "BPF_LDX", "BPF_ST", "BPF_STX", "BPF_ALU", "BPF_JMP", "BPF_RET", "BPF_MISC" };
	static const char *const sizes[BPF_NAMES] = { "BPF_W", "BPF_H", "BPF_B", "BPF_DW" };
	static const char *const modes[BPF_NAMES] = { "BPF_IMM", "BPF_ABS", "BPF_IND", "BPF_MEM", "BPF_LEN", "BPF_MSH", "BPF_XADD" };
	static const char *const sources[BPF_NAMES] = { "BPF_K", "BPF_X" };
	static const char *const alu[BPF_NAMES] = { "BPF_ADD", "BPF_SUB", "BPF_MUL", "BPF_DIV", "BPF_OR",  "BPF_AND",	"BPF_LSH",
						    "BPF_RSH", "BPF_NEG", "BPF_MOD", "BPF_XOR", "BPF_MOV", "BPF_ARSH", "BPF_END" };
	static const char *const jmp[BPF_NAMES] = { "BPF_JA",	"BPF_JEQ",  "BPF_JGT",	"BPF_JGE", "BPF_JSET", "BPF_JNE",  "BPF_JSGT",
						    "BPF_JSGE", "BPF_CALL", "BPF_EXIT", "BPF_JLT", "BPF_JLE",  "BPF_JSLT", "BPF_JSLE", "BPF_JCOND" };
	static const char *const ret[BPF_NAMES] = { "BPF_K", "BPF_X", "BPF_A" };
	unsigned class = code & 7, misc = code & 0xf8;

	bpf_part(d, classes, class, 0);
	if (class == 2 || class == 3) {
		bpf_rest(d, code & 0xfff8);
		return;
	}
	str_add_char(d->out, '|');
	if (class < 2) {
		bpf_part(d, sizes, code & 0x18, 3);
		str_add_char(d->out, '|');
		bpf_part(d, modes, code & 0xe0, 5);
	} else if (class == 4 || class == 5) {
		bpf_part(d, sources, code & 8, 3);
		str_add_char(d->out, '|');
		bpf_part(d, class == 4 ? alu : jmp, code & 0xf0, 4);
	} else if (class == 6) {
		bpf_part(d, ret, code & 0x18, 3);
		bpf_rest(d, code & 0xffe0);
	} else {
		dec_named(d, misc, misc == 0 ? "BPF_TAX" : misc == 0x80 ? "BPF_TXA" : NULL, "BPF_???");
		bpf_rest(d, code & 0xff00);
	}
}

static void seccomp_value(struct decoder *d, uint32_t k)
{
	uint32_t action = k & 0xffff0000, data = k & 0xffff;

	dec_enum(d, XLAT_seccomp_ret, action);
	if (data != 0)
		dec_printf(d, "|%#x", data);
}

/* Loads from places that are no bytes of a packet. */
static bool filter_offset(struct decoder *d, unsigned code, uint32_t k)
{
	enum { CLASS_AND_MODE = 0xe7, LOAD_ABSOLUTE = 0x20 };
	static const struct {
		uint32_t from;
		const char *name;
	} areas[] = { { 0xfffff000, "SKF_AD_OFF" }, { 0xfff00000, "SKF_NET_OFF" }, { 0xffe00000, "SKF_LL_OFF" } };

	if ((code & CLASS_AND_MODE) != LOAD_ABSOLUTE)
		return false;
	for (unsigned i = 0; i < 3; i++) {
		if (k < areas[i].from)
			continue;
		dec_named(d, areas[i].from, areas[i].name, NULL);
		str_add_char(d->out, '+');
		if (i == 0)
			dec_enum(d, XLAT_skf_ad, k - areas[i].from);
		else
			dec_uint(d, k - areas[i].from);
		return true;
	}
	return false;
}

static void print_filter(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	bool seccomp = user != NULL;
	unsigned code = (unsigned)dec_word(d, b, 2), jt = b[2], jf = b[3];
	uint32_t k = (uint32_t)dec_word(d, b + 4, 4);

	(void)addr;
	dec_text(d, jt != 0 || jf != 0 ? "BPF_JUMP(" : "BPF_STMT(");
	bpf_code(d, code);
	dec_next(d);
	if (seccomp && (code & 7) == 6 && (code & 0x18) == 0)
		seccomp_value(d, k);
	else if (seccomp || !filter_offset(d, code, k))
		dec_hex(d, k);
	if (jt != 0 || jf != 0)
		dec_printf(d, ", %#x, %#x", jt, jf);
	str_add_char(d->out, ')');
}

static void filter_code(struct decoder *d, uint64_t addr, unsigned length, bool seccomp)
{
	enum { MOST = 4096 }; /* the kernel takes no more */

	if (!d->style->verbose) {
		dec_addr(d, addr);
		return;
	}
	dec_array(d, addr, length < MOST ? length : MOST, 8, print_filter, seccomp ? d : NULL);
	if (length > MOST && d->out->text[d->out->length - 1] == ']') {
		d->out->length--;
		dec_text(d, ", ...]");
	}
}

static void filter_program(struct decoder *d, uint64_t addr, bool seccomp)
{
	uint8_t b[16];

	if (!dec_read_or_addr(d, addr, b, 2 * (size_t)d->word))
		return;
	unsigned length = (unsigned)dec_word(d, b, 2);
	uint64_t filter = dec_word(d, b + d->word, d->word);
	dec_printf(d, "{len=%u, filter=", length);
	filter_code(d, filter, length, seccomp);
	str_add_char(d->out, '}');
}

void hook_seccomp_arg(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZES = 3 }; /* the kernel fills them */
	uint32_t op = ref->param != 0 ? 1 : (uint32_t)d->args[0];
	uint8_t b[4];

	if (d->exit != (op == SIZES))
		return;
	if (op == SIZES) {
		dec_struct(d, STRUCT_seccomp_notif_sizes, ref->value);
	} else if (op == 1) {
		filter_program(d, ref->value, true);
	} else if (op == 2 && dec_read(d, ref->value, b, 4)) {
		str_add_char(d->out, '[');
		dec_enum(d, XLAT_seccomp_ret, dec_word(d, b, 4));
		str_add_char(d->out, ']');
	} else {
		dec_addr(d, ref->value);
	}
}

void dec_filter(struct decoder *d, uint64_t addr) { filter_program(d, addr, false); }
void dec_filter_code(struct decoder *d, uint64_t addr, unsigned count, bool seccomp) { filter_code(d, addr, count, seccomp); }

/* ---- landlock ----------------------------------------------------------------------- */

void hook_landlock_attr(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = d->args[1];
	uint8_t b[48] = { 0 };

	if (size < 8) {
		dec_addr(d, ref->value);
		return;
	}
	size_t known = size > sizeof(b) ? sizeof(b) : (size_t)size;
	if (!dec_read_or_addr(d, ref->value, b, known))
		return;
	/* of a field that is there in part, that part */
	struct sys_object o = { &sys_structs[STRUCT_landlock_ruleset_attr], b, (known + 7) / 8 * 8, ref->value };
	bool any = false, more = false;
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_text(d, size > sizeof(b) ? ", ...}" : "}");
}

bool result_landlock(struct decoder *d)
{
	if (d->call->is_error)
		return true;
	if (((uint32_t)d->args[2] & 3) != 0) /* a version, or errata */
		return false;
	dec_fd_result(d);
	return true;
}

void hook_landlock_rule(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t type = (uint32_t)d->args[1];

	if (type == 1)
		dec_struct(d, STRUCT_landlock_path_beneath_attr, ref->value);
	else if (type == 2)
		dec_struct(d, STRUCT_landlock_net_port_attr, ref->value);
	else
		dec_addr(d, ref->value);
}
