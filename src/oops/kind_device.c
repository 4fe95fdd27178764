// SPDX-License-Identifier: LGPL-2.1-or-later
/* Interrupts, memory and processors that report errors, buses, cards.  Sources: kernel/irq/spurious.c, arch/x86/kernel/irq.c,
 * arch/x86/kernel/nmi.c, drivers/edac, arch/x86/kernel/cpu/mce, mm/memory-failure.c, drivers/acpi/apei, drivers/pci/pcie/aer.c,
 * drivers/iommu, drivers/thermal, arch/x86/kernel/cpu/mce/therm_throt.c, drivers/usb, net/sched/sch_generic.c, net/ipv4/tcp.c,
 * net/netfilter, drivers/gpu, kernel/time/clocksource.c, kernel/dma/debug.c. */
#include "oops/kind.h"

#define NOTE .flags = OOPS_ONE_LINE | OOPS_NOTE, .severity = OOPS_WARNING
#define MCE_MEANING "The processor reported a hardware error: memory, cache, bus or the processor itself."
#define HOT_MEANING "A processor got too hot and runs slower until it has cooled down."
#define IOMMU_MEANING "A device used a memory address that the IOMMU has not mapped for it: the driver unmapped it too early, or the device went wild."
#define NET_MEANING "A network card did not send what it was given for seconds."
#define GPU_MEANING "A graphics processor did not finish its work in time and is reset."
#define IRQ_MACHINERY NAMES("_irq", "irq_", "note_interrupt", "common_interrupt")

