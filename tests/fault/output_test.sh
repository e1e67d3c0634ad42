#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P5: the stick is pulled while certificates are handed out; plugged in again, or another one, it gets them all.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
make_scene 50
python3 "$SOURCE/tests/fault/points.py" base requests output "${FAULT_SAMPLE:-4}" "$seed"
