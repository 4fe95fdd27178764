/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_UNPACK_STREAM_H
#define SONDE_MODULE_UNPACK_STREAM_H
/*
 * gzip, xz and zstd as they come: bytes in, in any pieces, bytes out, in memory that doesn't grow with either (xz's dictionary of
 * at most 256 MiB, zstd's window of at most 128 MiB).  Several members or frames behind each other are one stream.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct unpack_stream;

/* Bytes that the callee may change, with UNPACK_STREAM_SLACK bytes of room in front; valid during the call. */
enum { UNPACK_STREAM_SLACK = 16 };
typedef struct err *unpack_stream_fn(void *user, char *bytes, size_t size_bytes);

/* By what the data begin with; NULL: none of them (6 bytes tell for sure). */
struct unpack_stream *unpack_stream_create(const void *head, size_t size_bytes);
/* ERR_FORMAT: broken; or what FN returned. */
struct err *unpack_stream_feed(struct unpack_stream *s, const void *bytes, size_t size_bytes, unpack_stream_fn *fn, void *user);
/* No more comes.  False: the data were cut off. */
bool unpack_stream_is_whole(struct unpack_stream *s);
void unpack_stream_destroy(struct unpack_stream *s); /* NULL-safe */

#endif
