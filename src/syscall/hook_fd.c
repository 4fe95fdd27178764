/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for descriptors: pipes, directories, fcntl, ioctl. */
#include "syscall/hooks.h"

#include <string.h>

/* "[3, 4]" of pipe and socketpair. */
void hook_fds(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[8];

	if (!dec_read_or_addr(d, ref->value, bytes, sizeof(bytes)))
		return;
	str_add_char(d->out, '[');
	dec_fd(d, (int)dec_word(d, bytes, 4));
	dec_next(d);
	dec_fd(d, (int)dec_word(d, bytes + 4, 4));
	str_add_char(d->out, ']');
}

/* Entries of a directory are counted; -v shows them. */
void hook_dents(struct decoder *d, const struct sys_ref *ref)
{
	enum { MOST = 1 << 20 };
	uint64_t left = d->call->is_error ? 0 : (uint64_t)d->call->result, at = ref->value;
	unsigned count = 0;
	uint8_t head[18];

	if (d->call->is_error || ref->value == 0) {
		dec_addr(d, ref->value);
		return;
	}
	if (left > MOST)
		left = MOST;
	for (; left >= 19 && dec_read(d, at, head, sizeof(head)); count++) {
		uint64_t length = dec_word(d, head + 16, 2);
		if (length < 19 || length > left)
			break;
		at += length;
		left -= length;
	}
	dec_addr(d, ref->value);
	dec_printf(d, " /* %u entr%s */", count, count == 1 ? "y" : "ies");
}

/* ---- fcntl ------------------------------------------------------------------------ */

static bool fcntl_gets(uint32_t cmd)
{
	return cmd == 5 || cmd == 12 || cmd == 36 || cmd == 16 || cmd == 17 || cmd == 1035 || cmd == 1037;
}

void hook_fcntl_cmd(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)ref->value;

	if (d->exit)
		return;
	dec_enum(d, XLAT_fcntl_cmds, cmd);
}

void hook_fcntl_arg(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)d->args[1];

	(void)fcntl_gets;
	switch (cmd) {
	case 1: /* F_GETFD */
	case 3:
	case 9:
	case 11:
	case 1025:
	case 1032:
	case 1034:
		return;
	case 0:
	case 1030:
	case 1027:
	case 8:
	case 1031:
		dec_next(d);
		dec_int(d, (int32_t)ref->value);
		return;
	case 2:
		dec_next(d);
		dec_flags(d, XLAT_fd_flags, ref->value);
		return;
	case 4: {
		const struct sys_ref flags = { .value = ref->value };
		dec_next(d);
		hook_open_flags(d, &flags);
		return;
	}
	default:
		dec_next(d);
		dec_addr(d, ref->value);
	}
}

bool result_fcntl(struct decoder *d)
{
	uint32_t cmd = (uint32_t)d->args[1];
	struct sys_ref flags = { .value = (uint64_t)d->call->result };

	if (d->call->is_error)
		return true;
	switch (cmd) {
	case 0:
	case 1030:
		dec_fd(d, (int)d->call->result);
		return true;
	case 1:
		dec_hex(d, flags.value);
		if (flags.value != 0) {
			dec_text(d, " (flags ");
			dec_flags(d, XLAT_fd_flags, flags.value);
			str_add_char(d->out, ')');
		}
		return true;
	case 3:
		dec_hex(d, flags.value);
		dec_text(d, " (flags ");
		hook_open_flags(d, &flags);
		str_add_char(d->out, ')');
		return true;
	default:
		return false;
	}
}

/* ---- ioctl ------------------------------------------------------------------------ */

static void ioctl_number(struct decoder *d, uint32_t v)
{
	static const char *const dirs[] = { "_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE" };

	dec_printf(d, "_IOC(%s, %#x, %#x, %#x)", dirs[v >> 30], v >> 8 & 0xff, v & 0xff, v >> 16 & 0x3fff);
}

void hook_ioctl_cmd(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)ref->value;
	const char *name = dec_name(XLAT_ioctls, cmd);

	if (d->exit)
		return;
	if (name != NULL)
		dec_named(d, cmd, name, NULL);
	else
		ioctl_number(d, cmd);
}

void hook_ioctl_arg(struct decoder *d, const struct sys_ref *ref)
{
	dec_next(d);
	dec_addr(d, ref->value);
}
