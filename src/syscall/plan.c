/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to copy of a call's memory, from its description: a step for each argument that
 * points to something, until the steps are used up.  A hook has no description of what it
 * reads: the table below says it, and what is not in the table is a few hundred bytes.
 *
 * Too much costs a little time; what is missing shows as an address.
 */
#include "syscall/plan.h"
#include "base/str.h"
#include "syscall/decode.h"

#include <string.h>

enum { PATH_BYTES = 4097 /* one more than counts */, ARRAY_BYTES = 8192, HOOK_BYTES = 264 /* 33 words: more than are shown */, DENTS_BYTES = 1 << 20, SETS_BYTES = 1 << 17 /* 2^20 descriptors */,
       SIGFRAME_BYTES = 304, OLD_SIGFRAME_BYTES = 720, PTRACE_BYTES = 512,
       KEY_BYTES = 512, CODE_BYTES = 7168 /* 896 instructions of a filter */, BPF_LINK_CREATE_COMMAND = 28 };

#define HOOK_NUMBER(name) HOOK_##name,
enum { SYS_HOOKS(HOOK_NUMBER) HOOK_COUNT };

/* Where a hook's step has its count from, and which argument is its pointer. */
enum { ONCE, OF_PARAM /* that the hook's parameter names */, OF_RESULT, OF_ARG /* + its number */ };
enum { ITS_OWN, AT_ARG /* + its number */, AT_STACK = AT_ARG + SYSCALL_PLAN_STACK };

