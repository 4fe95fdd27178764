/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kinds of kernel reports: each headline of tests/fixtures/oops/headlines.txt is read as it says, each architecture's oops
 * there is understood and explained, and so is what Debian's kernel was made to say (tests/fixtures/kernel). */
#include "oops/explain.h"
#include "oops/kind.h"
#include "oops/oops.h"
#include "oops/trigger.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct reports {
	VEC(struct oops_report *) list;
};

static void keep(void *user, struct oops_report *r)
{
	struct reports *s = user;

	vec_push(&s->list, r);
}

static struct reports scan(const char *text, size_t length)
{
	struct reports found = { 0 };
	struct oops_scan *s = oops_scan_create(keep, &found);

	oops_scan_feed(s, text, length);
	oops_scan_finish(s);
	oops_scan_destroy(s);
	return found;
}

static struct reports scan_fixture(const char *name)
{
	const char *src = getenv("SRC");
	char path[512];
	struct str text;

	assert_non_null(src);
	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/%s", src, name);
	str_init(&text);
	assert_null(io_read_file(path, 1 << 20, &text));
	struct reports found = scan(str_text(&text), text.length);

	str_deinit(&text);
	return found;
}

static void drop(struct reports *found)
{
	for (size_t i = 0; i < found->list.n; i++)
		oops_report_destroy(found->list.v[i]);
	vec_deinit(&found->list);
}

/* --- headlines --------------------------------------------------------------------------------- */

/* "KIND\tTITLE\tLINE" */
static void check_headline(char *row)
{
	char *title = strchr(row, '\t'), *line = title != NULL ? strchr(title + 1, '\t') : NULL;

	assert_non_null(line);
	*title++ = *line++ = '\0';
	char *log = mem_printf("[   12.345678] %s\n", line);
	struct reports found = scan(log, strlen(log));
	const char *kind = found.list.n > 0 ? found.list.v[0]->kind->name : "-";

	if (strcmp(kind, row) != 0 || (found.list.n > 0 && strcmp(found.list.v[0]->title, title) != 0))
		print_error("'%s': %s, '%s'; wanted %s, '%s'\n", line, kind, found.list.n > 0 ? found.list.v[0]->title : "", row, title);
	assert_string_equal(kind, row);
	if (found.list.n > 0)
		assert_string_equal(found.list.v[0]->title, title);
	drop(&found);
	free(log);
}

static void test_headlines(void **state)
{
	const char *src = getenv("SRC");
	char path[512], row[1024];
	unsigned checked = 0;

	(void)state;
	assert_non_null(src);
	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/oops/headlines.txt", src);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (fgets(row, sizeof(row), f) != NULL) {
		row[strcspn(row, "\n")] = '\0';
		if (*row == '#')
			continue;
		check_headline(row);
		checked++;
	}
	(void)fclose(f);
	assert_true(checked > 380);
}

/* --- whole reports ------------------------------------------------------------------------------- */

/* One block of variants.txt: "KIND\tTITLE[\tdamaged]" and its lines.  The first report counts; there is only one. */
static void check_variant(char *head, const char *text, size_t length)
{
	char *title = strchr(head, '\t'), *damaged = title != NULL ? strchr(title + 1, '\t') : NULL;
	struct reports found = scan(text, length);
	const struct oops_report *r = NULL;

	assert_non_null(title);
	*title++ = '\0';
	if (damaged != NULL)
		*damaged++ = '\0';
	for (size_t i = 0; i < found.list.n && r == NULL; i++)
		r = found.list.v[i]->kind->flags & OOPS_NOTE ? NULL : found.list.v[i];
	const char *kind = r != NULL ? r->kind->name : "-", *got = r != NULL ? r->title : "", *why = r != NULL ? r->corrupted : NULL;

	if (strcmp(kind, head) != 0 || strcmp(got, title) != 0 || (why != NULL) != (damaged != NULL))
		fail_msg("%s, '%s' (%s); wanted %s, '%s' (%s)", kind, got, why != NULL ? why : "whole", head, title, damaged != NULL ? damaged : "whole");
	drop(&found);
}

