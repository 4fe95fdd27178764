/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls as text: tables of each ABI, and calls over memory that the test lays out.
 * What's expected is what strace prints for the same bytes.
 */
#include "syscall/memory.h"
#include "syscall/multiplex.h"
#include "syscall/plan.h"
#include "syscall/print.h"
#include "syscall/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BASE = 0x10000, SIZE = 0x1000 };

/* One page of memory at BASE. */
struct image {
	uint8_t bytes[SIZE];
};

static size_t image_read(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	const struct image *image = user;

	(void)phase;
	if (addr < BASE || addr >= BASE + SIZE)
		return 0;
	if (size_bytes > BASE + SIZE - addr)
		size_bytes = BASE + SIZE - addr;
	memcpy(buffer, image->bytes + (addr - BASE), size_bytes);
	return size_bytes;
}

static struct image image;
static struct syscall_style style = { .string_limit = 32 };

static uint64_t put(unsigned at, const void *bytes, size_t size)
{
	memcpy(image.bytes + at, bytes, size);
	return BASE + at;
}
static uint64_t put_text(unsigned at, const char *text) { return put(at, text, strlen(text) + 1); }
#define PUT(at, type, ...) put(at, (type[]){ __VA_ARGS__ }, sizeof((type[]){ __VA_ARGS__ }))

static const struct syscall_lookup *lookup;

static void print_call(struct str *out, const struct syscall_call *call)
{
	struct syscall_memory memory = { image_read, &image };
	struct syscall_progress progress;

	syscall_print_enter(&style, lookup, call, &memory, &progress, out);
	syscall_print_exit(&style, lookup, call, &memory, &progress, out);
	str_add(out, " = ");
	syscall_print_result(&style, lookup, call, &memory, &progress, out);
}

static void expect(enum syscall_abi abi, const char *name, int64_t result, const uint64_t *args, const char *text)
{
	int64_t number = syscall_number(abi, name);
	struct syscall_call call = { .abi = abi, .pid = 1, .tid = 1, .number = (uint32_t)number,
				     .result = result, .is_error = result < 0 && result > -4096 };
	struct str out = { 0 };

	assert_true(number >= 0);
	memcpy(call.args, args, sizeof(call.args));
	print_call(&out, &call);
	assert_string_equal(str_text(&out), text);
	str_deinit(&out);
}
#define EXPECT(abi, name, result, text, ...) expect(SYSCALL_ABI_##abi, name, result, (uint64_t[6]){ __VA_ARGS__ }, text)

static void test_unknown(void **state)
{
	char name[SYSCALL_UNKNOWN_MAX];

	(void)state;
	assert_string_equal(syscall_unknown_name(SYSCALL_ABI_X86_64, 600, name), "syscall_0x258");
	assert_string_equal(syscall_unknown_name(SYSCALL_ABI_X86_64, UINT32_MAX, name), "syscall_0xffffffffffffffff");
	assert_string_equal(syscall_unknown_name(SYSCALL_ABI_X32, 600, name), "syscall_0x40000258");
}

