/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ioctl: the command by all names that share its number, the argument by ioctls.def; and
 * hooks for what some devices take.
 */
#include "syscall/hook_input.h"
#include "syscall/hooks.h"
#include "syscall/plan.h"

#include <string.h>

static void ioctl_number(struct decoder *d, uint32_t v)
{
	static const char *const dirs[] = { "_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE" };

	dec_printf(d, "_IOC(%s, %#x, %#x, %#x)", dirs[v >> 30], v >> 8 & 0xff, v & 0xff, v >> 16 & 0x3fff);
}

/* Terminals and sound have some numbers in common. */
static bool is_shared(uint32_t code) { return code >= SYSCALL_SHARED_FIRST && code <= SYSCALL_SHARED_LAST; }

static bool is_terminal(struct decoder *d, int fd)
{
	enum { TTY = 4, TTY_AUX = 5, PTY_FIRST = 128, PTY_LAST = 143 };
	int number = d->lookup != NULL && d->lookup->char_major != NULL ? d->lookup->char_major(d->lookup->user, d->call->pid, fd) : -1;

	return number == TTY || number == TTY_AUX || (number >= PTY_FIRST && number <= PTY_LAST);
}

/* Names share numbers: all of them are said, "A or B"; of a terminal its own. */
/* i386 aligns 64-bit numbers to 4 bytes alone: a structure of another size than in tables for 32 bits. */
static uint32_t without_padding(const struct decoder *d, uint32_t code)
{
	enum { BLKTRACESETUP = 0xc0481273, ON_I386 = 0xc0401273 };

	return code == ON_I386 && d->call->abi == SYSCALL_ABI_I386 ? BLKTRACESETUP : code;
}

/* Has the name a number of its own where a long has 32 bits? */
static bool is_narrow(const char *name)
{
	const struct sys_xlat *table = &sys_xlats[XLAT_ioctls_32];

	for (unsigned i = 0; i < table->count; i++)
		if (strcmp(sys_names + sys_values[table->first + i].name, name) == 0)
			return true;
	return false;
}

/* Names that have this number for programs of every width stand before those that have it in 32 bits; true: of
 * the latter there is none to be told, as FS_IOC32_GETFLAGS says it. */
static bool names_of_any_width(struct decoder *d, uint32_t v, bool *any)
{
	const struct sys_xlat *table = &sys_xlats[XLAT_ioctls];
	const struct sys_value *at = dec_first_of(table, v), *end = sys_values + table->first + table->count;
	bool last = false;

	for (; at != NULL && at < end && at->value == v; at++) {
		const char *name = sys_names + at->name;
		if (is_narrow(name))
			continue;
		dec_text(d, *any ? " or " : "");
		dec_text(d, name);
		*any = true;
		last |= strncmp(name, "FS_IOC32_", 9) == 0;
	}
	return last;
}

static void ioctl_names(struct decoder *d, uint32_t code)
{
	uint32_t v = without_padding(d, code);
	const struct sys_xlat *table = &sys_xlats[XLAT_ioctls_32];
	const struct sys_value *first = d->klong == 4 ? dec_first_of(table, v) : NULL;

	if (first == NULL) {
		table = &sys_xlats[XLAT_ioctls];
		first = dec_first_of(table, v);
	}
	const struct sys_value *end = sys_values + table->first + table->count;
	bool family = dec_ioctl_family(d, v);
	bool terminal = is_shared(v) && is_terminal(d, (int)d->args[0]);

	if (first == NULL || (first->beyond && d->style->strict)) {
		if (!family)
			ioctl_number(d, v);
		return;
	}
	bool any = family;
	if (table == &sys_xlats[XLAT_ioctls_32] && names_of_any_width(d, v, &any))
		return;
	for (const struct sys_value *at = first; at < end && at->value == v; at++) {
		if (terminal && sys_names[at->name] != 'T')
			continue;
		dec_text(d, any ? " or " : "");
		dec_text(d, sys_names + at->name);
		any = true;
	}
}

void hook_ioctl_cmd(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t v = (uint32_t)ref->value;

	if (d->style->xlat != SYSCALL_XLAT_ABBREV) {
		dec_hex(d, v);
		if (d->style->xlat == SYSCALL_XLAT_RAW)
			return;
		dec_text(d, " /* ");
	}
	ioctl_names(d, v);
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_text(d, " */");
}

