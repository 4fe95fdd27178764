/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs of system calls: which of them this trace needs, what stands in their tables, and how they come into the kernel.
 *
 * What isn't asked for is left out before they are loaded: programs, maps and, through constants that the verifier sees, the
 * code of filters and of kinds of copies that no wanted call has.  For each wanted call a plan says what of its caller's memory is to
 * be copied, and whether it may go by its CPU's lane.
 */
#include "base/log.h"
#include "capture/bpf/calls_impl.h"
#include "syscall/plan.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.skel.h"

enum { SOON_RING_BYTES = 2 << 20, STRING_MAX = 1 << 20, STRINGS_MOST = 64, STRINGS_MOST_VERBOSE = 8192 };

_Static_assert(sizeof(struct bpf_calls_step) == sizeof(struct syscall_plan_step) &&
		       (int)BPF_CALLS_STEPS == (int)SYSCALL_PLAN_STEPS && (int)BPF_FILES_IOCBS == (int)SYSCALL_PLAN_FILES_IOCBS &&
		       (int)BPF_STEP_FOLLOW_TWICE == (int)SYSCALL_PLAN_FOLLOW_TWICE &&
		       (int)BPF_STEP_SIZE_RESULT == (int)SYSCALL_PLAN_SIZE_RESULT &&
		       (int)SYSCALL_PLAN_BITS == 3 << (int)BPF_STEP_SHIFT_AT &&
		       sizeof(struct bpf_calls_piece) == sizeof(struct syscall_piece),
	       "event/bpf_calls.h follows syscall/plan.h and memory.h");

const char *bpf_calls_lacks(const struct bpf_calls_options *options)
{
	return options->string_limit > STRING_MAX ? "strings of more than 1 MiB" : NULL;
}

struct err *bpf_calls_probe(void) { return bpf_loader_probe("system calls"); }

bool bpf_calls_has_stacks(void)
{
	struct bpf_loader loader;
	bool has;

	bpf_loader_init(&loader, "stacks");
	BPF_LOADER_TYPES(&loader, calls);
	has = bpf_loader_has_type(&loader, "maple_arange_64");
	bpf_loader_deinit(&loader);
	return has;
}

/* --- plans ------------------------------------------------------------------------------------- */

/* When there is something to copy. */
static uint8_t phases_of(const struct syscall_plan *plan)
{
	uint8_t phases = 0;

	for (unsigned i = 0; i < BPF_CALLS_STEPS && plan->steps[i].kind; i++)
		phases |= plan->steps[i].phase == SYSCALL_EXIT ? BPF_PLAN_AT_EXIT : BPF_PLAN_AT_ENTRY;
	return phases;
}

/* May it be written in a lane?  At most one step at its entry and one at its exit, each of one piece. */
static uint8_t lane_of(const struct bpf_calls *c, const struct syscall_plan *plan)
{
	uint8_t lane = BPF_LANE_CAN;

	if (plan->peek || (c->options.files && (plan->files || plan->file_list)))
		return 0;
	for (unsigned i = 0; i < BPF_CALLS_STEPS && plan->steps[i].kind; i++) {
		const struct syscall_plan_step *step = &plan->steps[i];
		bool exit = step->phase == SYSCALL_EXIT;

		if (i > 1 || (step->kind != SYSCALL_PLAN_STRING && step->kind != SYSCALL_PLAN_BYTES) ||
		    lane & (exit ? BPF_LANE_EXIT : BPF_LANE_ENTRY))
			return 0;
		lane |= (uint8_t)((exit ? BPF_LANE_EXIT : BPF_LANE_ENTRY) | i << (exit ? BPF_LANE_EXIT_AT : BPF_LANE_ENTRY_AT));
	}
	return lane;
}

static void fill_plan(const struct bpf_calls *c, const struct syscall_plan *steps, struct bpf_calls_plan *plan)
{
	plan->wanted = 1;
	plan->lane = lane_of(c, steps);
	memcpy(plan->steps, steps->steps, sizeof(plan->steps));
	plan->phases = phases_of(steps);
	plan->files = steps->files;
	plan->file_list = steps->file_list;
	plan->peek = steps->peek;
	plan->plain = steps->plain;
}

static bool is_hidden(const struct bpf_calls *c, unsigned abi, unsigned number)
{
	return c->options.lookup && abi == SYSCALL_ABI_NATIVE && c->options.lookup->hidden == number + 1;
}

static struct err *fill_plans(struct bpf_calls *c)
{
	size_t size = sizeof(struct bpf_calls_plan) * BPF_CALLS_ABIS * BPF_CALLS_NUMBERS;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_calls_plan *plans;
	enum syscall_abi abi;

