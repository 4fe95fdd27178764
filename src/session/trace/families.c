/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generic netlink has a family for each of its users, under a number that is given out when the user
 * registers: only the running kernel knows them.  Its controller (the family 16) dumps all of them, as
 * messages with a number and a name among their attributes.
 */
#include "session/trace/families.h"

#include "base/mem.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { FAMILIES_MOST = 256 };

struct families {
	bool asked;
	unsigned count;
	struct family {
		uint16_t id;
		char name[GENL_NAMSIZ];
	} rows[FAMILIES_MOST];
};

struct families *families_create(void) { return mem_calloc(1, sizeof(struct families)); }

static void add_family(struct families *f, const uint8_t *attributes, size_t size)
{
	struct family row = { 0 };
	struct nlattr a;

	for (size_t at = 0; at + sizeof(a) <= size && f->count < FAMILIES_MOST; at += NLA_ALIGN(a.nla_len)) {
		memcpy(&a, attributes + at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > size - at)
			return;
		const uint8_t *value = attributes + at + sizeof(a);
		size_t length = a.nla_len - sizeof(a);
		if (a.nla_type == CTRL_ATTR_FAMILY_ID && length >= sizeof(row.id))
			memcpy(&row.id, value, sizeof(row.id));
		else if (a.nla_type == CTRL_ATTR_FAMILY_NAME)
			memcpy(row.name, value, length < sizeof(row.name) ? length : sizeof(row.name) - 1);
		if (row.id != 0 && row.name[0] != 0) {
			f->rows[f->count++] = row;
			return;
		}
	}
}

/* One datagram of the answer; true: there are more to come. */
static bool add_messages(struct families *f, const uint8_t *bytes, size_t size)
{
	struct nlmsghdr h;

	for (size_t at = 0; at + sizeof(h) <= size; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, bytes + at, sizeof(h));
		if (h.nlmsg_type == NLMSG_DONE || h.nlmsg_type == NLMSG_ERROR || h.nlmsg_len < sizeof(h) || h.nlmsg_len > size - at)
			return false;
		if (h.nlmsg_type == GENL_ID_CTRL && h.nlmsg_len > NLMSG_LENGTH(GENL_HDRLEN))
			add_family(f, bytes + at + NLMSG_LENGTH(GENL_HDRLEN), h.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	}
	return true;
}

static void ask(struct families *f)
{
	struct {
		struct nlmsghdr head;
		struct genlmsghdr family;
	} request = { { sizeof(request), GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_DUMP, 0, 0 }, { .cmd = CTRL_CMD_GETFAMILY, .version = 1 } };
	static const struct timeval patience = { .tv_sec = 1 };
	uint8_t bytes[32768];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	f->asked = true;
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request)) {
		ssize_t got;
		do
			got = recv(fd, bytes, sizeof(bytes), 0);
		while (got > 0 && add_messages(f, bytes, (size_t)got));
	}
	close(fd);
}

const char *families_name(struct families *f, unsigned id)
{
	if (!f->asked)
		ask(f);
	for (unsigned i = 0; i < f->count; i++)
		if (f->rows[i].id == id)
			return f->rows[i].name;
	return NULL;
}

void families_destroy(struct families *f) { free(f); }
