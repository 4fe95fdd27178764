// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looking for a hundred words at once, at memory speed.
 *
 * Three bytes at every second place are hashed and looked up in a table that has the words'
 * first and second three bytes, so each occurrence is met at one of two neighbouring
 * places.  The loads don't wait for each other, and in ordinary text nearly all look-ups
 * say no; what says yes is compared in full.
 */
#include "oops/trigger.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

const char *const trigger_words[] = {
	"BUG:", "BUG ", "WARNING:", "INFO:", "Oops", "anic", "UBSAN:", "nable to handle", "general protection", "stack segment", "divide error",
	"double fault", "invalid opcode", "Alignment trap", "Unhandled fault", "Internal error", "achine check", "Unexpected kernel", "NX-protected",
	"Insufficient stack", "hard LOCKUP", "unregister_netdevice: waiting", "unreferenced object", "page allocation ", "oom-killer", "ut of memory",
	"nobody cared", "VFS: ", "kobject: kobject", "sysfs: cannot create", "possible ", "inconsistent lock", "divide_error", "NIP: ",
	"Booting the kernel", "trusty: panic", "SYZF", "rust_kernel: panicked", "Watchdog detected", "lock order detected",
	"cut here ]", "list_add corr", "list_del corr", "usercopy: ", "detected buffer overflow",
	"segfault ", "traps: ", "unhandled ", "bad frame in", "sending SIGSEGV", "User process fault", "type=1326", "type=1701", "type=1400",
	"nknown kernel command line", "unknown parameter", "Unknown symbol", "disagrees about", "version magic", "taints kernel",
	"module verification failed", "from the staging",
	"sysrq: ", "SysRq : ", "kmem_cache_destroy", "slab error in", "vmalloc error", "vmalloc: alloc", "SLUB: Unable",
	"-fs (", "-fs error", "-fs warning", "Aborting journal", "JBD2: ", "XFS (", "XFS: ", "BTRFS", "SQUASHFS", "EROFS: (", "nfs: server",
	"lockd: server", "NFS: ", ", dev ", "uffer I/O error", "page write", "beyond end of device", "Sense Key", "FAILED Res", "Synchronize C",
	"Add. Sense", "rejecting I/O", "Device offlined", "failed command", "hard resetting link", "SATA link down", "exception Emask", "link is slow",
	"COMRESET", "limiting SATA", "softreset failed", "nvme ", "@ LBA", "hardware interrupt", "mmcblk", "cache flush", "Disk failure", "super_written",
	"Failing path",
	"bogus return", "No irq handler", "NMI received", "NMI: ", "EDAC ", "mce: ", "Memory failure", "from APEI", "PCIe Bus Error", "AER: ", "DMAR: ",
	"IO_PAGE_FAULT", "arm-smmu", "DMA-API", "temperature above", "critical temp", "HARDWARE PROT", "descriptor read", "over-current", "xhci_hcd",
	"timekeeping watchdog", "interrupt took", "NETDEV WATCHDOG", "Hardware Unit Hang", "SYN flooding", "table full, drop", "neighbor table", "GPU HANG",
	"*ERROR* ring", "NVRM: Xid", "Microcode SW", "firmware crashed", "oom_reaper:",
	"CFI failure", "NMI backtrace", "kmemleak: ", "Missing ENDBR", "SError Int", "Bad mode in", "Unhandled 64", "undefined instr", "bus error", "Got mcheck", "achine Check",
	"user page (", "kernel stack overflow", "nable to execute", "[#1]",
	NULL
};

static inline uint32_t hash3(uint32_t bytes)
{
	return ((bytes & 0xffffff) * 0x9e3779b1u) >> 18;
}

static uint32_t load3(const char *p)
{
	return (uint32_t)(uint8_t)p[0] | (uint32_t)(uint8_t)p[1] << 8 | (uint32_t)(uint8_t)p[2] << 16;
}

void trigger_init(struct trigger *t)
{
	memset(t, 0, sizeof(*t));
	for (unsigned w = 0; trigger_words[w] != NULL && w < TRIGGER_WORDS_MAX; w++) {
		t->length[w] = (uint8_t)strlen(trigger_words[w]);
		for (unsigned phase = 0; phase < 2; phase++) {
			uint32_t hash = hash3(load3(trigger_words[w] + phase));

			t->next[2 * w + phase] = t->head[hash];
			t->head[hash] = (uint16_t)(1 + 2 * w + phase);
			t->present[hash] = 1;
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
		if (__builtin_expect(t->present[hash3(a)] | t->present[hash3(b)] | t->present[hash3(c)] | t->present[hash3(d)], 0)) {
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
