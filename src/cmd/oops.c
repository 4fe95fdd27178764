/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde oops: find and explain the kernel's reports in a log, or in the running kernel's. */
#include "cmd/cmd.h"
#include "cmd/debuginfod_opt.h"

#include "base/str.h"
#include "session/kernel_log.h"
#include "session/lookup.h"
#include "session/oops.h"
#include "session/oops_decode.h"

#include <errno.h>
#include <stdio.h>

struct oops_args {
	struct opt_list files;
	bool follow;
	const char *kind, *vmlinux, *modules, *kallsyms, *debuginfod;
	bool no_decode, no_cache;
	uint64_t limit;
	struct output_args output;
};

static const struct opt oops_opts[] = {
	{ .name = "follow", .letter = 'f', .kind = OPT_FLAG, .help = "go on reading; tell each report when it is complete",
	  .offset = offsetof(struct oops_args, follow) },
	{ .name = "kind", .letter = 'k', .kind = OPT_STRING, .value = "KIND", .help = "only reports of this kind (kasan, hung-task, oom-kill ...)",
	  .offset = offsetof(struct oops_args, kind) },
	{ .name = "limit", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 100000, .help = "tell at most N reports in full (20)",
	  .offset = offsetof(struct oops_args, limit) },
	{ .kind = OPT_HEADING, .help = "Files and lines" },
	{ .name = "vmlinux", .kind = OPT_STRING, .value = "FILE", .completes = "file", .help = "the kernel's ELF file with debug information; else looked for by build-id and version",
	  .offset = offsetof(struct oops_args, vmlinux) },
	{ .name = "modules", .kind = OPT_STRING, .value = "DIR", .completes = "file", .help = "where the modules' files are (.ko, .ko.debug, .ko.xz ...)",
	  .offset = offsetof(struct oops_args, modules) },
	{ .name = "kallsyms", .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "a saved /proc/kallsyms or System.map: where there is no vmlinux, whether each function is there with that size; for the running kernel its own list and BTF are used",
	  .offset = offsetof(struct oops_args, kallsyms) },
	DEBUGINFOD_OPT(struct oops_args, debuginfod),
	{ .name = "no-decode", .kind = OPT_FLAG, .help = "names as the log has them", .offset = offsetof(struct oops_args, no_decode) },
	{ .name = "no-cache", .kind = OPT_FLAG, .help = "neither use nor keep an index of debug information", .offset = offsetof(struct oops_args, no_cache) },
	OUTPUT_OPTS(struct oops_args, output),
	OPT_END
};

static const struct opt_operand oops_operands[] = {
	{ .name = "FILE", .completes = "file", .help = "kernel logs: dmesg, journalctl, syslog, a serial capture, pstore; gzip, xz and zstd are unpacked; - is standard input; none: what is piped in, else the running kernel's log, with what dmesg -C hid",
	  .offset = offsetof(struct oops_args, files) },
	OPERAND_END
};

static const struct opt_example oops_examples[] = {
	{ "sonde oops", "what the running kernel complained about" },
	{ "sonde oops console.log", "every report in a serial capture, told once and explained" },
	{ "journalctl -k -b -1 | sonde oops", "why the machine died the last time" },
	{ "sonde oops --json crash.txt", "the same as structure (docs/SCHEMA.md)" },
	{ NULL, NULL }
};

static struct err *run_json(const struct oops_session_options *options, const char *path)
{
	FILE *out = path != NULL ? fopen(path, "we") : stdout;

	if (out == NULL)
		return err_errno(errno, "cannot write %s", path);
	struct err *err = session_oops_json(options, out);
	bool failed = fflush(out) != 0 || ferror(out);

	if (err == NULL && failed)
		err = err_errno(errno, "cannot write %s", path != NULL ? path : "standard output");
	if (path != NULL)
		(void)fclose(out);
	return err;
}

static struct err *oops_run(void *args_, struct arena *arena, int *status)
{
	struct oops_args *args = args_;
	struct oops_decode_options decode = {
		.vmlinux = args->vmlinux, .modules = args->modules, .kallsyms = args->kallsyms, .no_cache = args->no_cache,
		.debuginfod = lookup_debuginfod_when(args->debuginfod),
	};
	struct oops_session_options options = {
		.decode = args->no_decode ? NULL : &decode,
		.files = args->files.words, .file_count = args->files.count, .follow = args->follow,
		.verbose = args->output.verbose > 0, .kind = args->kind, .limit = args->limit,
	};
	static const char *const piped[] = { "-" };
	struct doc *doc;

	if (options.file_count == 0 && kernel_log_is_piped()) {
		options.files = piped;
		options.file_count = 1;
	}
	output_log_level(&args->output);
	if (args->output.svg || (args->output.path != NULL && str_ends(args->output.path, ".svg")))
		return err_fix(err_new(ERR_USAGE, "a kernel report has no picture"), "-o NAME.html makes a page of it, --json gives it as structure");
	if (args->output.json)
		return run_json(&options, args->output.path);
	TRY(output_open(&args->output, &doc));
	struct err *err = session_oops(&options, doc);

	render_destroy(doc);
	return err;
}

const struct cmd cmd_oops = {
	.spec = {
		.name = "oops",
		.summary = "find and explain the kernel's reports in a log",
		.opts = oops_opts,
		.operands = oops_operands,
		.examples = oops_examples,
		.see_also = "sonde-dmesg(1), sonde-addr2line(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct oops_args),
	.run = oops_run,
};
