/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process's descriptors are a map from number to object, copied at a fork, shared where
 * CLONE_FILES says so, and thinned out at an exec.  A descriptor that nothing is known of
 * ("fd 7 of nginx") is an object of its own: its opening was filtered away, lost, or was before
 * anybody looked.
 *
 * What isn't in the registers (pairs of descriptors, addresses, flags) is taken from the call's text, which is in
 * strace's form whichever engine recorded it.  The text is foreign bytes: it is only searched, never
 * trusted to be whole.
 */
#include "view/calls/objects.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_CWD = -100, FDS_MAX = 1 << 20, CLOSE_RANGE_CLOEXEC = 4, F_SETFD_NUMBER = 2 };
/* Descriptors in copies of all processes; only a recording that was made to hurt has more. */
static const uint64_t COPIED_MAX = 1 << 24;
static const uint64_t CLOEXEC_BIT = 1ULL << 32;

struct call_process {
	struct map *fds;      /* fd -> object, with CLOEXEC_BIT */
	bool shares;          /* the map is another one's, too */
	char *cwd;            /* NULL: not known */
	uint64_t first_ns;
};

void call_objects_init(struct call_objects *o, struct call_kinds *kinds)
{
	*o = (struct call_objects){ .kinds = kinds };
	strmap_init(&o->names);
}

static void free_process(struct call_process *p)
{
	if (!p->shares) {
		map_deinit(p->fds);
		free(p->fds);
	}
	free(p->cwd);
	free(p);
}

void call_objects_deinit(struct call_objects *o)
{
	for (size_t i = 0; i < o->owned.n; i++)
		free_process(o->owned.v[i]);
	vec_deinit(&o->owned);
	map_deinit(&o->processes);
	map_deinit(&o->users);
	map_deinit(&o->registered);
	strmap_deinit(&o->names);
	vec_deinit(&o->list);
	str_deinit(&o->text);
}

/* --- objects ------------------------------------------------------------------------------ */

uint32_t call_objects_named(struct call_objects *o, const char *name, enum call_object_kind kind)
{
	const char *copy;
	bool is_new;
	uint64_t *index = strmap_intern(&o->names, name, strlen(name), &is_new, &copy);

	if (is_new) {
		struct call_object *object = vec_add(&o->list);

		*object = (struct call_object){ .name = copy, .kind = kind, .known = true };
		*index = o->list.n - 1;
	}
	return (uint32_t)*index;
}

static enum call_object_kind kind_of_name(const char *name)
{
	static const char *const sockets[] = { "tcp", "udp", "unix", "netlink", "raw", "socket:" };

	if (name[0] == '/')
		return CALL_OBJECT_FILE;
	for (size_t i = 0; i < sizeof(sockets) / sizeof(*sockets); i++)
		if (str_starts(name, sockets[i]))
			return CALL_OBJECT_SOCKET;
	return str_starts(name, "pipe") ? CALL_OBJECT_PIPE : CALL_OBJECT_OTHER;
}

/* DIRECTORY/PATH, without "./" and doubled slashes; ".." stays: it may lead through a link. */
static const char *join(struct call_objects *o, const char *directory, const char *path)
{
	str_clear(&o->text);
	if (path[0] != '/' && directory) {
		str_add(&o->text, directory);
		if (!str_ends(directory, "/"))
			str_add_char(&o->text, '/');
	}
	while (*path) {
		bool at_start = o->text.length == 0 || o->text.text[o->text.length - 1] == '/';

		if (at_start && o->text.length && path[0] == '/')
			path++;
		else if (at_start && path[0] == '.' && (path[1] == '/' || (path[1] == '\0' && o->text.length)))
			path += path[1] ? 2 : 1;
		else
			str_add_char(&o->text, *path++);
	}
	if (o->text.length > 1 && o->text.text[o->text.length - 1] == '/')
		o->text.text[--o->text.length] = '\0';
	return str_text(&o->text);
}

/* --- addresses in strace's form --------------------------------------------------------------- */

/* What stands in quotes right behind MARK. */
static bool add_quoted(const char *text, const char *mark, struct str *out)
{
	const char *at = strstr(text, mark), *end;

	if (!at)
		return false;
	at += strlen(mark);
	end = strchr(at, '"');
	if (!end)
		return false;
	str_add_n(out, at, (size_t)(end - at));
	return true;
}

