#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P8: a clock behind the newest record, or behind the build, stops the run with 5 before anything is asked of the token.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
csr requests/good.csr /CN=good
cp ca/ledger.jsonl before
for shift in -1d -20y; do
    step "the clock is off by $shift"
    code=0
    setsid --wait faketime -f "$shift" "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --out issued requests \
        >out 2>err </dev/null || code=$?
    equal "$code" 5 "clock $shift"
    says clock
    same ca/ledger.jsonl before
    absent issued/good.pem
done
step "with the right time it goes on"
sign 0 --out issued requests
sound_ledger
