/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Socket options: their names by level, and their values.  A value is as long as the caller says,
 * or as the kernel says that it filled; what is shorter than its structure is shown as far as it goes
 * where the kernel filled it, and as an address where the caller gave it.
 */
#include "syscall/hooks.h"

enum { LEVEL_IP = 0, LEVEL_SOCKET = 1, LEVEL_TCP = 6, LEVEL_IPV6 = 41, LEVEL_RAW = 255, LEVEL_PACKET = 263, LEVEL_TIPC = 271, LEVEL_NETLINK = 270 };
enum { ERROR_OPTION = 4, LINGER = 13, PEERCRED = 17, BIND_TO_DEVICE = 25, ATTACH_FILTER = 26, ATTACH_REUSEPORT_CBPF = 51, TXREHASH = 74,
       PASSPIDFD = 76, PEERPIDFD = 77, RCVPRIORITY = 82, INQ = 84 };
/* ---- options ------------------------------------------------------------------------ */

/* The names of a level's options. */
static const struct {
	uint16_t level, table;
} option_tables[] = {
	{ 0, XLAT_ip_options }, { 1, XLAT_so_options }, { 6, XLAT_tcp_options }, { 17, XLAT_udp_options },
	{ 40, XLAT_vsock_options }, { 41, XLAT_ipv6_options }, { 101, XLAT_can_raw_options }, { 132, XLAT_sctp_options },
	{ 255, XLAT_raw_options }, { 256, XLAT_ipx_options }, { 257, XLAT_ax25_options }, { 263, XLAT_packet_options },
	{ 266, XLAT_irda_options }, { 268, XLAT_llc_options }, { 269, XLAT_dccp_options }, { 270, XLAT_netlink_options },
	{ 271, XLAT_tipc_options }, { 272, XLAT_rxrpc_options }, { 273, XLAT_pppol2tp_options }, { 274, XLAT_bluetooth_options },
	{ 275, XLAT_pnpipe_options }, { 276, XLAT_rds_options }, { 277, XLAT_iucv_options }, { 278, XLAT_caif_options },
	{ 279, XLAT_alg_options }, { 280, XLAT_nfc_options }, { 281, XLAT_kcm_options }, { 282, XLAT_tls_options },
	{ 283, XLAT_xdp_options }, { 284, XLAT_mptcp_options }, { 286, XLAT_smc_options }, { 287, XLAT_vsock_options },
};

static unsigned option_table(uint32_t level)
{
	for (size_t i = 0; i < sizeof(option_tables) / sizeof(*option_tables); i++)
		if (option_tables[i].level == level)
			return option_tables[i].table;
	return XLAT_COUNT;
}

void hook_sock_level(struct decoder *d, const struct sys_ref *ref)
{
	if (ref->value == 40)
		dec_named(d, 40, "AF_VSOCK", NULL);
	else
		dec_enum(d, XLAT_sol_levels, (uint32_t)ref->value);
}

/* Packet filters' options share numbers: those that are set aren't those that are asked for. */
static unsigned own_table(uint32_t level, bool get)
{
	if (level == LEVEL_IP)
		return get ? XLAT_ip_get_options : XLAT_ip_set_options;
	if (level == LEVEL_IPV6)
		return get ? XLAT_ipv6_get_options : XLAT_ipv6_set_options;
	return XLAT_COUNT;
}

/* Levels whose options strace has no names for. */
static bool number_only(uint32_t level)
{
	enum { LEVEL_MPTCP = 284, LEVEL_SMC = 286, LEVEL_VSOCK = 287 };

	return level == LEVEL_MPTCP || level == LEVEL_SMC || level == LEVEL_VSOCK;
}

