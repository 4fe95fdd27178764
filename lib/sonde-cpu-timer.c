// SPDX-License-Identifier: MIT
/*
 * A CPU profiler inside the recorded program, for users who may not use perf events.
 *
 * `sonde record` preloads this library into the command it starts; programs that those
 * start inherit it through the environment.  Each thread gets a timer on its own CPU
 * clock that sends it a signal every so many milliseconds of CPU time.  The handler copies
 * the registers and the top of the stack into memory shared with sonde (event/agent_ring.h),
 * which unwinds it by the CFI of the program's files: only as much as the last stacks of this
 * thread needed, which sonde writes back.  Where frame pointers are asked for they are followed on
 * the spot.  A thread that sleeps costs nothing.
 *
 * Guest's rules:
 *   - No file descriptor stays open, no memory is allocated, nothing is printed.
 *   - After start-up there are no system calls but for new threads and forks, so a
 *     program that shuts itself into seccomp later goes on working.
 *   - The handler reads memory only between the stack pointer and the top of a stack that
 *     it knows (the thread's own, or the one that sigaltstack() set); on any other stack it takes
 *     the registers alone.  Not by memcpy(): AddressSanitizer's looks at what is read.
 *   - Our signal is not the program's: its own sigaction() and signal() for that number
 *     are kept beside ours and answered as if we were not there, a signal by that number
 *     that is not from our timer is given to it, and blocking all signals leaves ours
 *     out.  The rest of those calls goes through untouched.
 *   - The first shot of each timer comes after a random part of the period, so that
 *     many short threads are seen as often as one long one.
 *   - If sonde is gone the ring runs full and nothing more happens.
 */
#include "event/agent_ring.h"
#include "unwind/unwind.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define INITIAL_EXEC __attribute__((tls_model("initial-exec")))

enum {
	READER_GONE_NS = 2000000000,  /* not heard of for so long: don't start */
	CHUNK_TRIES = 256,
	START_SLOTS = 512,
	MODULE_BUFFER_BYTES = 65536,
	MAIN_STACK_MAX_BYTES = 64 << 20,
	COPY_FIRST_BYTES = 16384, /* while nothing is known of a thread's stacks */
	COPY_LEAST_BYTES = 4096,
};

/* One for each thread that has a timer. */
struct agent_thread {
	bool armed;
	volatile sig_atomic_t busy; /* its chunk is being written */
	uint32_t tid, used_bytes;
	uint32_t needed_bytes; /* as the last chunk's owner said */
	int timer;
	uint64_t first_ns;  /* reading of its CPU clock at the first shot */
	uint64_t counted;   /* periods that its samples stand for */
	uintptr_t stack_lo, stack_hi; /* of its own stack; 0: not known */
	uintptr_t frames_hi;          /* there its frames begin, but for those of starting it */
	struct agent_owner *owner;    /* of the chunk; NULL: none yet */
	uint8_t *chunk;
};

/* One for the program.  Set up before the first timer; fork changes pid and image_ns. */
struct agent_process {
	struct agent_header *ring; /* NULL: not recording */
	uint32_t pid, max_frames;
	bool copies_stacks;
	uint64_t period_ns, image_ns;
	uint64_t pid_namespace;
	int signal_number;
	pthread_key_t thread_end;
	_Atomic bool sandboxed; /* may use seccomp: no more system calls from us */
	struct sigaction program_action; /* what the program believes is set for our signal */
};

/* Modules in the form in which they go to the ring. */
struct agent_modules {
	_Alignas(8) uint8_t bytes[MODULE_BUFFER_BYTES];
	_Atomic uint32_t length, sent;
	unsigned long long adds; /* dlpi_adds at the last look */
	atomic_flag locked;
};

static __thread struct agent_thread self INITIAL_EXEC;
static struct agent_process process;
static struct agent_modules modules = { .locked = ATOMIC_FLAG_INIT };

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static void copy_text(char *to, const char *from, size_t room)
{
	size_t i = 0;

	for (; i + 1 < room && from[i] != '\0'; i++)
		to[i] = from[i];
	to[i] = '\0';
}

/* --- chunks: room to write, of this thread alone ------------------------------------------ */

static uint8_t *ring_bytes(void) { return (uint8_t *)process.ring; }

