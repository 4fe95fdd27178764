// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * System calls of the target: arguments from the registers at entry, with what they point to
 * as a plan says (syscall/plan.h); the result at exit, with what the kernel filled.  Both
 * are put together in the task's own storage and sent as one record.
 *
 * A page that isn't there can't be read here, because a program can't wait for it: such a
 * piece is tried again at exit, when the kernel has touched it, and flagged.
 *
 * When a thread is switched out inside a call its entry is sent, once: whoever looks sees what
 * it waits for.  So is that of a call which its thread never returns from.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "event/bpf_calls.h"
#include "ring.bpf.h"
#include "target.bpf.h"

/* Settings, before loading. */
const volatile __u32 calls_string_limit = 33;  /* bytes of a string, with room to see that there is more */
const volatile __u32 calls_result_filter = 0;  /* 1: only successful, 2: only failed calls */
const volatile __u32 calls_show_blocked = 1;
/* Bit: some ABI's call of that number is wanted.  The quick no for all others. */
const volatile __u64 calls_numbers[BPF_CALLS_NUMBERS / 64] = { 0 };
const volatile __u32 calls_others = 1; /* numbers beyond those */

enum { TS_COMPAT_FLAG = 2, X32_BIT = 0x40000000, WORD_PAGE = 4096, STRINGS_MAX = 64, VECTORS_MAX = 16, STORAGE_CREATE = 1 };

struct thread_info___x86 {
	__u32 status;
} __attribute__((preserve_access_index));
struct task_struct___x86 {
	struct thread_info___x86 thread_info;
} __attribute__((preserve_access_index));

/* A thread that is looked at: it has one from its first wanted call on. */
struct call_now {
	__u32 in_call;
	__u32 late; /* bit i: step i could not be read at entry */
	struct bpf_call call;
	__u8 data[BPF_CALLS_DATA_BYTES + BPF_CALLS_PIECE_BYTES + 64];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call_now);
} calls_now SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPF_CALLS_ABIS * BPF_CALLS_NUMBERS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bpf_calls_plan);
} calls_plans SEC(".maps");

/* --- copying ------------------------------------------------------------------------- */

struct copy {
	struct call_now *now;
	const struct bpf_calls_plan *plan;
	__u64 addr;    /* of a vector or a list of strings */
	__u64 result;
	__u32 left;    /* bytes that a vector still has */
	__u16 phase;
	__u8 word;     /* bytes of a pointer */
	bool late, full;
};

/* Append a piece; false: it could not be read at all. */
static __always_inline bool copy_piece(struct copy *c, __u64 addr, __u32 size, bool text, bool more)
{
	struct call_now *now = c->now;
	__u32 at = now->call.data_bytes;
	struct bpf_calls_piece *piece;
	__u8 *to;
	long n;

	if (at > BPF_CALLS_DATA_BYTES - sizeof(*piece)) {
		now->call.flags |= BPF_CALL_CUT;
		return true;
	}
	at &= BPF_CALLS_DATA_BYTES - 1;
	piece = (void *)&now->data[at];
	to = &now->data[at + sizeof(*piece)];
	piece->addr = addr;
	piece->phase = c->phase;
	piece->flags = (more ? BPF_PIECE_CUT : 0) | (c->late ? BPF_PIECE_LATE : 0);
	if (size > BPF_CALLS_PIECE_BYTES) {
		size = BPF_CALLS_PIECE_BYTES;
		piece->flags |= BPF_PIECE_CUT;
	}
	if (text) { /* the last byte is a NUL of the helper's where the text goes on */
		n = bpf_probe_read_user_str(to, size, (void *)addr);
		if (n == size) {
			n--;
			piece->flags |= BPF_PIECE_CUT;
		}
	} else {
		n = bpf_probe_read_user(to, size, (void *)addr) ? -1 : (long)size;
		if (n < 0 && size > WORD_PAGE - (addr & (WORD_PAGE - 1))) { /* up to the end of the page */
			size = WORD_PAGE - (addr & (WORD_PAGE - 1));
			if (size > BPF_CALLS_PIECE_BYTES)
				size = BPF_CALLS_PIECE_BYTES;
			n = bpf_probe_read_user(to, size, (void *)addr) ? -1 : (long)size;
			piece->flags |= BPF_PIECE_FAULT;
		}
	}
	if (n < 0)
		return false;
	piece->size_bytes = (__u32)n;
	now->call.data_bytes = at + sizeof(*piece) + (((__u32)n + 7) & ~7U);
	return true;
}

