/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_PRINT_H
#define SONDE_SYSCALL_PRINT_H
/*
 * A system call as text, in strace's form to the letter: "openat(AT_FDCWD, "/etc/passwd",
 * O_RDONLY) = 3".  The text is made in two parts, because a call may not return for a long
 * while: what is known at entry, up to the first argument that the kernel fills; then
 * the rest and the result.  What is around it (pid, time, <unfinished ...>) is the
 * caller's: session/trace or a view.
 */
#include <string.h>

#include "base/str.h"
#include "syscall/memory.h"
#include "syscall/table.h"

enum syscall_xlat { SYSCALL_XLAT_ABBREV, SYSCALL_XLAT_RAW, SYSCALL_XLAT_VERBOSE }; /* -X */
/* -x -xx; NON_ASCII: the whole of a string that has one such character, _CHARS: those characters alone */
enum syscall_hex { SYSCALL_HEX_NONE, SYSCALL_HEX_NON_ASCII, SYSCALL_HEX_ALL, SYSCALL_HEX_NON_ASCII_CHARS };

struct syscall_style {
	uint32_t string_limit;  /* -s; 32 */
	bool verbose;           /* -v: structures whole */
	enum syscall_xlat xlat;
	enum syscall_hex hex;
	bool addresses;         /* structures as their addresses (-e verbose=!CALL) */
	bool arg_names;         /* -N: "fd=3" */
	bool strict;            /* no names that strace doesn't have */
};

/* Append TEXT as far as a NUL, as strings are quoted, without quotes; ALSO (may be NULL): characters that are escaped as well. */
void syscall_quote(struct str *out, enum syscall_hex hex, const char *text, size_t length, const char *also);

enum syscall_pid { SYSCALL_TID, SYSCALL_PID, SYSCALL_PGID, SYSCALL_SID };

/* What text needs beside the call's own memory; hooks may be NULL (-y was not asked). */
struct syscall_lookup {
	/* -y: append "</path>", "<socket:[123]>", "<pipe:[5]>", "</gone>(deleted)" of the caller's FD, or of
	 * its directory (-100); with -yy "<TCP:[127.0.0.1:1->127.0.0.1:2]>" and so on.  False: not known. */
	bool (*fd_path)(void *user, int pid, int fd, struct str *out);
	/* The same of another process than the caller, and which one the caller's pidfd FD refers to; -1: not known. */
	bool (*other_fd_path)(void *user, int pid, int fd, struct str *out);
	int (*pidfd_target)(void *user, int pid, int fd);
	/* The process that thread TID calls ID, as the tracer calls it; 0: not known. */
	int (*process_of)(void *user, int tid, int id);
	/* The protocol of a netlink socket (NETLINK_ROUTE ...), for its messages; -1: it is none. */
	int (*netlink_protocol)(void *user, int pid, int fd);
	/* The name of a generic netlink family, which the kernel gives numbers to; NULL: not known. */
	const char *(*netlink_family)(void *user, unsigned id);
	/* The major number of the character device that FD is; -1: it is none, or that can't be had. */
	int (*char_major)(void *user, int pid, int fd);
	bool (*is_socket)(void *user, int pid, int fd);
	/* -e kvm=: where what a virtual CPU's descriptor shares with the kernel is mapped, and its number (-1: not
	 * known); 0: nowhere.  And whether all of it is told (vcpu+). */
	uint64_t (*vcpu)(void *user, int pid, int fd, int *number);
	bool whole_vcpu;
	void *user;
	/* -Y, --decode-pids: append what is known of ID, an id of this kind as the caller sees it; -ID is a group. */
	void (*pid_words)(void *pid_user, int tid, enum syscall_pid kind, int id, struct str *out);
	void *pid_user;
	/* A call that the tables don't know, as the running kernel has it; NULL: it is none of its own ABI's, or
	 * that can't be had.  Valid as long as the lookup. */
	const struct syscall_entry *(*find)(void *find_user, enum syscall_abi abi, uint32_t number);
	void *find_user;
	uint32_t hidden; /* tests: 1 + the number of a call that is to be learned although it is known; 0: none */
};

