/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde elf: what a binary is made of, for whoever has to debug or profile it. */
#include "cmd/cmd.h"
#include "cmd/debuginfod_opt.h"

#include "base/str.h"
#include "render/doc.h"
#include "session/lookup.h"
#include "view/elf.h"

struct elf_args {
	struct elf_view view;
	bool all;
	const char *file, *debuginfod, *syntax;
	struct output_args output;
};

static const char *const syntaxes[] = { "att", "intel", NULL };

static const struct opt elf_opts[] = {
	{ .kind = OPT_HEADING, .help = "What to show" },
	{ .name = "needed", .kind = OPT_FLAG, .help = "libraries, and where the loader would find them (ldd, without running anything)",
	  .offset = offsetof(struct elf_args, view.needed) },
	{ .name = "disasm", .kind = OPT_STRING, .value = "FUNC", .help = "instructions of a function, or of the one at an address (objdump -d)",
	  .offset = offsetof(struct elf_args, view.disasm) },
	{ .name = "sections", .letter = 'S', .kind = OPT_FLAG, .help = "sections (readelf -S)",
	  .offset = offsetof(struct elf_args, view.sections) },
	{ .name = "segments", .letter = 'l', .kind = OPT_FLAG, .help = "segments (readelf -l)",
	  .offset = offsetof(struct elf_args, view.segments) },
	{ .name = "symbols", .letter = 's', .kind = OPT_FLAG, .help = "symbols of .symtab (readelf -s, nm)",
	  .offset = offsetof(struct elf_args, view.symbols) },
	{ .name = "dyn-syms", .kind = OPT_FLAG, .help = "symbols of .dynsym (nm -D)",
	  .offset = offsetof(struct elf_args, view.dynamic_symbols) },
	{ .name = "dynamic", .letter = 'd', .kind = OPT_FLAG, .help = "dynamic section (readelf -d)",
	  .offset = offsetof(struct elf_args, view.dynamic) },
	{ .name = "headers", .letter = 'H', .kind = OPT_FLAG, .help = "the ELF header (readelf -h)",
	  .offset = offsetof(struct elf_args, view.headers) },
	{ .name = "notes", .letter = 'n', .kind = OPT_FLAG, .help = "notes (readelf -n)",
	  .offset = offsetof(struct elf_args, view.notes) },
	{ .name = "all", .letter = 'a', .kind = OPT_FLAG, .help = "all of these tables",
	  .offset = offsetof(struct elf_args, all) },
	{ .name = "demangle", .letter = 'C', .kind = OPT_FLAG, .help = "C++, Rust and D names as their source has them",
	  .offset = offsetof(struct elf_args, view.demangle) },
	{ .name = "syntax", .kind = OPT_CHOICE, .value = "SYNTAX", .choices = syntaxes, .help = "att (default) or intel",
	  .offset = offsetof(struct elf_args, syntax) },
	DEBUGINFOD_OPT(struct elf_args, debuginfod),
	OUTPUT_OPTS(struct elf_args, output),
	OPT_END
};

static const struct opt_operand elf_operands[] = {
	{ .name = "FILE", .min = 1, .max = 1, .completes = "file", .offset = offsetof(struct elf_args, file),
	  .help = "a program, library, object, kernel module, kernel or core file" },
	OPERAND_END
};

static struct err *elf_run(void *user, struct arena *arena, int *status)
{
	struct elf_args *args = user;
	struct elf_view *v = &args->view;
	struct doc *d;
	struct err *err;

	if (args->all)
		v->headers = v->segments = v->sections = v->symbols = v->dynamic_symbols = v->dynamic = v->needed =
			v->notes = true;
	v->intel = str_eq(args->syntax, "intel");
	v->debuginfod = lookup_debuginfod_when(args->debuginfod);
	TRY(output_open(&args->output, &d));
	err = view_elf(args->file, v, d);
	render_destroy(d);
	return err;
}

const struct cmd cmd_elf = {
	.spec = {
		.name = "elf",
		.summary = "what a binary is made of: names, libraries, hardening, code",
		.description =
			"Says what matters when this binary is to be debugged or profiled: whether its functions and lines "
			"can be named and from which file, whether it keeps frame pointers, which compiler and flags built "
			"it, how it is hardened, and which libraries it would be loaded with. Nothing is run: libraries are "
			"found as the loader finds them (RPATH, LD_LIBRARY_PATH, RUNPATH, ld.so.cache, default directories), "
			"also for another machine's programs.\n\n"
			"With options it prints what readelf, nm, ldd and objdump -d are used for every day, with their numbers and "
			"names; tests hold it against them. What differs: versions of symbols (read@GLIBC_2.2.5) stand behind names as "
			"readelf -s has them and nm has not; the loader is listed where the cache has it, ldd says where it was "
			"started from; and of a stripped file objdump --disassemble=NAME shows other code, from the start of the "
			"section, where --disasm takes the symbol's address.",
		.opts = elf_opts,
		.operands = elf_operands,
		.examples = (const struct opt_example[]){
			{ "sonde elf /usr/bin/python3", "an overview" },
			{ "sonde elf --needed ./prog", "libraries, where they are, and who needs them" },
			{ "sonde elf --disasm main ./prog", "the instructions of main" },
			{ "sonde elf -S --json prog", "sections, for a script" },
			{ NULL, NULL } },
		.see_also = "sonde-addr2line(1), readelf(1), nm(1), objdump(1), ldd(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct elf_args),
	.run = elf_run,
};
