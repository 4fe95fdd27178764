/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* live-demo [fail-after N]: a live view that counts its refreshes, for tests/system/live.sh. */
#include "render/live.h"

#include <stdio.h>
#include <stdlib.h>

struct demo {
	unsigned refreshes, fail_after;
};

static struct err *refresh(void *user, struct doc *d)
{
	static const struct doc_column columns[] = {
		{ "n", "row", DOC_ID, 0 },
		{ "name", "name", DOC_TEXT, 0 },
	};
	struct demo *demo = user;

	demo->refreshes++;
	if (demo->fail_after && demo->refreshes > demo->fail_after)
		return err_new(ERR_FORMAT, "the recording went away");
	doc_begin(d, &(struct doc_head){
			     .kind = "sonde.live_demo", .version = 1, .title = "Live demo" });
	doc_headline(d, "refresh %u", demo->refreshes);
	doc_verbatim(d, "wide", "a line that is wider than any screen: 123456789 123456789 123456789 "
				"123456789 123456789 123456789 123456789 123456789 123456789 123456789");
	doc_table_begin(d, "rows", "Rows", columns, 2);
	for (unsigned i = 1; i <= 100; i++) {
		char name[64];

		snprintf(name, sizeof(name), i == 77 ? "needle \033[31m" : "row number %u", i);
		doc_row(d, (struct doc_value[]){
				   DOC_U64(i), DOC_STYLED(name, i % 2 ? DOC_PLAIN : DOC_KERNEL) });
	}
	doc_table_end(d, 0, NULL);
	return NULL;
}

int main(int argc, char **argv)
{
	struct demo demo = { .fail_after = argc > 1 ? (unsigned)atoi(argv[1]) : 0 };
	struct live_options options = { .title = "demo", .interval_ns = 200000000 };
	struct err *err = live_run(&options, refresh, &demo);

	if (err == NULL) {
		puts("quit well");
		return 0;
	}
	printf("error: %s\n", err_message(err));
	err_destroy(err);
	return 1;
}
