/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde info: what a recording is, how much is in it, what was lost, what could not be had. */
#include "cmd/cmd.h"
#include "cmd/recording_input.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "base/vec.h"
#include "record/recording.h"
#include "render/doc.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

struct info_args {
	struct output_args output;
	const char *recording;
};

static const struct opt info_opts[] = { OUTPUT_OPTS(struct info_args, output), OPT_END };
static const struct opt_operand info_operands[] = {
	{ .name = "REC",
	  .offset = offsetof(struct info_args, recording),
	  .max = 1,
	  .completes = "recording",
	  .help = "the recording; without one the newest here" },
	OPERAND_END
};

static void wall_time(const struct recording_meta *m, uint64_t ns, char text[64])
{
	int64_t wall = (int64_t)ns + m->wall_offset_ns;
	time_t seconds = (time_t)(wall / 1000000000);
	struct tm tm;

	text[0] = '\0';
	if (localtime_r(&seconds, &tm))
		strftime(text, 64, "%Y-%m-%d %H:%M:%S %z", &tm);
}

static void exit_text(int status, char text[64])
{
	if (WIFSIGNALED(status))
		snprintf(text, 64, "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(text, 64, "%d", WEXITSTATUS(status));
}

static uint64_t event_rows(const struct recording *r)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < recording_table_count(r); i++) {
		const struct table_info *t = recording_table(r, i);

		rows += t->type->side || strcmp(t->type->name, "lost") == 0 ? 0 : t->rows;
	}
	return rows;
}

static uint64_t all_bytes(const struct recording *r)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < recording_table_count(r); i++)
		bytes += recording_table(r, i)->bytes;
	return bytes;
}

/* --- what was lost
 * -------------------------------------------------------------------------------- */

struct loss {
	const char *source, *reason;
	uint64_t count, rows;
	bool some_unknown;
};
struct losses {
	VEC(struct loss) v;
	uint64_t total;
	bool some_unknown;
};

static void add_loss(struct losses *all, const char *source, const char *reason, uint64_t count)
{
	struct loss *l = NULL;

	for (size_t i = 0; i < all->v.n; i++)
		if (str_eq(all->v.v[i].source, source) && str_eq(all->v.v[i].reason, reason))
			l = &all->v.v[i];
	if (l == NULL) {
		l = vec_add(&all->v);
		l->source = source;
		l->reason = reason;
	}
	l->count += count;
	l->rows++;
	l->some_unknown |= count == 0;
	all->total += count;
	all->some_unknown |= count == 0;
}

static struct err *read_losses(struct recording *r, struct losses *all)
{
	static const char *const columns[] = { "count", "source", "reason", NULL };
	struct scan_options options = { .columns = columns };
	struct scan *scan;
	struct batch b;
	bool more = true;

	if (recording_find_table(r, "lost") == NULL)
		return NULL;
	TRY(scan_create(r, "lost", &options, &scan));
	struct err *err = NULL;

	while (err == NULL && (err = scan_next(scan, &b, &more)) == NULL && more)
		for (size_t i = 0; i < b.rows; i++)
			add_loss(all, recording_string(r, b.columns[1].u32[i]),
				 recording_string(r, b.columns[2].u32[i]), b.columns[0].u64[i]);
	scan_destroy(scan);
	return err;
}

