// SPDX-License-Identifier: LGPL-2.1-or-later
/* The table of all kinds of reports: one family a line, special families before general ones. */
#include "oops/kind.h"

#include "oops/match.h"

extern const struct oops_family oops_family_sanitizer, oops_family_lockdep, oops_family_stall, oops_family_memory, oops_family_fault,
	oops_family_warning, oops_family_bug, oops_family_panic, oops_family_storage, oops_family_device, oops_family_user,
	oops_family_sysrq, oops_family_trap;

const struct oops_family *const oops_families[] = {
	&oops_family_sanitizer,
	&oops_family_lockdep,
	&oops_family_stall,
	&oops_family_memory,
	&oops_family_fault,
	&oops_family_bug,
	&oops_family_warning,
	&oops_family_panic,
	&oops_family_storage,
	&oops_family_device,
	&oops_family_user,
	&oops_family_sysrq,
	&oops_family_trap,
	NULL
};

static bool is_excepted(const struct oops_kind *kind, const char *line, size_t length)
{
	for (const char *const *u = kind->unless; u != NULL && *u != NULL; u++)
		if (oops_find(line, length, *u) != NULL)
			return true;
	return false;
}

/* The first row that fits, behind AFTER (NULL: from the beginning). */
static const struct oops_kind *search(const struct oops_kind *after, const char *line, size_t length)
{
	bool started = after == NULL;

	for (const struct oops_family *const *f = oops_families; *f != NULL; f++) {
		for (const struct oops_kind *k = (*f)->kinds; k->name != NULL; k++) {
			if (!started)
				started = k == after;
			else if (oops_match(k->start, line, length, NULL) && !is_excepted(k, line, length))
				return k;
		}
	}
	return NULL;
}

const struct oops_kind *oops_kind_of_line(const char *line, size_t length)
{
	return search(NULL, line, length);
}

const struct oops_kind *oops_kind_next(const struct oops_kind *kind, const char *line, size_t length)
{
	return search(kind, line, length);
}
