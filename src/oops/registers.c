// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registers, the faulting instruction and the bytes around it.
 *
 * Every architecture prints "NAME: VALUE" pairs in its own spelling, so one reader of
 * pairs serves them all: a name that the table of its architecture has, ':' or '=', a
 * value of hexadecimal digits.  Lists ("GPR04: a b c d") count on.  What the pairs were
 * tells the architecture.  The PC and LR with their symbols have templates.
 */
#include "oops/parse.h"

#include "oops/match.h"
#include "oops/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTERS_MAX = 96 };

/* --- PC and LR ------------------------------------------------------------------------------------ */

struct place_template {
	const char *template; /* {rest} begins with an address, a symbol or both */
	const char *arch;
	bool is_lr;
};

static const struct place_template places[] = {
	{ "^RIP: 0010:{place:rest}", "x86_64", false },
	{ "^RIP  {place:rest}", "x86_64", false },
	{ "^RIP: {_cs:hex}:{place:rest}", "x86_64", false },
	{ "^RIP: {place:rest}", "x86_64", false },
	{ "^EIP: 0060:{place:rest}", "i386", false },
	{ "^EIP is at {place:rest}", "i386", false },
	{ "^EIP: {_cs:hex}:{place:rest}", "i386", false },
	{ "^EIP: {place:rest}", "i386", false },
	{ "^>>EIP; {_address:hex} <{place:rest}", "i386", false },
	{ "^EIP; {_address:hex} <{place:rest}", "i386", false }, /* ">>" looks like a mail that is quoted */
	{ "^IP: {place:rest}", NULL, false },
	{ "^pc : {place:rest}", NULL, false },
	{ "^lr : {place:rest}", NULL, true },
	{ "^PC is at {place:rest}", "arm", false },
	{ "^LR is at {place:rest}", "arm", true },
	{ "^NIP {place:rest}", "powerpc", false },
	{ "^LR [{place:rest}", "powerpc", true },
	{ "^Krnl PSW : {_mask:hex} {place:rest}", "s390x", false },
	{ "^epc : {place:rest}", NULL, false },
	{ "^ ra : {place:rest}", "riscv64", true },
	{ "^ra    : {place:rest}", "mips", true },
	{ "^epc   : {place:rest}", "mips", false },
	{ "^epc == {place:rest}", "mips", false },
	{ "^ERA: {place:rest}", "loongarch", false },
	{ "^ ra: {place:rest}", "loongarch", true },
	{ "^PC: {_address:hex} {place:rest}", NULL, false },
	{ "^pc {place:rest}", NULL, false },
};

static uint64_t hex_value(const char *text, size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length && i < 16; i++) {
		char c = text[i];

		value = value * 16 + (uint64_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
	}
	return value;
}

static size_t hex_length(const char *text, const char *end)
{
	size_t n = 0;

	while (text + n < end && strchr("0123456789abcdefABCDEF", text[n]) != NULL && text[n] != '\0')
		n++;
	return n;
}

/* "[<ffff...>] func+0x1/0x2 [mod]", "func+0x1/0x2", "0000... (func+0x1/0x2)", "0xffff". */
static bool read_place(struct oops_report *r, const char *text, size_t length, struct oops_frame *f)
{
	const char *end = text + length;
	uint64_t address = 0;

	while (text < end && (strchr(" [<>](", *text) != NULL)) text++;
	if (end - text > 2 && text[0] == '0' && text[1] == 'x')
		text += 2;
	size_t digits = hex_length(text, end);

	if (digits >= 8 && digits <= 16 && (text + digits == end || strchr(" >])", text[digits]) != NULL)) {
		address = hex_value(text, digits);
		text += digits;
		while (text < end && strchr(" >])[<(", *text) != NULL)
			text++;
		size_t again = hex_length(text, end); /* "[<addr>] [<addr>] func" */

		if (again == digits && text + again < end && strchr(" >]", text[again]) != NULL)
			for (text += again; text < end && strchr(" >])[<(", *text) != NULL;)
				text++;
	}
	*f = (struct oops_frame){ .exact = true };
	size_t line_length = (size_t)(end - text);

	if (!oops_frame_parse(&r->arena, text, line_length, f)) {
		const char *name;
		size_t name_length;
		unsigned long long offset, size;

		if (oops_symbol_parse(text, line_length, &name, &name_length, &offset, &size) > 0 &&
		    (size != 0 || (text + name_length < end && text[name_length] == '+'))) /* ksymoops: <f+f8/180> */
			*f = (struct oops_frame){ .function = arena_strndup(&r->arena, name, name_length),
				.offset = offset, .size = size };
		else
			*f = (struct oops_frame){ .function = NULL };
	}
	f->exact = true;
	if (address != 0)
		f->address = address;
	return f->function != NULL || address != 0;
}

