/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_BATCH_H
#define SONDE_SYM_BATCH_H
/*
 * Names for many addresses at once: sorted by module and address, so that each file is
 * opened and read once, and spread over a few threads.  session/resolve.c uses it at the
 * end of a recording, the views for a recording that was cut before.
 *
 *   struct sym_batch batch = { .modules = ..., .addresses = ... };
 *   TRY(sym_batch_run(&batch));
 *   ... batch.addresses[i].chain ...
 *   sym_batch_deinit(&batch);
 */
#include "base/arena.h"
#include "base/err.h"
#include "module/module.h"
#include "sym/sym.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sym_batch_module {
	struct module_key key;    /* in; all that it points to stays the caller's */
	/* out: */
	struct build_id build_id; /* the key's own, or that of the file that was found */
	enum module_trouble trouble;
	const char *note;         /* a sentence for module.note; NULL: all is well */
	size_t asked, resolved;   /* addresses of this module */
};

struct sym_batch_address {
	uint32_t module;        /* in: index into modules */
	bool exact;             /* in: false: a return address, looked up one byte before */
	uint64_t offset;        /* in: as symbolize() takes it, without that subtraction */
	struct sym_chain chain; /* out: valid until sym_batch_deinit() */
	uint64_t vaddr;         /* out: the ELF address; 0: not known */
};

struct sym_batch {
	struct sym_batch_module *modules;
	size_t module_count;
	struct sym_batch_address *addresses;
	size_t address_count;
	struct symbolizer_options options;
	unsigned thread_count;  /* 0: one a CPU, at most 4 */
	/* Called now and then by the calling thread; may be NULL. */
	void (*progress)(void *user, uint64_t done, uint64_t total);
	void *user;
	/* private */
	struct arena *texts;
	size_t text_count;
};

/* Fill the out members.  Fails only for reasons of ours (no memory, no threads). */
struct err *sym_batch_run(struct sym_batch *b);
/* Ends all chains and notes.  Safe on a zeroed or failed batch. */
void sym_batch_deinit(struct sym_batch *b);

#endif
