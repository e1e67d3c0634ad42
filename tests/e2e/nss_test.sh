#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# NSS softokn as the CA's token: another software token, with a string for C_Initialize and habits of its own.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/family.sh
source "$(dirname "$0")/family.sh"
command -v certutil >/dev/null || skip "certutil is not installed: scripts/setup tests"
for module in /usr/lib/*/libsoftokn3.so /usr/lib64/libsoftokn3.so; do
    [ ! -r "$module" ] || break
done
[ -r "$module" ] || skip "libsoftokn3.so is not installed: scripts/setup tests"
model=nss-softokn token="NSS Certificate DB" init_args="configdir='sql:nssdb' certPrefix='' keyPrefix='' secmod='' flags="
(umask 077 && echo Correct-horse-1 >pin)
mkdir nssdb
certutil -N -d sql:nssdb -f pin >out 2>err || fail "certutil made no database"

family_init --key ec-p256
says "the ledger key is P-256"
family_works
says "1 of 1 tokens keep no data"

step "its tokens are made by certutil: no PIN is tried"
run 4 token init --model "$model" --token "$token" --label other --erase --so-pin-source file:pin --pin-source file:pin
says "no PIN was tried"
echo "all is well"
