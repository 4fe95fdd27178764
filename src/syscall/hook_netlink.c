/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink messages.  netlink.def says which structure stands at the head of a message and which
 * tables its attributes are in; here is the walk over messages and attributes, and printers for
 * what a table can't say.  A family is one byte at the start of most heads, and decides about
 * addresses further on.  All is read where it is printed; nesting is bounded.
 */
#include "syscall/hooks.h"
#include "syscall/netlink.h"

#include <arpa/inet.h>
#include <string.h>

enum { ROUTE = 0, SOCK_DIAG = 4, NETFILTER = 12, UEVENT = 15, GENERIC = 16, CRYPTO = 21, SELINUX = 7, XFRM = 6, AUDIT = 9 };
enum { HEADER = 16, ATTRIBUTE = 4, NEST_LIMIT = 10, DONE = 3, ERROR = 2, FIRST_TYPE = 0x10 };

static void hex_bytes(struct decoder *d, uint64_t addr, uint64_t length) { dec_buffer_hex(d, addr, length); }

/* ---- attributes ----------------------------------------------------------------------- */

enum { TEXT_MOST = 4096 };

/* What is shown of a string of LENGTH bytes and, where there is more, one behind, at least 1; 0: it is said that there is nothing to read. */
static size_t read_text(struct decoder *d, uint64_t addr, uint64_t length, uint8_t *b, size_t *limit)
{
	size_t want;

	*limit = d->style->string_limit < TEXT_MOST ? d->style->string_limit : TEXT_MOST;
	want = length > *limit ? *limit + 1 : (size_t)length;
	if (want == 0) {
		dec_text(d, "\"\"");
	} else if (!dec_read(d, addr, b, want)) {
		dec_addr(d, addr);
		want = 0;
	}
	return want;
}

/* A string whose last byte should be NUL, which isn't shown; but where strace shows all in hexadecimal (with -x the NUL alone makes
 * it do so), the NUL is shown, too, and as if more followed. */
void dec_nla_str(struct decoder *d, uint64_t addr, uint64_t length)
{
	uint8_t b[TEXT_MOST + 1] = { 0 };
	bool whole = d->style->hex == SYSCALL_HEX_ALL || d->style->hex == SYSCALL_HEX_NON_ASCII, ended;
	size_t limit, want = read_text(d, addr, length, b, &limit), size = want < limit ? want : limit;

	if (want == 0)
		return;
	ended = size > 0 && b[size - 1] == 0 && !whole;
	dec_quote(d, b, size - ended, false, false);
	if (!ended)
		dec_text(d, "...");
}

void dec_nla_str_to_nul(struct decoder *d, uint64_t addr, uint64_t length)
{
	uint8_t b[TEXT_MOST + 1] = { 0 };
	size_t limit, want = read_text(d, addr, length, b, &limit);

	if (want == 0)
		return;
	dec_quote(d, b, want < limit ? want : limit, true, false);
	if (memchr(b, 0, want) == NULL)
		dec_text(d, "...");
}

static void array_element(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user) { dec_value(d, user, bytes, NULL, addr); }

static bool attribute_value(struct decoder *d, const struct sys_type *type, uint64_t addr, unsigned length, enum sys_nla_kind kind)
{
	uint8_t b[1024];
	unsigned size = dec_type_size(d, type);
	bool named = kind != SYS_NLA_LONG && (type->kind == SYS_FLAGS || type->kind == SYS_ENUM);

	if (length < size || size > sizeof(b) || (named && length > 8))
		return false;
	struct sys_type as_long = *type; /* a name's value is all that there is */
	if (named && kind != SYS_NLA_SIZED)
		as_long.size = (uint8_t)(size = length);
	if (dec_read_or_addr(d, addr, b, size))
		dec_value(d, &as_long, b, NULL, addr);
	return true;
}

