/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * perf.data -> recording.
 *
 * The file's records are read once (format/perfdata.h), put in order of time as perf does it
 * (perfdata_order.c) and told to an offline tracker, which makes the thread, module, mapping,
 * frame and stack rows that a recording of our own would have.  What a record has that a
 * recording doesn't (branch stacks, data addresses, raw tracepoint fields, hardware trace) is
 * counted, and said at the end.
 *
 * Times are the file's own, mostly the scheduler's clock, which starts at boot too but isn't
 * CLOCK_MONOTONIC; meta.json says which. A record without a time counts as of the one before it.
 */
#include "convert/perfdata_in.h"

#include "base/str.h"
#include "capture/track.h"
#include "record/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

enum { MISC_CPUMODE = 7, MISC_KERNEL = 1, MISC_USER = 2, MISC_HYPERVISOR = 3 };

/* Markers in call chains, as signed numbers (enum perf_callchain_context). */
enum {
	CONTEXT_HV = -32,
	CONTEXT_KERNEL = -128,
	CONTEXT_USER = -512,
	CONTEXT_USER_DEFERRED = -640,
	CONTEXT_GUEST = -2048,
	CONTEXT_GUEST_KERNEL = -2176,
	CONTEXT_GUEST_USER = -2560,
	CONTEXT_FIRST = -4095,
};
enum { PROGRESS_RECORDS = 4096 };
enum { MEMORY_OPERATION = 0x1e }; /* PERF_MEM_OP_LOAD and up; the lowest bit says that it's not known */

/* --- mappings ------------------------------------------------------------------------------------- */

const struct perfdata_build_id *perfdata_import_build_id(struct perfdata_import *p, const char *path)
{
	for (; p->build_ids_known < perfdata_build_id_count(p->file); p->build_ids_known++) {
		const struct perfdata_build_id *b = perfdata_build_id(p->file, p->build_ids_known);

		*strmap_get(&p->build_ids, b->path, strlen(b->path), NULL) = p->build_ids_known + 1;
	}

	uint64_t *index = strmap_find(&p->build_ids, path, strlen(path));

	return index && *index ? perfdata_build_id(p->file, *index - 1) : NULL;
}

/* perf names it by the file that it took symbols from, if there was one: vmlinux, /proc/kcore. */
const struct perfdata_build_id *perfdata_kernel_build_id(struct perfdata_import *p)
{
	const struct perfdata_build_id *b = perfdata_import_build_id(p, "[kernel.kallsyms]");

	for (size_t i = 0; b == NULL && i < perfdata_build_id_count(p->file); i++) {
		const struct perfdata_build_id *other = perfdata_build_id(p->file, i);

		if ((other->misc & MISC_CPUMODE) == MISC_KERNEL && other->path[0] != '[' && !strstr(other->path, ".ko"))
			b = other;
	}
	return b;
}

/* "/lib/modules/4.4.0/kernel/crypto/ghash-clmulni.ko.xz" and "[ghash_clmulni]" as the kernel
 * itself names it. */
static void kernel_module_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *end = strstr(base, ".ko");
	size_t length = end ? (size_t)(end - base) : strlen(base);

	if (*base == '[' && length > 2 && base[length - 1] == ']') {
		base++;
		length -= 2;
	}
	snprintf(name, size, "%.*s", (int)length, base);
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
}

static bool is_kernel_itself(const char *path)
{
	return str_starts(path, "[kernel.kallsyms]") || str_starts(path, "[guest.kernel.kallsyms") ||
	       str_eq(path, "[kernel]") || str_starts(path, "[kernel.vmlinux]");
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
	while (count > 0 && bytes[count - 1] == 0)
		count--;
	return count == 0;
}

/* PATH NULL: the kernel's. */
static void put_build_id(struct perfdata_import *p, const char *path, const struct perfdata_mmap *m,
			 struct track_mmap *t)
{
	const struct perfdata_build_id *b = m->build_id_size ? NULL :
					    path != NULL     ? perfdata_import_build_id(p, path) :
							       perfdata_kernel_build_id(p);

	t->build_id = b ? b->id : m->build_id;
	t->build_id_size = b ? b->size : m->build_id_size;
	if (t->build_id_size && is_zero(t->build_id, t->build_id_size))
		t->build_id_size = 0; /* perf's own way to say that it has none */
}

