/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to copy of a call's memory, from its description: a step for each argument that
 * points to something, until the steps are used up.  A hook has no description of what it
 * reads: the table below says it, and what is not in the table is a few hundred bytes.
 *
 * Too much costs a little time; what is missing shows as an address.
 */
#include "syscall/plan.h"
#include "syscall/decode.h"

#include <string.h>

enum { PATH_BYTES = 4096, ARRAY_BYTES = 8192, HOOK_BYTES = 256, DENTS_BYTES = 1 << 20, SIGFRAME_BYTES = 304, PTRACE_BYTES = 512 };

#define HOOK_NUMBER(name) HOOK_##name,
enum { SYS_HOOKS(HOOK_NUMBER) HOOK_COUNT };

/* Steps of hooks; `by_param`: the size is in the argument that the hook's parameter names. */
static const struct hook_plan {
	uint16_t hook;
	uint8_t kind;
	uint16_t fixed, scale;
	uint32_t limit;
	bool by_param;
	uint8_t at; /* of another argument than the hook's own: its number + 1; STACK: of the stack pointer */
} hook_plans[] = {
	{ HOOK_env, SYSCALL_PLAN_POINTERS, 0, 0, 0, false }, /* with -v: plan_hook() */
	{ HOOK_msghdr, SYSCALL_PLAN_MSGHDR, 0, 0, 0, false },
	{ HOOK_msghdr_out, SYSCALL_PLAN_MSGHDR, 0, 0, 0, false },
	{ HOOK_mmsghdr, SYSCALL_PLAN_MMSGHDR, 0, 0, 0, true },
	{ HOOK_mmsghdr_out, SYSCALL_PLAN_MMSGHDR, 0, 1, 0, false },
	{ HOOK_iovec, SYSCALL_PLAN_IOVEC, 0, 0, 0, true },
	{ HOOK_iovec_out, SYSCALL_PLAN_IOVEC, 0, 0, 0, true },
	{ HOOK_sockbuf, SYSCALL_PLAN_SOCKBUF, 0, 1, 0, true },
	{ HOOK_sockaddr, SYSCALL_PLAN_BYTES, 128, 0, 128, false },
	{ HOOK_sockaddr_out, SYSCALL_PLAN_BYTES, 128, 0, 128, false },
	{ HOOK_pollfds, SYSCALL_PLAN_BYTES, 0, 8, ARRAY_BYTES, true },
	{ HOOK_dents, SYSCALL_PLAN_BYTES, 0, 1, DENTS_BYTES, false },
	{ HOOK_open_flags, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_mmap_flags, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_mmap_offset, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_mmap2_offset, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_mremap_addr, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_iovec_addr, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_clone_head, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_futex_op, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_futex_rest, SYSCALL_PLAN_BYTES, 16, 0, 16, false, 3 + 1 },
	{ HOOK_sigframe, SYSCALL_PLAN_BYTES, SIGFRAME_BYTES, 0, SIGFRAME_BYTES, false, SYSCALL_PLAN_STACK + 1 },
	{ HOOK_socktype, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_protocol, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_ioctl_cmd, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_fcntl_cmd, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_pidfd_fd, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_xattr_val, SYSCALL_PLAN_BYTES, 0, 1, 0, true },
	{ HOOK_xattr_list, SYSCALL_PLAN_BYTES, 0, 1, 0, true },
	{ HOOK_ptrace_request, SYSCALL_PLAN_NONE, 0, 0, 0, false },
	{ HOOK_ptrace_pid, SYSCALL_PLAN_BYTES, 16, 0, 16, false, 2 + 1 }, /* PTRACE_PEEKSIGINFO's */
	{ HOOK_ptrace_rest, SYSCALL_PLAN_BYTES, PTRACE_BYTES, 0, PTRACE_BYTES, false, 3 + 1 },
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

static struct syscall_plan_step plan_hook(const struct sys_type *type, bool verbose)
{
	if (type->ref == HOOK_env && verbose)
		return (struct syscall_plan_step){ .kind = SYSCALL_PLAN_STRINGS, .size_arg = SYSCALL_PLAN_SIZE_NONE };
	for (size_t i = 0; i < sizeof(hook_plans) / sizeof(*hook_plans); i++) {
		const struct hook_plan *h = &hook_plans[i];

		if (h->hook == type->ref)
			return (struct syscall_plan_step){
				.kind = h->kind, .fixed = h->fixed, .scale = h->scale, .limit = h->limit,
				.size_arg = h->by_param ? size_from(type->param)
					    : h->scale ? SYSCALL_PLAN_SIZE_RESULT : SYSCALL_PLAN_SIZE_NONE };
	}
	return (struct syscall_plan_step){ .kind = SYSCALL_PLAN_BYTES, .fixed = HOOK_BYTES, .limit = HOOK_BYTES,
					   .size_arg = SYSCALL_PLAN_SIZE_NONE };
}

/* Which argument points to what the step copies: its own, I, or that of the hook's table. */
static uint8_t step_arg(const struct sys_type *type, unsigned i)
{
	for (size_t k = 0; type->kind == SYS_HOOK && k < sizeof(hook_plans) / sizeof(*hook_plans); k++)
		if (hook_plans[k].hook == type->ref && hook_plans[k].at)
			return (uint8_t)(hook_plans[k].at - 1);
	return (uint8_t)i;
}

static struct syscall_plan_step plan_type(enum syscall_abi abi, const struct sys_type *type, bool verbose)
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
	case SYS_HOOK:
		return plan_hook(type, verbose);
	}
	return step;
}

