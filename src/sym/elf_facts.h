/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_ELF_FACTS_H
#define SONDE_SYM_ELF_FACTS_H
/* What a person who debugs wants to know about a binary: what `sonde elf` shows. */
#include "base/arena.h"
#include "base/io.h"
#include "format/elf_dynamic.h"
#include "module/module.h"

enum elf_relro { ELF_RELRO_NONE, ELF_RELRO_PARTIAL, ELF_RELRO_FULL };
enum elf_frame_pointers { ELF_FP_UNKNOWN, ELF_FP_NO, ELF_FP_PARTLY, ELF_FP_YES };

struct elf_producer {
	const char *text; /* "GNU C17 12.2.0 -O2 -g" */
	uint64_t units;
};

struct elf_facts {
	const char *path;
	struct io_map map;
	struct elf_file elf;
	struct elf_dynamic dynamic;
	struct module *module;     /* for its debug file */
	char build_id[129];        /* "" : none */
	const char *go_build_id;   /* of .note.go.buildid; NULL: none */

	bool has_symtab, has_dynsym, has_dwarf, has_minidebug, is_debug_file;
	const char *debuglink, *altlink; /* NULL: none */
	const char *debug_path;    /* where the debug information is: this file, another; NULL: nowhere */
	unsigned dwarf_version;    /* of the first unit; 0: none */
	uint64_t dwarf_units, dwarf_bytes; /* compressed, as in the file */
	bool dwarf_is_split;
	VEC(struct elf_producer) producers; /* most units first */
	VEC(const char *) comments;         /* .comment and .GCC.command.line, each text once */
	VEC(const char *) modinfo;          /* of a kernel module: "license=GPL" */

	const char *interpreter, *soname, *rpath, *runpath; /* NULL: none */
	bool is_pie, is_static, nx_known, nx, canary, text_relocations, wx_segment;
	enum elf_relro relro;
	uint64_t fortified;        /* functions called in their checking form */
	uint32_t x86_features, arm_features; /* .note.gnu.property: IBT 1, SHSTK 2; BTI 1, PAC 2 */

	enum elf_frame_pointers frame_pointers;
	uint64_t functions, functions_with_fp;
};

/* Open PATH; what cannot be found out is left empty.  ERR_FORMAT when it is no ELF file.
 * Texts live in A or in *ret. */
struct err *elf_facts_read(const char *path, enum debuginfod_when debuginfod, struct arena *a,
			   struct elf_facts *ret);
void elf_facts_deinit(struct elf_facts *f);

#endif
