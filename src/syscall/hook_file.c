/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for files and file systems: those calls whose arguments depend on one another. */
#include "syscall/hooks.h"

#include <string.h>
#include <time.h>

/* ---- nodes ------------------------------------------------------------------------ */

void hook_mknod_mode(struct decoder *d, const struct sys_ref *ref) { dec_st_mode(d, (uint16_t)ref->value); }

/* The device is only there where the mode (argument `param`) makes one. */
void hook_mknod_dev(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t type = (uint32_t)d->args[ref->param] & 0170000;

	if (type != 0020000 && type != 0060000)
		return;
	dec_set_names(d, "dev");
	dec_next_arg(d);
	dec_dev(d, (uint32_t)ref->value);
}

/* A position in two registers: on 64-bit the high one is nothing. */
void hook_pos_lh(struct decoder *d, const struct sys_ref *ref)
{
	if (d->word == 4 && d->klong == 4)
		dec_int(d, (int64_t)((uint32_t)ref->value | (uint64_t)(uint32_t)d->args[4] << 32));
	else
		dec_int(d, (int64_t)ref->value);
}

void hook_rwf(struct decoder *d, const struct sys_ref *ref)
{
	(void)ref;
	dec_set_names(d, "flags");
	dec_next_arg(d);
	dec_flags(d, XLAT_rwf, (uint32_t)d->args[5]);
}

void hook_swap_flags(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value, priority = v & 0x7fff;

	if (v == priority) {
		dec_uint(d, v);
		return;
	}
	dec_flags(d, XLAT_swap_flag, v & ~0x7fffu);
	dec_printf(d, "|%u", priority);
}

/* ---- mount ------------------------------------------------------------------------ */

static bool mount_is_simple(const struct decoder *d)
{
	uint64_t flags = d->args[3];

	if ((flags & 0xffff0000) == 0xc0ed0000)
		flags &= ~UINT64_C(0xffff0000);
	return (flags & (0x20 | 0x1000 | 0x2000 | 0x20000 | 0x40000 | 0x80000 | 0x100000)) != 0;
}

void hook_mount_type(struct decoder *d, const struct sys_ref *ref)
{
	if (mount_is_simple(d))
		dec_addr(d, ref->value);
	else
		dec_str(d, ref->value);
}

void hook_mount_flags(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t flags = ref->value;

	if ((flags & 0xffff0000) == 0xc0ed0000) {
		dec_named(d, 0xc0ed0000, "MS_MGC_VAL", NULL);
		flags &= ~UINT64_C(0xffff0000);
		if (flags == 0)
			return;
		str_add_char(d->out, '|');
	}
	dec_flags(d, XLAT_mount_flags, flags);
}

void hook_mount_data(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t flags = d->args[3];

	if (mount_is_simple(d) && (flags & 0x20) == 0)
		dec_addr(d, ref->value);
	else
		dec_str(d, ref->value);
}

void hook_fsconfig_rest(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)d->args[1];
	int aux = (int)d->args[4];
	enum { MOST = 256, MOST_BINARY = 1 << 20 }; /* of which the kernel takes a key or a value for one */

	(void)ref;
	dec_set_names(d, "key,value,aux");
	dec_next_arg(d);
	if (cmd == 6 || cmd == 7 || cmd > 7)
		dec_addr(d, d->args[2]);
	else
		dec_name_n(d, d->args[2], MOST);
	dec_next_arg(d);
	if (cmd == 1)
		dec_name_n(d, d->args[3], MOST);
	else if (cmd == 2 && aux >= 0 && aux <= MOST_BINARY)
		dec_buffer_hex(d, d->args[3], (uint64_t)aux);
	else if (cmd == 3 || cmd == 4)
		dec_path(d, d->args[3]);
	else
		dec_addr(d, d->args[3]);
	dec_next_arg(d);
	if (cmd == 3 || cmd == 4)
		dec_dirfd(d, aux);
	else if (cmd == 5)
		dec_fd(d, aux);
	else
		dec_int(d, aux);
}

void hook_mount_attr(struct decoder *d, const struct sys_ref *ref)
{
	enum { KNOWN = 32, PAGE = 4096 };
	uint64_t size = d->args[ref->param];
	uint8_t b[KNOWN];
	struct sys_object o = { &sys_structs[STRUCT_mount_attr_st], b, KNOWN, ref->value };
	bool any = false, more = false;

	if (size < KNOWN || !dec_read(d, ref->value, b, KNOWN)) {
		dec_addr(d, ref->value);
		return;
	}
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_trailing(d, ref->value, KNOWN, size < PAGE ? size : PAGE, ", ");
	str_add_char(d->out, '}');
}

