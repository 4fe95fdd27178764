/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to consoles and keyboards (linux/kd.h, linux/keyboard.h): sounds, keys and what they stand for, fonts and
 * their mapping to Unicode.  Where a structure is printed in two parts, whether it was open at entry is in progress->saved[3],
 * as in decode.c.
 */
#include "syscall/hooks.h"

#include <stdio.h>
#include <string.h>

enum { OPEN = 3 };

enum { PIT_HZ = 1193182, MOST_DIACR = 256 };

void hook_kd_sound(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t hz = ref->value != 0 ? PIT_HZ / ref->value : 0;

	dec_uint(d, ref->value);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	if (hz != 0)
		dec_printf(d, " /* %u Hz */", (unsigned)hz);
	else
		dec_text(d, " /* off */");
}

void hook_kd_mktone(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t ticks = (uint32_t)ref->value >> 16, count = ref->value & 0xffff;

	if (ticks != 0)
		dec_printf(d, "%u<<16|", ticks);
	dec_uint(d, count);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	if (ticks != 0 && count != 0)
		dec_printf(d, " /* %u Hz, %u ms */", PIT_HZ / count, ticks);
	else
		dec_text(d, " /* off */");
}

void hook_kd_port(struct decoder *d, const struct sys_ref *ref)
{
	enum { FIRST = 0x3b4, LAST = 0x3df };

	dec_hex(d, ref->value);
	if (ref->value >= FIRST && ref->value <= LAST && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_printf(d, " /* GPFIRST + %u */", (unsigned)(ref->value - FIRST));
}

void hook_kd_sigaccept(struct decoder *d, const struct sys_ref *ref)
{
	if (ref->value < 0x7fffffff)
		dec_signal(d, (int)ref->value);
	else
		dec_uint(d, ref->value);
}

static void print_char(struct decoder *d, uint8_t c)
{
	static const char escapes[] = "tnvfr";

	if (c >= 9 && c <= 13)
		dec_printf(d, "'\\%c'", escapes[c - 9]);
	else if (c == '\\' || c == '\'')
		dec_printf(d, "'\\%c'", c);
	else if (c >= ' ' && c < 0x7f)
		dec_printf(d, "'%c'", c);
	else
		dec_printf(d, "'\\x%02x'", c);
}

static const uint16_t key_tables[] = { XLAT_COUNT, XLAT_kd_keys_fn, XLAT_kd_keys_spec, XLAT_kd_keys_pad, XLAT_kd_keys_dead,
				       XLAT_COUNT, XLAT_kd_keys_cur, XLAT_kd_keys_shift, XLAT_COUNT, XLAT_kd_keys_ascii,
				       XLAT_kd_keys_lock, XLAT_COUNT, XLAT_kd_keys_slock, XLAT_COUNT, XLAT_kd_keys_brl };

static void key_value(struct decoder *d, uint16_t v)
{
	enum { COUNT = sizeof(key_tables) / sizeof(key_tables[0]) };
	uint8_t type = (uint8_t)(v >> 8), value = (uint8_t)v;
	const char *name = type < COUNT && key_tables[type] != XLAT_COUNT ? dec_name(key_tables[type], v) : NULL;

	dec_hex(d, v);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	if (name != NULL) {
		dec_comment(d, name);
		return;
	}
	name = dec_name(XLAT_kd_key_types, type);
	dec_text(d, " /* K(");
	if (name != NULL)
		dec_text(d, name);
	else
		dec_hex(d, type);
	dec_next(d);
	if (type == 0 || type == 8 || type == 11 || type == 13)
		print_char(d, value);
	else
		dec_hex(d, value);
	dec_text(d, ") */");
}

void hook_kd_kbentry(struct decoder *d, const struct sys_ref *ref)
{
	bool get = (d->args[1] & 1) == 0;
	uint8_t b[2];

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, b, 2);
		if (d->progress->saved[OPEN] == 0)
			return;
		dec_text(d, "{kb_table=");
		if (dec_name(XLAT_kd_tables, b[0]) != NULL)
			dec_enum(d, XLAT_kd_tables, b[0]);
		else
			dec_flags(d, XLAT_kd_keymap_flags, b[0]);
		dec_printf(d, ", kb_index=%u", b[1]);
		if (get)
			return;
	} else if (!get || d->progress->saved[OPEN] == 0) {
		return;
	}
	if (!dec_failed(d)) {
		dec_text(d, ", kb_value=");
		if (dec_read(d, ref->value + 2, b, 2))
			key_value(d, (uint16_t)dec_word(d, b, 2));
		else
			dec_text(d, "???");
	}
	str_add_char(d->out, '}');
}

