/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_THREAD_H
#define SONDE_BASE_THREAD_H
/* Threads that leave signals to the thread that looks for them. */
#include <pthread.h>
#include <signal.h>

/*
 * As pthread_create(), with all signals blocked in the new thread: one that ends us (Ctrl-C) would be taken by any thread
 * that does not block it, and be lost or end us at once, though the main thread blocks it to end in order.
 */
static inline int thread_start(pthread_t *thread, void *(*run)(void *), void *user)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(thread, NULL, run, user);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

#endif
