/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The path is what /proc/PID/fd/N links to.  For a socket, whose link is "socket:[INODE]",
 * the kernel tells its protocol through an extended attribute of that link.  Addresses of
 * internet and netlink sockets are asked of the socket itself, through a duplicate
 * (pidfd_getfd), so that it works across network namespaces; who is at the other end of a
 * unix socket only sock_diag(7) knows.
 */
#include "session/trace/fd_names.h"

#include "base/map.h"
#include "base/mem.h"
#include "capture/bpf/file_piece.h"
#include "session/trace/families.h"
#include "session/trace/options.h"
#include "session/trace/pid_names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DELETED " (deleted)"
enum { ENDS_MOST = 4096 };

struct fd_names {
	struct families *families;
	uint32_t fds;
	int diag_fd; /* -1: none; -2: can't be had */
	int tells_semaphores; /* -1: not tried yet */
	const struct syscall_pieces *pieces; /* of the call that is printed; NULL: its thread waits for us meanwhile */
	bool of_other;                       /* a descriptor of another process is named */
	enum syscall_phase phase;
	struct bpf_calls_file kept;
	struct map ends; /* inode of a socket -> its ends as text, owned */
	struct pid_names *pids; /* borrowed */
	struct syscall_style style; /* -X alone, for what is named with constants */
};

/* --- sockets ------------------------------------------------------------------------------ */

static int duplicate(int pid, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), copy;

	if (pidfd < 0)
		return -1;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	close(pidfd);
	return copy;
}

static void add_address(struct str *out, const struct sockaddr_storage *a)
{
	char text[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;

	if (a->ss_family == AF_INET)
		str_printf(out, "%s:%u", inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)), ntohs(v4->sin_port));
	else
		str_printf(out, "[%s]:%u", inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)),
			   ntohs(v6->sin6_port));
}

static struct sockaddr_storage address_of(sa_family_t family, const void *address, uint16_t port)
{
	struct sockaddr_storage all = { .ss_family = family };

	if (family == AF_INET) {
		memcpy(&((struct sockaddr_in *)&all)->sin_addr, address, 4);
		((struct sockaddr_in *)&all)->sin_port = port;
	} else {
		memcpy(&((struct sockaddr_in6 *)&all)->sin6_addr, address, 16);
		((struct sockaddr_in6 *)&all)->sin6_port = port;
	}
	return all;
}

/* One that is connected may have port 0 at the other end: getaddrinfo() tries addresses so. */
static bool has_other_end(const void *address, uint16_t port, size_t size)
{
	static const uint8_t none[16];

	return port || memcmp(address, none, size) != 0;
}

/* Look for INODE in one reply of a dump.  1: there it is; 0: not yet; -1: that was all. */
static int find_inode(const struct nlmsghdr *m, ssize_t left, uint32_t inode, struct inet_diag_msg *ret)
{
	/* a last one without its padding leaves less than nothing */
	for (; left > 0 && NLMSG_OK(m, (size_t)left); m = NLMSG_NEXT(m, left)) {
		if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY || m->nlmsg_len < NLMSG_LENGTH(sizeof(*ret)))
			return -1;
		memcpy(ret, NLMSG_DATA(m), sizeof(*ret));
		if (ret->idiag_inode == inode)
			return 1;
	}
	return 0;
}

/* The socket with that INODE among those of the STATES, in our own network namespace. */
static bool ask_inet(sa_family_t family, uint8_t protocol, uint32_t states, uint32_t inode, struct inet_diag_msg *ret)
{
	_Alignas(struct nlmsghdr) char reply[8192];
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 request;
	} ask = {
		.head = { .nlmsg_len = sizeof(ask), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (uint8_t)family, .sdiag_protocol = protocol, .idiag_states = states },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), found = -1; /* its own: a dump may be left in the middle */
	ssize_t n;

	if (fd >= 0 && send(fd, &ask, sizeof(ask), 0) == sizeof(ask))
		do {
			n = recv(fd, reply, sizeof(reply), 0);
			found = n <= 0 ? -1 : find_inode((const struct nlmsghdr *)reply, n, inode, ret);
		} while (found == 0);
	if (fd >= 0)
		close(fd);
	return found == 1;
}

