/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind-step [-k EVERY] [-s SHOWN] [-b OFFSET] CMD...: run CMD one instruction at a time, and unwind its
 * stack at each.
 *
 * What the stack must be is known without any unwinder: a call pushes its return address, a
 * return takes it away, a signal pushes a frame whose first word leads to the trampoline.  So
 * the truth is a list of (place, return address), kept from the program's first instruction on
 * (-b: from OFFSET of its file on, believing the engine about that one stack), and each address that the engine finds is held against it.
 *
 * Only the run-time of C++ writes over a return address: to go on in the function that catches, it
 * first makes its own frame look as if that one had called it.  From then on the functions in
 * between are gone.
 *
 * Prints counts, and the first places where they differ; -k K unwinds at every K-th instruction
 * only, outside of the program itself; -s how many are shown.  x86-64.
 */
#include "base/mem.h"
#include "base/vec.h"
#include "module/mapping.h"
#include "unwind/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)

enum { FRAMES_MAX = 4096, WINDOW_BYTES = 4096, SHOWN = 12, CODE_PAGES = 4096 };

struct module {
	struct mapping mapping;
	struct unwind_image *image;
	char name[64];
};

/* One return address of the truth. */
struct truth {
	uint64_t slot, addr; /* where it lies; for a signal: where its frame does */
	uint64_t interrupted; /* not 0: behind the trampoline comes this pc, and its stack */
	bool returned;        /* the handler has: the trampoline runs */
};

struct code_page {
	uint64_t addr;
	uint8_t bytes[4096];
};

struct stepper {
	pid_t pid;
	VEC(struct module) modules;
	VEC(struct truth) truth;
	struct code_page *pages;
	uint64_t window_at;
	size_t window_bytes;
	uint8_t window[WINDOW_BYTES];
	uint64_t program_low, program_high;
	unsigned every;
	/* counts */
	uint64_t steps, unwound, complete, right, in_program, in_program_right, frames, full, guessed;
	uint64_t throwing, throwing_right; /* of `unwound`: with libgcc's unwinder on the stack */
	unsigned shown, shown_max;
};

/* --- memory ---------------------------------------------------------------------------------- */

static size_t read_remote(pid_t pid, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct iovec to = { buffer, size_bytes }, from = { (void *)(uintptr_t)addr, size_bytes };
	ssize_t n = process_vm_readv(pid, &to, 1, &from, 1, 0);

	return n > 0 ? (size_t)n : 0;
}

static bool read_memory(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct stepper *s = user;

	if (addr < s->window_at || addr - s->window_at + size_bytes > s->window_bytes) {
		s->window_at = addr;
		s->window_bytes = read_remote(s->pid, addr, s->window, WINDOW_BYTES - addr % WINDOW_BYTES);
		if (s->window_bytes < size_bytes) /* over the end of a page */
			return read_remote(s->pid, addr, buffer, size_bytes) == size_bytes;
	}
	memcpy(buffer, s->window + (addr - s->window_at), size_bytes);
	return true;
}

static uint64_t read_word(struct stepper *s, uint64_t addr)
{
	uint64_t value = 0;

	read_memory(s, addr, &value, 8);
	return value;
}

/* Up to 16 bytes of code, from pages read once. */
static const uint8_t *code_at(struct stepper *s, uint64_t pc, uint8_t buffer[16])
{
	uint64_t page = pc & ~UINT64_C(4095);
	struct code_page *p = &s->pages[page / 4096 % CODE_PAGES];

	if (p->addr != page) {
		p->addr = page;
		read_remote(s->pid, page, p->bytes, sizeof(p->bytes));
	}
	if (pc - page <= 4096 - 16)
		return p->bytes + (pc - page);
	read_remote(s->pid, pc, buffer, 16);
	return buffer;
}

/* --- modules ----------------------------------------------------------------------------------- */

static int open_module(struct stepper *s, const struct proc_mapping *m)
{
	char *image;
	int fd;

	if (strcmp(m->path, "[vdso]") != 0)
		return m->path[0] == '/' ? open(m->path, O_RDONLY | O_CLOEXEC) : -1;
	image = mem_alloc(m->size_bytes);
	fd = memfd_create("vdso", MFD_CLOEXEC);

	size_t n = read_remote(s->pid, m->addr, image, m->size_bytes);

	if (fd >= 0 && write(fd, image, n) != (ssize_t)n)
		fd = -1;
	free(image);
	return fd;
}

