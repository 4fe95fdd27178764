// SPDX-License-Identifier: LGPL-2.1-or-later
/* The whole structure of a report, field by field.  What the report doesn't say is left out. */
#include "oops/json.h"

#include "base/str.h"
#include "oops/explain.h"
#include "oops/kind.h"

#include <stdio.h>
#include <string.h>

static void put_text(struct json *j, const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	json_key(j, key);
	json_str(j, value);
}

static void put_number(struct json *j, const char *key, int64_t value)
{
	if (value < 0)
		return;
	json_key(j, key);
	json_i64(j, value);
}

/* Addresses as text: JSON readers that use doubles would round them. */
static void put_hex(struct json *j, const char *key, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	json_key(j, key);
	json_str(j, text);
}

static void put_true(struct json *j, const char *key, bool value)
{
	if (!value)
		return;
	json_key(j, key);
	json_bool(j, true);
}

static void put_frame(struct json *j, const struct oops_frame *f)
{
	json_begin_object(j);
	put_text(j, "function", f->function);
	if (f->size != 0) {
		json_key(j, "offset");
		json_u64(j, f->offset);
		json_key(j, "size");
		json_u64(j, f->size);
	}
	if (f->address != 0)
		put_hex(j, "address", f->address);
	put_text(j, "module", f->module);
	put_text(j, "build_id", f->build_id);
	put_text(j, "file", f->file);
	if (f->line != 0)
		put_number(j, "line", f->line);
	if (f->column != 0)
		put_number(j, "column", f->column);
	put_true(j, "unreliable", f->unreliable);
	put_true(j, "inlined", f->inlined);
	put_text(j, "prototype", f->prototype);
	put_text(j, "note", f->note);
	json_end(j);
}

static void put_frame_key(struct json *j, const char *key, const struct oops_frame *f)
{
	if (f == NULL || (f->function == NULL && f->address == 0))
		return;
	json_key(j, key);
	put_frame(j, f);
}

