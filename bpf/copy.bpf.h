/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_COPY_H
#define SONDE_BPF_COPY_H
/*
 * What a call refers to, copied as a plan says (syscall/plan.h): pieces (syscall/memory.h), one behind
 * the other, in the thread's own storage until the call is sent.  When that is full its contents
 * are sent as a record of their own, which the reader puts in front of what comes later.
 *
 * A page that isn't there can't be read here, because a program can't wait for it: such a step
 * is tried again at exit, when the kernel has touched it, or if it is a string's when the call waits, and flagged.
 *
 * Functions that are not static are looked at by the verifier once, not at each call: that is
 * what makes loading quick.  Their pointers may be NULL as far as it knows.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "event/bpf_calls.h"
#include "ring.bpf.h"

/* Settings, before loading. */
const volatile __u32 calls_string_limit = 33; /* bytes of a string, with room to see that there is more */
const volatile __u32 calls_strings_most = 64; /* of an argument list */
const volatile __u32 calls_kinds = ~0U;       /* bit: some plan has such a step; the others' code is dropped */

enum {
	WORD_PAGE = 4096, VECTORS_MOST = 64, MESSAGES_MOST = 64, ROOMS_MOST = 32, POINTERS_MOST = 8192, PARTS_MOST = 512,
	NAME_BYTES = 128, CONTROL_BYTES = 65536, NETLINK_BYTES = 65536,
};
/* What is copied: what a call refers to as it begins, as it ends, or strings that were not there as it began: by the time that a
 * call waits the kernel has read them. */
enum copy_pass { COPY_ENTRY, COPY_EXIT, COPY_LATE };
enum copy_how { COPY_TEXT = 1, COPY_MORE = 2 }; /* up to a NUL; there is more behind it */

/* Where among buffers we are. */
struct vector {
	__u64 addr;   /* of a buffer's struct iovec */
	__u64 left;   /* bytes, of this buffer and all behind it */
	__u32 done;   /* of this buffer */
	__u16 more;   /* buffers, with this one */
	__u16 failed; /* one of them isn't there */
};

/* A thread that is looked at: it has one from its first wanted call on. */
struct call_now {
	__u16 in_call;
	__u16 todo;    /* of enum finish_todo (finish.bpf.h) */
	__u16 pass;    /* of enum copy_pass: what is copied at present */
	__u16 late;    /* bit i: step i could not be read at entry */
	__u16 phase;   /* of what is copied: 0 entry, 1 exit */
	__u16 flags;   /* enum BPF_PIECE_LATE while a step is tried again */
	__u16 parts;   /* sent of this call */
	__u16 netlink; /* the call's messages are netlink's: whole */
	struct vector vector; /* not on the stack, whose values the verifier follows, one round of a loop after the other */
	struct bpf_call call;
	__u8 data[BPF_CALLS_DATA_BYTES + BPF_CALLS_PIECE_BYTES + 64];
};

static __always_inline long call_send(struct call_now *now, __u16 kind)
{
	__u32 size = now->call.data_bytes;

	if (size > BPF_CALLS_DATA_BYTES + BPF_CALLS_PIECE_BYTES)
		size = BPF_CALLS_DATA_BYTES + BPF_CALLS_PIECE_BYTES;
	size += sizeof(now->call);
	ring_head(&now->call.head, kind, now->call.head.tid);
	return ring_output(&now->call, size);
}

/* Room for SIZE bytes behind a piece's head, where; negative: there was too much. */
static __always_inline int copy_room(struct call_now *now, __u32 size)
{
	__u32 at = now->call.data_bytes;

	if (at < BPF_CALLS_DATA_BYTES &&
	    at + sizeof(struct bpf_calls_piece) + ((size + 7) & ~7U) <= BPF_CALLS_DATA_BYTES + BPF_CALLS_PIECE_BYTES)
		return (int)at;
	if (now->parts++ >= PARTS_MOST) {
		now->call.flags |= BPF_CALL_CUT;
		return -1;
	}
	if (call_send(now, BPF_CALLS_PART)) {
		now->call.flags |= BPF_CALL_CUT;
		ring_lost(1);
	}
	now->call.data_bytes = 0;
	return 0;
}

