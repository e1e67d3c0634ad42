# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# flip_byte FILE AT: turns every bit of one byte of FILE, so that it is another one whatever it was.
flip_byte() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf '%b' "\\x$(printf %02x $((byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