static void read_places(struct oops_report *r, const char *line, size_t length)
{
	while (length > 0 && *line == ' ' && (length < 4 || line[1] != 'r'))
		line++, length--;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct oops_captures captures;
		struct oops_frame *f = places[i].is_lr ? &r->lr : &r->pc;
		struct oops_frame found;

		captures.n = 0;
		if (!oops_match(places[i].template, line, length, &captures))
			continue;
		const struct oops_capture *place = oops_captured(&captures, "place");

		/* A log that was decoded has a line for each inlined function, innermost first, and at last the real one. */
		if ((f->function == NULL || f->inlined) && read_place(r, place->text, place->length, &found) &&
		    (found.function != NULL || f->address == 0)) {
			if (found.address == 0)
				found.address = f->address;
			*f = found;
		}
		if (places[i].arch != NULL && r->arch == NULL && f->address + (f->function != NULL) > 0)
			r->arch = places[i].arch;
		return;
	}
}

/* --- registers ---------------------------------------------------------------------------------------- */

static const struct {
	const char *arch;
	const char *names; /* blanks around each */
} register_names[] = {
	{ "x86_64", " RAX RBX RCX RDX RSI RDI RBP RSP R08 R09 R10 R11 R12 R13 R14 R15 RIP EFLAGS RFLAGS ORIG_RAX CR0 CR2 CR3 CR4 DR0 DR1 DR2 DR3 DR6 DR7 CS DS ES FS GS PKRU knlGS " },
	{ "i386", " EAX EBX ECX EDX ESI EDI EBP ESP eax ebx ecx edx esi edi ebp esp " },
	{ "arm64", " x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 x29 pstate pmr " },
	{ "arm", " r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 ip fp psr " },
	{ "powerpc", " NIP LR CTR MSR XER CR CFAR DAR DSISR IRQMASK TRAP " },
	{ "s390x", " R:0 PSW " },
	{ "riscv64", " epc ra gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6 status badaddr cause " },
	{ "mips", " Status Cause BadVA Hi Lo " },
	{ "loongarch", " CRMD PRMD EUEN ECFG ESTAT BADV PRID ERA " },
};

static const char *arch_of_register(const char *name, size_t length)
{
	char wanted[16];

	if (length == 0 || length + 2 >= sizeof(wanted))
		return NULL;
	wanted[0] = ' ';
	memcpy(wanted + 1, name, length);
	wanted[length + 1] = ' ';
	wanted[length + 2] = '\0';
	for (size_t i = 0; i < sizeof(register_names) / sizeof(register_names[0]); i++)
		if (strstr(register_names[i].names, wanted) != NULL)
			return register_names[i].arch;
	if (strcmp(wanted, " sp ") == 0 || strcmp(wanted, " pc ") == 0 || strcmp(wanted, " lr ") == 0)
		return "";
	return NULL;
}

static void add_register(struct oops_report *r, const char *name, size_t length, uint64_t value)
{
	if (r->registers.n >= REGISTERS_MAX)
		return;
	struct oops_register reg = { .name = arena_strndup(&r->arena, name, length), .value = value };

	for (size_t i = 0; i < r->registers.n; i++)
		if (strcmp(r->registers.v[i].name, reg.name) == 0)
			return; /* the first dump is the reporter's */
	vec_push(&r->registers, reg);
}

