/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each kind of set has a function that adds one word; what is around it ("!", "all",
 * "none", commas) is the same for all.
 */
#include "session/trace/sets.h"

#include "base/mem.h"
#include "base/opt.h"
#include "base/str.h"
#include "base/vec.h"

#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* --- the form "[!]word[,word]" ---------------------------------------------------------- */

typedef struct err *add_fn(void *set, const char *word);

/* *invert: the set is what is not listed. */
static struct err *parse_words(const char *text, const char *what, add_fn *add, void *set, bool *invert)
{
	const char *whole = text;

	*invert = false;
	while (*text == '!') {
		*invert = !*invert;
		text++;
	}
	if (strcmp(text, "none") == 0)
		return NULL;
	if (strcmp(text, "all") == 0) {
		*invert = !*invert;
		return NULL;
	}
	for (bool any = false;; any = true) {
		size_t length = strcspn(text += strspn(text, ","), ",");
		CLEANUP(mem_freep) char *word = mem_strndup(text, length);

		if (length == 0)
			return any ? NULL : err_new(ERR_USAGE, "invalid %s '%s'", what, whole);
		TRY(add(set, word));
		text += length;
	}
}

static bool to_number(const char *word, unsigned long max, unsigned *ret)
{
	char *end;
	unsigned long value;

	if (word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	value = strtoul(word, &end, 10);
	*ret = (unsigned)value;
	return errno == 0 && *end == '\0' && value <= max;
}

/* --- calls ------------------------------------------------------------------------------- */

void call_set_fill(struct call_set *s, bool on)
{
	memset(s->bits, on ? 0xff : 0, sizeof(s->bits));
	s->others = on;
}

static void call_set_put(struct call_set *s, unsigned abi, uint32_t number)
{
	if (number < CALL_SET_MAX)
		s->bits[abi][number / 64] |= 1ULL << (number % 64);
}

static const struct {
	const char *name;
	uint32_t classes;
	bool bare; /* also without '%' */
} class_names[] = {
	{ "desc", SYSCALL_DESC, true },
	{ "file", SYSCALL_FILE, true },
	{ "memory", SYSCALL_MEMORY, true },
	{ "process", SYSCALL_PROCESS, true },
	{ "signal", SYSCALL_SIGNAL, true },
	{ "ipc", SYSCALL_IPC, true },
	{ "net", SYSCALL_NETWORK, true },
	{ "network", SYSCALL_NETWORK, true },
	{ "clock", SYSCALL_CLOCK, false },
	{ "creds", SYSCALL_CREDS, false },
	{ "pure", SYSCALL_PURE, false },
	{ "stat", SYSCALL_STAT, false },
	{ "lstat", SYSCALL_LSTAT, false },
	{ "fstat", SYSCALL_FSTAT, false },
	{ "%stat", SYSCALL_STAT | SYSCALL_LSTAT | SYSCALL_FSTAT, false },
	{ "statfs", SYSCALL_STATFS, false },
	{ "fstatfs", SYSCALL_FSTATFS, false },
	{ "%statfs", SYSCALL_STATFS | SYSCALL_FSTATFS, false },
};

static uint32_t find_class(const char *word)
{
	bool percent = word[0] == '%';

	for (size_t i = 0; i < sizeof(class_names) / sizeof(*class_names); i++)
		if ((percent || class_names[i].bare) && strcmp(class_names[i].name, word + percent) == 0)
			return class_names[i].classes;
	return 0;
}

static struct err *no_such_class(struct err *err, const char *word)
{
	const char *names[sizeof(class_names) / sizeof(*class_names)];
	size_t count = sizeof(names) / sizeof(*names);
	CLEANUP(str_deinit) struct str all = { 0 };

	for (size_t i = 0; i < count; i++) {
		names[i] = class_names[i].name;
		str_printf(&all, " %%%s", names[i]);
	}
	const char *nearest = opt_nearest(word, names, count);

	return nearest ? err_fix(err, "did you mean %%%s? Classes:%s", nearest, str_text(&all)) : err_fix(err, "classes:%s", str_text(&all));
}

struct call_match {
	const char *name;
	uint32_t classes; /* else */
	const regex_t *regex;
	int number;       /* else; -1: none */
	bool all;
};

static bool matches(const struct call_match *m, const struct syscall_entry *entry, uint32_t number)
{
	if (m->all)
		return true;
	if (m->number >= 0)
		return number == (uint32_t)m->number;
	if (m->classes)
		return entry->classes & m->classes;
	if (m->regex)
		return regexec(m->regex, entry->name, 0, NULL, 0) == 0;
	return strcmp(entry->name, m->name) == 0;
}

static bool put_matching(struct call_set *s, enum syscall_abi abi, const struct call_match *m)
{
	bool found = false;
	uint32_t max = syscall_max(abi);

	for (uint32_t number = 0; number < max && number < CALL_SET_MAX; number++) {
		const struct syscall_entry *entry = syscall_find(abi, number);

		if (!entry || !matches(m, entry, number))
			continue;
		call_set_put(s, abi, number);
		found = true;
	}
	return found;
}

enum { ON_64 = 1, ON_32 = 2, ON_X32 = 4, ON_ALL = 7 };

static unsigned abi_bit(enum syscall_abi abi)
{
	return abi == SYSCALL_ABI_X32 ? ON_X32 : syscall_abi_word_bytes(abi) == 4 ? ON_32 : ON_64;
}

static bool is_here(enum syscall_abi abi)
{
	unsigned i = 0;

	while (i < SYSCALL_ABIS_HERE && syscall_abi_here(i) != abi)
		i++;
	return i < SYSCALL_ABIS_HERE;
}

/* "name@64": the part before the '@' goes to *base; which ABIs, of abi_bit(). */
static unsigned abi_mask(const char *word, char **base)
{
	static const char *const names[] = { "@64", "@32", "@x32" };
	size_t length = strlen(word);

	for (unsigned i = 0; i < 3; i++) {
		size_t tail = strlen(names[i]);

		if (length > tail && strcmp(word + length - tail, names[i]) == 0) {
			*base = mem_strndup(word, length - tail);
			return 1U << i;
		}
	}
	*base = mem_strdup(word);
	return ON_ALL;
}

static struct err *compile(const char *pattern, regex_t *regex)
{
	char message[256];
	int failed = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (!failed)
		return NULL;
	regerror(failed, regex, message, sizeof(message));
	return err_fix(err_new(ERR_USAGE, "regcomp: %s: %s", pattern, message),
		       "behind / stands an extended regular expression, as of grep -E");
}

/* In all ABIs, as a recording may be another machine's; true: one of this machine's has it. */
static bool put_in_abis(struct call_set *s, unsigned mask, const struct call_match *m)
{
	bool found = false;

	for (unsigned abi = 0; abi < SYSCALL_ABI_COUNT; abi++)
		if (mask & abi_bit(abi) && put_matching(s, abi, m))
			found |= is_here(abi);
	return found;
}

bool call_set_has_name(const struct call_set *s, const char *name)
{
	enum syscall_abi abi;

	for (unsigned i = 0; (abi = syscall_abi_here(i)) != SYSCALL_ABI_COUNT; i++) {
		int64_t number = syscall_number(abi, name);

		if (number >= 0 && !call_set_has(s, abi, (uint32_t)number))
			return false;
	}
	return true;
}

/* What of -e stands before a '=' and isn't known is the name of a call, in strace's words. */
static struct err *no_such_kind(struct err *err, const char *expression)
{
	static const char *const names[] = { "trace", "signal", "status", "trace-fds", "read", "write", "inject", "fault", "abbrev",
					     "verbose", "raw", "quiet", "decode-fds", "decode-pids", "kvm", "namespace" };
	CLEANUP(mem_freep) char *word = mem_strndup(expression, strcspn(expression, "="));
	const char *nearest = opt_nearest(word, names, sizeof(names) / sizeof(*names));

	if (nearest)
		return err_fix(err, "did you mean -e %s=?", nearest);
	return err_fix(err, "-e takes calls, or KIND=...: trace signal status trace-fds read write inject fault abbrev verbose raw quiet");
}

/* What was meant instead of WORD, which is no call's name. */
static struct err *no_such_call(const char *given, const char *word)
{
	struct err *err = err_new(ERR_USAGE, "invalid system call '%s'", given);
	VEC(const char *) names = { 0 };
	enum syscall_abi abi;

	if (word[0] == '%')
		return no_such_class(err, word + 1);
	if (strchr(word, '='))
		return no_such_kind(err, word);
	for (unsigned i = 0; (abi = syscall_abi_here(i)) != SYSCALL_ABI_COUNT; i++)
		for (uint32_t number = 0; number < syscall_max(abi); number++) {
			const struct syscall_entry *entry = syscall_find(abi, number);

			if (entry)
				vec_push(&names, entry->name);
		}
	const char *nearest = opt_nearest(word, names.v, names.n);

	vec_deinit(&names);
	if (nearest)
		return err_fix(err, "did you mean %s?", nearest);
	return err_fix(err, "names are as in the manual's section 2 (open, read); classes as %%file, patterns as /^open");
}

static struct err *add_call(void *set, const char *given)
{
	bool may_fail = given[0] == '?';
	const char *word = given + may_fail, *at = strrchr(word, '@');
	CLEANUP(mem_freep) char *base = NULL;
	unsigned mask = abi_mask(word, &base), number;
	struct call_match m = { .name = base, .number = -1 };
	regex_t regex;

	if (mask == ON_ALL && at)
		return err_fix(err_new(ERR_USAGE, "incorrect personality designator '%s' in qualification '%s'", at + 1, given),
			       CALL_SET_SEE_HELP);
	if (base[0] == '/') {
		TRY(compile(base + 1, &regex));
		m.regex = &regex;
	} else if (to_number(base, CALL_SET_MAX - 1, &number)) {
		m.number = (int)number;
	} else if (strcmp(base, "all") == 0) {
		m.all = true;
	} else {
		m.classes = find_class(base);
	}

	bool found = put_in_abis(set, mask, &m);

	if (m.regex)
		regfree(&regex);
	/* a class or a name of another machine is no error */
	if (found || may_fail || m.classes || m.all)
		return NULL;
	return no_such_call(given, base);
}

struct err *call_set_parse(const char *text, struct call_set *ret)
{
	bool invert;

	call_set_fill(ret, false);
	TRY(parse_words(text, "system call", add_call, ret, &invert));
	if (!invert)
		return NULL;
	for (size_t abi = 0; abi < SYSCALL_ABI_COUNT; abi++)
		for (size_t i = 0; i < CALL_SET_MAX / 64; i++)
			ret->bits[abi][i] = ~ret->bits[abi][i];
	ret->others = true;
	return NULL;
}

void call_set_add_unknown(struct call_set *s)
{
	for (unsigned abi = 0; abi < SYSCALL_ABI_COUNT; abi++)
		for (uint32_t number = 0; number < CALL_SET_MAX; number++)
			if (!syscall_find(abi, number))
				call_set_put(s, abi, number);
	s->others = true;
}

/* --- numbers ------------------------------------------------------------------------------ */

bool number_set_has(const struct number_set *s, unsigned number)
{
	bool in = number / 64 < s->words && (s->bits[number / 64] >> (number % 64) & 1);

	return in != s->inverted;
}

void number_set_deinit(struct number_set *s)
{
	free(s->bits);
	*s = (struct number_set){ 0 };
}

static void number_set_put(struct number_set *s, unsigned number)
{
	size_t words = number / 64 + 1;

	if (words > s->words) {
		uint64_t *more = mem_calloc(words, sizeof(*more)); /* a descriptor's number may be large: memory that nobody touches */

		if (s->words)
			memcpy(more, s->bits, s->words * sizeof(*more));
		free(s->bits);
		s->bits = more;
		s->words = words;
	}
	s->bits[number / 64] |= 1ULL << (number % 64);
}

static struct err *add_signal(void *set, const char *word)
{
	unsigned number;
	int found = to_number(word, 255, &number) ? (int)number : -1;

	for (int i = 1; found < 0 && i < 128; i++) {
		const char *name = syscall_signal_name(i);

		if (name && (strcasecmp(name, word) == 0 ||
			     (strncasecmp(name, "SIG", 3) == 0 && strcasecmp(name + 3, word) == 0)))
			found = i;
	}
	if (found < 0)
		return err_fix(err_new(ERR_USAGE, "invalid signal '%s'", word), "a name or a number of kill -l, or all, or none");
	number_set_put(set, (unsigned)found);
	return NULL;
}

static struct err *add_descriptor(void *set, const char *word)
{
	unsigned number;

	if (!to_number(word, INT_MAX, &number))
		return err_fix(err_new(ERR_USAGE, "invalid descriptor '%s'", word), "a number from 0 on: -e fd=3,4");
	number_set_put(set, number);
	return NULL;
}

struct err *signal_set_parse(const char *text, struct number_set *ret)
{
	number_set_deinit(ret);
	return parse_words(text, "signal", add_signal, ret, &ret->inverted);
}

struct err *descriptor_set_parse(const char *text, struct number_set *ret)
{
	number_set_deinit(ret);
	return parse_words(text, "descriptor", add_descriptor, ret, &ret->inverted);
}

/* --- words ---------------------------------------------------------------------------------- */

struct word_set {
	const char *what;
	const struct word_bit *words;
	uint32_t bits;
};

static struct err *add_word(void *set, const char *word)
{
	struct word_set *s = set;

	for (const struct word_bit *w = s->words; w->word; w++)
		if (strcmp(w->word, word) == 0) {
			s->bits |= w->bit;
			return NULL;
		}
	CLEANUP(str_deinit) struct str all = { 0 };

	for (const struct word_bit *w = s->words; w->word; w++)
		str_printf(&all, " %s", w->word);
	return err_fix(err_new(ERR_USAGE, "invalid %s '%s'", s->what, word), "one of:%s", str_text(&all));
}

struct err *word_set_parse(const char *text, const char *what, const struct word_bit *words, uint32_t *ret)
{
	struct word_set s = { .what = what, .words = words };
	bool invert;

	TRY(parse_words(text, what, add_word, &s, &invert));
	*ret = invert ? ~s.bits : s.bits;
	return NULL;
}