/* A descriptor, if the mount's owner is to be mapped. */
void hook_mount_userns(struct decoder *d, const struct sys_ref *ref)
{
	enum { IDMAP = 0x100000 };

	uint64_t set = dec_word(d, ref->object->bytes, 8), clear = dec_word(d, ref->object->bytes + 8, 8);

	if (((set | clear) & IDMAP) != 0 && ref->value <= INT32_MAX)
		dec_fd(d, (int)ref->value);
	else
		dec_uint(d, ref->value);
}

/* ---- times ------------------------------------------------------------------------ */

void hook_time_value(struct decoder *d, const struct sys_ref *ref)
{
	int64_t t = ref->size == 4 ? (int32_t)ref->value : (int64_t)ref->value;

	dec_int(d, t);
	dec_time_comment(d, t, 0);
}

static void print_utimens(struct decoder *d, const uint8_t *b, unsigned struct_id)
{
	unsigned size = dec_struct_size(d, struct_id), half = size / 2;
	uint64_t nsec = dec_word(d, b + half, half);
	const char *special = nsec == 0x3fffffff ? "UTIME_NOW" : nsec == 0x3ffffffe ? "UTIME_OMIT" : NULL;

	if (special != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV) {
		dec_text(d, special);
		return;
	}
	dec_struct_in(d, struct_id, b, size, 0);
	if (special == NULL)
		dec_time_comment(d, half == 4 ? (int32_t)dec_word(d, b, 4) : (int64_t)dec_word(d, b, 8), nsec);
	else if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_comment(d, special);
}

void hook_time_at(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	if (!dec_read_or_addr(d, ref->value, b, d->klong))
		return;
	int64_t t = d->klong == 4 ? (int32_t)dec_word(d, b, 4) : (int64_t)dec_word(d, b, 8);
	dec_printf(d, "[%lld", (long long)t);
	dec_time_comment(d, t, 0);
	str_add_char(d->out, ']');
}

bool result_time(struct decoder *d)
{
	char text[64];
	struct tm tm;
	time_t t = (time_t)dec_result_value(d);

	if (d->call->is_error || t == 0 || localtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%FT%T%z", &tm) == 0)
		return false;
	dec_result(d);
	dec_printf(d, " (%s)", text);
	return true;
}

/* What is left to sleep: only of a sleep that was cut short. */
void hook_remaining(struct decoder *d, const struct sys_ref *ref)
{
	int64_t error = d->call->is_error ? (d->call->result < 0 ? -d->call->result : d->call->result) : 0;

	if (error < 512 || error > 516 || (d->describe->count == 4 && (d->args[1] & 1) != 0)) {
		dec_addr(d, ref->value);
		return;
	}
	d->ignore_error = true;
	dec_struct(d, ref->param, ref->value);
}

void hook_utimevals(struct decoder *d, const struct sys_ref *ref)
{
	unsigned size = dec_struct_size(d, STRUCT_timeval), half = size / 2;
	uint8_t b[32];

	if (!dec_read_or_addr(d, ref->value, b, 2 * (size_t)size))
		return;
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *at = b + (size_t)i * size;
		uint64_t usec = dec_word(d, at + half, half);
		dec_text(d, i == 0 ? "[" : ", ");
		dec_struct_in(d, STRUCT_timeval, at, size, 0);
		dec_time_comment_usec(d, half == 4 ? (int32_t)dec_word(d, at, 4) : (int64_t)dec_word(d, at, 8), usec);
	}
	str_add_char(d->out, ']');
}

/* Two times, each of which may be UTIME_NOW or UTIME_OMIT. */
void hook_utimens(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[32];
	unsigned size = dec_struct_size(d, ref->param);

	if (!dec_read_or_addr(d, ref->value, b, 2 * (size_t)size))
		return;
	str_add_char(d->out, '[');
	print_utimens(d, b, ref->param);
	dec_next(d);
	print_utimens(d, b + size, ref->param);
	str_add_char(d->out, ']');
}

void hook_statx_time(struct decoder *d, const struct sys_ref *ref)
{
	int64_t sec = (int64_t)dec_word(d, ref->bytes, 8);
	uint32_t nsec = (uint32_t)dec_word(d, ref->bytes + 8, 4);

	dec_struct_in(d, STRUCT_statx_timestamp, ref->bytes, 16, 0);
	dec_time_comment(d, sec, nsec);
}

