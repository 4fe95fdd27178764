/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_MAP_FILL_H
#define SONDE_CAPTURE_BPF_MAP_FILL_H
/* Put maps into a map of maps without waiting for the kernel's quiet moment. */
#include "base/err.h"

#include <stddef.h>

/* OUTER_FD[first + i] = FDS[i], for COUNT of them; programs see them when this returns.  FDS stay the
 * caller's and may be closed at once. */
struct err *bpf_map_fill(int outer_fd, size_t first, const int *fds, size_t count);

#endif
