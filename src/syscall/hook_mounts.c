/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * statmount and listmount: a request that says its own size, and an answer whose texts stand
 * behind it, at places that its fields name.  What has no place in the answer is shown as the number
 * that was there.
 */
#include "syscall/hooks.h"

enum { REQ_VER0 = 24, REQ_SIZE = 32, PAGE = 4096, STATMOUNT_SIZE = 512 };

/* `param`: the structure, of which what belongs to this call has its names. */
void hook_mnt_id_req(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[REQ_SIZE];

	if (!dec_read_or_addr(d, ref->value, b, 4))
		return;
	uint64_t size = dec_word(d, b, 4);
	size_t known = size > REQ_SIZE ? REQ_SIZE : size;

	dec_printf(d, "{size=%u", (unsigned)size);
	if (size >= REQ_VER0 && !dec_read(d, ref->value, b, known)) {
		dec_text(d, ", ???");
	} else if (size >= REQ_VER0) {
		struct sys_object o = { &sys_structs[ref->param], b, known / 8 * 8, ref->value };
		bool any = true, more = false;
		dec_fields(d, &o, &any, &more);
		dec_trailing(d, ref->value, REQ_SIZE, size < PAGE ? size : PAGE, ", ");
	}
	str_add_char(d->out, '}');
}

/* Bytes of text behind the answer; 0: not as many as it says, or they can't be read. */
static uint64_t text_size(struct decoder *d, const struct sys_object *o)
{
	enum { MOST = 3 * PAGE };
	uint64_t size = dec_word(d, o->bytes, 4), behind = size > STATMOUNT_SIZE && size <= d->args[2] ? size - STATMOUNT_SIZE : 0;
	uint8_t b[PAGE];

	if (behind > MOST)
		behind = MOST;
	for (uint64_t at = 0; at < behind; at += PAGE)
		if (!dec_read_text(d, o->addr + STATMOUNT_SIZE + at, b, behind - at < PAGE ? behind - at : PAGE))
			return 0;
	return behind;
}

/* The text at AT of SIZE bytes at ADDR; returns the bytes that it takes with its NUL, 0: it can't be read. */
static uint64_t print_text(struct decoder *d, uint64_t addr, uint64_t at, uint64_t size)
{
	uint8_t b[PAGE];
	uint64_t length = 0, room = size - at < sizeof(b) ? size - at : sizeof(b);

	if (!dec_read_text(d, addr + at, b, room))
		return 0;
	while (length < room && b[length] != 0)
		length++;
	dec_quote(d, b, length - (length == room), false, false);
	if (length == room)
		dec_text(d, "...");
	return length + 1;
}

void hook_statmount_text(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = text_size(d, ref->object);

	if (ref->value >= size || print_text(d, ref->object->addr + STATMOUNT_SIZE, ref->value, size) == 0)
		dec_hex(d, ref->value);
}

/* As many texts, one behind another, as the field `param` says. */
void hook_statmount_texts(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = text_size(d, ref->object), at = ref->value, count = dec_field(d, ref->object, ref->param);

	if (at >= size) {
		dec_hex(d, at);
		return;
	}
	str_add_char(d->out, '[');
	for (uint64_t i = 0; i < count; i++) {
		uint64_t took;

		if (i > 0)
			dec_text(d, ", ");
		if (at < size && dec_is_beyond(d, i)) {
			dec_text(d, "...");
			break;
		}
		if (at >= size || (took = print_text(d, ref->object->addr + STATMOUNT_SIZE, at, size)) == 0) {
			dec_text(d, "???");
			break;
		}
		at += took;
	}
	str_add_char(d->out, ']');
}

void hook_statmount(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = d->args[2] < STATMOUNT_SIZE ? d->args[2] : STATMOUNT_SIZE;
	uint8_t b[STATMOUNT_SIZE] = { 0 };

	if (dec_failed(d) || size < 4)
		dec_addr(d, ref->value);
	else if (dec_read_or_addr(d, ref->value, b, size))
		dec_struct_in(d, STRUCT_statmount, b, sizeof(b), ref->value);
}
