/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Payloads of netlink attributes that netlink.def has no words for: addresses, lists with names for their places, unions. */
#include "syscall/hooks.h"
#include "syscall/netlink.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { FAMILY_INET = 2, FAMILY_INET6 = 10 };

/* ---- addresses ------------------------------------------------------------------------ */

/* A value of SIZE bytes that -X wants to see raw, before its text. */
static bool text_wanted(struct decoder *d, const uint8_t *bytes, size_t size)
{
	if (d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_quote(d, bytes, size, false, true);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return false;
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " /* ");
	return true;
}

static void text_end(struct decoder *d)
{
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

/* NAME is the field's that is printed; NULL: none. */
void dec_inet_addr(struct decoder *d, int family, const uint8_t *bytes, size_t size, const char *name)
{
	char text[INET6_ADDRSTRLEN];
	bool abbreviated = d->style->xlat == SYSCALL_XLAT_ABBREV;
	size_t own = family == FAMILY_INET ? 4 : 16;

	if ((family != FAMILY_INET && family != FAMILY_INET6) || size < own) {
		if (name != NULL)
			dec_printf(d, "%s=", name);
		dec_quote(d, bytes, size, false, true);
		return;
	}
	inet_ntop(family == FAMILY_INET ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	if (name != NULL && (family == FAMILY_INET || !abbreviated))
		dec_printf(d, "%s=", name);
	if (!text_wanted(d, bytes, size)) /* all of the field, as strace: 16 bytes also where four are used */
		return;
	dec_text(d, family == FAMILY_INET ? "inet_addr(" : "inet_pton(AF_INET6, ");
	dec_quote(d, (const uint8_t *)text, strlen(text), false, false);
	if (family == FAMILY_INET6 && name != NULL && abbreviated)
		dec_printf(d, ", &%s", name);
	dec_text(d, ")");
	text_end(d);
}

/* An address of LENGTH bytes in memory, as the head's family says. */
static void addr_at(struct decoder *d, int family, uint64_t addr, unsigned length, const char *name)
{
	size_t own = family == FAMILY_INET ? 4 : family == FAMILY_INET6 ? 16 : 0;
	uint8_t b[16];

	if (own == 0 || length < own) {
		if (name != NULL)
			dec_printf(d, "%s=", name);
		dec_buffer_hex(d, addr, length);
	} else if (!dec_read(d, addr, b, own)) {
		if (name != NULL)
			dec_printf(d, "%s=", name);
		dec_addr(d, addr);
	} else {
		dec_inet_addr(d, family, b, own, name);
	}
}

bool nla_addr(struct decoder *d, struct nla_ref *r)
{
	addr_at(d, r->context->family, r->addr, r->length, NULL);
	return true;
}

bool nla_in_addr(struct decoder *d, struct nla_ref *r)
{
	if (r->length < 4)
		return false;
	addr_at(d, FAMILY_INET, r->addr, 4, NULL);
	return true;
}

bool nla_in6_addr(struct decoder *d, struct nla_ref *r)
{
	if (r->length < 16)
		return false;
	addr_at(d, FAMILY_INET6, r->addr, 16, NULL);
	return true;
}

void dec_hwaddr(struct decoder *d, const uint8_t *bytes, size_t size, int arphrd)
{
	static const struct {
		uint16_t type;
		uint8_t size;
	} sizes[] = { { 0, 7 },   { 1, 6 },   { 3, 7 },   { 6, 6 },   { 7, 1 },   { 15, 2 },  { 27, 8 },  { 270, 5 }, { 271, 5 }, { 290, 1 },
		      { 768, 4 }, { 772, 6 }, { 773, 1 }, { 774, 6 }, { 776, 4 }, { 777, 4 }, { 778, 4 }, { 779, 4 }, { 780, 6 }, { 783, 4 },
		      { 801, 6 }, { 802, 6 }, { 803, 6 }, { 804, 8 }, { 805, 8 }, { 820, 1 }, { 821, 1 }, { 822, 1 }, { 825, 8 }, { 826, 8 } };
	size_t most = size;

	for (unsigned i = 0; arphrd >= 0 && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i].type == arphrd && sizes[i].size < most)
			most = sizes[i].size;
	if (size == 0 && d->style->xlat == SYSCALL_XLAT_VERBOSE) {
		dec_text(d, "\"\"");
		return;
	}
	if (!text_wanted(d, bytes, size))
		return;
	for (size_t i = 0; i < most; i++)
		dec_printf(d, "%s%02x", i > 0 ? ":" : "", bytes[i]);
	text_end(d);
}

static bool hwaddr(struct decoder *d, struct nla_ref *r)
{
	enum { MOST = 32 };
	uint8_t b[MOST];

	if (r->length > MOST)
		return false;
	if (dec_read_or_addr(d, r->addr, b, r->length))
		dec_hwaddr(d, b, r->length, -1);
	return true;
}

bool nla_hwaddr(struct decoder *d, struct nla_ref *r) { return hwaddr(d, r); }
bool nla_hwaddr_link(struct decoder *d, struct nla_ref *r) { return hwaddr(d, r); }

void hook_mac(struct decoder *d, const struct sys_ref *ref) { dec_hwaddr(d, ref->bytes, 6, -1); }
void hook_hwaddr32(struct decoder *d, const struct sys_ref *ref) { dec_hwaddr(d, ref->bytes, 32, -1); }

/* ---- numbers -------------------------------------------------------------------------- */

static bool word(struct decoder *d, struct nla_ref *r, unsigned size, uint64_t *v)
{
	uint8_t b[8];

	if (!dec_read_or_addr(d, r->addr, b, size))
		return false;
	*v = dec_word(d, b, size);
	return true;
}

bool nla_ifindex(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length < 4)
		return false;
	if (word(d, r, 4, &v))
		dec_ifindex(d, (uint32_t)v);
	return true;
}

