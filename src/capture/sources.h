/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_SOURCES_H
#define SONDE_CAPTURE_SOURCES_H
/* The rows of source_table, one a source. */
#include "capture/source.h"

extern const struct source_ops source_cpu;       /* perf/cpu.c */
extern const struct source_ops source_cpu_timer; /* preload/ */
extern const struct source_ops source_cpu_ptrace;
extern const struct source_ops source_syscalls; /* ptrace/ */

#endif
