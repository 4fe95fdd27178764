/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CFI made here byte by byte -> rows -> compact rows; and the table of this very program. */
#include "base/mem.h"
#include "base/vec.h"
#include "format/cfi.h"
#include "unwind/build.h"
#include "unwind/compact.h"
#include "unwind/exidx.h"
#include "unwind/table_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmocka.h>

/* --- a section under construction -------------------------------------------------------------- */

struct maker {
	uint8_t bytes[1024];
	size_t n, entry;
};

static void put(struct maker *m, const void *data, size_t size_bytes)
{
	assert_true(m->n + size_bytes <= sizeof(m->bytes));
	memcpy(m->bytes + m->n, data, size_bytes);
	m->n += size_bytes;
}

#define PUT(m, ...)                                         \
	do {                                                \
		const uint8_t put_[] = { __VA_ARGS__ };     \
		put(m, put_, sizeof(put_));                 \
	} while (0)

static void put32(struct maker *m, uint32_t v) { put(m, &v, 4); }

static void begin(struct maker *m, uint32_t id)
{
	m->entry = m->n;
	put32(m, 0);
	put32(m, id);
}

static void end(struct maker *m)
{
	uint32_t length;

	while (m->n % 4)
		PUT(m, 0);
	length = (uint32_t)(m->n - m->entry - 4);
	memcpy(m->bytes + m->entry, &length, 4);
}

/* An x86-64 CIE with pc-relative 4-byte pointers: CFA = rsp + 8, the return address below. */
static void put_cie(struct maker *m, const char *letters)
{
	begin(m, 0);
	PUT(m, 1);
	put(m, letters, strlen(letters) + 1);
	PUT(m, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1);
	end(m);
}

/* An FDE of the CIE at 0 for [START, START + LENGTH); the section lies at 0x1000. */
static void put_fde(struct maker *m, uint32_t start, uint32_t length, const uint8_t *program, size_t size_bytes)
{
	begin(m, (uint32_t)m->n + 4);
	put32(m, start - (0x1000 + (uint32_t)m->n));
	put32(m, length);
	PUT(m, 0);
	put(m, program, size_bytes);
	end(m);
}

static struct cfi_section section_of(const struct maker *m)
{
	return (struct cfi_section){ .bytes = { m->bytes, m->n }, .vaddr = 0x1000, .address_bytes = 8,
				     .is_eh = true };
}

struct told {
	struct cfi_reader reader;
	struct { struct unwind_row row; uint64_t start, end; } v[32];
	size_t n;
};

static bool tell(void *user, const struct cfi_row *row, uint64_t row_end)
{
	struct told *t = user;

	t->v[t->n].start = row->start;
	t->v[t->n].end = row_end;
	unwind_compact(t->reader.section, &t->reader.cie, row, unwind_machine(UNWIND_ARCH_X86_64), &t->v[t->n++].row);
	return t->n < 32;
}

static void run(struct told *t, const struct cfi_section *s, const char *what)
{
	struct cfi_fde fde;

	*t = (struct told){ 0 };
	cfi_reader_init(&t->reader, s);
	if (!cfi_next(&t->reader, &fde))
		fail_msg("%s: no FDE", what);
	assert_int_equal(fde.start, 0x2000);
	assert_int_equal(fde.end, 0x2100);
	if (!cfi_run(&t->reader, &fde, tell, t))
		fail_msg("%s: a broken program", what);
}

static void assert_row(const struct told *t, size_t i, uint64_t start, enum unwind_cfa cfa, int words,
		       enum unwind_base base, int saved)
{
	assert_true(i < t->n);
	assert_int_equal(t->v[i].start, start);
	assert_int_equal(unwind_row_cfa(&t->v[i].row), cfa);
	assert_int_equal(t->v[i].row.cfa, words);
	assert_int_equal(unwind_row_base(&t->v[i].row), base);
	assert_int_equal(t->v[i].row.saved, saved);
}

