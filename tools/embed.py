#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""embed.py OUT.c FILE...: make files of web/ into C strings: `const char web_NAME_EXT[]`,
its length in `web_NAME_EXT_length` and, for a Content-Security-Policy, the base64 of its
SHA-256 in `web_NAME_EXT_sha256`.  Whole-line comments and indentation are left out."""
import base64
import hashlib
import os
import sys


def squeeze(path):
    lines, in_comment = [], False
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if in_comment:
            in_comment = "*/" not in line
        elif line.startswith("/*"):
            in_comment = "*/" not in line
        elif line and not line.startswith("//"):
            lines.append(line)
    return "\n".join(lines) + "\n"


def main():
    out = ["/* Made by tools/embed.py from web/: do not edit. */", '#include "render/web.h"', ""]
    for path in sys.argv[2:]:
        name = "web_" + os.path.basename(path).replace(".", "_").replace("-", "_")
        data = squeeze(path).encode()
        if b"</script" in data.lower():
            sys.exit(f"{path}: would end its own script element")
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        out.append(f"const size_t {name}_length = {len(data)};")
        out.append(f'const char {name}_sha256[] = "{digest}";')
        out.append(f"const char {name}[] = {{")
        for i in range(0, len(data), 24):
            out.append("".join(f"{b if b < 128 else b - 256}," for b in data[i:i + 24]))
        out.append("0};")
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


main()
