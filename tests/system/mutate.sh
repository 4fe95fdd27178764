#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc objcopy
# timeout: 120
# A slice of tools/mutate-elf (bench/README.md has the whole run): damaged binaries get an answer
# or an error.
set -eu
cat > p.c <<'END'
#include <stdio.h>
#include <stdlib.h>
static inline __attribute__((always_inline)) int inner(int x) { return x * rand(); }
static int outer(int n) { int s = 0; for (int i = 0; i < n; i++) s += inner(i) + inner(i + 1); return s; }
int main(int argc, char **argv) { printf("%d\n", outer(argc)); return 0; }
END
mkdir in
for way in "-g" "-gdwarf-4" "-gz" "-gsplit-dwarf" "-c -g"; do
	# shellcheck disable=SC2086
	gcc -O2 $way p.c -o "in/p${way// /}"
done
strip in/p-g -o in/stripped
limit=()
[ -z "${SONDE_SANITIZED:-}" ] || limit=(--no-limit --patience 6)
"$SRC/tools/mutate-elf" "${limit[@]}" --count 150 in
