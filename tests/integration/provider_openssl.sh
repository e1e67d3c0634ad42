#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real openssl command signs with token keys through coldca-provider.so; plain openssl, without it, verifies.
set -euo pipefail

folder=$(mktemp -d "${TMPDIR:-/tmp}/coldca-provider-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# shellcheck source=scripts/softhsm.sh
. "${SOURCE:?the source folder}/scripts/softhsm.sh"
module=$(softhsm_module)
preloaded=$(preloaded_for "${BUILD:?the build folder}/coldca-provider.so")

mkdir tokens
printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$folder" >softhsm2.conf
export SOFTHSM2_CONF=$folder/softhsm2.conf
export COLDCA_PKCS11_MODULE=$module
softhsm2-util --init-token --free --label 'openssl test' --so-pin 87654321 --pin 246810 >/dev/null
umask 077
printf '246810\n' >pin
printf '999999\n' >wrong-pin

keys=(p256 p384 p521 ed25519 rsa)
types=(EC:prime256v1 EC:secp384r1 EC:secp521r1 EC:edwards25519 rsa:2048)
for i in "${!keys[@]}"; do
    pkcs11-tool --module "$module" --token-label 'openssl test' --login --pin 246810 --keypairgen \
        --key-type "${types[$i]}" --id "0$((i + 1))" --label "${keys[$i]}" --sensitive --usage-sign >/dev/null 2>&1
done

uri() { # KEY: its URI with the PIN's source
    echo "pkcs11:token=openssl%20test;object=$1;type=private?pin-source=file:$folder/pin"
}
openssl_here() { # the openssl command, about to load the provider; its leaks are its own
    LD_PRELOAD=$preloaded ASAN_OPTIONS=detect_leaks=0 openssl "$@"
}
with_token() { # openssl COMMAND... with the provider
    local command=$1
    shift
    openssl_here "$command" -provider-path "$BUILD" -provider coldca-provider -provider default "$@"
}
step() { echo "-- $*"; }
fails_with() { # TEXT COMMAND...: the command must fail and say TEXT
    local text=$1
    shift
    if "$@" >out 2>&1; then
        echo "did not fail: $*"
        exit 1
    fi
    grep -q -- "$text" out || { echo "does not say \"$text\":"; cat out; exit 1; }
}

printf 'some text to be signed' >text
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key 2>/dev/null
openssl req -new -key leaf.key -subj /CN=leaf -out leaf.csr

step "pkeyutl -sign a digest, verified by plain openssl"
openssl dgst -sha256 -binary text >text.sha256
for key in p256 rsa; do
    with_token pkeyutl -sign -inkey "$(uri $key)" -in text.sha256 -pkeyopt digest:sha256 -out $key.sig
    with_token pkey -in "$(uri $key)" -pubout -out $key.pub
    openssl pkeyutl -verify -pubin -inkey $key.pub -in text.sha256 -sigfile $key.sig -pkeyopt digest:sha256 >/dev/null
done

step "pkeyutl -sign with PSS"
with_token pkeyutl -sign -inkey "$(uri rsa)" -in text.sha256 -pkeyopt digest:sha256 \
    -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest -out pss.sig
openssl pkeyutl -verify -pubin -inkey rsa.pub -in text.sha256 -sigfile pss.sig -pkeyopt digest:sha256 \
    -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest >/dev/null

step "pkeyutl -rawin: Ed25519, and a file hashed piece by piece"
with_token pkeyutl -sign -rawin -inkey "$(uri ed25519)" -in text -out ed25519.sig
with_token pkey -in "$(uri ed25519)" -pubout -out ed25519.pub
openssl pkeyutl -verify -rawin -pubin -inkey ed25519.pub -in text -sigfile ed25519.sig >/dev/null
with_token dgst -sha384 -sign "$(uri p384)" -out p384.sig text
with_token pkey -in "$(uri p384)" -pubout -out p384.pub
openssl dgst -sha384 -verify p384.pub -signature p384.sig text >/dev/null

step "req -new -x509 and x509 -req -CAkey, each verified by plain openssl"
for key in p256 p384 p521 ed25519 rsa; do
    with_token req -new -x509 -key "$(uri $key)" -subj "/CN=root $key" -days 30 -out $key.pem
    openssl verify -CAfile $key.pem -check_ss_sig $key.pem >/dev/null
    with_token x509 -req -in leaf.csr -CA $key.pem -CAkey "$(uri $key)" -days 2 -out $key-leaf.pem 2>/dev/null
    openssl verify -CAfile $key.pem $key-leaf.pem >/dev/null
    with_token req -new -key "$(uri $key)" -subj "/CN=request $key" -out $key.csr
    openssl req -in $key.csr -verify -noout 2>/dev/null
done
with_token req -new -x509 -key "$(uri rsa)" -subj "/CN=root pss" -days 30 -sha384 -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:digest -out pss.pem
openssl verify -CAfile pss.pem -check_ss_sig pss.pem >/dev/null
with_token x509 -req -in leaf.csr -CA pss.pem -CAkey "$(uri rsa)" -days 2 -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:digest -out pss-leaf.pem 2>/dev/null
openssl verify -CAfile pss.pem pss-leaf.pem >/dev/null
openssl x509 -in pss-leaf.pem -noout -text | grep -q 'Salt Length: 0x20'

step "the signature algorithms are those of OpenSSL's own keys"
for pair in p256:ecdsa-with-SHA256 p384:ecdsa-with-SHA256 p521:ecdsa-with-SHA256 ed25519:ED25519 \
    rsa:sha256WithRSAEncryption; do
    [ "$(openssl x509 -in "${pair%%:*}.pem" -noout -text | grep -c "Signature Algorithm: ${pair#*:}")" = 2 ]
done

step "a PIN by prompt (-passin), the public key and a certificate by URI"
with_token pkeyutl -sign -inkey 'pkcs11:token=openssl%20test;object=p256;type=private' -passin "file:$folder/pin" \
    -in text.sha256 -out again.sig
openssl pkeyutl -verify -pubin -inkey p256.pub -in text.sha256 -sigfile again.sig >/dev/null
with_token pkey -pubin -in 'pkcs11:token=openssl%20test;object=p256;type=public' -pubout -out public.pub
cmp p256.pub public.pub
openssl x509 -in p256.pem -outform DER -out p256.der
pkcs11-tool --module "$module" --token-label 'openssl test' --login --pin 246810 --write-object p256.der --type cert \
    --id 01 --label p256 >/dev/null 2>&1
with_token x509 -in 'pkcs11:token=openssl%20test;object=p256;type=cert' -out from-token.pem
cmp <(openssl x509 -in p256.pem) <(openssl x509 -in from-token.pem)

step "the module may be named in the URI or in openssl.cnf"
(
    unset COLDCA_PKCS11_MODULE
    with_token pkeyutl -sign -inkey "$(uri p256)&module-path=$module" -in text.sha256 -out named.sig
    fails_with 'no PKCS#11 module is named' with_token pkeyutl -sign -inkey "$(uri p256)" -in text.sha256 -out x.sig
    cat >openssl.cnf <<CONF
openssl_conf = start
[start]
providers = all
[all]
default = standard
coldca = ours
[standard]
activate = 1
[ours]
module = $BUILD/coldca-provider.so
pkcs11-module-path = $module
activate = 1
CONF
    OPENSSL_CONF=openssl.cnf openssl_here pkeyutl -sign -inkey "$(uri p256)" -in text.sha256 -out configured.sig
)
openssl pkeyutl -verify -pubin -inkey p256.pub -in text.sha256 -sigfile named.sig >/dev/null
openssl pkeyutl -verify -pubin -inkey p256.pub -in text.sha256 -sigfile configured.sig >/dev/null

step "refusals"
fails_with 'holds a PIN' with_token pkeyutl -sign -inkey 'pkcs11:object=p256?pin-value=246810' -in text.sha256 -out x.sig
fails_with 'CKR_PIN_INCORRECT' with_token pkeyutl -sign \
    -inkey "pkcs11:token=openssl%20test;object=p256?pin-source=file:$folder/wrong-pin" -in text.sha256 -out x.sig
[ "$(grep -c 'one attempt was made' out)" = 1 ]
(   # counted at the module: one C_Login, however often the command looks at its key
    export TOKEN_SHIM_MODULE=$module COLDCA_PKCS11_MODULE=$BUILD/token_shim.so TOKEN_SHIM_LOGINS=$folder/logins
    fails_with 'CKR_PIN_INCORRECT' with_token x509 -req -in leaf.csr -CA p256.pem -out x.pem \
        -CAkey "pkcs11:token=openssl%20test;object=p256?pin-source=file:$folder/wrong-pin"
    [ "$(wc -l <logins)" = 1 ]
)
fails_with 'is refused' with_token req -new -x509 -key "$(uri rsa)" -subj /CN=x -sha1 -out x.pem
fails_with 'no private key fits' with_token pkeyutl -sign -inkey "$(uri nobody)" -in text.sha256 -out x.sig
if with_token pkey -in "$(uri p256)" -out private.pem 2>/dev/null || grep -qs PRIVATE private.pem; then
    echo "the private key was written to a file"
    exit 1
fi
chmod 644 pin
fails_with 'pin' with_token pkeyutl -sign -inkey "$(uri p256)" -in text.sha256 -out x.sig
echo "all of it verified by plain openssl"
