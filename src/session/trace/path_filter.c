/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A path counts as given and as resolved at start.  A call touches it when one of its
 * path arguments is that text, or one of its descriptors is open on it.  Which arguments
 * those are: by the class of the call and, where a class doesn't say, by a short table.
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

/* Bits: arguments that are paths, and descriptors. */
struct which {
	const char *name;
	uint8_t paths, fds;
};
static const struct which special[] = {
	{ "rename", 3, 0 }, { "link", 3, 0 }, { "symlink", 3, 0 }, { "pivot_root", 3, 0 }, { "mount", 3, 0 },
	{ "renameat", 10, 5 }, { "renameat2", 10, 5 }, { "linkat", 10, 5 }, { "symlinkat", 5, 2 },
	{ "mmap", 0, 16 }, { "mmap2", 0, 16 }, { "dup2", 0, 3 }, { "dup3", 0, 3 }, { "epoll_ctl", 0, 5 },
	{ "sendfile", 0, 3 }, { "sendfile64", 0, 3 }, { "splice", 0, 5 }, { "tee", 0, 3 },
	{ "copy_file_range", 0, 5 }, { "inotify_add_watch", 2, 1 }, { "fanotify_mark", 16, 9 },
	{ "socket", 0, 0 }, { "socketpair", 0, 0 }, { "pipe", 0, 0 }, { "pipe2", 0, 0 }, { "eventfd", 0, 0 },
	{ "eventfd2", 0, 0 }, { "epoll_create", 0, 0 }, { "epoll_create1", 0, 0 }, { "inotify_init", 0, 0 },
	{ "inotify_init1", 0, 0 }, { "timerfd_create", 0, 0 }, { "memfd_create", 0, 0 }, { "userfaultfd", 0, 0 },
	{ "move_mount", 10, 5 }, { "quotactl", 2, 0 }, { "faccessat", 2, 1 }, { "fchownat", 2, 1 },
	{ "signalfd", 0, 1 }, { "signalfd4", 0, 1 }, { "perf_event_open", 0, 8 }, { "kexec_file_load", 0, 3 },
	{ "poll", 0, 0 }, { "ppoll", 0, 0 }, { "select", 0, 0 }, { "pselect6", 0, 0 }, { "_newselect", 0, 0 },
};

static bool ends_with_at(const char *name)
{
	size_t n = strlen(name);

	return (n > 2 && strcmp(name + n - 2, "at") == 0 && strcmp(name, "stat") != 0 && strcmp(name, "lstat") != 0 &&
		strcmp(name, "fstat") != 0) ||
	       strcmp(name, "statx") == 0 || strcmp(name, "openat2") == 0 || strcmp(name, "faccessat2") == 0 ||
	       strcmp(name, "fchmodat2") == 0 || strcmp(name, "fstatat64") == 0 || strcmp(name, "newfstatat") == 0 ||
	       strcmp(name, "name_to_handle_at") == 0 || strcmp(name, "open_tree") == 0 || strcmp(name, "fspick") == 0;
}

static struct which find_which(const struct syscall_entry *entry)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (strcmp(special[i].name, entry->name) == 0)
			return special[i];
	if (ends_with_at(entry->name))
		return (struct which){ entry->name, 2, 1 };
	return (struct which){ entry->name, entry->classes & SYSCALL_FILE ? 1 : 0,
			       entry->classes & SYSCALL_FILE ? 0 : entry->classes & (SYSCALL_DESC | SYSCALL_NETWORK) ? 1 : 0 };
}

static bool match_pollfds(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	const struct syscall_call *call = &t->call;
	struct {
		int fd;
		short events, revents;
	} polled;

	for (uint64_t i = 0; i < call->args[1] && i < 4096; i++) {
		if (memory->read(memory->user, SYSCALL_ENTER, call->args[0] + i * sizeof(polled), &polled,
				 sizeof(polled)) != sizeof(polled))
			return false;
		if (match_fd(f, t, polled.fd))
			return true;
	}
	return false;
}

static bool match_fd_sets(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	const struct syscall_call *call = &t->call;
	int count = (int)call->args[0];
	uint8_t bits[128];

	for (int set = 1; set <= 3; set++) {
		if (!call->args[set] || count <= 0 || count > 1024 ||
		    !memory->read(memory->user, SYSCALL_ENTER, call->args[set], bits, (size_t)(count + 7) / 8))
			continue;
		for (int fd = 0; fd < count; fd++)
			if (bits[fd / 8] >> (fd % 8) & 1 && match_fd(f, t, fd))
				return true;
	}
	return false;
}

bool path_filter_match(const struct path_filter *f, const struct call_thread *t, const struct syscall_memory *memory)
{
	const struct syscall_call *call = &t->call;
	const struct syscall_entry *entry = syscall_find(call->abi, call->number);
	struct which which;

	if (!entry)
		return false;
	if (strcmp(entry->name, "poll") == 0 || strcmp(entry->name, "ppoll") == 0)
		return match_pollfds(f, t, memory);
	if (strcmp(entry->name, "select") == 0 || strcmp(entry->name, "pselect6") == 0)
		return match_fd_sets(f, t, memory);
	which = find_which(entry);
	for (unsigned i = 0; i < 6; i++) {
		if (which.paths >> i & 1 && match_text(f, call->args[i], memory))
			return true;
		if (which.fds >> i & 1 && match_fd(f, t, (int)call->args[i]))
			return true;
	}
	return false;
}
