/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a process is looked at without standing in its way:
 *
 *   - Attached by PTRACE_SEIZE, which stops nothing, and without any event options: the
 *     process never waits for us at a clone, fork or exec.  New threads are found by
 *     looking into /proc/PID/task.
 *   - At each tick the CPU time of each thread is read (/proc/PID/task/TID/schedstat; in a kernel
 *     without CONFIG_SCHED_INFO the clock ticks of its stat, which are 10 ms each).  A
 *     thread that did not run is not touched; one that runs now is interrupted, looked at
 *     when it stops (registers, and its stack in one piece by process_vm_readv: twice what its
 *     last one needed; where that is a handler's own, the one that it interrupted too), and let go.  What was copied is unwound by the session's thread.
 *     The sample stands for the CPU time since the last one, so the sums are exact.
 *   - Between ticks this thread sleeps in wait(): a signal for the process stops it first
 *     for us, and is passed on at once.
 *   - If we die the kernel detaches, and all goes on: PTRACE_O_EXITKILL is not set, and
 *     the same happens when this thread ends.  That is also how it is ended on purpose.
 *
 * Ticks are a timer signal to this thread, which ends the wait() with EINTR; one that
 * comes just before wait() is made up for by the next.
 */
#include "capture/ptrace/sampler.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "capture/ptrace/regs.h"
#include "capture/track.h"
#include "unwind/unwind.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCAN_EVERY_NS UINT64_C(100000000)
enum { WINDOW_BYTES = 4096, SAMPLES_MAX = 20000, COPY_FIRST_BYTES = 65536,
       COPY_LEAST_BYTES = 16384, COPY_MAX_BYTES = 1 << 20 };

struct tracee {
	pid_t pid, tid;
	int schedstat_fd, stat_fd;
	uint64_t cpu_ns;     /* as last seen */
	uint64_t owed_ns;    /* ran, and not in a sample yet */
	bool interrupted;    /* asked to stop, not seen stopped yet */
	uint16_t cpu;
};

struct ptrace_sampler {
	struct ptrace_sampler_options options;
	pid_t *pids;
	struct map tracees;  /* tid -> struct tracee * */
	uint64_t next_scan_ns;
	uint8_t *copies[UNWIND_COPIES]; /* of the stacks at hand; COPY_MAX_BYTES each, NULL before the first */
	pthread_t thread;
	atomic_bool stop;
	/* between the threads: */
	pthread_mutex_t lock;
	VEC(struct ptrace_sample *) samples;
	struct map needed;   /* tid -> bytes of stack */
	pthread_cond_t attached_changed;
	bool attached;       /* the first round is over */
	struct err *err;     /* of that round */
};

/* --- attaching ------------------------------------------------------------------------------ */

static int open_task_file(pid_t pid, pid_t tid, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The fields of stat behind the name, from the third on (proc(5)); NULL if the thread has gone. */
static char *read_stat(const struct tracee *t, char *text, size_t size_bytes)
{
	ssize_t n = pread(t->stat_fd, text, size_bytes - 1, 0);
	char *p;

	if (n <= 0)
		return NULL;
	text[n] = '\0';
	p = strrchr(text, ')');
	return p && p[1] == ' ' ? p + 1 : NULL;
}

/* Behind the blank before field N, 3 being at P. */
static char *stat_field(char *p, int n)
{
	for (int field = 3; p && field < n; field++)
		p = strchr(p + 1, ' ');
	return p ? p + 1 : NULL;
}

/* Fields 14 and 15: clock ticks in user and kernel mode. */
static bool read_cpu_ticks(const struct tracee *t, uint64_t *cpu_ns)
{
	char text[1024];
	char *p = read_stat(t, text, sizeof(text));
	unsigned long long ticks;

	if (!p || !(p = stat_field(p, 14)))
		return false;
	ticks = strtoull(p, &p, 10);
	ticks += strtoull(p, NULL, 10);
	*cpu_ns = ticks * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

/* First field of schedstat: ns on a CPU (kernel: Documentation/scheduler/sched-stats.rst). */
static bool read_cpu_ns(const struct tracee *t, uint64_t *cpu_ns)
{
	char text[64];
	ssize_t n;

	if (t->schedstat_fd < 0)
		return read_cpu_ticks(t, cpu_ns);
	n = pread(t->schedstat_fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	*cpu_ns = strtoull(text, NULL, 10);
	return true;
}

static void tracee_free(struct tracee *t)
{
	io_closep(&t->schedstat_fd);
	io_closep(&t->stat_fd);
	free(t);
}

static struct err *attach(struct ptrace_sampler *s, pid_t pid, pid_t tid)
{
	if (map_find(&s->tracees, (uint64_t)tid) != NULL)
		return NULL;
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
		return err_errno(errno, "cannot attach to thread %d of process %d", tid, pid);

	struct tracee *t = mem_calloc(1, sizeof(*t));

	t->pid = pid;
	t->tid = tid;
	t->schedstat_fd = open_task_file(pid, tid, "schedstat");
	t->stat_fd = open_task_file(pid, tid, "stat");
	read_cpu_ns(t, &t->cpu_ns);
	*map_get(&s->tracees, (uint64_t)tid, NULL) = (uintptr_t)t;
	return NULL;
}

/* Attach to the threads that are not yet; the first error, if any. */
static struct err *attach_process(struct ptrace_sampler *s, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	struct err *first = NULL;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);

	DIR *dir = opendir(path);

	if (dir == NULL)
		return err_errno(errno, "cannot look into process %d", pid);
	while ((entry = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		struct err *err = tid > 0 ? attach(s, pid, tid) : NULL;

		if (first == NULL)
			first = err;
		else
			err_destroy(err);
	}
	closedir(dir);
	return first;
}

static struct err *attach_all(struct ptrace_sampler *s)
{
	struct err *first = NULL;

	for (size_t i = 0; i < s->options.pid_count; i++) {
		struct err *err = s->options.threads_only ? attach(s, track_process_of(s->pids[i]), s->pids[i])
							  : attach_process(s, s->pids[i]);

		if (first == NULL)
			first = err;
		else
			err_destroy(err);
	}
	s->next_scan_ns = clock_now_ns() + SCAN_EVERY_NS;
	return first;
}

/* --- looking at a stopped thread ------------------------------------------------------------------ */

/* The stack is read in windows: most walks need one. */
struct window {
	pid_t pid;
	uint64_t addr;
	size_t size_bytes;
	uint8_t bytes[WINDOW_BYTES];
};

static bool read_memory(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct window *w = user;

	if (addr < w->addr || addr - w->addr + size_bytes > w->size_bytes) {
		/* Not over the end of a page that may be the last. */
		size_t want = WINDOW_BYTES - addr % WINDOW_BYTES;
		struct iovec to = { w->bytes, want < size_bytes ? size_bytes : want };
		struct iovec from = { (void *)(uintptr_t)addr, to.iov_len };
		ssize_t n = process_vm_readv(w->pid, &to, 1, &from, 1, 0);

		w->addr = addr;
		w->size_bytes = n > 0 ? (size_t)n : 0;
		if (w->size_bytes < size_bytes)
			return false;
	}
	memcpy(buffer, w->bytes + (addr - w->addr), size_bytes);
	return true;
}

static size_t stacks_bytes(const struct ptrace_sample *sample)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < sample->stacks.count; i++)
		bytes += sample->stacks.parts[i].size_bytes;
	return bytes;
}

/* With its stacks behind it. */
static struct ptrace_sample *sample_copy(const struct ptrace_sample *sample)
{
	struct ptrace_sample *copy = mem_alloc(sizeof(*copy) + stacks_bytes(sample));
	uint8_t *to = (uint8_t *)(copy + 1);

	*copy = *sample;
	for (unsigned i = 0; i < copy->stacks.count; i++) {
		struct unwind_copy *part = &copy->stacks.parts[i];

		memcpy(to, part->bytes, part->size_bytes);
		part->bytes = to;
		to += part->size_bytes;
	}
	return copy;
}

/* False: nobody takes them out, the session is stuck.  The time stays owed. */
static bool keep_sample(struct ptrace_sampler *s, const struct ptrace_sample *sample)
{
	bool kept = false;

	pthread_mutex_lock(&s->lock);
	if (s->samples.n < SAMPLES_MAX) {
		vec_push(&s->samples, sample_copy(sample));
		kept = true;
	}
	pthread_mutex_unlock(&s->lock);
	return kept;
}

static size_t copy_bytes(struct ptrace_sampler *s, pid_t tid)
{
	uint64_t *slot, bytes = COPY_FIRST_BYTES;

	pthread_mutex_lock(&s->lock);
	slot = map_find(&s->needed, (uint64_t)tid);
	if (slot)
		bytes = *slot * 2 < COPY_LEAST_BYTES ? COPY_LEAST_BYTES : *slot * 2;
	pthread_mutex_unlock(&s->lock);
	return bytes < COPY_MAX_BYTES ? (size_t)bytes : COPY_MAX_BYTES;
}

/* From SP on, as far as it goes: the last page of a stack may come before. */
static void copy_stack(struct ptrace_sampler *s, struct ptrace_sample *sample, uint64_t sp, size_t bytes)
{
	unsigned n = sample->stacks.count++;
	struct iovec to[2], from[2];
	size_t first = WINDOW_BYTES - sp % WINDOW_BYTES;
	unsigned parts = 1;

	if (s->copies[n] == NULL)
		s->copies[n] = mem_alloc(COPY_MAX_BYTES);
	/* Transfers stop at the first page that is not there, and not within a part. */
	from[0] = (struct iovec){ (void *)(uintptr_t)sp, first < bytes ? first : bytes };
	to[0] = (struct iovec){ s->copies[n], from[0].iov_len };
	if (bytes > first) {
		from[1] = (struct iovec){ (void *)(uintptr_t)(sp + first), bytes - first };
		to[1] = (struct iovec){ s->copies[n] + first, bytes - first };
		parts = 2;
	}

	ssize_t read_bytes = process_vm_readv(sample->pid, to, parts, from, parts, 0);

	sample->stacks.parts[n] = (struct unwind_copy){ .bytes = s->copies[n], .sp = sp, .limit_bytes = COPY_MAX_BYTES,
							.size_bytes = read_bytes > 0 ? (uint64_t)read_bytes : 0 };
}

/* The stack that it runs on, and what a handler there interrupted, and so on. */
static void copy_stacks(struct ptrace_sampler *s, const struct unwind_regs *regs, struct ptrace_sample *sample)
{
	const struct unwind_machine *m = unwind_machine_of(regs);
	size_t bytes = copy_bytes(s, sample->tid);
	uint64_t sp = regs->sp;

	do
		copy_stack(s, sample, sp, bytes);
	while (sample->stacks.count < UNWIND_COPIES &&
	       unwind_copy_interrupted(m, &sample->stacks.parts[sample->stacks.count - 1], &sp));
}

static void look_at(struct ptrace_sampler *s, struct tracee *t)
{
	struct ptrace_sample sample = { .time_ns = clock_now_ns(), .cpu_ns = t->owed_ns, .pid = t->pid,
					.tid = t->tid, .cpu = t->cpu };
	struct window window = { .pid = t->pid };
	struct unwind_memory memory = { read_memory, &window };
	struct unwind_regs regs;
	size_t count = 0;

	t->interrupted = false;
	if (t->owed_ns == 0 || !regs_read(t->tid, &sample.regs, &sample.is_32bit) ||
	    !unwind_regs_from(&sample.regs, sample.is_32bit, &regs))
		return;
	if (s->options.copy_stacks) {
		copy_stacks(s, &regs, &sample);
	} else {
		enum unwind_end end = unwind_frame_pointers(&regs, &memory, sample.pcs, s->options.max_frames, &count);

		sample.cut = end == UNWIND_CUT && s->options.max_frames > 1; /* 1: none were asked for */
		sample.pc_count = (uint32_t)count;
	}
	if (keep_sample(s, &sample))
		t->owed_ns = 0;
}

/* --- stops ----------------------------------------------------------------------------------------- */

static void forget_tracee(struct ptrace_sampler *s, struct tracee *t)
{
	pthread_mutex_lock(&s->lock);
	map_remove(&s->needed, (uint64_t)t->tid);
	pthread_mutex_unlock(&s->lock);
	map_remove(&s->tracees, (uint64_t)t->tid);
	tracee_free(t);
}

/* ptrace(2), "Stopped states": every stop ends with the thread running, or, for a group
 * stop (SIGSTOP, Ctrl-Z), stopped as the user wanted it. */
static void handle_stop(struct ptrace_sampler *s, pid_t tid, int status)
{
	uint64_t *slot = map_find(&s->tracees, (uint64_t)tid);
	struct tracee *t = slot ? (struct tracee *)(uintptr_t)*slot : NULL;
	int signal_number = WSTOPSIG(status), event = status >> 16;

	if (!WIFSTOPPED(status)) { /* exited */
		if (t != NULL)
			forget_tracee(s, t);
		return;
	}
	if (t != NULL && t->interrupted)
		look_at(s, t);
	if (event == PTRACE_EVENT_STOP && signal_number != SIGTRAP)
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
	else
		ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)(event ? 0 : signal_number));
}

