/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What follows the samples of old profiles: the mapped files, as /proc/PID/maps or shorter, or
 * Java's names of functions; and CPU profiles, which are words with such a text behind them.
 */
#include "format/pprof.h"

#include "base/map.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* --- maps ------------------------------------------------------------------------------------------------ */

enum { LINE_MAX_BYTES = 8192 };

/* The next line, cut and copied; false at the end. */
static bool next_line(const char **at, const char *end, char line[LINE_MAX_BYTES])
{
	if (*at >= end)
		return false;

	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t length = (size_t)((stop ? stop : end) - *at);
	size_t kept = length < LINE_MAX_BYTES - 1 ? length : LINE_MAX_BYTES - 1;

	memcpy(line, *at, kept);
	line[kept] = '\0';
	*at = stop ? stop + 1 : end;
	return true;
}

static const char *skip_space(const char *s) { return s + strspn(s, " \t\r"); }

static void add_mapping(struct pprof *p, uint64_t start, uint64_t limit, uint64_t offset, const char *file)
{
	struct pprof_mapping *last = p->mappings.n ? vec_last(&p->mappings) : NULL;

	if (last && last->limit == start && strcmp(last->file, file) == 0 &&
	    last->offset + (last->limit - last->start) == offset) {
		last->limit = limit;
		return;
	}
	vec_push(&p->mappings, ((struct pprof_mapping){ p->mappings.n + 1, start, limit, offset,
							arena_strdup(&p->arena, file), "" }));
}

/* "400000-fcb000: name", "400000-fcb000 name (@1000)", "400000-fcb000 r-xp 00000000 08:01 12 /bin/name". */
static void read_map_line(struct pprof *p, char *line)
{
	char *s = (char *)skip_space(line), *end;
	uint64_t start = strtoull(s, &end, 16), limit, offset = 0;

	if (end == s || *end != '-')
		return;
	s = end + 1;
	limit = strtoull(s, &end, 16);
	if (end == s || limit <= start)
		return;
	s = (char *)skip_space(end + (*end == ':'));
	if (strlen(s) > 5 && (s[0] == 'r' || s[0] == '-') && strchr("xw-r", s[1]) && strchr("x-", s[2]) &&
	    (s[4] == ' ' || s[4] == '\t')) {
		if (s[2] != 'x')
			return;
		offset = strtoull(s + 5, &end, 16);
		s = (char *)skip_space(end);
		for (int word = 0; word < 2; word++) /* device, inode */
			s = (char *)skip_space(s + strcspn(s, " \t\r"));
	}
	for (end = s + strlen(s); end > s && strchr(" \t\r", end[-1]); end--)
		;
	*end = '\0';
	add_mapping(p, start, limit, offset, s);
}

/* The program first, as readers expect it: the first that is no library and no [vdso]. */
static void main_first(struct pprof *p)
{
	for (size_t i = 0; i < p->mappings.n; i++) {
		const char *file = p->mappings.v[i].file, *slash = strrchr(file, '/');
		const char *base = slash ? slash + 1 : file;
		struct pprof_mapping m = p->mappings.v[i];

		if (!*file || *file == '[' || strstr(base, ".so") || str_starts(file, "linux-vdso"))
			continue;
		memmove(&p->mappings.v[1], &p->mappings.v[0], i * sizeof(m));
		p->mappings.v[0] = m;
		break;
	}
	for (size_t i = 0; i < p->mappings.n; i++)
		p->mappings.v[i].id = i + 1;
}

static void find_mappings(struct pprof *p)
{
	for (size_t i = 0; i < p->locations.n; i++)
		for (size_t m = 0; m < p->mappings.n && p->locations.v[i].mapping == PPROF_NONE; m++)
			if (p->locations.v[i].address >= p->mappings.v[m].start &&
			    p->locations.v[i].address < p->mappings.v[m].limit)
				p->locations.v[i].mapping = (int32_t)m;
}

/* "source=/home/build", for "$source/server" in later lines. */
struct attribute {
	const char *name, *value;
};
struct attributes {
	struct attribute v[16];
	size_t n;
};

static bool take_attribute(struct pprof *p, const char *line, struct attributes *all)
{
	const char *name = skip_space(line), *equals = strchr(name, '=');

	if (!equals || equals == name || strcspn(name, "/: \t") < (size_t)(equals - name))
		return false;
	if (all->n < sizeof(all->v) / sizeof(*all->v))
		all->v[all->n++] = (struct attribute){ arena_strndup(&p->arena, name, (size_t)(equals - name)),
						       arena_strdup(&p->arena, skip_space(equals + 1)) };
	return true;
}

