/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * render: order of calls, text from outside, and what each renderer makes of the demo
 * document (tests/helper/render_demo.h) against tests/golden/render/.  After a change
 * that is meant: UPDATE_GOLDEN=1 meson test render, and look at the diff.
 */
#include "../helper/render_demo.h"

#include "base/io.h"
#include "base/mem.h"
#include "render/format.h"
#include "render/renderer.h"
#include "render/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

typedef void build_fn(struct doc *);

/* The bytes that BUILD makes with OPTIONS (free()), and the document's error. */
static char *rendered(struct render_options options, build_fn *build, struct err **err)
{
	char *text = NULL;
	size_t size;
	struct doc *d;

	options.stream = open_memstream(&text, &size);
	assert_null(render_open(&options, &d));
	build(d);
	*err = doc_end(d);
	render_destroy(d);
	fclose(options.stream);

	char *copy = mem_strdup(text); /* gcc 12 takes the stream's buffer for a local */

	free(text);
	return copy;
}

static char *render_well(struct render_options options, build_fn *build)
{
	struct err *err;
	char *text = rendered(options, build, &err);

	if (err)
		fail_msg("%s", err_message(err));
	return text;
}

/* --- order ---------------------------------------------------------------------------------- */

static const struct doc_head head = { .kind = "sonde.test", .version = 1, .title = "t" };
static const struct doc_column one_column[] = { { "a", "a", DOC_COUNT, 0 } };

static void before_begin(struct doc *d) { doc_text(d, "x"); }
static void begin_twice(struct doc *d)
{
	doc_begin(d, &head);
	doc_begin(d, &head);
}
static void row_outside(struct doc *d)
{
	doc_begin(d, &head);
	doc_row(d, (struct doc_value[]){ DOC_U64(1) });
}
static void text_inside_table(struct doc *d)
{
	doc_begin(d, &head);
	doc_table_begin(d, "t", "t", one_column, 1);
	doc_text(d, "x");
	doc_table_end(d, 0, NULL);
}
static void section_left_open(struct doc *d)
{
	doc_begin(d, &head);
	doc_section_begin(d, "s", "s");
}
static void section_not_open(struct doc *d)
{
	doc_begin(d, &head);
	doc_section_end(d);
}
static void tree_jumps(struct doc *d)
{
	doc_begin(d, &head);
	doc_tree_begin(d, "t", "t", one_column, 1);
	doc_node(d, 0, (struct doc_value[]){ DOC_U64(1) });
	doc_node(d, 2, (struct doc_value[]){ DOC_U64(1) });
	doc_tree_end(d);
}
static void two_roots(struct doc *d)
{
	doc_begin(d, &head);
	doc_flame_begin(d, &(struct doc_flame){ .key = "f" });
	doc_flame_node(d, 0, &(struct doc_frame){ .name = "a" });
	doc_flame_node(d, 0, &(struct doc_frame){ .name = "b" });
	doc_flame_end(d);
}
static void span_without_lane(struct doc *d)
{
	doc_begin(d, &head);
	doc_timeline_begin(d, &(struct doc_timeline){ "t", "t", 0, 10, 1 });
	doc_span(d, &(struct doc_span){ .to_ns = 1 });
	doc_timeline_end(d);
}
static void table_left_open(struct doc *d)
{
	doc_begin(d, &head);
	doc_table_begin(d, "t", "t", one_column, 1);
}

static void test_order(void **state)
{
	static const struct {
		build_fn *build;
		const char *message;
	} cases[] = {
		{ before_begin, "doc_text: before doc_begin()" },
		{ begin_twice, "doc_begin: called twice" },
		{ row_outside, "doc_row: outside of its node" },
		{ text_inside_table, "doc_text: inside of a table, tree, flame graph or timeline" },
		{ section_left_open, "doc_end: 1 sections are open" },
		{ section_not_open, "doc_section_end: no section is open" },
		{ tree_jumps, "doc_node: depth 2 after 1" },
		{ two_roots, "doc_flame_node: a second root" },
		{ span_without_lane, "doc_span: before the first lane" },
		{ table_left_open, "doc_end: inside of a table, tree, flame graph or timeline" },
	};

	for (size_t f = 0; render_table[f]; f++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct err *err;
			char *text =
				rendered((struct render_options){ .format = render_table[f]->name,
								  .width = 80 },
					 cases[i].build, &err);

			assert_non_null(err);
			assert_int_equal(err_code(err), ERR_INTERNAL);
			assert_string_equal(err_message(err), cases[i].message);
			err_destroy(err);
			free(text);
		}
}

