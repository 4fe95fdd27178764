/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row an architecture. */
#include "arch/arch.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

static const struct arch arch_table[] = {
	{ EM_X86_64, "x86_64", 1 },   { EM_386, "i686", 1 },	   { EM_AARCH64, "aarch64", 4 },
	{ EM_ARM, "armv7l", 2 },      { EM_RISCV, "riscv64", 2 },  { EM_PPC64, "ppc64le", 4 },
	{ EM_PPC, "ppc", 4 },	      { EM_S390, "s390x", 2 },	   { EM_MIPS, "mips", 4 },
	{ EM_SPARCV9, "sparc64", 4 },
};

const struct arch *arch_of_machine(uint16_t machine)
{
	for (size_t i = 0; i < sizeof(arch_table) / sizeof(*arch_table); i++)
		if (arch_table[i].machine == machine)
			return &arch_table[i];
	return NULL;
}

/* i386 .. i686 and armv5tel .. armv8l are one machine each. */
static const char *plain_name(const char *name)
{
	if (name[0] == 'i' && strcmp(name + 2, "86") == 0)
		return "i686";
	if (strncmp(name, "armv", 4) == 0)
		return "armv7l";
	if (strcmp(name, "ppc64") == 0)
		return "ppc64le";
	return name;
}

const struct arch *arch_of_name(const char *name)
{
	const char *plain = strlen(name) < 3 ? name : plain_name(name);

	for (size_t i = 0; i < sizeof(arch_table) / sizeof(*arch_table); i++)
		if (strcmp(arch_table[i].name, plain) == 0)
			return &arch_table[i];
	return NULL;
}