static void test_frame_pointer(void **state)
{
	static const uint8_t program[] = {
		0x41, 0x0e, 16, 0x86, 2, /* push rbp */
		0x43, 0x0d, 6,           /* mov rsp,rbp */
		0x02, 0x80, 0x0a, 0x0c, 7, 8, 0xc6, /* pop; ret, remembering */
		0x41, 0x0b,              /* more of the body */
	};
	struct maker m = { 0 };
	struct told t;

	put_cie(&m, "zR");
	put_fde(&m, 0x2000, 0x100, program, sizeof(program));

	struct cfi_section s = section_of(&m);

	run(&t, &s, "frame pointer");
	assert_int_equal(t.n, 5);
	assert_row(&t, 0, 0x2000, UNWIND_CFA_SP, 1, UNWIND_BASE_NONE, 0);
	assert_row(&t, 1, 0x2001, UNWIND_CFA_SP, 2, UNWIND_BASE_CFA, 2);
	assert_row(&t, 2, 0x2004, UNWIND_CFA_FP, 2, UNWIND_BASE_CFA, 2);
	assert_row(&t, 3, 0x2084, UNWIND_CFA_SP, 1, UNWIND_BASE_NONE, 0);
	assert_row(&t, 4, 0x2085, UNWIND_CFA_FP, 2, UNWIND_BASE_CFA, 2);
	assert_int_equal(t.v[4].end, 0x2100);
}

/* What gcc says of a function that realigns its stack, and a PLT. */
static void test_expressions(void **state)
{
	static const uint8_t program[] = {
		0x41, 0x0c, 10, 0,                          /* lea 8(%rsp),%r10: CFA = r10 */
		0x41, 0x10, 6, 2, 0x76, 0,                  /* rbp at *rbp */
		0x41, 0x0f, 3, 0x76, 0x78, 0x06,            /* CFA = *(rbp - 8) */
		0x41, 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22,
		0x41, 0x0f, 5, 0x77, 0x10, 0x06, 0x23, 8,   /* perlasm */
		0x41, 0x0f, 2, 0x77, 0x11,                  /* not a whole word */
		0x41, 0x0c, 7, 8, 0x07, 16,                 /* no caller */
	};
	struct maker m = { 0 };
	struct told t;

	put_cie(&m, "zR");
	put_fde(&m, 0x2000, 0x100, program, sizeof(program));

	struct cfi_section s = section_of(&m);

	run(&t, &s, "expressions");
	assert_row(&t, 1, 0x2001, UNWIND_CFA_REG, 0, UNWIND_BASE_NONE, 10);
	assert_row(&t, 2, 0x2002, UNWIND_CFA_REG, 0, UNWIND_BASE_FP, 10);
	assert_row(&t, 3, 0x2003, UNWIND_CFA_FP_DEREF, -1, UNWIND_BASE_FP, 0);
	assert_row(&t, 4, 0x2004, UNWIND_CFA_PLT, 11, UNWIND_BASE_FP, 0);
	assert_row(&t, 5, 0x2005, UNWIND_CFA_SP_DEREF_PLUS, 2, UNWIND_BASE_FP, 0);
	assert_row(&t, 6, 0x2006, UNWIND_CFA_UNSUPPORTED, 0, UNWIND_BASE_NONE, 0);
	assert_row(&t, 7, 0x2007, UNWIND_CFA_OUTERMOST, 0, UNWIND_BASE_NONE, 0);
}

static void test_signal_frame(void **state)
{
	static const uint8_t program[] = { 0x0f, 4, 0x77, 0xa0, 0x01, 0x06 };
	struct maker m = { 0 };
	struct told t;

	put_cie(&m, "zRS");
	put_fde(&m, 0x2000, 0x100, program, sizeof(program));

	struct cfi_section s = section_of(&m);

	run(&t, &s, "signal");
	assert_true(t.reader.cie.is_signal);
	assert_row(&t, 0, 0x2000, UNWIND_CFA_SIGNAL, 20, UNWIND_BASE_NONE, 0);
}

/* Remembering deeper than there is room, restoring what was not remembered, no end. */
static void test_broken(void **state)
{
	static const uint8_t programs[][12] = {
		{ 0x0b }, { 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a }, { 0x3f }, { 0x0f, 0x70 },
	};
	static const uint8_t sizes[] = { 1, 9, 1, 2 };

	for (size_t i = 0; i < 4; i++) {
		struct maker m = { 0 };
		struct told t = { 0 };
		struct cfi_fde fde;

		put_cie(&m, "zR");
		put_fde(&m, 0x2000, 0x100, programs[i], sizes[i]);

		struct cfi_section s = section_of(&m);

		cfi_reader_init(&t.reader, &s);
		assert_true(cfi_next(&t.reader, &fde));
		assert_false(cfi_run(&t.reader, &fde, tell, &t));
	}
}

