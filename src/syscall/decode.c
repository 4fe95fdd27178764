/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values by description: a type says how bytes are printed, a struct is a list of fields.
 * Structures are read whole into a buffer of bounded size; what they point to is read when
 * it is printed.  Nesting is bounded by the descriptions (none is recursive) and by depth.
 */
#include "syscall/decode.h"
#include "syscall/hooks.h"

#include <string.h>

enum { STRUCT_LIMIT = 4096, DEPTH_LIMIT = 8 };

bool dec_failed(const struct decoder *d) { return d->exit && d->call->is_error && !d->ignore_error; }

bool dec_read(struct decoder *d, uint64_t addr, void *buffer, size_t size)
{
	return !d->style->addresses && dec_read_text(d, addr, buffer, size);
}

bool dec_read_text(struct decoder *d, uint64_t addr, void *buffer, size_t size)
{
	enum syscall_phase phase = d->exit ? SYSCALL_EXIT : SYSCALL_ENTER;

	if (addr == 0 || d->memory == NULL || d->memory->read == NULL)
		return false;
	if (d->word == 4 && addr > UINT32_MAX)
		return false;
	return d->memory->read(d->memory->user, phase, addr, buffer, size) == size;
}

bool dec_read_or_addr(struct decoder *d, uint64_t addr, void *buffer, size_t size)
{
	if (dec_failed(d) || !dec_read(d, addr, buffer, size)) {
		dec_addr(d, addr);
		return false;
	}
	return true;
}

int64_t dec_open_u32(struct decoder *d, uint64_t addr)
{
	uint8_t b[4];

	if (!dec_read_or_addr(d, addr, b, sizeof(b)))
		return -1;
	str_add_char(d->out, '[');
	return (int64_t)dec_word(d, b, sizeof(b));
}

uint64_t dec_word(struct decoder *d, const uint8_t *bytes, unsigned size)
{
	uint64_t v = 0;

	(void)d;
	for (unsigned i = size > 8 ? 8 : size; i-- > 0;)
		v = v << 8 | bytes[i];
	return v;
}

unsigned dec_size(const struct decoder *d, uint8_t size)
{
	if (size == SYS_LONG)
		return d->word;
	if (size == SYS_KLONG)
		return d->klong;
	return size;
}

unsigned dec_struct_size(const struct decoder *d, unsigned id) { return sys_structs[id].size[d->layout]; }

unsigned dec_type_size(const struct decoder *d, const struct sys_type *type)
{
	switch (type->kind) {
	case SYS_STRUCT:
		return dec_struct_size(d, type->ref);
	case SYS_TAIL:
		return 0;
	case SYS_INLINE:
		return dec_type_size(d, &sys_types[type->ref]) * type->count;
	case SYS_CHARS:
	case SYS_ZCHARS:
	case SYS_BYTES:
	case SYS_HEXBYTES:
		return type->count;
	default:
		return dec_size(d, type->size);
	}
}

uint64_t dec_field(struct decoder *d, const struct sys_object *o, unsigned field)
{
	const struct sys_field *f = &sys_fields[o->type->first + field];
	unsigned at = f->offset[d->layout], size = dec_type_size(d, &sys_types[f->type]);

	if (size > 8 || at + size > o->size)
		return 0;
	return dec_word(d, o->bytes + at, size);
}

static int64_t sign_extend(uint64_t v, unsigned size)
{
	unsigned shift = size >= 8 ? 0 : 64 - 8 * size;

	return (int64_t)(v << shift) >> shift;
}

/* The count that a type's parameter names. */
static uint64_t count_of(struct decoder *d, const struct sys_object *object, uint16_t from)
{
	if (from < 6)
		return d->args[from];
	if (from == SYS_FROM_RESULT)
		return d->call->is_error ? 0 : (uint64_t)d->call->result;
	if (from == SYS_FROM_SAVED)
		return d->progress->saved[0];
	if (from >= SYS_FROM_FIELD && object != NULL)
		return dec_field(d, object, from - SYS_FROM_FIELD);
	return 0;
}

