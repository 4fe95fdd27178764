/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_UNWIND_IMAGE_H
#define SONDE_UNWIND_IMAGE_H
/* An ELF file held open for unwinding: its CFI and its table, ready for any place where it is
 * mapped. */
#include "base/err.h"
#include "unwind/build.h"
#include "unwind/unwind.h"

struct unwind_image;

/* Maps the file and builds its table, some 20 ns a byte of CFI: 50 ms for a compiler, 2 ms for
 * libc.  FD stays the caller's.  ERR_FORMAT: not an ELF file; ERR_UNSUPPORTED: of a machine
 * that we do not unwind. */
struct err *unwind_image_create(int fd, struct unwind_image **ret);
/* The same with the table that was kept the last time, or else keeping this one (unwind/table_file.h). */
struct err *unwind_image_create_kept(int fd, struct unwind_image **ret);
/* Its CFI covers little of its code: the debug file may have .debug_frame. */
bool unwind_image_lacks_cfi(const struct unwind_image *image);
/* The CFI of the separate debug file DEBUG_FD too; the table is made anew, so nobody may hold the old
 * one.  After an error all is as before. */
struct err *unwind_image_add_debug(struct unwind_image *image, int debug_fd);
void unwind_image_destroy(struct unwind_image *image); /* NULL-safe */

/* Valid as long as the image. */
const struct unwind_table *unwind_image_table(const struct unwind_image *image);

/* The place of SIZE bytes of the file from OFFSET on, mapped at ADDR.  False: no segment of the
 * file lies there. */
bool unwind_image_place(const struct unwind_image *image, uint64_t addr, uint64_t size_bytes,
			uint64_t offset, struct unwind_place *ret);

#endif
