/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mapped files that may shrink under us.
 *
 * To read a page of a mapping whose file ends before it is SIGBUS, and a linker that writes
 * a program anew, or a package manager, cuts files short at any time.  So all files of
 * others are mapped here, and a handler for SIGBUS puts a page of zeros where the file's is
 * gone: parsers, for whom all bytes are hostile anyway, then see zeros.  Faults anywhere else
 * go on to whoever handled them before, by default to death.
 *
 * Signal handlers have no arguments, so the list of mappings is one of the few variables of
 * this program that live outside of a function.  It is a chain of blocks that are never freed;
 * the handler walks it without a lock.  A slot counts while its `high` is not 0, which is
 * written last and cleared first.
 */
#include "base/io.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_SLOTS = 64 };

struct io_map_slot {
	_Atomic uintptr_t low, high;
	atomic_bool cut;
};
struct block {
	struct io_map_slot slots[BLOCK_SLOTS];
	struct block *_Atomic next;
};

static struct block first_block;
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t handler_once = PTHREAD_ONCE_INIT;
static struct sigaction before; /* written once, before the handler is there */
static uintptr_t page_bytes;

/* --- the handler ------------------------------------------------------------------------- */

static struct io_map_slot *slot_of(uintptr_t addr)
{
	for (struct block *b = &first_block; b != NULL; b = atomic_load(&b->next))
		for (size_t i = 0; i < BLOCK_SLOTS; i++)
			if (addr < atomic_load(&b->slots[i].high) && addr >= atomic_load(&b->slots[i].low))
				return &b->slots[i];
	return NULL;
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	int saved = errno;
	struct io_map_slot *slot = info->si_code > 0 ? slot_of(addr) : NULL;
	void *page = (void *)(addr & ~(page_bytes - 1));

	if (slot != NULL &&
	    mmap(page, page_bytes, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == page) {
		atomic_store(&slot->cut, true);
		errno = saved;
		return;
	}
	/* Not ours: the instruction faults again, under the one before us. */
	sigaction(SIGBUS, &before, NULL);
	if (info->si_code <= 0)
		raise(SIGBUS);
	errno = saved;
}

static void install(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigaction(SIGBUS, NULL, &before);
	sigaction(SIGBUS, &action, NULL);
}

/* --- slots ------------------------------------------------------------------------------- */

static struct io_map_slot *free_slot(void)
{
	struct block *b = &first_block;

	for (;;) {
		for (size_t i = 0; i < BLOCK_SLOTS; i++)
			if (atomic_load(&b->slots[i].high) == 0)
				return &b->slots[i];
		if (atomic_load(&b->next) == NULL)
			atomic_store(&b->next, mem_calloc(1, sizeof(*b)));
		b = atomic_load(&b->next);
	}
}

static struct io_map_slot *take_slot(uintptr_t low, uintptr_t high)
{
	pthread_mutex_lock(&slots_lock);

	struct io_map_slot *slot = free_slot();

	atomic_store(&slot->cut, false);
	atomic_store(&slot->low, low);
	atomic_store(&slot->high, high);
	pthread_mutex_unlock(&slots_lock);
	return slot;
}

/* --- mapping ----------------------------------------------------------------------------- */

static size_t mapped_bytes(size_t size_bytes)
{
	return ((size_bytes + page_bytes - 1) & ~(page_bytes - 1)) + page_bytes;
}

struct err *io_map_fd(int fd, const char *name, struct io_map *map)
{
	struct stat st;

	*map = (struct io_map){ 0 };
	if (fstat(fd, &st) < 0)
		return err_errno(errno, "cannot stat %s", name);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_FORMAT, "%s is not a regular file", name);
	if (st.st_size == 0)
		return NULL;
	pthread_once(&handler_once, install);

	/* The file's pages over reserved ones: the last of those stays, all zeros. */
	size_t size_bytes = (size_t)st.st_size, all_bytes = mapped_bytes(size_bytes);
	void *data = mmap(NULL, all_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED)
		return err_errno(errno, "cannot map %s", name);
	if (mmap(data, size_bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
		struct err *err = err_errno(errno, "cannot map %s", name);

		munmap(data, all_bytes);
		return err;
	}
	*map = (struct io_map){ data, size_bytes,
				take_slot((uintptr_t)data, (uintptr_t)data + all_bytes) };
	return NULL;
}

struct err *io_map_file(int dirfd, const char *path, struct io_map *map)
{
	CLEANUP(io_closep) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*map = (struct io_map){ 0 };
	if (fd < 0)
		return err_errno(errno, "cannot open %s", path);
	return io_map_fd(fd, path, map);
}

bool io_map_is_cut(const struct io_map *map) { return map->slot != NULL && atomic_load(&map->slot->cut); }

void io_map_deinit(struct io_map *map)
{
	if (map->slot != NULL) {
		atomic_store(&map->slot->high, 0);
		munmap((void *)map->data, mapped_bytes(map->size_bytes));
	}
	*map = (struct io_map){ 0 };
}
