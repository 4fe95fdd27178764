/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause OR MIT */
#ifndef SONDE_EVENT_TYPES_H
#define SONDE_EVENT_TYPES_H
/*
 * The built-in event types, declared once.  From each list come the row struct
 * (struct row_sample ...), the descriptor (event/event.h, in types.c) and the
 * TYPE_ number.  BPF programs and in-app agents include this file too, hence no
 * includes but the integer types, and the permissive licences.
 *
 * A list is rows of F(kind, name, unit, ref, prose).  Order fields from wide to
 * narrow: rows have no holes but at the end.  To add a type: add a list and a line
 * in EVENT_TYPES, at the end (the numbers are in files).
 */
#ifndef __bpf__
#include <stdint.h>
#endif

/* event rows */

#define EVENT_SAMPLE(F)                                                                             \
	F(U64, time_ns, TIME_NS, 0, "when the sample was taken")                                    \
	F(U64, period, COUNT, 0, "what the sample stands for, in units of its event (ns for clocks)") \
	F(U32, thread, ID, "thread", "the thread that ran")                                         \
	F(U32, stack, ID, "stack", "where it ran, kernel frames innermost; 0: not known")           \
	F(U16, cpu, NONE, 0, "CPU number; 65535: not known")                                                          \
	F(U16, event, ID, "event", "what was counted")                                              \
	F(U8, mode, ENUM, 0, "0 user, 1 kernel, 2 guest, 3 hypervisor")                             \
	F(U8, flags, ENUM, 0, "bit 0: the stack is cut short; bit 1: the user part is missing; bit 2: it is broken off; bit 3: unwound by CFI; bit 4: in the kernel")

#define EVENT_SYSCALL(F)                                                                \
	F(U64, time_ns, TIME_NS, 0, "when the call was entered")                        \
	F(U64, duration_ns, DURATION_NS, 0, "from entry to exit; 0 with bit 3 of flags: not known") \
	F(I64, result, NONE, 0, "what the kernel returned; -4095..-1 is a negated errno") \
	F(U64, arg0, NONE, 0, "first argument, as in the register")                     \
	F(U64, arg1, NONE, 0, "second argument")                                        \
	F(U64, arg2, NONE, 0, "third argument")                                         \
	F(U64, arg3, NONE, 0, "fourth argument")                                        \
	F(U64, arg4, NONE, 0, "fifth argument")                                         \
	F(U64, arg5, NONE, 0, "sixth argument")                                         \
	F(U32, thread, ID, "thread", "the calling thread")                              \
	F(U32, stack, ID, "stack", "user stack at entry; 0: not taken")                 \
	F(U32, number, NONE, 0, "system call number of the thread's architecture")      \
	F(STR, name, NONE, 0, "name of the call")                                       \
	F(STR, arguments, NONE, 0, "what stands between its parentheses in strace's form") \
	F(STR, returned, NONE, 0, "the result in strace's form")                        \
	F(STR, path, NONE, 0, "the path that it was given; empty: none")                \
	F(U8, abi, ENUM, 0, "0 x86-64, 1 i386, 2 x32, 3 arm64, 4 arm, 5 riscv64")       \
	F(U8, flags, ENUM, 0, "bit 0: it did not return; bit 1: tampered with; bit 3: when it began is not known")

#define EVENT_LOST(F)                                                             \
	F(U64, time_ns, TIME_NS, 0, "when the loss was noticed")                  \
	F(U64, count, COUNT, 0, "how many events of the source are missing; 0: unknown") \
	F(STR, source, NONE, 0, "which source lost them: cpu, journal ...")       \
	F(STR, reason, NONE, 0, "why: ring full, disk full ...")                  \
	F(I32, cpu, NONE, 0, "CPU whose ring lost them; -1: no particular one")

#define EVENT_SIGNAL(F)                                                           \
	F(U64, time_ns, TIME_NS, 0, "when it was delivered")                      \
	F(U32, thread, ID, "thread", "who got it")                                \
	F(U32, number, NONE, 0, "signal number")                                  \
	F(STR, text, NONE, 0, "name and siginfo in strace's form")

#define EVENT_EXIT(F)                                                             \
	F(U64, time_ns, TIME_NS, 0, "when the thread ended")                      \
	F(U32, thread, ID, "thread", "which one; a process ends with the last of its threads") \
	F(U32, status, NONE, 0, "as wait() gives it: exit code * 256, or the signal that killed it, + 128 with a core")

