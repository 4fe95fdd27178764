/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * strace's options, one function for each that takes a value and a row in `setters` for
 * each.  A qualifier of -e is such a row, too: "-e signal=X" is "--signal=X".
 */
#include "session/trace/options.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRING_LIMIT_MAX = 0x3fffffff, DEFAULT_COLUMNS = 40, DEFAULT_STRING_LIMIT = 32 };

const char *trace_strace_adds(const struct err *err)
{
	const char *advice = err_advice(err);

	return advice && str_starts(advice, TRACE_STRACE_ADDS) ? advice + strlen(TRACE_STRACE_ADDS) : NULL;
}

void trace_say(const struct trace_options *o, const char *fmt, ...)
{
	CLEANUP(mem_freep) char *text = NULL;
	struct str line, message;
	va_list ap;

	str_init(&line);
	str_init(&message);
	str_printf(&line, "%s: ", o->name);
	va_start(ap, fmt);
	str_vprintf(&message, fmt, ap);
	va_end(ap);
	str_add_visible_lines(&line, str_text(&message), message.length); /* words and names of others are in it */
	str_deinit(&message);
	str_add_char(&line, '\n');
	text = str_take(&line);
	fputs(text, stderr); /* in one write, so that it isn't mixed with others' */
}

void trace_options_init(struct trace_options *o)
{
	static const enum trace_column columns[] = { TRACE_COLUMN_TIME_PERCENT, TRACE_COLUMN_TOTAL_TIME,
						     TRACE_COLUMN_AVG_TIME, TRACE_COLUMN_CALLS,
						     TRACE_COLUMN_ERRORS, TRACE_COLUMN_NAME };

	*o = (struct trace_options){ .columns = DEFAULT_COLUMNS, .overhead_ns = -1, .tip = -1 };
	call_set_fill(&o->calls, true);
	call_set_fill(&o->abbrev, true);
	call_set_fill(&o->verbose, true);
	o->signals.inverted = true; /* all */
	o->status = UINT32_MAX;
	o->style.string_limit = DEFAULT_STRING_LIMIT;
	memcpy(o->summary_columns, columns, sizeof(columns));
	o->summary_column_count = sizeof(columns) / sizeof(*columns);
}

void trace_options_deinit(struct trace_options *o)
{
	vec_deinit(&o->pids);
	vec_deinit(&o->environment);
	vec_deinit(&o->paths);
	number_set_deinit(&o->signals);
	number_set_deinit(&o->trace_fds);
	number_set_deinit(&o->read_fds);
	number_set_deinit(&o->write_fds);
	injections_deinit(&o->injections);
}

struct err *trace_options_usage(const struct trace_options *o, struct err *err)
{
	return err_fix(err, "Try '%s -h' for more information.", o->strace ? o->name : "sonde trace");
}

#define usage trace_options_usage

/* What options take, for who is told more than strace tells. */
#define PRECISIONS "s, ms, us or ns"
static const struct {
	const char *option, *takes;
} values[] = {
	{ "--columns", "a column from 0 on" },
	{ "-s", "how many bytes, from 0 on; it is 32 unless given" },
	{ "-I", "1 (anywhere), 2 (waiting), 3 (never) or 4 (never_tstp)" },
	{ "-X", "abbrev (names), raw (numbers) or verbose (both)" },
	{ "-S", "time, min-time, max-time, avg-time, calls, errors, name or none" },
	{ "-U", "some of time-percent,total-time,min-time,max-time,avg-time,calls,errors,name" },
	{ "-O", "a time: 500 (microseconds), or with a unit: 500ns, 2us, 1ms" },
	{ "--color", "auto, always or never" },
	{ "--strings-in-hex", "all, non-ascii, non-ascii-chars or none" },
	{ "--relative-timestamps", PRECISIONS },
	{ "--syscall-times", PRECISIONS },
	{ "--absolute-timestamps", "time, unix or none, and " PRECISIONS " behind a comma: unix,ns" },
	{ "--daemonize", "grandchild, pgroup or session" },
	{ "--tips", "none, compact or full, and id:NUMBER behind a comma" },
	{ "--syscall-limit", "how many calls, from 1 on" },
	{ "--stack-trace-frame-limit", "how many frames, from 1 on" },
	{ "--stack-trace", "symbol, or source for lines as well" },
};

