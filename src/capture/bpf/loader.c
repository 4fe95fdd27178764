/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loading, and why it failed.
 *
 * The verifier takes most of the time, and several milliseconds for a large program; so such ones (those in sections
 * named "large_...", "tail_..." and "typed_tp/...") are loaded in threads of their own, while libbpf goes on with the others and the
 * caller with what it has to do before it attaches them.
 *
 * The kernel says EPERM for a missing capability, for lockdown and for a full memory lock
 * alike, and EINVAL for nearly everything else; so the reason is looked for where it shows:
 * our capabilities, /sys/kernel/security/lockdown, /sys/kernel/btf/vmlinux.  The verifier
 * writes its log only when a load has failed (libbpf asks again with the log on), so a load
 * that works pays nothing for it.
 */
#include "capture/bpf/loader.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/thread.h"
#include "format/btf.h"
#include "format/elf.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOG_BYTES = 1 << 20, LOG_LINES = 12, INSNS_WORTH_A_THREAD = 300 };

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];
	int n = vsnprintf(line, sizeof(line), format, args);

	while (n > 0 && (size_t)n < sizeof(line) && line[n - 1] == '\n')
		line[--n] = '\0';
	log_debug("%s", line);
	return n;
}

/* --- our kinds of sections ----------------------------------------------------------------------- */

/* The loader that libbpf loads programs for: its callback isn't told. */
static _Thread_local struct bpf_loader *loading;

static const struct section_kind {
	const char *begin;            /* so do the sections' names */
	bool beside;                  /* loaded in a thread */
	bool attached;
	/* That the kernel checks against the type of what they are attached to: its name begins so; NULL: raw tracepoints' */
	const char *type;
	enum btf_kind type_kind;
	enum bpf_attach_type attach;
} section_kinds[] = {
	{ "large_tp/", .beside = true, .attached = true },
	{ "tail_tp/", .beside = true },
	{ "typed_tp/", .beside = true, .attached = true, .type = "btf_trace_", .type_kind = BTF_TYPEDEF, .attach = BPF_TRACE_RAW_TP },
	{ "typed_iter/", .attached = true, .type = "bpf_iter_", .type_kind = BTF_FUNC, .attach = BPF_TRACE_ITER },
};

/* NULL: libbpf knows what to do with programs in that section. */
static const struct section_kind *kind_of(const char *section)
{
	for (size_t i = 0; i < sizeof(section_kinds) / sizeof(*section_kinds); i++)
		if (str_starts(section, section_kinds[i].begin))
			return &section_kinds[i];
	return NULL;
}

static int typed_id(const struct section_kind *kind, const char *section)
{
	for (size_t i = 0; loading && i < loading->typed_count; i++)
		if (strcmp(loading->typed[i].section, section) == 0)
			return (int)loading->typed[i].type_id;
	return libbpf_find_vmlinux_btf_id(section + strlen(kind->begin), kind->attach);
}

/* --- beside libbpf --------------------------------------------------------------------------------- */

static int load(const struct bpf_loader_beside *b, const struct bpf_prog_load_opts *options)
{
	return bpf_prog_load(options->attach_btf_id ? BPF_PROG_TYPE_TRACING : BPF_PROG_TYPE_RAW_TRACEPOINT, bpf_program__name(b->program),
			     "Dual BSD/GPL", b->insns, b->insn_count, options);
}

static void *load_in_thread(void *user)
{
	struct bpf_loader_beside *b = user;

	b->fd = load(b, &b->options);
	return NULL;
}

static void *copy_of(const void *data, size_t size_bytes)
{
	void *copy = mem_alloc(size_bytes ? size_bytes : 1);

	if (size_bytes)
		memcpy(copy, data, size_bytes);
	return copy;
}

/* libbpf gets a program of two instructions to load, whose descriptor is made that of the real one in the
 * end (bpf_loader_join()). */
