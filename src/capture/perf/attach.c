/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events for a target.
 *
 * The kernel writes what several CPUs do into one ring only if it must not: an inherited
 * event bound to no CPU can't be mapped.  So there is one event a thread and CPU, and one
 * ring a CPU: its first event owns it, all others are redirected into it.
 *
 * A running process makes threads while we attach to it.  A child of a thread that we
 * have already is inherited; attaching to it too would count it twice; a child of one
 * that we don't have yet would be missed.  The rings tell them apart: an inherited thread
 * was announced there by a FORK record.  So: list the threads, attach, list again, until
 * nobody new is left who was not announced.
 *
 * Where descriptors don't suffice (threads x CPUs), the whole machine is sampled and what
 * belongs to others is left out, if that is permitted.
 */
#include "capture/perf/perf.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "capture/track.h"
#include "record/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	SAMPLE_BYTES = 512,               /* a usual sample with its stack */
	RING_MIN_BYTES = 1 << 20, RING_MAX_BYTES = 32 << 20,
	COPIES_WAKEUP_BYTES = 128 << 10,
	MANY_CPUS = 32,
	ATTACH_ROUNDS = 1000,
	KIND_EVENTS = 1024,               /* more of them slow the target down */
	LEVEL_TELLS = PERF_STACK_LEVELS,
	SPARE_FILES = 256,                /* for everything that is no perf event */
	NEWCOMERS_EVERY_NS = 500000000,
};

/* --- CPUs and rings ---------------------------------------------------------------------- */

/* "0-3,6" */
static void read_cpus(struct perf_session *s)
{
	VEC(int) list = { 0 };
	struct str text;

	str_init(&text);
	err_destroy(io_read_file("/sys/devices/system/cpu/online", 65536, &text));
	for (const char *p = str_text(&text); *p >= '0' && *p <= '9';) {
		char *end;
		long first = strtol(p, &end, 10), last = first;

		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		for (long cpu = first; cpu <= last && cpu < 65536; cpu++)
			vec_push(&list, (int)cpu);
		p = *end == ',' ? end + 1 : end;
	}
	str_deinit(&text);
	for (int cpu = 0; list.n == 0 && cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		vec_push(&list, cpu);
	s->cpu_count = list.n;
	s->cpus = mem_calloc(list.n, sizeof(*s->cpus));
	for (size_t i = 0; i < list.n; i++)
		s->cpus[i] = (struct perf_cpu){ .cpu = list.v[i], .fd = -1, .level = PERF_STACK_FIRST_LEVEL };
	vec_deinit(&list);
}

/* Room for about a second of samples, so that a hiccup of ours loses nothing; a quarter of
 * one where they have copies of the stack, which would be tens of megabytes. */
static size_t choose_ring_pages(const struct perf_session *s)
{
	uint64_t want = s->setup.frequency_hz * s->setup.count * SAMPLE_BYTES;
	uint64_t bytes = s->cpu_count > MANY_CPUS ? RING_MIN_BYTES / 2 : RING_MIN_BYTES;

	if (s->setup.copies_stack)
		want += s->setup.frequency_hz * s->setup.count * perf_stack_bytes(s, PERF_STACK_FIRST_LEVEL) / 4;
	while (bytes < want && bytes < RING_MAX_BYTES)
		bytes *= 2;
	return bytes / (size_t)sysconf(_SC_PAGESIZE);
}

/* Unprivileged rings are bounded (kernel.perf_event_mlock_kb, RLIMIT_MEMLOCK): halve. */
static struct err *map_ring(struct perf_session *s, struct perf_cpu *cpu, int fd)
{
	while (!perf_ring_map(&cpu->ring, fd, s->ring_pages)) {
		if ((errno != EPERM && errno != ENOMEM) || s->ring_pages <= 4)
			return err_fix(err_errno(errno, "cannot map a ring of %zu pages for CPU %d",
						 s->ring_pages, cpu->cpu),
				       "raise kernel.perf_event_mlock_kb or `ulimit -l`");
		s->ring_pages /= 2;
	}
	cpu->fd = fd;
	return NULL;
}

static struct err *direct_to_ring(struct perf_session *s, struct perf_cpu *cpu, int fd)
{
	if (cpu->fd < 0)
		return map_ring(s, cpu, fd);
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, cpu->fd) != 0)
		return err_errno(errno, "cannot direct a perf event into the ring of CPU %d", cpu->cpu);
	return NULL;
}

