// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stack traces.  A trace is a title and the frames below it.  Frames are recognised line
 * by line, whatever the architecture, because the kernel's "%pS" prints them all alike;
 * what differs is in front (addresses in brackets, '?') and behind (module, file:line of a
 * log that was decoded before, "(unreliable)").
 *
 * A trace ends at the next title, and where lines follow that neither are frames nor may
 * stand among them (registers at an interrupt, <IRQ> marks).
 */
#include "oops/trace.h"

#include "oops/match.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 1000, TRACES_MAX = 2000, STRANGERS_MAX = 12 };

struct text {
	const char *at, *end;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static void skip_blanks(struct text *t)
{
	while (t->at < t->end && is_blank(*t->at))
		t->at++;
}

static bool skip_word(struct text *t, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0)
		return false;
	t->at += n;
	return true;
}

/* --- what stands in front of the function ---------------------------------------------------- */

static bool read_hex(struct text *t, size_t min_digits, uint64_t *value)
{
	const char *p = t->at;
	uint64_t v = 0;
	size_t n = 0;

	for (; p + n < t->end && n < 17; n++) {
		char c = p[n];
		int d = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (d < 0)
			break;
		v = v * 16 + (uint64_t)d;
	}
	if (n < min_digits || n > 16)
		return false;
	*value = v;
	t->at += n;
	return true;
}

/* "[<ffffffff81000000>]", "[c000000000012345]", also twice; "([<...>]" of s390. */
static bool skip_bracketed(struct text *t, uint64_t *address)
{
	struct text try = *t;
	uint64_t value;

	(void)skip_word(&try, "(");
	if (!skip_word(&try, "["))
		return false;
	bool angle = skip_word(&try, "<");

	skip_blanks(&try);
	(void)skip_word(&try, "0x");
	if (!read_hex(&try, 6, &value) || (angle && !skip_word(&try, ">")) || !skip_word(&try, "]"))
		return false;
	skip_blanks(&try);
	*address = value;
	*t = try;
	return true;
}

static bool skip_question(struct text *t)
{
	if (!skip_word(t, "?"))
		return false;
	skip_blanks(t);
	return true;
}

/* --- what stands behind it ---------------------------------------------------------------------- */

/* "net/core/dev.c:123:4" or "(file.c:12 (discriminator 3))". */
static void read_place(struct arena *a, struct text *t, struct oops_frame *f)
{
	struct text try = *t;
	bool parenthesis = skip_word(&try, "(");
	const char *start = try.at, *p = start;

	while (p < try.end && !is_blank(*p) && *p != ':' && *p != ')' && *p != ']')
		p++;
	if (p == start || p + 1 >= try.end || *p != ':' || !is_digit(p[1]))
		return;
	if (memchr(start, '.', (size_t)(p - start)) == NULL || *start == '[')
		return;
	if (a != NULL)
		f->file = arena_strndup(a, start, (size_t)(p - start));
	f->line = (unsigned)strtoul(p + 1, NULL, 10);
	for (p++; p < try.end && is_digit(*p);)
		p++;
	if (p + 1 < try.end && *p == ':' && is_digit(p[1])) {
		f->column = (unsigned)strtoul(p + 1, NULL, 10);
		for (p++; p < try.end && is_digit(*p);)
			p++;
	}
	try.at = p;
	if (parenthesis) {
		const char *close = memchr(p, ')', (size_t)(try.end - p));

		try.at = close != NULL ? close + 1 : p;
		(void)skip_word(&try, ")");
	}
	*t = try;
}

