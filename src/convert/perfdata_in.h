/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_PERFDATA_IN_H
#define SONDE_CONVERT_PERFDATA_IN_H
/* The parts of the perf.data importer: perfdata_in.c has the records, perfdata_order.c their
 * order, perfdata_about.c what is said about the file as a whole. */
#include "base/map.h"
#include "base/vec.h"
#include "convert/importer.h"
#include "event/types.h"
#include "format/perfdata.h"

/* --- order ---- */

typedef void perfdata_deliver_fn(void *user, const struct perfdata_record *r);

struct perfdata_order {
	VEC(struct perfdata_record) waiting;
	uint64_t round_limit_ns; /* what a round has in store is delivered up to here */
	uint64_t latest_ns;
	perfdata_deliver_fn *deliver;
	void *user;
};
void perfdata_order_put(struct perfdata_order *o, const struct perfdata_record *r);
/* perf's FINISHED_ROUND: all CPUs' buffers were read once. */
void perfdata_order_round(struct perfdata_order *o);
void perfdata_order_end(struct perfdata_order *o); /* deliver all, free */

/* --- the import ---- */

struct perfdata_symbol {
	uint64_t addr, size_bytes;
	uint32_t name; /* string of the recording */
};

struct perfdata_import {
	const struct import_input *in;
	struct import_output *out;
	struct perfdata *file;
	struct perfdata_order order;
	bool ordered;
	uint64_t now_ns;		 /* of the last record that had a time */
	uint64_t first_ns, last_ns;	 /* of samples; first 0: none yet */
	uint64_t counts[PERFDATA_TYPE_END], unknown_types, bad_records, samples;
	uint64_t branch_samples, raw_samples, data_samples, dump_samples, unwound_samples;
	VEC(uint64_t) sampled;		 /* samples, by event index */
	struct strmap build_ids;	 /* path -> index of the header's entry + 1 */
	size_t build_ids_known;
	VEC(struct perfdata_symbol) symbols; /* of code that was made in the kernel (BPF) */
	VEC(uint64_t) addrs;		 /* of the stack at hand */
	bool same_host;			 /* as this machine; known when the header has been read */
	uint64_t unwound_broken;
};

/* The user part of a stack from the sample's registers and copy of the stack, behind the kernel's
 * addresses in p->addrs.  False: it can't be unwound at all. */
bool perfdata_unwind(struct perfdata_import *p, const struct perfdata_sample *s, uint8_t *flags);

/* The build-id that the header has for a path; NULL: none. */
const struct perfdata_build_id *perfdata_import_build_id(struct perfdata_import *p, const char *path);
/* That of the kernel itself; NULL: none. */
const struct perfdata_build_id *perfdata_kernel_build_id(struct perfdata_import *p);
/* Put what is known about a module, mapped or not. */
void perfdata_about(struct perfdata_import *p);
void perfdata_name_symbols(struct perfdata_import *p);

#endif
