/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors are rare and short: one allocation for the object, one for each text.
 * When even that fails, the static no-memory error stands in for all of them, so
 * that no caller ever has to ask "and if making the error fails?".
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err {
	enum err_code code;
	int errnum;
	char *message;
	char *fix;
};

static struct err nomem = { .code = ERR_NOMEM, .errnum = ENOMEM, .message = (char *)"out of memory" };

struct err *err_nomem(void) { return &nomem; }

static struct err *err_vnew(enum err_code code, int errnum, const char *fmt, va_list ap)
{
	struct err *err = calloc(1, sizeof(*err));

	if (err == NULL)
		return &nomem;
	err->code = code;
	err->errnum = errnum;
	if (vasprintf(&err->message, fmt, ap) < 0) {
		free(err);
		return &nomem;
	}
	return err;
}

struct err *err_new(enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	struct err *err = err_vnew(code, 0, fmt, ap);
	va_end(ap);
	return err;
}

static enum err_code code_of_errno(int errnum)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case ENOENT:
		return ERR_NOT_FOUND;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return ERR_SYSTEM;
	}
}

/* Replace *text by FMT applied to (a, b); on failure *text stays. */
static void join(char **text, const char *a, const char *separator, const char *b)
{
	char *joined;

	if (asprintf(&joined, "%s%s%s", a, separator, b) < 0)
		return;
	free(*text);
	*text = joined;
}

struct err *err_errno(int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	struct err *err = err_vnew(code_of_errno(errnum), errnum, fmt, ap);
	va_end(ap);
	if (err != &nomem)
		join(&err->message, err->message, ": ", strerror(errnum));
	return err;
}

struct err *err_wrap(struct err *err, const char *fmt, ...)
{
	va_list ap;
	char *context;

	if (err == NULL || err == &nomem)
		return err;
	va_start(ap, fmt);
	if (vasprintf(&context, fmt, ap) >= 0) {
		join(&err->message, context, ": ", err->message);
		free(context);
	}
	va_end(ap);
	return err;
}

struct err *err_fix(struct err *err, const char *fmt, ...)
{
	va_list ap;
	char *fix;

	if (err == NULL || err == &nomem)
		return err;
	va_start(ap, fmt);
	if (vasprintf(&fix, fmt, ap) >= 0) {
		if (err->fix != NULL)
			join(&err->fix, err->fix, "; ", fix);
		else
			join(&err->fix, fix, "", "");
		free(fix);
	}
	va_end(ap);
	return err;
}

void err_destroy(struct err *err)
{
	if (err == NULL || err == &nomem)
		return;
	free(err->message);
	free(err->fix);
	free(err);
}

enum err_code err_code(const struct err *err) { return err->code; }
int err_errnum(const struct err *err) { return err->errnum; }
const char *err_message(const struct err *err) { return err->message; }
const char *err_advice(const struct err *err) { return err->fix; }

bool err_is(const struct err *err, enum err_code code)
{
	return err != NULL && err->code == code;
}
