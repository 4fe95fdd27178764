/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for sockets: addresses, messages, vectors of buffers. */
#include "syscall/hooks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESS_LIMIT = 128 };

/* ---- addresses -------------------------------------------------------------------- */

static unsigned big16(const uint8_t *b) { return (unsigned)b[0] << 8 | b[1]; }

static void print_raw(struct decoder *d, const uint8_t *b, size_t size)
{
	if (size <= 2)
		return;
	dec_text(d, ", sa_data=");
	dec_quote(d, b + 2, size - 2, false, false);
}

static void print_unix(struct decoder *d, const uint8_t *b, size_t size)
{
	if (size <= 2)
		return;
	dec_text(d, ", sun_path=");
	if (b[2] != 0) {
		const uint8_t *nul = memchr(b + 2, 0, size - 2);
		dec_quote(d, b + 2, nul != NULL ? (size_t)(nul - b - 2) : size - 2, false, false);
	} else {
		str_add_char(d->out, '@');
		dec_quote(d, b + 3, size - 3, false, false);
	}
}

static void print_inet(struct decoder *d, const uint8_t *b, size_t size)
{
	if (size < 16) {
		print_raw(d, b, size);
		return;
	}
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		dec_printf(d, ", sin_port=%#x, sin_addr=%#x", (unsigned)dec_word(d, b + 2, 2), (unsigned)dec_word(d, b + 4, 4));
	else
		dec_printf(d, ", sin_port=htons(%u), sin_addr=inet_addr(\"%u.%u.%u.%u\")", big16(b + 2), b[4], b[5], b[6], b[7]);
}

static void print_inet6(struct decoder *d, const uint8_t *b, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (size < 24) {
		print_raw(d, b, size);
		return;
	}
	dec_printf(d, ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), ", big16(b + 2),
		   (unsigned)ntohl((uint32_t)dec_word(d, b + 4, 4)));
	dec_printf(d, "inet_pton(AF_INET6, \"%s\", &sin6_addr)", inet_ntop(AF_INET6, b + 8, text, sizeof(text)));
	if (size >= 28)
		dec_printf(d, ", sin6_scope_id=%u", (unsigned)dec_word(d, b + 24, 4));
}

static void print_netlink(struct decoder *d, const uint8_t *b, size_t size)
{
	if (size < 12) {
		print_raw(d, b, size);
		return;
	}
	dec_printf(d, ", nl_pid=%d, nl_groups=", (int)dec_word(d, b + 4, 4));
	dec_printf(d, "%08x", (unsigned)dec_word(d, b + 8, 4));
}

void dec_sockaddr(struct decoder *d, const uint8_t *bytes, size_t size)
{
	if (size < 2) {
		dec_text(d, "{sa_family=???}");
		return;
	}
	unsigned family = (unsigned)dec_word(d, bytes, 2);
	dec_text(d, "{sa_family=");
	dec_enum(d, XLAT_af, family);
	switch (family) {
	case 1:
		print_unix(d, bytes, size);
		break;
	case 2:
		print_inet(d, bytes, size);
		break;
	case 10:
		print_inet6(d, bytes, size);
		break;
	case 16:
		print_netlink(d, bytes, size);
		break;
	default:
		print_raw(d, bytes, size);
	}
	str_add_char(d->out, '}');
}

static void sockaddr_at(struct decoder *d, uint64_t addr, int64_t length)
{
	uint8_t bytes[ADDRESS_LIMIT + 1] = { 0 };

	if (length < 2) {
		dec_addr(d, addr);
		return;
	}
	size_t size = length > ADDRESS_LIMIT ? ADDRESS_LIMIT : (size_t)length;
	if (dec_read_or_addr(d, addr, bytes, size))
		dec_sockaddr(d, bytes, size);
}

/* An address that is given; its length is argument `param`. */
void hook_sockaddr(struct decoder *d, const struct sys_ref *ref)
{
	sockaddr_at(d, ref->value, (int32_t)d->args[ref->param]);
}

