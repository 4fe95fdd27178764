/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde import: another tool's file as a recording. */
#include "cmd/cmd.h"
#include "cmd/debuginfod_opt.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "record/recorder.h"
#include "session/import.h"

#include <stdio.h>
#include <string.h>

struct import_args {
	const char *debuginfod;
	struct opt_list files;
	const char *from, *path, *vmlinux, *kallsyms;
	bool overwrite, no_symbols, quiet;
	unsigned verbose;
};

static const char *const import_forms[] = { "perf.data", "pprof", NULL };

static const struct opt import_opts[] = {
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .value = "NAME.sonde", .completes = "file",
	  .help = "the recording to make (default: the file's name with .sonde, in this directory)",
	  .offset = offsetof(struct import_args, path) },
	{ .name = "from", .kind = OPT_CHOICE, .value = "FORM", .choices = import_forms,
	  .help = "what the file is; found out by its content when not given",
	  .offset = offsetof(struct import_args, from) },
	{ .name = "overwrite", .kind = OPT_FLAG, .help = "replace a recording of that name",
	  .offset = offsetof(struct import_args, overwrite) },
	{ .name = "no-symbols", .kind = OPT_FLAG,
	  .help = "don't look up names now: whoever opens the recording does",
	  .offset = offsetof(struct import_args, no_symbols) },
	{ .name = "vmlinux", .letter = 'k', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "the file with symbols of the kernel that ran\n"
		  "Looked for by build-id when not given: below /usr/lib/debug (SONDE_DEBUG_PATH), in /boot and /lib/modules, where "
		  "perf keeps files (~/.debug, also what perf archive carried here), by debuginfod. One of another build is refused.",
	  .offset = offsetof(struct import_args, vmlinux) },
	{ .name = "kallsyms", .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "the symbols of the kernel that ran: its System.map, or a copy of its /proc/kallsyms\n"
		  "It may be of another boot; names of modules need one of the same boot, or the modules' files. Whether it is of "
		  "the same build can't be told.",
	  .offset = offsetof(struct import_args, kallsyms) },
	DEBUGINFOD_OPT(struct import_args, debuginfod),
	{ .name = "verbose", .letter = 'v', .kind = OPT_COUNT, .help = "say more; -vv even more",
	  .offset = offsetof(struct import_args, verbose) },
	{ .name = "quiet", .letter = 'q', .kind = OPT_FLAG, .help = "only errors",
	  .offset = offsetof(struct import_args, quiet) },
	OPT_END
};

static const struct opt_operand import_operands[] = {
	{ .name = "FILE", .min = 1, .max = 0, .completes = "file",
	  .help = "files of other tools; - is standard input",
	  .offset = offsetof(struct import_args, files) },
	OPERAND_END
};

static char *output_of(const struct import_args *args, const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;

	if (args->path)
		return mem_printf("%s%s", args->path, str_ends(args->path, ".sonde") ? "" : ".sonde");
	return mem_printf("%s.sonde", strcmp(base, "-") == 0 ? "stdin" : base);
}

static struct err *import_one(const struct import_args *args, const char *file)
{
	CLEANUP(mem_freep) char *output = output_of(args, file);
	struct import_request request = { .path = file, .from = args->from, .output = output,
					  .overwrite = args->overwrite, .no_symbols = args->no_symbols,
					  .vmlinux = args->vmlinux, .kallsyms = args->kallsyms };
	struct recorder_totals totals;
	struct err *damage;

	TRY(session_import(&request, &totals, &damage));
	CLEANUP(mem_freep) char *word = str_quote_shell(output);

	/* a profile of pprof has a row for each value of a sample */
	log_note("%s: %s row%s, %s: sonde report %s", output, units_count(totals.rows).text, totals.rows == 1 ? "" : "s",
		 units_bytes((double)totals.bytes).text, word);
	if (totals.lost && !damage)
		damage = err_new(ERR_LIMIT, "%s: %s events had no place in the journal and are missing", file,
				 units_count(totals.lost).text);
	return err_fix(damage, "%s has what could be read", output);
}

static struct err *import_run(void *user, struct arena *arena, int *status)
{
	const struct import_args *args = user;

	(void)arena;
	(void)status;
	if (args->quiet)
		log_set_level(LOG_QUIET);
	else if (args->verbose)
		log_set_level(args->verbose > 1 ? LOG_DEBUG : LOG_INFO);
	debuginfod_opt_apply(args->debuginfod);
	if (args->path && args->files.count > 1)
		return err_new(ERR_USAGE, "-o names one recording, and there are %zu files", args->files.count);
	for (size_t i = 0; i < args->files.count; i++)
		TRY(import_one(args, args->files.words[i]));
	return NULL;
}

static const struct opt_example import_examples[] = {
	{ "sonde import perf.data", "make perf.data.sonde, for report, flame and query" },
	{ "perf record -o - -- make | sonde import -o make -", "from a pipe" },
	{ "sonde import -k vmlinux -o board perf.data", "from another machine, with the file of its kernel" },
	{ "sonde report perf.data", "look at once: views import such files themselves" },
	{ NULL, NULL }
};

const struct cmd cmd_import = {
	.spec = {
		.name = "import",
		.summary = "make a recording from another tool's file",
		.description =
			"Reads perf.data files of any version, machine and byte order, also compressed ones and pipes; and "
			"profiles of pprof (Go, gperftools, Java), each of whose sample types becomes an event. "
			"Functions get names from files of this machine that have the build-ids of the recorded ones. A kernel "
			"that is not this one, or was booted again since, is told by its build-id and where it lay: the running "
			"kernel's symbols serve when it is the same build, else its vmlinux, or a list (--kallsyms). "
			"What a recording has no place for (branch stacks, hardware trace) is counted and said: see "
			"sonde info.\n\n"
			"A file that is damaged from somewhere on gives a recording of what came before, an error "
			"message and exit status 1.",
		.opts = import_opts,
		.operands = import_operands,
		.examples = import_examples,
		.see_also = "sonde-export(1), sonde-report(1), sonde-info(1), perf-record(1)",
	},
	.group = CMD_RECORD,
	.args_bytes = sizeof(struct import_args),
	.run = import_run,
};