/* "GPR04: a b c d" and "$ 4 : a b c d": values that count on from a number. */
static bool read_list(struct oops_report *r, const char *line, size_t length)
{
	struct oops_captures captures;
	const char *prefix = NULL;

	captures.n = 0;
	if (oops_match("^GPR{first:num}: {values:rest}", line, length, &captures))
		prefix = "r", r->arch = r->arch != NULL ? r->arch : "powerpc";
	else if (oops_match("^${first:num} : {values:rest}", line, length, &captures) ||
		 oops_match("^$ {first:num} : {values:rest}", line, length, &captures) ||
		 oops_match("^${first:num}: {values:rest}", line, length, &captures))
		prefix = "$", r->arch = r->arch != NULL ? r->arch : "mips";
	if (prefix == NULL)
		return false;
	const struct oops_capture *values = oops_captured(&captures, "values");
	unsigned number = (unsigned)atoi(oops_captured(&captures, "first")->text);
	const char *at = values->text, *end = values->text + values->length;

	while (at < end && number < 64) {
		size_t digits = hex_length(at, end);

		if (digits < 8 || digits > 16)
			return true;
		char name[8];
		int n = snprintf(name, sizeof(name), "%s%u", prefix, number++);

		add_register(r, name, (size_t)n, hex_value(at, digits));
		for (at += digits; at < end && *at == ' ';)
			at++;
	}
	return true;
}

/* "pc 9000000000e0f9bc ra 9000000000e0f9b8 tp ..." of LoongArch: no colons. */
static bool read_columns(struct oops_report *r, const char *line, size_t length)
{
	static const char names[] = " pc ra tp sp a0 a1 a2 a3 a4 a5 a6 a7 t0 t1 t2 t3 t4 t5 t6 t7 t8 u0 s9 s0 s1 s2 s3 s4 s5 s6 s7 s8 ";
	const char *at = line, *end = line + length;
	unsigned found = 0;

	while (end - at >= 19) {
		char wanted[5] = { ' ', at[0], at[1], ' ', '\0' };

		if (strstr(names, wanted) == NULL || at[2] != ' ' || hex_length(at + 3, end) != 16)
			return found > 0;
		add_register(r, at, 2, hex_value(at + 3, 16));
		found++;
		for (at += 19; at < end && *at == ' ';)
			at++;
	}
	if (found > 1 && r->arch == NULL)
		r->arch = "loongarch";
	return found > 0;
}

/* "Krnl GPRS: a b c d" and the three lines of four below it, of s390x. */
static bool read_s390_list(struct oops_report *r, const char *line, size_t length, unsigned *next)
{
	const char *at = oops_find(line, length, "Krnl GPRS:"), *end = line + length;

	if (at != NULL)
		*next = 0;
	else if (*next == 0 || *next >= 16)
		return false;
	at = at != NULL ? at + strlen("Krnl GPRS:") : line;
	unsigned first = *next;

	for (;; (*next)++) {
		char name[8];

		while (at < end && *at == ' ')
			at++;
		if (*next >= 16 || hex_length(at, end) != 16)
			break;
		int n = snprintf(name, sizeof(name), "r%u", *next);

		add_register(r, name, (size_t)n, hex_value(at, 16));
		at += 16;
	}
	if (*next == first)
		*next = 0;
	return *next != 0;
}

/* Reasons that stand in words and numbers among other text. */
static const struct { const char *template, *name, *arch; } reasons[] = {
	{ "ESR = 0x{value:hex}", "ESR", "arm64" },
	{ "exception on CPU{_cpu:num}, ESR 0x{value:hex} --", "ESR", "arm64" },
	{ "on CPU{_cpu:num}, code 0x{value:hex} --", "ESR", "arm64" },
	{ "Internal error: {_what:any}: {value:hex} [#{_n:num}] {_how:any}ARM", "FSR", "arm" },
	{ "Internal error: {_what:any}: {value:hex} [#", "ESR", "arm64" },
	{ "error_code(0x{value:hex})", "error_code", NULL },
	{ "error_code:0x{value:hex}", "error_code", NULL },
	{ "Oops: {value:hex} [#", "error_code", NULL },
	{ "general protection fault{_where:any}: {value:hex} [#", "error_code", NULL },
	{ ": {value:hex} ilc:", "INT_CODE", "s390x" },
	{ "TEID: {value:hex}", "TEID", "s390x" },
	{ "^Krnl PSW : {value:hex} ", "PSW", "s390x" },
	{ "TRAP: {value:hex}", "TRAP", "powerpc" },
	{ "^--- {_what:interrupt|Exception}: {value:hex} at ", "TRAP", "powerpc" },
};