/* Steps of hooks, all rows of a hook; a hook without a row: HOOK_BYTES. */
static const struct hook_plan {
	uint16_t hook;
	uint8_t kind;
	uint16_t fixed, scale;
	uint32_t limit;
	uint8_t count; /* ONCE ... */
	uint8_t at;    /* ITS_OWN ... */
} hook_plans[] = {
	{ HOOK_env, SYSCALL_PLAN_POINTERS, 0, 0, 0, ONCE, ITS_OWN }, /* with -v: plan_hook() */
	{ HOOK_msghdr, SYSCALL_PLAN_MSGHDR, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_msghdr_out, SYSCALL_PLAN_MSGHDR, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_mmsghdr, SYSCALL_PLAN_MMSGHDR, 0, 0, 0, OF_PARAM, ITS_OWN },
	{ HOOK_mmsghdr_out, SYSCALL_PLAN_MMSGHDR, 0, 1, 0, OF_RESULT, ITS_OWN },
	{ HOOK_iovec, SYSCALL_PLAN_IOVEC, 0, 0, 0, OF_PARAM, ITS_OWN },
	{ HOOK_iovec_out, SYSCALL_PLAN_IOVEC, 0, 0, 0, OF_PARAM, ITS_OWN },
	{ HOOK_iovec_addr, SYSCALL_PLAN_BYTES, 0, 16, 1024, OF_PARAM, ITS_OWN },
	{ HOOK_sockbuf, SYSCALL_PLAN_SOCKBUF, 0, 1, 0, OF_PARAM, ITS_OWN },
	{ HOOK_sockaddr, SYSCALL_PLAN_BYTES, 128, 0, 128, ONCE, ITS_OWN },
	{ HOOK_sockaddr_out, SYSCALL_PLAN_BYTES, 128, 0, 128, ONCE, ITS_OWN },
	{ HOOK_sockopt_set, SYSCALL_PLAN_BYTES, 0, 1, 1024, OF_ARG + 4, ITS_OWN },
	{ HOOK_sockopt_set, SYSCALL_PLAN_FOLLOW, 16, 0, CODE_BYTES, ONCE, ITS_OWN }, /* a filter */
	{ HOOK_pollfds, SYSCALL_PLAN_BYTES, 0, 8, ARRAY_BYTES, OF_PARAM, ITS_OWN },
	{ HOOK_epoll_events, SYSCALL_PLAN_BYTES, 0, 16, 448 * 16, OF_RESULT, ITS_OWN },
	{ HOOK_sigset_arg, SYSCALL_PLAN_BYTES, 16, 0, 16, ONCE, ITS_OWN },
	{ HOOK_sigset_arg, SYSCALL_PLAN_FOLLOW, 8, 0, 128, ONCE, ITS_OWN },
	{ HOOK_dents, SYSCALL_PLAN_BYTES, 0, 1, DENTS_BYTES, OF_RESULT, ITS_OWN },
	{ HOOK_open_flags, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_mmap_flags, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_mmap_offset, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_mmap2_offset, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_mremap_addr, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_clone_head, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_clone_rest, SYSCALL_PLAN_BYTES, 4, 0, 4, ONCE, AT_ARG + 2 }, /* the new thread's id, or a pidfd */
	{ HOOK_clone_args, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, ITS_OWN },
	{ HOOK_clone_args, SYSCALL_PLAN_FOLLOW, 88, 0, 136, ONCE, ITS_OWN }, /* numbers of processes, tls */
	{ HOOK_futex_op, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_futex_rest, SYSCALL_PLAN_BYTES, 16, 0, 16, ONCE, AT_ARG + 3 },
	{ HOOK_futex_waitv, SYSCALL_PLAN_BYTES, 0, 24, 129 * 24, OF_PARAM, ITS_OWN },
	{ HOOK_sigframe, SYSCALL_PLAN_BYTES, SIGFRAME_BYTES, 0, SIGFRAME_BYTES, ONCE, AT_STACK },
	{ HOOK_old_sigframe, SYSCALL_PLAN_BYTES, OLD_SIGFRAME_BYTES, 0, OLD_SIGFRAME_BYTES, ONCE, AT_STACK },
	{ HOOK_socktype, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_protocol, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_ioctl_cmd, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_ioctl_arg, SYSCALL_PLAN_IOCTL, 0, 0, 512, ONCE, ITS_OWN },
	{ HOOK_fcntl_cmd, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_pidfd_fd, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_xattr_val, SYSCALL_PLAN_BYTES, 0, 1, 0, OF_PARAM, ITS_OWN },
	{ HOOK_xattr_list, SYSCALL_PLAN_BYTES, 0, 1, 0, OF_PARAM, ITS_OWN },
	{ HOOK_xattr_args, SYSCALL_PLAN_BYTES, 64, 0, 64, ONCE, ITS_OWN },
	{ HOOK_xattr_args, SYSCALL_PLAN_FOLLOW, 8, 0, HOOK_BYTES, ONCE, ITS_OWN },
	{ HOOK_ptrace_request, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_ptrace_pid, SYSCALL_PLAN_BYTES, 16, 0, 16, ONCE, AT_ARG + 2 }, /* PTRACE_PEEKSIGINFO's */
	{ HOOK_ptrace_rest, SYSCALL_PLAN_PTRACE, 0, 0, PTRACE_BYTES, ONCE, AT_ARG + 3 },
	{ HOOK_sembufs, SYSCALL_PLAN_BYTES, 0, 6, ARRAY_BYTES, OF_PARAM, ITS_OWN },
	{ HOOK_msgbuf, SYSCALL_PLAN_BYTES, 8, 1, 1024, OF_PARAM, ITS_OWN },
	{ HOOK_msgbuf_out, SYSCALL_PLAN_BYTES, 8, 1, 1024, OF_ARG + 2, ITS_OWN },
	{ HOOK_iocbs, SYSCALL_PLAN_LIST, 64, 0, HOOK_BYTES, OF_PARAM, ITS_OWN },
	{ HOOK_iocb, SYSCALL_PLAN_BYTES, 64, 0, 64, ONCE, ITS_OWN },
	{ HOOK_iocb, SYSCALL_PLAN_FOLLOW, 64, 0, HOOK_BYTES, ONCE, ITS_OWN },
	{ HOOK_uring_register_arg, SYSCALL_PLAN_BYTES, 16, 16, 4096, OF_ARG + 3, ITS_OWN },
	{ HOOK_uring_register_arg, SYSCALL_PLAN_FOLLOW, 128, 0, HOOK_BYTES, ONCE, ITS_OWN },
	{ HOOK_kexec_segments, SYSCALL_PLAN_BYTES, 0, 32, 17 * 32, OF_PARAM, ITS_OWN },
	{ HOOK_bpf_attr, SYSCALL_PLAN_BYTES, 0, 1, 4096, OF_ARG + 2, ITS_OWN },
	{ HOOK_bpf_attr, SYSCALL_PLAN_FOLLOW, 144, 0, HOOK_BYTES, ONCE, ITS_OWN },
	{ HOOK_bpf_attr, SYSCALL_PLAN_FOLLOW_TWICE, 64, BPF_LINK_CREATE_COMMAND, 0, ONCE, ITS_OWN }, /* names of functions */
	{ HOOK_llseek_off, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_llseek_result, SYSCALL_PLAN_BYTES, 8, 0, 8, ONCE, AT_ARG + 3 },
	{ HOOK_llseek_whence, SYSCALL_PLAN_NONE, 0, 0, 0, ONCE, ITS_OWN },
	{ HOOK_fan_mask32, SYSCALL_PLAN_STRING, 0, 0, PATH_BYTES, ONCE, AT_ARG + 5 }, /* the mask takes two arguments: the path's is the next one */
	{ HOOK_fd_set, SYSCALL_PLAN_BYTES, 8, SYSCALL_PLAN_BITS | 1, SETS_BYTES, OF_ARG + 0, ITS_OWN },
	{ HOOK_oldselect, SYSCALL_PLAN_BYTES, 20, 0, 20, ONCE, ITS_OWN },
	{ HOOK_oldselect, SYSCALL_PLAN_FOLLOW, 20, 0, 128, ONCE, ITS_OWN },
	{ HOOK_kcmp_rest, SYSCALL_PLAN_BYTES, 16, 0, 16, ONCE, AT_ARG + 4 },
	{ HOOK_fsconfig_rest, SYSCALL_PLAN_STRING, 0, 0, 257, ONCE, AT_ARG + 2 },
	{ HOOK_fsconfig_rest, SYSCALL_PLAN_STRING, 0, 0, PATH_BYTES, ONCE, AT_ARG + 3 },
	{ HOOK_fsconfig_rest, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, AT_ARG + 3 },
	{ HOOK_quota_rest, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, AT_ARG + 2 },
	{ HOOK_quota_rest, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, AT_ARG + 3 },
	{ HOOK_keyctl_rest, SYSCALL_PLAN_BYTES, KEY_BYTES, 0, KEY_BYTES, ONCE, AT_ARG + 1 },
	{ HOOK_keyctl_rest, SYSCALL_PLAN_BYTES, KEY_BYTES, 0, KEY_BYTES, ONCE, AT_ARG + 2 },
	{ HOOK_keyctl_rest, SYSCALL_PLAN_BYTES, KEY_BYTES, 0, KEY_BYTES, ONCE, AT_ARG + 3 },
	{ HOOK_keyctl_rest, SYSCALL_PLAN_BYTES, KEY_BYTES, 0, KEY_BYTES, ONCE, AT_ARG + 4 },
	{ HOOK_keyctl_rest, SYSCALL_PLAN_FOLLOW, 64, 0, HOOK_BYTES, ONCE, AT_ARG + 2 }, /* iovecs */
	{ HOOK_keyctl_rest, SYSCALL_PLAN_FOLLOW, 16, 0, HOOK_BYTES, ONCE, AT_ARG + 4 }, /* a hash's name */
	{ HOOK_statmount, SYSCALL_PLAN_BYTES, 0, 1, 4096, OF_ARG + 2, ITS_OWN }, /* 512, and texts */
	{ HOOK_lsm_ctx, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, ITS_OWN },
	{ HOOK_lsm_ctx, SYSCALL_PLAN_BYTES, 4, 0, 4, ONCE, AT_ARG + 2 }, /* the room that there is */
	{ HOOK_lsm_modules, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, ITS_OWN },
	{ HOOK_lsm_modules, SYSCALL_PLAN_BYTES, 4, 0, 4, ONCE, AT_ARG + 1 },
	{ HOOK_seccomp_arg, SYSCALL_PLAN_BYTES, 16, 0, 16, ONCE, ITS_OWN },
	{ HOOK_seccomp_arg, SYSCALL_PLAN_FOLLOW, 16, 0, CODE_BYTES, ONCE, ITS_OWN },
	{ HOOK_prctl_rest, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, AT_ARG + 1 },
	{ HOOK_prctl_rest, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, AT_ARG + 2 },
	{ HOOK_prctl_rest, SYSCALL_PLAN_FOLLOW, 16, 0, CODE_BYTES, ONCE, AT_ARG + 2 },
	{ HOOK_prctl_rest, SYSCALL_PLAN_BYTES, HOOK_BYTES, 0, HOOK_BYTES, ONCE, AT_ARG + 4 },
};

