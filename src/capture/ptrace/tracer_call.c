/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread stands at the entry or the exit of a call.  PTRACE_GET_SYSCALL_INFO says which
 * it is, of which ABI, and with what arguments, in one request.
 *
 * Tampering.  At entry the call's number is replaced (by none at all, -1, or by a harmless
 * one) and at exit the result.  Memory is written at either side.  A signal is sent when
 * the call is entered.  A delay keeps the thread in its stop; the loop goes on with others.
 */
#include "capture/ptrace/tracer_impl.h"

#include "base/clock.h"
#include "base/mem.h"
#include "capture/ptrace/filter.h"
#include "capture/ptrace/regs.h"
#include "capture/ptrace/stop_info.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Kernel: arch/x86/include/uapi/asm/unistd.h, __X32_SYSCALL_BIT. */
#define X32_BIT 0x40000000U

static enum syscall_abi abi_of(uint32_t arch, uint64_t number)
{
	switch (arch) {
	case AUDIT_ARCH_I386: return SYSCALL_ABI_I386;
	case AUDIT_ARCH_AARCH64: return SYSCALL_ABI_ARM64;
	case AUDIT_ARCH_ARM: return SYSCALL_ABI_ARM;
	case AUDIT_ARCH_RISCV64: return SYSCALL_ABI_RISCV64;
	default: return number & X32_BIT && number != UINT64_MAX ? SYSCALL_ABI_X32 : SYSCALL_ABI_X86_64;
	}
}

static bool is_exec(const struct syscall_call *call)
{
	const struct syscall_entry *entry = syscall_find(call->abi, call->number);

	return entry && strncmp(entry->name, "execve", 6) == 0;
}

/* --- tampering ------------------------------------------------------------------------- */

static void no_such_argument(struct tracer *t, const struct tracee *e, const struct syscall_entry *entry, unsigned arg)
{
	char text[160];

	snprintf(text, sizeof(text), "requested to tamper with argument #%u, but system call '%s' has only %u arguments",
		 arg + 1, entry ? entry->name : "?", entry ? entry->arg_count : 0);
	tracer_note(t, TRACER_POKE_FAILED, e->shown.tid, text);
}

/* Memory ends within what was to be written: how far it goes for writing, and for reading. */
static void written_in_part(struct tracer *t, const struct tracee *e, uint64_t addr, size_t done, size_t size)
{
	struct syscall_memory memory = remote_memory(&t->remote);
	CLEANUP(mem_freep) uint8_t *there = mem_alloc(size);
	char text[160];
	size_t n;

	snprintf(text, sizeof(text), "pid:%d short write (%zu < %zu) @0x%llx", e->shown.tid, done, size, (unsigned long long)addr);
	tracer_note(t, TRACER_POKE_SHORT, e->shown.tid, text);
	remote_begin(&t->remote, e->shown.tid);
	n = memory.read(memory.user, SYSCALL_ENTER, addr, there, size);
	if (n == size)
		return;
	snprintf(text, sizeof(text), "short read (%zu < %zu) @0x%llx: %s", n, size, (unsigned long long)addr, strerror(EFAULT));
	tracer_note(t, TRACER_POKE_SHORT, e->shown.tid, text);
}

/* False: nothing was written. */
static bool poke(struct tracer *t, const struct tracee *e, const struct tracer_poke *pokes)
{
	const struct syscall_entry *entry = syscall_find(e->shown.call.abi, e->shown.call.number);
	bool done = false;

	for (size_t i = 0; i < TRACER_POKES_MAX && pokes[i].data; i++) {
		if (!entry || pokes[i].arg >= entry->arg_count || pokes[i].arg >= 6) {
			no_such_argument(t, e, entry, pokes[i].arg);
			continue;
		}
		uint64_t addr = e->shown.call.args[pokes[i].arg];
		size_t n = remote_write(e->shown.tid, addr, pokes[i].data, pokes[i].size_bytes);

		done |= n > 0;
		if (n == 0)
			tracer_note(t, TRACER_POKE_FAILED, e->shown.tid, "couldn't poke");
		else if (n < pokes[i].size_bytes)
			written_in_part(t, e, addr, n, pokes[i].size_bytes);
	}
	return done;
}

/* Before the sink sees the call: it shows what was written. */
static void tamper_enter(struct tracer *t, struct tracee *e, const struct syscall_memory *memory)
{
	struct tracer_tampering *what;

	if (!t->options.tamper || e->hidden)
		return;
	if (!e->tampering)
		e->tampering = mem_alloc(sizeof(*e->tampering));
	what = e->tampering;
	*what = (struct tracer_tampering){ 0 };
	if (!t->options.tamper(t->options.tamper_user, &e->shown, memory, what))
		return;
	e->tampered = true;
	e->shown.tampered = (what->set_number && !what->silent ? CALL_INJECTED : 0) |
			    (what->delay_enter_ns || what->delay_exit_ns ? CALL_DELAYED : 0);
	e->injected_signal = what->signal;
	if (what->enter[0].data && poke(t, e, what->enter))
		e->shown.tampered |= CALL_POKED;
	remote_begin(&t->remote, e->shown.tid);
}

/* The call that is made instead, after the sink saw the one that was to be. */
static void change_call(const struct tracee *e)
{
	const struct tracer_tampering *what = e->tampering;

	if (e->tampered && what->set_number)
		regs_set_call(e->shown.tid, what->number == UINT32_MAX ? -1 : (int64_t)what->number);
}

