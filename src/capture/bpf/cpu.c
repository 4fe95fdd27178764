/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples that were unwound in the kernel.
 *
 * A stack is sent once (bpf/stacks.h), and samples name its hash.
 *
 * Mappings change under the same addresses, so a stack's meaning is looked up at each sample:
 * the tracker has a cache for that.
 */
#include "capture/bpf/cpu.h"

#include "base/log.h"
#include "base/mem.h"
#include "capture/bpf/loader.h"
#include "capture/bpf/rings.h"
#include "capture/bpf/stacks.h"
#include "capture/bpf/target.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cpu.skel.h"

enum { RECORD_STACK = 0x101 };

struct bpf_cpu {
	struct bpf_loader loader;
	struct cpu_bpf *skel;
	struct bpf_rings *rings;
	struct bpf_tables *tables;
	struct bpf_stacks *stacks;
	struct bpf_cpu_totals totals;
};

/* --- life ---------------------------------------------------------------------------------------- */

static struct err *load(struct bpf_cpu *b, const struct bpf_cpu_options *options)
{
	size_t ring_bytes = options->ring_bytes;

	TRY(bpf_loader_probe(b->loader.what));
	BPF_LOADER_TYPES(&b->loader, cpu);
	if (!bpf_loader_has_type(&b->loader, "maple_arange_64"))
		return err_new(ERR_UNSUPPORTED, "this kernel is older than Linux 6.1: it has no tree of mappings that a BPF "
			       "program can walk");
	b->skel = cpu_bpf__open_opts(bpf_loader_options(&b->loader));
	if (!b->skel)
		return bpf_loader_open_error(&b->loader);

	struct cpu_bpf *skel = b->skel;

	skel->rodata->cpu_max_frames = options->max_frames;
	skel->rodata->unwind_no_frame_pointers = options->no_frame_pointers;
	TRY(bpf_rings_prepare(skel->maps.rings, skel->maps.ring_states, ring_bytes, &skel->rodata->ring_wake_bytes));
	TRY(bpf_loader_load(&b->loader, skel->skeleton));
	TRY(bpf_rings_open(skel->maps.rings, skel->maps.ring_states, ring_bytes, &b->rings));
	TRY(bpf_tables_open(&BPF_TABLES_OF(skel), &b->tables));
	b->stacks = bpf_stacks_create(&skel->bss->unwind_epoch);

	struct bpf_target target = BPF_TARGET_OF(skel);

	if (!options->filter)
		return bpf_target_all(&target);
	TRY(bpf_loader_attach(&b->loader, skel->skeleton)); /* it follows forks */
	return bpf_target_processes(&target);
}

struct err *bpf_cpu_open(const struct bpf_cpu_options *options, struct bpf_cpu **ret)
{
	struct bpf_cpu *b = mem_calloc(1, sizeof(*b));

	bpf_loader_init(&b->loader, "stacks");

	struct err *err = load(b, options);

	if (err) {
		bpf_cpu_close(b);
		b = NULL;
	}
	*ret = b;
	return err;
}

void bpf_cpu_close(struct bpf_cpu *b)
{
	if (!b)
		return;
	bpf_stacks_destroy(b->stacks);
	bpf_loader_deinit(&b->loader);
	cpu_bpf__destroy(b->skel);
	bpf_tables_close(b->tables);
	bpf_rings_close(b->rings);
	free(b);
}

struct err *bpf_cpu_attach(struct bpf_cpu *b, int perf_fd)
{
	if (ioctl(perf_fd, PERF_EVENT_IOC_SET_BPF, bpf_program__fd(b->skel->progs.cpu_sample)) != 0)
		return err_errno(errno, "cannot put a BPF program on a perf event");
	return NULL;
}

struct err *bpf_cpu_add(struct bpf_cpu *b, pid_t pid, bool *is_new)
{
	struct bpf_target target = BPF_TARGET_OF(b->skel);

	return bpf_target_add(&target, pid, is_new);
}

void bpf_cpu_settle(struct bpf_cpu *b)
{
	__atomic_store_n(&b->skel->bss->cpu_settled, 1, __ATOMIC_SEQ_CST);
}

/* --- records ----------------------------------------------------------------------------------------- */

size_t bpf_cpu_fds(const struct bpf_cpu *b, int fds[BPF_CPU_FDS])
{
	fds[0] = bpf_rings_fd(b->rings);
	fds[1] = bpf_tables_fd(b->tables);
	return BPF_CPU_FDS;
}

void bpf_cpu_begin(struct bpf_cpu *b) { bpf_rings_acknowledge(b->rings); }

void bpf_cpu_commit(struct bpf_cpu *b, struct track *track)
{
	bpf_rings_commit(b->rings);
	bpf_tables_prepare(b->tables, track);
}

bool bpf_cpu_pressed(const struct bpf_cpu *b) { return bpf_rings_pressed(b->rings); }
uint64_t bpf_cpu_peek(struct bpf_cpu *b) { return bpf_rings_peek_time(b->rings); }

static bool take_sample(struct bpf_cpu *b, const struct bpf_cpu_sample *s, struct bpf_cpu_stack *stack)
{
	const struct bpf_stack *found = bpf_stacks_find(b->stacks, s->stack);

	b->totals.samples++;
	b->totals.no_cfi += s->end == BPF_UNWIND_NO_CFI;
	b->totals.by_fp += s->by_fp && s->end != BPF_UNWIND_NO_CFI;
	*stack = (struct bpf_cpu_stack){ 0 };
	if (found)
		*stack = (struct bpf_cpu_stack){ found->addrs, found->count, found->kernel_count };
	return true;
}

bool bpf_cpu_next(struct bpf_cpu *b, const struct bpf_cpu_sample **sample, struct bpf_cpu_stack *stack)
{
	uint32_t size_bytes;
	const struct bpf_record *r = bpf_rings_next(b->rings, UINT64_MAX, &size_bytes);

	if (!r)
		return false;
	if (r->kind == BPF_CPU_SAMPLE && size_bytes >= sizeof(**sample)) {
		*sample = (const void *)r;
		return take_sample(b, *sample, stack);
	}
	if (r->kind == RECORD_STACK)
		bpf_stacks_keep(b->stacks, (const void *)r, size_bytes);
	return false;
}

void bpf_cpu_get_totals(struct bpf_cpu *b, struct bpf_cpu_totals *ret)
{
	uint64_t *left[] = { &b->totals.no_room, &b->totals.not_yet, &b->totals.broken, &b->totals.unsupported };
	uint64_t count;
	unsigned kind;
	int cpu;

	while (bpf_rings_lost(b->rings, &cpu, &kind, &count))
		if (kind < sizeof(left) / sizeof(*left))
			*left[kind] += count;
	bpf_tables_get_totals(b->tables, &b->totals.tables);
	b->totals.stacks = bpf_stacks_count(b->stacks);
	*ret = b->totals;
}
