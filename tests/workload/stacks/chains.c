/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spends its CPU time at the end of call chains that are known: what calls what is written
 * in tests/system/unwind.py.  Compiled with -O2 -fomit-frame-pointer.
 */
#include <alloca.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, used))

static volatile unsigned sink;
int asm_frames(int (*function)(int), int argument);
int asm_deref(int (*function)(int), int argument);

/* The leaf: about a tenth of a millisecond. */
NOINLINE int spin(int x)
{
	for (int i = 0; i < 40000; i++)
		sink = sink * 1103515245 + 12345;
	return x + (int)(sink & 1);
}

NOINLINE int tail(int x) { return spin(x + 1); }
NOINLINE int by_tail(int x) { return tail(x) + 1; }

NOINLINE int by_alloca(int x)
{
	char *p = alloca((size_t)(100 + x));

	memset(p, x, 100);
	return spin(p[x & 31]) + p[3];
}

NOINLINE int by_vla(int n)
{
	int v[n];

	v[n - 1] = n;
	return spin(v[n - 1]) + v[n - 1];
}

struct wide {
	_Alignas(64) char bytes[64];
};
NOINLINE int use_wide(struct wide *w) { return spin(w->bytes[3]) + w->bytes[1]; }
NOINLINE int by_realigned(int x)
{
	struct wide w = { { (char)x } };

	return use_wide(&w) + w.bytes[0];
}

NOINLINE int by_recursion(int n)
{
	int x = n == 0 ? spin(n) : by_recursion(n - 1);

	sink += (unsigned)n;
	return x * 3;
}
NOINLINE int by_big_frame(int x)
{
	char b[20000];

	memset(b, x, sizeof(b));
	return spin(b[x]) + b[x + 1];
}

NOINLINE int compare(const void *a, const void *b)
{
	return spin(0) * 0 + *(const int *)a - *(const int *)b;
}
NOINLINE int by_library(int x)
{
	int v[] = { x, 3, x - 1, 7 };

	qsort(v, 4, sizeof(*v), compare);
	return v[0];
}

NOINLINE void handler(int number) { sink += (unsigned)spin(number); }
NOINLINE int by_signal(int number) { return raise(number) + (int)sink; }
NOINLINE int by_assembly(int x) { return asm_frames(by_alloca, x) + asm_deref(tail, x); }

int main(int argc, char **argv)
{
	static char stack[65536];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction plain = { .sa_handler = handler };
	struct sigaction on_stack = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	int rounds = argc > 1 ? atoi(argv[1]) : 500;

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &plain, NULL);
	sigaction(SIGUSR2, &on_stack, NULL);
	for (int i = 0; i < rounds; i++)
		sink += (unsigned)(by_tail(1) + by_alloca(2) + by_vla(30) + by_realigned(4) + by_recursion(100) +
				   by_big_frame(6) + by_library(7) + by_signal(SIGUSR1) + by_signal(SIGUSR2) +
				   by_assembly(8));
	return 0;
}