static void add_port(const char *text, const char *mark, struct str *out)
{
	const char *at = strstr(text, mark);
	unsigned port;

	if (at && sscanf(at + strlen(mark), "%5u", &port) == 1)
		str_printf(out, ":%u", port);
}

bool call_objects_address(const char *text, bool port, struct str *out)
{
	size_t before = out->length;

	if (add_quoted(text, "inet_addr(\"", out)) {
		if (port)
			add_port(text, "sin_port=htons(", out);
		return true;
	}
	str_add_char(out, '[');
	if (add_quoted(text, "inet_pton(AF_INET6, \"", out)) {
		str_add_char(out, ']');
		if (port)
			add_port(text, "sin6_port=htons(", out);
		return true;
	}
	out->length = before;
	out->text[before] = '\0';
	if (strstr(text, "sun_path=@\""))
		str_add_char(out, '@');
	return add_quoted(text, "sun_path=@\"", out) || add_quoted(text, "sun_path=\"", out);
}

/* --- processes -------------------------------------------------------------------------------------- */

static struct call_process *find_process(const struct call_objects *o, uint32_t pid)
{
	const uint64_t *slot = map_find(&o->processes, pid);

	return slot ? (struct call_process *)(uintptr_t)*slot : NULL;
}

static struct call_process *set_process(struct call_objects *o, uint32_t pid, struct call_process *p)
{
	vec_push(&o->owned, p);
	*map_get(&o->processes, pid, NULL) = (uintptr_t)p;
	return p;
}

static struct map *new_fds(const struct map *from)
{
	struct map *fds = mem_calloc(1, sizeof(*fds));
	struct map_slot *slot;

	map_init(fds);
	for (size_t i = 0; from && (slot = map_next(from, &i)) != NULL;)
		*map_get(fds, slot->key, NULL) = slot->value;
	return fds;
}

static struct call_process *copy_process(struct call_objects *o, const struct call_process *from, bool share)
{
	struct call_process *p = mem_calloc(1, sizeof(*p));

	o->copied += from ? from->fds->n : 0;
	p->shares = from && (share || o->copied > COPIED_MAX);
	p->fds = p->shares ? from->fds : new_fds(from ? from->fds : NULL);
	p->cwd = from && from->cwd ? mem_strdup(from->cwd) : NULL;
	return p;
}

/* One that was not seen before is its parent's copy: its fork was not recorded, or comes later. */
static struct call_process *process_of(struct call_objects *o, const struct call_seen *call)
{
	struct call_process *p = find_process(o, call->pid);

	if (!p) {
		p = set_process(o, call->pid, copy_process(o, find_process(o, call->ppid), false));
		p->first_ns = call->time_ns;
	}
	return p;
}

void call_objects_initial(struct call_objects *o, uint32_t pid, int fd, const char *name, bool close_on_exec)
{
	struct call_process *p = find_process(o, pid);

	if (!p)
		p = set_process(o, pid, copy_process(o, NULL, false));
	if (fd == AT_CWD) {
		free(p->cwd);
		p->cwd = mem_strdup(name);
		return;
	}
	*map_get(p->fds, (uint32_t)fd, NULL) =
		call_objects_named(o, name, kind_of_name(name)) | (close_on_exec ? CLOEXEC_BIT : 0);
}

static void set_fd(struct call_process *p, int64_t fd, uint32_t object, bool close_on_exec)
{
	if (fd >= 0 && fd < FDS_MAX)
		*map_get(p->fds, (uint64_t)fd, NULL) = object | (close_on_exec ? CLOEXEC_BIT : 0);
}

uint32_t call_objects_of_fd(struct call_objects *o, const struct call_seen *call, int fd)
{
	struct call_process *p = process_of(o, call);
	const uint64_t *slot = fd >= 0 ? map_find(p->fds, (uint64_t)fd) : NULL;
	char name[64];
	uint32_t object;

	if (fd < 0)
		return CALL_OBJECT_NONE;
	if (slot)
		return (uint32_t)*slot;
	snprintf(name, sizeof(name), "fd %d of %s", fd, call->comm_text);
	object = call_objects_named(o, name, CALL_OBJECT_OTHER);
	o->list.v[object].known = false;
	return object;
}