static bool scalar(struct decoder *d, const struct sys_type *type, uint64_t v, unsigned size)
{
	switch (type->kind) {
	case SYS_DEC:
	case SYS_SPLIT:
		dec_int(d, sign_extend(v, size));
		break;
	case SYS_UDEC:
	case SYS_USPLIT:
		dec_uint(d, v);
		break;
	case SYS_HEX:
		dec_hex(d, v);
		break;
	case SYS_OCT:
		dec_printf(d, "%#llo", (unsigned long long)v);
		break;
	case SYS_FLAGS:
	case SYS_FLAGSE:
		dec_flags(d, type->ref, v);
		break;
	case SYS_ENUM:
		dec_enum(d, type->ref, v);
		break;
	case SYS_ENUMD:
		dec_enum_dec(d, type->ref, sign_extend(v, size));
		break;
	case SYS_FD:
		if (type->flags != 0 && (d->args[1] & UINT64_C(0x80000000)) != 0) /* io_uring's: the place of a registered one */
			dec_uint(d, v);
		else
			dec_fd(d, (int)v);
		break;
	case SYS_DIRFD:
		if (type->flags != 0 && (int)v == -1)
			dec_no_fd(d);
		else
			dec_dirfd(d, (int)v);
		break;
	case SYS_SIGNAL:
		dec_signal(d, (int)v);
		break;
	case SYS_TID:
	case SYS_PID:
	case SYS_PGID:
	case SYS_SID:
		dec_pid(d, (enum syscall_pid)(type->kind - SYS_TID), (int)v);
		break;
	case SYS_UID:
		dec_uid(d, size == 2 && v == 0xffff ? UINT32_MAX : (uint32_t)v);
		break;
	case SYS_DEV:
		dec_dev(d, v);
		break;
	case SYS_ADDR:
		dec_addr(d, v);
		break;
	case SYS_OCTMODE:
		dec_oct_mode(d, (uint32_t)v);
		break;
	case SYS_STMODE:
		dec_st_mode(d, (uint32_t)v);
		break;
	default:
		return false;
	}
	return true;
}

static void print_element(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	dec_value(d, user, bytes, NULL, addr);
}

static void pointer_to(struct decoder *d, const struct sys_type *type, uint64_t addr)
{
	uint8_t bytes[STRUCT_LIMIT];
	unsigned size = dec_type_size(d, type);

	if (size > sizeof(bytes) || !dec_read_or_addr(d, addr, bytes, size)) {
		if (size > sizeof(bytes))
			dec_addr(d, addr);
		return;
	}
	bool scalar_like = type->kind != SYS_STRUCT && type->kind != SYS_INLINE && type->kind != SYS_HOOK &&
			   !(type->kind >= SYS_CHARS && type->kind <= SYS_HEXBYTES);
	if (scalar_like)
		str_add_char(d->out, '[');
	dec_value(d, type, bytes, NULL, addr);
	if (scalar_like)
		str_add_char(d->out, ']');
}

static void string_vector(struct decoder *d, uint64_t addr);

/* What is printed at entry and at exit: whether it could be read at entry is remembered. */
enum { READ_AT_ENTRY = 3, WAS = 2 }; /* WAS: the value at entry of what is shown again if it changed */

static void change(struct decoder *d, const struct sys_type *type, uint64_t v)
{
	enum { EVEN_FAILED = 2 };
	const struct sys_type *pointer_type = &sys_types[d->exit ? type->count : type->ref];
	uint8_t bytes[STRUCT_LIMIT];
	unsigned size = dec_type_size(d, &sys_types[pointer_type->ref]);
	bool readable = size <= sizeof(bytes) && dec_read(d, v, bytes, size);
	size_t start = d->out->length;

	if (!d->exit) {
		pointer_to(d, &sys_types[pointer_type->ref], v);
		d->progress->saved[READ_AT_ENTRY] = readable && !d->cut_short;
		d->progress->saved[WAS] = readable && size <= 8 ? dec_word(d, bytes, size) : 0;
		return;
	}
	if (type->ref == type->count && sys_types[pointer_type->ref].kind != SYS_STRUCT && size <= 8 && readable && dec_word(d, bytes, size) == d->progress->saved[WAS])
		return; /* the same as before */
	bool shown = !dec_failed(d) || type->flags != 0;
	if (!shown || !readable || d->progress->saved[READ_AT_ENTRY] == 0)
		return;
	d->ignore_error |= type->flags == EVEN_FAILED;
	str_add_n(d->out, " => ", 4);
	pointer_to(d, &sys_types[pointer_type->ref], v);
	if (d->out->length == start + 6 && memcmp(d->out->text + start, " => {}", 6) == 0)
		str_truncate(d->out, start); /* none of the fields is meant */
}

