/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_STACK_COUNTS_H
#define SONDE_CAPTURE_STACK_COUNTS_H
/* Of user stacks that came as copies (unwind/unwind.h): how many there were, what served them, and
 * why some are broken off. */
#include "record/recorder.h"
#include "unwind/unwind.h"

#include <stdint.h>

struct stack_counts {
	uint64_t stacks, frames, copied_bytes;
	uint64_t by_cfi, by_full, by_fp, by_guess;
	uint64_t broken, too_long; /* too_long: broken where the copy ended */
	uint64_t why[8];           /* of the broken ones: enum unwind_why */
};

/* Counts RESULT, of COPY, and adds to the sample's FLAGS (event/types.h, SAMPLE_STACK_*). */
void stack_counts_add(struct stack_counts *c, const struct unwind_result *result, const struct unwind_copy *copy,
		      uint8_t *flags);

/* As notes PREFIX.served and PREFIX.broken.  LONGEST: how long a copy may be, for the reader. */
void stack_counts_note(const struct stack_counts *c, struct recorder *r, const char *prefix, const char *longest);

#endif
