/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table `lost` has a row a second and CPU; people want to know once, of each source, how much. */
#include "view/losses.h"

#include "base/log.h"
#include "base/str.h"
#include "base/units.h"
#include "base/vec.h"
#include "record/recording.h"
#include "render/doc.h"

#include <stdlib.h>

static void add_loss(struct recording *r, struct losses *l, uint32_t source, uint32_t reason, uint64_t count)
{
	const char *source_text = recording_string(r, source), *reason_text = recording_string(r, reason);
	struct loss *loss = NULL;

	for (size_t i = 0; i < l->n && !loss; i++)
		if (str_eq(l->v[i].source, source_text) &&
		    str_eq(l->v[i].reason, reason_text))
			loss = &l->v[i];
	if (!loss) {
		if (l->n >= 64)
			return;
		loss = vec_add(l);
		loss->source = source_text;
		loss->reason = reason_text;
	}
	loss->count += count;
	loss->unknown |= count == 0;
}

struct err *losses_read(struct recording *r, struct losses *ret)
{
	static const char *const columns[] = { "count", "source", "reason", NULL };
	const struct scan_options options = { .columns = columns };
	struct scan *scan;
	struct batch batch;
	bool more;
	struct err *err;

	if (!recording_find_table(r, "lost"))
		return NULL;
	TRY(scan_create(r, "lost", &options, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more)
		for (size_t i = 0; i < batch.rows; i++)
			add_loss(r, ret, batch.columns[1].u32[i], batch.columns[2].u32[i],
				 batch.columns[0].u64[i]);
	scan_destroy(scan);
	return err;
}

void losses_deinit(struct losses *l) { vec_deinit(l); }

/* Is the end of it missing?  Why is appended to OUT. */
static bool add_state(const struct recording *r, struct str *out)
{
	const struct recording_meta *meta = recording_borrow_meta(r);

	if (meta->state == RECORDING_LIVE)
		str_add(out, "the recording is still running: this is what there is so far");
	if (meta->state == RECORDING_CUT)
		str_printf(out, "the recording was cut short: %s",
			   meta->why_cut ? meta->why_cut : "its recorder did not end it");
	return out->length > 0;
}

/* What makes the numbers of RECORDING doubtful as a whole, appended to OUT, one at a time: its end is missing, or files are
 * damaged (which is told once).  ROUND counts from 0; false: nothing more. */
static bool next_state(struct recording *r, unsigned round, struct str *out)
{
	return (round == 0 && add_state(r, out)) || recording_next_damage(r, out);
}

/* What is missing is appended to OUT; returned is what makes it less, NULL: nobody knows. */
static const char *add_loss_text(const struct loss *loss, struct str *out)
{
	if (loss->unknown && loss->count == 0) {
		str_printf(out, "%s lost events, how many is not known: %s", loss->source, loss->reason);
		return NULL;
	}
	str_printf(out, "%s lost %s%s event%s (%s): what they would have shown is missing here", loss->source,
		   loss->unknown ? "at least " : "", units_count(loss->count).text, loss->count == 1 ? "" : "s", loss->reason);
	return str_eq(loss->source, "syscalls") ? "fewer calls (-e) or less besides make it less"
						: "a lower rate (-F) or fewer sources make it less";
}

void losses_emit_state(struct doc *doc, struct recording *r)
{
	CLEANUP(str_deinit) struct str text = { 0 };

	for (unsigned i = 0; next_state(r, i, &text); i++, str_clear(&text))
		doc_warning(doc, NULL, "%s", str_text(&text));
}

void losses_emit(struct doc *doc, const struct losses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		CLEANUP(str_deinit) struct str text = { 0 };
		const char *fix = add_loss_text(&l->v[i], &text);

		doc_warning(doc, fix, "%s", str_text(&text));
	}
}

void losses_say(struct doc *doc, struct recording *r)
{
	struct losses l = { 0 };
	struct err *err = losses_read(r, &l);

	losses_emit_state(doc, r);
	if (err)
		doc_warning(doc, NULL, "what was lost could not be read: %s", err_message(err));
	losses_emit(doc, &l);
	err_destroy(err);
	losses_deinit(&l);
}

void losses_log(struct recording *r)
{
	CLEANUP(str_deinit) struct str text = { 0 };
	struct losses l = { 0 };
	struct err *err = losses_read(r, &l);

	for (unsigned i = 0; next_state(r, i, &text); i++, str_clear(&text))
		log_warn("%s", str_text(&text));
	if (err)
		log_warn("what was lost could not be read: %s", err_message(err));
	for (size_t i = 0; i < l.n; i++) {
		str_clear(&text);
		add_loss_text(&l.v[i], &text);
		log_warn("%s", str_text(&text));
	}
	err_destroy(err);
	losses_deinit(&l);
}