/* --- this program --------------------------------------------------------------------------------- */

static struct bytes map_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);

	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

	assert_true(p != MAP_FAILED);
	close(fd);
	return (struct bytes){ p, (size_t)st.st_size };
}

static void assert_sorted(const struct unwind_table *t)
{
	for (size_t i = 1; i < t->row_count; i++)
		if (t->rows[i].pc <= t->rows[i - 1].pc)
			fail_msg("row %zu is not above the one before", i);
}

static uint64_t vaddr_of(struct elf_file *f, const char *name)
{
	for (size_t i = 1; i < f->section_count; i++) {
		struct elf_symbols symbols = elf_symbols(f, i);
		struct elf_symbol s;

		for (size_t k = 0; f->sections[i].type == 2 && elf_symbol_get(&symbols, k, &s); k++)
			if (strcmp(s.name, name) == 0)
				return s.value;
	}
	return 0;
}

static void test_self(void **state)
{
	struct elf_file f;
	struct unwind_sections s;
	struct unwind_table t;
	struct bytes image = map_self();
	size_t count;

	assert_null(elf_init(&f, image));
	assert_null(unwind_sections_init(&f, NULL, &s));
	assert_true(s.count >= 1);
	assert_null(unwind_table_build(&f, &s, &t));
	assert_true(t.row_count > 100 && !t.cut);
	assert_sorted(&t);

	struct unwind_function *functions = unwind_functions(&f, &s, &count);
	uint64_t start = vaddr_of(&f, "test_self");
	size_t i = 0;

	assert_true(start != 0);
	while (i < count && functions[i].start != start)
		i++;
	assert_true(i < count && functions[i].end > start);
#if defined(__x86_64__) || defined(__i386__)
	const struct unwind_row *row = unwind_row_find(t.rows, t.row_count, (uint32_t)(start - t.base_vaddr));

	assert_non_null(row);
	assert_int_equal(unwind_row_cfa(row), UNWIND_CFA_SP);
	assert_int_equal(row->cfa, 1);
#endif
	free(functions);
	unwind_table_deinit(&t);
	unwind_sections_deinit(&s);
	elf_deinit(&f);
	munmap((void *)image.data, image.size_bytes);
}

/* --- tables that are kept ------------------------------------------------------------------------- */

static void put_table(uint8_t *image, const struct unwind_row *rows, size_t count, uint64_t key)
{
	struct unwind_table_header h = { .magic = UNWIND_TABLE_MAGIC, .byte_order = UNWIND_TABLE_BYTE_ORDER,
					 .version = UNWIND_TABLE_VERSION, .key = key, .row_count = count,
					 .arch = UNWIND_ARCH_X86_64,
					 .rows_check = XXH3_64bits(rows, count * sizeof(*rows)) };

	h.check = XXH3_64bits(&h, offsetof(struct unwind_table_header, check));
	memcpy(image, &h, sizeof(h));
	memcpy(image + sizeof(h), rows, count * sizeof(*rows));
}

static void test_table_file(void **state)
{
	static const struct unwind_row rows[] = { { .pc = 0, .how = 1, .cfa = 1 }, { .pc = 8, .how = 1, .cfa = 2 }, { .pc = 9 } },
				       unsorted[] = { { .pc = 8 }, { .pc = 8 } };
	_Alignas(8) uint8_t image[sizeof(struct unwind_table_header) + sizeof(rows)];
	const struct unwind_machine *m = unwind_machine(UNWIND_ARCH_X86_64);
	struct unwind_table t;
	struct err *err;

	put_table(image, rows, 3, 7);
	assert_null(unwind_table_parse((struct bytes){ image, sizeof(image) }, 7, m, &t));
	assert_int_equal(t.row_count, 3);
	assert_memory_equal(t.rows, rows, sizeof(rows));
	for (size_t i = 0; i < sizeof(image); i++) { /* no byte may be another one */
		image[i] ^= 1;
		err = unwind_table_parse((struct bytes){ image, sizeof(image) }, 7, m, &t);
		assert_non_null(err);
		err_destroy(err);
		image[i] ^= 1;
	}
	for (size_t cut = 0; cut < sizeof(image); cut++) {
		err = unwind_table_parse((struct bytes){ image, cut }, 7, m, &t);
		assert_non_null(err);
		err_destroy(err);
	}
	err = unwind_table_parse((struct bytes){ image, sizeof(image) }, 8, m, &t);
	assert_non_null(err);
	err_destroy(err);
	put_table(image, unsorted, 2, 7);
	err = unwind_table_parse((struct bytes){ image, sizeof(image) - sizeof(*rows) }, 7, m, &t);
	assert_non_null(err);
	err_destroy(err);
}

