/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_FILE_PIECE_H
#define SONDE_CAPTURE_BPF_FILE_PIECE_H
/* What the BPF engine kept of a call's descriptors (bpf/files.bpf.h). */
#include "base/str.h"
#include "event/bpf_calls.h"
#include "syscall/memory.h"

#include <stdbool.h>

enum file_piece {
	FILE_PIECE_NONE,    /* nothing was kept of it */
	FILE_PIECE_CUT,     /* its name was too long to be kept; all else is there */
	FILE_PIECE_NOTHING, /* it was no open descriptor */
	FILE_PIECE_FOUND,
};
/* FD as it was at that phase.  PIECES may be NULL. */
enum file_piece file_piece_find(const struct syscall_pieces *pieces, enum syscall_phase phase, int fd, struct bpf_calls_file *ret);
/* One that came in SIZE bytes of its own. */
enum file_piece file_piece_take(const void *bytes, size_t size, struct bpf_calls_file *ret);
/* Append what readlink("/proc/PID/fd/FD") would have said.  False: that can't be known from it. */
bool file_piece_path(const struct bpf_calls_file *file, struct str *out);
bool file_piece_is_socket(const struct bpf_calls_file *file);
bool file_piece_is_pidfd(const struct bpf_calls_file *file);

#endif
