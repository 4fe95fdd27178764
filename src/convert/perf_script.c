/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of `perf script`.
 *
 *     V8 WorkerThread 24636/25607 [000] 94564.109216:     250000 cycles:
 *             ffffffff8103ce3b native_safe_halt+0x6 ([kernel.kallsyms])
 *                 7f533952bc77 [unknown] (/usr/lib/ld-2.28.so)
 *
 *     (an empty line)
 *
 * An event line, its stack innermost first, an empty line.  A stack of one frame may
 * stand on the event line itself.  What the names become is stackcollapse-perf.pl's and
 * inferno's work; names.c has the rules and `struct text_options` the choices.
 *
 * Speed: a profile has few distinct frames in many lines, so what a line says after
 * its address is looked up in one table that gives the finished symbols; and a stack
 * that begins as the last one did (they mostly do) reuses that one's nodes.
 */
#include "convert/text.h"

#include "base/log.h"
#include "base/map.h"
#include "record/stacks.h"

#include <ctype.h>
#include <string.h>

/* The symbols of one frame text: outermost first, inlined ones after it. */
struct frame_symbols {
	uint32_t from, count; /* in reader.cached */
	bool skip;	      /* a process name, not a frame */
	bool stops;	      /* it is in skip_after */
};

struct reader {
	struct text_input *in;
	const struct text_options *options;
	struct stacks *s;

	struct strmap frames, java_frames; /* text after the address -> index in `known` */
	VEC(struct frame_symbols) known;
	VEC(uint32_t) cached;

	/* the sample that is being read */
	bool in_event, skipped, stopped;
	struct str comm;
	uint64_t period;
	VEC(uint32_t) stack; /* innermost first */

	/* the path of the last one: symbols and nodes, outermost first */
	VEC(uint32_t) last_symbols;
	VEC(uint32_t) last_nodes;

	struct str event; /* what is filtered for; "" and !event_known: all so far */
	bool event_known, event_said, has_periods;
	struct str name, scratch;
};

/* --- samples ---------------------------------------------------------------------------- */

static void add_node(struct reader *r, size_t depth, uint32_t symbol)
{
	if (depth < r->last_symbols.n && r->last_symbols.v[depth] == symbol)
		return;
	r->last_symbols.n = r->last_nodes.n = depth;

	uint32_t parent = depth ? r->last_nodes.v[depth - 1] : 0;

	vec_push(&r->last_symbols, symbol);
	vec_push(&r->last_nodes, stacks_child(r->s, parent, symbol));
}

static void end_sample(struct reader *r)
{
	bool counts =
		r->in_event && !r->skipped && (r->stack.n > 0 || r->options->like != NAMES_INFERNO);
	size_t depth = 0;

	if (counts) {
		if (!r->stopped)
			add_node(r, depth++,
				 stacks_symbol_text(r->s, str_text(&r->comm), r->comm.length));
		if (r->stack.n > STACKS_DEPTH_MAX)
			r->s->cut++;
		for (size_t i = r->stack.n; i-- > 0 && depth < STACKS_DEPTH_MAX;)
			add_node(r, depth++, r->stack.v[i]);
		if (depth > 0) {
			struct stacks_node *node = &r->s->nodes.v[r->last_nodes.v[depth - 1]];

			node->self += r->period;
			node->listed = true;
		}
	}
	vec_clear(&r->stack);
	r->in_event = r->skipped = r->stopped = false;
}

/* --- stack lines ------------------------------------------------------------------------ */

/* Where " (" before the module stands; NULL: nowhere.  Paths may have spaces and end in
 * " (deleted)", so one that opens with '/' or '[' is preferred to the last one. */
static const char *find_module(struct text_slice s, enum names_like like)
{
	const char *last = NULL, *best = NULL;

	for (size_t i = s.length; i-- > 1;) {
		if (s.text[i] != '(' || s.text[i - 1] != ' ')
			continue;
		if (!last)
			last = s.text + i - 1;
		if (i + 1 < s.length && (s.text[i + 1] == '/' || s.text[i + 1] == '[')) {
			best = s.text + i - 1;
			break;
		}
	}
	return like == NAMES_SONDE && best ? best : last;
}

/* Split what follows the address into function and module. */
static bool split_frame(struct text_slice rest, enum names_like like, struct text_slice *function,
			struct text_slice *module)
{
	const char *open = find_module(rest, like);

	if (!open)
		return false;

	const char *end = rest.text + rest.length;
	const char *close = memrchr(open, ')', (size_t)(end - open));

