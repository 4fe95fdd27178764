/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A path counts as given and as resolved at start.  A call touches it when one of its
 * path arguments is that text, or one of its descriptors is open on it.  Which arguments
 * those are: by the description of the call and, where that doesn't say, by a short table.
 */
#include "session/trace/path_filter.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "capture/bpf/file_piece.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct path_filter {
	VEC(char *) paths;
	const struct number_set *fds; /* may be NULL */
};

struct path_filter *path_filter_create(const char *const *paths, size_t count, const struct number_set *fds)
{
	struct path_filter *f = mem_calloc(1, sizeof(*f));

	f->fds = fds;
	for (size_t i = 0; i < count; i++) {
		char *resolved = realpath(paths[i], NULL);

		vec_push(&f->paths, mem_strdup(paths[i]));
		if (resolved && strcmp(resolved, paths[i]) != 0)
			vec_push(&f->paths, mem_strdup(resolved));
		free(resolved);
	}
	return f;
}

void path_filter_destroy(struct path_filter *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->paths.n; i++)
		free(f->paths.v[i]);
	vec_deinit(&f->paths);
	free(f);
}

static bool is_ours(const struct path_filter *f, const char *path)
{
	for (size_t i = 0; i < f->paths.n; i++)
		if (strcmp(f->paths.v[i], path) == 0)
			return true;
	return false;
}

static bool match_text(const struct path_filter *f, uint64_t addr, const struct syscall_memory *memory)
{
	char path[PATH_MAX];
	size_t n = addr ? memory->read(memory->user, SYSCALL_ENTER, addr, path, 256) : 0;

	if (n && !memchr(path, '\0', n))
		n = memory->read(memory->user, SYSCALL_ENTER, addr, path, sizeof(path));
	return n && memchr(path, '\0', n) && is_ours(f, path);
}

static bool is_path(const struct path_filter *f, const struct bpf_calls_file *kept)
{
	struct str path;

	str_init(&path);
	bool is = file_piece_path(kept, &path) && is_ours(f, str_text(&path));

	str_deinit(&path);
	return is;
}

/* As the engine kept it, else as it is now. */
static bool match_fd(const struct path_filter *f, const struct call_thread *t, int fd)
{
	struct bpf_calls_file kept;
	char link_path[64], target[PATH_MAX + 1];
	ssize_t n;

	if (fd < 0)
		return false;
	if (f->fds && number_set_has(f->fds, (unsigned)fd))
		return true;
	if (f->paths.n == 0)
		return false;
	switch (file_piece_find(t->pieces, SYSCALL_ENTER, fd, &kept)) {
	case FILE_PIECE_FOUND: return is_path(f, &kept);
	case FILE_PIECE_NOTHING: return false;
	default: break;
	}
	snprintf(link_path, sizeof(link_path), "/proc/%d/fd/%d", t->call.tid, fd);
	n = readlink(link_path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return is_ours(f, target);
}

static bool match_pollfds(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	const struct syscall_call *call = &t->call;
	struct {
		int fd;
		short events, revents;
	} polled;

	for (uint64_t i = 0; i < (uint32_t)call->args[1] && i < 4096; i++) {
		if (memory->read(memory->user, SYSCALL_ENTER, call->args[0] + i * sizeof(polled), &polled,
				 sizeof(polled)) != sizeof(polled))
			return false;
		if (match_fd(f, t, polled.fd))
			return true;
	}
	return false;
}

enum { FD_SET_MOST = 1 << 20 };

/* A set must be there as a whole. */
static bool match_fd_set(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory,
			 uint64_t addr, int count)
{
	unsigned bits = 8 * syscall_abi_word_bytes(t->call.abi);
	size_t size = ((size_t)count + bits - 1) / bits * (bits / 8);
	CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(size);

	if (!addr || memory->read(memory->user, SYSCALL_ENTER, addr, bytes, size) != size)
		return false;
	for (int fd = 0; fd < count; fd++)
		if (bytes[fd / 8] >> (fd % 8) & 1 && match_fd(f, t, fd))
			return true;
	return false;
}

static bool match_fd_sets(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory,
			  const uint64_t args[4])
{
	int count = (int)args[0];

	if (count > FD_SET_MOST)
		count = FD_SET_MOST;
	for (int set = 1; set <= 3 && count > 0; set++)
		if (match_fd_set(f, t, memory, args[set], count))
			return true;
	return false;
}

static bool match_select(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	return match_fd_sets(f, t, memory, t->call.args);
}

/* i386's oldest calls have their arguments in memory. */
static bool read_args(const struct call_thread *t, const struct syscall_memory *memory, uint64_t args[], unsigned count)
{
	uint32_t words[6];
	size_t size = count * sizeof(*words);

	if (memory->read(memory->user, SYSCALL_ENTER, t->call.args[0], words, size) != size)
		return false;
	for (unsigned i = 0; i < count; i++)
		args[i] = words[i];
	return true;
}

static bool match_old_select(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	uint64_t args[5];

	return read_args(t, memory, args, 5) && match_fd_sets(f, t, memory, args);
}

static bool match_old_mmap(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	uint64_t args[6];

	return read_args(t, memory, args, 6) && match_fd(f, t, (int)args[4]);
}

/* What the last two arguments are depends on the command; the descriptor in front is the mount's own. */
static bool match_fsconfig(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	enum { SET_PATH = 3, SET_FD = 5 }; /* between them: FSCONFIG_SET_PATH_EMPTY */
	uint32_t command = (uint32_t)t->call.args[1];

	if (command < SET_PATH || command > SET_FD)
		return false;
	return match_fd(f, t, (int)t->call.args[4]) || (command != SET_FD && match_text(f, t->call.args[3], memory));
}

/* Calls that a description of their arguments says too little of. */
typedef bool (*call_matcher)(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory);
static const struct {
	const char *name;
	call_matcher match, match_i386; /* the second NULL: the same */
} special[] = {
	{ "poll", match_pollfds }, { "ppoll", match_pollfds }, { "ppoll_time64", match_pollfds },
	{ "select", match_select, match_old_select }, { "_newselect", match_select }, { "pselect6", match_select },
	{ "pselect6_time64", match_select }, { "fsconfig", match_fsconfig }, { "mmap", NULL, match_old_mmap },
};

/* NULL: nothing special about it. */
static call_matcher special_matcher(enum syscall_abi abi, const char *name)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (strcmp(name, special[i].name) == 0)
			return abi == SYSCALL_ABI_I386 && special[i].match_i386 ? special[i].match_i386 : special[i].match;
	return NULL;
}

