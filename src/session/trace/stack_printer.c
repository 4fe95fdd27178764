/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread stands still: its registers, its stack through process_vm_readv, its mappings
 * from /proc, kept until it maps something else.  A frame's line:
 *
 *	 > /usr/lib/libc.so.6(__write+0x10) [0xf8350]
 */
#include "session/trace/stack_printer.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/vec.h"
#include "capture/ptrace/remote.h"
#include "module/mapping.h"
#include "module/module.h"
#include "sym/sym.h"
#include "unwind/unwind.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

enum { FRAMES_MAX = 256 };

struct area {
	uint64_t addr, size_bytes, offset;
	char *path;
	struct module *module;
};
struct space {
	pid_t pid;
	VEC(struct area) areas;
};

struct stack_printer {
	struct symbolizer *symbolizer;
	struct space space; /* of the process that was printed last */
	struct remote remote;
};

static void space_clear(struct stack_printer *s)
{
	for (size_t i = 0; i < s->space.areas.n; i++) {
		struct area *a = &s->space.areas.v[i];

		if (a->module && s->symbolizer)
			symbolizer_forget(s->symbolizer, a->module);
		module_destroy(a->module);
		free(a->path);
	}
	vec_clear(&s->space.areas);
	s->space.pid = 0;
}

struct stack_printer *stack_printer_create(void)
{
	struct stack_printer *s = mem_calloc(1, sizeof(*s));
	struct symbolizer_options options = { .no_inlines = true, .no_lines = true };

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
	struct sym_chain chain = { 0 };
	struct arena arena;
	uint64_t offset, vaddr;

	if (!a || !a->path[0]) {
		str_printf(out, " > unexpected_backtracing_error [0x%llx]\n", (unsigned long long)pc);
		return;
	}
	open_module(a, pid);
	offset = pc - a->addr + a->offset;
	arena_init(&arena);
	if (a->module && s->symbolizer)
		err_destroy(symbolize(s->symbolizer, a->module, pid, offset - !exact, &arena, &chain));
	vaddr = offset;
	if (a->module)
		module_offset_to_vaddr(a->module, offset, &vaddr);
	if (chain.count && chain.frames[chain.count - 1].function)
		str_printf(out, " > %s(%s) [0x%llx]\n", a->path, chain.frames[chain.count - 1].function,
			   (unsigned long long)vaddr);
	else
		str_printf(out, " > %s() [0x%llx]\n", a->path, (unsigned long long)vaddr);
	arena_deinit(&arena);
}

static bool read_memory(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct syscall_memory memory = remote_memory(user);

	return memory.read(memory.user, SYSCALL_EXIT, addr, buffer, size_bytes) == size_bytes;
}

static bool read_regs(pid_t tid, struct unwind_regs *regs)
{
	struct user_regs_struct r;
	struct iovec io = { &r, sizeof(r) };

	memset(&r, 0, sizeof(r));
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) != 0)
		return false;
#if defined(__x86_64__)
	*regs = (struct unwind_regs){ r.rip, r.rsp, r.rbp, 0, false };
	return io.iov_len == sizeof(r);
#elif defined(__aarch64__)
	*regs = (struct unwind_regs){ r.pc, r.sp, r.regs[29], r.regs[30], false };
	return io.iov_len == sizeof(r);
#else
	return false;
#endif
}

void stack_printer_print(struct stack_printer *s, const struct call_thread *t, struct str *out)
{
	struct unwind_memory memory = { read_memory, &s->remote };
	struct unwind_regs regs;
	uint64_t pcs[FRAMES_MAX];
	size_t count = 0;

	remote_begin(&s->remote, t->tid);
	if (!read_regs(t->tid, &regs))
		return;
	unwind_frame_pointers(&regs, &memory, pcs, FRAMES_MAX, &count);
	for (size_t i = 0; i < count; i++)
		print_frame(s, t->pid, pcs[i], i == 0, out);
}
