# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The tracers that only the debug kernel has, held against kfail's known times and calls.  100 ms is more
# than emulation itself keeps interrupts off.
. "$LAB/lib.sh"
lab_kfail_load
cd /sys/kernel/tracing || exit 1
echo 0 >options/function-trace # where it began and ended is enough
# A starved emulator may keep interrupts off for longer than kfail does.
for tracer in irqsoff preemptoff; do
	echo 0 >tracing_on
	echo $tracer >current_tracer
	for _ in 1 2 3 4 5; do
		echo 0 >tracing_max_latency
		echo 1 >tracing_on
		lab_kfail "$tracer 100"
		echo 0 >tracing_on
		us=$(cat tracing_max_latency)
		[ "$us" -ge 99000 ] || lab_fail "$tracer saw $us us"
		! grep -q "kf_$tracer" trace || break
	done
	cp trace "$SHARE/trace-$tracer.txt"
	echo "$tracer: $(grep -m1 -o "kf_$tracer" trace), as long as it was"
	echo nop >current_tracer
done
echo kf_tree_root >set_graph_function
echo 3 >max_graph_depth
echo function_graph >current_tracer
echo 1 >options/funcgraph-retval
echo 1 >options/funcgraph-retval-hex 2>/dev/null
echo 0 >options/funcgraph-retval-hex 2>/dev/null
echo 1 >tracing_on
lab_kfail "tree 7"
echo 0 >tracing_on
cp trace "$SHARE/trace-tree.txt"
grep -E 'kf_(leaf|branch|slow|tree_root)' trace
echo nop >current_tracer
for tracer in hwlat osnoise timerlat wakeup_rt; do
	grep -qw $tracer available_tracers || lab_fail "no $tracer"
done
echo "hwlat, osnoise, timerlat, wakeup_rt are there"
