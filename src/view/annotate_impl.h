/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_ANNOTATE_IMPL_H
#define SONDE_VIEW_ANNOTATE_IMPL_H
/* What the parts of annotate share. */
#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "module/module.h"
#include "render/doc.h"
#include "sym/batch.h"
#include "sym/code.h"
#include "sym/dwarf.h"
#include "view/annotate.h"
#include "view/frames.h"
#include "view/profile.h"
#include "view/view.h"

/* One instruction, or, where the code can't be had, one sampled address. */
struct annotate_insn {
	uint64_t addr; /* as the ELF file has it; without the file: as the recording has it */
	uint8_t length, kind; /* enum disasm_kind */
	bool has_target, starts_range;
	uint64_t target;
	const char *text; /* "" where the code is not known */
	uint64_t value, samples;
	/* where it comes from: the innermost call; "" and 0 where not known */
	uint32_t file, line; /* file: index into `files` */
	const char *function; /* that the line is of; NULL: not known */
	bool inlined;
};

struct annotate_file {
	const char *path; /* as recorded; "" for "not known" */
	uint64_t value;
	/* annotate_source.c: */
	char *text;	    /* NULL: not here */
	VEC(const char *) lines; /* [0] is line 1 */
	char *found; /* the path that it was read from */
	const char *trouble; /* a sentence: not here, changed since; NULL */
};

/* The sums of one source line. */
struct annotate_line {
	uint32_t file, line;
	uint64_t value, samples;
	const char *function; /* the one that most of it is in */
	bool inlined, has_code;
};

struct annotate {
	const struct profile *profile;
	const struct annotate_options *options;
	struct arena arena;

	/* annotate.c: what is looked at */
	const char *function;	 /* demangled */
	const char *holder;	 /* the function whose code it is; differs when inlined only */
	uint32_t module_id;
	const char *module_path;
	uint64_t value, samples; /* of `function` here */
	uint64_t elsewhere;	 /* of functions of that name in other modules, or inlined
				  * into other functions */
	bool is_inlined;	 /* it has no code of its own here */
	VEC(uint32_t) leaves;	 /* indices into profile->leaves */

	/* annotate_code.c */
	struct module *module;
	struct code *code;	 /* NULL: not here */
	struct disasm *disasm;
	struct build_id build_id; /* recorded */
	char *code_trouble;	 /* a sentence; NULL */
	const char *code_fix;	 /* what to do about it; NULL: the usual */
	bool in_kernel;		 /* what the recording has are addresses, not offsets in the file */
	uint64_t slide;		 /* running address - address in the file */
	struct dwarf_info *dwarf; /* the kernel's lines; NULL: none */
	struct sym_batch batch;
	VEC(struct annotate_insn) insns; /* by address */
	uint64_t beside;	 /* samples at no instruction's start */

	/* lines */
	VEC(struct annotate_file) files;
	VEC(struct annotate_line) lines; /* by file and line */
	struct strmap file_index;
};

/* Append a function's name without its parameters: "vec::push", at most 80 bytes. */
void annotate_add_name(struct str *out, const char *name);

/* --- annotate_code.c ------------------------------------------------------------------------- */

/* Instructions, their lines and what they used. */
struct err *annotate_load_code(struct annotate *a);
void annotate_code_deinit(struct annotate *a);
/* The index in a->files. */
uint32_t annotate_file(struct annotate *a, const char *path);

/* --- annotate_kernel.c ------------------------------------------------------------------------- */

/* The code of the kernel or of a module of it, and how far from its file's addresses it ran. */
struct err *annotate_open_kernel(struct annotate *a, const struct module_key *key);

/* --- annotate_source.c ------------------------------------------------------------------------- */

/* Sum lines up and read the sources. */
void annotate_load_source(struct annotate *a);
void annotate_source_deinit(struct annotate *a);
/* The text of a line; NULL: not known. */
const char *annotate_source_line(const struct annotate *a, uint32_t file, uint32_t line);

/* --- annotate_tables.c ------------------------------------------------------------------------- */

void annotate_spots(struct doc *doc, const struct annotate *a);
void annotate_sources(struct doc *doc, const struct annotate *a);
void annotate_instructions(struct doc *doc, const struct annotate *a);

#endif
