/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call as text: its arguments by their descriptions, then its result.  At entry
 * arguments are printed up to the first that the kernel fills; the rest follows at exit.
 * What such an argument's size was at entry is remembered in between.
 */
#include "syscall/print.h"
#include "syscall/hooks.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Of x32's own calls the kernel looks at 32 bits of each argument, but for a position in a file. */
static bool is_half(const struct syscall_call *call, unsigned i)
{
	enum { FIRST = 512, PREADV = 534, PWRITEV, PREADV2 = 546, PWRITEV2, POSITION = 3 };
	uint32_t n = call->number;

	return call->abi == SYSCALL_ABI_X32 && n >= FIRST &&
	       (i != POSITION || (n != PREADV && n != PWRITEV && n != PREADV2 && n != PWRITEV2));
}

/* Arguments by place in the description: on 32-bit ABIs a 64-bit one is in two registers,
 * on arm from an even one on. */
static void gather_args(struct decoder *d)
{
	const struct syscall_call *call = d->call;
	unsigned reg = 0, count = d->describe != NULL ? d->describe->count : 0;
	bool narrow = d->word == 4 && call->abi != SYSCALL_ABI_X32;

	for (unsigned i = 0; i < 6; i++)
		d->args[i] = narrow || is_half(call, i) ? (uint32_t)call->args[i] : call->args[i];
	if (!narrow || d->describe == NULL || !d->describe->split)
		return;
	for (unsigned i = 0; i < count; i++) {
		uint8_t kind = sys_types[d->describe->args[i].type].kind;
		bool wide = kind == SYS_SPLIT || kind == SYS_USPLIT;
		if (wide && call->abi == SYSCALL_ABI_ARM && reg % 2 != 0)
			reg++;
		uint64_t low = reg < 6 ? (uint32_t)call->args[reg] : 0;
		uint64_t high = wide && reg < 5 ? (uint32_t)call->args[reg + 1] : 0;
		d->args[i] = low | high << 32;
		reg += wide ? 2 : 1;
	}
}

const struct syscall_entry *syscall_find_by(const struct syscall_lookup *lookup, enum syscall_abi abi, uint32_t number)
{
	bool is_hidden = lookup && lookup->hidden && number + 1 == lookup->hidden && abi == SYSCALL_ABI_NATIVE;
	const struct syscall_entry *entry = is_hidden ? NULL : syscall_find(abi, number);

	return entry || !lookup || !lookup->find ? entry : lookup->find(lookup->find_user, abi, number);
}

static void decoder_init(struct decoder *d, const struct syscall_style *style, const struct syscall_lookup *lookup,
			 const struct syscall_call *call, const struct syscall_memory *memory,
			 struct syscall_progress *progress, struct str *out)
{
	static const uint8_t layouts[SYSCALL_ABI_COUNT] = { 0, 1, 2, 0, 3, 0 };
	const struct syscall_entry *entry = syscall_find_by(lookup, call->abi, call->number);

	*d = (struct decoder){ .style = style,
			       .lookup = lookup,
			       .call = call,
			       .memory = memory,
			       .progress = progress,
			       .out = out,
			       .entry = entry,
			       .describe = entry != NULL ? entry->describe : NULL,
			       .layout = (unsigned)call->abi < SYSCALL_ABI_COUNT ? layouts[call->abi] : 0 };
	d->word = (uint8_t)syscall_abi_word_bytes(call->abi);
	d->klong = call->abi == SYSCALL_ABI_X32 ? 8 : d->word;
	gather_args(d);
}

static void remember(struct decoder *d)
{
	for (unsigned i = 0; i < d->describe->save_count; i++) {
		uint8_t bytes[8];
		unsigned size = dec_size(d, d->describe->saves[i].size);
		d->progress->saved[i] = 0;
		if (dec_read(d, d->args[d->describe->saves[i].arg], bytes, size))
			d->progress->saved[i] = dec_word(d, bytes, size);
	}
}

static bool arg_wanted(const struct decoder *d, const struct sys_arg *arg)
{
	const struct sys_cond *c = &sys_conds[arg->cond];

	return c->op != SYS_IF_AND || (d->args[c->field] & c->value) != 0;
}

static void print_arg(struct decoder *d, unsigned i, bool again)
{
	const struct sys_arg *arg = &d->describe->args[i];
	struct sys_type wide = sys_types[arg->type], *type = &wide;
	uint8_t bytes[8];

	if (type->size == SYS_LONG) /* x32 has registers of 64 bits for its longs and pointers */
		type->size = SYS_KLONG;
	unsigned size = dec_size(d, type->size);
	if (!arg_wanted(d, arg))
		return;
	if (i > 0 && !again && (arg->flags & SYS_NO_COMMA) == 0)
		dec_next(d);
	if (!again && d->style->arg_names)
		dec_text(d, sys_names + arg->name);
	d->arg = (uint8_t)i;
	d->ignore_error = (arg->flags & SYS_EVEN_ERROR) != 0;
	uint64_t v = size < 8 ? d->args[i] & ((UINT64_C(1) << 8 * size) - 1) : d->args[i];
	if (type->kind == SYS_HOOK) {
		struct sys_ref ref = { v, NULL, NULL, type->param, (uint8_t)size };
		sys_hooks[type->ref](d, &ref);
		return;
	}
	for (unsigned k = 0; k < 8; k++)
		bytes[k] = (uint8_t)(v >> 8 * k);
	dec_value(d, type, bytes, NULL, 0);
}

