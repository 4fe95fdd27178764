/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause OR MIT */
#ifndef SONDE_EVENT_BPF_TARGET_H
#define SONDE_EVENT_BPF_TARGET_H
/* Between bpf/target.bpf.h and capture/bpf/target.h: who is looked at. */
enum bpf_target_mode {
	BPF_TARGET_ALL,
	BPF_TARGET_PROCESSES, /* the map `targets` holds process ids; what they fork is added */
	BPF_TARGET_THREADS,   /* the map holds thread ids */
	BPF_TARGET_CGROUP,    /* cgroup v2: the map target_cgroup has it */
	BPF_TARGET_CGROUP_V1, /* of a hierarchy of version 1 */
	BPF_TARGET_NOBODY,    /* not yet */
};
#endif
