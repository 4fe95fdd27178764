/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for messages of sockets, and the ancillary data in them. */
#include "syscall/hooks.h"

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
	else
		dec_hex(d, type);
}

/* COUNT values of SIZE bytes: descriptors, numbers, or in hex. */
enum cmsg_item { ITEM_FD, ITEM_NUMBER, ITEM_HEX };

static void cmsg_list(struct decoder *d, const uint8_t *b, size_t count, unsigned size, enum cmsg_item kind)
{
	str_add_char(d->out, '[');
	for (size_t i = 0; i < count; i++) {
		uint64_t v = dec_word(d, b + i * size, size);
		if (i > 0)
			dec_next(d);
		if (dec_is_beyond(d, i)) {
			dec_text(d, "...");
			break;
		}
		if (kind == ITEM_FD)
			dec_fd(d, (int)v);
		else if (kind == ITEM_HEX)
			dec_hex(d, v);
		else
			dec_uint(d, v);
	}
	str_add_char(d->out, ']');
}

/* COUNT structures; fewer bytes can't be they. */
static void cmsg_structs(struct decoder *d, unsigned id, const uint8_t *b, size_t size, unsigned count)
{
	size_t own = dec_struct_size(d, id);

	if (size < own * count) {
		dec_text(d, "???");
		return;
	}
	if (count > 1)
		str_add_char(d->out, '[');
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			dec_next(d);
		dec_struct_in(d, id, b + i * own, own, 0);
	}
	if (count > 1)
		str_add_char(d->out, ']');
}

static void socket_cmsg(struct decoder *d, uint32_t type, const uint8_t *b, size_t size)
{
	switch (type) {
	case 1:
		cmsg_list(d, b, size / 4, 4, ITEM_FD);
		break;
	case 2:
		dec_struct_in(d, STRUCT_ucred, b, 12, 0);
		break;
	case 3:
		dec_quote(d, b, size, false, false);
		break;
	case 4:
		dec_fd(d, (int)dec_word(d, b, 4));
		break;
	case 29:
		cmsg_structs(d, STRUCT_timeval, b, size, 1);
		break;
	case 35:
	case 37:
		cmsg_structs(d, STRUCT_timespec, b, size, type == 37 ? 3 : 1);
		break;
	case 63:
		cmsg_structs(d, STRUCT_timeval64, b, size, 1);
		break;
	case 64:
	case 65:
		cmsg_structs(d, STRUCT_timespec64, b, size, type == 65 ? 3 : 1);
		break;
	}
}

static void ip_cmsg(struct decoder *d, uint32_t type, const uint8_t *b, size_t size)
{
	switch (type) {
	case 8:
		dec_struct_in(d, STRUCT_in_pktinfo, b, 12, 0);
		break;
	case 2:
	case 23:
		cmsg_list(d, b, size / 4, 4, ITEM_NUMBER);
		break;
	case 1:
	case 6:
	case 7:
		cmsg_list(d, b, size, 1, ITEM_HEX);
		break;
	case 11:
		dec_text(d, "{");
		dec_printf(d, "ee_errno=%u, ee_origin=%u, ee_type=%u, ee_code=%u, ee_info=%u, ee_data=%u, offender=", (unsigned)dec_word(d, b, 4), b[4],
			   b[5], b[6], (unsigned)dec_word(d, b + 8, 4), (unsigned)dec_word(d, b + 12, 4));
		dec_sockaddr(d, b + 16, 16);
		dec_text(d, "}");
		break;
	case 20:
		dec_sockaddr(d, b, size < 128 ? size : 128);
		break;
	case 52:
		str_add_char(d->out, '[');
		dec_named(d, dec_word(d, b, 4), dec_name(XLAT_ipproto, dec_word(d, b, 4)), "IP_???");
		str_add_char(d->out, ']');
		break;
	case 3:
		dec_quote(d, b, size, false, false);
		break;
	}
}

