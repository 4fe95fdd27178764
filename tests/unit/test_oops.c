/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel reports: templates, lines in every dress, the filter, and the kernel's own reports in tests/fixtures/kernel. */
#include "oops/kind.h"
#include "oops/line.h"
#include "oops/match.h"
#include "oops/oops.h"
#include "oops/trace.h"
#include "oops/trigger.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* --- templates ----------------------------------------------------------------------------------- */

static char *captured(const char *template, const char *line, const char *name)
{
	struct oops_captures captures = { .n = 0 };

	if (!oops_match(template, line, strlen(line), &captures))
		return NULL;
	const struct oops_capture *c = oops_captured(&captures, name);

	return c != NULL ? mem_strndup(c->text, c->length) : NULL;
}

static void expect(const char *template, const char *line, const char *name, const char *wanted)
{
	char *got = captured(template, line, name);

	assert_non_null(got);
	assert_string_equal(got, wanted);
	free(got);
}

static void test_templates(void **state)
{
	(void)state;
	expect("BUG: KASAN: {bug} in {func}", "BUG: KASAN: slab-use-after-free in foo_bar.isra.0+0x12/0x340 [mod]", "func", "foo_bar.isra.0");
	expect("BUG: KASAN: {bug} in {func}", "x BUG: KASAN: null-ptr-deref in a+0x1/0x2", "bug", "null-ptr-deref");
	expect("{access:Read|Write} of size {size:num} at", "Write of size 8 at addr ffff", "size", "8");
	expect("^PC is at {func}", "PC is at [<c0333330>] shmem_getpage+0x1/0x2", "func", "shmem_getpage");
	expect("{killer:any} invoked oom-killer:", "my prog invoked oom-killer: gfp", "killer", "my prog");
	expect("at {addr:hex}", "at 0xdeadBEEF!", "addr", "deadBEEF");
	assert_false(oops_match("^at", "that", 4, NULL));
	assert_true(oops_match("WARNING:$", "a WARNING: ", 11, NULL));
	assert_false(oops_match("WARNING:$", "WARNING: x", 10, NULL));
	assert_false(oops_match("{n:num} x", "y x", 3, NULL));
	assert_null(captured("{_hidden} b", "a b", "_hidden"));
}

/* --- lines ------------------------------------------------------------------------------------------ */

static int64_t wall_of(const char *text)
{
	struct oops_line line;
	struct str plain;

	str_init(&plain);
	oops_line_read(text, strlen(text), &plain, &line);
	int64_t us = oops_line_wall_us(&line);

	str_deinit(&plain);
	return us;
}

static void test_dates(void **state)
{
	const int64_t at = 1769853600000000; /* 2026-01-31 10:00 UTC */

	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	assert_int_equal(wall_of("[Sat Jan 31 10:00:00 2026] x"), at);
	assert_int_equal(wall_of("2026-01-31T10:00:00,123456+00:00 x"), at + 123456);
	assert_int_equal(wall_of("2026-01-31T12:30:00.5+02:30 host kernel: x"), at + 500000);
	assert_int_equal(wall_of("2026-01-31T05:00:00-0500 host kernel: x"), at);
	assert_int_equal(wall_of("<6>1 2026-01-31T10:00:00Z host kernel - - - x"), at);
	assert_int_equal(wall_of("[2026-01-31 10:00:00.250] x"), at + 250000);
	assert_int_equal(wall_of("1769853600.000001 host kernel: x"), at + 1);
	assert_int_equal(wall_of("{\"MESSAGE\":\"x\",\"__REALTIME_TIMESTAMP\":\"1769853600000007\"}"), at + 7);
	assert_int_equal(wall_of("{\"log\":\"x\",\"time\":\"2026-01-31T10:00:00.000008999Z\"}"), at + 8);
	assert_int_equal(wall_of("Jan 31 10:00:00 host kernel: x"), -1); /* of which year? */
	assert_int_equal(wall_of("[   12.000000] x"), -1);
	assert_int_equal(wall_of("{\"log\":\"x\",\"time\":\"noon\"}"), -1);
}

