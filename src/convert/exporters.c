/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exporters.  A new one is its file and two lines here. */
#include "convert/exporter.h"

#include "base/str.h"

#include <string.h>

extern const struct exporter exporter_callgrind, exporter_firefox, exporter_folded, exporter_perf_script,
	exporter_perfetto, exporter_pprof, exporter_speedscope;

const struct exporter *const exporter_table[] = {
	&exporter_folded,
	&exporter_perf_script,
	&exporter_pprof,
	&exporter_speedscope,
	&exporter_firefox,
	&exporter_perfetto,
	&exporter_callgrind,
	NULL,
};

struct err *exporter_find(const char *name, const struct exporter **ret)
{
	struct str known = { 0 };

	for (size_t i = 0; exporter_table[i]; i++) {
		if (strcmp(exporter_table[i]->name, name) == 0) {
			str_deinit(&known);
			*ret = exporter_table[i];
			return NULL;
		}
		str_printf(&known, "%s%s", i ? ", " : "", exporter_table[i]->name);
	}

	struct err *err = err_fix(err_new(ERR_USAGE, "sonde export cannot write \"%s\"", name),
				  "known forms: %s", str_text(&known));

	str_deinit(&known);
	return err;
}
