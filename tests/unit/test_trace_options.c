/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strace's expressions: sets of calls, injections and their when=, words of options. */
#include "session/trace/color.h"
#include "session/trace/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct trace_options o;

static int setup(void **state)
{
	trace_options_init(&o);
	o.strace = true;
	o.name = "strace";
	return 0;
}

static int teardown(void **state)
{
	trace_options_deinit(&o);
	return 0;
}

static void accepts(int letter, const char *value) { assert_null(trace_options_set(&o, letter, value)); }

static void refuses(int letter, const char *value, const char *message)
{
	struct err *err = trace_options_set(&o, letter, value);

	assert_non_null(err);
	assert_string_equal(err_message(err), message);
	err_destroy(err);
}

static bool wants(const char *name)
{
	return call_set_has(&o.calls, SYSCALL_ABI_X86_64, (uint32_t)syscall_number(SYSCALL_ABI_X86_64, name));
}

static void test_sets_of_calls(void **state)
{
	accepts('e', "read,write");
	assert_true(wants("read") && wants("write") && !wants("openat"));
	accepts('e', "trace=!read");
	assert_true(!wants("read") && wants("openat"));
	accepts('e', "%file");
	assert_true(wants("openat") && !wants("read"));
	accepts('e', "/^clock_");
	assert_true(wants("clock_gettime") && !wants("openat"));
	accepts('e', "openat");
	for (int abi = 0; abi < SYSCALL_ABI_COUNT; abi++) /* a recording may be another machine's */
		assert_true(call_set_has(&o.calls, abi, (uint32_t)syscall_number(abi, "openat")));
	accepts('e', "openat@32");
	assert_false(wants("openat"));
	assert_true(call_set_has(&o.calls, SYSCALL_ABI_ARM, (uint32_t)syscall_number(SYSCALL_ABI_ARM, "openat")));
	assert_false(call_set_has(&o.calls, SYSCALL_ABI_ARM64, (uint32_t)syscall_number(SYSCALL_ABI_ARM64, "openat")));
	accepts('e', "none");
	assert_false(wants("read"));
	accepts('e', "?nosuchcall,,read,");
	assert_true(wants("read"));
	refuses('e', "nosuchcall", "invalid system call 'nosuchcall'");
	refuses('e', ",", "invalid system call ','");
	refuses('e', "", "invalid system call ''");
	refuses('e', "getcwd@42", "incorrect personality designator '42' in qualification 'getcwd@42'");
	refuses('e', "read=x", "invalid descriptor 'x'");
	refuses('e', "fd=2147483648", "invalid descriptor '2147483648'");
	refuses('e', "signal=NOSIG", "invalid signal 'NOSIG'");
}

/* Which of ten invocations of call 0 by one thread are tampered with, as bits. */
static unsigned due(void)
{
	struct call_thread t = { .pid = 5, .tid = 5 };
	struct tracer_tampering what;
	unsigned bits = 0;

	for (unsigned i = 0; i < 10; i++) {
		memset(&what, 0, sizeof(what));
		bits |= (unsigned)injections_apply(&o.injections, &t, &what) << i;
	}
	return bits;
}

static void test_when(void **state)
{
	static const struct {
		const char *when;
		unsigned bits;
	} cases[] = {
		{ "1", 0x001 }, { "3", 0x004 }, { "3+", 0x3fc }, { "1+2", 0x155 }, { "2..4", 0x00e }, { "2..8+3", 0x092 },
		{ "4..4", 0x008 }, { "3..9+", 0x1fc },
	};
	static const char *const bad[] = { "", "0", "-1", "1+0", "5..4", "65536", "1+65536", "..3", "3..", "1.2", "3++", "27..65535" };
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		teardown(state);
		setup(state);
		snprintf(text, sizeof(text), "inject=read:error=EIO:when=%s", cases[i].when);
		accepts('e', text);
		assert_int_equal(due(), cases[i].bits);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err *err;

		snprintf(text, sizeof(text), "inject=read:error=EIO:when=%s", bad[i]);
		err = trace_options_set(&o, 'e', text);
		assert_non_null(err);
		err_destroy(err);
	}
}

static struct tracer_tampering tampering(const char *expression)
{
	struct call_thread t = { .pid = 5, .tid = 5 };
	struct tracer_tampering what = { 0 };

	accepts('e', expression);
	assert_true(injections_apply(&o.injections, &t, &what));
	return what;
}