/* OPTION: its name where nobody said how it was spelled. */
static struct err *say_what_it_takes(struct trace_options *o, const char *option, struct err *err)
{
	for (size_t i = 0; !o->strace && i < sizeof(values) / sizeof(*values); i++)
		if (str_eq(values[i].option, option))
			return err_fix(err, "%s takes %s", option, values[i].takes);
	return usage(o, err);
}

static struct err *bad_value(struct trace_options *o, const char *option, const char *value)
{
	return say_what_it_takes(o, option, err_new(ERR_USAGE, "invalid %s argument: '%s'", o->spelled[0] ? o->spelled : option, value));
}

static bool to_int(const char *text, int min, int max, int *ret)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		return false;
	*ret = (int)value;
	return true;
}

/* --- sets ---------------------------------------------------------------------------------- */

static const struct word_bit status_words[] = {
	{ "successful", TRACE_SUCCESSFUL }, { "failed", TRACE_FAILED }, { "unfinished", TRACE_UNFINISHED },
	{ "unavailable", TRACE_UNAVAILABLE }, { "detached", TRACE_DETACHED }, { NULL, 0 }
};
static const struct word_bit quiet_words[] = {
	{ "attach", TRACE_QUIET_ATTACH }, { "exit", TRACE_QUIET_EXIT }, { "exits", TRACE_QUIET_EXIT },
	{ "path-resolution", TRACE_QUIET_PATH_RESOLUTION }, { "path-resolve", TRACE_QUIET_PATH_RESOLUTION },
	{ "personality", TRACE_QUIET_PERSONALITY }, { "personalities", TRACE_QUIET_PERSONALITY },
	{ "superseded", TRACE_QUIET_SUPERSEDED }, { "thread-execve", TRACE_QUIET_SUPERSEDED },
	{ "thread-exec", TRACE_QUIET_SUPERSEDED }, { NULL, 0 }
};
static const struct word_bit fd_words[] = {
	{ "path", TRACE_FDS_PATH }, { "socket", TRACE_FDS_SOCKET }, { "dev", TRACE_FDS_DEV },
	{ "pidfd", TRACE_FDS_PIDFD }, { "eventfd", TRACE_FDS_EVENTFD }, { "signalfd", TRACE_FDS_SIGNALFD }, { NULL, 0 }
};
static const struct word_bit pid_words[] = {
	{ "comm", TRACE_PIDS_COMM }, { "pidns", TRACE_PIDS_PIDNS }, { NULL, 0 }
};

/* strace shows calls that it doesn't know whatever is asked for; a trace of chosen calls by BPF has them left to it. */
static struct err *set_trace(struct trace_options *o, const char *v)
{
	TRY(call_set_parse(v, &o->calls));
	if (o->strace)
		call_set_add_unknown(&o->calls);
	return NULL;
}
static struct err *set_abbrev(struct trace_options *o, const char *v) { return call_set_parse(v, &o->abbrev); }
static struct err *set_verbose(struct trace_options *o, const char *v) { return call_set_parse(v, &o->verbose); }
static struct err *set_raw(struct trace_options *o, const char *v) { return call_set_parse(v, &o->raw); }
static struct err *set_signals(struct trace_options *o, const char *v) { return signal_set_parse(v, &o->signals); }
static struct err *set_read(struct trace_options *o, const char *v) { return descriptor_set_parse(v, &o->read_fds); }
static struct err *set_write(struct trace_options *o, const char *v) { return descriptor_set_parse(v, &o->write_fds); }
/* What a program sees of an injected value may not be what is meant; RESULT in 32 bits where the program is such a one. */
static void warn_of_retval(const struct trace_options *o, int64_t result)
{
	int32_t low = (int32_t)result;

	if (result < 0 && result >= -4095)
		trace_say(o, "Inadvertent injection of error %lld is possible for retval=%llu", (long long)-result, (unsigned long long)result);
	else if (low < 0 && low >= -4095)
		trace_say(o, "Inadvertent injection of error %d is possible in compat personality for retval=%llu", -low, (unsigned long long)result);
	else if (result != (int64_t)(uint32_t)low)
		trace_say(o, "Injected return value %llu will be clipped to %u in compat personality", (unsigned long long)result, (unsigned)low);
}