static void put_losses(struct doc *d, const struct losses *all)
{
	static const struct doc_column columns[] = {
		{ "source", "source", DOC_TEXT, 0 },
		{ "lost", "lost", DOC_COUNT, 0 },
		{ "reason", "why", DOC_TEXT, 0 },
	};

	if (all->v.n == 0)
		return;
	doc_section_begin(d, "lost", "Lost");
	doc_table_begin(d, "losses", NULL, columns, 3);
	for (size_t i = 0; i < all->v.n; i++) {
		const struct loss *l = &all->v.v[i];
		struct doc_value row[] = { DOC_STR(l->source),
					   l->count ? DOC_U64(l->count) : DOC_STR("unknown"),
					   DOC_STR(l->reason) };

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
	doc_section_end(d);
}

/* --- the parts
 * ----------------------------------------------------------------------------------------- */

static void put_headline(struct doc *d, const struct recording *r, const struct losses *lost)
{
	const struct recording_meta *m = recording_borrow_meta(r);
	static const char *const states[] = { "", ", still recording", ", cut short" };
	uint64_t end = m->end_ns;
	char duration[64] = "";

	for (size_t i = 0; i < recording_table_count(r) && m->state == RECORDING_LIVE; i++)
		if (recording_table(r, i)->max_time_ns > end)
			end = recording_table(r, i)->max_time_ns;
	if (end > m->start_ns)
		snprintf(duration, sizeof(duration), "%s",
			 units_duration_ns((double)(end - m->start_ns)).text);
	doc_headline(d, "%s%s%s event%s%s%s, %s%s%s", m->command ? m->command : "",
		     m->command ? ": " : "", units_count(event_rows(r)).text, event_rows(r) == 1 ? "" : "s",
		     duration[0] ? " in " : "", duration, units_bytes((double)all_bytes(r)).text,
		     lost->total || lost->some_unknown ? ", some lost" : "", states[m->state]);
}

static void put_facts(struct doc *d, const char *path, const struct recording_meta *m,
		      const struct losses *lost)
{
	static const char *const states[] = { "complete", "being recorded", "cut short" };
	char text[64];

	doc_field(d, "path", "recording", DOC_TEXT, DOC_STR(path));
	doc_field(d, "state", "state", DOC_TEXT, DOC_STR(states[m->state]));
	if (m->command)
		doc_field(d, "command", "command", DOC_TEXT, DOC_STR(m->command));
	if (m->exit_status != -1) {
		exit_text(m->exit_status, text);
		doc_field(d, "exit_status", "exit status", DOC_TEXT, DOC_STR(text));
	}
	wall_time(m, m->start_ns, text);
	doc_field(d, "start", "started", DOC_TEXT, DOC_STR(text));
	if (m->end_ns > m->start_ns)
		doc_field(d, "duration_ns", "lasted", DOC_DURATION_NS,
			  DOC_U64(m->end_ns - m->start_ns));
	if (m->host)
		doc_field(d, "host", "host", DOC_TEXT, DOC_STR(m->host));
	if (m->kernel)
		doc_field(d, "kernel", "kernel", DOC_TEXT, DOC_STR(m->kernel));
	if (m->arch)
		doc_field(d, "arch", "machine", DOC_TEXT, DOC_STR(m->arch));
	doc_field(d, "cpus", "CPUs", DOC_ID, DOC_U64(m->cpus));
	doc_field(d, "lost", "lost events", DOC_COUNT, DOC_U64(lost->total));
	if (m->version)
		doc_field(d, "sonde_version", "sonde version", DOC_TEXT, DOC_STR(m->version));
}

static void put_warnings(struct doc *d, struct recording *r, const struct recording_meta *m, const struct losses *lost)
{
	CLEANUP(str_deinit) struct str damage = { 0 };

	if (m->state == RECORDING_CUT)
		doc_warning(d, NULL, "cut short: %s", m->why_cut ? m->why_cut : "it has no end");
	if (m->journal_rows_folded)
		doc_text(d,
			 m->state == RECORDING_LIVE
				 ? "%s rows are in its journal still."
				 : "%s rows were taken from its journal when it was opened.",
			 units_count(m->journal_rows_folded).text);
	if (lost->total)
		doc_warning(d, NULL, "%s events were lost while recording",
			    units_count(lost->total).text);
	else if (lost->some_unknown)
		doc_warning(d, NULL, "events were lost while recording; how many is not known");
	for (; recording_next_damage(r, &damage); str_clear(&damage))
		doc_warning(d, NULL, "%s", str_text(&damage));
	for (size_t i = 0; i < m->missing_count; i++)
		doc_warning(d, m->missing[i].fix, "without %s%s%s", m->missing[i].what,
			    m->missing[i].why ? ": " : "",
			    m->missing[i].why ? m->missing[i].why : "");
}

static void put_tables(struct doc *d, const struct recording *r, bool side)
{
	static const struct doc_column columns[] = {
		{ "table", "table", DOC_TEXT, 0 },
		{ "rows", "rows", DOC_COUNT, 0 },
		{ "size_bytes", "size", DOC_BYTES, 0 },
		{ "bytes_a_row", "bytes a row", DOC_NUMBER, 0 },
		{ "segments", "segments", DOC_COUNT, DOC_COLUMN_OPTIONAL },
		{ "prose", "what it holds", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};

	doc_table_begin(d, side ? "side_tables" : "event_tables",
			side ? "what events refer to" : "events", columns, 6);
	for (size_t i = 0; i < recording_table_count(r); i++) {
		const struct table_info *t = recording_table(r, i);

		if (t->type->side != side)
			continue;
		struct doc_value row[] = {
			DOC_STR(t->type->name),
			DOC_U64(t->rows),
			DOC_U64(t->bytes),
			t->rows ? DOC_F64((double)t->bytes / (double)t->rows) : DOC_NONE,
			DOC_U64(t->segments),
			DOC_STR(t->type->prose),
		};

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}

static void put_notes(struct doc *d, const struct recording_meta *m)
{
	static const struct doc_column columns[] = {
		{ "key", "", DOC_TEXT, 0 },
		{ "value", "", DOC_TEXT, 0 },
	};

	if (m->note_count == 0)
		return;
	doc_table_begin(d, "notes", "notes", columns, 2);
	for (size_t i = 0; i < m->note_count; i++) {
		struct doc_value row[] = { DOC_STR(m->notes[i].key), DOC_STR(m->notes[i].value) };

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}

static void put_next(struct doc *d, const struct recording *r, const char *path)
{
	const struct table_info *samples = recording_find_table(r, "sample");
	CLEANUP(mem_freep) char *word = str_quote_shell(path);
	CLEANUP(mem_freep) char *report = mem_printf("sonde report %s", word);
	CLEANUP(mem_freep) char *query = mem_printf("sonde query %s .schema", word);

	if (samples && samples->rows)
		doc_next(d, report, "where the CPU time went");
	doc_next(d, query, "what can be asked in SQL");
}

static struct err *put_info(const struct info_args *args, struct recording *r, const char *path)
{
	const struct recording_meta *m = recording_borrow_meta(r);
	struct doc_head head = {
		.kind = "sonde.info", .version = 1, .title = path, .origin_ns = m->start_ns
	};
	struct losses lost = { 0 };
	struct doc *d;

	TRY(read_losses(r, &lost));
	TRY(output_open(&args->output, &d));
	doc_begin(d, &head);
	put_headline(d, r, &lost);
	put_warnings(d, r, m, &lost);
	put_facts(d, path, m, &lost);
	put_tables(d, r, false);
	put_tables(d, r, true);
	put_losses(d, &lost);
	put_notes(d, m);
	put_next(d, r, path);
	struct err *err = doc_end(d);

	render_destroy(d);
	vec_deinit(&lost.v);
	return err;
}

static struct err *info_run(void *user, struct arena *arena, int *status)
{
	const struct info_args *args = user;
	struct recording_input in;

	TRY(recording_input_open(args->recording, &in));
	struct err *err = put_info(args, in.recording, in.path);

	recording_input_close(&in);
	return err;
}

const struct cmd cmd_info = {
	.spec = {
		.name = "info",
		.summary = "say what a recording holds, and what it lost",
		.description =
			"What was recorded, when, where and for how long; how much of each kind of event, and how many "
			"bytes a row; what was lost and why; what could not be had on that machine, and how to get it.\n\n"
			"A recording whose recorder was killed, or whose disk was full, is repaired when it is first "
			"opened: what is still in its journal is put into its tables.",
		.opts = info_opts,
		.operands = info_operands,
		.see_also = "sonde-query(1), sonde-record(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct info_args),
	.run = info_run,
};
