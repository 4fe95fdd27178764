/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shares [ROUNDS]: thread "big" does three times the work of thread "small"; in each,
 * sixty:thirty:ten is 60:30:10.  Says how much CPU time each thread had.
 * Rounds differ in length: who looks at equal ones at equal intervals may see the same part of each. */
#include "work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#define UNIT 20000

NOINLINE static void sixty(unsigned unit) { work(6 * unit); }
NOINLINE static void thirty(unsigned unit) { work(3 * unit); }
NOINLINE static void ten(unsigned unit) { work(1 * unit); }

struct job {
	const char *name;
	unsigned rounds;
	uint64_t cpu_ns;
};

NOINLINE static void *run(void *p)
{
	struct job *job = p;

	prctl(PR_SET_NAME, job->name);
	for (unsigned i = 0, seed = 1; i < job->rounds; i++) {
		seed = seed * 1664525 + 1013904223;

		unsigned unit = UNIT / 10 + (seed >> 8) % (UNIT * 9 / 5);

		sixty(unit);
		thirty(unit);
		ten(unit);
	}
	job->cpu_ns = work_cpu_ns();
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 3000;
	struct job jobs[2] = { { "big", rounds, 0 }, { "small", rounds / 3, 0 } };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run, &jobs[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++)
		printf("%s %llu\n", jobs[i].name, (unsigned long long)jobs[i].cpu_ns);
	return 0;
}