/* One piece, at most as large as pieces are.  How many bytes it has; -1: nothing could be read. */
__noinline int copy_piece(struct call_now *now, __u64 addr, __u32 size, __u32 how)
{
	struct bpf_calls_piece *piece;
	__u32 at;
	__u8 *to;
	long n;
	int room;

	if (!now)
		return -1;
	if (size > BPF_CALLS_PIECE_BYTES) {
		size = BPF_CALLS_PIECE_BYTES;
		how |= COPY_MORE;
	}
	room = copy_room(now, size);
	if (room < 0)
		return 0;
	at = (__u32)room & (BPF_CALLS_DATA_BYTES - 1);
	piece = (void *)&now->data[at];
	to = &now->data[at + sizeof(*piece)];
	piece->addr = addr;
	piece->phase = now->phase;
	piece->flags = now->flags | (how & COPY_MORE ? BPF_PIECE_CUT : 0);
	n = -1;
	if (how & COPY_TEXT) { /* the last byte is a NUL of the helper's where the text goes on */
		n = bpf_probe_read_user_str(to, size, (void *)addr);
		if (n == size) {
			n--;
			piece->flags |= BPF_PIECE_CUT;
		}
	}
	/* a text that runs into a page which still isn't there has no end */
	if (n < 0 && (!(how & COPY_TEXT) || now->phase || now->flags & BPF_PIECE_LATE)) {
		n = bpf_probe_read_user(to, size, (void *)addr) ? -1 : (long)size;
		if (n < 0 && size > WORD_PAGE - (addr & (WORD_PAGE - 1))) { /* up to the end of the page */
			size = WORD_PAGE - (addr & (WORD_PAGE - 1));
			if (size > BPF_CALLS_PIECE_BYTES)
				size = BPF_CALLS_PIECE_BYTES;
			n = bpf_probe_read_user(to, size, (void *)addr) ? -1 : (long)size;
			piece->flags |= BPF_PIECE_FAULT;
		}
	}
	if (n < 0)
		return -1;
	piece->size_bytes = (__u32)n;
	now->call.data_bytes = at + sizeof(*piece) + (((__u32)n + 7) & ~7U);
	return (int)n;
}

/* --- more than a piece ---------------------------------------------------------------------- */

/* 32 bytes: the verifier of Linux 6.1 counts each function's stack in such units, and all of a chain of calls
 * may have 512. */
struct copy {
	struct call_now *now;
	__u64 addr;
	__u64 left;
	__u32 limit; /* of one buffer */
	__u16 how;
	__u8 word;   /* bytes of a pointer */
	bool failed;
};

static long copy_next(__u32 i, void *user)
{
	struct copy *c = user;
	__u32 take = c->left > BPF_CALLS_PIECE_BYTES ? BPF_CALLS_PIECE_BYTES : (__u32)c->left;
	int n = copy_piece(c->now, c->addr, take, c->how);

	if (n <= 0) {
		c->failed = i == 0;
		return 1;
	}
	c->addr += (__u32)n;
	c->left -= (__u32)n > c->left ? c->left : (__u32)n;
	/* a text whose NUL was found is shorter, by more than the helper's own */
	return c->left == 0 || (__u32)n + (c->how & COPY_TEXT ? 1 : 0) < take;
}

/* SIZE bytes in as many pieces as that takes; false: not one byte. */
__noinline int copy_long(struct call_now *now, __u64 addr, __u64 size, __u32 how)
{
	struct copy c = { .now = now, .addr = addr, .left = size, .how = (__u16)how };

	if (!now)
		return 0;
	bpf_loop(PARTS_MOST, copy_next, &c, 0);
	return !c.failed;
}

static __always_inline bool copy_memory(struct call_now *now, __u64 addr, __u64 size, __u32 how)
{
	if (size > BPF_CALLS_PIECE_BYTES)
		return copy_long(now, addr, size, how);
	return copy_piece(now, addr, (__u32)size, how) >= 0;
}

