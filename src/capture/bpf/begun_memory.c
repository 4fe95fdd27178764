/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nobody copied what such a call refers to.  What that is its text says, made as the ptrace engine makes it: whatever is read for it
 * is kept, also for arguments behind one that the kernel fills, which are shown at exit but are there now.  It counts where the
 * thread is in the same call afterwards.
 */
#include "capture/bpf/begun.h"

#include "capture/ptrace/remote.h"
#include "syscall/multiplex.h"

#include <string.h>

struct reading {
	struct remote remote;
	struct syscall_keeper keeper;
	struct syscall_memory kept;
};

/* Also what is asked for as it will be at exit: until then it is input. */
static size_t read_input(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct reading *r = user;

	(void)phase;
	return r->kept.read(r->kept.user, SYSCALL_ENTER, addr, buffer, size_bytes);
}

static void read_for_text(struct reading *r, const struct syscall_style *style, const struct syscall_call *call)
{
	struct syscall_memory memory = { read_input, r };
	struct syscall_progress progress;
	struct str text;

	str_init(&text);
	syscall_progress_start(&progress);
	syscall_print_enter(style, NULL, call, &memory, &progress, &text);
	syscall_print_exit(style, NULL, call, &memory, &progress, &text);
	str_deinit(&text);
}

/* Of two answers of bpf_begun_now(). */
static bool is_same(const struct bpf_call *a, const struct bpf_call *b)
{
	return a->number == b->number && a->abi == b->abi && a->ip == b->ip && a->sp == b->sp &&
	       memcmp(a->args, b->args, sizeof(a->args)) == 0;
}

bool bpf_begun_read(struct bpf_call *call, const struct syscall_style *style, struct str *pieces)
{
	struct syscall_call meant = { .abi = syscall_abi_here(call->abi), .pid = (int)call->pid, .tid = (int)call->head.tid,
				      .number = call->number, .sp = call->sp };
	struct reading r = { .keeper.from = remote_memory(&r.remote) };
	struct bpf_call now;

	memcpy(meant.args, call->args, sizeof(meant.args));
	remote_begin(&r.remote, meant.tid);
	r.keeper.blob = *pieces;
	r.kept = syscall_keeper_memory(&r.keeper);
	syscall_demultiplex(&meant, &r.keeper.from);
	read_for_text(&r, style, &meant);
	*pieces = r.keeper.blob;
	if (!bpf_begun_now(meant.pid, meant.tid, &now) || !is_same(&now, call))
		return false;
	call->number = meant.number;
	memcpy(call->args, meant.args, sizeof(call->args));
	return true;
}
