/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source "cpu": where the CPU time goes, by sampling with perf events. */
#include "capture/perf/perf.h"
#include "capture/sources.h"

#include "base/io.h"
#include "base/log.h"
#include "capture/track.h"
#include "record/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <string.h>

static bool cpu_has_event(const char *name)
{
	struct perf_spec spec;
	struct err *err = perf_spec_parse(name, &spec);
	bool has = !err_is(err, ERR_NOT_FOUND); /* a bad modifier is for create() to refuse */

	err_destroy(err);
	return has;
}

static struct err *cpu_probe(const struct capture_request *request)
{
	struct perf_setup setup;

	return perf_setup_make(request, &setup);
}

static void say_counter(const struct perf_counter *c, struct str *text)
{
	const struct perf_event_attr *attr = &c->attr;

	if (attr->freq)
		str_printf(text, "%s at %" PRIu64 " Hz", c->spec.name, (uint64_t)attr->sample_freq);
	else if (attr->sample_period == 1)
		str_printf(text, "each of the %s", c->spec.name);
	else
		str_printf(text, "%s every %" PRIu64, c->spec.name, (uint64_t)attr->sample_period);
}

static bool by_frequency(const struct perf_setup *setup)
{
	for (size_t i = 0; i < setup->count; i++)
		if (setup->counters[i].attr.freq)
			return true;
	return false;
}

/* One line for the user and the recording's notes: what is counted, how often, and what
 * that is without. */
static void say_what(struct perf_session *s)
{
	const struct perf_setup *setup = &s->setup;
	struct recorder *r = s->capture.recorder;
	struct str names, line;

	str_init(&names);
	str_init(&line);
	for (size_t i = 0; i < setup->count; i++) {
		str_add(&names, i ? ", " : "");
		say_counter(&setup->counters[i], &names);
	}
	str_add(&line, str_text(&names));
	recorder_note(r, "cpu.events", str_text(&line));
	if (setup->why_clock)
		str_printf(&line, " (%s)", setup->why_clock);
	if (by_frequency(setup) && setup->frequency_hz < setup->asked_hz && setup->asked_hz != CAPTURE_FREQUENCY_MAX)
		str_printf(&line, ", capped from %" PRIu64 " Hz by kernel.perf_event_max_sample_rate",
			   setup->asked_hz);
	if (setup->no_kernel)
		str_add(&line, ", user space only (kernel.perf_event_paranoid)");
	if (setup->copies_would_panic)
		recorder_missing(r, "stacks by CFI",
				 "a copy of a 32-bit program's stack can make this kernel warn, and "
				 "kernel.panic_on_warn is set",
				 "sudo sysctl kernel.panic_on_warn=0");
	else if (setup->max_frames && !setup->copies_stack && s->capture.request->stacks == CAPTURE_STACK_DWARF)
		recorder_missing(r, "stacks by CFI", "this kernel gives no copies of the stack", NULL);
	recorder_note(r, "cpu.clock", s->filter || s->capture.request->target == CAPTURE_ALL
					      ? "of each CPU" : "of each thread");
	recorder_note(r, "cpu.stacks", setup->copies_stack ? "copies, unwound by CFI"
				       : setup->max_frames ? "frame pointers"
							   : "none");
	log_note("sampling %s", str_text(&line));
	str_deinit(&names);
	str_deinit(&line);
}

static void say_missing(struct perf_session *s)
{
	const struct perf_setup *setup = &s->setup;
	struct recorder *r = s->capture.recorder;

	if (setup->why_clock)
		recorder_missing(r, "hardware cycles", setup->why_clock, NULL);
	if (setup->no_kernel)
		recorder_missing(r, "samples in the kernel", "kernel.perf_event_paranoid does not permit them",
				 "sudo sysctl kernel.perf_event_paranoid=1");
	if (setup->no_build_id)
		log_debug("mapping records carry no build-ids here: they are read from the files");
}

static void cpu_destroy(void *self)
{
	struct perf_session *s = self;

	if (!s)
		return;
	perf_detach(s);
	perf_bpf_close(s);
	vec_deinit(&s->heap);
	map_deinit(&s->ids);
	map_deinit(&s->filter_pids);
	map_deinit(&s->attached);
	free(s->cgroup_dir);
	free(s->addrs);
	free(s);
}

static struct err *cpu_create(const struct capture *capture, void **ret)
{
	struct perf_session *s = mem_calloc(1, sizeof(*s));

	*ret = s; /* destroyed by the caller also when this fails */
	s->capture = *capture;
	map_init(&s->ids);
	map_init(&s->filter_pids);
	map_init(&s->attached);
	s->addrs = mem_calloc(PERF_STACK_MAX, sizeof(*s->addrs));
	TRY(perf_setup_make(capture->request, &s->setup));
	TRY(perf_attach(s));
	track_set_followed(capture->track);
	for (size_t i = 0; i < s->setup.count; i++) {
		struct perf_counter *c = &s->setup.counters[i];

		bool freq = c->attr.freq;

		c->row = track_event(capture->track, c->spec.name, c->spec.unit,
				     freq ? c->attr.sample_freq : 0, freq ? 0 : c->attr.sample_period);
	}
	say_what(s);
	say_missing(s);
	return NULL;
}

/* Events of a running target count since they were opened, so that no fork goes unseen;
 * a command's wait for its exec. */
static struct err *cpu_start(void *self) { return NULL; }

static size_t cpu_poll_fds(void *self, int *fds, size_t max)
{
	struct perf_session *s = self;
	size_t n = 0;

	for (size_t i = 0; i < s->cpu_count; i++)
		if (s->cpus[i].fd >= 0 && n++ < max)
			fds[n - 1] = s->cpus[i].fd;
	return n + (n < max ? perf_bpf_fds(s, fds + n, max - n) : 0);
}

static struct err *cpu_drain(void *self, bool last)
{
	perf_drain(self, last);
	if (last)
		perf_user_stacks_note(self);
	return NULL;
}

/* What the target does afterwards, and we while we look for names, is not looked at. */
static struct err *cpu_stop(void *self)
{
	struct perf_session *s = self;

	for (size_t i = 0; i < s->fds.n; i++)
		ioctl(s->fds.v[i].fd, PERF_EVENT_IOC_DISABLE, 0);
	return NULL;
}

const struct source_ops source_cpu = {
	.name = "cpu",
	.summary = "samples of running threads, with stacks (perf events)",
	.by_default = true,
	.has_event = cpu_has_event,
	.events = perf_event_names,
	.probe = cpu_probe,
	.fallback = "cpu-timer",
	.create = cpu_create,
	.start = cpu_start,
	.poll_fds = cpu_poll_fds,
	.drain = cpu_drain,
	.stop = cpu_stop,
	.destroy = cpu_destroy,
};
