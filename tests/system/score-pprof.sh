#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 60
# pprof's own test profiles, of every form that it reads: as pprof itself dumps them.
exec "$SRC/tools/score-pprof" --check -v /usr/share/gocode/src/github.com/google/pprof/profile/testdata \
	"$SHARED/corpora/14-heaptrack/pprof"