/* --- .ARM.exidx: an index at 0x1000, two words an entry; rules in words behind it ----------------- */

static uint32_t prel31(uint32_t at, uint32_t to) { return (to - at) & 0x7fffffff; }

static struct unwind_row exidx_row(uint32_t word, const uint32_t *table, size_t table_words, bool *found)
{
	uint32_t words[16] = { prel31(0x1000, 0x101), word };
	struct unwind_exidx e = { { (const uint8_t *)words, sizeof(words) }, 0x1000, 0x1000, 1, false };
	struct unwind_row row = { 0 };
	uint64_t start = 0;

	if (table)
		words[1] = prel31(0x1004, 0x1010);
	memcpy(words + 4, table ? table : words, table_words * 4);
	*found = unwind_exidx_get(&e, 0, &start, &row);
	assert_true(!*found || start == 0x100);
	assert_false(unwind_exidx_get(&e, 1, &start, &row));
	return row;
}

static void expect_exidx(uint32_t word, const uint32_t *table, size_t table_words, enum unwind_cfa cfa, int words,
			 enum unwind_what what, unsigned saved)
{
	bool found;
	struct unwind_row row = exidx_row(word, table, table_words, &found);

	assert_true(found);
	assert_int_equal(unwind_row_cfa(&row), cfa);
	assert_int_equal(row.cfa, words);
	assert_int_equal(unwind_row_what(&row), what);
	assert_int_equal(row.saved, saved);
}

static void test_exidx(void **state)
{
	/* a leaf; pop {r4, r5, r6, r14}; the same above 8 bytes of VFP registers and 28 of locals */
	expect_exidx(0x80b0b0b0, NULL, 0, UNWIND_CFA_SP, 0, UNWIND_WHAT_FP, 0);
	expect_exidx(0x80aab0b0, NULL, 0, UNWIND_CFA_SP, 4, UNWIND_WHAT_RA, 1);
	expect_exidx(0x8006d0aa, NULL, 0, UNWIND_CFA_SP, 7 + 2 + 4, UNWIND_WHAT_RA, 1);
	/* vsp = r11, minus 4, pop {r11, r14}: a frame with its pointer */
	expect_exidx(0, (uint32_t[]){ 0x81019b40, 0x8480b0b0 }, 2, UNWIND_CFA_FP, 1, UNWIND_WHAT_FP_RA, 2);
	/* behind a language's personality routine; a large frame */
	expect_exidx(0, (uint32_t[]){ 0x00000000, 0x00b201aa }, 2, UNWIND_CFA_SP, 0x204 / 4 + 1 + 4, UNWIND_WHAT_RA, 1);
	/* can't be unwound; refuse; a program that runs over its end; a rule that is not there */
	expect_exidx(1, NULL, 0, UNWIND_CFA_NONE, 0, UNWIND_WHAT_FP, 0);
	expect_exidx(0x808000b0, NULL, 0, UNWIND_CFA_UNSUPPORTED, 0, UNWIND_WHAT_FP, 0);
	expect_exidx(0x80b0b0b1 & 0xff00ffff, NULL, 0, UNWIND_CFA_SP, 1, UNWIND_WHAT_FP, 0);
	expect_exidx(0x8000a0b1, NULL, 0, UNWIND_CFA_UNSUPPORTED, 0, UNWIND_WHAT_FP, 0);
	expect_exidx(0x70000000, NULL, 0, UNWIND_CFA_UNSUPPORTED, 0, UNWIND_WHAT_FP, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame_pointer), cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_signal_frame), cmocka_unit_test(test_broken), cmocka_unit_test(test_self), cmocka_unit_test(test_table_file),
		cmocka_unit_test(test_exidx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
