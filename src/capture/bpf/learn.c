/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracefs has a directory for each system call, sys_enter_NAME, with the types and names of its arguments,
 * and no number.  Most names are in our tables.  For the few that are not, a program sits on their tracepoints and notes the number
 * that they are called with.
 */
#include "capture/bpf/learn.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "capture/bpf/loader.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "learn.skel.h"

enum { NAMES_MOST = 16 };

struct bpf_learn {
	struct bpf_loader loader;
	struct learn_bpf *skel;
	struct syscall_learned *calls;
	struct bpf_link *links[NAMES_MOST];
	char *names[NAMES_MOST];
	unsigned count;
};

/* As calls that we know are called inside the kernel. */
static bool is_alias(const char *name)
{
	static const char *const names[] = { "newstat", "newlstat", "newfstat", "newuname", "umount", "sendfile64", "fstatat64" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static bool is_known(const char *name)
{
	for (unsigned abi = 0; abi < SYSCALL_ABI_COUNT; abi++)
		if (syscall_number((enum syscall_abi)abi, name) >= 0)
			return true;
	return is_alias(name);
}

static const char *const events[] = { "/sys/kernel/tracing/events/syscalls", "/sys/kernel/debug/tracing/events/syscalls" };

static struct err *find_names(struct bpf_learn *l, const char *hidden)
{
	struct dirent *entry;
	DIR *dir = opendir(events[0]);

	if (!dir)
		dir = opendir(events[1]);
	if (!dir)
		return err_errno(errno, "cannot read %s", events[0]);
	while ((entry = readdir(dir)) != NULL && l->count < NAMES_MOST) {
		const char *name = entry->d_name + strlen("sys_enter_");

		if (str_starts(entry->d_name, "sys_enter_") && ((hidden && str_eq(name, hidden)) || !is_known(name)))
			l->names[l->count++] = mem_strdup(name);
	}
	closedir(dir);
	return NULL;
}

static struct err *watch(struct bpf_learn *l)
{
	BPF_LOADER_TYPES(&l->loader, learn);
	l->skel = learn_bpf__open_opts(bpf_loader_options(&l->loader));
	if (!l->skel)
		return bpf_loader_open_error(&l->loader);
	TRY(bpf_loader_load(&l->loader, l->skel->skeleton));
	for (unsigned i = 0; i < l->count; i++) {
		LIBBPF_OPTS(bpf_tracepoint_opts, options, .bpf_cookie = i);
		CLEANUP(mem_freep) char *event = mem_printf("sys_enter_%s", l->names[i]);

		l->links[i] = bpf_program__attach_tracepoint_opts(l->skel->progs.learn_seen, "syscalls", event, &options);
		if (!l->links[i])
			return err_errno(errno, "cannot watch system call %s", l->names[i]);
	}
	return NULL;
}

struct err *bpf_learn_create(const char *hidden, struct bpf_learn **ret)
{
	struct bpf_learn *l = mem_calloc(1, sizeof(*l));
	struct err *err;

	l->calls = syscall_learned_create();
	bpf_loader_init(&l->loader, "unknown system calls");
	err = find_names(l, hidden);
	if (!err && l->count)
		err = watch(l);
	if (err) {
		bpf_learn_destroy(l);
		l = NULL;
	}
	*ret = l;
	return err;
}

void bpf_learn_destroy(struct bpf_learn *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->count; i++) {
		bpf_link__destroy(l->links[i]);
		free(l->names[i]);
	}
	bpf_loader_deinit(&l->loader);
	learn_bpf__destroy(l->skel);
	syscall_learned_destroy(l->calls);
	free(l);
}

static void take(struct bpf_learn *l, const char *name, uint32_t number)
{
	struct err *err = NULL;
	struct str text;

	str_init(&text);
	for (size_t i = 0; i < 2 && text.length == 0; i++) {
		CLEANUP(mem_freep) char *path = mem_printf("%s/sys_enter_%s/format", events[i], name);

		err_destroy(err);
		err = io_read_file(path, 65536, &text);
	}
	if (!err && syscall_learned_add_format(l->calls, number, name, str_text(&text)))
		log_info("the kernel says that system call %u is %s", number, name);
	err_destroy(err);
	str_deinit(&text);
}

const struct syscall_entry *bpf_learn_find(struct bpf_learn *l, uint32_t number)
{
	for (unsigned i = 0; i < l->count; i++)
		if (__atomic_load_n(&l->skel->bss->learn_numbers[i], __ATOMIC_RELAXED) == number + 1 &&
		    !syscall_learned_find(l->calls, number))
			take(l, l->names[i], number);
	return syscall_learned_find(l->calls, number);
}
