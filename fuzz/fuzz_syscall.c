/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any system call of any ABI, with any arguments, over any memory: the input is the call,
 * what follows is its memory, found at every address that looks like a pointer.  Its line is then
 * coloured.  A bit of it makes many calls of one that differ in an argument (prctl()'s options),
 * the number, or the request of an ioctl: so few seeds reach every decoder.
 */
#include "session/trace/color.h"
#include "syscall/describe.h"
#include "syscall/plan.h"
#include "syscall/print.h"

#include <string.h>

enum { BASE = 0x10000 };
struct input {
	uint8_t abi, style, number_low, number_high;
	int32_t result;
	uint64_t args[6];
};
struct memory {
	const uint8_t *bytes;
	size_t size;
};

static size_t read_memory(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	const struct memory *m = user;
	uint64_t at = addr & 0xffff;

	(void)phase;
	if (at >= m->size)
		return 0;
	if (size_bytes > m->size - at)
		size_bytes = m->size - at;
	memcpy(buffer, m->bytes + at, size_bytes);
	return size_bytes;
}

static int netlink_protocol(void *user, int pid, int fd)
{
	(void)user;
	(void)pid;
	return fd % 24 - 1; /* of every kind, or none */
}

static bool fd_path(void *user, int pid, int fd, struct str *out)
{
	(void)user;
	(void)pid;
	if (fd % 3 == 0)
		return false;
	str_printf(out, "</dev/%d>", fd);
	return true;
}

static int pidfd_target(void *user, int pid, int fd)
{
	(void)user;
	return fd % 4 == 0 ? -1 : pid + fd % 4;
}

static int char_major(void *user, int pid, int fd)
{
	(void)user;
	(void)pid;
	return fd % 300 - 1;
}

static bool is_socket(void *user, int pid, int fd)
{
	(void)user;
	(void)pid;
	return fd & 1;
}

static uint64_t vcpu(void *user, int pid, int fd, int *number)
{
	(void)user;
	(void)pid;
	*number = fd % 5 - 1;
	return fd & 1 ? BASE : 0;
}

static void pid_words(void *user, int tid, enum syscall_pid kind, int id, struct str *out)
{
	(void)user;
	(void)tid;
	str_printf(out, "<%d of %d>", id, (int)kind);
}

static const struct syscall_lookup few = { .netlink_protocol = netlink_protocol };
static const struct syscall_lookup all = {
	.netlink_protocol = netlink_protocol, .fd_path = fd_path, .other_fd_path = fd_path, .pidfd_target = pidfd_target,
	.char_major = char_major, .is_socket = is_socket, .vcpu = vcpu, .whole_vcpu = true, .pid_words = pid_words,
};

static void color(const struct str *text)
{
	struct color_state state = { 0 };
	struct str out = { 0 };

	color_add(&state, str_text(text), text->length, &out);
	str_deinit(&out);
}

static void print_call(const struct syscall_style *style, const struct syscall_lookup *lookup,
		       const struct syscall_call *call, const struct memory *m)
{
	struct syscall_memory memory = { read_memory, (void *)m };
	struct syscall_progress progress;
	struct syscall_plan plan;
	struct str out = { 0 };

	syscall_plan_get(call->abi, call->number, false, &plan);
	syscall_print_enter(style, lookup, call, &memory, &progress, &out);
	syscall_print_exit(style, lookup, call, &memory, &progress, &out);
	syscall_print_result(style, lookup, call, &memory, &progress, &out);
	if (syscall_pieces_check(m->bytes, m->size)) {
		struct syscall_pieces pieces = { m->bytes, m->size };
		struct syscall_memory again = syscall_pieces_memory(&pieces);

		syscall_print_enter(style, NULL, call, &again, &progress, &out);
	}
	color(&out);
	str_deinit(&out);
}

/* Many of them.  The last argument says how: its first byte what differs, the second how often, two
 * more from where on. */
static void sweep(const struct syscall_style *style, const struct syscall_lookup *lookup,
		  const struct syscall_call *first, const struct memory *m)
{
	enum { NUMBER = 5, IOCTL = 6, WORK_BYTES = 1 << 17 };
	unsigned what = (first->args[5] & 0xff) % 7, count = first->args[5] >> 8 & 0xff,
		 from = first->args[5] >> 16 & 0xffff;
	size_t most = WORK_BYTES / (64 + m->size); /* what is long is slow enough a few times */

	for (unsigned i = 0; i <= count && i <= most; i++) {
		struct syscall_call call = *first;

		call.args[5] = BASE;
		if (what == NUMBER)
			call.number += i;
		else if (what == IOCTL)
			call.args[1] = sys_ioctls[(from + i) % sys_ioctl_count].code;
		else
			call.args[what] += i;
		print_call(style, lookup, &call, m);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;
	struct str out = { 0 };

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	struct memory m = { data + sizeof(in), size - sizeof(in) };
	struct syscall_style style = { .string_limit = in.style & 64 ? 4 : 32, .verbose = in.style & 1,
				       .xlat = (enum syscall_xlat)((in.style >> 1) % 3), .hex = (enum syscall_hex)((in.style >> 3) & 3),
				       .arg_names = in.style & 128, .addresses = in.number_high & 4, .strict = in.number_high & 8 };
	const struct syscall_lookup *lookup = in.number_high & 16 ? &all : &few;
	struct syscall_call call = { .abi = (enum syscall_abi)(in.abi % SYSCALL_ABI_COUNT), .pid = 1, .tid = 1,
				     .number = (uint32_t)(in.number_low | (in.number_high & 3) << 8), .result = in.result,
				     .is_error = in.result < 0 && in.result > -4096 };
	memcpy(call.args, in.args, sizeof(call.args));
	if (in.number_high & 32)
		sweep(&style, lookup, &call, &m);
	else
		print_call(&style, lookup, &call, &m);
	syscall_print_siginfo(&style, NULL, 0, call.abi, m.bytes, m.size, &out);
	color(&out);
	str_deinit(&out);
	return 0;
}
