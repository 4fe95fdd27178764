/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One function's instructions, as objdump -d prints them: targets with their symbols behind. */
#include "view/elf_impl.h"

#include "arch/disasm.h"
#include "base/mem.h"
#include "base/str.h"
#include "sym/code.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FUNCTION_MAX_BYTES = 64 << 20 };

static void add_symbol(struct str *text, struct code *c, uint64_t addr)
{
	uint64_t offset = 0;
	const char *name = code_symbol(c, addr, &offset);

	if (name == NULL)
		return;
	str_printf(text, " <%s", name);
	if (offset != 0)
		str_printf(text, "+0x%llx", (unsigned long long)offset);
	str_add_char(text, '>');
}

/* In a relocatable file targets are the linker's business: what stands there leads nowhere. */
static bool add_relocation(struct str *text, struct code *c, const struct disasm_insn *insn)
{
	int64_t offset = 0;
	const char *name = code_relocation(c, insn->addr, insn->length, &offset);

	if (name == NULL)
		return false;
	str_printf(text, "        # %s", name);
	if (offset != 0)
		str_printf(text, "%c0x%llx", offset < 0 ? '-' : '+',
			   (unsigned long long)(offset < 0 ? -(uint64_t)offset : (uint64_t)offset));
	return true;
}

static void put_insn(struct doc *d, struct code *c, const uint8_t *bytes, const struct disasm_insn *insn)
{
	char hex[3 * DISASM_LENGTH_MAX + 1] = "";
	struct str text;

	str_init(&text);
	str_add(&text, insn->text);

	bool relocated = add_relocation(&text, c, insn);

	if (insn->has_target && !relocated)
		add_symbol(&text, c, insn->target);
	if (!relocated && insn->memory.present && insn->memory.has_addr) {
		str_printf(&text, "        # %llx", (unsigned long long)insn->memory.addr);
		add_symbol(&text, c, insn->memory.addr);
	}
	for (size_t i = 0; i < insn->length && i < DISASM_LENGTH_MAX; i++)
		snprintf(hex + 3 * i, 4, "%02x ", bytes[i]);

	const struct doc_value row[] = { DOC_U64(insn->addr), DOC_STYLED(hex, DOC_DIM), DOC_STR(str_text(&text)) };

	doc_row(d, row);
	str_deinit(&text);
}

static void put_range(struct doc *d, struct code *c, struct disasm *dis, const struct code_range *range)
{
	static const struct doc_column columns[] = {
		{ "addr", "address", DOC_ADDR, 0 },
		{ "bytes", "bytes", DOC_TEXT, DOC_COLUMN_OPTIONAL },
		{ "text", "instruction", DOC_TEXT, 0 },
	};
	uint64_t left = 0;
	const uint8_t *bytes = code_bytes(c, range->addr, &left);
	struct disasm_insn insn;

	if (left > range->size_bytes)
		left = range->size_bytes;
	doc_table_begin(d, "instructions", range->name ? range->name : "code", columns, 3);
	for (uint64_t at = 0; bytes != NULL && at < left && at < FUNCTION_MAX_BYTES; at += insn.length) {
		disasm_one(dis, bytes + at, (size_t)(left - at), range->addr + at, &insn);
		put_insn(d, c, bytes + at, &insn);
	}
	doc_table_end(d, 0, NULL);
}

/* Others of that name are told: which one was meant isn't known. */
static void tell_others(struct doc *d, struct code *c, const char *name, bool in_source)
{
	struct code_range other;
	struct str text;
	size_t count = 0;

	str_init(&text);
	while (count < 5 && (in_source ? code_function_in_source(c, name, count + 1, &other) :
					 code_function_named(c, name, count + 1, &other)))
		str_printf(&text, "%s0x%llx", count++ ? ", " : "", (unsigned long long)other.addr);
	if (count > 0)
		doc_warning(d, "name the address", "%s%zu more %s called %s: %s", count == 5 ? "at least " : "", count,
			    count == 1 ? "is" : "are", name, text.text);
	str_deinit(&text);
}

/* A symbol, a name as the source has it, or an address. */
static bool find_function(struct doc *d, struct code *c, const char *what, struct code_range *ret)
{
	uint64_t addr;
	char *end;

	if (code_function_named(c, what, 0, ret)) {
		tell_others(d, c, what, false);
		return true;
	}
	/* "f" is a name and a number: the name counts; no name begins with a digit. */
	if (!(what[0] >= '0' && what[0] <= '9') && code_function_in_source(c, what, 0, ret)) {
		tell_others(d, c, what, true);
		return true;
	}
	errno = 0;
	addr = strtoull(what, &end, 16);
	return errno == 0 && end != what && *end == '\0' && code_function_at(c, addr, ret);
}

struct err *elf_put_disasm(struct doc *d, const struct elf_facts *f, const struct elf_view *view)
{
	struct disasm_options options = { .machine = f->elf.machine, .is_64 = f->elf.is_64,
					  .big_endian = f->elf.big_endian,
					  .syntax = view->intel ? DISASM_INTEL : DISASM_ATT };
	struct code_range range = { 0 };
	struct disasm *dis = NULL;
	struct code *c = NULL;
	struct err *err;

	TRY(code_open(f->module, &c));
	if (!find_function(d, c, view->disasm, &range)) {
		code_destroy(c);
		return err_fix(err_new(ERR_NOT_FOUND, "%s has no function %s", f->path, view->disasm),
			       "sonde elf --symbols %s lists what it has", f->path);
	}
	err = disasm_create(&options, &dis);
	if (err == NULL) {
		if (disasm_borrow_note(dis) != NULL)
			doc_warning(d, disasm_borrow_fix(dis), "%s", disasm_borrow_note(dis));
		put_range(d, c, dis, &range);
	}
	disasm_destroy(dis);
	code_destroy(c);
	return err;
}
