/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_ELF_IMPL_H
#define SONDE_VIEW_ELF_IMPL_H
/* Between the files of the view of a binary. */
#include "render/doc.h"
#include "sym/elf_facts.h"
#include "view/elf.h"

void elf_put_segments(struct doc *d, const struct elf_facts *f);
void elf_put_sections(struct doc *d, const struct elf_facts *f);
void elf_put_symbols(struct doc *d, const struct elf_facts *f, bool dynamic, bool demangle);
void elf_put_dynamic(struct doc *d, const struct elf_facts *f);
void elf_put_notes(struct doc *d, const struct elf_facts *f);
/* elf_disasm.c */
struct err *elf_put_disasm(struct doc *d, const struct elf_facts *f, const struct elf_view *view);

#endif
