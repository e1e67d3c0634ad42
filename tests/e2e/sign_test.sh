#!/usr/bin/env bash
# check and sign as an operator uses them: names, formats, chain, idempotence, reissue, dry run, JSON, exit codes.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

make_token
make_ca
device dev-1
device dev-2 --key rsa-2048
device dev-3 --key ed25519
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout /dev/null -subj "/CN=plain" -out requests/plain.csr 2>/dev/null
openssl req -in requests/plain.csr -outform der -out requests/plain-der.der
rm requests/plain.csr

# check needs no token: the module is out of reach.
SOFTHSM2_CONF=/nonexistent run 0 "$COLDCA" -C ca check --policy mqtt-device --set domain=iot.example --json requests
json .allowed 4
json '[.requests[].verdict] | unique | join(",")' allowed
records=$(wc -l <ca/ledger.jsonl)
run 0 "$COLDCA" check --policy mqtt-device --set domain=iot.example requests # without a home
[ "$records" = "$(wc -l <ca/ledger.jsonl)" ] || fail "check wrote to the ledger"

# A dry run signs nothing.
sign_devices 0 --dry-run
[ "$records" = "$(wc -l <ca/ledger.jsonl)" ] && [ ! -e issued ] || fail "a dry run left traces"

sign_devices 0 --json
json .issued 4
for name in dev-1 dev-2 dev-3 plain-der; do
    openssl verify -x509_strict -purpose sslclient -CAfile ca/ca.pem "issued/$name.pem" >/dev/null || fail "openssl refuses $name"
done
[ "$(openssl x509 -in issued/dev-1.pem -noout -ext subjectAltName | tail -1 | tr -d ' ')" = "URI:spiffe://iot.example/device/dev-1,DNS:dev-1.local" ] || fail "the SANs of dev-1"
ski=$(openssl x509 -in ca/ca.pem -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' ')
aki=$(openssl x509 -in issued/dev-1.pem -noout -ext authorityKeyIdentifier | tail -1 | tr -d ' ')
[ "$ski" = "$aki" ] || fail "AKI $aki is not the issuer's SKI $ski"
[ -s issued/checkpoint ] || fail "no checkpoint was left with the certificates"
[ "$(openssl x509 -in issued/dev-1.pem -noout -issuer -nameopt RFC2253)" = "issuer=CN=Test Root,O=Test" ] || fail "the issuer's name"
# N days, both ends inclusive.
from=$(date -d "$(openssl x509 -in issued/dev-1.pem -noout -startdate | cut -d= -f2)" +%s)
until=$(date -d "$(openssl x509 -in issued/dev-1.pem -noout -enddate | cut -d= -f2)" +%s)
[ $((until - from)) = $((365 * 86400 - 1)) ] || fail "365 days are $((until - from)) s"

# Idempotent: the same request gets the same certificate, also into another folder.
cp issued/dev-1.pem first.pem
sign_devices 0 --json
json .issued 0
json .repeated 4
cmp first.pem issued/dev-1.pem || fail "another certificate the second time"
run 0 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example --out elsewhere requests
cmp first.pem elsewhere/dev-1.pem || fail "another certificate elsewhere"
# Other variables make another certificate; the old one is not handed out for it.
run 0 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=other.example --out other requests/plain-der.der --json
json .issued 1
openssl x509 -in other/plain-der.pem -noout -ext subjectAltName | grep -q other.example || fail "the old SAN"
# --reissue makes a new one, and never over a different file.
sign_devices 1 --reissue
says "holds another"
run 0 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example --reissue --out new requests
! cmp -s first.pem new/dev-1.pem || fail "--reissue gave the old certificate"
cmp first.pem issued/dev-1.pem || fail "a file was overwritten"
sign_devices 1 # now the newest is another one than the one that stands there
says "holds another"
cmp first.pem issued/dev-1.pem || fail "a file was overwritten"

# Formats and chains; stdin to stdout; several PEMs in one file.
run 0 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example --format der --chain --out der requests
openssl x509 -inform der -in der/dev-1.der -noout || fail "no DER"
openssl verify -CAfile ca/ca.pem der/dev-1-chain.pem >/dev/null || fail "no chain file"
"$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example - <requests/dev-1.csr >stdout.pem 2>err || fail "sign -"
cmp stdout.pem new/dev-1.pem || fail "stdout is not the certificate"
openssl req -newkey ed25519 -nodes -keyout /dev/null -subj /CN=two-a -out a.pem 2>/dev/null
openssl req -newkey ed25519 -nodes -keyout /dev/null -subj /CN=two-b -out b.pem 2>/dev/null
cat a.pem b.pem >two.pem
run 0 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example --out two two.pem
openssl x509 -in two/two-2.pem -noout -subject | grep -q two-b || fail "the second request of a file"

# Every reason at once, and exit 1 with the rest done.
mkdir mixed
cp requests/dev-1.csr mixed/good.csr
openssl req -newkey rsa:1024 -nodes -keyout /dev/null -subj "/C=US/CN=printer 7/title=boss" -addext 'basicConstraints=CA:TRUE' -addext subjectAltName=DNS:evil.example -out mixed/bad.csr 2>/dev/null
run 1 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example --out mixed-out mixed
says "key: rsa-1024 is not one of"
says '"printer 7" does not match'
says 'subject title'
says 'asks to be a CA'
says 'evil.example'
[ -s mixed-out/good.pem ] && [ ! -e mixed-out/bad.pem ] || fail "the good one was not signed, or the bad one was"
# The same request twice, the same key for two subjects, two requests for one output name.
mkdir twice
cp requests/dev-1.csr twice/a.csr
cp requests/dev-1.csr twice/b.csr
run 1 "$COLDCA" -C ca check --policy mqtt-device --set domain=iot.example twice
says "the same request as"
openssl req -new -key requests/dev-1.key -subj /CN=thief -out thief.csr
run 1 "$COLDCA" -C ca check --policy mqtt-device --set domain=iot.example thief.csr
says "key.unique"
# Usage errors.
run 2 "$COLDCA" -C ca --pin-source file:pin sign --out o requests
says "--policy"
run 2 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --out o requests
says "--set domain"
run 2 "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example requests
says "--out"
run 2 "$COLDCA" -C ca frobnicate
run 3 "$COLDCA" -C ca --pin-source file:pin sign --policy nosuch --out o requests
run 0 "$COLDCA" -C ca cert list --json
json 'length > 10' true
serial=$(openssl x509 -in issued/dev-1.pem -noout -serial | cut -d= -f2)
run 0 "$COLDCA" -C ca cert show "$serial"
says "CN=dev-1"
ledger_is_sound
