/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde dmesg: the kernel's log, and what it prints. */
#include "cmd/cmd.h"

#include "base/log.h"
#include "session/dmesg.h"
#include "session/dyndbg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dmesg_args {
	const char *file, *level, *facility, *since, *until, *time, *match, *color, *console_level, *dyndbg, *dyndbg_list;
	struct opt_list groups;
	bool follow, only_new, decode, json, clear, dyndbg_on;
	uint64_t tail;
};

static const struct opt dmesg_opts[] = {
	{ .name = "level", .letter = 'l', .kind = OPT_STRING, .value = "LIST", .help = "emerg, alert, crit, err, warn, notice, info, debug; warn+ for that and worse",
	  .offset = offsetof(struct dmesg_args, level) },
	{ .name = "facility", .letter = 'F', .kind = OPT_STRING, .value = "LIST", .help = "kern, user, daemon ...", .offset = offsetof(struct dmesg_args, facility) },
	{ .name = "group", .letter = 'g', .kind = OPT_WORDS, .value = "GROUP", .help = "reports (oopses, stalls ...), oom, hardware, fs (and block devices), net, memory, usb",
	  .offset = offsetof(struct dmesg_args, groups) },
	{ .name = "match", .letter = 'm', .kind = OPT_STRING, .value = "TEXT", .help = "only lines that contain TEXT", .offset = offsetof(struct dmesg_args, match) },
	{ .name = "since", .kind = OPT_STRING, .value = "WHEN", .help = "10m (ago; of a saved log: before its end), @12.5 (seconds after boot), '2026-01-31 10:00' (of a saved log: where its lines have dates)", .offset = offsetof(struct dmesg_args, since) },
	{ .name = "until", .kind = OPT_STRING, .value = "WHEN", .help = "as --since", .offset = offsetof(struct dmesg_args, until) },
	{ .name = "tail", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 10000000, .help = "only the last N lines", .offset = offsetof(struct dmesg_args, tail) },
	{ .name = "follow", .letter = 'f', .kind = OPT_FLAG, .help = "wait for more", .offset = offsetof(struct dmesg_args, follow) },
	{ .name = "new", .letter = 'W', .kind = OPT_FLAG, .help = "only what comes from now on; implies --follow", .offset = offsetof(struct dmesg_args, only_new) },
	{ .kind = OPT_HEADING, .help = "Form" },
	{ .name = "time", .letter = 't', .kind = OPT_CHOICE, .value = "FORM", .choices = dmesg_time_choices, .help = "boot (default), ctime, iso, delta or none; lines that have only a date show it", .offset = offsetof(struct dmesg_args, time) },
	{ .name = "decode", .letter = 'x', .kind = OPT_FLAG, .help = "facility and level in words", .offset = offsetof(struct dmesg_args, decode) },
	{ .name = "json", .kind = OPT_FLAG, .help = "one JSON object a line", .offset = offsetof(struct dmesg_args, json) },
	{ .name = "color", .kind = OPT_CHOICE, .value = "WHEN", .choices = output_color_choices, .help = "auto, always or never (NO_COLOR is respected)", .offset = offsetof(struct dmesg_args, color) },
	{ .kind = OPT_HEADING, .help = "What the kernel prints" },
	{ .name = "console-level", .kind = OPT_STRING, .value = "LEVEL", .help = "messages of this level and worse go to the console", .offset = offsetof(struct dmesg_args, console_level) },
	{ .name = "clear", .letter = 'C', .kind = OPT_FLAG, .help = "clear the log", .offset = offsetof(struct dmesg_args, clear) },
	{ .name = "dyndbg", .kind = OPT_STRING, .value = "QUERY", .help = "switch debug messages on or off: 'file drivers/x.c +p', 'module nfs -p'", .offset = offsetof(struct dmesg_args, dyndbg) },
	{ .name = "dyndbg-list", .kind = OPT_STRING, .value = "TEXT", .help = "debug messages whose file, module or function contains TEXT, with their state", .offset = offsetof(struct dmesg_args, dyndbg_list) },
	{ .name = "dyndbg-on", .kind = OPT_FLAG, .help = "debug messages that are on now", .offset = offsetof(struct dmesg_args, dyndbg_on) },
	OPT_END
};

