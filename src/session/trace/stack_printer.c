/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread stands still: its registers, its stack through process_vm_readv, its mappings
 * from /proc, kept until it maps something else.  Frames are found by the files' CFI, and where
 * there is none by frame pointers.
 */
#include "session/trace/stack_printer.h"

#include "base/mem.h"
#include "base/vec.h"
#include "capture/ptrace/regs.h"
#include "capture/ptrace/remote.h"
#include "module/mapping.h"
#include "module/module.h"
#include "session/trace/stack_names.h"
#include "sym/sym.h"
#include "unwind/image.h"
#include "unwind/unwind.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 256 };

struct area {
	uint64_t addr, size_bytes, offset;
	char *path;
	struct module *module;
	struct unwind_image *image; /* NULL: none, or none yet */
	bool is_image_tried;
};
struct space {
	pid_t pid;
	VEC(struct area) areas;
};

struct stack_printer {
	struct symbolizer *symbolizer;
	struct space space; /* of the process that was printed last */
	struct remote remote;
	size_t frame_limit;
};

static void space_clear(struct stack_printer *s)
{
	for (size_t i = 0; i < s->space.areas.n; i++) {
		struct area *a = &s->space.areas.v[i];

		if (a->module && s->symbolizer)
			symbolizer_forget(s->symbolizer, a->module);
		unwind_image_destroy(a->image);
		module_destroy(a->module);
		free(a->path);
	}
	vec_clear(&s->space.areas);
	s->space.pid = 0;
}

struct stack_printer *stack_printer_create(unsigned frame_limit, bool lines)
{
	struct stack_printer *s = mem_calloc(1, sizeof(*s));
	struct symbolizer_options options = { .no_inlines = true, .no_lines = !lines };

	s->frame_limit = frame_limit && frame_limit < FRAMES_MAX ? frame_limit : FRAMES_MAX;
	err_destroy(symbolizer_create(&options, &s->symbolizer)); /* without: addresses only */
	return s;
}

void stack_printer_destroy(struct stack_printer *s)
{
	if (s == NULL)
		return;
	space_clear(s);
	vec_deinit(&s->space.areas);
	symbolizer_destroy(s->symbolizer);
	free(s);
}

void stack_printer_forget(struct stack_printer *s, pid_t pid)
{
	if (s->space.pid == pid)
		space_clear(s);
}

static void on_mapping(void *user, const struct proc_mapping *m)
{
	struct stack_printer *s = user;
	struct area *a = vec_add(&s->space.areas);

	a->addr = m->addr;
	a->size_bytes = m->size_bytes;
	a->offset = m->offset;
	a->path = mem_strdup(m->path);
}

static const struct area *look_up(struct stack_printer *s, uint64_t pc)
{
	for (size_t i = 0; i < s->space.areas.n; i++) {
		const struct area *a = &s->space.areas.v[i];

		if (pc >= a->addr && pc - a->addr < a->size_bytes)
			return a;
	}
	return NULL;
}

static struct area *find_area(struct stack_printer *s, pid_t pid, uint64_t pc)
{
	const struct area *a = s->space.pid == pid ? look_up(s, pc) : NULL;

	if (!a) {
		space_clear(s);
		s->space.pid = pid;
		proc_maps_read(pid, on_mapping, s);
		a = look_up(s, pc);
	}
	return (struct area *)a;
}

static void open_module(struct area *a, pid_t pid)
{
	struct module_key key = { .kind = MODULE_SHARED, .path = a->path, .fd = -1, .pid = pid };

	if (strcmp(a->path, "[vdso]") == 0)
		key.kind = MODULE_VDSO;
	if (!a->module && a->path[0])
		err_destroy(module_create(&key, &a->module));
}

static void print_frame(struct stack_printer *s, pid_t pid, uint64_t pc, bool exact, struct str *out)
{
	struct area *a = find_area(s, pid, pc);

	if (!a || !a->path[0]) {
		stack_names_unknown(pc, out);
		return;
	}
	open_module(a, pid);
	stack_names_frame(s->symbolizer, a->module, a->path, pid, pc - a->addr + a->offset, exact, out);
}

static bool read_memory(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct syscall_memory memory = remote_memory(user);

	return memory.read(memory.user, SYSCALL_EXIT, addr, buffer, size_bytes) == size_bytes;
}

struct stack_space {
	struct stack_printer *printer;
	pid_t pid;
};

static bool find_place(void *user, uint64_t pc, struct unwind_place *ret)
{
	struct stack_space *space = user;
	struct area *a = find_area(space->printer, space->pid, pc);

	if (!a)
		return false;
	open_module(a, space->pid);
	if (!a->is_image_tried && a->module && module_borrow_fd(a->module) >= 0)
		err_destroy(unwind_image_create_kept(module_borrow_fd(a->module), &a->image));
	a->is_image_tried = true;
	*ret = (struct unwind_place){ .start = a->addr, .end = a->addr + a->size_bytes };
	if (a->image)
		unwind_image_place(a->image, a->addr, a->size_bytes, a->offset, ret);
	return true;
}

static size_t stack_of(struct stack_printer *s, const struct call_thread *t, uint64_t *addrs, size_t max)
{
	struct stack_space place = { s, t->pid };
	struct unwind_space space = { find_place, &place };
	struct unwind_memory memory = { read_memory, &s->remote };
	struct unwind_result result;
	struct unwind_full all;
	struct unwind_regs regs;
	bool is_32bit = false;

	remote_begin(&s->remote, t->tid);
	if (!regs_read(t->tid, &all, &is_32bit) || !unwind_regs_from(&all, is_32bit, &regs))
		return 0;
	unwind_stack(&regs, &memory, &space, 0, addrs, max, &result);
	return result.count;
}

size_t stack_printer_unwind(struct stack_printer *s, const struct call_thread *t, uint64_t *addrs, size_t max)
{
	return stack_of(s, t, addrs, max < s->frame_limit ? max : s->frame_limit);
}

void stack_printer_print(struct stack_printer *s, const struct call_thread *t, struct str *out)
{
	uint64_t pcs[FRAMES_MAX + 1];
	size_t count = stack_of(s, t, pcs, s->frame_limit + 1);

	for (size_t i = 0; i < count && i < s->frame_limit; i++)
		print_frame(s, t->pid, pcs[i], i == 0, out);
	if (count > s->frame_limit)
		stack_names_more(out);
}
