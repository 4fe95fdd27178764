/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of capabilities and what its probes share.  The probes themselves are in
 * cap_perf.c, cap_trace.c, cap_bpf.c and cap_process.c, by the kernel interface they try.
 */
#include "base/cap.h"

#include "base/cap_private.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define CPU "CPU time"
#define KERNEL "The kernel"
#define BPF "BPF"
#define PROCESS "Processes"

const struct cap cap_table[] = {
	{ "user_samples", "user samples", "where programs spend CPU time", CPU, cap_perf_user },
#ifndef SONDE_AGENT /* one file: it has nothing to preload */
	{ "timer_agent", "timer agent", "user samples where perf events are forbidden", CPU, cap_process_timer_agent },
#endif
	{ "kernel_samples", "kernel samples", "where the kernel spends it for them", CPU, cap_perf_kernel },
	{ "system_wide", "whole machine", "record -a: every process", CPU, cap_perf_system },
	{ "cgroup_samples", "one cgroup", "record --cgroup: a service, a container", CPU, cap_perf_cgroup },
	{ "cpu_cycles", "hardware cycles", "samples at exact places", CPU, cap_perf_cycles },
	{ "branch_stacks", "branch stacks", "call chains without frame pointers", CPU, cap_perf_branches },
	{ "instruction_trace", "instruction trace", "every branch a program takes", CPU, cap_perf_trace_unit },
	{ "stack_depth", "stack depth", "whole stacks of deep programs", CPU, cap_perf_max_stack },
	{ "perf_buffer", "sample buffers", "bursts of samples without loss", CPU, cap_perf_buffer },
	{ "mmap_build_id", "build-ids from kernel", "names for files that are replaced", CPU, cap_perf_build_id },

	{ "kernel_symbols", "kernel symbols", "names of kernel functions", KERNEL, cap_trace_symbols },
	{ "tracefs", "tracefs", "tracepoints by name", KERNEL, cap_trace_tracefs },
	{ "tracepoints", "tracepoints", "switches, I/O, interrupts and what else the kernel marks", KERNEL, cap_trace_tracepoints },
	{ "kprobes", "kernel probes", "any kernel function", KERNEL, cap_trace_kprobes },
	{ "function_tracer", "function tracer", "every call in the kernel", KERNEL, cap_trace_functions },
	{ "function_graph", "function graph", "durations of kernel functions", KERNEL, cap_trace_function_graph },
	{ "modules", "kernel modules", "what is loaded and where", KERNEL, cap_trace_modules },
	{ "kernel_memory", "kernel memory", "stacks and data of the live kernel (kcore)", KERNEL, cap_trace_kcore },
	{ "kernel_log", "kernel log", "crashes, stalls, driver messages", KERNEL, cap_trace_kernel_log },

	{ "bpf", "BPF programs", "system calls and events at little cost", BPF, cap_bpf_load },
	{ "bpf_btf", "kernel types (BTF)", "kernel structures, named", BPF, cap_bpf_btf },
	{ "bpf_ring", "BPF ring buffer", "events without loss", BPF, cap_bpf_ring },
	{ "bpf_raw_tracepoint", "raw tracepoints", "system calls, fast", BPF, cap_bpf_raw_tracepoint },
	{ "bpf_fentry", "fentry", "kernel functions, fast", BPF, cap_bpf_fentry },

	{ "uprobes", "user probes", "any function of any program", PROCESS, cap_trace_uprobes },
	{ "ptrace", "ptrace", "stop, look, step", PROCESS, cap_process_ptrace },
	{ "other_processes", "others' processes", "attach to what other users run", PROCESS, cap_process_others },
	{ "breakpoints", "hardware breakpoints", "watch a variable at full speed", PROCESS, cap_perf_breakpoint },
	{ "cgroups", "cgroups", "who uses what, by service", PROCESS, cap_process_cgroup },
	{ "pressure", "pressure (PSI)", "what processes wait for", PROCESS, cap_process_pressure },
	{ "core_files", "core files", "look at crashes afterwards", PROCESS, cap_process_core },
	{ "open_files", "open files", "many threads and CPUs at once", PROCESS, cap_process_files },
	{ "locked_memory", "locked memory", "large buffers", PROCESS, cap_process_memlock },
	{ "debuginfod", "debuginfod", "names for programs without debug symbols", PROCESS, cap_process_debuginfod },
	{ "index_cache", "index of symbols", "names at once, the second time", PROCESS, cap_process_index_cache },
	{ .key = NULL },
};

static const struct {
	const char *text, *key;
} states[] = {
	[CAP_YES] = { "yes", "yes" },
	[CAP_LIMITED] = { "limited", "limited" },
	[CAP_NOT_PERMITTED] = { "not permitted", "not_permitted" },
	[CAP_NOT_IN_KERNEL] = { "not in this kernel", "not_in_kernel" },
	[CAP_NO_HARDWARE] = { "no such hardware", "no_hardware" },
	[CAP_MISSING] = { "not set up", "missing" },
};

const char *cap_state_text(enum cap_state state) { return states[state].text; }
const char *cap_state_key(enum cap_state state) { return states[state].key; }

void cap_probe(const struct cap *cap, const struct cap_env *env, struct cap_result *result)
{
	*result = (struct cap_result){ .state = CAP_MISSING };
	cap->probe(env, result);
	/* who is root already needs no sudo */
	if (geteuid() == 0 && str_starts(result->fix, "sudo "))
		memmove(result->fix, result->fix + 5, strlen(result->fix + 5) + 1);
}

const struct cap *cap_find(const char *key)
{
	for (const struct cap *c = cap_table; c->key; c++)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

void cap_set(struct cap_result *r, enum cap_state state, const char *fmt, ...)
{
	va_list ap;

	r->state = state;
	va_start(ap, fmt);
	vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
	va_end(ap);
}

void cap_set_fix(struct cap_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->fix, sizeof(r->fix), fmt, ap);
	va_end(ap);
}

void cap_set_not_permitted(struct cap_result *r, int errnum, const char *needs)
{
	if (geteuid() == 0) {
		cap_set(r, CAP_NOT_PERMITTED, "%s, even for root (a container?)", strerror(errnum));
	} else {
		cap_set(r, CAP_NOT_PERMITTED, "needs root, or %s", needs);
		cap_set_fix(r, "sudo sonde ...");
	}
}

const char *cap_path(const struct cap_env *env, const char *path, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s", env ? env->root : "", path);
	return buffer;
}

bool cap_read(const struct cap_env *env, const char *path, char *text, size_t size)
{
	CLEANUP(io_closep) int fd = open(CAP_PATH(env, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;

	ssize_t n = read(fd, text, size - 1);

	if (n < 0)
		return false;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return true;
}

bool cap_exists(const struct cap_env *env, const char *path)
{
	return access(CAP_PATH(env, path), F_OK) == 0;
}