/* "[kernel.kallsyms]_text" with where that symbol was in place of an offset: how far the kernel was moved. */
static void note_kernel_place(struct perfdata_import *p, const struct perfdata_mmap *m)
{
	struct import_kernel *k = &p->out->kernel;
	const char *symbol = strchr(m->path, ']');

	if (!str_starts(m->path, "[kernel.kallsyms]") || k->symbol_addr != 0)
		return;
	symbol = symbol[1] != '\0' && strlen(symbol + 1) < sizeof(k->symbol) ? symbol + 1 : "_text";
	snprintf(k->symbol, sizeof(k->symbol), "%s", symbol);
	k->symbol_addr = m->offset;
}

static void on_kernel_mmap(struct perfdata_import *p, const struct perfdata_mmap *m)
{
	struct track_mmap t = { .addr = m->addr, .size_bytes = m->size_bytes, .path = "[kernel]" };
	char name[128];

	if (is_kernel_itself(m->path)) {
		put_build_id(p, NULL, m, &t);
		note_kernel_place(p, m);
	} else {
		put_build_id(p, m->path, m, &t);
		kernel_module_name(m->path, name, sizeof(name));
		t.path = name;
	}
	track_kernel_mmap(p->out->track, &t);
}

/* The host's name comes before the first mapping, also in a pipe. */
static void see_host(struct perfdata_import *p)
{
	struct utsname here;

	if (p->same_host || uname(&here) != 0)
		return;
	p->same_host = str_eq(here.nodename, perfdata_header(p->file)->hostname);
	p->out->is_local = p->same_host;
	if (p->same_host)
		track_set_local(p->out->track);
}

static void on_mmap(struct perfdata_import *p, const struct perfdata_record *r)
{
	unsigned mode = r->misc & MISC_CPUMODE;
	struct perfdata_mmap m;

	if (!perfdata_mmap(p->file, r, &m)) {
		p->bad_records++;
		return;
	}
	see_host(p);
	if (m.pid == -1 || mode == MISC_KERNEL) {
		on_kernel_mmap(p, &m);
		return;
	}
	if (!m.executable || m.size_bytes == 0 || (mode != MISC_USER && mode != 0))
		return;

	struct track_mmap t = { .addr = m.addr, .size_bytes = m.size_bytes, .offset = m.offset,
				.inode = m.inode, .dev = makedev(m.major, m.minor), .path = m.path };

	put_build_id(p, m.path, &m, &t);
	track_mmap(p->out->track, m.pid, &t, p->now_ns);
}

/* --- samples ---------------------------------------------------------------------------------------- */

struct chain {
	size_t kernel_count;
	bool has_user, in_guest, corrupt;
};

/* False: the marker is none that exists, and the chain is rubbish. */
static bool enter_context(struct chain *c, int64_t context, bool *in_kernel)
{
	*in_kernel = context == CONTEXT_KERNEL;
	c->in_guest = context == CONTEXT_GUEST || context == CONTEXT_GUEST_KERNEL ||
		      context == CONTEXT_GUEST_USER || context == CONTEXT_HV;
	return *in_kernel || c->in_guest || context == CONTEXT_USER || context == CONTEXT_USER_DEFERRED;
}

static struct chain read_chain(struct perfdata_import *p, const struct perfdata_sample *s, bool in_kernel)
{
	struct chain c = { 0 };

	for (uint64_t i = 0; i < s->chain_count; i++) {
		uint64_t addr = perfdata_word(p->file, s->chain, i);

		if ((int64_t)addr < 0 && (int64_t)addr >= CONTEXT_FIRST) {
			if (!enter_context(&c, (int64_t)addr, &in_kernel)) {
				c.corrupt = true;
				break;
			}
			continue;
		}
		/* kernel frames come first: the ids of track_stack() rest on it */
		if (in_kernel && !c.has_user)
			c.kernel_count++;
		else
			c.has_user = true;
		vec_push(&p->addrs, addr);
	}
	return c;
}

