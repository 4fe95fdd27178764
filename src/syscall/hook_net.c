/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for sockets: addresses, types, vectors of buffers. */
#include "syscall/hooks.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
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
	enum { MOST = 110 }; /* of struct sockaddr_un */

	if (size <= 2)
		return;
	if (size > MOST)
		size = MOST;
	dec_text(d, ", sun_path=");
	if (b[2] != 0) {
		const uint8_t *nul = memchr(b + 2, 0, size - 2);
		dec_quote(d, b + 2, nul != NULL ? (size_t)(nul - b - 2) : size - 2, false, false);
	} else {
		str_add_char(d->out, '@');
		dec_quote(d, b + 3, size - 3, false, false);
	}
}

/* A value in the network's order: TEXT, or with -X its bytes as they are in memory. */
__attribute__((format(printf, 5, 6))) static void net_value(struct decoder *d, const char *name, const uint8_t *b, size_t size,
							     const char *fmt, ...)
{
	enum syscall_xlat xlat = d->style->xlat;
	va_list ap;

	dec_text(d, name);
	if (xlat != SYSCALL_XLAT_ABBREV)
		dec_quote(d, b, size, false, true);
	if (xlat == SYSCALL_XLAT_RAW)
		return;
	if (xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " /* ");
	va_start(ap, fmt);
	str_vprintf(d->out, fmt, ap);
	va_end(ap);
	if (xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

/* An address in quotes: with -xx its letters are in hex, as those of all strings. */
static void quote_address(struct decoder *d, int family, const uint8_t *address, struct str *quoted)
{
	struct str *out = d->out;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, address, text, sizeof(text));
	d->out = quoted;
	dec_quote(d, (const uint8_t *)text, strlen(text), false, false);
	d->out = out;
}

static void print_inet(struct decoder *d, const uint8_t *b, size_t size)
{
	CLEANUP(str_deinit) struct str quoted = { 0 };

	if (size < 16) {
		print_raw(d, b, size);
		return;
	}
	net_value(d, ", sin_port=", b + 2, 2, "htons(%u)", big16(b + 2));
	quote_address(d, AF_INET, b + 4, &quoted);
	net_value(d, ", sin_addr=", b + 4, 4, "inet_addr(%s)", str_text(&quoted));
}

static void print_inet6(struct decoder *d, const uint8_t *b, size_t size)
{
	CLEANUP(str_deinit) struct str quoted = { 0 };

	if (size < 24) {
		print_raw(d, b, size);
		return;
	}
	net_value(d, ", sin6_port=", b + 2, 2, "htons(%u)", big16(b + 2));
	net_value(d, ", sin6_flowinfo=", b + 4, 4, "htonl(%u)", (unsigned)ntohl((uint32_t)dec_word(d, b + 4, 4)));
	quote_address(d, AF_INET6, b + 8, &quoted);
	if (d->style->xlat == SYSCALL_XLAT_ABBREV)
		dec_printf(d, ", inet_pton(AF_INET6, %s, &sin6_addr)", str_text(&quoted));
	else
		net_value(d, ", sin6_addr=", b + 8, 16, "inet_pton(AF_INET6, %s)", str_text(&quoted));
	if (size <= 24)
		return;
	uint8_t scope[4] = { 0 }; /* what isn't there of it is 0 */
	memcpy(scope, b + 24, size < 28 ? size - 24 : 4);
	bool local = (b[8] == 0xfe && (b[9] & 0xc0) == 0x80) || (b[8] == 0xff && (b[9] & 0xf) == 2);
	dec_text(d, ", sin6_scope_id=");
	if (local)
		dec_ifindex(d, (uint32_t)dec_word(d, scope, 4));
	else
		dec_uint(d, dec_word(d, scope, 4));
}

static void print_netlink(struct decoder *d, const uint8_t *b, size_t size)
{
	if (size < 12) {
		print_raw(d, b, size);
		return;
	}
	if (b[2] != 0 || b[3] != 0)
		dec_printf(d, ", nl_pad=%#x", (unsigned)dec_word(d, b + 2, 2));
	dec_text(d, ", nl_pid=");
	dec_pid(d, SYSCALL_PID, (int)dec_word(d, b + 4, 4));
	dec_printf(d, ", nl_groups=%#08x", (unsigned)dec_word(d, b + 8, 4));
}

/* The fields behind the family, of a structure of structs.def. */
static void address_fields(struct decoder *d, unsigned id, const uint8_t *b, size_t size)
{
	struct sys_object o = { &sys_structs[id], b, size, 0 };
	bool any = true, more = false;

	dec_fields(d, &o, &any, &more);
}

static void print_packet(struct decoder *d, const uint8_t *b, size_t size)
{
	if (size < 20) {
		print_raw(d, b, size);
		return;
	}
	address_fields(d, STRUCT_sockaddr_packet, b, size);
	if (b[11] == 0)
		return;
	size_t have = size - 12 < b[11] ? size - 12 : b[11];
	dec_text(d, ", sll_addr=[");
	for (size_t i = 0; i < have; i++)
		dec_printf(d, "%s%#02x", i > 0 ? ", " : "", b[12 + i]); /* 00 and 0x1, as strace */
	if (have < b[11])
		dec_text(d, have > 0 ? ", ..." : "...");
	str_add_char(d->out, ']');
}

/* ---- amateur radio ---- */

enum { CALLSIGN = 7, CALLSIGN_LETTERS = 6 };

/* How sure it is that B is a callsign: six letters or digits, padded by spaces, each shifted by one; and a number. */
enum callsign { CALLSIGN_NONE, CALLSIGN_ODD, CALLSIGN_GOOD };

static enum callsign callsign_kind(const uint8_t *b)
{
	bool padding = false, odd = (b[CALLSIGN_LETTERS] & ~0x1e) != 0 || (b[0] >> 1 == ' ' && b[CALLSIGN_LETTERS] != 0);

	for (unsigned i = 0; i < CALLSIGN_LETTERS; i++) {
		uint8_t c = b[i] >> 1;
		bool sane = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');

		if (c < ' ' || c > '~' || c == '*' || c == '/') /* the last two would end a comment */
			return CALLSIGN_NONE;
		odd |= (b[i] & 1) != 0 || (c != ' ' && (padding || !sane));
		padding |= c == ' ';
	}
	return odd ? CALLSIGN_ODD : CALLSIGN_GOOD;
}

static void callsign_text(const uint8_t *b, char text[CALLSIGN_LETTERS + sizeof("-15")])
{
	unsigned length = CALLSIGN_LETTERS, number = b[CALLSIGN_LETTERS] >> 1 & 0xf;

	while (length > 0 && b[length - 1] >> 1 == ' ')
		length--;
	for (unsigned i = 0; i < length; i++)
		text[i] = (char)(b[i] >> 1);
	if (length == 0 && number == 0)
		memcpy(text, "*", 2); /* any */
	else
		snprintf(text + length, sizeof("-15"), "-%u", number);
}

static void print_callsign(struct decoder *d, const uint8_t *b)
{
	enum callsign kind = callsign_kind(b);
	char text[CALLSIGN_LETTERS + sizeof("-15")];
	bool plain = kind == CALLSIGN_GOOD && d->style->xlat == SYSCALL_XLAT_ABBREV;
	bool raw = kind == CALLSIGN_NONE || (kind == CALLSIGN_GOOD && d->style->xlat == SYSCALL_XLAT_RAW);

	callsign_text(b, text);
	if (plain) {
		dec_text(d, text);
		return;
	}
	dec_text(d, "{ax25_call=");
	dec_quote(d, b, CALLSIGN, false, true);
	str_add_char(d->out, '}');
	if (!raw)
		dec_comment(d, text);
}

/* A callsign, and those of the stations between. */
static void print_ax25(struct decoder *d, const uint8_t *b, size_t size)
{
	enum { SHORT = 16, MOST = 8 };

	if (size < SHORT) {
		print_raw(d, b, size);
		return;
	}
	int32_t given = (int32_t)dec_word(d, b + 12, 4);
	bool full = given != 0 || size > SHORT;
	size_t have = (size - SHORT) / CALLSIGN, want = given > MOST ? MOST : given > 0 ? (size_t)given : 0;

	have = have > MOST ? MOST : have;
	dec_text(d, full ? ", fsa_ax25={sax25_call=" : ", sax25_call=");
	print_callsign(d, b + 2);
	dec_printf(d, ", sax25_ndigis=%d%s", given, full ? "}" : "");
	if (want > 0) {
		dec_text(d, ", fsa_digipeater=[");
		for (size_t i = 0; i < have && i < want; i++) {
			dec_text(d, i > 0 ? ", " : "");
			print_callsign(d, b + SHORT + i * CALLSIGN);
		}
		if (want > have)
			dec_text(d, have > 0 ? ", ..." : "...");
		str_add_char(d->out, ']');
	}
	if (size > SHORT + have * CALLSIGN)
		dec_text(d, ", ...");
}

static void print_x25(struct decoder *d, const uint8_t *b, size_t size)
{
	enum { ADDRESS = 16 };

	if (size < 2 + ADDRESS) {
		print_raw(d, b, size);
		return;
	}
	dec_text(d, ", sx25_addr={x25_addr=");
	dec_chars(d, b + 2, ADDRESS);
	str_add_char(d->out, '}');
}

static void print_ipx(struct decoder *d, const uint8_t *b, size_t size)
{
	if (size < 16) {
		print_raw(d, b, size);
		return;
	}
	net_value(d, ", sipx_port=", b + 2, 2, "htons(%u)", big16(b + 2));
	dec_printf(d, ", sipx_network=htonl(%#x), sipx_node=[", (unsigned)ntohl((uint32_t)dec_word(d, b + 4, 4)));
	for (unsigned i = 0; i < 6; i++)
		dec_printf(d, "%s%#02x", i > 0 ? ", " : "", b[8 + i]);
	dec_printf(d, "], sipx_type=%#02x", b[14]);
	if (b[15] != 0)
		dec_printf(d, ", sipx_zero=%#x", b[15]);
}

static void verbose_enum(struct decoder *d, unsigned table, uint64_t value, const char *unknown)
{
	const char *name = dec_name(table, value) != NULL ? dec_name(table, value) : unknown;

	dec_hex(d, value);
	if (name != NULL && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_comment(d, name);
}

/* An address of RxRPC has its transport's in it: IPv4's or IPv6's. */
static void print_rxrpc(struct decoder *d, const uint8_t *b, size_t size)
{
	unsigned family = (unsigned)dec_word(d, b + 8, 2), given = (unsigned)dec_word(d, b + 6, 2);
	size_t have = given < size - 8 ? given : size - 8, rest = have > 2 ? have - 2 : 0;
	const char *const name = family == 2 ? "sin" : family == 10 ? "sin6" : NULL;
	uint16_t service = (uint16_t)dec_word(d, b + 2, 2);

	dec_text(d, ", srx_service=");
	verbose_enum(d, XLAT_rxrpc_services, service, "???_SERVICE");
	dec_text(d, ", transport_type=");
	dec_enum(d, XLAT_socktypes, dec_word(d, b + 4, 2));
	dec_printf(d, ", transport_len=%u, transport={", given);
	if (name != NULL)
		dec_printf(d, "%s={%s_", name, name);
	dec_text(d, "family=");
	dec_enum(d, XLAT_af, family);
	if (family == 2 && given >= 16) {
		print_inet(d, b + 8, have);
	} else if (family == 10 && given >= 24) {
		print_inet6(d, b + 8, have);
	} else if (rest > 0) {
		dec_next(d);
		dec_quote(d, b + 10, rest, false, false);
	}
	dec_text(d, name != NULL ? "}}" : "}");
}

static void print_ieee802154(struct decoder *d, const uint8_t *b)
{
	enum { NONE = 0, SHORT = 2 };
	uint32_t type = (uint32_t)dec_word(d, b + 4, 4);

	dec_text(d, ", addr={addr_type=");
	verbose_enum(d, XLAT_ieee802154_types, type, "IEEE802154_ADDR_???");
	dec_text(d, ", pan_id=");
	verbose_enum(d, XLAT_ieee802154_pans, dec_word(d, b + 8, 2), NULL);
	if (type == SHORT) {
		dec_text(d, ", short_addr=");
		verbose_enum(d, XLAT_ieee802154_addrs, dec_word(d, b + 10, 2), NULL);
	} else if (type != NONE) {
		dec_text(d, ", hwaddr=");
		dec_hwaddr(d, b + 10, 8, -1);
	}
	dec_text(d, "}");
}

static void print_alg(struct decoder *d, const uint8_t *b, size_t size)
{
	enum { NAME = 24 };

	address_fields(d, STRUCT_sockaddr_alg, b, NAME);
	dec_text(d, ", salg_name=");
	dec_chars(d, b + NAME, size - NAME);
}

void hook_crypto_flags(struct decoder *d, const struct sys_ref *ref)
{
	const struct syscall_style *old = d->style;
	struct syscall_style plain = *old;

	if (old->xlat == SYSCALL_XLAT_ABBREV) /* what the number means is a comment, always */
		plain.xlat = SYSCALL_XLAT_VERBOSE;
	d->style = &plain;
	if (ref->value == 0)
		dec_hex(d, 0);
	else
		dec_flags(d, XLAT_crypto_sockaddr_flags, ref->value);
	d->style = old;
}

static void print_nfc(struct decoder *d, const uint8_t *b, size_t size)
{
	enum { SHORT = 16, NAME = 18, NAME_SIZE = 63, LENGTH = 88 };
	size_t whole = d->word == 8 ? LENGTH + 8 : NAME + NAME_SIZE + 3 + 4;

	address_fields(d, STRUCT_sockaddr_nfc, b, SHORT);
	if (size < whole) {
		if (size > SHORT)
			dec_text(d, ", ...");
		return;
	}
	uint64_t length = dec_word(d, b + whole - d->word, d->word);
	dec_text(d, ", dsap=");
	verbose_enum(d, XLAT_nfc_saps, b[16], NULL);
	dec_text(d, ", ssap=");
	verbose_enum(d, XLAT_nfc_saps, b[17], NULL);
	dec_text(d, ", service_name=");
	dec_quote(d, b + NAME, length < NAME_SIZE ? (size_t)length : NAME_SIZE, false, false);
	dec_printf(d, ", service_name_len=%llu", (unsigned long long)length);
}

/* It has a sign, which strace shows. */
void hook_tipc_scope(struct decoder *d, const struct sys_ref *ref)
{
	int8_t scope = (int8_t)ref->bytes[0];

	if (scope < 0)
		str_add_char(d->out, '-');
	dec_enum(d, XLAT_tipc_scopes, (uint64_t)abs(scope));
}

/* TIPC's address, by its type in the field `param`. */
void hook_tipc_addr(struct decoder *d, const struct sys_ref *ref)
{
	enum { RANGE = 1, SERVICE, SOCKET };
	unsigned a = (unsigned)dec_word(d, ref->bytes, 4), b = (unsigned)dec_word(d, ref->bytes + 4, 4), c = (unsigned)dec_word(d, ref->bytes + 8, 4);

	switch (dec_field(d, ref->object, ref->param)) {
	case RANGE:
		dec_printf(d, "{nameseq={type=%u, lower=%u, upper=%u}}", a, b, c);
		break;
	case SERVICE:
		dec_printf(d, "{name={name={type=%u, instance=%u}, domain=", a, b);
		dec_hex(d, c);
		dec_text(d, "}}");
		break;
	case SOCKET:
		dec_printf(d, "{id={ref=%u, node=", a);
		dec_hex(d, b);
		dec_text(d, "}}");
		break;
	default:
		dec_quote(d, ref->bytes, 12, false, false);
	}
}

/* Families that a structure is enough for. */
/* Which of them it is only its size says. */
static bool print_bluetooth(struct decoder *d, const uint8_t *b, size_t size)
{
	unsigned id;

	switch (size) {
	case 4: /* Linux before 2.6.38 */
	case 6: id = STRUCT_sockaddr_hci; break;
	case 8: id = STRUCT_sockaddr_sco; break;
	case 10: id = STRUCT_sockaddr_rc; break;
	case 12: /* Linux before 3.4 */
	case 14: id = STRUCT_sockaddr_l2; break;
	default: return false;
	}
	address_fields(d, id, b, size);
	return true;
}

static bool print_described(struct decoder *d, unsigned family, const uint8_t *b, size_t size)
{
	static const struct {
		uint8_t family, least;
		uint16_t id;
	} kinds[] = {
		{ 40, 16, STRUCT_sockaddr_vm }, { 45, 12, STRUCT_sockaddr_mctp },
		{ 44, 16, STRUCT_sockaddr_xdp }, { 42, 12, STRUCT_sockaddr_qrtr }, { 30, 16, STRUCT_sockaddr_tipc },
	};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].family == family && size >= kinds[i].least) {
			address_fields(d, kinds[i].id, b, size);
			return true;
		}
	if (family == 38 && size > 24) {
		print_alg(d, b, size);
		return true;
	}
	if (family == 39 && size >= 16) {
		print_nfc(d, b, size);
		return true;
	}
	return family == 31 && print_bluetooth(d, b, size);
}