static unsigned bytes_of(enum syscall_abi abi, const struct sys_type *type)
{
	static const uint8_t layouts[SYSCALL_ABI_COUNT] = {
		[SYSCALL_ABI_I386] = 1, [SYSCALL_ABI_X32] = 2, [SYSCALL_ABI_ARM] = 3,
	};

	if (type->kind == SYS_STRUCT)
		return sys_structs[type->ref].size[layouts[abi]];
	if (type->kind == SYS_INLINE)
		return type->count * bytes_of(abi, &sys_types[type->ref]);
	if (type->kind >= SYS_CHARS && type->kind <= SYS_HEXBYTES)
		return type->count;
	return type->size >= SYS_LONG ? syscall_abi_word_bytes(abi) : type->size;
}

static uint8_t size_from(uint16_t param)
{
	return param < 6 ? (uint8_t)param : param == SYS_FROM_RESULT ? SYSCALL_PLAN_SIZE_RESULT : SYSCALL_PLAN_SIZE_NONE;
}

static struct syscall_plan_step hook_step(const struct hook_plan *h, const struct sys_type *type, unsigned own)
{
	struct syscall_plan_step step = { .kind = h->kind, .fixed = h->fixed, .scale = h->scale, .limit = h->limit,
					  .arg = (uint8_t)(h->at == ITS_OWN ? own : (unsigned)(h->at - AT_ARG)) };

