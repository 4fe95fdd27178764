/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread in another pid namespace speaks of other ids than we see.  The kernel lists a
 * task's ids in each namespace from ours inward (NStgid, NSpid, NSpgid and NSsid in
 * /proc/PID/status); so the task is looked for whose id at the speaker's depth is that one,
 * and which is in the speaker's namespace or below it.  The speaker itself is asked first,
 * because most calls are about that, then whoever it was the last time, then everybody.
 *
 * /proc may be mounted for a namespace around ours: its numbers are others than ours then,
 * and ours stand so many places further on in those lists.
 */
#include "session/trace/pid_names.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "session/trace/options.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 33, STATUS_BYTES = 4096 };

struct pid_names {
	uint32_t words;
	enum syscall_hex hex;
	bool prepared;   /* the next two are known: most traces never ask */
	ino_t own_namespace;
	size_t depth;    /* of our namespace below that of /proc; 0: the same */
	struct map last; /* (kind, id) of some namespace -> who it was, by our id */
};

/* --- namespaces ------------------------------------------------------------------------------ */

/* The namespace UP places around TID's; 0: it can't be told. */
static ino_t namespace_of(pid_t tid, size_t up)
{
	char path[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && up-- > 0) {
		int outer = ioctl(fd, NS_GET_PARENT);

		close(fd);
		fd = outer;
	}
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) != 0)
		st.st_ino = 0;
	close(fd);
	return st.st_ino;
}

/* A task's ids of KIND from our namespace inward; how many. */
static size_t ids_of(pid_t tid, enum syscall_pid kind, int ids[DEPTH_MAX])
{
	static const char *const lines[] = { "\nNSpid:", "\nNStgid:", "\nNSpgid:", "\nNSsid:" };
	char path[64], text[STATUS_BYTES], *at, *end;
	size_t n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	at = strstr(text, lines[kind]);
	if (!at)
		return 0;
	at += strlen(lines[kind]);
	while (n < DEPTH_MAX && *at == '\t') {
		ids[n++] = (int)strtol(at + 1, &end, 10);
		at = end;
	}
	return n;
}

struct sought {
	size_t ours; /* which of the ids is to be told */
	ino_t namespace;
	size_t depth;
	enum syscall_pid kind;
	int id;
	bool ended; /* only those that have ended: their namespace can't be asked any more */
};

/* The id that is to be told for what is sought, if it is one of TID's; 0: it isn't. */
static int match(const struct sought *s, pid_t tid)
{
	int ids[DEPTH_MAX];
	size_t n = ids_of(tid, s->kind, ids);
	ino_t namespace;

	if (n < s->depth || n <= s->ours || ids[s->depth - 1] != s->id)
		return 0;
	namespace = namespace_of(tid, n - s->depth);
	if (namespace != (s->ended ? 0 : s->namespace))
		return 0;
	return ids[s->ours];
}

static int search_tasks(const struct sought *s, const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int found = 0;

	while (dir && !found && (entry = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		char tasks[300];

		if (tid <= 0)
			continue;
		found = match(s, tid);
		if (found || s->kind != SYSCALL_TID || strcmp(directory, "/proc") != 0)
			continue;
		snprintf(tasks, sizeof(tasks), "/proc/%d/task", tid);
		found = search_tasks(s, tasks);
	}
	if (dir)
		closedir(dir);
	return found;
}

static size_t proc_depth(void)
{
	char number[32];
	ssize_t n = readlink("/proc/self", number, sizeof(number) - 1);
	int ids[DEPTH_MAX];
	size_t count = 0;

	if (n > 0) {
		number[n] = '\0';
		count = ids_of((pid_t)atoi(number), SYSCALL_PID, ids);
	}
	return count ? count - 1 : 0;
}

static void prepare(struct pid_names *p)
{
	struct stat st;

	if (p->prepared)
		return;
	p->prepared = true;
	p->own_namespace = stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
	p->depth = proc_depth();
}

pid_t pid_names_in_proc(struct pid_names *p, pid_t tid)
{
	uint64_t key = UINT64_C(1) << 63 | (uint32_t)tid, *known;
	int ids[DEPTH_MAX], found;

	if (p == NULL)
		return tid;
	prepare(p);
	if (p->depth == 0)
		return tid;
	struct sought s = { 0, p->own_namespace, p->depth + 1, SYSCALL_TID, tid, false };

	known = map_find(&p->last, key);
	if (known && ids_of((pid_t)*known, SYSCALL_TID, ids) > p->depth && ids[p->depth] == tid)
		return (pid_t)*known;
	found = search_tasks(&s, "/proc");
	if (found)
		*map_get(&p->last, key, NULL) = (uint64_t)found;
	return found;
}

/* ID in TID's namespace -> ours; 0: not known. */
int pid_names_translate(struct pid_names *p, pid_t tid, enum syscall_pid kind, int id)
{
	int ids[DEPTH_MAX], found;

	if (p == NULL)
		return id;
	pid_t at = pid_names_in_proc(p, tid);
	struct sought s = { p->depth, namespace_of(at, 0), ids_of(at, SYSCALL_PID, ids), kind, id, false };
	uint64_t key = ((uint64_t)s.namespace << 34 ^ (uint64_t)kind << 32 ^ (uint32_t)id) >> 1, *known;

	if (!s.namespace || s.namespace == p->own_namespace || s.depth == 0)
		return s.namespace ? id : 0;
	found = match(&s, at);
	if (found)
		return found;
	known = map_find(&p->last, key);
	found = known ? match(&s, (pid_t)*known) : 0;
	if (!found)
		found = search_tasks(&s, "/proc");
	s.ended = true;
	if (!found)
		found = search_tasks(&s, "/proc");
	if (found)
		*map_get(&p->last, key, NULL) = (uint64_t)found;
	return found;
}

/* --- names -------------------------------------------------------------------------------- */

bool pid_names_add_comm(struct pid_names *p, pid_t tid, struct str *out)
{
	CLEANUP(str_deinit) struct str comm = { 0 };
	pid_t there = pid_names_in_proc(p, tid);

	if (!io_read_comm(there, there, &comm))
		return false;
	str_add_char(out, '<');
	syscall_quote(out, p->hex, comm.text, comm.length, "<>");
	str_add_char(out, '>');
	return true;
}

static void pid_words(void *pid_user, int tid, enum syscall_pid kind, int id, struct str *out)
{
	struct pid_names *p = pid_user;
	bool group = kind == SYSCALL_PGID || kind == SYSCALL_SID || id < 0; /* which have no name of their own */

	if (id < 0) {
		kind = SYSCALL_PGID;
		id = -id;
	}
	int ours = pid_names_translate(p, tid, kind, id);

	if (ours <= 0)
		return;
	if ((p->words & TRACE_PIDS_COMM) && !group)
		pid_names_add_comm(p, ours, out);
	if (p->words & TRACE_PIDS_PIDNS && ours != id)
		str_printf(out, " /* %d in strace's PID NS */", ours);
}

struct pid_names *pid_names_create(uint32_t words, enum syscall_hex hex, struct syscall_lookup *lookup)
{
	struct pid_names *p = mem_calloc(1, sizeof(*p));

	p->words = words;
	p->hex = hex;
	map_init(&p->last);
	if (words) {
		lookup->pid_words = pid_words;
		lookup->pid_user = p;
	}
	return p;
}

void pid_names_destroy(struct pid_names *p)
{
	if (p == NULL)
		return;
	map_deinit(&p->last);
	free(p);
}
