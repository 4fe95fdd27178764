/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_GZIP_H
#define SONDE_FORMAT_GZIP_H
/* Whole gzip streams in memory (RFC 1952), by zlib. */
#include "base/err.h"
#include "base/str.h"
#include "format/cursor.h"

#include <stdbool.h>

bool gzip_probe(const void *head, size_t size_bytes);
/* Append the unpacked bytes of all members; ERR_FORMAT, or ERR_LIMIT past MAX bytes. */
struct err *gzip_unpack(struct bytes packed, uint64_t max_bytes, struct str *out);
/* Append one member. */
struct err *gzip_pack(struct bytes plain, struct str *out);

#endif