/* --- lists -------------------------------------------------------------------------------- */

/* Bytes of a pointer, and one that is read: without branches, after each of which the verifier would look at all that
 * comes again. */
static __always_inline __u8 word_of(const struct call_now *now)
{
	return (__u8)(4 + (((__u32)now->call.abi - 1) >> 31 << 2)); /* 8 of abi 0, else 4 */
}

static __always_inline __u64 read_word(__u8 word, __u64 addr)
{
	__u64 value[2] = { 0 }; /* the second for the verifier, which knows no more than the mask */

	bpf_probe_read_user(value, word & 12, (void *)addr);
	return value[0];
}

/* Bytes of a buffer that are wanted: those that are shown as text, or whole messages. */
static __always_inline __u32 buffer_limit(const struct call_now *now)
{
	return now->netlink ? NETLINK_BYTES : calls_string_limit;
}

static long copy_string_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c->word, c->addr + i * c->word);

	if (!addr)
		return 1;
	if (c->how & COPY_TEXT && !copy_memory(c->now, addr, calls_string_limit + 1, COPY_TEXT))
		c->failed = true;
	return 0;
}

/* Pointers up to NULL, and with COPY_TEXT the strings that they point to: false where one isn't there, too. */
__noinline int copy_pointers(struct call_now *now, __u64 addr, __u32 most, __u32 how)
{
	struct copy c = { .now = now, .addr = addr, .how = how };
	long n;

	if (!now)
		return 0;
	c.word = word_of(now);
	n = bpf_loop(most > POINTERS_MOST ? POINTERS_MOST : most, copy_string_at, &c, 0);
	if (n <= 0)
		return 0;
	copy_memory(now, addr, (__u64)n * c.word, 0);
	return !c.failed;
}

/* A piece of a buffer, and on to the next one behind its last. */
static long copy_vector_at(__u32 i, void *user)
{
	struct call_now *now = ((struct copy *)user)->now;
	struct vector *v = &now->vector;
	__u8 word = word_of(now);
	__u64 addr = read_word(word, v->addr), size = read_word(word, v->addr + word), wanted;
	__u32 limit = buffer_limit(now), take;
	int n;

	(void)i;
	if (size > v->left)
		size = v->left;
	wanted = size > limit ? limit : size;
	if (wanted > v->done) {
		take = (__u32)wanted - v->done;
		if (take > BPF_CALLS_PIECE_BYTES)
			take = BPF_CALLS_PIECE_BYTES;
		n = copy_piece(now, addr + v->done, take, size > wanted ? COPY_MORE : 0);
		if (n < 0 && !v->done)
			v->failed = 1;
		if (n > 0)
			v->done += (__u32)n;
		if (n == (int)take && v->done < wanted)
			return 0;
	}
	v->addr += 2 * word;
	v->left -= size;
	v->done = 0;
	return --v->more == 0 || v->left == 0;
}

/* Frames may be eight deep: of what is used at two depths the deeper one is inlined. */
static __always_inline bool vector_here(struct call_now *now, __u64 addr, __u32 count, __u64 total)
{
	struct copy c = { .now = now };
	bool read;

	if (count > 1024)
		count = 1024;
	if (count == 0)
		return 1;
	read = copy_long(now, addr, (__u64)count * 2 * word_of(now), 0);
	now->vector = (struct vector){ .addr = addr, .left = total, .more = count > VECTORS_MOST ? VECTORS_MOST : (__u16)count };
	bpf_loop(VECTORS_MOST + 2 * PARTS_MOST, copy_vector_at, &c, 0);
	return read && !now->vector.failed;
}

/* Of COUNT buffers, together at most TOTAL bytes; false: not all of them are there. */
__noinline int copy_vector(struct call_now *now, __u64 addr, __u32 count, __u64 total)
{
	return now ? vector_here(now, addr, count, total) : 0;
}

