/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * symbolize FILE: ELF addresses in hex from stdin -> what `addr2line -a -f -i -C` prints.
 * symbolize --mutate SEED COUNT FILE: damage copies of FILE in COUNT ways and ask each for
 * names; prints how many of them were answered.
 * For tests/system; the "[kernel]" and "[vdso]" are files too.
 */
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sym/batch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static enum module_kind kind_of(const char *path)
{
	if (strcmp(path, "[kernel]") == 0)
		return MODULE_KERNEL;
	return strcmp(path, "[vdso]") == 0 ? MODULE_VDSO : MODULE_PROGRAM;
}

static void print_chain(uint64_t addr, const struct sym_chain *chain)
{
	printf("0x%016llx\n", (unsigned long long)addr);
	if (chain->count == 0)
		printf("??\n??:0\n");
	for (size_t i = 0; i < chain->count; i++) {
		const struct sym_frame *f = &chain->frames[i];

		printf("%s\n%s:%u\n", f->function ? f->function : "??", f->file ? f->file : "??",
		       f->line);
	}
}

typedef VEC(struct sym_batch_address) address_vec;

static size_t resolve(const struct module_key *key, address_vec *addresses, bool print,
		      const uint64_t *vaddrs)
{
	struct sym_batch_module module = { .key = *key };
	struct sym_batch batch = { .modules = &module,
				   .module_count = 1,
				   .addresses = addresses->v,
				   .address_count = addresses->n };
	struct err *err = sym_batch_run(&batch);

	if (err)
		fprintf(stderr, "%s\n", err_message(err));
	for (size_t i = 0; i < addresses->n && print; i++)
		print_chain(vaddrs[i], &addresses->v[i].chain);
	if (print && module.note)
		fprintf(stderr, "note: %s\n", module.note);
	sym_batch_deinit(&batch);
	err_destroy(err);
	return module.resolved;
}

static int run_stdin(const char *name)
{
	char real[4096];
	const char *path = kind_of(name) == MODULE_PROGRAM && realpath(name, real) ? real : name;
	struct module_key key = { .kind = kind_of(name), .path = path, .fd = -1 };
	VEC(uint64_t) vaddrs = { 0 };
	address_vec addresses = { 0 };
	struct module *m;
	char line[64];

	if (module_create(&key, &m) != NULL)
		return 1;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		uint64_t vaddr = strtoull(line, NULL, 16), offset = vaddr;

		if (key.kind != MODULE_KERNEL && !module_vaddr_to_offset(m, vaddr, &offset))
			offset = UINT64_MAX;
		vec_push(&vaddrs, vaddr);
		vec_push(&addresses,
			 ((struct sym_batch_address){ .exact = true, .offset = offset }));
	}
	module_destroy(m);
	resolve(&key, &addresses, true, vaddrs.v);
	vec_deinit(&vaddrs);
	vec_deinit(&addresses);
	return 0;
}

/* A few bytes of the headers or of anything set to something else. */
static void damage(uint8_t *bytes, size_t size, uint64_t *random)
{
	for (unsigned i = 0; i < 1 + *random % 4; i++) {
		*random = hash_u64(*random + 0x9e3779b97f4a7c15);

		uint64_t where = *random >> 8;
		size_t at = where % 3 == 0   ? where / 3 % (size < 4096 ? size : 4096)
			    : where % 3 == 1 ? size - 1 - where / 3 % (size < 4096 ? size : 4096)
					     : where / 3 % size;

		bytes[at] = (uint8_t)(*random % 3 ? *random : 0xff);
	}
}

static int run_mutate(uint64_t seed, unsigned count, const char *path)
{
	size_t resolved = 0, size, cut;
	FILE *file = fopen(path, "re");
	static uint8_t original[1 << 24], bytes[1 << 24];

	if (file == NULL)
		return 1;
	size = fread(original, 1, sizeof(original), file);
	fclose(file);
	for (unsigned i = 0; i < count; i++) {
		uint64_t random = hash_u64(seed * 1000003 + i);
		struct module_key key = { .kind = MODULE_SHARED, .path = path };
		address_vec addresses = { 0 };

		memcpy(bytes, original, size);
		damage(bytes, size, &random);
		cut = random % 16 == 0 ? random / 16 % size : size;
		key.fd = memfd_create("damaged", MFD_CLOEXEC);
		if (key.fd < 0 || write(key.fd, bytes, cut) != (ssize_t)cut)
			return 1;
		for (uint64_t offset = 0; offset < size; offset += 64)
			vec_push(&addresses,
				 ((struct sym_batch_address){ .exact = true, .offset = offset }));
		resolved += resolve(&key, &addresses, false, NULL) > 0;
		vec_deinit(&addresses);
		close(key.fd);
	}
	printf("%zu of %u damaged files gave names\n", resolved, count);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--mutate") == 0)
		return run_mutate(strtoull(argv[2], NULL, 0), (unsigned)atoi(argv[3]), argv[4]);
	if (argc == 2)
		return run_stdin(argv[1]);
	fprintf(stderr, "usage: symbolize FILE < ADDRESSES | symbolize --mutate SEED COUNT FILE\n");
	return 2;
}
