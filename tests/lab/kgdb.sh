# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# KGDB on a serial line: gdb attaches to the debug kernel while it waits, knows where it is by
# name and line, and lets it go on.
"$LAB/kgdb" --kernel "$KERNEL" --wait --timeout 280 -- bash -c '
	until grep -q "Waiting for connection from remote gdb" "$LAB_CONSOLE" 2>/dev/null; do sleep 0.5; done
	exec gdb -nx -batch -ex "set confirm off" -ex "file $LAB_VMLINUX" -ex "target remote $LAB_SOCKET" -ex "bt 3" \
		-ex "print init_task.comm" -ex detach' 2>&1
