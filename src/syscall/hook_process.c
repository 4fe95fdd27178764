/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for processes: limits, credentials, scheduling, clone3; kcmp and kexec. */
#include "syscall/hooks.h"

#include <stdio.h>
#include <string.h>

/* ---- numbers with a unit of their own --------------------------------------------- */

static void limit_text(struct decoder *d, uint64_t v, const char *infinity, bool infinite)
{
	char text[48];

	snprintf(text, sizeof(text), "%llu*1024", (unsigned long long)(v / 1024));
	if (d->style->xlat == SYSCALL_XLAT_RAW || !(infinite || (v > 1024 && v % 1024 == 0))) {
		dec_uint(d, v);
		return;
	}
	if (d->style->xlat == SYSCALL_XLAT_ABBREV) {
		dec_text(d, infinite ? infinity : text);
		return;
	}
	dec_uint(d, v);
	dec_comment(d, infinite ? infinity : text);
}

void hook_rlim(struct decoder *d, const struct sys_ref *ref)
{
	limit_text(d, ref->value, ref->size == 4 ? "RLIM_INFINITY" : "RLIM64_INFINITY", ref->size == 4 ? ref->value == UINT32_MAX : ref->value == UINT64_MAX);
}

void hook_rlim64(struct decoder *d, const struct sys_ref *ref)
{
	limit_text(d, ref->value, "RLIM64_INFINITY", ref->value == UINT64_MAX);
}

/* Ticks, a hundredth of a second each. */
void dec_clock_t(struct decoder *d, uint64_t v)
{
	dec_uint(d, v);
	if (v != 0 && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_printf(d, " /* %llu.%02u s */", (unsigned long long)(v / 100), (unsigned)(v % 100));
}

void hook_clock_t(struct decoder *d, const struct sys_ref *ref) { dec_clock_t(d, ref->value); }

void hook_sigval(struct decoder *d, const struct sys_ref *ref)
{
	dec_printf(d, "{sival_int=%d, sival_ptr=", (int)(uint32_t)ref->value);
	dec_addr(d, ref->value);
	str_add_char(d->out, '}');
}

void hook_sigev_signo(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIGNAL = 0, THREAD = 2, THREAD_ID = 4 };
	uint64_t notify = dec_word(d, ref->bytes + 4, 4); /* it comes next */

	if (notify == SIGNAL || notify == THREAD || notify == THREAD_ID)
		dec_signal(d, (int)ref->value);
	else
		dec_uint(d, (uint32_t)ref->value);
}

/* ---- credentials ------------------------------------------------------------------ */

static void print_id(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	unsigned size = *(const unsigned *)user;
	uint32_t v = (uint32_t)dec_word(d, bytes, size);

	(void)addr;
	dec_uid(d, size == 2 && v == 0xffff ? UINT32_MAX : v);
}

void hook_groups(struct decoder *d, const struct sys_ref *ref)
{
	unsigned size = ref->param;
	int count = (int)d->args[0];

	if (count < 0 || count > 65536)
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, (uint64_t)count, size, print_id, &size);
}

void hook_groups_out(struct decoder *d, const struct sys_ref *ref)
{
	unsigned size = ref->param;
	int64_t count = d->call->result;

	/* with a size of 0 nothing is written: what is there is shown, as by strace */
	if (d->call->is_error)
		dec_addr(d, ref->value);
	else
		dec_array(d, ref->value, (uint64_t)count, size, print_id, &size);
}

void hook_cap_header(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	if (!dec_read(d, ref->value, b, sizeof(b))) {
		dec_addr(d, ref->value);
		return;
	}
	dec_text(d, "{version=");
	dec_enum(d, XLAT_cap_version, dec_word(d, b, 4));
	dec_printf(d, ", pid=%d}", (int)dec_word(d, b + 4, 4));
}

/* A word of bits, of which the first one is capability FIRST. */
static void cap_word(struct decoder *d, uint32_t bits, unsigned first)
{
	struct dec_words words;
	uint32_t known = 0;

	for (unsigned i = 0; i < 32; i++)
		if ((bits >> i & 1) != 0 && dec_name(XLAT_capabilities, first + i) != NULL)
			known |= UINT32_C(1) << i;
	if (known == 0) {
		dec_named(d, bits, NULL, "CAP_???");
		return;
	}
	if (!dec_words_begin(d, bits, &words))
		return;
	for (unsigned i = 0; i < 32; i++)
		if ((known >> i & 1) != 0)
			dec_printf(d, "%s1<<%s", (known & ((UINT32_C(1) << i) - 1)) != 0 ? "|" : "", dec_name(XLAT_capabilities, first + i));
	if (bits != known)
		dec_printf(d, "|%#x", bits & ~known);
	dec_words_end(d, &words);
}

