// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traps and interrupts gone wrong: an instruction that isn't one, a stack that isn't there, an
 * interrupt that nobody wants, a work item that forgets what it holds.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/objtool.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/workqueue.h>

#include "kfail.h"

/* As BUG() does it, but not in the table of BUG()s. */
KF_TROUBLE(invalidop)
{
	asm volatile("ud2"); /* HERE: invalidop */
}
STACK_FRAME_NON_STANDARD(kf_invalidop);

/* The first fault finds no stack to put its frame on. */
KF_TROUBLE(doublefault)
{
	asm volatile("mov $64, %%rsp\n\tpush %%rax" ::: "memory"); /* HERE: doublefault */
}
STACK_FRAME_NON_STANDARD(kf_doublefault);

/* The mark at the end of the task's stack, which the scheduler looks at. */
KF_TROUBLE(stackend)
{
	*end_of_stack(current) = 0;
	schedule(); /* HERE: stackend */
}

/* An interrupt of our own making, so often that the kernel turns it off. */
static irqreturn_t kf_not_mine(int irq, void *unused)
{
	return IRQ_NONE;
}
static int kf_irq_create(void)
{
	int irq = irq_alloc_desc(0);

	if (irq < 0)
		return irq;
	irq_set_chip_and_handler(irq, &dummy_irq_chip, handle_simple_irq);
	irq_clear_status_flags(irq, IRQ_NOREQUEST);
	if (request_irq(irq, kf_not_mine, 0, "kfail", NULL)) {
		irq_free_desc(irq);
		return -EBUSY;
	}
	return irq;
}
static void kf_irq_destroy(int irq)
{
	free_irq(irq, NULL);
	irq_free_desc(irq);
}
KF_TROUBLE(nobodycared)
{
	int irq = kf_irq_create();
	unsigned int i;

	if (irq < 0)
		return;
	for (i = 0; i < arg * 1000; i++) {
		local_irq_disable();
		generic_handle_irq(irq); /* HERE: nobodycared */
		local_irq_enable();
	}
	kf_irq_destroy(irq);
}

KF_TROUBLE(irqenable)
{
	int irq = kf_irq_create();

	if (irq < 0)
		return;
	enable_irq(irq); /* HERE: irqenable */
	kf_irq_destroy(irq);
}

static void kf_leaky_work(struct work_struct *unused)
{
	preempt_disable(); /* HERE: workleak */
}
static DECLARE_WORK(kf_work_leaks, kf_leaky_work);
KF_TROUBLE(workleak)
{
	schedule_work(&kf_work_leaks);
	flush_work(&kf_work_leaks);
}

const struct kf_trouble kf_trap_table[] = {
	KF_ROW(invalidop, 0), KF_ROW(doublefault, 0), KF_ROW(stackend, 0), KF_ROW(nobodycared, 101),
	KF_ROW(irqenable, 0), KF_ROW(workleak, 0), {}
};
