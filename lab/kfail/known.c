// SPDX-License-Identifier: GPL-2.0-only
/*
 * Not trouble, but the truth to hold a tool against: a call tree with known functions,
 * arguments, return values and times; known memory that a dump must show; a race for KCSAN.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/slab.h>

#include "kfail.h"

/*
 * kf_tree(n): kf_branch(n) twice, kf_slow() once.  kf_branch(n): kf_leaf(n), kf_leaf(n + 1).
 * kf_leaf(n) returns 3n; kf_branch(n) 6n + 3; kf_slow() 2 ms and returns -5.
 */
static noinline int kf_leaf(int n)
{
	barrier();
	return 3 * n;
}
static noinline int kf_branch(int n)
{
	return kf_leaf(n) + kf_leaf(n + 1);
}
static noinline int kf_slow(void)
{
	mdelay(2);
	return -5;
}
static noinline int kf_tree_root(int n)
{
	return kf_branch(n) + kf_branch(n) + kf_slow();
}
KF_TROUBLE(tree)
{
	kf_sink = kf_tree_root(arg);
}

/* Found by name in a dump: three objects on a list, with known contents. */
struct kf_item {
	struct list_head link;
	int number;
	char name[16];
};
static LIST_HEAD(kf_item_list);
static unsigned long kf_magic __used = 0x736f6e6465;
KF_TROUBLE(items)
{
	unsigned int i;

	for (i = 1; i <= arg; i++) {
		struct kf_item *item = kzalloc(sizeof(*item), GFP_KERNEL);

		if (!item)
			return;
		item->number = i * 100;
		snprintf(item->name, sizeof(item->name), "item-%u", i);
		list_add_tail(&item->link, &kf_item_list);
	}
}

/* Two threads add to one number, neither marked nor locked. */
static int kf_shared;
static int kf_race_thread(void *unused)
{
	int i;

	for (i = 0; i < 200000 && !kthread_should_stop(); i++) {
		kf_shared++; /* HERE: race */
		barrier();
		if (i % 1000 == 0)
			cond_resched();
	}
	while (!kthread_should_stop())
		msleep(10);
	return 0;
}
KF_TROUBLE(race)
{
	struct task_struct *first = kthread_run(kf_race_thread, NULL, "kf_race_1");
	struct task_struct *second = kthread_run(kf_race_thread, NULL, "kf_race_2");

	msleep(arg * 1000);
	if (!IS_ERR(first))
		kthread_stop(first);
	if (!IS_ERR(second))
		kthread_stop(second);
}

const struct kf_trouble kf_known_table[] = {
	KF_ROW(tree, 7), KF_ROW(items, 3), KF_ROW(race, 5), {}
};
