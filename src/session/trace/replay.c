/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows are text already; a line is a few copies.  Calls, signals and ends are tables, each in
 * order of time within a batch, merged here.  Each line begins with its thread, as in a file
 * that strace -f writes.
 */
#include "session/trace/replay.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "capture/call_rows.h"
#include "record/recording.h"
#include "session/trace/fold.h"
#include "session/trace/json_line.h"
#include "session/trace/output.h"
#include "session/trace/path_filter.h"
#include "session/trace/summary.h"
#include "view/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { FLUSH_BYTES = 1 << 16, DEFAULT_STRING_LIMIT = 32, DEPTH_MAX = 2048, INLINED_MAX = 64 };

struct call_columns { /* in the order of call_names */
	const uint64_t *time_ns, *duration_ns;
	const int64_t *result;
	const uint32_t *thread, *number, *name, *arguments, *returned, *path, *abi, *flags;
	const uint64_t *arg0;
	const uint32_t *stack;
};
static const char *const call_names[] = { "time_ns", "duration_ns", "result", "thread", "number", "name",
					  "arguments", "returned", "path", "abi", "flags", "arg0", "stack", NULL };
static const char *const signal_names[] = { "time_ns", "thread", "number", "text", NULL };
static const char *const exit_names[] = { "time_ns", "thread", "status", NULL };

struct replay;

/* Another table whose rows are lines between those of calls, in order of time. */
struct strand {
	struct scan *scan;   /* NULL: there is none */
	struct batch batch;
	size_t at;
	bool more;
	void (*print)(struct replay *r, const struct batch *b, size_t i);
};
enum { STRANDS = 2 };

struct replay {
	const struct trace_options *options;
	struct recording *recording;
	const struct recording_meta *meta;
	struct trace_out out;
	struct summary *summary;
	struct fold *fold;   /* --fold; NULL: not asked */
	struct str line;     /* one that may be folded */
	uint64_t last_ns;
	struct strand strands[STRANDS];
	uint32_t thread; /* whose tid is known */
	uint32_t tid, pid, comm;
	VEC(uint64_t) chosen; /* with -P and --trace-fds: a bit a call */
	size_t chosen_at;
	uint64_t shown;       /* calls, for --syscall-limit */
	struct map stacks; /* id -> its lines, on the heap */
	bool has_stacks;   /* a call that was printed has one */
	struct map named; /* threads that the summary knows the names of */
	struct map numbers; /* -n: thread -> its last call's */
};

bool replay_is_recording(const char *word, char **path)
{
	char file[4096];
	struct stat st;

	*path = NULL;
	snprintf(file, sizeof(file), "%s/meta.json", word);
	if (stat(file, &st) == 0 || str_ends(word, ".sonde"))
		*path = mem_strdup(word);
	return *path != NULL;
}

/* --- what stands before a line --------------------------------------------------------- */

static void find_thread(struct replay *r, uint32_t id)
{
	const struct row_thread *row;

	if (id == r->thread)
		return;
	row = recording_side_find(r->recording, TYPE_thread, id);
	r->thread = id;
	r->tid = row ? row->tid : 0;
	r->pid = row ? row->pid : 0;
	r->comm = row ? row->comm : 0;
}

static void add_fraction(struct str *out, enum trace_precision precision, uint64_t ns)
{
	static const int digits[] = { 0, 3, 6, 9 };
	static const uint64_t divisors[] = { 0, 1000000, 1000, 1 };

	if (precision != TRACE_S)
		str_printf(out, ".%0*llu", digits[precision], (unsigned long long)(ns / divisors[precision]));
}

