/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which unwind table is where: a module's table is made when the first stack leads into it,
 * from the descriptor that the tracker keeps, and used for all processes that map it.  A file
 * that can't be read has none; its code is then walked by frame pointers.  One that was compiled
 * without .eh_frame and stripped has its CFI in the debug file (.debug_frame).
 */
#include "capture/track_internal.h"

#include "base/io.h"
#include "base/log.h"
#include "module/locate.h"
#include "unwind/image.h"

static void add_debug(struct track_module *m)
{
	CLEANUP(io_closep) int fd = locate_open_by_build_id(&m->key.build_id, ".debug");

	if (fd < 0)
		fd = locate_open_debuglink(m->key.fd, m->key.pid, m->key.path, &m->key.build_id);
	if (fd < 0)
		return;

	struct err *err = unwind_image_add_debug(m->unwind, fd);

	if (err)
		log_debug("no CFI in the debug file of %s: %s", m->key.path, err_message(err));
	err_destroy(err);
}

static const struct unwind_image *image_of(struct track_module *m)
{
	struct err *err;

	if (m->unwind_tried || m->key.fd < 0)
		return m->unwind;
	m->unwind_tried = true;
	err = unwind_image_create_kept(m->key.fd, &m->unwind);
	if (err)
		log_debug("no unwind table of %s: %s", m->key.path, err_message(err));
	else if (unwind_image_lacks_cfi(m->unwind))
		add_debug(m);
	if (!err)
		log_debug("unwind table of %s: %zu rows", m->key.path, unwind_image_table(m->unwind)->row_count);
	err_destroy(err);
	return m->unwind;
}

/* Where the table counts from in one mapping; without a table RET has only its range. */
static void find_place(struct track *t, const struct mapping *mapping, struct unwind_place *ret)
{
	struct track_module *m = mapping->module < t->modules.n ? t->modules.v[mapping->module] : NULL;
	const struct unwind_image *image = m ? image_of(m) : NULL;

	*ret = (struct unwind_place){ .start = mapping->addr, .end = mapping->addr + mapping->size_bytes };
	if (image)
		unwind_image_place(image, mapping->addr, mapping->size_bytes, mapping->offset, ret);
}

const struct unwind_table *track_unwind_table(struct track *t, uint32_t module_id)
{
	struct track_module *m = module_id < t->modules.n ? t->modules.v[module_id] : NULL;
	const struct unwind_image *image = m ? image_of(m) : NULL;

	return image ? unwind_image_table(image) : NULL;
}

/* A struct unwind_space over a process's mappings. */
static bool find(void *user, uint64_t pc, struct unwind_place *ret)
{
	struct track_unwind *u = user;
	const struct mapping *m = u->maps ? mappings_find(u->maps, pc) : NULL;

	if (m == NULL)
		return false;
	find_place(u->track, m, ret);
	return true;
}

void track_unwind_begin(struct track *t, pid_t pid, struct track_unwind *ret)
{
	*ret = (struct track_unwind){ .track = t, .maps = track_borrow_process(t, pid, 0)->maps };
	ret->space = (struct unwind_space){ find, ret };
}
