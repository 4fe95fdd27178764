// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * System calls of the target: arguments from the registers at entry, with what they point to
 * as a plan says (syscall/plan.h); the result at exit, with what the kernel filled.  Both
 * are put together in the task's own storage and sent as one record.
 *
 * When a thread is switched out inside a call its entry is sent, once: whoever looks sees what
 * it waits for.  So is that of a call which its thread never returns from.
 */
/* Programs are loaded in the order of their sections: the large ones come first, because threads load those beside the
 * others (capture/bpf/loader.c). */
__asm__(".section \"typed_tp/sys_exit\", \"ax\", @progbits\n"
	".section \"typed_tp/sys_enter\", \"ax\", @progbits\n"
	".section \"typed_tp/sched_process_exit\", \"ax\", @progbits");

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "copy.bpf.h"
#include "event/bpf_calls.h"
#include "files.bpf.h"
#include "lane.bpf.h"
#include "life.bpf.h"
#include "multiplex.bpf.h"
#include "now.bpf.h"
#include "ring.bpf.h"
#include "stacks.bpf.h"
#include "target.bpf.h"

/* Settings, before loading. */
const volatile __u32 calls_result_filter = 0;  /* 1: only successful, 2: only failed calls */
const volatile __u32 calls_show_blocked = 1;
/* Bit: some ABI's call of that number is wanted.  The quick no for all others. */
const volatile __u64 calls_numbers[BPF_CALLS_NUMBERS / 64] = { 0 };
const volatile __u32 calls_others = 1; /* numbers beyond those */
/* Entries are seen by calls_enter_one(), not by calls_enter(). */
const volatile __u8 calls_narrow = 0;

/* Set by user space meanwhile: calls_enter() is attached, too. */
__u32 calls_wide = 0;

/* kernel/seccomp.c: a thread that a filter has killed, since 5.17. */
enum { SECCOMP_MODE_NONE = 0, SECCOMP_MODE_DEAD = 3 };

enum { PROT_EXEC = 4, TS_COMPAT_BIT = 1, X32_BIT_AT = 30, X32_BIT = 1 << X32_BIT_AT, FILENAME_BYTES = 4096 };

struct thread_info___x86 {
	__u32 status;
} __attribute__((preserve_access_index));
struct task_struct___x86 {
	struct thread_info___x86 thread_info;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPF_CALLS_ABIS * BPF_CALLS_NUMBERS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bpf_calls_plan);
} calls_plans SEC(".maps");

/* Threads that were there when we began to look, until their first call; 1: it waited in a call then. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_CALLS_BEGUN_MOST);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
} calls_begun SEC(".maps");

/* --- sending ----------------------------------------------------------------------------- */

static __always_inline void send(struct call_now *now, __u16 kind)
{
	if (call_send(now, kind))
		ring_lost(kind == BPF_CALLS_CALL ? 0 : 1);
}

static __always_inline __u32 plan_key(__u32 abi, __u32 number)
{
	return abi * BPF_CALLS_NUMBERS + (number < BPF_CALLS_NUMBERS ? number : BPF_CALLS_NUMBERS - 1);
}

/* Strings that were not there at entry: by the time that a call waits the kernel has read them.  After an
 * exec they would be gone. */
__noinline int read_late(struct call_now *now)
{
	struct bpf_calls_plan *plan;
	__u32 key;

	if (!now)
		return 0;
	key = plan_key(now->call.abi, now->call.number);
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if (!plan)
		return 0;
	now->phase = 0;
	now->flags = BPF_PIECE_LATE;
	for (__u32 i = 0; i < 3; i++) {
		const struct bpf_calls_step *step = &plan->steps[i];
		__u64 addr = argument(&now->call, step->arg);
		bool read = false;

		if (!(now->late >> i & 1) || step->phase)
			continue;
		if (step->kind == BPF_STEP_STRING)
			read = copy_piece(now, addr, step->limit ? step->limit : calls_string_limit + 1, COPY_TEXT) >= 0;
		else if (step->kind == BPF_STEP_STRINGS || step->kind == BPF_STEP_POINTERS)
			read = copy_pointers(now, addr, calls_strings_most, step->kind == BPF_STEP_STRINGS ? COPY_TEXT : 0);
		if (read)
			now->late &= ~(1U << i);
	}
	now->call.flags |= BPF_CALL_LATE;
	return 0;
}

