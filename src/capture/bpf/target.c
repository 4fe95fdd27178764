/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The target of a request, as maps and settings of a program.
 *
 * The fork programs are attached before anybody is added, so from the moment that a process is
 * in the set everything that it forks is.  A child that it made before that is not: with -p
 * what is forked from now on is asked for.
 */
#include "capture/bpf/target.h"

#include "capture/perf/perf.h"
#include "event/bpf_target.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FIRST_PID_NAMESPACE 0xeffffffcU /* its inode: include/linux/proc_ns.h, PROC_PID_INIT_INO */

static bool is_same_directory(const char *a, const char *b)
{
	const unsigned wanted = STATX_INO | STATX_MNT_ID;
	struct statx one, other;

	return statx(AT_FDCWD, a, 0, wanted, &one) == 0 && statx(AT_FDCWD, b, 0, wanted, &other) == 0 &&
	       (one.stx_mask & other.stx_mask & wanted) == wanted && one.stx_ino == other.stx_ino &&
	       one.stx_mnt_id == other.stx_mnt_id;
}

/* Are our ids those of the first PID namespace, and our root that of its first process? */
static bool is_nowhere_special(void)
{
	struct stat ns;

	return stat("/proc/self/ns/pid", &ns) == 0 && ns.st_ino == FIRST_PID_NAMESPACE &&
	       is_same_directory("/", "/proc/1/root/");
}

/* Where our ids are counted and our paths begin; only a container or a changed root needs to ask. */
static struct err *find_place(const struct bpf_target *target)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	if (is_nowhere_special())
		return NULL;

	int failed = bpf_prog_test_run_opts(bpf_program__fd(target->where), &run);

	return failed ? err_errno(-failed, "cannot find out our PID namespace and root") : NULL;
}

struct err *bpf_target_add(const struct bpf_target *target, pid_t id, bool *is_new)
{
	uint32_t key = (uint32_t)id, value = 0;
	int failed = bpf_map_update_elem(bpf_map__fd(target->targets), &key, &value, BPF_NOEXIST);

	if (is_new)
		*is_new = failed == 0;
	return failed && failed != -EEXIST ? err_errno(-failed, "cannot tell a BPF program to look at %d", id) : NULL;
}

static void set_mode(const struct bpf_target *target, enum bpf_target_mode mode)
{
	__atomic_store_n(target->mode, (uint32_t)mode, __ATOMIC_SEQ_CST);
}

struct err *bpf_target_all(const struct bpf_target *target)
{
	TRY(find_place(target));
	set_mode(target, BPF_TARGET_ALL);
	return NULL;
}

struct err *bpf_target_processes(const struct bpf_target *target)
{
	TRY(find_place(target));
	set_mode(target, BPF_TARGET_PROCESSES);
	return NULL;
}

/* Which hierarchy of version 1 a directory is in: /proc/self/mountinfo has its device's controllers,
 * /proc/self/cgroup their number.  0: none, or one without controllers ("name=systemd"). */
static uint32_t v1_hierarchy(dev_t device)
{
	char line[4096], options[256] = "", names[256], *last;
	unsigned major, minor, number, found = 0;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d %*d %u:%u", &major, &minor) == 2 && makedev(major, minor) == device &&
		    (last = strrchr(line, ' ')) != NULL)
			snprintf(options, sizeof(options), ",%.*s,", (int)strcspn(last + 1, "\n"), last + 1);
	if (file)
		fclose(file);
	file = fopen("/proc/self/cgroup", "re");
	while (file && fgets(line, sizeof(line), file)) {
		char *end = NULL, *name = sscanf(line, "%u:%255[^:]:", &number, names) == 2 ? strtok_r(names, ",", &end) : NULL;
		char wanted[256];

		if (!name || strchr(name, '='))
			continue;
		snprintf(wanted, sizeof(wanted), ",%s,", name);
		if (strstr(options, wanted))
			found = number;
	}
	if (file)
		fclose(file);
	return found;
}

/* The kernel finds the controller: target_where() in bpf/target.bpf.h. */
static bool add_v1(const struct bpf_target *target, const char *dir)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct stat st;

	if (stat(dir, &st) != 0)
		return false;
	*target->v1_hierarchy = v1_hierarchy(st.st_dev);
	*target->v1_id = st.st_ino;
	return *target->v1_hierarchy && bpf_prog_test_run_opts(bpf_program__fd(target->where), &run) == 0 &&
	       *target->v1_controller != UINT32_MAX;
}

static struct err *add_cgroup(const struct bpf_target *target, const char *path, enum bpf_target_mode *mode)
{
	uint32_t zero = 0;
	char *dir = NULL;

	TRY(perf_cgroup_find(path, &dir));

	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 ? -errno : bpf_map_update_elem(bpf_map__fd(target->cgroup), &zero, &fd, BPF_ANY);

	*mode = BPF_TARGET_CGROUP;
	if (fd >= 0)
		close(fd); /* the map holds the group */
	if ((failed == -EBADF || failed == -EINVAL) && add_v1(target, dir)) {
		*mode = BPF_TARGET_CGROUP_V1;
		failed = 0;
	}
	free(dir);
	if (failed == -EBADF || failed == -EINVAL)
		return err_fix(err_new(ERR_UNSUPPORTED, "BPF programs can't follow control group %s: its hierarchy is of version 1 and has no controller", path),
			       "name it by its place in the unified hierarchy (/sys/fs/cgroup/unified)");
	return failed ? err_errno(-failed, "cannot follow control group %s", path) : NULL;
}

struct err *bpf_target_set(const struct bpf_target *target, const struct capture_request *request)
{
	enum bpf_target_mode mode = BPF_TARGET_ALL;

	TRY(find_place(target));
	*target->self = (uint32_t)getpid();
	if (request->target == CAPTURE_CGROUP) {
		TRY(add_cgroup(target, request->cgroup_path, &mode));
	} else if (request->target != CAPTURE_ALL) {
		mode = request->target == CAPTURE_TIDS ? BPF_TARGET_THREADS : BPF_TARGET_PROCESSES;
		/* first the mode, so that what they fork while they are added follows them */
		set_mode(target, mode);
		for (size_t i = 0; i < request->pid_count; i++)
			TRY(bpf_target_add(target, request->pids[i], NULL));
	}
	set_mode(target, mode);
	return NULL;
}