bool nla_be16(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length < 2)
		return false;
	if (word(d, r, 2, &v))
		dec_printf(d, "htons(%u)", ntohs((uint16_t)v));
	return true;
}

bool nla_be32(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length < 4)
		return false;
	if (word(d, r, 4, &v))
		dec_printf(d, "htonl(%u)", ntohl((uint32_t)v));
	return true;
}

/* Flags; which of them count may stand behind them. */
static bool flags_and_more(struct decoder *d, struct nla_ref *r, unsigned table)
{
	uint64_t v;

	if (r->length < 4 || r->length > 8)
		return false;
	if (word(d, r, 4, &v))
		dec_flags(d, table, v);
	return true;
}

bool nla_tca_root_flags(struct decoder *d, struct nla_ref *r) { return flags_and_more(d, r, XLAT_tca_root_flags); }
bool nla_tca_act_flags(struct decoder *d, struct nla_ref *r) { return flags_and_more(d, r, XLAT_tca_act_flags); }
bool nla_tca_act_hw_stats(struct decoder *d, struct nla_ref *r) { return flags_and_more(d, r, XLAT_tca_act_hw_stats); }

bool nla_msecs(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length > 8)
		return false;
	if (!word(d, r, r->length, &v))
		return true;
	dec_uint(d, v);
	if (v != 0 && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_printf(d, " /* %llu.%03llu s */", (unsigned long long)v / 1000, (unsigned long long)v % 1000);
	return true;
}

bool nla_be64(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length < 8)
		return false;
	if (word(d, r, 8, &v))
		dec_printf(d, "htobe64(%llu)", (unsigned long long)__builtin_bswap64(v));
	return true;
}

void hook_vlan_proto(struct decoder *d, const struct sys_ref *ref)
{
	uint16_t v = ntohs((uint16_t)ref->value);

	dec_text(d, "htons(");
	dec_named(d, v, dec_name(XLAT_eth_protocols, v), "ETH_P_???");
	str_add_char(d->out, ')');
}

bool nla_ether_proto(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length < 2 || r->length > 8)
		return false;
	if (word(d, r, 2, &v))
		hook_vlan_proto(d, &(struct sys_ref){ .value = v, .size = 2 });
	return true;
}

