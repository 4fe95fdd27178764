/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_NETLINK_H
#define SONDE_SYSCALL_NETLINK_H
/*
 * Netlink's messages and attributes: the tables that compile.py makes of netlink.def, and the
 * functions that print what they can't say.  Private to the room.
 */
#include "syscall/decode.h"

enum sys_nla_kind {
	SYS_NLA_VALUE,    /* of type `ref` */
	SYS_NLA_LONG,     /* the same, however long the payload is */
	SYS_NLA_SIZED,    /* the same in its own size, of a payload of up to 8 bytes */
	SYS_NLA_ARRAY,    /* of values of type `ref`, as many as there are */
	SYS_NLA_STR,      /* a NUL should end it */
	SYS_NLA_STRN,     /* bytes as text */
	SYS_NLA_NEST,     /* attributes of table `ref` */
	SYS_NLA_FUNCTION, /* number `ref` */
};
enum { SYS_NLA_ANY = 0xffff };
struct sys_nla {
	uint16_t type; /* SYS_NLA_ANY: whatever it is */
	uint8_t kind;
	uint16_t ref;
};
struct sys_nla_table {
	uint16_t first, count; /* in sys_nlas */
	uint16_t xlat;         /* names of the types */
};

enum sys_nl_flags {
	SYS_NL_WHOLE = 1,   /* the head has no family to tell if it isn't whole */
	SYS_NL_REQUEST = 2, /* only in requests */
	SYS_NL_ANSWER = 4,
	SYS_NL_BEYOND_STRACE = 8, /* not in strict style: strace shows the family and bytes */
};
enum { SYS_NL_ANY_TYPE = 0, SYS_NL_ANY_FAMILY = -1, SYS_NL_NO_ATTRIBUTES = 0xffff, SYS_NL_HEX = 0xfffe };
struct sys_nl_message {
	uint8_t protocol, flags;
	uint16_t type;
	int16_t family;      /* the first byte; SYS_NL_ANY_FAMILY */
	uint16_t head;       /* struct */
	uint16_t attributes; /* table */
};

struct nl_header {
	uint32_t length, sequence, pid;
	uint16_t type, flags;
};
struct nla_context { /* of one message: what earlier parts say about later ones */
	uint8_t family, depth;
	uint16_t kind_of_head, head_type;
	char kind[16];       /* of a link, a queueing discipline */
	char slave_kind[16]; /* of what a link is part of */
};
struct nla_ref {
	uint64_t addr;
	unsigned length, type;
	struct nla_context *context;
};
/* False: not enough of it is there; the bytes are shown. */
typedef bool (*sys_nla_function)(struct decoder *d, struct nla_ref *ref);

#define SYS_NLA_DECLARE(name) bool nla_##name(struct decoder *d, struct nla_ref *ref);
SYS_NLA_FUNCTIONS(SYS_NLA_DECLARE)

extern const struct sys_nla sys_nlas[];
extern const struct sys_nla_table sys_nla_tables[];
extern const struct sys_nl_message sys_nl_messages[];
extern const unsigned sys_nl_message_count;
extern const sys_nla_function sys_nla_functions[];

void dec_attributes(struct decoder *d, unsigned table, uint64_t addr, unsigned length, struct nla_context *context);
void dec_nla_str(struct decoder *d, uint64_t addr, uint64_t length);
void dec_nla_str_to_nul(struct decoder *d, uint64_t addr, uint64_t length); /* what is behind a NUL doesn't count */

#endif
