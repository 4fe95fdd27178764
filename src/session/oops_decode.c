// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Decoding a report's frames.
 *
 * A frame is "func+offset/size [module]": the symbol table says where func is, so neither
 * KASLR nor addresses matter; where a name stands for several functions the size chooses,
 * and where no size fits the file is of another kernel.  Frames that are only addresses
 * are decoded with the report's "Kernel Offset".  Files are opened once for all reports.
 *
 * The kernel's file is looked for in this order: the one that was named, by build-id (the report's; the machine's, where
 * the report is of the running kernel), by version, at debuginfod's servers.  Without any of these the names alone are
 * checked (kernel_names.c).
 */
#include "session/oops_decode.h"

#include "base/arena.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "module/debuginfod.h"
#include "module/elf_head.h"
#include "session/lookup.h"
#include "sym/kernel_names.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { DIRECTORY_DEPTH_MAX = 12 };

struct oops_decoder {
	struct oops_decode_options options;
	struct strmap files;      /* path -> struct lookup *; 0: can't be had */
	struct strmap modules;    /* "VERSION/name" -> path (heap), 0: none */
	struct strmap fetched;    /* build-id -> 1 + descriptor that debuginfod gave; 0: it has none */
	struct kernel_names *names; /* NULL: not opened, or not to be had */
	bool names_tried;
	struct decode_note { char *text; const char *fix; } notes[OOPS_DECODE_NOTES_MAX]; /* different ones, in the order in which they came up */
	struct decode_note mismatch; /* is said first; text NULL: nothing */
	size_t note_count, not_noted;
	uint64_t frames, mismatched, in_kernel, not_in_kernel;
	bool kernel_known;        /* of the report in hand: */
	struct lookup *kernel;     /* its vmlinux; NULL: it can't be had */
	VEC(const char *) functions; /* of the report in hand: a file's symbols are looked through once for them all */
};

/* --- files -------------------------------------------------------------------------------------- */

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

struct err *oops_decoder_create(const struct oops_decode_options *options, struct oops_decoder **ret)
{
	if (options->vmlinux != NULL && !is_there(options->vmlinux))
		return err_errno(errno, "cannot open %s", options->vmlinux);
	if (options->modules != NULL && !is_there(options->modules))
		return err_errno(errno, "cannot open %s", options->modules);
	if (options->kallsyms != NULL && !is_there(options->kallsyms))
		return err_errno(errno, "cannot open %s", options->kallsyms);
	struct oops_decoder *d = mem_calloc(1, sizeof(*d));

	d->options = *options;
	strmap_init(&d->files);
	strmap_init(&d->modules);
	strmap_init(&d->fetched);
	*ret = d;
	return NULL;
}

void oops_decoder_destroy(struct oops_decoder *d)
{
	struct strmap_slot *slot;

	if (d == NULL)
		return;
	for (size_t i = 0; (slot = strmap_next(&d->files, &i)) != NULL;)
		lookup_destroy((struct lookup *)(uintptr_t)slot->value);
	for (size_t i = 0; (slot = strmap_next(&d->modules, &i)) != NULL;)
		free((char *)(uintptr_t)slot->value);
	for (size_t i = 0; (slot = strmap_next(&d->fetched, &i)) != NULL;)
		if (slot->value != 0)
			(void)close((int)slot->value - 1);
	vec_deinit(&d->functions);
	strmap_deinit(&d->fetched);
	kernel_names_destroy(d->names);
	strmap_deinit(&d->files);
	strmap_deinit(&d->modules);
	free(d->mismatch.text);
	for (size_t i = 0; i < d->note_count; i++)
		free(d->notes[i].text);
	free(d);
}

static void note(struct oops_decoder *d, const char *fix, char *text)
{
	bool is_known = false;

	for (size_t i = 0; i < d->note_count && !is_known; i++)
		is_known = strcmp(d->notes[i].text, text) == 0;
	if (is_known || d->note_count == OOPS_DECODE_NOTES_MAX) {
		d->not_noted += !is_known;
		free(text);
		return;
	}
	d->notes[d->note_count++] = (struct decode_note){ text, fix };
}

/* A file that was named and has nothing of what the reports name is another than was meant. */
static void note_no_kernel(struct oops_decoder *d)
{
	if (d->options.vmlinux != NULL && d->not_in_kernel > 0 && d->in_kernel == 0)
		note(d, "name the vmlinux of exactly this build", mem_printf("%s has none of the functions that the reports name", d->options.vmlinux));
}

