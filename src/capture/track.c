/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads and processes as a recording sees them.
 *
 * The kernel reuses thread ids, and a thread changes what it is: it execs, it renames
 * itself.  Each such life is one `thread` row with an id of its own; `previous` links
 * them.  A row is put when the life begins and again when it ends, so a recording
 * that is killed still knows everybody.
 *
 * A process is forgotten when all its threads are; threads that exited stay for a while
 * (TRACK_GRAVES), because events of theirs may still be in another CPU's ring.  So
 * memory is bounded by the threads alive, not by those that ever were.
 *
 * Somebody never heard of (its fork was lost, or it was there before us) is looked up
 * in /proc once.
 */
#include "capture/track_internal.h"

#include "base/io.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	COMM_MAX = 15,
	PROC_STAT_FLAGS = 9,            /* proc(5): field numbers of /proc/PID/stat */
	PROC_STAT_PPID = 4,
	PROC_STAT_START = 22,           /* in clock ticks since boot */
	TASK_IS_KERNEL_THREAD = 0x00200000, /* PF_KTHREAD, include/linux/sched.h */
};
static const long long OLD_NS = 2000000000;

static struct track_thread *thread_find(const struct track *t, pid_t tid)
{
	uint64_t *slot = map_find(&t->threads, (uint32_t)tid);

	return slot ? (struct track_thread *)(uintptr_t)*slot : NULL;
}

static struct track_process *process_find(const struct track *t, pid_t pid)
{
	uint64_t *slot = map_find(&t->processes, (uint32_t)pid);

	return slot ? (struct track_process *)(uintptr_t)*slot : NULL;
}

/* --- making and forgetting --------------------------------------------------------- */

static void process_forget(struct track *t, struct track_process *p)
{
	if (process_find(t, p->pid) == p)
		map_remove(&t->processes, (uint32_t)p->pid);
	mappings_unref(p->maps);
	free(p);
}

static void thread_forget(struct track *t, struct track_thread *thread)
{
	map_remove(&t->threads, thread->row.tid);
	if (--thread->process->entries == 0)
		process_forget(t, thread->process);
	free(thread);
}

static struct track_process *process_add(struct track *t, pid_t pid, pid_t ppid)
{
	struct track_process *p = mem_calloc(1, sizeof(*p));

	p->pid = pid;
	p->ppid = ppid;
	p->token = ++t->last_token;
	*map_get(&t->processes, (uint32_t)pid, NULL) = (uintptr_t)p;
	t->totals.processes++;
	return p;
}

static void thread_put(struct track *t, struct track_thread *thread)
{
	recorder_side(t->recorder, TYPE_thread, &thread->row);
}

static void thread_end(struct track *t, struct track_thread *thread, uint64_t time_ns)
{
	if (thread->dead)
		return;
	thread->dead = true;
	thread->process->live--;
	thread->row.end_ns = time_ns;
	thread_put(t, thread);
}

static struct track_thread *thread_add(struct track *t, struct track_process *p, pid_t tid,
				       uint32_t comm, uint64_t time_ns)
{
	struct track_thread *old = thread_find(t, tid);

	p->entries++; /* before the old one goes, which may be the last of this process */
	if (old) {    /* its exit was lost, or its grave is still there */
		thread_end(t, old, time_ns);
		thread_forget(t, old);
	}

	struct track_thread *thread = mem_calloc(1, sizeof(*thread));

	thread->process = p;
	thread->row = (struct row_thread){
		.id = ++t->last_thread, .tid = (uint32_t)tid, .pid = (uint32_t)p->pid,
		.ppid = (uint32_t)p->ppid, .start_ns = time_ns, .comm = comm, .exe = p->exe,
		.kernel = p->kernel,
	};
	p->live++;
	t->totals.threads++;
	*map_get(&t->threads, (uint32_t)tid, NULL) = (uintptr_t)thread;
	return thread;
}