/*
 * Of sockets that getpeername() refuses only sock_diag(7) tells more: that of a connection that is being made, and of one
 * to port 0.  And of those without a connection, whether the port is still theirs: after a connect() that failed it isn't.
 */
static uint32_t states_to_ask(int socket, int protocol, const struct sockaddr_storage *own)
{
	enum { BOUND = 13 }; /* TCP_BOUND_INACTIVE, since Linux 6.8 */
	struct tcp_info info;
	socklen_t size = sizeof(info);
	const struct sockaddr_in *v4 = (const void *)own;
	const struct sockaddr_in6 *v6 = (const void *)own;

	if (protocol == IPPROTO_UDP)
		return has_other_end(own->ss_family == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr, 0,
				     own->ss_family == AF_INET ? 4 : 16) ? 1U << TCP_ESTABLISHED : 0;
	if (protocol != IPPROTO_TCP || getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return 0;
	return info.tcpi_state == TCP_SYN_SENT ? 1U << TCP_SYN_SENT : info.tcpi_state == TCP_CLOSE ? 1U << BOUND : 0;
}

/* False: it has no address any more. */
static bool add_other_end(int socket, uint32_t inode, const struct sockaddr_storage *own, struct str *out)
{
	struct sockaddr_storage peer;
	struct inet_diag_msg message;
	int protocol = 0;
	socklen_t size = sizeof(peer), protocol_size = sizeof(protocol);
	bool known = getpeername(socket, (struct sockaddr *)&peer, &size) == 0 && peer.ss_family == own->ss_family;
	uint32_t states;

	if (!known && getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &protocol_size) == 0 &&
	    (states = states_to_ask(socket, protocol, own)) != 0) {
		if (!ask_inet(own->ss_family, (uint8_t)protocol, states, inode, &message))
			return protocol != IPPROTO_TCP;
		known = has_other_end(message.id.idiag_dst, message.id.idiag_dport, own->ss_family == AF_INET ? 4 : 16);
		peer = address_of(own->ss_family, message.id.idiag_dst, message.id.idiag_dport);
	}
	if (known) {
		str_add(out, "->");
		add_address(out, &peer);
	}
	return true;
}

static bool add_inet(int socket, uint32_t inode, const struct sockaddr_storage *own, struct str *out)
{
	const struct sockaddr_in *v4 = (const void *)own;
	const struct sockaddr_in6 *v6 = (const void *)own;
	size_t begin = out->length;

	if ((own->ss_family == AF_INET ? v4->sin_port : v6->sin6_port) == 0)
		return false;
	add_address(out, own);
	if (add_other_end(socket, inode, own, out))
		return true;
	str_truncate(out, begin);
	return false;
}

static void add_netlink_port(struct str *out, int protocol, uint32_t port)
{
	static const char *const names[] = { "ROUTE", "UNUSED", "USERSOCK", "FIREWALL", "SOCK_DIAG", "NFLOG", "XFRM",
					     "SELINUX", "ISCSI", "AUDIT", "FIB_LOOKUP", "CONNECTOR", "NETFILTER",
					     "IP6_FW", "DNRTMSG", "KOBJECT_UEVENT", "GENERIC", NULL,
					     "SCSITRANSPORT", "ECRYPTFS", "RDMA", "CRYPTO", "SMC" };

	if (protocol >= 0 && protocol < (int)(sizeof(names) / sizeof(*names)) && names[protocol])
		str_add(out, names[protocol]);
	else
		str_printf(out, "%d", protocol);
	str_printf(out, ":%u", port);
}

static bool add_netlink(int socket, const struct sockaddr_storage *own, struct str *out)
{
	const struct sockaddr_nl *nl = (const void *)own;
	int protocol;
	socklen_t size = sizeof(protocol);

	if (!nl->nl_pid || getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0)
		return false;
	add_netlink_port(out, protocol, nl->nl_pid);
	return true;
}

