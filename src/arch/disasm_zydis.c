/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86 by Zydis 4.0 (https://zydis.re).  Zydis's AT&T text is close to objdump's but for the
 * names of some mnemonics (jz for je, movzx for movzbl), blanks between operands, and
 * string instructions, whose operands it leaves out; those are put right here.
 */
#include "arch/disasm_impl.h"

#include "base/mem.h"

#include <Zydis/Zydis.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 256 };

/* The functions of the library that are used; of one handle, for all decoders. */
struct zydis_calls {
	ZyanStatus (*decoder_init)(ZydisDecoder *, ZydisMachineMode, ZydisStackWidth);
	ZyanStatus (*decode)(const ZydisDecoder *, const void *, ZyanUSize, ZydisDecodedInstruction *,
			     ZydisDecodedOperand *);
	ZyanStatus (*formatter_init)(ZydisFormatter *, ZydisFormatterStyle);
	ZyanStatus (*set_property)(ZydisFormatter *, ZydisFormatterProperty, ZyanUPointer);
	ZyanStatus (*format)(const ZydisFormatter *, const ZydisDecodedInstruction *,
			     const ZydisDecodedOperand *, ZyanU8, char *, ZyanUSize, ZyanU64, void *);
	const char *(*register_name)(ZydisRegister);
	const char *(*mnemonic_name)(ZydisMnemonic);
};

struct zydis {
	struct zydis_calls call;
	ZydisDecoder decoder;
	ZydisFormatter formatter;
	bool is_att, is_32;
};

static bool can(const struct disasm_options *o)
{
	return o->machine == EM_X86_64 || o->machine == EM_386;
}

static struct err *load(struct zydis_calls *c)
{
	const struct disasm_symbol symbols[] = {
		{ "ZydisDecoderInit", (void **)&c->decoder_init },
		{ "ZydisDecoderDecodeFull", (void **)&c->decode },
		{ "ZydisFormatterInit", (void **)&c->formatter_init },
		{ "ZydisFormatterSetProperty", (void **)&c->set_property },
		{ "ZydisFormatterFormatInstruction", (void **)&c->format },
		{ "ZydisRegisterGetString", (void **)&c->register_name },
		{ "ZydisMnemonicGetString", (void **)&c->mnemonic_name },
	};

	return disasm_load("libZydis.so.4.0", symbols, sizeof(symbols) / sizeof(*symbols));
}

static struct err *create(const struct disasm_options *o, void **ret)
{
	const struct {
		ZydisFormatterProperty property;
		ZyanUPointer value;
	} looks[] = {
		{ ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, 0 },
		{ ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, 0 },
		{ ZYDIS_FORMATTER_PROP_IMM_PADDING, 0 },
		{ ZYDIS_FORMATTER_PROP_DISP_PADDING, 0 },
		{ ZYDIS_FORMATTER_PROP_FORCE_RELATIVE_RIPREL, 1 },
		{ ZYDIS_FORMATTER_PROP_IMM_SIGNEDNESS, ZYDIS_SIGNEDNESS_UNSIGNED },
		/* Intel syntax: "DWORD PTR [rax+rax*1]" */
		{ ZYDIS_FORMATTER_PROP_FORCE_SIZE, o->syntax == DISASM_INTEL },
		{ ZYDIS_FORMATTER_PROP_UPPERCASE_TYPECASTS, 1 },
		{ ZYDIS_FORMATTER_PROP_FORCE_SCALE_ONE, 1 },
	};
	struct zydis *z = mem_calloc(1, sizeof(*z));
	bool long_mode = o->machine == EM_X86_64;
	struct err *err = load(&z->call);

	if (err) {
		free(z);
		return err;
	}
	z->is_att = o->syntax == DISASM_ATT;
	z->is_32 = !long_mode;
	z->call.decoder_init(&z->decoder,
			     long_mode ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
			     long_mode ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
	z->call.formatter_init(&z->formatter, z->is_att ? ZYDIS_FORMATTER_STYLE_ATT
							: ZYDIS_FORMATTER_STYLE_INTEL);
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		z->call.set_property(&z->formatter, looks[i].property, looks[i].value);
	*ret = z;
	return NULL;
}

static void destroy(void *self) { free(self); }

/* --- what it does --------------------------------------------------------------------------- */

static enum disasm_kind kind_of(const ZydisDecodedInstruction *i)
{
	switch (i->meta.category) {
	case ZYDIS_CATEGORY_CALL:
		return DISASM_CALL;
	case ZYDIS_CATEGORY_UNCOND_BR:
		return DISASM_JUMP;
	case ZYDIS_CATEGORY_COND_BR:
		return DISASM_BRANCH;
	case ZYDIS_CATEGORY_RET:
	case ZYDIS_CATEGORY_SYSRET:
		return DISASM_RETURN;
	default:
		break;
	}
	switch (i->mnemonic) {
	case ZYDIS_MNEMONIC_INT3:
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
		return DISASM_TRAP;
	default:
		return DISASM_OTHER;
	}
}

static uint64_t cut(const struct zydis *z, uint64_t addr)
{
	return z->is_32 ? (uint32_t)addr : addr;
}

static void set_memory(const struct zydis *z, const ZydisDecodedInstruction *i,
		       const ZydisDecodedOperand *o, struct disasm_insn *insn)
{
	struct disasm_memory *m = &insn->memory;
	bool is_lea = o->mem.type == ZYDIS_MEMOP_TYPE_AGEN;

	m->present = true;
	m->read = !is_lea && (o->actions & ZYDIS_OPERAND_ACTION_MASK_READ);
	m->write = !is_lea && (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
	m->displacement = o->mem.disp.has_displacement ? o->mem.disp.value : 0;
	m->scale = o->mem.scale;
	m->size_bytes = o->size / 8;
	if (o->mem.index != ZYDIS_REGISTER_NONE)
		m->index = z->call.register_name(o->mem.index);
	if (o->mem.segment == ZYDIS_REGISTER_FS || o->mem.segment == ZYDIS_REGISTER_GS)
		m->segment = z->call.register_name(o->mem.segment);
	if (o->mem.base == ZYDIS_REGISTER_RIP || o->mem.base == ZYDIS_REGISTER_EIP) {
		m->addr = insn->addr + i->length + (uint64_t)m->displacement;
		m->has_addr = !*m->segment && !*m->index;
	} else if (o->mem.base == ZYDIS_REGISTER_NONE && o->mem.index == ZYDIS_REGISTER_NONE) {
		m->addr = cut(z, (uint64_t)m->displacement);
		m->has_addr = !*m->segment;
	}
	if (o->mem.base != ZYDIS_REGISTER_NONE)
		m->base = z->call.register_name(o->mem.base);
}

static void set_operands(const struct zydis *z, const ZydisDecodedInstruction *i,
			 const ZydisDecodedOperand *operands, struct disasm_insn *insn)
{
	for (unsigned k = 0; k < i->operand_count; k++) {
		const ZydisDecodedOperand *o = &operands[k];

		/* the stack that push and call write to is not meant */
		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY && !insn->memory.present &&
		    (o->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN ||
		     o->mem.base != ZYDIS_REGISTER_RSP))
			set_memory(z, i, o, insn);
		if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && o->imm.is_relative) {
			insn->has_target = true;
			insn->target = cut(z, insn->addr + i->length + (uint64_t)o->imm.value.s);
		}
	}
}

/* --- the mnemonic -------------------------------------------------------------------------- */

/* What binutils calls otherwise, in both syntaxes; then in AT&T syntax only. */
static const char *const renamed[][2] = {
	{ "jz", "je" },		{ "jnz", "jne" },	{ "jnb", "jae" },	{ "jnbe", "ja" },
	{ "jnl", "jge" },	{ "jnle", "jg" },	{ "setz", "sete" },	{ "setnz", "setne" },
	{ "setnb", "setae" },	{ "setnbe", "seta" },	{ "setnl", "setge" },	{ "setnle", "setg" },
	{ "cmovz", "cmove" },	{ "cmovnz", "cmovne" }, { "cmovnb", "cmovae" }, { "cmovnbe", "cmova" },
	{ "cmovnl", "cmovge" }, { "cmovnle", "cmovg" }, { "wait", "fwait" },	{ "sal", "shl" },
};
static const char *const renamed_att[][2] = {
	{ "cdqe", "cltq" }, { "cqo", "cqto" }, { "cdq", "cltd" },     { "cwde", "cwtl" },
	{ "cbw", "cbtw" },  { "cwd", "cwtd" }, { "movsxd", "movslq" }, { "pushfq", "pushf" },
	{ "popfq", "popf" },
};

/* AT&T's assembler had these exchanged where the destination is not the stack's top, and
 * everybody has kept to it. */
static const char *const exchanged_att[][2] = {
	{ "fsub", "fsubr" },   { "fsubr", "fsub" },   { "fdiv", "fdivr" },   { "fdivr", "fdiv" },
	{ "fsubp", "fsubrp" }, { "fsubrp", "fsubp" }, { "fdivp", "fdivrp" }, { "fdivrp", "fdivp" },
};

static const char *rename_by(const char *const (*table)[2], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i][0], name) == 0)
			return table[i][1];
	return NULL;
}

