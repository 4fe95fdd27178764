/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_TABLES_H
#define SONDE_CAPTURE_BPF_TABLES_H
/*
 * The unwind tables that bpf/unwind.bpf.h reads: prepared once a file, when a program meets it
 * in a stack and asks, and shared by all processes.
 *
 *	err = bpf_tables_open(&BPF_TABLES_OF(skel), &tables);
 *	... poll bpf_tables_fd(), and in drain(), after the tracker was told of mappings:
 *	bpf_tables_prepare(tables, track);
 */
#include "base/err.h"
#include "event/bpf_unwind.h"

struct bpf_map;
struct bpf_tables;
struct track;

struct bpf_table_maps {
	struct bpf_map *shards, *files, *wants;
};
/* Of any skeleton whose program includes unwind.bpf.h. */
#define BPF_TABLES_OF(skel)                                                                       \
	((struct bpf_table_maps){ (skel)->maps.unwind_shards, (skel)->maps.unwind_files, \
				  (skel)->maps.unwind_wants })

/* After loading. */
struct err *bpf_tables_open(const struct bpf_table_maps *maps, struct bpf_tables **ret);
void bpf_tables_close(struct bpf_tables *t); /* NULL-safe */

/* Readable when files are wanted, or when it is time to look again for those whose mapping
 * the tracker did not know. */
int bpf_tables_fd(const struct bpf_tables *t);
/* Make the tables of the files that are wanted, found through the tracker.  What can't be had has no
 * table: frame pointers serve there. */
void bpf_tables_prepare(struct bpf_tables *t, struct track *track);

struct bpf_tables_totals {
	uint32_t files;        /* that have a table */
	uint32_t without;      /* that have none: no CFI, or not to be read */
	uint64_t rows, bytes;  /* in the kernel */
	uint64_t build_ns;     /* time that went into making them */
};
void bpf_tables_get_totals(const struct bpf_tables *t, struct bpf_tables_totals *ret);

#endif
