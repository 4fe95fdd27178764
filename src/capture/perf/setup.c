/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to ask of this kernel.  Nothing is concluded from a version or a user id: an event
 * is opened on ourselves, and when it is refused the next lesser wish is tried, until it
 * opens or there is nothing left to give up: build-ids in mapping records (5.12), the
 * count of lost samples (6.0), exact instruction pointers (hardware), kernel samples
 * (perf_event_paranoid).
 *
 * That "cycles" opens is not enough: some virtual machines accept the event and never
 * count.  So it has to count a moment of our own work before it is chosen.
 */
#include "capture/perf/perf.h"

#include "base/io.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PRECISE_MAX = 3, STACK_BYTES = 4096 };

bool perf_test_deny(const char *what)
{
	const char *deny = getenv("SONDE_TEST_DENY");
	size_t length = strlen(what);

	while (deny && *deny) {
		size_t word = strcspn(deny, ",");

		if (word == length && strncmp(deny, what, length) == 0)
			return true;
		deny += word + (deny[word] == ',');
	}
	return false;
}

static int denied_errno(const struct perf_event_attr *attr)
{
	if (perf_test_deny("perf"))
		return EACCES;
	if (perf_test_deny("perf-kernel") && !attr->exclude_kernel)
		return EACCES;
	return perf_test_deny("perf-build-id") && attr->build_id ? EINVAL : 0;
}

int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu, unsigned long flags)
{
	int denied = denied_errno(attr);

	if (denied) {
		errno = denied;
		return -1;
	}
	return (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, flags | PERF_FLAG_FD_CLOEXEC);
}

static bool machine_wide(const struct capture_request *request)
{
	return request->target == CAPTURE_ALL;
}

/* A sample every so many events; 0: by frequency.  Of the events that the kernel counts in
 * software (page faults, switches) each one is taken unless the user chose: by frequency a
 * short program has none or one that claims to stand for a thousand. */
static uint64_t period_of(const struct perf_spec *spec, const struct capture_request *request)
{
	bool each = spec->type == PERF_TYPE_SOFTWARE && strcmp(spec->unit, "ns") != 0;

	if (request->period || request->frequency_chosen)
		return request->period;
	return each ? 1 : 0;
}

static struct perf_event_attr attr_make(const struct perf_setup *setup, const struct perf_spec *spec,
					const struct capture_request *request, bool first)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = spec->type, .config = spec->config,
		.freq = 1, .sample_freq = setup->frequency_hz,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
			       PERF_SAMPLE_PERIOD,
		.read_format = PERF_FORMAT_LOST,
		.inherit = request->target != CAPTURE_TIDS && !machine_wide(request),
		.exclude_user = spec->kernel_only, .exclude_kernel = spec->user_only,
		.exclude_hv = 1, .exclude_idle = 1, .sample_id_all = 1,
		.exclude_guest = spec->type != PERF_TYPE_SOFTWARE,
		.use_clockid = 1, .clockid = CLOCK_MONOTONIC, .watermark = 1,
	};

	uint64_t period = period_of(spec, request);

	if (period) {
		attr.freq = 0;
		attr.sample_period = period;
	}
	/* Asked for periods, the kernel gives a sample for each event that it counts in software. */
	if (period > 1 && spec->type == PERF_TYPE_SOFTWARE)
		attr.sample_type &= ~(uint64_t)PERF_SAMPLE_PERIOD;
	if (setup->count > 1)
		attr.sample_type |= PERF_SAMPLE_IDENTIFIER;
	if (setup->max_frames) {
		attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr.sample_max_stack = (uint16_t)setup->kernel_frames;
	}
	if (setup->copies_stack) {
		attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		attr.sample_regs_user = perf_user_regs_mask();
		attr.sample_stack_user = STACK_BYTES; /* attach.c decides */
		attr.exclude_callchain_user = 1;
	}
	if (request->target == CAPTURE_COMMAND)
		attr.disabled = attr.enable_on_exec = 1;
	if (first) /* one event tells about mappings, names and threads for all */
		attr.mmap = attr.mmap2 = attr.build_id = attr.comm = attr.comm_exec = attr.task = 1;
	return attr;
}

/* --- refusals -------------------------------------------------------------------------- */

static struct err *not_permitted(const struct perf_event_attr *attr, int errnum)
{
	int64_t paranoid = -2;
	bool known = io_read_i64("/proc/sys/kernel/perf_event_paranoid", &paranoid);
	struct err *err;

