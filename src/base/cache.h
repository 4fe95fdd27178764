/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_CACHE_H
#define SONDE_BASE_CACHE_H
/*
 * ${XDG_CACHE_HOME:-~/.cache}/sonde/NAME: files that can be made again.  Each such directory
 * is kept below SONDE_CACHE_MAX bytes ("500M", default 4G; 0: nothing is kept), and what
 * nobody used for 90 days goes.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The directory for NAME ("index"), the caller's to free; NULL: there is no home to keep it in,
 * or nothing is to be kept. */
char *cache_dir(const char *name);
uint64_t cache_max_bytes(void);

struct cache_usage {
	uint64_t files, bytes;
};
/* What is in DIR and the directories below it. */
struct cache_usage cache_measure(const char *dir);
/* Remove what is too old, what writers left behind, and the least recently used beyond
 * cache_max_bytes().  KEEP (a path, may be NULL) stays.  A file that somebody has mapped lives
 * on until then. */
void cache_prune(const char *dir, const char *keep);
/* FD was used now: it is the last to go. */
void cache_touch(int fd);
/* All directories above PATH, for this user alone. */
struct err *cache_make_parents(const char *path);

#endif