/* --- one thread ----------------------------------------------------------------------------- */

static struct err *remember_id(struct perf_session *s, int fd, size_t counter)
{
	uint64_t id;

	if (s->setup.count == 1)
		return NULL;
	if (ioctl(fd, PERF_EVENT_IOC_ID, &id) != 0)
		return err_errno(errno, "cannot get the id of a perf event");
	*map_get(&s->ids, id, NULL) = counter;
	return NULL;
}

/* Of several events that differ in their stack copies one is enabled (user_stack.c), and a
 * disabled one tells nothing of mappings and threads either: then an event that never counts
 * does, LEVEL_TELLS. */
static void choose_level(const struct perf_session *s, struct perf_event_attr *attr, unsigned level)
{
	if (level == LEVEL_TELLS) {
		attr->type = PERF_TYPE_SOFTWARE;
		attr->config = PERF_COUNT_SW_DUMMY;
		attr->freq = 0;
		attr->sample_period = 1;
		attr->sample_type &= ~(uint64_t)(PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
						 PERF_SAMPLE_STACK_USER);
		attr->sample_regs_user = attr->sample_stack_user = attr->exclude_callchain_user = 0;
		attr->precise_ip = 0;
		return;
	}
	if (s->setup.copies_stack)
		attr->sample_stack_user = perf_stack_bytes(s, level);
	if (s->stack_levels > 1)
		attr->mmap = attr->mmap2 = attr->build_id = attr->comm = attr->comm_exec = attr->task = 0;
	if (s->stack_levels > 1 && level != PERF_STACK_FIRST_LEVEL)
		attr->disabled = 1;
}

/* ERR_NOT_FOUND: the thread is gone (or the CPU is). */
static struct err *open_one(struct perf_session *s, size_t counter, unsigned level, pid_t pid,
			    struct perf_cpu *cpu, unsigned long flags)
{
	struct perf_event_attr attr = s->setup.counters[counter].attr;
	size_t ring_bytes = s->ring_pages * (size_t)sysconf(_SC_PAGESIZE);

	choose_level(s, &attr, level);
	attr.wakeup_watermark = (uint32_t)(ring_bytes / 4);
	/* soon, so that the size of the copies is soon what this program needs */
	if (s->setup.copies_stack && attr.wakeup_watermark > COPIES_WAKEUP_BYTES)
		attr.wakeup_watermark = COPIES_WAKEUP_BYTES;

	int fd = perf_open(&attr, pid, cpu->cpu, flags);

	if (fd < 0 && (errno == ESRCH || errno == ENODEV))
		return err_new(ERR_NOT_FOUND, "no thread %d or no CPU %d", pid, cpu->cpu);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return err_fix(err_new(ERR_PERMISSION, "may not sample process or thread %d: it is another user's", pid),
			       "run sonde as root or as that user");
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return err_fix(err_errno(errno, "no descriptor left for thread %d on CPU %d", pid, cpu->cpu),
			       "raise the limit on open files: ulimit -n %zu",
			       (s->fds.n + s->cpu_count) * 2);
	if (fd < 0)
		return err_errno(errno, "cannot sample %d on CPU %d", pid, cpu->cpu);
	vec_push(&s->fds, ((struct perf_fd){ fd, cpu->cpu, (unsigned)counter, level }));
	TRY(direct_to_ring(s, cpu, fd));
	return remember_id(s, fd, counter);
}

/* The K-th event of a CPU. */
static struct err *open_nth(struct perf_session *s, size_t k, pid_t pid, struct perf_cpu *cpu,
			    unsigned long flags)
{
	if (s->stack_levels < 2)
		return open_one(s, k, 0, pid, cpu, flags);
	if (k == 0)
		return open_one(s, 0, LEVEL_TELLS, pid, cpu, flags);
	k--;
	return open_one(s, k / s->stack_levels, (unsigned)(k % s->stack_levels), pid, cpu, flags);
}

static struct err *attach_task(struct perf_session *s, pid_t tid, unsigned long flags)
{
	size_t events = s->stack_levels < 2 ? s->setup.count : 1 + s->setup.count * s->stack_levels;

