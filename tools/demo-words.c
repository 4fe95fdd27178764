/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * words FILE...: counts the words of the files, over and over for some seconds, in threads of
 * three sorts that hand work to each other:
 *
 *   read      puts lines into a queue
 *   count     two of them: take lines, hash the words, count them in a shared table
 *   sort      every so often sorts the table to find the ten most frequent
 *
 * make demo records it.  What a profile should show: hashing and comparing in `count`, qsort
 * in `sort`, and how much of `count` is one lock.
 */
#define _GNU_SOURCE /* pthread_setname_np */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COUNTERS = 2, QUEUE = 1024, SLOTS = 1 << 16, SECONDS = 6 };

struct word {
	char *text;
	uint64_t count;
};
static struct word table[SLOTS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static char *queue[QUEUE];
static unsigned queue_head, queue_tail;
static atomic_bool at_end;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_changed = PTHREAD_COND_INITIALIZER;

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- read ---------------------------------------------------------------------------------- */

static void put_line(const char *line)
{
	pthread_mutex_lock(&queue_lock);
	while (queue_tail - queue_head == QUEUE)
		pthread_cond_wait(&queue_changed, &queue_lock);
	queue[queue_tail++ % QUEUE] = strdup(line);
	pthread_cond_broadcast(&queue_changed);
	pthread_mutex_unlock(&queue_lock);
}

static void read_file(const char *path)
{
	char line[4096];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		put_line(line);
	if (f)
		fclose(f);
}

static void *read_thread(void *files)
{
	double end = seconds_now() + SECONDS;

	pthread_setname_np(pthread_self(), "read");
	while (seconds_now() < end)
		for (char **file = files; *file; file++)
			read_file(*file);
	pthread_mutex_lock(&queue_lock);
	at_end = true;
	pthread_cond_broadcast(&queue_changed);
	pthread_mutex_unlock(&queue_lock);
	return NULL;
}

/* --- count ---------------------------------------------------------------------------------- */

static char *take_line(void)
{
	char *line = NULL;

	pthread_mutex_lock(&queue_lock);
	while (queue_head == queue_tail && !at_end)
		pthread_cond_wait(&queue_changed, &queue_lock);
	if (queue_head != queue_tail)
		line = queue[queue_head++ % QUEUE];
	pthread_cond_broadcast(&queue_changed);
	pthread_mutex_unlock(&queue_lock);
	return line;
}

static uint32_t hash_word(const char *word, size_t length)
{
	uint32_t hash = 2166136261u;

	/* slower than it has to be, so that there is something to see */
	for (int round = 0; round < 16; round++)
		for (size_t i = 0; i < length; i++)
			hash = (hash ^ (uint8_t)word[i]) * 16777619u;
	return hash;
}

static void count_word(const char *word, size_t length)
{
	uint32_t slot = hash_word(word, length) % SLOTS;

	pthread_mutex_lock(&table_lock);
	for (unsigned tries = 0; tries < SLOTS; tries++, slot = (slot + 1) % SLOTS) {
		if (table[slot].text == NULL)
			table[slot].text = strndup(word, length);
		if (strncmp(table[slot].text, word, length) == 0 && table[slot].text[length] == '\0') {
			table[slot].count++;
			break;
		}
	}
	pthread_mutex_unlock(&table_lock);
}

static void count_line(const char *line)
{
	while (*line) {
		size_t length = strcspn(line, " \t\n()[]{};,.*&<>\"'");

		if (length)
			count_word(line, length);
		line += length + (line[length] != '\0');
	}
}

static void *count_thread(void *unused)
{
	char *line;

	pthread_setname_np(pthread_self(), "count");
	while ((line = take_line()) != NULL) {
		count_line(line);
		free(line);
	}
	return unused;
}

/* --- sort ------------------------------------------------------------------------------------- */

static int by_count(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static void *sort_thread(void *unused)
{
	static struct word copy[SLOTS];

	pthread_setname_np(pthread_self(), "sort");
	while (!at_end) {
		pthread_mutex_lock(&table_lock);
		memcpy(copy, table, sizeof(copy));
		pthread_mutex_unlock(&table_lock);
		qsort(copy, SLOTS, sizeof(*copy), by_count);
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	for (int i = 0; i < 10 && copy[i].text; i++)
		printf("%10llu %s\n", (unsigned long long)copy[i].count, copy[i].text);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[COUNTERS + 2];

	if (argc < 2) {
		fprintf(stderr, "usage: words FILE...\n");
		return 2;
	}
	pthread_create(&threads[0], NULL, read_thread, argv + 1);
	pthread_create(&threads[1], NULL, sort_thread, NULL);
	for (int i = 0; i < COUNTERS; i++)
		pthread_create(&threads[2 + i], NULL, count_thread, NULL);
	for (int i = 0; i < COUNTERS + 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
