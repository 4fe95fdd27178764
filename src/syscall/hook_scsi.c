/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SG_IO: which structure it takes says its first word ('S' or 'Q').  What is asked is printed
 * at entry, what became of it at exit, also of a call that failed.  In progress->saved: the
 * structure's kind, and the pointers that are told if it can't be read again.
 */
#include "syscall/hooks.h"

enum { KIND = 3, DATA = 0, SENSE = 1, DIRECTION = 2 };
enum { V3_DIRECTION = 1, V3_COUNT = 4, V3_LENGTH = 5, V3_DATA = 6, V3_SENSE = 8, V3_RESID = 19 };
enum { V4_RESPONSE = 10, V4_OUT_COUNT = 11, V4_OUT_LENGTH, V4_IN_COUNT, V4_IN_LENGTH, V4_IN = 16, V4_IN_RESID = 28 };
static const uint32_t to_device = 0xfffffffe, from_device = 0xfffffffd, both_ways = 0xfffffffc;

/* LENGTH bytes at ADDR, or in COUNT pieces. */
static void data(struct decoder *d, uint64_t addr, uint64_t length, uint64_t count)
{
	if (count != 0)
		dec_vector(d, addr, count, length);
	else
		dec_buffer_hex(d, addr, length);
}

static uint64_t without(uint64_t length, uint64_t residual)
{
	int left = (int)(uint32_t)residual;

	return left > 0 && (uint64_t)left <= length ? length - (uint64_t)left : length;
}

void hook_sg_sense(struct decoder *d, const struct sys_ref *ref)
{
	dec_buffer_hex(d, ref->value, dec_field(d, ref->object, ref->param));
}

void hook_sg_data(struct decoder *d, const struct sys_ref *ref) { hook_sg_sense(d, ref); }

void hook_sg_dout(struct decoder *d, const struct sys_ref *ref)
{
	data(d, ref->value, dec_field(d, ref->object, V4_OUT_LENGTH), dec_field(d, ref->object, V4_OUT_COUNT));
}

void hook_sg_din(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t length = without(dec_field(d, ref->object, V4_IN_LENGTH), dec_field(d, ref->object, V4_IN_RESID));

	data(d, ref->value, length, dec_field(d, ref->object, V4_IN_COUNT));
}

static void v3_data(struct decoder *d, const struct sys_object *o, uint64_t length)
{
	data(d, dec_field(d, o, V3_DATA), length, dec_field(d, o, V3_COUNT));
}

static void v3_enter(struct decoder *d, const struct sys_object *o)
{
	uint64_t direction = dec_field(d, o, V3_DIRECTION);
	bool any = true, more = false;

	dec_fields(d, o, &any, &more);
	d->progress->saved[DIRECTION] = direction;
	d->progress->saved[DATA] = dec_field(d, o, V3_DATA);
	d->progress->saved[SENSE] = dec_field(d, o, V3_SENSE);
	if (direction == to_device || direction == both_ways) {
		dec_text(d, ", dxferp=");
		v3_data(d, o, dec_field(d, o, V3_LENGTH));
	}
}

static void v3_exit(struct decoder *d, const struct sys_object *o)
{
	uint64_t direction = dec_field(d, o, V3_DIRECTION), length = without(dec_field(d, o, V3_LENGTH), dec_field(d, o, V3_RESID));
	bool any = true, more = false;

	if (direction == from_device || (direction == both_ways && length != 0)) {
		dec_text(d, direction == from_device ? ", dxferp=" : " => ");
		v3_data(d, o, length);
	}
	dec_fields(d, o, &any, &more);
}

static void v4_enter(struct decoder *d, const struct sys_object *o)
{
	bool any = true, more = false;

	dec_fields(d, o, &any, &more);
	d->progress->saved[SENSE] = dec_field(d, o, V4_RESPONSE);
	d->progress->saved[DATA] = dec_field(d, o, V4_IN);
}

static void v4_exit(struct decoder *d, const struct sys_object *o)
{
	bool any = true, more = false;

	dec_fields(d, o, &any, &more);
}

static void gone(struct decoder *d, bool v3)
{
	if (!v3) {
		dec_text(d, ", response=");
		dec_hex(d, d->progress->saved[SENSE]);
		dec_text(d, ", din_xferp=");
		dec_hex(d, d->progress->saved[DATA]);
		return;
	}
	if (d->progress->saved[DIRECTION] == from_device) {
		dec_text(d, ", dxferp=");
		dec_addr(d, d->progress->saved[DATA]);
	}
	dec_text(d, ", sbp=");
	dec_addr(d, d->progress->saved[SENSE]);
}

static void at_entry(struct decoder *d, uint64_t addr)
{
	uint8_t b[160];
	uint64_t kind;

	d->progress->saved[KIND] = 0;
	if (!dec_read_or_addr(d, addr, b, 4))
		return;
	kind = dec_word(d, b, 4);
	bool v3 = kind == 'S';
	if (!v3 && kind != 'Q') {
		dec_printf(d, "[%u]", (unsigned)kind);
		return;
	}
	unsigned id = v3 ? STRUCT_sg_v3 : STRUCT_sg_v4, size = dec_struct_size(d, id);
	struct sys_object o = { &sys_structs[id], b, size, addr };
	dec_text(d, v3 ? "{interface_id='S'" : "{guard='Q'");
	if (size > sizeof(b) || !dec_read(d, addr, b, size)) {
		dec_next(d);
		dec_addr(d, addr + 4);
		str_add_char(d->out, '}');
		return;
	}
	d->progress->saved[KIND] = kind;
	if (v3)
		v3_enter(d, &o);
	else
		v4_enter(d, &o);
}

static void at_exit(struct decoder *d, uint64_t addr)
{
	bool v3 = d->progress->saved[KIND] == 'S';
	unsigned id = v3 ? STRUCT_sg_v3_result : STRUCT_sg_v4_result, size = dec_struct_size(d, id);
	uint8_t b[160];
	struct sys_object o = { &sys_structs[id], b, size, addr };

	d->ignore_error = true;
	if (size > sizeof(b) || !dec_read(d, addr, b, size))
		gone(d, v3);
	else if (dec_word(d, b, 4) != d->progress->saved[KIND])
		dec_printf(d, " => %s=%u", v3 ? "interface_id" : "guard", (unsigned)dec_word(d, b, 4));
	else if (v3)
		v3_exit(d, &o);
	else
		v4_exit(d, &o);
	str_add_char(d->out, '}');
	d->ignore_error = false;
}

void hook_sg_io(struct decoder *d, const struct sys_ref *ref)
{
	if (!d->exit)
		at_entry(d, ref->value);
	else if (d->progress->saved[KIND] != 0)
		at_exit(d, ref->value);
}

void hook_sg_reset(struct decoder *d, const struct sys_ref *ref)
{
	enum { NO_ESCALATE = 0x100 };
	int64_t v = dec_open_u32(d, ref->value);

	if (v < 0)
		return;
	if ((v & NO_ESCALATE) != 0) {
		dec_enum(d, XLAT_sg_reset, NO_ESCALATE);
		str_add_char(d->out, '|');
	}
	dec_enum(d, XLAT_sg_reset, v & ~(uint32_t)NO_ESCALATE);
	str_add_char(d->out, ']');
}