static void undressed(const char *dressed, const char *text, int64_t time_us, uint32_t caller)
{
	struct oops_line line;
	struct str plain;

	str_init(&plain);
	oops_line_read(dressed, strlen(dressed), &plain, &line);
	if (line.length != strlen(text) || memcmp(line.text, text, line.length) != 0)
		print_error("%s -> '%.*s'\n", dressed, (int)line.length, line.text);
	assert_int_equal(line.length, strlen(text));
	assert_memory_equal(line.text, text, line.length);
	assert_int_equal(line.time_us, time_us);
	assert_int_equal(line.caller, caller);
	str_deinit(&plain);
}

static void test_lines(void **state)
{
	(void)state;
	undressed("BUG: x", "BUG: x", -1, 0);
	undressed("[   12.345678] BUG: x", "BUG: x", 12345678, 0);
	undressed("[   12.345678]  indented", " indented", 12345678, 0);
	undressed("<4>[   12.345678][  T123] BUG: x", "BUG: x", 12345678, 124);
	undressed("[   12.345678][    C1] BUG: x\r", "BUG: x", 12345678, 2 | OOPS_CALLER_CPU);
	undressed("6,12,345678,-;BUG: x", "BUG: x", 345678, 0);
	undressed("6,12,345678,-,caller=T7;BUG: x", "BUG: x", 345678, 8);
	undressed("Nov 20 10:00:00 host kernel: [    1.500000] BUG: x", "BUG: x", 1500000, 0);
	undressed("Nov 20 10:00:00 host kernel: BUG: x", "BUG: x", -1, 0);
	undressed("2023-11-20T10:00:00.123456+00:00 host kernel: BUG: x", "BUG: x", -1, 0);
	undressed("[Mon Nov 20 10:00:00 2023] BUG: x", "BUG: x", -1, 0);
	undressed("> > [    0.000001] BUG: x", "BUG: x", 1, 0);
	undressed("kern  :warn  : [    2.000000] BUG: x", "BUG: x", 2000000, 0);
	undressed("\x1b[32m[    2.000000] \x1b[0mBUG: x", "BUG: x", 2000000, 0);
	undressed("** 3 printk messages dropped ** [    2.000000] BUG: x", "BUG: x", 2000000, 0);
	undressed("[   12.345678] [   T123] BUG: x", "BUG: x", 12345678, 124);
	undressed("[   12.345678 <    0.000001>]  f+0x1/0x2", " f+0x1/0x2", 12345678, 0);
	undressed("[  +0.000001]  f+0x1/0x2", " f+0x1/0x2", -1, 0);
	undressed("[Nov21 16:50] BUG: x", "BUG: x", -1, 0);
	undressed("[   12.345678] host kernel:  f", " f", 12345678, 0);
	undressed("Sat 2026-11-21 16:50:02 UTC host kernel:  f", " f", -1, 0);
	undressed("1763743802.123456 host kernel:  f", " f", -1, 0);
	undressed("<4>1 2026-11-21T16:50:02.123456Z host kernel - - -  f", " f", -1, 0);
	undressed("    MESSAGE= f", " f", -1, 0);
	undressed("{\"PRIORITY\":\"4\",\"MESSAGE\":\" f\",\"SYSLOG_IDENTIFIER\":\"kernel\"}", " f", -1, 0);
	undressed("2026-11-21T16:50:02.123456789Z stderr F [    1.500000]  f", " f", 1500000, 0);
	undressed("[2026-11-21 16:50:02.123] [    1.500000]  f", " f", 1500000, 0);
	undressed("16:50:02.123 [    1.500000]  f", " f", 1500000, 0);
	undressed("12:[    1.500000]  f", " f", 1500000, 0);
	undressed("| [    1.500000]  f", " f", 1500000, 0);
	undressed("guest-1  | [    1.500000]  f", " f", 1500000, 0);
	undressed("JD> [    1.500000]  f", " f", 1500000, 0);
	undressed("\t[    1.500000]  f", " f", 1500000, 0);
	undressed("\xef\xbb\xbf[    1.500000]  f", " f", 1500000, 0);
	undressed("\r[    1.500000]  f", " f", 1500000, 0);
	undressed("{\"__CURSOR\":\"s=1;\",\"_SOURCE_MONOTONIC_TIMESTAMP\":\"1500000\",\"PRIORITY\":\"4\",\"_TRANSPORT\":\"kernel\",\"A\":[1,{\"b\":\"}\"}],\"MESSAGE\":\" \\\"f\\\"\\u001b[0m\"}", " \"f\"\x1b[0m", 1500000, 0);
	undressed("{\"log\":\"\\u001b[31m[    1.500000]  f\\u003c\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-21T16:50:02Z\"}", " f<", 1500000, 0);
	undressed("{\"MESSAGE\":[66,85,71]}", "BUG", -1, 0);
	undressed("{\"MESSAGE\":\"cut", "cut", -1, 0);
	undressed("[    1.500000] [&lt;ffff&gt;] f&amp;&amp;<br/>", "[<ffff>] f&&", 1500000, 0);
	undressed("<pre>[    1.500000]&nbsp; &lt;IRQ&gt;</pre>", " <IRQ>", 1500000, 0);
	undressed("[    1.500000]  </TASK>", " </TASK>", 1500000, 0);
	undressed("11-21 16:50:02.123     0     0 E kernel  : [    1.500000]  f", " f", 1500000, 0);
	undressed("[    1.500000] c2  4141  f", " f", 1500000, 0);
	undressed("E/kernel  (    0): [    1.500000]  f", " f", 1500000, 0);
	undressed("said [    1.500000] f", "said [    1.500000] f", -1, 0);
	undressed("[<c0333330>] f", "[<c0333330>] f", -1, 0);
	undressed("", "", -1, 0);
	undressed("[", "[", -1, 0);
}