static __always_inline void send_entry(struct call_now *now)
{
	if (!now->in_call || now->call.flags & BPF_CALL_SHOWN)
		return;
	if (now->late)
		read_late(now);
	send(now, BPF_CALLS_ENTRY);
	now->call.flags |= BPF_CALL_SHOWN;
}

/* --- entry and exit ------------------------------------------------------------------------ */

/* Without branches: the verifier would look at all that comes then once for each ABI. */
static __always_inline __u32 abi_of(struct task_struct *task, __u64 *number)
{
#if defined(__TARGET_ARCH_x86)
	__u32 compat = ((struct task_struct___x86 *)task)->thread_info.status >> TS_COMPAT_BIT & 1;
	__u32 x32 = (__u32)(*number >> X32_BIT_AT & ~(*number >> 63) & ~(__u64)compat & 1);

	*number &= ~((__u64)x32 << X32_BIT_AT);
	return compat | x32 << 1;
#else
	return 0;
#endif
}

/* May a call of this number be wanted, whichever ABI's it is? */
static __always_inline bool number_wanted(__u64 number)
{
	if ((__s64)number > 0)
		number &= ~(__u64)X32_BIT;
	if (number >= BPF_CALLS_NUMBERS)
		return calls_others;
	return calls_numbers[number / 64 & (BPF_CALLS_NUMBERS / 64 - 1)] >> (number & 63) & 1;
}

static __always_inline void take_registers(struct bpf_call *call, const struct pt_regs *r, __u32 abi)
{
#if defined(__TARGET_ARCH_x86)
	if (abi == 1) {
		call->args[0] = (__u32)r->bx, call->args[1] = (__u32)r->cx, call->args[2] = (__u32)r->dx;
		call->args[3] = (__u32)r->si, call->args[4] = (__u32)r->di, call->args[5] = (__u32)r->bp;
	} else {
		call->args[0] = r->di, call->args[1] = r->si, call->args[2] = r->dx;
		call->args[3] = r->r10, call->args[4] = r->r8, call->args[5] = r->r9;
	}
	call->ip = r->ip;
	call->sp = r->sp;
#elif defined(__TARGET_ARCH_arm64)
	for (int i = 0; i < 6; i++)
		call->args[i] = r->regs[i];
	call->ip = r->pc;
	call->sp = r->sp;
#endif
}

/* A thread's first call, or one in a control group, which it may have left; 0: it isn't looked at. */
__noinline int admit(void)
{
	__u64 ids = target_current_ids();
	struct call_now *now;

	if (!ids || !target_wanted(ids))
		return 0;
	now = now_make(bpf_get_current_task_btf());
	if (!now) {
		ring_lost(2);
		return 0;
	}
	now->call.head.tid = (__u32)ids;
	now->call.pid = (__u32)(ids >> 32);
	return 1;
}

/* What is remembered of a call begins anew.  MULTIPLEXER: the call by which it was made, socketcall() or ipc(); else 0. */
static __always_inline void begin_call(struct call_now *now, const struct pt_regs *regs, __u32 abi, __u32 number, __u32 multiplexer)
{
	now->call.number = number;
	now->call.abi = (__u16)abi;
	now->call.flags = 0;
	now->call.data_bytes = 0;
	now->call.result = 0;
	now->late = 0;
	now->parts = 0;
	now->netlink = 0;
	now->in_call = 1;
	take_registers(&now->call, regs, abi);
	if (multiplexer == IPC)
		take_ipc_part(now);
	else if (multiplexer)
		take_part(now);
}

/* The next two, not static, are looked at by the verifier once each, whatever it knows of the pointers that they are
 * given: a thread's state may lie in one of two maps (now.bpf.h), and all behind that would be looked at twice. */

