/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call that comes whole and whose text was made before is two copies.  What stands before
 * it and how far its result is moved to the right differ from line to line and are not kept.
 */
#include "session/trace/printer_impl.h"

#include "base/mem.h"
#include "capture/call_memo.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 240 };

struct call_text { /* "name(arguments)" and its result, one behind the other */
	uint8_t call_bytes, result_bytes;
	char text[TEXT_BYTES];
};

/* Names of descriptors and processes change under a text. */
void printer_memo_create(struct printer *p)
{
	if (p->options->fds || p->options->pid_words)
		return;
	p->memo = call_memo_create();
	p->texts = mem_calloc(CALL_MEMO_SLOTS, sizeof(*p->texts));
}

void printer_memo_destroy(struct printer *p)
{
	call_memo_destroy(p->memo);
	free(p->texts);
}

bool printer_memo_enter(struct printer *p, struct call_thread *t, const struct syscall_memory *memory)
{
	struct line *line = printer_line(t);

	line->slot = CALL_MEMO_NONE;
	line->known = false;
	if (p->memo && t->whole && !t->call.restarts)
		line->slot = call_memo_slot(p->memo, &p->lookup, &t->call, memory->user, &line->known);
	return line->known;
}

void printer_memo_keep(struct printer *p, const struct line *line, const struct str *text, size_t call_end, size_t result_at)
{
	size_t call_bytes = call_end - line->text_at, result_bytes = text->length - result_at;
	struct call_text *kept;

	if (line->slot == CALL_MEMO_NONE)
		return;
	if (call_bytes + result_bytes > TEXT_BYTES) {
		call_memo_forget(p->memo, line->slot);
		return;
	}
	kept = &p->texts[line->slot];
	kept->call_bytes = (uint8_t)call_bytes;
	kept->result_bytes = (uint8_t)result_bytes;
	memcpy(kept->text, text->text + line->text_at, call_bytes);
	memcpy(kept->text + call_bytes, text->text + result_at, result_bytes);
}

void printer_memo_print(struct printer *p, const struct line *line, struct trace_out *out)
{
	const struct call_text *kept = &p->texts[line->slot];
	size_t column, want = (size_t)p->options->columns;

	str_add_n(&out->text, kept->text, kept->call_bytes);
	str_add_char(&out->text, ' ');
	column = trace_out_column(out);
	if (column < want)
		str_add_repeat(&out->text, ' ', want - column);
	str_add_n(&out->text, "= ", 2);
	str_add_n(&out->text, kept->text + kept->call_bytes, kept->result_bytes);
}
