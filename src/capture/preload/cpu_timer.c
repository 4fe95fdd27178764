/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source "cpu-timer": where CPU time goes, for a command and all that it starts,
 * without any privilege.  The samples are taken inside the programs by a preloaded agent
 * (lib/sonde-cpu-timer.c says how) and come through a shared file in the recording's
 * directory; here they become rows.
 *
 * Samples come as registers and the top of the stack (-g auto and dwarf), and are unwound here by
 * the CFI of the program's files; or as addresses that the agent found by frame pointers.
 *
 * The kernel tells us nothing: that processes started, forked and ended is what the
 * agents log, and that one has died without a word is found by asking for it at each
 * drain.  Modules come from the agent with the first sample of a program; addresses in
 * none of them (a library loaded since, code made at run time) are looked up in
 * /proc/PID/maps while the process lives.
 */
#include "capture/sources.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/libexec.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "base/vec.h"
#include "capture/preload/ring_reader.h"
#include "capture/source.h"
#include "capture/stack_counts.h"
#include "capture/track.h"
#include "event/types.h"
#include "module/mapping.h"
#include "module/module.h"
#include "record/recorder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define AGENT_FILE LIBEXEC_CPU_TIMER
#define RING_FILE ".cpu-timer"
#define SHORT_PROGRAM_NS UINT64_C(2000000) /* of CPU time: what a program needs to start and end */
#define MAPS_AGAIN_NS UINT64_C(100000000) /* /proc/PID/maps is read no more often */

enum {
	SAME_STACK_BYTES = 8 << 20,   /* what is wanted further away is another stack's */
	AGENT_FRAME_DEPTH = 5,        /* its frame is one of so many outermost ones */
};

struct range {
	uint64_t lo, hi;
};

struct sampled_process {
	pid_t pid;
	uint64_t maps_read_ns, exit_ns;
	VEC(struct range) mapped; /* what the tracker knows of it */
};

struct cpu_timer {
	struct capture capture;
	struct ring_reader *ring;
	uint64_t period_ns;
	uint32_t max_frames;
	uint16_t event_id;
	struct map processes;       /* pid -> struct sampled_process * */
	struct stack_counts stack_counts;
	struct ring_losses reported;
	uint64_t started, sampled;  /* programs that the agent was in; samples */
	uint64_t seen_ns;           /* what the samples stand for */
};

/* --- where the agent is ---------------------------------------------------------------------- */

static struct err *check_agent(char **ret)
{
	char *agent = libexec_find(AGENT_FILE);

	*ret = NULL;
	if (agent == NULL)
		return err_fix(err_new(ERR_NOT_FOUND, "%s is not where sonde is installed", AGENT_FILE),
			       "install sonde completely (make install)");
	if (strpbrk(agent, " :$") != NULL) { /* ld.so(8): these separate and expand */
		struct err *err = err_new(ERR_UNSUPPORTED, "%s: the dynamic linker cannot preload a file whose "
					  "path has a space, a colon or a dollar sign", agent);

		free(agent);
		return err_fix(err, "install sonde below another directory");
	}
	*ret = agent;
	return NULL;
}

static struct err *probe(const struct capture_request *request)
{
	char *agent;

	if (request->target != CAPTURE_COMMAND)
		return err_fix(err_new(ERR_UNSUPPORTED,
				       "sampling without privilege works for a command that sonde starts"),
			       "or without any right record one command: sonde record -- COMMAND");
	TRY(check_agent(&agent));
	free(agent);
	return NULL;
}

static bool has_event(const char *name) { return strcmp(name, "cpu-time") == 0; }

/* --- the command's environment ------------------------------------------------------------------ */

/* Put NAME=VALUE, replacing.  VALUE is taken over. */
static void env_put(char ***env, const char *name, char *assignment)
{
	size_t length = strlen(name), count = 0;

	for (; (*env)[count] != NULL; count++) {
		if (strncmp((*env)[count], name, length) == 0 && (*env)[count][length] == '=') {
			free((*env)[count]);
			(*env)[count] = assignment;
			return;
		}
	}
	*env = mem_realloc(*env, (count + 2) * sizeof(**env));
	(*env)[count] = assignment;
	(*env)[count + 1] = NULL;
}

static const char *env_get(char **env, const char *name)
{
	size_t length = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
			return *env + length + 1;
	return NULL;
}