static struct err *set_inject(struct trace_options *o, const char *v)
{
	TRY(injections_add(&o->injections, v, false));
	warn_of_retval(o, injections_last_retval(&o->injections));
	return NULL;
}
static struct err *set_fault(struct trace_options *o, const char *v) { return injections_add(&o->injections, v, true); }

static struct err *set_trace_fds(struct trace_options *o, const char *v)
{
	o->only_fds = true;
	return descriptor_set_parse(v, &o->trace_fds);
}

static struct err *set_status(struct trace_options *o, const char *v)
{
	return word_set_parse(v, "status", status_words, &o->status);
}

static struct err *set_quiet(struct trace_options *o, const char *v)
{
	o->quiet_given = o->quiet_words_given = true;
	return word_set_parse(v ? v : "attach,personality", "quiet", quiet_words, &o->quiet);
}

static struct err *set_decode_fds(struct trace_options *o, const char *v)
{
	o->fds_given = true;
	return word_set_parse(v ? v : "path", "decode-fds", fd_words, &o->fds);
}

static struct err *set_decode_pids(struct trace_options *o, const char *v)
{
	return word_set_parse(v, "decode-pids", pid_words, &o->pid_words);
}

static struct err *set_kvm(struct trace_options *o, const char *v)
{
	if (strcmp(v, "vcpu") != 0 && strcmp(v, "vcpu+") != 0)
		return err_fix(err_new(ERR_USAGE, "invalid -e kvm= argument: '%s'", v), "vcpu: why a virtual CPU returned; vcpu+: and all that it was");
	o->kvm = true;
	o->kvm_whole = v[sizeof("vcpu") - 1] == '+';
	return NULL;
}

static struct err *set_secontext(struct trace_options *o, const char *v)
{
	(void)v;
	if (!o->strace)
		return err_fix(err_new(ERR_UNSUPPORTED, "sonde shows no SELinux contexts (--secontext)"), "ls -Z and ps -Z do, of the files and processes that a trace names");
	return err_new(ERR_UNSUPPORTED, "SELinux context printing (--secontext option) is not supported by this build of strace");
}

static struct err *set_namespace(struct trace_options *o, const char *v)
{
	if (strcmp(v, "new") != 0)
		return err_fix(err_new(ERR_USAGE, "invalid -e namespace= argument: '%s'", v), "new: the namespaces that a call enters");
	o->new_namespaces = true;
	return NULL;
}

static struct err *set_color(struct trace_options *o, const char *v)
{
	static const char *const words[] = { "auto", "always", "never" };
	static const enum trace_color colors[] = { TRACE_COLOR_AUTO, TRACE_COLOR_ALWAYS, TRACE_COLOR_NEVER };

	for (int i = 0; i < 3; i++)
		if (strcmp(v, words[i]) == 0) {
			o->color = colors[i];
			return NULL;
		}
	return bad_value(o, "--color", v);
}

/* --- -e -------------------------------------------------------------------------------------- */

typedef struct err *set_fn(struct trace_options *o, const char *value);

static const struct {
	const char *names; /* space-separated */
	set_fn *set;
} qualifiers[] = {
	{ "trace t", set_trace }, { "abbrev a", set_abbrev }, { "verbose v", set_verbose }, { "raw x", set_raw },
	{ "signal signals s", set_signals }, { "status", set_status }, { "read reads r", set_read },
	{ "write writes w", set_write }, { "fault", set_fault }, { "inject", set_inject }, { "kvm", set_kvm },
	{ "quiet silent silence q", set_quiet }, { "decode-fds decode-fd", set_decode_fds },
	{ "decode-pids decode-pid", set_decode_pids }, { "secontext", set_secontext }, { "namespace", set_namespace },
	{ "trace-fds trace-fd fd fds", set_trace_fds },
};

