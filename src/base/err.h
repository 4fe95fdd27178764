/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_ERR_H
#define SONDE_BASE_ERR_H
/*
 * The one error type.  A function that can fail returns `struct err *`: NULL is
 * success, anything else is owned by the caller, who passes it up (with more
 * context) or destroys it.  Only main() prints one.
 *
 * A message says what was tried and what happened; err_fix() adds what the user
 * can do.  "cannot open /tmp/x.sonde/meta.json: Permission denied" is a message,
 * "run as the user who recorded it" is a fix.
 */
#include <stdbool.h>

enum err_code {
	ERR_SYSTEM,      /* a system call failed; err_errnum() tells which way */
	ERR_NOMEM,       /* out of memory */
	ERR_USAGE,       /* the user's words are off: exit status 2 */
	ERR_FORMAT,      /* bytes from outside are not what they claim to be */
	ERR_NOT_FOUND,   /* no such thing; finders pass on to the next one */
	ERR_PERMISSION,  /* the kernel or a file mode says no */
	ERR_UNSUPPORTED, /* not in this kernel, this hardware or this build */
	ERR_LIMIT,       /* a bound of ours or of the system was reached */
	ERR_CANCELLED,   /* the user asked us to stop */
	ERR_INTERNAL,    /* a bug in sonde */
};

struct err;

/* Make an error.  Never returns NULL: with no memory left it returns the static
 * no-memory error, which every function here accepts. */
struct err *err_new(enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* As err_new(ERR_SYSTEM, ...), with ": strerror(errnum)" at the end.  EACCES and
 * EPERM make it ERR_PERMISSION, ENOENT ERR_NOT_FOUND, ENOMEM ERR_NOMEM. */
struct err *err_errno(int errnum, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The static error for "out of memory". */
struct err *err_nomem(void);

/* Put context in front of the message: "CONTEXT: MESSAGE".  Takes and returns
 * the same ownership; NULL stays NULL, so `return err_wrap(f(), "...")` works. */
struct err *err_wrap(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Say what the user can do about it.  A second fix is appended to the first.
 * NULL stays NULL. */
struct err *err_fix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void err_destroy(struct err *err); /* NULL-safe */

enum err_code err_code(const struct err *err);
int err_errnum(const struct err *err);            /* 0 when no system call failed */
const char *err_message(const struct err *err);   /* valid as long as err lives */
const char *err_advice(const struct err *err);    /* the fix, or NULL */
bool err_is(const struct err *err, enum err_code code); /* false for NULL */

/* Propagate: `TRY(f());` returns f's error from the function it stands in. */
#define TRY(expr)                                 \
	do {                                      \
		struct err *try_err_ = (expr);    \
		if (try_err_ != NULL)             \
			return try_err_;          \
	} while (0)

/* Scope cleanup: `CLEANUP(err_destroyp) struct err *e = ...;`.  FN takes a
 * pointer to the variable. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
static inline void err_destroyp(struct err **err) { err_destroy(*err); }

#endif
