/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The forms of profiles before profile.proto, as pprof reads them (its package profile,
 * legacy_profile.go and legacy_java_profile.go, say what they mean):
 *
 *   heap profile: 3: 384 [10: 1280] @ heap_v2/524288    gperftools, Go: heap and growth
 *   --- contentionz 1 ---                                C++ and Java locks
 *   --- heapz 1 ---                                      Java
 *   --- threadz 1 ---                                    C++ threads
 *   goroutine profile: total 12                          Go counts
 *   words: 0, 3, 0|1, period in us, 0                    CPU profiles, 32 or 64 bits a word
 *
 * A sample is its values, '@' and return addresses, which are looked up one byte before.  After
 * them come the mapped files or, with Java, names for the numbers that stood for addresses.
 * Sampled allocations are scaled to what they stand for, as pprof does it.
 */
#include "format/pprof.h"

#include "base/map.h"
#include "base/str.h"

#include <math.h>
#include <string.h>

enum { NUMBERS_MAX = 4096, JAVA_HEAP_RATE = 524288 };

struct line {
	const char *text;
	size_t length;
};
struct text {
	struct pprof *p;
	const char *at, *end;
	struct map locations; /* address -> index */
	uint64_t addresses[NUMBERS_MAX];
	size_t address_count;
};

/* --- lines ---------------------------------------------------------------------------------------- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static struct line trim(struct line l)
{
	while (l.length > 0 && is_space(l.text[l.length - 1]))
		l.length--;
	while (l.length > 0 && is_space(l.text[0])) {
		l.text++;
		l.length--;
	}
	return l;
}

static bool next_line(struct text *t, struct line *l)
{
	if (t->at >= t->end)
		return false;

	const char *end = memchr(t->at, '\n', (size_t)(t->end - t->at));

	l->text = t->at;
	l->length = (size_t)((end ? end : t->end) - t->at);
	t->at = end ? end + 1 : t->end;
	*l = trim(*l);
	return true;
}

static bool starts(struct line l, const char *prefix)
{
	return l.length >= strlen(prefix) && memcmp(l.text, prefix, strlen(prefix)) == 0;
}

static bool ends(struct line l, const char *suffix)
{
	size_t n = strlen(suffix);

	return l.length >= n && memcmp(l.text + l.length - n, suffix, n) == 0;
}

static bool is_nothing(struct line l) { return l.length == 0 || l.text[0] == '#'; }

/* Does what is mapped begin here? */
static bool is_maps_head(struct line l)
{
	return starts(l, "--- Memory map: ---") || starts(l, "MAPPED_LIBRARIES:");
}

static void skip_space(struct line *l)
{
	while (l->length > 0 && (l->text[0] == ' ' || l->text[0] == '\t')) {
		l->text++;
		l->length--;
	}
}

