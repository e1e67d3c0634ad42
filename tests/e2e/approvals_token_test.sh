#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two people on two tokens of their own and one on a key file, two of three: a CA certificate, then a device.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
ann=$(person_token ann EC:edwards25519)
bob=$(person_token bob EC:prime256v1)
cyd=$(person cyd)
cat >controls.yaml <<END
people:
  - {name: ann, role: operator, key: $ann}
  - {name: bob, role: approver, key: $bob}
  - {name: cyd, role: approver, key: $cyd}
quorum: {issue: 2, issue_ca: 2, revoke: 2, crl: 2, control: 2, policy: 2}
policies: approved
END
make_ca --controls controls.yaml

step "a CA certificate by the two tokens, Ed25519 and P-256"
openssl req -new -noenc -newkey ec -pkeyopt ec_paramgen_curve:P-384 -keyout sub.key -subj "/O=Test Org/CN=Sub CA" -out sub.csr 2>err || fail "no request"
run 0 -C ca plan --policy sub-ca -o sub.plan sub.csr
for name in ann bob; do
    run 0 approve sub.plan --name $name --key "pkcs11:token=$name;object=approve;type=private" --pin-source file:pin --yes
done
run 3 approve sub.plan --name "ann with spaces" --key cyd.key.pem --yes
run 0 -C ca sign --plan sub.plan --approval sub.plan.ann.approval --approval sub.plan.bob.approval --out issued --pin-source file:pin
strict issued/sub.pem
equal "$(jq -r 'select(.type == "plan.approved") | .header | fromjson | .act' ca/ledger.jsonl)" issue_ca

step "an approval of a token's person by another key is not one"
csr requests/one.csr /CN=one
run 0 -C ca plan "${device[@]}" -o one.plan requests
run 0 approve one.plan --name bob --key "pkcs11:token=ann;object=approve;type=private" --pin-source file:pin --yes
run 0 approve one.plan --name cyd --key cyd.key.pem --yes
run 3 -C ca sign --plan one.plan --approval one.plan.bob.approval --approval one.plan.cyd.approval --out issued --pin-source file:pin
says "signed by another key"
rm one.plan.bob.approval
run 4 approve one.plan --name bob --key "pkcs11:token=bob;object=gone;type=private" --pin-source file:pin --yes
absent one.plan.bob.approval
run 0 approve one.plan --name bob --key "pkcs11:token=bob;object=approve;type=private" --pin-source file:pin --yes
run 0 -C ca sign --plan one.plan --approval one.plan.bob.approval --approval one.plan.cyd.approval --out issued --pin-source file:pin
strict issued/one.pem
sound_ledger
"$SOURCE/build/venv/bin/python3" "$SOURCE/tests/interop/verify_ledger.py" ca "$(jq -r 'select(.type == "ca.created") | .ledger_vkey' ca/ledger.jsonl)" \
    ca/ca.pem >verified || { cat verified; fail "verify_ledger.py"; }
