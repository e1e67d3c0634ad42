#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two of three: a plan is approved on another machine by people's keys, and those bytes and no others are signed; every wrong order is refused by name.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml

plan() { # NAME REQUESTS... : a plan of devices
    run 0 -C ca plan "${device[@]}" -o "$1" "${@:2}"
}
approve() { # PLAN NAME [OPTIONS]: without a home, nor a CA's token
    run 0 approve "$1" --name "$2" --key "$2.key.pem" --yes "${@:3}"
}
# signs CODE PLAN APPROVALS... [-- OPTIONS]
signs() {
    local wanted=$1 plan=$2 name approvals=()
    shift 2
    for name in "$@"; do approvals+=(--approval "$plan.$name.approval"); done
    run "$wanted" -C ca sign --plan "$plan" "${approvals[@]}" --out issued --pin-source file:pin
}
# refused PLAN WORDS APPROVALS...: nothing is signed, nothing is in the ledger
refused() {
    local plan=$1 words=$2 lines
    shift 2
    lines=$(wc -l <ca/ledger.jsonl)
    signs 3 "$plan" "$@"
    says "$words"
    equal "$(wc -l <ca/ledger.jsonl)" "$lines" "records of a run that was refused"
}

step "a plan says what would be signed, in hex, words and JSON; it signs nothing"
for id in 1 2 3; do csr "requests/device-$id.csr" "/CN=device-$id"; done
csr bad/bad.csr "/CN=printer 7"
lines=$(wc -l <ca/ledger.jsonl)
run 1 -C ca --json plan "${device[@]}" -o first.plan requests bad --valid-for 2d --qr
json '.requests | map(.verdict) | sort | join(" ")' "allowed allowed allowed refused"
json '.words | split(" ") | length' 32
digest=$(jq -r .plan_sha256 out)
equal "$(jq -rj .header first.plan | sha256sum | cut -d' ' -f1)" "$digest" "the plan's digest is its header's"
equal "$(wc -l <ca/ledger.jsonl)" "$lines" "records"
run 3 -C ca plan "${device[@]}" -o first.plan requests
run 2 -C ca plan "${device[@]}" -o other.plan --valid-for 7 requests
run 3 -C ca plan "${device[@]}" -o other.plan bad
says "nothing of it would be signed"
absent other.plan