static bool take_char(struct line *l, char c)
{
	skip_space(l);
	if (l->length == 0 || l->text[0] != c)
		return false;
	l->text++;
	l->length--;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool take_number(struct line *l, int base, uint64_t *value)
{
	size_t n = 0;

	skip_space(l);
	if (base == 16 && l->length > 1 && l->text[0] == '0' && (l->text[1] | 32) == 'x') {
		l->text += 2;
		l->length -= 2;
	}
	for (*value = 0; n < l->length && digit_of(l->text[n]) < base; n++)
		*value = *value * (unsigned)base + (unsigned)digit_of(l->text[n]);
	l->text += n;
	l->length -= n;
	return n > 0;
}

static bool take_signed(struct line *l, int64_t *value)
{
	bool minus = take_char(l, '-');
	uint64_t magnitude;

	if (!take_number(l, 10, &magnitude))
		return false;
	*value = (int64_t)(minus ? 0 - magnitude : magnitude);
	return true;
}

static char *copy(struct pprof *p, struct line l) { return arena_strndup(&p->arena, l.text, l.length); }

/* --- samples ------------------------------------------------------------------------------------------ */

/* All 0x... of a line, whatever else is in it ("PC:", names). */
static void take_addresses(struct text *t, struct line l)
{
	const char *x;

	while (t->address_count < NUMBERS_MAX && (x = memmem(l.text, l.length, "0x", 2)) != NULL) {
		l.length -= (size_t)(x - l.text);
		l.text = x;
		if (take_number(&l, 16, &t->addresses[t->address_count]))
			t->address_count++;
	}
}

enum adjust { ADJUST_NONE, ADJUST_ALL, ADJUST_CALLERS };

static void add_sample(struct text *t, enum adjust adjust, const int64_t *values)
{
	struct pprof *p = t->p;
	struct pprof_sample s = { .first_location = (uint32_t)p->stack.n,
				  .location_count = (uint32_t)t->address_count,
				  .first_value = (uint32_t)p->values.n };

	for (size_t i = 0; i < t->address_count; i++) {
		bool before = adjust == ADJUST_ALL || (adjust == ADJUST_CALLERS && i > 0);

		vec_push(&p->stack, pprof_location_at(p, &t->locations, t->addresses[i] - before));
	}
	for (size_t i = 0; i < p->types.n; i++)
		vec_push(&p->values, values[i]);
	vec_push(&p->samples, s);
	t->address_count = 0;
}

static void add_type(struct pprof *p, const char *name, const char *unit)
{
	vec_push(&p->types, ((struct pprof_type){ name, unit }));
	p->default_type = (uint32_t)p->types.n - 1;
}

static struct err *bad_line(const char *what, struct line l)
{
	return err_new(ERR_FORMAT, "%s: no sample: %.*s", what, (int)(l.length < 100 ? l.length : 100), l.text);
}

/* Numbers of a broken file can be anything. */
static int64_t from_double(double v)
{
	if (v >= 9.2e18)
		return INT64_MAX;
	return v > -9.2e18 ? (int64_t)v : INT64_MIN;
}

static int64_t times(int64_t a, uint64_t b) { return (int64_t)((uint64_t)a * b); }

/* What the sampled objects of a site stand for: one of SIZE is sampled with 1 - exp(-SIZE / RATE). */
static void scale(int64_t *count, int64_t *size, double rate)
{
	if (*count == 0 || *size == 0) {
		*count = *size = 0;
		return;
	}
	if (rate <= 1)
		return;

	double factor = 1 / (1 - exp(-((double)*size / (double)*count) / rate));

	*count = from_double((double)*count * factor);
	*size = from_double((double)*size * factor);
}

/* --- heaps ------------------------------------------------------------------------------------------------ */

struct heap_line {
	int64_t count, size, all_count, all_size;
	struct line rest; /* after the '@' */
};

static bool take_heap_line(struct line l, struct heap_line *h)
{
	bool ok = take_signed(&l, &h->count) && take_char(&l, ':') && take_signed(&l, &h->size) &&
		  take_char(&l, '[') && take_signed(&l, &h->all_count) && take_char(&l, ':') &&
		  take_signed(&l, &h->all_size) && take_char(&l, ']') && take_char(&l, '@');

	skip_space(&l);
	h->rest = l;
	return ok;
}

/* "heap_v2/524288"; *scaled: samples stand for more. */
static void heap_kind(struct pprof *p, struct line kind, bool *scaled)
{
	const char *slash = memchr(kind.text, '/', kind.length);
	uint64_t rate = 0;

	if (slash) {
		struct line number = { slash + 1, kind.length - (size_t)(slash + 1 - kind.text) };

		take_number(&number, 10, &rate);
	}
	*scaled = false;
	p->period = 1;
	if (starts(kind, "heapz_v2") || starts(kind, "heap_v2")) {
		*scaled = true;
		p->period = (int64_t)rate;
	} else if (starts(kind, "heap/") || (kind.length == 4 && starts(kind, "heap"))) {
		*scaled = true;
		p->period = (int64_t)(rate / 2);
	}
}

static void heap_types(struct pprof *p, bool with_all)
{
	if (with_all) {
		add_type(p, "alloc_objects", "count");
		add_type(p, "alloc_space", "bytes");
		add_type(p, "inuse_objects", "count");
		add_type(p, "inuse_space", "bytes");
	} else {
		add_type(p, "objects", "count");
		add_type(p, "space", "bytes");
	}
}

static struct err *read_heap(struct text *t)
{
	struct pprof *p = t->p;
	struct heap_line h;
	struct line l;
	bool scaled;

	p->form = "heap (text)";
	next_line(t, &l);
	l.text += strlen("heap profile:");
	l.length -= strlen("heap profile:");
	if (!take_heap_line(l, &h))
		return bad_line("heap profile", l);
	heap_kind(p, h.rest, &scaled);
	p->period_type = (struct pprof_type){ "space", "bytes" };

	bool with_all = starts(h.rest, "heap") && ((h.all_count != h.count && h.all_count != 0) ||
						    (h.all_size != h.size && h.all_size != 0));

	heap_types(p, with_all);
	while (next_line(t, &l) && !is_maps_head(l)) {
		if (is_nothing(l))
			continue;
		if (!take_heap_line(l, &h))
			return bad_line("heap profile", l);
		take_addresses(t, h.rest);
		if (scaled) {
			scale(&h.all_count, &h.all_size, (double)p->period);
			scale(&h.count, &h.size, (double)p->period);
		}

		int64_t values[] = { h.all_count, h.all_size, h.count, h.size };

		add_sample(t, ADJUST_ALL, with_all ? values : values + 2);
	}
	pprof_read_maps(p, t->at, (size_t)(t->end - t->at));
	return NULL;
}

/* --- "name = value" ------------------------------------------------------------------------------------------- */

static bool take_attribute(struct line l, struct line *name, struct line *value)
{
	const char *equals = memchr(l.text, '=', l.length);

	if (!equals)
		return false;
	*name = trim((struct line){ l.text, (size_t)(equals - l.text) });
	*value = trim((struct line){ equals + 1, l.length - (size_t)(equals + 1 - l.text) });
	return true;
}

static bool is_text(struct line l, const char *text)
{
	return l.length == strlen(text) && memcmp(l.text, text, l.length) == 0;
}

/* --- locks and Java ----------------------------------------------------------------------------------------------- */

struct attributes {
	bool java;
	uint64_t cycles_hz, period, reset_ms;
	const char *resolution;
	struct line first; /* the line behind them */
	bool has_first;
};

static void take_attributes(struct text *t, struct attributes *a)
{
	struct line l, name, value;

	*a = (struct attributes){ .resolution = NULL };
	while (next_line(t, &l)) {
		if (is_nothing(l))
			continue;
		if (!take_attribute(l, &name, &value)) {
			a->first = l;
			a->has_first = true;
			return;
		}
		if (is_text(name, "format"))
			a->java = is_text(value, "java");
		else if (is_text(name, "resolution"))
			a->resolution = copy(t->p, value);
		else if (is_text(name, "cycles/second"))
			take_number(&value, 10, &a->cycles_hz);
		else if (is_text(name, "sampling period"))
			take_number(&value, 10, &a->period);
		else if (is_text(name, "ms since reset"))
			take_number(&value, 10, &a->reset_ms);
	}
}

/* "19490304  27 @ 0xbccc97 ..." */
static bool take_pair(struct text *t, struct line l, int64_t pair[2])
{
	t->address_count = 0;
	if (!take_signed(&l, &pair[0]) || !take_signed(&l, &pair[1]) || !take_char(&l, '@'))
		return false;
	take_addresses(t, l);
	return true;
}

static void add_contention(struct text *t, const struct attributes *a, const int64_t pair[2])
{
	int64_t delay = pair[0], count = pair[1];

	if (a->period && a->java)
		delay = times(delay, a->period);
	else if (a->period && a->cycles_hz)
		delay = from_double((double)delay * (double)a->period / ((double)a->cycles_hz / 1e9));
	if (a->period)
		count = times(count, a->period);
	add_sample(t, a->java ? ADJUST_NONE : ADJUST_ALL, (int64_t[]){ count, delay });
}

static void add_java_heap(struct text *t, const int64_t pair[2])
{
	int64_t count = pair[1], size = pair[0];

	scale(&count, &size, JAVA_HEAP_RATE);
	add_sample(t, ADJUST_NONE, (int64_t[]){ count, size });
}

static struct err *read_pairs(struct text *t, bool heap)
{
	struct pprof *p = t->p;
	struct attributes a;
	struct line l;
	int64_t pair[2];

	next_line(t, &l);
	take_attributes(t, &a);
	p->form = heap ? "Java heap (text)" : "contention (text)";
	p->period = heap ? 0 : a.period ? (int64_t)a.period : !a.java;
	p->duration_ns = (int64_t)(a.reset_ms * 1000000);
	add_type(p, heap ? "inuse_objects" : "contentions", "count");
	add_type(p, heap ? "inuse_space" : "delay", a.resolution ? a.resolution : "nanoseconds");
	if (!heap)
		p->period_type = (struct pprof_type){ "contentions", "count" };
	l = a.first;
	for (bool more = a.has_first; more && !starts(l, "---"); more = next_line(t, &l)) {
		if (is_nothing(l))
			continue;
		if (!take_pair(t, l, pair)) {
			if (!a.java)
				return bad_line("contention profile", l);
			t->at = l.text; /* the names */
			break;
		}
		if (heap)
			add_java_heap(t, pair);
		else
			add_contention(t, &a, pair);
	}
	if (a.java)
		pprof_read_java_names(p, t->at, (size_t)(t->end - t->at));
	else
		pprof_read_maps(p, t->at, (size_t)(t->end - t->at));
	return NULL;
}

/* --- threads -------------------------------------------------------------------------------------------------------- */

/* The addresses of a thread, on lines of their own; false: it has the stack of the one before. */
static bool take_thread(struct text *t, struct line *l, bool *more)
{
	bool same = false;

	t->address_count = 0;
	while ((*more = next_line(t, l)) && !starts(*l, "---")) {
		if (memmem(l->text, l->length, "same as previous thread", 23))
			same = true;
		else if (!is_nothing(*l))
			take_addresses(t, *l);
	}
	return !same;
}

static struct err *read_threads(struct text *t)
{
	struct pprof *p = t->p;
	struct line l = { "", 0 };
	bool more = true;

	p->form = "threads (text)";
	p->period = 1;
	p->period_type = (struct pprof_type){ "thread", "count" };
	add_type(p, "thread", "count");
	while (more && !starts(l, "--- Thread "))
		more = next_line(t, &l);
	while (more && starts(l, "--- Thread ")) {
		if (take_thread(t, &l, &more) && t->address_count > 0)
			add_sample(t, ADJUST_CALLERS, (int64_t[]){ 1 });
		else if (p->samples.n > 0)
			p->values.v[p->values.n - 1]++;
		t->address_count = 0;
	}
	while (more && !is_maps_head(l))
		more = next_line(t, &l);
	pprof_read_maps(p, t->at, (size_t)(t->end - t->at));
	return NULL;
}

/* --- Go's counts ------------------------------------------------------------------------------------------------------ */

static struct err *read_counts(struct text *t)
{
	struct pprof *p = t->p;
	struct line l;
	int64_t count;

	next_line(t, &l);

	const char *name = copy(p, (struct line){ l.text, (size_t)((const char *)memchr(l.text, ' ', l.length) - l.text) });

	p->form = "counts (text)";
	p->period = 1;
	p->period_type = (struct pprof_type){ name, "count" };
	add_type(p, name, "count");
	while (next_line(t, &l) && !starts(l, "---")) {
		if (is_nothing(l))
			continue;

		struct line rest = l;

		if (!take_signed(&rest, &count) || !take_char(&rest, '@'))
			return bad_line("count profile", l);
		take_addresses(t, rest);
		add_sample(t, ADJUST_ALL, &count);
	}
	pprof_read_maps(p, t->at, (size_t)(t->end - t->at));
	return NULL;
}

/* --- all texts -------------------------------------------------------------------------------------------------------- */

enum kind { KIND_NONE, KIND_HEAP, KIND_CONTENTION, KIND_JAVA_HEAP, KIND_THREADS, KIND_COUNTS };

static bool has_format_java(struct text t)
{
	struct line l, name, value;

	for (int i = 0; i < 4 && next_line(&t, &l); i++)
		if (take_attribute(l, &name, &value) && is_text(name, "format") && is_text(value, "java"))
			return true;
	return false;
}

/* *head is where its first line begins, after comments. */
static enum kind kind_of(const char *text, size_t length, const char **head)
{
	struct text t = { .at = text, .end = text + length };
	struct line l = { "", 0 };
	struct heap_line h;

	for (int i = 0; i < 4 && is_nothing(l); i++)
		if (!next_line(&t, &l))
			return KIND_NONE;
	*head = l.text;
	if (starts(l, "heap profile:")) {
		struct line rest = { l.text + 13, l.length - 13 };

		return take_heap_line(rest, &h) ? KIND_HEAP : KIND_NONE;
	}
	if (starts(l, "--- contention") || starts(l, "--- mutex:"))
		return KIND_CONTENTION;
	if (starts(l, "--- heapz "))
		return has_format_java(t) ? KIND_JAVA_HEAP : KIND_NONE;
	if (starts(l, "--- threadz ") || starts(l, "--- Thread "))
		return KIND_THREADS;

	const char *space = memchr(l.text, ' ', l.length);
	struct line rest = space ? (struct line){ space, l.length - (size_t)(space - l.text) } : (struct line){ "", 0 };

	return starts(rest, " profile: total ") && !ends(l, ":") ? KIND_COUNTS : KIND_NONE;
}

bool pprof_text_probe(const void *head, size_t size_bytes)
{
	return kind_of(head, size_bytes, &(const char *){ NULL }) != KIND_NONE;
}

struct err *pprof_read_text(struct bytes file, struct pprof *p)
{
	struct text t = { .p = p, .at = (const char *)file.data, .end = (const char *)file.data + file.size_bytes };
	enum kind kind = kind_of(t.at, file.size_bytes, &t.at);
	struct err *err = NULL;

	map_init(&t.locations);
	if (kind == KIND_HEAP)
		err = read_heap(&t);
	else if (kind == KIND_CONTENTION || kind == KIND_JAVA_HEAP)
		err = read_pairs(&t, kind == KIND_JAVA_HEAP);
	else if (kind == KIND_THREADS)
		err = read_threads(&t);
	else
		err = read_counts(&t);
	map_deinit(&t.locations);
	return err;
}
