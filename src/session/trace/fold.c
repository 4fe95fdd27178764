/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread has its last calls as hashes.  When the last N are those before them again, for
 * the smallest N there is, the sequence repeats, and from then on each call is compared with the one N before.
 * Lines of a round that is under way are held: a round that breaks off is printed as it was.
 * Calls that are folded go into the history, too, so that a loop that has a repetition within it ("poll, read, read,
 * write") is found when that one has ended.
 */
#include "session/trace/fold.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/units.h"
#include "syscall/table.h"
#include "view/calls/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY = 2 * FOLD_PERIOD_MAX, FEW_LINES = 3 };

struct sums {
	uint64_t time_ns, bytes;
};

struct folding { /* of a thread */
	uint64_t keys[HISTORY];        /* newest last; 0: none */
	const char *names[HISTORY];
	uint64_t round[FOLD_PERIOD_MAX]; /* what repeats: keys and names of PERIOD calls */
	const char *round_names[FOLD_PERIOD_MAX];
	unsigned period, at;           /* 0: nothing repeats; AT: calls of the round under way */
	uint64_t rounds;
	struct sums whole, under_way;
	struct str held;               /* lines of the round under way */
	struct str first;              /* and all of them, as long as they are few */
	uint64_t last_ns;
	bool shows_tid;
};

struct fold {
	struct map threads; /* tid -> struct folding */
	struct call_kinds *kinds;
};

struct fold *fold_create(void)
{
	struct fold *f = mem_calloc(1, sizeof(*f));

	f->kinds = call_kinds_create();
	return f;
}

void fold_destroy(struct fold *f)
{
	struct map_slot *slot;

	if (f == NULL)
		return;
	for (size_t i = 0; (slot = map_next(&f->threads, &i)) != NULL;) {
		struct folding *t = (struct folding *)(uintptr_t)slot->value;

		str_deinit(&t->held);
		str_deinit(&t->first);
		free(t);
	}
	map_deinit(&f->threads);
	call_kinds_destroy(f->kinds);
	free(f);
}

/* --- which calls are alike -------------------------------------------------------------------- */

static uint64_t key_of(const struct call_kind *kind, const struct syscall_call *c)
{
	int64_t outcome = c->result < 0 && c->result >= -4095 ? c->result : c->result > 0;
	uint64_t fd = kind->roles.fds & 1 ? (uint32_t)c->args[0] : 0;
	uint64_t key = hash_u64((uint64_t)c->abi << 40 ^ (uint64_t)c->number << 32 ^ fd) ^ hash_u64((uint64_t)outcome + 7);

	return key ? key : 1;
}

static void remember(struct folding *t, uint64_t key, const char *name)
{
	memmove(t->keys, t->keys + 1, sizeof(t->keys) - sizeof(t->keys[0]));
	memmove(t->names, t->names + 1, sizeof(t->names) - sizeof(t->names[0]));
	t->keys[HISTORY - 1] = key;
	t->names[HISTORY - 1] = name;
}

/* The smallest number of calls that came twice in a row; 0: none. */
static unsigned find_period(const struct folding *t)
{
	for (unsigned n = 1; n <= FOLD_PERIOD_MAX; n++) {
		const uint64_t *last = t->keys + HISTORY - n, *before = last - n;

		if (before[0] && memcmp(last, before, n * sizeof(*last)) == 0)
			return n;
	}
	return 0;
}

/* From now on they are folded. */
static void begin(struct folding *t, unsigned period)
{
	t->period = period;
	if (period == 0)
		return;
	memcpy(t->round, t->keys + HISTORY - period, period * sizeof(*t->round));
	memcpy(t->round_names, t->names + HISTORY - period, period * sizeof(*t->round_names));
}

/* --- lines ------------------------------------------------------------------------------------------ */

/* What was folded so far as a line, and the calls that came since as they were; as they were also when
 * there are too few to be worth it. */
static void end(struct folding *t, uint32_t tid, struct str *out)
{
	if (t->rounds * t->period + t->at <= FEW_LINES) {
		str_add_n(out, str_text(&t->first), t->first.length);
		str_clear(&t->held);
	} else if (t->rounds) {
		if (t->shows_tid)
			str_printf(out, "%-5u ", tid);
		str_add(out, "... ");
		for (unsigned i = 0; i < t->period; i++)
			str_printf(out, "%s%s", i ? "+" : "", t->round_names[i]);
		str_printf(out, " x %s more, %s in them", units_count(t->rounds).text,
			   units_duration_ns((double)t->whole.time_ns).text);
		if (t->whole.bytes)
			str_printf(out, ", %s", units_bytes((double)t->whole.bytes).text);
		str_add_char(out, '\n');
	}
	str_add_n(out, str_text(&t->held), t->held.length);
	str_clear(&t->held);
	str_clear(&t->first);
	t->rounds = 0;
	t->period = t->at = 0;
	t->whole = t->under_way = (struct sums){ 0 };
}

static void forget(struct folding *t)
{
	memset(t->keys, 0, sizeof(t->keys));
}

/* The call fits: it is the next one of the sequence. */
static void count(struct folding *t, const struct fold_call *c, uint64_t bytes)
{
	t->under_way.time_ns += c->duration_ns;
	t->under_way.bytes += bytes;
	str_add_n(&t->held, c->line, c->length);
	if (t->rounds * t->period + t->at < FEW_LINES)
		str_add_n(&t->first, c->line, c->length);
	if (++t->at < t->period)
		return;
	t->rounds++;
	t->whole.time_ns += t->under_way.time_ns;
	t->whole.bytes += t->under_way.bytes;
	t->under_way = (struct sums){ 0 };
	t->at = 0;
	str_clear(&t->held);
}

static struct folding *thread_of(struct fold *f, const struct fold_call *c)
{
	bool is_new;
	uint64_t *slot = map_get(&f->threads, c->tid, &is_new);
	struct folding *t;
	char start[16];

	if (!is_new)
		return (struct folding *)(uintptr_t)*slot;
	t = mem_calloc(1, sizeof(*t));
	snprintf(start, sizeof(start), "%u ", c->tid);
	t->shows_tid = strncmp(c->line, start, strlen(start)) == 0;
	*slot = (uintptr_t)t;
	return t;
}

void fold_add(struct fold *f, const struct fold_call *c, struct str *out)
{
	const struct call_kind *kind = call_kinds_get(f->kinds, c->call->abi, c->call->number);
	struct folding *t = thread_of(f, c);
	uint64_t key = key_of(kind, c->call);

	t->last_ns = c->now_ns;
	remember(t, key, c->name);
	if (t->period && t->round[t->at] == key) {
		count(t, c, kind->moves && c->call->result > 0 ? (uint64_t)c->call->result : 0);
		return;
	}
	if (t->period)
		end(t, c->tid, out);
	str_add_n(out, c->line, c->length);
	begin(t, find_period(t));
}

void fold_end(struct fold *f, uint32_t tid, struct str *out)
{
	const uint64_t *slot = map_find(&f->threads, tid);

	if (!slot)
		return;
	end((struct folding *)(uintptr_t)*slot, tid, out);
	forget((struct folding *)(uintptr_t)*slot);
}

void fold_end_all(struct fold *f, uint64_t before_ns, struct str *out)
{
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&f->threads, &i)) != NULL;) {
		struct folding *t = (struct folding *)(uintptr_t)slot->value;

		if ((before_ns == 0 || t->last_ns < before_ns) && t->period) {
			end(t, (uint32_t)slot->key, out);
			forget(t);
		}
	}
}
