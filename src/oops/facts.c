// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What reports of all kinds say about where they happened: CPU, task, kernel, taint,
 * hardware, modules.  The kernel prints it with dump_stack_print_info() (lib/dump_stack.c)
 * and print_modules() (kernel/module/main.c); both changed their form over the years, and
 * each form is a template here.
 */
#include "oops/parse.h"

#include "oops/match.h"

#include <stdlib.h>
#include <string.h>

enum { LOCKS_MAX = 200 };

static char *copy(struct oops_report *r, const struct oops_capture *c)
{
	return arena_strndup(&r->arena, c->text, c->length);
}

static int number(const struct oops_captures *captures, const char *name)
{
	const struct oops_capture *c = oops_captured(captures, name);

	return c != NULL && c->length > 0 && c->length < 10 ? atoi(c->text) : -1;
}

/* --- taint ----------------------------------------------------------------------------------------- */

static const struct {
	char letter;
	const char *meaning;
} taints[] = { /* kernel/panic.c: taint_flags[] */
	{ 'P', "proprietary module was loaded" },
	{ 'F', "module was force loaded" },
	{ 'S', "kernel running on an out of specification system" },
	{ 'R', "module was force unloaded" },
	{ 'M', "processor reported a machine check" },
	{ 'B', "bad page referenced or unexpected page flags" },
	{ 'U', "taint requested by userspace" },
	{ 'D', "kernel died recently: there was an oops or BUG" },
	{ 'A', "ACPI table overridden by user" },
	{ 'W', "kernel issued a warning before" },
	{ 'C', "staging driver was loaded" },
	{ 'I', "workaround for a bug in platform firmware" },
	{ 'O', "out-of-tree module was loaded" },
	{ 'E', "unsigned module was loaded" },
	{ 'L', "soft lockup occurred" },
	{ 'K', "kernel has been live patched" },
	{ 'X', "auxiliary taint, defined by the distribution" },
	{ 'T', "kernel was built with the struct randomization plugin" },
	{ 'N', "an in-kernel test was run" },
	{ 'J', "userspace used a mutating debug operation in fwctl" },
};

const char *oops_taint_meaning(char letter)
{
	for (size_t i = 0; i < sizeof(taints) / sizeof(taints[0]); i++)
		if (taints[i].letter == letter)
			return taints[i].meaning;
	return NULL;
}

/* "Tainted: G        W  O       6.1.0": letters end where the kernel's name begins.  'G' only
 * says that all modules are GPL. */
static const char *read_taint(struct oops_report *r, const char *text, size_t length)
{
	char letters[32];
	size_t n = 0, i = 0;

	for (; i < length && (text[i] == ' ' || (text[i] >= 'A' && text[i] <= 'Z')); i++)
		if (text[i] != ' ' && text[i] != 'G' && n < sizeof(letters) - 1)
			letters[n++] = text[i];
	letters[n] = '\0';
	r->taint = arena_strdup(&r->arena, letters);
	return text + i;
}

/* Behind the taint: "6.1.0-18-amd64 #1 Debian 6.1.76-1", or "[W]=WARN 6.12..", or "(2.6.32 #1)". */
static void read_kernel(struct oops_report *r, const char *text, size_t length)
{
	struct oops_captures captures;

	captures.n = 0;
	while (length > 0 && (*text == ' ' || *text == '('))
		text++, length--;
	/* 6.12 and later: "[W]=WARN, [O]=OOT_MODULE" follows on a line of its own. */
	if (!oops_match("^{version} #{build:rest}", text, length, &captures))
		(void)oops_match("^{version}", text, length, &captures);
	const struct oops_capture *version = oops_captured(&captures, "version"), *build = oops_captured(&captures, "build");

	if (version == NULL || version->text[0] < '0' || version->text[0] > '9')
		return;
	r->kernel = arena_strndup(&r->arena, version->text, version->length - (version->text[version->length - 1] == ')'));
	if (build != NULL) {
		size_t end = build->length;

		while (end > 0 && (build->text[end - 1] == ' ' || build->text[end - 1] == ')'))
			end--;
		r->kernel_build = arena_printf(&r->arena, "#%.*s", (int)end, build->text);
	}
}

