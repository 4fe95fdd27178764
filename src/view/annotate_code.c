/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From sampled addresses to instructions.
 *
 * Each sampled address lies in a stretch of code with one symbol; a function that the
 * compiler split (parse and parse.cold) has several.  Each stretch is disassembled from
 * its start, and every instruction is asked for its line and inlined calls, so that lines
 * that were not sampled are known too.
 *
 * Where the file is not here, or is another build, the sampled addresses stand alone, with
 * the lines that the recording has.
 */
#include "view/annotate_impl.h"

#include "base/mem.h"
#include "event/types.h"
#include "record/recording.h"
#include "record/stacks.h"

#include <stdlib.h>
#include <string.h>

enum {
	RANGE_BYTES_MAX = 4 << 20, /* of one function */
	WINDOW_BYTES = 256	   /* shown behind a sampled address that no symbol covers */
};

uint32_t annotate_file(struct annotate *a, const char *path)
{
	bool is_new;
	uint64_t *index = strmap_get(&a->file_index, path, strlen(path), &is_new);

	if (is_new) {
		*index = a->files.n;
		vec_add(&a->files)->path = arena_strdup(&a->arena, path);
	}
	return (uint32_t)*index;
}

/* --- the module -------------------------------------------------------------------------------- */

static struct err *open_module(struct annotate *a)
{
	const struct row_module *row =
		recording_side_find(a->profile->recording, TYPE_module, a->module_id);
	struct module_key key = { .fd = -1 };
	struct err *err;

	if (!row)
		return err_new(ERR_NOT_FOUND, "no file is known for its addresses");

	const char *build_id = recording_string(a->profile->recording, row->build_id);

	key.kind = row->kind;
	key.path = a->module_path;
	if (build_id && *build_id)
		build_id_parse(build_id, &key.build_id);
	a->build_id = key.build_id;
	if (row->kind == MODULE_ANON)
		return err_new(ERR_NOT_FOUND, "it was made at run time, and is gone");
	if (row->kind == MODULE_KERNEL || row->kind == MODULE_KERNEL_MODULE)
		return annotate_open_kernel(a, &key);
	TRY(module_create(&key, &a->module));
	err = code_open(a->module, &a->code);
	if (!err && key.build_id.size == 0)
		a->code_trouble = mem_printf("%s has no build-id: whether it is the file that ran can't be "
					     "told",
					     a->module_path);
	return err;
}

/* --- one instruction after another ------------------------------------------------------------- */

/* " <puts>", " <main+0x1c>" behind a target, as objdump has it; but not where an arrow says
 * it, inside RANGE. */
static void add_symbol(struct annotate *a, const struct code_range *range, const struct disasm_insn *insn,
		       struct str *text)
{
	bool rip = insn->memory.present && insn->memory.has_addr && *insn->memory.base;
	uint64_t addr = insn->has_target ? insn->target : insn->memory.addr, offset;
	const char *name;

	if (insn->has_target ? addr - range->addr < range->size_bytes : !rip)
		return;
	name = code_symbol(a->code, addr, &offset);
	if (rip)
		str_printf(text, "  # %llx", (unsigned long long)addr);
	if (!name)
		return;
	str_add(text, " <");
	annotate_add_name(text, sym_demangle(name, &a->arena));
	if (offset)
		str_printf(text, "+0x%llx", (unsigned long long)offset);
	str_add_char(text, '>');
}

static void add_range(struct annotate *a, const struct code_range *range)
{
	uint64_t left, size = range->size_bytes < RANGE_BYTES_MAX ? range->size_bytes : RANGE_BYTES_MAX;
	const uint8_t *bytes = code_bytes(a->code, range->addr, &left);
	struct disasm_insn insn;
	struct str text = { 0 };

	size = size < left ? size : left;
	for (uint64_t at = 0; bytes && at < size; at += insn.length) {
		struct annotate_insn *i = vec_add(&a->insns);

		disasm_one(a->disasm, bytes + at, size - at, range->addr + at, &insn);
		str_clear(&text);
		str_add(&text, insn.text);
		add_symbol(a, range, &insn, &text);
		i->addr = insn.addr;
		i->length = insn.length;
		i->kind = insn.kind;
		i->has_target = insn.has_target;
		i->target = insn.target;
		i->text = arena_strdup(&a->arena, str_text(&text));
		i->starts_range = at == 0;
	}
	str_deinit(&text);
}

/* The index of the instruction that covers ADDR; SIZE_MAX: none yet. */
static size_t find_insn(const struct annotate *a, uint64_t addr)
{
	size_t low = vec_not_above(&a->insns, addr, addr);

	if (low == 0 || addr - a->insns.v[low - 1].addr >= a->insns.v[low - 1].length)
		return SIZE_MAX;
	return low - 1;
}

