#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Libraries that few commands need: none is loaded at the start, and one that can't be is told of when it is needed.
# needs: readelf
set -u
sonde=$(readlink -f "$(command -v sonde)")
failed=0
expect() { # WHAT CONDITION...
	local what=$1
	shift
	if "$@"; then echo "    ok    $what"; else echo "    FAIL  $what"; failed=1; fi
}
needed() { readelf -d "$sonde" | grep NEEDED | grep -E 'lib(jansson|lzma|m|sqlite3|xxhash|z|zstd)\.so'; }
[ -n "${SONDE_SANITIZED:-}" ] || # the sanitizers' own want libm
	expect "none is loaded at the start: what links it is missing in src/libraries.c" test -z "$(needed)"

note() { readelf -p .note.dlopen "$sonde"; }
for name in $(sed -n 's/^#define [A-Z]* "\(lib.*\)"$/\1/p' "$SRC/src/libraries.c"); do
	expect "$name is in the note for packagers" grep -qF "[\"$name\"]" <(note)
done

mkdir broken
: > broken/libsqlite3.so.0
said=$(LD_LIBRARY_PATH=$PWD/broken "$sonde" --version 2>&1)
expect "nobody misses a library that isn't used" test "${said%% *}" = sonde
sonde record -q --overwrite -o r.sonde -- true 2>/dev/null
said=$(LD_LIBRARY_PATH=$PWD/broken "$sonde" query r.sonde 'select 1' 2>&1)
status=$?
expect "one that is used is told of" grep -q 'sonde: error while loading shared libraries: .*libsqlite3' <<< "$said"
expect "with the dynamic linker's status" test $status = 127
exit $failed
