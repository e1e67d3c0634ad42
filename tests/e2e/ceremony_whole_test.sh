#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A whole day: a root, a CA below it by a plan that two people approve, twenty devices, a CRL; seven things go wrong, each is in the transcript, and the
# ledgers hold. The PINs are nowhere but in the people's heads.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
softhsm_use token
softhsm_pins .
mkdir stick homes
export FULL=0 # 1: the medium is so small that it gets full
if mount -t tmpfs -o size=2m,mode=0755 tmpfs stick 2>/dev/null; then
    mounts+=("$work/stick")
    FULL=1
fi
is_directory=$([ $FULL = 1 ] && echo false || echo true)
controls stick/controls.yaml 0 "policies: any"
sed -i 's/issue_ca: 0/issue_ca: 2/' stick/controls.yaml
mkdir requests.keys
for ((i = 1; i <= 20; i++)); do echo "device-$i"; done >ids
run 0 request --policy mqtt-device --set domain=iot.example --list ids --out requests.keys --csr-out stick/requests
run 0 request --policy sub-ca --cn "Another CA" --out requests.keys --csr-out other

cat >script.yaml <<'YAML'
ceremony: whole
title: A root, a CA below it, and its first devices
roles: [{role: operator}, {role: second}]
ledger: root
homes: [{home: root, token: root}, {home: issuing, token: issuing}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - {step: compare, file: 'stick:controls.yaml'}
  - {step: token-init, token: root}
  - {step: root, home: root, subject: 'CN=Whole Root', controls: 'stick:controls.yaml', to: 'stick:root.pem'}
  - {step: token-init, token: issuing}
  - {step: request, home: issuing, subject: 'CN=Whole Issuing', to: 'stick:issuing.csr'}
  - {step: plan, home: root, policy: sub-ca, request: 'stick:issuing.csr', to: 'stick:issuing.plan'}
  - {step: approve, plan: 'stick:issuing.plan', person: ann, to: 'stick:ann.approval'}
  - {step: approve, plan: 'stick:issuing.plan', person: bob, to: 'stick:bob.approval'}
  - {step: sign, home: root, policy: sub-ca, request: 'stick:issuing.csr', plan: 'stick:issuing.plan', approvals: ['stick:ann.approval', 'stick:bob.approval'], to: 'stick:certificates'}
  - {step: complete, home: issuing, certificate: 'stick:certificates/issuing.pem', chain: 'root:ca.pem'}
  - {step: sign, home: issuing, policy: mqtt-device, set: ['domain=iot.example'], request: 'stick:requests', to: 'stick:devices'}
  - {step: crl, home: issuing, to: 'stick:crl'}
  - {step: checkpoint, home: issuing}
  - {step: checkpoint, home: root}
YAML
cat >site.yaml <<YAML
tokens: [{token: root, label: the root}, {token: issuing, label: the issuer}]
homes: [{home: root, path: '$PWD/homes/root'}, {home: issuing, path: '$PWD/homes/issuing'}]
media: [{medium: stick, path: '$PWD/stick', directory: $is_directory}]
environment: [{name: SOFTHSM2_CONF, value: '$SOFTHSM2_CONF'}]
YAML

cat >person.tcl <<'TCL'
set timeout 40
match_max 400000
proc secret {file} { set in [open $file]; set text [string trim [read $in]]; close $in; return $text }
set pin [secret pin]
set so_pin [secret so-pin]
proc fail {why} { puts stderr $why; exit 1 }
proc wants {text} {
    expect {
        -ex $text {}
        -ex $::pin { fail "the PIN was drawn" }
        -ex $::so_pin { fail "the security officer's PIN was drawn" }
        timeout { fail "never seen: $text" }
        eof { fail "ended before: $text" }
    }
}
proc answers {text typed} { wants $text; wants ": "; send -- "$typed\r" }
proc step {number} { wants "Step $number of 16" }
proc go {} { answers "Enter to do it" "" }
proc pin {} { wants "PIN of token"; wants ": "; send -- "$::pin\r" }
proc new_pins {} {
    foreach secret [list $::so_pin $::so_pin $::pin $::pin] { wants "PIN"; wants ": "; send -- "$secret\r" }
}
proc yes {} { answers "yes: initials of the second" "BE" }
proc again {why} { answers "r try it again" "r"; answers "why" $why; answers "who decides so" "BE" }
proc approve {plan person out} { exec $::env(COLDCA) approve $plan --key $person.key.pem --out $out --yes >@stderr 2>@stderr }
# No process has a PIN in its arguments or its environment, at the moment when one is asked for.
proc nowhere {} {
    foreach file [glob -nocomplain /proc/\[0-9\]*/cmdline /proc/\[0-9\]*/environ] {
        if {[catch {set in [open $file]; set text [read $in]; close $in}]} continue
        if {[string first $::pin $text] >= 0 || [string first $::so_pin $text] >= 0} { fail "a PIN is in $file" }
    }
}
proc starts {} {
    uplevel #0 { spawn $env(COLDCA) ceremony run script.yaml --site site.yaml --evidence evidence }
}
TCL

# the_room WHAT: plays the scenario on stdin.
the_room() {
    step "$1"
    { cat person.tcl && cat; } >scenario.tcl
    expect -f scenario.tcl >>seen 2>err || { tail -n 40 seen >&2; fail "$1"; }
}

the_room "the clock is wrong, the words of another file, a wrong PIN; killed at a question" <<'TCL'
starts
answers "name of the operator" "Ann Example"
answers "initials of the operator" "AE"
answers "name of the second" "Bob Example"
answers "initials of the second" "BE"
step 1
answers "yes: initials of the second" "no"
again "the machine was an hour behind the watch"
yes
step 2
yes
step 3
answers "first four words" "aardvark absurd accrue acme"
wants "SHA-256 of stick:controls.yaml"
expect -re {[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8}\r\n *[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8}\r\n *(\S+ \S+ \S+ \S+)} { set words $expect_out(1,string) }
again "read from the sheet of another file"
answers "first four words" $words
yes
step 4
go
new_pins
yes
step 5
go
wants "PIN of token"; wants ": "; send "99999999\r"
wants "the token refused the PIN"
again "mistyped"
go
wants "PIN of token"; wants ": "; nowhere; send -- "$pin\r"
yes
step 6
go
new_pins
yes
step 7
go
pin
wants "yes: initials of the second"; wants ": "
exec kill -9 [exp_pid]
expect eof
TCL

the_room "it resumes; an approval of another plan, the stick pulled, the disk full" <<'TCL'
starts
wants "Resuming this ceremony at step 7 of 16"
yes
step 8
go
yes
step 9
wants "Enter when stick:ann.approval is there"; wants ": "
exec $env(COLDCA) -C homes/root plan --policy sub-ca -o other.plan other >@stderr 2>@stderr
approve other.plan ann stick/ann.approval
send "\r"
yes
step 10
wants "Enter when stick:bob.approval is there"; wants ": "
approve stick/issuing.plan bob stick/bob.approval
send "\r"
yes
step 11
go
wants "r try it again"
file delete stick/ann.approval
approve stick/issuing.plan ann stick/ann.approval
wants ": "; send "r\r"
answers "why" "the approval was of another plan"
answers "who decides so" "BE"
go
pin
yes
step 12
go
pin
yes
step 13
wants "Enter to do it"; wants ": "
file rename stick/requests requests.away
send "\r"
wants "r try it again"
file rename requests.away stick/requests
wants ": "; send "r\r"
answers "why" "somebody pulled the stick"
answers "who decides so" "BE"
go
pin
yes
step 14
wants "Enter to do it"; wants ": "
if {$env(FULL)} { catch {exec dd if=/dev/zero of=stick/fill bs=1k} } else { close [open stick/crl w] }
send "\r"
if {$env(FULL)} { pin }
wants "r try it again"
file delete stick/fill
if {!$env(FULL)} { file delete stick/crl }
wants ": "; send "r\r"
answers "why" "the disk was full"
answers "who decides so" "BE"
go
pin
yes
step 15
go
pin
yes
step 16
go
pin
yes
wants "The last checkpoint"
pin
wants "16 of 16 steps done"
expect eof
set code [lindex [wait] 3]
if {$code != 0} { fail "exit code $code" }
TCL

step "the ledgers hold; the transcript is by the records, and tells all of it"
for home in root issuing; do run 0 -C homes/$home ledger verify; done
run 0 -C homes/root ledger verify --json --transcript evidence/transcript.txt
json .ok
json .records_past_checkpoint 0
run 0 -C homes/root ledger verify --transcript evidence/transcript.html
equal "$(jq -s '[.[] | select(.type == "cert.issued")] | length' homes/issuing/ledger.jsonl)" 20
equal "$(jq -s '[.[] | select(.type == "crl.issued")] | length' homes/issuing/ledger.jsonl)" 1
equal "$(find stick/devices -name 'device-*.pem' | wc -l)" 20
openssl verify -x509_strict -CAfile stick/root.pem -untrusted stick/certificates/issuing.pem stick/devices/device-7.pem >verified 2>&1 || fail "$(cat verified)"
tr -s ' \n' ' ' <evidence/transcript.txt >words
for told in "BE chose retry: the machine was an hour behind the watch" "BE chose retry: read from the sheet of another file" \
    "the token refused 1 PIN" "BE chose retry: mistyped" "interrupted:" "resumed: at step 7 of 16" \
    "BE chose retry: the approval was of another plan" "BE chose retry: somebody pulled the stick" "BE chose retry: the disk was full" \
    "CN=Whole Issuing" "all steps were done"; do
    grep -qF "$told" words || fail "the transcript does not say: $told"
done
equal "$(jq -s '[.[] | select(.event == "choice" and .name == "retry")] | length' evidence/journal.jsonl)" 6

step "no PIN is on the screen, in the evidence, the ledgers, the media"
for secret in pin so-pin; do
    ! grep -raqF "$(cat $secret)" seen evidence homes stick || fail "the $secret is somewhere"
done
