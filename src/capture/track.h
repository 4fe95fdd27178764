/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_TRACK_H
#define SONDE_CAPTURE_TRACK_H
/*
 * What every source refers to: threads, their address spaces and their stacks.  One
 * tracker a recording; sources tell it what they see, in time order, and it writes the
 * side rows (thread, module, mapping, frame, stack).
 *
 * A stack arrives as addresses and leaves as an id.  Addresses are turned into
 * (module, file offset) with the mappings of that moment, so that two hundred runs of
 * one compiler, each mapped elsewhere, share their stacks, and exited processes keep
 * their names.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "unwind/unwind.h"

struct recorder;
struct track;

struct track *track_create(struct recorder *recorder);
/* For what happened elsewhere or long ago (convert/): nothing is looked up in /proc or /sys, and
 * only files with the recorded build-id are opened; the kernel's modules come by
 * track_kernel_mmap(), and threads that nobody named are called ":TID".  Addresses that no mapping
 * covers are kept as they are. */
struct track *track_create_offline(struct recorder *recorder);
/* Offline: it was this machine, so a file with the recorded inode number is the same, too. */
void track_set_local(struct track *t);
void track_destroy(struct track *t);

/* Seen in /proc: the process, its threads and mappings as they are now.  False: it is
 * gone or may not be read. */
bool track_process(struct track *t, pid_t pid, uint64_t time_ns);
/* Is it known, and lives?  Reading its process again, all threads and mappings, costs much where there are a thousand. */
bool track_has_thread(const struct track *t, pid_t pid, pid_t tid);
/* The process of a thread, as /proc says; TID itself when it does not. */
pid_t track_process_of(pid_t tid);

/* A new thread (pid == ppid) or process.  track_fork_by() also says which thread of the
 * parent made it, whose name it starts with; without, the parent's first thread. */
void track_fork(struct track *t, pid_t pid, pid_t ppid, pid_t tid, uint64_t time_ns);
void track_fork_by(struct track *t, pid_t pid, pid_t ppid, pid_t tid, pid_t parent_tid,
		   uint64_t time_ns);
void track_comm(struct track *t, pid_t pid, pid_t tid, const char *comm, bool exec, uint64_t time_ns);
void track_exit(struct track *t, pid_t pid, pid_t tid, uint64_t time_ns);

/* Several sources may tell of the same life, each in its own order.  The one that also tells of
 * mappings, in the order of time (perf events), says so; what others see of a thread is then its
 * name alone, and they may be ahead of that source or behind it.  Without one these are
 * track_fork_by() and track_comm(). */
void track_set_followed(struct track *t);
void track_saw_fork(struct track *t, pid_t pid, pid_t ppid, pid_t tid, pid_t parent_tid, uint64_t time_ns);
/* An execve() that succeeded, between two times. */
void track_saw_exec(struct track *t, pid_t pid, pid_t tid, const char *comm, uint64_t since_ns, uint64_t time_ns);

struct track_mmap {
	uint64_t addr, size_bytes, offset, inode, dev;
	const uint8_t *build_id; /* NULL: not known */
	size_t build_id_size;
	const char *path;        /* "//anon", "[vdso]", a file */
	bool is_library;         /* not the program, though it is the first file that is told of */
};
void track_mmap(struct track *t, pid_t pid, const struct track_mmap *m, uint64_t time_ns);
/* Offline only: the kernel itself ("[kernel]") or one of its modules by name. */
void track_kernel_mmap(struct track *t, const struct track_mmap *m);
/* Where a module of the kernel begins; 0: not known. */
uint64_t track_kernel_module_start(const struct track *t, uint32_t module_id);
/* Offline only: a module that is known, though nothing shows it mapped.  Returns its id. */
uint32_t track_declare_module(struct track *t, const char *path, bool in_kernel, const uint8_t *build_id,
			      size_t build_id_size);

/* The `thread` row's id; makes one for a thread never seen before. */
uint32_t track_thread(struct track *t, pid_t pid, pid_t tid, uint64_t time_ns);

bool track_is_kernel_thread(const struct track *t, pid_t tid); /* false when not known */

/* A stack, innermost first: kernel_count kernel addresses, then user addresses.  The
 * first address is exact when `exact`, all others are return addresses; the first user
 * address after kernel ones is exact too (where the program entered the kernel).
 * Returns the `stack` row's id, 0 for an empty stack. */
uint32_t track_stack(struct track *t, pid_t pid, const uint64_t *addrs, size_t count,
		     size_t kernel_count, bool exact);

/* What is mapped at a user address of a process just now; 0: nothing that is known. */
uint32_t track_module_at(const struct track *t, pid_t pid, uint64_t addr);

/* The `event` row's id for what a sample counts. */
uint32_t track_event(struct track *t, const char *name, const char *unit, uint64_t frequency_hz,
		     uint64_t period);

/* Open descriptor of a module's file, taken when it was first seen, -1 if there is none:
 * for symbols of files that are deleted or replaced before the recording ends. */
int track_module_fd(const struct track *t, uint32_t module_id);

/* Everything that is known about where a module's file is, that descriptor included;
 * for module_create().  `pid` is a process that mapped it (for JIT memory: the one it
 * belongs to; each process has its own such module).  False: no such module. */
struct module_key;
bool track_module_key(const struct track *t, uint32_t module_id, struct module_key *ret);

/* --- unwinding (track_unwind.c) ------------------------------------------------------------ */

struct mapping;
struct mappings;
struct unwind_place;
struct unwind_table;

/* Code of process PID as unwind_stack() wants to see it.  Valid until the process's mappings
 * change; on the caller's stack, not to be copied. */
struct track_unwind {
	struct track *track;
	const struct mappings *maps;
	struct unwind_space space;
};
void track_unwind_begin(struct track *t, pid_t pid, struct track_unwind *ret);

/* The unwind table of a module, made when first asked for; NULL: none can be had.  It stays as
 * long as the tracker. */
const struct unwind_table *track_unwind_table(struct track *t, uint32_t module_id);

struct track_totals {
	uint64_t processes, threads; /* seen in all */
};
void track_get_totals(const struct track *t, struct track_totals *ret);

#endif
