/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for the calls of every program: open, mmap, stat, exec, clone, wait. */
#include "syscall/hooks.h"

#include <string.h>

/* ---- open ------------------------------------------------------------------------- */

static void open_flags(struct decoder *d, uint64_t flags)
{
	const uint16_t only[] = { XLAT_open_flags };

	struct dec_words words;

	if (!dec_words_begin(d, flags, &words))
		return;
	dec_text(d, dec_name(XLAT_open_access, flags & 3));
	if ((flags & ~UINT64_C(3)) != 0) {
		str_add_char(d->out, '|');
		dec_flags_of(d, only, 1, flags & ~UINT64_C(3), NULL);
	}
	dec_words_end(d, &words);
}

void hook_open_flags(struct decoder *d, const struct sys_ref *ref) { open_flags(d, (uint32_t)ref->value); }
void hook_open_flags64(struct decoder *d, const struct sys_ref *ref) { open_flags(d, ref->value); }

/* ---- memory ----------------------------------------------------------------------- */

void hook_mmap_flags(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t flags = (uint32_t)ref->value, type = flags & 0xf, rest = flags & ~0xfu;
	uint32_t huge = rest >> 26 & 0x3f;

	struct dec_words words;

	if (!dec_words_begin(d, flags, &words))
		return;
	dec_enum(d, XLAT_map_types, type);
	rest &= ~(huge << 26);
	if (rest != 0) {
		str_add_char(d->out, '|');
		dec_flags_of(d, (const uint16_t[]){ XLAT_map_flags }, 1, rest, NULL);
	}
	if (huge != 0)
		dec_printf(d, "|%u<<MAP_HUGE_SHIFT", huge);
	dec_words_end(d, &words);
}

/* The file's offset of mmap, in hexadecimal; of mmap2, in pages. */
void hook_mmap_offset(struct decoder *d, const struct sys_ref *ref) { dec_hex(d, ref->value); }
void hook_mmap2_offset(struct decoder *d, const struct sys_ref *ref) { dec_hex(d, ref->value << 12); }

/* mremap's fifth argument is only there where flags say so. */
void hook_mremap_addr(struct decoder *d, const struct sys_ref *ref)
{
	if ((d->args[3] & 1) == 0 || (d->args[3] & 6) == 0)
		return;
	dec_set_names(d, "new_address");
	dec_next_arg(d);
	dec_addr(d, ref->value);
}

/* ---- stat ------------------------------------------------------------------------- */

struct stat_text {
	uint64_t dev, ino, nlink, rdev, size, blocks;
	uint32_t mode, uid, gid;
	uint64_t blksize;
	struct {
		int64_t sec;
		uint64_t nsec;
	} time[3];
	bool has_nsec;
};

static const char *const stat_times[] = { "st_atime", "st_mtime", "st_ctime" };

static void print_stat(struct decoder *d, const struct stat_text *st)
{
	bool special = (st->mode & 0170000) == 0020000 || (st->mode & 0170000) == 0060000;

	str_add_char(d->out, '{');
	if (d->style->verbose) {
		dec_text(d, "st_dev=");
		dec_dev(d, st->dev);
		dec_printf(d, ", st_ino=%llu, ", (unsigned long long)st->ino);
	}
	dec_text(d, "st_mode=");
	dec_st_mode(d, st->mode);
	if (d->style->verbose)
		dec_printf(d, ", st_nlink=%llu, st_uid=%u, st_gid=%u, st_blksize=%llu, st_blocks=%llu",
			   (unsigned long long)st->nlink, st->uid, st->gid, (unsigned long long)st->blksize, (unsigned long long)st->blocks);
	dec_text(d, special ? ", st_rdev=" : ", st_size=");
	if (special)
		dec_dev(d, st->rdev);
	else
		dec_uint(d, st->size);
	for (unsigned i = 0; i < 3 && d->style->verbose; i++) {
		dec_printf(d, ", %s=%lld", stat_times[i], (long long)st->time[i].sec);
		dec_time_comment(d, st->time[i].sec, st->time[i].nsec);
		if (st->has_nsec)
			dec_printf(d, ", %s_nsec=%llu", stat_times[i], (unsigned long long)st->time[i].nsec);
	}
	dec_text(d, d->style->verbose ? "}" : ", ...}");
}

