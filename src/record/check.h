/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_CHECK_H
#define SONDE_RECORD_CHECK_H
/* Is this an event type that a recording can have?  For types that callers declare and
 * for those that come out of files. */
#include "base/err.h"
#include "event/event.h"

struct err *check_type(const struct event_type *type); /* ERR_USAGE, or NULL */

#endif
