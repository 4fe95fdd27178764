/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes of bpf(2), by the raw system call: the smallest program (r0 = 0; exit) of each
 * kind is loaded, attached where the question is whether that works, and closed.  Commands,
 * attributes and types: include/uapi/linux/bpf.h.
 */
#include "base/cap_private.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	long fd = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return fd < 0 ? -errno : (int)fd;
}

static int load(enum bpf_prog_type type, enum bpf_attach_type attach, uint32_t btf_id)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { 0 };

	attr.prog_type = type;
	attr.expected_attach_type = attach;
	attr.insns = (uintptr_t)nothing;
	attr.insn_cnt = sizeof(nothing) / sizeof(*nothing);
	attr.license = (uintptr_t)"Dual BSD/GPL";
	attr.attach_btf_id = btf_id;
	return bpf(BPF_PROG_LOAD, &attr);
}

static void explain(struct cap_result *r, int errnum, const char *config)
{
	if (errnum == EPERM || errnum == EACCES) {
		cap_set_not_permitted(r, errnum, "CAP_BPF and CAP_PERFMON");
	} else if (errnum == ENOSYS) {
		cap_set(r, CAP_NOT_IN_KERNEL, "no bpf() (CONFIG_BPF_SYSCALL is off)");
	} else if (errnum == EINVAL || errnum == ENOTSUP) {
		cap_set(r, CAP_NOT_IN_KERNEL, "%s", config);
	} else {
		cap_set(r, CAP_MISSING, "bpf: %s", strerror(errnum));
	}
}

void cap_bpf_load(const struct cap_env *env, struct cap_result *r)
{
	CLEANUP(io_closep) int fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0);

	if (fd < 0) {
		explain(r, -fd, "no tracing programs (CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS)");
		return;
	}

	char jit[16] = "";

	cap_read(env, "/proc/sys/net/core/bpf_jit_enable", jit, sizeof(jit));
	if (strcmp(jit, "0") == 0) {
		cap_set(r, CAP_LIMITED, "interpreted: the JIT is off");
		cap_set_fix(r, "sudo sysctl net.core.bpf_jit_enable=1");
	} else {
		cap_set(r, CAP_YES, "tracing programs load");
	}
}

void cap_bpf_btf(const struct cap_env *env, struct cap_result *r)
{
	uint8_t magic[3];

	if (!cap_read(env, "/sys/kernel/btf/vmlinux", (char *)magic, sizeof(magic)))
		cap_set(r, errno == ENOENT ? CAP_NOT_IN_KERNEL : CAP_NOT_PERMITTED,
			errno == ENOENT ? "no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF is off)" :
					  "/sys/kernel/btf/vmlinux may not be read");
	else if ((magic[0] == 0x9f && magic[1] == 0xeb) || (magic[0] == 0xeb && magic[1] == 0x9f))
		cap_set(r, CAP_YES, "/sys/kernel/btf/vmlinux");
	else
		cap_set(r, CAP_MISSING, "/sys/kernel/btf/vmlinux is not BTF");
}

void cap_bpf_ring(const struct cap_env *env, struct cap_result *r)
{
	union bpf_attr attr = { 0 };

	attr.map_type = BPF_MAP_TYPE_RINGBUF;
	attr.max_entries = (uint32_t)sysconf(_SC_PAGESIZE);

	CLEANUP(io_closep) int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd >= 0)
		cap_set(r, CAP_YES, "shared between CPUs");
	else
		explain(r, -fd, "no ring buffer maps (since Linux 5.8)");
}

void cap_bpf_raw_tracepoint(const struct cap_env *env, struct cap_result *r)
{
	CLEANUP(io_closep) int program = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0);
	union bpf_attr attr = { 0 };

	if (program < 0) {
		explain(r, -program, "no raw tracepoint programs (since Linux 4.17)");
		return;
	}
	attr.raw_tracepoint.name = (uintptr_t)"sys_enter";
	attr.raw_tracepoint.prog_fd = (uint32_t)program;

	CLEANUP(io_closep) int link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);

	if (link >= 0)
		cap_set(r, CAP_YES, "attached to sys_enter and detached");
	else
		explain(r, -link, "no sys_enter tracepoint (CONFIG_HAVE_SYSCALL_TRACEPOINTS)");
}

