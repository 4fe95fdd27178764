#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# make install into a DESTDIR: the binary runs there, each command has a manual page that formats
# without a warning, each shell its completion.
set -euo pipefail
dest=$PWD/dest
DESTDIR=$dest meson install -C "$BUILD" --no-rebuild --quiet > log 2>&1 || { cat log; exit 1; }
prefix=$(meson introspect "$BUILD" --buildoptions | python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
root=$dest$prefix
sonde=$root/bin/sonde
"$sonde" --version

commands=$("$sonde" completion bash | sed -n "s/^\t'\([a-z ]*\)')$/\1/p" | tr ' ' '-')
for c in '' $commands; do
	page=$root/share/man/man1/sonde${c:+-$c}.1
	[ -s "$page" ] || { echo "no manual page for sonde $c"; exit 1; }
	if command -v man > /dev/null; then
		warnings=$(MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -l "$page" 2>&1 > /dev/null)
		[ -z "$warnings" ] || { echo "$page: $warnings"; exit 1; }
	fi
done
echo "manual pages: sonde $(tr '\n' ' ' <<< "$commands")"
for c in $commands; do
	grep -q "sonde-$c" "$root/share/man/man1/sonde.1" || [[ $c == help || $c == version ]] || {
		echo "man/sonde.1.scd does not mention sonde-$c"; exit 1; }
done

bash -n "$root/share/bash-completion/completions/sonde"
[ -s "$root/share/zsh/site-functions/_sonde" ] && [ -s "$root/share/fish/vendor_completions.d/sonde.fish" ]
echo "completions: bash zsh fish"

# The installed tree is whole: where perf events are forbidden, its own agent is found.
"$sonde" doctor --json timer_agent | grep -q '"state":"yes"' || { "$sonde" doctor timer_agent; exit 1; }
"$sonde" doctor --json timer_agent | grep -qF "$root" || { echo "it found another agent than the installed one"; exit 1; }
echo "the preloaded agent is found in $prefix/libexec"