void hook_eth_protocol(struct decoder *d, const struct sys_ref *ref)
{
	const uint8_t bytes[] = { (uint8_t)ref->value, (uint8_t)(ref->value >> 8) };
	uint16_t protocol = ntohs((uint16_t)ref->value);
	const char *name = dec_name(XLAT_eth_protocols, protocol);

	if (d->style->xlat == SYSCALL_XLAT_ABBREV) {
		dec_text(d, "htons(");
		dec_enum(d, XLAT_eth_protocols, protocol);
		str_add_char(d->out, ')');
		return;
	}
	if (ref->bytes != NULL)
		dec_quote(d, bytes, 2, false, true);
	else
		dec_hex(d, ref->value);
	if (d->style->xlat != SYSCALL_XLAT_VERBOSE)
		return;
	dec_text(d, " /* htons(");
	if (name != NULL)
		dec_text(d, name);
	else
		dec_printf(d, "%#x /* ETH_P_??? */", protocol);
	dec_text(d, ") */");
}

void hook_ifindex(struct decoder *d, const struct sys_ref *ref) { dec_ifindex(d, (uint32_t)ref->value); }

/* The name is this machine's, now. */
void dec_ifindex(struct decoder *d, uint32_t index)
{
	bool known = index != 0 && d->style->xlat != SYSCALL_XLAT_RAW;
	char name[IF_NAMESIZE];

	known = known && if_indextoname(index, name) != NULL;
	if (!known || d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_uint(d, index);
	if (!known)
		return;
	dec_text(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? " /* if_nametoindex(" : "if_nametoindex(");
	dec_quote(d, (const uint8_t *)name, strlen(name), false, false);
	dec_text(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? ") */" : ")");
}

void hook_in_addr(struct decoder *d, const struct sys_ref *ref) { dec_inet_addr(d, 2, ref->bytes, 4, NULL); }
void hook_mreq6_addr(struct decoder *d, const struct sys_ref *ref) { dec_inet_addr(d, 10, ref->bytes, 16, "ipv6mr_multiaddr"); }

void hook_vm_port(struct decoder *d, const struct sys_ref *ref) { dec_named(d, ref->value, dec_name(XLAT_vm_ports, ref->value), NULL); }

void hook_vm_cid(struct decoder *d, const struct sys_ref *ref)
{
	const char *name = dec_name(XLAT_vm_cids, ref->value);

	if (name != NULL)
		dec_named(d, ref->value, name, NULL);
	else
		dec_hex(d, ref->value);
}

void hook_bdaddr(struct decoder *d, const struct sys_ref *ref)
{
	const uint8_t *b = ref->bytes;

	net_value(d, "", b, 6, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

/* A channel or a service of L2CAP; the dynamic ones count from where they begin. */
static void l2_number(struct decoder *d, unsigned table, unsigned v, const char *from, unsigned first, const char *unknown)
{
	const char *name = dec_name(table, v);
	bool told = name != NULL || from != NULL;

	dec_text(d, "htobs(");
	if (d->style->xlat != SYSCALL_XLAT_ABBREV || !told)
		dec_hex(d, v);
	if (d->style->xlat != SYSCALL_XLAT_RAW) {
		bool comment = d->style->xlat == SYSCALL_XLAT_VERBOSE || !told;

		dec_text(d, comment ? " /* " : "");
		if (name == NULL && from != NULL) {
			dec_named(d, first, from, "");
			dec_printf(d, "+%u", v - first);
		} else {
			dec_text(d, name != NULL ? name : unknown);
		}
		dec_text(d, comment ? " */" : "");
	}
	str_add_char(d->out, ')');
}

void hook_l2_psm(struct decoder *d, const struct sys_ref *ref)
{
	enum { LE_DYN = 0x80, LE_DYN_END = 0xff, DYN = 0x1001 };
	unsigned v = (unsigned)ref->value;
	bool le = v >= LE_DYN && v <= LE_DYN_END;

	l2_number(d, XLAT_l2cap_psms, v, le ? "L2CAP_PSM_LE_DYN_START" : v >= DYN ? "L2CAP_PSM_DYN_START" : NULL, le ? LE_DYN : DYN, "L2CAP_PSM_???");
}

void hook_l2_cid(struct decoder *d, const struct sys_ref *ref)
{
	enum { DYN = 0x40 };
	unsigned v = (unsigned)ref->value;

	l2_number(d, XLAT_l2cap_cids, v, v >= DYN ? "L2CAP_CID_DYN_START" : NULL, DYN, "L2CAP_CID_???");
}

void hook_htobs_dev(struct decoder *d, const struct sys_ref *ref) { dec_printf(d, "htobs(%u)", (unsigned)ref->value); }

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
	case 17:
		print_packet(d, bytes, size);
		break;
	case 3:
		print_ax25(d, bytes, size);
		break;
	case 4:
		print_ipx(d, bytes, size);
		break;
	case 9:
		print_x25(d, bytes, size);
		break;
	case 36:
		if (size >= 20)
			print_ieee802154(d, bytes);
		else
			print_raw(d, bytes, size);
		break;
	case 33:
		if (size >= 36)
			print_rxrpc(d, bytes, size);
		else
			print_raw(d, bytes, size);
		break;
	default:
		if (!print_described(d, family, bytes, size))
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

static void length(struct decoder *d, const struct sys_ref *ref, bool told)
{
	uint8_t bytes[4];
	int before = (int)d->progress->saved[0];

	if (ref->value == 0 || (ref->param != 0 && d->args[ref->param] == 0) || !dec_read(d, ref->value, bytes, 4)) {
		dec_addr(d, ref->value);
		return;
	}
	int after = (int)dec_word(d, bytes, 4);
	if (!told || before == after)
		dec_printf(d, "[%d]", before);
	else
		dec_printf(d, "[%d => %d]", before, after);
}

/* "[16]" or "[128 => 16]": a length before and after. */
void hook_length(struct decoder *d, const struct sys_ref *ref) { length(d, ref, !d->call->is_error); }

/* An option's is often written before the call fails for want of a place for the value. */
void hook_sockopt_length(struct decoder *d, const struct sys_ref *ref) { length(d, ref, true); }

/* ---- socket types ----------------------------------------------------------------- */

void hook_socktype(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;
	const char *name = dec_name(XLAT_socktypes, v & 0xf);

	if (name == NULL) {
		dec_flags(d, XLAT_sock_type_flags, v);
		return;
	}
	dec_enum(d, XLAT_socktypes, v & 0xf);
	if ((v & ~0xfu) == 0)
		return;
	str_add_char(d->out, '|');
	dec_flags(d, XLAT_sock_type_flags, v & ~0xfu);
}

static unsigned protocol_table(uint32_t family)
{
	static const struct {
		uint8_t family;
		uint16_t table;
	} tables[] = { { 31, XLAT_bt_protocols },  { 29, XLAT_can_protocols },	  { 37, XLAT_caif_protocols }, { 39, XLAT_nfc_sockprotocols },
		       { 41, XLAT_kcm_protocols }, { 23, XLAT_irda_protocols },	  { 35, XLAT_phonet_protocols }, { 43, XLAT_smc_protocols },
		       { 33, XLAT_af },		   { 34, XLAT_isdn_protocols } };

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i].family == family)
			return tables[i].table;
	return XLAT_COUNT;
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
	case 17: /* a number, in the network's order */
		dec_text(d, "htons(");
		dec_enum(d, XLAT_eth_protocols, ntohs((uint16_t)ref->value));
		str_add_char(d->out, ')');
		break;
	case 3:
		verbose_enum(d, XLAT_ax25_protocols, ref->value, "AX25_P_???");
		break;
	default: {
		unsigned table = protocol_table((uint32_t)d->args[0]);
		if (table != XLAT_COUNT)
			dec_enum(d, table, (uint32_t)ref->value);
		else
			dec_uint(d, ref->value);
	}
	}
}

