/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities: what is read from /proc and /sys of a made-up machine, and that real probes
 * leave nothing behind. */
#include "base/cap.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char root[] = "/tmp/sonde-cap-XXXXXX";
static struct cap_env env;

/* Put a file into the made-up machine. */
static void put(const char *path, const char *text)
{
	CLEANUP(mem_freep) char *full = mem_printf("%s%s", root, path);

	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	assert_null(io_replace_file(AT_FDCWD, full, text, strlen(text)));
}

static struct cap_result probe(const char *key)
{
	struct cap_result r;
	const struct cap *cap = cap_find(key);

	assert_non_null(cap);
	cap_probe(cap, &env, &r);
	return r;
}

/* Root is told the command without sudo. */
static const char *without_sudo(const char *fix) { return strncmp(fix, "sudo ", 5) == 0 ? fix + 5 : fix; }

static void test_paranoid(void **state)
{
	assert_int_equal(cap_perf_paranoid(&env), 99);
	put("/proc/sys/kernel/perf_event_paranoid", "3\n");
	assert_int_equal(cap_perf_paranoid(&env), 3);
	put("/proc/sys/kernel/perf_event_paranoid", "-7\n");
	assert_int_equal(cap_perf_paranoid(&env), -1);
}

static void test_kernel_symbols(void **state)
{
	assert_int_equal(probe("kernel_symbols").state, CAP_NOT_IN_KERNEL);
	put("/proc/kallsyms", "0000000000000000 T startup_64\n0000000000000000 T secondary_startup_64\n");
	put("/proc/sys/kernel/kptr_restrict", "1\n");
	put("/proc/sys/kernel/perf_event_paranoid", "3\n");

	struct cap_result r = probe("kernel_symbols");

	assert_int_equal(r.state, CAP_NOT_PERMITTED);
	assert_non_null(strstr(r.detail, "kernel.kptr_restrict is 1"));
	assert_string_equal(without_sudo(r.fix), "sysctl kernel.kptr_restrict=0 kernel.perf_event_paranoid=1");
	/* the first symbols of a real x86 kernel are per-CPU offsets, zero for everybody */
	put("/proc/kallsyms", "0000000000000000 D __per_cpu_start\nffffffff81000000 T _stext\n");
	assert_int_equal(probe("kernel_symbols").state, CAP_YES);
}

static void test_tracefs(void **state)
{
	char path[200];

	put("/proc/self/mounts", "proc /proc proc rw 0 0\n");
	assert_false(cap_tracefs(&env, path, sizeof(path)));
	put("/proc/self/mounts", "proc /proc proc rw 0 0\ntracefs /sys/kernel/tracing tracefs rw 0 0\n");
	assert_true(cap_tracefs(&env, path, sizeof(path)));
	assert_string_equal(path, "/sys/kernel/tracing");
	put("/sys/kernel/tracing/events/enable", "0");

	struct cap_result r = probe("tracefs");

	assert_int_equal(r.state, CAP_YES);
	assert_string_equal(r.detail, "mounted at /sys/kernel/tracing");
}

static void test_process(void **state)
{
	unsetenv("DEBUGINFOD_URLS");
	put("/etc/os-release", "PRETTY_NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n");
	assert_string_equal(probe("debuginfod").fix, "export DEBUGINFOD_URLS=https://debuginfod.debian.net");
	put("/etc/os-release", "ID=\"opensuse-leap\"\n");
	assert_string_equal(probe("debuginfod").fix, "export DEBUGINFOD_URLS=https://debuginfod.opensuse.org");
	put("/etc/os-release", "ID=plan9\n");
	assert_string_equal(probe("debuginfod").fix, "export DEBUGINFOD_URLS=https://debuginfod.elfutils.org");
	assert_int_equal(probe("pressure").state, CAP_NOT_IN_KERNEL);
	put("/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	assert_int_equal(probe("pressure").state, CAP_YES);
	put("/proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n");
	assert_string_equal(probe("core_files").detail, "kept by /usr/lib/systemd/systemd-coredump %P");
	assert_int_equal(probe("cgroups").state, CAP_NOT_IN_KERNEL);
	put("/proc/cgroups", "#subsys_name\n");
	assert_int_equal(probe("cgroups").state, CAP_MISSING);
	put("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
	assert_string_equal(probe("cgroups").detail, "version 2: cpu memory");
	assert_int_equal(probe("kernel_memory").state, CAP_NOT_IN_KERNEL);
	put("/proc/kcore", "\177ELF...");
	assert_int_equal(probe("kernel_memory").state, CAP_YES);
	assert_int_equal(probe("modules").state, CAP_NOT_IN_KERNEL);
}

static void test_broken_btf(void **state)
{
	assert_int_equal(probe("bpf_btf").state, CAP_NOT_IN_KERNEL);
	put("/sys/kernel/btf/vmlinux", "nonsense, and longer than a header of 24 bytes");
	assert_int_equal(probe("bpf_btf").state, CAP_MISSING);
	assert_int_equal(probe("bpf_fentry").state, CAP_NOT_IN_KERNEL);
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Every real probe: an answer that can be printed, a fix only where something is wrong, no
 * descriptor left open, no key twice. */
static void test_real(void **state)
{
	const struct cap_env machine = { .root = "" };
	size_t before = open_descriptors();

	for (const struct cap *c = cap_table; c->key; c++) {
		struct cap_result r;

		cap_probe(c, &machine, &r);
		assert_ptr_equal(cap_find(c->key), c);
		assert_true(r.state <= CAP_MISSING);
		assert_non_null(cap_state_text(r.state));
		assert_true(r.detail[0] != '\0');
		if (r.state == CAP_YES)
			assert_string_equal(r.fix, "");
	}
	assert_int_equal(open_descriptors(), before);
}

static int setup(void **state)
{
	env.root = mkdtemp(root);
	return env.root ? 0 : -1;
}

static int teardown(void **state)
{
	CLEANUP(mem_freep) char *command = mem_printf("rm -rf %s", root);

	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paranoid), cmocka_unit_test(test_kernel_symbols),
		cmocka_unit_test(test_tracefs),	 cmocka_unit_test(test_process),
		cmocka_unit_test(test_broken_btf), cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
