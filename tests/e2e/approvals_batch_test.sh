#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A medium by a quorum of two of three, two of them on tokens of their own: its requests are planned, approved, and a batch carries out those bytes.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
cat >controls.yaml <<END
people:
  - {name: ann, role: operator, key: $(person_token ann EC:edwards25519)}
  - {name: bob, role: approver, key: $(person_token bob EC:prime256v1)}
  - {name: cyd, role: approver, key: $(person cyd)}
quorum: {issue: 2, issue_ca: 2, revoke: 0, crl: 0, control: 2, policy: 2}
policies: approved
END
make_ca --controls controls.yaml
# approves PLAN NAMES...
approves() {
    local plan=$1 name key
    shift
    for name in "$@"; do
        key="pkcs11:token=$name;object=approve;type=private"
        [ ! -e "$name.key.pem" ] || key=$name.key.pem
        run 0 approve "$plan" --name "$name" --key "$key" --pin-source file:pin --yes
    done
}
# batch CODE MEDIUM PLAN NAMES... [-- OPTIONS]
batch() {
    local wanted=$1 medium=$2 plan=$3 given=()
    shift 3
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        given+=(--approval "$plan.$1.approval")
        shift
    done
    [ $# = 0 ] || shift
    run "$wanted" -C ca --pin-source file:pin batch --plan "$plan" "${given[@]}" "$@" "$medium"
}
# refused CODE WORDS MEDIUM PLAN NAMES...: nothing is signed, logged, or written to the medium
refused() {
    local code=$1 words=$2 before
    shift 2
    before=$(wc -l <ca/ledger.jsonl; find "$1")
    batch "$code" "$@"
    says "$words"
    equal "$(wc -l <ca/ledger.jsonl; find "$1")" "$before" "after a batch that was refused"
}
size() { wc -l <ca/ledger.jsonl; }
answers() { find "$1/issued" -mindepth 1 -maxdepth 1; }

step "a plan of a medium: what batch would read, by one policy; what another policy judges is left alone"
for id in 1 2 3; do csr "stick/requests/hall/device-$id.csr" "/CN=device-$id"; done
csr stick/requests/mqtt-device/own.csr /CN=own
csr stick/requests/mqtt-server/broker.csr /CN=broker.example -addext subjectAltName=DNS:broker.example
csr stick/requests/bad.csr "/CN=printer 7"
run 3 -C ca --pin-source file:pin batch "${device[@]}" stick
says "issuing certificates needs 2 approvals"
says "coldca batch --plan FILE --approval FILE"
run 1 -C ca plan "${device[@]}" -o stick.plan stick
says "1 requests in requests are in directories of other policies than mqtt-device and were left alone"
equal "$(jq -r '[.items[].record | .output, .source] | join(" ")' stick.plan)" \
    "hall/device-1 requests/hall/device-1.csr hall/device-2 requests/hall/device-2.csr hall/device-3 requests/hall/device-3.csr mqtt-device/own requests/mqtt-device/own.csr"

step "missing, doubled, foreign and stale approvals, and other approvals, are refused by name before anybody logs in"
approves stick.plan ann bob cyd
refused 3 "needs 2 approvals, the plan has 1; can approve: bob, cyd" stick stick.plan ann
refused 3 "ann approved it twice" stick stick.plan ann ann
refused 3 "needs 2 approvals, the plan has 0" stick stick.plan
person dan >/dev/null
approves stick.plan dan
refused 3 "nobody of the control in force has this name" stick stick.plan ann dan
run 1 -C ca plan "${device[@]}" -o other.plan stick
approves other.plan bob cyd
cp other.plan.bob.approval stick.plan.bob2.approval
refused 3 "it is for another plan" stick stick.plan ann bob2
jq -cjS '.items[0].record.output = "hall/device-9"' stick.plan >moved.plan && echo >>moved.plan
cp stick.plan.ann.approval moved.plan.ann.approval && cp stick.plan.bob.approval moved.plan.bob.approval
refused 3 "its items are not those its header was made of" stick moved.plan ann bob
run 2 -C ca --pin-source file:pin batch "${device[@]}" --plan stick.plan --approval stick.plan.ann.approval stick
says "--plan names what is signed"
run 2 -C ca --pin-source file:pin batch --approval stick.plan.ann.approval stick
says "--approval goes with --plan"
echo 99999999 >wrong-pin && chmod 600 wrong-pin
run 3 -C ca --pin-source file:wrong-pin batch --plan stick.plan --approval stick.plan.ann.approval stick
says "needs 2 approvals"

step "those bytes and no others; what is not in the plan is refused with its reason, what changed too"
csr stick/requests/late.csr /CN=late
cp stick/requests/hall/device-3.csr kept.csr
csr stick/requests/hall/device-3.csr /CN=device-3
batch 1 stick stick.plan ann bob -- --json
says "1 requests are in directories of other policies than the plan's and are left alone"
json '[.requests, .issued, .refused, .absent, .of_other_policies] | map(tostring) | join(" ")' "6 3 3 1 1"
[ "$(answers stick | wc -l)" = 1 ] || fail "more than one folder of results"
folder=$(answers stick)
strict "$folder/hall/device-1.pem" "$folder/hall/device-2.pem" "$folder/mqtt-device/own.pem"
absent "$folder/mqtt-server" "$folder/late.pem" "$folder/hall/device-3.pem"
for name in hall/device-1 mqtt-device/own; do
    present "$folder/$name-chain.pem" "$folder/$name.tlog-proof"
    openssl x509 -in "$folder/$name.pem" -outform DER -out der
    jq -r --arg name "$name" '.items[].record | select(.output == $name) | .tbs' stick.plan | base64 -d >tbs
    openssl asn1parse -inform DER -in der -strparse 4 -noout -out signed
    same signed tbs
done
(cd "$folder" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS"
grep -q "not made, as their requests are not on this medium: requests/hall/device-3.csr" "$folder/report.html" "$folder/report.json" || fail "no word of what is absent"
why() { jq -r --arg name "$1" '.requests[] | select(.request == $name) | .reasons[].text' "$folder/report.json"; }
case $(why requests/hall/device-3.csr) in *"its file changed since"*) ;; *) fail "device-3: $(why requests/hall/device-3.csr)" ;; esac
case $(why requests/late.csr) in "the plan does not hold it") ;; *) fail "late: $(why requests/late.csr)" ;; esac
case $(why requests/bad.csr) in *"refused when the plan was made: "*) ;; *) fail "bad: $(why requests/bad.csr)" ;; esac
grep -q CN=device-1 "$folder/report.html" || fail "the report does not say whose certificates they are"
equal "$(records '.type == "plan.approved"')" 1
sound_ledger
python_verifies