/* Absolute: the programs change their directories. */
static char *ring_path(const char *recording_path)
{
	char cwd[4096];

	if (recording_path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		return mem_printf("%s/" RING_FILE, recording_path);
	return mem_printf("%s/%s/" RING_FILE, cwd, recording_path);
}

static struct err *prepare_command(const struct capture_request *request, const char *recording_path,
				   char ***env)
{
	char *agent;

	TRY(check_agent(&agent));

	const char *preload = env_get(*env, "LD_PRELOAD"), *asan = env_get(*env, "ASAN_OPTIONS");
	CLEANUP(mem_freep) char *path = ring_path(recording_path);

	env_put(env, "LD_PRELOAD",
		preload && preload[0] ? mem_printf("LD_PRELOAD=%s:%s", agent, preload)
				      : mem_printf("LD_PRELOAD=%s", agent));
	env_put(env, AGENT_RING_ENV, mem_printf(AGENT_RING_ENV "=%s", path));
	/* AddressSanitizer refuses to run when anything is loaded before it. */
	env_put(env, "ASAN_OPTIONS", mem_printf("ASAN_OPTIONS=verify_asan_link_order=0%s%s",
						asan && asan[0] ? ":" : "", asan ? asan : ""));
	free(agent);
	return NULL;
}

/* --- processes --------------------------------------------------------------------------------------- */

static struct sampled_process *process_of(struct cpu_timer *s, uint32_t pid, bool *is_new)
{
	uint64_t *slot = map_get(&s->processes, pid, is_new);

	if (*is_new) {
		struct sampled_process *p = mem_calloc(1, sizeof(*p));

		p->pid = (pid_t)pid;
		*slot = (uintptr_t)p;
	}
	return (struct sampled_process *)(uintptr_t)*slot;
}

static void process_free(struct sampled_process *p)
{
	vec_deinit(&p->mapped);
	free(p);
}

static bool is_mapped(const struct sampled_process *p, uint64_t addr)
{
	for (size_t i = p->mapped.n; i-- > 0;)
		if (addr - p->mapped.v[i].lo < p->mapped.v[i].hi - p->mapped.v[i].lo)
			return true;
	return false;
}

struct maps_user {
	struct cpu_timer *source;
	struct sampled_process *process;
	uint64_t time_ns;
};

static void add_mapping(void *user, const struct proc_mapping *m)
{
	struct maps_user *u = user;

	if (!m->executable || is_mapped(u->process, m->addr))
		return;
	track_mmap(u->source->capture.track, u->process->pid,
		   &(struct track_mmap){ .addr = m->addr, .size_bytes = m->size_bytes, .offset = m->offset,
					 .inode = m->inode, .dev = m->dev, .path = m->path },
		   u->time_ns);
	vec_push(&u->process->mapped, ((struct range){ m->addr, m->addr + m->size_bytes }));
}

/* The agent told of what was there at the start; the rest /proc knows.  False: it was asked just now. */
static bool read_maps(struct cpu_timer *s, struct sampled_process *p, uint64_t time_ns)
{
	uint64_t now = clock_now_ns();

	if (now - p->maps_read_ns < MAPS_AGAIN_NS)
		return false;
	p->maps_read_ns = now;
	proc_maps_read(p->pid, add_mapping, &(struct maps_user){ s, p, time_ns });
	return true;
}

static void map_what_is_missing(struct cpu_timer *s, struct sampled_process *p, const struct agent_sample *sample)
{
	bool missing = false;

	for (size_t i = 0; i < sample->pc_count && !missing; i++)
		missing = !is_mapped(p, sample->pcs[i]);
	if (missing)
		read_maps(s, p, sample->record.time_ns);
}

/* --- copies of stacks --------------------------------------------------------------------------------- */

static void parts_of(const struct agent_copy *c, struct unwind_copies *ret)
{
	const uint8_t *bytes = c->bytes;

	ret->count = 0;
	for (unsigned i = 0; i < AGENT_PARTS && (i == 0 || c->parts[i].size_bytes); i++) {
		ret->parts[ret->count++] = (struct unwind_copy){ .bytes = bytes, .sp = c->parts[i].addr,
								 .size_bytes = c->parts[i].size_bytes,
								 .limit_bytes = SAME_STACK_BYTES };
		bytes += c->parts[i].size_bytes;
	}
}

/* The frame in which the agent started the thread is nobody's business. */
static size_t leave_out_agent(struct cpu_timer *s, struct sampled_process *p, uint64_t *pcs, size_t count)
{
	for (size_t i = count; i-- > 1 && i + AGENT_FRAME_DEPTH > count;) {
		struct module_key key;

		if (!track_module_key(s->capture.track, track_module_at(s->capture.track, p->pid, pcs[i] - 1), &key) ||
		    !key.path || !str_ends(key.path, "/" AGENT_FILE))
			continue;
		memmove(&pcs[i], &pcs[i + 1], (count - i - 1) * sizeof(*pcs));
		return count - 1;
	}
	return count;
}

/* Where a stack was longer than its copy nobody knows how long it is: the next one is twice that. */
static void tell_needed(struct cpu_timer *s, const struct ring_item *item, const struct unwind_copies *copies)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < copies->count; i++) {
		const struct unwind_copy *p = &copies->parts[i];
		uint64_t needed = p->is_short && p->needed_bytes < p->size_bytes * 2 ? p->size_bytes * 2 : p->needed_bytes;

		bytes = needed > bytes ? needed : bytes;
	}
	ring_reader_needed(s->ring, item, bytes);
}

