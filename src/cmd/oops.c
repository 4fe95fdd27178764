/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde oops: kernel reports in a log, as structure. */
#include "cmd/cmd.h"

#include "base/io.h"
#include "oops/json.h"
#include "oops/oops.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct oops_args {
	struct opt_list files;
	struct output_args output;
};

static const struct opt oops_opts[] = {
	OUTPUT_OPTS(struct oops_args, output),
	OPT_END
};

static const struct opt_operand oops_operands[] = {
	{ .name = "FILE", .help = "a kernel log; - is standard input",
	  .offset = offsetof(struct oops_args, files) },
	OPERAND_END
};

static void print_report(void *user, struct oops_report *r)
{
	oops_json(user, r);
	oops_report_destroy(r);
}

static struct err *oops_run(void *args_, struct arena *arena, int *status)
{
	struct oops_args *args = args_;
	struct json j;
	static char buffer[1 << 16];
	int fd = open(args->files.words[0], O_RDONLY | O_CLOEXEC);
	ssize_t n;

	json_init_file(&j, stdout, 1);
	json_begin_object(&j);
	json_key(&j, "reports");
	json_begin_array(&j);
	struct oops_scan *s = oops_scan_create(print_report, &j);

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		oops_scan_feed(s, buffer, (size_t)n);
	oops_scan_finish(s);
	oops_scan_destroy(s);
	json_end(&j);
	json_end(&j);
	close(fd);
	return NULL;
}

const struct cmd cmd_oops = {
	.spec = {
		.name = "oops",
		.summary = "find and explain the kernel's reports in a log",
		.opts = oops_opts,
		.operands = oops_operands,
		.see_also = "sonde(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct oops_args),
	.run = oops_run,
};