/* struct msghdr: name, namelen, iov, iovlen, control, controllen, flags. */
__noinline int copy_message(struct call_now *now, __u64 addr, __u64 total)
{
	__u64 name, control, control_size;
	__u32 name_size = 0;
	bool read = true;
	__u8 w;

	if (!now)
		return 1;
	w = word_of(now);

	name = read_word(w, addr);
	bpf_probe_read_user(&name_size, sizeof(name_size), (void *)(addr + w));
	control = read_word(w, addr + 4 * w);
	control_size = read_word(w, addr + 5 * w);
	if (name && name_size)
		read = copy_piece(now, name, name_size > NAME_BYTES ? NAME_BYTES : name_size, 0) >= 0;
	if (control && control_size)
		read &= copy_long(now, control, control_size > CONTROL_BYTES ? CONTROL_BYTES : control_size,
				  control_size > CONTROL_BYTES ? COPY_MORE : 0);
	return vector_here(now, read_word(w, addr + 2 * w), (__u32)read_word(w, addr + 3 * w), total) && read;
}

static long copy_message_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = c->addr + i * 8 * c->word;
	__u32 length = 0;

	/* msg_len, behind the header, is what was received */
	bpf_probe_read_user(&length, sizeof(length), (void *)(addr + 7 * c->word));
	if (!copy_message(c->now, addr, c->left ? c->left : length))
		c->failed = true;
	return 0;
}

/* struct mmsghdr [COUNT].  TOTAL 0: as much of each as its own length says. */
__noinline int copy_messages(struct call_now *now, __u64 addr, __u32 count, __u64 total)
{
	struct copy c = { .now = now, .addr = addr, .left = total };
	bool read;

	if (!now)
		return 0;
	c.word = word_of(now);
	if (count > 1024)
		count = 1024;
	if (count == 0)
		return 1;
	read = copy_long(now, addr, (__u64)count * 8 * c.word, 0);
	bpf_loop(count > MESSAGES_MOST ? MESSAGES_MOST : count, copy_message_at, &c, 0);
	return read && !c.failed;
}

/* --- what structures point to ---------------------------------------------------------------- */

/* The arguments of bpf(), io_submit(), ptrace() and of hundreds of ioctls have pointers in them, and which words those
 * are is not known here.  So each word that may be the address of something is taken for one, and some bytes of what
 * is there are copied: too much rather than too little, of calls that nobody makes often. */

enum {
	FOLLOW_WORDS_MOST = 64, FOLLOW_TWICE_MOST = 32, FOLLOW_LIST_MOST = 32, FOLLOW_LOWEST = 65536, FOLLOW_HIGHEST_BIT = 56,
	PTRACE_GETREGS = 12, PTRACE_SETFPREGS = 15, PTRACE_GETREGSET = 0x4204, PTRACE_SETREGSET = 0x4205,
	PTRACE_PEEKSIGINFO = 0x4209, PTRACE_GET_FILTER = 0x420c, PTRACE_BYTES = 128,
	IOCTL_BYTES = 320, IOCTL_BYTES_MOST = 16384, IOCTL_TERMINAL = 'T', IOCTL_TERMINAL_BYTES = 128,
	IOCTL_CONSOLE = 'K', IOCTL_CONSOLE_BYTES = 3072, IOCTL_MAPPER = 0xfd, IOCTL_MAPPER_BYTES = 4096,
};

static long follow_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c->word, c->addr + i * c->word);

	if (addr >= FOLLOW_LOWEST && !(addr >> FOLLOW_HIGHEST_BIT))
		copy_piece(c->now, addr, c->limit, COPY_MORE);
	return 0;
}

/* LIMIT bytes, or those of a string if that is more, of what the words in BYTES at ADDR point to. */
__noinline int copy_followed(struct call_now *now, __u64 addr, __u32 bytes, __u32 limit)
{
	struct copy c = { .now = now, .addr = addr, .limit = limit };
	__u32 words;

	if (!now)
		return 0;
	c.word = word_of(now);
	if (c.limit < calls_string_limit + 1)
		c.limit = calls_string_limit + 1;
	words = bytes / c.word;
	bpf_loop(words > FOLLOW_WORDS_MOST ? FOLLOW_WORDS_MOST : words, follow_at, &c, 0);
	return 1;
}