/* What has a number's size is one. */
bool nla_small_hex(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length > 8 || (r->length & (r->length - 1)) != 0)
		return false;
	if (word(d, r, r->length, &v))
		dec_hex(d, v);
	return true;
}

bool nla_ip_proto(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length > 8)
		return false;
	if (word(d, r, r->length, &v))
		dec_enum(d, XLAT_ipproto, v);
	return true;
}

bool nla_clock_t(struct decoder *d, struct nla_ref *r)
{
	uint64_t v;

	if (r->length > 8)
		return false;
	if (word(d, r, r->length, &v))
		dec_clock_t(d, v);
	return true;
}

void hook_x08(struct decoder *d, const struct sys_ref *ref) { dec_printf(d, "%#08x", (unsigned)ref->value); }
void hook_x02(struct decoder *d, const struct sys_ref *ref) { dec_printf(d, "0x%02x", (unsigned)ref->value); }

void hook_hex_counted(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t length = dec_field(d, ref->object, ref->param);

	dec_quote(d, ref->bytes, length < ref->size ? (size_t)length : ref->size, false, true);
}

/* ---- structures that may be shorter ---------------------------------------------------- */

/* A structure that is whole, or ends after field LAST (the older form). */
static bool two_sizes(struct decoder *d, struct nla_ref *r, unsigned id, unsigned shorter)
{
	unsigned size = dec_struct_size(d, id), own = r->length >= size ? size : r->length == shorter ? shorter : 0;
	uint8_t b[256];

	if (own == 0)
		return false;
	if (dec_read_or_addr(d, r->addr, b, own))
		dec_struct_in(d, id, b, own, r->addr);
	return true;
}

bool nla_link_stats(struct decoder *d, struct nla_ref *r) { return two_sizes(d, r, STRUCT_link_stats, 92); }
bool nla_link_stats64(struct decoder *d, struct nla_ref *r)
{
	unsigned own = r->length >= 200 ? 200 : r->length >= 192 ? 192 : r->length == 184 ? 184 : 0;
	uint8_t b[200];

	if (own == 0)
		return false;
	if (dec_read_or_addr(d, r->addr, b, own))
		dec_struct_in(d, STRUCT_link_stats64, b, own, r->addr);
	return true;
}
bool nla_ndt_stats(struct decoder *d, struct nla_ref *r) { return two_sizes(d, r, STRUCT_ndt_stats, 80); }

/* A packed structure: its size with padding doesn't matter. */
static bool structure(struct decoder *d, struct nla_ref *r, unsigned id, bool rest)
{
	unsigned size = dec_struct_size(d, id);
	uint8_t b[512];

	if (r->length < size)
		return false;
	if (!dec_read_or_addr(d, r->addr, b, size))
		return true;
	dec_struct_in(d, id, b, size, r->addr);
	if (rest && r->length > size) {
		dec_next(d);
		dec_buffer_hex(d, r->addr + size, r->length - size);
	}
	return true;
}

bool nla_link_ifmap(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_link_ifmap, false); }
bool nla_tc_stats(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_tc_stats, false); }
bool nla_stats_basic(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_gnet_basic, false); }
bool nla_bridge_vlan_info(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_bridge_vlan_info, true); }
bool nla_bridge_vlan_xstats(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_bridge_vlan_xstats, true); }
bool nla_bridge_mcast_stats(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_br_mcast_stats, true); }
bool nla_bridge_stp_xstats(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_bridge_stp_xstats, true); }
bool nla_mpls_link_stats(struct decoder *d, struct nla_ref *r) { return structure(d, r, STRUCT_mpls_link_stats, true); }

/* ---- arrays whose places have names ---------------------------------------------------- */

static void place(struct decoder *d, unsigned table, unsigned i)
{
	str_add_char(d->out, '[');
	dec_enum_dec(d, table, i);
	dec_text(d, "]=");
}

struct places {
	unsigned table, count, size;
	bool sign;
};

static void place_element(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	struct places *p = user;
	uint64_t v = dec_word(d, b, p->size);

	(void)addr;
	place(d, p->table, p->count++);
	if (p->sign)
		dec_int(d, (int32_t)v);
	else
		dec_uint(d, v);
}