/* ---- extended attributes ---------------------------------------------------------- */

/* Most are text with the NUL at its end, which is not shown; but strace shows it with -x, where it is what makes it hexadecimal. */
static void print_xattr(struct decoder *d, uint64_t addr, uint64_t size)
{
	enum { XATTR_SIZE_MOST = 65536 }; /* Linux: XATTR_SIZE_MAX */
	uint64_t shown = size < d->style->string_limit ? size : d->style->string_limit;
	bool whole = d->style->hex == SYSCALL_HEX_ALL || d->style->hex == SYSCALL_HEX_NON_ASCII;
	uint8_t last;

	if (size > XATTR_SIZE_MOST)
		dec_addr(d, addr);
	else if (shown > 0 && !whole && dec_read_text(d, addr + shown - 1, &last, 1) && last == 0)
		dec_buffer(d, addr, shown - 1); /* as strace: a NUL that is the last to be shown ends it */
	else
		dec_buffer(d, addr, size);
}

void hook_xattr_val(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_failed(d))
		dec_addr(d, ref->value);
	else
		print_xattr(d, ref->value, d->exit ? (uint64_t)d->call->result : d->args[ref->param]);
}

/* Room of 0 asks how much there is. */
void hook_xattr_list(struct decoder *d, const struct sys_ref *ref)
{
	if (d->call->is_error || d->args[ref->param] == 0)
		dec_addr(d, ref->value);
	else
		dec_buffer(d, ref->value, (uint64_t)d->call->result);
}

/* ---- offsets ---------------------------------------------------------------------- */

/* "[0] => [5]"; `param` is its size. */
void hook_inout_off(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[8];
	uint64_t before = ref->param == 4 ? (uint32_t)d->progress->saved[0] : d->progress->saved[0];

	if (ref->value == 0 || !dec_read(d, ref->value, bytes, ref->param)) {
		dec_addr(d, ref->value);
		return;
	}
	dec_printf(d, "[%llu", (unsigned long long)before);
	uint64_t after = dec_word(d, bytes, ref->param);
	if (!d->call->is_error && d->call->result != 0 && d->args[3] != 0)
		dec_printf(d, " => %llu", (unsigned long long)after);
	str_add_char(d->out, ']');
}

/* Which the kernel fills only where its size is given; argument `param`. */
void hook_statfs64(struct decoder *d, const struct sys_ref *ref)
{
	if (d->args[ref->param] == dec_struct_size(d, STRUCT_statfs64))
		dec_struct(d, STRUCT_statfs64, ref->value);
	else
		dec_addr(d, ref->value);
}

/* _llseek's offset in two registers. */
void hook_llseek_off(struct decoder *d, const struct sys_ref *ref)
{
	dec_int(d, (int64_t)((uint64_t)(uint32_t)ref->value << 32 | (uint32_t)d->args[2]));
}

void hook_llseek_result(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	(void)ref;
	if (dec_read_or_addr(d, d->args[3], b, 8))
		dec_printf(d, "[%lld]", (long long)dec_word(d, b, 8));
}

void hook_llseek_whence(struct decoder *d, const struct sys_ref *ref)
{
	(void)ref;
	dec_enum(d, XLAT_seek, (uint32_t)d->args[4]);
}

/* ---- flags of their own ----------------------------------------------------------- */

void hook_fanotify_init(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	dec_enum(d, XLAT_fan_classes, v & 0xc);
	if ((v & ~0xcu) != 0) {
		str_add_char(d->out, '|');
		dec_flags(d, XLAT_fan_init_flags, v & ~0xcu);
	}
}

void hook_fan_mask(struct decoder *d, const struct sys_ref *ref) { dec_flags(d, XLAT_fan_events, ref->value); }

/* The mask in two registers, of which the high one comes second. */
void hook_fan_mask32(struct decoder *d, const struct sys_ref *ref)
{
	dec_flags(d, XLAT_fan_events, (uint32_t)ref->value | (uint64_t)(uint32_t)d->args[3] << 32);
	d->args[3] = d->args[4];
	d->args[4] = d->args[5];
}

