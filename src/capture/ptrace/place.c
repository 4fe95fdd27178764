/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tracer follows the thread that nearly all of the last stops were of.  To be bound to its CPU is not enough:
 * when the tracer lets the thread go on, that CPU is busy (with the tracer), and the kernel puts the thread on an
 * idle one.  But a CPU that runs nothing but SCHED_IDLE threads counts as idle (select_idle_sibling() in
 * kernel/sched/fair.c), so the tracer becomes one: the thread stays, and takes the CPU over at once.
 *
 * With others that want that CPU the tracer would come last, and its tracee with it.  So how busy the CPU is
 * with others is looked at, before the tracer goes there and ten times a second from then on; when it is, the tracer is
 * an ordinary thread, anywhere, and tries the next time after twice as long.
 *
 * Most commands are over before anything can be said of a tenth of a second.  So where hardly anybody wants to run at this
 * moment (/proc/loadavg) the tracer goes there at once, and looks from then on.
 */
#include "capture/ptrace/place.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_NS 100000000ULL
#define HOLD_NS 1000000000ULL
#define HOLD_MOST_NS 64000000000ULL
#define FIRST_LOOK_NS 10000000ULL /* a look is worth dozens of stops: not all commands run as long */
#define FOLLOW_EVERY_NS 5000000ULL
enum { WINDOW = 16, OTHERS_IN_IT = 2, GLANCE = 8, OTHERS_MOST = 4 /* a quarter */ };

struct place {
	cpu_set_t before;        /* where the tracer may run */
	unsigned cpus;           /* how many those are */
	int policy_before;
	struct sched_param param_before;
	bool placed;
	int cpu;                 /* where it is, or may go next; -1: nowhere */
	unsigned seen, others;   /* stops in this window; not of `tid` */
	pid_t pid, tid;
	uint64_t followed_ns;
	bool blind;              /* it went there without a look: the next one is the first */
	pid_t looked_tid;
	uint64_t looked_ns, busy_ns, ours_ns; /* as of the last look: the CPU's, the tracer's and tracee's */
	uint64_t not_before_ns, hold_ns;
};

static bool may_go_back(void)
{
	errno = 0;

	int nice = getpriority(PRIO_PROCESS, 0);

	if (errno || nice == -20 || setpriority(PRIO_PROCESS, 0, nice - 1) != 0)
		return false;
	setpriority(PRIO_PROCESS, 0, nice);
	return true;
}

struct place *place_create(void)
{
	struct place *p = mem_calloc(1, sizeof(*p));

	p->hold_ns = HOLD_NS;
	p->cpu = -1;
	p->policy_before = sched_getscheduler(0);
	if (sched_getaffinity(0, sizeof(p->before), &p->before) != 0 || (p->cpus = (unsigned)CPU_COUNT(&p->before)) < 2 ||
	    p->policy_before != SCHED_OTHER || sched_getparam(0, &p->param_before) != 0 || !may_go_back()) {
		free(p);
		return NULL;
	}
	return p;
}

static void leave(struct place *p)
{
	if (!p->placed)
		return;
	p->placed = false;
	sched_setscheduler(0, p->policy_before, &p->param_before);
	sched_setaffinity(0, sizeof(p->before), &p->before);
}

void place_destroy(struct place *p)
{
	if (!p)
		return;
	leave(p);
	free(p);
}

/* --- looking ------------------------------------------------------------------------------ */

/* The beginning of a file of /proc as a string, without a stream's cost: this stands in the way of the tracee. */
static const char *read_beginning(const char *path, char *text, size_t size_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size_bytes - 1) : 0;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The CPU that a thread was last on; -1: it is gone. */
static int cpu_of(pid_t pid, pid_t tid)
{
	enum { AFTER_NAME = 37 }; /* proc(5): processor is field 39, the state behind the name is the third */
	char path[64], text[1024];
	const char *at;
	int cpu = -1;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	at = strrchr(read_beginning(path, text, sizeof(text)), ')');
	for (unsigned i = 0; at && i < AFTER_NAME; i++)
		at = strchr(at + 1, ' ');
	if (at && sscanf(at, "%d", &cpu) != 1)
		cpu = -1;
	return cpu;
}

/* Is there a CPU for everybody who wants one now, and as many again?  Then the tracee has one for itself: that is how the
 * kernel places threads. */
static bool hardly_anybody_runs(const struct place *p)
{
	char text[128];
	unsigned running;

	return sscanf(read_beginning("/proc/loadavg", text, sizeof(text)), "%*s %*s %*s %u/", &running) == 1 &&
	       running <= p->cpus / 2;
}

