/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One virtual table a table of the recording, with four ways to answer (the plan):
 *
 *   scan    row group after row group; only the columns that the statement uses are decoded;
 *           row groups whose smallest and largest values can't match are left out; comparisons of a
 *           column with a whole number are done here, a column at a time.
 *   id      side tables: the row with this id.
 *   side    side tables of a built-in type: from the rows that are decoded already.
 *   group   GROUP BY, DISTINCT and ORDER BY of up to four columns: the rows are put together by key
 *           here with a counting sort, which is several times faster than SQLite's sorter.
 *
 * SQLite checks all conditions again (omit is never set), so that a plan can only make it
 * faster, not wrong.  The plan travels from xBestIndex to xFilter in idxNum and idxStr.
 */
#include "base/mem.h"
#include "event/table.h"
#include "record/sql_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum plan { PLAN_SCAN, PLAN_ID, PLAN_SIDE, PLAN_GROUP };

struct sql_vtab {
	sqlite3_vtab base;
	struct sql *sql;
	struct table *table;
	const struct event_type *builtin; /* side tables of a built-in type: plans id and side */
	unsigned number;
	int in_order; /* row groups follow each other in field 0; -1: not known yet */
};

struct cursor {
	sqlite3_vtab_cursor base;
	enum plan plan;
	uint64_t fields; /* that are used, bit 63: from 63 on */
	struct sql_filters filters;
	struct sql_order_by by;
	struct sql_rows rows; /* scan */
	size_t segment, group, at;
	struct sql_grouped grouped;
	const uint8_t *side; /* id, side: the first row; NULL: none */
	size_t side_count;
	int64_t row_number;
};

void sql_table_name(const struct event_type *type, char name[256])
{
	snprintf(name, 256, "%s", type->name);
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '_';
}

/* --- reading row groups ------------------------------------------------------------------------
 */

static bool is_used(uint64_t fields, unsigned field)
{
	return fields >> (field < 63 ? field : 63) & 1;
}

static bool range_may_match(const struct sql_filter *f, int64_t min, int64_t max)
{
	switch (f->compare) {
	case SQL_EQ:
		return f->value >= min && f->value <= max;
	case SQL_GT:
		return max > f->value;
	case SQL_GE:
		return max >= f->value;
	case SQL_LT:
		return min < f->value;
	default:
		return min <= f->value;
	}
}

bool sql_may_match(const struct table *t, size_t segment, size_t group,
		   const struct sql_filters *filters)
{
	const struct table_segment *s = &t->segments.v[segment];
	uint64_t min, max;

	if (s->bad[group])
		return false;
	for (unsigned i = 0; i < filters->n; i++) {
		unsigned field = filters->v[i].field;
		int column = s->columns[field];

		if (column < 0 || !parquet_range(s->file, group, (size_t)column, &min, &max))
			continue;
		if ((int64_t)min > (int64_t)max) /* unsigned, across 2^63 */
			continue;
		if (!range_may_match(&filters->v[i], (int64_t)min, (int64_t)max))
			return false;
	}
	return true;
}

static bool passes(const struct sql_filter *f, int64_t value)
{
	switch (f->compare) {
	case SQL_EQ:
		return value == f->value;
	case SQL_GT:
		return value > f->value;
	case SQL_GE:
		return value >= f->value;
	case SQL_LT:
		return value < f->value;
	default:
		return value <= f->value;
	}
}

static void pick_first(struct sql_rows *rows, const struct sql_filter *f)
{
	const struct event_field *field = &rows->table->info.type->fields[f->field];

	rows->count = 0;
	for (size_t i = 0; i < rows->rows; i++) {
		rows->picked[rows->count] = (uint32_t)i;
		rows->count += passes(f, sql_integer(field, rows->columns[f->field], i));
	}
	rows->all = false;
}

static void pick_again(struct sql_rows *rows, const struct sql_filter *f)
{
	const struct event_field *field = &rows->table->info.type->fields[f->field];
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		uint32_t row = rows->picked[i];

		rows->picked[count] = row;
		count += passes(f, sql_integer(field, rows->columns[f->field], row));
	}
	rows->count = count;
}