static const struct sys_ioctl *find_in(const struct sys_ioctl *rows, unsigned count, uint32_t code)
{
	unsigned low = 0, high = count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		if (rows[mid].code < code)
			low = mid + 1;
		else
			high = mid;
	}
	return low < count && rows[low].code == code ? &rows[low] : NULL;
}

/* Of the commands of IDE disks, strace knows for 32-bit programs but those of the disk's shape and of raw commands. */
static bool is_left_alone(const struct decoder *d, uint32_t code)
{
	enum { FIRST = 0x302, LAST = 0x330, TASKFILE = 0x31d, RAW_LAST = 0x31f };

	return d->klong == 4 && code >= FIRST && code <= LAST && !(code >= TASKFILE && code <= RAW_LAST);
}

/* Structures that may grow, and have a name in one size alone: what is decoded in others, too. */
static uint32_t of_any_size(uint32_t code)
{
	static const struct {
		uint16_t kind, least; /* the number without direction and size; bytes */
		uint32_t code;
	} growing[] = { { 0xb70a, 16, 0x8010b70a }, { 0xb70b, 16, 0x8010b70b }, { 0xb70c, 16, 0x8010b70c }, { 0xff0b, 0, 0xc058ff0b } };

	for (unsigned i = 0; i < sizeof(growing) / sizeof(growing[0]); i++)
		if ((code & 0xffff) == growing[i].kind && (code >> 16 & 0x3fff) >= growing[i].least)
			return growing[i].code;
	return code;
}

/* A number has a structure's size in it, and sizes differ where a long has 32 bits. */
static const struct sys_ioctl *find_ioctl(const struct decoder *d, uint32_t code)
{
	if (is_left_alone(d, code))
		return NULL;
	code = without_padding(d, code);

	const struct sys_ioctl *found = d->klong == 4 ? find_in(sys_ioctl32s, sys_ioctl32_count, code) : NULL;

	return found != NULL ? found : find_in(sys_ioctls, sys_ioctl_count, of_any_size(code));
}

/* With -v, the bytes whose number the command says: what it writes at entry, what it reads at exit, both where it
 * does both or doesn't say. */
static bool print_unknown_bytes(struct decoder *d, uint32_t cmd, uint64_t addr)
{
	enum { WRITE = 1, READ = 2, UNREADABLE = 0 };
	/* kinds of device of which strace decodes some, and leaves the others' arguments alone */
	static const uint8_t kinds[] = { 0x03, 0x12, 0x15, '!', '"', '$', 0x3d, '>', 'E', 'K', 'L', 'M', 'O', 'R', 'T', 'V', 'W', 'X',
					 'I', 'f', 'i', 'o', 'p', 'u', 0x89, 0x8a, 0x94, 0xa4, 0xaa, 0xab, 0xae, 0xb4, 0xb7, 0xfd, 0xff };
	uint32_t direction = cmd >> 30, size = cmd >> 16 & 0x3fff;

	if (addr == 0 || !d->style->verbose || size == 0 || memchr(kinds, (int)(cmd >> 8 & 0xff), sizeof(kinds)) != NULL)
		return false;
	if (d->exit ? direction == WRITE || d->progress->saved[UNREADABLE] != 0 : direction == READ)
		return true;
	if (d->exit && direction != READ) {
		dec_text(d, " => ");
	} else {
		dec_set_names(d, "argp");
		dec_next_arg(d);
	}
	size_t start = d->out->length;
	dec_buffer_hex(d, addr, size);
	d->progress->saved[UNREADABLE] = d->out->text[start] != '"'; /* then nothing is said of it at exit */
	return true;
}

/* As strace does: a number, but for sockets an address. */
static void print_unknown_arg(struct decoder *d, uint64_t value)
{
	enum { SOCKETS = 0x8900, PRIVATE = 0x89e0 };
	uint32_t cmd = (uint32_t)d->args[1];

	if (cmd >= SOCKETS && cmd < PRIVATE)
		dec_addr(d, value);
	else
		dec_hex(d, value);
}

