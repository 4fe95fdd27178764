/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands beside a profile's stacks: threads, processes, the other events, losses. */
#include "view/profile_impl.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>

void profile_sum_processes(struct profile_builder *b)
{
	struct map index, threads;
	uint64_t *most;

	map_init(&index);
	map_init(&threads);
	for (size_t i = 0; i < b->p->threads.n; i++) {
		struct profile_thread *t = &b->p->threads.v[i];
		bool is_new;
		uint64_t *at = map_get(&index, t->row->pid, &is_new);

		if (is_new) {
			*at = b->p->processes.n;
			vec_add(&b->p->processes)->pid = t->row->pid;
			b->p->processes.v[*at].name = profile_string(b, t->row->comm);
		}
		t->process = (uint32_t)*at;
		b->p->processes.v[*at].value += t->value;
		b->p->processes.v[*at].samples += t->samples;
		/* a thread that renames itself or execs has several rows */
		if (t->samples > 0 && !*map_get(&threads, t->row->tid, &is_new)) {
			*map_get(&threads, t->row->tid, NULL) = 1;
			b->p->processes.v[*at].threads++;
		}
	}
	most = mem_calloc(b->p->processes.n + 1, sizeof(*most));
	for (size_t i = 0; i < b->p->threads.n; i++) {
		const struct profile_thread *t = &b->p->threads.v[i];

		/* the main thread's name is the process's; of several programs, the longest run */
		if (t->row->tid == t->row->pid && t->value >= most[t->process]) {
			most[t->process] = t->value;
			b->p->processes.v[t->process].name = profile_string(b, t->row->comm);
		}
	}
	free(most);
	map_deinit(&index);
	map_deinit(&threads);
}

void profile_list_threads(struct profile_builder *b)
{
	vec_reserve(&b->p->threads, b->thread_count);
	for (size_t i = 0; i < b->thread_count; i++)
		vec_add(&b->p->threads)->row = &b->threads[i];
}

struct err *profile_list_events(struct profile_builder *b)
{
	const void *rows;
	size_t count;

	TRY(recording_side_rows(b->r, TYPE_event, &rows, &count));
	for (size_t i = 0; i < count; i++) {
		const struct row_event *row = (const struct row_event *)rows + i;
		const uint64_t *samples = map_find(&b->events, row->id);
		struct profile_event *e = vec_add(&b->p->events);

		e->name = profile_string(b, row->name);
		e->counted = row->id == b->event_id;
		e->samples = e->counted ? b->p->samples + b->p->left_out : samples ? *samples : 0;
	}
	return NULL;
}
