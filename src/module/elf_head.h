/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_ELF_HEAD_H
#define SONDE_MODULE_ELF_HEAD_H
/*
 * The little of an ELF file that says how it is mapped: header, loadable segments,
 * build-id.  Read with pread() and checked bounds, no ELF library: sonde-agent and the
 * tracker use it while recording.  Both classes, both byte orders.
 * Layout: System V gABI, chapters "ELF Header", "Program Header", "Note Section".
 */
#include "base/err.h"
#include "module/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_segment {
	uint64_t offset, vaddr, file_bytes, memory_bytes;
	bool executable;
};

struct elf_head {
	bool is_64, big_endian;
	uint16_t type, machine;       /* ET_DYN ..., EM_X86_64 ... */
	struct elf_segment *segments; /* PT_LOAD only */
	size_t segment_count;
	struct build_id build_id;     /* size 0: none */
};

/* ERR_FORMAT when it is no ELF file or is cut short. */
struct err *elf_head_read(int fd, struct elf_head *ret);
void elf_head_deinit(struct elf_head *h);

/* Only the build-id; false when there is none or it can't be read. */
bool build_id_of_fd(int fd, struct build_id *ret);
/* Find the build-id in the bytes of a note segment or section (SHT_NOTE, PT_NOTE,
 * /sys/kernel/notes).  ALIGN is the segment's p_align: 4 or 8. */
bool build_id_of_notes(const uint8_t *notes, size_t size_bytes, size_t align, bool big_endian,
		       struct build_id *ret);

#endif
