#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The token's memory: it is told of the newest checkpoint after each run, and a home that is older, or of another history, is found by it
# before anything is signed.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca --policies any # few records: the numbers below are theirs
csr late/late.csr /CN=late
cp -a ca day-0
keep_token 0
for day in 1 2; do
    csr "requests/device-$day.csr" "/CN=device-$day"
    sign 0 --out issued requests/device-$day.csr
    cp -a ca "day-$day"
    keep_token "$day"
done

step "a whole home of yesterday is refused by the token, though nothing in it disagrees"
rm -rf ca && cp -a day-1 ca
sound_ledger
sum=$(sha256sum ca/ledger.*)
sign 5 --out fresh late
says "ledger.jsonl holds 8 records, but the token test remembers 11 since"
says "put the newer copy of the home back"
says "docs/operations.md"
absent fresh/late.pem
equal "$(sha256sum ca/ledger.*)" "$sum" "the ledger after being refused"

step "the newest home goes on"
rm -rf ca && cp -a day-2 ca
sign 0 --out fresh late
keep_token 3

step "a second history under the same key: as long, and another"
rm -rf ca && cp -a day-2 ca && token_again 2
csr other/else.csr /CN=else
sign 0 --out elsewhere other/else.csr
token_again 3
sign 5 --out fresh2 late
says "the first 14 records of ledger.jsonl are not those the token test remembers"
says "history was rewritten, or the home is of another future"

step "a token that is behind proves nothing, and is told again"
rm -rf ca && cp -a day-2 ca && token_again 0
sign 0 --out fresh3 late
rm -rf ca && cp -a day-2 ca
sign 5 --out fresh4 late
says "ledger.jsonl holds 11 records, but the token test remembers 14 since"

step "init finds the memory of its own origin, another CA on the same token is not bothered"
run 5 -C second init --token test --key-label second --subject "CN=Test Root" --pin-source file:pin
says "the token remembers a ledger of the origin test-root (14 records"
says "--origin"
absent second
run 0 -C second init --token test --key-label second --subject "CN=Test Root" --origin second.example --pin-source file:pin
run 0 -C second sign "${device[@]}" --pin-source file:pin --out third late
token_again 2

step "one data object a ledger, however many runs there were"
rm -rf ca && cp -a day-2 ca
for turn in 1 2 3; do
    csr "turn/device-$turn.csr" "/CN=turn-$turn"
    sign 0 --out turned "turn/device-$turn.csr"
done
pkcs11-tool --module "$(softhsm_module)" --token-label test --login --pin "$(cat pin)" --list-objects --type data >objects 2>&1
equal "$(grep -c "label: *'coldca-ledger'" objects)" 1 "$(cat objects)"

step "a ledger that is lost is followed by another, under another name, whose first record says so"
rm -rf ca && cp -a day-2 ca
cp ca/ledger.checkpoint old.checkpoint
cp ca/ca.pem root.pem
key=$(awk -F"'" '/^ca_key/ { print $2 }' ca/ca.yaml)
adopt=(init --token test --use-key "$key" --certificate root.pem --key-label again --pin-source file:pin)
run 5 -C new "${adopt[@]}" --origin test-root
says "--continues CHECKPOINT"
run 2 -C new "${adopt[@]}" --origin test-root --continues old.checkpoint
says "a fork to every witness"
run 3 -C new "${adopt[@]}" --origin new.example --continues root.pem
sed '2s/.*/8/' old.checkpoint >forged.checkpoint
run 5 -C new "${adopt[@]}" --origin new.example --continues forged.checkpoint
absent new
run 0 -C new "${adopt[@]}" --origin new.example --continues old.checkpoint
jq -se --rawfile note old.checkpoint 'map(select(.type == "ca.created"))[0] | .continues | .origin == "test-root" and .size == 11 and .checkpoint == $note
    and .token.size == 20 and (.token.vkey | startswith("test-root+"))' new/ledger.jsonl >/dev/null || fail "$(jq .continues new/ledger.jsonl)"
run 0 -C new ledger verify
run 0 -C new sign "${device[@]}" --pin-source file:pin --out followed late
run 2 -C third init --subject CN=Third --token test --continues old.checkpoint

step "the numbers of CRLs go on with the key, also after a ledger that was lost"
run 0 -C new crl --pin-source file:pin
cp new/ledger.checkpoint new.checkpoint
run 0 -C newer "${adopt[@]}" --key-label newer --origin newer.example --continues new.checkpoint
run 0 -C newer crl --pin-source file:pin
present newer/crl/crl-2.pem
run 0 -C newer ledger verify