static __always_inline bool copy_follow(struct call_now *now, const struct bpf_calls_step *step, __u64 addr)
{
	__u8 there;

	if (bpf_probe_read_user(&there, sizeof(there), (void *)addr))
		return false;
	copy_followed(now, addr, step->fixed, step->limit);
	return true;
}

/* I counts words of words: `left` is how many bytes the first ones are in. */
static long follow_twice_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c->word, c->addr + i / FOLLOW_TWICE_MOST * c->word);

	if (addr < FOLLOW_LOWEST || addr >> FOLLOW_HIGHEST_BIT)
		return 0;
	addr = read_word(c->word, addr + i % FOLLOW_TWICE_MOST * c->word);
	if (addr >= FOLLOW_LOWEST && !(addr >> FOLLOW_HIGHEST_BIT))
		copy_piece(c->now, addr, c->limit, COPY_TEXT);
	return 0;
}

__noinline int copy_followed_twice(struct call_now *now, __u64 addr, __u32 bytes)
{
	struct copy c = { .now = now, .addr = addr, .limit = calls_string_limit + 1 };

	if (!now)
		return 0;
	c.word = word_of(now);
	bpf_loop(bytes / 8 * FOLLOW_TWICE_MOST, follow_twice_at, &c, 0);
	return 1;
}

/* Of struct iocb, include/uapi/linux/aio_abi.h. */
enum { IOCB_OPCODE_AT = 16, IOCB_BUFFER_AT = 24, IOCB_COUNT_AT = 32, IOCB_PWRITEV = 8, IOCB_VECTORS_MOST = 32 };

static long iocb_vector_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c->word, c->addr + i * 2 * c->word);
	__u64 size = read_word(c->word, c->addr + (i * 2 + 1) * c->word);

	if (addr && size)
		copy_piece(c->now, addr, size > c->limit ? c->limit : (__u32)size, size > c->limit ? COPY_MORE : 0);
	return 0;
}

static __always_inline void copy_iocb_buffers(struct call_now *now, __u64 addr)
{
	struct copy c = { .now = now, .word = word_of(now), .limit = calls_string_limit };
	__u32 count;

	if ((read_word(4, addr + IOCB_OPCODE_AT) & 0xffff) != IOCB_PWRITEV)
		return;
	c.addr = read_word(8, addr + IOCB_BUFFER_AT);
	count = (__u32)read_word(4, addr + IOCB_COUNT_AT);
	bpf_loop(count > IOCB_VECTORS_MOST ? IOCB_VECTORS_MOST : count, iocb_vector_at, &c, 0);
}

/* `left`: bytes of each. */
static long list_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c->word, c->addr + i * c->word);

	if (addr < FOLLOW_LOWEST || copy_piece(c->now, addr, (__u32)c->left, 0) <= 0)
		return 0;
	copy_followed(c->now, addr, (__u32)c->left, c->limit);
	copy_iocb_buffers(c->now, addr);
	return 0;
}

/* COUNT struct iocb * at ADDR, each to SIZES >> 16 bytes, and at most SIZES & 0xffff bytes of what those point to. */
__noinline int copy_list(struct call_now *now, __u64 addr, __u32 count, __u32 sizes)
{
	struct copy c = { .now = now, .addr = addr, .left = sizes >> 16, .limit = sizes & 0xffff };

	if (!now)
		return 0;
	c.word = word_of(now);
	if (count > FOLLOW_LIST_MOST)
		count = FOLLOW_LIST_MOST;
	if (copy_piece(now, addr, (count + 1) * c.word, 0) < 0)
		return 0;
	bpf_loop(count, list_at, &c, 0);
	return 1;
}

/* Registers and lists are larger than all else; those of PTRACE_GETREGSET are where an iovec says. */
__noinline int copy_ptrace(struct call_now *now, __u64 addr, __u32 limit)
{
	__u64 request;
	bool many, set;

	if (!now)
		return 0;
	request = now->call.args[0];
	set = request == PTRACE_GETREGSET || request == PTRACE_SETREGSET;
	many = request == PTRACE_PEEKSIGINFO || request == PTRACE_GET_FILTER || (request >= PTRACE_GETREGS && request <= PTRACE_SETFPREGS);
	if (copy_piece(now, addr, many ? limit : PTRACE_BYTES, 0) < 0)
		return 0;
	if (set)
		copy_followed(now, addr, word_of(now), limit);
	return 1;
}