step "again: what was absent comes, by the same plan, without approvals; then there is nothing left to do"
cp kept.csr stick/requests/hall/device-3.csr
rm stick/requests/late.csr stick/requests/bad.csr
batch 0 stick stick.plan -- --json
json '[.issued, .present, .refused, .absent] | map(tostring) | join(" ")' "1 3 0 0"
batch 0 stick stick.plan
says "nothing to do"
equal "$(records '.type == "cert.signing" and .plan_sha256 != null')" 4
equal "$(records '.type == "plan.approved"')" 1

step "the same requests on another stick: the same certificates"
mkdir twin && cp -a stick/requests twin/
batch 0 twin stick.plan
[ "$(cat "$(answers twin)"/hall/device-1.pem)" = "$(cat "$folder"/hall/device-1.pem)" ] || fail "another certificate"

step "root: true by a plan with approvals, and not without"
mkdir -p roots/requests/root
openssl req -new -noenc -newkey ec -pkeyopt ec_paramgen_curve:P-384 -keyout root.key -subj "/C=US/O=Test Org/CN=Cross" -out roots/requests/root/cross.csr 2>err
run 3 -C ca --pin-source file:pin batch roots
says "issuing CA certificates needs 2 approvals"
says "coldca batch --plan FILE"
run 0 -C ca plan --policy root --days 90 -o root.plan roots
approves root.plan ann cyd
refused 3 "issuing CA certificates needs 2 approvals, the plan has 1" roots root.plan cyd
batch 0 roots root.plan ann cyd
strict "$(answers roots)/root/cross.pem"
equal "$(jq -r 'select(.type == "plan.approved") | .header | fromjson | .act' ca/ledger.jsonl | tail -n 1)" issue_ca

