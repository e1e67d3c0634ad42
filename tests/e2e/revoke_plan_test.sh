#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Revocations and CRLs by two of three, and in an emergency by one, who says why; ca.yaml can't loosen what the control says of CRLs.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: any" "emergency: [revoke, crl]" "crl: {max_days: 40}"
sed -i 's/{issue: 2/{issue: 0/' two.yaml
make_ca --controls two.yaml
for id in 1 2 3; do csr "requests/device-$id.csr" "/CN=device-$id"; done
sign 0 --out issued requests
serials=()
for id in 1 2 3; do serials+=("$(serial_of "issued/device-$id.pem")"); done

both_verifiers() {
    sound_ledger
    python_verifies
}

step "alone nobody revokes or lists; a plan of many, approved by two, does"
run 3 -C ca revoke --serial "${serials[0]}" --yes --pin-source file:pin
says "revoking needs 2 approvals"
run 0 -C ca revoke --where policy=mqtt-device --reason superseded --yes --plan-out many.plan
equal "$(records '.type == "cert.revoked"')" 0
approve_plan many.plan ann
for id in 0 1 2; do
    grep -A4 "^revoke      CN=device-$((id + 1))\$" out >said || fail "no word of device-$((id + 1))"
    grep -qx "serial      ${serials[$id]}" said || fail "no word of its serial"
    grep -qx "reason      superseded" said || fail "no word of why"
    grep -qE "^revoked     20[0-9-]+T[0-9:]+Z$" said || fail "no word of when"
    grep -qE "^valid until 20[0-9-]+T[0-9:]+Z$" said || fail "no word of its end"
done
says_not '"reason"'

step "who approves twice is told what is there; what is not that approval is left alone, and named"
before=$(sha256sum many.plan.ann.approval)
run 3 approve many.plan --name ann --key ann.key.pem --yes
says "ann approved this plan already, at 20"
says "many.plan.ann.approval is that approval"
says "give that file to who carries out the plan"
equal "$(sha256sum many.plan.ann.approval)" "$before"
echo else >else
run 3 approve many.plan --name ann --key ann.key.pem --yes --out else
says "else is there already, and is not an approval of this plan by ann"
says "name another file with --out"
run 3 approve many.plan --name bob --key bob.key.pem --yes --out many.plan.ann.approval
says "is not an approval of this plan by bob"
equal "$(cat else)" else

step "a plan of many"
run 3 -C ca revoke --plan many.plan --approval many.plan.ann.approval --pin-source file:pin
says "revoking needs 2 approvals, the plan has 1"
approve_plan many.plan bob
run 2 -C ca revoke --plan many.plan --approval many.plan.ann.approval --serial "${serials[0]}" --pin-source file:pin
by_plan 0 many.plan ann bob -- revoke
equal "$(records '.type == "cert.revoked"')" 3
both_verifiers
by_plan 0 many.plan ann bob -- revoke
equal "$(records '.type == "cert.revoked"')" 3 "a plan is carried out once"

step "a CRL by a plan: what was approved, to the byte"
run 3 -C ca crl --pin-source file:pin
says "signing CRLs needs 2 approvals"
run 0 -C ca crl --plan-out crl.plan
approve_plan crl.plan ann bob
says "CRL         number 1, 3 revoked"
says "good        20"
by_plan 0 crl.plan ann bob -- crl --out carried
present carried/crl-1.pem
openssl crl -in carried/crl-1.pem -noout -text | grep -c "Serial Number" >count
equal "$(cat count)" 3
both_verifiers

step "a run of that plan that was stopped before it delivered: the same command delivers the same CRL, and nothing is signed or logged"
cp -r carried kept
lines=$(wc -l <ca/ledger.jsonl)
checkpoints=$(sha256sum ca/ledger.checkpoints)
rm -r ca/crl carried
by_plan 0 crl.plan ann bob -- crl --out carried --json
says "this plan was carried out before; its CRL 1 is delivered again"
json .repeated
json .number 1
json .entries 3
for file in crl-1.der crl-1.pem; do
    same "carried/$file" "kept/$file"
    same "ca/crl/$file" "kept/$file"
done
run 0 -C ca crl verify carried/crl-1.pem
by_plan 0 crl.plan -- crl --out elsewhere # what lies there already is as good
same elsewhere/crl-1.der kept/crl-1.der
equal "$(wc -l <ca/ledger.jsonl)" "$lines" records
equal "$(sha256sum ca/ledger.checkpoints)" "$checkpoints" checkpoints
echo other >elsewhere/crl-1.pem
by_plan 3 crl.plan ann bob -- crl --out elsewhere
says "another crl-1.pem is there already: move it away"
says "run the same command again, which delivers it"

step "something was revoked since: the CRL that was approved is not signed"
csr more/device-4.csr /CN=device-4
sign 0 --out issued more
run 0 -C ca crl --plan-out old.plan
approve_plan old.plan ann bob
run 0 -C ca revoke --serial "$(serial_of issued/device-4.pem)" --reason keyCompromise --yes --plan-out one.plan
approve_plan one.plan ann bob
by_plan 0 one.plan ann bob -- revoke
lines=$(records '.type == "crl.signing"')
by_plan 3 old.plan ann bob -- crl
says "plan it anew"
equal "$(records '.type == "crl.signing"')" "$lines"

step "an emergency: one person, who says why; and the verifier counts it"
csr fifth/device-5.csr /CN=device-5
sign 0 --out issued fifth
run 0 -C ca revoke --serial "$(serial_of issued/device-5.pem)" --reason keyCompromise --yes --emergency "seen in a repository" --pin-source file:pin
run 0 -C ca crl --emergency "seen in a repository" --pin-source file:pin
equal "$(records '.emergency_reason == "seen in a repository"')" 2
both_verifiers
says "2 acts by one person under the emergency rule"

step "ca.yaml can't loosen what the control says"
cp ca/ca.yaml kept.yaml
printf 'crl: {days: 300}\n' >>ca/ca.yaml
run 3 -C ca crl --emergency "x" --pin-source file:pin
says "lets a CRL be good for 40 days"
cp kept.yaml ca/ca.yaml
printf 'crl: {keep_expired: true}\n' >>ca/ca.yaml
run 3 -C ca crl --emergency "x" --pin-source file:pin
says "keep_expired in ca.yaml is not that of the control"
cp kept.yaml ca/ca.yaml
both_verifiers
