/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_PPROF_H
#define SONDE_FORMAT_PPROF_H
/*
 * Profiles as pprof knows them: profile.proto (github.com/google/pprof, proto/profile.proto), and
 * the forms before it: gperftools' and Go's heap, growth, contention, thread and goroutine
 * texts, CPU profiles of words, and Java's heap, contention and CPU profiles.  All of them
 * come to the same struct.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stdint.h>

enum { PPROF_NONE = -1 }; /* an index that leads nowhere */

struct pprof_type {
	const char *name, *unit; /* "inuse_space", "bytes"; never NULL */
};
struct pprof_mapping {
	uint64_t id, start, limit, offset;
	const char *file, *build_id; /* "" where not known */
};
struct pprof_function {
	uint64_t id;
	const char *name, *file; /* "" where not known */
};
struct pprof_line {
	int32_t function; /* index */
	int64_t line;
};
struct pprof_location {
	uint64_t id, address;
	int32_t mapping;		 /* index */
	uint32_t first_line, line_count; /* innermost (inlined) first */
};
struct pprof_sample {
	uint32_t first_location, location_count; /* of pprof.stack; innermost first */
	uint32_t first_value;			 /* type_count of them, of pprof.values */
	int64_t tid;				 /* label; 0: none */
	int64_t pid;
	const char *thread; /* label; NULL: none */
};
struct pprof {
	struct arena arena;
	const char *form; /* "profile.proto", "heap (text)" ... */
	VEC(struct pprof_type) types;
	VEC(struct pprof_mapping) mappings;
	VEC(struct pprof_function) functions;
	VEC(struct pprof_line) lines;
	VEC(struct pprof_location) locations;
	VEC(struct pprof_sample) samples;
	VEC(uint32_t) stack; /* indices of locations */
	VEC(int64_t) values;
	struct pprof_type period_type;
	int64_t period, time_ns, duration_ns; /* 0: not known; time: CLOCK_REALTIME */
	uint32_t default_type;
	VEC(const char *) comments;
	uint64_t labels; /* that have no place in here */
};

bool pprof_probe(const void *head, size_t size_bytes); /* packed by gzip, too */
/* ERR_FORMAT when it is none, or broken: nothing of a broken one is used.  Text is copied:
 * FILE may go. */
struct err *pprof_read(struct bytes file, struct pprof **ret);
void pprof_destroy(struct pprof *p); /* NULL-safe */

/* --- for the readers ---- */

bool pprof_proto_probe(const void *head, size_t size_bytes);
struct err *pprof_read_proto(struct bytes file, struct pprof *p);
bool pprof_text_probe(const void *head, size_t size_bytes);
struct err *pprof_read_text(struct bytes file, struct pprof *p);
bool pprof_words_probe(const void *head, size_t size_bytes);
struct err *pprof_read_words(struct bytes file, struct pprof *p);

/* The text that may follow samples: mapped files, or with Java its functions. */
void pprof_read_maps(struct pprof *p, const char *text, size_t length);
void pprof_read_java_names(struct pprof *p, const char *text, size_t length);
/* The index of the location with this address, made when new; BY_ADDRESS is the caller's. */
struct map;
uint32_t pprof_location_at(struct pprof *p, struct map *by_address, uint64_t address);

#endif