	switch (h->count) {
	case ONCE: step.size_arg = SYSCALL_PLAN_SIZE_NONE; break;
	case OF_PARAM: step.size_arg = size_from(type->param); break;
	case OF_RESULT: step.size_arg = SYSCALL_PLAN_SIZE_RESULT; break;
	default: step.size_arg = (uint8_t)(h->count - OF_ARG);
	}
	return step;
}

/* Up to HOOK_STEPS for the hook at argument OWN; how many. */
enum { HOOK_STEPS = 6 };
static unsigned plan_hook(const struct sys_type *type, unsigned own, bool verbose, struct syscall_plan_step steps[HOOK_STEPS])
{
	struct syscall_plan_step strings = { .kind = SYSCALL_PLAN_STRINGS, .arg = (uint8_t)own, .size_arg = SYSCALL_PLAN_SIZE_NONE };
	struct syscall_plan_step other = { .kind = SYSCALL_PLAN_BYTES, .arg = (uint8_t)own, .fixed = HOOK_BYTES,
					   .limit = HOOK_BYTES, .size_arg = SYSCALL_PLAN_SIZE_NONE };
	unsigned n = 0;

	if (type->ref == HOOK_env && verbose) {
		steps[0] = strings;
		return 1;
	}
	for (size_t i = 0; i < sizeof(hook_plans) / sizeof(*hook_plans); i++)
		if (hook_plans[i].hook == type->ref && n < HOOK_STEPS)
			steps[n++] = hook_step(&hook_plans[i], type, own);
	if (n == 0)
		steps[n++] = other;
	return n;
}

static struct syscall_plan_step plan_type(enum syscall_abi abi, const struct sys_type *type)
{
	struct syscall_plan_step step = { .size_arg = SYSCALL_PLAN_SIZE_NONE };

