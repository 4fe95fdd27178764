/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The footer is parsed once, into one small struct a column chunk; every offset and
 * length in it is held against the file before it is used.  A column is decoded page by
 * page: header, zstd into a scratch buffer, then the encoding straight into the caller's
 * array.  Bounds on rows and page sizes keep a damaged file from asking for much memory.
 * What carries a checksum is held against it: a flipped bit must not become a number.
 */
#include "format/parquet.h"

#include "base/mem.h"
#include "base/vec.h"
#include "format/bitpack.h"
#include "format/parquet_format.h"
#include "format/thrift.h"

#include <inttypes.h>
#include <zstd.h>

enum {
	FOOTER_MAX = 64 << 20,
	PAGE_MAX = 256 << 20,
	COLUMNS_MAX = 1024,
};

struct chunk {
	uint64_t offset, size_bytes; /* first page (dictionary or data), all pages */
	uint64_t rows;
	uint64_t min, max;
	uint8_t codec;
	bool has_range;
};

struct group {
	size_t rows;
	size_t first_chunk;
};

struct parquet_file {
	const uint8_t *data;
	size_t size_bytes;
	char *name;
	uint64_t rows;
	VEC(struct parquet_column) columns; /* names are ours */
	VEC(struct chunk) chunks;
	VEC(struct group) groups;
	VEC(char *) notes;
};

static struct err *bad(const struct parquet_file *f, const char *what)
{
	return err_new(ERR_FORMAT, "%s is damaged: %s", f->name, what);
}

/* --- footer ----------------------------------------------------------------------------------- */

static bool kind_of(int physical, int converted, enum parquet_kind *kind)
{
	static const struct {
		int physical, converted;
		enum parquet_kind kind;
	} known[] = {
		{ PHYSICAL_INT32, CONVERTED_UINT_8, PARQUET_U8 },
		{ PHYSICAL_INT32, CONVERTED_UINT_16, PARQUET_U16 },
		{ PHYSICAL_INT32, CONVERTED_UINT_32, PARQUET_U32 },
		{ PHYSICAL_INT64, CONVERTED_UINT_64, PARQUET_U64 },
		{ PHYSICAL_INT32, CONVERTED_INT_32, PARQUET_I32 },
		{ PHYSICAL_INT64, CONVERTED_INT_64, PARQUET_I64 },
		{ PHYSICAL_INT32, -1, PARQUET_I32 },
		{ PHYSICAL_INT64, -1, PARQUET_I64 },
		{ PHYSICAL_BYTE_ARRAY, CONVERTED_UTF8, PARQUET_STR },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].physical == physical && known[i].converted == converted) {
			*kind = known[i].kind;
			return true;
		}
	return false;
}

static char *read_name(struct thrift_reader *r)
{
	size_t length;
	const uint8_t *bytes = thrift_read_binary(r, &length);

	return mem_strndup((const char *)bytes, length);
}

static struct err *parse_column(struct parquet_file *f, struct thrift_reader *r, bool root)
{
	int64_t physical = -1, converted = -1, repetition = 0, children = 0;
	CLEANUP(mem_freep) char *name = NULL;
	enum parquet_kind kind;

	for (struct thrift_field field = { 0 }; thrift_next(r, &field);) {
		if (field.id == 1)
			physical = thrift_read_int(r, &field);
		else if (field.id == 3)
			repetition = thrift_read_int(r, &field);
		else if (field.id == 4 && field.type == THRIFT_BINARY && name == NULL)
			name = read_name(r);
		else if (field.id == 5)
			children = thrift_read_int(r, &field);
		else if (field.id == 6)
			converted = thrift_read_int(r, &field);
		else
			thrift_skip(r, &field);
	}
	if (root || r->bad)
		return NULL;
	if (name == NULL || children != 0 || repetition != REPETITION_REQUIRED ||
	    !kind_of((int)physical, (int)converted, &kind))
		return err_new(ERR_UNSUPPORTED,
			       "%s: column '%s' is of a type that no recording has", f->name,
			       name ? name : "?");
	vec_push(&f->columns, ((struct parquet_column){ .name = name, .kind = kind }));
	name = NULL;
	return NULL;
}