	if (!close)
		return false;
	*module = (struct text_slice){ open + 2, (size_t)(close - open - 2) };
	*function = text_trim((struct text_slice){ rest.text, (size_t)(open - rest.text) });
	if (function->length == 0)
		*function = like == NAMES_SONDE ? (struct text_slice){ "[unknown]", 9 }
						: (struct text_slice){ " ", 1 };
	return true;
}

/* "name+0x1c" without its offset. */
static struct text_slice without_offset(struct text_slice f)
{
	size_t i = f.length;

	while (i > 0 && isxdigit((unsigned char)f.text[i - 1]))
		i--;
	if (i >= 3 && i < f.length && memcmp(f.text + i - 3, "+0x", 3) == 0)
		f.length = i - 3;
	return f;
}

/* "[unknown]" becomes the module's base name in brackets. */
static void name_unknown(struct reader *r, struct text_slice module, struct text_slice pc)
{
	bool known = !(module.length == 9 && memcmp(module.text, "[unknown]", 9) == 0);
	const char *slash = module.length ? memrchr(module.text, '/', module.length) : NULL;
	size_t skip = slash ? (size_t)(slash + 1 - module.text) : 0;

	str_add_char(&r->name, '[');
	if (known)
		str_add_n(&r->name, module.text + skip, module.length - skip);
	else
		str_add(&r->name, "unknown");
	if (r->options->addrs) {
		str_add(&r->name, " <");
		str_add_n(&r->name, pc.text, pc.length);
		str_add_char(&r->name, '>');
	}
	str_add_char(&r->name, ']');
}

static bool is_unknown(struct text_slice f)
{
	return f.length == 9 && memcmp(f.text, "[unknown]", 9) == 0;
}

/* The name of one function of a frame, in r->name. */
static void make_name(struct reader *r, struct text_slice f, struct text_slice module,
		      struct text_slice pc, bool inlined)
{
	const struct text_options *o = r->options;

	str_clear(&r->name);
	if (is_unknown(f))
		name_unknown(r, module, pc);
	else
		str_add_n(&r->name, f.text, f.length);

	str_clear(&r->scratch);
	names_tidy(&r->scratch, str_text(&r->name), r->name.length, o->like);
	str_clear(&r->name);
	if (str_starts(str_text(&r->comm), "java"))
		names_tidy_java(&r->name, str_text(&r->scratch), r->scratch.length);
	else
		str_add_n(&r->name, str_text(&r->scratch), r->scratch.length);

	const char *annotation = NULL;

	if (inlined)
		annotation = "_[i]";
	else if (o->kernel && names_is_kernel_module(module.text, module.length, o->like))
		annotation = "_[k]";
	else if (o->jit && names_is_jit_module(module.text, module.length, o->like))
		annotation = "_[j]";
	if (annotation && (annotation[2] == 'k' || !strstr(str_text(&r->name), annotation)))
		str_add(&r->name, annotation);
}

static enum stacks_kind frame_kind(const struct reader *r, struct text_slice module, bool inlined)
{
	if (inlined || (module.length == 7 && memcmp(module.text, "inlined", 7) == 0))
		return STACKS_INLINED;
	if (names_is_kernel_module(module.text, module.length, r->options->like))
		return module.length > 2 &&
				       memcmp(module.text, "[kernel", 7 < module.length ? 7 : 2) &&
				       module.text[0] == '['
			       ? STACKS_KERNEL_MODULE
			       : STACKS_KERNEL;
	if (names_is_jit_module(module.text, module.length, r->options->like))
		return STACKS_JIT;
	if (memmem(module.text, module.length, ".so", 3))
		return STACKS_LIBRARY;
	return STACKS_USER;
}

static bool is_skip_after(const struct text_options *o, const struct str *name)
{
	for (size_t i = 0; i < o->skip_after_count; i++)
		if (strcmp(o->skip_after[i], str_text(name)) == 0)
			return true;
	return false;
}

/* The symbol of r->name, with what is known about it when it is new. */
static uint32_t frame_symbol(struct reader *r, enum stacks_kind kind, bool resolved)
{
	size_t known = r->s->symbols.n;
	uint32_t id = stacks_symbol_text(r->s, str_text(&r->name), r->name.length);

	if (r->s->symbols.n > known) {
		r->s->symbols.v[id].kind = (uint8_t)kind;
		r->s->symbols.v[id].resolved = resolved;
	}
	return id;
}

/* The symbols of a frame that is seen for the first time. */
static struct frame_symbols make_symbols(struct reader *r, struct text_slice rest,
					 struct text_slice pc, bool *valid)
{
	struct frame_symbols k = { .from = (uint32_t)r->cached.n };
	struct text_slice function, module;
	struct str fixed = { 0 };