/* --- what calls do to descriptors ---------------------------------------------------------------------- */

static bool is_cloexec(const struct call_seen *call) { return strstr(call->arguments, "CLOEXEC") != NULL; }

/* The whole path that the call was given; NULL: none. */
static const char *path_of(struct call_objects *o, const struct call_seen *call)
{
	struct call_process *p = process_of(o, call);
	const char *directory = p->cwd;
	uint8_t dirfds = call->kind->roles.dirfds;

	if (!*call->path)
		return NULL;
	if (dirfds && call->path[0] != '/') {
		int fd = (int)call->args[__builtin_ctz(dirfds)];
		uint32_t object = fd == AT_CWD ? CALL_OBJECT_NONE : call_objects_of_fd(o, call, fd);

		if (object != CALL_OBJECT_NONE)
			directory = o->list.v[object].name;
	}
	return join(o, directory, call->path);
}

/* "AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP": what is it called? */
static const char *protocol_of(const char *arguments)
{
	bool stream = strstr(arguments, "SOCK_STREAM") != NULL, datagram = strstr(arguments, "SOCK_DGRAM") != NULL;

	if (str_starts(arguments, "AF_UNIX") || str_starts(arguments, "AF_LOCAL"))
		return "unix";
	if (str_starts(arguments, "AF_NETLINK"))
		return "netlink";
	if (!str_starts(arguments, "AF_INET"))
		return "other";
	return stream ? "tcp" : datagram ? "udp" : "raw";
}

