/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The live terminal.  Each refresh renders the document with the term renderer into
 * memory and cuts it into lines; painting sends only the lines that differ from what the
 * screen shows.  Plain ANSI sequences and termios do: what is needed of a terminal here
 * (alternate screen, cursor position, erase to the end of line) all of them have had for
 * decades, and it saves linking ncurses into a tool that starts in milliseconds.
 *
 * Signals are blocked and read from a signalfd beside the keyboard, so there are no
 * handlers and no moment at which one could leave the terminal half changed.
 */
#include "render/live.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "base/vec.h"
#include "render/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

typedef VEC(char *) line_vec;

struct live {
	const struct live_options *options;
	struct err *(*refresh)(void *user, struct doc *doc);
	void *user;
	struct termios before;
	sigset_t mask_before;
	int signal_fd;
	unsigned rows, columns;
	line_vec lines;	   /* the document */
	line_vec shown;	   /* what the screen shows, by row; NULL: unknown */
	size_t top;	   /* first line on the screen */
	size_t cursor;	   /* the chosen line, with options->key */
	struct str search; /* "" : none */
	struct str typed;  /* being typed after '/' */
	struct str out;	   /* to be written in one piece */
	bool is_typing, is_paused, is_help, must_refresh, must_quit;
	const char *note; /* in the status line until the next key; NULL */
	int ended_by;	  /* signal */
	uint64_t next_ns;
};

static void lines_clear(line_vec *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->v[i]);
	vec_clear(lines);
}

/* --- the terminal ---------------------------------------------------------------------------- */

static void flush(struct live *l)
{
	for (size_t at = 0; at < l->out.length;) {
		ssize_t n = write(STDOUT_FILENO, l->out.text + at, l->out.length - at);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	str_clear(&l->out);
}

static void take_terminal(struct live *l)
{
	struct termios raw = l->before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	/* alternate screen, no cursor, no wrapping */
	str_add(&l->out, "\033[?1049h\033[?25l\033[?7l\033[2J");
	flush(l);
	lines_clear(&l->shown);
}

static void give_terminal_back(struct live *l)
{
	str_clear(&l->out);
	str_add(&l->out, "\033[0m\033[?7h\033[?25h\033[?1049l");
	flush(l);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &l->before);
}

static void measure(struct live *l)
{
	struct winsize size;
	bool is_known =
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;

	l->columns = is_known ? size.ws_col : 80;
	l->rows = is_known ? size.ws_row : 24;
	lines_clear(&l->shown);
	str_add(&l->out, "\033[2J");
}

/* --- the document -------------------------------------------------------------------------------
 */

static bool wants_color(const struct live_options *options)
{
	const char *no = getenv("NO_COLOR");

	return options->color == RENDER_COLOR_AUTO ? !(no && *no)
						   : options->color == RENDER_COLOR_ALWAYS;
}

static struct err *render_lines(struct live *l, FILE *stream)
{
	struct render_options options = { .format = "term",
					  .stream = stream,
					  .width = l->columns,
					  .charset = l->options->charset,
					  .color = wants_color(l->options) ? RENDER_COLOR_ALWAYS
									   : RENDER_COLOR_NEVER };
	struct doc *d;

	TRY(render_open(&options, &d));
	struct err *err = l->refresh(l->user, d);
	struct err *end = doc_end(d);

	render_destroy(d);
	if (err == NULL)
		return end;
	err_destroy(end);
	return err;
}

static struct err *refresh(struct live *l)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (stream == NULL)
		return err_nomem();
	struct err *err = render_lines(l, stream);

	fclose(stream);
	if (err == NULL) {
		lines_clear(&l->lines);
		for (const char *at = text; at < text + size;) {
			const char *end = strchrnul(at, '\n');

			vec_push(&l->lines, mem_strndup(at, (size_t)(end - at)));
			at = end + 1;
		}
	}
	free(text);
	uint64_t interval = l->options->interval_ns ? l->options->interval_ns : 1000000000u;

	l->must_refresh = false;
	l->next_ns = clock_now_ns() + interval;
	return err;
}