static int open_diag(struct fd_names *f)
{
	if (f->diag_fd == -1) {
		f->diag_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
		if (f->diag_fd < 0)
			f->diag_fd = -2;
	}
	return f->diag_fd;
}

/* As far as a NUL, also of an abstract name: many are bound with the whole of sun_path. */
static void add_unix_name(const struct fd_names *f, struct str *out, const char *name, size_t length)
{
	bool abstract = length > 0 && name[0] == '\0';

	str_add(out, abstract ? "@\"" : "\"");
	syscall_quote(out, f->style.hex, name + abstract, length - abstract, NULL);
	str_add_char(out, '"');
}

static void add_unix_end(const struct fd_names *f, struct str *out, uint32_t inode, uint32_t peer, const char *name, size_t name_length)
{
	str_printf(out, "%u", inode);
	if (peer)
		str_printf(out, "->%u", peer);
	if (name) {
		str_add_char(out, ',');
		add_unix_name(f, out, name, name_length);
	}
}

struct diag_reply {
	struct nlmsghdr head;
	struct unix_diag_msg message;
	char attributes[512];
};

static bool ask_unix(struct fd_names *f, uint32_t inode, struct diag_reply *reply, ssize_t *size)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req request;
	} ask = {
		.head = { .nlmsg_len = sizeof(ask), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX, .udiag_ino = inode, .udiag_states = UINT32_MAX,
			     .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER, .udiag_cookie = { ~0U, ~0U } },
	};
	int fd = open_diag(f);

	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) != sizeof(ask))
		return false;
	*size = recv(fd, reply, sizeof(*reply), 0);
	return *size >= (ssize_t)offsetof(struct diag_reply, attributes) &&
	       reply->head.nlmsg_type == SOCK_DIAG_BY_FAMILY && reply->message.udiag_ino == inode;
}

static bool add_unix(struct fd_names *f, uint32_t inode, struct str *out)
{
	struct diag_reply reply;
	const char *name = NULL;
	size_t name_length = 0;
	uint32_t peer = 0;
	ssize_t size;

	if (!ask_unix(f, inode, &reply, &size))
		return false;
	size -= (ssize_t)offsetof(struct diag_reply, attributes);
	for (char *at = reply.attributes; size >= (ssize_t)sizeof(struct nlattr);) {
		const struct nlattr *a = (const struct nlattr *)at;
		size_t step = NLMSG_ALIGN(a->nla_len);

		if (a->nla_len < sizeof(*a) || a->nla_len > size)
			break;
		if (a->nla_type == UNIX_DIAG_NAME) {
			name = at + sizeof(*a);
			name_length = a->nla_len - sizeof(*a);
		} else if (a->nla_type == UNIX_DIAG_PEER && a->nla_len >= sizeof(*a) + sizeof(peer)) {
			memcpy(&peer, at + sizeof(*a), sizeof(peer));
		}
		at += step;
		size -= (ssize_t)step;
	}
	if (!name && !peer)
		return false;
	add_unix_end(f, out, inode, peer, name, name_length);
	return true;
}

static bool add_endpoint(struct fd_names *f, int pid, int fd, uint32_t inode, struct str *out)
{
	struct sockaddr_storage own = { 0 };
	socklen_t size = sizeof(own);
	int copy = duplicate(pid, fd);
	bool done = false;

	if (copy < 0)
		return false;
	if (getsockname(copy, (struct sockaddr *)&own, &size) == 0) {
		if (own.ss_family == AF_INET || own.ss_family == AF_INET6)
			done = add_inet(copy, inode, &own, out);
		else if (own.ss_family == AF_NETLINK)
			done = add_netlink(copy, &own, out);
		else if (own.ss_family == AF_UNIX)
			done = add_unix(f, inode, out);
	}
	close(copy);
	return done;
}

static void forget_ends(struct fd_names *f)
{
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&f->ends, &i)) != NULL;)
		free((char *)(uintptr_t)slot->value);
	map_clear(&f->ends);
}