/* What NOW's call refers to as it begins. */
__noinline int call_begun(struct call_now *now, const struct bpf_calls_plan *plan)
{
	if (!now || !plan)
		return 0;
	if (plan->phases & BPF_PLAN_AT_ENTRY)
		copy_phase(now, plan, 0);
	if (calls_files && plan->files | plan->file_list)
		copy_files_at_entry(now, plan);
	return 0;
}

/* As it ends. */
__noinline int call_ended(struct call_now *now, const struct bpf_calls_plan *plan)
{
	if (!now || !plan)
		return 0;
	if (plan->phases & BPF_PLAN_AT_EXIT || now->late)
		copy_phase(now, plan, 1);
	if (calls_files && plan->files | plan->file_list)
		copy_files_at_exit(now, plan);
	return 0;
}

/* The call's record is begun in the lane; false: it is one for the thread's storage. */
static __always_inline bool begin_in_lane(struct bpf_lane *lane, const struct bpf_calls_plan *plan, struct task_struct *task,
					  const struct pt_regs *regs, __u32 abi, __u32 number)
{
	struct bpf_call *call;
	bool begun;

	if (!(plan->lane & BPF_LANE_CAN) || !lane_take(lane))
		return false;
	lane->owner = 0;
	if (!lane_is(&lane->known, task) || !lane_has_room(lane)) {
		lane_give(lane);
		return false;
	}
	call = lane_record(lane);
	call->head.tid = lane->tid;
	call->pid = lane->pid;
	call->number = number;
	call->abi = (__u16)abi;
	call->flags = 0;
	call->data_bytes = 0;
	take_registers(call, regs, abi);
	call->enter_ns = bpf_ktime_get_ns();
	begun = !(plan->lane & BPF_LANE_ENTRY) || !lane_refers(plan, call) ||
		lane_copy(call, &plan->steps[plan->lane >> BPF_LANE_ENTRY_AT & 1], 0);
	if (begun)
		lane->owner = (__u64)task;
	lane_give(lane);
	return begun;
}

/* The running thread's, if it is one of those that are looked at.  AGAIN: it may have become another. */
static __always_inline struct call_now *looked_at(struct task_struct *task, bool again)
{
	struct call_now *now = bpf_task_storage_get(&calls_now, task, 0, 0);

	if (!now || again) /* or has a spare, which it may be rid of now */
		now = admit() ? now_find(task) : NULL;
	return now;
}

/* The CPU's lane is to know it; 0: it is not looked at. */
__noinline int teach_lane(bool again)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_now *now = looked_at(task, again);
	struct bpf_lane *lane = lane_of_cpu();

	if (now && lane)
		lane_learn(lane, task, now);
	return now != NULL;
}

static __always_inline int enter(const struct pt_regs *regs, __u64 number)
{
	bool in_groups = target_mode == BPF_TARGET_CGROUP || target_mode == BPF_TARGET_CGROUP_V1;
	struct bpf_calls_plan *plan;
	struct call_now *now = NULL;
	struct task_struct *task;
	struct bpf_lane *lane;
	__u32 abi, key, part, whole;

	if (!number_wanted(number) || target_mode == BPF_TARGET_NOBODY)
		return 0;
	task = bpf_get_current_task_btf();
	lane = lane_of_cpu();
	if (!lane_bytes) {
		now = looked_at(task, in_groups);
		if (!now)
			return 0;
	} else if ((!lane || !lane_is(&lane->known, task) || in_groups) && !teach_lane(in_groups)) {
		return 0;
	}
	abi = abi_of(task, &number);
	part = part_of(regs, abi, number);
	whole = (__u32)number;
	if (part)
		number = part;
	key = plan_key(abi, (__u32)number);
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if (!plan || !plan->wanted)
		return 0;
	if (lane && !part && begin_in_lane(lane, plan, task, regs, abi, (__u32)number))
		return 0;
	if (!now)
		now = now_find(task);
	if (!now) {
		ring_lost(2);
		return 0;
	}
	begin_call(now, regs, abi, (__u32)number, part ? whole : 0);
	now->call.enter_ns = bpf_ktime_get_ns();
	if (plan->peek)
		peek(now, plan->peek);
	call_begun(now, plan);
	return 0;
}

