/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terminal renderer: prose, headings, fields, and the line that everything is put
 * together in.  A line is made in t->line and written in one piece.  Colours repeat what
 * the words say.  Text from outside has gone through text_add_clean() before it gets to
 * a line; nothing here writes a byte that is not ours or clean.
 */
#include "render/term_impl.h"

#include "base/mem.h"
#include "render/format.h"
#include "render/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* --- lines ------------------------------------------------------------------------------ */

static unsigned indent(const struct term *t)
{
	return t->section_depth == 0 || t->width < 60 ? 0
	       : t->section_depth > 3		      ? 6
						      : 2 * t->section_depth;
}

unsigned term_room(const struct term *t) { return t->width - indent(t); }

void term_line_begin(struct term *t)
{
	str_clear(&t->line);
	str_add_repeat(&t->line, ' ', indent(t));
}

void term_line_end(struct term *t)
{
	while (t->line.length && t->line.text[t->line.length - 1] == ' ')
		t->line.length--;
	str_add_char(&t->line, '\n');
	fwrite(t->line.text, 1, t->line.length, t->out);
}

static const char *sgr_of(enum doc_style style)
{
	static const char *const codes[] = {
		[DOC_DIM] = "2",      [DOC_STRONG] = "1",  [DOC_GOOD] = "32", [DOC_WARN] = "33",
		[DOC_BAD] = "1;31",   [DOC_KERNEL] = "34", [DOC_USER] = NULL, [DOC_INLINED] = "36",
		[DOC_LIBRARY] = "33", [DOC_JIT] = "32",
	};

	return (unsigned)style < sizeof(codes) / sizeof(*codes) ? codes[style] : NULL;
}

void term_style_on(struct term *t, enum doc_style style)
{
	if (t->color && sgr_of(style))
		str_printf(&t->line, "\033[%sm", sgr_of(style));
}

void term_style_off(struct term *t, enum doc_style style)
{
	if (t->color && sgr_of(style))
		str_add(&t->line, "\033[0m");
}

void term_add(struct term *t, enum doc_style style, const char *text, size_t length)
{
	if (length == 0)
		return;
	term_style_on(t, style);
	str_add_n(&t->line, text, length);
	term_style_off(t, style);
}

void term_add_text(struct term *t, enum doc_style style, const char *text)
{
	term_add(t, style, text, strlen(text));
}

void term_pad(struct term *t, size_t columns) { str_add_repeat(&t->line, ' ', columns); }

void term_add_bar(struct term *t, double ratio, unsigned columns)
{
	double clamped = !(ratio > 0) ? 0 : ratio > 1 ? 1 : ratio;
	unsigned eighths = (unsigned)(clamped * columns * 8 + 0.5);
	unsigned full = t->utf8 ? eighths / 8 : (eighths + 4) / 8;

	if (clamped > 0 && eighths == 0)
		eighths = 1;
	for (unsigned i = 0; i < full; i++)
		str_add(&t->line, t->utf8 ? "\xe2\x96\x88" : "#");
	if (t->utf8 && full < columns && eighths % 8) { /* U+2588 is full, U+258F an eighth */
		str_printf(&t->line, "\xe2\x96%c", 0x88 + 8 - (int)(eighths % 8));
		full++;
	}
	term_pad(t, columns - full);
}

/* --- blocks ------------------------------------------------------------------------------- */

/* Fields wait in t->fields as "title\0value\0style-byte" to be aligned. */
static void flush_fields(struct term *t)
{
	struct str fields = t->fields;
	size_t most = term_room(t) / 2, width = t->fields_width < most ? t->fields_width : most;

	t->fields = (struct str){ 0 };
	t->fields_width = 0;
	for (size_t at = 0; at < fields.length;) {
		const char *title = fields.text + at;
		const char *value = title + strlen(title) + 1;
		const char *style = value + strlen(value) + 1;

		term_line_begin(t);
		term_style_on(t, DOC_DIM);
		size_t used =
			text_add_elided(&t->line, title, strlen(title), width, false, t->utf8);
		term_style_off(t, DOC_DIM);
		term_pad(t, width - used + 2);
		size_t room = term_room(t) > width + 2 ? term_room(t) - width - 2 : 1;

		term_style_on(t, (enum doc_style)style[0]);
		text_add_elided(&t->line, value, strlen(value), room, false, t->utf8);
		term_style_off(t, (enum doc_style)style[0]);
		term_line_end(t);
		at = (size_t)(style + 1 - fields.text);
	}
	str_deinit(&fields);
}

void term_block(struct term *t, enum term_block kind)
{
	if (t->fields.length)
		flush_fields(t);
	if (t->last != TERM_NOTHING && t->last != TERM_HEADING &&
	    (kind != TERM_PROSE || t->last == TERM_BLOCK))
		fputc('\n', t->out);
	t->last = kind;
}

