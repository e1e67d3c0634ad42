#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plans and approvals in runs that fail or die anywhere: no half file under its name, approvals are used once, nothing is signed twice.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
kills=6
[ -z "${FAULT_SAMPLE:-}" ] || kills=2
printf 'name: faulty\ntitle: SoftHSM with faults\ntested: false\nmodules: [%s]\nalways_authenticate: true\ned25519_params: printable\nkeys: [%s]\n' \
    "$BUILD/token_fault.so" "ec-p256, ed25519" >faulty.yaml
controls two.yaml 2 "policies: approved"
sed -i 's/{issue: 2/{issue: 0/' two.yaml # so that there is something to revoke
make_scene 3 --model "$PWD/faulty.yaml" --controls "$PWD/two.yaml"
cd base
run 0 -C ca sign "${device[@]}" --pin-source file:pin --out before ../requests
# From here on two people decide of certificates, too.
sed 's/{issue: 0/{issue: 2/' ../two.yaml >both.yaml
keys=$work
approved() { # PLAN
    local name
    for name in ann bob; do run 0 approve "$1" --key "$keys/$name.key.pem" --yes; done
}
run 0 -C ca people set both.yaml --plan-out both.plan
approved both.plan
run 0 -C ca people set --plan both.plan --approval both.plan.ann.approval --approval both.plan.bob.approval --pin-source file:pin
cd ..
run 0 request "${device[@]}" --list <(seq -f 'device-%04g' 11 13) --out more
rm -rf more/*.key requests && mv more requests
echo "# another" >>base/ca/policies/mqtt-server.yaml
run 0 -C base/ca policy approve mqtt-server --plan-out policy.plan
run 0 -C base/ca plan "${device[@]}" -o sign.plan requests
run 0 -C base/ca revoke --where policy=mqtt-device --reason superseded --yes --plan-out revoke.plan
run 0 -C base/ca people remove cyd --plan-out people.plan
run 0 -C base/ca crl --plan-out crl.plan
for plan in sign revoke people policy crl; do approved "$plan.plan"; done
python3 "$SOURCE/tests/fault/approvals.py" base requests "${FAULT_SAMPLE:-4}" "$seed" "$kills"