static int load_beside(struct bpf_loader *l, struct bpf_program *program, struct bpf_prog_load_opts *options)
{
	struct bpf_insn nothing[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	struct bpf_loader_beside *b = &l->beside[l->beside_count++];

	b->program = program;
	b->insn_count = bpf_program__insn_cnt(program);
	b->insns = copy_of(bpf_program__insns(program), b->insn_count * sizeof(*b->insns));
	b->options = *options;
	b->options.func_info = copy_of(options->func_info, (size_t)options->func_info_cnt * options->func_info_rec_size);
	b->options.line_info = copy_of(options->line_info, (size_t)options->line_info_cnt * options->line_info_rec_size);
	b->options.fd_array = NULL;
	b->options.log_buf = NULL;
	b->options.log_size = b->options.log_level = 0;
	options->func_info_cnt = options->line_info_cnt = options->prog_btf_fd = 0;
	b->fd = -1;
	b->later = program == l->later;
	b->running = !b->later && thread_start(&b->thread, load_in_thread, b) == 0;
	if (!b->running && !b->later)
		load_in_thread(b);
	return bpf_program__set_insns(program, nothing, 2);
}

/* Only now does libbpf learn that a program is checked by type: before, it would read all types. */
static int set_type(struct bpf_program *program, struct bpf_prog_load_opts *options, const struct section_kind *kind)
{
	int id = typed_id(kind, bpf_program__section_name(program));

	if (id <= 0)
		return id ? id : -ESRCH;
	options->attach_btf_id = (uint32_t)id;
	options->expected_attach_type = kind->attach;
	return bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
}

static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	const struct section_kind *kind = kind_of(bpf_program__section_name(program));

	int failed = !kind ? -ESRCH : kind->type ? set_type(program, options, kind) : 0;

	if (failed)
		return failed;
	if (kind->beside && loading && loading->beside_count < BPF_LOADER_BESIDE_MOST &&
	    bpf_program__insn_cnt(program) >= INSNS_WORTH_A_THREAD)
		return load_beside(loading, program, options);
	return 0;
}

static void join(struct bpf_loader_beside *b)
{
	if (b->running)
		pthread_join(b->thread, NULL);
	b->running = false;
}

static void free_beside(struct bpf_loader_beside *b)
{
	join(b);
	io_closep(&b->fd);
	b->fd = -1;
	free(b->insns);
	free((void *)b->options.func_info);
	free((void *)b->options.line_info);
	b->insns = NULL;
	b->options.func_info = b->options.line_info = NULL;
}

/* The log, which makes it slower, only when it isn't taken without. */
static int load_saying_why(struct bpf_loader *l, const struct bpf_loader_beside *b)
{
	struct bpf_prog_load_opts options = b->options;

	options.log_buf = l->log;
	options.log_size = LOG_BYTES;
	options.log_level = 1;
	return load(b, &options);
}

/* What was loaded beside takes the place of what libbpf loaded; an errno, and the verifier's log is the loader's then. */
static int put_in_place(struct bpf_loader *l, struct bpf_loader_beside *b)
{
	join(b);
	if (b->fd < 0)
		b->fd = load_saying_why(l, b);
	if (b->fd < 0)
		return -b->fd;
	return dup3(b->fd, bpf_program__fd(b->program), O_CLOEXEC) < 0 ? errno : 0;
}

static void register_kinds(void)
{
	static const struct libbpf_prog_handler_opts options = { .sz = sizeof(options), .prog_prepare_load_fn = prepare };
	static bool done;

	for (size_t i = 0; !done && i < sizeof(section_kinds) / sizeof(*section_kinds); i++)
		libbpf_register_prog_handler(section_kinds[i].begin, BPF_PROG_TYPE_RAW_TRACEPOINT, section_kinds[i].attach, &options);
	done = true;
}

/* --- sections that are checked by type ------------------------------------------------------------- */

