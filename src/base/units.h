/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_UNITS_H
#define SONDE_BASE_UNITS_H
/*
 * Quantities as people read them: a unit always, rounded to what a person can use.
 * The exact value is for JSON and SQL.
 *
 *   log_note("%s in %s", units_bytes(n).text, units_duration_ns(t).text);
 *
 * The text lives in the returned struct, until the end of the full expression.
 */
#include <stdint.h>

struct units {
	char text[40];
};

struct units units_count(uint64_t n);	    /* 118,204 */
struct units units_count_signed(int64_t n); /* -1,204 */
/* "812 ns", "12.4 ms", "63.0 s", "2 min 5 s", "3 h 10 min", "4 d 2 h"; negative too. */
struct units units_duration_ns(double ns);
struct units units_bytes(double bytes); /* "812 B", "3.1 MiB" (powers of 1024) */
struct units units_hz(double hz);	/* "99 Hz", "2.4 GHz" */
/* In prose: "44 %", "4.4 %", "<0.1 %", "0 %". */
struct units units_ratio(double ratio);
/* In columns, where the points should stand below each other: "44.1 %", "0.0 %". */
struct units units_ratio_fixed(double ratio);
/* Seconds with microseconds: "12.345678 s", for moments on one clock. */
struct units units_time_ns(int64_t ns);
struct units units_addr(uint64_t addr); /* 0x7f12ab */
/* No unit: up to 4 significant digits, no exponent between 1e-4 and 1e15: "0.1234", "12,346". */
struct units units_number(double n);

#endif