static const struct opt_operand dmesg_operands[] = {
	{ .name = "FILE", .max = 1, .completes = "file", .help = "a saved log; - is standard input; none: the running kernel's", .offset = offsetof(struct dmesg_args, file) },
	OPERAND_END
};

static const struct opt_example dmesg_examples[] = {
	{ "sonde dmesg -l warn+ --since 10m", "what went wrong in the last ten minutes" },
	{ "sonde dmesg -g reports", "oopses, warnings, stalls, whole" },
	{ "sonde dmesg -g fs,net -f", "watch disks and network" },
	{ "sonde dmesg --dyndbg 'module nfs +p'", "let a module print its debug messages" },
	{ NULL, NULL }
};

static bool wants_color(const char *when)
{
	if (when != NULL && strcmp(when, "always") == 0)
		return true;
	return (when == NULL || strcmp(when, "auto") == 0) && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

static struct err *parse_groups(const struct opt_list *words, unsigned *groups)
{
	for (size_t i = 0; i < words->count; i++) {
		unsigned k = 0;

		while (dmesg_group_choices[k] != NULL && strcmp(dmesg_group_choices[k], words->words[i]) != 0)
			k++;
		if (dmesg_group_choices[k] == NULL)
			return err_fix(err_new(ERR_USAGE, "there is no group '%s'", words->words[i]), "reports, oom, hardware, fs, net, memory, usb");
		*groups |= 1u << k;
	}
	return NULL;
}

static struct err *parse_filters(const struct dmesg_args *args, struct dmesg_options *o)
{
	TRY(parse_groups(&args->groups, &o->groups));
	if (args->level != NULL)
		TRY(dmesg_parse_levels(args->level, &o->levels));
	if (args->facility != NULL)
		TRY(dmesg_parse_facilities(args->facility, &o->facilities));
	if (args->since != NULL)
		TRY(dmesg_parse_moment(args->since, args->file, &o->since));
	if (args->until != NULL)
		TRY(dmesg_parse_moment(args->until, args->file, &o->until));
	for (unsigned i = 0; args->time != NULL && dmesg_time_choices[i] != NULL; i++)
		if (strcmp(dmesg_time_choices[i], args->time) == 0)
			o->time = (enum dmesg_time)i;
	return NULL;
}

/* Options that change the running kernel take no log. */
static struct err *check_file(const struct dmesg_args *args)
{
	const char *word = args->clear ? "--clear" : args->console_level != NULL ? "--console-level" : args->dyndbg != NULL ? "--dyndbg"
			 : args->dyndbg_list != NULL ? "--dyndbg-list" : args->dyndbg_on ? "--dyndbg-on" : NULL;

	if (args->file != NULL && word != NULL)
		return err_fix(err_new(ERR_USAGE, "%s is about the running kernel, not about %s", word, args->file), "leave out the file");
	if (args->file != NULL && args->time != NULL && (strcmp(args->time, "ctime") == 0 || strcmp(args->time, "iso") == 0))
		return err_fix(dmesg_check_dates(args->file), "-t boot or -t delta");
	return NULL;
}

static struct err *dmesg_run(void *arguments, struct arena *arena, int *status)
{
	struct dmesg_args *args = arguments;
	struct dmesg_options options = {
		.path = args->file, .follow = args->follow || args->only_new, .only_new = args->only_new, .match = args->match,
		.decode = args->decode, .json = args->json, .color = wants_color(args->color), .tail = args->tail,
	};

	TRY(check_file(args));
	if (args->dyndbg != NULL)
		return dyndbg_query(args->dyndbg);
	if (args->dyndbg_list != NULL || args->dyndbg_on)
		return dyndbg_list(args->dyndbg_list, stdout);
	if (args->console_level != NULL)
		return dmesg_set_console_level(args->console_level);
	if (args->clear)
		return dmesg_clear();
	TRY(parse_filters(args, &options));
	return dmesg_print(&options, stdout);
}

const struct cmd cmd_dmesg = {
	.spec = {
		.name = "dmesg",
		.summary = "read the kernel's log, and control what it prints",
		.opts = dmesg_opts,
		.operands = dmesg_operands,
		.examples = dmesg_examples,
		.see_also = "sonde-oops(1), dmesg(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct dmesg_args),
	.run = dmesg_run,
};