/* Those that the sections of the ELF file name; TYPE: room for what each is the number of. */
enum { TYPE_NAME_BYTES = 64 };
static void list_typed(struct bpf_loader *l, const struct elf_file *file, struct btf_names *names, char type[][TYPE_NAME_BYTES])
{
	for (size_t i = 0; i < file->section_count && l->typed_count < BPF_LOADER_TYPED_MOST; i++) {
		const char *section = file->sections[i].name;
		const struct section_kind *kind = kind_of(section);
		struct bpf_loader_typed *t = &l->typed[l->typed_count];

		if (!kind || !kind->type)
			continue;
		snprintf(t->section, sizeof(t->section), "%s", section);
		snprintf(type[l->typed_count], TYPE_NAME_BYTES, "%s%s", kind->type, section + strlen(kind->begin));
		btf_names_add(names, type[l->typed_count], strlen(type[l->typed_count]), 1U << kind->type_kind);
		l->typed_count++;
	}
}

/* What the kernel doesn't have is asked of libbpf again. */
static void take_typed(struct bpf_loader *l, const struct btf_file *kernel, const struct btf_names *names, char type[][TYPE_NAME_BYTES])
{
	size_t kept = 0;

	for (size_t i = 0; i < names->found.n; i++) {
		struct btf_type t = btf_type_of(kernel, names->found.v[i]);
		const char *name = btf_string(kernel, t.name_offset);

		for (size_t k = 0; k < l->typed_count; k++)
			if (!l->typed[k].type_id && strcmp(name, type[k]) == 0 && btf_kind_of(&t) == kind_of(l->typed[k].section)->type_kind)
				l->typed[k].type_id = names->found.v[i];
	}
	for (size_t k = 0; k < l->typed_count; k++)
		if (l->typed[k].type_id)
			l->typed[kept++] = l->typed[k];
	l->typed_count = kept;
}

/* --- one loader's life -------------------------------------------------------------------------- */

void bpf_loader_init(struct bpf_loader *l, const char *what)
{
	*l = (struct bpf_loader){ .what = what, .types_fd = -1 };
	register_kinds();
	libbpf_set_print(log_get_level() >= LOG_DEBUG ? print : NULL);
	l->log = mem_alloc(LOG_BYTES); /* not touched unless a load fails */
	l->log[0] = '\0';
	l->options = (struct bpf_object_open_opts){
		.sz = sizeof(l->options), .kernel_log_buf = l->log, .kernel_log_size = LOG_BYTES,
	};
}

static void await_types(struct bpf_loader *l);

void bpf_loader_deinit(struct bpf_loader *l)
{
	await_types(l);
	for (size_t i = 0; i < l->beside_count; i++)
		free_beside(&l->beside[i]);
	io_closep(&l->types_fd);
	free(l->log);
	l->log = NULL;
}

/* --- the kernel's types ------------------------------------------------------------------------ */

/* The kernel's types: mapped where it can be (since Linux 6.16), else read, 4 KiB at a time. */
static struct err *kernel_types(struct str *text, struct bytes *ret)
{
	CLEANUP(io_closep) int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
		void *mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);

		if (mapped != MAP_FAILED) {
			*ret = (struct bytes){ mapped, (size_t)st.st_size };
			return NULL;
		}
	}
	TRY(io_read_file("/sys/kernel/btf/vmlinux", 64 << 20, text));
	*ret = (struct bytes){ (const uint8_t *)text->text, text->length };
	return NULL;
}

static struct err *extract(struct bpf_loader *l, const struct elf_file *file, struct btf_names *names, struct bytes types, struct str *image)
{
	char typed[BPF_LOADER_TYPED_MOST][TYPE_NAME_BYTES];
	struct btf_file kernel;

	list_typed(l, file, names, typed);
	TRY(btf_init_finding(&kernel, types, names));
	take_typed(l, &kernel, names, typed);
	btf_extract(&kernel, names, image);
	btf_deinit(&kernel);
	return NULL;
}

/* The names of the types that the program was compiled with: BTF in its ELF file. */
static struct err *names_of_program(const struct elf_file *file, struct btf_names *names)
{
	size_t section = elf_section_named(file, ".BTF");
	struct btf_file program;

