#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Changes of people and of policies by a quorum: each is a plan, approved under the controls before it; an old home is told to set controls.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml
dan=$(person dan)

both_verifiers() {
    sound_ledger
    python_verifies
}

step "people list says who may decide what"
run 0 -C ca people list
says "issuing CA certificates  2 approvals"
run 0 -C ca --json people list
json '.people | map(.name) | join(" ")' "ann bob cyd"

step "nobody adds a person alone"
lines=$(wc -l <ca/ledger.jsonl)
run 3 -C ca people add dan --vkey "$dan" --pin-source file:pin
says "changing the controls needs 2 approvals"
run 3 -C ca people add bob --vkey "$dan" --plan-out gone.plan
says "bob is named twice"
run 3 -C ca people add carl --vkey "$dan" --plan-out gone.plan
says "the key of carl is named dan"
absent gone.plan
equal "$(wc -l <ca/ledger.jsonl)" "$lines"

step "a plan of it, approved by two, and the person decides from then on"
run 0 -C ca people add dan --vkey "$dan" --plan-out dan.plan
run 0 -C ca policy list
approve_plan dan.plan ann
by_plan 3 dan.plan ann -- people add
says "changing the controls needs 2 approvals, the plan has 1"
approve_plan dan.plan bob
by_plan 2 dan.plan ann bob -- people add dan
by_plan 3 dan.plan ann bob -- policy approve
says "it is a plan of changing the controls, not of approving policies"
run 0 -C ca people remove cyd --plan-out cyd.plan
approve_plan cyd.plan ann bob
by_plan 0 dan.plan ann bob -- people add
both_verifiers
run 0 -C ca --json people list
json '.people | map(.name) | join(" ")' "ann bob cyd dan"
json '.previous >= 0'

step "the same command again finds it done; plans from before are of a control that is over"
lines=$(records '.type == "control.set"')
by_plan 0 dan.plan ann bob -- people add
equal "$(records '.type == "control.set"')" "$lines" "a plan is carried out once"
by_plan 3 cyd.plan ann bob -- people remove
says "the controls changed since"
run 0 -C ca people remove cyd --plan-out cyd2.plan
approve_plan cyd2.plan bob dan
says "people      ann, approver  ann+"
says "quorum      issuing certificates: 2"
says_not "cyd, approver"
by_plan 0 cyd2.plan bob dan -- people remove
by_plan 3 dan.plan ann bob -- people add
says "the controls changed since"
both_verifiers

step "a policy is approved by a plan, and used"
echo "# another" >>ca/policies/mqtt-device.yaml
run 3 -C ca policy approve mqtt-device --yes --pin-source file:pin
says "approving policies needs 2 approvals"
run 0 -C ca policy approve mqtt-device --plan-out policy.plan
approve_plan policy.plan ann dan
says "policy      mqtt-device"
says "# another"
by_plan 0 policy.plan ann dan -- policy approve
both_verifiers
cp ca/policies/mqtt-device.yaml second.yaml
echo "# a third" >>ca/policies/mqtt-device.yaml
run 0 -C ca policy approve mqtt-device --plan-out third.plan
approve_plan third.plan ann dan
by_plan 0 third.plan ann dan -- policy approve
lines=$(records '.type == "policy.approved"')
by_plan 0 policy.plan ann dan -- policy approve
equal "$(records '.type == "policy.approved"')" "$lines" "a plan that was used does not bring an older text back"
csr requests/one.csr /CN=one
run 0 -C ca check "${device[@]}" requests
run 0 -C ca plan "${device[@]}" -o one.plan requests
approve_plan one.plan ann dan
run 0 -C ca sign --plan one.plan --approval one.plan.ann.approval --approval one.plan.dan.approval --out issued --pin-source file:pin
strict issued/one.pem
both_verifiers

step "who ran and who approved, by name"
run 0 -C ca cert show issued/one.pem
says "approved: ann, dan (record"
run 0 -C ca ledger list --who dan --type cert.signing
equal "$(grep -c CN=one out)" 1
run 0 -C ca ledger list --who bob --type cert.signing
equal "$(grep -c CN=one out || true)" 0
run 0 -C ca ledger list --who dan --type plan.approved
equal "$(wc -l <out)" 4 "dan approved who left, two policies, and a certificate"
run 0 -C ca ledger list --who "$(id -un)" --type session.opened
[ -s out ] || fail "who ran is not found by name"

step "who was removed approves nothing"
csr more/two.csr /CN=two
run 0 -C ca plan "${device[@]}" -o two.plan more
approve_plan two.plan ann cyd
run 3 -C ca sign --plan two.plan --approval two.plan.ann.approval --approval two.plan.cyd.approval --out issued --pin-source file:pin
says "nobody of the control in force has this name"