/* --- painting
 * -------------------------------------------------------------------------------------- */

static size_t body_rows(const struct live *l) { return l->rows > 1 ? l->rows - 1 : 1; }

static size_t last_top(const struct live *l)
{
	return l->lines.n > body_rows(l) ? l->lines.n - body_rows(l) : 0;
}

/* LINE without colours. */
static void plain(struct str *out, const char *line)
{
	str_clear(out);
	for (; *line; line++)
		if (*line == '\033')
			line = strchr(line, 'm') ? strchr(line, 'm') : line;
		else
			str_add_char(out, *line);
}

/* Where the search is found; capitals in it make case count. */
static const char *find(const struct live *l, const char *text)
{
	const char *term = str_text(&l->search);

	if (*term == '\0')
		return NULL;
	for (const char *c = term; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			return strstr(text, term);
	return strcasestr(text, term);
}

/* A document that is shorter for once does not move the choice. */
static size_t chosen_line(const struct live *l)
{
	return l->cursor < l->lines.n ? l->cursor : l->lines.n ? l->lines.n - 1 : 0;
}

/* The chosen line is shown inverse, over the whole width. */
static char *as_chosen(struct live *l, const char *line)
{
	struct str text = { 0 }, marked = { 0 };
	size_t columns;

	plain(&text, line);
	columns = text_columns(str_text(&text), text.length);
	str_printf(&marked, "\033[7m%s", str_text(&text));
	if (columns < l->columns)
		str_add_repeat(&marked, ' ', l->columns - columns);
	str_deinit(&text);
	return str_take(&marked);
}

static char *with_match(struct live *l, const char *line)
{
	struct str text = { 0 }, marked = { 0 };

	plain(&text, line);
	const char *hit = find(l, str_text(&text));

	if (hit == NULL) {
		str_deinit(&text);
		return mem_strdup(line);
	}
	str_printf(&marked, "%.*s\033[7m%.*s\033[0m%s", (int)(hit - text.text), text.text,
		   (int)l->search.length, hit, hit + l->search.length);
	str_deinit(&text);
	return str_take(&marked);
}

static void paint_row(struct live *l, size_t row, char *line)
{
	while (l->shown.n <= row)
		vec_push(&l->shown, NULL);
	if (l->shown.v[row] && strcmp(l->shown.v[row], line) == 0) {
		free(line);
		return;
	}
	free(l->shown.v[row]);
	l->shown.v[row] = line;
	/* Erased first: after a line as wide as the screen the cursor stands on its last column. */
	str_printf(&l->out, "\033[%zu;1H\033[0m\033[K%s\033[0m", row + 1, line);
}

static char *status(const struct live *l)
{
	struct str s = { 0 }, line = { 0 };
	size_t last = l->top + body_rows(l) < l->lines.n ? l->top + body_rows(l) : l->lines.n;

	if (l->is_typing) {
		str_printf(&s, "/%s_", str_text(&l->typed));
	} else if (l->note) {
		str_add(&s, l->note);
	} else {
		str_printf(&s, "%s%slines %zu-%zu of %zu  ",
			   l->options->title ? l->options->title : "",
			   l->options->title ? "  " : "", l->lines.n ? l->top + 1 : 0, last,
			   l->lines.n);
		str_add(&s, l->is_paused ? "paused (space goes on)" : "every ");
		if (!l->is_paused)
			str_add(&s, units_duration_ns((double)(l->options->interval_ns
								       ? l->options->interval_ns
								       : 1e9))
					    .text);
		str_add(&s, "  ? help  q quit");
	}
	struct str clean = { 0 };

	text_add_clean(&clean, str_text(&s), s.length, true);
	str_add(&line, "\033[7m");
	size_t used =
		text_add_elided(&line, str_text(&clean), clean.length, l->columns, false, false);

	str_add_repeat(&line, ' ', l->columns - used);
	str_deinit(&clean);
	str_deinit(&s);
	return str_take(&line);
}

static const char *const help_lines[] = {
	"",
	"  arrows, j k       a line down, up",
	"  PgDn PgUp         a screen down, up",
	"  g G, Home End     the start, the end",
	"  / n N             search, next, the one before",
	"  space             pause, go on",
	"  r                 refresh now",
	"  q, Ctrl-C         quit",
	"",
	"  any key goes back",
};

static const char *help_line(const struct live *l, size_t row)
{
	size_t own = 0;

	while (l->options->key_help && l->options->key_help[own])
		own++;
	if (row < own)
		return l->options->key_help[row];
	row -= own;
	return row < sizeof(help_lines) / sizeof(*help_lines) ? help_lines[row] : "";
}

static const char *line_at(const struct live *l, size_t row)
{
	if (l->is_help)
		return help_line(l, row);
	return l->top + row < l->lines.n ? l->lines.v[l->top + row] : "";
}

static void keep_in_sight(struct live *l)
{
	size_t at = chosen_line(l);

	if (!l->options->key)
		return;
	if (at < l->top)
		l->top = at;
	else if (at >= l->top + body_rows(l))
		l->top = at - body_rows(l) + 1;
}

static void paint(struct live *l)
{
	if (l->top > last_top(l))
		l->top = last_top(l);
	keep_in_sight(l);
	for (size_t row = 0; row < body_rows(l); row++) {
		bool chosen = l->options->key && !l->is_help && l->top + row == chosen_line(l) &&
			      l->lines.n > 0;

		paint_row(l, row, (chosen ? as_chosen : with_match)(l, line_at(l, row)));
	}
	if (l->rows > 1)
		paint_row(l, l->rows - 1, status(l));
	flush(l);
}

/* --- keys
 * --------------------------------------------------------------------------------------------- */

static void scroll(struct live *l, long by)
{
	if (l->options->key) {
		long at = (long)chosen_line(l) + by, last = (long)l->lines.n - 1;

		l->cursor = at < 0 || last < 0 ? 0 : at > last ? (size_t)last : (size_t)at;
		if (l->cursor < body_rows(l))
			l->top = 0;
		return;
	}
	if (by < 0)
		l->top = (size_t)-by > l->top ? 0 : l->top - (size_t)-by;
	else
		l->top = l->top + (size_t)by > last_top(l) ? last_top(l) : l->top + (size_t)by;
}

/* Go to the next (or, backwards, the last) line with a match, around the end. */
static void search_on(struct live *l, bool backwards, bool from_here)
{
	struct str text = { 0 };
	size_t n = l->lines.n;

	for (size_t i = from_here ? 0 : 1; i <= n; i++) {
		size_t at = backwards ? (l->top + n - i % n) % n : (l->top + i) % n;

		plain(&text, l->lines.v[at]);
		if (find(l, str_text(&text))) {
			/* Near the end the screen can't scroll to it, but shows it. */
			l->top = at > last_top(l) ? last_top(l) : at;
			l->cursor = at;
			str_deinit(&text);
			return;
		}
	}
	if (l->search.length)
		l->note = "not found";
	str_deinit(&text);
}

static void typing_key(struct live *l, int key)
{
	if (key == '\r' || key == '\n') {
		l->is_typing = false;
		str_clear(&l->search);
		str_add(&l->search, str_text(&l->typed));
		search_on(l, false, true);
	} else if (key == 27) {
		l->is_typing = false;
	} else if (key == 127 || key == 8) {
		while (l->typed.length &&
		       ((unsigned char)l->typed.text[--l->typed.length] & 0xc0) == 0x80)
			;
		if (l->typed.text)
			l->typed.text[l->typed.length] = '\0';
	} else if (key >= 32 && key < 256 && l->typed.length < 200) {
		str_add_char(&l->typed, (char)key);
	}
}

enum { KEY_UP = 1000, KEY_DOWN, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END };

static void start_search(struct live *l)
{
	l->is_typing = true;
	str_clear(&l->typed);
}

/* Keys that the view has first. */
static bool key_of_view(struct live *l, int key)
{
	struct str line = { 0 };
	bool done;

	if (!l->options->key)
		return false;
	if (l->lines.n)
		plain(&line, l->lines.v[chosen_line(l)]);
	key = key == '\r' || key == '\n' ? LIVE_ENTER : key == 27 || key == 127 || key == 8 ? LIVE_BACK : key;
	done = l->options->key(l->user, key, str_text(&line));
	str_deinit(&line);
	l->must_refresh |= done;
	if (done && (key == LIVE_ENTER || key == LIVE_BACK)) {
		l->cursor = l->options->first_line;
		l->top = 0;
	}
	return done;
}

static void handle_key(struct live *l, int key)
{
	long page = (long)body_rows(l) - 1;

	l->note = NULL;
	if (l->is_help) {
		l->is_help = false;
		if (key != 'q')
			return;
	}
	if (l->is_typing) {
		typing_key(l, key);
		return;
	}
	if (key_of_view(l, key))
		return;
	switch (key) {
	case 'q':
	case 3:
		l->must_quit = true;
		break;
	case KEY_DOWN:
	case 'j':
	case '\r':
		scroll(l, 1);
		break;
	case KEY_UP:
	case 'k':
		scroll(l, -1);
		break;
	case KEY_PAGE_DOWN:
	case 'f':
	case 6:
		scroll(l, page);
		break;
	case KEY_PAGE_UP:
	case 'b':
	case 2:
		scroll(l, -page);
		break;
	case KEY_HOME:
	case 'g':
		l->top = l->cursor = 0;
		break;
	case KEY_END:
	case 'G':
		l->top = last_top(l);
		l->cursor = l->lines.n ? l->lines.n - 1 : 0;
		break;
	case '/':
		start_search(l);
		break;
	case 'n':
	case 'N':
		search_on(l, key == 'N', false);
		break;
	case 27:
		str_clear(&l->search);
		break;
	case ' ':
		l->is_paused = !l->is_paused;
		l->must_refresh = !l->is_paused;
		break;
	case 'r':
		l->must_refresh = true;
		break;
	case '?':
	case 'h':
		l->is_help = true;
		break;
	default:
		break;
	}
}

/* One key of TEXT; *used bytes.  Escape sequences as xterm and the Linux console send them. */
static int next_key(const char *text, size_t left, size_t *used)
{
	static const struct {
		const char *sequence;
		int key;
	} sequences[] = {
		{ "\033[A", KEY_UP },	{ "\033OA", KEY_UP },	    { "\033[B", KEY_DOWN },
		{ "\033OB", KEY_DOWN }, { "\033[5~", KEY_PAGE_UP }, { "\033[6~", KEY_PAGE_DOWN },
		{ "\033[H", KEY_HOME }, { "\033OH", KEY_HOME },	    { "\033[1~", KEY_HOME },
		{ "\033[F", KEY_END },	{ "\033OF", KEY_END },	    { "\033[4~", KEY_END },
	};

	for (size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		size_t n = strlen(sequences[i].sequence);

		if (left >= n && memcmp(text, sequences[i].sequence, n) == 0) {
			*used = n;
			return sequences[i].key;
		}
	}
	*used = 1;
	if (text[0] != '\033' || left == 1 || (text[1] != '[' && text[1] != 'O'))
		return (unsigned char)text[0];
	/* A sequence we don't know: pass over it as a whole. */
	for (*used = 2; *used < left && !((unsigned char)text[*used] >= 0x40 &&
					  (unsigned char)text[*used] <= 0x7e);)
		++*used;
	*used += *used < left;
	return 0;
}

static void read_keys(struct live *l)
{
	char text[256];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		l->must_quit = true; /* the terminal is gone */
		return;
	}
	if (n == 1 && text[0] == '\033') { /* the rest of a sequence may be on its way */
		struct pollfd p = { STDIN_FILENO, POLLIN, 0 };

		if (poll(&p, 1, 25) > 0) {
			ssize_t more = read(STDIN_FILENO, text + 1, sizeof(text) - 1);

			n += more > 0 ? more : 0;
		}
	}
	for (size_t at = 0, used; n > 0 && at < (size_t)n; at += used)
		handle_key(l, next_key(text + at, (size_t)n - at, &used));
}

