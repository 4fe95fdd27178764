# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# BPF programs under this kernel: its verifier takes them, rings and losses count exactly, and
# stacks are unwound in the kernel; where it has no BPF that is said, and recording goes on.
. "$LAB/lib.sh"
cd /tmp || exit

echo "rings: $("$BUILD/tests/bpf-selftest" 1048576 10 200 2>&1)"
echo "calls: $(sonde trace --engine bpf -yy -- true 2>&1 | grep -c '^exit_group')"
echo "calls with stacks: $(sonde trace --engine bpf -k -- true 2>&1 | grep -c '(_start+')"
sonde record -v -F 499 -o spin.sonde -- "$BUILD/tests/workload/spin" 8 2>said
grep -oE 'stacks: [0-9]+ in the kernel|stacks are unwound from copies.*' said || cat said
sonde query spin.sonde "select 'unwound in the kernel: ' || case when sum(flags & 16) / 16 > count(*) / 3 then 'most'
	when sum(flags & 16) > 0 then 'some' else 'none' end from sample where mode = 0"
sonde query spin.sonde "select 'broken: ' || case when sum((flags & 4) / 4) * 20 < count(*) then 'few' else 'many' end from sample where mode = 0"
