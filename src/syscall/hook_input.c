/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ioctls whose number isn't fixed: it holds the size of a buffer or the index of an axis.
 * They are known by direction, type and a range of numbers.  Most are evdev's, whose
 * arguments are printed here, too; of the others only the name is known.
 */
#include "syscall/hook_input.h"
#include "syscall/hooks.h"

#include <string.h>

enum { WRITE = 1, READ = 2, BY_SIZE = 0, BY_INDEX };
enum { EV_PWR = 0x16, FIRST_BIT = 0x20, FIRST_ABS = 0x40, SET_ABS = 0xc0, TYPES = 32, AXES = 64, SLOTS = 0x0a };

/* A set of bits: how many there are, and what they're called. */
struct bits {
	uint8_t number; /* of the ioctl, or the type of event */
	uint16_t table, highest;
};

static const struct bits states[] = { { 0x09, XLAT_ev_props, 0x1f }, { 0x18, XLAT_ev_keys, 0x2ff }, { 0x19, XLAT_ev_leds, 0x0f },
				      { 0x1a, XLAT_ev_sounds, 0x07 }, { 0x1b, XLAT_ev_switches, 0x10 } };
static const struct bits events[] = { { 0, XLAT_ev_types, 0x1f },  { 1, XLAT_ev_keys, 0x2ff },	     { 2, XLAT_ev_rel, 0x0f },
				      { 3, XLAT_ev_abs, 0x3f },	   { 4, XLAT_ev_misc, 0x07 },	     { 5, XLAT_ev_switches, 0x10 },
				      { 0x11, XLAT_ev_leds, 0x0f }, { 0x12, XLAT_ev_sounds, 0x07 },  { 0x14, XLAT_ev_repeat, 0x01 },
				      { 0x15, XLAT_ev_ff, 0x7f },  { 0x17, XLAT_ev_ff_status, 0x01 } };

static const struct family {
	uint8_t dir, type, first, last, kind;
	char name[16];
} families[] = {
	{ READ, 'E', 0x06, 0x06, BY_SIZE, "EVIOCGNAME" },    { READ, 'E', 0x07, 0x07, BY_SIZE, "EVIOCGPHYS" },
	{ READ, 'E', 0x08, 0x08, BY_SIZE, "EVIOCGUNIQ" },    { READ, 'E', 0x09, 0x09, BY_SIZE, "EVIOCGPROP" },
	{ READ, 'E', SLOTS, SLOTS, BY_SIZE, "EVIOCGMTSLOTS" }, { READ, 'E', 0x18, 0x18, BY_SIZE, "EVIOCGKEY" },
	{ READ, 'E', 0x19, 0x19, BY_SIZE, "EVIOCGLED" },     { READ, 'E', 0x1a, 0x1a, BY_SIZE, "EVIOCGSND" },
	{ READ, 'E', 0x1b, 0x1b, BY_SIZE, "EVIOCGSW" },	     { READ, 'H', 0x04, 0x04, BY_SIZE, "HIDIOCGRAWNAME" },
	{ READ, 'H', 0x05, 0x05, BY_SIZE, "HIDIOCGRAWPHYS" }, { READ, 'H', 0x08, 0x08, BY_SIZE, "HIDIOCGRAWUNIQ" },
	{ READ, 'H', 0x12, 0x12, BY_SIZE, "HIDIOCGPHYS" },   { READ, 'H', 0x06, 0x06, BY_SIZE, "HIDIOCSFEATURE" },
	{ READ | WRITE, 'H', 0x06, 0x06, BY_SIZE, "HIDIOCSFEATURE" },
	{ READ | WRITE, 'H', 0x07, 0x07, BY_SIZE, "HIDIOCGFEATURE" }, { READ, 'U', 0x2c, 0x2c, BY_SIZE, "UI_GET_SYSNAME" },
	{ READ, 'j', 0x13, 0x13, BY_SIZE, "JSIOCGNAME" },    { WRITE, 'k', 0x00, 0x00, BY_SIZE, "SPI_IOC_MESSAGE" },
	{ READ, 'M', 0x00, 0xff, BY_INDEX, "MIXER_READ" },   { WRITE, 'M', 0x00, 0xff, BY_INDEX, "MIXER_WRITE" },
};