/* LOW and HIGH are words of their own, also in what -X adds. */
static void cap_bits(struct decoder *d, uint32_t low, uint32_t high)
{
	if (low == 0 && high == 0)
		dec_hex(d, 0);
	if (low != 0)
		cap_word(d, low, 0);
	if (low != 0 && high != 0)
		str_add_char(d->out, '|');
	if (high != 0)
		cap_word(d, high, 32);
}

void hook_cap_data(struct decoder *d, const struct sys_ref *ref)
{
	enum { VERSION_2 = 0x20071026, VERSION_3 = 0x20080522 };
	static const char *const names[] = { "effective", "permitted", "inheritable" };
	uint8_t head[4], b[24] = { 0 };
	bool known = dec_read(d, d->args[0], head, 4);
	uint32_t version = known ? (uint32_t)dec_word(d, head, 4) : 0;
	bool old = version != VERSION_2 && version != VERSION_3; /* or one that isn't known: words of 32 bits */

	if (!known) { /* nor how long what follows is */
		dec_addr(d, ref->value);
		return;
	}
	if (!dec_read_or_addr(d, ref->value, b, old ? 12 : 24))
		return;
	for (unsigned i = 0; i < 3; i++) {
		dec_printf(d, "%s%s=", i == 0 ? "{" : ", ", names[i]);
		cap_bits(d, (uint32_t)dec_word(d, b + (size_t)4 * i, 4), old ? 0 : (uint32_t)dec_word(d, b + 12 + (size_t)4 * i, 4));
	}
	str_add_char(d->out, '}');
}

/* ---- scheduling ------------------------------------------------------------------- */

enum { RESET_ON_FORK = 0x40000000 };

/* "SCHED_RESET_ON_FORK|SCHED_RR" */
static void reset_and_policy(struct decoder *d, uint32_t policy)
{
	const char *name = dec_name(XLAT_sched_policies, policy);

	dec_text(d, "SCHED_RESET_ON_FORK|");
	if (name != NULL)
		dec_text(d, name);
	else
		dec_hex(d, policy);
}

void hook_sched_policy(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;
	bool verbose = d->style->xlat == SYSCALL_XLAT_VERBOSE;

	if ((v & 0xc0000000) != RESET_ON_FORK || d->style->xlat == SYSCALL_XLAT_RAW) {
		dec_enum(d, XLAT_sched_policies, v);
		return;
	}
	if (verbose)
		dec_printf(d, "%#x /* ", v);
	reset_and_policy(d, v & ~RESET_ON_FORK);
	dec_text(d, verbose ? " */" : "");
}

/* A policy without a name is the number alone. */
bool result_sched_policy(struct decoder *d)
{
	uint32_t v = (uint32_t)d->call->result;
	const char *name = dec_name(XLAT_sched_policies, v);

	if (d->call->is_error)
		return true;
	dec_hex(d, (uint64_t)d->call->result);
	if ((uint64_t)d->call->result > UINT32_MAX || (name == NULL && (v & RESET_ON_FORK) == 0))
		return true;
	dec_text(d, " (");
	if (name != NULL)
		dec_text(d, name);
	else
		reset_and_policy(d, v & ~RESET_ON_FORK);
	str_add_char(d->out, ')');
	return true;
}

enum { CPUSET_MAX = 1024, CPUSET_ASKED = 1024 / 8 };

/* No more than MOST bytes of a set of SIZE. */
static void cpuset(struct decoder *d, uint64_t addr, uint64_t size, size_t most)
{
	uint8_t b[CPUSET_MAX];
	bool first = true, whole = size <= most;
	uint64_t bits = (whole ? size : most) * 8;

	size = !whole ? most : (size + d->word - 1) / d->word * d->word;
	if (size == 0 && addr != 0) {
		dec_text(d, "[]");
		return;
	}
	if (size == 0)
		dec_addr(d, addr);
	if (size == 0 || !dec_read_or_addr(d, addr, b, size))
		return;
	str_add_char(d->out, '[');
	for (unsigned i = 0; i < bits; i++) {
		if ((b[i / 8] >> (i % 8) & 1) == 0)
			continue;
		dec_printf(d, "%s%u", first ? "" : " ", i);
		first = false;
	}
	dec_text(d, whole ? "]" : first ? "...]" : " ...]");
}