	size = (size + page - 1) / page * page;
	plans = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(c->skel->maps.calls_plans), 0);
	if (plans == MAP_FAILED)
		return err_errno(errno, "cannot map the plan of system calls");
	for (unsigned i = 0; (abi = syscall_abi_here(i)) != SYSCALL_ABI_COUNT; i++)
		for (unsigned number = 0; number < BPF_CALLS_NUMBERS; number++) {
			struct bpf_calls_plan *plan = &plans[i * BPF_CALLS_NUMBERS + number];
			struct syscall_plan steps;

			if (!call_set_has(c->options.wanted, abi, number))
				continue;
			syscall_plan_entry(abi, is_hidden(c, abi, number) ? NULL : syscall_find(abi, number), c->options.verbose, &steps);
			fill_plan(c, &steps, plan);
		}
	munmap(plans, size);
	return NULL;
}

/* What the kernel describes of a call that the tables don't know: from now on it is copied as any other's. */
void bpf_calls_plan_unknown(struct bpf_calls *c, const struct bpf_call *r)
{
	uint32_t key = r->number, hidden = c->options.lookup ? c->options.lookup->hidden : 0;
	const struct syscall_entry *entry;
	struct bpf_calls_plan plan = { 0 };
	struct syscall_plan steps;

	if (r->abi != 0 || key >= BPF_CALLS_NUMBERS || c->learned[key / 64] >> key % 64 & 1 ||
	    (key + 1 != hidden && syscall_find(SYSCALL_ABI_NATIVE, key)))
		return;
	entry = syscall_find_by(c->options.lookup, SYSCALL_ABI_NATIVE, key);
	if (!entry) /* not yet: whoever describes it has to see one first */
		return;
	c->learned[key / 64] |= UINT64_C(1) << key % 64;
	syscall_plan_entry(SYSCALL_ABI_NATIVE, entry, c->options.verbose, &steps);
	fill_plan(c, &steps, &plan);
	if (c->skel && bpf_map_update_elem(bpf_map__fd(c->skel->maps.calls_plans), &key, &plan, 0) != 0)
		log_debug("no plan for system call %u: %s", key, strerror(errno));
}

/* --- what is wanted ---------------------------------------------------------------------------- */

static void set_numbers(const struct call_set *wanted, struct calls_bpf *skel)
{
	enum syscall_abi abi;

	for (unsigned number = 0; number < BPF_CALLS_NUMBERS; number++)
		for (unsigned i = 0; (abi = syscall_abi_here(i)) != SYSCALL_ABI_COUNT; i++)
			if (call_set_has(wanted, abi, number))
				((uint64_t *)skel->rodata->calls_numbers)[number / 64] |= 1ULL << (number % 64);
	if (call_set_wants_socketcall(wanted))
		((uint64_t *)skel->rodata->calls_numbers)[SYSCALL_SOCKETCALL / 64] |= 1ULL << SYSCALL_SOCKETCALL % 64;
	if (call_set_wants_ipc(wanted))
		((uint64_t *)skel->rodata->calls_numbers)[SYSCALL_IPC_CALL / 64] |= 1ULL << SYSCALL_IPC_CALL % 64;
	for (unsigned i = 0; i < SYSCALL_IPC_COUNT; i++) {
		skel->rodata->calls_ipc_numbers[i] = syscall_ipcs[i].number;
		skel->rodata->calls_ipc_memory[i] = syscall_ipcs[i].memory;
		for (unsigned k = 0; k < sizeof(syscall_ipcs[i].order); k++)
			skel->rodata->calls_ipc_order[8 * i + k] = syscall_ipcs[i].order[k];
	}
	for (unsigned i = 0; i < SYSCALL_SOCKETCALL_COUNT; i++) {
		skel->rodata->calls_socket_numbers[i] = syscall_socketcalls[i].number;
		skel->rodata->calls_socket_args[i] = syscall_socketcalls[i].args;
	}
	skel->rodata->calls_others = wanted->others;
}

/* Which kinds of steps there are in the plans of wanted calls. */
static uint32_t kinds_of(const struct bpf_calls *c)
{
	uint32_t kinds = 0;
	enum syscall_abi abi;

	for (unsigned i = 0; (abi = syscall_abi_here(i)) != SYSCALL_ABI_COUNT; i++)
		for (unsigned number = 0; number < BPF_CALLS_NUMBERS; number++) {
			struct syscall_plan plan;

			if (!call_set_has(c->options.wanted, abi, number))
				continue;
			syscall_plan_get(abi, number, c->options.verbose, &plan);
			for (unsigned k = 0; k < BPF_CALLS_STEPS; k++)
				kinds |= 1U << plan.steps[k].kind;
			if (!syscall_find(abi, number)) /* what may be learned of it */
				kinds |= 1U << SYSCALL_PLAN_STRING;
		}
	return kinds;
}

