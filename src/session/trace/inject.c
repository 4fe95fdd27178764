/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An expression is a set of calls and colon-separated parts; each part has a row in
 * `parts` and a function that takes its value.  Of several injections for one call the
 * last one counts, as with strace.
 */
#include "session/trace/inject.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WHEN_MAX = 65535, ERRNO_MAX = 4095, POKE_MAX = 1024 };

bool trace_parse_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e3 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 } };
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (end == text || errno || !(value >= 0) || isinf(value))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(end, units[i].unit) == 0 && value * units[i].ns < 9e18) {
			*ns = (uint64_t)(value * units[i].ns);
			return true;
		}
	return false;
}

static bool to_u32(const char *text, char **end, uint32_t min, uint32_t max, uint32_t *ret)
{
	unsigned long value;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	value = strtoul(text, end, 10);
	*ret = (uint32_t)value;
	return errno == 0 && value >= min && value <= max;
}

/* --- the parts ---------------------------------------------------------------------------- */

static bool set_error(struct injection *in, const char *value)
{
	int number = syscall_errno_number(value);
	uint32_t given;
	char *end;

	if (in->what.set_result)
		return false;
	if (number < 0 && to_u32(value, &end, 1, ERRNO_MAX, &given) && *end == '\0')
		number = (int)given;
	if (number <= 0)
		return false;
	in->what.set_result = in->what.fails = true;
	in->what.result = -number;
	return true;
}

static bool set_retval(struct injection *in, const char *value)
{
	char *end;
	long long number;

	if (in->what.set_result || *value == '\0')
		return false;
	errno = 0;
	number = strtoll(value, &end, 0);
	if (errno == ERANGE) {
		errno = 0;
		number = (long long)strtoull(value, &end, 0);
	}
	if (errno || *end != '\0')
		return false;
	in->what.set_result = true;
	in->what.result = number;
	return true;
}

static bool set_signal(struct injection *in, const char *value)
{
	int number = syscall_signal_number(value);
	uint32_t given;
	char *end;

	if (number <= 0 && to_u32(value, &end, 1, 64, &given) && *end == '\0')
		number = (int)given;
	if (in->what.signal || number <= 0)
		return false;
	in->what.signal = number;
	return true;
}

/* Only what can have no effect may be called instead. */
static bool set_syscall(struct injection *in, const char *value)
{
	bool pure = false;

	for (int abi = 0; abi < SYSCALL_ABI_COUNT; abi++) {
		int64_t number = syscall_number(abi, value);
		const struct syscall_entry *entry = number >= 0 ? syscall_find(abi, (uint32_t)number) : NULL;

		pure |= entry && entry->classes & SYSCALL_PURE;
	}
	if (!pure || in->syscall_name)
		return false;
	in->syscall_name = mem_strdup(value);
	return true;
}

static bool set_delay_enter(struct injection *in, const char *value)
{
	return !in->what.delay_enter_ns && trace_parse_time(value, &in->what.delay_enter_ns);
}

static bool set_delay_exit(struct injection *in, const char *value)
{
	return !in->what.delay_exit_ns && trace_parse_time(value, &in->what.delay_exit_ns);
}

/* first[..last][+[step]] */
static bool set_when(struct injection *in, const char *value)
{
	char *end;

	in->last = UINT32_MAX;
	in->step = 1;
	if (!to_u32(value, &end, 1, WHEN_MAX, &in->first))
		return false;
	if (strncmp(end, "..", 2) == 0 && !to_u32(end + 2, &end, in->first, WHEN_MAX - 1, &in->last))
		return false;
	if (*end == '\0') {
		if (in->last == UINT32_MAX)
			in->last = in->first;
		return true;
	}
	if (*end != '+')
		return false;
	if (end[1] == '\0')
		return true;
	return to_u32(end + 1, &end, 1, WHEN_MAX, &in->step) && *end == '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint8_t *hex_bytes(const char *text, size_t length, uint16_t *size)
{
	uint8_t *data;

	if (length == 0 || length % 2 || length / 2 > POKE_MAX)
		return NULL;
	data = mem_alloc(length / 2);
	for (size_t i = 0; i < length; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0) {
			free(data);
			return NULL;
		}
		data[i / 2] = (uint8_t)(high << 4 | low);
	}
	*size = (uint16_t)(length / 2);
	return data;
}

