// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A kernel's list of symbols is sorted by address once; a function reaches to the next symbol that lies elsewhere, of any
 * sort, as the kernel itself counts when it prints "name+0x1/0x20".  Names that stand for several functions are chained.
 * Of BTF only the functions' names are looked up; a prototype is put together when somebody asks.
 */
#include "sym/kernel_names.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/btf.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES_MAX = 256 << 20, BTF_BYTES_MAX = 64 << 20, FUNCTION_BYTES_MAX = 4 << 20, TYPE_DEPTH_MAX = 12, PADDING = 64 };

struct name {
	uint64_t addr;
	const char *text, *module; /* in the list's text; module NULL: the kernel */
	uint32_t order;            /* of the line: a stable order */
	uint32_t next;             /* 1 + index of the next of this name; 0: none */
	bool is_code;
};

struct kernel_names {
	struct str text;
	VEC(struct name) names;
	struct strmap by_name; /* -> 1 + index */
	bool hidden;
	struct str btf_image;
	struct btf_file btf;
	bool has_btf;
	struct strmap functions; /* name -> id of its BTF_FUNC */
};

/* --- the list ------------------------------------------------------------------------------------- */

/* "ffffffff81000000 T _text", "ffffffffc0000000 t nf_hook\t[nf_tables]"; ended by NUL. */
static void add_line(struct kernel_names *n, char *line)
{
	char *end;
	uint64_t addr = strtoull(line, &end, 16);

	if (end == line || end[0] != ' ' || end[1] == '\0' || end[2] != ' ' || end[3] == '\0')
		return;
	struct name name = { .addr = addr, .text = end + 3, .order = (uint32_t)n->names.n, .is_code = strchr("tTwW", end[1]) != NULL };
	char *open = strchr(end + 3, '[');

	if (open != NULL && open > end + 3) {
		char *close = strchr(open, ']');

		name.module = open + 1;
		if (close != NULL)
			*close = '\0';
		*open = '\0';
		for (char *p = open - 1; p > end + 3 && (*p == ' ' || *p == '\t'); p--)
			*p = '\0';
	}
	if (addr != 0)
		n->hidden = false;
	vec_push(&n->names, name);
}

static int by_address(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void read_list(struct kernel_names *n)
{
	n->hidden = true;
	for (char *line = n->text.text, *end; line != NULL && *line != '\0'; line = end) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		add_line(n, line);
	}
	vec_sort(&n->names, by_address);
	for (size_t i = n->names.n; i-- > 0;) {
		struct name *name = &n->names.v[i];
		bool is_new;

		if (!name->is_code)
			continue;
		uint64_t *first = strmap_get(&n->by_name, name->text, strlen(name->text), &is_new);

		name->next = is_new ? 0 : (uint32_t)*first;
		*first = i + 1;
	}
}

static uint64_t size_of(const struct kernel_names *n, size_t index)
{
	for (size_t i = index + 1; i < n->names.n; i++)
		if (n->names.v[i].addr > n->names.v[index].addr) {
			uint64_t size = n->names.v[i].addr - n->names.v[index].addr;

			return size <= FUNCTION_BYTES_MAX ? size : 0;
		}
	return 0;
}

/* --- types --------------------------------------------------------------------------------------------- */

static void read_types(struct kernel_names *n)
{
	struct err *err = io_read_file("/sys/kernel/btf/vmlinux", BTF_BYTES_MAX, &n->btf_image);

	if (err == NULL)
		err = btf_init(&n->btf, (struct bytes){ (const uint8_t *)n->btf_image.text, n->btf_image.length });
	n->has_btf = err == NULL;
	err_destroy(err);
	for (uint32_t id = 1; n->has_btf && id < n->btf.count; id++) {
		struct btf_type t = btf_type_of(&n->btf, id);
		const char *name = btf_string(&n->btf, t.name_offset);

		if (btf_kind_of(&t) == BTF_FUNC && *name != '\0')
			*strmap_get(&n->functions, name, strlen(name), NULL) = id;
	}
}

/* The type ID as C writes it in front of a name: "const struct file *". */
static void add_type(const struct kernel_names *n, uint32_t id, struct str *text, unsigned depth)
{
	if (id == 0 || id >= n->btf.count || depth > TYPE_DEPTH_MAX) {
		str_add(text, "void ");
		return;
	}
	struct btf_type t = btf_type_of(&n->btf, id);
	const char *name = btf_string(&n->btf, t.name_offset);

	switch (btf_kind_of(&t)) {
	case BTF_PTR: add_type(n, t.size_or_type, text, depth + 1); str_add(text, "*"); break;
	case BTF_CONST: str_add(text, "const "); add_type(n, t.size_or_type, text, depth + 1); break;
	case BTF_VOLATILE:
	case BTF_RESTRICT:
	case BTF_TYPE_TAG: add_type(n, t.size_or_type, text, depth + 1); break;
	case BTF_STRUCT: str_printf(text, "struct %s ", *name != '\0' ? name : "{...}"); break;
	case BTF_UNION: str_printf(text, "union %s ", *name != '\0' ? name : "{...}"); break;
	case BTF_FWD: str_printf(text, "%s %s ", t.info >> 31 ? "union" : "struct", name); break;
	case BTF_ENUM:
	case BTF_ENUM64: str_printf(text, "enum %s ", *name != '\0' ? name : "{...}"); break;
	case BTF_FUNC_PROTO: str_add(text, "function "); break;
	default: str_printf(text, "%s ", *name != '\0' ? name : "?"); break;
	}
}

