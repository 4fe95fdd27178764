// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looking for two hundred words at once, at memory speed.
 *
 * Four bytes at every second place are hashed and looked up in a filter of bits that has each
 * word's bytes 0-3 and 1-4, so each occurrence is met at one of two neighbouring places; of a
 * word of four bytes alone, bytes 1-3 and whatever may follow.  The loads don't wait for each
 * other, the filter stays in the nearest cache, and in ordinary text nearly all look-ups say no;
 * where one says yes, a table by three bytes tells which words to compare.
 */
#include "oops/trigger.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Each begins where its text is rare: "upt took" rather than "interrupt took", which would stop at every "interrupt". */
const char *const trigger_words[] = {
	"BUG:", "BUG ", "WARNING:", "INFO:", "Oops:", "Oops -", "panic", "UBSAN:", "o handle ", "ral prot", "k segment", "divide error",
	"double fault", "invalid opcode", "Alignment trap", "Unhandled fault", "nal error", "achine check", "Unexpected kernel", "NX-protected",
	"Insufficient stack", "hard LOCKUP", "unregister_netdevice: waiting", "unreferenced object", "ge alloc", "oom-killer", "ut of memory",
	"nobody cared", "VFS: ", "kobject: kobject", "sysfs: cannot create", "possible ", "inconsistent lock", "divide_error", "NIP: ",
	"Booting the kernel", "SYZFA", "Watchdog detected", "der detected",
	"cut here ]", "add corr", "del corr", "usercopy: ", "buffer overfl",
	"segfault ", "traps: ", "unhandled ", "bad frame in", "sending SIGSEGV", "ocess fault", "e=1326", "e=1701", "e=1400",
	"nknown kernel command line", "unknown parameter", "Unknown symbol", "rees about", "n magic '", "taints kernel",
	"module verification failed", "staging dir",
	"sysrq: ", "SysRq : ", "kmem_cache_destroy", "slab error in", "vmalloc error", "vmalloc: alloc", "SLUB: Unable",
	"-fs (", "-fs error", "-fs warning", "Aborting journal", "JBD2: ", "XFS (", "XFS: ", "BTRFS", "SQUASHFS", "EROFS: (", "nfs: server",
	"ockd: s", "NFS: ", "ror, dev", "uffer I/O error", "ge write", "beyond end of device", "Sense Key", "FAILED Res", "Synchronize C",
	"Add. Sense", "rejecting I/O", "e offlined", "failed command", "hard resetting link", "SATA link down", "exception Emask", "is slow to",
	"COMRESET", "limiting SATA", "softreset failed", "nvme ", "@ LBA", "hardware interrupt", "mmcblk", "he flush", "Disk failure", "super_written",
	"Failing path",
	"bogus return", "No irq handler", "NMI received", "NMI: ", "EDAC ", "mce: ", "ory fail", "m APEI", "PCIe Bus Error", "AER: ", "DMAR: ",
	"IO_PAGE_FAULT", "arm-smmu", "DMA-API", "temperature above", "critical temp", "HARDWARE PROT", "descriptor read", "er-curr", "xhci_hcd",
	"g watchdog", "upt took", "NETDEV WATCHDOG", "Hardware Unit Hang", "SYN flooding", "ull, drop", "neighbor table", "GPU HANG",
	"*ERROR* ring", "NVRM: Xid", "Microcode SW", "firmware crashed", "oom_reaper:",
	"CFI failure", "unlock balance", "lock freed!", "held when ret", "still has lock", "ious RCU usage", "NMI backtrace", "kmemleak: ", "Missing ENDBR", "SError Int", "Bad mode in", "Unhandled 64", "undefined instr", "rror, epc", "Got mcheck", "achine Check",
	"r page (", "ck overfl", "o execute", "[#1]",
	"starved for", "the idle thr", "ODEBUG: ", "ry context sw", "MSR access", "upted low mem", "hogged CPU", "lock detection", "_STATUS[", "vmap alloc",
	"rpcbind: s", "ockd: cannot", "nfs4_reclaim", "CIFS: VFS", "CIFS VFS", "n Cmd(", "FW in FAULT", "t_state(0x", "-mapper: ", "accepting a", "orphaned sock",
	"_backlog=", "backlog limit ex", "t_lost=", "eue overflow", "limit exceede",
	"MESSAGE\":[", /* the journal's JSON of a message with control characters: bytes as numbers, which hide every word */
	"Wrong slab", "to vfree()", "is not init", "arly exception",
	NULL
};

static inline uint32_t hash3(uint32_t bytes)
{
	return ((bytes & 0xffffff) * 0x9e3779b1u) >> 18;
}