static uint32_t make_socket(struct call_objects *o, const struct call_seen *call)
{
	const char *kind = strstr(call->arguments, "NETLINK_");
	char name[80];

	if (kind && str_starts(call->arguments, "AF_NETLINK"))
		snprintf(name, sizeof(name), "netlink %.*s", (int)strspn(kind + 8, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"),
			 kind + 8);
	else
		snprintf(name, sizeof(name), "%s socket", protocol_of(call->arguments));
	return call_objects_named(o, name, CALL_OBJECT_SOCKET);
}

/* "tcp WORD ADDRESS", of the protocol that FD's object has now. */
static uint32_t named_by_address(struct call_objects *o, uint32_t now, const char *word, const char *text)
{
	const char *name = now == CALL_OBJECT_NONE ? "socket" : o->list.v[now].name;
	struct str whole = { 0 };
	uint32_t object = now;

	str_add_n(&whole, name, strcspn(name, " :"));
	str_printf(&whole, " %s", word);
	if (call_objects_address(text, true, &whole))
		object = call_objects_named(o, str_text(&whole), CALL_OBJECT_SOCKET);
	str_deinit(&whole);
	return object;
}

/* Connections of one listener are one object for each peer's host: its port is another one each time. */
static uint32_t accepted(struct call_objects *o, const struct call_seen *call)
{
	uint32_t listener = call_objects_of_fd(o, call, (int)call->args[0]), object;
	struct str name = { 0 };

	str_add(&name, listener == CALL_OBJECT_NONE ? "socket" : o->list.v[listener].name);
	str_add(&name, " from ");
	if (!call_objects_address(call->arguments, false, &name))
		str_add(&name, "a peer");
	object = call_objects_named(o, str_text(&name), CALL_OBJECT_SOCKET);
	str_deinit(&name);
	return object;
}

/* "<pipe:[17]>, 4" -> ", 4": recorded with -y.  A name may have ">" in it ("->"), not before "," or "]". */
static const char *behind_name(const char *at)
{
	if (*at != '<')
		return at;
	for (; *at; at++)
		if (*at == '>' && (at[1] == ',' || at[1] == ']' || str_starts(at + 1, "(deleted)")))
			return at + 1 + (at[1] == '(' ? strlen("(deleted)") : 0);
	return at;
}

/* The two numbers in "[3, 4]". */
static uint32_t make_pair(struct call_objects *o, const struct call_seen *call, struct call_process *p)
{
	bool sockets = strcmp(call->kind->entry->name, "socketpair") == 0;
	const char *at = call->arguments;
	char name[80];
	uint32_t object;
	int a, b, used;

	while ((at = strchr(at, '[')) != NULL && sscanf(at, "[%d%n", &a, &used) != 1)
		at++;
	if (!at || sscanf(behind_name(at + used), ", %d", &b) != 1)
		return CALL_OBJECT_NONE;
	snprintf(name, sizeof(name), "%s %u of %s", sockets ? "socketpair" : "pipe", ++o->pipes, call->comm_text);
	object = call_objects_named(o, name, sockets ? CALL_OBJECT_SOCKET : CALL_OBJECT_PIPE);
	set_fd(p, a, object, is_cloexec(call));
	set_fd(p, b, object, is_cloexec(call));
	return object;
}

/* Descriptors that came through a socket: "cmsg_type=SCM_RIGHTS, cmsg_data=[5, 6]". */
static void receive_fds(struct call_objects *o, const struct call_seen *call, struct call_process *p)
{
	const char *at = strstr(call->arguments, "cmsg_type=SCM_RIGHTS, cmsg_data=[");
	uint32_t object;
	int fd, used;

	if (!at)
		return;
	object = call_objects_named(o, "received through a socket", CALL_OBJECT_OTHER);
	at = strchr(at, '[') + 1;
	while (sscanf(at, "%d%n", &fd, &used) == 1) {
		set_fd(p, fd, object, is_cloexec(call));
		at = behind_name(at + used);
		at += strspn(at, ", ");
	}
}

/* "epoll_create1" makes an epoll. */
static uint32_t make_other(struct call_objects *o, const struct call_seen *call)
{
	const char *name = call->kind->entry->name;
	size_t length = strcspn(name, "_0123456789");
	char text[64];

	if (str_starts(name, "io_uring") || str_starts(name, "perf_event"))
		length = strcspn(name, "0123456789");
	snprintf(text, sizeof(text), "%.*s of %s", (int)length, name, call->comm_text);
	return call_objects_named(o, text, CALL_OBJECT_OTHER);
}

static void copy_fd(struct call_process *p, int64_t from, int64_t to, bool close_on_exec)
{
	const uint64_t *slot = map_find(p->fds, (uint64_t)from);

	if (slot)
		set_fd(p, to, (uint32_t)*slot, close_on_exec);
	else
		map_remove(p->fds, (uint64_t)to);
}

static void rename_fd(struct call_process *p, int fd, uint32_t object)
{
	const uint64_t *slot = map_find(p->fds, (uint64_t)fd);

	set_fd(p, fd, object, slot && *slot & CLOEXEC_BIT);
}

static void follow_fcntl(const struct call_seen *call, struct call_process *p)
{
	uint64_t *slot = map_find(p->fds, (uint32_t)call->args[0]);

	if (strstr(call->arguments, "F_DUPFD"))
		copy_fd(p, (int)call->args[0], call->result, is_cloexec(call));
	else if (slot && call->args[1] == F_SETFD_NUMBER)
		*slot = (*slot & ~CLOEXEC_BIT) | (call->args[2] & 1 ? CLOEXEC_BIT : 0);
}

/* Descriptors from FIRST to LAST; all with MUST_HAVE set, where that isn't 0. */
static void close_range_of(struct call_process *p, uint64_t first, uint64_t last, uint64_t must_have)
{
	VEC(uint64_t) gone = { 0 };
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(p->fds, &i)) != NULL;)
		if (slot->key >= first && slot->key <= last && (slot->value & must_have) == must_have)
			vec_push(&gone, slot->key);
	for (size_t i = 0; i < gone.n; i++)
		map_remove(p->fds, gone.v[i]);
	vec_deinit(&gone);
}

static void follow_fork(struct call_objects *o, const struct call_seen *call, struct call_process *p)
{
	struct call_process *child;

	if (call->result <= 0 || strstr(call->arguments, "CLONE_THREAD"))
		return;
	child = find_process(o, (uint32_t)call->result);
	if (child && child->first_ns >= call->time_ns)
		return; /* the child was seen first: it has its copy */
	child = set_process(o, (uint32_t)call->result, copy_process(o, p, strstr(call->arguments, "CLONE_FILES") != NULL));
	child->first_ns = call->time_ns;
}