static bool places(struct decoder *d, struct nla_ref *r, unsigned table, unsigned size, bool sign)
{
	struct places p = { table, 0, size, sign };

	if (r->length < size)
		return false;
	dec_array(d, r->addr, r->length / size, size, place_element, &p);
	return true;
}

bool nla_devconf4(struct decoder *d, struct nla_ref *r)
{
	return places(d, r, XLAT_devconf4_index, 4, true);
}
bool nla_devconf6(struct decoder *d, struct nla_ref *r) { return places(d, r, XLAT_devconf6, 4, true); }
bool nla_snmp_ip(struct decoder *d, struct nla_ref *r) { return places(d, r, XLAT_snmp_ip, 8, false); }
bool nla_snmp_icmp6(struct decoder *d, struct nla_ref *r) { return places(d, r, XLAT_snmp_icmp6, 8, false); }
bool nla_meminfo(struct decoder *d, struct nla_ref *r) { return places(d, r, XLAT_sk_meminfo, 4, false); }

void hook_mcast_pair(struct decoder *d, const struct sys_ref *ref)
{
	str_add_char(d->out, '[');
	for (unsigned i = 0; i < 2; i++) {
		dec_text(d, i > 0 ? ", " : "");
		place(d, XLAT_br_mcast_dirs, i);
		dec_uint(d, dec_word(d, ref->bytes + 8 * (size_t)i, 8));
	}
	str_add_char(d->out, ']');
}

static void group_word(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_printf(d, d->word == 8 ? "%#016llx" : "%#08llx", (unsigned long long)dec_word(d, b, d->word));
}

bool nla_nl_groups(struct decoder *d, struct nla_ref *r)
{
	if (r->length < d->word)
		return false;
	dec_array(d, r->addr, r->length / d->word, d->word, group_word, NULL);
	return true;
}

/* ---- links ---------------------------------------------------------------------------- */

static bool link_kind(struct decoder *d, struct nla_ref *r, char (*kind)[16])
{
	size_t want = r->length < sizeof(*kind) ? r->length : sizeof(*kind);

	memset(*kind, 0, sizeof(*kind));
	if (!dec_read(d, r->addr, *kind, want) || memchr(*kind, 0, sizeof(*kind)) == NULL)
		(*kind)[0] = '\0';
	dec_nla_str_to_nul(d, r->addr, r->length);
	return true;
}
bool nla_link_kind(struct decoder *d, struct nla_ref *r) { return link_kind(d, r, &r->context->kind); }
bool nla_link_slave_kind(struct decoder *d, struct nla_ref *r) { return link_kind(d, r, &r->context->slave_kind); }

bool nla_link_data(struct decoder *d, struct nla_ref *r)
{
	const char *kind = r->context->kind;
	unsigned table = strcmp(kind, "bridge") == 0 ? NLA_ifla_br : strcmp(kind, "tun") == 0 ? NLA_ifla_tun : NLA_COUNT;

	if (table == NLA_COUNT)
		return false;
	dec_attributes(d, table, r->addr, r->length, r->context);
	return true;
}

bool nla_link_slave_data(struct decoder *d, struct nla_ref *r)
{
	if (strcmp(r->context->slave_kind, "bridge") != 0)
		return false;
	dec_attributes(d, NLA_ifla_brport, r->addr, r->length, r->context);
	return true;
}

bool nla_link_xstats(struct decoder *d, struct nla_ref *r)
{
	return strcmp(r->context->kind, "can") == 0 && structure(d, r, STRUCT_can_stats, false);
}

/* What a link's protocol says is in attributes of the head's family. */
bool nla_protinfo(struct decoder *d, struct nla_ref *r)
{
	enum { FAMILY_BRIDGE = 7 };
	uint8_t family = r->context->family;

	if (family != FAMILY_BRIDGE && family != FAMILY_INET6)
		return false;
	dec_attributes(d, family == FAMILY_BRIDGE ? NLA_ifla_brport : NLA_ifla_inet6, r->addr, r->length, r->context);
	return true;
}

