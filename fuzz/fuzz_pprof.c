/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pprof profiles of all forms, packed and not: what is read refers to what is there. */
#include "format/pprof.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

static void check(const struct pprof *p)
{
	for (size_t i = 0; i < p->samples.n; i++) {
		const struct pprof_sample *s = &p->samples.v[i];

		if (s->first_value + p->types.n > p->values.n)
			abort();
		for (uint32_t k = 0; k < s->location_count; k++)
			if (p->stack.v[s->first_location + k] >= p->locations.n)
				abort();
	}
	for (size_t i = 0; i < p->locations.n; i++) {
		const struct pprof_location *l = &p->locations.v[i];

		if (l->mapping != PPROF_NONE && (size_t)l->mapping >= p->mappings.n)
			abort();
		for (uint32_t k = 0; k < l->line_count; k++) {
			int32_t f = p->lines.v[l->first_line + k].function;

			if (f != PPROF_NONE && ((size_t)f >= p->functions.n || !p->functions.v[f].name))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pprof *p;

	pprof_probe(data, size);

	struct err *err = pprof_read((struct bytes){ data, size }, &p);

	if (!err) {
		check(p);
		pprof_destroy(p);
	}
	err_destroy(err);
	return 0;
}
