/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde query: SQL over a recording. */
#include "cmd/cmd.h"
#include "cmd/recording_input.h"

#include "base/json.h"
#include "base/str.h"
#include "base/vec.h"
#include "record/recording.h"
#include "record/sql.h"
#include "render/doc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct query_args {
	struct output_args output;
	bool csv;
	struct opt_list words;
};

static const struct opt query_opts[] = { { .name = "csv",
					   .kind = OPT_FLAG,
					   .offset = offsetof(struct query_args, csv),
					   .help = "print comma-separated values, names first" },
					 OUTPUT_OPTS(struct query_args, output),
					 OPT_END };
static const struct opt_operand query_operands[] = {
	{ .name = "REC",
	  .offset = offsetof(struct query_args, words),
	  .min = 1,
	  .max = 2,
	  .help = "the recording, and the SQL: one or more statements, or .tables, or .schema "
		  "[TABLE]; "
		  "without a recording the newest one here",
	  .completes = "recording" },
	OPERAND_END
};
static const struct opt_example query_examples[] = {
	{ "sonde query make .tables", "what there is" },
	{ "sonde query make .schema", "all columns, views and functions" },
	{ "sonde query make 'select comm, count(*) n from samples group by comm order by n desc'",
	  "samples by command" },
	{ "sonde query app \"select comm, path, count(*) n from syscalls where error and path <> '' group by 1, 2 order by n desc limit 20\"",
	  "what was looked for in vain (sonde trace -o app.sonde)" },
	{ "sonde query app 'select name, count(*) n, sum(duration_ns) / 1e6 ms, max(duration_ns) / 1e6 max_ms from syscalls group by name order by ms desc'",
	  "where the time in system calls went" },
	{ "sonde query app 'select seconds(time_ns) at, tid, name, arguments, returned, duration_ns / 1e6 ms from syscalls order by duration_ns desc limit 10'",
	  "the ten longest calls" },
	{ "sonde query make --csv 'select stack_text(stack) s, sum(period) from sample group by s'",
	  "folded stacks" },
	{ NULL, NULL },
};

/* --- rows to a document ----------------------------------------------------------------------- */

/* A table begins with its first row, whose values tell which columns hold numbers. */
struct doc_sink {
	const struct query_args *args;
	const char *title;
	struct doc *doc; /* opened for the first result: a bad statement prints nothing */
	unsigned tables; /* begun */
	bool has_columns, is_begun;
	VEC(char *) names;
	VEC(struct doc_value) values;
};

static enum doc_unit unit_of(const struct sql_value *v)
{
	if (v && v->kind == SQL_INTEGER)
		return DOC_ID; /* exactly as it is: it may be an id, a time, a count */
	return v && v->kind == SQL_REAL ? DOC_NUMBER : DOC_TEXT;
}

static void begin_table(struct doc_sink *s, const struct sql_value *first)
{
	VEC(struct doc_column) columns = { 0 };
	char key[24] = "result";

	if (++s->tables > 1)
		snprintf(key, sizeof(key), "result_%u", s->tables);
	for (size_t i = 0; i < s->names.n; i++)
		vec_push(&columns, ((struct doc_column){ s->names.v[i], s->names.v[i],
							 unit_of(first ? &first[i] : NULL), 0 }));
	doc_table_begin(s->doc, key, NULL, columns.v, columns.n);
	vec_deinit(&columns);
	s->is_begun = true;
}

static void end_table(struct doc_sink *s)
{
	if (!s->has_columns)
		return;
	if (!s->is_begun)
		begin_table(s, NULL);
	doc_table_end(s->doc, 0, NULL);
	for (size_t i = 0; i < s->names.n; i++)
		free(s->names.v[i]);
	vec_clear(&s->names);
	s->has_columns = s->is_begun = false;
}

static struct err *doc_columns(void *user, const char *const *names, int count)
{
	struct doc_head head = { .kind = "sonde.query", .version = 1 };
	struct doc_sink *s = user;

