/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_PERF_MAP_H
#define SONDE_SYM_PERF_MAP_H
/*
 * What a just-in-time compiler says about its code: /tmp/perf-PID.map, lines
 * "start size name" in hex (kernel: tools/perf/Documentation/jit-interface.txt).
 */
#include <stddef.h>
#include <stdint.h>

struct perf_map;

/* TEXT is cut in place and becomes the map's own (heap, LENGTH bytes and a NUL). */
struct perf_map *perf_map_parse(char *text, size_t length);
void perf_map_destroy(struct perf_map *m); /* NULL-safe */
const char *perf_map_find(const struct perf_map *m, uint64_t addr); /* NULL: none */

#endif
