/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde doctor: try every capability, and say how to get those that are not there. */
#include "cmd/cmd.h"

#include "base/cap.h"
#include "base/str.h"
#include "render/doc.h"

#include <string.h>

struct doctor_args {
	struct output_args output;
	struct opt_list keys;
};

static const struct opt doctor_opts[] = {
	OUTPUT_OPTS(struct doctor_args, output),
	OPT_END
};
static const struct opt_operand doctor_operands[] = {
	{ .name = "CAPABILITY", .offset = offsetof(struct doctor_args, keys),
	  .help = "only these, by the name that --json gives them (kernel_samples)" },
	OPERAND_END
};

enum { MOST = 128 };

/* What was found, in table order. */
struct findings {
	const struct cap *caps[MOST];
	struct cap_result results[MOST];
	size_t count;
};

static struct err *pick(const struct opt_list *keys, struct findings *f)
{
	const char *known[MOST];
	size_t count = 0;

	for (const struct cap *c = cap_table; c->key && count < MOST; c++)
		known[count++] = c->key;
	for (size_t i = 0; i < keys->count && f->count < MOST; i++) {
		const struct cap *cap = cap_find(keys->words[i]);
		const char *nearest = opt_nearest(keys->words[i], known, count);

		if (cap == NULL)
			return err_fix(err_new(ERR_USAGE, "there is no capability '%s'", keys->words[i]), "%s%s%s",
				       nearest ? "did you mean " : "sonde doctor --json lists them",
				       nearest ? nearest : "", nearest ? "?" : "");
		f->caps[f->count++] = cap;
	}
	if (keys->count == 0)
		for (const struct cap *c = cap_table; c->key && f->count < MOST; c++)
			f->caps[f->count++] = c;
	return NULL;
}

static void probe_all(struct findings *f)
{
	const struct cap_env machine = { .root = "" };

	for (size_t i = 0; i < f->count; i++)
		cap_probe(f->caps[i], &machine, &f->results[i]);
}

static enum doc_style style_of(enum cap_state state)
{
	switch (state) {
	case CAP_YES:
		return DOC_GOOD;
	case CAP_LIMITED:
		return DOC_WARN;
	case CAP_NOT_PERMITTED:
		return DOC_BAD;
	default:
		return DOC_DIM;
	}
}

/* "for" is the last column: only -v shows it, so that `detail` has the room. */
static const struct doc_column columns[] = {
	{ "name", "", DOC_TEXT, 0 },
	{ "state", "", DOC_TEXT, 0 },
	{ "detail", "", DOC_TEXT, 0 },
	{ "what_for", "", DOC_TEXT, DOC_COLUMN_OPTIONAL },
};
enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

static void put_group(struct doc *d, const char *group)
{
	const struct doc_value row[] = { DOC_STYLED(group, DOC_STRONG), DOC_NONE, DOC_NONE, DOC_NONE };

	doc_node(d, 0, row);
}

static void put_cap(struct doc *d, const struct cap *cap, const struct cap_result *r)
{
	const struct doc_value row[] = {
		DOC_STR(cap->name),
		DOC_STYLED(cap_state_text(r->state), style_of(r->state)),
		DOC_STR(r->detail),
		DOC_STYLED(cap->what_for, DOC_DIM),
	};

	doc_node(d, 1, row);
}

static void put_tree(struct doc *d, const struct findings *f, bool verbose)
{
	const char *group = NULL;

	doc_tree_begin(d, "capabilities", NULL, columns, verbose ? COLUMNS : COLUMNS - 1);
	for (size_t i = 0; i < f->count; i++) {
		if (f->caps[i]->group != group)
			put_group(d, f->caps[i]->group);
		group = f->caps[i]->group;
		put_cap(d, f->caps[i], &f->results[i]);
	}
	doc_tree_end(d);
}

static bool told_before(const struct findings *f, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(f->results[i].fix, f->results[at].fix) == 0)
			return true;
	return false;
}