	if (known)
		err = err_new(ERR_PERMISSION,
			      "perf events are not permitted for this user (kernel.perf_event_paranoid is %" PRId64 ")",
			      paranoid);
	else
		err = err_errno(errnum, "perf events are not permitted");
	err = err_fix(err, "sudo sysctl kernel.perf_event_paranoid=%d, or run sonde as root, or give it the "
			   "right: sudo setcap cap_perfmon,cap_sys_ptrace+ep \"$(readlink -f \"$(command -v sonde)\")\"",
		      attr->exclude_kernel || attr->inherit ? 1 : -1);
	/* That setting would permit it: something else does not. */
	if (known && paranoid <= 2 && attr->exclude_kernel && attr->inherit)
		err = err_fix(err, "in a container its seccomp profile forbids it: docker run --cap-add PERFMON");
	return err;
}

static struct err *refused(const struct perf_spec *spec, const struct perf_event_attr *attr, int errnum)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return not_permitted(attr, errnum);
	case ENOENT:
	case EOPNOTSUPP:
	case ENODEV:
	case ENXIO:
		return err_fix(err_new(ERR_UNSUPPORTED,
				       "event %s: this machine's hardware (or its hypervisor) does not have it",
				       spec->name),
			       "use cpu-clock, which every machine has, or expose a PMU to the virtual machine");
	case ENOSYS:
		return err_fix(err_new(ERR_UNSUPPORTED, "this kernel has no perf events"),
			       "use a kernel with CONFIG_PERF_EVENTS=y");
	default:
		return err_errno(errnum, "cannot open perf event %s", spec->name);
	}
}

/* --- trying ------------------------------------------------------------------------------ */

/* Give up one wish for the reason ERRNUM; false when there is none left. */
static bool give_up_one(struct perf_setup *setup, struct perf_event_attr *attr, int errnum)
{
	if ((errnum == EACCES || errnum == EPERM) && !attr->exclude_kernel && !attr->exclude_user) {
		attr->exclude_kernel = 1;
		setup->no_kernel = true;
		return true;
	}
	if (errnum == EINVAL && attr->build_id) {
		attr->build_id = 0;
		setup->no_build_id = true;
		return true;
	}
	if (errnum == EINVAL && attr->read_format) {
		attr->read_format = 0;
		setup->no_lost_count = true;
		return true;
	}
	if (attr->precise_ip) {
		attr->precise_ip--;
		return true;
	}
	if (setup->copies_stack && errnum == EINVAL) {
		attr->sample_type &= ~(uint64_t)(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
		attr->sample_regs_user = attr->sample_stack_user = attr->exclude_callchain_user = 0;
		setup->copies_stack = false;
		setup->max_frames = setup->kernel_frames;
		return true;
	}
	return false;
}

/* A descriptor of the event as far as it can be had, -1 with errno.  A wish that was
 * given up is given back when it was not the reason. */
static int try_open_on(struct perf_setup *setup, struct perf_event_attr *attr, pid_t pid, int cpu)
{
	struct perf_event_attr trial = *attr;
	struct perf_setup before = *setup;
	int fd;

	trial.disabled = 1;
	trial.enable_on_exec = 0;
	while ((fd = perf_open(&trial, pid, cpu, 0)) < 0) {
		int errnum = errno;

		if (!give_up_one(setup, &trial, errnum)) {
			*setup = before;
			errno = errnum;
			return -1;
		}
	}
	trial.disabled = attr->disabled;
	trial.enable_on_exec = attr->enable_on_exec;
	*attr = trial;
	return fd;
}

/* On this CPU, where that is permitted and would do; else on ourselves.  The first event
 * that follows a task makes the kernel wait until all CPUs know of it (account_event() in
 * kernel/events/core.c: synchronize_rcu()), 10 ms and more on a busy machine; one that
 * follows a CPU does not. */
static int try_open(struct perf_setup *setup, struct perf_event_attr *attr,
		    const struct capture_request *request)
{
	bool all = machine_wide(request);
	int cpu = sched_getcpu(), fd;

	if (all || (request->target != CAPTURE_TIDS && request->clock != CAPTURE_CLOCK_THREAD)) {
		fd = try_open_on(setup, attr, -1, cpu < 0 ? 0 : cpu);
		if (fd >= 0 || all || (errno != EACCES && errno != EPERM))
			return fd;
	}
	return try_open_on(setup, attr, 0, -1);
}

static bool really_counts(int fd)
{
	uint64_t value[2] = { 0 };

	if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) != 0)
		return false;
	for (unsigned i = 0; i < 20000; i++)
		__asm__ volatile("" : : "r"(i)); /* some work to count */
	return read(fd, value, sizeof(value)) > 0 && value[0] > 0;
}

