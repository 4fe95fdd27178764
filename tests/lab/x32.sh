# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# sonde trace and sonde strace of an x32 program, where there is such a kernel: Debian's, told so on its command line.  One line a
# check; what failed is shown.
. "$LAB/lib.sh"
program=$BUILD/tests/workload/x32
[ -x "$program" ] || { echo "no x32 program: this compiler makes none"; exit 77; }
"$program" leaf
[ $? -eq 7 ] || { echo "this kernel runs no x32 programs"; exit 77; }
cd /tmp && cp "$program" x32 && program=./x32 || exit
failed=0

# has PATTERN...: each is found in out.
has() {
	local pattern
	for pattern; do
		if ! grep -qE -- "$pattern" out; then
			echo "FAIL $name: no line with $pattern in"
			sed 's/^/    /' out | tail -150
			failed=$((failed + 1))
			return
		fi
	done
	echo "ok   $name"
}

calls=(
	'rt_sigaction\(SIGUSR1, \{sa_handler=0x[0-9a-f]+, sa_mask=\[USR2\], sa_flags=SA_RESTORER\|SA_SIGINFO, sa_restorer=0x[0-9a-f]+\}, \{sa_handler=SIG_DFL, sa_mask=\[\], sa_flags=0\}, 8\) += 0'
	'^--- SIGUSR1 \{si_signo=SIGUSR1, si_code=SI_QUEUE, si_pid=[0-9]+, si_uid=0, si_int=77, si_ptr=0x4d\} ---'
	'^rt_sigreturn\(\{mask=\[\]\}\) += ' '^rt_sigreturn\(\{mask=\[\]\}\) += 0'
	'^pwritev\(3, \[\{iov_base="an ", iov_len=3\}, \{iov_base="x32 program", iov_len=11\}\], 2, 5\) += 14'
	'^fcntl\(3, F_GETLK, \{l_type=F_UNLCK, l_whence=SEEK_SET, l_start=0, l_len=10, l_pid=0\}\) += 0'
	'^statfs\("/proc", \{f_type=PROC_SUPER_MAGIC, f_bsize=4096, .*, f_namelen=255, f_frsize=4096, '
	'^ioctl\(4, FIONREAD, \[14\]\) += 0' '^getdents\(6, 0x[0-9a-f]+ /\* [1-9][0-9]* entries \*/, 4096\) += [1-9]'
	'^recvmsg\(4, \{.*msg_iov=\[\{iov_base="an x32 p", iov_len=8\}, \{iov_base="rogram", iov_len=100\}\], .*cmsg_data=\[5\]'
	'^timer_create\(CLOCK_MONOTONIC, \{sigev_value=\{sival_int=5, sival_ptr=0x5\}, sigev_signo=10, sigev_notify=SIGEV_NONE\}, \[0\]\) += 0'
	'^kexec_load\(0x1000, 1, \[\{buf=0x[0-9a-f]+, bufsz=4096, mem=0x1000, memsz=4096\}\], .* = -1 EINVAL'
	'^io_submit\(0x[0-9a-f]+, 1, \[\{aio_data=0x5, aio_lio_opcode=IOCB_CMD_PWRITE, aio_fildes=1, aio_buf="an x32 program", '
	'^shmctl\([0-9]+, IPC_STAT, \{shm_perm=\{uid=0, .*shm_segsz=4096, '
	'^execve\("/nothing", \["an x32 program", "an x32 program"\], 0x[0-9a-f]+ /\* 0 vars \*/\) += -1 ENOENT'
	'^syscall_0x40000258\(0x1, 0x2, 0x3, 0x4, 0x5, 0x6\) += -1 ENOSYS' '^getuid32\(\) += 0'
	'^execve\("/usr/bin/env", \["env", "\./x32", "leaf"\], 0x[0-9a-f]+ /\* 1 var \*/\) += 0'
	'^execve\("\./x32", \["\./x32", "leaf"\], 0x[0-9a-f]+ /\* 1 var \*/\) += 0' '^exit_group\(7\) += \?'
	'waitid(\(P_PID, [0-9]+| resumed>), \{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=[0-9]+, si_uid=0, si_status=7, si_utime=[0-9]+.*\}, WEXITED\|WNOWAIT, \{ru_utime='
	'^exit_group\(0\) += \?'
)

for engine in ptrace bpf; do
	name="$engine: calls"
	sonde trace --engine $engine -o trace -- "$program" calls >/dev/null
	sed 's/^[0-9]* *//' trace >out
	has "${calls[@]}"

	name="$engine: a set, stacks, paths of descriptors"
	sonde trace --engine $engine -y -k -e trace=writev,recvmsg@x32 -o out -- "$program" calls >/dev/null
	has 'writev\(5<pipe:\[[0-9]+\]>, ' ' > .*/x32\(files\+0x[0-9a-f]+\)' ' > .*/x32\(run\+0x[0-9a-f]+\)' 'recvmsg\(4<'
	name="$engine: a set has nothing else"
	grep -cE '^[0-9]* *[a-z_0-9]+\(' out >count # an unknown call is in every set
	if [ "$(grep -cE '^[0-9]* *(writev|recvmsg|syscall_0x40000258)\(' out)" = "$(cat count)" ]; then echo "ok   $name"; else has 'nothing else'; fi

	name="$engine: a call under way"
	mkfifo way
	"$program" wait <way >/dev/null &
	target=$!
	exec 7>way
	lab_wait_for 20 grep -qs '^1073742339 ' /proc/$target/syscall
	sonde trace --engine $engine -o out -p $target &
	tracer=$!
	lab_wait_for 20 grep -qs readv out
	echo hello >&7
	exec 7>&-
	wait $tracer
	rm way
	has 'readv\(0.*"hello\\n", iov_len=8\}, \{iov_base="", iov_len=100\}\], 2\) += 6' 'write\(1, "an x32 program", 14\) += 14' 'exited with 0'
done

name="both engines, of the same run"
"$SRC/tools/compare-strace" --sonde sonde --engine ptrace --same-run -- "$program" calls >out 2>&1
has ': ([0-9]+) of \1 lines equal'
# Some lines aren't: strace takes statfs's structure for i386's, and the segment's number and time are each run's own.
name="strace, of another run"
"$SRC/tools/compare-strace" --sonde sonde --least 95 -- "$program" calls >out 2>&1
status=$?
if [ $status -eq 0 ]; then echo "ok   $name"; else has 'all equal'; fi

name="a recording"
sonde trace -o x32.sonde -- "$program" calls >/dev/null 2>&1
sonde trace x32.sonde 2>&1 | sed 's/^[0-9]* *//' >out
has "${calls[@]}"

name="a filter of the kernel's"
sonde strace -f --seccomp-bpf -e trace=writev,execve,getuid -o trace -- "$program" calls >/dev/null 2>&1
sed 's/^[0-9]* *//' trace >out
has '^writev\(5, ' '^execve\("/nothing"' '^getuid\(\) ' '^execve\("\./x32", \["\./x32", "leaf"\]'

name="tampering"
sonde strace --inject pwritev:error=ENOSPC --inject getpid:retval=77 -e trace=pwritev,getpid -o out -- "$program" calls >/dev/null 2>&1
has '^pwritev\(3, .* = -1 ENOSPC \(No space left on device\) \(INJECTED\)' '^getpid\(\) += 77 \(INJECTED\)'

name="counts"
sonde strace -f -c -o out -- "$program" calls >/dev/null 2>&1
has ' rt_sigtimedwait$' ' 2 +writev$| 1 +writev$' ' total$'

[ $failed -eq 0 ]
