/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands, sorted by name.  A new one is its file and two lines here. */
#include "cmd/cmd.h"

extern const struct cmd cmd_addr2line;
extern const struct cmd cmd_annotate;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_dmesg;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_elf;
extern const struct cmd cmd_export;
extern const struct cmd cmd_faddr2line;
extern const struct cmd cmd_files;
extern const struct cmd cmd_flame;
extern const struct cmd cmd_help;
extern const struct cmd cmd_import;
extern const struct cmd cmd_info;
extern const struct cmd cmd_oops;
extern const struct cmd cmd_query;
extern const struct cmd cmd_record;
extern const struct cmd cmd_report;
extern const struct cmd cmd_strace;
extern const struct cmd cmd_top;
extern const struct cmd cmd_trace;
extern const struct cmd cmd_version;

const struct cmd *const cmd_table[] = {
	&cmd_addr2line,
	&cmd_annotate,
	&cmd_completion,
	&cmd_diff,
	&cmd_dmesg,
	&cmd_doctor,
	&cmd_elf,
	&cmd_export,
	&cmd_faddr2line,
	&cmd_files,
	&cmd_flame,
	&cmd_help,
	&cmd_import,
	&cmd_info,
	&cmd_oops,
	&cmd_query,
	&cmd_record,
	&cmd_report,
	&cmd_strace,
	&cmd_top,
	&cmd_trace,
	&cmd_version,
	NULL,
};

const char *const cmd_overview =
	"sonde answers \"why?\" on Linux: record a program or the machine, then look.\n"
	"\nBegin with\n"
	"  sonde record -- make          run a command and see where its CPU time goes\n"
	"  sonde report make.sonde       read the answer\n"
	"  sonde trace -- make           every system call, without stopping it\n"
	"  sonde oops                    what the kernel complained about\n";