static void open_call(struct decoder *d, struct syscall_progress *progress)
{
	char unknown[SYSCALL_UNKNOWN_MAX];

	str_add(d->out, d->entry != NULL ? d->entry->name : syscall_unknown_name(d->call->abi, d->call->number, unknown));
	str_add_char(d->out, '(');
	progress->open = true;
}

static void print_unknown(struct decoder *d)
{
	unsigned count = d->entry != NULL ? d->entry->arg_count : 6;

	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			dec_next(d);
		if (d->style->arg_names)
			dec_printf(d, "arg%u=", i + 1);
		dec_hex(d, d->args[i]);
	}
	d->progress->args_done = 6;
}

void syscall_print_enter(const struct syscall_style *style, const struct syscall_lookup *lookup,
			 const struct syscall_call *call, const struct syscall_memory *memory,
			 struct syscall_progress *progress, struct str *out)
{
	struct decoder d;

	syscall_progress_start(progress);
	decoder_init(&d, style, lookup, call, memory, progress, out);
	open_call(&d, progress);
	if (d.describe == NULL) {
		print_unknown(&d);
		return;
	}
	remember(&d);
	for (unsigned i = 0; i < d.describe->count && !d.stop; i++) {
		uint8_t flags = d.describe->args[i].flags;
		if ((flags & SYS_AT_EXIT) != 0)
			return;
		print_arg(&d, i, false);
		if ((flags & SYS_AT_BOTH) != 0 && !d.stop)
			return;
		progress->args_done = (uint8_t)(i + 1);
	}
	progress->args_done = 6;
}

void syscall_print_exit(const struct syscall_style *style, const struct syscall_lookup *lookup,
			const struct syscall_call *call, const struct syscall_memory *memory,
			struct syscall_progress *progress, struct str *out)
{
	struct decoder d;

	decoder_init(&d, style, lookup, call, memory, progress, out);
	d.exit = true;
	if (!progress->open)
		open_call(&d, progress);
	for (unsigned i = progress->args_done; d.describe != NULL && i < d.describe->count && !d.stop; i++) {
		print_arg(&d, i, i == progress->args_done && (d.describe->args[i].flags & SYS_AT_BOTH) != 0);
		progress->args_done = (uint8_t)(i + 1);
	}
	progress->args_done = 6;
	str_add_char(out, ')');
}

static void print_errno(struct decoder *d, int64_t number)
{
	static const char *const restart[] = { "To be restarted if SA_RESTART is set", "To be restarted",
					       "To be restarted if no handler", NULL,
					       "Interrupted by signal" };
	const char *name = syscall_errno_name((int)number);

	if (number >= 512 && number <= 516 && restart[number - 512] != NULL) {
		str_printf(d->out, "? %s (%s)", name, restart[number - 512]);
		return;
	}
	const char *text = number < 512 ? strerrordesc_np((int)number) : NULL;
	if (name == NULL)
		str_printf(d->out, "-1 (errno %lld)", (long long)number);
	else if (text != NULL)
		str_printf(d->out, "-1 %s (%s)", name, text);
	else
		str_printf(d->out, "-1 %s (Unknown error %lld)", name, (long long)number);
}

/* The kernel lets restart_syscall() go on with it: include/linux/errno.h, ERESTART_RESTARTBLOCK. */
uint32_t syscall_restarts(const struct syscall_call *call)
{
	enum { RESTARTBLOCK = 516 };

	return call->is_error && (call->result == RESTARTBLOCK || call->result == -RESTARTBLOCK) ? call->number + 1 : 0;
}