/* --- signals and the loop
 * --------------------------------------------------------------------------------- */

static void stop_for_a_while(struct live *l)
{
	give_terminal_back(l);
	raise(SIGSTOP);
	take_terminal(l);
	measure(l);
	l->must_refresh = true;
}

static void read_signals(struct live *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info))
		switch (info.ssi_signo) {
		case SIGWINCH:
			measure(l);
			l->must_refresh = true;
			break;
		case SIGTSTP:
			stop_for_a_while(l);
			break;
		case SIGCONT: /* after a SIGSTOP that we could not see coming */
			take_terminal(l);
			measure(l);
			l->must_refresh = true;
			break;
		case SIGINT:
			l->must_quit = true;
			break;
		default:
			l->must_quit = true;
			l->ended_by = (int)info.ssi_signo;
			break;
		}
}

static int wait_ms(const struct live *l)
{
	uint64_t now = clock_now_ns();

	if (l->must_refresh)
		return 0;
	if (l->is_paused)
		return -1;
	return l->next_ns <= now ? 0 : (int)((l->next_ns - now) / 1000000 + 1);
}

static struct err *loop(struct live *l)
{
	while (!l->must_quit) {
		if (l->must_refresh || (!l->is_paused && clock_now_ns() >= l->next_ns))
			TRY(refresh(l));
		paint(l);

		struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { l->signal_fd, POLLIN, 0 } };

