// SPDX-License-Identifier: LGPL-2.1-or-later
/* The table of all kinds of reports: one family a line, special families before general ones. */
#include "oops/kind.h"

#include "oops/match.h"
#include "oops/trigger.h"

#include <string.h>

extern const struct oops_family oops_family_sanitizer, oops_family_lockdep, oops_family_stall, oops_family_memory, oops_family_fault,
	oops_family_warning, oops_family_bug, oops_family_panic, oops_family_storage, oops_family_device, oops_family_user,
	oops_family_sysrq, oops_family_trap;

const struct oops_family *const oops_families[] = {
	&oops_family_sanitizer,
	&oops_family_lockdep,
	&oops_family_stall,
	&oops_family_memory,
	&oops_family_fault,
	&oops_family_bug,
	&oops_family_warning,
	&oops_family_panic,
	&oops_family_storage,
	&oops_family_device,
	&oops_family_user,
	&oops_family_sysrq,
	&oops_family_trap,
	NULL
};

static bool is_excepted(const struct oops_kind *kind, const char *line, size_t length)
{
	for (const char *const *u = kind->unless; u != NULL && *u != NULL; u++)
		if (oops_find(line, length, *u) != NULL)
			return true;
	return false;
}

/* The first row that fits, behind AFTER. */
static const struct oops_kind *search(const struct oops_kind *after, const char *line, size_t length)
{
	bool started = false;

	for (const struct oops_family *const *f = oops_families; *f != NULL; f++) {
		for (const struct oops_kind *k = (*f)->kinds; k->name != NULL; k++) {
			if (!started)
				started = k == after;
			else if (oops_match(k->start, line, length, NULL) && !is_excepted(k, line, length))
				return k;
		}
	}
	return NULL;
}

/* Is WORD in a literal piece of TEMPLATE?  Captures end a piece, whatever they may hold. */
static bool template_has(const char *template, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = template; *at != '\0';) {
		size_t piece = strcspn(at, "{");

		if (piece >= length && oops_find_bytes(at, piece, word, length) != NULL)
			return true;
		at += piece;
		if (*at == '{')
			at += strcspn(at, "}") + 1;
	}
	return false;
}

static bool add_words_in(const char *text, size_t length, uint64_t *words)
{
	bool found = false;

	for (size_t w = 0; trigger_words[w] != NULL; w++)
		if (oops_find(text, length, trigger_words[w]) != NULL) {
			words[w / 64] |= 1ull << (w % 64);
			found = true;
		}
	return found;
}

/* The words of the first capture "{x:a|b|c}" of which each alternative has one. */
static void words_of_alternatives(const char *template, uint64_t *words)
{
	for (const char *at = template; (at = strchr(at, '{')) != NULL; at++) {
		const char *end = strchr(at, '}'), *word = memchr(at, ':', (size_t)(end - at));
		bool all = word != NULL && memchr(at, '|', (size_t)(end - at)) != NULL;

		memset(words, 0, OOPS_KIND_WORDS * sizeof(*words));
		for (word = word != NULL ? word + 1 : end; all && word <= end;) {
			const char *bar = memchr(word, '|', (size_t)(end - word));
			const char *stop = bar != NULL ? bar : end;

			all = add_words_in(word, (size_t)(stop - word), words);
			word = stop + 1;
		}
		if (all)
			return;
	}
	memset(words, 0, OOPS_KIND_WORDS * sizeof(*words));
}

static void words_of(const struct oops_kind *kind, uint64_t *words)
{
	memset(words, 0, OOPS_KIND_WORDS * sizeof(*words));
	for (size_t w = 0; trigger_words[w] != NULL; w++)
		if (template_has(kind->start, trigger_words[w])) {
			words[w / 64] |= 1ull << (w % 64);
			return;
		}
	words_of_alternatives(kind->start, words);
}

void oops_kind_index_init(struct oops_kind_index *index)
{
	_Static_assert(OOPS_KIND_WORDS * 64 >= TRIGGER_WORDS_MAX, "a bit for each word");
	index->n = 0;
	for (const struct oops_family *const *f = oops_families; *f != NULL; f++)
		for (const struct oops_kind *k = (*f)->kinds; k->name != NULL && index->n < OOPS_KINDS_MAX; k++) {
			index->kinds[index->n] = k;
			words_of(k, index->words[index->n++]);
		}
}

static bool could_fit(const uint64_t *words, const uint64_t *seen)
{
	uint64_t both = 0, any = 0;

	for (size_t i = 0; i < OOPS_KIND_WORDS; i++) {
		both |= words[i] & seen[i];
		any |= words[i];
	}
	return both != 0 || any == 0;
}

const struct oops_kind *oops_kind_of_line(const struct oops_kind_index *index, const struct trigger *trigger, const char *line, size_t length)
{
	uint64_t seen[TRIGGER_WORDS_MAX / 64 + 1];

	trigger_words_of(trigger, line, length, seen);
	for (size_t i = 0; i < index->n; i++)
		if (could_fit(index->words[i], seen) && oops_match(index->kinds[i]->start, line, length, NULL) && !is_excepted(index->kinds[i], line, length))
			return index->kinds[i];
	return NULL;
}

const struct oops_kind *oops_kind_next(const struct oops_kind *kind, const char *line, size_t length)
{
	return search(kind, line, length);
}
