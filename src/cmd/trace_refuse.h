/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_TRACE_REFUSE_H
#define SONDE_CMD_TRACE_REFUSE_H
/* Options of sonde trace that can't apply where they were given. */
#include "base/err.h"
#include "cmd/trace_opts.h"

#include <stdbool.h>

/* ERR_USAGE that names the first option in vain.  VIEWED: a view is shown, not lines; RECORDING NULL: live. */
struct err *trace_refuse(const struct trace_args *args, bool viewed, const char *recording);

#endif
