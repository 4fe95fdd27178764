// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The symbol table says where the function begins; its size, when it is given, has to fit,
 * because a wrong kernel's line is worse than none.
 */
#include "session/faddr2line.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_BYTES_MAX = 16 << 20, LINES_AROUND = 5 };

/* "func+0x12/0x340"; the part in brackets of "func+0x12/0x340 [module]" is check_module()'s. */
static struct err *parse(const char *expression, char **name, uint64_t *offset, uint64_t *size)
{
	const char *plus = strrchr(expression, '+');
	char *end = NULL;

	*offset = *size = 0;
	if (plus != NULL && plus > expression) {
		errno = 0;
		*offset = strtoull(plus + 1, &end, 16);
		if (end > plus + 1 && *end == '/')
			*size = strtoull(end + 1, &end, 16);
	}
	if (end == NULL || end == plus + 1 || errno != 0 || (*end != '\0' && *end != ' '))
		return err_fix(err_new(ERR_USAGE, "'%s' is no function and offset", expression), "write it as the kernel does: schedule+0x4c/0xb0");
	*name = mem_strndup(expression, (size_t)(plus - expression));
	return NULL;
}

static bool is_of_module(const char *file, const char *module, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (file[i] != module[i] && !(file[i] == '-' && module[i] == '_'))
			return false;
	return file[length] == '.' || file[length] == '\0';
}

/* "func+0x12/0x340 [module]" of vmlinux, or of another module, may name a function that is there as well. */
static struct err *check_module(const char *expression, const char *path)
{
	const char *open = strchr(expression, '[');

	if (open == NULL || path == NULL)
		return NULL;
	const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
	size_t length = strcspn(open + 1, " ]");
	bool is_kernel = strncmp(file, "vmlinu", 6) == 0 || strstr(file, ".ko") != NULL;

	if (length == 0 || !is_kernel || is_of_module(file, open + 1, length))
		return NULL;
	return err_fix(err_new(ERR_USAGE, "'%s' is a function of the module %.*s, not of %s", expression, (int)length, open + 1, file),
		       "give the module's file: %.*s.ko", (int)length, open + 1);
}

static void print_source(const char *path, unsigned wanted, FILE *out)
{
	struct str text;
	unsigned number = 1;

	str_init(&text);
	struct err *err = io_read_file(path, SOURCE_BYTES_MAX, &text);

	for (const char *line = str_text(&text), *end; err == NULL && *line != '\0'; line = end + (*end == '\n'), number++) {
		end = strchrnul(line, '\n');
		if (number + LINES_AROUND >= wanted && number <= wanted + LINES_AROUND)
			(void)fprintf(out, "%c%-5u %.*s\n", number == wanted ? '>' : ' ', number, (int)(end - line), line);
	}
	err_destroy(err);
	str_deinit(&text);
}

void faddr2line_find_prefix(struct lookup *l, struct str *prefix)
{
	uint64_t start, size;
	struct index_chain chain;

	str_clear(prefix);
	struct err *err = lookup_function(l, "start_kernel", 0, &start, &size);

	if (err == NULL)
		err = lookup_find(l, &start, 1, &chain);
	if (err == NULL && chain.count > 0 && lookup_add_path(&chain.frames[chain.count - 1], false, prefix) && str_ends(str_text(prefix), "/init/main.c"))
		str_truncate(prefix, prefix->length - strlen("init/main.c"));
	else
		str_clear(prefix);
	err_destroy(err);
}

static const char *without_prefix(const char *path, const char *prefix)
{
	if (*prefix == '\0' || !str_starts(path, prefix))
		return path;
	path += strlen(prefix);
	while (str_starts(path, "./"))
		path += 2;
	return path;
}

/* "func+0x12/0x340:", with the size that it has here. */
static void print_head(const char *expression, uint64_t size, FILE *out)
{
	int length = (int)strcspn(expression, "/ ");

	if (size == 0)
		(void)fprintf(out, "%s:\n", expression);
	else
		(void)fprintf(out, "%.*s/0x%" PRIx64 ":\n", length, expression, size);
}

static void print_frame(struct lookup *l, const struct index_frame *f, bool outer, const struct faddr2line_options *o, FILE *out)
{
	struct str path;

	str_init(&path);
	bool known = lookup_add_path(f, o->basenames, &path);

	(void)fprintf(out, "%s%s at %s:%u\n", outer ? " (inlined by) " : "", f->function != NULL ? lookup_demangle(l, f->function) : "??",
		      known ? without_prefix(str_text(&path), str_text(&o->prefix)) : "??", known ? f->line : 0);
	if (o->list && known) {
		str_clear(&path);
		(void)lookup_add_path(f, false, &path);
		print_source(str_text(&path), f->line, out);
	}
	str_deinit(&path);
}

struct err *faddr2line_print(struct lookup *l, const char *expression, const struct faddr2line_options *options, FILE *out)
{
	CLEANUP(mem_freep) char *name = NULL;
	uint64_t offset, size, start, known;
	struct index_chain chain;

	TRY(parse(expression, &name, &offset, &size));
	TRY(check_module(expression, options->file));
	struct err *err = lookup_function(l, name, size, &start, &known);

	if (err_is(err, ERR_FORMAT))
		return err_fix(err, "this is another kernel's or module's file");
	TRY(err);
	if (known != 0 && offset >= known)
		return err_fix(err_new(ERR_USAGE, "'%s': the function has only 0x%" PRIx64 " bytes here", expression, known),
			       offset == known ? "a return address behind its last instruction: ask for the byte before" : "this is another kernel's or module's file");
	uint64_t addr = start + offset;

	TRY(lookup_find(l, &addr, 1, &chain));
	if (options->separate)
		(void)fputc('\n', out);
	print_head(expression, known, out);
	for (size_t i = 0; i < chain.count; i++)
		print_frame(l, &chain.frames[i], i > 0, options, out);
	if (chain.count == 0)
		(void)fprintf(out, "%s at ??:0\n", name);
	return NULL;
}
