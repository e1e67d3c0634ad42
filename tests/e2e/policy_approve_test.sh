#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Policies are events: only a text that stands in the ledger is used; changing it is shown, asked, and recorded whole.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca # a new home uses approved policies only
csr requests/one.csr /CN=one
mkdir -p stick/requests && csr stick/requests/two.csr /CN=two
file=ca/policies/mqtt-device.yaml
cp "$file" first.yaml
size() { wc -l <ca/ledger.jsonl; }

step "init approves what it copies: nothing differs, and what is signed names the text"
for policy in ca/policies/*.yaml; do
    run 0 -C ca policy diff "$(basename "$policy" .yaml)"
    [ ! -s out ] || fail "$policy differs"
done
sign 0 --out issued requests
seq=$(jq 'select(.type == "policy.approved" and .name == "mqtt-device").seq' ca/ledger.jsonl)
run 0 -C ca cert show issued/one.pem
says "policy: mqtt-device, whose text is record $seq"
run 0 -C ca --json cert show issued/one.pem
json .policy_record "$seq"
run 0 -C ca ledger show "$seq"
jq -j .text out | cmp - first.yaml || fail "the record's text is not the policy's"

step "the CA's own certificate, signed before there was any record, is traced, too"
root=$(jq 'select(.type == "policy.approved" and .name == "root").seq' ca/ledger.jsonl)
run 0 -C ca cert show "$(serial_of ca/ca.pem)"
says "policy: root, whose text is record $root"

step "a changed text is refused everywhere, with its name, digest, rule and remedy; no record is made"
sed -i "s/^validity: .*/validity: {days: 99}/" "$file"
! cmp -s "$file" first.yaml || fail "nothing was changed"
before=$(size)
refused() {
    says "the policy mqtt-device (sha256 $(sha256sum "$file" | cut -c1-12)...) is not the text that was approved ($(sha256sum first.yaml | cut -c1-12)...)"
    says "approved policies only"
    says "\`coldca policy approve ${1:-mqtt-device}\`"
}
run 3 -C ca check "${device[@]}" requests
refused
sign 3 --out again requests
refused
run 3 -C ca --pin-source file:pin review "${device[@]}" --out again requests
refused
run 3 -C ca --pin-source file:pin batch "${device[@]}" stick
refused
mkdir -p named/requests/mqtt-device && cp stick/requests/two.csr named/requests/mqtt-device/
run 3 -C ca --pin-source file:pin batch --set domain=iot.example named
refused
run 3 -C ca sign --policy "./$file" --set domain=iot.example --pin-source file:pin --out again requests
refused "./$file"
absent again stick/issued named/issued
equal "$(size)" "$before" "records of refused runs"

step "a text that was approved is used whatever its path"
run 0 -C ca check --policy ./first.yaml --set domain=iot.example requests

step "--policy-changed-ok does not exist here"
run 2 -C ca --pin-source file:pin batch "${device[@]}" --policy-changed-ok stick
says "there is no --policy-changed-ok in this CA"
says "coldca policy approve"
absent stick/issued

step "diff: what patch makes the new text of, exit 1"
run 1 -C ca policy diff mqtt-device
cp out change.diff
cp first.yaml patched.yaml
patch -s patched.yaml change.diff || fail "patch does not take the diff"
same patched.yaml "$file"
run 1 -C ca --json policy diff mqtt-device
json .approved "$seq"
json .sha256 "$(sha256sum "$file" | cut -d' ' -f1)"
json .approved_sha256 "$(sha256sum first.yaml | cut -d' ' -f1)"