void term_title(struct term *t, const char *title)
{
	if (*title == '\0' || (t->heading && strcmp(title, t->heading) == 0))
		return;
	term_wrapped(t, DOC_STRONG, "", title);
}

/* One paragraph without line breaks. */
static void wrap_line(struct term *t, enum doc_style style, const char *mark, size_t hanging,
		      const char *text, size_t length, bool is_first)
{
	size_t room = term_room(t) > hanging + 8 ? term_room(t) - hanging : 8;

	do {
		size_t skip, fit = text_wrap(text, length, room > 100 ? 100 : room, &skip);

		term_line_begin(t);
		if (is_first)
			term_add_text(t, style, mark);
		else
			term_pad(t, hanging);
		term_add(t, style, text, fit);
		term_line_end(t);
		is_first = false;
		text += skip;
		length -= skip;
	} while (length);
}

void term_wrapped(struct term *t, enum doc_style style, const char *mark, const char *text)
{
	size_t hanging = text_columns(mark, strlen(mark));
	bool is_first = true;

	for (;;) { /* line breaks of the view stay */
		const char *newline = strchrnul(text, '\n');

		str_clear(&t->scratch);
		text_add_clean(&t->scratch, text, (size_t)(newline - text), t->utf8);
		wrap_line(t, style, mark, hanging, str_text(&t->scratch), t->scratch.length,
			  is_first);
		is_first = false;
		if (*newline == '\0' || newline[1] == '\0')
			return;
		text = newline + 1;
	}
}

/* A title is one line, whatever the name that it was made of holds. */
static void title_line(struct term *t, enum doc_style style, const char *title)
{
	str_clear(&t->scratch);
	text_add_clean(&t->scratch, title, strlen(title), t->utf8);
	wrap_line(t, style, "", 0, str_text(&t->scratch), t->scratch.length, true);
}

/* --- hooks ----------------------------------------------------------------------------------- */

static struct err *begin(void *self, const struct doc_head *head)
{
	struct term *t = self;

	t->origin_ns = head->origin_ns;
	if (*head->title == '\0')
		return NULL;
	term_block(t, TERM_PROSE);
	title_line(t, DOC_STRONG, head->title);
	if (head->subtitle && *head->subtitle)
		title_line(t, DOC_DIM, head->subtitle);
	return NULL;
}

static struct err *end(void *self)
{
	struct term *t = self;

	if (t->fields.length)
		flush_fields(t);
	return NULL;
}

static struct err *section_begin(void *self, const char *key, const char *title)
{
	struct term *t = self;

	if (*title) {
		term_block(t, TERM_HEADING);
		title_line(t, DOC_STRONG, title);
	}
	free(t->heading);
	t->heading = mem_strdup(title);
	t->section_depth++;
	return NULL;
}

static struct err *section_end(void *self)
{
	struct term *t = self;

	if (t->fields.length)
		flush_fields(t);
	t->section_depth--;
	/* What follows is not part of this section: set it off. */
	if (t->last != TERM_NOTHING)
		t->last = TERM_BLOCK;
	return NULL;
}

static struct err *headline(void *self, const char *text)
{
	struct term *t = self;

	term_block(t, TERM_PROSE);
	title_line(t, t->section_depth ? DOC_PLAIN : DOC_STRONG, text);
	return NULL;
}

static struct err *text_(void *self, const char *text)
{
	struct term *t = self;

	term_block(t, TERM_PROSE);
	term_wrapped(t, DOC_PLAIN, "", text);
	return NULL;
}

static struct err *warning(void *self, const char *text, const char *fix)
{
	struct term *t = self;

	term_block(t, TERM_PROSE);
	term_wrapped(t, DOC_WARN, "! ", text);
	if (fix && *fix)
		term_wrapped(t, DOC_PLAIN, t->utf8 ? "  \xe2\x86\x92 " : "  > ", fix);
	return NULL;
}

static struct err *next(void *self, const char *command, const char *why)
{
	struct term *t = self;
	struct str clean = { 0 };

	term_block(t, TERM_PROSE);
	text_add_clean(&clean, command, strlen(command), t->utf8);
	term_line_begin(t);
	term_add_text(t, DOC_DIM, "next: ");
	/* Not wrapped: a command is there to be copied. */
	term_add(t, DOC_STRONG, str_text(&clean), clean.length);
	size_t used = 6 + text_columns(str_text(&clean), clean.length);
	bool fits = why && used + 3 + strlen(why) <= term_room(t);

