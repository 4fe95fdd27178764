/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which function, and what is said about it.
 *
 * A function is known by the code that holds it: the samples of calls that were inlined
 * into it are its own, on their own lines.  One that has no code of its own, because it was
 * inlined wherever it is called, is shown inside the function that most of it runs in.
 */
#include "view/annotate_impl.h"

#include "base/mem.h"
#include "base/units.h"
#include "event/types.h"
#include "record/recording.h"
#include "record/stacks.h"
#include "view/report_impl.h"

#include <stdlib.h>
#include <string.h>

/* --- which function ------------------------------------------------------------------------------ */

/* One function of one module that fits, or one that a fitting function is inlined into. */
struct candidate {
	uint32_t module_id;
	const char *module, *holder, *function;
	uint64_t value, samples;
	bool is_inlined;
};

struct choice {
	VEC(struct candidate) candidates;
	struct strmap index;
};

/* The call of CALLS that is asked for: COUNT for none.  Without a name, the function itself. */
static uint32_t wanted_call(const char *function, const struct frame_call *calls, uint32_t count)
{
	if (!function)
		return calls[count - 1].function ? count - 1 : count;
	for (uint32_t i = count; i-- > 0;)
		if (calls[i].function && report_names_it(function, calls[i].function))
			return i;
	return count;
}

static struct candidate *candidate_of(struct choice *c, const struct frame *frame,
				      const struct frame_call *calls, uint32_t call)
{
	const char *holder = calls[frame->call_count - 1].function;
	struct str key = { 0 };
	uint64_t *at;
	bool is_new;

	str_printf(&key, "%u %s%c%s", frame->module_id, holder ? holder : "", 1, calls[call].function);
	at = strmap_get(&c->index, str_text(&key), key.length, &is_new);
	str_deinit(&key);
	if (is_new) {
		*at = c->candidates.n;
		*vec_add(&c->candidates) = (struct candidate){
			.module_id = frame->module_id,
			.module = frame->module,
			.holder = holder ? holder : calls[call].function,
			.function = calls[call].function,
			.is_inlined = call + 1 < frame->call_count,
		};
	}
	return &c->candidates.v[*at];
}

static void find_candidates(const struct profile *p, const char *function, struct choice *c)
{
	for (size_t i = 0; i < p->leaves.n; i++) {
		const struct profile_leaf *leaf = &p->leaves.v[i];
		const struct frame *frame = frames_at(p->frames, leaf->frame);
		const struct frame_call *calls = frames_calls(p->frames, frame);
		uint32_t call = wanted_call(function, calls, frame->call_count);
		struct candidate *found;

		if (call == frame->call_count)
			continue;
		found = candidate_of(c, frame, calls, call);
		found->value += leaf->value;
		found->samples += leaf->samples;
	}
}

/* Code of its own comes before any that was inlined. */
static const struct candidate *choose(const struct choice *c)
{
	const struct candidate *best = NULL;

	for (size_t i = 0; i < c->candidates.n; i++) {
		const struct candidate *k = &c->candidates.v[i];

		if (!best || (best->is_inlined && !k->is_inlined) ||
		    (best->is_inlined == k->is_inlined && k->value > best->value))
			best = k;
	}
	return best;
}

static void take_leaves(struct annotate *a)
{
	const struct profile *p = a->profile;

	for (size_t i = 0; i < p->leaves.n; i++) {
		const struct frame *frame = frames_at(p->frames, p->leaves.v[i].frame);
		const struct frame_call *calls = frames_calls(p->frames, frame);
		const char *holder = calls[frame->call_count - 1].function;
		bool fits = frame->module_id == a->module_id && holder && str_eq(holder, a->holder);

		if (fits && a->is_inlined) {
			fits = false;
			for (uint32_t k = 0; k < frame->call_count; k++)
				fits |= calls[k].function && str_eq(calls[k].function, a->function);
		}
		if (fits)
			vec_push(&a->leaves, (uint32_t)i);
	}
}

/* Annotating is of what a function itself used; one that only calls is on stacks, but used nothing. */
static struct err *no_samples(const struct profile *p, const char *name)
{
	const char *caller = NULL;

	for (size_t i = 0; i < p->stacks.symbols.n && !caller; i++)
		if (p->stacks.symbols.v[i].kind != STACKS_GROUP && report_names_it(name, p->stacks.symbols.v[i].name))
			caller = p->stacks.symbols.v[i].name;
	if (!caller)
		return report_no_function(p, name, "sonde annotate");
	return err_fix(err_new(ERR_NOT_FOUND, "%s has no samples of its own: it only calls others that have", caller),
		       "sonde report --function '%s' shows what it calls", caller);
}