static bool may_lack_maps(const struct unwind_result *r)
{
	return r->end == UNWIND_BROKEN && (r->why == UNWIND_WHY_NO_CODE || r->why == UNWIND_WHY_NO_CFI);
}

/* Into PCS, of max_frames; returns how many. */
static size_t unwind_sample(struct cpu_timer *s, struct sampled_process *p, const struct ring_item *item,
			    uint64_t *pcs, uint8_t *flags)
{
	const struct agent_copy *c = (const struct agent_copy *)item->sample;
	struct unwind_full all = { .known = c->known };
	struct unwind_copies copies;
	struct unwind_memory memory = { unwind_copies_read, &copies };
	struct unwind_copy sum;
	struct unwind_result result;
	struct track_unwind unwind;
	struct unwind_regs regs;

	memcpy(all.value, c->registers, sizeof(c->registers));
	if (!unwind_regs_from(&all, false, &regs))
		return 0;
	for (bool again = false;; again = true) {
		parts_of(c, &copies);
		track_unwind_begin(s->capture.track, p->pid, &unwind);
		unwind_stack(&regs, &memory, &unwind.space,
			     s->capture.request->stacks == CAPTURE_STACK_DWARF ? UNWIND_NO_GUESS : 0, pcs,
			     s->max_frames, &result);
		if (again || !may_lack_maps(&result) || !read_maps(s, p, item->time_ns))
			break;
	}
	sum = unwind_copies_sum(&copies);
	stack_counts_add(&s->stack_counts, &result, &sum, flags);
	tell_needed(s, item, &copies);
	return item->tid != item->pid ? leave_out_agent(s, p, pcs, result.count) : result.count;
}

/* --- items -------------------------------------------------------------------------------------------- */

static void take_log(struct cpu_timer *s, const struct agent_log_entry *e)
{
	struct track *t = s->capture.track;
	bool is_new;
	struct sampled_process *p = process_of(s, e->pid, &is_new);

	if (e->kind == AGENT_LOG_EXIT) {
		p->exit_ns = e->time_ns;
		return;
	}
	vec_clear(&p->mapped);
	p->maps_read_ns = p->exit_ns = 0;
	if (is_new)
		track_fork(t, (pid_t)e->pid, (pid_t)e->ppid, (pid_t)e->tid, e->time_ns);
	if (e->kind == AGENT_LOG_START) {
		track_comm(t, (pid_t)e->pid, (pid_t)e->tid, e->comm, true, e->time_ns);
		s->started++;
	}
}

static void take_module(struct cpu_timer *s, const struct ring_item *item)
{
	const struct agent_module *m = item->module;
	bool is_new;
	struct sampled_process *p = process_of(s, item->pid, &is_new);

	track_mmap(s->capture.track, (pid_t)item->pid,
		   &(struct track_mmap){ .addr = m->addr, .size_bytes = m->size_bytes, .offset = m->offset,
					 .build_id = m->build_id_size ? m->build_id : NULL,
					 .build_id_size = m->build_id_size, .path = m->path },
		   item->time_ns);
	vec_push(&p->mapped, ((struct range){ m->addr, m->addr + m->size_bytes }));
}

static uint8_t flags_of(const struct agent_sample *sample)
{
	if (sample->record.flags & AGENT_STACK_COPIED)
		return 0; /* known when it is unwound */
	return sample->pc_count == 0 ? SAMPLE_NO_USER_STACK
				     : sample->record.flags & AGENT_STACK_CUT ? SAMPLE_STACK_CUT : 0;
}

