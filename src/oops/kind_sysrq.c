// SPDX-License-Identifier: LGPL-2.1-or-later
/* What somebody asked the kernel to print.  Source: drivers/tty/sysrq.c. */
#include "oops/kind.h"

static const struct oops_kind kinds[] = {
	{ .name = NULL },
};

const struct oops_family oops_family_sysrq = { "sysrq", kinds };
