/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_RECORDING_INPUT_H
#define SONDE_CMD_RECORDING_INPUT_H
/*
 * The recording that a command's operand means: a recording, or another tool's file that is
 * imported on the fly, into a temporary directory (session/import.h).
 */
#include "base/opt.h"

#include <stdbool.h>

struct recording;

struct recording_input {
	char *path;		     /* as a person would name it */
	struct recording *recording;
	struct temporary *temporary; /* the import; NULL: none was needed */
};
/* OPERAND: as recording_find_path() has it, or a file that an importer knows, or "-" for one on
 * standard input.  What a damaged file has is used, and the damage said (log_warn). */
struct err *recording_input_open(const char *operand, struct recording_input *ret);
void recording_input_close(struct recording_input *in); /* safe when zeroed */

/* The same for one that was only looked at: who opens it again says what of it is damaged. */
void recording_input_leave(struct recording_input *in);

/* Would OPERAND be imported?  False when it is a recording, or was imported before into
 * OPERAND.sonde and has not changed since. */
bool recording_input_is_foreign(const char *operand);

/* Of a command whose operand is a recording or a command with its words: what stands behind the recording that WORDS
 * (a field of ARGS) begins with are options of SPEC, too.  They are put into ARGS, and WORDS keeps the recording
 * alone.  ERR_USAGE: one of them is a word.  *helped: help was asked for, and has been printed. */
struct err *recording_input_take_options(const struct opt_spec *spec, struct opt_list *words, void *args, struct arena *arena,
					 bool *helped);

#endif