static struct syscall_roles roles_of(const struct syscall_entry *entry)
{
	if (strcmp(entry->name, "perf_event_open") == 0) /* as with strace: a group or a cgroup isn't what is counted */
		return (struct syscall_roles){ 0 };
	if (entry->describe) {
		struct syscall_roles roles = syscall_get_roles(entry);
		bool watches = strcmp(entry->name, "epoll_ctl") == 0 || strcmp(entry->name, "fanotify_mark") == 0;

		roles.fds &= watches ? ~1u : ~0u; /* what is watched, not who watches */
		return roles;
	}
	return (struct syscall_roles){ .paths = entry->classes & SYSCALL_FILE ? 1 : 0,
				       .fds = entry->classes & (SYSCALL_DESC | SYSCALL_NETWORK) && !(entry->classes & SYSCALL_FILE) };
}

/* Numbers behind each MARK. */
static bool any_behind(const struct number_set *fds, const char *text, const char *mark, bool several)
{
	int fd, used;

	for (const char *at = strstr(text, mark); at; at = strstr(at, mark)) {
		at += strlen(mark);
		while (sscanf(at, "%d%n", &fd, &used) == 1) {
			if (fd >= 0 && number_set_has(fds, (unsigned)fd))
				return true;
			at += used;
			at += *at == '<' ? strcspn(at, " ]") : 0; /* its name */
			if (!several)
				break;
		}
	}
	return false;
}

bool path_filter_touches(const struct number_set *fds, const struct syscall_call *call, const char *arguments)
{
	const struct syscall_entry *entry = syscall_find(call->abi, call->number);
	struct syscall_roles roles;

	if (!entry)
		return false;
	if (strstr(entry->name, "poll") && !str_starts(entry->name, "epoll"))
		return any_behind(fds, arguments, "{fd=", false);
	if (strstr(entry->name, "select"))
		return any_behind(fds, arguments, "[", true);
	roles = roles_of(entry);
	for (unsigned i = 0; i < 6; i++)
		if ((roles.fds | roles.dirfds) >> i & 1 && (int)call->args[i] >= 0 && number_set_has(fds, (unsigned)call->args[i]))
			return true;
	return false;
}

bool path_filter_match(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	const struct syscall_call *call = &t->call;
	const struct syscall_entry *entry = syscall_find(call->abi, call->number);
	call_matcher matcher = entry ? special_matcher(call->abi, entry->name) : NULL;
	struct syscall_roles roles;

	if (!entry)
		return false;
	if (matcher)
		return matcher(f, t, memory);
	roles = roles_of(entry);
	for (unsigned i = 0; i < 6; i++) {
		if (roles.paths >> i & 1 && match_text(f, call->args[i], memory))
			return true;
		if ((roles.fds | roles.dirfds) >> i & 1 && match_fd(f, t, (int)call->args[i]))
			return true;
	}
	return false;
}
