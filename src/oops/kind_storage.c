// SPDX-License-Identifier: LGPL-2.1-or-later
/* File systems and what lies below them.  Sources: fs/ext4/super.c, fs/jbd2, fs/xfs/xfs_error.c, fs/btrfs/messages.c, fs/f2fs, fs/fat,
 * fs/squashfs, fs/nfs, fs/lockd, fs/smb, net/sunrpc, block/blk-core.c, fs/buffer.c, drivers/nvme/host, drivers/scsi, drivers/ata,
 * drivers/mmc, drivers/md. */
#include "oops/kind.h"

#define NOTE .flags = OOPS_ONE_LINE | OOPS_NOTE, .severity = OOPS_WARNING
#define DISK_FIRST "the device's own errors in this log first (block, scsi, ata, nvme): the file system mostly only passes them on; then "

#define EXT4_MEANING "ext4 found its own structures on the disk damaged, or could not read or write them."
#define XFS_MEANING "XFS found its own structures on the disk damaged, or could not read or write them."
#define BTRFS_MEANING "btrfs found damage, or could not read or write."
#define NFS_MEANING "Requests to a file server time out: tasks that use its files wait, mostly in state D where no signal reaches them."
#define BLOCK_MEANING "A disk could not read or write a sector."
#define SCSI_MEANING "A disk answered a command with an error."
#define ATA_MEANING "A SATA device or the link to it failed; the kernel resets the link and tries again."
#define NVME_MEANING "An NVMe device did not answer in time, or answered with an error."
#define SMART "smartctl -a of the device; its cable, power and controller"

