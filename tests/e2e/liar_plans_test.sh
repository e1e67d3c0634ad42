#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What parses a plan was taken over and says what it likes; coldca holds it against the file's bytes, and carries out none of the lies.
# coldca_liar is coldca with such a parser process (tests/support/liar_plan.c); COLDCA_PLAN_LIE says which lie is told.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml
honest=$COLDCA
liar=$BUILD/tests/coldca_liar
[ -x "$liar" ] || fail "$liar is not built"
export COLDCA_LIE=none # about requests

for id in 1 2; do csr "requests/device-$id.csr" "/CN=device-$id"; done
csr other/other.csr /CN=other
run 0 -C ca plan "${device[@]}" -o first.plan requests
run 0 -C ca plan "${device[@]}" -o other.plan other
for name in first other; do approve_plan $name.plan ann bob; done
export COLDCA_LIE_OTHER_PLAN=$work/other.plan

lies=0
# lied LIE PLAN COMMAND...: it is found out, nothing is in the ledger, nothing is delivered
lied() {
    local lie=$1 plan=$2 lines
    shift 2
    lines=$(wc -l <ca/ledger.jsonl)
    COLDCA=$liar
    COLDCA_PLAN_LIE=$lie by_plan 3 "$plan" ann bob -- "$@"
    COLDCA=$honest
    grep -qE "or the process that read it lied|gave an answer that is none" err || fail "the lie $lie was not found out: $(cat err)"
    equal "$(wc -l <ca/ledger.jsonl)" "$lines" "records after the lie $lie"
    [ -z "$(find issued stick -name '*.pem' 2>/dev/null)" ] || fail "the lie $lie was handed out"
    lies=$((lies + 1))
}

step "each lie about a plan"
for lie in $(COLDCA_PLAN_LIE=list "$liar"); do
    lied "$lie" first.plan sign --out issued
done
[ "$lies" -ge 20 ] || fail "only $lies lies"
absent issued

step "another plan, with the approvals it has"
COLDCA=$liar
COLDCA_PLAN_LIE=another-plan run 3 -C ca sign --plan first.plan --approval other.plan.ann.approval --approval other.plan.bob.approval --out issued --pin-source file:pin
COLDCA=$honest
says "or the process that read it lied"
absent issued

step "approve believes none of it either"
rm first.plan.ann.approval
for lie in longer-window another-plan other-people other-tbs; do
    COLDCA=$liar
    COLDCA_PLAN_LIE=$lie run 3 approve first.plan --key ann.key.pem --yes
    COLDCA=$honest
    absent first.plan.ann.approval
done
approve_plan first.plan ann

step "every other command that takes a plan"
mkdir -p stick/requests && cp requests/*.csr stick/requests/
lied other-tbs first.plan batch stick
rm -rf stick/issued
run 0 -C ca revoke --key requests/device-1.csr --reason keyCompromise --plan-out revoke.plan
run 0 -C ca crl --plan-out crl.plan
cp ca/policies/mqtt-device.yaml kept.yaml && echo "# more" >>ca/policies/mqtt-device.yaml
run 0 -C ca policy approve mqtt-device --plan-out policy.plan
run 0 -C ca people remove cyd --plan-out people.plan
for name in revoke crl policy people; do
    approve_plan $name.plan ann bob
done
lied other-people revoke.plan revoke
lied other-control crl.plan crl --out crls
lied other-policy-text policy.plan policy approve
lied longer-window people.plan people set

step "who tells the truth is believed: the test can tell"
COLDCA=$liar
cp kept.yaml ca/policies/mqtt-device.yaml
by_plan 0 first.plan ann bob -- sign --out issued
COLDCA=$honest
strict issued/device-1.pem issued/device-2.pem
sound_ledger
echo "all is well: $lies lies"
