/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_ARCH_ARCH_H
#define SONDE_ARCH_ARCH_H
/*
 * The machines that code is for, by the numbers that ELF files have for them (e_machine;
 * System V gABI, "ELF Header", and each processor's own supplement).
 */
#include <stdbool.h>
#include <stdint.h>

struct arch {
	uint16_t machine;  /* EM_X86_64 ... */
	const char *name;  /* as uname -m has it: "x86_64", "aarch64", "armv7l" */
	uint8_t code_align; /* instructions begin at multiples of so many bytes */
};

/* NULL: none that we know. */
const struct arch *arch_of_machine(uint16_t machine);
/* NAME as uname -m or a recording's meta has it ("i686", "armv7l"); NULL: none that we know. */
const struct arch *arch_of_name(const char *name);

#endif
