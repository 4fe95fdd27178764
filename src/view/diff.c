/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What got slower.
 *
 * Functions of both profiles are brought together by name and by the base name of their
 * file: two builds lie in different directories.  A function that is inlined in one of
 * them and not in the other is the same function.
 *
 * Each is asked twice: did it use more (of what is compared for: a run, a second, a unit of
 * work), and did it change by more than all the others together?  A machine that ran slower
 * makes everything use more, and is told as such.  Only where both differ by more than
 * chance is it the function.
 *
 * Not asked is the kernel's work of interrupts and task switches: how much of it falls on a
 * program is what else the machine did meanwhile.
 *
 * Hundreds of functions are asked, so the probabilities are
 * corrected for that (significance.h).
 */
#include "view/diff.h"

#include "base/mem.h"
#include "record/recording.h"
#include "view/report_impl.h"
#include "view/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROWS = 20,
	SAMPLES_MIN = 10, /* of both: with fewer nothing can be told */
	NAMED_MAX = 3,
};

/* Less probable than this, and recording longer may tell. */
#define MAYBE 0.1
/* More than this in one function, and there is nothing to compare it with. */
#define NEARLY_ALL 0.8

struct item {
	const char *name, *module;
	uint8_t kind;
	double before, now, total_before, total;     /* values */
	double p_amount, p_share;		     /* corrected; 1 when not asked */
	bool is_machine; /* interrupts, task switches */
	bool is_asked, significant;
};

struct diff {
	const struct profile *before, *now;
	const struct diff_options *o;
	enum diff_per per;
	double scale; /* values of before, times this, are as much as those of now */
	double weight_before, weight; /* value of a sample */
	VEC(struct item) items;
	struct strmap index;
	size_t asked, more, less, amount_only;
	double p_total;
};

/* --- bringing together ------------------------------------------------------------------------------ */

static bool is_machine(const struct stacks_symbol *s)
{
	static const char *const starts[] = {
		"irqentry_", "irq_", "asm_sysvec_", "sysvec_", "asm_common_interrupt", "common_interrupt",
		"handle_softirqs", "__do_softirq", "finish_task_switch", "__schedule", "schedule",
		"preempt_schedule", "exit_to_user_mode",
	};

	for (size_t i = 0; s->kind == STACKS_KERNEL && i < sizeof(starts) / sizeof(*starts); i++)
		if (str_starts(s->name, starts[i]))
			return true;
	return false;
}

static struct item *item_of(struct diff *d, const struct stacks_symbol *s)
{
	const char *module = stacks_base_name(s->module);
	size_t length = stacks_plain_length(s->name, strlen(s->name));
	struct str key = { 0 };
	uint64_t *at;
	bool is_new;

	str_add_n(&key, s->name, length);
	str_add_char(&key, '\0');
	str_add(&key, module);
	at = strmap_get(&d->index, str_text(&key), key.length, &is_new);
	if (is_new) {
		*at = d->items.n;
		*vec_add(&d->items) = (struct item){ .name = arena_strndup(&d->index.keys, s->name, length),
						     .module = module,
						     .kind = s->kind,
						     .is_machine = is_machine(s),
						     .p_amount = 1,
						     .p_share = 1 };
	}
	str_deinit(&key);
	return &d->items.v[*at];
}

static void add_profile(struct diff *d, const struct profile *p, bool is_before)
{
	stacks_function_list functions = { 0 };

	stacks_functions(&p->stacks, &functions);
	for (size_t i = 0; i < functions.n; i++) {
		const struct stacks_function *f = &functions.v[i];
		struct item *item = item_of(d, &p->stacks.symbols.v[f->symbol]);

		*(is_before ? &item->before : &item->now) += (double)f->self;
		*(is_before ? &item->total_before : &item->total) += (double)f->total;
	}
	vec_deinit(&functions);
}

/* --- what for ----------------------------------------------------------------------------------------- */

static const struct recording_meta *meta_of(const struct profile *p)
{
	return p->recording ? recording_borrow_meta(p->recording) : NULL;
}

