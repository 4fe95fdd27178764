# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# crash(8), the judge of dumps, opens both forms of lab/dump's and finds in them what was in the guest: its
# release, its tasks and where they slept, its log.  Debian's cloud kernel, because its symbols can be had
# (283 MB, downloaded once) and because crash 8.0.2 knows no kernel as new as our own: it aborts on 6.12.
command -v crash >/dev/null || { echo "not on this machine: crash (package crash); install with apt-get"; exit 77; }
vmlinux=$("$LAB/kernel/debian" --vmlinux "$KERNEL") || exit
# shellcheck disable=SC2016 # the guest's shell shall do that
"$LAB/dump" --kernel "$KERNEL" --mem 192 --format elf --format kdump-zlib --program sleep --program bash dump -- bash -c \
	'sleep 1000 & echo "said before the dump by $$" >/dev/kmsg' || exit
cat >commands <<'E2'
sys | grep -E "KERNEL|CPUS|RELEASE|PANIC"
ps | grep -E " (sleep|start|bash)$"
foreach sleep bt | grep -E "^PID|nanosleep"
struct -o list_head
log | grep "said before"
quit
E2
for form in elf kdump-zlib; do
	echo "== $form"
	file=dump.$form
	# The flattened form is for pipes; crash wants it put right.
	[ $form = elf ] || makedumpfile -R "$file.flat" <"$file" >/dev/null && [ ! -f "$file.flat" ] || file=$file.flat
	timeout 200 crash -s -i commands "$vmlinux" "$file" </dev/null 2>&1 || { echo "crash ends with $?"; exit 1; }
done
