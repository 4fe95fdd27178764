/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strace's options with values: each line of the input is one, its letter first ("eread=3", "p1,2"; an
 * upper-case long one by a digit and a letter). */
#include "base/mem.h"
#include "session/trace/options.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_injections(struct trace_options *o)
{
	struct call_thread t = { .pid = 7, .tid = 7 };
	struct tracer_tampering what;

	for (uint32_t n = 0; n < 64; n++) {
		memset(&what, 0, sizeof(what));
		t.call.number = n % 8;
		if (injections_apply(&o->injections, &t, &what) && what.set_result && !what.set_number)
			abort(); /* a result is only made up for a call that is not made */
	}
	injections_forget(&o->injections, 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char letters[] = "aebIOpsSUXv";
	char *text = mem_strndup((const char *)data, size), *rest = text, *line;
	struct trace_options o;

	trace_options_init(&o);
	o.strace = true;
	o.name = "strace";
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct err *err = NULL;

		if (line[0] && strchr(letters, line[0]))
			err = trace_options_set(&o, line[0], line + 1);
		else if (line[0] == '-' && line[1] >= 'A' && line[1] <= 'X')
			err = trace_options_set(&o, TRACE_LONG_TIPS + line[1] - 'A', line + 2);
		err_destroy(err);
	}
	try_injections(&o);
	trace_options_deinit(&o);
	free(text);
	return 0;
}
