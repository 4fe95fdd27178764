/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for messages and socket options. */
#include "syscall/hooks.h"

#include <arpa/inet.h>
#include <string.h>

struct message {
	uint64_t name, iov, iov_count, control, control_size;
	uint32_t name_size, flags;
};

static unsigned msghdr_size(const struct decoder *d) { return d->word == 8 ? 56 : 28; }

static void unpack(struct decoder *d, const uint8_t *b, struct message *m)
{
	unsigned w = d->word;

	m->name = dec_word(d, b, w);
	m->name_size = (uint32_t)dec_word(d, b + w, 4);
	m->iov = dec_word(d, b + 2 * w, w);
	m->iov_count = dec_word(d, b + 3 * w, w);
	m->control = dec_word(d, b + 4 * w, w);
	m->control_size = dec_word(d, b + 5 * w, w);
	m->flags = (uint32_t)dec_word(d, b + 6 * w, 4);
}

/* ---- ancillary data ----------------------------------------------------------------- */

static void cmsg_type(struct decoder *d, uint32_t level, uint32_t type)
{
	if (level == 1)
		dec_enum(d, XLAT_scm_types, type);
	else if (level == 0)
		dec_enum(d, XLAT_ip_cmsg, type);
	else if (level == 41)
		dec_enum(d, XLAT_ipv6_options, type);
	else
		dec_hex(d, type);
}

static void cmsg_fds(struct decoder *d, const uint8_t *b, size_t size)
{
	str_add_char(d->out, '[');
	for (size_t i = 0; i + 4 <= size; i += 4) {
		if (i > 0)
			dec_next(d);
		if (!d->style->verbose && i / 4 >= d->style->string_limit) {
			dec_text(d, "...");
			break;
		}
		dec_fd(d, (int)dec_word(d, b + i, 4));
	}
	str_add_char(d->out, ']');
}

static void cmsg_data(struct decoder *d, uint32_t level, uint32_t type, const uint8_t *b, size_t size)
{
	if (level == 1 && type == 1 && size >= 4) {
		cmsg_fds(d, b, size);
	} else if (level == 1 && type == 2 && size >= 12) {
		dec_struct_in(d, STRUCT_ucred, b, 12, 0);
	} else if (level == 1 && type == 29 && size >= 2 * (size_t)d->klong) {
		dec_struct_in(d, STRUCT_timeval, b, dec_struct_size(d, STRUCT_timeval), 0);
	} else if (level == 1 && type == 35 && size >= 2 * (size_t)d->klong) {
		dec_struct_in(d, STRUCT_timespec, b, dec_struct_size(d, STRUCT_timespec), 0);
	} else if (level == 0 && type == 8 && size >= 12) {
		char one[INET_ADDRSTRLEN], two[INET_ADDRSTRLEN];
		dec_text(d, "{ipi_ifindex=");
		dec_ifindex(d, (uint32_t)dec_word(d, b, 4));
		dec_printf(d, ", ipi_spec_dst=inet_addr(\"%s\"), ipi_addr=inet_addr(\"%s\")}",
			   inet_ntop(AF_INET, b + 4, one, sizeof(one)), inet_ntop(AF_INET, b + 8, two, sizeof(two)));
	} else if (level == 0 && type == 2 && size >= 4) {
		dec_printf(d, "[%u]", (unsigned)dec_word(d, b, 4));
	} else if (level == 0 && type == 1 && size >= 1) {
		dec_printf(d, "[%#x]", b[0]);
	} else {
		dec_quote(d, b, size, false, true);
	}
}

static void print_control(struct decoder *d, uint64_t addr, uint64_t size)
{
	enum { LIMIT = 16384 };
	uint8_t b[LIMIT];
	size_t head = d->word == 8 ? 16 : 12, at = 0, have = size > LIMIT ? LIMIT : (size_t)size;

	if (size < head || !dec_read(d, addr, b, have)) {
		dec_addr(d, addr);
		return;
	}
	str_add_char(d->out, '[');
	while (have - at >= head) {
		uint64_t length = dec_word(d, b + at, d->word);
		uint32_t level = (uint32_t)dec_word(d, b + at + d->word, 4), type = (uint32_t)dec_word(d, b + at + d->word + 4, 4);
		size_t data = length > head ? (size_t)(length - head) : 0;
		if (data > have - at - head)
			data = have - at - head;
		dec_printf(d, "%s{cmsg_len=%llu, cmsg_level=", at > 0 ? ", " : "", (unsigned long long)length);
		dec_enum(d, XLAT_sol_levels, level);
		dec_text(d, ", cmsg_type=");
		cmsg_type(d, level, type);
		if (data > 0) {
			dec_text(d, ", cmsg_data=");
			cmsg_data(d, level, type, b + at + head, data);
		}
		str_add_char(d->out, '}');
		if (length < head || length > have - at)
			break;
		at += (size_t)(length + d->word - 1) / d->word * d->word;
		if (at > have)
			break;
	}
	if (at < have && have - at < head) {
		dec_text(d, ", ... /* ");
		dec_addr(d, addr + at);
		dec_text(d, " */");
	}
	str_add_char(d->out, ']');
}