/* --- ticks ------------------------------------------------------------------------------------------ */

/* Is it on a CPU, or waiting for one?  And which was its last: fields 3 and 39, proc(5). */
static bool is_running(struct tracee *t)
{
	char text[1024];
	char *p = read_stat(t, text, sizeof(text));

	if (!p)
		return false;

	bool running = p[1] == 'R';

	p = stat_field(p, 39);
	if (p)
		t->cpu = (uint16_t)atoi(p);
	return running;
}

static void look_for_work(struct tracee *t)
{
	uint64_t cpu_ns;

	if (t->interrupted || !read_cpu_ns(t, &cpu_ns) || cpu_ns <= t->cpu_ns)
		return;
	t->owed_ns += cpu_ns - t->cpu_ns;
	t->cpu_ns = cpu_ns;
	if (is_running(t) && ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL) == 0)
		t->interrupted = true;
}

static void tick(struct ptrace_sampler *s)
{
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&s->tracees, &i)) != NULL;)
		look_for_work((struct tracee *)(uintptr_t)slot->value);
	if (!s->options.threads_only && clock_now_ns() >= s->next_scan_ns)
		err_destroy(attach_all(s));
}

/* --- the thread --------------------------------------------------------------------------------------- */

static int tick_signal(void) { return SIGRTMIN + 3; }
static void on_tick(int signal_number) {}

