#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca init: keys made in the token with the attributes promised (P1), a root, a sub-CA by way of a parent, a key that was there.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

step "the token that token init made is listed"
make_token
run 0 token list --json
json 'any(.[]; .label == "test")'
run 0 token list
says test
run 4 token init --label test --so-pin-source file:so-pin --pin-source file:pin
says "give this one another label"
(
    softhsm_use none
    run 4 -C none init --subject CN=none --pin-source file:pin
    says "no token is initialized yet"
)

step "a root: files, modes, extensions"
make_ca
present ca/ca.yaml ca/ca.pem ca/ledger.jsonl ca/ledger.checkpoint ca/ledger.checkpoints ca/policies/mqtt-device.yaml
equal "$(stat -c %a ca)" 750
openssl x509 -in ca/ca.pem -noout -text >text
grep -q 'Version: 3' text || fail "not v3"
grep -A1 'Basic Constraints: critical' text | grep -q 'CA:TRUE' || fail "no critical basicConstraints"
grep -A1 'Key Usage: critical' text | grep -q 'Certificate Sign, CRL Sign$' || fail "wrong keyUsage"
grep -q 'Subject Key Identifier' text || fail "no SKI"
equal "$(openssl x509 -in ca/ca.pem -noout -subject -nameopt RFC2253)" "subject=CN=Test Root,O=Test Org,C=US"
equal "$(serial_of ca/ca.pem | wc -c)" 41 "20 octets of serial"
[[ $(serial_of ca/ca.pem) =~ ^[0-7] ]] || fail "the serial is negative"
strict ca/ca.pem
sound_ledger
equal "$(jq -r 'select(.seq == 0) | .type' ca/ledger.jsonl)" cert.signing
equal "$(records '.type == "ca.created"')" 1

step "the keys are the token's: sensitive, never extractable, made there, sign only (P1)"
run 0 token show --token test --pin-source file:pin --json
json '[.keys[] | select(.has_private)] | length == 2'
json '[.keys[] | select(.has_private) | .private, .sensitive, .always_sensitive, .never_extractable, .local, .sign] | all(. == "yes")'
json '[.keys[] | select(.has_private) | .extractable, .decrypt, .unwrap, .derive] | all(. == "no")'

step "the certificate is on the token too"
pkcs11-tool --module "$(softhsm_module)" --token-label test --read-object --type cert --label coldca-ca -o from-token.der 2>/dev/null
openssl x509 -in from-token.der -inform DER -out from-token.pem
same from-token.pem <(openssl x509 -in ca/ca.pem)

step "nothing is overwritten"
cp -r ca before
run 3 -C ca init --token test --subject "CN=Other" --pin-source file:pin
diff -r ca before >changes || fail "init changed a home that was there: $(cat changes)"

step "no file of a home holds the PIN (P7)"
! grep -rqF "$(cat pin)" ca || fail "the PIN is in the home"

step "a subject that the policy refuses makes no home and no key"
run 3 -C refused init --token test --subject "C=usa,CN=X" --key-label refused --pin-source file:pin
says 'subject C: "usa"'
absent refused/ca.yaml
run 0 token show --token test --pin-source file:pin --json
json '[.keys[] | select(.label | startswith("refused"))] | length == 0'

step "a sub-CA: a request for the parent, the parent's answer, then it signs"
run 0 -C issuing init --csr --token test --key-label issuing --subject "O=Test Org,CN=Issuing CA" --pin-source file:pin --json
csr_file=$(jq -r .csr out)
openssl req -in "$csr_file" -verify -noout 2>/dev/null || fail "the sub-CA's request does not verify"
csr requests/early.csr /CN=early
run 3 -C issuing sign "${device[@]}" --pin-source file:pin --out early requests
absent early/early.pem
mkdir stick
cp "$csr_file" stick/issuing.csr
run 0 -C ca sign --policy sub-ca --pin-source file:pin --out stick stick/issuing.csr
run 4 -C issuing init --certificate ca/ca.pem --pin-source file:pin
says "is not the one of the certificate"
absent issuing/ca.pem
run 0 -C issuing init --certificate stick/issuing.pem --chain ca/ca.pem --pin-source file:pin
run 0 -C issuing sign "${device[@]}" --chain --pin-source file:pin --out issued requests/early.csr
openssl verify -x509_strict -CAfile ca/ca.pem -untrusted issuing/ca.pem issued/early.pem >/dev/null || fail "the chain does not hold"
equal "$(grep -c BEGIN issued/early-chain.pem)" 3 "the chain file holds the certificate, the CA and what --chain gave"
run 0 -C issuing ledger verify

step "a key and certificate that were there are adopted"
key=$(awk -F"'" '/^ca_key/ { print $2 }' ca/ca.yaml)
run 0 -C adopted init --token test --use-key "$key" --certificate ca/ca.pem --key-label adopted --origin adopted.example \
    --pin-source file:pin
