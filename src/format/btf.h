/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_BTF_H
#define SONDE_FORMAT_BTF_H
/*
 * BTF, the kernel's types of itself and of BPF programs (Documentation/bpf/btf.rst,
 * include/uapi/linux/btf.h).  Native byte order only: it is the running machine's.
 */
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/cursor.h"

#include <stddef.h>
#include <stdint.h>

enum btf_kind {
	BTF_INT = 1, BTF_PTR, BTF_ARRAY, BTF_STRUCT, BTF_UNION, BTF_ENUM, BTF_FWD, BTF_TYPEDEF, BTF_VOLATILE,
	BTF_CONST, BTF_RESTRICT, BTF_FUNC, BTF_FUNC_PROTO, BTF_VAR, BTF_DATASEC, BTF_FLOAT, BTF_DECL_TAG,
	BTF_TYPE_TAG, BTF_ENUM64, BTF_KINDS,
};

struct btf_type {
	uint32_t name_offset;
	uint32_t info;         /* member count in bits 0-15, kind in 24-28 */
	uint32_t size_or_type; /* bytes, or the id of the type that it refers to */
};

/* A view on bytes that stay the caller's. */
struct btf_file {
	struct bytes types, strings;
	uint32_t *offsets; /* [(id - 1) / BTF_STRIDE], of a type in `types` */
	uint32_t count;    /* ids: 1 to count - 1 */
};
enum { BTF_STRIDE = 8 };

/* What is looked for while a file's types are counted, which is most of the work there is with the kernel's. */
struct btf_names {
	struct strmap kinds;  /* name -> its kinds that are wanted, 1 << BTF_STRUCT | ... */
	uint64_t filter[64];  /* hashes of how those names begin */
	VEC(uint32_t) found;  /* ids, ascending */
};
void btf_names_init(struct btf_names *n);
void btf_names_deinit(struct btf_names *n);
void btf_names_add(struct btf_names *n, const char *name, size_t length, uint32_t kinds);

/* ERR_FORMAT when these are no BTF. */
struct err *btf_init(struct btf_file *f, struct bytes image);
/* And which types have one of these names: NAMES->found.  NAMES may be NULL. */
struct err *btf_init_finding(struct btf_file *f, struct bytes image, struct btf_names *names);
void btf_deinit(struct btf_file *f);

static inline enum btf_kind btf_kind_of(const struct btf_type *t) { return (enum btf_kind)(t->info >> 24 & 31); }
static inline uint32_t btf_member_count(const struct btf_type *t) { return t->info & 0xffff; }

/* Copy the head of type ID (in range); its members follow at btf_members(). */
struct btf_type btf_type_of(const struct btf_file *f, uint32_t id);
struct bytes btf_members(const struct btf_file *f, uint32_t id);
const char *btf_string(const struct btf_file *f, uint32_t offset); /* "" when it is out of range */

/* The names of PROGRAM's structs and unions; what follows "___" in one does not count. */
void btf_names_add_records(struct btf_names *n, const struct btf_file *program);

/* The structs and unions of F among FOUND, with all their members and what those hold by value, as BTF of its own
 * appended to IMAGE.  What members point to is left out.  A loader of BPF programs finds the places of
 * fields in there a hundred times faster than in all of the kernel's types. */
void btf_extract(const struct btf_file *f, const struct btf_names *found, struct str *image);

#endif