/* KNOWN: what stands from BEGIN on are the ends of the socket.  Else those that it had before the other
 * side went away, as strace does, or its inode. */
static void add_ends(struct fd_names *f, uint32_t inode, bool known, size_t begin, struct str *out)
{
	uint64_t *slot;

	if (f->ends.n > ENDS_MOST)
		forget_ends(f);
	slot = map_get(&f->ends, inode, NULL);
	if (known && *slot && strstr((const char *)(uintptr_t)*slot, "->") && !strstr(out->text + begin, "->"))
		str_truncate(out, begin), known = false;
	if (known) {
		free((char *)(uintptr_t)*slot);
		*slot = (uintptr_t)mem_strdup(out->text + begin);
	} else if (*slot) {
		str_add(out, (const char *)(uintptr_t)*slot);
	} else {
		str_printf(out, "%u", inode);
	}
}

/* Those of sockets that have ends, or a peer; of others strace tells the inode alone, as without -yy. */
static bool is_named_protocol(const char *name)
{
	static const char *const names[] = { "UNIX", "UNIX-STREAM", "NETLINK", "TCP", "UDP", "UDPLITE", "DCCP", "SCTP", "L2TP/IP", "PING", "RAW",
					     "TCPv6", "UDPv6", "UDPLITEv6", "DCCPv6", "SCTPv6", "L2TP/IPv6", "PINGv6", "RAWv6" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool add_socket(struct fd_names *f, int pid, int fd, const char *link_path, const char *target, struct str *out)
{
	char protocol[64];
	ssize_t n = getxattr(link_path, "system.sockprotoname", protocol, sizeof(protocol) - 1);
	uint32_t inode = (uint32_t)strtoul(target + strlen("socket:["), NULL, 10);

	if (n <= 0)
		return false;
	protocol[n] = '\0';
	if (!is_named_protocol(protocol))
		return false;
	str_printf(out, "%s:[", protocol);
	size_t begin = out->length;

	bool known = add_endpoint(f, pid, fd, inode, out);

	if (!f->pieces)
		add_ends(f, inode, known, begin, out);
	else if (!known) /* where calls are told later, what is so now is nothing to remember for those between */
		str_printf(out, "%u", inode);
	str_add_char(out, ']');
	return true;
}

/* --- everything else -------------------------------------------------------------------------- */

/* The process that a pidfd refers to, as we see it; -1: it is none, or not one that we can see. */
static int read_pidfd(int pid, int fd)
{
	char path[64], line[128];
	int target = -1;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);

	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pid: %d", &target) == 1)
			break;
	if (file)
		fclose(file);
	return target;
}

/* What a line of a descriptor's fdinfo says behind WORD, a number in BASE; false: there is none. */
static bool fdinfo_number(int pid, int fd, const char *word, int base, uint64_t *ret)
{
	char path[64], line[128];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);

	FILE *file = fopen(path, "re");

	while (file && !found && fgets(line, sizeof(line), file)) {
		found = str_starts(line, word);
		if (found)
			*ret = strtoull(line + strlen(word), NULL, base);
	}
	if (file)
		fclose(file);
	return found;
}

/* SEMAPHORE: NULL where the kernel doesn't tell. */
static void print_eventfd(uint64_t count, uint64_t id, const uint64_t *semaphore, struct str *out)
{
	str_printf(out, "{eventfd-count=%#llx, eventfd-id=%llu", (unsigned long long)count, (unsigned long long)id);
	if (semaphore)
		str_printf(out, ", eventfd-semaphore=%llu", (unsigned long long)*semaphore);
	str_add_char(out, '}');
}

static bool add_eventfd(int pid, int fd, struct str *out)
{
	uint64_t count, id, semaphore;

	if (!fdinfo_number(pid, fd, "eventfd-count:", 16, &count) || !fdinfo_number(pid, fd, "eventfd-id:", 10, &id))
		return false;
	print_eventfd(count, id, fdinfo_number(pid, fd, "eventfd-semaphore:", 10, &semaphore) ? &semaphore : NULL, out);
	return true;
}

