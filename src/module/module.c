/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what a process had mapped to a file that can be read now.  Between the two lies
 * time: the file may be deleted, replaced by a new build, or hidden in a mount namespace
 * that is gone.  So several places are tried in turn, and what is found must prove
 * itself: the same build-id, or (where there is none) the same inode.  A file that can't
 * prove itself is not used: a wrong name is worse than none.
 *
 *   1. the descriptor that the tracker took when it saw the mapping first
 *   2. the path, as the process sees it (/proc/PID/root)
 *   3. the path, as we see it
 *   4. the build-id, below /usr/lib/debug/.build-id (as distributions link it)
 *
 * The worst that was met on the way is told in the note.  The kernel, its modules and
 * JIT memory have no file here; their names come from kallsyms and perf maps.
 */
#include "module/module.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "module/debug_path.h"
#include "module/debuginfod.h"
#include "module/elf_head.h"
#include "module/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

struct module {
	enum module_kind kind;
	enum module_trouble trouble;
	char *path, *note, *debuginfod_note;
	bool asked; /* debuginfod */
	struct build_id build_id; /* asked for, or that of the file */
	struct elf_head head;
	int fd, debug_fd;
	char *jitdump;
	int jitdump_fd; /* the key's */
	uint64_t load_addr;
};

/* What the search has met so far. */
struct search {
	const struct module_key *key;
	char *path;             /* without " (deleted)" */
	enum module_trouble worst;
	struct build_id other;  /* of a file that took the name */
};

static void meet(struct search *s, enum module_trouble trouble)
{
	static const uint8_t rank[] = { [MODULE_FINE] = 0, [MODULE_GONE] = 1, [MODULE_DENIED] = 2,
					[MODULE_NOT_ELF] = 3, [MODULE_REPLACED] = 4 };

	if (rank[trouble] > rank[s->worst])
		s->worst = trouble;
}

/* Some file systems show another inode number in /proc/PID/maps than in stat(). */
static bool inode_can_differ(int fd)
{
	enum { OVERLAYFS = 0x794c7630, BTRFS = (int)0x9123683e, FUSE = 0x65735546 };
	struct statfs fs;

	return fstatfs(fd, &fs) != 0 || (int)fs.f_type == OVERLAYFS || (int)fs.f_type == BTRFS ||
	       (int)fs.f_type == FUSE;
}

static bool proves_itself(struct search *s, int fd, const struct build_id *found)
{
	struct stat st;

	if (s->key->build_id.size > 0)
		return build_id_equal(found, &s->key->build_id);
	if (s->key->inode == 0 || fstat(fd, &st) != 0)
		return true; /* nothing is known to hold against it */
	return (uint64_t)st.st_ino == s->key->inode || inode_can_differ(fd);
}

/* Take FD as the image if it is the right file; closes it otherwise. */
static bool take(struct module *m, struct search *s, int fd)
{
	struct elf_head head;

	if (fd < 0) {
		meet(s, errno == EACCES || errno == EPERM ? MODULE_DENIED : MODULE_GONE);
		return false;
	}

	struct err *err = elf_head_read(fd, &head);

	if (err) {
		err_destroy(err);
		meet(s, MODULE_NOT_ELF);
		close(fd);
		return false;
	}
	if (!proves_itself(s, fd, &head.build_id)) {
		s->other = head.build_id;
		meet(s, MODULE_REPLACED);
		elf_head_deinit(&head);
		close(fd);
		return false;
	}
	m->fd = fd;
	m->head = head;
	if (m->build_id.size == 0)
		m->build_id = head.build_id;
	return true;
}

