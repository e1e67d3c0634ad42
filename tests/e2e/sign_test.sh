#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca sign: names, formats, the same request twice, never over a different file, exit codes, JSON, and what openssl says of it all.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca

step "NAME.pem for NAME.csr; refused ones leave nothing; exit code 1 says some were refused"
for id in 1 2 3; do csr requests/device-$id.csr /CN=device-$id; done
csr requests/bad.csr "/CN=not allowed"
sign 1 --out issued requests
says "3 certificates issued"
present issued/device-{1,2,3}.pem
absent issued/bad.pem
strict issued/device-*.pem
equal "$(find issued -type f -printf '%f\n' | sort | tr '\n' ' ')" "$(echo checkpoint device-{1,2,3}.{pem,tlog-proof}) "
same issued/checkpoint ca/ledger.checkpoint
equal "$(records '.type == "request.refused"')" 1
sound_ledger

step "the certificate is the policy's: names, usages, lifetime to the second, AKI, issuer's bytes"
openssl x509 -in issued/device-1.pem -noout -text >text
grep -q 'URI:spiffe://iot.example/device/device-1, DNS:device-1.local' text || fail "wrong SAN"
grep -A1 'Key Usage: critical' text | grep -q 'Digital Signature$' || fail "wrong keyUsage"
grep -A1 'Extended Key Usage' text | grep -q 'TLS Web Client Authentication$' || fail "wrong extendedKeyUsage"
! grep -q 'Basic Constraints' text || fail "basicConstraints on a leaf: FALSE is the default and not encoded"
start=$(date -d "$(openssl x509 -in issued/device-1.pem -noout -startdate | cut -d= -f2)" +%s)
end=$(date -d "$(openssl x509 -in issued/device-1.pem -noout -enddate | cut -d= -f2)" +%s)
equal $((end - start)) $((365 * 86400 - 1)) "RFC 5280 4.1.2.5: both ends count"
key_id() { openssl x509 -in "$1" -noout -ext "$2" | tail -n 1 | tr -d ' '; }
equal "$(key_id issued/device-1.pem authorityKeyIdentifier)" "$(key_id ca/ca.pem subjectKeyIdentifier)"
equal "$(openssl x509 -in issued/device-1.pem -noout -issuer)" "issuer=$(openssl x509 -in ca/ca.pem -noout -subject | cut -d= -f2-)"

step "the same request gets the same certificate back; --reissue makes a new one"
cp issued/device-1.pem first.pem
sign 0 --out issued requests/device-1.csr
same first.pem issued/device-1.pem
sign 0 --out elsewhere requests/device-1.csr
same first.pem elsewhere/device-1.pem
equal "$(records '.type == "cert.issued"')" 4
sign 0 --reissue --out again requests/device-1.csr
[ "$(serial_of again/device-1.pem)" != "$(serial_of first.pem)" ] || fail "--reissue gave the old certificate"
strict again/device-1.pem

step "a different file of that name is never overwritten"
mkdir taken
echo "somebody else's" >taken/device-2.pem
sign 1 --out taken requests/device-2.csr
says "holds another"
echo "somebody else's" >taken/new.pem
csr requests/new.csr /CN=new
sign 1 --out taken requests/new.csr
equal "$(cat taken/device-2.pem taken/new.pem)" "$(printf "somebody else's\nsomebody else's")"
sound_ledger

step "--format der, --chain, --dry-run, stdin to stdout"
sign 0 --format der --out der requests/device-3.csr
openssl x509 -in der/device-3.der -inform DER -noout -subject >/dev/null
sign 0 --chain --out chain requests/device-3.csr
present chain/device-3.pem chain/device-3-chain.pem
openssl verify -CAfile ca/ca.pem chain/device-3-chain.pem >/dev/null || fail "the chain file does not begin with the certificate"
csr requests/dry.csr /CN=dry
size=$(stat -c %s ca/ledger.jsonl)
sign 0 --dry-run --out dry requests/dry.csr
absent dry
equal "$(stat -c %s ca/ledger.jsonl)" "$size" "a dry run writes no record"
"$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin - <requests/dry.csr >stdin.pem 2>err
strict stdin.pem

step "a request on stdin that is refused: nothing on stdout, why on stderr; --json for both"
refused() {
    local code=0
    "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin "$@" - <requests/bad.csr >out 2>err || code=$?
    equal "$code" 1 "exit code"
}
refused
[ ! -s out ] || fail "something is on stdout: $(cat out)"
grep -q 'stdin is refused by the policy mqtt-device' err || fail "stderr does not say what is refused: $(cat err)"
grep -q 'subject CN' err || fail "stderr does not say why: $(cat err)"
refused --json
json '.refused == 1 and .issued == 0 and (.requests[0].reasons | length) > 0 and .certificates == []'
"$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --json - <requests/dry.csr >out 2>err || fail "--json of an allowed request"
json '.refused == 0 and (.certificates | length) == 1 and .certificates[0].request == "stdin"'
json '.certificates[0].pem' "$(cat stdin.pem)"