/* syscall_find(), and what LOOKUP (may be NULL) finds where that has nothing. */
const struct syscall_entry *syscall_find_by(const struct syscall_lookup *lookup, enum syscall_abi abi, uint32_t number);

struct syscall_call {
	enum syscall_abi abi;
	int pid, tid;
	uint32_t number;
	uint32_t through;   /* i386: the number of the call that it was made through (syscall_demultiplex()); 0: none */
	uint64_t args[6];   /* as in the registers */
	uint32_t restarts;  /* restart_syscall(): the number + 1 of the call that goes on; 0: not known */
	uint64_t sp;        /* user stack pointer at entry (rt_sigreturn's frame); 0: not known */
	int64_t result;     /* at exit: what the kernel put into the register, sign-extended */
	bool is_error;      /* result is -errno */
};

/* What `restarts` of the thread's next call is, this one having returned. */
uint32_t syscall_restarts(const struct syscall_call *call);

/* The call's state between its two parts; one for each call in flight.  Plain data: may
 * be copied, needs no deinit. */
#define SYSCALL_KEPT_BYTES 64
enum { SYSCALL_MESSAGES = 1024 }; /* as many as the kernel takes */
struct syscall_progress {
	uint8_t args_done;      /* arguments printed at entry */
	bool open;              /* "name(" was printed */
	uint8_t named;          /* arguments of a hook that have been named */
	uint64_t saved[4];      /* what a call needs to remember: lengths it was given ... */
	uint8_t kept[SYSCALL_KEPT_BYTES]; /* and parts of a structure that the kernel overwrites */
	uint16_t rooms[SYSCALL_MESSAGES]; /* of a call's many messages; the last: it is not cleared, saved[] says how many there are */
};
/* As it is before a call. */
static inline void syscall_progress_start(struct syscall_progress *progress) { memset(progress, 0, offsetof(struct syscall_progress, rooms)); }

/* Append "name(" and what can be said at entry. */
void syscall_print_enter(const struct syscall_style *style, const struct syscall_lookup *lookup,
			 const struct syscall_call *call, const struct syscall_memory *memory,
			 struct syscall_progress *progress, struct str *out);
/* Append the remaining arguments and ")"; not the result. */
void syscall_print_exit(const struct syscall_style *style, const struct syscall_lookup *lookup,
			const struct syscall_call *call, const struct syscall_memory *memory,
			struct syscall_progress *progress, struct str *out);
/* Append the result as strace writes it after "= ": "3", "-1 ENOENT (No such file or
 * directory)", "0x7f..", "? ERESTARTSYS (To be restarted if SA_RESTART is set)", "?",
 * with what some calls say behind it: "0 (Timeout)", "1 ([{fd=3, revents=POLLIN}])". */
void syscall_print_result(const struct syscall_style *style, const struct syscall_lookup *lookup,
			  const struct syscall_call *call, const struct syscall_memory *memory,
			  const struct syscall_progress *progress, struct str *out);

const char *syscall_errno_name(int number);  /* "ENOENT"; NULL: unknown */
int syscall_errno_number(const char *name);  /* in any case; -1: no such name */
const char *syscall_signal_name(int number); /* "SIGCHLD", NULL: unknown; real-time ones "SIGRT_3" */
int syscall_signal_number(const char *name); /* with or without SIG, in any case; -1 */
/* "[USR1 CHLD]" of a set whose bit 0 is signal 1; "~[KILL STOP]" where most are in it. */
void syscall_print_sigset(const struct syscall_style *style, uint64_t set, struct str *out);
/* "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=..., ...}" of a raw siginfo_t.
 * LOOKUP may be NULL. */
void syscall_print_siginfo(const struct syscall_style *style, const struct syscall_lookup *lookup, int tid,
			   enum syscall_abi abi, const void *siginfo, size_t size_bytes, struct str *out);

#endif
