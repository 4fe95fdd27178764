// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time taken where none should be: hung tasks, lockups, stalls, interrupts kept off.  The
 * number is how long, in seconds or, for those that end in `off`, in milliseconds.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/nmi.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "kfail.h"

static DEFINE_MUTEX(kf_mutex);

static noinline void kf_spin_for(unsigned int seconds)
{
	unsigned long end = jiffies + seconds * HZ;

	while (time_before(jiffies, end))
		cpu_relax(); /* HERE: softlockup rcustall */
}

/* One task sleeps with a mutex, another waits for it: both are in D state. */
static int kf_holder(void *seconds)
{
	mutex_lock(&kf_mutex);
	schedule_timeout_uninterruptible((long)seconds * HZ); /* HERE: hungholder */
	mutex_unlock(&kf_mutex);
	return 0;
}
static int kf_waiter(void *unused)
{
	msleep(500);
	mutex_lock(&kf_mutex); /* HERE: hung */
	mutex_unlock(&kf_mutex);
	return 0;
}
KF_TROUBLE(hung)
{
	kthread_run(kf_holder, (void *)(long)arg, "kf_holder");
	kthread_run(kf_waiter, NULL, "kf_waiter");
}

/* The writer itself in D state. */
KF_TROUBLE(dstate)
{
	schedule_timeout_uninterruptible(arg * HZ); /* HERE: dstate */
}

KF_TROUBLE(softlockup)
{
	preempt_disable();
	kf_spin_for(arg);
	preempt_enable();
}

/* Only a grace period that somebody waits for can be held up. */
KF_TROUBLE(rcustall)
{
	rcu_read_lock();
	start_poll_synchronize_rcu();
	kf_spin_for(arg);
	rcu_read_unlock();
}

/* By the clock and not by udelay(), whose calibration is off by a third and more under emulation. */
static __always_inline void kf_busy_ms(unsigned int ms)
{
	u64 end_ns = ktime_get_mono_fast_ns() + ms * 1000000ULL;

	while (ktime_get_mono_fast_ns() < end_ns)
		cpu_relax();
}

/* Interrupts off for so long that only another CPU can tell. */
KF_TROUBLE(hardlockup)
{
	unsigned long flags;

	local_irq_save(flags);
	kf_busy_ms(arg * 1000); /* HERE: hardlockup */
	local_irq_restore(flags);
}

/* A work item that keeps its worker, and so the CPU's queue, to itself. */
static void kf_busy_work(struct work_struct *unused)
{
	preempt_disable();
	kf_spin_for(12); /* HERE: workqueue */
	preempt_enable();
}
static DECLARE_WORK(kf_work, kf_busy_work);
static DECLARE_WORK(kf_work_behind, kf_busy_work);
KF_TROUBLE(workqueue)
{
	schedule_work_on(1 % num_online_cpus(), &kf_work);
	schedule_work_on(1 % num_online_cpus(), &kf_work_behind);
}

/* Known lengths, for the latency tracers. */
KF_TROUBLE(irqsoff)
{
	unsigned long flags;

	local_irq_save(flags);
	kf_busy_ms(arg); /* HERE: irqsoff */
	local_irq_restore(flags);
}

KF_TROUBLE(preemptoff)
{
	preempt_disable();
	kf_busy_ms(arg); /* HERE: preemptoff */
	preempt_enable();
}

const struct kf_trouble kf_stall_table[] = {
	KF_ROW(hung, 15), KF_ROW(dstate, 5), KF_ROW(softlockup, 16), KF_ROW(rcustall, 14), KF_ROW(hardlockup, 15),
	KF_ROW(workqueue, 0), KF_ROW(irqsoff, 20), KF_ROW(preemptoff, 15), {}
};