static struct err *parse_schema(struct parquet_file *f, struct thrift_reader *r,
				const struct thrift_field *field)
{
	enum thrift_type item;
	size_t count = thrift_read_list(r, field, &item);

	if (item != THRIFT_STRUCT || count < 2 || count > COLUMNS_MAX || f->columns.n > 0)
		return bad(f, "its schema has no columns, or too many");
	for (size_t i = 0; i < count && !r->bad; i++)
		TRY(parse_column(f, r, i == 0));
	return NULL;
}

static bool read_bound(struct thrift_reader *r, enum parquet_kind kind, uint64_t *value)
{
	size_t length;
	const uint8_t *bytes = thrift_read_binary(r, &length);
	uint32_t narrow;

	if (kind == PARQUET_STR || length != (parquet_kind_is_wide(kind) ? 8U : 4U))
		return false;
	if (length == 8) {
		memcpy(value, bytes, 8);
	} else {
		memcpy(&narrow, bytes, 4);
		*value = kind == PARQUET_I32 ? (uint64_t)(int32_t)narrow : narrow;
	}
	return true;
}

static void parse_statistics(struct thrift_reader *r, enum parquet_kind kind, struct chunk *c)
{
	bool has_min = false, has_max = false;

	for (struct thrift_field field = { 0 }; thrift_next(r, &field);) {
		if (field.id == 5 && field.type == THRIFT_BINARY)
			has_max = read_bound(r, kind, &c->max);
		else if (field.id == 6 && field.type == THRIFT_BINARY)
			has_min = read_bound(r, kind, &c->min);
		else
			thrift_skip(r, &field);
	}
	c->has_range = has_min && has_max;
}

static void parse_chunk_meta(struct thrift_reader *r, enum parquet_kind kind, struct chunk *c)
{
	int64_t data = -1, dictionary = -1;

	for (struct thrift_field field = { 0 }; thrift_next(r, &field);) {
		if (field.id == 4)
			c->codec = (uint8_t)thrift_read_int(r, &field);
		else if (field.id == 5)
			c->rows = (uint64_t)thrift_read_int(r, &field);
		else if (field.id == 7)
			c->size_bytes = (uint64_t)thrift_read_int(r, &field);
		else if (field.id == 9)
			data = thrift_read_int(r, &field);
		else if (field.id == 11)
			dictionary = thrift_read_int(r, &field);
		else if (field.id == 12 && field.type == THRIFT_STRUCT)
			parse_statistics(r, kind, c);
		else
			thrift_skip(r, &field);
	}
	c->offset = (uint64_t)(dictionary > 0 && dictionary < data ? dictionary : data);
}

static struct err *parse_chunk(struct parquet_file *f, struct thrift_reader *r, size_t column)
{
	struct chunk c = { 0 };
	bool has_meta = false;

	for (struct thrift_field field = { 0 }; thrift_next(r, &field);) {
		if (field.id == 3 && field.type == THRIFT_STRUCT) {
			parse_chunk_meta(r, f->columns.v[column].kind, &c);
			has_meta = true;
		} else {
			thrift_skip(r, &field);
		}
	}
	if (!has_meta || r->bad)
		return bad(f, "a column has no metadata");
	if (c.offset > f->size_bytes || c.size_bytes > f->size_bytes - c.offset)
		return bad(f, "a column lies outside of the file");
	if (c.codec != CODEC_UNCOMPRESSED && c.codec != CODEC_ZSTD)
		return err_new(ERR_UNSUPPORTED,
			       "%s: compressed with codec %d; recordings have zstd", f->name,
			       c.codec);
	vec_push(&f->chunks, c);
	return NULL;
}

static struct err *parse_group(struct parquet_file *f, struct thrift_reader *r)
{
	struct group g = { .first_chunk = f->chunks.n };
	enum thrift_type item;
	int64_t rows = -1;