static void put_traces(struct json *j, const struct oops_report *r)
{
	static const char *const kinds[] = { "call", "alloc", "free", "origin", "other" };

	json_key(j, "traces");
	json_begin_array(j);
	for (size_t i = 0; i < r->traces.n; i++) {
		const struct oops_trace *t = &r->traces.v[i];

		if (t->frames.n == 0)
			continue;
		json_begin_object(j);
		put_text(j, "kind", kinds[t->kind]);
		put_text(j, "title", t->title);
		put_number(j, "task", t->task);
		put_number(j, "cpu", t->cpu);
		json_key(j, "frames");
		json_begin_array(j);
		for (size_t k = 0; k < t->frames.n; k++)
			put_frame(j, &t->frames.v[k]);
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

static void put_taint(struct json *j, const struct oops_report *r)
{
	if (r->taint == NULL)
		return;
	json_key(j, "taint");
	json_begin_array(j);
	for (const char *c = r->taint; *c != '\0'; c++) {
		char letter[2] = { *c, '\0' };

		json_begin_object(j);
		put_text(j, "flag", letter);
		put_text(j, "meaning", oops_taint_meaning(*c));
		json_end(j);
	}
	json_end(j);
}

static void put_modules(struct json *j, const struct oops_report *r)
{
	json_key(j, "modules");
	json_begin_array(j);
	for (size_t i = 0; i < r->modules.n; i++) {
		json_begin_object(j);
		put_text(j, "name", r->modules.v[i].name);
		put_text(j, "flags", r->modules.v[i].flags);
		json_end(j);
	}
	json_end(j);
}

static void put_locks(struct json *j, const struct oops_report *r)
{
	if (r->locks.n == 0)
		return;
	json_key(j, "locks");
	json_begin_array(j);
	for (size_t i = 0; i < r->locks.n; i++) {
		json_begin_object(j);
		put_text(j, "name", r->locks.v[i].name);
		put_text(j, "at", r->locks.v[i].function);
		put_number(j, "depth", r->locks.v[i].depth);
		put_text(j, "owner", r->locks.v[i].owner);
		json_end(j);
	}
	json_end(j);
}

static void put_tasks(struct json *j, const struct oops_report *r)
{
	if (r->tasks.n == 0)
		return;
	json_key(j, "tasks");
	json_begin_array(j);
	for (size_t i = 0; i < r->tasks.n; i++) {
		const struct oops_task *t = &r->tasks.v[i];
		char state[2] = { t->state, '\0' };

		json_begin_object(j);
		put_text(j, "comm", t->comm);
		put_number(j, "pid", t->pid);
		put_text(j, "state", state);
		put_number(j, "trace", t->trace);
		if (t->state == '\0') {
			put_number(j, "total_vm_pages", t->total_vm_pages);
			put_number(j, "rss_pages", t->rss_pages);
			put_number(j, "swap_pages", t->swap_pages);
			json_key(j, "oom_score_adj");
			json_i64(j, t->oom_score_adj);
		}
		json_end(j);
	}
	json_end(j);
}

static void put_registers(struct json *j, const struct oops_report *r)
{
	json_key(j, "registers");
	json_begin_object(j);
	for (size_t i = 0; i < r->registers.n; i++)
		put_hex(j, r->registers.v[i].name, r->registers.v[i].value);
	json_end(j);
}

static void put_details(struct json *j, const struct oops_report *r)
{
	json_key(j, "details");
	json_begin_object(j);
	for (size_t i = 0; i < r->details.n; i++)
		put_text(j, r->details.v[i].name, r->details.v[i].value);
	json_end(j);
}

static void put_explanation(struct json *j, struct oops_report *r)
{
	struct oops_explanation e;

	oops_explain(r, &e);
	json_key(j, "explanation");
	json_begin_object(j);
	put_text(j, "meaning", e.meaning);
	json_key(j, "evidence");
	json_begin_array(j);
	for (size_t i = 0; i < e.evidence.n; i++)
		json_str(j, e.evidence.v[i]);
	json_end(j);
	put_text(j, "look", e.look);
	put_text(j, "next", e.next);
	json_end(j);
	oops_explanation_deinit(&e);
}

void oops_json(struct json *j, struct oops_report *r)
{
	json_begin_object(j);
	put_text(j, "kind", r->kind->name);
	put_text(j, "title", r->title);
	put_text(j, "severity", oops_severity_name(r->severity));
	put_text(j, "headline", r->headline);
	put_text(j, "message", r->message);
	put_true(j, "panicked", r->panicked);
	put_text(j, "corrupted", r->corrupted);
	put_true(j, "truncated", r->truncated);
	put_text(j, "file", r->log);
	json_key(j, "first_line");
	json_u64(j, r->first_line);
	json_key(j, "last_line");
	json_u64(j, r->last_line);
	put_number(j, "time_us", r->time_us);
	put_text(j, "arch", r->arch);
	put_number(j, "cpu", r->cpu);
	put_number(j, "pid", r->pid);
	put_text(j, "comm", r->comm);
	put_text(j, "context", oops_context_name(r->context));
	put_text(j, "kernel", r->kernel);
	put_text(j, "kernel_build", r->kernel_build);
	put_text(j, "build_id", r->build_id);
	put_taint(j, r);
	put_text(j, "hardware", r->hardware);
	put_text(j, "workqueue", r->workqueue);
	if (r->kernel_offset != 0)
		put_hex(j, "kernel_offset", r->kernel_offset);
	if (r->has_fault_address)
		put_hex(j, "fault_address", r->fault_address);
	put_frame_key(j, "pc", &r->pc);
	put_frame_key(j, "lr", &r->lr);
	put_frame_key(j, "blame", r->blame);
	put_text(j, "source_file", r->source_file);
	if (r->source_line != 0)
		put_number(j, "source_line", r->source_line);
	put_text(j, "code", r->code);
	put_details(j, r);
	put_locks(j, r);
	put_tasks(j, r);
	put_registers(j, r);
	put_traces(j, r);
	put_modules(j, r);
	put_explanation(j, r);
	if (r->repeats > 0) {
		json_key(j, "repeats");
		json_u64(j, r->repeats);
	}
	json_end(j);
}