static void put_attributes(const struct attributes *all, const char *line, struct str *out)
{
	str_clear(out);
	while (*line) {
		size_t i = 0;

		while (*line == '$' && i < all->n && !str_starts(line + 1, all->v[i].name))
			i++;
		if (*line == '$' && i < all->n) {
			str_add(out, all->v[i].value);
			line += 1 + strlen(all->v[i].name);
		} else {
			str_add_char(out, *line++);
		}
	}
}

void pprof_read_maps(struct pprof *p, const char *text, size_t length)
{
	const char *end = text + length;
	char line[LINE_MAX_BYTES];
	struct attributes attributes = { .n = 0 };
	struct str full = { 0 };

	while (next_line(&text, end, line)) {
		if (take_attribute(p, line, &attributes))
			continue;
		put_attributes(&attributes, line, &full);
		if (full.length > 0)
			read_map_line(p, full.text);
	}
	str_deinit(&full);
	main_first(p);
	find_mappings(p);
}

/* --- Java ---------------------------------------------------------------------------------------------------- */

static int32_t function_named(struct pprof *p, struct strmap *names, const char *name, const char *file)
{
	bool is_new;
	uint64_t *index = strmap_get(names, name, strlen(name), &is_new);

	if (is_new) {
		*index = p->functions.n;
		vec_push(&p->functions, ((struct pprof_function){ *index + 1, arena_strdup(&p->arena, name),
								  arena_strdup(&p->arena, file) }));
	}
	return (int32_t)*index;
}

/* "0x0a com.example.Parser.next (Parser.java:31)". */
static void read_java_line(struct pprof *p, char *line, const struct map *by_address, struct strmap *names)
{
	char *s = (char *)skip_space(line), *end, *open, *colon;
	const char *file = "";
	int64_t number = 0;

	if (!str_starts(s, "0x"))
		return;

	uint64_t address = strtoull(s + 2, &end, 16), *index = map_find(by_address, address);

	if (!index || p->locations.v[*index].line_count)
		return;
	s = (char *)skip_space(end);
	for (end = s + strlen(s); end > s && strchr(" \t\r", end[-1]); end--)
		;
	*end = '\0';
	open = strrchr(s, '(');
	if (open && open > s && strchr(" \t", open[-1]) && end > open && end[-1] == ')') {
		end[-1] = '\0';
		colon = strrchr(open, ':');
		if (colon && colon[1] && strspn(colon + 1, "-0123456789") == strlen(colon + 1)) {
			number = strtoll(colon + 1, NULL, 10);
			*colon = '\0';
		}
		file = open + 1;
		for (end = open; end > s && strchr(" \t", end[-1]); end--)
			;
		*end = '\0';
	} else if (strstr(s, "generated stub/JIT")) {
		s = (char *)"STUB";
		file = "STUB";
	}
	p->locations.v[*index].first_line = (uint32_t)p->lines.n;
	p->locations.v[*index].line_count = 1;
	vec_push(&p->lines, ((struct pprof_line){ function_named(p, names, s, file), number > 0 ? number : 0 }));
}

void pprof_read_java_names(struct pprof *p, const char *text, size_t length)
{
	const char *end = text + length;
	char line[LINE_MAX_BYTES];
	struct map by_address;
	struct strmap names;

	map_init(&by_address);
	strmap_init(&names);
	for (size_t i = 0; i < p->locations.n; i++)
		*map_get(&by_address, p->locations.v[i].address, NULL) = i;
	while (next_line(&text, end, line))
		read_java_line(p, line, &by_address, &names);
	for (size_t i = 0; i < p->locations.n; i++) /* they were numbers, not addresses */
		p->locations.v[i].address = 0;
	map_deinit(&by_address);
	strmap_deinit(&names);
}

/* --- words ------------------------------------------------------------------------------------------------------- */

struct words {
	struct cursor c;
	unsigned bytes;
};

static uint64_t word(struct words *w) { return cursor_unsigned(&w->c, w->bytes); }

/* 0, 3, 0 (addresses) or 1 (Java), the period in microseconds, 0: by 32 or 64 bits, either order. */
static bool find_words(const void *head, size_t size_bytes, struct words *ret, bool *java, uint64_t *period_us)
{
	for (int i = 0; i < 4; i++) {
		struct words w = { cursor_of((struct bytes){ head, size_bytes }, i & 1), i & 2 ? 4 : 8 };
		uint64_t n[5];

		for (int k = 0; k < 5; k++)
			n[k] = word(&w);
		if (w.c.bad || n[0] != 0 || n[1] != 3 || n[2] > 1 || n[3] == 0 || n[3] > UINT32_MAX || n[4] != 0)
			continue;
		*ret = w;
		*java = n[2] == 1;
		*period_us = n[3];
		return true;
	}
	return false;
}