	for (struct thrift_field field = { 0 }; thrift_next(r, &field);) {
		if (field.id == 1 && f->chunks.n == g.first_chunk) {
			size_t count = thrift_read_list(r, &field, &item);

			if (count != f->columns.n || item != THRIFT_STRUCT)
				return bad(f, "a row group has another number of columns");
			for (size_t i = 0; i < count; i++)
				TRY(parse_chunk(f, r, i));
		} else if (field.id == 3) {
			rows = thrift_read_int(r, &field);
		} else {
			thrift_skip(r, &field);
		}
	}
	if (r->bad || rows < 0 || f->chunks.n - g.first_chunk != f->columns.n)
		return bad(f, "a row group is cut short");
	if (rows > PARQUET_READ_ROWS_MAX)
		return err_new(ERR_LIMIT,
			       "%s: a row group of %" PRId64 " rows; the most we read is %d",
			       f->name, rows, PARQUET_READ_ROWS_MAX);
	for (size_t i = g.first_chunk; i < f->chunks.n; i++)
		if (f->chunks.v[i].rows != (uint64_t)rows)
			return bad(f, "a column has another number of rows than its row group");
	g.rows = (size_t)rows;
	f->rows += g.rows;
	vec_push(&f->groups, g);
	return NULL;
}

static struct err *parse_groups(struct parquet_file *f, struct thrift_reader *r,
				const struct thrift_field *field)
{
	enum thrift_type item;
	size_t count = thrift_read_list(r, field, &item);

	if (f->columns.n == 0 || (count && item != THRIFT_STRUCT))
		return bad(f, "its row groups come before its schema");
	for (size_t i = 0; i < count; i++)
		TRY(parse_group(f, r));
	return NULL;
}

static void parse_notes(struct parquet_file *f, struct thrift_reader *r,
			const struct thrift_field *field)
{
	enum thrift_type item;
	size_t count = thrift_read_list(r, field, &item);

	for (size_t i = 0; i < count && item == THRIFT_STRUCT && !r->bad; i++) {
		CLEANUP(mem_freep) char *key = NULL;
		CLEANUP(mem_freep) char *value = NULL;

		for (struct thrift_field inner = { 0 }; thrift_next(r, &inner);) {
			if (inner.id == 1 && inner.type == THRIFT_BINARY && key == NULL)
				key = read_name(r);
			else if (inner.id == 2 && inner.type == THRIFT_BINARY && value == NULL)
				value = read_name(r);
			else
				thrift_skip(r, &inner);
		}
		if (key == NULL || value == NULL)
			continue;
		vec_push(&f->notes, key);
		vec_push(&f->notes, value);
		key = value = NULL;
	}
}

/* Files of other writers have no such check. */
static bool footer_is_damaged(const struct parquet_file *f, const uint8_t *footer,
			      size_t size_bytes)
{
	const uint8_t *check = footer - FOOTER_CHECK_BYTES;
	uint32_t crc;

	if (footer - f->data < FOOTER_CHECK_BYTES || memcmp(check, FOOTER_CHECK, 4) != 0)
		return false;
	memcpy(&crc, check + 4, 4);
	return crc != parquet_crc(footer, size_bytes);
}

static struct err *parse_footer(struct parquet_file *f, const uint8_t *data, size_t size_bytes)
{
	struct thrift_reader r;

	if (footer_is_damaged(f, data, size_bytes))
		return bad(f, "its footer is not what was written");

	thrift_read_init(&r, data, size_bytes);
	for (struct thrift_field field = { 0 }; thrift_next(&r, &field);) {
		if (field.id == 2)
			TRY(parse_schema(f, &r, &field));
		else if (field.id == 4)
			TRY(parse_groups(f, &r, &field));
		else if (field.id == 5)
			parse_notes(f, &r, &field);
		else
			thrift_skip(&r, &field);
	}
	if (r.bad || f->columns.n == 0)
		return bad(f, "its footer is cut short");
	return NULL;
}

static struct err *check_frame(struct parquet_file *f, uint32_t *footer_bytes)
{
	if (f->size_bytes < 12)
		return bad(f, f->size_bytes ? "it is shorter than any Parquet file" : "it is empty");
	if (memcmp(f->data, "PAR1", 4) != 0)
		return err_new(ERR_FORMAT, "%s is not a Parquet file", f->name);
	if (memcmp(f->data + f->size_bytes - 4, "PAR1", 4) != 0)
		return bad(f, "it has no end");
	memcpy(footer_bytes, f->data + f->size_bytes - 8, 4);
	if (*footer_bytes > f->size_bytes - 12 || *footer_bytes > FOOTER_MAX)
		return bad(f, "its footer has no sensible length");
	return NULL;
}