/* PARAM 7: what is asked for, which has another name once. */
void hook_sock_option(struct decoder *d, const struct sys_ref *ref)
{
	unsigned table = option_table((uint32_t)d->args[1]), own = own_table((uint32_t)d->args[1], ref->param == 7);

	if (own != XLAT_COUNT && dec_name(own, (uint32_t)ref->value) != NULL)
		dec_enum(d, own, (uint32_t)ref->value);
	else if (ref->param == 7 && d->args[1] == LEVEL_SOCKET && (uint32_t)ref->value == ATTACH_FILTER)
		dec_named(d, ATTACH_FILTER, "SO_GET_FILTER", NULL);
	else if (table == XLAT_COUNT || (number_only((uint32_t)d->args[1]) && dec_name(table, (uint32_t)ref->value) == NULL))
		dec_uint(d, (uint32_t)ref->value);
	else
		dec_enum(d, table, (uint32_t)ref->value);
}

enum { MCAST_JOIN_GROUP = 42, MCAST_LEAVE_GROUP = 45, LOCAL_PORT_RANGE = 51, IP_PROTOCOL = 52, TCP_AO_ADD_KEY = 38 };

static bool between(uint32_t v, uint32_t low, uint32_t high) { return v >= low && v <= high; }

/* SOL_SOCKET's options that are one int. */
static bool is_int_option(uint32_t name)
{
	static const uint8_t others[] = { 3, ERROR_OPTION, LINGER, PEERCRED, 20, 21, 22, 23, 24, BIND_TO_DEVICE, ATTACH_FILTER, 28, 31, 38, 39, 47, 48, 50,
					  ATTACH_REUSEPORT_CBPF, 52, 54, 55, 57, 58, 59, 61, 62, 66, 67, 71, 72, TXREHASH };

	for (unsigned i = 0; i < sizeof(others); i++)
		if (others[i] == name)
			return false;
	return between(name, 1, PASSPIDFD) || between(name, RCVPRIORITY, INQ);
}

static void one_int(struct decoder *d, uint64_t addr)
{
	int64_t v = dec_open_u32(d, addr);

	if (v >= 0)
		dec_printf(d, "%d]", (int)v);
}

static void one_fd(struct decoder *d, uint64_t addr)
{
	int64_t v = dec_open_u32(d, addr);

	if (v < 0)
		return;
	dec_fd(d, (int)v);
	str_add_char(d->out, ']');
}

static void named_hex(struct decoder *d, uint64_t addr, unsigned table)
{
	int64_t v = dec_open_u32(d, addr);

	if (v < 0)
		return;
	dec_enum(d, table, v);
	str_add_char(d->out, ']');
}

static void named_int(struct decoder *d, uint64_t addr, unsigned table)
{
	int64_t v = dec_open_u32(d, addr);

	if (v < 0)
		return;
	dec_enum_dec(d, table, (int)v);
	str_add_char(d->out, ']');
}

/* The fields of a structure that are in LENGTH bytes; of the one that isn't whole, its bytes. */
static void part_of_struct(struct decoder *d, unsigned id, uint64_t addr, uint32_t length)
{
	const struct sys_struct *type = &sys_structs[id];
	uint8_t b[64];

	if (length > dec_struct_size(d, id))
		length = dec_struct_size(d, id);
	if (!dec_read_or_addr(d, addr, b, length))
		return;
	str_add_char(d->out, '{');
	for (unsigned i = 0; i < type->count; i++) {
		const struct sys_field *f = &sys_fields[type->first + i];
		unsigned at = f->offset[d->layout], size = dec_type_size(d, &sys_types[f->type]);
		if (at >= length)
			break;
		dec_printf(d, "%s%s=", i > 0 ? ", " : "", sys_names + f->name);
		if (at + size <= length)
			dec_value(d, &sys_types[f->type], b + at, NULL, addr + at);
		else
			dec_quote(d, b + at, length - at, false, true);
	}
	str_add_char(d->out, '}');
}

