/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two pieces of BTF, cut at the first byte's place: the second's types are taken out of the
 * first, and what comes out is BTF again, with as many types of those names. */
#include "format/btf.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void extract_again(struct bytes bytes, const struct btf_file *program)
{
	struct btf_file all, *kernel = &all;
	struct btf_names names;
	struct str image;
	struct btf_file out;

	str_init(&image);
	btf_names_init(&names);
	btf_names_add_records(&names, program);
	if (btf_init_finding(kernel, bytes, &names) != NULL)
		abort(); /* it could be read before */
	btf_extract(kernel, &names, &image);

	struct err *err = btf_init(&out, (struct bytes){ (const uint8_t *)image.text, image.length });

	if (err)
		abort(); /* we have just written it */
	for (uint32_t id = 1; id < out.count; id++) {
		struct btf_type t = btf_type_of(&out, id);

		if (btf_kind_of(&t) >= BTF_KINDS || strlen(btf_string(&out, t.name_offset)) > kernel->strings.size_bytes)
			abort();
	}
	btf_deinit(&out);
	btf_deinit(kernel);
	btf_names_deinit(&names);
	str_deinit(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf_file kernel, program;

	if (size < 1)
		return 0;

	size_t cut = 1 + (size - 1) * data[0] / 255;
	struct bytes first = { data + 1, cut - 1 };
	struct err *err = btf_init(&kernel, first);

	if (!err) {
		err = btf_init(&program, (struct bytes){ data + cut, size - cut });
		if (!err) {
			extract_again(first, &program);
			btf_deinit(&program);
		} else {
			extract_again(first, &kernel);
		}
		btf_deinit(&kernel);
	}
	err_destroy(err);
	return 0;
}
