/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A descriptor's link says what it is: a path, or "socket:[INODE]", "pipe:[INODE]",
 * "anon_inode:[eventpoll]".  fdinfo has position and flags.  Sockets are found by inode in
 * the tables of the process's own network namespace, which are read once if there is a
 * socket at all; addresses stand there as the kernel has them in memory, so in the order of
 * bytes of this machine.
 */
#include "target/descriptors.h"

#include "base/io.h"
#include "base/map.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TABLE_MAX_BYTES = 256 << 20, LINK_MAX_BYTES = 4096 };

/* --- sockets ------------------------------------------------------------------------------ */

static const char *const tcp_states[] = {
	NULL, "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
};
static const char *const netlink_names[] = {
	"route", "unused", "usersock", "firewall", "sock_diag", "nflog", "xfrm", "selinux", "iscsi", "audit",
	"fib_lookup", "connector", "netfilter", "ip6_fw", "dnrtmsg", "kobject_uevent", "generic",
};

/* "0100007F:0050", or 32 digits: words of the address as they lie in memory. */
static bool add_address(struct str *out, const char *hex)
{
	const char *colon = strchr(hex, ':');
	size_t digits = colon ? (size_t)(colon - hex) : 0;
	uint32_t words[4] = { 0 };
	char text[INET6_ADDRSTRLEN];
	unsigned port;

	if ((digits != 8 && digits != 32) || sscanf(colon + 1, "%4x", &port) != 1)
		return false;
	for (size_t i = 0; i < digits / 8; i++)
		if (sscanf(hex + i * 8, "%8" SCNx32, &words[i]) != 1)
			return false;
	if (!inet_ntop(digits == 8 ? AF_INET : AF_INET6, words, text, sizeof(text)))
		return false;
	str_printf(out, digits == 8 ? "%s:" : "[%s]:", text);
	if (port)
		str_printf(out, "%u", port);
	else
		str_add_char(out, '*');
	return true;
}

static bool is_nobody(const char *address)
{
	return strspn(address, "0:") == strlen(address);
}

static bool parse_inet(const char *protocol, const char *line, uint64_t *inode, struct str *name,
		       struct descriptor *ret)
{
	char local[48], remote[48];
	unsigned state;

	if (sscanf(line, " %*[0-9]: %47s %47s %x %" SCNx64 ":%" SCNx64 " %*s %*s %*s %*s %" SCNu64, local, remote,
		   &state, &ret->unsent_bytes, &ret->received_bytes, inode) != 6)
		return false;
	str_printf(name, "%.3s ", protocol); /* tcp6's addresses show what they are */
	if (!add_address(name, local))
		return false;
	if (!is_nobody(remote)) {
		str_add(name, " -> ");
		add_address(name, remote);
	}
	if (strncmp(protocol, "tcp", 3) == 0 && state < sizeof(tcp_states) / sizeof(*tcp_states))
		ret->state = tcp_states[state];
	return true;
}

static bool parse_unix(const char *line, uint64_t *inode, struct str *name, struct descriptor *ret)
{
	unsigned flags, state;
	int at = 0;

	if (sscanf(line, "%*x: %*x %*x %x %*x %x %" SCNu64 "%n", &flags, &state, inode, &at) != 3 || at == 0)
		return false;
	line += at + strspn(line + at, " ");
	str_add(name, "unix");
	if (*line)
		str_printf(name, " %.*s", (int)strcspn(line, "\n"), line);
	else
		str_printf(name, ":[%" PRIu64 "]", *inode);
	ret->state = flags & 0x10000 ? "LISTEN" : state == 3 ? "CONNECTED" : state == 1 ? "UNCONNECTED" : NULL;
	return true;
}

static bool parse_netlink(const char *line, uint64_t *inode, struct str *name)
{
	unsigned protocol, port;

	if (sscanf(line, "%*x %u %u %*x %*u %*u %*s %*u %*u %" SCNu64, &protocol, &port, inode) != 3)
		return false;
	if (protocol < sizeof(netlink_names) / sizeof(*netlink_names))
		str_printf(name, "netlink %s", netlink_names[protocol]);
	else
		str_printf(name, "netlink %u", protocol);
	return true;
}

bool descriptors_parse_socket(const char *protocol, const char *line, uint64_t *inode, struct str *name,
			      struct descriptor *ret)
{
	if (strcmp(protocol, "unix") == 0)
		return parse_unix(line, inode, name, ret);
	if (strcmp(protocol, "netlink") == 0)
		return parse_netlink(line, inode, name);
	return parse_inet(protocol, line, inode, name, ret);
}

/* The sockets that are looked for: inode -> index into the list, plus one. */
static void take_line(struct descriptors *d, const struct map *wanted, const char *protocol, const char *line)
{
	struct descriptor found = { 0 };
	struct str name = { 0 };
	uint64_t inode, *index;

	if (descriptors_parse_socket(protocol, line, &inode, &name, &found) && inode &&
	    (index = map_find(wanted, inode)) != NULL)
		for (size_t i = *index - 1; i < d->list.n; i++) { /* descriptors may be duplicates */
			struct descriptor *own = &d->list.v[i];
			uint64_t its;

			if (sscanf(own->name, "socket:[%" SCNu64 "]", &its) != 1 || its != inode)
				continue;
			free(own->name);
			own->name = mem_strdup(str_text(&name));
			own->kind = str_starts(protocol, "tcp") ? "tcp" : str_starts(protocol, "udp") ? "udp"
				    : str_starts(protocol, "raw") ? "raw" : strcmp(protocol, "unix") == 0 ? "unix"
				    : "netlink";
			own->state = found.state;
			own->received_bytes = found.received_bytes;
			own->unsent_bytes = found.unsent_bytes;
		}
	str_deinit(&name);
}

