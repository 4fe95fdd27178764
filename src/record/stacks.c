/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Aggregated stacks.
 *
 * A node is found by (parent, symbol) in one hash table, and always has a greater
 * index than its parent: so totals are one loop from the end, and every walk that
 * needs a parent's result before its children's is one loop from the start.  Nothing
 * here recurses.
 */
#include "record/stacks.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

void stacks_init(struct stacks *s)
{
	memset(s, 0, sizeof(*s));
	arena_init(&s->arena);
	strmap_init(&s->symbol_keys);
	map_init(&s->children);
	s->unit = "samples";
	vec_add(&s->nodes)->symbol = UINT32_MAX;
}

void stacks_deinit(struct stacks *s)
{
	arena_deinit(&s->arena);
	strmap_deinit(&s->symbol_keys);
	map_deinit(&s->children);
	vec_deinit(&s->symbols);
	vec_deinit(&s->nodes);
	free(s->first);
	free(s->order);
	s->first = s->order = NULL;
}

/* --- names ------------------------------------------------------------------------- */

size_t stacks_plain_length(const char *name, size_t length)
{
	if (length > 4 && name[length - 1] == ']' && name[length - 3] == '[' &&
	    name[length - 4] == '_' && strchr("kwij", name[length - 2]) && name[length - 2])
		return length - 4;
	return length;
}

/* The kind its annotation tells, STACKS_USER without one. */
static enum stacks_kind kind_of_name(const char *name, size_t length)
{
	if (stacks_plain_length(name, length) == length)
		return STACKS_USER;
	switch (name[length - 2]) {
	case 'k':
		return STACKS_KERNEL;
	case 'i':
		return STACKS_INLINED;
	case 'j':
		return STACKS_JIT;
	default:
		return STACKS_USER;
	}
}

uint32_t stacks_symbol(struct stacks *s, const char *name, size_t length, const char *module,
		       enum stacks_kind kind)
{
	size_t module_length = strlen(module), key_length = length + module_length + 2;
	char small[512], *key = key_length <= sizeof(small) ? small : mem_alloc(key_length);
	bool is_new;

	memcpy(key, name, length);
	key[length] = '\0';
	memcpy(key + length + 1, module, module_length);
	key[key_length - 1] = (char)('0' + kind);

	uint64_t *id = strmap_get(&s->symbol_keys, key, key_length, &is_new);

	if (is_new) {
		struct stacks_symbol *sym = vec_add(&s->symbols);

		*id = s->symbols.n - 1;
		sym->name = arena_strndup(&s->arena, name, length);
		sym->module = *module ? arena_strndup(&s->arena, module, module_length) : "";
		sym->file = "";
		sym->kind = sym->key_kind = (uint8_t)kind;
		sym->resolved = true;
	}
	if (key != small)
		free(key);
	return (uint32_t)*id;
}

uint32_t stacks_symbol_text(struct stacks *s, const char *name, size_t length)
{
	size_t known = s->symbols.n;
	uint32_t id = stacks_symbol(s, name, length, "", STACKS_USER);

	if (s->symbols.n > known)
		s->symbols.v[id].kind = (uint8_t)kind_of_name(name, length);
	return id;
}

bool stacks_is_stand_in(const char *name)
{
	const char *plus = name[0] == '[' ? strrchr(name, '+') : NULL;
	size_t digits = plus && strncmp(plus, "+0x", 3) == 0 ? strspn(plus + 3, "0123456789abcdef") : 0;

	return digits > 0 && strcmp(plus + 3 + digits, "]") == 0;
}

const char *stacks_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* --- the tree ------------------------------------------------------------------------- */

uint32_t stacks_child(struct stacks *s, uint32_t node, uint32_t symbol)
{
	bool is_new;

	if (s->nodes.v[node].depth >= STACKS_DEPTH_MAX)
		return node;

	uint64_t *slot =
		map_get(&s->children, (uint64_t)node << 32 | (s->timed ? 0 : symbol), &is_new);

	if (is_new || (s->timed && s->nodes.v[*slot].symbol != symbol)) {
		uint32_t depth = s->nodes.v[node].depth + 1;
		struct stacks_node *child = vec_add(&s->nodes);

		*slot = s->nodes.n - 1;
		child->parent = node;
		child->symbol = symbol;
		child->depth = depth;
	}
	return (uint32_t)*slot;
}

uint32_t stacks_add(struct stacks *s, const uint32_t *symbols, size_t count, uint64_t value)
{
	uint32_t node = 0;

	if (count > STACKS_DEPTH_MAX) {
		count = STACKS_DEPTH_MAX;
		s->cut++;
	}
	for (size_t i = 0; i < count; i++)
		node = stacks_child(s, node, symbols[i]);
	s->nodes.v[node].self += value;
	s->nodes.v[node].listed = true;
	return node;
}

