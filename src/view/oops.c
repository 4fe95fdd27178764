// SPDX-License-Identifier: LGPL-2.1-or-later
/* A kernel report for people: the title, where it happened, what it means, the stacks, the code. */
#include "view/oops.h"

#include "arch/arch.h"
#include "arch/disasm.h"
#include "base/io.h"
#include "base/str.h"
#include "oops/explain.h"
#include "oops/kind.h"
#include "render/doc.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_SHOWN = 24, TASKS_SHOWN = 8, CODE_AFTER = 16, CODE_BEFORE = 10, LINES_AROUND = 3, SOURCE_BYTES_MAX = 16 << 20 };

static void field(struct doc *doc, const char *key, const char *title, const char *value)
{
	if (value != NULL && *value != '\0')
		doc_field(doc, key, title, DOC_TEXT, DOC_STR(value));
}

static void show_place(struct doc *doc, const struct oops_report *r)
{
	struct str task, where;

	str_init(&task);
	str_init(&where);
	if (r->comm != NULL)
		str_printf(&task, "%s", r->comm);
	if (r->pid >= 0)
		str_printf(&task, "%s%d", task.length > 0 ? ", pid " : "pid ", r->pid);
	if (r->cpu >= 0)
		str_printf(&task, "%sCPU %d", task.length > 0 ? ", " : "", r->cpu);
	if (r->context > OOPS_CONTEXT_TASK)
		str_printf(&task, "%sin an interrupt (%s)", task.length > 0 ? ", " : "", oops_context_name(r->context));
	if (r->last_line > r->first_line)
		str_printf(&where, "lines %" PRIu64 "-%" PRIu64, r->first_line, r->last_line);
	else
		str_printf(&where, "line %" PRIu64, r->first_line);
	if (r->time_us >= 0)
		str_printf(&where, ", %.6f s after boot", (double)r->time_us / 1e6);
	if (r->log != NULL)
		field(doc, "file", "file", r->log);
	field(doc, "where", "in the log", str_text(&where));
	field(doc, "task", "task", str_text(&task));
	str_deinit(&task);
	str_deinit(&where);
}

static void show_kernel(struct doc *doc, const struct oops_report *r)
{
	struct str text;

	str_init(&text);
	if (r->kernel != NULL)
		str_printf(&text, "%s%s%s", r->kernel, r->arch != NULL ? ", " : "", r->arch != NULL ? r->arch : "");
	field(doc, "kernel", "kernel", str_text(&text));
	str_clear(&text);
	for (const char *c = r->taint; c != NULL && *c != '\0'; c++)
		str_printf(&text, "%s%c (%s)", c == r->taint ? "" : ", ", *c, oops_taint_meaning(*c) != NULL ? oops_taint_meaning(*c) : "unknown");
	field(doc, "taint", "tainted", str_text(&text));
	field(doc, "hardware", "hardware", r->hardware);
	field(doc, "workqueue", "work item", r->workqueue);
	str_deinit(&text);
}

static void show_explanation(struct doc *doc, struct oops_report *r)
{
	struct oops_explanation e;

	oops_explain(r, &e);
	if (e.meaning != NULL)
		doc_text(doc, "%s", e.meaning);
	for (size_t i = 0; i < e.evidence.n; i++)
		doc_text(doc, "%s", e.evidence.v[i]);
	if (e.look != NULL)
		doc_text(doc, "Look first at: %s%s", e.look, e.look[strlen(e.look) - 1] == '?' ? "" : ".");
	if (e.next != NULL)
		doc_text(doc, "Next: %s", e.next);
	oops_explanation_deinit(&e);
}