		if (poll(fds, 2, wait_ms(l)) < 0 && errno != EINTR)
			return err_errno(errno, "cannot wait for keys");
		if (fds[1].revents)
			read_signals(l);
		if (fds[0].revents)
			read_keys(l);
	}
	return NULL;
}

static struct err *open_signals(struct live *l)
{
	static const int signals[] = {
		SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM, SIGHUP, SIGQUIT
	};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	l->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (l->signal_fd < 0)
		return err_errno(errno, "cannot wait for signals");
	sigprocmask(SIG_BLOCK, &set, &l->mask_before);
	return NULL;
}

struct err *live_run(const struct live_options *options,
		     struct err *(*refresh_fn)(void *user, struct doc *doc), void *user)
{
	struct live l = {
		.options = options, .refresh = refresh_fn, .user = user, .must_refresh = true,
		.cursor = options->first_line
	};

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &l.before) != 0)
		return err_fix(err_new(ERR_USAGE, "a live view needs a terminal"),
			       "print it once instead (report without --live, top --once)");
	TRY(open_signals(&l));
	take_terminal(&l);
	measure(&l);
	struct err *err = loop(&l);

	give_terminal_back(&l);
	close(l.signal_fd);
	sigprocmask(SIG_SETMASK, &l.mask_before, NULL);
	lines_clear(&l.lines);
	lines_clear(&l.shown);
	vec_deinit(&l.lines);
	vec_deinit(&l.shown);
	str_deinit(&l.search);
	str_deinit(&l.typed);
	str_deinit(&l.out);
	if (err == NULL && l.ended_by)
		err = err_new(ERR_CANCELLED, "ended by a signal (%s)", strsignal(l.ended_by));
	return err;
}