static bool names_have(const char *names, const char *word, size_t length)
{
	while (*names) {
		size_t n = strcspn(names, " ");

		if (n == length && memcmp(names, word, n) == 0)
			return true;
		names += n + (names[n] == ' ');
	}
	return false;
}

static struct err *set_expression(struct trace_options *o, const char *v)
{
	size_t length = strcspn(v, "=");

	for (size_t i = 0; v[length] && i < sizeof(qualifiers) / sizeof(*qualifiers); i++)
		if (names_have(qualifiers[i].names, v, length))
			return qualifiers[i].set(o, v + length + 1);
	return set_trace(o, v);
}

/* --- values ------------------------------------------------------------------------------------- */

static struct err *set_columns(struct trace_options *o, const char *v)
{
	o->columns_given = true;
	return to_int(v, 0, 10000, &o->columns) ? NULL : bad_value(o, "--columns", v);
}

static struct err *set_string_limit(struct trace_options *o, const char *v)
{
	int limit;

	if (!to_int(v, 0, STRING_LIMIT_MAX, &limit))
		return bad_value(o, "-s", v);
	o->style.string_limit = (uint32_t)limit;
	return NULL;
}

static struct err *set_interruptible(struct trace_options *o, const char *v)
{
	static const char *const words[] = { "anywhere", "waiting", "never", "never_tstp", "always" };

	for (int i = 0; i < 5; i++)
		if (strcmp(v, words[i]) == 0) {
			o->interruptible = i % 4 + 1;
			return NULL;
		}
	return to_int(v, 1, 4, &o->interruptible) ? NULL : bad_value(o, "-I", v);
}

static struct err *set_style(struct trace_options *o, const char *v)
{
	static const char *const words[] = { "abbrev", "raw", "verbose" };
	static const enum syscall_xlat styles[] = { SYSCALL_XLAT_ABBREV, SYSCALL_XLAT_RAW, SYSCALL_XLAT_VERBOSE };

	for (int i = 0; i < 3; i++)
		if (strcmp(v, words[i]) == 0) {
			o->style.xlat = styles[i];
			return NULL;
		}
	return bad_value(o, "-X", v);
}

static struct err *set_hex(struct trace_options *o, const char *v)
{
	static const char *const words[] = { "none", "non-ascii", "non-ascii-chars", "all" };
	static const enum syscall_hex hexes[] = { SYSCALL_HEX_NONE, SYSCALL_HEX_NON_ASCII, SYSCALL_HEX_NON_ASCII_CHARS,
						  SYSCALL_HEX_ALL };

	o->hex_given = true;
	for (int i = 0; i < 4; i++)
		if (strcmp(v ? v : "all", words[i]) == 0) {
			o->style.hex = hexes[i];
			return NULL;
		}
	return bad_value(o, "--strings-in-hex", v);
}

static bool to_precision(const char *text, enum trace_precision *ret)
{
	static const char *const words[] = { "s", "ms", "us", "ns" };

	for (int i = 0; i < 4; i++)
		if (strcmp(text, words[i]) == 0) {
			*ret = (enum trace_precision)i;
			return true;
		}
	return false;
}

static struct err *set_relative(struct trace_options *o, const char *v)
{
	o->relative = true;
	o->relative_precision = TRACE_US;
	return !v || to_precision(v, &o->relative_precision) ? NULL : bad_value(o, "--relative-timestamps", v);
}

static struct err *set_times(struct trace_options *o, const char *v)
{
	o->durations = true;
	o->duration_precision = TRACE_US;
	return !v || to_precision(v, &o->duration_precision) ? NULL : bad_value(o, "--syscall-times", v);
}

static bool set_stamp_word(struct trace_options *o, const char *word)
{
	static const char *const words[] = { "none", "time", "unix" };
	bool format = str_starts(word, "format:"), precision = str_starts(word, "precision:");

	word += format ? 7 : precision ? 10 : 0;
	for (int i = 0; !precision && i < 3; i++)
		if (strcmp(word, words[i]) == 0) {
			o->stamp = (enum trace_stamp)i;
			return true;
		}
	return !format && to_precision(word, &o->stamp_precision);
}

