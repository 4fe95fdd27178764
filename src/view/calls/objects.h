/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_CALLS_OBJECTS_H
#define SONDE_VIEW_CALLS_OBJECTS_H
/*
 * What system calls work on: files, sockets, pipes, by name; and, for each process as time goes
 * on, what its descriptors refer to.  All of it follows from the calls in a recording and from the
 * descriptors that were noted when it began (row_descriptor).
 */
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "view/calls/kinds.h"

#include <stdbool.h>
#include <stdint.h>

enum call_object_kind { CALL_OBJECT_FILE, CALL_OBJECT_SOCKET, CALL_OBJECT_PIPE, CALL_OBJECT_OTHER };
static const uint32_t CALL_OBJECT_NONE = UINT32_MAX;

struct call_object {
	const char *name;      /* "/etc/passwd", "tcp to 127.0.0.1:80", "pipe 3 of sh" ... */
	enum call_object_kind kind;
	bool known;            /* not only a descriptor whose opening was not seen */
	uint64_t opens, reads, writes, read_bytes, write_bytes;
	uint64_t mapped_bytes; /* by mmap: what is read or written there nobody sees */
	uint64_t calls, errors, time_ns;
	uint32_t comm;         /* string of a process that used it */
	uint32_t last_pid, processes;
};

struct call_process; /* its descriptors and its working directory */
struct call_seen;

struct call_objects {
	struct call_kinds *kinds;
	VEC(struct call_object) list;
	struct strmap names;            /* name -> index */
	struct map users;               /* object and pid: has used it */
	struct map processes;           /* pid -> struct call_process */
	struct map registered;          /* pid and data of an epoll event -> object */
	VEC(struct call_process *) owned;
	uint64_t copied;                /* descriptors, at forks */
	uint32_t pipes;                 /* made so far */
	/* Is the call wanted, now that it is known what it works on?  NULL: as call_seen.wanted says. */
	bool (*decide)(void *user, const struct call_seen *call, uint32_t object);
	void *decide_user;
	struct str text;
};

void call_objects_init(struct call_objects *o, struct call_kinds *kinds);
void call_objects_deinit(struct call_objects *o);

/* A descriptor that PID had from the start; FD -100: its working directory. */
void call_objects_initial(struct call_objects *o, uint32_t pid, int fd, const char *name, bool close_on_exec);

/* One call, in order of time. */
struct call_seen {
	const struct call_kind *kind;
	enum syscall_abi abi;
	uint32_t number;
	uint64_t time_ns, duration_ns;
	int64_t result;
	bool unfinished;
	bool untimed; /* duration_ns is 0 because it isn't known */
	bool wanted; /* count it; else it only tells what descriptors refer to: decided by call_objects.decide */
	uint64_t args[6];
	uint32_t pid, tid, ppid, comm; /* COMM: a string's id, only passed on */
	const char *comm_text, *arguments, *returned, *path; /* "" where there is none */
};
/* Follows it; *object is what it worked on (of several, the first), or CALL_OBJECT_NONE. */
void call_objects_follow(struct call_objects *o, struct call_seen *call, uint32_t *object);
/* What FD of a process refers to now; CALL_OBJECT_NONE: negative. */
uint32_t call_objects_of_fd(struct call_objects *o, const struct call_seen *call, int fd);
/* What the first event that epoll_wait returned is of, if epoll_ctl was seen; else CALL_OBJECT_NONE. */
uint32_t call_objects_of_event(const struct call_objects *o, const struct call_seen *call);
/* The object of a name; made if there is none. */
uint32_t call_objects_named(struct call_objects *o, const char *name, enum call_object_kind kind);

static inline bool call_seen_failed(const struct call_seen *c) { return c->result < 0 && c->result >= -4095; }

/* "127.0.0.1:80", "[::1]:80", "/run/x", "@name" from a socket address in strace's form within TEXT, appended
 * to OUT; false: there is none.  PORT false: without it. */
bool call_objects_address(const char *text, bool port, struct str *out);

#endif