	head.title = s->title;
	if (s->doc == NULL) {
		TRY(output_open(&s->args->output, &s->doc));
		doc_begin(s->doc, &head);
	}
	end_table(s);
	for (int i = 0; i < count; i++)
		vec_push(&s->names, mem_strdup(names[i]));
	s->has_columns = true;
	return NULL;
}

static struct doc_value to_doc(const struct sql_value *v)
{
	switch (v->kind) {
	case SQL_INTEGER:
		return DOC_I64(v->integer);
	case SQL_REAL:
		return DOC_F64(v->real);
	case SQL_TEXT:
		return DOC_STR(v->text);
	default:
		return DOC_NONE;
	}
}

static struct err *doc_row_of(void *user, const struct sql_value *values, int count)
{
	struct doc_sink *s = user;

	if (!s->is_begun)
		begin_table(s, values);
	vec_clear(&s->values);
	for (int i = 0; i < count; i++)
		vec_push(&s->values, to_doc(&values[i]));
	doc_row(s->doc, s->values.v);
	return NULL;
}

/* --- rows as CSV (RFC 4180, but for the line ends)
 * ------------------------------------------------ */

static void put_csv_text(FILE *out, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static struct err *check_output(FILE *out)
{
	return ferror(out) ? err_errno(errno, "cannot write the result") : NULL;
}

static struct err *csv_columns(void *user, const char *const *names, int count)
{
	for (int i = 0; i < count; i++) {
		if (i)
			putc(',', user);
		put_csv_text(user, names[i]);
	}
	putc('\n', user);
	return check_output(user);
}

static void put_csv_value(FILE *out, const struct sql_value *v)
{
	struct str text = { 0 };
	struct json j;

	switch (v->kind) {
	case SQL_INTEGER:
		fprintf(out, "%" PRId64, v->integer);
		break;
	case SQL_REAL:
		json_init_str(&j, &text, 0);
		json_f64(&j, v->real);
		fputs(str_text(&text), out);
		str_deinit(&text);
		break;
	case SQL_TEXT:
		put_csv_text(out, v->text);
		break;
	default: /* NULL: nothing between the commas */
		break;
	}
}

static struct err *csv_row(void *user, const struct sql_value *values, int count)
{
	for (int i = 0; i < count; i++) {
		if (i)
			putc(',', user);
		put_csv_value(user, &values[i]);
	}
	putc('\n', user);
	return check_output(user);
}

/* --- rows as JSON: one object a line
 * --------------------------------------------------------------- */

struct json_sink {
	FILE *out;
	VEC(char *) names;
};

static void free_names(struct json_sink *s)
{
	for (size_t i = 0; i < s->names.n; i++)
		free(s->names.v[i]);
	vec_clear(&s->names);
}

static struct err *json_columns(void *user, const char *const *names, int count)
{
	struct json_sink *s = user;

	free_names(s);
	for (int i = 0; i < count; i++)
		vec_push(&s->names, mem_strdup(names[i]));
	return NULL;
}

static void put_json_value(struct json *j, const struct sql_value *v)
{
	switch (v->kind) {
	case SQL_INTEGER:
		json_i64(j, v->integer);
		break;
	case SQL_REAL:
		json_f64(j, v->real);
		break;
	case SQL_TEXT:
		json_str(j, v->text);
		break;
	default:
		json_null(j);
	}
}

static struct err *json_row(void *user, const struct sql_value *values, int count)
{
	struct json_sink *s = user;
	struct json j;

	json_init_file(&j, s->out, 0);
	json_begin_object(&j);
	for (int i = 0; i < count; i++) {
		json_key(&j, s->names.v[i]);
		put_json_value(&j, &values[i]);
	}
	json_end(&j);
	putc('\n', s->out);
	return check_output(s->out);
}

/* --- the three forms
 * ------------------------------------------------------------------------------------ */

static struct err *open_output(const char *path, FILE **out)
{
	*out = path && strcmp(path, "-") != 0 ? fopen(path, "we") : stdout;
	return *out ? NULL : err_errno(errno, "cannot create %s", path);
}

static struct err *close_output(FILE *out, struct err *err)
{
	int failed = fflush(out) != 0 ? errno : 0;

	if (out != stdout && fclose(out) != 0 && !failed)
		failed = errno;
	if (err == NULL && failed && failed != EPIPE)
		return err_errno(failed, "cannot write the result");
	return err;
}

static struct err *query_stream(const struct query_args *args, struct sql *sql, const char *text)
{
	struct json_sink json = { 0 };
	struct sql_sink sink = { csv_columns, csv_row, NULL };
	FILE *out;

	TRY(open_output(args->output.path, &out));
	sink.user = out;
	if (!args->csv) {
		json.out = out;
		sink = (struct sql_sink){ json_columns, json_row, &json };
	}
	struct err *err = close_output(out, sql_query(sql, text, &sink));

	free_names(&json);
	vec_deinit(&json.names);
	return err;
}

static struct err *query_document(const struct query_args *args, struct sql *sql, const char *path,
				  const char *text)
{
	struct doc_sink s = { .args = args, .title = path };
	struct sql_sink sink = { doc_columns, doc_row_of, &s };
	struct err *err = sql_query(sql, text, &sink);

	end_table(&s);
	if (err == NULL && s.doc)
		err = doc_end(s.doc);
	render_destroy(s.doc);
	vec_deinit(&s.values);
	vec_deinit(&s.names);
	return err;
}

/* --- .tables and .schema
 * ------------------------------------------------------------------------------- */

/* For programs: the columns of each table that the recording has, and the whole as SQL. */
static struct err *schema_document(const struct query_args *args, const struct recording *r, const char *path,
				   const char *only, const char *text)
{
	static const struct doc_column columns[] = {
		{ "table", "table", DOC_TEXT, 0 },	 { "column", "column", DOC_TEXT, 0 },
		{ "type", "type", DOC_TEXT, 0 },	 { "refers_to", "refers to", DOC_TEXT, 0 },
		{ "prose", "what it holds", DOC_TEXT, 0 },
	};
	struct doc *d;

	TRY(output_open(&args->output, &d));
	doc_begin(d, &(struct doc_head){ .kind = "sonde.query.schema", .version = 1, .title = path });
	doc_table_begin(d, "columns", NULL, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < recording_table_count(r); i++) {
		const struct event_type *type = recording_table(r, i)->type;

		for (unsigned k = 0; k < type->field_count && (only == NULL || str_eq(only, type->name)); k++) {
			const struct event_field *f = &type->fields[k];
			struct doc_value row[] = { DOC_STR(type->name), DOC_STR(f->name),
						   DOC_STR(f->kind == FIELD_STR ? "TEXT" : "INTEGER"),
						   f->ref ? DOC_STR(f->ref) : DOC_NONE, DOC_STR(f->prose) };

			doc_row(d, row);
		}
	}
	doc_table_end(d, 0, NULL);
	doc_field(d, "sql", "as SQL, with views and functions", DOC_TEXT, DOC_STR(text));

	struct err *err = doc_end(d);

	render_destroy(d);
	return err;
}

static struct err *print_schema(const struct query_args *args, const struct recording *r, const char *path,
				struct sql *sql, const char *text)
{
	const char *only = text + strlen(".schema");
	struct str schema = { 0 };
	FILE *out;

	while (*only == ' ')
		only++;
	only = *only ? only : NULL;

	struct err *err = sql_schema(sql, only, &schema);

	if (err == NULL && args->output.json) {
		err = schema_document(args, r, path, only, str_text(&schema));
		str_deinit(&schema);
		return err;
	}
	if (err == NULL)
		err = open_output(args->output.path, &out);
	if (err == NULL) {
		fwrite(str_text(&schema), 1, schema.length, out);
		err = close_output(out, check_output(out));
	}
	str_deinit(&schema);
	return err;
}

static struct err *print_tables(const struct query_args *args, const struct recording *r,
				const char *path)
{
	static const struct doc_column columns[] = {
		{ "table", "table", DOC_TEXT, 0 },
		{ "rows", "rows", DOC_COUNT, 0 },
		{ "prose", "what it holds", DOC_TEXT, 0 },
	};
	struct doc_head head = { .kind = "sonde.query.tables", .version = 1, .title = path };
	struct doc *d;

	TRY(output_open(&args->output, &d));
	doc_begin(d, &head);
	doc_table_begin(d, "tables", NULL, columns, 3);
	for (size_t i = 0; i < recording_table_count(r); i++) {
		const struct table_info *t = recording_table(r, i);
		struct doc_value row[] = { DOC_STR(t->type->name), DOC_U64(t->rows),
					   DOC_STR(t->type->prose) };

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
	doc_next(d, "sonde query REC .schema", "columns, views and functions");
	struct err *err = doc_end(d);

	render_destroy(d);
	return err;
}

static struct err *answer(const struct query_args *args, struct recording *r, const char *path,
			  const char *text)
{
	struct sql *sql;

	if (strcmp(text, ".tables") == 0)
		return print_tables(args, r, path);
	TRY(sql_open(r, &sql));

	struct err *err;

	if (str_starts(text, ".schema"))
		err = print_schema(args, r, path, sql, text);
	else if (text[0] == '.')
		err = err_fix(err_new(ERR_USAGE, "there is no '%s'", text),
			      "there are .tables and .schema");
	else if (args->csv || args->output.json)
		err = query_stream(args, sql, text);
	else
		err = query_document(args, sql, path, text);
	sql_destroy(sql);
	return err;
}

static bool is_question(const char *word)
{
	return word[0] == '.' ? strchr(word, '/') == NULL : strchr(word, ' ') != NULL;
}

static struct err *query_run(void *user, struct arena *arena, int *status)
{
	const struct query_args *args = user;
	const char *operand = args->words.count > 1 ? args->words.words[0] : NULL;
	const char *text = args->words.words[args->words.count - 1];
	struct recording_input in;

	if (args->csv && (args->output.json || args->output.html || args->output.svg))
		return err_fix(err_new(ERR_USAGE, "--csv excludes --json, --html and --svg"),
			       "run the command once for each");
	CLEANUP(mem_freep) char *word = str_quote_shell(text);

	if (operand == NULL && !is_question(text))
		return err_fix(err_new(ERR_USAGE, "'%s' is no SQL", text),
			       "sonde query %s .tables shows what there is to ask for", word);
	TRY(recording_input_open(operand, &in));
	struct err *err = answer(args, in.recording, in.path, text);

	recording_input_close(&in);
	return err;
}

const struct cmd cmd_query = {
	.spec = {
		.name = "query",
		.summary = "ask a recording in SQL",
		.description =
			"Every table of a recording is a table in SQLite, with views that join them; .tables and "
			".schema describe them.\n\n"
			"Times are nanoseconds of CLOCK_MONOTONIC: seconds(time_ns) counts from the start of the "
			"recording, wall_time(time_ns) is the local time. Integers are signed in SQLite: addresses of "
			"the kernel come out negative, and addr(x) prints them in hex.\n\n"
			"Conditions on time_ns and on other numbers leave out the parts of the recording that can't "
			"match; only the columns that the statement names are read. With --json each row is one "
			"object on a line. Nothing in the recording can be changed.\n\n"
			"The tables are Parquet files: DuckDB, ClickHouse, pandas and others open them as they are.",
		.opts = query_opts,
		.operands = query_operands,
		.examples = query_examples,
		.see_also = "sonde-info(1), sonde-record(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct query_args),
	.run = query_run,
};
