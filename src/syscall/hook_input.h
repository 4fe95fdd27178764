/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_HOOK_INPUT_H
#define SONDE_SYSCALL_HOOK_INPUT_H
/* ioctls that have a size or an index in their number. */
#include "syscall/decode.h"

/* Append "EVIOCGNAME(256)" and the like.  False: CODE is none of these, nothing was printed. */
bool dec_ioctl_family(struct decoder *d, uint32_t code);
/* The argument of an input device's, at entry or at exit, with the comma before it.  False: it is none. */
bool dec_event_arg(struct decoder *d, uint32_t code, uint64_t addr);

#endif