const char *oops_decoder_note(struct oops_decoder *d, size_t i, const char **fix)
{
	if (i == 0)
		note_no_kernel(d);
	if (d->mismatch.text != NULL && i == 0) {
		*fix = d->mismatch.fix;
		return d->mismatch.text;
	}
	i -= d->mismatch.text != NULL;
	if (i >= d->note_count)
		return NULL;
	*fix = d->notes[i].fix;
	return d->notes[i].text;
}

size_t oops_decoder_not_noted(const struct oops_decoder *d)
{
	return d->not_noted;
}

/* NULL: it can't be had; said once. */
static struct lookup *open_file(struct oops_decoder *d, const char *path)
{
	struct lookup_options options = { .no_cache = d->options.no_cache, .debuginfod = d->options.debuginfod };
	struct lookup *lookup = NULL;
	bool is_new;
	uint64_t *slot = strmap_get(&d->files, path, strlen(path), &is_new);

	if (!is_new)
		return (struct lookup *)(uintptr_t)*slot;
	struct err *err = lookup_open(path, &options, &lookup);

	if (err != NULL) {
		note(d, NULL, mem_printf("%s", err_message(err)));
		err_destroy(err);
		lookup = NULL;
	} else if (lookup_borrow_note(lookup) != NULL) {
		note(d, "install the kernel's debug package, or name a vmlinux with debug information: --vmlinux FILE", mem_strdup(lookup_borrow_note(lookup)));
	}
	*strmap_get(&d->files, path, strlen(path), NULL) = (uint64_t)(uintptr_t)lookup;
	return lookup;
}

/* --- vmlinux ---------------------------------------------------------------------------------------- */

static char *first_there(char **candidates, size_t count)
{
	char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (found == NULL && candidates[i] != NULL && is_there(candidates[i]))
			found = candidates[i];
		else
			free(candidates[i]);
	}
	return found;
}

/* Is R of the kernel that runs here?  The build's number ("#1") has to be the same too, where it is said. */
static bool is_running(const struct oops_report *r)
{
	struct utsname uts;

	if (r->kernel == NULL || uname(&uts) != 0 || strcmp(uts.release, r->kernel) != 0)
		return false;
	size_t n = r->kernel_build != NULL ? strcspn(r->kernel_build, " ") : 0;

	return n == 0 || (strncmp(r->kernel_build, uts.version, n) == 0 && (uts.version[n] == ' ' || uts.version[n] == '\0'));
}

static bool running_build_id(char *hex)
{
	struct build_id id = { .size = 0 };
	struct str notes;

	str_init(&notes);
	struct err *err = io_read_file("/sys/kernel/notes", 65536, &notes);
	bool found = err == NULL && build_id_of_notes((const uint8_t *)notes.text, notes.length, 4, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, &id) && id.size > 0;

	if (found)
		build_id_format(&id, hex);
	err_destroy(err);
	str_deinit(&notes);
	return found;
}

/* The build-id of R's kernel in hex, "" : not known. */
static const char *kernel_build_id(struct oops_report *r)
{
	char hex[2 * BUILD_ID_MAX + 1];

	if (r->build_id == NULL && is_running(r))
		r->build_id = running_build_id(hex) ? arena_strdup(&r->arena, hex) : NULL;
	return r->build_id != NULL ? r->build_id : "";
}

static char *find_vmlinux(struct oops_report *r)
{
	char *candidates[6] = { NULL };
	const char *build_id = kernel_build_id(r);

	if (strlen(build_id) > 4)
		candidates[0] = mem_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", build_id, build_id + 2);
	if (r->kernel != NULL && strchr(r->kernel, '/') == NULL) {
		candidates[1] = mem_printf("/usr/lib/debug/boot/vmlinux-%s", r->kernel);
		candidates[2] = mem_printf("/usr/lib/debug/lib/modules/%s/vmlinux", r->kernel);
		candidates[3] = mem_printf("/boot/vmlinux-%s", r->kernel);
		candidates[4] = mem_printf("/lib/modules/%s/build/vmlinux", r->kernel);
		candidates[5] = mem_printf("/lib/modules/%s/vmlinux", r->kernel);
	}
	return first_there(candidates, 6);
}

/* The path of what debuginfod has of BUILD_ID (hex); NULL: nothing.  Asked once for each. */
static char *fetch(struct oops_decoder *d, const char *build_id, const char *name)
{
	struct build_id id;
	bool is_new;

	if (build_id == NULL || !build_id_parse(build_id, &id))
		return NULL;
	uint64_t *slot = strmap_get(&d->fetched, build_id, strlen(build_id), &is_new);

	if (is_new) {
		char *why = NULL;

		*slot = (uint64_t)(1 + debuginfod_fetch(&id, DEBUGINFOD_DEBUGINFO, d->options.debuginfod, name, &why));
		if (why != NULL)
			note(d, NULL, mem_printf("%s: %s", name, why));
		free(why);
	}
	return *slot != 0 ? mem_printf("/proc/self/fd/%d", (int)*slot - 1) : NULL;
}

