/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_TESTS_RENDER_DEMO_H
#define SONDE_TESTS_RENDER_DEMO_H
/* A document that has every kind of node, for the renderers' tests. */
#include "render/doc.h"

static inline void demo_prose(struct doc *d)
{
	doc_headline(d, "%s wall, %s CPU in 412 processes; 118,204 samples, 0 lost", "41.8 s",
		     "63.0 s");
	doc_text(
		d,
		"Most of the time went into compiling. This paragraph is long enough to be wrapped "
		"on a terminal of eighty columns, and of a hundred, and it must not break a word.");
	doc_warning(d, "install libfoo-dbgsym, or set debuginfod",
		    "4 %% of samples are unresolved: %s has no symbols", "libfoo.so");
	doc_warning(d, NULL, "1,204 events were lost");
	doc_field(d, "samples", "samples", DOC_COUNT, DOC_U64(118204));
	doc_field(d, "wall", "wall time", DOC_DURATION_NS, DOC_F64(41.8e9));
	doc_field(d, "busy", "busy", DOC_RATIO, DOC_F64(0.7523));
	doc_field(d, "size", "size on disk", DOC_BYTES, DOC_U64(3251634));
	doc_field(d, "kernel", "kernel", DOC_TEXT, DOC_STYLED("6.1.0-18-amd64", DOC_STRONG));
	doc_field(d, "complete", "complete", DOC_BOOL, DOC_TRUTH(true));
}

