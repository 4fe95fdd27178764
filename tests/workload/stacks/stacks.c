/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All the ways in which C puts frames on a stack, each once: what tests/system/unwind.py runs one
 * instruction at a time.  Compiled with -O2 -fomit-frame-pointer by several compilers.
 */
#include <alloca.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NOINLINE __attribute__((noinline, noclone))
#if defined(__clang__)
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

static volatile int sink;

/* assembly with CFI: asm.S */
int asm_frames(int (*function)(int), int argument);
int asm_own_base(int (*function)(int), int argument);
int asm_deref(int (*function)(int), int argument);

NOINLINE static int leaf(int x)
{
	sink += x;
	return sink;
}

NOINLINE static int tail_callee(int x) { return leaf(x + 1) + 1; }
NOINLINE static int tail_caller(int x) { return tail_callee(x * 2); }

NOINLINE static int many_registers(int a, int b, int c, int d)
{
	int x = leaf(a), y = leaf(b), z = leaf(c), w = leaf(d);
	int u = leaf(x + y), v = leaf(z + w);

	return x + y + z + w + u * v + leaf(u ^ v);
}

NOINLINE static int with_alloca(int n)
{
	char *p = alloca((size_t)n);

	memset(p, n, (size_t)n);
	return leaf(p[n / 2]) + tail_caller(n);
}

NOINLINE static int with_vla(int n)
{
	int v[n];

	for (int i = 0; i < n; i++)
		v[i] = i;
	sink += v[n / 2];
	return leaf(v[n - 1]);
}

struct wide {
	_Alignas(64) char bytes[64];
};

NOINLINE static int use_wide(struct wide *w) { return leaf(w->bytes[3]); }

/* Realigned: the frame is found through another register, or a word beside the frame pointer. */
NOINLINE static int realigned(int n, int a, int b, int c, int d, int e, int f, int g, int h)
{
	struct wide w = { { (char)n } };

	sink += a + b + c + d + e + f + g + h;
	return use_wide(&w);
}

NOINLINE static int realigned_vla(int n, int a, int b, int c, int d, int e, int f, int g)
{
	struct wide w = { { (char)n } };
	char v[n + g];

	memset(v, a + b + c + d + e + f, (size_t)n);
	return use_wide(&w) + leaf(v[1]);
}

NOINLINE static int big_frame(int n)
{
	char b[100000];

	memset(b, n, 100);
	sink += b[50];
	return leaf(b[n]);
}

NOINLINE static int recurse(int n) { return n == 0 ? leaf(n) : recurse(n - 1) + 1; }

static int compare(const void *a, const void *b) { return leaf(*(const int *)a - *(const int *)b) ? 1 : -1; }

static void on_signal(int number)
{
	sink += tail_caller(number);
}

static void on_signal_info(int number, siginfo_t *info, void *context)
{
	sink += with_alloca(number);
}

NOINLINE static void signals(void)
{
	static char stack[65536];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction plain = { .sa_handler = on_signal };
	struct sigaction info = { .sa_sigaction = on_signal_info, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &plain, NULL);
	sigaction(SIGUSR2, &info, NULL);
	raise(SIGUSR1);
	raise(SIGUSR2);
}

static char *volatile closed;
static void on_fault(int number, siginfo_t *info, void *context)
{
	sink += leaf(number);
	mprotect(closed, 4096, PROT_READ | PROT_WRITE);
}

/* Interrupted at an instruction in the middle, which then runs again. */
NOINLINE static int faults(int x)
{
	closed = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	((volatile char *)closed)[x] = 1;
	return leaf(x);
}

NOINLINE static int indirect(int (*function)(int), int x) { return function(x) + 1; }
NOINLINE static _Noreturn void ends(int x) { exit(x & 0); }

int main(void)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	int numbers[] = { 5, 3, 9, 1 };
	char text[100];

	sigaction(SIGSEGV, &fault, NULL);
	sink += many_registers(1, 2, 3, 4) + tail_caller(3) + with_alloca(100) + with_vla(20);
	sink += realigned(1, 2, 3, 4, 5, 6, 7, 8, 9) + realigned_vla(9, 1, 2, 3, 4, 5, 6, 7) + big_frame(50);
	sink += recurse(40) + indirect(tail_caller, 4);
	sink += asm_frames(tail_caller, 1) + asm_own_base(with_alloca, 50) + asm_deref(tail_caller, 2);
	qsort(numbers, 4, sizeof(*numbers), compare); /* back from a library */
	snprintf(text, sizeof(text), "%d %s", sink, "through the PLT");
	signals();
	sink += faults(7);
	ends((int)strlen(text));
}