static __always_inline __u64 read_word(struct copy *c, __u64 addr)
{
	__u64 value = 0;
	__u32 narrow = 0;

	if (c->word == 8) {
		bpf_probe_read_user(&value, sizeof(value), (void *)addr);
		return value;
	}
	bpf_probe_read_user(&narrow, sizeof(narrow), (void *)addr);
	return narrow;
}

static long copy_string_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c, c->addr + i * c->word);

	if (!addr)
		return 1;
	copy_piece(c, addr, calls_string_limit + 1, true, false);
	return 0;
}

static __always_inline bool copy_strings(struct copy *c, __u64 addr)
{
	struct copy inner = *c;
	long n;

	inner.addr = addr;
	n = bpf_loop(STRINGS_MAX, copy_string_at, &inner, 0);
	if (n > 0)
		copy_piece(c, addr, ((__u32)n & 127) * c->word, false, false);
	return n > 0;
}

static long copy_vector_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c, c->addr + i * 2 * c->word);
	__u64 size = read_word(c, c->addr + (i * 2 + 1) * c->word);
	__u32 take;

	if (c->left == 0)
		return 1;
	if (size > c->left)
		size = c->left;
	c->left -= size;
	take = size > calls_string_limit ? calls_string_limit : (__u32)size;
	if (take)
		copy_piece(c, addr, take, false, size > take);
	return 0;
}

/* Of COUNT buffers, together at most TOTAL bytes. */
static __always_inline bool copy_vector(struct copy *c, __u64 addr, __u32 count, __u32 total)
{
	struct copy inner = *c;
	bool read;

	if (count > VECTORS_MAX)
		count = VECTORS_MAX;
	if (count == 0)
		return true;
	read = copy_piece(c, addr, (count & 31) * 2 * c->word, false, false);
	inner.addr = addr;
	inner.left = total;
	bpf_loop(count, copy_vector_at, &inner, 0);
	return read;
}

/* struct msghdr: name, namelen, iov, iovlen, control, controllen, flags. */
static __always_inline bool copy_msghdr(struct copy *c, __u64 addr, __u32 total)
{
	__u32 w = c->word;
	__u64 name, iov, iovlen, control, control_size;
	__u32 name_size = 0;

	if (!copy_piece(c, addr, 7 * w, false, false))
		return false;
	name = read_word(c, addr);
	bpf_probe_read_user(&name_size, sizeof(name_size), (void *)(addr + w));
	iov = read_word(c, addr + 2 * w);
	iovlen = read_word(c, addr + 3 * w);
	control = read_word(c, addr + 4 * w);
	control_size = read_word(c, addr + 5 * w);
	if (name && name_size)
		copy_piece(c, name, name_size > 128 ? 128 : name_size, false, false);
	if (control && control_size)
		copy_piece(c, control, control_size > 512 ? 512 : (__u32)control_size, false, control_size > 512);
	copy_vector(c, iov, (__u32)iovlen, total);
	return true;
}

static __always_inline __u64 argument(const struct call_now *now, __u32 i)
{
	return i < 6 ? now->call.args[i] : 0;
}

static __always_inline bool copy_bytes(struct copy *c, const struct bpf_calls_step *step, __u64 addr)
{
	__u64 items = step->size_arg == BPF_STEP_SIZE_RESULT ? c->result
		      : step->size_arg == BPF_STEP_SIZE_NONE ? 0 : argument(c->now, step->size_arg);
	__u64 limit = step->limit ? step->limit : calls_string_limit;
	__u64 size;

	if (items > 0x7fffffff)
		items = step->size_arg == BPF_STEP_SIZE_RESULT ? 0 : 0x7fffffff;
	size = step->fixed + items * step->scale;
	if (size == 0)
		return true;
	return copy_piece(c, addr, size > limit ? (__u32)limit : (__u32)size, false, size > limit);
}

