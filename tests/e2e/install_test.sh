#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cmake --install to a prefix, then the main job by an ordinary user with nothing of the source folder in reach.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
cmake --install "${BUILD:?the build folder}" --prefix "$work/prefix" >out 2>err || fail "cmake --install"
COLDCA=$(find prefix -name coldca -path '*/bin/*')
[ -x "$COLDCA" ] || fail "no program was installed"
COLDCA=$work/$COLDCA
unset COLDCA_DATA

step "the program, the policies, the token profiles, the documents, the provider"
present prefix/share/coldca/ceremonies/root.yaml prefix/share/coldca/policies/mqtt-device.yaml prefix/share/coldca/tokens/softhsm2.yaml
for name in README.md policy-reference.md ledger-format.md coldca.1 coldca-tools.1 coldca-tools coldca-provider.so; do
    [ -n "$(find prefix -name $name)" ] || fail "$name was not installed"
done

step "the installed program finds its policies and profiles by itself"
run 0 ceremony check root
run 0 policy list --json
equal "$(jq -r 'map(.policy) | length' out)" "$(find "$SOURCE/policies" -name '*.yaml' | wc -l)"

step "an ordinary user: token, CA, request, check, sign, verify"
if [ "$(id -u)" = 0 ]; then
    chmod 755 .
    mkdir user
    chown 65534:65534 user
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
else
    mkdir user
    as_user=()
fi
cp "$SOURCE/scripts/softhsm.sh" user/ # the source folder may be out of the user's reach
"${as_user[@]}" env HOME="$work/user" COLDCA="$COLDCA" bash -euo pipefail >out 2>err <<'USER' || fail "the main job as an ordinary user"
cd "$HOME"
# shellcheck source=scripts/softhsm.sh
. ./softhsm.sh
softhsm_use token
softhsm_pins token
"$COLDCA" token init --label user --so-pin-source file:token/so-pin --pin-source file:token/pin
"$COLDCA" -C ca init --token user --subject CN=User --pin-source file:token/pin
"$COLDCA" request --policy mqtt-device --set domain=iot.example --cn device-1 --out requests
"$COLDCA" -C ca check --policy mqtt-device --set domain=iot.example requests
"$COLDCA" -C ca sign --policy mqtt-device --set domain=iot.example --pin-source file:token/pin --out issued requests
"$COLDCA" -C ca ledger verify
openssl verify -x509_strict -CAfile ca/ca.pem issued/device-1.pem
"$COLDCA-tools" -C ca ledger verify
"$COLDCA-tools" check --policy mqtt-device --set domain=iot.example requests
USER
says "issued/device-1.pem: OK"
says "all of it holds"
