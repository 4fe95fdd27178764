/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_LOADER_H
#define SONDE_CAPTURE_BPF_LOADER_H
/*
 * From a skeleton to attached programs, with errors that say what failed and what to do.
 *
 *	struct bpf_loader loader;
 *
 *	bpf_loader_init(&loader, "system calls");
 *	BPF_LOADER_TYPES(&loader, syscalls);
 *	skel = syscalls_bpf__open_opts(bpf_loader_options(&loader));
 *	err = skel ? NULL : bpf_loader_open_error(&loader);
 *	...                                              // sizes of maps, read-only settings
 *	err = bpf_loader_load(&loader, skel->skeleton);
 *	err = bpf_loader_attach(&loader, skel->skeleton); // all whose section says where
 *	bpf_loader_deinit(&loader);                       // the programs stay
 *	syscalls_bpf__destroy(skel);                      // ... until here, or until we die
 *
 * Nothing is pinned: programs, links and maps live by our descriptors, so the kernel takes
 * them away with us, however we end.  libbpf's own messages go to log_debug().
 */
#include "base/err.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sections of our own, for what libbpf does slowly:
 *
 *	large_tp/NAME     as "raw_tp/NAME"; a program of more than 300 instructions is loaded in a thread
 *	tail_tp/...       so, too, but it isn't attached: raw tracepoints' programs go over to it by a tail call
 *	typed_tp/NAME     as "tp_btf/NAME", and in a thread, too; but the number of the type that it is checked against is
 *	                  looked up by ourselves, with the other types: libbpf reads all of the kernel's for it
 *	typed_iter/NAME   as "iter/NAME", with the same in mind
 */
enum { BPF_LOADER_TYPED_MOST = 8, BPF_LOADER_BESIDE_MOST = 8 };
struct bpf_loader_typed {
	char section[40];
	uint32_t type_id;
};

/* One that is loaded in a thread. */
struct bpf_loader_beside {
	struct bpf_program *program;
	struct bpf_insn *insns; /* NULL: no more */
	size_t insn_count;
	struct bpf_prog_load_opts options;
	pthread_t thread;
	bool running;
	bool later; /* it is loaded when it is asked for */
	int fd; /* or -errno */
};

struct bpf_loader {
	const char *what;   /* "system calls", for messages */
	char *log;          /* the verifier's */
	struct bpf_object_open_opts options;
	int types_fd;       /* of the kernel's types that the programs name; -1: none */
	char types_path[32];
	const void *elf;    /* whose types are looked up in `types_thread` */
	size_t elf_bytes;
	pthread_t types_thread;
	bool types_running;
	struct bpf_loader_typed typed[BPF_LOADER_TYPED_MOST];
	size_t typed_count;
	struct bpf_loader_beside beside[BPF_LOADER_BESIDE_MOST];
	size_t beside_count;
	const struct bpf_program *later; /* NULL: none */
};

void bpf_loader_init(struct bpf_loader *l, const char *what);
void bpf_loader_deinit(struct bpf_loader *l);

/* Look up what the program wants of the kernel's types by ourselves: libbpf takes 12 ms for it.  It goes on in a thread
 * until bpf_loader_load() or bpf_loader_has_type() is called.  Where it fails libbpf does it after all. */
void bpf_loader_types(struct bpf_loader *l, const void *elf, size_t size_bytes);
#define BPF_LOADER_TYPES(loader, NAME)                                  \
	do {                                                            \
		size_t size_;                                           \
		const void *elf_ = NAME##_bpf__elf_bytes(&size_);       \
		bpf_loader_types((loader), elf_, size_);                \
	} while (0)

/* After it: does the kernel have this type, which the program names?  True where that is not known. */
bool bpf_loader_has_type(struct bpf_loader *l, const char *name);

/* For NAME_bpf__open_opts(); valid as long as the loader. */
const struct bpf_object_open_opts *bpf_loader_options(const struct bpf_loader *l);
struct err *bpf_loader_open_error(const struct bpf_loader *l); /* right after it: errno */

/* ERR_PERMISSION: CAP_BPF and CAP_PERFMON are missing, or lockdown forbids it; ERR_UNSUPPORTED:
 * this kernel has no BPF, no BTF, or its verifier does not take the program.  Each with the
 * fix.  The verifier's last lines are said at -v, all of them at -vv. */
/* Large programs may only be complete, or found not to load, when they are joined: whatever doesn't need their
 * descriptors is best done in between.  bpf_loader_attach() joins them, where that isn't done yet. */
struct err *bpf_loader_load(struct bpf_loader *l, const struct bpf_object_skeleton *skeleton);
struct err *bpf_loader_join(struct bpf_loader *l);
/* Before loading: a large program that isn't attached, and perhaps never will be.  bpf_loader_now() makes it ready to be attached,
 * where it isn't yet. */
void bpf_loader_later(struct bpf_loader *l, const struct bpf_program *program);
struct err *bpf_loader_now(struct bpf_loader *l, const struct bpf_program *program);
struct err *bpf_loader_attach(struct bpf_loader *l, const struct bpf_object_skeleton *skeleton);
struct bpf_link *bpf_loader_attach_one(const struct bpf_program *program); /* as its section says; NULL: errno */

/* What to do about it, where that isn't said yet and is for BPF's user to do; NULL stays NULL. */
struct err *bpf_loader_advise(struct err *err);

/* Can BPF programs be loaded here, and attached to raw tracepoints?  The same errors, cheaply:
 * for a source's probe(). */
struct err *bpf_loader_probe(const char *what);

#endif
