/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arguments of ioctls that ioctls.def and structs.def can't say: disks, flash, clocks, pins, files, virtual
 * machines; those of consoles stand in hook_console.c.  Where a structure is printed in two parts, whether it was open at entry is in
 * progress->saved[3], as in decode.c.
 */
#include "syscall/hooks.h"

#include <string.h>

enum { OPEN = 3 };

/* ---- blocks of bytes ---------------------------------------------------------------- */

void hook_buf_fixed(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_failed(d))
		dec_addr(d, ref->value);
	else
		dec_buffer(d, ref->value, ref->param);
}

void hook_hex_fixed(struct decoder *d, const struct sys_ref *ref)
{
	if (dec_failed(d))
		dec_addr(d, ref->value);
	else
		dec_buffer_hex(d, ref->value, ref->param);
}

/* ---- disks -------------------------------------------------------------------------- */

void hook_hd_drive_cmd(struct decoder *d, const struct sys_ref *ref)
{
	enum { SECTOR = 512 };
	uint8_t b[4];

	if (!d->exit) {
		dec_struct(d, STRUCT_hd_drive_cmd, ref->value);
		return;
	}
	if ((d->call->is_error && d->call->result != -5) || !dec_read(d, ref->value, b, sizeof(b)))
		return;
	dec_text(d, " => {status=");
	dec_hex(d, b[0]);
	dec_printf(d, ", error=%u, nsector=%u", b[1], b[2]);
	if (b[3] != 0) {
		dec_text(d, ", buf=");
		dec_buffer_hex(d, ref->value + 4, (uint64_t)b[3] * SECTOR);
	}
	str_add_char(d->out, '}');
}

static void hex_element(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	dec_hex(d, dec_word(d, bytes, 4));
}

void hook_hd_three(struct decoder *d, const struct sys_ref *ref) { dec_array(d, ref->value, 3, 4, hex_element, NULL); }

/* A number of 16 bits with padding where a long has 32. */
void hook_old_dev(struct decoder *d, const struct sys_ref *ref) { dec_dev(d, d->klong == 4 ? ref->value & 0xffff : ref->value); }

void hook_lo_key(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t length = dec_field(d, ref->object, ref->param);

	dec_quote(d, ref->bytes, length < 32 ? (size_t)length : 32, false, false);
}

/* ---- flash -------------------------------------------------------------------------- */

/* A name and its length, which may be too big. */
static void ubi_name(struct decoder *d, const uint8_t *name, int length)
{
	enum { MOST = 127 };

	dec_chars(d, name, (length < 0 ? 0 : length > MOST ? MOST : (size_t)length) + 1);
}

void hook_ubi_name(struct decoder *d, const struct sys_ref *ref)
{
	ubi_name(d, ref->bytes, (int16_t)dec_field(d, ref->object, ref->param));
}

void hook_ubi_rnvol(struct decoder *d, const struct sys_ref *ref)
{
	enum { HEAD = 16, ENTRY = 136, COUNT = 32 };
	uint8_t b[HEAD + ENTRY * COUNT];

	if (!dec_read_or_addr(d, ref->value, b, sizeof(b)))
		return;
	int count = (int)dec_word(d, b, 4);
	dec_printf(d, "{count=%d, ents=[", count);
	for (int i = 0; i < count && i < COUNT; i++) {
		const uint8_t *e = b + HEAD + (size_t)i * ENTRY;
		int length = (int16_t)dec_word(d, e + 4, 2);
		if (i > 0)
			dec_next(d);
		dec_printf(d, "{vol_id=%d, name_len=%d, name=", (int)dec_word(d, e, 4), length);
		ubi_name(d, e + 8, length);
		str_add_char(d->out, '}');
	}
	dec_text(d, "]}");
}