static bool is_foreign(const char *text)
{
	struct oops_line line;
	struct str plain;

	str_init(&plain);
	oops_line_read(text, strlen(text), &plain, &line);
	str_deinit(&plain);
	return line.is_foreign;
}

static void test_foreign_lines(void **state)
{
	(void)state;
	assert_true(is_foreign("Nov 20 10:00:00 host systemd[1]: foo.service: BUG: x"));
	assert_true(is_foreign("2026-11-21T16:50:02.123456+01:00 host java[412]: Oops: x"));
	assert_true(is_foreign("12,1,345678,-;BUG: x"));
	assert_true(is_foreign("<30>[    1.500000] BUG: x"));
	assert_true(is_foreign("<30>1 2026-11-21T16:50:02Z host app 12 - - BUG: x"));
	assert_true(is_foreign("Nov 20 10:00:00 host sudo: BUG: x"));
	assert_true(is_foreign("2026-11-21T16:50:02.123456+01:00 host cron: BUG: x"));
	assert_true(is_foreign("[   12.345678] host app[12]: BUG: x"));
	assert_true(is_foreign("{\"MESSAGE\":\"BUG: x\",\"SYSLOG_IDENTIFIER\":\"app\"}"));
	assert_true(is_foreign("11-21 16:50:02.123   512   519 E app     : BUG: x"));
	assert_false(is_foreign("Nov 20 10:00:00 Call Trace: x"));
	assert_false(is_foreign("Nov 20 10:00:00 divide error: 0000"));
	assert_false(is_foreign("2026-11-21T16:50:02,123456+01:00 usb port: x"));
	assert_false(is_foreign("[   12.345678] systemd[1]: BUG: x"));
	assert_false(is_foreign("[   12.345678] app[12]: segfault at 0"));
	assert_false(is_foreign("<4>1 2026-11-21T16:50:02Z host kernel - - - BUG: x"));
	assert_false(is_foreign("Nov 20 10:00:00 host kernel: BUG: x"));
	assert_false(is_foreign("2026-11-21T16:50:02Z app[12]: segfault at 0"));
	assert_false(is_foreign("[    1.500000] BUG: x"));
	assert_false(is_foreign("4,1,345678,-;BUG: x"));
}

