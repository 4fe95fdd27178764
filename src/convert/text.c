/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines and formats.  The input is one buffer that slides over the file: lines are
 * handed out in place, and what is left of a buffer moves to its front before the next
 * read.  A format is found by asking each one about the first 64 KiB.
 */
#include "convert/text.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "record/stacks.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 18, BAD_LINES_SHOWN = 3 };

const struct text_format *const text_format_table[] = {
	&text_perf_script, &text_dtrace,  &text_sample, &text_vtune, &text_vsprof,
	&text_ghcprof,	   &text_xctrace, &text_folded, NULL,
};

const struct text_format *text_format_find(const char *name)
{
	for (size_t i = 0; text_format_table[i]; i++)
		if (strcmp(text_format_table[i]->name, name) == 0)
			return text_format_table[i];
	return NULL;
}

/* --- input ---------------------------------------------------------------------------- */

void text_input_init(struct text_input *in, int fd, const char *name)
{
	memset(in, 0, sizeof(*in));
	in->fd = fd;
	in->name = name;
	in->cap = 1;
	in->buffer = mem_calloc(1, 1);
}

void text_input_init_memory(struct text_input *in, const char *text, size_t length)
{
	text_input_init(in, -1, "text");
	in->eof = true;
	in->cap = length + 1;
	in->buffer = mem_realloc(in->buffer, in->cap);
	memcpy(in->buffer, text, length);
	in->end = length;
}

void text_input_deinit(struct text_input *in)
{
	free(in->buffer);
	in->buffer = NULL;
}