bool bpf_calls_wants_exec(const struct bpf_calls *c)
{
	static const char *const names[] = { "execve", "execveat" };
	enum syscall_abi abi;

	for (unsigned i = 0; (abi = syscall_abi_here(i)) != SYSCALL_ABI_COUNT; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
			int64_t number = syscall_number(abi, names[k]);

			if (number >= 0 && call_set_has(c->options.wanted, abi, (uint32_t)number))
				return true;
		}
	return false;
}

/* Stacks take maps and programs that nobody else pays for. */
static void choose_stacks(const struct bpf_calls *c)
{
	struct calls_bpf *skel = c->skel;
	struct bpf_map *maps[] = { skel->maps.unwind_shards, skel->maps.unwind_files, skel->maps.unwind_wants,
				   skel->maps.unwind_rooms, skel->maps.unwind_seen, skel->maps.stack_rooms,
				   skel->maps.stack_mapping_rooms, skel->maps.stack_mappings_seen };
	bool wanted = c->options.track != NULL;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		bpf_map__set_autocreate(maps[i], wanted);
	bpf_program__set_autoload(skel->progs.calls_signal, !wanted);
	bpf_program__set_autoload(skel->progs.calls_exit_stack, wanted);
	bpf_program__set_autoload(skel->progs.calls_signal_stack, wanted);
	bpf_program__set_autoload(skel->progs.calls_exec, !wanted);
	bpf_program__set_autoload(skel->progs.calls_exec_stack, wanted);
	bpf_program__set_autoload(skel->progs.calls_finish, !wanted);
	bpf_program__set_autoload(skel->progs.calls_finish_stack, wanted);
	if (c->options.max_frames)
		skel->rodata->stack_max_frames = c->options.max_frames;
}

static struct err *open_stacks(struct bpf_calls *c)
{
	struct calls_bpf *skel = c->skel;

	if (!c->options.track)
		return NULL;
	return call_stacks_create(&BPF_TABLES_OF(skel), &skel->bss->unwind_epoch, c->options.track,
				  skel->rodata->stack_max_frames, &c->stacks);
}

/* --- rings ------------------------------------------------------------------------------------- */

/* Of one CPU.  Copies of stacks come at once, before tables are ready. */
static size_t ring_bytes(const struct bpf_calls *c)
{
	return c->options.ring_bytes ? c->options.ring_bytes : bpf_rings_bytes() * (c->options.track ? 2 : 1);
}

/* To begin with: the kernel takes its pages one by one, 8 MiB in two milliseconds; this much holds the most that a CPU can
 * write in a dozen. */
static size_t first_ring_bytes(const struct bpf_calls *c)
{
	size_t all = ring_bytes(c);

	return c->options.soon && !c->options.track && all > SOON_RING_BYTES ? SOON_RING_BYTES : all;
}

bool bpf_calls_settle(struct bpf_calls *c)
{
	return bpf_rings_settle(c->rings, ring_bytes(c));
}

/* --- loading ----------------------------------------------------------------------------------- */

/* The programs that the others go over to. */
static struct err *fill_tails(struct bpf_calls *c)
{
	const struct bpf_program *tails[BPF_CALLS_TAILS] = {
		[BPF_CALLS_TAIL_FINISH] = c->options.track ? c->skel->progs.calls_finish_stack : c->skel->progs.calls_finish,
		[BPF_CALLS_TAIL_LATE] = c->skel->progs.calls_late,
	};

	for (uint32_t i = 0; i < BPF_CALLS_TAILS; i++) {
		int fd = bpf_program__fd(tails[i]);

		if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.calls_tails), &i, &fd, BPF_ANY) != 0)
			return err_errno(errno, "cannot join the BPF program %s to the others", bpf_program__name(tails[i]));
	}
	return NULL;
}

/* Have the entries of all calls looked at. */
struct err *bpf_calls_widen(struct bpf_calls *c)
{
	struct calls_bpf *skel = c->skel;