/* @arg1=DEAD,@arg3=BEEF */
static bool set_pokes(struct injection *in, const char *value, struct tracer_poke *pokes)
{
	size_t n = 0;

	if (pokes[0].data)
		return false;
	while (*value) {
		size_t length = strcspn(value, ",");
		struct tracer_poke *p = &pokes[n];

		if (n == TRACER_POKES_MAX || length < 7 || strncmp(value, "@arg", 4) != 0 || value[4] < '1' ||
		    value[4] > '7' || value[5] != '=')
			return false;
		p->arg = (uint8_t)(value[4] - '1');
		for (size_t i = 0; i < n; i++)
			if (pokes[i].arg == p->arg)
				return false;

		uint8_t *data = hex_bytes(value + 6, length - 6, &p->size_bytes);

		if (!data)
			return false;
		p->data = data;
		vec_push(&in->data, data);
		n++;
		value += length + (value[length] == ',');
	}
	return n > 0;
}

static bool set_poke_enter(struct injection *in, const char *value) { return set_pokes(in, value, in->what.enter); }
static bool set_poke_exit(struct injection *in, const char *value) { return set_pokes(in, value, in->what.exit); }

static const struct part {
	const char *name;
	bool (*set)(struct injection *in, const char *value);
	bool in_fault; /* also in fault= */
	const char *takes;
} parts[] = {
	{ "error=", set_error, true, "one of errno(3)'s names or a number up to 4095, once, and not beside retval=" },
	{ "when=", set_when, true, "FIRST[..LAST][+[STEP]], each from 1 to 65535: when=3, when=2+, when=1..9+2" },
	{ "retval=", set_retval, false, "a number, once, and not beside error=" },
	{ "signal=", set_signal, false, "a name or a number of kill -l, once" },
	{ "syscall=", set_syscall, true, "a call that can't fail and has no effect (%pure: getpid, getuid, ...), once" },
	{ "delay_enter=", set_delay_enter, false, "a time, once: 500 (microseconds), 10ms, 2s" },
	{ "delay_exit=", set_delay_exit, false, "a time, once: 500 (microseconds), 10ms, 2s" },
	{ "poke_enter=", set_poke_enter, false, "@argN=HEX[,@argN=HEX...], N from 1 on, two digits a byte, at most 1024 bytes" },
	{ "poke_exit=", set_poke_exit, false, "@argN=HEX[,@argN=HEX...], N from 1 on, two digits a byte, at most 1024 bytes" },
};

static const struct part *find_part(const char *text)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (str_starts(text, parts[i].name))
			return &parts[i];
	return NULL;
}

static bool set_part(struct injection *in, const char *text, bool fault)
{
	const struct part *part = find_part(text);

	return part && (!fault || part->in_fault) && part->set(in, text + strlen(part->name));
}

/* --- the whole ------------------------------------------------------------------------------ */

static void injection_destroy(struct injection *in)
{
	for (size_t i = 0; i < in->data.n; i++)
		free(in->data.v[i]);
	vec_deinit(&in->data);
	map_deinit(&in->counts);
	free(in->syscall_name);
	free(in);
}

void injections_deinit(struct injections *s)
{
	for (size_t i = 0; i < s->v.n; i++)
		injection_destroy(s->v.v[i]);
	vec_deinit(&s->v);
}

/* Another call alone is not enough, as with strace. */
static bool does_something(const struct injection *in)
{
	const struct tracer_tampering *w = &in->what;

	return (w->set_number && !w->silent) || w->signal || w->delay_enter_ns || w->delay_exit_ns || w->enter[0].data ||
	       w->exit[0].data;
}