static void follow_exec(struct call_process *p)
{
	if (p->shares) {
		p->fds = new_fds(p->fds);
		p->shares = false;
	}
	close_range_of(p, 0, UINT64_MAX, CLOEXEC_BIT);
}

static void follow_cwd(struct call_objects *o, const struct call_seen *call, struct call_process *p)
{
	const char *path = path_of(o, call);
	uint32_t object = path ? CALL_OBJECT_NONE : call_objects_of_fd(o, call, (int)call->args[0]);
	char *cwd = path ? mem_strdup(path) : object != CALL_OBJECT_NONE ? mem_strdup(o->list.v[object].name) : NULL;

	free(p->cwd);
	p->cwd = cwd;
}

/* The data of the first event in a call's text, "data={u32=7, u64=7}" or "data=0x7", as a key. */
static bool event_key(const struct call_seen *call, uint64_t *ret)
{
	const char *at = strstr(call->arguments, "data="), *wide;
	char *end;
	uint64_t data;

	if (!at)
		return false;
	at += strlen("data=");
	wide = *at == '{' ? strstr(at, "u64=") : NULL;
	at = wide ? wide + strlen("u64=") : at;
	data = strtoull(at, &end, 0);
	*ret = hash_u64(data) ^ call->pid;
	return end > at;
}

static void follow_registration(struct call_objects *o, const struct call_seen *call)
{
	uint64_t key;

	if (event_key(call, &key))
		*map_get(&o->registered, key, NULL) = call_objects_of_fd(o, call, (int)call->args[2]);
}

uint32_t call_objects_of_event(const struct call_objects *o, const struct call_seen *call)
{
	const uint64_t *object = NULL;
	uint64_t key;

	if (event_key(call, &key))
		object = map_find(&o->registered, key);
	return object ? (uint32_t)*object : CALL_OBJECT_NONE;
}

/* A call that succeeded: descriptors that it made or ended.  What it made is returned. */
static uint32_t follow_success(struct call_objects *o, const struct call_seen *call, struct call_process *p)
{
	uint32_t object = CALL_OBJECT_NONE;
	const char *path;

	switch (call->kind->makes) {
	case CALL_MAKES_FILE:
		path = path_of(o, call);
		object = path ? call_objects_named(o, path, CALL_OBJECT_FILE) : make_other(o, call);
		break;
	case CALL_MAKES_SOCKET: object = make_socket(o, call); break;
	case CALL_MAKES_ACCEPT: object = accepted(o, call); break;
	case CALL_MAKES_OTHER: object = make_other(o, call); break;
	case CALL_MAKES_PAIR: return make_pair(o, call, p);
	case CALL_MAKES_COPY: copy_fd(p, (int)call->args[0], call->result, is_cloexec(call)); break;
	case CALL_MAKES_FCNTL: follow_fcntl(call, p); break;
	case CALL_MAKES_FORK: follow_fork(o, call, p); break;
	case CALL_MAKES_EXEC: follow_exec(p); break;
	case CALL_MAKES_RECEIVED: receive_fds(o, call, p); break;
	case CALL_MOVES_CWD: follow_cwd(o, call, p); break;
	case CALL_REGISTERS: follow_registration(o, call); break;
	case CALL_ENDS_RANGE:
		if (!(call->args[2] & CLOSE_RANGE_CLOEXEC))
			close_range_of(p, (uint32_t)call->args[0], (uint32_t)call->args[1], 0);
		break;
	default: break;
	}
	if (object != CALL_OBJECT_NONE)
		set_fd(p, call->result, object, is_cloexec(call));
	return object;
}

/* --- what a call worked on --------------------------------------------------------------------------------- */

/* Those whose address is part of the call: connect and bind name their descriptor for good, sendto
 * and recvfrom this one call. */
static uint32_t by_address(struct call_objects *o, const struct call_seen *call, struct call_process *p, uint32_t object)
{
	enum call_makes makes = call->kind->makes;
	bool named = makes == CALL_NAMES_PEER || makes == CALL_NAMES_OWN;
	const char *name = object == CALL_OBJECT_NONE ? "" : o->list.v[object].name;
	uint32_t now;

	if (!named && !(strcmp(name, "udp socket") == 0 && call->kind->moves))
		return object;
	if (str_eq(call->kind->entry->name, "getsockname") && !str_ends(name, ":0"))
		return object;
	now = named_by_address(o, object, makes == CALL_NAMES_OWN ? "" : call->kind->moves == CALL_READS ? "from " : "to ",
			       call->arguments);
	if (named && (!call_seen_failed(call) || makes == CALL_NAMES_PEER))
		rename_fd(p, (int)call->args[0], now);
	return now;
}

