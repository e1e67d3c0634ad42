#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P5: what a command that ended with 0 wrote is still there after a power cut, on the stick and at home.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
make_scene 3
python3 "$SOURCE/tests/fault/durable.py" base requests
