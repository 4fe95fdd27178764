/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_MODULE_H
#define SONDE_MODULE_MODULE_H
/*
 * Which file backs an address.  A module is a file with code (or the kernel, a
 * kernel module, the vDSO, JIT memory), known by its build-id where it has one.
 */
#include "base/err.h"
#include "event/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUILD_ID_MAX = 20 };
struct build_id {
	uint8_t bytes[BUILD_ID_MAX];
	uint8_t size; /* 0: none */
};
bool build_id_equal(const struct build_id *a, const struct build_id *b); /* false when either has none */
/* HEX has room for 2 * BUILD_ID_MAX + 1. */
void build_id_format(const struct build_id *id, char *hex);
bool build_id_parse(const char *hex, struct build_id *id);
bool build_id_of_running_kernel(struct build_id *id);

/* Where to look for the file of a module. */
struct module_key {
	enum module_kind kind;
	const char *path;          /* as the process saw it; may end in " (deleted)" */
	struct build_id build_id;  /* size 0: not known */
	int fd;                    /* an open descriptor of the file itself (the kernel: of its debug
				    * file), or -1.  Borrowed. */
	int pid;                   /* for /proc/PID/root, /proc/PID/map_files; 0: none */
	uint64_t dev, inode;       /* 0: not known */
	/* MODULE_ANON: the jit-PID.dump that the process had mapped, NULL: not known; and a
	 * descriptor of it, or -1.  Borrowed. */
	const char *jitdump;
	int jitdump_fd;
	/* A kernel that isn't the running one, or a module of it: its release, "" when that isn't known;
	 * NULL: the running one.  And where the module's code began, 0: not known. */
	const char *release;
	uint64_t load_addr;
};

/* A module whose file was found and checked. */
struct module;

enum module_trouble {
	MODULE_FINE,
	MODULE_GONE,      /* no such file any more */
	MODULE_REPLACED,  /* the file has another build-id (or inode) now */
	MODULE_DENIED,    /* no permission to read it */
	MODULE_NOT_ELF,
};

/* Find the file: fd, then the process's own mount namespace, then this one; then by
 * build-id under /usr/lib/debug/.build-id.  A module is made also when nothing was
 * found: then module_trouble() says why, and symbols come from elsewhere or not at all. */
struct err *module_create(const struct module_key *key, struct module **ret);
void module_destroy(struct module *m);

enum module_kind module_borrow_kind(const struct module *m);
const char *module_borrow_path(const struct module *m); /* the key's, "" for none */
const struct build_id *module_borrow_build_id(const struct module *m);
enum module_trouble module_trouble(const struct module *m);
enum debuginfod_when { DEBUGINFOD_AUTO, DEBUGINFOD_ALWAYS, DEBUGINFOD_NEVER };
/* Ask debuginfod (debuginfod.h) for what was not found: the file itself, and its debug file.
 * True: there is something new in module_borrow_fd() or module_borrow_debug_fd().  Asks once. */
bool module_ask_debuginfod(struct module *m, enum debuginfod_when when);
/* Why that gave nothing: "debuginfod does not have it"; NULL: it was not asked, or had it. */
const char *module_borrow_debuginfod_note(const struct module *m);

/* One sentence for people: "/tmp/a.out was replaced since (build-id 12ab... became 34cd...)".
 * NULL when there is nothing to say; a file that is used though it was deleted or replaced
 * (through the descriptor) is MODULE_FINE and has a note. */
const char *module_borrow_note(const struct module *m);
/* The ELF image, or -1.  Borrowed. */
int module_borrow_fd(const struct module *m);
/* Of the key: NULL and -1 where nothing was noted.  Borrowed. */
const char *module_borrow_jitdump(const struct module *m);
int module_borrow_jitdump_fd(const struct module *m);
uint64_t module_load_addr(const struct module *m);
/* Separate debug file (.gnu_debuglink, .build-id), -1 where there is none.  Borrowed. */
int module_borrow_debug_fd(const struct module *m);

/* File offset <-> ELF virtual address, by the program headers; false when no
 * loadable segment covers it. */
bool module_offset_to_vaddr(const struct module *m, uint64_t offset, uint64_t *vaddr);
bool module_vaddr_to_offset(const struct module *m, uint64_t vaddr, uint64_t *offset);
/* Does an executable segment cover it? */
bool module_is_code(const struct module *m, uint64_t vaddr);

#endif
