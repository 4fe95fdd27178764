/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What failed, from far and from near: by call and error, by directory (a search path shows as a few
 * directories in which many names were not found), by path.
 */
#include "base/map.h"
#include "base/str.h"
#include "base/units.h"
#include "record/recording.h"
#include "render/doc.h"
#include "syscall/print.h"
#include "view/calls/calls_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_SHOWN = 20, DIRECTORIES_SHOWN = 12, PATHS_SHOWN = 30 };

/* Failures that have something in common. */
struct group {
	const struct calls_failure *like; /* one of them */
	const char *directory;            /* NULL: not grouped by it */
	size_t directory_length;
	uint64_t count, time_ns, paths;
};
typedef VEC(struct group) group_list;

static int by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static int failures_by_count(const void *a, const void *b)
{
	const struct calls_failure *x = a, *y = b;
	int order = (x->count < y->count) - (x->count > y->count);

	return order ? order : (x->object > y->object) - (x->object < y->object);
}

static const char *error_name(int error, char *buffer, size_t size)
{
	const char *name = syscall_errno_name(error);

	if (name)
		return name;
	snprintf(buffer, size, "errno %d", error);
	return buffer;
}

static const char *path_of(const struct calls *c, const struct calls_failure *f)
{
	return f->object == CALL_OBJECT_NONE ? "" : c->objects.list.v[f->object].name;
}

static void add_to(group_list *groups, struct map *index, uint64_t key, const struct calls_failure *f)
{
	bool is_new;
	uint64_t *at = map_get(index, key, &is_new);
	struct group *g;

	if (is_new) {
		*at = groups->n;
		vec_push(groups, ((struct group){ .like = f }));
	}
	g = &groups->v[*at];
	g->count += f->count;
	g->time_ns += f->time_ns;
	g->paths++;
}

static void emit_kinds(struct doc *doc, const struct calls *c)
{
	static const struct doc_column columns[] = {
		{ "count", "times", DOC_COUNT, 0 }, { "call", "call", DOC_TEXT, 0 }, { "error", "error", DOC_TEXT, 0 },
		{ "things", "paths or things", DOC_COUNT, 0 }, { "time", "time", DOC_DURATION_NS, 0 },
	};
	group_list groups = { 0 };
	struct map index = { 0 };
	uint64_t limit = calls_limit(c, KINDS_SHOWN);
	char name[32], error[32];
	size_t i;

	for (i = 0; i < c->failures.n; i++) {
		const struct calls_failure *f = &c->failures.v[i];

		add_to(&groups, &index, (uint64_t)f->error << 44 ^ (uint64_t)f->abi << 40 ^ f->number, f);
	}
	vec_sort(&groups, by_count);
	doc_table_begin(doc, "errors", "What failed", columns, sizeof(columns) / sizeof(*columns));
	for (i = 0; i < groups.n && i < limit; i++) {
		const struct group *g = &groups.v[i];

		doc_row(doc, (struct doc_value[]){ DOC_U64(g->count),
						   DOC_STR(calls_name(g->like->abi, g->like->number, name, sizeof(name))),
						   DOC_STR(error_name(g->like->error, error, sizeof(error))),
						   DOC_U64(g->paths), DOC_U64(g->time_ns) });
	}
	calls_end_table(doc, groups.n - i);
	vec_deinit(&groups);
	map_deinit(&index);
}

/* Absolute paths alone: others have no directory that is known. */
static void group_by_directory(const struct calls *c, group_list *groups)
{
	struct map index = { 0 };

	for (size_t i = 0; i < c->failures.n; i++) {
		const struct calls_failure *f = &c->failures.v[i];
		const char *path = path_of(c, f), *end = strrchr(path, '/');
		size_t before = groups->n;
		uint64_t key;

		if (path[0] != '/' || !end)
			continue;
		key = hash_bytes(path, (size_t)(end - path)) ^ (uint64_t)f->error << 32;
		add_to(groups, &index, key, f);
		if (groups->n > before) {
			vec_last(groups)->directory = path;
			vec_last(groups)->directory_length = end > path ? (size_t)(end - path) : 1;
		}
	}
	vec_sort(groups, by_count);
	map_deinit(&index);
}

static void emit_directories(struct doc *doc, const struct calls *c)
{
	static const struct doc_column columns[] = {
		{ "count", "times", DOC_COUNT, 0 }, { "error", "error", DOC_TEXT, 0 }, { "names", "names", DOC_COUNT, 0 },
		{ "time", "time", DOC_DURATION_NS, 0 }, { "directory", "in directory", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
	};
	group_list groups = { 0 };
	uint64_t limit = calls_limit(c, DIRECTORIES_SHOWN);
	char error[32];
	size_t i;

	group_by_directory(c, &groups);
	if (groups.n > 1) {
		doc_table_begin(doc, "error_directories", "Where", columns, sizeof(columns) / sizeof(*columns));
		for (i = 0; i < groups.n && i < limit; i++) {
			const struct group *g = &groups.v[i];
			struct str directory = { 0 };

			str_add_n(&directory, g->directory, g->directory_length);
			doc_row(doc, (struct doc_value[]){ DOC_U64(g->count),
							   DOC_STR(error_name(g->like->error, error, sizeof(error))),
							   DOC_U64(g->paths), DOC_U64(g->time_ns),
							   DOC_STR(str_text(&directory)) });
			str_deinit(&directory);
		}
		calls_end_table(doc, groups.n - i);
	}
	vec_deinit(&groups);
}

static void emit_paths(struct doc *doc, struct calls *c)
{
	static const struct doc_column columns[] = {
		{ "count", "times", DOC_COUNT, 0 }, { "call", "call", DOC_TEXT, 0 }, { "error", "error", DOC_TEXT, 0 },
		{ "path", "path or thing", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT }, { "who", "who", DOC_TEXT, 0 },
		{ "time", "time", DOC_DURATION_NS, DOC_COLUMN_OPTIONAL },
	};
	uint64_t limit = calls_limit(c, PATHS_SHOWN);
	char name[32], error[32], who[64];
	size_t i;

	vec_sort(&c->failures, failures_by_count);
	doc_table_begin(doc, "error_paths", "On what", columns, sizeof(columns) / sizeof(*columns));
	for (i = 0; i < c->failures.n && i < limit; i++) {
		const struct calls_failure *f = &c->failures.v[i];

		doc_row(doc, (struct doc_value[]){ DOC_U64(f->count), DOC_STR(calls_name(f->abi, f->number, name, sizeof(name))),
						   DOC_STR(error_name(f->error, error, sizeof(error))),
						   DOC_STR(path_of(c, f)),
						   DOC_STR(calls_users(c, f->comm, f->processes, who, sizeof(who))),
						   DOC_U64(f->time_ns) });
	}
	calls_end_table(doc, c->failures.n - i);
}

void calls_emit_errors(struct doc *doc, struct calls *c)
{
	if (c->failures.n == 0) {
		doc_text(doc, "No call failed.");
		return;
	}
	emit_kinds(doc, c);
	emit_directories(doc, c);
	emit_paths(doc, c);
}
