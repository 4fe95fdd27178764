/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls are decoded here, once, while what they refer to is known; a reader prints text.
 *
 * A text that was made before is not made again (capture/call_memo.h).
 */
#include "capture/call_rows.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "capture/call_memo.h"
#include "capture/track.h"
#include "record/recorder.h"
#include "target/descriptors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Processes whose descriptors are noted, and whose sockets' addresses: with -a there are many, and calls
 * are waiting. */
enum { LOOKED_AT_MOST = 1000, ADDRESSES_MOST = 16 };
enum { PATH_MOST = 4096 };

/* The texts of one call as string ids. */
struct texts {
	uint32_t name, arguments, returned, path;
};

struct pending { /* of a thread: call_thread.user */
	struct syscall_progress progress;
	struct str text;     /* its entry */
	uint32_t path;
	uint32_t thread;
	uint32_t stack;
	bool open;
	int slot;            /* in the memo: the call whose entry and exit come at once */
	bool known;          /* its texts were made before */
	uint32_t interrupted; /* the call that the next one may go on with: syscall_call.restarts */
};

struct call_rows {
	struct recorder *recorder;
	struct recorder_stream *stream;
	struct track *track;
	struct syscall_style style;
	struct str text;
	struct call_memo *memo;
	struct texts *texts; /* by the memo's slot */
	struct map looked_at; /* processes whose descriptors were noted */
	uint32_t last_descriptor;
	uint32_t (*take_stack)(void *user, const struct call_thread *t); /* NULL: no stacks */
	void *take_user;
	const struct call_names *names; /* NULL: none */
};

struct call_rows *call_rows_create(struct recorder *r, struct recorder_stream *s, struct track *t,
				   const struct syscall_style *style)
{
	struct call_rows *c = mem_calloc(1, sizeof(*c));

	c->recorder = r;
	c->stream = s;
	c->track = t;
	c->style = *style;
	c->memo = call_memo_create();
	c->texts = mem_calloc(CALL_MEMO_SLOTS, sizeof(*c->texts));
	str_init(&c->text);
	return c;
}

void call_rows_destroy(struct call_rows *c)
{
	if (c == NULL)
		return;
	call_memo_destroy(c->memo);
	free(c->texts);
	map_deinit(&c->looked_at);
	str_deinit(&c->text);
	free(c);
}

void call_rows_set_stacks(struct call_rows *c, uint32_t (*take)(void *user, const struct call_thread *t), void *user)
{
	c->take_stack = take;
	c->take_user = user;
}

void call_rows_set_names(struct call_rows *c, const struct call_names *names)
{
	c->names = names;
	if (names && names->files)
		recorder_note(c->recorder, CALL_ROWS_NOTE_FILES, "named when the call was made (-y)");
}

static const struct syscall_lookup *lookup_of(const struct call_rows *c) { return c->names ? &c->names->lookup : NULL; }

static void look_at(struct call_rows *c, const struct call_thread *t, enum syscall_phase phase)
{
	if (c->names)
		c->names->look_at(c->names->user, t->pieces, phase);
}

static struct pending *pending_of(struct call_thread *t) { return t->user; }

static uint64_t now_of(const struct call_thread *t)
{
	return t->event_ns ? t->event_ns : clock_now_ns();
}

static uint32_t intern(struct call_rows *c, const char *text, size_t length)
{
	return recorder_string(c->recorder, text, length);
}

/* --- threads -------------------------------------------------------------------------- */

/* What descriptors refer to whose opening nobody will see.  A command has the working directory and
 * the descriptors that we leave open for it: by the time that it is told of, it may have
 * changed its own. */