static struct err *choose_function(struct annotate *a)
{
	struct choice c = { 0 };
	const struct candidate *best;
	struct err *err = NULL;

	strmap_init(&c.index);
	find_candidates(a->profile, a->options->function, &c);
	best = choose(&c);
	if (best) {
		a->function = best->function;
		a->holder = best->holder;
		a->module_id = best->module_id;
		a->module_path = best->module;
		a->is_inlined = best->is_inlined;
		a->value = best->value;
		a->samples = best->samples;
		for (size_t i = 0; i < c.candidates.n && a->options->function; i++)
			a->elsewhere += c.candidates.v[i].value;
		a->elsewhere -= a->options->function ? best->value : 0;
		take_leaves(a);
	} else if (a->options->function) {
		err = no_samples(a->profile, a->options->function);
	} else {
		err = err_fix(err_new(ERR_NOT_FOUND, "no sampled function has a name"),
			      "sonde report says why");
	}
	strmap_deinit(&c.index);
	vec_deinit(&c.candidates);
	return err;
}

/* Where the parameters of NAME begin, its length without any: "f(int) const",
 * "(anonymous namespace)::f(int)", "operator()(int)". */
static size_t name_length(const char *name)
{
	size_t length = strlen(name), end = length, depth = 0;

	while (end > 0 && name[end - 1] != ')')
		end--;
	if (end == 0 || (end < length && name[end] != ' '))
		return length; /* none, or "(anonymous namespace)::x" */
	for (size_t i = end; i-- > 0;) {
		depth += name[i] == ')';
		depth -= name[i] == '(';
		if (depth == 0)
			return i ? i : length;
	}
	return length;
}

void annotate_add_name(struct str *out, const char *name)
{
	size_t n = name_length(name);

	str_add_n(out, name, n < 80 ? n : 77);
	if (n >= 80)
		str_add(out, "...");
}

/* --- what is said ---------------------------------------------------------------------------------- */

static void headline(struct doc *doc, const struct annotate *a)
{
	const struct profile *p = a->profile;
	const struct annotate_line *most = NULL;
	struct str amount = { 0 }, text = { 0 };

	for (size_t i = 0; i < a->lines.n; i++)
		if (a->lines.v[i].line && (!most || a->lines.v[i].value > most->value))
			most = &a->lines.v[i];
	report_add_amount(&amount, p, a->value);
	annotate_add_name(&text, a->function);
	str_printf(&text, ": %s%s, %s of all", str_text(&amount), p->is_time ? " CPU in it alone" : "", units_ratio(report_ratio(p, a->value)).text);
	if (most && a->value)
		str_printf(&text, "; %s of that at %s:%u",
			   units_ratio((double)most->value / (double)a->value).text,
			   stacks_base_name(a->files.v[most->file].path), most->line);
	doc_headline(doc, "%s", str_text(&text));
	str_deinit(&amount);
	str_deinit(&text);
}

static void fields(struct doc *doc, const struct annotate *a)
{
	char hex[2 * BUILD_ID_MAX + 1];

	doc_field(doc, "function", "function", DOC_TEXT, DOC_STR(a->function));
	if (a->is_inlined)
		doc_field(doc, "inlined_into", "inlined into", DOC_TEXT, DOC_STR(a->holder));
	doc_field(doc, "module", "module", DOC_TEXT, DOC_STR(a->module_path));
	if (a->build_id.size) {
		build_id_format(&a->build_id, hex);
		doc_field(doc, "build_id", "build-id", DOC_TEXT, DOC_STR(hex));
	}
	doc_field(doc, "samples", "samples", DOC_COUNT, DOC_U64(a->samples));
	doc_field(doc, "event", "event", DOC_TEXT, DOC_STR(a->profile->event));
	doc_field(doc, "self_ratio", "of all", DOC_RATIO, DOC_F64(report_ratio(a->profile, a->value)));
}

/* What makes all numbers below doubtful comes before them. */
static void warn_first(struct doc *doc, const struct annotate *a)
{
	if (!a->code)
		doc_warning(doc,
			    a->code_fix ? a->code_fix :
					  "keep the program that was recorded, or install it in the same version",
			    "the instructions can't be shown: %s", a->code_trouble);
	else if (a->code_trouble)
		doc_warning(doc, NULL, "%s", a->code_trouble);
	if (a->disasm && disasm_borrow_note(a->disasm))
		doc_warning(doc, disasm_borrow_fix(a->disasm), "%s", disasm_borrow_note(a->disasm));
	if (a->code && a->beside)
		doc_warning(doc, NULL, "%s of its samples lie at no instruction's start: the code changed "
				       "while it ran, or the file is another one",
			    units_count(a->beside).text);
}