/* "[mod]", "[mod 1234abcd]" with the module's build-id, "[inline]", "(unreliable)". */
static void read_tail(struct arena *a, struct text *t, struct oops_frame *f)
{
	while (t->at < t->end) {
		skip_blanks(t);
		if (skip_word(t, "[inline]") || skip_word(t, "[inlined]")) {
			f->inlined = true;
		} else if (skip_word(t, "(unreliable)")) {
			f->unreliable = true;
		} else if (skip_word(t, "[")) {
			const char *close = memchr(t->at, ']', (size_t)(t->end - t->at));

			if (close == NULL)
				return;
			const char *blank = memchr(t->at, ' ', (size_t)(close - t->at));

			if (a != NULL && f->module == NULL && *t->at != '<') {
				f->module = arena_strndup(a, t->at, (size_t)((blank != NULL ? blank : close) - t->at));
				if (blank != NULL)
					f->build_id = arena_strndup(a, blank + 1, (size_t)(close - blank - 1));
			}
			t->at = close + 1;
		} else {
			const char *before = t->at;

			read_place(a, t, f);
			if (t->at == before)
				return;
		}
	}
}

/* --- one frame -------------------------------------------------------------------------------------- */

static void set_symbol(struct arena *a, struct oops_frame *f, const char *name, size_t length,
		       unsigned long long offset, unsigned long long size)
{
	if (a != NULL)
		f->function = arena_strndup(a, name, length);
	f->offset = offset;
	f->size = size;
}

/* "__dump_stack lib/dump_stack.c:88 [inline]": a decoded log's inlined call has no offset. */
static bool inlined_frame(struct arena *a, struct text t, struct oops_frame *f)
{
	const char *name;
	size_t name_length;
	unsigned long long offset, size;
	struct text start = t;
	size_t taken = oops_symbol_parse(t.at, (size_t)(t.end - t.at), &name, &name_length, &offset, &size);

	if (taken == 0 || oops_find(start.at, (size_t)(t.end - start.at), "[inline]") == NULL)
		return false;
	t.at += taken;
	skip_blanks(&t);
	read_tail(a, &t, f);
	if (!f->inlined || f->line == 0)
		return false;
	set_symbol(a, f, name, name_length, 0, 0);
	return true;
}

/* "func from caller+0x1/0x2" and "[<addr>] (func) from [<addr>] (caller+0x...)" of arm. */
static bool arm_frame(struct arena *a, struct text t, struct oops_frame *f)
{
	const char *name;
	size_t name_length;
	unsigned long long offset, size;

	if (oops_find(t.at, (size_t)(t.end - t.at), " from ") == NULL)
		return false;
	(void)skip_bracketed(&t, &f->address);
	bool parenthesis = skip_word(&t, "(");
	size_t taken = oops_symbol_parse(t.at, (size_t)(t.end - t.at), &name, &name_length, &offset, &size);

	if (taken == 0)
		return false;
	t.at += taken;
	if (is_blank(*t.at)) {
		struct text tail = t;

		skip_blanks(&tail);
		if (*tail.at == '[')
			read_tail(a, &tail, f);
		t = tail;
	}
	if (parenthesis && !skip_word(&t, ")"))
		return false;
	skip_blanks(&t);
	if (!skip_word(&t, "from "))
		return false;
	set_symbol(a, f, name, name_length, offset, size);
	return true;
}

/* "func+0x1/0x2" after the brackets; or "0xffff..." alone, which has no name. */
static bool plain_frame(struct arena *a, struct text t, struct oops_frame *f)
{
	const char *name;
	size_t name_length;
	unsigned long long offset, size;
	bool bracket = false;

	while (skip_bracketed(&t, &f->address))
		bracket = true;
	f->unreliable = skip_question(&t);
	(void)skip_word(&t, "(");
	while (skip_bracketed(&t, &f->address))
		bracket = true;
	size_t taken = oops_symbol_parse(t.at, (size_t)(t.end - t.at), &name, &name_length, &offset, &size);

	if (taken == 0 || size == 0) {
		if (taken != 0 && bracket && t.at + taken == t.end && !offset) {
			set_symbol(a, f, name, name_length, 0, 0); /* old kernels: only the name */
			return true;
		}
		/* A bare address, behind brackets or alone on the line. */
		if (skip_word(&t, "0x") && read_hex(&t, 8, &f->address)) {
			skip_blanks(&t);
			read_tail(a, &t, f);
			return t.at == t.end;
		}
		return false;
	}
	t.at += taken;
	(void)skip_word(&t, ")");
	set_symbol(a, f, name, name_length, offset, size);
	read_tail(a, &t, f);
	return true;
}

