/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_TRIGGER_H
#define SONDE_OOPS_TRIGGER_H
/* Where in a log could a report begin?  A filter that looks at gigabytes: every headline of
 * every kind contains one of its words (tests/unit/test_oops.c holds that), few other lines do. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRIGGER_WORDS_MAX = 400, TRIGGER_FILTER_BITS = 1 << 17 };
struct trigger {
	uint64_t filter[TRIGGER_FILTER_BITS / 64]; /* hash of four bytes -> may a word begin there or one before? */
	uint16_t head[1 << 14];                   /* hash of three bytes -> 1 + entry; 0: none */
	uint16_t next[2 * TRIGGER_WORDS_MAX];     /* 1 + the next entry of the same hash */
	uint8_t length[TRIGGER_WORDS_MAX];
	/* Entry 2 w is the beginning of word w, 2 w + 1 its second byte. */
};

void trigger_init(struct trigger *t);
/* The first place at or behind TEXT where one of the words stands; NULL: none. */
const char *trigger_find(const struct trigger *t, const char *text, size_t length);

/* Which words stand in TEXT: SEEN has TRIGGER_WORDS_MAX / 64 + 1 words of bits. */
void trigger_words_of(const struct trigger *t, const char *text, size_t length, uint64_t *seen);

/* Newlines in TEXT. */
uint64_t trigger_count_lines(const char *text, size_t length);

extern const char *const trigger_words[]; /* ended by NULL; each at least 4 bytes */

#endif
