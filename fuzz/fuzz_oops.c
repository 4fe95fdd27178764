/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel logs: scanned in two ways of cutting them, parsed, explained, written. */
#include "base/json.h"
#include "oops/explain.h"
#include "oops/json.h"
#include "oops/oops.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *user, struct oops_report *r)
{
	struct oops_explanation e;

	oops_explain(r, &e);
	oops_explanation_deinit(&e);
	oops_json(user, r);
	oops_report_destroy(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;
	struct json json;

	str_init(&text);
	json_init_str(&json, &text, 0);
	json_begin_array(&json);
	struct oops_scan *s = oops_scan_create(take, &json);
	size_t cut = size > 0 ? data[0] % size : 0;

	oops_scan_feed(s, data, cut);
	oops_scan_feed(s, data + cut, size - cut);
	oops_scan_finish(s);
	oops_scan_destroy(s);
	json_end(&json);
	str_deinit(&text);
	return 0;
}