	*valid = split_frame(rest, r->options->like, &function, &module);
	if (!*valid)
		return k;
	function = without_offset(function);
	if (function.length > 0 && function.text[0] == '(' &&
	    !(r->options->like == NAMES_SONDE && function.length > 21 &&
	      memcmp(function.text, "(anonymous namespace)", 21) == 0)) {
		k.skip = true;
		return k;
	}
	if (r->options->like == NAMES_PERL)
		str_add_n(&fixed, function.text, function.length);
	else
		names_fix_rust(&fixed, function.text, function.length);
	k.stops = is_skip_after(r->options, &fixed);

	const char *at = str_text(&fixed), *end = at + fixed.length;

	for (;;) {
		const char *arrow = memmem(at, (size_t)(end - at), "->", 2);
		struct text_slice part = { at, (size_t)((arrow ? arrow : end) - at) };
		bool inlined = k.count > 0;
		enum stacks_kind kind = frame_kind(r, module, inlined);

		make_name(r, part, module, pc, inlined);

		vec_push(&r->cached, frame_symbol(r, kind, !is_unknown(part)));
		k.count++;
		if (!arrow)
			break;
		at = arrow + 2;
	}
	str_deinit(&fixed);
	return k;
}

/* Address and the rest of a stack line; false when it is none. */
static bool split_line(struct text_slice line, struct text_slice *pc, struct text_slice *rest)
{
	line = text_trim(line);

	size_t n = 0;

	while (n < line.length && (isalnum((unsigned char)line.text[n]) || line.text[n] == '_'))
		n++;
	*pc = (struct text_slice){ line.text, n };
	*rest = (struct text_slice){ line.text + n, line.length - n };
	return n > 0 && rest->length > 0 && rest->text[0] == ' ';
}

/* The line after a frame is its source place, unless perf knew none: then it is the next
 * frame, or the end of the stack. */
static struct err *read_srcline(struct reader *r, uint32_t *symbol)
{
	struct text_slice line, pc, rest, function, module;
	char *text;

	TRY(text_next_line(r->in, &text, &line.length));
	if (!text)
		return NULL;
	line.text = text;

	struct text_slice place = text_trim(line);
	bool frame = split_line(line, &pc, &rest) &&
		     split_frame(rest, r->options->like, &function, &module);

	if (place.length == 0 || frame || (!isspace((unsigned char)*text) && place.text[0] != '[')) {
		text_unread_line(r->in);
		return NULL;
	}

	struct stacks_symbol sym = r->s->symbols.v[*symbol];

	if (!sym.resolved)
		return NULL;
	str_clear(&r->name);
	str_printf(&r->name, "%s:%.*s", sym.name, (int)place.length, place.text);
	*symbol = frame_symbol(r, sym.kind, true);
	return NULL;
}

/* What the rest of a stack line stands for; NULL: it is no frame. */
static const struct frame_symbols *find_frame(struct reader *r, struct text_slice rest,
					      struct text_slice pc)
{
	bool java = str_starts(str_text(&r->comm), "java"), is_new, valid = true;
	struct strmap *map = java ? &r->java_frames : &r->frames;
	struct text_slice key = rest;

	if (r->options->addrs) /* the address is part of the name then */
		key = (struct text_slice){ pc.text, pc.length + rest.length };

	uint64_t *slot = strmap_get(map, key.text, key.length, &is_new);

	if (is_new) {
		struct frame_symbols k = make_symbols(r, rest, pc, &valid);

		*slot = valid ? r->known.n : UINT64_MAX;
		if (valid)
			vec_push(&r->known, k);
	}
	return *slot == UINT64_MAX ? NULL : &r->known.v[*slot];
}

static struct err *on_stack_line(struct reader *r, struct text_slice line)
{
	struct text_slice pc, rest;

	if (r->skipped || r->stopped)
		return NULL;
	if (!split_line(line, &pc, &rest)) {
		text_bad_line(r->in, "Unrecognized line", line.text, line.length);
		return NULL;
	}

	const struct frame_symbols *known = find_frame(r, rest, pc);

	if (!known) {
		text_bad_line(r->in, "Unrecognized line", line.text, line.length);
		return NULL;
	}

	struct frame_symbols k = *known;

	if (k.skip)
		return NULL;
	for (size_t i = k.count; i-- > 0;) {
		uint32_t symbol = r->cached.v[k.from + i];

		if (r->options->srcline)
			TRY(read_srcline(r, &symbol));
		vec_push(&r->stack, symbol);
	}
	r->stopped = k.stops;
	return NULL;
}

