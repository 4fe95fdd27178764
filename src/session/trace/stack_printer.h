/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_STACK_PRINTER_H
#define SONDE_SESSION_TRACE_STACK_PRINTER_H
/* -k: the user stack of a stopped thread, a line a frame, as strace prints it. */
#include "base/str.h"
#include "capture/calls.h"

#include <stdbool.h>

struct stack_printer;

/* At most FRAME_LIMIT frames of each stack; 0: 256.  LINES: with source lines, where there is debug information. */
struct stack_printer *stack_printer_create(unsigned frame_limit, bool lines);
void stack_printer_destroy(struct stack_printer *s); /* NULL-safe */
void stack_printer_print(struct stack_printer *s, const struct call_thread *t, struct str *out);
/* Its addresses alone, innermost first: return addresses but for the first.  0: they can't be had. */
size_t stack_printer_unwind(struct stack_printer *s, const struct call_thread *t, uint64_t *addrs, size_t max);
/* The process has another program now. */
void stack_printer_forget(struct stack_printer *s, pid_t pid);

#endif
