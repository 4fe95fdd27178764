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
