/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for descriptors: pipes, directories, fcntl. */
#include "syscall/hooks.h"

#include <string.h>

/* "[3, 4]" of pipe and socketpair. */
static void print_fd(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_fd(d, (int)dec_word(d, bytes, 4));
}

void hook_fds(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_failed(d))
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, 2, 4, print_fd, NULL);
}

static void print_dirent_type(struct decoder *d, uint8_t type)
{
	static const char *const names[] = { "DT_UNKNOWN", "DT_FIFO", "DT_CHR", NULL, "DT_DIR", NULL, "DT_BLK", NULL,
					     "DT_REG", NULL, "DT_LNK", NULL, "DT_SOCK", NULL, "DT_WHT" };

	dec_text(d, ", d_type=");
	dec_named(d, type, type < sizeof(names) / sizeof(*names) ? names[type] : NULL, "DT_???");
}

/* WORD: bytes of the first two fields.  The older form has the type behind the name, in the last byte. */
static void print_dirent(struct decoder *d, const uint8_t *bytes, size_t length, unsigned word, bool old)
{
	size_t name = 2 * word + (old ? 2 : 3);

	dec_printf(d, "{d_ino=%llu, d_off=%lld, d_reclen=%zu", (unsigned long long)dec_word(d, bytes, word),
		   (long long)dec_word(d, bytes + word, word), length);
	if (!old)
		print_dirent_type(d, bytes[name - 1]);
	dec_text(d, ", d_name=");
	dec_chars(d, bytes + name, length - name - old);
	if (old)
		print_dirent_type(d, bytes[length - 1]);
	str_add_char(d->out, '}');
}

/* readdir(2) fills one entry of the oldest form: d_reclen is the length of the name. */
void hook_old_dirent(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[18], name[256];
	size_t head = 2 * d->word + 2;

	if (d->call->result == 0 || !dec_read_or_addr(d, ref->value, b, head)) {
		if (d->call->result == 0)
			dec_addr(d, ref->value);
		return;
	}
	unsigned length = (unsigned)dec_word(d, b + 2 * d->word, 2), kept = length < sizeof(name) ? length : sizeof(name) - 1;

	dec_printf(d, "{d_ino=%llu, d_off=%llu, d_reclen=%u, d_name=", (unsigned long long)dec_word(d, b, d->word),
		   (unsigned long long)dec_word(d, b + d->word, d->word), length);
	name[kept] = 0;
	if (dec_read_text(d, ref->value + head, name, kept))
		dec_chars(d, name, kept + 1);
	else
		dec_addr(d, ref->value + head);
	str_add_char(d->out, '}');
}

/* How many, which is always one: said where the caller thinks otherwise. */
void hook_old_dirent_count(struct decoder *d, const struct sys_ref *ref)
{
	if ((uint32_t)ref->value == 1)
		return;
	dec_set_names(d, "count");
	dec_next_arg(d);
	dec_uint(d, (uint32_t)ref->value);
}

/* Entries of a directory are counted; -v shows them.  The parameter is 8 where inode and offset are 64 bits wide,
 * and 0 for the older form. */
void hook_dents(struct decoder *d, const struct sys_ref *ref)
{
	enum { MOST = 1 << 20, ENTRY_MOST = 512 };
	uint64_t left = d->call->is_error ? 0 : (uint64_t)d->call->result, at = ref->value;
	unsigned count = 0, word = ref->param ? ref->param : d->klong;
	uint8_t entry[ENTRY_MOST];

	bool unread = left > 0 && !dec_read(d, at, entry, left < 2 * word + 2 ? left : 2 * word + 2);

	if (d->call->is_error || d->style->addresses || left > d->args[2] || (unread && d->style->verbose)) {
		dec_addr(d, ref->value); /* and no count: what can't be read isn't empty */
		return;
	}
	dec_text(d, d->style->verbose ? "[" : "");
	if (left > MOST)
		left = MOST;
	for (; left >= 2 * word + 3 && dec_read(d, at, entry, 2 * word + 2); count++) {
		uint64_t length = dec_word(d, entry + 2 * word, 2);

		if (length < 2 * word + 3 || length > left || length > ENTRY_MOST)
			break;
		if (d->style->verbose && dec_read(d, at, entry, length)) {
			dec_text(d, count ? ", " : "");
			print_dirent(d, entry, length, word, !ref->param);
		}
		at += length;
		left -= length;
	}
	if (d->style->verbose) {
		str_add_char(d->out, ']');
		return;
	}
	dec_addr(d, ref->value);
	dec_printf(d, " /* %u%s entr%s */", count, unread ? "+" : "", count == 1 ? "y" : "ies");
}

/* ---- fcntl ------------------------------------------------------------------------ */

enum { DUP_QUERY = 1027, GET_DELEGATION = 1039, SET_DELEGATION };

/* Commands whose answer is put where the argument points to. */
static bool fcntl_fills(uint32_t cmd)
{
	return cmd == 5 || cmd == 12 || cmd == 36 || cmd == 16 || cmd == 17 || cmd == GET_DELEGATION;
}

