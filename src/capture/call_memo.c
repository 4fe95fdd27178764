/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One probe, and whoever comes later takes the slot: a program's loop is a handful of calls.
 * Registers that are no argument of the call are left out, they hold anything.
 */
#include "capture/call_memo.h"

#include "base/mem.h"
#include "syscall/table.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_WORDS = 9, DATA_BYTES = 192 };

struct memo_key {
	uint64_t words[KEY_WORDS]; /* which call, its result, its stack, its arguments */
	uint64_t data_bytes;
};
struct memo_slot {
	struct memo_key key;
	bool used;
	uint8_t data[DATA_BYTES];
};
struct call_memo {
	struct memo_slot slots[CALL_MEMO_SLOTS];
};

struct call_memo *call_memo_create(void) { return mem_calloc(1, sizeof(struct call_memo)); }
void call_memo_destroy(struct call_memo *m) { free(m); }

/* Both halves of the product of A and B: one multiplication mixes 16 bytes. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_key(const struct memo_key *key, const uint8_t *data)
{
	const uint64_t *w = key->words;
	uint64_t h = fold(w[0] ^ 0xa0761d6478bd642fULL, w[1] ^ 0xe7037ed1a0b428dbULL) ^
		     fold(w[2] ^ 0x8ebc6af09c88c6e3ULL, w[3] ^ 0x589965cc75374cc3ULL) ^
		     fold(w[4] ^ 0x1d8e4e27c47d124fULL, w[5] ^ 0xeb44accab455d165ULL) ^
		     fold(w[6] ^ 0x9e3779b97f4a7c15ULL, w[7] ^ 0xff51afd7ed558ccdULL) ^ w[8];

	for (uint64_t at = 0; at + 8 <= key->data_bytes; at += 8) {
		uint64_t word;

		memcpy(&word, data + at, sizeof(word));
		h = fold(h ^ word, 0xc4ceb9fe1a85ec53ULL);
	}
	return fold(h, 0x9ddfea08eb382d69ULL);
}

static void make_key(struct memo_key *key, const struct syscall_entry *entry, const struct syscall_call *call,
		     size_t data_bytes)
{
	unsigned count = entry ? entry->arg_count : 6;
	bool named = entry != NULL;

	memset(key, 0, sizeof(*key));
	key->words[0] = (uint64_t)call->abi << 40 | (uint64_t)named << 33 | (uint64_t)call->is_error << 32 |
			call->number;
	key->words[1] = (uint64_t)call->result;
	if (count == 0) /* rt_sigreturn's frame */
		key->words[2] = call->sp;
	for (unsigned i = 0; i < count && i < 6; i++)
		key->words[3 + i] = call->args[i];
	key->data_bytes = data_bytes;
}

int call_memo_slot(struct call_memo *m, const struct syscall_lookup *lookup, const struct syscall_call *call,
		   const struct syscall_pieces *pieces, bool *known)
{
	struct memo_key key;
	struct memo_slot *slot;
	uint64_t hash;

	*known = false;
	if (pieces->size_bytes > DATA_BYTES)
		return CALL_MEMO_NONE;
	make_key(&key, syscall_find_by(lookup, call->abi, call->number), call, pieces->size_bytes);
	hash = hash_key(&key, pieces->blob) % CALL_MEMO_SLOTS;
	slot = &m->slots[hash];
	*known = slot->used && memcmp(&slot->key, &key, sizeof(key)) == 0 &&
		 (!pieces->size_bytes || memcmp(slot->data, pieces->blob, pieces->size_bytes) == 0);
	if (!*known) {
		slot->key = key;
		slot->used = true;
		if (pieces->size_bytes)
			memcpy(slot->data, pieces->blob, pieces->size_bytes);
	}
	return (int)hash;
}

void call_memo_forget(struct call_memo *m, int slot) { m->slots[slot].used = false; }