static void say_sources(struct doc *doc, const struct annotate *a)
{
	for (size_t i = 0; i < a->files.n; i++) {
		const struct annotate_file *f = &a->files.v[i];
		bool absent = !f->text;

		if (!f->trouble || f->value == 0)
			continue;
		doc_warning(doc, absent ? "--source-path DIR looks below DIR; --path-map OLD=NEW replaces the "
					  "start of recorded paths"
					: NULL,
			    "source %s %s", f->path, f->trouble);
	}
}

/* Where a sample lands. */
static void say_skid(struct doc *doc, const struct annotate *a)
{
	const char *event = a->profile->event, *colon = strrchr(event, ':');

	if (a->options->source_only)
		return;
	if (colon && strchr(colon, 'p'))
		doc_text(doc, "The event is precise: samples lie on the instruction that caused them, or the "
			      "one after it.");
	else if (a->profile->is_time)
		doc_text(doc, "Samples are taken by a timer's interrupt, which comes when an instruction is "
			      "done: what took long is mostly the one before the hot one. Lines are less "
			      "often off.");
	else
		doc_text(doc, "Samples are taken by interrupts, which come some instructions late: what "
			      "caused them stands before the hot one.");
}

static void say_elsewhere(struct doc *doc, const struct annotate *a)
{
	struct str amount = { 0 };

	if (!a->elsewhere)
		return;
	report_add_amount(&amount, a->profile, a->elsewhere);
	doc_text(doc, "%s more is in functions that \"%s\" fits too, or where it was inlined elsewhere: sonde "
		      "report -f shows all.",
		 str_text(&amount), a->options->function);
	str_deinit(&amount);
}

static void emit(struct doc *doc, const struct annotate *a)
{
	const struct annotate_options *o = a->options;
	struct str command = { 0 };

	headline(doc, a);
	warn_first(doc, a);
	fields(doc, a);
	annotate_spots(doc, a);
	if (!o->code_only)
		annotate_sources(doc, a);
	if (!o->source_only)
		annotate_instructions(doc, a);
	say_sources(doc, a);
	say_skid(doc, a);
	say_elsewhere(doc, a);
	if (o->view->recording_path) {
		CLEANUP(mem_freep) char *path = str_quote_shell(o->view->recording_path);
		CLEANUP(mem_freep) char *function = mem_printf("%.*s", (int)name_length(a->function), a->function);
		CLEANUP(mem_freep) char *word = str_quote_shell(function);

		str_printf(&command, "sonde report %s -f %s", path, word);
		doc_next(doc, str_text(&command), "who calls it, and what it calls");
	}
	str_deinit(&command);
}

/* --- the whole --------------------------------------------------------------------------------------- */

static void annotate_deinit(struct annotate *a)
{
	annotate_source_deinit(a);
	annotate_code_deinit(a);
	strmap_deinit(&a->file_index);
	vec_deinit(&a->leaves);
	arena_deinit(&a->arena);
}

static void annotate_init(struct annotate *a, const struct profile *p, const struct annotate_options *o)
{
	*a = (struct annotate){ .profile = p, .options = o };
	arena_init(&a->arena);
	strmap_init(&a->file_index);
}

struct err *annotate_check(const struct profile *p, const struct annotate_options *o)
{
	struct annotate a;
	struct err *err = NULL;

	annotate_init(&a, p, o);
	if (p->samples)
		err = choose_function(&a);
	annotate_deinit(&a);
	return err;
}

struct err *annotate_emit(struct doc *doc, const struct profile *p, const struct annotate_options *o)
{
	const struct recording_meta *meta = recording_borrow_meta(p->recording);
	struct annotate a;
	struct err *err = NULL;

	annotate_init(&a, p, o);
	if (p->samples)
		err = choose_function(&a);
	if (!err && p->samples)
		err = annotate_load_code(&a);
	if (!err) {
		annotate_load_source(&a);
		doc_begin(doc, &(struct doc_head){ .kind = "sonde.annotate",
						   .version = 1,
						   .title = a.function ? a.function : "no samples",
						   .subtitle = o->view->recording_path,
						   .origin_ns = meta->start_ns });
		if (p->samples)
			emit(doc, &a);
		else
			doc_headline(doc, "no samples that fit what you asked for");
	}
	annotate_deinit(&a);
	return err;
}