static const struct sys_nla *find_attribute(const struct sys_nla_table *table, unsigned type)
{
	for (unsigned i = 0; i < table->count; i++)
		if (sys_nlas[table->first + i].type == type || sys_nlas[table->first + i].type == SYS_NLA_ANY)
			return &sys_nlas[table->first + i];
	return NULL;
}

static bool attribute_data(struct decoder *d, const struct sys_nla *row, struct nla_ref *ref)
{
	switch (row->kind) {
	case SYS_NLA_VALUE:
	case SYS_NLA_LONG:
	case SYS_NLA_SIZED:
		return attribute_value(d, &sys_types[row->ref], ref->addr, ref->length, (enum sys_nla_kind)row->kind);
	case SYS_NLA_ARRAY: {
		unsigned size = dec_type_size(d, &sys_types[row->ref]);
		if (size == 0 || ref->length < size)
			return false;
		dec_array(d, ref->addr, ref->length / size, size, array_element, (void *)&sys_types[row->ref]);
		return true;
	}
	case SYS_NLA_STR:
		dec_nla_str(d, ref->addr, ref->length);
		return true;
	case SYS_NLA_STRN:
		dec_buffer(d, ref->addr, ref->length);
		return true;
	case SYS_NLA_NEST:
		dec_attributes(d, row->ref, ref->addr, ref->length, ref->context);
		return true;
	default:
		return sys_nla_functions[row->ref](d, ref);
	}
}

static void attribute_head(struct decoder *d, const struct sys_nla_table *table, unsigned length, unsigned type)
{
	dec_printf(d, "{nla_len=%u, nla_type=", length);
	if (type & 0x8000) {
		dec_named(d, 0x8000, "NLA_F_NESTED", NULL);
		str_add_char(d->out, '|');
	}
	if (type & 0x4000) {
		dec_named(d, 0x4000, "NLA_F_NET_BYTEORDER", NULL);
		str_add_char(d->out, '|');
	}
	dec_enum(d, table->xlat, type & 0x3fff);
	str_add_char(d->out, '}');
}

static void attribute(struct decoder *d, const struct sys_nla_table *table, uint64_t addr, unsigned left, unsigned length, unsigned type,
		      struct nla_context *context)
{
	unsigned have = length < left ? length : left;

	if (have <= ATTRIBUTE) {
		attribute_head(d, table, length, type);
		return;
	}
	struct nla_ref ref = { addr + ATTRIBUTE, have - ATTRIBUTE, type & 0x3fff, context };
	const struct sys_nla *row = find_attribute(table, type & 0x3fff);
	str_add_char(d->out, '[');
	attribute_head(d, table, length, type);
	dec_next(d);
	if (row == NULL || dec_hides(d, table->xlat, type & 0x3fff) || !attribute_data(d, row, &ref))
		hex_bytes(d, ref.addr, ref.length);
	str_add_char(d->out, ']');
}

/* Of any list; a message whose parts overlap could fill the memory. */
static bool too_many(const struct decoder *d, uint64_t count)
{
	enum { TEXT_LIMIT = 1 << 20 };

	return (!d->style->verbose && count == d->style->string_limit) || d->out->length > TEXT_LIMIT;
}

/* An element that can't be read: in an array that began well it ends what there is. */
static void unreadable(struct decoder *d, uint64_t addr, bool array)
{
	dec_text(d, array ? "... /* " : "");
	dec_addr(d, addr);
	dec_text(d, array ? " */" : "");
}

void dec_attributes(struct decoder *d, unsigned table_id, uint64_t addr, unsigned length, struct nla_context *context)
{
	const struct sys_nla_table *table = &sys_nla_tables[table_id];
	bool array = false;
	uint8_t b[ATTRIBUTE];

	if (context->depth >= NEST_LIMIT) {
		hex_bytes(d, addr, length);
		return;
	}
	context->depth++;
	for (unsigned i = 0;; i++) {
		if (length < ATTRIBUTE) {
			hex_bytes(d, addr, length);
			break;
		}
		if (!dec_read(d, addr, b, ATTRIBUTE)) {
			unreadable(d, addr, array);
			break;
		}
		if (too_many(d, i)) {
			dec_text(d, "...");
			break;
		}
		unsigned own = (unsigned)dec_word(d, b, 2), step = (own + 3) & ~3u;
		bool more = own >= ATTRIBUTE && length > step;
		if (!array && more)
			str_add_char(d->out, '[');
		array |= more;
		attribute(d, table, addr, length, own, (unsigned)dec_word(d, b + 2, 2), context);
		if (!more)
			break;
		dec_next(d);
		addr += step;
		length -= step;
	}
	context->depth--;
	if (array)
		str_add_char(d->out, ']');
}