	for (size_t i = 0; i < s->cpu_count; i++)
		for (size_t k = 0; k < events; k++) {
			struct err *err = open_nth(s, k, tid, &s->cpus[i], flags);

			/* a thread that ends, or a CPU that goes offline, while we come */
			if (err_is(err, ERR_NOT_FOUND) && (tid == -1 || i + k == 0)) {
				err_destroy(err);
				if (tid == -1)
					break;
				return NULL;
			}
			if (err_is(err, ERR_NOT_FOUND)) {
				err_destroy(err);
				continue;
			}
			TRY(err);
		}
	return NULL;
}

/* --- a process with its threads --------------------------------------------------------------- */

/* Threads that the rings announced: they came with events of their own. */
static void collect_inherited(struct perf_session *s, struct map *inherited)
{
	const struct perf_event_header *record;

	for (size_t i = 0; i < s->cpu_count; i++) {
		if (s->cpus[i].fd < 0)
			continue;

		struct perf_ring look = s->cpus[i].ring; /* a copy: nothing is taken out */

		perf_ring_refresh(&look);
		while ((record = perf_ring_peek(&look)) != NULL) {
			uint32_t id[4]; /* pid, ppid, tid, ptid */

			if (record->type == PERF_RECORD_FORK &&
			    record->size >= sizeof(*record) + sizeof(id)) {
				memcpy(id, record + 1, sizeof(id));
				map_get(inherited, id[2], NULL);
			}
			look.tail += record->size;
		}
	}
}

/* A VEC. */
struct tid_list {
	pid_t *v;
	size_t n, cap;
};

static bool list_threads(pid_t pid, struct map *known, struct tid_list *list)
{
	char path[32];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);

	DIR *dir = opendir(path);

	if (!dir)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (tid > 0 && !map_find(known, (uint32_t)tid))
			vec_push(list, tid);
	}
	closedir(dir);
	return true;
}

/* As many descriptors as THREADS need; false when the limit can't be raised that far. */
static bool raise_files(const struct perf_session *s, size_t threads)
{
	uint64_t need = s->fds.n + threads * s->cpu_count * s->setup.count + SPARE_FILES;
	struct rlimit limit;

	if (perf_test_deny("perf-fds"))
		return threads * s->cpu_count <= 64;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return true;

	struct rlimit raised = limit;

	raised.rlim_cur = (rlim_t)need;
	if (raised.rlim_max < raised.rlim_cur)
		raised.rlim_max = raised.rlim_cur;
	return setrlimit(RLIMIT_NOFILE, &raised) == 0;
}

/* One round: those seen in /proc, neither attached nor announced. */
static struct err *attach_listed(struct perf_session *s, const pid_t *tids, size_t count,
				 struct map *known, bool *any)
{
	struct map inherited;

	map_init(&inherited);
	collect_inherited(s, &inherited);
	struct err *err = NULL;

	for (size_t i = 0; i < count && !err; i++) {
		map_get(known, (uint32_t)tids[i], NULL);
		if (map_find(&inherited, (uint32_t)tids[i]))
			continue;
		*any = true;
		err = attach_task(s, tids[i], 0);
	}
	map_deinit(&inherited);
	return err;
}

/* ERR_LIMIT when there are more threads than descriptors. */
static struct err *attach_process(struct perf_session *s, pid_t pid)
{
	struct tid_list list = { 0 };
	struct map known;
	struct err *err = NULL;
	bool any = true;

	map_init(&known);
	for (unsigned round = 0; round < ATTACH_ROUNDS && any && !err; round++) {
		vec_clear(&list);
		any = false;
		if (!list_threads(pid, &known, &list) && round == 0)
			err = err_new(ERR_NOT_FOUND, "process %d has ended", pid);
		else if (!raise_files(s, list.n))
			err = err_new(ERR_LIMIT, "process %d has %zu threads, more than files may be opened",
				      pid, list.n);
		else if (list.n) {
			/* who is announced a moment late must not be taken for a stranger */
			if (round)
				nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
			err = attach_listed(s, list.v, list.n, &known, &any);
		}
	}
	vec_deinit(&list);
	map_deinit(&known);
	return err;
}

/* --- targets ------------------------------------------------------------------------------------ */

