/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_SUMMARY_H
#define SONDE_VIEW_SUMMARY_H
/* The few lines that a recording ends with: where its CPU time went. */
#include "base/err.h"

#include <stdint.h>
#include "base/str.h"

/* Adds a line for each of the commands that used most, with their busiest functions:
 * "  93 %  cc1 (29.4 s in 12 processes)  ggc_alloc 4 %, ...".  Each line ends with '\n';
 * nothing is added for a recording without samples. */
struct err *summary_of_recording(const char *path, struct str *text);

/* Rows of the recording at PATH; 0 each where it can't be read. */
void summary_count(const char *path, uint64_t *calls, uint64_t *samples);

#endif