static void count_user(struct call_objects *o, uint32_t index, const struct call_seen *call)
{
	struct call_object *object = &o->list.v[index];
	bool is_new;

	if (object->last_pid == call->pid)
		return;
	object->last_pid = call->pid;
	map_get(&o->users, (uint64_t)index << 32 | call->pid, &is_new);
	if (!is_new)
		return;
	object->processes++;
	object->comm = call->comm;
}

static void count(struct call_objects *o, uint32_t index, const struct call_seen *call, uint8_t moves)
{
	struct call_object *object = &o->list.v[index];
	bool failed = call_seen_failed(call), is_done = !failed && !call->unfinished;
	uint64_t bytes = call->result > 0 ? (uint64_t)call->result : 0;

	if (!call->wanted)
		return;
	object->calls++;
	object->time_ns += call->duration_ns;
	object->errors += failed;
	if (moves & CALL_READS && is_done) {
		object->reads++;
		object->read_bytes += bytes;
	}
	if (moves & CALL_WRITES && is_done) {
		object->writes++;
		object->write_bytes += bytes;
	}
	if (call->kind->roles.fds == 16 && !failed) /* mmap alone has its descriptor there */
		object->mapped_bytes += call->args[1];
	count_user(o, index, call);
}

/* sendfile, splice and the like: two descriptors.  Which one is read? */
static void count_both(struct call_objects *o, const struct call_seen *call, uint32_t *object)
{
	bool out_first = str_starts(call->kind->entry->name, "sendfile");
	unsigned second = (unsigned)__builtin_ctz(call->kind->roles.fds & ~1U);
	uint32_t other = call_objects_of_fd(o, call, (int)call->args[second]);

	if (*object != CALL_OBJECT_NONE)
		count(o, *object, call, out_first ? CALL_WRITES : CALL_READS);
	if (other != CALL_OBJECT_NONE)
		count(o, other, call, out_first ? CALL_READS : CALL_WRITES);
}

static uint32_t worked_on(struct call_objects *o, const struct call_seen *call, struct call_process *p)
{
	const struct syscall_roles *roles = &call->kind->roles;
	const char *path = roles->paths ? path_of(o, call) : NULL;
	uint32_t object;

	if (path)
		return call_objects_named(o, path, CALL_OBJECT_FILE);
	if (!roles->fds && roles->dirfds)
		return call_objects_of_fd(o, call, (int)call->args[__builtin_ctz(roles->dirfds)]);
	if (!roles->fds)
		return CALL_OBJECT_NONE;
	object = call_objects_of_fd(o, call, (int)call->args[__builtin_ctz(roles->fds)]);
	return by_address(o, call, p, object);
}

void call_objects_follow(struct call_objects *o, struct call_seen *call, uint32_t *object)
{
	struct call_process *p = process_of(o, call);
	bool failed = call_seen_failed(call), both = call->kind->moves == (CALL_READS | CALL_WRITES);
	uint32_t made;

	*object = call->kind->entry ? worked_on(o, call, p) : CALL_OBJECT_NONE;
	if (o->decide)
		call->wanted = o->decide(o->decide_user, call, *object);
	if (!call->kind->entry)
		return;
	if (both && (call->kind->roles.fds & ~1U))
		count_both(o, call, object);
	else if (*object != CALL_OBJECT_NONE)
		count(o, *object, call, call->kind->moves);
	if (call->kind->makes == CALL_ENDS_ONE)
		map_remove(p->fds, (uint32_t)call->args[0]);
	if (failed || call->unfinished)
		return;
	made = follow_success(o, call, p);
	if (made == CALL_OBJECT_NONE)
		return;
	o->list.v[made].opens += call->wanted;
	if (*object == CALL_OBJECT_NONE)
		count(o, made, call, 0);
	*object = call->kind->makes == CALL_MAKES_ACCEPT ? *object : made;
}