/* "Trace; c0133792 <bd_acquire+26/80>" of ksymoops. */
static bool ksymoops_frame(struct arena *a, struct text t, struct oops_frame *f)
{
	struct oops_captures captures;

	captures.n = 0;
	if (!oops_match("^Trace; {address:hex} <{name}>", t.at, (size_t)(t.end - t.at), &captures))
		return false;
	const struct oops_capture *name = oops_captured(&captures, "name");
	const char *plus = memchr(name->text, '+', name->length);

	if (a != NULL)
		f->function = arena_strndup(a, name->text, plus != NULL ? (size_t)(plus - name->text) : name->length);
	f->offset = plus != NULL ? strtoull(plus + 1, NULL, 16) : 0;
	return true;
}

static bool parse_frame(struct arena *a, const char *text, size_t length, struct oops_frame *ret)
{
	struct text t = { text, text + length };
	static const struct oops_frame empty = { .function = NULL };

	*ret = empty;
	if (length > 1024)
		return false;
	skip_blanks(&t);
	if (ksymoops_frame(a, t, ret))
		return true;
	*ret = empty;
	if (arm_frame(a, t, ret))
		return true;
	*ret = empty;
	if (plain_frame(a, t, ret))
		return true;
	*ret = empty;
	return inlined_frame(a, t, ret);
}

bool oops_frame_parse(struct arena *a, const char *text, size_t length, struct oops_frame *ret)
{
	return parse_frame(a, text, length, ret);
}

bool oops_is_frame(const char *text, size_t length)
{
	struct oops_frame ignored;

	return parse_frame(NULL, text, length, &ignored);
}

size_t oops_base_name(const char *function, size_t length)
{
	const char *dot = memchr(function, '.', length);

	return dot != NULL && dot != function ? (size_t)(dot - function) : length;
}

/* --- titles --------------------------------------------------------------------------------------------- */

