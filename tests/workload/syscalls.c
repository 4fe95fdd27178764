/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes system calls with arguments of every shape, for the text of tracers to be compared.
 * It runs under a tracer that answers each call itself (strace -e inject=all:retval=0), so
 * that none of them does anything: without one it stops at once.  As no call works, it has
 * no C library, and ends by a trap.
 *
 * P is memory with a pattern, Z zeroes, S text, E the last bytes before memory that isn't
 * there, B an address that isn't there.
 */
#include <stddef.h>
#include <stdint.h>
#ifdef X32 /* x32's numbers, by which any x86-64 program can call: tracers decode a call by its number */
#define __X32_SYSCALL_BIT 0x40000000
#include <asm/unistd_x32.h>
#else
#include <sys/syscall.h>
#endif

enum { PAGE = 4096 };
static uint8_t page[3 * PAGE] __attribute__((aligned(4096)));
extern uint8_t _end[]; /* of the program's memory: nothing is mapped in the page behind it */
#define P ((long)page)
#define Z ((long)(page + PAGE))
#define E ((long)(((uintptr_t)_end + PAGE - 1) & ~(uintptr_t)(PAGE - 1)) - 4)
#define S ((long)(page + 2 * PAGE))
#define B (-4096L + 1)

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}
void *memset(void *to, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile uint8_t *)to)[i] = (uint8_t)c;
	return to;
}

static long words[512];
static unsigned word_count;

/* Words of memory, one after the other: their address. */
static long memory(unsigned n, const long *w)
{
	long at = (long)&words[word_count];

	if (word_count + n > 512) {
		word_count = 0;
		at = (long)words;
	}
	memcpy(&words[word_count], w, n * sizeof(long));
	word_count += n;
	return at;
}
#define W(...) memory(sizeof((long[]){ __VA_ARGS__ }) / sizeof(long), (long[]){ __VA_ARGS__ })
#define PAIR(low, high) ((long)((uint64_t)(uint32_t)(low) | (uint64_t)(high) << 32))
#define CALL(name, ...) call(__NR_##name, (long[6]){ __VA_ARGS__ })

