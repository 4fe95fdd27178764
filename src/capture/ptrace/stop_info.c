/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Without PTRACE_GET_SYSCALL_INFO nothing says whether a stop is an entry or an exit: they
 * come in turn, and the first stop of a thread that was in a call when we took it is an
 * exit.  x86 gives that one away: at an entry the result's register holds -ENOSYS.  A 32-bit
 * call of a 64-bit process can't be told from the 64-bit one of the same number.
 */
#include "capture/ptrace/stop_info.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct stop_regs {
	uint32_t arch;
	uint64_t number, args[6], ip, sp;
	int64_t result;
	bool entry, marked; /* `marked`: `entry` is known */
};

#if defined(__x86_64__)
enum { EBX, ECX, EDX, ESI, EDI, EBP, EAX, ORIG_EAX = 11, EIP, EFLAGS = 14, ESP, I386_REGS = 17, CS_32BIT = 0x23 };

static void of_32bit(const uint32_t *r, struct stop_regs *ret)
{
	*ret = (struct stop_regs){ .arch = AUDIT_ARCH_I386, .number = r[ORIG_EAX], .args = { r[EBX], r[ECX], r[EDX], r[ESI], r[EDI], r[EBP] },
				   .ip = r[EIP], .sp = r[ESP], .result = (int32_t)r[EAX] };
}

static void of_64bit(const struct user_regs_struct *r, struct stop_regs *ret)
{
	if (r->cs == CS_32BIT) { /* PTRACE_GETREGS shows all of the registers */
		*ret = (struct stop_regs){ .arch = AUDIT_ARCH_I386, .number = (uint32_t)r->orig_rax,
					   .args = { (uint32_t)r->rbx, (uint32_t)r->rcx, (uint32_t)r->rdx, (uint32_t)r->rsi, (uint32_t)r->rdi,
						     (uint32_t)r->rbp },
					   .ip = (uint32_t)r->rip, .sp = (uint32_t)r->rsp, .result = (int32_t)r->rax };
		return;
	}
	*ret = (struct stop_regs){ .arch = AUDIT_ARCH_X86_64, .number = r->orig_rax, .args = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 },
				   .ip = r->rip, .sp = r->rsp, .result = (int64_t)r->rax };
}

static bool read_regs(pid_t tid, struct stop_regs *ret)
{
	union {
		struct user_regs_struct all;
		uint32_t i386[I386_REGS];
	} r;
	struct iovec io = { &r, sizeof(r) };

	memset(&r, 0, sizeof(r));
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) == 0 && io.iov_len == sizeof(r.i386))
		of_32bit(r.i386, ret);
	else if (io.iov_len == sizeof(r.all) && ptrace(PTRACE_GETREGS, tid, NULL, &r.all) == 0)
		of_64bit(&r.all, ret);
	else
		return false;
	ret->marked = true;
	ret->entry = ret->result == -ENOSYS;
	return true;
}
#elif defined(__aarch64__)
static bool read_regs(pid_t tid, struct stop_regs *ret)
{
	struct user_regs_struct r;
	struct iovec io = { &r, sizeof(r) };

	/* what stops shows in x7 which it is; 32-bit processes have a set of another size */
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) != 0 || io.iov_len != sizeof(r))
		return false;
	*ret = (struct stop_regs){ .arch = AUDIT_ARCH_AARCH64, .number = r.regs[8], .ip = r.pc, .sp = r.sp, .result = (int64_t)r.regs[0],
				   .marked = true, .entry = r.regs[7] == 0 };
	memcpy(ret->args, r.regs, sizeof(ret->args));
	return true;
}
#elif defined(__riscv) && __riscv_xlen == 64
static bool read_regs(pid_t tid, struct stop_regs *ret)
{
	struct user_regs_struct r;
	struct iovec io = { &r, sizeof(r) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) != 0)
		return false;
	*ret = (struct stop_regs){ .arch = AUDIT_ARCH_RISCV64, .number = r.a7, .args = { r.a0, r.a1, r.a2, r.a3, r.a4, r.a5 }, .ip = r.pc,
				   .sp = r.sp, .result = (int64_t)r.a0 };
	return true;
}
#else
static bool read_regs(pid_t tid, struct stop_regs *ret) { return false; }
#endif

static bool from_registers(pid_t tid, int event, bool in_call, struct ptrace_syscall_info *ret)
{
	enum { MAX_ERRNO = 4095 };
	struct stop_regs r;
	unsigned long data;

	if (!read_regs(tid, &r))
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->arch = r.arch;
	ret->instruction_pointer = r.ip;
	ret->stack_pointer = r.sp;
	if (event == PTRACE_EVENT_SECCOMP || (!in_call && (!r.marked || r.entry))) {
		ret->op = event == PTRACE_EVENT_SECCOMP ? PTRACE_SYSCALL_INFO_SECCOMP : PTRACE_SYSCALL_INFO_ENTRY;
		ret->entry.nr = r.number;
		memcpy(ret->entry.args, r.args, sizeof(r.args));
		if (event == PTRACE_EVENT_SECCOMP && ptrace(PTRACE_GETEVENTMSG, tid, NULL, &data) == 0)
			ret->seccomp.ret_data = (uint32_t)data;
		return true;
	}
	ret->op = PTRACE_SYSCALL_INFO_EXIT;
	ret->exit.rval = r.result;
	ret->exit.is_error = r.result < 0 && r.result >= -MAX_ERRNO;
	return true;
}

bool stop_info_read(pid_t tid, int event, bool in_call, struct ptrace_syscall_info *ret)
{
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(*ret), ret) > 0)
		return true;
	return errno != ESRCH && from_registers(tid, event, in_call, ret);
}

bool stop_info_is_told(void)
{
	struct ptrace_syscall_info info;
	bool told = false;
	int status;
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) { /* it never outlives us, whom it could else find replaced by init as its tracer, and stop for good */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0)
		return false;
	if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		told = ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) > 0;
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == pid && !WIFEXITED(status) && !WIFSIGNALED(status))
			;
	}
	return told;
}
