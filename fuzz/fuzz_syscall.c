/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any system call of any ABI, with any arguments, over any memory: the input is the call,
 * what follows is its memory, found at every address that looks like a pointer.
 */
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

static const struct syscall_lookup lookup = { .netlink_protocol = netlink_protocol };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;
	struct syscall_progress progress;
	struct syscall_plan plan;
	struct str out = { 0 };

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	struct memory m = { data + sizeof(in), size - sizeof(in) };
	struct syscall_memory memory = { read_memory, &m };
	struct syscall_style style = { .string_limit = in.style & 64 ? 4 : 32, .verbose = in.style & 1,
				       .xlat = (enum syscall_xlat)((in.style >> 1) % 3), .hex = (enum syscall_hex)((in.style >> 3) % 3) };
	struct syscall_call call = { .abi = (enum syscall_abi)(in.abi % SYSCALL_ABI_COUNT), .pid = 1, .tid = 1,
				     .number = (uint32_t)(in.number_low | (in.number_high & 1) << 8), .result = in.result,
				     .is_error = in.result < 0 && in.result > -4096 };
	memcpy(call.args, in.args, sizeof(call.args));
	syscall_plan_get(call.abi, call.number, false, &plan);
	syscall_print_enter(&style, &lookup, &call, &memory, &progress, &out);
	syscall_print_exit(&style, &lookup, &call, &memory, &progress, &out);
	syscall_print_result(&style, &lookup, &call, &memory, &progress, &out);
	syscall_print_siginfo(&style, NULL, 0, call.abi, m.bytes, m.size, &out);
	if (syscall_pieces_check(m.bytes, m.size)) {
		struct syscall_pieces pieces = { m.bytes, m.size };
		struct syscall_memory again = syscall_pieces_memory(&pieces);
		syscall_print_enter(&style, NULL, &call, &again, &progress, &out);
	}
	str_deinit(&out);
	return 0;
}