void hook_ioctl_arg(struct decoder *d, const struct sys_ref *ref)
{
	const struct sys_ioctl *io = find_ioctl(d, (uint32_t)d->args[1]);
	bool at_exit = io != NULL && io->flags == SYS_AT_EXIT, both = io != NULL && io->flags == SYS_AT_BOTH;
	uint8_t bytes[8];

	if (io != NULL && io->type == SYS_NO_ARG)
		return;
	if (io == NULL && dec_event_arg(d, (uint32_t)d->args[1], ref->value))
		return;
	if (io == NULL && print_unknown_bytes(d, (uint32_t)d->args[1], ref->value))
		return;
	if (!both && d->exit != at_exit)
		return;
	dec_set_names(d, "argp");
	if (!(both && d->exit))
		dec_next_arg(d);
	if (io == NULL) {
		print_unknown_arg(d, ref->value);
		return;
	}
	const struct sys_type *type = &sys_types[io->type];
	unsigned size = dec_size(d, type->size);
	uint64_t v = size < 8 ? ref->value & ((UINT64_C(1) << 8 * size) - 1) : ref->value;
	for (unsigned k = 0; k < 8; k++)
		bytes[k] = (uint8_t)(v >> 8 * k);
	if (type->kind == SYS_HOOK)
		sys_hooks[type->ref](d, &(struct sys_ref){ .value = v, .param = type->param, .size = (uint8_t)size });
	else
		dec_value(d, type, bytes, NULL, 0);
}

/* ---- processes --------------------------------------------------------------------------- */

/* What is asked for at entry; at exit what there is, as far as the command's size goes. */
void hook_pidfd_info(struct decoder *d, const struct sys_ref *ref)
{
	enum { MASK_BYTES = 8, FIRST_BYTES = 64, BYTES = 88, ASKED = 0, FOUND = 1 };
	uint32_t size = (uint32_t)d->args[1] >> 16 & 0x3fff;
	uint8_t b[BYTES];
	bool any = true, more = false;

	if (!d->exit) {
		if (size < FIRST_BYTES) {
			dec_addr(d, ref->value);
		} else if (dec_read_or_addr(d, ref->value, b, MASK_BYTES)) {
			d->progress->saved[ASKED] = dec_word(d, b, MASK_BYTES);
			d->progress->saved[FOUND] = true;
			dec_text(d, "{mask=");
			dec_flags(d, XLAT_pidfd_info_masks, d->progress->saved[ASKED]);
		}
		return;
	}
	if (!d->progress->saved[FOUND])
		return;
	struct sys_object o = { &sys_structs[STRUCT_pidfd_info], b, size < BYTES ? size : BYTES, ref->value };
	if (!dec_failed(d) && dec_read(d, ref->value, b, o.size)) {
		uint64_t mask = dec_word(d, b, MASK_BYTES);
		if (mask != d->progress->saved[ASKED]) {
			dec_text(d, " => ");
			dec_flags(d, XLAT_pidfd_info_masks, mask);
		}
		dec_fields_from(d, &o, MASK_BYTES, &any, &more);
	}
	str_add_char(d->out, '}');
}

/* ---- virtual machines --------------------------------------------------------------- */

/* The start of struct kvm_run, and the data of what was put out or in: all that is told of it. */
enum { VCPU_BYTES = 64, VCPU_IO = 32, VCPU_DATA = 48, VCPU_FOUND = 0 };
_Static_assert(VCPU_BYTES <= SYSCALL_KEPT_BYTES, "what a virtual CPU was is kept there");

static bool read_vcpu(struct decoder *d, uint8_t *b, int *number)
{
	enum { EXIT_IO = 2 };
	uint64_t addr = d->lookup != NULL && d->lookup->vcpu != NULL ? d->lookup->vcpu(d->lookup->user, d->call->pid, (int)d->args[0], number) : 0;

	memset(b, 0, VCPU_BYTES);
	if (addr == 0 || !dec_read(d, addr, b, VCPU_DATA))
		return false;
	uint64_t size = b[VCPU_IO + 1] * dec_word(d, b + VCPU_IO + 4, 4);
	if (dec_word(d, b + 8, 4) == EXIT_IO && size > 0 && size <= VCPU_BYTES - VCPU_DATA)
		dec_read(d, addr + dec_word(d, b + VCPU_IO + 8, 8), b + VCPU_DATA, (size_t)size);
	return true;
}

void hook_kvm_run(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[VCPU_BYTES];
	int number;

	if (d->exit)
		return;
	dec_hex(d, ref->value);
	d->progress->saved[VCPU_FOUND] = d->lookup != NULL && d->lookup->whole_vcpu && read_vcpu(d, b, &number);
	if (d->progress->saved[VCPU_FOUND] != 0)
		memcpy(d->progress->kept, b, sizeof(b));
}