static void test_tables(void **state)
{
	static const struct {
		enum syscall_abi abi;
		const char *name;
		int64_t number;
	} known[] = {
		{ SYSCALL_ABI_X86_64, "openat", 257 },	 { SYSCALL_ABI_I386, "openat", 295 },	{ SYSCALL_ABI_X32, "openat", 257 },
		{ SYSCALL_ABI_ARM64, "openat", 56 },	 { SYSCALL_ABI_ARM, "openat", 322 },	{ SYSCALL_ABI_RISCV64, "openat", 56 },
		{ SYSCALL_ABI_X86_64, "mseal", 462 },	 { SYSCALL_ABI_ARM, "cacheflush", 0xf0002 },
		{ SYSCALL_ABI_RISCV64, "riscv_hwprobe", 258 }, { SYSCALL_ABI_X32, "execve", 520 }, { SYSCALL_ABI_I386, "mmap2", 192 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(syscall_number(known[i].abi, known[i].name), known[i].number);
		assert_string_equal(syscall_find(known[i].abi, (uint32_t)known[i].number)->name, known[i].name);
	}
	assert_int_equal(syscall_number(SYSCALL_ABI_ARM64, "open"), -1);
	assert_null(syscall_find(SYSCALL_ABI_X86_64, 400));
	assert_null(syscall_find(SYSCALL_ABI_X86_64, UINT32_MAX));
	assert_int_equal(syscall_find(SYSCALL_ABI_X86_64, 257)->arg_count, 4);
	assert_true((syscall_find(SYSCALL_ABI_X86_64, 257)->classes & SYSCALL_FILE) != 0);
	assert_true((syscall_find(SYSCALL_ABI_ARM64, 93)->classes & SYSCALL_NORETURN) != 0);
	assert_string_equal(syscall_find(SYSCALL_ABI_X32, SYSCALL_X32_BIT | 1)->name, "write");
	assert_int_equal(syscall_abi_word_bytes(SYSCALL_ABI_ARM), 4);
	assert_int_equal(syscall_abi_here(0), SYSCALL_ABI_NATIVE);
	assert_int_equal(syscall_abi_here(SYSCALL_ABIS_HERE), SYSCALL_ABI_COUNT);
#if defined(__x86_64__)
	assert_int_equal(syscall_abi_here(1), SYSCALL_ABI_I386);
	assert_int_equal(syscall_abi_here(2), SYSCALL_ABI_X32);
#elif defined(__aarch64__)
	assert_int_equal(syscall_abi_here(1), SYSCALL_ABI_ARM);
	assert_int_equal(syscall_abi_here(2), SYSCALL_ABI_COUNT);
#endif
}

/* Every call of every ABI is described, but for those that nobody ever decoded. */
static void test_described(void **state)
{
	for (int abi = 0; abi < SYSCALL_ABI_COUNT; abi++) {
		unsigned calls = 0, described = 0;
		for (uint32_t n = 0; n < syscall_max((enum syscall_abi)abi); n++) {
			const struct syscall_entry *entry = syscall_find((enum syscall_abi)abi, n);
			if (entry == NULL || strchr(entry->name, '#') != NULL) /* x32's by the wrong number */
				continue;
			calls++;
			described += entry->describe != NULL;
		}
		assert_true(calls > 300);
		assert_true(described * 100 >= calls * 95);
	}
}

static void test_files(void **state)
{
	uint64_t path = put_text(0, "/etc/passwd");

	EXPECT(X86_64, "openat", 3, "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_CLOEXEC) = 3", (uint64_t)-100, path, 0x80000);
	EXPECT(ARM64, "openat", 3, "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_DIRECTORY) = 3", (uint64_t)-100, path, 0x4000);
	EXPECT(RISCV64, "openat", -2, "openat(5, \"/etc/passwd\", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory)",
	       5, path, 01101, 0644);
	EXPECT(ARM64, "pipe2", -24, "pipe2(0x5, O_DIRECT|O_LARGEFILE) = -1 EMFILE (Too many open files)", 5, 0x30000);
	EXPECT(X86_64, "pipe2", -24, "pipe2(0x5, O_NOFOLLOW|O_DIRECTORY) = -1 EMFILE (Too many open files)", 5, 0x30000);
	EXPECT(ARM64, "remap_file_pages", 0, "remap_file_pages(NULL, 1, PROT_NONE, 0, MAP_FILE|MAP_FIXED|0x40) = 0", 0, 1, 0, 0, 0x50);
	EXPECT(X86_64, "remap_file_pages", 0, "remap_file_pages(NULL, 1, PROT_NONE, 0, MAP_FILE|MAP_FIXED|MAP_32BIT) = 0", 0, 1, 0, 0, 0x50);
	EXPECT(ARM, "set_tls", 0, "set_tls(0x46b500) = 0", 0x46b500, 1, 2);
	EXPECT(ARM, "open", 3, "open(\"/etc/passwd\", O_RDWR) = 3", path, 2);
	EXPECT(X86_64, "open", -14, "open(0x5, O_RDONLY) = -1 EFAULT (Bad address)", 5, 0);
	EXPECT(X86_64, "read", 4, "read(3, \"/etc\", 100) = 4", 3, path, 100);
	EXPECT(X86_64, "read", -11, "read(3, 0x10000, 100) = -1 EAGAIN (Resource temporarily unavailable)", 3, path, 100);
	EXPECT(X86_64, "write", 5, "write(1, \"/etc/\", 5) = 5", 1, path, 5);
	EXPECT(X86_64, "umask", 022, "umask(077) = 022", 077);
	EXPECT(I386, "pread64", 2, "pread64(3, \"/e\", 2, 4294967301) = 2", 3, path, 2, 5, 1);
	EXPECT(ARM, "pread64", 2, "pread64(3, \"/e\", 2, 4294967301) = 2", 3, path, 2, 0, 5, 1);
	EXPECT(ARM, "truncate64", 0, "truncate64(\"/etc/passwd\", 4294967296) = 0", path, 0, 0, 1);
	EXPECT(I386, "truncate64", 0, "truncate64(\"/etc/passwd\", 4294967296) = 0", path, 0, 1);
}

static void test_structures(void **state)
{
	uint64_t at = PUT(0x100, uint64_t, 0x801, 5, 1, 0x81a4, 0, 0, 1234, 4096, 8);
	uint64_t two = PUT(0x200, uint32_t, 1, 2, 3, 4);

	EXPECT(X86_64, "fstat", 0, "fstat(3, {st_mode=S_IFREG|0644, st_size=1234, ...}) = 0", 3, at);
	at = PUT(0x100, uint64_t, 0x801, 5, 0x1000081a4, 0, 0, 0, 1234);
	EXPECT(ARM64, "fstat", 0, "fstat(3, {st_mode=S_IFREG|0644, st_size=1234, ...}) = 0", 3, at);
	EXPECT(RISCV64, "fstat", -9, "fstat(3, 0x10100) = -1 EBADF (Bad file descriptor)", 3, at);
	at = PUT(0x100, uint64_t, 5, 7);
	EXPECT(X86_64, "nanosleep", 0, "nanosleep({tv_sec=5, tv_nsec=7}, NULL) = 0", at);
	EXPECT(I386, "nanosleep", 0, "nanosleep({tv_sec=1, tv_nsec=2}, NULL) = 0", two);
	EXPECT(I386, "select", 0, "select(0, NULL, NULL, NULL, NULL) = 0 (Timeout)", PUT(0x540, uint32_t, 0, 0, 0, 0, 0));
	EXPECT(I386, "mmap", 0, "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0x1000) = 0", PUT(0x540, uint32_t, 0, 4096, 1, 2, 3, 4096));
	EXPECT(I386, "oldstat", 0, "oldstat(0x5, {st_mode=S_IFREG|0644, st_size=7, ...}) = 0", 5,
	       PUT(0x540, uint32_t, 0x00020001, 1 << 16 | 0100644, 0, 0, 7, 1, 2, 3));
	EXPECT(I386, "fadvise64", 0, "fadvise64(1, 12884901890, 4, POSIX_FADV_NOREUSE) = 0", 1, 2, 3, 4, 5);
	EXPECT(X32, "read", -38, "read(3, NULL, 4294967296) = -1 ENOSYS (Function not implemented)", 3, 0, 1ULL << 32);
	EXPECT(X86_64, "io_cancel", -22,
	       "io_cancel(0x1, {aio_data=0x2, aio_rw_flags=RWF_NOWAIT, aio_lio_opcode=IOCB_CMD_PREADV, aio_fildes=3}, NULL) = -1 EINVAL (Invalid argument)",
	       1, PUT(0x700, uint32_t, 2, 0, 0, 8, 7, 3, 5, 0, 6, 0, 7, 0, 0, 0, 1, 0));
	EXPECT(X86_64, "sched_setaffinity", 0, "sched_setaffinity(0, 1, [0 2]) = 0", 0, 1, PUT(0x740, uint64_t, 0x105));
	EXPECT(I386, "readdir", 1, "readdir(3, {d_ino=5, d_off=6, d_reclen=2, d_name=\"ab\"}) = 1", 3, PUT(0x540, uint32_t, 5, 6, 'b' << 24 | 'a' << 16 | 2), 1);
	EXPECT(I386, "clock_adjtime64", 0, /* int :32 between them: the same place in every ABI */
	       "clock_adjtime64(CLOCK_REALTIME, {modes=0, offset=1, freq=2, maxerror=3, esterror=4, status=0, constant=6, precision=7, tolerance=8, "
	       "time={tv_sec=9, tv_usec=10}, tick=11, ppsfreq=12, jitter=13, shift=14, stabil=15, jitcnt=16, calcnt=17, errcnt=18, stbcnt=19, tai=20}) = 0 (TIME_OK)",
	       0, PUT(0x540, uint64_t, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 0, 0, 0, 0, 0));
	EXPECT(I386, "ipc", -38, "ipc(10, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)", 10);
	EXPECT(ARM, "nanosleep", 0, "nanosleep({tv_sec=1, tv_nsec=2}, NULL) = 0", two);
	EXPECT(X32, "nanosleep", 0, "nanosleep({tv_sec=5, tv_nsec=7}, NULL) = 0", at);
	EXPECT(X86_64, "pipe2", 0, "pipe2([1, 2], O_CLOEXEC) = 0", two, 0x80000);
}

/* Calls that x32 shares with x86-64 have x86-64's structures; its own have those of 32 bits. */
static void test_x32(void **state)
{
	uint64_t lock = PUT(0x540, uint64_t, 1 << 16 | 1, 5, 6, 7), segment = PUT(0x600, uint64_t, 5, 6, 0600, 0, 0, 0, 4096, 1, 2, 3, 1ULL << 32, 9, 0, 0);
	uint64_t info = PUT(0x700, uint64_t, 3, 4, 5, 6, 7, 8), words = PUT(0x740, uint32_t, 0x10700, 3, 0x10700, 4);

	EXPECT(X32, "fcntl", 0, "fcntl(3, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_CUR, l_start=5, l_len=6}) = 0", 3, 6, lock);
	EXPECT(X32, "fcntl", 0, "fcntl(3, F_GETLK, {l_type=F_WRLCK, l_whence=SEEK_CUR, l_start=5, l_len=6, l_pid=7}) = 0", 3, 5, lock);
	EXPECT(X32, "fcntl", -22, "fcntl(3, F_SETLK64, 0x10540) = -1 EINVAL (Invalid argument)", 3, 13, lock);
	EXPECT(I386, "fcntl64", 0, "fcntl64(3, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_CUR, l_start=0, l_len=5}) = 0", 3, 6, lock);
	EXPECT(X32, "shmctl", 0,
	       "shmctl(5, IPC_STAT, {shm_perm={uid=0, gid=6, mode=000, key=5, cuid=0, cgid=384}, shm_segsz=4096, shm_cpid=0, shm_lpid=1, "
	       "shm_nattch=9, shm_atime=1, shm_dtime=2, shm_ctime=3}) = 0",
	       5, 2, segment);
	EXPECT(X32, "shmctl", 7, "shmctl(5, SHM_INFO, {used_ids=3, shm_tot=4, shm_rss=5, shm_swp=6, swap_attempts=7, swap_successes=8}) = 7", 5, 14, info);
	EXPECT(X32, "writev", 7, "writev(1, [{iov_base=\"\\3\\0\\0\", iov_len=3}, {iov_base=\"\\3\\0\\0\\0\", iov_len=4}], 2) = 7", 1, words, 2);
	EXPECT(X32, "kexec_load", -22, "kexec_load(NULL, 2, NULL, KEXEC_ARCH_DEFAULT) = -1 EINVAL (Invalid argument)", 1ULL << 32, 1ULL << 32 | 2, 1ULL << 32, 1ULL << 32);
	EXPECT(X32, "pwritev", -9, "pwritev(3, [{iov_base=\"\\3\\0\\0\", iov_len=3}], 1, 4294967301) = -1 EBADF (Bad file descriptor)", 3, words, 1, 1ULL << 32 | 5);
	EXPECT(X32, "io_submit", -22, "io_submit(0x5, -1, 0x7) = -1 EINVAL (Invalid argument)", 5, UINT32_MAX, 7);
	EXPECT(X32, "io_getevents", -22, "io_getevents(0x5, -1, -2, 0x7, NULL) = -1 EINVAL (Invalid argument)", 5, UINT32_MAX, UINT32_MAX - 1, 7, 0);
	EXPECT(X32, "getdents", 24, "getdents(3, 0x10640 /* 1 entry */, 100) = 24", 3, PUT(0x640, uint64_t, 5, 6, 24 | 'a' << 16 | 4ULL << 56), 100);
	EXPECT(X32, "modify_ldt", 0,
	       "modify_ldt(1, {entry_number=3, base_addr=00000000, limit=0x000004, seg_32bit=0, contents=0, read_exec_only=0, limit_in_pages=0, "
	       "seg_not_present=0, useable=0, lm=0}, 16) = 0",
	       1, info, 16);
}

static void test_sockets(void **state)
{
	uint64_t in = put(0x100, "\2\0\0\120\177\0\0\1\0\0\0\0\0\0\0\0", 16), length = PUT(0x200, uint32_t, 16);
	uint64_t un = put(0x180, "\1\0\0abc", 6);

	EXPECT(X86_64, "connect", -115,
	       "connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = "
	       "-1 EINPROGRESS (Operation now in progress)", 3, in, 16);
	uint64_t hams = put(0x140, "\3\0\xac\x82\x98\x92\x88@\x1a\0\0\0\2\0\0\0\xa6\xa0\x82@\x86\x8a\0@@@@@@\0!", 31);
	EXPECT(X86_64, "connect", 0,
	       "connect(3, {sa_family=AF_AX25, fsa_ax25={sax25_call=VALID-13, sax25_ndigis=2}, fsa_digipeater=["
	       "{ax25_call=\"\\xa6\\xa0\\x82\\x40\\x86\\x8a\\x00\"} /* SPA CE-0 */, *], ...}, 31) = 0", 3, hams, 31);
	EXPECT(X86_64, "connect", 0,
	       "connect(3, {sa_family=AF_AX25, fsa_ax25={sax25_call=VALID-13, sax25_ndigis=2}, fsa_digipeater=[...]}, 16) = 0", 3, hams, 16);
	uint64_t x25 = put(0x1c0, "\11\0001234567890123456", 18);
	EXPECT(X86_64, "connect", 0, "connect(3, {sa_family=AF_X25, sx25_addr={x25_addr=\"123456789012345\"...}}, 18) = 0", 3, x25, 18);
	uint64_t ll = put(0xa00, "\21\0\0\3\0\0\0\0\1\0\0\11a\0\1defgh", 20);
	EXPECT(X86_64, "connect", 0,
	       "connect(3, {sa_family=AF_PACKET, sll_protocol=htons(ETH_P_ALL), sll_ifindex=0, sll_hatype=ARPHRD_ETHER, sll_pkttype=PACKET_HOST, "
	       "sll_halen=9, sll_addr=[0x61, 00, 0x1, 0x64, 0x65, 0x66, 0x67, 0x68, ...]}, 20) = 0", 3, ll, 20);
	EXPECT(X86_64, "connect", 0, "connect(3, {sa_family=AF_PACKET, sa_data=\"\\0\\3\\0\\0\\0\\0\\1\\0\\0\\ta\\0\"}, 14) = 0", 3, ll, 14);
	uint64_t l2 = put(0xa20, "\37\0\1\0\1\2\3\4\5\6\101\0\1", 14);
	EXPECT(X86_64, "connect", 0, "connect(3, {sa_family=AF_BLUETOOTH, l2_psm=htobs(L2CAP_PSM_SDP), l2_bdaddr=01:02:03:04:05:06, "
	       "l2_cid=htobs(L2CAP_CID_DYN_START+1), l2_bdaddr_type=BDADDR_LE_PUBLIC}, 14) = 0", 3, l2, 14);
	EXPECT(X86_64, "connect", 0, "connect(3, {sa_family=AF_BLUETOOTH, sa_data=\"\\1\\0\\1\\2\\3\\4\\5\"}, 9) = 0", 3, l2, 9);
	EXPECT(ARM64, "bind", 0, "bind(3, {sa_family=AF_UNIX, sun_path=@\"abc\"}, 6) = 0", 3, un, 6);
	EXPECT(X86_64, "accept", 4,
	       "accept(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}, [16]) = 4", 3, in, length);
	EXPECT(X86_64, "socket", 3, "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3", 2, 0x80001, 6);
	EXPECT(X86_64, "socket", 3, "socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3", 2, 2, 0);
	EXPECT(X86_64, "setsockopt", 0, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [16], 4) = 0", 3, 1, 2, length, 4);
	EXPECT(X86_64, "setsockopt", 0, "setsockopt(3, 0xa /* SOL_?? */, 2, [16], 4) = 0", 3, 10, 2, length, 4);
	uint64_t control = PUT(0x220, uint64_t, 17, UINT64_C(99) << 32 | 10, 'z');
	uint64_t message = PUT(0x240, uint64_t, 0, 0, 0, 0, control, 24, 0);
	EXPECT(X86_64, "sendmsg", 0,
	       "sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=NULL, msg_iovlen=0, msg_control=[{cmsg_len=17, cmsg_level=0xa /* SOL_??? */, "
	       "cmsg_type=0x63, cmsg_data=\"\\x7a\"}], msg_controllen=24, msg_flags=0}, 0) = 0", 3, message, 0);
}

/* What the kernel overwrites is said as it was before. */
static void test_overwritten(void **state)
{
	struct syscall_memory memory = { image_read, &image };
	struct syscall_progress progress;
	struct str out = { 0 };
	uint64_t api = PUT(0x300, uint64_t, 0xaa, 0, 0);
	struct syscall_call call = { .abi = SYSCALL_ABI_X86_64, .pid = 1, .tid = 1, .number = 16, .args = { 3, 0xc018aa3f, api } };

	syscall_print_enter(&style, lookup, &call, &memory, &progress, &out);
	PUT(0x300, uint64_t, 0xaa, 1, 1);
	syscall_print_exit(&style, lookup, &call, &memory, &progress, &out);
	assert_string_equal(str_text(&out), "ioctl(3, UFFDIO_API, {api=0xaa, features=0 => features=UFFD_FEATURE_PAGEFAULT_FLAG_WP, "
					    "ioctls=1<<_UFFDIO_REGISTER})");
	str_clear(&out);

	uint64_t name = put(0x200, "\1\0\0abc", 6);
	uint64_t messages = PUT(0x400, uint64_t, 0, 3, 0, 0, 0, 0, 0, 0, name, 16, 0, 0, 0, 0, 0, 0);
	struct syscall_call receive = { .abi = SYSCALL_ABI_X86_64, .pid = 1, .tid = 1, .number = 299, .result = 2, .args = { 3, messages, 2, 0, 0 } };
	syscall_print_enter(&style, lookup, &receive, &memory, &progress, &out);
	PUT(0x448, uint64_t, 6);
	syscall_print_exit(&style, lookup, &receive, &memory, &progress, &out);
	assert_string_equal(str_text(&out),
			    "recvmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=3, msg_iov=NULL, msg_iovlen=0, msg_controllen=0, msg_flags=0}, msg_len=0}, "
			    "{msg_hdr={msg_name={sa_family=AF_UNIX, sun_path=@\"abc\"}, msg_namelen=16 => 6, msg_iov=NULL, msg_iovlen=0, "
			    "msg_controllen=0, msg_flags=0}, msg_len=0}], 2, 0, NULL)");
	str_deinit(&out);
}

static void test_multiplexed(void **state)
{
	struct syscall_memory memory = { image_read, &image };
	uint64_t pair = PUT(0x500, uint32_t, 0x1234, 7), shm = PUT(0x508, uint32_t, 0xf7000000);
	struct syscall_call send = { .abi = SYSCALL_ABI_I386, .number = 117, .args = { 11, 5, 3, 2, 0x999, 0 } };
	struct syscall_call receive = { .abi = SYSCALL_ABI_I386, .number = 117, .args = { 12, 5, 100, 2, pair, 0 } };
	struct syscall_call newer = { .abi = SYSCALL_ABI_I386, .number = 117, .args = { 1 << 16 | 12, 5, 100, 2, pair, 9 } };
	struct syscall_call attach = { .abi = SYSCALL_ABI_I386, .number = 117, .args = { 21, 5, 0, shm, 0, 0 } };
	struct syscall_call none = { .abi = SYSCALL_ABI_I386, .number = 117, .args = { 12, 5, 100, 2, 16, 0 } };
	int64_t result = 0;

	syscall_demultiplex(&send, &memory);
	assert_string_equal(syscall_find(SYSCALL_ABI_I386, send.number)->name, "msgsnd");
	assert_memory_equal(send.args, ((uint64_t[]){ 5, 0x999, 3, 2 }), 32);
	syscall_demultiplex(&receive, &memory);
	assert_string_equal(syscall_find(SYSCALL_ABI_I386, receive.number)->name, "msgrcv");
	assert_memory_equal(receive.args, ((uint64_t[]){ 5, 0x1234, 100, 7, 2 }), 40);
	syscall_demultiplex(&newer, &memory);
	assert_memory_equal(newer.args, ((uint64_t[]){ 5, pair, 100, 9, 2 }), 40);
	assert_false(syscall_ipc_result(&newer, &memory, &result));
	syscall_demultiplex(&attach, &memory);
	assert_string_equal(syscall_find(SYSCALL_ABI_I386, attach.number)->name, "shmat");
	assert_true(syscall_ipc_result(&attach, &memory, &result));
	assert_int_equal(result, 0xf7000000);
	syscall_demultiplex(&none, &memory);
	assert_int_equal(none.number, 117);
}

/* More elements than a 32-bit program has memory for: those that are there, as strace has it. */
static void test_arrays_beyond_memory(void **state)
{
	uint64_t last = PUT(SIZE - 8, uint32_t, 3, 1);

	EXPECT(I386, "poll", -22, "poll([{fd=3, events=POLLIN}, ... /* 0x11000 */], 4294967295, 0) = -1 EINVAL (Invalid argument)", last, 0xffffffff, 0);
	EXPECT(I386, "io_submit", -22, "io_submit(NULL, -1, 0x10ff8) = -1 EINVAL (Invalid argument)", 0, 0xffffffff, last);
}

/* Words of capabilities and parts of an instruction each have what -X adds to a value. */
static void test_parts(void **state)
{
	uint64_t version = PUT(0x400, uint32_t, 0x20080522, 0);
	uint64_t bits = PUT(0x410, uint32_t, 1, 2, 0, 0x80000000, 0x201, 0);
	uint64_t code = put(0x440, "\6\0\0\0\0\0\0\0\x1e\0\0\0\0\0\0\0\xdb\0\0\0\0\0\0\0", 24);
	uint64_t program = PUT(0x480, uint64_t, UINT64_C(3) << 32 | 1, code, 0, 0);

	EXPECT(X86_64, "capset", 0, "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_CHOWN|0x80000000 /* CAP_??? */, "
	       "permitted=1<<CAP_DAC_OVERRIDE|1<<CAP_MAC_OVERRIDE|0x200, inheritable=0}) = 0", version, bits);
	style.verbose = true;
	EXPECT(X86_64, "bpf", 3, "bpf(BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_SOCKET_FILTER, insn_cnt=3, insns=["
	       "{code=BPF_JMP32, dst_reg=BPF_REG_0, src_reg=BPF_REG_0, off=0, imm=0}, "
	       "{code=BPF_JMP32|0x18 /* BPF_??? */, dst_reg=BPF_REG_0, src_reg=BPF_REG_0, off=0, imm=0}, "
	       "{code=BPF_STX|BPF_DW|BPF_ATOMIC, dst_reg=BPF_REG_0, src_reg=BPF_REG_0, off=0, imm=0}], license=NULL}, 24) = 3", 5, program, 24);
	style.verbose = false;
	style.xlat = SYSCALL_XLAT_RAW;
	EXPECT(X86_64, "capset", 0, "capset({version=0x20080522, pid=0}, {effective=0x1|0x80000000, permitted=0x2|0x201, inheritable=0}) = 0", version, bits);
	style.xlat = SYSCALL_XLAT_VERBOSE;
	EXPECT(X86_64, "capset", 0, "capset({version=0x20080522 /* _LINUX_CAPABILITY_VERSION_3 */, pid=0}, "
	       "{effective=0x1 /* 1<<CAP_CHOWN */|0x80000000 /* CAP_??? */, "
	       "permitted=0x2 /* 1<<CAP_DAC_OVERRIDE */|0x201 /* 1<<CAP_MAC_OVERRIDE|0x200 */, inheritable=0}) = 0", version, bits);
	style.xlat = SYSCALL_XLAT_ABBREV;
}

static void test_styles(void **state)
{
	uint64_t path = put_text(0, "a\n\1b\"");

	style.xlat = SYSCALL_XLAT_RAW;
	EXPECT(X86_64, "open", 3, "open(\"a\\n\\1b\\\"\", 0x80000) = 3", path, 0x80000);
	style.xlat = SYSCALL_XLAT_VERBOSE;
	EXPECT(X86_64, "lseek", 3, "lseek(3, 0, 0x1 /* SEEK_CUR */) = 3", 3, 0, 1);
	style.xlat = SYSCALL_XLAT_ABBREV;
	style.hex = SYSCALL_HEX_NON_ASCII;
	EXPECT(X86_64, "unlink", 0, "unlink(\"\\x61\\x0a\\x01\\x62\\x22\") = 0", path);

	/* the NUL at the end is what makes it hexadecimal */
	uint64_t value = put(8, "v", 2);

	EXPECT(X86_64, "fsetxattr", 0, "fsetxattr(3, \"\\x61\\x0a\\x01\\x62\\x22\", \"\\x76\\x00\", 2, 0) = 0", 3, path, value, 2, 0);
	style.hex = SYSCALL_HEX_NON_ASCII_CHARS;
	EXPECT(X86_64, "fsetxattr", 0, "fsetxattr(3, \"a\\n\\x01b\\\"\", \"v\", 2, 0) = 0", 3, path, value, 2, 0);
	style.hex = SYSCALL_HEX_NONE;
	style.string_limit = 2;
	EXPECT(X86_64, "write", 5, "write(1, \"a\\n\"..., 5) = 5", 1, path, 5);
	style.string_limit = 32;
}

/* -N: each argument has its name, also those that hooks print, and each keeps its own over entry and exit. */
static void test_argument_names(void **state)
{
	uint64_t path = put_text(0, "/tmp");

	style.arg_names = true;
	EXPECT(X86_64, "openat", 3, "openat(dirfd=AT_FDCWD, pathname=\"/tmp\", flags=O_RDONLY) = 3", (uint64_t)-100, path, 0);
	EXPECT(X86_64, "read", 4, "read(fd=3, buf=\"/tmp\", count=9) = 4", 3, path, 9);
	EXPECT(X86_64, "fcntl", 4, "fcntl(fd=3, op=F_DUPFD, arg=2) = 4", 3, 0, 2);
	EXPECT(X86_64, "fcntl", 0, "fcntl(fd=3, op=F_GETFD) = 0", 3, 1, 2);
	EXPECT(X86_64, "futex", 0, "futex(uaddr=0x8, futex_op=FUTEX_REQUEUE, val=1, val2=2, uaddr2=0x10) = 0", 8, 3, 1, 2, 16);
	EXPECT(X86_64, "prctl", 0, "prctl(op=PR_GET_NAME, name=\"/tmp\") = 0", 16, path);
	EXPECT(X86_64, "prctl", 0, "prctl(op=0x3e7 /* PR_??? */, arg2=0x1, arg3=0x2, arg4=0, arg5=0) = 0", 999, 1, 2);
	EXPECT(X86_64, "keyctl", 4, "keyctl(operation=KEYCTL_READ, key=1, buffer=\"/tmp\", buflen=9) = 4", 11, 1, path, 9);
	EXPECT(X86_64, "ptrace", 0, "ptrace(op=PTRACE_CONT, pid=7, addr=0x1, data=0) = 0", 7, 7, 1, 0);
	EXPECT(X86_64, "vserver", 0, "vserver(arg1=0x1, arg2=0, arg3=0, arg4=0, arg5=0) = 0", 1);
	style.arg_names = false;
}

/* What is known at entry has no comma behind it: that comes with the rest. */
static void test_entry(void **state)
{
	struct syscall_call call = { .abi = SYSCALL_ABI_X86_64, .number = 0, .args = { 3, BASE, 4 }, .result = 1 };
	struct syscall_memory memory = { image_read, &image };
	struct syscall_progress progress;
	struct str out = { 0 };

	put_text(0, "a");
	syscall_print_enter(&style, NULL, &call, &memory, &progress, &out);
	assert_string_equal(str_text(&out), "read(3");
	syscall_print_exit(&style, NULL, &call, &memory, &progress, &out);
	assert_string_equal(str_text(&out), "read(3, \"a\", 4)");
	str_deinit(&out);
}

static void test_ioctls(void **state)
{
	uint64_t at = PUT(0x100, uint32_t, 7, 0, 9);
	uint64_t map = PUT(0x200, uint64_t, 0, 4096, 1, 0);

	EXPECT(X86_64, "ioctl", 0, "ioctl(3, BLKROSET, [7]) = 0", 3, 0x125d, at);
	EXPECT(ARM64, "ioctl", 0, "ioctl(3, LOOP_SET_FD, 4) = 0", 3, 0x4c00, 4);
	EXPECT(I386, "ioctl", -9, "ioctl(3, BLKGETSIZE64, 0x10100) = -1 EBADF (Bad file descriptor)", 3, 0x80041272, at);
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, KDSKBMODE, K_UNICODE) = 0", 3, 0x4b45, 3);
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, _IOC(_IOC_READ, 0xb7, 0xa, 0x11), {size=16, nr_mounts=5, mnt_ns_id=0x9}) = 0", 3, 0x8011b70a,
	       PUT(0x400, uint32_t, 16, 5, 9, 0));
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, _IOC(_IOC_READ|_IOC_WRITE, 0xff, 0xb, 0x40), {mask=PIDFD_INFO_EXIT, "
	       "exit_code=[{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}|PTRACE_EVENT_EXIT<<16|0x100]}) = 0", 3, 0xc040ff0b,
	       PUT(0x400, uint32_t, 8, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0x60109));
	EXPECT(RISCV64, "ioctl", 0,
	       "ioctl(3, FS_IOC_FIEMAP, {fm_start=0, fm_length=4096, fm_flags=FIEMAP_FLAG_SYNC, fm_extent_count=0} => "
	       "{fm_flags=FIEMAP_FLAG_SYNC, fm_mapped_extents=0, ...}) = 0", 3, 0xc020660b, map);
}

