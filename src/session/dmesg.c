// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines are undressed (oops/line.h), so a saved log of any form is filtered as the running
 * kernel's own.  A group is a list of words; the group of reports is what oops/scan finds,
 * whole.  --tail keeps a ring of the lines that would be printed.
 */
#include "session/dmesg.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "oops/line.h"
#include "oops/match.h"
#include "oops/oops.h"
#include "render/text.h"
#include "session/kernel_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <time.h>

enum { SYSLOG_CLEAR = 5, SYSLOG_CONSOLE_LEVEL = 8, GROUP_REPORTS = 1, LINE_BYTES_MAX = 64 << 10 };

const char *const dmesg_time_choices[] = { "boot", "ctime", "iso", "delta", "none", NULL };
const char *const dmesg_level_choices[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", NULL };
static const char *const facility_names[] = { "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", NULL };
const char *const dmesg_group_choices[] = { "reports", "oom", "hardware", "fs", "net", "memory", "usb", NULL };

static const char *const group_words[][24] = {
	{ NULL },
	{ "oom", "Out of memory", "Killed process", "invoked oom-killer", "oom_reaper", NULL },
	{ "mce:", "Machine check", "Hardware Error", "EDAC", "thermal", "temperature", "ACPI Error", "ACPI BIOS", "PCIe Bus Error", "AER:", "nobody cared", "firmware", "clocksource", "NMI",
	  "CPU", NULL },
	{ "EXT4-fs", "XFS", "BTRFS", "Btrfs", "NFS", "nfs:", "FAT-fs", "EXT2-fs", "EXT3-fs", "F2FS", "JBD2", "overlayfs", "I/O error", "blk_update_request", "Buffer I/O", "sd ", "nvme", "ata",
	  "scsi", "SCSI", "dm-", "md/", "squashfs", NULL },
	{ "eth", "enp", "wlan", "Link is", "link is", "link becomes", "NETDEV WATCHDOG", "TCP:", "UDP:", "IPv6", "nf_", "netfilter", "conntrack", "bridge", "bond", "veth", "martian",
	  "neighbour", "neighbor", NULL },
	{ "page allocation failure", "Bad page", "BUG: Bad rss", "swap", "hugepage", "Memory:", "memory", "vmalloc", "compaction", "SLUB", NULL },
	{ "usb ", "hub ", "xhci", "ehci", "uhci", "hid-", NULL },
};

/* A log of several boots: where the time since boot starts again.  CPUs' lines are a little out of order. */
struct boots {
	int64_t last_us;
	int number; /* of the boot that the last line was of, from 0 */
};
enum { OUT_OF_ORDER_US = 10000000 };

static void count_boot(struct boots *b, int64_t us)
{
	if (us < 0)
		return;
	b->number += b->last_us > us && (us == 0 || b->last_us - us > OUT_OF_ORDER_US);
	b->last_us = us;
}

struct printer {
	const struct dmesg_options *o;
	FILE *out;
	struct str pending;     /* an incomplete line of a file */
	struct str line;        /* being made */
	struct str plain;       /* of a line that was wrapped */
	struct oops_scan *scan; /* for the group of reports */
	int64_t last_us, boot_us;
	struct boots boots;
	char **tail;            /* ring of options->tail lines */
	uint64_t printed, timed, dated; /* lines; that say when; that have a date */
};

/* Wall clock minus time since boot. */
static int64_t boot_time_us(void)
{
	struct timespec wall, boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &boot);
	return ((int64_t)wall.tv_sec - boot.tv_sec) * 1000000 + (wall.tv_nsec - boot.tv_nsec) / 1000;
}

/* --- which lines --------------------------------------------------------------------------------- */

static bool in_group(const struct oops_line *line, unsigned group)
{
	for (const char *const *w = group_words[group]; *w != NULL; w++)
		if (oops_find(line->text, line->length, *w) != NULL)
			return true;
	return false;
}

static bool in_groups(const struct oops_line *line, unsigned groups)
{
	for (unsigned i = 0; dmesg_group_choices[i] != NULL; i++)
		if ((groups & 1u << i) && in_group(line, i))
			return true;
	return false;
}

