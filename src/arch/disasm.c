/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first decoder that can do the machine; without one, bytes.  Libraries are opened
 * with dlopen(): linked normally they would cost every start of sonde a millisecond, and
 * its installation their packages.
 */
#include "arch/disasm_impl.h"

#include "arch/arch.h"
#include "base/mem.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct disasm {
	const struct disasm_ops *ops; /* NULL: bytes */
	void *self;
	uint16_t machine;
	unsigned unit; /* bytes that a bad instruction has */
	char *note;
	const char *fix;
};

static const struct disasm_ops *const disasm_table[] = { &disasm_zydis, &disasm_capstone, NULL };

struct err *disasm_load(const char *library, const struct disasm_symbol *symbols, size_t count)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return err_new(ERR_UNSUPPORTED, "%s is not installed", library);
	for (size_t i = 0; i < count; i++) {
		*symbols[i].function = dlsym(handle, symbols[i].name);
		if (!*symbols[i].function)
			return err_new(ERR_UNSUPPORTED, "%s has no %s", library, symbols[i].name);
	}
	return NULL;
}

static void add_note(struct disasm *d, const struct disasm_options *o, size_t which,
		     const struct err *err)
{
	const struct arch *arch = arch_of_machine(o->machine);
	char machine[32];

	snprintf(machine, sizeof(machine), "machine %u", o->machine);
	d->note = mem_printf("no disassembler for %s: %s; instructions are shown as bytes",
			     arch ? arch->name : machine,
			     err ? err_message(err) : "no library that we know has one");
	d->fix = err ? disasm_table[which]->fix : NULL;
}

struct err *disasm_create(const struct disasm_options *o, struct disasm **ret)
{
	const struct arch *arch = arch_of_machine(o->machine);
	struct disasm *d = mem_calloc(1, sizeof(*d));
	struct err *err = NULL;
	size_t i = 0;

	while (disasm_table[i] && !disasm_table[i]->can(o))
		i++;
	d->machine = o->machine;
	d->unit = arch ? arch->code_align : 1;
	if (disasm_table[i])
		err = disasm_table[i]->create(o, &d->self);
	if (disasm_table[i] && !err)
		d->ops = disasm_table[i];
	else
		add_note(d, o, i, err);
	err_destroy(err);
	*ret = d;
	return NULL;
}

void disasm_destroy(struct disasm *d)
{
	if (!d)
		return;
	if (d->ops)
		d->ops->destroy(d->self);
	free(d->note);
	free(d);
}

const char *disasm_borrow_note(const struct disasm *d) { return d->note; }

const char *disasm_borrow_fix(const struct disasm *d) { return d->fix; }

/* A line of bytes: as many as an instruction has where that is plain to see, else eight. */
static size_t line_bytes(const struct disasm *d, const uint8_t *bytes)
{
	if (d->machine == EM_RISCV)
		return (bytes[0] & 3) == 3 ? 4 : 2;
	return d->unit == 4 ? 4 : 8;
}

static void show_bytes(const struct disasm *d, const uint8_t *bytes, size_t size_bytes,
		       struct disasm_insn *insn)
{
	size_t n = line_bytes(d, bytes), at = 0;

	n = n < size_bytes ? n : size_bytes;
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(insn->text + at, sizeof(insn->text) - at, "%s0x%02x",
				       i ? "," : ".byte  ", bytes[i]);
	insn->length = (uint8_t)n;
}

void disasm_one(struct disasm *d, const uint8_t *bytes, size_t size_bytes, uint64_t addr,
		struct disasm_insn *insn)
{
	/* not the text: clearing it costs as much as decoding */
	memset(insn, 0, offsetof(struct disasm_insn, text));
	insn->text[0] = '\0';
	insn->addr = addr;
	insn->memory.base = insn->memory.index = insn->memory.segment = "";
	if (!d->ops) {
		show_bytes(d, bytes, size_bytes, insn);
		return;
	}
	if (d->ops->one(d->self, bytes, size_bytes, insn))
		return;
	insn->kind = DISASM_BAD;
	insn->length = (uint8_t)(d->unit < size_bytes ? d->unit : size_bytes);
	snprintf(insn->text, sizeof(insn->text), "(bad)");
}