static void show_trace(struct doc *doc, const struct oops_report *r, const struct oops_trace *t, bool verbose)
{
	static const struct doc_column columns[] = {
		{ "function", "function", DOC_TEXT, 0 },
		{ "place", "at", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
		{ "module", "module", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	static const char *const keys[] = { "call", "alloc", "free", "origin", "other" };
	uint64_t left_out = 0, shown = 0;
	struct str name, place;

	str_init(&name);
	str_init(&place);
	doc_table_begin(doc, keys[t->kind], *t->title != '\0' ? t->title : "stack", columns, 3);
	for (size_t i = 0; i < t->frames.n; i++) {
		const struct oops_frame *f = &t->frames.v[i];

		if (!verbose && (f->unreliable || shown >= FRAMES_SHOWN)) {
			left_out++;
			continue;
		}
		str_clear(&name);
		str_clear(&place);
		if (f->function == NULL)
			str_printf(&name, "0x%" PRIx64, f->address);
		else
			str_printf(&name, "%s%s", f->unreliable ? "? " : "", f->function);
		if (f->size != 0)
			str_printf(&name, "+0x%" PRIx64 "/0x%" PRIx64, f->offset, f->size);
		if (f->file != NULL)
			str_printf(&place, "%s:%u%s", f->file, f->line, f->inlined ? " (inlined)" : "");
		else if (f->note != NULL || f->prototype != NULL)
			str_add(&place, f->note != NULL ? f->note : strchr(f->prototype, '(')); /* its name stands beside it */
		bool blame = r->blame != NULL && f->function != NULL && r->blame->function != NULL && strcmp(f->function, r->blame->function) == 0;

		doc_row(doc, (struct doc_value[]){ blame ? DOC_STYLED(str_text(&name), DOC_STRONG) : DOC_STYLED(str_text(&name), f->unreliable ? DOC_DIM : DOC_KERNEL),
						   place.length > 0 ? DOC_STR(str_text(&place)) : DOC_NONE,
						   f->module != NULL ? DOC_STR(f->module) : DOC_NONE });
		shown++;
	}
	doc_table_end(doc, left_out, left_out > 0 ? "-v shows them" : NULL);
	str_deinit(&name);
	str_deinit(&place);
}

static void show_registers(struct doc *doc, const struct oops_report *r)
{
	struct str text;

	if (r->registers.n == 0)
		return;
	str_init(&text);
	for (size_t i = 0; i < r->registers.n; i++)
		str_printf(&text, "%s%-6s %016" PRIx64, i == 0 ? "" : i % 4 == 0 ? "\n" : "   ", r->registers.v[i].name, r->registers.v[i].value);
	doc_verbatim(doc, "registers", str_text(&text));
	str_deinit(&text);
}

/* --- code ------------------------------------------------------------------------------------------- */

enum { CODE_BYTES_MAX = 512 };

/* "0f 0b <48> 8b" and "f9400260 (b9400001)": bytes, and where the PC's are.  Words of more than a byte are numbers, whatever
 * the machine's order: they are written, and decoded, with the lowest first. */
static size_t code_bytes(const char *text, uint8_t *bytes, size_t *pc)
{
	size_t n = 0;

	*pc = SIZE_MAX;
	while (*text != '\0' && n + 4 <= CODE_BYTES_MAX) {
		if (*text == '<' || *text == '(')
			*pc = n;
		if (strchr(" <>()", *text) != NULL) {
			text++;
			continue;
		}
		size_t digits = strspn(text, "0123456789abcdefABCDEF"), unread = strspn(text, "X");

		if (unread == 8) { /* a word that the kernel could not read */
			memset(bytes + n, 0, 4);
			n += 4;
			text += 8;
			continue;
		}
		if (digits != 2 && digits != 4 && digits != 8)
			break;
		unsigned long value = strtoul(text, NULL, 16);

		for (size_t i = 0; i < digits / 2; i++)
			bytes[n++] = (uint8_t)(value >> 8 * i);
		text += digits;
	}
	return n;
}

/* x86 instructions are of any length, and the dump begins anywhere: the start is the one from
 * which decoding meets the PC's instruction. */
static size_t code_start(struct disasm *d, const uint8_t *bytes, size_t pc)
{
	for (size_t start = 0; start < pc && start < DISASM_LENGTH_MAX; start++) {
		size_t at = start;

		while (at < pc) {
			struct disasm_insn insn;

			disasm_one(d, bytes + at, pc - at, at, &insn);
			if (insn.kind == DISASM_BAD)
				break;
			at += insn.length;
		}
		if (at == pc)
			return start;
	}
	return pc;
}

/* Of what stands before the PC only the last instructions tell how it came there. */
static size_t code_shown_from(struct disasm *d, const uint8_t *bytes, size_t pc)
{
	size_t starts[CODE_BYTES_MAX], n = 0;

	for (size_t at = code_start(d, bytes, pc); at < pc;) {
		struct disasm_insn insn;

		disasm_one(d, bytes + at, pc - at, at, &insn);
		starts[n++] = at;
		at += insn.length > 0 ? insn.length : 1;
	}
	return n == 0 ? pc : starts[n > CODE_BEFORE ? n - CODE_BEFORE : 0];
}

static struct err *open_disasm(const struct oops_report *r, struct disasm **ret)
{
	static const struct { const char *name; uint16_t machine; bool is_64; } names[] = {
		{ "x86_64", EM_X86_64, true }, { "i386", EM_386, false }, { "arm64", EM_AARCH64, true }, { "arm", EM_ARM, false }, { "powerpc", EM_PPC64, true },
		{ "mips", EM_MIPS, true },
	};

	for (size_t i = 0; r->arch != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(r->arch, names[i].name) == 0)
			return disasm_create(&(struct disasm_options){ .machine = names[i].machine, .is_64 = names[i].is_64, .thumb = names[i].machine == EM_ARM && strcspn(r->code, " ") == 4 }, ret);
	return err_new(ERR_UNSUPPORTED, "no disassembler");
}

/* What the instruction at the PC used, and what was in its register. */
static void tell_operand(struct doc *doc, const struct oops_report *r, const struct disasm_insn *insn)
{
	const char *base = insn->memory.base;

	if (!insn->memory.present || base == NULL || *base == '\0')
		return;
	if (*base == '%')
		base++;
	for (size_t i = 0; i < r->registers.n; i++)
		if (strcasecmp(r->registers.v[i].name, base) == 0) {
			doc_text(doc, "The instruction %s memory through %s, which held 0x%" PRIx64 ".",
				 insn->memory.write ? "writes" : "reads", r->registers.v[i].name, r->registers.v[i].value);
			return;
		}
}

/* Addresses are offsets in the function: a jump inside is told as such, one to elsewhere has no name here. */
static void add_instruction(struct str *text, const struct oops_report *r, const struct disasm_insn *insn)
{
	size_t mnemonic = strcspn(insn->text, " ");

	if (!insn->has_target || r->pc.size == 0)
		str_add(text, insn->text);
	else if (insn->target < r->pc.size)
		str_printf(text, "%-6.*s %s+0x%" PRIx64, (int)mnemonic, insn->text, r->pc.function != NULL ? r->pc.function : "", insn->target);
	else
		str_printf(text, "%-6.*s (elsewhere)", (int)mnemonic, insn->text);
}

static void show_code(struct doc *doc, const struct oops_report *r)
{
	uint8_t bytes[CODE_BYTES_MAX];
	struct disasm *d = NULL;
	struct str text;
	size_t pc, count;

	if (r->code == NULL)
		return;
	if (str_eq(r->arch, "s390x")) {
		doc_verbatim(doc, "code", r->code); /* it disassembles itself */
		return;
	}
	if ((count = code_bytes(r->code, bytes, &pc)) == 0 || pc == SIZE_MAX)
		return;
	struct err *err = open_disasm(r, &d);

	if (err != NULL || disasm_borrow_note(d) != NULL) {
		if (err == NULL)
			doc_warning(doc, disasm_borrow_fix(d), "%s", disasm_borrow_note(d));
		else if (r->arch != NULL)
			doc_text(doc, "No disassembler for %s is to be had here: this is the code as the kernel printed it, the PC's in brackets.", r->arch);
		err_destroy(err);
		doc_verbatim(doc, "code", r->code);
		disasm_destroy(d);
		return;
	}
	str_init(&text);
	for (size_t at = code_shown_from(d, bytes, pc); at < count;) {
		struct disasm_insn insn;

		disasm_one(d, bytes + at, count - at, at + r->pc.offset - pc, &insn);
		if (insn.kind == DISASM_BAD && at > pc)
			break; /* the dump's end cuts it */
		str_printf(&text, "%s%s %+5ld  ", text.length > 0 ? "\n" : "", at == pc ? "=>" : "  ", (long)at - (long)pc);
		add_instruction(&text, r, &insn);
		if (at == pc)
			tell_operand(doc, r, &insn);
		if (at > pc + CODE_AFTER)
			break;
		at += insn.length;
	}
	doc_verbatim(doc, "code", str_text(&text));
	str_deinit(&text);
	disasm_destroy(d);
}

/* The source line to look at, with some around it, where its file is here. */
static void show_source(struct doc *doc, const struct oops_report *r)
{
	struct str file, text;
	unsigned number = 1;

	if (r->source_file == NULL || r->source_line == 0)
		return;
	str_init(&file);
	str_init(&text);
	struct err *err = io_read_file(r->source_file, SOURCE_BYTES_MAX, &file);

	for (const char *line = str_text(&file), *end; err == NULL && *line != '\0'; line = end + (*end == '\n'), number++) {
		end = strchrnul(line, '\n');
		if (number + LINES_AROUND >= r->source_line && number <= r->source_line + LINES_AROUND)
			str_printf(&text, "%s%s %5u  %.*s", text.length > 0 ? "\n" : "", number == r->source_line ? "=>" : "  ", number, (int)(end - line), line);
	}
	err_destroy(err);
	if (text.length > 0)
		doc_verbatim(doc, "source_lines", str_text(&text));
	str_deinit(&file);
	str_deinit(&text);
}

/* In a list of all tasks those that sleep are of interest to nobody. */
static bool is_idle(const struct oops_report *r, size_t trace)
{
	for (size_t i = 0; i < r->tasks.n; i++)
		if (r->tasks.v[i].trace == (int)trace)
			return strchr("DR", r->tasks.v[i].state) == NULL;
	return false;
}

static void show_traces(struct doc *doc, const struct oops_report *r, bool verbose)
{
	unsigned idle = 0;

	for (size_t i = 0; i < r->traces.n; i++) {
		if (r->traces.v[i].frames.n == 0)
			continue;
		if (!verbose && r->tasks.n > TASKS_SHOWN && is_idle(r, i))
			idle++;
		else
			show_trace(doc, r, &r->traces.v[i], verbose);
	}
	if (idle > 0)
		doc_text(doc, "The stacks of %u sleeping tasks are left out: -v shows them.", idle);
}

void view_oops(struct doc *doc, struct oops_report *r, unsigned number, bool verbose)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "report_%u", number);
	doc_section_begin(doc, key, r->title);
	field(doc, "kind", "kind", r->kind->name);
	if (r->panicked)
		field(doc, "panicked", "then", "the kernel panicked");
	show_place(doc, r);
	show_kernel(doc, r);
	if (r->source_file != NULL) {
		struct str source;

		str_init(&source);
		str_printf(&source, "%s:%u", r->source_file, r->source_line);
		field(doc, "source", r->blame == NULL || oops_source_is_of_blame(r) ? "look at" : "the check", str_text(&source));
		str_deinit(&source);
	}
	show_explanation(doc, r);
	show_source(doc, r);
	show_code(doc, r);
	show_traces(doc, r, verbose);
	if (verbose)
		show_registers(doc, r);
	doc_section_end(doc);
}