static __always_inline bool copy_sized(struct copy *c, const struct bpf_calls_step *step, __u64 addr)
{
	__u64 size_addr = argument(c->now, step->size_arg);
	__u32 size = 0, limit = step->limit ? step->limit : calls_string_limit;

	if (bpf_probe_read_user(&size, sizeof(size), (void *)size_addr))
		return false;
	copy_piece(c, size_addr, 4, false, false);
	if (size > limit)
		size = limit;
	return size == 0 || copy_piece(c, addr, size, false, false);
}

static __always_inline __u32 total_of(const struct copy *c)
{
	return c->phase ? (__u32)c->result : 0x7fffffff;
}

static __always_inline bool copy_step(struct copy *c, const struct bpf_calls_step *step, __u64 addr)
{
	switch (step->kind) {
	case BPF_STEP_STRING:
		return copy_piece(c, addr, step->limit ? step->limit : calls_string_limit + 1, true, false);
	case BPF_STEP_BYTES:
		return copy_bytes(c, step, addr);
	case BPF_STEP_STRINGS:
		return copy_strings(c, addr);
	case BPF_STEP_IOVEC:
		return copy_vector(c, addr, (__u32)argument(c->now, step->size_arg), total_of(c));
	case BPF_STEP_MSGHDR:
	case BPF_STEP_MMSGHDR: /* its first message */
		return copy_msghdr(c, addr, total_of(c));
	case BPF_STEP_SIZED:
		return copy_sized(c, step, addr);
	}
	return true;
}

static long copy_at(__u32 i, void *user)
{
	struct copy *c = user;
	const struct bpf_calls_step *step;
	__u64 addr;
	bool was_late;

	if (i >= BPF_CALLS_STEPS)
		return 1;
	step = &c->plan->steps[i];
	if (step->kind == BPF_STEP_NONE)
		return 1;
	was_late = c->phase && step->phase == 0 && c->now->late & 1U << i;
	if (step->phase != c->phase && !was_late)
		return 0;
	addr = argument(c->now, step->arg);
	if (!addr)
		return 0;
	c->late = was_late;
	if (was_late)
		c->phase = 0;
	if (!copy_step(c, step, addr) && !was_late && c->phase == 0)
		c->now->late |= 1U << i;
	if (was_late) {
		c->phase = 1;
		c->now->call.flags |= BPF_CALL_LATE;
	}
	return 0;
}

static __always_inline void copy_phase(struct call_now *now, const struct bpf_calls_plan *plan, __u16 phase)
{
	struct copy c = { .now = now, .plan = plan, .phase = phase, .result = (__u64)now->call.result,
			  .word = now->call.abi == 0 ? 8 : 4 };

	bpf_loop(BPF_CALLS_STEPS, copy_at, &c, 0);
}

/* --- sending ----------------------------------------------------------------------------- */

static __always_inline void send(struct call_now *now, __u16 kind)
{
	__u32 size = now->call.data_bytes;

	if (size > BPF_CALLS_DATA_BYTES + BPF_CALLS_PIECE_BYTES)
		size = BPF_CALLS_DATA_BYTES + BPF_CALLS_PIECE_BYTES;
	size += sizeof(now->call);
	ring_head(&now->call.head, kind, now->call.head.tid);
	if (ring_output(&now->call, size))
		ring_lost(kind == BPF_CALLS_CALL ? 0 : 1);
}

static __always_inline void send_entry(struct call_now *now)
{
	if (!now->in_call || now->call.flags & BPF_CALL_SHOWN)
		return;
	send(now, BPF_CALLS_ENTRY);
	now->call.flags |= BPF_CALL_SHOWN;
}

static __always_inline void send_event(__u16 kind, __u64 ids, __u32 other_tid, __u32 other_pid, __u32 value)
{
	struct bpf_calls_event *e = ring_reserve(sizeof(*e));

	if (!e) {
		ring_lost(1);
		return;
	}
	ring_head(&e->head, kind, (__u32)ids);
	e->pid = (__u32)(ids >> 32);
	e->other_tid = other_tid;
	e->other_pid = other_pid;
	e->value = value;
	ring_submit(e, sizeof(*e));
}

