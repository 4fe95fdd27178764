/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_RECORD_NAME_H
#define SONDE_SESSION_RECORD_NAME_H
/* Where a recording goes. */
#include "session/session.h"

/* The path that was asked for (-o); else NAME.sonde here, of the command, process or control group ("machine" of
 * all), or NAME-2.sonde and so on where that is there and is not to be overwritten.  Heap, never NULL. */
char *record_name_choose(const struct record_session_options *options);

#endif
