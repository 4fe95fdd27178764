/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes that open perf events.  Each event is made disabled, on ourselves unless the
 * question is about others, and closed at once.  What the errno means: perf_event_open(2)
 * and kernel/events/core.c.
 */
#include "base/cap_private.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int cap_perf_open(struct perf_event_attr *attr, int pid, int cpu, unsigned long flags)
{
	attr->size = sizeof(*attr);
	attr->disabled = 1;

	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, flags | PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int cap_perf_paranoid(const struct cap_env *env)
{
	char text[32];

	if (!cap_read(env, "/proc/sys/kernel/perf_event_paranoid", text, sizeof(text)))
		return 99;

	int level = atoi(text);

	return level < -1 ? -1 : level;
}

static struct perf_event_attr clock_attr(bool kernel_too)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
		.exclude_kernel = !kernel_too,
		.exclude_callchain_kernel = !kernel_too,
		.exclude_hv = 1,
	};
}

/* Try a sampling cpu-clock event on the calling thread (disabled, closed again): 0, or the errno. */
static int try_event(bool kernel_too, bool whole_machine)
{
	struct perf_event_attr attr = clock_attr(kernel_too);
	int fd = cap_perf_open(&attr, whole_machine ? -1 : 0, whole_machine ? 0 : -1, 0);

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

/* Say what ERRNUM means for something that kernel.perf_event_paranoid LEVEL allows. */
static void explain(const struct cap_env *env, struct cap_result *r, int errnum, int level)
{
	int paranoid = cap_perf_paranoid(env);

	switch (errnum) {
	case EACCES:
	case EPERM:
		if (paranoid > level) {
			cap_set(r, CAP_NOT_PERMITTED, "kernel.perf_event_paranoid is %d", paranoid);
			cap_set_fix(r, "sudo sysctl kernel.perf_event_paranoid=%d", level);
		} else {
			cap_set(r, CAP_NOT_PERMITTED,
				"refused although kernel.perf_event_paranoid is %d: a container or a security module",
				paranoid);
			cap_set_fix(r, "run it outside the container, or: docker run --cap-add PERFMON "
				       "--security-opt seccomp=unconfined ...");
		}
		break;
	case ENOSYS:
		cap_set(r, CAP_NOT_IN_KERNEL, "no perf_event_open (CONFIG_PERF_EVENTS is off)");
		break;
	default:
		cap_set(r, CAP_MISSING, "perf_event_open: %s", strerror(errnum));
	}
}

void cap_perf_user(const struct cap_env *env, struct cap_result *r)
{
	int errnum = try_event(false, false);

	if (errnum == 0) {
		cap_set(r, CAP_YES, "with frame-pointer stacks");
		return;
	}
	explain(env, r, errnum, 2);
	if (r->state == CAP_NOT_PERMITTED)
		cap_set(r, CAP_LIMITED, "kernel.perf_event_paranoid is %d: by a timer signal inside the program",
			cap_perf_paranoid(env));
}

void cap_perf_kernel(const struct cap_env *env, struct cap_result *r)
{
	int errnum = try_event(true, false);

	if (errnum == 0)
		cap_set(r, CAP_YES, "with kernel stacks");
	else
		explain(env, r, errnum, 1);
}

void cap_perf_system(const struct cap_env *env, struct cap_result *r)
{
	int errnum = try_event(true, true);

	if (errnum == 0)
		cap_set(r, CAP_YES, "all processes on all CPUs");
	else
		explain(env, r, errnum, 0);
}

void cap_perf_cycles(const struct cap_env *env, struct cap_result *r)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES,
					.sample_period = 1000000, .exclude_kernel = 1, .exclude_hv = 1 };
	CLEANUP(io_closep) int fd = cap_perf_open(&attr, 0, -1, 0);

	if (fd >= 0)
		cap_set(r, CAP_YES, "the CPU's own counter");
	else if (fd == -ENOENT || fd == -ENODEV || fd == -EOPNOTSUPP || fd == -ENXIO)
		cap_set(r, CAP_NO_HARDWARE, "no PMU (a VM?): the software clock serves");
	else
		explain(env, r, -fd, 2);
}

void cap_perf_branches(const struct cap_env *env, struct cap_result *r)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES, .sample_period = 1000000,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_BRANCH_STACK,
		.branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_ANY,
		.exclude_kernel = 1, .exclude_hv = 1,
	};
	CLEANUP(io_closep) int fd = cap_perf_open(&attr, 0, -1, 0);

	if (fd >= 0)
		cap_set(r, CAP_YES, "last branch records");
	else if (fd == -EACCES || fd == -EPERM)
		explain(env, r, -fd, 2);
	else
		cap_set(r, CAP_NO_HARDWARE, "no last branch records");
}

