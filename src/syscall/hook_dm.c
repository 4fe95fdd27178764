/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device mapper: one head for all of its ioctls, and behind it, at data_start, what each
 * takes: strings, targets, messages.  The kernel gives back the same block with its answer,
 * which is told if the call succeeded or the head changed.
 */
#include "syscall/hooks.h"

enum { KIND = 3, HEAD = 305, TARGET = 40, MESSAGE = 8, MAJOR = 4 };
enum { VERSION, REMOVE_ALL, LIST_DEVICES, DEV_CREATE, DEV_REMOVE, DEV_RENAME, DEV_SUSPEND, DEV_STATUS, DEV_WAIT, TABLE_LOAD,
       TABLE_CLEAR, TABLE_DEPS, TABLE_STATUS, LIST_VERSIONS, TARGET_MSG, SET_GEOMETRY, ARM_POLL };

struct head {
	uint32_t size, start, targets, open, flags, event;
	uint64_t device, addr;
	unsigned command;
};

static bool in_set(unsigned command, uint32_t set) { return (set >> command & 1) != 0; }
#define BIT(n) (1u << (n))

static void names(struct decoder *d, const uint8_t *b, const struct head *h)
{
	enum { NAME = 48, NAME_SIZE = 128, UUID = 176, UUID_SIZE = 129 };

	if (in_set(h->command, BIT(REMOVE_ALL) | BIT(LIST_DEVICES) | BIT(LIST_VERSIONS)))
		return;
	if (h->device != 0) {
		dec_text(d, ", dev=");
		dec_dev(d, h->device);
	}
	if (b[NAME] != 0) {
		dec_text(d, ", name=");
		dec_chars(d, b + NAME, NAME_SIZE);
	}
	if (b[UUID] != 0) {
		dec_text(d, ", uuid=");
		dec_chars(d, b + UUID, UUID_SIZE);
	}
}

static void counts(struct decoder *d, const struct head *h)
{
	const uint32_t answered = BIT(DEV_CREATE) | BIT(DEV_RENAME) | BIT(DEV_SUSPEND) | BIT(DEV_STATUS) | BIT(DEV_WAIT) | BIT(TABLE_LOAD) |
				  BIT(TABLE_CLEAR) | BIT(TABLE_DEPS) | BIT(TABLE_STATUS) | BIT(TARGET_MSG);
	enum { SUSPEND = 2 };

	if (d->exit) {
		if (!dec_failed(d) && in_set(h->command, answered))
			dec_printf(d, ", target_count=%u, open_count=%u, event_nr=%u", h->targets, h->open, h->event);
	} else if (h->command == TABLE_LOAD) {
		dec_printf(d, ", target_count=%u", h->targets);
	} else if (in_set(h->command, BIT(DEV_RENAME) | BIT(DEV_REMOVE) | BIT(DEV_WAIT)) ||
		   (h->command == DEV_SUSPEND && (h->flags & SUSPEND) == 0)) {
		dec_printf(d, ", event_nr=%u", h->event);
	}
}

/* True: it is one that we know, and what is behind it may be looked at. */
static bool print_head(struct decoder *d, const uint8_t *b, const struct head *h)
{
	const uint32_t without = BIT(VERSION) | BIT(REMOVE_ALL) | BIT(DEV_CREATE) | BIT(DEV_REMOVE) | BIT(DEV_SUSPEND) | BIT(DEV_STATUS) |
				 BIT(TABLE_CLEAR) | BIT(ARM_POLL);

	dec_printf(d, "{version=[%u, %u, %u]", (unsigned)dec_word(d, b, 4), (unsigned)dec_word(d, b + 4, 4), (unsigned)dec_word(d, b + 8, 4));
	if (dec_word(d, b, 4) != MAJOR) {
		dec_text(d, " /* unsupported device mapper ABI version */}");
		return false;
	}
	dec_printf(d, ", data_size=%u", h->size);
	if (h->size < HEAD) {
		dec_text(d, " /* data_size too small */}");
		return false;
	}
	if (!in_set(h->command, without))
		dec_printf(d, ", data_start=%u", h->start);
	names(d, b, h);
	counts(d, h);
	dec_text(d, ", flags=");
	dec_flags(d, XLAT_dm_flags, h->flags);
	str_add_char(d->out, '}');
	return true;
}

static void misplaced(struct decoder *d, const char *what) { dec_printf(d, "??? /* misplaced %s */", what); }

