/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whoever adds looks at the clock (some 30 ns) and draws when a tenth of a second has passed
 * since the last drawing; a compare-and-swap on that moment chooses one thread.
 */
#include "base/clock.h"
#include "base/progress.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_COLUMNS = 20 };
static const uint64_t again_ns = 100000000;

struct progress {
	char *what;
	uint64_t total, start_ns;
	_Atomic uint64_t done, next_ns;
	atomic_bool drawn;
	bool silent;
};

struct progress *progress_create(const char *what, uint64_t total)
{
	return progress_create_after(what, total, 1000000000);
}

struct progress *progress_create_after(const char *what, uint64_t total, uint64_t first_ns)
{
	struct progress *p = mem_calloc(1, sizeof(*p));

	p->what = mem_strdup(what);
	p->total = total;
	p->start_ns = clock_now_ns();
	atomic_store(&p->next_ns, p->start_ns + first_ns);
	p->silent = !isatty(STDERR_FILENO) || log_get_level() < LOG_NOTE;
	return p;
}

static void put(struct str *line)
{
	err_destroy(io_write_all(STDERR_FILENO, str_text(line), line->length, "stderr"));
}

static void draw_share(struct str *line, const struct progress *p, uint64_t done, uint64_t elapsed_ns)
{
	double share = (double)done / (double)p->total;
	unsigned full;

	if (share > 1)
		share = 1;
	full = (unsigned)(share * BAR_COLUMNS);
	str_add_repeat(line, '#', full);
	str_add_repeat(line, '.', BAR_COLUMNS - full);
	str_printf(line, "  %.0f %%", share * 100);
	if (share > 0.02)
		str_printf(line, "  %.0f s left", (double)elapsed_ns / 1e9 * (1 - share) / share);
}

static void draw(struct progress *p, uint64_t now)
{
	uint64_t done = atomic_load(&p->done);
	struct str line;

	str_init(&line);
	str_printf(&line, "\r\033[Ksonde: %s  ", p->what);
	if (p->total)
		draw_share(&line, p, done, now - p->start_ns);
	else
		str_printf(&line, "%" PRIu64, done);
	put(&line);
	str_deinit(&line);
	atomic_store(&p->drawn, true);
}

void progress_add(struct progress *p, uint64_t count)
{
	atomic_fetch_add_explicit(&p->done, count, memory_order_relaxed);
	if (p->silent)
		return;

	uint64_t now = clock_now_ns(), next = atomic_load(&p->next_ns);

	if (now >= next && atomic_compare_exchange_strong(&p->next_ns, &next, now + again_ns))
		draw(p, now);
}

static void erase(struct progress *p)
{
	struct str line;

	if (!atomic_exchange(&p->drawn, false))
		return;
	str_init(&line);
	str_add(&line, "\r\033[K");
	put(&line);
	str_deinit(&line);
}

void progress_report(void *progress, uint64_t done, uint64_t total)
{
	struct progress *p = progress;

	p->total = total;
	atomic_store_explicit(&p->done, done, memory_order_relaxed);
	if (done < total || total == 0)
		progress_add(p, 0);
	else
		erase(p);
}

void progress_destroy(struct progress *p)
{
	if (p == NULL)
		return;
	erase(p);
	free(p->what);
	free(p);
}
