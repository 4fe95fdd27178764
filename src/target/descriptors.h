/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_TARGET_DESCRIPTORS_H
#define SONDE_TARGET_DESCRIPTORS_H
/*
 * The open descriptors of a running process as they are now: /proc/PID/fd, fdinfo, and for
 * sockets the tables of the process's network namespace (/proc/PID/net, proc(5)).
 */
#include "base/err.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { DESCRIPTOR_CWD = -100 }; /* as AT_FDCWD: the working directory */

struct descriptor {
	int fd;                /* DESCRIPTOR_CWD comes first */
	const char *kind;      /* static: "file", "directory", "device", "pipe", "tcp", "unix", "epoll" ... */
	char *name;            /* path; "tcp 127.0.0.1:80", "tcp 10.0.0.1:4711 -> 10.0.0.2:443", "unix /run/x",
				  "pipe:[5]", "epoll", "eventfd" ... */
	const char *state;     /* static; of a socket: "LISTEN", "ESTABLISHED" ...; else NULL */
	bool reads, writes, append, nonblocking, close_on_exec;
	bool has_position;     /* a file or a device that can seek */
	uint64_t position_bytes, size_bytes;
	uint64_t received_bytes, unsent_bytes; /* waiting in a socket's queues */
};
struct descriptors {
	VEC(struct descriptor) list; /* by number */
	bool cut;                    /* what could not be read was left out: no permission */
};

/* ERR_NOT_FOUND: no such process; ERR_PERMISSION: its descriptors may not be seen.  Without ADDRESSES sockets are
 * "socket:[5]": the tables that have them grow with all sockets of the machine. */
struct err *descriptors_read(pid_t pid, bool addresses, struct descriptors *ret);
void descriptors_deinit(struct descriptors *d);

/* One line of /proc/net/tcp, tcp6, udp, udp6, raw, raw6, unix or netlink (PROTOCOL) into a socket's name, state
 * and queues; false: not a socket's line.  NAME is appended to. */
struct str;
bool descriptors_parse_socket(const char *protocol, const char *line, uint64_t *inode, struct str *name,
			      struct descriptor *ret);

#endif