/* A chain of targets: each says how far it is to the next. */
static void targets(struct decoder *d, const struct head *h)
{
	uint32_t at = h->start, end = 0;
	uint8_t b[TARGET];

	for (uint32_t i = 0; i < h->targets; i++) {
		dec_next(d);
		bool behind = i == 0 || at > end;
		end = at + TARGET;
		if (!behind || end <= at || end > h->size) {
			misplaced(d, "struct dm_target_spec");
			return;
		}
		if (!dec_read_or_addr(d, h->addr + at, b, sizeof(b)))
			return;
		if (i >= d->style->string_limit) {
			dec_text(d, "...");
			return;
		}
		dec_printf(d, "{sector_start=%llu, length=%llu", (unsigned long long)dec_word(d, b, 8), (unsigned long long)dec_word(d, b + 8, 8));
		if (d->exit)
			dec_printf(d, ", status=%d", (int)dec_word(d, b + 16, 4));
		dec_text(d, ", target_type=");
		dec_chars(d, b + 24, 16);
		dec_text(d, ", string=");
		dec_name_n(d, h->addr + end, h->size - end);
		str_add_char(d->out, '}');
		at = (d->exit ? h->start : at) + (uint32_t)dec_word(d, b + 20, 4);
	}
}

static void message(struct decoder *d, const struct head *h)
{
	uint32_t end = h->start + MESSAGE;
	uint8_t b[MESSAGE];

	if (end <= h->start || end > h->size) {
		misplaced(d, "struct dm_target_msg");
		return;
	}
	if (!dec_read_or_addr(d, h->addr + h->start, b, sizeof(b)))
		return;
	dec_printf(d, "{sector=%llu, message=", (unsigned long long)dec_word(d, b, 8));
	dec_name_n(d, h->addr + end, h->size - end);
	str_add_char(d->out, '}');
}

static void text(struct decoder *d, const struct head *h)
{
	if (h->start > h->size) {
		misplaced(d, "string");
		return;
	}
	dec_text(d, "{string=");
	dec_name_n(d, h->addr + h->start, h->size - h->start);
	str_add_char(d->out, '}');
}

/* Lists that the kernel gives are left at "...". */
static void payload(struct decoder *d, const struct head *h)
{
	const uint32_t lists = BIT(LIST_DEVICES) | BIT(LIST_VERSIONS) | BIT(TABLE_DEPS);
	bool filled = d->exit && !dec_failed(d), strings = in_set(h->command, BIT(DEV_RENAME) | BIT(SET_GEOMETRY));
	bool is_targets = d->exit ? filled && in_set(h->command, BIT(DEV_WAIT) | BIT(TABLE_STATUS)) : h->command == TABLE_LOAD;
	bool is_list = filled && in_set(h->command, lists) && h->start != h->size;
	bool is_message = !d->exit && h->command == TARGET_MSG && h->start != h->size;
	bool is_text = !d->exit && strings;

	if (is_targets && d->style->verbose)
		targets(d, h);
	if (!(is_list || is_message || is_text || (is_targets && !d->style->verbose && h->targets != 0)))
		return;
	dec_next(d);
	if (!d->style->verbose || is_list)
		dec_text(d, "...");
	else if (is_message)
		message(d, h);
	else
		text(d, h);
}

void hook_dm(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[HEAD];

	if (d->exit && d->progress->saved[KIND] == 0)
		return;
	if (!dec_read(d, ref->value, b, sizeof(b)) || dec_word(d, b + 12, 4) < 12) { /* too short for its size */
		d->progress->saved[KIND] = 0;
		if (!d->exit && ref->value == 0)
			str_add_char(d->out, '0'); /* as of a command that is not decoded */
		else if (!d->exit)
			dec_addr(d, ref->value);
		return;
	}
	struct head h = { .size = (uint32_t)dec_word(d, b + 12, 4), .start = (uint32_t)dec_word(d, b + 16, 4),
			  .targets = (uint32_t)dec_word(d, b + 20, 4), .open = (uint32_t)dec_word(d, b + 24, 4),
			  .flags = (uint32_t)dec_word(d, b + 28, 4), .event = (uint32_t)dec_word(d, b + 32, 4),
			  .device = dec_word(d, b + 40, 8), .addr = ref->value, .command = d->args[1] & 0xff };
	uint64_t was = (uint64_t)h.flags << 32 | h.size;
	if (d->exit) {
		if (dec_failed(d) && d->progress->saved[0] == was && d->progress->saved[1] == h.start)
			return;
		dec_text(d, " => ");
	} else {
		d->progress->saved[KIND] = 1;
		d->progress->saved[0] = was;
		d->progress->saved[1] = h.start;
	}
	str_add_char(d->out, '[');
	if (print_head(d, b, &h))
		payload(d, &h);
	str_add_char(d->out, ']');
}
