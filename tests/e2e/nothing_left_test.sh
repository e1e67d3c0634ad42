#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A run that was refused leaves nothing behind where answers go, not even an empty directory; one that was there before stays.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml
for id in 1 2; do csr "requests/device-$id.csr" "/CN=device-$id"; done
echo 00000000 >wrong && chmod 600 wrong
run 0 -C ca plan "${device[@]}" -o first.plan requests
run 0 -C ca crl --plan-out crl.plan
for name in first crl; do approve_plan $name.plan ann bob; done
wrong=(-C ca --pin-source file:wrong)

step "approvals that are missing, and none at all"
by_plan 3 first.plan ann -- sign --out new/
absent new
run 3 -C ca --pin-source file:pin sign "${device[@]}" --out new requests
absent new
run 3 -C ca --pin-source file:pin review "${device[@]}" --out new requests
absent new
mkdir -p stick && cp -r requests stick/
by_plan 3 first.plan ann -- batch stick
equal "$(ls stick)" requests

step "a wrong PIN"
approvals=(--approval first.plan.ann.approval --approval first.plan.bob.approval)
run 4 "${wrong[@]}" sign --plan first.plan "${approvals[@]}" --out new
absent new
run 4 "${wrong[@]}" sign --plan first.plan "${approvals[@]}" --out "$work/new/"
absent new
run 4 "${wrong[@]}" batch --plan first.plan "${approvals[@]}" stick
equal "$(ls stick)" requests
run 4 "${wrong[@]}" crl --plan crl.plan --approval crl.plan.ann.approval --approval crl.plan.bob.approval --out new
absent new ca/crl

step "a request that its policy refuses"
run 1 request --policy ca/policies/mqtt-device.yaml --set domain=iot.example --cn 'no device at all' --out new
absent new

step "a ledger that can't be exported"
cp -r ca broken && sed -i '1d' broken/ledger.jsonl && rm -f broken/index.sqlite
run 5 -C broken ledger export new
absent new

step "what was there stays, and so does what a run wrote"
mkdir empty
run 4 "${wrong[@]}" sign --plan first.plan "${approvals[@]}" --out empty
present empty
by_plan 0 first.plan ann bob -- sign --out new
present new/device-1.pem
by_plan 0 crl.plan ann bob -- crl --out lists
present lists/crl-1.pem ca/crl/crl-1.pem
sound_ledger