/* The same thread under another name or program: the old row ends, a new one begins. */
static void thread_renew(struct track *t, struct track_thread *thread, uint32_t comm,
			 uint64_t time_ns)
{
	uint32_t previous = thread->row.id;

	/* What /proc showed was later than this: it is the same life. */
	if (time_ns > thread->row.start_ns) {
		thread->row.end_ns = time_ns;
		thread_put(t, thread);
		thread->row.id = ++t->last_thread;
		thread->row.previous = previous;
		thread->row.start_ns = time_ns;
		thread->row.end_ns = 0;
	}
	thread->row.comm = comm;
	thread->row.exe = thread->process->exe;
	thread_put(t, thread);
}

void track_set_exe(struct track *t, struct track_process *p, const char *path)
{
	struct track_thread *thread = thread_find(t, p->pid);

	p->exe = recorder_string(t->recorder, path, strlen(path));
	if (thread && thread->process == p && thread->row.exe != p->exe) {
		thread->row.exe = p->exe;
		thread_put(t, thread);
	}
}

/* --- /proc ------------------------------------------------------------------------- */

static uint32_t proc_comm(struct track *t, pid_t pid, pid_t tid)
{
	CLEANUP(str_deinit) struct str comm = { 0 };

	if (t->offline)
		str_printf(&comm, ":%d", tid);
	else
		io_read_comm(pid, tid, &comm);
	return recorder_string(t->recorder, str_text(&comm), comm.length < COMM_MAX ? comm.length : COMM_MAX);
}

/* Field NUMBER (from 3) of /proc/PID/stat; the name before it may hold anything. */
static long long stat_field(const char *stat, unsigned number)
{
	const char *p = strrchr(stat, ')');

	for (unsigned i = 2; p && i < number; i++)
		p = strchr(p + 1, ' ');
	return p ? atoll(p + 1) : 0;
}

/* When a process was born that is older than OLD_NS, on our clock; 0: it is younger, or it can't be told.  Ticks are too
 * coarse for what may have been forked while we look. */
static uint64_t stat_birth_ns(const char *stat, uint64_t now_ns)
{
	struct timespec boot, monotonic;
	long long ticks = stat_field(stat, PROC_STAT_START), tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
	long long birth_ns;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	birth_ns = ticks * tick_ns - (boot.tv_sec - monotonic.tv_sec) * 1000000000LL - (boot.tv_nsec - monotonic.tv_nsec);
	if (ticks <= 0 || birth_ns + OLD_NS > (long long)now_ns)
		return 0;
	return birth_ns > 0 ? (uint64_t)birth_ns : 1; /* before a suspend, or while it started */
}

static bool proc_read_process(struct track *t, struct track_process *p, uint64_t now_ns)
{
	char path[64], exe[4096];
	struct str stat;

	str_init(&stat);
	snprintf(path, sizeof(path), "/proc/%d/stat", p->pid);

	struct err *err = io_read_file(path, 65536, &stat);
	bool there = err == NULL && stat.text != NULL;

	err_destroy(err);
	if (there) {
		p->ppid = (pid_t)stat_field(stat.text, PROC_STAT_PPID);
		p->birth_ns = stat_birth_ns(stat.text, now_ns);
		p->kernel = (stat_field(stat.text, PROC_STAT_FLAGS) & TASK_IS_KERNEL_THREAD) != 0;
		snprintf(path, sizeof(path), "/proc/%d/exe", p->pid);

		ssize_t n = readlink(path, exe, sizeof(exe) - 1);

		if (n > 0)
			p->exe = recorder_string(t->recorder, exe, (size_t)n);
	}
	str_deinit(&stat);
	return there;
}

struct maps_user {
	struct track *track;
	struct track_process *process;
	uint64_t time_ns;
};

