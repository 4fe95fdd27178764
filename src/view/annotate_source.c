/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Source files: where the recording says that they are, with --path-map applied, then
 * below each --source-path directory under more and more of the path (/build/x/src/a.c is
 * looked for as build/x/src/a.c, x/src/a.c, src/a.c, a.c).
 *
 * Nothing in DWARF 4 tells whether a source file is the one that was compiled (DWARF 5 can
 * have a checksum, compilers don't write it), so all that can be said is that it was
 * changed after the program was built.
 */
#include "view/annotate_impl.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SOURCE_BYTES_MAX = 64 << 20 };

/* --- files --------------------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* PATH with the first --path-map that fits; the caller's. */
static char *mapped_path(const struct annotate_options *o, const char *path)
{
	for (size_t i = 0; i < o->path_map.count; i++) {
		const char *from = o->path_map.words[i], *to = strchr(from, '=');
		size_t n = to ? (size_t)(to - from) : 0;

		if (n && strncmp(path, from, n) == 0)
			return mem_printf("%s%s", to + 1, path + n);
	}
	return mem_strdup(path);
}

/* A heap path that is there, or NULL. */
static char *find_source(const struct annotate_options *o, const char *path)
{
	char *found = mapped_path(o, path);

	if (is_file(found))
		return found;
	free(found);
	for (size_t i = 0; i < o->source_path.count; i++)
		for (const char *rest = path; rest; rest = strchr(rest, '/')) {
			rest += strspn(rest, "/");
			found = mem_printf("%s/%s", o->source_path.words[i], rest);
			if (*rest && is_file(found))
				return found;
			free(found);
		}
	return NULL;
}

static void split_lines(struct annotate_file *f)
{
	for (char *at = f->text; *at;) {
		char *end = strchrnul(at, '\n');

		vec_push(&f->lines, at);
		if (!*end)
			break;
		if (end > at && end[-1] == '\r')
			end[-1] = '\0';
		*end = '\0';
		at = end + 1;
	}
}

/* Was it written after the program was built? */
static bool is_newer(const struct annotate *a, const char *path)
{
	struct stat source, program;

	return a->module && module_borrow_fd(a->module) >= 0 &&
	       fstat(module_borrow_fd(a->module), &program) == 0 && stat(path, &source) == 0 &&
	       source.st_mtim.tv_sec > program.st_mtim.tv_sec;
}

static void read_source(struct annotate *a, struct annotate_file *f)
{
	struct str text = { 0 };
	struct err *err;

	f->found = find_source(a->options, f->path);
	if (!f->found) {
		f->trouble = "is not here";
		return;
	}
	err = io_read_file(f->found, SOURCE_BYTES_MAX, &text);
	if (err || memchr(str_text(&text), 0, text.length)) {
		f->trouble = err ? arena_strdup(&a->arena, err_message(err)) : "is no text";
		err_destroy(err);
		str_deinit(&text);
		return;
	}
	f->text = str_take(&text);
	split_lines(f);
	if (is_newer(a, f->found))
		f->trouble = "was changed after the program was built: lines may have moved";
}

const char *annotate_source_line(const struct annotate *a, uint32_t file, uint32_t line)
{
	const struct annotate_file *f = &a->files.v[file];

	return line >= 1 && line <= f->lines.n ? f->lines.v[line - 1] : NULL;
}

/* --- lines --------------------------------------------------------------------------------------- */

static int compare_lines(const void *x, const void *y)
{
	const struct annotate_line *a = x, *b = y;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static void sum_lines(struct annotate *a)
{
	struct map index;

	map_init(&index);
	for (size_t i = 0; i < a->insns.n; i++) {
		const struct annotate_insn *insn = &a->insns.v[i];
		bool is_new;
		uint64_t *at = map_get(&index, (uint64_t)insn->file << 32 | insn->line, &is_new);

		if (is_new) {
			*at = a->lines.n;
			*vec_add(&a->lines) = (struct annotate_line){ .file = insn->file,
								      .line = insn->line,
								      .function = insn->function,
								      .inlined = insn->inlined,
								      .has_code = true };
		}
		a->lines.v[*at].value += insn->value;
		a->lines.v[*at].samples += insn->samples;
		a->files.v[insn->file].value += insn->value;
	}
	map_deinit(&index);
	vec_sort(&a->lines, compare_lines);
}

void annotate_load_source(struct annotate *a)
{
	sum_lines(a);
	for (size_t i = 0; i < a->files.n; i++)
		if (*a->files.v[i].path)
			read_source(a, &a->files.v[i]);
}

void annotate_source_deinit(struct annotate *a)
{
	for (size_t i = 0; i < a->files.n; i++) {
		free(a->files.v[i].text);
		free(a->files.v[i].found);
		vec_deinit(&a->files.v[i].lines);
	}
	vec_deinit(&a->files);
	vec_deinit(&a->lines);
}