/* ---- vectors ---------------------------------------------------------------------- */

struct vector {
	uint64_t left; /* bytes that were transferred and not yet printed */
	bool data, messages; /* messages: of a socket, which may be netlink's */
};

static void print_iov(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	struct vector *v = user;
	uint64_t base = dec_word(d, bytes, d->word), length = dec_word(d, bytes + d->word, d->word);
	uint64_t show = length < v->left ? length : v->left;

	(void)addr;
	dec_text(d, "{iov_base=");
	if (v->data && v->messages && dec_netlink(d, (int)d->args[0], base, show))
		; /* printed */
	else if (v->data)
		dec_buffer(d, base, show);
	else
		dec_addr(d, base);
	if (v->left != UINT64_MAX)
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
	print_vector(d, addr, count, (struct vector){ bytes, true, true });
}

/* Buffers that are written: argument `param` is their number. */
void hook_iovec(struct decoder *d, const struct sys_ref *ref)
{
	print_vector(d, ref->value, d->args[ref->param], (struct vector){ UINT64_MAX, true, false });
}

/* Buffers that are only named. */
void hook_iovec_addr(struct decoder *d, const struct sys_ref *ref)
{
	print_vector(d, ref->value, d->args[ref->param], (struct vector){ UINT64_MAX, false, false });
}

/* Buffers that were filled: as many bytes as the result says. */
void hook_iovec_out(struct decoder *d, const struct sys_ref *ref)
{
	bool ok = !d->call->is_error;
	print_vector(d, ref->value, d->args[ref->param],
		     (struct vector){ ok && d->call->result > 0 ? (uint64_t)d->call->result : 0, ok, false });
}