/* --- the filter ----------------------------------------------------------------------------------------- */

/* The literals of a template, alternatives each in turn, must hold a word. */
static bool has_word_with(const char *template, unsigned alternative)
{
	char text[512];
	size_t n = 0;

	for (const char *t = template; *t != '\0' && n < sizeof(text) - 1; t++) {
		if (*t != '{') {
			text[n++] = *t;
			continue;
		}
		const char *end = strchr(t, '}'), *word = memchr(t, ':', (size_t)(end - t));

		for (unsigned i = 0; word != NULL && i < alternative; i++)
			word = memchr(word + 1, '|', (size_t)(end - word - 1));
		if (word != NULL && memchr(t, '|', (size_t)(end - t)) != NULL)
			for (word++; *word != '|' && *word != '}' && n < sizeof(text) - 1;)
				text[n++] = *word++;
		t = end;
	}
	text[n] = '\0';
	for (const char *const *w = trigger_words; *w != NULL; w++)
		if (strstr(text, *w) != NULL)
			return true;
	return false;
}

static bool has_word(const char *template)
{
	return has_word_with(template, 0) && (strchr(template, '|') == NULL || template[0] != '{' || has_word_with(template, 1));
}

static void test_every_headline_passes_the_filter(void **state)
{
	(void)state;
	for (const char *const *w = trigger_words; *w != NULL; w++)
		assert_true(strlen(*w) >= 4);
	for (const struct oops_family *const *f = oops_families; *f != NULL; f++)
		for (const struct oops_kind *k = (*f)->kinds; k->name != NULL; k++) {
			if (!has_word(k->start))
				print_error("no trigger word in: %s\n", k->start);
			assert_true(has_word(k->start));
			assert_non_null(k->title);
		}
}

static void test_filter_finds_at_every_place(void **state)
{
	struct trigger t;
	char text[80];

	(void)state;
	trigger_init(&t);
	for (const char *const *w = trigger_words; *w != NULL; w++)
		for (size_t at = 0; at < 40; at++) {
			memset(text, '.', sizeof(text));
			memcpy(text + at, *w, strlen(*w));
			const char *found = trigger_find(&t, text, sizeof(text));

			assert_non_null(found);
			assert_true(found <= text + at);
			found = trigger_find(&t, text + at, strlen(*w));
			assert_ptr_equal(found, text + at);
		}
	memset(text, '.', sizeof(text));
	assert_null(trigger_find(&t, text, sizeof(text)));
	assert_int_equal(trigger_count_lines("a\nb\n\n", 5), 3);
}

/* --- frames ------------------------------------------------------------------------------------------------ */

static void frame(const char *line, const char *function, uint64_t offset, uint64_t size, bool unreliable, const char *module)
{
	struct arena a;
	struct oops_frame f;

	arena_init(&a);
	assert_true(oops_frame_parse(&a, line, strlen(line), &f));
	assert_string_equal(f.function, function);
	assert_int_equal(f.offset, offset);
	assert_int_equal(f.size, size);
	assert_int_equal(f.unreliable, unreliable);
	if (module != NULL)
		assert_string_equal(f.module, module);
	else
		assert_null(f.module);
	arena_deinit(&a);
}

static void test_frames(void **state)
{
	(void)state;
	frame(" do_syscall_64+0x58/0xf0", "do_syscall_64", 0x58, 0xf0, false, NULL);
	frame(" ? kf_show+0x90/0x90 [kfail c4e7599b8841e8d93f6e243fe534b563c82a3e68]", "kf_show", 0x90, 0x90, true, "kfail");
	frame(" [<ffffffff815dbfd6>] umount_tree+0x326/0x820", "umount_tree", 0x326, 0x820, false, NULL);
	frame(" [<ffffffff815dbfd6>] ? umount_tree+0x326/0x820 [x]", "umount_tree", 0x326, 0x820, true, "x");
	frame("[c0000003eeddba70] [c000000000d78070] _raw_spin+0x50/0xb0 (unreliable)", "_raw_spin", 0x50, 0xb0, true, NULL);
	frame("[<8011218c>] (unwind_backtrace) from [<8010e300>] (show_stack+0x18/0x1c)", "unwind_backtrace", 0, 0, false, NULL);
	frame(" unwind_backtrace from show_stack+0x18/0x1c", "unwind_backtrace", 0, 0, false, NULL);
	frame(" __dump_stack lib/dump_stack.c:88 [inline]", "__dump_stack", 0, 0, false, NULL);
	frame("Trace; c0133792 <bd_acquire+26/80>", "bd_acquire", 0x26, 0, false, NULL);
	assert_false(oops_is_frame("RAX: 0000 RBX: 0001", 19));
	assert_false(oops_is_frame("Modules linked in: a b", 22));
	assert_false(oops_is_frame("", 0));
}

