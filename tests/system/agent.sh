#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sonde-agent, the static recorder: what it writes on a board (a journal, frames without names),
# sonde opens on the desk, and gives the same answer as its own recording.
# needs: perf
set -euo pipefail
agent=$BUILD/agent/sonde-agent
[ -x "$agent" ] || { echo "no sonde-agent in this build (it is not built with sanitizers): needs plain"; exit 77; }
! readelf -l "$agent" | grep -q INTERP || { echo "it is not static"; exit 1; }
"$agent" --version | grep -q '^sonde-agent [0-9]'

status=0
"$agent" record -o a.sonde -- "$BUILD/tests/workload/shares" 2> said || status=$?
cat said
[ $status -eq 0 ]
[ -d a.sonde/journal ] && [ ! -d a.sonde/sample ] || { echo "expected a journal and no tables"; exit 1; }

# read-only, as from a copied card: opening must not need to write
cp -r a.sonde b.sonde
chmod -R a-w b.sonde
for rec in a.sonde b.sonde; do
	samples=$(sonde query $rec --csv 'select count(*) from sample' | tail -1)
	[ "$samples" -gt 20 ] || { echo "$rec: only $samples samples"; exit 1; }
	[ "$(sonde query $rec --csv 'select count(*) from thread' | tail -1)" -ge 1 ]
	sonde info $rec > info
	sonde report $rec --json --no-pager > report.json
	grep -q "; $(sed ':a; s/\B[0-9]\{3\}\>/,&/; ta' <<< "$samples") samples, [0-9,]* lost" said || {
		echo "the agent counted otherwise than $samples samples"; exit 1; }
	echo "$rec: $samples samples, read by info, query and report"
done

# Kernel addresses mean something on the machine and boot that they are from only: elsewhere
# this kernel's names for them would be wrong.
"$agent" record -q -o k.sonde -- "$BUILD/tests/workload/forks" 300
kernel_names() {
	sonde report k.sonde --json --no-pager --limit 100000 | python3 -c '
import json, sys
rows = json.load(sys.stdin)["functions"]
print(sum(1 for r in rows if r["module"] == "[kernel]" and not r["function"].startswith("[")))'
}
here=$(kernel_names)
sed -i 's/"value": "[0-9a-f-]\{36\}"/"value": "00000000-0000-0000-0000-000000000000"/' k.sonde/meta.json
elsewhere=$(kernel_names)
echo "kernel functions named: $here here, $elsewhere elsewhere"
[ "$elsewhere" -eq 0 ] || exit 1
sonde doctor --json kernel_samples kernel_symbols | grep -q not_permitted || [ "$here" -gt 5 ]

# the command's own exit status, as with sonde
status=0
"$agent" record -q -o c.sonde -- sh -c 'exit 7' || status=$?
[ $status -eq 7 ] || { echo "exit status $status instead of 7"; exit 1; }
status=0
"$agent" recrod 2> said || status=$?
[ $status -eq 2 ] && grep -q 'did you mean sonde-agent record?' said
