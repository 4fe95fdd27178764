/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause OR MIT */
#ifndef SONDE_EVENT_BPF_RING_H
#define SONDE_EVENT_BPF_RING_H
/*
 * What BPF programs and their readers share: how a record in a ring begins, and the counts
 * beside the rings.  There is one BPF ring buffer a CPU: no lock is fought over, and records of
 * one CPU come in the order in which they were reserved.  Programs: bpf/ring.bpf.h; readers:
 * capture/bpf/rings.h.
 */
#ifndef __bpf__
#include <stdint.h>
#endif

/* The first bytes of each record.  A multiple of 8 bytes in all. */
struct bpf_record {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint16_t kind;    /* the program's own */
	uint16_t cpu;
	uint32_t tid;     /* as in the recorder's PID namespace */
};

enum { BPF_LOST_KINDS = 4 };

/* One a CPU, in a map that the reader has mapped. */
struct bpf_ring_state {
	uint64_t bytes;                /* written so far, about */
	uint64_t lost[BPF_LOST_KINDS]; /* records without room, by what the program calls them; exact */
	uint64_t reserved[2];
};

#endif
