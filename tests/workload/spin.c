/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spin [-i] [-f] SECONDS [STATUS]: works for SECONDS of wall time in spin_here(), then exits
 * with STATUS.  -i: ignores SIGINT.  -f: a forked child does the work. */
#include "work.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

NOINLINE static void spin_here(void) { work(1000000); }

static void spin(double seconds)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		spin_here();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((double)(now.tv_sec - start.tv_sec) + 1e-9 * (double)(now.tv_nsec - start.tv_nsec) <
		 seconds);
}

int main(int argc, char **argv)
{
	int forks = 0;

	for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
		if (strcmp(argv[1], "-i") == 0)
			signal(SIGINT, SIG_IGN);
		else if (strcmp(argv[1], "-f") == 0)
			forks = 1;
	}

	double seconds = argc > 1 ? atof(argv[1]) : 1;
	int status = argc > 2 ? atoi(argv[2]) : 0;

	if (!forks) {
		spin(seconds);
	} else if (fork() == 0) {
		spin(seconds);
		_exit(0);
	} else {
		wait(NULL);
	}
	printf("spun\n");
	return status;
}
