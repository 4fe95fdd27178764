/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_MULTIPLEX_H
#define SONDE_BPF_MULTIPLEX_H
/*
 * i386's socketcall and ipc are many calls, shown as those (syscall/multiplex.h): which one it is, and where its
 * arguments are.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "copy.bpf.h"

/* Settings, before loading.  By socketcall's first argument: the call that it is, and how many arguments that has. */
enum { SOCKETCALL = 102, SOCKETCALLS = 32 }; /* a power of two */
const volatile __u16 calls_socket_numbers[SOCKETCALLS] = { 0 };
const volatile __u8 calls_socket_args[SOCKETCALLS] = { 0 };
/* By ipc's: the call that it is, where its arguments are among ipc's, and what of them is in memory. */
enum { IPC = 117, IPCS = 32, IPC_UNION = 1, IPC_PAIR = 2, SHMAT = 397, WAS_IPC = 1 }; /* syscall/multiplex.h */
const volatile __u16 calls_ipc_numbers[IPCS] = { 0 };
const volatile __u8 calls_ipc_order[IPCS * 8] = { 0 };
const volatile __u8 calls_ipc_memory[IPCS] = { 0 };

/* Which one; 0: it is no such call. */
static __always_inline __u32 part_of(const struct pt_regs *regs, __u32 abi, __u64 number)
{
#if defined(__TARGET_ARCH_x86)
	if (abi == 1 && number == SOCKETCALL && (__u32)regs->bx < SOCKETCALLS)
		return calls_socket_numbers[(__u32)regs->bx & (SOCKETCALLS - 1)];
	if (abi == 1 && number == IPC && ((__u32)regs->bx & 0xffff) < IPCS)
		return calls_ipc_numbers[(__u32)regs->bx & (IPCS - 1)];
#endif
	return 0;
}

/* Its arguments, which lie in memory.  (A function of its own: frames are counted.) */
__noinline int take_part(struct call_now *now)
{
	__u32 args[6] = { 0 }, count;

	if (!now)
		return 0;
	count = calls_socket_args[now->call.args[0] & (SOCKETCALLS - 1)];
	if (count > 6 || bpf_probe_read_user(args, count * 4, (void *)now->call.args[1])) {
		now->call.number = SOCKETCALL;
		return 0;
	}
	for (__u32 i = 0; i < 6; i++)
		now->call.args[i] = args[i];
	return 0;
}

/* The same for ipc. */
__noinline int take_ipc_part(struct call_now *now)
{
	__u64 args[8] = { 0 };
	__u32 words[2] = { 0 }, which, memory, index;
	bool unread;

	if (!now)
		return 0;
	which = now->call.args[0] & (IPCS - 1);
	memory = calls_ipc_memory[which];
	if (memory == IPC_PAIR && now->call.args[0] >> 16 & 0xffff)
		memory = 0;
	unread = memory && bpf_probe_read_user(words, memory == IPC_PAIR ? 8 : 4, (void *)now->call.args[4]);
	if (unread && memory == IPC_PAIR) {
		now->call.number = IPC;
		return 0;
	}
	for (__u32 i = 0; i < 6; i++)
		args[i] = now->call.args[i];
	args[0] = 0;
	for (__u32 i = 0; i < 5; i++) {
		index = calls_ipc_order[which * 8 + i];
		now->call.args[i] = args[index & 7];
	}
	if (memory == IPC_PAIR)
		now->call.args[1] = words[0];
	if (memory && !unread)
		now->call.args[3] = memory == IPC_PAIR ? words[1] : words[0];
	now->call.args[5] = unread ? 0 : (__u64)WAS_IPC << 32;
	return 0;
}

/* shmat's address is where the program wants it. */
static __always_inline __s64 ipc_result(const struct call_now *now, __s64 result)
{
	__u32 addr;

	if (now->call.number == SHMAT && now->call.args[5] >> 32 && !result &&
	    !bpf_probe_read_user(&addr, sizeof(addr), (void *)(__u64)(__u32)now->call.args[3]))
		return addr;
	return result;
}

#endif
