/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table by name, looked through once a call number. */
#include "view/calls/kinds.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 1024 };

struct call_kinds {
	struct call_kind kinds[SYSCALL_ABI_COUNT][NUMBERS];
	struct call_kind other; /* of a number beyond */
};

static const struct row {
	const char *names; /* separated by blanks */
	enum call_makes makes;
	uint8_t moves;
	enum call_waits waits;
} rows[] = {
	{ "read pread64 readv preadv preadv2", 0, CALL_READS, CALL_WAITS_MAYBE },
	{ "write pwrite64 writev pwritev pwritev2 vmsplice", 0, CALL_WRITES, CALL_WAITS_MAYBE },
	{ "recvfrom recv mq_timedreceive getdents getdents64 readahead", 0, CALL_READS, CALL_WAITS_MAYBE },
	{ "sendto send sendmsg", 0, CALL_WRITES, CALL_WAITS_MAYBE },
	{ "recvmsg", CALL_MAKES_RECEIVED, CALL_READS, CALL_WAITS_MAYBE },
	{ "sendfile sendfile64 splice tee copy_file_range", 0, CALL_READS | CALL_WRITES, CALL_WAITS_MAYBE },
	{ "recvmmsg sendmmsg mq_timedsend fsync fdatasync syncfs flock sync_file_range ftruncate fallocate ioctl", 0, 0,
	  CALL_WAITS_MAYBE },
	{ "open openat openat2 creat open_by_handle_at mq_open", CALL_MAKES_FILE, 0, CALL_WAITS_MAYBE },
	{ "socket", CALL_MAKES_SOCKET, 0, 0 },
	{ "accept accept4", CALL_MAKES_ACCEPT, 0, CALL_WAITS_ACCEPT },
	{ "connect", CALL_NAMES_PEER, 0, CALL_WAITS_MAYBE },
	{ "bind getsockname", CALL_NAMES_OWN, 0, 0 },
	{ "pipe pipe2 socketpair", CALL_MAKES_PAIR, 0, 0 },
	{ "dup dup2 dup3", CALL_MAKES_COPY, 0, 0 },
	{ "fcntl fcntl64", CALL_MAKES_FCNTL, 0, CALL_WAITS_MAYBE },
	{ "fork vfork clone clone3", CALL_MAKES_FORK, 0, 0 },
	{ "execve execveat", CALL_MAKES_EXEC, 0, 0 },
	{ "close", CALL_ENDS_ONE, 0, CALL_WAITS_MAYBE },
	{ "close_range", CALL_ENDS_RANGE, 0, 0 },
	{ "chdir fchdir", CALL_MOVES_CWD, 0, 0 },
	{ "epoll_ctl", CALL_REGISTERS, 0, 0 },
	{ "poll ppoll select _newselect pselect6", 0, 0, CALL_WAITS_POLL },
	{ "epoll_wait epoll_pwait epoll_pwait2 io_uring_enter", 0, 0, CALL_WAITS_EPOLL },
	{ "futex futex_wait futex_waitv futex_requeue", 0, 0, CALL_WAITS_FUTEX },
	{ "wait4 waitid waitpid", 0, 0, CALL_WAITS_CHILD },
	{ "nanosleep clock_nanosleep", 0, 0, CALL_WAITS_TIMER },
	{ "pause sigsuspend rt_sigsuspend rt_sigtimedwait restart_syscall", 0, 0, CALL_WAITS_SIGNAL },
	{ "semop semtimedop msgrcv msgsnd", 0, 0, CALL_WAITS_IPC },
	{ "sync msync getrandom rename renameat renameat2 unlink unlinkat", 0, 0, CALL_WAITS_MAYBE },
};

/* Is NAME one of the words?  "_time64" of 32-bit machines is no other call. */
static bool has_word(const char *words, const char *name)
{
	size_t length = strlen(name);

	if (str_ends(name, "_time64"))
		length -= strlen("_time64");
	for (; *words; words += strspn(words, " ")) {
		size_t word = strcspn(words, " ");

		if (word == length && memcmp(words, name, length) == 0)
			return true;
		words += word;
	}
	return false;
}

static void find_kind(struct call_kind *k, enum syscall_abi abi, uint32_t number)
{
	*k = (struct call_kind){ .entry = syscall_find(abi, number), .known = true };
	if (!k->entry)
		return;
	k->roles = syscall_get_roles(k->entry);
	if (k->roles.returns_fd)
		k->makes = CALL_MAKES_OTHER;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!has_word(rows[i].names, k->entry->name))
			continue;
		k->makes = rows[i].makes ? rows[i].makes : k->makes;
		k->moves = rows[i].moves;
		k->waits = rows[i].waits;
		return;
	}
}

struct call_kinds *call_kinds_create(void) { return mem_calloc(1, sizeof(struct call_kinds)); }
void call_kinds_destroy(struct call_kinds *k) { free(k); }

const struct call_kind *call_kinds_get(struct call_kinds *k, enum syscall_abi abi, uint32_t number)
{
	struct call_kind *kind = number < NUMBERS ? &k->kinds[abi][number] : &k->other;

	if (!kind->known || kind == &k->other)
		find_kind(kind, abi, number);
	return kind;
}
