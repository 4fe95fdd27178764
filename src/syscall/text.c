/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of the caller's memory: quoted as strace quotes it.  A string is read a page at a
 * time, so that one that ends before an unmapped page is whole.
 */
#include "syscall/decode.h"

#include <string.h>

enum { PATH_LIMIT = 4096, READ_CHUNK = 4096 };

/* How a byte is written: 'x' as it is, another letter after a backslash, 0 octal. */
static char escape_of(uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '\v':
		return 'v';
	default:
		return 0;
	}
}

static char *quote_octal(char *to, uint8_t c, bool digit_follows)
{
	*to++ = '\\';
	if (digit_follows || c >= 0100)
		*to++ = (char)('0' + (c >> 6));
	if (digit_follows || c >= 010)
		*to++ = (char)('0' + ((c >> 3) & 7));
	*to++ = (char)('0' + (c & 7));
	return to;
}

static char *quote_hex(char *to, uint8_t c)
{
	*to++ = '\\';
	*to++ = 'x';
	*to++ = "0123456789abcdef"[c >> 4];
	*to++ = "0123456789abcdef"[c & 15];
	return to;
}

static bool needs_hex(const uint8_t *bytes, size_t length, bool stop)
{
	for (size_t i = 0; i < length; i++) {
		if (stop && bytes[i] == 0)
			return false;
		if ((bytes[i] < ' ' || bytes[i] >= 0x7f) && !(bytes[i] >= '\t' && bytes[i] <= '\r'))
			return true;
	}
	return false;
}

/* Into room for four bytes each; ALSO: printable characters that are escaped, too.  How many of BYTES. */
static size_t quote_into(char **to, enum syscall_hex style, const uint8_t *bytes, size_t length, bool stop, const char *also)
{
	bool hex = style == SYSCALL_HEX_ALL || (style == SYSCALL_HEX_NON_ASCII && needs_hex(bytes, length, stop));
	char *at = *to;
	size_t i;

	for (i = 0; i < length && !(stop && bytes[i] == 0); i++) {
		uint8_t c = bytes[i];
		char escape = hex ? 0 : escape_of(c);
		bool as_well = also != NULL && c != 0 && strchr(also, c) != NULL;
		if (hex || (style == SYSCALL_HEX_NON_ASCII_CHARS && (as_well || needs_hex(&c, 1, false)))) {
			at = quote_hex(at, c);
		} else if (escape != 0) {
			*at++ = '\\';
			*at++ = escape;
		} else if (c >= ' ' && c < 0x7f && !as_well) {
			*at++ = (char)c;
		} else {
			at = quote_octal(at, c, i + 1 < length && bytes[i + 1] >= '0' && bytes[i + 1] <= '7');
		}
	}
	*to = at;
	return i;
}

bool dec_quote(struct decoder *d, const uint8_t *bytes, size_t length, bool stop, bool always_hex)
{
	struct str *out = d->out;

	str_reserve(out, 4 * length + 3);
	char *to = out->text + out->length;
	*to++ = '"';
	size_t quoted = quote_into(&to, always_hex ? SYSCALL_HEX_ALL : d->style->hex, bytes, length, stop, NULL);
	*to++ = '"';
	*to = '\0';
	out->length = (size_t)(to - out->text);
	return quoted == length;
}

void syscall_quote(struct str *out, enum syscall_hex hex, const char *text, size_t length, const char *also)
{
	str_reserve(out, 4 * length + 1);
	char *to = out->text + out->length;
	quote_into(&to, hex, (const uint8_t *)text, length, true, also);
	*to = '\0';
	out->length = (size_t)(to - out->text);
}

/* Read a string of at most SIZE bytes with its NUL.  Returns how many bytes there are before
 * the NUL or the end; *ended: a NUL was met.  -1: not readable. */
static int64_t read_string(struct decoder *d, uint64_t addr, uint8_t *buffer, size_t size, bool *ended)
{
	size_t done = 0;

	*ended = false;
	while (done < size) {
		size_t room = 256 - ((addr + done) & 255); /* doesn't cross a page */
		if (room > size - done)
			room = size - done;
		size_t got = d->memory->read(d->memory->user, d->exit ? SYSCALL_EXIT : SYSCALL_ENTER, addr + done,
					     buffer + done, room);
		if (got == 0)
			return -1;
		if (got > room)
			got = room;
		const uint8_t *nul = memchr(buffer + done, 0, got);
		if (nul != NULL) {
			*ended = true;
			return nul - buffer;
		}
		done += got;
		if (got < room)
			return -1;
	}
	return (int64_t)done;
}

