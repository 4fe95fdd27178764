/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types stand one after another, each 12 bytes and what its kind and member count ask for, and
 * are numbered from 1.  So one walk finds where each begins; it ends at the first that is
 * not known or does not fit, and what refers beyond is void.  The kernel has 100,000 and more, of which few are
 * looked at again: where each eighth begins is kept, and names are looked for in that walk.
 *
 * An extract is made in two rounds: first a list of what is needed, which grows while it is
 * gone through, so nothing recurses; then each is copied with the numbers of the list.
 */
#include "format/btf.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

#include <stdlib.h>

enum { MAGIC = 0xeb9f, HEAD_BYTES = 24, TYPE_BYTES = 12 };

/* magic 16, version 8, flags 8, hdr_len, type_off, type_len, str_off, str_len */
struct head {
	uint32_t word[6];
};

/* Bytes behind the 12; SIZE_MAX: unknown kind. */
static size_t tail_bytes(const struct btf_type *t)
{
	static const uint8_t fixed[BTF_KINDS] = { [BTF_INT] = 4, [BTF_ARRAY] = 12, [BTF_VAR] = 4, [BTF_DECL_TAG] = 4 };
	static const uint8_t each[BTF_KINDS] = { [BTF_STRUCT] = 12, [BTF_UNION] = 12, [BTF_ENUM] = 8,
						 [BTF_FUNC_PROTO] = 8, [BTF_DATASEC] = 12, [BTF_ENUM64] = 12 };
	enum btf_kind kind = btf_kind_of(t);

	if (kind == 0 || kind >= BTF_KINDS)
		return SIZE_MAX;
	return fixed[kind] + (size_t)each[kind] * btf_member_count(t);
}

static struct btf_type type_at(const struct btf_file *f, size_t offset)
{
	struct btf_type t;

	memcpy(&t, f->types.data + offset, sizeof(t));
	return t;
}

/* --- names --------------------------------------------------------------------------------------- */

void btf_names_init(struct btf_names *n)
{
	*n = (struct btf_names){ 0 };
	strmap_init(&n->kinds);
}

void btf_names_deinit(struct btf_names *n)
{
	strmap_deinit(&n->kinds);
	vec_deinit(&n->found);
}

/* Of how a name begins: its first four bytes, or all of a shorter one.  Nearly all names end here. */
static uint32_t filter_bit(const char *name)
{
	uint32_t word = 0;

	for (unsigned i = 0; i < sizeof(word) && name[i]; i++)
		word |= (uint32_t)(uint8_t)name[i] << 8 * i;
	return word * 0x9e3779b1U >> 20;
}

void btf_names_add(struct btf_names *n, const char *name, size_t length, uint32_t kinds)
{
	char beginning[sizeof(uint32_t) + 1] = "";
	uint32_t bit;

	memcpy(beginning, name, length < sizeof(uint32_t) ? length : sizeof(uint32_t));
	bit = filter_bit(beginning);
	n->filter[bit / 64] |= UINT64_C(1) << bit % 64;
	*strmap_get(&n->kinds, name, length, NULL) |= kinds;
}

static void look_for(struct btf_names *n, const struct btf_file *f, const struct btf_type *t, uint32_t id)
{
	enum { NAMED = 1 << BTF_STRUCT | 1 << BTF_UNION | 1 << BTF_TYPEDEF | 1 << BTF_FUNC };
	uint32_t kind = 1U << btf_kind_of(t), bit;
	const uint64_t *kinds;
	const char *name;

	if (!(kind & NAMED) || t->name_offset == 0)
		return;
	name = btf_string(f, t->name_offset);
	bit = filter_bit(name);
	if (!(n->filter[bit / 64] >> bit % 64 & 1))
		return;
	kinds = strmap_find(&n->kinds, name, strlen(name));
	if (kinds && *kinds & kind)
		vec_push(&n->found, id);
}

/* --- a file ---------------------------------------------------------------------------------------- */

static void walk(struct btf_file *f, struct btf_names *names)
{
	size_t room = 0, at = 0;

	f->count = 1;
	while (f->types.size_bytes - at >= TYPE_BYTES) {
		struct btf_type t = type_at(f, at);
		size_t tail = tail_bytes(&t), i = (f->count - 1) / BTF_STRIDE;

		if (tail > f->types.size_bytes - at - TYPE_BYTES)
			return;
		if (i >= room) {
			room = room ? room * 2 : 1024;
			f->offsets = mem_realloc(f->offsets, room * sizeof(*f->offsets));
		}
		if ((f->count - 1) % BTF_STRIDE == 0)
			f->offsets[i] = (uint32_t)at;
		if (names)
			look_for(names, f, &t, f->count);
		f->count++;
		at += TYPE_BYTES + tail;
	}
}

