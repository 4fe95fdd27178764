// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The source file to look at, where the text names files: a headline's "at net/core/dev.c:1",
 * or a log that was decoded before.  The first file that isn't generic counts; a file
 * further out that lies deeper in the same directory is nearer to the bug (net/ipv4/x.c and
 * then net/ipv4/netfilter/y.c: it is y's).
 */
#include "oops/parse.h"

#include "base/str.h"
#include "oops/kind.h"
#include "oops/match.h"

#include <stdlib.h>
#include <string.h>

/* Directories and files that everybody's bugs pass through; "*" stands for one name. */
static const char *const generic[] = {
	"lib/", "virt/lib/", "mm/kasan/", "mm/kmsan/", "mm/kfence/", "mm/sl?b.c", "mm/sl?b_common.c", "mm/memory.c", "mm/percpu", "mm/vmalloc.c", "mm/page_alloc.c",
	"mm/mempolicy.c", "mm/util.c", "mm/truncate.c", "mm/filemap.c", "mm/usercopy.c", "mm/gup.c", "mm/maccess.c", "mm/page-writeback.c", "mm/compaction.c", "mm/debug.c", "mm/memblock.c", "mm/dmapool.c",
	"kernel/kcov.c", "kernel/kcsan/", "kernel/rcu/", "kernel/locking/", "kernel/panic.c", "kernel/printk/", "kernel/softirq.c", "kernel/kthread.c", "kernel/sched/",
	"kernel/stacktrace.c", "kernel/time/", "mm/mempool.c", "mm/folio-compat.c", "fs/proc/base.c", "kernel/bpf/inode.c", "include/", "kernel/workqueue.c", "kernel/fork.c", "kernel/hung_task.c", "kernel/watchdog.c", "kernel/exit.c", "kernel/irq_work.c", "kernel/notifier.c",
	"kernel/context_tracking.c", "kernel/entry/", "kernel/dma/", "kernel/bpf/verifier.c",
	"net/core/dev.c", "net/core/sock.c", "net/core/skbuff.c", "net/core/stream.c", "net/core/rtnetlink.c", "net/core/lock_debug.c", "net/socket.c", "net/netlink/", "net/core/datagram.c",
	"fs/proc/generic.c", "fs/file_table.c", "fs/buffer.c", "fs/read_write.c", "fs/iomap/", "fs/mpage.c", "fs/fs_context.c", "fs/ioctl.c", "fs/file.c",
	"drivers/usb/core/", "drivers/gpu/drm/drm_ioctl.c", "tools/", "rust/",
	"sound/core/", "trusty/", NULL
};

static const char *const generic_suffixes[] = { ".h", "/kernel/traps.c", "/kernel/unwind", "/kernel/stacktrace.c", "/kernel/dumpstack.c", "/kernel/process.c",
	"/kernel/entry-common.c", "/kernel/syscall.c", "/kernel/entry.S", "/mm/tlb.c", "/mm/fault.c", "/mm/physaddr.c", "/mm/extable.c", "/mm/ioremap.c", "/entry/common.c", "/kernel/irq.c", "/kernel/apic/apic.c", "/kernel/smp.c", NULL };

static bool starts_with_pattern(const char *path, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, path++)
		if (*path == '\0' || (*pattern != '?' && *pattern != *path))
			return false;
	return true;
}

static bool is_generic(const char *path)
{
	size_t length = strlen(path);

	for (const char *const *g = generic; *g != NULL; g++)
		if (starts_with_pattern(path, *g))
			return true;
	for (const char *const *g = generic_suffixes; *g != NULL; g++) {
		size_t n = strlen(*g);

		if (length >= n && strcmp(path + length - n, *g) == 0)
			return true;
	}
	return strncmp(path, "arch/", 5) == 0 && (strstr(path, "/kernel/unwind") != NULL || strstr(path, "/lib/") != NULL || strstr(path, "/entry/") != NULL);
}

/* "arch/x86/kvm/../../../virt/kvm/eventfd.c" -> "virt/kvm/eventfd.c", in place. */
static void clean_path(char *path)
{
	char *dots;

	while (strncmp(path, "./", 2) == 0)
		memmove(path, path + 2, strlen(path + 2) + 1);
	while ((dots = strstr(path, "/../")) != NULL) {
		char *from = dots;

		while (from > path && from[-1] != '/')
			from--;
		if (from == dots)
			return;
		memmove(from, dots + 4, strlen(dots + 4) + 1);
	}
}

static bool is_path_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_-./+,", c) != NULL;
}

/* The first "dir/file.c:123" of a line. */
static char *find_file(struct oops_report *r, const char *line, size_t length, unsigned *number)
{
	for (size_t i = 1; i + 1 < length; i++) {
		size_t start = i;

		if (line[i] != ':' || line[i + 1] < '0' || line[i + 1] > '9')
			continue;
		while (start > 0 && line[start - 1] != '\0' && is_path_char(line[start - 1]))
			start--;
		const char *name = line + start;
		size_t n = i - start;

		if (n < 5 || memchr(name, '/', n) == NULL || *name == '/')
			continue;
		if (memcmp(name + n - 2, ".c", 2) != 0 && memcmp(name + n - 2, ".h", 2) != 0 && memcmp(name + n - 2, ".S", 2) != 0 &&
		    memcmp(name + n - 3, ".rs", 3) != 0)
			continue;
		char *path = arena_strndup(&r->arena, name, n);

		clean_path(path);
		*number = (unsigned)strtoul(line + i + 1, NULL, 10);
		return path;
	}
	return NULL;
}

/* Does PATH lie in a directory below that of THAN? */
static bool is_deeper(const char *path, const char *than)
{
	const char *slash = strrchr(than, '/');
	size_t directory = slash != NULL ? (size_t)(slash - than) + 1 : 0;

	return directory > 0 && strncmp(path, than, directory) == 0 && strchr(path + directory, '/') != NULL;
}

static bool counts(const char *line, size_t length, const char *path)
{
	return !is_generic(path) && oops_find(line, length, "should_fail") == NULL;
}

void oops_source_find(struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line, *first = NULL, *found = NULL;
	size_t length;
	unsigned number = 0, first_number = 0, found_number = 0;

	while (oops_lines_next(&lines, &line, &length)) {
		/* "4096 B 1 init/main.c:1311 func:do_initcalls": who allocated how much, of a failed allocation. */
		const char *path = oops_find(line, length, " func:") == NULL ? find_file(r, line, length, &number) : NULL;

		if (path == NULL)
			continue;
		if (first == NULL)
			first = path, first_number = number;
		if (counts(line, length, path) && (found == NULL || is_deeper(path, found)))
			found = path, found_number = number;
	}
	r->source_file = found != NULL ? found : first;
	r->source_line = found != NULL ? found_number : first_number;
}

bool oops_source_is_of_blame(const struct oops_report *r)
{
	if (r->blame == NULL || r->blame->function == NULL)
		return false;
	if (r->blame->file != NULL)
		return str_eq(r->blame->file, r->source_file);
	return (r->pc.function != NULL && strcmp(r->pc.function, r->blame->function) == 0) || strcmp(oops_detail(r, "func"), r->blame->function) == 0 || strcmp(r->kind->name, "ubsan") == 0;
}