/* ---- messages ----------------------------------------------------------------------- */

static void print_message(struct decoder *d, const struct message *m, uint64_t bytes, bool received, uint32_t room)
{
	uint8_t name[128];
	uint32_t size = m->name_size > sizeof(name) ? sizeof(name) : m->name_size;

	dec_text(d, "{msg_name=");
	if (received && room < size)
		size = room;
	if (m->name == 0 || size < 2 || !dec_read(d, m->name, name, size))
		dec_addr(d, m->name);
	else
		dec_sockaddr(d, name, size);
	dec_text(d, ", msg_namelen=");
	if (received && room != m->name_size)
		dec_printf(d, "%d => ", (int)room);
	dec_printf(d, "%d, msg_iov=", (int)m->name_size);
	dec_vector(d, m->iov, m->iov_count, bytes);
	dec_printf(d, ", msg_iovlen=%llu", (unsigned long long)m->iov_count);
	if (m->control != 0 && m->control_size != 0) {
		dec_text(d, ", msg_control=");
		print_control(d, m->control, m->control_size);
	}
	dec_printf(d, ", msg_controllen=%llu, msg_flags=", (unsigned long long)m->control_size);
	dec_flags(d, XLAT_msg_flags, m->flags);
	str_add_char(d->out, '}');
}

void hook_msghdr(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[64];
	struct message m;

	if (!dec_read_or_addr(d, ref->value, b, msghdr_size(d)))
		return;
	unpack(d, b, &m);
	print_message(d, &m, UINT64_MAX, false, 0);
}

/* The length of the name that there was room for is read at entry: hook_msghdr_out() is
 * called at both ends. */
void hook_msghdr_out(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[64];
	struct message m;

	if (!d->exit) {
		if (dec_read(d, ref->value, b, msghdr_size(d)))
			d->progress->saved[0] = dec_word(d, b + d->word, 4);
		return;
	}
	if (d->call->is_error && dec_read(d, ref->value, b, msghdr_size(d))) {
		dec_printf(d, "{msg_namelen=%d}", (int)d->progress->saved[0]);
		return;
	}
	if (!dec_read_or_addr(d, ref->value, b, msghdr_size(d)))
		return;
	unpack(d, b, &m);
	print_message(d, &m, (uint64_t)d->call->result, true, (uint32_t)d->progress->saved[0]);
}

struct messages {
	bool received;
	uint64_t done; /* messages whose length the kernel has written */
};

static void print_mmsg(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	struct messages *all = user;
	uint32_t length = (uint32_t)dec_word(d, bytes + msghdr_size(d), 4);
	struct message m;

	(void)addr;
	unpack(d, bytes, &m);
	dec_text(d, "{msg_hdr=");
	print_message(d, &m, all->received ? length : UINT64_MAX, false, 0);
	if (all->done > 0) {
		all->done--;
		dec_printf(d, ", msg_len=%u", length);
	}
	str_add_char(d->out, '}');
}

static void message_vector(struct decoder *d, uint64_t addr, uint64_t count, bool received)
{
	struct messages all = { received, d->call->is_error ? 0 : (uint64_t)d->call->result };

	dec_array(d, addr, count, msghdr_size(d) + d->word, print_mmsg, &all);
}

void hook_mmsghdr(struct decoder *d, const struct sys_ref *ref)
{
	if (!d->exit)
		return;
	message_vector(d, ref->value, (uint32_t)d->args[ref->param], false);
}

void hook_mmsghdr_out(struct decoder *d, const struct sys_ref *ref)
{
	if (!d->exit)
		return;
	if (d->call->is_error)
		dec_addr(d, ref->value);
	else
		message_vector(d, ref->value, (uint64_t)d->call->result, true);
}

/* The timeout as it was asked for is gone at exit: what's left is said behind the result. */
void hook_recvmmsg_time(struct decoder *d, const struct sys_ref *ref)
{
	dec_next(d);
	if (d->args[4] == 0)
		dec_text(d, "NULL");
	else {
		d->ignore_error = true;
		dec_struct(d, ref->param, d->args[4]);
	}
}

