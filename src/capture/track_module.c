/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lies behind addresses.
 *
 * A file is one module however often and wherever it is mapped: it is known by its
 * build-id and path, and one without a build-id by device, inode and path.  What a
 * mapping event doesn't say (kernels before 5.12, and /proc/PID/maps, have no
 * build-id) is read from the file once, and remembered under device, inode and path.
 *
 * The file is opened when it is first seen and stays open: so it can be read at the
 * end though it was deleted or replaced meanwhile, and its inode number can't be given
 * to another file.  It is looked for the way the process sees it (/proc/PID/root), then
 * by its mapping (/proc/PID/map_files), then, when the process is gone, in our own
 * root; what is found counts only if build-id or inode agree.
 *
 * Memory without a file (JIT code) is a module of its own in each process, because the
 * same address means something else in the next.  Offsets in it are addresses, as in
 * the kernel.
 */
#include "capture/track_internal.h"

#include "base/io.h"
#include "base/mem.h"
#include "module/elf_head.h"
#include "unwind/image.h"
#include "module/locate.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 4096, IDENTITY_MAX = 4096 + 64 };

/* --- opening the file --------------------------------------------------------------- */

/* Is this the file that was mapped?  Closes it when not. */
static int accept_file(int fd, const struct track_mmap *m)
{
	struct stat st;
	struct build_id id;
	bool same = true;

	if (fd < 0)
		return -1;
	if (m->build_id_size)
		same = build_id_of_fd(fd, &id) && id.size == m->build_id_size &&
		       memcmp(id.bytes, m->build_id, id.size) == 0;
	else if (m->inode)
		same = fstat(fd, &st) == 0 && (uint64_t)st.st_ino == m->inode;
	if (same)
		return fd;
	close(fd);
	return -1;
}

/* The vDSO has no file: its image is copied into one, from the process, or when that is
 * gone from ourselves: a boot has one image for each word size. */
static int open_vdso(pid_t pid, const struct track_mmap *m)
{
	bool as_ours = (m->addr < UINT32_MAX) == (sizeof(void *) == 4);
	int fd = locate_open_vdso_at(pid, m->addr, m->size_bytes);

	return fd < 0 && as_ours ? locate_open_vdso(0) : fd;
}