static void add(struct syscall_plan *plan, unsigned *count, struct syscall_plan_step step)
{
	if (*count < SYSCALL_PLAN_STEPS && step.kind != SYSCALL_PLAN_NONE)
		plan->steps[(*count)++] = step;
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
	{ "mmap2", 16, 0 }, { "sendmsg", 0, SYSCALL_PLAN_FILES_SENT }, { "recvmsg", 0, SYSCALL_PLAN_FILES_RECEIVED },
};

static bool has_messages(const struct syscall_describe *d)
{
	for (unsigned i = 0; i < d->count && i < 6; i++) {
		const struct sys_type *type = &sys_types[d->args[i].type];

		if (type->kind == SYS_HOOK && (type->ref == HOOK_sockbuf || type->ref == HOOK_msghdr || type->ref == HOOK_msghdr_out ||
					       type->ref == HOOK_mmsghdr || type->ref == HOOK_mmsghdr_out))
			return true;
	}
	return false;
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
	ret->socket = has_messages(d);
	for (unsigned i = 0; i < d->save_count; i++)
		add(ret, &count, (struct syscall_plan_step){ .kind = SYSCALL_PLAN_BYTES, .arg = d->saves[i].arg,
							      .fixed = 8, .limit = 8,
							      .size_arg = SYSCALL_PLAN_SIZE_NONE });
	for (unsigned i = 0; i < d->count && i < 6; i++) {
		struct syscall_plan_step step = plan_type(abi, &sys_types[d->args[i].type], verbose);
		uint8_t flags = d->args[i].flags;

		step.arg = step_arg(&sys_types[d->args[i].type], i);
		if (!(flags & SYS_AT_EXIT))
			add(ret, &count, step);
		step.phase = SYSCALL_EXIT;
		/* what stands behind the result of poll and select is what the kernel left in their input */
		if (flags & (SYS_AT_EXIT | SYS_AT_BOTH) || d->aux)
			add(ret, &count, step);
	}
	/* what is saved is only read where its argument's own step reads less: socket lengths at exit */
	for (unsigned i = 0; i < d->save_count; i++)
		add(ret, &count, (struct syscall_plan_step){ .kind = SYSCALL_PLAN_BYTES, .phase = SYSCALL_EXIT,
							      .arg = d->saves[i].arg, .fixed = 8, .limit = 8,
							      .size_arg = SYSCALL_PLAN_SIZE_NONE });
}