/* By family; for bridges it is a link's own attributes. */
bool nla_ifla_af_spec(struct decoder *d, struct nla_ref *r)
{
	enum { FAMILY_BRIDGE = 7 };

	dec_attributes(d, r->context->family == FAMILY_BRIDGE ? NLA_ifla_af_bridge : NLA_ifla_af, r->addr, r->length, r->context);
	return true;
}

bool nla_ifla_af(struct decoder *d, struct nla_ref *r)
{
	enum { FAMILY_MCTP = 45 };

	if (r->type != FAMILY_INET && r->type != FAMILY_INET6 && r->type != FAMILY_MCTP)
		return false;
	dec_attributes(d, r->type == FAMILY_INET ? NLA_ifla_inet : r->type == FAMILY_INET6 ? NLA_ifla_inet6 : NLA_ifla_mctp, r->addr, r->length,
		       r->context);
	return true;
}

bool nla_ifstats_af(struct decoder *d, struct nla_ref *r)
{
	enum { FAMILY_MPLS = 28 };

	if (r->type != FAMILY_MPLS)
		return false;
	dec_attributes(d, NLA_mpls_stats, r->addr, r->length, r->context);
	return true;
}

/* ---- routes --------------------------------------------------------------------------- */

bool nla_rtvia(struct decoder *d, struct nla_ref *r)
{
	uint8_t b[2];

	if (r->length < 2)
		return false;
	if (!dec_read_or_addr(d, r->addr, b, 2))
		return true;
	unsigned family = (unsigned)dec_word(d, b, 2);
	dec_text(d, "{rtvia_family=");
	dec_enum(d, XLAT_af, family);
	if (r->length > 2) {
		dec_next(d);
		addr_at(d, (int)family, r->addr + 2, r->length - 2, "rtvia_addr");
	}
	str_add_char(d->out, '}');
	return true;
}

bool nla_multipath(struct decoder *d, struct nla_ref *r)
{
	enum { SIZE = 8 };
	uint64_t at = r->addr;
	unsigned left = r->length;
	bool array = false;
	uint8_t b[SIZE];

	if (r->length < SIZE)
		return false;
	while (dec_read_or_addr(d, at, b, SIZE)) {
		unsigned length = (unsigned)dec_word(d, b, 2), own = length < left ? length : left;
		if (at == r->addr && length < r->length) {
			str_add_char(d->out, '[');
			array = true;
		}
		dec_text(d, at > r->addr ? ", " : "");
		dec_text(d, own > SIZE ? "[" : "");
		dec_struct_in(d, STRUCT_rtnexthop, b, SIZE, at);
		if (own > SIZE) {
			dec_next(d);
			dec_attributes(d, NLA_rta, at + SIZE, own - SIZE, r->context);
			str_add_char(d->out, ']');
		}
		unsigned step = (own + 3) & ~3u;
		if (step >= left || step == 0)
			break;
		at += step;
		left -= step;
	}
	if (array)
		str_add_char(d->out, ']');
	return true;
}

bool nla_mdb_entry_info(struct decoder *d, struct nla_ref *r)
{
	enum { SIZE = 28 };
	uint8_t b[SIZE];

	if (r->length < SIZE)
		return false;
	if (dec_read_or_addr(d, r->addr, b, SIZE)) {
		int protocol = ntohs((uint16_t)dec_word(d, b + 24, 2));
		dec_text(d, "{ifindex=");
		dec_ifindex(d, (uint32_t)dec_word(d, b, 4));
		dec_text(d, ", state=");
		dec_enum(d, XLAT_mdb_states, b[4]);
		dec_text(d, ", flags=");
		dec_flags(d, XLAT_mdb_flags, b[5]);
		dec_printf(d, ", vid=%u, addr={", (unsigned)dec_word(d, b + 6, 2));
		dec_inet_addr(d, protocol, b + 8, 16, "u");
		dec_text(d, ", proto=htons(");
		dec_enum(d, XLAT_af, (unsigned)protocol);
		dec_text(d, ")}}");
	}
	if (r->length > SIZE) {
		dec_next(d);
		dec_attributes(d, NLA_mdba_eattr, r->addr + SIZE, r->length - SIZE, r->context);
	}
	return true;
}