/* side rows */

#define EVENT_THREAD(F)                                                                         \
	F(U32, id, ID, "thread", "from 1; a thread that execs or renames itself gets a new one") \
	F(U32, tid, PID, 0, "thread id; ids are reused by the kernel, `id` is not")             \
	F(U32, pid, PID, 0, "process id (thread group id)")                                     \
	F(U32, ppid, PID, 0, "parent process id; 0: not known")                                 \
	F(U64, start_ns, TIME_NS, 0, "when it started or was first seen")                       \
	F(U64, end_ns, TIME_NS, 0, "when it exited or changed its name; 0: still there at the end") \
	F(STR, comm, NONE, 0, "thread name, at most 15 bytes")                                  \
	F(STR, exe, NONE, 0, "path of the program; empty: not known")                           \
	F(U32, previous, ID, "thread", "the row of this thread before it exec'ed or renamed itself; 0: none") \
	F(U8, kernel, ENUM, 0, "1: a kernel thread")

#define EVENT_MODULE(F)                                                               \
	F(U32, id, ID, "module", "from 1")                                            \
	F(STR, path, NONE, 0, "file as the process saw it, or [kernel], [vdso], [anon], a kernel module's name") \
	F(STR, build_id, NONE, 0, "build-id in hex; empty: not known")                \
	F(STR, note, NONE, 0, "why its addresses have no names, or that the file was deleted or replaced; empty: fine") \
	F(U8, kind, ENUM, 0, "0 unknown, 1 kernel, 2 kernel module, 3 program, 4 shared object, 5 vdso, 6 JIT or anonymous memory")

#define EVENT_MAPPING(F)                                                       \
	F(U32, id, ID, "mapping", "from 1")                                    \
	F(U32, pid, PID, 0, "process; 0: the kernel")                          \
	F(U64, start_ns, TIME_NS, 0, "when it was mapped or first seen")       \
	F(U64, addr, ADDR, 0, "first address")                                 \
	F(U64, size_bytes, BYTES, 0, "length")                                 \
	F(U64, offset, BYTES, 0, "file offset of the first byte")              \
	F(U32, module, ID, "module", "what is mapped")

/* Inlined calls: the row that stacks refer to is the innermost one; `outer` leads from
 * there to the function that holds the code (session/resolve.h). */
#define EVENT_FRAME(F)                                                                            \
	F(U32, id, ID, "frame", "from 1")                                                         \
	F(U32, module, ID, "module", "file that holds the code; 0: no mapping covered the address") \
	F(U64, offset, ADDR, 0, "file offset in the module; kernel and JIT frames: the address")  \
	F(U64, addr, ADDR, 0, "the same as the module's own address (ELF); 0: not known")         \
	F(U64, function_addr, ADDR, 0, "where the function that holds the code begins, as addr; 0: not known") \
	F(STR, function, NONE, 0, "name, demangled; empty: not resolved")                         \
	F(STR, file, NONE, 0, "source file; empty: not known")                                    \
	F(STR, module_path, NONE, 0, "path of the module, for readers without a join")            \
	F(STR, build_id, NONE, 0, "build-id of the module in hex")                                \
	F(U32, line, NONE, 0, "source line; 0: not known")                                        \
	F(U32, column, NONE, 0, "source column; 0: not known")                                    \
	F(U32, outer, ID, "frame", "the frame this one is inlined into; 0: the function that holds the code")         \
	F(U8, inlined, ENUM, 0, "1: a call that the compiler inlined")                            \
	F(U8, kind, ENUM, 0, "as module.kind")                                                    \
	F(U8, exact, ENUM, 0, "1: offset is the instruction itself (leaf), 0: a return address")

#define EVENT_STACK(F)                                                             \
	F(U32, id, ID, "stack", "from 1; a stack is a node of a tree: this frame and its callers") \
	F(U32, parent, ID, "stack", "the caller's node; 0: this is the outermost frame") \
	F(U32, frame, ID, "frame", "the innermost frame of this stack")            \
	F(U32, depth, COUNT, 0, "frames in this stack, from 1")

#define EVENT_EVENT(F)                                                              \
	F(U32, id, ID, "event", "from 1")                                           \
	F(STR, name, NONE, 0, "cycles, cpu-clock, page-faults ...")                 \
	F(STR, unit, NONE, 0, "unit of sample.period: ns, cycles, events")          \
	F(U64, frequency_hz, NONE, 0, "samples a second asked for; 0: by period")   \
	F(U64, period, COUNT, 0, "fixed period asked for; 0: by frequency")

