/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What objects of live traces and of recordings have in common, so that one reader reads both. */
#include "session/trace/json_line.h"

#include "syscall/print.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void json_line_begin(struct json *j, struct str *out, const struct json_line *line)
{
	json_init_str(j, out, 0);
	json_begin_object(j);
	json_key(j, "time_ns"), json_u64(j, line->time_ns);
	json_key(j, "kind"), json_str(j, line->kind);
	json_key(j, "pid"), json_u64(j, line->pid);
	json_key(j, "tid"), json_u64(j, line->tid);
}

void json_line_stack(struct json *j, const char *lines)
{
	json_key(j, "stack");
	json_begin_array(j);
	for (const char *at = lines; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t lead = strspn(at, " >");

		json_str_n(j, at + lead, strcspn(at, "\n") - lead);
	}
	json_end(j);
}

void json_line_signal(struct str *out, const struct json_line *line, const char *signal, const char *siginfo,
		      size_t siginfo_length, const char *stack)
{
	struct json j;

	json_line_begin(&j, out, line);
	json_key(&j, "signal"), json_str(&j, signal);
	json_key(&j, "siginfo");
	if (siginfo)
		json_str_n(&j, siginfo, siginfo_length);
	else
		json_null(&j);
	if (stack)
		json_line_stack(&j, stack);
	json_end(&j);
}

static void add_killed(struct json *j, int status)
{
	const char *name = syscall_signal_name(WTERMSIG(status));
	char number[16];

	snprintf(number, sizeof(number), "%d", WTERMSIG(status));
	json_key(j, "signal"), json_str(j, name ? name : number);
	json_key(j, "core_dumped"), json_bool(j, WCOREDUMP(status));
}

void json_line_end(struct str *out, struct json_line *line, int status)
{
	struct json j;

	line->kind = WIFSIGNALED(status) ? "killed" : "exited";
	json_line_begin(&j, out, line);
	if (WIFSIGNALED(status))
		add_killed(&j, status);
	else
		json_key(&j, "status"), json_i64(&j, WEXITSTATUS(status));
	json_end(&j);
}