/* What the CPU was busy with, all in all; 0: it isn't known. */
static uint64_t busy_ns(int cpu)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq;
	uint64_t tick_ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK), busy = 0;
	char line[512], name[24];
	FILE *file = fopen("/proc/stat", "re");

	snprintf(name, sizeof(name), "cpu%d ", cpu);
	while (file && fgets(line, sizeof(line), file) && strncmp(line, "cpu", 3) == 0)
		if (str_starts(line, name) && sscanf(line + strlen(name), "%llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
						     &iowait, &irq, &softirq) == 7)
			busy = (user + nice + system + irq + softirq) * tick_ns;
	if (file)
		fclose(file);
	return busy;
}

static uint64_t thread_ns(pid_t pid, pid_t tid)
{
	char path[64];
	unsigned long long ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%llu", &ns) != 1)
		ns = 0;
	if (file)
		fclose(file);
	return ns;
}

/* Of that CPU.  As long as the tracer is not bound to it, it is most often on another one. */
static uint64_t ours_ns(const struct place *p)
{
	struct timespec own = { 0 };

	if (p->placed)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
	return thread_ns(p->pid, p->tid) + (uint64_t)own.tv_sec * 1000000000 + (uint64_t)own.tv_nsec;
}

static void look(struct place *p, uint64_t now_ns)
{
	p->blind = false;
	p->looked_tid = p->tid;
	p->looked_ns = now_ns;
	p->busy_ns = busy_ns(p->cpu);
	p->ours_ns = ours_ns(p);
}

/* Was the CPU wanted by others since the last look? */
static bool is_crowded(const struct place *p, uint64_t now_ns)
{
	uint64_t busy = busy_ns(p->cpu) - p->busy_ns, ours = ours_ns(p) - p->ours_ns;

	return busy > ours && busy - ours > (now_ns - p->looked_ns) / OTHERS_MOST;
}

/* --- moving ---------------------------------------------------------------------------------- */

static void go(struct place *p)
{
	struct sched_param none = { 0 };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(p->cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		return;
	if (!p->placed && sched_setscheduler(0, SCHED_IDLE, &none) != 0) {
		sched_setaffinity(0, sizeof(p->before), &p->before);
		return;
	}
	p->placed = true;
}

static void give_up(struct place *p, uint64_t now_ns)
{
	leave(p);
	p->cpu = -1;
	p->not_before_ns = now_ns + p->hold_ns;
	p->hold_ns = p->hold_ns < HOLD_MOST_NS ? p->hold_ns * 2 : p->hold_ns;
}

/* Is the place still a good one, or was it one meanwhile? */
static void check(struct place *p, uint64_t now_ns)
{
	if (p->cpu < 0 || now_ns - p->looked_ns < (p->blind ? FIRST_LOOK_NS : LOOK_EVERY_NS))
		return;
	if (!p->blind && p->looked_tid == p->tid && is_crowded(p, now_ns)) {
		give_up(p, now_ns);
		return;
	}
	if (!p->placed)
		go(p);
	look(p, now_ns);
}

/* A CPU is looked at before it is gone to, where somebody else may want it. */
static void come_to(struct place *p, int cpu, uint64_t now_ns)
{
	bool at_once = hardly_anybody_runs(p), moved = cpu != p->cpu;

	if (moved && !at_once)
		leave(p);
	p->cpu = cpu;
	if (at_once) {
		go(p);
		p->blind = true;
		p->looked_ns = now_ns;
	} else if (moved) {
		look(p, now_ns);
	}
}

static void follow(struct place *p, uint64_t now_ns)
{
	int cpu;

	if (now_ns < p->not_before_ns || now_ns - p->followed_ns < FOLLOW_EVERY_NS)
		return;
	p->followed_ns = now_ns;
	cpu = cpu_of(p->pid, p->tid);
	if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &p->before))
		return;
	if (cpu != p->cpu || !p->placed)
		come_to(p, cpu, now_ns);
	check(p, now_ns);
}

static void next_window(struct place *p, pid_t pid, pid_t tid)
{
	if (p->others <= OTHERS_IN_IT) {
		follow(p, clock_now_ns());
	} else {
		leave(p);
		p->cpu = -1;
	}
	p->seen = p->others = 0;
	p->pid = pid;
	p->tid = tid;
}

void place_saw(struct place *p, pid_t pid, pid_t tid)
{
	if (!p)
		return;
	if (!p->tid) {
		p->pid = pid;
		p->tid = tid;
	}
	p->others += tid != p->tid;
	if (++p->seen == WINDOW)
		next_window(p, pid, tid);
	else if (p->placed && p->seen % GLANCE == 0)
		check(p, clock_now_ns());
}
