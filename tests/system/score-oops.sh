#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: shared
# timeout: 180
# Kernel logs of all kinds against syzkaller's, satyr's and others' answers: not fewer than when last landed.
exec "$SRC/tools/score-oops" --check "$SHARED/corpora/01-kernel-crash"
