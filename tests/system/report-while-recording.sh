#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: perf gcc
# timeout: 60
# A recording is read while it is written, and after its recorder was killed: with names.
set -eu
cat > spin.c <<'C'
static volatile unsigned long sink;
__attribute__((noinline)) void spin_here(void) { for (int i = 0; i < 100000; i++) sink += i; }
int main(void) { for (;;) spin_here(); }
C
gcc -O1 -g -fno-omit-frame-pointer -o spin spin.c
fail() { echo "FAILED: $*"; exit 1; }

sonde record -q -o live.sonde -- ./spin & recorder=$!
spin=
trap 'kill -9 $recorder $spin 2>/dev/null || true' EXIT
for _ in $(seq 100); do
	sleep 0.1
	sonde report live > out 2>&1 && grep -q spin_here out && break
done
spin=$(pgrep -P $recorder -x spin || true)
grep -q spin_here out || fail "no function while recording: $(cat out)"
grep -q 'still running' out || fail "the report does not say that the recording runs: $(cat out)"
echo "while recording: $(grep -m1 spin_here out)"
sonde flame --svg live > live.svg
grep -q '<title>spin_here' live.svg || fail "the flame graph has no spin_here"

kill -9 $recorder
wait $recorder 2>/dev/null || true
sonde report live > out 2>&1 || fail "cannot read after kill -9: $(cat out)"
grep -q spin_here out || fail "no function after kill -9: $(cat out)"
grep -q 'cut short' out || fail "the report does not say that the recording was cut: $(cat out)"
echo "after kill -9:   $(grep -m1 spin_here out)"
sonde export --to perf-script live | sonde export --event-filter "$(sonde report live --json | sed -n 's/.*"event": "\([^",]*\).*/\1/p')" - > through
sonde export --to folded live > direct
cmp through direct || fail "perf script text folds to something else"
echo "$(wc -l < direct) stacks, the same through perf script text"