static bool any_path(void *user, int pid, int fd, struct str *out)
{
	(void)user, (void)pid, (void)fd;
	str_add(out, "</a>");
	return true;
}

/* As strace 7.2, of arguments that programs seldom have: memory that ends early, values with a sign, what a call returns. */
static void test_seldom(void **state)
{
	static const struct syscall_lookup paths = { .fd_path = any_path };
	uint64_t last = PUT(SIZE - 4, uint32_t, 7), attr = PUT(0x100, uint32_t, 5, 1, 2, 3);
	uint64_t fprog = PUT(0x210, uint64_t, 2, PUT(0x200, uint16_t, 0x19, 0, 0, 0, 0x95, 1, 0, 0));
	uint64_t tipc = PUT(0x300, uint8_t, 30, 0, 2, 0xb5, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0);
	uint64_t hwaddr = put_text(0x400, "eth0");

	EXPECT(X86_64, "ioctl", 0, "ioctl(3, HDIO_SCAN_HWIF, [0x7, ... /* 0x11000 */]) = 0", 3, 0x328, last);
	EXPECT(X86_64, "sched_getattr", 0, "sched_getattr(0, {size=5}, 56, 0) = 0", 0, attr, 56);
	EXPECT(X86_64, "fcntl", -22, "fcntl(3, F_DUPFD, 4294967296) = -1 EINVAL (Invalid argument)", 3, 0, 1ULL << 32);
	EXPECT(X86_64, "membarrier", 4096, "membarrier(MEMBARRIER_CMD_QUERY, 0) = 0x1000 (0x1000)", 0, 0);
	EXPECT(X86_64, "fcntl", 2, "fcntl(3, F_GETFD) = 0x2 (flags 0x2)", 3, 1);
	EXPECT(X86_64, "fcntl", 3, "fcntl(3, F_GETLEASE) = 0x3", 3, 1025);
	EXPECT(X86_64, "fcntl", 99, "fcntl(3, F_GETSIG) = 99", 3, 11);
	EXPECT(I386, "fcntl64", -22, "fcntl64(3, F_DUPFD, 4294967295) = -1 EINVAL (Invalid argument)", 3, 0, 0xffffffff);
	EXPECT(X86_64, "syslog", 0, "syslog(8 /* SYSLOG_ACTION_CONSOLE_LEVEL */, NULL, 7 /* LOGLEVEL_DEBUG */) = 0", 8, 0, 7);
	EXPECT(X86_64, "connect", 0, "connect(3, {sa_family=AF_TIPC, addrtype=TIPC_SERVICE_ADDR, scope=-0x4b /* TIPC_???_SCOPE */, addr={name={name={type=1, instance=2}, domain=0}}}, 16) = 0", 3, tipc, 16);
	style.verbose = true;
	EXPECT(X86_64, "setsockopt", 0, "setsockopt(3, SOL_SOCKET, SO_ATTACH_FILTER, {len=2, filter=[BPF_STMT(BPF_LDX|BPF_DW|BPF_IMM, 0), "
	       "BPF_JUMP(BPF_JMP|BPF_K|BPF_EXIT, 0, 0x1, 0)]}, 16) = 0", 3, 1, 26, fprog, 16);
	style.verbose = false;
	memset(image.bytes + SIZE - 65, 'a', 65);
	image.bytes[SIZE - 65] = 1;
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, KDSKBSENT, {kb_func=KVAL(K_F2), kb_string=\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"...}) = 0", 3, 0x4b49, BASE + SIZE - 65);
	PUT(0x410, uint8_t, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8);
	style.xlat = SYSCALL_XLAT_RAW;
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, 0x8924, {ifr_name=\"eth0\", ifr_hwaddr={sa_family=0x1, sa_data=\"\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08"
	       "\\x00\\x00\\x00\\x00\\x00\\x00\"}}) = 0", 3, 0x8924, hwaddr);
	style.xlat = SYSCALL_XLAT_ABBREV;
	lookup = &paths;
	EXPECT(X86_64, "ioctl", 4, "ioctl(3</a>, UDMABUF_CREATE, {memfd=5</a>, flags=UDMABUF_FLAGS_CLOEXEC, offset=0, size=4096}) = 4</a>", 3, 0x40187542,
	       PUT(0x500, uint32_t, 5, 1, 0, 0, 4096, 0));
	lookup = NULL;
}

