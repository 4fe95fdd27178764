/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors of the built-in types, made from the lists in event/types.h. */
#include "event/table.h"

#include "event/types.h"

#define FIELDS(number, name, side, prose, LIST)                        \
	static const struct event_field name##_fields[] = { LIST(FIELD_##name) };

/* One FIELD_ macro a type, because offsetof needs the struct's name. */
#define FIELD_ENTRY(row, kind, name, unit, ref, prose) \
	{ #name, FIELD_##kind, UNIT_##unit, ref, prose, offsetof(struct row, name) },
#define FIELD_sample(k, n, u, r, p) FIELD_ENTRY(row_sample, k, n, u, r, p)
#define FIELD_syscall(k, n, u, r, p) FIELD_ENTRY(row_syscall, k, n, u, r, p)
#define FIELD_lost(k, n, u, r, p) FIELD_ENTRY(row_lost, k, n, u, r, p)
#define FIELD_signal(k, n, u, r, p) FIELD_ENTRY(row_signal, k, n, u, r, p)
#define FIELD_thread(k, n, u, r, p) FIELD_ENTRY(row_thread, k, n, u, r, p)
#define FIELD_module(k, n, u, r, p) FIELD_ENTRY(row_module, k, n, u, r, p)
#define FIELD_mapping(k, n, u, r, p) FIELD_ENTRY(row_mapping, k, n, u, r, p)
#define FIELD_frame(k, n, u, r, p) FIELD_ENTRY(row_frame, k, n, u, r, p)
#define FIELD_stack(k, n, u, r, p) FIELD_ENTRY(row_stack, k, n, u, r, p)
#define FIELD_event(k, n, u, r, p) FIELD_ENTRY(row_event, k, n, u, r, p)
#define FIELD_exit(k, n, u, r, p) FIELD_ENTRY(row_exit, k, n, u, r, p)
#define FIELD_descriptor(k, n, u, r, p) FIELD_ENTRY(row_descriptor, k, n, u, r, p)
EVENT_TYPES(FIELDS)

#define TYPE_ENTRY(number, name, side, prose, LIST)                                   \
	[number] = { #name, prose, side, sizeof(struct row_##name),                   \
		     sizeof(name##_fields) / sizeof(*name##_fields), name##_fields },
static const struct event_type types[TYPE_FIRST_DYNAMIC] = { EVENT_TYPES(TYPE_ENTRY) };

const struct event_type *event_type_builtin(unsigned number)
{
	return number < TYPE_FIRST_DYNAMIC && types[number].name ? &types[number] : NULL;
}
