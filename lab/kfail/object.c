// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects of the kernel's own kinds used against their rules: reference counts, lists, timers,
 * kobjects, files in proc and sysfs, copies to user space.
 */
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "kfail.h"

static refcount_t kf_count;

KF_TROUBLE(refzero)
{
	refcount_set(&kf_count, 0);
	refcount_inc(&kf_count); /* HERE: refzero */
}

KF_TROUBLE(refunder)
{
	refcount_set(&kf_count, 0);
	kf_sink = refcount_dec_and_test(&kf_count); /* HERE: refunder */
}

KF_TROUBLE(listdel)
{
	struct list_head head, item, stranger;

	INIT_LIST_HEAD(&head);
	INIT_LIST_HEAD(&stranger);
	list_add(&item, &head);
	item.prev = &stranger;
	list_del(&item); /* HERE: listdel */
}

KF_TROUBLE(listadd)
{
	LIST_HEAD(head);
	struct list_head item;

	list_add(&item, &head);
	list_add(&item, &head); /* HERE: listadd */
}

/* A timer that is running is freed with the memory around it. */
static void kf_timer_function(struct timer_list *unused)
{
}
KF_TROUBLE(timerfree)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	timer_setup(timer, kf_timer_function, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer); /* HERE: timerfree */
}

KF_TROUBLE(kobject)
{
	static struct kobject object;
	static const struct kobj_type type = {};

	kobject_init(&object, (struct kobj_type *)&type);
	kobject_init(&object, (struct kobj_type *)&type); /* HERE: kobject */
}

KF_TROUBLE(sysfsdup)
{
	struct kobject *first = kobject_create_and_add("kfail_twice", NULL);
	struct kobject *second = kobject_create_and_add("kfail_twice", NULL); /* HERE: sysfsdup */

	kobject_put(second);
	kobject_put(first);
}

KF_TROUBLE(procdup)
{
	proc_mkdir("kfail_twice", NULL);
	proc_mkdir("kfail_twice", NULL); /* HERE: procdup */
	remove_proc_entry("kfail_twice", NULL);
}

/* More bytes to user space than the object has. */
KF_TROUBLE(usercopy)
{
	char *p = kmalloc(16, GFP_KERNEL);
	unsigned long stack = current->mm->start_stack & ~4095UL;
	size_t size = 109 + kf_zero;

	OPTIMIZER_HIDE_VAR(p);
	kf_sink = copy_to_user((void __user *)stack, p, size); /* HERE: usercopy */
	kfree(p);
}

const struct kf_trouble kf_object_table[] = {
	KF_ROW(refzero, 0), KF_ROW(refunder, 0), KF_ROW(listdel, 0), KF_ROW(listadd, 0), KF_ROW(timerfree, 0),
	KF_ROW(kobject, 0), KF_ROW(sysfsdup, 0), KF_ROW(procdup, 0), KF_ROW(usercopy, 0), {}
};
