#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P3 with a token that misbehaves at one call of a run: nothing wrong is handed out, the message says what to do, the ledger what happened.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
count=12

# profile NAME LINE: a token's YAML whose module is the misbehaving one
profile() {
    printf 'name: %s\ntitle: SoftHSM with faults\ntested: false\nmodules: [%s]\nalways_authenticate: true\ned25519_params: printable\n%s\nkeys: [%s]\n' \
        "$1" "$BUILD/token_fault.so" "$2" "ec-p256, ed25519" >"$1.yaml"
}

profile faulty "timeout_seconds: 300"
profile slow "init_args: latency_ms=30"
profile hasty "timeout_seconds: 1"
make_scene "$count" --model "$PWD/faulty.yaml"
python3 "$SOURCE/tests/fault/bad_token.py" base requests "${FAULT_SAMPLE:-1}" "$seed"
