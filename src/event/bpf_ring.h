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

/* Beside its ring a CPU may have a lane, an array's value that is mapped by the reader: records as in a BPF ring
 * (8 bytes before each, of which the first four are its length), written by programs that need no lock for it
 * (bpf/lane.bpf.h).  Positions only grow; a record that begins before the end of `data` goes on behind it. */
enum { BPF_LANE_SLACK = 12544 };
struct bpf_lane {
	uint64_t consumer;    /* the reader's, which writes it; a cache line of its own */
	uint64_t reserved[7];
	uint64_t producer;    /* what is before it is whole */
	uint64_t room;        /* up to where the programs know that they may write */
	uint64_t owner;       /* the task whose call is written behind `producer`; 0: none's */
	uint64_t known;       /* the task that was found to be looked at; 0: none was */
	uint32_t pid, tid;    /* known's */
	uint32_t busy, reserved2;
	uint64_t reserved3[2];
	uint8_t data[];
};

/* One a CPU, in a map that the reader has mapped. */
struct bpf_ring_state {
	uint64_t bytes;                /* written so far, about */
	uint64_t lost[BPF_LOST_KINDS]; /* records without room, by what the program calls them; exact */
	uint64_t reserved[2];
};

#endif