static const struct doc_column demo_columns[] = {
	{ "self", "self", DOC_RATIO, DOC_COLUMN_BAR },
	{ "total", "total", DOC_RATIO, 0 },
	{ "time", "time", DOC_DURATION_NS, DOC_COLUMN_OPTIONAL },
	{ "function", "function", DOC_TEXT, 0 },
	{ "module", "module", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	{ "source", "source", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
};

static inline void demo_table(struct doc *d)
{
	static const struct {
		double self, total;
		const char *function, *module, *source;
		enum doc_style style;
	} rows[] = {
		{ 0.314, 0.512, "parse_translation_unit", "cc1", "gcc/c/c-parser.cc:1530",
		  DOC_USER },
		{ 0.2, 0.2,
		  "std::map<std::string, std::vector<int>>::operator[](std::string const&)", "cc1",
		  "/usr/include/c++/12/bits/stl_map.h:501", DOC_INLINED },
		{ 0.099, 0.12, "_int_malloc", "libc.so.6", "malloc/malloc.c:3900", DOC_LIBRARY },
		{ 0.0104, 0.3, "page_fault", "[kernel]", NULL, DOC_KERNEL },
		{ 0.0001, 0.0001,
		  "gr\xc3\xb6\xc3\x9f"
		  "e_\xe4\xb8\xad\xe6\x96\x87",
		  "b\xff"
		  "d.so",
		  "a\tb\033[31m.c:1", DOC_PLAIN },
	};

	doc_table_begin(d, "functions", "Top functions", demo_columns, 6);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		doc_row(d, (struct doc_value[]){ DOC_F64(rows[i].self), DOC_F64(rows[i].total),
						 DOC_F64(rows[i].self * 41.8e9),
						 DOC_STYLED(rows[i].function, rows[i].style),
						 DOC_STR(rows[i].module),
						 rows[i].source ? DOC_STR(rows[i].source)
								: DOC_NONE });
	doc_table_end(d, 1204, "sonde report -n 2000 make.sonde");
}

static inline void demo_numbers(struct doc *d)
{
	static const struct doc_column columns[] = {
		{ "time", "when", DOC_TIME_NS, 0 }, { "pid", "pid", DOC_ID, 0 },
		{ "addr", "address", DOC_ADDR, 0 }, { "rate", "rate", DOC_HZ, 0 },
		{ "load", "load", DOC_NUMBER, 0 },  { "ok", "ok", DOC_BOOL, 0 },
		{ "delta", "delta", DOC_COUNT, 0 },
	};

	doc_table_begin(d, "numbers", "Every unit", columns, 7);
	doc_row(d, (struct doc_value[]){ DOC_U64(1000012345678), DOC_U64(4711),
					 DOC_U64(0x7f12ab34cd), DOC_U64(3999), DOC_F64(1.23456),
					 DOC_TRUTH(true), DOC_I64(-12345) });
	doc_row(d, (struct doc_value[]){ DOC_U64(999999000000), DOC_U64(1), DOC_U64(0), DOC_U64(99),
					 DOC_F64(0.5), DOC_TRUTH(false), DOC_I64(17) });
	doc_row(d, (struct doc_value[]){ DOC_NONE, DOC_NONE, DOC_NONE, DOC_NONE, DOC_NONE, DOC_NONE,
					 DOC_NONE });
	doc_table_end(d, 0, NULL);
	doc_table_begin(d, "empty", "An empty table", columns, 7);
	doc_table_end(d, 0, NULL);
}

static inline void demo_tree(struct doc *d)
{
	static const struct doc_column columns[] = {
		{ "function", "caller", DOC_TEXT, 0 },
		{ "samples", "samples", DOC_COUNT, 0 },
	};
	static const struct {
		unsigned depth;
		const char *name;
		uint64_t samples;
	} nodes[] = { { 0, "main", 100 },	{ 1, "compile", 80 }, { 2, "parse", 50 },
		      { 3, "next_token", 9 },	{ 2, "emit", 30 },    { 1, "cleanup", 20 },
		      { 0, "start_thread", 12 } };

	doc_tree_begin(d, "callers", "Callers", columns, 2);
	for (unsigned i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		doc_node(d, nodes[i].depth,
			 (struct doc_value[]){ DOC_STR(nodes[i].name), DOC_U64(nodes[i].samples) });
	doc_tree_end(d);
}

static inline void demo_flame(struct doc *d, bool diff)
{
	static const struct {
		unsigned depth;
		const char *name, *detail;
		enum doc_frame_kind kind;
		double value, self, before;
	} nodes[] = {
		{ 0, "all", NULL, DOC_FRAME_GROUP, 1000, 0, 950 },
		{ 1, "cc1 4711", NULL, DOC_FRAME_GROUP, 880, 0, 800 },
		{ 2, "main", "cc1, gcc/main.cc:35", DOC_FRAME_USER, 880, 0, 800 },
		{ 3, "c_parse_file", "cc1, gcc/c/c-parser.cc:24", DOC_FRAME_USER, 500, 100, 500 },
		{ 4, "next_token", "cc1, gcc/c/c-lex.cc:9 (inlined)", DOC_FRAME_INLINED, 250, 250,
		  300 },
		{ 4, "malloc", "libc.so.6, malloc/malloc.c:3200", DOC_FRAME_LIBRARY, 150, 90, 100 },
		{ 5, "asm_exc_page_fault", "[kernel]", DOC_FRAME_KERNEL, 60, 60, 60 },
		{ 3, "execute_pass_list", "cc1, gcc/passes.cc:2600", DOC_FRAME_USER, 380, 380,
		  300 },
		{ 1, "node 99", NULL, DOC_FRAME_GROUP, 120, 0, 150 },
		{ 2, "LazyCompile:*render /app/x.js:7", "jit", DOC_FRAME_JIT, 100, 100, 100 },
		{ 2, "[unknown]", NULL, DOC_FRAME_UNKNOWN, 19, 19, 40 },
		{ 2, "nvme_irq", "[nvme]", DOC_FRAME_KERNEL_MODULE, 1, 1, 10 },
	};

	doc_flame_begin(d, &(struct doc_flame){ .key = diff ? "flame_diff" : "flame",
						.title = diff ? "What changed" : "Flame graph",
						.unit_name = "samples",
						.unit = DOC_COUNT,
						.diff = diff });
	for (unsigned i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		doc_flame_node(d, nodes[i].depth,
			       &(struct doc_frame){ .name = nodes[i].name,
						    .detail = nodes[i].detail,
						    .kind = nodes[i].kind,
						    .value = nodes[i].value,
						    .self = nodes[i].self,
						    .value_before = nodes[i].before,
						    .self_before = nodes[i].self * 0.5 });
	doc_flame_end(d);
}

static inline void demo_charts(struct doc *d)
{
	static const struct doc_bucket buckets[] = { { 1000, 2000, 12 },    { 2000, 4000, 1204 },
						     { 4000, 8000, 88000 }, { 8000, 16000, 41000 },
						     { 16000, 32000, 0 },   { 32000, 64000, 3 } };

	doc_histogram(d, "latency", "Read latency", DOC_DURATION_NS, buckets, 6);
	doc_timeline_begin(d, &(struct doc_timeline){ "timeline", "Threads over time",
						      1000000000000, 1010000000000, 2 });
	for (unsigned lane = 0; lane < 3; lane++) {
		static const char *const names[] = { "main 4711",
						     "worker-with-a-rather-long-name 4712",
						     "idle 4713" };

		doc_lane(d, names[lane]);
		for (uint64_t i = 0; i < 40 && lane < 2; i++)
			doc_span(d, &(struct doc_span){
					    .from_ns = 1000000000000 + i * 250000000,
					    .to_ns = 1000000000000 + i * 250000000 +
						     (lane ? 125000000 : 5000000 * (i + 1)),
					    .name = i % 7 == 3 ? "waiting" : "running",
					    .style = i % 7 == 3 ? DOC_WARN : DOC_USER });
		if (lane == 1)
			doc_span(d, &(struct doc_span){ .level = 1,
							.from_ns = 1000000000000,
							.to_ns = 1010000000000,
							.name = "half busy",
							.weight = 0.5 });
	}
	doc_timeline_end(d);
}

static inline void demo_document(struct doc *d)
{
	doc_begin(d, &(struct doc_head){ .kind = "sonde.demo",
					 .version = 1,
					 .title = "make -j2",
					 .subtitle = "recorded 2026-11-21 09:00 on build1",
					 .origin_ns = 1000000000000 });
	demo_prose(d);
	doc_section_begin(d, "profile", "Where the CPU time went");
	demo_table(d);
	demo_tree(d);
	demo_flame(d, false);
	demo_flame(d, true);
	doc_section_end(d);
	doc_section_begin(d, "details", "Details");
	demo_charts(d);
	doc_section_begin(d, "raw", "Raw");
	demo_numbers(d);
	doc_verbatim(d, "source", "\t210 |  struct foo *f;\n\t212 |  if (f->ready) \033[31mred\n");
	doc_section_end(d);
	doc_next(d, "sonde flame make.sonde", "the same as a picture that can be searched");
	doc_section_end(d);
	doc_next(d, "sonde report make.sonde", NULL);
}

#endif