/* Leave descriptors for the perf events and for everybody else. */
static bool may_open(const struct track *t)
{
	struct rlimit limit;

	if (t->open_files >= FILES_MAX || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	return limit.rlim_cur == RLIM_INFINITY || t->open_files < limit.rlim_cur / 4;
}

/* Only what is certainly the same: by build-id, or by inode and, where the machine isn't known to
 * be this one, the device too. */
static int open_offline(const struct track *t, const struct track_mmap *m)
{
	bool is_vdso = strcmp(m->path, "[vdso]") == 0;
	struct stat st;
	int fd;

	if (m->build_id_size == 0 && m->inode == 0)
		return -1;
	fd = accept_file(is_vdso ? locate_open_vdso(0) : locate_open(0, m->path), m);
	if (fd >= 0 && m->build_id_size == 0 && !t->local && (fstat(fd, &st) != 0 || (uint64_t)st.st_dev != m->dev)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int open_file(struct track *t, pid_t pid, const struct track_mmap *m)
{
	if (!may_open(t))
		return -1;
	if (t->offline)
		return open_offline(t, m);
	if (strcmp(m->path, "[vdso]") == 0)
		return open_vdso(pid, m);

	int fd = accept_file(locate_open(pid, m->path), m);

	if (fd < 0)
		fd = accept_file(locate_open_mapping(pid, m->addr, m->size_bytes), m);
	if (fd < 0)
		fd = accept_file(locate_open(0, m->path), m);
	return fd;
}

/* --- modules ---------------------------------------------------------------------------- */

static struct track_module *module_of(const struct track *t, uint32_t id)
{
	return t->modules.v[id];
}

/* Takes key->fd; copies the path. */
static uint32_t module_add(struct track *t, const struct module_key *key)
{
	struct track_module *m = mem_calloc(1, sizeof(*m));
	char hex[2 * BUILD_ID_MAX + 1];

	m->key = *key;
	m->key.path = mem_strdup(key->path);
	map_init(&m->frames);
	build_id_format(&key->build_id, hex);
	m->row = (struct row_module){
		.id = (uint32_t)t->modules.n, .kind = (uint8_t)key->kind,
		.path = recorder_string(t->recorder, key->path, strlen(key->path)),
		.build_id = recorder_string(t->recorder, hex, strlen(hex)),
	};
	if (key->fd >= 0)
		t->open_files++;
	vec_push(&t->modules, m);
	recorder_side(t->recorder, TYPE_module, &m->row);
	return m->row.id;
}

/* What a path says; a mapping of a file without one of these names is a file. */
static uint32_t anon_module(struct track *t, struct track_process *p, const struct track_mmap *m)
{
	if (p->anon_module == 0)
		p->anon_module = module_add(t, &(struct module_key){ .kind = MODULE_ANON, .fd = -1,
								     .path = "[anon]",
								     .pid = p->pid });
	return p->anon_module;
}

/* By build-id and path; *text has room for IDENTITY_MAX. */
static size_t identity_of_build_id(char *text, const struct build_id *id, const char *path)
{
	char hex[2 * BUILD_ID_MAX + 1];

	build_id_format(id, hex);
	return (size_t)snprintf(text, IDENTITY_MAX, "b%s %.4000s", hex, path);
}

static size_t identity_of_inode(char *text, const struct track_mmap *m)
{
	bool is_32 = m->addr < UINT32_MAX; /* the vDSO has one image for each word size */

	return (size_t)snprintf(text, IDENTITY_MAX, "i%" PRIx64 ":%" PRIx64 "%s %.4000s", m->dev,
				m->inode, m->inode == 0 && is_32 ? ":32" : "", m->path);
}

/* A file never seen under this device and inode: open it, and know it by its build-id
 * if it has one. */
static uint32_t file_module_new(struct track *t, struct track_process *p,
				const struct track_mmap *m, enum module_kind kind)
{
	char identity[IDENTITY_MAX];
	struct module_key key = { .kind = kind, .path = m->path, .pid = p->pid, .dev = m->dev,
				  .inode = m->inode, .fd = open_file(t, p->pid, m) };
	bool has_id = true, is_new;

	if (m->build_id_size) {
		key.build_id.size = (uint8_t)m->build_id_size;
		memcpy(key.build_id.bytes, m->build_id, m->build_id_size);
	} else {
		has_id = key.fd >= 0 && build_id_of_fd(key.fd, &key.build_id);
	}
	if (!has_id)
		return module_add(t, &key);

	size_t length = identity_of_build_id(identity, &key.build_id, m->path);
	uint64_t *id = strmap_get(&t->module_ids, identity, length, &is_new);

	if (is_new)
		*id = module_add(t, &key);
	else if (key.fd >= 0)
		close(key.fd);
	return (uint32_t)*id;
}

static uint32_t file_module(struct track *t, struct track_process *p, const struct track_mmap *m,
			    enum module_kind kind)
{
	char identity[IDENTITY_MAX];
	size_t length;
	struct build_id id = { .size = (uint8_t)m->build_id_size };

	if (id.size)
		memcpy(id.bytes, m->build_id, id.size);
	length = id.size ? identity_of_build_id(identity, &id, m->path)
			 : identity_of_inode(identity, m);

	uint64_t *known = strmap_find(&t->module_ids, identity, length);

	if (known)
		return (uint32_t)*known;

	uint32_t module = file_module_new(t, p, m, kind);

	*strmap_get(&t->module_ids, identity, length, NULL) = module;
	return module;
}

/* --- mappings ----------------------------------------------------------------------------- */

/* JITs flip the same pages between writable and executable all the time. */
static bool already_mapped(const struct track_process *p, const struct mapping *mapping)
{
	const struct mapping *at = p->maps ? mappings_find(p->maps, mapping->addr) : NULL;

	return at && at->module == mapping->module &&
	       at->offset - at->addr == mapping->offset - mapping->addr &&
	       at->addr + at->size_bytes >= mapping->addr + mapping->size_bytes;
}

static void map_module(struct track *t, struct track_process *p, const struct mapping *mapping,
		       uint64_t time_ns)
{
	struct row_mapping row = {
		.id = ++t->last_mapping, .pid = (uint32_t)p->pid, .start_ns = time_ns,
		.addr = mapping->addr, .size_bytes = mapping->size_bytes, .offset = mapping->offset,
		.module = mapping->module,
	};

	recorder_side(t->recorder, TYPE_mapping, &row);
	p->maps = mappings_put(p->maps ? p->maps : mappings_create(), mapping);
	p->token = ++t->last_token;
}

void track_map_into(struct track *t, struct track_process *p, const struct track_mmap *event,
		    uint64_t time_ns)
{
	struct track_mmap m = *event;
	struct mapping mapping = { .addr = m.addr, .size_bytes = m.size_bytes, .offset = m.offset };
	enum module_kind kind = mapping_kind(m.path);

	if (m.build_id_size > BUILD_ID_MAX)
		m.build_id_size = BUILD_ID_MAX;
	if (kind == MODULE_SHARED && p->exec_pending && !m.is_library) {
		kind = MODULE_PROGRAM; /* the kernel maps the program before its loader */
		p->exec_pending = false;
		track_set_exe(t, p, m.path);
	} else if (kind == MODULE_SHARED && p->exe &&
		   strcmp(m.path, recorder_string_text(t->recorder, p->exe)) == 0) {
		kind = MODULE_PROGRAM;
	}
	/* A program in a memfd is a program: it has a build-id. */
	if (kind == MODULE_ANON && m.build_id_size && m.path[0] == '/')
		kind = MODULE_SHARED;
	if (kind == MODULE_ANON) {
		mapping.module = anon_module(t, p, &m);
		mapping.offset = mapping.addr;
	} else {
		mapping.module = file_module(t, p, &m, kind);
		if (kind == MODULE_VDSO)
			mapping.offset = 0; /* older kernels said its address here */
	}
	if (!already_mapped(p, &mapping))
		map_module(t, p, &mapping, time_ns);
}

/* --- the kernel -------------------------------------------------------------------------------- */

static uint32_t kernel_module_add(struct track *t, const char *name, enum module_kind kind)
{
	struct module_key key = { .kind = kind, .path = name, .fd = -1 };
	char path[160] = "/sys/kernel/notes";
	struct str notes;

	if (kind == MODULE_KERNEL_MODULE)
		snprintf(path, sizeof(path), "/sys/module/%.64s/notes/.note.gnu.build-id", name);
	str_init(&notes);
	err_destroy(io_read_file(path, 65536, &notes));
	if (notes.text)
		build_id_of_notes((const uint8_t *)notes.text, notes.length, 4, false, &key.build_id);
	str_deinit(&notes);
	return module_add(t, &key);
}

/* "nf_tables 315392 0 - Live 0xffffffffc0a00000"; the address is 0 for the unprivileged. */
static void kernel_modules_line(struct track *t, const char *line)
{
	char name[65];
	uint64_t size, addr;

	if (sscanf(line, "%64s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &size, &addr) != 3 || !addr)
		return;
	t->kernel_maps = mappings_put(
		t->kernel_maps,
		&(struct mapping){ addr, size, addr, kernel_module_add(t, name, MODULE_KERNEL_MODULE) });
}

static void kernel_modules_read(struct track *t)
{
	struct str text;

	t->kernel_maps = mappings_create();
	if (t->offline) {
		t->kernel_module = module_add(t, &(struct module_key){ .kind = MODULE_KERNEL, .fd = -1,
								       .path = "[kernel]" });
		return;
	}
	t->kernel_module = kernel_module_add(t, "[kernel]", MODULE_KERNEL);
	str_init(&text);
	err_destroy(io_read_file("/proc/modules", 16 << 20, &text));
	for (char *line = text.text; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		kernel_modules_line(t, line);
		line = end ? end + 1 : NULL;
	}
	str_deinit(&text);
}

uint32_t track_declare_module(struct track *t, const char *path, bool in_kernel, const uint8_t *build_id,
			      size_t build_id_size)
{
	struct module_key key = { .path = path, .fd = -1 };

	key.kind = in_kernel ? MODULE_KERNEL_MODULE : mapping_kind(path);
	if (build_id_size <= BUILD_ID_MAX) {
		key.build_id.size = (uint8_t)build_id_size;
		memcpy(key.build_id.bytes, build_id, build_id_size);
	}
	return module_add(t, &key);
}

void track_kernel_mmap(struct track *t, const struct track_mmap *m)
{
	struct module_key key = { .path = m->path, .fd = -1, .kind = MODULE_KERNEL_MODULE };
	char identity[IDENTITY_MAX];
	bool is_new;

	if (m->build_id_size && m->build_id_size <= BUILD_ID_MAX) {
		key.build_id.size = (uint8_t)m->build_id_size;
		memcpy(key.build_id.bytes, m->build_id, m->build_id_size);
	}
	if (!t->kernel_maps && strcmp(m->path, "[kernel]") == 0) {
		key.kind = MODULE_KERNEL;
		t->kernel_module = module_add(t, &key);
		t->kernel_maps = mappings_create();
		return;
	}
	if (!t->kernel_maps)
		kernel_modules_read(t);
	if (strcmp(m->path, "[kernel]") == 0)
		return;

	size_t length = (size_t)snprintf(identity, sizeof(identity), "k %.4000s", m->path);
	uint64_t *id = strmap_get(&t->module_ids, identity, length, &is_new);

	if (is_new)
		*id = module_add(t, &key);
	t->kernel_maps = mappings_put(t->kernel_maps, &(struct mapping){ m->addr, m->size_bytes, m->addr,
									 (uint32_t)*id });
}

uint32_t track_kernel_module(struct track *t, uint64_t addr)
{
	if (!t->kernel_maps)
		kernel_modules_read(t);

	const struct mapping *m = mappings_find(t->kernel_maps, addr);

	return m ? m->module : t->kernel_module;
}

uint64_t track_kernel_module_start(const struct track *t, uint32_t module_id)
{
	for (size_t i = 0; t->kernel_maps && i < mappings_count(t->kernel_maps); i++)
		if (mappings_at(t->kernel_maps, i)->module == module_id)
			return mappings_at(t->kernel_maps, i)->addr;
	return 0;
}

/* --- looking at them ------------------------------------------------------------------------------- */

uint32_t track_module_at(const struct track *t, pid_t pid, uint64_t addr)
{
	const uint64_t *p = map_find(&t->processes, (uint32_t)pid);
	const struct mappings *maps = p ? ((const struct track_process *)(uintptr_t)*p)->maps : NULL;
	const struct mapping *m = maps ? mappings_find(maps, addr) : NULL;

	return m ? m->module : 0;
}

int track_module_fd(const struct track *t, uint32_t module_id)
{
	return module_id < t->modules.n ? module_of(t, module_id)->key.fd : -1;
}

bool track_module_key(const struct track *t, uint32_t module_id, struct module_key *ret)
{
	if (module_id == 0 || module_id >= t->modules.n)
		return false;
	*ret = module_of(t, module_id)->key;
	return true;
}

void track_modules_init(struct track *t)
{
	struct track_module *nothing = mem_calloc(1, sizeof(*nothing));

	nothing->key.fd = -1;
	map_init(&nothing->frames);
	vec_push(&t->modules, nothing);
	strmap_init(&t->module_ids);
}

void track_modules_deinit(struct track *t)
{
	for (size_t i = 0; i < t->modules.n; i++) {
		struct track_module *m = module_of(t, (uint32_t)i);

		if (m->key.fd >= 0)
			close(m->key.fd);
		unwind_image_destroy(m->unwind);
		free((char *)m->key.path);
		map_deinit(&m->frames);
		free(m);
	}
	vec_deinit(&t->modules);
	strmap_deinit(&t->module_ids);
	mappings_unref(t->kernel_maps);
}
