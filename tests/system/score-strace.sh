#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: strace strace-suite plain
# timeout: 120
# strace's own test suite on sonde strace, every 24th test of it; whole: tools/score-strace --check.
# Skipped where nobody fetched it: tools/score-strace --fetch build/strace-tests (a Debian source package, 5 minutes).
exec "$SRC/tools/score-strace" --check --sample "${SONDE_STRACE_SAMPLE:-24}" -j 4
