/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An x32 program for x32.sh, without a C library, as there is none for x32: calls that have numbers of x32's own, with structures
 * of 32 bits, calls shared with x86-64, with structures of the kernel, and calls of the other two ABIs.  The x32 row runs it.
 *
 * x32 calls            all of them, then a child that becomes x86-64 and x32 again, by exec
 * x32 wait             in readv(), for as long as standard input has nothing; then a write()
 * x32 leaf             one call
 */
#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(sizeof(long) == 4 && __NR_writev > 0x40000000, "not x32");

typedef long long word; /* a register, and a long of the kernel's */
struct iovec { void *base; size_t size; };
struct msghdr { void *name; int name_size; struct iovec *iov; size_t count; void *control; size_t control_size; int flags; };
struct mmsghdr { struct msghdr head; unsigned size; };
struct rights { size_t size; int level, type, fd; };
struct sigaction { void (*handler)(int, void *, void *); unsigned long flags; void (*restorer)(void); uint32_t mask[2]; };
struct sigevent { union { int number; void *at; } value; int signal, notify, thread, pad[12]; };
struct stack { void *at; int flags; size_t size; };
struct timespec { word sec, nsec; };
struct siginfo { int signal, error, code, pid, uid, value, rest[26]; };
struct flock { short type, whence; word start, length; int pid; };
struct robust { struct robust *next; long offset; struct robust *pending; };
struct iocb { uint64_t data; uint32_t key, rw_flags; uint16_t opcode; int16_t prio; uint32_t fd; uint64_t buf, bytes; int64_t offset; uint64_t rest; uint32_t flags, resfd; };

void *memset(void *to, int c, size_t n);
void *memset(void *to, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = (char)c;
	return to;
}

static word call(word number, const word *a)
{
	register word r10 __asm__("r10") = a[3];
	register word r8 __asm__("r8") = a[4];
	register word r9 __asm__("r9") = a[5];
	word ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return ret;
}
#define NUMBERED(number, ...) call(number, (word[6]){ __VA_ARGS__ })
#define CALL(name, ...) NUMBERED(__NR_##name, __VA_ARGS__)
#define P(x) ((word)(uintptr_t)(x))
#define AT_CWD (-100)