/* Keep what the field that is shown again at exit was. */
static void keep_was(struct decoder *d, unsigned after, const uint8_t *bytes, size_t size)
{
	struct sys_object o = { &sys_structs[after], bytes, size, 0 };

	for (unsigned i = 0; i < o.type->count; i++)
		if ((sys_fields[o.type->first + i].flags & SYS_FIELD_BECAME) != 0)
			d->progress->saved[WAS] = dec_field(d, &o, i);
}

static void grow(struct decoder *d, const struct sys_type *type, uint64_t v)
{
	unsigned id = sys_types[sys_types[d->exit ? type->count : type->ref].ref].ref;
	uint8_t bytes[STRUCT_LIMIT];
	unsigned size = dec_struct_size(d, id);
	bool any = d->exit, more = false;
	bool readable = size <= sizeof(bytes) && dec_read(d, v, bytes, size);
	struct sys_object o = { &sys_structs[id], bytes, size, v };

	if (!d->exit) {
		d->progress->saved[READ_AT_ENTRY] = readable;
		if (!readable) {
			dec_addr(d, v);
			return;
		}
		keep_was(d, sys_types[sys_types[type->count].ref].ref, bytes, size);
		str_add_char(d->out, '{');
		dec_fields(d, &o, &any, &more);
		return;
	}
	if (d->progress->saved[READ_AT_ENTRY] == 0)
		return;
	if ((!dec_failed(d) || type->flags != 0) && readable)
		dec_fields(d, &o, &any, &more);
	if (more)
		str_add(d->out, ", ...");
	str_add_char(d->out, '}');
}

static void pointer(struct decoder *d, const struct sys_type *type, uint64_t v, const struct sys_object *object)
{
	switch (type->kind) {
	case SYS_POINTER:
		pointer_to(d, &sys_types[type->ref], v);
		break;
	case SYS_ARRAYPTR:
		if (dec_failed(d))
			dec_addr(d, v);
		else
			dec_array(d, v, count_of(d, object, type->param), dec_type_size(d, &sys_types[type->ref]),
				  print_element, (void *)&sys_types[type->ref]);
		break;
	case SYS_PATH:
		if (dec_failed(d))
			dec_addr(d, v);
		else if (type->param != SYS_FROM_NONE)
			dec_path_n(d, v, count_of(d, object, type->param));
		else
			dec_path(d, v);
		break;
	case SYS_STR:
		if (dec_failed(d))
			dec_addr(d, v);
		else
			dec_str(d, v);
		break;
	case SYS_STRN:
	case SYS_BUF:
	case SYS_HEXBUF:
		if (dec_failed(d))
			dec_addr(d, v);
		else if (type->kind == SYS_HEXBUF)
			dec_buffer_hex(d, v, count_of(d, object, type->param));
		else
			dec_buffer(d, v, count_of(d, object, type->param));
		break;
	case SYS_STRV:
		string_vector(d, v);
		break;
	case SYS_CHANGE:
		change(d, type, v);
		break;
	case SYS_GROW:
		grow(d, type, v);
		break;
	default:
		dec_addr(d, v);
	}
}

static void inline_array(struct decoder *d, const struct sys_type *type, const uint8_t *bytes,
			 const struct sys_object *object, uint64_t addr)
{
	unsigned size = dec_type_size(d, &sys_types[type->ref]);
	uint64_t count = type->param != SYS_FROM_NONE ? count_of(d, object, type->param) : type->count;

	str_add_char(d->out, '[');
	for (unsigned i = 0; i < type->count && i < count; i++) {
		if (i > 0)
			dec_next(d);
		if (dec_is_beyond(d, i)) {
			dec_text(d, "...");
			break;
		}
		dec_value(d, &sys_types[type->ref], bytes + (size_t)i * size, NULL, addr + (uint64_t)i * size);
	}
	str_add_char(d->out, ']');
}