/* ---- heads ---------------------------------------------------------------------------- */

static unsigned align4(unsigned n) { return (n + 3) & ~3u; }

/* The family is told although the rest of the head may not be there. */
static bool head(struct decoder *d, const struct sys_nl_message *m, uint64_t addr, unsigned length, struct nla_context *context)
{
	uint8_t b[1024];
	const struct sys_struct *type = &sys_structs[m->head];
	unsigned size = dec_struct_size(d, m->head), first = dec_type_size(d, &sys_types[sys_fields[type->first].type]);
	struct sys_object o = { type, b, first, addr };
	bool any = false, more = false;

	if (size > sizeof(b) || (m->flags & SYS_NL_WHOLE) != 0) {
		if (length < size)
			return false;
		if (!dec_read_or_addr(d, addr, b, size))
			return false;
		dec_struct_in(d, m->head, b, size, addr);
		return true;
	}
	dec_read(d, addr, b, first);
	context->family = b[0];
	if (length >= size && dec_read(d, addr, b, size)) {
		context->kind_of_head = (uint16_t)dec_word(d, b, 2);
		context->head_type = (uint16_t)dec_word(d, b + 2, 2);
		dec_struct_in(d, m->head, b, size, addr);
		return true;
	}
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	dec_next(d);
	if (length >= size)
		dec_addr(d, addr + first);
	else
		dec_text(d, "...");
	str_add_char(d->out, '}');
	return false;
}

/* A message of which only the family is known. */
static void family_only(struct decoder *d, const char *name, uint64_t addr, unsigned length)
{
	uint8_t b;

	if (!dec_read_or_addr(d, addr, &b, 1))
		return;
	dec_printf(d, "{%s=", name);
	dec_enum(d, XLAT_af, b);
	if (length > 1) {
		dec_text(d, ", data=");
		hex_bytes(d, addr + 1, length - 1);
	}
	str_add_char(d->out, '}');
}

static const struct sys_nl_message *find_message(const struct decoder *d, unsigned protocol, unsigned type, int family, bool request)
{
	for (unsigned i = 0; i < sys_nl_message_count; i++) {
		const struct sys_nl_message *m = &sys_nl_messages[i];
		if ((m->flags & SYS_NL_BEYOND_STRACE) != 0 && d->style->strict)
			continue;
		bool ask = (m->flags & SYS_NL_REQUEST) != 0, answer = (m->flags & SYS_NL_ANSWER) != 0;
		if (m->protocol == protocol && (m->type == type || m->type == SYS_NL_ANY_TYPE) && (m->family == SYS_NL_ANY_FAMILY || m->family == family) &&
		    !(ask && !request) && !(answer && request))
			return m;
	}
	return NULL;
}

/* Some senders give nftables' subsystem in their own byte order. */
static void netfilter_resource(struct decoder *d, unsigned subsystem, unsigned id)
{
	enum { NFTABLES = 10 };

	if (subsystem == NFTABLES && ntohs((uint16_t)id) == NFTABLES)
		dec_named(d, id, "htons(NFNL_SUBSYS_NFTABLES)", NULL);
	else if (subsystem == NFTABLES && id == NFTABLES)
		dec_named(d, id, "NFNL_SUBSYS_NFTABLES", NULL);
	else
		dec_printf(d, "htons(%u)", ntohs((uint16_t)id));
}

