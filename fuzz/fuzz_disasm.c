/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch/disasm.h: any bytes, on every machine; each call makes progress and stays inside. */
#include "arch/disasm.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct disasm *d, const uint8_t *data, size_t size)
{
	struct disasm_insn insn;

	for (size_t at = 0; at < size; at += insn.length) {
		disasm_one(d, data + at, size - at, 0xfffffffffffff000 + at, &insn);
		if (insn.length == 0 || insn.length > size - at || !memchr(insn.text, 0, sizeof(insn.text)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t machines[] = { EM_X86_64, EM_386, EM_AARCH64, EM_ARM,   EM_PPC64,
					     EM_MIPS,	EM_S390, EM_RISCV,   EM_SPARCV9, 0 };
	static struct disasm *all[10][2];

	if (size < 1 || size > 4096)
		return 0;

	uint8_t which = data[0];
	struct disasm **d = &all[which % 10][which / 10 % 2];

	if (!*d) {
		const struct disasm_options options = {
			.machine = machines[which % 10],
			.is_64 = true,
			.thumb = which / 10 % 2,
			.syntax = which / 10 % 2 ? DISASM_INTEL : DISASM_ATT,
		};

		if (disasm_create(&options, d))
			abort();
	}
	walk(*d, data + 1, size - 1);
	return 0;
}