void hook_mtd_region(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[16];

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, b, 16);
		if (d->progress->saved[OPEN] != 0) {
			dec_text(d, "{regionindex=");
			dec_hex(d, dec_word(d, b + 12, 4));
		}
		return;
	}
	if (d->progress->saved[OPEN] == 0)
		return;
	if (!dec_failed(d) && dec_read(d, ref->value, b, 16)) {
		static const char *const names[] = { ", offset=", ", erasesize=", ", numblocks=" };
		for (unsigned i = 0; i < 3; i++) {
			dec_text(d, names[i]);
			dec_hex(d, dec_word(d, b + 4 * i, 4));
		}
	}
	str_add_char(d->out, '}');
}

/* ---- clocks and pins ---------------------------------------------------------------- */

static void ptp_time(struct decoder *d, const uint8_t *b)
{
	dec_struct_in(d, STRUCT_ptp_time, b, 16, 0);
	if (d->style->xlat != SYSCALL_XLAT_RAW)
		dec_time_comment(d, (int64_t)dec_word(d, b, 8), dec_word(d, b + 8, 4));
}

void hook_ptp_clock(struct decoder *d, const struct sys_ref *ref) { ptp_time(d, ref->bytes); }

/* "n_samples" and what is reserved, at entry; the times at exit: GROUP of them are a sample. */
static void ptp_samples(struct decoder *d, uint64_t addr, unsigned group, unsigned extra)
{
	enum { MOST = 25, HEAD = 16 };
	bool clock = group == 3; /* the extended ones say of which clock */
	uint8_t b[HEAD + 16 * 75];
	size_t size = HEAD + 16 * (group == 1 ? 51 : 75);

	if (!dec_read(d, addr, b, size)) {
		if (!d->exit)
			dec_addr(d, addr);
		else if (d->progress->saved[OPEN] != 0)
			str_add_char(d->out, '}');
		d->progress->saved[OPEN] = 0;
		return;
	}
	uint32_t count = (uint32_t)dec_word(d, b, 4);
	if (!d->exit) {
		d->progress->saved[OPEN] = 1;
		dec_printf(d, "{n_samples=%u", count);
		if (clock) {
			dec_text(d, ", clockid=");
			dec_enum(d, XLAT_clocks, dec_word(d, b + 4, 4));
		}
		if ((!clock && dec_word(d, b + 4, 4) != 0) || dec_word(d, b + 8, 8) != 0) {
			dec_text(d, ", rsv=[");
			for (unsigned i = 1 + clock; i < 4; i++) {
				dec_text(d, i > 1u + clock ? ", " : "");
				dec_hex(d, dec_word(d, b + 4 * i, 4));
			}
			str_add_char(d->out, ']');
		}
		return;
	}
	if (d->progress->saved[OPEN] == 0)
		return;
	if (!dec_failed(d)) {
		uint32_t shown = (count < MOST ? count : MOST) * (group == 1 ? 2 : 1) + extra;
		dec_text(d, ", ts=[");
		bool cut = false;
		for (uint32_t i = 0; i < shown && !cut; i++) {
			dec_text(d, i > 0 ? ", " : "");
			cut = dec_is_beyond(d, i);
			if (cut) {
				dec_text(d, "...");
				break;
			}
			dec_text(d, group > 1 ? "[" : "");
			for (unsigned k = 0; k < group; k++) {
				dec_text(d, k > 0 ? ", " : "");
				ptp_time(d, b + HEAD + 16 * (size_t)(i * group + k));
			}
			dec_text(d, group > 1 ? "]" : "");
		}
		str_add_char(d->out, ']');
	}
	str_add_char(d->out, '}');
}

