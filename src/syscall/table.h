/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_TABLE_H
#define SONDE_SYSCALL_TABLE_H
/*
 * System calls of every ABI: number <-> name, argument count, classes.  Numbers come
 * from the kernel's own tables (arch/.../syscall*.tbl, include/uapi/asm-generic/unistd.h
 * of linux-source-7.2), checked in with the generator that made them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum syscall_abi {
	SYSCALL_ABI_X86_64,
	SYSCALL_ABI_I386,
	SYSCALL_ABI_X32,
	SYSCALL_ABI_ARM64,
	SYSCALL_ABI_ARM,
	SYSCALL_ABI_RISCV64,
	SYSCALL_ABI_COUNT,
#if defined(__aarch64__)
	SYSCALL_ABI_NATIVE = SYSCALL_ABI_ARM64, /* this machine's own */
#elif defined(__arm__)
	SYSCALL_ABI_NATIVE = SYSCALL_ABI_ARM,
#elif defined(__riscv)
	SYSCALL_ABI_NATIVE = SYSCALL_ABI_RISCV64,
#elif defined(__i386__)
	SYSCALL_ABI_NATIVE = SYSCALL_ABI_I386,
#else
	SYSCALL_ABI_NATIVE = SYSCALL_ABI_X86_64,
#endif
};

/* Those that its kernel runs, its own first: at most SYSCALL_ABIS_HERE; at an INDEX behind the last, SYSCALL_ABI_COUNT.  BPF
 * programs know an ABI by this index (event/bpf_calls.h). */
enum { SYSCALL_ABIS_HERE = 3 };
enum syscall_abi syscall_abi_here(unsigned index);

/* What %file, %network ... of -e select; a call may be in many. */
enum syscall_class {
	SYSCALL_FILE = 1 << 0,     /* takes a path */
	SYSCALL_DESC = 1 << 1,     /* takes or returns a file descriptor */
	SYSCALL_NETWORK = 1 << 2,
	SYSCALL_PROCESS = 1 << 3,
	SYSCALL_SIGNAL = 1 << 4,
	SYSCALL_IPC = 1 << 5,
	SYSCALL_MEMORY = 1 << 6,
	SYSCALL_CREDS = 1 << 7,
	SYSCALL_CLOCK = 1 << 8,
	SYSCALL_PURE = 1 << 9,     /* can't fail: getpid */
	SYSCALL_STAT = 1 << 10,
	SYSCALL_LSTAT = 1 << 11,
	SYSCALL_FSTAT = 1 << 12,
	SYSCALL_STATFS = 1 << 13,
	SYSCALL_FSTATFS = 1 << 14,
	SYSCALL_NORETURN = 1 << 15, /* exit, exit_group, rt_sigreturn */
};

struct syscall_describe; /* how the arguments are decoded; private to the room */

struct syscall_entry {
	const char *name;    /* as strace spells it for this ABI */
	uint8_t arg_count;   /* registers that are arguments */
	uint32_t classes;    /* enum syscall_class */
	const struct syscall_describe *describe; /* arguments; NULL: numbers in hex */
};

/* x32 calls carry this bit in the register; syscall_find() takes them with and without. */
#define SYSCALL_X32_BIT 0x40000000u

unsigned syscall_abi_word_bytes(enum syscall_abi abi); /* of a pointer and a long: 4 or 8 */

/* NULL: this ABI has no such call in our tables. */
const struct syscall_entry *syscall_find(enum syscall_abi abi, uint32_t number);
/* As the caller has it in the register: with x32's bit, a negative one of 64 bits. */
uint64_t syscall_raw_number(enum syscall_abi abi, uint32_t number);
/* "syscall_0x1d9", for a call that no table knows; into BUFFER, which is returned. */
enum { SYSCALL_UNKNOWN_MAX = 32 };
const char *syscall_unknown_name(enum syscall_abi abi, uint32_t number, char buffer[SYSCALL_UNKNOWN_MAX]);
/* -1: no such name.  Names of all ABIs' calls, also old and new spellings. */
int64_t syscall_number(enum syscall_abi abi, const char *name);
/* Which arguments are descriptors, descriptors of directories that the path behind them begins at,
 * and paths: a bit an argument.  All 0 where arguments are not described. */
struct syscall_roles {
	uint8_t fds, dirfds, paths;
	bool returns_fd;
};
struct syscall_roles syscall_get_roles(const struct syscall_entry *entry);
uint32_t syscall_max(enum syscall_abi abi); /* numbers are below, but for arm's own from 0xf0000 on */

#endif
