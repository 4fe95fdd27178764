/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* perf.data: the header and its tables, all records, their parts, texts of attributes. */
#include "format/perfdata.h"

#include "base/err.h"
#include "base/str.h"

#include <stdlib.h>

static uint64_t sum; /* so that what is read is used */

static void use(struct bytes b)
{
	for (size_t i = 0; i < b.size_bytes; i++)
		sum += b.data[i];
}

static void decode_sample(const struct perfdata *p, const struct perfdata_record *r)
{
	struct perfdata_sample s;

	perfdata_sample(p, r, &s);
	for (uint64_t i = 0; i < s.chain_count; i++)
		sum += perfdata_word(p, s.chain, i);
	for (uint64_t i = 0; i < 3 * s.branch_count; i++)
		sum += perfdata_word(p, s.branches, i);
	for (int i = 0; s.user_abi && i < __builtin_popcountll(s.user_mask); i++)
		sum += perfdata_word(p, s.user_regs, (uint64_t)i);
	for (int i = 0; s.intr_abi && i < __builtin_popcountll(s.intr_mask); i++)
		sum += perfdata_word(p, s.intr_regs, (uint64_t)i);
	use(s.read);
	use(s.raw);
	use(s.user_stack);
	use(s.aux);
}

static void decode(const struct perfdata *p, const struct perfdata_record *r)
{
	struct perfdata_mmap m;
	struct perfdata_comm c;
	struct perfdata_task t;
	struct perfdata_ksymbol k;
	uint64_t lost;

	if (r->type == PERFDATA_SAMPLE)
		decode_sample(p, r);
	else if ((r->type == PERFDATA_MMAP || r->type == PERFDATA_MMAP2) && perfdata_mmap(p, r, &m))
		sum += strlen(m.path) + (m.build_id_size ? m.build_id[m.build_id_size - 1] : 0);
	else if (r->type == PERFDATA_COMM && perfdata_comm(p, r, &c))
		sum += strlen(c.comm);
	else if (r->type == PERFDATA_KSYMBOL && perfdata_ksymbol(p, r, &k))
		sum += strlen(k.name);
	else if (perfdata_task(p, r, &t) && perfdata_lost(p, r, &lost))
		sum += lost + (uint64_t)t.pid;
	use(r->body);
}

static void read_all(struct perfdata *p)
{
	struct perfdata_record r;
	struct str text = { 0 };
	struct err *err;
	bool more = true;

	while (!(err = perfdata_next(p, &r, &more)) && more)
		decode(p, &r);
	err_destroy(err);
	for (int i = 0; i < PERFDATA_FEATURE_END; i++)
		perfdata_feature_text(p, (enum perfdata_feature)i, &text);
	for (size_t i = 0; i < perfdata_event_count(p) && i < 64; i++)
		perfdata_attr_text(&perfdata_event(p, i)->attr, &text);
	for (size_t i = 0; i < perfdata_build_id_count(p); i++)
		sum += strlen(perfdata_build_id(p, i)->path) + perfdata_build_id(p, i)->id[19];
	str_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct perfdata *p;
	struct err *err = perfdata_open((struct bytes){ data, size }, &p);

	if (!err) {
		read_all(p);
		perfdata_close(p);
	}
	err_destroy(err);
	return 0;
}