static void fn_value(struct decoder *d, uint8_t v)
{
	const char *name = dec_name(XLAT_kd_keys_fn, 0x100u | v);
	char text[32];

	snprintf(text, sizeof(text), "KVAL(%s)", name != NULL ? name : "K_???");
	dec_named(d, v, name != NULL ? text : NULL, text);
}

void hook_kd_kbsent(struct decoder *d, const struct sys_ref *ref)
{
	enum { TEXT_BYTES = 512 };
	bool get = (d->args[1] & 1) == 0;
	uint8_t b;

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, &b, 1);
		if (d->progress->saved[OPEN] == 0)
			return;
		dec_text(d, "{kb_func=");
		fn_value(d, b);
		if (get)
			return;
	} else if (!get || d->progress->saved[OPEN] == 0) {
		return;
	}
	if (!dec_failed(d)) {
		dec_text(d, ", kb_string=");
		dec_name_n(d, ref->value + 1, TEXT_BYTES);
	}
	str_add_char(d->out, '}');
}

static void diacr(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	static const char *const names[] = { "{diacr=", ", base=", ", result=" };
	bool wide = user != NULL;

	(void)addr;
	for (unsigned i = 0; i < 3; i++) {
		dec_text(d, names[i]);
		if (wide)
			dec_hex(d, dec_word(d, b + 4 * i, 4));
		else
			print_char(d, b[i]);
	}
	str_add_char(d->out, '}');
}

static void diacrs(struct decoder *d, uint64_t addr, const char *name, bool wide)
{
	uint8_t b[4];

	if (!dec_read_or_addr(d, addr, b, 4))
		return;
	uint32_t count = (uint32_t)dec_word(d, b, 4);
	dec_printf(d, "{kb_cnt=%u, %s=", count, name);
	dec_array(d, addr + 4, count < MOST_DIACR ? count : MOST_DIACR, wide ? 12 : 3, diacr, wide ? &wide : NULL);
	if (count > MOST_DIACR && (d->style->verbose || d->style->string_limit >= MOST_DIACR) &&
	    memcmp(d->out->text + d->out->length - 2, "}]", 2) == 0) {
		d->out->length--;
		dec_text(d, ", ...]");
	}
	str_add_char(d->out, '}');
}

void hook_kd_diacr(struct decoder *d, const struct sys_ref *ref) { diacrs(d, ref->value, "kbdiacr", false); }
void hook_kd_diacruc(struct decoder *d, const struct sys_ref *ref) { diacrs(d, ref->value, "kbdiacruc", true); }

void hook_kd_keycode(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, b, 8);
		if (d->progress->saved[OPEN] == 0)
			return;
		dec_text(d, "{scancode=");
		dec_hex(d, dec_word(d, b, 4));
		dec_text(d, ", keycode=");
		dec_hex(d, dec_word(d, b + 4, 4));
		d->progress->saved[0] = dec_word(d, b + 4, 4);
		return;
	}
	if (d->progress->saved[OPEN] == 0)
		return;
	if (!dec_failed(d) && dec_read(d, ref->value + 4, b, 4) && dec_word(d, b, 4) != d->progress->saved[0]) {
		dec_text(d, " => ");
		dec_hex(d, dec_word(d, b, 4));
	}
	str_add_char(d->out, '}');
}

static void unipair(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_text(d, "{unicode=");
	dec_hex(d, dec_word(d, b, 2));
	dec_text(d, ", fontpos=");
	dec_hex(d, dec_word(d, b + 2, 2));
	str_add_char(d->out, '}');
}

void hook_kd_unimap(struct decoder *d, const struct sys_ref *ref)
{
	bool get = (uint32_t)d->args[1] == 0x4b66;
	uint8_t b[16];
	uint64_t *count = &d->progress->saved[0];

	if (!dec_read(d, ref->value, b, 2 * (size_t)d->word)) {
		if (!d->exit)
			dec_addr(d, ref->value);
		d->progress->saved[OPEN] = 0;
		return;
	}
	if (d->exit && d->progress->saved[OPEN] == 0)
		return;
	if (!d->exit) {
		d->progress->saved[OPEN] = 1;
		*count = dec_word(d, b, 2);
		dec_printf(d, "{entry_ct=%u", (unsigned)*count);
		if (get)
			return;
	}
	if (d->exit && dec_word(d, b, 2) != *count)
		dec_printf(d, " => %u", (unsigned)dec_word(d, b, 2));
	dec_text(d, ", entries=");
	if (dec_failed(d) && d->call->result != -12)
		dec_addr(d, dec_word(d, b + d->word, d->word));
	else
		dec_array(d, dec_word(d, b + d->word, d->word), *count, 4, unipair, NULL);
	str_add_char(d->out, '}');
}

