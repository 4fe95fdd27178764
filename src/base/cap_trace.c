/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes of what the kernel tells about itself: symbols, tracepoints, probes, its log and
 * its memory.  Probes are made through perf_event_open, not through tracefs files: those
 * belong to a descriptor, so that nothing stays when we are killed half-way.
 */
#include "base/cap_private.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- symbols --------------------------------------------------------------------------- */

/* "ffffffff81000000 T _stext": is any of the first addresses not zero? */
static bool any_address(const char *kallsyms)
{
	for (int line = 0; line < 50 && *kallsyms; line++) {
		if (strtoull(kallsyms, NULL, 16) != 0)
			return true;
		kallsyms += strcspn(kallsyms, "\n");
		kallsyms += *kallsyms == '\n';
	}
	return false;
}

/* Does /proc/kallsyms give us addresses? */
static bool has_kernel_symbols(const struct cap_env *env)
{
	char text[4096];

	return cap_read(env, "/proc/kallsyms", text, sizeof(text)) && any_address(text);
}

/* kallsyms_show_value() in the kernel: at 0 whoever may profile it, at 1 who has CAP_SYSLOG. */
static void explain_hidden(const struct cap_env *env, struct cap_result *r, const char *restricted)
{
	int paranoid = cap_perf_paranoid(env);

	cap_set(r, CAP_NOT_PERMITTED, "addresses are hidden: kernel.kptr_restrict is %s, kernel.perf_event_paranoid %d",
		restricted, paranoid);
	cap_set_fix(r, "sudo sysctl%s%s", strcmp(restricted, "0") == 0 ? "" : " kernel.kptr_restrict=0",
		    paranoid > 1 ? " kernel.perf_event_paranoid=1" : "");
	if (strcmp(restricted, "0") == 0 && paranoid <= 1)
		r->fix[0] = '\0';
}

void cap_trace_symbols(const struct cap_env *env, struct cap_result *r)
{
	char restricted[16] = "?";

	if (!cap_exists(env, "/proc/kallsyms")) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no /proc/kallsyms (CONFIG_KALLSYMS is off)");
	} else if (has_kernel_symbols(env)) {
		cap_set(r, CAP_YES, "/proc/kallsyms");
	} else {
		cap_read(env, "/proc/sys/kernel/kptr_restrict", restricted, sizeof(restricted));
		explain_hidden(env, r, restricted);
	}
}

/* --- tracefs ------------------------------------------------------------------------------ */

