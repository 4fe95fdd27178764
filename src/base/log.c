/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message is formatted whole and written once, so that lines of several threads
 * and of the traced program do not mix. */
#include "base/log.h"

#include "base/io.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static _Atomic enum log_level current = LOG_NOTE;

void log_set_level(enum log_level level) { atomic_store(&current, level); }
enum log_level log_get_level(void) { return atomic_load(&current); }

bool log_set_level_name(const char *name)
{
	static const char *const names[] = { "quiet", "warn", "note", "info", "debug" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0) {
			log_set_level((enum log_level)i);
			return true;
		}
	return false;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	struct str line, text;
	va_list ap;

	if (level > log_get_level())
		return;
	str_init(&line);
	str_add(&line, level == LOG_WARN ? "sonde: warning: " : "sonde: ");
	va_start(ap, fmt);
	str_init(&text);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	str_add_visible_lines(&line, str_text(&text), text.length);
	str_deinit(&text);
	str_add_char(&line, '\n');
	err_destroy(io_write_all(STDERR_FILENO, line.text, line.length, "stderr"));
	str_deinit(&line);
}