static const struct {
	const char *template;
	enum oops_trace_kind kind;
} titles[] = {
	{ "Call Trace:", OOPS_TRACE_CALL },
	{ "Call trace:", OOPS_TRACE_CALL },
	{ "^Call Trace", OOPS_TRACE_CALL },
	{ "^Backtrace:", OOPS_TRACE_CALL },
	{ "^Stack traceback:", OOPS_TRACE_CALL },
	{ "^Process {_name} (pid: {task:num}, process time", OOPS_TRACE_OTHER },
	{ "^Allocated by task {task:num} on cpu {cpu:num}", OOPS_TRACE_ALLOC },
	{ "^Allocated by task {task:num}", OOPS_TRACE_ALLOC },
	{ "^Allocated:", OOPS_TRACE_ALLOC },
	{ "^allocated by task {task:num} on cpu {cpu:num}", OOPS_TRACE_ALLOC },
	{ "^allocated by task {task:num}:", OOPS_TRACE_ALLOC },
	{ "^kfence-#{_object:num} [{_range:any}] allocated by task {task:num} on cpu {cpu:num}", OOPS_TRACE_ALLOC }, /* 5.11 and 5.12 */
	{ "^kfence-#{_object:num} [{_range:any}] allocated by task {task:num}", OOPS_TRACE_ALLOC },
	{ "INFO: Allocated in ", OOPS_TRACE_ALLOC },
	{ "^Allocated in ", OOPS_TRACE_ALLOC },
	{ "^page last allocated via", OOPS_TRACE_ALLOC },
	{ "^Freed by task {task:num} on cpu {cpu:num}", OOPS_TRACE_FREE },
	{ "^Freed by task {task:num}", OOPS_TRACE_FREE },
	{ "^Freed:", OOPS_TRACE_FREE },
	{ "^freed by task {task:num} on cpu {cpu:num}", OOPS_TRACE_FREE },
	{ "^freed by task {task:num}:", OOPS_TRACE_FREE },
	{ "^freed by rcu ", OOPS_TRACE_FREE },
	{ "INFO: Freed in ", OOPS_TRACE_FREE },
	{ "^Freed in ", OOPS_TRACE_FREE },
	{ "^page last free ", OOPS_TRACE_FREE },
	{ "^page last free", OOPS_TRACE_FREE },
	{ "^Uninit was created at:", OOPS_TRACE_ORIGIN },
	{ "^Uninit was stored to memory at:", OOPS_TRACE_OTHER },
	{ "^Local variable {_rest:rest}", OOPS_TRACE_ORIGIN },
	{ "^origin:", OOPS_TRACE_ORIGIN },
	{ "^chained origin:", OOPS_TRACE_OTHER },
	{ "^Last potentially related work creation:", OOPS_TRACE_OTHER },
	{ "^Second to last potentially related work creation:", OOPS_TRACE_OTHER },
	{ "^Last call_rcu():", OOPS_TRACE_OTHER },
	{ "^Second to last call_rcu():", OOPS_TRACE_OTHER },
	{ "^Preemption disabled at:", OOPS_TRACE_OTHER },
	{ "^-> #{_depth:num} (", OOPS_TRACE_OTHER },
	{ "^{_access:read|write|assert|race at unknown origin}{_rest:any} by task {task:num} on cpu {cpu:num}:", OOPS_TRACE_CALL },
	{ "^{_access:read|write|assert|race at unknown origin}{_rest:any} by interrupt on cpu {cpu:num}:", OOPS_TRACE_CALL },
	{ "backtrace:", OOPS_TRACE_CALL },
	{ "backtrace (crc {_crc}):", OOPS_TRACE_CALL },
	{ "NMI backtrace for cpu {cpu:num}", OOPS_TRACE_OTHER },
	{ "^stack backtrace:", OOPS_TRACE_CALL },
	{ "which became {_state} at:", OOPS_TRACE_OTHER },
	{ "use at:", OOPS_TRACE_OTHER },
	{ "^... key at:", OOPS_TRACE_OTHER },
	{ "^... acquired at:", OOPS_TRACE_OTHER },
	{ "state was registered at:", OOPS_TRACE_OTHER },
};

static int number_of(const struct oops_captures *captures, const char *name)
{
	const struct oops_capture *c = oops_captured(captures, name);

	return c != NULL && c->length < 10 ? atoi(c->text) : -1;
}

bool oops_is_trace_title(const char *text, size_t length, enum oops_trace_kind *kind, int *task, int *cpu)
{
	while (length > 0 && is_blank(*text))
		text++, length--;
	/* Most lines are frames or registers: seen without comparing forty templates. */
	if (length < 6 || length > 400 || (text[length - 1] != ':' && strchr("PAaIFfkpLN-", *text) == NULL && oops_find(text, length, "race") == NULL && memchr(text, ':', length) == NULL))
		return false;
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		struct oops_captures captures;

		captures.n = 0;
		if (!oops_match(titles[i].template, text, length, &captures))
			continue;
		*kind = titles[i].kind;
		*task = number_of(&captures, "task");
		*cpu = number_of(&captures, "cpu");
		return true;
	}
	return false;
}

/* --- traces ------------------------------------------------------------------------------------------------ */

struct reader {
	struct oops_report *r;
	struct oops_trace *trace; /* open; NULL: none */
	size_t line;
	bool below_registers;     /* the line before was riscv64's last of registers */
	unsigned strangers;       /* lines in a row that are no part of a trace */
	struct oops_frame caller; /* of an arm frame: the next frame, if the next line isn't it */
};