/* A set of types of messages; the one or the other half, whichever is smaller. */
static void icmp_filter(struct decoder *d, uint64_t addr, uint32_t length)
{
	uint8_t b[4] = { 0xff, 0xff, 0xff, 0xff };
	bool any = false;

	if (!dec_read_or_addr(d, addr, b, length < 4 ? length : 4))
		return;
	uint32_t bits = (uint32_t)dec_word(d, b, 4);
	if (__builtin_popcount(bits) > 16) {
		bits = ~bits;
		str_add_char(d->out, '~');
	}
	str_add_char(d->out, '[');
	for (unsigned i = 0; i < 32; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		if (any)
			str_add_char(d->out, ' ');
		any = true;
		dec_enum(d, XLAT_icmp_filter_types, i);
	}
	str_add_char(d->out, ']');
}

static void group_request(struct decoder *d, uint64_t addr, uint32_t length)
{
	uint8_t b[136];
	unsigned at = d->word, size = at + 128;

	if (length < size) {
		dec_addr(d, addr);
		return;
	}
	if (!dec_read_or_addr(d, addr, b, size))
		return;
	dec_text(d, "{gr_interface=");
	dec_ifindex(d, (uint32_t)dec_word(d, b, 4));
	dec_text(d, ", gr_group=");
	dec_sockaddr(d, b + at, 128);
	str_add_char(d->out, '}');
}

static void packet_membership(struct decoder *d, uint64_t addr, uint32_t length)
{
	uint8_t b[16];

	if (length != sizeof(b)) {
		dec_addr(d, addr);
		return;
	}
	if (!dec_read_or_addr(d, addr, b, sizeof(b)))
		return;
	unsigned known = (unsigned)dec_word(d, b + 6, 2);
	dec_text(d, "{mr_ifindex=");
	dec_ifindex(d, (uint32_t)dec_word(d, b, 4));
	dec_text(d, ", mr_type=");
	dec_enum(d, XLAT_packet_mr_types, dec_word(d, b + 4, 2));
	dec_printf(d, ", mr_alen=%u, mr_address=", known);
	dec_hwaddr(d, b + 8, known < 8 ? known : 8, -1);
	str_add_char(d->out, '}');
}

/* A structure that the caller gives: whole, or its address; EXACT: nor longer. */
static void given_struct(struct decoder *d, unsigned id, uint64_t addr, uint32_t length, bool exact)
{
	unsigned size = dec_struct_size(d, id);

	if (length < size || (exact && length != size))
		dec_addr(d, addr);
	else
		dec_struct(d, id, addr);
}

/* An end that is 0 is left open. */
static void port_range_comment(struct decoder *d, unsigned low, unsigned high)
{
	dec_text(d, " /* ");
	if (low != 0)
		dec_uint(d, low);
	dec_text(d, "..");
	if (high != 0)
		dec_uint(d, high);
	dec_text(d, " */");
}

/* "[0x3020100 / * 256..770 * /]" */
static void port_range(struct decoder *d, uint64_t addr, int32_t length)
{
	if (length != 4) {
		dec_buffer_hex(d, addr, length < 0 ? 0 : (uint64_t)length);
		return;
	}
	int64_t v = dec_open_u32(d, addr);
	if (v < 0)
		return;
	dec_hex(d, (uint64_t)v);
	if (v != 0 && d->style->xlat != SYSCALL_XLAT_RAW)
		port_range_comment(d, v & 0xffff, (unsigned)(v >> 16));
	str_add_char(d->out, ']');
}

/* A key of TCP's authentication option: of a shorter one the rest is 0. */
static void tcp_ao_key(struct decoder *d, uint64_t addr, uint32_t length)
{
	enum { SIZE = 288, FLAGS = 196, PREFIX = 202, KEY = 208, KEY_MOST = 80 };
	uint8_t b[SIZE] = { 0 };

	if (length == 0)
		dec_addr(d, addr);
	if (length == 0 || !dec_read_or_addr(d, addr, b, length < SIZE ? length : SIZE))
		return;
	dec_text(d, "{addr=");
	dec_sockaddr(d, b, 128);
	dec_printf(d, ", prefix=%u, alg_name=", b[PREFIX]);
	dec_chars(d, b + 128, 64);
	dec_text(d, ", ifindex=");
	dec_ifindex(d, (uint32_t)dec_word(d, b + 192, 4));
	dec_printf(d, ", set_current=%u, set_rnext=%u, sndid=%u, rcvid=%u, maclen=%u, keyflags=", b[FLAGS] & 1, b[FLAGS] >> 1 & 1,
		   b[PREFIX + 1], b[PREFIX + 2], b[PREFIX + 3]);
	dec_flags(d, XLAT_tcp_ao_flags, b[PREFIX + 4]);
	uint8_t key = b[PREFIX + 5] < KEY_MOST ? b[PREFIX + 5] : KEY_MOST;
	dec_text(d, ", key=");
	dec_quote(d, b + KEY, key, false, true);
	dec_printf(d, ", keylen=%u}", b[PREFIX + 5]);
}

