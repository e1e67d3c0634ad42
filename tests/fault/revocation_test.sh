#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Revocations and CRLs in a run that fails or dies anywhere: no number twice, nothing leaves that the ledger lacks, the same command goes on.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
kills=20
[ -z "${FAULT_SAMPLE:-}" ] || kills=4
printf 'name: faulty\ntitle: SoftHSM with faults\ntested: false\nmodules: [%s]\nalways_authenticate: true\ned25519_params: printable\nkeys: [%s]\n' \
    "$BUILD/token_fault.so" "ec-p256, ed25519" >faulty.yaml
make_scene 5 --model "$PWD/faulty.yaml"
cd base
run 0 -C ca sign "${device[@]}" --pin-source file:pin --out issued ../requests
run 0 -C ca revoke --certificate issued/device-0003.pem --hold --yes --pin-source file:pin
run 0 -C ca crl --pin-source file:pin
cd ..
python3 "$SOURCE/tests/fault/revocation.py" base requests "${FAULT_SAMPLE:-2}" "$seed" "$kills"
