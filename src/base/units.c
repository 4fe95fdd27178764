/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One rule for scaled quantities: below 100 one decimal, from 100 on none.  The unit
 * is chosen after rounding, so that 999.96 us is "1.0 ms" and never "1000 us".
 */
#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct scale {
	double factor;
	const char *unit;
};

/* Put commas between each three of the digits in TEXT[FROM..TO). */
static void group_digits(char *text, size_t cap, size_t from, size_t to)
{
	size_t length = strlen(text);

	for (size_t at = to; at > from + 3 && length + 1 < cap; length++) {
		at -= 3;
		memmove(text + at + 1, text + at, length - at + 1);
		text[at] = ',';
	}
}

struct units units_count(uint64_t n)
{
	struct units u;
	int length = snprintf(u.text, sizeof(u.text), "%" PRIu64, n);

	group_digits(u.text, sizeof(u.text), 0, (size_t)length);
	return u;
}

struct units units_count_signed(int64_t n)
{
	struct units u;
	int length = snprintf(u.text, sizeof(u.text), "%" PRId64, n);

	group_digits(u.text, sizeof(u.text), n < 0, (size_t)length);
	return u;
}

static struct units not_finite(double n)
{
	struct units u;

	snprintf(u.text, sizeof(u.text), "%s", isnan(n) ? "-" : n < 0 ? "-inf" : "inf");
	return u;
}

/* N in the largest of SCALES (ascending, COUNT of them) that leaves it at least 1. */
static struct units scaled(double n, const struct scale *scales, size_t count)
{
	double size = fabs(n);
	struct units u;
	size_t i = 0;

	while (i + 1 < count) {
		double shown = size / scales[i].factor;
		double next = scales[i + 1].factor / scales[i].factor;

		if ((i == 0 || shown < 100 ? floor(shown * 10 + 0.5) / 10 : floor(shown + 0.5)) <
		    next)
			break;
		i++;
	}
	size /= scales[i].factor;
	/* A plain count of the base unit has no decimals unless it isn't whole. */
	int decimals =
		floor(size * 10 + 0.5) / 10 >= 100 || (i == 0 && size == floor(size)) ? 0 : 1;

	if (size >= 1e15)
		snprintf(u.text, sizeof(u.text), "%.3e %s", n / scales[i].factor, scales[i].unit);
	else
		snprintf(u.text, sizeof(u.text), "%s%.*f %s", n < 0 ? "-" : "", decimals, size,
			 scales[i].unit);
	return u;
}

/* From two minutes on: two units, the second one whole. */
static struct units long_duration(double ns)
{
	static const struct {
		uint64_t seconds, below;
		const char *unit, *minor;
		uint64_t minor_seconds;
	} forms[] = {
		{ 60, 3600, "min", "s", 1 },
		{ 3600, 86400, "h", "min", 60 },
		{ 86400, UINT64_MAX, "d", "h", 3600 },
	};
	double size = fabs(ns) / 1e9;
	uint64_t seconds = size < 1e17 ? (uint64_t)size : (uint64_t)1e17;
	struct units u;
	size_t i = 0;

	/* Round to the minor unit first; that may carry into the next form. */
	for (;; i++) {
		uint64_t minor = forms[i].minor_seconds;
		uint64_t rounded = (uint64_t)((double)seconds / (double)minor + 0.5) * minor;

		if (i == 0)
			rounded = (uint64_t)(size < 1e17 ? size + 0.5 : 1e17);
		if (rounded >= forms[i].below && i + 1 < sizeof(forms) / sizeof(*forms))
			continue;
		uint64_t rest = rounded % forms[i].seconds / minor;

		snprintf(u.text, sizeof(u.text), "%s%" PRIu64 " %s", ns < 0 ? "-" : "",
			 rounded / forms[i].seconds, forms[i].unit);
		if (rest) {
			size_t at = strlen(u.text);

			snprintf(u.text + at, sizeof(u.text) - at, " %" PRIu64 " %s", rest,
				 forms[i].minor);
		}
		return u;
	}
}

struct units units_duration_ns(double ns)
{
	static const struct scale scales[] = {
		{ 1, "ns" }, { 1e3, "us" }, { 1e6, "ms" }, { 1e9, "s" }
	};

	if (!isfinite(ns))
		return not_finite(ns);
	if (ns == 0)
		return (struct units){ "0 s" };
	if (fabs(ns) >= 119.95e9)
		return long_duration(ns);
	return scaled(fabs(ns) < 1e3 ? round(ns) : ns, scales, 4);
}

struct units units_bytes(double bytes)
{
	static const struct scale scales[] = {
		{ 1, "B" },
		{ 1024.0, "KiB" },
		{ 1048576.0, "MiB" },
		{ 1073741824.0, "GiB" },
		{ 1099511627776.0, "TiB" },
		{ 1125899906842624.0, "PiB" },
	};

	return isfinite(bytes) ? scaled(bytes, scales, 6) : not_finite(bytes);
}

struct units units_hz(double hz)
{
	static const struct scale scales[] = {
		{ 1, "Hz" }, { 1e3, "kHz" }, { 1e6, "MHz" }, { 1e9, "GHz" }
	};

	return isfinite(hz) ? scaled(hz, scales, 4) : not_finite(hz);
}

struct units units_ratio(double ratio)
{
	double percent = ratio * 100, size = fabs(percent);
	struct units u;

	if (!isfinite(ratio))
		return not_finite(ratio);
	if (size == 0)
		snprintf(u.text, sizeof(u.text), "0 %%");
	else if (size < 0.05)
		snprintf(u.text, sizeof(u.text), percent < 0 ? ">-0.1 %%" : "<0.1 %%");
	else if (size < 1e9)
		snprintf(u.text, sizeof(u.text), "%.*f %%", size < 9.95 ? 1 : 0, percent);
	else
		snprintf(u.text, sizeof(u.text), "%.3g %%", percent);
	return u;
}

struct units units_ratio_fixed(double ratio)
{
	struct units u;
	double percent = ratio * 100;

	if (!isfinite(ratio))
		return not_finite(ratio);
	if (fabs(percent) < 0.05) /* no "-0.0 %" */
		percent = 0;
	snprintf(u.text, sizeof(u.text), fabs(percent) < 1e9 ? "%.1f %%" : "%.3g %%", percent);
	return u;
}

struct units units_time_ns(int64_t ns)
{
	struct units u;
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	uint64_t us = size / 1000;

	snprintf(u.text, sizeof(u.text), "%s%" PRIu64 ".%06" PRIu64 " s", ns < 0 ? "-" : "",
		 us / 1000000, us % 1000000);
	return u;
}

struct units units_addr(uint64_t addr)
{
	struct units u;

	snprintf(u.text, sizeof(u.text), "0x%" PRIx64, addr);
	return u;
}

struct units units_number(double n)
{
	struct units u;
	double size = fabs(n);

	if (!isfinite(n))
		return not_finite(n);
	if (size != 0 && (size < 1e-4 || size >= 1e15)) {
		snprintf(u.text, sizeof(u.text), "%.4g", n);
		return u;
	}
	if (size < 1000) {
		snprintf(u.text, sizeof(u.text), "%.4g", n);
		return u;
	}
	int length = snprintf(u.text, sizeof(u.text), "%.0f", n);

	group_digits(u.text, sizeof(u.text), n < 0, (size_t)length);
	return u;
}
