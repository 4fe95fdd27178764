/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes about processes: who may look into whom, what limits hold, and what is set up on
 * this machine.
 */
#include "base/cache.h"
#include "base/cap_private.h"
#include "base/io.h"
#include "base/libexec.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- looking into processes ------------------------------------------------------------- */

/* A child seizes its parent (us): the way of an attach to a process that is not one's own
 * child, which Yama restricts.  PTRACE_SEIZE stops nobody, and ends with the child.
 * Returns 0 or the errno. */
static int child_seizes_parent(void)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return errno;
	if (child == 0)
		_exit(ptrace(PTRACE_SEIZE, getppid(), 0, 0) == 0 ? 0 : errno & 0xff);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static bool is_traced(void)
{
	char text[4096];
	const char *tracer;

	return cap_read(NULL, "/proc/self/status", text, sizeof(text)) &&
	       (tracer = strstr(text, "TracerPid:")) != NULL && atoi(tracer + 10) != 0;
}

void cap_process_ptrace(const struct cap_env *env, struct cap_result *r)
{
	char scope[16];
	bool yama = cap_read(env, "/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope));
	bool traced = is_traced();
	int error = traced ? 0 : child_seizes_parent();

	if (traced) {
		cap_set(r, CAP_LIMITED, "sonde itself is being traced: not tried");
	} else if (error == 0) {
		cap_set(r, CAP_YES, "attach to this user's processes");
	} else if (error == ENOSYS) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no ptrace");
	} else if (yama && strcmp(scope, "1") == 0) {
		cap_set(r, CAP_LIMITED, "kernel.yama.ptrace_scope is 1: only commands that sonde starts");
		cap_set_fix(r, "sudo sysctl kernel.yama.ptrace_scope=0");
	} else {
		cap_set(r, CAP_NOT_PERMITTED, yama ? "kernel.yama.ptrace_scope is %s" : "refused%s", yama ? scope : "");
		cap_set_fix(r, yama ? "sudo sysctl kernel.yama.ptrace_scope=0" : "sudo sonde ...");
	}
}

void cap_process_others(const struct cap_env *env, struct cap_result *r)
{
	char text[64];

	if (cap_read(env, "/proc/1/maps", text, sizeof(text))) {
		cap_set(r, CAP_YES, "/proc/1/maps can be read");
	} else if (errno == ENOENT) {
		cap_set(r, CAP_NOT_PERMITTED, "/proc shows only this user's processes (hidepid)");
		cap_set_fix(r, "sudo mount -o remount,hidepid=0 /proc");
	} else {
		cap_set_not_permitted(r, errno, "CAP_SYS_PTRACE");
	}
}

void cap_process_core(const struct cap_env *env, struct cap_result *r)
{
	char pattern[160];
	struct rlimit limit = { 0, 0 };

	if (!cap_read(env, "/proc/sys/kernel/core_pattern", pattern, sizeof(pattern))) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no core dumps (CONFIG_COREDUMP is off)");
		return;
	}
	getrlimit(RLIMIT_CORE, &limit);
	if (pattern[0] == '|') {
		cap_set(r, CAP_YES, "kept by %.100s", pattern + 1);
	} else if (limit.rlim_cur == 0) {
		cap_set(r, CAP_MISSING, "the limit for core files is 0 in this shell");
		cap_set_fix(r, "ulimit -c unlimited");
	} else {
		cap_set(r, CAP_YES, "written as %.100s", pattern);
	}
}

/* --- limits ----------------------------------------------------------------------------------- */

void cap_process_files(const struct cap_env *env, struct cap_result *r)
{
	struct rlimit limit = { 0, 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max >= 16384) {
		cap_set(r, CAP_YES, "up to %llu", (unsigned long long)limit.rlim_max);
		return;
	}
	cap_set(r, CAP_LIMITED, "at most %llu: too few for thousands of threads times CPUs",
		(unsigned long long)limit.rlim_max);
	cap_set_fix(r, "sudo prlimit --pid $$ --nofile=65536:65536");
}

void cap_process_memlock(const struct cap_env *env, struct cap_result *r)
{
	struct rlimit limit = { 0, 0 };

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		cap_set(r, CAP_YES, "no limit");
	else if (limit.rlim_cur >= 8u << 20)
		cap_set(r, CAP_YES, "%llu MiB", (unsigned long long)limit.rlim_cur >> 20);
	else
		cap_set(r, CAP_LIMITED, "%llu KiB", (unsigned long long)limit.rlim_cur >> 10);
	if (r->state == CAP_LIMITED)
		cap_set_fix(r, "sudo prlimit --pid $$ --memlock=unlimited:unlimited");
}

