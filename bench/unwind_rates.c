/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What unwinding costs without a kernel: ns to make a table (of the files named), and ns a
 * frame on a stack of this program that has no frame pointers but its tables.
 */
#include "base/mem.h"
#include "base/vec.h"
#include "module/mapping.h"
#include "unwind/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { DEPTH = 40, ROUNDS = 20000, FRAMES = 256 };

struct places {
	VEC(struct unwind_place) v;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void add_place(void *user, const struct proc_mapping *m)
{
	struct places *p = user;
	struct unwind_image *image;
	struct unwind_place place;
	int fd = m->executable && m->path[0] == '/' ? open(m->path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	if (unwind_image_create(fd, &image) == NULL &&
	    unwind_image_place(image, m->addr, m->size_bytes, m->offset, &place))
		vec_push(&p->v, place); /* images stay: it is a benchmark */
	close(fd);
}

static bool find(void *user, uint64_t pc, struct unwind_place *ret)
{
	const struct places *p = user;

	for (size_t i = 0; i < p->v.n; i++)
		if (pc >= p->v.v[i].start && pc < p->v.v[i].end) {
			*ret = p->v.v[i];
			return true;
		}
	return false;
}

static bool read_self(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	memcpy(buffer, (const void *)(uintptr_t)addr, size_bytes);
	return true;
}

static bool regs_here(struct unwind_regs *regs)
{
	ucontext_t u;

	getcontext(&u);
#if defined(__x86_64__)
	*regs = (struct unwind_regs){ .pc = (uint64_t)u.uc_mcontext.gregs[REG_RIP],
				      .sp = (uint64_t)u.uc_mcontext.gregs[REG_RSP],
				      .fp = (uint64_t)u.uc_mcontext.gregs[REG_RBP] };
	return true;
#else
	return false;
#endif
}

static void measure(struct places *places)
{
	struct unwind_regs regs;
	struct unwind_memory memory = { read_self, NULL };
	struct unwind_space space = { find, places };
	struct unwind_result r;
	uint64_t pcs[FRAMES], start, frames = 0;

	if (!regs_here(&regs))
		return;
	start = now_ns();
	for (int i = 0; i < ROUNDS; i++) {
		unwind_stack(&regs, &memory, &space, 0, pcs, FRAMES, &r);
		frames += r.count;
	}

	double ns = (double)(now_ns() - start);

	printf("unwind: %zu frames, end %u, %.1f ns a frame, %.2f us a stack\n", r.count, r.end,
	       ns / (double)frames, ns / ROUNDS / 1000);
}

__attribute__((noinline)) static int deep(struct places *places, int n, int (*again)(struct places *, int, void *))
{
	if (n == 0) {
		measure(places);
		return 1;
	}
	return again(places, n - 1, (void *)again) + n;
}

static int again(struct places *places, int n, void *self)
{
	return deep(places, n, (int (*)(struct places *, int, void *))self) * 3;
}

static void build(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct unwind_image *image;
	uint64_t start = now_ns();
	struct err *err = unwind_image_create(fd, &image);
	double ms = (double)(now_ns() - start) / 1e6;

	if (err)
		printf("%s: %s\n", path, err_message(err));
	else
		printf("table: %s: %zu rows of 8 bytes in %.2f ms\n", path, unwind_image_table(image)->row_count, ms);
	err_destroy(err);
	close(fd);
}

int main(int argc, char **argv)
{
	struct places places = { 0 };

	for (int i = 1; i < argc; i++)
		build(argv[i]);
	proc_maps_read((int)getpid(), add_place, &places);
	return deep(&places, DEPTH, again) == 0;
}
