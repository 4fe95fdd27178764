/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Function names as flame graph tools write them.  The rules are those of
 * stackcollapse-perf.pl (FlameGraph) and of inferno, told apart by `enum names_like`;
 * the corpus of both tools' own tests is what holds this file to them.
 */
#include "convert/names.h"

#include <ctype.h>
#include <string.h>

static bool has_prefix(const char *s, size_t length, const char *prefix)
{
	size_t n = strlen(prefix);

	return length >= n && memcmp(s, prefix, n) == 0;
}

static bool has_suffix(const char *s, size_t length, const char *suffix)
{
	size_t n = strlen(suffix);

	return length >= n && memcmp(s + length - n, suffix, n) == 0;
}

/* "net/http.(*Client).Do": a dot before the bracket, and one after a later bracket. */
static bool is_go_method(const char *name, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++) {
		if (name[i] != '.' || name[i + 1] != '(')
			continue;
		for (size_t j = i + 2; j + 1 < length; j++)
			if (name[j] == ')' && name[j + 1] == '.')
				return true;
		return false;
	}
	return false;
}

#define ANONYMOUS "(anonymous namespace)"

/* Where the argument list starts by Perl's rule; LENGTH without one. */
static size_t arguments_perl(const char *name, size_t length)
{
	if (is_go_method(name, length))
		return length;
	for (size_t i = 0; i < length; i++)
		if (name[i] == '(' && !has_prefix(name + i, length - i, ANONYMOUS))
			return i;
	return length;
}

/* The same by inferno's: brackets nest, and ".(" is Go's. */
static size_t arguments_nested(const char *name, size_t length)
{
	long depth = 0;

	for (size_t i = 0; i < length; i++) {
		switch (name[i]) {
		case '<':
		case '{':
		case '[':
			depth++;
			break;
		case '>':
		case '}':
		case ']':
		case ')':
			depth--;
			break;
		case '(':
			if (depth == 0 && !(i > 0 && name[i - 1] == '.') &&
			    !has_prefix(name + i, length - i, ANONYMOUS))
				return i;
			depth++;
			break;
		default:
			break;
		}
	}
	return length;
}

void names_tidy(struct str *out, const char *name, size_t length, enum names_like like)
{
	size_t end =
		like == NAMES_PERL ? arguments_perl(name, length) : arguments_nested(name, length);

	for (size_t i = 0; i < end; i++) {
		if (name[i] == ';')
			str_add_char(out, ':');
		else if (like != NAMES_PERL || (name[i] != '"' && name[i] != '\''))
			str_add_char(out, name[i]);
	}
}

void names_tidy_java(struct str *out, const char *name, size_t length)
{
	if (length > 0 && name[0] == 'L' && memchr(name, '/', length)) {
		name++;
		length--;
	}
	str_add_n(out, name, length);
}

/* --- Rust ------------------------------------------------------------------------------- */

enum { RUST_HASH_LENGTH = 17 }; /* h and 16 hex digits */

static bool ends_in_rust_hash(const char *name, size_t length)
{
	if (length < RUST_HASH_LENGTH || name[length - RUST_HASH_LENGTH] != 'h')
		return false;
	for (size_t i = length - RUST_HASH_LENGTH + 1; i < length; i++)
		if (!isxdigit((unsigned char)name[i]))
			return false;
	return true;
}

/* rustc's legacy mangling, "Symbol mangling" in compiler/rustc_symbol_mangling. */
static const struct {
	const char *escape, *text;
} rust_escapes[] = {
	{ "$SP$", "@" },  { "$BP$", "*" },  { "$RF$", "&" },  { "$LT$", "<" },	{ "$GT$", ">" },
	{ "$LP$", "(" },  { "$RP$", ")" },  { "$C$", "," },   { "$u7e$", "~" }, { "$u20$", " " },
	{ "$u27$", "'" }, { "$u3d$", "=" }, { "$u5b$", "[" }, { "$u5d$", "]" }, { "$u7b$", "{" },
	{ "$u7d$", "}" }, { "$u3b$", ";" }, { "$u2b$", "+" }, { "$u21$", "!" }, { "$u22$", "\"" },
};

/* Bytes of NAME that an escape takes; 0 when there is no known one. */
static size_t rust_unescape(struct str *out, const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(rust_escapes) / sizeof(*rust_escapes); i++)
		if (has_prefix(name, length, rust_escapes[i].escape)) {
			str_add(out, rust_escapes[i].text);
			return strlen(rust_escapes[i].escape);
		}
	return 0;
}

void names_fix_rust(struct str *out, const char *name, size_t length)
{
	if (!ends_in_rust_hash(name, length)) {
		str_add_n(out, name, length);
		return;
	}
	length -= RUST_HASH_LENGTH;
	if (has_suffix(name, length, "::"))
		length -= 2;
	if (has_prefix(name, length, "_$")) {
		name++;
		length--;
	}
	for (size_t i = 0; i < length;) {
		if (has_prefix(name + i, length - i, "..")) {
			str_add(out, "::");
			i += 2;
		} else if (name[i] == '$') {
			size_t taken = rust_unescape(out, name + i, length - i);

			if (taken == 0) {
				str_add_n(out, name + i, length - i);
				return;
			}
			i += taken;
		} else {
			str_add_char(out, name[i++]);
		}
	}
}

/* --- modules ------------------------------------------------------------------------------- */

/* "vmlinux", "/usr/lib/debug/boot/vmlinux-6.1.0-13-amd64" */
static bool is_vmlinux(const char *module, size_t length)
{
	static const char word[] = "vmlinux";
	size_t n = sizeof(word) - 1;

	for (size_t i = length; i-- > 0;) {
		if (!has_prefix(module + i, length - i, word))
			continue;
		for (size_t j = i + n; j < length; j++)
			if (!isalnum((unsigned char)module[j]) && !strchr("-._", module[j]))
				return false;
		return true;
	}
	return false;
}

bool names_is_kernel_module(const char *module, size_t length, enum names_like like)
{
	if (like == NAMES_PERL)
		return ((length && module[0] == '[') || has_suffix(module, length, "vmlinux")) &&
		       !memmem(module, length, "unknown", 7);
	if (length == 9 && memcmp(module, "[unknown]", 9) == 0)
		return false;
	if (like == NAMES_SONDE &&
	    (has_prefix(module, length, "[vdso]") || has_prefix(module, length, "[stack]") ||
	     has_prefix(module, length, "[heap]") || has_prefix(module, length, "[anon]")))
		return false;
	return (length && module[0] == '[') || has_suffix(module, length, ".ko") ||
	       is_vmlinux(module, length);
}

bool names_is_jit_module(const char *module, size_t length, enum names_like like)
{
	const char *map = memmem(module, length, "/tmp/perf-", 10);

	if (map) {
		const char *end = module + length, *p = map + 10;

		while (p < end && isdigit((unsigned char)*p))
			p++;
		if (p > map + 10 && has_prefix(p, (size_t)(end - p), ".map"))
			return true;
	}
	return like != NAMES_PERL && memmem(module, length, "/jitted-", 8) &&
	       has_suffix(module, length, ".so");
}
