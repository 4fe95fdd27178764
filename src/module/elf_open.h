/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_ELF_OPEN_H
#define SONDE_MODULE_ELF_OPEN_H
/* Handles of libelf, for what needs more than elf_head.h gives. */
#include <gelf.h>

/* NULL when it can't be read.  FD is borrowed. */
Elf *elf_open(int fd);

/* The section of this name, with its header; NULL when there is none.  HEADER may be NULL. */
Elf_Scn *elf_find_section(Elf *elf, const char *name, GElf_Shdr *header);

#endif
