/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame rows without a name go to the symbolizer in one batch, and come back as
 * rows with names.  Modules are looked for where the tracker's descriptor points to, and
 * in the mount namespace of a process that had them mapped and still runs.
 */
#include "session/resolve.h"

#include "base/io.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/vec.h"
#include "capture/track.h"
#include "convert/importer.h"
#include "event/types.h"
#include "module/elf_head.h"
#include "record/recorder.h"
#include "sym/batch.h"
#include "sym/jitdump.h"
#include "sym/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct resolve {
	struct recorder *recorder;
	const struct track *track;
	VEC(struct sym_batch_module) modules;
	VEC(uint32_t) module_ids; /* beside modules */
	VEC(struct sym_batch_address) addresses;
	VEC(uint32_t) frame_ids;  /* beside addresses */
	struct map by_module;     /* module id -> index + 1 */
	struct map alive;         /* pid -> 1 no, 2 yes */
	const struct import_kernel *kernel; /* that ran elsewhere; NULL: the running one */
	int vmlinux;              /* -1: none was named */
	bool is_foreign;          /* process ids are another machine's */
};

/* --- what to ask ------------------------------------------------------------------------------ */

static bool is_alive(struct resolve *r, uint32_t pid)
{
	bool is_new;
	uint64_t *slot = map_get(&r->alive, pid, &is_new);

	if (is_new) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/%u", pid);
		*slot = access(path, F_OK) == 0 ? 2 : 1;
	}
	return *slot == 2;
}

/* A JIT maps the file that it writes about its code, so that it can be found. */
static void note_jitdump(struct resolve *r, const struct row_mapping *row)
{
	const struct row_module *module = recorder_side_find(r->recorder, TYPE_module, row->module);
	const char *path = module ? recorder_string_text(r->recorder, module->path) : "";

	if (!jitdump_is_name(path))
		return;
	for (size_t i = 0; i < r->modules.n; i++) {
		struct module_key *key = &r->modules.v[i].key;

		if (key->kind != MODULE_ANON || key->pid != (int)row->pid)
			continue;
		key->jitdump = path;
		key->jitdump_fd = r->track ? track_module_fd(r->track, row->module) : -1;
	}
}

/* A process that has the module mapped: to look through its eyes, and for JIT memory
 * the one that wrote the code. */
static void find_processes(struct resolve *r)
{
	uint32_t max = recorder_side_max_id(r->recorder, TYPE_mapping);

	for (uint32_t id = 1; id <= max && r->modules.n > 0; id++) {
		const struct row_mapping *row = recorder_side_find(r->recorder, TYPE_mapping, id);
		uint64_t *index = row ? map_find(&r->by_module, row->module) : NULL;

		if (index == NULL || row->pid == 0)
			continue;

		struct module_key *key = &r->modules.v[*index - 1].key;

		if (key->pid == 0 && !r->is_foreign && (key->kind == MODULE_ANON || is_alive(r, row->pid)))
			key->pid = (int)row->pid;
	}
	for (uint32_t id = 1; id <= max && r->modules.n > 0; id++) {
		const struct row_mapping *row = recorder_side_find(r->recorder, TYPE_mapping, id);

		if (row != NULL)
			note_jitdump(r, row);
	}
}

static uint32_t module_index(struct resolve *r, uint32_t module_id)
{
	bool is_new;
	uint64_t *index = map_get(&r->by_module, module_id, &is_new);

	if (!is_new)
		return (uint32_t)*index - 1;

	const struct row_module *row = recorder_side_find(r->recorder, TYPE_module, module_id);
	struct sym_batch_module *m = vec_add(&r->modules);

	vec_push(&r->module_ids, module_id);
	*index = r->modules.n;
	m->key.fd = r->track ? track_module_fd(r->track, module_id) : -1;
	if (row != NULL) {
		m->key.kind = row->kind;
		m->key.path = recorder_string_text(r->recorder, row->path);
		build_id_parse(recorder_string_text(r->recorder, row->build_id), &m->key.build_id);
	}
	if (r->kernel && (m->key.kind == MODULE_KERNEL || m->key.kind == MODULE_KERNEL_MODULE)) {
		m->key.release = r->kernel->release;
		m->key.load_addr = m->key.kind == MODULE_KERNEL ? 0 : track_kernel_module_start(r->track, module_id);
		if (m->key.kind == MODULE_KERNEL)
			m->key.fd = r->vmlinux;
	}
	return (uint32_t)*index - 1;
}