/* --- entry and exit ------------------------------------------------------------------------ */

static __always_inline __u32 abi_of(struct task_struct *task, __u64 *number)
{
#if defined(__TARGET_ARCH_x86)
	if (((struct task_struct___x86 *)task)->thread_info.status & TS_COMPAT_FLAG)
		return 1;
	if (*number & X32_BIT && (__s64)*number > 0) {
		*number &= ~(__u64)X32_BIT;
		return 2;
	}
#endif
	return 0;
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

static __always_inline void take_registers(struct bpf_call *call, struct task_struct *task, __u32 abi)
{
	const struct pt_regs *r = (const struct pt_regs *)bpf_task_pt_regs(task);

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

static __always_inline __u32 plan_key(__u32 abi, __u32 number)
{
	return abi * BPF_CALLS_NUMBERS + (number < BPF_CALLS_NUMBERS ? number : BPF_CALLS_NUMBERS - 1);
}

/* A thread's first call, or one in a control group, which it may have left. */
static __noinline struct call_now *admit(struct task_struct *task)
{
	__u64 ids = target_current_ids();
	struct call_now *now;

	if (!ids || !target_wanted(ids))
		return NULL;
	now = bpf_task_storage_get(&calls_now, task, 0, STORAGE_CREATE);
	if (!now) {
		ring_lost(2);
		return NULL;
	}
	now->call.head.tid = (__u32)ids;
	now->call.pid = (__u32)(ids >> 32);
	return now;
}

SEC("raw_tp/sys_enter")
int calls_enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 number = ctx->args[1];
	struct bpf_calls_plan *plan;
	struct task_struct *task;
	struct call_now *now;
	__u32 abi, key;

	if (!number_wanted(number) || target_mode == BPF_TARGET_NOBODY)
		return 0;
	task = bpf_get_current_task_btf();
	now = bpf_task_storage_get(&calls_now, task, 0, 0);
	if (!now || target_mode == BPF_TARGET_CGROUP) {
		now = admit(task);
		if (!now)
			return 0;
	}
	abi = abi_of(task, &number);
	key = plan_key(abi, (__u32)number);
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if (!plan || !plan->wanted)
		return 0;
	now->call.number = (__u32)number;
	now->call.abi = (__u16)abi;
	now->call.flags = 0;
	now->call.data_bytes = 0;
	now->call.result = 0;
	now->late = 0;
	now->in_call = 1;
	take_registers(&now->call, task, abi);
	now->call.enter_ns = bpf_ktime_get_ns();
	if (plan->phases & BPF_PLAN_AT_ENTRY)
		copy_phase(now, plan, 0);
	return 0;
}

/* The number that the call was made with, where it is at hand; else one that may be wanted. */
static __always_inline __u64 number_at_exit(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return ((const struct pt_regs *)bpf_task_pt_regs(task))->orig_ax;
#else
	return (__u64)-1;
#endif
}

SEC("raw_tp/sys_exit")
int calls_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 number = number_at_exit(task);
	struct bpf_calls_plan *plan;
	struct call_now *now;
	__s64 result = (__s64)ctx->args[1];
	bool error;
	__u32 key;

	/* rt_sigreturn leaves -1 */
	if (number < BPF_CALLS_NUMBERS && !number_wanted(number))
		return 0;
	now = bpf_task_storage_get(&calls_now, task, 0, 0);
	if (!now || !now->in_call)
		return 0;
	now->in_call = 0;
	if (now->call.abi == 1)
		result = (__s32)result;
	error = result < 0 && result >= -4095;
	if ((calls_result_filter == 1 && error) || (calls_result_filter == 2 && !error))
		return 0;
	now->call.result = result;
	if (error)
		now->call.flags |= BPF_CALL_IS_ERROR;
	key = plan_key(now->call.abi, now->call.number);
	plan = bpf_map_lookup_elem(&calls_plans, &key);
	if (plan && (plan->phases & BPF_PLAN_AT_EXIT || now->late))
		copy_phase(now, plan, 1);
	send(now, BPF_CALLS_CALL);
	return 0;
}

/* --- around them --------------------------------------------------------------------------- */