struct err *btf_init_finding(struct btf_file *f, struct bytes image, struct btf_names *names)
{
	struct head head;

	*f = (struct btf_file){ 0 };
	if (image.size_bytes < HEAD_BYTES || image.size_bytes > UINT32_MAX)
		return err_new(ERR_FORMAT, "no BTF: it is too short");
	memcpy(&head, image.data, sizeof(head));

	uint64_t types = (uint64_t)head.word[1] + head.word[2], strings = (uint64_t)head.word[1] + head.word[4];

	if ((head.word[0] & 0xffff) != MAGIC)
		return err_new(ERR_FORMAT, "no BTF of this machine's byte order");
	if (types + head.word[3] > image.size_bytes || strings + head.word[5] > image.size_bytes ||
	    head.word[5] == 0 || image.data[strings + head.word[5] - 1] != '\0')
		return err_new(ERR_FORMAT, "broken BTF: its parts lie outside");
	f->types = (struct bytes){ image.data + types, head.word[3] };
	f->strings = (struct bytes){ image.data + strings, head.word[5] };
	walk(f, names);
	return NULL;
}

struct err *btf_init(struct btf_file *f, struct bytes image) { return btf_init_finding(f, image, NULL); }

void btf_deinit(struct btf_file *f)
{
	free(f->offsets);
	*f = (struct btf_file){ 0 };
}

static size_t offset_of(const struct btf_file *f, uint32_t id)
{
	size_t at = f->offsets[(id - 1) / BTF_STRIDE];

	for (uint32_t i = (id - 1) % BTF_STRIDE; i > 0; i--) {
		struct btf_type t = type_at(f, at);

		at += TYPE_BYTES + tail_bytes(&t);
	}
	return at;
}

struct btf_type btf_type_of(const struct btf_file *f, uint32_t id) { return type_at(f, offset_of(f, id)); }

struct bytes btf_members(const struct btf_file *f, uint32_t id)
{
	size_t at = offset_of(f, id);
	struct btf_type t = type_at(f, at);

	return (struct bytes){ f->types.data + at + TYPE_BYTES, tail_bytes(&t) };
}

const char *btf_string(const struct btf_file *f, uint32_t offset)
{
	return offset < f->strings.size_bytes ? (const char *)f->strings.data + offset : "";
}

/* --- extract ------------------------------------------------------------------------------------- */

struct extract {
	const struct btf_file *f;
	uint32_t *number;  /* [id] in F -> number in the extract; 0: not needed */
	VEC(uint32_t) ids; /* the list: [number - 1] */
	struct str types, strings;
	struct map names;  /* offset in F's strings -> in ours */
};

static void need(struct extract *x, uint32_t id)
{
	if (id == 0 || id >= x->f->count || x->number[id])
		return;
	vec_push(&x->ids, id);
	x->number[id] = (uint32_t)x->ids.n;
}