static void test_unknown_format(void **state)
{
	struct doc *d;
	struct err *err = render_open(&(struct render_options){ .format = "pdf" }, &d);

	assert_int_equal(err_code(err), ERR_USAGE);
	assert_null(d);
	assert_non_null(strstr(err_advice(err), "term, json"));
	err_destroy(err);
	assert_string_equal(render_format_of_path("a/b.html"), "html");
	assert_null(render_format_of_path("html"));
	assert_null(render_format_of_path(NULL));
}

/* --- files ------------------------------------------------------------------------------------ */

static void one_line(struct doc *d)
{
	doc_begin(d, &head);
	doc_headline(d, "hello");
}

static void test_file(void **state)
{
	char dir[] = "/tmp/sonde-test-XXXXXX";
	struct doc *d;
	struct str text = { 0 };

	assert_non_null(mkdtemp(dir));
	char *path = mem_printf("%s/out.txt", dir);

	/* Given up: nothing is left. */
	assert_null(render_open(&(struct render_options){ .path = path, .width = 80 }, &d));
	one_line(d);
	render_destroy(d);
	assert_int_equal(access(path, F_OK), -1);
	/* Complete: it is there, replaced in one step, with the old one's mode. */
	assert_null(io_replace_file(AT_FDCWD, path, "old", 3));
	chmod(path, 0640);
	assert_null(render_open(&(struct render_options){ .path = path, .width = 80 }, &d));
	one_line(d);
	assert_null(doc_end(d));
	render_destroy(d);
	assert_null(io_read_file(path, 1000, &text));
	assert_string_equal(str_text(&text), "t\nhello\n");

	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	str_deinit(&text);
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* no temporary file left either */
	free(path);

	struct err *err =
		render_open(&(struct render_options){ .path = "/nonexistent/x.html" }, &d);

	assert_int_equal(err_code(err), ERR_NOT_FOUND);
	err_destroy(err);
}

static void test_full_disk(void **state)
{
	struct doc *d;

	if (access("/dev/full", W_OK) != 0)
		skip();
	for (size_t f = 0; render_table[f]; f++) {
		assert_null(render_open(&(struct render_options){ .format = render_table[f]->name,
								  .path = "/dev/full",
								  .width = 80 },
					&d));
		demo_document(d);
		struct err *err = doc_end(d);

		assert_non_null(err);
		assert_non_null(strstr(err_message(err), "No space left on device"));
		err_destroy(err);
		render_destroy(d);
	}
}

/* --- text ------------------------------------------------------------------------------------- */

static void check_clean(const char *raw, bool utf8, const char *clean)
{
	struct str s = { 0 };

	text_add_clean(&s, raw, strlen(raw), utf8);
	assert_string_equal(str_text(&s), clean);
	str_deinit(&s);
}

static void test_clean(void **state)
{
	check_clean("plain", true, "plain");
	check_clean("", true, "");
	check_clean("\033[2J\a", true, "\\x1b[2J\\a");
	check_clean("a\nb\tc\rd\x7f", true, "a\\nb\\tc\\rd\\x7f");
	check_clean("gr\xc3\xb6\xc3\x9f"
		    "e",
		    true,
		    "gr\xc3\xb6\xc3\x9f"
		    "e");
	check_clean("gr\xc3\xb6\xc3\x9f"
		    "e",
		    false, "gr\\u00f6\\u00dfe");
	check_clean("\xff\xc3", true, "\\xff\\xc3");
	check_clean("\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80", true,
		    "\\xc0\\x80\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80"); /* overlong, surrogate, too
									 high */
	check_clean("\xc2\x9b"
		    "31m",
		    true, "\\u009b31m"); /* C1: CSI in one character */
	check_clean("a\xe2\x80\xae"
		    "b",
		    true, "a\\u202eb"); /* right-to-left override */
	check_clean("\xf0\x9f\x90\x8c", true, "\xf0\x9f\x90\x8c");
	check_clean("\xf0\x9f\x90\x8c", false, "\\U0001f40c");
}

static void check_elided(const char *text, size_t columns, bool left, bool utf8,
			 const char *expected)
{
	struct str s = { 0 };
	size_t used = text_add_elided(&s, text, strlen(text), columns, left, utf8);

	assert_string_equal(str_text(&s), expected);
	assert_int_equal(used, text_columns(str_text(&s), s.length));
	assert_true(used <= columns);
	str_deinit(&s);
}

static void test_elide(void **state)
{
	check_elided("abcdef", 6, false, true, "abcdef");
	check_elided("abcdef", 5, false, true, "abcd\xe2\x80\xa6");
	check_elided("abcdef", 5, false, false, "abc..");
	check_elided("abcdef", 5, true, true,
		     "\xe2\x80\xa6"
		     "cdef");
	check_elided("abcdef", 1, false, true, "a");
	check_elided("abcdef", 0, false, true, "");
	check_elided("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 6, false, true,
		     "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97");
	check_elided("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 4, false, true,
		     "\xe4\xb8\xad\xe2\x80\xa6");
	check_elided("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 4, true, true,
		     "\xe2\x80\xa6\xe5\xad\x97");
	assert_int_equal(text_columns("e\xcc\x81", 3), 1); /* a combining accent */
}

