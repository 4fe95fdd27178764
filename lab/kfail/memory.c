// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory used wrongly: what KASAN, KFENCE, UBSAN, the slab's own checks, the page allocator
 * and kmemleak report.  Allocation and release are functions of their own, because a good
 * report names all three: who allocated, who freed, who used.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kfence.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "kfail.h"

struct kf_object {
	struct rcu_head rcu;
	struct work_struct work;
	char bytes[100];
};

static noinline char *kf_new(size_t size)
{
	return kmalloc(size, GFP_KERNEL); /* HERE: alloc */
}
static noinline void kf_free(void *pointer)
{
	kfree(pointer); /* HERE: free */
}

KF_TROUBLE(oob)
{
	char *p = kf_new(100);

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[104], 1); /* HERE: oob */
	kf_free(p);
}

KF_TROUBLE(oobread)
{
	char *p = kf_new(100);

	OPTIMIZER_HIDE_VAR(p);
	kf_sink = READ_ONCE(p[-1]); /* HERE: oobread */
	kf_free(p);
}

KF_TROUBLE(uaf)
{
	char *p = kf_new(100);

	OPTIMIZER_HIDE_VAR(p);
	kf_free(p);
	kf_sink = READ_ONCE(p[8]); /* HERE: uaf */
}

KF_TROUBLE(uafwrite)
{
	char *p = kf_new(100);

	OPTIMIZER_HIDE_VAR(p);
	kf_free(p);
	WRITE_ONCE(p[8], 1); /* HERE: uafwrite */
}

/* Freed by RCU while a pointer to it is kept: the report names the call_rcu too. */
static void kf_free_later(struct rcu_head *head)
{
	kf_free(container_of(head, struct kf_object, rcu));
}
KF_TROUBLE(uafrcu)
{
	struct kf_object *object = (struct kf_object *)kf_new(sizeof(*object));

	OPTIMIZER_HIDE_VAR(object);
	call_rcu(&object->rcu, kf_free_later);
	rcu_barrier();
	kf_sink = READ_ONCE(object->bytes[0]); /* HERE: uafrcu */
}

KF_TROUBLE(doublefree)
{
	char *p = kf_new(64);

	OPTIMIZER_HIDE_VAR(p);
	kf_free(p);
	kfree(p); /* HERE: doublefree */
}

KF_TROUBLE(invalidfree)
{
	char *p = kf_new(64);

	OPTIMIZER_HIDE_VAR(p);
	kfree(p + 8); /* HERE: invalidfree */
}

KF_TROUBLE(stackoob)
{
	char room[16];
	volatile char *p = room;

	p[0] = 0;
	p[17 + kf_zero] = 1; /* HERE: stackoob */
	kf_sink = p[0];
}

static char kf_global[40];
KF_TROUBLE(globaloob)
{
	volatile char *p = kf_global;

	kf_sink = p[43 + kf_zero]; /* HERE: globaloob */
}

KF_TROUBLE(vmallocoob)
{
	char *p = vmalloc(PAGE_SIZE / 2);

	OPTIMIZER_HIDE_VAR(p);
	kf_sink = READ_ONCE(p[PAGE_SIZE / 2]); /* HERE: vmallocoob */
	vfree(p);
}

KF_TROUBLE(pageuaf)
{
	char *p = (char *)__get_free_pages(GFP_KERNEL, 1);

	OPTIMIZER_HIDE_VAR(p);
	free_pages((unsigned long)p, 1);
	kf_sink = READ_ONCE(p[16]); /* HERE: pageuaf */
}

/*
 * KFENCE watches one allocation in a while: allocate until it takes ours, and be past KASAN,
 * which would see the same first.
 */
static noinline char *kf_new_watched(void)
{
	char *p;
	int i;

	for (i = 0; i < 20000; i++) {
		p = kf_new(32);
		if (is_kfence_address(p))
			return p;
		kf_free(p);
		usleep_range(100, 200);
	}
	pr_err("kfail: KFENCE took none of %d objects; boot with kfence.sample_interval=10\n", i);
	return NULL;
}
static noinline __no_sanitize_address char kf_read_unseen(const char *p)
{
	return *(const volatile char *)p; /* HERE: kfenceoob kfenceuaf */
}
static noinline __no_sanitize_address void kf_write_unseen(char *p, char value)
{
	*(volatile char *)p = value;
}

KF_TROUBLE(kfenceoob)
{
	char *p = kf_new_watched();

	/* The object lies at one end of its page: leave the page by the nearer side. */
	if (p)
		kf_sink = kf_read_unseen(offset_in_page(p) ? p + 40 : p - 8);
	kf_free(p);
}

KF_TROUBLE(kfenceuaf)
{
	char *p = kf_new_watched();

	if (!p)
		return;
	kf_free(p);
	kf_sink = kf_read_unseen(p + 4);
}

KF_TROUBLE(kfencefree)
{
	char *p = kf_new_watched();

	if (!p)
		return;
	kf_free(p);
	kfree(p); /* HERE: kfencefree */
}