static void test_prctl(void **state)
{
	uint64_t name = put_text(0, "worker");

	EXPECT(X86_64, "prctl", 0, "prctl(PR_SET_NAME, \"worker\") = 0", 15, name);
	EXPECT(ARM, "prctl", 1, "prctl(PR_CAPBSET_READ, CAP_NET_ADMIN) = 1", 23, 12);
	EXPECT(ARM64, "prctl", 0, "prctl(PR_SET_DUMPABLE, SUID_DUMP_USER) = 0", 4, 1);
}

/* Calls that came after strace 6.1, on ABIs whose structures differ or not. */
static void test_newer(void **state)
{
	uint64_t path = put_text(0, "/tmp/a"), name = put_text(0x80, "user.x"), value = put_text(0xc0, "xyz");
	uint64_t args = PUT(0x100, uint64_t, value, 3 | 1LL << 32);

	EXPECT(ARM64, "setxattrat", 0,
	       "setxattrat(AT_FDCWD, \"/tmp/a\", AT_SYMLINK_NOFOLLOW, \"user.x\", "
	       "{value=\"xyz\", size=3, flags=XATTR_CREATE}, 16) = 0", (uint64_t)-100, path, 0x100, name, args, 16);
	EXPECT(I386, "removexattrat", 0, "removexattrat(5, \"/tmp/a\", 0, \"user.x\") = 0", 5, path, 0, name);
}