void cap_perf_trace_unit(const struct cap_env *env, struct cap_result *r)
{
	static const char *const units[][2] = {
		{ "/sys/bus/event_source/devices/intel_pt", "Intel PT" },
		{ "/sys/bus/event_source/devices/cs_etm", "Arm CoreSight" },
		{ "/sys/bus/event_source/devices/arm_spe_0", "Arm SPE" },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (cap_exists(env, units[i][0])) {
			cap_set(r, CAP_YES, "%s", units[i][1]);
			return;
		}
	cap_set(r, CAP_NO_HARDWARE, "no Intel PT, Arm CoreSight or SPE");
}

void cap_perf_max_stack(const struct cap_env *env, struct cap_result *r)
{
	char text[32];

	if (!cap_read(env, "/proc/sys/kernel/perf_event_max_stack", text, sizeof(text))) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no kernel.perf_event_max_stack");
		return;
	}

	int frames = atoi(text);

	cap_set(r, frames >= 127 ? CAP_YES : CAP_LIMITED, "%d frames", frames);
	if (frames < 127)
		cap_set_fix(r, "sudo sysctl kernel.perf_event_max_stack=127");
}

/* Our own rings are this large, each: a power of two and one page. */
enum { BUFFER_BYTES = 512 * 1024 };

void cap_perf_buffer(const struct cap_env *env, struct cap_result *r)
{
	struct perf_event_attr attr = clock_attr(false);
	CLEANUP(io_closep) int fd = cap_perf_open(&attr, 0, -1, 0);
	char text[32] = "?";

	if (fd < 0) {
		explain(env, r, -fd, 2);
		return;
	}

	size_t size = BUFFER_BYTES + (size_t)sysconf(_SC_PAGESIZE);
	void *ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	cap_read(env, "/proc/sys/kernel/perf_event_mlock_kb", text, sizeof(text));
	if (ring == MAP_FAILED) {
		cap_set(r, CAP_LIMITED, "kernel.perf_event_mlock_kb is %s: smaller buffers", text);
		cap_set_fix(r, "sudo sysctl kernel.perf_event_mlock_kb=8192");
		return;
	}
	munmap(ring, size);
	cap_set(r, CAP_YES, "kernel.perf_event_mlock_kb is %s", text);
}

void cap_perf_build_id(const struct cap_env *env, struct cap_result *r)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY,
					.mmap = 1, .mmap2 = 1, .build_id = 1,
					.exclude_kernel = 1, .exclude_hv = 1 };
	CLEANUP(io_closep) int fd = cap_perf_open(&attr, 0, -1, 0);

	if (fd >= 0)
		cap_set(r, CAP_YES, "in mmap records");
	else if (fd == -EINVAL || fd == -E2BIG)
		cap_set(r, CAP_NOT_IN_KERNEL, "since Linux 5.12: read from the files instead");
	else
		explain(env, r, -fd, 2);
}

/* The directory of our own cgroup, in the hierarchy that perf events know. */
static bool own_cgroup(const struct cap_env *env, char *path, size_t size)
{
	static const char *const tops[] = { "/sys/fs/cgroup/perf_event", "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };

	for (size_t i = 0; i < sizeof(tops) / sizeof(*tops); i++) {
		char procs[256];

		snprintf(procs, sizeof(procs), "%s/cgroup.procs", tops[i]);
		if (cap_exists(env, procs)) {
			cap_path(env, tops[i], path, size);
			return true;
		}
	}
	return false;
}

void cap_perf_cgroup(const struct cap_env *env, struct cap_result *r)
{
	struct perf_event_attr attr = clock_attr(true);
	char path[256];

	if (!cap_exists(env, "/proc/self/cgroup")) {
		cap_set(r, CAP_NOT_IN_KERNEL, "CONFIG_CGROUPS is off");
		return;
	}
	if (!own_cgroup(env, path, sizeof(path))) {
		cap_set(r, CAP_MISSING, "no cgroup hierarchy that perf events know");
		cap_set_fix(r, "sudo mount -t cgroup2 none /sys/fs/cgroup");
		return;
	}

	CLEANUP(io_closep) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(io_closep) int fd = cap_perf_open(&attr, dir, 0, PERF_FLAG_PID_CGROUP);

	if (fd >= 0)
		cap_set(r, CAP_YES, "by %s", path);
	else if (fd == -EINVAL || fd == -EBADF)
		cap_set(r, CAP_NOT_IN_KERNEL, "no cgroup filter for perf events (CONFIG_CGROUP_PERF is off)");
	else
		explain(env, r, -fd, 0);
}

static volatile long watched; /* an address that is surely ours */

void cap_perf_breakpoint(const struct cap_env *env, struct cap_result *r)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .bp_type = HW_BREAKPOINT_W, .bp_addr = (uintptr_t)&watched,
		.bp_len = sizeof(long), .sample_period = 1, .exclude_kernel = 1, .exclude_hv = 1,
	};
	int fds[16], count = 0;

	while (count < 16) {
		fds[count] = cap_perf_open(&attr, 0, -1, 0);
		if (fds[count] < 0)
			break;
		count++;
	}

	int error = count < 16 ? -fds[count] : 0;

	for (int i = 0; i < count; i++)
		close(fds[i]);
	if (count > 0)
		cap_set(r, CAP_YES, "%d at a time in a thread", count);
	else if (error == EACCES || error == EPERM)
		explain(env, r, error, 2);
	else
		cap_set(r, CAP_NO_HARDWARE, "the CPU or the VM has none (%s)", strerror(error));
}