same adopted/ca.pem ca/ca.pem
run 0 -C adopted sign "${device[@]}" --pin-source file:pin --out adopted-issued requests/early.csr
strict adopted-issued/early.pem
run 0 -C adopted ledger verify

step "a certificate that writes the key as a compressed point is adopted: keys are compared by value"
openssl req -x509 -newkey rsa:2048 -noenc -keyout parent.key -subj /CN=Parent -days 3000 -out parent.pem 2>/dev/null
openssl x509 -in ca/ca.pem -noout -pubkey | openssl pkey -pubin -ec_conv_form compressed -out compressed.pub
openssl x509 -new -force_pubkey compressed.pub -subj /CN=Compressed -CA parent.pem -CAkey parent.key -days 3000 \
    -extfile <(printf '%s\n' basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash \
        authorityKeyIdentifier=keyid) -out compressed.pem 2>err
run 0 -C compressed init --token test --use-key "$key" --certificate compressed.pem --chain parent.pem --key-label compressed \
    --origin compressed.example --pin-source file:pin
run 0 -C compressed sign "${device[@]}" --pin-source file:pin --out compressed-issued requests/early.csr
openssl verify -CAfile parent.pem -untrusted compressed.pem compressed-issued/early.pem >/dev/null || fail "it does not verify"
run 0 -C compressed ledger verify

step "a certificate of another key is not adopted"
openssl req -x509 -newkey rsa:2048 -noenc -keyout other.key -subj /CN=Other -out other.pem 2>/dev/null
run 4 -C wrong init --token test --use-key "$key" --certificate other.pem --key-label wrong --origin wrong.example --pin-source file:pin
absent wrong/ca.yaml

for key in rsa-3072 ec-p256 ec-p384 ec-p521 ed25519; do
    step "a root of $key"
    run 0 -C "root-$key" init --token test --key "$key" --key-label "$key" --subject "CN=Root $key" --pin-source file:pin
    openssl verify -x509_strict -CAfile "root-$key/ca.pem" "root-$key/ca.pem" >/dev/null || fail "the $key root does not hold"
done
run 0 -C root-pss init --token test --key rsa-2048 --pss --key-label pss --subject "CN=Root PSS" --pin-source file:pin
openssl verify -x509_strict -CAfile root-pss/ca.pem root-pss/ca.pem >/dev/null || fail "the PSS root does not hold"
openssl x509 -in root-pss/ca.pem -noout -text | grep -q 'Signature Algorithm: rsassaPss' || fail "not PSS"

step "--days: how long the root is valid, up to the policy's max_days"
lifetime() {
    local from until
    from=$(date -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%s)
    until=$(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s)
    echo $(((until - from + 1) / 86400)) # both ends count (RFC 5280 4.1.2.5)
}
equal "$(lifetime ca/ca.pem)" 3650 "the policy's own days"
run 0 -C brief init --token test --days 1024 --key-label brief --subject "CN=Brief Root" --pin-source file:pin
equal "$(lifetime brief/ca.pem)" 1024
run 3 -C long init --token test --days 9126 --key-label long --subject "CN=Long Root" --pin-source file:pin
says "9126 days are more than the 9125 the policy allows"
run 2 -C long init --token test --days 0 --key-label long --subject "CN=Long Root" --pin-source file:pin
says "--days is 1 to 36525"
run 2 -C long init --csr --token test --days 30 --key-label long --subject "CN=Long Root" --pin-source file:pin
says "decided by its parent"
absent long/ca.yaml

step "below a CA of path length 0 there is none"
run 0 -C below init --csr --token test --key-label below --subject "CN=Below" --pin-source file:pin
run 1 -C issuing sign --policy sub-ca --pin-source file:pin --out parent below/ca.csr
says "no CA may be below this issuer"

step "a label that is taken, options that are wrong: no home is made"
run 4 -C x init --token test --subject CN=Other --key-label issuing --pin-source file:pin
says issuing
run 2 -C x init --token test --pin-source file:pin
says --subject
run 2 -C x init --token test --subject nonsense --pin-source file:pin
run 2 -C x init --token test --subject CN=x --key rsa-1 --pin-source file:pin
absent x/ca.yaml

step "a key that could leave the token is refused; --allow-extractable uses it, and the ledger says so (P1)"
pkcs11-tool --module "$(softhsm_module)" --token-label test --login --pin "$(cat pin)" --keypairgen --key-type EC:prime256v1 \
    --label loose --id 77 --extractable --usage-sign >/dev/null 2>&1
loose=(-C loose init --token test --key-label loose --pin-source file:pin --subject CN=Loose --use-key 'pkcs11:id=%77')
run 4 "${loose[@]}"
says extractable
absent loose/ca.yaml
run 0 "${loose[@]}" --allow-extractable
grep -q '"extractable":true\|allow_extractable' loose/ledger.jsonl || fail "the ledger is silent about it"
run 0 -C loose sign "${device[@]}" --pin-source file:pin --out loose-issued requests/early.csr
run 0 -C loose ledger verify