/* sys_enter(regs, number) */
SEC("typed_tp/sys_enter")
int calls_enter(__u64 *ctx) { return enter((const struct pt_regs *)ctx[0], ctx[1]); }

/* What perf_call_bpf_enter() in kernel/trace/trace_syscalls.c gives to a program. */
struct syscall_tracepoint {
	__u64 regs;
	int number;
};

/* In its place where few calls are wanted: attached to the tracepoints of those alone (capture/bpf/narrow.h), which
 * 32-bit programs' calls don't pass: leave() sees those, until user space has attached the one above, too. */
SEC("tp")
int calls_enter_one(struct syscall_tracepoint *ctx)
{
	if (calls_wide)
		return 0;
	return enter((const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), (__u64)ctx->number);
}

/* The number that the call was made with, where it is at hand; else one that may be wanted. */
static __always_inline __u64 number_at_exit(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return (__u64)-1;
#endif
}

/* Most registers are at exit as they were at entry. */
static __always_inline void take_registers_late(struct bpf_call *call, const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_arm64)
	call->args[0] = regs->orig_x0; /* the result is where it was */
#endif
}

static __always_inline __u64 number_late(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return (__u64)(__s64)regs->syscallno;
#endif
}

/* A call whose entry was not seen; 0: it is not to be seen.  -1 is what rt_sigreturn leaves, so such a call is none. */
__noinline int begin_late(__u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs(task);
	__u64 number = number_late(regs);
	__u32 abi = abi_of(task, &number), part = part_of(regs, abi, number), whole = (__u32)number, key;
	struct bpf_calls_plan *plan;
	struct call_now *now;

	if (part)
		number = part;
	key = plan_key(abi, (__u32)number);
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if ((__u32)number == ~0U || !plan || !plan->wanted || !admit())
		return 0;
	now = now_find(task);
	if (!now)
		return 0;
	begin_call(now, regs, abi, (__u32)number, part ? whole : 0);
	if (!part)
		take_registers_late(&now->call, regs);
	now->call.flags = (__u16)flags;
	now->call.enter_ns = 0;
	if (plan->peek)
		peek(now, plan->peek);
	return 1;
}

/* seccomp comes before the tracepoint of a call's entry: what a filter refuses, or lets somebody else answer, passes only
 * that of its exit. */
static __always_inline int seccomp_mode(struct task_struct *task)
{
	return bpf_core_field_exists(task->seccomp.mode) ? task->seccomp.mode : SECCOMP_MODE_NONE;
}

/* A 32-bit call passes none of the tracepoints of single calls; one that began before calls_enter() was attached returns
 * after it. */
static __always_inline bool is_beside(struct task_struct *task, const struct pt_regs *regs)
{
	__u64 number = number_late(regs);

	return calls_narrow && abi_of(task, &number) != 0;
}

/* fork, vfork, clone or clone3, out of which a new thread comes, too: its parent made it. */
static __always_inline bool is_birth(struct task_struct *task, const struct pt_regs *regs)
{
	__u64 number = number_late(regs);

	if (abi_of(task, &number) == 1)
		return number == 2 || number == 120 || number == 190 || number == 435;
#if defined(__TARGET_ARCH_x86)
	return (number >= 56 && number <= 58) || number == 435;
#else
	return number == 220 || number == 435;
#endif
}

/* KNOWN: it is not the thread's first call that we see. */
static __always_inline struct call_now *see_late(struct task_struct *task, const struct pt_regs *regs, __s64 result, bool known)
{
	struct bpf_calls_plan *plan;
	struct call_now *now;
	__u32 key;

	if (seccomp_mode(task) == SECCOMP_MODE_NONE && !is_beside(task, regs))
		return NULL;
	if (!known && !result && is_birth(task, regs))
		return NULL;
	now = begin_late(BPF_CALL_UNSEEN) ? now_find(task) : NULL;
	if (!now)
		return NULL;
	now->call.enter_ns = bpf_ktime_get_ns();
	key = plan_key(now->call.abi, now->call.number);
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if (plan)
		call_begun(now, plan);
	return now;
}

/* A thread whose first sight is a return: it has been in that call since before we looked, unless it waited in none
 * then and this may be one that was refused. */