static void proc_map(void *user, const struct proc_mapping *m)
{
	struct maps_user *u = user;

	track_map_into(u->track, u->process,
		       &(struct track_mmap){ .addr = m->addr, .size_bytes = m->size_bytes,
					     .offset = m->offset, .inode = m->inode, .dev = m->dev,
					     .path = m->path },
		       u->time_ns);
}

static void proc_read_threads(struct track *t, struct track_process *p, uint64_t time_ns)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", p->pid);

	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		struct track_thread *old = tid > 0 ? thread_find(t, tid) : NULL;

		if (tid <= 0 || (old && !old->dead && old->process == p))
			continue;
		thread_put(t, thread_add(t, p, tid, proc_comm(t, p->pid, tid),
					 tid == p->pid && p->birth_ns ? p->birth_ns : time_ns));
	}
	if (dir)
		closedir(dir);
}

pid_t track_process_of(pid_t tid)
{
	char path[64];
	struct str text;
	pid_t pid = tid;

	str_init(&text);
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	err_destroy(io_read_file(path, 65536, &text));

	const char *line = text.text ? strstr(text.text, "\nTgid:") : NULL;

	if (line)
		pid = (pid_t)atoi(line + 6);
	str_deinit(&text);
	return pid;
}

bool track_process(struct track *t, pid_t pid, uint64_t time_ns)
{
	if (t->offline)
		return false;

	struct track_process *p = process_find(t, pid);
	bool is_new = p == NULL || p->live == 0;

	if (is_new)
		p = process_add(t, pid, 0);
	p->entries++; /* held while we look */
	bool there = proc_read_process(t, p, time_ns);

	if (there) {
		mappings_unref(p->maps);
		p->maps = mappings_create();
		proc_read_threads(t, p, time_ns);
		proc_maps_read(pid, proc_map, &(struct maps_user){ t, p, time_ns });
	}
	if (--p->entries == 0) {
		t->totals.processes -= is_new;
		process_forget(t, p);
	}
	return there;
}

/* --- strangers ---------------------------------------------------------------------- */

/* A thread that is too far into its exit to have an id: one row a process for all. */
static uint32_t thread_exiting(struct track *t, pid_t pid, uint64_t time_ns)
{
	const char *comm = t->offline ? ":-1" : "[exiting]"; /* as perf has it */
	struct track_process *p = process_find(t, pid);
	uint32_t *id = p ? &p->exiting : &t->exiting;

	if (*id == 0) {
		struct row_thread row = {
			.id = ++t->last_thread, .pid = pid > 0 || t->offline ? (uint32_t)pid : 0,
			.tid = t->offline ? (uint32_t)-1 : 0,
			.ppid = p ? (uint32_t)p->ppid : 0, .start_ns = time_ns, .exe = p ? p->exe : 0,
			.comm = recorder_string(t->recorder, comm, strlen(comm)),
		};

		*id = row.id;
		recorder_side(t->recorder, TYPE_thread, &row);
	}
	return *id;
}

static struct track_thread *thread_stranger(struct track *t, pid_t pid, pid_t tid,
					    uint64_t time_ns)
{
	struct track_process *p = process_find(t, pid);

	if (pid > 0 && !p) {
		track_process(t, pid, time_ns);
		p = process_find(t, pid);
	}

	struct track_thread *thread = thread_find(t, tid);

	if (thread && thread->process->pid == pid)
		return thread;
	if (!p) {
		p = process_add(t, pid, 0);
		p->kernel = pid == 0;
	}

	/* 0 is the idle task of each CPU */
	uint32_t comm = tid == 0 ? recorder_string(t->recorder, "swapper", 7) : proc_comm(t, pid, tid);

	if (comm == 0 && (thread = thread_find(t, pid)) != NULL)
		comm = thread->row.comm;
	thread = thread_add(t, p, tid, comm, time_ns);
	thread_put(t, thread);
	return thread;
}

struct track_process *track_borrow_process(struct track *t, pid_t pid, uint64_t time_ns)
{
	struct track_process *p = process_find(t, pid);