static int route_protocol(void *user, int pid, int fd)
{
	(void)user, (void)pid;
	return fd == 3 ? 0 : -1;
}

static void test_netlink(void **state)
{
	static const struct syscall_lookup route = { .netlink_protocol = route_protocol };
	uint64_t message = PUT(0x100, uint32_t, 40, 18 | 0x301 << 16, 1, 0, 0, 0, 0, 0, 8 | 29 << 16, 1);

	lookup = &route;
	for (unsigned layout = 0; layout < 2; layout++)
		expect(layout ? SYSCALL_ABI_ARM64 : SYSCALL_ABI_X86_64, "sendto", 40,
		       (uint64_t[6]){ 3, message, 40 },
		       "sendto(3, [{nlmsg_len=40, nlmsg_type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=1, "
		       "nlmsg_pid=0}, {ifi_family=AF_UNSPEC, ifi_type=ARPHRD_NETROM, ifi_index=0, ifi_flags=0, ifi_change=0}, "
		       "[{nla_len=8, nla_type=IFLA_EXT_MASK}, RTEXT_FILTER_VF]], 40, 0, NULL, 0) = 40");
	EXPECT(X86_64, "sendto", 36, "sendto(3, [{nlmsg_len=36, nlmsg_type=RTM_NEWRULE, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=0}, {family=AF_INET, dst_len=0, src_len=0, "
	       "tos=IPTOS_LOWDELAY|IPTOS_MINCOST|0x1, table=RT_TABLE_UNSPEC, action=FR_ACT_UNSPEC, flags=0}, [{nla_len=8, nla_type=FRA_PRIORITY}, 9]], 36, 0, NULL, 0) = 36",
	       3, PUT(0x100, uint32_t, 36, 32, 1, 0, 2 | 0x13 << 24, 0, 0, 8 | 6 << 16, 9), 36);
	EXPECT(X86_64, "sendto", 44, "sendto(3, [{nlmsg_len=44, nlmsg_type=RTM_NEWNEIGH, nlmsg_flags=0, nlmsg_seq=1, nlmsg_pid=0}, {ndm_family=AF_INET, ndm_ifindex=0, ndm_state=NUD_NONE, "
	       "ndm_flags=0, ndm_type=RTN_UNSPEC}, [{nla_len=16, nla_type=NDA_NDM_STATE_MASK}, \"\\x02\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\"]], 44, 0, NULL, 0) = 44",
	       3, PUT(0x100, uint32_t, 44, 28, 1, 0, 2, 0, 0, 16 | 16 << 16, 2, 0, 0), 44);
	lookup = NULL;
}

static void test_results(void **state)
{
	uint64_t fds = PUT(0x100, uint64_t, 0x0001000100000003, 0x0000000400000004);

	EXPECT(X86_64, "poll", 0, "poll([{fd=3, events=POLLIN}], 1, 5) = 0 (Timeout)", fds, 1, 5);
	EXPECT(X86_64, "poll", 1, "poll([{fd=3, events=POLLIN}], 1, 5) = 1 ([{fd=3, revents=POLLIN}])", fds, 1, 5);
	EXPECT(X86_64, "poll", -512, "poll([{fd=3, events=POLLIN}], 1, 5) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)", fds, 1, 5);
	EXPECT(X86_64, "fcntl", 0x8002, "fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)", 3, 3);
	EXPECT(X86_64, "exit_group", 0, "exit_group(3) = ?", 3);
	/* Only tampering makes these: a number has no sign, a descriptor and a process have. */
	EXPECT(X86_64, "close", -5000, "close(3) = 18446744073709546616", 3);
	EXPECT(I386, "close", -5000, "close(3) = 4294962296", 3);
	EXPECT(I386, "signal", -5000, "signal(SIGHUP, SIG_DFL) = 0xffffec78", 1, 0);
	EXPECT(X86_64, "poll", -5000, "poll(NULL, 0, 0) = 18446744073709546616", 0, 0, 0);
	EXPECT(X86_64, "dup", -5000, "dup(3) = -5000", 3);
	EXPECT(X86_64, "dup", 0xffffffff, "dup(3) = 4294967295", 3);
	EXPECT(X86_64, "getpid", -5000, "getpid() = -5000", 0);
	EXPECT(X86_64, "read", -5000, "read(3, 0x1000, 10) = 18446744073709546616", 3, 0x1000, 10);
	EXPECT(X86_64, "adjtimex", 5, "adjtimex(NULL) = 5", 0);
	EXPECT(X86_64, "sched_getscheduler", 0x40000000, "sched_getscheduler(0) = 0x40000000 (SCHED_RESET_ON_FORK|SCHED_OTHER)", 0);
	EXPECT(X86_64, "sched_getscheduler", -5000, "sched_getscheduler(0) = 0xffffffffffffec78", 0);
	EXPECT(X86_64, "epoll_wait", 0, "epoll_wait(3, NULL, 1, 0) = 0", 3, 0, 1, 0);
	EXPECT(X86_64, "mmap", 0x7f0000001000, "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000",
	       0, 4096, 1, 0x22, (uint64_t)-1, 0);
}

static void test_names(void **state)
{
	assert_string_equal(syscall_errno_name(2), "ENOENT");
	assert_int_equal(syscall_errno_number("EWOULDBLOCK"), 11);
	assert_int_equal(syscall_errno_number("ENOTHING"), -1);
	assert_string_equal(syscall_signal_name(17), "SIGCHLD");
	assert_string_equal(syscall_signal_name(35), "SIGRT_3");
	assert_null(syscall_signal_name(0));
	assert_int_equal(syscall_signal_number("USR1"), 10);
	assert_int_equal(syscall_signal_number("SIGRTMIN"), 32);
	assert_int_equal(syscall_signal_number("sigcld"), 17);
	assert_int_equal(syscall_errno_number("enospc"), 28);
	assert_int_equal(syscall_errno_number("EWouldBlock"), 11);
}

static void test_siginfo(void **state)
{
	uint32_t info[32] = { 17, 0, 1, 0, 5, 6, 7 };
	struct str out = { 0 };

	syscall_print_siginfo(&style, NULL, 0, SYSCALL_ABI_X86_64, info, sizeof(info), &out);
	assert_string_equal(str_text(&out),
			    "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=5, si_uid=6, si_status=7, si_utime=0, si_stime=0}");
	str_deinit(&out);
}