static bool claim_chunk(uint32_t index)
{
	struct agent_owner *owner = (struct agent_owner *)(ring_bytes() + AGENT_OWNERS_OFFSET) + index;
	uint32_t expected = AGENT_CHUNK_FREE, touched;

	if (atomic_load_explicit(&owner->state, memory_order_relaxed) != AGENT_CHUNK_FREE ||
	    !atomic_compare_exchange_strong(&owner->state, &expected, AGENT_CHUNK_CLAIMED))
		return false;
	owner->pid = process.pid;
	owner->tid = self.tid;
	owner->image_ns = process.image_ns;
	atomic_store(&owner->used_bytes, 0);
	atomic_store(&owner->needed_bytes, self.needed_bytes);
	atomic_store(&owner->state, AGENT_CHUNK_OWNED);
	touched = atomic_load(&process.ring->chunks_touched);
	while (touched <= index &&
	       !atomic_compare_exchange_weak(&process.ring->chunks_touched, &touched, index + 1))
		;
	self.owner = owner;
	self.chunk = ring_bytes() + AGENT_CHUNKS_OFFSET + (size_t)index * AGENT_CHUNK_BYTES;
	self.used_bytes = 0;
	return true;
}

static void close_chunk(void)
{
	if (self.owner != NULL) {
		self.needed_bytes = atomic_load(&self.owner->needed_bytes);
		atomic_store(&self.owner->state, AGENT_CHUNK_CLOSED);
	}
	self.owner = NULL;
	self.chunk = NULL;
}

static void *room(size_t size_bytes)
{
	if (self.chunk != NULL && self.used_bytes + size_bytes <= AGENT_CHUNK_BYTES)
		return self.chunk + self.used_bytes;
	close_chunk();

	uint32_t first = atomic_fetch_add(&process.ring->chunk_hint, 1);

	for (uint32_t i = 0; i < CHUNK_TRIES; i++)
		if (claim_chunk((first + i) % AGENT_CHUNKS))
			return self.chunk;
	return NULL;
}

static void commit(size_t size_bytes)
{
	self.used_bytes += (uint32_t)size_bytes;
	atomic_store_explicit(&self.owner->used_bytes, self.used_bytes, memory_order_release);
}

/* --- the log --------------------------------------------------------------------------------- */

static void log_put(uint32_t kind, const char *exe)
{
	struct agent_header *ring = process.ring;
	uint64_t n = atomic_load(&ring->log_next);

	do {
		if (n - atomic_load(&ring->log_read) >= AGENT_LOG_ENTRIES) {
			atomic_fetch_add(&ring->log_lost, 1);
			return;
		}
	} while (!atomic_compare_exchange_weak(&ring->log_next, &n, n + 1));

	struct agent_log_entry *e =
		(struct agent_log_entry *)(ring_bytes() + AGENT_LOG_OFFSET) + n % AGENT_LOG_ENTRIES;

	e->time_ns = kind == AGENT_LOG_EXIT ? now_ns() : process.image_ns;
	e->kind = kind;
	e->pid = process.pid;
	e->ppid = (uint32_t)getppid();
	e->tid = self.tid;
	e->comm[0] = '\0';
	if (kind != AGENT_LOG_EXIT)
		prctl(PR_GET_NAME, e->comm);
	copy_text(e->exe, exe, sizeof(e->exe));
	atomic_store_explicit(&e->sequence, n + 1, memory_order_release);
}

/* --- modules ---------------------------------------------------------------------------------- */

/* The build-id among the notes of a mapped module. */
static void find_build_id(const uint8_t *notes, size_t size_bytes, struct agent_module *m)
{
	size_t at = 0;

	while (size_bytes - at >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *n = (const void *)(notes + at);
		size_t desc = at + sizeof(*n) + ((n->n_namesz + 3) & ~3u);

		if (desc > size_bytes || n->n_descsz > size_bytes - desc)
			return;
		if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && n->n_descsz <= AGENT_BUILD_ID_BYTES &&
		    memcmp(n + 1, "GNU", 4) == 0) {
			m->build_id_size = (uint8_t)n->n_descsz;
			memcpy(m->build_id, notes + desc, n->n_descsz);
			return;
		}
		at = desc + ((n->n_descsz + 3) & ~3u);
		if (at > size_bytes)
			return;
	}
}

/* A note may lie in the file alone; to read it there would be a fault in somebody's program. */
static bool is_loaded(const struct dl_phdr_info *info, const ElfW(Phdr) *note)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && (p->p_flags & PF_R) && note->p_vaddr >= p->p_vaddr &&
		    note->p_filesz <= p->p_filesz && note->p_vaddr - p->p_vaddr <= p->p_filesz - note->p_filesz)
			return true;
	}
	return false;
}

