/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_PERFDATA_H
#define SONDE_FORMAT_PERFDATA_H
/*
 * perf.data: what `perf record` writes (tools/perf/Documentation/perf.data-file-format.txt
 * in the kernel's source, and include/uapi/linux/perf_event.h for the records).  Version 1
 * ("PERFFILE") and 2 ("PERFILE2"), files and pipes, both byte orders, compressed records.
 *
 * All is borrowed from the bytes handed in, which outlive the reader; what was compressed
 * is unpacked into memory of the reader's.  Numbers come in this machine's order.
 */
#include "base/err.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perfdata;

/* --- events ------------------------------------------------------------------------------ */

/* struct perf_event_attr; fields that the file's version doesn't have are 0. */
struct perfdata_attr {
	uint32_t type, size;
	uint64_t config, sample_period; /* a frequency with PERFDATA_FREQ */
	uint64_t sample_type, read_format;
	uint64_t flags; /* the bit field from `disabled` (bit 0) on */
	uint32_t wakeup, bp_type;
	uint64_t config1, config2, branch_sample_type, sample_regs_user;
	uint32_t sample_stack_user;
	int32_t clockid;
	uint64_t sample_regs_intr;
	uint32_t aux_watermark;
	uint16_t sample_max_stack;
	uint32_t aux_sample_size;
	uint64_t sig_data, config3;
};
enum perfdata_flag {
	PERFDATA_EXCLUDE_USER = 4,
	PERFDATA_EXCLUDE_KERNEL = 5,
	PERFDATA_EXCLUDE_HV = 6,
	PERFDATA_FREQ = 10,
	PERFDATA_PRECISE = 15, /* two bits */
	PERFDATA_SAMPLE_ID_ALL = 18,
	PERFDATA_EXCLUDE_HOST = 19,
	PERFDATA_EXCLUDE_GUEST = 20,
	PERFDATA_USE_CLOCKID = 25,
	PERFDATA_BUILD_ID_FLAG = 34,
};
static inline bool perfdata_flag(const struct perfdata_attr *a, enum perfdata_flag bit)
{
	return a->flags >> bit & 1;
}

struct perfdata_event {
	struct perfdata_attr attr;
	size_t index; /* of perfdata_event() */
	const char *name; /* never NULL: the file's name for it, else one made from attr */
	bool named;	  /* the file's */
	uint64_t *ids;
	size_t id_count;
};
size_t perfdata_event_count(const struct perfdata *p);
const struct perfdata_event *perfdata_event(const struct perfdata *p, size_t index);

/* A name for what ATTR counts, as perf spells it: "cycles:u", "L1-dcache-loads", "raw 0x1a8". */
struct str;
void perfdata_attr_name(const struct perfdata_attr *attr, struct str *name);
/* All that is set, as `perf evlist -v` writes it. */
void perfdata_attr_text(const struct perfdata_attr *attr, struct str *text);
/* "ns", "cycles", "instructions", "events". */
const char *perfdata_attr_unit(const struct perfdata_attr *attr);

/* --- the header ------------------------------------------------------------------------- */

enum perfdata_feature {
	PERFDATA_TRACING_DATA = 1,
	PERFDATA_BUILD_ID,
	PERFDATA_HOSTNAME,
	PERFDATA_OSRELEASE,
	PERFDATA_VERSION,
	PERFDATA_ARCH,
	PERFDATA_NRCPUS,
	PERFDATA_CPUDESC,
	PERFDATA_CPUID,
	PERFDATA_TOTAL_MEM,
	PERFDATA_CMDLINE,
	PERFDATA_EVENT_DESC,
	PERFDATA_CPU_TOPOLOGY,
	PERFDATA_NUMA_TOPOLOGY,
	PERFDATA_BRANCH_STACK,
	PERFDATA_PMU_MAPPINGS,
	PERFDATA_GROUP_DESC,
	PERFDATA_AUXTRACE,
	PERFDATA_STAT,
	PERFDATA_CACHE,
	PERFDATA_SAMPLE_TIME,
	PERFDATA_MEM_TOPOLOGY,
	PERFDATA_CLOCKID,
	PERFDATA_DIR_FORMAT,
	PERFDATA_BPF_PROG_INFO,
	PERFDATA_BPF_BTF,
	PERFDATA_COMPRESSED,
	PERFDATA_CPU_PMU_CAPS,
	PERFDATA_CLOCK_DATA,
	PERFDATA_HYBRID_TOPOLOGY,
	PERFDATA_PMU_CAPS,
	PERFDATA_FEATURE_END
};
/* "hostname", "cpudesc"; NULL: none of ours. */
const char *perfdata_feature_name(enum perfdata_feature feature);