void syscall_print_result(const struct syscall_style *style, const struct syscall_lookup *lookup,
			  const struct syscall_call *call, const struct syscall_memory *memory,
			  const struct syscall_progress *progress, struct str *out)
{
	struct syscall_progress own;
	struct decoder d;

	struct syscall_style names = *style; /* what's behind a result is told by name, whatever -X says */

	names.xlat = SYSCALL_XLAT_ABBREV;
	memcpy(&own, progress, offsetof(struct syscall_progress, rooms)); /* which no result tells of */
	decoder_init(&d, &names, lookup, call, memory, &own, out);
	d.asked = style;
	d.exit = true;
	if (call->is_error) {
		print_errno(&d, call->result < 0 ? -call->result : call->result);
		if (d.describe != NULL && d.describe->aux != 0)
			sys_result_hooks[d.describe->aux](&d);
		return;
	}
	if (d.describe != NULL && d.describe->aux != 0 && sys_result_hooks[d.describe->aux](&d))
		return;
	uint8_t kind = d.describe != NULL ? d.describe->result : SYS_RESULT_D;
	uint64_t v = dec_result_value(&d);
	if (kind == SYS_RESULT_X)
		dec_hex(&d, v);
	else if (kind == SYS_RESULT_O)
		str_printf(out, "%#03llo", (unsigned long long)v);
	else if (kind == SYS_RESULT_FD)
		dec_fd_result(&d);
	else if (kind == SYS_RESULT_NONE)
		str_add_char(out, '?');
	else if (kind >= SYS_RESULT_TID)
		dec_pid(&d, (enum syscall_pid)(kind - SYS_RESULT_TID), (int)call->result);
	else
		dec_result(&d);
}

const char *syscall_errno_name(int number)
{
	return number > 0 ? dec_name(XLAT_errno, (uint64_t)number) : NULL;
}

static int number_of(unsigned xlat, const char *name)
{
	const struct sys_xlat *table = &sys_xlats[xlat];

	for (uint32_t i = 0; i < table->count; i++)
		if (strcasecmp(sys_names + sys_values[table->first + i].name, name) == 0)
			return (int)sys_values[table->first + i].value;
	return -1;
}

int syscall_errno_number(const char *name)
{
	if (strcasecmp(name, "EWOULDBLOCK") == 0)
		name = "EAGAIN";
	if (strcasecmp(name, "EDEADLOCK") == 0)
		name = "EDEADLK";
	return number_of(XLAT_errno, name);
}

const char *syscall_signal_name(int number)
{
	static const char realtime[][10] = {
		"SIGRTMIN", "SIGRT_1",	"SIGRT_2",  "SIGRT_3",	"SIGRT_4",  "SIGRT_5",	"SIGRT_6",  "SIGRT_7",	"SIGRT_8",
		"SIGRT_9",  "SIGRT_10", "SIGRT_11", "SIGRT_12", "SIGRT_13", "SIGRT_14", "SIGRT_15", "SIGRT_16", "SIGRT_17",
		"SIGRT_18", "SIGRT_19", "SIGRT_20", "SIGRT_21", "SIGRT_22", "SIGRT_23", "SIGRT_24", "SIGRT_25", "SIGRT_26",
		"SIGRT_27", "SIGRT_28", "SIGRT_29", "SIGRT_30", "SIGRT_31", "SIGRT_32",
	};

	if (number >= 32 && number <= 64)
		return realtime[number - 32];
	return number > 0 ? dec_name(XLAT_signal, (uint64_t)number) : NULL;
}

int syscall_signal_number(const char *name)
{
	char full[32];

	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	snprintf(full, sizeof(full), "SIG%s", name);
	for (int n = 32; n <= 64; n++)
		if (strcasecmp(full, syscall_signal_name(n)) == 0)
			return n;
	if (strcasecmp(full, "SIGCLD") == 0 || strcasecmp(full, "SIGPOLL") == 0 || strcasecmp(full, "SIGIOT") == 0)
		return (full[3] | 0x20) == 'c' ? 17 : (full[3] | 0x20) == 'p' ? 29 : 6;
	if (strcasecmp(full, "SIGRTMAX") == 0)
		return 64;
	return number_of(XLAT_signal, full);
}

void syscall_print_sigset(const struct syscall_style *style, uint64_t set, struct str *out)
{
	static const struct syscall_memory nothing;
	struct syscall_call call = { .abi = SYSCALL_ABI_X86_64, .number = UINT32_MAX };
	struct syscall_progress progress;
	uint8_t bytes[8];
	struct decoder d;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(set >> 8 * i);
	syscall_progress_start(&progress);
	decoder_init(&d, style, NULL, &call, &nothing, &progress, out);
	dec_sigset(&d, bytes, sizeof(bytes));
}

void syscall_print_siginfo(const struct syscall_style *style, const struct syscall_lookup *lookup, int tid,
			   enum syscall_abi abi, const void *siginfo, size_t size_bytes, struct str *out)
{
	static const struct syscall_memory nothing;
	struct syscall_call call = { .abi = abi, .pid = tid, .tid = tid, .number = UINT32_MAX };
	struct syscall_progress progress;
	uint8_t bytes[128] = { 0 };
	struct decoder d;

	memcpy(bytes, siginfo, size_bytes < sizeof(bytes) ? size_bytes : sizeof(bytes));
	syscall_progress_start(&progress);
	decoder_init(&d, style, lookup, &call, &nothing, &progress, out);
	dec_siginfo(&d, bytes);
}
