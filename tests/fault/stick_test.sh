#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P5: `coldca batch`, the stick pulled at random moments, or the machine switched off; plugged in again, the same command does the rest.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
pulls=50 count=300
[ "${FAULT_SAMPLE:-0}" = 0 ] || { pulls=8 count=60; } # 0: everything
make_scene "$count"
python3 "$SOURCE/tests/fault/stick.py" base requests "$pulls" "$seed"