/* sched_switch(preempt, prev, next, ...): prev is the current task. */
SEC("raw_tp/sched_switch")
int calls_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct call_now *now;

	if (!calls_show_blocked || ctx->args[0] || calls_result_filter)
		return 0;
	now = bpf_task_storage_get(&calls_now, bpf_get_current_task_btf(), 0, 0);
	if (now)
		send_entry(now);
	return 0;
}

/* sched_process_fork(parent, child) */
SEC("raw_tp/sched_process_fork")
int calls_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[1];
	__u64 ids = target_current_ids();

	if (ids && target_wanted(ids) && target_mode != BPF_TARGET_THREADS)
		send_event(BPF_CALLS_FORK, ids, target_nr(child), target_nr(BPF_CORE_READ(child, group_leader)), 0);
	return 0;
}

/* sched_process_exec(task, old_pid, bprm) */
SEC("raw_tp/sched_process_exec")
int calls_exec(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 ids = target_current_ids();
	struct call_now *now = bpf_task_storage_get(&calls_now, bpf_get_current_task_btf(), 0, 0);

	if (now && ids) /* another thread than the first one has the first one's id now */
		now->call.head.tid = (__u32)ids;
	if (ids && target_wanted(ids))
		send_event(BPF_CALLS_EXEC, ids, (__u32)ctx->args[1], 0, 0);
	return 0;
}

/* sched_process_exit(task): before target_exit() takes it out of the set or after, so its
 * storage counts too. */
SEC("raw_tp/sched_process_exit")
int calls_exit_thread(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_now *now = bpf_task_storage_get(&calls_now, task, 0, 0);
	__u64 ids = target_current_ids();

	if (!now && (!ids || !target_wanted(ids)))
		return 0;
	if (now && !calls_result_filter) {
		send_entry(now);
		now->in_call = 0;
	}
	send_event(BPF_CALLS_EXIT, ids, 0, 0, (__u32)task->exit_code);
	return 0;
}

static __always_inline void send_signal(__u16 kind, __u64 ids, __u32 number, const void *info)
{
	struct bpf_calls_signal *s = ring_reserve(sizeof(*s));
	__u32 *head;

	if (!s) {
		ring_lost(1);
		return;
	}
	ring_head(&s->head, kind, (__u32)ids);
	s->pid = (__u32)(ids >> 32);
	s->number = number;
	__builtin_memset(s->siginfo, 0, sizeof(s->siginfo));
	if ((unsigned long)info > 1) {
		bpf_probe_read_kernel(s->siginfo, sizeof(s->siginfo), info);
	} else { /* SEND_SIG_NOINFO: kill() by the running task; SEND_SIG_PRIV: the kernel */
		head = (__u32 *)s->siginfo;
		head[0] = number;
		head[2] = info ? 0x80 : 0;
		if (!info) {
			head[4] = (__u32)(target_current_ids() >> 32);
			head[5] = (__u32)bpf_get_current_uid_gid();
		}
	}
	ring_submit(s, sizeof(*s));
}

/* signal_deliver(sig, info, action).  SIGKILL is no delivery: the thread just ends. */
SEC("raw_tp/signal_deliver")
int calls_signal(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 ids = target_current_ids();

	if (ids && target_wanted(ids) && ctx->args[0] != 9)
		send_signal(BPF_CALLS_SIGNAL, ids, (__u32)ctx->args[0], (void *)ctx->args[1]);
	return 0;
}

enum { SIGNAL_IGNORED = 1 };

/* signal_generate(sig, info, task, group, result): those that a thread ignores are never
 * delivered; a tracer by ptrace sees them. */
SEC("raw_tp/signal_generate")
int calls_ignored(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[2];
	__u32 tid, pid;

	if (ctx->args[4] != SIGNAL_IGNORED || target_mode == BPF_TARGET_CGROUP)
		return 0;
	tid = target_nr(task);
	pid = target_nr(BPF_CORE_READ(task, group_leader));
	if (tid && target_wanted((__u64)pid << 32 | tid))
		send_signal(BPF_CALLS_IGNORED, (__u64)pid << 32 | tid, (__u32)ctx->args[0], (void *)ctx->args[1]);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