/* A program may say any size; strace shows what a kernel of 1,024 CPUs reads. */
void hook_cpuset_in(struct decoder *d, const struct sys_ref *ref)
{
	cpuset(d, ref->value, (uint32_t)d->args[ref->param], CPUSET_ASKED);
}

void hook_cpuset_out(struct decoder *d, const struct sys_ref *ref)
{
	if (d->call->is_error)
		dec_addr(d, ref->value);
	else
		cpuset(d, ref->value, (uint64_t)d->call->result, CPUSET_MAX);
}

enum { SCHED_ATTR_LEAST = 48, SCHED_ATTR_MOST = 56 };

/* SETTING: what isn't to be changed counts nothing. */
static void print_sched_attr(struct decoder *d, const uint8_t *b, uint32_t size, bool setting)
{
	enum { KEEP_POLICY = 8, KEEP_PARAMS = 16 };
	uint64_t flags;

	flags = dec_word(d, b + 8, 8);
	dec_printf(d, "{size=%u", (unsigned)dec_word(d, b, 4));
	if (!setting || (flags & (KEEP_POLICY | KEEP_PARAMS)) == 0 || (int32_t)dec_word(d, b + 4, 4) < 0) {
		dec_text(d, ", sched_policy=");
		dec_enum(d, XLAT_sched_policies, dec_word(d, b + 4, 4));
	}
	dec_text(d, ", sched_flags=");
	dec_flags(d, XLAT_sched_flags, flags);
	if (!setting || (flags & KEEP_PARAMS) == 0)
		dec_printf(d, ", sched_nice=%d, sched_priority=%u, sched_runtime=%llu, sched_deadline=%llu, sched_period=%llu", (int)dec_word(d, b + 16, 4),
			   (unsigned)dec_word(d, b + 20, 4), (unsigned long long)dec_word(d, b + 24, 8),
		   (unsigned long long)dec_word(d, b + 32, 8), (unsigned long long)dec_word(d, b + 40, 8));
	if (size >= SCHED_ATTR_MOST)
		dec_printf(d, ", sched_util_min=%u, sched_util_max=%u", (unsigned)dec_word(d, b + 48, 4), (unsigned)dec_word(d, b + 52, 4));
	dec_text(d, setting && size > SCHED_ATTR_MOST ? ", ...}" : "}");
}

void hook_sched_attr_in(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[SCHED_ATTR_MOST];

	if (d->exit) { /* of one that is too large or too small it says the size that it knows */
		enum { TOO_BIG = 7 };
		d->ignore_error = true;
		if (d->progress->saved[0] != 0 && d->call->is_error && d->call->result == -TOO_BIG && dec_read(d, ref->value, b, 4))
			dec_printf(d, " => {size=%u}", (unsigned)dec_word(d, b, 4));
		return;
	}
	if (!dec_read_or_addr(d, ref->value, b, 4))
		return;
	d->progress->saved[0] = 1;
	uint32_t size = (uint32_t)dec_word(d, b, 4);
	if (size == 0)
		size = SCHED_ATTR_LEAST;
	if (size < SCHED_ATTR_LEAST) {
		dec_printf(d, "{size=%u}", size);
		return;
	}
	if (dec_read_or_addr(d, ref->value, b, size < SCHED_ATTR_MOST ? size : SCHED_ATTR_MOST))
		print_sched_attr(d, b, size, true);
}

void hook_sched_attr_out(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[SCHED_ATTR_MOST] = { 0 };
	uint32_t room = (uint32_t)d->args[ref->param];

	if (dec_failed(d) || room == 0) {
		dec_addr(d, ref->value);
		return;
	}
	if (!dec_read_or_addr(d, ref->value, b, room < SCHED_ATTR_MOST ? room : SCHED_ATTR_MOST))
		return;
	uint32_t size = (uint32_t)dec_word(d, b, 4); /* as much as the kernel wrote */
	if (size < SCHED_ATTR_LEAST)
		dec_printf(d, "{size=%u}", size);
	else
		print_sched_attr(d, b, size, false);
}

static void ioprio_text(struct decoder *d, uint32_t v)
{
	dec_text(d, "IOPRIO_PRIO_VALUE(");
	dec_enum(d, XLAT_ioprio_class, v >> 13);
	dec_printf(d, ", %u)", v & 0x1fff);
}

