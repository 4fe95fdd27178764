/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_CALL_STACKS_H
#define SONDE_CAPTURE_BPF_CALL_STACKS_H
/*
 * The user stacks of system calls (bpf/stacks.bpf.h): unwound in the kernel, or here from a copy, and
 * made ids of the tracker's.  What is mapped is told by the programs themselves, so that the stacks of
 * a process that lives a millisecond have names, too.
 */
#include "base/err.h"
#include "capture/bpf/tables.h"
#include "event/bpf_calls.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct call_stacks;
struct track;

/* After loading.  EPOCH is the programs'; TRACK is borrowed.  MAPS NULL: nobody unwinds in the kernel. */
struct err *call_stacks_create(const struct bpf_table_maps *maps, unsigned long long *epoch, struct track *track, unsigned max_frames,
			       struct call_stacks **ret);
void call_stacks_destroy(struct call_stacks *s); /* NULL-safe */

/* A record, if it is of a stack or a mapping.  False: it is something else. */
bool call_stacks_take(struct call_stacks *s, const struct bpf_record *r, uint32_t size_bytes);
/* The `stack` row's id of what a record names by HASH, in process PID; 0: there is none. */
uint32_t call_stacks_id(struct call_stacks *s, pid_t pid, uint64_t hash);
/* The same of a thread that waits in a call since before anybody looked, of which the kernel tells no more than where: code
 * that needs other registers (frame pointers that it has not saved yet) ends the stack. */
uint32_t call_stacks_of_waiting(struct call_stacks *s, pid_t pid, uint64_t ip, uint64_t sp);
/* Make the tables that are wanted: when records were taken, and when the descriptor is readable. */
void call_stacks_prepare(struct call_stacks *s);
int call_stacks_fd(const struct call_stacks *s);

struct call_stacks_totals {
	uint64_t stacks;  /* different ones that came */
	uint64_t copies;  /* of them, those that were unwound here */
	uint64_t broken;  /* of these, those that end before their outermost frame */
	struct bpf_tables_totals tables;
};
void call_stacks_get_totals(const struct call_stacks *s, struct call_stacks_totals *ret);

#endif
