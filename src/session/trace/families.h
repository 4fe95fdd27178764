/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_FAMILIES_H
#define SONDE_SESSION_TRACE_FAMILIES_H
/* Generic netlink's families, whose numbers the running kernel hands out: "ethtool", "thermal". */
#include <stdint.h>

struct families;

struct families *families_create(void);
/* The name of the family with that number; NULL: there is none, or the kernel can't be asked.  It is asked once,
 * when the first name is wanted, in our own network namespace.  Borrowed: valid until families_destroy(). */
const char *families_name(struct families *f, unsigned id);
void families_destroy(struct families *f); /* NULL-safe */

#endif