struct perfdata_build_id {
	int32_t pid; /* -1: the kernel's */
	uint16_t misc;
	uint8_t size; /* of id; 20 where the file doesn't say */
	const uint8_t *id;
	const char *path; /* "[kernel.kallsyms]", "/lib/libc.so.6" */
};

struct perfdata_header {
	unsigned version; /* 1 or 2 */
	bool pipe, big_endian;
	bool unfinished; /* perf record was killed: records go on to the end of the file */
	uint64_t data_offset, data_size;
	/* "" where the file doesn't say; in a pipe they come with the records */
	const char *hostname, *os_release, *perf_version, *arch, *cpu_desc, *cpuid, *command_line;
	uint32_t cpus_online, cpus_available;
	uint64_t memory_kb;
	uint64_t clock_res_ns, clock_wall_ns, clock_time_ns; /* CLOCK_DATA: wall = clock then */
	uint32_t clockid;				      /* CLOCK_DATA; else of the first event */
	bool has_clock_data;
};
const struct perfdata_header *perfdata_header(const struct perfdata *p);
size_t perfdata_build_id_count(const struct perfdata *p);
const struct perfdata_build_id *perfdata_build_id(const struct perfdata *p, size_t index);
/* What a section says, for people: "sibling sockets: 0-3; ...".  "" for those that are tables
 * of their own. */
void perfdata_feature_text(const struct perfdata *p, enum perfdata_feature feature, struct str *text);

/* --- opening ----------------------------------------------------------------------------- */

/* Do these first bytes begin a perf.data? */
bool perfdata_probe(const void *head, size_t size_bytes);
/* ERR_FORMAT when the header is none.  FILE outlives the reader. */
struct err *perfdata_open(struct bytes file, struct perfdata **ret);
void perfdata_close(struct perfdata *p); /* NULL-safe */

/* --- records ----------------------------------------------------------------------------- */

/* From 64 on they are perf's own, not the kernel's. */
enum perfdata_type {
	PERFDATA_MMAP = 1,
	PERFDATA_LOST,
	PERFDATA_COMM,
	PERFDATA_EXIT,
	PERFDATA_THROTTLE,
	PERFDATA_UNTHROTTLE,
	PERFDATA_FORK,
	PERFDATA_READ,
	PERFDATA_SAMPLE,
	PERFDATA_MMAP2,
	PERFDATA_AUX,
	PERFDATA_ITRACE_START,
	PERFDATA_LOST_SAMPLES,
	PERFDATA_SWITCH,
	PERFDATA_SWITCH_CPU_WIDE,
	PERFDATA_NAMESPACES,
	PERFDATA_KSYMBOL,
	PERFDATA_BPF_EVENT,
	PERFDATA_CGROUP,
	PERFDATA_TEXT_POKE,
	PERFDATA_AUX_OUTPUT_HW_ID,
	PERFDATA_CALLCHAIN_DEFERRED,
	PERFDATA_KERNEL_END,
	PERFDATA_HEADER_ATTR = 64,
	PERFDATA_EVENT_TYPE,
	PERFDATA_HEADER_TRACING_DATA,
	PERFDATA_HEADER_BUILD_ID,
	PERFDATA_FINISHED_ROUND,
	PERFDATA_ID_INDEX,
	PERFDATA_AUXTRACE_INFO,
	PERFDATA_AUXTRACE_DATA,
	PERFDATA_AUXTRACE_ERROR,
	PERFDATA_THREAD_MAP,
	PERFDATA_CPU_MAP,
	PERFDATA_STAT_CONFIG,
	PERFDATA_STAT_VALUE,
	PERFDATA_STAT_ROUND,
	PERFDATA_EVENT_UPDATE,
	PERFDATA_TIME_CONV,
	PERFDATA_HEADER_FEATURE,
	PERFDATA_COMPRESSED_DATA,
	PERFDATA_FINISHED_INIT,
	PERFDATA_COMPRESSED2_DATA,
	PERFDATA_BPF_METADATA,
	PERFDATA_SCHEDSTAT_CPU,
	PERFDATA_SCHEDSTAT_DOMAIN,
	PERFDATA_TYPE_END
};
/* "MMAP2", "FINISHED_ROUND", as perf report --stats has them; NULL: not known. */
const char *perfdata_type_name(uint32_t type);

