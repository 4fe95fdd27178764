/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The importers.  A new one is its file and two lines here. */
#include "convert/importer.h"

#include "base/str.h"

#include <string.h>

extern const struct importer importer_perf_data, importer_pprof;

const struct importer *const importer_table[] = {
	&importer_perf_data,
	&importer_pprof,
	NULL,
};

struct err *importer_find(const char *name, const struct importer **ret)
{
	struct str known = { 0 };

	for (size_t i = 0; importer_table[i]; i++) {
		if (strcmp(importer_table[i]->name, name) == 0) {
			str_deinit(&known);
			*ret = importer_table[i];
			return NULL;
		}
		str_printf(&known, "%s%s", i ? ", " : "", importer_table[i]->name);
	}

	struct err *err = err_fix(err_new(ERR_USAGE, "sonde import cannot read \"%s\"", name),
				  "known forms: %s", str_text(&known));

	str_deinit(&known);
	return err;
}

const struct importer *importer_probe(const void *head, size_t size_bytes)
{
	for (size_t i = 0; importer_table[i]; i++)
		if (importer_table[i]->probe(head, size_bytes))
			return importer_table[i];
	return NULL;
}
