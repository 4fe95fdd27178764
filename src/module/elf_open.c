/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file that is mapped and then cut short by somebody else kills its reader with
 * SIGBUS.  So files of ordinary size are read, not mapped; only where reading would cost
 * memory by the gigabyte is the risk taken.
 */
#include "module/elf_open.h"

#include <string.h>
#include <sys/stat.h>

enum { READ_MAX_BYTES = 128 << 20 };

Elf *elf_open(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return NULL;
	elf_version(EV_CURRENT);

	Elf *elf = elf_begin(fd, st.st_size > READ_MAX_BYTES ? ELF_C_READ_MMAP : ELF_C_READ, NULL);

	if (elf != NULL && elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return NULL;
	}
	return elf;
}

Elf_Scn *elf_find_section(Elf *elf, const char *name, GElf_Shdr *header)
{
	GElf_Shdr own;
	size_t names;

	if (header == NULL)
		header = &own;
	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	for (Elf_Scn *s = elf_nextscn(elf, NULL); s != NULL; s = elf_nextscn(elf, s)) {
		const char *found = gelf_getshdr(s, header) ? elf_strptr(elf, names, header->sh_name) : NULL;

		if (found != NULL && strcmp(found, name) == 0)
			return s;
	}
	return NULL;
}