	switch (type->kind) {
	case SYS_PATH:
		step.kind = SYSCALL_PLAN_STRING;
		step.limit = PATH_BYTES;
		break;
	case SYS_STR:
		step.kind = SYSCALL_PLAN_STRING;
		break;
	case SYS_STRV:
		step.kind = SYSCALL_PLAN_STRINGS;
		break;
	case SYS_STRN:
	case SYS_BUF:
	case SYS_HEXBUF:
		step.kind = SYSCALL_PLAN_BYTES;
		step.scale = 1;
		step.size_arg = size_from(type->param);
		break;
	case SYS_POINTER:
		step.kind = SYSCALL_PLAN_BYTES;
		step.fixed = (uint16_t)bytes_of(abi, &sys_types[type->ref]);
		step.limit = step.fixed;
		if (sys_types[type->ref].kind == SYS_HOOK)
			step.fixed = HOOK_BYTES, step.limit = HOOK_BYTES;
		break;
	case SYS_ARRAYPTR:
		step.kind = SYSCALL_PLAN_BYTES;
		step.scale = (uint16_t)bytes_of(abi, &sys_types[type->ref]);
		step.size_arg = size_from(type->param);
		step.limit = ARRAY_BYTES;
		break;
	}
	return step;
}

/* Does the structure that TYPE points to have pointers of its own, to what is shown? */
static bool leads_on(const struct sys_type *type)
{
	const struct sys_type *to = &sys_types[type->ref];

	if (type->kind != SYS_POINTER || to->kind != SYS_STRUCT)
		return false;
	for (unsigned i = 0; i < sys_structs[to->ref].count; i++) {
		uint8_t kind = sys_types[sys_fields[sys_structs[to->ref].first + i].type].kind;

		if (kind >= SYS_POINTER && kind <= SYS_HEXBUF)
			return true;
	}
	return false;
}

static void add(struct syscall_plan *plan, unsigned *count, enum syscall_phase phase, const struct syscall_plan_step *steps, unsigned n)
{
	for (unsigned i = 0; i < n && *count < SYSCALL_PLAN_STEPS; i++)
		if (steps[i].kind != SYSCALL_PLAN_NONE) {
			plan->steps[*count] = steps[i];
			plan->steps[(*count)++].phase = (uint8_t)phase;
		}
}

/* Bytes that are remembered of what an argument points to. */
static void add_saves(struct syscall_plan *plan, unsigned *count, enum syscall_phase phase, const struct syscall_describe *d)
{
	for (unsigned i = 0; i < d->save_count; i++)
		add(plan, count, phase, &(struct syscall_plan_step){ .kind = SYSCALL_PLAN_BYTES, .arg = d->saves[i].arg, .fixed = 8,
								     .limit = 8, .size_arg = SYSCALL_PLAN_SIZE_NONE }, 1);
}

/* Calls whose descriptors their description doesn't show. */
static const struct {
	const char *name;
	uint8_t files, list;
} file_calls[] = {
	{ "pipe", 0, SYSCALL_PLAN_FILES_PAIR_0 }, { "pipe2", 0, SYSCALL_PLAN_FILES_PAIR_0 },
	{ "socketpair", 0, SYSCALL_PLAN_FILES_PAIR_3 }, { "poll", 0, SYSCALL_PLAN_FILES_POLLED },
	{ "ppoll", 0, SYSCALL_PLAN_FILES_POLLED }, { "ppoll_time64", 0, SYSCALL_PLAN_FILES_POLLED },
	{ "fcntl", 64, 0 }, { "fcntl64", 64, 0 }, { "bpf", 64, 0 }, { "seccomp", 64, 0 }, { "mmap", 16, 0 },
	{ "mmap2", 16, 0 }, { "waitid", 2 /* P_PIDFD's */, 0 }, { "fanotify_mark", 16 /* behind a mask of two arguments */, 0 }, { "sendmsg", 0, SYSCALL_PLAN_FILES_SENT }, { "recvmsg", 0, SYSCALL_PLAN_FILES_RECEIVED },
	{ "sendmmsg", 0, SYSCALL_PLAN_FILES_SENT_MANY }, { "recvmmsg", 0, SYSCALL_PLAN_FILES_RECEIVED_MANY },
	{ "recvmmsg_time64", 0, SYSCALL_PLAN_FILES_RECEIVED_MANY }, { "select", 0, SYSCALL_PLAN_FILES_SETS },
	{ "_newselect", 0, SYSCALL_PLAN_FILES_SETS }, { "pselect6", 0, SYSCALL_PLAN_FILES_SETS },
	{ "pselect6_time64", 0, SYSCALL_PLAN_FILES_SETS }, { "io_submit", 0, SYSCALL_PLAN_FILES_IOCBS },
};

