/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause OR MIT */
#ifndef SONDE_EVENT_BPF_CPU_H
#define SONDE_EVENT_BPF_CPU_H
/* A sample as bpf/cpu.bpf.c writes it; with records of event/bpf_unwind.h between. */
#ifndef __bpf__
#include <stdint.h>
#endif

enum { BPF_CPU_SAMPLE = 1 };
/* Samples that were left to perf, by why: the `lost` counts of the ring's state. */
enum { BPF_CPU_NO_ROOM, BPF_CPU_NOT_YET, BPF_CPU_BROKEN, BPF_CPU_UNSUPPORTED };

struct bpf_cpu_sample {
	uint64_t time_ns;  /* struct bpf_record */
	uint16_t kind, cpu;
	uint32_t tid;
	uint32_t pid;
	uint8_t mode;      /* enum sample_mode: user or kernel */
	uint8_t end;       /* enum bpf_unwind_end of its stack */
	uint8_t by_fp;     /* 1: some of its frames by frame pointers */
	uint8_t by_table;  /* 1: some by CFI */
	uint64_t period;
	uint64_t stack;    /* hash; 0: none */
};

#endif