static unsigned number_of(uint32_t code) { return code & 0xff; }
static unsigned size_of(uint32_t code) { return code >> 16 & 0x3fff; }

static void plain_name(struct decoder *d, unsigned table, uint64_t v)
{
	struct syscall_style plain = *d->style;
	const struct syscall_style *old = d->style;

	if (plain.xlat == SYSCALL_XLAT_VERBOSE && dec_name(table, v) == NULL)
		plain.xlat = SYSCALL_XLAT_RAW; /* it stands in a comment */
	else
		plain.xlat = SYSCALL_XLAT_ABBREV;
	d->style = &plain;
	dec_enum(d, table, v);
	d->style = old;
}

/* EVIOCGBIT(EV_KEY, 96), EVIOCGABS(ABS_X), EVIOCSABS(ABS_X) */
static bool event_name(struct decoder *d, uint32_t code)
{
	unsigned n = number_of(code), dir = code >> 30;

	if (dir == READ && n >= FIRST_BIT && n < FIRST_BIT + TYPES) {
		dec_text(d, "EVIOCGBIT(");
		if (n == FIRST_BIT)
			str_add_char(d->out, '0');
		else
			plain_name(d, XLAT_ev_types, n - FIRST_BIT);
		dec_printf(d, ", %u)", size_of(code));
		return true;
	}
	bool get = dir == READ && n >= FIRST_ABS && n < FIRST_ABS + AXES;
	if (!get && !(dir == WRITE && n >= SET_ABS))
		return false;
	dec_text(d, get ? "EVIOCGABS(" : "EVIOCSABS(");
	plain_name(d, XLAT_ev_abs, n - (get ? FIRST_ABS : SET_ABS));
	str_add_char(d->out, ')');
	return true;
}

bool dec_ioctl_family(struct decoder *d, uint32_t code)
{
	uint8_t type = code >> 8 & 0xff;

	if (type == 'E' && event_name(d, code))
		return true;
	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *f = &families[i];
		if (f->dir != code >> 30 || f->type != type || number_of(code) < f->first || number_of(code) > f->last)
			continue;
		dec_printf(d, "%s(%u)", f->name, f->kind == BY_SIZE ? size_of(code) : number_of(code));
		return true;
	}
	return false;
}

/* ---- arguments of evdev's ------------------------------------------------------------- */

/* At most four names without -v, and the words of the set where -X wants numbers. */
static void bit_names(struct decoder *d, const uint8_t *b, unsigned count, unsigned table)
{
	enum { MOST = 4 };
	unsigned shown = 0;

	str_add_char(d->out, '[');
	for (unsigned i = 0; i < count; i++) {
		if ((b[i / 8] >> i % 8 & 1) == 0)
			continue;
		if (shown > 0)
			str_add_char(d->out, ' ');
		if (!d->style->verbose && shown == MOST) {
			dec_text(d, "...");
			break;
		}
		dec_enum(d, table, i);
		shown++;
	}
	str_add_char(d->out, ']');
}

static void bit_words(struct decoder *d, const uint8_t *b, unsigned size)
{
	str_add_char(d->out, '[');
	for (unsigned i = 0; i < size; i += d->word) {
		if (i > 0)
			dec_next(d);
		dec_hex(d, dec_word(d, b + i, d->word));
	}
	str_add_char(d->out, ']');
}

static void bit_set(struct decoder *d, uint64_t addr, const struct bits *set)
{
	uint64_t filled = d->call->is_error ? 0 : (uint64_t)d->call->result;
	unsigned count = filled > set->highest / 8u ? set->highest : (unsigned)filled * 8;
	unsigned size = ((count + 7) / 8 + d->word - 1) / d->word * d->word;
	uint8_t b[128];

	if (size == 0 || size > sizeof(b)) {
		dec_addr(d, addr);
		return;
	}
	if (!dec_read_or_addr(d, addr, b, size))
		return;
	if (d->style->xlat != SYSCALL_XLAT_RAW)
		bit_names(d, b, count, set->table);
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " /* ");
	if (d->style->xlat != SYSCALL_XLAT_ABBREV)
		bit_words(d, b, size);
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

