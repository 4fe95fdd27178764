/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* module: build-ids, the search for a file, replaced and deleted ones, the vDSO. */
#include "base/mem.h"
#include "base/str.h"
#include "module/elf_head.h"
#include "module/module.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void test_build_id(void **state)
{
	struct build_id id, other, none = { 0 };
	char hex[2 * BUILD_ID_MAX + 1];

	assert_true(build_id_parse("0123456789abcdefABCD", &id));
	assert_int_equal(id.size, 10);
	build_id_format(&id, hex);
	assert_string_equal(hex, "0123456789abcdefabcd");
	assert_true(build_id_parse(hex, &other));
	assert_true(build_id_equal(&id, &other));
	assert_false(build_id_equal(&none, &none));
	assert_false(build_id_parse("", &id));
	assert_false(build_id_parse("123", &id));
	assert_false(build_id_parse("12x4", &id));
	assert_false(build_id_parse("00112233445566778899aabbccddeeff0011223344", &id));
	assert_int_equal(id.size, 0);
}

static void test_notes(void **state)
{
	/* Two notes, little-endian: "X" without description, then the build-id. */
	static const uint8_t notes[] = { 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 'X', 0, 0, 0,
					 4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 1, 2, 3, 0 };
	struct build_id id = { 0 };

	assert_true(build_id_of_notes(notes, sizeof(notes), 4, false, &id));
	assert_int_equal(id.size, 3);
	assert_memory_equal(id.bytes, "\1\2\3", 3);
	for (size_t cut = 0; cut < sizeof(notes) - 1; cut++) {
		uint8_t *copy = mem_alloc(cut + 1); /* so that a sanitizer sees a step too far */

		memcpy(copy, notes, cut);
		assert_false(build_id_of_notes(copy, cut, 4, false, &id));
		free(copy);
	}
}

/* --- files ---------------------------------------------------------------------------- */

static char directory[] = "/tmp/sonde-test-XXXXXX";
static char self[4096], copy_path[64];

static void copy_self(const char *to, bool change_build_id)
{
	CLEANUP(mem_freep) char *bytes = NULL;
	FILE *in = fopen(self, "re"), *out = fopen(to, "we");
	struct stat st;

	assert_non_null(in);
	assert_non_null(out);
	assert_int_equal(fstat(fileno(in), &st), 0);
	bytes = mem_alloc((size_t)st.st_size);
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, in), st.st_size);
	if (change_build_id) {
		char *note = memmem(bytes, (size_t)st.st_size, "\3\0\0\0GNU\0", 8);

		assert_non_null(note);
		note[8] ^= 0x55;
	}
	assert_int_equal(fwrite(bytes, 1, (size_t)st.st_size, out), st.st_size);
	fclose(in);
	fclose(out);
}

static int setup(void **state)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0 || mkdtemp(directory) == NULL)
		return -1;
	self[n] = '\0';
	snprintf(copy_path, sizeof(copy_path), "%s/program", directory);
	return 0;
}

static int teardown(void **state)
{
	unlink(copy_path);
	return rmdir(directory);
}

static struct module *open_module(const char *path, const struct build_id *id, int fd, uint64_t inode)
{
	struct module_key key = { .kind = MODULE_PROGRAM, .path = path, .fd = fd, .inode = inode };
	struct module *m;

	if (id != NULL)
		key.build_id = *id;
	assert_null(module_create(&key, &m));
	return m;
}

static struct build_id id_of(const char *path)
{
	struct build_id id;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(build_id_of_fd(fd, &id));
	close(fd);
	return id;
}

static void test_fine(void **state)
{
	copy_self(copy_path, false);

	struct build_id id = id_of(copy_path);
	struct module *m = open_module(copy_path, &id, -1, 0);
	uint64_t offset, vaddr, again, here = (uint64_t)(uintptr_t)test_fine;
	extern char __executable_start[];

	assert_int_equal(module_trouble(m), MODULE_FINE);
	assert_null(module_borrow_note(m));
	assert_true(module_borrow_fd(m) >= 0);
	here -= (uint64_t)(uintptr_t)__executable_start;
	assert_true(module_vaddr_to_offset(m, here, &offset));
	assert_true(module_offset_to_vaddr(m, offset, &vaddr));
	assert_int_equal(vaddr, here);
	assert_true(module_is_code(m, here));
	assert_false(module_is_code(m, 0));
	assert_false(module_offset_to_vaddr(m, UINT64_MAX, &again));
	module_destroy(m);
}