static int duplicate(int fd)
{
	if (fd >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	errno = ENOENT;
	return -1;
}

/* The kept descriptor proves itself by where it comes from. */
static bool take_kept(struct module *m, struct search *s)
{
	struct module_key own = *s->key;

	if (own.fd < 0)
		return false;
	own.build_id.size = 0;
	own.inode = 0;

	struct search kept = { .key = &own };

	return take(m, &kept, duplicate(own.fd));
}

static bool find_image(struct module *m, struct search *s)
{
	const struct module_key *key = s->key;

	if (take_kept(m, s))
		return true;
	if (key->kind == MODULE_VDSO)
		return take(m, s, locate_open_vdso(key->pid)) || (key->pid && take(m, s, locate_open_vdso(0)));
	if (s->path[0] != '/' || s->path[1] == '/') {
		meet(s, MODULE_GONE); /* "[heap]", "//anon": no file */
		return false;
	}
	return (key->pid > 0 && take(m, s, locate_open(key->pid, s->path))) ||
	       take(m, s, locate_open(0, s->path)) ||
	       (key->build_id.size > 0 && take(m, s, locate_open_by_build_id(&key->build_id, "")));
}

/* --- the note ------------------------------------------------------------------------ */

static char *note_replaced(const struct module *m, const struct search *s)
{
	char was[2 * BUILD_ID_MAX + 1], is[2 * BUILD_ID_MAX + 1];

	build_id_format(&s->key->build_id, was);
	build_id_format(&s->other, is);
	if (was[0] && is[0])
		return mem_printf("%s was replaced since (build-id %.8s... became %.8s...)", s->path, was, is);
	return mem_printf("%s was replaced since: another file has its name now", s->path);
}

static char *note_trouble(const struct module *m, const struct search *s)
{
	switch (m->trouble) {
	case MODULE_GONE:
		if (s->path[0] == '/' && s->path[1] != '/')
			return mem_printf("%s is not there any more", s->path);
		return mem_printf("%s is backed by no file", s->path[0] ? s->path : "this memory");
	case MODULE_REPLACED:
		return note_replaced(m, s);
	case MODULE_DENIED:
		return mem_printf("%s may not be read by this user", s->path);
	case MODULE_NOT_ELF:
		return mem_printf("%s is not an ELF file", s->path);
	default:
		return NULL;
	}
}

/* Fine, but the reader should know that the name stands for something else by now. */
static char *note_kept(const struct module *m, const struct search *s)
{
	struct stat kept, now;

	if (s->key->fd < 0 || fstat(m->fd, &kept) != 0)
		return NULL;
	if (kept.st_nlink == 0)
		return mem_printf("%s was deleted while it ran", s->path);
	if (s->key->pid == 0 && stat(s->path, &now) == 0 && now.st_ino != kept.st_ino)
		return mem_printf("%s was replaced while it ran", s->path);
	return NULL;
}

/* --- putting it together --------------------------------------------------------------- */

static bool read_notes(const char *path, struct build_id *id)
{
	struct str notes;

	str_init(&notes);

	struct err *err = io_read_file(path, 1 << 20, &notes);

	if (!err && notes.length > 0)
		build_id_of_notes((const uint8_t *)notes.text, notes.length, 4,
				  __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, id);
	err_destroy(err);
	str_deinit(&notes);
	return id->size > 0;
}

bool build_id_of_running_kernel(struct build_id *id)
{
	*id = (struct build_id){ 0 };
	return read_notes("/sys/kernel/notes", id);
}

/* NAME as in /proc/modules; the recording may write it "[name]". */
static void find_kernel_module(struct module *m)
{
	size_t bracket = m->path[0] == '[', length = strcspn(m->path + bracket, "]/");
	CLEANUP(mem_freep) char *notes = mem_printf("/sys/module/%.*s/notes/.note.gnu.build-id",
						    (int)length, m->path + bracket);

	if (m->path[bracket] != '.')
		read_notes(notes, &m->build_id);
}

/* The debug file of the kernel: only one with the same build-id.  It is the image too: what
 * boots is compressed, and has no symbols. */
static void find_kernel_debug(struct module *m, const char *release)
{
	bool look = m->debug_fd < 0 && m->build_id.size > 0;
	CLEANUP(mem_freep) char *path = look ? debug_path_vmlinux(release, &m->build_id) : NULL;

	if (path != NULL)
		m->debug_fd = locate_open(0, path);
	if (m->debug_fd >= 0)
		m->fd = duplicate(m->debug_fd);
}

/* NAME as in /proc/modules; the recording may write it "[name]". */
static void find_ko(struct module *m, const char *release)
{
	bool bracket = m->path[0] == '[';
	const char *slash = strrchr(m->path, '/');
	const char *name = slash ? slash + 1 : m->path + bracket;
	CLEANUP(mem_freep) char *plain = mem_strndup(name, strcspn(name, "]."));
	int debug;

	debug_path_open_ko(plain, release, &m->build_id, &m->fd, &debug);
	if (m->debug_fd < 0)
		m->debug_fd = debug;
	else
		io_closep(&debug);
}

static void find_kernel_files(struct module *m, const struct module_key *key)
{
	struct utsname name;

	if (key->fd >= 0)
		m->debug_fd = duplicate(key->fd);
	if (m->debug_fd < 0 && m->build_id.size > 0)
		m->debug_fd = locate_open_by_build_id(&m->build_id, ".debug");
	if (m->debug_fd < 0 && m->build_id.size > 0 && m->kind == MODULE_KERNEL)
		m->debug_fd = locate_open_by_build_id(&m->build_id, "");
	if (uname(&name) != 0)
		name.release[0] = '\0';

	const char *release = key->release ? key->release : name.release;

	if (m->kind == MODULE_KERNEL)
		find_kernel_debug(m, release);
	else if (m->build_id.size > 0)
		find_ko(m, release);
}

static void find_files(struct module *m, struct search *s)
{
	if (find_image(m, s)) {
		m->trouble = MODULE_FINE;
		m->note = note_kept(m, s);
	} else {
		m->trouble = s->worst;
		m->note = note_trouble(m, s);
	}
	m->debug_fd = locate_open_by_build_id(&m->build_id, ".debug");
	if (m->debug_fd < 0 && m->fd >= 0)
		m->debug_fd = locate_open_debuglink(m->fd, s->key->pid, s->path, &m->build_id);
}

static char *without_deleted(const char *path)
{
	static const char suffix[] = " (deleted)";
	size_t length = strlen(path);

	if (str_ends(path, suffix))
		length -= sizeof(suffix) - 1;
	return mem_strndup(path, length);
}

struct err *module_create(const struct module_key *key, struct module **ret)
{
	struct module *m = mem_calloc(1, sizeof(*m));
	struct search s = { .key = key, .path = without_deleted(key->path ? key->path : "") };

	m->kind = key->kind;
	m->path = mem_strdup(key->path ? key->path : "");
	m->build_id = key->build_id;
	m->fd = m->debug_fd = -1;
	m->jitdump = key->jitdump ? mem_strdup(key->jitdump) : NULL;
	m->jitdump_fd = key->jitdump ? key->jitdump_fd : -1;
	m->load_addr = key->load_addr;
	/* That of the running one is no answer for another. */
	if (m->kind == MODULE_KERNEL && m->build_id.size == 0 && key->release == NULL)
		build_id_of_running_kernel(&m->build_id);
	else if (m->kind == MODULE_KERNEL_MODULE && m->build_id.size == 0 && key->release == NULL)
		find_kernel_module(m);
	else if (m->kind != MODULE_KERNEL && m->kind != MODULE_KERNEL_MODULE && m->kind != MODULE_ANON)
		find_files(m, &s);
	if (m->kind == MODULE_KERNEL || m->kind == MODULE_KERNEL_MODULE)
		find_kernel_files(m, key);
	free(s.path);
	*ret = m;
	return NULL;
}

void module_destroy(struct module *m)
{
	if (m == NULL)
		return;
	io_closep(&m->fd);
	io_closep(&m->debug_fd);
	elf_head_deinit(&m->head);
	free(m->path);
	free(m->jitdump);
	free(m->note);
	free(m->debuginfod_note);
	free(m);
}

/* --- debuginfod ------------------------------------------------------------------------ */

static int fetch(struct module *m, enum debuginfod_file file, enum debuginfod_when when)
{
	const char *slash = strrchr(m->path, '/');
	char *why;
	int fd = debuginfod_fetch(&m->build_id, file, when, slash ? slash + 1 : m->path, &why);

	if (fd < 0 && why != NULL) {
		free(m->debuginfod_note);
		m->debuginfod_note = why;
	}
	return fd;
}

/* What a server sends has to prove itself as well. */
static bool fetch_image(struct module *m, enum debuginfod_when when)
{
	struct module_key key = { .fd = -1, .build_id = m->build_id };
	struct search s = { .key = &key };
	int fd = fetch(m, DEBUGINFOD_EXECUTABLE, when);

	if (fd < 0 || !take(m, &s, fd))
		return false;
	m->trouble = MODULE_FINE;
	free(m->note);
	m->note = mem_printf("%s is not here; debuginfod had it", m->path);
	return true;
}

bool module_ask_debuginfod(struct module *m, enum debuginfod_when when)
{
	bool any = false;
	struct build_id found;

	if (m->asked || m->build_id.size == 0)
		return false;
	m->asked = true;
	if (m->fd < 0 && m->kind != MODULE_VDSO && m->kind != MODULE_KERNEL && m->kind != MODULE_KERNEL_MODULE)
		any = fetch_image(m, when);
	if (m->debug_fd >= 0)
		return any;
	m->debug_fd = fetch(m, DEBUGINFOD_DEBUGINFO, when);
	if (m->debug_fd >= 0 && build_id_of_fd(m->debug_fd, &found) && !build_id_equal(&found, &m->build_id)) {
		close(m->debug_fd);
		m->debug_fd = -1;
		m->debuginfod_note = mem_strdup("debuginfod sent another file");
	}
	return any || m->debug_fd >= 0;
}

const char *module_borrow_debuginfod_note(const struct module *m) { return m->debuginfod_note; }

enum module_kind module_borrow_kind(const struct module *m) { return m->kind; }
const char *module_borrow_path(const struct module *m) { return m->path; }
const struct build_id *module_borrow_build_id(const struct module *m) { return &m->build_id; }
enum module_trouble module_trouble(const struct module *m) { return m->trouble; }
const char *module_borrow_note(const struct module *m) { return m->note; }
int module_borrow_fd(const struct module *m) { return m->fd; }
int module_borrow_debug_fd(const struct module *m) { return m->debug_fd; }
const char *module_borrow_jitdump(const struct module *m) { return m->jitdump; }
int module_borrow_jitdump_fd(const struct module *m) { return m->jitdump_fd; }
uint64_t module_load_addr(const struct module *m) { return m->load_addr; }

bool module_is_code(const struct module *m, uint64_t vaddr)
{
	for (size_t i = 0; i < m->head.segment_count; i++) {
		const struct elf_segment *s = &m->head.segments[i];

		if (s->executable && vaddr - s->vaddr < s->memory_bytes)
			return true;
	}
	return false;
}

bool module_offset_to_vaddr(const struct module *m, uint64_t offset, uint64_t *vaddr)
{
	const struct elf_segment *found = NULL;

	/* Segments may share a page of the file: the one with code is meant. */
	for (size_t i = 0; i < m->head.segment_count; i++) {
		const struct elf_segment *s = &m->head.segments[i];

		if (offset - s->offset < s->file_bytes && (found == NULL || s->executable))
			found = s;
	}
	if (found == NULL)
		return false;
	*vaddr = offset - found->offset + found->vaddr;
	return true;
}

bool module_vaddr_to_offset(const struct module *m, uint64_t vaddr, uint64_t *offset)
{
	for (size_t i = 0; i < m->head.segment_count; i++) {
		const struct elf_segment *s = &m->head.segments[i];

		if (vaddr - s->vaddr < s->file_bytes) {
			*offset = vaddr - s->vaddr + s->offset;
			return true;
		}
	}
	return false;
}
