/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Libraries that most commands never need are opened when the first of their functions is called.  Linked as usual they
 * would cost each start of sonde half a millisecond, a third of it, before main() is reached: `sonde strace true` would be
 * slower than strace by that.
 *
 * The rooms call these libraries as anybody does.  Only the program `sonde` is linked with this file: here is a function of
 * the same name and type for each one that they call, which asks the library for the real one, once.  The linker then finds
 * nothing that a library would be needed for and leaves it out (--as-needed).  A function that is missing here costs
 * nothing but time: its library is linked again.
 *
 * Where a library isn't there we end as the dynamic linker would have at our start, with its words and status.
 */
#include <dlfcn.h>
#include <jansson.h>
#include <lzma.h>
#include <math.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

/* Of their ABI: where it changes, the headers that this was built with are others, too. */
#define LZMA "liblzma.so.5"
#define JANSSON "libjansson.so.4"
#define MATH "libm.so.6"
#define SQLITE "libsqlite3.so.0"
#define XXHASH "libxxhash.so.0"
#define ZLIB "libz.so.1"
#define ZSTD "libzstd.so.1"

/* What tools that list a program's dependencies find of them: a note as in the UAPI group's "ELF dlopen metadata". */
/* clang-format off */
#define NOTE_ENTRY(FEATURE, WHAT, LIBRARY) \
	"{\"feature\":\"" FEATURE "\",\"description\":\"" WHAT "\",\"priority\":\"required\",\"soname\":[\"" LIBRARY "\"]}"
#define NOTE_TEXT                                                              \
	"[" NOTE_ENTRY("lzma", "Debug information in xz", LZMA) ","            \
	NOTE_ENTRY("jansson", "Profiles in JSON", JANSSON) ","                 \
	NOTE_ENTRY("math", "Statistics", MATH) ","                             \
	NOTE_ENTRY("sqlite", "Queries of recordings", SQLITE) ","              \
	NOTE_ENTRY("xxhash", "Checksums of recordings", XXHASH) ","            \
	NOTE_ENTRY("zlib", "Compressed sections and profiles", ZLIB) ","       \
	NOTE_ENTRY("zstd", "Recordings", ZSTD) "]"
/* clang-format on */

static const struct {
	uint32_t name_bytes, text_bytes, type;
	char name[4];
	char text[sizeof(NOTE_TEXT)];
} note __attribute__((used, section(".note.dlopen"), aligned(4))) = { 4, sizeof(NOTE_TEXT), 0x407c0c0a, "FDO", NOTE_TEXT };

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "sonde: error while loading shared libraries: %s\n", what ? what : "?");
	_exit(127);
}

/* Opening a library again only counts its users. */
static void *find(const char *library, const char *name)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
	void *function = handle ? dlsym(handle, name) : NULL;

	if (!function)
		fail(dlerror());
	return function;
}