static bool start_ticks(const struct ptrace_sampler *s, timer_t *timer)
{
	struct sigaction action = { .sa_handler = on_tick }; /* no SA_RESTART: it ends wait() */
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = tick_signal() };
	struct timespec period = { (time_t)(s->options.period_ns / 1000000000),
				   (long)(s->options.period_ns % 1000000000) };
	struct itimerspec when = { .it_value = period, .it_interval = period };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, tick_signal());
	event._sigev_un._tid = (int)syscall(SYS_gettid);
	return sigaction(tick_signal(), &action, NULL) == 0 && pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0 &&
	       timer_create(CLOCK_MONOTONIC, &event, timer) == 0 && timer_settime(*timer, 0, &when, NULL) == 0;
}

static void announce(struct ptrace_sampler *s, struct err *err)
{
	pthread_mutex_lock(&s->lock);
	s->attached = true;
	s->err = err;
	pthread_cond_signal(&s->attached_changed);
	pthread_mutex_unlock(&s->lock);
}

static void run(struct ptrace_sampler *s)
{
	int status;

	while (!atomic_load(&s->stop)) {
		pid_t tid = (pid_t)syscall(SYS_wait4, -1, &status, __WALL | __WNOTHREAD, NULL);

		if (tid > 0)
			handle_stop(s, tid, status);
		else if (errno == EINTR)
			tick(s);
		else
			usleep(10000); /* ECHILD: all have ended */
	}
}