static void test_replaced(void **state)
{
	struct build_id id = id_of(self);
	struct module *m;
	struct stat st;

	copy_self(copy_path, true);
	m = open_module(copy_path, &id, -1, 0);
	assert_int_equal(module_trouble(m), MODULE_REPLACED);
	assert_int_equal(module_borrow_fd(m), -1);
	assert_non_null(strstr(module_borrow_note(m), "was replaced since (build-id "));
	module_destroy(m);

	/* Without a build-id the inode tells. */
	assert_int_equal(stat(copy_path, &st), 0);
	m = open_module(copy_path, NULL, -1, st.st_ino + 1);
	if (module_trouble(m) != MODULE_FINE) /* overlayfs shows other numbers */
		assert_int_equal(module_trouble(m), MODULE_REPLACED);
	module_destroy(m);
	m = open_module(copy_path, NULL, -1, st.st_ino);
	assert_int_equal(module_trouble(m), MODULE_FINE);
	module_destroy(m);
}

static void test_deleted(void **state)
{
	copy_self(copy_path, false);

	struct build_id id = id_of(copy_path);
	int fd = open(copy_path, O_RDONLY | O_CLOEXEC);
	CLEANUP(mem_freep) char *deleted = mem_printf("%s (deleted)", copy_path);

	unlink(copy_path);

	struct module *m = open_module(deleted, &id, -1, 0);

	assert_int_equal(module_trouble(m), MODULE_GONE);
	assert_non_null(strstr(module_borrow_note(m), "is not there any more"));
	module_destroy(m);

	/* The descriptor that was kept is as good as the file. */
	m = open_module(deleted, &id, fd, 0);
	assert_int_equal(module_trouble(m), MODULE_FINE);
	assert_non_null(strstr(module_borrow_note(m), "was deleted while it ran"));
	assert_int_not_equal(module_borrow_fd(m), fd);
	module_destroy(m);
	close(fd);
}

static void test_no_file(void **state)
{
	static const char *const paths[] = { "[heap]", "//anon", "", "/nowhere/at/all", "/dev/zero", "/tmp",
					     "/proc/self/maps" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct module *m = open_module(paths[i], NULL, -1, 0);

		assert_int_not_equal(module_trouble(m), MODULE_FINE);
		assert_int_equal(module_borrow_fd(m), -1);
		assert_non_null(module_borrow_note(m));
		module_destroy(m);
	}
}

static void test_vdso(void **state)
{
	struct module_key key = { .kind = MODULE_VDSO, .path = "[vdso]", .fd = -1, .pid = getpid() };
	struct module *m;

	assert_null(module_create(&key, &m));
	assert_int_equal(module_trouble(m), MODULE_FINE);
	assert_true(module_borrow_fd(m) >= 0);
	module_destroy(m);
}

/* Whatever the bytes: an error or an answer. */
static void test_hostile_heads(void **state)
{
	uint8_t head[4096];
	FILE *file = fopen(self, "re");
	uint64_t random = 7;

	assert_non_null(file);
	assert_int_equal(fread(head, 1, sizeof(head), file), sizeof(head));
	fclose(file);
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t bytes[sizeof(head)];
		struct elf_head h;
		int fd = memfd_create("head", MFD_CLOEXEC);

		memcpy(bytes, head, sizeof(head));
		for (unsigned i = 0; i < 3; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			bytes[(random >> 33) % 1024] = (uint8_t)(random >> 17);
		}
		assert_true(write(fd, bytes, round % 5 ? sizeof(bytes) : (random >> 40) % sizeof(bytes)) >= 0);

		struct err *err = elf_head_read(fd, &h);

		if (err)
			err_destroy(err);
		else
			elf_head_deinit(&h);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_id), cmocka_unit_test(test_notes),
		cmocka_unit_test(test_fine),     cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_deleted),  cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_vdso),     cmocka_unit_test(test_hostile_heads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