step "approve: asks, needs a yes and the PIN; a no leaves nothing"
run 2 -C ca --pin-source file:pin policy approve mqtt-device
says "a script says --yes"
# at_terminal CODE ANSWER: what a person says to the question
at_terminal() {
    expect -c "log_user 0; set timeout 60; spawn \"$COLDCA\" -C ca --pin-source file:pin policy approve mqtt-device
        expect {
            -ex {approve it?} {}
            timeout { exit 99 }
            eof { exit 98 }
        }
        puts \$expect_out(buffer); send \"$2\\r\"; expect eof; puts \$expect_out(buffer); exit [lindex [wait] 3]" >out 2>err || code=$?
    equal "${code:-0}" "$1" "exit code of the answer $2"
}
at_terminal 6 no
says "+validity: {days: 99}"
says "nothing was approved"
equal "$(size)" "$before" "records of a no"
echo 9999 >wrong-pin && chmod 600 wrong-pin
run 4 -C ca --pin-source file:wrong-pin policy approve mqtt-device --yes
equal "$(size)" "$before" "records of nothing approved"
run 0 -C ca --pin-source file:pin policy approve mqtt-device --yes
says "+validity: {days: 99}"
says "the policy mqtt-device is approved (record $((before + 1)))"
equal "$(tail -n 2 ca/ledger.jsonl | jq -r .type | paste -sd' ')" "session.opened policy.approved"
tail -n 1 ca/ledger.jsonl | jq -j .text | cmp - "$file" || fail "the record's text is not the file's"
run 0 -C ca ledger list --type policy.approved
says "policy.approved  name=mqtt-device"
run 0 -C ca policy diff mqtt-device
sound_ledger
csr more/three.csr /CN=three
sign 0 --out issued more
run 0 -C ca cert show issued/three.pem
says "whose text is record $((before + 1))"
run 0 -C ca cert show issued/one.pem
says "whose text is record $seq"

step "approved already: nothing is done, nobody asked"
before=$(size)
run 0 -C ca --pin-source file:pin policy approve mqtt-device
says "was approved as it is (record $((before - $(tail -n 100 ca/ledger.jsonl | jq -s 'length - (map(.type) | rindex("policy.approved"))'))))"
equal "$(size)" "$before" "records of nothing to approve"

step "the first text counts no more, until it is approved again"
run 3 -C ca check --policy ./first.yaml --set domain=iot.example requests
says "is not the text that was approved"
run 0 -C ca policy show mqtt-device --approved
says "99 days"
says "approved by record"
cp first.yaml "$file"
run 0 -C ca policy show mqtt-device --approved
says "99 days"
run 0 -C ca --json policy show mqtt-device --approved
json .sha256 "$(jq -r 'select(.type == "policy.approved" and .name == "mqtt-device").sha256' ca/ledger.jsonl | tail -n 1)"

step "a new policy: its words are shown, all of it is new; by name or path"
sed 's/^policy: .*/policy: mine/' first.yaml >mine.yaml
run 3 -C ca check --policy ./mine.yaml --set domain=iot.example requests
says "the policy mine (sha256"
says "was never approved"
says "\`coldca policy approve ./mine.yaml\`"
run 3 -C ca policy show mine --approved
says "no policy mine was approved"
run 1 -C ca policy diff ./mine.yaml
says "was never approved: all of it is new"
run 0 -C ca --json --pin-source file:pin policy approve ./mine.yaml --yes
json .record "$(($(size) - 1))"
says "clientAuth"
run 0 -C ca check --policy ./mine.yaml --set domain=iot.example requests

step "what can't stand in a record is refused before anybody logs in"
before=$(size)
{ cat mine.yaml && head -c 70000 /dev/zero | tr '\0' '#'; } >long.yaml
run 3 -C ca --pin-source file:wrong-pin policy approve ./long.yaml --yes
says "has room for about"
printf '\xff\xfe' >utf16.yaml && iconv -f UTF-8 -t UTF-16LE mine.yaml >>utf16.yaml
run 3 -C ca --pin-source file:wrong-pin policy approve ./utf16.yaml --yes
run 3 -C ca --pin-source file:wrong-pin policy approve no-such --yes
run 2 -C ca --pin-source file:wrong-pin policy approve
equal "$(size)" "$before" "records of what was refused"
sound_ledger

step "where two people approve policies one person approves none"
controls two.yaml 1 "policies: approved"
sed -i 's/policy: 1/policy: 2/' two.yaml
run 0 -C two init --token test --subject CN=Two --pin-source file:pin --origin two.example --key-label two --controls two.yaml
echo "# more" >>two/policies/mqtt-device.yaml
before=$(wc -l <two/ledger.jsonl)
run 3 -C two --pin-source file:pin policy approve mqtt-device --yes
says "approving policies needs 2 approvals"
says "--plan-out FILE"
equal "$(wc -l <two/ledger.jsonl)" "$before" "records of one person of two"

step "where any policy may be used an approval is a record, and nothing is refused"
run 0 -C any init --token test --subject CN=Any --pin-source file:pin --origin any.example --key-label any --policies any
echo "# more" >>any/policies/mqtt-device.yaml
run 0 -C any check "${device[@]}" requests
run 1 -C any policy diff mqtt-device
run 0 -C any --pin-source file:pin policy approve mqtt-device --yes
run 0 -C any policy diff mqtt-device
run 0 -C any ledger verify
