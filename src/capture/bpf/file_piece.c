/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names come from the file up to the root; text goes the other way.  Files that no directory has are
 * named by their file system, as its d_dname does (fs/pipe.c, net/socket.c, fs/anon_inodes.c).
 */
#include "capture/bpf/file_piece.h"

#include <linux/magic.h>
#include <stddef.h>
#include <string.h>

enum { HEAD_BYTES = offsetof(struct bpf_calls_file, text), NAMES_MOST = 256, SOCKFS = 0x534f434b, PIDFS = 0x50494446 };

enum file_piece file_piece_find(const struct syscall_pieces *pieces, enum syscall_phase phase, int fd, struct bpf_calls_file *ret)
{
	size_t size = 0;
	const void *bytes = pieces ? syscall_pieces_file(pieces, phase, fd, &size) : NULL;

	if (!bytes)
		return FILE_PIECE_NONE;
	return size == 0 ? FILE_PIECE_NOTHING : file_piece_take(bytes, size, ret);
}

enum file_piece file_piece_take(const void *bytes, size_t size, struct bpf_calls_file *ret)
{
	if (size < HEAD_BYTES || size > sizeof(*ret))
		return FILE_PIECE_NONE;
	memcpy(ret, bytes, size);
	if (ret->text_bytes > size - HEAD_BYTES || ret->text_bytes > sizeof(ret->text) ||
	    ret->name_bytes > sizeof(ret->name) ||
	    (ret->text_bytes && ret->text[ret->text_bytes - 1] != '\0'))
		return FILE_PIECE_NONE;
	return ret->flags & BPF_FILE_CUT ? FILE_PIECE_CUT : FILE_PIECE_FOUND;
}

bool file_piece_is_socket(const struct bpf_calls_file *file) { return file->magic == SOCKFS; }
bool file_piece_is_pidfd(const struct bpf_calls_file *file) { return file->magic == PIDFS; }

static bool nameless(const struct bpf_calls_file *file, const char *name, struct str *out)
{
	switch (file->magic) {
	case PIPEFS_MAGIC:
		str_printf(out, "pipe:[%llu]", (unsigned long long)file->inode);
		return true;
	case SOCKFS:
		str_printf(out, "socket:[%llu]", (unsigned long long)file->inode);
		return true;
	case ANON_INODE_FS_MAGIC:
		str_printf(out, "anon_inode:%s", name);
		return true;
	case NSFS_MAGIC: /* "mnt:[4026531841]" */
		str_printf(out, "%s:[%llu]", name, (unsigned long long)file->inode);
		return *name != '\0';
	case PIDFS:
		str_add(out, "anon_inode:[pidfd]");
		return true;
	case TMPFS_MAGIC:
	case HUGETLBFS_MAGIC: /* memfd_create(), shared anonymous memory */
		str_printf(out, "/%s (deleted)", name);
		return true;
	default:
		return false;
	}
}

bool file_piece_path(const struct bpf_calls_file *file, struct str *out)
{
	const char *names[NAMES_MOST];
	size_t count = 0;

	if (file->flags & BPF_FILE_NAMELESS)
		return nameless(file, file->text_bytes ? file->text : "", out);
	for (size_t at = 0; at < file->text_bytes && count < NAMES_MOST; at += strlen(file->text + at) + 1)
		names[count++] = file->text + at;
	if (count == 0)
		str_add_char(out, '/');
	while (count-- > 0) {
		str_add_char(out, '/');
		str_add(out, names[count]);
	}
	if (file->flags & BPF_FILE_DELETED)
		str_add(out, " (deleted)");
	return true;
}