static void add_segment(const struct dl_phdr_info *info, const ElfW(Phdr) *segment, const char *path)
{
	uint32_t length = atomic_load(&modules.length);
	size_t path_bytes = strnlen(path, 2000) + 1;
	size_t size_bytes = (sizeof(struct agent_module) + path_bytes + 7) & ~(size_t)7;
	struct agent_module *m = (struct agent_module *)(modules.bytes + length);
	uint64_t slack = segment->p_vaddr % 4096;

	if (length + size_bytes > MODULE_BUFFER_BYTES)
		return;
	*m = (struct agent_module){
		.record = { .size_bytes = (uint16_t)size_bytes, .kind = AGENT_MODULE },
		.addr = info->dlpi_addr + segment->p_vaddr - slack,
		.size_bytes = (segment->p_memsz + slack + 4095) & ~(uint64_t)4095,
		.offset = segment->p_offset - slack,
		.path_bytes = (uint16_t)path_bytes,
	};
	copy_text(m->path, path, path_bytes);
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE && m->build_id_size == 0 &&
		    is_loaded(info, &info->dlpi_phdr[i]))
			find_build_id((const uint8_t *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
				      info->dlpi_phdr[i].p_filesz, m);
	atomic_store_explicit(&modules.length, (uint32_t)(length + size_bytes), memory_order_release);
}

static bool is_known(uint64_t addr)
{
	uint32_t length = atomic_load(&modules.length);

	for (uint32_t at = 0; at < length;) {
		const struct agent_module *m = (const struct agent_module *)(modules.bytes + at);

		if (m->addr == addr)
			return true;
		at += m->record.size_bytes;
	}
	return false;
}

static const char *module_path(const struct dl_phdr_info *info, const char *exe)
{
	if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR) ||
	    (info->dlpi_name != NULL && strncmp(info->dlpi_name, "linux-vdso", 10) == 0))
		return "[vdso]";
	return info->dlpi_name == NULL || info->dlpi_name[0] == '\0' ? exe : info->dlpi_name;
}

/* The program itself comes first.  Stops at once when nothing was loaded since. */
static int on_module(struct dl_phdr_info *info, size_t size, void *exe)
{
	if (info->dlpi_adds == modules.adds)
		return 1;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) &&
		    !is_known(info->dlpi_addr + segment->p_vaddr - segment->p_vaddr % 4096))
			add_segment(info, segment, module_path(info, exe));
	}
	return 0;
}

static int last_adds(struct dl_phdr_info *info, size_t size, void *adds)
{
	*(unsigned long long *)adds = info->dlpi_adds;
	return 1;
}

/* Not in the handler: the dynamic linker's lock is taken. */
static void look_for_modules(const char *exe)
{
	unsigned long long adds = 0;

	if (atomic_flag_test_and_set(&modules.locked))
		return;
	dl_iterate_phdr(last_adds, &adds);
	dl_iterate_phdr(on_module, (void *)(uintptr_t)exe);
	modules.adds = adds;
	atomic_flag_clear(&modules.locked);
}

/* Hand over what sonde has not been told yet; by whichever thread comes first. */
static void send_modules(void)
{
	uint32_t length = atomic_load_explicit(&modules.length, memory_order_acquire);
	uint32_t from = atomic_load(&modules.sent);

	if (from == length || !atomic_compare_exchange_strong(&modules.sent, &from, length))
		return;
	for (uint32_t at = from; at < length;) {
		const struct agent_module *m = (const struct agent_module *)(modules.bytes + at);
		struct agent_module *to = room(m->record.size_bytes);

		if (to == NULL)
			return;
		memcpy(to, m, m->record.size_bytes);
		to->record.time_ns = process.image_ns;
		to->record.tid = self.tid;
		commit(m->record.size_bytes);
		at += m->record.size_bytes;
	}
}

/* --- the sample -------------------------------------------------------------------------------- */

static struct unwind_regs regs_of(const ucontext_t *u)
{
#if defined(__x86_64__)
	const greg_t *g = u->uc_mcontext.gregs;

	return (struct unwind_regs){ (uint64_t)g[REG_RIP], (uint64_t)g[REG_RSP], (uint64_t)g[REG_RBP], 0, 0 };
#elif defined(__i386__)
	const greg_t *g = u->uc_mcontext.gregs;

	return (struct unwind_regs){ (uint32_t)g[REG_EIP], (uint32_t)g[REG_ESP], (uint32_t)g[REG_EBP], 0, 0 };
#elif defined(__aarch64__)
	const mcontext_t *m = &u->uc_mcontext;

	return (struct unwind_regs){ m->pc, m->sp, m->regs[29], m->regs[30], 0 };
#elif defined(__arm__)
	const mcontext_t *m = &u->uc_mcontext;

	return (struct unwind_regs){ m->arm_pc, m->arm_sp, m->arm_fp, m->arm_lr, 0 };
#elif defined(__riscv)
	const unsigned long *g = (const unsigned long *)u->uc_mcontext.__gregs;

	return (struct unwind_regs){ g[REG_PC], g[REG_SP], g[REG_S0], g[REG_RA], 0 };
#else
	return (struct unwind_regs){ 0 };
#endif
}

