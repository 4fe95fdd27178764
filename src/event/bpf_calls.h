/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause OR MIT */
#ifndef SONDE_EVENT_BPF_CALLS_H
#define SONDE_EVENT_BPF_CALLS_H
/*
 * Between bpf/calls.bpf.c and capture/bpf/calls*.c: system calls seen by BPF.  One record a
 * call, made at its exit; a call that blocks, or that its thread doesn't come back from,
 * has one of its entry before.
 */
#include "event/bpf_ring.h"
#include "event/bpf_unwind.h"

enum bpf_calls_kind {
	BPF_CALLS_CALL = 1, /* struct bpf_call: a whole call */
	BPF_CALLS_ENTRY,    /* struct bpf_call: it blocks, or will not return; `result` says nothing */
	BPF_CALLS_FORK,     /* struct bpf_calls_event: tid made other_tid of process other_pid */
	BPF_CALLS_EXEC,     /* ...: tid was other_tid before */
	BPF_CALLS_EXIT,     /* ...: `value` as wait() gives it */
	BPF_CALLS_SIGNAL,   /* struct bpf_calls_signal: delivered */
	BPF_CALLS_PART,     /* struct bpf_call: of what the call that is under way refers to; the rest follows */
	BPF_CALLS_IGNORED,  /* struct bpf_calls_signal: came, but the thread ignores it */
	BPF_CALLS_STACK,    /* struct bpf_stack_record: a user stack, unwound in the kernel */
	BPF_CALLS_COPY,     /* struct bpf_stack_copy: one to be unwound by the reader */
	BPF_CALLS_MAPPING,  /* struct bpf_calls_mapping: code that a stack led into */
	BPF_CALLS_STOP,     /* struct bpf_calls_event: `value` is the signal that stopped the thread */
};

enum bpf_call_flags {
	BPF_CALL_SHOWN = 1,    /* its entry was sent before */
	BPF_CALL_CUT = 2,      /* there was no room for all that it refers to */
	BPF_CALL_IS_ERROR = 4,
	BPF_CALL_JOINED = 16,  /* it began before we looked; enter_ns is 0 */
	BPF_CALL_UNSEEN = 32,  /* its entry was not seen (32-bit, or seccomp refused it): enter_ns is that of its exit */
};

/* Followed by data_bytes of pieces (syscall/memory.h). */
struct bpf_call {
	struct bpf_record head; /* time_ns: when the record was made: of the exit, or of the blocking */
	uint64_t enter_ns;
	uint64_t args[6];
	uint64_t ip, sp;
	int64_t result;
	uint32_t pid, number;
	uint16_t abi;        /* of those that the machine runs: syscall_abi_here(abi) */
	uint16_t flags;
	uint32_t data_bytes;
};

struct bpf_calls_event {
	struct bpf_record head;
	uint32_t pid, other_tid, other_pid, value;
	char comm[16]; /* of an exec: the thread's name from now on */
};

enum { BPF_CALLS_SIGINFO_BYTES = 48 };
struct bpf_calls_signal {
	struct bpf_record head;
	uint32_t pid, number;
	uint64_t stack; /* hash; 0: none */
	uint64_t ip;    /* where its thread was interrupted; 0: not known */
	uint8_t siginfo[BPF_CALLS_SIGINFO_BYTES]; /* the beginning of a siginfo_t; the rest is 0 */
};

/* As struct syscall_plan_step (syscall/plan.h), which this directory may not include. */
struct bpf_calls_step {
	uint8_t kind, phase, arg, size_arg;
	uint16_t fixed, scale; /* bits of scale: how many bytes an item has, and from BPF_STEP_SHIFT_AT on by how many bits that is shifted down */
	uint32_t limit;
};
enum { BPF_STEP_SHIFT_AT = 12, BPF_STEP_SCALE = (1 << BPF_STEP_SHIFT_AT) - 1 };
/* Programs that others go over to, in the map of them. */
enum { BPF_CALLS_TAIL_FINISH, BPF_CALLS_TAIL_LATE, BPF_CALLS_TAILS };