void hook_fcntl_cmd(struct decoder *d, const struct sys_ref *ref) { dec_enum(d, XLAT_fcntl_cmds, (uint32_t)ref->value); }

enum { I386_FCNTL = 55 };

/* A lock; where it is asked for, its owner too. */
static bool fcntl_lock(struct decoder *d, uint32_t cmd, uint64_t addr)
{
	bool wide = cmd >= 36 || (cmd >= 12 && cmd <= 14);
	bool asks = cmd == 5 || cmd == 12 || cmd == 36;

	/* only 32 bits have F_GETLK64, and only in fcntl64 */
	if (cmd >= 12 && cmd <= 14 && (d->klong == 8 || (d->call->abi == SYSCALL_ABI_I386 && d->call->number == I386_FCNTL)))
		return false;
	if (!(cmd >= 5 && cmd <= 7) && !(cmd >= 12 && cmd <= 14) && !(cmd >= 36 && cmd <= 38))
		return false;
	if (wide)
		dec_struct(d, asks ? STRUCT_flock64_pid : STRUCT_flock64, addr);
	else
		dec_struct(d, asks ? STRUCT_flock_pid : STRUCT_flock, addr);
	return true;
}

/* By the type of struct f_owner_ex: F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP. */
void hook_owner_pid(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t type = dec_field(d, ref->object, 0);

	dec_pid(d, type == 0 ? SYSCALL_TID : type == 2 ? SYSCALL_PGID : SYSCALL_PID, (int)ref->value);
}

static void fcntl_value(struct decoder *d, uint32_t cmd, uint64_t v)
{
	const struct sys_ref flags = { .value = (uint32_t)v };

	if (fcntl_lock(d, cmd, v))
		return;
	switch (cmd) {
	case 0:
	case 1030:
	case 1031:
		dec_int(d, (int64_t)v);
		break;
	case 2:
		dec_flags(d, XLAT_fd_flags, (uint32_t)v);
		break;
	case 4:
		hook_open_flags(d, &flags);
		break;
	case 8:
		dec_pid(d, (int)v < 0 ? SYSCALL_PGID : SYSCALL_PID, (int)v);
		break;
	case 10:
		dec_signal(d, (int)v);
		break;
	case 15:
	case 16:
		dec_struct(d, STRUCT_f_owner_ex, v);
		break;
	case DUP_QUERY:
		dec_fd(d, (int32_t)v);
		break;
	case GET_DELEGATION:
	case SET_DELEGATION:
		dec_struct(d, STRUCT_delegation, v);
		break;
	case 1024:
		dec_enum(d, XLAT_lease_types, v);
		break;
	case 1026:
		dec_flags(d, XLAT_dnotify, v);
		break;
	case 1033:
		dec_flags(d, XLAT_f_seals, v);
		break;
	default:
		dec_hex(d, v);
	}
}

/* Commands without an argument. */
static bool fcntl_bare(uint32_t cmd)
{
	return cmd == 1 || cmd == 3 || cmd == 9 || cmd == 11 || cmd == 1025 || cmd == 1032 || cmd == 1034;
}

void hook_fcntl_arg(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)d->args[1];

	if (fcntl_bare(cmd) || (!d->exit && fcntl_fills(cmd)))
		return;
	if (d->exit && !fcntl_fills(cmd))
		return;
	dec_set_names(d, "arg");
	dec_next_arg(d);
	fcntl_value(d, cmd, ref->value);
}

static bool flags_result(struct decoder *d, const char *before, unsigned xlat)
{
	const struct syscall_style *style = d->style;
	uint64_t v = (uint64_t)d->call->result;

	dec_hex(d, v);
	if (v == 0)
		return true;
	dec_text(d, before);
	d->style = d->asked;
	dec_flags_of(d, (const uint16_t[]){ (uint16_t)xlat }, 1, v, NULL);
	d->style = style;
	str_add_char(d->out, ')');
	return true;
}

bool result_fcntl(struct decoder *d)
{
	struct sys_ref flags = { .value = (uint64_t)d->call->result };

	if (d->call->is_error)
		return true;
	switch ((uint32_t)d->args[1]) {
	case 0:
	case 1030:
		dec_fd_result(d);
		return true;
	case 1:
		return flags_result(d, " (flags ", XLAT_fd_flags);
	case 1034:
		return flags_result(d, " (seals ", XLAT_f_seals);
	case 3:
		dec_hex(d, flags.value);
		dec_text(d, " (flags ");
		hook_open_flags(d, &flags);
		str_add_char(d->out, ')');
		return true;
	case 9:
		dec_pid(d, SYSCALL_PID, (int)d->call->result);
		return true;
	case 11:
		dec_result(d);
		if (syscall_signal_name((int)d->call->result) != NULL)
			dec_printf(d, " (%s)", syscall_signal_name((int)d->call->result));
		return true;
	case 1025:
		dec_hex(d, flags.value);
		if (dec_name(XLAT_lease_types, flags.value) == NULL)
			return true;
		dec_text(d, " (");
		dec_enum(d, XLAT_lease_types, flags.value);
		str_add_char(d->out, ')');
		return true;
	default:
		return false;
	}
}
