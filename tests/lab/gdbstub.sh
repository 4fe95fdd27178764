# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# QEMU's stub: gdb attaches to the stock kernel, runs to an address, reads registers.
"$LAB/gdbstub" --kernel "$KERNEL" -- bash -c '
	until grep -q "LAB: starting" "$LAB_CONSOLE" 2>/dev/null; do sleep 0.2; done
	exec gdb -nx -batch -ex "set confirm off" -ex "target remote $LAB_SOCKET" -ex "info registers rip cr3" -ex "x/2i \$pc" -ex detach' 2>&1
