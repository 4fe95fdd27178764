/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open descriptors as a table.  Descriptors that are alike in all that is shown (a server's thousand
 * connections to one peer differ in their ports, a forked child's copies of /dev/null don't) are one
 * row with their count.
 */
#include "view/descriptors.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "render/doc.h"
#include "target/descriptors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct open_files {
	struct descriptors descriptors;
	struct str title; /* "nginx 4711" */
};

static bool is_socket(const struct descriptor *d)
{
	static const char *const kinds[] = { "tcp", "udp", "unix", "netlink", "raw", "socket" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(d->kind, kinds[i]) == 0)
			return true;
	return false;
}

static void headline(struct doc *doc, const struct descriptors *d)
{
	size_t files = 0, sockets = 0, listening = 0, all = 0;

	for (size_t i = 0; i < d->list.n; i++) {
		const struct descriptor *one = &d->list.v[i];

		all += one->fd >= 0;
		files += one->fd >= 0 && (strcmp(one->kind, "file") == 0 || strcmp(one->kind, "directory") == 0);
		sockets += is_socket(one);
		listening += one->state && strcmp(one->state, "LISTEN") == 0;
	}
	doc_headline(doc, "%s descriptor%s open: %s file%s, %s socket%s (%s listening), %s other%s",
		     units_count(all).text, all == 1 ? "" : "s", units_count(files).text, files == 1 ? "" : "s",
		     units_count(sockets).text, sockets == 1 ? "" : "s", units_count(listening).text,
		     units_count(all - files - sockets).text, all - files - sockets == 1 ? "" : "s");
}

static void mode_of(const struct descriptor *d, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s%s", d->reads ? "r" : "", d->writes ? "w" : "", d->append ? " append" : "",
		 d->nonblocking ? " nonblock" : "", d->close_on_exec ? " cloexec" : "");
}

static bool is_alike(const struct descriptor *a, const struct descriptor *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->kind, b->kind) == 0 && a->state == b->state &&
	       a->position_bytes == b->position_bytes && a->received_bytes == b->received_bytes &&
	       a->unsent_bytes == b->unsent_bytes && a->reads == b->reads && a->writes == b->writes &&
	       a->append == b->append && a->nonblocking == b->nonblocking && a->close_on_exec == b->close_on_exec;
}

/* "3", "0-2", "4, 6 and 7 more": the numbers of all that are like the one at I, which is the first. */
static size_t numbers_of(const struct descriptors *d, size_t i, struct str *out)
{
	size_t count = 0;

	for (size_t k = i; k < d->list.n; k++) {
		if (!is_alike(&d->list.v[i], &d->list.v[k]))
			continue;
		if (count++ < 3)
			str_printf(out, "%s%d", count > 1 ? ", " : "", d->list.v[k].fd);
	}
	if (count > 3)
		str_printf(out, " and %zu more", count - 3);
	return count;
}

static bool was_shown(const struct descriptors *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_alike(&d->list.v[i], &d->list.v[k]))
			return true;
	return false;
}

static struct doc_value bytes_if(bool there, uint64_t n) { return there ? DOC_U64(n) : DOC_NONE; }

static void emit_row(struct doc *doc, const struct descriptors *d, size_t i)
{
	const struct descriptor *one = &d->list.v[i];
	struct str numbers = { 0 };
	char mode[48];
	size_t count = numbers_of(d, i, &numbers);

	mode_of(one, mode, sizeof(mode));
	doc_row(doc, (struct doc_value[]){ DOC_STR(str_text(&numbers)), DOC_STR(one->kind), DOC_STR(mode),
					   bytes_if(one->has_position, one->position_bytes),
					   bytes_if(one->has_position, one->size_bytes),
					   DOC_STR(one->state ? one->state : ""),
					   bytes_if(one->received_bytes, one->received_bytes),
					   bytes_if(one->unsent_bytes, one->unsent_bytes), DOC_STR(one->name),
					   DOC_U64(count) });
	str_deinit(&numbers);
}

static void emit_table(struct doc *doc, const struct descriptors *d, uint64_t limit)
{
	static const struct doc_column columns[] = {
		{ "fd", "fd", DOC_TEXT, 0 }, { "kind", "kind", DOC_TEXT, 0 }, { "mode", "mode", DOC_TEXT, DOC_COLUMN_OPTIONAL },
		{ "position", "at", DOC_BYTES, 0 }, { "size", "of", DOC_BYTES, 0 }, { "state", "state", DOC_TEXT, 0 },
		{ "received", "unread", DOC_BYTES, DOC_COLUMN_OPTIONAL }, { "unsent", "unsent", DOC_BYTES, DOC_COLUMN_OPTIONAL },
		{ "name", "what", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT }, { "count", "count", DOC_COUNT, DOC_COLUMN_OPTIONAL },
	};
	uint64_t shown = 0, left_out = 0;

	doc_table_begin(doc, "descriptors", "Open now", columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < d->list.n; i++) {
		if (d->list.v[i].fd < 0 || was_shown(d, i))
			continue;
		if (limit && shown >= limit) {
			left_out++;
			continue;
		}
		emit_row(doc, d, i);
		shown++;
	}
	doc_table_end(doc, left_out, left_out ? "--limit N shows more" : NULL);
}

static void read_title(pid_t pid, struct str *title)
{
	str_printf(title, "%s%d", io_read_comm(pid, pid, title) ? " " : "", pid);
}

struct err *open_files_create(pid_t pid, struct open_files **ret)
{
	struct open_files *f = mem_calloc(1, sizeof(*f));
	struct err *err = descriptors_read(pid, true, &f->descriptors);

	read_title(pid, &f->title);
	if (err)
		open_files_destroy(f);
	else
		*ret = f;
	return err;
}

void open_files_destroy(struct open_files *f)
{
	if (f == NULL)
		return;
	descriptors_deinit(&f->descriptors);
	str_deinit(&f->title);
	free(f);
}

void open_files_emit(struct doc *doc, const struct open_files *f, uint64_t limit)
{
	const struct descriptors *d = &f->descriptors;

	doc_begin(doc, &(struct doc_head){ .kind = "sonde.files", .version = 1, .title = str_text(&f->title) });
	headline(doc, d);
	if (d->cut)
		doc_warning(doc, geteuid() ? "as root all can be seen" : "not even root may here (a container, a security module)",
			    "some descriptors may not be looked at");
	if (d->list.n && d->list.v[0].fd == DESCRIPTOR_CWD)
		doc_field(doc, "directory", "working directory", DOC_TEXT, DOC_STR(d->list.v[0].name));
	emit_table(doc, d, limit);
}
