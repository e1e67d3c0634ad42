#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tpm2-pkcs11 as the CA's token, over a TPM 2.0 in software: swtpm, and the resource manager tpm2-abrmd on a bus of its own.
if [ -z "${TPM2_TEST_BUS:-}" ]; then
    command -v dbus-run-session >/dev/null || { echo "skipped: dbus-run-session is not installed: scripts/setup test"; exit 77; }
    TPM2_TEST_BUS=yes exec dbus-run-session -- bash "$0"
fi
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/family.sh
source "$(dirname "$0")/family.sh"
for module in /usr/lib/*/libtpm2_pkcs11.so.1 /usr/lib/*/pkcs11/libtpm2_pkcs11.so; do
    [ ! -r "$module" ] || break
done
[ -r "$module" ] || skip "libtpm2_pkcs11.so.1 is not installed: scripts/setup test"
model=tpm2-pkcs11 token=test
(umask 077 && echo 87654321 >pin)
mkdir state store
swtpm socket --tpm2 --tpmstate dir="$work/state" --ctrl type=unixio,path="$work/tpm.ctrl" --server type=unixio,path="$work/tpm" \
    --flags not-need-init,startup-clear --daemon --pid file="$work/swtpm.pid" >out 2>err || fail "swtpm does not start"
children+=("$(cat swtpm.pid)")
tpm2-abrmd --session --allow-root --tcti=swtpm:path="$work/tpm" >manager.log 2>&1 &
manager=$!
children+=("$manager")
export TPM2_PKCS11_TCTI=tabrmd:bus_type=session TPM2TOOLS_TCTI=tabrmd:bus_type=session TPM2_PKCS11_STORE=$work/store
until tpm2_getrandom --hex 1 >out 2>err; do
    kill -0 "$manager" 2>/dev/null || fail "tpm2-abrmd ended: $(cat manager.log)"
done

step "its token is made by tpm2_ptool: no PIN is tried by token init"
tpm2_ptool init --path store >out 2>err || fail "tpm2_ptool makes no store"
tpm2_ptool addtoken --pid 1 --sopin 12345678 --userpin "$(cat pin)" --label "$token" --path store >out 2>err || fail "tpm2_ptool makes no token"
run 4 token init --model "$model" --token "$token" --label other --erase --so-pin-source file:pin --pin-source file:pin
says "no PIN was tried"

family_init --key ec-p256
says "the ledger key is P-256"
says_not "it may decrypt" # the key signs only, though this token refuses the strict form of the template
run 0 --pin-source file:pin token show --token "$token" --model "$model" --json
family_works
says "the token test remembers"

step "an RSA key signs by decrypting in this module, and that is said"
run 0 -C rsa init --model "$model" --token "$token" --key rsa-2048 --key-label rsa --origin rsa.example --subject "CN=RSA Root" --pin-source file:pin
says "CA key: key: it may decrypt besides signing"
csr rsa.csr /CN=rsa
run 0 -C rsa sign "${device[@]}" --pin-source file:pin --out rsa-issued rsa.csr
openssl verify -x509_strict -CAfile rsa/ca.pem rsa-issued/rsa.pem >out 2>err || fail "the certificate"
echo "all is well"