#define RENAME(table, name) rename_by((table), sizeof(table) / sizeof(*(table)), (name))

static char width_letter(unsigned bits)
{
	return bits == 8 ? 'b' : bits == 16 ? 'w' : bits == 32 ? 'l' : 'q';
}

static const ZydisDecodedOperand *visible_memory(const ZydisDecodedInstruction *i,
						 const ZydisDecodedOperand *operands)
{
	for (unsigned k = 0; k < i->operand_count_visible; k++)
		if (operands[k].type == ZYDIS_OPERAND_TYPE_MEMORY)
			return &operands[k];
	return NULL;
}

/* Does a register among the operands tell how wide it is?  %cl, a count, does not. */
static bool has_width_register(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *operands)
{
	bool shifts = i->meta.category == ZYDIS_CATEGORY_SHIFT ||
		      i->meta.category == ZYDIS_CATEGORY_ROTATE;

	for (unsigned k = 0; k < i->operand_count_visible; k++)
		if (operands[k].type == ZYDIS_OPERAND_TYPE_REGISTER && !(shifts && k == 1))
			return true;
	return false;
}

/* The suffix of x87 instructions with memory: "flds", "fldt", "fildll". */
static const char *x87_suffix(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *memory)
{
	bool is_int = memory->element_type == ZYDIS_ELEMENT_TYPE_INT;

	switch (i->mnemonic) {
	case ZYDIS_MNEMONIC_FLDCW:
	case ZYDIS_MNEMONIC_FNSTCW:
	case ZYDIS_MNEMONIC_FNSTSW:
	case ZYDIS_MNEMONIC_FLDENV:
	case ZYDIS_MNEMONIC_FNSTENV:
		return "";
	default:
		break;
	}
	if (memory->size == 16)
		return "s";
	if (memory->size == 32)
		return is_int ? "l" : "s";
	if (memory->size == 64)
		return is_int ? "ll" : "l";
	return memory->size == 80 ? "t" : "";
}