/* An ioctl's number says how large its argument is; older ones say nothing. */
__noinline int copy_ioctl(struct call_now *now, __u64 addr, __u32 limit)
{
	__u32 number, size, kind;

	if (!now)
		return 0;
	number = (__u32)now->call.args[1];
	kind = number >> 8 & 0xff;
	size = number >> 16 & (IOCTL_BYTES_MOST - 1);
	if (size < IOCTL_BYTES)
		size = kind == IOCTL_TERMINAL && !size ? IOCTL_TERMINAL_BYTES : kind == IOCTL_CONSOLE ? IOCTL_CONSOLE_BYTES : IOCTL_BYTES;
	if (kind == IOCTL_MAPPER)
		size = IOCTL_MAPPER_BYTES;
	if (!copy_memory(now, addr, size, 0))
		return 0;
	if (kind != IOCTL_TERMINAL)
		copy_followed(now, addr, size, limit);
	return 1;
}

/* --- steps of a plan ------------------------------------------------------------------------ */

static __always_inline __u64 argument(const struct bpf_call *call, __u32 i)
{
	return i < 6 ? call->args[i] : 0;
}

/* What a step's pointer is: an argument, or the stack pointer (SYSCALL_PLAN_STACK). */
static __always_inline __u64 pointer(const struct bpf_call *call, __u32 i)
{
	return i == 6 ? call->sp : argument(call, i);
}

/* How many bytes a BYTES step is about, and how many of them are wanted. */
static __always_inline __u64 step_bytes(const struct bpf_call *call, const struct bpf_calls_step *step, __u64 *limit)
{
	__u64 items = step->size_arg == BPF_STEP_SIZE_RESULT ? (__u64)call->result
		      : step->size_arg == BPF_STEP_SIZE_NONE ? 0 : argument(call, step->size_arg);

	*limit = step->limit ? step->limit : calls_string_limit;
	if (items > 0x7fffffff)
		items = step->size_arg == BPF_STEP_SIZE_RESULT ? 0 : 0x7fffffff;
	return step->fixed + (items * (step->scale & BPF_STEP_SCALE) >> (step->scale >> BPF_STEP_SHIFT_AT));
}

/* SOCKBUF: what is sent or was received by a socket. */
static __always_inline bool copy_bytes(struct call_now *now, const struct bpf_calls_step *step, __u64 addr)
{
	__u64 limit, size = step_bytes(&now->call, step, &limit);

	if (step->kind == BPF_STEP_SOCKBUF)
		limit = buffer_limit(now);
	if (size == 0)
		return true;
	return copy_memory(now, addr, size > limit ? limit : size, size > limit ? COPY_MORE : 0);
}

/* What vectors have at most: what was received, or all of it. */
static __always_inline __u64 total_of(const struct call_now *now)
{
	return now->phase == 0 ? 0x7fffffff : now->call.result < 0 ? 0 : (__u64)now->call.result;
}

static __always_inline bool copy_mmsghdr(struct call_now *now, const struct bpf_calls_step *step, __u64 addr)
{
	bool received = step->size_arg == BPF_STEP_SIZE_RESULT;
	__u64 count = received ? (__u64)now->call.result : argument(&now->call, step->size_arg);

	if (received && now->phase == 0) { /* the room for names, and no data */
		count = (__u32)argument(&now->call, 2);
		return !count || copy_memory(now, addr, (count > ROOMS_MOST ? ROOMS_MOST : count) * 8 * word_of(now), 0);
	}
	if ((__s64)count < 0)
		return true;
	return copy_messages(now, addr, (__u32)count, received ? 0 : 0x7fffffff);
}

