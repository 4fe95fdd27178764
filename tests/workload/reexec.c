/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reexec N: works a little, then execs itself with N - 1. */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

NOINLINE static void one_life(void) { work(30000000); }

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 3;
	char next[16];

	one_life();
	if (n <= 1)
		return 0;
	snprintf(next, sizeof(next), "%d", n - 1);
	execl("/proc/self/exe", argv[0], next, (char *)NULL);
	return 1;
}
