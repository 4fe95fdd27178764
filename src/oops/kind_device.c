// SPDX-License-Identifier: LGPL-2.1-or-later
/* Devices, file systems, hardware.  Sources: fs/ext4/super.c, fs/xfs/xfs_error.c, block/blk-core.c, drivers/edac,
 * kernel/irq/spurious.c, fs/super.c. */
#include "oops/kind.h"

static const struct oops_kind kinds[] = {
	{ .name = "irq", .start = "irq {irq:num}: nobody cared", .title = "irq: nobody cared in {function}", .where = { OOPS_WHERE_TRACE, OOPS_WHERE_BODY }, .skip = NAMES("_irq", "irq_", "note_interrupt"), .body = NAMES("[<{_address:hex}>] {at:func}"), .severity = OOPS_BUG,
	  .meaning = "An interrupt line stayed active and no driver took it, so the kernel switched it off.", .look = "the handlers in the report" },
	{ .name = "filesystem", .start = "VFS: Close: file count is 0", .flags = OOPS_ONE_LINE, .title = "VFS: Close: file count is zero (use-after-free)", .severity = OOPS_BUG },
	{ .name = "filesystem", .start = "VFS: Busy inodes after unmount", .flags = OOPS_ONE_LINE, .title = "VFS: Busy inodes after unmount (use-after-free)", .severity = OOPS_BUG },
	{ .name = NULL },
};

const struct oops_family oops_family_device = { "device", kinds };
