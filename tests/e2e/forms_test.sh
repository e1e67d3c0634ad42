#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests in the outer forms docs/requests.md takes with a note: checked, reviewed, signed, handed out again, in the ledger; and what
# is not a request at all is named.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
shapes=$SOURCE/tests/interop/requests/vectors/shapes
mkdir requests
cp "$shapes"/device-{rsa-no-null,ecdsa-null,no-attributes,all-of-it}.csr requests/
for salt in max 20 0; do
    openssl req -new -newkey rsa:2048 -noenc -keyout pss.key -subj "/CN=pss-$salt" -sigopt rsa_padding_mode:pss \
        -sigopt "rsa_pss_saltlen:$salt" -out "requests/pss-$salt.csr" 2>err
done

# noted NAME RULE SOURCE: the last run, with --json, allowed NAME.csr with that note
noted() {
    json ".requests[] | select(.name == \"$1\") | .verdict == \"allowed\" and any(.notes[]; .rule == \"$2\" and .source == \"$3\" and .text != null)"
}

step "check: allowed, with a note in the table and in JSON that names the RFC"
run 0 -C ca check --json "${device[@]}" requests
json '.allowed' 7
noted device-rsa-no-null request.signature-algorithm "RFC 4055 5"
noted device-ecdsa-null request.signature-algorithm "RFC 5758 3.2"
noted device-no-attributes request.attributes "RFC 2986 4.1"
json '.requests[] | select(.name == "device-all-of-it") | .notes | length' 2
for salt in max 20 0; do noted "pss-$salt" request.signature-algorithm "RFC 4055 3.1"; done
run 0 -C ca check "${device[@]}" requests
says "note: RSA with SHA-256 is written without its NULL parameters (RFC 4055 5)"
says "note: ECDSA with SHA-256 is written with NULL parameters; there should be none (RFC 5758 3.2)"
says "note: the request has no attributes field"
says "note: RSASSA-PSS with a salt of 222 bytes (usual: 32, as long as the hash)"

step "sign: each gets its certificate, which has nothing of the form; the same request gets it again"
sign 0 --out issued requests
says "7 certificates issued"
strict issued/*.pem
for file in issued/*.pem; do
    openssl x509 -in "$file" -outform DER | openssl asn1parse -inform DER >parsed
    [ "$(grep -cE "ecdsa-with-SHA(256|384)$" parsed)" = 2 ] || fail "$file is not signed as the others are"
done
sign 0 --out again requests
same issued/device-all-of-it.pem again/device-all-of-it.pem
equal "$(records '.type == "cert.issued"')" 8 "with the root's own"

step "review: the note is shown, and it is signed"
cat >review.tcl <<'TCL'
set timeout 60
set stty_init "rows 60 columns 200"
log_user 1
proc wants {text} {
    expect {
        -ex $text {}
        timeout { puts stderr "never seen: $text"; exit 1 }
        eof { puts stderr "ended before: $text"; exit 1 }
    }
}
spawn $env(COLDCA) -C ca review --policy mqtt-device --set domain=iot.example --reissue --out reviewed requests/device-all-of-it.csr
wants "is that right? \[yes/no\]: "
send "yes\r"
wants "NULL parameters"
wants "q quit"
wants ": "
send "a\r"
wants "decided: 1 to sign"
wants "q quit"
wants ": "
send "c\r"
wants "PIN of token"
send "$env(PIN)\r"
expect eof
exit [lindex [wait] 3]
TCL
PIN=$(cat pin) COLDCA=$COLDCA expect -f review.tcl >seen 2>err || { cat seen >&2; fail "review"; }
strict reviewed/device-all-of-it.pem

step "batch: the note is in the report"
mkdir -p medium/requests
cp "$shapes/device-ecdsa-null.csr" medium/requests/other.csr
openssl req -new -newkey rsa:2048 -noenc -keyout pss.key -subj /CN=pss-batch -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max \
    -out medium/requests/pss.csr 2>err
run 0 -C ca batch "${device[@]}" --pin-source file:pin medium
cat medium/issued/*/report.json >out
json '.requests[] | select(.name == "pss") | .notes | length' 1
grep -q 'note: RSASSA-PSS' medium/issued/*/report.html || fail "report.html has no note"

step "the ledger holds all of it"
sound_ledger

step "what is not a request is named for what it is"
for name in utf16 base64 indented quoted empty trailing ber version-1 two-requests microsoft-oid; do
    run 1 -C ca check "${device[@]}" "$shapes/device-$name.csr"
done
run 1 -C ca check "${device[@]}" "$shapes/device-utf16.csr"
says "UTF-16"
run 1 -C ca check "${device[@]}" "$shapes/device-base64.csr"
says "bare base64"
run 1 -C ca check "${device[@]}" "$shapes/device-indented.csr"
says "indented"

step "a refused algorithm has a name, and the next step"
openssl req -new -newkey rsa:2048 -noenc -keyout sha1.key -sha1 -subj /CN=sha1 -out sha1.csr 2>err
run 1 -C ca check "${device[@]}" sha1.csr
says "RSA with SHA-1 (1.2.840.113549.1.1.5), which is broken"
run 1 -C ca check --json "${device[@]}" sha1.csr
json '.requests[0].reasons[] | select(.rule == "request.signature-algorithm") | .remedy | startswith("sign it with SHA-256")'
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -noenc -keyout k1.key -subj /CN=k1 -out k1.csr 2>err
run 1 -C ca check "${device[@]}" k1.csr
says "key: secp256k1 (1.3.132.0.10) is not one of"