void dec_value(struct decoder *d, const struct sys_type *type, const uint8_t *bytes, const struct sys_object *object,
	       uint64_t addr)
{
	unsigned size = dec_type_size(d, type);
	uint64_t v = size <= 8 ? dec_word(d, bytes, size) : 0;

	switch (type->kind) {
	case SYS_CHARS:
		dec_chars(d, bytes, type->count);
		break;
	case SYS_ZCHARS:
		dec_quote(d, bytes, type->count, true, false);
		break;
	case SYS_BYTES:
		dec_quote(d, bytes, type->count, false, false);
		break;
	case SYS_HEXBYTES:
		dec_quote(d, bytes, type->count, false, true);
		break;
	case SYS_INLINE:
		inline_array(d, type, bytes, object, addr);
		break;
	case SYS_TAIL:
		dec_array(d, addr, count_of(d, object, type->param), dec_type_size(d, &sys_types[type->ref]), print_element,
			  (void *)&sys_types[type->ref]);
		break;
	case SYS_STRUCT:
		dec_struct_in(d, type->ref, bytes, size, addr);
		break;
	case SYS_HOOK: {
		struct sys_ref ref = { v, bytes, object, type->param, (uint8_t)(size > 255 ? 255 : size) };
		sys_hooks[type->ref](d, &ref);
		break;
	}
	default:
		if (!scalar(d, type, v, size))
			pointer(d, type, v, object);
	}
}

/* ---- structures ----------------------------------------------------------------- */

static bool compare(const struct sys_cond *c, uint64_t v)
{
	switch (c->op) {
	case SYS_IF_EQ:
		return v == c->value;
	case SYS_IF_NE:
		return v != c->value;
	case SYS_IF_AND:
		return (v & c->value) != 0;
	case SYS_IF_LT:
		return v < c->value;
	case SYS_IF_GE:
		return v >= c->value;
	case SYS_IF_NAND:
		return (v & c->value) == 0;
	default:
		return true;
	}
}

