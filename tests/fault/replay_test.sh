#!/usr/bin/env bash
# P3 and P5 on a disk that loses at a power cut what was not synced. FAULT_SEED repeats a run; every run prints its own.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
make_scene 50
python3 "$SOURCE/tests/fault/replay.py" base requests "${FAULT_SAMPLE:-2}" "${FAULT_SEED:-$RANDOM}"
