# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab/run tells a script's end from a guest's, and leaves nothing behind, however it ends.
no_qemu() { # QEMU of a given run, found by the directory in its command line
	! pgrep -f "qemu-system.*$TMPDIR/sonde-lab-" >/dev/null
}
clean() { no_qemu && ! compgen -G "$TMPDIR/sonde-lab-*" >/dev/null; }

# A kernel by its file, and an ordinary user.
root=$("$LAB/kernel/debian" --cached "$KERNEL") || exit
release=$(cat "$root/release")
"$LAB/run" --kernel "$root/boot/vmlinuz-$release" --modules "$root/lib/modules/$release" --user -- \
	bash -c 'printf "a\r\nb\0c"; echo "err of $(id -un) on $(uname -r)" >&2; exit 7' >out 2>err
echo "status $?, $(cksum <out), $(cat err)"
[ "$(cksum <out)" = "$(printf 'a\r\nb\0c' | cksum)" ] || { echo "output changed"; exit 1; }
"$LAB/run" -- bash -c 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 60' >out 2>err
echo "panic: status $?, $(grep -c 'the guest died: ' err) line, console shown: $(grep -q '^    .*Kernel panic - not syncing: sysrq' err && echo yes)"
"$LAB/run" --timeout 3 -- sleep 100 >out 2>err
echo "time limit: status $?"
clean || { echo "left behind: $(ls -d "$TMPDIR"/sonde-lab-*; pgrep -af qemu-system)"; exit 1; }
for signal in TERM KILL; do
	"$LAB/run" -- sleep 100 >/dev/null 2>&1 &
	run=$!
	sleep 2
	kill -$signal $run
	wait $run 2>/dev/null
	for _ in $(seq 50); do no_qemu && break; sleep 0.1; done
	no_qemu && echo "SIG$signal: no QEMU left"
done
"$LAB/run" --timeout 1 -- true >/dev/null 2>&1
clean && echo "and no directory"