static void note_descriptors(struct call_rows *c, const struct call_thread *t, bool command)
{
	struct descriptors found = { 0 };
	bool is_new;

	if (c->looked_at.n >= LOOKED_AT_MOST)
		return;
	map_get(&c->looked_at, (uint64_t)t->pid, &is_new);
	if (!is_new)
		return;
	err_destroy(descriptors_read(command ? getpid() : t->pid, c->looked_at.n <= ADDRESSES_MOST, &found));
	for (size_t i = 0; i < found.list.n; i++) {
		const struct descriptor *d = &found.list.v[i];
		struct row_descriptor row = { .pid = (uint32_t)t->pid, .time_ns = now_of(t), .fd = d->fd,
					      .close_on_exec = d->close_on_exec };

		if (command && d->close_on_exec)
			continue;
		row.id = ++c->last_descriptor;
		row.name = intern(c, d->name, strlen(d->name));
		recorder_side(c->recorder, TYPE_descriptor, &row);
	}
	descriptors_deinit(&found);
}

static void on_begin(void *self, struct call_thread *t, enum call_begin how)
{
	struct call_rows *c = self;
	struct pending *p = mem_calloc(1, sizeof(*p));

	str_init(&p->text);
	t->user = p;
	if (how == CALL_BEGIN_FOLLOWED && t->parent_tid)
		track_saw_fork(c->track, t->pid, t->parent_pid, t->tid, t->parent_tid, now_of(t));
	else if (how != CALL_BEGIN_ATTACHED || !track_has_thread(c->track, t->pid, t->tid))
		track_process(c->track, t->pid, now_of(t));
	p->thread = track_thread(c->track, t->pid, t->tid, now_of(t));
	if (how != CALL_BEGIN_FOLLOWED)
		note_descriptors(c, t, how == CALL_BEGIN_COMMAND);
}

static void forget(struct call_thread *t)
{
	struct pending *p = pending_of(t);

	str_deinit(&p->text);
	free(p);
	t->user = NULL;
}

/* --- calls ------------------------------------------------------------------------------- */

/* The first path argument, as it is. */
static uint32_t find_path(struct call_rows *c, const struct syscall_call *call, const struct syscall_memory *memory)
{
	const struct syscall_entry *entry = syscall_find(call->abi, call->number);
	char path[PATH_MOST];
	uint8_t paths = entry ? syscall_get_roles(entry).paths : 0;
	uint64_t addr;
	size_t n;

	if (!paths && !(entry && entry->classes & SYSCALL_FILE))
		return 0;
	addr = call->args[paths ? __builtin_ctz(paths) : entry->classes & SYSCALL_DESC ? 1 : 0];
	n = addr ? memory->read(memory->user, SYSCALL_ENTER, addr, path, 256) : 0;
	if (n == 256 && !memchr(path, '\0', n))
		n = memory->read(memory->user, SYSCALL_ENTER, addr, path, sizeof(path));
	return n && memchr(path, '\0', n) ? intern(c, path, n) : 0;
}

static enum call_verdict on_enter(void *self, struct call_thread *t, const struct syscall_memory *memory)
{
	struct call_rows *c = self;
	struct pending *p = pending_of(t);

	p->stack = c->take_stack ? c->take_stack(c->take_user, t) : 0;
	p->open = true;
	t->call.restarts = p->interrupted;
	p->slot = CALL_MEMO_NONE;
	p->known = false;
	str_clear(&p->text);
	look_at(c, t, SYSCALL_ENTER);
	if (t->whole && !t->call.restarts && !(c->names && c->names->files)) /* names change under a text */
		p->slot = call_memo_slot(c->memo, lookup_of(c), &t->call, memory->user, &p->known);
	if (p->known) /* it is left to on_leave() */
		return CALL_GO;
	p->path = find_path(c, &t->call, memory);
	syscall_print_enter(&c->style, lookup_of(c), &t->call, memory, &p->progress, &p->text);
	return CALL_GO;
}

static unsigned arguments_of(const struct call_rows *c, const struct syscall_call *call)
{
	const struct syscall_entry *entry = syscall_find_by(lookup_of(c), call->abi, call->number);

	return entry ? entry->arg_count : 6;
}

