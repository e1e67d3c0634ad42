#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The token's memory: it is told of the newest checkpoint after each run, and a home that is older, or of another history, is found by it
# before anything is signed.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
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
says "ledger.jsonl holds 6 records, but the token test remembers 9 since"
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
says "the first 12 records of ledger.jsonl are not those the token test remembers"
says "history was rewritten, or the home is of another future"

step "a token that is behind proves nothing, and is told again"
rm -rf ca && cp -a day-2 ca && token_again 0
sign 0 --out fresh3 late
rm -rf ca && cp -a day-2 ca
sign 5 --out fresh4 late
says "ledger.jsonl holds 9 records, but the token test remembers 12 since"

step "init finds the memory of its own origin, another CA on the same token is not bothered"
run 5 -C second init --token test --key-label second --subject "CN=Test Root" --pin-source file:pin
says "the token remembers a ledger of the origin test-root (12 records"
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
equal "$(grep -c "coldca-ledger" objects)" 1 "$(cat objects)"
