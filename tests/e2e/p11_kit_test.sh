#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# p11-kit's proxy over SoftHSM: a module that makes a new function list for each caller is one module all the same.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
for module in /usr/lib/*/p11-kit-proxy.so /usr/lib64/p11-kit-proxy.so; do
    [ ! -r "$module" ] || break
done
[ -r "$module" ] || skip "p11-kit-proxy.so is not installed: scripts/setup tests"
spy=$BUILD/token_shim.so

step "its tokens are seen, and a CA is made in one"
run 0 token list --module "$module" --json
json '[.[] | select(.label == "test")] | length == 1'
run 0 -C ca init --module "$module" --token test --subject "CN=Proxy Root" --pin-source file:pin

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

step "a wrong PIN is tried once"
sed -i "s|^  module: .*|  module: $spy|" ca/ca.yaml
export TOKEN_SHIM_MODULE=$module TOKEN_SHIM_LOGINS=$work/logins
(umask 077 && echo 00000000 >wrong)
csr late.csr /CN=late
run 4 -C ca sign "${device[@]}" --pin-source file:wrong --out late late.csr
says CKR_PIN_INCORRECT
equal "$(wc -l <logins)" 1 "logins"
echo "all is well"
