/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operands to recordings. */
#include "cmd/recording_input.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "record/recording.h"
#include "session/import.h"
#include "session/temporary.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The import that was made before, unless the file was written anew. */
static bool was_imported(const char *operand)
{
	CLEANUP(mem_freep) char *meta = mem_printf("%s.sonde/meta.json", operand);
	struct stat file, recording;

	if (stat(meta, &recording) != 0 || stat(operand, &file) != 0)
		return false;
	return recording.st_mtim.tv_sec > file.st_mtim.tv_sec ||
	       (recording.st_mtim.tv_sec == file.st_mtim.tv_sec &&
		recording.st_mtim.tv_nsec >= file.st_mtim.tv_nsec);
}

bool recording_input_is_foreign(const char *operand)
{
	return operand && session_can_import(operand) && !was_imported(operand);
}

static struct err *import(const char *operand, struct recording_input *in)
{
	struct err *damage = NULL;

	in->path = mem_strdup(operand);
	TRY(session_import_temporary(operand, NULL, &in->temporary, &damage));
	if (damage)
		log_warn("%s; what came before it is shown", err_message(damage));
	err_destroy(damage);
	return recording_open(temporary_recording(in->temporary), &in->recording);
}

static struct err *open_native(const char *operand, struct recording_input *in)
{
	TRY(recording_find_path(operand, &in->path));
	return recording_open(in->path, &in->recording);
}

struct err *recording_input_open(const char *operand, struct recording_input *ret)
{
	struct recording_input in = { 0 };
	struct err *err = recording_input_is_foreign(operand) ? import(operand, &in) : open_native(operand, &in);

	if (err) {
		recording_input_close(&in);
		return err;
	}
	*ret = in;
	return NULL;
}

void recording_input_close(struct recording_input *in)
{
	recording_destroy(in->recording);
	temporary_destroy(in->temporary);
	free(in->path);
	*in = (struct recording_input){ 0 };
}

struct err *recording_input_take_options(const struct opt_spec *spec, struct opt_list *words, void *args, struct arena *arena,
					 bool *helped)
{
	struct opt_list given = *words;

	*helped = false;
	*words = (struct opt_list){ 0 };
	TRY(opt_parse(spec, (int)given.count, (char **)given.words, args, arena, helped)); /* the recording stands where a program's name does */
	if (words->count)
		return err_fix(err_new(ERR_USAGE, "'%s' is one word too many: %s is a recording", words->words[0], given.words[0]),
			       "see sonde %s --help", spec->name);
	*words = (struct opt_list){ .words = given.words, .count = 1 };
	if (*helped)
		opt_print_help(spec, stdout, cmd_help_width(stdout));
	return NULL;
}

void recording_input_leave(struct recording_input *in)
{
	struct str damage = { 0 };

	while (in->recording && recording_next_damage(in->recording, &damage))
		continue;
	str_deinit(&damage);
	recording_input_close(in);
}
