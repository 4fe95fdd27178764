/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All but x86 by Capstone 4 (https://www.capstone-engine.org).  Its text is close to that
 * of objdump; branch targets come as "#0x1234" and are written as objdump has them.
 */
#include "arch/disasm_impl.h"

#include "base/mem.h"

#include <capstone/capstone.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct capstone_calls {
	cs_err (*open)(cs_arch, cs_mode, csh *);
	cs_err (*close)(csh *);
	cs_err (*option)(csh, cs_opt_type, size_t);
	cs_insn *(*malloc)(csh);
	void (*free)(cs_insn *, size_t);
	bool (*next)(csh, const uint8_t **, size_t *, uint64_t *, cs_insn *);
	bool (*in_group)(csh, const cs_insn *, unsigned);
	const char *(*register_name)(csh, unsigned);
};

struct capstone {
	struct capstone_calls call;
	csh handle;
	cs_insn *insn;
	uint16_t machine;
};

static const struct machine {
	uint16_t machine;
	cs_arch arch;
	int mode; /* of 64-bit code; 32-bit where that differs is below */
} machines[] = {
	{ EM_AARCH64, CS_ARCH_ARM64, 0 },
	{ EM_ARM, CS_ARCH_ARM, CS_MODE_ARM },
	{ EM_PPC64, CS_ARCH_PPC, CS_MODE_64 },
	{ EM_PPC, CS_ARCH_PPC, CS_MODE_32 },
	{ EM_MIPS, CS_ARCH_MIPS, CS_MODE_MIPS32 },
	{ EM_S390, CS_ARCH_SYSZ, 0 },
	{ EM_SPARCV9, CS_ARCH_SPARC, CS_MODE_V9 },
};

static const struct machine *machine_of(uint16_t machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].machine == machine)
			return &machines[i];
	return NULL;
}

static bool can(const struct disasm_options *o) { return machine_of(o->machine) != NULL; }

static struct err *load(struct capstone_calls *c)
{
	const struct disasm_symbol symbols[] = {
		{ "cs_open", (void **)&c->open },	   { "cs_close", (void **)&c->close },
		{ "cs_option", (void **)&c->option },	   { "cs_malloc", (void **)&c->malloc },
		{ "cs_free", (void **)&c->free },	   { "cs_disasm_iter", (void **)&c->next },
		{ "cs_insn_group", (void **)&c->in_group }, { "cs_reg_name", (void **)&c->register_name },
	};

	return disasm_load("libcapstone.so.4", symbols, sizeof(symbols) / sizeof(*symbols));
}

static int mode_of(const struct disasm_options *o, const struct machine *m)
{
	int mode = m->mode;

	if (o->machine == EM_ARM && o->thumb)
		mode = CS_MODE_THUMB;
	if (o->machine == EM_MIPS && o->is_64)
		mode = CS_MODE_MIPS64;
	/* ARM's and AArch64's instructions are little endian in big-endian programs too */
	if (o->big_endian && o->machine != EM_ARM && o->machine != EM_AARCH64)
		mode |= (int)CS_MODE_BIG_ENDIAN;
	return mode;
}

static void destroy(void *self)
{
	struct capstone *c = self;

	if (c->insn)
		c->call.free(c->insn, 1);
	if (c->handle)
		c->call.close(&c->handle);
	free(c);
}

static struct err *create(const struct disasm_options *o, void **ret)
{
	const struct machine *m = machine_of(o->machine);
	struct capstone *c = mem_calloc(1, sizeof(*c));
	struct err *err = load(&c->call);

	c->machine = o->machine;
	if (!err && c->call.open(m->arch, (cs_mode)mode_of(o, m), &c->handle) != CS_ERR_OK) {
		c->handle = 0;
		err = err_new(ERR_UNSUPPORTED, "this libcapstone does not do it");
	}
	if (!err) {
		c->call.option(c->handle, CS_OPT_DETAIL, CS_OPT_ON);
		c->insn = c->call.malloc(c->handle);
		if (!c->insn)
			err = err_nomem();
	}
	if (err) {
		destroy(c);
		return err;
	}
	*ret = c;
	return NULL;
}

