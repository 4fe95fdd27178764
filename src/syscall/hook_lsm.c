/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lsm_get_self_attr and its two sisters: contexts, one behind another in a buffer whose size is
 * told by reference.  What was there at entry is kept in progress->saved.
 */
#include "syscall/hooks.h"

enum { CTX_SIZE = 32, SINGLE = 1, GIVEN = 0, DONE = 1, SIZE = 2 }; /* GIVEN: the size could be read */

static bool read_size(struct decoder *d, uint64_t addr, uint64_t *size)
{
	uint8_t b[4];
	bool readable = dec_read(d, addr, b, 4);

	*size = readable ? dec_word(d, b, 4) : 0;
	return readable;
}

static void print_id(struct decoder *d, const uint8_t *b)
{
	dec_text(d, "{id=");
	dec_enum(d, XLAT_lsm_ids_bare, dec_word(d, b, 8));
}

/* ROOM: bytes of the buffer from here on. */
static void print_ctx(struct decoder *d, uint64_t addr, const uint8_t *b, uint64_t room)
{
	uint64_t length = dec_word(d, b + 16, 8), text = dec_word(d, b + 24, 8), whole = length < room ? length : room;

	print_id(d, b);
	dec_text(d, ", flags=");
	dec_hex(d, dec_word(d, b + 8, 8));
	dec_printf(d, ", len=%llu, ctx_len=%llu", (unsigned long long)length, (unsigned long long)text);
	whole = whole > CTX_SIZE ? whole - CTX_SIZE : 0;
	if (text > whole)
		text = whole;
	if (text > 0) {
		dec_text(d, ", ctx=");
		dec_buffer_hex(d, addr + CTX_SIZE, text);
	}
	str_add_char(d->out, '}');
}

static void print_sequence(struct decoder *d, uint64_t addr, uint64_t room)
{
	uint8_t b[CTX_SIZE];

	for (uint64_t i = 0;; i++) {
		bool read = !dec_failed(d) && room >= CTX_SIZE && dec_read(d, addr, b, CTX_SIZE);
		if (!dec_array_step(d, i, addr, read))
			return;
		uint64_t length = dec_word(d, b + 16, 8);
		print_ctx(d, addr, b, room);
		if (length < CTX_SIZE || length >= room || addr + length <= addr)
			break;
		addr += length;
		room -= length;
	}
	str_add_char(d->out, ']');
}

/* Of lsm_get_self_attr: which one was asked for, and what was got. */
void hook_lsm_ctx(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t *saved = d->progress->saved, size;
	bool single = ((uint32_t)d->args[3] & SINGLE) != 0;
	uint8_t b[CTX_SIZE];

	if (!d->exit) {
		saved[GIVEN] = read_size(d, d->args[2], &saved[SIZE]);
		saved[DONE] = !saved[GIVEN] || (single && !dec_read(d, ref->value, b, CTX_SIZE));
		if (saved[DONE]) {
			dec_addr(d, ref->value);
		} else if (single) {
			print_id(d, b);
			str_add_char(d->out, '}');
		}
		return;
	}
	if (saved[DONE])
		return;
	if (read_size(d, d->args[2], &size)) {
		if (single)
			dec_text(d, " => ");
		print_sequence(d, ref->value, size);
	} else if (!single) {
		dec_addr(d, ref->value);
	}
}

static void module(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_enum(d, XLAT_lsm_ids, dec_word(d, b, 8));
}

/* Of lsm_list_modules. */
void hook_lsm_modules(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t *saved = d->progress->saved, size;

	if (!d->exit) {
		saved[GIVEN] = read_size(d, d->args[1], &saved[SIZE]);
		saved[DONE] = !saved[GIVEN];
		if (saved[DONE])
			dec_addr(d, ref->value);
	} else if (!saved[DONE] && (dec_failed(d) || !read_size(d, d->args[1], &size))) {
		dec_addr(d, ref->value);
	} else if (!saved[DONE]) {
		dec_array(d, ref->value, (uint64_t)d->call->result, 8, module, NULL);
	}
}

void hook_lsm_size(struct decoder *d, const struct sys_ref *ref)
{
	const uint64_t *saved = d->progress->saved;
	uint64_t now;

	if (saved[GIVEN] && (saved[DONE] || (read_size(d, ref->value, &now) && now == saved[SIZE])))
		dec_printf(d, "[%llu]", (unsigned long long)saved[SIZE]);
	else if (saved[GIVEN] && read_size(d, ref->value, &now))
		dec_printf(d, "[%llu => %llu]", (unsigned long long)saved[SIZE], (unsigned long long)now);
	else
		dec_addr(d, ref->value);
}

/* Of lsm_set_self_attr. */
void hook_lsm_set(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t size = (uint32_t)d->args[2];
	uint8_t b[CTX_SIZE];

	if (size >= CTX_SIZE && dec_read(d, ref->value, b, CTX_SIZE))
		print_ctx(d, ref->value, b, size);
	else
		dec_addr(d, ref->value);
}