static struct err *counter_make(struct perf_setup *setup, size_t index,
				const struct capture_request *request)
{
	struct perf_counter *c = &setup->counters[index];
	int fd;

	c->attr = attr_make(setup, &c->spec, request, index == 0);
	if (c->spec.type == PERF_TYPE_HARDWARE && c->spec.config == PERF_COUNT_HW_CPU_CYCLES)
		c->attr.precise_ip = PRECISE_MAX;
	fd = try_open(setup, &c->attr, request);
	if (fd < 0)
		return refused(&c->spec, &c->attr, errno);

	bool counts = c->spec.type != PERF_TYPE_HARDWARE || c->spec.config != PERF_COUNT_HW_CPU_CYCLES ||
		      machine_wide(request) || really_counts(fd);

	close(fd);
	if (!counts)
		return err_new(ERR_UNSUPPORTED, "event %s opens, but never counts on this machine", c->spec.name);
	return NULL;
}

static struct err *choose_default(struct perf_setup *setup, const struct capture_request *request)
{
	setup->count = 1;
	TRY(perf_spec_parse("cycles", &setup->counters[0].spec));

	struct err *err = counter_make(setup, 0, request);

	if (!err_is(err, ERR_UNSUPPORTED))
		return err;
	err_destroy(err);
	setup->why_clock = "this machine shows no hardware cycle counter";
	TRY(perf_spec_parse("cpu-clock", &setup->counters[0].spec));
	return counter_make(setup, 0, request);
}

/* What one event had to do without, all do without. */
static void level(struct perf_setup *setup)
{
	for (size_t i = 0; i < setup->count; i++) {
		struct perf_event_attr *attr = &setup->counters[i].attr;

		if (setup->no_lost_count)
			attr->read_format = 0;
		if (setup->no_build_id)
			attr->build_id = 0;
	}
}

static unsigned stack_limit(const struct capture_request *request)
{
	int64_t limit = CAPTURE_FRAMES;

	if (request->stacks == CAPTURE_STACK_NONE)
		return 0;
	io_read_i64("/proc/sys/kernel/perf_event_max_stack", &limit);
	if (limit < 1)
		return 0;
	return request->max_frames && request->max_frames < limit ? request->max_frames : (unsigned)limit;
}

/* What the kernel limits is what it walks itself. */
static void choose_depth(struct perf_setup *setup, const struct capture_request *request)
{
	setup->kernel_frames = setup->max_frames;
	if (setup->copies_stack)
		setup->max_frames = request->max_frames ? request->max_frames : CAPTURE_CFI_FRAMES;
}

/* The kernel ends a copy where the address space ends, and forgets to round: a stack pointer of
 * a 32-bit program, which lies near its end and is a multiple of 4, then gives a record whose
 * size is no multiple of 8, and a WARN_ON_ONCE in perf_prepare_header() (kernel/events/core.c,
 * perf_sample_ustack_size(); in 6.18 still).  A line in the log is bearable, a panic is not. */
static bool warns_of_copies(void)
{
	int64_t panics = 0;

	io_read_i64("/proc/sys/kernel/panic_on_warn", &panics);
	return panics != 0 || perf_test_deny("perf-copies-warn");
}

static void choose_copies(struct perf_setup *setup, const struct capture_request *request)
{
	setup->copies_stack = setup->max_frames && request->stacks != CAPTURE_STACK_FP &&
			      perf_user_regs_mask() && !perf_test_deny("perf-copies");
	if (setup->copies_stack && warns_of_copies()) {
		setup->copies_stack = false;
		setup->copies_would_panic = true;
	}
}

struct err *perf_setup_make(const struct capture_request *request, struct perf_setup *ret)
{
	int64_t max_rate = 100000;

	*ret = (struct perf_setup){ .asked_hz = request->frequency_hz, .count = request->event_count };
	if (request->event_count > PERF_EVENTS_MAX)
		return err_new(ERR_USAGE, "at most %d perf events in one recording", PERF_EVENTS_MAX);
	io_read_i64("/proc/sys/kernel/perf_event_max_sample_rate", &max_rate);
	ret->frequency_hz = max_rate > 0 && request->frequency_hz > (uint64_t)max_rate
				    ? (uint64_t)max_rate : request->frequency_hz;
	ret->max_frames = stack_limit(request);
	choose_copies(ret, request);
	choose_depth(ret, request);
	if (request->event_count == 0)
		return choose_default(ret, request);
	for (size_t i = 0; i < request->event_count; i++) {
		TRY(perf_spec_parse(request->events[i], &ret->counters[i].spec));
		TRY(counter_make(ret, i, request));
	}
	level(ret);
	return NULL;
}