/* Are SIZE bytes enough for what this type says?  What isn't known is shown as bytes. */
static bool cmsg_has_data(uint32_t level, uint32_t type, size_t size)
{
	static const struct {
		uint8_t level, type, least;
	} kinds[] = { { 1, 1, 4 },  { 1, 2, 12 }, { 1, 3, 1 },	{ 1, 4, 4 },	{ 1, 29, 1 }, { 1, 35, 1 },  { 1, 37, 1 },  { 1, 63, 1 }, { 1, 64, 1 }, { 1, 65, 1 },
		      { 0, 8, 12 }, { 0, 2, 4 },  { 0, 1, 1 },	{ 0, 6, 1 },  { 0, 7, 1 },   { 0, 11, 32 }, { 0, 20, 16 }, { 0, 23, 4 }, { 0, 3, 1 }, { 0, 52, 4 } };

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].level == level && kinds[i].type == type)
			return size >= kinds[i].least;
	return false;
}

static void one_cmsg(struct decoder *d, uint64_t length, const uint8_t *head, const uint8_t *data, size_t size)
{
	uint32_t level = (uint32_t)dec_word(d, head, 4), type = (uint32_t)dec_word(d, head + 4, 4);
	const char *name = dec_hides(d, XLAT_sol_levels, level) ? NULL : dec_name(XLAT_sol_levels, level);

	dec_printf(d, "{cmsg_len=%llu, cmsg_level=", (unsigned long long)length);
	dec_named(d, level, name, "SOL_???"); /* of an option's level strace has it as "SOL_??" */
	dec_text(d, ", cmsg_type=");
	cmsg_type(d, level, type);
	if (size != 0)
		dec_text(d, ", cmsg_data=");
	if (size != 0 && !cmsg_has_data(level, type, size))
		dec_quote(d, data, size, false, true);
	else if (size != 0 && level == 1)
		socket_cmsg(d, type, data, size);
	else if (size != 0)
		ip_cmsg(d, type, data, size);
	str_add_char(d->out, '}');
}

static void cmsg_more(struct decoder *d, uint64_t addr)
{
	dec_text(d, ", ...");
	if (addr != 0) {
		dec_text(d, " /* ");
		dec_addr(d, addr);
		dec_text(d, " */");
	}
}

