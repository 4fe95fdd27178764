/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parser walks argv once.  Options act at once: each kind has a small setter
 * that writes into the command's struct.  Words that are no options are collected
 * and dealt out to the operands at the end, in order, each getting what the ones
 * after it do not need.  A `rest` operand ends option parsing where it begins, so
 * that `sonde record gcc -O2 x.c` hands -O2 to gcc.
 *
 * Unlike getopt there are no abbreviated long names: a script that says --dur today
 * would break on the day that --durable comes.  The nearest name is offered instead.
 */
#include "base/opt.h"

#include "base/str.h"

#include <string.h>

struct parser {
	const struct opt_spec *spec;
	char **argv;
	int argc, at;       /* argv[at] is the next word */
	void *args;
	struct arena *arena;
	struct opt_list words; /* for the operands */
	bool *help;
};

/* --- words and lists ----------------------------------------------------------------- */

static void list_add(struct opt_list *list, struct arena *arena, const char *word)
{
	/* full at 0 and at each power of two from 4 on: no field for the capacity needed */
	bool full = list->count == 0 || (list->count >= 4 && (list->count & (list->count - 1)) == 0);

	if (full) {
		size_t cap = list->count ? list->count * 2 : 4;
		const char **words = ARENA_ARRAY(arena, const char *, cap);

		if (list->count)
			memcpy(words, list->words, list->count * sizeof(*words));
		list->words = words;
	}
	list->words[list->count++] = word;
}

static void given_add(struct opt_given_list *list, struct arena *arena, int id, const char *word)
{
	struct opt_given *grown = ARENA_ARRAY(arena, struct opt_given, list->count + 1);

	if (list->count)
		memcpy(grown, list->v, list->count * sizeof(*grown));
	grown[list->count] = (struct opt_given){ id, word };
	list->v = grown;
	list->count++;
}

static void list_add_split(struct opt_list *list, struct arena *arena, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, ",");

		if (length)
			list_add(list, arena, arena_strndup(arena, text, length));
		text += length + (text[length] == ',');
	}
}

/* How far apart two words may be to be taken for a slip: a third of the letters. */
static bool near_enough(const char *word, const char *known, unsigned distance)
{
	size_t length = strlen(word);

	if (length >= 2 && str_starts(known, word))
		return true;
	return distance <= (length < 3 ? 1 : (length + 1) / 3);
}

/* Slips spare the first letter: it decides between two that are as near. */
static bool nearer(const char *word, const char *known, unsigned distance, const char *best,
		   unsigned best_distance)
{
	if (best == NULL || distance != best_distance)
		return best == NULL || distance < best_distance;
	return known[0] == word[0] && best[0] != word[0];
}

const char *opt_nearest(const char *word, const char *const *words, size_t count)
{
	const char *best = NULL;
	unsigned best_distance = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned distance = str_distance(word, words[i]);

		if (near_enough(word, words[i], distance) &&
		    nearer(word, words[i], distance, best, best_distance)) {
			best = words[i];
			best_distance = distance;
		}
	}
	return best;
}

/* --- looking options up ---------------------------------------------------------------- */

static const struct opt *next_opt(const struct opt *opt)
{
	while (opt->kind == OPT_HEADING)
		opt++;
	return opt->kind == OPT_NONE ? NULL : opt;
}

#define FOR_EACH_OPT(o, spec) \
	for (const struct opt *o = (spec)->opts ? next_opt((spec)->opts) : NULL; o; o = next_opt(o + 1))

static const struct opt *find_long(const struct opt_spec *spec, const char *name, size_t length)
{
	FOR_EACH_OPT(o, spec)
		if (o->name && strlen(o->name) == length && memcmp(o->name, name, length) == 0)
			return o;
	return NULL;
}