static int compare_insns(const void *x, const void *y)
{
	const struct annotate_insn *a = x, *b = y;

	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

/* Of what the recording has: an offset in the file, or an address in the kernel. */
static bool file_addr(const struct annotate *a, uint64_t offset, uint64_t *addr)
{
	if (!a->in_kernel)
		return module_offset_to_vaddr(a->module, offset, addr);
	*addr = offset - a->slide;
	return true;
}

static const struct frame *leaf_frame(const struct annotate *a, size_t i)
{
	return frames_at(a->profile->frames, a->profile->leaves.v[a->leaves.v[i]].frame);
}

/* The stretches that hold the sampled addresses; hottest first would not be in order, so
 * each new one is sorted in. */
static void disassemble(struct annotate *a)
{
	for (size_t i = 0; i < a->leaves.n; i++) {
		struct code_range range;
		uint64_t addr, left;

		if (!file_addr(a, leaf_frame(a, i)->offset, &addr) ||
		    find_insn(a, addr) != SIZE_MAX)
			continue;
		if (!code_function_at(a->code, addr, &range)) {
			if (!code_bytes(a->code, addr, &left))
				continue;
			range = (struct code_range){ .addr = addr,
						     .size_bytes = left < WINDOW_BYTES ? left : WINDOW_BYTES };
		}
		add_range(a, &range);
		vec_sort(&a->insns, compare_insns);
	}
}

static void count_samples(struct annotate *a)
{
	for (size_t i = 0; i < a->leaves.n; i++) {
		const struct profile_leaf *leaf = &a->profile->leaves.v[a->leaves.v[i]];
		uint64_t addr = 0;
		size_t k = SIZE_MAX;

		if (file_addr(a, leaf_frame(a, i)->offset, &addr))
			k = find_insn(a, addr);
		if (k == SIZE_MAX || a->insns.v[k].addr != addr)
			a->beside += leaf->samples;
		if (k == SIZE_MAX)
			continue;
		a->insns.v[k].value += leaf->value;
		a->insns.v[k].samples += leaf->samples;
	}
}

/* --- lines --------------------------------------------------------------------------------------- */

static void set_place(struct annotate *a, struct annotate_insn *i, const char *function,
		      const char *file, uint32_t line, bool inlined)
{
	i->function = function;
	i->inlined = inlined;
	i->file = annotate_file(a, file && line ? file : "");
	i->line = file ? line : 0;
}

static void set_chain(struct annotate *a, struct annotate_insn *i, const struct sym_chain *chain)
{
	if (chain->count)
		set_place(a, i, chain->frames[0].function, chain->frames[0].file, chain->frames[0].line,
			  chain->frames[0].inlined);
	else
		set_place(a, i, NULL, NULL, 0, false);
}

/* By the addresses of its file: the symbolizer takes those of a running kernel. */
static struct err *find_kernel_lines(struct annotate *a)
{
	for (size_t i = 0; i < a->insns.n; i++) {
		struct sym_chain chain = { 0 };
		const char *mangled;

		if (a->dwarf)
			dwarf_info_find(a->dwarf, a->insns.v[i].addr, a->holder, &a->arena, &chain, &mangled);
		set_chain(a, &a->insns.v[i], &chain);
	}
	return NULL;
}

static struct err *find_lines(struct annotate *a)
{
	if (a->in_kernel)
		return find_kernel_lines(a);

	struct sym_batch_module *m = ARENA_NEW(&a->arena, struct sym_batch_module);
	struct err *err;

	m->key = (struct module_key){ .kind = module_borrow_kind(a->module),
				      .path = a->module_path,
				      .build_id = *module_borrow_build_id(a->module),
				      .fd = module_borrow_fd(a->module) };
	a->batch.modules = m;
	a->batch.module_count = 1;
	a->batch.address_count = a->insns.n;
	a->batch.addresses = ARENA_ARRAY(&a->arena, struct sym_batch_address, a->insns.n + 1);
	for (size_t i = 0; i < a->insns.n; i++) {
		a->batch.addresses[i].exact = true;
		module_vaddr_to_offset(a->module, a->insns.v[i].addr, &a->batch.addresses[i].offset);
	}
	err = sym_batch_run(&a->batch);
	for (size_t i = 0; !err && i < a->insns.n; i++)
		set_chain(a, &a->insns.v[i], &a->batch.addresses[i].chain);
	return err_wrap(err, "cannot look up the function's lines");
}

/* --- without the file ------------------------------------------------------------------------------ */

static void take_addresses(struct annotate *a)
{
	for (size_t i = 0; i < a->leaves.n; i++) {
		const struct profile_leaf *leaf = &a->profile->leaves.v[a->leaves.v[i]];
		const struct frame *frame = leaf_frame(a, i);
		const struct frame_call *call = frames_calls(a->profile->frames, frame);
		struct annotate_insn *insn = vec_add(&a->insns);

		insn->addr = frame->offset;
		insn->length = 1;
		insn->text = "";
		insn->value = leaf->value;
		insn->samples = leaf->samples;
		set_place(a, insn, call->function, call->file, call->line, call->inlined);
	}
	vec_sort(&a->insns, compare_insns);
}

static struct err *open_disasm(struct annotate *a)
{
	return disasm_create(&(struct disasm_options){ .machine = code_machine(a->code),
						       .is_64 = code_is_64(a->code),
						       .big_endian = code_big_endian(a->code),
						       .syntax = a->options->syntax },
			     &a->disasm);
}

struct err *annotate_load_code(struct annotate *a)
{
	struct err *err = open_module(a);

	if (err) {
		a->code_trouble = mem_strdup(err_message(err));
		a->code_fix = err_advice(err) ? arena_strdup(&a->arena, err_advice(err)) : NULL;
		err_destroy(err);
		take_addresses(a);
		return NULL;
	}
	TRY(open_disasm(a));
	disassemble(a);
	count_samples(a);
	return find_lines(a);
}

void annotate_code_deinit(struct annotate *a)
{
	sym_batch_deinit(&a->batch);
	dwarf_info_destroy(a->dwarf);
	disasm_destroy(a->disasm);
	code_destroy(a->code);
	module_destroy(a->module);
	vec_deinit(&a->insns);
	free(a->code_trouble);
}