static inline uint32_t hash4(uint32_t bytes)
{
	return (bytes * 0x9e3779b1u) >> 15;
}

static inline bool passes(const struct trigger *t, uint32_t bytes)
{
	uint32_t hash = hash4(bytes);

	return t->filter[hash / 64] >> (hash % 64) & 1;
}

static void let_pass(struct trigger *t, const char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, 4);
	t->filter[hash4(value) / 64] |= 1ull << (hash4(value) % 64);
}

static uint32_t load3(const char *p)
{
	return (uint32_t)(uint8_t)p[0] | (uint32_t)(uint8_t)p[1] << 8 | (uint32_t)(uint8_t)p[2] << 16;
}

static void let_word_pass(struct trigger *t, const char *word)
{
	char shifted[4];

	let_pass(t, word);
	if (word[4] != '\0') {
		let_pass(t, word + 1);
		return;
	}
	memcpy(shifted, word + 1, 3);
	for (int last = 0; last < 256; last++) {
		shifted[3] = (char)last;
		let_pass(t, shifted);
	}
}

void trigger_init(struct trigger *t)
{
	memset(t, 0, sizeof(*t));
	for (unsigned w = 0; trigger_words[w] != NULL && w < TRIGGER_WORDS_MAX; w++) {
		t->length[w] = (uint8_t)strlen(trigger_words[w]);
		let_word_pass(t, trigger_words[w]);
		for (unsigned phase = 0; phase < 2; phase++) {
			uint32_t hash = hash3(load3(trigger_words[w] + phase));

			t->next[2 * w + phase] = t->head[hash];
			t->head[hash] = (uint16_t)(1 + 2 * w + phase);
		}
	}
}

/* The word that has P's three bytes at its beginning or one further; not before START. */
static const char *word_at(const struct trigger *t, const char *start, const char *p, const char *end)
{
	for (unsigned entry = t->head[hash3(load3(p))]; entry != 0; entry = t->next[entry - 1]) {
		unsigned w = (entry - 1) / 2, phase = (entry - 1) & 1;
		const char *from = p - phase;

		if (p >= start + phase && (size_t)(end - from) >= t->length[w] && memcmp(from, trigger_words[w], t->length[w]) == 0)
			return from;
	}
	return NULL;
}

const char *trigger_find(const struct trigger *t, const char *text, size_t length)
{
	const char *end = text + length, *p = text;

	for (; end - p >= 11; p += 8) {
		uint32_t a, b, c, d;

		memcpy(&a, p, 4);
		memcpy(&b, p + 2, 4);
		memcpy(&c, p + 4, 4);
		memcpy(&d, p + 6, 4);
		if (__builtin_expect((unsigned)passes(t, a) | (unsigned)passes(t, b) | (unsigned)passes(t, c) | (unsigned)passes(t, d), 0)) {
			for (const char *q = p; q < p + 8; q += 2) {
				const char *found = word_at(t, text, q, end);

				if (found != NULL)
					return found;
			}
		}
	}
	for (; end - p >= 3; p++) {
		const char *found = word_at(t, text, p, end);

		if (found != NULL)
			return found;
	}
	return NULL;
}

void trigger_words_of(const struct trigger *t, const char *text, size_t length, uint64_t *seen)
{
	const char *end = text + length;

	memset(seen, 0, (TRIGGER_WORDS_MAX / 64 + 1) * sizeof(*seen));
	for (const char *p = text; end - p >= 4; p++) {
		uint32_t value;

		memcpy(&value, p, 4);
		if (!passes(t, value))
			continue;
		for (unsigned entry = t->head[hash3(load3(p))]; entry != 0; entry = t->next[entry - 1]) {
			unsigned w = (entry - 1) / 2;

			if (((entry - 1) & 1) == 0 && (size_t)(end - p) >= t->length[w] && memcmp(p, trigger_words[w], t->length[w]) == 0)
				seen[w / 64] |= 1ull << (w % 64);
		}
	}
}

uint64_t trigger_count_lines(const char *text, size_t length)
{
	uint64_t n = 0;
	size_t i = 0;

#if defined(__SSE2__)
	const __m128i newline = _mm_set1_epi8('\n');

	for (; i + 64 <= length; i += 64) {
		uint32_t m0 = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(text + i)), newline));
		uint32_t m1 = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(text + i + 16)), newline));
		uint32_t m2 = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(text + i + 32)), newline));
		uint32_t m3 = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(text + i + 48)), newline));

		n += (uint64_t)__builtin_popcount(m0 | m1 << 16) + (uint64_t)__builtin_popcount(m2 | m3 << 16);
	}
#endif
	for (; i < length; i++)
		n += text[i] == '\n';
	return n;
}
