/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The default sources, those named by --with and those that own an -e event, without
 * those named by --without.  The source table knows nothing of one another; what one
 * can't do here, its fallback may.
 */
#include "session/select.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"

#include <stdlib.h>
#include <string.h>

enum { FALLBACKS_MAX = 4 };

const struct source_ops *const *session_sources(void) { return source_table; }

/* --- words -------------------------------------------------------------------------------- */

static struct err *unknown_source(const char *word)
{
	VEC(const char *) names = { 0 };

	for (size_t i = 0; source_table[i]; i++)
		vec_push(&names, source_table[i]->name);

	const char *nearest = opt_nearest(word, names.v, names.n);
	struct err *err = err_new(ERR_USAGE, "there is no source \"%s\"", word);

	vec_deinit(&names);
	return nearest ? err_fix(err, "did you mean %s? sonde record --with help lists the sources", nearest)
		       : err_fix(err, "sonde record --with help lists the sources");
}

static struct err *unknown_event(const char *word)
{
	VEC(const char *) names = { 0 };
	char *stem = mem_strndup(word, strcspn(word, ":"));

	for (size_t i = 0; source_table[i]; i++)
		for (size_t k = 0; source_table[i]->events && source_table[i]->events[k]; k++)
			vec_push(&names, source_table[i]->events[k]);

	const char *nearest = opt_nearest(stem, names.v, names.n);
	struct err *err = err_new(ERR_USAGE, "there is no event \"%s\"", word);

	vec_deinit(&names);
	free(stem);
	return nearest ? err_fix(err, "did you mean %s? sonde record --with help lists the events", nearest)
		       : err_fix(err, "sonde record --with help lists the events");
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static struct err *check_names(const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!source_find(words[i]))
			return unknown_source(words[i]);
	return NULL;
}

static const struct source_ops *owner_of_event(const char *event)
{
	for (size_t i = 0; source_table[i]; i++)
		if (source_table[i]->has_event && source_table[i]->has_event(event))
			return source_table[i];
	return NULL;
}

static bool wants(const struct record_session_options *o, const struct source_ops *source)
{
	if (is_among(source->name, o->without, o->without_count))
		return false;
	if (source->by_default || is_among(source->name, o->with, o->with_count))
		return true;
	for (size_t i = 0; i < o->event_count; i++)
		if (owner_of_event(o->events[i]) == source)
			return true;
	return false;
}

static void add_source(const struct record_session_options *o, const struct source_ops *source,
		       struct chosen_sources *chosen)
{
	struct chosen_source *c = vec_add(chosen);

	c->ops = source;
	c->request = o->request;
	c->events = mem_calloc(o->event_count + 1, sizeof(*c->events));
	for (size_t i = 0; i < o->event_count; i++)
		if (owner_of_event(o->events[i]) == source)
			c->events[c->request.event_count++] = o->events[i];
	c->request.events = c->events;
}

/* --- what this machine can ------------------------------------------------------------------- */

/* The first of the fallbacks, one after another, that can do it. */
static const struct source_ops *find_fallback(const struct chosen_source *c, struct err **err)
{
	const struct source_ops *ops = c->ops;

	for (unsigned i = 0; i < FALLBACKS_MAX && ops->fallback; i++) {
		ops = source_find(ops->fallback);
		if (!ops)
			return NULL;

		struct err *next = ops->probe(&c->request);

		if (!next)
			return ops;
		log_debug("%s neither: %s", ops->name, err_message(next));
		if (err_advice(next))
			*err = err_fix(*err, "%s", err_advice(next));
		err_destroy(next);
	}
	return NULL;
}

static struct err *probe_one(struct chosen_source *c)
{
	struct err *err = c->ops->probe(&c->request);

	/* A word that is wrong is wrong for every source. */
	if (!err || err_is(err, ERR_USAGE) || c->request.event_count)
		return err;

	const struct source_ops *fallback = find_fallback(c, &err);

	if (!fallback)
		return err;
	c->instead_of = c->ops;
	c->ops = fallback;
	c->why = mem_strdup(err_message(err));
	c->fix = err_advice(err) ? mem_strdup(err_advice(err)) : NULL;
	err_destroy(err);
	return NULL;
}

struct err *select_sources(const struct record_session_options *o, struct chosen_sources *ret)
{
	*ret = (struct chosen_sources){ 0 };
	TRY(check_names(o->with, o->with_count));
	TRY(check_names(o->without, o->without_count));
	for (size_t i = 0; i < o->event_count; i++) {
		const struct source_ops *owner = owner_of_event(o->events[i]);

		if (!owner)
			return unknown_event(o->events[i]);
		if (is_among(owner->name, o->without, o->without_count))
			return err_new(ERR_USAGE, "event %s needs source %s, which --without leaves out",
				       o->events[i], owner->name);
	}
	for (size_t i = 0; source_table[i]; i++)
		if (wants(o, source_table[i]))
			add_source(o, source_table[i], ret);
	if (ret->n == 0)
		return err_fix(err_new(ERR_USAGE, "no source is left to record from"),
			       "sonde record --with help lists the sources");
	for (size_t i = 0; i < ret->n; i++)
		TRY(probe_one(&ret->v[i]));
	return NULL;
}

void select_deinit(struct chosen_sources *chosen)
{
	for (size_t i = 0; i < chosen->n; i++) {
		free(chosen->v[i].why);
		free(chosen->v[i].fix);
		free(chosen->v[i].events);
	}
	vec_deinit(chosen);
}