static void screen_map(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	uint32_t v = (uint32_t)dec_word(d, b, 2);
	bool direct = (v & ~0x1ffu) == 0xf000;

	(void)addr;
	(void)user;
	if (d->style->xlat != SYSCALL_XLAT_ABBREV || !direct)
		dec_hex(d, v);
	if (!direct || d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	const char *low = (v & 0x1ff) != 0 ? "0x" : "";
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, " /* UNI_DIRECT_BASE+%s%x */", low, v & 0x1ff);
	else
		dec_printf(d, "UNI_DIRECT_BASE+%s%x", low, v & 0x1ff);
}

void hook_kd_uniscrnmap(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_failed(d))
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, 256, 2, screen_map, NULL);
}

static void font(struct decoder *d, const uint8_t *b, bool data)
{
	uint32_t count = (uint32_t)dec_word(d, b, 2), height = (uint32_t)dec_word(d, b + 2, 2);
	uint64_t at = dec_word(d, b + d->word, d->word);

	dec_printf(d, "{charcount=%u, charheight=%u, chardata=", count, height);
	if (data)
		dec_buffer_hex(d, at, (uint64_t)(count < 512 ? count : 512) * 32);
	else
		dec_addr(d, at);
	str_add_char(d->out, '}');
}

void hook_kd_fontx(struct decoder *d, const struct sys_ref *ref)
{
	bool get = (uint32_t)d->args[1] == 0x4b6b;
	uint8_t b[16];

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, b, 2 * (size_t)d->word);
		if (d->progress->saved[OPEN] != 0)
			font(d, b, !get);
	} else if (d->progress->saved[OPEN] != 0 && !dec_failed(d) && dec_read(d, ref->value, b, 2 * (size_t)d->word)) {
		dec_text(d, " => ");
		font(d, b, true);
	}
}

/* Where there is something at DATA: by operation, and whether it is given or was filled. */
static void font_data(struct decoder *d, uint32_t op, const uint8_t *b, uint64_t at)
{
	uint64_t width = dec_word(d, b + 8, 4), count = dec_word(d, b + 16, 4);
	bool filled = op == 0 || (op == 1 && d->exit);

	if (op == 3 || (op == 2 && d->exit))
		return;
	dec_text(d, ", data=");
	if (op == 2)
		dec_str_n(d, at, 32);
	else if (filled)
		dec_buffer_hex(d, at, ((width < 32 ? width : 32) + 7) / 8 * 32 * (count < 512 ? count : 512));
	else
		dec_addr(d, at);
}

static void font_op(struct decoder *d, uint32_t op, const uint8_t *b, uint64_t at)
{
	str_add_char(d->out, '{');
	if (!d->exit) {
		dec_text(d, "op=");
		dec_enum(d, XLAT_kd_font_ops, op);
		dec_next(d);
	}
	if (!d->exit && op != 2 && op != 3) {
		dec_text(d, "flags=");
		dec_flags(d, XLAT_kd_font_flags, dec_word(d, b + 4, 4));
		dec_next(d);
	}
	if (op != 3)
		dec_printf(d, "width=%u, ", (unsigned)dec_word(d, b + 8, 4));
	dec_printf(d, "height=%u", (unsigned)dec_word(d, b + 12, 4));
	if (op != 2 && op != 3)
		dec_printf(d, ", charcount=%u", (unsigned)dec_word(d, b + 16, 4));
	font_data(d, op, b, at);
	str_add_char(d->out, '}');
}

void hook_kd_fontop(struct decoder *d, const struct sys_ref *ref)
{
	unsigned pointer = d->word == 8 ? 24 : 20;
	uint8_t b[32];

	if (d->exit && (d->progress->saved[OPEN] == 0 || dec_failed(d)))
		return;
	if (!dec_read(d, ref->value, b, pointer + d->word)) {
		d->progress->saved[OPEN] = 0;
		if (!d->exit)
			dec_addr(d, ref->value);
		return;
	}
	uint32_t op = (uint32_t)dec_word(d, b, 4);
	d->progress->saved[OPEN] = op != 0 && op != 3;
	if (d->exit)
		dec_text(d, " => ");
	font_op(d, op, b, dec_word(d, b + pointer, d->word));
}