static void sum_totals(struct stacks *s)
{
	for (size_t i = 0; i < s->nodes.n; i++) {
		s->nodes.v[i].total = s->nodes.v[i].self;
		s->nodes.v[i].total_before = s->nodes.v[i].self_before;
	}
	for (size_t i = s->nodes.n; i-- > 1;) {
		const struct stacks_node *n = &s->nodes.v[i];

		s->nodes.v[n->parent].total += n->total;
		s->nodes.v[n->parent].total_before += n->total_before;
	}
}

static int compare_names(const void *a, const void *b, void *symbols)
{
	const struct stacks_symbol *v = symbols;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = strcmp(v[x].name, v[y].name);

	if (order == 0)
		order = strcmp(v[x].module, v[y].module);
	return order ? order : (int)v[x].kind - (int)v[y].kind;
}

/* rank[symbol]: its place in the order of names. */
static uint32_t *rank_symbols(const struct stacks *s)
{
	size_t n = s->symbols.n;
	uint32_t *sorted = mem_alloc((n + 1) * sizeof(*sorted));
	uint32_t *rank = mem_alloc((n + 1) * sizeof(*rank));

	for (size_t i = 0; i < n; i++)
		sorted[i] = (uint32_t)i;
	if (n && !s->timed)
		qsort_r(sorted, n, sizeof(*sorted), compare_names, s->symbols.v);
	for (size_t i = 0; i < n; i++)
		rank[sorted[i]] = (uint32_t)i;
	free(sorted);
	return rank;
}

/* Two counting sorts: nodes by rank, then, kept in that order, by parent. */
static void sort_children(struct stacks *s)
{
	size_t n = s->nodes.n, symbols = s->symbols.n;
	uint32_t *rank = rank_symbols(s);
	uint32_t *start = mem_calloc(symbols + 2, sizeof(*start));
	uint32_t *by_rank = mem_alloc((n + 1) * sizeof(*by_rank));

	s->first = mem_realloc(s->first, (n + 2) * sizeof(*s->first));
	s->order = mem_realloc(s->order, (n + 1) * sizeof(*s->order));
	memset(s->first, 0, (n + 2) * sizeof(*s->first));
	for (size_t i = 1; i < n; i++) {
		start[s->timed ? 1 : rank[s->nodes.v[i].symbol] + 1]++;
		s->first[s->nodes.v[i].parent + 2]++;
	}
	for (size_t i = 1; i <= symbols; i++)
		start[i] += start[i - 1];
	for (size_t i = 2; i <= n + 1; i++)
		s->first[i] += s->first[i - 1];
	for (size_t i = 1; i < n; i++)
		by_rank[start[s->timed ? 0 : rank[s->nodes.v[i].symbol]]++] = (uint32_t)i;
	for (size_t i = 0; i + 1 < n; i++)
		s->order[s->first[s->nodes.v[by_rank[i]].parent + 1]++] = by_rank[i];
	free(rank);
	free(start);
	free(by_rank);
}

void stacks_finish(struct stacks *s)
{
	sum_totals(s);
	sort_children(s);
}

/* --- transformations --------------------------------------------------------------------- */

/* The symbol of SRC in DST. */
static uint32_t copy_symbol(const struct stacks *src, uint32_t id, struct stacks *dst)
{
	const struct stacks_symbol *from = &src->symbols.v[id];
	uint32_t to =
		stacks_symbol(dst, from->name, strlen(from->name), from->module, from->key_kind);
	struct stacks_symbol *sym = &dst->symbols.v[to];

	sym->kind = from->kind;

	if (*from->file && !*sym->file) {
		sym->file = arena_strdup(&dst->arena, from->file);
		sym->line = from->line;
	}
	sym->resolved = from->resolved;
	return to;
}

static uint32_t *copy_symbols(const struct stacks *src, struct stacks *dst)
{
	uint32_t *ids = mem_alloc((src->symbols.n + 1) * sizeof(*ids));

	for (size_t i = 0; i < src->symbols.n; i++)
		ids[i] = copy_symbol(src, (uint32_t)i, dst);
	dst->unit = arena_strdup(&dst->arena, src->unit);
	dst->diff = src->diff;
	dst->grouped = src->grouped;
	dst->timed = src->timed;
	dst->cut = src->cut;
	return ids;
}