/* The structures of all ABIs are shown in one order. */
static uint64_t stat_field(struct decoder *d, const struct sys_object *o, unsigned i)
{
	return i < o->type->show_count ? dec_field(d, o, sys_show[o->type->show + i]) : 0;
}

/* The oldest structure has neither blocks nor parts of seconds. */
enum { STAT_OLD_FIELDS = 11 };

/* Fields of a structure whose first ones are, in this order, those of struct stat_text. */
void hook_stat(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[256];
	unsigned size = dec_struct_size(d, ref->param);
	struct stat_text st = { 0 };

	if (!dec_read_or_addr(d, ref->value, bytes, size))
		return;
	struct sys_object o = { &sys_structs[ref->param], bytes, size, ref->value };
	st.has_nsec = o.type->show_count > STAT_OLD_FIELDS;
	st.dev = stat_field(d, &o, 0);
	st.ino = stat_field(d, &o, 1);
	st.mode = (uint32_t)stat_field(d, &o, 2);
	st.nlink = stat_field(d, &o, 3);
	st.uid = (uint32_t)stat_field(d, &o, 4);
	st.gid = (uint32_t)stat_field(d, &o, 5);
	st.rdev = stat_field(d, &o, 6);
	st.size = stat_field(d, &o, 7);
	st.blksize = st.has_nsec ? stat_field(d, &o, 8) : 0;
	st.blocks = st.has_nsec ? stat_field(d, &o, 9) : 0;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t sec = stat_field(d, &o, st.has_nsec ? 10 + 2 * i : 8 + i);
		st.time[i].sec = d->word == 4 && d->klong == 4 ? (int32_t)sec : (int64_t)sec;
		st.time[i].nsec = st.has_nsec ? stat_field(d, &o, 11 + 2 * i) : 0;
	}
	print_stat(d, &st);
}

/* ---- exec ------------------------------------------------------------------------- */

/* How many variables there are, as a comment. */
void hook_env(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[8];
	uint64_t at = ref->value;
	unsigned count = 0;

	if (d->style->verbose) {
		const struct sys_type type = { .kind = SYS_STRV, .size = SYS_LONG };
		for (unsigned k = 0; k < 8; k++)
			bytes[k] = (uint8_t)(ref->value >> 8 * k);
		dec_value(d, &type, bytes, NULL, 0);
		return;
	}
	dec_addr(d, ref->value);
	if (at == 0)
		return;
	for (; count < 1000000; count++, at += d->word) {
		if (!dec_read(d, at, bytes, d->word)) {
			if (count == 0)
				return;
			dec_printf(d, " /* %u var%s, unterminated */", count, count == 1 ? "" : "s");
			return;
		}
		if (dec_word(d, bytes, d->word) == 0)
			break;
	}
	dec_printf(d, " /* %u var%s */", count, count == 1 ? "" : "s");
}

/* ---- clone, wait ------------------------------------------------------------------ */

/* The stack comes first in the text, the flags (whose low byte is a signal) first in the call. */
void hook_clone_head(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t flags = ref->value & ~UINT64_C(0xff);
	int signal = (int)(ref->value & 0xff);

	dec_text(d, "child_stack=");
	dec_addr(d, d->args[1]);
	dec_text(d, ", flags=");
	if (flags != 0) {
		dec_flags(d, XLAT_clone_flags, flags);
		if (signal != 0)
			str_add_char(d->out, '|');
	}
	if (signal != 0)
		dec_signal(d, signal);
	else if (flags == 0)
		str_add_char(d->out, '0');
}

static bool clone_has(struct decoder *d, uint64_t bits)
{
	return (d->args[0] & bits) != 0;
}

