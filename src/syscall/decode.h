/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_DECODE_H
#define SONDE_SYSCALL_DECODE_H
/*
 * The machine that prints values by their descriptions, and what hooks (printers for what
 * no table can say) use of it.  Private to the room.  Every function appends to d->out.
 */
#include "syscall/describe.h"
#include "syscall/print.h"
#include "syscall/tables.h"

struct decoder {
	const struct syscall_style *style;
	const struct syscall_style *asked; /* the same, but behind results, where most names are told whatever -X says */
	const struct syscall_lookup *lookup;
	const struct syscall_call *call;
	const struct syscall_memory *memory;
	struct syscall_progress *progress;
	struct str *out;
	const struct syscall_entry *entry;       /* NULL: not known; asked once, it may be learned at any moment */
	const struct syscall_describe *describe; /* may be NULL */
	uint64_t args[6];  /* by place in the description; 64-bit halves joined */
	uint8_t layout;    /* column of sys_field.offset */
	uint8_t word, klong; /* bytes */
	uint8_t arg;       /* the one being printed */
	uint8_t depth;     /* of structures */
	const char *names; /* dec_set_names(); NULL: none */
	bool exit;         /* the call has returned */
	bool stop;         /* a hook says that no further argument is to be printed */
	bool ignore_error; /* memory is looked at although the call failed */
	bool cut_short;    /* an array could not be read to its end */
};

struct sys_object { /* a structure of which a field is being printed */
	const struct sys_struct *type;
	const uint8_t *bytes;
	size_t size;
	uint64_t addr;
};
struct sys_ref { /* what a hook prints */
	uint64_t value;       /* of the argument or of a field up to 8 bytes */
	const uint8_t *bytes; /* of a field; NULL: an argument */
	const struct sys_object *object; /* NULL: an argument */
	uint16_t param;
	uint8_t size;
};

/* Is what the call fills worth looking at? */
bool dec_failed(const struct decoder *d);
/* Behind BEFORE, the bytes from KNOWN up to SIZE of a structure that the caller made larger than we know it,
 * unless they are 0; "???" if they can't be read.  False: nothing printed. */
bool dec_trailing(struct decoder *d, uint64_t addr, uint64_t known, uint64_t size, const char *before);
/* Read all of SIZE bytes; false: not all could be read.  dec_read() is for structures, which -e verbose= may want as
 * addresses; dec_read_text() for text. */
bool dec_read_text(struct decoder *d, uint64_t addr, void *buffer, size_t size);
bool dec_read(struct decoder *d, uint64_t addr, void *buffer, size_t size);
/* As strace's umove_or_printaddr: when false, the address has been printed. */
bool dec_read_or_addr(struct decoder *d, uint64_t addr, void *buffer, size_t size);
/* "[" of the 32-bit value at ADDR, which the caller prints, and "]" behind it.  -1: its address has been printed instead. */
int64_t dec_open_u32(struct decoder *d, uint64_t addr);
uint64_t dec_word(struct decoder *d, const uint8_t *bytes, unsigned size); /* little-endian */
uint64_t dec_field(struct decoder *d, const struct sys_object *o, unsigned field);
unsigned dec_size(const struct decoder *d, uint8_t size); /* of SYS_LONG ... in bytes */