bool dec_field_meant(struct decoder *d, const struct sys_object *o, unsigned index)
{
	const struct sys_field *f = &sys_fields[o->type->first + index];

	return f->cond == 0 || compare(&sys_conds[f->cond], dec_field(d, o, sys_conds[f->cond].field));
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void one_field(struct decoder *d, const struct sys_object *o, unsigned index, bool *any, bool *more)
{
	const struct sys_field *f = &sys_fields[o->type->first + index];
	const struct sys_type *type = &sys_types[f->type];
	unsigned at = f->offset[d->layout], size = dec_type_size(d, type);
	struct sys_type part;

	if ((f->flags & SYS_FIELD_HIDDEN) != 0)
		return;
	if (at + size > o->size) { /* of an array, what is there */
		unsigned each = type->kind == SYS_INLINE ? dec_type_size(d, &sys_types[type->ref]) : 0;
		if (each == 0 || at >= o->size || o->size - at < each)
			return;
		part = *type;
		part.count = (uint16_t)((o->size - at) / each);
		part.param = SYS_FROM_NONE;
		type = &part;
		size = part.count * each;
	}
	bool meant = dec_field_meant(d, o, index);
	bool either = (f->flags & SYS_FIELD_EITHER) != 0; /* if it is meant, or asked for by -v */
	if (!meant && !either)
		return;
	if ((f->flags & SYS_FIELD_NONZERO) != 0 && all_zero(o->bytes + at, size))
		return;
	if ((f->flags & SYS_FIELD_VERBOSE) != 0 && !d->style->verbose && !(either && meant)) {
		if ((f->flags & SYS_FIELD_SILENT) != 0)
			return;
		if ((f->flags & SYS_FIELD_DOTS) == 0)
			*more = true;
		else if (d->out->length < 5 || memcmp(d->out->text + d->out->length - 5, ", ...", 5) != 0)
			str_add_n(d->out, ", ...", 5);
		return;
	}
	if ((f->flags & SYS_FIELD_BECAME) != 0 && dec_field(d, o, index) == d->progress->saved[WAS])
		return;
	if ((f->flags & SYS_FIELD_BECAME) != 0)
		str_add_n(d->out, " => ", 4);
	else if (*any)
		dec_next(d);
	*any = true;
	if ((f->flags & (SYS_FIELD_BARE | SYS_FIELD_BECAME)) == 0) {
		dec_text(d, sys_names + f->name);
		str_add_char(d->out, '=');
	}
	dec_value(d, type, o->bytes + at, o, o->addr + at);
}

void dec_fields(struct decoder *d, const struct sys_object *o, bool *any, bool *more)
{
	unsigned count = o->type->show_count != 0 ? o->type->show_count : o->type->count;

	for (unsigned i = 0; i < count; i++)
		one_field(d, o, o->type->show_count != 0 ? sys_show[o->type->show + i] : i, any, more);
}

void dec_fields_from(struct decoder *d, const struct sys_object *o, unsigned offset, bool *any, bool *more)
{
	for (unsigned i = 0; i < o->type->count; i++)
		if (sys_fields[o->type->first + i].offset[d->layout] >= offset)
			one_field(d, o, i, any, more);
}

void dec_struct_in(struct decoder *d, unsigned id, const uint8_t *bytes, size_t size, uint64_t addr)
{
	struct sys_object o = { &sys_structs[id], bytes, size, addr };
	bool any = false, more = false;

	if (d->depth >= DEPTH_LIMIT) {
		dec_addr(d, addr);
		return;
	}
	d->depth++;
	str_add_char(d->out, '{');
	dec_fields(d, &o, &any, &more);
	if (more)
		str_add(d->out, any ? ", ..." : "...");
	str_add_char(d->out, '}');
	if (id == STRUCT_btrfs_timespec)
		dec_time_comment(d, (int64_t)dec_field(d, &o, 0), dec_field(d, &o, 1));
	d->depth--;
}

void dec_struct(struct decoder *d, unsigned id, uint64_t addr)
{
	uint8_t bytes[STRUCT_LIMIT];
	unsigned size = dec_struct_size(d, id);

	if (size <= sizeof(bytes) && dec_read_or_addr(d, addr, bytes, size))
		dec_struct_in(d, id, bytes, size, addr);
}

/* ---- arrays ----------------------------------------------------------------------- */

bool dec_array_step(struct decoder *d, uint64_t index, uint64_t at, bool read)
{
	if (index > 0)
		dec_next(d);
	d->cut_short |= !read;
	if (!read && index == 0) {
		dec_addr(d, at);
		return false;
	}
	if (!read) {
		dec_text(d, "... /* ");
		dec_addr(d, at);
		dec_text(d, " */]");
		return false;
	}
	if (index == 0)
		str_add_char(d->out, '[');
	if (dec_is_beyond(d, index)) {
		dec_text(d, "...]");
		return false;
	}
	return true;
}

void dec_array(struct decoder *d, uint64_t addr, uint64_t count, size_t size, dec_element print, void *user)
{
	uint8_t bytes[STRUCT_LIMIT];

	if (addr == 0) {
		dec_text(d, "NULL");
		return;
	}
	d->cut_short |= count == 0; /* as strace has it */
	if (count == 0) {
		dec_text(d, "[]");
		return;
	}
	/* of a 32-bit program, too, what doesn't fit into its memory is cut where that ends */
	if (size == 0 || size > sizeof(bytes) || count > UINT64_MAX / size || addr + count * size < addr) {
		d->cut_short = true;
		dec_addr(d, addr);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t at = addr + i * size;
		if (!dec_array_step(d, i, at, dec_read(d, at, bytes, size)))
			return;
		print(d, bytes, at, user);
	}
	str_add_char(d->out, ']');
}

static void struct_element(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	unsigned id = *(const unsigned *)user;

	dec_struct_in(d, id, bytes, dec_struct_size(d, id), addr);
}

void dec_array_of(struct decoder *d, uint64_t addr, uint64_t count, unsigned struct_id)
{
	dec_array(d, addr, count, dec_struct_size(d, struct_id), struct_element, &struct_id);
}

static void string_vector(struct decoder *d, uint64_t addr)
{
	uint8_t bytes[8];

	if (addr == 0 || !dec_read(d, addr, bytes, d->word)) {
		dec_addr(d, addr);
		return;
	}
	str_add_char(d->out, '[');
	for (uint32_t i = 0;; i++, addr += d->word) {
		if (!dec_read(d, addr, bytes, d->word)) {
			dec_text(d, ", ... /* ");
			dec_addr(d, addr);
			dec_text(d, " */");
			break;
		}
		uint64_t string = dec_word(d, bytes, d->word);
		if (string == 0)
			break;
		if (i > 0)
			dec_next(d);
		if (dec_is_beyond(d, i)) {
			dec_text(d, "...");
			break;
		}
		dec_str(d, string);
	}
	str_add_char(d->out, ']');
}