/* fcntl()'s commands whose third argument is a number or none: F_DUPFD to F_SETFL, F_SETOWN to F_GETSIG. */
static uint16_t plain_commands(const struct syscall_entry *entry)
{
	return str_starts(entry->name, "fcntl") ? 0xf1f : 0;
}

static uint8_t peek_of(const struct syscall_describe *d)
{
	for (unsigned i = 0; i < d->count && i < 6; i++) {
		const struct sys_type *type = &sys_types[d->args[i].type];

		if (type->kind == SYS_HOOK && type->ref == HOOK_ioctl_cmd)
			return SYSCALL_PLAN_PEEK_TERMINAL;
		if (type->kind == SYS_HOOK && (type->ref == HOOK_sockbuf || type->ref == HOOK_msghdr || type->ref == HOOK_msghdr_out ||
					       type->ref == HOOK_mmsghdr || type->ref == HOOK_mmsghdr_out))
			return SYSCALL_PLAN_PEEK_SOCKET;
	}
	return SYSCALL_PLAN_PEEK_NONE;
}

static void plan_files(const struct syscall_entry *entry, struct syscall_plan *plan)
{
	struct syscall_roles roles = syscall_get_roles(entry);

	plan->files = (uint8_t)(roles.fds | roles.dirfds | (roles.returns_fd ? 64 : 0));
	for (size_t i = 0; i < sizeof(file_calls) / sizeof(*file_calls); i++)
		if (strcmp(file_calls[i].name, entry->name) == 0) {
			plan->files |= file_calls[i].files;
			plan->file_list = file_calls[i].list;
		}
}

void syscall_plan_get(enum syscall_abi abi, uint32_t number, bool verbose, struct syscall_plan *ret)
{
	syscall_plan_entry(abi, syscall_find(abi, number), verbose, ret);
}

void syscall_plan_entry(enum syscall_abi abi, const struct syscall_entry *entry, bool verbose, struct syscall_plan *ret)
{
	const struct syscall_describe *d = entry ? entry->describe : NULL;
	unsigned count = 0;

	memset(ret, 0, sizeof(*ret));
	if (d == NULL)
		return;
	plan_files(entry, ret);
	ret->peek = peek_of(d);
	ret->plain = plain_commands(entry);
	add_saves(ret, &count, SYSCALL_ENTER, d);
	for (unsigned i = 0; i < d->count && i < 6; i++) {
		const struct sys_type *type = &sys_types[d->args[i].type];
		struct syscall_plan_step steps[HOOK_STEPS] = { 0 };
		uint8_t flags = d->args[i].flags;
		unsigned n = 1;

		if (type->kind == SYS_HOOK) {
			n = plan_hook(type, i, verbose, steps);
		} else {
			steps[0] = plan_type(abi, type);
			steps[0].arg = (uint8_t)i;
			if (leads_on(type)) {
				steps[n] = steps[0];
				steps[n].kind = SYSCALL_PLAN_FOLLOW;
				steps[n++].limit = HOOK_BYTES;
			}
		}
		if (!(flags & SYS_AT_EXIT))
			add(ret, &count, SYSCALL_ENTER, steps, n);
		/* what stands behind the result of poll and select is what the kernel left in their input */
		if (flags & (SYS_AT_EXIT | SYS_AT_BOTH) || d->aux)
			add(ret, &count, SYSCALL_EXIT, steps, n);
	}
	/* what is saved is only read where its argument's own step reads less: socket lengths at exit */
	add_saves(ret, &count, SYSCALL_EXIT, d);
}