static word i386_getuid(void)
{
	word ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(199) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

void restore(void);
__asm__("restore: mov $0x40000201, %eax\nsyscall");
static void handle(int signal, void *info, void *context) { (void)signal, (void)info, (void)context; }

static char bytes[4096];
static char text[] = "an x32 program", env[] = "env", leaf[] = "leaf", variable[] = "X32=1"; /* in a page that a child has, too */
static struct iovec two[] = { { text, 3 }, { text + 3, 11 } }, into[] = { { bytes, 8 }, { bytes + 8, 100 } };
static struct timespec soon = { 0, 1000 };

__attribute__((noinline)) static void signals(int pid)
{
	struct sigaction action = { handle, 0x4000004 /* SA_RESTORER|SA_SIGINFO */, restore, { 1 << 11, 0 } }, old;
	struct siginfo info = { .signal = 10, .code = -1, .pid = pid, .value = 77 };
	uint32_t set[2] = { 1 << 9 | 1 << 11, 0 };
	static struct stack stack = { bytes, 0, sizeof(bytes) };

	CALL(rt_sigaction, 10, P(&action), P(&old), 8);
	CALL(rt_sigaction, 12, 0, P(&old), 8);
	CALL(rt_sigaction, 9, P(&action), 0, 8);
	CALL(rt_sigqueueinfo, pid, 10, P(&info));
	CALL(rt_sigprocmask, 0, P(set), 0, 8);
	CALL(rt_tgsigqueueinfo, pid, pid, 10, P(&info));
	CALL(rt_sigpending, P(set), 8);
	CALL(rt_sigtimedwait, P(set), P(&info), P(&soon), 8);
	set[0] = 1 << 11;
	CALL(rt_sigtimedwait, P(set), P(&info), P(&soon), 8);
	CALL(kill, pid, 10);
	set[0] = 0;
	CALL(rt_sigprocmask, 2, P(set), P(set), 8);
	CALL(sigaltstack, P(&stack), 0);
	stack.flags = 2;
	CALL(sigaltstack, P(&stack), P(&stack));
}

__attribute__((noinline)) static void files(int pid)
{
	struct flock lock = { .type = 1, .length = 10 };
	struct { word at; } page = { P(bytes) };
	int ends[2], fd = (int)CALL(memfd_create, P("x32"), 1), node = -1;

	CALL(openat, AT_CWD, P("/nothing"), 0);
	CALL(pwritev, fd, P(two), 2, 5);
	CALL(preadv, fd, P(into), 2, 5);
	CALL(pwritev2, fd, P(two), 1, -1, 0, 0);
	CALL(preadv2, fd, P(into), 1, 0, 0, 0);
	CALL(preadv, fd, P(into), 1, -1);
	CALL(lseek, fd, 0x123456789, 0);
	CALL(fcntl, fd, 6, P(&lock));
	CALL(fcntl, fd, 5, P(&lock));
	CALL(stat, P("/dev/null"), P(bytes));
	CALL(newfstatat, AT_CWD, P("/dev/null"), P(bytes), 0x100);
	CALL(statfs, P("/proc"), P(bytes));
	CALL(pipe2, P(ends), 02000000);
	CALL(writev, ends[1], P(two), 2);
	CALL(ioctl, ends[0], 0x541b /* FIONREAD */, P(bytes));
	CALL(readv, ends[0], P(into), 2);
	CALL(vmsplice, ends[1], P(two), 2, 0);
	CALL(ioctl, fd, 0x5401 /* TCGETS */, P(bytes));
	CALL(readv, 99, P(into), 2);
	CALL(process_vm_readv, pid, P(into), 1, P(two), 1, 0);
	CALL(process_vm_writev, pid, P(two), 1, P(into), 2, 0);
	CALL(move_pages, 0, 1, P(&page), P(&node), P(bytes), 0);
	CALL(openat, AT_CWD, P("/proc/self/fdinfo"), 0200000 /* O_DIRECTORY */);
	CALL(getdents, ends[1] + 1, P(bytes), sizeof(bytes));
	for (word i = fd; i <= ends[1] + 1; i++)
		CALL(close, i);
}

__attribute__((noinline)) static void sockets(void)
{
	struct rights rights = { 16, 1, 1, 0 };
	struct mmsghdr several[2] = { { .head = { .iov = two, .count = 2 } }, { .head = { .iov = two + 1, .count = 1 } } };
	struct msghdr head = { .iov = two, .count = 2, .control = &rights, .control_size = sizeof(rights) };
	int pair[2], one = 1, size = 16;

	CALL(socketpair, 1, 2, 0, P(pair));
	CALL(setsockopt, pair[0], 1, 2, P(&one), 4);
	CALL(setsockopt, pair[0], 1, 20 /* SO_RCVTIMEO */, P(&soon), 16);
	CALL(getsockopt, pair[0], 1, 20, P(bytes), P(&size));
	CALL(sendmsg, pair[0], P(&head), 0);
	head = (struct msghdr){ .name = bytes + 1000, .name_size = 100, .iov = into, .count = 2, .control = &rights, .control_size = sizeof(rights) };
	CALL(recvmsg, pair[1], P(&head), 0);
	CALL(close, rights.fd);
	CALL(sendmmsg, pair[0], P(several), 2, 0);
	several[0].head.iov = several[1].head.iov = into;
	CALL(recvmmsg, pair[1], P(several), 2, 0, P(&soon));
	CALL(sendto, pair[1], P(text), 5, 0, 0, 0);
	CALL(recvfrom, pair[0], P(bytes), 100, 0, 0, 0);
	CALL(recvmsg, pair[0], 8, 0x40);
	CALL(close, pair[0]);
	CALL(close, pair[1]);
}

__attribute__((noinline)) static void others(void)
{
	struct sigevent event = { .value.number = 5, .signal = 10, .notify = 1 };
	struct { struct timespec every, first; } timer = { { 100, 5 }, { 7, 0 } };
	struct robust list = { &list, -4, NULL }, *got;
	struct { struct iovec buf, mem; } segment = { { text, 4096 }, { (void *)4096, 4096 } };
	struct iocb block = { .data = 5, .opcode = 1, .fd = 1, .buf = (uint32_t)P(text), .bytes = 14 }, *blocks[] = { &block };
	char *names[] = { text, text, NULL };
	word limit[2] = { 1, 2 }, moment[2] = { 0, 1000 };
	unsigned context = 0;
	int id = 0, size = 0, segment_id;

	CALL(timer_create, 1, P(&event), P(&id));
	CALL(timer_settime, id, 0, P(&timer), 0);
	CALL(timer_gettime, id, P(bytes));
	CALL(timer_delete, id);
	CALL(mq_notify, -1, P(&event));
	CALL(kexec_load, 4096, 1, P(&segment), 0x1000);
	CALL(set_robust_list, P(&list), sizeof(list));
	CALL(get_robust_list, 0, P(&got), P(&size));
	CALL(io_setup, 3, P(&context));
	CALL(io_submit, context, 1, P(blocks));
	CALL(io_getevents, context, 1, 3, P(bytes), P(&soon));
	CALL(io_destroy, context);
	CALL(ptrace, 0x4206 /* PTRACE_SEIZE */, 0, 0, 1);
	CALL(getrlimit, 7, P(limit));
	CALL(setrlimit, 99, P(limit));
	CALL(nanosleep, P(&soon), 0);
	CALL(clock_nanosleep, 1, 0, P(&soon), P(bytes));
	CALL(futex, P(&id), 0x80, id, P(&soon));
	CALL(select, 0, 0, 0, 0, P(moment));
	CALL(times, 0);
	segment_id = (int)CALL(shmget, 0, 4096, 01600);
	CALL(shmctl, segment_id, 2, P(bytes));
	CALL(shmctl, segment_id, 0, 0);
	CALL(execve, P("/nothing"), P(names), P(names + 2));
	CALL(execveat, -1, P("nothing"), P(names), 0, 0x1000);
	NUMBERED(0x40000258, 1, 2, 3, 4, 5, 6);
	NUMBERED(0x40000014, 1, P(two), 1); /* writev by x86-64's number */
	NUMBERED(39);			    /* getpid of x86-64 */
	CALL(getuid);
	i386_getuid();
	CALL(getuid);
}

__attribute__((noinline)) static void child(char *self)
{
	char *arguments[] = { env, self, leaf, NULL }, *environment[] = { variable, NULL };
	struct siginfo info = { 0 };
	int status;
	word pid = CALL(fork);

	if (pid == 0)
		CALL(execve, P("/usr/bin/env"), P(arguments), P(environment));
	CALL(waitid, 1, pid, P(&info), 0x1000004 /* WNOWAIT|WEXITED */, P(bytes));
	CALL(wait4, -1, P(&status), 0, P(bytes));
}

/* By the first letter of the first argument. */
__attribute__((used)) static void run(char **stack)
{
	char *self = stack[1], mode = stack[2] != NULL ? *stack[2] : 'l';
	int pid = (int)CALL(getpid);

	if (mode == 'c') {
		signals(pid);
		files(pid);
		sockets();
		others();
		child(self);
	} else if (mode == 'w') {
		CALL(readv, 0, P(into), 2);
		CALL(write, 1, P(text), 14);
	}
	CALL(exit_group, mode == 'l' ? 7 : 0);
}

void _start(void);
__asm__(".globl _start\n_start: xor %ebp, %ebp\nmov %rsp, %rdi\nand $-16, %rsp\ncall run");
