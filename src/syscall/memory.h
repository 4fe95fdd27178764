/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_MEMORY_H
#define SONDE_SYSCALL_MEMORY_H
/*
 * The caller's memory as it was at the call's entry or exit.  The decoder only sees this
 * interface.  Three things are behind it: a stopped process (ptrace: reads it on the
 * spot), pieces that a BPF program copied, and the pieces of a recorded call.  So the
 * text is the same whichever engine saw the call.
 */
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum syscall_phase { SYSCALL_ENTER, SYSCALL_EXIT };

struct syscall_memory {
	/* Read up to SIZE bytes at ADDR; returns how many could be read from its start (a page
	 * that isn't there ends it).  0: nothing. */
	size_t (*read)(void *user, enum syscall_phase phase, uint64_t addr, void *buffer,
		       size_t size_bytes);
	void *user;
};

/*
 * Pieces: copies of the caller's memory, as one blob that goes through BPF's ring, into a
 * recording's `syscall.data` and back.  Layout, little-endian, repeated to the end:
 * struct syscall_piece, then `size_bytes` bytes, padded to 8.
 */
struct syscall_piece {
	uint64_t addr;
	uint32_t size_bytes; /* that were copied */
	uint16_t phase;      /* enum syscall_phase */
	uint16_t flags;      /* enum syscall_piece_flags */
};
enum syscall_piece_flags {
	SYSCALL_PIECE_CUT = 1,   /* there was more than was copied */
	SYSCALL_PIECE_FAULT = 2, /* the rest could not be read */
	SYSCALL_PIECE_LATE = 4,  /* meant for entry, but only readable later: may have changed */
	SYSCALL_PIECE_FILE = 8,  /* no memory: what the descriptor `addr` refers to */
	SYSCALL_PIECE_STACK = 16, /* no memory: `addr` stands for the caller's stack, in the engine's own words */
};

/* Is the blob well formed?  (Recordings are foreign bytes.) */
bool syscall_pieces_check(const void *blob, size_t size_bytes);
/* A reader over a checked blob, which must outlive it. */
struct syscall_pieces {
	const void *blob;
	size_t size_bytes;
	bool joined; /* the call began before the engine looked: of its descriptors none was kept at entry */
};
struct syscall_memory syscall_pieces_memory(struct syscall_pieces *pieces);
/* What was kept of descriptor FD (AT_FDCWD: -100) at that phase: the engine's own bytes, not
 * aligned.  NULL: nothing. */
const void *syscall_pieces_file(const struct syscall_pieces *pieces, enum syscall_phase phase, int fd, size_t *size_bytes);

/* What stands for the caller's stack; 0: nothing does. */
uint64_t syscall_pieces_stack(const struct syscall_pieces *pieces);

/* A reader that passes on to another one and keeps what was read as pieces in BLOB: how
 * the ptrace engine fills a recording. */
struct syscall_keeper {
	struct syscall_memory from;
	struct str blob;
};
struct syscall_memory syscall_keeper_memory(struct syscall_keeper *keeper);

#endif