static void vcpu_io(struct decoder *d, const uint8_t *b)
{
	const uint8_t *io = b + VCPU_IO;
	unsigned size = io[1];
	uint64_t count = dec_word(d, io + 4, 4);

	dec_printf(d, ", {io={direction=%s, size=%u, port=%#04x, count=%u, data_offset=%#016llx, data=[", io[0] == 0 ? "KVM_EXIT_IO_IN" : "KVM_EXIT_IO_OUT",
		   size, (unsigned)dec_word(d, io + 2, 2), (unsigned)count, (unsigned long long)dec_word(d, io + 8, 8));
	for (uint64_t i = 0; i < count && size > 0 && size <= 8 && (i + 1) * size <= VCPU_BYTES - VCPU_DATA; i++) {
		dec_text(d, i > 0 ? ", " : "");
		dec_hex(d, dec_word(d, b + VCPU_DATA + i * size, size));
	}
	dec_text(d, "]}}");
}

static void vcpu_state(struct decoder *d, const uint8_t *b, int number, char mark)
{
	enum { EXIT_IO = 2 };
	uint32_t reason = (uint32_t)dec_word(d, b + 8, 4);
	const char *name = dec_name(XLAT_kvm_exits, reason);

	dec_text(d, "\n VCPU");
	if (number >= 0)
		dec_printf(d, ":%d", number);
	dec_printf(d, "%c {request_interrupt_window=%u, immediate_exit=%u, exit_reason=%u /* %s */, ready_for_interrupt_injection=%u, if_flag=%u, flags=%u",
		   mark, b[0], b[1], reason, name != NULL ? name : "KVM_EXIT_???", b[12], b[13], (unsigned)dec_word(d, b + 14, 2));
	dec_printf(d, ", cr8=%#016llx, apic_base=%#016llx", (unsigned long long)dec_word(d, b + 16, 8), (unsigned long long)dec_word(d, b + 24, 8));
	if (reason == EXIT_IO)
		vcpu_io(d, b);
	str_add_char(d->out, '}');
}

/* Why it came back; with vcpu+, on lines of their own, what it was before and became. */
static bool result_kvm_run(struct decoder *d)
{
	uint8_t b[VCPU_BYTES], before[VCPU_BYTES];
	int number = -1;

	if (!read_vcpu(d, b, &number))
		return false;
	const char *name = dec_name(XLAT_kvm_exits, dec_word(d, b + 8, 4));
	dec_result(d);
	dec_printf(d, " (%s)", name != NULL ? name : "KVM_EXIT_???");
	if (d->lookup->whole_vcpu && d->progress->saved[VCPU_FOUND] != 0) {
		memcpy(before, d->progress->kept, sizeof(before));
		vcpu_state(d, before, number, '<');
		vcpu_state(d, b, number, '>');
	}
	return true;
}

/* Some return a descriptor, a process, one a kind of namespace. */
bool result_ioctl(struct decoder *d)
{
	enum { GET_USERNS = 0xb701, GET_PARENT = 0xb702, GET_NSTYPE = 0xb703, GET_PID = 0x8004b706, GET_TGID = 0x8004b707,
	       MNT_NEXT = 0x8010b70b, MNT_PREV = 0x8010b70c, CREATE_VM = 0xae01, CREATE_VCPU = 0xae41, KVM_RUN = 0xae80, CREATE_BUFS = 0xc100565c, CREATE_BUFS_32 = 0xc0f8565c,
	       CREATE_DMA_BUF = 0x40187542, CREATE_DMA_BUF_OF_LIST = 0x40087543 };
	uint32_t code = (uint32_t)d->args[1];
	const char *name;

	if (d->call->is_error)
		return false;
	switch (of_any_size(code)) {
	case GET_PID:
		dec_pid(d, SYSCALL_TID, (int)d->call->result);
		return true;
	case GET_TGID:
		dec_pid(d, SYSCALL_PID, (int)d->call->result);
		return true;
	case GET_NSTYPE:
		dec_result(d);
		name = dec_name(XLAT_setns_flags, (uint64_t)d->call->result);
		if (name != NULL)
			dec_printf(d, " (%s)", name);
		return true;
	case GET_USERNS:
	case GET_PARENT:
	case CREATE_VM:
	case CREATE_VCPU:
	case MNT_NEXT:
	case MNT_PREV:
	case CREATE_DMA_BUF:
	case CREATE_DMA_BUF_OF_LIST:
		dec_fd_result(d);
		return true;
	case KVM_RUN:
		return result_kvm_run(d);
	case CREATE_BUFS:
	case CREATE_BUFS_32:
		dec_created_buffers(d);
		return true;
	default:
		return false;
	}
}

