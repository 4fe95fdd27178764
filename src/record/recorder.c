/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a recording that is written.  At the start: the directory, meta.json with the
 * state "recording", the journal, and a reserve of disk space that the last metadata
 * gets when the disk is full.  At the end: the rest of the journal and the side tables become
 * segments, meta.json is replaced, the journal goes.  Killed in between, all of it is
 * in the journal for the reader to fold in (fold.c).
 *
 * No part of this needs a library, so that sonde-agent can be static.
 */
#include "record/recorder.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "event/table.h"
#include "record/check.h"
#include "record/recorder_impl.h"
#include "record/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

void recorder_set_error(struct recorder *r, struct err *err)
{
	struct err *none = NULL;

	if (!atomic_compare_exchange_strong(&r->error, &none, err))
		err_destroy(err);
}

const struct err *recorder_borrow_error(const struct recorder *r) { return atomic_load(&r->error); }

struct err *recorder_fix(const struct recorder *r, struct err *err)
{
	return err && io_is_full(err_errnum(err)) ?
		       io_fix_write(err, r->is_temporary ? "name another place in TMPDIR" : "record elsewhere with -o") :
		       err;
}

/* --- start ----------------------------------------------------------------------------------- */

static bool is_locked(int dirfd)
{
	CLEANUP(io_closep) int fd = openat(dirfd, "journal/lock", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

enum { META_LOOK_BYTES = 64 << 20 };

/* A meta.json alone is not enough to remove somebody's directory. */
static bool is_recording(const char *path)
{
	CLEANUP(mem_freep) char *name = mem_printf("%s/meta.json", path);
	struct str text = { 0 };
	struct err *err = io_read_file(name, META_LOOK_BYTES, &text);
	bool is = err == NULL && strstr(str_text(&text), "\"sonde-recording\"") != NULL;

	err_destroy(err);
	str_deinit(&text);
	return is;
}

static struct err *replace_existing(const struct recorder_options *o)
{
	CLEANUP(io_closep) int fd = open(o->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_fix(err_errno(errno, "cannot open %s", o->path),
			       "choose another name with -o");
	if (!is_recording(o->path))
		return err_fix(err_new(ERR_USAGE, "%s exists and is not a recording", o->path),
			       "choose another name with -o, or remove it");
	if (!o->overwrite)
		return err_fix(err_new(ERR_USAGE, "the recording %s exists", o->path),
			       "choose another name with -o, or replace it with --overwrite");
	if (is_locked(fd))
		return err_fix(err_new(ERR_USAGE, "%s is being recorded right now", o->path),
			       "choose another name with -o, or end that recording");
	TRY(store_remove(AT_FDCWD, o->path));
	if (mkdir(o->path, 0777) < 0)
		return err_errno(errno, "cannot make %s", o->path);
	return NULL;
}

static struct err *make_directory(const struct recorder_options *o)
{
	if (mkdir(o->path, 0777) == 0)
		return NULL;
	if (errno == EEXIST)
		return replace_existing(o);
	return err_fix(err_errno(errno, "cannot make %s", o->path),
		       "record to a directory of yours with -o");
}

static void make_reserve(struct recorder *r)
{
	CLEANUP(io_closep)
	int fd = openat(r->dirfd, "reserve", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd >= 0 && fallocate(fd, 0, 0, RESERVE_BYTES) < 0)
		log_debug("no reserve for a full disk: %m");
}

/* Give most of it to the last rows: the last metadata says why the recording ends, and needs some, too. */
static void spend_reserve(struct recorder *r)
{
	CLEANUP(io_closep)
	int fd = openat(r->dirfd, "reserve", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, RESERVE_META_BYTES) < 0)
		log_debug("cannot give of what is set aside for a full disk: %m");
}

/* Kernel addresses mean something until the next boot only (KASLR): whoever names them later
 * asks whether this is still the boot they are from. */
static void describe_boot(struct recorder *r)
{
	struct str id;

	str_init(&id);
	struct err *err = io_read_file("/proc/sys/kernel/random/boot_id", 64, &id);

	if (err == NULL && id.length > 1)
		recorder_note(r, RECORDING_NOTE_BOOT,
			      arena_strndup(&r->arena, id.text, strcspn(id.text, "\n")));
	err_destroy(err);
	str_deinit(&id);
}

static void describe_machine(struct recorder *r, bool elsewhere)
{
	struct recording_meta *m = &r->meta;
	struct utsname name;
	struct timespec wall;

	m->state = RECORDING_LIVE;
	m->version = SONDE_VERSION;
	m->exit_status = -1;
	m->start_ns = clock_now_ns();
	clock_gettime(CLOCK_REALTIME, &wall);
	m->wall_offset_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - (int64_t)m->start_ns;
	if (elsewhere)
		return;
	m->cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	if (uname(&name) < 0)
		return;
	m->host = arena_strdup(&r->arena, name.nodename);
	m->kernel = arena_printf(&r->arena, "%s %s %s", name.sysname, name.release, name.version);
	m->arch = arena_strdup(&r->arena, name.machine);
}

/* The side journal describes all types, so that a reader of another version reads it. */
static struct err *add_builtin_types(struct recorder *r)
{
	for (unsigned n = 0; n < TYPE_FIRST_DYNAMIC; n++) {
		r->types[n] = event_type_builtin(n);
		if (r->types[n] && !sidelog_add_type(r->side, n, r->types[n]))
			return err_errno(sidelog_errno(r->side),
					 "cannot write the recording's side journal");
	}
	r->next_type = TYPE_FIRST_DYNAMIC;
	vec_push(&r->texts, "");
	return NULL;
}

static size_t list_types(struct recorder *r, const struct event_type **types)
{
	size_t count = 0;

	for (unsigned n = 0; n <= TYPE_MAX; n++)
		if (r->types[n])
			types[count++] = r->types[n];
	return count;
}

static struct err *write_meta(struct recorder *r)
{
	const struct event_type *types[TYPE_MAX + 1];

	r->meta.notes = r->notes.v;
	r->meta.note_count = r->notes.n;
	r->meta.missing = r->missing.v;
	r->meta.missing_count = r->missing.n;
	return store_meta(r->dirfd, &r->meta, types, list_types(r, types));
}

static struct err *open_files(struct recorder *r)
{
	r->dirfd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dirfd < 0)
		return err_errno(errno, "cannot open %s", r->path);
	if (mkdirat(r->dirfd, "journal", 0777) < 0)
		return err_errno(errno, "cannot make %s/journal", r->path);
	r->journal_fd = openat(r->dirfd, "journal", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->journal_fd < 0)
		return err_errno(errno, "cannot open %s/journal", r->path);
	r->lock_fd = openat(r->journal_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (r->lock_fd < 0 || flock(r->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(errno, "cannot lock %s/journal/lock", r->path);
	return NULL;
}

static struct err *start(struct recorder *r, const struct recorder_options *o)
{
	TRY(make_directory(o));
	TRY(open_files(r));
	make_reserve(r);
	TRY(sidelog_create(r->journal_fd, &r->side));
	r->header = sidelog_header(r->side);
	atomic_store(&r->header->alive_ns, r->meta.start_ns);
	TRY(add_builtin_types(r));
	TRY(journal_create(r->journal_fd, o->journal_max_bytes ? o->journal_max_bytes : 256 << 20,
			   &r->journal));
	TRY(write_meta(r));
	r->last_compact_ns = r->meta.start_ns;

	int error = pthread_create(&r->thread, NULL, recorder_thread, r);

	if (error)
		return err_fix(err_errno(error, "cannot start the recording's writer thread"),
			       "there are as many threads as a limit permits: ulimit -u, or the control group's pids.max");
	r->has_thread = true;
	return NULL;
}

struct err *recorder_create(const struct recorder_options *o, struct recorder **ret)
{
	struct recorder *r = mem_calloc(1, sizeof(*r));

	r->path = mem_strdup(o->path);
	r->elsewhere = o->elsewhere;
	r->is_temporary = o->is_temporary;
	r->dirfd = r->journal_fd = r->lock_fd = -1;
	r->segment_ns = o->segment_ns ? o->segment_ns : 4000000000ULL;
	r->compactor = o->compactor;
	pthread_mutex_init(&r->lock, NULL);
	strmap_init(&r->strings);
	describe_machine(r, o->elsewhere);
	if (r->compactor)
		r->compactor->prepare();

	struct err *err = start(r, o);

	if (err != NULL) {
		if (r->lock_fd >= 0) /* what is there is ours */
			err_destroy(store_remove(AT_FDCWD, r->path));
		err = recorder_fix(r, err);
		recorder_destroy(r);
		return err_wrap(err, "cannot start the recording");
	}
	if (!o->elsewhere)
		describe_boot(r);
	*ret = r;
	return NULL;
}

struct recorder *recorder_create_unwritten(void)
{
	struct recorder *r = mem_calloc(1, sizeof(*r));

	r->dirfd = r->journal_fd = r->lock_fd = -1;
	pthread_mutex_init(&r->lock, NULL);
	strmap_init(&r->strings);
	for (unsigned n = 0; n < TYPE_FIRST_DYNAMIC; n++)
		r->types[n] = event_type_builtin(n);
	r->next_type = TYPE_FIRST_DYNAMIC;
	vec_push(&r->texts, "");
	return r;
}

/* --- types and strings ---------------------------------------------------------------------------
 */

static const struct event_type *copy_type(struct arena *a, const struct event_type *type)
{
	struct event_type *copy = ARENA_NEW(a, struct event_type);
	struct event_field *fields = ARENA_ARRAY(a, struct event_field, type->field_count);

	*copy = *type;
	copy->name = arena_strdup(a, type->name);
	copy->prose = arena_strdup(a, type->prose ? type->prose : "");
	copy->fields = fields;
	for (unsigned i = 0; i < type->field_count; i++) {
		fields[i] = type->fields[i];
		fields[i].name = arena_strdup(a, type->fields[i].name);
		fields[i].prose =
			arena_strdup(a, type->fields[i].prose ? type->fields[i].prose : "");
		fields[i].ref = type->fields[i].ref ? arena_strdup(a, type->fields[i].ref) : NULL;
	}
	return copy;
}

static unsigned find_type(struct recorder *r, const char *name)
{
	for (unsigned n = 0; n <= TYPE_MAX; n++)
		if (r->types[n] && strcmp(r->types[n]->name, name) == 0)
			return n;
	return 0;
}

struct err *recorder_add_type(struct recorder *r, const struct event_type *type, unsigned *number)
{
	struct err *err = check_type(type);

	if (err != NULL)
		return err;
	pthread_mutex_lock(&r->lock);
	if (find_type(r, type->name))
		err = err_new(ERR_USAGE, "there is an event type '%s' already", type->name);
	else if (r->next_type > TYPE_MAX)
		err = err_new(ERR_LIMIT, "a recording has room for %d event types",
			      TYPE_MAX - TYPE_FIRST_DYNAMIC + 1);
	else if (!sidelog_add_type(r->side, r->next_type, type))
		err = err_errno(sidelog_errno(r->side),
				"cannot write the recording's side journal");
	else
		r->types[ *number = r->next_type++] = copy_type(&r->arena, type);
	pthread_mutex_unlock(&r->lock);
	return err;
}

static void side_failed(struct recorder *r)
{
	recorder_set_error(r,
			   recorder_fix(r, err_errno(sidelog_errno(r->side), "cannot record more to %s", r->path)));
}

uint32_t recorder_string(struct recorder *r, const char *text, size_t length)
{
	const char *copy;
	bool is_new;

	length = strnlen(text, length);
	if (length == 0)
		return 0;
	pthread_mutex_lock(&r->lock);
	uint64_t *id = strmap_intern(&r->strings, text, length, &is_new, &copy);

	if (is_new) {
		uint32_t head[2] = { (uint32_t)r->texts.n, 0 };

		*id = r->texts.n;
		vec_push(&r->texts, copy);
		if (r->side && !sidelog_add(r->side, SIDE_STRING, head, sizeof(head), text, length))
			side_failed(r);
	}
	uint32_t found = (uint32_t)*id;

	pthread_mutex_unlock(&r->lock);
	return found;
}

const char *recorder_string_text(struct recorder *r, uint32_t id)
{
	pthread_mutex_lock(&r->lock);
	const char *text = id < r->texts.n ? r->texts.v[id] : "";

	pthread_mutex_unlock(&r->lock);
	return text;
}

/* --- side rows
 * --------------------------------------------------------------------------------------- */

static void side_reserve(struct side_table *t, uint32_t id, uint32_t row_bytes)
{
	if (id <= t->cap)
		return;

	size_t cap = t->cap ? t->cap * 2 : 64;

	cap = cap < id ? id : cap;
	t->rows = mem_realloc(t->rows, cap * row_bytes);
	memset(t->rows + t->cap * row_bytes, 0, (cap - t->cap) * row_bytes);
	t->cap = cap;
}

void recorder_side(struct recorder *r, unsigned type, const void *row)
{
	uint32_t id, head[2] = { type, 0 };

	memcpy(&id, row, sizeof(id));
	if (id == 0 || id > SIDE_ID_MAX || type > TYPE_MAX || r->types[type] == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	struct side_table *t = &r->sides[type];
	uint32_t row_bytes = r->types[type]->row_bytes;

	side_reserve(t, id, row_bytes);
	memcpy(t->rows + (size_t)(id - 1) * row_bytes, row, row_bytes);
	if (id > t->max_id)
		t->max_id = id;
	if (r->side && !sidelog_add(r->side, SIDE_ROW, head, sizeof(head), row, row_bytes))
		side_failed(r);
	pthread_mutex_unlock(&r->lock);
}

const void *recorder_side_find(struct recorder *r, unsigned type, uint32_t id)
{
	const uint8_t *row = NULL;
	uint32_t there = 0;

	pthread_mutex_lock(&r->lock);
	if (type <= TYPE_MAX && id > 0 && id <= r->sides[type].max_id) {
		row = r->sides[type].rows + (size_t)(id - 1) * r->types[type]->row_bytes;
		memcpy(&there, row, sizeof(there));
	}
	pthread_mutex_unlock(&r->lock);
	return there ? row : NULL;
}

uint32_t recorder_side_max_id(struct recorder *r, unsigned type)
{
	pthread_mutex_lock(&r->lock);
	uint32_t id = type <= TYPE_MAX ? r->sides[type].max_id : 0;

	pthread_mutex_unlock(&r->lock);
	return id;
}

/* --- notes
 * ------------------------------------------------------------------------------------------- */

static void log_texts(struct recorder *r, enum side_kind kind, const char *a, const char *b,
		      const char *c)
{
	struct str body = { 0 };

	str_add_n(&body, a, strlen(a) + 1);
	str_add_n(&body, b ? b : "", b ? strlen(b) + 1 : 1);
	if (kind == SIDE_MISSING)
		str_add_n(&body, c ? c : "", c ? strlen(c) + 1 : 1);
	if (!sidelog_add(r->side, kind, body.text, body.length, NULL, 0))
		side_failed(r);
	str_deinit(&body);
}

void recorder_note(struct recorder *r, const char *key, const char *value)
{
	pthread_mutex_lock(&r->lock);
	struct recording_note note = { arena_strdup(&r->arena, key),
				       arena_strdup(&r->arena, value) };

	if (strcmp(key, "command") == 0)
		r->meta.command = note.value;
	else
		vec_push(&r->notes, note);
	log_texts(r, SIDE_NOTE, key, value, NULL);
	pthread_mutex_unlock(&r->lock);
}

void recorder_missing(struct recorder *r, const char *what, const char *why, const char *fix)
{
	pthread_mutex_lock(&r->lock);
	struct recording_missing missing = { arena_strdup(&r->arena, what),
					     why ? arena_strdup(&r->arena, why) : NULL,
					     fix ? arena_strdup(&r->arena, fix) : NULL };

	vec_push(&r->missing, missing);
	log_texts(r, SIDE_MISSING, what, why, fix);
	pthread_mutex_unlock(&r->lock);
}

void recorder_exit_status(struct recorder *r, int wait_status)
{
	int32_t status = wait_status;

	pthread_mutex_lock(&r->lock);
	r->meta.exit_status = wait_status;
	if (!sidelog_add(r->side, SIDE_EXIT, &status, sizeof(status), NULL, 0))
		side_failed(r);
	pthread_mutex_unlock(&r->lock);
}

static const char *copy_or_null(struct recorder *r, const char *text)
{
	return text && *text ? arena_strdup(&r->arena, text) : NULL;
}

void recorder_origin(struct recorder *r, const struct recorder_origin *origin)
{
	pthread_mutex_lock(&r->lock);
	r->meta.host = copy_or_null(r, origin->host);
	r->meta.kernel = copy_or_null(r, origin->kernel);
	r->meta.arch = copy_or_null(r, origin->arch);
	r->meta.cpus = origin->cpus;
	r->meta.wall_offset_ns = origin->wall_offset_ns;
	pthread_mutex_unlock(&r->lock);
}

void recorder_span(struct recorder *r, uint64_t start_ns, uint64_t end_ns)
{
	pthread_mutex_lock(&r->lock);
	r->meta.start_ns = start_ns;
	r->meta.end_ns = end_ns;
	pthread_mutex_unlock(&r->lock);
}

/* --- the end
 * ----------------------------------------------------------------------------------------- */

static void stop_thread(struct recorder *r)
{
	if (!r->has_thread)
		return;
	atomic_store(&r->stop, true);
	journal_wake(r->journal);
	pthread_join(r->thread, NULL);
	r->has_thread = false;
}

/* Rows that found no room and could not be reported in a `lost` row for the same reason. */
static struct err *store_lost(struct recorder *r)
{
	static const char source[] = "journal", reason[] = "journal full";
	uint64_t unreported =
		atomic_load(&r->header->lost_rows) - atomic_load(&r->header->lost_reported);
	struct row_lost row = { .time_ns = atomic_load(&r->header->lost_first_ns),
				.count = unreported,
				.cpu = -1 };
	struct segment_run run = { (const uint8_t *)&row, 1 };

	if (unreported == 0)
		return NULL;
	row.source = recorder_string(r, source, sizeof(source) - 1);
	row.reason = recorder_string(r, reason, sizeof(reason) - 1);
	TRY(recorder_store_rows(r, TYPE_lost, &run, 1));
	atomic_fetch_add(&r->loss_rows, 1);
	atomic_fetch_add(&r->header->lost_reported, unreported);
	return NULL;
}

static struct err *store_side_table(struct recorder *r, unsigned type)
{
	const struct side_table *t = &r->sides[type];
	uint32_t row_bytes = r->types[type]->row_bytes, there;
	VEC(struct segment_run) runs = { 0 };

	for (uint32_t i = 0; i < t->max_id; i++) {
		const uint8_t *row = t->rows + (size_t)i * row_bytes;

		memcpy(&there, row, sizeof(there));
		if (there == 0)
			continue;
		if (runs.n &&
		    vec_last(&runs)->rows + (size_t)vec_last(&runs)->count * row_bytes == row)
			vec_last(&runs)->count++;
		else
			vec_push(&runs, ((struct segment_run){ row, 1 }));
	}
	struct err *err = runs.n ? recorder_store_rows(r, type, runs.v, runs.n) : NULL;

	vec_deinit(&runs);
	return err;
}

static struct err *store_all(struct recorder *r)
{
	TRY(recorder_compact(r));
	TRY(store_lost(r));
	for (unsigned type = 0; type <= TYPE_MAX; type++)
		if (r->types[type] && r->sides[type].max_id)
			TRY(store_side_table(r, type));
	return NULL;
}

/* Rows that are in the journal alone. */
static uint64_t count_waiting(struct recorder *r)
{
	uint64_t rows = 0;

	journal_collect(r->journal, UINT64_MAX, &r->runs);
	for (size_t i = 0; i < r->runs.runs.n; i++)
		rows += r->runs.runs.v[i].count;
	return rows;
}

static void count_totals(struct recorder *r, uint64_t waiting, struct recorder_totals *totals)
{
	if (totals == NULL)
		return;
	*totals = (struct recorder_totals){ .rows = r->rows_stored + waiting - atomic_load(&r->loss_rows),
					    .lost = atomic_load(&r->header->lost_rows),
					    .source_lost = atomic_load(&r->source_lost),
					    .bytes = store_bytes(r->dirfd, ".") };
	for (unsigned type = 0; type <= TYPE_MAX; type++)
		if (r->types[type] && !r->types[type]->side)
			totals->event_bytes += store_bytes(r->dirfd, r->types[type]->name);
}

/* The last meta.json; on a full disk it takes the reserve's place. */
static struct err *end_meta(struct recorder *r, const struct err *failed)
{
	if (r->meta.end_ns == 0 && !r->elsewhere)
		r->meta.end_ns = clock_now_ns();
	r->meta.state = RECORDING_COMPLETE;
	if (failed) {
		r->meta.state = RECORDING_CUT;
		r->meta.why_cut = arena_printf(
			&r->arena, "%s; what was recorded until then is here", err_message(failed));
	}
	err_destroy(store_remove(r->dirfd, "reserve"));
	return write_meta(r);
}

/* The journal stays: there is no compactor, or it could not store everything. */
static void keep_journal(struct recorder *r)
{
	journal_shrink(r->journal);
	sidelog_shrink(r->side);
}

struct err *recorder_finish(struct recorder *r, struct recorder_totals *totals)
{
	struct err *err = NULL;

	stop_thread(r);
	if (r->compactor) {
		err = store_all(r);
		if (err != NULL && err_errnum(err) == ENOSPC) { /* the reserve may be enough */
			err_destroy(err);
			spend_reserve(r);
			err = store_all(r);
		}
	}
	const struct err *cause = recorder_borrow_error(r);
	bool all_stored = r->compactor && err == NULL;
	uint64_t waiting = all_stored ? 0 : count_waiting(r);
	struct err *meta_err = end_meta(r, cause ? cause : err);

	if (all_stored && meta_err == NULL)
		meta_err = store_remove(r->dirfd, "journal");
	else
		keep_journal(r);
	count_totals(r, waiting, totals);
	if (err == NULL)
		err = meta_err;
	else
		err_destroy(meta_err);
	return recorder_fix(r, err_wrap(err, "cannot finish the recording %s", r->path));
}

void recorder_destroy(struct recorder *r)
{
	if (r == NULL)
		return;
	stop_thread(r);
	journal_destroy(r->journal);
	sidelog_destroy(r->side);
	for (unsigned type = 0; type <= TYPE_MAX; type++)
		free(r->sides[type].rows);
	vec_deinit(&r->notes);
	vec_deinit(&r->missing);
	vec_deinit(&r->streams);
	vec_deinit(&r->texts);
	vec_deinit(&r->runs.runs);
	strmap_deinit(&r->strings);
	arena_deinit(&r->arena);
	err_destroy(atomic_load(&r->error));
	io_closep(&r->lock_fd);
	io_closep(&r->journal_fd);
	io_closep(&r->dirfd);
	pthread_mutex_destroy(&r->lock);
	free(r->path);
	free(r);
}
