/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace-child [--times N] [--floor empty|clock|record] FILE CMD...
 *
 * Runs CMD, N times one after the other, and writes to FILE what it took: "CPU wall", in nanoseconds.  With --floor
 * two BPF programs are attached to raw_syscalls meanwhile, which show what no tracer that looks at each call by BPF can
 * get below: `empty` ones do nothing ("return 0", two instructions each); `clock` reads the time at entry and at
 * exit, without which there is no duration; `record` also hands over a record a call.  Used by bench/trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "trace-child: %s: %s\n", what, strerror(errno));
	exit(2);
}

#define CALL(helper) { .code = BPF_JMP | BPF_CALL, .imm = (helper) }
#define SET(reg, value) { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value) }
#define COPY(to, from) { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from) }
#define RETURN_0 SET(BPF_REG_0, 0), { .code = BPF_JMP | BPF_EXIT }
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void attach(const char *tracepoint, const struct bpf_insn *insns, size_t count)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT, .insns = (uintptr_t)insns, .insn_cnt = (uint32_t)count,
				.license = (uintptr_t)"Dual BSD/GPL" };
	int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	union bpf_attr open = { .raw_tracepoint = { .name = (uintptr_t)tracepoint, .prog_fd = (uint32_t)program } };

	if (program < 0 || syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &open, sizeof(open)) < 0) /* held until we end */
		fail(tracepoint);
}

static void attach_empty(const char *tracepoint)
{
	static const struct bpf_insn nothing[] = { RETURN_0 };

	attach(tracepoint, nothing, COUNT(nothing));
}

static void attach_clock(const char *tracepoint)
{
	static const struct bpf_insn clock[] = { CALL(BPF_FUNC_ktime_get_ns), RETURN_0 };

	attach(tracepoint, clock, COUNT(clock));
}

/* The cheapest reader of a ring that there can be: it looks at nothing. */
static void *forget_records(void *ring_fd)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = (int)(intptr_t)ring_fd;
	uint64_t *consumer = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const uint64_t *producer = mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, fd, page);

	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		fail("mmap of a ring");
	for (;; usleep(1000))
		__atomic_store_n(consumer, __atomic_load_n(producer, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	return NULL;
}

/* The clock, and a record of 128 bytes that is reserved and handed over. */
static void attach_record(const char *tracepoint)
{
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 16 << 20 };
	int fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
	const struct bpf_insn record[] = {
		CALL(BPF_FUNC_ktime_get_ns),
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = fd }, { 0 },
		SET(BPF_REG_2, 128),
		SET(BPF_REG_3, 0),
		CALL(BPF_FUNC_ringbuf_reserve),
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 3 },
		COPY(BPF_REG_1, BPF_REG_0),
		SET(BPF_REG_2, BPF_RB_NO_WAKEUP),
		CALL(BPF_FUNC_ringbuf_submit),
		RETURN_0,
	};
	pthread_t thread;

	if (fd < 0)
		fail("a BPF ring");
	attach(tracepoint, record, COUNT(record));
	if (pthread_create(&thread, NULL, forget_records, (void *)(intptr_t)fd) != 0)
		fail("pthread_create");
}

/* WHAT: empty, clock, record. */
static void attach_floor(const char *what)
{
	if (strcmp(what, "empty") == 0)
		attach_empty("sys_enter");
	else
		attach_clock("sys_enter");
	if (strcmp(what, "empty") == 0)
		attach_empty("sys_exit");
	else if (strcmp(what, "clock") == 0)
		attach_clock("sys_exit");
	else
		attach_record("sys_exit");
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* CPU time in nanoseconds. */
static uint64_t run(char **command)
{
	struct rusage usage;
	int status, null;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		close(null);
		execvp(command[0], command);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		fail(command[0]);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

int main(int argc, char **argv)
{
	unsigned long times = 1;
	uint64_t cpu_ns = 0, start_ns;
	FILE *out;
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--times") == 0) {
			times = strtoul(argv[i + 1], NULL, 10);
			continue;
		}
		attach_floor(argv[i + 1]);
	}
	if (i + 1 >= argc || (out = fopen(argv[i], "we")) == NULL) {
		fprintf(stderr, "trace-child [--times N] [--floor empty|clock|record] FILE CMD...\n");
		return 2;
	}
	start_ns = now_ns();
	for (unsigned long n = 0; n < times; n++)
		cpu_ns += run(argv + i + 1);
	fprintf(out, "%llu %llu\n", (unsigned long long)cpu_ns, (unsigned long long)(now_ns() - start_ns));
	return fclose(out) == 0 ? 0 : 2;
}
