/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make-profile PATH [cut]: the recording of fixture_recording.h, for command tests.
 * make-profile PATH calls|lock|lock-cut: those of fixture_calls.h.
 *
 * make-profile PATH KIND MODULE BUILD-ID FUNCTION ADDR...: one of ten samples at each address of one
 * function; KIND is an enum module_kind.
 */
#include "fixture_calls.h"
#include "fixture_recording.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 10 };

static void one_function(struct recorder *r, char **words, int count)
{
	struct recorder_stream *s = recorder_stream_create(r);
	uint64_t time_ns = fixture_now();

	fixture_thread(r, 1, 100, 100, "prog", "/opt/prog");
	recorder_side(r, TYPE_event, &(struct row_event){ .id = 1, .name = fixture_string(r, "cpu-clock"),
							  .unit = fixture_string(r, "ns"), .frequency_hz = 999 });
	recorder_side(r, TYPE_module, &(struct row_module){ .id = 1, .path = fixture_string(r, words[1]),
							    .build_id = fixture_string(r, words[2]),
							    .kind = (uint8_t)atoi(words[0]) });
	for (int i = 4; i < count; i++) {
		uint32_t id = (uint32_t)i - 3;

		recorder_side(r, TYPE_frame, &(struct row_frame){ .id = id, .module = 1, .offset = strtoull(words[i], NULL, 16),
								  .function = fixture_string(r, words[3]),
								  .module_path = fixture_string(r, words[1]), .exact = 1,
								  .kind = (uint8_t)atoi(words[0]) });
		recorder_side(r, TYPE_stack, &(struct row_stack){ .id = id, .frame = id });
		fixture_samples(s, &time_ns, SAMPLES, (struct row_sample){ .period = 1000000, .thread = 1, .stack = id,
									   .event = 1, .mode = SAMPLE_KERNEL });
	}
	recorder_stream_destroy(s);
}

static struct err *profile_of_one(const char *path, char **words, int count)
{
	struct recorder_options options = { .path = path, .overwrite = true, .compactor = &parquet_compactor };
	struct recorder *r;
	struct err *err;

	TRY(recorder_create(&options, &r));
	one_function(r, words, count);
	err = recorder_finish(r, NULL);
	recorder_destroy(r);
	return err;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;

	struct err *err = argc > 6 ? profile_of_one(argv[1], argv + 2, argc - 2) :
			  argc > 2 && strcmp(argv[2], "calls") == 0 ? fixture_calls_recording(argv[1]) :
			  argc > 2 && strncmp(argv[2], "lock", 4) == 0 ? fixture_lock_recording(argv[1], strcmp(argv[2], "lock-cut") == 0) :
				     fixture_recording(argv[1], argc > 2 && strcmp(argv[2], "cut") == 0);

	if (err)
		fprintf(stderr, "make-profile: %s\n", err_message(err));
	return err != NULL;
}