static void push(struct reader *rd, const struct oops_frame *f)
{
	if (rd->trace->frames.n < FRAMES_MAX)
		vec_push(&rd->trace->frames, *f);
}

/* "(f) from [<...>] (g+0x1/0x2)": g has a line of its own, but for the outermost and where
 * frames in between were inlined. */
static void flush_caller(struct reader *rd, const struct oops_frame *next)
{
	if (rd->caller.function == NULL)
		return;
	if (rd->trace != NULL && (next == NULL || next->function == NULL || strcmp(next->function, rd->caller.function) != 0))
		push(rd, &rd->caller);
	rd->caller.function = NULL;
}

static void keep_caller(struct reader *rd, const char *text, size_t length)
{
	struct oops_captures captures;
	const char *from = oops_find(text, length, " from "), *name;
	size_t name_length;
	unsigned long long offset, size;

	captures.n = 0;
	if (from == NULL || !oops_match(") from [<{_address:hex}>] ({place:rest}", text, length, &captures))
		return;
	const struct oops_capture *place = oops_captured(&captures, "place");

	if (oops_symbol_parse(place->text, place->length, &name, &name_length, &offset, &size) == 0 || size == 0)
		return;
	rd->caller = (struct oops_frame){ .function = arena_strndup(&rd->r->arena, name, name_length), .offset = offset, .size = size };
}

static void open_trace(struct reader *rd, enum oops_trace_kind kind, const char *title, size_t length, int task, int cpu)
{
	if (rd->r->traces.n == TRACES_MAX)
		return;
	/* "stack backtrace:" and "NMI backtrace" are followed by "Call Trace:": one trace. */
	if (rd->trace != NULL && rd->trace->frames.n == 0 && kind == OOPS_TRACE_CALL &&
	    (rd->trace->kind == OOPS_TRACE_CALL || strstr(rd->trace->title, "backtrace") != NULL) && rd->strangers < STRANGERS_MAX) {
		rd->trace->first_line = rd->line;
		return;
	}
	while (length > 0 && is_blank(*title))
		title++, length--;
	rd->trace = vec_add(&rd->r->traces);
	*rd->trace = (struct oops_trace){ .kind = kind, .task = task, .cpu = cpu, .first_line = rd->line,
		.title = arena_strndup(&rd->r->arena, title, length) };
	rd->strangers = 0;
}

/* Among the frames, where an interrupt or exception came: "RIP: 0010:func+0x1/0x2", and powerpc's
 * "--- interrupt: 700 at func+0x1/0x2". */
static bool interrupt_frame(struct reader *rd, const char *text, size_t length, struct oops_frame *f)
{
	struct oops_captures captures;
	struct text t = { text, text + length };
	const char *name;
	size_t name_length;
	unsigned long long offset, size;

	captures.n = 0;
	skip_blanks(&t);
	if (oops_match("^--- {_what:interrupt|Exception}: {_trap:hex} at {place:rest}", text, length, &captures))
		t.at = oops_captured(&captures, "place")->text;
	else if (!skip_word(&t, "RIP: 0010:") && !skip_word(&t, "RIP:"))
		return false;
	skip_blanks(&t);
	if (oops_symbol_parse(t.at, (size_t)(t.end - t.at), &name, &name_length, &offset, &size) == 0 || size == 0)
		return false;
	*f = (struct oops_frame){ .exact = true };
	set_symbol(&rd->r->arena, f, name, name_length, offset, size);
	const char *end = name + name_length;

	while (end < t.end && !is_blank(*end))
		end++;
	t.at = end;
	read_tail(&rd->r->arena, &t, f);
	return true;
}

static bool is_user_entry(const char *text, size_t length)
{
	return oops_match("RIP: 0033:", text, length, NULL) || oops_match("RIP: 0023:", text, length, NULL);
}