static double wall_ns(const struct profile *p)
{
	const struct recording_meta *meta = meta_of(p);

	return meta && meta->end_ns > meta->start_ns ? (double)(meta->end_ns - meta->start_ns) : 0;
}

static enum diff_per choose_per(const struct profile *before, const struct profile *now,
				const struct diff_options *o)
{
	const struct recording_meta *a = meta_of(before), *b = meta_of(now);

	if (o->per != DIFF_PER_AUTO)
		return o->per;
	if (!a || !b)
		return DIFF_PER_SHARE;
	if (a->command && b->command)
		return DIFF_PER_RUN;
	return wall_ns(before) > 0 && wall_ns(now) > 0 ? DIFF_PER_SECOND : DIFF_PER_SHARE;
}

static double scale_of(const struct diff *d)
{
	switch (d->per) {
	case DIFF_PER_SECOND:
		return wall_ns(d->now) / wall_ns(d->before);
	case DIFF_PER_SHARE:
		return (double)d->now->value / (double)d->before->value;
	case DIFF_PER_WORK:
		return d->o->work / d->o->work_before;
	default:
		return 1;
	}
}

/* --- asking -------------------------------------------------------------------------------------------- */

static double value_before(const struct diff *d, const struct item *i)
{
	return (d->o->by_total ? i->total_before : i->before) * d->scale;
}

static double value_now(const struct diff *d, const struct item *i)
{
	return d->o->by_total ? i->total : i->now;
}

static double samples_before(const struct diff *d, const struct item *i)
{
	return (d->o->by_total ? i->total_before : i->before) / d->weight_before;
}

static double samples_now(const struct diff *d, const struct item *i)
{
	return value_now(d, i) / d->weight;
}

static double ask_amount(const struct diff *d, const struct item *i)
{
	return significance_p(&(struct significance_counts){
		.before = samples_before(d, i),
		.after = samples_now(d, i),
		.expected = d->scale * d->weight_before / d->weight,
		.noise = d->o->noise,
	});
}

/* Against all the others; a function that is nearly all has none to be held against. */
static double ask_share(const struct diff *d, const struct item *i)
{
	double rest_before = (double)d->before->samples - samples_before(d, i);
	double rest = (double)d->now->samples - samples_now(d, i);

	if (rest < (1 - NEARLY_ALL) * (double)d->now->samples ||
	    rest_before < (1 - NEARLY_ALL) * (double)d->before->samples)
		return 0;
	return significance_p(&(struct significance_counts){
		.before = samples_before(d, i),
		.after = samples_now(d, i),
		.expected = rest / rest_before,
		.noise = d->o->noise,
		.expected_before = rest_before,
		.expected_after = rest,
	});
}

struct asked {
	double p;
	size_t index;
};

static int compare_asked(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	return x->p < y->p ? -1 : x->p > y->p;
}

/* Correct the P of those that were asked, in place. */
static void adjust(double *p, size_t count)
{
	struct asked *sorted = mem_calloc(count + 1, sizeof(*sorted));
	size_t *order = mem_calloc(count + 1, sizeof(*order));

	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct asked){ p[i], i };
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare_asked);
	for (size_t i = 0; i < count; i++)
		order[i] = sorted[i].index;
	significance_adjust(p, order, count);
	free(order);
	free(sorted);
}

static void ask_all(struct diff *d)
{
	double *amount = mem_calloc(d->items.n + 1, sizeof(*amount));
	double *shares = mem_calloc(d->items.n + 1, sizeof(*shares));
	size_t n = 0;

	for (size_t i = 0; i < d->items.n; i++) {
		struct item *item = &d->items.v[i];

		item->is_asked = !item->is_machine &&
				 samples_before(d, item) + samples_now(d, item) >= SAMPLES_MIN;
		if (!item->is_asked)
			continue;
		amount[n] = ask_amount(d, item);
		shares[n++] = ask_share(d, item);
	}
	adjust(amount, n);
	adjust(shares, n);
	d->asked = n;
	n = 0;
	for (size_t i = 0; i < d->items.n; i++) {
		struct item *item = &d->items.v[i];

		if (!item->is_asked)
			continue;
		item->p_amount = amount[n];
		item->p_share = shares[n++];
		item->significant = item->p_amount < d->o->chance && item->p_share < d->o->chance;
		d->amount_only += item->p_amount < d->o->chance && !item->significant;
		d->more += item->significant && value_now(d, item) > value_before(d, item);
		d->less += item->significant && value_now(d, item) <= value_before(d, item);
	}
	free(amount);
	free(shares);
}

