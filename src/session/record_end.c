/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said when a recording has ended: how much it holds, whether it is whole, and what to type next. */
#include "session/session.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "record/recorder.h"

#include <stdlib.h>

/* "31 system calls, 4 samples". */
static void add_rows(const struct session_end *e, struct str *line)
{
	if (e->calls)
		str_printf(line, "%s system call%s", units_count(e->calls).text, e->calls == 1 ? "" : "s");
	if (e->calls && !e->calls_alone)
		str_printf(line, ", %s sample%s", units_count(e->samples).text, e->samples == 1 ? "" : "s");
	if (!e->calls)
		str_printf(line, "%s %s%s", units_count(e->totals.rows).text, e->samples_alone ? "sample" : "event",
			   e->totals.rows == 1 ? "" : "s");
}

void session_say_end(const struct session_end *e)
{
	struct str line;

	str_init(&line);
	str_printf(&line, "%s wall", units_duration_ns((double)e->wall_ns).text);
	if (e->cpu_ns)
		str_printf(&line, ", %s CPU", units_duration_ns((double)*e->cpu_ns).text);
	str_printf(&line, " in %s process%s", units_count(e->tracked.processes).text,
		   e->tracked.processes == 1 ? "" : "es");
	if (e->tracked.threads > e->tracked.processes)
		str_printf(&line, " (%s threads)", units_count(e->tracked.threads).text);
	str_add(&line, "; ");
	add_rows(e, &line);
	str_printf(&line, ", %s lost; %s", units_count(e->totals.lost + e->totals.source_lost).text,
		   units_bytes((double)e->totals.bytes).text);
	log_note("%s", str_text(&line));
	str_deinit(&line);
}

struct err *session_cut_short(const struct recorder *r)
{
	const struct err *cut = recorder_borrow_error(r);
	struct err *err;

	if (cut == NULL)
		return NULL;
	err = err_new(err_code(cut), "the recording was cut short: %s", err_message(cut));
	return err_advice(cut) ? err_fix(err, "%s", err_advice(cut)) : err;
}

void session_say_next(const char *recording, bool calls_alone)
{
	CLEANUP(mem_freep) char *path = str_quote_shell(recording);

	if (calls_alone)
		log_note("  waits: sonde trace %s --waits      report: sonde report %s", path, path);
	else
		log_note("  report: sonde report %s      page: sonde flame %s", path, path);
}