static struct err *set_stamps(struct trace_options *o, const char *v)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(v ? v : "");

	if (!o->stamp_given || !v) {
		o->stamp = TRACE_STAMP_TIME;
		o->stamp_precision = TRACE_S;
	}
	o->stamp_given = true;
	for (char *rest = copy, *word; (word = strsep(&rest, ",")) != NULL;)
		if (*word && !set_stamp_word(o, word))
			return bad_value(o, "--absolute-timestamps", v);
	return NULL;
}

static struct err *set_daemonize(struct trace_options *o, const char *v)
{
	static const struct word_bit words[] = { { "grandchild", 1 }, { "pgroup", 2 }, { "pgrp", 2 }, { "session", 3 },
						 { NULL, 0 } };

	o->daemonize = 1;
	o->daemonize_given = true;
	for (const struct word_bit *w = words; v && w->word; w++)
		if (strcasecmp(w->word, v) == 0) {
			o->daemonize = w->bit;
			return NULL;
		}
	return v ? bad_value(o, "--daemonize", v) : NULL;
}

static struct err *set_detach_on(struct trace_options *o, const char *v)
{
	if (strcmp(v, "execve") != 0)
		return err_fix(err_new(ERR_USAGE, "Syscall '%s' for -b isn't supported", v), "only execve is: -b execve");
	o->detach_on_exec = true;
	return NULL;
}

static struct err *set_pid(struct trace_options *o, const char *v)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(v);

	for (char *word, *rest = copy; (word = strsep(&rest, ", \t\n")) != NULL;) {
		int pid;

		if (!*word) /* between two separators, as `pidof` and `pgrep` may leave them */
			continue;
		if (!to_int(word, 1, INT_MAX, &pid))
			return err_fix(err_new(ERR_USAGE, "Invalid process id: '%s'", word),
				       "-p takes numbers; pgrep -d, NAME prints those of a program");
		if (pid == getpid())
			return err_new(ERR_USAGE, "I'm sorry, I can't let you do that, Dave.");
		vec_push(&o->pids, pid);
	}
	return NULL;
}

/* [format:]none|compact|full, [id:]random|NUMBER */
static bool set_tip_word(struct trace_options *o, const char *word)
{
	static const char *const formats[] = { "none", "compact", "full" };
	bool format = str_starts(word, "format:"), id = str_starts(word, "id:");

	word += format ? 7 : id ? 3 : 0;
	for (int i = 0; !id && i < 3; i++)
		if (strcmp(word, formats[i]) == 0) {
			o->tips = (enum trace_tips)i;
			return true;
		}
	if (!format && strcmp(word, "random") == 0) {
		o->tip = -1;
		return true;
	}
	return !format && to_int(word, 0, INT_MAX, &o->tip);
}

static struct err *set_tips(struct trace_options *o, const char *v)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(v ? v : "");

	o->tips = TRACE_TIPS_COMPACT;
	for (char *rest = copy, *word; (word = strsep(&rest, ",")) != NULL;)
		if (*word && !set_tip_word(o, word))
			return bad_value(o, "--tips", v);
	return NULL;
}

static struct err *set_syscall_limit(struct trace_options *o, const char *v)
{
	int limit;

	if (!to_int(v, 1, INT_MAX, &limit))
		return bad_value(o, "--syscall-limit", v);
	o->syscall_limit = (uint64_t)limit;
	return NULL;
}

static struct err *set_frame_limit(struct trace_options *o, const char *v)
{
	int limit;

	if (!to_int(v, 1, INT_MAX, &limit))
		return bad_value(o, "--stack-trace-frame-limit", v);
	o->frame_limit = (unsigned)limit;
	return NULL;
}

static struct err *set_stack(struct trace_options *o, const char *v)
{
	bool lines = v && strcmp(v, "source") == 0;

	if (v && !lines && strcmp(v, "symbol") != 0)
		return bad_value(o, "--stack-trace", v);
	o->show_stack = true;
	o->show_lines = lines;
	return NULL;
}

/* --- counting ------------------------------------------------------------------------------------- */