static void reserve_rows(struct sql_rows *rows, size_t count, uint64_t fields)
{
	unsigned n = rows->table->info.type->field_count;

	if (rows->columns == NULL)
		rows->columns = mem_calloc(n, sizeof(*rows->columns));
	if (count <= rows->cap)
		return;
	rows->cap = count;
	rows->picked = mem_realloc(rows->picked, (count + 1) * sizeof(*rows->picked));
	for (unsigned i = 0; i < n; i++)
		if (is_used(fields, i))
			rows->columns[i] = mem_realloc(rows->columns[i], count * 8);
}

static struct err *read_fields(struct recording *r, struct sql_rows *rows, uint64_t fields, size_t segment, size_t group,
			       const struct sql_filters *f)
{
	const struct table *t = rows->table;

	for (unsigned i = 0; i < f->n; i++)
		fields |= 1ULL << (f->v[i].field < 63 ? f->v[i].field : 63);
	rows->rows = rows->count = parquet_row_group_rows(t->segments.v[segment].file, group);
	rows->all = true;
	reserve_rows(rows, rows->rows, fields);
	for (unsigned i = 0; i < f->n && rows->count;
	     i++) { /* cheap conditions first: they may spare the rest */
		TRY(table_read(r, t, segment, group, f->v[i].field, rows->columns[f->v[i].field]));
		if (i == 0)
			pick_first(rows, &f->v[i]);
		else
			pick_again(rows, &f->v[i]);
	}
	for (unsigned i = 0; i < t->info.type->field_count && rows->count; i++)
		if (is_used(fields, i))
			TRY(table_read(r, t, segment, group, i, rows->columns[i]));
	return NULL;
}

struct err *sql_read_group(struct recording *r, struct sql_rows *rows, uint64_t fields,
			   size_t segment, size_t group, const struct sql_filters *f)
{
	struct err *err = read_fields(r, rows, fields, segment, group, f);

	if (err)
		rows->rows = rows->count = 0;
	return err ? damage_skip_group(r, rows->table, segment, group, err) : NULL;
}

void sql_rows_deinit(struct sql_rows *rows)
{
	for (unsigned i = 0; rows->columns && i < rows->table->info.type->field_count; i++)
		free(rows->columns[i]);
	free(rows->columns);
	free(rows->picked);
	*rows = (struct sql_rows){ 0 };
}

/* --- the table
 * ------------------------------------------------------------------------------------ */

static char *declaration(const struct event_type *type)
{
	struct str text = { 0 };

	str_add(&text, "CREATE TABLE x(");
	for (unsigned i = 0; i < type->field_count; i++)
		str_printf(&text, "%s\"%s\" %s", i ? ", " : "", type->fields[i].name,
			   type->fields[i].kind == FIELD_STR ? "TEXT" : "INTEGER");
	str_add(&text, ")");
	return str_take(&text);
}

static const struct event_type *builtin_side(const struct event_type *type, unsigned *number)
{
	for (*number = 0; *number < TYPE_FIRST_DYNAMIC; ++*number)
		if (event_type_builtin(*number) == type && type->side)
			return type;
	return NULL;
}

static int table_connect(sqlite3 *db, void *user, int argc, const char *const *argv,
			 sqlite3_vtab **ret, char **message)
{
	struct sql *sql = user;
	struct table *t = argc > 2 ? sql_find_table(sql, argv[2]) : NULL;

	if (t == NULL)
		return SQLITE_ERROR;

	struct sql_vtab *v = mem_calloc(1, sizeof(*v));
	CLEANUP(mem_freep) char *text = declaration(t->info.type);
	int rc = sqlite3_declare_vtab(db, text);

	v->sql = sql;
	v->table = t;
	v->builtin = builtin_side(t->info.type, &v->number);
	v->in_order = -1;
	if (rc != SQLITE_OK) {
		free(v);
		return rc;
	}
	*ret = &v->base;
	return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
	free(base);
	return SQLITE_OK;
}