void dec_path_n(struct decoder *d, uint64_t addr, size_t most)
{
	uint8_t buffer[PATH_LIMIT + 1];
	bool ended;

	if (most >= PATH_LIMIT)
		most = PATH_LIMIT - 1;
	int64_t length = addr != 0 ? read_string(d, addr, buffer, most + 1, &ended) : -1;
	if (length < 0) {
		dec_addr(d, addr);
		return;
	}
	if (!ended)
		length--;
	dec_quote(d, buffer, (size_t)length, false, false);
	if (!ended)
		dec_text(d, "...");
}

void dec_name_n(struct decoder *d, uint64_t addr, size_t size)
{
	uint8_t buffer[512];
	bool ended;
	size_t shown = d->style->string_limit;

	if (size > sizeof(buffer))
		size = sizeof(buffer);
	if (size > shown + 1) /* what isn't shown needn't be there */
		size = shown + 1;
	int64_t length = addr != 0 ? read_string(d, addr, buffer, size, &ended) : -1;
	if (length < 0) {
		dec_addr(d, addr);
		return;
	}
	if ((size_t)length < shown)
		shown = (size_t)length;
	dec_quote(d, buffer, shown, false, false);
	if ((!ended && size > 0) || shown < (size_t)length)
		dec_text(d, "...");
}

void dec_path(struct decoder *d, uint64_t addr) { dec_path_n(d, addr, PATH_LIMIT - 1); }

void dec_str_n(struct decoder *d, uint64_t addr, uint64_t most)
{
	enum { MOST = 1 << 20 };
	uint8_t small[READ_CHUNK], *at = small;
	uint32_t limit = d->style->string_limit;
	size_t size = limit < MOST ? limit + 1 : MOST;
	struct str more = { 0 };
	bool ended;

	size = size < most ? size : (size_t)most;
	if (size > sizeof(small)) {
		str_reserve(&more, size);
		at = (uint8_t *)more.text;
	}
	int64_t length = addr != 0 ? read_string(d, addr, at, size, &ended) : -1;
	if (length < 0) {
		dec_addr(d, addr);
	} else {
		dec_quote(d, at, (size_t)length - !ended, false, false);
		if (!ended)
			dec_text(d, "...");
	}
	str_deinit(&more);
}

void dec_str(struct decoder *d, uint64_t addr) { dec_str_n(d, addr, UINT64_MAX); }

void dec_str_limit(struct decoder *d, uint64_t addr, uint32_t most)
{
	const struct syscall_style *old = d->style;
	struct syscall_style own = *old;

	if (own.string_limit > most)
		own.string_limit = most;
	d->style = &own;
	dec_str(d, addr);
	d->style = old;
}

static void buffer_text(struct decoder *d, uint64_t addr, uint64_t length, bool hex)
{
	uint8_t bytes[READ_CHUNK];
	struct str more = { 0 };
	uint8_t *at = bytes;
	size_t want = length > d->style->string_limit ? d->style->string_limit : (size_t)length;
	bool cut = length > want;

	if (addr == 0) {
		dec_text(d, "NULL");
		return;
	}
	if (want + cut > sizeof(bytes)) {
		enum { MOST = 1 << 24 };
		want = want > MOST ? MOST : want;
		str_reserve(&more, want + 1);
		at = (uint8_t *)more.text;
	}
	/* what is cut has to be there, by a byte at least */
	if (want + cut > 0 && !dec_read_text(d, addr, at, want + cut)) {
		dec_addr(d, addr);
	} else {
		dec_quote(d, at, want, false, hex);
		if (length > want)
			dec_text(d, "...");
	}
	str_deinit(&more);
}

void dec_buffer(struct decoder *d, uint64_t addr, uint64_t length) { buffer_text(d, addr, length, false); }
void dec_buffer_hex(struct decoder *d, uint64_t addr, uint64_t length) { buffer_text(d, addr, length, true); }

void dec_chars(struct decoder *d, const uint8_t *bytes, size_t size)
{
	const uint8_t *nul = memchr(bytes, 0, size);
	size_t length = nul != NULL ? (size_t)(nul - bytes) : size - 1;

	dec_quote(d, bytes, length, false, false);
	if (nul == NULL)
		dec_text(d, "...");
}