static void add_module(void *user, const struct proc_mapping *m)
{
	struct stepper *s = user;
	struct module *module;
	const char *name = strrchr(m->path, '/');

	if (!m->executable)
		return;
	for (size_t i = 0; i < s->modules.n; i++)
		if (s->modules.v[i].mapping.addr == m->addr)
			return;
	module = vec_add(&s->modules);
	module->mapping = (struct mapping){ m->addr, m->size_bytes,
					    strcmp(m->path, "[vdso]") == 0 ? 0 : m->offset, 0 };
	snprintf(module->name, sizeof(module->name), "%s", name ? name + 1 : m->path);

	int fd = open_module(s, m);

	if (fd < 0)
		return;
	err_destroy(unwind_image_create(fd, &module->image));
	close(fd);
}

static struct module *module_at(struct stepper *s, uint64_t pc)
{
	for (size_t i = 0; i < s->modules.n; i++)
		if (pc >= s->modules.v[i].mapping.addr &&
		    pc - s->modules.v[i].mapping.addr < s->modules.v[i].mapping.size_bytes)
			return &s->modules.v[i];
	return NULL;
}

static bool find_place(void *user, uint64_t pc, struct unwind_place *ret)
{
	struct stepper *s = user;
	struct module *m = module_at(s, pc);

	if (m == NULL) {
		proc_maps_read(s->pid, add_module, s);
		m = module_at(s, pc);
	}
	if (m == NULL)
		return false;
	*ret = (struct unwind_place){ .start = m->mapping.addr, .end = m->mapping.addr + m->mapping.size_bytes };
	if (m->image)
		unwind_image_place(m->image, m->mapping.addr, m->mapping.size_bytes, m->mapping.offset, ret);
	return true;
}

/* --- the truth --------------------------------------------------------------------------------- */

enum kind { OTHER, CALL, RETURN };

/* Prefixes, then: E8, FF /2 are calls; C3, C2 returns. */
static enum kind kind_of(const uint8_t *code)
{
	while (*code == 0xf2 || *code == 0xf3 || *code == 0x2e || *code == 0x3e || *code >> 4 == 4 ||
	       *code == 0x66 || *code == 0x67)
		code++;
	if (*code == 0xe8 || (*code == 0xff && (code[1] >> 3 & 7) == 2))
		return CALL;
	return *code == 0xc3 || *code == 0xc2 ? RETURN : OTHER;
}

static void push_truth(struct stepper *s, struct truth t) { vec_push(&s->truth, t); }

/* What lies below SP is gone: returned from, or left by an exception.  On an alternate stack the
 * places are elsewhere: there nothing goes but by the return from the handler. */
static void pop_truth(struct stepper *s, uint64_t sp)
{
	while (s->truth.n) {
		struct truth *last = vec_last(&s->truth);

		if (last->interrupted || last->slot >= sp)
			return;
		s->truth.n--;
	}
}

static void leave_handler(struct stepper *s)
{
	while (s->truth.n && !vec_last(&s->truth)->interrupted)
		s->truth.n--;
	if (s->truth.n)
		s->truth.n--;
}

/* --- comparing ----------------------------------------------------------------------------------- */

static void show_addr(struct stepper *s, uint64_t addr)
{
	struct module *m = module_at(s, addr);

	if (m)
		printf(" %s+%" PRIx64, m->name, addr - m->mapping.addr + m->mapping.offset);
	else
		printf(" %" PRIx64, addr);
}

/* The place I of the truth leads elsewhere by now: to the caller further out that was returned to by
 * the same address.  Which one that is; I itself if nothing was written over. */
static size_t rewritten(struct stepper *s, size_t i)
{
	const struct truth *t = &s->truth.v[i];
	uint64_t now = t->interrupted || t->slot == UINT64_MAX ? t->addr : read_word(s, t->slot);

	if (now == t->addr)
		return i;
	for (size_t outer = i; outer-- > 0;)
		if (s->truth.v[outer].addr == now && !s->truth.v[outer].interrupted)
			return outer;
	return i;
}

static size_t truth_frames(struct stepper *s, uint64_t pc, uint64_t *pcs)
{
	size_t n = 0;

	pcs[n++] = pc;
	for (size_t i = s->truth.n; i-- > 0 && n + 2 < FRAMES_MAX;) {
		i = rewritten(s, i);
		if (!s->truth.v[i].returned)
			pcs[n++] = s->truth.v[i].addr + (s->truth.v[i].interrupted != 0);
		if (s->truth.v[i].interrupted)
			pcs[n++] = s->truth.v[i].interrupted + 1; /* exact ones are told plus one */
	}
	return n;
}

