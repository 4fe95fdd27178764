/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_BEGUN_H
#define SONDE_CAPTURE_BPF_BEGUN_H
/*
 * Calls that threads are in when we begin to look: nobody sees their entry any more.
 */
#include "base/err.h"
#include "capture/source.h"
#include "event/bpf_calls.h"
#include "syscall/print.h"

/* Each thread of REQUEST's target (not: a command) is put into the map MAP_FD, so that its call is seen to
 * return; then TAKE is told of the call that it waits in, if it does and we may know: pid, head.tid, number, abi,
 * args, ip, sp; the rest is 0. */
struct err *bpf_begun_each(const struct capture_request *request, int map_fd,
			   void (*take)(void *user, const struct bpf_call *call), void *user);

/* The call that a thread waits in now, as above.  False: it waits in none, is gone, or we may not know. */
bool bpf_begun_now(pid_t pid, pid_t tid, struct bpf_call *call);

/* Append to PIECES what the input is of a CALL that a thread waits in (bpf_begun_now()), for a text of that style; an i386 call that
 * stands for others becomes the one that it stands for.  False: it isn't in that call any more. */
bool bpf_begun_read(struct bpf_call *call, const struct syscall_style *style, struct str *pieces);

/* A line of /proc/TID/syscall.  False: it is running, or a thread of the kernel's. */
bool bpf_begun_parse(const char *line, struct bpf_call *call);

#endif
