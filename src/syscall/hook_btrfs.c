/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks for btrfs: what its structures point to.  The structures are in structs.def. */
#include "syscall/hooks.h"

/* An unsigned number in decimal, or the name that the table has for it. */
void hook_named_udec(struct decoder *d, const struct sys_ref *ref)
{
	const char *name = dec_name(ref->param, ref->value);

	if (name != NULL && d->style->xlat == SYSCALL_XLAT_ABBREV) {
		dec_text(d, name);
		return;
	}
	dec_uint(d, ref->value);
	if (name != NULL && d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_comment(d, name);
}

void hook_uuid(struct decoder *d, const struct sys_ref *ref)
{
	for (unsigned i = 0; i < 16; i++)
		dec_printf(d, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", ref->bytes[i]);
}

void hook_btrfs_subvol_flags(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	if (dec_read_or_addr(d, ref->value, b, sizeof(b)))
		dec_flags(d, XLAT_btrfs_subvol_flags, dec_word(d, b, 8));
}

/* Limits that a new subvolume has from the start, of as many bytes as a field says. */
void hook_btrfs_inherit(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[128];
	size_t head = dec_struct_size(d, STRUCT_btrfs_qgroup_inherit);
	uint64_t size = dec_field(d, ref->object, ref->param);

	if (head > sizeof(b) || size < head || !dec_read(d, ref->value, b, head)) {
		dec_addr(d, ref->value);
		return;
	}
	dec_struct_in(d, STRUCT_btrfs_qgroup_inherit, b, head, ref->value);
}

static void print_objectid(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr, (void)user;
	hook_named_udec(d, &(struct sys_ref){ .value = dec_word(d, bytes, 8), .param = XLAT_btrfs_objectids, .size = 8 });
}

void hook_btrfs_sources(struct decoder *d, const struct sys_ref *ref)
{
	if (d->style->verbose)
		dec_array(d, ref->value, dec_field(d, ref->object, ref->param), 8, print_objectid, NULL);
	else
		dec_addr(d, ref->value);
}

void hook_btrfs_supported(struct decoder *d, const struct sys_ref *ref)
{
	static const char *const what[] = { "supported", "safe to set", "safe to clear" };
	uint8_t b[3 * 24];

	if (!dec_read_or_addr(d, ref->value, b, sizeof(b)))
		return;
	for (unsigned i = 0; i < 3; i++) {
		dec_text(d, i > 0 ? ", " : "[");
		dec_struct_in(d, STRUCT_btrfs_features, b + 24 * (size_t)i, 24, ref->value + 24 * i);
		dec_comment(d, what[i]);
	}
	str_add_char(d->out, ']');
}

/* As many as the structure says there are, at most those that there is room for, each with its name. */
void hook_btrfs_dev_stats(struct decoder *d, const struct sys_ref *ref)
{
	uint64_t count = dec_field(d, ref->object, ref->param);

	str_add_char(d->out, '[');
	for (unsigned i = 0; i < count; i++) {
		dec_text(d, i > 0 ? ", " : "");
		if (8 * (i + 1) > ref->size) {
			dec_text(d, "...");
			break;
		}
		str_add_char(d->out, '[');
		hook_named_udec(d, &(struct sys_ref){ .value = i, .param = XLAT_btrfs_dev_stat_values, .size = 4 });
		dec_text(d, "]=");
		dec_uint(d, dec_word(d, ref->bytes + 8 * (size_t)i, 8));
	}
	str_add_char(d->out, ']');
}

/* --- what a search found ---------------------------------------------------------------------- */

/* Items of a header and as many bytes as that says, one behind the other: their headers. */
static void print_items(struct decoder *d, uint64_t addr, uint64_t size, uint32_t count)
{
	enum { HEADER = 32, LENGTH_AT = 28, MOST = (16 << 20) / HEADER }; /* the kernel fills 16 MiB */
	uint64_t at = 0;
	uint8_t b[HEADER];

	str_add_char(d->out, '[');
	for (uint32_t i = 0; i < count; i++) {
		dec_text(d, i > 0 ? ", " : "");
		if (addr + at < addr || at + HEADER > size || i >= MOST) {
			dec_text(d, "...");
			break;
		}
		if (!dec_read(d, addr + at, b, HEADER)) {
			dec_printf(d, "... /* %#llx */", (unsigned long long)(addr + at));
			break;
		}
		dec_struct_in(d, STRUCT_btrfs_search_header, b, HEADER, addr + at);
		at += HEADER + dec_word(d, b + LENGTH_AT, 4);
	}
	str_add_char(d->out, ']');
}

/* The key at entry; how many there are, and with -v which, at exit. */
void hook_btrfs_search(struct decoder *d, const struct sys_ref *ref)
{
	enum { OPEN = 3, KEY = 104, ITEMS_AT = 64, ARGS = 4096 };
	bool second = (uint32_t)d->call->args[1] != 0xd0009411; /* BTRFS_IOC_TREE_SEARCH */
	size_t head = second ? KEY + 8 : KEY;
	uint8_t b[KEY + 8];

	if (!d->exit) {
		d->progress->saved[OPEN] = dec_read_or_addr(d, ref->value, b, head);
		if (d->progress->saved[OPEN])
			dec_struct(d, second ? STRUCT_btrfs_search_args_v2 : STRUCT_btrfs_search_args, ref->value);
		return;
	}
	if (dec_failed(d) || !d->progress->saved[OPEN])
		return;
	dec_text(d, " => ");
	if (!dec_read_or_addr(d, ref->value, b, head))
		return;
	uint32_t count = (uint32_t)dec_word(d, b + ITEMS_AT, 4);
	uint64_t size = second ? dec_word(d, b + KEY, 8) : ARGS - KEY;
	dec_printf(d, "{key={nr_items=%u}, ", count);
	if (second)
		dec_printf(d, "buf_size=%llu, ", (unsigned long long)size);
	if (d->style->verbose) {
		dec_text(d, "buf=");
		print_items(d, ref->value + head, size, count);
	} else {
		dec_text(d, "...");
	}
	str_add_char(d->out, '}');
}

/* The tree is told at exit where the caller left it to the kernel: 0. */
void hook_btrfs_ino_lookup(struct decoder *d, const struct sys_ref *ref)
{
	enum { OPEN = 3, NAME_AT = 16, SIZE = 4096, UNREAD = 0, ANY_TREE, ONE_TREE };
	uint8_t b[SIZE];

	if (d->exit && (dec_failed(d) || d->progress->saved[OPEN] == UNREAD))
		return;
	dec_text(d, d->exit ? " => " : "");
	if (!dec_read_or_addr(d, ref->value, b, SIZE))
		return;
	uint64_t tree = dec_word(d, b, 8);
	if (!d->exit)
		d->progress->saved[OPEN] = tree == 0 ? ANY_TREE : ONE_TREE;
	str_add_char(d->out, '{');
	if (!d->exit || d->progress->saved[OPEN] == ANY_TREE) {
		dec_text(d, "treeid=");
		print_objectid(d, b, ref->value, NULL);
		dec_text(d, ", ");
	}
	if (!d->exit) {
		dec_text(d, "objectid=");
		print_objectid(d, b + 8, ref->value + 8, NULL);
	} else {
		dec_text(d, "name=");
		dec_chars(d, b + NAME_AT, SIZE - NAME_AT);
	}
	str_add_char(d->out, '}');
}

/* --- lists of what belongs to an inode or a block ------------------------------------------------ */

/* Where VALS of a container begin, whose head has been printed; 0: there is none. */
static uint64_t begin_container(struct decoder *d, uint64_t addr, uint32_t *count)
{
	enum { HEAD = 16, COUNT_AT = 8 };
	struct sys_object head = { &sys_structs[STRUCT_btrfs_container], NULL, HEAD, addr };
	bool any = false, more = false;
	uint8_t b[HEAD];

	if (!dec_read_or_addr(d, addr, b, HEAD))
		return 0;
	head.bytes = b;
	*count = (uint32_t)dec_word(d, b + COUNT_AT, 4);
	str_add_char(d->out, '{');
	dec_fields(d, &head, &any, &more);
	dec_text(d, d->style->verbose ? ", val=" : ", ...}");
	return d->style->verbose ? addr + HEAD : 0;
}

void hook_btrfs_inodes(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t count;
	uint64_t at = begin_container(d, ref->value, &count);

	if (at == 0)
		return;
	dec_array_of(d, at, count / 3, STRUCT_btrfs_inode_of);
	str_add_char(d->out, '}');
}

static void print_path_at(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user)
{
	(void)addr;
	dec_path(d, *(const uint64_t *)user + dec_word(d, bytes, 8));
}

void hook_btrfs_paths(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t count;
	uint64_t at = begin_container(d, ref->value, &count);

	if (at == 0)
		return;
	dec_array(d, at, count, 8, print_path_at, &at);
	str_add_char(d->out, '}');
}