static bool is_throwing(struct stepper *s, const uint64_t *pcs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct module *m = module_at(s, pcs[i]);

		if (m && strncmp(m->name, "libgcc_s", 8) == 0)
			return true;
	}
	return false;
}

static void show(struct stepper *s, const uint64_t *got, const struct unwind_result *r, const uint64_t *want,
		 size_t want_count)
{
	if (s->shown++ >= s->shown_max)
		return;
	printf("step %" PRIu64 ": end %u why %u, %zu frames of %zu\n  got ", s->steps, r->end, r->why, r->count,
	       want_count);
	for (size_t i = 0; i < r->count && i < 8; i++)
		show_addr(s, got[i]);
	printf("\n  want");
	for (size_t i = 0; i < want_count && i < 8; i++)
		show_addr(s, want[i]);
	printf("\n");
}

static void compare(struct stepper *s, const struct user_regs_struct *r)
{
	static uint64_t got[FRAMES_MAX], want[FRAMES_MAX];
	struct unwind_full all = { .value = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp,
					      r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15,
					      r->rip },
				   .known = (1 << 17) - 1 };
	struct unwind_regs regs = { .pc = r->rip, .sp = r->rsp, .fp = r->rbp, .all = &all };
	struct unwind_memory memory = { read_memory, s };
	struct unwind_space space = { find_place, s };
	struct unwind_result result;
	size_t count;

	s->window_bytes = 0;
	count = truth_frames(s, r->rip, want);
	unwind_stack(&regs, &memory, &space, 0, got, FRAMES_MAX, &result);

	bool right = result.end == UNWIND_COMPLETE && result.count == count &&
		     memcmp(got, want, count * sizeof(*want)) == 0;
	bool in_program = r->rip >= s->program_low && r->rip < s->program_high, throwing = is_throwing(s, want, count);

	s->unwound++;
	s->throwing += throwing;
	s->throwing_right += throwing && right;
	s->frames += result.count;
	s->complete += result.end == UNWIND_COMPLETE;
	s->full += result.has_full;
	s->guessed += result.by_guess > 0;
	s->right += right;
	s->in_program += in_program;
	s->in_program_right += in_program && right;
	if (!right)
		show(s, got, &result, want, count);
}

/* --- stepping --------------------------------------------------------------------------------------- */

/* A signal was delivered: its frame begins with the trampoline's address. */
static void enter_handler(struct stepper *s, const struct user_regs_struct *r, uint64_t interrupted)
{
	s->window_bytes = 0;
	push_truth(s, (struct truth){ r->rsp, read_word(s, r->rsp), interrupted, false });
}

static bool get_regs(pid_t pid, struct user_regs_struct *r) { return ptrace(PTRACE_GETREGS, pid, 0, r) == 0; }

static void after_step(struct stepper *s, const struct user_regs_struct *before,
		       const struct user_regs_struct *now)
{
	uint8_t buffer[16];
	const uint8_t *code = code_at(s, before->rip, buffer);

	if (kind_of(code) == CALL && now->rsp == before->rsp - 8 && now->rip != before->rip) {
		s->window_bytes = 0;
		push_truth(s, (struct truth){ now->rsp, read_word(s, now->rsp), 0, false });
	} else if (code[0] == 0x0f && code[1] == 0x05 && before->rax == 15) {
		leave_handler(s); /* rt_sigreturn */
	} else {
		pop_truth(s, now->rsp);
		if (s->truth.n && vec_last(&s->truth)->interrupted && now->rip == vec_last(&s->truth)->addr)
			vec_last(&s->truth)->returned = true;
	}
}

static void look(struct stepper *s, const struct user_regs_struct *r)
{
	bool in_program = r->rip >= s->program_low && r->rip < s->program_high;

	if (in_program || s->steps % s->every == 0)
		compare(s, r);
}

/* Where the program itself is: its first mapping. */
static void find_program(struct stepper *s)
{
	proc_maps_read(s->pid, add_module, s);
	for (size_t i = 0; i < s->modules.n; i++)
		if (strncmp(s->modules.v[i].name, "ld-", 3) != 0 && s->modules.v[i].name[0] != '[' &&
		    s->program_high == 0) {
			s->program_low = s->modules.v[i].mapping.addr;
			s->program_high = s->program_low + s->modules.v[i].mapping.size_bytes;
		}
}

