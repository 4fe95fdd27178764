/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new kernel's calls have names, and their arguments types, in the kernel itself (capture/bpf/learn.h).  It is
 * asked when the first one is met, so that nobody pays for it who has none.  SONDE_TEST_UNKNOWN names a call that tests
 * take for one.
 */
#include "session/trace/learner.h"

#include "base/log.h"
#include "base/mem.h"
#ifdef SONDE_HAVE_BPF
#include "capture/bpf/learn.h"
#endif

#include <stdlib.h>

struct learner {
	struct bpf_learn *kernel; /* NULL: not asked yet, or it can't be */
	const char *hidden;
	bool tried;
};

static const struct syscall_entry *find(void *user, enum syscall_abi abi, uint32_t number)
{
	struct learner *l = user;
	struct err *err = NULL;

	if (abi != SYSCALL_ABI_NATIVE)
		return NULL;
#ifdef SONDE_HAVE_BPF
	if (!l->tried)
		err = bpf_learn_create(l->hidden, &l->kernel);
	l->tried = true;
	if (err)
		log_info("unknown system calls stay numbers: %s", err_message(err));
	err_destroy(err);
	return l->kernel ? bpf_learn_find(l->kernel, number) : NULL;
#else
	return NULL;
#endif
}

struct learner *learner_create(struct syscall_lookup *lookup)
{
	struct learner *l = mem_calloc(1, sizeof(*l));
	int64_t number;

	l->hidden = getenv("SONDE_TEST_UNKNOWN");
	number = l->hidden ? syscall_number(SYSCALL_ABI_NATIVE, l->hidden) : -1;
	lookup->find = find;
	lookup->find_user = l;
	lookup->hidden = number >= 0 ? (uint32_t)number + 1 : 0;
	return l;
}

void learner_destroy(struct learner *l)
{
#ifdef SONDE_HAVE_BPF
	if (l)
		bpf_learn_destroy(l->kernel);
#endif
	free(l);
}