void hook_ptp_offset(struct decoder *d, const struct sys_ref *ref) { ptp_samples(d, ref->value, 1, 1); }
/* An interval, and in seconds what it is. */
void hook_usec_interval(struct decoder *d, const struct sys_ref *ref)
{
	dec_uint(d, ref->value);
	if (ref->value != 0 && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_printf(d, " /* %u.%06u s */", (unsigned)(ref->value / 1000000), (unsigned)(ref->value % 1000000));
}

void hook_nsec_interval(struct decoder *d, const struct sys_ref *ref)
{
	int64_t v = (int32_t)ref->value;
	uint64_t size = (uint64_t)(v < 0 ? -v : v);

	dec_int(d, v);
	if (v != 0 && d->style->xlat != SYSCALL_XLAT_RAW)
		dec_printf(d, " /* %s%u.%09u s */", v < 0 ? "-" : "", (unsigned)(size / 1000000000), (unsigned)(size % 1000000000));
}

/* Bytes whose number stands before them, SIZE at most: text, or (`param` 1) hexadecimal digits. */
void hook_counted(struct decoder *d, const struct sys_ref *ref)
{
	size_t length = dec_field(d, ref->object, 0);

	if (length > ref->size)
		length = ref->size;
	if (ref->param == 1) {
		dec_quote(d, ref->bytes, length, false, true);
		return;
	}
	length = length < ref->size ? length : ref->size - 1u;
	dec_quote(d, ref->bytes, length, true, false);
	if (memchr(ref->bytes, 0, length + 1) == NULL)
		dec_text(d, "...");
}

void hook_ptp_offset_extended(struct decoder *d, const struct sys_ref *ref) { ptp_samples(d, ref->value, 3, 0); }

static void gpio_attr(struct decoder *d, const uint8_t *b, bool nested)
{
	uint32_t id = (uint32_t)dec_word(d, b, 4);
	bool raw = dec_word(d, b + 4, 4) != 0 || id == 0 || id > 3;

	if (raw) {
		struct sys_object o = { &sys_structs[STRUCT_gpio_v2_attr], b, 16, 0 };
		bool any = false, more = false;
		dec_text(d, nested ? "attr={" : "");
		dec_fields(d, &o, &any, &more);
		dec_text(d, nested ? "}" : "");
	} else if (id == 1) {
		dec_text(d, "flags=");
		dec_flags(d, XLAT_gpio_v2_flags, dec_word(d, b + 8, 8));
	} else if (id == 2) {
		dec_text(d, "values=");
		dec_hex(d, dec_word(d, b + 8, 8));
	} else {
		dec_printf(d, "debounce_period_us=%u", (unsigned)dec_word(d, b + 8, 4));
	}
}

void hook_gpio_v2_attr(struct decoder *d, const struct sys_ref *ref) { gpio_attr(d, ref->bytes, true); }

void hook_gpio_v2_attrs(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t count = dec_field(d, ref->object, ref->param);

	str_add_char(d->out, '[');
	for (unsigned i = 0; i < 10 && i < count; i++) {
		dec_text(d, i > 0 ? ", {" : "{");
		gpio_attr(d, ref->bytes + 16 * (size_t)i, false);
		str_add_char(d->out, '}');
	}
	str_add_char(d->out, ']');
}

void hook_rnd_entropy(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	if (!dec_read_or_addr(d, ref->value, b, 8))
		return;
	uint32_t size = (uint32_t)dec_word(d, b + 4, 4);
	dec_printf(d, "{entropy_count=%d, buf_size=%d, buf=", (int)dec_word(d, b, 4), (int)size);
	dec_buffer(d, ref->value + 8, size);
	str_add_char(d->out, '}');
}

/* ---- files -------------------------------------------------------------------------- */

void hook_fslabel(struct decoder *d, const struct sys_ref *ref)
{
	enum { MOST = 256 };
	uint8_t b[MOST];

	if (!dec_read_or_addr(d, ref->value, b, MOST))
		return;
	const uint8_t *nul = memchr(b, 0, MOST);
	dec_quote(d, b, nul != NULL ? (size_t)(nul - b) : MOST - 1, false, false);
	if (nul == NULL)
		dec_text(d, "...");
}

void hook_fiemap(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE = 32 };
	uint8_t b[SIZE];

	if (!dec_read(d, ref->value, b, SIZE) || (d->exit && dec_failed(d))) {
		if (!d->exit)
			dec_addr(d, ref->value);
		d->progress->saved[OPEN] = d->exit && d->progress->saved[OPEN];
		return;
	}
	if (!d->exit) {
		d->progress->saved[OPEN] = 1;
		dec_printf(d, "{fm_start=%llu, fm_length=%llu, fm_flags=", (unsigned long long)dec_word(d, b, 8),
			   (unsigned long long)dec_word(d, b + 8, 8));
		dec_flags(d, XLAT_fiemap_flags, dec_word(d, b + 16, 4));
		dec_printf(d, ", fm_extent_count=%u}", (unsigned)dec_word(d, b + 24, 4));
		return;
	}
	if (d->progress->saved[OPEN] == 0)
		return;
	dec_text(d, " => {fm_flags=");
	dec_flags(d, XLAT_fiemap_flags, dec_word(d, b + 16, 4));
	dec_printf(d, ", fm_mapped_extents=%u, ", (unsigned)dec_word(d, b + 20, 4));
	if (d->style->verbose) {
		dec_text(d, "fm_extents=");
		dec_array_of(d, ref->value + SIZE, dec_word(d, b + 20, 4), STRUCT_fiemap_extent);
	} else {
		dec_text(d, "...");
	}
	str_add_char(d->out, '}');
}

