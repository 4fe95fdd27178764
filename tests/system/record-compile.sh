#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real compile: gcc, cc1, as, each with its program, its parent and its exit; the time is cc1's
# and has names.
# needs: perf gcc
# timeout: 120
. "$SRC/tests/helper/record.sh"
need_perf

sonde record -o c.sonde -- gcc -O2 -I"$SRC/src" -D_GNU_SOURCE -c "$SRC/src/base/map.c" "$SRC/src/base/str.c" "$SRC/src/base/opt.c" 2> err \
	|| fail "recording: $(cat err)"
cat err
expect "gcc wrote its object files" test -s map.o -a -s opt.o
for name in gcc cc1 as; do
	expect_number "processes that became $name" \
		"$(query c.sonde "select count(*) from thread where comm = '$name' and exe <> '' and (comm <> 'gcc' or previous = 0)")" 1 9
done
expect_number "each cc1 knows its parent gcc" \
	"$(query c.sonde "select count(*) from thread c where c.comm = 'cc1' and not exists
		(select 1 from thread p where p.pid = c.ppid and p.comm = 'gcc')")" 0 0
expect_number "all of them ended" "$(query c.sonde "select count(*) from thread where end_ns = 0")" 0 0
expect_number "cc1's share" "$(query c.sonde "select sum(period * (comm = 'cc1')) * 1.0 / sum(period) from samples")" 0.5 1
expect_number "samples in a module that is known" \
	"$(query c.sonde "select sum(module <> '') * 1.0 / count(*) from samples")" 0.98 1
expect_number "the program's module is cc1" \
	"$(query c.sonde "select count(*) from module where path like '%/cc1' and kind = 3 and build_id <> ''")" 1 1
finish