static __always_inline struct call_now *join(struct task_struct *task)
{
	__u32 tid = target_nr(task), *begun = bpf_map_lookup_elem(&calls_begun, &tid);
	bool waited;

	if (!begun)
		return NULL;
	waited = *begun;
	bpf_map_delete_elem(&calls_begun, &tid);
	if (!waited && seccomp_mode(task) != SECCOMP_MODE_NONE)
		return NULL;
	return begin_late(BPF_CALL_JOINED) ? now_find(task) : NULL;
}

/* A filter that kills a thread alone, and strict mode, end it within the call, whose exit doesn't come.  One that kills the
 * process lets it come: there it was seen. */
static __always_inline void see_killing(struct task_struct *task)
{
	struct call_now *now = now_find(task);

	if (!(now && (now->in_call || now->call.flags & BPF_CALL_UNSEEN)))
		see_late(task, (const struct pt_regs *)bpf_task_pt_regs(task), -1, true);
}

/* The kernel makes SIGKILL of a signal that ends a process without a core, when it is sent.  The thread that it was sent
 * to (the first one, if to the process) returns from its call first, for all that a tracer by ptrace would see. */
static __always_inline bool took_fatal(struct task_struct *task)
{
	int code = BPF_CORE_READ(task, signal, group_exit_code) & 127;

	if (!code || code == 9 || code > 64)
		return false;
	if (task->pending.signal.sig[0] >> (code - 1) & 1)
		return true;
	return task->pid == task->tgid && BPF_CORE_READ(task, signal, shared_pending.signal.sig[0]) >> (code - 1) & 1;
}

/* The caller's stack, as a piece that is but its hash. */
static __always_inline void add_stack(struct call_now *now)
{
	__u64 hash = stack_take((__u64)now->call.pid << 32 | now->call.head.tid);
	struct bpf_calls_piece *piece;
	int room;

	if (!hash)
		return;
	room = copy_room(now, 0);
	if (room < 0)
		return;
	piece = (void *)&now->data[(__u32)room & (BPF_CALLS_DATA_BYTES - 1)];
	piece->addr = hash;
	piece->size_bytes = 0;
	piece->phase = 1;
	piece->flags = BPF_PIECE_STACK;
	now->call.data_bytes = ((__u32)room & (BPF_CALLS_DATA_BYTES - 1)) + sizeof(*piece);
}

/* What it returns nobody will see. */
static __always_inline bool is_killed(struct task_struct *task)
{
	return task->pending.signal.sig[0] >> 8 & 1 && !took_fatal(task);
}

static __always_inline bool is_filtered(bool error)
{
	return (calls_result_filter == 1 && error) || (calls_result_filter == 2 && !error);
}

/* The rest of what was begun in the lane; false: it goes on in the thread's storage. */
static __always_inline bool end_in_lane(struct bpf_lane *lane, __s64 result)
{
	struct bpf_call *call = lane_record(lane);
	__u32 abi = call->abi, key = plan_key(abi, call->number);
	struct bpf_calls_plan *plan;
	bool error;

	if (abi == 1)
		result = (__s32)result;
	error = result < 0 && result >= -4095;
	if (is_filtered(error)) {
		lane->owner = 0;
		return true;
	}
	call->result = result;
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if (!plan)
		return false;
	if (plan->lane & BPF_LANE_EXIT && lane_refers(plan, call) && !lane_copy(call, &plan->steps[plan->lane >> BPF_LANE_EXIT_AT & 1], 1))
		return false;
	if (error)
		call->flags = BPF_CALL_IS_ERROR;
	ring_head(&call->head, BPF_CALLS_CALL, call->head.tid);
	lane_commit(lane, call);
	return true;
}

/* What TASK, which is known to have begun it, has in the lane goes on in its storage; false: it is lost, and counted. */
static __always_inline bool move(struct bpf_lane *lane, struct task_struct *task)
{
	struct call_now *now = now_find(task);

	if (now) {
		lane_spill(lane, now);
		return true;
	}
	lane->owner = 0;
	ring_lost(0);
	return false;
}

