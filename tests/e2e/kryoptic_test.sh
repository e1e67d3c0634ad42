#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kryoptic as the CA's token: a software token in Rust, from the first initialisation on, by a profile that confines the signer.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/family.sh
source "$(dirname "$0")/family.sh"
module=$SOURCE/build/kryoptic/libkryoptic_pkcs11.so
[ -r "$module" ] || fail "no module: scripts/setup kryoptic"
# shellcheck disable=SC2034 # family.sh reads them
model=kryoptic token=test
mkdir -p data/tokens database
ln -s "$SOURCE/policies" data/policies
# The profile, for a module that is not where systems have it.
sed -e "s|^modules:|&\n  - $module|" -e "s|^files:.*|&\n  - {path: $module}|" "$SOURCE/tokens/kryoptic.yaml" >data/tokens/kryoptic.yaml
export COLDCA_DATA=$work/data KRYOPTIC_CONF=$work/token.conf
printf '[[slots]]\nslot = 0\ndbtype = "sqlite"\ndbargs = "%s/database/token.sql"\n' "$work" >token.conf
softhsm_pins .

step "its token is made ready"
run 0 token list --model kryoptic
says "not initialised"
run 0 token init --model kryoptic --label test --so-pin-source file:so-pin --pin-source file:pin
family_init
family_works
says "the token test remembers"

step "the signer is confined to the database's directory"
csr confined.csr /CN=confined
sign 0 --out issued confined.csr
says_not "not confined"

step "a home that was put back is found by what the token remembers"
cp -a ca older
csr newest.csr /CN=newest
sign 0 --out issued newest.csr
rm -rf ca
mv older ca
csr next.csr /CN=next
sign 5 --out issued next.csr
absent issued/next.pem

step "a configuration whose directory is not there is named"
sed -i 's|/database/|/elsewhere/|' token.conf
run 4 token list --model kryoptic
says "$work/elsewhere does not exist"
echo "all is well"
