/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache (/etc/ld.so.cache, format "glibc-ld.so.cache1.1" of glibc's sysdeps/generic/
 * dl-cache.h) is read through once for each name: it has a few thousand entries and they are
 * in an order of its own.  A library that was found once serves all that need it by that
 * name, as in the loader.
 */
#include "module/needed.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/elf_dynamic.h"
#include "module/elf_head.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { LIBRARIES_MAX = 4096, CACHE_HEADER_BYTES = 48, CACHE_ENTRY_BYTES = 24 };
#define CACHE_MAGIC "glibc-ld.so.cache1.1"

/* An object that was opened: the program, or a library. */
struct object {
	const char *path, *origin, *rpath, *runpath;
	const struct object *loader; /* NULL: the program */
	unsigned depth;
};

struct resolve {
	struct arena *a;
	needed_list *found;
	VEC(struct object *) objects; /* those that were read so far are before `next` */
	struct io_map cache;
	const char *interpreter;
	uint16_t machine;
	bool is_64, big_endian;
};

/* --- candidates -------------------------------------------------------------------------- */

static bool is_for_us(const struct resolve *r, const char *path)
{
	CLEANUP(io_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct elf_head head;
	struct err *err = fd >= 0 ? elf_head_read(fd, &head) : err_nomem();
	bool ok = err == NULL && head.machine == r->machine && head.is_64 == r->is_64 &&
		  head.big_endian == r->big_endian && head.type == ET_DYN;

	if (err == NULL)
		elf_head_deinit(&head);
	err_destroy(err);
	return ok;
}

static const char *multiarch(const struct resolve *r)
{
	switch (r->machine) {
	case EM_X86_64:
		return r->is_64 ? "x86_64-linux-gnu" : "x86_64-linux-gnux32";
	case EM_386:
		return "i386-linux-gnu";
	case EM_AARCH64:
		return "aarch64-linux-gnu";
	case EM_ARM:
		return "arm-linux-gnueabihf";
	case EM_RISCV:
		return "riscv64-linux-gnu";
	case EM_PPC64:
		return r->big_endian ? "powerpc64-linux-gnu" : "powerpc64le-linux-gnu";
	case EM_S390:
		return "s390x-linux-gnu";
	default:
		return "unknown";
	}
}

static const char *token_value(const struct resolve *r, const struct object *o, const char *token)
{
	if (strcmp(token, "ORIGIN") == 0)
		return o->origin;
	if (strcmp(token, "LIB") == 0)
		return arena_printf(r->a, "lib/%s", multiarch(r));
	return strcmp(token, "PLATFORM") == 0 ? (r->machine == EM_X86_64 ? "x86_64" : "") : NULL;
}

/* $ORIGIN and ${ORIGIN} and so on replaced. */
static const char *expand(const struct resolve *r, const struct object *o, const char *text, size_t length)
{
	struct str out;

	str_init(&out);
	for (size_t i = 0; i < length;) {
		bool braces = text[i] == '$' && i + 1 < length && text[i + 1] == '{';
		size_t from = i + 1 + braces, n = 0;
		char token[16] = { 0 };
		const char *value = NULL;

		while (text[i] == '$' && from + n < length && n < 15 && text[from + n] >= 'A' && text[from + n] <= 'Z')
			n++;
		memcpy(token, text + from, n);
		if (n > 0)
			value = token_value(r, o, token);
		if (value == NULL) {
			str_add_char(&out, text[i++]);
			continue;
		}
		str_add(&out, value);
		i = from + n + braces;
	}

	const char *ret = arena_strdup(r->a, str_text(&out));

	str_deinit(&out);
	return ret;
}

/* Look into each directory of a list "a:b". */
static const char *in_list(const struct resolve *r, const struct object *o, const char *list, const char *name)
{
	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, ":;");
		const char *dir = expand(r, o, list, length);
		const char *path = arena_printf(r->a, "%s%s%s", dir, *dir ? "/" : "", name);

		if (length > 0 && is_for_us(r, path))
			return path;
		list += length + (list[length] != '\0');
	}
	return NULL;
}

static const char *in_cache(const struct resolve *r, const char *name)
{
	struct bytes all = { r->cache.data, r->cache.size_bytes };
	struct cursor c = cursor_at(all, sizeof(CACHE_MAGIC) - 1, false);
	uint32_t count;

	c.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	count = cursor_u32(&c);
	if (c.bad || memcmp(all.data, CACHE_MAGIC, sizeof(CACHE_MAGIC) - 1) != 0)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		struct cursor e = cursor_at(all, CACHE_HEADER_BYTES + (uint64_t)i * CACHE_ENTRY_BYTES, c.big_endian);

		cursor_u32(&e); /* flags: the file itself says what it is */

		const char *key = bytes_text(all, cursor_u32(&e)), *path = bytes_text(all, cursor_u32(&e));

		cursor_u32(&e);
		if (e.bad)
			break;
		if (cursor_u64(&e) == 0 && key != NULL && path != NULL && strcmp(key, name) == 0 && is_for_us(r, path))
			return arena_strdup(r->a, path);
	}
	return NULL;
}

static const char *in_defaults(const struct resolve *r, const char *name)
{
	const char *triple = multiarch(r), *bits = r->is_64 ? "64" : "";
	const char *list = arena_printf(r->a, "/lib/%s:/usr/lib/%s:/lib%s:/usr/lib%s:/lib:/usr/lib:/usr/%s/lib", triple,
					triple, bits, bits, triple);
	const struct object nobody = { .origin = "" };

	return in_list(r, &nobody, list, name);
}