/* ---- terminals ---------------------------------------------------------------------- */

/* The rest of a word whose parts were named: flags, in strace's way nothing for none. */
static void term_rest(struct decoder *d, unsigned xlat, uint64_t v)
{
	struct str *out = d->out;
	size_t start = out->length;

	dec_flags_of(d, (const uint16_t[]){ (uint16_t)xlat }, 1, v, NULL);
	if (v == 0)
		str_truncate(out, start);
}

static void term_part(struct decoder *d, unsigned xlat, uint64_t v, const char *unknown)
{
	dec_named(d, v, dec_name(xlat, v), unknown);
	str_add_char(d->out, '|');
}

static void term_oflag(struct decoder *d, uint64_t v)
{
	term_part(d, XLAT_term_nl, v & 0x100, "NL?");
	term_part(d, XLAT_term_cr, v & 0x600, "CR?");
	term_part(d, XLAT_term_tab, v & 0x1800, "TAB?");
	term_part(d, XLAT_term_bs, v & 0x2000, "BS?");
	term_part(d, XLAT_term_vt, v & 0x4000, "VT?");
	term_part(d, XLAT_term_ff, v & 0x8000, "FF?");
	term_rest(d, XLAT_term_oflags, v & ~UINT64_C(0xff00));
}

static void term_cflag(struct decoder *d, uint64_t v, bool wide)
{
	enum { IN_SHIFT = 16 };
	uint64_t in = wide ? v >> IN_SHIFT & 0x100f : 0, rest = v & ~UINT64_C(0x103f);

	term_part(d, XLAT_baud_rates, v & 0x100f, "B???");
	if (!wide) {
		d->out->length--;
		str_add_char(d->out, '|');
		rest |= v & 0x1000 & ~UINT64_C(0x100f);
	}
	if (in != 0) {
		dec_named(d, in, dec_name(XLAT_baud_rates, in), "B???");
		dec_text(d, "<<");
		dec_named(d, IN_SHIFT, "IBSHIFT", "");
		str_add_char(d->out, '|');
		rest &= ~(UINT64_C(0x100f) << 16);
	}
	term_part(d, XLAT_term_cs, v & 0x30, "CS?");
	term_rest(d, XLAT_term_cflags, rest);
}

static void term_cc(struct decoder *d, const uint8_t *cc, unsigned count)
{
	str_add_char(d->out, '[');
	for (unsigned i = 0; i < count; i++) {
		const char *name = dec_name(XLAT_term_cc, i);
		if (i > 0)
			dec_next(d);
		if (name != NULL)
			dec_printf(d, "[%s]=", name);
		else
			dec_printf(d, "[%u]=", i);
		dec_hex(d, cc[i]);
	}
	str_add_char(d->out, ']');
}

/* struct termios (19 control characters), termios2 with speeds behind them (SPEEDS) and the old termio (8). */
void hook_termios(struct decoder *d, const struct sys_ref *ref)
{
	enum { CHARS = 19, SPEEDS = 20, IN = 36, OUT = 40 };
	uint8_t b[44];
	bool wide = ref->param >= CHARS, speeds = ref->param == SPEEDS;
	unsigned w = wide ? 4 : 2, chars = wide ? CHARS : ref->param;

	if (!dec_read_or_addr(d, ref->value, b, speeds ? sizeof(b) : 4 * w + 1 + chars))
		return;
	dec_text(d, "{c_iflag=");
	term_rest(d, XLAT_term_iflags, dec_word(d, b, w));
	dec_text(d, ", c_oflag=");
	term_oflag(d, dec_word(d, b + w, w));
	dec_text(d, ", c_cflag=");
	term_cflag(d, dec_word(d, b + 2 * w, w), wide);
	dec_text(d, ", c_lflag=");
	term_rest(d, XLAT_term_lflags, dec_word(d, b + 3 * w, w));
	if (d->style->verbose) {
		dec_text(d, ", c_line=");
		dec_enum(d, XLAT_term_lines, b[4 * w]);
		dec_text(d, ", c_cc=");
		term_cc(d, b + 4 * w + 1, chars);
		if (speeds)
			dec_printf(d, ", c_ispeed=%u, c_ospeed=%u", (unsigned)dec_word(d, b + IN, 4), (unsigned)dec_word(d, b + OUT, 4));
	} else {
		dec_text(d, ", ...");
	}
	str_add_char(d->out, '}');
}

