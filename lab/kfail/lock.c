// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks taken wrongly, which lockdep and its relatives report.  Lockdep speaks once a boot:
 * each of these needs a guest of its own.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "kfail.h"

static DEFINE_MUTEX(kf_lock_a);
static DEFINE_MUTEX(kf_lock_b);
static DEFINE_SPINLOCK(kf_lock_irq);
static DEFINE_SPINLOCK(kf_lock_plain);

/* A before B in one function, B before A in another: a deadlock that didn't happen yet. */
static noinline void kf_take_a_then_b(void)
{
	mutex_lock(&kf_lock_a);
	mutex_lock(&kf_lock_b);
	mutex_unlock(&kf_lock_b);
	mutex_unlock(&kf_lock_a);
}
static noinline void kf_take_b_then_a(void)
{
	mutex_lock(&kf_lock_b);
	mutex_lock(&kf_lock_a); /* HERE: abba */
	mutex_unlock(&kf_lock_a);
	mutex_unlock(&kf_lock_b);
}
KF_TROUBLE(abba)
{
	kf_take_a_then_b();
	kf_take_b_then_a();
}

/* The same lock in a tasklet and, with interrupts on, outside. */
static void kf_tasklet_function(struct tasklet_struct *unused)
{
	spin_lock(&kf_lock_irq); /* HERE: irqstate irqorder */
	spin_unlock(&kf_lock_irq);
}
static DECLARE_TASKLET(kf_tasklet, kf_tasklet_function);
KF_TROUBLE(irqstate)
{
	spin_lock(&kf_lock_irq);
	spin_unlock(&kf_lock_irq);
	tasklet_schedule(&kf_tasklet);
	msleep(50);
}

/* A lock that a softirq takes, held while one is taken that softirqs may interrupt: blame the softirq. */
KF_TROUBLE(irqorder)
{
	spin_lock_bh(&kf_lock_irq);
	spin_unlock_bh(&kf_lock_irq);
	tasklet_schedule(&kf_tasklet);
	msleep(50);
	spin_lock(&kf_lock_plain);
	spin_unlock(&kf_lock_plain);
	spin_lock_bh(&kf_lock_irq);
	spin_lock(&kf_lock_plain);
	spin_unlock(&kf_lock_plain);
	spin_unlock_bh(&kf_lock_irq);
}

/* Taken twice by the same task: reported, and then it hangs for good. */
KF_TROUBLE(recursive)
{
	mutex_lock(&kf_lock_a);
	mutex_lock(&kf_lock_a); /* HERE: recursive */
}

KF_TROUBLE(badunlock)
{
	mutex_unlock(&kf_lock_b); /* HERE: badunlock */
}

/* Held on the way back to user space. */
KF_TROUBLE(heldlock)
{
	mutex_lock(&kf_lock_a); /* HERE: heldlock */
}

KF_TROUBLE(heldfree)
{
	struct mutex *mutex = kmalloc(sizeof(*mutex), GFP_KERNEL);

	mutex_init(mutex);
	mutex_lock(mutex);
	kfree(mutex); /* HERE: heldfree */
}

KF_TROUBLE(badmagic)
{
	static spinlock_t never_initialised;

	spin_lock(&never_initialised); /* HERE: badmagic */
	spin_unlock(&never_initialised);
}

KF_TROUBLE(rcuusage)
{
	static int __rcu *pointer;

	kf_sink = (long)rcu_dereference(pointer); /* HERE: rcuusage */
}

/* Contexts that must not sleep. */
KF_TROUBLE(mightsleep)
{
	spin_lock(&kf_lock_plain);
	might_sleep(); /* HERE: mightsleep */
	spin_unlock(&kf_lock_plain);
}

KF_TROUBLE(atomicsleep)
{
	spin_lock(&kf_lock_plain);
	schedule_timeout_uninterruptible(2); /* HERE: atomicsleep */
	spin_unlock(&kf_lock_plain);
}

KF_TROUBLE(rcusleep)
{
	rcu_read_lock();
	schedule_timeout_uninterruptible(2); /* HERE: rcusleep */
	rcu_read_unlock();
}

KF_TROUBLE(preemptible)
{
	kf_sink = smp_processor_id(); /* HERE: preemptible */
}

const struct kf_trouble kf_lock_table[] = {
	KF_ROW(abba, 0), KF_ROW(irqstate, 0), KF_ROW(irqorder, 0), KF_ROW(recursive, 0), KF_ROW(badunlock, 0),
	KF_ROW(heldlock, 0), KF_ROW(heldfree, 0), KF_ROW(badmagic, 0), KF_ROW(rcuusage, 0),
	KF_ROW(mightsleep, 0), KF_ROW(atomicsleep, 0), KF_ROW(rcusleep, 0), KF_ROW(preemptible, 0), {}
};