/* An address that the kernel fills; argument `param` points to its length. */
void hook_sockaddr_out(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[4];
	uint64_t room = d->progress->saved[0];

	if (dec_failed(d) || !dec_read(d, d->args[ref->param], bytes, 4)) {
		dec_addr(d, ref->value);
		return;
	}
	uint64_t length = dec_word(d, bytes, 4);
	sockaddr_at(d, ref->value, (int32_t)(length < room ? length : room));
}

/* "[16]" or "[128 => 16]": a length before and after. */
void hook_length(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[4];
	int before = (int)d->progress->saved[0];

	if (ref->value == 0 || !dec_read(d, ref->value, bytes, 4)) {
		dec_addr(d, ref->value);
		return;
	}
	int after = (int)dec_word(d, bytes, 4);
	if (d->call->is_error || before == after)
		dec_printf(d, "[%d]", before);
	else
		dec_printf(d, "[%d => %d]", before, after);
}

/* ---- socket types ----------------------------------------------------------------- */

void hook_socktype(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;
	const char *name = dec_name(XLAT_socktypes, v & 0xf);

	if (name == NULL || (v & ~0xfu) == 0 || d->style->xlat == SYSCALL_XLAT_RAW) {
		if (name == NULL)
			dec_flags(d, XLAT_sock_type_flags, v);
		else
			dec_enum(d, XLAT_socktypes, v);
		return;
	}
	struct syscall_style plain = *d->style;
	const struct syscall_style *old = d->style;
	bool verbose = old->xlat == SYSCALL_XLAT_VERBOSE;
	plain.xlat = SYSCALL_XLAT_ABBREV;
	d->style = &plain;
	if (verbose)
		dec_printf(d, "%#x /* ", v);
	dec_text(d, name);
	str_add_char(d->out, '|');
	dec_flags_of(d, (const uint16_t[]){ XLAT_sock_type_flags }, 1, v & ~0xfu, NULL);
	if (verbose)
		dec_text(d, " */");
	d->style = old;
}

/* socket()'s protocol, by its family. */
void hook_protocol(struct decoder *d, const struct sys_ref *ref)
{
	switch ((uint32_t)d->args[0]) {
	case 2:
	case 10:
		dec_enum(d, XLAT_ipproto, (uint32_t)ref->value);
		break;
	case 16:
		dec_enum(d, XLAT_netlink_protocols, (uint32_t)ref->value);
		break;
	default:
		dec_uint(d, ref->value);
	}
}

/* ---- vectors ---------------------------------------------------------------------- */

struct vector {
	uint64_t left; /* bytes that were transferred and not yet printed */
	bool data;
};

static void print_iov(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	struct vector *v = user;
	uint64_t base = dec_word(d, bytes, d->word), length = dec_word(d, bytes + d->word, d->word);
	uint64_t show = length < v->left ? length : v->left;

	(void)addr;
	dec_text(d, "{iov_base=");
	if (v->data)
		dec_buffer(d, base, show);
	else
		dec_addr(d, base);
	v->left -= show;
	dec_text(d, ", iov_len=");
	dec_uint(d, length);
	str_add_char(d->out, '}');
}

static void print_vector(struct decoder *d, uint64_t addr, uint64_t count, struct vector v)
{
	dec_array(d, addr, count, 2 * (size_t)d->word, print_iov, &v);
}

void dec_vector(struct decoder *d, uint64_t addr, uint64_t count, uint64_t bytes)
{
	print_vector(d, addr, count, (struct vector){ bytes, true });
}

/* Buffers that are written: argument `param` is their number. */
void hook_iovec(struct decoder *d, const struct sys_ref *ref)
{
	print_vector(d, ref->value, d->args[ref->param], (struct vector){ UINT64_MAX, true });
}

/* Buffers that are only named. */
void hook_iovec_addr(struct decoder *d, const struct sys_ref *ref)
{
	print_vector(d, ref->value, d->args[ref->param], (struct vector){ UINT64_MAX, false });
}

/* Buffers that were filled: as many bytes as the result says. */
void hook_iovec_out(struct decoder *d, const struct sys_ref *ref)
{
	bool ok = !d->call->is_error;
	print_vector(d, ref->value, d->args[ref->param],
		     (struct vector){ ok && d->call->result > 0 ? (uint64_t)d->call->result : 0, ok });
}