/* --- whole reports --------------------------------------------------------------------------------------------- */

struct seen {
	unsigned count;
	char title[4][200];
	char function[4][80];
	uint64_t first_line[4];
	bool corrupted[4];
};

static void keep(void *user, struct oops_report *r)
{
	struct seen *s = user;

	if (s->count < 4) {
		(void)snprintf(s->title[s->count], sizeof(s->title[0]), "%s", r->title);
		(void)snprintf(s->function[s->count], sizeof(s->function[0]), "%s", r->blame != NULL && r->blame->function != NULL ? r->blame->function : "");
		s->first_line[s->count] = r->first_line;
		s->corrupted[s->count] = r->corrupted != NULL;
	}
	s->count++;
	oops_report_destroy(r);
}

static struct seen scan(const char *text, size_t length, size_t piece)
{
	struct seen seen = { 0 };
	struct oops_scan *s = oops_scan_create(keep, &seen);

	for (size_t at = 0; at < length; at += piece)
		oops_scan_feed(s, text + at, length - at < piece ? length - at : piece);
	oops_scan_finish(s);
	oops_scan_destroy(s);
	return seen;
}

/* Two CPUs print at once; callers tell them apart. */
static void test_interleaved(void **state)
{
	static const char log[] =
		"[   10.000001][  T11] BUG: unable to handle page fault for address: ffffffff00000000\n"
		"[   10.000002][  T22] ------------[ cut here ]------------\n"
		"[   10.000003][  T22] WARNING: CPU: 1 PID: 22 at net/core/x.c:12 second+0x1/0x10\n"
		"[   10.000004][  T11] RIP: 0010:first+0x3/0x20\n"
		"[   10.000005][  T22] RIP: 0010:second+0x1/0x10\n"
		"[   10.000006][  T11] Call Trace:\n"
		"[   10.000007][  T22] Call Trace:\n"
		"[   10.000008][  T11]  first_caller+0x1/0x2\n"
		"[   10.000009][  T22]  second_caller+0x1/0x2\n"
		"[   10.000010][  T11] ---[ end trace 0000000000000000 ]---\n";

	(void)state;
	for (size_t piece = 1; piece < 70; piece += 23) {
		struct seen s = scan(log, sizeof(log) - 1, piece);

		assert_int_equal(s.count, 2);
		assert_string_equal(s.function[0], "first");
		assert_string_equal(s.function[1], "second");
		assert_int_equal(s.first_line[0], 1);
		assert_int_equal(s.first_line[1], 3);
		assert_false(s.corrupted[0]);
	}
}

/* A report in whose middle a disk complains 3,000 times: the notes wait for it, and at last it is closed for them. */
static void test_notes_within(void **state)
{
	struct str log;

	(void)state;
	for (unsigned notes = 100; notes <= 3000; notes += 2900) {
		str_init(&log);
		str_add(&log, "[    1.0] BUG: unable to handle page fault for address: 0\n[    1.0] RIP: 0010:made+0x1/0x20\n");
		for (unsigned i = 0; i < notes; i++)
			str_add(&log, "[    1.0] I/O error, dev sda, sector 12 op 0x0:(READ)\n");
		str_add(&log, "[    1.0] Call Trace:\n[    1.0]  made_caller+0x1/0x2\n");
		struct seen s = scan(str_text(&log), log.length, 4096);

		assert_int_equal(s.count, notes + 1);
		assert_string_equal(s.function[0], "made");
		str_deinit(&log);
	}
}