static struct err *attach_machine(struct perf_session *s)
{
	s->stack_levels = s->setup.copies_stack ? PERF_STACK_LEVELS : 1;
	raise_files(s, 1 + s->stack_levels);
	for (size_t k = 0; k < s->setup.count; k++) {
		struct perf_event_attr *attr = &s->setup.counters[k].attr;

		attr->inherit = attr->disabled = attr->enable_on_exec = 0;
	}
	return err_wrap(attach_task(s, -1, 0), "the whole machine");
}

static void restore_attrs(struct perf_session *s, const struct perf_event_attr *attrs)
{
	s->stack_levels = 1;
	for (size_t k = 0; k < s->setup.count; k++)
		s->setup.counters[k].attr = attrs[k];
}

/* All CPUs, and keep what belongs to the pids.  False, with nothing attached, when that is
 * not permitted. */
static bool attach_filtered(struct perf_session *s, const char *why)
{
	const struct capture_request *request = s->capture.request;

	struct perf_event_attr attrs[PERF_EVENTS_MAX];

	for (size_t k = 0; k < s->setup.count; k++)
		attrs[k] = s->setup.counters[k].attr;
	perf_detach(s);
	read_cpus(s);

	struct err *err = attach_machine(s);

	if (err) {
		log_debug("%s", err_message(err));
		err_destroy(err);
		perf_detach(s);
		read_cpus(s);
		restore_attrs(s, attrs);
		return false;
	}
	if (why)
		log_note("%s: sampling all CPUs and keeping what is theirs", why);
	s->filter = true;
	if (request->target == CAPTURE_COMMAND)
		s->awaited = request->pids[0];
	for (size_t i = 0; !s->awaited && i < request->pid_count; i++)
		map_get(&s->filter_pids, (uint32_t)request->pids[i], NULL);
	return true;
}

static size_t count_threads(const struct capture_request *request)
{
	struct tid_list list = { 0 };
	struct map none;

	map_init(&none);
	for (size_t i = 0; i < request->pid_count; i++)
		list_threads(request->pids[i], &none, &list);

	size_t count = list.n;

	vec_deinit(&list);
	return count;
}

/* Events of many threads are a burden for the target: each wake-up and each thread's end
 * walks them all in the kernel (5,000 threads took 10 s longer to end). */
static bool attach_kindly(struct perf_session *s)
{
	char why[100];
	size_t threads = count_threads(s->capture.request), events = threads * s->cpu_count;

	if (events <= KIND_EVENTS)
		return false;
	snprintf(why, sizeof(why), "%zu threads on %zu CPUs would take %zu events", threads, s->cpu_count,
		 events);
	return attach_filtered(s, why);
}

static struct err *attach_pids(struct perf_session *s)
{
	const struct capture_request *request = s->capture.request;

	if (attach_kindly(s))
		return NULL;
	for (size_t i = 0; i < request->pid_count; i++) {
		struct err *err = attach_process(s, request->pids[i]);

		if (err_is(err, ERR_LIMIT) && attach_filtered(s, err_message(err))) {
			err_destroy(err);
			return NULL;
		}
		if (err_is(err, ERR_LIMIT))
			err = err_fix(err, "raise the limit on open files (ulimit -n), or run sonde as root");
		TRY(err);
	}
	return NULL;
}

static struct err *check_pids(const struct capture_request *request)
{
	bool threads = request->target == CAPTURE_TIDS;

	for (size_t i = 0; i < request->pid_count; i++)
		if (kill(request->pids[i], 0) != 0 && errno == ESRCH)
			return err_fix(err_new(ERR_NOT_FOUND, "no %s %d", threads ? "thread" : "process",
					       request->pids[i]),
				       threads ? "ps -eL lists them" : "ps -e lists them");
	return NULL;
}

static struct err *attach_tids(struct perf_session *s)
{
	const struct capture_request *request = s->capture.request;

	raise_files(s, request->pid_count);
	for (size_t i = 0; i < request->pid_count; i++)
		TRY(attach_task(s, request->pids[i], 0));
	return NULL;
}

static void track_member(void *user, pid_t pid)
{
	struct perf_session *s = user;

	track_process(s->capture.track, pid, clock_now_ns());
}

static void attach_member(void *user, pid_t pid)
{
	struct perf_session *s = user;
	bool is_new;

	map_get(&s->attached, (uint32_t)pid, &is_new);
	if (!is_new || pid == getpid())
		return;
	err_destroy(attach_process(s, pid)); /* it may have ended, or be another user's */
	track_member(s, pid);
}

