/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a file's CFI to its table.
 *
 *   find the sections      .eh_frame by its name, or through the program headers where there
 *                          are no sections; .debug_frame, also that of the debug file
 *   list the FDEs          only those whose code lies in an executable part: linkers leave
 *                          those of dropped functions behind, at address 0
 *   sort them              .eh_frame first; what one has said, a later one does not say again
 *   run each program       its rows come in order of addresses, so the table is sorted
 *   .ARM.exidx             fills in what they leave open (exidx.c)
 *
 * Where no FDE covers the code, a row says so.  Rows that say what the one before says are
 * left out.  A hostile file can make a program long, not the sum of them: all rows and steps
 * come out of one budget that grows with the file.
 */
#include "unwind/build.h"

#include "base/mem.h"
#include "base/vec.h"
#include "unwind/compact.h"
#include "unwind/exidx.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_PER_BYTE = 4, ROWS_FREE = 1 << 16, SIGRETURN_MAX = 64, START_LOOK = 16, START_MAX = 96 };
#define MODULE_MAX_BYTES UINT64_C(0xffffffff)

/* --- sections ----------------------------------------------------------------------------------- */

static uint64_t section_vaddr(const struct elf_file *f, const char *name)
{
	size_t i = elf_section_named(f, name);

	return i ? f->sections[i].addr : 0;
}

static struct cfi_section *add_section(struct unwind_sections *s, const struct elf_file *f, struct bytes bytes)
{
	struct cfi_section *section = &s->sections[s->count];

	*section = (struct cfi_section){ .bytes = bytes, .address_bytes = f->is_64 ? 8 : 4,
					 .big_endian = f->big_endian };
	return section;
}

static struct err *open_section(struct unwind_sections *s, const struct elf_file *f, const char *name)
{
	size_t i = elf_section_named(f, name);
	struct elf_data *data = &s->data[s->count];

	if (i == 0)
		return NULL;
	TRY(elf_relocated_data(f, i, data));
	if (data->bytes.size_bytes == 0)
		return NULL;

	struct cfi_section *section = add_section(s, f, data->bytes);

	section->vaddr = f->sections[i].addr;
	section->text_vaddr = section_vaddr(f, ".text");
	section->data_vaddr = section_vaddr(f, ".got");
	section->is_eh = strcmp(name, ".eh_frame") == 0;
	s->count++;
	return NULL;
}

/* The bytes that are loaded at VADDR, to the end of their segment. */
static struct bytes loaded_at(const struct elf_file *f, uint64_t vaddr)
{
	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_load *l = &f->segments[i];

		if (l->type == PT_LOAD && vaddr >= l->vaddr && vaddr - l->vaddr < l->file_bytes)
			return bytes_slice(bytes_slice(f->image, l->offset, l->file_bytes), vaddr - l->vaddr,
					   UINT64_MAX);
	}
	return (struct bytes){ NULL, 0 };
}

/* PT_GNU_EH_FRAME: the search table, and through it .eh_frame where no section names it. */
static void open_header(struct unwind_sections *s, const struct elf_file *f)
{
	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_load *l = &f->segments[i];

		if (l->type == PT_GNU_EH_FRAME &&
		    !cfi_header_read(bytes_slice(f->image, l->offset, l->file_bytes), l->vaddr,
				     f->is_64 ? 8 : 4, f->big_endian, &s->header))
			s->header = (struct cfi_header){ 0 };
	}
	if (s->header.eh_frame_vaddr == 0 || s->count)
		return;

	struct bytes bytes = loaded_at(f, s->header.eh_frame_vaddr);

	if (bytes.size_bytes == 0)
		return;

	struct cfi_section *section = add_section(s, f, bytes);

	section->vaddr = s->header.eh_frame_vaddr;
	section->is_eh = section->ends_at_zero = true;
	s->count++;
}

struct err *unwind_sections_init(const struct elf_file *f, const struct elf_file *debug,
				 struct unwind_sections *ret)
{
	size_t eh_frame = elf_section_named(f, ".eh_frame");

	*ret = (struct unwind_sections){ 0 };
	if (eh_frame && f->sections[eh_frame].type != SHT_NOBITS)
		TRY(open_section(ret, f, ".eh_frame"));
	open_header(ret, f);
	if (debug && elf_section_named(debug, ".debug_frame"))
		return open_section(ret, debug, ".debug_frame");
	return open_section(ret, f, ".debug_frame");
}

void unwind_sections_deinit(struct unwind_sections *s)
{
	for (size_t i = 0; i < UNWIND_SECTIONS; i++)
		elf_data_deinit(&s->data[i]);
	*s = (struct unwind_sections){ 0 };
}