static struct lookup *look_for_kernel(struct oops_decoder *d, struct oops_report *r)
{
	if (d->options.vmlinux != NULL)
		return open_file(d, d->options.vmlinux);
	CLEANUP(mem_freep) char *path = find_vmlinux(r);

	if (path == NULL)
		path = fetch(d, kernel_build_id(r), "vmlinux");
	return path != NULL ? open_file(d, path) : NULL;
}

/* Where it is not to be had, half a dozen places were looked at: not again for each frame. */
static struct lookup *kernel_of(struct oops_decoder *d, struct oops_report *r)
{
	if (!d->kernel_known)
		d->kernel = look_for_kernel(d, r);
	d->kernel_known = true;
	return d->kernel;
}

/* --- names alone ------------------------------------------------------------------------------------------ */

static char *find_list(const struct oops_decoder *d, const struct oops_report *r)
{
	if (d->options.kallsyms != NULL)
		return mem_strdup(d->options.kallsyms);
	if (is_running(r))
		return mem_strdup("/proc/kallsyms");
	if (r->kernel == NULL || strchr(r->kernel, '/') != NULL)
		return NULL;
	char *candidates[3] = { mem_printf("/usr/lib/debug/boot/System.map-%s", r->kernel), mem_printf("/boot/System.map-%s", r->kernel),
		mem_printf("/lib/modules/%s/System.map", r->kernel) };

	return first_there(candidates, 3);
}

static void note_no_vmlinux(struct oops_decoder *d, const struct oops_report *r, const char *list)
{
	const char *kernel = r->kernel != NULL ? r->kernel : "this kernel";
	const char *fix = "install the kernel's debug package (Debian: linux-image-...-dbg), or: --vmlinux FILE, or: --debuginfod always";

	if (list == NULL)
		note(d, fix, mem_printf("no vmlinux for %s was found: frames have no files and lines", kernel));
	else if (kernel_names_is_hidden(d->names))
		note(d, "sudo, or: sysctl kernel.kptr_restrict=1 and CAP_SYSLOG; for files and lines the kernel's debug package",
		     mem_printf("no vmlinux for %s was found, and %s hides the addresses: functions' sizes can't be checked", kernel, list));
	else
		note(d, fix, mem_printf("no vmlinux for %s was found: functions are checked against %s, which has no files and lines", kernel, list));
}

/* The list of symbols for R's kernel; NULL: there is none. */
static struct kernel_names *names_of(struct oops_decoder *d, const struct oops_report *r)
{
	if (d->names_tried)
		return d->names;
	d->names_tried = true;
	CLEANUP(mem_freep) char *path = find_list(d, r);
	struct err *err = path != NULL ? kernel_names_open(path, is_running(r), &d->names) : NULL;

	if (err != NULL) {
		note(d, NULL, mem_printf("%s", err_message(err)));
		err_destroy(err);
	}
	note_no_vmlinux(d, r, d->names != NULL ? path : NULL);
	return d->names;
}

/* What names alone say of F. */
static void check_name(struct oops_decoder *d, struct oops_report *r, struct oops_frame *f)
{
	struct kernel_names *names = names_of(d, r);
	uint64_t addr, known, offset, size;
	const char *module;

	if (names == NULL)
		return;
	if (f->function == NULL) {
		/* The running kernel lies where its list says; a System.map's doesn't know of KASLR. */
		uint64_t at = f->address - (d->options.kallsyms == NULL && is_running(r) ? 0 : r->kernel_offset) - (f->exact ? 0 : 1);
		const char *name = f->address != 0 ? kernel_names_find(names, at, &module, &offset, &size) : NULL;

		if (name == NULL)
			return;
		f->function = arena_strdup(&r->arena, name);
		f->module = module != NULL ? arena_strdup(&r->arena, module) : NULL;
		f->offset = offset + (f->exact ? 0 : 1);
		f->size = size;
	}
	d->frames++;
	switch (kernel_names_check(names, f->function, f->module, f->size, &addr, &known)) {
	case KERNEL_NAME_FITS: f->prototype = kernel_names_prototype(names, f->function, &r->arena); break;
	case KERNEL_NAME_UNKNOWN: f->note = "not in the list of symbols"; d->mismatched++; break;
	case KERNEL_NAME_OTHER_SIZE:
		d->mismatched++;
		f->note = arena_printf(&r->arena, "is 0x%" PRIx64 " bytes in the list of symbols: another kernel", known);
		break;
	}
}

