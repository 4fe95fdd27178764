/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_CALL_MEMO_H
#define SONDE_CAPTURE_CALL_MEMO_H
/*
 * Programs repeat themselves: the same read of the same bytes, the same failing open.  All that
 * a call's text depends on (number, arguments, result, the memory that was copied for it) is its
 * key here; whoever made a text keeps it by the slot, and need not make it again.  Two calls are
 * the same only when every byte of their keys is.
 *
 * For calls that are told whole (call_thread.whole), with no look-ups beside their pieces.
 */
#include "syscall/memory.h"
#include "syscall/print.h"

#include <stdbool.h>

enum { CALL_MEMO_SLOTS = 1 << 13, CALL_MEMO_NONE = -1 };

struct call_memo;

struct call_memo *call_memo_create(void);
void call_memo_destroy(struct call_memo *m); /* NULL-safe */

/* The slot of CALL, 0 to CALL_MEMO_SLOTS - 1; CALL_MEMO_NONE: it refers to too much.  *known: the
 * slot was this call's before, and what was kept by it holds.  Else it is this call's now.  LOOKUP, which
 * may be NULL, is what the text is made with: a call that it learns of looks otherwise from then on. */
int call_memo_slot(struct call_memo *m, const struct syscall_lookup *lookup, const struct syscall_call *call,
		   const struct syscall_pieces *pieces, bool *known);

/* Nothing is kept by SLOT. */
void call_memo_forget(struct call_memo *m, int slot);

#endif
