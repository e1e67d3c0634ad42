#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# NSS softokn as the CA's token: another software token, with a string for C_Initialize and habits of its own.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
command -v certutil >/dev/null || skip "certutil is not installed: scripts/setup tests"
(umask 077 && echo Correct-horse-1 >pin && echo Wrong-horse-2 >wrong)
mkdir nssdb
certutil -N -d sql:nssdb -f pin >out 2>err || fail "certutil made no database"
for module in /usr/lib/*/libsoftokn3.so /usr/lib64/libsoftokn3.so; do
    [ ! -r "$module" ] || break
done
[ -r "$module" ] || skip "libsoftokn3.so is not installed: scripts/setup tests"

step "a CA is made; what the token can't do is said"
run 0 -C ca init --model nss-softokn --token "NSS Certificate DB" --key ec-p256 --subject "C=US,O=Test Org,CN=NSS Root" --pin-source file:pin
says "the ledger key is P-256"
run 4 token init --model nss-softokn --token "NSS Certificate DB" --label other --erase --so-pin-source file:pin --pin-source file:pin
says "no PIN was tried"

step "sign five"
for name in 1 2 3 4 5; do csr "requests/device-$name.csr" "/CN=device-$name"; done
sign 0 --out issued requests
strict issued/device-[1-5].pem
sound_ledger

step "batch 200, killed in the middle, and run again"
run 0 request "${device[@]}" --list <(seq -f "unit-%04g" 200) --out made
mkdir -p stick/requests
mv made/*.csr stick/requests
setsid "$COLDCA" -C ca --pin-source file:pin batch "${device[@]}" stick >out 2>err </dev/null &
children+=($!)
timeout 60 grep -qm 5 -F '"cert.issued"' < <(exec tail -n +20 -F ca/ledger.jsonl 2>/dev/null) || fail "nothing was issued"
kill -KILL $! 2>/dev/null || true # it may be done
wait $! 2>/dev/null || true
run 0 -C ca --pin-source file:pin batch "${device[@]}" stick
equal "$(find stick/issued -name 'unit-*.pem' ! -name '*-chain.pem' -printf '%f\n' | sort -u | wc -l)" 200 "devices with a certificate"
sound_ledger

step "the key by its URI in the openssl command"
provider=$(find "$BUILD" -name coldca-provider.so | head -n 1)
cat >openssl.cnf <<CNF
openssl_conf = start
[start]
providers = all
[all]
default = standard
coldca = ours
[standard]
activate = 1
[ours]
module = $provider
pkcs11-module-path = $module
pkcs11-module-init-args = configdir='sql:nssdb' certPrefix='' keyPrefix='' secmod='' flags=
activate = 1
CNF
echo text >text
LD_PRELOAD=$(preloaded_for "$provider") OPENSSL_CONF=$work/openssl.cnf openssl dgst -sha256 \
    -sign "pkcs11:token=NSS%20Certificate%20DB;object=coldca-ca;type=private?pin-source=file:$work/pin" -out text.sig text 2>err ||
    fail "openssl did not sign"
openssl x509 -in ca/ca.pem -noout -pubkey -out ca.pub
openssl dgst -sha256 -verify ca.pub -signature text.sig text >out || fail "the signature does not verify"

step "a wrong PIN is tried once"
sed -i "s|^  uri:|  module: $BUILD/token_shim.so\n  uri:|" ca/ca.yaml
export TOKEN_SHIM_MODULE=$module TOKEN_SHIM_LOGINS=$work/logins
csr late.csr /CN=late
run 4 -C ca sign "${device[@]}" --pin-source file:wrong --out late late.csr
says CKR_PIN_INCORRECT
equal "$(wc -l <logins)" 1 "logins"
echo "all is well"