static void take_sample(struct cpu_timer *s, const struct ring_item *item)
{
	const struct agent_sample *sample = item->sample;
	bool is_new;
	struct sampled_process *p = process_of(s, item->pid, &is_new);
	struct row_sample row = {
		.time_ns = item->time_ns,
		.period = sample->count * s->period_ns,
		.cpu = sample->cpu,
		.event = s->event_id,
		.mode = SAMPLE_USER,
		.flags = flags_of(sample),
	};
	uint64_t pcs[AGENT_MAX_FRAMES];
	const uint64_t *addrs = pcs;
	size_t count = sample->pc_count;

	row.thread = track_thread(s->capture.track, p->pid, (pid_t)item->tid, item->time_ns);
	if (sample->record.flags & AGENT_STACK_COPIED) {
		count = unwind_sample(s, p, item, pcs, &row.flags);
	} else {
		map_what_is_missing(s, p, sample);
		addrs = sample->pcs;
	}
	row.stack = track_stack(s->capture.track, p->pid, addrs, count, 0, true);
	recorder_row(s->capture.stream, TYPE_sample, &row);
	s->sampled++;
	s->seen_ns += row.period;
}

static void take_item(void *user, const struct ring_item *item)
{
	switch (item->kind) {
	case RING_LOG:
		take_log(user, item->log);
		break;
	case RING_MODULE:
		take_module(user, item);
		break;
	case RING_SAMPLE:
		take_sample(user, item);
		break;
	}
}

/* --- after each drain ------------------------------------------------------------------------------------ */

static void bury_the_dead(struct cpu_timer *s, bool last)
{
	VEC(uint64_t) dead = { 0 };
	struct map_slot *slot;
	uint64_t now = clock_now_ns();

	for (size_t i = 0; (slot = map_next(&s->processes, &i)) != NULL;) {
		struct sampled_process *p = (struct sampled_process *)(uintptr_t)slot->value;
		bool gone = kill(p->pid, 0) != 0 && errno == ESRCH;

		if (!gone && !(last && p->exit_ns != 0))
			continue;
		track_exit(s->capture.track, p->pid, p->pid, p->exit_ns ? p->exit_ns : now);
		vec_push(&dead, slot->key);
		process_free(p);
	}
	for (size_t i = 0; i < dead.n; i++)
		map_remove(&s->processes, dead.v[i]);
	vec_deinit(&dead);
}

static void report_losses(struct cpu_timer *s)
{
	struct ring_losses now;

	ring_reader_losses(s->ring, &now);
	if (now.samples > s->reported.samples)
		recorder_lost(s->capture.stream, "cpu-timer", "the agents' ring was full", -1, clock_now_ns(),
			      now.samples - s->reported.samples);
	if (now.malformed > s->reported.malformed)
		recorder_lost(s->capture.stream, "cpu-timer", "a program damaged the agents' ring", -1, clock_now_ns(),
			      now.malformed - s->reported.malformed);
	s->reported = now;
}

/* --- the source ------------------------------------------------------------------------------------------ */

static struct err *create(const struct capture *capture, void **ret)
{
	const struct capture_request *request = capture->request;
	struct cpu_timer *s = mem_calloc(1, sizeof(*s));
	struct ring_config config = { 0 };

	s->capture = *capture;
	s->period_ns = 1000000000 / (request->frequency_hz ? request->frequency_hz : 99);
	map_init(&s->processes);
	config.period_ns = s->period_ns;
	config.copies_stacks = request->stacks == CAPTURE_STACK_AUTO || request->stacks == CAPTURE_STACK_DWARF;
	config.max_frames = request->max_frames		? request->max_frames
			    : config.copies_stacks ? CAPTURE_CFI_FRAMES : CAPTURE_FRAMES;
	if (request->stacks == CAPTURE_STACK_NONE)
		config.max_frames = 0;
	if (config.max_frames > AGENT_MAX_FRAMES)
		config.max_frames = AGENT_MAX_FRAMES;
	s->max_frames = config.max_frames;
	recorder_note(capture->recorder, "cpu-timer.stacks",
		      config.copies_stacks		     ? "copies, unwound by CFI"
		      : request->stacks == CAPTURE_STACK_FP ? "frame pointers"
							     : "none");

	CLEANUP(mem_freep) char *path = ring_path(capture->recording_path);
	struct err *err = ring_reader_create(path, &config, &s->ring);