/* Where no register tells the width, AT&T's mnemonic does. */
static void add_suffix(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *operands,
		       char *out, size_t size)
{
	const ZydisDecodedOperand *memory = visible_memory(i, operands);
	size_t n = strlen(out);

	if (!memory)
		return;
	switch (i->meta.category) {
	case ZYDIS_CATEGORY_X87_ALU:
		snprintf(out + n, size - n, "%s", x87_suffix(i, memory));
		break;
	case ZYDIS_CATEGORY_BINARY:
	case ZYDIS_CATEGORY_LOGICAL:
	case ZYDIS_CATEGORY_DATAXFER:
	case ZYDIS_CATEGORY_SHIFT:
	case ZYDIS_CATEGORY_ROTATE:
	case ZYDIS_CATEGORY_BITBYTE:
		if (i->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
		    !has_width_register(i, operands))
			snprintf(out + n, size - n, "%c", width_letter(memory->size));
		break;
	case ZYDIS_CATEGORY_CONVERT:
		if (i->mnemonic == ZYDIS_MNEMONIC_CVTSI2SD || i->mnemonic == ZYDIS_MNEMONIC_CVTSI2SS ||
		    i->mnemonic == ZYDIS_MNEMONIC_VCVTSI2SD ||
		    i->mnemonic == ZYDIS_MNEMONIC_VCVTSI2SS)
			snprintf(out + n, size - n, "%c", width_letter(memory->size));
		break;
	default:
		break;
	}
}

