/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* perf script's text: read, turned around, folded, compared, written. */
#include "stacks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_stacks("perf-script", data, size);
}
