#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P5: kill -9 at random moments of a long run. FAULT_SEED repeats one; every run prints its own.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
kills=200 count=2000
[ "${FAULT_SAMPLE:-0}" = 0 ] || { kills=20 count=300; } # 0: everything
make_scene "$count"
python3 "$SOURCE/tests/fault/kill.py" base requests "$kills" "$seed"
