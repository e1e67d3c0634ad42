#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where any policy may be used: one that is not the one last used under its name is told on every run; review asks, batch without a terminal stops.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca --policies any
csr requests/one.csr /CN=one
mkdir -p stick/requests
csr stick/requests/two.csr /CN=two
changed="the policy mqtt-device is not the one last used"

step "the policies that init copied count as the first use: unchanged, nobody is told"
jq -se --arg sum "$(sha256sum ca/policies/mqtt-device.yaml | cut -d' ' -f1)" \
    'map(select(.type == "ca.created"))[0] | .policies["mqtt-device"] == $sum' ca/ledger.jsonl >/dev/null || fail "ca.created has no digest of the policy"
run 0 -C ca check "${device[@]}" requests
says_not "$changed"

step "changed before its first use: check and sign tell, batch stops and signs nothing"
echo "# another" >>ca/policies/mqtt-device.yaml
run 0 -C ca check "${device[@]}" requests
says "$changed (record 2)"
size=$(wc -l <ca/ledger.jsonl)
run 3 -C ca --pin-source file:pin batch "${device[@]}" stick
says "$changed"
says "--policy-changed-ok"
absent stick/issued
equal "$(wc -l <ca/ledger.jsonl)" "$size" "records after a batch that stopped"
run 0 -C ca --pin-source file:pin batch "${device[@]}" --policy-changed-ok stick
says "$changed"
run 0 -C ca check "${device[@]}" requests
says_not "$changed"

step "changed again, told by sign; used once it is the one last used"
echo "# and another" >>ca/policies/mqtt-device.yaml
sign 0 --out issued requests
says "$changed (record"
csr more/three.csr /CN=three
sign 0 --out issued more
says_not "$changed"

step "review asks, and without a yes nothing is shown or signed"
echo "# a third" >>ca/policies/mqtt-device.yaml
csr more/four.csr /CN=four
code=0
script -qec "'$COLDCA' -C ca review ${device[*]} --pin-source file:pin --out issued more/four.csr" /dev/null >out 2>err <<<"n" || code=$?
equal "$code" 6 "exit code of a review whose policy was not confirmed"
says "The policy changed since it was last used"
absent issued/four.pem