static const struct oops_kind kinds[] = {
	{ .name = "filesystem", .start = "VFS: Close: file count is 0", .flags = OOPS_ONE_LINE, .title = "VFS: Close: file count is zero (use-after-free)", .severity = OOPS_BUG,
	  .meaning = "A file was closed once more than it was opened.", .look = "the driver or file system that this file belongs to" },
	{ .name = "filesystem", .start = "VFS: Busy inodes after unmount", .flags = OOPS_ONE_LINE, .title = "VFS: Busy inodes after unmount (use-after-free)", .severity = OOPS_BUG,
	  .meaning = "A file system went away while something still holds its inodes: they will be used after they are freed.", .look = "who holds a reference: a missing iput() or dput()" },

	{ .name = "filesystem", .start = "EXT{_v:4|3|2}-fs error (device {device}): {func:word}:{_line:num}:", .title = "EXT4-fs error in {func}", NOTE, .meaning = EXT4_MEANING, .look = DISK_FIRST "e2fsck of the unmounted file system" },
	{ .name = "filesystem", .start = "EXT{_v:4|3|2}-fs error (device {device}): {func:word}: ", .title = "EXT4-fs error in {func}", NOTE, .meaning = EXT4_MEANING, .look = DISK_FIRST "e2fsck of the unmounted file system" },
	{ .name = "filesystem", .start = "EXT{_v:4|3|2}-fs error (device {device}) in {func:word}:{_line:num}: {what:rest}", .title = "EXT4-fs error in {func}: {what}", NOTE, .meaning = EXT4_MEANING, .look = DISK_FIRST "e2fsck of the unmounted file system" },
	{ .name = "filesystem", .start = "EXT{_v:4|3|2}-fs ({device}): {what:Remounting filesystem read-only|I/O error while writing superblock|This should not happen!! Data will be lost|Delayed block allocation failed|failed to convert unwritten extents|error count since last fsck|previous I/O error to superblock detected|shut down requested}",
	  .title = "EXT4-fs: {what}", NOTE, .meaning = EXT4_MEANING, .look = DISK_FIRST "e2fsck of the unmounted file system" },
	{ .name = "filesystem", .start = "EXT{_v:4|3|2}-fs warning (device {device}): {func:word}:{_line:num}: {what:I/O error}", .title = "EXT4-fs: I/O error in {func}", NOTE, .meaning = EXT4_MEANING, .look = DISK_FIRST "e2fsck of the unmounted file system" },
	{ .name = "filesystem", .start = "Aborting journal on device {device}", .title = "journal aborted", NOTE, .meaning = "The journal of an ext4 file system could not be written: the file system takes no more writes.", .look = DISK_FIRST "e2fsck of the unmounted file system" },
	{ .name = "filesystem", .start = "JBD2: {what:I/O error|Error|Detected IO errors|recovery failed|Failed to read block|corruption}", .title = "journal: {what}", NOTE, .meaning = "The journal of an ext4 file system could not be written or read.", .look = DISK_FIRST "e2fsck of the unmounted file system" },
	{ .name = "filesystem", .start = "XFS ({device}): {what:Corruption detected|Corruption of in-memory data|Internal error|Metadata corruption detected|Metadata CRC error detected|Filesystem has been shut down|log I/O error|metadata I/O error|writeback error|I/O Error Detected|User initiated shutdown|Log I/O Error|log mount/recovery failed|SB validate failed|Failing async write|xfs_do_force_shutdown}",
	  .title = "XFS: {what}", NOTE, .meaning = XFS_MEANING, .look = DISK_FIRST "xfs_repair of the unmounted file system" },
	{ .name = "filesystem", .start = "XFS: {_comm:any}possible memory allocation deadlock", .title = "XFS: possible memory allocation deadlock", NOTE, .meaning = "XFS can't get the memory without which it can't free any.", .look = "fragmented or exhausted memory" },
	{ .name = "filesystem", .start = "BTRFS {what:error|critical} (device {device:any}):", .title = "BTRFS {what}", NOTE, .meaning = BTRFS_MEANING, .look = DISK_FIRST "btrfs device stats, btrfs scrub" },
	{ .name = "filesystem", .start = "BTRFS warning (device {device:any}): {what:csum failed|checksum verify failed|checksum error|i/o error|bad tree block|lost page write|Skipping commit of aborted transaction}", .title = "BTRFS: {what}", NOTE, .meaning = BTRFS_MEANING, .look = DISK_FIRST "btrfs device stats, btrfs scrub" },
	{ .name = "filesystem", .start = "BTRFS info (device {device:any}): forced readonly", .title = "BTRFS: forced readonly", NOTE, .meaning = "btrfs met an error it can't go on from, and takes no more writes.", .look = DISK_FIRST "the BTRFS lines before this one" },
	{ .name = "filesystem", .start = "BTRFS: {what:error|Transaction aborted}", .title = "BTRFS: {what}", NOTE, .meaning = BTRFS_MEANING, .look = DISK_FIRST "btrfs device stats, btrfs scrub" },
	{ .name = "filesystem", .start = "F2FS-fs ({device}): {what:inconsistent node|Inconsistent|access invalid blkaddr|sanity_check|Stopped filesystem|invalid blkaddr}", .title = "F2FS: {what}", NOTE, .meaning = "F2FS found its own structures damaged, or could not write.", .look = DISK_FIRST "fsck.f2fs" },
	{ .name = "filesystem", .start = "FAT-fs ({device}): {what:error|Directory bread|FAT read failed|Filesystem has been set read-only|Volume was not properly unmounted}", .title = "FAT: {what}", NOTE, .meaning = "A FAT file system is damaged or was pulled out while it was written.", .look = DISK_FIRST "fsck.fat" },
	{ .name = "filesystem", .start = "SQUASHFS error: {what:rest}", .title = "SQUASHFS error: {what}", NOTE, .meaning = "A compressed image can't be read: it is damaged, or the device below it.", .look = DISK_FIRST "the image's checksum" },
	{ .name = "filesystem", .start = "EROFS: (device {device}): {what:rest}", .title = "EROFS: {what}", NOTE, .unless = NAMES("mounted with"), .meaning = "A compressed image can't be read: it is damaged, or the device below it." },
	{ .name = "nfs", .start = "nfs: server {server} {what:not responding}", .title = "NFS server not responding", NOTE, .meaning = NFS_MEANING, .look = "the network to the server, and the server; a line 'server OK' later says that it came back" },
	{ .name = "nfs", .start = "lockd: server {server} {what:not responding}", .title = "NFS lock server not responding", NOTE, .meaning = NFS_MEANING, .look = "the network to the server, and the server" },
	{ .name = "nfs", .start = "rpcbind: server {server} {what:not responding}", .title = "NFS server's rpcbind not responding", NOTE, .meaning = NFS_MEANING, .look = "the network to the server, and its rpcbind (port 111)" },
	{ .name = "nfs", .start = "lockd: cannot monitor {server}", .title = "NFS: lockd cannot monitor a server", NOTE, .meaning = "A lock on a file server is kept without statd, so nobody will reclaim it when the server restarts.", .look = "is rpc.statd running here?" },
	{ .name = "nfs", .start = "nfs4_reclaim_open_state: {what:any} error {error}", .title = "NFS: could not reclaim what was open", NOTE, .meaning = "After an NFS server came back, files or locks that programs here had open could not be had again.", .look = "the server's log; programs with files open there" },
	{ .name = "nfs", .start = "NFS: {what:state manager|server error|nfs4_handle_delegation_recall_error|Server wrote zero bytes}", .title = "NFS: {what}", NOTE, .meaning = "An NFS server answered with an error that the client can't mend by itself.", .look = "the server's log" },
	{ .name = "nfs", .start = "NFS: {_function:any}: Lock reclaim failed", .title = "NFS: lock reclaim failed", NOTE, .meaning = "After an NFS server came back, a lock that a program here holds could not be had again: others may hold it now.", .look = "the server's log; which programs lock files there" },
	{ .name = "nfs", .start = "CIFS: VFS: {server:any} has not responded in {seconds:num} seconds", .title = "SMB server not responding", NOTE, .meaning = NFS_MEANING, .look = "the network to the server, and the server" },

	{ .name = "nfs", .start = "CIFS VFS: Server {server:any} has not responded in {seconds:num} seconds", .title = "SMB server not responding", NOTE, .meaning = NFS_MEANING, .look = "the network to the server, and the server" },
	{ .name = "nfs", .start = "CIFS: VFS: {server:any} Send error in {what} = {error}", .title = "SMB: error in {what}", NOTE, .meaning = "An SMB server refused, or did not get, what this client sent it (-13: permission; -112: it is gone; -5: protocol).", .look = "user, password and protocol version of the mount; the server's log" },

	{ .name = "block", .start = "{what:critical medium|critical target|critical nexus|critical space allocation|recoverable transport|protection|timeout|device offline|I/O} error, dev {device}, sector {sector:num}", .title = "block: {what} error", NOTE,
	  .meaning = BLOCK_MEANING, .look = SMART },
	{ .name = "block", .start = "Buffer I/O error on dev{_ice:ice|} {device}, logical block {block:num}", .title = "block: buffer I/O error", NOTE, .meaning = "A disk could not read or write a block.", .look = SMART },
	{ .name = "block", .start = "lost {_async:async |sync |}page write", .title = "block: lost a write", NOTE, .meaning = "Data that a program had written did not reach the disk and is gone.", .look = SMART },
	{ .name = "block", .start = "attempt to access beyond end of device", .title = "block: access beyond the end of a device", NOTE, .meaning = "A file system wants blocks that its device hasn't: it is larger than the device, or damaged.", .look = "the size of the device and of the file system" },
	{ .name = "scsi", .start = "sd {_address:any}: [{device:any}] {_tag:any}{what:Sense Key : Medium Error|Sense Key : Hardware Error|Sense Key : Aborted Command|Sense Key : Not Ready|Sense Key : Data Protect|FAILED Result|Synchronize Cache|Add. Sense: Unrecovered read error}", .title = "scsi: {what}", NOTE, .meaning = SCSI_MEANING, .look = SMART },
	{ .name = "scsi", .start = "sd {_address:any}: {what:rejecting I/O to offline device|Device offlined}", .title = "scsi: {what}", NOTE, .meaning = "The kernel gave a disk up: it did not come back after resets.", .look = SMART },
	{ .name = "ata", .start = "ata{_port}: {what:failed command|hard resetting link|SATA link down|exception Emask|link is slow to respond|COMRESET failed|limiting SATA link speed|softreset failed}", .title = "ata: {what}", NOTE, .meaning = ATA_MEANING, .look = SMART },
	{ .name = "nvme", .start = "nvme {device}: I/O {_n:any} timeout", .title = "nvme: timeout", NOTE, .meaning = NVME_MEANING, .look = "the device's temperature and firmware (nvme smart-log), power saving (nvme_core.default_ps_max_latency_us=0)" },
	{ .name = "nvme", .start = "nvme nvme{_n:num}: {what:controller is down|Device not ready|Removing after probe failure|resetting controller|Abort status|Disabling device after reset failure|Device shutdown incomplete}", .title = "nvme: {what}", NOTE, .meaning = NVME_MEANING, .look = "the device's temperature and firmware (nvme smart-log), its slot and power" },
	{ .name = "nvme", .start = "nvme{_disk}: {operation:any}(0x{_o:hex}) @ LBA {lba:num}, {_blocks:num} blocks, {what:any} (sct", .title = "nvme: {what}", NOTE, .meaning = NVME_MEANING, .look = "nvme smart-log and error-log of the device" },
	{ .name = "nvme", .start = "nvme{_n:num}: Admin Cmd(0x{opcode:hex}), {what:any} (sct", .title = "nvme: Admin Cmd: {what}", NOTE, .meaning = NVME_MEANING, .look = "nvme error-log of the device" },
	{ .name = "raid-controller", .start = "megaraid_sas {_address:any}: FW in FAULT state", .title = "megaraid: FW in FAULT state", NOTE, .meaning = "The firmware of a RAID controller died: its disks are gone until it was reset.", .look = "the controller's log (storcli /c0 show events), its firmware and temperature" },
	{ .name = "raid-controller", .start = "{driver:mpt2sas|mpt3sas}_cm{_n:num}: fault_state(0x{code:hex})", .title = "{driver}: fault_state", NOTE, .meaning = "The firmware of a SAS controller died: its disks are gone until it was reset.", .look = "the controller's firmware and temperature" },
	{ .name = "mmc", .start = "mmc{_n:num}: {what:Timeout waiting for hardware interrupt|cache flush error}", .title = "mmc: {what}", NOTE, .meaning = "An SD or eMMC card or its controller did not answer.", .look = "the card, its contacts and supply" },
	{ .name = "mmc", .start = "mmcblk{_n:num}: {what:error|timed out|recovery failed}", .title = "mmc: {what}", NOTE, .meaning = "An SD or eMMC card did not answer.", .look = "the card, its contacts and supply" },
	{ .name = "raid", .start = "md/raid{_level:any}: Disk failure on {device}, disabling device", .title = "md: disk failure", NOTE, .meaning = "A disk of an array failed and was taken out: the array runs without it.", .look = "mdadm --detail of the array; replace the disk" },
	{ .name = "raid", .start = "md: super_written gets error", .title = "md: superblock not written", NOTE, .meaning = "An array's disk does not take writes.", .look = "mdadm --detail of the array" },
	{ .name = "device-mapper", .start = "device-mapper: thin: {_n:any}: {what:switching pool to out-of-data-space|switching pool to read-only|switching pool to failure|reached low water mark|aborting current metadata transaction}", .title = "thin pool: {what}", NOTE,
	  .meaning = "A thin pool has no space left, or lost its metadata: writes wait, and then fail.", .look = "lvs -a: Data% and Meta% of the pool; lvextend it" },
	{ .name = "device-mapper", .start = "device-mapper: snapshots: Invalidating snapshot: {what:rest}", .title = "snapshot invalidated: {what}", NOTE, .meaning = "A snapshot's space ran out, or its disk failed: what it held is gone; its origin is not touched.", .look = "lvs: Data% of snapshots" },
	{ .name = "device-mapper", .start = "device-mapper: verity: {_n:any}: {what:data block|metadata block} {block:num} is corrupted", .title = "dm-verity: {what} corrupted", NOTE, .meaning = "A block of a verified image isn't what its hash says: the disk is damaged, or somebody changed it.", .look = "the disk's own errors, the image's checksum" },
	{ .name = "raid", .start = "device-mapper: {_what:any}: {_n:any} Failing path", .title = "multipath: path failed", NOTE, .meaning = "One of the ways to a disk failed; others are used.", .look = "multipath -ll" },
	{ .name = NULL },
};

const struct oops_family oops_family_storage = { "storage", kinds };