	if (!section)
		return err_new(ERR_NOT_FOUND, "a BPF program without BTF");
	TRY(btf_init(&program, elf_raw(file, section)));
	btf_names_add_records(names, &program);
	btf_deinit(&program);
	return NULL;
}

static struct err *extract_types(struct bpf_loader *l, struct bytes elf, struct str *image)
{
	struct btf_names names;
	struct elf_file file;
	struct bytes types = { 0 };
	struct str text;

	TRY(elf_init(&file, elf));
	btf_names_init(&names);
	str_init(&text);

	struct err *err = names_of_program(&file, &names);

	if (!err)
		err = kernel_types(&text, &types);
	if (!err)
		err = extract(l, &file, &names, types, image);
	if (!text.text && types.size_bytes)
		munmap((void *)types.data, types.size_bytes);
	str_deinit(&text);
	btf_names_deinit(&names);
	elf_deinit(&file);
	return err;
}

/* All of the kernel's types, then, under the descriptor that libbpf was told: it finds in them what it
 * looks for, only slower. */
static struct err *take_all_types(int fd)
{
	CLEANUP(io_closep) int all = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);

	return all < 0 || dup3(all, fd, O_CLOEXEC) < 0 ? err_errno(errno, "/sys/kernel/btf/vmlinux") : NULL;
}

static void *look_up_types(void *user)
{
	struct bpf_loader *l = user;
	struct str image;

	str_init(&image);
	struct err *err = extract_types(l, (struct bytes){ l->elf, l->elf_bytes }, &image);

	if (!err) /* a limit of files' sizes (ulimit -f) is one for files without a name, too */
		err = io_write_all(l->types_fd, image.text, image.length, "types");
	if (err) {
		log_debug("libbpf looks up the kernel's types: %s", err_message(err));
		err_destroy(err);
		err = take_all_types(l->types_fd);
	}
	if (err)
		log_debug("the kernel's types: %s", err_message(err));
	err_destroy(err);
	str_deinit(&image);
	return NULL;
}

void bpf_loader_types(struct bpf_loader *l, const void *elf, size_t size_bytes)
{
	l->types_fd = memfd_create("sonde-types", MFD_CLOEXEC);
	if (l->types_fd < 0)
		return;
	snprintf(l->types_path, sizeof(l->types_path), "/proc/self/fd/%d", l->types_fd);
	l->options.btf_custom_path = l->types_path;
	l->elf = elf;
	l->elf_bytes = size_bytes;
	l->types_running = thread_start(&l->types_thread, look_up_types, l) == 0;
	if (!l->types_running)
		look_up_types(l);
}

static void await_types(struct bpf_loader *l)
{
	if (l->types_running)
		pthread_join(l->types_thread, NULL);
	l->types_running = false;
}

static bool names_type(struct bytes image, const char *name)
{
	struct btf_file types;
	struct err *err = btf_init(&types, image);
	bool found = err != NULL; /* not known */

	err_destroy(err);
	if (err)
		return found;
	for (uint32_t id = 1; id < types.count && !found; id++)
		found = strcmp(btf_string(&types, btf_type_of(&types, id).name_offset), name) == 0;
	btf_deinit(&types);
	return found;
}

bool bpf_loader_has_type(struct bpf_loader *l, const char *name)
{
	struct str text;
	bool has = true;

	await_types(l);
	if (!l->types_path[0])
		return true;
	str_init(&text);

	struct err *err = io_read_file(l->types_path, 1 << 20, &text);

	if (!err)
		has = names_type((struct bytes){ (const uint8_t *)text.text, text.length }, name);
	err_destroy(err);
	str_deinit(&text);
	return has;
}

const struct bpf_object_open_opts *bpf_loader_options(const struct bpf_loader *l) { return &l->options; }

/* --- why not -------------------------------------------------------------------------------- */

