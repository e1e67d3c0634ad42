#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# token.pool: tokens that hold the same CA key share the work; one that fails is dropped, and the rest go on.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/pool.sh
source "$(dirname "$0")/pool.sh"
make_pool

requests_on stick device-%04g 1500

step "two tokens sign one batch; one of them fails in the middle, is dropped, and the other does the rest"
export TOKEN_FAULT="call=C_Sign of=32 at=400 fault=rv rv=48" # CKR_DEVICE_ERROR
run 0 -C ca --pin-source file:pin --json batch "${device[@]}" stick
unset TOKEN_FAULT
json '.issued == 1500'
says "failed and was removed from the pool; continuing with the others"
says "CKR_DEVICE_ERROR"
openssl verify -x509_strict -CAfile shared.pem "$(find stick/issued -name device-0001.pem)" "$(find stick/issued -name device-1500.pem)" \
    >verified 2>&1 || fail "$(cat verified)"
sound_ledger

step "the same fault without a pool stops the run; run again, it is finished"
sed '/^  pool:/,+1d' ca/ca.yaml >alone.yaml
cp ca/ca.yaml both.yaml
cp alone.yaml ca/ca.yaml
requests_on lone lone-%04g 300
export TOKEN_FAULT="call=C_Sign of=32 at=100 fault=rv rv=48"
run 4 -C ca --pin-source file:pin batch "${device[@]}" lone
unset TOKEN_FAULT
run 0 -C ca --pin-source file:pin --json batch "${device[@]}" lone
json '.resumed and .issued + .repeated == 300'
sound_ledger

step "a slow token is given fewer at a time, so that a run can be stopped soon"
sed -i "s/^token:/&\n  sessions: 1/" ca/ca.yaml
requests_on slow slow-%04g 190
export TOKEN_FAULT="latency_ms=30"
run 0 -C ca --pin-source file:pin --json batch "${device[@]}" slow
unset TOKEN_FAULT
json '.issued == 190'
# Two groups of 64 are under way before it is known; then it is 16, as many as it signs in half a second.
last=$(jq -r .type ca/ledger.jsonl | uniq -c | awk '$2 == "cert.signing" { count = $1 } END { print count }')
[ "$last" -le 20 ] || fail "$last at a time"
cp both.yaml ca/ca.yaml

step "a token of the pool that is not there, or holds another key, is told before anything is signed"
size=$(wc -c <ca/ledger.jsonl)
sed 's/token=second/token=third/' both.yaml >ca/ca.yaml
run 4 -C ca --pin-source file:pin sign "${device[@]}" --out issued stick/requests/device-0001.csr
says "of the pool in ca.yaml"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key 2>/dev/null
softhsm2-util --import other.key --token second --label other --id 78 --pin "$(cat pin)" >/dev/null
sed 's/token=second;id=%77/token=second;id=%78/' both.yaml >ca/ca.yaml
run 4 -C ca --pin-source file:pin sign "${device[@]}" --out issued stick/requests/device-0001.csr
says "of the pool in ca.yaml"
equal "$(wc -c <ca/ledger.jsonl)" "$size"
absent issued/device-0001.pem
