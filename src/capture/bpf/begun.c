/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/TID/syscall has the number, the six arguments, sp and pc of a thread that waits.  Which table the
 * number is of it doesn't say: a stack and code below 4 GiB are those of a 32-bit program; a stack alone a thread of any may have.
 */
#include "capture/bpf/begun.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "capture/perf/perf.h"
#include "capture/track.h"
#include "syscall/table.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GROUP_DEPTH = 32 };
enum { NARROW_HERE = 1, X32_HERE = 2 }; /* syscall_abi_here() */

struct walk {
	int map_fd;
	void (*take)(void *user, const struct bpf_call *call);
	void *user;
};

bool bpf_begun_parse(const char *line, struct bpf_call *call)
{
	unsigned long long a[8];
	long number;

	*call = (struct bpf_call){ 0 };
	if (sscanf(line, "%ld %llx %llx %llx %llx %llx %llx %llx %llx", &number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5],
		   &a[6], &a[7]) != 9 ||
	    number < 0 || (a[6] == 0 && a[7] == 0))
		return false;
	call->number = (uint32_t)number;
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = a[i];
	call->sp = a[6];
	call->ip = a[7];
	if (SYSCALL_ABI_NATIVE == SYSCALL_ABI_X86_64 && number & SYSCALL_X32_BIT) {
		call->number &= ~SYSCALL_X32_BIT;
		call->abi = X32_HERE;
	} else if (sizeof(long) == 8 && a[6] <= UINT32_MAX && a[7] <= UINT32_MAX) {
		call->abi = NARROW_HERE;
	}
	return true;
}

bool bpf_begun_now(pid_t pid, pid_t tid, struct bpf_call *call)
{
	char path[64], line[256] = "";
	bool waits;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	file = fopen(path, "re");
	waits = file && fgets(line, sizeof(line), file) && bpf_begun_parse(line, call);
	if (file)
		fclose(file);
	if (waits) {
		call->pid = (uint32_t)pid;
		call->head.tid = (uint32_t)tid;
	}
	return waits;
}

static void see_thread(struct walk *w, pid_t pid, pid_t tid)
{
	uint32_t key = (uint32_t)tid, value = 0;
	struct bpf_call call;

	bpf_map_update_elem(w->map_fd, &key, &value, BPF_ANY);
	if (!bpf_begun_now(pid, tid, &call))
		return;
	value = 1;
	bpf_map_update_elem(w->map_fd, &key, &value, BPF_EXIST); /* unless it has returned meanwhile */
	w->take(w->user, &call);
}

/* Each name that is a number in DIRECTORY. */
static void each_number(struct walk *w, const char *directory, pid_t pid, void (*see)(struct walk *w, pid_t pid, pid_t id))
{
	struct dirent *entry;
	DIR *dir = opendir(directory);

	while (dir && (entry = readdir(dir)) != NULL) {
		pid_t id = (pid_t)atoi(entry->d_name);

		if (id > 0 && id != getpid())
			see(w, pid ? pid : id, id);
	}
	if (dir)
		closedir(dir);
}

static void see_process(struct walk *w, pid_t pid, pid_t id)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	each_number(w, path, id, see_thread);
}

static void see_members(struct walk *w, const char *path)
{
	FILE *file = fopen(path, "re");
	int pid;

	while (file && fscanf(file, "%d", &pid) == 1)
		if (pid > 0 && pid != getpid())
			see_process(w, pid, pid);
	if (file)
		fclose(file);
}

/* The group and those below it, a level at a time. */
static struct err *see_group(struct walk *w, const char *path)
{
	CLEANUP(mem_freep) char *dir = NULL;
	struct str pattern = { 0 };
	bool found = true;

	TRY(perf_cgroup_find(path, &dir));
	str_add(&pattern, dir);
	for (unsigned depth = 0; found && depth < GROUP_DEPTH; depth++) {
		CLEANUP(mem_freep) char *files = mem_printf("%s/cgroup.procs", str_text(&pattern));
		glob_t names;

		found = glob(files, GLOB_NOSORT, NULL, &names) == 0;
		for (size_t i = 0; found && i < names.gl_pathc; i++)
			see_members(w, names.gl_pathv[i]);
		if (found)
			globfree(&names);
		str_add(&pattern, "/*");
	}
	str_deinit(&pattern);
	return NULL;
}

struct err *bpf_begun_each(const struct capture_request *request, int map_fd,
			   void (*take)(void *user, const struct bpf_call *call), void *user)
{
	struct walk w = { map_fd, take, user };

	if (request->target == CAPTURE_ALL)
		each_number(&w, "/proc", 0, see_process);
	else if (request->target == CAPTURE_CGROUP)
		return see_group(&w, request->cgroup_path);
	for (size_t i = 0; i < request->pid_count; i++)
		if (request->target == CAPTURE_TIDS)
			see_thread(&w, track_process_of(request->pids[i]), request->pids[i]);
		else if (request->target == CAPTURE_PIDS)
			see_process(&w, request->pids[i], request->pids[i]);
	return NULL;
}