/* How LINE lies to M: below 0 before it, above 0 behind it, 0 also where it can't be told. */
static int compare(struct printer *p, const struct dmesg_moment *m, const struct oops_line *line)
{
	if (m->clock == DMESG_OPEN)
		return 0;
	if (m->clock == DMESG_SINCE_BOOT && m->boot >= 0 && p->boots.number != m->boot)
		return p->boots.number < m->boot ? -1 : 1;
	int64_t us = m->clock == DMESG_WALL ? oops_line_wall_us(line) : line->time_us;

	p->timed += us >= 0;
	return us < 0 || us == m->us ? 0 : us < m->us ? -1 : 1;
}

static bool is_wanted(struct printer *p, const struct oops_line *line)
{
	const struct dmesg_options *o = p->o;

	if (o->levels != 0 && (line->level < 0 || !(o->levels & 1u << line->level)))
		return false;
	if (o->facilities != 0 && (line->facility < 0 || line->facility > 31 || !(o->facilities & 1u << line->facility)))
		return false;
	if (compare(p, &o->since, line) < 0 || compare(p, &o->until, line) > 0)
		return false;
	if (o->match != NULL && oops_find(line->text, line->length, o->match) == NULL)
		return false;
	return o->groups == 0 || in_groups(line, o->groups);
}

/* --- how ------------------------------------------------------------------------------------------------ */

static const char *color_of(const struct oops_line *line)
{
	static const char *const colors[] = { "\x1b[1;41m", "\x1b[1;31m", "\x1b[1;31m", "\x1b[31m", "\x1b[33m", "", "", "\x1b[2m" };

	return line->level >= 0 ? colors[line->level] : "";
}

static void add_time(struct printer *p, const struct oops_line *line)
{
	int64_t us = line->time_us, wall_us = p->o->path != NULL ? oops_line_wall_us(line) : us < 0 ? -1 : us + p->boot_us;
	time_t seconds = (time_t)(wall_us / 1000000);
	/* A line that has no other time than a date shows that. */
	bool is_iso = p->o->time == DMESG_TIME_ISO || (p->o->time == DMESG_TIME_BOOT && us < 0);
	char text[48];
	struct tm tm;

	p->dated += wall_us >= 0;
	if (p->o->time == DMESG_TIME_NONE || (wall_us < 0 && (is_iso || p->o->time == DMESG_TIME_CTIME)) || (us < 0 && p->o->time == DMESG_TIME_DELTA))
		return;
	if (p->o->time == DMESG_TIME_BOOT && us >= 0) {
		str_printf(&p->line, "[%5" PRId64 ".%06" PRId64 "] ", us / 1000000, us % 1000000);
	} else if (p->o->time == DMESG_TIME_DELTA) {
		int64_t delta = p->last_us >= 0 ? us - p->last_us : 0;

		str_printf(&p->line, "[%5" PRId64 ".%06" PRId64 " <%+12.6f>] ", us / 1000000, us % 1000000, (double)delta / 1e6);
	} else if (localtime_r(&seconds, &tm) != NULL) {
		strftime(text, sizeof(text), is_iso ? "%Y-%m-%dT%H:%M:%S" : "[%a %b %e %H:%M:%S %Y] ", &tm);
		str_add(&p->line, text);
		if (is_iso)
			str_printf(&p->line, ",%06" PRId64 " ", wall_us % 1000000);
	}
}

static void make_text(struct printer *p, const struct oops_line *line)
{
	const char *color = p->o->color ? color_of(line) : "";

	if (p->o->color && line->time_us >= 0 && p->o->time != DMESG_TIME_NONE)
		str_add(&p->line, "\x1b[32m");
	if (p->o->decode && line->level >= 0)
		str_printf(&p->line, "%-6s:%-6s: ", line->facility >= 0 && line->facility < 12 ? facility_names[line->facility] : "?", dmesg_level_choices[line->level]);
	add_time(p, line);
	if (p->o->color && line->time_us >= 0 && p->o->time != DMESG_TIME_NONE)
		str_add(&p->line, "\x1b[0m");
	str_add(&p->line, color);
	text_add_clean(&p->line, line->text, line->length, true);
	if (*color != '\0')
		str_add(&p->line, "\x1b[0m");
}