static bool locked_down(void)
{
	struct str text;

	str_init(&text);
	err_destroy(io_read_file("/sys/kernel/security/lockdown", 4096, &text));
	bool yes = text.text && strstr(text.text, "[confidentiality]");

	str_deinit(&text);
	return yes;
}

static struct err *not_permitted(const char *what, int errnum)
{
	struct err *err = err_errno(errnum, "may not load BPF programs for %s", what);

	if (geteuid() == 0 && locked_down())
		return err_fix(err, "this kernel is locked down (confidentiality): boot it with "
				    "lockdown=integrity, or without secure boot");
	return err_fix(err, "run sonde as root, or give it the right: sudo setcap "
			    "cap_bpf,cap_perfmon,cap_sys_ptrace+ep \"$(readlink -f \"$(command -v sonde)\")\"; "
			    "in a container: docker run --cap-add BPF --cap-add PERFMON");
}

static bool has_types(void) { return access("/sys/kernel/btf/vmlinux", R_OK) == 0; }

struct err *bpf_loader_advise(struct err *err)
{
	int errnum = err ? err_errnum(err) : 0;

	if ((errnum != EMFILE && errnum != ENFILE) || err_advice(err))
		return err;
	return err_fix(err, "BPF takes about 80 descriptors, and two a CPU: ulimit -n 1024");
}

static struct err *explain(const char *what, int errnum, const char *log)
{
	if (errnum == EPERM || (errnum == EACCES && !log[0]))
		return not_permitted(what, errnum);
	if (errnum == ENOSYS)
		return err_fix(err_new(ERR_UNSUPPORTED, "this kernel has no BPF"),
			       "use a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_EVENTS=y");
	if (!has_types())
		return err_fix(err_new(ERR_UNSUPPORTED, "this kernel does not say its types (no /sys/kernel/btf/vmlinux)"),
			       "use a kernel with CONFIG_DEBUG_INFO_BTF=y");
	if (errnum == ENOMEM)
		return err_errno(errnum, "BPF programs for %s", what);
	if (errnum == EMFILE || errnum == ENFILE)
		return bpf_loader_advise(err_errno(errnum, "BPF programs for %s", what));
	if (access("/proc/self", F_OK) != 0)
		return err_fix(err_errno(errnum, "BPF programs for %s", what), "there is no /proc: mount -t proc proc /proc");
	return err_new(ERR_UNSUPPORTED, "this kernel does not take the BPF programs for %s (%s)", what, strerror(errnum));
}

/* The verifier names the instruction and the reason in its last lines. */
static void say_log(const struct bpf_loader *l)
{
	const char *end = l->log + strlen(l->log), *from = end;
	unsigned lines = log_get_level() >= LOG_DEBUG ? 100000 : LOG_LINES;

	for (unsigned n = 0; from > l->log; from--)
		if (from[-1] == '\n' && from != end && ++n == lines)
			break;
	while (*from) {
		size_t length = strcspn(from, "\n");

		if (length)
			log_info("verifier: %.*s", (int)length, from);
		from += length + (from[length] == '\n');
	}
}

struct err *bpf_loader_open_error(const struct bpf_loader *l)
{
	return err_errno(errno, "cannot prepare the BPF programs for %s", l->what);
}

/* --- load and attach --------------------------------------------------------------------------- */

static struct err *load_error(const struct bpf_loader *l, int errnum)
{
	say_log(l);

	struct err *why = explain(l->what, errnum, l->log);

	if (l->log[0] && err_is(why, ERR_UNSUPPORTED) && log_get_level() < LOG_INFO)
		why = err_fix(why, "SONDE_LOG=info in the environment shows what the verifier says; please report it with the kernel's version");
	return why;
}

/* libbpf takes a kernel that has no memory for its trial of global data for one that has none, and goes on without. */
static bool has_data(const struct bpf_object_skeleton *skeleton)
{
	bool has = true;

	for (int i = 0; i < skeleton->map_cnt; i++) {
		const struct bpf_map_skeleton *s = (const void *)((const char *)skeleton->maps + (size_t)i * (size_t)skeleton->map_skel_sz);

		has = has && (!s->mmaped || *s->mmaped);
	}
	return has;
}

