// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The title: the same for the same bug, so nothing in it may change from run to run.
 * Addresses and numbers are left out, the compiler's suffixes of functions cut, and the
 * many names of a system call's entry made one.  " in {function}" goes where no function
 * could be told.
 */
#include "oops/parse.h"

#include "base/str.h"
#include "oops/match.h"
#include "oops/trace.h"
#include "sym/sym.h"

#include <string.h>

static const struct { const char *prefix, *instead; } entries[] = {
	{ "__x64_sys_", "sys_" }, { "__ia32_sys_", "sys_" }, { "__ia32_compat_sys_", "compat_sys_" }, { "__arm64_sys_", "sys_" },
	{ "__riscv_sys_", "sys_" }, { "__s390x_sys_", "sys_" }, { "__do_sys_", "sys_" }, { "__se_sys_", "sys_" },
	{ "compat_SYSC_", "" }, { "compat_SyS_", "" }, { "SYSC_", "" }, { "SyS_", "" },
};

static void add_function(struct str *out, const char *function, struct arena *a)
{
	size_t length = oops_base_name(function, strlen(function));

	if (strncmp(function, "_R", 2) == 0 || strncmp(function, "_ZN", 3) == 0) {
		str_add(out, sym_demangle(function, a));
		return;
	}
	if (memmem(function, length, "smp_call_function", 17) != NULL)
		length = 17, function = "smp_call_function"; /* of a single CPU, of many: one wait */
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		size_t n = strlen(entries[i].prefix);

		if (length > n && memcmp(function, entries[i].prefix, n) == 0) {
			str_add(out, entries[i].instead);
			str_add_n(out, function + n, length - n);
			return;
		}
	}
	str_add_n(out, function, length);
}

/* A detail without what changes: "0xffff8881234" -> ADDR, "12" -> NUM. */
static void add_stable(struct str *out, const char *text)
{
	while (*text != '\0') {
		size_t hex = strncmp(text, "0x", 2) == 0 ? strspn(text + 2, "0123456789abcdefABCDEF") : 0;
		size_t digits = strspn(text, "0123456789");
		bool in_word = out->length > 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", out->text[out->length - 1]) != NULL;

		if (hex > 0) {
			str_add(out, "ADDR");
			text += 2 + hex;
		} else if (digits > 0 && !in_word) {
			str_add(out, "NUM");
			text += digits;
		} else if (digits > 0) {
			str_add_n(out, text, digits);
			text += digits;
		} else {
			str_add_char(out, *text++);
		}
	}
}

static bool has_value(const struct oops_report *r, const char *name, size_t length)
{
	char key[64];

	if (length == 8 && memcmp(name, "function", 8) == 0)
		return r->subject != NULL;
	if (length >= sizeof(key))
		return false;
	memcpy(key, name, length);
	key[length] = '\0';
	return *oops_detail(r, key) != '\0';
}

static void add_value(struct str *out, struct oops_report *r, const char *name, size_t length)
{
	char key[64];

	if (length == 8 && memcmp(name, "function", 8) == 0) {
		add_function(out, r->subject->function, &r->arena);
		return;
	}
	memcpy(key, name, length);
	key[length] = '\0';
	/* "libc.so.6": its digits are part of the name; a bank's and an Xid's number is what tells the kinds apart */
	if (strcmp(key, "module") == 0 || strcmp(key, "bank") == 0 || strcmp(key, "xid") == 0)
		str_add(out, oops_detail(r, key));
	else
		add_stable(out, oops_detail(r, key));
}

/* Where a value is missing, the words that lead to it ("in ", "of ", "/") go too. */
static void drop_leader(struct str *out)
{
	while (out->length > 0 && (out->text[out->length - 1] == ' ' || out->text[out->length - 1] == ':' || out->text[out->length - 1] == '/'))
		out->length--;
	if (out->length > 3 && memcmp(out->text + out->length - 3, " in", 3) == 0)
		out->length -= 3;
	else if (out->length > 3 && memcmp(out->text + out->length - 3, " at", 3) == 0)
		out->length -= 3;
	if (out->text != NULL)
		out->text[out->length] = '\0';
}

void oops_title_make(struct oops_report *r)
{
	struct str out;
	const char *t = r->kind->title;

	str_init(&out);
	while (*t != '\0') {
		const char *close = *t == '{' ? strchr(t, '}') : NULL;

		if (close == NULL) {
			str_add_char(&out, *t++);
			continue;
		}
		size_t length = (size_t)(close - t) - 1;

		if (has_value(r, t + 1, length))
			add_value(&out, r, t + 1, length);
		else
			drop_leader(&out);
		t = close + 1;
	}
	r->title = arena_strdup(&r->arena, str_text(&out));
	str_deinit(&out);
}