bool nla_router_port(struct decoder *d, struct nla_ref *r)
{
	if (!nla_ifindex(d, r))
		return false;
	if (r->length > 4) {
		dec_next(d);
		dec_attributes(d, NLA_mdba_router_pattr, r->addr + 4, r->length - 4, r->context);
	}
	return true;
}

/* ---- sockets -------------------------------------------------------------------------- */

void hook_be_port(struct decoder *d, const struct sys_ref *ref)
{
	if (!text_wanted(d, ref->bytes, 2))
		return;
	dec_printf(d, "htons(%u)", ntohs((uint16_t)ref->value));
	text_end(d);
}

static void sockid(struct decoder *d, const uint8_t *b, int family)
{
	dec_text(d, "{idiag_sport=");
	hook_be_port(d, &(struct sys_ref){ .value = dec_word(d, b, 2), .bytes = b });
	dec_text(d, ", idiag_dport=");
	hook_be_port(d, &(struct sys_ref){ .value = dec_word(d, b + 2, 2), .bytes = b + 2 });
	dec_next(d);
	dec_inet_addr(d, family, b + 4, 16, "idiag_src");
	dec_next(d);
	dec_inet_addr(d, family, b + 20, 16, "idiag_dst");
	dec_text(d, ", idiag_if=");
	dec_ifindex(d, (uint32_t)dec_word(d, b + 36, 4));
	dec_printf(d, ", idiag_cookie=[%u, %u]}", (unsigned)dec_word(d, b + 40, 4), (unsigned)dec_word(d, b + 44, 4));
}

void hook_diag_sockid(struct decoder *d, const struct sys_ref *ref) { sockid(d, ref->bytes, ref->object->bytes[0]); }
void hook_diag_sockid4(struct decoder *d, const struct sys_ref *ref) { sockid(d, ref->bytes, FAMILY_INET); }

void hook_md5_addr(struct decoder *d, const struct sys_ref *ref)
{
	size_t at = d->out->length;

	/* The name is part of an IPv6 address's text. */
	while (at > 0 && d->out->text[at - 1] != ' ')
		at--;
	str_truncate(d->out, at);
	dec_inet_addr(d, (int)dec_field(d, ref->object, ref->param), ref->bytes, 16, "tcpm_addr");
}

void hook_diag_addr(struct decoder *d, const struct sys_ref *ref) { dec_quote(d, ref->bytes, 16, false, true); }
void hook_sockaddr_in(struct decoder *d, const struct sys_ref *ref) { dec_sockaddr(d, ref->bytes, 128); }

static void host_condition(struct decoder *d, uint64_t addr, unsigned length)
{
	uint8_t b[8];

	if (length < 8) {
		dec_buffer_hex(d, addr, length);
		return;
	}
	if (!dec_read_or_addr(d, addr, b, 8))
		return;
	dec_text(d, "{family=");
	dec_enum(d, XLAT_af, b[0]);
	dec_printf(d, ", prefix_len=%u, port=%u", b[1], (unsigned)dec_word(d, b + 4, 4));
	if (length > 8) {
		dec_next(d);
		addr_at(d, b[0], addr + 8, length - 8, "addr");
	}
	str_add_char(d->out, '}');
}

static void bytecode_data(struct decoder *d, unsigned code, uint64_t addr, unsigned length)
{
	static const uint16_t structs[] = { [2] = STRUCT_inet_diag_bc_op, [3] = STRUCT_inet_diag_bc_op, [4] = STRUCT_inet_diag_bc_op,
					    [5] = STRUCT_inet_diag_bc_op, [10] = STRUCT_inet_diag_markcond };
	struct nla_context context = { 0 };
	struct nla_ref r = { addr, length, 0, &context };

	if (code == 7 || code == 8)
		host_condition(d, addr, length);
	else if (code == 9 ? !nla_ifindex(d, &r)
			   : code >= sizeof(structs) / sizeof(structs[0]) || structs[code] == 0 || !structure(d, &r, structs[code], false))
		dec_buffer_hex(d, addr, length);
}