/* Descriptors whose opening was not seen: those that a command was given, and those that a process had
 * when it was looked at first. */
#define EVENT_DESCRIPTOR(F)                                                         \
	F(U32, id, ID, "descriptor", "from 1")                                      \
	F(U32, pid, PID, 0, "process")                                              \
	F(U64, time_ns, TIME_NS, 0, "when it was looked at")                        \
	F(I32, fd, NONE, 0, "number; -100: the working directory")                  \
	F(STR, name, NONE, 0, "path, or what else it is: \"tcp 127.0.0.1:80\", \"pipe:[5]\"") \
	F(U8, close_on_exec, ENUM, 0, "1: it goes with an exec")

/* E(NUMBER, name, side, prose, LIST).  Numbers are in journals: never change one. */
#define EVENT_TYPES(E)                                                                       \
	E(1, sample, 0, "one sample of a running thread", EVENT_SAMPLE)                      \
	E(2, syscall, 0, "one system call", EVENT_SYSCALL)                                   \
	E(3, lost, 0, "events that a source could not record", EVENT_LOST)                   \
	E(4, signal, 0, "signals delivered to traced threads", EVENT_SIGNAL)                 \
	E(5, exit, 0, "ends of traced threads", EVENT_EXIT)                                  \
	E(16, thread, 1, "threads and what they ran", EVENT_THREAD)                          \
	E(17, module, 1, "files and other things that code lies in", EVENT_MODULE)           \
	E(18, mapping, 1, "where modules were mapped", EVENT_MAPPING)                        \
	E(19, frame, 1, "code addresses, with their names where resolved", EVENT_FRAME)      \
	E(20, stack, 1, "stacks, as a tree of frames", EVENT_STACK)                          \
	E(21, event, 1, "what samples count", EVENT_EVENT)                                   \
	E(22, descriptor, 1, "descriptors that were open before", EVENT_DESCRIPTOR)

enum { TYPE_FIRST_DYNAMIC = 64, TYPE_MAX = 1023 };

#define EVENT_CTYPE_U8 uint8_t
#define EVENT_CTYPE_U16 uint16_t
#define EVENT_CTYPE_U32 uint32_t
#define EVENT_CTYPE_U64 uint64_t
#define EVENT_CTYPE_I32 int32_t
#define EVENT_CTYPE_I64 int64_t
#define EVENT_CTYPE_STR uint32_t

/* struct row_sample, row_syscall ... : every row is a multiple of 8 bytes. */
#define EVENT_MEMBER(kind, name, unit, ref, prose) EVENT_CTYPE_##kind name;
#define EVENT_STRUCT(number, name, side, prose, LIST) \
	struct row_##name {                           \
		LIST(EVENT_MEMBER)                    \
	} __attribute__((aligned(8)));
EVENT_TYPES(EVENT_STRUCT)

/* TYPE_sample, TYPE_syscall ... */
#define EVENT_NUMBER(number, name, side, prose, LIST) TYPE_##name = (number),
enum { EVENT_TYPES(EVENT_NUMBER) };

enum sample_mode { SAMPLE_USER, SAMPLE_KERNEL, SAMPLE_GUEST, SAMPLE_HYPERVISOR };
enum { SAMPLE_NO_CPU = 65535 };
enum syscall_flags { SYSCALL_UNFINISHED = 1, SYSCALL_TAMPERED = 2, SYSCALL_UNTIMED = 8 };
enum sample_flags {
	SAMPLE_STACK_CUT = 1,     /* more frames than were asked for */
	SAMPLE_NO_USER_STACK = 2,
	SAMPLE_STACK_BROKEN = 4,  /* the user part ends before its outermost frame, and it is known why */
	SAMPLE_STACK_CFI = 8,     /* the user part by CFI, at least for some frames; else by frame pointers */
	SAMPLE_STACK_BPF = 16,    /* the user part was unwound in the kernel */
};
enum module_kind {
	MODULE_UNKNOWN,
	MODULE_KERNEL,
	MODULE_KERNEL_MODULE,
	MODULE_PROGRAM,
	MODULE_SHARED,
	MODULE_VDSO,
	MODULE_ANON,
};

#endif
