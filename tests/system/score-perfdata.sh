#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: shared
# timeout: 120
# perf.data of many versions, against perf's and quipper's answers: not fewer than when last landed.
exec "$SRC/tools/score-perfdata" --check -v "$SHARED/corpora/03-perfdata"
