/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tracepoints are named after the kernel's functions, not after the calls: newstat, umount.  A call whose
 * tracepoint has another name, or that is made in two ways, is not narrow; the other way always works.
 */
#include "capture/bpf/narrow.h"

#include "base/log.h"
#include "base/mem.h"
#include "syscall/table.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NARROW_MOST = 8 };

struct bpf_narrow {
	struct bpf_link *links[NARROW_MOST];
	size_t count;
};

/* Where libbpf looks for them. */
static bool has_tracepoint(const char *name)
{
	static const char *const roots[] = { "/sys/kernel/debug/tracing", "/sys/kernel/tracing" };
	char path[128];

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		snprintf(path, sizeof(path), "%s/events/syscalls/sys_enter_%s/id", roots[i], name);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* The native calls among those that are wanted; how many, NARROW_MOST + 1: too many, or one can't be had. */
static size_t list(const struct call_set *wanted, const char *names[NARROW_MOST])
{
	size_t count = 0;

	for (uint32_t number = 0; number < CALL_SET_MAX; number++) {
		const struct syscall_entry *entry;

		if (!call_set_has(wanted, SYSCALL_ABI_NATIVE, number))
			continue;
		entry = syscall_find(SYSCALL_ABI_NATIVE, number);
		if (count == NARROW_MOST || !entry || !has_tracepoint(entry->name))
			return NARROW_MOST + 1;
		names[count++] = entry->name;
	}
	return count;
}

bool bpf_narrow_can(const struct call_set *wanted)
{
#if defined(__x86_64__)
	const char *names[NARROW_MOST];
	size_t count = wanted->others ? 0 : list(wanted, names);

	return count > 0 && count <= NARROW_MOST;
#else
	return false;
#endif
}

struct bpf_narrow *bpf_narrow_attach(struct bpf_program *program, const struct call_set *wanted)
{
	const char *names[NARROW_MOST];
	size_t count = list(wanted, names);
	struct bpf_narrow *n = mem_calloc(1, sizeof(*n));
	char name[80];

	for (size_t i = 0; i < count && count <= NARROW_MOST; i++) {
		snprintf(name, sizeof(name), "sys_enter_%s", names[i]);
		n->links[n->count] = bpf_program__attach_tracepoint(program, "syscalls", name);
		if (!n->links[n->count])
			break;
		n->count++;
	}
	if (n->count == count)
		return n;
	log_debug("cannot attach to the tracepoint of one call: %s", strerror(errno));
	bpf_narrow_detach(n);
	return NULL;
}

void bpf_narrow_detach(struct bpf_narrow *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->count; i++)
		bpf_link__destroy(n->links[i]);
	free(n);
}
