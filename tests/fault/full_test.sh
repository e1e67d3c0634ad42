#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P5: the disk of the home, or the stick, runs full at many places of a run; with room again the same command finishes it.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
make_scene 50
clean_up_mounts() {
    local mount
    for mount in "$work"/*/small "$work"/*/issued; do ! mountpoint -q "$mount" || umount "$mount"; done
    clean_up
}
trap clean_up_mounts EXIT
python3 "$SOURCE/tests/fault/full.py" base requests "${FAULT_SAMPLE:-1}" "$seed"