/* lockdep's and RCU's second line is "6.5.0-rc1 #3 Not tainted", SLUB's first has "(Tainted: G B)" alone: both are before the
 * line of the task, which has all of it. */
static void read_taint_and_kernel(struct oops_report *r, const char *line, size_t length)
{
	const char *end = line + length, *at = oops_find(line, length, "Not tainted");

	if (at == NULL)
		at = oops_find(line, length, "Tainted: ");
	if (at != NULL && r->kernel == NULL && oops_match("^{_major:num}.{_minor:num}", line, length, NULL))
		read_kernel(r, line, (size_t)(at - line));
	at = oops_find(line, length, "Not tainted");
	if (at != NULL) {
		r->taint = "";
		at += strlen("Not tainted");
	} else if ((at = oops_find(line, length, "Tainted: ")) != NULL) {
		at = read_taint(r, at + strlen("Tainted: "), (size_t)(end - at) - strlen("Tainted: "));
	} else {
		return;
	}
	if (r->kernel == NULL)
		read_kernel(r, at, (size_t)(end - at));
}

/* --- CPU and task --------------------------------------------------------------------------------------- */

static const char *const task_templates[] = {
	"CPU: {cpu:num} UID: {_uid:num} PID: {pid:num} Comm: {comm:any} Not tainted",
	"CPU: {cpu:num} UID: {_uid:num} PID: {pid:num} Comm: {comm:any} Tainted:",
	"CPU: {cpu:num} PID: {pid:num} Comm: {comm:any} Not tainted",
	"CPU: {cpu:num} PID: {pid:num} Comm: {comm:any} Tainted:",
	"CPU {cpu:num} PID: {pid:num} Comm: {comm:any} Not tainted",
	"^Pid: {pid:num}, comm: {comm:any} Not tainted",
	"^Pid: {pid:num}, comm: {comm:any} Tainted:",
	"^CPU: {cpu:num} PID: {pid:num} Comm: {comm:rest}",
	"^CPU: {cpu:num} {_blank:any}Not tainted",
	"^CPU: {cpu:num} {_blank:any}Tainted:",
	"^Pid: {pid:num}, comm:{_blank:any} {comm:rest}",
	"^Process {comm:any} (pid: {pid:num}",
	"^Process: {comm:any} (pid: {pid:num}",
	"on CPU#{cpu:num}",
	"- CPU#{cpu:num}",
	"CPU: {cpu:num}",
};

/* crash kernels: "Comm: kworker/2:1H Kdump: loaded Not tainted" */
static size_t without_kdump(const char *comm, size_t length)
{
	const char *kdump = oops_find(comm, length, " Kdump: ");

	return kdump != NULL ? (size_t)(kdump - comm) : length;
}

static void keep_comm(struct oops_report *r, const char *comm, size_t length)
{
	length = without_kdump(comm, length);
	if (r->comm == NULL && length > 0 && length <= 64)
		r->comm = arena_strndup(&r->arena, comm, length);
}

/* "kworker/1:2/2403" or "kworker/u16:3:812": what is behind the last SEPARATOR that a whole number follows is the pid.  Names
 * may have both separators in them, and blanks. */
static bool read_comm_and_pid(struct oops_report *r, const char *text, size_t length, char separator)
{
	size_t word_end = length;

	for (size_t i = length; i-- > 1;) {
		if (text[i] == ' ' || text[i] == '\t')
			word_end = i;
		size_t digits = word_end - i - 1;

		if (text[i] != separator || digits == 0 || digits > 9 || strspn(text + i + 1, "0123456789") != digits)
			continue;
		if (r->pid < 0)
			r->pid = atoi(text + i + 1);
		keep_comm(r, text, i);
		return true;
	}
	return false;
}

