#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# token.pool: a token that signs wrongly, in whichever way, is dropped, and nothing of what it signed is handed out.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/pool.sh
source "$(dirname "$0")/pool.sh"
make_pool

step "a token that signs wrongly is dropped as well, and nothing of it is handed out"
for fault in wrong-signature other-key-signature garbage short; do
    requests_on "stick-$fault" "$fault-%03g" 300
    export TOKEN_FAULT="call=C_Sign of=32 at=100 fault=$fault"
    run 0 -C ca --pin-source file:pin --json batch "${device[@]}" "stick-$fault"
    unset TOKEN_FAULT
    json '.issued == 300'
    says "failed and was removed from the pool; continuing with the others"
    (cd "stick-$fault"/issued/*/ && for file in "$fault"-???.pem; do openssl verify -CAfile "$work/shared.pem" "$file"; done) >verified 2>&1 ||
        fail "$(grep -v OK verified)"
    equal "$(wc -l <verified)" 300
done
sound_ledger