static uint8_t sample_mode(uint16_t misc)
{
	switch (misc & MISC_CPUMODE) {
	case MISC_KERNEL:
		return SAMPLE_KERNEL;
	case MISC_HYPERVISOR:
		return SAMPLE_HYPERVISOR;
	case MISC_USER:
	case 0: /* not known */
		return SAMPLE_USER;
	default:
		return SAMPLE_GUEST;
	}
}

static void take_stack(struct perfdata_import *p, const struct perfdata_sample *s, struct row_sample *row)
{
	bool in_kernel = row->mode == SAMPLE_KERNEL;
	struct chain c = { 0 };

	vec_clear(&p->addrs);
	if (s->chain_count > 0)
		c = read_chain(p, s, in_kernel);
	if (c.corrupt) {
		vec_clear(&p->addrs);
		c = (struct chain){ 0 };
		row->flags |= SAMPLE_STACK_CUT;
	}
	if (s->user_stack.size_bytes > 0 && !c.has_user && !c.corrupt)
		p->unwound_samples += perfdata_unwind(p, s, &row->flags);
	if (p->addrs.n == 0 && s->has_ip) {
		vec_push(&p->addrs, s->ip);
		c.kernel_count = in_kernel;
	}
	row->stack = track_stack(p->out->track, s->pid, p->addrs.v, p->addrs.n, c.kernel_count, true);
}

/* Events get their rows when they are first seen; their ids are in the order of the file. */
static uint16_t event_row(struct perfdata_import *p, const struct perfdata_event *e)
{
	size_t i = e->index;

	while (p->sampled.n <= i)
		vec_push(&p->sampled, 0);
	if (p->sampled.v[i]++ > 0)
		return (uint16_t)(i + 1);

	const char *unit = perfdata_attr_unit(&e->attr);
	bool by_frequency = perfdata_flag(&e->attr, PERFDATA_FREQ);
	struct row_event row = {
		.id = (uint32_t)i + 1,
		.name = recorder_string(p->out->recorder, e->name, strlen(e->name)),
		.unit = recorder_string(p->out->recorder, unit, strlen(unit)),
		.frequency_hz = by_frequency ? e->attr.sample_period : 0,
		.period = by_frequency ? 0 : e->attr.sample_period,
	};

	recorder_side(p->out->recorder, TYPE_event, &row);
	return (uint16_t)row.id;
}

/* What a sample has beside its stack. */
static void count_parts(struct perfdata_import *p, const struct perfdata_sample *s)
{
	p->branch_samples += s->branch_count > 0;
	p->raw_samples += s->raw.size_bytes > 0;
	p->data_samples += (s->data_source & MEMORY_OPERATION) != 0;
	p->dump_samples += s->user_stack.size_bytes > 0;
}

static void on_sample(struct perfdata_import *p, const struct perfdata_record *r)
{
	struct perfdata_sample s;

	if (!perfdata_sample(p->file, r, &s)) {
		p->bad_records++;
		return;
	}

	struct row_sample row = {
		.time_ns = s.has_time ? s.time_ns : p->now_ns,
		.period = s.period ? s.period : 1,
		.cpu = s.has_cpu && s.cpu < SAMPLE_NO_CPU ? (uint16_t)s.cpu : SAMPLE_NO_CPU,
		.event = event_row(p, r->event),
		.mode = sample_mode(r->misc),
	};

	row.thread = track_thread(p->out->track, s.pid, s.tid, row.time_ns);
	take_stack(p, &s, &row);
	count_parts(p, &s);
	if (p->samples++ == 0 || row.time_ns < p->first_ns)
		p->first_ns = row.time_ns;
	if (row.time_ns > p->last_ns)
		p->last_ns = row.time_ns;
	recorder_row(p->out->stream, TYPE_sample, &row);
}

/* --- all others ------------------------------------------------------------------------------------------ */

static void on_comm(struct perfdata_import *p, const struct perfdata_record *r)
{
	struct perfdata_comm c;

	if (perfdata_comm(p->file, r, &c))
		track_comm(p->out->track, c.pid, c.tid, c.comm, c.exec, p->now_ns);
	else
		p->bad_records++;
}

static void on_task(struct perfdata_import *p, const struct perfdata_record *r)
{
	struct perfdata_task t;

	if (!perfdata_task(p->file, r, &t))
		p->bad_records++;
	else if (r->type == PERFDATA_FORK)
		track_fork_by(p->out->track, t.pid, t.ppid, t.tid, t.ptid, p->now_ns);
	else
		track_exit(p->out->track, t.pid, t.tid, p->now_ns);
}

