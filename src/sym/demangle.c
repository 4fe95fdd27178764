/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mangled names through libiberty, which knows C++ (Itanium), Rust (legacy and v0) and D.
 *
 * Mangled names come from files, and a short one can stand for gigabytes: each
 * substitution may double what it stands for.  The demangler offers no limit on its
 * output, only a callback for each piece of it; it keeps all of its state on the stack,
 * so the callback leaves by longjmp() when there is too much.  The name is then shown as
 * it is in the file.
 */
#include "base/mem.h"
#include "base/str.h"
#include "sym/sym.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Recursion is proportional to the name's length: 4 KiB need about 2 MiB of stack. */
enum { NAME_MAX_BYTES = 4096, D_NAME_MAX_BYTES = 1024, OUTPUT_MAX_BYTES = 65536 };

struct output {
	struct str text;
	jmp_buf too_long;
};

static void collect(const char *piece, size_t length, void *user)
{
	struct output *out = user;

	if (out->text.length + length > OUTPUT_MAX_BYTES)
		longjmp(out->too_long, 1);
	str_add_n(&out->text, piece, length);
}

/* Rust first: its older scheme looks like C++ with a hash at the end. */
static int try_all(const char *name, struct output *out)
{
	int options = DMGL_PARAMS | DMGL_ANSI | DMGL_NO_RECURSE_LIMIT;

	if (rust_demangle_callback(name, DMGL_PARAMS | DMGL_ANSI, collect, out))
		return 1;
	str_clear(&out->text);
	return name[1] == 'Z' && cplus_demangle_v3_callback(name, options, collect, out);
}

static const char *demangle_d(const char *name, struct arena *a)
{
	CLEANUP(mem_freep) char *text =
		strlen(name) <= D_NAME_MAX_BYTES ? dlang_demangle(name, DMGL_PARAMS) : NULL;

	return text ? arena_strdup(a, text) : name;
}

/* setjmp() needs a frame without locals that change. */
static int within_limits(const char *name, struct output *out)
{
	return setjmp(out->too_long) == 0 && try_all(name, out);
}

const char *sym_demangle(const char *name, struct arena *a)
{
	struct output out;
	const char *ret = name;

	if (name[0] != '_' || (name[1] != 'Z' && name[1] != 'R' && name[1] != 'D') ||
	    strnlen(name, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
		return name;
	if (name[1] == 'D')
		return demangle_d(name, a);
	str_init(&out.text);
	if (within_limits(name, &out) && out.text.length > 0)
		ret = arena_strndup(a, out.text.text, out.text.length);
	str_deinit(&out.text);
	return ret;
}