static void test_xml(void **state)
{
	struct str s = { 0 };

	text_add_xml(&s, "<a b=\"c'\">&\x01\xff\xc3\xb6", 15);
	assert_string_equal(s.text, "&lt;a b=&quot;c&#39;&quot;&gt;&amp;\\x01\\xff\xc3\xb6");
	str_deinit(&s);
}

static void test_json_keys(void **state)
{
	static const struct {
		const char *key;
		enum doc_unit unit;
		const char *expected;
	} cases[] = { { "self", DOC_DURATION_NS, "self_ns" },
		      { "self_ns", DOC_DURATION_NS, "self_ns" },
		      { "bytes", DOC_BYTES, "bytes" },
		      { "size", DOC_BYTES, "size_bytes" },
		      { "pid", DOC_ID, "pid" },
		      { "busy", DOC_RATIO, "busy_ratio" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str s = { 0 };

		format_json_key(&s, cases[i].key, cases[i].unit);
		assert_string_equal(s.text, cases[i].expected);
		str_deinit(&s);
	}
}

/* --- golden --------------------------------------------------------------------------------------
 */

static void check_golden(const char *name, char *text)
{
	char *script = strstr(text, "<script>"); /* web/svg.js changes on its own */
	const char *src = getenv("SRC");
	char *path = mem_printf("%s/tests/golden/render/%s", src ? src : ".", name);
	struct str expected = { 0 };

	if (script)
		*script = '\0';
	if (getenv("UPDATE_GOLDEN"))
		assert_null(io_replace_file(AT_FDCWD, path, text, strlen(text)));
	struct err *err = io_read_file(path, 1 << 20, &expected);

	if (err)
		fail_msg("%s", err_message(err));
	if (strcmp(text, str_text(&expected)) != 0) {
		const char *a = text, *b = str_text(&expected);
		unsigned line = 1;

		for (; *a && *a == *b; a++, b++)
			line += *a == '\n';
		fail_msg("%s differs in line %u: got '%.60s', expected '%.60s'", name, line, a, b);
	}
	str_deinit(&expected);
	free(path);
}

static void test_golden(void **state)
{
	static const struct {
		const char *file;
		struct render_options options;
	} cases[] = {
		{ "term-80.txt", { .format = "term", .width = 80, .charset = RENDER_UTF8 } },
		{ "term-80-ascii.txt", { .format = "term", .width = 80, .charset = RENDER_ASCII } },
		{ "term-40.txt", { .format = "term", .width = 40, .charset = RENDER_UTF8 } },
		{ "term-200-color.txt",
		  { .format = "term",
		    .width = 200,
		    .charset = RENDER_UTF8,
		    .color = RENDER_COLOR_ALWAYS } },
		{ "demo.json", { .format = "json" } },
		{ "demo.svg", { .format = "svg" } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = render_well(cases[i].options, demo_document);

		check_golden(cases[i].file, text);
		free(text);
	}
}

/* No line is wider than was asked for, nothing unclean gets through. */
static void test_widths(void **state)
{
	for (unsigned width = 20; width <= 240; width += 10)
		for (int ascii = 0; ascii < 2; ascii++) {
			char *text = render_well(
				(struct render_options){ .width = width,
							 .charset = ascii ? RENDER_ASCII
									  : RENDER_UTF8 },
				demo_document);

			for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
				/* a command is there to be copied: it may be longer */
				if (text_columns(line, strlen(line)) > width &&
				    !strstr(line, "next: "))
					fail_msg("width %u: '%s'", width, line);
				for (const char *c = line; *c; c++)
					assert_true((unsigned char)*c >= 0x20 &&
						    (!ascii || (unsigned char)*c < 0x7f));
			}
			free(text);
		}
}

/* --- hostile -------------------------------------------------------------------------------------
 */

static void hostile(struct doc *d)
{
	static const char *const names[] = { "",
					     "\033]0;title\a",
					     "\xff\xfe\xfd",
					     "</script><script>alert(1)</script>",
					     "\"'`&<>]]>",
					     "a\nb",
					     ("\xe2\x80\xae"
					      "evil"),
					     "%s%n" };
	static const struct doc_column columns[] = { { "n", "</table>\033[31m", DOC_TEXT, 0 },
						     { "n", "same key", DOC_COUNT,
						       DOC_COLUMN_BAR } };
	char *huge = mem_alloc((1 << 20) + 1);

	memset(huge, 'x', 1 << 20);
	huge[1 << 20] = '\0';
	doc_begin(d, &(struct doc_head){
			     .kind = "sonde.\"x\"", .version = 1, .title = "</title>\033[2J" });
	doc_table_begin(d, "t\"\n", "\033[31m", columns, 2);
	for (unsigned i = 0; i < 8; i++)
		doc_row(d, (struct doc_value[]){ DOC_STR(names[i]),
						 DOC_F64(i == 3 ? 0.0 / 0.0 : -1e300 * i) });
	doc_row(d, (struct doc_value[]){ DOC_STR(huge), DOC_STR(huge) });
	doc_table_end(d, UINT64_MAX, "</table>\033[0m");
	doc_flame_begin(
		d, &(struct doc_flame){ .key = "t\"\n", .title = "<&>", .unit_name = "<\"'&" });
	doc_flame_node(d, 0, &(struct doc_frame){ .name = "all", .value = 8 });
	for (unsigned i = 0; i < 8; i++)
		doc_flame_node(d, 1,
			       &(struct doc_frame){ .name = i == 7 ? huge : names[i],
						    .detail = names[i],
						    .value = 1,
						    .self = 1,
						    .kind = (enum doc_frame_kind)(i * 100) });
	doc_flame_end(d);
	doc_timeline_begin(d, &(struct doc_timeline){ "z", "zero long", 5, 5, 1 });
	doc_lane(d, names[1]);
	doc_span(d, &(struct doc_span){ .from_ns = 0, .to_ns = UINT64_MAX, .name = names[2] });
	doc_timeline_end(d);
	doc_histogram(d, "h", names[3], DOC_BYTES,
		      (struct doc_bucket[]){ { -1e308, 1e308, UINT64_MAX } }, 1);
	doc_histogram(d, "h", NULL, DOC_BYTES, NULL, 0);
	doc_warning(d, names[3], "%s", names[3]);
	doc_next(d, names[1], names[3]);
	doc_field(d, "f", names[1], DOC_TEXT, DOC_STR(names[5]));
	doc_verbatim(d, "v", names[3]);
	doc_text(d, "%s", huge);
	free(huge);
}

static void test_hostile(void **state)
{
	for (size_t f = 0; render_table[f]; f++) {
		const char *format = render_table[f]->name;
		char *text = render_well((struct render_options){ .format = format,
								  .width = 80,
								  .charset = RENDER_UTF8 },
					 hostile);

		for (const char *c = text; *c; c++)
			if ((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t')
				fail_msg("%s lets byte %d through", format, *c);
		for (size_t left = strlen(text), i = 0, used; i < left; i += used)
			if (text_decode(text + i, left - i, &used) < 0)
				fail_msg("%s writes what is no UTF-8", format);
		if (strcmp(format, "html") == 0 || strcmp(format, "svg") == 0)
			assert_null(strstr(text, "<script>alert(1)"));
		free(text);
	}
}

/* --- streaming
 * ------------------------------------------------------------------------------------ */

static void many_rows(struct doc *d)
{
	doc_begin(d, &head);
	doc_table_begin(d, "functions", "f", demo_columns, 6);
	for (unsigned i = 0; i < 100000; i++)
		doc_row(d, (struct doc_value[]){ DOC_F64(0.5), DOC_F64(i / 1e6), DOC_U64(i),
						 DOC_STR("function"), DOC_STR("module"),
						 DOC_STR("file.c:12") });
	doc_table_end(d, 0, NULL);
}

static void test_streams(void **state)
{
	static const char *const formats[] = { "term", "json" };

	for (size_t i = 0; i < 2; i++) {
		struct rusage before, after;
		struct doc *d;

		getrusage(RUSAGE_SELF, &before);
		assert_null(render_open(&(struct render_options){ .format = formats[i],
								  .path = "/dev/null",
								  .width = 100 },
					&d));
		many_rows(d);
		assert_null(doc_end(d));
		render_destroy(d);
		getrusage(RUSAGE_SELF, &after);
		if (getenv("SONDE_SANITIZED") == NULL) /* a sanitizer keeps what was freed */
			assert_true(after.ru_maxrss - before.ru_maxrss < 4 << 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams), /* first: it looks at the peak of memory */
		cmocka_unit_test(test_order),	cmocka_unit_test(test_unknown_format),
		cmocka_unit_test(test_file),	cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_clean),	cmocka_unit_test(test_elide),
		cmocka_unit_test(test_xml),	cmocka_unit_test(test_json_keys),
		cmocka_unit_test(test_golden),	cmocka_unit_test(test_widths),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