static void *sampler_thread(void *user)
{
	struct ptrace_sampler *s = user;
	struct err *err = attach_all(s);
	timer_t timer;

	if (s->tracees.n > 0) {
		err_destroy(err); /* some threads are better than none */
		err = start_ticks(s, &timer) ? NULL : err_errno(errno, "cannot make a timer");
	}
	bool ok = err == NULL && s->tracees.n > 0;

	announce(s, err);
	if (!ok)
		return NULL;
	run(s);
	timer_delete(timer);
	return NULL; /* the kernel detaches from all */
}

/* Two descriptors a thread: as many as we may have without asking anybody. */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

struct err *ptrace_sampler_create(const struct ptrace_sampler_options *options, struct ptrace_sampler **ret)
{
	struct ptrace_sampler *s = mem_calloc(1, sizeof(*s));
	struct err *err;

	s->options = *options;
	if (!s->options.copy_stacks && s->options.max_frames > PTRACE_SAMPLER_MAX_FRAMES)
		s->options.max_frames = PTRACE_SAMPLER_MAX_FRAMES;
	s->pids = mem_calloc(options->pid_count, sizeof(*s->pids));
	memcpy(s->pids, options->pids, options->pid_count * sizeof(*s->pids));
	map_init(&s->tracees);
	map_init(&s->needed);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->attached_changed, NULL);

	raise_files();

	int failed = pthread_create(&s->thread, NULL, sampler_thread, s);

	if (failed) {
		err = err_errno(failed, "cannot start the sampling thread");
	} else {
		pthread_mutex_lock(&s->lock);
		while (!s->attached)
			pthread_cond_wait(&s->attached_changed, &s->lock);
		err = s->err;
		pthread_mutex_unlock(&s->lock);
	}
	if (err) {
		atomic_store(&s->stop, true);
		if (!failed)
			pthread_join(s->thread, NULL);
		s->thread = 0;
		ptrace_sampler_destroy(s);
		return err;
	}
	*ret = s;
	return NULL;
}