	if (!p && pid < 0)
		return process_find(t, 0) ? process_find(t, 0) : thread_stranger(t, 0, 0, time_ns)->process;
	return p ? p : thread_stranger(t, pid, pid, time_ns)->process;
}

uint32_t track_thread(struct track *t, pid_t pid, pid_t tid, uint64_t time_ns)
{
	struct track_thread *thread = thread_find(t, tid);

	if (tid < 0)
		return thread_exiting(t, pid, time_ns);
	if (!thread || thread->process->pid != pid)
		thread = thread_stranger(t, pid, tid, time_ns);
	return thread->row.id;
}

bool track_has_thread(const struct track *t, pid_t pid, pid_t tid)
{
	const struct track_thread *thread = thread_find(t, tid);

	return thread && !thread->dead && thread->process->pid == pid;
}

bool track_is_kernel_thread(const struct track *t, pid_t tid)
{
	const struct track_thread *thread = thread_find(t, tid);

	return thread && thread->row.kernel;
}

/* --- what sources see ---------------------------------------------------------------- */

/* A child starts as its parent is.  One that had this pid before lives on in what is
 * known of its threads. */
static void process_inherit(struct track_process *p, const struct track_process *parent)
{
	p->exe = parent->exe;
	p->kernel = parent->kernel;
	p->token = parent->token;
	p->exec_pending = parent->exec_pending;
	p->anon_module = parent->anon_module;
	p->maps = parent->maps ? mappings_ref(parent->maps) : NULL;
}

static struct track_process *process_fork(struct track *t, pid_t pid, pid_t ppid,
					  struct track_process *parent)
{
	struct track_process *p = process_add(t, pid, ppid);

	if (parent)
		process_inherit(p, parent);
	return p;
}

void track_fork_by(struct track *t, pid_t pid, pid_t ppid, pid_t tid, pid_t parent_tid,
		   uint64_t time_ns)
{
	struct track_process *parent = process_find(t, ppid), *p = parent;
	struct track_thread *known = thread_find(t, tid);

	/* /proc showed it already, because we looked there after this happened; or another source
	 * told of it, which knows nothing of mappings. */
	if (known && known->process->pid == pid && known->row.start_ns >= time_ns) {
		if (pid != ppid && parent && !known->process->maps)
			process_inherit(known->process, parent);
		return;
	}
	if (pid != ppid)
		p = process_fork(t, pid, ppid, parent);
	else if (!p)
		p = track_borrow_process(t, pid, time_ns);

	struct track_thread *by = thread_find(t, parent_tid);

	thread_put(t, thread_add(t, p, tid, by ? by->row.comm : 0, time_ns));
}

void track_fork(struct track *t, pid_t pid, pid_t ppid, pid_t tid, uint64_t time_ns)
{
	track_fork_by(t, pid, ppid, tid, ppid, time_ns);
}

static void process_exec(struct track *t, struct track_process *p)
{
	mappings_unref(p->maps);
	p->maps = NULL;
	p->token = ++t->last_token;
	p->anon_module = 0;
	p->exec_pending = true;
	p->exe = 0;
}

void track_comm(struct track *t, pid_t pid, pid_t tid, const char *comm, bool exec,
		uint64_t time_ns)
{
	uint32_t name = recorder_string(t->recorder, comm, strnlen(comm, COMM_MAX));
	struct track_thread *thread = thread_find(t, tid);

	if (thread && thread->process->pid != pid)
		thread = NULL;
	if (exec && !thread) {
		struct track_process *p = process_find(t, pid);

		if (!p)
			p = process_add(t, pid, 0);
		process_exec(t, p);
		thread_put(t, thread_add(t, p, tid, name, time_ns));
		return;
	}
	if (!thread)
		thread = thread_stranger(t, pid, tid, time_ns);
	if (exec)
		process_exec(t, thread->process);
	if (exec || thread->row.comm != name)
		thread_renew(t, thread, name, time_ns);
}