static const struct bits *find_bits(const struct bits *sets, unsigned count, unsigned number)
{
	for (unsigned i = 0; i < count; i++)
		if (sets[i].number == number)
			return &sets[i];
	return NULL;
}

/* The structure grew: "resolution" is there if it has room, "..." says that there is more. */
static void axis(struct decoder *d, uint64_t addr, unsigned size)
{
	enum { OLD = 20, NEW = 24 };
	uint8_t b[NEW] = { 0 };

	if (size < OLD) {
		dec_addr(d, addr);
		return;
	}
	if (!dec_read_or_addr(d, addr, b, size < NEW ? size : NEW))
		return;
	dec_struct_in(d, STRUCT_input_absinfo, b, NEW, addr);
	if (!d->style->verbose || size == OLD)
		return;
	d->out->length--;
	if (size >= NEW)
		dec_printf(d, ", resolution=%u", (unsigned)dec_word(d, b + OLD, 4));
	dec_text(d, size != NEW ? ", ...}" : "}");
}

static void print_slot(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_int(d, (int)dec_word(d, b, 4));
}

static void slots(struct decoder *d, uint64_t addr, unsigned size)
{
	uint8_t b[4];

	if (size < 4) {
		dec_addr(d, addr);
		return;
	}
	if (!dec_read_or_addr(d, addr, b, 4))
		return;
	dec_text(d, "{code=");
	dec_enum(d, XLAT_ev_mt_slots, dec_word(d, b, 4));
	dec_text(d, ", values=");
	dec_array(d, addr + 4, size / 4 - 1, 4, print_slot, NULL);
	str_add_char(d->out, '}');
}

static void power(struct decoder *d, uint64_t addr)
{
	int64_t v = dec_open_u32(d, addr);

	if (v >= 0)
		dec_printf(d, "%d]", (int)v);
}

static void event_out(struct decoder *d, uint32_t code, uint64_t addr)
{
	unsigned n = number_of(code);
	bool bits = n >= FIRST_BIT && n < FIRST_BIT + TYPES;
	const struct bits *set = bits ? find_bits(events, sizeof(events) / sizeof(events[0]), n - FIRST_BIT)
				      : find_bits(states, sizeof(states) / sizeof(states[0]), n);

	if (set != NULL)
		bit_set(d, addr, set);
	else if (bits && n - FIRST_BIT == EV_PWR)
		power(d, addr);
	else if (n >= FIRST_ABS && n < FIRST_ABS + AXES)
		axis(d, addr, size_of(code));
	else if (n == SLOTS)
		slots(d, addr, size_of(code));
	else if (n >= 0x06 && n <= 0x08 && !dec_failed(d))
		dec_buffer(d, addr, (uint64_t)d->call->result);
	else
		dec_addr(d, addr);
}

bool dec_event_arg(struct decoder *d, uint32_t code, uint64_t addr)
{
	unsigned dir = code >> 30;

	if ((code >> 8 & 0xff) != 'E' || (dir != READ && dir != WRITE))
		return false;
	if (d->exit != (dir == READ))
		return true;
	dec_next(d);
	if (dir == READ)
		event_out(d, code, addr);
	else if (number_of(code) >= SET_ABS)
		axis(d, addr, size_of(code));
	else
		dec_addr(d, addr);
	return true;
}

void hook_ev_keycode(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[8];

	if (!dec_read_or_addr(d, ref->value, b, 8))
		return;
	dec_printf(d, "[%u, ", (unsigned)dec_word(d, b, 4));
	dec_enum(d, XLAT_ev_keys, dec_word(d, b + 4, 4));
	str_add_char(d->out, ']');
}
