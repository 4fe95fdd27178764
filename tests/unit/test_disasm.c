/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions whose bytes and text are known; tests/system/disasm.py has a hundred thousand
 * more, beside objdump. */
#include "arch/arch.h"
#include "arch/disasm.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct known {
	const char *bytes;
	size_t size;
	const char *text;
	enum disasm_kind kind;
	uint64_t target; /* 0: none */
};
#define KNOWN(bytes, ...) { (bytes), sizeof(bytes) - 1, __VA_ARGS__ }

static struct disasm *make(uint16_t machine, enum disasm_syntax syntax)
{
	const struct disasm_options options = { .machine = machine, .is_64 = true, .syntax = syntax };
	struct disasm *d;

	assert_null(disasm_create(&options, &d));
	return d;
}

static void check(struct disasm *d, const struct known *known, size_t count)
{
	struct disasm_insn insn;

	for (size_t i = 0; i < count; i++) {
		disasm_one(d, (const uint8_t *)known[i].bytes, known[i].size, 0x1000, &insn);
		assert_string_equal(insn.text, known[i].text);
		assert_int_equal(insn.length, known[i].size);
		assert_int_equal(insn.kind, known[i].kind);
		assert_int_equal(insn.has_target, known[i].target != 0);
		assert_int_equal(insn.target, known[i].target);
	}
}

#define CHECK(d, known) check((d), (known), sizeof(known) / sizeof(*(known)))

static void test_att(void **state)
{
	static const struct known known[] = {
		KNOWN("\x55", "push   %rbp", DISASM_OTHER, 0),
		KNOWN("\xe8\xfb\x0f\x00\x00", "call   2000", DISASM_CALL, 0x2000),
		KNOWN("\xff\x50\x20", "call   *0x20(%rax)", DISASM_CALL, 0),
		KNOWN("\xeb\xfe", "jmp    1000", DISASM_JUMP, 0x1000),
		KNOWN("\x74\x0e", "je     1010", DISASM_BRANCH, 0x1010),
		KNOWN("\xc3", "ret", DISASM_RETURN, 0),
		KNOWN("\xcc", "int3", DISASM_TRAP, 0),
		KNOWN("\x0f\xb7\x45\x00", "movzwl 0x0(%rbp),%eax", DISASM_OTHER, 0),
		KNOWN("\xc7\x03\x2a\x00\x00\x00", "movl   $0x2a,(%rbx)", DISASM_OTHER, 0),
		KNOWN("\xf3\x48\xab", "rep stos %rax,%es:(%rdi)", DISASM_OTHER, 0),
		KNOWN("\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00",
		      "data16 cs nopw 0x0(%rax,%rax,1)", DISASM_OTHER, 0),
		KNOWN("\xde\xe9", "fsubrp %st,%st(1)", DISASM_OTHER, 0),
		KNOWN("\xf0\xff\x08", "lock decl (%rax)", DISASM_OTHER, 0),
		KNOWN("\x06", "(bad)", DISASM_BAD, 0),
	};
	struct disasm *d = make(EM_X86_64, DISASM_ATT);

	if (disasm_borrow_note(d)) {
		print_message("no Zydis here\n");
		disasm_destroy(d);
		skip();
	}
	CHECK(d, known);
	disasm_destroy(d);
}

static void test_intel(void **state)
{
	static const struct known known[] = {
		KNOWN("\x0f\xb7\x45\x00", "movzx  eax,WORD PTR [rbp+0x0]", DISASM_OTHER, 0),
		KNOWN("\xff\x50\x20", "call   QWORD PTR [rax+0x20]", DISASM_CALL, 0),
		KNOWN("\xd1\xe8", "shr    eax,1", DISASM_OTHER, 0),
	};
	struct disasm *d = make(EM_X86_64, DISASM_INTEL);

	if (!disasm_borrow_note(d))
		CHECK(d, known);
	disasm_destroy(d);
}

