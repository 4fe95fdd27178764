/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_NAMESPACES_H
#define SONDE_SESSION_TRACE_NAMESPACES_H
/* -e namespace=new: which namespaces a call made or entered. */
#include "base/str.h"
#include "syscall/memory.h"
#include "syscall/print.h"

/* Append " (net:[4026532178], user:[4026532177])" if CALL has returned from such a change; nothing for any
 * other call, or if its process is gone. */
void namespaces_add(const struct syscall_call *call, const struct syscall_memory *memory, struct str *out);

#endif
