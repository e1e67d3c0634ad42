#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A plan that coldca did not make, and that people approved all the same: what its policy, its requests and this CA do not give is not signed.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml
for id in 1 2 3; do csr "requests/device-$id.csr" "/CN=device-$id"; done
run 0 -C ca plan "${device[@]}" -o first.plan requests
approve_plan first.plan ann bob
grep -q CN=device-1 out || fail "approve shows nothing"
! grep -q BEWARE out || fail "approve warns of what coldca made"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null | openssl pkey -pubout -outform DER -out key.der
csr forger.pem /CN=device-1 -addext subjectAltName=DNS:bank.test
openssl req -in forger.pem -outform DER -out forger.der

# refused PLAN WORDS: nothing is signed, nothing is in the ledger, nothing is where certificates go
refused() {
    local lines
    lines=$(wc -l <ca/ledger.jsonl)
    by_plan 3 "$1" ann bob -- sign --out issued
    says "$2"
    equal "$(wc -l <ca/ledger.jsonl)" "$lines" "records of a run that was refused"
    [ -z "$(find issued -type f 2>/dev/null)" ] || fail "something was delivered"
}
# forged HOW WORDS [DER]
forged() {
    rm -f forged.plan*
    python3 "$SOURCE/tests/e2e/forge_plan.py" "$1" first.plan forged.plan "${@:3}" || fail "forge_plan.py $1"
    approve_plan forged.plan ann bob
    mv out shown
    refused forged.plan "$2"
}
# outside HOW WORDS [DER]: by item, rule and remedy; and whoever approves is told on a machine that has the plan alone
outside() {
    forged "$@"
    grep -qF "BEWARE      its policy does not give it: " shown || fail "approve does not say it of $1"
    grep -qF "coldca did not make this plan as it is, and will not sign it" shown || fail "approve does not say what comes of $1"
    says "reading item 0 of the plan, device-1"
    says "make the plan anew, at this CA"
}

step "what is no certificate of this CA"

step "what can't be shown"
rm -f forged.plan*
for how in algorithm nowhere; do
    python3 "$SOURCE/tests/e2e/forge_plan.py" $how first.plan forged.plan || fail "forge_plan.py $how"
    run 3 approve forged.plan --key ann.key.pem --yes
    for name in ann bob; do cp "first.plan.$name.approval" "forged.plan.$name.approval"; done
    by_plan 3 forged.plan ann bob -- sign --out issued
done

step "what its policy does not give to its request"
outside a_name "subject alt names      DNS:bank.test"
outside a_subject "CN=admin-01"
outside a_day '(plan.bytes)'
outside a_usage "by its policy it is \"key usage              digitalSignature (critical)"
outside a_key 'it says "key         ec-p256' key.der
outside a_ca "(plan.bytes)"
outside a_request "bank.test" forger.der
forged names_of_others "(plan.record)"

step "what it is drawn from: its request, and the day"
outside no_request "its request is not in the plan (plan.request)"
forged another_request "the request beside it is not the one of its csr_sha256 (plan.request)"
outside many_days "(validity.max_days)"
forged long_ago "not of the day on which its window begins"

step "the same over a medium"
mkdir -p stick/requests && cp requests/*.csr stick/requests/
rm -f forged.plan*
python3 "$SOURCE/tests/e2e/forge_plan.py" a_usage first.plan forged.plan
approve_plan forged.plan ann bob
by_plan 3 forged.plan ann bob -- batch stick
says "reading item 0 of the plan, device-1"
[ -z "$(find stick -name '*.pem')" ] || fail "batch signed it"
equal "$(find stick | wc -l)" 5 "batch left something behind"

step "the plan itself is signed"
by_plan 0 first.plan ann bob -- sign --out issued
strict issued/device-1.pem issued/device-2.pem issued/device-3.pem
sound_ledger