/* Where name and pid stand together, between two words. */
static bool read_named_task(struct oops_report *r, const char *line, size_t length)
{
	static const struct { const char *before, *behind; char separator; } forms[] = {
		{ "by task ", NULL, '/' }, { "", " is trying to ", '/' }, { "INFO: task ", " blocked ", ':' }, { "INFO: task ", " can't die ", ':' },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *from = oops_find(line, length, forms[i].before), *end = line + length;

		if (from == NULL)
			continue;
		from += strlen(forms[i].before);
		if (forms[i].behind != NULL)
			end = oops_find(from, (size_t)(end - from), forms[i].behind);
		if (end != NULL && read_comm_and_pid(r, from, (size_t)(end - from), forms[i].separator))
			return true;
	}
	return false;
}

/* The task is said once; the first template that knows something new fills it in. */
static void read_task(struct oops_report *r, const char *line, size_t length)
{
	if (read_named_task(r, line, length))
		return;
	for (size_t i = 0; i < sizeof(task_templates) / sizeof(task_templates[0]); i++) {
		struct oops_captures captures;

		captures.n = 0;
		if (!oops_match(task_templates[i], line, length, &captures))
			continue;
		const struct oops_capture *comm = oops_captured(&captures, "comm");

		if (r->cpu < 0)
			r->cpu = number(&captures, "cpu");
		if (r->pid < 0 && (r->comm == NULL || comm != NULL))
			r->pid = number(&captures, "pid");
		if (comm != NULL)
			keep_comm(r, comm->text, comm->length);
		return;
	}
}

/* --- modules ---------------------------------------------------------------------------------------------- */

/* "snd_pcm(O) 0123abc": name, flags, perhaps a build-id. */
static void add_module(struct oops_report *r, const char *word, size_t length)
{
	const char *open = memchr(word, '(', length);
	size_t name_length = open != NULL ? (size_t)(open - word) : length;
	struct oops_module m = { .name = arena_strndup(&r->arena, word, name_length), .flags = "" };

	if (open != NULL && word[length - 1] == ')')
		m.flags = arena_strndup(&r->arena, open + 1, (size_t)(word + length - open) - 2);
	vec_push(&r->modules, m);
}

static bool is_module_word(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = word[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_-()+,", c) != NULL))
			return false;
	}
	return length > 0;
}

/* Returns whether the whole line was names. */
static bool read_module_names(struct oops_report *r, const char *at, const char *end)
{
	while (at < end) {
		while (at < end && *at == ' ')
			at++;
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		size_t length = (size_t)((blank != NULL ? blank : end) - at);

		if (length == 0)
			return true;
		if (!is_module_word(at, length) || r->modules.n > 4096)
			return *at == '[';
		add_module(r, at, length);
		at += length;
	}
	return true;
}

/* --- lines -------------------------------------------------------------------------------------------------- */

/* Where two lines were mixed the second one's time stamp stands in the middle: "[   12.345678]". */
static size_t text_before_stamp(const char *text, const char *end)
{
	for (const char *open = text; (open = memchr(open, '[', (size_t)(end - open))) != NULL; open++) {
		const char *p = open + 1;
		bool has_dot = false;

		while (p < end && (*p == ' ' || (*p >= '0' && *p <= '9') || (*p == '.' && !has_dot))) {
			has_dot = has_dot || *p == '.';
			p++;
		}
		if (has_dot && p < end && *p == ']' && open > text)
			return (size_t)(open - text);
	}
	return (size_t)(end - text);
}

static void read_text_after(struct oops_report *r, const char **field, const char *line, size_t length, const char *label)
{
	const char *at = oops_find(line, length, label);

	if (at == NULL || *field != NULL)
		return;
	at += strlen(label);
	while (at < line + length && *at == ' ')
		at++;
	*field = arena_strndup(&r->arena, at, text_before_stamp(at, line + length));
}

static void read_offset(struct oops_report *r, const char *line, size_t length)
{
	struct oops_captures captures;

	captures.n = 0;
	if (!oops_match("Kernel Offset: 0x{offset:hex}", line, length, &captures))
		return;
	char digits[20];
	const struct oops_capture *c = oops_captured(&captures, "offset");

	if (c->length >= sizeof(digits))
		return;
	memcpy(digits, c->text, c->length);
	digits[c->length] = '\0';
	r->kernel_offset = strtoull(digits, NULL, 16);
}