/* WRONG: the part that is; NULL: all of them together. */
static bool set_parts(struct injection *in, char *text, bool fault, const char **wrong)
{
	for (char *part = strtok(text, ":"); part; part = strtok(NULL, ":"))
		if (!set_part(in, part, fault)) {
			*wrong = part;
			return false;
		}
	if (fault && !in->what.set_result) {
		in->what.set_result = in->what.fails = true;
		in->what.result = -ENOSYS;
	}
	/* another call, and no result: as if this one had succeeded */
	if (in->syscall_name && !in->what.set_result)
		in->what.set_result = in->what.silent = true;
	in->what.set_number = in->what.set_result;
	in->what.number = UINT32_MAX;
	return does_something(in);
}

static struct err *explain(struct err *err, const char *wrong, bool fault)
{
	const struct part *part = wrong ? find_part(wrong) : NULL;

	if (part && fault && !part->in_fault)
		return err_fix(err, "fault= takes error=, syscall= and when=; %s is for --inject", part->name);
	if (part)
		return err_fix(err, "in '%s': %s takes %s", wrong, part->name, part->takes);
	if (wrong)
		return err_fix(err, "no part is called '%s': there are error=, retval=, signal=, delay_enter=, delay_exit=, poke_enter=, "
				    "poke_exit=, syscall= and when=, as in: openat:error=ENOENT:when=2+", wrong);
	return err_fix(err, "that changes nothing: add error=, retval=, signal=, delay_enter=, delay_exit=, poke_enter= or poke_exit=, as in: "
			    "openat:error=ENOENT:when=2+");
}

struct err *injections_add(struct injections *s, const char *text, bool fault)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(text);
	char *rest = copy + strcspn(copy, ":");
	struct injection *in = mem_calloc(1, sizeof(*in));
	const char *wrong = NULL;
	struct err *err;

	if (*rest)
		*rest++ = '\0';
	in->first = in->step = 1;
	in->last = UINT32_MAX;
	map_init(&in->counts);
	err = call_set_parse(copy, &in->calls);
	if (!err && !set_parts(in, rest, fault, &wrong))
		err = explain(err_new(ERR_USAGE, "invalid %s argument '%s'", fault ? "fault" : "inject", text), wrong, fault);
	if (err) {
		injection_destroy(in);
		return err;
	}
	vec_push(&s->v, in);
	return NULL;
}

int64_t injections_last_retval(const struct injections *s)
{
	const struct injection *in = s->v.n ? s->v.v[s->v.n - 1] : NULL;

	return in && in->what.set_result && !in->what.fails ? in->what.result : 0;
}

bool injections_any(const struct injections *s) { return s->v.n > 0; }

static bool is_due(struct injection *in, const struct call_thread *t)
{
	uint64_t key = (uint64_t)t->tid << 32 | (uint64_t)t->call.abi << 24 | (t->call.number & 0xffffff);
	uint64_t n = ++*map_get(&in->counts, key, NULL);

	return n >= in->first && n <= in->last && (n - in->first) % in->step == 0;
}

bool injections_apply(struct injections *s, struct call_thread *t, struct tracer_tampering *what)
{
	for (size_t i = s->v.n; i-- > 0;) {
		struct injection *in = s->v.v[i];

		if (!call_set_has(&in->calls, t->call.abi, t->call.number))
			continue;
		if (!is_due(in, t))
			return false;
		*what = in->what;
		if (in->syscall_name)
			what->number = (uint32_t)syscall_number(t->call.abi, in->syscall_name);
		return true;
	}
	return false;
}

void injections_forget(struct injections *s, pid_t tid)
{
	for (size_t i = 0; i < s->v.n; i++) {
		struct map *counts = &s->v.v[i]->counts;
		VEC(uint64_t) gone = { 0 };
		struct map_slot *slot;

		for (size_t at = 0; (slot = map_next(counts, &at)) != NULL;)
			if (slot->key >> 32 == (uint64_t)tid)
				vec_push(&gone, slot->key);
		for (size_t k = 0; k < gone.n; k++)
			map_remove(counts, gone.v[k]);
		vec_deinit(&gone);
	}
}