static void test_nothing_and_endless(void **state)
{
	struct seen seen = { 0 };
	struct oops_scan *s = oops_scan_create(keep, &seen);
	char block[4096];

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 2000; i++) /* 8 MB without a newline */
		oops_scan_feed(s, block, sizeof(block));
	static const char end[] = "\nBUG: unable to handle page fault for address: 0\nRIP: 0010:f+0x1/0x2\n";

	oops_scan_feed(s, end, sizeof(end) - 1);
	oops_scan_finish(s);
	assert_int_equal(oops_scan_lines(s), 3);
	oops_scan_destroy(s);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.function[0], "f");
	assert_int_equal(scan("usb 1-1: new device\n[    1.0] all is well\n", 42, 7).count, 0);
}

/* Is FUNCTION blamed by one of the reports?  A log of a hung task has that of the task that holds the lock before. */
static bool is_blamed(const struct seen *s, const char *function)
{
	for (unsigned i = 0; i < s->count && i < 4; i++) {
		size_t base = oops_base_name(s->function[i], strlen(s->function[i]));

		if (strlen(function) == base && memcmp(function, s->function[i], base) == 0)
			return true;
	}
	return false;
}

/* What each report of a real kernel must say: tests/fixtures/kernel/table.txt. */
static void test_real_reports(void **state)
{
	const char *src = getenv("SRC");
	char path[512], line[512], name[128], kind[64], function[128];
	unsigned checked = 0;

	(void)state;
	assert_non_null(src);
	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/kernel/table.txt", src);
	FILE *table = fopen(path, "r");

	assert_non_null(table);
	while (fgets(line, sizeof(line), table) != NULL) {
		struct str text;

		if (*line == '#' || sscanf(line, "%127s %63s %127s", name, kind, function) != 3 || strncmp(name, "report-", 7) != 0 ||
		    strcmp(function, "-") == 0)
			continue;
		str_init(&text);
		(void)snprintf(path, sizeof(path), "%s/tests/fixtures/kernel/%s", src, name);
		assert_null(io_read_file(path, 1 << 20, &text));
		struct seen s = scan(str_text(&text), text.length, 4096);

		if (!is_blamed(&s, function))
			print_error("%s: '%s' (%s), wanted %s\n", name, s.title[0], s.function[0], function);
		assert_true(is_blamed(&s, function));
		checked++;
		str_deinit(&text);
	}
	(void)fclose(table);
	assert_true(checked > 40);
}

/* In copies of exactly its length: what is read beyond is seen by the sanitizers. */
static void test_find_as_memmem(void **state)
{
	static const char needle[] = "abcabdabcabcabda";
	unsigned seed = 7;

	for (size_t length = 0; length < 70; length++)
		for (unsigned round = 0; round < 60; round++) {
			char *text = mem_alloc(length + 1);

			for (size_t i = 0; i < length; i++) {
				seed = seed * 1103515245 + 12345;
				text[i] = (char)((seed >> 16) % 40 == 0 ? '\0' : "abcd"[(seed >> 20) % 4]);
			}
			size_t n = round % sizeof(needle);
			char *exact = mem_alloc(length > 0 ? length : 1);

			memcpy(exact, text, length);
			if (round % 3 == 0 && length >= n) /* so that long ones are there too */
				memcpy(exact + (seed >> 8) % (length - n + 1), needle, n);
			assert_ptr_equal(oops_find_bytes(exact, length, needle, n), memmem(exact, length, needle, n));
			free(exact);
			free(text);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_find_as_memmem),
		cmocka_unit_test(test_lines), cmocka_unit_test(test_foreign_lines),
		cmocka_unit_test(test_every_headline_passes_the_filter),
		cmocka_unit_test(test_filter_finds_at_every_place),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_notes_within),
		cmocka_unit_test(test_nothing_and_endless),
		cmocka_unit_test(test_real_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