const char *kernel_names_prototype(const struct kernel_names *n, const char *function, struct arena *a)
{
	const uint64_t *slot = n->has_btf ? strmap_find(&n->functions, function, strlen(function)) : NULL;
	struct str text;

	if (slot == NULL)
		return NULL;
	struct btf_type f = btf_type_of(&n->btf, (uint32_t)*slot);
	uint32_t proto_id = f.size_or_type;

	if (proto_id == 0 || proto_id >= n->btf.count)
		return NULL;
	struct btf_type proto = btf_type_of(&n->btf, proto_id);

	if (btf_kind_of(&proto) != BTF_FUNC_PROTO)
		return NULL;
	struct bytes parameters = btf_members(&n->btf, proto_id);

	str_init(&text);
	add_type(n, proto.size_or_type, &text, 0);
	str_printf(&text, "%s(", function);
	for (uint32_t i = 0; i < btf_member_count(&proto) && (i + 1) * 8 <= parameters.size_bytes; i++) {
		uint32_t parameter[2]; /* struct btf_param: name, type */

		memcpy(parameter, parameters.data + i * 8, 8);
		str_add(&text, i > 0 ? ", " : "");
		if (parameter[0] == 0 && parameter[1] == 0)
			str_add(&text, "...");
		else
			add_type(n, parameter[1], &text, 0);
		str_add(&text, btf_string(&n->btf, parameter[0]));
		while (text.length > 0 && text.text[text.length - 1] == ' ')
			text.text[--text.length] = '\0';
	}
	str_add(&text, btf_member_count(&proto) == 0 ? "void)" : ")");
	const char *copy = arena_strdup(a, str_text(&text));

	str_deinit(&text);
	return copy;
}

/* --- answers --------------------------------------------------------------------------------------------- */

struct err *kernel_names_open(const char *path, bool with_types, struct kernel_names **ret)
{
	struct kernel_names *n = mem_calloc(1, sizeof(*n));

	strmap_init(&n->by_name);
	strmap_init(&n->functions);
	str_init(&n->text);
	str_init(&n->btf_image);
	struct err *err = io_read_file(path, LIST_BYTES_MAX, &n->text);

	if (err == NULL)
		read_list(n);
	if (err == NULL && n->names.n == 0)
		err = err_fix(err_new(ERR_FORMAT, "%s is no list of kernel symbols", path), "it has lines like: ffffffff81000000 T _text (/proc/kallsyms, System.map)");
	if (err != NULL) {
		kernel_names_destroy(n);
		return err;
	}
	if (with_types)
		read_types(n);
	*ret = n;
	return NULL;
}

void kernel_names_destroy(struct kernel_names *n)
{
	if (n == NULL)
		return;
	if (n->has_btf)
		btf_deinit(&n->btf);
	vec_deinit(&n->names);
	strmap_deinit(&n->by_name);
	strmap_deinit(&n->functions);
	str_deinit(&n->text);
	str_deinit(&n->btf_image);
	free(n);
}

bool kernel_names_is_hidden(const struct kernel_names *n)
{
	return n->hidden;
}

/* '-' and '_' are one in names of modules. */
static bool same_module(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

enum kernel_name_answer kernel_names_check(const struct kernel_names *n, const char *function, const char *module, uint64_t size_bytes,
				       uint64_t *addr, uint64_t *known)
{
	const uint64_t *slot = strmap_find(&n->by_name, function, strlen(function));
	enum kernel_name_answer answer = KERNEL_NAME_UNKNOWN;

	for (uint64_t i = slot != NULL ? *slot : 0; i != 0; i = n->names.v[i - 1].next) {
		const struct name *name = &n->names.v[i - 1];

		if (!same_module(name->module, module))
			continue;
		*addr = name->addr;
		*known = n->hidden ? 0 : size_of(n, i - 1);
		answer = KERNEL_NAME_OTHER_SIZE;
		/* The kernel counts padding to the function before it, or not, by version. */
		if (size_bytes == 0 || *known == 0 || *known == size_bytes || (*known > size_bytes && *known - size_bytes < PADDING))
			return KERNEL_NAME_FITS;
	}
	return answer;
}

const char *kernel_names_find(const struct kernel_names *n, uint64_t addr, const char **module, uint64_t *offset, uint64_t *size_bytes)
{
	size_t low = 0, high = n->names.n;

	while (low < high) { /* the first that begins behind ADDR */
		size_t middle = low + (high - low) / 2;

		if (n->names.v[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	for (; !n->hidden && low > 0 && addr - n->names.v[low - 1].addr < FUNCTION_BYTES_MAX; low--) {
		const struct name *name = &n->names.v[low - 1];

		if (!name->is_code)
			continue;
		*module = name->module;
		*offset = addr - name->addr;
		*size_bytes = size_of(n, low - 1);
		return *size_bytes != 0 && *offset < *size_bytes ? name->text : NULL;
	}
	return NULL;
}