static void add_stamp(struct replay *r, uint64_t time_ns)
{
	const struct trace_options *o = r->options;
	uint64_t wall_ns = time_ns + (uint64_t)r->meta->wall_offset_ns;
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm tm;

	if (o->stamp == TRACE_STAMP_UNIX)
		str_add_u64(&r->out.text, (uint64_t)seconds);
	else if (localtime_r(&seconds, &tm))
		str_printf(&r->out.text, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	add_fraction(&r->out.text, o->stamp_precision, wall_ns % 1000000000);
	str_add_char(&r->out.text, ' ');
}

static void add_relative(struct replay *r, uint64_t time_ns)
{
	const struct trace_options *o = r->options;
	uint64_t past_ns = r->last_ns && time_ns > r->last_ns ? time_ns - r->last_ns : 0;

	r->last_ns = time_ns;
	str_printf(&r->out.text, "%s%6llu", o->stamp ? "(+" : "", (unsigned long long)(past_ns / 1000000000));
	add_fraction(&r->out.text, o->relative_precision, past_ns % 1000000000);
	str_add(&r->out.text, o->stamp ? ") " : " ");
}

static void lead(struct replay *r, uint64_t time_ns)
{
	str_add_u64_padded(&r->out.text, r->tid, 5);
	str_add_char(&r->out.text, ' ');
	if (r->options->stamp)
		add_stamp(r, time_ns);
	if (r->options->relative)
		add_relative(r, time_ns);
}

/* --- filters ------------------------------------------------------------------------------ */

static bool wants_thread(const struct trace_options *o, uint32_t pid, uint32_t tid)
{
	if (o->pids.n == 0)
		return true;
	for (size_t i = 0; i < o->pids.n; i++)
		if ((uint32_t)o->pids.v[i] == pid || (uint32_t)o->pids.v[i] == tid)
			return true;
	return false;
}

struct err *replay_check_pids(const struct trace_options *o, struct recording *recording)
{
	const struct row_thread *rows = NULL;
	const void *all;
	size_t count;

	if (o->pids.n == 0)
		return NULL;
	TRY(recording_side_rows(recording, TYPE_thread, &all, &count));
	rows = all;
	for (size_t i = 0; i < count; i++)
		if (wants_thread(o, rows[i].pid, rows[i].tid))
			return NULL;
	return err_fix(err_new(ERR_NOT_FOUND, "no process or thread %u is in this recording", (unsigned)o->pids.v[0]),
		       "sonde trace REC --tree shows those that are");
}

/* As it was given, or whole. */
static bool wants_path(const struct trace_options *o, const char *path)
{
	if (o->paths.n == 0)
		return true;
	for (size_t i = 0; path && i < o->paths.n; i++)
		if (strcmp(o->paths.v[i], path) == 0)
			return true;
	return false;
}

/* A row has the first path of its call; the text has the others: rename, mount, symlinkat. */
static bool names_path(const struct trace_options *o, const struct calls_row *row)
{
	const struct syscall_entry *entry = syscall_find(row->abi, row->number);
	struct syscall_roles roles = entry ? syscall_get_roles(entry) : (struct syscall_roles){ 0 };
	bool found = false;

	if (!entry || !row->arguments || __builtin_popcount(roles.paths) == 1 || !(roles.paths || entry->classes & SYSCALL_FILE))
		return false;
	for (size_t i = 0; i < o->paths.n && !found; i++) {
		CLEANUP(str_deinit) struct str quoted = { 0 };

		str_printf(&quoted, "\"%s\"", o->paths.v[i]);
		found = strstr(row->arguments, str_text(&quoted)) != NULL;
	}
	return found;
}

static bool is_error(int64_t result) { return result < 0 && result >= -4095; }

/* -P, --trace-fds */
static bool touches(const struct trace_options *o, const struct calls_row *row)
{
	struct syscall_call call = { .abi = row->abi, .number = row->number };

	if (o->paths.n == 0 && !o->only_fds)
		return true;
	if (o->paths.n && (wants_path(o, row->path) || wants_path(o, row->object) || names_path(o, row)))
		return true;
	if (!o->only_fds || !row->args)
		return false;
	memcpy(call.args, row->args, sizeof(call.args));
	return path_filter_touches(&o->trace_fds, &call, row->arguments);
}

bool replay_wants(void *options, const struct calls_row *row)
{
	const struct trace_options *o = options;
	uint32_t status = row->flags & SYSCALL_UNFINISHED ? TRACE_UNFINISHED
			  : is_error(row->result) ? TRACE_FAILED : TRACE_SUCCESSFUL;

	return row->abi < SYSCALL_ABI_COUNT && call_set_has(&o->calls, row->abi, row->number) && o->status & status &&
	       touches(o, row) && wants_thread(o, row->pid, row->tid);
}

/* What needs more of a call than a line does is decided in a pass of its own. */
static bool is_chosen_before(const struct trace_options *o) { return o->paths.n || o->only_fds; }

static bool wants_call(struct replay *r, const struct call_columns *c, size_t i)
{
	struct calls_row row = {
		.result = c->result[i], .pid = r->pid, .tid = r->tid, .number = c->number[i],
		.abi = (enum syscall_abi)c->abi[i], .flags = (uint8_t)c->flags[i],
	};

	if (is_chosen_before(r->options)) {
		size_t at = r->chosen_at++;

		return at / 64 < r->chosen.n && r->chosen.v[at / 64] >> at % 64 & 1;
	}
	return replay_wants((void *)r->options, &row);
}

/* -P: what a call's descriptors refer to is known when all calls before it were followed. */
static bool choose(void *user, const struct calls_row *row)
{
	struct replay *r = user;
	bool wanted = replay_wants((void *)r->options, row);
	size_t at = r->chosen_at++;

	if (at % 64 == 0)
		vec_push(&r->chosen, 0);
	r->chosen.v[at / 64] |= (uint64_t)wanted << at % 64;
	return false;
}

static struct err *choose_by_path(struct replay *r)
{
	struct calls_options options = { .wants = choose, .user = r };
	struct calls *calls;

	if (!is_chosen_before(r->options))
		return NULL;
	TRY(calls_create(r->recording, &options, &calls));
	calls_destroy(calls);
	r->chosen_at = 0;
	return NULL;
}

/* --- lines ----------------------------------------------------------------------------------- */

static void add_string(struct replay *r, uint32_t id)
{
	const char *text = id ? recording_string(r->recording, id) : NULL;

	if (text)
		str_add(&r->out.text, *text ? text : "?"); /* empty: it was not written, on a full disk */
}

/* The function that holds the code: inlined calls lead to it. */
static const struct row_frame *outermost(struct replay *r, const struct row_frame *frame)
{
	const struct row_frame *outer;

	for (unsigned depth = 0; frame->outer && depth < INLINED_MAX; depth++) {
		outer = recording_side_find(r->recording, TYPE_frame, frame->outer);
		if (!outer)
			break;
		frame = outer;
	}
	return frame;
}

/* "write+0x10"; one without a name stands in the recording as "[file+0x...]", and live as nothing. */
static void add_function(struct replay *r, const struct row_frame *frame, struct str *out)
{
	const char *name = recording_string(r->recording, outermost(r, frame)->function);

	if (*name == '[' && !frame->function_addr)
		return;
	str_add_visible(out, name, strlen(name));
	if (frame->function_addr && frame->function_addr <= frame->addr)
		str_printf(out, "+0x%llx", (unsigned long long)(frame->addr - frame->function_addr));
}

/* " loop.c:12": -kk */
static void add_source(struct replay *r, const struct row_frame *frame, struct str *out)
{
	const char *file = recording_string(r->recording, frame->file);

	if (!r->options->show_lines || !*file || !frame->line)
		return;
	str_add_char(out, ' ');
	str_add_visible(out, file, strlen(file));
	str_printf(out, ":%u", frame->line);
}

/* " > path(function+0xN) [0xADDRESS]", as live; of recordings that have no addresses of ELF's, the file's offset. */
static void add_frame(struct replay *r, uint32_t id, struct str *out)
{
	const struct row_frame *frame = recording_side_find(r->recording, TYPE_frame, id);
	const char *path = frame ? recording_string(r->recording, frame->module_path) : "";

	if (!*path && !(frame && frame->function)) {
		str_printf(out, " > unexpected_backtracing_error [0x%llx]\n", frame ? (unsigned long long)frame->offset : 0);
		return;
	}
	str_add(out, " > ");
	str_add_visible(out, path, strlen(path));
	str_add_char(out, '(');
	add_function(r, frame, out);
	str_printf(out, ") [0x%llx]", (unsigned long long)(frame->addr ? frame->addr : frame->offset));
	add_source(r, frame, out);
	str_add_char(out, '\n');
}

/* A stack's lines are made once: there are few of them. */
static const char *stack_lines(struct replay *r, uint32_t id)
{
	bool is_new;
	uint64_t *slot = map_get(&r->stacks, id, &is_new);
	uint32_t most = r->options->frame_limit ? r->options->frame_limit : DEPTH_MAX;
	struct str text;

	if (!is_new)
		return (const char *)(uintptr_t)*slot;
	str_init(&text);
	for (uint32_t node = id, depth = 0; node && depth < most; depth++) {
		const struct row_stack *row = recording_side_find(r->recording, TYPE_stack, node);

		if (!row)
			break;
		add_frame(r, row->frame, &text);
		node = row->parent;
	}
	*slot = (uintptr_t)mem_strdup(str_text(&text));
	str_deinit(&text);
	return (const char *)(uintptr_t)*slot;
}

static struct json_line json_line_of(const struct replay *r, uint64_t time_ns, const char *kind)
{
	return (struct json_line){ time_ns, r->pid, r->tid, kind };
}

static void print_json(struct replay *r, const struct call_columns *c, size_t i)
{
	struct json_line line = json_line_of(r, c->time_ns[i], "call");
	struct json j;

	json_line_begin(&j, &r->out.text, &line);
	json_key(&j, "duration_ns");
	if (c->flags[i] & SYSCALL_UNTIMED)
		json_null(&j);
	else
		json_u64(&j, c->duration_ns[i]);
	json_key(&j, "name"), json_str(&j, recording_string(r->recording, c->name[i]));
	json_key(&j, "arguments"), json_str(&j, recording_string(r->recording, c->arguments[i]));
	json_key(&j, "result");
	if (c->flags[i] & SYSCALL_UNFINISHED)
		json_null(&j);
	else
		json_i64(&j, c->result[i]);
	json_key(&j, "returned"), json_str(&j, recording_string(r->recording, c->returned[i]));
	if (r->options->show_stack) {
		json_line_stack(&j, c->stack[i] ? stack_lines(r, c->stack[i]) : "");
		r->has_stacks |= c->stack[i] != 0;
	}
	json_end(&j);
	str_add_char(&r->out.text, '\n');
}

/* How long it took, or did until the recording ended; an exit takes no time. */
static void add_duration(struct replay *r, const struct call_columns *c, size_t i)
{
	struct str *out = &r->out.text;

	if (c->flags[i] & SYSCALL_UNFINISHED && str_starts(recording_string(r->recording, c->name[i]), "exit"))
		return;
	if (c->flags[i] & SYSCALL_UNTIMED) {
		str_add(out, " <?>");
		return;
	}
	str_printf(out, " <%llu", (unsigned long long)(c->duration_ns[i] / 1000000000));
	add_fraction(out, r->options->duration_precision, c->duration_ns[i] % 1000000000);
	str_add_char(out, '>');
}

/* A signal and an end have that of the call before, as live. */
static void add_number(struct replay *r, const uint64_t *number)
{
	if (number)
		str_printf(&r->out.text, "[%4llu] ", (unsigned long long)*number);
	else
		str_add(&r->out.text, "[???] ");
}

static void print_call(struct replay *r, const struct call_columns *c, size_t i)
{
	struct str *out = &r->out.text;
	size_t begin = out->length, column;

	if (r->options->json) {
		print_json(r, c, i);
		return;
	}
	lead(r, c->time_ns[i]);
	if (r->options->show_number) {
		uint64_t *number = map_get(&r->numbers, r->tid, NULL);

		*number = syscall_raw_number(c->abi[i], c->number[i]);
		add_number(r, number);
	}
	add_string(r, c->name[i]);
	str_add_char(out, '(');
	add_string(r, c->arguments[i]);
	str_add_n(out, ") ", 2);
	column = out->length - begin;
	if (column < (size_t)r->options->columns)
		str_add_repeat(out, ' ', (size_t)r->options->columns - column);
	str_add_n(out, "= ", 2);
	add_string(r, c->returned[i]);
	if (r->options->durations)
		add_duration(r, c, i);
	str_add_char(out, '\n');
	if (r->options->show_stack && c->stack[i]) {
		str_add(out, stack_lines(r, c->stack[i]));
		r->has_stacks = true;
	}
}

/* The line is printed as ever, and then taken away to be folded. */
static void fold_call(struct replay *r, const struct call_columns *c, size_t i)
{
	struct str *out = &r->out.text;
	size_t before = out->length;
	struct syscall_call call = { .abi = (enum syscall_abi)c->abi[i], .number = c->number[i], .result = c->result[i],
				     .args = { c->arg0[i] } };

	if (c->flags[i] & SYSCALL_UNFINISHED)
		fold_end(r->fold, r->tid, out);
	print_call(r, c, i);
	if (c->flags[i] & SYSCALL_UNFINISHED)
		return;
	str_clear(&r->line);
	str_add_n(&r->line, out->text + before, out->length - before);
	out->length = before;
	out->text[before] = '\0';
	fold_add(r->fold, &(struct fold_call){ .tid = r->tid, .call = &call, .name = recording_string(r->recording, c->name[i]),
					       .duration_ns = c->duration_ns[i], .now_ns = c->time_ns[i],
					       .line = str_text(&r->line), .length = r->line.length }, out);
}

static void count_call(struct replay *r, const struct call_columns *c, size_t i)
{
	struct call_thread t = { .enter_ns = c->time_ns[i], .leave_ns = c->time_ns[i] + c->duration_ns[i],
				 .entry_unseen = c->flags[i] & SYSCALL_UNTIMED };

	t.call = (struct syscall_call){ .abi = c->abi[i], .number = c->number[i], .result = c->result[i],
					.is_error = is_error(c->result[i]) };
	t.pid = (pid_t)r->pid;
	t.tid = (pid_t)r->tid;
	if (!map_find(&r->named, c->thread[i])) {
		map_get(&r->named, c->thread[i], NULL);
		summary_name(r->summary, &t, recording_string(r->recording, r->comm));
	}
	summary_add(r->summary, &t, 0);
}

/* --- signals and ends ----------------------------------------------------------------------------- */

static void lead_strand(struct replay *r, uint64_t time_ns)
{
	if (r->fold)
		fold_end(r->fold, r->tid, &r->out.text);
	lead(r, time_ns);
	if (r->options->show_number)
		add_number(r, map_find(&r->numbers, r->tid));
}

/* TEXT: "SIGINT {si_signo=...}" or "stopped by SIGINT", as call_rows.c has it. */
static void json_signal(struct replay *r, uint64_t time_ns, const char *text)
{
	static const char stopped[] = "stopped by ";
	bool stops = str_starts(text, stopped);
	struct json_line line = json_line_of(r, time_ns, stops ? "stopped" : "signal");
	const char *name = stops ? text + sizeof(stopped) - 1 : text, *end = name + strcspn(name, " ");
	CLEANUP(mem_freep) char *signal = mem_strndup(name, (size_t)(end - name));

	json_line_signal(&r->out.text, &line, *signal ? signal : "?", *end ? end + 1 : NULL, *end ? strlen(end + 1) : 0, NULL);
	str_add_char(&r->out.text, '\n');
}

static void print_signal(struct replay *r, const struct batch *b, size_t i)
{
	find_thread(r, b->columns[1].u32[i]);
	if (!number_set_has(&r->options->signals, b->columns[2].u32[i]) || !wants_thread(r->options, r->pid, r->tid))
		return;
	if (r->options->json) {
		json_signal(r, b->columns[0].u64[i], recording_string(r->recording, b->columns[3].u32[i]));
		return;
	}
	lead_strand(r, b->columns[0].u64[i]);
	str_add(&r->out.text, "--- ");
	add_string(r, b->columns[3].u32[i]);
	str_add(&r->out.text, " ---\n");
}

static void print_exit(struct replay *r, const struct batch *b, size_t i)
{
	int status = (int)b->columns[2].u32[i];
	const char *name = syscall_signal_name(WTERMSIG(status));

	find_thread(r, b->columns[1].u32[i]);
	if (!wants_thread(r->options, r->pid, r->tid) ||
	    (WIFSIGNALED(status) ? !number_set_has(&r->options->signals, (unsigned)WTERMSIG(status))
				 : r->options->quiet & TRACE_QUIET_EXIT))
		return;
	if (r->options->json) {
		struct json_line line = json_line_of(r, b->columns[0].u64[i], NULL);

		json_line_end(&r->out.text, &line, status);
		str_add_char(&r->out.text, '\n');
		return;
	}
	lead_strand(r, b->columns[0].u64[i]);
	if (WIFSIGNALED(status))
		str_printf(&r->out.text, "+++ killed by %s %s+++\n", name ? name : "?", WCOREDUMP(status) ? "(core dumped) " : "");
	else
		str_printf(&r->out.text, "+++ exited with %d +++\n", WEXITSTATUS(status));
}

/* Go on to the next row. */
static struct err *strand_next(struct strand *s)
{
	if (s->more && ++s->at < s->batch.rows)
		return NULL;
	do {
		s->at = 0;
		TRY(scan_next(s->scan, &s->batch, &s->more));
	} while (s->more && s->batch.rows == 0);
	return NULL;
}

static uint64_t strand_time(const struct strand *s)
{
	return s->scan && s->more ? s->batch.columns[0].u64[s->at] : UINT64_MAX;
}

/* All before BEFORE_NS. */
static struct err *print_strands(struct replay *r, uint64_t before_ns)
{
	for (;;) {
		struct strand *first = &r->strands[0];

		for (size_t i = 1; i < STRANDS; i++)
			if (strand_time(&r->strands[i]) < strand_time(first))
				first = &r->strands[i];
		if (strand_time(first) >= before_ns)
			return NULL;
		first->print(r, &first->batch, first->at);
		TRY(strand_next(first));
	}
}

/* --- the whole ------------------------------------------------------------------------------------- */

static void set_columns(struct call_columns *c, const struct batch *b)
{
	const union column *v = b->columns;

	*c = (struct call_columns){ v[0].u64, v[1].u64, v[2].i64, v[3].u32, v[4].u32, v[5].u32,
				    v[6].u32, v[7].u32, v[8].u32, v[9].u32, v[10].u32, v[11].u64, v[12].u32 };
}

/* --syscall-limit */
static bool is_done(const struct replay *r)
{
	return r->options->syscall_limit && r->shown >= r->options->syscall_limit;
}

static struct err *print_batch(struct replay *r, const struct batch *b)
{
	struct call_columns c;

	set_columns(&c, b);
	for (size_t i = 0; i < b->rows; i++) {
		TRY(print_strands(r, c.time_ns[i]));
		find_thread(r, c.thread[i]);
		if (!wants_call(r, &c, i))
			continue;
		r->shown++;
		if (r->summary)
			count_call(r, &c, i);
		if (r->options->count != TRACE_COUNT_ONLY && r->fold)
			fold_call(r, &c, i);
		else if (r->options->count != TRACE_COUNT_ONLY)
			print_call(r, &c, i);
		if (r->out.text.length > FLUSH_BYTES)
			trace_out_flush(&r->out);
		if (is_done(r))
			break;
	}
	return NULL;
}

/* No call may have been wanted (-e trace=none): signals and ends are there all the same. */
static struct err *print_no_calls(struct replay *r)
{
	if (recording_find_table(r->recording, "signal") || recording_find_table(r->recording, "exit"))
		return print_strands(r, UINT64_MAX);
	return err_fix(err_new(ERR_NOT_FOUND, "this recording has no system calls"),
		       "sonde record --syscalls -- CMD makes one that has");
}

static struct err *print_calls(struct replay *r)
{
	struct scan_options options = { .columns = call_names };
	struct scan *scan;
	struct batch batch;
	struct err *err = NULL;
	bool more = true;

	if (!recording_find_table(r->recording, "syscall"))
		return print_no_calls(r);
	TRY(scan_create(r->recording, "syscall", &options, &scan));
	while (!err && more && !is_done(r)) {
		err = scan_next(scan, &batch, &more);
		if (!err && more)
			err = print_batch(r, &batch);
	}
	scan_destroy(scan);
	return err || is_done(r) ? err : print_strands(r, UINT64_MAX);
}

static struct err *open_strand(struct replay *r, struct strand *s, const char *table, const char *const *columns)
{
	struct scan_options options = { .columns = columns };

	if (r->options->count == TRACE_COUNT_ONLY || !recording_find_table(r->recording, table))
		return NULL;
	TRY(scan_create(r->recording, table, &options, &s->scan));
	return strand_next(s);
}

static struct err *open_strands(struct replay *r)
{
	r->strands[0].print = print_signal;
	r->strands[1].print = print_exit;
	TRY(open_strand(r, &r->strands[0], "signal", signal_names));
	return open_strand(r, &r->strands[1], "exit", exit_names);
}

static bool has_note(const struct recording_meta *meta, const char *key)
{
	for (size_t i = 0; i < meta->note_count; i++)
		if (str_eq(meta->notes[i].key, key))
			return true;
	return false;
}

/* What is asked for in vain is said. */
static void note_style(const struct replay *r, const char *path)
{
	const struct trace_options *o = r->options;

	if (o->style.xlat != SYSCALL_XLAT_ABBREV || o->style.hex != SYSCALL_HEX_NONE || o->style.string_limit != DEFAULT_STRING_LIMIT)
		log_note("calls were decoded when they were recorded: -s, -x and -X have effect then");
	if (o->fds && !has_note(r->meta, CALL_ROWS_NOTE_FILES))
		log_note("descriptors have no names here: sonde trace -y -o %s records them", path);
}

/* The stacks of a recording may be those of samples: whether calls have any is known when they were printed. */
static void note_stacks(const struct replay *r, const char *path)
{
	if (r->options->show_stack && !r->has_stacks && r->options->count != TRACE_COUNT_ONLY)
		log_note("none of these calls has a stack: sonde trace -k -o %s records them", path);
}

static struct err *replay(struct replay *r, const char *path)
{
	TRY(recording_open(path, &r->recording));
	TRY(replay_check_pids(r->options, r->recording));
	r->meta = recording_borrow_meta(r->recording);
	note_style(r, path);
	losses_log(r->recording);
	TRY(trace_out_open(&r->out, r->options->name, r->options->output, r->options->append));
	r->out.advises = true;
	if (!r->options->output)
		r->out.fd = 1;
	r->out.colored = trace_options_color(r->options, r->out.fd);
	if (r->options->count)
		r->summary = summary_create(r->options);
	TRY(choose_by_path(r));
	TRY(open_strands(r));
	if (r->options->fold)
		r->fold = fold_create();
	TRY(print_calls(r));
	if (r->fold)
		fold_end_all(r->fold, 0, &r->out.text);
	note_stacks(r, path);
	if (r->summary) {
		trace_out_end_lines(&r->out);
		summary_print(r->summary, &r->out.text);
	}
	return NULL;
}

static void forget_stacks(struct replay *r)
{
	const struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&r->stacks, &i)) != NULL;)
		free((char *)(uintptr_t)slot->value);
	map_deinit(&r->stacks);
}

struct err *replay_trace(const struct trace_options *options, const char *path, int *status)
{
	struct replay r = { .options = options, .out = { .fd = -1 }, .thread = UINT32_MAX };
	struct err *err = replay(&r, path);

	if (!trace_out_close(&r.out))
		*status = 1;
	for (size_t i = 0; i < STRANDS; i++)
		if (r.strands[i].scan)
			scan_destroy(r.strands[i].scan);
	summary_destroy(r.summary);
	fold_destroy(r.fold);
	str_deinit(&r.line);
	map_deinit(&r.named);
	map_deinit(&r.numbers);
	forget_stacks(&r);
	vec_deinit(&r.chosen);
	recording_destroy(r.recording);
	return err;
}
