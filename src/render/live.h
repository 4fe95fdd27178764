/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_LIVE_H
#define SONDE_RENDER_LIVE_H
/*
 * A document that stays on the screen and is made anew each interval, like top(1): the
 * whole terminal, scrolled and searched by keys, resized with its window.
 *
 *   arrows, j k, PgUp PgDn, g G   move          / n N   search, next, back
 *   space   pause, r   now        ? h   help    q       quit
 *
 * With a `key` hook there is a line to choose: the arrows move it, and keys go to the hook
 * first.
 *
 * The terminal is given back as it was whatever ends the view: q, an error of the view,
 * SIGINT, SIGTERM, SIGHUP, and for as long as it is stopped by SIGTSTP.
 */
#include "render/renderer.h"

struct live_options {
	const char *title;    /* in the status line; NULL: none */
	uint64_t interval_ns; /* between the starts of two refreshes; 0: one second */
	enum render_color color;
	enum render_charset charset;
	/* A key (LIVE_ENTER, LIVE_BACK or its character), and the chosen line as plain text.
	 * True: it is done, and the document made anew.  May be NULL. */
	bool (*key)(void *user, int key, const char *line);
	const char *const *key_help; /* lines for the help, ended by NULL; may be NULL */
	size_t first_line; /* where the chosen line is at first */
};
enum { LIVE_ENTER = 2000, LIVE_BACK };

/* REFRESH writes the document (doc_begin() to before doc_end()); it is called at once,
 * then each interval, and when the window's size changes.  Its error ends the view and is
 * returned.  NULL when the user quit, ERR_CANCELLED after SIGTERM or SIGHUP, ERR_USAGE when
 * standard input or output is no terminal. */
struct err *live_run(const struct live_options *options,
		     struct err *(*refresh)(void *user, struct doc *doc), void *user);

#endif
