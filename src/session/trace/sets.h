/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_SETS_H
#define SONDE_SESSION_TRACE_SETS_H
/*
 * The sets that strace's -e takes: "[!]value[,value]", with "all" and "none".  Messages
 * are strace's, advice (the nearest name, what there is) is ours: sonde strace leaves it out.
 */
#include "base/err.h"
#include "capture/calls.h"

#include <stdbool.h>
#include <stdint.h>

/* Of system calls: names, numbers, %classes, /regex, ?name, name@64.  Where the help has more, the error's
 * advice is CALL_SET_SEE_HELP: who knows by what name we were called says where it is. */
#define CALL_SET_SEE_HELP "see the help"
struct err *call_set_parse(const char *text, struct call_set *ret);
/* The call of that name in all ABIs of this machine? */
bool call_set_has_name(const struct call_set *s, const char *name);
void call_set_add_unknown(struct call_set *s); /* what no table knows */
void call_set_fill(struct call_set *s, bool on);

/* Of small numbers: signals and file descriptors. */
struct number_set {
	uint64_t *bits; /* NULL: empty, or full when `inverted` */
	size_t words;
	bool inverted;
};
bool number_set_has(const struct number_set *s, unsigned number);
void number_set_deinit(struct number_set *s);
/* WHAT: "signal", "descriptor". */
struct err *signal_set_parse(const char *text, struct number_set *ret);
struct err *descriptor_set_parse(const char *text, struct number_set *ret);

/* Of words: bit i of *ret for words[i] (NULL-terminated; equal `bits` make synonyms). */
struct word_bit {
	const char *word;
	uint32_t bit;
};
struct err *word_set_parse(const char *text, const char *what, const struct word_bit *words, uint32_t *ret);

#endif