/* --- fentry: needs the number of a function in the kernel's types ----------------------- */

/* Layout: include/uapi/linux/btf.h, Documentation/bpf/btf.rst.  Only as much as it takes to
 * walk over the types; native byte order, as the running kernel's is. */
struct btf_view {
	const uint8_t *types;
	const char *strings;
	size_t type_bytes, string_bytes;
};

static bool btf_open(const struct str *blob, struct btf_view *v)
{
	uint32_t head[6]; /* magic/version/flags, hdr_len, type_off, type_len, str_off, str_len */

	if (blob->length < sizeof(head))
		return false;
	memcpy(head, blob->text, sizeof(head));

	uint64_t size = blob->length, types = (uint64_t)head[1] + head[2], strings = (uint64_t)head[1] + head[4];

	if ((head[0] & 0xffff) != 0xeb9f || types + head[3] > size || strings + head[5] > size || head[5] == 0 ||
	    blob->text[strings + head[5] - 1] != '\0')
		return false;
	*v = (struct btf_view){ (const uint8_t *)blob->text + types, blob->text + strings, head[3], head[5] };
	return true;
}

/* Bytes behind the 12 of a type of this kind with this many members; SIZE_MAX: unknown kind. */
static size_t btf_tail_bytes(unsigned kind, size_t members)
{
	static const uint8_t fixed[] = { [1] = 4, [3] = 12, [14] = 4, [17] = 4 };        /* INT ARRAY VAR DECL_TAG */
	static const uint8_t each[] = { [4] = 12, [5] = 12, [6] = 8, [13] = 8, [15] = 12, [19] = 12 };
	/* STRUCT UNION ENUM FUNC_PROTO DATASEC ENUM64 */
	enum { KINDS = 20, FUNC = 12 };

	if (kind == 0 || kind >= KINDS)
		return SIZE_MAX;
	return (kind < sizeof(fixed) ? fixed[kind] : 0u) + (kind < sizeof(each) ? each[kind] * members : 0);
}

static uint32_t btf_find_function(const struct btf_view *v, const char *name)
{
	enum { FUNC = 12 };
	uint32_t id = 1;

	for (size_t at = 0; at + 12 <= v->type_bytes; id++) {
		uint32_t type[3]; /* name_off, info, size_or_type */

		memcpy(type, v->types + at, sizeof(type));

		unsigned kind = (type[1] >> 24) & 0x1f;
		size_t tail = btf_tail_bytes(kind, type[1] & 0xffff);

		if (kind == FUNC && type[0] < v->string_bytes && strcmp(v->strings + type[0], name) == 0)
			return id;
		if (tail == SIZE_MAX)
			return 0;
		at += 12 + tail;
	}
	return 0;
}

static uint32_t kernel_function_id(const struct cap_env *env, const char *name)
{
	struct str blob;
	struct btf_view view;
	uint32_t id = 0;

	str_init(&blob);
	struct err *err = io_read_file(CAP_PATH(env, "/sys/kernel/btf/vmlinux"), 64 << 20, &blob);

	if (err == NULL && btf_open(&blob, &view))
		id = btf_find_function(&view, name);
	err_destroy(err);
	str_deinit(&blob);
	return id;
}

void cap_bpf_fentry(const struct cap_env *env, struct cap_result *r)
{
	uint32_t id = kernel_function_id(env, "vfs_fsync_range");
	union bpf_attr attr = { 0 };

	if (id == 0) {
		cap_set(r, CAP_NOT_IN_KERNEL, "needs the kernel's types (BTF)");
		return;
	}

	CLEANUP(io_closep) int program = load(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, id);

	if (program < 0) {
		explain(r, -program, "no fentry programs (since Linux 5.5; CONFIG_FUNCTION_TRACER)");
		return;
	}
	attr.raw_tracepoint.prog_fd = (uint32_t)program;

	CLEANUP(io_closep) int link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);

	if (link >= 0)
		cap_set(r, CAP_YES, "attached to a function and detached");
	else
		cap_set(r, CAP_NOT_IN_KERNEL, "loads, but does not attach: %s (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)",
			strerror(-link));
}