enum { BPF_CALLS_STEPS = 10, BPF_CALLS_NUMBERS = 1024, BPF_CALLS_ABIS = 3 };
struct bpf_calls_plan {
	struct bpf_calls_step steps[BPF_CALLS_STEPS];
	uint8_t wanted;
	uint8_t phases;      /* enum bpf_calls_phases: when there is something to copy */
	uint8_t files;       /* bit i: argument i is a descriptor; BPF_FILES_RESULT */
	uint8_t file_list;   /* enum bpf_calls_file_list */
	uint8_t peek;        /* enum bpf_calls_peek: what argument 0 is */
	uint8_t lane;        /* enum bpf_calls_lane */
	uint16_t plain;      /* bit i: with argument 1 being i nothing is in memory */
};
/* Of a call with at most one step of each phase, each one piece: it may be written without its thread's storage. */
enum bpf_calls_lane {
	BPF_LANE_CAN = 1, BPF_LANE_ENTRY = 2, BPF_LANE_EXIT = 4, /* it has such a step */
	BPF_LANE_ENTRY_AT = 3, BPF_LANE_EXIT_AT = 4,             /* the bit that is its index */
};
enum bpf_calls_peek {
	BPF_PEEK_NONE,
	BPF_PEEK_SOCKET,   /* of a netlink socket its family, protocol and whole messages */
	BPF_PEEK_TERMINAL, /* with commands that terminals and sound have: which device it is */
	BPF_PEEK_SHARED_FIRST = 0x5402, BPF_PEEK_SHARED_LAST = 0x5404,
};
enum bpf_calls_phases { BPF_PLAN_AT_ENTRY = 1, BPF_PLAN_AT_EXIT = 2 };
enum bpf_calls_kind_of_step {
	BPF_STEP_NONE, BPF_STEP_STRING, BPF_STEP_BYTES, BPF_STEP_STRINGS, BPF_STEP_IOVEC, BPF_STEP_MSGHDR,
	BPF_STEP_MMSGHDR, BPF_STEP_POINTERS, BPF_STEP_SOCKBUF,
	BPF_STEP_FOLLOW, BPF_STEP_LIST, BPF_STEP_PTRACE, BPF_STEP_IOCTL, BPF_STEP_FOLLOW_TWICE,
};
enum { BPF_STEP_SIZE_RESULT = 6, BPF_STEP_SIZE_NONE = 7 };

struct bpf_calls_piece { /* as struct syscall_piece */
	uint64_t addr;
	uint32_t size_bytes;
	uint16_t phase, flags;
};
enum { BPF_PIECE_CUT = 1, BPF_PIECE_FAULT = 2, BPF_PIECE_LATE = 4, BPF_PIECE_FILE = 8, BPF_PIECE_STACK = 16 };

/* What is in a piece with BPF_PIECE_FILE, whose address is a descriptor (or AT_FDCWD); no bytes: it is no
 * open one. */
struct bpf_calls_file {
	uint32_t magic;      /* of its file system: statfs(2) */
	uint16_t mode, flags; /* st_mode; enum bpf_file_flags */
	uint32_t device;     /* as the kernel has it: major << 20 | minor */
	uint32_t peer;       /* unix: inode of the other end; netlink: port; pidfd: process; eventfd: its id; ptmx: the terminal's number */
	uint64_t inode;
	/* sockets */
	uint16_t family, protocol, name_bytes;
	uint8_t state, links; /* state: of a connection; eventfd: its flags.  links: of any file; 255: or more */
	uint16_t local_port, remote_port; /* host order, network order */
	uint8_t local[16], remote[16]; /* addresses; eventfd: the count; signalfd: the set, inverted */
	uint32_t text_bytes;
	uint8_t name[108];   /* of a unix socket */
	char text[2048];     /* text_bytes: names from the file up to the root, a NUL behind each */
};
enum bpf_file_flags {
	BPF_FILE_CUT = 1, BPF_FILE_DELETED = 2, BPF_FILE_NAMELESS = 4, /* no directory has it */
	BPF_FILE_EVENT = 8, BPF_FILE_SIGNAL = 16, BPF_FILE_PTMX = 32,  /* what is said of eventfd, signalfd and /dev/ptmx is there */
};
enum { BPF_FILES_RESULT = 1 << 6 };
enum bpf_calls_file_list {
	BPF_FILES_NONE, BPF_FILES_POLLED, BPF_FILES_PAIR_0, BPF_FILES_PAIR_3, BPF_FILES_SENT, BPF_FILES_RECEIVED,
	BPF_FILES_SENT_MANY, BPF_FILES_RECEIVED_MANY, BPF_FILES_SETS, BPF_FILES_IOCBS,
};

/* Executable memory of a process, told when a stack first leads into it.  A file's name is in `file`, whose
 * text may be shorter: size of the record. */
struct bpf_calls_mapping {
	struct bpf_record head;
	uint32_t pid;
	uint8_t kind;        /* enum bpf_mapping_kind */
	uint8_t is_program;  /* the file that was exec'ed */
	uint16_t reserved;
	uint64_t addr, size_bytes, offset;
	uint32_t device, reserved2; /* major << 20 | minor */
	struct bpf_calls_file file;
};
enum bpf_mapping_kind { BPF_MAPPING_FILE, BPF_MAPPING_VDSO, BPF_MAPPING_ANON };

/* The most threads whose calls that began before are seen. */
enum { BPF_CALLS_BEGUN_MOST = 65536 };

/* Where the last piece of one record begins at the latest, a power of two, and the most in one piece, which is more than a
 * path has. */
enum { BPF_CALLS_DATA_BYTES = 2048, BPF_CALLS_PIECE_BYTES = 5632 };

#endif
