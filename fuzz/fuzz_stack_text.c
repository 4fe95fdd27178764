/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every other stack text, found out by itself: read, turned around, folded, compared, written. */
#include "stacks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_stacks(NULL, data, size);
}