/* All registers by their DWARF numbers (unwind/machine.c); returns SP. */
static uint64_t registers_of(const ucontext_t *u, uint64_t *to, uint64_t *known)
{
#if defined(__x86_64__)
	static const uint8_t numbers[] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
					   REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP };
	enum { COUNT = 17, SP = 7 };

	for (unsigned i = 0; i < COUNT; i++)
		to[i] = (uint64_t)u->uc_mcontext.gregs[numbers[i]];
#elif defined(__i386__)
	static const uint8_t numbers[] = { REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI, REG_EIP };
	enum { COUNT = 9, SP = 4 };

	for (unsigned i = 0; i < COUNT; i++)
		to[i] = (uint32_t)u->uc_mcontext.gregs[numbers[i]];
#elif defined(__aarch64__)
	enum { COUNT = 33, SP = 31 };

	for (unsigned i = 0; i < 31; i++)
		to[i] = u->uc_mcontext.regs[i];
	to[31] = u->uc_mcontext.sp;
	to[32] = u->uc_mcontext.pc;
#elif defined(__arm__)
	enum { COUNT = 16, SP = 13 };

	for (unsigned i = 0; i < COUNT; i++)
		to[i] = (&u->uc_mcontext.arm_r0)[i];
#elif defined(__riscv)
	enum { COUNT = 33, SP = 2 };

	for (unsigned i = 1; i < 32; i++)
		to[i] = ((const unsigned long *)u->uc_mcontext.__gregs)[i];
	to[0] = 0;
	to[32] = ((const unsigned long *)u->uc_mcontext.__gregs)[0];
#else
	enum { COUNT = 1, SP = 0 };

	to[0] = 0;
#endif
	for (unsigned i = COUNT; i < AGENT_REGISTERS; i++)
		to[i] = 0;
	*known = (UINT64_C(1) << COUNT) - 1;
	return to[SP];
}

struct stack_bounds {
	uintptr_t lo, hi;
};

static bool read_stack(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	const struct stack_bounds *b = user;

	if (addr < b->lo || addr >= b->hi || b->hi - addr < size_bytes)
		return false;
	memcpy(buffer, (const void *)(uintptr_t)addr, size_bytes);
	return true;
}

/* Marks where thread_main() lies, so that its own frame can be left out. */
extern const char __start_sonde_entry[] __attribute__((visibility("hidden")));
extern const char __stop_sonde_entry[] __attribute__((visibility("hidden")));

static void follow_frame_pointers(const ucontext_t *context, struct agent_sample *s)
{
	struct unwind_regs regs = regs_of(context);
	struct stack_bounds bounds = { (uintptr_t)regs.sp, self.frames_hi };
	struct unwind_memory memory = { read_stack, &bounds };
	size_t count = 1;

	s->pcs[0] = regs.pc;
	if (regs.sp < self.stack_lo || regs.sp >= self.frames_hi) {
		s->record.flags |= AGENT_STACK_BROKEN;
	} else {
		enum unwind_end end = unwind_frame_pointers(&regs, &memory, s->pcs, process.max_frames, &count);

		s->record.flags |= end == UNWIND_CUT && process.max_frames > 1 ? AGENT_STACK_CUT : 0;
	}
	if (count > 1 && s->pcs[count - 1] >= (uintptr_t)__start_sonde_entry &&
	    s->pcs[count - 1] <= (uintptr_t)__stop_sonde_entry)
		count--;
	s->pc_count = (uint16_t)count;
}

/* --- a copy of the stack ------------------------------------------------------------------------- */

static uint64_t copy_words(uint8_t *to, uintptr_t from, uint64_t size_bytes)
{
	for (uint64_t i = 0; i < size_bytes; i += sizeof(long)) {
		*(long *)(to + i) = *(const long *)(from + i);
		__asm__ volatile("" ::: "memory"); /* or it becomes a memcpy() */
	}
	return size_bytes;
}

