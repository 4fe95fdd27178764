/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* format/elf.h: all that can be asked of an ELF file. */
#include "format/elf.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void read_symbols(const struct elf_file *f, size_t section)
{
	struct elf_symbols symbols = elf_symbols(f, section);
	struct elf_symbol s;

	for (size_t i = 0; elf_symbol_get(&symbols, i, &s); i++)
		sink += elf_symbol_addr(f, &s) + (uint64_t)s.name[0];
}

static void read_section(const struct elf_file *f, size_t section)
{
	struct elf_data data;
	struct err *err = elf_relocated_data(f, section, &data);

	if (err == NULL && data.bytes.size_bytes > 0)
		sink += data.bytes.data[0] + data.bytes.data[data.bytes.size_bytes - 1];
	err_destroy(err);
	elf_data_deinit(&data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_file f;
	struct err *err = elf_init(&f, (struct bytes){ data, size });
	struct elf_data minidebug = { 0 };
	struct bytes id;
	const char *name;
	uint32_t crc;

	if (err == NULL) {
		elf_place_sections(&f);
		for (size_t i = 0; i < f.section_count && i < 256; i++) {
			read_section(&f, i);
			read_symbols(&f, i);
		}
		sink += elf_build_id(&f).size_bytes;
		sink += elf_debuglink(&f, &name, &crc) + elf_debugaltlink(&f, &name, &id);
		err = elf_minidebug(&f, &minidebug);
	}
	err_destroy(err);
	elf_data_deinit(&minidebug);
	elf_deinit(&f);
	return 0;
}
