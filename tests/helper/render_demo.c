/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * render-demo FORMAT [PATH] [FRAMES] [ROWS]: write the demo document, with a further flame
 * graph of FRAMES made-up frames and a table of ROWS rows, for tests that look at it from
 * outside.  "pager": as a command prints on a terminal.
 */
#include "render_demo.h"

#include "render/renderer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A deterministic tree of about FRAMES nodes: each divides what its parent left. */
static unsigned grow(struct doc *d, unsigned depth, double value, unsigned budget, uint64_t *seed)
{
	char name[64];
	unsigned used = 1;
	double left = value * 0.97;

	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	snprintf(name, sizeof(name), "function_%u", (unsigned)(*seed >> 33) % 5000);

	unsigned children = budget > 1 ? 1 + (unsigned)(*seed >> 40) % 4 : 0;

	if (depth == 0)
		snprintf(name, sizeof(name), "all");
	doc_flame_node(d, depth,
		       &(struct doc_frame){ .name = name,
					    .detail = "libdemo.so, demo.c:12",
					    .kind = (enum doc_frame_kind)((*seed >> 50) % 7),
					    .value = value,
					    .self = children ? value * 0.03 : value });
	for (unsigned i = 0; i < children && used < budget; i++) {
		unsigned share = i + 1 == children ? budget - used
						   : (budget - used) / (children - i + 1) + 1;
		double part = i + 1 == children ? left : left * 0.55;

		used += depth < 200 ? grow(d, depth + 1, part, share, seed) : 0;
		left -= part;
	}
	return used;
}

static void many_rows(struct doc *d, unsigned rows)
{
	doc_table_begin(d, "many", "Many rows", demo_columns, 6);
	for (unsigned i = 0; i < rows; i++)
		doc_row(d, (struct doc_value[]){ DOC_F64(0.5), DOC_F64(i / 1e6), DOC_U64(i),
						 DOC_STR("function"), DOC_STR("module"),
						 DOC_STR("file.c:12") });
	doc_table_end(d, 0, NULL);
}

int main(int argc, char **argv)
{
	struct render_options options = { .format = argc > 1 ? argv[1] : NULL,
					  .path = argc > 2 ? argv[2] : NULL };
	unsigned frames = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	unsigned rows = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
	struct doc *d;

	if (options.format && strcmp(options.format, "pager") == 0)
		options = (struct render_options){ .pager = true };
	struct err *err = render_open(&options, &d);

	if (err == NULL) {
		demo_document(d);
		if (frames) {
			uint64_t seed = 42;

			doc_flame_begin(d, &(struct doc_flame){ .key = "big",
								.title = "Big",
								.unit_name = "samples",
								.unit = DOC_COUNT,
								.min_ratio = -1 });
			frames = grow(d, 0, 1e9, frames, &seed);
			doc_flame_end(d);
			fprintf(stderr, "%u frames\n", frames);
		}
		if (rows)
			many_rows(d, rows);
		err = doc_end(d);
		render_destroy(d);
	}
	if (err == NULL)
		return 0;
	fprintf(stderr, "render-demo: %s\n", err_message(err));
	err_destroy(err);
	return 1;
}
