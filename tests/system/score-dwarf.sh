#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: shared
# timeout: 180
# elfutils' and gimli's own cases, and agreement with their tools: not fewer than when last landed.
exec "$SRC/tools/score-dwarf" --check -v "$SHARED/corpora/11-dwarf"
