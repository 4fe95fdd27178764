// SPDX-License-Identifier: LGPL-2.1-or-later
/* Devices, file systems, hardware.  Sources: fs/ext4/super.c, fs/xfs/xfs_error.c, fs/btrfs/messages.c, fs/super.c, fs/nfs,
 * block/blk-core.c, drivers/nvme/host, drivers/scsi, drivers/edac, arch/x86/kernel/cpu/mce, drivers/pci/pcie/aer.c,
 * kernel/irq/spurious.c, net/sched/sch_generic.c. */
#include "oops/kind.h"

#define NOTE .flags = OOPS_ONE_LINE | OOPS_NOTE

static const struct oops_kind kinds[] = {
	{ .name = "irq", .start = "irq {irq:num}: nobody cared", .title = "irq: nobody cared in {function}", .where = { OOPS_WHERE_TRACE, OOPS_WHERE_BODY }, .skip = NAMES("_irq", "irq_", "note_interrupt"),
	  .body = NAMES("[<{_address:hex}>] {at:func}"), .severity = OOPS_BUG, .meaning = "An interrupt line stayed active and no driver took it, so the kernel switched it off.", .look = "the handlers in the report" },
	{ .name = "filesystem", .start = "VFS: Close: file count is 0", .flags = OOPS_ONE_LINE, .title = "VFS: Close: file count is zero (use-after-free)", .severity = OOPS_BUG },
	{ .name = "filesystem", .start = "VFS: Busy inodes after unmount", .flags = OOPS_ONE_LINE, .title = "VFS: Busy inodes after unmount (use-after-free)", .severity = OOPS_BUG },
	{ .name = "filesystem", .start = "EXT4-fs error (device {device}): {func:word}:{_line:num}:", .title = "EXT4-fs error in {func}", NOTE, .severity = OOPS_WARNING,
	  .meaning = "ext4 found its own structures on the disk damaged.", .look = "the device's errors in this log first, then e2fsck on the unmounted file system" },
	{ .name = "filesystem", .start = "EXT4-fs ({device}): {what:Remounting filesystem read-only|I/O error while writing superblock|re-mounted}", .title = "EXT4-fs: {what}", NOTE, .severity = OOPS_WARNING },
	{ .name = "filesystem", .start = "XFS ({device}): {what:Corruption detected|Internal error|Metadata corruption detected|Metadata CRC error detected|Filesystem has been shut down|log I/O error}", .title = "XFS: {what}", NOTE,
	  .severity = OOPS_WARNING, .meaning = "XFS found its own structures on the disk damaged, or could not write.", .look = "the device's errors in this log first, then xfs_repair" },
	{ .name = "filesystem", .start = "BTRFS {what:error|critical} (device {device:any}):", .title = "BTRFS {what}", NOTE, .severity = OOPS_WARNING, .meaning = "btrfs found damage, or could not write." },
	{ .name = "nfs", .start = "nfs: server {server} not responding", .title = "NFS server not responding", NOTE, .severity = OOPS_WARNING, .meaning = "Requests to an NFS server time out: tasks that use it wait in state D.",
	  .look = "the network to the server, and the server" },
	{ .name = "block", .start = "{what:critical medium error|I/O error|critical target error|protection error}, dev {device}, sector {sector:num}", .title = "block: {what}", NOTE, .severity = OOPS_WARNING,
	  .meaning = "A disk could not read or write a sector.", .look = "smartctl -a of the device, its cable and controller" },
	{ .name = "block", .start = "Buffer I/O error on dev{_ice: |ice } {device}, logical block {block:num}", .title = "block: buffer I/O error", NOTE, .severity = OOPS_WARNING, .meaning = "A disk could not read or write a block." },
	{ .name = "nvme", .start = "nvme {device}: I/O {_n:any} timeout", .title = "nvme: timeout", NOTE, .severity = OOPS_WARNING, .meaning = "An NVMe device did not answer in time." },
	{ .name = "nvme", .start = "nvme nvme{_n:num}: {what:controller is down|Device not ready|Removing after probe failure|resetting controller}", .title = "nvme: {what}", NOTE, .severity = OOPS_WARNING },
	{ .name = "scsi", .start = "sd {_address}: [{device:any}] {_tag:any}{what:Sense Key : Medium Error|Sense Key : Hardware Error|Sense Key : Aborted Command}", .title = "scsi: {what}", NOTE, .severity = OOPS_WARNING },
	{ .name = "ata", .start = "ata{_port}: {what:failed command|hard resetting link|SATA link down|exception Emask}", .title = "ata: {what}", NOTE, .severity = OOPS_WARNING, .meaning = "A SATA device or its link failed." },
	{ .name = "edac", .start = "EDAC MC{_n:num}: {count:num} {what:CE|UE} ", .title = "EDAC: memory error {what}", NOTE, .severity = OOPS_WARNING, .meaning = "A memory module had a bit error (CE: corrected, UE: not).", .look = "the module that the line names" },
	{ .name = "machine-check", .start = "mce: [Hardware Error]: ", .title = "machine check", NOTE, .severity = OOPS_WARNING, .meaning = "The processor reported a hardware error.", .look = "the bank and status of the line; rasdaemon decodes them" },
	{ .name = "pcie", .start = "PCIe Bus Error: severity={severity:any}, type={type:any}", .title = "PCIe bus error: {severity} {type}", NOTE, .severity = OOPS_WARNING, .meaning = "A PCI Express link or device reported an error." },
	{ .name = "thermal", .start = "Core temperature {what:above threshold}", .title = "thermal: core temperature above threshold", NOTE, .severity = OOPS_WARNING, .meaning = "A processor got too hot and was slowed down." },
	{ .name = "thermal", .start = "thermal_zone{_n:num}: critical temperature reached", .title = "thermal: critical temperature", NOTE, .severity = OOPS_WARNING, .meaning = "A part of the machine got too hot; it is shut down." },
	{ .name = "netdev", .start = "NETDEV WATCHDOG: {device} ({driver}): transmit queue {queue:num} timed out", .title = "network card of {driver} stopped sending", NOTE, .severity = OOPS_WARNING,
	  .meaning = "A network card did not send what it was given for seconds.", .look = "its driver and firmware" },
	{ .name = "oom-reaper", .start = "oom_reaper: unable to reap pid:{pid:num} ({comm:any})", .title = "OOM: could not free the memory of {comm}", NOTE, .severity = OOPS_WARNING },
	{ .name = NULL },
};

const struct oops_family oops_family_device = { "device", kinds };