struct err *parquet_open(const uint8_t *data, size_t size_bytes, const char *name,
			 struct parquet_file **ret)
{
	struct parquet_file *f = mem_calloc(1, sizeof(*f));
	uint32_t footer_bytes = 0;

	f->data = data;
	f->size_bytes = size_bytes;
	f->name = mem_strdup(name);

	struct err *err = check_frame(f, &footer_bytes);

	if (err == NULL)
		err = parse_footer(f, data + size_bytes - 8 - footer_bytes, footer_bytes);
	if (err != NULL)
		parquet_close(f);
	else
		*ret = f;
	return err;
}

void parquet_close(struct parquet_file *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->columns.n; i++)
		free((char *)f->columns.v[i].name);
	for (size_t i = 0; i < f->notes.n; i++)
		free(f->notes.v[i]);
	vec_deinit(&f->columns);
	vec_deinit(&f->chunks);
	vec_deinit(&f->groups);
	vec_deinit(&f->notes);
	free(f->name);
	free(f);
}

uint64_t parquet_rows(const struct parquet_file *f) { return f->rows; }
size_t parquet_column_count(const struct parquet_file *f) { return f->columns.n; }
size_t parquet_row_group_count(const struct parquet_file *f) { return f->groups.n; }

const struct parquet_column *parquet_file_column(const struct parquet_file *f, size_t column)
{
	return &f->columns.v[column];
}

size_t parquet_row_group_rows(const struct parquet_file *f, size_t group)
{
	return f->groups.v[group].rows;
}

bool parquet_range(const struct parquet_file *f, size_t group, size_t column, uint64_t *min,
		   uint64_t *max)
{
	const struct chunk *c = &f->chunks.v[f->groups.v[group].first_chunk + column];

	*min = c->min;
	*max = c->max;
	return c->has_range;
}

const char *parquet_note(const struct parquet_file *f, const char *key)
{
	for (size_t i = 0; i < f->notes.n; i += 2)
		if (strcmp(f->notes.v[i], key) == 0)
			return f->notes.v[i + 1];
	return NULL;
}

/* --- pages ---------------------------------------------------------------------------------------
 */

struct page {
	int type, encoding;
	size_t values;
	const uint8_t *body; /* decompressed */
	size_t size_bytes;
};

struct page_header {
	int64_t type, raw_bytes, stored_bytes, values, encoding, crc;
	bool has_crc;
};

static void parse_page_kind(struct thrift_reader *r, struct page_header *h)
{
	for (struct thrift_field field = { 0 }; thrift_next(r, &field);) {
		if (field.id == 1)
			h->values = thrift_read_int(r, &field);
		else if (field.id == 2)
			h->encoding = thrift_read_int(r, &field);
		else
			thrift_skip(r, &field);
	}
}

static struct err *parse_page_header(const struct parquet_file *f, struct thrift_reader *r,
				     struct page_header *h)
{
	*h = (struct page_header){ .type = -1, .raw_bytes = -1, .stored_bytes = -1, .values = -1 };
	for (struct thrift_field field = { 0 }; thrift_next(r, &field);) {
		if (field.id == 1)
			h->type = thrift_read_int(r, &field);
		else if (field.id == 2)
			h->raw_bytes = thrift_read_int(r, &field);
		else if (field.id == 3)
			h->stored_bytes = thrift_read_int(r, &field);
		else if ((field.id == 5 || field.id == 7) && field.type == THRIFT_STRUCT)
			parse_page_kind(r, h);
		else if (field.id == 4 && (h->has_crc = true))
			h->crc = thrift_read_int(r, &field);
		else
			thrift_skip(r, &field);
	}
	if (r->bad || h->stored_bytes < 0 || h->stored_bytes > r->end - r->p || h->raw_bytes < 0 ||
	    h->raw_bytes > PAGE_MAX || h->values < 0 || h->values > PARQUET_READ_ROWS_MAX)
		return bad(f, "a page header makes no sense");
	if (h->type != PAGE_DATA && h->type != PAGE_DICTIONARY)
		return err_new(ERR_UNSUPPORTED,
			       "%s: page type %d; recordings have version 1 data pages", f->name,
			       (int)h->type);
	return NULL;
}

