/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_DESCRIBE_H
#define SONDE_SYSCALL_DESCRIBE_H
/*
 * The tables that compile.py makes of calls.def, structs.def, names.tbl and numbers.tbl.
 * Private to the room.  All of it is const data; names are offsets into one string pool,
 * so the tables need hardly any relocation.
 */
#include "syscall/table.h"

enum sys_kind {
	SYS_DEC, SYS_UDEC, SYS_HEX, SYS_OCT,
	SYS_FLAGS, SYS_ENUM, SYS_ENUMD, /* `ref`: a table; ENUMD: an unknown value is decimal */
	SYS_FLAGSE,                     /* flags whose zero is a name of the table */
	SYS_FD, SYS_DIRFD, SYS_SIGNAL, SYS_UID, SYS_DEV, SYS_ADDR,
	SYS_TID, SYS_PID, SYS_PGID, SYS_SID, /* in the order of enum syscall_pid */
	SYS_OCTMODE, SYS_STMODE,        /* 0644; S_IFREG|0644 */
	SYS_SPLIT, SYS_USPLIT,          /* 64 bits in two registers where registers have 32 */
	SYS_POINTER,                    /* to one value of type `ref` */
	SYS_ARRAYPTR,                   /* to `param` (enum sys_from) values of type `ref` */
	SYS_PATH, SYS_STR, SYS_STRN, SYS_STRV, SYS_BUF, SYS_HEXBUF,
	SYS_CHARS,                      /* `count` bytes in place, text up to a NUL */
	SYS_ZCHARS,                     /* the same, as text without an ellipsis */
	SYS_BYTES,                      /* `count` bytes in place, all of them as text */
	SYS_HEXBYTES,                   /* `count` bytes in place, "\x01\x02" */
	SYS_INLINE,                     /* `count` values of type `ref` in place; `param`: how many of them count */
	SYS_TAIL,                       /* `param` values of type `ref` behind the structure */
	SYS_GROW,                       /* a structure: fields of `ref` at entry, those of `count` are added at exit */
	SYS_CHANGE,                     /* type `ref` at entry, " => " and type `count` at exit */
	SYS_STRUCT,                     /* struct number `ref` in place */
	SYS_HOOK,                       /* function number `ref`, its parameter in `param` */
};
enum { SYS_LONG = 0xf0, SYS_KLONG = 0xf1 }; /* sizes that depend on the ABI */
enum sys_from { /* where a count comes from; 0..5: argument; 16 and more: a field of the struct */
	SYS_FROM_RESULT = 6, SYS_FROM_NONE = 7, SYS_FROM_SAVED = 8, SYS_FROM_FIELD = 16,
};

struct sys_type {
	uint8_t kind, size, flags;
	uint16_t param, ref, count;
};

struct sys_value {
	uint64_t value;
	uint32_t name : 31; /* in sys_names */
	uint32_t beyond : 1; /* strace has no name for it */
};
struct sys_xlat {
	uint32_t first, count;   /* in sys_values */
	uint32_t unknown : 31;   /* the text for a value that isn't there; 0: none */
	uint32_t ordered : 1;    /* by value */
};

enum sys_field_flags { SYS_FIELD_VERBOSE = 1, SYS_FIELD_HIDDEN = 2, SYS_FIELD_NONZERO = 4, SYS_FIELD_BARE = 8, SYS_FIELD_EITHER = 16, SYS_FIELD_DOTS = 32,
		       SYS_FIELD_BECAME = 64 /* shown before; its value now: " => 5" */,
		       SYS_FIELD_SILENT = 128 /* no "..." where it is left out */ };
struct sys_field {
	uint32_t name;
	uint16_t type, cond;
	uint16_t flags;
	uint16_t offset[4]; /* by layout: LP64, i386, x32, arm */
};
struct sys_struct {
	uint16_t first, count;      /* in sys_fields */
	uint16_t show, show_count;  /* in sys_show: the order of printing, where it's another one */
	uint16_t size[4];
};

enum sys_cond_op { SYS_IF_NONE, SYS_IF_EQ, SYS_IF_NE, SYS_IF_AND, SYS_IF_LT, SYS_IF_GE, SYS_IF_NAND };
struct sys_cond {
	uint8_t op, field; /* of the struct, or the argument */
	uint64_t value;
};

enum sys_arg_flags {
	SYS_AT_EXIT = 1,    /* the kernel fills it */
	SYS_AT_BOTH = 2,    /* a hook that prints at entry and again at exit */
	SYS_NO_COMMA = 4,   /* a hook that writes its own */
	SYS_EVEN_ERROR = 8, /* decoded although the call failed */
};
struct sys_arg {
	uint16_t type;
	uint8_t flags;
	uint16_t cond;
	uint32_t name; /* in sys_names: "fd="; 0: none */
};
enum sys_result_kind {
	SYS_RESULT_D, SYS_RESULT_X, SYS_RESULT_O, SYS_RESULT_FD, SYS_RESULT_NONE,
	SYS_RESULT_TID, SYS_RESULT_PID, SYS_RESULT_PGID, SYS_RESULT_SID,
};
struct syscall_describe {
	struct sys_arg args[6];
	uint8_t count, result, aux;
	bool split;
	uint8_t save_count;
	struct {
		uint8_t arg, size;
	} saves[2]; /* what an argument points to at entry is remembered for exit */
};

struct sys_ioctl {
	uint32_t code;
	uint16_t type;  /* SYS_NO_ARG: there is none */
	uint16_t flags; /* enum sys_arg_flags */
};
enum { SYS_NO_ARG = 0xffff };

struct sys_index {
	const uint16_t *dense; /* number -> entry + 1 */
	size_t count;
	const uint16_t *high; /* the same from SYS_HIGH on */
	size_t high_count;
};
enum { SYS_HIGH = 0xf0000 };

extern const char sys_names[];
extern const struct sys_value sys_values[];
extern const struct sys_xlat sys_xlats[];
extern const struct sys_field sys_fields[];
extern const struct sys_struct sys_structs[];
extern const uint8_t sys_show[];
extern const struct sys_type sys_types[];
extern const struct sys_cond sys_conds[];
extern const struct syscall_describe sys_describes[];
extern const struct syscall_entry sys_entries[];
extern const unsigned sys_entry_count;
extern const struct sys_ioctl sys_ioctls[];
extern const unsigned sys_ioctl_count;
extern const struct sys_ioctl sys_ioctl32s[]; /* those whose number is another one where a long has 32 bits */
extern const unsigned sys_ioctl32_count;
extern const struct sys_index sys_index[];

#endif