/* Does the kernel say of one whether it is a semaphore?  Since 6.5. */
static bool tells_semaphores(struct fd_names *f)
{
	int fd;
	uint64_t semaphore;

	if (f->tells_semaphores < 0) {
		fd = eventfd(0, EFD_CLOEXEC);
		f->tells_semaphores = fd < 0 || fdinfo_number(getpid(), fd, "eventfd-semaphore:", 10, &semaphore);
		if (fd >= 0)
			close(fd);
	}
	return f->tells_semaphores;
}

static void add_kept_eventfd(struct fd_names *f, const struct bpf_calls_file *kept, struct str *out)
{
	uint64_t count, semaphore = kept->state & EFD_SEMAPHORE;

	memcpy(&count, kept->local, sizeof(count));
	print_eventfd(count, kept->peer, tells_semaphores(f) ? &semaphore : NULL, out);
}

static void print_signalfd(const struct fd_names *f, uint64_t set, struct str *out)
{
	str_add(out, "signalfd:");
	syscall_print_sigset(&f->style, set, out);
}

static bool add_signalfd(const struct fd_names *f, int pid, int fd, struct str *out)
{
	uint64_t set;

	if (!fdinfo_number(pid, fd, "sigmask:", 16, &set))
		return false;
	print_signalfd(f, set, out);
	return true;
}

static void add_kept_signalfd(const struct fd_names *f, const struct bpf_calls_file *kept, struct str *out)
{
	uint64_t rest;

	memcpy(&rest, kept->local, sizeof(rest));
	print_signalfd(f, ~rest, out);
}

static bool add_pidfd(int pid, int fd, struct str *out)
{
	int target = read_pidfd(pid, fd);

	if (target < 0)
		return false;
	str_printf(out, "pid:%d", target);
	return true;
}

/* "<char 5:2>", of a terminal's master side with its other side: "<char 5:2 @/dev/pts/0>" */
static void add_device(int pid, int fd, const char *link_path, struct str *out)
{
	enum { TTY_AUX = 5, PTMX = 2 };
	struct stat st;
	uint64_t index;

	if (stat(link_path, &st) != 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return;
	str_printf(out, "<%s %u:%u", S_ISBLK(st.st_mode) ? "block" : "char", major(st.st_rdev), minor(st.st_rdev));
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(TTY_AUX, PTMX) && fdinfo_number(pid, fd, "tty-index:", 10, &index))
		str_printf(out, " @/dev/pts/%llu", (unsigned long long)index);
	str_add_char(out, '>');
}

static void add_path(const struct fd_names *f, struct str *out, const char *target)
{
	syscall_quote(out, f->style.hex, target, strlen(target), "<>");
}

/* --- what the engine kept ------------------------------------------------------------------------ */

static bool add_kept_inet(const struct bpf_calls_file *kept, struct str *out)
{
	struct sockaddr_storage local = address_of(kept->family, kept->local, htons(kept->local_port)),
				remote = address_of(kept->family, kept->remote, kept->remote_port);

	if (kept->local_port == 0)
		return false;
	add_address(out, &local);
	if (has_other_end(kept->remote, kept->remote_port, kept->family == AF_INET ? 4 : 16)) {
		str_add(out, "->");
		add_address(out, &remote);
	}
	return true;
}

static bool add_kept_end(const struct fd_names *f, const struct bpf_calls_file *kept, struct str *out)
{
	switch (kept->family) {
	case AF_INET:
	case AF_INET6:
		return add_kept_inet(kept, out);
	case AF_NETLINK:
		if (kept->peer)
			add_netlink_port(out, kept->protocol, kept->peer);
		return kept->peer != 0;
	case AF_UNIX:
		if (kept->peer || kept->name_bytes)
			add_unix_end(f, out, (uint32_t)kept->inode, kept->peer, kept->name_bytes ? (const char *)kept->name : NULL,
				     kept->name_bytes);
		return kept->peer || kept->name_bytes;
	default:
		return false;
	}
}