/* parent_tid= (or pidfd), tls= and child_tidptr=, in strace's order whatever the ABI's. */
void hook_clone_rest(struct decoder *d, const struct sys_ref *ref)
{
	bool swapped = d->call->abi == SYSCALL_ABI_X86_64 || d->call->abi == SYSCALL_ABI_X32;
	uint64_t child = swapped ? d->args[3] : d->args[4], tls = swapped ? d->args[4] : d->args[3];
	uint8_t bytes[4];

	(void)ref;
	if (clone_has(d, 0x100000 | 0x1000)) {
		dec_text(d, ", parent_tid=");
		if (d->args[2] != 0 && !d->call->is_error && dec_read(d, d->args[2], bytes, 4)) {
			str_add_char(d->out, '[');
			if (clone_has(d, 0x1000))
				dec_fd(d, (int)dec_word(d, bytes, 4));
			else
				dec_pid(d, SYSCALL_TID, (int)dec_word(d, bytes, 4));
			str_add_char(d->out, ']');
		} else {
			dec_addr(d, d->args[2]);
		}
	}
	if (clone_has(d, 0x80000)) {
		dec_text(d, ", tls=");
		dec_addr(d, tls);
	}
	if (clone_has(d, 0x1000000 | 0x200000)) {
		dec_text(d, ", child_tidptr=");
		dec_addr(d, child);
	}
}

/* get/setpriority and ioprio_*: what the first argument says it is; PARAM: its value for a process. */
void hook_who_pid(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t which = (uint32_t)d->args[0] - ref->param;

	if (which > 1)
		dec_int(d, (int)ref->value);
	else
		dec_pid(d, which == 1 ? SYSCALL_PGID : SYSCALL_PID, (int)ref->value);
}

void hook_wait_status(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t bytes[4];

	if (d->call->result == 0 || !dec_read_or_addr(d, ref->value, bytes, 4)) {
		if (d->call->result == 0)
			dec_addr(d, ref->value);
		return;
	}
	dec_wait_status(d, (uint32_t)dec_word(d, bytes, 4));
}

/* By its name, whatever -X says. */
static void status_signal(struct decoder *d, int number)
{
	struct syscall_style plain = *d->style;
	const struct syscall_style *style = d->style;

	plain.xlat = SYSCALL_XLAT_ABBREV;
	d->style = &plain;
	dec_signal(d, number);
	d->style = style;
}

void dec_wait_status(struct decoder *d, uint32_t status)
{
	uint32_t low = status & 0x7f, high = status >> 8 & 0xff;

	str_add_char(d->out, '[');
	if (low == 0) {
		dec_printf(d, "{WIFEXITED(s) && WEXITSTATUS(s) == %u}", high);
		status &= ~0xff00u;
	} else if ((status & 0xff) == 0x7f) {
		dec_text(d, "{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		status_signal(d, (int)(high == 0x85 ? 5 : high));
		dec_text(d, high == 0x85 ? " | 0x80}" : "}");
		status &= ~0xffffu;
	} else if (status == 0xffff) {
		dec_text(d, "{WIFCONTINUED(s)}");
		status = 0;
	} else if (low == 0x7f) { /* none of them all */
		dec_printf(d, "%#x]", status);
		return;
	} else {
		dec_text(d, "{WIFSIGNALED(s) && WTERMSIG(s) == ");
		status_signal(d, (int)low);
		dec_text(d, (status & 0x80) != 0 ? " && WCOREDUMP(s)}" : "}");
		status &= ~0xffu;
	}
	if (status >> 16 != 0) {
		str_add_char(d->out, '|');
		dec_enum(d, XLAT_ptrace_events, status >> 16);
		dec_text(d, "<<16");
		status &= 0xffff;
	}
	if (status != 0)
		dec_printf(d, "|%#x", status);
	str_add_char(d->out, ']');
}

void hook_wait_word(struct decoder *d, const struct sys_ref *ref) { dec_wait_status(d, (uint32_t)ref->value); }

/* rusage, which is only filled where something was waited for. */
void hook_wait_rusage(struct decoder *d, const struct sys_ref *ref)
{
	if (d->call->result > 0 && !d->call->is_error)
		dec_struct(d, STRUCT_rusage, ref->value);
	else
		dec_addr(d, ref->value);
}