static struct err *decompress(const struct parquet_file *f, struct parquet_scratch *s,
			      const uint8_t *stored, const struct page_header *h,
			      struct str *buffer)
{
	if (s->zstd == NULL)
		s->zstd = ZSTD_createDCtx();
	if (s->zstd == NULL)
		return err_nomem();

	/* The frame says how large it gets, so that a damaged header can't make us allocate. */
	unsigned long long size = ZSTD_getFrameContentSize(stored, (size_t)h->stored_bytes);

	if (size != (unsigned long long)h->raw_bytes)
		return bad(f, "a page has another size than its header says");
	str_clear(buffer);
	str_reserve(buffer, (size_t)h->raw_bytes);
	size_t n = ZSTD_decompressDCtx(s->zstd, buffer->text, (size_t)h->raw_bytes, stored,
				       (size_t)h->stored_bytes);

	if (ZSTD_isError(n) || n != (size_t)h->raw_bytes)
		return bad(f, "a page cannot be decompressed");
	buffer->length = n;
	return NULL;
}

static struct err *next_page(const struct parquet_file *f, const struct chunk *c,
			     struct thrift_reader *r, struct parquet_scratch *s, struct page *page)
{
	struct page_header h;

	TRY(parse_page_header(f, r, &h));
	*page = (struct page){ .type = (int)h.type,
			       .encoding = (int)h.encoding,
			       .values = (size_t)h.values,
			       .body = r->p,
			       .size_bytes = (size_t)h.stored_bytes };
	r->p += h.stored_bytes;
	if (h.has_crc && (uint32_t)h.crc != parquet_crc(page->body, page->size_bytes))
		return bad(f, "a page is not what was written");
	if (c->codec == CODEC_UNCOMPRESSED)
		return NULL;

	struct str *buffer = h.type == PAGE_DATA ? &s->page : &s->dictionary;

	TRY(decompress(f, s, page->body, &h, buffer));
	page->body = (const uint8_t *)buffer->text;
	page->size_bytes = buffer->length;
	return NULL;
}

static uint32_t *reserve_indices(struct parquet_scratch *s, size_t count)
{
	if (count > s->index_cap) {
		s->indices = mem_realloc(s->indices, count * sizeof(*s->indices));
		s->index_cap = count;
	}
	return s->indices;
}

static uint64_t *reserve_values(struct parquet_scratch *s, size_t count)
{
	if (count > s->value_cap) {
		s->values = mem_realloc(s->values, count * sizeof(*s->values));
		s->value_cap = count;
	}
	return s->values;
}

void parquet_scratch_deinit(struct parquet_scratch *s)
{
	str_deinit(&s->page);
	str_deinit(&s->dictionary);
	free(s->indices);
	free(s->values);
	ZSTD_freeDCtx(s->zstd);
	*s = (struct parquet_scratch){ 0 };
}

/* --- values
 * ------------------------------------------------------------------------------------------ */

/* Plain text: 32-bit length, bytes.  COUNT of them into ids. */
static struct err *read_texts(const struct parquet_file *f, const struct page *page,
			      const struct parquet_intern *intern, uint32_t *ids,
			      uint64_t *wide_ids)
{
	const uint8_t *p = page->body, *end = p + page->size_bytes;

	for (size_t i = 0; i < page->values; i++) {
		uint32_t length, id;

		if (end - p < 4)
			return bad(f, "a page of text is cut short");
		memcpy(&length, p, 4);
		p += 4;
		if (length > (size_t)(end - p))
			return bad(f, "a text reaches beyond its page");
		TRY(intern->intern(intern->user, (const char *)p, length, &id));
		p += length;
		if (ids)
			ids[i] = id;
		else
			wide_ids[i] = id;
	}
	return NULL;
}

static struct err *read_dictionary(const struct parquet_file *f, enum parquet_kind kind,
				   const struct page *page, const struct parquet_intern *intern,
				   struct parquet_scratch *s)
{
	size_t width = parquet_kind_is_wide(kind) ? 8 : 4;