/* Write the stack of NODE to PATH, outermost first, as the other tree's symbols. */
static size_t node_path(const struct stacks *s, uint32_t node, const uint32_t *ids, uint32_t *path)
{
	size_t depth = s->nodes.v[node].depth;

	for (size_t i = depth; i-- > 0; node = s->nodes.v[node].parent)
		path[i] = ids[s->nodes.v[node].symbol];
	return depth;
}

typedef size_t path_fn(uint32_t *path, size_t count, const void *user);

/* Each stack with a value of its own, changed by FN (0: left out), into DST. */
static void transform(const struct stacks *src, struct stacks *dst, path_fn *fn, const void *user,
		      const uint32_t *ids)
{
	uint32_t *path = mem_alloc((STACKS_DEPTH_MAX + 1) * sizeof(*path));

	for (size_t i = 0; i < src->nodes.n; i++) {
		const struct stacks_node *n = &src->nodes.v[i];

		if (!n->listed)
			continue;

		size_t count = fn(path, node_path(src, (uint32_t)i, ids, path), user);

		if (count == 0 && i != 0)
			continue;

		uint32_t to = stacks_add(dst, path, count, n->self);

		dst->nodes.v[to].self_before += n->self_before;
	}
	free(path);
}

/* USER: for each symbol, the one without white space in front, which a name that held a
 * ';' and so was cut in two ("[u8; 4]") begins with. */
static size_t reverse_path(uint32_t *path, size_t count, const void *user)
{
	const uint32_t *trimmed = user;

	for (size_t i = 0; i < count / 2; i++) {
		uint32_t t = path[i];

		path[i] = path[count - 1 - i];
		path[count - 1 - i] = t;
	}
	if (count > 0)
		path[0] = trimmed[path[0]];
	return count;
}

void stacks_reverse(const struct stacks *src, struct stacks *dst)
{
	uint32_t *ids = copy_symbols(src, dst);
	size_t count = dst->symbols.n;
	uint32_t *trimmed = mem_alloc((count + 1) * sizeof(*trimmed));

	for (size_t i = 0; i < count; i++) {
		const struct stacks_symbol symbol = dst->symbols.v[i];
		const char *name = symbol.name + strspn(symbol.name, " ");

		trimmed[i] = (uint32_t)i;
		if (name != symbol.name && *name)
			trimmed[i] = stacks_symbol(dst, name, strlen(name), symbol.module,
						   symbol.key_kind);
	}
	transform(src, dst, reverse_path, trimmed, ids);
	free(trimmed);
	free(ids);
}

static size_t fold_path(uint32_t *path, size_t count, const void *user)
{
	size_t kept = 0;

	(void)user;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || path[kept - 1] != path[i])
			path[kept++] = path[i];
	return kept;
}

void stacks_fold_recursion(const struct stacks *src, struct stacks *dst)
{
	uint32_t *ids = copy_symbols(src, dst);

	transform(src, dst, fold_path, NULL, ids);
	free(ids);
}

struct bases {
	const bool *is_base; /* by symbol of the destination */
	bool as_inferno;
};

static size_t base_path(uint32_t *path, size_t count, const void *user)
{
	const struct bases *bases = user;

	for (size_t i = count - (bases->as_inferno && count > 0); i-- > bases->as_inferno;)
		if (bases->is_base[path[i]]) {
			memmove(path, path + i, (count - i) * sizeof(*path));
			return count - i;
		}
	return 0;
}

void stacks_from_base(const struct stacks *src, const char *const *names, size_t count,
		      bool as_inferno, struct stacks *dst)
{
	uint32_t *ids = copy_symbols(src, dst);
	bool *is_base = mem_calloc(dst->symbols.n + 1, sizeof(*is_base));

	for (size_t i = 0; i < dst->symbols.n; i++)
		for (size_t j = 0; j < count; j++)
			is_base[i] |= strcmp(dst->symbols.v[i].name, names[j]) == 0;
	transform(src, dst, base_path, &(struct bases){ is_base, as_inferno }, ids);
	free(is_base);
	free(ids);
}

static size_t same_path(uint32_t *path, size_t count, const void *user)
{
	(void)path;
	(void)user;
	return count;
}

void stacks_renamed(const struct stacks *src, stacks_rename_fn *rename, void *user,
		    struct stacks *dst)
{
	uint32_t *ids = mem_alloc((src->symbols.n + 1) * sizeof(*ids));
	struct str name = { 0 };