void hook_dedupe(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE = 24, INFO = 32 };
	uint8_t b[SIZE], last[INFO];

	if (!dec_read(d, ref->value, b, SIZE) || (d->exit && dec_failed(d))) {
		if (!d->exit)
			dec_addr(d, ref->value);
		return;
	}
	uint64_t count = dec_word(d, b + 16, 2);
	if (d->exit && (count == 0 || !d->progress->saved[OPEN]))
		return;
	dec_text(d, d->exit ? " => {info=" : "{");
	if (!d->exit) {
		dec_printf(d, "src_offset=%llu, src_length=%llu, dest_count=%u, info=", (unsigned long long)dec_word(d, b, 8),
			   (unsigned long long)dec_word(d, b + 8, 8), (unsigned)count);
	}
	if (!d->exit) /* what could not be read then isn't looked at again; that a third one is left out is seen when it has been read */
		d->progress->saved[OPEN] = count == 0 || dec_read(d, ref->value + SIZE + INFO * ((d->style->verbose || count < 3 ? count : 3) - 1), last, INFO);
	if (d->style->verbose || count == 0) {
		dec_array_of(d, ref->value + SIZE, count, d->exit ? STRUCT_dedupe_info_out : STRUCT_dedupe_info_in);
	} else {
		struct syscall_style two = *d->style; /* without -v two of them */
		const struct syscall_style *old = d->style;
		two.string_limit = 2;
		d->style = &two;
		dec_array_of(d, ref->value + SIZE, count, d->exit ? STRUCT_dedupe_info_out : STRUCT_dedupe_info_in);
		d->style = old;
	}
	str_add_char(d->out, '}');
}

/* The features that are asked for; behind " => " those that the kernel has, if they are others. */
void hook_uffdio_api(struct decoder *d, const struct sys_ref *ref)
{
	enum { FEATURES = 0, SIZE = 24 };
	uint8_t b[SIZE];

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, b, SIZE);
		if (d->progress->saved[OPEN] == 0)
			return;
		d->progress->saved[FEATURES] = dec_word(d, b + 8, 8);
		dec_text(d, "{api=");
		dec_hex(d, dec_word(d, b, 8));
		dec_text(d, ", features=");
		dec_flags(d, XLAT_uffd_features, dec_word(d, b + 8, 8));
		return;
	}
	if (d->progress->saved[OPEN] == 0)
		return;
	if (!dec_failed(d) && dec_read(d, ref->value, b, SIZE)) {
		if (dec_word(d, b + 8, 8) != d->progress->saved[FEATURES]) {
			dec_text(d, " => features=");
			dec_flags(d, XLAT_uffd_features, dec_word(d, b + 8, 8));
		}
		dec_text(d, ", ioctls=");
		dec_flags(d, XLAT_uffd_ioctls, dec_word(d, b + 16, 8));
	}
	str_add_char(d->out, '}');
}

