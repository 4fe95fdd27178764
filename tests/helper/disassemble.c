/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disassemble FILE [COUNT [intel]]: the instructions of .text, one a line, as tests/system/
 * disasm.py holds them against objdump: "ADDR<tab>TEXT". */
#include "arch/disasm.h"
#include "base/io.h"
#include "format/elf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct err *print_section(const struct elf_file *f, size_t section, unsigned long count,
				 enum disasm_syntax syntax)
{
	const struct disasm_options options = { .machine = f->machine,
						.is_64 = f->is_64,
						.big_endian = f->big_endian,
						.syntax = syntax };
	struct bytes code = elf_raw(f, section);
	uint64_t addr = f->sections[section].addr;
	struct disasm_insn insn;
	struct disasm *d;

	TRY(disasm_create(&options, &d));
	if (disasm_borrow_note(d))
		fprintf(stderr, "%s\n", disasm_borrow_note(d));
	for (size_t at = 0; at < code.size_bytes && count; at += insn.length, count--) {
		disasm_one(d, code.data + at, code.size_bytes - at, addr + at, &insn);
		printf("%llx\t%s", (unsigned long long)insn.addr, insn.text);
		if (insn.memory.has_addr && strstr(insn.text, "rip"))
			printf("        # %llx", (unsigned long long)insn.memory.addr);
		putchar('\n');
	}
	disasm_destroy(d);
	return NULL;
}

int main(int argc, char **argv)
{
	struct io_map map = { 0 };
	struct elf_file f = { 0 };
	struct err *err = argc < 2 ? err_new(ERR_USAGE, "disassemble FILE [COUNT [intel]]")
				   : io_map_file(-100, argv[1], &map);

	if (!err)
		err = elf_init(&f, (struct bytes){ map.data, map.size_bytes });
	if (!err)
		err = print_section(&f, elf_section_named(&f, ".text"),
				    argc > 2 ? strtoul(argv[2], NULL, 10) : 100000,
				    argc > 3 ? DISASM_INTEL : DISASM_ATT);
	int status = err != NULL;

	if (err)
		fprintf(stderr, "disassemble: %s\n", err_message(err));
	err_destroy(err);
	elf_deinit(&f);
	io_map_deinit(&map);
	return status;
}