/* --- event lines -------------------------------------------------------------------------- */

struct event_line {
	struct text_slice comm, pid, tid, event,
		frame; /* pid may be empty; frame: a stack on the line */
	uint64_t period;
	bool has_event, has_period;
};

/* The first word of digits, with one '/' in it or none, is the thread: `comm` before it
 * may have spaces. */
static bool find_thread(struct text_slice line, struct event_line *e, size_t *after)
{
	size_t word = 0, slash = 0;
	bool digits = false;

	for (size_t i = 0; i < line.length; i++) {
		char c = line.text[i];

		if (c == ' ' || c == '\t') {
			if (digits && i > word) {
				struct text_slice w = { line.text + word, i - word };
				size_t cut = slash ? slash - word : 0;

				e->pid = (struct text_slice){ w.text, cut };
				e->tid = slash ? (struct text_slice){ w.text + cut + 1,
								      w.length - cut - 1 }
					       : w;
				e->comm = text_trim((struct text_slice){ line.text, word });
				*after = i;
				return e->comm.length > 0 && e->tid.length > 0;
			}
			word = i + 1;
			digits = true;
			slash = 0;
		} else if (c == '/' && digits && i > word && !slash) {
			slash = i;
		} else if (!isdigit((unsigned char)c)) {
			digits = false;
		}
	}
	return false;
}

/* "94564.109216:" */
static bool is_time(struct text_slice w)
{
	bool dot = false;

	if (w.length < 2 || w.text[w.length - 1] != ':')
		return false;
	for (size_t i = 0; i + 1 < w.length; i++) {
		if (w.text[i] == '.')
			dot = true;
		else if (!isdigit((unsigned char)w.text[i]))
			return false;
	}
	return dot;
}

/* After the thread: [CPU] TIME: PERIOD EVENT: and, maybe, a frame. */
static void parse_event(struct text_slice rest, struct event_line *e)
{
	struct text_slice word;

	e->period = 1;
	for (;;) {
		word = text_word(&rest);
		if (word.length == 0)
			return;
		if (is_time(word))
			continue;
		if (word.text[word.length - 1] == ':' && word.length > 1)
			break;
		e->has_period = text_to_u64(word.text, word.length, &e->period) && e->period > 0;
		if (!e->has_period)
			e->period = 1;
	}
	e->event = (struct text_slice){ word.text, word.length - 1 };
	e->has_event = true;

	struct text_slice pc, frame_rest, function, module;

	rest = text_trim(rest);
	if (rest.length > 0 && split_line(rest, &pc, &frame_rest) &&
	    split_frame(frame_rest, NAMES_SONDE, &function, &module)) {
		for (size_t i = 0; i < pc.length; i++)
			if (!isxdigit((unsigned char)pc.text[i]))
				return;
		e->frame = rest;
	}
}

static bool parse_event_line(struct text_slice line, struct event_line *e)
{
	size_t after;

	memset(e, 0, sizeof(*e));
	if (!find_thread(line, e, &after))
		return false;
	parse_event((struct text_slice){ line.text + after, line.length - after }, e);
	return true;
}

/* Different events don't add up, so only one kind is taken. */
static bool is_wanted(struct reader *r, const struct event_line *e)
{
	if (!e->has_event)
		return true;
	if (!r->event_known) {
		r->event_known = true;
		if (r->options->event) {
			str_add(&r->event, r->options->event);
		} else {
			str_add_n(&r->event, e->event.text, e->event.length);
			return true;
		}
	}
	if (r->event.length == e->event.length &&
	    memcmp(str_text(&r->event), e->event.text, e->event.length) == 0)
		return true;
	if (!r->event_said && !r->options->event)
		log_warn("%s: more than one kind of event; only \"%s\" is counted "
			 "(--event-filter chooses another, such as \"%.*s\")",
			 r->in->name, str_text(&r->event), (int)e->event.length, e->event.text);
	r->event_said = true;
	return false;
}

static void set_comm(struct reader *r, const struct event_line *e)
{
	struct text_slice pid = e->pid, tid = e->tid;
	struct text_slice unknown = { "?", 1 };

	/* Perl takes a thread 0 for none */
	if (r->options->like == NAMES_PERL && pid.length && tid.length == 1 && tid.text[0] == '0') {
		tid = pid;
		pid = unknown;
	}
	if (pid.length == 0)
		pid = unknown;
	str_clear(&r->comm);
	for (size_t i = 0; i < e->comm.length; i++)
		str_add_char(&r->comm, e->comm.text[i] == ' '	? '_'
				       : e->comm.text[i] == ';' ? ':'
								: e->comm.text[i]);
	if (r->options->tid)
		str_printf(&r->comm, "-%.*s/%.*s", (int)pid.length, pid.text, (int)tid.length,
			   tid.text);
	else if (r->options->pid)
		str_printf(&r->comm, "-%.*s", (int)pid.length, pid.text);
}

