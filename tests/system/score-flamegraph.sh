#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: shared
# timeout: 120
# FlameGraph's and inferno's own test inputs: not fewer pass than when last landed.
exec "$SRC/tools/score-flamegraph" --check -v "$SHARED/corpora/02-flamegraph"
