/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_CAP_PRIVATE_H
#define SONDE_BASE_CAP_PRIVATE_H
/* Between the cap_*.c files: how a probe says what it found. */
#include "base/cap.h"

#include <stdint.h>
#include <stdio.h>

struct perf_event_attr;

void cap_set(struct cap_result *r, enum cap_state state, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void cap_set_fix(struct cap_result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "needs root, or NEEDS", with the fix; for root: that ERRNUM came although. */
void cap_set_not_permitted(struct cap_result *r, int errnum, const char *needs);

/* ENV's path of an absolute one, in a buffer. */
const char *cap_path(const struct cap_env *env, const char *path, char *buffer, size_t size);
#define CAP_PATH(env, path) cap_path((env), (path), (char[256]){ 0 }, 256)
/* The start of a small file, NUL-terminated, without its last newline; false: unreadable (errno). */
bool cap_read(const struct cap_env *env, const char *path, char *text, size_t size);
bool cap_exists(const struct cap_env *env, const char *path);

/* perf_event_open(): the descriptor, or -errno. */
int cap_perf_open(struct perf_event_attr *attr, int pid, int cpu, unsigned long flags);

/* The probes, by file. */
typedef void cap_probe_fn(const struct cap_env *env, struct cap_result *r);
cap_probe_fn cap_perf_cycles, cap_perf_user, cap_perf_kernel, cap_perf_system, cap_perf_buffer,
	cap_perf_build_id, cap_perf_cgroup, cap_perf_branches, cap_perf_breakpoint, cap_perf_max_stack,
	cap_perf_trace_unit;
cap_probe_fn cap_trace_symbols, cap_trace_tracefs, cap_trace_tracepoints, cap_trace_kprobes,
	cap_trace_uprobes, cap_trace_functions, cap_trace_function_graph, cap_trace_modules,
	cap_trace_kcore, cap_trace_kernel_log;
cap_probe_fn cap_bpf_load, cap_bpf_btf, cap_bpf_ring, cap_bpf_raw_tracepoint, cap_bpf_fentry;
cap_probe_fn cap_process_ptrace, cap_process_others, cap_process_core, cap_process_files,
	cap_process_memlock, cap_process_cgroup, cap_process_pressure, cap_process_debuginfod, cap_process_index_cache,
	cap_process_timer_agent;

#endif