static struct err *on_event_line(struct reader *r, struct text_slice line,
				 const struct event_line *e)
{
	r->in_event = true;
	r->period = e->period;
	r->has_periods |= e->has_period;
	if (!is_wanted(r, e)) {
		r->skipped = true;
		return NULL;
	}
	set_comm(r, e);
	if (e->frame.length == 0)
		return NULL;
	TRY(on_stack_line(r, e->frame));
	end_sample(r);
	return NULL;
}

/* --- the text ------------------------------------------------------------------------------ */

static struct err *on_line(struct reader *r, struct text_slice line)
{
	struct event_line e;

	if (line.length > 0 && line.text[0] == '#')
		return NULL;
	while (line.length > 0 && isspace((unsigned char)line.text[line.length - 1]))
		line.length--;
	if (line.length == 0) {
		end_sample(r);
		return NULL;
	}
	if (r->in_event) {
		/* events without stacks follow each other with no empty line between */
		if (isspace((unsigned char)line.text[0]) || r->stack.n > 0 ||
		    line.text[line.length - 1] == ')' || !parse_event_line(line, &e) ||
		    !e.has_event)
			return on_stack_line(r, line);
		end_sample(r);
		return on_event_line(r, line, &e);
	}
	if (!parse_event_line(line, &e)) {
		text_bad_line(r->in, "no event line", line.text, line.length);
		return NULL;
	}
	return on_event_line(r, line, &e);
}

/* What the values are: with periods, nanoseconds of a clock or numbers of the event;
 * without, samples. */
static void set_unit(struct reader *r)
{
	const char *event = str_text(&r->event);

	if (!r->has_periods)
		return;
	if (str_starts(event, "cpu-clock") || str_starts(event, "task-clock"))
		r->s->unit = "ns";
	else if (*event)
		r->s->unit = arena_strndup(&r->s->arena, event, strcspn(event, ":"));
}

static struct err *perf_script_read(struct text_input *in, const struct text_options *options,
				    struct stacks *stacks)
{
	struct reader r = { .in = in, .options = options, .s = stacks };
	struct err *err = NULL;
	char *line;
	size_t length;

	strmap_init(&r.frames);
	strmap_init(&r.java_frames);
	stacks->grouped = true;
	while (!err) {
		err = text_next_line(in, &line, &length);
		if (err || !line)
			break;
		err = on_line(&r, (struct text_slice){ line, length });
	}
	if (r.in_event && r.stack.n > 0 && options->like == NAMES_PERL)
		log_warn("%s: no empty line after the last stack: stackcollapse-perf.pl leaves it "
			 "out, "
			 "and so does --like",
			 in->name);
	else
		end_sample(&r);
	set_unit(&r);
	strmap_deinit(&r.frames);
	strmap_deinit(&r.java_frames);
	vec_deinit(&r.known);
	vec_deinit(&r.cached);
	vec_deinit(&r.stack);
	vec_deinit(&r.last_symbols);
	vec_deinit(&r.last_nodes);
	str_deinit(&r.comm);
	str_deinit(&r.event);
	str_deinit(&r.name);
	str_deinit(&r.scratch);
	return err;
}

/* An event line, then a stack line. */
static enum text_match perf_script_probe(const char *head, size_t length)
{
	struct text_slice line;
	struct event_line e;
	bool event_seen = false;

	while (text_head_line(&head, &length, &line.text, &line.length)) {
		struct text_slice pc, rest, function, module;

		if (line.length > 0 && line.text[0] == '#')
			continue;
		if (text_trim(line).length == 0) {
			event_seen = false;
			continue;
		}
		if (event_seen)
			return split_line(line, &pc, &rest) &&
					       split_frame(rest, NAMES_SONDE, &function, &module)
				       ? TEXT_YES
				       : TEXT_NO;
		if (!parse_event_line(line, &e) || !e.has_event)
			return TEXT_NO;
		if (e.frame.length > 0)
			return TEXT_YES;
		event_seen = true;
	}
	return event_seen ? TEXT_MAYBE : TEXT_NO;
}

const struct text_format text_perf_script = {
	.name = "perf-script",
	.summary = "the text of `perf script`",
	.unit = "samples",
	.probe = perf_script_probe,
	.read = perf_script_read,
};