static const struct {
	const char *names;
	enum trace_column column;
	bool sort_only;
} column_names[] = {
	{ "time-percent time", TRACE_COLUMN_TIME_PERCENT, false },
	{ "total-time time-total", TRACE_COLUMN_TOTAL_TIME, false },
	{ "min-time shortest time-min", TRACE_COLUMN_MIN_TIME, false },
	{ "max-time longest time-max", TRACE_COLUMN_MAX_TIME, false },
	{ "avg-time time-avg", TRACE_COLUMN_AVG_TIME, false },
	{ "calls count", TRACE_COLUMN_CALLS, false },
	{ "errors error", TRACE_COLUMN_ERRORS, false },
	{ "name syscall syscall-name", TRACE_COLUMN_NAME, false },
	{ "nothing none", TRACE_COLUMN_NONE, true },
};

static bool find_column(const char *given, bool sort, enum trace_column *ret)
{
	CLEANUP(mem_freep) char *word = mem_strdup(given);

	for (char *c = word; (c = strchr(c, '_')) != NULL; c++) /* either will do */
		*c = '-';
	for (size_t i = 0; i < sizeof(column_names) / sizeof(*column_names); i++)
		if (names_have(column_names[i].names, word, strlen(word)) && (sort || !column_names[i].sort_only)) {
			*ret = column_names[i].column;
			return true;
		}
	return false;
}

static struct err *set_sort(struct trace_options *o, const char *v)
{
	o->sort_given = true;
	if (find_column(v, true, &o->sort))
		return NULL;
	return say_what_it_takes(o, "-S", err_new(ERR_USAGE, "invalid sortby: '%s'", v));
}

static struct err *set_summary_columns(struct trace_options *o, const char *v)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(v);
	bool named = false;
	unsigned n = 0;

	o->columns_chosen = true;
	for (char *rest = copy, *word; (word = strsep(&rest, ",")) != NULL;) {
		enum trace_column column;

		if (!find_column(word, false, &column))
			return say_what_it_takes(o, "-U", err_new(ERR_USAGE, "unknown column name: '%s'", word));
		for (unsigned i = 0; i < n; i++)
			if (o->summary_columns[i] == column)
				return usage(o, err_new(ERR_USAGE, "call summary column has been provided more than "
							"once: '%s' (-U option residual: '%s')", word, v + (word - copy)));
		o->summary_columns[n++] = column;
		named |= column == TRACE_COLUMN_NAME;
	}
	if (!named)
		o->summary_columns[n++] = TRACE_COLUMN_NAME;
	o->summary_column_count = n;
	o->summary_columns_given = true;
	return NULL;
}

static struct err *set_overhead(struct trace_options *o, const char *v)
{
	uint64_t ns;

	if (!trace_parse_time(v, &ns))
		return bad_value(o, "-O", v);
	o->overhead_ns = (int64_t)ns;
	return NULL;
}

/* -c and -C are different questions. */
static struct err *set_count(struct trace_options *o, enum trace_count count)
{
	if (o->count && o->count != count)
		return usage(o, err_new(ERR_USAGE, "-c/--summary-only and -C/--summary are mutually exclusive"));
	o->count = count;
	return NULL;
}

/* --- the rows ---------------------------------------------------------------------------------------- */

