/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text says itself what is what: a name before a bracket is a call, a word in capitals a constant, a word before
 * '=' a field.  The line is cut into words; what a word is depends on where in the line it stands and on the character
 * behind it.  Colours are strace's: calls yellow, values magenta, constants blue, comments cyan, results green, errors red.
 */
#include "session/trace/color.h"

#include <string.h>

enum where { LINE_START, PLAIN, ARGUMENTS, BEHIND, RESULT, ERROR_TEXT };

static const char call_color[] = "\033[33m", value_color[] = "\033[35m", name_color[] = "\033[34m", comment_color[] = "\033[36m",
		  result_color[] = "\033[32m", error_color[] = "\033[31m";

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Bytes of the piece that begins at TEXT: a string, a comment, a word, or one character. */
static size_t piece_length(const char *text, size_t length)
{
	size_t n = 1;

	if (text[0] == '"') {
		while (n < length && text[n] != '"' && text[n] != '\n')
			n += text[n] == '\\' && n + 1 < length ? 2 : 1;
		return n < length && text[n] == '"' ? n + 1 : n;
	}
	if (length > 1 && text[0] == '/' && text[1] == '*') {
		const char *end = memmem(text, length, "*/", 2);

		return end ? (size_t)(end - text) + 2 : length;
	}
	if (text[0] == '-' && length > 1 && is_word(text[1]))
		n = 2;
	else if (!is_word(text[0]))
		return 1;
	while (n < length && is_word(text[n]))
		n++;
	return n;
}

static bool is_constant(const char *word, size_t length)
{
	size_t letters = 0;

	for (size_t i = 0; i < length; i++) {
		if (word[i] >= 'a' && word[i] <= 'z')
			return false;
		letters += word[i] >= 'A' && word[i] <= 'Z';
	}
	return letters > 1 && !(word[0] >= '0' && word[0] <= '9');
}

static const char *color_of(const struct color_state *s, const char *piece, size_t length, char behind)
{
	bool word = is_word(piece[0]) || (piece[0] == '-' && length > 1);

	switch ((enum where)s->where) {
	case LINE_START:
		return word && behind == '(' ? call_color : NULL;
	case ARGUMENTS:
		if (piece[0] == '/' && length > 1)
			return comment_color;
		if (piece[0] == '"')
			return value_color;
		return !word || behind == '=' ? NULL : is_constant(piece, length) && strncmp(piece, "NULL", length) != 0 ? name_color : value_color;
	case RESULT:
		return !word && piece[0] != '?' ? NULL : is_constant(piece, length) ? error_color : result_color;
	case ERROR_TEXT:
		return error_color;
	default:
		return NULL;
	}
}

/* Where what comes behind PIECE stands. */
static void step(struct color_state *s, const char *piece, size_t length, char behind)
{
	char c = length == 1 ? piece[0] : '\0';

	if (c == '\n') {
		*s = (struct color_state){ 0 };
	} else if (s->where == LINE_START && ((c == '-' && behind == '-') || (c == '+' && behind == '+') || (c == ':' && behind == ' '))) {
		s->where = PLAIN; /* "--- SIG", "+++ exited", "strace: ..." */
	} else if (s->where == LINE_START && (c == '(' || c == '>')) {
		s->where = ARGUMENTS;
		s->depth = c == '(';
	} else if (s->where == ARGUMENTS && c && strchr("([{", c)) {
		s->depth++;
	} else if (s->where == ARGUMENTS && c && strchr(")]}", c)) {
		if (--s->depth <= 0 && c == ')')
			s->where = BEHIND;
	} else if (s->where == BEHIND && c == '=') {
		s->where = RESULT;
	} else if (s->where == RESULT && is_constant(piece, length)) {
		s->where = ERROR_TEXT;
	}
}

void color_add(struct color_state *s, const char *text, size_t length, struct str *out)
{
	while (length > 0) {
		size_t n = piece_length(text, length);
		char behind = n < length ? text[n] : '\0';
		const char *color = text[0] == '\n' || text[0] == ' ' ? NULL : color_of(s, text, n, behind);

		if (color)
			str_add(out, color);
		str_add_n(out, text, n);
		if (color)
			str_add(out, "\033[0m");
		step(s, text, n, behind);
		text += n;
		length -= n;
	}
}