static bool is_nop(const ZydisDecodedInstruction *i)
{
	return i->mnemonic == ZYDIS_MNEMONIC_NOP;
}

/* Comparisons have the condition in the name, and lose it as an operand: "vpcmpltub". */
static const char *condition_of(const ZydisDecodedInstruction *i)
{
	static const char *const floats[] = { "eq",  "lt",  "le",  "unord",
					      "neq", "nlt", "nle", "ord" };
	static const char *const ints[] = { "eq", "lt", "le", NULL, "neq", "nlt", "nle", NULL };
	uint64_t n = i->raw.imm[0].value.u;

	if (i->raw.imm[0].size == 0 || n > 7)
		return NULL;
	switch (i->mnemonic) {
	case ZYDIS_MNEMONIC_CMPPS:
	case ZYDIS_MNEMONIC_CMPPD:
	case ZYDIS_MNEMONIC_CMPSS:
	case ZYDIS_MNEMONIC_CMPSD:
	case ZYDIS_MNEMONIC_VCMPPS:
	case ZYDIS_MNEMONIC_VCMPPD:
	case ZYDIS_MNEMONIC_VCMPSS:
	case ZYDIS_MNEMONIC_VCMPSD:
		return floats[n];
	case ZYDIS_MNEMONIC_VPCMPB:
	case ZYDIS_MNEMONIC_VPCMPW:
	case ZYDIS_MNEMONIC_VPCMPD:
	case ZYDIS_MNEMONIC_VPCMPQ:
	case ZYDIS_MNEMONIC_VPCMPUB:
	case ZYDIS_MNEMONIC_VPCMPUW:
	case ZYDIS_MNEMONIC_VPCMPUD:
	case ZYDIS_MNEMONIC_VPCMPUQ:
		return ints[n];
	default:
		return NULL;
	}
}

/* "vpcmpub" and "lt": the condition stands behind "cmp". */
static void write_compare(const char *name, const char *condition, char *out, size_t size)
{
	const char *cmp = strstr(name, "cmp");
	int n = cmp ? (int)(cmp + 3 - name) : 0;

	snprintf(out, size, "%.*s%s%s", n, name, condition, name + n);
}

static void write_mnemonic(const struct zydis *z, const ZydisDecodedInstruction *i,
			   const ZydisDecodedOperand *operands, char *out, size_t size)
{
	const char *name = z->call.mnemonic_name(i->mnemonic);
	const char *other = RENAME(renamed, name), *condition = condition_of(i);

	if (!other && z->is_att)
		other = RENAME(renamed_att, name);
	if (z->is_att && (i->opcode == 0xdc || i->opcode == 0xde) && i->raw.modrm.mod == 3 &&
	    i->meta.category == ZYDIS_CATEGORY_X87_ALU)
		other = RENAME(exchanged_att, name);
	if (condition)
		write_compare(name, condition, out, size);
	else if (z->is_att &&
		 (i->mnemonic == ZYDIS_MNEMONIC_MOVZX || i->mnemonic == ZYDIS_MNEMONIC_MOVSX))
		snprintf(out, size, "mov%c%c%c", i->mnemonic == ZYDIS_MNEMONIC_MOVZX ? 'z' : 's',
			 width_letter(operands[1].size), width_letter(operands[0].size));
	else if (i->mnemonic == ZYDIS_MNEMONIC_MOV && i->raw.imm[0].size == 64)
		snprintf(out, size, "movabs");
	else if (i->mnemonic == ZYDIS_MNEMONIC_MOV && i->raw.disp.size == 64)
		snprintf(out, size, "movabs");
	else if (is_nop(i) && i->operand_count_visible && z->is_att)
		snprintf(out, size, "nop%c", width_letter(i->operand_width));
	else
		snprintf(out, size, "%s", other ? other : name);
	if (z->is_att && !other)
		add_suffix(i, operands, out, size);
}