static void ask_total(struct diff *d)
{
	d->p_total = significance_p(&(struct significance_counts){
		.before = (double)d->before->samples,
		.after = (double)d->now->samples,
		.expected = d->scale * d->weight_before / d->weight,
		.noise = d->o->noise,
	});
}

/* --- order --------------------------------------------------------------------------------------------- */

static int compare_items(const void *a, const void *b, void *user)
{
	const struct diff *d = user;
	const struct item *x = a, *y = b;
	double m = fabs(value_now(d, x) - value_before(d, x)), n = fabs(value_now(d, y) - value_before(d, y));

	if (x->significant != y->significant)
		return x->significant ? -1 : 1;
	if (x->is_asked != y->is_asked)
		return x->is_asked ? -1 : 1;
	if (m != n)
		return m > n ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* --- the verdict ---------------------------------------------------------------------------------------- */

static void add_change(struct str *out, double before, double now)
{
	double ratio = before > 0 ? now / before - 1 : 0;

	if (before <= 0)
		str_add(out, "new");
	else if (now <= 0)
		str_add(out, "gone");
	else
		str_printf(out, "%s %s", units_ratio(fabs(ratio)).text, ratio < 0 ? "less" : "more");
}

/* "hash_words 21 % more (65 ms)". */
static void add_item(const struct diff *d, const struct item *i, struct str *out)
{
	double before = value_before(d, i), now = value_now(d, i);

	str_add_cut(out, i->name, 70);
	str_add_char(out, ' ');
	add_change(out, before, now);
	str_add(out, " (");
	report_add_amount(out, d->now, (uint64_t)fabs(now - before));
	str_add_char(out, ')');
}

static void add_named(const struct diff *d, bool more, size_t count, struct str *out)
{
	size_t said = 0;

	for (size_t i = 0; i < d->items.n && said < NAMED_MAX; i++) {
		const struct item *item = &d->items.v[i];

		if (!item->significant || (value_now(d, item) > value_before(d, item)) != more)
			continue;
		str_add(out, said++ ? ", " : "");
		add_item(d, item, out);
	}
	if (count > said)
		str_printf(out, " and %s others", units_count(count - said).text);
}

static const char *const per_words[] = {
	[DIFF_PER_RUN] = "a run", [DIFF_PER_SECOND] = "a second", [DIFF_PER_SHARE] = "of the same total",
	[DIFF_PER_WORK] = "a unit of work"
};

static void add_totals(const struct diff *d, struct str *out)
{
	double before = (double)d->before->value * d->scale, now = (double)d->now->value;

	if (d->per == DIFF_PER_SHARE)
		return;
	str_add(out, " In all ");
	add_change(out, before, now);
	str_printf(out, " %s: ", per_words[d->per]);
	report_add_amount(out, d->now, (uint64_t)before);
	str_add(out, " before, ");
	report_add_amount(out, d->now, (uint64_t)now);
	str_printf(out, " now%s.", d->p_total < d->o->chance ? "" : ", which may be chance");
}

/* What chance explains, but only just, is named: a longer recording would tell. */
static void no_difference(const struct diff *d, struct str *out)
{
	const struct item *maybe = NULL;

	for (size_t i = 0; i < d->items.n && !maybe; i++)
		if (d->items.v[i].p_amount < MAYBE && d->items.v[i].p_share < MAYBE)
			maybe = &d->items.v[i];
	str_add(out, "No significant difference.");
	if (!maybe)
		return;
	str_add_char(out, ' ');
	add_item(d, maybe, out);
	str_add(out, " may be one: record longer.");
}

static void verdict(struct doc *doc, const struct diff *d)
{
	struct str text = { 0 };

	if (d->more) {
		str_printf(&text, "%s: ", d->per == DIFF_PER_SHARE ? "Larger share" : "Slower");
		add_named(d, true, d->more, &text);
		str_add_char(&text, '.');
	}
	if (d->less) {
		str_printf(&text, "%s%s: ", d->more ? " " : "",
			   d->per == DIFF_PER_SHARE ? "Smaller share" : "Faster");
		add_named(d, false, d->less, &text);
		str_add_char(&text, '.');
	}
	if (!d->more && !d->less && d->amount_only)
		str_printf(&text, "No function stands out: all changed alike, as on a machine that ran %s.",
			   (double)d->now->value > (double)d->before->value * d->scale ? "slower" : "faster");
	else if (!d->more && !d->less && d->asked)
		no_difference(d, &text);
	else if (!d->asked)
		str_add(&text, "Too few samples to tell any difference.");
	add_totals(d, &text);
	doc_headline(doc, "%s", str_text(&text));
	str_deinit(&text);
}

/* --- how it was asked -------------------------------------------------------------------------------------- */

static void side(struct doc *doc, const char *key, const char *title, const struct profile *p,
		 const char *path)
{
	const struct recording_meta *meta = meta_of(p);

	doc_section_begin(doc, key, title);
	doc_field(doc, "path", "recording", DOC_TEXT, DOC_STR(path));
	if (meta && meta->command)
		doc_field(doc, "command", "command", DOC_TEXT, DOC_STR(meta->command));
	if (p->is_time || p->value != p->samples)
		doc_field(doc, "value", p->is_time ? "CPU" : p->stacks.unit, report_unit(p),
			  DOC_U64(p->value));
	if (wall_ns(p) > 0)
		doc_field(doc, "wall", "wall", DOC_DURATION_NS, DOC_U64((uint64_t)wall_ns(p)));
	doc_field(doc, "samples", "samples", DOC_COUNT, DOC_U64(p->samples));
	report_doubts(doc, p);
	report_notes(doc, p, &(struct report_options){ .view = &(struct view_options){ 0 } });
	doc_section_end(doc);
}

static void method(struct doc *doc, const struct diff *d)
{
	static const char *const what[] = {
		[DIFF_PER_RUN] = "Compared run with run, as if both did the same work (--per second, share or "
				 "work compare otherwise)",
		[DIFF_PER_SECOND] = "Compared per second of wall time",
		[DIFF_PER_SHARE] = "Compared by shares: what all functions have more or less in common can't be "
				   "seen",
		[DIFF_PER_WORK] = "Compared per unit of work",
	};

	doc_text(doc,
		 "%s. A difference counts when chance makes one as large less than once in %s, after correction "
		 "for %s functions being asked, and with %s for what differs between runs of the same program "
		 "(--noise). One recording of each tells nothing about a third: record again when it matters.",
		 what[d->per], units_count((uint64_t)(1 / d->o->chance + 0.5)).text,
		 units_count(d->asked).text, units_ratio(d->o->noise).text);
}

/* --- the table ---------------------------------------------------------------------------------------------- */

static const char *state_of(const struct diff *d, const struct item *i)
{
	if (i->is_machine)
		return "machine";
	if (!i->is_asked)
		return "too few";
	if (!i->significant && i->p_amount < d->o->chance)
		return "as all";
	if (!i->significant)
		return i->p_amount < MAYBE && i->p_share < MAYBE ? "maybe" : "chance";
	if (value_before(d, i) <= 0)
		return "new";
	if (value_now(d, i) <= 0)
		return "gone";
	return value_now(d, i) > value_before(d, i) ? "more" : "less";
}

static double share(double value, const struct profile *p)
{
	return p->value ? value / (double)p->value : 0;
}

static void row(struct doc *doc, const struct diff *d, const struct item *i)
{
	double before = value_before(d, i), now = value_now(d, i);
	struct doc_value change = { .kind = DOC_V_I64, .i64 = (int64_t)llround(now - before) };

	change.style = !i->significant ? DOC_DIM : change.i64 > 0 ? DOC_BAD : DOC_GOOD;
	doc_row(doc, (const struct doc_value[]){
			     change,
			     before > 0 ? DOC_F64(now / before - 1) : DOC_NONE,
			     DOC_U64((uint64_t)llround(before)),
			     DOC_U64((uint64_t)llround(now)),
			     DOC_F64(share(before / d->scale, d->before)),
			     DOC_F64(share(now, d->now)),
			     i->significant ? DOC_STR(state_of(d, i)) : DOC_STYLED(state_of(d, i), DOC_DIM),
			     i->is_asked ? DOC_F64(i->p_amount) : DOC_NONE,
			     DOC_STYLED(i->name, report_style((enum stacks_kind)i->kind)),
			     DOC_STYLED(i->module, DOC_DIM) });
}

static void table(struct doc *doc, const struct diff *d)
{
	enum doc_unit unit = report_unit(d->now);
	const struct doc_column columns[] = {
		{ "change", "change", unit, 0 },
		{ "change_ratio", "", DOC_RATIO, 0 },
		{ "before", "before", unit, 0 },
		{ "now", "now", unit, 0 },
		{ "share_before_ratio", "share before", DOC_RATIO, DOC_COLUMN_OPTIONAL },
		{ "share_ratio", "share", DOC_RATIO, DOC_COLUMN_OPTIONAL },
		{ "state", "is it", DOC_TEXT, 0 },
		{ "p", "p", DOC_NUMBER, DOC_COLUMN_OPTIONAL },
		{ "function", "function", DOC_TEXT, 0 },
		{ "module", "module", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	uint64_t limit = d->o->limit ? d->o->limit : ROWS, shown = 0, all = 0;

	doc_table_begin(doc, "functions", d->o->by_total ? "Functions, with what they call" : "Functions, alone",
			columns, 10);
	for (size_t i = 0; i < d->items.n; i++) {
		const struct item *item = &d->items.v[i];

		if (value_before(d, item) <= 0 && value_now(d, item) <= 0)
			continue;
		if (d->o->only_significant && !item->significant)
			continue;
		all++;
		if (shown < limit && (item->is_asked || d->o->limit)) {
			row(doc, d, item);
			shown++;
		}
	}
	doc_table_end(doc, all - shown, all > shown ? "--limit N shows more" : NULL);
}

/* --- the whole ------------------------------------------------------------------------------------------------ */

struct err *diff_check(const struct profile *before, const struct profile *now, const struct diff_options *o)
{
	if (before->is_time != now->is_time || !str_eq(before->stacks.unit, now->stacks.unit))
		return err_fix(err_new(ERR_USAGE, "%s counts %s, %s counts %s", o->before_path,
				       before->stacks.unit, o->path, now->stacks.unit),
			       "compare the same event of both: --event");
	if (!before->value || !now->value)
		return err_new(ERR_NOT_FOUND, "%s has no samples that fit what you asked for",
			       before->value ? o->path : o->before_path);
	if (o->per == DIFF_PER_SECOND && !(wall_ns(before) > 0 && wall_ns(now) > 0))
		return err_new(ERR_USAGE, "--per second: how long a recording took is not known");
	return NULL;
}

void diff_emit(struct doc *doc, const struct profile *before, const struct profile *now,
	       const struct diff_options *o)
{
	struct diff d = { .before = before, .now = now, .o = o, .per = choose_per(before, now, o) };

	strmap_init(&d.index);
	d.weight_before = (double)before->value / (double)before->samples;
	d.weight = (double)now->value / (double)now->samples;
	d.scale = scale_of(&d);
	add_profile(&d, before, true);
	add_profile(&d, now, false);
	ask_all(&d);
	ask_total(&d);
	if (d.items.n)
		qsort_r(d.items.v, d.items.n, sizeof(*d.items.v), compare_items, &d);
	doc_begin(doc, &(struct doc_head){ .kind = "sonde.diff",
					   .version = 1,
					   .title = "what got slower",
					   .subtitle = o->path });
	verdict(doc, &d);
	side(doc, "before", "Before", before, o->before_path);
	side(doc, "now", "Now", now, o->path);
	table(doc, &d);
	method(doc, &d);
	strmap_deinit(&d.index);
	vec_deinit(&d.items);
}