/* What PTRACE_GETREGSET says of the length that was given; registers as far as they are there. */
static void test_ptrace(void **state)
{
	uint64_t regs = PUT(0x200, uint64_t, 1, 0, 0xabc, 4), vector = PUT(0, uint64_t, regs, 24), text = put_text(0x100, "x");
	uint64_t mask = PUT(0x40, uint64_t, 1 << 9), few = PUT(0x60, uint64_t, regs, 12), own = PUT(0x80, uint64_t, 5, 2 | 42ULL << 32);
	uint64_t info = PUT(0x300, uint64_t, 0xc000003e00000001, 0x401000, 0x7ffe0000, 80, 1, 2, 3, 4, 5, 6);
	uint64_t ended = PUT(0x400, uint64_t, 0xc000003e00000002, 0x401000, 0x7ffe0000, (uint64_t)-2, 1);

	EXPECT(X86_64, "ptrace", 0, "ptrace(PTRACE_GETREGSET, 7, NT_PRSTATUS, {iov_base={r15=0x1, r14=0, r13=0xabc}, iov_len=24}) = 0", 0x4204, 7, 1, vector);
	EXPECT(X86_64, "ptrace", 0, "ptrace(PTRACE_GETREGSET, 7, NT_X86_XSTATE, {iov_base=0x10200, iov_len=24}) = 0", 0x4204, 7, 0x202, vector);
	EXPECT(X86_64, "ptrace", -22, "ptrace(PTRACE_SETREGSET, 7, NT_PRSTATUS, {iov_base=0x10200, iov_len=12}) = -1 EINVAL (Invalid argument)", 0x4205, 7, 1, few);
	EXPECT(X86_64, "ptrace", -3, "ptrace(PTRACE_GETREGSET, 7, NT_PRSTATUS, {iov_base=0x10200, iov_len=24}) = -1 ESRCH (No such process)", 0x4204, 7, 1, vector);
	EXPECT(X86_64, "ptrace", -14, "ptrace(PTRACE_GETREGSET, 7, NT_PRSTATUS, 0x5) = -1 EFAULT (Bad address)", 0x4204, 7, 1, 5);
	EXPECT(X86_64, "ptrace", -3, "ptrace(PTRACE_GETREGS, 7, 0x10200) = -1 ESRCH (No such process)", 12, 7, 99, regs);
	EXPECT(ARM64, "ptrace", 0, "ptrace(PTRACE_SETREGSET, 7, NT_PRSTATUS, {iov_base={regs=[0x1, 0, 0xabc]}, iov_len=24}) = 0", 0x4205, 7, 1, vector);
	EXPECT(X86_64, "ptrace", 80, "ptrace(PTRACE_GET_SYSCALL_INFO, 7, 88, {op=PTRACE_SYSCALL_INFO_ENTRY, arch=AUDIT_ARCH_X86_64, "
	       "instruction_pointer=0x401000, stack_pointer=0x7ffe0000, entry={nr=__NR_chdir, args=[0x1, 0x2, 0x3, 0x4, 0x5, 0x6]}}) = 80", 0x420e, 7, 88, info);
	EXPECT(X86_64, "ptrace", 80, "ptrace(PTRACE_GET_SYSCALL_INFO, 7, 16, {op=PTRACE_SYSCALL_INFO_ENTRY, arch=AUDIT_ARCH_X86_64, "
	       "instruction_pointer=0x401000}) = 80", 0x420e, 7, 16, info);
	EXPECT(X86_64, "ptrace", 33, "ptrace(PTRACE_GET_SYSCALL_INFO, 7, 88, {op=PTRACE_SYSCALL_INFO_EXIT, arch=AUDIT_ARCH_X86_64, "
	       "instruction_pointer=0x401000, stack_pointer=0x7ffe0000, exit={rval=-ENOENT, is_error=1}}) = 33", 0x420e, 7, 88, ended);
	EXPECT(X86_64, "ptrace", 0, "ptrace(PTRACE_SETSIGMASK, 7, 8, [USR1]) = 0", 0x420b, 7, 8, mask);
	EXPECT(X86_64, "ptrace", -3, "ptrace(PTRACE_PEEKSIGINFO, 7, {off=5, flags=0x2 /* PTRACE_PEEKSIGINFO_??? */, nr=42}, 0x1) = -1 ESRCH (No such process)",
	       0x4209, 7, own, 1);
	EXPECT(X86_64, "ptrace", -3, "ptrace(PTRACE_SECCOMP_GET_METADATA, 7, 16, {filter_off=5}) = -1 ESRCH (No such process)", 0x420d, 7, 16, own);
	EXPECT(X86_64, "ptrace", 0, "ptrace(PTRACE_TRACEME) = 0", 0, 1, 2, 3);
	EXPECT(X86_64, "ptrace", 0, "ptrace(PTRACE_CONT, 7, NULL, SIGUSR1) = 0", 7, 7, 0, 10);
	EXPECT(X86_64, "ptrace", -22, "ptrace(0x77 /* PTRACE_??? */, 7, NULL, 0x10100) = -1 EINVAL (Invalid argument)", 0x77, 7, 0, text);
}

static void test_perf(void **state)
{
	static const uint64_t bytes[] = { 3 | 112ULL << 32, 0x01020207, 1, 0x800, 0, 1 | 3ULL << 15, 7, 0, 0, 0x80, 9, 0, 0, 4 | 5ULL << 32 | 6ULL << 48 };
	uint64_t attr = put(0, bytes, sizeof(bytes)), point = PUT(0x200, uint64_t, 5 | 64ULL << 32, 0xbad, 2, 0, 0, 1 << 10, 3ULL << 32, 0x1000);

	EXPECT(X86_64, "perf_event_open", 3, "perf_event_open({type=PERF_TYPE_HW_CACHE, size=PERF_ATTR_SIZE_VER5, "
	       "config=0x1<<24|0x2 /* PERF_COUNT_HW_CACHE_RESULT_??? */<<16|PERF_COUNT_HW_CACHE_OP_PREFETCH<<8|0x7 /* PERF_COUNT_HW_CACHE_??? */, "
	       "sample_period=1, sample_type=PERF_SAMPLE_BRANCH_STACK, read_format=0, disabled=1, precise_ip=3 /* must have 0 skid */, ...}, 0, -1, -1, "
	       "PERF_FLAG_FD_CLOEXEC) = 3", attr, 0, (uint64_t)-1, (uint64_t)-1, 8);
	style.verbose = true;
	EXPECT(X86_64, "perf_event_open", 3, "perf_event_open({type=PERF_TYPE_BREAKPOINT, size=PERF_ATTR_SIZE_VER0, config=0xbad, sample_freq=2, sample_type=0, "
	       "read_format=0, disabled=0, inherit=0, pinned=0, exclusive=0, exclude_user=0, exclude_kernel=0, exclude_hv=0, exclude_idle=0, mmap=0, comm=0, "
	       "freq=1, inherit_stat=0, enable_on_exec=0, task=0, watermark=0, precise_ip=0 /* arbitrary skid */, mmap_data=0, sample_id_all=0, exclude_host=0, "
	       "exclude_guest=0, exclude_callchain_kernel=0, exclude_callchain_user=0, mmap2=0, comm_exec=0, use_clockid=0, context_switch=0, write_backward=0, "
	       "namespaces=0, ksymbol=0, bpf_event=0, aux_output=0, cgroup=0, text_poke=0, build_id=0, inherit_thread=0, remove_on_exec=0, sigtrap=0, "
	       "wakeup_events=0, bp_type=HW_BREAKPOINT_RW, bp_addr=0x1000}, 0, -1, -1, 0) = 3", point, 0, (uint64_t)-1, (uint64_t)-1, 0);
	style.verbose = false;
	EXPECT(X86_64, "perf_event_open", -7, "perf_event_open(0x10ff8, 0, -1, -1, 0) = -1 E2BIG (Argument list too long)", BASE + SIZE - 8, 0, (uint64_t)-1, (uint64_t)-1, 0);
}

/* What is given is told although the kernel wrote over it, or failed. */
static void test_kept(void **state)
{
	uint64_t number = PUT(0, uint32_t, 12), value = put(0x20, "foo\0bar", 8);
	struct syscall_call call = { .abi = SYSCALL_ABI_X86_64, .number = 219, .restarts = 230 + 1 };
	struct str out = { 0 };

	EXPECT(X86_64, "get_thread_area", -38, "get_thread_area({entry_number=12, ...}) = -1 ENOSYS (Function not implemented)", number);
	EXPECT(X86_64, "fsetxattr", 0, "fsetxattr(3, \"foo\", \"foo\\0bar\", 8, XATTR_CREATE) = 0", 3, value, value, 8, 1);
	EXPECT(X86_64, "fgetxattr", 4, "fgetxattr(3, \"foo\", \"foo\", 8) = 4", 3, value, value, 8);
	EXPECT(X86_64, "fsetxattr", -7, "fsetxattr(3, \"foo\", 0x10020, 65537, 0) = -1 E2BIG (Argument list too long)", 3, value, value, 65537, 0);
	print_call(&out, &call);
	assert_string_equal(str_text(&out), "restart_syscall(<... resuming interrupted clock_nanosleep ...>) = 0");
	str_deinit(&out);
}

