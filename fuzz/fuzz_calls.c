/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Following descriptors through calls of a recording that somebody made to hurt; folding the same calls; lines of
 * /proc/net.  The input is lines: "ABI NUMBER PID RESULT ARG0 ARG1 ARG2|ARGUMENTS|RETURNED|PATH".
 */
#include "session/trace/fold.h"
#include "target/descriptors.h"
#include "view/calls/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct state {
	struct call_kinds *kinds;
	struct call_objects objects;
	struct fold *fold;
	struct str out;
};

static char *next_field(char **rest)
{
	char *field = *rest, *end = strchr(field, '|');

	*rest = end ? end + 1 : field + strlen(field);
	if (end)
		*end = '\0';
	return field;
}

static void one_call(struct state *s, char *line)
{
	struct call_seen seen = { .wanted = true, .comm_text = "comm", .ppid = 1 };
	char *numbers = next_field(&line);
	unsigned abi = 0, number = 0;
	long long v[5] = { 0 };
	uint32_t object;

	sscanf(numbers, "%u %u %lld %lld %lld %lld %lld", &abi, &number, &v[0], &v[1], &v[2], &v[3], &v[4]);
	seen.abi = (enum syscall_abi)(abi % SYSCALL_ABI_COUNT);
	seen.number = number;
	seen.kind = call_kinds_get(s->kinds, seen.abi, number);
	seen.pid = seen.tid = (uint32_t)v[0] % 8;
	seen.result = v[1];
	for (unsigned i = 0; i < 3; i++)
		seen.args[i] = (uint64_t)v[2 + i];
	seen.arguments = next_field(&line);
	seen.returned = next_field(&line);
	seen.path = next_field(&line);
	call_objects_follow(&s->objects, &seen, &object);
	if (object != CALL_OBJECT_NONE && (object >= s->objects.list.n || !s->objects.list.v[object].name))
		abort();

	struct syscall_call call = { .abi = seen.abi, .number = number, .result = seen.result, .args = { seen.args[0] } };

	fold_add(s->fold, &(struct fold_call){ .tid = seen.tid, .call = &call, .name = "call", .line = "x\n", .length = 2 },
		 &s->out);
}

static void one_socket(const char *line)
{
	static const char *const protocols[] = { "tcp", "tcp6", "udp", "unix", "netlink" };

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		struct descriptor d = { 0 };
		struct str name = { 0 };
		uint64_t inode;

		descriptors_parse_socket(protocols[i], line, &inode, &name, &d);
		str_deinit(&name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state s = { .kinds = call_kinds_create(), .fold = fold_create() };
	char *text = mem_strndup((const char *)data, size), *rest = NULL;

	call_objects_init(&s.objects, s.kinds);
	call_objects_initial(&s.objects, 1, -100, "/home", false);
	call_objects_initial(&s.objects, 1, 0, "/dev/null", false);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		one_socket(line);
		one_call(&s, line);
	}
	fold_end_all(s.fold, 0, &s.out);
	call_objects_deinit(&s.objects);
	call_kinds_destroy(s.kinds);
	fold_destroy(s.fold);
	str_deinit(&s.out);
	free(text);
	return 0;
}
