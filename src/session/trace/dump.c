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

/* Memory is fetched in pieces of this size: what can't be had behind the first is said. */
enum { PIECE_BYTES = 64 << 10, DUMP_MAX = 64 << 20, VECTORS_MAX = 1024 };

/* What the lines are made of. */
struct dump {
	const struct syscall_call *call;
	const struct syscall_memory *memory;
	enum syscall_phase phase;
	struct str *out;
};

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

static void dump_bytes(const struct dump *d, uint64_t addr, uint64_t size)
{
	uint64_t shown = size < DUMP_MAX ? size : DUMP_MAX;
	CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(PIECE_BYTES);
	int width = 5;

	for (uint64_t limit = 0xfffff; size > limit + 1 && width < 16; limit = limit << 4 | 15)
		width++;
	for (uint64_t at = 0, n; at < shown; at += n) {
		n = shown - at < PIECE_BYTES ? shown - at : PIECE_BYTES;
		if (d->memory->read(d->memory->user, d->phase, addr + at, bytes, n) < n) {
			if (at > 0)
				str_printf(d->out, " | <Cannot fetch %llu byte%s from pid %d @%#llx>\n", (unsigned long long)n,
					   n == 1 ? "" : "s", d->call->tid, (unsigned long long)(addr + at));
			return;
		}
		for (size_t line = 0; line < n; line += 16)
			dump_line(bytes + line, n - line < 16 ? (size_t)n - line : 16, at + line, width, d->out);
	}
	if (shown < size)
		str_printf(d->out, " | <%llu bytes more>\n", (unsigned long long)(size - shown));
}

static bool read_words(const struct dump *d, uint64_t addr, unsigned count, uint64_t *words)
{
	unsigned size = syscall_abi_word_bytes(d->call->abi);

	for (unsigned i = 0; i < count; i++) {
		words[i] = 0;
		if (d->memory->read(d->memory->user, d->phase, addr + (uint64_t)i * size, &words[i], size) != size)
			return false;
	}
	return true;
}

/* COUNT iovecs at ADDR, which must all be there: LEFT bytes of what they point to. */
static void dump_vector(const struct dump *d, uint64_t addr, uint64_t count, uint64_t left)
{
	unsigned word = syscall_abi_word_bytes(d->call->abi);
	size_t size = 2 * word * (size_t)(count < VECTORS_MAX ? count : VECTORS_MAX);
	CLEANUP(mem_freep) uint8_t *vector = mem_alloc(size ? size : 1);

	if (d->memory->read(d->memory->user, d->phase, addr, vector, size) < size)
		return;
	for (size_t at = 0, i = 0; at < size && left > 0; at += 2 * word, i++) {
		uint64_t base = 0, length = 0;

		memcpy(&base, vector + at, word);
		memcpy(&length, vector + at + word, word);
		length = length < left ? length : left;
		left -= length;
		str_printf(d->out, " * %llu bytes in buffer %zu\n", (unsigned long long)length, i);
		dump_bytes(d, base, length);
	}
}

/* struct msghdr: its second and third pointer-sized words from the second on are msg_iov and msg_iovlen. */
enum { MSG_IOV = 2, MSG_IOVLEN = 3, MSG_WORDS = 4 };

static void dump_message(const struct dump *d, uint64_t addr, uint64_t left)
{
	uint64_t words[MSG_WORDS];

	if (read_words(d, addr, MSG_WORDS, words))
		dump_vector(d, words[MSG_IOV], words[MSG_IOVLEN], left);
}

/* struct mmsghdr: a struct msghdr, then how many bytes went through it. */
static void dump_messages(const struct dump *d, uint64_t addr, uint64_t count)
{
	bool wide = syscall_abi_word_bytes(d->call->abi) == 8;
	unsigned step = wide ? 64 : 32, length_at = wide ? 56 : 28;

	for (uint64_t i = 0; i < count && i < VECTORS_MAX; i++) {
		uint64_t words[MSG_WORDS];
		uint32_t length = 0;

		if (!read_words(d, addr + i * step, MSG_WORDS, words) ||
		    d->memory->read(d->memory->user, d->phase, addr + i * step + length_at, &length, sizeof(length)) != sizeof(length))
			return;
		str_printf(d->out, " = %llu buffers in vector %llu\n", (unsigned long long)words[MSG_IOVLEN], (unsigned long long)i);
		dump_vector(d, words[MSG_IOV], words[MSG_IOVLEN], length);
	}
}

enum what { BYTES, VECTOR, MESSAGE, MESSAGES };

static const struct row {
	const char *name;
	uint8_t what; /* enum what, at the second argument */
	bool reads;
} rows[] = {
	{ "read", BYTES, true }, { "pread64", BYTES, true }, { "recv", BYTES, true }, { "recvfrom", BYTES, true },
	{ "mq_timedreceive", BYTES, true }, { "mq_timedreceive_time64", BYTES, true },
	{ "readv", VECTOR, true }, { "preadv", VECTOR, true }, { "preadv2", VECTOR, true },
	{ "recvmsg", MESSAGE, true }, { "recvmmsg", MESSAGES, true }, { "recvmmsg_time64", MESSAGES, true },
	{ "write", BYTES, false }, { "pwrite64", BYTES, false }, { "send", BYTES, false }, { "sendto", BYTES, false },
	{ "mq_timedsend", BYTES, false }, { "mq_timedsend_time64", BYTES, false },
	{ "writev", VECTOR, false }, { "pwritev", VECTOR, false }, { "pwritev2", VECTOR, false }, { "vmsplice", VECTOR, false },
	{ "sendmsg", MESSAGE, false }, { "sendmmsg", MESSAGES, false },
};

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void dump_row(const struct row *row, const struct dump *d)
{
	const uint64_t *args = d->call->args;
	uint64_t result = d->call->is_error ? 0 : (uint64_t)d->call->result;

	switch (row->what) {
	case BYTES:
		dump_bytes(d, args[1], row->reads && result < args[2] ? result : args[2]);
		break;
	case VECTOR:
		dump_vector(d, args[1], args[2], row->reads ? result : UINT64_MAX);
		break;
	case MESSAGE:
		dump_message(d, args[1], row->reads ? result : UINT64_MAX);
		break;
	default:
		dump_messages(d, args[1], result);
	}
}

static bool any(const struct number_set *s) { return s->bits || s->inverted; }

/* What should have been written is shown although it was not. */
void dump_call(const struct trace_options *o, const struct syscall_call *call, const struct syscall_memory *memory,
	       struct str *out)
{
	const struct syscall_entry *entry;
	const struct row *row;
	int fd = (int)call->args[0];

	if ((!any(&o->read_fds) && !any(&o->write_fds)) || fd < 0)
		return;
	entry = syscall_find(call->abi, call->number);
	row = entry ? find_row(entry->name) : NULL;
	if (row && number_set_has(row->reads ? &o->read_fds : &o->write_fds, (unsigned)fd))
		dump_row(row, &(struct dump){ .call = call, .memory = memory, .out = out,
					      /* what a call sends is told how far at its exit */
					      .phase = row->reads || row->what == MESSAGES ? SYSCALL_EXIT : SYSCALL_ENTER });
}
