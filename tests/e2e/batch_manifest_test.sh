#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca batch and the signed list of what is on the medium: what is not as it was signed for is not signed.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
openssl genpkey -algorithm ed25519 -out line.key 2>/dev/null
openssl pkey -in line.key -pubout -out ca/line.pem
openssl genpkey -algorithm ed25519 -out stranger.key 2>/dev/null
printf 'manifest_signers:\n  - {name: assembly line, file: line.pem}\n' >>ca/ca.yaml

# fill NAMES...: a fresh stick with these requests
fill() {
    local name
    rm -rf stick
    for name in "$@"; do csr "stick/requests/$name.csr" "/CN=$name"; done
    rm stick/requests/*.key
}

# list KEY: signs what is on the stick
list() {
    (cd stick && find requests -type f | sort | xargs sha256sum >requests.sha256)
    openssl pkeyutl -sign -rawin -inkey "$1" -in stick/requests.sha256 -out stick/requests.sha256.sig
}

batch() {
    local wanted=$1
    shift
    run "$wanted" -C ca --pin-source file:pin batch "${device[@]}" "$@" stick
}

report() {
    jq -r "$1" "$(find stick/issued -name report.json)"
}

step "a signed list that fits: all is signed, and the report names who signed the list"
fill one two three
list line.key
batch 0 --json
json '.issued == 3 and .missing == 0'
equal "$(report '.manifest.signer + " " + (.manifest.listed | tostring)')" "assembly line 3"

step "changed, added and missing requests: told by name, only the others are signed, exit code 1"
fill four five six seven
list line.key
csr stick/requests/five.csr /CN=five-changed
rm stick/requests/five.key stick/requests/six.csr
csr stick/requests/extra.csr /CN=extra
rm stick/requests/extra.key
batch 1 --json
json '.issued == 2 and .refused == 2 and .missing == 1'
equal "$(report '[.requests[] | select(.reasons[]?.rule == "medium.manifest") | .request] | sort | join(" ")')" \
    "requests/extra.csr requests/five.csr"
equal "$(report '.manifest.missing | join(" ")')" "requests/six.csr"

step "a list by a stranger, a list that was changed, a list without a signature: nothing is signed"
size=$(wc -c <ca/ledger.jsonl)
fill eight
list stranger.key
batch 3
list line.key
echo "$(printf '%064d' 0)  requests/more.csr" >>stick/requests.sha256
batch 3
rm stick/requests.sha256.sig
batch 3
equal "$(wc -c <ca/ledger.jsonl)" "$size"
absent stick/issued

step "no list: signed, unless ca.yaml requires one"
rm stick/requests.sha256
batch 0
fill nine
sed -i 's/^manifest_signers:/require_manifest: true\n&/' ca/ca.yaml
batch 3
says requests.sha256
absent stick/issued
list line.key
batch 0

step "plan MEDIUM goes by the list as batch does: what is not as it was signed for is not planned"
fill ten eleven twelve
run 3 -C ca plan "${device[@]}" -o stick.plan stick
says requests.sha256
absent stick.plan
list stranger.key
run 3 -C ca plan "${device[@]}" -o stick.plan stick
absent stick.plan
list line.key
csr stick/requests/eleven.csr /CN=eleven-changed
csr stick/requests/extra.csr /CN=extra
rm stick/requests/*.key stick/requests/twelve.csr
run 1 -C ca --json plan "${device[@]}" -o stick.plan stick
json '[.requests[] | select(.reasons[]?.rule == "medium.manifest") | .request] | sort | join(" ")' \
    "requests/eleven.csr requests/extra.csr requests/twelve.csr"
equal "$(jq -r '[.items[].record.output] | join(" ")' stick.plan)" ten
says_plan=$(jq -r '.refused[] | select(.source == "requests/twelve.csr") | .reasons' stick.plan)
equal "$says_plan" "the medium does not hold it, and its signed list does"
sed -i '/^require_manifest/d' ca/ca.yaml
rm stick/requests.sha256 stick/requests.sha256.sig stick.plan
run 0 -C ca plan "${device[@]}" -o stick.plan stick
equal "$(jq '.items | length' stick.plan)" 3
sound_ledger