/* What the kernel would look at: /proc/sys/net/core/optmem_max bytes, as it is everywhere but on small machines. */
static void print_control(struct decoder *d, uint64_t addr, uint64_t size)
{
	enum { LIMIT = 131072 };
	CLEANUP(str_deinit) struct str memory = { 0 };
	size_t head = d->word + 8u, at = 0, have = size > LIMIT ? LIMIT : (size_t)size;

	if (size < head) {
		dec_addr(d, addr);
		return;
	}
	str_reserve(&memory, have);
	const uint8_t *b = (const uint8_t *)memory.text;
	if (!dec_read(d, addr, memory.text, have)) {
		dec_addr(d, addr);
		return;
	}
	str_add_char(d->out, '[');
	while (have - at >= head) {
		uint64_t length = dec_word(d, b + at, d->word);
		size_t own = length > have - at ? have - at : (size_t)length;
		if (at > 0)
			dec_next(d);
		one_cmsg(d, length, b + at + d->word, b + at + head, own > head ? own - head : 0);
		if (own < head) {
			at += head;
			break;
		}
		size_t step = (own + d->word - 1) & ~(size_t)(d->word - 1u); /* of LENGTH it may come out as 0 */
		at = step >= have - at ? have : at + step;
	}
	if (at < have)
		cmsg_more(d, addr + at);
	else if (have < size)
		cmsg_more(d, 0);
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
	if (m->control_size != 0) {
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

/* How many lengths of names, one for each message, were remembered at entry. */
enum { SAVED_LENGTHS = 0, NO_ROOM = UINT16_MAX /* more than can be: not remembered */ };

struct messages {
	bool received;
	uint64_t done; /* messages whose length the kernel has written */
	uint64_t index;
};

static void print_mmsg(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	struct messages *all = user;
	uint32_t length = (uint32_t)dec_word(d, bytes + msghdr_size(d), 4);
	struct message m;

	uint64_t index = all->index++;
	bool room_known = all->received && index < d->progress->saved[SAVED_LENGTHS] && d->progress->rooms[index] != NO_ROOM;

	(void)addr;
	if (index == SYSCALL_MESSAGES) {
		dec_text(d, "...");
		return;
	}
	unpack(d, bytes, &m);
	dec_text(d, "{msg_hdr=");
	print_message(d, &m, all->received ? length : UINT64_MAX, room_known, room_known ? d->progress->rooms[index] : 0);
	if (all->done > 0) {
		all->done--;
		dec_printf(d, ", msg_len=%u", length);
	}
	str_add_char(d->out, '}');
}

static void message_vector(struct decoder *d, uint64_t addr, uint64_t count, bool received)
{
	struct messages all = { received, d->call->is_error ? 0 : (uint64_t)d->call->result, 0 };

	dec_array(d, addr, count <= SYSCALL_MESSAGES ? count : SYSCALL_MESSAGES + 1, msghdr_size(d) + d->word, print_mmsg, &all);
}

void hook_mmsghdr(struct decoder *d, const struct sys_ref *ref)
{
	if (!d->exit)
		return;
	message_vector(d, ref->value, (uint32_t)d->args[ref->param], false);
}

/* Where the timeout of recvmmsg(), which the kernel overwrites, is kept: two words and whether they are there. */
enum { SAVED_TIME = 1, SAVED_TIME_THERE = 3 };

static void save_timeout(struct decoder *d)
{
	unsigned id = sys_types[d->describe->args[4].type].param;
	uint8_t bytes[16] = { 0 };

	d->progress->saved[SAVED_TIME_THERE] = dec_read(d, d->args[4], bytes, dec_struct_size(d, id));
	memcpy(&d->progress->saved[SAVED_TIME], bytes, sizeof(bytes));
}

/* The room that each message has for its sender's name, which the kernel overwrites with the name's length. */
static void save_rooms(struct decoder *d, uint64_t addr)
{
	uint64_t count = (uint32_t)d->args[2], n = 0;
	uint8_t bytes[4];

	for (; n < count && n < SYSCALL_MESSAGES; n++) {
		if (!dec_read(d, addr + n * (msghdr_size(d) + d->word) + d->word, bytes, sizeof(bytes)))
			break;
		uint64_t room = dec_word(d, bytes, sizeof(bytes));
		d->progress->rooms[n] = room < NO_ROOM ? (uint16_t)room : NO_ROOM;
	}
	d->progress->saved[SAVED_LENGTHS] = n;
}

void hook_mmsghdr_out(struct decoder *d, const struct sys_ref *ref)
{
	if (!d->exit) {
		save_rooms(d, ref->value);
		save_timeout(d);
		return;
	}
	if (d->call->is_error)
		dec_addr(d, ref->value);
	else
		message_vector(d, ref->value, (uint64_t)d->call->result, true);
}

/* What's left of it is said behind the result. */
void hook_recvmmsg_time(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[16];

	dec_set_names(d, "timeout");
	dec_next_arg(d);
	memcpy(bytes, &d->progress->saved[SAVED_TIME], sizeof(bytes));
	if (d->progress->saved[SAVED_TIME_THERE] != 0)
		dec_struct_in(d, ref->param, bytes, dec_struct_size(d, ref->param), d->args[4]);
	else
		dec_addr(d, d->args[4]);
}

bool result_recvmmsg(struct decoder *d)
{
	if (d->call->is_error)
		return true;
	dec_result(d);
	if (d->call->result == 0)
		dec_text(d, " (Timeout)");
	else if (d->args[4] != 0 && !d->style->addresses) {
		dec_text(d, " (left ");
		dec_struct(d, STRUCT_timespec, d->args[4]);
		str_add_char(d->out, ')');
	}
	return true;
}