/* What Linux 6.13 and newer added to large interfaces, and what depends on a value beside it. */
static void test_newer_interfaces(void **state)
{
	uint64_t link = PUT(0x100, uint32_t, 3, 4, 6, 0x28, 9, 0, 5, 0, 0, 0, 0, 0), tcx = PUT(0x140, uint32_t, 3, 1, 46, 0, 5, 0, 7, 0);
	uint64_t map = PUT(0x1c0, uint32_t, 6), iter = PUT(0x180, uint32_t, 3, 0, 28, 0, (uint32_t)map, (uint32_t)(map >> 32), 1, 0), elem = PUT(0x200, uint64_t, 3, 0x10, 0x20, 0x1c);
	uint64_t next = PUT(0x240, uint32_t, 1, 7), stream = PUT(0x260, uint64_t, 0, 2ULL << 32, 4);
	uint64_t cancel = PUT(0x300, uint64_t, 8, 2ULL << 32 | 5, 1, 2, 13, 0, 0, 0), wait = PUT(0x380, uint64_t, 0, 7ULL << 32 | 8, 0);
	uint64_t event = PUT(0x400, uint32_t, 1, 0xdeadbeef, 1);

	EXPECT(X86_64, "bpf", -22, "bpf(BPF_LINK_CREATE, {link_create={prog_fd=3, target_fd=4, attach_type=BPF_CGROUP_DEVICE, flags=BPF_F_BEFORE|BPF_F_ID, "
	       "cgroup={relative_id=9, expected_revision=0x5}}}, 48) = -1 EINVAL (Invalid argument)", 28, link, 48);
	EXPECT(X86_64, "bpf", 5, "bpf(BPF_LINK_CREATE, {link_create={prog_fd=3, target_ifindex=if_nametoindex(\"lo\"), attach_type=BPF_TCX_INGRESS, flags=0, "
	       "tcx={relative_fd=5, expected_revision=0x7}}}, 32) = 5", 28, tcx, 32);
	EXPECT(X86_64, "bpf", 5, "bpf(BPF_LINK_CREATE, {link_create={prog_fd=3, target_fd=0, attach_type=BPF_TRACE_ITER, flags=0, "
	       "iter_info=[{map={map_fd=6}}], iter_info_len=1}}, 28) = 5", 28, iter, 28);
	EXPECT(X86_64, "bpf", 0, "bpf(BPF_MAP_LOOKUP_ELEM, {map_fd=3, key=0x10, value=0x20, flags=BPF_F_ALL_CPUS|BPF_F_CPU|BPF_F_LOCK}, 32) = 0", 1, elem, 32);
	EXPECT(X86_64, "bpf", 0, "bpf(BPF_PROG_GET_NEXT_ID, {start_id=1, next_id=7}, 8) = 0", 11, next, 8);
	EXPECT(X86_64, "bpf", 0, "bpf(BPF_PROG_STREAM_READ_BY_FD, {prog_stream_read={stream_buf=NULL, stream_buf_len=0, stream_id=2, prog_fd=4}}, 20) = 0", 37, stream, 20);
	EXPECT(X86_64, "io_uring_register", 0, "io_uring_register(3, IORING_REGISTER_SYNC_CANCEL|IORING_REGISTER_USE_REGISTERED_RING, {addr=0x8, fd=5, "
	       "flags=IORING_ASYNC_CANCEL_FD, timeout={tv_sec=1, tv_nsec=2}, opcode=IORING_OP_ACCEPT}, 1) = 0", 3, 0x80000018, cancel, 1);
	EXPECT(X86_64, "io_uring_enter", 1, "io_uring_enter(3, 0, 1, IORING_ENTER_EXT_ARG, {sigmask=NULL, sigmask_sz=8, min_wait_usec=7, ts=NULL}, 24) = 1",
	       3, 0, 1, 8, wait, 24);
	EXPECT(X86_64, "io_uring_enter", 1, "io_uring_enter(3, 0, 1, IORING_ENTER_EXT_ARG_REG, 64, 64) = 1", 3, 0, 1, 64, 64, 64);
	EXPECT(X86_64, "epoll_ctl", 0, "epoll_ctl(3, EPOLL_CTL_ADD, 4, {events=EPOLLIN, data=0x1deadbeef}) = 0", 3, 1, 4, event);
}

/* What Btrfs has found: lists in the caller's memory, whose length stands there, too. */
static void test_btrfs(void **state)
{
	uint64_t search = PUT(0x400, uint64_t, 5, 0, 1, UINT64_MAX, 2, 3, UINT64_MAX, 1ULL << 32 | 1, 2, 0, 0, 0, 0, 64, /* items: */ 7, 256, 0, 1, 8, 256, 4096, 1ULL << 32 | 84);
	uint64_t inodes = PUT(0x500, uint64_t, 16, 3, 257, 4096, 5), logical = PUT(0x540, uint64_t, 4096, 64, 0, 0, 0, 0, inodes);
	uint64_t stats = PUT(0x600, uint64_t, 1, 2, 0, 3, 4, 0, 0, 0);

	(void)state;
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, BTRFS_IOC_TREE_SEARCH_V2, {key={tree_id=BTRFS_FS_TREE_OBJECTID, min_objectid=0, max_objectid=BTRFS_ROOT_TREE_OBJECTID, "
	       "min_offset=UINT64_MAX, max_offset=2, min_transid=3, max_transid=UINT64_MAX, min_type=BTRFS_INODE_ITEM_KEY, max_type=BTRFS_INODE_ITEM_KEY, "
	       "nr_items=2}, buf_size=64} => {key={nr_items=2}, buf_size=64, ...}) = 0", 3, 0xc0709411, search);
	style.verbose = true;
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, BTRFS_IOC_TREE_SEARCH_V2, {key={tree_id=BTRFS_FS_TREE_OBJECTID, min_objectid=0, max_objectid=BTRFS_ROOT_TREE_OBJECTID, "
	       "min_offset=UINT64_MAX, max_offset=2, min_transid=3, max_transid=UINT64_MAX, min_type=BTRFS_INODE_ITEM_KEY, max_type=BTRFS_INODE_ITEM_KEY, "
	       "nr_items=2}, buf_size=64} => {key={nr_items=2}, buf_size=64, buf=[{transid=7, objectid=BTRFS_FIRST_FREE_OBJECTID, offset=0, type=BTRFS_INODE_ITEM_KEY, len=0}, "
	       "{transid=8, objectid=BTRFS_FIRST_FREE_OBJECTID, offset=4096, type=BTRFS_DIR_ITEM_KEY, len=1}]}) = 0", 3, 0xc0709411, search);
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, BTRFS_IOC_LOGICAL_INO, {logical=4096, size=64, flags=0, inodes=0x10500} => "
	       "{inodes={bytes_left=16, bytes_missing=0, elem_cnt=3, elem_missed=0, val=[{inum=257, offset=4096, root=5}]}}) = 0", 3, 0xc0389424, logical);
	style.verbose = false;
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, BTRFS_IOC_GET_DEV_STATS, {devid=makedev(0, 0x1), nr_items=2, flags=0} => "
	       "{nr_items=2, flags=0, [[BTRFS_DEV_STAT_WRITE_ERRS]=3, [BTRFS_DEV_STAT_READ_ERRS]=4]}) = 0", 3, 0xc4089434, stats);
}

