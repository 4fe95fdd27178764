/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* make-profile PATH [cut]: the recording of fixture_recording.h, for command tests. */
#include "fixture_recording.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;

	struct err *err = fixture_recording(argv[1], argc > 2 && strcmp(argv[2], "cut") == 0);

	if (err)
		fprintf(stderr, "make-profile: %s\n", err_message(err));
	return err != NULL;
}
