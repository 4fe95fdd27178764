/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "@file" as the GNU tools have it: the word is replaced with the words in that file, which
 * blanks part and quotes and backslashes keep together; those may name files again.  A word
 * whose file cannot be read stays as it is.
 */
#include "base/opt.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

#include <ctype.h>
#include <string.h>

enum { FILE_MAX_BYTES = 64 << 20, FILES_MAX = 64 };

struct expansion {
	struct arena *arena;
	VEC(char *) words;
	VEC(char *) waiting; /* last first */
	unsigned files;
};

/* The next word of *AT into WORD; false: there is none. */
static bool next_word(const char **at, struct str *word)
{
	char quote = '\0';
	const char *p = *at;

	while (isspace((unsigned char)*p))
		p++;
	if (*p == '\0')
		return false;
	str_clear(word);
	str_add(word, "");
	for (; *p != '\0' && (quote != '\0' || !isspace((unsigned char)*p)); p++) {
		if (*p == '\\' && p[1] != '\0')
			str_add_char(word, *++p);
		else if (quote != '\0' && *p == quote)
			quote = '\0';
		else if (quote == '\0' && (*p == '\'' || *p == '"'))
			quote = *p;
		else
			str_add_char(word, *p);
	}
	*at = p;
	return true;
}

static bool take_file(struct expansion *e, const char *path)
{
	struct str text, word;
	struct err *err;
	size_t before = e->waiting.n;

	str_init(&text);
	str_init(&word);
	err = e->files++ < FILES_MAX ? io_read_file(path, FILE_MAX_BYTES, &text) : err_nomem();
	for (const char *at = str_text(&text); err == NULL && next_word(&at, &word);)
		vec_push(&e->waiting, arena_strdup(e->arena, str_text(&word)));
	/* Those that were pushed last are taken first. */
	for (size_t i = before, k = e->waiting.n; i + 1 < k; i++) {
		char *swap = e->waiting.v[i];

		e->waiting.v[i] = e->waiting.v[--k];
		e->waiting.v[k] = swap;
	}
	str_deinit(&text);
	str_deinit(&word);
	err_destroy(err);
	return err == NULL;
}

void opt_expand_files(int *argc, char ***argv, struct arena *arena)
{
	struct expansion e = { .arena = arena };
	bool any = false;

	for (int i = 0; i < *argc; i++)
		any |= (*argv)[i][0] == '@';
	if (!any)
		return;
	for (int i = *argc; i-- > 0;)
		vec_push(&e.waiting, (*argv)[i]);
	while (e.waiting.n > 0) {
		char *word = vec_pop(&e.waiting);

		if (word[0] != '@' || !take_file(&e, word + 1))
			vec_push(&e.words, word);
	}
	*argc = (int)e.words.n;
	*argv = arena_calloc(arena, e.words.n + 1, sizeof(char *));
	memcpy(*argv, e.words.v, e.words.n * sizeof(char *));
	vec_deinit(&e.words);
	vec_deinit(&e.waiting);
}
