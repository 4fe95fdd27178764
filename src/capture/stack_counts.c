/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What served the stacks of a recording that were unwound from copies, in its notes. */
#include "capture/stack_counts.h"

#include "base/str.h"
#include "base/units.h"
#include "event/types.h"

#include <stdio.h>

void stack_counts_add(struct stack_counts *c, const struct unwind_result *result, const struct unwind_copy *copy,
		      uint8_t *flags)
{
	bool broken = result->end == UNWIND_BROKEN;

	c->stacks++;
	c->frames += result->count;
	c->copied_bytes += copy->size_bytes;
	c->by_cfi += result->by_table > 0;
	c->by_full += result->has_full;
	c->by_fp += result->by_fp > 0;
	c->by_guess += result->by_guess > 0;
	c->broken += broken;
	c->too_long += broken && copy->is_short;
	c->why[result->why & 7] += broken && !copy->is_short;
	*flags |= (result->by_table ? SAMPLE_STACK_CFI : 0) | (broken ? SAMPLE_STACK_BROKEN : 0) |
		  (result->end == UNWIND_CUT ? SAMPLE_STACK_CUT : 0);
}

static void say_count(struct str *line, uint64_t count, const char *what)
{
	if (count)
		str_printf(line, "%s%s %s", line->length ? ", " : "", units_count(count).text, what);
}

static void note(struct recorder *r, const char *prefix, const char *name, const struct str *line)
{
	char key[64];

	snprintf(key, sizeof(key), "%s.%s", prefix, name);
	if (line->length)
		recorder_note(r, key, str_text(line));
}

void stack_counts_note(const struct stack_counts *c, struct recorder *r, const char *prefix, const char *longest)
{
	static const char *const why[8] = {
		[UNWIND_WHY_MEMORY] = "where the copy does not reach (handlers on a stack of their own)",
		[UNWIND_WHY_NO_CODE] = "at an address without code",
		[UNWIND_WHY_NO_CFI] = "in code without CFI and frame pointer",
		[UNWIND_WHY_REGISTERS] = "at CFI that could not be followed",
		[UNWIND_WHY_FRAME] = "at a frame that can't be",
	};
	struct str line;

	if (c->stacks == 0)
		return;
	str_init(&line);
	say_count(&line, c->by_cfi, "by CFI");
	say_count(&line, c->by_fp, "with frame pointers where there was none");
	say_count(&line, c->by_guess, "with a guess in the innermost frame");
	note(r, prefix, "served", &line);
	str_deinit(&line);
	str_init(&line);
	if (c->too_long)
		str_printf(&line, "%s longer than the copy (%s at most)", units_count(c->too_long).text, longest);
	for (size_t i = 0; i < 8; i++)
		if (why[i])
			say_count(&line, c->why[i], why[i]);
	note(r, prefix, "broken", &line);
	str_deinit(&line);
}