	str_clear(&clean);
	if (fits) {
		text_add_clean(&clean, why, strlen(why), t->utf8);
		term_pad(t, 3);
		term_add(t, DOC_DIM, str_text(&clean), clean.length);
	}
	term_line_end(t);
	if (why && *why && !fits)
		term_wrapped(t, DOC_DIM, "      ", why);
	str_deinit(&clean);
	return NULL;
}

static struct err *field(void *self, const char *key, const char *title, enum doc_unit unit,
			 const struct doc_value *value)
{
	struct term *t = self;
	size_t at = t->fields.length;

	if (at == 0) {
		term_block(t, TERM_PROSE);
		at = t->fields.length;
	}
	text_add_clean(&t->fields, title, strlen(title), t->utf8);
	size_t columns = text_columns(t->fields.text + at, t->fields.length - at);

	str_add_char(&t->fields, '\0');
	if (columns > t->fields_width)
		t->fields_width = columns;
	str_clear(&t->scratch);
	format_value(&t->scratch, unit, value, t->origin_ns, false);
	text_add_clean(&t->fields, str_text(&t->scratch), t->scratch.length, t->utf8);
	str_add_char(&t->fields, '\0');
	str_add_char(&t->fields, (char)value->style);
	if (t->fields.length > 1 << 16)
		flush_fields(t);
	return NULL;
}

/* Tabs become spaces, everything else that is no text is made visible. */
static void verbatim_line(struct term *t, const char *line, size_t length)
{
	struct str clean = { 0 };

	for (size_t i = 0; i < length;) {
		const char *tab = memchr(line + i, '\t', length - i);
		size_t stretch = tab ? (size_t)(tab - line) - i : length - i;

		text_add_clean(&clean, line + i, stretch, t->utf8);
		i += stretch + (tab != NULL);
		if (tab)
			str_add_repeat(&clean, ' ', 8 - text_columns(clean.text, clean.length) % 8);
	}
	term_line_begin(t);
	text_add_elided(&t->line, str_text(&clean), clean.length, term_room(t), false, t->utf8);
	term_line_end(t);
	str_deinit(&clean);
}

static struct err *verbatim(void *self, const char *key, const char *text)
{
	struct term *t = self;

	term_block(t, TERM_BLOCK);
	while (*text) {
		const char *newline = strchrnul(text, '\n');
		size_t length = (size_t)(newline - text);

		verbatim_line(t, text, length && text[length - 1] == '\r' ? length - 1 : length);
		text = *newline ? newline + 1 : newline;
	}
	return NULL;
}

/* --- making one ---------------------------------------------------------------------------------
 */

static bool locale_is_utf8(void)
{
	locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	if (l == (locale_t)0)
		return false;
	bool is = strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;

	freelocale(l);
	return is;
}

static unsigned terminal_width(FILE *out)
{
	struct winsize size;
	int fd = isatty(STDOUT_FILENO) ? STDOUT_FILENO : fileno(out);

	if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 100;
}

static bool wants_color(const struct render_options *options)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->color != RENDER_COLOR_AUTO)
		return options->color == RENDER_COLOR_ALWAYS;
	return !(no && *no) && !options->stream &&
	       (options->path == NULL || strcmp(options->path, "-") == 0) &&
	       isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static struct err *create(const struct render_options *options, FILE *out, void **ret)
{
	struct term *t = mem_calloc(1, sizeof(*t));

	t->out = out;
	t->width = options->width ? options->width : terminal_width(out);
	t->width = t->width < 20 ? 20 : t->width > 10000 ? 10000 : t->width;
	t->color = wants_color(options);
	t->utf8 = options->charset == RENDER_UTF8 ||
		  (options->charset == RENDER_CHARSET_AUTO && locale_is_utf8());
	*ret = t;
	return NULL;
}

static void destroy(void *self)
{
	struct term *t = self;

	term_table_destroy(t->table);
	term_flame_destroy(t->flame);
	term_timeline_destroy(t->timeline);
	str_deinit(&t->line);
	str_deinit(&t->scratch);
	str_deinit(&t->fields);
	free(t->heading);
	free(t);
}

const struct render_ops render_term = {
	.name = "term",
	.summary = "text for a terminal or a file",
	.create = create,
	.begin = begin,
	.end = end,
	.section_begin = section_begin,
	.section_end = section_end,
	.headline = headline,
	.text = text_,
	.warning = warning,
	.next = next,
	.field = field,
	.verbatim = verbatim,
	.table_begin = term_table_begin,
	.row = term_row,
	.table_end = term_table_end,
	.histogram = term_histogram,
	.flame_begin = term_flame_begin,
	.flame_node = term_flame_node,
	.flame_end = term_flame_end,
	.timeline_begin = term_timeline_begin,
	.lane = term_lane,
	.span = term_span,
	.timeline_end = term_timeline_end,
	.destroy = destroy,
};
