#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P3 and P5 at every call of a run: it fails, or the process dies there; run again, nothing is lost and nothing is there twice.
# FAULT_SEED repeats a run; FAULT_SAMPLE=0 tries both faults at each call.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
make_scene 50
python3 "$SOURCE/tests/fault/points.py" base requests each "${FAULT_SAMPLE:-1}" "$seed"