/* False: it is in the thread's storage. */
static __always_inline bool leave_lane(struct bpf_lane *lane, struct task_struct *task, __s64 result)
{
	bool done = false;

	if (!lane_take(lane))
		return false;
	if (lane_is(&lane->owner, task))
		done = end_in_lane(lane, result) || !move(lane, task);
	lane_give(lane);
	return done;
}

/* A call that its thread is in is in its storage from here on. */
static __always_inline void leave_cpu(struct task_struct *task, struct bpf_lane *lane)
{
	if (!lane_is(&lane->owner, task) || !lane_take(lane))
		return;
	if (lane_is(&lane->owner, task))
		move(lane, task);
	lane_give(lane);
}

static __always_inline int leave(__u64 *ctx, bool stacks)
{
	const struct pt_regs *regs = (const struct pt_regs *)ctx[0];
	__u64 number = number_at_exit(regs);
	struct bpf_calls_plan *plan;
	struct task_struct *task;
	struct bpf_lane *lane;
	struct call_now *now;
	__s64 result = (__s64)ctx[1];
	bool error;
	__u32 key;

	/* rt_sigreturn leaves -1 */
	if (number < BPF_CALLS_NUMBERS && !number_wanted(number))
		return 0;
	task = bpf_get_current_task_btf();
	lane = lane_of_cpu();
	if (lane && lane_is(&lane->owner, task)) {
		if (is_killed(task))
			return 0;
		if (leave_lane(lane, task, result))
			return 0;
	}
	now = now_find(task);
	if (!now)
		now = join(task);
	if (!now || !now->in_call)
		now = see_late(task, regs, result, now != NULL);
	if (!now)
		return 0;
	if (is_killed(task))
		return 0;
	now->in_call = 0;
	if (now->call.abi == 1)
		result = ipc_result(now, (__s32)result);
	error = result < 0 && result >= -4095;
	if (is_filtered(error))
		return 0;
	now->call.result = result;
	if (error)
		now->call.flags |= BPF_CALL_IS_ERROR;
	key = plan_key(now->call.abi, now->call.number);
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if (plan)
		call_ended(now, plan);
	if (stacks)
		add_stack(now);
	send(now, BPF_CALLS_CALL);
	return 0;
}

/* sys_exit(regs, result) */
SEC("typed_tp/sys_exit")
int calls_exit(__u64 *ctx) { return leave(ctx, false); }

/* Code may have been mapped by a call that nobody wants to see. */
static __always_inline void see_mmap(const struct pt_regs *r, __s64 result)
{
	__u64 ids;

#if defined(__TARGET_ARCH_x86)
	enum { MMAP = 9, MMAP_32 = 90, MMAP2_32 = 192 };
	__u64 number = r->orig_ax & ~(__u64)X32_BIT;

	if ((number != MMAP && number != MMAP_32 && number != MMAP2_32) || !(r->dx & PROT_EXEC))
		return;
#else
	enum { MMAP = 222 };

	if (r->regs[8] != MMAP || !(r->regs[2] & PROT_EXEC))
		return;
#endif
	ids = target_current_ids();
	if ((result > 0 || result < -4095) && ids && target_wanted(ids))
		stack_saw_mmap(ids, (__u64)result);
}

/* In its place with -k: stacks need maps and code that others don't load. */
SEC("typed_tp/sys_exit")
int calls_exit_stack(__u64 *ctx)
{
	see_mmap((const struct pt_regs *)ctx[0], (__s64)ctx[1]);
	return leave(ctx, true);
}

/* --- around them --------------------------------------------------------------------------- */

/* sched_switch(preempt, prev, next, ...): prev is the current task. */
SEC("raw_tp/sched_switch")
int calls_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_lane *lane = lane_of_cpu();
	struct call_now *now;

	if (lane) {
		leave_cpu(task, lane);
		lane->known = 0;
	}
	if (ctx->args[0])
		return 0;
	if (bpf_core_field_exists(task->__state) && task->__state & STATE_STOPPED)
		send_stop(task);
	if (!calls_show_blocked || calls_result_filter)
		return 0;
	now = now_find(task);
	if (now)
		send_entry(now);
	return 0;
}