static void tamper_exit(struct tracer *t, struct tracee *e)
{
	const struct tracer_tampering *what = e->tampering;

	if (what->set_result) {
		regs_set_result(e->shown.tid, what->result);
		e->shown.call.result = what->result;
		e->shown.call.is_error = what->fails;
	}
	if (what->exit[0].data && poke(t, e, what->exit))
		e->shown.tampered |= CALL_POKED;
}

/* --- delays ------------------------------------------------------------------------------ */

static bool delay(struct tracer *t, struct tracee *e, uint64_t delay_ns)
{
	struct tracer_delayed d = { clock_now_ns() + delay_ns, e->shown.tid };

	if (delay_ns == 0)
		return false;
	vec_push(&t->delayed, d);
	return true;
}

void tracer_call_go_on(struct tracer *t, struct tracee *e)
{
	int number = e->injected_signal;

	e->injected_signal = 0;
	tracer_resume(t, e, number);
}

/* --- entry and exit ------------------------------------------------------------------------ */

static void set_call(struct tracee *e, const struct ptrace_syscall_info *info)
{
	struct call_thread *s = &e->shown;

	s->call.abi = abi_of(info->arch, info->entry.nr);
	s->call.pid = s->pid;
	s->call.tid = s->tid;
	s->call.number = (uint32_t)info->entry.nr;
	s->call.through = 0;
	if (s->call.abi == SYSCALL_ABI_X32)
		s->call.number &= ~X32_BIT;
	memcpy(s->call.args, info->entry.args, sizeof(s->call.args)); /* as in info->seccomp */
	s->call.result = 0;
	s->call.is_error = false;
	s->ip = info->instruction_pointer;
	s->call.sp = info->stack_pointer;
}

static void enter(struct tracer *t, struct tracee *e, const struct ptrace_syscall_info *info, int status)
{
	set_call(e, info);
	e->shown.in_call = true;
	e->told = e->tampered = false;
	e->shown.tampered = 0;
	bool exec = e->hidden && is_exec(&e->shown.call);
	bool is_many = e->shown.call.abi == SYSCALL_ABI_I386 &&
		       (e->shown.call.number == SYSCALL_SOCKETCALL || e->shown.call.number == SYSCALL_IPC_CALL);
	struct syscall_memory memory = remote_memory(&t->remote);

	if (is_many) {
		remote_begin(&t->remote, e->shown.tid);
		syscall_demultiplex(&e->shown.call, &memory);
	}
	e->tried_exec |= exec;
	if ((e->hidden && !exec) || !call_set_has(t->options.wanted, e->shown.call.abi, e->shown.call.number)) {
		tracer_resume(t, e, 0);
		return;
	}
	e->told = true;
	if (!is_many)
		remote_begin(&t->remote, e->shown.tid);
	tamper_enter(t, e, &memory);
	e->shown.enter_ns = clock_now_ns();
	if (t->options.sink->enter(t->options.sink_self, &e->shown, &memory) == CALL_DETACH) {
		tracer_let_go(t, e, status);
		return;
	}
	change_call(e);
	if (!e->tampered || !delay(t, e, e->tampering->delay_enter_ns))
		tracer_call_go_on(t, e);
}

static void leave(struct tracer *t, struct tracee *e, const struct ptrace_syscall_info *info)
{
	bool told = e->told, tampered = e->tampered;

	e->shown.in_call = e->told = e->tampered = false;
	if (!told) {
		tracer_resume(t, e, 0);
		return;
	}
	e->shown.leave_ns = clock_now_ns();
	e->shown.call.result = info->exit.rval;
	e->shown.call.is_error = info->exit.is_error;
	if (tampered)
		tamper_exit(t, e);
	remote_begin(&t->remote, e->shown.tid);

	struct syscall_memory memory = remote_memory(&t->remote);

	if (!tampered)
		syscall_ipc_result(&e->shown.call, &memory, &e->shown.call.result);
	t->options.sink->leave(t->options.sink_self, &e->shown, &memory);
	if (!tampered || !delay(t, e, e->tampering->delay_exit_ns))
		tracer_resume(t, e, 0);
}

/* Stopped by a filter of the program's own, which nobody would see without us: the kernel then says that there is no such call. */
static void as_untraced(pid_t tid, const struct ptrace_syscall_info *info)
{
	if (info->op != PTRACE_SYSCALL_INFO_SECCOMP || info->seccomp.ret_data == FILTER_DATA)
		return;
	regs_set_call(tid, -1);
	regs_set_result(tid, -ENOSYS);
}

void tracer_call_stop(struct tracer *t, struct tracee *e, int status)
{
	struct ptrace_syscall_info info;

	/* the exit of a call that nobody wants to see: which, doesn't matter */
	if (e->shown.in_call && !e->told && status >> 16 == 0) {
		e->shown.in_call = false;
		tracer_resume(t, e, 0);
		return;
	}
	if (!stop_info_read(e->shown.tid, status >> 16, e->shown.in_call, &info)) {
		tracer_resume(t, e, 0); /* killed meanwhile */
		return;
	}
	as_untraced(e->shown.tid, &info);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY || info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
		/* Both come for one call where PTRACE_SYSCALL and a filter meet. */
		if (info.op == PTRACE_SYSCALL_INFO_SECCOMP && e->shown.in_call && e->told)
			tracer_resume(t, e, 0);
		else
			enter(t, e, &info, status);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && e->shown.in_call) {
		leave(t, e, &info);
	} else {
		tracer_resume(t, e, 0);
	}
}
