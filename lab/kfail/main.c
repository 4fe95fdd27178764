// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door: a file in debugfs that takes a word and makes that trouble, and that lists the
 * words when read.  The word is logged first, so that a console shows what was asked for.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "kfail.h"

volatile long kf_sink;
volatile long kf_zero;

static const struct kf_trouble *const kf_tables[] = {
	kf_oops_table, kf_memory_table, kf_lock_table, kf_stall_table, kf_object_table, kf_trap_table, kf_known_table,
};

static const struct kf_trouble *kf_find(const char *word)
{
	const struct kf_trouble *trouble;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kf_tables); i++)
		for (trouble = kf_tables[i]; trouble->word; trouble++)
			if (!strcmp(trouble->word, word))
				return trouble;
	return NULL;
}

static ssize_t kf_write(struct file *file, const char __user *user, size_t size, loff_t *offset)
{
	const struct kf_trouble *trouble;
	char text[48] = "", *word, *number = text;
	unsigned int arg;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, user, size))
		return -EFAULT;
	number = strim(text);
	word = strsep(&number, " ");
	trouble = kf_find(word);
	if (!trouble)
		return -EINVAL;
	arg = trouble->arg;
	if (number && kstrtouint(number, 0, &arg))
		return -EINVAL;
	pr_info("kfail: %s %u\n", trouble->word, arg);
	trouble->make(arg);
	pr_info("kfail: %s survived\n", trouble->word);
	return size;
}

static int kf_show(struct seq_file *seq, void *unused)
{
	const struct kf_trouble *trouble;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kf_tables); i++)
		for (trouble = kf_tables[i]; trouble->word; trouble++)
			seq_printf(seq, "%s %u\n", trouble->word, trouble->arg);
	return 0;
}

static int kf_open(struct inode *inode, struct file *file)
{
	return single_open(file, kf_show, NULL);
}

static const struct file_operations kf_operations = {
	.owner = THIS_MODULE,
	.open = kf_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
	.write = kf_write,
};

static struct dentry *kf_file;

static int __init kf_init(void)
{
	kf_file = debugfs_create_file("kfail", 0600, NULL, NULL, &kf_operations);
	return PTR_ERR_OR_ZERO(kf_file);
}

static void __exit kf_exit(void)
{
	debugfs_remove(kf_file);
}

module_init(kf_init);
module_exit(kf_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes every kind of kernel report on request");
