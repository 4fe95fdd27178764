/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_LIBEXEC_H
#define SONDE_BASE_LIBEXEC_H
/* The files of ours that other programs load. */

/* NAME where sonde is installed (PREFIX/libexec/sonde), beside it, or in the build tree; the
 * real path, heap, or NULL when it is not there.  Found from /proc/self/exe: an installation
 * may be moved. */
char *libexec_find(const char *name);

#define LIBEXEC_CPU_TIMER "libsonde-cpu-timer.so" /* lib/sonde-cpu-timer.c */

#endif
