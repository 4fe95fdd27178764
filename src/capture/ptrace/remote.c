/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A decoder asks for a string piece by piece and for a structure field by field.  Each
 * small question is answered from a window: up to 512 bytes from the address asked for,
 * never over the end of a page that was not asked for, because the next page may not be
 * there.  What was known before the thread stopped is forgotten: remote_begin().
 *
 * process_vm_readv() first; where it is refused or not there, /proc/PID/mem, which also
 * reads pages that the owner itself may not.
 */
#include "capture/ptrace/remote.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

void remote_begin(struct remote *r, pid_t pid)
{
	r->pid = pid;
	r->count = r->next = 0;
}

static size_t to_page_end(uint64_t addr)
{
	return PAGE_BYTES - addr % PAGE_BYTES;
}

static size_t read_mem_file(pid_t pid, uint64_t addr, void *buffer, size_t size_bytes)
{
	char path[32];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = pread(fd, buffer, size_bytes, (off_t)addr);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* As much as can be read from the start, page by page where the whole can't. */
static size_t read_now(pid_t pid, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct iovec to = { buffer, size_bytes };
	struct iovec from[64];
	size_t count = 0, covered = 0, part;

	/* One piece a page: a transfer is all or nothing within a piece. */
	while (covered < size_bytes && count < 64) {
		part = to_page_end(addr + covered);
		if (count == 63 || part > size_bytes - covered)
			part = size_bytes - covered;
		from[count++] = (struct iovec){ (void *)(uintptr_t)(addr + covered), part };
		covered += part;
	}

	ssize_t n = process_vm_readv(pid, &to, 1, from, count, 0);

	if (n > 0)
		return (size_t)n;
	return read_mem_file(pid, addr, buffer, size_bytes);
}

static const struct remote_window *find_window(const struct remote *r, uint64_t addr, size_t size_bytes)
{
	for (unsigned i = 0; i < r->count; i++) {
		const struct remote_window *w = &r->windows[i];

		if (addr >= w->addr && addr - w->addr < w->size_bytes &&
		    size_bytes <= w->size_bytes - (addr - w->addr))
			return w;
	}
	return NULL;
}

static struct remote_window *take_window(struct remote *r)
{
	struct remote_window *w = &r->windows[r->next];

	r->next = (r->next + 1) % REMOTE_WINDOWS;
	if (r->count < REMOTE_WINDOWS)
		r->count++;
	w->size_bytes = 0;
	return w;
}

static size_t window_want(uint64_t addr)
{
	size_t want = to_page_end(addr);

	return want < REMOTE_WINDOW_BYTES ? want : REMOTE_WINDOW_BYTES;
}

static size_t remote_read(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct remote *r = user;
	const struct remote_window *known = find_window(r, addr, size_bytes);

	if (known) {
		memcpy(buffer, known->bytes + (addr - known->addr), size_bytes);
		return size_bytes;
	}
	if (size_bytes > window_want(addr))
		return read_now(r->pid, addr, buffer, size_bytes);

	struct remote_window *w = take_window(r);

	w->addr = addr;
	w->size_bytes = read_now(r->pid, addr, w->bytes, window_want(addr));
	if (size_bytes > w->size_bytes)
		size_bytes = w->size_bytes;
	memcpy(buffer, w->bytes, size_bytes);
	return size_bytes;
}

struct syscall_memory remote_memory(struct remote *r)
{
	return (struct syscall_memory){ remote_read, r };
}

bool remote_write(pid_t pid, uint64_t addr, const void *data, size_t size_bytes)
{
	char path[32];
	int fd;
	ssize_t n;
	struct iovec from = { (void *)(uintptr_t)data, size_bytes };
	struct iovec to = { (void *)(uintptr_t)addr, size_bytes };

	if (process_vm_writev(pid, &from, 1, &to, 1, 0) == (ssize_t)size_bytes)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = pwrite(fd, data, size_bytes, (off_t)addr);
	close(fd);
	return n == (ssize_t)size_bytes;
}