void dec_ioprio(struct decoder *d, uint32_t priority, bool hex)
{
	if (d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_printf(d, hex ? "%#x" : "%d", priority);
	if (d->style->xlat == SYSCALL_XLAT_ABBREV)
		ioprio_text(d, priority);
	else if (d->style->xlat == SYSCALL_XLAT_VERBOSE) {
		dec_text(d, " /* ");
		ioprio_text(d, priority);
		dec_text(d, " */");
	}
}

void hook_ioprio(struct decoder *d, const struct sys_ref *ref) { dec_ioprio(d, (uint32_t)ref->value, false); }

bool result_ioprio(struct decoder *d)
{
	if (d->call->is_error)
		return true;
	if (d->asked->xlat == SYSCALL_XLAT_RAW)
		return false;
	dec_result(d);
	dec_text(d, " (");
	d->style = d->asked;
	ioprio_text(d, (uint32_t)d->call->result);
	str_add_char(d->out, ')');
	return true;
}

/* ---- processes -------------------------------------------------------------------- */

void hook_waitid_pid(struct decoder *d, const struct sys_ref *ref)
{
	if ((uint32_t)d->args[0] == 3)
		dec_fd(d, (int)ref->value);
	else if ((uint32_t)d->args[0] == 1 || (uint32_t)d->args[0] == 2)
		dec_pid(d, (uint32_t)d->args[0] == 1 ? SYSCALL_PID : SYSCALL_PGID, (int)ref->value);
	else
		dec_int(d, (int)ref->value);
}

void hook_hostname(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t length = (uint32_t)d->args[ref->param];

	if (length > 64)
		dec_addr(d, ref->value);
	else
		dec_buffer(d, ref->value, length);
}

void hook_restart(struct decoder *d, const struct sys_ref *ref)
{
	const struct syscall_entry *entry = d->call->restarts ? syscall_find(d->call->abi, d->call->restarts - 1) : NULL;

	(void)ref;
	dec_printf(d, "<... resuming interrupted %s ...>", entry ? entry->name : "system call");
}

static void persona(struct decoder *d, uint32_t v)
{
	uint32_t type = v & 0xff, flags = v & ~0xffu;

	dec_enum(d, XLAT_personality_types, type);
	if (flags != 0) {
		str_add_char(d->out, '|');
		dec_flags_of(d, (const uint16_t[]){ XLAT_personality_flags }, 1, flags, NULL);
	}
}

void hook_personality(struct decoder *d, const struct sys_ref *ref)
{
	if ((uint32_t)ref->value == UINT32_MAX)
		dec_hex(d, UINT32_MAX);
	else
		persona(d, (uint32_t)ref->value);
}

bool result_personality(struct decoder *d)
{
	if (d->call->is_error)
		return true;
	dec_hex(d, dec_result_value(d));
	dec_text(d, " (");
	d->style = d->asked;
	persona(d, (uint32_t)d->call->result);
	str_add_char(d->out, ')');
	return true;
}

/* The clock's state; strace tells of it where it could read the structure, which is the last argument. */
bool result_timex(struct decoder *d)
{
	unsigned last = d->describe->count - 1U;
	unsigned structure = sys_types[sys_types[d->describe->args[last].type].ref].ref;
	const char *name = dec_name(XLAT_adjtimex_state, (uint64_t)d->call->result);
	uint8_t b[256];

	if (d->call->is_error)
		return true;
	dec_result(d);
	if (name != NULL && dec_read(d, d->args[last], b, dec_struct_size(d, structure)))
		dec_printf(d, " (%s)", name);
	return true;
}

static bool sigmask(struct decoder *d, const char *before)
{
	uint8_t b[8];

	if (d->call->is_error)
		return true;
	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)((uint64_t)d->call->result >> 8 * i);
	dec_hex(d, (uint32_t)d->call->result);
	dec_text(d, before);
	dec_sigset(d, b, d->word);
	str_add_char(d->out, ')');
	return true;
}

bool result_sigmask(struct decoder *d) { return sigmask(d, " (mask "); }
bool result_old_sigmask(struct decoder *d) { return sigmask(d, " (old mask "); }

void hook_old_sigsuspend(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	(void)ref;
	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(d->args[2] >> 8 * i);
	dec_sigset(d, b, d->word);
}

/* ---- clone3 ------------------------------------------------------------------------ */

static uint64_t clone_arg(struct decoder *d, const uint8_t *b, unsigned i) { return dec_word(d, b + (size_t)8 * i, 8); }

