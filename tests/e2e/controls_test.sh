#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Controls stand in the ledger from init on: a quorum holds whoever logs in, and only approved policies are used.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
sed 's/issue: 2/issue: 4/' two.yaml >four.yaml

step "controls that nobody could meet leave nothing behind"
run 3 -C ca init --token test --subject CN=Root --pin-source file:pin --controls four.yaml
says "the quorum of issue is 4, but 3 people have a key"
absent ca
run 2 -C ca init --token test --subject CN=Root --pin-source file:pin --controls two.yaml --policies any
says "--policies goes into the file of --controls"
run 2 -C ca init --token test --subject CN=Root --pin-source file:pin --csr --controls two.yaml
says "--controls means nothing with --csr"
absent ca

step "the first control: the operator alone, said in a record"
make_ca --origin plain.example
equal "$(jq -c 'select(.type == "control.set") | [.people[0].role, .quorum.issue, .policies]' ca/ledger.jsonl)" '["operator",1,"approved"]'
sound_ledger
mv ca plain

step "a quorum of two: whoever logs in signs, revokes and lists nothing"
make_ca --origin two.example --key-label two --controls two.yaml
equal "$(jq -r 'select(.type == "control.set") | .people | map(.name) | join(" ")' ca/ledger.jsonl)" "ann bob cyd"
sound_ledger
csr requests/one.csr /CN=one
size=$(wc -l <ca/ledger.jsonl)
sign 3 --out issued requests
says "issuing certificates needs 2 approvals by the control in force (record"
says "coldca plan"
mkdir -p stick/requests && cp requests/one.csr stick/requests/
run 3 -C ca --pin-source file:pin batch "${device[@]}" stick
says "issuing certificates needs 2 approvals"
absent issued/one.pem stick/issued
run 3 -C ca crl --pin-source file:pin
says "signing CRLs needs 2 approvals"
run 3 -C ca revoke --serial 0011 --foreign --yes --pin-source file:pin
says "revoking needs 2 approvals"
equal "$(wc -l <ca/ledger.jsonl)" "$size" "records of runs that were refused"

step "only policies whose text is in the ledger are used"
equal "$(jq -r 'select(.type == "policy.approved" and .name == "mqtt-device") | .text' ca/ledger.jsonl | sha256sum)" \
    "$( (cat ca/policies/mqtt-device.yaml && echo) | sha256sum)"
run 0 -C ca check "${device[@]}" requests
echo "# another" >>ca/policies/mqtt-device.yaml
run 3 -C ca check "${device[@]}" requests
says "is not the text that was approved"
says "coldca policy approve mqtt-device"
sed 's/^policy: mqtt-device/policy: mine/' ca/policies/mqtt-device.yaml >ca/policies/mine.yaml
run 3 -C ca check --policy mine --set domain=iot.example requests
says "was never approved"