/* --- what it does ---------------------------------------------------------------------------- */

/* Branches that ask for nothing; Capstone has one group for all. */
static bool is_always(const struct capstone *c, const cs_insn *i)
{
	const char *m = i->mnemonic;

	if (c->machine == EM_AARCH64)
		return i->id == ARM64_INS_BR || (i->id == ARM64_INS_B && !strchr(m, '.'));
	if (c->machine == EM_ARM)
		return i->detail->arm.cc == ARM_CC_AL && i->id != ARM_INS_CBZ && i->id != ARM_INS_CBNZ;
	return strcmp(m, "b") == 0 || strcmp(m, "j") == 0 || strcmp(m, "jr") == 0 ||
	       strcmp(m, "bctr") == 0;
}

static bool is_call(const struct capstone *c, const cs_insn *i)
{
	return c->call.in_group(c->handle, i, CS_GRP_CALL) ||
	       (c->machine == EM_AARCH64 && (i->id == ARM64_INS_BL || i->id == ARM64_INS_BLR)) ||
	       (c->machine == EM_ARM && (i->id == ARM_INS_BL || i->id == ARM_INS_BLX));
}

static bool is_return(const struct capstone *c, const cs_insn *i)
{
	if (c->call.in_group(c->handle, i, CS_GRP_RET) || c->call.in_group(c->handle, i, CS_GRP_IRET))
		return true;
	if (c->machine == EM_ARM)
		return (i->id == ARM_INS_BX && strcmp(i->op_str, "lr") == 0) ||
		       (i->id == ARM_INS_POP && strstr(i->op_str, "pc"));
	return strcmp(i->mnemonic, "blr") == 0 && c->machine == EM_PPC64;
}

static enum disasm_kind kind_of(const struct capstone *c, const cs_insn *i)
{
	if (is_return(c, i))
		return DISASM_RETURN;
	if (is_call(c, i))
		return DISASM_CALL;
	if (c->call.in_group(c->handle, i, CS_GRP_JUMP))
		return is_always(c, i) ? DISASM_JUMP : DISASM_BRANCH;
	if (strcmp(i->mnemonic, "brk") == 0 || strcmp(i->mnemonic, "udf") == 0 ||
	    strcmp(i->mnemonic, "hlt") == 0)
		return DISASM_TRAP;
	return DISASM_OTHER;
}

/* The last number of the operands is where a branch goes: "w0, #0x1234". */
static void set_target(struct disasm_insn *insn, const char *operands)
{
	const char *last = strrchr(operands, ' ');
	char *end;

	last = last ? last + 1 : operands;
	last += *last == '#';
	if (*last < '0' || *last > '9')
		return;
	insn->target = strtoull(last, &end, 0);
	insn->has_target = *end == '\0';
}

static void set_memory(const struct capstone *c, const cs_insn *i, struct disasm_insn *insn)
{
	struct disasm_memory *m = &insn->memory;
	bool writes = strncmp(i->mnemonic, "st", 2) == 0;
	unsigned base = 0, index = 0;

	if (c->machine == EM_AARCH64)
		for (unsigned k = 0; k < i->detail->arm64.op_count && !m->present; k++) {
			const cs_arm64_op *o = &i->detail->arm64.operands[k];

			m->present = o->type == ARM64_OP_MEM;
			base = m->present ? o->mem.base : 0;
			index = m->present ? o->mem.index : 0;
			m->displacement = m->present ? o->mem.disp : 0;
		}
	if (c->machine == EM_ARM)
		for (unsigned k = 0; k < i->detail->arm.op_count && !m->present; k++) {
			const cs_arm_op *o = &i->detail->arm.operands[k];

			m->present = o->type == ARM_OP_MEM;
			base = m->present ? o->mem.base : 0;
			index = m->present ? o->mem.index : 0;
			m->displacement = m->present ? o->mem.disp : 0;
		}
	if (!m->present)
		return;
	m->read = !writes;
	m->write = writes;
	m->scale = 1;
	m->base = base ? c->call.register_name(c->handle, base) : "";
	m->index = index ? c->call.register_name(c->handle, index) : "";
}