/* --- planning
 * --------------------------------------------------------------------------------------- */

/* idxStr: the fields that are used, in hex; " FIELDop" a condition; " oFIELD+" or "oFIELD-" a key
 * of the order. */

static const char compare_letters[] = "=>g<l"; /* by enum sql_compare */

static int compare_of(unsigned char op)
{
	switch (op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return SQL_EQ;
	case SQLITE_INDEX_CONSTRAINT_GT:
		return SQL_GT;
	case SQLITE_INDEX_CONSTRAINT_GE:
		return SQL_GE;
	case SQLITE_INDEX_CONSTRAINT_LT:
		return SQL_LT;
	case SQLITE_INDEX_CONSTRAINT_LE:
		return SQL_LE;
	default:
		return -1;
	}
}

static void add_conditions(const struct event_type *type, sqlite3_index_info *info,
			   struct str *text, double *selectivity)
{
	int used = 0;

	for (int i = 0; i < info->nConstraint && used < 8; i++) {
		int field = info->aConstraint[i].iColumn,
		    compare = compare_of(info->aConstraint[i].op);

		if (!info->aConstraint[i].usable || field < 0 || compare < 0 ||
		    type->fields[field].kind == FIELD_STR)
			continue;
		str_printf(text, " %d%c", field, compare_letters[compare]);
		info->aConstraintUsage[i].argvIndex = ++used;
		*selectivity *= compare == SQL_EQ ? 0.02 : 0.3;
	}
}

static bool plan_id(const struct sql_vtab *v, sqlite3_index_info *info)
{
	for (int i = 0; v->builtin && i < info->nConstraint; i++) {
		if (!info->aConstraint[i].usable || info->aConstraint[i].iColumn != 0 ||
		    info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->idxNum = PLAN_ID;
		info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
		info->estimatedRows = 1;
		info->estimatedCost = 1;
		info->orderByConsumed = 1;
		return true;
	}
	return false;
}

/* Are the rows in order of field 0 as they lie? */
static bool is_in_order(struct sql_vtab *v)
{
	const struct table *t = v->table;
	uint64_t before = 0, min, max;

	for (size_t s = 0; v->in_order < 0 && s < t->segments.n; s++)
		for (size_t g = 0; g < parquet_row_group_count(t->segments.v[s].file); g++) {
			const struct table_segment *segment = &t->segments.v[s];

			if (segment->columns[0] < 0 ||
			    !parquet_range(segment->file, g, (size_t)segment->columns[0], &min,
					   &max) ||
			    min < before) {
				v->in_order = 0;
				return false;
			}
			before = max;
		}
	if (v->in_order < 0)
		v->in_order = 1;
	return v->in_order;
}

static bool can_group(const struct sql_vtab *v, const sqlite3_index_info *info)
{
	uint64_t width = 16;

	if (info->nOrderBy < 1 || info->nOrderBy > 4)
		return false;
	for (int i = 0; i < info->nOrderBy; i++)
		if (info->aOrderBy[i].iColumn < 0)
			return false;
	width += 8 * (uint64_t)__builtin_popcountll(info->colUsed);
	return v->table->info.rows < UINT32_MAX &&
	       v->table->info.rows * width <= SQL_GROUP_BYTES_MAX;
}

static bool plan_order(struct sql_vtab *v, sqlite3_index_info *info, struct str *text)
{
	if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == 0 && !info->aOrderBy[0].desc &&
	    is_in_order(v)) {
		info->orderByConsumed = 1;
		return false;
	}
	if (!can_group(v, info))
		return false;
	for (int i = 0; i < info->nOrderBy; i++)
		str_printf(text, " o%d%c", info->aOrderBy[i].iColumn,
			   info->aOrderBy[i].desc ? '-' : '+');
	info->orderByConsumed = 1;
	return true;
}

/* SQLite will free it; NULL: no memory. */
static char *copy_for_sqlite(const char *text)
{
	size_t size_bytes = strlen(text) + 1;
	char *copy = sqlite3_malloc64(size_bytes);

	if (copy)
		memcpy(copy, text, size_bytes);
	return copy;
}