step "approve shows what is in the bytes, and asks"
mkdir elsewhere && cp first.plan ./*.key.pem elsewhere/ && cd elsewhere
run 2 approve first.plan --name ann --key ann.key.pem
says "CN=device-1"
says "spiffe://iot.example/device/device-1"
says "--yes"
absent first.plan.ann.approval
run 2 approve --name ann --key ann.key.pem
step "whose key it is stands in the plan, and is no path"
openssl genpkey -algorithm ed25519 -out nobody.key.pem 2>/dev/null
run 3 approve first.plan --key nobody.key.pem --yes
says "no person whom the plan's control names has this key: say who approves with --name NAME"
mkdir first.plan.
run 0 approve --vkey --name ../out --key nobody.key.pem
jq -cjS --arg key "$(cat out)" '.people[0] = {name: "../out", key: $key}' first.plan >path.plan
mkdir path.plan..
run 3 approve path.plan --key nobody.key.pem --yes
absent out.approval
rmdir first.plan. path.plan..
run 0 approve first.plan --key ann.key.pem --yes
says "approved by ann: first.plan.ann.approval"
equal "$(sed -n '1p;4p' first.plan.ann.approval)" "coldca approval v1
issue"
equal "$(sed -n 3p first.plan.ann.approval)" "$digest"
openssl pkcs8 -topk8 -v2 aes-256-cbc -in bob.key.pem -passout pass:secret -out bob.enc.pem
printf 'wrong\n' >wrong && printf 'secret\n' >right && chmod 600 wrong right
run 3 approve first.plan --name bob --key bob.enc.pem --yes --pin-source file:wrong
run 0 approve first.plan --name bob --key bob.enc.pem --yes --pin-source file:right
cd .. && cp elsewhere/*.approval .

step "missing, doubled, of somebody else"
refused first.plan "needs 2 approvals, the plan has 1; can approve: bob, cyd" ann
refused first.plan "ann approved it twice" ann ann
person dan >/dev/null
approve first.plan dan
refused first.plan "nobody of the control in force has this name" ann dan
openssl genpkey -algorithm ed25519 -out fake.key.pem 2>/dev/null
run 0 approve first.plan --name cyd --key fake.key.pem --yes
refused first.plan "signed by another key" ann cyd
rm first.plan.cyd.approval

run 2 -C ca sign --plan first.plan --approval first.plan.ann.approval --policy mqtt-device --out issued
says "--plan names what is signed"
run 2 -C ca sign "${device[@]}" --approval first.plan.ann.approval --out issued requests
says "--approval goes with --plan"

step "any byte of the plan, or of an approval, is another"
for filter in '.items[0].record.subject = "CN=other"' '.items[0].record.tbs |= (.[:-8] + "AAAAAAA=")' '.items |= .[1:]' '.items |= reverse' \
    '.policy_text += "# more\n"' '.header |= sub("\"count\":3"; "\"count\":4")' '.header |= sub("not_after\":\"2"; "not_after\":\"3")' \
    '.header |= sub("issue"; "issue_ca")' '.items[0].record.emergency = "now"' '.items[0].record.seq = 1'; do
    jq -cjS "$filter" first.plan >changed.plan && echo >>changed.plan
    ! cmp -s changed.plan first.plan || fail "nothing changed: $filter"
    for name in ann bob; do cp "first.plan.$name.approval" "changed.plan.$name.approval"; done
    signs 3 changed.plan ann bob
done
for byte in 3 40 90 150 200; do
    cp first.plan changed.plan && cp first.plan.bob.approval changed.plan.bob.approval
    cp first.plan.ann.approval changed.plan.ann.approval && flip_byte changed.plan.ann.approval "$byte"
    signs 3 changed.plan ann bob
done
jq -cjS '.items[0].record.output = "../../outside"' first.plan >changed.plan && echo >>changed.plan
cp first.plan.ann.approval changed.plan.ann.approval
signs 3 changed.plan ann bob
says "its items are not those its header was made of"
absent outside.pem

step "two of three: exactly those bytes, and both verifiers hold"
signs 0 first.plan ann bob
for id in 1 2 3; do grep -q "device-$id.csr .*CN=device-$id .*EC P-256 .*allowed" out || fail "the table does not say whose certificate and which key: device-$id"; done
strict issued/device-1.pem issued/device-2.pem issued/device-3.pem
for id in 1 2 3; do
    openssl x509 -in "issued/device-$id.pem" -outform DER -out der
    jq -r ".items[] | select(.record.output == \"device-$id\") | .record.tbs" first.plan | base64 -d >tbs
    LC_ALL=C grep -qaF "$(head -c 60 tbs | tail -c 20 | tr -d '\0\n')" der || fail "device-$id is not of the plan's bytes"
done
equal "$(records '.type == "plan.approved"')" 1
sound_ledger
vkey=$(jq -r 'select(.type == "ca.created") | .ledger_vkey' ca/ledger.jsonl)
"$SOURCE/build/venv/bin/python3" "$SOURCE/tests/interop/verify_ledger.py" ca "$vkey" ca/ca.pem >verified || { cat verified; fail "verify_ledger.py"; }

step "used once: the same plan again delivers what it has, and signs nothing"
lines=$(records '.type == "cert.signing"')
signs 0 first.plan ann bob
equal "$(records '.type == "cert.signing"')" "$lines"
equal "$(records '.type == "plan.approved"')" 1

step "a plan of one more"
csr late/late.csr /CN=late
plan late.plan late
approve late.plan ann
approve late.plan cyd

step "a policy that changed since is refused; put back, it goes"
cp ca/policies/mqtt-device.yaml kept.yaml
echo "# another" >>ca/policies/mqtt-device.yaml
refused late.plan "the policy mqtt-device changed since the plan was made" ann cyd
cp kept.yaml ca/policies/mqtt-device.yaml
signs 0 late.plan ann cyd

step "another CA's plan, and one whose window is over"
make_ca_of_others() {
    mv ca mine
    make_ca --origin other.example --key-label other --controls two.yaml
    mv ca theirs && mv mine ca
}
make_ca_of_others
csr more/more.csr /CN=more
run 0 -C theirs plan "${device[@]}" -o foreign.plan more
for name in ann bob; do approve foreign.plan $name; done
refused foreign.plan "the plan is for another CA, other.example" ann bob

step "killed halfway: each signature is tied to the plan, and the same command goes on with what is left"
mkdir many
for id in $(seq 40); do csr "many/many-$id.csr" "/CN=many-$id"; done
plan many.plan many
for name in bob cyd; do approve many.plan $name; done
lines=$(records '.type == "cert.signing"')
setsid "$COLDCA" -C ca sign --plan many.plan --approval many.plan.bob.approval --approval many.plan.cyd.approval --out issued \
    --pin-source file:pin >out 2>err </dev/null &
pid=$!
children+=("$pid")
while kill -0 "$pid" 2>/dev/null && [ "$(records '.type == "cert.signing"' 2>/dev/null || echo 0)" -le "$lines" ]; do :; done
kill -KILL "$pid" 2>/dev/null || true # it may have been done by then
wait "$pid" 2>/dev/null || true
sound_ledger
signs 0 many.plan bob cyd
sound_ledger
equal "$(records '.type == "cert.abandoned"')" 0 "nothing of a plan is burned"
equal "$(records '.type == "cert.signing"')" "$((lines + 40))" "each item was logged once"
equal "$(find issued -name 'many-*.pem' | wc -l)" 40
"$SOURCE/build/venv/bin/python3" "$SOURCE/tests/interop/verify_ledger.py" ca "$vkey" ca/ca.pem >verified || { cat verified; fail "verify_ledger.py"; }
