/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_LOG_H
#define SONDE_BASE_LOG_H
/*
 * What sonde says to a person while it works: one-line messages on stderr, each
 * starting "sonde: ".  stdout is for data and never touched here.
 */
#include <stdbool.h>

enum log_level { LOG_QUIET, LOG_WARN, LOG_NOTE, LOG_INFO, LOG_DEBUG };

/* Default LOG_NOTE; --quiet, --verbose and SONDE_LOG=debug|info|note|warn|quiet set it. */
void log_set_level(enum log_level level);
bool log_set_level_name(const char *name); /* false: no such level */
enum log_level log_get_level(void);

void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)   /* something is wrong or missing */
#define log_note(...) log_at(LOG_NOTE, __VA_ARGS__)   /* what was chosen, what was done without */
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)   /* -v */
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__) /* -vv */

#endif
