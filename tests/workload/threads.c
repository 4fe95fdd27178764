/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* threads N SECONDS: N threads alive at once; they say "ready", wait that long (0: not at
 * all), then work a little each, and end. */
#include "work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t all_here, go;

NOINLINE static void thread_work(void) { work(100000); }

static void *run(void *p)
{
	pthread_barrier_wait(&all_here);
	pthread_barrier_wait(&go);
	thread_work();
	return p;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 5000, seconds = argc > 2 ? atoi(argv[2]) : 0;
	pthread_t *threads = calloc((size_t)n, sizeof(*threads));
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_barrier_init(&all_here, NULL, (unsigned)n + 1);
	pthread_barrier_init(&go, NULL, (unsigned)n + 1);
	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], &attr, run, NULL) != 0) {
			fprintf(stderr, "only %d threads\n", i);
			return 1;
		}
	pthread_barrier_wait(&all_here);
	puts("ready");
	fflush(stdout);
	sleep((unsigned)seconds);
	pthread_barrier_wait(&go);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