/* A module that was imported with the reason why its file can't be trusted to be the same. */
static bool has_note(const struct resolve *r, uint32_t module_id)
{
	const struct row_module *row = recorder_side_find(r->recorder, TYPE_module, module_id);

	return row != NULL && row->note != 0;
}

static void collect(struct resolve *r)
{
	uint32_t max = recorder_side_max_id(r->recorder, TYPE_frame);

	for (uint32_t id = 1; id <= max; id++) {
		const struct row_frame *row = recorder_side_find(r->recorder, TYPE_frame, id);

		if (row == NULL || row->function != 0 || row->module == 0 || has_note(r, row->module))
			continue;
		vec_push(&r->addresses, ((struct sym_batch_address){
						.module = module_index(r, row->module),
						.exact = row->exact,
						.offset = row->offset,
					}));
		vec_push(&r->frame_ids, id);
	}
}

/* --- what came back ---------------------------------------------------------------------------- */

static uint32_t string_id(struct recorder *r, const char *text)
{
	return text ? recorder_string(r, text, strlen(text)) : 0;
}

static uint32_t build_id_string(struct recorder *r, const struct build_id *id)
{
	char hex[2 * BUILD_ID_MAX + 1];

	build_id_format(id, hex);
	return string_id(r, hex);
}

/* Frames of the chain from the outermost in, so that `outer` is known. */
static void put_chain(struct recorder *r, struct row_frame row, const struct sym_chain *chain,
		      struct resolve_totals *totals)
{
	uint32_t first_id = row.id, new_id = recorder_side_max_id(r, TYPE_frame);

	row.outer = 0;
	for (size_t i = chain->count; i-- > 0;) {
		const struct sym_frame *f = &chain->frames[i];

		row.id = i == 0 ? first_id : ++new_id;
		row.function = string_id(r, f->function ? f->function : "[no name]");
		row.file = string_id(r, f->file);
		row.line = f->line;
		row.column = f->column;
		row.inlined = i + 1 < chain->count;
		recorder_side(r, TYPE_frame, &row);
		row.outer = row.id;
	}
	totals->resolved++;
	totals->inlined_added += chain->count - 1;
}

static void put_frame(struct resolve *r, size_t i, struct resolve_totals *totals)
{
	const struct sym_batch_address *address = &r->addresses.v[i];
	const struct sym_batch_module *m = &r->modules.v[address->module];
	struct row_frame row =
		*(const struct row_frame *)recorder_side_find(r->recorder, TYPE_frame, r->frame_ids.v[i]);
	const struct sym_chain *chain = &address->chain;
	bool learnt = row.build_id == 0 && m->build_id.size > 0 && m->trouble == MODULE_FINE;

	if (learnt)
		row.build_id = build_id_string(r->recorder, &m->build_id);
	row.addr = address->vaddr;
	if (chain->count > 0 && !chain->frames[chain->count - 1].nameless && chain->start <= row.addr)
		row.function_addr = chain->start;
	if (address->chain.count > 0)
		put_chain(r->recorder, row, &address->chain, totals);
	else if (learnt || row.addr)
		recorder_side(r->recorder, TYPE_frame, &row);
}

static void put_module(struct resolve *r, size_t i)
{
	const struct sym_batch_module *m = &r->modules.v[i];
	const struct row_module *found = recorder_side_find(r->recorder, TYPE_module, r->module_ids.v[i]);

	if (found == NULL)
		return;

	struct row_module row = *found;

	if (m->note != NULL)
		row.note = string_id(r->recorder, m->note);
	if (row.build_id == 0 && m->build_id.size > 0 && m->trouble == MODULE_FINE)
		row.build_id = build_id_string(r->recorder, &m->build_id);
	recorder_side(r->recorder, TYPE_module, &row);
}

static void put_back(struct resolve *r, struct resolve_totals *totals)
{
	for (size_t i = 0; i < r->addresses.n; i++)
		put_frame(r, i, totals);
	for (size_t i = 0; i < r->modules.n; i++)
		put_module(r, i);
}