	for (size_t i = 0; i < src->symbols.n; i++) {
		const struct stacks_symbol *from = &src->symbols.v[i];

		str_clear(&name);
		rename(user, from, &name);
		ids[i] = stacks_symbol_text(dst, str_text(&name), name.length);
		dst->symbols.v[ids[i]].kind = from->kind;
		dst->symbols.v[ids[i]].resolved = from->resolved;
	}
	dst->unit = arena_strdup(&dst->arena, src->unit);
	dst->diff = src->diff;
	dst->grouped = src->grouped;
	dst->timed = src->timed;
	dst->cut = src->cut;
	transform(src, dst, same_path, NULL, ids);
	str_deinit(&name);
	free(ids);
}

double stacks_diff(struct stacks *after, const struct stacks *before, bool normalize)
{
	uint64_t total_after = 0, total_before = 0;
	double factor = 1.0;
	uint32_t *ids = mem_alloc((before->symbols.n + 1) * sizeof(*ids));
	uint32_t *to = mem_alloc(before->nodes.n * sizeof(*to));

	for (size_t i = 0; i < after->nodes.n; i++)
		total_after += after->nodes.v[i].self;
	for (size_t i = 0; i < before->nodes.n; i++)
		total_before += before->nodes.v[i].self;
	if (normalize && total_before && total_after && total_before != total_after)
		factor = (double)total_after / (double)total_before;

	for (size_t i = 0; i < before->symbols.n; i++)
		ids[i] = copy_symbol(before, (uint32_t)i, after);
	to[0] = 0;
	for (size_t i = 0; i < before->nodes.n; i++) {
		const struct stacks_node *n = &before->nodes.v[i];

		if (i)
			to[i] = stacks_child(after, to[n->parent], ids[n->symbol]);
		after->nodes.v[to[i]].listed |= n->listed;
		after->nodes.v[to[i]].self_before +=
			factor == 1.0 ? n->self : (uint64_t)((double)n->self * factor);
	}
	after->diff = true;
	free(ids);
	free(to);
	return factor;
}

/* --- sums --------------------------------------------------------------------------------- */

/* Walk the tree in depth-first order and keep, for each group, how often it is on the
 * path: only the outermost occurrence adds to `total`. */
void stacks_sum(const struct stacks *s, const uint32_t *key, size_t groups,
		struct stacks_sums *sums)
{
	uint32_t *active = mem_calloc(groups + 1, sizeof(*active));
	uint32_t *next = mem_alloc((STACKS_DEPTH_MAX + 2) * sizeof(*next));
	uint32_t *node = mem_alloc((STACKS_DEPTH_MAX + 2) * sizeof(*node));
	size_t depth = 0;

	node[0] = 0;
	next[0] = s->first[0];
	for (;;) {
		uint32_t at = node[depth];

		if (next[depth] < s->first[at + 1]) {
			uint32_t child = s->order[next[depth]++];
			const struct stacks_node *n = &s->nodes.v[child];
			uint32_t group = key ? key[n->symbol] : n->symbol;

			depth++;
			node[depth] = child;
			next[depth] = s->first[child];
			if (group == UINT32_MAX)
				continue;
			sums->self[group] += n->self;
			if (sums->self_before)
				sums->self_before[group] += n->self_before;
			if (active[group]++ == 0) {
				sums->total[group] += n->total;
				if (sums->total_before)
					sums->total_before[group] += n->total_before;
			}
			continue;
		}
		if (depth == 0)
			break;

		uint32_t group = key ? key[s->nodes.v[at].symbol] : s->nodes.v[at].symbol;

		if (group != UINT32_MAX)
			active[group]--;
		depth--;
	}
	free(active);
	free(next);
	free(node);
}

void stacks_functions(const struct stacks *s, stacks_function_list *ret)
{
	size_t n = s->symbols.n;
	uint32_t *key = mem_alloc((n + 1) * sizeof(*key));
	struct stacks_sums sums = { .self = mem_calloc(n + 1, sizeof(uint64_t)),
				    .total = mem_calloc(n + 1, sizeof(uint64_t)),
				    .self_before = mem_calloc(n + 1, sizeof(uint64_t)),
				    .total_before = mem_calloc(n + 1, sizeof(uint64_t)) };

	for (size_t i = 0; i < n; i++)
		key[i] = s->symbols.v[i].kind == STACKS_GROUP ? UINT32_MAX : (uint32_t)i;
	stacks_sum(s, key, n, &sums);
	for (size_t i = 0; i < n; i++)
		if (sums.total[i] || sums.total_before[i])
			vec_push(ret, ((struct stacks_function){ (uint32_t)i, sums.self[i], sums.total[i],
								 sums.self_before[i], sums.total_before[i] }));
	free(key);
	free(sums.self);
	free(sums.total);
	free(sums.self_before);
	free(sums.total_before);
}