void dec_text(struct decoder *d, const char *text);
void dec_printf(struct decoder *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void dec_int(struct decoder *d, int64_t v);
uint64_t dec_result_value(const struct decoder *d); /* what the call returned, as wide as its ABI's word */
void dec_result(struct decoder *d);    /* what the call returned, which was no error: a number without a sign */
void dec_fd_result(struct decoder *d); /* the same as a descriptor; what can't be one is the number alone */
void dec_uint(struct decoder *d, uint64_t v);
void dec_hex(struct decoder *d, uint64_t v);  /* "0x1f"; 0 is "0" */
void dec_addr(struct decoder *d, uint64_t v); /* "0x1f"; 0 is "NULL" */
void dec_oct_mode(struct decoder *d, uint32_t mode); /* "0644", "000" */
void dec_st_mode(struct decoder *d, uint32_t mode);
void dec_dev(struct decoder *d, uint64_t dev);
void dec_fd(struct decoder *d, int fd);
void dec_dirfd(struct decoder *d, int fd);
void dec_no_fd(struct decoder *d); /* "FAN_NOFD" */
void dec_pid(struct decoder *d, enum syscall_pid kind, int id);
void dec_signal(struct decoder *d, int sig);
void dec_uid(struct decoder *d, uint32_t uid);
void dec_errno(struct decoder *d, uint32_t error); /* "ENOENT", the number where it has no name */
void dec_neg_errno(struct decoder *d, int64_t v);  /* "-ENOENT" */
/* The call of that number for an AUDIT_ARCH_; NULL: not in our tables. */
const struct syscall_entry *dec_audit_entry(uint32_t arch, uint64_t number, enum syscall_abi *abi);
/* "__NR_read"; of another ABI than the caller's "0 / * read * /" */
void dec_audit_number(struct decoder *d, uint32_t arch, uint64_t number);
void dec_comment(struct decoder *d, const char *text); /* " / * text * /" */

/* " / * 2022-11-29T20:41:38.123+0000 * /"; nothing for a time of 0. */
void dec_time_comment_usec(struct decoder *d, int64_t sec, uint64_t usec);
void dec_time_comment(struct decoder *d, int64_t sec, uint64_t nsec);

/* Flags and enumerations, in the style that -X asks for. */
const char *dec_name(unsigned xlat, uint64_t value); /* NULL: not there */
/* Has VALUE a name that is not to be shown (syscall_style.strict)? */
bool dec_hides(const struct decoder *d, unsigned xlat, uint64_t value);
/* In an ordered table the first entry that is VALUE; NULL: none has it.  Others of the same value follow. */
const struct sys_value *dec_first_of(const struct sys_xlat *table, uint64_t value);
void dec_flags(struct decoder *d, unsigned xlat, uint64_t value);
/* SEVERAL tables in turn; UNKNOWN when no bit is known. */
void dec_flags_of(struct decoder *d, const uint16_t *xlats, unsigned count, uint64_t value, const char *unknown);
void dec_enum(struct decoder *d, unsigned xlat, uint64_t value);
void dec_enum_dec(struct decoder *d, unsigned xlat, int64_t value);
void dec_named(struct decoder *d, uint64_t value, const char *name, const char *unknown);
void dec_plain_flags(struct decoder *d, unsigned xlat, uint64_t value); /* without -X's number around them, nor a comment where none is known */
/* A number whose words the caller prints: what -X wants in front of them and behind them.  In between names are plain,
 * without numbers.  When dec_words_begin() is false, the number has been printed, and is all. */
struct dec_words {
	struct syscall_style plain;
	const struct syscall_style *style;
};
bool dec_words_begin(struct decoder *d, uint64_t value, struct dec_words *words);
void dec_words_end(struct decoder *d, const struct dec_words *words);

/* Text.  dec_quote(): LENGTH bytes; STOP at a NUL. True: no NUL was met. */
bool dec_quote(struct decoder *d, const uint8_t *bytes, size_t length, bool stop, bool always_hex);
void dec_path(struct decoder *d, uint64_t addr);
void dec_path_n(struct decoder *d, uint64_t addr, size_t most);
/* A name in a place of SIZE bytes, which it may fill; -s */
void dec_name_n(struct decoder *d, uint64_t addr, size_t size);
void dec_str(struct decoder *d, uint64_t addr);                    /* up to a NUL, -s */
void dec_str_n(struct decoder *d, uint64_t addr, uint64_t most);   /* that is in MOST bytes */
void dec_str_limit(struct decoder *d, uint64_t addr, uint32_t most); /* of which MOST bytes are shown at most */
void dec_buffer(struct decoder *d, uint64_t addr, uint64_t length); /* -s */
void dec_buffer_hex(struct decoder *d, uint64_t addr, uint64_t length);
void dec_chars(struct decoder *d, const uint8_t *bytes, size_t size); /* in place, up to a NUL */

/* Values by description. */
void dec_value(struct decoder *d, const struct sys_type *type, const uint8_t *bytes,
	       const struct sys_object *object, uint64_t addr);
void dec_struct_in(struct decoder *d, unsigned id, const uint8_t *bytes, size_t size, uint64_t addr);
void dec_struct(struct decoder *d, unsigned id, uint64_t addr); /* at an address; or the address */
/* Does the condition of field INDEX hold? */
bool dec_field_meant(struct decoder *d, const struct sys_object *o, unsigned index);
void dec_fields(struct decoder *d, const struct sys_object *o, bool *any, bool *more);
void dec_fields_from(struct decoder *d, const struct sys_object *o, unsigned offset, bool *any, bool *more);
unsigned dec_struct_size(const struct decoder *d, unsigned id);
/* strace's print_array: COUNT elements of SIZE bytes, each through PRINT. */
typedef void (*dec_element)(struct decoder *d, const uint8_t *bytes, uint64_t addr, void *user);
void dec_array(struct decoder *d, uint64_t addr, uint64_t count, size_t size, dec_element print, void *user);
/* The same step by step, for elements of varying length: the comma or the "[" in front of element INDEX at AT, whose
 * bytes the caller has READ, or could not.  False: the list has ended and been closed; or, at INDEX 0, its address printed. */
bool dec_array_step(struct decoder *d, uint64_t index, uint64_t at, bool read);
void dec_array_of(struct decoder *d, uint64_t addr, uint64_t count, unsigned struct_id);
void dec_sigset(struct decoder *d, const uint8_t *bytes, size_t size);
void dec_sigset_at(struct decoder *d, uint64_t addr, uint64_t size);
void dec_siginfo(struct decoder *d, const uint8_t *bytes);
/* An array of iovecs with what they point to, BYTES of it at most. */
void dec_vector(struct decoder *d, uint64_t addr, uint64_t count, uint64_t bytes);
/* "if_nametoindex(\"lo\")", or the number. */
void dec_ifindex(struct decoder *d, uint32_t index);
void dec_filter(struct decoder *d, uint64_t addr); /* struct sock_fprog of a socket */
void dec_filter_code(struct decoder *d, uint64_t addr, unsigned count, bool seccomp); /* its instructions */
void dec_wait_status(struct decoder *d, uint32_t status); /* "[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]" */
void dec_ioprio(struct decoder *d, uint32_t priority, bool hex); /* HEX: as -X raw shows it */
void dec_clock_t(struct decoder *d, uint64_t ticks);
void dec_inet_addr(struct decoder *d, int family, const uint8_t *bytes, size_t size, const char *name);
void dec_sockaddr(struct decoder *d, const uint8_t *bytes, size_t size);
/* Bytes of a value of TYPE in memory. */
unsigned dec_type_size(const struct decoder *d, const struct sys_type *type);
/* If FD is a netlink socket: its messages.  False: it isn't, nothing was printed. */
bool dec_netlink(struct decoder *d, int fd, uint64_t addr, uint64_t length);
/* The result of VIDIOC_CREATE_BUFS, with what was created: "0 ({index=0, count=4})". */
void dec_created_buffers(struct decoder *d);
void dec_hwaddr(struct decoder *d, const uint8_t *bytes, size_t size, int arphrd); /* ARPHRD -1: not known */
/* Separators: ", " before everything but the first. */
void dec_next(struct decoder *d);
/* Do dots stand for the element INDEX, from 0, of a list, and for all behind it?  (-s, not with -v.) */
static inline bool dec_is_beyond(const struct decoder *d, uint64_t index)
{
	return !d->style->verbose && index >= d->style->string_limit;
}

/* Of a hook that writes its own commas (`!`): the names of the arguments that it prints, separated by commas, at
 * entry and again at exit; and the comma before the next of them, with its name where names are asked for. */
void dec_set_names(struct decoder *d, const char *names);
void dec_next_arg(struct decoder *d);

#endif