static uint64_t at_most(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* How much to take of one stack: twice what the last ones needed, for those that are deeper. */
static uint64_t copy_bytes(void)
{
	uint64_t needed = self.owner ? atomic_load_explicit(&self.owner->needed_bytes, memory_order_relaxed)
				     : self.needed_bytes;
	uint64_t bytes = needed ? (needed * 2 + 7) & ~UINT64_C(7) : COPY_FIRST_BYTES;

	return bytes < COPY_LEAST_BYTES ? COPY_LEAST_BYTES : at_most(bytes, AGENT_STACK_MAX_BYTES);
}

/* Where the stack that SP is on ends; 0: it is none that we know. */
static uintptr_t stack_end(const ucontext_t *u, uint64_t sp)
{
	uintptr_t lo = (uintptr_t)u->uc_stack.ss_sp, hi = lo + u->uc_stack.ss_size;

	if (sp >= self.stack_lo && sp < self.stack_hi)
		return self.stack_hi;
	return !(u->uc_stack.ss_flags & SS_DISABLE) && sp >= lo && sp < hi ? hi : 0;
}

static void copy_part(struct agent_copy *c, unsigned part, uintptr_t from, uintptr_t end, uint64_t max_bytes)
{
	uint64_t size_bytes = end > from ? (end - from) & ~UINT64_C(7) : 0;
	uint8_t *to = c->bytes + (part ? c->parts[0].size_bytes : 0);

	c->parts[part].addr = from;
	c->parts[part].size_bytes = copy_words(to, from, at_most(size_bytes, max_bytes));
}

/* A handler runs on a stack of its own: the kernel left the registers of what was interrupted at
 * that stack's upper end, its SP among them.  The lowest address of the thread's own stack there is
 * that one, or not far below it; whoever unwinds knows which. */
static uintptr_t interrupted_sp(const struct agent_copy *c, uintptr_t alternate_end)
{
	uintptr_t lowest = 0, at = (uintptr_t)c->parts[0].addr;

	for (; at + sizeof(long) <= alternate_end; at += sizeof(long)) {
		uintptr_t word = *(const uintptr_t *)at;

		if (word >= self.stack_lo && word < self.stack_hi && (lowest == 0 || word < lowest))
			lowest = word;
	}
	return lowest & ~(sizeof(long) - 1);
}

/* BYTES: of one part. */
static void copy_stack(const ucontext_t *context, struct agent_copy *c, uint64_t bytes)
{
	uint64_t sp = registers_of(context, c->registers, &c->known);
	uintptr_t end = stack_end(context, sp);

	c->record.flags |= AGENT_STACK_COPIED;
	for (unsigned i = 0; i < AGENT_PARTS; i++)
		c->parts[i].addr = c->parts[i].size_bytes = 0;
	if (end == 0 || sp % sizeof(long))
		return;
	copy_part(c, 0, (uintptr_t)sp, end, bytes);
	if (end == self.stack_hi || self.stack_hi == 0)
		return;

	uintptr_t second = interrupted_sp(c, end);

	if (second)
		copy_part(c, 1, second, self.stack_hi,
			  at_most(bytes, AGENT_STACK_MAX_BYTES - c->parts[0].size_bytes));
}

/* --- one sample ------------------------------------------------------------------------------------ */

static bool is_on_own_stack(const ucontext_t *u)
{
	uint64_t sp = regs_of(u).sp;

	return sp >= self.stack_lo && sp < self.stack_hi;
}

static void take_copy(const ucontext_t *context, struct agent_sample *s, uint64_t bytes)
{
	struct agent_copy *c = (struct agent_copy *)s;

	copy_stack(context, c, bytes);
	s->record.size_bytes = (uint16_t)(sizeof(*c) + c->parts[0].size_bytes + c->parts[1].size_bytes);
}

static void take_stack(const ucontext_t *context, struct agent_sample *s, uint64_t bytes)
{
	s->record.size_bytes = sizeof(*s);
	if (context == NULL)
		return;
	if (process.copies_stacks) {
		take_copy(context, s, bytes);
		return;
	}
	follow_frame_pointers(context, s);
	s->record.size_bytes = (uint16_t)(sizeof(*s) + s->pc_count * sizeof(s->pcs[0]));
}

/* Room for the largest sample that this one can be; BYTES: of a part of its copy. */
static struct agent_sample *sample_room(const ucontext_t *context, uint64_t bytes)
{
	if (context == NULL || !process.copies_stacks)
		return room(sizeof(struct agent_sample) + process.max_frames * sizeof(uint64_t));
	return room(sizeof(struct agent_copy) +
		    (is_on_own_stack(context) ? bytes : at_most(2 * bytes, AGENT_STACK_MAX_BYTES)));
}

/* Without CONTEXT: it is known that it ran, not where. */
static void take_sample(uint32_t count, const ucontext_t *context)
{
	uint64_t bytes = process.copies_stacks ? copy_bytes() : 0;
	struct agent_sample *s = sample_room(context, bytes);
	int cpu = sched_getcpu();

	self.counted += count;
	if (s == NULL) {
		atomic_fetch_add(&process.ring->samples_lost, count);
		return;
	}
	s->record = (struct agent_record){ .kind = AGENT_SAMPLE, .tid = self.tid, .time_ns = now_ns() };
	s->count = count;
	s->cpu = (uint16_t)(cpu < 0 ? 0 : cpu);
	s->pc_count = 0;
	take_stack(context, s, bytes);
	commit(s->record.size_bytes);
}

/* --- the signal ---------------------------------------------------------------------------------- */

static int (*next_sigaction)(int, const struct sigaction *, struct sigaction *);
static int (*next_sigmask)(int, const sigset_t *, sigset_t *);
static int (*next_sigprocmask)(int, const sigset_t *, sigset_t *);
static sighandler_t (*next_signal)(int, sighandler_t);
static int (*next_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static void find_next(void)
{
	next_sigaction = (int (*)(int, const struct sigaction *, struct sigaction *))(uintptr_t)dlsym(RTLD_NEXT, "sigaction");
	next_sigmask = (int (*)(int, const sigset_t *, sigset_t *))(uintptr_t)dlsym(RTLD_NEXT, "pthread_sigmask");
	next_sigprocmask = (int (*)(int, const sigset_t *, sigset_t *))(uintptr_t)dlsym(RTLD_NEXT, "sigprocmask");
	next_signal = (sighandler_t (*)(int, sighandler_t))(uintptr_t)dlsym(RTLD_NEXT, "signal");
	next_create = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))(uintptr_t)dlsym(RTLD_NEXT, "pthread_create");
}

