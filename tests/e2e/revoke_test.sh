#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Revocation from end to end: the ledger first, then the CRL, which turns the device away.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

revoke() {
    local wanted=$1
    shift
    run "$wanted" -C ca revoke --pin-source file:pin "$@"
}
crl() {
    run 0 -C ca crl --pin-source file:pin "$@"
}
# holds NAME CRL, turned_away NAME CRL: what openssl says of issued/NAME.pem with this CRL
holds() {
    openssl verify -x509_strict -crl_check -CAfile ca/ca.pem -CRLfile "$2" "issued/$1.pem" >verified 2>&1 ||
        { cat verified >&2; fail "$1 is turned away by $2"; }
}
turned_away() {
    ! openssl verify -x509_strict -crl_check -CAfile ca/ca.pem -CRLfile "$2" "issued/$1.pem" >verified 2>&1 ||
        fail "$1 is not turned away by $2"
    grep -q "certificate revoked" verified || { cat verified >&2; fail "$1 is turned away for another reason"; }
}

make_ca
for name in a b c d; do ask $name; done
sign 0 --out issued requests
a=$(serial_of issued/a.pem) b=$(serial_of issued/b.pem) c=$(serial_of issued/c.pem)

step "an empty CRL has no list"
crl
holds a ca/crl/crl-1.pem
openssl crl -in ca/crl/crl-1.pem -noout -text >text
grep -q "No Revoked Certificates" text || fail "the list is not empty"

step "by serial, with a reason; the same once more is nothing"
revoke 0 --serial "$a" --reason keyCompromise --invalidity-date 2026-01-01 --yes
says "1 revoked"
says "CN=a"
equal "$(records '.type == "cert.revoked"')" 1
equal "$(jq -r 'select(.type == "cert.revoked") | .reason' ca/ledger.jsonl)" keyCompromise
size=$(sed -n 2p ca/ledger.checkpoint)
equal "$size" "$(wc -l <ca/ledger.jsonl)" "a checkpoint covers it"
revoke 0 --serial "$a" --reason keyCompromise --yes
says "already revoked"
equal "$(records '.type == "cert.revoked"')" 1
holds a ca/crl/crl-1.pem
crl --out carried --json
json .number 2
json .entries 1
same ca/crl/crl-2.pem carried/crl-2.pem
present carried/crl-2.der carried/checkpoint
turned_away a carried/crl-2.pem
holds b carried/crl-2.pem
openssl crl -in ca/crl/crl-2.pem -noout -text >text
for words in "Key Compromise" "Invalidity Date"; do grep -q "$words" text || fail "no $words in the CRL"; done

step "a revocation stays; a hold is released"
revoke 3 --serial "$a" --release --yes
says "only a hold can be released"
says "sign --reissue"
revoke 0 --certificate issued/b.pem --hold --yes
crl
turned_away b ca/crl/crl-3.pem
revoke 0 --certificate issued/b.pem --release --yes
says "1 released"
crl
holds b ca/crl/crl-4.pem
turned_away a ca/crl/crl-4.pem
revoke 3 --certificate issued/b.pem --release --yes
says "not on hold"

step "by request and by public key"
revoke 0 --request requests/b.csr --hold --yes
openssl pkey -in requests/b.key -pubout -out b.pub 2>err
revoke 0 --key b.pub --reason superseded --yes
says "on hold since"
equal "$(jq -r 'select(.type == "cert.revoked" and .serial == "'"$b"'") | .reason' ca/ledger.jsonl | tail -n 1)" superseded

step "what is not in the ledger, another issuer's, the CA's own"
revoke 3 --serial 0102030405060708 --yes
says "no certificate with serial"
says "--foreign"
revoke 0 --serial 01:02:03:04:05:06:07:08 --foreign --yes
revoke 0 --serial 0102030405060708 --foreign --yes
says "already revoked"
revoke 3 --serial "$c" --foreign --yes
says "leave --foreign out"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=stranger -keyout k.pem -out stranger.pem 2>err
revoke 3 --certificate stranger.pem --yes
says "another issuer"
revoke 3 --serial "$(serial_of ca/ca.pem)" --yes
says "own certificate"

