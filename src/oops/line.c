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

/* WORD at the cursor. */
static bool take_text(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
		return false;
	c->at += n;
	return true;
}

/* A word and the blank behind it. */
static bool take_word(struct cursor *c)
{
	const char *blank = memchr(c->at, ' ', (size_t)(c->end - c->at));

	if (blank == NULL || blank == c->at)
		return false;
	c->at = blank + 1;
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

/* "<    0.000001>" of dmesg -d behind the seconds. */
static void skip_delta(struct cursor *c)
{
	struct cursor try = *c;
	uint64_t n;

	skip_blanks(&try);
	if (!take_char(&try, '<'))
		return;
	skip_blanks(&try);
	if (take_number(&try, &n) > 0 && take_char(&try, '.') && take_number(&try, &n) > 0 && take_char(&try, '>'))
		*c = try;
}

/* "[   12.345678]", perhaps with "@1", "< 0.1>" or " T123" or " C0" in the bracket; "[  +0.000001]" of dmesg -H. */
static bool take_stamp(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	uint64_t seconds, fraction, id;

	if (!take_char(&try, '['))
		return false;
	skip_blanks(&try);
	bool is_relative = take_char(&try, '+');

	if (take_number(&try, &seconds) == 0 || !take_char(&try, '.'))
		return false;
	const char *start = try.at;

	if (take_number(&try, &fraction) == 0)
		return false;
	const size_t length = (size_t)(try.at - start);

	for (size_t digits = length; digits < 6; digits++)
		fraction *= 10;
	for (size_t digits = length; digits > 6; digits--)
		fraction /= 10;
	if (take_char(&try, '@'))
		(void)take_number(&try, &id);
	skip_delta(&try);
	skip_blanks(&try);
	if (try.at < try.end && (*try.at == 'T' || *try.at == 'C')) {
		char who = *try.at++;

		if (take_number(&try, &id) > 0)
			line->caller = (uint32_t)(id + 1) | (who == 'C' ? OOPS_CALLER_CPU : 0);
	}
	if (!take_char(&try, ']'))
		return false;
	line->time_us = is_relative || seconds > INT64_MAX / 2000000 ? -1 : (int64_t)(seconds * 1000000 + fraction);
	line->dressed = line->dressed || length != 7; /* NetBSD has a digit more */
	*c = try;
	return true;
}

/* "[  T123]" or "[    C0]" behind the time stamp. */
static bool take_caller(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	uint64_t id;

	(void)take_char(&try, ' ');
	if (!take_char(&try, '['))
		return false;
	skip_blanks(&try);
	if (try.at == try.end || (*try.at != 'T' && *try.at != 'C'))
		return false;
	char who = *try.at++;

	if (take_number(&try, &id) == 0)
		return false;
	skip_blanks(&try);
	if (!take_char(&try, ']'))
		return false;
	line->caller = (uint32_t)(id + 1) | (who == 'C' ? OOPS_CALLER_CPU : 0);
	*c = try;
	return true;
}

/* "(0)[12:task]" and "c0   12 ", as some Android kernels put in front of each line. */
static void skip_vendor(struct cursor *c)
{
	struct cursor try = *c;
	uint64_t n;

	skip_blanks(&try);
	if (take_char(&try, '(') && take_number(&try, &n) > 0 && take_char(&try, ')') && take_char(&try, '[')) {
		const char *close = memchr(try.at, ']', (size_t)(try.end - try.at));

		if (close != NULL && close - try.at < 40)
			c->at = close + 1;
		return;
	}
	/* "c2  4141 " */
	if (take_char(&try, 'c') && take_number(&try, &n) > 0 && try.at < try.end && *try.at == ' ') {
		skip_blanks(&try);
		if (take_number(&try, &n) > 0 && try.at < try.end && *try.at == ' ')
			c->at = try.at;
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

/* "[Mon Nov 20 10:00:00 2023] " of dmesg -T, "[Nov20 10:00] " of dmesg -H. */
static bool take_dmesg_date(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;

	if (!take_char(&try, '[') || (!is_one_of(&try, weekdays) && !(is_one_of(&try, months) && try.end - try.at > 4 && is_digit(try.at[4]))))
		return false;
	const char *close = memchr(try.at, ']', (size_t)(try.end - try.at));

	if (close == NULL || close - try.at > 32)
		return false;
	line->dressed = true;
	line->wall = try.at;
	line->wall_length = (size_t)(close - try.at);
	c->at = close + 1;
	return true;
}

/* "Nov 20 10:00:00 " or "2023-11-20T10:00:00.123456+00:00 ".  *HAS_HOST: syslog writes it so, and a host behind it. */
static bool take_date(struct cursor *c, bool *has_host)
{
	struct cursor try = *c;
	const char *text = try.at;
	size_t left = (size_t)(try.end - text);
	uint64_t n;

	if (is_one_of(&try, months) && left > 16 && text[3] == ' ' && text[9] == ':' && text[12] == ':' &&
	    is_digit(text[13])) {
		c->at += 16;
		*has_host = true;
		return true;
	}
	if (is_one_of(&try, weekdays) && left > 4 && text[3] == ' ')
		try.at += 4; /* journalctl -o short-full */
	if (take_number(&try, &n) == 4 && take_char(&try, '-') && take_number(&try, &n) == 2 &&
	    take_char(&try, '-') && take_number(&try, &n) == 2 &&
	    (take_char(&try, 'T') || take_char(&try, ' ')) && take_number(&try, &n) == 2 && take_char(&try, ':')) {
		const char *blank = memchr(try.at, ' ', (size_t)(try.end - try.at));

		if (blank == NULL || blank - try.at > 24)
			return false;
		/* dmesg has a comma and no host; what ends in Z is mostly a container's */
		*has_host = blank[-1] != 'Z' && memchr(try.at, ',', (size_t)(blank - try.at)) == NULL && memchr(try.at, '.', (size_t)(blank - try.at)) != NULL;
		c->at = blank + 1;
		return true;
	}
	return false;
}

/* "1763743802.123456 host kernel: " of journalctl -o short-unix: up to the host. */
static bool take_unix_time(struct cursor *c)
{
	struct cursor try = *c;
	uint64_t n;

	if (take_number(&try, &n) < 9 || !take_char(&try, '.') || take_number(&try, &n) != 6 || !take_char(&try, ' '))
		return false;
	c->at = try.at;
	return true;
}

/* The last of two words of the kernel's that end in a colon, and look like a host and its program in a dress that has no host. */
static bool is_kernel_phrase(const char *word, size_t length)
{
	static const char *const words[] = { "error", "opcode", "fault", "trap", "segment", "trace", "Trace", "name", "backtrace", "info", "at", "in", "exception", "panic", "wq", "dump" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
			return true;
	return false;
}

static bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

/* "host program[12]: " or, where the dress has a host for sure, "host program: ", of another program than the kernel. */
static bool is_of_program(struct cursor try, bool has_host)
{
	const char *host = try.at;
	uint64_t n;

	if (!take_word(&try) || memchr(host, ':', (size_t)(try.at - host)) != NULL || memchr(host, '[', (size_t)(try.at - host)) != NULL)
		return false;
	const char *tag = try.at;

	while (try.at < try.end && *try.at > ' ' && *try.at != '[' && *try.at != ':')
		try.at++;
	size_t length = (size_t)(try.at - tag);

	if (length == 0 || (length == 6 && memcmp(tag, "kernel", 6) == 0))
		return false;
	if (take_char(&try, '[') && take_number(&try, &n) > 0 && take_char(&try, ']') && take_char(&try, ':'))
		return true;
	return has_host && is_letter(*tag) && !is_kernel_phrase(tag, length) && tag + length + 1 < try.end && tag[length] == ':' && tag[length + 1] == ' ';
}

/* "host kernel - - - ": what follows the date in RFC 5424. */
static bool take_rfc5424(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	bool ignored;

	if (!take_text(&try, "1 "))
		return false;
	const char *date = try.at;

	if (!take_date(&try, &ignored))
		return false;
	line->wall = date;
	line->wall_length = (size_t)(try.at - date) - 1;
	if (!take_word(&try))
		return false;
	line->is_foreign = !take_text(&try, "kernel ") && !take_text(&try, "- ") && take_word(&try);
	if (!take_word(&try) || !take_word(&try))
		return false;
	if (take_char(&try, '[')) {
		const char *close = memchr(try.at, ']', (size_t)(try.end - try.at));

		if (close == NULL)
			return false;
		try.at = close + 1;
	} else {
		(void)take_char(&try, '-');
	}
	(void)take_char(&try, ' ');
	line->dressed = true;
	*c = try;
	return true;
}

/* "Nov 20 10:00:00 host kernel: ": the part up to the program's colon, if it is the kernel. */
static bool take_syslog(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	bool has_host = true; /* of the journal's seconds */

	if (!take_date(&try, &has_host) && !take_unix_time(&try))
		return false;
	line->wall = c->at;
	line->wall_length = (size_t)(try.at - c->at) - 1;
	line->is_foreign = is_of_program(try, has_host);
	const char *kernel = oops_find(try.at, (size_t)(try.end - try.at), "kernel:");

	if (kernel == NULL || kernel - try.at > 80) {
		if (take_text(&try, "stdout ") || take_text(&try, "stderr ")) /* a container's log */
			(void)(take_text(&try, "F ") || take_text(&try, "P "));
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

/* "host kernel: " behind the time stamp, or "host program[12]: ": journalctl -o short-monotonic. */
static void skip_host(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;

	(void)take_char(&try, ' ');
	line->is_foreign = line->is_foreign || is_of_program(try, false);
	const char *host = try.at;

	if (take_word(&try) && memchr(host, ':', (size_t)(try.at - host)) == NULL && take_text(&try, "kernel:"))
		*c = try;
}

/* "[2024-05-01 10:00:00.123] ", "[10:00:00.123] " and "10:00:00.123 " of a terminal program. */
static bool take_wall_clock(struct cursor *c)
{
	struct cursor try = *c;
	bool in_bracket = take_char(&try, '[');
	uint64_t n;
	struct cursor date = try;

	if (in_bracket && take_number(&date, &n) == 4 && take_char(&date, '-') && take_number(&date, &n) == 2 && take_char(&date, '-') &&
	    take_number(&date, &n) == 2 && (take_char(&date, ' ') || take_char(&date, 'T')))
		try = date;
	if (take_number(&try, &n) != 2 || !take_char(&try, ':') || take_number(&try, &n) != 2 || !take_char(&try, ':') || take_number(&try, &n) != 2)
		return false;
	if (take_char(&try, '.') || take_char(&try, ','))
		(void)take_number(&try, &n);
	if ((in_bracket && !take_char(&try, ']')) || !take_char(&try, ' '))
		return false;
	*c = try;
	return true;
}

/* Does a line printk() wrote begin here? */
static bool is_at_stamp(struct cursor try)
{
	struct oops_line ignored = { .level = -1, .facility = -1 };

	(void)take_level(&try, &ignored);
	return take_stamp(&try, &ignored);
}

/* What others put before a line that has the kernel's stamp: indentation, "12:" of grep -n, "| " and "JD> " of quotes,
 * "service-1  | " of containers.  Without the stamp it could be the line's own text. */
static void skip_margin(struct cursor *c)
{
	struct cursor try = *c;
	uint64_t n;

	skip_blanks(&try);
	if (take_number(&try, &n) > 0) {
		if (!take_char(&try, ':') && !take_char(&try, '-'))
			return;
	} else {
		const char *word = try.at;

		while (try.at < try.end && try.at - word < 40 && ((*try.at | 0x20) >= 'a' ? (*try.at | 0x20) <= 'z' : is_digit(*try.at) || *try.at == '-' || *try.at == '_' || *try.at == '.'))
			try.at++;
		bool has_word = try.at > word;

		skip_blanks(&try);
		if (!take_char(&try, '|') && !take_char(&try, '>') && has_word)
			return;
	}
	skip_blanks(&try);
	if (try.at != c->at && is_at_stamp(try))
		*c = try;
}

/* "MESSAGE=text" of journalctl -o verbose and export. */
static bool take_journal_field(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;

	skip_blanks(&try);
	if (!take_text(&try, "MESSAGE="))
		return false;
	line->dressed = true;
	*c = try;
	return true;
}

/* "11-21 16:50:02.123  1234  1234 E kernel  : " of logcat -v threadtime, "E/kernel  (    0): " of -v brief. */
static bool take_logcat(struct cursor *c, struct oops_line *line)
{
	struct cursor try = *c;
	uint64_t n;
	bool is_threadtime = take_number(&try, &n) == 2 && take_char(&try, '-') && take_number(&try, &n) == 2 && take_char(&try, ' ') &&
		take_number(&try, &n) == 2 && take_char(&try, ':') && take_number(&try, &n) == 2 && take_char(&try, ':') &&
		take_number(&try, &n) == 2 && take_char(&try, '.') && take_number(&try, &n) >= 3;

	for (int id = 0; is_threadtime && id < 2; id++) {
		skip_blanks(&try);
		is_threadtime = take_number(&try, &n) > 0;
	}
	if (is_threadtime)
		skip_blanks(&try);
	else
		try = *c;
	if (try.end - try.at < 4 || strchr("VDIWEF", *try.at) == NULL || *try.at == '\0' || (try.at[1] != (is_threadtime ? ' ' : '/')))
		return false;
	try.at += 2;
	const char *tag = try.at;
	const char *colon = oops_find(tag, (size_t)(try.end - tag), ": ");

	if (colon == NULL || colon - tag > 40 || (!is_threadtime && colon[-1] != ')'))
		return false;
	line->is_foreign = !(colon - tag >= 6 && memcmp(tag, "kernel", 6) == 0);
	line->dressed = true;
	c->at = colon + 2;
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

/* A record's or a logger's prefix. */
static void take_outer(struct cursor *c, struct oops_line *line)
{
	if (take_level(c, line) && take_rfc5424(c, line))
		return;
	if (c->at < c->end && is_digit(*c->at)) {
		if (!take_kmsg(c, line) && !take_logcat(c, line))
			(void)take_syslog(c, line);
	} else if (c->end - c->at > 2 && c->at[1] == '/') {
		(void)take_logcat(c, line);
	} else if (!take_journal_field(c, line) && !take_syslog(c, line)) {
		(void)take_decoded_priority(c, line);
	}
}

void oops_line_parse(const char *line, size_t length, struct oops_line *ret)
{
	struct cursor c = { line, line + length };

	*ret = (struct oops_line){ .time_us = -1, .wall_us = -1, .level = -1, .facility = -1 };
	while (c.end > c.at && (c.end[-1] == '\r' || c.end[-1] == '\n'))
		c.end--;
	(void)take_text(&c, "\xef\xbb\xbf");
	(void)take_char(&c, '\r'); /* LF CR ends */
	skip_quoting(&c);
	skip_escapes(&c);
	skip_console_noise(&c);
	skip_margin(&c);
	const char *clock = c.at;

	if (take_wall_clock(&c)) {
		ret->dressed = true;
		ret->wall = clock + (*clock == '[');
		ret->wall_length = (size_t)(c.at - ret->wall) - 1;
	}
	take_outer(&c, ret);
	(void)take_level(&c, ret);
	skip_escapes(&c);
	if (take_stamp(&c, ret) || take_dmesg_date(&c, ret)) {
		(void)take_caller(&c, ret);
		skip_vendor(&c);
		skip_host(&c, ret);
	}
	ret->is_foreign = ret->is_foreign || ret->facility > 0;
	/* One blank belongs to the dress, further ones to the text. */
	if (ret->dressed && c.at > line && strchr(" =\"", c.at[-1]) == NULL)
		(void)take_char(&c, ' ');
	skip_escapes(&c);
	ret->text = c.at;
	ret->length = (size_t)(c.end - c.at);
}