static bool is_ours(int signal_number)
{
	return process.ring != NULL && signal_number == process.signal_number;
}

/* A signal by our number that is not from our timer is the program's. */
static void give_to_program(int number, siginfo_t *info, void *context)
{
	struct sigaction action = process.program_action;

	if (action.sa_flags & SA_SIGINFO) {
		action.sa_sigaction(number, info, context);
	} else if (action.sa_handler == SIG_DFL) {
		action.sa_flags = 0;
		next_sigaction(number, &action, NULL);
		raise(number); /* delivered when the handler returns: ends the program, as it would have */
	} else if (action.sa_handler != SIG_IGN) {
		action.sa_handler(number);
	}
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	if (info->si_code != SI_TIMER || info->si_value.sival_ptr != &process) {
		give_to_program(number, info, context);
		return;
	}
	if (!self.armed || self.busy || atomic_load_explicit(&process.ring->stopped, memory_order_relaxed))
		return;

	int saved = errno;

	self.busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
	send_modules();
	take_sample(1 + (uint32_t)(info->si_overrun > 0 ? info->si_overrun : 0), context);
	atomic_signal_fence(memory_order_seq_cst);
	self.busy = 0;
	errno = saved;
}

static bool install_handler(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };
	sigset_t ours;

	action.sa_sigaction = on_signal;
	sigfillset(&action.sa_mask);
	sigemptyset(&ours);
	sigaddset(&ours, process.signal_number);
	if (next_sigaction(process.signal_number, NULL, &process.program_action) != 0 ||
	    next_sigaction(process.signal_number, &action, NULL) != 0)
		return false;
	return next_sigmask(SIG_UNBLOCK, &ours, NULL) == 0;
}

/* --- timers --------------------------------------------------------------------------------------- */

/* xorshift over what differs between threads. */
static uint64_t random_below(uint64_t limit)
{
	uint64_t x = now_ns() ^ ((uint64_t)self.tid << 32) ^ (uintptr_t)&x;

	for (int i = 0; i < 3; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x % limit;
}

/* Its own stack is [STACK_LO, STACK_HI), 0: not known; its frames begin at FRAMES_HI. */
static void arm_thread(uintptr_t stack_lo, uintptr_t stack_hi, uintptr_t frames_hi)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = process.signal_number };
	uint64_t first_ns, period = process.period_ns;

	if (atomic_load(&process.sandboxed)) {
		atomic_fetch_add(&process.ring->threads_missed, 1);
		return;
	}
	self.stack_lo = stack_lo;
	self.stack_hi = stack_hi;
	self.frames_hi = frames_hi;
	event.sigev_value.sival_ptr = &process;
	event._sigev_un._tid = (int)self.tid;
	if (syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &self.timer) != 0) {
		atomic_fetch_add(&process.ring->threads_missed, 1);
		return;
	}
	self.armed = true;
	first_ns = 1 + random_below(period);
	self.first_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + first_ns;
	self.counted = 0;

	struct itimerspec when = {
		.it_value = { (time_t)(first_ns / 1000000000), (long)(first_ns % 1000000000) },
		.it_interval = { (time_t)(period / 1000000000), (long)(period % 1000000000) },
	};

	syscall(SYS_timer_settime, self.timer, 0, &when, NULL);
}

/* The kernel looks at these timers at its ticks only; a thread that ends may owe samples
 * since the last one. */
static void settle_account(void)
{
	uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t due = cpu_ns < self.first_ns ? 0 : 1 + (cpu_ns - self.first_ns) / process.period_ns;

	if (due > self.counted && due - self.counted < UINT32_MAX)
		take_sample((uint32_t)(due - self.counted), NULL);
}

static void disarm_thread(void)
{
	if (!self.armed)
		return;
	self.armed = false;
	if (!atomic_load(&process.sandboxed) && !atomic_load(&process.ring->stopped))
		settle_account();
	atomic_signal_fence(memory_order_seq_cst);
	syscall(SYS_timer_delete, self.timer);
	close_chunk();
}

