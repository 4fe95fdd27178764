/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clone(), clone3(), unshare() and setns() say by flags which kinds of namespaces are entered; what
 * they are now called is read from /proc of who entered them, a child or the caller itself, which is
 * stopped while its call returns.
 */
#include "session/trace/namespaces.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NEWTIME = 0x80 };

static const struct {
	uint32_t flag; /* linux/sched.h: CLONE_NEW... */
	const char *name;
} kinds[] = {
	{ 0x02000000, "cgroup" }, { 0x08000000, "ipc" }, { 0x00020000, "mnt" }, { 0x40000000, "net" },
	{ 0x20000000, "pid" },	  { NEWTIME, "time" },	 { 0x10000000, "user" }, { 0x04000000, "uts" },
};

/* The flags of a call of that name; 0: it enters none. */
static uint64_t flags_of(const struct syscall_call *call, const struct syscall_memory *memory, bool *child)
{
	const struct syscall_entry *entry = syscall_find(call->abi, call->number);
	const char *name = entry ? entry->name : "";
	uint64_t flags = 0;

	*child = strncmp(name, "clone", 5) == 0;
	if (strcmp(name, "clone") == 0) /* its lowest byte is a signal */
		return call->args[0] & ~UINT64_C(0xff);
	if (strcmp(name, "clone3") == 0)
		return memory->read(memory->user, SYSCALL_EXIT, call->args[0], &flags, sizeof(flags)) == sizeof(flags) ? flags : 0;
	if (strcmp(name, "unshare") == 0)
		return call->args[0];
	return strcmp(name, "setns") == 0 ? call->args[1] : 0;
}

void namespaces_add(const struct syscall_call *call, const struct syscall_memory *memory, struct str *out)
{
	char path[64], target[64];
	const char *before = " (";
	bool child;
	uint64_t flags;

	if (call->is_error)
		return;
	flags = flags_of(call, memory, &child);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!(flags & kinds[i].flag))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", child ? (int)call->result : call->tid, kinds[i].name);
		ssize_t length = readlink(path, target, sizeof(target));
		if (length <= 0 || length == (ssize_t)sizeof(target))
			continue;
		str_add(out, before);
		str_add_n(out, target, (size_t)length);
		before = ", ";
	}
	if (strcmp(before, ", ") == 0)
		str_add_char(out, ')');
}
