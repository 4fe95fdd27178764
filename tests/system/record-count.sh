#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events that the kernel counts in software are all recorded: as many as perf stat counts.
# needs: perf
set -euo pipefail

command -v perf > /dev/null || { echo "no perf to compare with"; exit 77; }
counted=$(perf stat -x, -e page-faults true 2>&1 | grep page-faults | cut -d, -f1)
case $counted in '' | *[!0-9]*) echo "perf stat counts no page faults here: $counted"; exit 77 ;; esac
sonde record -q -e page-faults -o pf.sonde -- true
recorded=$(sonde query pf.sonde 'select count(*), sum(period) from sample' --csv | tail -1)
echo "perf stat: $counted page faults; sonde: $recorded (samples, their periods)"
[ "${recorded%,*}" = "${recorded#*,}" ]
# a page or two more or less is the luck of address space randomisation
diff=$((${recorded%,*} - counted))
[ "${diff#-}" -le 8 ]

echo "-c: a sample every so many, and the sum stays about the same"
sonde record -q -e page-faults -c 10 -o ten.sonde -- true
sonde query ten.sonde 'select count(*), sum(period) from sample' --csv | tail -1 | {
	IFS=, read -r samples sum
	echo "$samples samples for $sum page faults"
	[ "$sum" -eq $((samples * 10)) ] && [ $((counted - sum)) -le 18 ]
}
sonde record -F 99 -c 10 -- true && exit 1
echo "-F with -c is refused"

echo "too few samples for the CPU time that the kernel counted: the report says so"
sonde record -q -o dd.sonde -- dd if=/dev/zero of=/dev/null bs=64k count=40000 2> /dev/null
sonde report dd.sonde | grep "clock ticks" && exit 1
python3 - << 'END'
import json
meta = json.load(open("dd.sonde/meta.json"))
note = next(n for n in meta["notes"] if n["key"] == "command.cpu_ns")
note["value"] = str(int(note["value"]) * 10 + 1000000000)
json.dump(meta, open("dd.sonde/meta.json", "w"))
END
sonde report dd.sonde | tr -s '\n ' '  ' | grep -o "the samples stand for .* clock ticks were lost"

# The command is kept as a shell would take it again.
sonde record -o words.sonde -- sh -c 'exit 0' 'two words' 2> /dev/null
sonde info words.sonde | grep -qF "sh -c 'exit 0' 'two words'" || { echo "the command is not quoted:"; sonde info words.sonde | grep command; exit 1; }
