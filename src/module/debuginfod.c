/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library calls us back several times a second while it works.  All limits are held there:
 * it is told to stop when nothing arrived for too long, when the file is too large, or when
 * Ctrl-C was pressed; for that SIGINT is ours during a download.  One download at a time: there
 * is one terminal and one Ctrl-C.
 */
#include "module/debuginfod.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_S = 10 };
#define MAX_BYTES ((uint64_t)2 << 30)

/* elfutils/debuginfod.h, of elfutils 0.179 and later. */
typedef struct debuginfod_client client;
typedef int progress_fn(client *c, long a, long b);
struct library {
	client *(*begin)(void);
	void (*end)(client *c);
	void (*set_progressfn)(client *c, progress_fn *fn);
	void (*set_user_data)(client *c, void *user);
	void *(*get_user_data)(client *c);
	int (*find[2])(client *c, const unsigned char *build_id, int build_id_bytes, char **path);
};

enum stop { GOES_ON, STOP_SLOW, STOP_LARGE, STOP_CANCELLED };

struct download {
	struct progress *progress;
	uint64_t timeout_s, max_bytes;
	long done;
	int64_t since_s; /* nothing arrived */
	enum stop stop;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t cancelled; /* stays: who cancels one does not want the next */

static void on_sigint(int number) { cancelled = 1; }

static int64_t now_s(void) { return (int64_t)(clock_now_ns() / 1000000000); }

/* --- the library ------------------------------------------------------------------------- */

/* Loaded once and never unloaded: libcurl does not like that. */
static bool load(struct library *l)
{
	void *handle = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	const struct {
		const char *name;
		void *at;
	} symbols[] = {
		{ "debuginfod_begin", &l->begin },
		{ "debuginfod_end", &l->end },
		{ "debuginfod_set_progressfn", &l->set_progressfn },
		{ "debuginfod_set_user_data", &l->set_user_data },
		{ "debuginfod_get_user_data", &l->get_user_data },
		{ "debuginfod_find_debuginfo", &l->find[DEBUGINFOD_DEBUGINFO] },
		{ "debuginfod_find_executable", &l->find[DEBUGINFOD_EXECUTABLE] },
	};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *symbol = handle ? dlsym(handle, symbols[i].name) : NULL;

		if (symbol == NULL)
			return false;
		memcpy(symbols[i].at, &symbol, sizeof(symbol));
	}
	return true;
}

static struct library the_library;
static int the_progress(client *c, long done, long total)
{
	struct download *d = the_library.get_user_data(c);

	if (done != d->done) {
		d->done = done;
		d->since_s = now_s();
	}
	if (total > 0)
		progress_report(d->progress, (uint64_t)done, (uint64_t)total);
	if (cancelled)
		d->stop = STOP_CANCELLED;
	else if ((total > 0 && (uint64_t)total > d->max_bytes) || (done > 0 && (uint64_t)done > d->max_bytes))
		d->stop = STOP_LARGE;
	else if (now_s() - d->since_s >= (int64_t)d->timeout_s)
		d->stop = STOP_SLOW;
	return d->stop != GOES_ON;
}

/* --- asking ------------------------------------------------------------------------------ */

static bool is_wanted(enum debuginfod_when when)
{
	const char *urls = getenv("DEBUGINFOD_URLS"), *own = getenv("SONDE_DEBUGINFOD");

	if (urls == NULL || urls[strspn(urls, " ")] == '\0' || cancelled)
		return false;
	if (when == DEBUGINFOD_AUTO && own != NULL)
		when = strcmp(own, "always") == 0  ? DEBUGINFOD_ALWAYS
		       : strcmp(own, "never") == 0 ? DEBUGINFOD_NEVER
						   : DEBUGINFOD_AUTO;
	return when == DEBUGINFOD_ALWAYS || (when == DEBUGINFOD_AUTO && isatty(STDERR_FILENO));
}

static uint64_t limit_from(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	uint64_t value = text != NULL ? strtoull(text, NULL, 10) : 0;

	return value > 0 ? value : otherwise;
}

static char *why_not(const struct download *d, int result)
{
	switch (d->stop) {
	case STOP_SLOW:
		return mem_printf("debuginfod sent nothing for %llu s", (unsigned long long)d->timeout_s);
	case STOP_LARGE:
		return mem_printf("debuginfod's file is larger than %llu MiB (DEBUGINFOD_MAXSIZE)",
				  (unsigned long long)(d->max_bytes >> 20));
	case STOP_CANCELLED:
		return mem_strdup("debuginfod was cancelled");
	default:
		break;
	}
	if (result == -ETIME)
		return mem_printf("debuginfod sent nothing for %llu s", (unsigned long long)d->timeout_s);
	if (result == -ENOENT)
		return mem_strdup("debuginfod does not have it");
	return mem_printf("debuginfod could not be asked: %s", strerror(result < 0 ? -result : EIO));
}

static int download(struct download *d, const struct build_id *id, enum debuginfod_file file)
{
	struct sigaction ours = { .sa_handler = on_sigint }, before;
	client *c = the_library.begin();
	int result;

	if (c == NULL)
		return -ENOMEM;
	the_library.set_user_data(c, d);
	the_library.set_progressfn(c, the_progress);
	sigaction(SIGINT, &ours, &before);
	result = the_library.find[file](c, id->bytes, id->size, NULL);
	sigaction(SIGINT, &before, NULL);
	the_library.end(c);
	return result;
}

int debuginfod_fetch(const struct build_id *id, enum debuginfod_file file, enum debuginfod_when when,
		     const char *name, char **why)
{
	*why = NULL;
	if (id->size == 0 || !is_wanted(when))
		return -1;
	pthread_mutex_lock(&one_at_a_time);
	if (!load(&the_library)) {
		pthread_mutex_unlock(&one_at_a_time);
		*why = mem_strdup("DEBUGINFOD_URLS is set, but libdebuginfod is not installed");
		return -1;
	}

	CLEANUP(mem_freep) char *what = mem_printf("debug information of %s from debuginfod", name);
	struct download d = { .progress = progress_create(what, 0), .since_s = now_s(),
			      .timeout_s = limit_from("DEBUGINFOD_TIMEOUT", TIMEOUT_S),
			      .max_bytes = limit_from("DEBUGINFOD_MAXSIZE", MAX_BYTES) };
	int result = download(&d, id, file);

	progress_destroy(d.progress);
	if (result < 0)
		*why = why_not(&d, result);
	pthread_mutex_unlock(&one_at_a_time);
	return result < 0 ? -1 : result;
}