/* Read more behind what is there. */
static struct err *fill(struct text_input *in)
{
	if (in->start > 0) {
		memmove(in->buffer, in->buffer + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
	}
	if (in->cap - in->end < READ_BYTES) {
		in->cap = in->end + READ_BYTES + 1;
		in->buffer = mem_realloc(in->buffer, in->cap);
	}

	ssize_t n;

	do
		n = read(in->fd, in->buffer + in->end, in->cap - in->end - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(errno, "cannot read %s", in->name);
	if (n == 0)
		in->eof = true;
	in->end += (size_t)n;
	return NULL;
}

struct err *text_next_line(struct text_input *in, char **line, size_t *length)
{
	size_t seen = 0;

	if (in->again) {
		in->again = false;
		*line = in->last;
		*length = in->last_length;
		return NULL;
	}
	for (;;) {
		char *from = in->buffer + in->start;
		size_t have = in->end - in->start;
		char *newline = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;

		if (newline || (in->eof && have > 0)) {
			size_t n = newline ? (size_t)(newline - from) : have;

			in->start += newline ? n + 1 : n;
			if (n > 0 && from[n - 1] == '\r')
				n--;
			from[n] = '\0';
			in->line_number++;
			*line = in->last = from;
			*length = in->last_length = n;
			return NULL;
		}
		if (in->eof) {
			*line = NULL;
			*length = 0;
			return NULL;
		}
		if (have > TEXT_LINE_MAX)
			return err_new(ERR_FORMAT, "line %llu is longer than %d bytes",
				       (unsigned long long)in->line_number + 1, TEXT_LINE_MAX);
		seen = have;
		TRY(fill(in));
	}
}

void text_unread_line(struct text_input *in)
{
	in->again = true;
}

struct err *text_peek(struct text_input *in, const char **head, size_t *length)
{
	const char *newline;
	size_t n;

	for (;;) {
		/* one line at least, however long */
		n = in->end - in->start;
		newline = n ? memrchr(in->buffer + in->start, '\n',
				      n < TEXT_HEAD_BYTES ? n : TEXT_HEAD_BYTES)
			    : NULL;
		if (!newline && n > TEXT_HEAD_BYTES)
			newline = memchr(in->buffer + in->start, '\n', n);
		if (in->eof || n > TEXT_LINE_MAX || (newline && n >= TEXT_HEAD_BYTES))
			break;
		TRY(fill(in));
	}
	*head = in->buffer + in->start;
	if (newline && !(in->eof && n <= TEXT_HEAD_BYTES))
		n = (size_t)(newline - *head) + 1;
	*length = n;
	return NULL;
}

/* A line as it may be shown: cut, and nothing in it that a terminal would obey. */
struct shown {
	char text[201];
};

static struct shown shown(const char *line, size_t length)
{
	struct shown s;
	size_t n = length < sizeof(s.text) - 1 ? length : sizeof(s.text) - 1;

	for (size_t i = 0; i < n; i++)
		s.text[i] = (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? '.' : line[i];
	s.text[n] = '\0';
	return s;
}

struct err *text_bad(const char *what, struct text_slice line)
{
	return err_new(ERR_FORMAT, "%s: %s", what, shown(line.text, line.length).text);
}

void text_bad_line(struct text_input *in, const char *what, const char *line, size_t length)
{
	if (in->bad_lines++ < BAD_LINES_SHOWN)
		log_warn("%s:%llu: %s%s%s", in->name, (unsigned long long)in->line_number, what,
			 length ? ": " : "", shown(line, length).text);
}

void text_say_bad_lines(const struct text_input *in)
{
	if (in->bad_lines > BAD_LINES_SHOWN)
		log_warn("%s: %llu lines were left out, the first %d are shown above", in->name,
			 (unsigned long long)in->bad_lines, BAD_LINES_SHOWN);
}

/* --- helpers ----------------------------------------------------------------------------- */

bool text_to_u64(const char *text, size_t length, uint64_t *value)
{
	uint64_t n = 0;

	if (length == 0 || length > 20)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return false;
	}
	*value = n;
	return true;
}

bool text_head_line(const char **head, size_t *left, const char **line, size_t *length)
{
	if (*left == 0)
		return false;

	const char *newline = memchr(*head, '\n', *left);
	size_t n = newline ? (size_t)(newline - *head) : *left;

	*line = *head;
	*length = n > 0 && (*head)[n - 1] == '\r' ? n - 1 : n;
	n += newline != NULL;
	*head += n;
	*left -= n;
	return true;
}

bool text_head_has(const char *head, size_t length, const char *prefix)
{
	struct text_slice line;

	while (text_head_line(&head, &length, &line.text, &line.length))
		if (text_starts(line, prefix))
			return true;
	return false;
}

struct text_slice text_trim(struct text_slice s)
{
	while (s.length > 0 && isspace((unsigned char)s.text[0])) {
		s.text++;
		s.length--;
	}
	while (s.length > 0 && isspace((unsigned char)s.text[s.length - 1]))
		s.length--;
	return s;
}

bool text_starts(struct text_slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.length >= n && memcmp(s.text, prefix, n) == 0;
}

bool text_cut(struct text_slice *rest, char separator, struct text_slice *before)
{
	const char *at = rest->length ? memchr(rest->text, separator, rest->length) : NULL;

	if (!at)
		return false;
	*before = (struct text_slice){ rest->text, (size_t)(at - rest->text) };
	rest->length -= before->length + 1;
	rest->text = at + 1;
	return true;
}

struct text_slice text_word(struct text_slice *rest)
{
	*rest = text_trim(*rest);

	size_t n = 0;

	while (n < rest->length && !isspace((unsigned char)rest->text[n]))
		n++;

	struct text_slice word = { rest->text, n };

	rest->text += n;
	rest->length -= n;
	return word;
}

void text_add_stack(struct stacks *s, const struct text_options *options, const uint32_t *symbols,
		    size_t count, uint64_t value)
{
	uint32_t node = stacks_add(s, symbols, count, value);

	if (options->like == NAMES_INFERNO)
		s->nodes.v[node].self = value;
}

/* --- formats ------------------------------------------------------------------------------ */

static const struct text_format *guess(const char *head, size_t length)
{
	const struct text_format *maybe = NULL;

	for (size_t i = 0; text_format_table[i]; i++) {
		enum text_match match = text_format_table[i]->probe(head, length);

		if (match == TEXT_YES)
			return text_format_table[i];
		if (match == TEXT_MAYBE && !maybe)
			maybe = text_format_table[i];
	}
	return maybe;
}

static struct err *unknown_format(const char *format)
{
	const char *names[32];
	size_t n = 0;

	for (; text_format_table[n] && n < 32; n++)
		names[n] = text_format_table[n]->name;

	struct err *err = err_new(ERR_USAGE, "there is no stack text format \"%s\"", format);
	struct str list = { 0 };

	for (size_t i = 0; i < n; i++)
		str_printf(&list, "%s%s", i ? ", " : "", names[i]);
	err = err_fix(err, "known formats: %s", str_text(&list));
	str_deinit(&list);
	return err;
}

struct err *text_read_input(struct text_input *in, const char *format,
			    const struct text_options *options, struct stacks *stacks,
			    const struct text_format **used)
{
	const struct text_format *f;

	if (format) {
		f = text_format_find(format);
		if (!f)
			return unknown_format(format);
	} else {
		const char *head;
		size_t length;

		TRY(text_peek(in, &head, &length));
		f = guess(head, length);
		if (!f)
			return err_fix(err_new(ERR_FORMAT,
					       "%s: No applicable collapse implementation found "
					       "for input: "
					       "it is not a text of stacks that sonde knows",
					       in->name),
				       "say which one it is with --as FORMAT");
	}
	if (used)
		*used = f;
	stacks->unit = f->unit;
	log_debug("%s: read as %s", in->name, f->name);

	struct err *err = f->read(in, options, stacks);

	text_say_bad_lines(in);
	if (!err && in->bad_lines > 0 && stacks->nodes.n == 1)
		err = err_fix(err_new(ERR_FORMAT, "nothing in it could be read as %s", f->name),
			      "another format may fit: --as FORMAT");
	return err_wrap(err, "%s", in->name);
}

struct err *text_read_stacks(const char *path, const char *format,
			     const struct text_options *options, struct stacks *stacks,
			     const struct text_format **used)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct text_input in;

	if (fd < 0)
		return err_errno(errno, "cannot open %s", path);
	text_input_init(&in, fd, is_stdin ? "standard input" : path);

	struct err *err = text_read_input(&in, format, options, stacks, used);

	text_input_deinit(&in);
	if (!is_stdin)
		close(fd);
	return err;
}
