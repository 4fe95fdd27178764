/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An argument's description is one of those that known calls have: they are looked through for one of the
 * kind and size that fit.  So a learned call is printed, filtered and planned for like any other.
 */
#include "syscall/learned.h"

#include "base/mem.h"
#include "base/str.h"
#include "syscall/describe.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MOST = 64, NAME_MOST = 64, INT_BYTES = 4 };

struct learned_call {
	uint32_t number;
	char *name;
	struct syscall_describe describe;
	struct syscall_entry entry;
};

struct syscall_learned {
	struct learned_call calls[CALLS_MOST];
	unsigned count;
};

struct syscall_learned *syscall_learned_create(void) { return mem_calloc(1, sizeof(struct syscall_learned)); }

void syscall_learned_destroy(struct syscall_learned *l)
{
	for (unsigned i = 0; l && i < l->count; i++)
		free(l->calls[i].name);
	free(l);
}

/* --- what an argument is ------------------------------------------------------------------- */

static bool ends(const char *text, const char *end) { return str_ends(text, end); }

static bool is_text(const char *name)
{
	return strstr(name, "path") || ends(name, "name") || str_eq(name, "file") || str_eq(name, "dir");
}

static enum sys_kind kind_of_pointer(const struct syscall_learned_arg *a)
{
	return str_starts(a->type, "const char") && !strchr(strchr(a->type, '*') + 1, '*') && is_text(a->name) ? SYS_PATH : SYS_ADDR;
}

static enum sys_kind kind_of_int(const struct syscall_learned_arg *a)
{
	bool is_unsigned = strstr(a->type, "unsigned") || str_starts(a->type, "u") || strstr(a->type, "size_t");

	if (ends(a->name, "dfd") || ends(a->name, "dirfd"))
		return SYS_DIRFD;
	if (ends(a->name, "fd"))
		return SYS_FD;
	if (strstr(a->name, "flag") || strstr(a->name, "mask"))
		return SYS_HEX;
	if (str_eq(a->name, "sig") || str_eq(a->name, "signum"))
		return SYS_SIGNAL;
	return is_unsigned && !strstr(a->type, "ssize_t") ? SYS_UDEC : SYS_DEC;
}

static enum sys_kind kind_of(const struct syscall_learned_arg *a)
{
	static const struct {
		const char *type;
		enum sys_kind kind;
	} types[] = { { "umode_t", SYS_OCTMODE }, { "pid_t", SYS_PID }, { "uid_t", SYS_UID }, { "gid_t", SYS_UID },
		      { "qid_t", SYS_UID } };

	if (strchr(a->type, '*'))
		return kind_of_pointer(a);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(a->type, types[i].type))
			return types[i].kind;
	return kind_of_int(a);
}

/* Bytes that count, as struct sys_type has it. */
static uint8_t size_of(const char *type)
{
	static const char *const wide[] = { "long", "size_t", "loff_t", "u64", "s64", "__u64", "aio_context_t", "*" };

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strstr(type, wide[i]))
			return SYS_LONG;
	return INT_BYTES;
}

/* The type of that kind, of that size if there is one, among those of known calls. */
static bool find_type(enum sys_kind kind, uint8_t size, uint16_t *ret)
{
	bool found = false;

	for (unsigned i = 0; i < sys_entry_count; i++) {
		const struct syscall_describe *d = sys_entries[i].describe;

		for (unsigned a = 0; d && a < d->count && a < 6; a++) {
			const struct sys_type *type = &sys_types[d->args[a].type];

			if (type->kind != kind || (found && type->size != size))
				continue;
			*ret = d->args[a].type;
			found = true;
			if (type->size == size)
				return true;
		}
	}
	return found;
}

/* --- calls ----------------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
	return length > 0 && length < NAME_MOST;
}

static void set_roles(struct syscall_entry *entry)
{
	struct syscall_roles roles = syscall_get_roles(entry);

	entry->classes = (roles.paths ? SYSCALL_FILE : 0) | (roles.fds || roles.dirfds ? SYSCALL_DESC : 0);
}

bool syscall_learned_add(struct syscall_learned *l, uint32_t number, const char *name, const struct syscall_learned_arg *args,
			 unsigned count)
{
	struct learned_call *call = &l->calls[l->count];

	if (l->count >= CALLS_MOST || count > 6 || !is_name(name) || syscall_learned_find(l, number))
		return false;
	*call = (struct learned_call){ .number = number, .describe = { .count = (uint8_t)count, .result = SYS_RESULT_D } };
	for (unsigned i = 0; i < count; i++)
		if (!find_type(kind_of(&args[i]), size_of(args[i].type), &call->describe.args[i].type))
			return false;
	call->name = mem_strdup(name);
	call->entry = (struct syscall_entry){ .name = call->name, .arg_count = (uint8_t)count, .describe = &call->describe };
	set_roles(&call->entry);
	l->count++;
	return true;
}

/* "\tfield:const char * filename;\toffset:24;..." -> the type and the name, in TEXT */
static bool parse_field(const char *line, char *text, size_t size, struct syscall_learned_arg *ret)
{
	const char *from = strstr(line, "field:"), *end = from ? strchr(from, ';') : NULL;
	char *name, *type_end;

	if (!end || end - from >= (ptrdiff_t)size)
		return false;
	from += strlen("field:");
	memcpy(text, from, (size_t)(end - from));
	text[end - from] = '\0';
	name = strrchr(text, ' ');
	if (!name || name == text)
		return false;
	for (type_end = name; type_end > text && type_end[-1] == ' ';)
		type_end--;
	*type_end = '\0';
	*ret = (struct syscall_learned_arg){ .type = text, .name = name + 1 };
	return *ret->name != '\0' && *text != '\0';
}

bool syscall_learned_add_format(struct syscall_learned *l, uint32_t number, const char *name, const char *format)
{
	struct syscall_learned_arg args[6];
	char texts[6][NAME_MOST * 2];
	const char *line = strstr(format, " __syscall_nr;");
	unsigned count = 0;

	while (line && (line = strchr(line, '\n')) != NULL && str_starts(++line, "\tfield:")) {
		if (count == 6 || !parse_field(line, texts[count], sizeof(texts[count]), &args[count]))
			return false;
		count++;
	}
	return strstr(format, " __syscall_nr;") && syscall_learned_add(l, number, name, args, count);
}

const struct syscall_entry *syscall_learned_find(const struct syscall_learned *l, uint32_t number)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->calls[i].number == number)
			return &l->calls[i].entry;
	return NULL;
}