bool nla_inet_bytecode(struct decoder *d, struct nla_ref *r)
{
	uint8_t b[4];

	if (r->length < 4)
		return false;
	if (!dec_read_or_addr(d, r->addr, b, 4))
		return true;
	dec_struct_in(d, STRUCT_inet_diag_bc_op, b, 4, r->addr);
	if (r->length > 4) {
		dec_next(d);
		bytecode_data(d, b[0], r->addr + 4, r->length - 4);
	}
	return true;
}

/* No header has these names: both number and names are shown, unless raw. */
bool nla_shutdown_bits(struct decoder *d, struct nla_ref *r)
{
	struct syscall_style both = *d->style;
	const struct syscall_style *old = d->style;
	uint64_t v;

	if (r->length < 1 || r->length > 8)
		return false;
	if (both.xlat != SYSCALL_XLAT_RAW)
		both.xlat = SYSCALL_XLAT_VERBOSE;
	if (!word(d, r, 1, &v))
		return true;
	d->style = &both;
	dec_flags(d, XLAT_inet_diag_shutdown, v);
	d->style = old;
	return true;
}

bool nla_sockopt_bits(struct decoder *d, struct nla_ref *r)
{
	static const char *const names[] = { "recverr", "is_icsk", "freebind", "hdrincl", "mc_loop", "transparent", "mc_all", "nodefrag",
					     "bind_address_no_port", "recverr_rfc4884", "defer_connect" };
	uint64_t v;

	if (r->length < 2)
		return false;
	if (!word(d, r, 2, &v))
		return true;
	str_add_char(d->out, '{');
	const char *before = "";
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((v >> i & 1) == 0)
			continue;
		dec_printf(d, "%s%s=1", before, names[i]);
		before = ", ";
	}
	if (v >> 11 != 0)
		dec_printf(d, "%sunused=%#x /* bits 3..8 */", before, (unsigned)(v >> 11));
	str_add_char(d->out, '}');
	dec_trailing(d, r->addr, 2, r->length, ", ");
	return true;
}

bool nla_smc_fallback(struct decoder *d, struct nla_ref *r)
{
	uint8_t b[8];

	if (r->length < 8)
		return false;
	if (!dec_read_or_addr(d, r->addr, b, 8))
		return true;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t v = dec_word(d, b + 4 * (size_t)i, 4);
		const char *name = dec_name(XLAT_smc_decl, v);
		dec_text(d, i == 0 ? "{reason=" : ", peer_diagnosis=");
		dec_hex(d, v);
		dec_comment(d, name != NULL ? name : "SMC_CLC_DECL_???");
	}
	str_add_char(d->out, '}');
	return true;
}

bool nla_filter(struct decoder *d, struct nla_ref *r)
{
	unsigned count = r->length / 8;

	if (count == 0 || count > 0xffff)
		return false;
	dec_filter_code(d, r->addr, count, false);
	return true;
}

/* ---- crypto, netfilter ------------------------------------------------------------------ */

bool nla_crypto_type(struct decoder *d, struct nla_ref *r)
{
	dec_text(d, "{type=");
	dec_str_n(d, r->addr, (uint64_t)r->length + 1);
	str_add_char(d->out, '}');
	return true;
}

static bool crypto(struct decoder *d, struct nla_ref *r, unsigned id)
{
	if (!structure(d, r, id, false))
		dec_buffer(d, r->addr, r->length);
	return true;
}

bool nla_crypto_hash(struct decoder *d, struct nla_ref *r) { return crypto(d, r, STRUCT_crypto_report_hash); }
bool nla_crypto_blkcipher(struct decoder *d, struct nla_ref *r) { return crypto(d, r, STRUCT_crypto_report_blkcipher); }
bool nla_crypto_aead(struct decoder *d, struct nla_ref *r) { return crypto(d, r, STRUCT_crypto_report_aead); }
bool nla_crypto_rng(struct decoder *d, struct nla_ref *r) { return crypto(d, r, STRUCT_crypto_report_rng); }
bool nla_crypto_cipher(struct decoder *d, struct nla_ref *r) { return crypto(d, r, STRUCT_crypto_report_cipher); }