static __always_inline bool copy_kind(struct call_now *now, const struct bpf_calls_step *step, __u64 addr)
{
	switch (step->kind) {
	case BPF_STEP_STRING:
		return copy_memory(now, addr, step->limit ? step->limit : calls_string_limit + 1, COPY_TEXT);
	case BPF_STEP_BYTES:
	case BPF_STEP_SOCKBUF:
		return copy_bytes(now, step, addr);
	case BPF_STEP_STRINGS:
		if (!(calls_kinds & 1U << BPF_STEP_STRINGS))
			break;
		return copy_pointers(now, addr, calls_strings_most, COPY_TEXT);
	case BPF_STEP_POINTERS:
		if (!(calls_kinds & 1U << BPF_STEP_POINTERS))
			break;
		return copy_pointers(now, addr, POINTERS_MOST, 0);
	case BPF_STEP_IOVEC:
		if (!(calls_kinds & 1U << BPF_STEP_IOVEC))
			break;
		return copy_vector(now, addr, (__u32)argument(&now->call, step->size_arg), total_of(now));
	case BPF_STEP_MSGHDR:
		if (!(calls_kinds & 1U << BPF_STEP_MSGHDR))
			break;
		if (copy_piece(now, addr, 7 * word_of(now), 0) < 0)
			return false;
		return now->phase && now->call.result < 0 ? true : copy_message(now, addr, total_of(now));
	case BPF_STEP_MMSGHDR:
		if (!(calls_kinds & 1U << BPF_STEP_MMSGHDR))
			break;
		return copy_mmsghdr(now, step, addr);
	case BPF_STEP_FOLLOW:
		if (!(calls_kinds & 1U << BPF_STEP_FOLLOW))
			break;
		return copy_follow(now, step, addr);
	case BPF_STEP_FOLLOW_TWICE:
		if (!(calls_kinds & 1U << BPF_STEP_FOLLOW_TWICE) || argument(&now->call, 0) != step->scale)
			break;
		return copy_followed_twice(now, addr, step->fixed);
	case BPF_STEP_LIST:
		if (!(calls_kinds & 1U << BPF_STEP_LIST))
			break;
		return copy_list(now, addr, (__u32)argument(&now->call, step->size_arg), (__u32)step->fixed << 16 | (step->limit & 0xffff));
	case BPF_STEP_PTRACE:
		if (!(calls_kinds & 1U << BPF_STEP_PTRACE))
			break;
		return copy_ptrace(now, addr, step->limit);
	case BPF_STEP_IOCTL:
		if (!(calls_kinds & 1U << BPF_STEP_IOCTL))
			break;
		return copy_ioctl(now, addr, step->limit);
	}
	return true;
}

/* Step I of a plan, where it is one of the pass; 1: it is none, and neither are those behind it. */
__noinline int copy_step(struct call_now *now, const struct bpf_calls_step *step, __u32 i)
{
	bool late, copied;
	__u64 addr;

	if (!now || !step || step->kind == BPF_STEP_NONE)
		return 1;
	late = now->pass != COPY_ENTRY && step->phase == 0 && now->late >> i & 1;
	if (now->pass == COPY_LATE && !(1U << step->kind & (1U << BPF_STEP_STRING | 1U << BPF_STEP_STRINGS | 1U << BPF_STEP_POINTERS)))
		return 0; /* a structure may be for the answer */
	if (step->phase != now->pass && !late)
		return 0;
	addr = pointer(&now->call, step->arg);
	if (addr < WORD_PAGE) /* NULL, or a number: trying to read there costs a fault */
		return 0;
	now->phase = step->phase;
	now->flags = late ? BPF_PIECE_LATE : 0;
	copied = copy_kind(now, step, addr);
	if (now->pass == COPY_ENTRY && !copied)
		now->late |= 1U << i;
	if (late && copied)
		now->late &= ~(1U << i);
	return 0;
}

/* All that PLAN says of PASS. */
static __always_inline void copy_steps(struct call_now *now, const struct bpf_calls_plan *plan, __u32 pass)
{
	now->pass = (__u16)pass;
	for (__u32 i = 0; i < BPF_CALLS_STEPS; i++)
		if (copy_step(now, &plan->steps[i], i))
			break;
}

#endif
