/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_UNPACK_H
#define SONDE_MODULE_UNPACK_H
/* Files as they are meant: kernel modules may be compressed (.ko.xz, .ko.zst, .ko.gz). */
#include "base/err.h"

/* Open PATH for reading; what is compressed comes as a file in memory. */
struct err *unpack_open(const char *path, int *fd);

#endif
