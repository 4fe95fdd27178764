/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_DMESG_H
#define SONDE_SESSION_DMESG_H
/* The kernel's log for reading: filtered, coloured, in groups that a person looks for. */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum dmesg_time { DMESG_TIME_BOOT, DMESG_TIME_CTIME, DMESG_TIME_ISO, DMESG_TIME_DELTA, DMESG_TIME_NONE };
extern const char *const dmesg_time_choices[];  /* in the order of enum dmesg_time; ended by NULL */
extern const char *const dmesg_level_choices[]; /* emerg .. debug: 0 .. 7 */
extern const char *const dmesg_group_choices[]; /* reports, oom, hardware ... */

/* A moment on the clock that the log has. */
enum dmesg_clock { DMESG_OPEN, DMESG_SINCE_BOOT, DMESG_WALL };
struct dmesg_moment {
	enum dmesg_clock clock;  /* DMESG_OPEN: no bound */
	int64_t us;              /* since boot, or since 1970 */
	int boot;                /* in this one of a log of several, from 0; -1: in each */
};

struct dmesg_options {
	const char *path;          /* NULL: the running kernel's log; "-" standard input */
	bool follow, only_new;
	unsigned levels;           /* bit N: level N; 0: all */
	unsigned facilities;       /* bit N: facility N; 0: all */
	unsigned groups;           /* bit N: dmesg_group_choices[N]; 0: all */
	const char *match;         /* only lines that contain it; NULL: all */
	struct dmesg_moment since, until;
	enum dmesg_time time;
	bool decode;               /* facility and level in front */
	bool json;                 /* a line, an object */
	bool color;
	uint64_t tail;             /* only the last so many lines; 0: all */
};

struct err *dmesg_print(const struct dmesg_options *options, FILE *out);

/* Level or facility by name ("err", "kern") or number; a comma-separated list to bits.  "err+":
 * that level and all that are worse.  ERR_USAGE. */
struct err *dmesg_parse_levels(const char *list, unsigned *bits);
struct err *dmesg_parse_facilities(const char *list, unsigned *bits);
/* "10m" ago, "12.5" seconds after boot ("@12.5"), "2026-01-31 10:00".  Of a saved log (PATH; NULL: the running kernel's), ago is
 * before its end (of several boots: the last one's, which is said), and dates are an error where its lines have none. */
struct err *dmesg_parse_moment(const char *text, const char *path, struct dmesg_moment *ret);
/* ERR_USAGE where no line of the saved log PATH has a date.  Of standard input nothing can be said. */
struct err *dmesg_check_dates(const char *path);

struct err *dmesg_clear(void);
/* Messages below this level (1..8) go to the console. */
struct err *dmesg_set_console_level(const char *level);

#endif
