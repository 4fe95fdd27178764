# SPDX-License-Identifier: LGPL-2.1-or-later
# Verbs only: each is a script in tools/ on top of meson, which knows the files.
# Missing Debian packages are installed first (tools/packages.txt); root is asked for only then.
.PHONY: help build demo check check-lab lab lab-kernel install bench fuzz format clean
help:    ; @tools/usage
build:   ; @tools/build
demo:    ; @tools/demo
check:   ; @tools/check
check-lab: ; @tools/lab-check
lab:     ; @tools/lab-run
lab-kernel: ; @tools/lab-kernel
install: ; @tools/install
bench:   ; @tools/bench
fuzz:    ; @tools/fuzz
format:  ; @tools/format
clean:   ; @tools/clean