/* "name(a, b)" and the result into string ids. */
static struct texts finish_text(struct call_rows *c, struct call_thread *t, const struct syscall_memory *memory,
				bool returned)
{
	struct pending *p = pending_of(t);
	struct texts texts = { .path = p->path };

	if (returned)
		syscall_print_exit(&c->style, lookup_of(c), &t->call, memory, &p->progress, &p->text);

	else if (p->progress.args_done < arguments_of(c, &t->call))
		str_add(&p->text, " <unfinished ...>");

	const char *text = str_text(&p->text);
	size_t name = strcspn(text, "("), end = p->text.length;

	if (returned && end > 0 && text[end - 1] == ')')
		end--;
	texts.name = intern(c, text, name);
	if (end > name + 1)
		texts.arguments = intern(c, text + name + 1, end - name - 1);
	str_clear(&c->text);
	if (returned)
		syscall_print_result(&c->style, lookup_of(c), &t->call, memory, &p->progress, &c->text);
	else
		str_add_char(&c->text, '?');
	texts.returned = intern(c, str_text(&c->text), c->text.length);
	return texts;
}

static void put_row(struct call_rows *c, const struct call_thread *t, const struct texts *texts, uint8_t flags)
{
	const struct syscall_call *call = &t->call;
	struct row_syscall row = {
		.time_ns = t->enter_ns,
		.duration_ns = t->leave_ns > t->enter_ns && !t->entry_unseen ? t->leave_ns - t->enter_ns : 0,
		.result = flags & SYSCALL_UNFINISHED ? 0 : call->result, .arg0 = call->args[0], .arg1 = call->args[1], .arg2 = call->args[2],
		.arg3 = call->args[3], .arg4 = call->args[4], .arg5 = call->args[5],
		.thread = pending_of((struct call_thread *)t)->thread,
		.stack = pending_of((struct call_thread *)t)->stack, .number = call->number, .name = texts->name,
		.arguments = texts->arguments, .returned = texts->returned, .path = texts->path,
		.abi = (uint8_t)call->abi, .flags = flags | (t->tampered ? SYSCALL_TAMPERED : 0) |
							   (t->entry_unseen ? SYSCALL_UNTIMED : 0),
	};

	recorder_row(c->stream, TYPE_syscall, &row);
}

/* Has another source (perf) told of this exec?  To tell again would forget what was mapped since. */
static bool is_told(struct call_rows *c, const struct call_thread *t, const char *comm)
{
	uint32_t id = track_thread(c->track, t->pid, t->tid, t->leave_ns);
	const struct row_thread *row = recorder_side_find(c->recorder, TYPE_thread, id);

	return row && row->start_ns >= t->enter_ns && row->start_ns <= t->leave_ns &&
	       str_eq(recorder_string_text(c->recorder, row->comm), comm);
}

/* The kernel names a thread after the last part of the path that it exec'ed.  False: no exec. */
static bool name_exec(struct call_rows *c, struct call_thread *t, uint32_t path_id)
{
	const struct syscall_entry *entry = syscall_find(t->call.abi, t->call.number);
	const char *path, *base;
	char comm[16];

	if (t->call.result != 0 || !entry || !str_starts(entry->name, "execve"))
		return false;
	path = path_id ? recorder_string_text(c->recorder, path_id) : "";
	base = strrchr(path, '/');
	snprintf(comm, sizeof(comm), "%s", base ? base + 1 : path);
	if (*comm && !is_told(c, t, comm))
		track_saw_exec(c->track, t->pid, t->tid, comm, t->enter_ns, t->leave_ns);
	pending_of(t)->thread = track_thread(c->track, t->pid, t->tid, t->leave_ns);
	return true;
}