void hook_memfd_flags(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value, huge = v >> 26;

	struct dec_words words;

	if (v == 0)
		dec_hex(d, v);
	if (v == 0 || !dec_words_begin(d, v, &words))
		return;
	if (words.style->xlat == SYSCALL_XLAT_ABBREV && huge == 0)
		dec_flags(d, XLAT_memfd_flags, v);
	else if ((v & 0x3ffffff) != 0 || huge == 0)
		dec_flags_of(d, (const uint16_t[]){ XLAT_memfd_flags }, 1, v & 0x3ffffff, "MFD_???");
	if (huge != 0)
		dec_printf(d, "%s%u<<MFD_HUGE_SHIFT", (v & 0x3ffffff) != 0 ? "|" : "", huge);
	dec_words_end(d, &words);
}

void hook_o_cloexec(struct decoder *d, const struct sys_ref *ref)
{
	dec_flags_of(d, (const uint16_t[]){ XLAT_cloexec_flag }, 1, (uint32_t)ref->value, NULL);
}

void hook_uffd_flags(struct decoder *d, const struct sys_ref *ref)
{
	dec_flags_of(d, (const uint16_t[]){ XLAT_uffd_flags, XLAT_nonblock_cloexec }, 2, (uint32_t)ref->value, "UFFD_???");
}

void hook_statx_flags(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	if ((v & 0x6000) == 0x6000)
		dec_named(d, v & 0x6000, "AT_STATX_FORCE_SYNC|AT_STATX_DONT_SYNC", NULL);
	else if ((v & 0x6000) != 0 || d->style->xlat != SYSCALL_XLAT_RAW)
		dec_enum(d, XLAT_at_statx_sync, v & 0x6000);
	if ((v & ~0x6000u) != 0) {
		str_add_char(d->out, '|');
		dec_flags_of(d, (const uint16_t[]){ XLAT_at_flags }, 1, v & ~0x6000u, NULL);
	} else if (v == 0 && d->style->xlat == SYSCALL_XLAT_RAW) {
		str_add_char(d->out, '0');
	}
}

void hook_mq_flags(struct decoder *d, const struct sys_ref *ref) { dec_flags(d, XLAT_mq_flags, ref->value); }

void hook_mode64(struct decoder *d, const struct sys_ref *ref) { dec_printf(d, "%#03llo", (unsigned long long)ref->value); }

/* Bytes behind the structure that we know, unless they are 0; no further than a page. */
bool dec_trailing(struct decoder *d, uint64_t addr, uint64_t known, uint64_t size, const char *before)
{
	enum { PAGE = 4096 }; /* the kernel takes no larger one */
	uint8_t b[PAGE];

	size = size < PAGE ? size : PAGE;
	uint64_t more = size > known ? size - known : 0, shown = more < d->style->string_limit ? more : d->style->string_limit;
	bool any = false;

	if (more == 0)
		return false;
	if (more > sizeof(b) || !dec_read(d, addr + known, b, more)) {
		dec_printf(d, "%s???", before);
		return true;
	}
	for (uint64_t i = 0; i < more; i++)
		any |= b[i] != 0;
	if (!any)
		return false;
	dec_printf(d, "%s/* bytes %llu..%llu */ ", before, (unsigned long long)known, (unsigned long long)size - 1);
	dec_quote(d, b, shown, false, true);
	if (shown < more)
		dec_text(d, "...");
	return true;
}

/* struct xattr_args: a value that is given, or (`param` 1) that was asked for. */
void hook_xattr_args(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE = 16, MOST = 65536 };
	uint64_t size = d->args[5];
	uint8_t b[SIZE];

	if (size < SIZE || !dec_read(d, ref->value, b, SIZE)) {
		dec_addr(d, ref->value);
		return;
	}
	uint64_t value = dec_word(d, b, 8), room = dec_word(d, b + 8, 4), length = room;
	if (ref->param != 0)
		length = d->call->is_error || room == 0 ? UINT64_MAX : (uint64_t)d->call->result;
	dec_text(d, "{value=");
	if (length > MOST)
		dec_addr(d, value);
	else
		print_xattr(d, value, length);
	dec_printf(d, ", size=%u, flags=", (unsigned)room);
	dec_flags(d, XLAT_xattr_flags, dec_word(d, b + 12, 4));
	dec_trailing(d, ref->value, SIZE, size, ", ");
	str_add_char(d->out, '}');
}

/* struct file_attr, of a size that the caller gives. */
void hook_file_attr(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE = 24, PAGE = 4096 };
	uint64_t size = d->args[3];
	uint8_t b[SIZE];

	if (size < SIZE || size > PAGE) {
		dec_addr(d, ref->value);
		return;
	}
	if (!dec_read_or_addr(d, ref->value, b, SIZE))
		return;
	struct sys_object o = { &sys_structs[ref->param], b, SIZE, ref->value };
	bool any = false, more = false;
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_trailing(d, ref->value, SIZE, size, ", ");
	str_add_char(d->out, '}');
}

