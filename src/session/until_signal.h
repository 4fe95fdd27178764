/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_UNTIL_SIGNAL_H
#define SONDE_SESSION_UNTIL_SIGNAL_H
/* Going on until the user says stop: SIGINT, SIGTERM, SIGHUP and SIGQUIT are blocked and
 * looked at where it suits.  One at a time in a process. */
#include "base/err.h"

#include <poll.h>
#include <stdbool.h>

struct until_signal;

struct err *until_signal_create(struct until_signal **ret);
void until_signal_destroy(struct until_signal *s); /* NULL-safe; the signals are as before */

bool until_signal_came(const struct until_signal *s);
/* Wait for a signal, at most TIMEOUT_MS. */
void until_signal_wait(struct until_signal *s, int timeout_ms);
/* Wait until FD is ready (its revents say so) or a signal comes, at most TIMEOUT_MS; -1: for ever. */
void until_signal_wait_fd(struct until_signal *s, struct pollfd *fd, int timeout_ms);

#endif
