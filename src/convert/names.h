/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_NAMES_H
#define SONDE_CONVERT_NAMES_H
/*
 * How the flame graph tools write a function's name: no argument lists, ':' for ';'
 * (which separates frames), `[libc.so.6]` where there is only a module.
 */
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Whose habits to follow where stackcollapse-perf.pl and inferno differ. */
enum names_like {
	NAMES_SONDE,   /* as inferno, and samples without a stack are kept */
	NAMES_PERL,    /* stackcollapse-perf.pl, to the byte */
	NAMES_INFERNO, /* inferno-collapse-*, to the byte */
};

/* Append NAME without its argument list.  Perl's rule (the first '(' that does not
 * open "(anonymous namespace)", unless it looks like a Go method), or inferno's (the
 * first '(' outside of <>, {}, []). */
void names_tidy(struct str *out, const char *name, size_t length, enum names_like like);

/* Append NAME with the leading 'L' of a Java class signature left out. */
void names_tidy_java(struct str *out, const char *name, size_t length);

/* Append NAME; when it ends in a Rust hash (::h0123456789abcdef), without that and with
 * its $LT$ $u20$ .. escapes resolved: perf and macOS's sample demangle only half of it. */
void names_fix_rust(struct str *out, const char *name, size_t length);

/* Is a module, as perf writes it, kernel code?  JIT code? */
bool names_is_kernel_module(const char *module, size_t length, enum names_like like);
bool names_is_jit_module(const char *module, size_t length, enum names_like like);

#endif
