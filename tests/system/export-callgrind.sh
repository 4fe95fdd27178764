#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 30
# callgrind_annotate opens our profile without a warning and has the totals of sonde report.
set -euo pipefail
command -v callgrind_annotate > /dev/null || { echo "callgrind_annotate"; exit 77; }

"$BUILD/tests/make-profile" demo.sonde
sonde export -q --event cpu-clock --to callgrind -o demo.callgrind demo.sonde
callgrind_annotate --threshold=100 demo.callgrind > own 2> errors
cat own errors
[ ! -s errors ]
grep -q '^136,000,000 (100.0%)  PROGRAM TOTALS' own
grep -Eq '^ *50,000,000 \(36.76%\) .*:draw\(int, char const\*\) ' own
grep -Eq '^ *40,000,000 \(29.41%\) .*lex.h:lex ' own
# with what was called: recursion counts once
callgrind_annotate --inclusive=yes --threshold=100 demo.callgrind > all
cat all
grep -Eq '^ *100,000,000 \(73.53%\) .*:main ' all
grep -Eq '^ *30,000,000 \(22.06%\) .*:rec ' all