static bool set_tipc(struct decoder *d, uint32_t name, uint64_t addr, uint32_t length)
{
	enum { IMPORTANCE = 127, GROUP_JOIN = 135 };

	if (name == GROUP_JOIN)
		given_struct(d, STRUCT_tipc_group_req, addr, length, false);
	else if (name == IMPORTANCE && length < 4)
		dec_addr(d, addr);
	else if (name == IMPORTANCE)
		named_hex(d, addr, XLAT_tipc_importance);
	else
		one_int(d, addr);
	return true;
}

static void plain_value(struct decoder *d, uint64_t addr, int32_t length)
{
	if (length == 4)
		one_int(d, addr);
	else if (length < 0)
		dec_addr(d, addr);
	else
		dec_buffer(d, addr, (uint64_t)length);
}

static bool set_socket(struct decoder *d, uint32_t name, uint64_t addr, int32_t length)
{
	uint32_t most = length < 0 ? 0 : (uint32_t)length;

	if (name == LINGER)
		given_struct(d, STRUCT_linger, addr, most, false);
	else if ((name == ATTACH_FILTER || name == ATTACH_REUSEPORT_CBPF) && most == 2u * d->word)
		dec_filter(d, addr);
	else if (is_int_option(name) && most >= 4)
		one_int(d, addr);
	else if (name == TXREHASH && most >= 4)
		named_int(d, addr, XLAT_txrehash);
	else if (is_int_option(name) || name == TXREHASH || name == ATTACH_FILTER || name == ATTACH_REUSEPORT_CBPF)
		dec_addr(d, addr);
	else
		return false;
	return true;
}

static bool set_inet(struct decoder *d, uint32_t level, uint32_t name, uint64_t addr, int32_t length)
{
	uint32_t most = length < 0 ? 0 : (uint32_t)length;

	if (name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP)
		group_request(d, addr, most);
	else if (level == LEVEL_IP && name == LOCAL_PORT_RANGE)
		port_range(d, addr, length);
	else if (level == LEVEL_IP && (name == 35 || name == 36))
		given_struct(d, STRUCT_ip_mreq, addr, most, false);
	else if (level == LEVEL_IPV6 && (name == 20 || name == 21 || name == 27 || name == 28))
		given_struct(d, STRUCT_ipv6_mreq, addr, most, false);
	else
		return false;
	return true;
}

static bool set_other(struct decoder *d, uint32_t level, uint32_t name, uint64_t addr, int32_t length)
{
	uint32_t most = length < 0 ? 0 : (uint32_t)length;

	if (level == LEVEL_TCP && name == TCP_AO_ADD_KEY && length >= 0)
		tcp_ao_key(d, addr, most);
	else if (level == LEVEL_TIPC)
		return set_tipc(d, name, addr, most);
	else if (level == LEVEL_PACKET && (name == 5 || name == 13))
		given_struct(d, STRUCT_tpacket_req, addr, most, true);
	else if (level == LEVEL_PACKET && (name == 1 || name == 2))
		packet_membership(d, addr, most);
	else if (level == LEVEL_RAW && name == 1 && length > 0)
		icmp_filter(d, addr, most);
	else if (level == LEVEL_NETLINK && length >= 4)
		one_int(d, addr);
	else if (level == LEVEL_NETLINK || (level == LEVEL_RAW && name == 1))
		dec_addr(d, addr);
	else
		return false;
	return true;
}

