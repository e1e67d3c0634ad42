#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two of three over each act: a sub-CA of a root, devices, a mass revocation, a CRL, a policy, people. Every approval that is missing, doubled, foreign, of
# another plan or too late is refused by name, before a token is opened; then the same plan with the right ones is carried out, once.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml
dan=$(person dan) # nobody, yet
eve=$(person eve)
openssl genpkey -algorithm ed25519 -out fake.key.pem 2>err || fail "no key"
size() { wc -l <ca/ledger.jsonl; }
# refused WORDS PLAN NAMES... -- COMMAND...: nothing is logged
refused() {
    local words=$1 before
    shift
    before=$(size)
    by_plan 3 "$@"
    says "$words"
    equal "$(size)" "$before" "records of a run that was refused"
}

step "plans of each act"
openssl req -new -noenc -newkey ec -pkeyopt ec_paramgen_curve:P-384 -keyout sub.key -subj "/O=Test Org/CN=Sub CA" -out sub.csr 2>err || fail "no request"
for id in $(seq 4); do csr "requests/device-$id.csr" "/CN=device-$id"; done
csr other/other.csr /CN=other
run 0 -C ca plan "${device[@]}" -o other.plan other
approve_plan other.plan ann bob
echo "# another" >>ca/policies/mqtt-server.yaml
run 0 -C ca plan --policy sub-ca -o sub.plan sub.csr
run 0 -C ca plan "${device[@]}" -o devices.plan requests
run 0 -C ca crl --plan-out crl.plan
run 0 -C ca policy approve mqtt-server --plan-out policy.plan
run 0 -C ca people add dan --vkey "$dan" --plan-out people.plan
declare -A command=([sub]="sign --out issued" [devices]="sign --out issued" [crl]=crl [policy]="policy approve" [people]="people add" [revoke]=revoke)
declare -A words=([sub]="issuing CA certificates" [devices]="issuing certificates" [crl]="signing CRLs" [policy]="approving policies"
    [people]="changing the controls" [revoke]=revoking)

# all_refused ACT: every approval that does not count
all_refused() {
    local plan=$1.plan how
    read -ra how <<<"${command[$1]}"
    [ "$1" != people ] || how+=(dan --vkey "$dan")
    run 2 -C ca "${how[@]}" --approval other.plan.ann.approval --pin-source file:pin
    says "--approval goes with --plan"
    read -ra how <<<"${command[$1]}"
    refused "${words[$1]} needs 2 approvals, the plan has 0; can approve: ann, bob, cyd" "$plan" -- "${how[@]}"
    approve_plan "$plan" ann dan
    refused "${words[$1]} needs 2 approvals, the plan has 1; can approve: bob, cyd" "$plan" ann -- "${how[@]}"
    refused "ann approved it twice: one person counts once" "$plan" ann ann -- "${how[@]}"
    refused "checking the approval by dan" "$plan" ann dan -- "${how[@]}"
    says "nobody of the control in force has this name"
    run 0 approve "$plan" --name cyd --key fake.key.pem --yes
    refused "checking the approval by cyd" "$plan" ann cyd -- "${how[@]}"
    says "it is signed by another key than the control has"
    mv "$plan.cyd.approval" "$plan.fake.approval"
    cp other.plan.bob.approval "$plan.bob.approval"
    refused "checking the approval by bob" "$plan" ann bob -- "${how[@]}"
    says "it is for another plan"
    rm "$plan.bob.approval"
    by_plan 3 other.plan ann bob -- crl
    says "it is a plan of issuing certificates, not of signing CRLs"
    approve_plan "$plan" bob
}
# carried ACT: in the other order of approvals; a second time nothing more is recorded
carried() {
    local how plan=$1.plan before
    read -ra how <<<"${command[$1]}"
    by_plan 0 "$plan" bob ann -- "${how[@]}"
    before=$(records ".type == \"$2\"")
    by_plan 0 "$plan" bob ann -- "${how[@]}"
    equal "$(records ".type == \"$2\"")" "$before" "records of a plan that was carried out"
}

for act in sub devices policy crl; do
    step "$act: what does not count is refused by name; two approvals, in any order, are carried out, once"
    all_refused "$act"
    case $act in sub | devices) carried "$act" cert.signing ;; policy) carried "$act" policy.approved ;; crl) carried "$act" crl.signing ;; esac
    sound_ledger
done
strict issued/sub.pem issued/device-1.pem issued/device-4.pem
equal "$(records '.type == "cert.signing" and .policy == "mqtt-device"')" 4

step "a mass revocation: likewise; what was revoked since makes the plan stale"
run 0 -C ca revoke --where policy=mqtt-device --reason superseded --yes --plan-out revoke.plan
run 0 -C ca revoke --serial "$(serial_of issued/sub.pem)" --reason cessationOfOperation --yes --plan-out one.plan
all_refused revoke
carried revoke cert.revoked
equal "$(records '.type == "cert.revoked"')" 4
run 0 -C ca crl --plan-out stale.plan
approve_plan stale.plan ann bob
approve_plan one.plan ann cyd
by_plan 0 one.plan ann cyd -- revoke
by_plan 3 stale.plan ann bob -- crl # it is drawn again, behind the login
says "plan it anew"
equal "$(records '.type == "crl.signing"')" 1

step "people: likewise; with the new control all plans from before are over, also approved ones"
csr late/late.csr /CN=late
run 0 -C ca plan "${device[@]}" -o late.plan late
approve_plan late.plan ann bob
all_refused people
carried people control.set
refused "the controls changed since" late.plan ann bob -- sign --out issued
run 0 -C ca people add eve --vkey "$eve" --plan-out eve.plan
approve_plan eve.plan dan cyd
by_plan 0 eve.plan dan cyd -- people add
run 0 -C ca people list
says eve

step "both verifiers hold all of it"
sound_ledger
"$SOURCE/build/venv/bin/python3" "$SOURCE/tests/interop/verify_ledger.py" ca "$(jq -r 'select(.type == "ca.created") | .ledger_vkey' ca/ledger.jsonl)" \
    ca/ca.pem >verified || { cat verified; fail "verify_ledger.py"; }
equal "$(records '.type == "plan.approved"')" 8 "a sub-CA, devices, a policy, a CRL, two revocations, two of people"
