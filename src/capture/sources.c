/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sources.  A new one is its file, a line in sources.h and a line here. */
#include "capture/sources.h"

const struct source_ops *const source_table[] = {
	&source_cpu,
	&source_cpu_timer,
	&source_cpu_ptrace,
#ifdef SONDE_HAVE_BPF
	&source_syscalls,
#endif
	NULL,
};
