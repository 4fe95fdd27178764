/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pieces of a call's memory.  A read looks for a piece of the same phase that covers the
 * address and goes on in the next one where a piece ends.  At entry, pieces that were copied late
 * stand for what could not be read then; at exit, those of the entry for what is not copied again.
 * A piece without bytes is a text without any: before Linux 6.13, bpf_probe_read_user_str() does not
 * count its NUL.
 */
#include "syscall/memory.h"

#include <string.h>

static size_t piece_length(const struct syscall_piece *piece)
{
	return sizeof(*piece) + (((size_t)piece->size_bytes + 7) & ~(size_t)7);
}

bool syscall_pieces_check(const void *blob, size_t size_bytes)
{
	const uint8_t *bytes = blob;
	size_t at = 0;

	while (at < size_bytes) {
		struct syscall_piece piece;
		if (size_bytes - at < sizeof(piece))
			return false;
		memcpy(&piece, bytes + at, sizeof(piece));
		if (piece.phase > SYSCALL_EXIT || piece_length(&piece) > size_bytes - at)
			return false;
		at += piece_length(&piece);
	}
	return true;
}

/* The bytes of ADDR in the pieces: where they start and how many there are. */
static size_t find_piece(const struct syscall_pieces *pieces, enum syscall_phase phase, uint64_t addr,
			 const uint8_t **bytes)
{
	const uint8_t *blob = pieces->blob;
	size_t best = 0;

	for (size_t at = 0; at + sizeof(struct syscall_piece) <= pieces->size_bytes;) {
		struct syscall_piece piece;
		memcpy(&piece, blob + at, sizeof(piece));
		bool wanted = (piece.phase == phase || (piece.flags & SYSCALL_PIECE_LATE) != 0) &&
			      !(piece.flags & SYSCALL_PIECE_FILE);
		uint64_t skip = addr - piece.addr;
		if (wanted && skip == 0 && piece.size_bytes == 0 && best == 0 && !(piece.flags & SYSCALL_PIECE_STACK)) {
			best = 1;
			*bytes = (const uint8_t *)"";
		}
		if (wanted && addr >= piece.addr && skip < piece.size_bytes && piece.size_bytes - skip > best) {
			best = (size_t)(piece.size_bytes - skip);
			*bytes = blob + at + sizeof(piece) + skip;
		}
		at += piece_length(&piece);
	}
	return best;
}

static size_t pieces_read(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	const struct syscall_pieces *pieces = user;
	size_t done = 0;

	while (done < size_bytes) {
		const uint8_t *bytes = NULL;
		size_t n = find_piece(pieces, phase, addr + done, &bytes);
		if (n == 0 && phase == SYSCALL_EXIT) /* input that is only shown then, behind what the kernel filled */
			n = find_piece(pieces, SYSCALL_ENTER, addr + done, &bytes);
		if (n == 0)
			break;
		if (n > size_bytes - done)
			n = size_bytes - done;
		memcpy((uint8_t *)buffer + done, bytes, n);
		done += n;
	}
	return done;
}

struct syscall_memory syscall_pieces_memory(struct syscall_pieces *pieces)
{
	return (struct syscall_memory){ .read = pieces_read, .user = pieces };
}

const void *syscall_pieces_file(const struct syscall_pieces *pieces, enum syscall_phase phase, int fd, size_t *size_bytes)
{
	const uint8_t *blob = pieces->blob;

	for (size_t at = 0; at + sizeof(struct syscall_piece) <= pieces->size_bytes;) {
		struct syscall_piece piece;
		memcpy(&piece, blob + at, sizeof(piece));
		if (piece.flags & SYSCALL_PIECE_FILE && piece.phase == phase && (int)piece.addr == fd) {
			*size_bytes = piece.size_bytes;
			return blob + at + sizeof(piece);
		}
		at += piece_length(&piece);
	}
	return NULL;
}

uint64_t syscall_pieces_stack(const struct syscall_pieces *pieces)
{
	const uint8_t *blob = pieces->blob;

	for (size_t at = 0; at + sizeof(struct syscall_piece) <= pieces->size_bytes;) {
		struct syscall_piece piece;
		memcpy(&piece, blob + at, sizeof(piece));
		if (piece.flags & SYSCALL_PIECE_STACK)
			return piece.addr;
		at += piece_length(&piece);
	}
	return 0;
}

static size_t keeper_read(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct syscall_keeper *keeper = user;
	size_t got = keeper->from.read(keeper->from.user, phase, addr, buffer, size_bytes);
	struct syscall_piece piece = { .addr = addr,
				       .size_bytes = (uint32_t)got,
				       .phase = (uint16_t)phase,
				       .flags = got < size_bytes ? SYSCALL_PIECE_FAULT : 0 };

	if (got == 0 || got > UINT32_MAX)
		return got;
	str_add_n(&keeper->blob, &piece, sizeof(piece));
	str_add_n(&keeper->blob, buffer, got);
	str_add_repeat(&keeper->blob, '\0', (8 - got % 8) % 8);
	return got;
}

struct syscall_memory syscall_keeper_memory(struct syscall_keeper *keeper)
{
	return (struct syscall_memory){ .read = keeper_read, .user = keeper };
}