/* --- modules ------------------------------------------------------------------------------------------- */

/* Is FILE "name.ko", "name.ko.xz", ...?  '-' and '_' are one in names of modules. */
static bool is_module_file(const char *file, const char *name)
{
	for (; *name != '\0'; name++, file++) {
		char a = *file == '-' ? '_' : *file, b = *name == '-' ? '_' : *name;

		if (a != b)
			return false;
	}
	return strcmp(file, ".ko") == 0 || strcmp(file, ".ko.debug") == 0 || strcmp(file, ".ko.xz") == 0 || strcmp(file, ".ko.zst") == 0 ||
	       strcmp(file, ".ko.gz") == 0;
}

static char *find_below(const char *directory, const char *name, unsigned depth)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char *found = NULL;

	while (dir != NULL && found == NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (is_module_file(entry->d_name, name)) {
			found = mem_printf("%s/%s", directory, entry->d_name);
		} else if (entry->d_type == DT_DIR && depth < DIRECTORY_DEPTH_MAX) {
			CLEANUP(mem_freep) char *below = mem_printf("%s/%s", directory, entry->d_name);

			found = find_below(below, name, depth + 1);
		}
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static char *find_module(const struct oops_decoder *d, const struct oops_report *r, const char *name, const char *build_id)
{
	if (build_id != NULL && strlen(build_id) > 4) {
		char *debug = mem_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", build_id, build_id + 2);

		if (is_there(debug))
			return debug;
		free(debug);
	}
	if (d->options.modules != NULL)
		return find_below(d->options.modules, name, 0);
	if (r->kernel == NULL || strchr(r->kernel, '/') != NULL)
		return NULL;
	CLEANUP(mem_freep) char *debug = mem_printf("/usr/lib/debug/lib/modules/%s", r->kernel);
	CLEANUP(mem_freep) char *plain = mem_printf("/lib/modules/%s", r->kernel);
	char *found = find_below(debug, name, 0);

	return found != NULL ? found : find_below(plain, name, 0);
}

static struct lookup *module_of(struct oops_decoder *d, struct oops_report *r, const struct oops_frame *f)
{
	CLEANUP(mem_freep) char *key = mem_printf("%s/%s", r->kernel != NULL ? r->kernel : "", f->module);
	bool is_new;
	uint64_t *slot = strmap_get(&d->modules, key, strlen(key), &is_new);

	if (is_new)
		*slot = (uint64_t)(uintptr_t)find_module(d, r, f->module, f->build_id);
	const char *path = (const char *)(uintptr_t)*slot;

	if (path != NULL)
		return open_file(d, path);
	CLEANUP(mem_freep) char *fetched = fetch(d, f->build_id, f->module);

	if (fetched != NULL)
		return open_file(d, fetched);
	note(d, "name the directory that has it: --modules DIR", mem_printf("no file of the module %s was found", f->module));
	return NULL;
}

/* --- frames ----------------------------------------------------------------------------------------------- */

/* The address that F means in L's file; false: with why, in F's note. */
static bool locate(struct oops_decoder *d, struct oops_report *r, struct lookup *l, struct oops_frame *f, uint64_t *addr)
{
	uint64_t start = 0, known = 0;

	if (f->function == NULL) {
		if (f->address == 0 || f->module != NULL)
			return false;
		*addr = f->address - r->kernel_offset - (f->exact ? 0 : 1);
		return true;
	}
	d->frames++;
	lookup_expect_functions(l, f->function, d->functions.v, d->functions.n);
	struct err *err = lookup_function(l, f->function, f->size, &start, &known);

	if (l == d->kernel) {
		d->in_kernel += err == NULL || err_is(err, ERR_FORMAT);
		d->not_in_kernel += err_is(err, ERR_NOT_FOUND);
	}
	if (err == NULL) {
		*addr = start + f->offset - (f->exact || f->offset == 0 ? 0 : 1);
		return true;
	}
	if (err_is(err, ERR_FORMAT)) {
		d->mismatched++;
		f->note = arena_printf(&r->arena, "is 0x%" PRIx64 " bytes in this file: another kernel", known);
		note(d, "find the vmlinux and modules of exactly this build", mem_strdup(err_message(err)));
	}
	err_destroy(err);
	return false;
}

static void fill(struct oops_report *r, struct lookup *l, const struct index_frame *from, struct oops_frame *to)
{
	struct str path;

	str_init(&path);
	if (from->function != NULL && to->function == NULL)
		to->function = arena_strdup(&r->arena, lookup_demangle(l, from->function));
	if (lookup_add_path(from, false, &path)) {
		to->file = arena_strdup(&r->arena, str_text(&path));
		to->line = from->line;
		to->column = from->column;
	}
	str_deinit(&path);
}

/* F is at INDEX of T: decode it, put the calls that were inlined there before it.  Returns
 * how many frames stand there now. */
static size_t decode_frame(struct oops_decoder *d, struct oops_report *r, struct oops_trace *t, size_t index)
{
	struct oops_frame *f = &t->frames.v[index];
	struct lookup *l = f->file != NULL ? NULL : f->module != NULL ? module_of(d, r, f) : kernel_of(d, r);
	struct index_chain chain;
	uint64_t addr;

	if (l == NULL && f->file == NULL)
		check_name(d, r, f);
	if (l == NULL || !locate(d, r, l, f, &addr))
		return 1;
	/* A name from the symbol table is wanted where the report has none. */
	struct err *err = f->function != NULL ? lookup_find_line(l, addr, &chain) : lookup_find(l, &addr, 1, &chain);

	if (err != NULL || chain.count == 0) {
		err_destroy(err);
		return 1;
	}
	fill(r, l, &chain.frames[chain.count - 1], f);
	const char *module = f->module;
	bool unreliable = f->unreliable;

	for (size_t i = 0; i + 1 < chain.count; i++) {
		struct oops_frame inlined = { .inlined = true, .module = module, .unreliable = unreliable };

		fill(r, l, &chain.frames[i], &inlined);
		vec_insert(&t->frames, index + i, inlined);
	}
	return chain.count;
}

static void decode_single(struct oops_decoder *d, struct oops_report *r, struct oops_frame *f)
{
	struct oops_trace one = { .kind = OOPS_TRACE_CALL };

	if (f->function == NULL && f->address == 0)
		return;
	vec_push(&one.frames, *f);
	(void)decode_frame(d, r, &one, 0);
	*f = *vec_last(&one.frames);
	if (one.frames.n > 1) { /* the innermost place is what a person wants to see */
		f->file = one.frames.v[0].file;
		f->line = one.frames.v[0].line;
	}
	vec_deinit(&one.frames);
}

/* More important than what else there is to say: nothing of this kernel can be decoded with that. */
static void say_mismatch(struct oops_decoder *d)
{
	free(d->mismatch.text);
	d->mismatch.text = mem_printf("%" PRIu64 " of %" PRIu64 " functions are missing or of another size in %s: it is of another kernel, and is not used for them", d->mismatched, d->frames,
			     d->options.vmlinux != NULL ? d->options.vmlinux : d->names != NULL ? "the list of symbols" : "the files that were found");
	d->mismatch.fix = "find the vmlinux and modules of exactly this build (its version and build-id stand in the report)";
}

static void note_function(struct oops_decoder *d, const struct oops_frame *f)
{
	if (f->function != NULL && f->file == NULL)
		vec_push(&d->functions, f->function);
}

static void note_functions(struct oops_decoder *d, const struct oops_report *r)
{
	vec_clear(&d->functions);
	for (size_t i = 0; i < r->traces.n; i++)
		for (size_t k = 0; k < r->traces.v[i].frames.n; k++)
			note_function(d, &r->traces.v[i].frames.v[k]);
	note_function(d, &r->pc);
	note_function(d, &r->lr);
}

struct err *oops_decode(struct oops_decoder *d, struct oops_report *r)
{
	d->kernel_known = false;
	note_functions(d, r);
	/* The blamed frame lies in a list that moves. */
	if (r->blame != NULL) {
		struct oops_frame *blame = ARENA_NEW(&r->arena, struct oops_frame);

		*blame = *r->blame;
		decode_single(d, r, blame);
		r->blame = blame;
	}
	for (size_t i = 0; i < r->traces.n; i++)
		for (size_t k = 0; k < r->traces.v[i].frames.n;)
			k += decode_frame(d, r, &r->traces.v[i], k);
	decode_single(d, r, &r->pc);
	decode_single(d, r, &r->lr);
	if (r->source_file == NULL && r->blame != NULL && r->blame->file != NULL) {
		r->source_file = r->blame->file;
		r->source_line = r->blame->line;
	}
	if (d->mismatched > 0 && d->mismatched * 2 > d->frames)
		say_mismatch(d);
	return NULL;
}