static const struct opt *find_letter(const struct opt_spec *spec, char letter)
{
	FOR_EACH_OPT(o, spec)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* "--no-x" for the flag x, "--x" for the flag no-x. */
static const struct opt *find_negated(const struct opt_spec *spec, const char *name, size_t length)
{
	const struct opt *found = NULL;

	if (length > 3 && memcmp(name, "no-", 3) == 0) {
		found = find_long(spec, name + 3, length - 3);
	} else {
		FOR_EACH_OPT(o, spec)
			if (o->name && str_starts(o->name, "no-") && strlen(o->name) == length + 3 &&
			    memcmp(o->name + 3, name, length) == 0)
				found = o;
	}
	return found && found->kind == OPT_FLAG ? found : NULL;
}

/* The option as a person names it: "--limit", or "-n" when it has no long name. */
static const char *shown_name(struct parser *p, const struct opt *o)
{
	if (o->name)
		return arena_printf(p->arena, "--%s", o->name);
	return arena_printf(p->arena, "-%c", o->letter);
}

static struct err *usage(struct parser *p, struct err *err)
{
	return err_fix(err, "see " OPT_PROGRAM " %s --help", p->spec->name);
}

static struct err *unknown_option(struct parser *p, const char *shown, const char *name)
{
	const char *names[256];
	size_t count = 0;

	FOR_EACH_OPT(o, p->spec)
		if (o->name && !o->hidden && count < 256)
			names[count++] = o->name;

	const char *nearest = name[0] ? opt_nearest(name, names, count) : NULL;
	struct err *err = err_new(ERR_USAGE, OPT_PROGRAM " %s: unknown option '%s'", p->spec->name, shown);

	if (nearest)
		return err_fix(err, "did you mean --%s? See " OPT_PROGRAM " %s --help", nearest, p->spec->name);
	return usage(p, err);
}

/* --- values ------------------------------------------------------------------------------ */

static struct err *set_choice(struct parser *p, const struct opt *o, const char *value, const char **ret)
{
	struct str all;
	size_t count = 0;

	for (; o->choices[count]; count++)
		if (strcmp(o->choices[count], value) == 0) {
			*ret = o->choices[count];
			return NULL;
		}

	const char *nearest = opt_nearest(value, o->choices, count);
	struct err *err;

	str_init(&all);
	for (size_t i = 0; i < count; i++)
		str_printf(&all, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", o->choices[i]);
	err = err_new(ERR_USAGE, "%s takes %s, not '%s'", shown_name(p, o), str_text(&all), value);
	str_deinit(&all);
	return nearest ? err_fix(err, "did you mean %s?", nearest) : err;
}

static struct err *set_value(struct parser *p, const struct opt *o, const char *value)
{
	void *at = (char *)p->args + o->offset;
	uint64_t max = o->max ? o->max : UINT64_MAX;

	switch (o->kind) {
	case OPT_STRING:
		*(const char **)at = value;
		return NULL;
	case OPT_STRINGS:
		list_add(at, p->arena, value);
		return NULL;
	case OPT_WORDS:
		list_add_split(at, p->arena, value);
		return NULL;
	case OPT_U64:
		return str_to_u64(value, shown_name(p, o), o->min, max, at);
	case OPT_BYTES:
		return str_to_bytes(value, shown_name(p, o), at);
	case OPT_DURATION:
		TRY(str_to_duration_ns(value, shown_name(p, o), at));
		return *(uint64_t *)at >= o->min ? NULL
						 : err_new(ERR_USAGE, "%s has to be longer than %s",
							   shown_name(p, o), value);
	case OPT_CHOICE:
		return set_choice(p, o, value, at);
	case OPT_GIVEN:
		given_add(at, p->arena, o->id, value);
		return NULL;
	default:
		return err_new(ERR_INTERNAL, "option %s has no kind", shown_name(p, o));
	}
}

static bool takes_value(const struct opt *o)
{
	if (o->kind == OPT_GIVEN)
		return o->value != NULL && !o->optional;
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

static void set_switch(struct parser *p, const struct opt *o, bool on)
{
	void *at = (char *)p->args + o->offset;

	if (o->kind == OPT_GIVEN)
		given_add(at, p->arena, o->id, NULL);
	else if (o->kind == OPT_COUNT)
		++*(unsigned *)at;
	else
		*(bool *)at = on;
}

/* VALUE: what stood behind '=' or the letter, or NULL: then the next word is it. */
static struct err *take(struct parser *p, const struct opt *o, const char *value)
{
	if (value == NULL) {
		if (p->at >= p->argc)
			return usage(p, err_new(ERR_USAGE, OPT_PROGRAM " %s: %s needs a value (%s)", p->spec->name,
						shown_name(p, o), o->value ? o->value : "VALUE"));
		value = p->argv[p->at++];
	}
	return usage(p, err_wrap(set_value(p, o, value), OPT_PROGRAM " %s", p->spec->name));
}

static struct err *parse_long(struct parser *p, const char *word)
{
	const char *name = word + 2;
	size_t length = strcspn(name, "=");
	const char *value = name[length] == '=' ? name + length + 1 : NULL;
	const struct opt *o = find_long(p->spec, name, length);
	bool on = true;

	if (o == NULL && length == 4 && memcmp(name, "help", 4) == 0) {
		*p->help = true;
		return NULL;
	}
	if (o == NULL) {
		o = find_negated(p->spec, name, length);
		on = false;
	}
	if (o == NULL)
		return unknown_option(p, arena_strndup(p->arena, word, length + 2),
				      arena_strndup(p->arena, name, length));
	if (takes_value(o) || (value && o->optional))
		return take(p, o, value);
	if (value && o->choices && o->kind == OPT_FLAG) {
		const char *choice = NULL;

		TRY(usage(p, err_wrap(set_choice(p, o, value, &choice), OPT_PROGRAM " %s", p->spec->name)));
		on = choice != o->choices[0];
	} else if (value)
		return usage(p, err_new(ERR_USAGE, OPT_PROGRAM " %s: --%s takes no value", p->spec->name, o->name));
	set_switch(p, o, on);
	return NULL;
}

static struct err *parse_letters(struct parser *p, const char *word)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const struct opt *o = find_letter(p->spec, *letter);

		if (o == NULL && *letter == 'h') {
			*p->help = true;
			return NULL;
		}
		if (o == NULL) {
			/* "-limit": most likely a long name with one dash missing */
			const char *shown = letter == word + 1 ? word : arena_printf(p->arena, "-%c", *letter);

			return unknown_option(p, shown, letter == word + 1 ? word + 1 : "");
		}
		if (takes_value(o))
			return take(p, o, letter[1] ? letter + 1 : NULL);
		set_switch(p, o, true);
	}
	return NULL;
}

/* --- operands -------------------------------------------------------------------------------- */

static bool operand_is_list(const struct opt_operand *operand)
{
	return operand->rest || operand->max != 1;
}

/* Does the next word without a dash begin the operand that takes all the rest? */
static bool rest_begins(const struct parser *p)
{
	size_t before = 0;

	for (const struct opt_operand *o = p->spec->operands; o && o->name; o++) {
		if (o->rest)
			return p->words.count >= before;
		if (o->max == 0)
			return false;
		before += o->max;
	}
	return false;
}

static size_t needed_after(const struct opt_operand *operand)
{
	size_t needed = 0;

	for (operand++; operand->name; operand++)
		needed += operand->min;
	return needed;
}

/* COUNT is at least 1. */
static void deal(struct parser *p, const struct opt_operand *o, const char **words, size_t count)
{
	void *at = (char *)p->args + o->offset;

	if (operand_is_list(o))
		for (size_t i = 0; i < count; i++)
			list_add(at, p->arena, words[i]);
	else
		*(const char **)at = words[0];
}

static struct err *deal_operands(struct parser *p)
{
	size_t at = 0;

	for (const struct opt_operand *o = p->spec->operands; o && o->name; o++) {
		size_t left = p->words.count - at, after = needed_after(o);
		size_t count = left > after ? left - after : 0;

		if (!o->rest && o->max && count > o->max)
			count = o->max;
		if (count < o->min && left < o->min)
			return usage(p, err_new(ERR_USAGE, OPT_PROGRAM " %s: %s is missing (%s)", p->spec->name,
						o->name, o->help ? o->help : "an argument"));
		if (count < o->min)
			count = o->min;
		if (count)
			deal(p, o, p->words.words + at, count);
		at += count;
	}
	if (at < p->words.count)
		return usage(p, err_new(ERR_USAGE, OPT_PROGRAM " %s: '%s' is one word too many", p->spec->name,
					p->words.words[at]));
	return NULL;
}

static void take_rest(struct parser *p)
{
	while (p->at < p->argc)
		list_add(&p->words, p->arena, p->argv[p->at++]);
}

struct err *opt_parse(const struct opt_spec *spec, int argc, char **argv, void *args,
		      struct arena *arena, bool *help)
{
	struct parser p = { .spec = spec, .argv = argv, .argc = argc, .at = 1,
			    .args = args, .arena = arena, .help = help };

	*help = false;
	if (spec->at_files)
		opt_expand_files(&p.argc, &p.argv, arena);
	while (p.at < p.argc) {
		const char *word = p.argv[p.at];
		bool option = word[0] == '-' && word[1] != '\0';

		if (!option && rest_begins(&p))
			break;
		p.at++;
		if (strcmp(word, "--") == 0)
			break;
		if (!option)
			list_add(&p.words, arena, word);
		else
			TRY(word[1] == '-' ? parse_long(&p, word) : parse_letters(&p, word));
		if (*help)
			return NULL;
	}
	take_rest(&p);
	return deal_operands(&p);
}