/* The path that could not be read at entry, from the kernel's own copy: the memory is the new program's now. */
static __always_inline void copy_filename(struct call_now *now, const struct linux_binprm *program)
{
	__u32 key = plan_key(now->call.abi, now->call.number), at;
	struct bpf_calls_plan *plan = bpf_map_lookup_elem(&calls_plans, &key);
	struct bpf_calls_piece *piece;
	int room = copy_room(now, FILENAME_BYTES);
	long n;

	if (!plan || room < 0 || plan->steps[0].kind != BPF_STEP_STRING || !(now->late & 1))
		return;
	at = (__u32)room & (BPF_CALLS_DATA_BYTES - 1);
	piece = (void *)&now->data[at];
	n = bpf_probe_read_kernel_str(&now->data[at + sizeof(*piece)], FILENAME_BYTES, BPF_CORE_READ(program, filename));
	if (n <= 0)
		return;
	piece->addr = argument(&now->call, plan->steps[0].arg);
	piece->phase = 0;
	piece->flags = BPF_PIECE_LATE;
	piece->size_bytes = (__u32)n;
	now->call.data_bytes = at + sizeof(*piece) + (((__u32)n + 7) & ~7U);
	now->late = 0;
}

static __always_inline int see_exec(struct bpf_raw_tracepoint_args *ctx, bool stacks)
{
	__u64 ids = target_current_ids();
	struct call_now *now = now_find(bpf_get_current_task_btf());
	struct bpf_lane *lane = lane_of_cpu();

	if (lane)
		lane->known = 0;
	if (now && ids) /* another thread than the first one has the first one's id now */
		now->call.head.tid = (__u32)ids;
	if (now && now->in_call && now->late)
		copy_filename(now, (const struct linux_binprm *)ctx->args[2]);
	if (ids && target_wanted(ids))
		send_event(BPF_CALLS_EXEC, ids, (__u32)ctx->args[1], 0, 0);
	if (stacks && ids && target_wanted(ids))
		stack_saw_exec(ids);
	return 0;
}

/* sched_process_exec(task, old_pid, bprm) */
SEC("raw_tp/sched_process_exec")
int calls_exec(struct bpf_raw_tracepoint_args *ctx) { return see_exec(ctx, false); }

/* sched_prepare_exec(task, bprm), since Linux 6.10: the kernel has read all strings, and the memory is still the old
 * program's.  A forked child's literals are often not there before. */
SEC("raw_tp/sched_prepare_exec")
int calls_prepare_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct call_now *now = now_find(bpf_get_current_task_btf());

	(void)ctx;
	if (now && now->in_call && now->late)
		read_late(now);
	return 0;
}

/* In the place of calls_exec() with -k. */
SEC("raw_tp/sched_process_exec")
int calls_exec_stack(struct bpf_raw_tracepoint_args *ctx) { return see_exec(ctx, true); }

/* sched_process_exit(task).  A thread with storage is one of ours also where the set doesn't have it: that was full, or it has been
 * taken out since. */
SEC("typed_tp/sched_process_exit")
int calls_exit_thread(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_lane *lane = lane_of_cpu();
	__u64 ids = target_current_ids();
	struct call_now *now;

	(void)ctx;
	if (lane)
		leave_cpu(task, lane);
	if (seccomp_mode(task) == SECCOMP_MODE_DEAD)
		see_killing(task);
	now = now_find(task);
	if (!now && (!ids || !target_wanted(ids)))
		return 0;
	if (now && !calls_result_filter) {
		send_entry(now);
		now->in_call = 0;
	}
	now_forget(task);
	send_event(BPF_CALLS_EXIT, ids, 0, 0, (__u32)task->exit_code);
	return 0;
}

/* include/linux/bpf.h, kernel/bpf/task_iter.c */
struct bpf_iter_meta;
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* At the end, when the others are taken away: what has not returned and was not told of. */
SEC("typed_iter/task")
int calls_rest(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct call_now *now;

	if (!task)
		return 0;
	now = now_find(task);
	if (now && now->in_call && !(now->call.flags & BPF_CALL_SHOWN))
		send(now, BPF_CALLS_ENTRY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