	if (page->values > page->size_bytes / 4)
		return bad(f, "a dictionary is cut short");

	uint64_t *values = reserve_values(s, page->values + 1);

	if (kind == PARQUET_STR)
		return read_texts(f, page, intern, NULL, values);
	if (page->size_bytes < page->values * width)
		return bad(f, "a dictionary is cut short");
	for (size_t i = 0; i < page->values; i++) {
		values[i] = 0;
		memcpy(&values[i], page->body + i * width, width);
	}
	return NULL;
}

static bool look_up(const uint32_t *indices, const uint64_t *values, size_t dictionary, bool wide,
		    void *out, size_t rows)
{
	uint32_t largest = 0;

	for (size_t i = 0; i < rows; i++)
		largest = indices[i] > largest ? indices[i] : largest;
	if (rows && largest >= dictionary)
		return false;
	if (wide)
		for (size_t i = 0; i < rows; i++)
			((uint64_t *)out)[i] = values[indices[i]];
	else
		for (size_t i = 0; i < rows; i++)
			((uint32_t *)out)[i] = (uint32_t)values[indices[i]];
	return true;
}

static struct err *read_indexed(const struct parquet_file *f, const struct page *page, bool wide,
				size_t dictionary, struct parquet_scratch *s, void *out)
{
	uint32_t *indices = reserve_indices(s, page->values);

	if (page->size_bytes < 1 || !hybrid_decode(page->body + 1, page->size_bytes - 1,
						   page->body[0], indices, page->values))
		return bad(f, "a page of dictionary indices cannot be decoded");
	if (!look_up(indices, s->values, dictionary, wide, out, page->values))
		return bad(f, "a value points outside of its dictionary");
	return NULL;
}

static struct err *read_page(const struct parquet_file *f, enum parquet_kind kind,
			     const struct page *page, size_t dictionary,
			     const struct parquet_intern *intern, struct parquet_scratch *s,
			     void *out)
{
	bool wide = parquet_kind_is_wide(kind), fine;

	switch (page->encoding) {
	case ENCODING_RLE_DICTIONARY:
	case ENCODING_PLAIN_DICTIONARY:
		return read_indexed(f, page, wide, dictionary, s, out);
	case ENCODING_PLAIN:
		if (kind == PARQUET_STR)
			return read_texts(f, page, intern, out, NULL);
		if (page->size_bytes < page->values * (wide ? 8 : 4))
			return bad(f, "a page is cut short");
		memcpy(out, page->body, page->values * (wide ? 8 : 4));
		return NULL;
	case ENCODING_DELTA_BINARY_PACKED:
		if (kind == PARQUET_STR)
			break;
		fine = wide ? delta_decode_u64(page->body, page->size_bytes, out, page->values)
			    : delta_decode_u32(page->body, page->size_bytes, out, page->values);
		return fine ? NULL : bad(f, "a page of deltas cannot be decoded");
	default:
		break;
	}
	return err_new(ERR_UNSUPPORTED, "%s: a page with encoding %d", f->name, page->encoding);
}

struct err *parquet_read_column(const struct parquet_file *f, size_t group, size_t column,
				const struct parquet_intern *intern, struct parquet_scratch *s,
				void *out)
{
	const struct chunk *c = &f->chunks.v[f->groups.v[group].first_chunk + column];
	enum parquet_kind kind = f->columns.v[column].kind;
	size_t width = parquet_kind_is_wide(kind) ? 8 : 4, dictionary = 0, rows = 0;
	struct thrift_reader r;
	struct page page;

	thrift_read_init(&r, f->data + c->offset, c->size_bytes);
	while (rows < c->rows) {
		TRY(next_page(f, c, &r, s, &page));
		if (page.type == PAGE_DICTIONARY) {
			TRY(read_dictionary(f, kind, &page, intern, s));
			dictionary = page.values;
			continue;
		}
		if (page.values == 0 || page.values > c->rows - rows)
			return bad(f,
				   "its pages have another number of values than its footer says");
		TRY(read_page(f, kind, &page, dictionary, intern, s, (char *)out + rows * width));
		rows += page.values;
	}
	return NULL;
}
