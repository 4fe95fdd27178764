/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own code.  What boots is compressed and has no symbols, so it is read from vmlinux, or
 * from a module's .ko, of the same build-id: where distributions put them (module/debug_path.h), or
 * where the user says.
 *
 * The kernel does not run where its file says (KASLR): it was moved as a whole, by a multiple of
 * 2 MiB; the section .text of a module begins at a page.  What a recording has are running addresses
 * and the function of each: so there is one distance, a multiple of that, that brings all of its
 * samples into the function of that name.  Where there are several (a function larger than a
 * page in a module), or none, nothing is shown: a wrong line is worse.
 *
 * The bytes are those of the file. A running kernel has patched itself (ftrace, static branches,
 * alternatives for the CPU), which is said.
 */
#include "view/annotate_impl.h"

#include "base/io.h"
#include "base/mem.h"
#include "event/types.h"
#include "module/debug_path.h"
#include "record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KERNEL_ALIGN_BYTES = 2 << 20, MODULE_ALIGN_BYTES = 4096 };

/* "nf_hook_slow [nf_tables]" without what kallsyms puts behind. */
static char *plain_name(const char *name) { return mem_strndup(name, strcspn(name, " ")); }

/* The lowest and the highest sampled address of the function. */
static void sampled_range(const struct annotate *a, uint64_t *low, uint64_t *high)
{
	*low = UINT64_MAX;
	*high = 0;
	for (size_t i = 0; i < a->leaves.n; i++) {
		uint64_t at = frames_at(a->profile->frames, a->profile->leaves.v[a->leaves.v[i]].frame)->offset;

		*low = at < *low ? at : *low;
		*high = at > *high ? at : *high;
	}
}

/* One symbol of that name: is there just one distance that brings [LOW, HIGH] into it? */
static unsigned fitting(const struct code_range *range, uint64_t align, uint64_t phase, uint64_t low, uint64_t high,
			uint64_t *slide)
{
	uint64_t first = (low - range->addr - phase) / align * align + phase;
	unsigned found = 0;

	if (high - low >= range->size_bytes)
		return 0;
	/* The largest, which puts LOW nearest to the function's start, and those below it. */
	for (uint64_t s = first; found < 2 && high - s < range->addr + range->size_bytes; s -= align) {
		*slide = s;
		found++;
	}
	return found;
}

static struct err *find_slide(struct annotate *a, enum module_kind kind)
{
	CLEANUP(mem_freep) char *name = plain_name(a->holder);
	uint64_t align = kind == MODULE_KERNEL ? KERNEL_ALIGN_BYTES : MODULE_ALIGN_BYTES;
	uint64_t low, high, slide = 0;
	struct code_range range;
	unsigned found = 0;

	sampled_range(a, &low, &high);
	for (size_t i = 0; code_function_named(a->code, name, i, &range); i++) {
		bool is_module = kind == MODULE_KERNEL_MODULE;
		uint64_t phase = is_module ? -range.section_addr & (align - 1) : 0, one = 0;
		unsigned n = 0;

		/* Where the other sections of a module were put isn't known. */
		if (!is_module || strcmp(range.section, ".text") == 0)
			n = fitting(&range, align, phase, low, high, &one);

		if (n > 0)
			slide = one;
		found += n;
	}
	if (found == 1) {
		a->slide = slide;
		return NULL;
	}
	return err_new(ERR_NOT_FOUND, found ? "%s may lie in several places of %s" : "the sampled addresses of %s are not where %s has it",
		       name, a->module_path);
}

static struct err *no_file(const struct annotate *a, enum module_kind kind)
{
	const char *release = a->profile->recording ? recording_borrow_meta(a->profile->recording)->kernel : NULL;
	CLEANUP(mem_freep) char *number = NULL;

	if (release && str_starts(release, "Linux "))
		release += strlen("Linux ");
	number = mem_strndup(release ? release : "", release ? strcspn(release, " ") : 0);
	return err_fix(err_new(ERR_NOT_FOUND, kind == MODULE_KERNEL ? "the kernel's file with symbols (vmlinux) is not here" :
								      "the module's file is not here"),
		       "install the debug package of this very kernel (Debian: linux-image-%s-dbg; Fedora: debuginfo-install "
		       "kernel; or set DEBUGINFOD_URLS), or name the file: --vmlinux FILE",
		       *number ? number : "VERSION");
}

/* The file that the user named, though it has another build-id: told, and shown. */
static struct err *take_named(struct annotate *a, struct module_key *key)
{
	struct build_id wanted = key->build_id, found;

	key->fd = open(a->options->vmlinux, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (key->fd < 0)
		return err_errno(errno, "cannot open %s", a->options->vmlinux);
	key->path = a->options->vmlinux;
	key->kind = MODULE_SHARED;
	key->build_id.size = 0;

	struct err *err = module_create(key, &a->module);

	close(key->fd);
	if (err || module_borrow_fd(a->module) < 0)
		return err ? err : err_new(ERR_FORMAT, "%s is not an ELF file", a->options->vmlinux);
	debug_path_build_id(module_borrow_fd(a->module), &found);
	if (wanted.size && !build_id_equal(&wanted, &found))
		return err_fix(err_new(ERR_FORMAT, "%s is of another build than the one that ran", a->options->vmlinux),
			       "name the file of the kernel that was recorded");
	return NULL;
}

struct err *annotate_open_kernel(struct annotate *a, const struct module_key *key)
{
	struct module_key own = *key;

	a->in_kernel = true;
	if (a->options->vmlinux) {
		TRY(take_named(a, &own));
	} else {
		TRY(module_create(&own, &a->module));
		if (module_borrow_fd(a->module) < 0)
			return no_file(a, key->kind);
	}
	TRY(code_open(a->module, &a->code));

	struct err *err = find_slide(a, key->kind);

	if (err) {
		code_destroy(a->code);
		a->code = NULL;
		return err;
	}
	a->dwarf = dwarf_info_create(a->module, &(struct symbolizer_options){ 0 });
	a->code_trouble = mem_strdup("instructions are those of the file: a running kernel has patched itself (tracing, static "
				     "branches, alternatives for the CPU)");
	return NULL;
}
