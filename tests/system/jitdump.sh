#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: perf gcc
# timeout: 60
# Code made at run time has the names and lines of its jit-PID.dump: after the process and the
# file are gone, and while it runs; moved code too.
set -eu
[ "$(uname -m)" = x86_64 ] || { echo "needs x86_64 (the test's machine code)"; exit 77; }
cat > jit.c <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <time.h>
static int fd;
static void put(const void *p, size_t n) { if (write(fd, p, n) != (ssize_t)n) _exit(1); }
static void u32(uint32_t v) { put(&v, 4); }
static void u64(uint64_t v) { put(&v, 8); }
static void text(const char *s) { put(s, strlen(s) + 1); }
static const uint8_t loop[] = { 0x90, 0x90, 0xff, 0xcf, 0x75, 0xfc, 0xc3 }; /* nop nop 1: dec edi; jnz 1b; ret */
static void load(const char *name, const uint8_t *at, int index)
{
	u32(2); u32(16 + 16 + 16 + 10 + 16 + 2); u64(0); u64((uintptr_t)at); u64(2); /* lines */
	u64((uintptr_t)at); u32(10); u32(0); text("spinner.x");
	u64((uintptr_t)at + 2); u32(11 + index); u32(0); text("\xff");
	u32(0); u32(16 + 40 + strlen(name) + 1 + sizeof(loop)); u64(0); u32(getpid()); u32(getpid());
	u64((uintptr_t)at); u64((uintptr_t)at); u64(sizeof(loop)); u64(index); text(name); put(loop, sizeof(loop));
}
int main(int argc, char **argv)
{
	char path[64];
	uint8_t *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	snprintf(path, sizeof(path), "%s/jit-%d.dump", argv[1], getpid());
	fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	u32(0x4a695444); u32(1); u32(40); u32(62); u32(0); u32(getpid()); u64(0); u64(0);
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) return 1;
	memcpy(code, loop, sizeof(loop));
	memcpy(code + 4096, loop, sizeof(loop));
	memcpy(code + 6000, loop, sizeof(loop));
	load("spin one", code, 1);
	load("spin two", code + 4096, 2);
	u32(1); u32(16 + 48); u64(0); u32(getpid()); u32(getpid()); u64(0); u64((uintptr_t)code + 4096); /* moved */
	u64((uintptr_t)code + 6000); u64(sizeof(loop)); u64(2);
	for (clock_t end = clock() + CLOCKS_PER_SEC / 3; clock() < end;) {
		((void (*)(int))code)(200000);
		((void (*)(int))(code + 6000))(100000);
	}
	if (argc > 2) unlink(path);
	return 0;
}
END
gcc -O1 -g jit.c -o jit
mkdir dumps
check() {
	sonde query "$1" "select function, file, line, count(*) n from frame where function like 'spin %' group by 1, 2, 3" --json > names.json
	python3 - "$2" << 'END'
import json, sys
rows = [json.loads(line) for line in open("names.json")]
got = {(r["function"], r["file"], r["line"]) for r in rows}
want = {("spin one", "spinner.x", 12), ("spin two", "spinner.x", 13)}
if not want <= got:
    sys.exit("FAILED: %s: %s, not %s" % (sys.argv[1], got, want))
END
}
sonde record -q -o kept.sonde -- ./jit dumps
check kept.sonde "the file is there"
sonde record -q -o deleted.sonde -- ./jit dumps delete
check deleted.sonde "the file was deleted"
# What perf recorded, imported: the jitdump, and a perf map. (-B: perf dies of build-ids where another recorder asks for them.)
perf record -q -N -B -e cpu-clock:u -F 997 -o jit.data -- ./jit dumps > /dev/null 2> log || cat log
sonde import -q -o imported.sonde jit.data
check imported.sonde "perf.data and a jitdump"
cat > map.c <<'END'
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static const unsigned char loop[] = { 0x90, 0x90, 0xff, 0xcf, 0x75, 0xfc, 0xc3 };
int main(void)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64];
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	FILE *f = fopen(path, "w");
	memcpy(code, loop, sizeof(loop));
	fprintf(f, "%lx %zx mapped spin\n", (long)code, sizeof(loop));
	fclose(f);
	for (clock_t end = clock() + CLOCKS_PER_SEC / 5; clock() < end;) ((void (*)(int))code)(200000);
	puts(path);
	return 0;
}
END
gcc -O1 map.c -o map
perf record -q -N -B -e cpu-clock:u -F 997 -o map.data -- ./map > map.path 2> log || cat log
trap 'rm -f "$(cat map.path)"' EXIT
sonde report -q map.data | grep -q 'mapped spin' || { echo "FAILED: no name from the perf map"; exit 1; }
rm -f "$(cat map.path)"
sonde report map.data > gone
if grep -q 'mapped spin' gone || ! grep -q 'neither a jit-PID.dump nor' gone; then
	echo "FAILED: a perf map that is gone is not told"
	exit 1
fi
echo "named from jitdump, also when the file was deleted and where code was moved"