static bool netfilter_payload(struct decoder *d, const struct nl_header *h, uint64_t addr, unsigned length)
{
	enum { SIZE = 4, BATCH_END = 0x11 };
	struct nla_context context = { 0 };
	uint8_t b[SIZE];

	if (length < SIZE)
		return false;
	if (!dec_read_or_addr(d, addr, b, SIZE))
		return true;
	dec_text(d, "{nfgen_family=");
	dec_enum(d, XLAT_af, b[0]);
	dec_text(d, ", version=");
	dec_enum(d, XLAT_nf_versions, b[1]);
	dec_text(d, ", res_id=");
	netfilter_resource(d, h->type >> 8, (unsigned)dec_word(d, b + 2, 2));
	str_add_char(d->out, '}');
	if (length > SIZE) {
		dec_next(d);
		if (h->type <= BATCH_END)
			hex_bytes(d, addr + SIZE, length - SIZE);
		else
			dec_attributes(d, NLA_none, addr + SIZE, length - SIZE, &context);
	}
	return true;
}

enum { TCP_GETSOCK = 18, DCCP_GETSOCK, BY_FAMILY };

static bool family_payload(struct decoder *d, unsigned protocol, const struct nl_header *h, uint64_t addr, unsigned length)
{
	struct nla_context context = { 0 };
	bool leads = protocol == ROUTE || protocol == SOCK_DIAG;
	uint8_t family = 0;

	if (protocol == NETFILTER && h->type != DONE)
		return netfilter_payload(d, h, addr, length);
	if (h->type == DONE || (protocol != ROUTE && protocol != SOCK_DIAG && protocol != CRYPTO && protocol != SELINUX &&
				(protocol != GENERIC || h->type < FIRST_TYPE)))
		return false;
	if (leads && !dec_read(d, addr, &family, 1)) {
		dec_addr(d, addr);
		return true;
	}
	unsigned type = h->type;
	if (protocol == SOCK_DIAG && type != TCP_GETSOCK && type != DCCP_GETSOCK)
		type = BY_FAMILY;
	const struct sys_nl_message *m = find_message(d, protocol, type, family, (h->flags & 1) != 0);
	if ((protocol == SOCK_DIAG && (m == NULL || length < 2)) || (protocol == ROUTE && m == NULL)) {
		family_only(d, "family", addr, length);
		return true;
	}
	if (m == NULL)
		return false;
	if ((m->flags & SYS_NL_WHOLE) != 0 && length < dec_struct_size(d, m->head))
		return false;
	unsigned size = align4(dec_struct_size(d, m->head));
	if (head(d, m, addr, length, &context) && length > size && m->attributes != SYS_NL_NO_ATTRIBUTES) {
		dec_next(d);
		if (m->attributes == SYS_NL_HEX)
			hex_bytes(d, addr + size, length - size);
		else
			dec_attributes(d, m->attributes, addr + size, length - size, &context);
	}
	return true;
}

/* ---- messages ------------------------------------------------------------------------- */

static const struct {
	uint16_t table;
} netfilter_types[] = { { XLAT_COUNT }, { XLAT_nf_ctnetlink }, { XLAT_nf_ctnetlink_exp }, { XLAT_nf_queue }, { XLAT_nf_ulog },
			{ XLAT_nf_osf }, { XLAT_nf_ipset }, { XLAT_nf_acct }, { XLAT_nf_cttimeout }, { XLAT_nf_cthelper },
			{ XLAT_nf_nftables }, { XLAT_nf_compat } };

static void netfilter_type(struct decoder *d, unsigned type)
{
	unsigned subsystem = type >> 8, own = type & 0xff;

	if (dec_name(XLAT_nf_control, type) != NULL) {
		dec_enum(d, XLAT_nf_control, type);
		return;
	}
	dec_enum(d, XLAT_nf_subsystems, subsystem);
	dec_text(d, "<<8|");
	if (subsystem > 0 && subsystem < sizeof(netfilter_types) / sizeof(netfilter_types[0]))
		dec_enum(d, netfilter_types[subsystem].table, own);
	else
		dec_hex(d, own);
}