/* The slab's own checks, in a cache that asks for them; writes that KASAN doesn't see. */
static struct kmem_cache *kf_checked_cache(void)
{
	return kmem_cache_create("kfail_checked", 72, 0, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS,
				 NULL);
}
KF_TROUBLE(redzone)
{
	struct kmem_cache *cache = kf_checked_cache();
	char *p = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;

	if (!p)
		return;
	kf_write_unseen(p + 72, 1);
	kmem_cache_free(cache, p); /* HERE: redzone */
	kmem_cache_destroy(cache);
}

/*
 * KASAN keeps freed objects in quarantine, where the slab hasn't poisoned them yet; shrinking
 * the cache lets them out.  A second object keeps the slab from going as a whole.
 */
KF_TROUBLE(poison)
{
	struct kmem_cache *cache = kf_checked_cache();
	char *keeper = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
	char *p = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;

	if (!p || !keeper)
		return;
	kmem_cache_free(cache, p);
	kmem_cache_shrink(cache);
	kf_write_unseen(p + 64, 1); /* KASAN's own notes lie in the first bytes */
	kmem_cache_free(cache, keeper);
	kmem_cache_destroy(cache); /* HERE: poison */
}

/* A cache that is destroyed while an object of it lives. */
KF_TROUBLE(cachebusy)
{
	struct kmem_cache *cache = kmem_cache_create("kfail_busy", 200, 0, 0, NULL);

	kf_sink = (long)kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_destroy(cache); /* HERE: cachebusy */
}

KF_TROUBLE(shift)
{
	int bits = 77 + (int)kf_zero;

	kf_sink = 1 << bits; /* HERE: shift */
}

static int kf_array[4];
KF_TROUBLE(bounds)
{
	int index = 9 + (int)kf_zero;

	kf_sink = kf_array[index]; /* HERE: bounds */
}

KF_TROUBLE(bool)
{
	static volatile char byte = 7;

	kf_sink = *(volatile bool *)&byte; /* HERE: bool */
}

/* A copy longer than the array it names: FORTIFY_SOURCE. */
KF_TROUBLE(fortify)
{
	struct {
		char small[8];
		char rest[56];
	} *p = kzalloc(sizeof(*p), GFP_KERNEL);
	size_t size = 16 + kf_zero;

	if (p)
		memcpy(p->small, "0123456789abcdef", size); /* HERE: fortify */
	kf_free(p);
}

/* Three leaks of one allocator each, and how many of each. */
static noinline void kf_leak_kmalloc(unsigned int count)
{
	while (count--)
		memset(kmalloc(256, GFP_KERNEL), 'k', 256); /* HERE: leak */
}
static noinline void kf_leak_vmalloc(unsigned int count)
{
	while (count--)
		memset(vmalloc(3 * PAGE_SIZE), 'v', 3 * PAGE_SIZE);
}
KF_TROUBLE(leak)
{
	kf_leak_kmalloc(arg);
	kf_leak_vmalloc(1);
}

/* More in large pieces than there is, from a context that can't wait. */
KF_TROUBLE(allocfail)
{
	struct page *page, *taken = NULL;

	while ((page = alloc_pages(GFP_ATOMIC, arg))) { /* HERE: allocfail */
		page->private = (unsigned long)taken;
		taken = page;
	}
	while (taken) {
		page = taken;
		taken = (struct page *)page->private;
		page->private = 0;
		__free_pages(page, arg);
	}
}

/* An allocation that a test can make fail by fault injection (failslab, fail_page_alloc). */
KF_TROUBLE(alloc)
{
	char *p = kf_new(100);

	pr_info("kfail: alloc %s\n", p ? "worked" : "failed");
	kf_free(p);
}

/* A page given back while it still counts a user. */
KF_TROUBLE(badpage)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	atomic_set(&page->_mapcount, 3);
	__free_page(page); /* HERE: badpage */
}

const struct kf_trouble kf_memory_table[] = {
	KF_ROW(oob, 0), KF_ROW(oobread, 0), KF_ROW(uaf, 0), KF_ROW(uafwrite, 0), KF_ROW(uafrcu, 0),
	KF_ROW(doublefree, 0), KF_ROW(invalidfree, 0), KF_ROW(stackoob, 0), KF_ROW(globaloob, 0),
	KF_ROW(vmallocoob, 0), KF_ROW(pageuaf, 0), KF_ROW(kfenceoob, 0), KF_ROW(kfenceuaf, 0),
	KF_ROW(kfencefree, 0), KF_ROW(redzone, 0), KF_ROW(poison, 0), KF_ROW(cachebusy, 0),
	KF_ROW(shift, 0), KF_ROW(bounds, 0), KF_ROW(bool, 0), KF_ROW(fortify, 0), KF_ROW(leak, 3),
	KF_ROW(allocfail, 10), KF_ROW(alloc, 0), KF_ROW(badpage, 0), {}
};