/* What several threads find at once is the same. */
#define LAZY(LIBRARY, RESULT, NAME, PARAMETERS, ARGUMENTS)                                                                     \
	RESULT NAME PARAMETERS                                                                                                 \
	{                                                                                                                      \
		static void *_Atomic found;                                                                                    \
		void *function = atomic_load_explicit(&found, memory_order_acquire);                                           \
                                                                                                                               \
		if (!function) {                                                                                               \
			function = find(LIBRARY, #NAME);                                                                       \
			atomic_store_explicit(&found, function, memory_order_release);                                         \
		}                                                                                                              \
		return ((__typeof__(&NAME))function)ARGUMENTS;                                                                 \
	}

/* clang-format off */
LAZY(XXHASH, XXH64_hash_t, XXH3_64bits, (const void *data, size_t size), (data, size))

LAZY(MATH, double, erfc, (double x), (x))
LAZY(MATH, double, exp, (double x), (x))
LAZY(MATH, double, fmax, (double x, double y), (x, y))
LAZY(MATH, double, lgamma, (double x), (x))
LAZY(MATH, long long, llround, (double x), (x))
LAZY(MATH, double, log, (double x), (x))
LAZY(MATH, double, log1p, (double x), (x))
LAZY(MATH, long, lrint, (double x), (x))
LAZY(MATH, double, round, (double x), (x))
LAZY(MATH, double, sqrt, (double x), (x))

LAZY(ZSTD, size_t, ZSTD_compressBound, (size_t size), (size))
LAZY(ZSTD, size_t, ZSTD_compressCCtx, (ZSTD_CCtx *c, void *to, size_t room, const void *from, size_t size, int level), (c, to, room, from, size, level))
LAZY(ZSTD, ZSTD_CCtx *, ZSTD_createCCtx, (void), ())
LAZY(ZSTD, ZSTD_DCtx *, ZSTD_createDCtx, (void), ())
LAZY(ZSTD, ZSTD_DStream *, ZSTD_createDStream, (void), ())
LAZY(ZSTD, size_t, ZSTD_decompress, (void *to, size_t room, const void *from, size_t size), (to, room, from, size))
LAZY(ZSTD, size_t, ZSTD_decompressDCtx, (ZSTD_DCtx *d, void *to, size_t room, const void *from, size_t size), (d, to, room, from, size))
LAZY(ZSTD, size_t, ZSTD_decompressStream, (ZSTD_DStream *s, ZSTD_outBuffer *to, ZSTD_inBuffer *from), (s, to, from))
LAZY(ZSTD, size_t, ZSTD_freeCCtx, (ZSTD_CCtx *c), (c))
LAZY(ZSTD, size_t, ZSTD_freeDCtx, (ZSTD_DCtx *d), (d))
LAZY(ZSTD, size_t, ZSTD_freeDStream, (ZSTD_DStream *s), (s))
LAZY(ZSTD, const char *, ZSTD_getErrorName, (size_t code), (code))
LAZY(ZSTD, unsigned long long, ZSTD_getFrameContentSize, (const void *from, size_t size), (from, size))
LAZY(ZSTD, unsigned, ZSTD_isError, (size_t code), (code))

LAZY(ZLIB, uLong, crc32, (uLong crc, const Bytef *data, uInt size), (crc, data, size))
LAZY(ZLIB, uLong, crc32_z, (uLong crc, const Bytef *data, z_size_t size), (crc, data, size))
LAZY(ZLIB, int, deflate, (z_streamp s, int flush), (s, flush))
LAZY(ZLIB, uLong, deflateBound, (z_streamp s, uLong size), (s, size))
LAZY(ZLIB, int, deflateEnd, (z_streamp s), (s))
LAZY(ZLIB, int, deflateInit_, (z_streamp s, int level, const char *version, int size), (s, level, version, size))
LAZY(ZLIB, int, deflateInit2_, (z_streamp s, int level, int method, int bits, int memory, int strategy, const char *version, int size), (s, level, method, bits, memory, strategy, version, size))
LAZY(ZLIB, int, gzclose, (gzFile file), (file))
LAZY(ZLIB, char *, gzgets, (gzFile file, char *to, int room), (file, to, room))
#ifdef gzopen
LAZY(ZLIB, gzFile, gzopen64, (const char *path, const char *mode), (path, mode))
#else
LAZY(ZLIB, gzFile, gzopen, (const char *path, const char *mode), (path, mode))
#endif
LAZY(ZLIB, int, inflate, (z_streamp s, int flush), (s, flush))
LAZY(ZLIB, int, inflateEnd, (z_streamp s), (s))
LAZY(ZLIB, int, inflateInit_, (z_streamp s, const char *version, int size), (s, version, size))
LAZY(ZLIB, int, inflateInit2_, (z_streamp s, int bits, const char *version, int size), (s, bits, version, size))
LAZY(ZLIB, int, inflateReset, (z_streamp s), (s))

LAZY(LZMA, lzma_ret, lzma_code, (lzma_stream *s, lzma_action action), (s, action))
LAZY(LZMA, void, lzma_end, (lzma_stream *s), (s))
LAZY(LZMA, lzma_ret, lzma_stream_decoder, (lzma_stream *s, uint64_t memory, uint32_t flags), (s, memory, flags))

LAZY(JANSSON, json_t *, json_array_get, (const json_t *array, size_t index), (array, index))
LAZY(JANSSON, size_t, json_array_size, (const json_t *array), (array))
LAZY(JANSSON, void, json_delete, (json_t *value), (value))
LAZY(JANSSON, json_int_t, json_integer_value, (const json_t *value), (value))
LAZY(JANSSON, json_t *, json_loadb, (const char *text, size_t size, size_t flags, json_error_t *error), (text, size, flags, error))
LAZY(JANSSON, json_t *, json_object_get, (const json_t *object, const char *key), (object, key))
LAZY(JANSSON, const char *, json_string_value, (const json_t *value), (value))

typedef void (*sqlite_function)(sqlite3_context *, int, sqlite3_value **);
LAZY(SQLITE, int, sqlite3_close, (sqlite3 *db), (db))
LAZY(SQLITE, int, sqlite3_column_count, (sqlite3_stmt *s), (s))
LAZY(SQLITE, double, sqlite3_column_double, (sqlite3_stmt *s, int column), (s, column))
LAZY(SQLITE, sqlite3_int64, sqlite3_column_int64, (sqlite3_stmt *s, int column), (s, column))
LAZY(SQLITE, const char *, sqlite3_column_name, (sqlite3_stmt *s, int column), (s, column))
LAZY(SQLITE, const unsigned char *, sqlite3_column_text, (sqlite3_stmt *s, int column), (s, column))
LAZY(SQLITE, int, sqlite3_column_type, (sqlite3_stmt *s, int column), (s, column))
LAZY(SQLITE, int, sqlite3_create_function, (sqlite3 *db, const char *name, int args, int text, void *user, sqlite_function call, sqlite_function step, void (*final)(sqlite3_context *)), (db, name, args, text, user, call, step, final))
LAZY(SQLITE, int, sqlite3_create_module, (sqlite3 *db, const char *name, const sqlite3_module *module, void *user), (db, name, module, user))
LAZY(SQLITE, int, sqlite3_declare_vtab, (sqlite3 *db, const char *sql), (db, sql))
LAZY(SQLITE, int, sqlite3_errcode, (sqlite3 *db), (db))
LAZY(SQLITE, const char *, sqlite3_errmsg, (sqlite3 *db), (db))
LAZY(SQLITE, int, sqlite3_error_offset, (sqlite3 *db), (db))
LAZY(SQLITE, int, sqlite3_exec, (sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *user, char **error), (db, sql, row, user, error))
LAZY(SQLITE, int, sqlite3_finalize, (sqlite3_stmt *s), (s))
LAZY(SQLITE, void, sqlite3_free, (void *memory), (memory))
LAZY(SQLITE, void *, sqlite3_malloc64, (sqlite3_uint64 size), (size))
LAZY(SQLITE, int, sqlite3_open_v2, (const char *path, sqlite3 **db, int flags, const char *vfs), (path, db, flags, vfs))
LAZY(SQLITE, int, sqlite3_prepare_v2, (sqlite3 *db, const char *sql, int size, sqlite3_stmt **s, const char **rest), (db, sql, size, s, rest))
LAZY(SQLITE, void, sqlite3_result_double, (sqlite3_context *c, double value), (c, value))
LAZY(SQLITE, void, sqlite3_result_int64, (sqlite3_context *c, sqlite3_int64 value), (c, value))
LAZY(SQLITE, void, sqlite3_result_text, (sqlite3_context *c, const char *text, int size, void (*release)(void *)), (c, text, size, release))
LAZY(SQLITE, int, sqlite3_set_authorizer, (sqlite3 *db, int (*ask)(void *, int, const char *, const char *, const char *, const char *), void *user), (db, ask, user))
LAZY(SQLITE, int, sqlite3_step, (sqlite3_stmt *s), (s))
LAZY(SQLITE, void *, sqlite3_user_data, (sqlite3_context *c), (c))
LAZY(SQLITE, sqlite3_int64, sqlite3_value_int64, (sqlite3_value *value), (value))
LAZY(SQLITE, int, sqlite3_value_type, (sqlite3_value *value), (value))
/* clang-format on */