	if (err) {
		map_deinit(&s->processes);
		free(s);
		return err;
	}
	s->event_id = (uint16_t)track_event(capture->track, "cpu-time", "ns", request->frequency_hz, 0);
	for (size_t i = 0; i < request->pid_count; i++)
		process_of(s, (uint32_t)request->pids[i], &(bool){ false });
	*ret = s;
	return NULL;
}

static struct err *start(void *self) { return NULL; }

static struct err *drain(void *self, bool last)
{
	struct cpu_timer *s = self;

	ring_reader_drain(s->ring, take_item, s);
	bury_the_dead(s, last);
	report_losses(s);
	return NULL;
}

/* CPU time of the command and of all that it waited for, once it has ended. */
static uint64_t children_cpu_ns(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_CHILDREN, &u) != 0)
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

/* Some programs of a command may be out of the agent's reach; the kernel knows how much
 * CPU time they had.  Below a tenth it is start-up, ends, and chance. */
static void tell_unseen(struct cpu_timer *s)
{
	static const char short_ones[] = "in the start and end of short programs, where the sampling "
					 "agent is not yet or no longer";
	static const char closed_ones[] = "in programs that the sampling agent could not enter: statically "
					  "linked, set-user-ID, of another architecture, in a namespace or "
					  "sandbox, or started without LD_PRELOAD in their environment";
	uint64_t used_ns = children_cpu_ns();
	uint64_t hidden_ns = used_ns > s->seen_ns ? used_ns - s->seen_ns : 0;
	const char *why = hidden_ns < s->started * SHORT_PROGRAM_NS ? short_ones : closed_ones;
	char what[120];

	if (hidden_ns < used_ns / 10 || hidden_ns < 20 * s->period_ns || hidden_ns < 50000000)
		return;
	snprintf(what, sizeof(what), "%s of %s CPU time", units_duration_ns((double)hidden_ns).text,
		 units_duration_ns((double)used_ns).text);
	log_note("%s has no samples: it was %s", what, why);
	recorder_missing(s->capture.recorder, what, why, "as root: sysctl kernel.perf_event_paranoid=2");
}

/* What could not be had, in the recording's own words. */
static void tell_limits(struct cpu_timer *s)
{
	struct recorder *r = s->capture.recorder;
	CLEANUP(mem_freep) char *text = NULL;

	if (s->started == 0) {
		static const char why[] = "the sampling agent could not enter it: it is statically linked, "
					  "set-user-ID or of another architecture";

		log_note("no samples of this command: %s", why);
		recorder_missing(r, "CPU samples of this command", why,
				 "as root: sysctl kernel.perf_event_paranoid=2");
	} else {
		tell_unseen(s);
	}
	recorder_missing(r, "kernel functions", "perf events are not permitted, so programs sampled themselves; "
			 "time in the kernel counts at the system call",
			 "as root: sysctl kernel.perf_event_paranoid=1");
	if (s->reported.threads_missed > 0) {
		text = mem_printf("no timer for %llu threads (limit on pending signals, or in a sandbox)",
				  (unsigned long long)s->reported.threads_missed);
		recorder_missing(r, "samples of some threads", text, "raise: ulimit -i");
	}
	if (s->reported.log_entries > 0)
		recorder_missing(r, "the start of some processes", "they started faster than was read", NULL);
}

static struct err *stop(void *self)
{
	struct cpu_timer *s = self;

	ring_reader_stop(s->ring);
	ring_reader_drain(s->ring, take_item, s);
	report_losses(s);
	tell_limits(s);
	stack_counts_note(&s->stack_counts, s->capture.recorder, "cpu-timer.stacks", "56 KiB");
	return NULL;
}

static void destroy(void *self)
{
	struct cpu_timer *s = self;
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&s->processes, &i)) != NULL;)
		process_free((struct sampled_process *)(uintptr_t)slot->value);
	map_deinit(&s->processes);
	ring_reader_destroy(s->ring);
	free(s);
}

const struct source_ops source_cpu_timer = {
	.name = "cpu-timer",
	.summary = "samples of CPU time without privilege, taken by the programs themselves (user space only)",
	.has_event = has_event,
	.probe = probe,
	.fallback = "cpu-ptrace",
	.prepare_command = prepare_command,
	.create = create,
	.start = start,
	.drain = drain,
	.stop = stop,
	.destroy = destroy,
};
