#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the records say: the person and not the account, the file a request came in, one refusal a file, and none twice in a batch.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca --operator "Ada Lovelace"
csr requests/one.csr /CN=one

step "the operator is who says so, else ca.yaml's, else the account; text of his is harmless"
equal "$(jq -r .operator ca/ledger.jsonl | sort -u)" "Ada Lovelace" "operator of init's records"
run 0 -C ca --operator $'Grace\e[2J' sign "${device[@]}" --pin-source file:pin --out issued requests
equal "$(tail -n 1 ca/ledger.jsonl | jq -r .operator)" 'Grace\x1b[2J' "operator by --operator"
sed -i "s/^origin:.*/&\noperator: 'Mary Somerville'/" ca/ca.yaml
csr requests/two.csr /CN=two
sign 0 --out issued requests
equal "$(tail -n 1 ca/ledger.jsonl | jq -r .operator)" "Mary Somerville" "operator by ca.yaml"

step "cert.signing says which file's bytes the request came in"
equal "$(jq -r 'select(.source == "requests/two.csr") | .input_sha256' ca/ledger.jsonl)" "$(sha256sum requests/two.csr | cut -d' ' -f1)"

step "one PEM of many junk blocks is one request.refused, with their count"
mkdir junk
for block in $(seq 300); do
    printf -- '-----BEGIN CERTIFICATE REQUEST-----\n%s\n-----END CERTIFICATE REQUEST-----\n' "$(printf 'junk %s' "$block" | base64)"
done >junk/many.pem
sign 1 --out issued junk
equal "$(records '.type == "request.refused"')" 1
jq -e 'select(.type == "request.refused") | .source == "junk/many.pem" and .count == 300 and (.reasons | length > 0)' ca/ledger.jsonl >/dev/null ||
    fail "$(jq -c 'select(.type == "request.refused")' ca/ledger.jsonl)"
sound_ledger

step "the same run again logs the same refusal no second time; another reason, or other bytes, is another refusal"
refusals() { records '.type == "request.refused"'; }
sign 1 --out issued junk
equal "$(refusals)" 1 "refusals after the same run"
csr strict/wrong.csr /CN=wrong -addext subjectAltName=DNS:elsewhere.example
rm strict/wrong.key
sign 1 --out issued strict
sign 1 --out issued strict
equal "$(refusals)" 2 "refusals after another file, twice"
cp ca/policies/mqtt-device.yaml kept-policy.yaml
sed -i 's/^key:.*/key: {allow: [rsa-3072]}/' ca/policies/mqtt-device.yaml
approve mqtt-device
sign 1 --out issued strict
equal "$(refusals)" 3 "refusals after the policy changed"
cp kept-policy.yaml ca/policies/mqtt-device.yaml
approve mqtt-device
printf '\n' >>junk/many.pem
sign 1 --out issued junk
equal "$(refusals)" 4 "refusals after the file changed"
sound_ledger

step "a batch that was stopped and goes on logs no refusal twice"
mkdir -p stick/requests
run 0 request "${device[@]}" --list <(seq -f 'device-%03g' 150) --out stick/requests
rm stick/requests/*.key
cp junk/many.pem stick/requests/
cp ca/ca.yaml kept.yaml
sed -i "s#^  profile: .*#&\n  module: '$BUILD/token_fault.so'#; s/model=[^;]*;manufacturer=[^;]*;//" ca/ca.yaml
export TOKEN_FAULT="call=C_Sign at=100 fault=rv rv=48" # CKR_DEVICE_ERROR
run 4 -C ca --pin-source file:pin batch "${device[@]}" stick
unset TOKEN_FAULT
run 1 -C ca --pin-source file:pin --json batch "${device[@]}" stick
json .resumed
batch=$(jq -r .batch out)
equal "$(records ".type == \"request.refused\" and .batch == \"$batch\"")" 1 "refusals of the batch"
sound_ledger