struct perfdata_record {
	uint32_t type;
	uint16_t misc;
	uint64_t file_offset; /* of it, or of the compressed record that it was in */
	struct bytes body;    /* without its header; valid until perfdata_close() */
	uint64_t time_ns;     /* 0: it has none */
	const struct perfdata_event *event; /* NULL: not known, and for perf's own records */
	struct {
		int32_t pid, tid; /* -1: not known */
		int32_t cpu;	  /* -1: not known */
		uint64_t id;
	} at; /* of the trailer that records other than samples have */
};
/* The next record in the order of the file, those that were compressed in their place.
 * Headers that come in the stream are taken over first.  *more is false at the end.
 * ERR_FORMAT: the stream is damaged from here on. */
struct err *perfdata_next(struct perfdata *p, struct perfdata_record *ret, bool *more);
/* Bytes of hardware trace (Intel PT, CoreSight ...) passed over so far. */
uint64_t perfdata_auxtrace_bytes(const struct perfdata *p);
/* Where perfdata_next() stands, for messages and progress. */
uint64_t perfdata_offset(const struct perfdata *p);

/* The functions below are false when the body is too short for its type. */

struct perfdata_mmap {
	int32_t pid, tid; /* pid -1: the kernel */
	uint64_t addr, size_bytes, offset;
	uint32_t major, minor;
	uint64_t inode;
	uint8_t build_id_size; /* 0: none in the record */
	const uint8_t *build_id;
	bool executable;
	const char *path;
};
bool perfdata_mmap(const struct perfdata *p, const struct perfdata_record *r, struct perfdata_mmap *ret);

struct perfdata_comm {
	int32_t pid, tid;
	const char *comm;
	bool exec;
};
bool perfdata_comm(const struct perfdata *p, const struct perfdata_record *r, struct perfdata_comm *ret);

struct perfdata_task {
	int32_t pid, ppid, tid, ptid;
	uint64_t time_ns;
};
bool perfdata_task(const struct perfdata *p, const struct perfdata_record *r, struct perfdata_task *ret);

/* LOST: events; LOST_SAMPLES: samples. */
bool perfdata_lost(const struct perfdata *p, const struct perfdata_record *r, uint64_t *count);

struct perfdata_ksymbol {
	uint64_t addr;
	uint32_t size_bytes;
	bool unregister;
	const char *name;
};
bool perfdata_ksymbol(const struct perfdata *p, const struct perfdata_record *r,
		      struct perfdata_ksymbol *ret);

enum { PERFDATA_REGS_MAX = 64 };
/* Only what sample_type of the event has is set; the rest is 0. */
struct perfdata_sample {
	const struct perfdata_event *event; /* NULL: the id names none */
	uint64_t identifier, ip, time_ns, addr, id, stream_id, period;
	int32_t pid, tid;
	uint32_t cpu;
	bool has_tid, has_time, has_cpu, has_ip;
	struct bytes read;
	const uint8_t *chain; /* u64 in the file's order: perfdata_chain_at() */
	uint64_t chain_count;
	struct bytes raw;
	const uint8_t *branches; /* from, to, flags */
	uint64_t branch_count;
	uint64_t branch_hw_index;
	uint64_t user_abi, intr_abi; /* PERF_SAMPLE_REGS_ABI_*; 0: no registers */
	uint64_t user_mask, intr_mask;
	const uint8_t *user_regs, *intr_regs; /* one a bit of the mask */
	struct bytes user_stack; /* the bytes that are real; from the stack pointer up */
	uint64_t weight, data_source, transaction, physical_addr, cgroup, data_page_size, code_page_size;
	uint16_t weight2, weight3;
	struct bytes aux;
};
bool perfdata_sample(const struct perfdata *p, const struct perfdata_record *r,
		     struct perfdata_sample *ret);
/* A u64 of a sample's array: chain entries, three words a branch, registers. */
uint64_t perfdata_word(const struct perfdata *p, const uint8_t *words, uint64_t index);

#endif
