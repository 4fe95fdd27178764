/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 16 bytes a line, as strace prints them:
 *
 *	 | 00000  74 65 73 74 0a                                    test.            |
 *
 * For vectors each buffer has a headline, " * 5 bytes in buffer 0".
 */
#include "session/trace/dump.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { DUMP_MAX = 16 << 20, VECTORS_MAX = 1024 };

static void dump_line(const uint8_t *bytes, size_t n, uint64_t offset, int offset_width, struct str *out)
{
	str_printf(out, " | %0*llx ", offset_width, (unsigned long long)offset);
	for (size_t i = 0; i < 16; i++) {
		if (i == 8)
			str_add_char(out, ' ');
		if (i < n)
			str_printf(out, " %02x", bytes[i]);
		else
			str_add(out, "   ");
	}
	str_add(out, "  ");
	for (size_t i = 0; i < 16; i++)
		str_add_char(out, i >= n ? ' ' : bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.');
	str_add(out, " |\n");
}

static size_t dump_bytes(const struct syscall_memory *memory, enum syscall_phase phase, uint64_t addr, uint64_t size,
			 struct str *out)
{
	size_t want = size < DUMP_MAX ? (size_t)size : DUMP_MAX;
	CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(want ? want : 1);
	size_t got = want ? memory->read(memory->user, phase, addr, bytes, want) : 0;
	int width = 5;

	if (got < want)
		return 0;
	for (uint64_t limit = 0xfffff; got > limit; limit = limit << 4 | 15)
		width++;
	for (size_t at = 0; at < got; at += 16)
		dump_line(bytes + at, got - at < 16 ? got - at : 16, at, width, out);
	return got;
}

static void dump_vector(const struct syscall_call *call, const struct syscall_memory *memory,
			enum syscall_phase phase, uint64_t addr, uint64_t count, uint64_t left, struct str *out)
{
	unsigned word = syscall_abi_word_bytes(call->abi);

	for (uint64_t i = 0; i < count && i < VECTORS_MAX && left > 0; i++) {
		uint64_t base = 0, size = 0;

		if (memory->read(memory->user, phase, addr + i * 2 * word, &base, word) != word ||
		    memory->read(memory->user, phase, addr + (i * 2 + 1) * word, &size, word) != word)
			return;
		if (size > left)
			size = left;
		left -= size;
		str_printf(out, " * %llu bytes in buffer %llu\n", (unsigned long long)size, (unsigned long long)i);
		dump_bytes(memory, phase, base, size, out);
	}
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

void dump_call(const struct trace_options *o, const struct syscall_call *call, const struct syscall_memory *memory,
	       struct str *out)
{
	static const char *const reads[] = { "read", "pread64", "recv", "recvfrom", NULL };
	static const char *const writes[] = { "write", "pwrite64", "send", "sendto", NULL };
	static const char *const read_vectors[] = { "readv", "preadv", "preadv2", NULL };
	static const char *const write_vectors[] = { "writev", "pwritev", "pwritev2", "vmsplice", NULL };
	const struct syscall_entry *entry;
	bool in, in_vector, out_plain, out_vector;

	if ((!o->read_fds.bits && !o->read_fds.inverted && !o->write_fds.bits && !o->write_fds.inverted))
		return;
	entry = syscall_find(call->abi, call->number);
	if (!entry || call->is_error || (int64_t)call->args[0] < 0)
		return;
	in = is_one_of(entry->name, reads);
	in_vector = is_one_of(entry->name, read_vectors);
	out_plain = is_one_of(entry->name, writes);
	out_vector = is_one_of(entry->name, write_vectors);
	if ((in || in_vector) && !number_set_has(&o->read_fds, (unsigned)call->args[0]))
		return;
	if ((out_plain || out_vector) && !number_set_has(&o->write_fds, (unsigned)call->args[0]))
		return;
	if (in)
		dump_bytes(memory, SYSCALL_EXIT, call->args[1], (uint64_t)call->result, out);
	else if (in_vector)
		dump_vector(call, memory, SYSCALL_EXIT, call->args[1], call->args[2], (uint64_t)call->result, out);
	else if (out_plain)
		dump_bytes(memory, SYSCALL_ENTER, call->args[1], call->args[2], out);
	else if (out_vector)
		dump_vector(call, memory, SYSCALL_ENTER, call->args[1], call->args[2], UINT64_MAX, out);
}
