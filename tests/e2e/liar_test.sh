#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A reader that was taken over says what it likes; the signer compares it with the bytes it has itself, and signs none of the lies.
# coldca_liar is coldca with such readers (tests/support/liar.c); COLDCA_LIE says which lie is told.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
honest=$COLDCA
liar=$BUILD/tests/coldca_liar
[ -x "$liar" ] || fail "$liar is not built"

# A policy that takes whatever a request asks for, as far as a policy can.
cat >ca/policies/easy.yaml <<'YAML'
policy: easy
subject:
  - {field: CN, match: '.+', optional: true, max: 5}
  - {field: O, match: '.+', optional: true, max: 5}
  - {field: OU, match: '.+', optional: true, max: 5}
  - {field: serialNumber, match: '.+', optional: true, max: 5}
other_subject: drop
san:
  - {type: dns, match: '.+', max: 9}
  - {type: uri, match: '.+', max: 9}
other_san: drop
other_extensions: drop
key: {allow: [ec-p256]}
validity: {days: 30}
key_usage: [digitalSignature]
key_usage_from_request: [keyAgreement]
extended_key_usage: [clientAuth]
extended_key_usage_from_request: [serverAuth, 2.5.29.37.0]
YAML
approve easy

# A request with every fact that can be lied about; in an extension, another key.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key 2>err
other_spki=$(openssl pkey -in other.key -pubout -outform DER | od -An -v -tx1 | tr -d ' \n' | sed 's/../:&/g; s/^://')
cat >full.cnf <<CNF
[req]
distinguished_name = dn
prompt = no
string_mask = utf8only
req_extensions = ext
attributes = attrs
[dn]
CN = device-1
O = Example Org
[attrs]
challengePassword = not a secret
[ext]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = DNS:device-1.iot.example, DNS:device-2.iot.example
basicConstraints = CA:FALSE
1.2.3.4 = DER:$other_spki
CNF
openssl req -new -noenc -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout full.key -config full.cnf -outform DER -out full.csr 2>err ||
    fail "openssl made no request"
csr other.csr /CN=other
openssl req -in other.csr -outform DER -out other.der
export COLDCA_LIE_OTHER=$work/other.der

# try CODE FILE [COMMAND...]: the program with lying readers works through a file
COLDCA=$liar
try() {
    local wanted=$1 file=$2
    rm -rf issued
    run "$wanted" -C ca sign --policy easy --reissue --pin-source file:pin --out issued "$file"
}
# lied LIE FILE: the lie is told, found, and nothing is signed
lied() {
    local before
    before=$(records '.type == "cert.signing"')
    COLDCA_LIE=$1 try 1 "$2"
    equal "$(records '.type == "cert.signing"')" "$before" "the lie $1 was signed"
    [ -z "$(find issued -name '*.pem' 2>/dev/null)" ] || fail "the lie $1 was handed out"
    lies=$((lies + 1))
}
lies=0

step "who tells the truth is believed: the test can tell"
COLDCA_LIE=none try 0 full.csr
present issued/full.pem
openssl x509 -in issued/full.pem -noout -ext subjectAltName | grep -q device-2.iot.example || fail "no SAN"

step "each lie about a request, and about what a file holds"
for lie in $(COLDCA_LIE=list "$liar" | sed '/^nothing-wrong$/,$d'); do
    lied "$lie" full.csr
    says "the process that read it failed: it"
done
[ "$lies" -ge 20 ] || fail "only $lies lies"

step "that nothing is wrong with a request: bytes behind it, BER, a version there is not, a signature that does not verify"
{ cat full.csr && printf 'more'; } >trailing.csr
lied nothing-wrong trailing.csr
python3 - <<'PY'
whole = bytearray(open("full.csr", "rb").read())
assert whole[:2] == b"\x30\x82" and whole[4:6] == b"\x30\x82" and whole[8:11] == b"\x02\x01\x00"
version = bytearray(whole); version[10] = 1
open("version.csr", "wb").write(version)
forged = bytearray(whole); forged[-1] ^= 1
open("forged.csr", "wb").write(forged)
name = whole.index(b"device-1"); renamed = bytearray(whole); renamed[name:name + 8] = b"admin-01"
open("renamed.csr", "wb").write(renamed)
PY
lied nothing-wrong version.csr
lied nothing-wrong forged.csr
says "does not verify when the signer looks itself"
lied nothing-wrong renamed.csr

step "PEM: another request than the block holds, one less than there are, two in the wrong order"
openssl req -in full.csr -inform DER -out one.pem
csr two.csr /CN=two
cat one.pem two.csr >both.pem
COLDCA_LIE=none try 0 both.pem
for lie in another-request one-more one-less swapped; do
    lied "$lie" both.pem
done
lied another-request one.pem

step "batch: the same; and a CA's key has to be proven there as well"
mkdir -p stick/requests/easy stick/requests/sub-ca
cp full.csr stick/requests/easy/
openssl req -new -key other.key -subj "/CN=Sub CA" -outform DER -out sub.csr 2>err
python3 -c '
whole = bytearray(open("sub.csr", "rb").read()); whole[-1] ^= 1
open("stick/requests/sub-ca/sub.csr", "wb").write(whole)'
for lie in other-name more-sans other-key another-request one-more a-ca; do
    COLDCA_LIE=$lie run 1 -C ca --pin-source file:pin batch stick
    [ -z "$(find stick/issued -name full.pem)" ] || fail "the lie $lie was signed"
done
rm stick/requests/easy/full.csr
COLDCA_LIE=nothing-wrong run 1 -C ca --pin-source file:pin batch stick
[ -z "$(find stick/issued -name sub.pem)" ] || fail "a CA without proof was signed"
grep -rqF "does not verify when the signer looks itself" stick/issued || fail "batch does not say why"

step "the truth is still told apart, and the ledger holds"
COLDCA=$honest
COLDCA_LIE=none try 0 full.csr
sound_ledger
echo "all is well: $lies lies"