static const struct {
	int letter;
	set_fn *set;
} setters[] = {
	{ 'a', set_columns }, { 'b', set_detach_on }, { 'e', set_expression }, { 'I', set_interruptible },
	{ 'O', set_overhead }, { 'p', set_pid }, { 's', set_string_limit }, { 'S', set_sort },
	{ 'U', set_summary_columns }, { 'X', set_style }, { TRACE_LONG_TIPS, set_tips },
	{ TRACE_LONG_QUIET, set_quiet }, { TRACE_LONG_DECODE_FDS, set_decode_fds },
	{ TRACE_LONG_DECODE_PIDS, set_decode_pids }, { TRACE_LONG_RELATIVE, set_relative },
	{ TRACE_LONG_STAMPS, set_stamps }, { TRACE_LONG_TIMES, set_times }, { TRACE_LONG_HEX, set_hex },
	{ TRACE_LONG_DAEMONIZE, set_daemonize }, { TRACE_LONG_TRACE, set_trace }, { TRACE_LONG_ABBREV, set_abbrev },
	{ TRACE_LONG_VERBOSE, set_verbose }, { TRACE_LONG_RAW, set_raw }, { TRACE_LONG_SIGNAL, set_signals },
	{ TRACE_LONG_STATUS, set_status }, { TRACE_LONG_READ, set_read }, { TRACE_LONG_WRITE, set_write },
	{ TRACE_LONG_FAULT, set_fault }, { TRACE_LONG_INJECT, set_inject }, { TRACE_LONG_KVM, set_kvm },
	{ TRACE_LONG_SECONTEXT, set_secontext }, { TRACE_LONG_TRACE_FDS, set_trace_fds },
	{ TRACE_LONG_SYSCALL_LIMIT, set_syscall_limit }, { TRACE_LONG_FRAME_LIMIT, set_frame_limit },
	{ TRACE_LONG_STACK, set_stack }, { TRACE_LONG_NAMESPACE, set_namespace }, { TRACE_LONG_COLOR, set_color },
};

/* Those without a value, or with one that is just kept. */
static struct err *set_simple(struct trace_options *o, int letter, const char *value)
{
	switch (letter) {
	case 'A': o->append = true; break;
	case 'c': return set_count(o, TRACE_COUNT_ONLY);
	case 'C': return set_count(o, TRACE_COUNT_TOO);
	case 'd': o->debug = true; break;
	case 'D': o->D_count++; break;
	case 'E': vec_push(&o->environment, value); break;
	case 'f': *(o->spelled[1] == '-' ? &o->follow_long : &o->f_count) += 1; break;
	case 'F': o->F_count++; break;
	case 'h': o->help = true; break;
	case 'i': o->show_ip = true; break;
	case 'k': o->show_lines = o->show_stack, o->show_stack = true; break;
	case 'n': o->show_number = true; break;
	case 'o': o->output = value; break;
	case 'P': vec_push(&o->paths, value); break;
	case 'q': o->q_count++; break;
	case 'r': return set_relative(o, NULL);
	case 't': o->t_count++; break;
	case 'T': return set_times(o, NULL);
	case 'u': o->user = value; break;
	case 'v': call_set_fill(&o->abbrev, false), o->style.verbose = true; break;
	case 'V': o->version = true; break;
	case 'w': o->wall_clock = true; break;
	case 'x': o->x_count++; break;
	case 'y': o->y_count++; break;
	case 'Y': o->pid_words |= TRACE_PIDS_COMM; break;
	case 'z': o->zflags++, o->status = TRACE_SUCCESSFUL; break;
	case 'Z': o->zflags++, o->status = TRACE_FAILED; break;
	case TRACE_LONG_SECCOMP: o->seccomp = true; break;
	case TRACE_LONG_KILL_ON_EXIT: o->kill_on_exit = true; break;
	case TRACE_LONG_SEPARATELY: o->separate = true; break;
	case TRACE_LONG_ARGV0: o->argv0 = value; break;
	case 'N': o->style.arg_names = true; break;
	case TRACE_LONG_ALWAYS_PID: o->always_pid = true; break;
	case TRACE_LONG_PIDNS: o->pid_words |= TRACE_PIDS_PIDNS; break;
	default: return err_new(ERR_INTERNAL, "no option %d", letter);
	}
	return NULL;
}

static struct err *set(struct trace_options *o, int letter, const char *value)
{
	for (size_t i = 0; i < sizeof(setters) / sizeof(*setters); i++)
		if (setters[i].letter == letter)
			return setters[i].set(o, value);
	return set_simple(o, letter, value);
}

struct err *trace_options_set(struct trace_options *o, int letter, const char *value)
{
	struct err *err = set(o, letter, value), *with_help;

	if (!err || !err_advice(err) || strcmp(err_advice(err), CALL_SET_SEE_HELP) != 0)
		return err;
	with_help = usage(o, err_new(ERR_USAGE, "%s", err_message(err)));
	err_destroy(err);
	return with_help;
}

#undef usage