static void test_what_is_injected(void **state)
{
	struct tracer_tampering w = tampering("fault=read");

	assert_true(w.set_result && w.set_number && w.result == -ENOSYS && w.number == UINT32_MAX);
	w = tampering("inject=read:retval=0x10:signal=USR1:delay_exit=1.5ms");
	assert_true(w.result == 16 && w.signal == 10 && w.delay_exit_ns == 1500000);
	w = tampering("inject=read:signal=9");
	assert_true(!w.set_result && !w.set_number && w.signal == 9);
	w = tampering("inject=read:syscall=getpid:error=EPERM");
	assert_true(w.set_number && w.number == 39 && w.result == -EPERM && !w.silent);
	w = tampering("inject=read:poke_enter=@arg2=00ff,@arg1=aa");
	assert_true(w.enter[0].arg == 1 && w.enter[0].size_bytes == 2 && w.enter[0].data[1] == 0xff && w.enter[1].arg == 0);
	refuses('e', "inject=read:error=1:retval=2", "invalid inject argument 'read:error=1:retval=2'");
	refuses('e', "inject=read:syscall=read", "invalid inject argument 'read:syscall=read'");
	refuses('e', "inject=read:poke_enter=@arg8=00", "invalid inject argument 'read:poke_enter=@arg8=00'");
	refuses('e', "inject=read", "invalid inject argument 'read'");
	refuses('e', "fault=read:signal=1", "invalid fault argument 'read:signal=1'");
}

static void test_values(void **state)
{
	accepts('I', "always");
	assert_int_equal(o.interruptible, 1);
	refuses('I', "5", "invalid -I argument: '5'");
	accepts('S', "time_max");
	accepts('U', "name,time-percent");
	assert_int_equal(o.summary_column_count, 2);
	accepts(TRACE_LONG_STAMPS, "precision:ms");
	accepts(TRACE_LONG_STAMPS, "format:unix");
	assert_true(o.stamp == TRACE_STAMP_UNIX && o.stamp_precision == TRACE_MS);
	accepts(TRACE_LONG_TIPS, "id:random,full");
	refuses(TRACE_LONG_TIPS, "format:0", "invalid --tips argument: 'format:0'");
	refuses('p', "1,x", "Invalid process id: 'x'");
	o.pids.n = 0;
	accepts('p', " 7,,8\n9,");
	assert_true(o.pids.n == 3 && o.pids.v[0] == 7 && o.pids.v[1] == 8 && o.pids.v[2] == 9);
	refuses(TRACE_LONG_SECONTEXT, "full", "SELinux context printing (--secontext option) is not supported by this build of strace");
}

static void test_together(void **state)
{
	char *command[] = { (char *)"true", NULL };
	struct err *err;

	o.command = command;
	o.q_count = 1;
	accepts(TRACE_LONG_QUIET, NULL);
	err = trace_options_finish(&o);
	assert_string_equal(err_message(err), "-q and -e quiet/--quiet cannot be provided simultaneously");
	err_destroy(err);
	o.command = NULL;
	err = trace_options_finish(&o);
	assert_string_equal(err_message(err), "must have PROG [ARGS] or -p PID");
	err_destroy(err);
}

static void colored(const char *text, const char *want)
{
	struct color_state state = { 0 };
	struct str out;

	str_init(&out);
	color_add(&state, text, strlen(text), &out);
	for (char *c = out.text; (c = strchr(c, '\033')) != NULL;) /* so that it can be read */
		*c = '^';
	assert_string_equal(str_text(&out), want);
	str_deinit(&out);
}

static void test_colors(void **state)
{
	colored("close(3) = -1 EBADF (Bad)\n", "^[33mclose^[0m(^[35m3^[0m) = ^[32m-1^[0m ^[31mEBADF^[0m ^[31m(^[0m^[31mBad^[0m^[31m)^[0m\n");
	colored("f({a=O_RDONLY, b=NULL} /* 3 vars */) = 0\n",
		"^[33mf^[0m({a=^[34mO_RDONLY^[0m, b=^[35mNULL^[0m} ^[36m/* 3 vars */^[0m) = ^[32m0^[0m\n");
	colored("w(\"a)\\\"\") = 0\n", "^[33mw^[0m(^[35m\"a)\\\"\"^[0m) = ^[32m0^[0m\n");
	colored("--- SIGCHLD {si_pid=1} ---\n+++ exited with 0 +++\n", "--- SIGCHLD {si_pid=1} ---\n+++ exited with 0 +++\n");
	colored("\"", "\"");
	colored("f(\"a", "^[33mf^[0m(^[35m\"a^[0m");
}

static void test_newer_words(void **state)
{
	accepts(TRACE_LONG_COLOR, "always");
	assert_int_equal(o.color, TRACE_COLOR_ALWAYS);
	refuses(TRACE_LONG_COLOR, "red", "invalid --color argument: 'red'");
	accepts('e', "namespace=new");
	assert_true(o.new_namespaces);
	refuses('e', "namespace=old", "invalid -e namespace= argument: 'old'");
	accepts(TRACE_LONG_TIPS, "id:3,full");
	assert_int_equal(o.tips, TRACE_TIPS_FULL);
	assert_int_equal(o.tip, 3);
	refuses(TRACE_LONG_TIPS, "id:full", "invalid --tips argument: 'id:full'");
	accepts('N', NULL);
	assert_true(o.style.arg_names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sets_of_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer_words, setup, teardown),
		cmocka_unit_test(test_colors),
		cmocka_unit_test_setup_teardown(test_when, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_injected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_together, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