static void make_json(struct printer *p, const struct oops_line *line)
{
	struct json j;

	json_init_str(&j, &p->line, 0);
	json_begin_object(&j);
	if (line->time_us >= 0) {
		json_key(&j, "time_us");
		json_i64(&j, line->time_us);
	}
	if (oops_line_wall_us(line) >= 0) {
		json_key(&j, "wall_us");
		json_i64(&j, oops_line_wall_us(line));
	}
	if (line->level >= 0) {
		json_key(&j, "level");
		json_str(&j, dmesg_level_choices[line->level]);
	}
	if (line->facility >= 0 && line->facility < 12) {
		json_key(&j, "facility");
		json_str(&j, facility_names[line->facility]);
	}
	if (line->caller != 0) {
		json_key(&j, line->caller & OOPS_CALLER_CPU ? "cpu" : "tid");
		json_u64(&j, (line->caller & ~OOPS_CALLER_CPU) - 1);
	}
	json_key(&j, "message");
	json_str_n(&j, line->text, line->length);
	json_end(&j);
}

static void put(struct printer *p)
{
	if (p->o->tail != 0) {
		char **slot = &p->tail[p->printed++ % p->o->tail];

		free(*slot);
		*slot = str_take(&p->line);
		str_init(&p->line);
		return;
	}
	p->printed++;
	(void)fprintf(p->out, "%s\n", str_text(&p->line));
	str_clear(&p->line);
}

static void print_line(struct printer *p, const char *text, size_t length)
{
	struct oops_line line;

	oops_line_read(text, length, &p->plain, &line);
	count_boot(&p->boots, line.time_us);
	if (!is_wanted(p, &line))
		return;
	if (p->o->json)
		make_json(p, &line);
	else
		make_text(p, &line);
	put(p);
	if (line.time_us >= 0)
		p->last_us = line.time_us;
}

static void print_report(void *user, struct oops_report *r)
{
	struct printer *p = user;
	const char *at = r->text, *end = r->text + r->text_length;

	for (const char *newline; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			newline = end;
		struct oops_line line = { .text = at, .length = (size_t)(newline - at), .time_us = at == r->text ? r->time_us : -1, .wall_us = -1, .level = -1, .facility = -1 };

		if (p->o->json)
			make_json(p, &line);
		else
			make_text(p, &line);
		put(p);
	}
	oops_report_destroy(r);
}

/* --- bytes ------------------------------------------------------------------------------------------------- */

static struct err *take(void *user, const void *bytes, size_t size_bytes)
{
	struct printer *p = user;
	const char *at = bytes, *end = at + size_bytes;

	if (p->scan != NULL && size_bytes > 0)
		oops_scan_feed(p->scan, bytes, size_bytes);
	for (const char *newline; p->scan == NULL && at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1) {
		if (p->pending.length > 0) {
			str_add_n(&p->pending, at, (size_t)(newline - at));
			print_line(p, str_text(&p->pending), p->pending.length);
			str_clear(&p->pending);
		} else {
			print_line(p, at, (size_t)(newline - at));
		}
	}
	if (p->scan == NULL && at < end && p->pending.length < LINE_BYTES_MAX)
		str_add_n(&p->pending, at, (size_t)(end - at));
	if (size_bytes == 0)
		(void)fflush(p->out);
	return ferror(p->out) ? err_errno(errno, "cannot write") : NULL;
}

static void print_tail(struct printer *p)
{
	uint64_t n = p->printed < p->o->tail ? p->printed : p->o->tail;

	for (uint64_t i = p->printed - n; i < p->printed; i++)
		(void)fprintf(p->out, "%s\n", p->tail[i % p->o->tail]);
	for (uint64_t i = 0; i < p->o->tail; i++)
		free(p->tail[i]);
	free(p->tail);
}

static void quiet(void *user)
{
	struct printer *p = user;

	if (p->scan != NULL)
		oops_scan_idle(p->scan);
	(void)fflush(p->out);
}