void hook_ns_id_req(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE = 32, PAGE = 4096 };
	uint8_t b[SIZE];

	if (!dec_read_or_addr(d, ref->value, b, 4))
		return;
	uint64_t size = dec_word(d, b, 4);
	dec_printf(d, "{size=%u", (unsigned)size);
	if (size >= SIZE && !dec_read(d, ref->value, b, SIZE)) {
		dec_text(d, ", ???");
	} else if (size >= SIZE) {
		struct sys_object o = { &sys_structs[STRUCT_ns_id_req], b, SIZE, ref->value };
		bool any = true, more = false;
		dec_fields(d, &o, &any, &more);
		dec_trailing(d, ref->value, SIZE, size < PAGE ? size : PAGE, ", ");
	}
	str_add_char(d->out, '}');
}

/* Ids that were found, as many as there is room for. */
static void id64(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_hex(d, dec_word(d, b, 8));
}

void hook_ns_ids(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t room = d->args[2], found = (uint64_t)d->call->result;

	if (d->call->is_error && room > 0)
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, room < found ? room : found, 8, id64, NULL);
}

/* open_how of a size that the caller gives. */
void hook_open_how(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = d->args[ref->param];
	uint8_t b[24];

	if (size < 24) {
		dec_addr(d, ref->value);
		return;
	}
	if (!dec_read_or_addr(d, ref->value, b, sizeof(b)))
		return;
	struct sys_object o = { &sys_structs[STRUCT_open_how], b, sizeof(b), ref->value };
	bool any = false, more = false;
	str_add_char(d->out, '{');
	if ((dec_word(d, b, 8) & 0x400040) != 0 && dec_word(d, b + 8, 8) == 0) {
		dec_text(d, "flags=");
		hook_open_flags64(d, &(struct sys_ref){ .value = dec_word(d, b, 8) });
		dec_text(d, ", mode=000, resolve=");
		dec_flags(d, XLAT_resolve, dec_word(d, b + 16, 8));
	} else {
		dec_fields(d, &o, &any, &more);
	}
	dec_trailing(d, ref->value, 24, size, ", ");
	str_add_char(d->out, '}');
}

/* ---- handles ---------------------------------------------------------------------- */

static void print_handle(struct decoder *d, uint64_t addr, uint32_t bytes)
{
	uint8_t b[128];
	uint32_t show = bytes > 128 ? 128 : bytes;

	dec_printf(d, ", handle_type=");
	if (!dec_read(d, addr + 4, b, 4)) {
		dec_text(d, "???}");
		return;
	}
	dec_printf(d, "%d, f_handle=", (int)dec_word(d, b, 4));
	if (dec_read(d, addr + 8, b, show))
		dec_quote(d, b, show, false, true), dec_text(d, show < bytes ? "..." : "");
	else
		dec_addr(d, addr + 8);
	str_add_char(d->out, '}');
}

/* At entry how much room there is; at exit how much was used, and the handle. */
void hook_file_handle(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[4];

	if (!d->exit) {
		if (!dec_read(d, ref->value, b, 4)) {
			dec_addr(d, ref->value);
			d->progress->saved[1] = 1;
			return;
		}
		d->progress->saved[0] = dec_word(d, b, 4);
		dec_printf(d, "{handle_bytes=%u", (unsigned)d->progress->saved[0]);
		return;
	}
	if (d->progress->saved[1] != 0)
		return;
	bool overflow = d->call->is_error && (d->call->result == -75 || d->call->result == 75);
	if ((!d->call->is_error || overflow) && dec_read(d, ref->value, b, 4)) {
		uint32_t now = (uint32_t)dec_word(d, b, 4);
		if (now != d->progress->saved[0])
			dec_printf(d, " => %u", now);
		if (!d->call->is_error) {
			print_handle(d, ref->value, now);
			return;
		}
	}
	str_add_char(d->out, '}');
}

void hook_printed_int(struct decoder *d, const struct sys_ref *ref)
{
	int64_t v = dec_open_u32(d, ref->value);

	if (v >= 0)
		dec_printf(d, "%d]", (int)v);
}

void hook_file_handle_in(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[4];

	if (!dec_read_or_addr(d, ref->value, b, 4))
		return;
	dec_printf(d, "{handle_bytes=%u", (unsigned)dec_word(d, b, 4));
	print_handle(d, ref->value, (uint32_t)dec_word(d, b, 4));
}