static void generic_type(struct decoder *d, unsigned type)
{
	const char *name = d->lookup != NULL && d->lookup->netlink_family != NULL ? d->lookup->netlink_family(d->lookup->user, type) : NULL;

	dec_named(d, type, name != NULL ? name : dec_name(XLAT_nl_generic, type), "GENERIC_FAMILY_???");
}

static void message_type(struct decoder *d, int protocol, unsigned type)
{
	static const uint16_t tables[] = { [ROUTE] = XLAT_nl_route, [SOCK_DIAG] = XLAT_nl_sock_diag, [XFRM] = XLAT_nl_xfrm,
					   [SELINUX] = XLAT_nl_selinux, [AUDIT] = XLAT_nl_audit,
					   [CRYPTO] = XLAT_nl_crypto };
	static const uint8_t known[] = { [ROUTE] = 1, [SOCK_DIAG] = 1, [XFRM] = 1, [SELINUX] = 1, [AUDIT] = 1, [CRYPTO] = 1 };

	if (type < FIRST_TYPE || protocol < 0)
		dec_enum(d, XLAT_nl_types, type);
	else if (protocol == NETFILTER)
		netfilter_type(d, type);
	else if (protocol == GENERIC)
		generic_type(d, type);
	else if (protocol < (int)sizeof(known) && known[protocol] != 0)
		dec_enum(d, tables[protocol], type);
	else
		dec_enum(d, XLAT_nl_types, type);
}

enum flag_kind { PLAIN_FLAGS, NEW_FLAGS, DELETE_FLAGS, GET_FLAGS, ACK_FLAGS };

static enum flag_kind netfilter_flags(unsigned subsystem, unsigned type)
{
	/* By type: n new, d delete, g get, - none. */
	static const char *const kinds[] = { [1] = "ngdggggg", [2] = "ngdg", [7] = "nggd", [8] = "ngd", [9] = "ngd",
					     [10] = "ngdngdngdngdngd" "ng" "-" "ngdg" "ngd", [11] = "g" };
	static const char nft[] = "ngdngdngdngdngdng-ngdgngdgdddddddg";
	const char *row = subsystem == 10 ? nft : subsystem < sizeof(kinds) / sizeof(kinds[0]) ? kinds[subsystem] : NULL;
	char c = row != NULL && type < strlen(row) ? row[type] : '-';

	return c == 'n' ? NEW_FLAGS : c == 'd' ? DELETE_FLAGS : c == 'g' ? GET_FLAGS : PLAIN_FLAGS;
}

static enum flag_kind xfrm_flags(unsigned type)
{
	switch (type) {
	case 0x10:
	case 0x13:
	case 0x1e:
	case 0x22:
	case 0x24:
		return NEW_FLAGS;
	case 0x11:
	case 0x14:
		return DELETE_FLAGS;
	case 0x12:
	case 0x15:
	case 0x1f:
	case 0x23:
	case 0x25:
		return GET_FLAGS;
	default:
		return PLAIN_FLAGS;
	}
}

static enum flag_kind kind_of_flags(int protocol, unsigned type)
{
	static const enum flag_kind route[] = { NEW_FLAGS, DELETE_FLAGS, GET_FLAGS, PLAIN_FLAGS };

	if (type < FIRST_TYPE)
		return type == ERROR ? ACK_FLAGS : PLAIN_FLAGS;
	if (protocol == ROUTE)
		return type == 49 ? GET_FLAGS : route[type & 3];
	if (protocol == SOCK_DIAG || protocol == GENERIC)
		return GET_FLAGS;
	if (protocol == CRYPTO)
		return type == 0x10 ? NEW_FLAGS : type == 0x11 || type == 0x14 ? DELETE_FLAGS : type == 0x13 ? GET_FLAGS : PLAIN_FLAGS;
	if (protocol == NETFILTER)
		return netfilter_flags(type >> 8, type & 0xff);
	return protocol == XFRM ? xfrm_flags(type) : PLAIN_FLAGS;
}

