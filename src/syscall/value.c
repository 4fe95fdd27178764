/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Single values: numbers, flags, enumerations, descriptors, modes, devices, signals.
 * Flags and enumerations obey -X: a name, the raw number, or both.
 */
#include "syscall/decode.h"

#include <linux/audit.h>
#include <string.h>
#include <time.h>

void dec_text(struct decoder *d, const char *text) { str_add(d->out, text); }

void dec_printf(struct decoder *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(d->out, fmt, ap);
	va_end(ap);
}

void dec_next(struct decoder *d) { str_add_n(d->out, ", ", 2); }

void dec_set_names(struct decoder *d, const char *names) { d->names = names; }

void dec_next_arg(struct decoder *d)
{
	const char *name = d->names;

	dec_next(d);
	if (!d->style->arg_names || name == NULL)
		return;
	for (unsigned i = 0; i < d->progress->named && name != NULL; i++)
		name = strchr(name, ',') != NULL ? strchr(name, ',') + 1 : NULL;
	d->progress->named++;
	if (name != NULL)
		dec_printf(d, "%.*s=", (int)strcspn(name, ","), name);
}

void dec_uint(struct decoder *d, uint64_t v) { str_add_u64(d->out, v); }

void dec_int(struct decoder *d, int64_t v)
{
	if (v < 0)
		str_add_char(d->out, '-');
	str_add_u64(d->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

uint64_t dec_result_value(const struct decoder *d)
{
	bool half = d->word == 4 && d->call->abi != SYSCALL_ABI_X32;

	return half ? (uint32_t)d->call->result : (uint64_t)d->call->result;
}

void dec_result(struct decoder *d) { str_add_u64(d->out, dec_result_value(d)); }

void dec_hex(struct decoder *d, uint64_t v)
{
	char buffer[20];
	unsigned at = sizeof(buffer);

	if (v == 0) {
		str_add_char(d->out, '0');
		return;
	}
	for (; v != 0; v >>= 4)
		buffer[--at] = "0123456789abcdef"[v & 15];
	buffer[--at] = 'x';
	buffer[--at] = '0';
	str_add_n(d->out, buffer + at, sizeof(buffer) - at);
}

void dec_addr(struct decoder *d, uint64_t v)
{
	if (v == 0)
		str_add_n(d->out, "NULL", 4);
	else
		dec_hex(d, v);
}

void dec_comment(struct decoder *d, const char *text)
{
	str_add_n(d->out, " /* ", 4);
	str_add(d->out, text);
	str_add_n(d->out, " */", 3);
}

/* "%#03o", without printf's cost. */
void dec_oct_mode(struct decoder *d, uint32_t mode)
{
	char buffer[16];
	unsigned at = sizeof(buffer), digits = 0;

	for (; mode != 0 || digits < 2; mode >>= 3, digits++)
		buffer[--at] = (char)('0' + (mode & 7));
	if (buffer[at] != '0' || digits < 3)
		buffer[--at] = '0';
	str_add_n(d->out, buffer + at, sizeof(buffer) - at);
}

void dec_st_mode(struct decoder *d, uint32_t mode)
{
	const char *type = (mode & 0170000) != 0 ? dec_name(XLAT_inode_types, mode & 0170000) : NULL;

	bool bare = type == NULL && ((mode & 0170000) != 0 || (mode & 07000) == 0);

	if (bare || d->style->xlat == SYSCALL_XLAT_RAW) {
		dec_oct_mode(d, mode);
		if (d->style->xlat == SYSCALL_XLAT_VERBOSE && (mode & 0170000) == 0)
			dec_printf(d, " /* %#03o */", mode);
		return;
	}
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, "%#03o /* ", mode);
	size_t start = d->out->length;
	dec_text(d, type != NULL ? type : "");
	for (unsigned i = 0; i < 3; i++)
		if ((mode & 04000u >> i) != 0) {
			static const char *const bits[] = { "S_ISUID", "S_ISGID", "S_ISVTX" };
			dec_text(d, d->out->length > start ? "|" : "");
			dec_text(d, bits[i]);
		}
	str_add_char(d->out, '|');
	dec_oct_mode(d, mode & ~0177000u);
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

void dec_dev(struct decoder *d, uint64_t dev)
{
	uint32_t major = (uint32_t)(((dev >> 8) & 0xfff) | ((dev >> 32) & ~(uint64_t)0xfff));
	uint32_t minor = (uint32_t)((dev & 0xff) | ((dev >> 12) & ~(uint64_t)0xff));

	struct dec_words words;

	if (!dec_words_begin(d, dev, &words))
		return;
	dec_printf(d, "makedev(%#x, %#x)", major, minor);
	dec_words_end(d, &words);
}

void dec_fd(struct decoder *d, int fd)
{
	struct str path = { 0 };

	dec_int(d, fd);
	if (fd >= 0 && d->lookup != NULL && d->lookup->fd_path != NULL &&
	    d->lookup->fd_path(d->lookup->user, d->call->pid, fd, &path))
		str_add_n(d->out, path.text, path.length);
	str_deinit(&path);
}

void dec_fd_result(struct decoder *d)
{
	if (d->call->result == (int)d->call->result)
		dec_fd(d, (int)d->call->result);
	else
		dec_int(d, d->call->result);
}

void dec_pid(struct decoder *d, enum syscall_pid kind, int id)
{
	dec_int(d, id);
	if ((id > 0 || (id < -1 && kind != SYSCALL_TID)) && d->lookup != NULL && d->lookup->pid_words != NULL)
		d->lookup->pid_words(d->lookup->pid_user, d->call->tid, kind, id, d->out);
}

void dec_dirfd(struct decoder *d, int fd)
{
	struct str path = { 0 };

	if (fd != -100) {
		dec_fd(d, fd);
		return;
	}
	dec_named(d, (uint32_t)-100, NULL, NULL);
	if (d->lookup != NULL && d->lookup->fd_path != NULL &&
	    d->lookup->fd_path(d->lookup->user, d->call->pid, -100, &path))
		str_add_n(d->out, path.text, path.length);
	str_deinit(&path);
}

void dec_no_fd(struct decoder *d)
{
	dec_text(d, d->style->xlat == SYSCALL_XLAT_RAW ? "-1" : d->style->xlat == SYSCALL_XLAT_VERBOSE ? "-1 /* FAN_NOFD */" : "FAN_NOFD");
}

void dec_signal(struct decoder *d, int sig)
{
	const char *name = syscall_signal_name(sig);

	if (name == NULL || d->style->xlat == SYSCALL_XLAT_RAW)
		dec_int(d, sig);
	else if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, "%d /* %s */", sig, name);
	else
		dec_text(d, name);
}

void dec_errno(struct decoder *d, uint32_t error)
{
	const char *name = error < 4096 ? syscall_errno_name((int)error) : NULL;

	if (name != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV) {
		dec_text(d, name);
		return;
	}
	dec_uint(d, error);
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_comment(d, name);
}

/* V in the style that -X asks for, where its name is BEFORE and NAME. */
static void print_named_int(struct decoder *d, int64_t v, const char *before, const char *name)
{
	if (name == NULL || d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_int(d, v);
	if (name == NULL || d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	dec_printf(d, d->style->xlat == SYSCALL_XLAT_VERBOSE ? " /* %s%s */" : "%s%s", before, name);
}

void dec_neg_errno(struct decoder *d, int64_t v)
{
	print_named_int(d, v, "-", v < 0 && v > -4096 ? syscall_errno_name((int)-v) : NULL);
}

const struct syscall_entry *dec_audit_entry(uint32_t arch, uint64_t number, enum syscall_abi *abi)
{
	static const struct {
		uint32_t arch;
		enum syscall_abi abi;
	} arches[] = {
		{ AUDIT_ARCH_X86_64, SYSCALL_ABI_X86_64 }, { AUDIT_ARCH_I386, SYSCALL_ABI_I386 }, { AUDIT_ARCH_AARCH64, SYSCALL_ABI_ARM64 },
		{ AUDIT_ARCH_ARM, SYSCALL_ABI_ARM }, { AUDIT_ARCH_RISCV64, SYSCALL_ABI_RISCV64 },
	};

	for (size_t i = 0; i < sizeof(arches) / sizeof(*arches); i++)
		if (arches[i].arch == arch && number <= UINT32_MAX) {
			bool x32 = arches[i].abi == SYSCALL_ABI_X86_64 && (number & SYSCALL_X32_BIT) != 0;
			*abi = x32 ? SYSCALL_ABI_X32 : arches[i].abi;
			return syscall_find(*abi, (uint32_t)number);
		}
	return NULL;
}

/* One strace knows the calls of both. */
static bool same_machine(enum syscall_abi a, enum syscall_abi b)
{
	static const uint8_t machine[SYSCALL_ABI_COUNT] = { [SYSCALL_ABI_ARM64] = 1, [SYSCALL_ABI_ARM] = 1, [SYSCALL_ABI_RISCV64] = 2 };

	return machine[a] == machine[b];
}

void dec_audit_number(struct decoder *d, uint32_t arch, uint64_t number)
{
	enum syscall_abi abi;
	const struct syscall_entry *entry = dec_audit_entry(arch, number, &abi);

	if (entry != NULL && abi == d->call->abi) {
		print_named_int(d, (int64_t)number, "__NR_", entry->name);
		return;
	}
	dec_uint(d, number);
	if (entry != NULL && (same_machine(abi, d->call->abi) || !d->style->strict) && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_comment(d, entry->name);
}

void dec_uid(struct decoder *d, uint32_t uid)
{
	if (uid == UINT32_MAX)
		dec_text(d, "-1");
	else
		dec_uint(d, uid);
}

/* ---- names -------------------------------------------------------------------- */

const struct sys_value *dec_first_of(const struct sys_xlat *table, uint64_t value)
{
	const struct sys_value *v = sys_values + table->first;
	uint32_t low = 0, high = table->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (v[mid].value < value)
			low = mid + 1;
		else
			high = mid;
	}
	return low < table->count && v[low].value == value ? &v[low] : NULL;
}

static const struct sys_value *find_value(unsigned xlat, uint64_t value)
{
	const struct sys_xlat *table = &sys_xlats[xlat];
	const struct sys_value *v = sys_values + table->first;

	if (table->ordered)
		return dec_first_of(table, value);
	for (uint32_t i = 0; i < table->count; i++)
		if (v[i].value == value)
			return &v[i];
	return NULL;
}

const char *dec_name(unsigned xlat, uint64_t value)
{
	const struct sys_value *v = find_value(xlat, value);

	return v != NULL ? sys_names + v->name : NULL;
}

static bool is_hidden(const struct decoder *d, const struct sys_value *v) { return v->beyond && d->style->strict; }

bool dec_hides(const struct decoder *d, unsigned xlat, uint64_t value)
{
	const struct sys_value *v = find_value(xlat, value);

	return v != NULL && is_hidden(d, v);
}

static const char *shown_name(const struct decoder *d, unsigned xlat, uint64_t value)
{
	const struct sys_value *v = find_value(xlat, value);

	return v != NULL && !is_hidden(d, v) ? sys_names + v->name : NULL;
}

void dec_named(struct decoder *d, uint64_t value, const char *name, const char *unknown)
{
	bool at_fdcwd = value == (uint32_t)-100 && name == NULL && unknown == NULL;

	if (at_fdcwd)
		name = "AT_FDCWD";
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV) {
		dec_text(d, name);
		return;
	}
	if (at_fdcwd)
		dec_int(d, -100);
	else
		dec_hex(d, value);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	if (name != NULL)
		dec_comment(d, name);
	else if (unknown != NULL && *unknown != '\0')
		dec_comment(d, unknown);
}

static const char *unknown_name(unsigned xlat) { return sys_names + sys_xlats[xlat].unknown; }

void dec_enum(struct decoder *d, unsigned xlat, uint64_t value)
{
	dec_named(d, value, shown_name(d, xlat, value), unknown_name(xlat));
}

void dec_enum_dec(struct decoder *d, unsigned xlat, int64_t value)
{
	const char *name = shown_name(d, xlat, (uint64_t)value);

	if (name == NULL)
		name = shown_name(d, xlat, (uint32_t)value);
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV) {
		dec_text(d, name);
		return;
	}
	dec_int(d, value);
	if (d->style->xlat != SYSCALL_XLAT_RAW && (name != NULL || *unknown_name(xlat) != '\0'))
		dec_comment(d, name != NULL ? name : unknown_name(xlat));
}

/* Flags that not every machine has, or has elsewhere: XLAT is x86's. */
static unsigned of_machine(const struct decoder *d, unsigned xlat)
{
	enum syscall_abi abi = d->call->abi;

	if (xlat == XLAT_open_flags && (abi == SYSCALL_ABI_ARM64 || abi == SYSCALL_ABI_ARM))
		return XLAT_open_flags_arm;
	if (xlat == XLAT_map_flags && !same_machine(abi, SYSCALL_ABI_X86_64))
		return XLAT_map_flags_generic;
	return xlat;
}

/* Append the names of the bits of *VALUE that XLAT knows and take them out. */
static void known_flags(struct decoder *d, unsigned xlat, uint64_t *value, unsigned *printed, bool zero)
{
	const struct sys_xlat *table = &sys_xlats[of_machine(d, xlat)];
	const struct sys_value *v = sys_values + table->first;

	for (uint32_t i = 0; i < table->count; i++, v++) {
		if (is_hidden(d, v) || (v->value == 0 ? !(zero && *value == 0) : (*value & v->value) != v->value))
			continue;
		if ((*printed)++ > 0)
			str_add_char(d->out, '|');
		str_add(d->out, sys_names + v->name);
		*value &= ~v->value;
		if (*value == 0)
			return;
	}
}

void dec_flags_of(struct decoder *d, const uint16_t *xlats, unsigned count, uint64_t value, const char *unknown)
{
	bool verbose = d->style->xlat == SYSCALL_XLAT_VERBOSE;
	uint64_t rest = value;
	unsigned printed = 0;

	if (d->style->xlat == SYSCALL_XLAT_RAW) {
		dec_hex(d, value);
		return;
	}
	size_t start = d->out->length;
	if (verbose) {
		dec_hex(d, value);
		str_add_n(d->out, " /* ", 4);
	}
	for (unsigned i = 0; i < count && (i == 0 || rest != 0); i++)
		known_flags(d, xlats[i], &rest, &printed, value == 0);
	if (printed > 0) {
		if (rest != 0) {
			str_add_char(d->out, '|');
			dec_hex(d, rest);
		}
		if (verbose)
			str_add_n(d->out, " */", 3);
		return;
	}
	str_truncate(d->out, start); /* nothing known: the number, and what it should have been */
	dec_hex(d, value);
	if (value != 0 && unknown != NULL && *unknown != '\0')
		dec_comment(d, unknown);
}

void dec_flags(struct decoder *d, unsigned xlat, uint64_t value)
{
	const uint16_t one = (uint16_t)xlat;

	dec_flags_of(d, &one, 1, value, unknown_name(xlat));
}

bool dec_words_begin(struct decoder *d, uint64_t value, struct dec_words *words)
{
	words->style = d->style;
	if (d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_hex(d, value);
	if (d->style->xlat == SYSCALL_XLAT_RAW)
		return false;
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " /* ");
	words->plain = *d->style;
	words->plain.xlat = SYSCALL_XLAT_ABBREV;
	d->style = &words->plain;
	return true;
}

void dec_words_end(struct decoder *d, const struct dec_words *words)
{
	d->style = words->style;
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

void dec_plain_flags(struct decoder *d, unsigned xlat, uint64_t value)
{
	struct syscall_style plain = *d->style;
	const struct syscall_style *old = d->style;

	plain.xlat = SYSCALL_XLAT_ABBREV;
	d->style = &plain;
	dec_flags_of(d, (const uint16_t[]){ (uint16_t)xlat }, 1, value, NULL);
	d->style = old;
}

static void time_comment(struct decoder *d, int64_t sec, uint64_t part, unsigned digits, uint64_t limit)
{
	char text[64];
	struct tm tm;
	time_t t = (time_t)sec;

	if ((sec == 0 && part == 0) || part >= limit || localtime_r(&t, &tm) == NULL)
		return;
	if (strftime(text, sizeof(text), "%FT%T", &tm) == 0)
		return;
	dec_printf(d, " /* %s", text);
	if (part != 0)
		dec_printf(d, ".%0*llu", (int)digits, (unsigned long long)part);
	strftime(text, sizeof(text), "%z", &tm);
	dec_printf(d, "%s */", text);
}

void dec_time_comment(struct decoder *d, int64_t sec, uint64_t nsec) { time_comment(d, sec, nsec, 9, 1000000000); }
void dec_time_comment_usec(struct decoder *d, int64_t sec, uint64_t usec) { time_comment(d, sec, usec, 6, 1000000); }