static void read_reasons(struct oops_report *r, const char *line, size_t length)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct oops_captures captures;

		captures.n = 0;
		if (!oops_match(reasons[i].template, line, length, &captures))
			continue;
		const struct oops_capture *value = oops_captured(&captures, "value");

		if (value->length > 16)
			continue;
		add_register(r, reasons[i].name, strlen(reasons[i].name), hex_value(value->text, value->length));
		if (r->arch == NULL)
			r->arch = reasons[i].arch;
		return;
	}
}

/* Every "NAME: HEX" and "NAME : HEX" of a line. */
static void read_pairs(struct oops_report *r, const char *line, size_t length)
{
	const char *at = line, *end = line + length;
	unsigned found = 0;
	const char *arch = NULL;

	while (at < end && found < 16) {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		if (colon == NULL)
			break;
		const char *name_end = colon;

		while (name_end > at && name_end[-1] == ' ')
			name_end--;
		const char *name = name_end;

		while (name > at && name[-1] != ' ' && name[-1] != '\t')
			name--;
		const char *value = colon + 1;

		while (value < end && (*value == ' ' || *value == '['  || *value == '<'))
			value++;
		if (end - value > 2 && value[0] == '0' && value[1] == 'x')
			value += 2;
		/* "RSP: 0018:ffffc900015e73f0" has a segment in front. */
		if (end - value > 5 && value[4] == ':' && hex_length(value, value + 4) == 4)
			value += 5;
		size_t digits = hex_length(value, end);
		const char *whose = arch_of_register(name, (size_t)(name_end - name));

		if (whose != NULL && digits >= 4 && digits <= 16) {
			add_register(r, name, (size_t)(name_end - name), hex_value(value, digits));
			if (*whose != '\0')
				arch = whose;
			found++;
		}
		at = value + digits > colon ? value + digits : colon + 1;
	}
	if (arch != NULL && found > 1 && r->arch == NULL)
		r->arch = arch;
}

/* --- fault address, code, architecture ------------------------------------------------------------------ */

static const char *const address_templates[] = {
	"at virtual address {address:hex}",
	"page fault for address: {address:hex}",
	"paging request at {address:hex}",
	"pointer dereference at {address:hex}",
	"dereference, address: {address:hex}",
	"data access on read at {address:hex}",
	"data access on write at {address:hex}",
	"data access at {address:hex}",
	"Faulting address: {address:hex}",
	"non-canonical address {address:hex}",
	"^fault address: {address:hex}",
	"Failing address: {address:hex}",
	"unaligned access at {address:hex}",
};

static void read_fault_address(struct oops_report *r, const char *line, size_t length)
{
	/* Each template has one of these: an address or access, a request, a dereference. */
	if (r->has_fault_address || (oops_find(line, length, "ess") == NULL && oops_find(line, length, "request") == NULL && oops_find(line, length, "dereference") == NULL))
		return;
	for (size_t i = 0; !r->has_fault_address && i < sizeof(address_templates) / sizeof(address_templates[0]); i++) {
		struct oops_captures captures;

		captures.n = 0;
		if (!oops_match(address_templates[i], line, length, &captures))
			continue;
		const struct oops_capture *address = oops_captured(&captures, "address");

		r->fault_address = hex_value(address->text, address->length);
		r->has_fault_address = true;
	}
}

/* powerpc's "Instruction dump:" has the words on the lines below, s390's "Krnl Code: " its own disassembly. */
struct code_lines {
	unsigned left;  /* lines that may still follow */
	bool is_text;
};

static void append_code(struct oops_report *r, const char *text, size_t length, const char *between)
{
	r->code = r->code == NULL ? arena_strndup(&r->arena, text, length) : arena_printf(&r->arena, "%s%s%.*s", r->code, between, (int)length, text);
}