static void flags_at(struct decoder *d, uint64_t addr, unsigned xlat)
{
	int64_t flags = dec_open_u32(d, addr);

	if (flags < 0)
		return;
	dec_flags(d, xlat, flags);
	str_add_char(d->out, ']');
}

void hook_tiocm(struct decoder *d, const struct sys_ref *ref) { flags_at(d, ref->value, XLAT_tiocm_flags); }
void hook_fs_flags(struct decoder *d, const struct sys_ref *ref) { flags_at(d, ref->value, XLAT_fs_file_flags); }

void hook_one_char(struct decoder *d, const struct sys_ref *ref) { dec_buffer(d, ref->value, 1); }

void hook_kb_type(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b;

	if (!dec_read_or_addr(d, ref->value, &b, 1))
		return;
	str_add_char(d->out, '[');
	dec_enum(d, XLAT_kb_types, b);
	str_add_char(d->out, ']');
}

/* ---- interfaces --------------------------------------------------------------------- */

static const char *ifreq_field(uint32_t cmd)
{
	static const struct {
		uint16_t cmd;
		char name[14];
	} names[] = { { 0x8913, "ifr_flags" },	 { 0x8914, "ifr_flags" },     { 0x8915, "ifr_addr" },	  { 0x8916, "ifr_addr" },
		      { 0x8917, "ifr_dstaddr" }, { 0x8918, "ifr_dstaddr" },   { 0x8919, "ifr_broadaddr" }, { 0x891a, "ifr_broadaddr" },
		      { 0x891b, "ifr_netmask" }, { 0x891c, "ifr_netmask" },   { 0x891d, "ifr_metric" },	  { 0x891e, "ifr_metric" },
		      { 0x8921, "ifr_mtu" },	 { 0x8922, "ifr_mtu" },	      { 0x8923, "ifr_newname" },  { 0x8924, "ifr_hwaddr" },
		      { 0x8927, "ifr_hwaddr" },	 { 0x8933, "ifr_ifindex" },   { 0x8942, "ifr_qlen" },	  { 0x8943, "ifr_qlen" },
		      { 0x8929, "ifr_slave" },	 { 0x8930, "ifr_slave" },     { 0x8931, "ifr_hwaddr" },	  { 0x8932, "ifr_hwaddr" },
		      { 0x8937, "ifr_hwaddr" },	 { 0x8970, "ifr_map" },	      { 0x8971, "ifr_map" } };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].cmd == cmd)
			return names[i].name;
	return NULL;
}

static void ifreq_hwaddr(struct decoder *d, const uint8_t *b)
{
	enum { DATA_BYTES = 14 };

	dec_text(d, "{sa_family=");
	dec_enum(d, XLAT_arphrd, dec_word(d, b, 2));
	dec_text(d, ", sa_data=");
	dec_hwaddr(d, b + 2, DATA_BYTES, (int)dec_word(d, b, 2));
	str_add_char(d->out, '}');
}

static void ifreq_value(struct decoder *d, uint32_t cmd, const uint8_t *b)
{
	switch (cmd) {
	case 0x8913:
	case 0x8914:
		dec_flags(d, XLAT_if_flags, dec_word(d, b, 2));
		break;
	case 0x8924:
	case 0x8927:
		ifreq_hwaddr(d, b);
		break;
	case 0x8931:
	case 0x8932:
	case 0x8937:
		ifreq_hwaddr(d, b);
		break;
	case 0x8970:
	case 0x8971:
		dec_struct_in(d, STRUCT_ifmap, b, dec_struct_size(d, STRUCT_ifmap), 0);
		break;
	case 0x8929:
	case 0x8930:
	case 0x8923:
		dec_chars(d, b, 16);
		break;
	case 0x891d:
	case 0x891e:
	case 0x8921:
	case 0x8922:
	case 0x8933:
	case 0x8942:
	case 0x8943:
		dec_int(d, (int)dec_word(d, b, 4));
		break;
	default:
		dec_sockaddr(d, b, 16);
	}
}

