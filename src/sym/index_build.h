/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_INDEX_BUILD_H
#define SONDE_SYM_INDEX_BUILD_H
/* Make the index of a file's DWARF (index_file.h says what it looks like). */
#include "sym/debug_file.h"

struct index_build_options {
	uint64_t key;          /* goes into the header */
	unsigned thread_count; /* 0: one a CPU, at most 16 */
	/* Called now and then by the calling thread; may be NULL. */
	void (*progress)(void *user, uint64_t done, uint64_t total);
	void *user;
};
/* Write it to FD, an empty file.  What is broken in the DWARF is left out. */
struct err *index_build(struct debug_file *file, int fd, const struct index_build_options *options);

#endif