static void message_flags(struct decoder *d, int protocol, unsigned type, unsigned flags)
{
	static const uint16_t more[] = { 0, XLAT_nl_new_flags, XLAT_nl_delete_flags, XLAT_nl_get_flags, XLAT_nl_ack_flags };
	enum flag_kind kind = kind_of_flags(protocol, type);
	const uint16_t tables[] = { XLAT_nl_flags, more[kind] };

	dec_flags_of(d, tables, kind == PLAIN_FLAGS ? 1 : 2, flags, "NLM_F_???");
}

static void message(struct decoder *d, int protocol, const struct nl_header *h, uint64_t addr, unsigned left, unsigned depth);

static void unpack_header(struct decoder *d, const uint8_t *b, struct nl_header *h)
{
	h->length = (uint32_t)dec_word(d, b, 4);
	h->type = (uint16_t)dec_word(d, b + 4, 2);
	h->flags = (uint16_t)dec_word(d, b + 6, 2);
	h->sequence = (uint32_t)dec_word(d, b + 8, 4);
	h->pid = (uint32_t)dec_word(d, b + 12, 4);
}

static void error_message(struct decoder *d, int protocol, uint64_t addr, unsigned length, bool capped, unsigned depth)
{
	struct nl_header h;
	uint8_t b[4 + HEADER];

	if (length < sizeof(b)) {
		hex_bytes(d, addr, length);
		return;
	}
	if (!dec_read_or_addr(d, addr, b, sizeof(b)))
		return;
	unpack_header(d, b + 4, &h);
	addr += 4;
	length -= 4;
	unsigned own = capped || h.length < HEADER ? HEADER : h.length < length ? h.length : length;
	if (length > own)
		str_add_char(d->out, '[');
	int error = (int)dec_word(d, b, 4);
	const char *name = error < 0 && error > -4096 ? syscall_errno_name(-error) : NULL;
	dec_text(d, "{error=");
	if (name == NULL || d->style->xlat == SYSCALL_XLAT_RAW)
		dec_int(d, error);
	else if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, "%d /* -%s */", error, name);
	else
		dec_printf(d, "-%s", name);
	dec_text(d, ", msg=");
	message(d, protocol, &h, addr, own, depth + 1);
	str_add_char(d->out, '}');
	if (length > own) {
		struct nla_context context = { 0 };
		dec_next(d);
		dec_attributes(d, NLA_nlmsgerr, addr + own, length - own, &context);
		str_add_char(d->out, ']');
	}
}

static void payload(struct decoder *d, int protocol, const struct nl_header *h, uint64_t addr, unsigned length, unsigned depth)
{
	uint8_t b[4];

	if (h->type == ERROR && depth < 4) {
		error_message(d, protocol, addr, length, (h->flags & 0x100) != 0, depth);
		return;
	}
	if ((h->type >= FIRST_TYPE || h->type == DONE) && protocol >= 0 && family_payload(d, (unsigned)protocol, h, addr, length))
		return;
	if (h->type == DONE && length == 4) {
		if (dec_read_or_addr(d, addr, b, 4))
			dec_int(d, (int)dec_word(d, b, 4));
		return;
	}
	hex_bytes(d, addr, length);
}

static void message(struct decoder *d, int protocol, const struct nl_header *h, uint64_t addr, unsigned left, unsigned depth)
{
	unsigned have = h->length < left ? h->length : left;

	if (have > HEADER)
		str_add_char(d->out, '[');
	dec_printf(d, "{nlmsg_len=%u, nlmsg_type=", h->length);
	message_type(d, protocol, h->type);
	dec_text(d, ", nlmsg_flags=");
	message_flags(d, protocol, h->type, h->flags);
	dec_printf(d, ", nlmsg_seq=%u, nlmsg_pid=", h->sequence);
	dec_pid(d, SYSCALL_PID, (int)h->pid);
	str_add_char(d->out, '}');
	if (have > HEADER) {
		dec_next(d);
		payload(d, protocol, h, addr + HEADER, have - HEADER, depth);
		str_add_char(d->out, ']');
	}
}