bool pprof_words_probe(const void *head, size_t size_bytes)
{
	struct words w;
	uint64_t period_us;
	bool java;

	return find_words(head, size_bytes, &w, &java, &period_us);
}

/* Count, depth, addresses; 0, 1, 0 at the end. */
static struct err *read_word_samples(struct words *w, struct pprof *p, bool java)
{
	struct map by_address;
	bool ended = false;

	map_init(&by_address);
	while (!ended && cursor_left(&w->c) > 0) {
		uint64_t count = word(w), depth = word(w);
		struct pprof_sample s = { .first_location = (uint32_t)p->stack.n, .first_value = (uint32_t)p->values.n,
					  .location_count = (uint32_t)depth };

		if (w->c.bad || depth > cursor_left(&w->c) / w->bytes)
			break;
		if (count == 0 && depth == 1) {
			struct words at = *w;

			ended = word(&at) == 0;
			if (ended) {
				*w = at;
				break;
			}
		}
		for (uint64_t i = 0; i < depth; i++)
			vec_push(&p->stack, pprof_location_at(p, &by_address, word(w) - (!java && i > 0)));
		vec_push(&p->values, (int64_t)count);
		vec_push(&p->values, (int64_t)(count * (uint64_t)p->period));
		vec_push(&p->samples, s);
	}
	map_deinit(&by_address);
	return ended ? NULL : err_new(ERR_FORMAT, "a CPU profile without its end");
}

static void drop_second(struct pprof *p, struct pprof_sample *s)
{
	memmove(&p->stack.v[s->first_location + 1], &p->stack.v[s->first_location + 2],
		(s->location_count - UINT64_C(2)) * sizeof(*p->stack.v));
	s->location_count--;
}

/* When nearly all samples have the same second frame, it is the signal's, pushed by the profiler. */
static bool drop_signal_frame(struct pprof *p)
{
	struct map counts;
	struct map_slot *slot;
	uint64_t common = UINT64_MAX;

	map_init(&counts);
	for (size_t i = 0; i < p->samples.n; i++)
		if (p->samples.v[i].location_count > 1)
			(*map_get(&counts, p->stack.v[p->samples.v[i].first_location + 1], NULL))++;
	for (size_t i = 0; (slot = map_next(&counts, &i)) != NULL;)
		if (slot->value >= p->samples.n - p->samples.n / 32)
			common = slot->key;
	map_deinit(&counts);
	for (size_t i = 0; common != UINT64_MAX && i < p->samples.n; i++) {
		struct pprof_sample *s = &p->samples.v[i];

		if (s->location_count > 1 && p->stack.v[s->first_location + 1] == common)
			drop_second(p, s);
	}
	return common != UINT64_MAX;
}

/* The handler saw the leaf twice: in the signal's context and on the stack. */
static void drop_duplicates(struct pprof *p)
{
	for (size_t i = 0; i < p->samples.n; i++) {
		struct pprof_sample *s = &p->samples.v[i];
		if (s->location_count < 2)
			continue;

		const uint32_t *stack = p->stack.v + s->first_location;

		if (p->locations.v[stack[0]].address == p->locations.v[stack[1]].address + 1)
			drop_second(p, s);
	}
}

struct err *pprof_read_words(struct bytes file, struct pprof *p)
{
	struct words w;
	uint64_t period_us;
	bool java;

	if (!find_words(file.data, file.size_bytes, &w, &java, &period_us))
		return err_new(ERR_FORMAT, "not a CPU profile");
	p->form = java ? "Java CPU (words)" : "CPU (words)";
	p->period = (int64_t)(period_us * 1000);
	p->period_type = (struct pprof_type){ "cpu", "nanoseconds" };
	vec_push(&p->types, ((struct pprof_type){ "samples", "count" }));
	vec_push(&p->types, ((struct pprof_type){ "cpu", "nanoseconds" }));
	p->default_type = 1;
	TRY(read_word_samples(&w, p, java));
	if (java) {
		pprof_read_java_names(p, (const char *)w.c.at, cursor_left(&w.c));
		return NULL;
	}
	for (int i = 0; i < 2 && drop_signal_frame(p); i++)
		;
	pprof_read_maps(p, (const char *)w.c.at, cursor_left(&w.c));
	drop_duplicates(p);
	return NULL;
}