/* --- code ------------------------------------------------------------------------------------------ */

struct code_range {
	uint64_t start, end;
};

static int compare_ranges(const void *a, const void *b)
{
	const struct code_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

struct code {
	VEC(struct code_range) ranges; /* executable, sorted */
	uint64_t base;                 /* the lowest address of all that is loaded */
};

static void code_add(struct code *code, uint64_t addr, uint64_t size_bytes, bool executable)
{
	struct code_range range = { addr, addr + size_bytes };

	if (range.end <= range.start)
		return;
	if (addr < code->base)
		code->base = addr;
	if (executable)
		vec_push(&code->ranges, range);
}

static void code_init(struct code *code, const struct elf_file *f)
{
	*code = (struct code){ .base = UINT64_MAX };
	for (size_t i = 0; i < f->segment_count; i++)
		if (f->segments[i].type == PT_LOAD)
			code_add(code, f->segments[i].vaddr, f->segments[i].memory_bytes,
				 f->segments[i].flags & PF_X);
	for (size_t i = 1; f->type == ET_REL && i < f->section_count; i++)
		if (f->sections[i].flags & SHF_ALLOC)
			code_add(code, f->sections[i].addr, f->sections[i].size_bytes,
				 f->sections[i].flags & SHF_EXECINSTR);
	if (code->base == UINT64_MAX)
		code->base = 0;
	vec_sort(&code->ranges, compare_ranges);
}

/* The range that holds ADDR. */
static const struct code_range *code_find(const struct code *code, uint64_t addr)
{
	size_t low = 0, high = code->ranges.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (code->ranges.v[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low && addr < code->ranges.v[low - 1].end ? &code->ranges.v[low - 1] : NULL;
}

/* --- FDEs -------------------------------------------------------------------------------------------- */

struct fde_ref {
	uint64_t start, end;
	uint64_t offset;
	uint32_t section;
};

struct fde_list {
	struct fde_ref *v;
	size_t n, cap;
};

static int compare_fdes(const void *a, const void *b)
{
	const struct fde_ref *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static bool is_sorted(const struct fde_list *list)
{
	for (size_t i = 1; i < list->n; i++)
		if (compare_fdes(&list->v[i - 1], &list->v[i]) > 0)
			return false;
	return true;
}

static void list_section(const struct unwind_sections *s, uint32_t index, const struct code *code,
			 struct fde_list *list)
{
	struct cfi_reader reader;
	struct cfi_fde fde;

	cfi_reader_init(&reader, &s->sections[index]);
	while (cfi_next(&reader, &fde)) {
		const struct code_range *range = code_find(code, fde.start);
		uint64_t end = fde.end;

		if (range == NULL || fde.start - code->base >= MODULE_MAX_BYTES)
			continue;
		end = end < range->end ? end : range->end;
		if (end - code->base > MODULE_MAX_BYTES)
			end = code->base + MODULE_MAX_BYTES;
		vec_push(list, ((struct fde_ref){ fde.start, end, fde.offset, index }));
	}
}

/* All of them, sorted by address. */
static void list_fdes(const struct unwind_sections *s, const struct code *code, struct fde_list *list)
{
	*list = (struct fde_list){ 0 };
	for (size_t i = 0; i < s->count; i++)
		list_section(s, (uint32_t)i, code, list);
	if (!is_sorted(list))
		vec_sort(list, compare_fdes);
}

struct unwind_function *unwind_functions(const struct elf_file *f, const struct unwind_sections *s,
					 size_t *count)
{
	VEC(struct unwind_function) functions = { 0 };
	struct fde_list list;
	struct code code;
	uint64_t done = 0;

	code_init(&code, f);
	list_fdes(s, &code, &list);
	for (size_t i = 0; i < list.n; i++) {
		uint64_t start = list.v[i].start > done ? list.v[i].start : done;

		if (list.v[i].end <= start)
			continue;
		vec_push(&functions, ((struct unwind_function){ start, list.v[i].end }));
		done = list.v[i].end;
	}
	vec_deinit(&list);
	vec_deinit(&code.ranges);
	*count = functions.n;
	return functions.v;
}

/* --- rows --------------------------------------------------------------------------------------------- */

struct builder {
	const struct unwind_sections *sections;
	struct unwind_table *table;
	VEC(struct unwind_row) rows;
	size_t rows_max;
	uint64_t done;          /* everything below is in the table */
	uint64_t limit;         /* of the FDE at hand */
	struct cfi_reader *reader;
	uint64_t steps;         /* rows told, also those that were merged */
};

static bool same_rule(const struct unwind_row *a, const struct unwind_row *b)
{
	return a->how == b->how && a->saved == b->saved && a->cfa == b->cfa;
}

static void add_row(struct builder *b, uint64_t start, uint64_t end, struct unwind_row row)
{
	bool any = b->rows.n > 0;

	row.pc = (uint32_t)(start - b->table->base_vaddr);
	b->done = end;
	if (any && same_rule(vec_last(&b->rows), &row))
		return;
	if (any && vec_last(&b->rows)->pc == row.pc) /* a row of no length */
		*vec_last(&b->rows) = row;
	else
		vec_push(&b->rows, row);
}

static void count_bytes(struct unwind_table *t, const struct unwind_row *row, uint64_t size_bytes)
{
	enum unwind_cfa cfa = unwind_row_cfa(row);

	t->covered_bytes += size_bytes;
	t->fp_bytes += cfa == UNWIND_CFA_FP || cfa == UNWIND_CFA_FP_DEREF ? size_bytes : 0;
	t->unsupported_bytes += cfa == UNWIND_CFA_UNSUPPORTED ? size_bytes : 0;
}

static bool on_row(void *user, const struct cfi_row *row, uint64_t end)
{
	struct builder *b = user;
	uint64_t start = row->start > b->done ? row->start : b->done;
	struct unwind_row compact = { 0 };

	if (++b->steps > b->rows_max || b->rows.n >= b->rows_max) {
		b->table->cut = true;
		return false;
	}
	if (end > b->limit)
		end = b->limit;
	if (end <= start)
		return start < b->limit;
	unwind_compact(b->reader->section, &b->reader->cie, row, b->table->machine, &compact);
	count_bytes(b->table, &compact, end - start);
	add_row(b, start, end, compact);
	return end < b->limit;
}

static void end_coverage(struct builder *b, uint64_t at)
{
	if (b->rows.n)
		add_row(b, at, at, (struct unwind_row){ 0 });
}

static void run_fdes(struct builder *b, const struct fde_list *list)
{
	struct cfi_reader readers[UNWIND_SECTIONS];

	for (size_t i = 0; i < b->sections->count; i++)
		cfi_reader_init(&readers[i], &b->sections->sections[i]);
	for (size_t i = 0; i < list->n && !b->table->cut; i++) {
		const struct fde_ref *ref = &list->v[i];
		struct cfi_fde fde;

		b->reader = &readers[ref->section];
		b->limit = ref->end;
		if (ref->end <= b->done || !cfi_read_at(b->reader, ref->offset, &fde))
			continue;
		if (ref->start > b->done)
			end_coverage(b, b->done);
		cfi_run(b->reader, &fde, on_row, b);
	}
	end_coverage(b, b->done);
}

/* --- .ARM.exidx ------------------------------------------------------------------------------------- */

enum { EXIDX_TYPE = 0x70000001 }; /* of its segment: PT_ARM_EXIDX */

static bool open_exidx(const struct elf_file *f, struct unwind_exidx *ret)
{
	for (size_t i = 0; f->machine == EM_ARM && i < f->segment_count; i++) {
		const struct elf_load *index = &f->segments[i];

		if (index->type != EXIDX_TYPE)
			continue;
		for (size_t k = 0; k < f->segment_count; k++) {
			const struct elf_load *l = &f->segments[k];

			if (l->type != PT_LOAD || index->vaddr < l->vaddr || index->vaddr - l->vaddr >= l->file_bytes)
				continue;
			*ret = (struct unwind_exidx){ bytes_slice(f->image, l->offset, l->file_bytes), l->vaddr, index->vaddr,
						      index->file_bytes / 8, f->big_endian };
			return true;
		}
	}
	return false;
}

/* Rows of CFI and those that fill the gaps between them, both sorted, on their way into one table. */
struct filling {
	struct builder *b;
	VEC(struct unwind_row) rows;
	size_t next; /* of the CFI's rows, the first that is not in `rows` yet */
};

static void put_filling(struct filling *f, struct unwind_row row)
{
	if (f->rows.n && vec_last(&f->rows)->pc == row.pc)
		*vec_last(&f->rows) = row;
	else if (!f->rows.n || !same_rule(vec_last(&f->rows), &row))
		vec_push(&f->rows, row);
}

static bool is_open(const struct filling *f)
{
	return f->next == 0 || unwind_row_cfa(&f->b->rows.v[f->next - 1]) == UNWIND_CFA_NONE;
}

/* Up to END: ROW where the CFI knows nothing. */
static void fill_up_to(struct filling *f, uint32_t start, uint32_t end, struct unwind_row row)
{
	const struct unwind_row *cfi = f->b->rows.v;

	for (; f->next < f->b->rows.n && cfi[f->next].pc <= start; f->next++)
		put_filling(f, cfi[f->next]);
	row.pc = start;
	if (is_open(f))
		put_filling(f, row);
	for (; f->next < f->b->rows.n && cfi[f->next].pc < end; ) {
		put_filling(f, cfi[f->next++]);
		row.pc = cfi[f->next - 1].pc;
		if (is_open(f))
			put_filling(f, row);
	}
}

/* Entries are sorted, or they are not believed. */
static void fill_from(struct filling *f, const struct unwind_exidx *e, const struct code *code)
{
	uint64_t start, next, base = f->b->table->base_vaddr, done = base;
	struct unwind_row row, unused;

	for (size_t i = 0; unwind_exidx_get(e, i, &start, &row); i++) {
		const struct code_range *range = code_find(code, start);

		if (start < done || start - base >= MODULE_MAX_BYTES)
			return;
		done = start;
		if (!range)
			continue;
		if (!unwind_exidx_get(e, i + 1, &next, &unused) || next > range->end)
			next = range->end;
		if (next <= start || next - base > MODULE_MAX_BYTES)
			continue;
		count_bytes(f->b->table, &row, unwind_row_cfa(&row) != UNWIND_CFA_NONE ? next - start : 0);
		fill_up_to(f, (uint32_t)(start - base), (uint32_t)(next - base), row);
		if (is_open(f))
			put_filling(f, (struct unwind_row){ .pc = (uint32_t)(next - base) });
	}
}

static void add_exidx(struct builder *b, const struct elf_file *elf, const struct code *code)
{
	struct filling f = { .b = b };
	struct unwind_exidx e;

	if (!open_exidx(elf, &e))
		return;
	fill_from(&f, &e, code);
	for (; f.next < b->rows.n; f.next++)
		put_filling(&f, b->rows.v[f.next]);
	vec_deinit(&b->rows);
	memcpy(&b->rows, &f.rows, sizeof(b->rows));
}

/* --- code without CFI: what every program has ------------------------------------------------------ */

/* A row for [START, END), where no row covers it yet. */
static void put_range(struct builder *b, uint64_t start, uint64_t end, struct unwind_row row)
{
	uint64_t base = b->table->base_vaddr;
	const struct unwind_row *at;
	size_t index;

	if (start < base || end <= start || end - base > MODULE_MAX_BYTES)
		return;
	row.pc = (uint32_t)(start - base);
	at = unwind_row_find(b->rows.v, b->rows.n, row.pc);
	index = at ? (size_t)(at - b->rows.v) + 1 : 0;
	if ((at && unwind_row_cfa(at) != UNWIND_CFA_NONE) ||
	    (index < b->rows.n && b->rows.v[index].pc < end - base))
		return; /* the CFI knows better */
	if (at && at->pc == row.pc) {
		b->rows.v[--index] = row;
	} else {
		vec_insert(&b->rows, index, row);
	}
	if (index + 1 == b->rows.n || b->rows.v[index + 1].pc > end - base)
		vec_insert(&b->rows, index + 1, ((struct unwind_row){ .pc = (uint32_t)(end - base) }));
}

static void put_stack_rule(struct builder *b, uint64_t start, uint64_t end, int16_t words)
{
	put_range(b, start, end, (struct unwind_row){ .how = unwind_row_how(UNWIND_CFA_SP, 0, 0), .cfa = words });
}

/* .init and .fini are sewn together from pieces of assembly (crti.S, crtn.S): sub $8,%rsp at the
 * beginning, add $8,%rsp; ret at the end. */
static void add_init(struct builder *b, const struct elf_file *f, const char *name)
{
	static const uint8_t enter[] = { 0x48, 0x83, 0xec, 8 }, leave[] = { 0x48, 0x83, 0xc4, 8, 0xc3 };
	size_t i = elf_section_named(f, name);
	struct bytes code = elf_raw(f, i);
	uint64_t start = f->sections[i].addr;
	const uint8_t *first;

	if (i == 0 || code.size_bytes < sizeof(enter) + sizeof(leave) ||
	    memcmp(code.data + code.size_bytes - sizeof(leave), leave, sizeof(leave)) != 0)
		return;
	first = memmem(code.data, 8, enter, sizeof(enter)); /* maybe behind an endbr64 */
	if (first == NULL)
		return;

	uint64_t entered = start + (uint64_t)(first - code.data) + sizeof(enter);
	uint64_t left = start + code.size_bytes - 1;

	put_stack_rule(b, left, left + 1, 1);
	put_stack_rule(b, entered, left, 2);
	put_stack_rule(b, start, entered, 1);
}

/* Where a program begins is assembly too (the dynamic linker's RTLD_START, crt1 of musl), which hands
 * its first stack pointer on: mov %rsp, %rdi.  Nobody called it.  It ends where CFI begins. */
static void add_start(struct builder *b, const struct elf_file *f)
{
	static const uint8_t hands_on[] = { 0x48, 0x89, 0xe7 };
	uint64_t base = b->table->base_vaddr, end = f->entry + START_MAX;
	struct bytes code = bytes_slice(loaded_at(f, f->entry), 0, START_LOOK);
	const struct unwind_row *next;

	if (f->entry < base || code.size_bytes < sizeof(hands_on) || !memmem(code.data, code.size_bytes, hands_on, sizeof(hands_on)))
		return;
	if (b->rows.n) {
		next = unwind_row_find(b->rows.v, b->rows.n, (uint32_t)(f->entry - base));
		next = next ? next + 1 : b->rows.v;
		if (next < b->rows.v + b->rows.n && base + next->pc < end)
			end = base + next->pc;
	}
	put_range(b, f->entry, end, (struct unwind_row){ .how = unwind_row_how(UNWIND_CFA_OUTERMOST, 0, 0) });
}

/* --- trampolines without CFI ---------------------------------------------------------------------------- */

struct sigreturns {
	uint64_t v[SIGRETURN_MAX];
	size_t n;
};

/* Places of the instructions that return from a handler. */
static void find_sigreturns(const struct elf_file *f, const struct unwind_machine *m, struct sigreturns *ret)
{
	size_t size_bytes = 0;
	const uint8_t *code = unwind_sigreturn_code(m, &size_bytes);

	ret->n = 0;
	for (size_t i = 0; code && i < f->segment_count; i++) {
		const struct elf_load *l = &f->segments[i];
		struct bytes bytes = bytes_slice(f->image, l->offset, l->file_bytes);
		const uint8_t *at = bytes.data;
		size_t left = bytes.size_bytes;

		if (l->type != PT_LOAD || !(l->flags & PF_X))
			continue;
		while (left && ret->n < SIGRETURN_MAX && (at = memmem(at, left, code, size_bytes)) != NULL) {
			ret->v[ret->n++] = l->vaddr + (uint64_t)(at - bytes.data);
			at += size_bytes;
			left = bytes.size_bytes - (size_t)(at - bytes.data);
		}
	}
}

static void add_sigreturns(struct builder *b, const struct elf_file *f)
{
	struct sigreturns found;
	size_t size_bytes = 0;

	find_sigreturns(f, b->table->machine, &found);
	unwind_sigreturn_code(b->table->machine, &size_bytes);
	for (size_t i = 0; i < found.n; i++) /* a return address is looked up one byte before */
		put_range(b, found.v[i] - 1, found.v[i] + size_bytes,
			  (struct unwind_row){ .how = unwind_row_how(UNWIND_CFA_SIGNAL, 0, 0),
					       .cfa = b->table->machine->signal_sp });
}

/* --- the table --------------------------------------------------------------------------------------------- */

struct err *unwind_table_build(const struct elf_file *f, const struct unwind_sections *s,
			       struct unwind_table *ret)
{
	struct builder b = { .sections = s, .table = ret, .rows_max = ROWS_FREE };
	struct fde_list list;
	struct code code;

	*ret = (struct unwind_table){ .machine = unwind_machine_of_elf(f->machine, f->is_64) };
	if (ret->machine == NULL)
		return err_new(ERR_UNSUPPORTED, "stacks of ELF machine %u are not known", f->machine);
	code_init(&code, f);
	ret->base_vaddr = code.base;
	list_fdes(s, &code, &list);
	for (size_t i = 0; i < s->count; i++)
		b.rows_max += s->sections[i].bytes.size_bytes * ROWS_PER_BYTE;
	run_fdes(&b, &list);
	if (ret->machine->arch == UNWIND_ARCH_X86_64) {
		add_init(&b, f, ".init");
		add_init(&b, f, ".fini");
		add_start(&b, f);
	}
	add_exidx(&b, f, &code);
	add_sigreturns(&b, f);
	vec_deinit(&list);
	vec_deinit(&code.ranges);
	ret->row_count = b.rows.n;
	ret->rows = b.rows.n ? mem_realloc(b.rows.v, b.rows.n * sizeof(*b.rows.v)) : NULL;
	return NULL;
}

void unwind_table_deinit(struct unwind_table *t)
{
	if (t->kept.data)
		io_map_deinit(&t->kept);
	else
		free(t->rows);
	*t = (struct unwind_table){ 0 };
}
