#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# p11-kit's proxy over SoftHSM: a module that makes a new function list for each caller is one module all the same.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/family.sh
source "$(dirname "$0")/family.sh"
for module in /usr/lib/*/p11-kit-proxy.so /usr/lib64/p11-kit-proxy.so; do
    [ ! -r "$module" ] || break
done
[ -r "$module" ] || skip "p11-kit-proxy.so is not installed: scripts/setup tests"
# shellcheck disable=SC2034 # family.sh reads them
model=p11-kit token=test
make_token

step "its tokens are seen, also where only the module's path is given"
run 0 token list --module "$module" --json
json '[.[] | select(.label == "test")] | length == 1'
family_init
family_works

step "by the module's path, without a profile"
run 0 -C other init --module "$module" --token test --origin other.example/ca --key-label other --subject "CN=Proxy Root" --pin-source file:pin
csr other.csr /CN=other
run 0 -C other sign "${device[@]}" --pin-source file:pin --out other-issued other.csr
openssl verify -x509_strict -CAfile other/ca.pem other-issued/other.pem >out 2>err || fail "the certificate"
echo "all is well"