step "usage"
revoke 2 --serial "$c"
says "--yes"
revoke 2 --serial "$c" --reason removeFromCRL --yes
revoke 2 --serial "$c" --reason 7 --yes
says "RFC 5280 5.3.1"
revoke 2 --serial "$c" --reason superseded --hold --yes
revoke 2 --serial "$c" --invalidity-date 2999-01-01 --yes
revoke 2 --yes
revoke 2 --serial "$c" --list x --yes
equal "$(records '.type == "cert.revoked" and .serial == "'"$c"'"')" 0 "a wrong command revokes nothing"

step "many: counted first, one record each and one for all"
run 0 -C ca revoke --where policy=mqtt-device --dry-run
says "2 would be revoked, 2 were already"
revoke 2 --where policy=mqtt-device --yes
says "--expect-count 2"
revoke 3 --where policy=mqtt-device --expect-count 3
revoke 2 --where policy=mqtt-device,colour=red --expect-count 2
revoke 0 --where policy=mqtt-device,issued-before=2000-01-01 --expect-count 0
keep_token before
cp -r ca ca-cut
many=(--where "policy=mqtt-device,issued-since=2020-01-01" --expect-count 2 --reason cessationOfOperation)
revoke 0 "${many[@]}"

step "stopped in its middle, the same command goes on, with the count it was given; and covers what a stopped run left"
first=$(jq -c 'select(.type == "cert.revoked" and .reason == "cessationOfOperation") | .seq' ca/ledger.jsonl | head -n 1)
head -n $((first + 1)) ca/ledger.jsonl >ca-cut/ledger.jsonl
rm -rf ca
mv ca-cut ca
token_again before
revoke 3 --where policy=mqtt-device,issued-since=2020-01-02 --expect-count 2 --reason cessationOfOperation # another question
revoke 3 --where policy=mqtt-device,issued-since=2020-01-01 --expect-count 2 --reason superseded           # another answer
revoke 3 --where policy=mqtt-device,issued-since=2020-01-01 --expect-count 3 --reason cessationOfOperation
revoke 0 "${many[@]}"
says "1 revoked, 3 were already"
equal "$(records '.type == "cert.revoked" and .reason == "cessationOfOperation"')" 2
equal "$(sed -n 2p ca/ledger.checkpoint)" "$(wc -l <ca/ledger.jsonl)" "a checkpoint covers it"
cp ca/ledger.jsonl before
revoke 0 "${many[@]}"
same ca/ledger.jsonl before
equal "$(jq -c 'select(.type == "revocation.set") | [.count, .where, .reason]' ca/ledger.jsonl | head -n 1)" \
    '[2,"policy=mqtt-device,issued-since=2020-01-01","cessationOfOperation"]'
crl
for name in a b c d; do turned_away $name ca/crl/crl-5.pem; done
sound_ledger

step "a CRL that is good beyond the CA is refused"
run 3 -C ca crl --days 3650 --pin-source file:pin
says "past the CA's end"
sound_ledger

step "cert list and cert show tell what is revoked, on hold, valid"
ask e
sign 0 --out issued requests/e.csr
e=$(serial_of issued/e.pem)
run 0 -C ca cert list --json --status valid --policy mqtt-device
json 'map(.serial) | join(" ")' "$e"
run 0 -C ca cert list --json --status valid --policy mqtt-device --expires-within 30d
json length 0
run 0 -C ca cert list --json --status valid --policy mqtt-device --expires-within 400d
json length 1
revoke 0 --serial "$e" --hold --yes
run 0 -C ca cert list --json --status hold
json 'map(.serial) | join(" ")' "$e"
run 0 -C ca cert list --json --status revoked
json length 4
json 'map(select(.serial == "'"$a"'"))[0].revoked | endswith("keyCompromise")'
run 0 -C ca cert show "$a"
says "keyCompromise"
run 0 -C ca cert list --json --status burned
json length 0
run 2 -C ca cert list --status lost

step "a release of many takes back the holds that there are"
revoke 2 --where policy=mqtt-device --release --yes
says "1 certificates would be changed"
revoke 0 --where policy=mqtt-device --release --expect-count 1
says "1 released, 4 were not on hold"
run 0 -C ca cert list --json --status valid --policy mqtt-device
json 'map(.serial) | join(" ")' "$e"
sound_ledger