struct err *dmesg_print(const struct dmesg_options *options, FILE *out)
{
	struct printer p = { .o = options, .out = out, .last_us = -1, .boots = { .last_us = -1 }, .boot_us = boot_time_us() };
	struct kernel_log_options log = { .path = options->path, .follow = options->follow, .only_new = options->only_new, .after_clear = true, .command = "dmesg", .quiet = quiet };

	str_init(&p.pending);
	str_init(&p.plain);
	str_init(&p.line);
	if (options->groups & GROUP_REPORTS)
		p.scan = oops_scan_create(print_report, &p);
	if (options->tail != 0)
		p.tail = mem_calloc(options->tail, sizeof(*p.tail));
	struct err *err = kernel_log_read(&log, take, &p);

	if (p.scan != NULL)
		oops_scan_finish(p.scan);
	else if (p.pending.length > 0)
		print_line(&p, str_text(&p.pending), p.pending.length);
	if (p.tail != NULL)
		print_tail(&p);
	if (err == NULL && p.scan == NULL && p.timed == 0 && (options->since.clock != DMESG_OPEN || options->until.clock != DMESG_OPEN))
		log_warn("no line of the log has a time that --since and --until could be compared with: nothing was left out for them");
	if (err == NULL && p.dated == 0 && p.printed > 0 && (options->time == DMESG_TIME_ISO || options->time == DMESG_TIME_CTIME))
		log_warn("no line of the log has a date: none is shown");
	oops_scan_destroy(p.scan);
	str_deinit(&p.pending);
	str_deinit(&p.plain);
	str_deinit(&p.line);
	return err;
}

/* --- words of the command line ------------------------------------------------------------------------------ */

static int index_of(const char *const *names, const char *name, size_t length)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
			return i;
	return -1;
}

static struct err *no_such_name(const char *const *names, const char *what, const char *name, size_t length)
{
	struct str known;

	str_init(&known);
	for (size_t i = 0; names[i] != NULL; i++)
		str_printf(&known, "%s%s", i > 0 ? ", " : "", names[i]);
	struct err *err = err_fix(err_new(ERR_USAGE, "there is no %s '%.*s'", what, (int)length, name), "known are %s", str_text(&known));

	str_deinit(&known);
	return err;
}

static struct err *parse_names(const char *list, const char *const *names, const char *what, unsigned *bits)
{
	*bits = 0;
	while (*list != '\0') {
		size_t length = strcspn(list, ",");
		bool and_worse = length > 1 && list[length - 1] == '+';
		int index = index_of(names, list, length - and_worse);

		if (index < 0 && length == 1 && *list >= '0' && *list <= '7')
			index = *list - '0';
		if (index < 0)
			return no_such_name(names, what, list, length);
		*bits |= and_worse ? (2u << index) - 1 : 1u << index;
		list += length + (list[length] == ',');
	}
	return NULL;
}

struct err *dmesg_parse_levels(const char *list, unsigned *bits)
{
	return parse_names(list, dmesg_level_choices, "level", bits);
}

struct err *dmesg_parse_facilities(const char *list, unsigned *bits)
{
	return parse_names(list, facility_names, "facility", bits);
}

/* What a saved log's last line with a time says; its end is what "ago" is counted from. */
struct last_time {
	struct str pending, plain;
	struct boots boots;
	int64_t us, wall_us; /* -1: it hasn't that */
};

static void look_at_time(struct last_time *t, const char *text, size_t length)
{
	struct oops_line line;

	oops_line_read(text, length, &t->plain, &line);
	count_boot(&t->boots, line.time_us);
	int64_t wall_us = oops_line_wall_us(&line);

	if (line.time_us >= 0 || wall_us >= 0)
		t->us = line.time_us, t->wall_us = wall_us;
}

static struct err *take_times(void *user, const void *bytes, size_t size_bytes)
{
	struct last_time *t = user;
	const char *at = bytes, *end = at + size_bytes, *newline;

	for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1) {
		str_add_n(&t->pending, at, (size_t)(newline - at));
		look_at_time(t, str_text(&t->pending), t->pending.length);
		str_clear(&t->pending);
	}
	if (at < end && t->pending.length < LINE_BYTES_MAX)
		str_add_n(&t->pending, at, (size_t)(end - at));
	return NULL;
}