static long call(long number, const long *a)
{
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Requests of ptrace() by what their last two arguments are, and sizes of perf_event_attr. */
static void tracers(void)
{
	static const long requests[] = { 0, 1, 3, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 24, 31, 33, 0x4200, 0x4201, 0x4202, 0x4203, 0x4204, 0x4205,
					 0x4206, 0x4207, 0x4209, 0x420a, 0x420b, 0x420d, 0x420e, 0x77 };

	for (unsigned i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		CALL(ptrace, requests[i], 7, 1, W(P, 48));
		CALL(ptrace, requests[i], 7, 120, B);
		CALL(ptrace, requests[i], 7, Z, 9);
	}
	CALL(ptrace, 0x4203, 7, 0, W(PAIR(29, 0), PAIR(2, 0), -5, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	CALL(ptrace, 0x4203, 7, 0, W(PAIR(31, 2), PAIR(1, 0), 0x401000, PAIR(80, 0xc000003e), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	for (long size = 48; size <= 128; size += 16)
		for (long type = 0; type < 7; type++)
			CALL(perf_event_open, W(PAIR(type, size), 0x10203 + type, 5, 0x2c07, 0x1f, 0x2018403, PAIR(1, 3), 8, 9, 0xff, 11, PAIR(12, 1), 13, 14,
						PAIR(15, 0), 16, 17, 18), 0, -1, -1, 8);
#ifndef X32
	CALL(get_thread_area, P);
	CALL(set_thread_area, Z);
#endif
	CALL(fsetxattr, 3, S, S, 5, 1);
	CALL(fsetxattr, 3, S, B, 70000, 1);
	CALL(fgetxattr, 3, S, P, 9);
	CALL(flistxattr, 3, P, 0);
	CALL(pidfd_getfd, 3, 4, 0);
	CALL(recvmmsg, 3, Z, 1, 0, W(1, 5));
}

static void files(void)
{
	CALL(read, 3, P, 20);
	CALL(write, 1, P, 40);
	CALL(write, 1, S, 5);
	CALL(write, 1, E, 40);
	CALL(write, 1, Z, 0);
	CALL(open, S, 0, 0);
	CALL(open, S, 0101, 0644);
	CALL(open, E, 02000002, 0644);
	CALL(open, B, 03, 0);
	CALL(openat, -100, S, 020200000 | 2, 0600);
	CALL(openat, 5, S, 0x80000, 0);
	CALL(openat, -100, 0, 0x101000, 0);
	CALL(openat2, -100, S, W(0x80042, 0640, 0x1f), 24);
	CALL(openat2, -100, S, W(0, 0, 0), 24);
	CALL(openat2, -100, S, W(0, 0), 16);
	CALL(openat2, -100, S, W(0, 0, 0, 0), 32);
	CALL(openat2, -100, S, W(0x40, 0, 8, 5), 32);
	CALL(creat, S, 0777);
	CALL(stat, S, P);
	CALL(stat, S, Z);
	CALL(fstat, 3, W(0x801, 5, PAIR(1, 0), PAIR(0100644, 1), PAIR(2, 0), 0, 100, 4096, 8, 1000000000, 5, 1000000001, 0, 0, 0, 0, 0, 0));
	CALL(fstat, 3, W(0x801, 5, 1, PAIR(020666, 1), PAIR(2, 0), 0x103, 100, 4096, 8, 1000000000, 5, 1000000001, 0, 0, 0, 0, 0, 0));
	CALL(newfstatat, -100, S, P, 0x1100);
	CALL(statx, -100, S, 0x1000, 0xfff, P);
	CALL(statx, -100, S, 0x2000, 0x7ff, Z);
	CALL(statx, 3, S, 0x900, 0x17ff, W(PAIR(0xfff, 4096), 4, PAIR(1, 1000), PAIR(1000, 0100755), 77, 12345, 24, 0x10, 1000000000, 7, 5, 0, 6, 0, 0, 0, PAIR(8, 1), PAIR(0, 5)));
	CALL(statfs, S, P);
	CALL(fstatfs, 3, W(0xef53, 4096, 1, 2, 3, 4, 5, PAIR(1, 2), 255, 4096, 0x1020, 0, 0, 0, 0));
	CALL(lseek, 3, -5, 1);
	CALL(access, S, 0);
	CALL(access, S, 7);
	CALL(faccessat, 3, S, 4);
	CALL(faccessat2, 3, S, 4, 0x200);
	CALL(pread64, 3, P, 10, 0x123456789);
	CALL(pwrite64, 3, P, 10, -2);
	CALL(readv, 3, W(P, 10, Z, 20), 2);
	CALL(writev, 3, W(P, 10, S, 20, Z, 4), 3);
	CALL(writev, 3, B, 3);
	CALL(preadv, 3, W(P, 10), 1, 5, 0);
	CALL(pwritev2, 3, W(P, 10), 1, 5, 0, 3);
	CALL(getcwd, S, 100);
	CALL(chdir, S);
	CALL(rename, S, S);
	CALL(renameat2, -100, S, 3, S, 1);
	CALL(mkdir, S, 01777);
	CALL(unlinkat, -100, S, 0x200);
	CALL(linkat, -100, S, 4, S, 0x400);
	CALL(symlinkat, S, 3, S);
	CALL(readlink, S, P, 20);
	CALL(readlinkat, 3, S, P, 20);
	CALL(chmod, S, 04755);
	CALL(fchmodat, -100, S, 0);
	CALL(fchownat, -100, S, 0, -1, 0x100);
	CALL(chown, S, 1000, 4294967295);
	CALL(mknod, S, 0100644, 0);
	CALL(mknod, S, 020600, 0x103);
	CALL(mknodat, 3, S, 060600, 0x801);
	CALL(umask, 022);
	CALL(truncate, S, 1 << 20);
	CALL(ftruncate, 3, -1);
	CALL(flock, 3, 6);
	CALL(fallocate, 3, 3, 0, 1000);
	CALL(fadvise64, 3, 0, 0, 2);
	CALL(getdents64, 3, Z, 100);
	CALL(utime, S, W(1000000000, 0));
	CALL(utimes, S, W(1, 2, 3, 4));
	CALL(utimensat, -100, S, W(5, 0x3fffffff, 7, 0x3ffffffe), 0x100);
	CALL(utimensat, -100, S, W(1000000000, 7, 1, 0), 0);
	CALL(utimensat, 3, 0, 0, 0);
	CALL(futimesat, 3, S, W(1, 2, 3, 4));
	CALL(setxattr, S, S, P, 10, 1);
	CALL(getxattr, S, S, P, 10);
	CALL(listxattr, S, P, 10);
	CALL(removexattr, S, S);
	CALL(sync_file_range, 3, 1, 2, 7);
	CALL(splice, 3, W(5), 4, 0, 100, 15);
	CALL(tee, 3, 4, 100, 1);
	CALL(vmsplice, 3, W(S, 5), 1, 8);
	CALL(sendfile, 3, 4, W(5), 100);
	CALL(sendfile, 3, 4, 0, 100);
	CALL(copy_file_range, 3, W(1), 4, W(2), 100, 0);
	CALL(mount, S, S, S, 0, S);
	CALL(mount, S, S, S, 0x1000, S);
	CALL(mount, S, S, S, 0xc0ed0021, S);
	CALL(umount2, S, 3);
	CALL(swapon, S, 0x8005);
	CALL(pivot_root, S, S);
	CALL(name_to_handle_at, -100, S, W(PAIR(8, 1), 0x0807060504030201), W(5), 0x400);
	CALL(open_by_handle_at, 3, W(PAIR(8, 1), 0x0807060504030201), 0);
	CALL(memfd_create, S, 0x84000003);
	CALL(inotify_add_watch, 3, S, 0xfff);
	CALL(fanotify_init, 5, 0x80000);
	CALL(fanotify_mark, 3, 0x101, 0x40000003, -100, S);
	CALL(quotactl, 0x80000700, S, 5, P);
	CALL(quotactl, 0x80000201, S, 2, S);
	CALL(quotactl, 0x80000500, S, 5, P);
	CALL(close_range, 3, 4, 2);
}

static void descriptors(void)
{
	static const int flock_cmds[] = { 5, 6, 7, 36, 37 };

	CALL(pipe2, W(PAIR(3, 4)), 0x80800);
	CALL(dup3, 3, 4, 0x80000);
	for (unsigned i = 0; i < 5; i++)
		CALL(fcntl, 3, flock_cmds[i], W(PAIR(0x10001, 0), 5, 6, 7));
	for (long cmd = 0; cmd < 18; cmd++)
		if (cmd < 5 || cmd > 7)
			CALL(fcntl, 3, cmd, W(PAIR(1, 5)));
	for (long cmd = 1024; cmd < 1039; cmd++)
		CALL(fcntl, 3, cmd, W(3));
	CALL(fcntl, 3, 4, 04000);
	CALL(fcntl, 3, 2, 1);
	CALL(fcntl, 3, 1024, 1);
	CALL(fcntl, 3, 1026, 0x80000001);
	CALL(fcntl, 3, 1033, 3);
	CALL(fcntl, 3, 10, 10);
	CALL(poll, W(PAIR(3, 1), PAIR(-1, 2), PAIR(4, 5)), 3, 1000);
	CALL(poll, 0, 0, -1);
	CALL(poll, E, 2, 5);
	CALL(ppoll, W(PAIR(3, 1)), 1, W(1, 2), W(0x5), 8);
	CALL(select, 10, W(9), W(2), 0, W(1, 2));
	CALL(select, 0, 0, 0, 0, 0);
	CALL(pselect6, 10, W(9), W(2), 0, W(1, 2), W(W(6), 8));
	CALL(epoll_ctl, 3, 1, 4, W(PAIR(0x2005, 5), 0));
	CALL(epoll_ctl, 3, 2, 4, P);
	CALL(epoll_wait, 3, P, 4, 5);
	CALL(epoll_pwait2, 3, P, 4, W(1, 2), W(1), 8);
	CALL(signalfd4, -1, W(0x11), 8, 0x80800);
	CALL(timerfd_create, 1, 0x80800);
	CALL(timerfd_settime, 3, 1, W(1, 2, 3, 4), W(5, 6, 7, 8));
	CALL(timerfd_gettime, 3, W(1, 2, 3, 4));
	CALL(eventfd2, 5, 1);
	CALL(io_setup, 5, W(0));
	CALL(io_submit, 5, 2, W(W(1, PAIR(0, 0), PAIR(PAIR(0, 0) | 1, 3), S, 10, 5, 0, 0), W(0, 0, PAIR(0, 3), P, 10, 5, 0, 0)));
	CALL(io_getevents, 5, 1, 2, P, W(1, 2));
	CALL(io_cancel, 5, W(0, 0, PAIR(7, 3), P, 10, 5, 0, 0), P);
	CALL(io_uring_setup, 5, Z);
	CALL(io_uring_setup, 5, P);
	CALL(io_uring_enter, 3, 1, 2, 3, W(5), 8);
	CALL(io_uring_register, 3, 0, W(P, 5), 1);
	CALL(io_uring_register, 3, 2, W(PAIR(4, 5)), 2);
}

static void ioctls(void)
{
	static const unsigned cmds[] = {
		0x5401, 0x5402, 0x5403, 0x5404, 0x5405, 0x5406, 0x5409, 0x540a, 0x540b, 0x540c, 0x540d, 0x540e, 0x540f, 0x5410, 0x5411, 0x5412,
		0x5413, 0x5414, 0x5415, 0x5416, 0x5417, 0x5418, 0x5419, 0x541a, 0x541b, 0x541c, 0x541d, 0x541e, 0x5420, 0x5421, 0x5422,
		0x5423, 0x5424, 0x5425, 0x5427, 0x5428, 0x5429, 0x5450, 0x5451, 0x5452, 0x5460, 0x80045430, 0x40045431, 0x5441,
		0x1260, 0x1261, 0x1262, 0x1263, 0x1264, 0x1265, 0x1266, 0x1267, 0x1268, 0x1269, 0x126c, 0x80081272, 0x127a, 0x127b,
		0x40049409, 0x4020940d, 0xc0205866 & 0, 0x80086601, 0x40086602, 0xc020660b, 0xc0045877, 0xc0045878, 0x0301,
		0x8901, 0x8902, 0x8903, 0x8904, 0x8905, 0x8906, 0x8907, 0x8912, 0x8913, 0x8914, 0x8915, 0x8921, 0x8927, 0x8933, 0x8910,
		0x2400, 0x2401, 0x2403, 0x40082404, 0x2405, 0x40082406, 0x80082407, 0x40042408, 0x40042409, 0xb701, 0xb702, 0xb703,
		0x400454ca, 0x400454cb, 0x800454cf, 0x2285, 0x5310, 0x4b33, 0x5607, 0x540, 0xdeadbeef, 0xae00, 0xae01, 0x7001, 0x80247009,
		0xc018aa3f, 0xc020aa00, 0x8010aa01, 0x5e01 };

	for (unsigned i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		CALL(ioctl, 0, cmds[i], P);
		CALL(ioctl, 0, cmds[i], Z);
		CALL(ioctl, 0, cmds[i], 0);
	}
}

static void sockets(void)
{
	static const uint8_t un[] = "\1\0/tmp/sock", abstract[] = "\1\0\0abc", in[16] = "\2\0\0\120\177\0\0\1";
	static const uint8_t in6[28] = "\12\0\0\120\0\0\0\1\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1\5";
	static const uint8_t nl[12] = "\20\0\0\0\5\0\0\0\1", ll[20] = "\21\0\10\0\2\0\0\0\1\0\1\6abcdef", vm[16] = "\50\0\0\0\1\0\0\0\2\0\0\0";
	static const uint8_t can[16] = "\35\0\0\0\5\0\0\0", bt[10] = "\37\0\1\0abcdef", x25[18] = "\11\0123456789", ipx[16] = "\4\0\1\2abcdefghij";
	static const uint8_t alg[88] = "\46\0hash", ax25[16] = "\3\0abcdef", nfc[16] = "\47\0\1\2\3\4\5\6\7\10";
	static const struct {
		const uint8_t *bytes;
		int size;
	} names[] = { { un, sizeof(un) }, { un, 5 }, { abstract, 6 }, { un, 2 }, { un, 110 }, { in, 16 }, { in, 10 }, { in6, 28 }, { in6, 24 }, { nl, 12 }, { ll, 20 }, { vm, 16 },
		      { can, 16 }, { bt, 8 }, { bt, 10 }, { x25, 18 }, { ipx, 16 }, { alg, 88 }, { ax25, 16 }, { nfc, 16 }, { in, 1 }, { in, 0 }, { in, -1 } };
	static uint8_t space[256];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(space, 0, sizeof(space));
		memcpy(space, names[i].bytes, names[i].size < 0 ? 0 : names[i].size > 88 ? 12 : (size_t)names[i].size);
		CALL(bind, 3, (long)space, names[i].size);
	}
	CALL(connect, 3, P, 16);
	CALL(connect, 3, B, 16);
	CALL(accept4, 3, (long)in, W(16), 0x80000);
	CALL(accept, 3, 0, 0);
	CALL(getsockname, 3, (long)in6, W(28));
	for (long family = 0; family < 48; family += 1)
		CALL(socket, family, 1 + family % 6, family == 2 ? 6 : family == 10 ? 58 : family == 16 ? 15 : family);
	CALL(socket, 16, 0x80003, 0);
	CALL(socket, 17, 0x80003, 0x300);
	CALL(socket, 17, 3, 0x608);
	CALL(socket, 31, 3, 1);
	CALL(socketpair, 1, 0x80801, 0, W(PAIR(3, 4)));
	CALL(sendto, 3, S, 10, 0x4000, (long)in, 16);
	CALL(recvfrom, 3, P, 10, 0x40, (long)in, W(16));
	CALL(sendmsg, 3, W((long)in, 16, W(S, 5, P, 3), 2, W(20, PAIR(1, 1), 3, 28, PAIR(1, 2), PAIR(5, 6), 7), 60, 0), 0x4000);
	CALL(sendmsg, 3, W(0, 0, 0, 0, 0, 0, 0), 0);
	CALL(sendmsg, 3, W(0, 0, W(S, 5), 1, W(28, PAIR(0, 8), PAIR(1, 0x0100007f), 5), 32, 0), 0);
	CALL(recvmsg, 3, W((long)in, 16, W(S, 5, P, 3), 2, W(20, PAIR(1, 1), 3), 24, 0), 0x40);
	CALL(sendmmsg, 3, W(0, 0, W(S, 5), 1, 0, 0, 0, 5, 0, 0, W(S, 2), 1, 0, 0, 0, 2), 2, 0);
	CALL(recvmmsg, 3, W(0, 0, W(S, 5), 1, 0, 0, 0, 5), 1, 0x40, W(1, 2));
	CALL(shutdown, 3, 2);
	for (long level = 0; level < 290; level += level < 45 ? 1 : level == 45 ? 87 : 1)
		CALL(setsockopt, 3, level, 2, W(1), 4);
	for (long name = 0; name < 80; name++) {
		CALL(setsockopt, 3, 1, name, W(1), 4);
		CALL(getsockopt, 3, 1, name, W(1), W(4));
		CALL(getsockopt, 3, 6, name, W(1), W(4));
		CALL(setsockopt, 3, 0, name, W(1), 4);
		CALL(setsockopt, 3, 41, name, W(1), 4);
	}
	CALL(setsockopt, 3, 1, 13, W(PAIR(1, 5)), 8);
	CALL(setsockopt, 3, 1, 20, W(1, 5), 16);
	CALL(getsockopt, 3, 1, 17, W(PAIR(1, 5), 7), W(12));
	CALL(setsockopt, 3, 1, 26, W(2, W(PAIR(0x15, 5) + 0x10000, PAIR(6, 0))), 16);
	CALL(setsockopt, 3, 1, 25, S, 5);
	CALL(setsockopt, 3, 0, 35, W(PAIR(0x0100007f, 0)), 8);
	CALL(setsockopt, 3, 41, 20, P, 20);
}

static void processes(void)
{
	static const long prctls[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,
				       37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 50, 51, 52, 53, 55, 56, 57, 58, 59, 62, 0x53564d41, 0x59616d61 };

	CALL(execve, S, W(S, S, 0), W(S, 0));
	CALL(execveat, 3, S, W(S, B), 0, 0x1000);
	CALL(wait4, -1, W(0x100), 1, P);
	CALL(waitid, 1, 5, P, 4, P);
	CALL(clone3, W(0x1300000, 1, 2, (long)&words[0], 17, 6, 7, 8, 0, 0, 0), 88);
	CALL(clone3, W(0x100, 1, 2, 3, 4, 5, 6, 7), 64);
	CALL(kill, 5, 9);
	CALL(tgkill, 5, 6, 40);
	CALL(rt_sigaction, 10, W(1, 0x14000000, 0x1234, 5), W(0, 0, 0, 0), 8);
	CALL(rt_sigaction, 32, 0, P, 8);
	CALL(rt_sigaction, 10, W(0x1000, 0x4, 0x1234, -1), 0, 8);
	CALL(rt_sigprocmask, 0, W(0x7), W(-1), 8);
	CALL(rt_sigprocmask, 2, 0, W(0), 8);
	CALL(rt_sigtimedwait, W(1), P, W(1, 2), 8);
	CALL(rt_sigqueueinfo, 5, 10, W(PAIR(10, 0), PAIR(-1, 0), PAIR(5, 6), 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	CALL(rt_tgsigqueueinfo, 5, 6, 10, W(PAIR(10, 0), PAIR(0, 0), PAIR(5, 6), 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	CALL(rt_sigpending, W(5), 8);
	CALL(rt_sigsuspend, W(5), 8);
	CALL(sigaltstack, W(5, 2, 8192), W(0, 1, 0));
	CALL(getrlimit, 7, W(1024, -1));
	CALL(prlimit64, 0, 3, W(8192 * 1024, -1), W(1, 2));
	CALL(getrusage, -1, P);
	CALL(getrusage, 0, W(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18));
	CALL(sysinfo, P);
	CALL(times, W(1, 2, 0, 400));
	CALL(uname, S);
	CALL(getgroups, 2, W(PAIR(1, 2)));
	CALL(setgroups, 2, W(PAIR(1, 2)));
	CALL(getresuid, W(1), W(2), W(3));
	CALL(setresuid, 1, -1, 3);
	CALL(capget, W(PAIR(0x20080522, 5)), W(PAIR(1, 2), PAIR(4, 8), 0));
	CALL(capset, W(PAIR(0x19980330, 5)), W(PAIR(1, 2), PAIR(4, 8), 0));
	CALL(capget, W(PAIR(0x20080522, 5)), 0);
	CALL(getpriority, 0, 5);
	CALL(sched_setscheduler, 5, 1, W(5));
	CALL(sched_setscheduler, 5, 0x40000002, W(5));
	CALL(sched_getparam, 5, W(7));
	CALL(sched_setaffinity, 0, 8, W(5));
	CALL(sched_getaffinity, 0, 8, W(5));
	CALL(sched_setattr, 0, W(PAIR(48, 1), 1, PAIR(5, 6), 7, 8, 9), 0);
	CALL(sched_getattr, 0, W(PAIR(56, 6), 1, PAIR(5, 6), 7, 8, 9, 10), 56, 0);
	CALL(sched_rr_get_interval, 0, W(1, 2));
	CALL(ioprio_set, 1, 0, 0x4005);
	CALL(ioprio_get, 1, 0);
	CALL(unshare, 0x10000000);
	CALL(setns, 3, 0x40000000);
	CALL(arch_prctl, 0x1002, 0x1234);
	CALL(arch_prctl, 0x1003, W(0x1234));
	CALL(personality, 0x40008);
	CALL(personality, 0xffffffff);
	CALL(getcpu, W(1), W(2), 0);
	CALL(get_robust_list, 0, W(5), W(6));
	CALL(process_vm_readv, 5, W(S, 5), 1, W(0x1000, 5), 1, 0);
	CALL(process_vm_writev, 5, W(S, 5), 1, W(0x1000, 5), 1, 0);
	CALL(kcmp, 1, 2, 0, 3, 4);
	CALL(kcmp, 1, 2, 1, 3, 4);
	for (unsigned i = 0; i < sizeof(prctls) / sizeof(prctls[0]); i++) {
		CALL(prctl, prctls[i], S, 2, 3, 4);
		CALL(prctl, prctls[i], 1, 2, 3, 4);
		CALL(prctl, prctls[i], 2, W(1, W(6)), 0, 0);
	}
	for (long request = 0; request < 34; request++)
		CALL(ptrace, request, 5, 6, W(7));
	for (long request = 0x4200; request < 0x4213; request++)
		CALL(ptrace, request, 5, request == 0x420a || request == 0x420b ? 8 : 1, P);
	CALL(futex, P, 0x80, 5, W(1, 2), 0, 0);
	CALL(futex, P, 0x81, 5, 0, 0, 0);
	CALL(futex, P, 0x83, 1, 2, P, 0);
	CALL(futex, P, 0x84, 1, 2, P, 5);
	CALL(futex, P, 0x85, 1, 2, P, 0x4000001);
	CALL(futex, P, 0x189, 1, 0, 0, -1);
	CALL(futex, P, 0x8a, 1, 0, 0, 5);
	CALL(futex, P, 6, 1, W(1, 2), 0, 5);
	CALL(futex, P, 11, 1, W(1, 2), P, 5);
	CALL(futex, P, 200, 1, 2, 3, 5);
	CALL(set_robust_list, P, 24);
	CALL(getitimer, 0, W(1, 2, 3, 4));
	CALL(setitimer, 0, W(1, 2, 3, 4), W(0, 0, 0, 0));
	CALL(timer_create, 0, W(5, PAIR(10, 0)), W(7));
	CALL(timer_create, 1, W(5, PAIR(10, 4), 9), W(7));
	CALL(timer_settime, 5, 1, W(1, 2, 3, 4), W(0, 0, 0, 0));
	CALL(clock_gettime, 1, W(1, 2));
	CALL(clock_nanosleep, 1, 1, W(1, 2), W(3, 4));
	CALL(nanosleep, W(1, 2), W(3, 4));
	CALL(gettimeofday, W(1, 2), W(PAIR(3, 4)));
	CALL(settimeofday, W(1, 2), 0);
	CALL(time, W(1000000000));
	CALL(adjtimex, P);
	CALL(clock_adjtime, 0, Z);
	CALL(getrandom, P, 5, 1);
	CALL(getrandom, P, 50, 0);
}

static void kernel(void)
{
	CALL(mmap, 0x1000, 4096, 3, 0x22, -1, 0);
	CALL(mmap, 0, 4096, 0, 0x40022 | 21 << 26, 3, 0x2000);
	CALL(mremap, 0x1000, 4096, 8192, 1, 5);
	CALL(mremap, 0x1000, 4096, 8192, 3, 0x5000);
	CALL(madvise, 0x1000, 4096, 4);
	CALL(mincore, 0x1000, 8192, P);
	CALL(mlock2, 0x1000, 5, 1);
	CALL(mlockall, 3);
	CALL(mbind, 0x1000, 4096, 2, W(5), 9, 1);
	CALL(set_mempolicy, 0x8003, W(5), 9);
	CALL(get_mempolicy, W(2), W(5), 9, 0x1000, 2);
	CALL(get_mempolicy, W(2), W(5), 65, 0x1000, 1);
	CALL(migrate_pages, 5, 9, W(1), W(2));
	CALL(move_pages, 5, 2, W(0x1000, 0x2000), W(PAIR(0, 1)), W(PAIR(-2, 1)), 2);
	CALL(pkey_alloc, 0, 1);
	CALL(membarrier, 0, 0, 0);
	CALL(membarrier, 8, 0, 0);
	CALL(process_madvise, 3, W(0x1000, 5), 1, 21, 0);
	CALL(modify_ldt, 1, W(PAIR(-1, 5), PAIR(6, 0x51)), 16);
#ifndef X32
	CALL(set_thread_area, W(PAIR(12, 5), PAIR(6, 0x51)));
#endif
	CALL(shmget, 0, 4096, 01600);
	CALL(shmget, 0x1234, 4096, 0);
	CALL(shmat, 5, 0, 010000);
	CALL(shmctl, 5, 2, P);
	CALL(shmctl, 5, 1, P);
	CALL(shmctl, 5, 0, 0);
	CALL(shmctl, 5, 3, P);
	CALL(shmctl, 5, 14, P);
	CALL(semget, 0, 2, 01600);
	CALL(semop, 5, W(0x1000000010000 | 0x200000000000), 1);
	CALL(semtimedop, 5, W(PAIR(0xffff0001, 0x800)), 1, W(1, 2));
	CALL(semctl, 5, 1, 16, 7);
	CALL(semctl, 5, 1, 2, P);
	CALL(semctl, 5, 1, 12, 0);
	CALL(msgget, 0x1234, 01644);
	CALL(msgsnd, 5, W(7, 0x636261), 3, 04000);
	CALL(msgrcv, 5, W(7, 0x636261), 3, -2, 0);
	CALL(msgctl, 5, 2, P);
	CALL(msgctl, 5, 1, P);
	CALL(mq_open, S, 0102, 0600, W(0, 10, 20, 0));
	CALL(mq_open, S, 0, 0, 0);
	CALL(mq_timedsend, 3, S, 5, 6, W(1, 2));
	CALL(mq_timedreceive, 3, S, 5, W(6), W(1, 2));
	CALL(mq_notify, 3, W(5, PAIR(10, 0)));
	CALL(mq_getsetattr, 3, W(2048, 0, 0, 0, 0, 0, 0, 0), W(0, 10, 20, 5));
	CALL(add_key, S, S, P, 5, -2);
	CALL(request_key, S, S, S, 7);
	for (long cmd = 0; cmd < 32; cmd++)
		CALL(keyctl, cmd, S, P, 4, 5);
	CALL(keyctl, 0, -3, 1, 4, 5);
	CALL(keyctl, 5, 7, 0x3f3f0000, 4, 5);
	CALL(seccomp, 0, 0, 0);
	CALL(seccomp, 1, 1, W(2, W(PAIR(0x20, 0), PAIR(6, 0x7fff0000))));
	CALL(seccomp, 2, 0, W(0x50000));
	for (long cmd = 0; cmd < 38; cmd++) {
		CALL(bpf, cmd, P, 128);
		CALL(bpf, cmd, Z, 72);
	}
	CALL(perf_event_open, Z, 0, -1, -1, 8);
	CALL(perf_event_open, W(PAIR(1, 128), 0, 4000, 7, 3, 0x601, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, -1, -1, 8);
	CALL(perf_event_open, W(PAIR(0, 112), 1, 4000, 7, 3, 0x1008001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, -1, -1, 8);
	CALL(landlock_create_ruleset, W(5), 8, 0);
	CALL(landlock_create_ruleset, 0, 0, 1);
	CALL(landlock_add_rule, 3, 1, W(5, 6), 0);
	CALL(pidfd_send_signal, 3, 9, 0, 0);
	CALL(pidfd_open, 5, 0);
	CALL(open_tree, -100, S, 0x80001);
	CALL(move_mount, 3, S, -100, S, 4);
	CALL(fsopen, S, 1);
	for (long cmd = 0; cmd < 9; cmd++)
		CALL(fsconfig, 3, cmd, S, S, 4);
	CALL(fsmount, 3, 1, 3);
	CALL(mount_setattr, 3, S, 0x8000, W(1, 2, 0x40000, 5), 32);
	CALL(init_module, P, 5, S);
	CALL(finit_module, 3, S, 1);
	CALL(delete_module, S, 0xa00);
	CALL(kexec_load, 1, 1, W(1, 2, 3, 4), 0x3e0001);
	CALL(kexec_file_load, 3, 4, 5, S, 1);
	CALL(reboot, 0xfee1dead, 672274793, 0x1234567, 0);
	CALL(reboot, 0xfee1dead, 672274793, 0xa1b2c3d4, S);
	CALL(sethostname, S, 3);
	CALL(syslog, 3, S, 5);
	CALL(syslog, 10, 0, 0);
	CALL(futex_waitv, W(1, P, 0x82, 5, 6, 0), 2, 0, W(1, 2), 1);
	CALL(lookup_dcookie, 5, S, 10);
	CALL(ustat, 0x801, P);
	CALL(sysfs, 1, S, 3);
	CALL(acct, 0);
	CALL(vhangup, 0);
	CALL(ioperm, 1, 2, 1);
}

void _start(void);
__attribute__((force_align_arg_pointer)) void _start(void)
{
	static void (*const parts[])(void) = { files, descriptors, ioctls, sockets, processes, kernel, tracers };
	static const char text[] = "a text with \"quotes\" and\n\ttabs, longer than 32";

	for (unsigned i = 0; i < PAGE; i++)
		page[i] = (uint8_t)(i * 7 + i / 256 + 1);
	memset(page + 2 * PAGE, 'x', PAGE);
	memcpy(page + 2 * PAGE, text, sizeof(text));
	/* Nothing makes this succeed but a tracer that says so. */
	if (CALL(close, -77) == 0)
		for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			parts[i]();
	else
		CALL(exit, 2);
	__builtin_trap();
}