/* What is behind it is no part of the stack. */
static bool is_end(const char *text, size_t length)
{
	static const char *const ends[] = { "^---[ end ", "^Modules linked in:", "^Last Breaking-Event-Address:" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (oops_match(ends[i], text, length, NULL))
			return true;
	return false;
}

/* arm kernels print frames without a title, riscv64 does so right below the registers. */
static bool begins_untitled(bool below_registers, const char *text, size_t length)
{
	if (oops_match("^[<{_address:hex}>] ({_function}) from [<", text, length, NULL) ||
	    (oops_match("^ {_function} from {_caller:func}", text, length, NULL) && oops_find(text, length, "+0x") != NULL) ||
	    oops_match("^ {_function} [{_module}] from {_caller:func}", text, length, NULL))
		return true;
	return below_registers && oops_match("^[<{_address:hex}>] {_function:func}", text, length, NULL) && oops_find(text, length, "+0x") != NULL;
}

static void read_line(struct reader *rd, const char *text, size_t length)
{
	struct oops_frame frame;
	enum oops_trace_kind kind;
	int task, cpu;

	if (oops_is_trace_title(text, length, &kind, &task, &cpu)) {
		flush_caller(rd, NULL);
		open_trace(rd, kind, text, length, task, cpu);
		/* arm prints the first address on the line of the title, and 2.4 all of them. */
		return;
	}
	if (rd->trace == NULL && begins_untitled(rd->below_registers, text, length))
		open_trace(rd, OOPS_TRACE_CALL, "", 0, -1, -1);
	rd->below_registers = oops_find(text, length, "badaddr: ") != NULL;
	if (rd->trace == NULL)
		return;
	if (!is_end(text, length) && (interrupt_frame(rd, text, length, &frame) || oops_frame_parse(&rd->r->arena, text, length, &frame))) {
		flush_caller(rd, &frame);
		push(rd, &frame);
		keep_caller(rd, text, length);
		rd->strangers = 0;
		return;
	}
	bool user_entry = is_user_entry(text, length);

	if (user_entry || is_end(text, length)) {
		flush_caller(rd, NULL);
		rd->trace->user_entry = user_entry;
		rd->trace = NULL;
		return;
	}
	if (++rd->strangers > STRANGERS_MAX + 12) {
		flush_caller(rd, NULL);
		rd->trace = NULL;
	}
}

/* KMSAN and KFENCE print frames right below the headline, without a title; and what is
 * printed by an arm "PC is at" precedes "Backtrace:". */
static void untitled_trace(struct oops_report *r)
{
	const char *line = r->text, *end = r->text + r->text_length;
	struct oops_trace trace = { .kind = OOPS_TRACE_CALL, .task = -1, .cpu = -1, .first_line = 1 };
	unsigned strangers = 0;

	for (size_t n = 0; line < end && n < 40; n++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline != NULL ? newline : end) - line);
		struct oops_frame frame;
		enum oops_trace_kind kind;
		int task, cpu;

		if (n > 0 && oops_is_trace_title(line, length, &kind, &task, &cpu))
			break;
		if (n > 0 && length > 0 && is_blank(*line) && oops_frame_parse(&r->arena, line, length, &frame))
			vec_push(&trace.frames, frame);
		else if (n > 0 && !(length > 6 && memcmp(line, "BUG: K", 6) == 0) && ++strangers > 3) /* decoded logs repeat the headline for what was inlined */
			break;
		line += length + 1;
	}
	if (trace.frames.n < 2) {
		vec_deinit(&trace.frames);
		return;
	}
	trace.title = "";
	vec_insert(&r->traces, 0, trace);
}

void oops_traces_parse(struct oops_report *r)
{
	struct reader rd = { .r = r };
	const char *line = r->text, *end = r->text + r->text_length;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline != NULL ? newline : end) - line);

		read_line(&rd, line, length);
		line += length + 1;
		rd.line++;
	}
	flush_caller(&rd, NULL);
	untitled_trace(r);
}