step "a plan of the directory of requests does the same on its medium"
mkdir -p copy/requests && csr copy/requests/copied.csr /CN=copied
run 0 -C ca plan "${device[@]}" -o copy.plan copy/requests
approves copy.plan ann bob
batch 0 copy copy.plan ann bob
strict "$(answers copy)/copied.pem"

step "killed at many moments: the same command goes on in the same folder; each item once"
mkdir -p many/requests
seq -f 'many-%g' 400 >ids
run 0 request "${device[@]}" --list ids --out many-keys --csr-out many/requests
run 0 -C ca plan "${device[@]}" -o many.plan many
approves many.plan bob cyd
before=$(records '.type == "cert.issued"')
kills=0
for after in 5 30 60; do
    start=$(size)
    setsid "$COLDCA" -C ca --pin-source file:pin batch --plan many.plan --approval many.plan.bob.approval --approval many.plan.cyd.approval many \
        >out 2>err </dev/null &
    pid=$!
    children+=("$pid")
    while kill -0 "$pid" 2>/dev/null && [ $(($(size) - start)) -lt "$after" ]; do :; done
    kill -KILL "$pid" 2>/dev/null || true # it may have been done by then
    code=0
    wait "$pid" 2>/dev/null || code=$?
    [ "$code" != 137 ] || kills=$((kills + 1))
    sound_ledger
done
[ "$kills" -ge 2 ] || fail "only $kills of 3 runs were killed, the others had ended"
planned() { records '.type == "cert.signing" and .batch != null and (.source | startswith("requests/many-"))'; }
issued=$(records '.type == "cert.issued"')
batch 0 many many.plan -- --json
json '[.requests, .issued + .repeated + .present, .refused, .abandoned] | map(tostring) | join(" ")' "400 400 0 0"
# On a slow machine none may have been issued by a run that was killed, on a quick one the last run may have ended: then there is nothing to resume.
[ "$issued" = "$before" ] || [ "$code" = 0 ] || json .resumed
[ "$issued" = "$before" ] || equal "$(answers many | wc -l)" 1 "folders of results"
equal "$(find many/issued -name 'many-*.pem' ! -name '*-chain.pem' | wc -l)" 400
equal "$(planned)" 400 "each item was logged once"
(cd "$(answers many | sort | tail -n 1)" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS"
sound_ledger
python_verifies

step "stale: once the controls changed, plans made before are over"
mkdir -p stale/requests && csr stale/requests/stale.csr /CN=stale
run 0 -C ca plan "${device[@]}" -o stale.plan stale
approves stale.plan ann bob
run 0 -C ca people remove cyd --plan-out people.plan
approves people.plan ann bob
run 0 -C ca people remove --plan people.plan --approval people.plan.ann.approval --approval people.plan.bob.approval --pin-source file:pin
refused 3 "the controls changed since" stale stale.plan ann bob
run 3 -C ca --pin-source file:pin batch --plan people.plan --approval people.plan.ann.approval --approval people.plan.bob.approval stale
says "it is a plan of changing the controls, not of certificates"

step "a plan of another act is none of certificates"
run 0 -C ca revoke --serial "$(serial_of "$(answers copy)/copied.pem")" --reason superseded --yes --plan-out revoke.plan
approves revoke.plan ann
refused 3 "it is a plan of revoking, not of certificates" stale revoke.plan ann
run 3 -C ca --pin-source file:pin sign --plan revoke.plan --approval revoke.plan.ann.approval --out issued
says "it is a plan of revoking, not of certificates"

step "where one person decides, a batch asks nobody, and says how a root's policy could be signed"
mv ca quorum
run 0 -C ca init --token test --subject "CN=One" --pin-source file:pin --origin one.example --key-label one
run 1 -C ca --pin-source file:pin batch --json roots
json .refused 1
grep -rq "only by a plan that people approved" roots/issued/*/report.json || fail "no word of how"
mkdir -p one/requests && csr one/requests/one.csr /CN=one
run 0 -C ca --pin-source file:pin batch "${device[@]}" one
run 0 -C ca plan "${device[@]}" -o one.plan --reissue one
refused 3 "a plan is carried out with at least one --approval" one one.plan
refused 3 "the plan is for another CA" one stick.plan ann bob