static void clone_optional(struct decoder *d, const uint8_t *b, unsigned i, const char *name)
{
	dec_printf(d, ", %s=", name);
	dec_addr(d, clone_arg(d, b, i));
}

static void print_tid(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_int(d, (int)dec_word(d, bytes, 4));
}

static void clone_in(struct decoder *d, uint64_t addr, const uint8_t *b, uint64_t size)
{
	uint64_t flags = clone_arg(d, b, 0);

	dec_text(d, "{flags=");
	dec_flags(d, XLAT_clone3_flags, flags);
	if ((flags & 0x1000) != 0)
		clone_optional(d, b, 1, "pidfd");
	if ((flags & 0x1200000) != 0)
		clone_optional(d, b, 2, "child_tid");
	if ((flags & 0x100000) != 0)
		clone_optional(d, b, 3, "parent_tid");
	dec_text(d, ", exit_signal=");
	if (clone_arg(d, b, 4) < 65)
		dec_signal(d, (int)clone_arg(d, b, 4));
	else
		dec_uint(d, clone_arg(d, b, 4));
	dec_text(d, ", stack=");
	dec_addr(d, clone_arg(d, b, 5));
	dec_text(d, ", stack_size=");
	dec_hex(d, clone_arg(d, b, 6));
	if ((flags & 0x80000) != 0 && d->call->abi == SYSCALL_ABI_I386) {
		dec_text(d, ", tls=");
		hook_user_desc(d, &(struct sys_ref){ .value = clone_arg(d, b, 7) });
	} else if ((flags & 0x80000) != 0) {
		clone_optional(d, b, 7, "tls");
	}
	if (size >= 80 && (clone_arg(d, b, 8) != 0 || clone_arg(d, b, 9) != 0)) {
		dec_text(d, ", set_tid=");
		if (clone_arg(d, b, 9) - 1 >= 32)
			dec_addr(d, clone_arg(d, b, 8));
		else
			dec_array(d, clone_arg(d, b, 8), clone_arg(d, b, 9), 4, print_tid, NULL);
		dec_printf(d, ", set_tid_size=%llu", (unsigned long long)clone_arg(d, b, 9));
	}
	if (size >= 88 && ((flags >> 33 & 1) != 0 || clone_arg(d, b, 10) != 0))
		dec_printf(d, ", cgroup=%llu", (unsigned long long)clone_arg(d, b, 10));
	dec_trailing(d, addr, 88, size, ", ");
	str_add_char(d->out, '}');
}

/* What the kernel wrote: " => {parent_tid=[5]}". */
static void clone_out(struct decoder *d, uint64_t addr, const uint8_t *b, uint64_t size)
{
	uint64_t flags = clone_arg(d, b, 0);
	bool any = false;

	if (d->call->is_error)
		return;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t at = clone_arg(d, b, i == 0 ? 1 : 3);
		if ((flags & (i == 0 ? 0x1000 : 0x100000)) == 0)
			continue;
		dec_printf(d, "%s%s=", any ? ", " : " => {", i == 0 ? "pidfd" : "parent_tid");
		any = true;
		int64_t word = dec_open_u32(d, at);
		if (word < 0)
			continue;
		if (i == 0)
			dec_fd(d, (int)word);
		else
			dec_int(d, (int)word);
		str_add_char(d->out, ']');
	}
	any |= dec_trailing(d, addr, 88, size, any ? ", " : " => {");
	if (any)
		str_add_char(d->out, '}');
}

void hook_clone_args(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t size = d->args[1];
	uint8_t b[88] = { 0 };
	bool ok = size >= 64 && dec_read(d, ref->value, b, size > 88 ? 88 : size);

	if (!d->exit && ok)
		clone_in(d, ref->value, b, size);
	else if (!d->exit)
		dec_addr(d, ref->value);
	else if (ok)
		clone_out(d, ref->value, b, size);
}

/* ---- kcmp, system ------------------------------------------------------------------ */

/* A descriptor of another process; PID <= 0: which one is not known. */
static void other_fd(struct decoder *d, int pid, int fd)
{
	const struct syscall_lookup *l = d->lookup;

	dec_int(d, fd);
	if (l != NULL && l->other_fd_path != NULL && pid > 0 && fd >= 0)
		l->other_fd_path(l->user, pid, fd, d->out);
}

