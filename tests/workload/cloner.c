/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * THREADS threads that each start and join others, for ever: somebody is always in clone().
 * A line on standard output when all run; SIGTERM ends it with status 0 and the count; 2: a thread could not be
 * started.  It does not outlive its parent.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static atomic_long made;
static atomic_bool stop, failed;

static void *nothing(void *p) { return p; }

static void *make(void *p)
{
	pthread_t other;

	while (!stop) {
		if (pthread_create(&other, NULL, nothing, NULL) == 0) {
			pthread_join(other, NULL);
			made++;
		} else {
			failed = true;
		}
		usleep(20000);
	}
	return p;
}

static void on_term(int number) { stop = true; }

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 100;
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	pthread_attr_t attr;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, on_term);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attr, make, NULL) != 0)
			return 1;
	printf("ready\n");
	fflush(stdout);
	/* no pause(): the signal may be handled in any thread, and come between a look and a wait */
	while (!stop)
		usleep(20000);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%ld\n", (long)made);
	return failed ? 2 : 0;
}