/* Run freely to the instruction at OFFSET of the program. */
static bool run_to(struct stepper *s, uint64_t offset)
{
	struct mapping *program = &module_at(s, s->program_low)->mapping;
	uint64_t addr = program->addr + offset - program->offset;
	struct user_regs_struct r;
	int status;
	long old = ptrace(PTRACE_PEEKTEXT, s->pid, addr, 0);

	ptrace(PTRACE_POKETEXT, s->pid, addr, (old & ~0xffL) | 0xcc);
	ptrace(PTRACE_CONT, s->pid, 0, 0);
	if (waitpid(s->pid, &status, 0) != s->pid || !WIFSTOPPED(status) || !get_regs(s->pid, &r))
		return false;
	ptrace(PTRACE_POKETEXT, s->pid, addr, old);
	r.rip = addr;
	return ptrace(PTRACE_SETREGS, s->pid, 0, &r) == 0;
}

/* The first frames, as the engine finds them: where they lie does not matter, they stay. */
static void believe(struct stepper *s, const struct user_regs_struct *r)
{
	uint64_t pcs[16];
	struct unwind_regs regs = { .pc = r->rip, .sp = r->rsp, .fp = r->rbp };
	struct unwind_memory memory = { read_memory, s };
	struct unwind_space space = { find_place, s };
	struct unwind_result result;

	unwind_stack(&regs, &memory, &space, 0, pcs, 16, &result);
	for (size_t i = result.count; i-- > 1;)
		push_truth(s, (struct truth){ i == 1 ? r->rsp : UINT64_MAX, pcs[i], 0, false });
}

static int run(struct stepper *s, uint64_t offset)
{
	struct user_regs_struct before, now;
	int status = 0, pending = 0;

	find_program(s);
	if (offset && !run_to(s, offset))
		return 2;
	get_regs(s->pid, &before);
	if (offset)
		believe(s, &before);
	for (;;) {
		int delivered = pending;

		if (ptrace(PTRACE_SINGLESTEP, s->pid, 0, (void *)(intptr_t)delivered) != 0 ||
		    waitpid(s->pid, &status, 0) != s->pid || !WIFSTOPPED(status))
			break;
		pending = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (!get_regs(s->pid, &now))
			break;
		if (pending) { /* seen before it is delivered; nothing ran */
			if (now.rip == before.rip)
				continue;
		}
		s->steps++;
		if (delivered && now.rip != before.rip)
			enter_handler(s, &now, before.rip);
		else
			after_step(s, &before, &now);
		look(s, &now);
		before = now;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static pid_t start(char **words)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execvp(words[0], words);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return -1;
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL);
	return pid;
}

int main(int argc, char **argv)
{
	static struct stepper s = { .every = 1, .shown_max = SHOWN };
	uint64_t offset = 0;
	int at = 1;

	for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		if (argv[at][1] == 'k')
			s.every = (unsigned)atoi(argv[at + 1]);
		else if (argv[at][1] == 's')
			s.shown_max = (unsigned)atoi(argv[at + 1]);
		else
			offset = strtoull(argv[at + 1], NULL, 16);
	}
	if (at >= argc || s.every == 0)
		return 2;
	s.pid = start(argv + at);
	if (s.pid < 0)
		return 2;
	s.pages = mem_calloc(CODE_PAGES, sizeof(*s.pages));

	int status = run(&s, offset);

	printf("steps %" PRIu64 " unwound %" PRIu64 " complete %" PRIu64 " right %" PRIu64
	       " program %" PRIu64 " program-right %" PRIu64 " frames %" PRIu64 " full %" PRIu64
	       " guessed %" PRIu64 " throwing %" PRIu64 " throwing-right %" PRIu64 " status %d\n",
	       s.steps, s.unwound, s.complete, s.right, s.in_program, s.in_program_right, s.frames, s.full,
	       s.guessed, s.throwing, s.throwing_right, status);
	for (size_t i = 0; i < s.modules.n; i++)
		unwind_image_destroy(s.modules.v[i].image);
	vec_deinit(&s.modules);
	vec_deinit(&s.truth);
	free(s.pages);
	return 0;
}

#else
int main(void)
{
	puts("x86-64 only");
	return 77;
}
#endif