bool result_recvmmsg(struct decoder *d)
{
	if (d->call->is_error)
		return true;
	dec_int(d, d->call->result);
	if (d->call->result == 0)
		dec_text(d, " (Timeout)");
	else if (d->args[4] != 0) {
		dec_text(d, " (left ");
		dec_struct(d, STRUCT_timespec, d->args[4]);
		str_add_char(d->out, ')');
	}
	return true;
}

/* ---- options ------------------------------------------------------------------------ */

static unsigned option_table(uint32_t level)
{
	switch (level) {
	case 0:
		return XLAT_ip_options;
	case 1:
		return XLAT_so_options;
	case 6:
		return XLAT_tcp_options;
	case 17:
		return XLAT_udp_options;
	case 40:
		return XLAT_vsock_options;
	case 132:
		return XLAT_sctp_options;
	case 255:
		return XLAT_raw_options;
	case 269:
		return XLAT_dccp_options;
	case 271:
		return XLAT_tipc_options;
	case 272:
		return XLAT_rxrpc_options;
	case 273:
		return XLAT_pppol2tp_options;
	case 275:
		return XLAT_pnpipe_options;
	case 276:
		return XLAT_rds_options;
	case 280:
		return XLAT_nfc_options;
	case 281:
		return XLAT_kcm_options;
	case 283:
		return XLAT_xdp_options;
	case 284:
		return XLAT_mptcp_options;
	case 286:
		return XLAT_smc_options;
	case 41:
		return XLAT_ipv6_options;
	case 263:
		return XLAT_packet_options;
	case 270:
		return XLAT_netlink_options;
	case 279:
		return XLAT_alg_options;
	case 282:
		return XLAT_tls_options;
	case 287:
		return XLAT_vsock_options;
	default:
		return XLAT_COUNT;
	}
}

void hook_sock_level(struct decoder *d, const struct sys_ref *ref)
{
	if (ref->value == 40)
		dec_named(d, 40, "AF_VSOCK", NULL);
	else
		dec_enum(d, XLAT_sol_levels, (uint32_t)ref->value);
}

void hook_sock_option(struct decoder *d, const struct sys_ref *ref)
{
	unsigned table = option_table((uint32_t)d->args[ref->param]);

	if (table == XLAT_COUNT)
		dec_uint(d, (uint32_t)ref->value);
	else
		dec_enum(d, table, (uint32_t)ref->value);
}

/* Print LENGTH bytes at ADDR as what LEVEL and NAME say. */
static void option_value(struct decoder *d, uint32_t level, uint32_t name, uint64_t addr, int32_t length)
{
	uint8_t b[16];

	if (length < 0) {
		dec_addr(d, addr);
	} else if (level == 1 && name == 13 && length >= 8) {
		dec_struct(d, STRUCT_linger, addr);
	} else if (level == 1 && (name == 20 || name == 21) && length >= (int32_t)dec_struct_size(d, STRUCT_timeval)) {
		dec_struct(d, STRUCT_timeval, addr);
	} else if (level == 1 && name == 17 && length >= 12) {
		dec_struct(d, STRUCT_ucred, addr);
	} else if (level == 1 && (name == 26 || name == 51) && length >= 2 * (int32_t)d->word) {
		dec_filter(d, addr);
	} else if ((level == 1 && (name == 25 || name == 62)) || (level == 6 && (name == 13 || name == 31))) {
		dec_buffer(d, addr, (uint64_t)length);
	} else if (length == 4) {
		if (!dec_read_or_addr(d, addr, b, 4))
			return;
		str_add_char(d->out, '[');
		if (level == 1 && (name == 3))
			dec_enum(d, XLAT_socktypes, dec_word(d, b, 4));
		else if (level == 1 && name == 38)
			dec_enum(d, XLAT_ipproto, dec_word(d, b, 4));
		else if (level == 1 && name == 4 && dec_word(d, b, 4) != 0)
			dec_printf(d, "%s", syscall_errno_name((int)dec_word(d, b, 4)) != NULL ? syscall_errno_name((int)dec_word(d, b, 4)) : "?");
		else
			dec_int(d, (int)dec_word(d, b, 4));
		str_add_char(d->out, ']');
	} else if (length == 0) {
		dec_addr(d, addr);
	} else {
		dec_buffer_hex(d, addr, (uint64_t)length);
	}
}

void hook_sockopt_set(struct decoder *d, const struct sys_ref *ref)
{
	option_value(d, (uint32_t)d->args[1], (uint32_t)d->args[2], ref->value, (int32_t)d->args[4]);
}

void hook_sockopt_get(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[4];

	if (dec_failed(d) || !dec_read(d, d->args[4], b, 4)) {
		dec_addr(d, ref->value);
		return;
	}
	option_value(d, (uint32_t)d->args[1], (uint32_t)d->args[2], ref->value, (int32_t)dec_word(d, b, 4));
}