/* Each fix once, with everything that it brings. */
static void put_fixes(struct doc *d, const struct findings *f)
{
	struct str brings;

	str_init(&brings);
	for (size_t i = 0; i < f->count; i++) {
		if (f->results[i].fix[0] == '\0' || told_before(f, i))
			continue;
		str_clear(&brings);
		for (size_t j = i; j < f->count; j++)
			if (strcmp(f->results[j].fix, f->results[i].fix) == 0)
				str_printf(&brings, "%s%s", brings.length ? ", " : "", f->caps[j]->name);
		doc_next(d, f->results[i].fix, brings.text);
	}
	str_deinit(&brings);
}

static void put_headline(struct doc *d, const struct findings *f)
{
	size_t counts[CAP_MISSING + 1] = { 0 };
	struct str text;

	for (size_t i = 0; i < f->count; i++)
		counts[f->results[i].state]++;
	str_init(&text);
	str_printf(&text, "%zu of %zu capabilities are there", counts[CAP_YES], f->count);
	for (enum cap_state s = CAP_LIMITED; s <= CAP_MISSING; s++)
		if (counts[s])
			str_printf(&text, "%s%zu %s", s == CAP_LIMITED || !strchr(text.text, ':') ? ": " : ", ",
				   counts[s], cap_state_text(s));
	doc_headline(d, "%s", text.text);
	str_deinit(&text);
}

static void put(struct doc *d, const struct findings *f, bool verbose)
{
	put_headline(d, f);
	put_tree(d, f, verbose);
	put_fixes(d, f);
}

/* JSON gets one flat table with exact keys; people get groups and a list of fixes. */
static void put_flat(struct doc *d, const struct findings *f)
{
	static const struct doc_column flat[] = {
		{ "key", "", DOC_TEXT, 0 },    { "name", "", DOC_TEXT, 0 }, { "state", "", DOC_TEXT, 0 },
		{ "detail", "", DOC_TEXT, 0 }, { "fix", "", DOC_TEXT, 0 },  { "what_for", "", DOC_TEXT, 0 },
	};

	doc_table_begin(d, "capabilities", "capabilities", flat, sizeof(flat) / sizeof(*flat));
	for (size_t i = 0; i < f->count; i++) {
		const struct cap_result *r = &f->results[i];
		struct doc_value row[] = {
			DOC_STR(f->caps[i]->key), DOC_STR(f->caps[i]->name), DOC_STR(cap_state_key(r->state)),
			DOC_STR(r->detail),	  r->fix[0] ? DOC_STR(r->fix) : DOC_NONE,
			DOC_STR(f->caps[i]->what_for),
		};

		doc_row(d, row);
	}
	doc_table_end(d, 0, NULL);
}

static struct err *doctor_run(void *args, struct arena *arena, int *status)
{
	const struct doctor_args *a = args;
	struct findings *f = ARENA_NEW(arena, struct findings);
	bool json = a->output.json || (a->output.path && str_ends(a->output.path, ".json"));
	struct doc *d;

	TRY(pick(&a->keys, f));
	TRY(output_open(&a->output, &d));
	probe_all(f);
	doc_begin(d, &(struct doc_head){ .kind = "sonde.doctor", .version = 1, .title = "What this machine can do" });
	if (json)
		put_flat(d, f);
	else
		put(d, f, a->output.verbose > 0);

	struct err *err = doc_end(d);

	render_destroy(d);
	return err;
}

const struct cmd cmd_doctor = {
	.spec = {
		.name = "doctor",
		.summary = "try what this machine can do, and say how to get the rest",
		.description =
			"Every capability that sonde's sources use is tried: events are opened, programs loaded, "
			"probes placed and removed again; nothing stays behind. Each is there, limited, not "
			"permitted, not in this kernel, without hardware or not set up; where a command changes "
			"that, it is printed.\n\n"
			"sonde never asks who you are or which version the kernel has, only what works.",
		.opts = doctor_opts,
		.operands = doctor_operands,
		.examples = (const struct opt_example[]){
			{ "sonde doctor", "everything" },
			{ "sudo sonde doctor", "what root could do" },
			{ "sonde doctor --json kernel_samples", "one answer for a script" },
			{ NULL, NULL } },
		.see_also = "sonde(1), sonde-record(1), perf_event_open(2), bpf(2)",
	},
	.group = CMD_ABOUT,
	.args_bytes = sizeof(struct doctor_args),
	.run = doctor_run,
};