/* --- what is set up ------------------------------------------------------------------------------ */

void cap_process_cgroup(const struct cap_env *env, struct cap_result *r)
{
	char text[256];

	if (cap_read(env, "/sys/fs/cgroup/cgroup.controllers", text, sizeof(text)))
		cap_set(r, CAP_YES, "version 2: %.120s", text[0] ? text : "no controllers");
	else if (cap_exists(env, "/sys/fs/cgroup/unified/cgroup.procs"))
		cap_set(r, CAP_YES, "version 1, with an empty version 2 beside it");
	else if (cap_exists(env, "/sys/fs/cgroup/cpu") || cap_exists(env, "/sys/fs/cgroup/memory"))
		cap_set(r, CAP_YES, "version 1");
	else if (cap_exists(env, "/proc/cgroups")) {
		cap_set(r, CAP_MISSING, "not mounted at /sys/fs/cgroup");
		cap_set_fix(r, "sudo mount -t cgroup2 none /sys/fs/cgroup");
	} else {
		cap_set(r, CAP_NOT_IN_KERNEL, "CONFIG_CGROUPS is off");
	}
}

void cap_process_pressure(const struct cap_env *env, struct cap_result *r)
{
	char text[256];

	if (cap_read(env, "/proc/pressure/cpu", text, sizeof(text))) {
		cap_set(r, CAP_YES, "/proc/pressure");
	} else if (cap_exists(env, "/proc/pressure/cpu")) {
		cap_set(r, CAP_NOT_IN_KERNEL, "switched off at boot");
		cap_set_fix(r, "boot with psi=1");
	} else {
		cap_set(r, CAP_NOT_IN_KERNEL, "CONFIG_PSI is off");
	}
}

/* What `record` preloads into a command when perf events are not permitted, and the timers
 * that it needs. */
void cap_process_timer_agent(const struct cap_env *env, struct cap_result *r)
{
	CLEANUP(mem_freep) char *agent = libexec_find(LIBEXEC_CPU_TIMER);
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no timers of CPU time: %s", strerror(errno));
		return;
	}
	timer_delete(timer);
	if (agent != NULL) {
		cap_set(r, CAP_YES, "%.140s", agent);
	} else {
		cap_set(r, CAP_MISSING, LIBEXEC_CPU_TIMER " is not where sonde is installed");
		cap_set_fix(r, "make install");
	}
}

/* The server of this distribution, from os-release(5). */
static const char *debuginfod_server(const struct cap_env *env)
{
	static const char *const servers[][2] = {
		{ "debian", "https://debuginfod.debian.net" },   { "ubuntu", "https://debuginfod.ubuntu.com" },
		{ "fedora", "https://debuginfod.fedoraproject.org" }, { "arch", "https://debuginfod.archlinux.org" },
		{ "opensuse", "https://debuginfod.opensuse.org" },
	};
	char text[2048];

	if (cap_read(env, "/etc/os-release", text, sizeof(text))) {
		const char *id = strncmp(text, "ID=", 3) == 0 ? text : strstr(text, "\nID=");

		for (size_t i = 0; id && i < sizeof(servers) / sizeof(*servers); i++) {
			const char *name = strchr(id, '=') + 1;

			name += *name == '"';
			if (str_starts(name, servers[i][0]))
				return servers[i][1];
		}
	}
	return "https://debuginfod.elfutils.org";
}

void cap_process_index_cache(const struct cap_env *env, struct cap_result *r)
{
	CLEANUP(mem_freep) char *dir = cache_dir("index");
	struct cache_usage usage;

	if (dir == NULL) {
		bool off = cache_max_bytes() == 0;

		cap_set(r, CAP_MISSING, off ? "SONDE_CACHE_MAX is 0: nothing is kept" : "neither HOME nor XDG_CACHE_HOME is set");
		cap_set_fix(r, off ? "unset SONDE_CACHE_MAX" : "export XDG_CACHE_HOME=/var/tmp/cache");
		return;
	}
	usage = cache_measure(dir);
	cap_set(r, CAP_YES, "%llu files, %s of at most %s (SONDE_CACHE_MAX) in %.80s", (unsigned long long)usage.files,
		units_bytes((double)usage.bytes).text, units_bytes((double)cache_max_bytes()).text, dir);
}

void cap_process_debuginfod(const struct cap_env *env, struct cap_result *r)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	if (urls && *urls) {
		cap_set(r, CAP_YES, "%.140s", urls);
		return;
	}
	cap_set(r, CAP_MISSING, "DEBUGINFOD_URLS is not set");
	cap_set_fix(r, "export DEBUGINFOD_URLS=%s", debuginfod_server(env));
}