/* Perf follows groups of version 2 and of its own hierarchy, if the kernel was built so. */
static bool attach_group(struct perf_session *s, int dir)
{
	for (size_t k = 0; k < s->setup.count; k++)
		s->setup.counters[k].attr.inherit = 0;

	struct err *err = attach_task(s, dir, PERF_FLAG_PID_CGROUP);

	if (!err && s->fds.n)
		return true;
	log_debug("control group by perf: %s", err ? err_message(err) : "no CPU");
	err_destroy(err);
	perf_detach(s);
	read_cpus(s);
	for (size_t k = 0; k < s->setup.count; k++)
		s->setup.counters[k].attr.inherit = 1;
	return false;
}

static struct err *attach_cgroup(struct perf_session *s)
{
	struct recorder *r = s->capture.recorder;

	TRY(perf_cgroup_find(s->capture.request->cgroup_path, &s->cgroup_dir));

	CLEANUP(io_closep) int dir = open(s->cgroup_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0 && attach_group(s, dir)) {
		perf_cgroup_processes(s->cgroup_dir, track_member, s);
		free(s->cgroup_dir);
		s->cgroup_dir = NULL;
		return NULL;
	}
	perf_cgroup_processes(s->cgroup_dir, attach_member, s);
	if (s->fds.n == 0)
		return err_fix(err_new(ERR_NOT_FOUND, "no process in control group %s that may be sampled",
				       s->cgroup_dir),
			       "start something in it first");
	log_note("this kernel has no perf events for control group %s: its processes are followed one by one",
		 s->cgroup_dir);
	recorder_missing(r, "processes that join the control group and leave within half a second",
			 "this kernel has no perf events for that control group", NULL);
	return NULL;
}

void perf_attach_newcomers(struct perf_session *s, uint64_t now_ns)
{
	if (!s->cgroup_dir || now_ns - s->cgroup_seen_ns < NEWCOMERS_EVERY_NS)
		return;
	s->cgroup_seen_ns = now_ns;
	perf_cgroup_processes(s->cgroup_dir, attach_member, s);
}

/* --- a command ---------------------------------------------------------------------------- */

static void take(struct perf_session *s, pid_t pid)
{
	map_get(&s->filter_pids, (uint32_t)pid, NULL);
	perf_bpf_forked(s, pid);
}

void perf_take_awaited(struct perf_session *s)
{
	take(s, s->awaited);
	s->awaited = 0;
}

static bool has_execed(pid_t pid)
{
	char path[64];
	struct stat ours, its;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat("/proc/self/exe", &ours) == 0 && stat(path, &its) == 0 &&
	       (ours.st_ino != its.st_ino || ours.st_dev != its.st_dev);
}

static void take_children(struct perf_session *s, pid_t pid, pid_t tid, uint64_t time_ns);

/* Whom it started before it was taken, and they: of them only /proc tells now. */
static void take_descendants(struct perf_session *s, pid_t pid, uint64_t time_ns)
{
	struct tid_list threads = { 0 };
	struct map none;

	map_init(&none);
	list_threads(pid, &none, &threads);
	for (size_t i = 0; i < threads.n; i++)
		take_children(s, pid, threads.v[i], time_ns);
	vec_deinit(&threads);
}

static void take_children(struct perf_session *s, pid_t pid, pid_t tid, uint64_t time_ns)
{
	char path[64], *at, *end;
	CLEANUP(str_deinit) struct str list = { 0 };

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
	err_destroy(io_read_file(path, 1 << 20, &list));
	at = list.text;
	for (pid_t child; at && (child = (pid_t)strtol(at, &end, 10)) > 0; at = end) {
		if (map_find(&s->filter_pids, (uint32_t)child))
			continue;
		take(s, child);
		track_process(s->capture.track, child, time_ns);
		take_descendants(s, child, time_ns);
	}
}

/*
 * On a busy machine the rings can be full of others' samples before the command's exec has its record.  It runs another
 * program than ours, then, and all records up to CUTOFF, before which that was seen, have not told of it.
 */
