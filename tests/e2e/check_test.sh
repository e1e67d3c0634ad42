#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca check: verdicts with every reason at once, without a token, without a home, in words and in JSON.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# init approves what lies there already
mkdir -p ca/policies
cat >drop.yaml <<'Y'
policy: drop
subject: [{field: CN, match: '[a-z0-9-]{1,64}'}]
key: {allow: [ec-p256]}
validity: {days: 10}
key_usage: [digitalSignature]
extended_key_usage: [clientAuth]
other_extensions: drop
other_san: drop
Y
cp drop.yaml ca/policies/

step "with a home, and no module and no token in reach"
make_ca
run 0 -C awaiting init --csr --token test --key-label awaiting --subject CN=Awaiting --pin-source file:pin
mv token token-away
export SOFTHSM2_CONF=/nonexistent
csr requests/device-0001.csr /CN=device-0001
openssl req -new -noenc -newkey rsa:1024 -keyout printer.key -subj "/CN=printer 7" -out requests/printer.csr 2>/dev/null
cp -r ca ca-before
run 1 -C ca check "${device[@]}" requests
says "device-0001.csr"
says "rsa-1024 is not one of"
says 'subject CN: "printer 7" does not match'
says "2 requests: 1 allowed, 1 refused"
# The index is a cache; reading may bring it up to date.
diff -r --exclude='index.sqlite*' ca ca-before >changes || fail "check changed the home: $(cat changes)"

step "as JSON, with a reason a rule"
run 1 -C ca check --json "${device[@]}" requests
json '.allowed == 1 and .refused == 1 and (.plan_sha256 | length) == 64'
json '.requests[] | select(.name == "printer") | .reasons | length >= 2'
json '.requests[] | select(.name == "device-0001") | .verdict == "allowed" and (.serial | length) == 40'

step "from stdin, several in one file, DER"
run 0 -C ca check "${device[@]}" requests/device-0001.csr
csr requests/device-0002.csr /CN=device-0002
cat requests/device-0001.csr requests/device-0002.csr >both.pem
run 0 -C ca check --json "${device[@]}" both.pem
json '.allowed == 2'
openssl req -in requests/device-0001.csr -outform DER -out one.der
run 0 -C ca check --json "${device[@]}" one.der
json '.allowed == 1'
"$COLDCA" -C ca check --json "${device[@]}" - <requests/device-0001.csr >out 2>err || fail "stdin"
json '.allowed == 1'

step "without a home, and with one that has no certificate yet: what was not looked at is said"
mkdir empty
(cd empty && run 0 check "${device[@]}" ../requests/device-0001.csr && cp out err ..)
says "1 allowed"
says "not checked: the end, the names and the purposes its chain allows"
run 0 -C ca check "${device[@]}" requests/device-0001.csr
says_not "not checked"
run 0 -C awaiting check "${device[@]}" requests/device-0001.csr
says "while this CA awaits its parent's certificate these were not checked"
run 0 -C awaiting check --json "${device[@]}" requests/device-0001.csr
json '.warnings[0].rule' check.no-issuer

step "what no CA could sign needs none to be refused"
cat >long.yaml <<'Y'
policy: long
subject: [{field: CN, match: '[a-z0-9-]{1,64}'}]
san: [{type: dns, match: '.*'}]
key: {allow: [ec-p256]}
validity: {days: 10}
key_usage: [digitalSignature]
Y
label=$(printf 'a%.0s' {1..62})
names=$(for i in {100..199}; do printf 'DNS:n%s.%s.%s.%s.%s.example,' "$i" "$label" "$label" "$label" "${label:0:48}"; done)
csr long.csr /CN=long -addext "subjectAltName=${names%,}"
(cd empty && run 1 check --policy ../long.yaml ../long.csr && cp out err ..)
says "a ledger record holds"

step "what is missing is named: policy, requests, variable"
run 2 -C ca check requests
says "--policy"
run 2 -C ca check "${device[@]}"
says "stdin"
run 2 -C ca check --policy mqtt-device requests
says domain
run 3 -C ca check --policy nonesuch requests
says nonesuch
run 2 -C ca check "${device[@]}" --nonsense requests
says --nonsense

step "what was asked for and is left out is a note, in the table and in JSON"
csr requests/asks.csr /CN=asks -addext subjectAltName=DNS:asks.example -addext 1.2.840.113549.1.9.15=DER:0102
run 0 -C ca check --policy ./drop.yaml requests/asks.csr
says 'note: extension 1.2.840.113549.1.9.15 (S/MIME capabilities) is left out'
says 'note: san dns "asks.example" is left out'
run 0 -C ca check --json --policy ./drop.yaml requests/asks.csr
json '.requests[0] | .verdict == "allowed" and .reasons == [] and ([.notes[].rule] | sort) == ["extension.dropped", "san.dropped"]'
json '.requests[0].notes[] | select(.rule == "extension.dropped") | .found == "1.2.840.113549.1.9.15" and .source == "policy drop"'