static void find_sockets(struct descriptors *d, pid_t pid, const struct map *wanted)
{
	static const char *const tables[] = { "tcp", "tcp6", "udp", "udp6", "unix", "netlink", "raw", "raw6" };

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		CLEANUP(mem_freep) char *path = mem_printf("/proc/%d/net/%s", pid, tables[i]);
		struct str text = { 0 };
		char *line, *rest;
		struct err *err = io_read_file(path, TABLE_MAX_BYTES, &text);

		for (line = err ? NULL : strtok_r(text.text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			take_line(d, wanted, tables[i], line);
		err_destroy(err);
		str_deinit(&text);
	}
}

/* --- one descriptor -------------------------------------------------------------------------- */

static const char *kind_of_mode(mode_t mode)
{
	return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "directory" : S_ISFIFO(mode) ? "pipe"
	       : S_ISSOCK(mode) ? "socket" : S_ISCHR(mode) || S_ISBLK(mode) ? "device" : "other";
}

/* "anon_inode:[eventpoll]" is an epoll. */
static const char *kind_of_link(const char *link)
{
	static const char *const kinds[][2] = {
		{ "eventpoll", "epoll" }, { "eventfd", "eventfd" }, { "timerfd", "timerfd" }, { "signalfd", "signalfd" },
		{ "inotify", "inotify" }, { "pidfd", "pidfd" }, { "io_uring", "io_uring" }, { "perf_event", "perf event" },
		{ "bpf", "bpf" }, { "userfaultfd", "userfaultfd" }, { "fanotify", "fanotify" },
	};

	if (!str_starts(link, "anon_inode:"))
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strstr(link, kinds[i][0]))
			return kinds[i][1];
	return "other";
}

static void read_info(pid_t pid, struct descriptor *own)
{
	CLEANUP(mem_freep) char *path = mem_printf("/proc/%d/fdinfo/%d", pid, own->fd);
	struct str text = { 0 };
	struct err *err = io_read_file(path, 1 << 20, &text);
	const char *flags_at = err ? NULL : strstr(str_text(&text), "flags:");
	unsigned flags = O_RDONLY;

	if (!err)
		sscanf(str_text(&text), "pos: %" SCNu64, &own->position_bytes);
	if (flags_at)
		sscanf(flags_at, "flags: %o", &flags);
	own->reads = (flags & O_ACCMODE) != O_WRONLY;
	own->writes = (flags & O_ACCMODE) != O_RDONLY;
	own->append = flags & O_APPEND;
	own->nonblocking = flags & O_NONBLOCK;
	own->close_on_exec = flags & O_CLOEXEC;
	err_destroy(err);
	str_deinit(&text);
}

static bool read_link(pid_t pid, int fd, char *link, struct stat *st)
{
	char path[64];
	ssize_t n;

	if (fd == DESCRIPTOR_CWD)
		snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	else
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = readlink(path, link, LINK_MAX_BYTES - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	if (stat(path, st) != 0)
		*st = (struct stat){ 0 };
	return true;
}

static void add_one(struct descriptors *d, pid_t pid, int fd)
{
	char link[LINK_MAX_BYTES];
	struct descriptor *own;
	const char *anonymous;
	struct stat st;

	if (!read_link(pid, fd, link, &st)) {
		d->cut |= errno == EACCES || errno == EPERM;
		return;
	}
	anonymous = kind_of_link(link);
	own = vec_add(&d->list);
	own->fd = fd;
	own->kind = anonymous ? anonymous : kind_of_mode(st.st_mode);
	own->name = mem_strdup(anonymous && strcmp(anonymous, "other") != 0 ? anonymous : link);
	own->size_bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	own->has_position = S_ISREG(st.st_mode);
	if (fd >= 0)
		read_info(pid, own);
}

/* --- all of them -------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const struct descriptor *x = a, *y = b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

static struct err *open_list(pid_t pid, DIR **ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	*ret = opendir(path);
	if (*ret)
		return NULL;
	if (errno == ENOENT)
		return err_new(ERR_NOT_FOUND, "there is no process %d", pid);
	return err_fix(err_errno(errno, "cannot see the descriptors of process %d", pid),
		       "as root, or as the user that it belongs to");
}

struct err *descriptors_read(pid_t pid, bool addresses, struct descriptors *ret)
{
	struct descriptors d = { 0 };
	struct map sockets;
	struct dirent *entry;
	DIR *dir;

	TRY(open_list(pid, &dir));
	map_init(&sockets);
	add_one(&d, pid, DESCRIPTOR_CWD);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
		    !(pid == getpid() && atoi(entry->d_name) == dirfd(dir)))
			add_one(&d, pid, atoi(entry->d_name));
	closedir(dir);
	vec_sort(&d.list, by_number);
	for (size_t i = d.list.n; i-- > 0;) {
		uint64_t inode;

		if (sscanf(d.list.v[i].name, "socket:[%" SCNu64 "]", &inode) == 1)
			*map_get(&sockets, inode, NULL) = i + 1;
	}
	if (sockets.n && addresses)
		find_sockets(&d, pid, &sockets);
	map_deinit(&sockets);
	*ret = d;
	return NULL;
}

void descriptors_deinit(struct descriptors *d)
{
	for (size_t i = 0; i < d->list.n; i++)
		free(d->list.v[i].name);
	vec_deinit(&d->list);
}