/* --- one library ------------------------------------------------------------------------- */

/* DT_RPATH of who needs it and of all that led there, unless who needs it has a RUNPATH. */
static const char *in_rpaths(const struct resolve *r, const struct object *by, const char *name, const char **how)
{
	for (const struct object *o = by; o != NULL && by->runpath == NULL; o = o->loader) {
		const char *path = o->runpath == NULL ? in_list(r, o, o->rpath, name) : NULL;

		if (path != NULL) {
			*how = arena_printf(r->a, "RPATH of %s", o->path);
			return path;
		}
	}
	return NULL;
}

static const char *find_library(const struct resolve *r, const struct object *by, const char *name, const char **how)
{
	const struct object here = { .origin = by->origin };
	const char *path, *slash = r->interpreter ? strrchr(r->interpreter, '/') : NULL;

	*how = NULL;
	if (strchr(name, '/') != NULL) {
		*how = "its path";
		path = expand(r, by, name, strlen(name));
		return is_for_us(r, path) ? path : NULL;
	}
	if (slash != NULL && strcmp(slash + 1, name) == 0 && is_for_us(r, r->interpreter)) {
		*how = "the program's loader";
		return r->interpreter;
	}
	path = in_rpaths(r, by, name, how);
	if (path == NULL && (path = in_list(r, &here, getenv("LD_LIBRARY_PATH"), name)) != NULL)
		*how = "LD_LIBRARY_PATH";
	if (path == NULL && (path = in_list(r, by, by->runpath, name)) != NULL)
		*how = arena_printf(r->a, "RUNPATH of %s", by->path);
	if (path == NULL && (path = in_cache(r, name)) != NULL)
		*how = "ld.so.cache";
	if (path == NULL && (path = in_defaults(r, name)) != NULL)
		*how = "a default directory";
	return path;
}

static bool is_known(const struct resolve *r, const char *name)
{
	for (size_t i = 0; i < r->found->n; i++)
		if (strcmp(r->found->v[i].name, name) == 0)
			return true;
	return false;
}

static void add_object(struct resolve *r, const char *path, const struct object *loader)
{
	struct object *o = ARENA_NEW(r->a, struct object);
	char real[PATH_MAX];
	const char *slash;

	o->path = path;
	o->origin = arena_strdup(r->a, realpath(path, real) ? real : path);
	slash = strrchr(o->origin, '/');
	o->origin = slash ? arena_strndup(r->a, o->origin, (size_t)(slash - o->origin)) : ".";
	o->loader = loader;
	o->depth = loader ? loader->depth + 1 : 0;
	vec_push(&r->objects, o);
}

static void add_library(struct resolve *r, const struct object *by, const char *name)
{
	const char *slash = strrchr(by->path, '/'), *how;
	struct needed_library l = { .name = arena_strdup(r->a, name), .depth = by->depth + 1,
				    .by = slash ? slash + 1 : by->path };

	if (is_known(r, name) || r->found->n >= LIBRARIES_MAX)
		return;
	l.path = find_library(r, by, name, &how);
	l.how = how;
	vec_push(r->found, l);
	if (l.path != NULL)
		add_object(r, l.path, by);
}

/* --- objects ----------------------------------------------------------------------------- */

static void note_machine(struct resolve *r, const struct elf_file *f)
{
	const char *interpreter = elf_interpreter(f);

	r->machine = f->machine;
	r->is_64 = f->is_64;
	r->big_endian = f->big_endian;
	r->interpreter = interpreter ? arena_strdup(r->a, interpreter) : NULL;
}

static const char *dynamic_text(struct resolve *r, const struct elf_dynamic *d, uint64_t tag)
{
	uint64_t value;
	const char *text = elf_dynamic_find(d, tag, &value) ? elf_dynamic_text(d, value) : NULL;

	return text ? arena_strdup(r->a, text) : NULL;
}

static struct err *read_object(struct resolve *r, struct object *o)
{
	struct io_map map;
	struct elf_file f = { 0 };
	struct elf_dynamic d = { 0 };
	struct err *err = io_map_file(AT_FDCWD, o->path, &map);

	if (err == NULL)
		err = err_wrap(elf_init(&f, (struct bytes){ map.data, map.size_bytes }), "%s", o->path);
	if (err == NULL) {
		if (o->depth == 0)
			note_machine(r, &f);
		elf_dynamic_read(&f, &d);
		o->rpath = dynamic_text(r, &d, DT_RPATH);
		o->runpath = dynamic_text(r, &d, DT_RUNPATH);
	}
	for (size_t i = 0; err == NULL && i < d.entries.n; i++) {
		const char *name = d.entries.v[i].tag == DT_NEEDED ? elf_dynamic_text(&d, d.entries.v[i].value) : NULL;

		if (name != NULL)
			add_library(r, o, name);
	}
	elf_dynamic_deinit(&d);
	elf_deinit(&f);
	io_map_deinit(&map);
	return err;
}

struct err *needed_read(const char *path, struct arena *a, needed_list *ret)
{
	struct resolve r = { .a = a, .found = ret };
	struct err *err = NULL;

	err_destroy(io_map_file(AT_FDCWD, "/etc/ld.so.cache", &r.cache));
	add_object(&r, arena_strdup(a, path), NULL);
	for (size_t i = 0; err == NULL && i < r.objects.n; i++) {
		err = read_object(&r, r.objects.v[i]);
		/* A library that breaks off needs nothing more; the program itself has to be read. */
		if (i > 0) {
			err_destroy(err);
			err = NULL;
		}
	}
	vec_deinit(&r.objects);
	io_map_deinit(&r.cache);
	return err;
}