/* The name of a socket is its protocol's. */
static void add_kept_socket(struct fd_names *f, const struct bpf_calls_file *kept, struct str *out)
{
	size_t begin;

	str_printf(out, "%s:[", kept->text_bytes ? kept->text : "");
	begin = out->length;
	add_ends(f, (uint32_t)kept->inode, add_kept_end(f, kept, out), begin, out);
	str_add_char(out, ']');
}

/* Of devices also where only these were asked for. */
static bool path_wanted(const struct fd_names *f, mode_t mode)
{
	return f->fds & TRACE_FDS_PATH || (f->fds & TRACE_FDS_DEV && (S_ISCHR(mode) || S_ISBLK(mode)));
}

static void add_kept_device(const struct bpf_calls_file *kept, struct str *out)
{
	if (!S_ISCHR(kept->mode) && !S_ISBLK(kept->mode))
		return;
	str_printf(out, "<%s %u:%u", S_ISBLK(kept->mode) ? "block" : "char", kept->device >> 20, kept->device & 0xfffff);
	if (kept->flags & BPF_FILE_PTMX)
		str_printf(out, " @/dev/pts/%u", kept->peer);
	str_add_char(out, '>');
}

/* DELETED is said behind the name of a descriptor; as strace has it, that of the working directory keeps what /proc adds. */
static bool add_kept(struct fd_names *f, int fd, const struct bpf_calls_file *kept, struct str *out, bool *deleted)
{
	struct str path;
	bool known;

	if (f->fds & TRACE_FDS_SOCKET && file_piece_is_socket(kept) && kept->text_bytes && is_named_protocol(kept->text)) {
		add_kept_socket(f, kept, out);
		return true;
	}
	if (f->fds & TRACE_FDS_PIDFD && file_piece_is_pidfd(kept)) {
		str_printf(out, "pid:%u", kept->peer);
		return true;
	}
	if (f->fds & TRACE_FDS_EVENTFD && kept->flags & BPF_FILE_EVENT) {
		add_kept_eventfd(f, kept, out);
		return true;
	}
	if (f->fds & TRACE_FDS_SIGNALFD && kept->flags & BPF_FILE_SIGNAL) {
		add_kept_signalfd(f, kept, out);
		return true;
	}
	if (!path_wanted(f, kept->mode))
		return false;
	str_init(&path);
	known = file_piece_path(kept, &path);
	*deleted = known && fd >= 0 && str_ends(str_text(&path), DELETED) &&
		   (kept->links == 0 || kept->flags & BPF_FILE_DELETED);
	if (*deleted)
		path.text[path.length - strlen(DELETED)] = '\0';
	if (known)
		add_path(f, out, str_text(&path));
	if (known && f->fds & TRACE_FDS_DEV)
		add_kept_device(kept, out);
	str_deinit(&path);
	return known;
}

/* As it was at the phase that is printed; at exit, else as it was at entry. */
static enum file_piece find_kept(struct fd_names *f, int fd)
{
	enum file_piece found = file_piece_find(f->pieces, f->phase, fd, &f->kept);

	if (found == FILE_PIECE_NONE && f->phase == SYSCALL_EXIT)
		found = file_piece_find(f->pieces, SYSCALL_ENTER, fd, &f->kept);
	return found;
}

void fd_names_look_at(struct fd_names *f, const struct syscall_pieces *pieces, enum syscall_phase phase)
{
	f->pieces = pieces;
	f->phase = phase;
}