/* --- threads -------------------------------------------------------------------------------------- */

struct start_slot {
	_Atomic bool used;
	void *(*function)(void *);
	void *argument;
};
static struct start_slot start_slots[START_SLOTS];
static _Atomic bool slots_touched; /* spares a fork the look at all of them */

static void on_thread_end(void *unused) { disarm_thread(); }

static void thread_stack(uintptr_t *lo, uintptr_t *hi)
{
	pthread_attr_t attributes;
	void *addr = NULL;
	size_t size_bytes = 0;

	*lo = *hi = 0;
	if (pthread_getattr_np(pthread_self(), &attributes) != 0)
		return;
	if (pthread_attr_getstack(&attributes, &addr, &size_bytes) == 0) {
		*lo = (uintptr_t)addr;
		*hi = *lo + size_bytes;
	}
	pthread_attr_destroy(&attributes);
}

/* Below all that the thread does.  Alone in its section: see follow_frame_pointers(). */
__attribute__((section("sonde_entry"), noinline)) static void *thread_main(void *user)
{
	struct start_slot *slot = user;
	void *(*function)(void *) = slot->function;
	void *argument = slot->argument;
	uintptr_t lo, hi, here = (uintptr_t)__builtin_frame_address(0);
	int saved = errno;

	atomic_store(&slot->used, false);
	thread_stack(&lo, &hi);
	pthread_setspecific(process.thread_end, &process);
	self.tid = (uint32_t)syscall(SYS_gettid);
	arm_thread(lo, hi, lo <= here && here < hi ? here : 0);
	errno = saved;

	void *result = function(argument);

	__asm__ volatile("" ::: "memory"); /* no tail call: our frame marks the end of the stack */
	return result;
}

static struct start_slot *take_slot(void)
{
	if (!atomic_load(&slots_touched))
		atomic_store(&slots_touched, true);
	for (size_t i = 0; i < START_SLOTS; i++)
		if (!atomic_load_explicit(&start_slots[i].used, memory_order_relaxed) &&
		    !atomic_exchange(&start_slots[i].used, true))
			return &start_slots[i];
	return NULL;
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
			  void *argument)
{
	if (next_create == NULL)
		find_next();

	bool recording = process.ring != NULL && !atomic_load(&process.ring->stopped);
	struct start_slot *slot = recording ? take_slot() : NULL;

	if (slot == NULL) {
		if (recording)
			atomic_fetch_add(&process.ring->threads_missed, 1);
		return next_create(thread, attributes, function, argument);
	}
	slot->function = function;
	slot->argument = argument;

	int failed = next_create(thread, attributes, thread_main, slot);

	if (failed)
		atomic_store(&slot->used, false);
	return failed;
}

/* --- the program's own signal handling --------------------------------------------------------------- */

EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	if (next_sigaction == NULL)
		find_next();
	if (!is_ours(number))
		return next_sigaction(number, action, old);

	struct sigaction before = process.program_action;

	if (action != NULL)
		process.program_action = *action;
	if (old != NULL)
		*old = before;
	return 0;
}

EXPORT sighandler_t signal(int number, sighandler_t handler)
{
	if (next_signal == NULL)
		find_next();
	if (!is_ours(number))
		return next_signal(number, handler);

	sighandler_t before = process.program_action.sa_handler;

	process.program_action = (struct sigaction){ .sa_flags = SA_RESTART };
	process.program_action.sa_handler = handler;
	return before;
}

/* SET without our signal where it would be blocked. */
static const sigset_t *without_ours(int how, const sigset_t *set, sigset_t *copy)
{
	if (set == NULL || process.ring == NULL || how == SIG_UNBLOCK ||
	    sigismember(set, process.signal_number) != 1)
		return set;
	*copy = *set;
	sigdelset(copy, process.signal_number);
	return copy;
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t copy;

	if (next_sigmask == NULL)
		find_next();
	return next_sigmask(how, without_ours(how, set, &copy), old);
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t copy;

	if (next_sigprocmask == NULL)
		find_next();
	return next_sigprocmask(how, without_ours(how, set, &copy), old);
}

/* Who gives up new privileges is about to install a seccomp filter, as a rule: a system
 * call that the filter does not know would kill the program.  Signals go on. */
