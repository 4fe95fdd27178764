/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_EVENT_TABLE_H
#define SONDE_EVENT_TABLE_H
/* Look-up of the built-in types' descriptors. */
#include "event/event.h"

/* The descriptor of a built-in type (TYPE_sample ...), static; NULL: no such number.
 * `for (n = 0; n < TYPE_FIRST_DYNAMIC; n++)` visits all. */
const struct event_type *event_type_builtin(unsigned number);

#endif