static struct err *last_time_of(const char *path, struct last_time *t)
{
	*t = (struct last_time){ .us = -1, .wall_us = -1, .boots = { .last_us = -1 } };
	str_init(&t->pending);
	str_init(&t->plain);
	struct err *err = kernel_log_read(&(struct kernel_log_options){ .path = path, .command = "dmesg" }, take_times, t);

	look_at_time(t, str_text(&t->pending), t->pending.length);
	str_deinit(&t->pending);
	str_deinit(&t->plain);
	return err;
}

struct err *dmesg_check_dates(const char *path)
{
	struct last_time t;

	if (strcmp(path, "-") == 0)
		return NULL;
	TRY(last_time_of(path, &t));
	return t.wall_us >= 0 ? NULL : err_new(ERR_USAGE, "%s counts from the boot of its machine, and does not say when that was", path);
}

/* AGO before the end of the saved log PATH. */
static struct err *before_end(const char *path, int64_t ago_us, struct dmesg_moment *ret)
{
	struct last_time t;

	if (strcmp(path, "-") == 0)
		return err_fix(err_new(ERR_USAGE, "a time ago is counted from a log's end, which standard input comes to only once"), "name the file, or give the seconds after boot: @12.5");
	TRY(last_time_of(path, &t));
	if (t.us < 0 && t.wall_us < 0)
		return err_new(ERR_UNSUPPORTED, "no line of %s has a time that --since and --until could be compared with", path);
	*ret = t.wall_us >= 0 ? (struct dmesg_moment){ DMESG_WALL, t.wall_us - ago_us, -1 } : (struct dmesg_moment){ DMESG_SINCE_BOOT, t.us - ago_us, t.boots.number };
	if (t.wall_us < 0 && t.boots.number > 0)
		log_warn("%s is of %d boots, and does not say how long was between them: the time is counted in the last one", path, t.boots.number + 1);
	return NULL;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct err *dmesg_parse_moment(const char *text, const char *path, struct dmesg_moment *ret)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", NULL };
	uint64_t ns;

	*ret = (struct dmesg_moment){ DMESG_SINCE_BOOT, 0, -1 };
	if (*text == '@') {
		TRY(str_to_duration_ns(text + 1, "the time since boot", &ns));
		ret->us = (int64_t)(ns / 1000);
		return NULL;
	}
	for (const char *const *f = formats; *f != NULL; f++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, *f, &tm);

		if (end == NULL || *end != '\0')
			continue;
		if (path != NULL)
			TRY(err_fix(dmesg_check_dates(path), "10m (before its end), or @12.5 (seconds after boot)"));
		ret->clock = path != NULL ? DMESG_WALL : DMESG_SINCE_BOOT;
		ret->us = (int64_t)mktime(&tm) * 1000000 - (path != NULL ? 0 : boot_time_us());
		return NULL;
	}
	TRY(err_fix(str_to_duration_ns(text, "the moment", &ns), "10m (ago), @12.5 (seconds after boot), or '2026-01-31 10:00'"));
	if (path != NULL)
		return before_end(path, (int64_t)(ns / 1000), ret);
	ret->us = now_us() - (int64_t)(ns / 1000);
	return NULL;
}

struct err *dmesg_clear(void)
{
	if (klogctl(SYSLOG_CLEAR, NULL, 0) < 0)
		return err_fix(err_errno(errno, "cannot clear the kernel's log"), "run as root");
	return NULL;
}

struct err *dmesg_set_console_level(const char *level)
{
	int index = index_of(dmesg_level_choices, level, strlen(level));
	uint64_t number = (uint64_t)index + 1; /* "warn": warnings and what is worse */

	if (index < 0)
		TRY(str_to_u64(level, "the console's level", 1, 8, &number));
	if (klogctl(SYSLOG_CONSOLE_LEVEL, NULL, (int)number) < 0)
		return err_fix(err_errno(errno, "cannot set the console's level"), "run as root");
	return NULL;
}