/* ---- virtual machines, trusted environments, counters -------------------------------- */

void hook_kvm_cpuid(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8]; /* padded */

	if (!dec_read_or_addr(d, ref->value, b, sizeof(b)))
		return;
	dec_printf(d, "{nent=%u, entries=", (unsigned)dec_word(d, b, 4));
	if (d->style->verbose)
		dec_array_of(d, ref->value + 8, dec_word(d, b, 4), STRUCT_kvm_cpuid_entry);
	else
		dec_text(d, dec_word(d, b, 4) != 0 ? "[...]" : "[]");
	str_add_char(d->out, '}');
}

/* What a parameter has beside its kind: values, or a piece of shared memory. */
void hook_tee_param(struct decoder *d, const struct sys_ref *ref)
{
	static const char *const values[] = { ", a=", ", b=", ", c=" }, *const memory[] = { ", shm_offs=", ", size=", ", shm_id=" };
	const uint8_t *b = ref->object->bytes;
	unsigned kind = b[0] & 7;

	str_truncate(d->out, d->out->length - 2); /* the comma that stands before */
	if (b[0] > 7 || (kind & 3) == 0)
		return;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t v = dec_word(d, b + 8 + 8 * (size_t)i, 8);
		dec_text(d, kind > 4 ? memory[i] : values[i]);
		if (kind > 4 && i == 2)
			dec_uint(d, v);
		else
			dec_hex(d, v);
	}
}

/* Is SIZE that of a head, whose last word says how many parameters there are, and of these? */
static bool tee_fits(struct decoder *d, uint64_t addr, uint64_t size, unsigned head)
{
	enum { PARAM = 32 };
	uint8_t count[4];

	return size >= head && dec_read(d, addr + head - 4, count, 4) && size == head + PARAM * dec_word(d, count, 4);
}

static const struct {
	uint32_t code;
	uint16_t type;
} tee_calls[] = { { 2, STRUCT_tee_open_session }, { 3, STRUCT_tee_invoke }, { 6, STRUCT_tee_suppl_recv }, { 7, STRUCT_tee_suppl_send } };

/* The place and size of what is meant. */
void hook_tee_buf(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[16];

	if (d->exit)
		return;
	if (!dec_read_or_addr(d, ref->value, b, sizeof(b)))
		return;
	uint64_t addr = dec_word(d, b, 8), size = dec_word(d, b + 8, 8);
	dec_printf(d, "{buf_len=%llu, buf_ptr=", (unsigned long long)size);
	for (unsigned i = 0; i < sizeof(tee_calls) / sizeof(tee_calls[0]); i++)
		if (tee_calls[i].code == ((uint32_t)d->args[1] & 0xff)) {
			if (tee_fits(d, addr, size, dec_struct_size(d, tee_calls[i].type)))
				dec_struct(d, tee_calls[i].type, addr);
			else
				dec_addr(d, addr);
		}
	str_add_char(d->out, '}');
}

static void print_u32(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_uint(d, dec_word(d, b, 4));
}

void hook_perf_query_bpf(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, b, 4);
		if (d->progress->saved[OPEN] != 0)
			dec_printf(d, "{ids_len=%u", (unsigned)dec_word(d, b, 4));
		return;
	}
	if (d->progress->saved[OPEN] == 0)
		return;
	if (!dec_failed(d) && dec_read(d, ref->value, b, 8)) {
		uint32_t count = (uint32_t)dec_word(d, b + 4, 4);
		dec_printf(d, ", prog_cnt=%u, ids=", count);
		dec_array(d, ref->value + 8, count, 4, print_u32, NULL);
	} else {
		dec_text(d, ", ...");
	}
	str_add_char(d->out, '}');
}

void hook_ifname(struct decoder *d, const struct sys_ref *ref) { dec_name_n(d, ref->value, 16); }