static void read_more_code(struct oops_report *r, struct code_lines *more, const char *line, size_t length)
{
	size_t blanks = 0;

	while (blanks < length && (line[blanks] == ' ' || line[blanks] == '\t' || (more->is_text && (line[blanks] == '>' || line[blanks] == '#'))))
		blanks++;
	size_t digits = hex_length(line + blanks, line + length);
	/* "XXXXXXXX" are words that could not be read */
	bool fits = more->is_text ? digits >= 8 && blanks > 0 && blanks + digits < length && line[blanks + digits] == ':'
				  : (digits == 8 || (length - blanks >= 8 && strchr("<X", line[blanks]) != NULL)) && length < 100;

	if (!fits) {
		more->left = 0;
		return;
	}
	more->left--;
	append_code(r, more->is_text ? line : line + blanks, more->is_text ? length : length - blanks, more->is_text ? "\n" : " ");
}

static void read_code(struct oops_report *r, struct code_lines *more, const char *line, size_t length)
{
	struct oops_captures captures = { .n = 0 };

	if (more->left > 0) {
		read_more_code(r, more, line, length);
		return;
	}
	if (r->code != NULL || length < 8 || (line[0] != 'C' && line[0] != 'K' && line[0] != 'I'))
		return;
	if (oops_match("^Instruction dump:", line, length, NULL)) {
		*more = (struct code_lines){ .left = 6 };
		return;
	}
	if (!oops_match("^Code: {code:rest}", line, length, &captures) && !oops_match("^Krnl Code: {code:rest}", line, length, &captures))
		return;
	const struct oops_capture *code = oops_captured(&captures, "code");

	if (oops_find(code->text, code->length, "Bad ") != NULL)
		return;
	*more = line[0] == 'K' ? (struct code_lines){ .left = 16, .is_text = true } : (struct code_lines){ .left = 0 };
	append_code(r, more->is_text ? line : code->text, more->is_text ? length : code->length, "");
}

/* Where no sentence says it, a register does. */
static void fault_address_of_register(struct oops_report *r)
{
	static const char *const names[] = { "badaddr", "BadVA", "BADV", "DAR" };

	for (size_t i = 0; !r->has_fault_address && r->severity == OOPS_OOPS && i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < r->registers.n; k++)
			if (strcmp(r->registers.v[k].name, names[i]) == 0) {
				r->fault_address = r->registers.v[k].value;
				r->has_fault_address = true;
			}
}

static void guess_arch(struct oops_report *r)
{
	static const struct { const char *sign, *arch; } signs[] = {
		{ "el0_svc", "arm64" }, { "el1_", "arm64" }, { "ESR = 0x", "arm64" }, { "ret_fast_syscall", "arm" },
		{ "__irq_svc", "arm" }, { "entry_SYSCALL_64", "x86_64" }, { "do_syscall_64", "x86_64" },
		{ "system_call_fastpath", "x86_64" }, { "sysenter_do_call", "i386" }, { "ret_from_exception", "riscv64" },
		{ "system_call_common", "powerpc" }, { "Krnl PSW", "s390x" }, { "handle_syscall", "loongarch" },
	};

	for (size_t i = 0; r->arch == NULL && i < sizeof(signs) / sizeof(signs[0]); i++)
		if (oops_find(r->text, r->text_length, signs[i].sign) != NULL)
			r->arch = signs[i].arch;
}

void oops_registers_parse(struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line;
	size_t length;
	bool user = false;
	unsigned next_gpr = 0;
	struct code_lines more = { .left = 0 };

	while (oops_lines_next(&lines, &line, &length)) {
		/* What follows a user space PC are the user's registers; after the end, those of the
		 * machine's first oops are said again. */
		if (oops_find(line, length, "---[ end trace") != NULL || oops_find(line, length, "RIP: 0033:") != NULL || oops_find(line, length, "RIP: 0023:") != NULL)
			user = true;
		read_fault_address(r, line, length);
		if (user || length > 400)
			continue;
		read_places(r, line, length);
		read_reasons(r, line, length);
		if (!read_list(r, line, length) && !read_s390_list(r, line, length, &next_gpr) && !read_columns(r, line, length))
			read_pairs(r, line, length);
		read_code(r, &more, line, length);
	}
	guess_arch(r);
	fault_address_of_register(r);
}