void hook_sockopt_set(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t level = (uint32_t)d->args[1], name = (uint32_t)d->args[2];
	int32_t length = (int32_t)d->args[4];
	bool done = true;

	if (ref->value == 0 || d->style->addresses)
		dec_addr(d, ref->value);
	else if (level == LEVEL_SOCKET)
		done = set_socket(d, name, ref->value, length);
	else if (level == LEVEL_IP || level == LEVEL_IPV6)
		done = set_inet(d, level, name, ref->value, length);
	else
		done = set_other(d, level, name, ref->value, length);
	if (!done)
		plain_value(d, ref->value, length);
}

static void socket_error(struct decoder *d, uint64_t addr)
{
	int64_t error = dec_open_u32(d, addr);

	if (error < 0)
		return;
	dec_errno(d, error);
	str_add_char(d->out, ']');
}

static void filter_code(struct decoder *d, uint64_t addr, uint32_t count)
{
	if (count > UINT16_MAX)
		dec_addr(d, addr);
	else
		dec_filter_code(d, addr, count, false);
}

static bool get_socket(struct decoder *d, uint32_t name, uint64_t addr, uint32_t length)
{
	if (name == LINGER)
		part_of_struct(d, STRUCT_linger, addr, length);
	else if (name == PEERCRED)
		part_of_struct(d, STRUCT_ucred, addr, length);
	else if (name == ATTACH_FILTER)
		filter_code(d, addr, length);
	else if (name != ERROR_OPTION && name != TXREHASH && name != PEERPIDFD && !is_int_option(name))
		return false;
	else if (length < 4)
		dec_buffer_hex(d, addr, length);
	else if (name == ERROR_OPTION)
		socket_error(d, addr);
	else if (name == TXREHASH)
		named_int(d, addr, XLAT_txrehash);
	else if (name == PEERPIDFD)
		one_fd(d, addr);
	else
		one_int(d, addr);
	return true;
}

static void print_u32(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_uint(d, dec_word(d, bytes, 4));
}

static void got_value(struct decoder *d, uint64_t addr, int32_t room, int32_t filled)
{
	uint32_t level = (uint32_t)d->args[1], name = (uint32_t)d->args[2];

	if (addr == 0 || d->style->addresses)
		dec_addr(d, addr);
	else if (level == LEVEL_SOCKET && get_socket(d, name, addr, (uint32_t)filled))
		; /* printed */
	else if (level == LEVEL_IP && name == LOCAL_PORT_RANGE)
		port_range(d, addr, filled);
	else if (level == LEVEL_IP && name == IP_PROTOCOL && filled == 4)
		named_hex(d, addr, XLAT_ipproto);
	else if (level == LEVEL_IP && name == IP_PROTOCOL)
		dec_buffer_hex(d, addr, (uint64_t)filled);
	else if (level == LEVEL_TIPC)
		set_tipc(d, name, addr, (uint32_t)filled);
	else if (level == LEVEL_PACKET && name == 6)
		part_of_struct(d, STRUCT_tpacket_stats, addr, (uint32_t)filled);
	else if (level == LEVEL_RAW && name == 1)
		icmp_filter(d, addr, (uint32_t)filled);
	else if (level == LEVEL_NETLINK && name == 9)
		dec_array(d, addr, (uint64_t)(room < filled ? room : filled) / 4, 4, print_u32, NULL);
	else if (level == LEVEL_NETLINK)
		one_int(d, addr);
	else
		plain_value(d, addr, filled);
}

void hook_sockopt_get(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[4];
	int32_t room = (int32_t)d->progress->saved[0];

	if (dec_failed(d) || !dec_read(d, d->args[4], b, 4)) {
		dec_addr(d, ref->value);
		return;
	}
	int32_t filled = (int32_t)dec_word(d, b, 4);
	if (room <= 0 || filled <= 0)
		dec_addr(d, ref->value);
	else
		got_value(d, ref->value, room, filled);
}