static struct err *resolve_all(struct resolve *r, const struct symbolizer_options *options, struct resolve_totals *totals)
{
	*totals = (struct resolve_totals){ 0 };
	map_init(&r->by_module);
	map_init(&r->alive);
	collect(r);
	find_processes(r);

	struct progress *progress = progress_create("naming functions", r->addresses.n);
	struct sym_batch batch = { .modules = r->modules.v,
				   .module_count = r->modules.n,
				   .addresses = r->addresses.v,
				   .address_count = r->addresses.n,
				   .options = *options,
				   .progress = progress_report,
				   .user = progress };
	struct err *err = err_wrap(sym_batch_run(&batch), "naming the functions of the recording");

	progress_destroy(progress);
	if (!err)
		put_back(r, totals);
	totals->frames = r->addresses.n;
	log_info("named %llu of %llu addresses in %zu modules", (unsigned long long)totals->resolved,
		 (unsigned long long)totals->frames, r->modules.n);
	sym_batch_deinit(&batch);
	vec_deinit(&r->modules);
	vec_deinit(&r->module_ids);
	vec_deinit(&r->addresses);
	vec_deinit(&r->frame_ids);
	map_deinit(&r->by_module);
	map_deinit(&r->alive);
	return err;
}

struct err *resolve_frames(struct recorder *recorder, const struct track *t, struct resolve_totals *totals)
{
	struct resolve r = { .recorder = recorder, .track = t, .vmlinux = -1 };

	return resolve_all(&r, &(struct symbolizer_options){ 0 }, totals);
}

/* --- a kernel that ran elsewhere -------------------------------------------------------------- */

static struct err *open_vmlinux(const char *path, const struct import_kernel *kernel, int *ret)
{
	struct build_id found;
	struct elf_head head;

	*ret = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*ret < 0)
		return err_errno(errno, "cannot open %s", path);
	TRY(err_wrap(elf_head_read(*ret, &head), "%s", path));
	elf_head_deinit(&head);
	if (kernel->build_id.size > 0 &&
	    (!build_id_of_fd(*ret, &found) || !build_id_equal(&found, &kernel->build_id)))
		return err_fix(err_new(ERR_FORMAT, "%s is of another build than the kernel that ran", path),
			       "name the vmlinux of Linux %s", kernel->release[0] ? kernel->release : "on that machine");
	return NULL;
}

static struct err *check_kallsyms(const char *path, const struct import_kernel *kernel)
{
	struct kallsyms *list;
	struct err *err = NULL;

	TRY(kallsyms_load(path, &list));
	if (kallsyms_is_hidden(list))
		err = err_fix(err_new(ERR_FORMAT, "%s has no kernel symbols with addresses", path),
			      "a System.map, or a copy of /proc/kallsyms that root made, has them");
	else if (kernel->symbol_addr != 0 && kallsyms_addr(list, kernel->symbol) == 0)
		err = err_new(ERR_FORMAT, "%s has no %s: how far the kernel was moved can't be told", path, kernel->symbol);
	kallsyms_destroy(list);
	return err;
}

struct err *resolve_imported(struct recorder *recorder, const struct track *t, const struct resolve_kernel *kernel,
			     struct resolve_totals *totals)
{
	CLEANUP(io_closep) int vmlinux = -1;
	struct resolve r = { .recorder = recorder, .track = t, .vmlinux = -1, .is_foreign = !kernel->is_local };
	struct kernel_elsewhere elsewhere = { kernel->kernel->symbol, kernel->kernel->symbol_addr };
	struct symbolizer_options options = { .kallsyms = kernel->kallsyms, .elsewhere = &elsewhere };

	/* What the user named counts, also where the running kernel would do. */
	if (!kernel->kernel->elsewhere && kernel->vmlinux == NULL && kernel->kallsyms == NULL)
		return resolve_all(&r, &(struct symbolizer_options){ 0 }, totals);
	if (kernel->vmlinux != NULL)
		TRY(open_vmlinux(kernel->vmlinux, kernel->kernel, &vmlinux));
	if (kernel->kallsyms != NULL)
		TRY(check_kallsyms(kernel->kallsyms, kernel->kernel));
	r.vmlinux = vmlinux;
	r.kernel = kernel->kernel;
	return resolve_all(&r, &options, totals);
}
