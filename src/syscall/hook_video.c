/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks for video devices: pixel formats by their four letters, fractions, numbers of
 * controls, flags of buffers.  Their structures are in structs.def.
 */
#include "syscall/hooks.h"

/* A letter as C would have it. */
static void fourcc_letter(struct decoder *d, unsigned c)
{
	str_add_char(d->out, '\'');
	if (c == '\'' || c == '\\')
		dec_printf(d, "\\%c", (int)c);
	else if (c >= ' ' && c < 0x7f)
		str_add_char(d->out, (char)c);
	else
		dec_printf(d, "\\x%02x", c);
	str_add_char(d->out, '\'');
}

void hook_fourcc(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;
	const char *name = dec_name(XLAT_v4l2_pix_fmts, v);

	if (d->style->xlat == SYSCALL_XLAT_RAW) {
		dec_hex(d, v);
		return;
	}
	dec_text(d, "v4l2_fourcc(");
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			dec_next(d);
		fourcc_letter(d, v >> 8 * i & 0xff);
	}
	str_add_char(d->out, ')');
	if (name != NULL)
		dec_comment(d, name);
}

/* Numerator; the denominator is the field behind it. */
void hook_fract(struct decoder *d, const struct sys_ref *ref)
{
	const struct sys_object *o = ref->object;

	dec_uint(d, (uint32_t)ref->value);
	if (o == NULL || (size_t)(ref->bytes - o->bytes) + 8 > o->size)
		return;
	dec_printf(d, "/%u", (unsigned)dec_word(d, ref->bytes + 4, 4));
}

/* What of a structure isn't shown, even with -v. */
void hook_dots(struct decoder *d, const struct sys_ref *ref)
{
	(void)ref;
	dec_text(d, "...");
}

static void control_id(struct decoder *d, uint32_t id)
{
	enum { CLASS = 0xffff0000 };
	CLEANUP(str_deinit) struct str text = { 0 };
	const char *name = dec_name(XLAT_v4l2_cids, id), *class = dec_name(XLAT_v4l2_ctrl_classes, id & CLASS);

	if (name == NULL && class != NULL) {
		str_printf(&text, "%s+%#x", class, id & ~(uint32_t)CLASS);
		name = str_text(&text);
	}
	dec_named(d, id, name, "V4L2_CID_???");
}

void hook_v4l2_cid(struct decoder *d, const struct sys_ref *ref) { control_id(d, (uint32_t)ref->value); }

/* With the flags that ask for the one behind it. */
void hook_v4l2_cid_next(struct decoder *d, const struct sys_ref *ref)
{
	enum { NEXT = 0xc0000000 };
	uint32_t id = (uint32_t)ref->value;

	if ((id & NEXT) != 0 && d->style->xlat != SYSCALL_XLAT_RAW) {
		dec_flags(d, XLAT_v4l2_ctrl_next, id & NEXT);
		str_add_char(d->out, '|');
		id &= ~(uint32_t)NEXT;
	}
	control_id(d, id);
}

/* Flags, and in some of their bits two enumerations. */
void hook_v4l2_buf_flags(struct decoder *d, const struct sys_ref *ref)
{
	enum { TIMESTAMP = 0xe000, SOURCE = 0x70000 };
	uint32_t v = (uint32_t)ref->value;

	if (d->style->xlat == SYSCALL_XLAT_RAW) {
		dec_hex(d, v);
		return;
	}
	if ((v & ~(uint32_t)(TIMESTAMP | SOURCE)) != 0) {
		dec_flags(d, XLAT_v4l2_buf_flags, v & ~(uint32_t)(TIMESTAMP | SOURCE));
		str_add_char(d->out, '|');
	}
	dec_enum(d, XLAT_v4l2_buf_timestamps, v & TIMESTAMP);
	str_add_char(d->out, '|');
	dec_enum(d, XLAT_v4l2_buf_sources, v & SOURCE);
}

void dec_created_buffers(struct decoder *d)
{
	uint8_t b[256];

	dec_result(d);
	if (dec_read(d, d->args[2], b, dec_struct_size(d, STRUCT_v4l2_create_buffers)))
		dec_printf(d, " ({index=%u, count=%u})", (unsigned)dec_word(d, b, 4), (unsigned)dec_word(d, b + 4, 4));
}
