/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Build-ids as values: compare, print, parse. */
#include "module/module.h"

#include <string.h>

bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
	return a->size > 0 && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

void build_id_format(const struct build_id *id, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < id->size; i++) {
		hex[2 * i] = digits[id->bytes[i] >> 4];
		hex[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	hex[2 * (size_t)id->size] = '\0';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool build_id_parse(const char *hex, struct build_id *id)
{
	size_t length = strlen(hex);

	*id = (struct build_id){ 0 };
	if (length == 0 || length % 2 != 0 || length > 2 * BUILD_ID_MAX)
		return false;
	for (size_t i = 0; i < length / 2; i++) {
		int high = digit_value(hex[2 * i]), low = digit_value(hex[2 * i + 1]);

		if (high < 0 || low < 0) {
			*id = (struct build_id){ 0 };
			return false;
		}
		id->bytes[id->size++] = (uint8_t)(high << 4 | low);
	}
	return true;
}
