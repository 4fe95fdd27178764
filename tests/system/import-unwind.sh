#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: perf x86_64
# timeout: 60
# perf record --call-graph dwarf: the stack copies of a program without frame pointers are unwound
# on import. (-B: collecting build-ids, perf can die; what it wrote is read all the same.)
set -euo pipefail
command -v perf > /dev/null || { echo "perf"; exit 77; }
cat > work.c <<'END'
#include <stdlib.h>
static volatile unsigned sink;
__attribute__((noinline)) unsigned inner(unsigned x) { for (int i = 0; i < 20000; i++) x = x * 1664525u + sink; return x; }
__attribute__((noinline)) unsigned middle(unsigned x) { unsigned y = inner(x) + 1; sink = y; return y ^ x; }
__attribute__((noinline)) unsigned outer(unsigned x) { unsigned y = middle(x) + 3; sink = y; return y ^ x; }
int main(int argc, char **argv) { unsigned x = 1; for (int i = 0; i < atoi(argv[1]); i++) x += outer(x); sink = x; return 0; }
END
gcc -O2 -g -fomit-frame-pointer -o work work.c
perf record -q -N -B -e cpu-clock:u -F 997 --call-graph dwarf,4096 -o perf.data -- ./work 15000 > /dev/null 2> log || cat log
sonde export -q --to folded perf.data > folded
awk '{ all += $NF } /main;outer;middle;inner [0-9]+$/ { whole += $NF } END { print whole, "of", all; exit !(all > 1e7 && whole > 0.95 * all) }' folded
