# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The dumps that the cache keeps (lab/dumps) are what they are said to be.  makedumpfile 1.7.2 and crash 8.0.2 know
# too little of Linux 6.12, so the compressed one's pages are read here (format: makedumpfile's IMPLEMENTATION).
dump=$("$LAB/dumps" oops) || exit
makedumpfile -R rearranged <"$dump" >/dev/null 2>&1 || { echo "makedumpfile can't read $dump"; exit 1; }
/usr/bin/python3 - rearranged <<'END' || exit
import re, struct, sys, zlib
data = open(sys.argv[1], "rb").read()
block, sub_header, bitmap, pages = struct.unpack_from("<iiII", data, 428)
assert data[:8] == b"KDUMP   " and block == 4096, data[:8]
begin = (1 + sub_header + bitmap // 2) * block  # the second half says what pages are there
count = sum(bin(byte).count("1") for byte in data[begin:begin + bitmap // 2 * block])
found, seen = set(), set()
for number in range(count):
    offset, size, flags = struct.unpack_from("<QII", data, (1 + sub_header + bitmap) * block + number * 24)
    if offset in seen:
        continue
    seen.add(offset)
    page = zlib.decompress(data[offset:offset + size]) if flags & 1 else data[offset:offset + size]
    found.update(re.findall(rb"RIP: 0010:kf_null_third\+0x\w+/0x\w+ \[kfail|Linux version \S+|Kernel panic - not syncing: Fatal exception", page))
print("%d pages, %d of them different, of at most %d" % (count, len(seen), pages))
for text in sorted(found):
    print(text.decode())
END
running=$("$LAB/dumps" running) || exit
readelf -h "$running" | grep -o 'CORE (Core file)'
grep -aom1 'Linux version [0-9.]*-sonde-minimal' "$running"