static void test_variants(void **state)
{
	const char *src = getenv("SRC");
	char path[512];
	struct str file;
	unsigned checked = 0;

	(void)state;
	assert_non_null(src);
	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/oops/variants.txt", src);
	str_init(&file);
	assert_null(io_read_file(path, 1 << 20, &file));
	for (char *at = strstr(file.text, "\n=== "); at != NULL;) {
		char *head = at + 5, *text = strchr(head, '\n'), *next;

		assert_non_null(text);
		*text++ = '\0';
		next = strstr(text, "\n=== ");
		check_variant(head, text, next != NULL ? (size_t)(next - text) : strlen(text));
		at = next;
		checked++;
	}
	str_deinit(&file);
	assert_true(checked > 60);
}

/* Somebody who reads it at night shall not get a bare name: what it means is said of every kind but for what a damaged
 * log leaves. */
static void test_every_kind_is_explained(void **state)
{
	(void)state;
	for (const struct oops_family *const *f = oops_families; *f != NULL; f++)
		for (const struct oops_kind *k = (*f)->kinds; k->name != NULL; k++) {
			if (k->meaning == NULL && !(k->flags & OOPS_DAMAGED))
				print_error("no meaning: %s (%s)\n", k->name, k->start);
			assert_true(k->meaning != NULL || (k->flags & OOPS_DAMAGED));
		}
}

/* Else each line that passes the filter is compared with that row. */
static void test_every_kind_is_found_by_words(void **state)
{
	struct oops_kind_index *index = mem_alloc(sizeof(*index));

	(void)state;
	oops_kind_index_init(index);
	for (size_t i = 0; i < index->n; i++) {
		uint64_t any = 0;

		for (size_t k = 0; k < OOPS_KIND_WORDS; k++)
			any |= index->words[i][k];
		if (any == 0)
			print_error("no word of trigger_words in all that fits: %s\n", index->kinds[i]->start);
		assert_true(any != 0);
	}
	free(index);
}

/* --- architectures ------------------------------------------------------------------------------- */

static bool says(struct oops_report *r, const char *words)
{
	struct oops_explanation e;
	bool found = false;

	oops_explain(r, &e);
	for (size_t i = 0; i < e.evidence.n; i++)
		found = found || strstr(e.evidence.v[i], words) != NULL;
	if (!found)
		for (size_t i = 0; i < e.evidence.n; i++)
			print_error("  %s\n", e.evidence.v[i]);
	oops_explanation_deinit(&e);
	return found;
}

