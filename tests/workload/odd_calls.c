/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls whose arguments are more than a structure or a text: registers of a stopped child, structures that point to others,
 * ioctls with large arguments, texts that run into a page which is not there or may not be read, descriptors in several messages.  Most of
 * them fail: what counts is how they are shown, by strace and by both of sonde's engines (tests/system/trace-compare.py).
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <linux/aio_abi.h>
#include <linux/btrfs.h>
#include <linux/if.h>
#include <linux/loop.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/personality.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

static char *page; /* with nothing behind it */
enum { PAGE = 4096 };

static void registers(void)
{
	struct user_regs_struct regs;
	struct user_fpregs_struct fp;
	struct iovec vec = { &regs, sizeof(regs) };
	siginfo_t info;
	int pid = fork(), watcher;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	ptrace(PTRACE_GETREGS, pid, 0, &regs);
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
	ptrace(PTRACE_GETFPREGS, pid, 0, &fp);
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &vec);
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &vec);
	ptrace(PTRACE_GETSIGINFO, pid, 0, &info);
	watcher = (int)syscall(SYS_pidfd_open, pid, 0);
	waitid(3 /* P_PIDFD */, (id_t)watcher, &info, WEXITED | WNOHANG);
	close(watcher);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void large_ioctls(void)
{
	static struct btrfs_ioctl_vol_args volume = { .fd = -1, .name = "a name" };
	static struct loop_config loop = { .fd = -1U, .info.lo_number = 7 };
	struct ifreq interfaces[4];
	struct ifconf list = { .ifc_len = sizeof(interfaces), .ifc_req = interfaces };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ioctl(-1, BTRFS_IOC_SNAP_CREATE, &volume);
	ioctl(-1, LOOP_CONFIGURE, &loop);
	ioctl(fd, SIOCGIFCONF, &list);
	close(fd);
}

static void pointers(void)
{
	struct iocb block = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = -1U, .aio_buf = (__u64)(unsigned long)"text", .aio_nbytes = 4 };
	struct iocb *blocks[] = { &block, &block };
	struct timespec soon = { 0, 1000 };
	sigset_t set;
	struct { const sigset_t *set; size_t size; } mask = { &set, 8 };
	struct { unsigned prog_type, insn_cnt; unsigned long insns, license; } program = { 1, 1, 0, (unsigned long)"GPL" };

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	syscall(SYS_io_submit, 0, 2L, blocks);
	syscall(SYS_io_getevents, 0, 0L, 0L, NULL, &soon);
	syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, &mask);
	syscall(SYS_bpf, 5, &program, 24);
	syscall(SYS_keyctl, 11 /* READ */, -1, page, 8L, 0L);
	syscall(SYS_kcmp, 1, 1, 7 /* EPOLL_TFD */, 3UL, "\xff\xff\xff\xff\xff\xff\xff\xff\3\0\0");
	syscall(SYS_mq_timedsend, -1, "message", 7L, 1, &soon);
	syscall(SYS_process_madvise, -1, &(struct iovec){ page, PAGE }, 1L, 0, 0);
}

static void texts(void)
{
	static char path[PATH_MAX + 10];

	memset(path, '/', sizeof(path) - 1);
	chdir(path);
	memset(page, 'a', PAGE);
	chdir(page);
	chdir(page + PAGE - 3);
	syscall(SYS_delete_module, page + PAGE - 33, 0);
}

/* Bytes that are there, but not for the program. */
static void no_access(void)
{
	mprotect(page, PAGE, PROT_NONE);
	chdir(page + 100);
	write(-1, page, 10);
	syscall(SYS_nanosleep, page, page);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void descriptors(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec vec = { page, 1 };
	struct mmsghdr out[2] = { { .msg_hdr = { .msg_iov = &vec, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) } } };
	struct cmsghdr *head = CMSG_FIRSTHDR(&out[0].msg_hdr);
	int pair[2], one = 1;

	head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &one, sizeof(one));
	out[1] = out[0];
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	sendmmsg(pair[0], out, 2, 0);
	recvmmsg(pair[1], out, 2, 0, NULL);
}

/* What -y and -yy say of descriptors, those in memory too, and of files that are gone. */
static void named(void)
{
	static char text[] = "hello";
	struct iovec vec = { text, 5 };
	struct iocb cb = { .aio_lio_opcode = IOCB_CMD_PWRITEV, .aio_buf = (unsigned long)&vec, .aio_nbytes = 1 }, *list = &cb;
	struct timeval none = { 0 };
	aio_context_t context = 0;
	sigset_t set;
	static fd_set wide[3];
	fd_set in, out;
	int event = eventfd(3, EFD_SEMAPHORE), file, space = open("/proc/self/ns/uts", O_RDONLY);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	file = signalfd(-1, &set, 0);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(event, &in);
	FD_SET(file, &in);
	FD_SET(event, &out);
	select(file + 1, &in, &out, NULL, &none);
	FD_SET(event, wide);
	select(3 * FD_SETSIZE, wide, NULL, NULL, &none);
	close(file);
	file = open("linked", O_CREAT | O_RDWR, 0600);
	fsetxattr(file, "user.text", text, sizeof(text), 0);
	if (link("linked", "link") == 0)
		unlink("link");
	unlink("linked");
	cb.aio_fildes = (unsigned)file;
	syscall(SYS_io_setup, 1, &context);
	syscall(SYS_io_submit, context, 1, &list);
	cb.aio_fildes = -1U;
	syscall(SYS_io_submit, context, 1, &list);
	close(file);
	close(space);
	close(event);
}

/* A command's number that sound has, too; flags behind results; texts whose NUL isn't shown, unless as a number. */
static void results(void)
{
	struct pollfd polled = { .fd = 1000, .events = POLLIN };
	struct termios modes;
	char text[64] = "";
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	tcgetattr(master, &modes);
	modes.c_oflag |= CR2 | TAB3;
	tcsetattr(master, TCSADRAIN, &modes);
	close(master);
	poll(&polled, 1, 0);
	syscall(SYS_membarrier, 0, 0, 0);
	syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 4);
	syscall(SYS_ioprio_get, 1, 0);
	syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text));
	getxattr("/nope", "user.a", text, sizeof(text));
	syscall(SYS_semctl, -1, 0, GETVAL, 0, 0, -1L); /* what is in the register of a sixth argument is nobody's */
	syscall(SYS_epoll_pwait, -1, NULL, 1, 0, &(sigset_t){ 0 }, 8);
	for (unsigned long bits = 0; bits < 3; bits++)
		syscall(SYS_set_mempolicy, -1, text, bits);
	personality(PER_SVR4);
	personality(PER_LINUX);
}

static int first_thread; /* 0: it has ended */

static int exec_then(void *unused)
{
	static char name[] = "true";
	char *const args[] = { name, NULL };

	(void)unused;
	syscall(SYS_futex, &first_thread, 0 /* FUTEX_WAIT */, 1, NULL);
	execv("/bin/true", args);
	return 1;
}

/* The first thread of a process ends, then another one execs. */
static void exec_of_second(void)
{
	enum { FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, STACK = 65536 };
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pid = fork();

	if (pid == 0) {
		first_thread = 1;
		syscall(SYS_set_tid_address, &first_thread);
		clone(exec_then, stack + STACK, FLAGS, NULL);
		syscall(SYS_exit, 7);
	}
	waitpid(pid, NULL, 0);
}

int main(void)
{
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(page + PAGE, PAGE);
	registers();
	large_ioctls();
	pointers();
	texts();
	no_access();
	descriptors();
	named();
	results();
	exec_of_second();
	return 0;
}
