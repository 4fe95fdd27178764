/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of a type becomes a directory, its fields offsets into rows: both are checked once,
 * here, and relied on everywhere else. */
#include "record/check.h"

#include <string.h>

enum { NAME_MAX_BYTES = 200, ROW_BYTES_MAX = 4096, FIELDS_MAX = 512 };

/* Lower case letters, digits, '_', '-' and '/' between parts; not one of the recording's files. */
static bool is_table_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > NAME_MAX_BYTES || name[0] == '/' || name[length - 1] == '/' ||
	    strstr(name, "//") || strcmp(name, "journal") == 0 ||
	    strncmp(name, "journal/", 8) == 0 || strcmp(name, "reserve") == 0)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-/") == length;
}

static bool field_name_is_fine(const char *name)
{
	return name[0] && strlen(name) <= NAME_MAX_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
		       strlen(name);
}

static bool field_is_fine(const struct event_type *type, unsigned i)
{
	const struct event_field *f = &type->fields[i];

	if (f->kind > FIELD_STR || f->unit > UNIT_ENUM || !field_name_is_fine(f->name) ||
	    f->offset + field_kind_bytes(f->kind) > type->row_bytes)
		return false;
	for (unsigned before = 0; before < i; before++)
		if (strcmp(type->fields[before].name, f->name) == 0)
			return false;
	return true;
}

struct err *check_type(const struct event_type *type)
{
	const char *first = type->side ? "id" : "time_ns";

	if (!is_table_name(type->name))
		return err_new(ERR_USAGE,
			       "the event type '%.200s' has a name that a table can't have",
			       type->name);
	if (type->row_bytes % 8 != 0 || type->row_bytes == 0 || type->row_bytes > ROW_BYTES_MAX)
		return err_new(ERR_USAGE, "the event type '%s' has rows of %u bytes", type->name,
			       type->row_bytes);
	if (type->field_count == 0 || type->field_count > FIELDS_MAX)
		return err_new(ERR_USAGE, "the event type '%s' has %u fields", type->name,
			       type->field_count);
	for (unsigned i = 0; i < type->field_count; i++)
		if (!field_is_fine(type, i))
			return err_new(
				ERR_USAGE,
				"the event type '%s' has a field '%.200s' that it can't have",
				type->name, type->fields[i].name);
	if (strcmp(type->fields[0].name, first) != 0 || type->fields[0].offset != 0 ||
	    type->fields[0].kind != (type->side ? FIELD_U32 : FIELD_U64))
		return err_new(ERR_USAGE, "the event type '%s' does not begin with %s", type->name,
			       first);
	return NULL;
}
