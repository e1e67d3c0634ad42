#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a spare token of the pool remembers: one that is behind proves nothing and is brought up to date, one that is ahead stops the run,
# whatever the home's own token says.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
run 0 token init --label spare --so-pin-source file:so-pin --pin-source file:pin
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out shared.key 2>err
openssl req -x509 -new -key shared.key -subj "/CN=Shared Root" -days 3650 -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign -out shared.pem
for label in test spare; do
    softhsm2-util --import shared.key --token "$label" --label shared --id 77 --pin "$(cat pin)" >out
done
run 0 -C ca init --token test --use-key "pkcs11:token=test;id=%77;type=private" --certificate shared.pem --origin shared.example \
    --key-label ours --pin-source file:pin
sed -i "s/^  uri: .*/&\n  pool: ['pkcs11:token=spare;id=%77;type=private']/" ca/ca.yaml

# directory_of LABEL: where SoftHSM keeps this token; its name ends with the serial number
directory_of() {
    local serial directory
    run 0 token list --json
    serial=$(jq -r --arg name "$1" '.[] | select(.label == $name) | .serial' out)
    for directory in token/tokens/*; do
        case $(basename "$directory" | tr -d -) in *"$serial") echo "$directory" ;; esac
    done
}
test_token=$(directory_of test) spare=$(directory_of spare)
present "$test_token/token.object" "$spare/token.object"
# put_back DIRECTORY COPY
put_back() {
    rm -rf "$1"
    cp -a "$2" "$1"
}
# remembered: "LABEL RECORDS" of each token
remembered() {
    run "$1" -C ca --pin-source file:pin --json ledger verify --token
    jq -r '.remembered[] | "\(.token) \(.records)"' out | sort | tr '\n' ' '
}

csr one/one.csr /CN=one
csr two/two.csr /CN=two
csr three/three.csr /CN=three
sign 0 --out issued one
size=$(wc -l <ca/ledger.jsonl)
equal "$(remembered 0)" "spare $size test $size "
cp -a ca home-1
cp -a "$test_token" test-1
cp -a "$spare" spare-1
sign 0 --out issued two
newer=$(wc -l <ca/ledger.jsonl)
cp -a "$spare" spare-2

step "a spare that is behind proves nothing: the run goes on, and the spare is brought up to date"
put_back "$spare" spare-1
equal "$(remembered 0)" "spare $size test $newer "
sign 0 --out issued-three three
present issued-three/three.pem
newest=$(wc -l <ca/ledger.jsonl)
equal "$(remembered 0)" "spare $newest test $newest "

step "a spare that never knew anything, neither"
pkcs11-tool --module "$(softhsm_module)" --token-label spare --login --pin "$(cat pin)" --delete-object --type data --label coldca-ledger >out 2>err ||
    fail "the spare had no memory"
equal "$(remembered 0)" "test $newest "
csr four/four.csr /CN=four
sign 0 --out issued-four four
newest=$(wc -l <ca/ledger.jsonl)
equal "$(remembered 0)" "spare $newest test $newest "

step "a spare that is ahead stops the run, though home and token are of the same day"
rm -rf ca
cp -a home-1 ca
put_back "$test_token" test-1
put_back "$spare" spare-2
sum=$(cat ca/ledger.* | sha256sum)
equal "$(remembered 5)" "spare $newer test $size "
sign 5 --out issued-late three
says "ledger.jsonl holds $size records, but the token spare remembers $newer since"
says "put the newer copy of the home back"
absent issued-late/three.pem
equal "$(cat ca/ledger.* | sha256sum)" "$sum" "the ledger after being refused"

step "without that spare nothing is known of it: the control"
sed -i '/^  pool:/d' ca/ca.yaml
sign 0 --out issued-late three
echo "all is well"
