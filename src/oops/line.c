// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Undressing a line.  Each known piece of dress is a small function that moves the cursor
 * behind it or leaves it alone; they are tried in the order in which dresses are worn.  A
 * line with nothing on comes out as it is.
 */
#include "oops/line.h"

#include "oops/match.h"

#include <string.h>

struct cursor {
	const char *at, *end;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

/* Digits at the cursor: how many there are (at most 18), *value their number. */
static size_t take_number(struct cursor *c, uint64_t *value)
{
	size_t n = 0;

	*value = 0;
	while (c->at + n < c->end && is_digit(c->at[n]) && n < 18)
		*value = *value * 10 + (uint64_t)(c->at[n++] - '0');
	c->at += n;
	return n;
}

static bool take_char(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

/* "> > " of a quoted mail. */
static void skip_quoting(struct cursor *c)
{
	while (c->at < c->end && *c->at == '>') {
		c->at++;
		if (c->at < c->end && *c->at == ' ')
			c->at++;
	}
}

/* "\x1b[31m": colours of a captured terminal. */
static void skip_escapes(struct cursor *c)
{
	while (c->end - c->at >= 2 && c->at[0] == '\x1b' && c->at[1] == '[') {
		const char *p = c->at + 2;

		while (p < c->end && (is_digit(*p) || *p == ';'))
			p++;
		if (p == c->end)
			return;
		c->at = p + 1;
	}
}

/* "<6>": a raw console or pstore line. */
static bool take_level(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	uint64_t priority;

	if (!take_char(&try, '<') || take_number(&try, &priority) == 0 || !take_char(&try, '>'))
		return false;
	line->level = (int)(priority & 7);
	line->facility = (int)(priority >> 3 & 127);
	line->dressed = true;
	*c = try;
	return true;
}

/* "12,345,6789012,-;text" of /dev/kmsg; "caller=T12" may stand among the fields. */
static bool take_kmsg(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	uint64_t priority, sequence, time_us, id;
	char who;

	if (take_number(&try, &priority) == 0 || !take_char(&try, ',') || take_number(&try, &sequence) == 0 ||
	    !take_char(&try, ',') || take_number(&try, &time_us) == 0 || !take_char(&try, ','))
		return false;
	const char *semicolon = memchr(try.at, ';', (size_t)(try.end - try.at));

	if (semicolon == NULL || semicolon - try.at > 64)
		return false;
	const char *caller = oops_find(try.at, (size_t)(semicolon - try.at), "caller=");

	if (caller != NULL) {
		struct cursor number = { caller + 8, semicolon };

		who = caller[7];
		if (take_number(&number, &id) > 0)
			line->caller = (uint32_t)(id + 1) | (who == 'C' ? OOPS_CALLER_CPU : 0);
	}
	line->level = (int)(priority & 7);
	line->facility = (int)(priority >> 3 & 127);
	line->time_us = (int64_t)time_us;
	line->dressed = true;
	c->at = semicolon + 1;
	return true;
}

/* "[   12.345678]", perhaps with "@1" or " T123" or " C0" in the bracket. */
static bool take_stamp(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	uint64_t seconds, fraction, id;

	if (!take_char(&try, '['))
		return false;
	skip_blanks(&try);
	if (take_number(&try, &seconds) == 0 || !take_char(&try, '.'))
		return false;
	const char *start = try.at;

	if (take_number(&try, &fraction) == 0)
		return false;
	for (size_t digits = (size_t)(try.at - start); digits < 6; digits++)
		fraction *= 10;
	for (size_t digits = (size_t)(try.at - start); digits > 6; digits--)
		fraction /= 10;
	if (take_char(&try, '@'))
		(void)take_number(&try, &id);
	skip_blanks(&try);
	if (try.at < try.end && (*try.at == 'T' || *try.at == 'C')) {
		char who = *try.at++;

		if (take_number(&try, &id) > 0)
			line->caller = (uint32_t)(id + 1) | (who == 'C' ? OOPS_CALLER_CPU : 0);
	}
	if (!take_char(&try, ']'))
		return false;
	line->time_us = (int64_t)(seconds * 1000000 + fraction);
	line->dressed = true;
	*c = try;
	return true;
}

/* "[  T123]" or "[    C0]" behind the time stamp. */
static bool take_caller(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	uint64_t id;

	if (!take_char(&try, '['))
		return false;
	skip_blanks(&try);
	if (try.at == try.end || (*try.at != 'T' && *try.at != 'C'))
		return false;
	char who = *try.at++;

	if (take_number(&try, &id) == 0 || !take_char(&try, ']'))
		return false;
	line->caller = (uint32_t)(id + 1) | (who == 'C' ? OOPS_CALLER_CPU : 0);
	*c = try;
	return true;
}

/* "(0)[12:task]" and "[cpu:0]", as some Android kernels put in front of each line. */
static void skip_vendor(struct cursor *c)
{
	struct cursor try = *c;
	uint64_t n;

	skip_blanks(&try);
	if (take_char(&try, '(') && take_number(&try, &n) > 0 && take_char(&try, ')') && take_char(&try, '[')) {
		const char *close = memchr(try.at, ']', (size_t)(try.end - try.at));

		if (close != NULL && close - try.at < 40)
			c->at = close + 1;
	}
}

static const char *const weekdays = "MonTueWedThuFriSatSun";
static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool is_one_of(const struct cursor *c, const char *three_letter_names)
{
	if (c->end - c->at < 3)
		return false;
	for (const char *p = three_letter_names; *p != '\0'; p += 3)
		if (memcmp(c->at, p, 3) == 0)
			return true;
	return false;
}

/* "[Mon Nov 20 10:00:00 2023] " of dmesg -T. */
static bool take_dmesg_date(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;

	if (!take_char(&try, '[') || !is_one_of(&try, weekdays))
		return false;
	const char *close = memchr(try.at, ']', (size_t)(try.end - try.at));

	if (close == NULL || close - try.at > 32)
		return false;
	line->dressed = true;
	c->at = close + 1;
	return true;
}

/* "Nov 20 10:00:00 " or "2023-11-20T10:00:00.123456+00:00 ". */
static bool take_date(struct cursor *c)
{
	struct cursor try = *c;
	const char *text = try.at;
	size_t left = (size_t)(try.end - text);
	uint64_t n;

	if (is_one_of(&try, months) && left > 16 && text[3] == ' ' && text[9] == ':' && text[12] == ':' &&
	    is_digit(text[13])) {
		c->at += 16;
		return true;
	}
	if (take_number(&try, &n) == 4 && take_char(&try, '-') && take_number(&try, &n) == 2 &&
	    take_char(&try, '-') && take_number(&try, &n) == 2 &&
	    (take_char(&try, 'T') || take_char(&try, ' ')) && take_number(&try, &n) == 2 && take_char(&try, ':')) {
		const char *blank = memchr(try.at, ' ', (size_t)(try.end - try.at));

		if (blank == NULL || blank - try.at > 24)
			return false;
		c->at = blank + 1;
		return true;
	}
	return false;
}

/* "Nov 20 10:00:00 host kernel: ": the part up to the program's colon, if it is the kernel. */
static bool take_syslog(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;

	if (!take_date(&try))
		return false;
	const char *kernel = oops_find(try.at, (size_t)(try.end - try.at), "kernel:");

	if (kernel == NULL || kernel - try.at > 80) {
		c->at = try.at; /* dmesg --time-format iso has no host */
		line->dressed = true;
		return true;
	}
	c->at = kernel + 7;
	if (c->at < c->end && *c->at == ' ')
		c->at++;
	line->dressed = true;
	return true;
}

/* "kern  :warn  : " of dmesg -x. */
static bool take_decoded_priority(struct cursor *c, struct oops_line *line)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug" };
	struct oops_captures captures;
	struct cursor try = *c;

	captures.n = 0;
	if (memchr(try.at, ':', (size_t)(try.end - try.at)) == NULL)
		return false; /* most lines: frames, registers */
	if (!oops_match("^{facility} :{level} : ", try.at, (size_t)(try.end - try.at), &captures) &&
	    !oops_match("^{facility}:{level} : ", try.at, (size_t)(try.end - try.at), &captures) &&
	    !oops_match("^{facility} :{level}: ", try.at, (size_t)(try.end - try.at), &captures))
		return false;
	const struct oops_capture *level = oops_captured(&captures, "level");

	static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp" };
	const struct oops_capture *facility = oops_captured(&captures, "facility");

	for (int i = 0; i < 12; i++)
		if (strlen(facilities[i]) == facility->length && memcmp(facility->text, facilities[i], facility->length) == 0)
			line->facility = i;
	for (int i = 0; i < 8; i++)
		if (strlen(levels[i]) == level->length && memcmp(level->text, levels[i], level->length) == 0)
			line->level = i;
	if (line->level < 0)
		return false;
	try.at = level->text + level->length;
	skip_blanks(&try);
	(void)take_char(&try, ':');
	(void)take_char(&try, ' ');
	line->dressed = true;
	*c = try;
	return true;
}

/* "** 12 printk messages dropped ** " and "host login: " before a console's line. */
static void skip_console_noise(struct cursor *c)
{
	size_t left = (size_t)(c->end - c->at);
	const char *bracket = memchr(c->at, '[', left < 120 ? left : 120);

	if (bracket == NULL || bracket == c->at)
		return;
	const char *dropped = oops_find(c->at, (size_t)(bracket - c->at), "messages dropped ** ");
	const char *login = oops_find(c->at, (size_t)(bracket - c->at), " login: ");
	struct oops_line ignored = { .level = -1, .facility = -1 };
	struct cursor stamp = { bracket, c->end };

	if ((dropped != NULL || login != NULL) && take_stamp(&stamp, &ignored))
		c->at = bracket;
}

void oops_line_parse(const char *line, size_t length, struct oops_line *ret)
{
	struct cursor c = { line, line + length };

	*ret = (struct oops_line){ .time_us = -1, .level = -1, .facility = -1 };
	while (c.end > c.at && (c.end[-1] == '\r' || c.end[-1] == '\n'))
		c.end--;
	skip_quoting(&c);
	skip_escapes(&c);
	skip_console_noise(&c);
	(void)take_level(&c, ret);
	if (c.at < c.end && is_digit(*c.at)) {
		if (!take_kmsg(&c, ret))
			(void)take_syslog(&c, ret);
	} else if (!take_syslog(&c, ret)) {
		(void)take_decoded_priority(&c, ret);
	}
	(void)take_level(&c, ret);
	skip_escapes(&c);
	if (take_stamp(&c, ret) || take_dmesg_date(&c, ret)) {
		(void)take_caller(&c, ret);
		skip_vendor(&c);
	}
	/* One blank belongs to the dress, further ones to the text. */
	if (ret->dressed)
		(void)take_char(&c, ' ');
	skip_escapes(&c);
	ret->text = c.at;
	ret->length = (size_t)(c.end - c.at);
}
