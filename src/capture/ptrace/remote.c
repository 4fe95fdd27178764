/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A decoder asks for a string piece by piece and for a structure field by field.  Each
 * small question is answered from a window, the page that the address is in: a page costs
 * hardly more than a few bytes of it, and most calls' arguments are in one or two.  What was known before the thread stopped is forgotten: remote_begin().
 *
 * process_vm_readv(), which reads what the owner itself may read.  Only where it is refused or
 * not there /proc/PID/mem, which also reads pages that the owner may not: there a call that
 * failed with EFAULT would be shown with a text that the kernel never got.
 */
#include "capture/ptrace/remote.h"

#include <errno.h>
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

static int open_mem_file(pid_t pid, int mode)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, mode | O_CLOEXEC);
}

static size_t read_mem_file(pid_t pid, uint64_t addr, void *buffer, size_t size_bytes)
{
	int fd = open_mem_file(pid, O_RDONLY);
	ssize_t n;

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

	if (n >= 0)
		return (size_t)n;
	return errno == ENOSYS || errno == EPERM ? read_mem_file(pid, addr, buffer, size_bytes) : 0;
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

/* Within one page. */
static size_t read_in_page(struct remote *r, uint64_t addr, void *buffer, size_t size_bytes)
{
	const struct remote_window *known = find_window(r, addr, size_bytes);

	if (!known) {
		struct remote_window *w = take_window(r);

		w->addr = addr & ~(uint64_t)(PAGE_BYTES - 1);
		w->size_bytes = read_now(r->pid, w->addr, w->bytes, PAGE_BYTES);
		known = find_window(r, addr, size_bytes);
	}
	if (!known)
		return 0;
	memcpy(buffer, known->bytes + (addr - known->addr), size_bytes);
	return size_bytes;
}

static size_t remote_read(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct remote *r = user;
	size_t done = 0;

	if (size_bytes > (REMOTE_WINDOWS - 1) * PAGE_BYTES)
		return read_now(r->pid, addr, buffer, size_bytes);
	while (done < size_bytes) {
		size_t left = size_bytes - done, part = to_page_end(addr + done);
		size_t n = read_in_page(r, addr + done, (uint8_t *)buffer + done, part < left ? part : left);

		done += n;
		if (n == 0)
			break;
	}
	return done;
}

struct syscall_memory remote_memory(struct remote *r)
{
	return (struct syscall_memory){ remote_read, r };
}

size_t remote_write(pid_t pid, uint64_t addr, const void *data, size_t size_bytes)
{
	int fd;
	struct iovec from = { (void *)(uintptr_t)data, size_bytes };
	struct iovec to = { (void *)(uintptr_t)addr, size_bytes };
	ssize_t n = process_vm_writev(pid, &from, 1, &to, 1, 0);

	if (n > 0)
		return (size_t)n;
	fd = open_mem_file(pid, O_WRONLY);
	if (fd < 0)
		return 0;
	n = pwrite(fd, data, size_bytes, (off_t)addr);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}
