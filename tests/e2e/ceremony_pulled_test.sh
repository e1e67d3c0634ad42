#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The stick is pulled while a command of a ceremony has begun: what was made for it is not there afterwards, the step
# fails, and its next attempt delivers what was signed.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
make_ca --policies any
PIN=$(cat pin)
export PIN
mkdir stick
mount -t tmpfs -o size=4m tmpfs stick 2>err || skip "no tmpfs can be mounted: $(cat err)"
mounts+=("$PWD/stick")
csr stick/one.csr "/CN=one.example" -addext "subjectAltName=DNS:one.example"
mkdir keep
cp -a stick/. keep/
cat >script.yaml <<'YAML'
ceremony: pulled
title: A stick is pulled
roles: [{role: second}]
homes: [{home: root, token: root}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - {step: sign, home: root, policy: tls-server, request: 'stick:one.csr', to: 'stick:issued'}
  - {step: crl, home: root, to: 'stick:crl'}
  - {step: checkpoint, home: root}
YAML
cat >site.yaml <<YAML
tokens: [{token: root, label: test}]
homes: [{home: root, path: '$PWD/ca'}]
media: [{medium: stick, path: '$PWD/stick'}]
environment: [{name: SOFTHSM2_CONF, value: '$SOFTHSM2_CONF'}]
YAML
cat >room.tcl <<'TCL'
set timeout 20
match_max 200000
proc fail {why} { puts stderr $why; exit 1 }
proc wants {text} {
    expect {
        -ex $text {}
        timeout { fail "never seen: $text" }
        eof { fail "ended before: $text" }
    }
}
proc answers {text typed} { wants $text; wants ": "; send "$typed\r" }
proc yes {} { answers "yes: initials of the second" "BE" }
proc again {why} { answers "r try it again" "r"; answers "why" $why; answers "who decides so" "BE" }
# At the PIN the command has begun; what is done meanwhile happens to a stick in use.
proc meanwhile {what} {
    answers "Enter to do it" ""
    wants "PIN of token"; wants ": "
    uplevel #0 $what
    send "$::env(PIN)\r"
}
proc plug_in {} { exec mount -t tmpfs -o size=4m tmpfs stick; exec cp -a keep/. stick/ }
spawn $env(COLDCA) ceremony run script.yaml --site site.yaml --evidence evidence
answers "name of the second" "Bob"
answers "initials of the second" "BE"
yes
yes

wants "Step 3 of 5"
meanwhile { exec umount -l stick }
wants "what this step makes is not there: the medium stick is not mounted"
plug_in
again "somebody pulled the stick"
meanwhile {}
wants "SHA-256 of stick:issued/one.pem"
yes

wants "Step 4 of 5"
exec rm -rf keep; exec cp -a stick keep
meanwhile { exec umount -l stick }
wants "what this step makes is not there: the medium stick is not mounted"
plug_in
again "the stick was pulled again"
wants "it is delivered, and no other is signed"
meanwhile {}
wants "SHA-256 of stick:crl/"
yes
meanwhile {}
yes
wants "The last checkpoint"
wants "PIN of token"; wants ": "; send "$env(PIN)\r"
wants "5 of 5 steps done"
expect eof
exit [lindex [wait] 3]
TCL

step "pulled while it signs a certificate, and while it signs a CRL"
expect -f room.tcl >seen 2>err || { tail -n 60 seen >&2; fail "the room"; }
present stick/issued/one.pem stick/crl/crl-1.pem

step "one certificate and one CRL were signed, and the ledger tells all of it"
equal "$(records '.type == "crl.issued"')" 1
equal "$(records '.type == "cert.issued" and .ref != null')" 2 "the CA's own, and one"
sound_ledger
run 0 -C ca ledger verify --transcript evidence/transcript.txt
tr -s ' \n' ' ' <evidence/transcript.txt >words
for words in "somebody pulled the stick" "the medium stick is not mounted" "--again"; do
    grep -qF -- "$words" words || fail "the transcript does not say: $words"
done