/* What ID holds by value. */
static void need_parts(struct extract *x, uint32_t id)
{
	struct btf_type t = btf_type_of(x->f, id);
	struct cursor c = cursor_of(btf_members(x->f, id), __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	switch (btf_kind_of(&t)) {
	case BTF_TYPEDEF:
	case BTF_VOLATILE:
	case BTF_CONST:
	case BTF_RESTRICT:
	case BTF_TYPE_TAG:
		need(x, t.size_or_type);
		return;
	case BTF_ARRAY: /* element, index, count */
		need(x, cursor_u32(&c));
		need(x, cursor_u32(&c));
		return;
	case BTF_STRUCT:
	case BTF_UNION: /* name, type, offset */
		while (!cursor_done(&c)) {
			cursor_skip(&c, 4);
			need(x, cursor_u32(&c));
			cursor_skip(&c, 4);
		}
		return;
	default:
		return;
	}
}

static bool is_record(const struct btf_type *t)
{
	return (btf_kind_of(t) == BTF_STRUCT || btf_kind_of(t) == BTF_UNION) && t->name_offset;
}

void btf_names_add_records(struct btf_names *n, const struct btf_file *program)
{
	for (uint32_t id = 1; id < program->count; id++) {
		struct btf_type t = btf_type_of(program, id);
		const char *name = btf_string(program, t.name_offset), *flavour = strstr(name, "___");

		if (is_record(&t))
			btf_names_add(n, name, flavour ? (size_t)(flavour - name) : strlen(name), 1 << BTF_STRUCT | 1 << BTF_UNION);
	}
}

static void list(struct extract *x, const struct btf_names *names)
{
	for (size_t i = 0; i < names->found.n; i++) {
		struct btf_type t = btf_type_of(x->f, names->found.v[i]);

		if (is_record(&t))
			need(x, names->found.v[i]);
	}
	for (size_t i = 0; i < x->ids.n; i++)
		need_parts(x, x->ids.v[i]);
}

static void put(struct str *s, uint32_t word) { str_add_n(s, &word, sizeof(word)); }

/* A name is copied once; in a sane file the copies together are no longer than its strings. */
static uint32_t put_name(struct extract *x, uint32_t name_offset)
{
	const char *name = btf_string(x->f, name_offset);
	bool is_new;

	if (!*name || x->strings.length > x->f->strings.size_bytes)
		return 0;

	uint64_t *at = map_get(&x->names, name_offset, &is_new);

	if (is_new) {
		*at = x->strings.length;
		str_add_n(&x->strings, name, strlen(name) + 1);
	}
	return (uint32_t)*at;
}

static uint32_t number_of(const struct extract *x, uint32_t id) { return id < x->f->count ? x->number[id] : 0; }

/* The words behind the head: names and types among them get their new numbers. */
static void put_members(struct extract *x, uint32_t id, enum btf_kind kind)
{
	struct bytes members = btf_members(x->f, id);
	struct cursor c = cursor_of(members, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	bool record = kind == BTF_STRUCT || kind == BTF_UNION;
	size_t stride = kind == BTF_ENUM ? 2 : 3;

	for (size_t i = 0; !cursor_done(&c); i++) {
		uint32_t word = cursor_u32(&c);

		if ((record || kind == BTF_ENUM || kind == BTF_ENUM64) && i % stride == 0)
			word = put_name(x, word);
		else if ((record && i % 3 == 1) || (kind == BTF_ARRAY && i < 2))
			word = number_of(x, word);
		put(&x->types, word);
	}
}

static void put_type(struct extract *x, uint32_t id)
{
	struct btf_type t = btf_type_of(x->f, id);
	enum btf_kind kind = btf_kind_of(&t);
	uint32_t value = t.size_or_type;

	if (kind == BTF_PTR)
		value = 0; /* void: what it points to isn't here */
	else if ((kind >= BTF_TYPEDEF && kind <= BTF_RESTRICT) || kind == BTF_TYPE_TAG)
		value = number_of(x, value);
	else if (kind == BTF_FUNC || kind == BTF_FUNC_PROTO || kind == BTF_VAR || kind == BTF_DATASEC ||
		 kind == BTF_DECL_TAG) {
		t = (struct btf_type){ .info = (uint32_t)BTF_PTR << 24 }; /* nothing that is held by value */
		kind = BTF_PTR;
		value = 0;
	}
	put(&x->types, put_name(x, t.name_offset));
	put(&x->types, t.info);
	put(&x->types, value);
	if (kind != BTF_PTR)
		put_members(x, id, kind);
}

void btf_extract(const struct btf_file *f, const struct btf_names *found, struct str *image)
{
	struct extract x = { .f = f, .number = mem_calloc(f->count, sizeof(uint32_t)) };
	const uint16_t magic = MAGIC;
	const uint8_t version[2] = { 1, 0 }; /* and flags */

	map_init(&x.names);
	str_init(&x.types);
	str_init(&x.strings);
	str_add_n(&x.strings, "", 1);
	list(&x, found);
	for (size_t i = 0; i < x.ids.n; i++)
		put_type(&x, x.ids.v[i]);
	str_add_n(image, &magic, sizeof(magic));
	str_add_n(image, version, sizeof(version));
	put(image, HEAD_BYTES);
	put(image, 0);
	put(image, (uint32_t)x.types.length);
	put(image, (uint32_t)x.types.length);
	put(image, (uint32_t)x.strings.length);
	str_add_n(image, x.types.text, x.types.length);
	str_add_n(image, x.strings.text, x.strings.length);
	free(x.number);
	vec_deinit(&x.ids);
	map_deinit(&x.names);
	str_deinit(&x.types);
	str_deinit(&x.strings);
}