/* A file's own name may end in what /proc adds to one that is gone; one that is gone may have other names. */
static bool is_same_file(const char *link_path, const char *target)
{
	struct stat opened, named;

	return stat(link_path, &opened) == 0 && stat(target, &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* What /proc says now. */
static bool add_from_proc(struct fd_names *f, int pid, int fd, struct str *out, bool *deleted)
{
	char link_path[64], target[4096];
	struct stat st;
	pid_t in_proc = pid_names_in_proc(f->pids, pid);

	if (fd < 0) /* AT_FDCWD */
		snprintf(link_path, sizeof(link_path), "/proc/%d/cwd", in_proc);
	else
		snprintf(link_path, sizeof(link_path), "/proc/%d/fd/%d", in_proc, fd);

	ssize_t n = readlink(link_path, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	if (f->fds & TRACE_FDS_SOCKET && str_starts(target, "socket:[") &&
	    add_socket(f, pid, fd, link_path, target, out))
		return true;
	if (f->fds & TRACE_FDS_PIDFD && strcmp(target, "anon_inode:[pidfd]") == 0 && add_pidfd(pid, fd, out))
		return true;
	if (f->fds & TRACE_FDS_EVENTFD && strcmp(target, "anon_inode:[eventfd]") == 0 && add_eventfd(pid, fd, out))
		return true;
	if (f->fds & TRACE_FDS_SIGNALFD && strcmp(target, "anon_inode:[signalfd]") == 0 && add_signalfd(f, pid, fd, out))
		return true;
	if (!path_wanted(f, f->fds & TRACE_FDS_DEV && stat(link_path, &st) == 0 ? st.st_mode : 0))
		return false;
	*deleted = fd >= 0 && str_ends(target, DELETED) && !is_same_file(link_path, target);
	if (*deleted)
		target[(size_t)n - strlen(DELETED)] = '\0';
	add_path(f, out, target);
	if (f->fds & TRACE_FDS_DEV)
		add_device(pid, fd, link_path, out);
	return true;
}

/*
 * May /proc be asked?  What an engine tells of later (BPF) may have been closed since, and opened anew as something else:
 * a wrong name is worse than none.  But of a call that was under way when we came nothing was kept, and where
 * the name was too long to keep, what is there now can be held against the rest.
 */
static bool ask_proc(struct fd_names *f, enum file_piece found, int pid, int fd)
{
	char path[64];
	struct stat st;

	if (found == FILE_PIECE_NOTHING)
		return false;
	if (found == FILE_PIECE_NONE)
		return f->of_other || f->pieces == NULL || f->pieces->joined;
	snprintf(path, sizeof(path), fd < 0 ? "/proc/%d/cwd" : "/proc/%d/fd/%d", pid_names_in_proc(f->pids, pid), fd);
	return stat(path, &st) == 0 && st.st_ino == f->kept.inode && st.st_mode == f->kept.mode;
}

/* FOUND: what the engine kept of it. */
static bool add_name(struct fd_names *f, enum file_piece found, int pid, int fd, struct str *out)
{
	size_t begin = out->length;
	bool deleted = false, known;

	str_add_char(out, '<');
	if (found == FILE_PIECE_FOUND)
		known = add_kept(f, fd, &f->kept, out, &deleted);
	else
		known = ask_proc(f, found, pid, fd) && add_from_proc(f, pid, fd, out, &deleted);
	if (known)
		str_add(out, deleted ? ">(deleted)" : ">");
	else
		str_truncate(out, begin);
	return known;
}

static bool fd_path(void *user, int pid, int fd, struct str *out)
{
	return add_name(user, find_kept(user, fd), pid, fd, out);
}

static bool other_fd_path(void *user, int pid, int fd, struct str *out)
{
	struct fd_names *f = user;
	bool known;

	f->of_other = true; /* the pieces tell nothing of another process */
	known = add_name(f, FILE_PIECE_NONE, pid, fd, out);
	f->of_other = false;
	return known;
}

static int process_of(void *user, int tid, int id)
{
	struct fd_names *f = user;

	return pid_names_translate(f->pids, tid, SYSCALL_PID, id);
}

static int pidfd_target(void *user, int pid, int fd)
{
	struct fd_names *f = user;

	if (find_kept(f, fd) == FILE_PIECE_FOUND)
		return file_piece_is_pidfd(&f->kept) ? (int)f->kept.peer : -1;
	return read_pidfd(pid, fd);
}

static int netlink_protocol(void *user, int pid, int fd)
{
	struct fd_names *f = user;
	int copy, family = -1, protocol = -1;
	socklen_t size = sizeof(family);

	if (find_kept(f, fd) == FILE_PIECE_FOUND)
		return f->kept.family == AF_NETLINK ? f->kept.protocol : -1;
	if (f->pieces && !f->pieces->joined) /* the engine keeps each one that is */
		return -1;
	copy = duplicate(pid, fd);
	if (copy < 0)
		return -1;
	if (getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 || family != AF_NETLINK ||
	    getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0)
		protocol = -1;
	close(copy);
	return protocol;
}

static const char *netlink_family(void *user, unsigned id) { return families_name(((struct fd_names *)user)->families, id); }

static bool stat_fd(int pid, int fd, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	return fd >= 0 && stat(path, ret) == 0;
}

static int char_major(void *user, int pid, int fd)
{
	struct fd_names *f = user;
	struct stat st;

	if (find_kept(f, fd) == FILE_PIECE_FOUND)
		return S_ISCHR(f->kept.mode) ? (int)(f->kept.device >> 20) : -1;
	return stat_fd(pid, fd, &st) && S_ISCHR(st.st_mode) ? (int)major(st.st_rdev) : -1;
}

static bool is_socket(void *user, int pid, int fd)
{
	struct stat st;

	return stat_fd(pid, fd, &st) && S_ISSOCK(st.st_mode);
}

uint64_t fd_names_vcpu(void *user, int pid, int fd, int *number)
{
	static const char prefix[] = "anon_inode:kvm-vcpu";
	char path[64], name[64] = "", line[512];
	uint64_t found = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	ssize_t length = readlink(path, name, sizeof(name) - 1);
	if (length <= 0 || strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	name[length] = 0;
	*number = name[sizeof(prefix) - 1] == ':' ? atoi(name + sizeof(prefix)) : -1;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	FILE *f = fopen(path, "re");
	while (f != NULL && found == 0 && fgets(line, sizeof(line), f) != NULL) {
		char *at = strstr(line, name);
		if (at != NULL && strcmp(at + length, "\n") == 0)
			found = strtoull(line, NULL, 16);
	}
	if (f != NULL)
		fclose(f);
	return found;
}

struct fd_names *fd_names_create(uint32_t fds, const struct syscall_style *style, struct pid_names *pids, struct syscall_lookup *lookup)
{
	struct fd_names *f = mem_calloc(1, sizeof(*f));

	f->fds = fds;
	f->style.xlat = style->xlat;
	f->style.hex = style->hex;
	f->diag_fd = -1;
	f->tells_semaphores = -1;
	f->families = families_create();
	map_init(&f->ends);
	f->pids = pids;
	lookup->user = f;
	lookup->fd_path = fds ? fd_path : NULL;
	lookup->other_fd_path = fds ? other_fd_path : NULL;
	lookup->pidfd_target = pidfd_target;
	lookup->process_of = process_of;
	lookup->netlink_protocol = netlink_protocol;
	lookup->netlink_family = netlink_family;
	lookup->char_major = char_major;
	lookup->is_socket = is_socket;
	return f;
}

static void look_at(void *user, const struct syscall_pieces *pieces, enum syscall_phase phase)
{
	fd_names_look_at(user, pieces, phase);
}

void fd_names_for_rows(struct fd_names *f, struct call_names *ret)
{
	*ret = (struct call_names){ .look_at = look_at, .user = f, .files = f->fds != 0 };
	ret->lookup = (struct syscall_lookup){ .user = f, .fd_path = f->fds ? fd_path : NULL, .netlink_protocol = netlink_protocol,
					       .netlink_family = netlink_family, .char_major = char_major };
}

void fd_names_destroy(struct fd_names *f)
{
	if (f == NULL)
		return;
	if (f->diag_fd >= 0)
		close(f->diag_fd);
	forget_ends(f);
	map_deinit(&f->ends);
	families_destroy(f->families);
	free(f);
}
