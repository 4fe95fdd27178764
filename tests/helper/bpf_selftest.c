/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The common layer of BPF programs, held against what is known: a tree of processes makes so
 * many calls, from the first instruction of each; each is a record or a counted loss.
 *
 *	bpf-selftest RING_BYTES DEPTH CALLS
 *
 * prints "calls N records N lost N disorder N stacks N": of so many records the stack begins in the
 * kernel and goes on right behind the program's system call.  Exit 77: no BPF here.
 */
#include "base/log.h"
#include "capture/bpf/loader.h"
#include "capture/bpf/rings.h"
#include "capture/bpf/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "selftest.skel.h"

struct counts {
	uint64_t records, lost, disorder, last_ns, stacks;
};

/* As bpf/selftest.bpf.c writes it. */
struct record {
	struct bpf_record head;
	uint64_t user_pc;
	uint32_t kernel_count, end;
};

/* Each process makes one child and then its calls: a chain of DEPTH. */
static void work(unsigned depth, unsigned calls)
{
	pid_t child = depth > 1 ? fork() : -1;

	if (child == 0) {
		work(depth - 1, calls);
		_exit(0);
	}
	for (unsigned i = 0; i < calls; i++)
		syscall(SYS_getppid);
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* In libc, which makes the call: the same in all of these processes. */
static bool is_stack(const struct record *r)
{
	uint64_t syscall_at = (uintptr_t)syscall;

	return r->kernel_count > 0 && r->user_pc > syscall_at && r->user_pc < syscall_at + 64;
}

static void drain(struct bpf_rings *rings, struct counts *n)
{
	const struct bpf_record *record;
	uint32_t size;
	uint64_t lost;
	unsigned kind;
	int cpu;

	bpf_rings_acknowledge(rings);
	while ((record = bpf_rings_next(rings, UINT64_MAX, &size)) != NULL) {
		n->records++;
		n->stacks += size >= sizeof(struct record) && is_stack((const void *)record);
		n->disorder += record->time_ns < n->last_ns;
		n->last_ns = record->time_ns;
	}
	bpf_rings_commit(rings);
	while (bpf_rings_lost(rings, &cpu, &kind, &lost))
		n->lost += lost;
}

/* One that is refused when it is asked for is loaded when it is asked for again. */
static struct err *load_at_last(struct bpf_loader *loader, const struct bpf_program *program)
{
	struct rlimit before, none;

	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);

	struct err *err = bpf_loader_now(loader, program);

	setrlimit(RLIMIT_NOFILE, &before);
	if (!err)
		return err_new(ERR_INTERNAL, "loaded without a descriptor");
	err_destroy(err);
	return bpf_loader_now(loader, program);
}

static struct err *load(struct bpf_loader *loader, size_t ring_bytes, struct selftest_bpf **skel,
			struct bpf_rings **rings)
{
	TRY(bpf_loader_probe("a test"));
	if (!getenv("SLOW_TYPES"))
		BPF_LOADER_TYPES(loader, selftest);
	*skel = selftest_bpf__open_opts(bpf_loader_options(loader));
	if (!*skel)
		return bpf_loader_open_error(loader);

	struct bpf_map *ring_map = (*skel)->maps.rings, *states = (*skel)->maps.ring_states;

	(*skel)->rodata->selftest_number = SYS_getppid;
	TRY(bpf_rings_prepare(ring_map, states, ring_bytes, &(*skel)->rodata->ring_wake_bytes));
	if (getenv("LATER"))
		bpf_loader_later(loader, (*skel)->progs.selftest_enter);
	TRY(bpf_loader_load(loader, (*skel)->skeleton));
	TRY(bpf_rings_open(ring_map, states, ring_bytes, rings));
	if (getenv("LATER"))
		TRY(load_at_last(loader, (*skel)->progs.selftest_enter));
	return bpf_loader_attach(loader, (*skel)->skeleton);
}

/* Two trees, of which one is looked at. */
static struct err *run(struct selftest_bpf *skel, struct bpf_rings *rings, unsigned depth, unsigned calls,
		       struct counts *n)
{
	struct bpf_target target = BPF_TARGET_OF(skel);
	int go[2];
	char byte;

	if (pipe(go) != 0)
		return err_new(ERR_SYSTEM, "no pipe");

	pid_t pids[2];

	for (unsigned i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			close(go[1]);
			if (read(go[0], &byte, 1) == 0)
				work(depth, calls);
			_exit(0);
		}
	}

	struct capture_request request = { .target = CAPTURE_PIDS, .pids = pids, .pid_count = 1 };
	struct err *err = bpf_target_set(&target, &request);

	close(go[1]);
	for (unsigned left = 2; left;) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		left -= waitpid(-1, NULL, WNOHANG) > 0;
		drain(rings, n);
	}
	drain(rings, n);
	return err;
}

int main(int argc, char **argv)
{
	size_t ring_bytes = argc > 1 ? strtoul(argv[1], NULL, 0) : 65536;
	unsigned depth = argc > 2 ? (unsigned)atoi(argv[2]) : 4, calls = argc > 3 ? (unsigned)atoi(argv[3]) : 1000;
	struct bpf_loader loader;
	struct selftest_bpf *skel = NULL;
	struct bpf_rings *rings = NULL;
	struct counts n = { 0 };
	int status = 0;

	bpf_loader_init(&loader, "a test");
	struct err *err = load(&loader, ring_bytes, &skel, &rings);

	if (!err)
		err = run(skel, rings, depth, calls, &n);
	if (err) {
		fprintf(stderr, "%s (%s)\n", err_message(err), err_advice(err) ? err_advice(err) : "-");
		status = err_is(err, ERR_PERMISSION) || err_is(err, ERR_UNSUPPORTED) ? 77 : 1;
	} else {
		printf("calls %u records %" PRIu64 " lost %" PRIu64 " disorder %" PRIu64 " stacks %" PRIu64 "\n",
		       depth * calls, n.records, n.lost, n.disorder, n.stacks);
	}
	err_destroy(err);
	bpf_rings_close(rings);
	selftest_bpf__destroy(skel);
	bpf_loader_deinit(&loader);
	return status;
}