static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	struct sql_vtab *v = (struct sql_vtab *)base;
	double rows = (double)v->table->info.rows, selectivity = 1;
	struct str text = { 0 };

	if (plan_id(v, info))
		return SQLITE_OK;
	str_printf(&text, "%llx", (unsigned long long)info->colUsed);
	add_conditions(v->table->info.type, info, &text, &selectivity);
	if (plan_order(v, info, &text))
		info->idxNum = PLAN_GROUP;
	else
		info->idxNum = v->builtin ? PLAN_SIDE : PLAN_SCAN;
	info->estimatedRows = (sqlite3_int64)(rows * selectivity) + 1;
	info->estimatedCost = 100 + rows * (selectivity < 1 ? 0.3 + selectivity : 1);
	info->idxStr = copy_for_sqlite(str_text(&text));
	info->needToFreeIdxStr = 1;
	str_deinit(&text);
	return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* --- cursors
 * ----------------------------------------------------------------------------------------- */

static int report(struct sql_vtab *v, struct err *err)
{
	if (err == NULL)
		return SQLITE_OK;
	sqlite3_free(v->base.zErrMsg);
	v->base.zErrMsg = copy_for_sqlite(err_message(err));
	err_destroy(v->sql->failed);
	v->sql->failed = err;
	return SQLITE_ERROR;
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **ret)
{
	struct cursor *c = mem_calloc(1, sizeof(*c));

	c->rows.table = ((struct sql_vtab *)base)->table;
	*ret = &c->base;
	return SQLITE_OK;
}

static void cursor_reset(struct cursor *c)
{
	const struct table *t = ((struct sql_vtab *)c->base.pVtab)->table;

	sql_grouped_deinit(&c->grouped, t->info.type->field_count);
	sql_rows_deinit(&c->rows);
	c->rows.table = t;
	c->filters.n = 0;
	c->by = (struct sql_order_by){ 0 };
	c->segment = c->group = c->at = c->side_count = 0;
	c->side = NULL;
	c->row_number = 0;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	cursor_reset(c);
	free(c);
	return SQLITE_OK;
}

static void add_filter(struct cursor *c, unsigned field, char letter, sqlite3_value *value)
{
	const char *place = strchr(compare_letters, letter);

	if (place == NULL || c->filters.n == 8 || sqlite3_value_type(value) != SQLITE_INTEGER)
		return; /* SQLite compares it itself */
	c->filters.v[c->filters.n++] =
		(struct sql_filter){ field, (enum sql_compare)(place - compare_letters),
				     sqlite3_value_int64(value) };
}

static void parse_plan(struct cursor *c, const char *text, int argc, sqlite3_value **argv)
{
	char *p;
	int used = 0;

	c->fields = strtoull(text, &p, 16);
	while (*p == ' ') {
		bool is_order = p[1] == 'o';

		unsigned field = (unsigned)strtoul(p + 1 + is_order, &p, 10);

		if (is_order) {
			c->by.fields[c->by.n] = field;
			c->by.descending[c->by.n++] = *p == '-';
		} else if (used < argc) {
			add_filter(c, field, *p, argv[used++]);
		}
		p++;
	}
}

/* The next row group with rows that pass, if the current one is done. */
static struct err *advance(struct cursor *c)
{
	struct sql_vtab *v = (struct sql_vtab *)c->base.pVtab;
	const struct table *t = v->table;

	while (c->at >= c->rows.count && c->segment < t->segments.n) {
		if (c->group >= parquet_row_group_count(t->segments.v[c->segment].file)) {
			c->segment++;
			c->group = 0;
			continue;
		}
		size_t group = c->group++;

		if (!sql_may_match(t, c->segment, group, &c->filters))
			continue;
		TRY(sql_read_group(v->sql->recording, &c->rows, c->fields, c->segment, group,
				   &c->filters));
		c->at = 0;
	}
	return NULL;
}

static struct err *start_side(struct cursor *c, sqlite3_value *id)
{
	struct sql_vtab *v = (struct sql_vtab *)c->base.pVtab;
	const void *rows;
	size_t count;

