#!/usr/bin/env bash
# Making a CA: a root, a sub-CA by a parent, an adopted key; what is refused, and that nothing is overwritten.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

text_of() {
    openssl x509 -in "$1" -noout -text >text
}

has() {
    grep -qE -- "$1" text || fail "the certificate does not have: $1"
}

make_token
for key in rsa-3072 ec-p256 ec-p384 ec-p521 ed25519; do
    run 0 "$COLDCA" -C "root-$key" --pin-source file:pin init --token test --key "$key" --key-label "l-$key" --subject "C=US,ST=NY,L=NY,O=My Org,CN=Root $key"
    openssl verify -x509_strict -check_ss_sig -CAfile "root-$key/ca.pem" "root-$key/ca.pem" >out 2>err || fail "openssl refuses the $key root"
    text_of "root-$key/ca.pem"
    has 'Version: 3'
    has 'X509v3 Basic Constraints: critical'
    has 'CA:TRUE'
    has 'X509v3 Key Usage: critical'
    has 'Certificate Sign, CRL Sign'
    has 'Subject Key Identifier'
    serial=$(openssl x509 -in "root-$key/ca.pem" -noout -serial)
    [[ $serial =~ ^serial=[0-7][0-9A-F]{39}$ ]] || fail "$serial is not 20 positive octets"
    run 0 "$COLDCA" -C "root-$key" ledger verify
    json_of=$("$COLDCA" -C "root-$key" ledger show 0 --json | jq -r .type)
    [ "$json_of" = cert.signing ] || fail "the ledger does not start with the bytes that were signed"
done
run 0 "$COLDCA" -C root-pss --pin-source file:pin init --token test --key rsa-3072 --pss --key-label pss --subject "CN=PSS"
text_of root-pss/ca.pem
has 'rsassaPss'
openssl verify -CAfile root-pss/ca.pem root-pss/ca.pem >/dev/null || fail "openssl refuses the PSS root"

# P1: what the token says of the keys.
run 0 "$COLDCA" --pin-source file:pin token show --token test --json
json '[.keys[] | select(.has_private) | .sensitive, .extractable, .never_extractable, .local, .sign, .decrypt, .unwrap, .derive] | unique | sort | join(",")' no,yes
json '[.keys[] | select(.has_private) | .extractable] | unique | join(",")' no
json '[.keys[] | select(.has_private) | .decrypt] | unique | join(",")' no
# The certificate is on the token too.
pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label test -O --type cert 2>/dev/null | grep -q 'Certificate Object' || fail "no certificate on the token"

# Nothing is ever overwritten.
digest() { find root-ec-p256 -type f -exec sha256sum {} + | sort; }
before=$(digest)
run 3 "$COLDCA" -C root-ec-p256 --pin-source file:pin init --token test --subject "CN=Other" --key-label other
says "nothing is overwritten"
[ "$(digest)" = "$before" ] || fail "init touched an existing home"
run 4 "$COLDCA" -C again --pin-source file:pin init --token test --subject "CN=Other" --key-label l-ec-p256
says "l-ec-p256"

# A sub-CA: keys here, certificate by the root.
run 0 "$COLDCA" -C issuing --pin-source file:pin init --csr --token test --key-label issuing --subject "O=My Org,CN=Issuing"
run 3 "$COLDCA" -C issuing --pin-source file:pin sign --policy mqtt-device --set domain=x --out o issuing/ca.csr
says "awaits its parent's certificate"
run 0 "$COLDCA" -C root-ec-p256 --pin-source file:pin sign --policy sub-ca --out parent issuing/ca.csr
run 4 "$COLDCA" -C issuing --pin-source file:pin init --certificate root-ec-p384/ca.pem
run 0 "$COLDCA" -C issuing --pin-source file:pin init --certificate parent/ca.pem --chain root-ec-p256/ca.pem
text_of issuing/ca.pem
has 'pathlen:0'
run 0 "$COLDCA" request --policy mqtt-device --set domain=d --cn dev1 --out requests
run 0 "$COLDCA" -C issuing --pin-source file:pin sign --chain --policy mqtt-device --set domain=d --out issued requests
openssl verify -x509_strict -CAfile root-ec-p256/ca.pem -untrusted issuing/ca.pem issued/dev1.pem >/dev/null || fail "the chain does not verify"
[ "$(grep -c BEGIN issued/dev1-chain.pem)" = 3 ] || fail "the chain file is not leaf, issuer, root"
run 0 "$COLDCA" -C issuing ledger verify
# A sub-CA with path length 0 makes no CAs.
run 0 "$COLDCA" -C below --pin-source file:pin init --csr --token test --key-label below --subject "O=My Org,CN=Below"
run 1 "$COLDCA" -C issuing --pin-source file:pin sign --policy sub-ca --out parent2 below/ca.csr
says "no CA may be below this issuer"

# An adopted key: a home of its own over the root's key and certificate.
uri=$(sed -n "s/^ca_key: '\(.*\)'/\1/p" root-ec-p256/ca.yaml)
run 0 "$COLDCA" -C adopted --pin-source file:pin init --token test --use-key "$uri" --certificate root-ec-p256/ca.pem --origin adopted.example --key-label adopted
cmp root-ec-p256/ca.pem adopted/ca.pem || fail "the adopted certificate differs"
run 4 "$COLDCA" -C adopted2 --pin-source file:pin init --token test --use-key "$uri" --certificate root-ed25519/ca.pem --origin x.example --key-label adopted2
says "public key"

# Extractable keys are refused, unless told otherwise, and the ledger says so.
pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label test --login --pin 1234 --keypairgen --key-type EC:prime256v1 --label loose --id 77 --extractable >/dev/null 2>&1
run 4 "$COLDCA" -C loose --pin-source file:pin init --token test --use-key 'pkcs11:id=%77' --certificate root-ec-p256/ca.pem --origin y.example --key-label loose2
# Options that are wrong.
run 2 "$COLDCA" -C x --pin-source file:pin init --token test
says "--subject"
run 2 "$COLDCA" -C x --pin-source file:pin init --token test --subject "nonsense"
run 2 "$COLDCA" -C x --pin-source file:pin init --token test --subject "CN=x" --key rsa-1
run 3 "$COLDCA" -C x --pin-source file:pin init --token test --subject "C=usa,CN=x"
[ ! -e x/ca.yaml ] || fail "a home was made all the same"
