/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a map of maps is changed from user space the kernel lets the caller wait until no program
 * can be running that looked at it before (maybe_wait_bpf_programs() in
 * kernel/bpf/syscall.c): ten milliseconds an update on an idle machine, hundreds on a busy
 * one, and a recording has thirty to begin in.  We replace nothing, so nobody has to be
 * waited for.  The new values are visible before that wait begins: so a thread makes the
 * update and waits, and we go on as soon as they can be seen.
 */
#include "capture/bpf/map_fill.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNNING = 1 };

/* Two hold it: whoever lets go last frees it. */
struct fill {
	int outer_fd, holders;
	int result;         /* RUNNING, 0, or -errno */
	uint32_t first, count;
	int fds[];
};

static void let_go(struct fill *f)
{
	if (__atomic_sub_fetch(&f->holders, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (uint32_t i = 0; i < f->count; i++)
		close(f->fds[i]);
	io_closep(&f->outer_fd);
	free(f);
}

/* Most kernels take them all at once; older ones one by one. */
static int put_all(const struct fill *f)
{
	uint32_t *keys = mem_calloc(f->count, sizeof(*keys)), n = f->count;

	for (uint32_t i = 0; i < n; i++)
		keys[i] = f->first + i;

	int failed = bpf_map_update_batch(f->outer_fd, keys, f->fds, &n, NULL);

	if (failed) {
		failed = 0;
		for (uint32_t i = 0; i < f->count && !failed; i++)
			failed = bpf_map_update_elem(f->outer_fd, &keys[i], &f->fds[i], BPF_ANY);
	}
	free(keys);
	return failed;
}

static void *update(void *user)
{
	struct fill *f = user;

	__atomic_store_n(&f->result, put_all(f), __ATOMIC_RELEASE);
	let_go(f);
	return NULL;
}

struct err *bpf_map_fill(int outer_fd, size_t first, const int *fds, size_t count)
{
	struct fill *f = mem_calloc(1, sizeof(*f) + count * sizeof(int));
	uint32_t last = (uint32_t)(first + count - 1), id;
	pthread_t thread;
	int result;

	f->outer_fd = fcntl(outer_fd, F_DUPFD_CLOEXEC, 0);
	f->holders = 2;
	f->result = RUNNING;
	f->first = (uint32_t)first;
	for (; f->count < count && f->outer_fd >= 0; f->count++)
		if ((f->fds[f->count] = fcntl(fds[f->count], F_DUPFD_CLOEXEC, 0)) < 0)
			break;
	if (f->count < count) {
		result = errno;
		f->holders = 1;
		let_go(f);
		return err_errno(result, "cannot fill a BPF map of maps");
	}
	if (thread_start(&thread, update, f) == 0)
		pthread_detach(thread);
	else
		update(f);
	while ((result = __atomic_load_n(&f->result, __ATOMIC_ACQUIRE)) == RUNNING &&
	       bpf_map_lookup_elem(outer_fd, &last, &id) != 0)
		sched_yield();
	let_go(f);
	return result < 0 ? err_errno(-result, "cannot fill a BPF map of maps") : NULL;
}