/* ---- quota ------------------------------------------------------------------------ */

void hook_quota_cmd(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	if (d->style->xlat != SYSCALL_XLAT_ABBREV) {
		dec_uint(d, v);
		if (d->style->xlat == SYSCALL_XLAT_RAW)
			return;
		dec_text(d, " /* ");
	}
	struct syscall_style plain = *d->style;
	const struct syscall_style *old = d->style;
	plain.xlat = SYSCALL_XLAT_ABBREV;
	d->style = &plain;
	dec_text(d, "QCMD(");
	dec_named(d, v >> 8, dec_name(XLAT_quota_cmds, v >> 8), "Q_???");
	dec_next(d);
	dec_enum(d, XLAT_quota_types, v & 0xff);
	str_add_char(d->out, ')');
	d->style = old;
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

static uint32_t quota_command(const struct decoder *d, unsigned arg) { return (uint32_t)d->args[arg] >> 8; }

static void quota_id(struct decoder *d, const struct sys_ref *ref)
{
	if (quota_command(d, ref->param) == 0x800002)
		dec_enum(d, XLAT_quota_formats, (uint32_t)ref->value);
	else
		dec_uid(d, (uint32_t)ref->value);
}

static void quota_flags(struct decoder *d, uint64_t addr, unsigned table)
{
	int64_t v = dec_open_u32(d, addr);

	if (v < 0)
		return;
	if (table == XLAT_quota_formats)
		dec_enum(d, table, v);
	else
		dec_flags(d, table, v);
	str_add_char(d->out, ']');
}

static bool xfs_quota_addr(struct decoder *d, uint32_t cmd, uint64_t addr)
{
	switch (cmd) {
	case 0x5801:
	case 0x5802:
		quota_flags(d, addr, XLAT_fs_quota_flags);
		break;
	case 0x5806:
		quota_flags(d, addr, XLAT_fs_dquot_flags);
		break;
	case 0x5803:
	case 0x5804:
	case 0x5809:
		dec_struct(d, STRUCT_fs_disk_quota, addr);
		break;
	case 0x5805:
		dec_struct(d, STRUCT_fs_quota_stat, addr);
		break;
	case 0x5808:
		dec_struct(d, STRUCT_fs_quota_statv, addr);
		break;
	default:
		return false;
	}
	return true;
}

static void quota_addr(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = quota_command(d, ref->param);

	switch (cmd) {
	case 0x800002:
		dec_path(d, ref->value);
		break;
	case 0x800004:
		quota_flags(d, ref->value, XLAT_quota_formats);
		break;
	case 0x800005:
	case 0x800006:
		dec_struct(d, STRUCT_if_dqinfo, ref->value);
		break;
	case 0x800007:
	case 0x800008:
		dec_struct(d, STRUCT_if_dqblk, ref->value);
		break;
	case 0x800009:
		dec_struct(d, STRUCT_if_nextdqblk, ref->value);
		break;
	default:
		if (!xfs_quota_addr(d, cmd, ref->value))
			dec_addr(d, ref->value);
	}
}

static bool quota_is_given(uint32_t cmd)
{
	return cmd == 0x800002 || cmd == 0x800006 || cmd == 0x800008 || cmd == 0x5801 || cmd == 0x5802 || cmd == 0x5804 || cmd == 0x5806;
}

/* What comes after the command and the device. */
void hook_quota_rest(struct decoder *d, const struct sys_ref *ref)
{
	static const uint32_t without_id[] = { 0x800004, 0x800005, 0x800006, 0x5801, 0x5802, 0x5805, 0x5806, 0x5808 };
	uint32_t cmd = quota_command(d, ref->param);
	struct sys_ref part = *ref;
	bool id = true;

	if (cmd == 0x800001 || cmd == 0x800003 || cmd == 0x5807) /* Q_SYNC, Q_QUOTAOFF, Q_XQUOTASYNC: nothing else counts */
		return;
	for (unsigned i = 0; i < sizeof(without_id) / sizeof(without_id[0]); i++)
		id &= cmd != without_id[i];
	dec_set_names(d, id ? "id,addr" : "addr");
	if (id) {
		dec_next_arg(d);
		part.value = d->args[2];
		quota_id(d, &part);
	}
	dec_next_arg(d);
	part.value = d->args[3];
	d->ignore_error = quota_is_given(cmd);
	quota_addr(d, &part);
}