static void on_lost(struct perfdata_import *p, const struct perfdata_record *r)
{
	uint64_t count;

	if (perfdata_lost(p->file, r, &count) && count > 0)
		recorder_lost(p->out->stream, "perf",
			      r->type == PERFDATA_LOST ? "perf's ring was full" : "samples lost in the kernel",
			      r->at.cpu, p->now_ns, count);
}

static void on_symbol(struct perfdata_import *p, const struct perfdata_record *r)
{
	struct perfdata_ksymbol k;

	if (perfdata_ksymbol(p->file, r, &k) && !k.unregister && k.size_bytes > 0)
		vec_push(&p->symbols,
			 ((struct perfdata_symbol){ k.addr, k.size_bytes,
						    recorder_string(p->out->recorder, k.name, strlen(k.name)) }));
}

static void on_record(void *user, const struct perfdata_record *r)
{
	struct perfdata_import *p = user;

	if (r->time_ns)
		p->now_ns = r->time_ns;
	switch (r->type) {
	case PERFDATA_SAMPLE:
		on_sample(p, r);
		break;
	case PERFDATA_MMAP:
	case PERFDATA_MMAP2:
		on_mmap(p, r);
		break;
	case PERFDATA_COMM:
		on_comm(p, r);
		break;
	case PERFDATA_FORK:
	case PERFDATA_EXIT:
		on_task(p, r);
		break;
	case PERFDATA_LOST:
	case PERFDATA_LOST_SAMPLES:
		on_lost(p, r);
		break;
	case PERFDATA_KSYMBOL:
		on_symbol(p, r);
		break;
	default:
		break;
	}
}

/* --- the whole -------------------------------------------------------------------------------------------- */

/* Without times on other records than samples nothing can be sorted: perf takes such files as
 * they come, too. */
static bool has_times(const struct perfdata *f)
{
	for (size_t i = 0; i < perfdata_event_count(f); i++)
		if (!perfdata_flag(&perfdata_event(f, i)->attr, PERFDATA_SAMPLE_ID_ALL))
			return false;
	return true;
}

static void take_record(struct perfdata_import *p, const struct perfdata_record *r)
{
	if (r->type < PERFDATA_TYPE_END)
		p->counts[r->type]++;
	else
		p->unknown_types++;
	if (r->type == PERFDATA_FINISHED_ROUND)
		perfdata_order_round(&p->order);
	if (r->type >= PERFDATA_KERNEL_END)
		return;
	if (p->ordered && r->time_ns && r->time_ns != UINT64_MAX)
		perfdata_order_put(&p->order, r);
	else
		on_record(p, r);
}

static void read_records(struct perfdata_import *p)
{
	struct perfdata_record r;
	bool more = true;

	for (uint64_t n = 0; !recorder_borrow_error(p->out->recorder); n++) {
		p->out->damage = perfdata_next(p->file, &r, &more);
		if (p->out->damage || !more)
			break;
		take_record(p, &r);
		if (n % PROGRESS_RECORDS == 0 && p->out->progress)
			p->out->progress(p->out->user, perfdata_offset(p->file), p->in->file.size_bytes);
	}
	perfdata_order_end(&p->order);
}

static struct err *perf_data_read(const struct import_input *in, struct import_output *out)
{
	struct perfdata_import p = { .in = in, .out = out, .order = { .deliver = on_record } };

	TRY(perfdata_open(in->file, &p.file));
	p.order.user = &p;
	p.ordered = perfdata_header(p.file)->pipe || has_times(p.file);
	strmap_init(&p.build_ids);
	read_records(&p);
	perfdata_name_symbols(&p);
	perfdata_about(&p);
	strmap_deinit(&p.build_ids);
	vec_deinit(&p.sampled);
	vec_deinit(&p.symbols);
	vec_deinit(&p.addrs);
	perfdata_close(p.file);
	return NULL;
}

const struct importer importer_perf_data = {
	.name = "perf.data",
	.summary = "what perf record writes, of any version, machine and byte order",
	.probe = perfdata_probe,
	.read = perf_data_read,
};
