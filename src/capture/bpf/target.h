/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_TARGET_H
#define SONDE_CAPTURE_BPF_TARGET_H
/*
 * Tell bpf/target.bpf.h who is looked at.  The parts of the program's skeleton:
 *
 *	struct bpf_target target = {
 *		.mode = &skel->bss->target_mode, ..., .targets = skel->maps.targets, ...
 *	};
 *	err = bpf_target_set(&target, request);
 */
#include "base/err.h"
#include "capture/source.h"

#include <stdint.h>

struct bpf_map;
struct bpf_program;

struct bpf_target {
	uint32_t *mode, *self;
	uint32_t *v1_hierarchy, *v1_controller;
	unsigned long long *v1_id;
	struct bpf_map *targets, *cgroup;
	struct bpf_program *where;
};
/* Of any skeleton whose program includes target.bpf.h. */
#define BPF_TARGET_OF(skel)                                                                    \
	((struct bpf_target){ .mode = &(skel)->data->target_mode, .self = &(skel)->bss->target_self, \
			      .v1_hierarchy = &(skel)->bss->target_v1_hierarchy, \
			      .v1_controller = &(skel)->data->target_v1_controller, .v1_id = &(skel)->bss->target_v1_id, \
			      .targets = (skel)->maps.targets, .cgroup = (skel)->maps.target_cgroup, \
			      .where = (skel)->progs.target_where })

/* After loading and attaching (so that no fork goes unseen): from here on the programs look at
 * REQUEST's target.  A command (CAPTURE_COMMAND) waits for its exec then: whether what it does
 * until that counts is the program's business.  ERR_UNSUPPORTED: a control group of a
 * version 1 hierarchy without a controller, which BPF can't follow. */
struct err *bpf_target_set(const struct bpf_target *target, const struct capture_request *request);

/* The same step by step: everybody, ourselves included; or a set that begins empty.  *is_new (may be
 * NULL): ID was not in it yet. */
struct err *bpf_target_all(const struct bpf_target *target);
struct err *bpf_target_processes(const struct bpf_target *target);
struct err *bpf_target_add(const struct bpf_target *target, pid_t id, bool *is_new);

#endif