/* --- operands -------------------------------------------------------------------------------- */

/* String instructions, whose operands are implied.  %1: the letter, %2: the register. */
struct string_form {
	ZydisMnemonic b, w, d, q;
	const char *name, *operands;
	bool has_register; /* which tells the width; else a letter does */
};
static const struct string_form string_forms[] = {
	{ ZYDIS_MNEMONIC_STOSB, ZYDIS_MNEMONIC_STOSW, ZYDIS_MNEMONIC_STOSD, ZYDIS_MNEMONIC_STOSQ,
	  "stos", "%s,%%es:(%%%sdi)", true },
	{ ZYDIS_MNEMONIC_LODSB, ZYDIS_MNEMONIC_LODSW, ZYDIS_MNEMONIC_LODSD, ZYDIS_MNEMONIC_LODSQ,
	  "lods", "%%ds:(%%%2$ssi),%1$s", true },
	{ ZYDIS_MNEMONIC_SCASB, ZYDIS_MNEMONIC_SCASW, ZYDIS_MNEMONIC_SCASD, ZYDIS_MNEMONIC_SCASQ,
	  "scas", "%%es:(%%%2$sdi),%1$s", true },
	{ ZYDIS_MNEMONIC_MOVSB, ZYDIS_MNEMONIC_MOVSW, ZYDIS_MNEMONIC_MOVSD, ZYDIS_MNEMONIC_MOVSQ,
	  "movs", "%%ds:(%%%2$ssi),%%es:(%%%2$sdi)", false },
	{ ZYDIS_MNEMONIC_CMPSB, ZYDIS_MNEMONIC_CMPSW, ZYDIS_MNEMONIC_CMPSD, ZYDIS_MNEMONIC_CMPSQ,
	  "cmps", "%%es:(%%%2$sdi),%%ds:(%%%2$ssi)", false },
};

static const struct string_form *string_form_of(const ZydisDecodedInstruction *i)
{
	if (i->meta.category != ZYDIS_CATEGORY_STRINGOP)
		return NULL; /* movsd and cmpsd are SSE instructions too */
	for (size_t k = 0; k < sizeof(string_forms) / sizeof(*string_forms); k++) {
		const struct string_form *f = &string_forms[k];

		if (i->mnemonic == f->b || i->mnemonic == f->w || i->mnemonic == f->d ||
		    i->mnemonic == f->q)
			return f;
	}
	return NULL;
}

static void write_string(const struct string_form *f, const ZydisDecodedInstruction *i,
			 bool in_column, char *out, size_t size)
{
	unsigned width = i->mnemonic == f->b ? 8 : i->mnemonic == f->w ? 16 : i->mnemonic == f->d ? 32 : 64;
	const char *reg = width == 8 ? "%al" : width == 16 ? "%ax" : width == 32 ? "%eax" : "%rax";
	const char *r = i->address_width == 64 ? "r" : i->address_width == 32 ? "e" : "";
	char name[8], operands[48];

	snprintf(name, sizeof(name), "%s%c", f->name, width_letter(width));
	if (f->has_register)
		name[strlen(name) - 1] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(operands, sizeof(operands), f->operands, reg, r);
#pragma GCC diagnostic pop
	snprintf(out, size, in_column ? "%-6s %s" : "%s %s", name, operands);
}

/* Shifts whose opcode means "by one". */
static bool is_by_one(const ZydisDecodedInstruction *i)
{
	return (i->meta.category == ZYDIS_CATEGORY_SHIFT || i->meta.category == ZYDIS_CATEGORY_ROTATE) &&
	       i->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	       (i->opcode == 0xd0 || i->opcode == 0xd1) && i->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
}

/* What Zydis writes as the first operand and binutils does not. */
static const char *skip_operand(const ZydisDecodedInstruction *i, const char *text)
{
	const char *comma = strchr(text, ',');

	if (!comma)
		return text;
	if (is_by_one(i) || condition_of(i) || (is_nop(i) && i->operand_count_visible > 1))
		return comma + 2;
	return text;
}