void ptrace_sampler_destroy(struct ptrace_sampler *s)
{
	struct map_slot *slot;

	if (s == NULL)
		return;
	atomic_store(&s->stop, true);
	if (s->thread)
		pthread_join(s->thread, NULL); /* at the next tick */
	for (size_t i = 0; (slot = map_next(&s->tracees, &i)) != NULL;)
		tracee_free((struct tracee *)(uintptr_t)slot->value);
	map_deinit(&s->tracees);
	map_deinit(&s->needed);
	for (unsigned i = 0; i < UNWIND_COPIES; i++)
		free(s->copies[i]);
	for (size_t i = 0; i < s->samples.n; i++)
		free(s->samples.v[i]);
	vec_deinit(&s->samples);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->attached_changed);
	free(s->pids);
	free(s);
}

void ptrace_sampler_needed(struct ptrace_sampler *s, pid_t tid, size_t stack_bytes)
{
	uint64_t *slot;

	pthread_mutex_lock(&s->lock);
	slot = map_get(&s->needed, (uint64_t)tid, NULL);
	*slot -= *slot / 16; /* deep ones are remembered for a while */
	if (*slot < stack_bytes)
		*slot = stack_bytes;
	pthread_mutex_unlock(&s->lock);
}

void ptrace_sampler_take(struct ptrace_sampler *s, void (*callback)(void *user, const struct ptrace_sample *),
			 void *user)
{
	VEC(struct ptrace_sample *) taken;

	pthread_mutex_lock(&s->lock);
	memcpy(&taken, &s->samples, sizeof(taken));
	memset(&s->samples, 0, sizeof(s->samples));
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < taken.n; i++) {
		callback(user, taken.v[i]);
		free(taken.v[i]);
	}
	vec_deinit(&taken);
}