/* What the kernel's larger interfaces are given: devices' requests, programs, queues of work. */
static void test_interfaces(void **state)
{
	uint64_t buffers = PUT(0x100, uint32_t, 4, 1, 1, 0, 0), input = PUT(0x120, uint32_t, 7);
	uint64_t range = PUT(0x200, uint64_t, 0, 4096, 1, 2ULL << 32 | 5, 0, 0), code = PUT(0x40, uint64_t, 0x00000005000000b7, 0x95), licence = put_text(0x60, "GPL");
	uint64_t map = PUT(0x300, uint32_t, 1, 4, 8, 100, 0), prog = PUT(0x340, uint64_t, 2ULL << 32 | 1, code, licence, 0, 0, 0);
	uint64_t fds = PUT(0x400, uint32_t, 4, 5), update = PUT(0x420, uint64_t, 7, fds);
	uint64_t wait = PUT(0x500, uint64_t, 3, 0x1000, 0x82, 4, 0x2000, 2);

	EXPECT(X86_64, "ioctl", 0, "ioctl(3, VIDIOC_REQBUFS, {type=V4L2_BUF_TYPE_VIDEO_CAPTURE, memory=V4L2_MEMORY_MMAP, count=4}) = 0", 3, 0xc0145608, buffers);
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, VIDIOC_S_INPUT, [7]) = 0", 3, 0xc0045627, input);
	EXPECT(X86_64, "ioctl", 0, "ioctl(3, BTRFS_IOC_DEFRAG_RANGE, {start=0, len=4096, flags=BTRFS_DEFRAG_RANGE_COMPRESS, extent_thresh=5, "
	       "compress_type=BTRFS_COMPRESS_LZO}) = 0", 3, 0x40309410, range);
	EXPECT(X86_64, "bpf", 3, "bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_HASH, key_size=4, value_size=8, max_entries=100, map_flags=0}, 20) = 3", 0, map, 20);
	style.verbose = true;
	EXPECT(ARM64, "bpf", 3, "bpf(BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_SOCKET_FILTER, insn_cnt=2, insns=["
	       "{code=BPF_ALU64|BPF_K|BPF_MOV, dst_reg=BPF_REG_0, src_reg=BPF_REG_0, off=0, imm=0x5}, "
	       "{code=BPF_JMP|BPF_K|BPF_EXIT, dst_reg=BPF_REG_0, src_reg=BPF_REG_0, off=0, imm=0}], license=\"GPL\", log_level=0, log_size=0, "
	       "log_buf=NULL, kern_version=KERNEL_VERSION(0, 0, 0), prog_flags=0}, 48) = 3", 5, prog, 48);
	uint64_t area = PUT(0x600, uint32_t, 0, UINT32_MAX, 0, 0, 0, 0, 0, 0x100);
	uint64_t request = PUT(0x640, uint64_t, 24, UINT64_MAX, 0), ids = PUT(0x680, uint64_t, 0x80000018, 0x80000019);
	style.verbose = false;
	EXPECT(X86_64, "bpf", -14, "bpf(BPF_PROG_LOAD, 0x8, 48) = -1 EFAULT (Bad address)", 5, 8, 48);
	EXPECT(X86_64, "io_uring_register", 2, "io_uring_register(3, IORING_REGISTER_FILES_UPDATE, {offset=7, fds=[4, 5]}, 2) = 2", 3, 6, update, 2);
	EXPECT(X86_64, "rseq", 0,
	       "rseq({cpu_id_start=0, cpu_id=RSEQ_CPU_ID_UNINITIALIZED, rseq_cs=NULL, flags=0, node_id=0, mm_cid=0, "
	       "slice_ctrl={request=0, granted=1, __reserved=0}, __reserved=0}, 32, 0, 0x53053053) = 0",
	       area, 32, 0, 0x53053053);
	EXPECT(X86_64, "rseq", -22, "rseq(0x8, 32, RSEQ_FLAG_UNREGISTER, 0) = -1 EINVAL (Invalid argument)", 8, 32, 1, 0);
	EXPECT(X86_64, "listmount", 2,
	       "listmount({size=24, mnt_ns_fd=0, mnt_id=LSMT_ROOT, param=0}, [0x80000018, 0x80000019], 4, LISTMOUNT_REVERSE) = 2", request, ids, 4, 1);
	EXPECT(X86_64, "futex_waitv", 1, "futex_waitv([{val=0x3, uaddr=0x1000, flags=FUTEX2_SIZE_U32|FUTEX2_PRIVATE}, {val=0x4, uaddr=0x2000, flags=FUTEX2_SIZE_U32}], "
	       "2, 0, NULL, CLOCK_REALTIME) = 1", wait, 2, 0, 0, 0);
}

/* What one reader gave is kept as pieces; from those the same text comes. */
static void test_pieces(void **state)
{
	uint64_t path = put_text(0, "/etc/passwd");
	struct syscall_keeper keeper = { .from = { image_read, &image } };
	struct syscall_memory kept = syscall_keeper_memory(&keeper);
	struct syscall_call call = { .number = 2, .args = { path, 0 }, .result = 3 };
	struct syscall_progress progress;
	struct str one = { 0 }, two = { 0 };

	syscall_print_enter(&style, NULL, &call, &kept, &progress, &one);
	assert_true(syscall_pieces_check(keeper.blob.text, keeper.blob.length));
	assert_false(syscall_pieces_check(keeper.blob.text, keeper.blob.length - 1));
	struct syscall_pieces pieces = { keeper.blob.text, keeper.blob.length };
	struct syscall_memory again = syscall_pieces_memory(&pieces);
	syscall_print_enter(&style, NULL, &call, &again, &progress, &two);
	assert_string_equal(str_text(&one), "open(\"/etc/passwd\", O_RDONLY");
	assert_string_equal(str_text(&two), str_text(&one));
	str_deinit(&one);
	str_deinit(&two);
	str_deinit(&keeper.blob);
}

/* A directory's entries that are not read are not counted either. */
static void test_unread_entries(void **state)
{
	EXPECT(X86_64, "getdents64", 0, "getdents64(3, 0x7fff0000 /* 0 entries */, 100) = 0", 3, 0x7fff0000, 100);
	EXPECT(X86_64, "getdents64", 24, "getdents64(3, 0x7fff0000 /* 0+ entries */, 100) = 24", 3, 0x7fff0000, 100);
	EXPECT(X86_64, "getdents64", 24, "getdents64(3, 0x7fff0000, 20) = 24", 3, 0x7fff0000, 20); /* more than there is room for */
	style.addresses = true;
	EXPECT(X86_64, "getdents64", 0, "getdents64(3, 0x1000, 100) = 0", 3, 0x1000, 100);
	style.addresses = false;
}

static void test_plan(void **state)
{
	struct syscall_plan plan;

	syscall_plan_get(SYSCALL_ABI_X86_64, 257, false, &plan);
	assert_int_equal(plan.steps[0].kind, SYSCALL_PLAN_STRING);
	assert_int_equal(plan.steps[0].arg, 1);
	assert_int_equal(plan.steps[0].phase, SYSCALL_ENTER);
	syscall_plan_get(SYSCALL_ABI_X86_64, 0, false, &plan);
	assert_int_equal(plan.steps[0].phase, SYSCALL_EXIT);
	assert_int_equal(plan.steps[0].size_arg, SYSCALL_PLAN_SIZE_RESULT);
	assert_int_equal(plan.plain, 0);
	syscall_plan_get(SYSCALL_ABI_X86_64, 72, false, &plan); /* fcntl: F_GETFL has no memory, F_GETLK has */
	assert_true(plan.plain >> 3 & 1);
	assert_false(plan.plain >> 5 & 1);
	syscall_plan_get(SYSCALL_ABI_X86_64, 400, false, &plan);
	assert_int_equal(plan.steps[0].kind, SYSCALL_PLAN_NONE);
	syscall_plan_get(SYSCALL_ABI_X86_64, 321, false, &plan); /* bpf: its structure, as large as told, and what that points to */
	assert_int_equal(plan.steps[0].size_arg, 2);
	assert_int_equal(plan.steps[1].kind, SYSCALL_PLAN_FOLLOW);
	assert_int_equal(plan.steps[1].arg, 1);
	syscall_plan_get(SYSCALL_ABI_X86_64, 457, false, &plan); /* statmount: what there is room for */
	assert_int_equal(plan.steps[1].phase, SYSCALL_EXIT);
	assert_int_equal(plan.steps[1].size_arg, 2);
	assert_true(plan.steps[1].limit >= 512);
	syscall_plan_get(SYSCALL_ABI_X86_64, 461, false, &plan); /* lsm_list_modules: how much room there is, at entry */
	assert_int_equal(plan.steps[1].arg, 1);
	assert_int_equal(plan.steps[1].phase, SYSCALL_ENTER);
	syscall_plan_get(SYSCALL_ABI_X86_64, 209, false, &plan); /* io_submit */
	assert_int_equal(plan.steps[0].kind, SYSCALL_PLAN_LIST);
	assert_int_equal(plan.steps[0].size_arg, 1);
	syscall_plan_get(SYSCALL_ABI_X86_64, 101, false, &plan); /* ptrace: what stands behind its third argument */
	assert_int_equal(plan.steps[1].kind, SYSCALL_PLAN_PTRACE);
	assert_int_equal(plan.steps[1].arg, 3);
	syscall_plan_get(SYSCALL_ABI_ARM64, 220, false, &plan); /* clone: the new thread's id */
	assert_int_equal(plan.steps[0].phase, SYSCALL_EXIT);
	assert_int_equal(plan.steps[0].arg, 2);
	assert_int_equal(plan.steps[0].fixed, 4);
	syscall_plan_get(SYSCALL_ABI_I386, 140, false, &plan); /* _llseek: its result at exit, not what was there at entry */
	assert_int_equal(plan.steps[0].phase, SYSCALL_EXIT);
	assert_int_equal(plan.steps[0].arg, 3);
	assert_int_equal(plan.steps[1].kind, SYSCALL_PLAN_NONE);
	syscall_plan_get(SYSCALL_ABI_I386, 339, false, &plan); /* fanotify_mark: the path behind a mask of two arguments */
	assert_int_equal(plan.steps[0].kind, SYSCALL_PLAN_STRING);
	assert_int_equal(plan.steps[0].arg, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables), cmocka_unit_test(test_unknown),	 cmocka_unit_test(test_described), cmocka_unit_test(test_files),
		cmocka_unit_test(test_structures), cmocka_unit_test(test_x32), cmocka_unit_test(test_sockets), cmocka_unit_test(test_overwritten), cmocka_unit_test(test_multiplexed), cmocka_unit_test(test_arrays_beyond_memory),
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_results),	 cmocka_unit_test(test_names),	   cmocka_unit_test(test_siginfo),
		cmocka_unit_test(test_pieces),	 cmocka_unit_test(test_plan), cmocka_unit_test(test_unread_entries),	   cmocka_unit_test(test_ioctls),
		cmocka_unit_test(test_seldom), cmocka_unit_test(test_prctl),	 cmocka_unit_test(test_newer),	   cmocka_unit_test(test_netlink),
		cmocka_unit_test(test_ptrace),	 cmocka_unit_test(test_perf),	   cmocka_unit_test(test_kept),
		cmocka_unit_test(test_interfaces), cmocka_unit_test(test_btrfs), cmocka_unit_test(test_newer_interfaces),	cmocka_unit_test(test_argument_names), cmocka_unit_test(test_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
