/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of sonde trace's options has no meaning where it was given: to a recording, whose calls were
 * chosen and decoded when they were made, or beside another option.  Dropping one silently would show
 * what was not asked for.
 */
#include "cmd/trace_refuse.h"

#include "base/str.h"

#include <stdint.h>
#include <string.h>

static const struct {
	int id;
	const char *name;  /* as it is said */
	const char *words; /* before the = of -e; NULL: it is none of them */
} live_only[] = {
	{ 'E', "-E", NULL }, { TRACE_LONG_ARGV0, "--argv0", NULL }, { 'u', "-u", NULL }, { 'b', "-b", NULL },
	{ TRACE_LONG_DAEMONIZE, "--daemonize", NULL }, { 'D', "-D", NULL }, { 'I', "-I", NULL },
	{ TRACE_LONG_KILL_ON_EXIT, "--kill-on-exit", NULL }, { TRACE_LONG_SECCOMP, "--seccomp-bpf", NULL },
	{ TRACE_LONG_SEPARATELY, "--output-separately", NULL }, { 'v', "-v", NULL },
	{ TRACE_LONG_ABBREV, "--abbrev", " abbrev a " }, { TRACE_LONG_VERBOSE, "--verbose", " verbose v " },
	{ TRACE_LONG_RAW, "--raw", " raw x " }, { TRACE_LONG_READ, "--read", " read reads r " },
	{ TRACE_LONG_WRITE, "--write", " write writes w " },
	{ TRACE_LONG_DECODE_PIDS, "--decode-pids", " decode-pids decode-pid " }, { 'Y', "-Y", NULL },
	{ TRACE_LONG_PIDNS, "--pidns-translation", NULL }, { 'i', "-i", NULL }, { 'N', "-N", NULL },
	{ TRACE_LONG_NAMESPACE, "--namespace", " namespace " }, { TRACE_LONG_KVM, "--kvm", " kvm " }, { TRACE_LONG_INJECT, "--inject", " inject " },
	{ TRACE_LONG_FAULT, "--fault", " fault " }, { TRACE_LONG_FRAME_LIMIT, "--stack-trace-frame-limit", NULL },
};

/* "abbrev" of "abbrev=open", as one of " abbrev a " */
static bool is_word_of(const char *expression, const char *words)
{
	size_t length = strcspn(expression, "=");

	for (const char *at = words; expression[length] && length && (at = strchr(at, ' ')) != NULL && at[1]; at++)
		if (strncmp(at + 1, expression, length) == 0 && at[1 + length] == ' ')
			return true;
	return false;
}

static const char *live_only_name(const struct opt_given *given)
{
	for (size_t i = 0; i < sizeof(live_only) / sizeof(*live_only); i++) {
		if (live_only[i].id == given->id)
			return live_only[i].name;
		if (given->id == 'e' && live_only[i].words && is_word_of(given->word, live_only[i].words))
			return live_only[i].name;
	}
	return NULL;
}

static struct err *refuse(const char *name)
{
	return err_new(ERR_USAGE, "%s is for live tracing: a recording's calls were chosen and decoded when it was made", name);
}

static struct err *check_recording(const struct trace_args *args)
{
	unsigned follow = 0;

	if (args->no_follow || args->all || args->cgroup || args->engine)
		return refuse(args->no_follow ? "--no-follow" : args->all ? "--all" : args->cgroup ? "--cgroup" : "--engine");
	for (size_t i = 0; i < args->given.count; i++) {
		const char *name = live_only_name(&args->given.v[i]);

		if (name)
			return refuse(name);
		follow += args->given.v[i].id == 'f';
	}
	return follow > 1 ? refuse("-ff") : NULL;
}

static const char *output_of(const struct trace_args *args)
{
	const char *output = NULL;

	for (size_t i = 0; i < args->given.count; i++)
		if (args->given.v[i].id == 'o')
			output = args->given.v[i].word;
	return output;
}

/* -o NAME.sonde makes a recording, which has neither lines nor tables. */
static struct err *check_making(const struct trace_args *args, const char *output)
{
	const char *name = args->json ? "--json" : args->fold ? "--fold" : NULL;

	for (size_t i = 0; !name && i < args->given.count; i++)
		if (args->given.v[i].id == 'c' || args->given.v[i].id == 'C')
			name = args->given.v[i].id == 'c' ? "-c" : "-C";
	if (!name)
		return NULL;
	return err_fix(err_new(ERR_USAGE, "%s prints, but -o %s makes a recording", name, output),
		       "make the recording first, then: sonde trace %s %s", output, name);
}

/* -O: what tracing itself took is not known of what is in a recording. */
static struct err *check_overhead(const struct trace_args *args)
{
	for (size_t i = 0; i < args->given.count; i++)
		if (args->given.v[i].id == 'O')
			return err_new(ERR_USAGE, "-O is for -c of a live trace: a recording's views show times as they were measured");
	return NULL;
}

struct err *trace_refuse(const struct trace_args *args, bool viewed, const char *recording)
{
	const char *output = output_of(args);
	bool makes = output && str_ends(output, ".sonde");

	if (recording)
		TRY(check_recording(args));
	if (viewed)
		TRY(check_overhead(args));
	if (viewed && !recording)
		return NULL;
	if (!viewed && (args->html || args->views.limit))
		return err_new(ERR_USAGE, "%s is for views: add --summary, --waits, --slow, --errors, --files or --tree",
			       args->html ? "--html" : "--limit");
	if (makes && recording)
		return err_new(ERR_USAGE, "-o %s would be the name of a recording, but %s is printed: give the file another name",
			       output, recording);
	return makes ? check_making(args, output) : NULL;
}