static void test_memory(void **state)
{
	struct disasm *d = make(EM_X86_64, DISASM_ATT);
	struct disasm_insn insn;

	if (disasm_borrow_note(d)) {
		disasm_destroy(d);
		skip();
	}
	/* mov 0x10(%rax,%rcx,8),%rdx */
	disasm_one(d, (const uint8_t *)"\x48\x8b\x54\xc8\x10", 5, 0, &insn);
	assert_true(insn.memory.present && insn.memory.read && !insn.memory.write);
	assert_string_equal(insn.memory.base, "rax");
	assert_string_equal(insn.memory.index, "rcx");
	assert_int_equal(insn.memory.scale, 8);
	assert_int_equal(insn.memory.displacement, 0x10);
	assert_int_equal(insn.memory.size_bytes, 8);
	assert_false(insn.memory.has_addr);
	/* mov %rax,0x100(%rip) */
	disasm_one(d, (const uint8_t *)"\x48\x89\x05\x00\x01\x00\x00", 7, 0x1000, &insn);
	assert_true(insn.memory.write && insn.memory.has_addr);
	assert_int_equal(insn.memory.addr, 0x1107);
	/* mov %fs:0x28,%rax: not an address */
	disasm_one(d, (const uint8_t *)"\x64\x48\x8b\x04\x25\x28\x00\x00\x00", 9, 0, &insn);
	assert_string_equal(insn.memory.segment, "fs");
	assert_false(insn.memory.has_addr);
	/* push: the stack is not meant */
	disasm_one(d, (const uint8_t *)"\x55", 1, 0, &insn);
	assert_false(insn.memory.present);
	disasm_destroy(d);
}

static void test_aarch64(void **state)
{
	static const struct known known[] = {
		KNOWN("\xfd\x7b\xbf\xa9", "stp     x29, x30, [sp, #-16]!", DISASM_OTHER, 0),
		KNOWN("\x04\x00\x00\x94", "bl      1010", DISASM_CALL, 0x1010),
		KNOWN("\x80\x00\x00\x54", "b.eq    1010", DISASM_BRANCH, 0x1010),
		KNOWN("\x00\x00\x00\x14", "b       1000", DISASM_JUMP, 0x1000),
		KNOWN("\xc0\x03\x5f\xd6", "ret", DISASM_RETURN, 0),
		KNOWN("\x00\x01\x00\xb4", "cbz     x0, 1020", DISASM_BRANCH, 0x1020),
		KNOWN("\x00\xec\x7c\x92", "and     x0, x0, #0xfffffffffffffff0", DISASM_OTHER, 0),
		KNOWN("\x00\x00\x00\x00", "(bad)", DISASM_BAD, 0),
	};
	struct disasm *d = make(EM_AARCH64, DISASM_ATT);
	struct disasm_insn insn;

	if (disasm_borrow_note(d)) {
		print_message("no Capstone here\n");
		disasm_destroy(d);
		skip();
	}
	CHECK(d, known);
	/* ldr x0, [sp, #16] */
	disasm_one(d, (const uint8_t *)"\xe0\x0b\x40\xf9", 4, 0, &insn);
	assert_true(insn.memory.present && insn.memory.read);
	disasm_destroy(d);
}

/* No decoder at all: bytes, and a sentence. */
static void test_bytes(void **state)
{
	struct disasm *d = make(0xfeed, DISASM_ATT);
	struct disasm_insn insn;

	assert_non_null(disasm_borrow_note(d));
	disasm_one(d, (const uint8_t *)"\x01\x02\x03", 3, 0, &insn);
	assert_string_equal(insn.text, ".byte  0x01,0x02,0x03");
	assert_int_equal(insn.length, 3);
	disasm_destroy(d);
}

static void test_names(void **state)
{
	assert_string_equal(arch_of_machine(EM_AARCH64)->name, "aarch64");
	assert_int_equal(arch_of_name("i386")->machine, EM_386);
	assert_int_equal(arch_of_name("armv6l")->machine, EM_ARM);
	assert_int_equal(arch_of_name("x86_64")->machine, EM_X86_64);
	assert_null(arch_of_name("i"));
	assert_null(arch_of_name(""));
	assert_null(arch_of_name("vax"));
	assert_null(arch_of_machine(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_att),	cmocka_unit_test(test_intel),
		cmocka_unit_test(test_memory),	cmocka_unit_test(test_aarch64),
		cmocka_unit_test(test_bytes),	cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