static void on_leave(void *self, struct call_thread *t, const struct syscall_memory *memory)
{
	struct call_rows *c = self;
	struct pending *p = pending_of(t);
	struct texts texts;

	p->open = false;
	p->interrupted = syscall_restarts(&t->call);
	if (t->stack)
		p->stack = t->stack;
	if (p->known) {
		put_row(c, t, &c->texts[p->slot], 0);
		return;
	}
	look_at(c, t, SYSCALL_EXIT);
	texts = finish_text(c, t, memory, true);
	put_row(c, t, &texts, 0);
	if (name_exec(c, t, texts.path) && p->slot != CALL_MEMO_NONE)
		call_memo_forget(c->memo, p->slot);
	else if (p->slot != CALL_MEMO_NONE)
		c->texts[p->slot] = texts;
}

static void on_leaving(void *self, struct call_thread *t)
{
	struct call_rows *c = self;
	struct pending *p = pending_of(t);
	struct syscall_memory none = { 0 };

	if (!p->open)
		return;
	p->open = false;
	if (t->stack)
		p->stack = t->stack;

	struct texts texts = finish_text(c, t, &none, false);

	t->leave_ns = now_of(t);
	put_row(c, t, &texts, SYSCALL_UNFINISHED);
}

/* --- everything else ---------------------------------------------------------------------------- */

/* The kernel tells of an exec before the call that did it is told: see name_exec(). */
static void on_execed(void *self, struct call_thread *t) {}

static void put_signal(struct call_rows *c, struct call_thread *t, int number)
{
	struct row_signal row = { .time_ns = now_of(t), .thread = pending_of(t)->thread, .number = (uint32_t)number,
				  .text = intern(c, str_text(&c->text), c->text.length) };

	recorder_row(c->stream, TYPE_signal, &row);
}

static void on_signal(void *self, struct call_thread *t, int number, const siginfo_t *siginfo)
{
	struct call_rows *c = self;
	const char *name = syscall_signal_name(number);

	if (c->names) /* no call's memory is behind it */
		c->names->look_at(c->names->user, NULL, SYSCALL_ENTER);
	str_clear(&c->text);
	str_printf(&c->text, "%s", name ? name : "?");
	if (siginfo) {
		str_add_char(&c->text, ' ');
		syscall_print_siginfo(&c->style, lookup_of(c), t->tid, SYSCALL_ABI_NATIVE, siginfo, sizeof(*siginfo), &c->text);
	}
	put_signal(c, t, number);
}

static void on_stopped(void *self, struct call_thread *t, int number)
{
	struct call_rows *c = self;
	const char *name = syscall_signal_name(number);

	str_clear(&c->text);
	str_printf(&c->text, "stopped by %s", name ? name : "?");
	put_signal(c, t, number);
}

static void on_superseded(void *self, struct call_thread *t, pid_t by)
{
	struct call_rows *c = self;

	track_exit(c->track, t->pid, by, now_of(t));
	forget(t);
}

static void on_ended(void *self, struct call_thread *t, int status)
{
	struct call_rows *c = self;
	struct row_exit row = { .time_ns = now_of(t), .thread = pending_of(t)->thread, .status = (uint32_t)status };

	recorder_row(c->stream, TYPE_exit, &row);
	track_exit(c->track, t->pid, t->tid, now_of(t));
	forget(t);
}

/* What it is in goes on; how long it did until now is known. */
static void on_detached(void *self, struct call_thread *t)
{
	struct call_rows *c = self;

	on_leaving(self, t);
	if (t->end_lost) /* it isn't running any more; there is no row of how it ended */
		track_exit(c->track, t->pid, t->tid, now_of(t));
	forget(t);
}

static void on_idle(void *self) {}

const struct call_sink *call_rows_sink(void)
{
	static const struct call_sink sink = {
		.begin = on_begin, .enter = on_enter, .leave = on_leave, .leaving = on_leaving,
		.execed = on_execed, .signal = on_signal, .stopped = on_stopped,
		.superseded = on_superseded, .ended = on_ended, .detached = on_detached, .idle = on_idle,
	};

	return &sink;
}