/* Is operand K, counted as AT&T writes them, the stack's top that the opcode implies?  Then
 * it is %st; a register that the opcode names is %st(0). */
static bool is_implied_st(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *operands,
			  unsigned k)
{
	if (i->meta.category != ZYDIS_CATEGORY_X87_ALU && i->meta.category != ZYDIS_CATEGORY_FCMOV)
		return false;
	if (i->operand_count_visible != 2 || k > 1)
		return false;
	return operands[1 - k].visibility == ZYDIS_OPERAND_VISIBILITY_IMPLICIT;
}

/* TEXT without blanks behind commas and before masks, %st0 as %st(0), and a displacement
 * that is encoded shown even when it is 0. */
static void write_operands(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *operands,
			   const char *text, char *out, size_t size)
{
	bool zero = i->raw.disp.size && i->raw.disp.value == 0;
	unsigned operand = 0;
	size_t n = 0;
	char before = ',';

	for (; *text && n + 12 < size; text++) {
		if (*text == ' ' && (before == ',' || text[1] == '{'))
			continue;
		operand += *text == ',';
		if (*text == '(' && zero && (before == ',' || before == ':' || before == '*')) {
			memcpy(out + n, "0x0", 3);
			n += 3;
		}
		out[n++] = before = *text;
		if (n > 2 && before == 't' && out[n - 2] == 's' && out[n - 3] == '%' &&
		    text[1] >= '0' && text[1] <= '7') {
			text++;
			if (is_implied_st(i, operands, operand))
				continue;
			out[n++] = '(';
			out[n++] = *text;
			out[n++] = before = ')';
		}
	}
	out[n] = '\0';
}

/* Zydis's Intel text as objdump has it: "DWORD PTR ds:0x4", "[rax+0x0]". */
static void write_intel(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *operands,
			const char *text, char *out, size_t size)
{
	const ZydisDecodedOperand *memory = visible_memory(i, operands);
	bool bare = memory && memory->mem.base == ZYDIS_REGISTER_NONE &&
		    memory->mem.index == ZYDIS_REGISTER_NONE;
	bool zero = i->raw.disp.size && i->raw.disp.value == 0 && !bare;
	size_t n = 0;

	for (; *text && n + 12 < size; text++) {
		if (memory && strncmp(text, " ptr", 4) == 0)
			for (size_t k = n; k-- > 0 && out[k] >= 'a' && out[k] <= 'z';)
				out[k] -= 'a' - 'A';
		if (memory && strncmp(text, " ptr", 4) == 0) {
			n += (size_t)snprintf(out + n, size - n, " PTR");
			text += 3;
		} else if (bare && *text == '[') {
			if (n == 0 || out[n - 1] != ':')
				n += (size_t)snprintf(out + n, size - n, "ds:");
		} else if (*text == ']' && (bare || zero)) {
			n += zero ? (size_t)snprintf(out + n, size - n, "+0x0]") : 0;
		} else if (*text != ' ' || n == 0 || out[n - 1] != ',') {
			out[n++] = *text;
		}
		if (is_nop(i) && i->operand_count_visible > 1 && out[n - 1] == ']')
			break;
	}
	out[n] = '\0';
	if (condition_of(i) && strrchr(out, ','))
		*strrchr(out, ',') = '\0';
	if (is_by_one(i) && n > 3 && strcmp(out + n - 3, "0x1") == 0)
		memcpy(out + n - 3, "1", 2);
}

/* --- the whole -------------------------------------------------------------------------------- */

static size_t add_word(char *out, size_t at, const char *word)
{
	size_t n = strlen(word);

	memcpy(out + at, word, n);
	out[at + n] = ' ';
	return at + n + 1;
}