static const struct oops_kind kinds[] = {
	{ .name = "irq", .start = "irq {irq:num}: nobody cared", .title = "irq: nobody cared in {function}", .where = { OOPS_WHERE_TRACE, OOPS_WHERE_BODY }, .skip = NAMES("_irq", "irq_", "note_interrupt"),
	  .body = NAMES("[<{_address:hex}>] {at:func}"), .severity = OOPS_BUG, .meaning = "An interrupt line stayed active and no driver took it, so the kernel switched it off: the devices on it no longer work, or only with polling.",
	  .look = "the handlers that the report lists: one of them says IRQ_NONE for its own interrupt; or a device whose driver isn't loaded" },
	{ .name = "irq", .start = "irq event {irq:num}: bogus return value", .title = "irq: bogus return value in {function}", .where = { OOPS_WHERE_TRACE, OOPS_WHERE_BODY }, .skip = IRQ_MACHINERY,
	  .body = NAMES("[<{_address:hex}>] {at:func}"), .severity = OOPS_BUG, .meaning = "An interrupt handler returned something that is neither handled nor not handled." },
	{ .name = "irq", .start = "{_cpu:num}.{_vector:num} No irq handler for vector", .title = "irq: no handler for a vector", NOTE, .meaning = "A device sent an interrupt that no driver takes: one that was moved or switched off a moment ago.", .look = "harmless when it is rare; else the device's driver" },
	{ .name = "nmi", .start = "NMI received for unknown reason {reason:hex} on CPU {cpu:num}", .title = "NMI for an unknown reason", NOTE, .meaning = "A non-maskable interrupt came that no handler knows: a watchdog, a button, or failing hardware.", .look = "the machine's own event log (ipmitool sel list)" },
	{ .name = "nmi", .start = "NMI: {what:PCI system error|IOCK error}", .title = "NMI: {what}", NOTE, .meaning = "The board reported a bus or memory error by NMI.", .look = "the machine's own event log (ipmitool sel list)" },

	{ .name = "edac", .start = "EDAC MC{_n:num}: {count:num} {what:CE|UE} {where:rest}", .title = "EDAC: memory error {what}", NOTE, .meaning = "A memory module had a bit error (CE: corrected, UE: not correctable).", .look = "the module that the line names: replace it when such errors go on" },
	{ .name = "edac", .start = "EDAC {driver:word} MC{_n:num}: HANDLING MCE MEMORY ERROR", .title = "EDAC: memory error", NOTE, .meaning = "A memory module had an error.", .look = "the module that the next lines name" },
	{ .name = "machine-check", .start = "mce: [Hardware Error]: CPU {cpu:num}: Machine Check{_e:any} Bank {bank:num}: {status:hex}", .title = "machine check: bank {bank}", NOTE, .meaning = MCE_MEANING, .look = "the bank and status of the line; rasdaemon or mcelog decodes them" },
	{ .name = "machine-check", .start = "mce: [Hardware Error]: ", .title = "machine check", NOTE, .meaning = MCE_MEANING, .look = "the bank and status of the lines; rasdaemon or mcelog decodes them" },
	{ .name = "machine-check", .start = "mce: Uncorrected hardware memory error in user-access", .title = "machine check: memory error in a program", NOTE, .meaning = "A program read memory that the hardware could not correct; it gets SIGBUS.", .look = "the memory modules: EDAC's lines" },
	{ .name = "machine-check", .start = "[Hardware Error]: CPU:{cpu:num} ({_model:any}) MC{bank:num}_STATUS[", .title = "machine check: bank {bank}", NOTE, .meaning = MCE_MEANING, .look = "the bank and status of the line (AMD); the lines behind it decode them" },
	{ .name = "memory-failure", .start = "Memory failure: 0x{page:hex}: {what:any}", .title = "memory failure", NOTE, .meaning = "A page of memory went bad; the kernel takes it out of use and, where its contents can't be had again, ends the programs that use it.", .look = "the memory modules: EDAC's lines" },
	{ .name = "apei", .start = "Hardware error from APEI Generic Hardware Error Source", .title = "firmware reports a hardware error", NOTE, .meaning = "The firmware reported a hardware error (APEI); the lines behind it say where.", .look = "severity and section type of the lines behind it" },
	{ .name = "pcie", .start = "PCIe Bus Error: severity={severity:any}, type={type:any},", .title = "PCIe bus error: {severity} {type}", NOTE, .meaning = "A PCI Express link or device reported an error.", .look = "the card's seat, its slot and power saving (pcie_aspm=off); corrected ones cost only time" },
	{ .name = "pcie", .start = "AER: {what:Corrected error received|Multiple Corrected error received|Uncorrected (Fatal) error received|Uncorrected (Non-Fatal) error received}", .title = "PCIe: {what}", NOTE, .meaning = "A PCI Express link or device reported an error.", .look = "the card's seat, its slot and power saving (pcie_aspm=off)" },
	{ .name = "pcie", .start = "AER: {_m:Multiple |}{what:Corrected|Correctable|Uncorrected (Fatal)|Uncorrectable (Fatal)|Uncorrected (Non-Fatal)|Uncorrectable (Non-Fatal)} error message received", .title = "PCIe: {what} error received", NOTE, .meaning = "A PCI Express link or device reported an error.", .look = "the card's seat, its slot and power saving (pcie_aspm=off)" },
	{ .name = "iommu", .start = "DMAR: [{what:any}] Request device [{device:any}] fault addr", .title = "IOMMU fault: {what}", NOTE, .meaning = IOMMU_MEANING, .look = "the driver of that device" },
	{ .name = "iommu", .start = "Event logged [IO_PAGE_FAULT {_rest:rest}", .title = "IOMMU fault", NOTE, .meaning = IOMMU_MEANING, .look = "the driver of that device" },
	{ .name = "iommu", .start = "arm-smmu{_v:any}: {what:Unhandled context fault|event 0x}", .title = "IOMMU fault", NOTE, .meaning = IOMMU_MEANING, .look = "the driver of that device" },
	{ .name = "dma", .start = "DMA-API: {_device:any}{what:exceeded|device driver|cacheline tracking|mapping sg}", .title = "DMA: {what}", NOTE, .meaning = "CONFIG_DMA_API_DEBUG found a driver that maps or frees DMA memory wrongly.", .look = "the driver that the line names" },
	{ .name = "thermal", .start = "{what:Core|Package} temperature above threshold", .title = "thermal: {what} temperature above threshold", NOTE, .meaning = HOT_MEANING, .look = "cooling: fans, dust, paste; how often it comes" },
	{ .name = "thermal", .start = "critical temperature reached", .title = "thermal: critical temperature", NOTE, .meaning = "A part of the machine got too hot; it is shut down.", .look = "cooling: fans, dust, paste" },
	{ .name = "thermal", .start = "HARDWARE PROTECTION shutdown ({what:any})", .title = "hardware protection: {what}", NOTE, .meaning = "The kernel shuts the machine down to save it.", .look = "cooling and supply" },
	{ .name = "usb", .start = "usb {_port}: device descriptor read/{_n:any}, error", .title = "usb: device does not answer", NOTE, .meaning = "A USB device does not answer.", .look = "cable, hub, supply" },
	{ .name = "usb", .start = "usb {_port}: device not accepting address {_n:num}, error", .title = "usb: device does not accept an address", NOTE, .meaning = "A USB device does not answer when it is to be set up.", .look = "cable, hub, supply" },
	{ .name = "usb", .start = "usb usb{_port}: over-current condition", .title = "usb: over-current", NOTE, .meaning = "A USB port delivers more current than it may; it was switched off.", .look = "what is plugged in there" },
	{ .name = "usb", .start = "xhci_hcd {_address:any}: {what:xHCI host controller not responding|HC died}", .title = "usb: {what}", NOTE, .meaning = "The USB controller stopped: all of its devices are gone.", .look = "unbind and bind its driver brings it back; firmware" },
	{ .name = "clock", .start = "clocksource: timekeeping watchdog on CPU{cpu:num}: {_m:any}'{source:any}' as unstable", .title = "clock {source} is unstable", NOTE, .meaning = "A clock runs differently from another; the kernel takes a slower one from now on.", .look = "a virtual machine that was stopped, or firmware that changes the TSC" },
	{ .name = "clock", .start = "hrtimer: interrupt took {ns:num} ns", .title = "a timer interrupt took long", NOTE, .meaning = "Handling a timer took longer than its period: a virtual machine that was not run, or a slow handler." },
	{ .name = "netdev", .start = "NETDEV WATCHDOG: {device} ({driver:any}): transmit queue {queue:num} timed out", .title = "network card of {driver} stopped sending", NOTE, .meaning = NET_MEANING, .look = "its driver and firmware, its cable" },
	{ .name = "netdev", .start = "^{driver} {_address} {device}: NETDEV WATCHDOG: ", .title = "network card of {driver} stopped sending", NOTE, .meaning = NET_MEANING, .look = "its driver and firmware, its cable" },
	{ .name = "netdev", .start = "NETDEV WATCHDOG: ", .title = "a network card stopped sending", NOTE, .meaning = NET_MEANING, .look = "its driver and firmware, its cable" },
	{ .name = "netdev", .start = "{driver} {_address} {device}: Detected Hardware Unit Hang", .title = "network card hangs", NOTE, .meaning = NET_MEANING, .look = "its driver and firmware; switching off segmentation (ethtool -K tso off) helps some" },
	{ .name = "network", .start = "TCP: out of memory", .title = "TCP: out of memory", NOTE, .meaning = "TCP holds all the memory that tcp_mem allows: connections are dropped.", .look = "ss -m: whose sockets hold it" },
	{ .name = "network", .start = "TCP: too many orphaned sockets", .title = "TCP: too many orphaned sockets", NOTE, .meaning = "More connections than tcp_max_orphans wait for their end without a program that owns them: the oldest are reset.", .look = "ss -s: orphaned; who closes so many connections with data unsent" },
	{ .name = "network", .start = "Possible SYN flooding on port {port:any}.", .title = "TCP: possible SYN flood", NOTE, .meaning = "More connections come than a program accepts: its listen queue is full.", .look = "ss -lnt: Recv-Q against Send-Q of the port" },
	{ .name = "network", .start = "nf_conntrack: table full, dropping packet", .title = "connection tracking table full", NOTE, .meaning = "More connections than nf_conntrack_max: new ones are dropped.", .look = "sysctl net.netfilter.nf_conntrack_count and _max; who opens so many" },
	{ .name = "network", .start = "neighbour: {what:any}: neighbor table overflow", .title = "neighbour table overflow", NOTE, .meaning = "More hosts in the local network than gc_thresh3: packets are dropped.", .look = "sysctl net.ipv4.neigh.default.gc_thresh3" },
	{ .name = "nmi", .start = "INFO: NMI handler ({handler:any}) took too long to run", .title = "NMI handler took too long", NOTE, .meaning = "A handler of non-maskable interrupts kept a CPU for longer than a millisecond.", .look = "harmless when rare, common in virtual machines; else fewer perf events or a lower rate" },
	{ .name = "low-memory", .start = "Corrupted low memory at {address:any} (", .title = "low memory corrupted", NOTE, .meaning = "Something outside of the kernel, mostly the firmware, wrote to memory below 640 KiB.", .look = "firmware updates; memory_corruption_check=1 keeps that memory unused" },
	{ .name = "split-lock", .start = "x86/split lock detection: #{_e:any}: {comm:any}/{pid:num} took a {what:split_lock|bus_lock} trap", .title = "{what} of {comm}", NOTE, .meaning = "A program locked memory that spans two cache lines, which stops all other CPUs for a moment; it is slowed down for it.", .look = "misaligned atomic variables in that program" },
	{ .name = "gpu", .start = "GPU HANG: ecode", .title = "i915: GPU hang", NOTE, .meaning = GPU_MEANING, .look = "/sys/class/drm/card0/error" },
	{ .name = "gpu", .start = "*ERROR* ring {ring} timeout", .title = "gpu: ring timeout", NOTE, .meaning = GPU_MEANING },
	{ .name = "gpu", .start = "NVRM: Xid ({_bus:any}): {xid:num},", .title = "nvidia: Xid {xid}", NOTE, .meaning = "NVIDIA's driver reports an error of the card.", .look = "the number in NVIDIA's list of Xid errors" },
	{ .name = "firmware", .start = "{what:Microcode SW error detected|firmware crashed!}", .title = "firmware of a wireless card crashed", NOTE, .meaning = "The firmware of a wireless card died; the driver starts it again.", .look = "newer firmware" },
	{ .name = "oom-reaper", .start = "oom_reaper: unable to reap pid:{pid:num} ({comm:any})", .title = "OOM: could not free the memory of {comm}", NOTE, .meaning = "The process that was killed for memory holds a lock and does not end." },
	{ .name = NULL },
};

const struct oops_family oops_family_device = { "device", kinds };
