/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_EVENT_AGENT_RING_H
#define SONDE_EVENT_AGENT_RING_H
/*
 * The memory through which the preloaded agent (lib/sonde-cpu-timer.c), running inside the
 * recorded programs, hands samples to sonde (capture/preload/cpu_timer.c).
 *
 * One memfd for all programs of a recording, mapped shared by everybody:
 *
 *   header     what is asked for; counters of what was lost
 *   log        a ring of process starts, forks and exits; entries are reserved by counting
 *              log_next up, and valid when their `sequence` is written
 *   owners     one small head a chunk
 *   chunks     each belongs to one thread at a time, which alone writes into it and then
 *              moves `used_bytes` on; so nothing is ever half written in sight of the
 *              reader, also when the thread is killed in the middle
 *
 * The sides trust each other as far as their own safety needs: the reader checks all
 * lengths, the agent takes its limits from the header once and clamps them.
 *
 * Life of a chunk: FREE -> OWNED (by a thread, in its signal handler) -> CLOSED (it took
 * another, or ended) -> FREE (by the reader, when read).  The reader also frees chunks
 * whose process is gone.
 */
#include <stddef.h>
#include <stdint.h>

enum {
	AGENT_RING_VERSION = 2,
	AGENT_LOG_ENTRIES = 8192,
	AGENT_CHUNKS = 8192,
	AGENT_CHUNK_BYTES = 65536, /* pages that nobody wrote to take no memory */
	AGENT_STACK_MAX_BYTES = 57344, /* of one copy, both parts */
	AGENT_REGISTERS = 33,
	AGENT_MAX_FRAMES = 512,
	AGENT_COMM_BYTES = 16,
	AGENT_EXE_BYTES = 208,
	AGENT_BUILD_ID_BYTES = 20,
};
#define AGENT_RING_MAGIC UINT64_C(0x676e697265646e73) /* "sndering" */
#define AGENT_RING_ENV "SONDE_CPU_TIMER"               /* path that leads to it */

struct agent_header {
	uint64_t magic;
	uint32_t version;
	uint32_t max_frames;       /* 0: no stacks, only where it ran */
	uint32_t copies_stacks;    /* 1: registers and a copy of the stack, for the reader to unwind;
				      0: frame pointers are followed on the spot */
	uint32_t pad;
	uint64_t period_ns;        /* of CPU time, between samples of a thread */
	_Atomic uint64_t alive_ns; /* CLOCK_MONOTONIC when the reader was last here */
	_Atomic uint32_t stopped;  /* 1: recording is over, do nothing any more */
	_Atomic uint32_t chunk_hint;
	_Atomic uint64_t log_next; /* entries reserved so far */
	_Atomic uint64_t log_read; /* entries the reader has done */
	/* lost: */
	_Atomic uint64_t samples_lost;   /* no free chunk */
	_Atomic uint64_t log_lost;       /* the log was full */
	_Atomic uint64_t threads_missed; /* no timer could be had (RLIMIT_SIGPENDING) */
	_Atomic uint32_t chunks_touched; /* chunks [0, this) were used at least once */
	uint32_t pad2;
	uint64_t pid_namespace;    /* inode of the reader's; programs in another one stay out:
				      their pids mean nothing to the reader */
};

enum agent_log_kind { AGENT_LOG_START = 1, AGENT_LOG_FORK, AGENT_LOG_EXIT };

struct agent_log_entry {
	_Atomic uint64_t sequence; /* index + 1 when valid */
	uint64_t time_ns;
	uint32_t kind;
	uint32_t pid, ppid, tid;
	char comm[AGENT_COMM_BYTES];
	char exe[AGENT_EXE_BYTES]; /* START only; cut when longer */
};

enum agent_chunk_state {
	AGENT_CHUNK_FREE,
	AGENT_CHUNK_CLAIMED, /* its head is being written */
	AGENT_CHUNK_OWNED,
	AGENT_CHUNK_CLOSED,
};

struct agent_owner {
	_Atomic uint32_t state;
	uint32_t pid, tid;
	_Atomic uint32_t used_bytes;
	uint64_t image_ns; /* start of the program (exec or fork) that wrote it */
	_Atomic uint32_t needed_bytes; /* by the reader: what unwinding took of the copies of this
					  thread, at its last stacks; 0: not known yet */
	uint32_t pad;
};

enum agent_record_kind { AGENT_SAMPLE = 1, AGENT_MODULE };

/* Each record is a multiple of 8 bytes. */
struct agent_record {
	uint16_t size_bytes;
	uint8_t kind;
	uint8_t flags;
	uint32_t tid;
	uint64_t time_ns;
};

/* COPIED: it is a struct agent_copy. */
enum agent_sample_flags { AGENT_STACK_CUT = 1, AGENT_STACK_BROKEN = 2, AGENT_STACK_COPIED = 4 };

struct agent_sample {
	struct agent_record record;
	uint32_t count; /* periods that this sample stands for, at least 1 */
	uint16_t cpu;
	uint16_t pc_count; /* 0: it is known that the thread ran, not where (it ended between two ticks) */
	uint64_t pcs[];
};

enum { AGENT_PARTS = 2 };

/* A sample whose stack is not unwound yet: pc_count is 0, and behind it come the registers by
 * their DWARF numbers (unwind/machine.h) and the stack's bytes. */
struct agent_copy {
	struct agent_record record; /* as a struct agent_sample begins */
	uint32_t count;
	uint16_t cpu, pc_count;
	uint64_t known;          /* bits: registers that are there */
	/* [addr, addr + size_bytes) of the stack, multiples of 8; the second part is what a handler
	 * on a stack of its own interrupted */
	struct {
		uint64_t addr, size_bytes;
	} parts[AGENT_PARTS];
	uint64_t registers[AGENT_REGISTERS];
	uint8_t bytes[];         /* of both parts */
};

/* An executable segment that is mapped; time_ns is that of the program's start. */
struct agent_module {
	struct agent_record record;
	uint64_t addr, size_bytes, offset;
	uint8_t build_id[AGENT_BUILD_ID_BYTES];
	uint8_t build_id_size;
	uint8_t pad;
	uint16_t path_bytes; /* with the NUL */
	char path[];
};

_Static_assert(offsetof(struct agent_copy, pc_count) == offsetof(struct agent_sample, pc_count), "one head");

#define AGENT_LOG_OFFSET 4096u
#define AGENT_OWNERS_OFFSET (AGENT_LOG_OFFSET + AGENT_LOG_ENTRIES * (uint32_t)sizeof(struct agent_log_entry))
#define AGENT_CHUNKS_OFFSET (AGENT_OWNERS_OFFSET + AGENT_CHUNKS * (uint32_t)sizeof(struct agent_owner))
#define AGENT_RING_BYTES (AGENT_CHUNKS_OFFSET + (uint64_t)AGENT_CHUNKS * AGENT_CHUNK_BYTES)

#endif