static void read_lock(struct oops_report *r, const char *line, size_t length, const char **owner)
{
	struct oops_captures captures;

	captures.n = 0;
	if (oops_match("^{_count:num} lock{_s:s|} held by {owner:rest}", line, length, &captures)) {
		const struct oops_capture *who = oops_captured(&captures, "owner");

		*owner = arena_strndup(&r->arena, who->text, who->length - (who->length > 0 && who->text[who->length - 1] == ':'));
		return;
	}
	const char *open = memchr(line, '(', length), *close = oops_find(line, length, "){");

	/* A name may have parentheses of its own: "((work_completion)(&peer->work)){+.+.}". */
	if (r->locks.n >= LOCKS_MAX || open == NULL || close == NULL || close <= open || !oops_match(", at: {func}", line, length, &captures))
		return;
	struct oops_lock lock = { .name = arena_strndup(&r->arena, open + 1, (size_t)(close - open) - 1),
				  .function = copy(r, oops_captured(&captures, "func")), .depth = -1, .owner = *owner };

	if (oops_match("#{depth:num}: ", line, length, &captures))
		lock.depth = number(&captures, "depth");
	vec_push(&r->locks, lock);
}

struct facts {
	bool in_modules;
	bool has_taint; /* of the line that names the task */
	const char *lock_owner;
};

/* Of several such lines (other CPUs follow) the first counts. */
static void read_taint_once(struct oops_report *r, struct facts *facts, const char *line, size_t length)
{
	if (facts->has_taint)
		return;
	bool of_task = oops_find(line, length, "PID: ") != NULL || oops_find(line, length, "Pid: ") != NULL;

	if (r->taint == NULL || of_task)
		read_taint_and_kernel(r, line, length);
	facts->has_taint = of_task && r->taint != NULL && r->kernel != NULL;
}

static void read_line(struct oops_report *r, const char *line, size_t length, struct facts *facts)
{
	static const char label[] = "Modules linked in:";
	const char *modules = oops_find(line, length, label);

	if (modules != NULL && r->modules.n == 0) {
		facts->in_modules = read_module_names(r, modules + sizeof(label) - 1, line + length);
		return;
	}
	/* Old kernels wrapped the list over several lines. */
	if (facts->in_modules && length > 0 && *line == ' ' && r->modules.n > 0 &&
	    memchr(line, ':', length) == NULL && memchr(line, '=', length) == NULL && memchr(line, '+', length) == NULL) {
		facts->in_modules = read_module_names(r, line, line + length);
		return;
	}
	facts->in_modules = false;
	if (oops_find(line, length, "PU") != NULL || oops_find(line, length, "id: ") != NULL ||
	    oops_find(line, length, "task ") != NULL || oops_find(line, length, " is trying to ") != NULL)
		read_task(r, line, length);
	read_taint_once(r, facts, line, length);
	read_text_after(r, &r->hardware, line, length, "Hardware name:");
	read_text_after(r, &r->workqueue, line, length, "Workqueue:");
	read_offset(r, line, length);
	read_lock(r, line, length, &facts->lock_owner);
	if (oops_find(line, length, "Kernel panic - not syncing") != NULL)
		r->panicked = true;
}

/* CONFIG_STACKTRACE_BUILD_ID puts vmlinux's build-id behind the version. */
static void read_build_id(struct oops_report *r)
{
	const char *blank = r->kernel_build != NULL ? strrchr(r->kernel_build, ' ') : NULL;

	if (blank != NULL && strspn(blank + 1, "0123456789abcdef") == 40 && blank[41] == '\0')
		r->build_id = blank + 1;
}

void oops_facts_parse(struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line;
	size_t length;
	struct facts facts = { .in_modules = false };

	while (oops_lines_next(&lines, &line, &length))
		read_line(r, line, length, &facts);
	if (r->pid > 99999999)
		r->pid = -1;
	read_build_id(r);
}

const char *oops_severity_name(enum oops_severity severity)
{
	static const char *const names[] = { "info", "warning", "bug", "oops", "panic" };

	return names[severity];
}

const char *oops_context_name(enum oops_context context)
{
	static const char *const names[] = { NULL, "task", "softirq", "hardirq", "nmi" };

	return names[context];
}
