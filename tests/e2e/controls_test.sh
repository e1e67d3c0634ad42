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

step "ca.yaml may repeat a control and never loosen it: extractable keys, in every command that logs in"
make_ca_of() { # NAME [OPTIONS]: ./NAME by the operator alone
    local name=$1
    shift
    run 0 -C "$name" init --token test --subject "CN=$name" --pin-source file:pin --origin "$name.example" --key-label "$name" "$@"
}
make_ca_of strict
equal "$(jq -c 'select(.type == "control.set") | .allow_extractable' strict/ledger.jsonl)" false
mkdir -p medium/requests && cp requests/one.csr medium/requests/
cp strict/ca.yaml kept.yaml
sed -i 's/^allow_extractable: false/allow_extractable: true/' strict/ca.yaml
! cmp -s strict/ca.yaml kept.yaml || fail "nothing was edited"
size=$(wc -l <strict/ledger.jsonl)
pin=(--pin-source file:pin)
for command in "sign ${device[*]} --out issued requests" "batch ${device[*]} medium" "crl" "revoke --serial 0011 --foreign --yes" \
    "ledger checkpoint --sign"; do
    # shellcheck disable=SC2086 # words of a command
    run 3 -C strict "${pin[@]}" $command
    says "ca.yaml says allow_extractable: true, the control in force (record"
    says "may repeat and never loosen"
    says "coldca people set FILE"
done
equal "$(wc -l <strict/ledger.jsonl)" "$size" "records of runs that were refused"
run 0 -C strict check "${device[@]}" requests
cp kept.yaml strict/ca.yaml
run 0 -C strict "${pin[@]}" sign "${device[@]}" --out strictly requests
run 0 -C strict people list
says "extractable keys         never"

step "a medium without a signed list, where the control wants one"
cat >listed.yaml <<END
people: [{name: ann, role: operator}]
quorum: {issue: 1, issue_ca: 1, revoke: 1, crl: 1, control: 1, policy: 1}
require_manifest: true
END
make_ca_of listed --controls listed.yaml
run 3 -C listed "${pin[@]}" batch "${device[@]}" medium
says "says require_manifest: true"
absent medium/issued
openssl genpkey -algorithm ed25519 -out desk.key 2>err
openssl pkey -in desk.key -pubout -out listed/desk.pem
printf 'require_manifest: true\nmanifest_signers:\n  - {name: desk, file: desk.pem}\n' >>listed/ca.yaml
run 3 -C listed "${pin[@]}" batch "${device[@]}" medium
says "the medium has no requests.sha256"
(cd medium && sha256sum requests/one.csr >requests.sha256)
openssl pkeyutl -sign -rawin -inkey desk.key -in medium/requests.sha256 -out medium/requests.sha256.sig
run 0 -C listed "${pin[@]}" batch "${device[@]}" medium
equal "$(jq -r 'select(.type == "session.opened") | .manifest_sha256' listed/ledger.jsonl)" "$(sha256sum medium/requests.sha256 | cut -d' ' -f1)"
run 0 -C listed ledger verify
run 0 -C listed people list
says "by a signed list of the requests only"
run 2 -C loose init --token test --subject CN=loose "${pin[@]}" --origin loose.example --key-label loose --allow-extractable \
    --controls <(cat listed.yaml && echo "allow_extractable: false")
says "allow_extractable: false"
absent loose

step "by its own quorum a control is loosened, and ca.yaml decides again"
sed 's/require_manifest: true/require_manifest: false/' listed.yaml >looser.yaml
run 0 -C listed "${pin[@]}" people set looser.yaml
sed -i '/^require_manifest/d' listed/ca.yaml
mkdir -p plain-medium/requests && csr plain-medium/requests/two.csr /CN=two
run 0 -C listed "${pin[@]}" batch "${device[@]}" plain-medium
run 0 -C listed ledger verify
