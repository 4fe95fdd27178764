/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_LINE_H
#define SONDE_OOPS_LINE_H
/*
 * One line of a kernel log without its dress: mail quoting, syslog or journald prefix,
 * level, time stamp, caller.  What remains is what the kernel's printk() was given.
 * Dresses that are known: dmesg (with -T, -x, --time-format iso too), /dev/kmsg and pstore
 * records, syslog (RFC 5424 too) and journalctl lines in all of its formats, what containers,
 * terminals, grep -n, quotes and indentation put in front, serial consoles with printk.caller
 * (CONFIG_PRINTK_CALLER), Android's "(2)[123:task]" and "@cpu" forms, logcat.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oops_line {
	const char *text;  /* points into the line that was given; not NUL-terminated */
	size_t length;
	int64_t time_us;   /* since boot; -1: no time stamp, or one of the wall clock */
	/* What the line says of the wall clock: a date in front, which oops_line_wall_us() reads, or a number. */
	const char *wall;  /* in the line that was given; NULL: none */
	size_t wall_length;
	int64_t wall_us;   /* since 1970; -1: see wall */
	int level;         /* 0..7, -1: not known */
	int facility;      /* 0: the kernel, 3: daemons ...; -1: not known */
	/* Who printed it: 0 not said, else 1 + task id for "[T123]", and 1 + CPU with the top
	 * bit set for "[C0]". */
	uint32_t caller;
	bool dressed;      /* had a time stamp or level: the kernel's own line */
	bool is_foreign;   /* a program's line: "host program[12]:" of a syslog, or a facility that isn't the kernel's */
};
#define OOPS_CALLER_CPU 0x80000000u

/* When it was, in microseconds since 1970; -1: the line has no date, or one without a year.  Dates without a zone are local. */
int64_t oops_line_wall_us(const struct oops_line *line);
/* The same of a date alone: "2026-01-31T10:00:00.5+01:00", "Sat Jan 31 10:00:00 2026", "1763743802.123456", or 16 digits of microseconds. */
int64_t oops_wall_us(const char *text, size_t length);

void oops_line_parse(const char *line, size_t length, struct oops_line *ret);

/* The same of a line that may be wrapped whole: an object of JSON, of the journal or a container's log; HTML.  What is inside is
 * then in PLAIN, and ret->text points there: until the next call. */
struct str;
void oops_line_read(const char *line, size_t length, struct str *plain, struct oops_line *ret);

#endif