void perf_look_for_awaited(struct perf_session *s, uint64_t cutoff, bool last)
{
	static const char why[] = "the record of its exec was lost: the ring was full of others' samples";
	static const char fix[] = "--clock thread, which samples nobody else; or a lower -F";
	const char *what = "the command's first samples";
	pid_t pid = s->awaited;

	if (!pid || !s->lost_seen)
		return;
	if (!s->execed_ns && !last) {
		s->execed_ns = has_execed(pid) ? clock_now_ns() : 0;
		return;
	}
	if (cutoff <= s->execed_ns)
		return;
	if (!track_process(s->capture.track, pid, s->execed_ns))
		what = "the command's samples";
	perf_take_awaited(s);
	if (!last) /* else nothing more comes of them */
		take_descendants(s, pid, s->execed_ns);
	log_note("%s are not there: %s (%s)", what, why, fix);
	recorder_missing(s->capture.recorder, what, why, fix);
}

/* --- which way ---------------------------------------------------------------------------------- */

/* Does every event count time?  Only then a CPU's count is about its threads: by
 * frequency, page faults of all the machine would set how often this process's are seen. */
static bool only_clocks(const struct perf_session *s)
{
	for (size_t k = 0; k < s->setup.count; k++) {
		const struct perf_event_attr *attr = &s->setup.counters[k].attr;
		bool software_clock = attr->type == PERF_TYPE_SOFTWARE &&
				      (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
				       attr->config == PERF_COUNT_SW_TASK_CLOCK);
		bool cycles = attr->type == PERF_TYPE_HARDWARE &&
			      attr->config == PERF_COUNT_HW_CPU_CYCLES;

		if (!software_clock && !cycles)
			return false;
	}
	return true;
}

/* By the clocks of the CPUs, when asked for, or when that is permitted and no burden: on
 * a machine of many CPUs it would wake all of them to look at one process. */
static struct err *attach_by_cpu(struct perf_session *s, bool *done)
{
	const struct capture_request *request = s->capture.request;
	bool asked = request->clock == CAPTURE_CLOCK_CPU;

	*done = false;
	if (request->target != CAPTURE_COMMAND && request->target != CAPTURE_PIDS)
		return NULL;
	if (request->clock == CAPTURE_CLOCK_THREAD || (!asked && (s->cpu_count > MANY_CPUS || !only_clocks(s))))
		return NULL;
	*done = attach_filtered(s, NULL);
	if (*done || !asked)
		return NULL;
	return err_fix(err_new(ERR_PERMISSION, "may not sample all CPUs, as --clock cpu asks"),
		       "run sonde as root, or sudo sysctl kernel.perf_event_paranoid=-1");
}

struct err *perf_attach(struct perf_session *s)
{
	bool done;

	read_cpus(s);
	s->ring_pages = choose_ring_pages(s);
	TRY(check_pids(s->capture.request));
	TRY(attach_by_cpu(s, &done));
	if (done)
		return NULL;
	switch (s->capture.request->target) {
	case CAPTURE_COMMAND:
		return attach_tids(s);
	case CAPTURE_PIDS:
		return attach_pids(s);
	case CAPTURE_TIDS:
		return attach_tids(s);
	case CAPTURE_CGROUP:
		return attach_cgroup(s);
	case CAPTURE_ALL:
		return attach_machine(s);
	}
	return err_new(ERR_INTERNAL, "unknown capture target");
}

void perf_detach(struct perf_session *s)
{
	for (size_t i = 0; i < s->cpu_count; i++)
		perf_ring_unmap(&s->cpus[i].ring);
	for (size_t i = 0; i < s->fds.n; i++)
		close(s->fds.v[i].fd);
	vec_deinit(&s->fds);
	free(s->cpus);
	s->cpus = NULL;
	s->cpu_count = 0;
}

void perf_read_counters(struct perf_session *s)
{
	uint64_t value[2]; /* count, lost */

	for (size_t i = 0; i < s->setup.count; i++)
		s->setup.counters[i].counted = s->setup.counters[i].lost = 0;
	for (size_t i = 0; i < s->fds.n; i++) {
		struct perf_counter *c = &s->setup.counters[s->fds.v[i].counter];
		ssize_t n = read(s->fds.v[i].fd, value, sizeof(value));

		if (n >= (ssize_t)sizeof(*value))
			c->counted += value[0];
		if (n == (ssize_t)sizeof(value))
			c->lost += value[1];
	}
}
