/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace-child [--times N] [--empty enter|exit|both] FILE CMD...
 *
 * Runs CMD, N times one after the other, and writes to FILE what it took: "CPU wall", in nanoseconds.  With --empty
 * two BPF programs that do nothing ("return 0", two instructions each) are attached to raw_syscalls meanwhile: what
 * no tracer that looks at each call by BPF can get below.  Used by bench/trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void attach_empty(const char *tracepoint)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT, .insns = (uintptr_t)nothing, .insn_cnt = 2,
				.license = (uintptr_t)"Dual BSD/GPL" };
	int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	union bpf_attr open = { .raw_tracepoint = { .name = (uintptr_t)tracepoint, .prog_fd = (uint32_t)program } };

	if (program < 0 || syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &open, sizeof(open)) < 0) /* held until we end */
		fail(tracepoint);
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
		if (strcmp(argv[i + 1], "exit") != 0)
			attach_empty("sys_enter");
		if (strcmp(argv[i + 1], "enter") != 0)
			attach_empty("sys_exit");
	}
	if (i + 1 >= argc || (out = fopen(argv[i], "we")) == NULL) {
		fprintf(stderr, "trace-child [--times N] [--empty enter|exit|both] FILE CMD...\n");
		return 2;
	}
	start_ns = now_ns();
	for (unsigned long n = 0; n < times; n++)
		cpu_ns += run(argv + i + 1);
	fprintf(out, "%llu %llu\n", (unsigned long long)cpu_ns, (unsigned long long)(now_ns() - start_ns));
	return fclose(out) == 0 ? 0 : 2;
}