void track_set_followed(struct track *t) { t->followed = true; }

void track_saw_fork(struct track *t, pid_t pid, pid_t ppid, pid_t tid, pid_t parent_tid, uint64_t time_ns)
{
	struct track_thread *known = thread_find(t, tid), *by = thread_find(t, parent_tid);
	struct track_process *p = process_find(t, pid);

	if (!t->followed) {
		track_fork_by(t, pid, ppid, tid, parent_tid, time_ns);
		return;
	}
	if (known && !known->dead && known->process->pid == pid)
		return;
	if (!p || p->live == 0) {
		p = process_add(t, pid, ppid);
		p->exe = by ? by->process->exe : 0;
	}
	thread_put(t, thread_add(t, p, tid, by ? by->row.comm : 0, time_ns));
}

void track_saw_exec(struct track *t, pid_t pid, pid_t tid, const char *comm, uint64_t since_ns, uint64_t time_ns)
{
	struct track_thread *thread = thread_find(t, tid);

	if (!t->followed) {
		track_comm(t, pid, tid, comm, true, time_ns);
	} else if (thread && thread->process->pid == pid && thread->row.start_ns < since_ns) {
		thread_renew(t, thread, recorder_string(t->recorder, comm, strnlen(comm, COMM_MAX)), time_ns);
	}
}

void track_exit(struct track *t, pid_t pid, pid_t tid, uint64_t time_ns)
{
	struct track_thread *thread = thread_find(t, tid);

	if (!thread || thread->dead || thread->process->pid != pid || thread->row.start_ns > time_ns)
		return;
	thread_end(t, thread, time_ns);

	unsigned at = t->next_grave++ % TRACK_GRAVES;
	struct track_thread *oldest = t->graves[at].tid ? thread_find(t, t->graves[at].tid) : NULL;

	if (oldest && oldest->dead && oldest->row.id == t->graves[at].id)
		thread_forget(t, oldest);
	t->graves[at].tid = tid;
	t->graves[at].id = thread->row.id;
}

void track_mmap(struct track *t, pid_t pid, const struct track_mmap *m, uint64_t time_ns)
{
	track_map_into(t, track_borrow_process(t, pid, time_ns), m, time_ns);
}

uint32_t track_event(struct track *t, const char *name, const char *unit, uint64_t frequency_hz,
		     uint64_t period)
{
	struct row_event row = {
		.id = ++t->last_event, .frequency_hz = frequency_hz, .period = period,
		.name = recorder_string(t->recorder, name, strlen(name)),
		.unit = recorder_string(t->recorder, unit, strlen(unit)),
	};

	recorder_side(t->recorder, TYPE_event, &row);
	return row.id;
}

void track_get_totals(const struct track *t, struct track_totals *ret) { *ret = t->totals; }

/* --- life --------------------------------------------------------------------------- */

static struct track *create(struct recorder *recorder, bool offline)
{
	struct track *t = mem_calloc(1, sizeof(*t));

	t->recorder = recorder;
	t->offline = offline;
	map_init(&t->threads);
	map_init(&t->processes);
	track_modules_init(t);
	track_stacks_init(t);
	return t;
}

struct track *track_create(struct recorder *recorder) { return create(recorder, false); }
struct track *track_create_offline(struct recorder *recorder) { return create(recorder, true); }
void track_set_local(struct track *t) { t->local = true; }

void track_destroy(struct track *t)
{
	struct map_slot *slot;

	if (!t)
		return;
	for (size_t i = 0; (slot = map_next(&t->threads, &i)) != NULL;) {
		struct track_thread *thread = (struct track_thread *)(uintptr_t)slot->value;

		if (--thread->process->entries == 0) {
			mappings_unref(thread->process->maps);
			free(thread->process);
		}
		free(thread);
	}
	map_deinit(&t->threads);
	map_deinit(&t->processes);
	track_stacks_deinit(t);
	track_modules_deinit(t);
	free(t);
}
