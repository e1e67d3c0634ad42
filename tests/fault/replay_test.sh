#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P3 and P5 on a disk that loses at a power cut what was not synced. FAULT_SEED repeats a run; every run prints its own.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
# Through the module of the token faults, which notes each signature; its faults stay off.
printf 'name: noted\ntitle: SoftHSM, with notes\ntested: false\nmodules: [%s]\nalways_authenticate: true\ned25519_params: printable\nkeys: [%s]\n' \
    "$BUILD/token_fault.so" "ec-p256, ed25519" >noted.yaml
make_scene 50 --model "$PWD/noted.yaml"
python3 "$SOURCE/tests/fault/replay.py" base requests "${FAULT_SAMPLE:-3}" "$seed"
