// SPDX-License-Identifier: LGPL-2.1-or-later
/* User programs that the kernel had to end.  Sources: arch/x86/mm/fault.c (show_signal_msg), kernel/auditsc.c. */
#include "oops/kind.h"

static const struct oops_kind kinds[] = {
	{ .name = NULL },
};

const struct oops_family oops_family_user = { "user", kinds };
