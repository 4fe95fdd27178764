// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Dates in front of lines, in the forms that have a year: dmesg -T's, ISO 8601 with or without a zone, seconds and microseconds
 * since 1970.  Read only when somebody asks: mktime() costs more than all the rest of a line.
 */
#include "oops/line.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_MAX = 63 };

/* ".123" or ",123456": microseconds.  *TEXT moves behind. */
static int64_t fraction_us(const char **text)
{
	int64_t us = 0, unit = 100000;

	if (**text != '.' && **text != ',')
		return 0;
	for ((*text)++; isdigit((unsigned char)**text); (*text)++, unit /= 10)
		us += (**text - '0') * unit;
	return us;
}

/* "Z", "+02:00", "-0530" at TEXT; nothing known: local time. */
static int64_t seconds_of(struct tm *tm, const char *zone)
{
	int hours, minutes;

	if (*zone == 'Z')
		return timegm(tm);
	if ((*zone == '+' || *zone == '-') && (sscanf(zone + 1, "%2d:%2d", &hours, &minutes) == 2 || sscanf(zone + 1, "%2d%2d", &hours, &minutes) == 2))
		return timegm(tm) - (*zone == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	tm->tm_isdst = -1;
	return mktime(tm);
}

static int64_t date_us(const char *text)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%a %Y-%m-%d %H:%M:%S", "%a %b %d %H:%M:%S %Y", NULL };

	for (const char *const *f = formats; *f != NULL; f++) {
		struct tm tm = { .tm_mday = 0 };
		const char *end = strptime(text, *f, &tm);

		if (end == NULL)
			continue;
		int64_t us = fraction_us(&end), seconds = seconds_of(&tm, end);

		return seconds < 0 ? -1 : seconds * 1000000 + us;
	}
	return -1;
}

int64_t oops_wall_us(const char *text, size_t length)
{
	char copy[TEXT_MAX + 1];
	uint64_t seconds, us;
	int n = 0;

	if (length == 0 || length > TEXT_MAX)
		return -1;
	memcpy(copy, text, length);
	copy[length] = '\0';
	size_t digits = strspn(copy, "0123456789");

	if (digits == length)
		return length == 16 ? (int64_t)strtoull(copy, NULL, 10) : -1;
	if (digits >= 9 && digits < 12)
		return sscanf(copy, "%" SCNu64 ".%6" SCNu64 "%n", &seconds, &us, &n) == 2 && (size_t)n == digits + 7 ? (int64_t)(seconds * 1000000 + us) : -1;
	return date_us(copy);
}

int64_t oops_line_wall_us(const struct oops_line *line)
{
	if (line->wall_us >= 0 || line->wall == NULL)
		return line->wall_us;
	return oops_wall_us(line->wall, line->wall_length);
}
