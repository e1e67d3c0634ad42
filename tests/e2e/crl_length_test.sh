#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys that sign the message, not a digest: what is too long for the token is refused before it has a number in the ledger.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

sed 's/^name: .*/name: small/; s/^keys:/max_message: 1000\n&/' "$SOURCE/tokens/softhsm2.yaml" >small.yaml

step "init says how many revocations fit, of an Ed25519 key only"
make_token
run 0 -C ec init --model "$PWD/small.yaml" --token test --key ec-p256 --key-label ec --subject "CN=EC Root" --pin-source file:pin
says_not "revocations"
make_ca --model "$PWD/small.yaml" --key ed25519
says "has room for about 1"
says "revocations"
room=$(sed -n 's/.*has room for about \([0-9]*\) revocations.*/\1/p' err)

step "as many as fit are signed"
for i in $(seq "$((room + 4))"); do echo "$(printf '5%038d1' "$i"),superseded"; done >all.csv
{ echo serial,reason; head -n "$room" all.csv; } >fit.csv
run 0 -C ca revoke --list fit.csv --foreign --expect-count "$room" --pin-source file:pin
run 0 -C ca crl --pin-source file:pin
openssl crl -in ca/crl/crl-1.pem -CAfile ca/ca.pem -noout 2>err || fail "openssl refuses the CRL"

step "more are refused before anything is logged, and the way on is named"
{ echo serial,reason; tail -n 4 all.csv; } >more.csv
run 0 -C ca revoke --list more.csv --foreign --expect-count 4 --pin-source file:pin
run 4 -C ca crl --pin-source file:pin
says "at most 1000 bytes"
says "shards"
equal "$(records '.type == "crl.signing"')" 1
equal "$(records '.type == "crl.abandoned"')" 0
absent ca/crl/crl-2.der
run 1 -C ca status
run 0 -C ca crl verify ca/crl/crl-1.pem
sound_ledger

step "a key that signs a digest has no such limit"
{ echo serial,reason; cat all.csv; } >both.csv
run 0 -C ec revoke --list both.csv --foreign --expect-count "$((room + 4))" --pin-source file:pin
run 0 -C ec crl --pin-source file:pin