EXPORT int prctl(int option, ...)
{
	va_list ap;
	unsigned long args[4];

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		args[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (option == PR_SET_NO_NEW_PRIVS || option == PR_SET_SECCOMP)
		atomic_store(&process.sandboxed, true);
	/* Strict mode also takes the time stamp counter away. */
	if ((option == PR_SET_SECCOMP && args[0] == SECCOMP_MODE_STRICT) || option == PR_SET_TSC)
		disarm_thread();
	return (int)syscall(SYS_prctl, option, args[0], args[1], args[2], args[3]);
}

/* --- start, fork, exit -------------------------------------------------------------------------------- */

static uint64_t pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/* Timers are not inherited; everything else is, the mapped ring too. */
static void on_fork_child(void)
{
	if (process.ring == NULL)
		return;
	self.armed = false;
	self.busy = 0;
	self.owner = NULL; /* the parent's */
	self.chunk = NULL;
	if (atomic_load(&process.sandboxed) || atomic_load(&process.ring->stopped))
		return;

	int saved = errno;

	process.pid = (uint32_t)getpid();
	process.image_ns = now_ns();
	atomic_store(&modules.sent, 0);
	atomic_flag_clear(&modules.locked);
	for (size_t i = 0; i < START_SLOTS && atomic_load(&slots_touched); i++)
		atomic_store(&start_slots[i].used, false);
	self.tid = (uint32_t)syscall(SYS_gettid);
	log_put(AGENT_LOG_FORK, "");
	arm_thread(self.stack_lo, self.stack_hi, self.frames_hi);
	errno = saved;
}

/* Modules loaded on the way are told now, where the dynamic linker may be asked. */
__attribute__((destructor)) static void agent_end(void)
{
	if (process.ring == NULL || atomic_load(&process.sandboxed) ||
	    process.pid != (uint32_t)getpid() || atomic_load(&process.ring->stopped))
		return;
	self.busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (atomic_load(&modules.sent) > 0) {
		look_for_modules("");
		send_modules();
	}
	if (self.armed)
		settle_account();
	self.armed = false;
	close_chunk();
	log_put(AGENT_LOG_EXIT, "");
	atomic_signal_fence(memory_order_seq_cst);
	self.busy = 0;
}

static struct agent_header *map_ring(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return NULL;

	bool ok = fstat(fd, &st) == 0 && (uint64_t)st.st_size == AGENT_RING_BYTES;
	void *ring = ok ? mmap(NULL, AGENT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	close(fd);
	if (ring == MAP_FAILED)
		return NULL;
	madvise(ring, AGENT_RING_BYTES, MADV_DONTDUMP); /* a core file is the program's */
	return ring;
}

static bool is_live(struct agent_header *ring)
{
	return ring->magic == AGENT_RING_MAGIC && ring->version == AGENT_RING_VERSION &&
	       ring->period_ns >= 100000 && ring->period_ns <= UINT64_C(100000000000) &&
	       !atomic_load(&ring->stopped) &&
	       (int64_t)(now_ns() - atomic_load(&ring->alive_ns)) < READER_GONE_NS &&
	       ring->pid_namespace == pid_namespace();
}

static void main_stack(uintptr_t *lo, uintptr_t *hi)
{
	struct rlimit limit;
	uintptr_t size_bytes = MAIN_STACK_MAX_BYTES;

	/* The kernel puts the program's name above the stack's first frame. */
	*hi = getauxval(AT_EXECFN) & ~(uintptr_t)15;
	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < size_bytes)
		size_bytes = limit.rlim_cur;
	*lo = *hi > size_bytes ? *hi - size_bytes : 0;
}

static bool begin(struct agent_header *ring)
{
	find_next();
	process.period_ns = ring->period_ns;
	process.max_frames = ring->max_frames == 0 ? 1 : ring->max_frames;
	process.copies_stacks = ring->copies_stacks != 0 && ring->max_frames > 1;
	if (process.max_frames > AGENT_MAX_FRAMES)
		process.max_frames = AGENT_MAX_FRAMES;
	process.pid = (uint32_t)getpid();
	process.image_ns = now_ns();
	process.signal_number = SIGRTMAX - 2;
	if (next_sigaction == NULL || next_sigmask == NULL || next_create == NULL || next_signal == NULL ||
	    next_sigprocmask == NULL || pthread_key_create(&process.thread_end, on_thread_end) != 0)
		return false;
	return install_handler() && pthread_atfork(NULL, NULL, on_fork_child) == 0;
}

__attribute__((constructor)) static void agent_begin(void)
{
	const char *path = getenv(AGENT_RING_ENV);
	struct agent_header *ring = path ? map_ring(path) : NULL;
	char exe[1024] = "";
	uintptr_t lo, hi;
	int saved = errno;

	if (ring == NULL)
		return;
	if (!is_live(ring) || !begin(ring)) {
		munmap(ring, AGENT_RING_BYTES);
		return;
	}
	process.ring = ring;
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		exe[0] = '\0';
	look_for_modules(exe);
	main_stack(&lo, &hi);
	self.tid = process.pid;
	log_put(AGENT_LOG_START, exe);
	arm_thread(lo, hi, hi);
	errno = saved;
}