/* --- how it is written ------------------------------------------------------------------------ */

/* AArch64's numbers as binutils has them: offsets in decimal, other immediates in
 * hexadecimal. */
static void write_numbers(const char *text, char *out, size_t size)
{
	bool offset = false;
	size_t n = 0;

	for (; *text && n + 28 < size; text++) {
		out[n++] = *text;
		if (*text == '[' || *text == ']')
			offset = *text == '[' || text[1] == ','; /* "[x0], #16" moves x0 */
		if (*text != '#' || !((text[1] >= '0' && text[1] <= '9') || text[1] == '-'))
			continue;

		char *end;
		/* either sign, all 64 bits */
		long long value = text[1] == '-' ? strtoll(text + 1, &end, 0)
						 : (long long)strtoull(text + 1, &end, 0);

		if (*end == '.') /* fmov d0, #1.5 */
			continue;
		n += (size_t)snprintf(out + n, size - n, offset ? "%lld" : "0x%llx", value);
		text = end - 1;
	}
	out[n] = '\0';
}

static const char *aarch64_mnemonic(const cs_insn *i)
{
	return i->id == ARM64_INS_MOVZ && !strstr(i->op_str, "lsl") ? "mov" : i->mnemonic;
}

static bool is_page(const cs_insn *i) { return i->id == ARM64_INS_ADRP || i->id == ARM64_INS_ADR; }

/* The operands; a target as bare digits. */
static void write_text(const struct capstone *c, const cs_insn *i, struct disasm_insn *insn)
{
	char operands[sizeof(insn->text) - 16];

	if (c->machine == EM_AARCH64 && *i->op_str && !insn->has_target && !is_page(i)) {
		write_numbers(i->op_str, operands, sizeof(operands));
		snprintf(insn->text, sizeof(insn->text), "%-7s %.120s", aarch64_mnemonic(i),
			 operands);
		return;
	}
	const char *last = strrchr(i->op_str, ' ');
	int before = last ? (int)(last + 1 - i->op_str) : 0;

	if (!*i->op_str)
		snprintf(insn->text, sizeof(insn->text), "%s", i->mnemonic);
	else if (insn->has_target)
		snprintf(insn->text, sizeof(insn->text), "%-7s %.*s%llx", i->mnemonic, before, i->op_str,
			 (unsigned long long)insn->target);
	else if (c->machine == EM_AARCH64 && is_page(i))
		snprintf(insn->text, sizeof(insn->text), "%-7s %.*s%.60s", i->mnemonic, before, i->op_str,
			 i->op_str + before + (strncmp(i->op_str + before, "#0x", 3) == 0 ? 3 : 0));
	else
		snprintf(insn->text, sizeof(insn->text), "%-7s %.120s", i->mnemonic, i->op_str);
}

static bool one(void *self, const uint8_t *bytes, size_t size_bytes, struct disasm_insn *insn)
{
	struct capstone *c = self;
	uint64_t addr = insn->addr;

	if (!c->call.next(c->handle, &bytes, &size_bytes, &addr, c->insn))
		return false;
	insn->length = (uint8_t)c->insn->size;
	insn->kind = (uint8_t)kind_of(c, c->insn);
	if (insn->kind == DISASM_CALL || insn->kind == DISASM_JUMP || insn->kind == DISASM_BRANCH)
		set_target(insn, c->insn->op_str);
	set_memory(c, c->insn, insn);
	write_text(c, c->insn, insn);
	return true;
}

const struct disasm_ops disasm_capstone = {
	.name = "Capstone",
	.fix = "install libcapstone4",
	.can = can,
	.create = create,
	.one = one,
	.destroy = destroy,
};