	if (skel->links.calls_enter)
		return NULL;
	TRY(bpf_loader_now(&c->loader, skel->progs.calls_enter));
	skel->links.calls_enter = bpf_loader_attach_one(skel->progs.calls_enter);
	if (!skel->links.calls_enter)
		return err_errno(errno, "cannot attach a BPF program to the entry of system calls");
	__atomic_store_n(&skel->bss->calls_wide, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static struct err *load(struct bpf_calls *c, bool lanes)
{
	struct calls_bpf *skel = c->skel = calls_bpf__open_opts(bpf_loader_options(&c->loader));
	if (!skel)
		return bpf_loader_open_error(&c->loader);
	c->rings = bpf_rings_begin(first_ring_bytes(c)); /* while types are looked up */
	if (c->options.track && !bpf_loader_has_type(&c->loader, "maple_arange_64"))
		return err_new(ERR_UNSUPPORTED, "this kernel is older than Linux 6.1: a BPF program can't see what is mapped, for -k");
	choose_stacks(c);
	skel->rodata->calls_string_limit = c->options.string_limit + 1;
	skel->rodata->calls_kinds = kinds_of(c);
	skel->rodata->calls_files = c->options.files;
	skel->rodata->target_groups = c->options.group;
	skel->rodata->calls_narrow = bpf_narrow_can(c->options.wanted);
	bpf_program__set_autoload(skel->progs.calls_enter_one, skel->rodata->calls_narrow);
	bpf_program__set_autoload(skel->progs.calls_exit_one, skel->rodata->calls_narrow && !c->options.track);
	bpf_program__set_autoload(skel->progs.calls_exit, !skel->rodata->calls_narrow && !c->options.track);
	bpf_program__set_autoattach(skel->progs.calls_enter, !skel->rodata->calls_narrow);
	if (skel->rodata->calls_narrow)
		bpf_loader_later(&c->loader, skel->progs.calls_enter);
	skel->rodata->calls_strings_most = c->options.verbose ? STRINGS_MOST_VERBOSE : STRINGS_MOST;
	skel->rodata->calls_result_filter = c->options.only_successful ? 1 : c->options.only_failed ? 2 : 0;
	set_numbers(c->options.wanted, skel);
	skel->rodata->calls_show_blocked = !c->options.whole_calls;
	bpf_program__set_autoattach(skel->progs.calls_rest, false);
	bpf_program__set_autoload(skel->progs.calls_prepare_exec, bpf_calls_wants_exec(c));
	bpf_program__set_autoattach(skel->progs.calls_prepare_exec, false);
	TRY(bpf_rings_prepare(skel->maps.rings, skel->maps.ring_states, ring_bytes(c), &skel->rodata->ring_wake_bytes));
	if (lanes)
		TRY(bpf_lanes_prepare(skel->maps.lanes, &skel->rodata->lane_bytes, &skel->rodata->lane_preempted));
	TRY(bpf_loader_load(&c->loader, skel->skeleton));
	TRY(bpf_rings_open(skel->maps.rings, skel->maps.ring_states, first_ring_bytes(c), &c->rings));
	if (skel->rodata->lane_bytes)
		TRY(bpf_lanes_open(c->rings, skel->maps.lanes, skel->rodata->lane_bytes));
	TRY(open_stacks(c));
	TRY(fill_plans(c));
	TRY(bpf_loader_join(&c->loader));
	TRY(fill_tails(c));
	TRY(bpf_loader_attach(&c->loader, skel->skeleton));
	if (bpf_calls_wants_exec(c))
		skel->links.calls_prepare_exec = bpf_program__attach(skel->progs.calls_prepare_exec); /* NULL before Linux 6.10 */
	if (!skel->rodata->calls_narrow)
		return NULL;
	c->narrow = bpf_narrow_attach(skel->progs.calls_enter_one, c->options.wanted);
	return c->narrow ? NULL : bpf_calls_widen(c);
}

void bpf_calls_begin_loading(struct bpf_calls *c)
{
	bpf_loader_init(&c->loader, "system calls");
	BPF_LOADER_TYPES(&c->loader, calls);
}

void bpf_calls_unload(struct bpf_calls *c)
{
	bpf_narrow_detach(c->narrow);
	bpf_loader_deinit(&c->loader); /* its threads load what is in the skeleton */
	if (c->skel)
		calls_bpf__destroy(c->skel);
	call_stacks_destroy(c->stacks);
	bpf_rings_close(c->rings);
	c->narrow = NULL;
	c->skel = NULL;
	c->stacks = NULL;
	c->rings = NULL;
}

static struct err *advise(struct err *err)
{
	err = bpf_loader_advise(err);
	if (!err_is(err, ERR_NOMEM) || err_advice(err))
		return err;
	return err_fix(err, "raise the limit of memory (ulimit -v, the control group's), or go without BPF: sonde trace --engine ptrace");
}

/* Lanes ask more of a verifier than all else: one that refuses them may take the rest. */
struct err *bpf_calls_load(struct bpf_calls *c)
{
	bool lanes = !c->options.track; /* a stack is taken into a thread's storage */
	struct err *err = advise(load(c, lanes));

	if (!lanes || !err_is(err, ERR_UNSUPPORTED))
		return err;
	log_debug("once more, without lanes: %s", err_message(err));
	err_destroy(err);
	bpf_calls_unload(c);
	bpf_calls_begin_loading(c);
	return advise(load(c, false));
}
