/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause OR MIT */
#ifndef SONDE_EVENT_BPF_UNWIND_H
#define SONDE_EVENT_BPF_UNWIND_H
/*
 * Between bpf/unwind.bpf.h, which unwinds in the kernel, and capture/bpf/tables.h, which
 * prepares what it needs: unwind tables (unwind/table.h) laid out so that a row is found in a
 * few steps without a call.
 *
 * All tables lie in one space of 8-byte cells, cut into shards of BPF_UNWIND_SHARD_CELLS; a
 * shard is one map.  A file's code is divided into buckets of 256 bytes; for each there is a
 * cell that says where its rows lie: the one that holds at its start and those that begin
 * inside, never across the end of a shard.  A row's pc is an offset in the file.
 */
#ifndef __bpf__
#include <stdint.h>
#endif

enum {
	BPF_UNWIND_SHARD_CELLS = 1 << 16,
	BPF_UNWIND_SHARDS = 1024,   /* 512 MiB of tables at most */
	BPF_UNWIND_BUCKET_SHIFT = 8,
	BPF_UNWIND_FILES = 8192,
	BPF_UNWIND_FRAMES = 1024,   /* addresses of one stack, kernel and user; a power of two */
};

struct bpf_unwind_bucket {
	uint32_t first; /* cell of the first row */
	uint32_t count; /* 0: nothing is known of this code */
};

/* A file as a mapping has it; the vDSO is inode 0 on device 0. */
struct bpf_unwind_file {
	uint64_t inode;
	uint32_t device; /* as the kernel counts them: major << 20 | minor */
	uint32_t reserved;
};

enum bpf_unwind_state {
	BPF_UNWIND_WANTED,   /* user space was told of it */
	BPF_UNWIND_READY,
	BPF_UNWIND_NO_TABLE, /* no CFI, or not to be read: frame pointers */
};

struct bpf_unwind_module {
	uint32_t state;
	uint32_t buckets;      /* cell of the first bucket */
	uint32_t first_bucket; /* file offset of its code >> BPF_UNWIND_BUCKET_SHIFT */
	uint32_t bucket_count;
};

/* A file that is seen for the first time; in a ring of its own. */
struct bpf_unwind_wanted {
	uint32_t pid, reserved;
	uint64_t addr;    /* an address in that mapping */
	struct bpf_unwind_file file;
};

/* Record: a stack that is seen for the first time, or again after a change of epoch. */
struct bpf_stack_record {
	uint64_t time_ns; /* struct bpf_record */
	uint16_t kind, cpu;
	uint32_t tid;
	uint64_t hash;    /* what records refer to it by; 0 means no stack */
	uint32_t pid;
	uint16_t count;        /* addresses */
	uint16_t kernel_count; /* of them, the first ones: kernel addresses */
	uint8_t end;      /* enum bpf_unwind_end */
	uint8_t by_fp;    /* 1: some frames by frame pointers, where there were no tables */
	uint8_t reserved[6];
	uint64_t addrs[];
};

/* Record: a stack that could not be unwound in the kernel, with what that takes elsewhere.  Sent once, as above. */
enum { BPF_STACK_COPY_BYTES = 16384, BPF_STACK_COPY_REGS = 40 };
struct bpf_stack_copy {
	uint64_t time_ns; /* struct bpf_record */
	uint16_t kind, cpu;
	uint32_t tid;
	uint64_t hash;
	uint32_t pid;
	uint8_t end;      /* enum bpf_unwind_end: why not in the kernel */
	uint8_t is_32;
	uint16_t reserved;
	uint64_t regs[BPF_STACK_COPY_REGS]; /* as the kernel keeps them (struct pt_regs, user_pt_regs) */
	uint64_t sp;
	uint32_t size_bytes, reserved2; /* [sp, sp + size_bytes) follows */
};

enum bpf_unwind_end {
	BPF_UNWIND_COMPLETE,
	BPF_UNWIND_CUT,       /* deeper than asked for */
	BPF_UNWIND_BROKEN,    /* memory that is not there, or a frame that can't be */
	BPF_UNWIND_NOT_YET,   /* a file whose table is not ready */
	BPF_UNWIND_UNSUPPORTED, /* CFI that needs all registers */
	BPF_UNWIND_NO_USER,   /* a kernel thread */
	BPF_UNWIND_NO_CFI,    /* broken off in a caller's code that has neither CFI nor frame pointers: no copy would help */
};

#endif
