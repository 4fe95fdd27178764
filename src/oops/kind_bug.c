// SPDX-License-Identifier: LGPL-2.1-or-later
/* BUG() and what is built on it.  Sources: lib/bug.c, mm/usercopy.c, lib/list_debug.c, mm/slub.c. */
#include "oops/kind.h"
#include "oops/parse.h"

#define BUG_WHERE { OOPS_WHERE_PC, OOPS_WHERE_TRACE }

static const char *const usercopy_machinery[] = { "^usercopy_", "^__check", "check_heap", "check_object_size", NULL };
static const char *const bug_machinery[] = { "rust_helper_BUG", "rust_begin_unwind", "panicking", "^skb_", NULL };

/* What a Rust panic says stands on the line below its headline. */
static void rust_what(struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line;
	size_t length;

	if (oops_lines_next(&lines, &line, &length) && oops_lines_next(&lines, &line, &length))
		oops_detail_add(r, "reason", line, length);
}

static const struct oops_kind kinds[] = {
	{ .name = "rust-panic", .start = "rust_kernel: panicked at {place}", .finish = rust_what, .title = "{reason} in {function}",
	  .skip = bug_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_OOPS, .meaning = "Rust code of the kernel found that it can't go on." },
	{ .name = "usercopy", .start = "kernel BUG at mm/usercopy.c:{_line:num}", .title = "BUG: bad usercopy in {function}", .skip = usercopy_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_OOPS,
	  .meaning = "A copy between the kernel and user space would have crossed the end of an object." },
	{ .name = "list-corruption", .start = "kernel BUG at lib/list_debug.c:{_line:num}", .title = "BUG: corrupted list in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_OOPS,
	  .meaning = "The pointers of a linked list don't fit each other: an entry was freed while on the list, added twice, or overwritten.",
	  .look = "what the list holds, and who frees such an entry without taking it off" },
	{ .name = "bug", .start = "kernel BUG at {place:any}:{line:num}!", .title = "kernel BUG in {function}", .skip = bug_machinery, .where = BUG_WHERE, .severity = OOPS_OOPS,
	  .meaning = "The kernel's own check, BUG() or BUG_ON(), failed: a state that its author held to be impossible.", .look = "the condition on that line" },
	{ .name = "bug", .start = "kernel BUG at {place:rest}", .title = "kernel BUG in {function}", .skip = bug_machinery, .where = BUG_WHERE, .severity = OOPS_OOPS,
	  .meaning = "The kernel's own check, BUG() or BUG_ON(), failed: a state that its author held to be impossible." },
	{ .name = "bug", .start = "Kernel BUG {what:rest}", .title = "kernel BUG in {function}", .skip = bug_machinery, .where = BUG_WHERE, .severity = OOPS_OOPS,
	  .meaning = "The kernel's own check, BUG() or BUG_ON(), failed: a state that its author held to be impossible." },
	{ .name = "busy-dentry", .start = "BUG: Dentry {_dentry:any} still in use ({_count:num}) [unmount of {filesystem}", .title = "BUG: Dentry still in use in unmount", .severity = OOPS_BUG,
	  .meaning = "A file system was unmounted while something still holds one of its names: a reference was taken and never put." },
	{ .name = "bug", .start = "BUG:$", .unless = NAMES("Kernel panic - not syncing", "DEBUG:", "xlog_status:"), .flags = OOPS_DAMAGED, .title = "BUG", .severity = OOPS_BUG },
	{ .name = "bug", .start = "BUG: {what:rest}", .unless = NAMES("Kernel panic - not syncing", "DEBUG:", "xlog_status:", "KASAN:", "no syscalls can create"), .flags = OOPS_NO_TRACE, .title = "BUG: {what}", .severity = OOPS_BUG,
	  .meaning = "The kernel says that something happened which its author held to be impossible." },
	{ .name = NULL },
};

const struct oops_family oops_family_bug = { "bug", kinds };
