# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# sonde trace on an arm64 kernel, in both engines: lab/arm64 runs it.  One line a check; what failed is shown.
failed=0

# has FILE PATTERN...: each is found in the file.
has() {
	local file=$1 pattern
	shift
	for pattern; do
		if ! grep -qE -- "$pattern" "$file"; then
			echo "FAIL $name: no line with $pattern in"
			sed 's/^/    /' "$file" | tail -60
			failed=$((failed + 1))
			return
		fi
	done
	echo "ok   $name"
}

# Lines without ids, and what was said beside them.
plain() {
	cat err >>out
	sed -i 's/^[0-9]* *//' out
}

# wait_for FILE: until there is a clone() in it.
wait_for() {
	for _ in {1..1200}; do
		! grep -q 'clone(' "$1" 2>/dev/null || return 0
		busybox usleep 50000
	done
}

cat >small.py <<'END'
import os, signal, socket, subprocess, threading
server = socket.create_server(("127.0.0.1", 0))
thread = threading.Thread(target=lambda: socket.create_connection(server.getsockname()).sendall(b"x"))
thread.start()
server.accept()[0].recv(5)
thread.join()
signal.signal(signal.SIGUSR1, lambda *_: None)
os.kill(os.getpid(), signal.SIGUSR1)
subprocess.run(["true"])
END
python3 small.py # what it needs is in the page cache: BPF can't wait for a page

calls=(
	'^execve\("/usr/bin/busybox", \["busybox", "ls", "-l", "/"\], 0x[0-9a-f]+ /\* [0-9]+ vars \*/\) = 0'
	'^openat\(AT_FDCWD, "/", O_RDONLY\|O_NONBLOCK\|O_CLOEXEC\|O_DIRECTORY\) = 3'
	'^newfstatat\(3, "", \{st_mode=S_IFDIR\|0755, st_size=[0-9]+, \.\.\.\}, AT_EMPTY_PATH\) = 0'
	'^exit_group\(0\) += \?'
)
narrow=(
	'^set_tls\(0x[0-9a-f]+\) += 0'
	'^openat\(AT_FDCWD, "/proc/version", O_RDONLY\|O_NOFOLLOW\) = 3' '^pread64\(3, "Linux", 5, 0\) += 5'
	'^_llseek\(3, 3, \[3\], SEEK_SET\) += 0|^lseek\(3, 3, SEEK_SET\) += 3' '^dup3\(1, 7, O_CLOEXEC\) += 7'
)

for engine in ptrace bpf; do
	name="$engine: calls"
	sonde trace --engine $engine -o out -- busybox ls -l / >/dev/null 2>err
	plain
	has out "${calls[@]}"

	name="$engine: a 32-bit program"
	sonde trace --engine $engine -o out -- ./narrow >/dev/null 2>err
	plain
	has out "${narrow[@]}"

	name="$engine: a recording"
	rm -rf rec.sonde
	sonde trace --engine $engine -o rec.sonde -- busybox ls -l / >/dev/null 2>err
	sonde trace rec.sonde >out 2>err
	plain
	has out "${calls[@]}"

	name="$engine: stacks"
	sonde trace --engine $engine -k -e trace=write -o out -- ls / >/dev/null 2>err
	has out '^ > /usr/lib/aarch64-linux-gnu/libc\.so\.6\(__libc_start_main' '^ > /usr/bin/ls'

	name="$engine: a running process, its tracer killed"
	busybox sh -c 'while :; do busybox usleep 20000; done' &
	target=$!
	sonde trace --engine $engine -f -o out -p $target 2>err &
	tracer=$!
	wait_for out
	kill -9 $tracer
	wait $tracer 2>/dev/null
	grep -E '^(State|TracerPid)' /proc/$target/status >state
	sonde trace --engine $engine -f -e trace=clone -p $target -o again 2>err &
	tracer=$!
	wait_for again
	kill $tracer
	wait $tracer
	kill $target
	wait $target 2>/dev/null
	cat again >>state
	has state '^State:.*[SRD] \(' '^TracerPid:.0$' 'clone\('
done

# The tracer is sonde's ptrace engine, not strace: after its fork this CPU, which keeps no accessed flags, leaves the arguments
# of its first execve unreadable to BPF.
name="both engines, of the same run"
python3 /mnt/compare-strace --sonde sonde --engine ptrace --same-run -- python3 small.py >out 2>&1
has out ': ([0-9]+) of \1 lines equal'

name="tampering"
sonde trace --inject openat:error=ENOSPC:when=1 -e trace=openat -o out -- busybox ls / >/dev/null 2>err
has out '= -1 ENOSPC \(No space left on device\) \(INJECTED\)'
name="tampering with a 32-bit program"
sonde trace --inject dup3:retval=77 -e trace=dup3 -o out -- ./narrow >/dev/null 2>err
has out '= 77 \(INJECTED\)'

name="counts"
sonde strace -c -o out -- busybox ls / >/dev/null 2>err
has out ' newfstatat$' ' total$'

[ $failed -eq 0 ]