/* A descriptor of the process that the pidfd in argument `param` refers to. */
void hook_pidfd_fd(struct decoder *d, const struct sys_ref *ref)
{
	const struct syscall_lookup *l = d->lookup;
	int fd = (int)ref->value, pid = -1;

	if (l != NULL && l->pidfd_target != NULL && l->other_fd_path != NULL)
		pid = l->pidfd_target(l->user, d->call->pid, (int)d->args[ref->param]);
	other_fd(d, pid, fd);
}

/* Of the process that argument WHO has, which need not be the caller. */
static void kcmp_fd(struct decoder *d, unsigned who, int fd)
{
	const struct syscall_lookup *l = d->lookup;
	int pid = (int)d->args[who];

	if (l != NULL && l->process_of != NULL && pid > 0)
		pid = l->process_of(l->user, d->call->tid, pid);
	if (pid == d->call->pid)
		dec_fd(d, fd);
	else
		other_fd(d, pid, fd);
}

/* In struct kcmp_epoll_slot. */
void hook_kcmp_fd(struct decoder *d, const struct sys_ref *ref) { kcmp_fd(d, 1, (int)ref->value); }

void hook_kcmp_rest(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t type = (uint32_t)d->args[2];

	(void)ref;
	dec_set_names(d, "idx1,idx2");
	if (type == 0) {
		dec_next_arg(d);
		kcmp_fd(d, 0, (int)d->args[3]);
		dec_next_arg(d);
		kcmp_fd(d, 1, (int)d->args[4]);
	} else if (type == 7) {
		dec_next_arg(d);
		kcmp_fd(d, 0, (int)d->args[3]);
		dec_next_arg(d);
		d->ignore_error = true;
		dec_struct(d, STRUCT_kcmp_epoll_slot, d->args[4]);
	} else if (type > 7) {
		dec_next_arg(d);
		dec_hex(d, d->args[3]);
		dec_next_arg(d);
		dec_hex(d, d->args[4]);
	}
}

void hook_reboot_arg(struct decoder *d, const struct sys_ref *ref)
{
	if ((uint32_t)d->args[2] != 0xa1b2c3d4)
		return;
	dec_set_names(d, "arg");
	dec_next_arg(d);
	dec_name_n(d, ref->value, 255); /* what the kernel copies of it */
}

void hook_syslog_cmd(struct decoder *d, const struct sys_ref *ref) 
{
	const char *name = dec_name(XLAT_syslog_actions, (uint32_t)ref->value);

	dec_int(d, (int)ref->value);
	dec_comment(d, name != NULL ? name : "SYSLOG_ACTION_???"); /* whatever -X says */
}


void hook_syslog_rest(struct decoder *d, const struct sys_ref *ref)
{
	int cmd = (int)d->args[0];
	bool reads = cmd == 2 || cmd == 3 || cmd == 4;

	dec_set_names(d, "bufp,len");
	if (!d->exit && reads)
		return;
	if (!reads && cmd != 8 && cmd >= 0 && cmd <= 10) {
		d->stop = true;
		return;
	}
	if (cmd == 8) {
		dec_next_arg(d);
		dec_addr(d, ref->value);
		dec_next_arg(d);
		dec_int(d, (int)d->args[2]);
		dec_comment(d, dec_name(XLAT_loglevels, (uint32_t)d->args[2]) != NULL ? dec_name(XLAT_loglevels, (uint32_t)d->args[2]) : "LOGLEVEL_???");
		d->stop = true;
		return;
	}
	dec_next_arg(d);
	if (!reads || d->call->is_error)
		dec_addr(d, ref->value);
	else
		dec_buffer(d, ref->value, (uint64_t)d->call->result);
	dec_next_arg(d);
	dec_int(d, (int)d->args[2]);
	d->stop = true;
}

void hook_kexec_segments(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t count = d->args[ref->param];

	if (count > 16)
		dec_addr(d, ref->value);
	else
		dec_array_of(d, ref->value, count, STRUCT_kexec_segment);
}

void hook_kexec_flags(struct decoder *d, const struct sys_ref *ref)
{
	dec_enum(d, XLAT_kexec_arch, ref->value & 0xffff0000);
	if ((ref->value & ~UINT64_C(0xffff0000)) != 0) {
		str_add_char(d->out, '|');
		dec_flags(d, XLAT_kexec_flags, ref->value & ~UINT64_C(0xffff0000));
	}
}

void hook_kexec_cmdline(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t length = d->args[ref->param];

	dec_buffer(d, ref->value, length);
}
