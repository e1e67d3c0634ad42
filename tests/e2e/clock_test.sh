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

step "a plan is approved and carried out in its window only"
controls two.yaml 1 "policies: any"
run 0 -C ca people set two.yaml --pin-source file:pin
csr more/late.csr /CN=late
run 0 -C ca plan "${device[@]}" -o late.plan --valid-for 1h more
code=0
setsid --wait faketime -f +2h "$COLDCA" approve late.plan --name ann --key ann.key.pem --yes >out 2>err </dev/null || code=$?
equal "$code" 3 "approved after the window"
says "this clock is outside of that"
absent late.plan.ann.approval
run 0 approve late.plan --name ann --key ann.key.pem --yes
lines=$(wc -l <ca/ledger.jsonl)
code=0
setsid --wait faketime -f +2h "$COLDCA" -C ca sign --plan late.plan --approval late.plan.ann.approval --out issued --pin-source file:pin \
    >out 2>err </dev/null || code=$?
equal "$code" 3 "carried out after the window"
says "the plan may be carried out from"
equal "$(wc -l <ca/ledger.jsonl)" "$lines" records
run 0 -C ca sign --plan late.plan --approval late.plan.ann.approval --out issued --pin-source file:pin
strict issued/late.pem
sound_ledger
