#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cert list and cert show: by state, by key, by file; a key that was compromised, with a certificate of ours or without, gets no other.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

revoke() {
    local wanted=$1
    shift
    run "$wanted" -C ca revoke --pin-source file:pin --yes "$@"
}
# listed NAMES OPTIONS...: the common names of cert list, sorted
listed() {
    local names=$1
    shift
    run 0 -C ca cert list --json --policy mqtt-device "$@"
    equal "$(jq -r '[.[].subject | sub("^CN=(?<n>[a-z-]*).*"; "\(.n)")] | sort | join(" ")' out)" "$names" "cert list $*"
}

make_ca
for name in a b c d; do ask $name; done
sign 0 --out issued requests
for name in a b c d; do openssl pkey -in requests/$name.key -pubout -out $name.pub 2>err; done

step "by state"
revoke 0 --certificate issued/a.pem --reason superseded
revoke 0 --certificate issued/b.pem --hold
listed "a" --status revoked
listed "b" --status hold
listed "c d" --status valid
listed "c d" --status issued
listed "" --status burned
listed "" --status expired
listed "" --status valid --expires-within 30d
listed "c d" --status valid --expires-within 400d
listed "c d" --expires-within 400d
run 2 -C ca cert list --status lost

step "by key: a public key, a request, a certificate, its SHA-256"
listed "c" --key c.pub
listed "c" --key requests/c.csr
listed "c" --key issued/c.pem
openssl pkey -pubin -in c.pub -outform DER -out c.der
listed "c" --key c.der
listed "c" --key "$(sha256sum <c.der | cut -d' ' -f1)"
listed "" --key c.der --status revoked
# The same key with its point compressed is the same key.
openssl ec -pubin -in c.pub -conv_form compressed -outform DER -out compressed.der 2>err
! cmp -s c.der compressed.der || fail "openssl did not compress the point"
listed "c" --key compressed.der
run 2 -C ca cert list --key nowhere.pem
says "neither a file nor the SHA-256"
run 3 -C ca cert list --key ca/ca.yaml
says "neither a public key"

step "by file, with what became of it"
run 0 -C ca cert show issued/a.pem
says "revoked: "
says "superseded"
run 0 -C ca cert show issued/b.pem --json
json .state hold
json .status revoked
json '.revoked | endswith("certificateHold")'
revoke 0 --certificate issued/b.pem --release
openssl x509 -in issued/b.pem -outform DER -out b.der
run 0 -C ca cert show b.der --json
json .state valid
json .revoked null
json .serial "$(serial_of issued/b.pem)"
run 0 -C ca cert show "$(serial_of issued/c.pem)" --json
cp out by-serial
run 0 -C ca cert show issued/c.pem --json
same out by-serial
run 0 -C ca cert show ca/ca.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=stranger -keyout k.pem -out stranger.pem 2>err
run 3 -C ca cert show stranger.pem
says "not signed by this CA's key"
run 3 -C ca cert show ca/ca.yaml
run 2 -C ca cert show nowhere.pem
says "neither a serial number in hex nor a file"
openssl x509 -in issued/c.pem -outform DER -out changed.der
printf 'X' | dd of=changed.der bs=1 seek=$(($(stat -c %s changed.der) - 5)) conv=notrunc status=none
run 3 -C ca cert show changed.der
revoke 3 --certificate changed.der
says "another issuer"

step "a key that was lost is refused in check, sign and batch, whatever it was revoked for before"
revoke 0 --certificate issued/a.pem --reason keyCompromise
says "already revoked"
says "--key FILE"
mkdir again
openssl req -new -key requests/a.key -subj /CN=again -out again/a.csr
run 0 -C ca check "${device[@]}" again/a.csr --json
revoke 0 --key a.pub --reason keyCompromise
says "refused from now on"
equal "$(jq -r 'select(.type == "key.revoked") | .reason' ca/ledger.jsonl)" keyCompromise
revoke 0 --key requests/a.csr --reason keyCompromise
says "already known"
equal "$(records '.type == "key.revoked"')" 1 "once is enough"
run 1 -C ca check "${device[@]}" again/a.csr --json
json '[.requests[].reasons[].rule] | index("key.compromised") != null'
sign 1 --out more again
sign 1 --reissue --out more requests/a.csr
absent more/a.pem

step "a key of which there is no certificate here"
openssl ecparam -name prime256v1 -genkey -noout -out foreign.key
openssl pkey -in foreign.key -pubout -out foreign.pub
openssl req -new -key foreign.key -subj /CN=foreign -out again/foreign.csr
revoke 3 --key foreign.pub
says "--reason keyCompromise"
revoke 3 --key foreign.pub --reason superseded
run 0 -C ca revoke --key foreign.pub --reason keyCompromise --dry-run
equal "$(records '.type == "key.revoked"')" 1 "a dry run logs nothing"
run 2 -C ca revoke --key foreign.pub --reason keyCompromise --pin-source file:pin
revoke 0 --key foreign.pub --reason keyCompromise --invalidity-date 2026-01-01 --json
json '.certificates[0].key | length' 64
equal "$(records '.type == "key.revoked"')" 2
sign 1 --out more again
absent more/foreign.pem
says "was revoked for keyCompromise on"
mkdir -p stick/requests
cp again/foreign.csr stick/requests
run 1 -C ca batch "${device[@]}" --pin-source file:pin --json stick
absent stick/issued/foreign.pem
run 1 -C ca check "${device[@]}" --json again
json '[.requests[].reasons[].rule | select(. == "key.compromised")] | length' 2

step "no CRL says anything of a key; the ledger holds"
run 0 -C ca crl --pin-source file:pin --json
json .entries 1
run 0 -C ca crl verify ca/crl/crl-1.der
sound_ledger