/* udev's own messages have a head; the kernel's are text. */
static void uevent(struct decoder *d, uint64_t addr, uint64_t length)
{
	enum { SIZE = 40 };
	uint8_t b[SIZE];

	if (length < SIZE || !dec_read(d, addr, b, SIZE) || memcmp(b, "libudev", 8) != 0) {
		dec_buffer(d, addr, length);
		return;
	}
	if (length > SIZE)
		str_add_char(d->out, '[');
	dec_text(d, "{prefix=\"libudev\", magic=htonl(");
	dec_hex(d, ntohl((uint32_t)dec_word(d, b + 8, 4)));
	dec_printf(d, "), header_size=%u, properties_off=%u, properties_len=%u, filter_subsystem_hash=htonl(", (unsigned)dec_word(d, b + 12, 4),
		   (unsigned)dec_word(d, b + 16, 4), (unsigned)dec_word(d, b + 20, 4));
	dec_hex(d, ntohl((uint32_t)dec_word(d, b + 24, 4)));
	dec_text(d, "), filter_devtype_hash=htonl(");
	dec_hex(d, ntohl((uint32_t)dec_word(d, b + 28, 4)));
	dec_text(d, "), filter_tag_bloom_hi=htonl(");
	dec_hex(d, ntohl((uint32_t)dec_word(d, b + 32, 4)));
	dec_text(d, "), filter_tag_bloom_lo=htonl(");
	dec_hex(d, ntohl((uint32_t)dec_word(d, b + 36, 4)));
	dec_text(d, ")}");
	if (length > SIZE) {
		dec_next(d);
		dec_buffer(d, addr + SIZE, length - SIZE);
		str_add_char(d->out, ']');
	}
}

static void messages(struct decoder *d, int protocol, uint64_t addr, uint64_t length)
{
	bool array = false;
	struct nl_header h;
	uint8_t b[HEADER];

	for (uint32_t i = 0;; i++) {
		if (length < HEADER) {
			hex_bytes(d, addr, length);
			break;
		}
		if (!dec_read(d, addr, b, HEADER)) {
			unreadable(d, addr, array);
			break;
		}
		if (too_many(d, i)) {
			dec_text(d, "...");
			break;
		}
		unpack_header(d, b, &h);
		uint64_t step = ((uint64_t)h.length + 3) & ~UINT64_C(3);
		bool more = h.length >= HEADER && length > (uint32_t)step && (uint32_t)step != 0;
		if (!array && more)
			str_add_char(d->out, '[');
		array |= more;
		message(d, protocol, &h, addr, length > UINT32_MAX ? UINT32_MAX : (unsigned)length, 0);
		if (!more)
			break;
		dec_next(d);
		addr += step;
		length -= step;
	}
	if (array)
		str_add_char(d->out, ']');
}

bool dec_netlink(struct decoder *d, int fd, uint64_t addr, uint64_t length)
{
	if (d->lookup == NULL || d->lookup->netlink_protocol == NULL || addr == 0)
		return false;
	int protocol = d->lookup->netlink_protocol(d->lookup->user, d->call->pid, fd);
	if (protocol < 0)
		return false;
	if (protocol == UEVENT)
		uevent(d, addr, length);
	else
		messages(d, protocol, addr, length);
	return true;
}

/* What is sent or was received: messages, or bytes. */
void hook_sockbuf(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t length = ref->param < 6 ? d->args[ref->param] : d->call->is_error ? 0 : (uint64_t)d->call->result;

	if (ref->param == 6 && length > d->args[2]) /* MSG_TRUNC: how long it was */
		length = d->args[2];

	if (dec_failed(d))
		dec_addr(d, ref->value);
	else if (!dec_netlink(d, (int)d->args[0], ref->value, length))
		dec_buffer(d, ref->value, length);
}