	TRY(recording_side_rows(v->sql->recording, v->number, &rows, &count));
	c->side = rows;
	c->side_count = count;
	if (id) {
		sqlite3_int64 n =
			sqlite3_value_type(id) == SQLITE_INTEGER ? sqlite3_value_int64(id) : 0;

		c->side = n > 0 && n <= UINT32_MAX
				  ? recording_side_find(v->sql->recording, v->number, (uint32_t)n)
				  : NULL;
		c->side_count = c->side != NULL;
	}
	return NULL;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int argc,
			 sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	struct sql_vtab *v = (struct sql_vtab *)base->pVtab;

	cursor_reset(c);
	c->plan = (enum plan)plan;
	if (c->plan == PLAN_ID)
		return report(v, start_side(c, argv[0]));
	parse_plan(c, text, argc, argv);
	if (c->plan == PLAN_SIDE)
		return report(v, start_side(c, NULL));
	if (c->plan == PLAN_GROUP)
		return report(v, sql_group(v->sql->recording, v->table, c->fields, &c->filters,
					   &c->by, &c->grouped));
	return report(v, advance(c));
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	c->at++;
	c->row_number++;
	if (c->plan == PLAN_SCAN && c->at >= c->rows.count)
		return report((struct sql_vtab *)base->pVtab, advance(c));
	return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
	const struct cursor *c = (const struct cursor *)base;

	switch (c->plan) {
	case PLAN_SCAN:
		return c->at >= c->rows.count;
	case PLAN_GROUP:
		return c->at >= c->grouped.count;
	default:
		return c->at >= c->side_count;
	}
}

static void give_text(const struct cursor *c, sqlite3_context *context, uint32_t id)
{
	const struct sql_vtab *v = (const struct sql_vtab *)c->base.pVtab;

	sqlite3_result_text(context, recording_string(v->sql->recording, id), -1, SQLITE_STATIC);
}

static void give_side(const struct cursor *c, sqlite3_context *context, const struct event_field *f)
{
	const struct sql_vtab *v = (const struct sql_vtab *)c->base.pVtab;
	uint64_t value = 0;

	memcpy(&value, c->side + c->at * v->builtin->row_bytes + f->offset,
	       field_kind_bytes(f->kind));
	if (f->kind == FIELD_STR)
		give_text(c, context, (uint32_t)value);
	else
		sqlite3_result_int64(context,
				     f->kind == FIELD_I32 ? (int32_t)value : (sqlite3_int64)value);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	const struct cursor *c = (const struct cursor *)base;
	const struct sql_vtab *v = (const struct sql_vtab *)base->pVtab;
	const struct event_field *f = &v->table->info.type->fields[column];

	if (c->plan == PLAN_ID || c->plan == PLAN_SIDE) {
		give_side(c, context, f);
		return SQLITE_OK;
	}
	const void *values =
		c->plan == PLAN_GROUP ? c->grouped.columns[column] : c->rows.columns[column];
	size_t row = c->plan == PLAN_GROUP ? c->grouped.order[c->at]
		     : c->rows.all	   ? c->at
					   : c->rows.picked[c->at];

	if (values == NULL)
		return SQLITE_OK; /* NULL: SQLite said that it doesn't use it */
	if (f->kind == FIELD_STR)
		give_text(c, context, ((const uint32_t *)values)[row]);
	else
		sqlite3_result_int64(context, sql_integer(f, values, row));
	return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	*id = ((const struct cursor *)base)->row_number;
	return SQLITE_OK;
}

const sqlite3_module sql_table_module = {
	.xCreate = table_connect,
	.xConnect = table_connect,
	.xBestIndex = table_best_index,
	.xDisconnect = table_disconnect,
	.xDestroy = table_disconnect,
	.xOpen = cursor_open,
	.xClose = cursor_close,
	.xFilter = cursor_filter,
	.xNext = cursor_next,
	.xEof = cursor_eof,
	.xColumn = cursor_column,
	.xRowid = cursor_rowid,
};