/* What names an interface, at entry; what is asked of it, at exit or with it. */
static void ifreq_key(struct decoder *d, uint32_t cmd, const uint8_t *b)
{
	if (cmd == 0x89a2 || cmd == 0x89a3) {
		dec_text(d, "{ifr_ifindex=");
		dec_ifindex(d, (uint32_t)dec_word(d, b + 16, 4));
		return;
	}
	if (cmd == 0x8910) {
		dec_printf(d, "{ifr_ifindex=%d", (int)dec_word(d, b + 16, 4));
		return;
	}
	dec_text(d, "{ifr_name=");
	dec_chars(d, b, 16);
}

static void ifreq_rest(struct decoder *d, uint32_t cmd, const uint8_t *b)
{
	const char *field = ifreq_field(cmd);

	if (cmd == 0x8910) {
		dec_text(d, ", ifr_name=");
		dec_chars(d, b, 16);
	} else if (field != NULL) {
		dec_printf(d, ", %s=", field);
		ifreq_value(d, cmd, b + 16);
	}
}

static bool ifreq_asks(uint32_t cmd)
{
	return cmd == 0x8910 || cmd == 0x8913 || cmd == 0x8915 || cmd == 0x8917 || cmd == 0x8919 || cmd == 0x891b || cmd == 0x891d ||
	       cmd == 0x8921 || cmd == 0x8927 || cmd == 0x8933 || cmd == 0x8942 || cmd == 0x8929 || cmd == 0x8970;
}

void hook_ifreq(struct decoder *d, const struct sys_ref *ref)
{
	uint32_t cmd = (uint32_t)d->args[1];
	uint8_t b[40] = { 0 };
	size_t size = d->word == 8 ? 40 : 32;
	bool readable = dec_read(d, ref->value, b, size);

	if (!d->exit) {
		d->progress->saved[3] = readable;
		if (!readable) {
			dec_addr(d, ref->value);
			return;
		}
		ifreq_key(d, cmd, b);
		if (ifreq_asks(cmd))
			return;
	} else if (d->progress->saved[3] == 0) {
		return;
	}
	if (readable && !dec_failed(d))
		ifreq_rest(d, cmd, b);
	str_add_char(d->out, '}');
}

/* The list is as long as there is room for, and as the kernel says at exit. */
static void ifconf_entry(struct decoder *d, const uint8_t *b, uint64_t addr, void *user)
{
	(void)addr;
	(void)user;
	dec_text(d, "{ifr_name=");
	dec_chars(d, b, 16);
	dec_text(d, ", ifr_addr=");
	dec_sockaddr(d, b + 16, 16);
	str_add_char(d->out, '}');
}

static void ifconf_length(struct decoder *d, int length, size_t entry)
{
	dec_int(d, length);
	if (length > 0 && (size_t)length % entry == 0)
		dec_printf(d, " /* %zu * sizeof(struct ifreq) */", (size_t)length / entry);
}

void hook_ifconf(struct decoder *d, const struct sys_ref *ref)
{
	uint8_t b[16];
	size_t size = 2 * (size_t)d->word, entry = d->word == 8 ? 40 : 32;
	bool readable = dec_read(d, ref->value, b, size);
	uint64_t buffer = readable ? dec_word(d, b + d->word, d->word) : 0;
	int length = readable ? (int)dec_word(d, b, 4) : 0;

	if (!d->exit) {
		d->progress->saved[3] = readable;
		d->progress->saved[0] = (uint32_t)length;
		if (!readable)
			dec_addr(d, ref->value);
		else
			dec_text(d, "{ifc_len=");
		if (readable && buffer != 0)
			ifconf_length(d, length, entry);
		return;
	}
	if (d->progress->saved[3] == 0)
		return;
	if (buffer == 0)
		ifconf_length(d, length, entry);
	if (dec_failed(d) || !readable || length < 0) {
		dec_text(d, ", ifc_buf=");
		dec_addr(d, buffer);
	} else {
		if (buffer != 0 && length != (int)d->progress->saved[0]) {
			dec_text(d, " => ");
			ifconf_length(d, length, entry);
		}
		dec_text(d, ", ifc_buf=");
		if (buffer == 0)
			dec_text(d, "NULL");
		else
			dec_array(d, buffer, (uint64_t)length / entry, entry, ifconf_entry, NULL);
	}
	str_add_char(d->out, '}');
}