static void test_architectures(void **state)
{
	static const struct {
		const char *arch, *pc, *lr;
		uint64_t address;
		const char *reason, *flags;
	} archs[] = {
		{ "x86_64", "made_poll", NULL, 0x6b6b6b6b6b6b6b83, "not canonical", "interrupts were off, access to user memory was open" },
		{ "i386", "made_init", NULL, 0x8, "a write in kernel mode, and no page is mapped", "interrupts were off" },
		{ "arm64", "made_write", "made_open", 0x18, "a data abort in the kernel, a write, and no page is mapped there (level 2", "EL1), interrupts were off" },
		{ "arm", "made_init", "do_one_initcall", 0x4, "a write, and no section is mapped there", "SVC), interrupts were off" },
		{ "riscv64", "made_remove", "made_release", 0xdead000000000108, "The cause 15: a write", "interrupts were on" },
		{ "powerpc", "made_store", "made_store", 0x10, "a data access; DSISR 0x42000000: a write, and no page", "interrupts were on" },
		{ "s390x", "made_store", NULL, 0, "The interruption code 0x11: no page is mapped there", "interrupts were on" },
		{ "mips", "made_write", "made_write", 0x24, "(exception 3): a write where no page", "interrupts were on" },
		{ "loongarch", "made_store", "made_store", 0x20, "(exception 2): a write where no page", "interrupts were on" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		char *name = mem_printf("oops/arch-%s.txt", archs[i].arch);
		struct reports found = scan_fixture(name);

		assert_int_equal(found.list.n, 1);
		struct oops_report *r = found.list.v[0];

		assert_string_equal(r->arch, archs[i].arch);
		assert_string_equal(r->pc.function, archs[i].pc);
		if (archs[i].lr != NULL)
			assert_string_equal(r->lr.function, archs[i].lr);
		assert_true(r->has_fault_address);
		assert_int_equal(r->fault_address, archs[i].address);
		assert_true(says(r, archs[i].reason));
		assert_true(says(r, archs[i].flags));
		assert_null(r->corrupted);
		assert_int_equal(r->traces.n, 1);
		assert_true(r->registers.n >= 8);
		drop(&found);
		free(name);
	}
}

static void check_code(const char *log, const char *code)
{
	struct reports found = scan(log, strlen(log));

	assert_int_equal(found.list.n, 1);
	assert_non_null(found.list.v[0]->code);
	assert_string_equal(found.list.v[0]->code, code);
	drop(&found);
}

static void test_code(void **state)
{
	(void)state;
	check_code("BUG: Kernel NULL pointer dereference on read at 0x0\nNIP [c000000000444444] foo+0x44/0x90\nInstruction dump:\n7fa3eb78 38a00000 \nXXXXXXXX <e87f0b20> 4bff81e9 \n---[ end trace 1 ]---\n",
		   "7fa3eb78 38a00000  XXXXXXXX <e87f0b20> 4bff81e9 ");
	check_code("Unable to handle kernel pointer dereference in virtual kernel address space\nKrnl Code: 00000000004aa1d6: a7840010\tbrc\t8,4aa1f6\n          >00000000004aa1da: a7f40001\tbrc\t15,4aa1dc\nCall Trace:\n [<00000000004aa1e2>] foo+0x22/0x90\n",
		   "Krnl Code: 00000000004aa1d6: a7840010\tbrc\t8,4aa1f6\n          >00000000004aa1da: a7f40001\tbrc\t15,4aa1dc");
	check_code("Oops: 0000 [#1]\nRIP: 0010:foo+0x44/0x90\nCode: 0f 0b <48> 8b\nCall Trace:\n foo+0x44/0x90\n", "0f 0b <48> 8b");
}

/* --- what Debian's kernel said --------------------------------------------------------------------- */

/* Rows of the table without a function of kfail's: one of the reports or notes is of that kind. */
static void test_stock_reports(void **state)
{
	const char *src = getenv("SRC");
	char path[512], line[512], name[128], kind[64], function[128];
	unsigned checked = 0;

	(void)state;
	assert_non_null(src);
	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/kernel/table.txt", src);
	FILE *table = fopen(path, "r");

	assert_non_null(table);
	while (fgets(line, sizeof(line), table) != NULL) {
		if (*line == '#' || sscanf(line, "%127s %63s %127s", name, kind, function) != 3 || strncmp(name, "report-", 7) != 0 || strcmp(function, "-") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "kernel/%s", name);
		struct reports found = scan_fixture(path);
		bool right = false;

		for (size_t i = 0; i < found.list.n; i++)
			right = right || strcmp(found.list.v[i]->kind->name, kind) == 0;
		if (!right)
			print_error("%s: no %s\n", name, kind);
		assert_true(right);
		drop(&found);
		checked++;
	}
	(void)fclose(table);
	assert_true(checked > 10);
}

static struct oops_report *first_of(const struct reports *found, const char *kind)
{
	for (size_t i = 0; i < found->list.n; i++)
		if (strcmp(found->list.v[i]->kind->name, kind) == 0)
			return found->list.v[i];
	fail_msg("no %s", kind);
	return NULL;
}

static void test_oom_table(void **state)
{
	struct reports found = scan_fixture("kernel/report-oom.txt");

	(void)state;
	struct oops_report *r = first_of(&found, "oom-kill");

	assert_true(r->tasks.n >= 5);
	assert_true(says(r, "The machine itself was out of memory; it has no swap."));
	assert_true(says(r, "Who held most memory: tail"));
	assert_true(says(r, "it is used up"));
	assert_string_equal(r->title, "out of memory: tail killed");
	drop(&found);
	found = scan_fixture("kernel/report-oomcgroup.txt");
	r = first_of(&found, "oom-kill");
	assert_string_equal(r->title, "out of memory in a cgroup: tail killed");
	assert_true(says(r, "The limit of the memory cgroup /small was reached, not the machine's: it may use 24.0 MiB"));
	drop(&found);
}

static struct oops_report *only(struct reports *found, const char *log)
{
	*found = scan(log, strlen(log));
	assert_true(found->list.n > 0);
	return found->list.v[0];
}

/* What the evidence is read as: a sentence of each. */
static void test_evidence(void **state)
{
	static const struct { const char *log, *words; } cases[] = {
		{ "[   35.600000] BUG: KASAN: slab-use-after-free in foo_poll+0x1/0x2\n[   35.600000] Read of size 8 at addr ffff888012345678 by task a/3\n[   35.600000] CPU: 0 PID: 3 Comm: a Not tainted 6.9.0\n"
		  "[   35.600000] Call Trace:\n[   35.600000]  foo_poll+0x1/0x2\n[   35.600000]  call_timer_fn+0x1/0x2\n[   35.600000] Freed by task 4 on cpu 1 at 35.500000s:\n[   35.600000]  kfree+0x1/0x2\n[   35.600000]  foo_release+0x1/0x2\n",
		  "The access was made by a timer's callback, foo_poll, which was not stopped before the object went" },
		{ "[   35.600000] BUG: KASAN: slab-use-after-free in foo_poll+0x1/0x2\n[   35.600000] Read of size 8 at addr ffff888012345678 by task a/3\n[   35.600000] Call Trace:\n[   35.600000]  foo_poll+0x1/0x2\n"
		  "[   35.600000]  __x64_sys_poll+0x1/0x2\n[   35.600000] Freed by task 4 on cpu 1 at 35.500000s:\n[   35.600000]  kfree+0x1/0x2\n[   35.600000]  rcu_do_batch+0x1/0x2\n", "It was freed 100.0 ms before it was used." },
		{ "BUG: KASAN: null-ptr-deref in foo+0x1/0x2\nRead of size 8 at addr 0000000000000018 by task a/3\nCall Trace:\n foo+0x1/0x2\n", "The address is NULL plus 0x18" },
		{ "refcount_t: underflow; use-after-free.\n------------[ cut here ]------------\nrefcount_t: underflow; use-after-free.\nWARNING: CPU: 0 PID: 3 at lib/refcount.c:28 refcount_warn_saturate+0x1/0x2\nRIP: 0010:refcount_warn_saturate+0x1/0x2\nCall Trace:\n foo_put+0x1/0x2\n",
		  "a reference was put that nobody had taken" },
		{ "------------[ cut here ]------------\nlist_del corruption, ffff88806a8e8350->next is LIST_POISON1 (dead000000000100)\nkernel BUG at lib/list_debug.c:56!\nRIP: 0010:__list_del_entry_valid+0x1/0x2\nCall Trace:\n foo_del+0x1/0x2\n", "it was deleted twice" },
		{ "------------[ cut here ]------------\nODEBUG: free active (active state 0) object: ffff88806a8e8350 object type: timer_list hint: foo_timeout+0x0/0x80\nWARNING: CPU: 1 PID: 5 at lib/debugobjects.c:612 debug_print_object+0x1/0x2\nRIP: 0010:debug_print_object+0x1/0x2\nCall Trace:\n foo_exit+0x1/0x2\n",
		  "It is a timer_list whose function is foo_timeout." },
		{ "general protection fault, probably for non-canonical address 0xdffffc0000000005: 0000 [#1]\nKASAN: null-ptr-deref in range [0x0000000000000028-0x000000000000002f]\nRIP: 0010:foo+0x1/0x2\nCall Trace:\n foo2+0x1/0x2\n", "KASAN knows the address that was meant, 0x28" },
		{ "BUG: TASK stack guard page was hit at ffffc90003d0fff8 (stack is a..b)\nRIP: 0010:foo+0x1/0x2\nCall Trace:\n foo+0x1/0x2\n bar+0x1/0x2\n foo+0x1/0x2\n bar+0x1/0x2\n foo+0x1/0x2\n bar+0x1/0x2\n foo+0x1/0x2\n __x64_sys_a+0x1/0x2\n do_syscall_64+0x1/0x2\n", "foo stands 4 times" },
		{ "INFO: task a:1 blocked for more than 143 seconds.\nCall Trace:\n __schedule+0x1/0x2\n __mutex_lock+0x1/0x2\n foo+0x1/0x2\nINFO: task a:1 is blocked on a mutex likely owned by task b:2.\n", "likely held by the task b:2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reports found;

		assert_true(says(only(&found, cases[i].log), cases[i].words));
		drop(&found);
	}
}

#define X(f) " " f "+0x1/0x2\n"
#define TICK X("hrtimer_interrupt") X("smp_apic_timer_interrupt") X("apic_timer_interrupt")
#define SOFT X("net_rx_action") X("__do_softirq") X("irq_exit") TICK
#define BY(line) "BUG: KASAN: use-after-free in foo+0x1/0x2\nRead of size 8 at addr ffff888012345678 by task " line "\n"
#define STALL "INFO: rcu_sched self-detected stall on CPU\n\t1-....: (10499 ticks this GP) idle=35e/1/0 softirq=17797/17797 fqs=5227\n"
#define LOCKUP "BUG: soft lockup - CPU#1 stuck for 22s! [syz:7067]\nsoftirqs last  enabled at (92): [<ffffffff839ffb1c>] __do_softirq+0x46c/0x937\nCPU: 1 PID: 7067 Comm: syz Not tainted 4.9.0 #1\n"

/* Whose it was, of which kernel, and where it ran; "" and 0 where the report doesn't say. */
static void test_facts(void **state)
{
	static const struct { const char *log, *comm; int pid; const char *kernel, *taint, *context; } cases[] = {
		{ BY("kworker/1:2/2403") "Call Trace:\n" X("foo") X("process_one_work"), "kworker/1:2", 2403, "", "", "task" },
		{ BY("Web Content/12") "Call Trace:\n" X("foo"), "Web Content", 12, "", "", "task" },
		{ "INFO: task kworker/u16:3:812 blocked for more than 143 seconds.\n      Not tainted 6.5.0 #1\nCall Trace:\n <IRQ>\n" X("foo") " </IRQ>\n", "kworker/u16:3", 812, "6.5.0", "", "task" },
		{ "BUG: kernel NULL pointer dereference, address: 0000000000000008\nCPU: 2 PID: 700 Comm: kworker/2:1H Kdump: loaded Not tainted 6.5.0 #1\nRIP: 0010:foo+0x1/0x2\nCall Trace:\n <TASK>\n" X("foo"),
		  "kworker/2:1H", 700, "6.5.0", "", "task" },
		{ "WARNING: possible circular locking dependency detected\n6.2.0-rc6 #7 Not tainted\n------\nkworker/1:2/2403 is trying to acquire lock:\nffff888012345678 (&foo){+.+.}-{3:3}, at: foo+0x1/0x2\nCPU: 1 PID: 2403 Comm: kworker/1:2 Tainted: G W 6.2.0-rc6 #7\nCall Trace:\n <TASK>\n" X("foo"),
		  "kworker/1:2", 2403, "6.2.0-rc6", "W", "task" },
		{ "WARNING: suspicious RCU usage\n5.0.0+ #3 Not tainted\n-----\nfoo.c:12 suspicious rcu_dereference_check() usage!\nstack backtrace:\nCall Trace:\n" X("foo"), "", -1, "5.0.0+", "", "" },
		{ "BUG kmalloc-64 (Not tainted): Redzone overwritten\n-----\nCPU: 1 PID: 22 Comm: a Tainted: G    B              5.4.0 #0\nCall Trace:\n" X("foo"), "a", 22, "5.4.0", "B", "task" },
		{ STALL "Call Trace:\n <IRQ>\n" X("rcu_check_callbacks") TICK " </IRQ>\nRIP: 0010:foo+0x1/0x2\n" X("foo") X("do_syscall_64"), "", -1, "", "", "task" },
		{ STALL "Call Trace:\n <IRQ>\n" X("rcu_check_callbacks") TICK "RIP: 0010:foo+0x1/0x2\n" X("foo") SOFT " </IRQ>\n" X("do_syscall_64"), "", -1, "", "", "softirq" },
		{ STALL "rcu_sched       R\nCall Trace:\n" X("__schedule") X("schedule") X("rcu_gp_kthread") "NMI backtrace for cpu 1\nCall Trace:\n <IRQ>\n" X("foo") SOFT " </IRQ>\n", "", -1, "", "", "softirq" },
		{ LOCKUP "RIP: 0010:foo+0x1/0x2\nCall Trace:\n <TASK>\n" X("foo") X("do_syscall_64") " </TASK>\n", "syz", 7067, "4.9.0", "", "task" },
		{ "watchdog: Watchdog detected hard LOCKUP on cpu 1\nCall Trace:\n <NMI>\n" X("end_repeat_nmi") " </NMI>\n" X("foo") X("do_syscall_64"), "", -1, "", "", "task" },
		{ "watchdog: Watchdog detected hard LOCKUP on cpu 1\nCall Trace:\n <NMI>\n" X("end_repeat_nmi") " </NMI>\n <IRQ>\n" X("foo") TICK " </IRQ>\n", "", -1, "", "", "hardirq" },
		{ BY("a/3") "softirqs last disabled at (95): [<ffffffff81467a61>] irq_exit+0x1d1/0x200\nCall Trace:\n <IRQ>\n" X("foo") TICK " </IRQ>\n", "a", 3, "", "", "hardirq" },
		{ BY("a/3") "Call Trace:\n <IRQ>\n" X("foo") SOFT " </IRQ>\n", "a", 3, "", "", "softirq" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reports found;
		const struct oops_report *r = only(&found, cases[i].log);
		const char *comm = r->comm != NULL ? r->comm : "", *kernel = r->kernel != NULL ? r->kernel : "", *taint = r->taint != NULL ? r->taint : "";
		const char *context = oops_context_name(r->context) != NULL ? oops_context_name(r->context) : "";

		if (strcmp(comm, cases[i].comm) != 0 || r->pid != cases[i].pid || strcmp(kernel, cases[i].kernel) != 0 || strcmp(taint, cases[i].taint) != 0 || strcmp(context, cases[i].context) != 0)
			fail_msg("case %zu: '%s' %d '%s' '%s' '%s'", i, comm, r->pid, kernel, taint, context);
		drop(&found);
	}
}

/* What is blamed, and what the title names: machinery of sleeping, of lockdep and of preemption is neither. */
static void test_blame(void **state)
{
	static const struct { const char *log, *blame, *subject; } cases[] = {
		{ "BUG: scheduling while atomic: kworker/1:2/2403/0x00000002\nCall Trace:\n" X("__schedule") X("schedule_timeout") X("msleep") X("foo_wait"), "foo_wait", "foo_wait" },
		{ STALL "Call Trace:\n <IRQ>\n" TICK " </IRQ>\nRIP: 0010:lock_is_held_type+0x1/0x2\n" X("preempt_count_add") X("preempt_schedule_irq") X("retint_kernel") X("foo_loop") X("foo_ioctl") X("vfs_ioctl"), "foo_loop", "foo_ioctl" },
		{ STALL "Call Trace:\n <TASK>\n ? __schedule+0x1/0x2\n ? schedule+0x1/0x2\n </TASK>\n", "", "" },
		{ LOCKUP "RIP: 0010:foo_spin+0x80/0xc0 [foo]\nCall Trace:\n <TASK>\n foo_write+0x1/0x2 [foo]\n" X("full_proxy_write") X("vfs_write"), "foo_spin", "foo_spin" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reports found;
		const struct oops_report *r = only(&found, cases[i].log);

		assert_string_equal(r->blame != NULL ? r->blame->function : "", cases[i].blame);
		assert_string_equal(r->subject != NULL ? r->subject->function : "", cases[i].subject);
		drop(&found);
	}
}

/* Intact, and title and blame agree. */
static void test_lockups_of_modules(void **state)
{
	static const struct { const char *name, *kind, *function; } cases[] = {
		{ "kernel/report-hardlockup.txt", "hard-lockup", "kf_hardlockup" }, { "kernel/report-softlockup.txt", "soft-lockup", "kf_spin_for" },
		{ "kernel/report-rcustall.txt", "rcu-stall", "kf_spin_for" }, { "kernel/report-doublefault.txt", "double-fault", "kf_doublefault" },
		{ "kernel/report-listdel.txt", "list-corruption", "kf_listdel" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reports found = scan_fixture(cases[i].name);
		const struct oops_report *r = first_of(&found, cases[i].kind);

		assert_null(r->corrupted);
		assert_string_equal(r->blame->function, cases[i].function);
		assert_non_null(strstr(r->title, cases[i].function));
		if (r->context != OOPS_CONTEXT_UNKNOWN)
			assert_int_equal(r->context, OOPS_CONTEXT_TASK);
		drop(&found);
	}
}

/* Linux 5.11 and 5.12 say who allocated on the line of the object. */
static void test_kfence_5_11(void **state)
{
	struct reports found;
	const struct oops_report *r = only(&found, "BUG: KFENCE: out-of-bounds read in foo+0x1/0x2\n\nOut-of-bounds read at 0xffff88823bc2e000 (1B left of kfence-#17):\n" X("foo") X("bar") "\n"
		"kfence-#17 [0xffff88823bc2e001-0xffff88823bc2e020, size=32, cache=kmalloc-32] allocated by task 507:\n" X("foo_alloc") X("foo_open")
		"\nfreed by task 508:\n" X("foo_free") "\nCPU: 4 PID: 107 Comm: a Not tainted 5.11.0 #1\n");
	const struct oops_trace *alloc = oops_trace_of(r, OOPS_TRACE_ALLOC), *freed = oops_trace_of(r, OOPS_TRACE_FREE);

	(void)state;
	assert_non_null(alloc);
	assert_int_equal(alloc->task, 507);
	assert_string_equal(alloc->frames.v[0].function, "foo_alloc");
	assert_non_null(freed);
	assert_int_equal(freed->task, 508);
	assert_string_equal(oops_detail(r, "object_size"), "32");
	assert_string_equal(oops_detail(r, "cache"), "kmalloc-32");
	drop(&found);
}

/* The order that a lock's earlier stacks show, and the contexts of an inconsistent one. */
static void test_lock_evidence(void **state)
{
	struct reports found = scan_fixture("kernel/report-abba.txt");

	(void)state;
	assert_true(says(first_of(&found, "lockdep"), "The other way round: "));
	drop(&found);
	found = scan_fixture("kernel/report-irqstate.txt");
	assert_true(says(first_of(&found, "lockdep"), "waits for its own CPU for ever"));
	drop(&found);
}

/* WARN()'s own words stand before the headline. */
static void test_message(void **state)
{
	struct reports found = scan_fixture("kernel/report-refzero.txt");

	(void)state;
	assert_non_null(found.list.v[0]->message);
	assert_non_null(strstr(found.list.v[0]->message, "refcount_t: addition on 0; use-after-free."));
	drop(&found);
	found = scan_fixture("kernel/report-frozen.txt");
	assert_true(says(first_of(&found, "hung-task"), "a file system that is frozen"));
	assert_true(says(first_of(&found, "sysrq-blocked"), "touch (pid"));
	drop(&found);
	found = scan_fixture("kernel/report-hung.txt");
	assert_true(found.list.n > 1);
	assert_true(says(found.list.v[1], "The lock kf_mutex is held by kf_holder/127"));
	drop(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headlines),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_every_kind_is_explained),
		cmocka_unit_test(test_every_kind_is_found_by_words),
		cmocka_unit_test(test_architectures),
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_stock_reports),
		cmocka_unit_test(test_oom_table),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_lock_evidence),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_blame),
		cmocka_unit_test(test_lockups_of_modules),
		cmocka_unit_test(test_kfence_5_11),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