struct err *bpf_loader_load(struct bpf_loader *l, const struct bpf_object_skeleton *skeleton)
{
	await_types(l);
	loading = l;

	int err = bpf_object__load_skeleton((struct bpf_object_skeleton *)skeleton);

	loading = NULL;
	if (!err && !has_data(skeleton))
		err = -ENOMEM;
	return err == 0 ? NULL : load_error(l, -err);
}

void bpf_loader_later(struct bpf_loader *l, const struct bpf_program *program) { l->later = program; }

struct err *bpf_loader_now(struct bpf_loader *l, const struct bpf_program *program)
{
	for (size_t i = 0; i < l->beside_count; i++) {
		struct bpf_loader_beside *b = &l->beside[i];

		if (!b->insns || !b->later || b->program != program)
			continue;
		if (b->fd < 0)
			b->fd = load(b, &b->options);

		int failed = put_in_place(l, b);

		if (failed) /* it may be asked for again */
			return load_error(l, failed);
		free_beside(b);
		return NULL;
	}
	return NULL;
}

struct err *bpf_loader_join(struct bpf_loader *l)
{
	int failed = 0;

	for (size_t i = 0; i < l->beside_count; i++) {
		if (!l->beside[i].insns || l->beside[i].later)
			continue;
		if (!failed)
			failed = put_in_place(l, &l->beside[i]);
		free_beside(&l->beside[i]);
	}
	return failed ? load_error(l, failed) : NULL;
}

struct bpf_link *bpf_loader_attach_one(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const struct section_kind *kind = kind_of(section);

	if (!kind)
		return bpf_program__attach(program);
	return kind->type ? bpf_program__attach_trace(program)
			  : bpf_program__attach_raw_tracepoint(program, section + strlen(kind->begin));
}

/* "raw_tp/sys_enter" says where; "perf_event" and the like are for their source to attach. */
static bool is_attached(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const struct section_kind *kind = kind_of(section);

	return bpf_program__autoload(program) && bpf_program__autoattach(program) && strchr(section, '/') && (!kind || kind->attached);
}

struct err *bpf_loader_attach(struct bpf_loader *l, const struct bpf_object_skeleton *skeleton)
{
	TRY(bpf_loader_join(l));
	for (int i = 0; i < skeleton->prog_cnt; i++) {
		const struct bpf_prog_skeleton *s = (const void *)((const char *)skeleton->progs +
								   (size_t)i * (size_t)skeleton->prog_skel_sz);

		if (*s->link || !is_attached(*s->prog))
			continue;
		*s->link = bpf_loader_attach_one(*s->prog);
		if (*s->link)
			continue;

		int errnum = errno;

		*s->link = NULL;
		if (errnum == ENOENT)
			return err_new(ERR_UNSUPPORTED, "this kernel does not have what %s for %s is attached to (%s)",
				       s->name, l->what, bpf_program__section_name(*s->prog));
		return err_wrap(explain(l->what, errnum, ""), "attaching %s to %s", s->name,
				bpf_program__section_name(*s->prog));
	}
	return NULL;
}

/* --- probe ------------------------------------------------------------------------------------- */

static int sys_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	long fd = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return fd < 0 ? -errno : (int)fd;
}

struct err *bpf_loader_probe(const char *what)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT, .insns = (uintptr_t)nothing,
				.insn_cnt = 2, .license = (uintptr_t)"Dual BSD/GPL" };
	CLEANUP(io_closep) int program = sys_bpf(BPF_PROG_LOAD, &load);

	if (program < 0)
		return program == -EINVAL ? err_fix(err_new(ERR_UNSUPPORTED, "this kernel has no BPF tracing programs"),
						    "use a kernel with CONFIG_BPF_EVENTS=y")
					  : explain(what, -program, "");
	return has_types() ? NULL : explain(what, EINVAL, "");
}
