/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call as one JSON object on a line (docs/SCHEMA.md), in place of strace's form. */
#include "base/json.h"
#include "session/trace/printer_impl.h"

#include <string.h>

static void key_u64(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	json_u64(j, value);
}

/* "name(arguments)" */
static void add_text(struct json *j, const char *text, size_t length)
{
	size_t name = strcspn(text, "(");

	if (name > length)
		name = length;
	if (length > name && text[length - 1] == ')')
		length--;
	json_key(j, "name");
	json_str_n(j, text, name);
	json_key(j, "arguments");
	json_str_n(j, text + name + (name < length), length > name ? length - name - 1 : 0);
}

/* -k: the frames' lines, innermost first. */
static void add_stack(struct json *j, struct printer *p, const struct call_thread *t)
{
	struct str lines;

	str_init(&lines);
	printer_stack(p, t, &lines);
	json_key(j, "stack");
	json_begin_array(j);
	for (const char *at = str_text(&lines); *at; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t lead = strspn(at, " >");

		json_str_n(j, at + lead, strcspn(at, "\n") - lead);
	}
	json_end(j);
	str_deinit(&lines);
}

void printer_json(struct printer *p, const struct call_thread *t, const char *text, const char *returned)
{
	struct str *out = &printer_line(t)->out->text;
	struct json j;

	json_init_str(&j, out, 0);
	json_begin_object(&j);
	key_u64(&j, "time_ns", t->enter_ns);
	json_key(&j, "duration_ns");
	if (t->entry_unseen || !returned)
		json_null(&j);
	else
		json_u64(&j, t->leave_ns > t->enter_ns ? t->leave_ns - t->enter_ns : 0);
	key_u64(&j, "pid", (uint64_t)t->pid);
	key_u64(&j, "tid", (uint64_t)t->tid);
	add_text(&j, text, strlen(text));
	json_key(&j, "result");
	if (returned)
		json_i64(&j, t->call.result);
	else
		json_null(&j);
	json_key(&j, "returned");
	json_str(&j, returned ? returned : "?");
	if (returned && (p->stacks || p->names))
		add_stack(&j, p, t);
	json_end(&j);
	printer_end_line(p, printer_line(t)->out);
}
