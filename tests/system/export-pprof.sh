#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 60
# go tool pprof opens our profiles, of a recording and of a text, and has the totals of sonde report.
set -euo pipefail
go=$(command -v go || echo /usr/lib/go-1.19/bin/go)
[ -x "$go" ] || { echo "go"; exit 77; }
export PPROF_TMPDIR=$PWD HOME=$PWD GOCACHE=$PWD/cache
pprof() { "$go" tool pprof -symbolize=none "$@" 2> /dev/null; }

"$BUILD/tests/make-profile" demo.sonde
sonde export -q --event cpu-clock --to pprof -o demo.pb.gz demo.sonde
# 136 ms of cpu-clock in 136 samples; inlined calls are marked; the program is the main binary
pprof -top -nodecount=50 demo.pb.gz > top
cat top
grep -q '^File: demo$' top
grep -q '^Type: cpu-clock$' top
grep -q 'Total samples = 136ms' top
grep -Eq '^ *50ms +36.76% .* draw\(int, char const\*\)$' top
grep -Eq '^ *40ms +29.41% .* lex \(inline\)$' top
pprof -top -sample_index=samples demo.pb.gz | grep -q '136 total'
pprof -top -lines demo.pb.gz | grep -q 'lex.h:'
pprof -tags demo.pb.gz | grep -q 'tid:'
# without --event: a type for each event
sonde export -q --to pprof -o all.pb.gz demo.sonde
pprof -top -sample_index=page-faults all.pb.gz | grep -q "of 7 total"
# -raw names every location, function and mapping that samples refer to, or fails
pprof -raw demo.pb.gz | grep -q '^Mappings$'

printf 'main;a;b 31\nmain;a 4\nmain;c 7\n' > stacks.folded
sonde export -q --to pprof -o text.pb.gz stacks.folded
pprof -top text.pb.gz | tee top
grep -Eq '^ *31 +73.81% +73.81% +31 +73.81% +b$' top
grep -Eq ' 42 +100%  main$' top
