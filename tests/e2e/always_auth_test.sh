#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A CA key that wants its PIN for each signature (CKA_ALWAYS_AUTHENTICATE): asked for each time, or refused, as the token's YAML says.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
pkcs11-tool --module "$(softhsm_module)" --token-label test --login --pin "$(cat pin)" --keypairgen --key-type EC:prime256v1 --id 55 \
    --label careful --always-auth >/dev/null 2>&1 || fail "pkcs11-tool could not make a key that asks each time"
run 0 -C ca init --token test --use-key "pkcs11:token=test;id=%55;type=private" --subject "CN=Careful Root" --origin careful.example \
    --key-label ours --pin-source file:pin

step "with the PIN at hand for each signature, a stick is signed"
mkdir stick
run 0 request "${device[@]}" --list <(seq -f 'device-%02g' 20) --out stick/requests
run 0 -C ca --pin-source file:pin --json batch "${device[@]}" stick
json '.issued == 20'
says "wants its PIN for each signature"
strict "$(find stick/issued -name device-01.pem)"
sound_ledger

step "so it is from what can be read but once: a variable, a pipe, a descriptor"
THE_PIN=$(cat pin) run 0 -C ca sign "${device[@]}" --reissue --pin-source env:THE_PIN --out by-variable stick/requests/device-0{1,2}.csr
run 0 -C ca sign "${device[@]}" --reissue --pin-source file:<(cat pin) --out by-pipe stick/requests/device-0{1,2}.csr
setsid --wait "$COLDCA" -C ca sign "${device[@]}" --reissue --pin-source fd:7 --out by-descriptor stick/requests/device-0{1,2}.csr \
    7<pin >out 2>err </dev/null || fail "fd:7"
present by-{variable,pipe,descriptor}/device-0{1,2}.pem

step "a token whose YAML refuses such keys: nothing is logged, nothing signed"
size=$(wc -c <ca/ledger.jsonl)
sed 's/^always_authenticate: true/always_authenticate: false/; s/^name: .*/name: strict/' "$SOURCE/tokens/softhsm2.yaml" >strict.yaml
sed -i "s#^  profile: .*#  profile: '$PWD/strict.yaml'#" ca/ca.yaml
ask late
run 4 -C ca sign "${device[@]}" --pin-source file:pin --out issued requests/late.csr
says "CKA_ALWAYS_AUTHENTICATE"
equal "$(wc -c <ca/ledger.jsonl)" "$size"