step "--json says the same as the words"
csr requests/json.csr /CN=json
sign 1 --json --out json requests/json.csr requests/bad.csr
json '.issued == 1 and .refused == 1 and .allowed == 1 and .folder == "json"'
equal "$(jq -r '.requests[] | select(.name == "json") | .serial' out)" "$(serial_of json/json.pem)"
run 0 -C ca cert list --json
json 'length >= 6 and all(.[]; .serial | test("^[0-9a-f]{40}$"))'
run 0 -C ca cert show "$(serial_of json/json.pem)"
says "CN=json"

step "every serial is its own, every certificate is in the ledger before and after it was signed (P3)"
equal "$(records '.type == "cert.signing"')" "$(records '.type == "cert.issued"')"
equal "$(jq -r 'select(.type == "cert.signing") | .serial' ca/ledger.jsonl | sort | uniq -d | wc -l)" 0
sound_ledger

step "other keys and requests"
openssl req -new -noenc -newkey rsa:2048 -keyout rsa.key -subj /CN=rsa -out requests/rsa.csr 2>/dev/null
openssl req -new -noenc -newkey ed25519 -keyout ed.key -subj /CN=ed -out requests/ed.csr 2>/dev/null
run 0 request "${device[@]}" --cn own --out requests
sign 0 --out more requests/{rsa,ed,own}.csr
strict more/{rsa,ed,own}.pem

step "names from a stick stay inside the output folder"
mkdir -p 'names/..odd' names/deep
cp requests/ed.csr 'names/..odd/%2e%2e.csr'
csr 'names/-rf.csr' /CN=dash
# shellcheck disable=SC2016 # a name is just that
csr 'names/a b;$(touch owned).csr' /CN=shell
ln -s /etc/passwd names/link.csr
sign 1 --out named names
absent owned passwd.pem ../passwd.pem
equal "$(find named -mindepth 1 -type d | wc -l)" 0

step "usage faults end with 2, a home that is not there with 3"
run 2 -C ca sign "${device[@]}" --pin-source file:pin requests
says "--out DIR is needed"
run 2 -C ca sign "${device[@]}" --format p7 --out x requests
run 3 -C nowhere sign "${device[@]}" --out x requests

step "--days: up to the policy's max_days; another lifetime is another certificate"
csr days/days.csr /CN=days
lifetime() {
    local start end
    start=$(date -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%s)
    end=$(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s)
    echo $(((end - start + 1) / 86400))
}
sign 0 --days 30 --out thirty days/days.csr
equal "$(lifetime thirty/days.pem)" 30
sign 0 --days 30 --out thirty-again days/days.csr
same thirty/days.pem thirty-again/days.pem
sign 0 --days 31 --out thirty-one days/days.csr
equal "$(lifetime thirty-one/days.pem)" 31
sign 1 --days 826 --out long days/days.csr
says "826 days are more than the 825 the policy allows"
sign 2 --days 1000000 --out long days/days.csr
sign 2 --days 0 --out long days/days.csr
says "--days is 1 to 36525"
sign 2 --days soon --out long days/days.csr
absent long/days.pem

step "several PEMs in one file; every reason at once; one request twice; a key that has another name already"
csr two/a.csr /CN=two-a
csr two/b.csr /CN=two-b
cat two/a.csr two/b.csr >two.pem
sign 0 --out two-issued two.pem
equal "$(openssl x509 -in two-issued/two-2.pem -noout -subject -nameopt RFC2253)" "subject=CN=two-b"
mkdir mixed
openssl req -new -noenc -newkey rsa:1024 -keyout mixed.key -subj "/C=US/CN=printer 7/title=boss" \
    -addext basicConstraints=CA:TRUE -addext subjectAltName=DNS:evil.example -out mixed/bad.csr 2>/dev/null
cp two/a.csr mixed/good.csr
sign 1 --out mixed-issued mixed
for text in "key: rsa-1024 is not one of" '"printer 7" does not match' "subject title" "asks to be a CA" evil.example; do says "$text"; done
present mixed-issued/good.pem
absent mixed-issued/bad.pem
cp two/a.csr two/again.csr
run 1 -C ca check "${device[@]}" two
says "the same request as"
openssl req -new -key two/a.key -subj /CN=thief -out thief.csr
run 1 -C ca check "${device[@]}" thief.csr
says key.unique
run 2 -C ca frobnicate
