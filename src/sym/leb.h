/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_LEB_H
#define SONDE_SYM_LEB_H
/* LEB128 numbers, appended to a text; cursor_uleb() and cursor_sleb() read them. */
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

static inline void put_uleb(struct str *s, uint64_t v)
{
	str_reserve(s, 10);
	do {
		s->text[s->length++] = (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		v >>= 7;
	} while (v);
}

static inline void put_sleb(struct str *s, int64_t v)
{
	bool more;

	str_reserve(s, 10);
	do {
		uint8_t byte = v & 0x7f;

		v >>= 7;
		more = !((v == 0 && !(byte & 0x40)) || (v == -1 && (byte & 0x40)));
		s->text[s->length++] = (char)(byte | (more ? 0x80 : 0));
	} while (more);
}

#endif