/* Prefixes as binutils has them, those of padding too; at most 15 short words. */
static size_t write_prefixes(const struct zydis *z, const ZydisDecodedInstruction *i, char *out)
{
	ZydisInstructionAttributes has = i->attributes;
	unsigned widths = 0;
	bool cs = false;
	size_t at = 0;

	for (unsigned k = 0; k < i->raw.prefix_count && is_nop(i); k++) {
		widths += i->raw.prefixes[k].value == 0x66;
		cs |= i->raw.prefixes[k].value == 0x2e;
	}
	for (; widths > 1; widths--)
		at = add_word(out, at, "data16");
	if (cs)
		at = add_word(out, at, "cs");
	if (has & ZYDIS_ATTRIB_HAS_LOCK)
		at = add_word(out, at, "lock");
	if (i->mnemonic == ZYDIS_MNEMONIC_RET && i->raw.prefix_count && i->raw.prefixes[0].value == 0xf3)
		at = add_word(out, at, "repz");
	if (has & ZYDIS_ATTRIB_HAS_REP)
		at = add_word(out, at, "rep");
	if (has & ZYDIS_ATTRIB_HAS_REPE)
		at = add_word(out, at, "repz");
	if (has & ZYDIS_ATTRIB_HAS_REPNE)
		at = add_word(out, at, "repnz");
	if (has & ZYDIS_ATTRIB_HAS_BND)
		at = add_word(out, at, "bnd");
	if (has & ZYDIS_ATTRIB_HAS_NOTRACK)
		at = add_word(out, at, "notrack");
	return at;
}

/* Behind the prefixes and the mnemonic of Zydis's text; "" without operands. */
static const char *operands_of(const struct zydis *z, const ZydisDecodedInstruction *i, const char *text)
{
	const char *name = z->call.mnemonic_name(i->mnemonic);
	size_t length = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at++)
		if (at == text || at[-1] == ' ') {
			at += length;
			at += strcspn(at, " "); /* a suffix of Zydis's own */
			return *at ? at + 1 : at;
		}
	return "";
}

static void write_text(const struct zydis *z, const ZydisDecodedInstruction *i,
		       const ZydisDecodedOperand *operands, const char *text, struct disasm_insn *insn)
{
	const struct string_form *string = z->is_att ? string_form_of(i) : NULL;
	bool indirect = (insn->kind == DISASM_CALL || insn->kind == DISASM_JUMP) &&
			operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE;
	char *out = insn->text, mnemonic[32];
	size_t at = write_prefixes(z, i, out), size = sizeof(insn->text);

	if (string) {
		write_string(string, i, at == 0, out + at, size - at);
		return;
	}
	if (is_nop(i) && i->opcode == 0x90 && at == 0 && i->operand_width == 16) {
		snprintf(out, size, z->is_att ? "xchg   %%ax,%%ax" : "xchg   ax,ax");
		return;
	}
	write_mnemonic(z, i, operands, mnemonic, sizeof(mnemonic));
	text = operands_of(z, i, text);
	if (!*text) {
		snprintf(out + at, size - at, "%s", mnemonic);
		return;
	}
	at += (size_t)snprintf(out + at, size - at, at ? "%s " : "%-6s ", mnemonic);
	if (insn->has_target)
		snprintf(out + at, size - at, "%llx", (unsigned long long)insn->target);
	else if (!z->is_att)
		write_intel(i, operands, text, out + at, size - at);
	else {
		if (indirect && *text != '*')
			out[at++] = '*';
		write_operands(i, operands, skip_operand(i, text), out + at,
			       size - at);
	}
}

static bool one(void *self, const uint8_t *bytes, size_t size_bytes, struct disasm_insn *insn)
{
	const struct zydis *z = self;
	ZydisDecodedInstruction i;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	char text[TEXT_MAX];

	if (!ZYAN_SUCCESS(z->call.decode(&z->decoder, bytes, size_bytes, &i, operands)))
		return false;
	insn->length = i.length;
	insn->kind = (uint8_t)kind_of(&i);
	set_operands(z, &i, operands, insn);
	if (!ZYAN_SUCCESS(z->call.format(&z->formatter, &i, operands, i.operand_count_visible, text,
					 sizeof(text), insn->addr, NULL)))
		return false;
	write_text(z, &i, operands, text, insn);
	return true;
}

const struct disasm_ops disasm_zydis = {
	.name = "Zydis",
	.fix = "install libzydis4.0",
	.can = can,
	.create = create,
	.one = one,
	.destroy = destroy,
};