/* The mount point in the second field of a line whose third is "tracefs". */
static bool find_tracefs(char *mounts, char *path, size_t path_bytes)
{
	char *save = NULL;

	for (char *line = strtok_r(mounts, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char at[200], type[32];

		if (sscanf(line, "%*s %199s %31s", at, type) == 2 && strcmp(type, "tracefs") == 0) {
			snprintf(path, path_bytes, "%s", at);
			return true;
		}
	}
	return false;
}

bool cap_tracefs(const struct cap_env *env, char *path, size_t path_bytes)
{
	struct str mounts;
	bool found = false;

	str_init(&mounts);
	struct err *err = io_read_file(CAP_PATH(env, "/proc/self/mounts"), 16 << 20, &mounts);

	if (err == NULL && mounts.length)
		found = find_tracefs(mounts.text, path, path_bytes);
	err_destroy(err);
	str_deinit(&mounts);
	return found;
}

/* A tracefs of our own: mounted nowhere, gone with its descriptor.  -errno on failure. */
static int private_tracefs(void)
{
#if defined(SYS_fsopen) && defined(SYS_fsmount) && defined(SYS_fsconfig)
	enum { CONFIG_CREATE = 6 }; /* FSCONFIG_CMD_CREATE, include/uapi/linux/mount.h */
	CLEANUP(io_closep) int fs = (int)syscall(SYS_fsopen, "tracefs", 1);

	if (fs < 0 || syscall(SYS_fsconfig, fs, CONFIG_CREATE, NULL, NULL, 0) < 0)
		return -errno;

	int mount = (int)syscall(SYS_fsmount, fs, 1, 0);

	return mount < 0 ? -errno : mount;
#else
	return -ENOSYS;
#endif
}

/* Who may not mount is told so before the kernel looks whether it has such a file system. */
static bool kernel_lacks_tracefs(const struct cap_env *env)
{
	char text[4096];

	return cap_read(env, "/proc/filesystems", text, sizeof(text)) && !strstr(text, "\ttracefs");
}

/* An open directory of tracefs, wherever it can be had, or -errno. */
static int open_tracefs(const struct cap_env *env)
{
	char path[200];
	int fd = -ENOENT;

	if (cap_tracefs(env, path, sizeof(path))) {
		fd = open(CAP_PATH(env, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && faccessat(fd, "events", R_OK | X_OK, 0) == 0)
			return fd;
		int error = errno;

		if (fd >= 0)
			close(fd);
		return -error;
	}
	fd = private_tracefs();
	return fd == -EPERM && kernel_lacks_tracefs(env) ? -ENODEV : fd;
}

void cap_trace_tracefs(const struct cap_env *env, struct cap_result *r)
{
	char path[200];
	bool mounted = cap_tracefs(env, path, sizeof(path));
	CLEANUP(io_closep) int fd = open_tracefs(env);

	if (fd >= 0 && mounted) {
		cap_set(r, CAP_YES, "mounted at %s", path);
	} else if (fd >= 0) {
		cap_set(r, CAP_YES, "not mounted: sonde opens one for itself");
	} else if (fd == -ENODEV || fd == -ENOSYS) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no tracefs (CONFIG_TRACING is off)");
	} else if (mounted) {
		cap_set(r, CAP_NOT_PERMITTED, "%s may not be read by this user", path);
		cap_set_fix(r, "sudo mount -o remount,mode=755 %s", path);
	} else {
		cap_set(r, CAP_NOT_PERMITTED, "not mounted, and this user may not");
		cap_set_fix(r, "sudo mount -t tracefs -o mode=755 nodev /sys/kernel/tracing");
	}
}

/* A number in a file below DIR; -errno when there is none. */
static int64_t read_number_at(int dir, const char *path)
{
	CLEANUP(io_closep) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char text[32];

	if (fd < 0)
		return -errno;

	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	return atoll(text);
}

/* Open the tracepoint PATH ("events/sched/sched_switch/id") as a perf event on ourselves; 0 or
 * -errno. */
static int try_tracepoint(const struct cap_env *env, const char *path)
{
	CLEANUP(io_closep) int dir = open_tracefs(env);

	if (dir < 0)
		return dir;

	int64_t id = read_number_at(dir, path);

	if (id < 0)
		return (int)id;

	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .config = (uint64_t)id, .sample_period = 1,
					.sample_type = PERF_SAMPLE_RAW };
	int fd = cap_perf_open(&attr, -1, 0, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void explain_trace(const struct cap_env *env, struct cap_result *r, int errnum, const char *config)
{
	if (errnum == EPERM || errnum == EACCES) {
		cap_set_not_permitted(r, errnum, "a readable tracefs and CAP_PERFMON");
	} else if (errnum == ENOENT || errnum == ENODEV || errnum == ENOSYS || errnum == EINVAL ||
		   errnum == EOPNOTSUPP) {
		cap_set(r, CAP_NOT_IN_KERNEL, "%s", config);
	} else {
		cap_set(r, CAP_MISSING, "%s", strerror(errnum));
	}
}

void cap_trace_tracepoints(const struct cap_env *env, struct cap_result *r)
{
	int error = -try_tracepoint(env, "events/sched/sched_switch/id");

	if (error == 0)
		cap_set(r, CAP_YES, "opened sched:sched_switch");
	else
		explain_trace(env, r, error, "CONFIG_EVENT_TRACING is off");
}

/* A kernel may be locked against just this; the list of its functions is then closed too. */
static int try_function_list(const struct cap_env *env)
{
	CLEANUP(io_closep) int dir = open_tracefs(env);
	CLEANUP(io_closep) int fd = dir < 0 ? -1 : openat(dir, "available_filter_functions", O_RDONLY | O_CLOEXEC);

	/* Without CONFIG_DYNAMIC_FTRACE there is no list. */
	return dir >= 0 && fd < 0 && errno != ENOENT ? -errno : 0;
}

/*
 * Opening ftrace:function patches every function of the kernel, stops all CPUs for it, and undoes it
 * when the event is closed: too much for a question.  So the event is asked for in a way that is
 * refused: the kernel looks for permission first (EPERM, EACCES), and then refuses events that may
 * take user stacks (EINVAL), before it patches anything (perf_trace_event_perm() in
 * kernel/trace/trace_event_perf.c).
 */
void cap_trace_functions(const struct cap_env *env, struct cap_result *r)
{
	int error = -try_tracepoint(env, "events/ftrace/function/id");
	char enabled[8] = "1";

	if (error == EINVAL)
		error = -try_function_list(env);
	if (error != 0) {
		explain_trace(env, r, error, "CONFIG_FUNCTION_TRACER is off");
		return;
	}
	cap_read(env, "/proc/sys/kernel/ftrace_enabled", enabled, sizeof(enabled));
	if (enabled[0] == '0') {
		cap_set(r, CAP_MISSING, "kernel.ftrace_enabled is 0");
		cap_set_fix(r, "sudo sysctl kernel.ftrace_enabled=1");
	} else {
		cap_set(r, CAP_YES, "ftrace:function may be opened");
	}
}

void cap_trace_function_graph(const struct cap_env *env, struct cap_result *r)
{
	CLEANUP(io_closep) int dir = open_tracefs(env);
	CLEANUP(io_closep) int fd = dir < 0 ? dir : openat(dir, "available_tracers", O_RDONLY | O_CLOEXEC);
	char text[512];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (n < 0) {
		explain_trace(env, r, dir < 0 ? -dir : errno, "no tracefs");
		return;
	}
	text[n] = '\0';
	if (strstr(text, "function_graph"))
		cap_set(r, CAP_YES, "in available_tracers");
	else
		cap_set(r, CAP_NOT_IN_KERNEL, "CONFIG_FUNCTION_GRAPH_TRACER is off");
}

/* --- probes ---------------------------------------------------------------------------------- */

/* The number of the dynamic PMU "kprobe" or "uprobe", or -errno. */
static int64_t pmu_type(const struct cap_env *env, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	return read_number_at(AT_FDCWD, CAP_PATH(env, path));
}

/* config1 and config2 of these PMUs: kernel/trace/trace_event_perf.c. */
static int try_probe(int64_t type, const void *where, uint64_t offset)
{
	struct perf_event_attr attr = { .type = (uint32_t)type, .config1 = (uintptr_t)where, .config2 = offset,
					.sample_period = 1 };
	int fd = cap_perf_open(&attr, -1, 0, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

void cap_trace_kprobes(const struct cap_env *env, struct cap_result *r)
{
	int64_t type = pmu_type(env, "kprobe");
	int error = type < 0 ? ENOENT : -try_probe(type, "vfs_fsync_range", 0);

	if (error == 0)
		cap_set(r, CAP_YES, "probed vfs_fsync_range and removed it");
	else
		explain_trace(env, r, error, "no kprobes (CONFIG_KPROBE_EVENTS is off)");
}

/* Somewhere in our own code to put a probe on; nobody calls it while it is there. */
static __attribute__((noinline, used)) int landing(int x)
{
	__asm__ volatile("" ::: "memory");
	return x + 1;
}

/* The file offset of ADDRESS in our own program, from /proc/self/maps. */
static bool own_offset(uintptr_t address, uint64_t *offset)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");
	bool found = false;

	while (maps && !found && fgets(line, sizeof(line), maps)) {
		uint64_t from, to, at;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &from, &to, &at) == 3 &&
		    address >= from && address < to) {
			*offset = at + (address - from);
			found = true;
		}
	}
	if (maps)
		fclose(maps);
	return found;
}

void cap_trace_uprobes(const struct cap_env *env, struct cap_result *r)
{
	int64_t type = pmu_type(env, "uprobe");
	char self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	uint64_t offset;
	int error = type < 0 ? ENOENT : EIO;

	if (type >= 0 && n > 0 && own_offset((uintptr_t)landing, &offset)) {
		self[n] = '\0';
		error = -try_probe(type, self, offset);
	}
	if (error == 0)
		cap_set(r, CAP_YES, "probed a function of ours and removed it");
	else
		explain_trace(env, r, error, "no uprobes (CONFIG_UPROBE_EVENTS is off)");
}

/* --- modules, memory, log ------------------------------------------------------------------------ */

void cap_trace_modules(const struct cap_env *env, struct cap_result *r)
{
	char text[256];

	if (cap_read(env, "/proc/modules", text, sizeof(text)))
		cap_set(r, CAP_YES, "/proc/modules");
	else
		cap_set(r, CAP_NOT_IN_KERNEL, "no loadable modules (CONFIG_MODULES is off)");
}

void cap_trace_kcore(const struct cap_env *env, struct cap_result *r)
{
	char magic[5];

	if (cap_read(env, "/proc/kcore", magic, sizeof(magic)) && memcmp(magic, "\177ELF", 4) == 0) {
		cap_set(r, CAP_YES, "/proc/kcore");
	} else if (!cap_exists(env, "/proc/kcore")) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no /proc/kcore (CONFIG_PROC_KCORE is off)");
	} else {
		cap_set_not_permitted(r, EPERM, "CAP_SYS_RAWIO");
	}
}

void cap_trace_kernel_log(const struct cap_env *env, struct cap_result *r)
{
	CLEANUP(io_closep) int fd = open(CAP_PATH(env, "/dev/kmsg"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char text[8192];

	if (fd >= 0 && (read(fd, text, sizeof(text)) >= 0 || errno == EAGAIN || errno == EPIPE)) {
		cap_set(r, CAP_YES, "/dev/kmsg");
	} else if (errno == ENOENT) {
		cap_set(r, CAP_MISSING, "no /dev/kmsg (a container?)");
	} else {
		cap_set(r, CAP_NOT_PERMITTED, "kernel.dmesg_restrict is set");
		cap_set_fix(r, "sudo sysctl kernel.dmesg_restrict=0");
	}
}
